//! What a text is that is no flow, where that can be seen.

use crate::tree::{NodeId, NodeKind, Tree};

/// Told of everything that is not recognised.
const JSON: &str = "this JSON is no flow: it has neither `flowSequenceItemList` (the platform's latestconfiguration) nor a \
                    list `actions` with types that Architect has (the tutorials' form)";
const YAML: &str = "this YAML is no Archy flow: below its one root, such as `inboundCall`, there are neither tasks, menus, \
                    states or bots nor startUpTaskActions";

fn no_flow(what: &str) -> String {
    format!("this is not a flow but {what}")
}

/// By the members of a JSON document.
pub fn json(tree: &Tree<'_>) -> String {
    let root = tree.root();
    let has = |node, names: &[&str]| names.iter().all(|name| tree.get(node, name).is_some());
    let first = tree.items(root).next().or_else(|| tree.items(tree.get(root, "entities")?).next());
    if let Some(what) = object(tree, root) {
        return no_flow(what);
    }
    if tree
        .only(root)
        .is_some_and(|one| is_root(one.name) && tree.any(one.value, &["startUpRef", "startUpTaskActions"]).is_some())
    {
        return no_flow("an Archy flow's tree written as JSON; Archy takes YAML: convert it, with yq -P for example");
    }
    if has(root, &["entities"]) && first.is_some_and(|one| has(one, &["type", "name"])) {
        return no_flow("a list of what the API holds; a flow is one GET /api/v2/flows/{id}/latestconfiguration");
    }
    if tree.kind(root) == NodeKind::List {
        return match first.and_then(|one| object(tree, one)) {
            Some(what) => no_flow(&format!("a list, and its first item is {what}")),
            None => no_flow("a list of something else"),
        };
    }
    JSON.to_owned()
}

fn object(tree: &Tree<'_>, node: NodeId) -> Option<&'static str> {
    let has = |names: &[&str]| names.iter().all(|name| tree.get(node, name).is_some());
    let any = |names: &[&str]| tree.any(node, names).is_some();
    Some(match () {
        () if has(&["flowSequenceItemList"]) => "a flow's configuration; give it a file of its own",
        () if has(&["participants"]) => "a conversation",
        () if has(&["__type", "id"]) => "one action of a flow; the flow it stands in is needed",
        () if has(&["contract"]) || has(&["config", "category"]) || has(&["integrationType", "config"]) => {
            "a data action; 'sidetone lint' reads those"
        }
        () if any(&["openapi", "swagger"]) => "an API description (OpenAPI)",
        () if has(&["flow"]) && tree.get(node, "flow").is_some_and(|flow| tree.get(flow, "execution").is_some()) => {
            "the execution history of a flow"
        }
        () if any(&["publishedVersion", "checkedInVersion", "savedVersion"]) => {
            "a flow's metadata; its actions are in GET /api/v2/flows/{id}/latestconfiguration"
        }
        () if has(&["attributes"]) => "a payload with attributes; 'sidetone lint' reads those",
        () if has(&["status", "code", "message"]) => "an error of the API",
        () if has(&["schema", "properties"]) || has(&["$schema"]) => "a JSON schema",
        () if has(&["intents"]) => "a bot's language model",
        () if has(&["resource"]) || has(&["provider"]) => "a Terraform configuration",
        () => return None,
    })
}

/// By the members of a YAML document.
pub fn yaml(tree: &Tree<'_>) -> String {
    let root = tree.root();
    let any = |names: &[&str]| tree.any(root, names).is_some();
    if tree.kind(root) == NodeKind::List {
        return no_flow("a list in YAML; a flow has one root, such as `inboundCall`");
    }
    match () {
        () if any(&["openapi", "swagger"]) => no_flow("an API description (OpenAPI)"),
        () if any(&["apiVersion", "services", "jobs"]) => no_flow("the configuration of another program"),
        () if tree.only(root).is_some_and(|one| is_root(one.name)) => format!(
            "{YAML}; this one has a root of an Archy flow and nothing that it begins with: startUpRef or startUpTaskActions"
        ),
        () => YAML.to_owned(),
    }
}

/// Whether a flow's root may have this name, as far as such names begin.
pub fn is_root(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["inbound", "inqueue", "outbound", "secure", "bot", "digital", "workflow", "workitem", "common", "survey", "voice"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// By how a text begins.
pub fn text(text: &str) -> Option<String> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let lower: String = start.chars().take(64).flat_map(char::to_lowercase).collect();
    Some(no_flow(match () {
        () if lower.starts_with("<!doctype html") || lower.starts_with("<html") => "a web page",
        () if lower.starts_with("<") => "XML",
        () if lower.starts_with("%7b") => "percent-encoded JSON: an export whose base64 was decoded; encode it again",
        () if lower.starts_with("pk\u{3}\u{4}") => "a ZIP archive; the flow is in it",
        () if lower.starts_with("[[expect]]") => "an expectation file; 'check --expect' takes those",
        () if lower.starts_with("resource \"")
            || lower.starts_with("provider \"")
            || lower.starts_with("terraform {") =>
        {
            "a Terraform configuration; the flow's YAML stands beside it"
        }
        () if block(start) => "a Terraform configuration; the flow's YAML stands beside it",
        () if table(start) => "a table (CSV)",
        () if serde_json::from_str::<String>(start).is_ok_and(|text| text.trim_start().starts_with(['{', '['])) => {
            "JSON packed into a JSON text; unpack it first, with jq -r . for example"
        }
        () if packed(start) => "base64 of something else than an Architect export",
        () => return None,
    }))
}

/// `locals {`, `module "x" {`: how a file of Terraform begins, behind comments.
fn block(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.find(|line| !line.starts_with('#') && !line.starts_with("//"));
    let Some(head) = first.and_then(|line| line.strip_suffix('{')) else { return false };
    let mut words = head.split_whitespace();
    words.next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        && words.all(|word| word.len() > 1 && word.starts_with('"') && word.ends_with('"'))
}

/// A line of names, and as many values in the next.
fn table(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let (Some(head), Some(next)) = (lines.next(), lines.next()) else { return false };
    [',', ';', '\t'].iter().any(|sign| {
        let count = head.matches(*sign).count();
        count > 0 && next.matches(*sign).count() >= count && !head.contains([':', '{', '['])
    })
}

fn packed(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 24 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(&byte))
}
