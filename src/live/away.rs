//! Calls that have left every queue and every user that is watched. The topics of those tell nothing of them any more, so
//! each gets the topics of its own and is read slowly. Where nothing told that a call left, its silence is what shows: one
//! that nothing was heard of for long is read. Pure.

use crate::{
    domain::{ConversationId, ParticipantId, QueueId, ToldCall, ToldLeg, UserId},
    genesys::discover::Discovered,
};
use compact_str::CompactString;
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::{collections::VecDeque, hash::Hash, time::Duration};

/// Between two reads of one call that is away; its own topics tell its attributes meanwhile.
const READ_EVERY: Duration = Duration::from_secs(10);

/// A call of which nothing was heard for so long is read: whether a topic tells that a call has left it is not documented.
const SILENT: Duration = Duration::from_secs(60);

/// A participant, as far as it tells where the call is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Leg {
    id: ParticipantId,
    queue: Option<Shared>,
    user: Option<Shared>,
    is_customer: bool,
    is_connected: bool,
}

/// An id of which there is one copy for all legs, by its place among those: there are as many legs as participants.
type Shared = u32;

/// The ids of queues and users that legs name, one copy of each. They are those of an organisation, so none is let go.
#[derive(Debug, Default)]
struct SharedIds {
    queues: IndexSet<QueueId, FxBuildHasher>,
    users: IndexSet<UserId, FxBuildHasher>,
}

impl SharedIds {
    fn queue(&mut self, id: &QueueId) -> Shared {
        shared(&mut self.queues, id)
    }

    fn user(&mut self, id: &UserId) -> Shared {
        shared(&mut self.users, id)
    }
}

fn shared<T: Clone + Eq + Hash>(known: &mut IndexSet<T, FxBuildHasher>, id: &T) -> Shared {
    let place = known.get_index_of(id).unwrap_or_else(|| known.insert_full(id.clone()).0);
    place as Shared
}

/// A call that is or was in one of the watched queues or with one of the watched users.
#[derive(Debug, Default)]
struct AwayCall {
    legs: Box<[Leg]>,
    /// Names of those that it was last seen in.
    names: Box<[CompactString]>,
    /// When a read told of it last, or it was asked for.
    heard: Duration,
}

/// Where calls were seen, and which of them are away.
#[derive(Debug, Default)]
pub(super) struct Away {
    calls: FxHashMap<ConversationId, AwayCall>,
    ids: SharedIds,
    /// Those that are away, the one that was read longest ago first.
    away: VecDeque<(Duration, ConversationId)>,
}

impl Away {
    /// No call is or was in anything that is watched.
    pub(super) fn knows_none(&self) -> bool {
        self.calls.is_empty()
    }

    /// A read told of the call.
    pub(super) fn heard(&mut self, id: &ConversationId, now: Duration) {
        if let Some(call) = self.calls.get_mut(id) {
            call.heard = now;
        }
    }

    /// The call that is to be read because nothing was heard of it for long, and longest of all; it counts as heard of.
    /// `told`: when a topic last told all of it, as the board knows.
    pub(super) fn silent(
        &mut self,
        now: Duration,
        told: impl Fn(&ConversationId) -> Option<Duration>,
    ) -> Option<ConversationId> {
        let away: FxHashSet<&ConversationId> = self.away.iter().map(|(_, id)| id).collect();
        let may_be = |id: &ConversationId, call: &AwayCall| {
            !call.names.is_empty() && call.legs.iter().any(|leg| leg.is_connected) && !away.contains(id)
        };
        let calls = self.calls.iter_mut().filter(|(id, call)| may_be(id, call));
        let heard = calls.map(|(id, call)| (told(id).unwrap_or_default().max(call.heard), id, call));
        let (_, id, call) = heard.filter(|(heard, ..)| *heard + SILENT <= now).min_by_key(|(heard, ..)| *heard)?;
        call.heard = now;
        Some(id.clone())
    }

