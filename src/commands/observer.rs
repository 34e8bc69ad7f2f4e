//! What is done with the reports of an organization beside telling them: calls are kept in the history store, the presence of
//! keys is compared with the version before, hooks are told, figures are counted.

pub(super) mod tally;

use super::{Context, note, store};
use crate::{
    config::{HookOn, Settings},
    domain::{
        At, Change, ConversationChange, ConversationId, Entry, Link,
        alert::Fired,
        findings::{Finding, FindingChange, RuleId, Tuning},
        monitor::{Monitor, Report},
        text::visible,
    },
    exit::{Exit, Failure},
    genesys::Client,
    hooks::{self, Event, Hooks},
    store::{
        Location,
        ingest::Hole,
        presence::{PresenceDrop, PresenceWatch},
        record::{CallRecord, FlowVersion, Salt},
        seeds::FlowSeed,
        tracker::Tracker,
        writer::Writer,
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
    pub(super) writer: Option<Writer>,
    /// Who is told of findings.
    pub(super) hooks: Option<Hooks>,
    /// The figures of each observer, by its place.
    pub(super) tallies: RefCell<Vec<Tally>>,
}

impl Ends {
    /// Ends that are written to until the program ends.
    pub(super) fn new(writer: Option<Writer>, hooks: Option<Hooks>, observers: usize) -> Self {
        Self { writer, hooks, tallies: RefCell::new(vec![Tally::default(); observers]) }
    }

    /// Stores what waits and closes the store; `before_hooks` comes then, and at last the hooks are told of what waits. Says
    /// whether all of it is stored, and how the hooks went.
    pub(super) async fn finish(self, before_hooks: impl FnOnce()) -> (bool, Option<hooks::Status>) {
        let Self { writer, hooks, .. } = self;
        let stored = tokio::task::block_in_place(|| {
            let stored = writer.as_ref().is_none_or(|writer| writer.flush(LAST_WORDS));
            drop(writer);
            before_hooks();
            stored
        });
        let status = match hooks {
            Some(hooks) => Some(hooks.finish(LAST_HOOKS).await),
            None => None,
        };
        (stored, status)
    }
}

/// What an observer is made of.
pub(super) struct Beginning {
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
}

/// Observes one organization.
pub(super) struct Observer {
    tracker: Tracker,
    presence: PresenceWatch,
    tuning: Tuning,
    organization: String,
    profile: Option<String>,
    place: usize,
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
    pub(super) fn new(beginning: Beginning, ends: &Ends) -> Self {
        let Beginning { tracker, seeds, tuning, organization, profile, place } = beginning;
        let mut presence = PresenceWatch::default();
        presence.seed(seeds.into_iter().filter(|seed| seed.organization == organization).collect());
        // From the last observation of anybody until this link is live nothing is.
        let unobserved = ends.writer.as_ref().and_then(|writer| writer.unobserved(place));
        let lost = unobserved.map(|since| (since, "no collector was running".to_owned()));
        let tally = Tally { profile: profile.clone().unwrap_or_default(), ..Tally::default() };
        Self { tracker, presence, tuning, organization, profile, place, lost, tally }
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
        if link.is_lost() {
            self.tracker.lost();
            if self.lost.is_none() {
                self.tally.gaps += 1;
                self.lost = Some((wall(at), link.reason().unwrap_or("the connection was lost").to_owned()));
            }
        }
        if link.is_live()
            && let Some((since, reason)) = self.lost.take()
        {
            self.tally.gap_ms += (wall(at) - since).max(0) as u64;
            self.hole(since, at, reason, ends);
        }
    }

    /// Nothing was observed from `since` until `at`.
    pub(super) fn hole(&self, since: i64, at: At, reason: String, ends: &Ends) {
        if let Some(writer) = &ends.writer {
            writer.hole(Hole { organization: self.organization.clone(), since, until: wall(at), reason });
        }
    }

    /// Everything until now was observed, unless the link is down.
    pub(super) fn collected(&self, at: At, ends: &Ends) {
        if let Some(writer) = &ends.writer
            && self.lost.is_none()
            && self.tally.live
        {
            writer.collected(self.place, wall(at));
        }
    }

    /// The calls are not followed any more.
    pub(super) fn forget(&mut self, gone: &[ConversationId]) {
        self.tracker.forget(gone);
        gone.iter().for_each(|id| self.presence.forget(id.as_str()));
    }

    /// Hands the figures over.
    pub(super) fn publish(&self, ends: &Ends) {
        let mut tally = self.tally.clone();
        tally.learn(&self.presence);
        tally.lost = self.lost.as_ref().map(|(_, reason)| reason.clone());
        if let Some(place) = ends.tallies.borrow_mut().get_mut(self.place) {
            *place = tally;
        }
    }

    /// Takes in what the monitor reported. `under`: the leases under which the call is seen. What comes back are keys whose
    /// presence fell, as findings on this call.
    pub(super) fn report(
        &mut self,
        monitor: &Monitor,
        report: &Report,
        under: impl FnOnce(&Entry) -> Vec<Arc<str>>,
        ends: &Ends,
    ) -> Vec<Finding> {
        let Some(entry) = monitor.board.get(report.call.as_str()) else { return Vec::new() };
        self.count(report);
        let mut found = Vec::new();
        let flow = flow_of(monitor, entry);
        if let Some(record) = self.tracker.observe(report, entry, flow.as_ref(), &monitor.board.names) {
            found = self.fallen(monitor, report, entry, &record, ends);
            if let Some(writer) = &ends.writer {
                writer.call(record, under(entry));
            }
        }
        if let Some(hooks) = &ends.hooks {
            self.tell(monitor, report, entry, hooks);
        }
        found
    }

    fn count(&mut self, report: &Report) {
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

    /// Keys whose presence fell with this call.
    fn fallen(
        &mut self,
        monitor: &Monitor,
        report: &Report,
        entry: &Entry,
        record: &CallRecord,
        ends: &Ends,
    ) -> Vec<Finding> {
        let rule = RuleId::PresenceDrop;
        let mut drops = self.presence.observe(record);
        drops.retain(|drop| self.tuning.is_on(rule) && !self.tuning.ignores(&drop.key));
        let finding = |drop: &PresenceDrop| Finding {
            rule,
            severity: self.tuning.severity(rule, rule.rule().severity),
            conversation: report.call.clone(),
            participant: None,
            key: Some(drop.key.as_str().into()),
            message: visible(&drop.to_string()).into_owned(),
            since: report.at,
        };
        let found: Vec<Finding> = drops.iter().map(finding).collect();
        for finding in &found {
            *self.tally.findings.entry(rule.as_str()).or_default() += 1;
            if let Some(hooks) = &ends.hooks {
                let event = Event {
                    flow: Some(&record.flow.name),
                    version: Some(&record.flow.version),
                    ..self.event(HookOn::PresenceDrop, monitor, report, entry)
                };
                hooks.tell(event.about(finding));
            }
        }
        found
    }

    /// Tells the hooks of findings and alerts.
    fn tell(&self, monitor: &Monitor, report: &Report, entry: &Entry, hooks: &Hooks) {
        for change in &report.findings {
            let FindingChange::Appeared(finding) = change else { continue };
            let value = finding.key.as_ref().and_then(|key| {
                let on = entry.conversation.participant(finding.participant.as_ref()?.as_str())?;
                on.attributes.text(key.as_str())
            });
            hooks.tell(Event { value, ..self.event(HookOn::Finding, monitor, report, entry) }.about(finding));
        }
        for fired in &report.alerts {
            hooks.tell(alert(self.event(HookOn::Alert, monitor, report, entry), fired));
        }
    }

    fn event<'e>(&'e self, on: HookOn, monitor: &'e Monitor, report: &Report, entry: &'e Entry) -> Event<'e> {
        let (call, names) = (&entry.conversation, &monitor.board.names);
        let run = call.flows.first();
        Event {
            on: Some(on),
            time: Some(report.at.wall),
            profile: self.profile.as_deref(),
            organization: Some(&self.organization),
            conversation: call.id.as_str(),
            media: Some(call.media.as_str()),
            address: call.from(),
            queue: call.queue().map(|id| names.queue(id).unwrap_or(id.as_str())),
            flow: run.and_then(|run| run.name(names)),
            version: run.and_then(|run| run.version()),
            ..Event::default()
        }
    }
}

