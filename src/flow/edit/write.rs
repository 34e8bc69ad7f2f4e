//! The new action's text, in the style of its neighbours.

use super::super::expr::quote;
use super::super::model::Operand;
use super::SetData;
use crate::tree::{NodeId, Tree};

/// The name that Architect gives the action.
const NAME: &str = "Set Participant Data";

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
        let members = tree.members(object);
        let colon = members.first().map_or(": ", |first| &text[first.name_span.end..tree.span(first.value).start]);
        let open = members.first().map_or("", |first| &text[span.start + 1..first.name_span.start]);
        let close = members.last().map_or("", |last| &text[tree.span(last.value).end..span.end - 1]);
        let comma = match members {
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
        if self.colon.ends_with(' ') { ", ".into() } else { ",".into() }
    }
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The new action as an object.
pub fn json_object(
    style: &Style,
    wanted: &SetData<'_>,
    platform: bool,
    id: &str,
    tracking: Option<u64>,
    next: Option<&str>,
) -> String {
    let colon = &style.colon;
    let space = if colon.ends_with(' ') { " " } else { "" };
    let mut members: Vec<(&str, String)> = Vec::new();
    if platform {
        members.push(("__type", quoted("SetAttributesAction")));
        members.push(("id", quoted(id)));
        members.push(("name", quoted(NAME)));
        members.extend(tracking.map(|number| ("trackingId", number.to_string())));
        members.extend(next.map(|next| ("nextAction", next.to_owned())));
        let value = match &wanted.value {
            Operand::Literal(text) => quote(text),
            other => other.text().to_owned(),
        };
        let text = |text: &str| format!("{{\"text\"{colon}{}}}", quoted(text));
        let pair = format!(
            "[{{\"variable\"{colon}{},{space}\"expression\"{colon}{}}}]",
            text(&quote(wanted.key)),
            text(&value)
        );
        members.push(("variables", pair));
    } else {
        members.push(("id", quoted(id)));
        members.push(("type", quoted("setParticipantData")));
        members.push(("name", quoted(NAME)));
        let value = match &wanted.value {
            Operand::Expression(name) | Operand::Variable(name) | Operand::BuiltIn(name) => {
                format!("{{{{{}}}}}", name.trim())
            }
            other => other.text().to_owned(),
        };
        members.push((
            "settings",
            format!("{{\"key\"{colon}{},{space}\"value\"{colon}{}}}", quoted(wanted.key), quoted(&value)),
        ));
        members.extend(next.map(|next| ("nextActionId", next.to_owned())));
    }
    let members: Vec<String> = members.into_iter().map(|(name, value)| format!("\"{name}\"{colon}{value}")).collect();
    format!("{{{}{}{}}}", style.open, members.join(&style.comma), style.close)
}

/// The new action as an item of an Archy list, `indent` spaces in.
pub fn archy(wanted: &SetData<'_>, indent: usize, newline: &str) -> String {
    let value = match &wanted.value {
        Operand::Literal(text) => format!("lit: {}", scalar(text)),
        other => format!("exp: {}", scalar(other.text())),
    };
    let lines = [
        "- setParticipantData:".to_owned(),
        format!("    name: {NAME}"),
        "    attributes:".to_owned(),
        "      - attribute:".to_owned(),
        "          name:".to_owned(),
        format!("            lit: {}", scalar(wanted.key)),
        "          value:".to_owned(),
        format!("            {value}"),
    ];
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
