//! Carrying out the steps of a story.

use std::sync::Arc;

use indexmap::IndexMap;
use uuid::Uuid;

use super::{Conversation, ParticipantAct, World, WorldChange, WorldJob};
use crate::sim::{
    Semantics,
    scenario::{
        Act, Media, Writing, WrittenBy,
        value::{self, TemplateFacts},
    },
};

type FlowWrites = Vec<(Uuid, IndexMap<String, String>)>;

impl World {
    pub(super) fn run_step(&mut self, id: Uuid, index: usize, at: i64) -> Option<WorldChange> {
        let conversation = self.conversations.get(&id)?;
        if conversation.end.is_some() {
            return None;
        }
        let scenario = Arc::clone(&self.scenario);
        let act = &scenario.stories[conversation.story?].steps.get(index)?.act;
        let mut attributes = FlowWrites::new();
        match act {
            Act::Flow(flow) => attributes = self.enter_flow(id, *flow, at),
            Act::Queue(queue) => attributes = self.enter_queue(id, *queue, at, "transfer"),
            Act::Transfer(queue) => {
                self.leave(id, "agent", "transfer", at);
                attributes = self.enter_queue(id, *queue, at, "transfer");
            }
            Act::Alert(user) => self.alert(id, *user, at),
            Act::Answer(user) => self.answer(id, *user, at),
            Act::Consult(user) => self.consult(id, *user, at),
            Act::ConsultEnd => self.consult_end(id, at),
            Act::Hold | Act::Resume => {
                let held = *act == Act::Hold;
                let conversation = self.conversations.get_mut(&id)?;
                let agents = conversation.participants.iter_mut().filter(|p| p.purpose == "agent" && p.is_live());
                agents.for_each(|agent| agent.held = held);
            }
            Act::Set(writing) if writing.by == WrittenBy::Flow && self.is_driven(id) => return None,
            Act::Set(writing) => attributes = self.set_by(id, writing, 0, at)?,
            Act::Get(keys) => {
                self.flow_reads(id, keys);
                return None;
            }
            Act::Lose { on, keys } => return self.remove(id, on, keys, at),
            Act::Join(purpose) => {
                let other = (conversation.caller + 1) % scenario.callers.len();
                let caller = &scenario.callers[other];
                let mut participant = self.new_participant(purpose, &caller.name, at);
                participant.address = Some(format!("tel:{}", caller.number));
                participant.connected = Some(at);
                self.join(id, participant);
            }
            Act::Become { on, purpose } => {
                let index = conversation.by_purpose(on)?;
                self.conversations.get_mut(&id)?.participants[index].purpose.clone_from(purpose);
            }
            Act::Leave(purpose) => {
                self.leave(id, purpose, "transfer", at);
                attributes = self.flow_ends(id);
            }
            Act::End => return self.end_all(id, at),
        }
        Some(WorldChange { conversation: id, at, attributes })
    }

    pub(super) fn run_beat(&mut self, id: Uuid, index: usize, n: u64, at: i64) -> Option<WorldChange> {
        let conversation = self.conversations.get(&id)?;
        if conversation.end.is_some() {
            return None;
        }
        let scenario = Arc::clone(&self.scenario);
        let beat = scenario.stories[conversation.story?].beats.get(index)?;
        let next = self.offset(at, beat.every, conversation.stretch).max(at + 1);
        if next <= self.offset(conversation.start, beat.until, conversation.stretch) {
            self.schedule(next, WorldJob::Beat { conversation: id, index, n: n + 1 });
        }
        if beat.writing.by == WrittenBy::Flow && self.is_driven(id) {
            return None;
        }
        let attributes = self.set_by(id, &beat.writing, n, at)?;
        Some(WorldChange { conversation: id, at, attributes })
    }

