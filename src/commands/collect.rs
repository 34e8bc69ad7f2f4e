//! `sidetone collect`: follows for days without a screen, and keeps what was seen in the history store.

mod follower;
mod shares;
mod tally;

use super::{
    Context, lookup, note,
    options::{self, WatchOptions},
    store,
    watch::{bell::BellArgs, nothing_to_watch},
};
use crate::{
    config::Settings,
    domain::{HistoryLimits, monitor::MonitorOptions},
    exit::{Exit, Failure},
    format::prometheus,
    genesys::Client,
    hooks::{self, Hooks},
    live::targets::Targets,
    metrics::{self, Served},
    store::{
        Location,
        keeper::{Keeper, LEASE},
        presence::PresenceWatch,
        seeds::FlowSeed,
        tracker::Tracker,
        writer::Writer,
    },
};
use clap::Args;
use follower::{Beginning, Ends, Follower, wall};
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{cell::RefCell, net::SocketAddr, time::Duration};
use tally::Tally;
use tokio::{net::TcpListener, sync::watch};

/// Between two looks at what all followers share.
const ROUND: Duration = Duration::from_secs(1);

/// Between two times of letting go of old calls.
const PRUNE: Duration = Duration::from_secs(6 * 3600);

/// How long the store may take to write what waits when the program ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How long hooks may take to be told of what was found last.
const LAST_HOOKS: Duration = Duration::from_secs(2);

/// From a signal to the end at the latest.
pub const GRACE: Duration = Duration::from_secs(10);

/// Options of `collect`.
#[derive(Args, Debug)]
pub struct CollectArgs {
    #[command(flatten)]
    store: store::StoreOption,
    /// On a shared store: how long a collector that died keeps its share before others take it over
    #[arg(long, value_name = "DUR", value_parser = options::duration)]
    lease: Option<Duration>,
    /// Serve figures for Prometheus here, and /healthz; :PORT alone is this machine only
    #[arg(
        long,
        value_name = "ADDR:PORT",
        value_parser = address,
        long_help = "Serve figures at http://ADDR:PORT/metrics in Prometheus' text form (calls, events, gaps, lag, presence \
                     of keys by flow and version, findings by rule; no ids, no values), and at /healthz 200 while all is \
                     well, 503 with the reason else. :PORT alone, like 127.0.0.1:PORT, is this machine only."
    )]
    metrics: Option<SocketAddr>,
    #[command(flatten)]
    bell: BellArgs,
    #[command(flatten)]
    watch: WatchOptions,
}

/// Reads ADDR:PORT; without an address it is the loopback one.
fn address(text: &str) -> Result<SocketAddr, String> {
    let whole = if text.starts_with(':') { format!("127.0.0.1{text}") } else { text.to_owned() };
    whole.parse().map_err(|_| "an address and a port, such as 127.0.0.1:9464, or :9464".to_owned())
}

/// An organization that is to be followed.
struct Wanted {
    settings: Settings,
    client: Client,
    organization: String,
    targets: Targets,
}