/// The flow that the call came in through; a survey after it is another matter.
fn flow_of(monitor: &Monitor, entry: &Entry) -> Option<FlowVersion> {
    entry.conversation.flows.first().map(|run| FlowVersion {
        id: run.id.as_str().to_owned(),
        name: run.name(&monitor.board.names).unwrap_or_default().to_owned(),
        version: run.version().unwrap_or_default().to_owned(),
    })
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

/// Tells of hooks that failed or were not told: each reason once, with the count.
pub(super) fn tell_hooks(status: &hooks::Status, told: &mut hooks::Status) {
    if status.failed > told.failed && status.reason != told.reason {
        let reason = status.reason.as_deref().unwrap_or_default();
        note(format_args!("{reason} ({} of {} runs failed)", status.failed, status.failed + status.done));
        told.reason.clone_from(&status.reason);
    }
    if status.dropped > 0 && told.dropped == 0 {
        note(format_args!("hooks are slower than what is found: {} events were not sent", status.dropped));
        told.dropped = status.dropped;
    }
    told.failed = status.failed;
}

/// An observer for a session of `watch`, where the configuration has the history kept or hooks told; `None` else.
pub(super) async fn of_session(
    settings: &Settings,
    client: &Client,
    context: &Context,
) -> anyhow::Result<Option<(Observer, Rc<Ends>)>> {
    let hooks = hooks_of(settings, context)?;
    if hooks.is_none() && !settings.history.enabled {
        return Ok(None);
    }
    let organization = organization(client, settings.profile.as_deref()).await;
    let mut writer = match settings.history.enabled {
        true => Some(session_writer(settings, client, context, &organization)?),
        false => None,
    };
    let seeds = writer.as_mut().map(Writer::seeds).unwrap_or_default();
    let salt = writer.as_ref().map_or(Salt::UNSTORED, |writer| writer.salt().clone());
    let ends = Ends::new(writer, hooks, 1);
    let beginning = Beginning {
        tracker: Tracker::new(&organization, salt, &settings.history.values),
        seeds,
        tuning: settings.tuning.clone(),
        organization,
        profile: settings.profile.clone(),
        place: 0,
    };
    let observer = Observer::new(beginning, &ends);
    Ok(Some((observer, Rc::new(ends))))
}

fn session_writer(
    settings: &Settings,
    client: &Client,
    context: &Context,
    organization: &str,
) -> Result<Writer, Failure> {
    let option = store::StoreOption::default();
    let location = option.place(context, &settings.history)?;
    if let Location::File(file) = &location {
        option.prepare(file, context)?;
    }
    let name = uuid::Uuid::new_v4().simple().to_string();
    let organizations = [organization.to_owned()];
    let started = || Writer::start(&location, &name, &organizations, wall(client.clock().now()));
    tokio::task::block_in_place(started).map_err(store::failure)
}