    /// Writes what a step says; `None` when the participant is not there (yet).
    fn set_by(&mut self, id: Uuid, writing: &Writing, n: u64, at: i64) -> Option<FlowWrites> {
        let lost = self.lost_keys(id, writing);
        let conversation = self.conversations.get_mut(&id)?;
        let index = conversation.by_purpose(&writing.on)?;
        let caller = &self.scenario.callers[conversation.caller];
        let text = id.to_string();
        let facts = TemplateFacts {
            name: &caller.name,
            number: &caller.number,
            email: &caller.email,
            from: &conversation.from,
            to: &conversation.to,
            id: &text,
            at,
            n,
        };
        let rng = &mut self.rng;
        let values: IndexMap<String, String> =
            writing.values.iter().map(|(key, template)| (key.clone(), value::fill(template, &facts, rng))).collect();
        let values: IndexMap<String, String> = values.into_iter().filter(|(key, _)| !lost.contains(key)).collect();
        if values.is_empty() {
            return None;
        }
        if writing.by == WrittenBy::Flow && conversation.voice_flow_runs() && index == 0 {
            conversation.flow_list.extend(values.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        let participant = &mut conversation.participants[index];
        let (written, on) = (Self::write(participant, &values, Semantics::Merge), participant.id);
        if writing.by == WrittenBy::Flow {
            self.trace(id, at, &values);
        }
        Some(vec![(on, written)])
    }

    /// Keys that the flow's version, if the flow writes, does not set any more.
    fn lost_keys(&self, id: Uuid, writing: &Writing) -> Vec<String> {
        if writing.by == WrittenBy::Flow { self.lost_by_version(id) } else { Vec::new() }
    }

    /// Keys that the version of the flow that runs on this call does not set any more.
    pub(super) fn lost_by_version(&self, id: Uuid) -> Vec<String> {
        let running = self.conversations.get(&id).and_then(Conversation::running_flow);
        let version = running.and_then(|p| Some(&self.scenario.flows[p.flow?].versions[p.flow_version]));
        version.map(|version| version.loses.clone()).unwrap_or_default()
    }

    /// A voice flow that reads a key keeps it in its list, and so writes it back later.
    fn flow_reads(&mut self, id: Uuid, keys: &[String]) {
        let Some(conversation) = self.conversations.get_mut(&id) else { return };
        if !conversation.voice_flow_runs() {
            return;
        }
        for key in keys {
            if let Some(value) = conversation.participants[0].attributes.get(key) {
                conversation.flow_list.insert(key.clone(), value.clone());
            }
        }
    }

    /// When a voice flow ends, its own values overwrite those in the cloud (api-facts 3.4).
    fn flow_ends(&mut self, id: Uuid) -> FlowWrites {
        let Some(conversation) = self.conversations.get_mut(&id) else { return Vec::new() };
        if conversation.voice_flow_runs() {
            return Vec::new();
        }
        let list = std::mem::take(&mut conversation.flow_list);
        let customer = &mut conversation.participants[0];
        let undone: IndexMap<_, _> =
            list.into_iter().filter(|(key, value)| customer.attributes.get(key) != Some(value)).collect();
        if undone.is_empty() {
            return Vec::new();
        }
        let written = Self::write(customer, &undone, Semantics::Merge);
        vec![(customer.id, written)]
    }

    pub(super) fn enter_flow(&mut self, id: Uuid, flow: usize, at: i64) -> FlowWrites {
        let written = self.leave_stage(id, "transfer", at);
        let call = self.conversations.get(&id).filter(|c| c.media == Media::Call);
        // On a call it is named after the place of the dialled number, where that is known, and not after the flow.
        let place = call.and_then(|c| self.scenario.place(&c.to)).map(str::to_owned);
        let purpose = if call.is_some() { "ivr" } else { "workflow" };
        let address = call.map(|_| sip(self.directory.flows[flow], "ivr"));
        let name = place.unwrap_or_else(|| self.scenario.flows[flow].name.clone());
        let mut participant = self.new_participant(purpose, &name, at);
        participant.flow = Some(flow);
        participant.flow_version = self.published[flow];
        participant.address = address;
        participant.connected = Some(at);
        self.join(id, participant);
        self.maybe_drive(id, flow, at);
        written
    }

    pub(super) fn enter_queue(&mut self, id: Uuid, queue: usize, at: i64, how: &'static str) -> FlowWrites {
        let name = self.scenario.queues[queue].name.clone();
        let written = self.leave_stage(id, how, at);
        let call = self.conversations.get(&id).is_some_and(|c| c.media == Media::Call);
        let mut participant = self.new_participant("acd", &name, at);
        participant.address = call.then(|| sip(self.directory.queues[queue], "acd"));
        participant.queue = Some(queue);
        participant.connected = Some(at);
        self.join(id, participant);
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.participants[0].queue = Some(queue);
            if !conversation.queues.contains(&queue) {
                conversation.queues.push(queue);
            }
        }
        written
    }

    fn alert(&mut self, id: Uuid, user: Option<usize>, at: i64) {
        let Some(queue) = self.conversations.get(&id).and_then(|c| c.participants[0].queue) else { return };
        let Some(user) = user.or_else(|| self.agent_of(queue, id)) else { return };
        let agent = self.new_agent(user, Some(queue), at);
        self.join(id, agent);
    }

    pub(super) fn answer(&mut self, id: Uuid, user: Option<usize>, at: i64) {
        let alerting = |c: &Conversation| {
            c.participants.iter().rposition(|p| p.purpose == "agent" && p.is_live() && p.connected.is_none())
        };
        if self.conversations.get(&id).and_then(alerting).is_none() {
            self.alert(id, user, at);
        }
        let Some(conversation) = self.conversations.get_mut(&id) else { return };
        if let Some(index) = alerting(conversation) {
            conversation.participants[index].connected = Some(at);
            let agent = conversation.participants[index].id;
            self.note(id, agent, at, ParticipantAct::Answered);
        }
        self.leave(id, "acd", "transfer", at);
    }

    fn consult(&mut self, id: Uuid, user: Option<usize>, at: i64) {
        let Some(conversation) = self.conversations.get(&id) else { return };
        let Some(queue) = conversation.participants[0].queue else { return };
        let customer = conversation.participants[0].id;
        let Some(user) = user.or_else(|| self.agent_of(queue, id)) else { return };
        let mut agent = self.new_agent(user, None, at);
        agent.connected = Some(at);
        agent.consult = Some(customer);
        self.join(id, agent);
    }

    fn consult_end(&mut self, id: Uuid, at: i64) {
        let Some(conversation) = self.conversations.get_mut(&id) else { return };
        let mut left = Vec::new();
        for participant in conversation.participants.iter_mut().filter(|p| p.consult.is_some() && p.is_live()) {
            participant.end = Some(at);
            participant.disconnect = Some("client");
            left.push(participant.id);
        }
        left.into_iter().for_each(|participant| self.note(id, participant, at, ParticipantAct::Left));
    }

    fn new_agent(&mut self, user: usize, queue: Option<usize>, at: i64) -> super::Participant {
        let scenario = Arc::clone(&self.scenario);
        let mut agent = self.new_participant("agent", &scenario.users[user].name, at);
        agent.address = Some(format!("sip:{}@{}", self.directory.users[user].simple(), scenario.domain));
        agent.user = Some(user);
        agent.queue = queue;
        agent
    }

    /// An agent of the queue who is not on this conversation; one who never was rather than one who was before.
    fn agent_of(&mut self, queue: usize, id: Uuid) -> Option<usize> {
        let conversation = self.conversations.get(&id)?;
        let before: Vec<usize> = conversation.users().collect();
        let here: Vec<usize> =
            conversation.participants.iter().filter(|p| p.is_live()).filter_map(|p| p.user).collect();
        let free = |user: &usize| self.scenario.users[*user].queues.contains(&queue) && !here.contains(user);
        let mut all: Vec<usize> = (0..self.scenario.users.len()).filter(free).collect();
        if all.iter().any(|user| !before.contains(user)) {
            all.retain(|user| !before.contains(user));
        }
        let ready: Vec<usize> = all.iter().copied().filter(|user| self.presence(*user).on_queue).collect();
        let candidates = if ready.is_empty() { all } else { ready };
        self.rng.choice(candidates)
    }

    fn join(&mut self, id: Uuid, participant: super::Participant) {
        let at = participant.start;
        let (joined, answered) = (participant.id, participant.connected.is_some() && participant.user.is_some());
        if let Some(conversation) = self.conversations.get_mut(&id) {
            conversation.participants.push(participant);
            self.note(id, joined, at, ParticipantAct::Joined);
            if answered {
                self.note(id, joined, at, ParticipantAct::Answered);
            }
        }
    }

    /// Whatever held the call until now (a flow or a queue) lets go of it.
    fn leave_stage(&mut self, id: Uuid, how: &'static str, at: i64) -> FlowWrites {
        for purpose in ["ivr", "workflow", "acd"] {
            self.leave(id, purpose, how, at);
        }
        self.flow_ends(id)
    }

    pub(super) fn leave(&mut self, id: Uuid, purpose: &str, how: &'static str, at: i64) {
        let Some(conversation) = self.conversations.get_mut(&id) else { return };
        let mut left = Vec::new();
        for participant in conversation.participants.iter_mut().filter(|p| p.purpose == purpose && p.is_live()) {
            participant.end = Some(at);
            participant.disconnect = Some(how);
            left.push(participant.id);
        }
        left.into_iter().for_each(|participant| self.note(id, participant, at, ParticipantAct::Left));
    }

    pub(super) fn end_all(&mut self, id: Uuid, at: i64) -> Option<WorldChange> {
        let conversation = self.conversations.get_mut(&id)?;
        if conversation.end.is_some() {
            return None;
        }
        conversation.end = Some(at);
        let mut left = Vec::new();
        for participant in conversation.participants.iter_mut().filter(|p| p.is_live()) {
            participant.end = Some(at);
            participant.disconnect = Some(if participant.purpose == "customer" { "client" } else { "peer" });
            left.push(participant.id);
        }
        left.into_iter().for_each(|participant| self.note(id, participant, at, ParticipantAct::Left));
        let attributes = self.flow_ends(id);
        self.note_end(id, at);
        Some(WorldChange { conversation: id, at, attributes })
    }

    /// An alerted participant answers.
    pub fn pick_up(&mut self, id: Uuid, participant: Uuid, at: i64) -> Option<WorldChange> {
        let conversation = self.conversations.get_mut(&id)?;
        let found = conversation.participants.iter_mut().find(|p| p.id == participant && p.is_live())?;
        if found.connected.is_some() {
            return None;
        }
        found.connected = Some(at);
        self.note(id, participant, at, ParticipantAct::Answered);
        self.leave(id, "acd", "transfer", at);
        Some(WorldChange { conversation: id, at, attributes: Vec::new() })
    }

    /// Puts a participant on hold or mutes it, and back.
    pub fn control(
        &mut self,
        id: Uuid,
        participant: Uuid,
        held: Option<bool>,
        muted: Option<bool>,
        at: i64,
    ) -> Option<WorldChange> {
        let conversation = self.conversations.get_mut(&id)?;
        let found = conversation.participants.iter_mut().find(|p| p.id == participant && p.is_live())?;
        let before = (found.held, found.muted);
        found.held = held.unwrap_or(found.held);
        found.muted = muted.unwrap_or(found.muted);
        (before != (found.held, found.muted)).then_some(WorldChange { conversation: id, at, attributes: Vec::new() })
    }

    /// One participant leaves; the conversation ends with the customer or when nobody is left to talk to.
    pub fn disconnect(&mut self, id: Uuid, participant: Uuid, at: i64) -> Option<WorldChange> {
        let conversation = self.conversations.get_mut(&id)?;
        let leaving = conversation.participants.iter_mut().find(|p| p.id == participant && p.is_live())?;
        leaving.end = Some(at);
        leaving.disconnect = Some("client");
        let left = leaving.id;
        self.note(id, left, at, ParticipantAct::Left);
        let conversation = self.conversations.get_mut(&id)?;
        let rest = conversation.participants.iter().filter(|p| p.is_live());
        if leaving_ends(conversation, participant) || rest.count() < 2 {
            return self.end_all(id, at);
        }
        let attributes = self.flow_ends(id);
        Some(WorldChange { conversation: id, at, attributes })
    }
}

/// The address of a participant that is a service of the platform: `sip:ID@127.0.0.1;language=…;user=ivr`.
fn sip(id: Uuid, user: &str) -> String {
    format!("sip:{id}@127.0.0.1;language=en-US;user={user}")
}

fn leaving_ends(conversation: &Conversation, participant: Uuid) -> bool {
    conversation.participants.first().is_some_and(|customer| customer.id == participant)
}
