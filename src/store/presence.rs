//! Watches the presence of each key by flow version, and says when it has fallen with a new one (rule `presence-drop`).
//!
//! Of a version just published the flows that *end* first are the short ones: callers who hang up, lookups that time out. They
//! lack keys that others get later, so calls taken as they end are no fair sample. Calls are therefore judged in the order in
//! which they *started*, each only when every call of the flow that started before it has been: what is judged is then a
//! sample by start alone, of the version before and of the new one alike. A call whose flow runs longer than [`LONGEST`] is
//! passed over, whether or not it has the key.
//!
//! Which calls started before must be known for that. Where calls are found while they are in the flow, they are found within
//! some time of their start, and the longest such time is known from those that were: a call waits twice that long at least.
//! Where they are seen only when their flow is over, a call waits until [`LONGEST`] after its start; and so it does while not
//! all calls in the flow can be listed, for of the others the short ones are seen first.
//!
//! The version before is counted in the same order, with what a history store knows of it. Calls that lived already when this program
//! came count for neither: the long ones are nearly all of these.

mod end;
mod judge;
mod order;
mod versions;

pub(crate) use end::PresenceEnd;
pub(crate) use judge::Fall;
use judge::PresenceJudge;

use super::alarm::{PresenceTest, VersionBefore};
use super::record::{CallRecord, FLOW_END, FlowVersion, LONGEST};
use super::seeds::FlowSeed;
use order::{Followed, UndecidedCall};
use rustc_hash::{FxHashMap, FxHashSet};
use std::fmt;
use versions::{CountedVersion, Versions};

/// A call that is found in its flow later than so long after its start, in milliseconds, was found by chance: it is not judged.
const LATEST: i64 = 60_000;

/// Beside twice the time in which calls are found, in milliseconds.
const MARGIN: i64 = 1_000;

/// The index of `agent` among the milestones: a call that has passed it is in its flow no longer.
const AGENT: usize = 3;

/// Presence of a key fell with a new version of a flow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PresenceDrop {
    /// The call with which it was decided; the judge has it reported on the one that shows it best.
    pub(crate) conversation: String,
    /// The key.
    pub(crate) key: String,
    /// The purpose of the participant that carries it.
    pub(crate) on: String,
    /// The new version.
    pub(crate) flow: FlowVersion,
    /// The version before.
    pub(crate) version_before: String,
    /// Its counts.
    pub(crate) before: VersionBefore,
    /// Calls of the new version so far, and those with the key.
    pub(crate) after: (u64, u64),
}

impl fmt::Display for PresenceDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, on, flow, version_before, before, after, .. } = self;
        let on = if on == "customer" { String::new() } else { format!(" (on {on})") };
        write!(
            f,
            "{key}{on} is on {} of {} calls of {} v{}, and was on {} of {} of v{version_before}",
            after.1, after.0, flow.name, flow.version, before.present, before.calls
        )
    }
}

/// Follows the presence of every key of every flow whose version is known.
#[derive(Debug, Default)]
pub(crate) struct PresenceWatch {
    /// By organization and flow.
    flows: FxHashMap<(String, String), Followed>,
    /// Live calls that were counted.
    counted: FxHashSet<String>,
    /// When each call started, as far as was known: a read may tell an earlier time than the events.
    started: FxHashMap<String, i64>,
    /// From when on everything was observed, in milliseconds since 1970; a call that started before is not judged.
    since: i64,
    /// Until when a call may be in a flow that could not be listed when it started, in milliseconds since 1970.
    cut_until: i64,
    /// New versions that could not be compared when they came, in words.
    remarks: Vec<String>,
}

/// How many calls of a flow version there were, and how many of them carried a key when the flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyPresence<'a> {
    /// The flow's name; its id where the name is not known.
    pub(crate) flow: &'a str,
    /// Its version.
    pub(crate) version: &'a str,
    /// Calls that passed the end of their flow.
    pub(crate) calls: u64,
    /// The key and the purpose of the participant that carries it; `None`: the calls as such.
    pub(crate) key: Option<(&'a str, &'a str)>,
    /// Those with the key; all of them without one.
    pub(crate) present: u64,
}

