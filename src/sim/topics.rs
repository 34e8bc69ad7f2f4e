//! Topic names: which exist, what they need, what a subscription entry stands for.

use serde_json::{Value, json};

/// Media suffixes of the conversation topics (mind the camel case of one).
const MEDIA: &[&str] = &[
    "calls",
    "callbacks",
    "emails",
    "messages",
    "chats",
    "cobrowseSessions",
    "screenshares",
    "socialexpressions",
    "videos",
];

/// Detail event topics of one conversation.
const DETAIL: &[&str] = &[
    "acd.start",
    "acd.end",
    "acw",
    "attributes",
    "contact",
    "customer.start",
    "customer.end",
    "flow.start",
    "flow.end",
    "flow.outcome",
    "outbound",
    "user.start",
    "user.end",
    "voicemail.start",
    "voicemail.end",
    "wrapup",
];

/// Longest topic name that is accepted.
const MAX_LENGTH: usize = 200;

/// A kind of topic, as `availabletopics` lists it.
pub struct Template {
    /// Name with `{id}` in place of the id.
    pub name: String,
    description: &'static str,
    /// Permission needed for it.
    pub permission: &'static str,
    /// Whether the token's user may have it about itself without the permission.
    pub own: bool,
    /// The public API path it belongs to.
    uri: &'static str,
}

/// Every kind of topic that the simulator knows.
pub fn templates() -> Vec<Template> {
    let mut all = Vec::new();
    let mut add = |name: String, description, permission, own, uri| {
        all.push(Template { name, description, permission, own, uri });
    };
    for suffix in std::iter::once("").chain(MEDIA.iter().copied()) {
        let dot = if suffix.is_empty() { "" } else { "." };
        add(
            format!("v2.routing.queues.{{id}}.conversations{dot}{suffix}"),
            "Conversations in a queue",
            "routing:queue:view",
            false,
            "/api/v2/routing/queues/{id}",
        );
        add(
            format!("v2.users.{{id}}.conversations{dot}{suffix}"),
            "Conversations of a user",
            "conversation:communication:view",
            true,
            "/api/v2/users/{id}",
        );
    }
    add("v2.users.{id}.presence".into(), "Presence of a user", "", true, "/api/v2/users/{id}");
    add("v2.users.{id}.routingStatus".into(), "Routing status of a user", "", true, "/api/v2/users/{id}");
    add(
        "v2.routing.queues.{id}.users".into(),
        "Members of a queue",
        "routing:queue:view",
        false,
        "/api/v2/routing/queues/{id}",
    );
    for event in DETAIL {
        add(
            format!("v2.detail.events.conversation.{{id}}.{event}"),
            "Detail events of a conversation",
            "analytics:conversationDetail:view",
            false,
            "/api/v2/conversations/{id}",
        );
    }
    all
}

impl Template {
    /// The entity of `availabletopics` with the parts that were asked for.
    pub fn entity(&self, expand: &[&str]) -> Value {
        let mut out = json!({"id": self.name});
        let permissions: Vec<&str> = Some(self.permission).filter(|p| !p.is_empty()).into_iter().collect();
        for part in expand {
            let value = match *part {
                "description" => json!(self.description),
                "enforced" => json!(true),
                "visibility" => json!("Public"),
                "schema" => json!({"properties": {}}),
                "transports" => json!(["All"]),
                "publicApiTemplateUriPaths" => json!([self.uri]),
                "requiresPermissions" => json!(permissions),
                "topicParameters" => json!(["id"]),
                "permissionDetails" => json!([{
                    "type": if permissions.is_empty() { "requiresCurrentUser" } else { "requiresPermissions" },
                    "permissions": permissions,
                    "allowsCurrentUser": self.own,
                    "enforced": true,
                }]),
                _ => continue,
            };
            out[*part] = value;
            if *part == "permissionDetails" {
                out["requiresCurrentUser"] = json!(permissions.is_empty());
                out["requiresCurrentUserOrPermission"] = json!(self.own && !permissions.is_empty());
                out["requiresDivisionPermissions"] = json!(false);
            }
        }
        out
    }
}

/// The single topics that a subscription entry stands for: `v2.users.{id}?presence&conversations` is two. Empty when
/// the entry is no topic.
pub fn expand(entry: &str) -> Vec<String> {
    if entry.len() > MAX_LENGTH {
        return Vec::new();
    }
    let names: Vec<String> = match entry.split_once('?') {
        Some((base, parts)) => parts.split('&').map(|part| format!("{base}.{part}")).collect(),
        None => vec![entry.to_owned()],
    };
    if names.iter().all(|name| template_of(name).is_some()) { names } else { Vec::new() }
}

/// The template a topic name is an instance of.
pub fn template_of(topic: &str) -> Option<Template> {
    templates().into_iter().find(|template| id_in(template, topic).is_some())
}

/// The id inside a topic that is an instance of the template.
pub fn id_in<'a>(template: &Template, topic: &'a str) -> Option<&'a str> {
    let (before, after) = template.name.split_once("{id}")?;
    let id = topic.strip_prefix(before)?.strip_suffix(after)?;
    uuid::Uuid::parse_str(id).is_ok().then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "9a1f0c55-3c2d-4e57-8a55-1d2c3b4a5f60";

    #[test]
    fn expands_combined_topics() {
        let topics = expand(&format!("v2.users.{ID}?presence&conversations"));
        assert_eq!(topics, [format!("v2.users.{ID}.presence"), format!("v2.users.{ID}.conversations")]);
    }

    #[test]
    fn refuses_what_does_not_exist() {
        for name in [
            format!("v2.conversations.{ID}"),
            format!("v2.routing.queues.{ID}.conversations.voice"),
            "v2.routing.queues.*.conversations".into(),
            format!("v2.users.{ID}.conversations.{}", "x".repeat(200)),
        ] {
            assert!(expand(&name).is_empty(), "{name}");
        }
        assert_eq!(expand(&format!("v2.routing.queues.{ID}.conversations.cobrowseSessions")).len(), 1);
    }
}
