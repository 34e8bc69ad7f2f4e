//! The new action's text, in the style of its neighbours.

use super::super::model::Operand;
use super::{Means, SetData};
use crate::tree::{Member, NodeId, Tree};
use serde_json::{Value as Json, json};

/// How the objects of a JSON file are laid out, taken from one of them.
pub struct Style {
    /// Between a name and its value.
    colon: String,
    /// Between members: `, `, or a comma, a line end and the members' indentation.
    comma: String,
    /// Behind the opening bracket, and before the closing one.
    open: String,
    close: String,
}

impl Style {
    /// The layout of this object.
    pub fn of(tree: &Tree<'_>, text: &str, object: NodeId) -> Self {
        let span = tree.span(object);
        let members: Vec<Member<'_>> = tree.members(object).collect();
        let colon = members.first().map_or(": ", |first| &text[first.name_span.end..tree.span(first.value).start]);
        let open = members.first().map_or("", |first| &text[span.start + 1..first.name_span.start]);
        let close = members.last().map_or("", |last| &text[tree.span(last.value).end..span.end - 1]);
        let comma = match members.as_slice() {
            [one, two, ..] => text[tree.span(one.value).end..two.name_span.start].to_owned(),
            _ => format!(",{}", if open.is_empty() { " " } else { open }),
        };
        // An object may open in one line and go on in the next; a line for each member is the safe reading.
        let comma = if open.contains('\n') && !comma.contains('\n') { format!(",{open}") } else { comma };
        Self { colon: colon.to_owned(), comma, open: open.to_owned(), close: close.to_owned() }
    }

    /// One more member at the end of an object.
    pub fn member(&self, name: &str, value: &str) -> String {
        format!("{}\"{name}\"{}{value}", self.comma, self.colon)
    }

    /// What stands between two items of the list that this item is in.
    pub fn separator(&self, tree: &Tree<'_>, text: &str, item: NodeId) -> String {
        let span = tree.span(item);
        let follows = text[span.end..].trim_start();
        if follows.starts_with(',') {
            let comma = span.end + (text[span.end..].len() - follows.len());
            let gap = text[comma + 1..].len() - text[comma + 1..].trim_start().len();
            return text[span.end..comma + 1 + gap].to_owned();
        }
        // The last of its list: a line of its own where it stands on one.
        let line = text[..span.start].rfind('\n').map_or(0, |newline| newline + 1);
        let lead = &text[line..span.start];
        if line > 0 && lead.trim().is_empty() {
            let newline = if text[..line].ends_with("\r\n") { "\r\n" } else { "\n" };
            return format!(",{newline}{lead}");
        }
        if self.spaced() { ", ".into() } else { ",".into() }
    }

    fn spaced(&self) -> bool {
        self.colon.ends_with(' ')
    }

    /// A value in one line.
    fn render(&self, value: &Json) -> String {
        let (colon, comma) = if self.spaced() { (": ", ", ") } else { (":", ",") };
        match value {
            Json::Object(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, value)| format!("{}{colon}{}", quoted(name), self.render(value)))
                    .collect();
                format!("{{{}}}", members.join(comma))
            }
            Json::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.render(item)).collect();
                format!("[{}]", items.join(comma))
            }
            other => other.to_string(),
        }
    }

    /// An object laid out like its neighbours, its members' values in one line each.
    fn object(&self, members: &[(&str, Json)]) -> String {
        let members: Vec<String> =
            members.iter().map(|(name, value)| format!("\"{name}\"{}{}", self.colon, self.render(value))).collect();
        format!("{{{}{}{}}}", self.open, members.join(&self.comma), self.close)
    }
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    Json::from(text).to_string()
}

/// What the new action of the platform's JSON is linked to.
pub struct InsertionPoint {
    /// Its id.
    pub id: String,
    /// Its number, when the file counts them.
    pub tracking: Option<u64>,
    /// The id of what follows it.
    pub next: Option<String>,
}

