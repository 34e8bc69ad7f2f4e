//! `sidetone collect`: follows for days without a screen, and keeps what was seen in the history store.

mod follower;
mod retries;
mod shares;
mod unended;

use super::{
    Context, lookup, note,
    observer::{self, Ends, Observer, tally, wall},
    options::{self, WatchOptions, nothing_to_watch},
    store,
    watch::bell::{BellArgs, Ringer},
};
use crate::{
    config::Settings,
    domain::{HistoryLimits, alert::Alerts, expect::Expectation, monitor::MonitorOptions},
    exit::{Exit, Failure},
    format::prometheus,
    genesys::Client,
    hooks::{self, Hooks},
    live::targets::Targets,
    metrics::{self, Served},
    store::{
        Location, StoreError,
        database::lock_file,
        keeper::{Keeper, LEASE},
        record::Salt,
        tracker::Tracker,
        writer::{self, StoreWriter},
    },
};
use clap::Args;
use follower::{Follower, FollowerParts};
use futures_util::{StreamExt, stream::FuturesUnordered};
use std::{collections::BTreeMap, net::SocketAddr, time::Duration};
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
    #[arg(long, value_name = "DUR", value_parser = lease)]
    lease: Option<Duration>,
    /// Serve figures for Prometheus here, and /healthz; :PORT alone is this machine only
    #[arg(
        long,
        value_name = "ADDR:PORT",
        value_parser = address,
        long_help = "Serve figures at http://ADDR:PORT/metrics in Prometheus' text format (calls, events, gaps, lag, presence \
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

/// Reads a duration in which a lease can be renewed a few times.
fn lease(text: &str) -> Result<Duration, String> {
    let time = options::duration(text)?;
    if time < SHORTEST { Err(format!("a lease lasts {SHORTEST:?} at least")) } else { Ok(time) }
}

/// The shortest lease: it is renewed three times within it.
const SHORTEST: Duration = Duration::from_secs(1);

/// An organization that is to be followed.
struct WantedOrganization {
    place: usize,
    settings: Settings,
    client: Client,
    organization: String,
    targets: Targets,
}

/// What all organizations have in common.
struct Common<'c> {
    args: &'c CollectArgs,
    expectations: Vec<Expectation>,
    alerts: Alerts,
    location: Location,
    ringer: Ringer,
    keeper: Option<Keeper>,
    ends: &'c Ends,
    /// False as soon as everything ends.
    goes_on: watch::Receiver<bool>,
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
    tokio::pin!(signal);
    if let Location::File(file) = &location
        && !file.exists()
    {
        // A file that is begun says that something was collected.
        tokio::select! {
            signed_in = can_sign_in(&all) => signed_in?,
            exit = &mut signal => return Ok(exit),
        }
    }
    if let Location::File(file) = &location {
        args.store.prepare(file, context)?;
        if args.lease.is_some() {
            note("--lease is of no use here: a file has one collector; it is for those that share a server");
        }
    }
    // What cannot be listened on is told before anything is connected.
    let listener = match args.metrics {
        Some(address) => Some(open(address).await?),
        None => None,
    };
    let holder = uuid::Uuid::new_v4().simple().to_string();
    let started = tokio::task::block_in_place(|| {
        // A file has one collector at a time, for it is one machine's; on a server several divide the work.
        let (lock, keeper) = match &location {
            Location::File(file) => {
                let taken = || StoreError::Taken { place: location.to_string() };
                (Some(lock_file(file)?.ok_or_else(taken)?), None)
            }
            Location::Server(_) => (None, Some(Keeper::start(&location, &holder, args.lease.unwrap_or(LEASE))?)),
        };
        let writer = StoreWriter::start(&location, &holder, keeper.is_some())?;
        Ok((lock, keeper, writer))
    });
    let (lock, keeper, writer) = started.map_err(store::failure)?;
    let profiles = all.iter().map(|settings| settings.profile.clone()).collect();
    let ends = Ends::new(Some(writer), observer::hooks_of(&common, context)?, profiles);
    let (stop, goes_on) = watch::channel(true);
    let ringer = args.bell.ringer(common.ui.notify);
    let mut shared = Common { args: &args, expectations, alerts, location, ringer, keeper, ends: &ends, goes_on };
    let result = {
        let mut following = std::pin::pin!(follow_all(all, &shared));
        let result = tokio::select! {
            result = &mut following => Some(result),
            never = watch_over(&ends, &common, listener) => match never {},
            exit = &mut signal => {
                stop.send_replace(false);
                // Those that are followed say until when everything was observed, which takes no time.
                _ = tokio::time::timeout(LAST_LOOK, &mut following).await;
                Some(Ok(exit))
            }
        };
        result.unwrap_or(Ok(Exit::Done))
    };
    let keeper = shared.keeper.take();
    drop(shared);
    // The store is closed while the leases are still held, or it could not be written; they are given up then.
    ends.finish(|| drop((keeper, lock))).await;
    result
}

