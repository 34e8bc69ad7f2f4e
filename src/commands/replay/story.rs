//! What happened on the calls of a recording, in the words of a scenario: joined, set, lost, left, ended.

use crate::domain::{At, Board, Change, Conversation, ConversationChange, ConversationId, Names, Participant};
use crate::domain::{ParticipantChange, ParticipantId};
use indexmap::IndexMap;
use std::time::Duration;

/// Between two things that had happened before the recorder saw the call.
const BEFORE: Duration = Duration::from_millis(500);
/// How long a call goes on that had not ended when recording did.
const OPEN: Duration = Duration::from_secs(60);

/// One thing that happened on a call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum StoryAct {
    /// It entered this flow.
    Flow(String),
    /// It waits in this queue.
    Queue(String),
    /// The agent handed it to this queue.
    Transfer(String),
    /// This agent is alerted.
    Alert(String),
    /// This agent answered.
    Answer(String),
    /// This agent was brought in.
    Consult(String),
    /// A second agent left.
    ConsultEnd,
    /// Put on hold, or taken back.
    Hold(bool),
    /// Values were set on a participant of this purpose.
    Set(String, Vec<(String, String)>),
    /// Keys vanished.
    Lose(String, Vec<String>),
    /// Participants of this purpose left.
    Leave(String),
    /// It is over.
    End,
}

/// The course of one call.
#[derive(Clone, Debug, Default)]
pub(super) struct CallStory {
    /// The medium, in the words of a scenario.
    pub media: &'static str,
    /// The address that was dialled.
    pub to: String,
    /// Who called: name and address.
    pub caller: (String, String),
    /// What happened, and when after its start.
    pub steps: Vec<(Duration, StoryAct)>,
    /// What a scenario cannot tell.
    pub left_out: Vec<String>,
    /// The moment of the first sight, and how much of the story came before it.
    pub(super) seen: (Duration, Duration),
    pub(super) held: bool,
    pub(super) ended: bool,
}

/// Follows a board and tells what happens on its calls.
#[derive(Debug, Default)]
pub(super) struct Stories {
    all: IndexMap<ConversationId, CallStory>,
}

impl Stories {
    /// Notes what an update changed.
    pub(super) fn note(&mut self, at: At, board: &Board, changes: &[Change]) {
        let Some(first) = changes.first() else { return };
        let id = match first {
            Change::Conversation { id, .. } => id,
            Change::Participant { conversation, .. } | Change::Attribute { conversation, .. } => conversation,
        };
        let Some(entry) = board.get(id.as_str()) else { return };
        let call = &entry.conversation;
        match self.all.get_mut(id) {
            Some(story) => story.go_on(at, call, &board.names, changes),
            None => {
                self.all.insert(id.clone(), CallStory::begin(at, call, &board.names));
            }
        }
    }

    /// The stories, each with an end.
    pub(super) fn told(mut self) -> IndexMap<ConversationId, CallStory> {
        for story in self.all.values_mut().filter(|s| !s.ended) {
            let last = story.steps.last().map_or(Duration::ZERO, |(at, _)| *at);
            story.steps.push((last + OPEN, StoryAct::End));
        }
        self.all
    }
}

impl CallStory {
    /// A call as it was seen first: what had happened before is told in quick order.
    fn begin(at: At, call: &Conversation, names: &Names) -> Self {
        let customer = call.caller().or(call.participants.first());
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let mut story = Self {
            media: media(call),
            to: bare(&text(call.address.as_deref())).to_owned(),
            caller: (text(customer.and_then(|c| c.name.as_deref())), text(call.from())),
            ..Self::default()
        };
        let mut now = Duration::ZERO;
        for participant in &call.participants {
            if !participant.purpose.is_customer() {
                now += BEFORE;
                story.joined(now, participant, call, names);
            }
            let values = participant.attributes.iter().map(|a| (a.key.to_string(), a.value.as_str().to_owned()));
            story.set(now, participant.purpose.as_str(), values.collect());
        }
        story.seen = (at.mono, now);
        if call.is_over() {
            story.end(now + BEFORE);
        }
        story
    }

    fn go_on(&mut self, at: At, call: &Conversation, names: &Names, changes: &[Change]) {
        let (seen, before) = self.seen;
        let now = before + at.since(seen);
        let purpose = |id: &ParticipantId| call.participant(id.as_str()).map_or("customer", |p| p.purpose.as_str());
        for change in changes {
            match change {
                Change::Participant { id, change, .. } => {
                    let Some(participant) = call.participant(id.as_str()) else { continue };
                    match change {
                        ParticipantChange::Joined => self.joined(now, participant, call, names),
                        ParticipantChange::Updated => self.updated(now, participant),
                        ParticipantChange::Left => self.left(now, participant, call),
                    }
                }
                Change::Attribute { participant, key, new: Some(new), .. } => {
                    self.set(now, purpose(participant), vec![(key.to_string(), new.as_str().to_owned())]);
                }
                Change::Attribute { participant, key, new: None, .. } => {
                    self.step(now, StoryAct::Lose(purpose(participant).to_owned(), vec![key.to_string()]));
                }
                Change::Conversation { change: ConversationChange::Ended, .. } => self.end(now),
                Change::Conversation { .. } => {}
            }
        }
    }

