//! Topic names: which exist, what they need, what a subscription entry stands for, and which the simulator ever sends.

use std::{collections::HashMap, sync::LazyLock};

use serde_json::{Value, json};

/// Every topic that the platform's SDKs know (notificationMappings), `{id}` for one part; the simulator takes them all.
const KNOWN: &str = include_str!("topics.txt");

/// Longest topic name that is accepted.
const MAX_LENGTH: usize = 200;

/// Media suffixes whose conversations the simulator has.
const MEDIA: [&str; 5] = ["calls", "callbacks", "emails", "messages", "chats"];

/// Detail events of a conversation that the simulator sends.
const DETAIL: [&str; 9] = [
    "attributes",
    "customer.start",
    "customer.end",
    "flow.start",
    "flow.end",
    "acd.start",
    "acd.end",
    "user.start",
    "user.end",
];

/// Other topics that the simulator sends.
const OTHERS: [&str; 11] = [
    "v2.analytics.flow.{id}.metrics",
    "v2.flows.instances.flow.{id}",
    "v2.flows.{id}",
    "v2.routing.queues.{id}.users",
    "v2.users.{id}.presence",
    "v2.users.{id}.routingStatus",
    "v2.users.{id}.activity",
    "v2.users.{id}.conversationsummary",
    "v2.system.socket_closing",
    "v2.system.no_longer_subscribed.{id}",
    "v2.system.token_revoked.{id}",
];

/// Parts under which an id is a UUID. Elsewhere it is one part of letters, digits, `-` and `_`.
const UUIDS: [&str; 6] =
    ["v2.users.", "v2.routing.", "v2.detail.events.conversation.", "v2.analytics.", "v2.flows.", "v2.conversations."];

/// What `availabletopics` tells of a topic if asked to.
pub const PARTS: [&str; 9] = [
    "description",
    "enforced",
    "schema",
    "visibility",
    "transports",
    "publicApiTemplateUriPaths",
    "requiresPermissions",
    "permissionDetails",
    "topicParameters",
];

/// A kind of topic, as `availabletopics` lists it.
pub struct Template {
    /// Name with `{id}` in place of each id.
    pub name: &'static str,
    /// Permission needed for it; empty where none is known.
    pub permission: &'static str,
    /// Whether the token's user may have it about itself without the permission.
    pub own: bool,
    /// Whether the simulator ever sends it.
    pub sent: bool,
    parts: Vec<&'static str>,
}

static TEMPLATES: LazyLock<Vec<Template>> = LazyLock::new(|| KNOWN.lines().map(template).collect());

/// Templates by their names.
static BY_NAME: LazyLock<HashMap<&'static str, &'static Template>> =
    LazyLock::new(|| TEMPLATES.iter().map(|template| (template.name, template)).collect());

/// Every kind of topic that the simulator takes.
pub fn templates() -> &'static [Template] {
    &TEMPLATES
}

fn template(name: &'static str) -> Template {
    let conversations = ["v2.routing.queues.{id}.conversations", "v2.users.{id}.conversations"];
    let suffix = conversations.iter().find_map(|base| name.strip_prefix(base));
    let detail = name.strip_prefix("v2.detail.events.conversation.{id}.");
    let sent = suffix
        .is_some_and(|rest| rest.is_empty() || MEDIA.iter().any(|media| rest.strip_prefix('.') == Some(media)))
        || detail.is_some_and(|event| DETAIL.contains(&event))
        || OTHERS.contains(&name);
    // Which topic needs which permission is told by the platform at runtime and documented nowhere: these are a choice.
    let permission = if name.starts_with("v2.routing.queues.") {
        "routing:queue:view"
    } else if name.starts_with("v2.users.{id}.conversations") {
        "conversation:communication:view"
    } else if detail.is_some() || name.starts_with("v2.analytics.conversation") {
        "analytics:conversationDetail:view"
    } else if name.starts_with("v2.analytics.flow.") {
        "analytics:flowObservation:view"
    } else if name.starts_with("v2.analytics.queues.") {
        "analytics:queueObservation:view"
    } else if name.starts_with("v2.flows.instances.") {
        "architect:flowInstance:view"
    } else if name.starts_with("v2.flows.") {
        "architect:flow:view"
    } else {
        ""
    };
    Template { name, permission, own: name.starts_with("v2.users."), sent, parts: name.split('.').collect() }
}

impl Template {
    /// What it tells of, in a few words.
    fn description(&self) -> String {
        let words: Vec<&str> = self.parts[1..].iter().copied().filter(|part| *part != "{id}").collect();
        format!("Events of {}", words.join(" "))
    }

