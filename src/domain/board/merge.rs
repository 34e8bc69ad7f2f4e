//! Merges what is told of participants into what is known of them.

use super::{
    Claims,
    attributes::{Sink, lay_over, take_away},
};
use crate::domain::{
    At, AttributeDelta, Attributes, Change, Conversation, ConversationId, FlowRun, FlowSource, History, HistoryLimits,
    Interner, Media, Names, Participant, ParticipantChange, ParticipantDelta, ParticipantId, ParticipantSnapshot,
    Source, State, flow_run::flow_in_address,
};
use jiff::Timestamp;

/// Merges what is told into what is known.
pub(super) struct Merge<'a> {
    pub at: At,
    pub source: Source,
    /// Keys that are not told are gone.
    pub whole: bool,
    /// The conversation was known before.
    pub known: bool,
    pub claims: &'a dyn Claims,
    pub limits: HistoryLimits,
    pub interner: &'a mut Interner,
    pub names: &'a mut Names,
    pub history: &'a mut History,
    pub changes: &'a mut Vec<Change>,
    /// Flows that the participants tell of.
    pub flows: Vec<FlowRun>,
}

impl Merge<'_> {
    /// A participant as a message tells it.
    pub fn participant(&mut self, conversation: &mut Conversation, told: ParticipantSnapshot) {
        let position = conversation.participants.iter().position(|p| p.id == told.id);
        let first_sight = position.is_none();
        let position = position.unwrap_or_else(|| {
            // One joins at a time, and most calls are never told of more.
            conversation.participants.reserve_exact(1);
            conversation.participants.push(joined(&told, self.at.wall));
            conversation.participants.len() - 1
        });
        let Conversation { id, participants, .. } = conversation;
        let participant = &mut participants[position];
        let update = update_facts(participant, &told, self.interner);
        self.learn(participant, &told, first_sight || update.is_some());
        if first_sight {
            participant_change(self.changes, id, &participant.id, ParticipantChange::Joined);
        } else if let Some(change) = update {
            participant_change(self.changes, id, &participant.id, change);
        }
        if let Some(attributes) = told.attributes {
            let whole = self.whole;
            let (mut sink, interner) = self.sink(first_sight, id, &participant.id);
            lay_over(&mut participant.attributes, attributes, whole, interner, &mut sink);
        }
        if first_sight && participant.ended.is_some() && self.known {
            participant_change(self.changes, id, &participant.id, ParticipantChange::Left);
        }
    }

    /// What is new about a known participant.
    pub fn delta(&mut self, conversation: &mut Conversation, told: ParticipantDelta) {
        let Conversation { id, participants, .. } = conversation;
        let Some(participant) = participants.get_mut(told.place) else { return };
        if let Some(facts) = &told.facts {
            let update = update_facts(participant, facts, self.interner);
            self.learn(participant, facts, update.is_some());
            if let Some(change) = update {
                participant_change(self.changes, id, &participant.id, change);
            }
        }
        let attributes = &mut participant.attributes;
        let (mut sink, interner) = self.sink(false, id, &participant.id);
        let gone = &told.gone;
        take_away(attributes, gone, &mut sink);
        for news in told.attributes {
            match news {
                AttributeDelta::Value { place, value } => {
                    let place = place - gone.iter().take_while(|gone| **gone < place).count();
                    sink.changed(attributes, place, value);
                }
                AttributeDelta::New { key, value } => sink.added(attributes, &key, value, interner),
            }
        }
    }

    /// Learns the name of a queue, and from a participant who is new or different which flow it stands for.
    fn learn(&mut self, participant: &Participant, told: &ParticipantSnapshot, differs: bool) {
        if let (Some(id), Some(name)) = (&told.queue_id, &told.queue_name)
            && self.names.queue(id).is_none()
        {
            self.names.learn_queue(id.clone(), name);
        }
        if differs {
            self.flows.extend(addressed_flow(participant, self.names));
        }
    }

    /// Where changes of this participant's attributes go.
    fn sink<'s>(
        &'s mut self,
        first_sight: bool,
        conversation: &'s ConversationId,
        participant: &'s ParticipantId,
    ) -> (Sink<'s>, &'s mut Interner) {
        let Self { at, source, claims, limits, interner, history, changes, .. } = self;
        let sink = Sink {
            at: *at,
            source: *source,
            event_time: None,
            first_sight,
            conversation,
            participant,
            claims: *claims,
            history,
            limits: *limits,
            changes,
        };
        (sink, &mut **interner)
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
        state: State::default(),
        held: false,
        media: Media::Unknown,
        attributes: Attributes::default(),
        first_seen: now,
    }
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

/// Overwrites what is known with what was told; whether that is news.
pub(super) fn set<T: PartialEq>(known: &mut Option<T>, told: Option<T>) -> bool {
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
