//! User-facing words: what the glossary replaced does not come back.

use regex::Regex;
use sidetone::app::{keymap::BINDINGS, popups::command_line::VERBS};
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
    (
        r"(?i)\b(it|this|that|text|value|body|holds|input|which) is no (JSON|object|region|number|key|filter|duration|URL|address|file|user|queue|flow|name)\b|: no JSON\b",
        "is not a valid X; is not an X",
    ),
    (r"(?i)\bwhy it hurts\b|\bwhat to do:", "Impact, Fix"),
    (r"(?i)\(blank\)", "(empty); set to empty"),
    (r"(?i)\blets? go of\b|\bgiven back\b|\bput back\b", "removed, dropped, unsubscribed, reverted"),
    (r"(?i)\bmeanwhile\b", "since you started editing; in the meantime"),
    (r"(?i)\b(goes|go|went|going) on\b($|[ .,;:]($|with|for|by|until|and))", "continues"),
    (r"(?i)\b(every|which|some|no) ways\b|\bon (every|the|some) ways?\b|\bways to\b", "path; in between"),
    (r"(?i)\bcarried\b|\bcarry (text|a key|the key|it)\b", "have; send; contain"),
    (r"(?i)\bblanks\b|\bis blank\b|\ba blank\b", "space; empty"),
    (r"(?i)\b(flat|whole|fresh|attribute|our) map\b", "object; all attributes; current attributes"),
    (
        r"(?i)\b(is|are|was|were|be|been|being|not) told\b|\btells\b|\btold (by|to|with|on|as|in)\b",
        "report, show, notify",
    ),
    (r"(?i)\blaid over\b|\blost link\b|\bcannot be had\b|\btak(es|ing|en) (an edit |it )?back\b", "plain words for it"),
    (r"(?i)\bto leave\b|\bcovered\b", "to quit; masked"),
    (r"(?i)\bis no (valid |action|address|object|list|expression|body|form)\b", "is not a valid X; is not an X"),
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

/// Where people read what the program says: screens, commands, errors, findings, the configuration.
const SPEAKING: [&str; 13] = [
    "src/app",
    "src/ui",
    "src/commands",
    "src/cli",
    "src/config",
    "src/domain",
    "src/flow",
    "src/payload",
    "src/why",
    "src/store",
    "src/export",
    "src/shell",
    "src/live",
];

/// What the binary says of itself: the help of every command, as the man pages and docs/commands.md have it.
#[test]
fn the_commands_use_the_words_of_the_field() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md")).expect("a page");
    // Broken lines are put together again: a phrase may be broken anywhere.
    let joined = text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
    let found: Vec<String> = joined.flat_map(|part| wrong(&part)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Pages for people. Code is not words: names of rules, of NDJSON lines and of options stay.
#[test]
fn the_pages_use_the_words_of_the_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = Regex::new("`[^`]*`").expect("a pattern");
    let mut pages: Vec<_> =
        std::fs::read_dir(root.join("docs")).expect("docs").map(|e| e.expect("a page").path()).collect();
    pages.push(root.join("README.md"));
    pages.retain(|page| page.extension().is_some_and(|end| end == "md"));
    assert!(pages.len() > 10, "the pages are read");
    let mut found = Vec::new();
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("a page");
        // Every second part is a block of code.
        for (n, part) in text.split("```").enumerate().filter(|(n, _)| n % 2 == 0) {
            let words = part.lines().map(|line| code.replace_all(line, "…").into_owned());
            found.extend(words.flat_map(|line| wrong(&line)).map(|w| format!("{} part {n}: {w}", page.display())));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// String literals of what speaks: everything between quotes that is neither a comment nor a test; and doc comments of options,
/// which are their help.
#[test]
fn the_program_uses_the_words_of_the_field() {
    let literal = Regex::new(r#""((?:[^"\\]|\\.)*)""#).expect("a pattern");
    let mut found = Vec::new();
    let mut files = 0;
    for top in SPEAKING {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(top)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                if path.is_dir() {
                    folders.push(path);
                } else if name.ends_with(".rs") && !name.contains("test") && !is_test(&path) {
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
    assert!(files > 250, "the sources are read: {files}");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| matches!(part.as_os_str().to_str(), Some("tests" | "histories" | "ends_tests")))
        || path.file_stem().is_some_and(|stem| stem == "histories" || stem == "testing")
}