    /// A whole state of a call; of a participant without a purpose nothing is new. What the call left, when it has just left
    /// everything that is watched; nothing, when it has just come back; `None` when neither happened.
    pub(super) fn saw(&mut self, told: &ToldCall<'_>, found: &Discovered) -> Option<Vec<CompactString>> {
        if told.partial || (found.queues.is_empty() && found.users.is_empty()) {
            return None;
        }
        let Self { calls, ids, away: known_away } = self;
        let call = match calls.get_mut(told.id) {
            Some(call) => call,
            None => calls.entry(told.id.clone()).or_default(),
        };
        let as_before = |(told, known): (&ToldLeg<'_>, &Leg)| known.is(told, ids);
        if told.legs.len() == call.legs.len() && told.legs.iter().zip(&call.legs).all(as_before) {
            return None;
        }
        let legs: Option<Box<[Leg]>> = told.legs.iter().map(|told| leg(told, &call.legs, ids)).collect();
        // Of a participant that was never told in full it is not known where it is.
        call.legs = legs?;
        let over = told.ended || !call.legs.iter().any(|leg| leg.is_connected);
        if over || found.conversations.contains(told.id) {
            return None;
        }
        let place = known_away.iter().position(|(_, id)| id == told.id);
        let now_in = watched(&call.legs, ids, found);
        if !now_in.is_empty() {
            call.names = now_in.into();
            return place.map(|place| {
                known_away.remove(place);
                Vec::new()
            });
        }
        if call.names.is_empty() || place.is_some() {
            return None;
        }
        known_away.push_front((Duration::ZERO, told.id.clone()));
        Some(call.names.to_vec())
    }

    /// The call is over, or of no interest any more. True when it was away.
    pub(super) fn ended(&mut self, id: &ConversationId) -> bool {
        self.calls.remove(id);
        let before = self.away.len();
        self.away.retain(|(_, known)| known != id);
        before != self.away.len()
    }

    /// The call to read now.
    pub(super) fn next(&mut self, now: Duration) -> Option<ConversationId> {
        let (read, id) = self.away.front()?;
        if *read != Duration::ZERO && *read + READ_EVERY > now {
            return None;
        }
        let id = id.clone();
        self.away.pop_front();
        self.away.push_back((now, id.clone()));
        Some(id)
    }
}

impl Leg {
    /// Nothing else is told of it.
    fn is(&self, told: &ToldLeg<'_>, ids: &SharedIds) -> bool {
        let place = |told: &ToldLeg<'_>| {
            told.purpose.is_customer() == self.is_customer
                && told.queue.is_none_or(|queue| Some(queue) == self.queue(ids))
                && told.user.is_none_or(|user| Some(user) == self.user(ids))
        };
        *told.id == self.id
            && told.is_connected == self.is_connected
            && (told.purpose.as_str().is_empty() || place(told))
    }

    fn queue<'a>(&self, ids: &'a SharedIds) -> Option<&'a QueueId> {
        self.queue.and_then(|place| ids.queues.get_index(place as usize))
    }

    fn user<'a>(&self, ids: &'a SharedIds) -> Option<&'a UserId> {
        self.user.and_then(|place| ids.users.get_index(place as usize))
    }
}

fn leg(told: &ToldLeg<'_>, before: &[Leg], ids: &mut SharedIds) -> Option<Leg> {
    let known = before.iter().find(|leg| leg.id == *told.id);
    if told.purpose.as_str().is_empty() {
        return known.map(|known| Leg { is_connected: told.is_connected, ..known.clone() });
    }
    Some(Leg {
        id: told.id.clone(),
        is_customer: told.purpose.is_customer(),
        queue: told.queue.map(|id| ids.queue(id)).or_else(|| known?.queue),
        user: told.user.map(|id| ids.user(id)).or_else(|| known?.user),
        is_connected: told.is_connected,
    })
}

