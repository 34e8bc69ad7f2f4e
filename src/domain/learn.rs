//! Learns from calls what they carry, and proposes expectations: a draft for people, never applied by itself.

use super::expect::{Allowed, Expectation, Milestone, Milestones, Passed, ValueType};
use super::findings::{is_system_key, unresolved};
use super::{At, Board, Conversation, ConversationId, mask};
use compact_str::CompactString;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Different values of a key that are kept; more is no set of values.
const VALUES: usize = 12;
/// Different values that make a list.
const LISTED: usize = 8;
/// Calls that must carry a key before it is proposed, and of which share.
const CALLS: usize = 2;
/// In hundredths: a key on at least so many calls is proposed at all.
const WORTH: usize = 20;
/// In hundredths: a key on at least so many calls is required.
const REQUIRED: usize = 95;
/// Calls that must carry a key before it is required.
const SURE: usize = 3;
/// Calls that must carry a key before its values make a list, and for each value of the list.
const LIST_CALLS: usize = 10;
const VALUE_CALLS: usize = 4;

/// Follows calls and keeps what may become an expectation.
#[derive(Debug, Default)]
pub struct Learner {
    calls: FxHashMap<ConversationId, Milestones>,
    keys: BTreeMap<(CompactString, CompactString), Learnt>,
}

/// One key on one kind of participant.
#[derive(Debug, Default)]
struct Learnt {
    /// When it was first seen on each call; [`Passed::Before`] if it was there at first sight.
    seen: FxHashMap<ConversationId, Passed>,
    /// Values other than blank; empty once there were too many.
    values: BTreeSet<CompactString>,
    countless: bool,
    personal: bool,
    kinds: Option<Vec<ValueType>>,
}

/// A proposed expectation, and what it was proposed from.
#[derive(Debug)]
pub struct Proposal {
    /// The expectation.
    pub expectation: Expectation,
    /// Calls that carried the key.
    pub carried: usize,
    /// Calls that could have.
    pub calls: usize,
    /// The middle of the delays after the first sight of a call, where the key came under our eyes.
    pub delay: Option<Duration>,
}

impl Learner {
    /// Looks at a call after an update.
    pub fn look(&mut self, call: &Conversation, now: At) {
        let first = !self.calls.contains_key(&call.id);
        self.calls.entry(call.id.clone()).or_default().observe(call, now);
        for participant in &call.participants {
            for attribute in &participant.attributes {
                let value = attribute.value.as_str();
                if value.trim().is_empty() || is_system_key(attribute.key.as_str()) {
                    continue;
                }
                let name =
                    (CompactString::from(attribute.key.as_str()), CompactString::from(participant.purpose.as_str()));
                let learnt = self.keys.entry(name).or_default();
                let passed = if first { Passed::Before } else { Passed::At(now) };
                learnt.seen.entry(call.id.clone()).or_insert(passed);
                learnt.value(value);
            }
        }
    }

    /// What may be expected of calls like these, in the order of keys.
    pub fn proposals(&self, board: &Board) -> Vec<Proposal> {
        let all: FxHashSet<&ConversationId> = self.calls.keys().collect();
        self.keys.iter().filter_map(|((key, on), learnt)| self.proposal(key, on, learnt, &all, board)).collect()
    }

    fn proposal(
        &self,
        key: &str,
        on: &str,
        learnt: &Learnt,
        all: &FxHashSet<&ConversationId>,
        board: &Board,
    ) -> Option<Proposal> {
        let carried = learnt.seen.len();
        let by = self.milestone(learnt);
        // A call that has not come so far yet owes nothing.
        let far = |id: &&ConversationId| learnt.seen.contains_key(*id) || self.passed(id, by).is_some();
        let mut calls = all.iter().copied().filter(far).count();
        let mut when = None;
        let mut carried = carried;
        if carried * 100 < calls * REQUIRED
            && let Some((name, members)) = one_queue(learnt, all, board)
        {
            calls = members;
            when = format!("queue:\"{}\"", name.replace(['"', '\\'], "")).parse().ok();
        } else if carried < calls
            && let Some((medium, members)) = one_medium(learnt, all.iter().copied().filter(far), board)
        {
            (carried, calls) = (members, members);
            when = format!("media:{medium}").parse().ok();
        }
        if carried < CALLS || carried * 100 < calls * WORTH {
            return None;
        }
        let sure = carried >= SURE;
        let mut allowed = Allowed::default();
        if sure && !learnt.personal {
            let enough = carried >= LIST_CALLS && carried >= VALUE_CALLS * learnt.values.len();
            let listed = !learnt.countless && learnt.values.len() <= LISTED && enough;
            allowed.kind = learnt.kinds.as_ref().and_then(|k| k.first().copied());
            if listed && allowed.kind.is_none() {
                allowed.one_of = Some(learnt.values.iter().map(ToString::to_string).collect());
            }
        }
        let expectation = Expectation {
            on: on.into(),
            by,
            required: sure && carried * 100 >= calls * REQUIRED,
            allowed,
            when,
            ..Expectation::new(key)
        };
        Some(Proposal { expectation, carried, calls, delay: self.delay(learnt) })
    }

