//! Rules about this operator's own edits.

use super::notes::Notes;
use super::shown::shown_key;
use super::{RuleId, is_system_key};
use crate::domain::{Conversation, Key, ParticipantId};

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

pub(super) fn examine(call: &Conversation, edits: &[EditFact], notes: &mut Notes<'_>) {
    for edit in edits {
        let key = shown_key(edit.key.as_str());
        let mut note = |rule, message| notes.add(rule, None, Some(&edit.participant), Some(&edit.key), message);
        if let Fate::Unseen { request } = &edit.fate {
            note(RuleId::AcceptedButUnseen, format!("the edit of {key} was accepted ({request}) and not seen since"));
        }
        if call.running_flow().is_some() {
            let name = call.running_flow_name(None).unwrap_or("a flow");
            note(
                RuleId::EditedDuringVoiceFlow,
                format!("{key} was edited while {} is running, which may write its own value back", shown_key(name)),
            );
        }
        if is_system_key(edit.key.as_str()) {
            note(RuleId::SystemPrefixEdited, format!("{key} belongs to a family of keys that the platform writes"));
        }
    }
}
