//! What a hook is told, as one JSON object.

use crate::config::{HookOn, HookPlan};
use crate::domain::{
    findings::{Finding, Severity},
    mask::mask,
};
use crate::ndjson::{self, Stamp};
use jiff::Timestamp;
use serde::Serialize;
use std::borrow::Cow;

/// Something that a hook may be told of. Texts are as they were observed; they are masked when the object is made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HookEvent<'a> {
    /// What kind of event; without one it is told to nobody.
    pub(crate) on: Option<HookOn>,
    /// When it was observed.
    pub(crate) time: Option<Timestamp>,
    /// The profile by which the organization is reached.
    pub(crate) profile: Option<&'a str>,
    /// The organization's id.
    pub(crate) organization: Option<&'a str>,
    /// The conversation.
    pub(crate) conversation: &'a str,
    /// The participant, where it is about one.
    pub(crate) participant: Option<&'a str>,
    /// Its medium.
    pub(crate) media: Option<&'a str>,
    /// The caller's address.
    pub(crate) address: Option<&'a str>,
    /// The queue's name, or its id where the name is not known.
    pub(crate) queue: Option<&'a str>,
    /// The flow's name.
    pub(crate) flow: Option<&'a str>,
    /// The flow's version.
    pub(crate) version: Option<&'a str>,
    /// The rule of a finding; of an alert, what it waited for.
    pub(crate) rule: Option<&'a str>,
    /// The severity of a finding.
    pub(crate) severity: Option<Severity>,
    /// The key, where it is about one.
    pub(crate) key: Option<&'a str>,
    /// The key's value now, on the participant.
    pub(crate) value: Option<&'a str>,
    /// What was seen.
    pub(crate) message: &'a str,
    /// What to do.
    pub(crate) remedy: Option<&'a str>,
}

/// The object, as docs/history.md tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    time: Option<Stamp>,
    profile: Option<&'a str>,
    organization_id: Option<&'a str>,
    conversation_id: &'a str,
    participant_id: Option<&'a str>,
    media_type: Option<&'a str>,
    address: Option<Cow<'a, str>>,
    queue: Option<&'a str>,
    flow_name: Option<&'a str>,
    flow_version: Option<&'a str>,
    rule: Option<&'a str>,
    severity: Option<&'static str>,
    key: Option<Cow<'a, str>>,
    value: Option<Cow<'a, str>>,
    message: Cow<'a, str>,
    remedy: Option<&'a str>,
}

impl<'a> HookEvent<'a> {
    /// With what a finding says.
    pub(crate) fn about(self, finding: &'a Finding) -> Self {
        Self {
            participant: finding.participant.as_ref().map(|id| id.as_str()),
            rule: Some(finding.rule.as_str()),
            severity: Some(finding.severity),
            key: finding.key.as_ref().map(|key| key.as_str()),
            message: &finding.message,
            remedy: Some(finding.remedy()),
            ..self
        }
    }

    /// Whether the plan wants to hear of it.
    pub(super) fn is_wanted(&self, plan: &HookPlan) -> bool {
        self.on.is_some_and(|on| {
            plan.on.contains(&on)
                && (on != HookOn::Finding || self.severity.is_none_or(|severity| severity >= plan.least))
        })
    }

    /// The object, with a line feed after it.
    pub(super) fn json(&self, masked: bool) -> Vec<u8> {
        let cover = |text| if masked { mask(text) } else { Cow::Borrowed(text) };
        let object = Object {
            kind: match self.on {
                None | Some(HookOn::Finding) => "finding",
                Some(HookOn::Alert) => "alert",
                Some(HookOn::PresenceDrop) => "presence-drop",
            },
            time: self.time.map(Stamp::of),
            profile: self.profile,
            organization_id: self.organization,
            conversation_id: self.conversation,
            participant_id: self.participant,
            media_type: self.media,
            address: self.address.map(|address| cover(address.strip_prefix("tel:").unwrap_or(address))),
            queue: self.queue,
            flow_name: self.flow,
            flow_version: self.version,
            rule: self.rule,
            severity: self.severity.map(Severity::as_str),
            key: self.key.map(cover),
            value: self.value.map(cover),
            message: cover(self.message),
            remedy: self.remedy,
        };
        let mut out = Vec::new();
        // Only a failing writer or map keys that are no strings could fail here, and there are neither.
        _ = ndjson::write(&mut out, &object);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_is_masked_unless_asked_for() {
        let event = HookEvent {
            on: Some(HookOn::Finding),
            conversation: "c1",
            address: Some("tel:+13175550123"),
            key: Some("dana@example.com"),
            value: Some("card 4242 4242 4242 4242"),
            message: "dana@example.com is there",
            ..HookEvent::default()
        };
        let masked = String::from_utf8(event.json(true)).unwrap();
        for hidden in ["3175550", "dana@", "4242 4242 4242 4242"] {
            assert!(!masked.contains(hidden), "{masked}");
        }
        let read: serde_json::Value = serde_json::from_str(&masked).unwrap();
        assert_eq!(
            (&read["type"], &read["conversationId"], &read["queue"]),
            (&"finding".into(), &"c1".into(), &().into())
        );
        let clear = String::from_utf8(event.json(false)).unwrap();
        assert!(clear.contains("+13175550123") && clear.contains("dana@example.com") && clear.contains("4242 4242"));
    }
}
