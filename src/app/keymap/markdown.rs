//! The table as Markdown, for the README and docs/keys.md.

use super::{BINDINGS, Scope};

/// The everyday keys as Markdown, for the README: what the footers of the two main screens show.
pub fn everyday() -> String {
    let mut out = String::from("| where | key | what it does |\n|---|---|---|\n");
    for scope in [Scope::Calls, Scope::Call, Scope::Screen] {
        for binding in BINDINGS.iter().filter(|b| b.scope == scope && !b.hint.is_empty()) {
            let Some(key) = binding.keys.first() else { continue };
            out.push_str(&format!("| {} | `{key}` | {} |\n", scope.title(), binding.help));
        }
    }
    out
}

/// The whole table as Markdown, for docs/keys.md, place by place in the order of the table.
pub fn markdown() -> String {
    let mut scopes: Vec<Scope> = Vec::new();
    for binding in BINDINGS {
        if !scopes.contains(&binding.scope) {
            scopes.push(binding.scope);
        }
    }
    let mut out = String::from("| where | keys | action | what it does |\n|---|---|---|---|\n");
    for scope in scopes {
        for binding in BINDINGS.iter().filter(|b| b.scope == scope) {
            let keys: Vec<String> = binding.keys.iter().map(|k| format!("`{k}`")).collect();
            let row = format!("| {} | {} | `{}` | {} |\n", scope.title(), keys.join(" "), binding.action, binding.help);
            out.push_str(&row);
        }
    }
    out
}