/// Signs in with whichever profile can be signed in with first. Of several, one that cannot be reached at present is no reason to
/// end: it is tried again for as long as this runs.
async fn can_sign_in(all: &[Settings]) -> anyhow::Result<()> {
    let several = all.len() > 1;
    let sign_in = |settings: &Settings| {
        let retrying = retries::report(settings.profile.as_deref(), several);
        let client = lookup::reporting_client(settings, Some(retrying));
        async move { anyhow::Ok(client?.sign_in().await) }
    };
    let mut signing: FuturesUnordered<_> = all.iter().map(sign_in).collect();
    let mut failed: Option<anyhow::Error> = None;
    while let Some(signed_in) = signing.next().await {
        match signed_in {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) if all.len() > 1 && error.is_passing() => return Ok(()),
            Ok(Err(error)) => _ = failed.get_or_insert(error.into()),
            Err(error) => _ = failed.get_or_insert(error),
        }
    }
    failed.map_or(Ok(()), Err)
}

/// How long the followers may take to end.
const LAST_LOOK: Duration = Duration::from_secs(1);

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

/// Between two tries to reach an organization that could not be reached, while others are followed: at first, and at most.
const AGAIN: Duration = Duration::from_secs(30);
const AT_MOST: Duration = Duration::from_secs(600);

/// Looks up what is to be followed with one profile. `of_several`: what fails names the profile.
async fn wanted(
    place: usize,
    settings: Settings,
    watch: &WatchOptions,
    of_several: bool,
) -> anyhow::Result<WantedOrganization> {
    let client = lookup::reporting_client(&settings, Some(retries::report(settings.profile.as_deref(), of_several)))?;
    let targets = Targets::resolve(&client, &watch.wanted()).await?;
    let organization = observer::organization(&client, settings.profile.as_deref()).await;
    Ok(WantedOrganization { place, settings, client, organization, targets })
}

