//! `sidetone collect`: follows for days without a screen, and keeps what was seen in the history store.

use super::{
    Context, lookup, note,
    options::{self, WatchOptions},
    store,
    watch::nothing_to_watch,
};
use crate::{
    domain::{
        At, Link,
        monitor::{Monitor, MonitorOptions, Report, Retention},
    },
    exit::{Exit, Failure},
    genesys::discover::Found,
    genesys::{Client, client::Priority, feed::FeedOptions},
    live::{self, LinkEvent, Live, RevisionSource, targets::Targets},
    store::{
        Location,
        ingest::Hole,
        keeper::{Keeper, LEASE},
        lease::{Division, Fence},
        presence::PresenceWatch,
        record::FlowVersion,
        tracker::Tracker,
        writer::Writer,
    },
};
use clap::Args;
use std::time::Duration;
use tokio::sync::watch;

/// Between two rounds of what time alone asks for.
const ROUND: Duration = Duration::from_secs(1);

/// How long the store may take to write what waits when the program ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Options of `collect`.
#[derive(Args, Debug)]
pub struct CollectArgs {
    #[command(flatten)]
    store: store::StoreOption,
    /// On a shared store: how long a collector that died keeps its share before others take it over
    #[arg(long, value_name = "DUR", value_parser = options::duration)]
    lease: Option<Duration>,
    #[command(flatten)]
    watch: WatchOptions,
}

