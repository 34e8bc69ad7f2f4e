//! From what a monitor observes to what is kept of a call: one record a call, brought up to date with each report.

use super::record::{CallRecord, FlowVersion, KeyRecord, MILESTONES, Salt, ValueKind};
use crate::domain::{
    At, BoardEntry, Change, Conversation, ConversationId, Freshness, JsonKind, Names, Participant,
    expect::{Milestone, Milestones, Passed, ValueType},
    monitor::CallReport,
};
use rustc_hash::{FxHashMap, FxHashSet};

/// Keeps the records of the calls that are live.
#[derive(Debug)]
pub(crate) struct Tracker {
    organization: String,
    salt: Salt,
    /// Keys whose values are kept in clear.
    clear: FxHashSet<String>,
    calls: FxHashMap<ConversationId, Tracked>,
}

#[derive(Debug)]
struct Tracked {
    record: CallRecord,
    milestones: Milestones,
    /// It has not been observed since: what it passes until it was told whole again was not seen to pass.
    gap: bool,
}

impl Tracker {
    /// One that has seen nothing. `clear` names the keys whose values the operator wants to be kept.
    pub(crate) fn new(organization: &str, salt: Salt, clear: &[String]) -> Self {
        let clear = clear.iter().cloned().collect();
        Self { organization: organization.to_owned(), salt, clear, calls: FxHashMap::default() }
    }

    /// What its calls are filed under.
    pub(crate) fn organization(&self) -> &str {
        &self.organization
    }

    /// Brings the record of the report's call up to date; `None` when nothing of it is kept differently now.
    pub(crate) fn observe(
        &mut self,
        report: &CallReport,
        entry: &BoardEntry,
        flow: Option<&FlowVersion>,
        names: &Names,
    ) -> Option<CallRecord> {
        let call = &entry.conversation;
        let is_new = !self.calls.contains_key(&call.id);
        let tracked = self.calls.entry(call.id.clone()).or_insert_with(|| Tracked {
            record: CallRecord {
                organization: self.organization.clone(),
                conversation: call.id.as_str().to_owned(),
                ..CallRecord::default()
            },
            milestones: Milestones::default(),
            gap: false,
        });
        let before = (tracked.record.clone(), is_new);
        // Events tell when each leg began; a read, which may come later, tells it of the conversation.
        let leg = || call.participants.iter().filter_map(|participant| participant.connected).min();
        match call.started.or_else(leg) {
            Some(started) if is_new => tracked.record.started = started.as_millisecond(),
            Some(started) => tracked.record.started = tracked.record.started.min(started.as_millisecond()),
            None if is_new => tracked.record.started = wall(report.at),
            None => {}
        }
        let is_live = call.freshness == Freshness::Live;
        tracked.facts(call, flow, names);
        tracked.keys(report, call, is_new || tracked.gap, &self.salt, &self.clear);
        tracked.passed(call, report.at, is_new);
        if is_live {
            tracked.gap = false;
        }
        let record = &tracked.record;
        let changed = before.1 || before.0 != *record;
        // Kept beyond the call's end, until it is forgotten: which flow version it ran may be told late.
        changed.then(|| record.clone())
    }

    /// Nothing is observed from now on.
    pub(crate) fn lost(&mut self) {
        for tracked in self.calls.values_mut() {
            tracked.gap = true;
            tracked.record.incomplete = true;
        }
    }

    /// The calls are not followed any more.
    pub(crate) fn forget(&mut self, ids: &[ConversationId]) {
        for id in ids {
            self.calls.remove(id);
        }
    }
}

fn wall(at: At) -> i64 {
    at.wall.as_millisecond()
}

impl Tracked {
    fn facts(&mut self, call: &Conversation, flow: Option<&FlowVersion>, names: &Names) {
        let record = &mut self.record;
        record.media = call.media.as_str().to_owned();
        if let Some(flow) = flow.filter(|flow| record.flow.id.is_empty() || record.flow.id == flow.id) {
            record.flow = flow.clone();
        }
        // The queue of the acd leg: an agent's own queue is not where the call waited.
        for id in call.participants.iter().filter(|p| p.purpose.as_str() == "acd").filter_map(|p| p.queue_id.as_ref()) {
            let name = names.queue(id).unwrap_or(id.as_str());
            if !record.queues.iter().any(|queue| queue == name) {
                record.queues.push(name.to_owned());
            }
        }
        if let Some(ended) = call.ended {
            record.ended = Some(ended.as_millisecond());
        }
    }

    /// Keys that came or changed. `all`: every key is looked at, for nothing or too little was seen of the call before.
    fn keys(&mut self, report: &CallReport, call: &Conversation, all: bool, salt: &Salt, clear: &FxHashSet<String>) {
        let now = wall(report.at);
        let touched: FxHashSet<(&str, &str)> = (report.changes.iter())
            .filter_map(|change| match change {
                Change::Attribute { participant, key, .. } => Some((participant.as_str(), key.as_str())),
                _ => None,
            })
            .collect();
        for participant in &call.participants {
            let nth = place(call, participant);
            for attribute in participant.attributes.iter() {
                let is_touched = touched.contains(&(participant.id.as_str(), attribute.key.as_str()));
                if !all && !is_touched {
                    continue;
                }
                let (key, value) = (attribute.key.as_str(), attribute.value.as_str());
                let hash = salt.hash(key, value);
                let purpose = participant.purpose.as_str();
                let known = self.record.keys.iter_mut();
                let known = known.into_iter().find(|k| k.key == key && k.purpose == purpose && k.nth == nth);
                let known = match known {
                    Some(known) => {
                        if known.hash != hash {
                            known.changes += 1;
                            known.last_changed = now;
                        }
                        known
                    }
                    None => {
                        let (key, purpose) = (key.to_owned(), purpose.to_owned());
                        let new =
                            KeyRecord { key, purpose, nth, first_seen: now, last_changed: now, ..KeyRecord::default() };
                        self.record.keys.push(new);
                        self.record.keys.last_mut().expect("a key was just pushed")
                    }
                };
                known.hash = hash;
                known.kind = kind(attribute.value.kind(), value);
                known.value = clear.contains(key).then(|| value.to_owned());
            }
        }
    }

