//! What rules note down while they look at a call.

use super::{Finding, RuleId, Severity, Tuning};
use crate::domain::{At, ConversationId, Key, ParticipantId};
use std::time::Duration;

/// Which part of an examination a finding comes from: what is examined again replaces what it said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Values,
    Keys,
    OverTime,
    Expected,
    Edits,
    Presence,
    Lost,
}

/// Collects what rules find.
pub(super) struct Notes<'a> {
    pub(super) call: &'a ConversationId,
    pub(super) now: At,
    pub(super) tuning: &'a Tuning,
    pub(super) family: Family,
    pub(super) unobserved: Option<At>,
    /// The call may have findings of what happened to keys.
    pub(super) holds_over_time: bool,
    pub(super) added: Vec<(Family, Finding)>,
    pub(super) dropped: Vec<(RuleId, ParticipantId, Key)>,
}

impl<'a> Notes<'a> {
    /// What changed now is known to have happened within this time before now.
    pub(super) fn is_within(&self, time: Duration) -> bool {
        self.unobserved.is_none_or(|since| self.now.mono.saturating_sub(since.mono) <= time)
    }

    /// Now.
    pub(super) fn now(&self) -> At {
        self.now
    }

    /// The tuning.
    pub(super) fn tuning(&self) -> &'a Tuning {
        self.tuning
    }

    /// Notes a finding, unless it is turned off. `severity`: unless it is the rule's own. Of two with one identity the
    /// first stays.
    pub(super) fn add(
        &mut self,
        rule: RuleId,
        severity: Option<Severity>,
        participant: Option<&ParticipantId>,
        key: Option<&Key>,
        message: String,
    ) {
        if !self.tuning.is_on(rule) || key.is_some_and(|k| self.tuning.ignores(k.as_str())) {
            return;
        }
        let finding = Finding {
            rule,
            severity: self.tuning.severity(rule, severity.unwrap_or(rule.rule().severity)),
            conversation: self.call.clone(),
            participant: participant.cloned(),
            key: key.cloned(),
            message: message.into(),
            since: self.now,
        };
        if !self.added.iter().any(|(_, f)| f.identity() == finding.identity()) {
            self.added.push((self.family, finding));
        }
    }

    /// Notes a key as missing.
    pub(super) fn missing(&mut self, participant: Option<&ParticipantId>, key: &str, message: String) {
        self.add(RuleId::Missing, None, participant, Some(&Key::new(key)), message);
    }

    /// What was found of a key over time no longer holds.
    pub(super) fn drop(&mut self, rule: RuleId, participant: &ParticipantId, key: &Key) {
        if self.holds_over_time {
            self.dropped.push((rule, participant.clone(), key.clone()));
        }
    }
}
