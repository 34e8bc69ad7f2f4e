//! A list to take something from.

use super::{Outcome, Popup, step};
use crate::{
    app::{Model, flow, keymap::Command, since::SinceQuestion},
    domain::{ConversationId, ParticipantId},
};

/// A list to take something from.
#[derive(Debug)]
pub struct Pick {
    /// What the list is of.
    pub title: String,
    /// What is shown, what is noted beside it, and what taking it means.
    pub choices: Vec<(String, String, Choice)>,
    /// Which one is selected.
    pub selected: usize,
}

/// What may be taken from a popup.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// The flow of this name.
    Flow(String),
    /// The view of this name.
    View(String),
    /// A call of a recording, and after how many messages it was seen first.
    Moment(u64, ConversationId),
    /// A call at a key: of this participant, or of the customer.
    Call(ConversationId, Option<ParticipantId>, String),
    /// The next change of this key in a recording.
    Change(String),
    /// Another key for the Since screen.
    SinceKey(String),
    /// Another question to the history store.
    Since(SinceQuestion),
    /// What the lookup of a flow answers.
    Lookup(flow::Outcome),
}

impl Popup for Pick {
    fn command(&mut self, _model: &mut Model, command: Command) -> Outcome {
        match command {
            Command::Up | Command::Down => {
                self.selected = step(self.selected, command == Command::Down, self.choices.len());
                Outcome::Stay
            }
            Command::Accept => match self.choices.get(self.selected) {
                Some((_, _, choice)) => Outcome::Take(choice.clone()),
                None => Outcome::Close,
            },
            _ => Outcome::Close,
        }
    }
}
