//! One conversation of the board, with what is kept beside it.

use crate::domain::{
    At, Change, Conversation, ConversationId, History, Key, Names, Participant, ParticipantId, ParticipantSnapshot,
    Snapshot, State, Value, suspect::Disagreement,
};
use std::time::Duration;

/// A value that a read showed which was not believed. It may be newer all the same: where nothing else ever showed it, or where several
/// reads did.
#[derive(Debug, Clone)]
pub struct DisbelievedValue {
    /// Whose it is.
    pub participant: ParticipantId,
    /// The key that held it.
    pub key: Key,
    /// What it held.
    pub value: Value,
    /// When the last read that showed it was asked for.
    pub asked: Duration,
    /// More than one did.
    pub again: bool,
}

/// A conversation with what the board keeps beside it.
#[derive(Debug, Clone)]
pub struct BoardEntry {
    /// The conversation as it is known now.
    pub conversation: Conversation,
    /// What happened to its attributes.
    pub history: History,
    /// States that were replaced by newer ones before they were looked at: what came and went in them is not in the
    /// history.
    pub skipped: u64,
    /// Counts the stream updates; see [`Update::Read`].
    pub(super) revision: u64,
    /// The revision of the last one that tells who is connected and where; the attributes event tells keys alone.
    pub(super) states: u64,
    /// Ids of the participants that the last whole event carried; `None` where they are those of the conversation, in their order. One
    /// that lacks some of them is late.
    pub(super) last_seen: Option<Vec<ParticipantId>>,
    /// Counts what was laid over the conversation; see [`KnownState::base`].
    pub(super) base: u64,
    /// See [`KnownState::event`].
    pub(super) event: u64,
    /// Counts the conversations of the board in order of first sight.
    pub(super) seq: u64,
    /// Noted in [`Board::touched`] already.
    pub(super) touched: bool,
    /// It ended because the platform no longer had it.
    pub(super) gone: bool,
    /// When the stream last told all of it.
    pub(super) told: Option<Duration>,
    /// When an event last told that somebody came, left or changed state.
    pub(super) told_states: Option<Duration>,
    /// Reads show something else than what was seen before.
    pub(super) disagreement: Option<Box<Disagreement>>,
    /// See [`Self::disbelieved`].
    pub(super) disbelieved: Vec<DisbelievedValue>,
    /// Since when it is not observed: the connection was lost, messages are missing, or only a part of it was ever told.
    pub(super) unobserved: Option<At>,
    /// See [`Self::gaps`].
    pub(super) gaps: Vec<Gap>,
}

/// A time in which a conversation was known and not observed: of what changed in it only the outcome is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// When it began.
    pub from: At,
    /// When all of the conversation was told again.
    pub to: At,
}

/// Two gaps with less than this between them are one.
const ONE_GAP: Duration = Duration::from_secs(1);

/// How many gaps of a conversation are kept.
const MOST_GAPS: usize = 16;

/// What a board knows of a conversation, for whoever tells the difference (`Delta`).
#[derive(Clone, Copy, Debug)]
pub struct KnownState<'a> {
    /// The conversation.
    pub conversation: &'a Conversation,
    /// Names this state of it.
    pub base: u64,
    /// The event that it is as told by, participants and attributes in the order of the event; 0 when there is none, for anything
    /// else was laid over it since.
    pub event: u64,
    /// Names of queues and users.
    pub names: &'a Names,
}

impl BoardEntry {
    /// Counts conversations in order of first sight: what was seen earlier has the smaller one.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When the stream last told all of it: what is known of attributes was there then, or came since.
    pub fn told_at(&self) -> Option<Duration> {
        self.told
    }

    /// What reads showed that were not believed: it may be newer than what is known.
    pub fn disbelieved(&self) -> &[DisbelievedValue] {
        &self.disbelieved
    }

    /// The last times in which it was not observed, oldest first, and at most sixteen.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Since when it is not observed, if it is not.
    pub fn unobserved(&self) -> Option<At> {
        self.unobserved
    }

    /// All of it is told again. Since when it had not been observed.
    pub(super) fn observed(&mut self, to: At) -> Option<At> {
        let from = self.unobserved.take()?;
        // What was told in part at first sight had not been observed before either.
        if from.mono > self.conversation.first_seen.mono {
            match self.gaps.last_mut() {
                // One message in between ended nothing: the link was not yet steady.
                Some(last) if from.mono < last.to.mono + ONE_GAP => last.to = to,
                _ => self.gaps.push(Gap { from, to }),
            }
            if self.gaps.len() > MOST_GAPS {
                self.gaps.remove(0);
            }
        }
        Some(from)
    }

    pub(super) fn touch(&mut self, touched: &mut Vec<ConversationId>) {
        if !std::mem::replace(&mut self.touched, true) {
            touched.push(self.conversation.id.clone());
        }
    }

    /// An event brought these changes.
    pub(super) fn heard(&mut self, changes: &[Change], at: At) {
        self.told = Some(at.mono);
        if changes.iter().any(|change| !matches!(change, Change::Attribute { .. })) {
            self.told_states = Some(at.mono);
        }
    }

    /// Something was laid over the conversation that is no difference from it.
    pub(super) fn relaid(&mut self) {
        self.base += 1;
        self.event = 0;
    }

    /// Takes in that an event told all participants who are known, and these. Whether it is late: an earlier one, which
    /// was late itself, had somebody whom this one lacks.
    pub(super) fn told(&mut self, joined: &[ParticipantSnapshot]) -> bool {
        if self.last_seen.is_none() {
            return false;
        }
        let ids = || self.conversation.participants.iter().map(|p| &p.id).chain(joined.iter().map(|p| &p.id));
        let lacks = self.lacks(|id| ids().any(|told| told == id));
        self.last_seen = lacks.then(|| ids().cloned().collect());
        lacks
    }

    /// The last whole event had somebody for whom `is_told` does not hold.
    fn lacks(&self, is_told: impl Fn(&ParticipantId) -> bool) -> bool {
        match &self.last_seen {
            Some(seen) => seen.iter().any(|id| !is_told(id)),
            None => self.conversation.participants.iter().any(|p| !is_told(&p.id)),
        }
    }

    /// Whoever joins is not among those whom the last whole event carried.
    pub(super) fn keep_last_seen(&mut self) {
        let ids = || self.conversation.participants.iter().map(|p| p.id.clone()).collect();
        self.last_seen.get_or_insert_with(ids);
    }

    /// Keeps nothing if the last whole event carried all who are known.
    pub(super) fn drop_last_seen(&mut self) {
        let ids = || self.conversation.participants.iter().map(|p| &p.id);
        self.last_seen.take_if(|seen| seen.iter().eq(ids()));
    }

    /// An event is provably late when it lacks a participant that an earlier one had, or revives one that has ended.
    pub(super) fn is_late(&self, snapshot: &Snapshot) -> bool {
        self.lacks(|id| snapshot.participants.iter().any(|p| p.id == *id))
            || snapshot.participants.iter().any(|told| {
                let over = |p: &Participant| p.ended.is_some() && told.ended.is_none();
                self.conversation.participant(told.id.as_str()).is_some_and(over)
                    && !told.state.as_ref().is_some_and(State::is_over)
            })
    }

    /// What only reads tell of this snapshot: when the conversation began and ended, and what was dialled.
    pub(super) fn reads_alone(&self, snapshot: Snapshot) -> Snapshot {
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
            event: 0,
        }
    }

    /// The snapshot carries the same attributes as what is known, for the participants it has.
    pub(super) fn agrees_with(&self, snapshot: &Snapshot) -> bool {
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
