//! The board: every conversation that is watched, and what changed when.
//!
//! Three shapes of [`Update`] enter and are treated by what they mean: an event tells the whole state but no time, the
//! attributes event tells some keys, a read is authoritative unless events overtook it. What cannot be decided from
//! what was seen is not guessed: the board asks for a read ([`Applied::reread`]).

use super::{
    At, Attribute, Attributes, AttributesEvent, Change, Conversation, ConversationChange, ConversationId, Delta,
    FlowFact, FlowRun, FlowSource, Freshness, History, HistoryEntry, HistoryLimits, Interner, Media, Moment, Names,
    Participant, ParticipantChange, ParticipantId, ParticipantSnapshot, Snapshot, Source, Update, Value,
    findings::EditFact, flow_run::flow_in_address,
};
use compact_str::CompactString;
use indexmap::{IndexMap, map::MutableKeys};
use jiff::Timestamp;
use rustc_hash::FxBuildHasher;
use std::{collections::VecDeque, time::Duration};

/// An attributes event that changes a value younger than this is settled by a read: the two topics are not ordered
/// against each other, so either may be the newer one.
const SETTLE: Duration = Duration::from_secs(10);

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

/// A conversation with what the board keeps beside it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The conversation as it is known now.
    pub conversation: Conversation,
    /// What happened to its attributes.
    pub history: History,
    /// States that were replaced by newer ones before they were looked at: what came and went in them is not in the
    /// history.
    pub skipped: u64,
    /// Counts the stream updates; see [`Update::Read`].
    revision: u64,
    /// The revision of the last one that tells who is connected and where; the attributes event tells keys alone.
    states: u64,
    /// Ids of the participants that the last whole event carried. One that lacks some of them is late.
    last_seen: Vec<ParticipantId>,
    /// The last whole event was late, so one that repeats it is late too.
    late: bool,
    /// What is known differs from what the last whole event told: a read or an attributes event came since, or that
    /// event was late. One that says "as before" then says nothing that could be relied on.
    diverged: bool,
    /// Counts the conversations of the board in order of first sight.
    seq: u64,
    /// Noted in [`Board::touched`] already.
    touched: bool,
    /// It ended because the platform no longer had it.
    gone: bool,
    /// Since when it is not observed: the connection was lost, messages are missing, or only a part of it was ever told.
    unobserved: Option<At>,
}

