//! `sidetone collect`: follows for days without a screen, and keeps what was seen in the history store.

mod follower;
mod shares;

use super::{
    Context, lookup, note,
    observer::{self, Ends, Observer, tally, wall},
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
        tracker::Tracker,
        writer::Writer,
    },
};
use clap::Args;
use follower::{Beginning, Follower};
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{net::SocketAddr, time::Duration};
use tokio::{net::TcpListener, sync::watch};

/// Between two looks at what all followers share.
const ROUND: Duration = Duration::from_secs(1);

/// Between two times of letting go of old calls.
const PRUNE: Duration = Duration::from_secs(6 * 3600);

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
        long_help = "Serve figures at http://ADDR:PORT/metrics in Prometheus' text formatatatat (calls, events, gaps, lag, presence \
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
    let salt = writer.salt().clone();
    let ends = Ends::new(Some(writer), observer::hooks_of(&common, context)?, wanted.len());
    let ringer = args.bell.ringer(common.ui.notify);
    let division = keeper.as_ref().map(Keeper::division);
    let mut followers = Vec::new();
    for (place, one) in wanted.into_iter().enumerate() {
        let Wanted { settings, client, organization, targets } = one;
        let tuning = settings.tuning;
        let observer = Observer::new(
            observer::Beginning {
                tracker: Tracker::new(&organization, salt.clone(), &settings.history.values),
                seeds: seeds.clone(),
                tuning: tuning.clone(),
                organization,
                profile: settings.profile,
                place,
            },
            &ends,
        );
        let options = MonitorOptions {
            tuning,
            expectations: expectations.clone(),
            alerts: alerts.clone(),
            history: HistoryLimits::NONE,
            ..MonitorOptions::default()
        };
        let first = division.as_ref().map(|division| division.borrow().clone());
        followers.push(Follower::start(Beginning { client, options, observer, ringer, targets, first }, &ends));
    }
    let result = tokio::select! {
        result = follow_all(&mut followers, division, &ends) => result,
        never = watch_over(&ends, &common, listener) => match never {},
        exit = &mut signal => Ok(exit),
    };
    followers.iter_mut().for_each(|follower| follower.end(&ends));
    drop(followers);
    // The store is closed while the leases are still held, or it could not be written; they are given up then.
    let (stored, status) = ends.finish(|| drop(keeper)).await;
    if !stored {
        note("what was seen last could not be stored");
    }
    if let Some(status) = status {
        observer::tell_hooks(&status, &mut hooks::Status::default());
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
        let organization = observer::organization(&client, settings.profile.as_deref()).await;
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

/// Follows every organization until none can be followed any more. One that cannot is told; the others continue.
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
            note(format_args!("{name} is not collected any more: {error:#}; the others continue"));
        }
    }
    Ok(Exit::Done)
}

/// Tells how storing and hooks go, lets go of old calls, and publishes the figures.
async fn watch_over(ends: &Ends, settings: &Settings, listener: Option<TcpListener>) -> std::convert::Infallible {
    let (publish, newest) = watch::channel(Served::starting());
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
                    if let Some(writer) = &ends.writer {
                        writer.prune(settings.history.keep_days.into(), store::now());
                    }
                    continue;
                }
            }
            let store = ends.writer.as_ref().map(Writer::status).unwrap_or_default();
            if store.failing != failing {
                match &store.failing {
                    Some(reason) => note(format_args!("{reason}; what is seen waits and is stored later")),
                    None => note("the history store is written again"),
                }
                failing.clone_from(&store.failing);
            }
            let hooks = ends.hooks.as_ref().map(Hooks::status);
            if let Some(hooks) = &hooks {
                observer::tell_hooks(hooks, &mut told);
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
