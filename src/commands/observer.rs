//! What is done with the reports of an organization beside telling them: calls are kept in the history store, the presence of
//! keys is compared with the version before, hooks are told, figures are counted.

pub(super) mod tally;

use super::{Context, follow::Follow, note, store};
use crate::{
    config::{HookOn, Settings},
    domain::{
        At, BoardEntry, Change, ConversationChange, ConversationId, Link,
        alert::Fired,
        findings::{Finding, FindingChange, Tuning},
        monitor::{CallReport, Monitor},
    },
    exit::{Exit, Failure},
    genesys::Client,
    hooks::{self, HookEvent, Hooks},
    store::{
        Location,
        database::lock_file,
        ingest::{Begun, Hole},
        presence::{Fall, PresenceEnd},
        record::Salt,
        seeds::FlowSeed,
        tracker::Tracker,
        writer::{self, StoreWriter},
    },
};
use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};
use tally::Tally;

/// How long the store may take to write what waits when the program ends.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How long hooks may take to be told of what was found last.
const LAST_HOOKS: Duration = Duration::from_secs(2);

/// Where it goes; shared by all observers of a program.
pub(super) struct Ends {
    /// Writes the history store.
    pub(super) writer: Option<StoreWriter>,
    /// Who is told of findings.
    pub(super) hooks: Option<Hooks>,
    /// The figures of each observer, by its place.
    pub(super) tallies: RefCell<Vec<Tally>>,
}

impl Ends {
    /// Ends that are written to until the program ends; `profiles`: of each observer.
    pub(super) fn new(writer: Option<StoreWriter>, hooks: Option<Hooks>, profiles: Vec<Option<String>>) -> Self {
        let tally = |profile: Option<String>| Tally { profile: profile.unwrap_or_default(), ..Tally::default() };
        Self { writer, hooks, tallies: RefCell::new(profiles.into_iter().map(tally).collect()) }
    }

    /// Stores what waits and closes the store; `before_hooks` comes then, and at last the hooks are told of what waits. What
    /// could not be stored, and which hooks failed, is said.
    pub(super) async fn finish(self, before_hooks: impl FnOnce()) {
        let Self { writer, hooks, .. } = self;
        let status = tokio::task::block_in_place(|| {
            let status = writer.map(|writer| writer.end(LAST_WORDS)).unwrap_or_default();
            before_hooks();
            status
        });
        unstored(&status).into_iter().for_each(note);
        if let Some(hooks) = hooks {
            tell_hooks(&hooks.finish(LAST_HOOKS).await, &mut hooks::HookStatus::default());
        }
    }
}

/// What an observer is made of.
pub(super) struct ObserverParts {
    /// What hashes are made with, and which values are kept in clear.
    pub(super) tracker: Tracker,
    /// What the store knows of presence.
    pub(super) seeds: Vec<FlowSeed>,
    /// How the rules are applied.
    pub(super) tuning: Tuning,
    /// Its id, under which calls are filed.
    pub(super) organization: String,
    /// The profile by which it is reached.
    pub(super) profile: Option<String>,
    /// Its place among the observers of the program.
    pub(super) place: usize,
    /// What the store's writer begins with; `None` without a store.
    pub(super) begun: Option<Begun>,
}

/// Observes one organization.
pub(super) struct Observer {
    presence: PresenceEnd,
    organization: String,
    profile: Option<String>,
    place: usize,
    /// Its place in the store's writer.
    stored: Option<usize>,
    /// Since when nothing is observed, and why.
    lost: Option<(i64, String)>,
    /// What is counted.
    pub(super) tally: Tally,
}

/// A moment in milliseconds since 1970.
pub(super) fn wall(at: At) -> i64 {
    at.wall.as_millisecond()
}

/// What calls are filed under: the organization's id, or where that cannot be read the profile's name.
pub(super) async fn organization(client: &Client, profile: Option<&str>) -> String {
    match client.organization().await {
        Ok(organization) if !organization.id.is_empty() => organization.id,
        Ok(_) => profile.unwrap_or_default().to_owned(),
        Err(error) => {
            tracing::info!(%error, "the organization's id could not be read");
            profile.unwrap_or_default().to_owned()
        }
    }
}