    /// The public API path that it belongs to, where there is one.
    fn uri(&self) -> Option<&'static str> {
        let name = self.name;
        let by = [
            ("v2.routing.queues.", "/api/v2/routing/queues/{id}"),
            ("v2.users.", "/api/v2/users/{id}"),
            ("v2.detail.events.conversation.", "/api/v2/conversations/{id}"),
            ("v2.flows.{id}", "/api/v2/flows/{id}"),
        ];
        by.into_iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, uri)| uri)
    }

    /// The entity of `availabletopics` with the parts that were asked for.
    pub fn entity(&self, expand: &[String]) -> Value {
        let mut out = json!({"id": self.name});
        let permissions: Vec<&str> = Some(self.permission).filter(|p| !p.is_empty()).into_iter().collect();
        for part in expand {
            let value = match part.as_str() {
                "description" => json!(self.description()),
                "enforced" => json!(true),
                "visibility" => json!("Public"),
                "schema" => json!({"properties": {}}),
                "transports" => json!(["All"]),
                "publicApiTemplateUriPaths" => json!(self.uri().into_iter().collect::<Vec<_>>()),
                "requiresPermissions" => json!(permissions),
                "topicParameters" => json!(vec!["id"; self.parts.iter().filter(|part| **part == "{id}").count()]),
                "permissionDetails" => json!([{
                    "type": if permissions.is_empty() { "requiresCurrentUser" } else { "requiresPermissions" },
                    "permissions": permissions,
                    "allowsCurrentUser": self.own,
                    "enforced": true,
                }]),
                _ => continue,
            };
            out[part.as_str()] = value;
            if part == "permissionDetails" {
                out["requiresCurrentUser"] = json!(permissions.is_empty() && self.own);
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
pub fn template_of(topic: &str) -> Option<&'static Template> {
    // Nearly every topic names its objects by UUIDs; the others are looked for one by one.
    let plain =
        |part: &str| if part.len() == 36 && uuid::Uuid::parse_str(part).is_ok() { "{id}" } else { part }.to_owned();
    let name = topic.split('.').map(plain).collect::<Vec<_>>().join(".");
    if let Some(template) = BY_NAME.get(name.as_str()).filter(|_| !topic.contains("{id}")) {
        return Some(template);
    }
    let length = topic.split('.').count();
    let fits = |template: &&Template| {
        let mut parts = template.parts.iter().zip(topic.split('.'));
        template.parts.len() == length
            && parts.all(|(part, given)| if *part == "{id}" { is_id(template.name, given) } else { *part == given })
    };
    // A name that is written out goes before one with an id in its place.
    TEMPLATES.iter().filter(fits).min_by_key(|template| template.parts.iter().filter(|part| **part == "{id}").count())
}

fn is_id(template: &str, given: &str) -> bool {
    if UUIDS.iter().any(|prefix| template.starts_with(prefix)) {
        return uuid::Uuid::parse_str(given).is_ok();
    }
    !given.is_empty() && given.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// The first id inside a topic that is an instance of the template.
pub fn id_in<'a>(template: &Template, topic: &'a str) -> Option<&'a str> {
    template.parts.iter().zip(topic.split('.')).find(|(part, _)| **part == "{id}").map(|(_, id)| id)
}

/// The topics in two lists for the documentation: those that the simulator sends, and how many it takes and never sends.
pub fn table() -> String {
    let (sent, mute): (Vec<&Template>, Vec<&Template>) = templates().iter().partition(|template| template.sent);
    let list = |templates: &[&Template]| {
        templates.iter().map(|template| format!("`{}`", template.name)).collect::<Vec<_>>().join(" · ")
    };
    format!("Sent ({}): {}\n\nTaken and mute ({}): {}\n", sent.len(), list(&sent), mute.len(), list(&mute))
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
    fn takes_every_topic_that_an_sdk_knows() {
        assert_eq!(templates().len(), 242);
        for template in templates() {
            let name = template.name.replace("{id}", ID);
            let found = template_of(&name).unwrap_or_else(|| panic!("{name} is refused"));
            // `v2.system.{id}.{id}` also fits names that are written out.
            assert_eq!(found.name, template.name);
        }
    }

    #[test]
    fn what_is_sent_is_known() {
        for name in OTHERS {
            assert!(KNOWN.lines().any(|known| known == name), "{name}");
        }
        assert_eq!(
            templates().iter().filter(|template| template.sent).count(),
            2 * (1 + MEDIA.len()) + DETAIL.len() + OTHERS.len()
        );
    }

    #[test]
    fn refuses_what_does_not_exist() {
        for name in [
            format!("v2.conversations.{ID}"),
            format!("v2.routing.queues.{ID}.conversations.voice"),
            "v2.routing.queues.*.conversations".into(),
            "v2.users.me.conversations".into(),
            format!("v2.users.{ID}.conversations.{}", "x".repeat(200)),
        ] {
            assert!(expand(&name).is_empty(), "{name}");
        }
        assert_eq!(expand(&format!("v2.routing.queues.{ID}.conversations.cobrowseSessions")).len(), 1);
    }
}
