//! What a cell shows of its edit.

use super::{ArmId, Base, Cell, Earlier, RequestFailure, WriteId};
use crate::domain::{At, Key, ParticipantId, Source, Value};
use std::time::Duration;

/// Why a write waits before its next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// 409: it is read and merged again after a pause.
    Conflict,
    /// The server asked for patience.
    Busy,
    /// The answer was lost: reads show whether it arrived.
    Settling,
    /// The read shows older values than what was seen before it: it is read again.
    Older,
    /// 404, although a read had just shown the participant: it is read again.
    Missing,
}

/// Where an edit stands: `draft → queued → checking → sending → accepted → seen`, or one of the ways it can go wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum EditState {
    /// Typed, not sent.
    Draft,
    /// Sent by itself when this flow participant has ended.
    Held {
        /// The ivr participant that is waited for.
        flow: ParticipantId,
    },
    /// Sent by itself when an expression comes to hold.
    Armed {
        /// Which conditional edit.
        id: ArmId,
    },
    /// Leaves when the PATCH before it has been answered.
    Queued,
    /// The fresh read is under way.
    Checking {
        /// Since when, as [`At::mono`].
        since: Duration,
        /// PATCHes sent so far.
        attempts: u32,
    },
    /// Waits before the next try, until this moment of [`At::mono`].
    Waiting {
        /// Until when.
        until: Duration,
        /// PATCHes sent so far.
        attempts: u32,
        /// Why it waits.
        why: Wait,
    },
    /// The PATCH is out.
    Sending {
        /// 1 for the first.
        attempt: u32,
    },
    /// The API said yes. That is not yet done.
    Accepted {
        /// Since when.
        since: At,
        /// 202; `None` when the answer was lost.
        status: Option<u16>,
        /// The platform's own id of the request.
        correlation_id: Option<String>,
    },
    /// The value came back: done.
    Seen {
        /// When it was seen.
        at: At,
        /// Since the PATCH left.
        after: Duration,
        /// By what.
        by: Source,
    },
    /// The key changed on the server since the operator looked: nothing was sent, or nothing more.
    Conflict {
        /// What is there now.
        theirs: Option<Value>,
        /// A PATCH had left before, and its answer was lost: it may have been written and overwritten since.
        maybe_applied: bool,
    },
    /// Not written; the text is kept.
    Failed(RequestFailure),
    /// Accepted, and not there after the confirmation time.
    Unseen(Alarm),
    /// Seen or not, another value is there now.
    Overwritten {
        /// What is there.
        theirs: Option<Value>,
        /// When that was found.
        at: At,
    },
}

impl EditState {
    /// The word for the state.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Held { .. } => "held",
            Self::Armed { .. } => "armed",
            Self::Queued => "queued",
            Self::Checking { .. } => "checking",
            Self::Waiting { .. } => "waiting",
            Self::Sending { .. } => "sending",
            Self::Accepted { .. } => "accepted",
            Self::Seen { .. } => "seen",
            Self::Conflict { .. } => "conflict",
            Self::Failed(_) => "failed",
            Self::Unseen(_) => "unseen",
            Self::Overwritten { .. } => "overwritten",
        }
    }

    /// The text of the edit is what the cell should show (the rest shows the server's value).
    pub fn is_pending(&self) -> bool {
        !matches!(self, Self::Seen { .. } | Self::Overwritten { .. } | Self::Unseen(_) | Self::Armed { .. })
    }

    /// On its way: not to be touched, and worth waiting for at the end of the program.
    pub fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::Queued | Self::Checking { .. } | Self::Waiting { .. } | Self::Sending { .. } | Self::Accepted { .. }
        )
    }

    /// Something for the operator to decide.
    pub fn needs_attention(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Failed(_) | Self::Unseen(_) | Self::Overwritten { .. })
    }
}

/// Everything known about a value that was accepted and is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// Which write.
    pub write: WriteId,
    /// The status of the answer; `None` when it was lost.
    pub status: Option<u16>,
    /// The platform's own id of the request.
    pub correlation_id: Option<String>,
    /// Since the PATCH left.
    pub waited: Duration,
    /// Whether a read looked for the value at all.
    pub read: bool,
    /// What is there instead; `None`: the key is absent.
    pub read_back: Option<Value>,
    /// What may be behind it, likeliest first.
    pub causes: Vec<AbsenceCause>,
}

/// What may be behind a value that was accepted and is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AbsenceCause {
    /// A voice flow is connected and keeps its own copy, which it writes back when it ends.
    FlowRunning,
    /// A flow ended since and wrote its own copy back.
    FlowEnded,
    /// The participant has ended.
    ParticipantEnded,
    /// Another participant carries the key: perhaps the wrong one was written to.
    OtherParticipant(ParticipantId),
    /// The route in use officially takes no attributes.
    Route,
    /// The answer was lost and no read shows the value.
    AnswerLost,
    /// Only the stream was to count.
    StreamAlone,
    /// No read could be made.
    NotRead,
    /// The platform is slower than the confirmation time.
    Slow,
}

impl AbsenceCause {
    /// One sentence for a person.
    pub fn text(&self) -> String {
        match self {
            Self::FlowRunning => {
                "a voice flow is running: it works on its own copy and may write that back when it ends".into()
            }
            Self::FlowEnded => "a voice flow ended since: it may have written its own copy back".into(),
            Self::ParticipantEnded => "the participant has left: its attributes may not be kept any more".into(),
            Self::OtherParticipant(id) => format!("participant {id} has this key: was it the right participant?"),
            Self::Route => "the participant route officially takes no attributes: try route = \"attributes\"".into(),
            Self::AnswerLost => "the answer was lost: the request may never have arrived".into(),
            Self::StreamAlone => "reads were not to count: a value that was there already comes in no event".into(),
            Self::NotRead => "no read succeeded: the value may be there".into(),
            Self::Slow => "the platform may be slow: the value can still arrive".into(),
        }
    }
}

/// One cell's edit, as screens show it.
#[derive(Clone, Debug, PartialEq)]
pub struct EditView<'a> {
    /// Which key.
    pub key: &'a Key,
    /// What the operator saw when it began.
    pub base: Base,
    /// The text typed.
    pub mine: &'a str,
    /// Marked for the next review.
    pub marked: bool,
    /// Where it stands.
    pub state: EditState,
    /// Beneath a draft: an earlier edit of the cell that is still on its way or being watched.
    pub beneath: Option<EditState>,
    /// What it was in an earlier run, as long as nobody has touched it since.
    pub earlier: Option<&'a Earlier>,
}

/// What an untouched key lost while a write of ours was under way. It does not say who did it: no payload names a writer.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// Which cell.
    pub cell: Cell,
    /// During which write.
    pub write: WriteId,
    /// The value that had been shown and is not there: what restoring brings back.
    pub theirs: Value,
    /// Values shown before that one, oldest first. Should frames have been late, one of these was the last.
    pub before: Vec<Value>,
    /// What our map put in its place; `None`: the key vanished.
    pub ours: Option<Value>,
    /// When it was found.
    pub at: At,
}

impl Loss {
    /// It names every value of this cell that the other one names.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let mut values = other.before.iter().chain([&other.theirs]);
        self.cell == other.cell && values.all(|v| self.theirs == *v || self.before.contains(v))
    }
}
