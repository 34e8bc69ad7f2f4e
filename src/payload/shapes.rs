//! The shapes that JSON payloads come in.

mod documents;

use super::{Explained, NoPayload, Pair, PayloadForm, Trouble, Was, pointer};
use crate::flow::{self, model::Action};
use crate::tree::{NodeId, NodeKind, Tree, parse_json};

/// How often a wrapper may stand in a wrapper, or JSON in a string.
const LAYERS: usize = 8;

/// Names that people wrap the map in.
const WRAPPERS: [&str; 4] = ["attributes", "data", "participantData", "customAttributes"];

pub fn json(text: &str) -> Result<Explained, NoPayload> {
    let mut encoded = false;
    let mut text = text.to_owned();
    for _ in 0..LAYERS {
        let tree = parse_json(&text).map_err(|error| broken(&text, &error.to_string()))?;
        let inner = match tree.str(tree.root()) {
            Some(inner) if inner.trim_start().starts_with(['{', '[', '"']) => inner.to_owned(),
            Some(_) => {
                return Err(NoPayload {
                    message: "this is one JSON text, not an object of keys and values".into(),
                    hint: Some("a payload is {\"key\":\"value\"}".into()),
                });
            }
            None => {
                let mut explained = shape(&tree)?;
                explained.encoded = encoded;
                if encoded {
                    explained.unwrapped.insert(0, "the quotes around the JSON".into());
                }
                return Ok(explained);
            }
        };
        encoded = true;
        text = inner;
    }
    Err(NoPayload { message: format!("JSON in quotes, {LAYERS} times over"), hint: None })
}

fn shape(tree: &Tree<'_>) -> Result<Explained, NoPayload> {
    let root = tree.root();
    if let Some(snippet) = flow_snippet(tree).or_else(|| documents::of(tree)) {
        return Ok(snippet);
    }
    match tree.kind(root) {
        NodeKind::Map => Ok(map(tree)),
        NodeKind::List => list(tree, &tree.items(root).collect::<Vec<_>>()),
        _ => Err(NoPayload {
            message: format!("this is {}, not an object of keys and values", tree.raw(root)),
            hint: Some("a payload is {\"key\":\"value\"}".into()),
        }),
    }
}

/// Nothing yet, of this form.
pub fn blank(form: PayloadForm) -> Explained {
    Explained {
        form,
        pairs: Vec::new(),
        unwrapped: Vec::new(),
        participant: None,
        beside: Vec::new(),
        encoded: false,
        around: String::new(),
        troubles: Vec::new(),
    }
}