/// The watched queues and users that the call is in, by the participants that are connected. The customer's own queue counts
/// only where nobody else tells one: it may be where the call began.
fn watched(legs: &[Leg], ids: &SharedIds, found: &Discovered) -> Vec<CompactString> {
    let connected = || legs.iter().filter(|leg| leg.is_connected);
    let others = connected().any(|leg| !leg.is_customer && (leg.queue.is_some() || leg.user.is_some()));
    let mut names: Vec<CompactString> = Vec::new();
    for leg in connected().filter(|leg| !others || !leg.is_customer) {
        let queue = leg.queue(ids).and_then(|id| found.queues.iter().find(|(known, _)| known == id));
        let user = leg.user(ids).and_then(|id| found.users.iter().find(|(known, _)| known == id));
        for name in queue.map(|(_, name)| name).into_iter().chain(user.map(|(_, name)| name)) {
            if !names.iter().any(|known| known == name) {
                names.push(name.as_str().into());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ParticipantSnapshot, Purpose, Snapshot, State};

    fn in_queue(queue: &str) -> Snapshot {
        let leg = |purpose: &str, queue: Option<&str>| ParticipantSnapshot {
            id: purpose.into(),
            purpose: Purpose::new(purpose),
            queue_id: queue.map(QueueId::new),
            ..ParticipantSnapshot::default()
        };
        // The customer's queue stays where the call began.
        let participants = vec![leg("customer", Some("q1")), leg("acd", Some(queue))];
        Snapshot { id: "c".into(), participants, ..Snapshot::default() }
    }

    #[test]
    fn a_call_that_leaves_is_followed_until_it_is_back_or_over() {
        let found = Discovered { queues: vec![("q1".into(), "Support".into())], ..Discovered::default() };
        let mut away = Away::default();
        assert_eq!(away.saw(&(&in_queue("q2")).into(), &found), None, "it was never in one of them");
        assert_eq!(away.saw(&(&in_queue("q1")).into(), &found), None);
        let mut as_before = in_queue("q1");
        for p in &mut as_before.participants {
            *p = ParticipantSnapshot { id: p.id.clone(), ..ParticipantSnapshot::default() };
        }
        assert_eq!(away.saw(&(&as_before).into(), &found), None, "what is not told again is where it was");
        assert_eq!(away.saw(&(&in_queue("q2")).into(), &found), Some(vec!["Support".into()]));
        assert_eq!(away.saw(&(&in_queue("q2")).into(), &found), None, "told once");
        let s = Duration::from_secs;
        assert_eq!(away.next(s(1)), Some("c".into()));
        assert_eq!(away.next(s(10)), None);
        assert_eq!(away.next(s(11)), Some("c".into()));
        assert_eq!(away.saw(&(&in_queue("q1")).into(), &found), Some(vec![]));
        assert!(away.away.is_empty());
        assert_eq!(away.saw(&(&in_queue("q2")).into(), &found), Some(vec!["Support".into()]));
        assert!(away.ended(&"c".into()) && away.away.is_empty());
    }

    #[test]
    fn a_call_whose_departure_nothing_tells_is_read_after_a_silence() {
        let found = Discovered { queues: vec![("q1".into(), "Support".into())], ..Discovered::default() };
        let s = Duration::from_secs;
        let mut away = Away::default();
        away.saw(&(&in_queue("q1")).into(), &found);
        away.heard(&"c".into(), s(100));
        assert_eq!(away.silent(s(159), |_| None), None);
        assert_eq!(away.silent(s(160), |_| None), Some("c".into()));
        assert_eq!(away.silent(s(161), |_| None), None, "the answer is awaited");
        away.heard(&"c".into(), s(165));
        assert_eq!(away.silent(s(224), |_| None), None, "an event tells that it is there as well");
        assert_eq!(away.silent(s(225), |_| None), Some("c".into()), "so does no answer at all");
        // The read shows it elsewhere: from now on it is followed.
        assert_eq!(away.saw(&(&in_queue("q2")).into(), &found), Some(vec!["Support".into()]));
        assert_eq!(away.silent(s(900), |_| None), None);
        away.saw(&(&in_queue("q1")).into(), &found);
        let mut over = in_queue("q1");
        over.participants.iter_mut().for_each(|p| p.state = Some(State::new("disconnected")));
        away.saw(&(&over).into(), &found);
        assert_eq!(away.silent(s(2_000), |_| None), None, "it is over");
        assert_eq!(away.saw(&(&in_queue("q2")).into(), &Discovered::default()), None);
    }

    /// Each is asked for once within the time that makes it silent again.
    #[test]
    fn silent_calls_take_turns() {
        let found = Discovered { queues: vec![("q1".into(), "Support".into())], ..Discovered::default() };
        let mut away = Away::default();
        for n in 0..10u64 {
            let call = Snapshot { id: format!("c{n}").as_str().into(), ..in_queue("q1") };
            away.saw(&(&call).into(), &found);
            away.heard(&format!("c{n}").as_str().into(), Duration::from_secs(n));
        }
        let asked: Vec<_> = (0..30).filter_map(|n| away.silent(Duration::from_secs(70 + 3 * n), |_| None)).collect();
        let names: Vec<String> = asked.iter().map(|id| id.as_str().to_owned()).collect();
        assert_eq!(names[..10], (0..10).map(|n| format!("c{n}")).collect::<Vec<_>>());
        assert_eq!(names[10..].first().map(String::as_str), Some("c0"));
        assert_eq!(names.len(), 20);
    }
}
