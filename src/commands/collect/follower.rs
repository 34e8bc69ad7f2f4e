//! One organization that is followed: its link, what is known of its calls, and what is told of them.

use super::{
    shares::{share, under},
    tally::Tally,
};
use crate::{
    commands::{note, watch::bell::Ringer},
    config::HookOn,
    domain::{
        At, Change, ConversationChange, ConversationId, Entry, Link, Names,
        alert::Fired,
        findings::{Finding, FindingChange, RuleId, Tuning},
        monitor::{Monitor, MonitorOptions, Report, Retention},
        text::visible,
    },
    exit::{Exit, Failure},
    genesys::{Client, client::Priority, feed::FeedOptions},
    hooks::{Event, Hooks},
    live::{self, LinkEvent, Live, RevisionSource, targets::Targets},
    store::{
        ingest::Hole,
        lease::{Division, Fence},
        presence::{PresenceDrop, PresenceWatch},
        record::{CallRecord, FlowVersion},
        tracker::Tracker,
        writer::Writer,
    },
};
use std::{cell::RefCell, time::Duration};
use tokio::sync::watch;

/// Between two rounds of what time alone asks for.
const ROUND: Duration = Duration::from_secs(1);

/// What all followers share.
pub(super) struct Ends {
    /// Writes the history store.
    pub(super) writer: Writer,
    /// Who is told of findings.
    pub(super) hooks: Option<Hooks>,
    /// The figures of each follower, by its place.
    pub(super) tallies: RefCell<Vec<Tally>>,
    /// Rings the terminal at an alert, where there is one.
    pub(super) ringer: Ringer,
}

/// One organization.
pub(super) struct Follower {
    monitor: Monitor,
    live: Live,
    tracker: Tracker,
    /// Tells when a new flow version loses a key.
    presence: PresenceWatch,
    tuning: Tuning,
    /// Its id, under which calls are filed.
    organization: String,
    /// The profile by which it is reached.
    profile: Option<String>,
    /// Its place among the followers.
    place: usize,
    /// Everything that was asked for.
    targets: Targets,
    /// The leases that this collector holds, of all organizations.
    held: Vec<Fence>,
    /// Since when nothing is observed, and why.
    lost: Option<(i64, String)>,
    tally: Tally,
}

/// What a follower is made of.
pub(super) struct Beginning {
    pub(super) client: Client,
    pub(super) options: MonitorOptions,
    pub(super) tracker: Tracker,
    pub(super) presence: PresenceWatch,
    pub(super) organization: String,
    pub(super) profile: Option<String>,
    pub(super) place: usize,
    pub(super) targets: Targets,
    /// The first division, where the targets are divided.
    pub(super) first: Option<Division>,
}

impl RevisionSource for Monitor {
    fn revision(&self, id: &str) -> u64 {
        self.board.revision(id)
    }
}

/// The next division of the targets; pending for ever where nothing is divided any more.
async fn changed(division: &mut Option<watch::Receiver<Division>>) -> Division {
    let Some(division) = division.as_mut() else { return std::future::pending().await };
    match division.changed().await {
        Ok(()) => division.borrow_and_update().clone(),
        Err(_) => std::future::pending().await,
    }
}

/// A moment in milliseconds since 1970.
pub(super) fn wall(at: At) -> i64 {
    at.wall.as_millisecond()
}

impl Follower {
    /// Connects.
    pub(super) fn start(beginning: Beginning, ends: &Ends) -> Self {
        let Beginning { client, options, tracker, presence, organization, profile, place, targets, first } = beginning;
        let tuning = options.tuning.clone();
        let mut monitor = Monitor::new(options);
        live::learn(&mut monitor.board.names, &targets);
        let begin = match &first {
            Some(first) => Targets(share(&organization, &targets, &first.held)),
            None => targets.clone(),
        };
        let now = client.clock().now();
        let live = Live::start(client, &begin, FeedOptions::default());
        let tally = Tally { profile: profile.clone().unwrap_or_default(), ..Tally::default() };
        // From the last observation of anybody until this link is live nothing is.
        let lost = ends.writer.unobserved(place).map(|since| (since, "no collector was running".to_owned()));
        let held = Vec::new();
        let mut follower =
            Self { monitor, live, tracker, presence, tuning, organization, profile, place, targets, held, lost, tally };
        if let Some(first) = first {
            follower.divide(&first, now, ends);
        }
        follower.publish(ends);
        follower
    }

    /// By which name people know it.
    pub(super) fn name(&self) -> String {
        self.profile.clone().unwrap_or_else(|| self.organization.clone())
    }