    fn step(&mut self, at: Duration, act: StoryAct) {
        if !self.ended {
            self.steps.push((at, act));
        }
    }

    fn end(&mut self, at: Duration) {
        self.step(at, StoryAct::End);
        self.ended = true;
    }

    fn set(&mut self, at: Duration, on: &str, values: Vec<(String, String)>) {
        if values.is_empty() || self.ended {
            return;
        }
        if let Some((last, StoryAct::Set(purpose, all))) = self.steps.last_mut()
            && *last == at
            && purpose == on
        {
            all.extend(values);
            return;
        }
        self.steps.push((at, StoryAct::Set(on.to_owned(), values)));
    }

    fn joined(&mut self, at: Duration, participant: &Participant, call: &Conversation, names: &Names) {
        let name = participant.name.as_deref().unwrap_or_default();
        let queue = || {
            let id = participant.queue_id.as_ref().or(call.queue());
            let known = id.and_then(|id| names.queue(id)).map(ToOwned::to_owned);
            known.or_else(|| (participant.purpose.as_str() == "acd" && !name.is_empty()).then(|| name.to_owned()))
        };
        let others = call.participants.iter().filter(|p| p.id != participant.id && p.is_connected());
        let agents = others.filter(|p| is_agent(p)).count();
        match participant.purpose.as_str() {
            "customer" => {}
            "ivr" | "workflow" | "botflow" => self.step(at, StoryAct::Flow(name.to_owned())),
            "acd" => {
                let queue = queue().unwrap_or_else(|| "Queue".into());
                self.step(at, if agents > 0 { StoryAct::Transfer(queue) } else { StoryAct::Queue(queue) });
            }
            _ if is_agent(participant) => {
                let in_queue =
                    |(_, act): &(Duration, StoryAct)| matches!(act, StoryAct::Queue(_) | StoryAct::Transfer(_));
                if !self.steps.iter().any(in_queue) {
                    // An agent takes calls from a queue.
                    self.step(at, StoryAct::Queue(queue().unwrap_or_else(|| "Queue".into())));
                }
                let alerting = matches!(participant.state.as_str(), "alerting" | "contacting" | "offering" | "dialing");
                self.step(
                    at,
                    match (alerting, agents) {
                        (true, _) => StoryAct::Alert(name.to_owned()),
                        (false, 0) => StoryAct::Answer(name.to_owned()),
                        (false, _) => StoryAct::Consult(name.to_owned()),
                    },
                );
            }
            other => {
                let what = format!("a participant with the purpose {other}");
                if !self.left_out.contains(&what) {
                    self.left_out.push(what);
                }
            }
        }
    }

    fn updated(&mut self, at: Duration, participant: &Participant) {
        if !is_agent(participant) {
            return;
        }
        let name = participant.name.as_deref().unwrap_or_default();
        let alerted = self.steps.iter().rev().find_map(|(_, act)| match act {
            StoryAct::Alert(agent) if agent == name => Some(true),
            StoryAct::Answer(agent) if agent == name => Some(false),
            _ => None,
        });
        if alerted == Some(true) && participant.state.as_str() == "connected" {
            self.step(at, StoryAct::Answer(name.to_owned()));
        }
        if participant.held != self.held {
            self.held = participant.held;
            self.step(at, StoryAct::Hold(self.held));
        }
    }

    fn left(&mut self, at: Duration, participant: &Participant, call: &Conversation) {
        if call.is_over() || participant.purpose.is_customer() {
            return;
        }
        let on = |p: &&Participant| p.is_connected() && !p.purpose.is_customer();
        let agents = call.participants.iter().filter(on).filter(|p| is_agent(p)).count();
        let held_on = call.participants.iter().any(|p| on(&p));
        match is_agent(participant) {
            true if agents > 0 => self.step(at, StoryAct::ConsultEnd),
            // Who comes next ends what was before.
            _ if held_on => {}
            _ => self.step(at, StoryAct::Leave(participant.purpose.as_str().to_owned())),
        }
    }
}

fn is_agent(participant: &Participant) -> bool {
    matches!(participant.purpose.as_str(), "agent" | "user")
}

fn media(call: &Conversation) -> &'static str {
    use crate::domain::Media as M;
    match call.media {
        M::Callback => "callback",
        M::Message | M::InternalMessage => "message",
        M::Email => "email",
        M::Chat => "chat",
        _ => "call",
    }
}

/// An address without its scheme.
pub(super) fn bare(address: &str) -> &str {
    address.strip_prefix("tel:").or_else(|| address.strip_prefix("sip:")).unwrap_or(address)
}
