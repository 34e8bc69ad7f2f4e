//! What is known of an edit that was sent, for whoever judges the call.

use super::{Key, ParticipantId};

/// What the outbox knows of one edit that was sent.
#[derive(Clone, Debug, PartialEq)]
pub struct EditFact {
    /// On whom.
    pub participant: ParticipantId,
    /// Which key.
    pub key: Key,
    /// What became of it.
    pub fate: Fate,
}

/// What became of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Sent, and not settled yet.
    Pending,
    /// Seen on the stream or in a read.
    Seen,
    /// Accepted, and not seen within the confirmation time. With what is known of the request (status, correlation id).
    Unseen {
        /// For the message; without a secret.
        request: String,
    },
}