    /// The earliest milestone by which the key was there on every call that carried it and passed the milestone.
    fn milestone(&self, learnt: &Learnt) -> Milestone {
        let in_time = |milestone: &Milestone| {
            let mut some = false;
            let all = learnt.seen.iter().all(|(id, seen)| match (seen, self.passed(id, *milestone)) {
                // It was there before we looked: in time for whatever was still to come.
                (Passed::Before, Some(passed)) => {
                    some |= matches!(passed, Passed::At(_));
                    *milestone != Milestone::Start || matches!(passed, Passed::At(_))
                }
                (Passed::At(_), Some(Passed::Before)) => false,
                (Passed::At(at), Some(Passed::At(passed))) => {
                    some = true;
                    *at <= passed
                }
                (_, None) => true,
            });
            all && (some || *milestone == Milestone::FlowEnd && learnt.seen.values().all(|s| *s == Passed::Before))
        };
        Milestone::NAMED.into_iter().find(in_time).unwrap_or(Milestone::End)
    }

    fn passed(&self, id: &ConversationId, milestone: Milestone) -> Option<Passed> {
        // None of the named milestones depends on the time.
        self.calls.get(id).and_then(|m| m.passed(milestone, At::after(jiff::Timestamp::UNIX_EPOCH, Duration::MAX)))
    }

    fn delay(&self, learnt: &Learnt) -> Option<Duration> {
        let mut delays: Vec<Duration> = learnt
            .seen
            .iter()
            .filter_map(|(id, seen)| match (seen, self.passed(id, Milestone::Start)) {
                (Passed::At(at), Some(Passed::At(start))) => Some(at.mono.saturating_sub(start.mono)),
                _ => None,
            })
            .collect();
        delays.sort_unstable();
        delays.get(delays.len() / 2).copied()
    }
}

impl Learnt {
    fn value(&mut self, value: &str) {
        // What a broken step leaves behind is no value to allow.
        if unresolved(value).is_some() {
            return;
        }
        let fits = |t: &ValueType| t.fits(value);
        match &mut self.kinds {
            None => self.kinds = Some(ValueType::ALL.into_iter().filter(fits).collect()),
            Some(kinds) => kinds.retain(fits),
        }
        if self.countless || self.values.contains(value) {
            return;
        }
        // Nobody's data belongs in a file of expectations.
        self.personal |= mask::looks_personal(value).is_some();
        if self.values.len() == VALUES || self.personal {
            self.countless = true;
            self.values.clear();
            return;
        }
        self.values.insert(value.into());
    }
}

/// The one queue whose calls all carry the key, while no others do; its name and the number of its calls.
fn one_queue<'a>(learnt: &Learnt, all: &FxHashSet<&ConversationId>, board: &'a Board) -> Option<(&'a str, usize)> {
    let queue = |id: &ConversationId| {
        board.get(id.as_str()).and_then(|e| e.conversation.queue()).and_then(|queue| board.names.queue(queue))
    };
    let name = learnt.seen.keys().next().and_then(queue)?;
    let only = learnt.seen.keys().all(|id| queue(id) == Some(name));
    let members = all.iter().filter(|id| queue(id) == Some(name)).count();
    (only && learnt.seen.len() >= SURE && learnt.seen.len() == members).then_some((name, members))
}

