//! What an update tells, with what the board knows filled in: an event that was read as a difference tells the rest, too.

use super::Board;
use crate::domain::{
    Conversation, ConversationId, Delta, Participant, ParticipantId, ParticipantSnapshot, Purpose, QueueId, Snapshot,
    Source, State, Update, UserId, Value,
    delta::{AttributeDelta, ParticipantDelta},
};
use compact_str::CompactString;

/// What an update tells of attributes, by what, and of whom.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldAttributes {
    /// By what it was observed.
    pub by: Source,
    /// Of each participant that it tells something of: its keys. Empty for a read, which tells what was so at some moment
    /// since it was asked for.
    pub participants: Vec<ToldParticipant>,
}

/// What an update tells of one participant's attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldParticipant {
    /// Whose.
    pub id: ParticipantId,
    /// A key that is not among these is not there.
    pub whole: bool,
    /// Keys and values.
    pub attributes: Vec<(CompactString, Value)>,
}

impl Update {
    /// What it tells of attributes. An event tells them at the moment at which it is heard. `board` is the one that it is
    /// going to be applied to.
    pub fn told(&self, board: &Board) -> ToldAttributes {
        let one = |id: &ParticipantId, attributes| vec![ToldParticipant { id: id.clone(), whole: false, attributes }];
        let (_, by) = self.subject();
        let states = |snapshot: &Snapshot| {
            let told = snapshot.participants.iter().filter_map(|p| Some((p, p.attributes.clone()?)));
            let whole = !snapshot.partial;
            told.map(|(p, attributes)| ToldParticipant { id: p.id.clone(), whole, attributes }).collect()
        };
        let participants = match self {
            Self::Stream(snapshot) => states(snapshot),
            Self::Delta(delta) => delta.whole(board).as_ref().map(states).unwrap_or_default(),
            Self::Event(event) => one(&event.participant, event.attributes.clone()),
            Self::Read { .. } | Self::Gone(_) | Self::Left { .. } | Self::Flow(_) => Vec::new(),
        };
        ToldAttributes { by, participants }
    }
}

/// Where a call is, as an update tells it.
#[derive(Clone, Debug)]
pub struct ToldCall<'a> {
    /// The call.
    pub id: &'a ConversationId,
    /// Participants may be left out.
    pub partial: bool,
    /// Its end is told.
    pub ended: bool,
    /// Its participants.
    pub legs: Vec<ToldLeg<'a>>,
}

/// Where a participant is, as an update tells it.
#[derive(Clone, Copy, Debug)]
pub struct ToldLeg<'a> {
    /// The participant.
    pub id: &'a ParticipantId,
    /// Its role; empty where it is not told.
    pub purpose: &'a Purpose,
    /// The queue.
    pub queue: Option<&'a QueueId>,
    /// The agent.
    pub user: Option<&'a UserId>,
    /// Neither an end nor a leg that is over is told.
    pub is_connected: bool,
}

impl<'a> From<&'a ParticipantSnapshot> for ToldLeg<'a> {
    fn from(told: &'a ParticipantSnapshot) -> Self {
        Self {
            id: &told.id,
            purpose: &told.purpose,
            queue: told.queue_id.as_ref(),
            user: told.user_id.as_ref(),
            is_connected: told.ended.is_none() && !told.state.as_ref().is_some_and(State::is_over),
        }
    }
}

impl<'a> From<&'a Participant> for ToldLeg<'a> {
    fn from(known: &'a Participant) -> Self {
        Self {
            id: &known.id,
            purpose: &known.purpose,
            queue: known.queue_id.as_ref(),
            user: known.user_id.as_ref(),
            is_connected: known.is_connected(),
        }
    }
}

impl<'a> From<&'a Snapshot> for ToldCall<'a> {
    fn from(told: &'a Snapshot) -> Self {
        let legs = told.participants.iter().map(ToldLeg::from).collect();
        Self { id: &told.id, partial: told.partial, ended: told.ended.is_some(), legs }
    }
}

impl Delta {
    /// The event that it stands for, with what is known filled in; `None` on any board but the one that it was compared with,
    /// before it is applied to that.
    pub fn whole(&self, board: &Board) -> Option<Snapshot> {
        let Conversation { participants, .. } = self.known(board)?;
        let mut whole: Vec<ParticipantSnapshot> = Vec::with_capacity(participants.len() + self.joined.len());
        for (place, participant) in participants.iter().enumerate() {
            let has_map = place < 64 && self.maps & (1 << place) != 0;
            whole.push(told_again(participant, self.news(place), has_map));
        }
        whole.extend(self.joined.iter().cloned());
        Some(Snapshot { id: self.conversation.clone(), participants: whole, ..Snapshot::default() })
    }

    /// Where the call is by it, as [`Self::whole`] tells.
    pub fn told_call<'a>(&'a self, board: &'a Board) -> Option<ToldCall<'a>> {
        let known = self.known(board)?.participants.iter().enumerate().map(|(place, participant)| {
            let facts = self.news(place).and_then(|news| news.facts.as_deref());
            facts.map_or_else(|| participant.into(), ToldLeg::from)
        });
        let legs = known.chain(self.joined.iter().map(ToldLeg::from)).collect();
        Some(ToldCall { id: &self.conversation, partial: false, ended: false, legs })
    }

    fn known<'b>(&self, board: &'b Board) -> Option<&'b Conversation> {
        let known = board.known(self.conversation.as_str()).filter(|known| known.base == self.base)?;
        Some(known.conversation)
    }

    fn news(&self, place: usize) -> Option<&ParticipantDelta> {
        self.participants.iter().find(|told| told.place == place)
    }
}

fn told_again(known: &Participant, news: Option<&ParticipantDelta>, has_map: bool) -> ParticipantSnapshot {
    let facts = news.and_then(|news| news.facts.as_deref()).cloned().unwrap_or_else(|| ParticipantSnapshot {
        id: known.id.clone(),
        purpose: known.purpose.clone(),
        user_id: known.user_id.clone(),
        queue_id: known.queue_id.clone(),
        connected: known.connected,
        ended: known.ended,
        state: Some(known.state.clone()),
        held: Some(known.held),
        media: known.media,
        ..ParticipantSnapshot::default()
    });
    ParticipantSnapshot { attributes: has_map.then(|| map(known, news)), ..facts }
}

fn map(known: &Participant, news: Option<&ParticipantDelta>) -> Vec<(CompactString, Value)> {
    let mut map: Vec<(CompactString, Value)> =
        known.attributes.iter().map(|a| (CompactString::new(a.key.as_str()), a.value.to_value())).collect();
    let Some(news) = news else { return map };
    for told in &news.attributes {
        match told {
            AttributeDelta::Value { place, value } => {
                if let Some(slot) = map.get_mut(*place) {
                    slot.1 = value.clone();
                }
            }
            AttributeDelta::New { key, value } => map.push((key.clone(), value.clone())),
        }
    }
    for place in news.gone.iter().rev().filter(|place| **place < known.attributes.len()) {
        map.remove(*place);
    }
    map
}
