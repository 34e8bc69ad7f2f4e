//! Where a call is right now.

use super::{Conversation, Participant};

/// Where a call is: what the AT column shows, `state:` of a filter matches, calls are sorted by and exports say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallState {
    /// Nobody but the caller, or nobody yet.
    Waiting,
    /// In a flow.
    Ivr,
    /// Waiting in a queue.
    Queue,
    /// An agent's phone rings.
    Alerting,
    /// Talking with an agent or another person.
    Agent,
    /// On hold.
    Hold,
    /// A callback that waits for its time.
    Scheduled,
    /// After-call work: the customer is gone, the agent not yet done.
    Acw,
    /// Over.
    Ended,
}

impl CallState {
    /// All of them, in the order in which a call passes them.
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Ivr,
        Self::Queue,
        Self::Alerting,
        Self::Agent,
        Self::Hold,
        Self::Scheduled,
        Self::Acw,
        Self::Ended,
    ];

    /// The word on the screen, in filters and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Ivr => "ivr",
            Self::Queue => "queue",
            Self::Alerting => "alerting",
            Self::Agent => "agent",
            Self::Hold => "hold",
            Self::Scheduled => "scheduled",
            Self::Acw => "acw",
            Self::Ended => "ended",
        }
    }

    /// What a connected participant makes of the call; `None` for one that says nothing, as the caller.
    fn of(participant: &Participant) -> Option<Self> {
        Some(match (participant.purpose.as_str(), participant.state.as_str()) {
            (_, "scheduled") => Self::Scheduled,
            ("agent" | "user" | "group" | "station", "alerting" | "contacting" | "offering") => Self::Alerting,
            ("agent" | "user" | "group" | "station", _) if participant.held => Self::Hold,
            ("agent" | "user" | "group" | "station", _) => Self::Agent,
            ("acd", _) => Self::Queue,
            ("ivr" | "botflow" | "workflow" | "voicesurveyflow", _) => Self::Ivr,
            _ => return None,
        })
    }
}

impl Conversation {
    /// Where the call is.
    pub fn call_state(&self) -> CallState {
        self.call_state_by().0
    }

    /// Where the call is, and the participant that makes it so: the newest connected one that says anything.
    pub fn call_state_by(&self) -> (CallState, Option<&Participant>) {
        if self.is_over() {
            let working = |p: &&Participant| p.purpose.as_str() == "agent" && p.ended.is_none() && p.state.is_over();
            return match self.participants.iter().find(working) {
                Some(agent) => (CallState::Acw, Some(agent)),
                None => (CallState::Ended, self.participants.last()),
            };
        }
        let connected = self.participants.iter().rev().filter(|p| p.is_connected());
        let mut saying = connected.filter_map(|p| CallState::of(p).map(|state| (state, Some(p))));
        saying.next().unwrap_or((CallState::Waiting, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::{entry, participant, snapshot};
    use crate::domain::{
        At, Names, ParticipantSnapshot, State,
        filter::{CallFacts, Filter},
    };
    use std::time::Duration;

    fn leg(purpose: &str, state: &str) -> ParticipantSnapshot {
        ParticipantSnapshot { state: Some(State::new(state)), ..participant(purpose, purpose, &[]) }
    }

    #[test]
    fn the_word_that_is_shown_is_the_word_that_a_filter_finds() {
        let held = ParticipantSnapshot { held: Some(true), ..leg("agent", "connected") };
        let caller = || leg("customer", "connected");
        let calls = [
            ("waiting", vec![caller()]),
            ("ivr", vec![caller(), leg("ivr", "connected")]),
            ("queue", vec![caller(), leg("ivr", "disconnected"), leg("acd", "connected")]),
            ("alerting", vec![caller(), leg("acd", "connected"), leg("agent", "alerting")]),
            ("agent", vec![caller(), leg("acd", "disconnected"), leg("agent", "connected")]),
            ("hold", vec![caller(), held]),
            ("scheduled", vec![caller(), leg("acd", "scheduled")]),
            ("acw", vec![leg("customer", "disconnected"), leg("agent", "disconnected")]),
        ];
        for (word, legs) in calls {
            let entry = entry([snapshot("c", legs)]);
            assert_eq!(entry.conversation.call_state().as_str(), word);
            for state in CallState::ALL {
                let filter: Filter = format!("state:{}", state.as_str()).parse().unwrap();
                let now = At::after(jiff::Timestamp::UNIX_EPOCH, Duration::from_secs(1));
                let facts = CallFacts { conversation: &entry.conversation, names: &Names::default(), now };
                // A leg's own state is found too, as `connected` and `alerting`.
                let own = entry.conversation.participants.iter().any(|p| p.state.as_str() == state.as_str());
                assert_eq!(filter.holds(facts), state.as_str() == word || own, "{word} by state:{}", state.as_str());
            }
        }
    }
}
