//! The board: every conversation that is watched, and what changed when.
//!
//! Three shapes of [`Update`] enter and are treated by what they mean: an event tells the whole state but no time, the
//! attributes event tells some keys, a read is authoritative unless events overtook it. What cannot be decided from
//! what was seen is not guessed: the board asks for a read ([`Applied::reread`]).

mod attributes;
mod conclusion;
mod entries;
mod entry;
mod merge;
mod older;
mod told;

pub use entry::{BoardEntry, DisbelievedValue, Gap, KnownState};
pub use told::{ToldAttributes, ToldCall, ToldLeg, ToldParticipant};

use super::{
    At, AttributesEvent, Change, Conversation, ConversationChange, ConversationId, Delta, FlowFact, FlowSource,
    Freshness, History, HistoryLimits, Interner, Media, Names, ParticipantDelta, ParticipantId, Snapshot, Source,
    Update, Value, edit_fact::EditFact,
};
use attributes::Sink;
use compact_str::CompactString;
use conclusion::{ToldEnd, UpdateFacts, all_ended, conclude, main_media};
use entries::Entries;
use jiff::Timestamp;
use merge::{Merge, set};
use std::{collections::VecDeque, time::Duration};

/// An attributes event that changes a value younger than this is settled by a read: the two topics are not ordered
/// against each other, so either may be the newer one.
const SETTLE: Duration = Duration::from_secs(10);

/// Names of calls that have gone are noted for [`Board::take_touched`] up to so many.
const MOST_TOUCHED: usize = 20_000;

/// Facts about flows that wait for their calls at most; the oldest go first.
const FLOWS_AHEAD: usize = 2_000;

/// Tells which observed changes are this operator's own writes seen again.
pub trait Claims {
    /// True when `new` is a value that this operator sent for `key` and that is not yet confirmed.
    fn is_ours(
        &self,
        conversation: &ConversationId,
        participant: &ParticipantId,
        key: &str,
        new: Option<&Value>,
    ) -> bool;

    /// This operator's sent edits on a conversation, for the rules about edits.
    fn edits(&self, _: &ConversationId) -> Vec<EditFact> {
        Vec::new()
    }
}

/// Nothing is ours.
impl Claims for () {
    fn is_ours(&self, _: &ConversationId, _: &ParticipantId, _: &str, _: Option<&Value>) -> bool {
        false
    }
}

/// What came of an update.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// What changed, in the order of the contract: conversation, participants, attributes; an end comes last.
    pub changes: Vec<Change>,
    /// What was seen cannot be decided without a fresh read of this conversation.
    pub reread: Option<ConversationId>,
    /// Since when the conversation had not been observed when this came: its changes happened at some time since.
    pub unobserved: Option<At>,
}

/// Every watched conversation.
#[derive(Clone, Debug, Default)]
pub struct Board {
    entries: Entries,
    interner: Interner,
    limits: HistoryLimits,
    /// Names of queues and users.
    pub names: Names,
    late: u64,
    /// Conversations that are over.
    ended: usize,
    /// Conversations that were ever here.
    seen: u64,
    /// Which flows calls run that are not on the board yet.
    flows_ahead: VecDeque<FlowFact>,
    /// What was touched since that was asked last; nothing is noted before it was asked once.
    touched: Option<Vec<ConversationId>>,
}

impl Board {
    /// An empty board whose conversations keep at most `limits` of history each.
    pub fn new(limits: HistoryLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// The conversation with this id.
    pub fn get(&self, id: &str) -> Option<&BoardEntry> {
        self.entries.get(id)
    }

    /// All conversations in order of first sight.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &BoardEntry> + ExactSizeIterator {
        self.entries.values()
    }

    /// How many conversations there are, ended ones that are still kept included.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True without any conversation.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many of them are over.
    pub fn ended(&self) -> usize {
        self.ended
    }

    /// Conversations that may look different since this was asked last, those that have gone included; `None` when that
    /// is not known, as the first time.
    pub fn take_touched(&mut self) -> Option<Vec<ConversationId>> {
        let touched = self.touched.replace(Vec::new())?;
        for id in &touched {
            if let Some(entry) = self.entries.get_mut(id.as_str()) {
                entry.touched = false;
            }
        }
        Some(touched)
    }

