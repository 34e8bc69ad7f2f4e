//! The answer, and its JSON (contract: `why --json`).

use jiff::Timestamp;
use serde::Serialize;

/// RFC 3339 in UTC with milliseconds.
pub(super) fn rfc3339(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// A time of a call, counted from its begin, as a sentence says it: `0:12`, `1:02:03`.
pub(super) fn since(began: Timestamp, time: Timestamp) -> String {
    let s = time.duration_since(began).as_secs().max(0);
    match s / 3600 {
        // No call lasts that long: what it is counted from is not the call's begin.
        24.. => rfc3339(time),
        0 => format!("{}:{:02}", s / 60, s % 60),
        hours => format!("{hours}:{:02}:{:02}", s / 60 % 60, s % 60),
    }
}

/// What is the matter with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verdict {
    /// It is there, with the value that was last set.
    Present,
    /// It is not there.
    Missing,
    /// It was set, and something else has replaced the value.
    Overwritten,
    /// It is on another participant.
    WrongParticipant,
    /// A key that differs in case or in invisible ways is there instead.
    WrongCase,
    /// It cannot be said.
    Unknown,
}

/// What the cause rests on, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Certainty {
    /// Seen on the stream or in a read.
    Observed,
    /// The platform's record of the run says so.
    Executed,
    /// The flow's definition says so: what it can do, not what it did.
    Static,
    /// Nothing says so.
    Unknown,
}

impl Certainty {
    /// The word of the contract.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Executed => "executed",
            Self::Static => "static",
            Self::Unknown => "unknown",
        }
    }
}

/// A flow and its version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct FlowName {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
    /// Its version as people write it: `42`, where the platform writes `42.0`.
    pub(crate) version: String,
}

/// An action of a flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ActionName {
    /// Its id in the configuration.
    pub(crate) id: String,
    /// The number that Architect shows beside it.
    pub(crate) tracking_id: Option<String>,
    /// Its name.
    pub(crate) name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

impl ActionName {
    /// `Lookup (action 58)`.
    pub(crate) fn words(&self) -> String {
        let name = if self.name.is_empty() { &self.kind } else { &self.name };
        match &self.tracking_id {
            Some(number) => format!("{name} (action {number})"),
            None => name.clone(),
        }
    }
}

/// One step of the flow's path to an action that sets the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PathStep {
    /// The action.
    #[serde(flatten)]
    pub(crate) action: ActionName,
    /// The output that leads on to the key.
    pub(crate) needed: Option<String>,
    /// The output that was taken; `None` when the action was not executed, or the run is not recorded.
    pub(crate) taken: Option<String>,
    /// Whether it was executed; `None` when the run is not recorded.
    pub(crate) executed: Option<bool>,
    /// Whether it sets the key.
    pub(crate) sets_key: bool,
    /// When it was executed, RFC 3339.
    pub(crate) time: Option<String>,
}

/// Where a piece of evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EvidenceSource {
    /// The notification stream.
    Stream,
    /// A read.
    Read,
    /// The platform's record of the run.
    Execution,
    /// The flow's definition.
    Flow,
}

impl EvidenceSource {
    /// The word of the contract.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Read => "read",
            Self::Execution => "execution",
            Self::Flow => "flow",
        }
    }
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Evidence {
    /// When, RFC 3339; `None` for what holds at any time.
    pub(crate) time: Option<String>,
    /// From where.
    pub(crate) source: EvidenceSource,
    /// The text.
    pub(crate) text: String,
}

/// Why a key is as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WhyAnswer {
    /// The conversation.
    pub(crate) conversation_id: String,
    /// The participant that was asked about; `None` when the call has none of that purpose.
    pub(crate) participant_id: Option<String>,
    /// The key.
    pub(crate) key: String,
    /// What is the matter.
    pub(crate) verdict: Verdict,
    /// What the cause rests on.
    pub(crate) certainty: Certainty,
    /// The cause in one sentence.
    pub(crate) cause: String,
    /// The flow that the answer is about.
    pub(crate) flow: Option<FlowName>,
    /// The action that set the key, or that should have.
    pub(crate) action: Option<ActionName>,
    /// The path to that action.
    pub(crate) branch: Vec<PathStep>,
    /// What the answer rests on, in the order of time.
    pub(crate) evidence: Vec<Evidence>,
    /// What to do; `None` when nothing has to be done.
    pub(crate) remedy: Option<String>,
    /// Of a key that no action came to set: why, as a clause of the cause.
    #[serde(skip)]
    pub(crate) because: Option<String>,
}

impl WhyAnswer {
    /// Whether it says more of a finding than the finding itself: what is not known is no cause; what was seen needs no flow.
    pub(crate) fn is_cause(&self) -> bool {
        let is_known = match self.certainty {
            Certainty::Observed => self.flow.is_some() || self.verdict != Verdict::Present,
            Certainty::Executed | Certainty::Static => self.flow.is_some(),
            Certainty::Unknown => false,
        };
        // What is wrong with a key that is there is seen, whatever is known of who set it.
        is_known || self.verdict == Verdict::Present && self.remedy.is_some()
    }

    /// The action that took another output than the one that leads to the key.
    pub(crate) fn turn(&self) -> Option<&PathStep> {
        let turned = |step: &&PathStep| step.needed.is_some() && step.taken.is_some() && step.needed != step.taken;
        self.branch.iter().find(turned)
    }
}
