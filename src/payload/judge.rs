//! What is wrong with a payload, for which target, and what to do about it.

mod form;
mod key;
mod together;
mod value;

use super::{Explained, Pair, PayloadForm, Was, claims};
pub use crate::domain::findings::Severity;
use crate::domain::findings::{SYSTEM_PREFIXES, agent_panel_name};
use crate::domain::text::is_hidden;
use crate::domain::typed;
use crate::flow::model::FlowFileForm;
use std::collections::HashMap;
use unicode_normalization::UnicodeNormalization;

/// Whom a payload is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadTarget {
    /// The API: the body of PATCH …/participants/{id}/attributes.
    Api,
    /// Architect's Set Participant Data.
    Architect,
    /// A CXone script. Nothing about it is verified.
    Cxone,
    /// The API or Architect, whichever it is right for.
    Any,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadFinding {
    /// One of [`RULES`] or of the claims.
    pub rule: &'static str,
    /// How grave.
    pub severity: Severity,
    /// JSON pointer into the payload; empty for the whole of it.
    pub path: String,
    /// The key it is about.
    pub key: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// A rule of `lint`, for the documentation.
pub struct LintRule {
    /// Its stable name.
    pub id: &'static str,
    /// What it finds.
    pub what: &'static str,
    /// How grave at most.
    pub severity: Severity,
}

/// The rules, without those of the claims.
pub const RULES: &[LintRule] = &[
    LintRule { id: "form", what: "what the payload is and whom it is right for", severity: Severity::Info },
    LintRule { id: "not-json", what: "text that does not parse", severity: Severity::Error },
    LintRule { id: "wrong-form", what: "a format that the target does not take", severity: Severity::Error },
    LintRule { id: "wrapped-payload", what: "a wrapper that nobody takes off", severity: Severity::Error },
    LintRule {
        id: "participant-id-in-body",
        what: "participantId in the payload; it belongs in the path",
        severity: Severity::Error,
    },
    LintRule { id: "beside-the-map", what: "members beside the attributes, which are lost", severity: Severity::Error },
    LintRule { id: "double-encoded", what: "JSON within a JSON string", severity: Severity::Error },
    LintRule { id: "not-a-string", what: "a number, boolean, null or nested value", severity: Severity::Error },
    LintRule {
        id: "unresolved-template",
        what: "a placeholder in a key or a value, or what one leaves behind",
        severity: Severity::Error,
    },
    LintRule { id: "duplicate-key", what: "one key twice", severity: Severity::Error },
    LintRule {
        id: "case-mismatch",
        what: "keys that differ only in case, or that depend on their capitals",
        severity: Severity::Warn,
    },
    LintRule {
        id: "near-miss",
        what: "spaces around a key, invisible characters in it, two keys that differ only in how their accents are encoded",
        severity: Severity::Warn,
    },
    LintRule { id: "empty-key", what: "a key without a name, or with control characters", severity: Severity::Error },
    LintRule { id: "dotted-key", what: "a name that scripts cannot read", severity: Severity::Info },
    LintRule { id: "key-characters", what: "spaces and signs in keys, which are allowed", severity: Severity::Info },
    LintRule {
        id: "agent-panel",
        what: "a key that agents see in their panel (conversationDetails.participantData.…)",
        severity: Severity::Info,
    },
    LintRule {
        id: "typed-value",
        what: "a value that is not of the type it declares (number:abc)",
        severity: Severity::Warn,
    },
    LintRule { id: "code-value", what: "a value that a program computes", severity: Severity::Info },
    LintRule { id: "computed-key", what: "a key that a program or a flow computes", severity: Severity::Info },
    LintRule { id: "system-prefix-edited", what: "a key that the platform writes itself", severity: Severity::Warn },
    LintRule { id: "blank", what: "an empty value", severity: Severity::Info },
    LintRule { id: "empty-payload", what: "nothing to set", severity: Severity::Warn },
    LintRule { id: "too-long", what: "values longer than bot flows take", severity: Severity::Info },
    LintRule { id: "too-many", what: "more keys than bot flows take", severity: Severity::Info },
    LintRule { id: "tutorial-flow-action", what: "the flow format that only tutorials use", severity: Severity::Error },
    LintRule { id: "wrong-method", what: "a method that attributes are not sent by", severity: Severity::Error },
    LintRule { id: "not-as-json", what: "a program that sends something else than JSON", severity: Severity::Error },
    LintRule { id: "content-type", what: "a request that does not say that it sends JSON", severity: Severity::Error },
    LintRule {
        id: "shell-quoting",
        what: "quotes that one version of a shell leaves and another takes off",
        severity: Severity::Warn,
    },
    LintRule {
        id: "several-payloads",
        what: "several payloads that differ, of which one is judged",
        severity: Severity::Error,
    },
    LintRule { id: "unread-part", what: "a part of a flow in a shape that is not read", severity: Severity::Error },
    LintRule { id: "unverified", what: "what no checked source settles", severity: Severity::Info },
];

const BODY: &str = "the body of PATCH /api/v2/conversations/{conversationId}/participants/{participantId}/attributes is {\"attributes\":{\"key\":\"value\"}}";

/// Judges a payload.
pub fn judge(payload: &Explained, target: PayloadTarget) -> Vec<PayloadFinding> {
    let mut judge = Judge { payload, target, findings: Vec::new() };
    judge.form();
    judge.pairs();
    judge.together();
    judge.around();
    if target == PayloadTarget::Cxone {
        for finding in &mut judge.findings {
            finding.severity = Severity::Info;
        }
    }
    judge.findings
}

struct Judge<'p> {
    payload: &'p Explained,
    target: PayloadTarget,
    findings: Vec<PayloadFinding>,
}

impl Judge<'_> {
    fn add(
        &mut self,
        rule: &'static str,
        severity: Severity,
        path: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let (message, remedy) = (message.into(), remedy.into());
        self.findings.push(PayloadFinding { rule, severity, path: path.to_owned(), key: None, message, remedy });
    }

    fn on(
        &mut self,
        rule: &'static str,
        severity: Severity,
        pair: &Pair,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(rule, severity, &pair.path, message, remedy);
        if let Some(last) = self.findings.last_mut() {
            last.key = Some(pair.key.clone());
        }
    }

    fn pairs(&mut self) {
        let payload = self.payload;
        for pair in &payload.pairs {
            self.key(pair);
            self.value(pair);
        }
    }

    fn around(&mut self) {
        for trouble in &self.payload.troubles {
            self.add(trouble.rule, trouble.severity, "", trouble.message.clone(), trouble.remedy.clone());
        }
        let payload = !self.payload.pairs.is_empty();
        for claim in claims::of(&self.payload.around) {
            if claim.applies(payload) {
                let so = if claim.holds { "That is so:" } else { "But" };
                let message = format!("it is said that {}. {so} {}", claim.claim, claim.answer);
                self.add(claim.rule, claim.severity, "", message, claim.remedy);
            }
        }
    }
}

/// The first placeholder in a text: `{{…}}`, `${…}` or `<%…%>`.
fn template(text: &str) -> Option<&str> {
    [("{{", "}}"), ("${", "}"), ("<%", "%>")].into_iter().find_map(|(open, close)| {
        let start = text.find(open)?;
        let end = text[start..].find(close)?;
        Some(&text[start..start + end + close.len()])
    })
}