    /// Follows until the link has ended for good.
    pub(super) async fn run(
        &mut self,
        mut division: Option<watch::Receiver<Division>>,
        ends: &Ends,
    ) -> anyhow::Result<Exit> {
        let mut round = tokio::time::interval(ROUND);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let Self { monitor, live, .. } = &mut *self;
            let due = monitor.due().map(|due| due.saturating_sub(live.client().clock().now().mono));
            tokio::select! {
                heard = live.next(&*monitor) => match heard {
                    Some((at, heard)) => self.take(at, heard, ends)?,
                    None => return Err(Exit::Failed.because("the connection ended").into()),
                },
                () = tokio::time::sleep(due.unwrap_or_default()), if due.is_some() => self.time(ends),
                _ = round.tick() => self.round(ends),
                changed = changed(&mut division) => {
                    let at = self.live.client().clock().now();
                    self.divide(&changed, at, ends);
                }
            }
        }
    }

    /// Everything until now was observed; nothing more will be.
    pub(super) fn end(&mut self, ends: &Ends) {
        if self.lost.is_none() && self.tally.live {
            ends.writer.collected(self.place, wall(self.live.client().clock().now()));
        }
    }

    fn take(&mut self, at: At, heard: LinkEvent, ends: &Ends) -> Result<(), Failure> {
        match heard {
            LinkEvent::Update(update) => {
                self.tally.events += 1;
                let outcome = self.monitor.update(at, update, &());
                self.reports(outcome.reports(), ends);
                self.reread(outcome.reread);
            }
            LinkEvent::Link(link) => return self.link(at, &link, ends),
            LinkEvent::Malformed(reason) => {
                self.tally.malformed += 1;
                tracing::warn!(%reason, "a message could not be understood");
            }
            LinkEvent::Refused(topic, rejection) => {
                note(format_args!("{} was refused: {} ({topic})", self.targets.describe(&topic), rejection.reason));
            }
            LinkEvent::Unread(id, error) => tracing::warn!(%id, %error, "a conversation could not be read"),
            LinkEvent::Unsearched(what) => tracing::warn!("{what}"),
        }
        Ok(())
    }

    fn reread(&mut self, ids: Vec<ConversationId>) {
        for id in ids {
            self.live.read(id, None, Priority::Background);
        }
    }

    fn link(&mut self, at: At, link: &Link, ends: &Ends) -> Result<(), Failure> {
        self.tally.live = link.is_live();
        if link.is_lost() {
            self.tracker.lost();
            let reason = link.reason().unwrap_or("the connection was lost").to_owned();
            if self.lost.is_none() {
                self.tally.gaps += 1;
                self.lost = Some((wall(at), reason));
            }
        }
        if link.is_live()
            && let Some((since, reason)) = self.lost.take()
        {
            self.tally.gap_ms += (wall(at) - since).max(0) as u64;
            ends.writer.hole(Hole { organization: self.organization.clone(), since, until: wall(at), reason });
        }
        let outcome = self.monitor.link(at, link, &());
        self.reports(outcome.reports(), ends);
        self.reread(outcome.reread);
        match link {
            Link::SignedOut { reason } => Err(Exit::Denied.because(reason.as_str())),
            _ => Ok(()),
        }
    }

    fn time(&mut self, ends: &Ends) {
        let at = self.live.client().clock().now();
        let outcome = self.monitor.time(at, &());
        self.reports(outcome.reports(), ends);
    }

    fn reports<'r>(&mut self, reports: impl Iterator<Item = &'r Report>, ends: &Ends) {
        for report in reports {
            self.report(report, ends);
        }
    }

    fn report(&mut self, report: &Report, ends: &Ends) {
        let Self { monitor, tracker, presence, tally, held, organization, .. } = self;
        let Some(entry) = monitor.board.get(report.call.as_str()) else { return };
        for change in &report.changes {
            match change {
                Change::Conversation { change: ConversationChange::Started, .. } => tally.calls += 1,
                Change::Conversation { change: ConversationChange::Ended, .. } => tally.ended += 1,
                Change::Attribute { event_time: Some(told), .. } => {
                    tally.lag_ms = Some((wall(report.at) - told.as_millisecond()).max(0) as u64);
                }
                _ => {}
            }
        }
        let names = &monitor.board.names;
        // The flow that the call came in through; a survey after it is another matter.
        let flow = entry.conversation.flows.first().map(|run| FlowVersion {
            id: run.id.as_str().to_owned(),
            name: run.name(names).unwrap_or_default().to_owned(),
            version: run.version.as_deref().unwrap_or_default().to_owned(),
        });
        if let Some(record) = tracker.observe(report, entry, flow.as_ref(), names) {
            let mut drops = presence.observe(&record);
            let under = under(organization, &entry.conversation, held);
            let told = (!drops.is_empty()).then(|| record.clone());
            ends.writer.call(record, under);
            if let Some(record) = told {
                drops.retain(|drop| !self.tuning.ignores(&drop.key) && self.tuning.is_on(RuleId::PresenceDrop));
                for drop in &drops {
                    *self.tally.findings.entry(RuleId::PresenceDrop.as_str()).or_default() += 1;
                    self.dropped(drop, &record, report, ends);
                }
            }
        }
        let Some(entry) = self.monitor.board.get(report.call.as_str()) else { return };
        for change in &report.findings {
            if let FindingChange::Appeared(finding) = change {
                *self.tally.findings.entry(finding.rule.as_str()).or_default() += 1;
                if let Some(hooks) = &ends.hooks {
                    let value = finding.key.as_ref().and_then(|key| {
                        let on = entry.conversation.participant(finding.participant.as_ref()?.as_str())?;
                        on.attributes.text(key.as_str())
                    });
                    hooks.tell(Event { value, ..self.event(HookOn::Finding, report, entry) }.about(finding));
                }
            }
        }
        for fired in &report.alerts {
            self.tally.alerts += 1;
            note(format_args!("{} on call {}", fired.words, report.call));
            if let Some(hooks) = &ends.hooks {
                hooks.tell(alert(self.event(HookOn::Alert, report, entry), fired));
            }
        }
        if let Some(fired) = report.alerts.last()
            && self.monitor.alerts.rings(report.at)
        {
            ends.ringer.ring(&fired.words);
        }
    }

    /// A key's presence fell: told as a finding on the call that decided it.
    fn dropped(&self, drop: &PresenceDrop, record: &CallRecord, report: &Report, ends: &Ends) {
        let words = drop.to_string();
        note(format_args!("{}: {words}", RuleId::PresenceDrop));
        ends.ringer.ring(&words);
        let Some(hooks) = &ends.hooks else { return };
        let Some(entry) = self.monitor.board.get(report.call.as_str()) else { return };
        let usual = RuleId::PresenceDrop.rule().severity;
        let finding = Finding {
            rule: RuleId::PresenceDrop,
            severity: self.tuning.severity(RuleId::PresenceDrop, usual),
            conversation: report.call.clone(),
            participant: None,
            key: Some(drop.key.as_str().into()),
            message: visible(&words).into_owned(),
            since: report.at,
        };
        let event = Event {
            flow: Some(&record.flow.name),
            version: Some(&record.flow.version),
            ..self.event(HookOn::PresenceDrop, report, entry)
        };
        hooks.tell(event.about(&finding));
    }

    fn event<'e>(&'e self, on: HookOn, report: &Report, entry: &'e Entry) -> Event<'e> {
        let call = &entry.conversation;
        let names: &Names = &self.monitor.board.names;
        Event {
            on: Some(on),
            time: Some(report.at.wall),
            profile: self.profile.as_deref(),
            organization: Some(&self.organization),
            conversation: call.id.as_str(),
            media: Some(call.media.as_str()),
            address: call.from(),
            queue: call.queue().map(|id| names.queue(id).unwrap_or(id.as_str())),
            ..Event::default()
        }
    }

    /// Follows what is this collector's from now on.
    fn divide(&mut self, division: &Division, at: At, ends: &Ends) {
        let own = format!("{}/", self.organization);
        for (target, since) in division.abandoned.iter().filter(|(target, _)| target.starts_with(&own)) {
            let reason = format!("the collector of {target} had stopped");
            let hole = Hole { organization: self.organization.clone(), since: *since, until: wall(at), reason };
            ends.writer.hole(hole);
        }
        if division.held == self.held {
            return;
        }
        self.held.clone_from(&division.held);
        ends.writer.fences(self.held.clone());
        let mine = share(&self.organization, &self.targets, &self.held);
        if mine != *self.live.watched() {
            note(format_args!("collecting {} of {} now", Targets(mine.clone()).label(), self.targets.label()));
            self.live.rewatch(mine);
        }
    }

    /// What is due once a second.
    fn round(&mut self, ends: &Ends) {
        let at = self.live.client().clock().now();
        let outcome = self.monitor.time(at, &());
        self.reports(outcome.reports(), ends);
        let gone = self.monitor.forget_ended(at, Retention::DEFAULT, |_| false);
        self.tracker.forget(&gone);
        gone.iter().for_each(|id| self.presence.forget(id.as_str()));
        self.live.forget(&gone);
        if self.lost.is_none() && self.tally.live {
            ends.writer.collected(self.place, wall(at));
        }
        self.tally.following = (self.monitor.board.iter().count() - self.monitor.board.ended()) as u64;
        self.tally.waiting = self.live.waiting() as u64;
        self.publish(ends);
    }

    fn publish(&self, ends: &Ends) {
        let mut tally = self.tally.clone();
        tally.learn(&self.presence);
        tally.lost = self.lost.as_ref().map(|(_, reason)| reason.clone());
        if let Some(place) = ends.tallies.borrow_mut().get_mut(self.place) {
            *place = tally;
        }
    }
}

fn alert<'e>(event: Event<'e>, fired: &'e Fired) -> Event<'e> {
    Event {
        participant: fired.participant.as_ref().map(|id| id.as_str()),
        key: fired.key.as_ref().map(|key| key.as_str()),
        rule: Some(fired.by),
        message: &fired.words,
        ..event
    }
}