/// Every watched conversation.
#[derive(Clone, Debug, Default)]
pub struct Board {
    entries: IndexMap<ConversationId, Entry, FxBuildHasher>,
    interner: Interner,
    limits: HistoryLimits,
    /// Names of queues and users.
    pub names: Names,
    late: u64,
    evicted: u64,
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
    pub fn get(&self, id: &str) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// All conversations in order of first sight.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
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
            if let Some(entry) = self.entries.get_mut(id) {
                entry.touched = false;
            }
        }
        Some(touched)
    }

    /// To be noted when a read is asked for, and handed back in [`Update::Read`]; 0 for a conversation not yet known.
    pub fn revision(&self, id: &str) -> u64 {
        self.entries.get(id).map_or(0, |e| e.revision)
    }

    /// Events that were not applied because they were provably older than what is known.
    pub fn late_events(&self) -> u64 {
        self.late
    }

    /// History entries let go, of all conversations that were ever here.
    pub fn evicted_history(&self) -> u64 {
        self.evicted + self.entries.values().map(|e| e.history.evicted()).sum::<u64>()
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
    pub fn retire(&mut self, mut gone: impl FnMut(&Entry) -> bool) -> Vec<ConversationId> {
        let mut ids = Vec::new();
        let (evicted, ended) = (&mut self.evicted, &mut self.ended);
        self.entries.retain(|id, entry| {
            let go = gone(entry);
            if go {
                *ended -= usize::from(entry.conversation.is_over());
                *evicted += entry.history.evicted() + entry.history.len() as u64;
                ids.push(id.clone());
            }
            !go
        });
        if let Some(touched) = &mut self.touched {
            touched.extend(ids.iter().cloned());
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
            Update::Read { snapshot, asked, .. } => self.read(at, snapshot, asked, claims),
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
                entry.last_seen = participant_ids(&snapshot);
            }
            entry.late = late;
            if !snapshot.partial && std::mem::replace(&mut entry.diverged, late) {
                let as_before = snapshot.participants.iter().any(|p| p.attributes.is_none());
                applied.reread = as_before.then(|| entry.conversation.id.clone());
            }
            if late {
                self.late += 1;
                applied.reread = Some(entry.conversation.id.clone());
                return applied;
            }
        }
        let whole = !snapshot.partial;
        let first = !self.entries.contains_key(snapshot.id.as_str());
        self.merge(at, snapshot, Source::Stream, whole, claims, &mut applied);
        // A leg alone does not tell the other participants.
        if first && !whole {
            applied.reread = self.entries.last().map(|(id, _)| id.clone());
        }
        applied
    }

    fn delta(&mut self, at: At, delta: Delta, claims: &dyn Claims) -> Applied {
        let mut applied = Applied::default();
        let limits = self.limits.among(self.entries.len());
        let Some(entry) = self.entries.get_mut(&delta.conversation) else {
            applied.reread = Some(delta.conversation);
            return applied;
        };
        entry.revision += 1;
        entry.states = entry.revision;
        if std::mem::take(&mut entry.diverged) {
            applied.reread = Some(delta.conversation.clone());
        }
        if entry.late {
            self.late += 1;
            applied.reread = Some(delta.conversation);
            return applied;
        }
        entry.conversation.last_seen = at;
        entry.conversation.freshness = Freshness::Live;
        applied.unobserved = entry.unobserved.take();
        let Some(told) = delta.value else { return applied };
        let (participant, place) = told.place;
        let Some(participant) =
            find_near(&mut entry.conversation.participants, participant, |p| p.id == told.participant)
        else {
            applied.reread = Some(delta.conversation);
            return applied;
        };
        let known = &mut participant.attributes.0;
        let here = match find_near(known, place, |a| a.key.as_str() == told.key) {
            Some(attribute) if attribute.value == told.value => return applied,
            here => here,
        };
        let mut sink = Sink {
            at,
            source: Source::Stream,
            event_time: None,
            first_sight: false,
            conversation: &entry.conversation.id,
            participant: &participant.id,
            claims,
            history: &mut entry.history,
            limits,
            changes: &mut applied.changes,
        };
        match here {
            Some(attribute) => sink.changed(attribute, told.value),
            // A read took the key away that the stream goes on about: what the stream tells is there.
            None => {
                let key = self.interner.key(&told.key);
                let attribute = Attribute { key, value: told.value, changed: Moment::of(at.wall) };
                sink.appeared(&attribute);
                known.push(attribute);
                applied.reread = Some(delta.conversation);
            }
        }
        if let Some(touched) = &mut self.touched {
            entry.touch(touched);
        }
        applied
    }

    fn read(&mut self, at: At, snapshot: Snapshot, asked: u64, claims: &dyn Claims) -> Applied {
        let id = snapshot.id.clone();
        let applied = self.read_over(at, snapshot, asked, claims);
        if let Some(entry) = self.entries.get_mut(id.as_str()) {
            entry.diverged |= applied.changes.iter().any(|c| matches!(c, Change::Attribute { .. }));
        }
        applied
    }

    fn read_over(&mut self, at: At, snapshot: Snapshot, asked: u64, claims: &dyn Claims) -> Applied {
        let mut applied = Applied::default();
        let Some(entry) = self.entries.get(snapshot.id.as_str()) else {
            self.merge(at, snapshot, Source::Read, true, claims, &mut applied);
            return applied;
        };
        if entry.revision == asked {
            self.merge(at, snapshot, Source::Read, true, claims, &mut applied);
        } else if entry.agrees_with(&snapshot) {
            // Events overtook the answer and the keys are the same. Where they told states too, theirs are the newer.
            let told = if entry.states > asked { entry.reads_alone(snapshot) } else { snapshot };
            let id = told.id.clone();
            self.merge(at, told, Source::Read, false, claims, &mut applied);
            if let Some(entry) = self.entries.get_mut(id.as_str()) {
                entry.conversation.freshness = Freshness::Live;
                entry.unobserved = None;
            }
        } else {
            applied.reread = Some(entry.conversation.id.clone());
        }
        applied
    }

    fn event(&mut self, at: At, event: AttributesEvent, claims: &dyn Claims) -> Applied {
        let mut applied = Applied::default();
        let limits = self.limits.among(self.entries.len());
        let Some(entry) = self.entries.get_mut(&event.conversation) else {
            applied.reread = Some(event.conversation);
            return applied;
        };
        entry.revision += 1;
        if entry.gone {
            applied.reread = Some(event.conversation.clone());
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
            if let Some(attribute) = participant.attributes.0.iter_mut().find(|a| a.key.as_str() == key) {
                if attribute.value != value {
                    contested |= younger_than(attribute.changed.timestamp(), at.wall, SETTLE);
                    sink.changed(attribute, value);
                }
            } else {
                let attribute = Attribute { key: self.interner.key(&key), value, changed: Moment::of(at.wall) };
                sink.appeared(&attribute);
                participant.attributes.0.push(attribute);
            }
        }
        entry.conversation.last_seen = at;
        applied.unobserved = entry.unobserved;
        entry.diverged |= !applied.changes.is_empty();
        if contested {
            applied.reread = Some(event.conversation);
        }
        applied
    }

    /// The platform no longer has the call: it is over. Whatever is told of it later brings it back.
    fn gone(&mut self, at: At, id: &ConversationId) -> Applied {
        let mut applied = Applied::default();
        let Some(entry) = self.entries.get_mut(id) else { return applied };
        entry.gone = true;
        entry.unobserved = None;
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
        let Some(entry) = self.entries.get_mut(&id) else { return applied };
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
        let Some(entry) = self.entries.get_mut(&fact.conversation) else {
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
        let known = self.entries.contains_key(snapshot.id.as_str());
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
                Entry {
                    conversation,
                    history: History::default(),
                    skipped: 0,
                    revision,
                    states: revision,
                    last_seen,
                    late: false,
                    diverged: false,
                    seq: self.seen,
                    touched: false,
                    gone: false,
                    unobserved: snapshot.partial.then_some(at),
                },
            );
        }
        let Some((_, id, entry)) = self.entries.get_full_mut2(&snapshot.id) else { return };
        let was_gone = std::mem::take(&mut entry.gone);
        let conversation = &mut entry.conversation;
        applied.unobserved = entry.unobserved.filter(|_| known);
        if source == Source::Stream {
            // Of two equal ids the decoder's, which the next events come with. A million ids are kept once, too.
            id.share(&snapshot.id);
            conversation.id.share(&snapshot.id);
        }
        let before = Facts::of(conversation);
        conversation.last_seen = at;
        set(&mut conversation.started, snapshot.started);
        set(&mut conversation.address, snapshot.address);
        let complete = !snapshot.partial;
        let mut flows: Vec<FlowRun> = Vec::new();
        for told in snapshot.participants {
            let position = conversation.participants.iter().position(|p| p.id == told.id);
            let first_sight = position.is_none();
            let position = position.unwrap_or_else(|| {
                conversation.participants.push(joined(&told, at.wall));
                conversation.participants.len() - 1
            });
            let participant = &mut conversation.participants[position];
            if source == Source::Stream {
                participant.id.share(&told.id);
            }
            let update = update_facts(participant, &told, &mut self.interner);
            if let (Some(id), Some(name)) = (&told.queue_id, &told.queue_name)
                && self.names.queue(id).is_none()
            {
                self.names.learn_queue(id.clone(), name);
            }
            if (first_sight || update.is_some())
                && let Some(run) = addressed_flow(participant, &self.names)
            {
                flows.push(run);
            }
            if first_sight {
                participant_change(changes, &conversation.id, &participant.id, ParticipantChange::Joined);
            } else if let Some(change) = update {
                participant_change(changes, &conversation.id, &participant.id, change);
            }
            if let Some(attributes) = told.attributes {
                let mut sink = Sink {
                    at,
                    source,
                    event_time: None,
                    first_sight,
                    conversation: &conversation.id,
                    participant: &participant.id,
                    claims,
                    history: &mut entry.history,
                    limits,
                    changes,
                };
                lay_over(&mut participant.attributes, attributes, whole, &mut self.interner, &mut sink);
            }
            if first_sight && participant.ended.is_some() && known {
                participant_change(changes, &conversation.id, &participant.id, ParticipantChange::Left);
            }
        }
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
        conversation.media = main_media(conversation);
        if was_gone && snapshot.ended.is_none() {
            conversation.ended = all_ended(conversation, at.wall);
        }
        if complete || snapshot.ended.is_some() {
            // A read tells the end itself; from events it is concluded.
            conversation.ended = match (snapshot.ended, all_ended(conversation, at.wall)) {
                (Some(end), _) => Some(end),
                (None, Some(end)) => Some(conversation.ended.unwrap_or(end)),
                (None, None) => None,
            };
        }
        if complete && whole {
            conversation.freshness = Freshness::Live;
            entry.unobserved = None;
        }
        let after = Facts::of(conversation);
        let id = conversation.id.clone();
        if known && !before.same_but_end(&after) {
            changes.insert(0, Change::Conversation { id: id.clone(), change: ConversationChange::Updated });
        }
        self.ended = self.ended + usize::from(after.ended) - usize::from(before.ended);
        match (before.ended, after.ended) {
            (false, true) => changes.push(Change::Conversation { id, change: ConversationChange::Ended }),
            (true, false) => changes.insert(0, Change::Conversation { id, change: ConversationChange::Updated }),
            _ => {}
        }
    }
}