impl Observer {
    /// One that has seen nothing.
    pub(super) fn new(beginning: ObserverParts) -> Self {
        let ObserverParts { tracker, seeds, tuning, organization, profile, place, begun } = beginning;
        let mut presence = PresenceEnd::new(tracker, tuning);
        presence.seed(seeds);
        // From the last observation of anybody until this link is live nothing is.
        let unobserved = begun.and_then(|begun| begun.unobserved);
        let lost = unobserved.map(|since| (since, "no collector was running".to_owned()));
        let tally = Tally { profile: profile.clone().unwrap_or_default(), ..Tally::default() };
        let stored = begun.map(|begun| begun.place);
        Self { presence, organization, profile, place, stored, lost, tally }
    }

    /// By which name people know the organization.
    pub(super) fn name(&self) -> &str {
        self.profile.as_deref().unwrap_or(&self.organization)
    }

    /// The organization's id.
    pub(super) fn organization(&self) -> &str {
        &self.organization
    }

    /// The link is now like this.
    pub(super) fn link(&mut self, at: At, link: &Link, ends: &Ends) {
        self.tally.live = link.is_live();
        self.presence.link(at, link);
        if link.is_lost() && self.lost.is_none() {
            self.tally.gaps += 1;
            self.lost = Some((wall(at), link.reason().unwrap_or("the connection was lost").to_owned()));
        }
        if link.is_live()
            && let Some((since, reason)) = self.lost.take()
        {
            self.tally.gap_ms += (wall(at) - since).max(0) as u64;
            self.hole(since, at, reason, ends);
        }
    }

    /// Other targets are followed from now on: of their calls that live already the short ones were not seen.
    pub(super) fn rewatched(&mut self, at: At) {
        self.presence.begins(at);
    }

    /// Whether there are more calls in the watched flows than could be listed.
    pub(super) fn cut(&mut self, is_cut: bool, at: At) {
        self.presence.cut(is_cut, at);
    }

    /// What cannot be judged, in words; each once.
    pub(super) fn remarks(&mut self) -> Vec<String> {
        self.presence.remarks()
    }

    /// Nothing was observed from `since` until `at`.
    pub(super) fn hole(&self, since: i64, at: At, reason: String, ends: &Ends) {
        if let Some(writer) = &ends.writer {
            writer.hole(Hole { organization: self.organization.clone(), since, until: wall(at), reason });
        }
    }

    /// Everything until now was observed, unless the link is down.
    pub(super) fn collected(&self, at: At, ends: &Ends) {
        if let (Some(writer), Some(place)) = (&ends.writer, self.stored)
            && self.lost.is_none()
            && self.tally.live
        {
            writer.collected(place, wall(at));
        }
    }

    /// The calls are not followed any more.
    pub(super) fn forget(&mut self, gone: &[ConversationId]) {
        self.presence.forget(gone);
    }

    /// Hands the figures over.
    pub(super) fn publish(&self, ends: &Ends) {
        let mut tally = self.tally.clone();
        tally.learn(self.presence.watch());
        tally.lost = self.lost.as_ref().map(|(_, reason)| reason.clone());
        if let Some(place) = ends.tallies.borrow_mut().get_mut(self.place) {
            *place = tally;
        }
    }

    /// Takes in what the monitor reported. `under`: the leases under which the call is seen. What comes back are keys whose
    /// presence fell, as findings.
    pub(super) fn report(
        &mut self,
        monitor: &Monitor,
        report: &CallReport,
        under: impl FnOnce(&BoardEntry) -> Vec<Arc<str>>,
        ends: &Ends,
    ) -> Vec<Finding> {
        let Some(entry) = monitor.board.get(report.call.as_str()) else { return Vec::new() };
        self.count(report);
        let mut found = Vec::new();
        if let Some((record, falls)) = self.presence.observe(report, &monitor.board) {
            found = self.fallen(falls, monitor, report.at, ends);
            if let Some(writer) = &ends.writer {
                writer.call(record, under(entry));
            }
        }
        if let Some(hooks) = &ends.hooks {
            self.tell(monitor, report, entry, hooks);
        }
        found
    }