/// The medium whose calls all carry the key, where calls of others do not: the one of most calls, and their number. A key
/// that mails never have is nothing that a mail lacks.
fn one_medium<'a>(
    learnt: &Learnt,
    far: impl Iterator<Item = &'a ConversationId>,
    board: &Board,
) -> Option<(&'static str, usize)> {
    let mut media: BTreeMap<&'static str, (usize, usize)> = BTreeMap::new();
    for id in far {
        let Some(entry) = board.get(id.as_str()) else { continue };
        let (all, carried) = media.entry(entry.conversation.media.as_str()).or_default();
        *all += 1;
        *carried += usize::from(learnt.seen.contains_key(id));
    }
    let whole = media.iter().filter(|(_, (all, carried))| *all >= SURE && all == carried);
    let (medium, (all, _)) = whole.max_by_key(|(_, (all, _))| *all)?;
    // With one medium only there is nothing to tell apart; and few of many carriers say little of the key.
    (media.len() > 1 && all * 2 > learnt.seen.len()).then_some((medium, *all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Update;
    use crate::domain::testing::{at, participant, snapshot};

    /// Calls of which each passes through a flow into a queue; `early` is there in the flow, `late` in the queue.
    fn learnt(calls: usize, early: impl Fn(usize) -> Vec<(&'static str, &'static str)>) -> Vec<Proposal> {
        let (mut board, mut learner) = (Board::default(), Learner::default());
        for call in 0..calls {
            let id = format!("call {call}");
            let base = call as u64 * 100;
            let keys = early(call);
            let over = |p| crate::domain::ParticipantSnapshot { ended: Some(at(base + 30).wall), ..p };
            let events = [
                vec![participant("p", "customer", &[]), participant("f", "ivr", &[])],
                vec![participant("p", "customer", &keys), participant("f", "ivr", &[])],
                vec![
                    participant("p", "customer", &keys),
                    over(participant("f", "ivr", &[])),
                    participant("q", "acd", &[]),
                ],
                vec![
                    participant("p", "customer", &[&keys[..], &[("late", "x")]].concat()),
                    over(participant("f", "ivr", &[])),
                    participant("a", "agent", &[]),
                    participant("q", "acd", &[]),
                ],
            ];
            for (second, people) in events.into_iter().enumerate() {
                let now = at(base + second as u64 * 10);
                board.apply(now, Update::Stream(snapshot(&id, people)), &());
                learner.look(&board.get(&id).unwrap().conversation, now);
            }
        }
        learner.proposals(&board)
    }

    fn of<'a>(proposals: &'a [Proposal], key: &str) -> Option<&'a Proposal> {
        proposals.iter().find(|p| p.expectation.key == key)
    }

    #[test]
    fn what_every_call_carries_is_required_by_the_milestone_it_met() {
        let proposals =
            learnt(12, |call| vec![("tier", if call % 2 == 0 { "gold" } else { "silver" }), ("balance", "12.5")]);
        let tier = of(&proposals, "tier").unwrap();
        assert!(tier.expectation.required);
        assert_eq!((tier.expectation.by, tier.carried, tier.calls), (Milestone::FlowEnd, 12, 12));
        assert_eq!(tier.expectation.allowed.one_of.as_deref(), Some(&["gold".to_owned(), "silver".to_owned()][..]));
        assert_eq!(tier.delay, Some(Duration::from_secs(10)));
        assert_eq!(of(&proposals, "late").unwrap().expectation.by, Milestone::Agent);
        let balance = &of(&proposals, "balance").unwrap().expectation.allowed;
        assert_eq!((balance.kind, balance.one_of.is_none()), (Some(ValueType::Number), true));
    }

    #[test]
    fn what_a_broken_step_leaves_behind_is_no_value_to_allow() {
        let tier = |call| match call {
            3 => "{{lookup.tier}}",
            5 => "undefined",
            _ => "gold",
        };
        let proposals = learnt(12, |call| vec![("tier", tier(call)), ("n", if call == 2 { "NOT_SET" } else { "1" })]);
        assert_eq!(of(&proposals, "tier").unwrap().expectation.allowed.one_of, Some(vec!["gold".to_owned()]));
        assert_eq!(of(&proposals, "n").unwrap().expectation.allowed.kind, Some(ValueType::Number));
    }

    #[test]
    fn a_key_that_one_medium_carries_is_required_there() {
        let (mut board, mut learner) = (Board::default(), Learner::default());
        for call in 0..12 {
            let id = format!("call {call}");
            let media = if call < 9 { crate::domain::Media::Call } else { crate::domain::Media::Email };
            let keys: &[(&str, &str)] = if call < 9 { &[("session", "s")] } else { &[("thread", "t")] };
            let customer = crate::domain::ParticipantSnapshot { media, ..participant("p", "customer", keys) };
            board.apply(at(call), Update::Stream(snapshot(&id, vec![customer])), &());
            learner.look(&board.get(&id).unwrap().conversation, at(call));
        }
        let proposals = learner.proposals(&board);
        let session = of(&proposals, "session").unwrap();
        assert_eq!(session.expectation.when.as_ref().unwrap().to_string(), "media:call");
        assert_eq!((session.expectation.required, session.carried, session.calls), (true, 9, 9));
        assert_eq!(of(&proposals, "thread").unwrap().expectation.when.as_ref().unwrap().to_string(), "media:email");
    }

    #[test]
    fn little_evidence_makes_no_rule() {
        let proposals = learnt(6, |call| match call {
            0 => vec![("once", "1"), ("half", "a")],
            1 | 2 => vec![("half", "a")],
            _ => vec![("context.page", "x")],
        });
        assert!(of(&proposals, "once").is_none() && of(&proposals, "context.page").is_none());
        let half = of(&proposals, "half").unwrap();
        assert!(!half.expectation.required && half.expectation.allowed.one_of.is_none());
    }

    #[test]
    fn personal_values_are_not_written_down() {
        let proposals = learnt(12, |_| vec![("mail", "dana@example.com"), ("card", "4111111111111111")]);
        for key in ["mail", "card"] {
            let allowed = &of(&proposals, key).unwrap().expectation.allowed;
            assert!(allowed.one_of.is_none() && allowed.matches.is_none(), "{key}");
        }
    }
}