fn map(tree: &Tree<'_>) -> Explained {
    let mut explained = blank(PayloadForm::Flat);
    let mut here = tree.root();
    let mut path = String::new();
    for layer in 0..LAYERS {
        let members: Vec<_> = tree.members(here).collect();
        // The map as one text, which is one attribute at most and no map.
        let text = members.iter().find(|member| member.name == "attributes" && (layer == 0 || members.len() == 1));
        if let Some(text) =
            text.and_then(|member| tree.str(member.value)).filter(|text| text.trim_start().starts_with('{'))
            && let Ok(inner) = json(text)
        {
            let beside = members.iter().filter(|member| member.name != "attributes");
            explained.beside.extend(beside.map(|member| (pointer(&path, member.name), member.name.to_owned())));
            explained.form = PayloadForm::Attributes;
            explained.unwrapped.push("the quotes around the JSON in \"attributes\"".into());
            explained.pairs = inner.pairs;
            let path = pointer(&path, "attributes");
            explained.pairs.iter_mut().for_each(|pair| pair.path.clone_from(&path));
            explained.troubles.extend(inner.troubles);
            explained.troubles.push(Trouble::encoded(
                "attributes is one JSON text and not an object: none of the keys in it would be set",
            ));
            return explained;
        }
        let wrapper = WRAPPERS.iter().find_map(|name| {
            members.iter().find(|member| member.name == *name && tree.kind(member.value) == NodeKind::Map)
        });
        let Some(wrapper) = wrapper else { break };
        // Below the first layer a wrapper is only one when it is alone; else it is a nested value.
        if layer > 0 && members.len() > 1 {
            break;
        }
        for member in members.iter().filter(|member| !std::ptr::eq(*member, wrapper)) {
            let at = pointer(&path, member.name);
            if member.name == "participantId" {
                explained.participant = Some(tree.scalar(member.value).unwrap_or(tree.raw(member.value)).to_owned());
                explained.unwrapped.push("\"participantId\"".into());
            } else {
                explained.beside.push((at, member.name.to_owned()));
            }
        }
        if layer == 0 {
            explained.form = match (wrapper.name, &explained.participant) {
                ("attributes", _) => PayloadForm::Attributes,
                (_, Some(_)) => PayloadForm::ParticipantData,
                (_, None) => PayloadForm::Data,
            };
        }
        explained.unwrapped.push(format!("the wrapper \"{}\"", wrapper.name));
        path = pointer(&path, wrapper.name);
        here = wrapper.value;
    }
    for member in tree.members(here) {
        // Beside a map in a wrapper it was seen above; in a flat map it stands among the keys and is none either.
        if here == tree.root() && member.name == "participantId" {
            explained.participant = Some(tree.scalar(member.value).unwrap_or(tree.raw(member.value)).to_owned());
            explained.unwrapped.push("\"participantId\"".into());
            continue;
        }
        explained.pairs.push(pair(tree, pointer(&path, member.name), member.name.to_owned(), member.value));
    }
    explained
}

fn pair(tree: &Tree<'_>, path: String, key: String, value: NodeId) -> Pair {
    let was = match tree.kind(value) {
        NodeKind::Text => Was::Text,
        NodeKind::Number => Was::Number,
        NodeKind::Bool(_) => Was::Bool,
        NodeKind::Null => Was::Null,
        NodeKind::List | NodeKind::Map => Was::Nested,
    };
    Pair { key, value: tree.scalar(value).unwrap_or(tree.raw(value)).to_owned(), was, path }
}

fn list(tree: &Tree<'_>, items: &[NodeId]) -> Result<Explained, NoPayload> {
    let mut explained = blank(PayloadForm::PairList);
    for (at, item) in items.iter().enumerate() {
        let key = tree.any(*item, &["key", "name"]).and_then(|key| tree.str(key));
        match (key, tree.get(*item, "value")) {
            (Some(key), Some(value)) => explained.pairs.push(pair(tree, format!("/{at}"), key.to_owned(), value)),
            _ => {
                return Err(NoPayload {
                    message: format!("item {} of this list is not a key with a value", at + 1),
                    hint: Some("a payload is an object: {\"key\":\"value\"}".into()),
                });
            }
        }
    }
    explained.unwrapped.push("the list".into());
    Ok(explained)
}