/// Collects until it is ended.
pub async fn run(args: CollectArgs, context: &Context) -> anyhow::Result<Exit> {
    if args.watch.is_empty() {
        return Err(nothing_to_watch().into());
    }
    let settings = context.settings()?;
    let client = lookup::client(&settings)?;
    let location = args.store.location(context);
    if let Location::File(file) = &location {
        args.store.prepare(file, context)?;
    }
    let targets = Targets::resolve(&client, &args.watch.wanted()).await?;
    let organization = organization(&client, settings.profile.as_deref()).await;
    let now = client.clock().now();
    let holder = uuid::Uuid::new_v4().simple().to_string();
    let started = tokio::task::block_in_place(|| {
        // A file has one collector at a time, for it is one machine's; on a server several divide the work.
        let keeper = match &location {
            Location::File(_) => None,
            Location::Server(_) => {
                let names = shares(&organization, &targets).into_iter().map(|(name, _)| name).collect();
                Some(Keeper::start(&location, &holder, names, args.lease.unwrap_or(LEASE))?)
            }
        };
        let writer = Writer::start(&location, &holder, std::slice::from_ref(&organization), wall(now))?;
        Ok((keeper, writer))
    });
    let (keeper, writer) = started.map_err(store::failure)?;
    note(format_args!("collecting {} into {location}; SIGTERM or Ctrl-C ends it", targets.label()));
    let mut monitor = Monitor::new(MonitorOptions::default());
    live::learn(&mut monitor.board.names, &targets);
    let division = keeper.as_ref().map(Keeper::division);
    let first = division.as_ref().map(|division| division.borrow().clone());
    let begin =
        first.as_ref().map_or_else(|| targets.clone(), |first| Targets(share(&organization, &targets, &first.held)));
    let live = Live::start(client, &begin, FeedOptions::default());
    let tracker = Tracker::new(&organization, writer.salt().clone(), &[]);
    let mut collector = Collector {
        monitor,
        live,
        tracker,
        writer,
        organization,
        presence: PresenceWatch::default(),
        targets,
        held: Vec::new(),
        lost: None,
        failing: None,
    };
    if let Some(first) = &first {
        collector.divide(first, now);
    }
    let result = collector.run(division).await;
    tokio::task::block_in_place(|| collector.writer.flush(LAST_WORDS));
    result
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

/// What can be held apart: the name of its lease, and what is watched under it. Named conversations stay together.
fn shares(organization: &str, targets: &Targets) -> Vec<(String, Found)> {
    let name = |kind: &str, id: &str| format!("{organization}/{kind}/{id}");
    let mut shares = Vec::new();
    for queue in &targets.queues {
        shares.push((name("queue", queue.0.as_str()), Found { queues: vec![queue.clone()], ..Found::default() }));
    }
    for user in &targets.users {
        let found = Found { users: vec![user.clone()], me: targets.me, ..Found::default() };
        shares.push((name("user", user.0.as_str()), found));
    }
    for flow in &targets.flows {
        shares.push((name("flow", flow.0.as_str()), Found { flows: vec![flow.clone()], ..Found::default() }));
    }
    if !targets.conversations.is_empty() {
        let conversations = targets.conversations.clone();
        shares.push((name("conversations", "named"), Found { conversations, ..Found::default() }));
    }
    shares
}

/// All that is watched under the leases that are held.
fn share(organization: &str, targets: &Targets, held: &[Fence]) -> Found {
    let mut mine = Found { all_flows: targets.all_flows, ..Found::default() };
    for (name, found) in shares(organization, targets) {
        if held.iter().any(|fence| fence.target == name) {
            mine.queues.extend(found.queues);
            mine.users.extend(found.users);
            mine.flows.extend(found.flows);
            mine.conversations.extend(found.conversations);
            mine.me |= found.me;
        }
    }
    mine
}

fn wall(at: At) -> i64 {
    at.wall.as_millisecond()
}

/// One organization that is followed.
struct Collector {
    monitor: Monitor,
    live: Live,
    tracker: Tracker,
    writer: Writer,
    organization: String,
    /// Tells when a new flow version loses a key.
    presence: PresenceWatch,
    /// Everything that was asked for.
    targets: Targets,
    /// The part of it that is this collector's.
    held: Vec<Fence>,
    /// Since when nothing is observed, and why.
    lost: Option<(i64, String)>,
    /// What was last said about the store.
    failing: Option<String>,
}

impl RevisionSource for Monitor {
    fn revision(&self, id: &str) -> u64 {
        self.board.revision(id)
    }
}

/// The next division of the targets; `None` where nothing is divided.
async fn changed(division: &mut Option<watch::Receiver<Division>>) -> Option<Division> {
    let division = division.as_mut()?;
    match division.changed().await {
        Ok(()) => Some(division.borrow_and_update().clone()),
        Err(_) => None,
    }
}

impl Collector {
    async fn run(&mut self, mut division: Option<watch::Receiver<Division>>) -> anyhow::Result<Exit> {
        let mut round = tokio::time::interval(ROUND);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let Self { monitor, live, .. } = &mut *self;
            tokio::select! {
                heard = live.next(&*monitor) => match heard {
                    Some((at, heard)) => self.take(at, heard)?,
                    None => return Err(Exit::Failed.because("the connection ended").into()),
                },
                _ = round.tick() => self.round(),
                Some(changed) = changed(&mut division) => {
                    let at = self.live.client().clock().now();
                    self.divide(&changed, at);
                }
            }
        }
    }

    fn take(&mut self, at: At, heard: LinkEvent) -> Result<(), Failure> {
        match heard {
            LinkEvent::Update(update) => {
                let outcome = self.monitor.update(at, update, &());
                self.keep(outcome.report.iter());
                for id in outcome.reread {
                    self.live.read(id, None, Priority::Background);
                }
            }
            LinkEvent::Link(link) => return self.link(at, &link),
            LinkEvent::Malformed(reason) => tracing::warn!(%reason, "a message could not be understood"),
            LinkEvent::Refused(topic, rejection) => note(format_args!("{topic} was refused: {}", rejection.reason)),
            LinkEvent::Unread(id, error) => tracing::warn!(%id, %error, "a conversation could not be read"),
            LinkEvent::Unsearched(what) => tracing::warn!("{what}"),
        }
        Ok(())
    }

    fn link(&mut self, at: At, link: &Link) -> Result<(), Failure> {
        if link.is_lost() {
            self.tracker.lost();
            let reason = link.reason().unwrap_or("the connection was lost").to_owned();
            self.lost.get_or_insert((wall(at), reason));
        }
        if link.is_live()
            && let Some((since, reason)) = self.lost.take()
        {
            self.writer.hole(Hole { organization: self.organization.clone(), since, until: wall(at), reason });
        }
        let outcome = self.monitor.link(at, link, &());
        for id in outcome.reread {
            self.live.read(id, None, Priority::Background);
        }
        match link {
            Link::SignedOut { reason } => Err(Exit::Denied.because(reason.as_str())),
            _ => Ok(()),
        }
    }

    fn keep<'r>(&mut self, reports: impl Iterator<Item = &'r Report>) {
        for report in reports {
            let Some(entry) = self.monitor.board.get(report.call.as_str()) else { continue };
            let names = &self.monitor.board.names;
            // The flow that the call came in through; a survey after it is another matter.
            let flow = entry.conversation.flows.first().map(|run| FlowVersion {
                id: run.id.as_str().to_owned(),
                name: run.name(names).unwrap_or_default().to_owned(),
                version: run.version.as_deref().unwrap_or_default().to_owned(),
            });
            if let Some(record) = self.tracker.observe(report, entry, flow.as_ref(), names) {
                for drop in self.presence.observe(&record) {
                    note(format_args!("presence-drop: {drop}"));
                }
                self.writer.call(record);
            }
        }
    }

    /// Follows what is this collector's from now on.
    fn divide(&mut self, division: &Division, at: At) {
        for (target, since) in &division.abandoned {
            let reason = format!("the collector of {target} had stopped");
            self.writer.hole(Hole { organization: self.organization.clone(), since: *since, until: wall(at), reason });
        }
        if division.held == self.held {
            return;
        }
        self.held.clone_from(&division.held);
        self.writer.fences(self.held.clone());
        let mine = share(&self.organization, &self.targets, &self.held);
        if mine != *self.live.watched() {
            note(format_args!("collecting {} of {} now", Targets(mine.clone()).label(), self.targets.label()));
            self.live.rewatch(mine);
        }
    }

    /// What is due once a second.
    fn round(&mut self) {
        let at = self.live.client().clock().now();
        let gone = self.monitor.forget_ended(at, Retention::DEFAULT, |_| false);
        self.tracker.forget(&gone);
        gone.iter().for_each(|id| self.presence.forget(id.as_str()));
        self.live.forget(&gone);
        if self.lost.is_none() {
            self.writer.collected(wall(at));
        }
        let failing = self.writer.status().failing;
        if failing != self.failing {
            match &failing {
                Some(reason) => note(format_args!("{reason}; what is seen waits and is stored later")),
                None => note("the history store is written again"),
            }
            self.failing = failing;
        }
    }
}
