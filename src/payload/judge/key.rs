//! What is wrong with a key.

use super::*;

impl Judge<'_> {
    pub(super) fn key(&mut self, pair: &Pair) {
        use Severity::{Error, Info, Warn};
        let key = &pair.key;
        if pair.was == Was::ComputedKey {
            let what = if matches!(self.payload.form, PayloadForm::Flow(_)) { "flow" } else { "program" };
            return self.on(
                "computed-key",
                Info,
                pair,
                format!("{key} is computed: what the key is called is known only in a run of the {what}"),
                "look at what it comes to; keys are case-sensitive",
            );
        }
        let computed = pair.was == Was::Expression
            && match self.payload.form {
                PayloadForm::DataAction => key.contains("${"),
                _ => key.starts_with("..."),
            };
        if computed {
            return;
        }
        if key.trim().is_empty() {
            return self.on("empty-key", Error, pair, "the key has no name", "name it");
        }
        if template(key).is_some() {
            return self.on("unresolved-template", Error, pair, format!("the key {key} holds a placeholder; nothing on the platform replaces it, and the key would be that very text"), "write the key itself");
        }
        if key.chars().any(char::is_control) {
            return self.on("empty-key", Error, pair, "the key holds a control character", "remove it");
        }
        if key.trim() != key || key.chars().any(is_hidden) {
            let what =
                if key.trim() != key { "begins or ends with a space" } else { "holds a character that cannot be seen" };
            self.on(
                "near-miss",
                Warn,
                pair,
                format!("the key {key:?} {what}; a reader that asks for it without does not find it"),
                "write it without",
            );
        }
        if matches!(key.as_str(), "attributes" | "data" | "participantData") && self.payload.form == PayloadForm::Flat {
            self.on(
                "wrapped-payload",
                Warn,
                pair,
                format!("\"{key}\" is taken for a key here, because it holds no object; it reads like a wrapper"),
                BODY,
            );
        }
        let system = SYSTEM_PREFIXES.into_iter().find(|prefix| key.starts_with(prefix));
        if let Some(prefix) = system {
            self.on(
                "system-prefix-edited",
                Warn,
                pair,
                format!("the platform writes keys that begin with {prefix} itself"),
                "choose another name unless this is meant",
            );
        }
        if let Some(name) = agent_panel_name(key) {
            self.on(
                "agent-panel",
                Info,
                pair,
                format!("{key} is shown to agents as {name}: a name with this prefix is the author's to set, its value may begin with a type such as number: or checkbox:"),
                "nothing to do",
            );
        } else if key.contains('.') {
            self.on(
                "dotted-key",
                Info,
                pair,
                format!("{key} is allowed, in flows and in the API; scripts cannot read names with a dot"),
                "use another sign where a script is to read it",
            );
        } else if key.chars().any(|next| !next.is_alphanumeric() && next != '_') {
            self.on(
                "key-characters",
                Info,
                pair,
                format!("{key} is allowed: keys need not be identifiers"),
                "nothing to do",
            );
        }
    }
}
