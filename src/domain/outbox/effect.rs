//! What the outbox asks for, and what it is told in return. Data only: the shell performs.

use super::{Cell, PatchRequest, PatchTarget, WriteId};
use crate::domain::{ConversationId, Key, ParticipantId, Snapshot, Value};
use compact_str::CompactString;
use jiff::Timestamp;
use std::time::Duration;

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "what is to be done must be done"]
pub enum Effect {
    /// Read the conversation, then call [`super::Outbox::read_done`]. The answer also belongs on the board.
    Read {
        /// For which write.
        write: WriteId,
        /// What to read.
        conversation: ConversationId,
    },
    /// Send the PATCH once, then call [`super::Outbox::patch_done`]. Not to be repeated below: the outbox decides.
    Patch {
        /// For which write.
        write: WriteId,
        /// What to send.
        request: PatchRequest,
        /// 1 for the first try.
        attempt: u32,
    },
    /// Add a line to the audit file.
    Audit(AuditRecord),
    /// Tell the operator.
    Notice(OutboxNotice),
}

/// A conversation as a read showed it.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadView {
    /// The conversation that was read.
    pub conversation: ConversationId,
    /// When the request really left, on the clock of [`crate::domain::At::mono`]. An answer tells nothing about what came later.
    pub asked: Duration,
    /// Every participant with its whole map.
    pub participants: Vec<(ParticipantId, Vec<(CompactString, Value)>)>,
}

impl ReadView {
    /// What a decoded `GET /conversations/{id}` says that left at `asked`. A participant without a map has no attributes.
    pub fn of(asked: Duration, snapshot: &Snapshot) -> Self {
        let participants = snapshot.participants.iter();
        Self {
            conversation: snapshot.id.clone(),
            asked,
            participants: participants
                .map(|p| (ParticipantId::new(p.id.as_str()), p.attributes.clone().unwrap_or_default()))
                .collect(),
        }
    }

    /// The map of this participant; `None` when the conversation has no such participant.
    pub fn map(&self, participant: &ParticipantId) -> Option<&[(CompactString, Value)]> {
        self.participants.iter().find(|(id, _)| id == participant).map(|(_, map)| map.as_slice())
    }
}

/// Why a request did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestFailure {
    /// What came back or what went wrong, for a person: never with a token.
    pub reason: String,
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The platform's error code (`not.found`), if it told one.
    pub code: Option<String>,
    /// The platform's own id of the request.
    pub correlation_id: Option<String>,
    /// True when the same may well succeed later.
    pub retryable: bool,
}

impl RequestFailure {
    /// An answer with this status.
    pub fn answered(status: u16, reason: impl Into<String>, retryable: bool) -> Self {
        Self { status: Some(status), ..Self::new(reason, retryable) }
    }

    /// A failure without an answer from the server.
    pub fn new(reason: impl Into<String>, retryable: bool) -> Self {
        Self { reason: reason.into(), status: None, code: None, correlation_id: None, retryable }
    }
}

/// What came of one PATCH.
#[derive(Clone, Debug, PartialEq)]
pub enum PatchOutcome {
    /// 2xx. On most routes the platform only promises to do it.
    Accepted {
        /// Usually 202.
        status: u16,
        /// The platform's own id of the request.
        correlation_id: Option<String>,
    },
    /// 409: the participant changed meanwhile. Nothing was written.
    Conflict(RequestFailure),
    /// 413: too large.
    TooLarge {
        /// The limit that the server's message named, in bytes.
        limit: Option<u64>,
        /// The answer.
        failure: RequestFailure,
    },
    /// 429, or another answer that says "not now" and that nothing was written.
    Busy {
        /// What the server asked to wait.
        retry_after: Option<Duration>,
        /// The answer.
        failure: RequestFailure,
    },
    /// The answer was lost, or says nothing about whether it was written (500, 502, 504, a dropped connection).
    Unknown(RequestFailure),
    /// 404: nothing was written. A read tells whether the participant is gone.
    Missing(RequestFailure),
    /// Refused: nothing was written.
    Refused(RequestFailure),
}

/// What became of a write, or of a step of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditOutcome {
    /// The request left.
    Sent,
    /// The API accepted it.
    Accepted,
    /// The value was seen.
    Seen,
    /// Nothing was sent, or nothing more: an edited key had changed.
    Conflict,
    /// It failed; nothing was written as far as is known.
    Failed,
    /// Accepted, but not seen within the confirmation time.
    Unseen,
    /// Another value took the place of ours.
    Overwritten,
}

impl AuditOutcome {
    /// The word in the audit file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Seen => "seen",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
            Self::Unseen => "unseen",
            Self::Overwritten => "overwritten",
        }
    }
}

/// One line of the audit file. Who wrote is known to the shell, which also masks values.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    /// When this came of the write.
    pub time: Timestamp,
    /// The write; unique within one run of the program.
    pub write: WriteId,
    /// The participant that the PATCH is for.
    pub target: PatchTarget,
    /// Key, value before (`None`: absent or not looked at), value wanted.
    pub changes: Vec<(Key, Option<Value>, Value)>,
    /// What became of it.
    pub outcome: AuditOutcome,
    /// How many PATCHes left so far.
    pub attempts: u32,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// The platform's own id of the last request.
    pub correlation_id: Option<String>,
}

/// Something that the operator is to know at once; the state of the cell says the rest.
#[derive(Clone, Debug, PartialEq)]
pub enum OutboxNotice {
    /// The value came back.
    Seen {
        /// Which write.
        write: WriteId,
        /// Whom it was addressed to.
        target: PatchTarget,
        /// Since the PATCH left.
        after: Duration,
    },
    /// An edited key changed on the server: nothing was sent, or nothing more.
    Conflict {
        /// The cell in conflict.
        cell: Cell,
        /// As in [`super::EditState::Conflict`].
        maybe_applied: bool,
    },
    /// The PATCH failed; the edits are kept.
    Failed {
        /// Whom it was addressed to.
        target: PatchTarget,
        /// What the request failed with.
        failure: RequestFailure,
    },
    /// Accepted and not there after the confirmation time.
    Unseen(Cell),
    /// Another value took the place of ours.
    Overwritten(Cell),
    /// An untouched key vanished, or our map put an older value back: [`super::Outbox::losses`].
    Lost(Cell),
    /// The flow has ended: held edits are being sent.
    FlowEnded(ConversationId),
    /// The flow wrote its own value back: ours is sent again.
    SentAgain(Cell),
    /// The link is down: this many conditional edits were disarmed.
    Disarmed(usize),
    /// A conditional edit fired.
    Fired {
        /// On which conversation.
        conversation: ConversationId,
        /// The expression that came to hold.
        when: String,
    },
}
