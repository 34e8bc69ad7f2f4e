//! What is wrong with a value.

use super::*;

impl Judge<'_> {
    pub(super) fn value(&mut self, pair: &Pair) {
        use Severity::{Error, Info, Warn};
        let (key, value) = (&pair.key, &pair.value);
        let schema = "values are texts by the API's schema; what the server does with anything else is not documented";
        match pair.was {
            Was::Number => {
                return self.on(
                    "not-a-string",
                    Error,
                    pair,
                    format!("{key} is the number {value}: {schema}"),
                    format!("\"{value}\", in quotes; in Architect ToString(…)"),
                );
            }
            Was::Bool => {
                return self.on(
                    "not-a-string",
                    Error,
                    pair,
                    format!("{key} is the boolean {value}: {schema} (an official sample sends one)"),
                    format!("\"{value}\", in quotes; in Architect ToString(…)"),
                );
            }
            Was::Null => {
                return self.on(
                    "not-a-string",
                    Error,
                    pair,
                    format!("{key} is null: {schema}, and there is no documented way to remove a key"),
                    "send \"\" to empty it, or leave it out",
                );
            }
            Was::Nested => {
                let (rule, message) = if matches!(key.as_str(), "attributes" | "data" | "participantData") {
                    (
                        "wrapped-payload",
                        format!("{key} is a wrapper among the attributes: it would be one nested value"),
                    )
                } else {
                    ("not-a-string", format!("{key} is an object or a list: {schema}"))
                };
                return self.on(rule, Error, pair, message, "one key for each text, or the JSON as one text in quotes");
            }
            Was::ComputedKey => return,
            Was::Expression if matches!(self.payload.form, PayloadForm::Flow(_) | PayloadForm::DataAction) => return,
            Was::Expression => {
                return self.on(
                    "code-value",
                    Info,
                    pair,
                    format!("{key} is {value} in the program: what it holds is not known here"),
                    "it must be a text when it is sent: String(…) in JavaScript, str(…) in Python",
                );
            }
            Was::Text => {}
        }
        if let Some(found) = template(value) {
            let own = matches!(self.payload.form, PayloadForm::Flow(FlowFileForm::Tutorial));
            let namespace = ["interaction.", "participant.", "conversation."].iter().any(|name| found.contains(name));
            let more = if namespace { "; that such names stand for participant data has no source" } else { "" };
            let message = if own {
                format!("{key} is {found}: Architect resolves no such placeholder and would store that very text{more}")
            } else {
                format!(
                    "{key} holds {found}, which neither the API nor Architect replaces: it is stored as that very text{more}"
                )
            };
            return self.on(
                "unresolved-template",
                Error,
                pair,
                message,
                "put the value in before sending; in Architect use an expression such as Flow.Tier",
            );
        }
        if matches!(value.as_str(), "undefined" | "null" | "NaN" | "NOT_SET" | "[object Object]" | "None") {
            self.on(
                "unresolved-template",
                Warn,
                pair,
                format!("{key} is the text {value}, which is what a missing value leaves behind"),
                "find out why the value is missing, or leave the key out",
            );
        } else if value.trim().is_empty() {
            self.on(
                "blank",
                Info,
                pair,
                format!("{key} is empty: the key stays, without a value"),
                "there is no documented way to remove a key",
            );
        }
        if agent_panel_name(key).is_some()
            && let Some((prefix, rest)) = typed::mismatch(value)
        {
            self.on(
                "typed-value",
                Warn,
                pair,
                format!("{key} is declared as {prefix} and holds {rest:?}, which is none"),
                format!("write {prefix}: and a value of that type, or the text alone"),
            );
        }
        let trimmed = value.trim_start();
        if ["{\"data\"", "{\"attributes\""].iter().any(|start| trimmed.replace(' ', "").starts_with(start)) {
            self.on(
                "wrapped-payload",
                Warn,
                pair,
                format!("{key} holds a whole payload as text: readers see one text, no keys"),
                "send its keys and values themselves",
            );
        }
        let length = value.chars().count();
        if length > 256 {
            let severity = if self.target == PayloadTarget::Architect { Warn } else { Info };
            self.on("too-long", severity, pair, format!("{key} has {length} characters: bot flows take 256; for voice flows and the API no limit is published, only 413 for a body that is too large"), "shorten it where a bot flow sets it");
        }
    }
}