impl PresenceWatch {
    /// Begins with what a history store knows, so that a version is compared with the one before although this program was
    /// started in between. A fall that goes on is told once more.
    pub(crate) fn seed(&mut self, seeds: Vec<FlowSeed>) {
        for seed in seeds {
            let mut versions = seed.versions.into_iter().map(|known| CountedVersion {
                version: known.version,
                began: 0,
                calls: known.calls,
                present: known.present.into_iter().map(|(key, purpose, present)| ((key, purpose), present)).collect(),
            });
            let Some(now) = versions.next() else { continue };
            let versions = Versions { now, before: versions.next().unwrap_or_default() };
            let stored = [&versions.now, &versions.before].map(|version| version.version.clone()).into();
            let (ended, judged) = (versions.clone(), versions);
            let mut flow = Followed { name: seed.name, ended, judged, stored, ..Followed::default() };
            if flow.judged.before.calls > 0 {
                let earlier = flow.judged.now.clone();
                flow.begin_tests(&earlier);
            }
            self.flows.insert((seed.organization, seed.flow), flow);
        }
    }

    /// The counts of the two newest versions of each flow, in no order.
    pub(crate) fn counts(&self) -> impl Iterator<Item = KeyPresence<'_>> {
        self.flows.iter().flat_map(|((_, id), flow)| {
            let name = if flow.name.is_empty() { id } else { &flow.name };
            let Versions { now, before } = &flow.ended;
            [now, before].into_iter().filter(|version| version.calls > 0).flat_map(move |version| {
                let of = move |key, present| KeyPresence {
                    flow: name.as_str(),
                    version: version.version.as_str(),
                    calls: version.calls,
                    key,
                    present,
                };
                let keys = version.present.iter();
                let keys = keys.map(move |((key, on), present)| of(Some((key.as_str(), on.as_str())), *present));
                std::iter::once(of(None, version.calls)).chain(keys)
            })
        })
    }

    /// Nothing is observed until further notice: what waits may end unseen.
    pub(crate) fn lost(&mut self) {
        self.begins(i64::MAX);
    }

    /// Everything is observed from now on, in milliseconds since 1970. Calls that started before are not judged, for of those
    /// the short ones are gone already.
    pub(crate) fn begins(&mut self, now: i64) {
        self.since = now;
        self.flows.values_mut().for_each(|flow| flow.waiting.clear());
    }

    /// Whether there are more calls in the flows than can be listed at present.
    pub(crate) fn cut(&mut self, is_cut: bool, now: i64) {
        if is_cut {
            self.cut_until = now + LONGEST;
        }
    }

    /// Whether calls may be in the flows that could not be listed when they started.
    pub(crate) fn is_cut(&self, now: i64) -> bool {
        now < self.cut_until
    }

    /// New versions that could not be compared when they came, in words; each once.
    pub(crate) fn remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }

    /// Presence is still as low as when this was told, of the version that runs now.
    pub(crate) fn stands(&self, drop: &PresenceDrop, organization: &str) -> bool {
        let flow = self.flows.get(&(organization.to_owned(), drop.flow.id.clone()));
        flow.filter(|flow| flow.judged.now.version == drop.flow.version)
            .and_then(|flow| flow.tests.get(&(drop.key.clone(), drop.on.clone())))
            .is_some_and(PresenceTest::is_low)
    }

    /// When the call started, in milliseconds since 1970, as far as it is followed.
    pub(crate) fn start_of(&self, conversation: &str) -> Option<i64> {
        self.started.get(conversation).copied()
    }

    /// The keys, each with the purpose that carries it, that most calls of the version before had.
    pub(crate) fn usual(&self, drop: &PresenceDrop, organization: &str) -> Vec<(&str, &str)> {
        let flow = self.flows.get(&(organization.to_owned(), drop.flow.id.clone()));
        let tests = flow.into_iter().flat_map(|flow| flow.tests.keys());
        tests.map(|(key, on)| (key.as_str(), on.as_str())).collect()
    }

    /// The keys that nine tenths as many calls of the version before had as the one that fell, or more, in order: what keeps one of
    /// these away may have kept that one away before, too. A key that fewer calls had was not needed for it.
    pub(crate) fn beside(&self, drop: &PresenceDrop, organization: &str) -> Vec<&str> {
        let flow = self.flows.get(&(organization.to_owned(), drop.flow.id.clone()));
        let before = flow.map(|flow| &flow.base).filter(|base| base.version == drop.version_before);
        let present = before.into_iter().flat_map(|base| &base.present);
        let is_beside = |count: u64| count * 10 >= drop.before.present * 9;
        let mut keys: Vec<&str> =
            present.filter(|(_, count)| is_beside(**count)).map(|((key, _), _)| key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| *key != drop.key);
        keys
    }

    /// Takes in a call as it is now: it counts once, when the end of its first flow was observed.
    pub(crate) fn observe(&mut self, call: &CallRecord, now: i64) -> Vec<PresenceDrop> {
        if call.flow.id.is_empty() {
            return Vec::new();
        }
        let is_cut = self.is_cut(now);
        let flow = self.flows.entry((call.organization.clone(), call.flow.id.clone())).or_default();
        if !call.flow.name.is_empty() {
            flow.name.clone_from(&call.flow.name);
        }
        if self.counted.contains(&call.conversation) {
            return Vec::new();
        }
        let place = (call.started, call.conversation.clone());
        let known = self.started.insert(call.conversation.clone(), call.started);
        let was_waiting = known.is_some_and(|started| {
            started != call.started && flow.waiting.remove(&(started, call.conversation.clone())).is_some()
        });
        let has_ended = call.milestones[FLOW_END].is_some();
        let went_on = call.ended.is_some() || call.milestones[AGENT..].iter().any(Option::is_some);
        if !has_ended && went_on {
            // Its flow ended unseen.
            flow.waiting.remove(&place);
            return flow.judge(now, is_cut);
        }
        let keys = call.keys.iter().filter(|key| key.present_at[FLOW_END]);
        let there = has_ended.then(|| keys.map(|key| (key.key.clone(), key.purpose.clone())).collect());
        if let Some(there) = there.as_ref().filter(|_| !call.flow.version.is_empty()) {
            self.counted.insert(call.conversation.clone());
            flow.ended.count(&call.flow.version, there, call.started);
        }
        let age = now - call.started;
        if call.started < self.since || age >= LONGEST {
            return Vec::new();
        }
        if !was_waiting && !flow.waiting.contains_key(&place) {
            match (has_ended, flow.known_within) {
                // Found in its flow.
                (false, known) if age <= LATEST && !is_cut => {
                    flow.known_within = Some(known.unwrap_or_default().max(2 * age + MARGIN));
                }
                (false, _) if !is_cut => return flow.judge(now, is_cut),
                // Found when its flow was over, later than others are found: those that are longer would not be.
                (true, Some(within)) if age > within && !is_cut => return flow.judge(now, is_cut),
                _ => {}
            }
        }
        flow.waiting.insert(place, UndecidedCall { flow: call.flow.clone(), there });
        flow.judge(now, is_cut)
    }

    /// Judges the calls whose turn has come with the time alone.
    pub(crate) fn time(&mut self, now: i64) -> Vec<PresenceDrop> {
        let is_cut = self.is_cut(now);
        let Self { flows, remarks, .. } = self;
        let judge = |flow: &mut Followed| {
            let drops = flow.judge(now, is_cut);
            // With the time, so that what ends together is counted first.
            if flow.remarked != flow.judged.now.version {
                flow.remarked.clone_from(&flow.judged.now.version);
                remarks.extend(flow.remark());
            }
            drops
        };
        flows.values_mut().flat_map(judge).collect()
    }

    /// The call is not followed any more.
    pub(crate) fn forget(&mut self, conversation: &str) {
        self.counted.remove(conversation);
        self.started.remove(conversation);
    }
}

#[cfg(test)]
mod tests;
