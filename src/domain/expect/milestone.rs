//! The moments by which a key is expected, and when a call passed them under our eyes.

use crate::domain::{At, Conversation, Participant, duration};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A moment in the life of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Milestone {
    /// The call is there.
    Start,
    /// The first flow has let go of it: a flow participant ended and none is connected. A call without a flow does not
    /// pass it.
    FlowEnd,
    /// It reached a queue.
    Queue,
    /// An agent answered.
    Agent,
    /// It is over.
    End,
    /// So long after its start. A call that ended before does not pass it.
    After(Duration),
}

impl Milestone {
    /// The named ones, in the order in which a call passes them.
    pub const NAMED: [Self; 5] = [Self::Start, Self::FlowEnd, Self::Queue, Self::Agent, Self::End];
}

impl fmt::Display for Milestone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("start"),
            Self::FlowEnd => f.write_str("flow-end"),
            Self::Queue => f.write_str("queue"),
            Self::Agent => f.write_str("agent"),
            Self::End => f.write_str("end"),
            Self::After(time) => write!(f, "{}", duration::DisplayDuration(*time)),
        }
    }
}

impl FromStr for Milestone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::NAMED.into_iter().find(|m| m.to_string() == text);
        named.or_else(|| duration::parse(text).map(Self::After)).ok_or_else(|| {
            "a milestone is start, flow-end, queue, agent, end, or a time after the start such as 10s".to_owned()
        })
    }
}

/// When a milestone was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Before this program saw the call: nothing can be said about what came late.
    Before,
    /// When it was observed.
    At(At),
}

/// The milestones that one call has passed.
///
/// Kept from observation, not computed from the platform's times: its clock and ours differ.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Milestones {
    named: [Option<Passed>; 5],
    /// How old the call was at first sight, as far as the clocks agree, and when that was.
    first: Option<(Duration, At)>,
    /// Every observed end of a flow, the newest last.
    flow_ends: Vec<At>,
    flows_connected: usize,
}

/// A call no older than this at first sight was seen from its start.
const YOUNG: Duration = Duration::from_secs(2);

/// Flow ends kept for one call.
const FLOW_ENDS: usize = 16;

impl Milestones {
    /// Notes what the call has passed by `now`. To be called for every update of it. True when that was something new.
    pub fn observe(&mut self, call: &Conversation, now: At) -> bool {
        let first_look = self.first.is_none();
        if first_look {
            let age = call.started.and_then(|start| Duration::try_from(now.wall.duration_since(start)).ok());
            self.first = Some((age.unwrap_or_default(), now));
        }
        let mut news = first_look;
        for (i, milestone) in Milestone::NAMED.into_iter().enumerate() {
            let is_past = has_passed(call, milestone, first_look);
            if is_past && self.named[i].is_none() {
                let begun = milestone == Milestone::Start && self.first.is_some_and(|(age, _)| age <= YOUNG);
                self.named[i] = Some(if first_look && !begun { Passed::Before } else { Passed::At(now) });
                news = true;
            }
            if milestone == Milestone::End && !is_past {
                self.named[i] = None;
            }
        }
        let connected = call.participants.iter().filter(|p| p.is_flow() && p.is_connected()).count();
        if connected < self.flows_connected {
            if self.flow_ends.len() == FLOW_ENDS {
                self.flow_ends.remove(0);
            }
            self.flow_ends.push(now);
        }
        self.flows_connected = connected;
        news
    }

    /// When the call passed it; `None` when it has not.
    pub fn passed(&self, milestone: Milestone, now: At) -> Option<Passed> {
        match milestone {
            Milestone::After(time) => {
                let due = self.due(milestone)?;
                if due > now || self.is_over_by(due) {
                    return None;
                }
                let before = self.first.is_some_and(|(age, _)| age > time);
                Some(if before { Passed::Before } else { Passed::At(due) })
            }
            named => Milestone::NAMED.iter().position(|m| *m == named).and_then(|i| self.named[i]),
        }
    }

    /// When time alone will make the call pass it; `None` for what an event makes it pass.
    pub fn due(&self, milestone: Milestone) -> Option<At> {
        let (Milestone::After(time), Some((age, first))) = (milestone, self.first) else { return None };
        Some(first.plus(time.saturating_sub(age)))
    }

    fn is_over_by(&self, moment: At) -> bool {
        match self.named[4] {
            Some(Passed::Before) => true,
            Some(Passed::At(end)) => end < moment,
            None => false,
        }
    }

    /// The observed ends of its flows, oldest first.
    pub fn flow_ends(&self) -> &[At] {
        &self.flow_ends
    }

    /// A flow was connected when this was last observed.
    pub fn flow_runs(&self) -> bool {
        self.flows_connected > 0
    }

    /// When its end was observed, if it is over.
    pub fn ended(&self) -> Option<Passed> {
        self.named[4]
    }
}

fn has_passed(call: &Conversation, milestone: Milestone, first_look: bool) -> bool {
    let mut participants = call.participants.iter();
    match milestone {
        Milestone::Start => true,
        Milestone::FlowEnd => {
            let mut flows = participants.filter(|p| p.is_flow());
            // At first sight a later flow (a survey) does not undo the end of the first.
            let any_over = flows.clone().any(|p| !p.is_connected());
            any_over && (first_look || flows.all(|p| !p.is_connected()))
        }
        Milestone::Queue => participants.any(|p| p.purpose.as_str() == "acd"),
        Milestone::Agent => participants.any(answered),
        Milestone::End => call.is_over(),
        Milestone::After(_) => false,
    }
}

/// An agent who talks or has talked. One who let it ring never had a connected leg.
fn answered(participant: &Participant) -> bool {
    matches!(participant.purpose.as_str(), "agent" | "user")
        && (participant.state.as_str() == "connected"
            || (!participant.is_connected() && participant.connected.is_some()))
}