impl Entry {
    /// Counts conversations in order of first sight: what was seen earlier has the smaller one.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    fn touch(&mut self, touched: &mut Vec<ConversationId>) {
        if !std::mem::replace(&mut self.touched, true) {
            touched.push(self.conversation.id.clone());
        }
    }

    /// An event is provably late when it lacks a participant that an earlier one had, or revives one that has ended.
    fn is_late(&self, snapshot: &Snapshot) -> bool {
        let lacks = self.last_seen.iter().any(|id| !snapshot.participants.iter().any(|p| p.id == *id));
        lacks
            || snapshot.participants.iter().any(|told| {
                let over = |p: &Participant| p.ended.is_some() && told.ended.is_none();
                self.conversation.participant(told.id.as_str()).is_some_and(over)
                    && !told.state.as_ref().is_some_and(super::State::is_over)
            })
    }

    /// What only reads tell of this snapshot: when the conversation began and ended, and what was dialled.
    fn reads_alone(&self, snapshot: Snapshot) -> Snapshot {
        let participants = snapshot.participants.into_iter().map(|told| ParticipantSnapshot {
            id: told.id,
            dnis: told.dnis,
            ..ParticipantSnapshot::default()
        });
        Snapshot {
            id: snapshot.id,
            started: snapshot.started,
            ended: snapshot.ended,
            address: snapshot.address.filter(|_| self.conversation.address.is_none()),
            participants: participants.collect(),
            partial: true,
        }
    }

    /// The snapshot carries the same attributes as what is known, for the participants it has.
    fn agrees_with(&self, snapshot: &Snapshot) -> bool {
        snapshot.participants.iter().all(|told| {
            let (Some(known), Some(attributes)) = (self.conversation.participant(told.id.as_str()), &told.attributes)
            else {
                return false;
            };
            known.attributes.len() == attributes.len()
                && attributes.iter().all(|(key, value)| known.attributes.get(key).is_some_and(|a| a.value == *value))
        })
    }
}