    /// Takes in what `watch` reported, and has it tell what was found here.
    pub(super) fn hand_on(&mut self, follow: &mut Follow, at: At, ends: &Ends) {
        for report in follow.seen() {
            for finding in self.report(&follow.monitor, &report, |_| Vec::new(), ends) {
                follow.found(report.at, &finding);
            }
        }
        for finding in self.time(&follow.monitor, at, ends) {
            follow.found(at, &finding);
        }
    }

    fn count(&mut self, report: &CallReport) {
        let tally = &mut self.tally;
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
        for change in &report.findings {
            if let FindingChange::Appeared(finding) = change {
                *tally.findings.entry(finding.rule.as_str()).or_default() += 1;
            }
        }
        tally.alerts += report.alerts.len() as u64;
    }

    /// Keys whose presence fell, decided by time alone: calls that nobody waits for any longer are judged.
    pub(super) fn time(&mut self, monitor: &Monitor, at: At, ends: &Ends) -> Vec<Finding> {
        let falls = self.presence.time(&monitor.board, at);
        self.fallen(falls, monitor, at, ends)
    }

    /// Keys whose presence fell are counted, and the hooks are told.
    fn fallen(&mut self, falls: Vec<Fall>, monitor: &Monitor, at: At, ends: &Ends) -> Vec<Finding> {
        let mut found = Vec::new();
        for (drop, finding) in falls {
            *self.tally.findings.entry(finding.rule.as_str()).or_default() += 1;
            if let Some(hooks) = &ends.hooks {
                let on = HookOn::PresenceDrop;
                // It may be over and gone by the time that it decides.
                let event = match monitor.board.get(&drop.conversation) {
                    Some(entry) => self.event(on, monitor, at, entry),
                    None => HookEvent {
                        on: Some(on),
                        time: Some(at.wall),
                        profile: self.profile.as_deref(),
                        organization: Some(&self.organization),
                        conversation: &drop.conversation,
                        ..HookEvent::default()
                    },
                };
                let event = HookEvent { flow: Some(&drop.flow.name), version: Some(&drop.flow.version), ..event };
                hooks.tell(event.about(&finding));
            }
            found.push(finding);
        }
        found
    }

    /// Tells the hooks of findings and alerts.
    fn tell(&self, monitor: &Monitor, report: &CallReport, entry: &BoardEntry, hooks: &Hooks) {
        for change in &report.findings {
            let FindingChange::Appeared(finding) = change else { continue };
            let value = finding.key.as_ref().and_then(|key| {
                let on = entry.conversation.participant(finding.participant.as_ref()?.as_str())?;
                on.attributes.text(key.as_str())
            });
            hooks.tell(HookEvent { value, ..self.event(HookOn::Finding, monitor, report.at, entry) }.about(finding));
        }
        for fired in &report.alerts {
            hooks.tell(alert(self.event(HookOn::Alert, monitor, report.at, entry), fired));
        }
    }

    fn event<'e>(&'e self, on: HookOn, monitor: &'e Monitor, at: At, entry: &'e BoardEntry) -> HookEvent<'e> {
        let (call, names) = (&entry.conversation, &monitor.board.names);
        let run = call.flows.first();
        HookEvent {
            on: Some(on),
            time: Some(at.wall),
            profile: self.profile.as_deref(),
            organization: Some(&self.organization),
            conversation: call.id.as_str(),
            media: Some(call.media.as_str()),
            address: call.from(),
            queue: call.queue().map(|id| names.queue(id).unwrap_or(id.as_str())),
            flow: run.and_then(|run| run.name(names)),
            version: run.and_then(|run| run.version()),
            ..HookEvent::default()
        }
    }
}

