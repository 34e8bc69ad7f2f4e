//! Flow definitions in the form of the platform: what `latestconfiguration` serves and what Architect exports
//! (shapes: real exports and configurations; there is no official schema).
//!
//! A scenario writes a flow in a short form, a list of actions that name their successors ([`plan`]). The platform nests:
//! branches hang on an action, and where a branch ends, the flow goes on behind the action that owns it. [`layout`] works
//! out that nesting, [`operand`] and [`write`] put it into JSON. Nothing here is shared with the readers of
//! [`crate::flow`]: each can show the other wrong.

mod layout;
mod operand;
mod plan;
mod write;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use uuid::Uuid;

pub use plan::{Branch, Plan, StepKind};

/// What a definition does not say about its flow.
pub struct Meta<'a> {
    /// The flow's id; ids of its actions and sequences are derived from it.
    pub id: Uuid,
    /// The flow's name.
    pub name: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// The platform's type in any case: `inboundcall`.
    pub kind: &'a str,
    /// Ids of queues by name.
    pub queue: &'a dyn Fn(&str) -> Option<Uuid>,
}

/// The configuration of a flow, as `GET /api/v2/flows/{id}/latestconfiguration` answers.
pub fn configuration(plan: &Plan, meta: &Meta<'_>) -> Value {
    write::configuration(plan, meta)
}

/// The id of an action of a flow in its configuration.
pub fn action_id(flow: Uuid, action: &str) -> Uuid {
    Uuid::new_v5(&flow, action.as_bytes())
}

/// A configuration as Architect exports it (`.i3InboundFlow` and its family): base64 of the percent-encoded JSON.
pub fn export(configuration: &Value) -> String {
    let text = configuration.to_string();
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        // What JavaScript's encodeURIComponent leaves as it is.
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    STANDARD.encode(encoded)
}

#[cfg(test)]
mod tests;