/// What a `ConversationChange::Updated` is about.
struct Facts {
    media: Media,
    address: Option<CompactString>,
    queue: Option<super::QueueId>,
    from: Option<CompactString>,
    flow: Option<FlowRun>,
    ended: bool,
}

impl Facts {
    fn of(conversation: &Conversation) -> Self {
        Self {
            media: conversation.media,
            address: conversation.address.clone(),
            queue: conversation.queue().cloned(),
            from: conversation.from().map(CompactString::new),
            flow: conversation.flow().cloned(),
            ended: conversation.ended.is_some(),
        }
    }

    fn same_but_end(&self, other: &Self) -> bool {
        self.media == other.media
            && self.address == other.address
            && self.queue == other.queue
            && self.from == other.from
            && self.flow == other.flow
    }
}

/// Writes attribute changes into the history and the list of changes.
struct Sink<'a> {
    at: At,
    source: Source,
    event_time: Option<Timestamp>,
    first_sight: bool,
    conversation: &'a ConversationId,
    participant: &'a ParticipantId,
    claims: &'a dyn Claims,
    history: &'a mut History,
    limits: HistoryLimits,
    changes: &'a mut Vec<Change>,
}

impl Sink<'_> {
    fn changed(&mut self, attribute: &mut Attribute, new: Value) {
        let old = std::mem::replace(&mut attribute.value, new);
        attribute.changed = Moment::of(self.at.wall);
        self.record(&attribute.key, Some(old), Some(attribute.value.clone()));
    }

    fn appeared(&mut self, attribute: &Attribute) {
        self.record(&attribute.key, None, Some(attribute.value.clone()));
    }

    fn vanished(&mut self, attribute: Attribute) {
        self.record(&attribute.key, Some(attribute.value), None);
    }

    fn record(&mut self, key: &super::Key, old: Option<Value>, new: Option<Value>) {
        let ours = self.claims.is_ours(self.conversation, self.participant, key.as_str(), new.as_ref());
        let source = if ours { Source::You } else { self.source };
        // What was there when we came is in `Attribute::changed`; keeping it here too would double the memory.
        if !self.first_sight && self.limits.entries == 0 {
            self.history.pass();
        } else if !self.first_sight {
            let entry = HistoryEntry {
                at: self.at,
                participant: self.participant.clone(),
                key: key.clone(),
                old: old.clone(),
                new: new.clone(),
                source,
                event_time: self.event_time.map(Moment::of),
            };
            self.history.push(entry, self.limits);
        }
        self.changes.push(Change::Attribute {
            conversation: self.conversation.clone(),
            participant: self.participant.clone(),
            key: key.clone(),
            old,
            new,
            source,
            event_time: self.event_time,
            first_sight: self.first_sight,
        });
    }
}