fn alert<'e>(event: HookEvent<'e>, fired: &'e Fired) -> HookEvent<'e> {
    HookEvent {
        participant: fired.participant.as_ref().map(|id| id.as_str()),
        key: fired.key.as_ref().map(|key| key.as_str()),
        rule: Some(fired.by),
        message: &fired.words,
        ..event
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

/// What is not in the store at the end, in words; `None` when all of it is.
fn unstored(status: &writer::StoreStatus) -> Option<String> {
    let calls = match status.waiting {
        0 => "what was observed last".to_owned(),
        1 => "1 call that was seen last".to_owned(),
        n => format!("{n} calls that were seen last"),
    };
    let before = if status.lost > 0 { format!("; {} changes were lost before", status.lost) } else { String::new() };
    match &status.failing {
        Some(reason) => Some(format!("{calls} could not be stored: {reason}{before}")),
        None if status.waiting > 0 => Some(format!("{calls} could not be stored{before}")),
        None => None,
    }
}

/// Tells of hooks that failed or were not told: each reason once, with the count.
pub(super) fn tell_hooks(status: &hooks::HookStatus, told: &mut hooks::HookStatus) {
    if status.failed > told.failed && status.reason != told.reason {
        let reason = status.reason.as_deref().unwrap_or_default();
        note(format_args!("{reason} ({} of {} runs failed)", status.failed, status.failed + status.done));
        told.reason.clone_from(&status.reason);
    }
    if status.dropped > 0 && told.dropped == 0 {
        note(format_args!("hooks are slower than what is found: {} events were not sent", status.dropped));
        told.dropped = status.dropped;
    }
    if status.unfinished > 0 {
        note(format_args!("{} runs of hooks had not ended when the program did, and were given up", status.unfinished));
    }
    told.failed = status.failed;
}

/// An observer for a session of `watch`, where the history is kept, in the store that `store` names or as the configuration says, or
/// hooks are told; `None` else.
pub(super) async fn of_session(
    settings: &Settings,
    client: &Client,
    store: &store::StoreOption,
    context: &Context,
) -> anyhow::Result<Option<(Observer, Rc<Ends>)>> {
    let hooks = hooks_of(settings, context)?;
    let is_kept = settings.history.enabled || store.is_named();
    if hooks.is_none() && !is_kept {
        return Ok(None);
    }
    let organization = organization(client, settings.profile.as_deref()).await;
    let (writer, begun) = match is_kept {
        true => {
            let (writer, begun) = session_writer(settings, client, (store, context), &organization)?;
            (Some(writer), Some(begun))
        }
        false => (None, None),
    };
    let seeds = writer.as_ref().map(|writer| writer.seeds(&organization)).unwrap_or_default();
    let salt = writer.as_ref().map_or(Salt::UNSTORED, |writer| writer.salt().clone());
    let ends = Ends::new(writer, hooks, vec![settings.profile.clone()]);
    let beginning = ObserverParts {
        tracker: Tracker::new(&organization, salt, &settings.history.values),
        seeds,
        tuning: settings.tuning.clone(),
        organization,
        profile: settings.profile.clone(),
        place: 0,
        begun,
    };
    let observer = Observer::new(beginning);
    Ok(Some((observer, Rc::new(ends))))
}

fn session_writer(
    settings: &Settings,
    client: &Client,
    (option, context): (&store::StoreOption, &Context),
    organization: &str,
) -> Result<(StoreWriter, Begun), Failure> {
    let location = option.place(context, &settings.history)?;
    if let Location::File(file) = &location {
        option.prepare(file, context)?;
    }
    let name = uuid::Uuid::new_v4().simple().to_string();
    let now = wall(client.clock().now());
    let started = || {
        // A session writes beside a collector, which is at work if it has the file's lock.
        let others = match &location {
            Location::File(file) => lock_file(file)?.is_none(),
            Location::Server(_) => true,
        };
        let writer = StoreWriter::start(&location, &name, others)?;
        let profile = settings.profile.clone();
        let begun = writer.begin(writer::WriterStart { organization: organization.to_owned(), profile, now })?;
        Ok((writer, begun))
    };
    tokio::task::block_in_place(started).map_err(store::failure)
}
