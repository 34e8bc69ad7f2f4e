//! Findings: what is wrong with the attributes of a call, why it hurts, and what to do.
//!
//! Each rule is one entry of [`RULES`]; `check --rules` and docs/findings.md are printed from it. The [`Examiner`]
//! follows calls as they change and holds what it found. A false alarm is worse than silence: a rule fires on what was
//! seen, never on what might have been, and each can be turned off ([`Tuning`]).

mod document;
mod edits;
mod examiner;
mod expected;
mod habits;
mod held;
mod kept;
mod keys;
mod lost;
mod notes;
mod over_time;
mod rules;
mod said;
mod shown;
mod spelling;
mod tuning;
mod values;

#[cfg(test)]
mod tests;

pub use super::edit_fact::{EditFact, Fate};
use super::{At, ConversationId, Key, ParticipantId};
pub use document::document;
pub use examiner::{Examiner, FindingChange, Observed, Stamp};
pub use expected::Judged;
pub use habits::Habits;
pub use lost::LostKey;
pub use rules::{RULES, Rule, RuleId};
pub use shown::shown_value;
use std::sync::Arc;
pub use tuning::{SYSTEM_PREFIXES, Tuning, agent_panel_name, is_system_key};
pub(crate) use values::unresolved;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Likely to hurt.
    Warn,
    /// Something that was expected is missing or wrong.
    Error,
}

impl Severity {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// One thing that was found. Two findings with the same [`Finding::identity`] are the same one.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// By which rule.
    pub rule: RuleId,
    /// How bad it is here; the rule's own severity unless tuned or made worse by an expectation.
    pub severity: Severity,
    /// On which call.
    pub conversation: ConversationId,
    /// On which participant, where it is about one.
    pub participant: Option<ParticipantId>,
    /// About which key, where it is about one.
    pub key: Option<Key>,
    /// What was seen, harmless to print; personal data is masked.
    pub message: Arc<str>,
    /// When it was found first.
    pub since: At,
}

impl Finding {
    /// What makes it the same finding when it is found again.
    pub fn identity(&self) -> (RuleId, &ConversationId, Option<&ParticipantId>, Option<&Key>) {
        (self.rule, &self.conversation, self.participant.as_ref(), self.key.as_ref())
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        self.rule.rule().remedy
    }
}
