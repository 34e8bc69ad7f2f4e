//! User-facing words: what the glossary replaced does not come back.

use regex::Regex;
use sidetone::app::{command_line::VERBS, keymap::BINDINGS};
use std::{path::Path, sync::LazyLock};

/// What is not to be read anywhere, and what to write instead.
const NOT: &[(&str, &str)] = &[
    (r"(?i)\b(under|at) (the|your) hand\b|\bat hand\b", "selected; the current screen"),
    (r"(?i)\bcomes? to (satisfy|hold)\b|\bsatisf(y|ies|ied)\b", "match a filter; when a condition is met"),
    (r"(?i)\b(rings?|ringing) the bell\b|\bthe bell rings\b|\bwatchpoints?\b", "alert"),
    (r"(?i)\bthe other way round\b|\border of the rows\b", "reverse sort"),
    (
        r"(?i)\bthrow(s|n)? (it|the draft) away\b|\bleave it lost\b|\bgive in\b|\binsist\b",
        "discard; dismiss; keep theirs",
    ),
    (r"(?i)\b(taken|take|takes) back\b|\bbrings? (it )?back\b", "undo, reverted, restore"),
    (r"(?i)\bon (its|their) way\b|\bunder way\b", "being sent; in progress"),
    (r"(?i)\blooks? personal\b|\bin clear\b", "personal data; masked; unmasked"),
    (r"(?i)\bon the board\b", "listed"),
    (r"(?i)\bfirst sight\b", "first seen"),
    (r"(?i)\bone message on\b|\bthe finding before\b", "next message, previous finding"),
    (r"(?i)\btake nothing\b|\bleave (it|them) (undecided|as)\b", "close, cancel, decide later"),
    (r"(?i)\bwho ?ever\b|\ball the same\b|\bshall\b", "anything that, anyway, will"),
];

/// Compiled once: there are many texts.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    NOT.iter().map(|(pattern, instead)| (Regex::new(pattern).expect("a pattern"), *instead)).collect()
});

fn wrong(text: &str) -> Vec<String> {
    let found = PATTERNS.iter().filter_map(|(pattern, instead)| {
        let found = pattern.find(text)?;
        Some(format!("`{}` in {text:?}: write {instead}", found.as_str()))
    });
    found.collect()
}

#[test]
fn the_tables_of_actions_use_the_words_of_the_field() {
    let texts = BINDINGS.iter().flat_map(|b| [b.help, b.hint, b.scope.title()]);
    let verbs = VERBS.iter().flat_map(|v| [v.help, v.argument]);
    let found: Vec<String> = texts.chain(verbs).flat_map(wrong).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// String literals of the screens: everything between quotes that is neither a comment nor a test.
#[test]
fn the_screens_use_the_words_of_the_field() {
    let literal = Regex::new(r#""((?:[^"\\]|\\.)*)""#).expect("a pattern");
    let mut found = Vec::new();
    let mut files = 0;
    for top in ["src/app", "src/ui"] {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(top)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                if path.is_dir() {
                    folders.push(path);
                } else if name.ends_with(".rs") && !name.contains("tests") && name != "testing.rs" {
                    files += 1;
                    let text = std::fs::read_to_string(&path).expect("a source");
                    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
                    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                    let literals = code.flat_map(|line| literal.captures_iter(line).map(|c| c[1].to_owned()));
                    found.extend(literals.flat_map(|text| wrong(&text)).map(|w| format!("{}: {w}", path.display())));
                }
            }
        }
    }
    assert!(files > 60, "the sources of the screens are read");
    assert!(found.is_empty(), "{}", found.join("\n"));
}
