//! One organization that is followed: its link, and what is known of its calls.

use super::{
    shares::{self, share, under},
    unended::Unended,
};
use crate::{
    commands::{
        note,
        observer::{Ends, Observer},
        watch::bell::Ringer,
    },
    domain::{
        At, ConversationId, Link,
        findings::Finding,
        monitor::{CallReport, Monitor, MonitorOptions, MonitorOutcome, Retention},
    },
    exit::{Exit, Failure},
    genesys::{Client, client::Priority, feed::FeedOptions},
    live::{LinkEvent, Live, targets::Targets},
    store::lease::{Division, Fence},
};
use std::time::Duration;
use tokio::sync::watch;

/// Between two rounds of what time alone asks for.
const ROUND: Duration = Duration::from_secs(1);
/// Between two times of saying until when everything was observed: what is lost with a process that is killed.
const OBSERVED: Duration = Duration::from_millis(250);

/// One organization.
pub(super) struct Follower {
    monitor: Monitor,
    live: Live,
    observer: Observer,
    /// Rings the terminal at an alert, where there is one.
    ringer: Ringer,
    /// Everything that was asked for.
    targets: Targets,
    /// The leases that this collector holds, of all organizations.
    held: Vec<Fence>,
    /// Takeovers whose hole was stored: the target, and since when nobody collected it.
    taken_over: Vec<(String, i64)>,
    unended: Unended,
}

/// What a follower is made of.
pub(super) struct FollowerParts {
    pub(super) client: Client,
    pub(super) options: MonitorOptions,
    pub(super) observer: Observer,
    pub(super) ringer: Ringer,
    pub(super) targets: Targets,
    /// The first division, where the targets are divided.
    pub(super) first: Option<Division>,
}

/// The next division of the targets; pending for ever where nothing is divided any more.
async fn changed(division: &mut Option<watch::Receiver<Division>>) -> Division {
    let Some(division) = division.as_mut() else { return std::future::pending().await };
    match division.changed().await {
        Ok(()) => division.borrow_and_update().clone(),
        Err(_) => std::future::pending().await,
    }
}

impl Follower {
    /// Connects.
    pub(super) fn start(beginning: FollowerParts, ends: &Ends) -> Self {
        let FollowerParts { client, options, observer, ringer, targets, first } = beginning;
        let mut monitor = Monitor::new(options);
        targets.teach(&mut monitor.board.names);
        let begin = match &first {
            Some(first) => Targets(share(observer.organization(), &targets, &first.held)),
            None => targets.clone(),
        };
        let now = client.clock().now();
        let live = Live::start(client, &begin, FeedOptions::default());
        let (held, taken_over) = (Vec::new(), Vec::new());
        let mut follower =
            Self { monitor, live, observer, ringer, targets, held, taken_over, unended: Unended::default() };
        if let Some(first) = first {
            follower.divide(&first, now, ends);
        }
        follower.observer.publish(ends);
        follower
    }

    /// By which name people know it.
    pub(super) fn name(&self) -> String {
        self.observer.name().to_owned()
    }

