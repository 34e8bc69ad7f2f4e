//! Where a call is right now.

use super::{Conversation, Participant};

/// Where a call is: what the AT column shows and what `state:` of a filter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Nobody but the caller, or nobody yet.
    Waiting,
    /// A flow has it.
    Flow,
    /// It waits in a queue; an agent may be alerting.
    Queue,
    /// An agent or another person answered.
    Agent,
    /// It is over.
    Ended,
}

impl Stage {
    /// The word on the screen and in filters.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Flow => "ivr",
            Self::Queue => "queue",
            Self::Agent => "agent",
            Self::Ended => "ended",
        }
    }
}

/// What a participant's purpose makes of the call while it is connected.
fn stage_of(purpose: &str) -> Stage {
    match purpose {
        "agent" | "user" | "group" | "station" => Stage::Agent,
        "acd" => Stage::Queue,
        "ivr" | "botflow" | "workflow" | "voicesurveyflow" => Stage::Flow,
        _ => Stage::Waiting,
    }
}

impl Conversation {
    /// Where the call is; of several things at once the furthest along (an agent who alerts is not there yet).
    pub fn stage(&self) -> Stage {
        self.stage_participant().map_or(Stage::Waiting, |(stage, _)| stage)
    }

    /// [`Self::stage`], with the participant that makes it so. `None` while it waits; ended calls name the last one.
    pub fn stage_participant(&self) -> Option<(Stage, &Participant)> {
        if self.is_over() {
            return self.participants.last().map(|p| (Stage::Ended, p));
        }
        let answered = |p: &&Participant| p.is_connected() && matches!(p.state.as_str(), "connected" | "");
        self.participants
            .iter()
            .filter(answered)
            .map(|p| (stage_of(p.purpose.as_str()), p))
            .filter(|(stage, _)| *stage != Stage::Waiting)
            .max_by_key(|(stage, _)| *stage)
    }
}
