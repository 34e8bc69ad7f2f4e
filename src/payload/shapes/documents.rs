//! JSON documents that are pasted for a payload and are something else: an exported data action, a conversation as the
//! API reads it, a notification.

use super::{blank, json};
use crate::payload::{Explained, PayloadForm, Severity, Trouble, Was, pointer};
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
        return Some(blank(PayloadForm::Conversation));
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
    let mut explained = blank(PayloadForm::DataAction);
    explained.around = format!("{} {}\n", text("requestType"), text("requestUrlTemplate"));
    let template = pointer(path, "requestTemplate");
    // Any other request sends what it sends, and sets no participant data.
    if !text("requestUrlTemplate").contains("/participants/") {
        return explained;
    }
    let body = text("requestTemplate");
    request_line(tree, request, &mut explained);
    let whole = body.trim();
    let velocity = ["#set", "#if", "#foreach", "#end", "#{", "#macro"].iter().any(|word| whole.contains(word));
    let one = whole.starts_with('$') && !whole.contains(['"', ':']);
    let read = json(body).or_else(|error| json(&in_quotes(body)).map_err(|_| error));
    let body = match read {
        Ok(body) => body,
        Err(_) if velocity || one => {
            explained.troubles.push(Trouble {
                rule: "code-value",
                severity: Severity::Info,
                message: "its template is put together when it runs: what it sends is not known here".into(),
                remedy: "test the action in Integrations and give the body that it shows".into(),
            });
            return explained;
        }
        Err(error) => {
            let (message, remedy) = match whole {
                "" => ("its request template is empty, so no body is sent".to_owned(), None),
                _ => (format!("its request template is not JSON: {}", error.message), error.hint),
            };
            let remedy = remedy.unwrap_or_else(|| r#"{"attributes":{"key":"${input.value}"}}"#.into());
            explained.troubles.push(Trouble::error("not-json", message, remedy));
            return explained;
        }
    };
    unquoted(tree, whole, &mut explained);
    let inner = match body.form {
        PayloadForm::Attributes => "/attributes",
        _ => "",
    };
    explained.pairs = body.pairs;
    for pair in &mut explained.pairs {
        if ["${", "$!{", "$input", "$esc"].iter().any(|sign| pair.key.contains(sign) || pair.value.contains(sign)) {
            pair.was = Was::Expression;
        }
        pair.path = template.clone();
    }
    // All of the map from an input: as a value of its own it is that, in quotes it is one text.
    if let [pair] = explained.pairs.as_slice()
        && body.form == PayloadForm::Flat
        && pair.key == "attributes"
    {
        if pair.was != Was::Expression || whole.contains(&format!("\"{}", pair.value)) {
            explained.troubles.push(Trouble::encoded(
                "attributes is one text and not an object: none of the keys in it would be set",
            ));
        }
        return explained;
    }
    // The body's own map is right or wrong as any body is: only a map in "attributes" sets anything.
    if inner.is_empty() {
        explained.beside = explained.pairs.iter().map(|pair| (template.clone(), pair.key.clone())).collect();
    }
    explained
}

/// What is wrong with the method and the headers of the request.
fn request_line(tree: &Tree<'_>, request: NodeId, explained: &mut Explained) {
    let text = |name| tree.get(request, name).and_then(|id| tree.str(id)).unwrap_or_default();
    let method = text("requestType");
    if text("requestUrlTemplate").trim_end().ends_with("/attributes")
        && !method.is_empty()
        && !method.eq_ignore_ascii_case("PATCH")
    {
        explained.troubles.push(Trouble::method(Severity::Error, &format!("its request sends {method}")));
    }
    let Some(headers) = tree.get(request, "headers") else { return };
    for header in tree.members(headers).filter(|header| header.name.eq_ignore_ascii_case("content-type")) {
        let kind = tree.str(header.value).unwrap_or_default();
        if !kind.to_ascii_lowercase().contains("json") && !kind.contains('$') {
            explained.troubles.push(Trouble::error(
                "content-type",
                format!("it is sent as {kind}; the API takes application/json"),
                "leave the header out, or write application/json",
            ));
        }
    }
}

/// Inputs that are filled in without quotes: a text makes no JSON there, and anything else is no text.
fn unquoted(tree: &Tree<'_>, template: &str, explained: &mut Explained) {
    static BARE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#""([^"\\]*)"\s*:\s*\$!?\{\s*(?:input\.)?([^{}]*)\}"#).ok());
    let input = ["contract", "input", "inputSchema", "properties"]
        .iter()
        .try_fold(tree.root(), |node, name| tree.get(node, name));
    for found in BARE.iter().flat_map(|bare| bare.captures_iter(template)).filter(|found| &found[1] != "attributes") {
        let (key, name) = (&found[1], found[2].trim());
        let kind = input
            .and_then(|input| tree.get(input, name))
            .and_then(|property| tree.get(property, "type"))
            .and_then(|kind| tree.str(kind));
        let remedy = format!("put quotes around it: \"{key}\":\"${{input.{name}}}\"");
        explained.troubles.push(match kind {
            Some("string") => Trouble::error(
                "not-json",
                format!("{key} is the text {name} without quotes: what is sent then is not JSON"),
                remedy,
            ),
            kind => {
                let kind = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
                let message = format!("{key} is {name}{kind} without quotes, which is sent as no text; values are texts by the API's schema");
                Trouble::error("not-a-string", message, remedy)
            }
        });
    }
}