    /// Milestones that the call passed now, and which keys were there then.
    fn passed(&mut self, call: &Conversation, now: At, is_first: bool) {
        if !self.milestones.observe(call, now) {
            return;
        }
        for (i, name) in MILESTONES.iter().enumerate() {
            let Ok(milestone) = name.parse::<Milestone>() else { continue };
            let at = match self.milestones.passed(milestone, now) {
                Some(Passed::At(at)) => wall(at),
                Some(Passed::Before) if milestone == Milestone::FlowEnd && is_first => {
                    match flow_ended_just_now(call, now) {
                        // By the platform's clock. That the call began was seen a moment later, and by ours.
                        Some(ended) => ended.max(self.record.milestones[0].unwrap_or(self.record.started)),
                        None => continue,
                    }
                }
                _ => continue,
            };
            // Passed at some time since the call was last observed: which keys were there then is not known.
            if self.record.milestones[i].is_some() || self.gap {
                continue;
            }
            if milestone == Milestone::Start && at - self.record.started > YOUNG {
                self.record.incomplete = true;
                continue;
            }
            self.record.milestones[i] = Some(at);
            for key in &mut self.record.keys {
                key.present_at[i] = call.participants.iter().any(|participant| {
                    participant.purpose.as_str() == key.purpose
                        && place(call, participant) == key.nth
                        && participant.attributes.get(&key.key).is_some()
                });
            }
        }
        if self.milestones.passed(Milestone::Start, now) == Some(Passed::Before) {
            self.record.incomplete = true;
        }
    }
}

/// A call that is seen later than this after its start, in milliseconds, did not start under our eyes.
const YOUNG: i64 = 2_000;

/// A call that is followed by its queue alone is seen first when its flow has let go of it, with what the flow left on it. That
/// counts as the flow's end if it was no longer ago than this.
const JUST_ENDED: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

/// When the call's first flow ended, if that was just before now and nobody has talked to the caller since. The platform's
/// clock and ours may differ by a little.
fn flow_ended_just_now(call: &Conversation, now: At) -> Option<i64> {
    if call.is_over() || call.freshness != Freshness::Live {
        return None;
    }
    let mut flows = call.participants.iter().filter(|p| p.is_flow());
    let ended = flows.next().and_then(|first| first.ended).filter(|_| flows.next().is_none())?;
    let ago = now.wall.duration_since(ended);
    let nobody = call.participants.iter().all(|p| !matches!(p.purpose.as_str(), "agent" | "user"));
    (nobody && ago <= JUST_ENDED && ago >= -JUST_ENDED).then(|| ended.as_millisecond())
}

/// Which of the call's participants of its purpose it is.
fn place(call: &Conversation, participant: &Participant) -> u8 {
    let before = call.participants.iter().take_while(|p| p.id != participant.id);
    before.filter(|p| p.purpose == participant.purpose).count().min(15) as u8
}

fn kind(json: JsonKind, text: &str) -> ValueKind {
    match json {
        JsonKind::Text if text.trim().is_empty() => ValueKind::Empty,
        JsonKind::Text if ValueType::Number.fits(text) => ValueKind::Number,
        JsonKind::Text if ValueType::Boolean.fits(text) => ValueKind::Boolean,
        JsonKind::Text if ValueType::Date.fits(text) => ValueKind::Date,
        JsonKind::Text if ValueType::Json.fits(text) => ValueKind::Json,
        JsonKind::Text => ValueKind::Text,
        _ => ValueKind::NotText,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Link, ParticipantSnapshot, Purpose, Snapshot, Update,
        monitor::{Monitor, MonitorOptions},
    };
    use std::time::Duration;

    /// Its start is when it was seen, the end of its flow when the platform says that it was.
    #[test]
    fn a_flow_does_not_end_before_its_call_was_seen_to_start() {
        let started: jiff::Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let leg = |purpose: &str, ended| ParticipantSnapshot {
            id: purpose.into(),
            purpose: Purpose::new(purpose),
            connected: Some(started),
            ended,
            ..ParticipantSnapshot::default()
        };
        let participants = vec![leg("customer", None), leg("ivr", Some(started)), leg("acd", None)];
        let snapshot = Snapshot { id: "c".into(), started: Some(started), participants, ..Snapshot::default() };
        let (mut monitor, seen) =
            (Monitor::new(MonitorOptions::default()), At::after(started, Duration::from_millis(100)));
        _ = monitor.link(seen, &Link::Live, &());
        let outcome = monitor.update(seen, Update::Stream(snapshot), &());
        let mut tracker = Tracker::new("o", Salt::UNSTORED, &[]);
        let entry = monitor.board.get("c").unwrap();
        let record = tracker.observe(outcome.reports().next().unwrap(), entry, None, &monitor.board.names).unwrap();
        assert_eq!(record.milestones[..2], [Some(wall(seen)), Some(wall(seen))]);
    }
}
