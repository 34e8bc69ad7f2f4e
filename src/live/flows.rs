//! Which calls' flows are to be asked for: those on which a flow is seen and nothing told which one it is. Pure; the
//! answers come from the analytics detail, many calls in one request.

use crate::domain::{ConversationId, FlowFact, FlowRun, ToldCall};
use rustc_hash::FxHashMap;
use std::{collections::BTreeSet, time::Duration};

/// Calls of one request.
const AT_ONCE: usize = 50;
/// Between two requests.
const GAP: Duration = Duration::from_secs(3);
/// From the first sight of a flow to the first request, so that calls that appear together are asked for together.
const FIRST: Duration = Duration::from_secs(1);
/// From one request for a call to the next: analytics tell of a call some time after it began.
const AGAIN: [Duration; 6] = [
    Duration::from_secs(4),
    Duration::from_secs(10),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(120),
    Duration::from_secs(300),
];
/// After a refusal: permissions are not given within seconds.
const REFUSED: Duration = Duration::from_secs(300);
/// Of so many calls what was told of them is kept; beyond it, of those on which a flow was seen.
const CALLS: usize = 4_096;

/// A call on which a flow was seen.
#[derive(Debug, Default)]
struct FlowCall {
    /// Participants that stand for flows.
    flows: usize,
    /// What was told of them.
    runs: Vec<FlowRun>,
    /// How often it was asked for.
    tries: usize,
    /// When it is asked for next.
    due: Option<Duration>,
}

impl FlowCall {
    /// Of every flow the name and the version are known, or nobody names them.
    fn is_settled(&self) -> bool {
        self.runs.iter().filter(|run| run.version.is_some() && run.name.is_some()).count() >= self.flows
    }
}

/// The calls whose flows are asked for.
#[derive(Debug, Default)]
pub(super) struct FlowLookups {
    calls: FxHashMap<ConversationId, FlowCall>,
    due: BTreeSet<(Duration, ConversationId)>,
    /// A request is under way.
    pub(super) is_asking: bool,
    not_before: Duration,
    /// It was told that they cannot be asked for.
    refused: bool,
}

impl FlowLookups {
    /// A whole state of a call.
    pub(super) fn saw(&mut self, told: &ToldCall<'_>, now: Duration) {
        let flows = told.legs.iter().filter(|leg| leg.purpose.is_flow()).count();
        if flows == 0 || self.calls.get(told.id).is_some_and(|call| call.flows >= flows) {
            return;
        }
        let call = self.calls.entry(told.id.clone()).or_default();
        call.flows = flows;
        call.tries = 0;
        self.plan(told.id, Some(now + FIRST));
    }

    /// What was told of a call's flow, by whatever.
    pub(super) fn heard(&mut self, fact: &FlowFact) {
        if self.calls.len() >= CALLS && !self.calls.contains_key(&fact.conversation) {
            // Lists name calls that never come, and such that were forgotten.
            self.calls.retain(|_, call| call.flows > 0);
        }
        let call = self.calls.entry(fact.conversation.clone()).or_default();
        let same = |run: &&mut FlowRun| run.id == fact.run.id && run.participant == fact.run.participant;
        match call.runs.iter_mut().find(same) {
            Some(run) => {
                run.name = run.name.take().or_else(|| fact.run.name.clone());
                run.version = run.version.take().or_else(|| fact.run.version.clone());
            }
            None => call.runs.push(fact.run.clone()),
        }
        if call.is_settled() {
            self.plan(&fact.conversation, None);
        }
    }

    /// The call is of no interest any more.
    pub(super) fn forget(&mut self, id: &ConversationId) {
        self.plan(id, None);
        self.calls.remove(id);
    }