/// Follows every organization, each from when it can be reached, until none can be followed any more. One that cannot is
/// told; the others continue.
async fn follow_all(all: Vec<Settings>, common: &Common<'_>) -> anyhow::Result<Exit> {
    let of = all.len();
    let several = of > 1;
    let look_up = |place: usize, settings: Settings, pause: Duration| async move {
        tokio::time::sleep(pause).await;
        (place, pause, settings.clone(), wanted(place, settings, &common.args.watch, several).await)
    };
    let mut looking: FuturesUnordered<_> =
        all.into_iter().enumerate().map(|(place, settings)| look_up(place, settings, Duration::ZERO)).collect();
    let mut running = FuturesUnordered::new();
    let mut known: Vec<(String, Option<String>)> = Vec::new();
    // Those that were never reached, and why the first of them was not.
    let (mut failed, mut reason) = (BTreeMap::new(), None);
    let mut goes_on = common.goes_on.clone();
    loop {
        tokio::select! {
            Some((place, pause, settings, found)) = looking.next() => {
                let begun = match found {
                    Ok(wanted) => {
                        let is_same = |(organization, _): &&(String, Option<String>)| *organization == wanted.organization;
                        if let Some((_, other)) = known.iter().find(is_same) {
                            return Err(same(other.as_deref(), settings.profile.as_deref()).into());
                        }
                        let organization = wanted.organization.clone();
                        begin(wanted, common).map(|follower| (organization, follower)).map_err(Into::into)
                    }
                    Err(error) => Err(error),
                };
                match begun {
                    Ok((organization, mut follower)) => {
                        failed.remove(&place);
                        known.push((organization, settings.profile));
                        let division = common.keeper.as_ref().map(Keeper::division);
                        let mut goes_on = common.goes_on.clone();
                        running.push(async move {
                            let result = tokio::select! {
                                result = follower.run(division, common.ends) => result,
                                _ = goes_on.wait_for(|goes_on| !goes_on) => Ok(Exit::Done),
                            };
                            follower.end(common.ends);
                            (follower.name(), result)
                        });
                    }
                    Err(error) if !several => return Err(error),
                    Err(error) => {
                        let name = settings.profile.clone().unwrap_or_default();
                        let is_passing = Exit::of(&error) == Exit::Failed;
                        let words = format!("{name} is not collected: {error:#}");
                        if failed.insert(place, words.clone()).as_ref() != Some(&words) || !is_passing {
                            let then = if is_passing { "it is tried again, less and less often; " } else { "" };
                            note(format_args!("{words}; {then}the others continue"));
                        }
                        reason.get_or_insert(error);
                        if running.is_empty() && failed.len() == of {
                            return Err(reason.unwrap_or_else(|| Exit::Failed.because("nothing can be collected").into()));
                        }
                        if is_passing {
                            looking.push(look_up(place, settings, (pause * 2).clamp(AGAIN, AT_MOST)));
                        }
                    }
                }
            }
            Some((name, result)) = running.next() => {
                if running.is_empty() && (looking.is_empty() || !*common.goes_on.borrow()) {
                    return result;
                }
                if let Err(error) = result {
                    note(format_args!("{name} is not collected any more: {error:#}; the others continue"));
                }
            }
            _ = goes_on.wait_for(|goes_on| !goes_on), if running.is_empty() => return Ok(Exit::Done),
            else => return Ok(Exit::Done),
        }
    }
}

fn same(one: Option<&str>, other: Option<&str>) -> Failure {
    let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
    Exit::Usage
        .because(format!("the profiles {one:?} and {other:?} lead to the same organisation"))
        .remedy("name one of them; an address or a client in the environment holds for every profile")
}

/// Begins to follow an organization.
fn begin(wanted: WantedOrganization, common: &Common<'_>) -> Result<Follower, Failure> {
    let WantedOrganization { place, settings, client, organization, targets } = wanted;
    let of = settings.profile.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    note(format_args!("collecting {}{of} into {}; SIGTERM or Ctrl-C ends it", targets.label(), common.location));
    let now = wall(client.clock().now());
    let mut begun = None;
    let mut salt = Salt::UNSTORED;
    let mut seeds = Vec::new();
    if let Some(writer) = &common.ends.writer {
        let beginning =
            writer::WriterStart { organization: organization.clone(), profile: settings.profile.clone(), now };
        begun = Some(tokio::task::block_in_place(|| writer.begin(beginning)).map_err(store::failure)?);
        (salt, seeds) = (writer.salt().clone(), writer.seeds(&organization));
    }
    if let Some(keeper) = &common.keeper {
        let names = shares::shares(&organization, &targets).into_iter().map(|(name, _)| name).collect();
        tokio::task::block_in_place(|| keeper.add(names));
    }
    let tuning = settings.tuning.clone();
    let observer = Observer::new(observer::ObserverParts {
        tracker: Tracker::new(&organization, salt, &settings.history.values),
        seeds,
        tuning: tuning.clone(),
        organization,
        profile: settings.profile,
        place,
        begun,
    });
    let options = MonitorOptions {
        tuning,
        expectations: common.expectations.clone(),
        alerts: common.alerts.clone(),
        history: HistoryLimits::NONE,
        ..MonitorOptions::default()
    };
    let first = common.keeper.as_ref().map(|keeper| keeper.division().borrow().clone());
    let beginning = FollowerParts { client, options, observer, ringer: common.ringer, targets, first };
    Ok(Follower::start(beginning, common.ends))
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
        let (mut failing, mut told) = (None, hooks::HookStatus::default());
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
            let store = ends.writer.as_ref().map(StoreWriter::status).unwrap_or_default();
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
