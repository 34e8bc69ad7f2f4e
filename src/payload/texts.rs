//! Payloads that are no JSON: lines, CSV, Archy snippets.

use super::{Explained, NoPayload, Pair, PayloadForm, Was, blank, embedded, shapes};
use crate::flow;

pub fn explain(text: &str) -> Result<Explained, NoPayload> {
    if let Some(found) = archy(text) {
        return Ok(found);
    }
    if let Some(found) = embedded::payload(text) {
        return found;
    }
    if let Some(found) = lines(text) {
        return Ok(found);
    }
    if let Some(found) = csv_row(text) {
        return Ok(found);
    }
    if !super::claims::of(text).is_empty() {
        return Ok(Explained { around: text.to_owned(), ..blank(PayloadForm::Prose) });
    }
    Err(NoPayload {
        message: "neither JSON, nor KEY=VALUE lines, nor a CSV header with one row".into(),
        hint: Some("a payload is {\"key\":\"value\"}".into()),
    })
}

/// A whole Archy flow, or the `setParticipantData` action that threads quote.
fn archy(text: &str) -> Option<Explained> {
    let names = ["setParticipantData", "getParticipantData", "setConversationData", "getConversationData"];
    let mut named = names.iter().filter(|name| text.contains(**name));
    // Base64 of `%7B`, with which each export begins.
    let export = text.starts_with("JTdC");
    if (named.next().is_none() || !text.contains(':') || text.contains("{\"")) && !export {
        return None;
    }
    if let Ok(flow) = flow::read(text) {
        return Some(shapes::of_flow(&flow, &by_line(0), 0));
    }
    if export {
        return None;
    }
    // One action: a list item, or the bare map. Put into the smallest flow that holds it.
    let item = if text.starts_with('-') { text.to_owned() } else { format!("- {}", text.replace('\n', "\n  ")) };
    let nested: String = item.lines().map(|line| format!("        {line}\n")).collect();
    let whole = format!(
        "inboundCall:\n  name: snippet\n  tasks:\n    - task:\n        name: snippet\n        actions:\n{nested}"
    );
    let flow = flow::read(&whole).ok()?;
    let data = |action: &flow::model::Action| names.iter().any(|name| action.type_name == *name);
    flow.actions.iter().any(data).then(|| shapes::of_flow(&flow, &by_line(ABOVE), ABOVE))
}

/// Lines of the flow that one action is put into, above the action.
const ABOVE: usize = 6;

/// A place in YAML: the line of its action.
fn by_line(above: usize) -> impl Fn(usize, &flow::model::Action, usize) -> String {
    move |_, action, _| format!("/{}", action.line.saturating_sub(above))
}

/// `KEY=VALUE`, one a line; `#` begins a comment line. The value goes to the end of the line, as it is.
fn lines(text: &str) -> Option<Explained> {
    let mut explained = blank(PayloadForm::Lines);
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=')?;
        let key = key.trim();
        // A sentence with an equals sign in it is no pair, and a line of a program or a command is none either.
        if key.is_empty() || key.split_whitespace().count() > 3 || key.contains("://") || is_code(key, value) {
            return None;
        }
        explained.pairs.push(Pair {
            key: key.to_owned(),
            value: value.to_owned(),
            was: Was::Text,
            path: format!("/{}", at + 1),
        });
    }
    (!explained.pairs.is_empty()).then_some(explained)
}

/// Whether a line reads like one of a program or a command: `const body = {`, `$body = …`, `curl -d a`, `f(x`.
fn is_code(key: &str, value: &str) -> bool {
    const WORDS: [&str; 13] =
        ["const", "let", "var", "val", "final", "auto", "String", "curl", "wget", "http", "export", "set", "return"];
    let mut words = key.split_whitespace();
    let first = words.next().unwrap_or_default();
    let several = words.next().is_some();
    let open = |text: &str| text.matches('(').count() != text.matches(')').count();
    several && (WORDS.contains(&first) || key.contains(" -"))
        || key.starts_with(['$', '@', '{', '[', '"', '\'', '<'])
        || key.contains(['"', '\'', '{', '[', ';', '|'])
        || key.ends_with([':', '+', '-', '!', '<', '>', '='])
        || open(key)
        || value.trim_start().starts_with('{') && !value.trim_start().starts_with("{{")
        || ["['", "[\"", ">", "=", "@{", "@'", "@\""].iter().any(|begin| value.trim_start().starts_with(begin))
        || value.trim_end().ends_with([';', '{', '(', '['])
        || open(value) && value.trim_end().ends_with([',', '('])
}

/// A header line and one row of values, with the delimiter that both share: comma, semicolon or tab.
fn csv_row(text: &str) -> Option<Explained> {
    [b',', b';', b'\t'].into_iter().find_map(|delimiter| {
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(text.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().ok()?;
        let [header, row] = records.as_slice() else { return None };
        if header.len() < 2 || header.iter().any(|name| name.trim().is_empty()) {
            return None;
        }
        let mut explained = blank(PayloadForm::Csv);
        for (at, (key, value)) in header.iter().zip(row).enumerate() {
            explained.pairs.push(Pair {
                key: key.trim().to_owned(),
                value: value.to_owned(),
                was: Was::Text,
                path: format!("/{}", at + 1),
            });
        }
        Some(explained)
    })
}