/// A flow, or one of its actions, as tutorials and exports show them.
fn flow_snippet(tree: &Tree<'_>) -> Option<Explained> {
    let root = tree.root();
    let raw = tree.raw(root);
    let named = |node, name| tree.get(node, name).and_then(|name| tree.str(name));
    let is_action = |node| named(node, "__type").is_some_and(|name| name.ends_with("Action") || is_known(name));
    let first = tree.items(root).next();
    // One action alone, or some in a row, are put into the smallest flow that holds them.
    let mut place: &dyn Fn(usize, &Action, usize) -> String =
        &|_, action, at| format!("{}/{at}", pointer("", &action.id));
    let text = if is_action(root) {
        place = &|_, _, at| format!("/variables/{at}");
        format!(r#"{{"flowSequenceItemList":[{{"__type":"Task","actionList":[{raw}]}}]}}"#)
    } else if first.is_some_and(is_action) {
        place = &|index, _, at| format!("/{index}/variables/{at}");
        format!(r#"{{"flowSequenceItemList":[{{"__type":"Task","actionList":{raw}}}]}}"#)
    } else if named(root, "type").is_some_and(is_known)
        && tree.get(root, "settings").or(tree.get(root, "nextActionId")).is_some()
    {
        format!(r#"{{"actions":[{raw}]}}"#)
    } else if tree.get(root, "flowSequenceItemList").is_some() || tree.get(root, "actions").is_some() {
        raw.to_owned()
    } else {
        return None;
    };
    let flow = flow::read(&text).ok()?;
    Some(of_flow(&flow, place, 0))
}

/// Whether Architect or a tutorial has an action of this type.
fn is_known(type_name: &str) -> bool {
    flow::actions::find(type_name).is_some()
}

/// The pairs that a flow sets. `place` is where one stands: by the action's index, the action, and the place in its list;
/// `above` is how many lines stand in the flow above what was given.
pub fn of_flow(flow: &flow::model::Flow, place: &dyn Fn(usize, &Action, usize) -> String, above: usize) -> Explained {
    use flow::model::{ActionKind, Operand};
    let mut explained = blank(PayloadForm::Flow(flow.form));
    for part in &flow.unread {
        let line = part.line.saturating_sub(above);
        explained.troubles.push(Trouble::error(
            "unread-part",
            format!("line {line}: {}; what it sets is not known here", part.what),
            "write it as Architect exports it",
        ));
    }
    for (index, action) in flow.actions.iter().enumerate() {
        let (ActionKind::SetData(_) | ActionKind::SetConversation(_)) = &action.kind else { continue };
        let list = action.kind.sets().unwrap_or_default();
        for (at, assign) in list.iter().enumerate() {
            let computed = |one: &Operand| one.computed() && !matches!(one, Operand::Template(_));
            let was = match (&assign.key, &assign.value) {
                (key, _) if computed(key) => Was::ComputedKey,
                (_, value) if computed(value) => Was::Expression,
                (_, Operand::Unset | Operand::NotSet) => Was::Null,
                _ => Was::Text,
            };
            explained.pairs.push(Pair {
                key: assign.key.text().to_owned(),
                value: assign.value.text().to_owned(),
                was,
                path: place(index, action, at),
            });
        }
    }
    explained
}

/// What people most often have in mind when JSON does not parse.
fn broken(text: &str, error: &str) -> NoPayload {
    let outside = outside_quotes(text);
    let hint = if outside.contains("{{") || outside.contains("${") {
        "a placeholder stands outside quotes; until something replaces it, this is not JSON"
    } else if outside.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
        "typographic quotes (“ ”) are not JSON's (\"): a word processor or a web page has replaced them"
    } else if outside.contains('\'') {
        "JSON is quoted with \", not with '"
    } else if outside.replace(char::is_whitespace, "").contains(",}")
        || outside.replace(char::is_whitespace, "").contains(",]")
    {
        "a comma stands before a closing bracket"
    } else if outside.contains("//") || outside.contains("/*") {
        "JSON has no comments"
    } else if outside.contains("None") || outside.contains("True") || outside.contains("False") {
        "None, True and False are Python's; JSON has null, true and false"
    } else if bare_key(&outside) {
        "keys stand in quotes in JSON; this is a literal of JavaScript"
    } else if outside.contains("undefined") || outside.contains("NaN") {
        "undefined and NaN are JavaScript's and not JSON"
    } else {
        return NoPayload { message: format!("not valid JSON: {error}"), hint: None };
    };
    NoPayload { message: format!("not valid JSON: {error}"), hint: Some(hint.to_owned()) }
}

/// A word before a colon: a key without quotes.
fn bare_key(outside: &str) -> bool {
    outside
        .split(':')
        .rev()
        .skip(1)
        .any(|before| before.trim_end().ends_with(|c: char| c.is_alphanumeric() || c == '_'))
}

/// The text without its double-quoted parts.
fn outside_quotes(text: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted = !quoted,
            '\\' if quoted => _ = characters.next(),
            _ if !quoted => out.push(character),
            _ => {}
        }
    }
    out
}