fn lay_over(
    known: &mut Attributes,
    told: Vec<(CompactString, Value)>,
    whole: bool,
    interner: &mut Interner,
    sink: &mut Sink<'_>,
) {
    if whole && known.0.iter().any(|a| !told.iter().any(|(key, _)| a.key.as_str() == key)) {
        let (keep, gone) = std::mem::take(&mut known.0)
            .into_iter()
            .partition(|a: &Attribute| told.iter().any(|(key, _)| a.key.as_str() == key));
        known.0 = keep;
        for attribute in Vec::<Attribute>::into_iter(gone) {
            sink.vanished(attribute);
        }
    }
    if known.0.is_empty() {
        known.0.reserve_exact(told.len());
    }
    for (i, (key, value)) in told.into_iter().enumerate() {
        // The wire keeps its order, so the key is nearly always where it was last time.
        let here = match known.0.get(i) {
            Some(a) if a.key.as_str() == key => Some(i),
            _ => known.0.iter().position(|a| a.key.as_str() == key),
        };
        match here {
            Some(i) if known.0[i].value == value => {}
            Some(i) => sink.changed(&mut known.0[i], value),
            None => {
                let attribute = Attribute { key: interner.key(&key), value, changed: Moment::of(sink.at.wall) };
                sink.appeared(&attribute);
                known.0.push(attribute);
            }
        }
    }
}

