//! Rules about this operator's own edits.

use super::notes::Notes;
use super::shown::shown_key;
use super::{RuleId, is_system_key};
use crate::domain::{
    Conversation,
    edit_fact::{EditFact, Fate},
};

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
