//! Live calls without the key that the history store does not count: the end of their flow was not watched.

use crate::domain::ConversationId;
use std::time::Duration;

/// A live call that lacks the key and does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveWithout {
    /// The call.
    pub conversation: ConversationId,
    /// Who is calling.
    pub from: String,
    /// Where it is going.
    pub to: String,
    /// The flow's name; empty when it is not known.
    pub flow: String,
    /// The version that it ran; empty when it is not known.
    pub version: String,
}

/// The calls on the list that carry the key in question, where no stored call does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveWith {
    /// Those that have it on the participant in question.
    pub calls: usize,
    /// The call that was asked from is among them.
    pub here: bool,
    /// When it came to the call that was asked from, where that was seen.
    pub came: Option<Came>,
    /// A key that differs in case only and is on one of these calls.
    pub near: Option<String>,
}

/// When a key came to a call, and when the flow of that call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// How long after the begin of the call; `None` for a key that was there when the call was first seen.
    pub after: Option<Duration>,
    /// How long after the begin of the call its flow ended; `None` while it runs, and where its end was not seen.
    pub flow_end: Option<Duration>,
    /// The flow runs.
    pub in_flow: bool,
}

impl Came {
    /// The key came when the flow had ended.
    pub fn is_after_flow(self) -> bool {
        self.after.zip(self.flow_end).is_some_and(|(came, end)| came >= end)
    }
}