/// Collects until it is ended: by `signal`, or because nothing can be followed any more.
pub async fn run(args: CollectArgs, context: &Context, signal: impl Future<Output = Exit>) -> anyhow::Result<Exit> {
    if args.watch.is_empty() {
        return Err(nothing_to_watch().into());
    }
    let (expectations, alerts) = (args.bell.expectations()?, args.bell.alerts()?);
    let all = context.settings_of_each()?;
    // Everything but the profile is the same in each of them.
    let common = all.first().cloned().ok_or_else(|| Exit::Usage.because("no profile was named"))?;
    let location = args.store.place(context, &common.history)?;
    if let Location::File(file) = &location {
        args.store.prepare(file, context)?;
    }
    // What cannot be listened on is told before anything is connected.
    let listener = match args.metrics {
        Some(address) => Some(open(address).await?),
        None => None,
    };
    tokio::pin!(signal);
    let wanted = tokio::select! {
        wanted = wanted(all, &args.watch) => wanted?,
        exit = &mut signal => return Ok(exit),
    };
    let organizations: Vec<String> = wanted.iter().map(|one| one.organization.clone()).collect();
    let now = wanted[0].client.clock().now();
    let holder = uuid::Uuid::new_v4().simple().to_string();
    let started = tokio::task::block_in_place(|| {
        // A file has one collector at a time, for it is one machine's; on a server several divide the work.
        let keeper = match &location {
            Location::File(_) => None,
            Location::Server(_) => {
                let names = wanted.iter().flat_map(|one| shares::shares(&one.organization, &one.targets));
                let names = names.map(|(name, _)| name).collect();
                Some(Keeper::start(&location, &holder, names, args.lease.unwrap_or(LEASE))?)
            }
        };
        let writer = Writer::start(&location, &holder, &organizations, wall(now))?;
        Ok((keeper, writer))
    });
    let (keeper, mut writer) = started.map_err(store::failure)?;
    for one in &wanted {
        let of = one.settings.profile.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
        note(format_args!("collecting {}{of} into {location}; SIGTERM or Ctrl-C ends it", one.targets.label()));
    }
    let seeds = writer.seeds();
    let ends = Ends {
        writer,
        hooks: hooks_of(&common, context)?,
        ringer: args.bell.ringer(common.ui.notify),
        tallies: RefCell::new(vec![Tally::default(); wanted.len()]),
    };
    let division = keeper.as_ref().map(Keeper::division);
    let mut followers = Vec::new();
    for (place, one) in wanted.into_iter().enumerate() {
        let Wanted { settings, client, organization, targets } = one;
        let own: Vec<FlowSeed> = seeds.iter().filter(|seed| seed.organization == organization).cloned().collect();
        let mut presence = PresenceWatch::default();
        presence.seed(own);
        followers.push(Follower::start(
            Beginning {
                client,
                options: MonitorOptions {
                    tuning: settings.tuning,
                    expectations: expectations.clone(),
                    alerts: alerts.clone(),
                    history: HistoryLimits::NONE,
                    ..MonitorOptions::default()
                },
                tracker: Tracker::new(&organization, ends.writer.salt().clone(), &settings.history.values),
                presence,
                organization,
                profile: settings.profile,
                place,
                targets,
                first: division.as_ref().map(|division| division.borrow().clone()),
            },
            &ends,
        ));
    }
    let result = tokio::select! {
        result = follow_all(&mut followers, division, &ends) => result,
        never = watch_over(&ends, &common, listener) => match never {},
        exit = &mut signal => Ok(exit),
    };
    followers.iter_mut().for_each(|follower| follower.end(&ends));
    tokio::task::block_in_place(|| {
        if !ends.writer.flush(LAST_WORDS) {
            note("what was seen last could not be stored");
        }
    });
    let Ends { writer, hooks, .. } = ends;
    // Closed while the leases are still held, or it could not write; the leases are given up then.
    tokio::task::block_in_place(|| {
        drop(writer);
        drop(keeper);
    });
    if let Some(hooks) = hooks {
        tell_hooks(&hooks.finish(LAST_HOOKS).await, &mut hooks::Status::default());
    }
    result
}

async fn open(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = metrics::listen(address).await.map_err(|error| {
        Exit::Usage.because(format!("--metrics {address} cannot be listened on: {error}")).remedy("name another port")
    })?;
    let shown = listener.local_addr().unwrap_or(address);
    note(format_args!("figures at http://{shown}/metrics, health at http://{shown}/healthz"));
    if !address.ip().is_loopback() {
        note(format_args!("{address} can be reached from other machines: keys and flows can be read there by anyone"));
    }
    Ok(listener)
}

/// Looks up what is to be followed, for each profile.
async fn wanted(all: Vec<Settings>, watch: &WatchOptions) -> anyhow::Result<Vec<Wanted>> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for settings in all {
        let client = lookup::lasting_client(&settings, true)?;
        let targets = Targets::resolve(&client, &watch.wanted()).await?;
        let organization = organization(&client, settings.profile.as_deref()).await;
        if let Some(same) = wanted.iter().find(|other| other.organization == organization) {
            let name = |settings: &Settings| settings.profile.clone().unwrap_or_default();
            let message = format!(
                "the profiles {:?} and {:?} lead to the same organisation",
                name(&same.settings),
                name(&settings)
            );
            let remedy = "name one of them; an address or a client in the environment holds for every profile";
            return Err(Exit::Usage.because(message).remedy(remedy).into());
        }
        wanted.push(Wanted { settings, client, organization, targets });
    }
    Ok(wanted)
}