    /// The calls to ask for now; they count as asked for.
    pub(super) fn next(&mut self, now: Duration) -> Vec<ConversationId> {
        if self.is_asking || now < self.not_before {
            return Vec::new();
        }
        let ids: Vec<ConversationId> =
            self.due.iter().take_while(|(due, _)| *due <= now).take(AT_ONCE).map(|(_, id)| id.clone()).collect();
        for id in &ids {
            let tries = self.calls.get_mut(id).map_or(0, |call| {
                call.tries += 1;
                call.tries - 1
            });
            self.plan(id, AGAIN.get(tries).map(|wait| now + *wait));
        }
        if !ids.is_empty() {
            self.is_asking = true;
            self.not_before = now + GAP;
        }
        ids
    }

    /// When [`Self::next`] has something; `None` while only an answer can change that.
    pub(super) fn wake(&self) -> Option<Duration> {
        let (due, _) = self.due.first().filter(|_| !self.is_asking)?;
        Some((*due).max(self.not_before))
    }

    /// They may not be asked for. True when that is told for the first time.
    pub(super) fn refused(&mut self, now: Duration) -> bool {
        self.not_before = now + REFUSED;
        !std::mem::replace(&mut self.refused, true)
    }

    fn plan(&mut self, id: &ConversationId, due: Option<Duration>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        if let Some(old) = std::mem::replace(&mut call.due, due) {
            self.due.remove(&(old, id.clone()));
        }
        self.due.extend(due.map(|due| (due, id.clone())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{FlowSource, ParticipantSnapshot, Purpose, Snapshot};

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn call(id: &str, flows: usize) -> Snapshot {
        let leg = |n: usize| ParticipantSnapshot {
            id: format!("p{n}").as_str().into(),
            purpose: Purpose::new("ivr"),
            ..ParticipantSnapshot::default()
        };
        Snapshot { id: id.into(), participants: (0..flows).map(leg).collect(), ..Snapshot::default() }
    }

    fn fact(id: &str, participant: &str) -> FlowFact {
        FlowFact {
            conversation: id.into(),
            run: FlowRun {
                id: "f".into(),
                name: Some("Main".into()),
                version: Some("1.0".into()),
                source: FlowSource::Analytics,
                participant: Some(participant.into()),
            },
        }
    }

    #[test]
    fn calls_that_appear_together_are_asked_for_together_and_again_until_they_are_known() {
        let mut lookups = FlowLookups::default();
        (0..60).for_each(|n| lookups.saw(&(&call(&format!("c{n}"), 1)).into(), s(0)));
        assert_eq!(lookups.next(s(0)), []);
        assert_eq!(lookups.wake(), Some(s(1)));
        assert_eq!(lookups.next(s(1)).len(), AT_ONCE);
        assert_eq!(lookups.wake(), None);
        lookups.is_asking = false;
        (0..60).for_each(|n| lookups.heard(&fact(&format!("c{n}"), "p0")));
        assert_eq!(lookups.wake(), None);
        lookups.saw(&(&call("c1", 2)).into(), s(10));
        assert_eq!(lookups.next(s(11)), ["c1".into()]);
        lookups.is_asking = false;
        assert_eq!(lookups.next(s(14)), []);
        assert_eq!(lookups.next(s(15)), ["c1".into()]);
        lookups.forget(&"c1".into());
        assert_eq!(lookups.wake(), None);
    }

    #[test]
    fn what_is_told_of_calls_that_never_come_is_not_kept_for_ever() {
        let mut lookups = FlowLookups::default();
        lookups.saw(&(&call("here", 1)).into(), s(0));
        (0..3 * CALLS).for_each(|n| lookups.heard(&fact(&format!("c{n}"), "p0")));
        assert!(lookups.calls.len() <= CALLS && lookups.calls.contains_key("here"), "{}", lookups.calls.len());
    }

    #[test]
    fn a_call_that_analytics_never_tell_of_is_not_asked_for_for_ever() {
        let mut lookups = FlowLookups::default();
        lookups.saw(&(&call("c", 1)).into(), s(0));
        let asked = (0..86_400).filter(|second| {
            lookups.is_asking = false;
            !lookups.next(s(*second)).is_empty()
        });
        assert_eq!(asked.count(), AGAIN.len() + 1);
    }
}
