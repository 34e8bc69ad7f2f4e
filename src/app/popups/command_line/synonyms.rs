//! Other words by which an action is looked for: those of k9s, vim and htop, and plain English.

/// Names of actions, each with its other words.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("quit", &["q", "exit", "q!", "qa", "wq", "bye"]),
    ("help", &["h", "keys", "?"]),
    ("filter", &["search", "find", "grep"]),
    ("sort", &["order"]),
    ("reverse", &["invert"]),
    ("columns", &["cols", "keys-shown"]),
    ("coverage", &["bars", "missing"]),
    ("ended", &["hide-ended"]),
    ("key-changes", &["changes-of-key"]),
    ("width", &["resize"]),
    ("mouse", &["select-text"]),
    ("next-finding", &["]"]),
    ("topics", &["watch", "queues", "users"]),
    ("queue", &["ns"]),
    ("call", &["conversation", "id", "open-call"]),
    ("theme", &["colors", "colours", "skin", "colorscheme"]),
    ("view", &["v"]),
    ("trap", &["next", "wait"]),
    ("pin", &["stay"]),
    ("compare", &["diff", "vs"]),
    ("timeline", &["changes", "events", "log"]),
    ("diagnose", &["findings", "problems", "errors"]),
    ("expectations", &["expected"]),
    ("flow", &["walkthrough"]),
    ("drafts", &["unsent"]),
    ("losses", &["side-effects", "vanished", "reverted", "lost"]),
    ("review", &["send", "w"]),
    ("alerts", &["bells", "alarms"]),
    ("alert", &["bell"]),
    ("alert-filter", &["bell-filter"]),
    ("alert-missed", &["bell-missed"]),
    ("blank", &["empty", "clear", "delete"]),
    ("discard", &["drop-draft"]),
    ("copy", &["yank"]),
    ("paste", &["import"]),
    ("edit-outside", &["editor", "vi", "vim"]),
    ("map-outside", &["edit-all"]),
    ("history", &["values"]),
    ("when", &["arm", "condition"]),
    ("sign-in", &["login"]),
    ("record", &["rec", "capture"]),
    ("mask", &["privacy", "personal", "hide", "unmask"]),
    ("export", &["save", "write", "report"]),
    ("redraw", &["repaint"]),
    ("read-again", &["refresh", "reload"]),
    ("first", &["top"]),
    ("last", &["bottom", "end"]),
];

/// The other words for an action.
pub(super) fn of(action: &str) -> &'static [&'static str] {
    SYNONYMS.iter().find(|(name, _)| *name == action).map_or(&[], |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{keymap::BINDINGS, popups::command_line::VERBS};

    #[test]
    fn every_word_is_another_word_for_one_action() {
        let known = |name: &&str| BINDINGS.iter().any(|b| b.action == *name) || VERBS.iter().any(|v| v.name == *name);
        let mut seen = std::collections::HashSet::new();
        for (name, words) in SYNONYMS {
            assert!(known(name), "{name}");
            for word in *words {
                assert!(!known(word), "{word} is the name of an action");
                assert!(seen.insert(*word), "{word} stands for two actions");
            }
        }
    }
}