/// What calls are filed under: the organization's id, or where that cannot be read the profile's name.
async fn organization(client: &Client, profile: Option<&str>) -> String {
    match client.organization().await {
        Ok(organization) if !organization.id.is_empty() => organization.id,
        Ok(_) => profile.unwrap_or_default().to_owned(),
        Err(error) => {
            tracing::info!(%error, "the organization's id could not be read");
            profile.unwrap_or_default().to_owned()
        }
    }
}

/// The hooks of the configuration; told when there are some that are not run.
pub(super) fn hooks_of(settings: &Settings, context: &Context) -> Result<Option<Hooks>, Failure> {
    if settings.hooks_withheld {
        note(format_args!(
            "the hooks of {} are not run, for the file was named; --allow-hooks lets them",
            context.paths.config.display()
        ));
    }
    let start = |plan| Hooks::start(plan).map_err(|reason| Exit::Usage.because(reason).remedy("check [hooks] url"));
    settings.hooks.clone().map(start).transpose()
}

/// Follows every organization until none can be followed any more. One that cannot is told; the others go on.
async fn follow_all(
    followers: &mut [Follower],
    division: Option<watch::Receiver<crate::store::lease::Division>>,
    ends: &Ends,
) -> anyhow::Result<Exit> {
    let mut running: FuturesUnordered<_> = (followers.iter_mut())
        .map(|follower| {
            let division = division.clone();
            async move {
                let result = follower.run(division, ends).await;
                (follower.name(), result)
            }
        })
        .collect();
    while let Some((name, result)) = running.next().await {
        if running.is_empty() {
            return result;
        }
        if let Err(error) = result {
            note(format_args!("{name} is not collected any more: {error:#}; the others go on"));
        }
    }
    Ok(Exit::Done)
}

/// Tells how storing and hooks go, lets go of old calls, and publishes the figures.
async fn watch_over(ends: &Ends, settings: &Settings, listener: Option<TcpListener>) -> std::convert::Infallible {
    let (publish, newest) = watch::channel(Served::default());
    let is_served = listener.is_some();
    let serving = async {
        match listener {
            Some(listener) => metrics::serve(listener, prometheus::MEDIA_TYPE, newest).await,
            None => std::future::pending().await,
        }
    };
    let looking = async {
        let mut round = tokio::time::interval(ROUND);
        let mut prune = tokio::time::interval(PRUNE);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut failing, mut told) = (None, hooks::Status::default());
        loop {
            tokio::select! {
                _ = round.tick() => {}
                _ = prune.tick() => {
                    ends.writer.prune(settings.history.keep_days.into(), store::now());
                    continue;
                }
            }
            let store = ends.writer.status();
            if store.failing != failing {
                match &store.failing {
                    Some(reason) => note(format_args!("{reason}; what is seen waits and is stored later")),
                    None => note("the history store is written again"),
                }
                failing.clone_from(&store.failing);
            }
            let hooks = ends.hooks.as_ref().map(Hooks::status);
            if let Some(hooks) = &hooks {
                tell_hooks(hooks, &mut told);
            }
            if is_served {
                let tallies = ends.tallies.borrow();
                let page = tally::page(&tallies, &store, hooks.as_ref());
                // Nobody listens only when the program is ending.
                _ = publish.send(Served { page, ill: tally::ill(&tallies, &store) });
            }
        }
    };
    tokio::select! {
        () = serving => std::future::pending().await,
        never = looking => never,
    }
}

/// Tells of hooks that failed or were not told: each reason once, with the count.
pub(super) fn tell_hooks(status: &hooks::Status, told: &mut hooks::Status) {
    if status.failed > told.failed && status.reason != told.reason {
        let reason = status.reason.as_deref().unwrap_or_default();
        note(format_args!("{reason} ({} of {} runs failed)", status.failed, status.failed + status.done));
        told.reason.clone_from(&status.reason);
    }
    if status.dropped > 0 && told.dropped == 0 {
        note(format_args!("hooks are slower than what is found: {} events were not told", status.dropped));
        told.dropped = status.dropped;
    }
    told.failed = status.failed;
}