    /// Follows until the link has ended for good.
    pub(super) async fn run(
        &mut self,
        mut division: Option<watch::Receiver<Division>>,
        ends: &Ends,
    ) -> anyhow::Result<Exit> {
        let mut round = tokio::time::interval(ROUND);
        let mut observed = tokio::time::interval(OBSERVED);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        observed.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let Self { monitor, live, .. } = &mut *self;
            let due = monitor.due().map(|due| due.saturating_sub(live.client().clock().now().mono));
            tokio::select! {
                heard = live.next(&monitor.board) => match heard {
                    Some((at, heard)) => self.take(at, heard, ends)?,
                    None => return Err(Exit::Failed.because("the connection ended").into()),
                },
                () = tokio::time::sleep(due.unwrap_or_default()), if due.is_some() => self.time(ends),
                _ = round.tick() => self.round(ends),
                _ = observed.tick() => self.collected(ends),
                changed = changed(&mut division) => {
                    let at = self.live.client().clock().now();
                    self.divide(&changed, at, ends);
                }
            }
        }
    }

    /// Everything until now was observed, unless something of it waits to be taken in.
    fn collected(&self, ends: &Ends) {
        if self.live.waiting() == 0 {
            self.observer.collected(self.live.client().clock().now(), ends);
        }
    }

    /// Everything until now was observed; nothing more will be.
    pub(super) fn end(&mut self, ends: &Ends) {
        self.collected(ends);
    }

    fn take(&mut self, at: At, heard: LinkEvent, ends: &Ends) -> Result<(), Failure> {
        match heard {
            LinkEvent::Update(update) => {
                self.observer.tally.events += 1;
                let outcome = self.monitor.update(at, update, &());
                self.outcome(outcome, ends);
            }
            LinkEvent::Link(link) => return self.link(at, &link, ends),
            LinkEvent::Malformed(reason) => {
                self.observer.tally.malformed += 1;
                tracing::warn!(%reason, "a message could not be understood");
            }
            LinkEvent::Refused(topic, rejection) => {
                note(format_args!("{} was refused: {} ({topic})", self.targets.describe(&topic), rejection.reason));
            }
            LinkEvent::Unread(id, error) => tracing::warn!(%id, %error, "a conversation could not be read"),
            // Said once when it begins, until it has passed.
            LinkEvent::Unsearched(what) => note(what),
        }
        Ok(())
    }

    fn link(&mut self, at: At, link: &Link, ends: &Ends) -> Result<(), Failure> {
        self.observer.link(at, link, ends);
        if link.is_live() {
            self.unended.may_be(at);
        }
        let outcome = self.monitor.link(at, link, &());
        self.outcome(outcome, ends);
        match link {
            Link::SignedOut { reason } => Err(Exit::Denied.because(reason.as_str())),
            _ => Ok(()),
        }
    }

    fn time(&mut self, ends: &Ends) {
        let at = self.live.client().clock().now();
        let outcome = self.monitor.time(at, &());
        self.outcome(outcome, ends);
    }

    fn outcome(&mut self, outcome: MonitorOutcome, ends: &Ends) {
        outcome.reports().for_each(|report| self.report(report, ends));
        self.reread(outcome.reread);
    }

    fn reread(&mut self, ids: Vec<ConversationId>) {
        for id in ids {
            self.live.read(id, None, Priority::Background);
        }
    }

    fn report(&mut self, report: &CallReport, ends: &Ends) {
        let Self { monitor, observer, held, live, .. } = self;
        observer.cut(live.is_cut(), report.at);
        let organization = observer.organization().to_owned();
        let fallen = observer.report(monitor, report, |entry| under(&organization, &entry.conversation, held), ends);
        self.fallen(&fallen);
        for fired in &report.alerts {
            note(format_args!("{} on call {}", fired.words, report.call));
        }
        if let Some(fired) = report.alerts.last()
            && self.monitor.alerts.rings(report.at)
        {
            self.ringer.ring(&fired.words);
        }
    }

    fn fallen(&mut self, findings: &[Finding]) {
        for finding in findings {
            note(format_args!("{}: {}", finding.rule, finding.message));
            self.ringer.ring(&finding.message);
        }
    }

    /// Follows what is this collector's from now on.
    fn divide(&mut self, division: &Division, at: At, ends: &Ends) {
        for (target, since) in new_takeovers(&mut self.taken_over, self.observer.organization(), division) {
            let what = shares::named(self.observer.organization(), &self.targets, &target);
            self.observer.hole(since, at, format!("the collector of {what} had stopped"), ends);
            self.unended.may_be(at);
        }
        if division.held == self.held {
            return;
        }
        self.held.clone_from(&division.held);
        if let Some(writer) = &ends.writer {
            writer.fences(self.held.clone());
        }
        let mine = share(self.observer.organization(), &self.targets, &self.held);
        if mine != *self.live.watched() {
            let (all, share) = (self.targets.label(), Targets(mine.clone()).label());
            if share.is_empty() {
                note(format_args!("collecting nothing at present: others collect {all}"));
            } else {
                note(format_args!("collecting {share} of {all} now"));
            }
            self.live.rewatch(mine);
            self.observer.rewatched(at);
        }
    }

    /// What is due once a second.
    fn round(&mut self, ends: &Ends) {
        let at = self.live.client().clock().now();
        let outcome = self.monitor.time(at, &());
        self.outcome(outcome, ends);
        self.observer.cut(self.live.is_cut(), at);
        let fallen = self.observer.time(&self.monitor, at, ends);
        self.fallen(&fallen);
        self.observer.remarks().into_iter().for_each(note);
        let gone = self.monitor.forget_ended(at, Retention::DEFAULT, |_| false);
        self.observer.forget(&gone);
        self.live.forget(&gone);
        self.collected(ends);
        if let Some(writer) = &ends.writer {
            let board = &self.monitor.board;
            let organization = self.observer.organization();
            self.unended.look(self.live.client(), organization, at, writer, |id| board.get(id).is_some());
        }
        let tally = &mut self.observer.tally;
        tally.following = (self.monitor.board.iter().count() - self.monitor.board.ended()) as u64;
        tally.waiting = self.live.waiting() as u64;
        self.observer.publish(ends);
    }
}

/// The takeovers of an organization's targets that are not among those that are known; they are then. A division tells those of
/// earlier rounds again.
fn new_takeovers(known: &mut Vec<(String, i64)>, organization: &str, division: &Division) -> Vec<(String, i64)> {
    let own = format!("{organization}/");
    let is_new = |taken: &&(String, i64)| taken.0.starts_with(&own) && !known.contains(taken);
    let new: Vec<(String, i64)> = division.abandoned.iter().filter(is_new).cloned().collect();
    known.retain(|taken| division.abandoned.contains(taken));
    known.extend(new.iter().cloned());
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_takeover_is_told_once() {
        let taken = |target: &str, since| (target.to_owned(), since);
        let division = |abandoned: Vec<(String, i64)>| Division { abandoned, ..Division::default() };
        let mut known = Vec::new();
        let first = division(vec![taken("org/queue/1", 7), taken("other/queue/1", 7)]);
        assert_eq!(new_takeovers(&mut known, "org", &first), [taken("org/queue/1", 7)]);
        // The same division is seen by whoever begins, and again when it is waited for.
        assert_eq!(new_takeovers(&mut known, "org", &first), []);
        let second = division(vec![taken("org/queue/1", 7), taken("org/queue/1", 90), taken("org/flow/2", 90)]);
        assert_eq!(new_takeovers(&mut known, "org", &second), [taken("org/queue/1", 90), taken("org/flow/2", 90)]);
        assert_eq!(new_takeovers(&mut known, "org", &second), []);
    }
}