/// The one that this holds for; the one at `place` is asked first, and then the others need not be fetched from memory.
fn find_near<T>(list: &mut [T], place: usize, is: impl Fn(&T) -> bool) -> Option<&mut T> {
    let place = if list.get(place).is_some_and(&is) { place } else { list.iter().position(is)? };
    list.get_mut(place)
}

fn participant_ids(snapshot: &Snapshot) -> Vec<ParticipantId> {
    snapshot.participants.iter().map(|p| p.id.clone()).collect()
}

fn joined(told: &ParticipantSnapshot, now: Timestamp) -> Participant {
    Participant {
        id: told.id.clone(),
        purpose: told.purpose.clone(),
        name: None,
        address: None,
        dnis: None,
        user_id: None,
        queue_id: None,
        connected: None,
        ended: None,
        state: super::State::default(),
        held: false,
        media: Media::Unknown,
        attributes: Attributes::default(),
        first_seen: now,
    }
}

/// The flow whose id stands in the address of this participant, if it is known.
fn addressed_flow(participant: &Participant, names: &Names) -> Option<FlowRun> {
    let id = participant.address.as_deref().filter(|_| participant.purpose.is_ivr()).and_then(flow_in_address)?;
    let (id, name) = names.flow_by_id(id)?;
    Some(FlowRun {
        id: id.clone(),
        name: Some(name.into()),
        version: None,
        source: FlowSource::Address,
        participant: Some(participant.id.clone()),
    })
}

/// Overwrites what was told; what kind of change that was, if any.
fn update_facts(
    participant: &mut Participant,
    told: &ParticipantSnapshot,
    interner: &mut Interner,
) -> Option<ParticipantChange> {
    let was_over = participant.ended.is_some();
    let mut changed = set(&mut participant.name, told.name.clone());
    changed |= set(&mut participant.address, told.address.clone());
    changed |= set(&mut participant.dnis, told.dnis.clone());
    changed |= set(&mut participant.user_id, told.user_id.as_ref().map(|id| interner.user(id)));
    changed |= set(&mut participant.queue_id, told.queue_id.as_ref().map(|id| interner.queue(id)));
    changed |= set(&mut participant.connected, told.connected);
    changed |= set(&mut participant.ended, told.ended);
    if let Some(state) = &told.state {
        changed |= participant.state != *state;
        participant.state = state.clone();
    }
    if let Some(held) = told.held {
        changed |= participant.held != held;
        participant.held = held;
    }
    if told.media != Media::Unknown {
        participant.media = told.media;
    }
    if !told.purpose.as_str().is_empty() && participant.purpose != told.purpose {
        participant.purpose = told.purpose.clone();
        changed = true;
    }
    match changed {
        true if !was_over && participant.ended.is_some() => Some(ParticipantChange::Left),
        true => Some(ParticipantChange::Updated),
        false => None,
    }
}

fn set<T: PartialEq>(known: &mut Option<T>, told: Option<T>) -> bool {
    if told.is_none() || *known == told {
        return false;
    }
    *known = told;
    true
}

fn participant_change(
    changes: &mut Vec<Change>,
    conversation: &ConversationId,
    id: &ParticipantId,
    change: ParticipantChange,
) {
    changes.push(Change::Participant { conversation: conversation.clone(), id: id.clone(), change });
}

/// The customer's medium, else the first that is known.
fn main_media(conversation: &Conversation) -> Media {
    let known = |p: &&Participant| p.media != Media::Unknown;
    conversation
        .customer()
        .filter(known)
        .or_else(|| conversation.participants.iter().find(known))
        .map_or(conversation.media, |p| p.media)
}

/// An event tells no end: the conversation is over when every participant is (api-facts 2.5).
fn all_ended(conversation: &Conversation, now: Timestamp) -> Option<Timestamp> {
    let over = !conversation.participants.is_empty() && conversation.participants.iter().all(|p| !p.is_connected());
    over.then(|| conversation.participants.iter().filter_map(|p| p.ended).max().unwrap_or(now))
}

fn younger_than(then: Timestamp, now: Timestamp, age: Duration) -> bool {
    now.duration_since(then).unsigned_abs() < age
}

#[cfg(test)]
mod tests;
