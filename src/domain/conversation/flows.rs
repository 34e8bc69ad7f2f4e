//! The flows that a call ran, and the participants that stand for them.

use super::{Conversation, Participant};
use crate::domain::{FlowRun, Purpose};

impl Purpose {
    /// Participants of this purpose stand for a flow: a call flow, a bot flow or a workflow.
    pub fn is_flow(&self) -> bool {
        matches!(self.as_str(), "ivr" | "botflow" | "workflow")
    }
}

impl Participant {
    /// It stands for a flow: a call flow, a bot flow or a workflow.
    pub fn is_flow(&self) -> bool {
        self.purpose.is_flow()
    }
}

impl Conversation {
    /// The newest flow that the call is known to have run.
    pub fn flow(&self) -> Option<&FlowRun> {
        self.flows.last()
    }

    /// The flow that this participant stands for, if it is known.
    pub fn flow_of(&self, participant: &Participant) -> Option<&FlowRun> {
        self.flows.iter().find(|run| run.participant.as_ref() == Some(&participant.id))
    }

    /// Every flow that the call ran is known: each participant that stands for a flow has its run.
    pub fn knows_its_flows(&self) -> bool {
        let loose = self.flows.iter().filter(|run| run.participant.is_none()).count();
        self.participants.iter().filter(|p| p.is_flow() && self.flow_of(p).is_none()).count() <= loose
    }

    /// The call runs or ran a flow, and nothing told which.
    pub fn flow_is_unknown(&self) -> bool {
        self.flows.is_empty() && self.participants.iter().any(Participant::is_flow)
    }

    /// Takes in what is known of a run. True when something is different now.
    pub(in crate::domain) fn learn_flow(&mut self, mut told: FlowRun) -> bool {
        if told.participant.is_none() {
            // The one flow that is connected and of which nothing else is known.
            let mut open = self.participants.iter().filter(|p| p.is_flow() && p.is_connected());
            if let (Some(only), None) = (open.next(), open.next())
                && self.flow_of(only).is_none_or(|run| run.id == told.id)
            {
                told.participant = Some(only.id.clone());
            }
        }
        let same_place = |run: &&mut FlowRun| told.participant.is_some() && run.participant == told.participant;
        if let Some(run) = self.flows.iter_mut().find(same_place) {
            return run.learn(&told);
        }
        let same_flow =
            |run: &&mut FlowRun| run.id == told.id && (run.participant.is_none() || told.participant.is_none());
        if let Some(run) = self.flows.iter_mut().find(same_flow) {
            return run.learn(&told);
        }
        self.flows.push(told);
        // In the order of the participants that stand for them; those without one are the newest.
        let place = |run: &FlowRun| {
            let at = run.participant.as_ref().and_then(|id| self.participants.iter().position(|p| p.id == *id));
            at.unwrap_or(usize::MAX)
        };
        let mut flows = std::mem::take(&mut self.flows);
        flows.sort_by_key(place);
        self.flows = flows;
        true
    }
}
