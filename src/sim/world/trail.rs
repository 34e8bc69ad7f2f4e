//! What a flow wrote on a call, kept until it ends: the raw material of execution data.

use indexmap::IndexMap;
use uuid::Uuid;

use super::{Happening, World};

/// One write of a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowWrite {
    /// When, ms since 1970.
    pub at: i64,
    /// Key and value.
    pub values: IndexMap<String, String>,
}

/// A flow that ran on a call, from its start to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimFlowRun {
    /// Its id.
    pub id: Uuid,
    /// The conversation.
    pub conversation: Uuid,
    /// Index of the flow.
    pub flow: usize,
    /// Index of its version.
    pub version: usize,
    /// Start, ms since 1970.
    pub start: i64,
    /// End, ms since 1970.
    pub end: i64,
    /// The caller's address.
    pub from: String,
    /// `TRANSFER` or `DISCONNECT`.
    pub exit: &'static str,
    /// Name of the queue that it transferred to.
    pub queue: Option<String>,
    /// What it wrote, in order.
    pub writes: Vec<FlowWrite>,
}

/// Writes of one flow that are kept at most; a flow that repeats a write has no more to say.
const MAX_WRITES: usize = 200;

impl World {
    /// The flow that runs on a conversation has written something.
    pub(super) fn trace(&mut self, conversation: Uuid, at: i64, values: &IndexMap<String, String>) {
        let running = self.conversations.get(&conversation).and_then(super::Conversation::running_flow);
        let Some(participant) = running.map(|p| p.id) else { return };
        let trail = self.trails.entry(participant).or_default();
        if trail.len() < MAX_WRITES {
            trail.push(FlowWrite { at, values: values.clone() });
        }
    }

    /// The run of a flow's participant that has ended.
    pub fn finished(&mut self, happening: &Happening) -> Option<SimFlowRun> {
        let Happening::Participant { conversation, participant, at, what: super::ParticipantAct::Left } = happening
        else {
            return None;
        };
        let conversation = self.conversations.get(conversation)?;
        let known = conversation.participant(*participant)?;
        let flow = known.flow?;
        let writes = self.trails.remove(participant).unwrap_or_default();
        let transferred = known.disconnect == Some("transfer");
        let next = conversation
            .participants
            .iter()
            .skip_while(|p| p.id != *participant)
            .find_map(|p| (p.purpose == "acd").then_some(p.queue).flatten());
        Some(SimFlowRun {
            id: Uuid::new_v5(participant, b"execution"),
            conversation: conversation.id,
            flow,
            version: known.flow_version,
            start: known.start,
            end: *at,
            from: conversation.from.clone(),
            exit: if transferred { "TRANSFER" } else { "DISCONNECT" },
            queue: next.filter(|_| transferred).map(|queue| self.scenario.queues[queue].name.clone()),
            writes,
        })
    }
}