    /// To be noted when a read is asked for, and handed back in [`Update::Read`]; 0 for a conversation not yet known.
    pub fn revision(&self, id: &str) -> u64 {
        self.entries.get(id).map_or(0, |e| e.revision)
    }

    /// What is known of this conversation, to be compared with what an event tells; `None`, too, for one that the platform no
    /// longer has: whatever is told of that is told whole.
    pub fn known(&self, id: &str) -> Option<KnownState<'_>> {
        let entry = self.entries.get(id).filter(|entry| !entry.gone)?;
        Some(KnownState { conversation: &entry.conversation, base: entry.base, event: entry.event, names: &self.names })
    }

    /// Events that were not applied because they were provably older than what is known.
    pub fn late_events(&self) -> u64 {
        self.late
    }

    /// States of this conversation were replaced by newer ones before they were looked at.
    pub fn skipped(&mut self, id: &str, states: u64) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.skipped += states;
        }
    }

    /// Nothing is observed from now on, or messages are missing here: what is known of live conversations may be wrong
    /// until each was told whole again.
    pub fn mark_stale(&mut self, at: At) {
        for entry in self.entries.values_mut() {
            if !entry.conversation.is_over() {
                entry.conversation.freshness = Freshness::Stale;
                entry.unobserved.get_or_insert(at);
            }
        }
    }

    /// Lets go of the conversations for which `gone` says so; their ids, so that topics can be given back.
    pub fn retire(&mut self, mut gone: impl FnMut(&BoardEntry) -> bool) -> Vec<ConversationId> {
        let mut ids = Vec::new();
        let ended = &mut self.ended;
        self.entries.retain(|entry| {
            let go = gone(entry);
            if go {
                *ended -= usize::from(entry.conversation.is_over());
                ids.push(entry.conversation.id.clone());
            }
            !go
        });
        match &mut self.touched {
            // Nobody has asked for long: everything may look different then.
            Some(touched) if touched.len() + ids.len() > MOST_TOUCHED => self.touched = None,
            Some(touched) => touched.extend(ids.iter().cloned()),
            None => {}
        }
        ids
    }

    /// Takes in an update; `claims` tells which observed values are our own writes.
    pub fn apply(&mut self, at: At, update: Update, claims: &dyn Claims) -> Applied {
        // A delta may be next to nothing: it notes itself what it touched.
        let touched = match &update {
            _ if self.touched.is_none() => None,
            Update::Stream(snapshot) | Update::Read { snapshot, .. } => Some(snapshot.id.clone()),
            Update::Event(event) => Some(event.conversation.clone()),
            Update::Flow(fact) => Some(fact.conversation.clone()),
            Update::Gone(id) | Update::Left { conversation: id, .. } => Some(id.clone()),
            Update::Delta(_) => None,
        };
        let applied = match update {
            Update::Stream(snapshot) => self.stream(at, snapshot, claims),
            Update::Delta(delta) => self.delta(at, delta, claims),
            Update::Event(event) => self.event(at, event, claims),
            Update::Flow(fact) => self.flow(at, fact),
            Update::Gone(id) => self.gone(at, &id),
            Update::Left { conversation, left } => self.left(conversation, left),
            Update::Read { snapshot, asked, left } => self.read(at, snapshot, (asked, left), claims),
        };
        if let (Some(id), Some(touched)) = (touched, &mut self.touched)
            && let Some(entry) = self.entries.get_mut(id.as_str())
        {
            entry.touch(touched);
        }
        applied
    }

    fn stream(&mut self, at: At, snapshot: Snapshot, claims: &dyn Claims) -> Applied {
        let mut applied = Applied::default();
        if let Some(entry) = self.entries.get_mut(snapshot.id.as_str()) {
            let late = !snapshot.partial && entry.is_late(&snapshot);
            entry.revision += 1;
            entry.states = entry.revision;
            if !snapshot.partial {
                // Also for a late one: should the platform really have dropped a participant, the next event counts.
                entry.last_seen = Some(participant_ids(&snapshot));
            }
            if late {
                self.late += 1;
                applied.reread = Some(entry.conversation.id.clone());
                return applied;
            }
        }
        let whole = !snapshot.partial;
        let first = !self.entries.has(snapshot.id.as_str());
        let id = snapshot.id.clone();
        self.merge(at, snapshot, Source::Stream, whole, claims, &mut applied);
        if let Some(entry) = self.entries.get_mut(id.as_str()) {
            entry.heard(&applied.changes, at);
        }
        // A leg alone does not tell the other participants.
        if first && !whole {
            applied.reread = self.entries.last().map(|entry| entry.conversation.id.clone());
        }
        applied
    }

    fn delta(&mut self, at: At, delta: Delta, claims: &dyn Claims) -> Applied {
        let mut applied = Applied::default();
        let limits = self.limits.among(self.entries.len());
        let entry = self.entries.get_mut(delta.conversation.as_str()).filter(|entry| entry.base == delta.base);
        let Some(entry) = entry else {
            // Something else was laid over the conversation since the event was compared with it.
            applied.reread = Some(delta.conversation);
            return applied;
        };
        entry.revision += 1;
        entry.states = entry.revision;
        let before = delta.tells_states().then(|| UpdateFacts::of(&entry.conversation));
        // Of one that is late it is not known how it was told.
        entry.event = 0;
        let Delta { participants, joined, .. } = delta;
        if entry.told(&joined) {
            self.late += 1;
            applied.reread = Some(delta.conversation);
            return applied;
        }
        (entry.base, entry.event) = (entry.base + 1, delta.event);
        applied.unobserved = entry.observed(at);
        let BoardEntry { conversation, history, .. } = entry;
        (conversation.last_seen, conversation.freshness) = (at, Freshness::Live);
        let changes = &mut applied.changes;
        let most = |told: &ParticipantDelta| 1 + told.attributes.len() + told.gone.len();
        changes.reserve_exact(participants.iter().map(most).sum());
        let mut merge = Merge {
            at,
            source: Source::Stream,
            whole: true,
            known: true,
            claims,
            limits,
            interner: &mut self.interner,
            names: &mut self.names,
            history,
            changes: &mut *changes,
            flows: Vec::new(),
        };
        for told in participants {
            merge.delta(conversation, told);
        }
        for told in joined {
            merge.participant(conversation, told);
        }
        for run in merge.flows {
            conversation.learn_flow(run);
        }
        // What came before told a part of it only: with nothing new, this one tells whether it is over.
        let settled = |call: &Conversation| {
            call.media == main_media(call) && call.ended.is_some() == all_ended(call, at.wall).is_some()
        };
        let before = before.or_else(|| (!settled(conversation)).then(|| UpdateFacts::of(conversation)));
        if let Some(before) = before {
            let told = ToldEnd { end: None, complete: true, known: true, was_gone: false };
            let over = conclude(conversation, &before, &told, at, changes);
            self.ended = self.ended + usize::from(over) - usize::from(before.ended);
        }
        entry.heard(changes, at);
        if (!changes.is_empty() || applied.unobserved.is_some())
            && let Some(touched) = &mut self.touched
        {
            entry.touch(touched);
        }
        applied
    }

    /// `asked`: the revision of the board when the request left, and when that was.
    fn read(&mut self, at: At, snapshot: Snapshot, (asked, left): (u64, Duration), claims: &dyn Claims) -> Applied {
        let mut applied = Applied::default();
        let Some(entry) = self.entries.get_mut(snapshot.id.as_str()) else {
            self.merge(at, snapshot, Source::Read, true, claims, &mut applied);
            return applied;
        };
        // One that the platform no longer had is brought back by whatever is told of it.
        if entry.states <= asked && !entry.gone && entry.is_older(&snapshot, left, claims) {
            entry.disbelieve(&snapshot, left);
            applied.reread = Some(snapshot.id);
        } else if entry.revision == asked {
            self.merge(at, snapshot, Source::Read, true, claims, &mut applied);
        } else if entry.agrees_with(&snapshot) {
            // Events overtook the answer and the keys are the same. Where they told states too, theirs are the newer.
            let told = if entry.states > asked { entry.reads_alone(snapshot) } else { snapshot };
            let id = told.id.clone();
            self.merge(at, told, Source::Read, false, claims, &mut applied);
            if let Some(entry) = self.entries.get_mut(id.as_str()) {
                entry.conversation.freshness = Freshness::Live;
                entry.observed(at);
            }
        } else {
            entry.disbelieve(&snapshot, left);
            applied.reread = Some(snapshot.id);
        }
        applied
    }

    fn event(&mut self, at: At, event: AttributesEvent, claims: &dyn Claims) -> Applied {
        let mut applied = Applied::default();
        let limits = self.limits.among(self.entries.len());
        let Some(entry) = self.entries.get_mut(event.conversation.as_str()) else {
            applied.reread = Some(event.conversation);
            return applied;
        };
        entry.revision += 1;
        entry.relaid();
        if std::mem::take(&mut entry.gone) {
            // The platform had it no more, and tells of it: it is back, until a read says otherwise.
            applied.reread = Some(event.conversation.clone());
            entry.conversation.ended = all_ended(&entry.conversation, at.wall);
            if entry.conversation.ended.is_none() {
                self.ended -= 1;
                let (id, change) = (event.conversation.clone(), ConversationChange::Updated);
                applied.changes.push(Change::Conversation { id, change });
            }
        }
        let Some(participant) = entry.conversation.participants.iter_mut().find(|p| p.id == event.participant) else {
            applied.reread = Some(event.conversation);
            return applied;
        };
        let mut sink = Sink {
            at,
            source: Source::Event,
            event_time: event.event_time,
            first_sight: false,
            conversation: &event.conversation,
            participant: &event.participant,
            claims,
            history: &mut entry.history,
            limits,
            changes: &mut applied.changes,
        };
        let mut contested = false;
        for (key, value) in event.attributes {
            let known = &mut participant.attributes;
            match known.place(&key).and_then(|place| Some((place, known.at(place)?))) {
                Some((_, attribute)) if attribute.value == value => {}
                Some((place, attribute)) => {
                    contested |= younger_than(attribute.changed.timestamp(), at.wall, SETTLE);
                    sink.changed(known, place, value);
                }
                None => sink.added(known, &key, value, &mut self.interner),
            }
        }
        entry.conversation.last_seen = at;
        applied.unobserved = entry.unobserved;
        if contested {
            applied.reread = Some(event.conversation);
        }
        applied
    }

    /// The platform no longer has the call: it is over. Whatever is told of it later brings it back.
    fn gone(&mut self, at: At, id: &ConversationId) -> Applied {
        let mut applied = Applied::default();
        let Some(entry) = self.entries.get_mut(id.as_str()) else { return applied };
        entry.gone = true;
        entry.observed(at);
        let conversation = &mut entry.conversation;
        conversation.freshness = Freshness::Live;
        conversation.last_seen = at;
        if conversation.ended.is_none() {
            conversation.ended = Some(at.wall);
            self.ended += 1;
            applied.changes.push(Change::Conversation { id: id.clone(), change: ConversationChange::Ended });
        }
        applied
    }

    fn left(&mut self, id: ConversationId, left: Vec<CompactString>) -> Applied {
        let mut applied = Applied::default();
        let Some(entry) = self.entries.get_mut(id.as_str()) else { return applied };
        applied.unobserved = entry.unobserved;
        if entry.conversation.left != left {
            entry.conversation.left = left;
            applied.changes.push(Change::Conversation { id, change: ConversationChange::Updated });
        }
        applied
    }

    /// A fact about a call that is not known yet waits for it.
    fn flow(&mut self, at: At, fact: FlowFact) -> Applied {
        let mut applied = Applied::default();
        if let Some(name) = &fact.run.name {
            self.names.learn_flow(fact.run.id.clone(), name);
        }
        let Some(entry) = self.entries.get_mut(fact.conversation.as_str()) else {
            if fact.run.source == FlowSource::Event {
                applied.reread = Some(fact.conversation.clone());
            }
            if self.flows_ahead.len() == FLOWS_AHEAD {
                self.flows_ahead.pop_front();
            }
            self.flows_ahead.push_back(fact);
            return applied;
        };
        let conversation = &mut entry.conversation;
        conversation.last_seen = at;
        applied.unobserved = entry.unobserved;
        if conversation.learn_flow(fact.run) {
            let change = ConversationChange::Updated;
            applied.changes.push(Change::Conversation { id: fact.conversation, change });
        }
        applied
    }

    /// Lays a snapshot over what is known. `whole`: keys that it does not carry are gone.
    fn merge(
        &mut self,
        at: At,
        snapshot: Snapshot,
        source: Source,
        whole: bool,
        claims: &dyn Claims,
        applied: &mut Applied,
    ) {
        let changes = &mut applied.changes;
        let limits = self.limits.among(self.entries.len());
        let known = self.entries.has(snapshot.id.as_str());
        if !known {
            let id = snapshot.id.clone();
            let last_seen =
                if source == Source::Stream && !snapshot.partial { participant_ids(&snapshot) } else { Vec::new() };
            changes.push(Change::Conversation { id: id.clone(), change: ConversationChange::Started });
            let conversation = Conversation {
                id: id.clone(),
                media: Media::Unknown,
                started: None,
                ended: None,
                address: None,
                participants: Vec::with_capacity(snapshot.participants.len()),
                flows: Vec::new(),
                left: Vec::new(),
                // A leg alone does not tell the others: the rest of it was not observed.
                freshness: if snapshot.partial { Freshness::Stale } else { Freshness::Live },
                first_seen: at,
                last_seen: at,
            };
            let revision = u64::from(source == Source::Stream);
            self.seen += 1;
            self.entries.insert(
                id,
                BoardEntry {
                    conversation,
                    history: History::default(),
                    skipped: 0,
                    revision,
                    states: revision,
                    last_seen: Some(last_seen),
                    // Names no state of an earlier entry of this conversation.
                    base: self.seen << 32,
                    event: 0,
                    seq: self.seen,
                    touched: false,
                    gone: false,
                    told: (source != Source::Read).then_some(at.mono),
                    told_states: None,
                    disagreement: None,
                    disbelieved: Vec::new(),
                    unobserved: snapshot.partial.then_some(at),
                    gaps: Vec::new(),
                },
            );
        }
        let Some(entry) = self.entries.get_mut(snapshot.id.as_str()) else { return };
        entry.relaid();
        entry.keep_last_seen();
        if !known {
            entry.event = snapshot.event;
        }
        let was_gone = std::mem::take(&mut entry.gone);
        applied.unobserved = entry.unobserved.filter(|_| known);
        if !snapshot.partial && whole {
            entry.observed(at);
        }
        let BoardEntry { conversation, history, .. } = entry;
        let before = UpdateFacts::of(conversation);
        conversation.last_seen = at;
        set(&mut conversation.started, snapshot.started);
        set(&mut conversation.address, snapshot.address);
        let complete = !snapshot.partial;
        let mut merge = Merge {
            at,
            source,
            whole,
            known,
            claims,
            limits,
            interner: &mut self.interner,
            names: &mut self.names,
            history,
            changes: &mut *changes,
            flows: Vec::new(),
        };
        let told = snapshot.participants.len();
        for told in snapshot.participants {
            merge.participant(conversation, told);
        }
        let mut flows = merge.flows;
        if !known && !self.flows_ahead.is_empty() {
            let (mine, others) = std::mem::take(&mut self.flows_ahead)
                .into_iter()
                .partition(|fact| fact.conversation == conversation.id);
            self.flows_ahead = others;
            flows.extend(VecDeque::into_iter(mine).map(|fact: FlowFact| fact.run));
        }
        for run in flows {
            conversation.learn_flow(run);
        }
        if conversation.participants.len() != told {
            entry.event = 0;
        }
        if complete && whole {
            conversation.freshness = Freshness::Live;
        }
        let told = ToldEnd { end: snapshot.ended, complete, known, was_gone };
        let over = conclude(conversation, &before, &told, at, changes);
        self.ended = self.ended + usize::from(over) - usize::from(before.ended);
        entry.drop_last_seen();
    }
}

fn participant_ids(snapshot: &Snapshot) -> Vec<ParticipantId> {
    snapshot.participants.iter().map(|p| p.id.clone()).collect()
}

fn younger_than(then: Timestamp, now: Timestamp, age: Duration) -> bool {
    now.duration_since(then).unsigned_abs() < age
}

#[cfg(test)]
mod tests;