/// The new action of the platform's JSON, in the members and the order of real configurations. `declared` are the variables
/// of the file: name, id, type.
pub fn platform(
    style: &Style,
    wanted: &SetData<'_>,
    means: &Means,
    place: &InsertionPoint,
    declared: &[(String, String, String)],
) -> String {
    let mut members: Vec<(&str, Json)> = Vec::new();
    members.extend(place.next.as_ref().map(|next| ("nextAction", json!(next))));
    members.extend(place.tracking.map(|number| ("trackingId", json!(number))));
    members.push(("id", json!(place.id)));
    members.push(("name", json!(means.title())));
    members.push(("uiMetaData", json!({"collapsed": false})));
    let pair = json!([{
        "expression": operand(&wanted.value, declared),
        "variable": operand(&Operand::Literal(wanted.key.to_owned()), declared),
    }]);
    match means {
        Means::Participant => {
            members.push(("__type", json!("SetAttributesAction")));
            members.push(("variables", pair));
        }
        Means::Conversation(conversation) => {
            members.push(("__type", json!("SetConversationDataAction")));
            members.push(("participantId", operand(&Operand::Unset, declared)));
            members.push(("conversationId", operand(conversation, declared)));
            members.push(("variables", pair));
            members.push((
                "paths",
                json!([{"label": "Success", "outputId": "__SUCCESS__"}, {"label": "Failure", "outputId": "__FAILURE__"}]),
            ));
        }
    }
    style.object(&members)
}

/// A value object as the platform writes it. The tree of an expression is the platform's to make: it gets the source alone.
fn operand(value: &Operand, declared: &[(String, String, String)]) -> Json {
    let whole = |config: Json, text: &str, kind: &str, mode: u8, meta: Json| json!({"config": config, "text": text, "type": kind, "uiMetaData": {"mode": mode}, "metaData": meta, "version": 2});
    match value {
        Operand::Literal(text) | Operand::Typed { text, .. } | Operand::Template(text) => {
            whole(json!({"lit": {"pos": 1, "text": text, "type": "str"}}), text, "str", 1, json!({}))
        }
        Operand::Unset | Operand::NotSet => {
            whole(json!({"emp": {"pos": 1, "text": "", "type": "str"}}), "", "str", 3, json!({}))
        }
        Operand::Variable(name) => match declared.iter().find(|(declared, ..)| declared.eq_ignore_ascii_case(name)) {
            Some((name, id, kind)) => whole(
                json!({"ref": {"pos": 1, "text": name, "type": kind, "val": id}}),
                name,
                kind,
                0,
                json!({"references": [{"id": id, "type": kind, "isSysRef": false, "name": name}]}),
            ),
            None => json!({"text": name, "type": "str", "uiMetaData": {"mode": 0}, "version": 2}),
        },
        Operand::BuiltIn(text) | Operand::Expression(text) => {
            json!({"text": text, "type": "str", "uiMetaData": {"mode": 0}, "version": 2})
        }
    }
}

/// The new action of the tutorials' JSON.
pub fn tutorial(style: &Style, wanted: &SetData<'_>, place: &InsertionPoint) -> String {
    let value = match &wanted.value {
        Operand::Expression(name) | Operand::Variable(name) | Operand::BuiltIn(name) => {
            format!("{{{{{}}}}}", name.trim())
        }
        other => other.text().to_owned(),
    };
    let mut members: Vec<(&str, Json)> = vec![
        ("id", json!(place.id)),
        ("type", json!("setParticipantData")),
        ("name", json!(Means::Participant.title())),
        ("settings", json!({"key": wanted.key, "value": value})),
    ];
    members.extend(place.next.as_ref().map(|next| ("nextActionId", json!(next))));
    style.object(&members)
}

/// The new action as an item of an Archy list, `indent` spaces in.
pub fn archy(wanted: &SetData<'_>, means: &Means, indent: usize, newline: &str) -> String {
    let value = match &wanted.value {
        Operand::Literal(text) => format!("lit: {}", scalar(text)),
        other => format!("exp: {}", scalar(other.text())),
    };
    let mut lines = match means {
        Means::Participant => vec!["- setParticipantData:".to_owned(), format!("    name: {}", means.title())],
        Means::Conversation(conversation) => vec![
            "- setConversationData:".to_owned(),
            format!("    name: {}", means.title()),
            "    conversationId:".to_owned(),
            match conversation {
                Operand::Literal(text) => format!("      lit: {}", scalar(text)),
                other => format!("      exp: {}", scalar(other.text())),
            },
            "    participantId:".to_owned(),
            "      noValue: true".to_owned(),
        ],
    };
    lines.extend([
        "    attributes:".to_owned(),
        "      - attribute:".to_owned(),
        "          name:".to_owned(),
        format!("            lit: {}", scalar(wanted.key)),
        "          value:".to_owned(),
        format!("            {value}"),
    ]);
    let pad = " ".repeat(indent);
    lines.iter().map(|line| format!("{pad}{line}{newline}")).collect()
}

/// A YAML scalar: bare where nothing could take it for anything else, else in double quotes, whose escapes are JSON's.
fn scalar(text: &str) -> String {
    let word = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|next| next.is_ascii_alphanumeric() || matches!(next, '_' | '.'));
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if word && !reserved.contains(&text.to_ascii_lowercase().as_str()) { text.to_owned() } else { quoted(text) }
}
