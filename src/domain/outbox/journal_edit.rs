//! What the journal holds: texts with how far each had got, and losses.

use super::{Base, Cell};
use crate::domain::Value;
use jiff::Timestamp;

/// How far an edit had got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// Typed.
    Draft,
    /// Waited for a flow to end.
    Held,
    /// Waited for an expression to hold.
    Armed,
    /// Committed; no PATCH had left.
    Queued,
    /// A PATCH had left: whether it was applied is not known.
    Sent,
    /// Accepted; not seen yet.
    Accepted,
    /// In conflict: nothing was sent.
    Conflict,
    /// Not written, as far as was known.
    Failed,
    /// Accepted, and not there after the confirmation time.
    Unseen,
    /// Accepted; another value took its place.
    Overwritten,
    /// Text of the paste panel, in no cell yet.
    Pasted,
    /// Typed as the name of a new key that has no text yet.
    Named,
    /// Given up for the server's value, and it could be brought back still.
    GivenUp,
}

impl Got {
    const ALL: [Self; 13] = [
        Self::Draft,
        Self::Held,
        Self::Armed,
        Self::Queued,
        Self::Sent,
        Self::Accepted,
        Self::Conflict,
        Self::Failed,
        Self::Unseen,
        Self::Overwritten,
        Self::Pasted,
        Self::Named,
        Self::GivenUp,
    ];

    /// The word in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Held => "held",
            Self::Armed => "armed",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
            Self::Unseen => "unseen",
            Self::Overwritten => "overwritten",
            Self::Pasted => "pasted",
            Self::Named => "named",
            Self::GivenUp => "given-up",
        }
    }

    /// It is a text that is in no cell yet: that of the paste panel, or the name of a new key.
    pub fn is_loose(self) -> bool {
        matches!(self, Self::Pasted | Self::Named)
    }

    /// The state of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|got| got.as_str() == word)
    }

    /// A PATCH with it had left: the value may be there.
    pub fn had_left(self) -> bool {
        matches!(self, Self::Sent | Self::Accepted | Self::Unseen | Self::Overwritten)
    }

    /// It needs a decision: it counts as an alarm until it is dismissed.
    pub fn is_alarm(self) -> bool {
        matches!(self, Self::Conflict | Self::Failed | Self::Unseen | Self::Overwritten)
    }

    /// It is an alarm, and its text was not written as far as is known.
    pub(super) fn has_unsent_text(self) -> bool {
        matches!(self, Self::Conflict | Self::Failed)
    }

    /// What is to be known of it at the next start, in a few words.
    pub fn remark(self) -> &'static str {
        match self {
            Self::Draft => "never sent",
            Self::Held => "held, never sent",
            Self::Armed => "armed, never sent",
            Self::Queued => "committed, never sent",
            Self::Sent => "sent, fate unknown",
            Self::Accepted => "accepted, not seen",
            Self::Conflict => "conflict, not sent",
            Self::Failed => "failed",
            Self::Unseen => "accepted, unseen",
            Self::Overwritten => "overwritten",
            Self::Pasted => "text of the paste panel",
            Self::Named => "name of a new key",
            Self::GivenUp => "given up for theirs",
        }
    }

    /// The same in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Draft => "It was typed and never sent.",
            Self::Held => "It waited for the end of a flow and was never sent. It waits no longer.",
            Self::Armed => "It waited for its condition and was never sent. It is not armed any more.",
            Self::Queued => "It was committed, but the program ended before anything was sent.",
            Self::Sent => {
                "It was sent and the program ended before the answer: its fate is unknown. Read before sending again."
            }
            Self::Accepted => "The API accepted it, but it was not seen yet. Read before sending again.",
            Self::Conflict => "The key had changed on the server, so nothing was sent.",
            Self::Failed => "Sending it failed; it was not written as far as was known.",
            Self::Unseen => "The API accepted it, but it was not there after the confirmation time.",
            Self::Overwritten => "The API accepted it, and another value took its place.",
            Self::Pasted => "Text of the paste panel, not staged. Enter opens the panel with it.",
            Self::Named => "The name of a new key, without a value. Enter asks for the name again, with it.",
            Self::GivenUp => "You kept theirs, and this text was given up.",
        }
    }
}

/// What an edit of an earlier run was, as long as nobody has touched it since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// How far it had got.
    pub got: Got,
    /// When it was last changed or went a step further.
    pub at: Option<Timestamp>,
    /// The expression that it waited for.
    pub when: Option<String>,
    /// What came back, for an alarm: the reason, the status, the correlation id. No value.
    pub note: Option<String>,
}

/// One edit of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEdit {
    /// Which cell.
    pub cell: Cell,
    /// What the operator saw when it began.
    pub base: Base,
    /// The text typed.
    pub mine: String,
    /// How far it had got.
    pub got: Got,
    /// The expression that it waited for.
    pub when: Option<String>,
    /// What came back, for an alarm: the reason, the status, the correlation id. No value.
    pub note: Option<String>,
    /// When it came to be so; `None`: now, the one who writes it down has a clock.
    pub at: Option<Timestamp>,
}

/// An untouched key that lost its value during a write, as in [`super::Loss`].
#[derive(Clone, Debug, PartialEq)]
pub struct JournalLoss {
    /// Which cell.
    pub cell: Cell,
    /// The value that had been shown and is not there.
    pub theirs: Value,
    /// Values shown before that one, oldest first.
    pub before: Vec<Value>,
    /// What stands in its place; `None`: the key vanished.
    pub ours: Option<Value>,
    /// When it was found.
    pub at: Timestamp,
}

/// Everything typed and not known to be done, in a form that can be written down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JournalState {
    /// The edits. Of several texts for one cell (an alarm beneath a newer draft, the drafts of two programs) the newest is
    /// first.
    pub edits: Vec<JournalEdit>,
    /// Keys that vanished or were reverted, until they are dismissed.
    pub losses: Vec<JournalLoss>,
}

impl JournalState {
    /// There is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty() && self.losses.is_empty()
    }
}
