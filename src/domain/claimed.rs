//! Edits of a recording: what tells, when it is played, which values the operator had sent.

use super::{Claims, ConversationId, ParticipantId, Value};

/// The values of one edit that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentEdit {
    /// Ties the steps of one edit together.
    pub id: u64,
    /// The conversation.
    pub conversation: ConversationId,
    /// The participant.
    pub participant: ParticipantId,
    /// Keys and values.
    pub values: Vec<(String, String)>,
}

/// The edits that were sent and not settled yet: what carries their values is the operator's own doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed(Vec<SentEdit>);

impl Claimed {
    /// An edit left.
    pub fn sent(&mut self, edit: SentEdit) {
        self.settled(edit.id);
        self.0.push(edit);
    }

    /// The edit was seen, overwritten, refused or has failed.
    pub fn settled(&mut self, id: u64) {
        self.0.retain(|e| e.id != id);
    }
}

impl Claims for Claimed {
    fn is_ours(
        &self,
        conversation: &ConversationId,
        participant: &ParticipantId,
        key: &str,
        new: Option<&Value>,
    ) -> bool {
        let on = |e: &&SentEdit| e.conversation == *conversation && e.participant == *participant;
        let writes = |e: &SentEdit| e.values.iter().any(|(k, v)| k == key && new.is_some_and(|new| new.as_str() == v));
        self.0.iter().filter(on).any(writes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_ours_from_the_sending_to_the_settling() {
        let (c, p) = (ConversationId::from("c"), ParticipantId::from("p"));
        let mut claimed = Claimed::default();
        let is = |claimed: &Claimed, value: &str| claimed.is_ours(&c, &p, "k", Some(&Value::from(value)));
        let values = vec![("k".to_owned(), "gold".to_owned())];
        claimed.sent(SentEdit { id: 1, conversation: c.clone(), participant: p.clone(), values });
        assert!(is(&claimed, "gold") && !is(&claimed, "silver"));
        claimed.settled(1);
        assert!(!is(&claimed, "gold"));
    }
}
