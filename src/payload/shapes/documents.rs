//! JSON documents that are pasted for a payload and are something else: an exported data action, a conversation as the
//! API reads it, a notification.

use super::{blank, json};
use crate::payload::{Explained, Form, Was, pointer};
use crate::tree::{NodeId, NodeKind, Tree};
use regex::Regex;
use std::sync::LazyLock;

/// The document that the tree is, if it is one of these.
pub fn of(tree: &Tree<'_>) -> Option<Explained> {
    let root = tree.root();
    if let Some(request) = request(tree) {
        return Some(data_action(tree, request.0, &request.1));
    }
    let is_map = |name| tree.get(root, name).is_some_and(|id| tree.kind(id) == NodeKind::Map);
    let is_list = |name| tree.get(root, name).is_some_and(|id| tree.kind(id) == NodeKind::List);
    if (tree.get(root, "topicName").is_some() && is_map("eventBody")) || is_list("participants") {
        return Some(blank(Form::Conversation));
    }
    None
}

/// The request of a data action's configuration, and its path.
fn request(tree: &Tree<'_>) -> Option<(NodeId, String)> {
    let root = tree.root();
    let has_template = |id: NodeId| tree.any(id, &["requestUrlTemplate", "requestTemplate"]).is_some();
    if let Some(request) = tree.get(root, "config").and_then(|config| tree.get(config, "request"))
        && has_template(request)
    {
        return Some((request, "/config/request".into()));
    }
    if let Some(request) = tree.get(root, "request")
        && has_template(request)
    {
        return Some((request, "/request".into()));
    }
    has_template(root).then_some((root, String::new()))
}

/// A template whose placeholders stand where a value does, with quotes around them: `{"tier":${input.tier}}`.
fn in_quotes(template: &str) -> String {
    static BARE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"([:\[,]\s*)(\$!?\{[^{}]*\})"#).ok());
    BARE.as_ref().map_or_else(|| template.to_owned(), |bare| bare.replace_all(template, "$1\"$2\"").into_owned())
}

/// What a data action's request would send. Its own placeholders (`${input.…}`) are values that are not known here.
fn data_action(tree: &Tree<'_>, request: NodeId, path: &str) -> Explained {
    let text = |name| tree.get(request, name).and_then(|id| tree.str(id)).unwrap_or_default();
    let mut explained = blank(Form::DataAction);
    explained.around = format!("{} {}\n", text("requestType"), text("requestUrlTemplate"));
    let template = pointer(path, "requestTemplate");
    // Any other request sends what it sends, and sets no participant data.
    if !text("requestUrlTemplate").contains("/participants/") {
        return explained;
    }
    let body =
        json(text("requestTemplate")).or_else(|error| json(&in_quotes(text("requestTemplate"))).map_err(|_| error));
    if let Ok(body) = body {
        let inner = match body.form {
            Form::Attributes => "/attributes",
            _ => "",
        };
        explained.pairs = body.pairs;
        for pair in &mut explained.pairs {
            if pair.key.contains("${") || pair.value.contains("${") {
                pair.was = Was::Expression;
            }
            pair.path = template.clone();
        }
        // The body's own map is right or wrong as any body is: only a map in "attributes" sets anything.
        if inner.is_empty() {
            explained.beside = explained.pairs.iter().map(|pair| (template.clone(), pair.key.clone())).collect();
        }
    }
    explained
}
