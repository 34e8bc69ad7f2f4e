//! The walls between modules, and who may read a clock: read from the sources.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use regex::Regex;

/// What a module of the crate root may use of the others; `genesys::wire` allows that part only. The modules that put
/// everything together (`commands`, `main`) are free, but for circles. The code map of ARCHITECTURE.md tells the same.
const WALLS: &[(&str, &[&str])] = &[
    ("domain", &["tree"]),
    ("tree", &[]),
    ("flow", &["tree"]),
    ("payload", &["domain", "flow", "tree"]),
    ("genesys", &["domain"]),
    ("hooks", &["config", "domain", "genesys", "ndjson"]),
    ("metrics", &[]),
    ("sim", &["flow", "tree"]),
    ("app", &["domain", "expectfile", "flow", "genesys::wire", "payload", "tree", "why"]),
    ("ui", &["app", "domain", "flow", "payload", "why"]),
    ("ndjson", &["domain"]),
    ("format", &["domain"]),
    ("export", &["domain", "format", "ndjson"]),
    ("expectfile", &["config", "domain", "format"]),
    ("recording", &["domain", "genesys::wire", "ndjson", "tree"]),
    ("exit", &["genesys"]),
    ("localfile", &[]),
    ("config", &["domain", "exit", "genesys", "localfile"]),
    ("logging", &["config"]),
    ("journal", &["config", "domain"]),
    ("audit", &["config", "domain", "ndjson"]),
    ("live", &["domain", "flow", "genesys", "recording", "why"]),
    ("store", &["domain"]),
    ("why", &["domain", "flow"]),
    (
        "shell",
        &[
            "app",
            "audit",
            "config",
            "domain",
            "expectfile",
            "export",
            "flow",
            "genesys",
            "journal",
            "live",
            "ndjson",
            "payload",
            "recording",
            "store",
            "ui",
        ],
    ),
    ("cli", &["commands", "config", "domain", "exit", "logging"]),
    ("commands", &["*"]),
    ("main", &["*"]),
    ("lib", &["*"]),
];

/// Libraries that must stay behind walls: each with the modules that may use it.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("tokio", &["cli", "commands", "genesys", "hooks", "live", "metrics", "shell", "sim", "store"]),
    ("rusqlite", &["store"]),
    ("tokio_postgres", &["store"]),
    ("reqwest", &["genesys"]),
    ("maud", &["export", "format"]),
    // One writer for tables, which makes every cell harmless. `payload` reads them; `export` has a module of this name.
    ("csv", &["export", "format", "payload"]),
    ("tokio_tungstenite", &["genesys", "sim"]),
    ("hyper", &["genesys", "metrics", "sim"]),
    ("crossterm", &["shell"]),
    // `app` knows rectangles and the text area's keys, `export` draws a buffer as a picture.
    ("ratatui", &["app", "export", "shell", "ui"]),
    ("tui_textarea", &["app", "ui"]),
    ("clap", &["cli", "commands", "main"]),
    ("anyhow", &["cli", "commands", "exit", "lib", "main", "shell", "sim"]),
    (
        "serde",
        &[
            "audit",
            "commands",
            "config",
            "expectfile",
            "export",
            "genesys",
            "hooks",
            "journal",
            "ndjson",
            "payload",
            "recording",
            "sim",
            "store",
            "why",
        ],
    ),
    (
        "serde_json",
        &[
            "app",
            "audit",
            "commands",
            "export",
            "flow",
            "genesys",
            "journal",
            "live",
            "ndjson",
            "payload",
            "recording",
            "shell",
            "sim",
            "tree",
            "why",
        ],
    ),
];

/// Files that may ask what time it is. Everything else is handed an `At`.
const CLOCKS: &[&str] = &[
    "src/commands/audit.rs",
    "src/commands/check.rs",
    "src/commands/doctor/probe.rs",
    "src/commands/replay.rs",
    "src/commands/set/write.rs",
    "src/commands/store.rs",
    "src/commands/watch.rs",
    "src/genesys/client/answer.rs",
    "src/genesys/client/reach.rs",
    "src/genesys/clock.rs",
    "src/recording/writer.rs",
    "src/shell/input/unix.rs",
    "src/shell/input/windows.rs",
    "src/sim/shared.rs",
    "src/sim/socket.rs",
    "src/store/writer.rs",
];

static COMMENT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)//.*$").expect("a pattern"));
static CRATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\bcrate::").expect("a pattern"));
static NAME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\s*(\w+)(?:::(\w+))?").expect("a pattern"));
static SUPERS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b(?:super::)+").expect("a pattern"));
static CLOCK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:Instant|SystemTime|Timestamp|Zoned)::now\b").expect("a pattern"));

/// A source file without comments and without its tests.
struct Source {
    /// From the root of the repository, with `/`.
    path: String,
    /// Its module path below the crate root.
    module: Vec<String>,
    text: String,
}

impl Source {
    /// The module of the crate root that it belongs to.
    fn top(&self) -> &str {
        &self.module[0]
    }

    /// Modules of the crate that it names: the first two parts of each path.
    fn uses(&self) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        for start in CRATE.find_iter(&self.text).map(|m| m.end()) {
            let rest = &self.text[start..];
            match rest.strip_prefix('{') {
                Some(group) => found.extend(items(group).into_iter().filter_map(names)),
                None => found.extend(names(rest)),
            }
        }
        found.into_iter().filter(|(top, _)| top != self.top()).collect()
    }
}

/// `top::part` at the start of a path; of a group in second place, each item is its own part, joined by `|`.
fn names(path: &str) -> Option<(String, String)> {
    let found = NAME.captures(path)?;
    let top = found[1].to_owned();
    let after = &path[found.get(1)?.end()..];
    let part = match after.strip_prefix("::{") {
        Some(group) => {
            let parts: BTreeSet<_> =
                items(group).iter().filter_map(|i| Some(NAME.captures(i)?[1].to_owned())).collect();
            parts.into_iter().collect::<Vec<_>>().join("|")
        }
        None => found.get(2).map_or_else(String::new, |m| m.as_str().to_owned()),
    };
    Some((top, part))
}

/// The items of a group whose opening brace was taken off.
fn items(group: &str) -> Vec<&str> {
    let (mut depth, mut from, mut found) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                found.push(&group[from..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(&group[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// All sources of the program but its tests.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut directories = vec![root.join("src")];
    let mut found = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).expect("a directory of sources") {
            let path = entry.expect("a source").path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.extend(source(root, path));
            }
        }
    }
    assert!(found.len() > 150, "only {} sources were found", found.len());
    found
}

fn source(root: &Path, path: PathBuf) -> Option<Source> {
    let relative = path.strip_prefix(root).expect("below the root");
    let mut module: Vec<String> =
        relative.with_extension("").iter().skip(1).map(|p| p.to_str().expect("a plain name").to_owned()).collect();
    if module.iter().any(|part| part == "tests" || part == "testing" || part.ends_with("_tests")) {
        return None;
    }
    if module.len() > 1 && module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    let path = ["src"].into_iter().chain(relative.iter().skip(1).map(|p| p.to_str().expect("a plain name")));
    let path = path.collect::<Vec<_>>().join("/");
    let text = fs::read_to_string(root.join(relative)).expect("a source");
    // Tests stand at the end of a file.
    let program = text.split("#[cfg(test)]\nmod tests {").next().expect("a first part");
    Some(Source { path, module, text: COMMENT.replace_all(program, "").into_owned() })
}

#[test]
fn no_module_reaches_over_a_wall() {
    let walls: BTreeMap<&str, &[&str]> = WALLS.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let top = source.top();
        let Some(allowed) = walls.get(top) else {
            wrong.push(format!("{}: no wall is stated for the module {top}", source.path));
            continue;
        };
        for (used, part) in source.uses() {
            let parts_allowed = |allowed: &&str| {
                let inner = allowed.strip_prefix(used.as_str()).and_then(|rest| rest.strip_prefix("::"));
                inner.is_some_and(|inner| part.split('|').all(|p| p == inner))
            };
            // Names that no module has are macros or items of the crate root.
            let module = walls.contains_key(used.as_str());
            let free = allowed.contains(&"*") || allowed.contains(&used.as_str()) || allowed.iter().any(parts_allowed);
            if module && !free {
                wrong.push(format!("{}: {top} must not use {used}::{part}", source.path));
            }
        }
        // `super::` must not be a way around: it may not leave the module of the crate root.
        for supers in SUPERS.find_iter(&source.text) {
            if !allowed.contains(&"*") && supers.as_str().matches("super").count() >= source.module.len() {
                wrong.push(format!("{}: say crate:: instead of {}", source.path, supers.as_str()));
            }
        }
    }
    assert!(wrong.is_empty(), "see the code map of ARCHITECTURE.md\n{}", wrong.join("\n"));
}

/// Every path below `prefix` that the text names from `at` on, groups taken apart.
fn paths(prefix: &[String], text: &str, found: &mut Vec<Vec<String>>) {
    if let Some(group) = text.strip_prefix('{') {
        items(group).into_iter().for_each(|item| paths(prefix, item.trim_start(), found));
        return;
    }
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if name.is_empty() {
        found.push(prefix.to_vec());
        return;
    }
    let path: Vec<String> = prefix.iter().cloned().chain([name.clone()]).collect();
    match text[name.len()..].strip_prefix("::") {
        Some(rest) => paths(&path, rest, found),
        None => found.push(path),
    }
}

impl Source {
    /// The modules that it uses, its parents and children apart: an item that a parent hands on is the parent's.
    fn neighbours(&self, modules: &BTreeSet<Vec<String>>) -> BTreeSet<Vec<String>> {
        let mut found = Vec::new();
        for start in CRATE.find_iter(&self.text).map(|m| m.end()) {
            paths(&[], &self.text[start..], &mut found);
        }
        for supers in SUPERS.find_iter(&self.text) {
            let up = supers.as_str().matches("super").count();
            let above = &self.module[..self.module.len().saturating_sub(up)];
            paths(above, &self.text[supers.end()..], &mut found);
        }
        let module =
            |path: Vec<String>| (1..=path.len()).rev().map(|n| path[..n].to_vec()).find(|m| modules.contains(m));
        let is_kin = |other: &Vec<String>| other.starts_with(&self.module) || self.module.starts_with(other);
        found.into_iter().filter_map(module).filter(|other| !is_kin(other)).collect()
    }
}

/// Everything that can be reached along the edges.
fn reach(from: &[String], edges: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> BTreeSet<Vec<String>> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![from.to_vec()]);
    while let Some(here) = open.pop() {
        for next in edges.get(&here).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    reached
}

#[test]
fn modules_do_not_go_in_circles() {
    let sources = sources();
    let modules: BTreeSet<Vec<String>> = sources.iter().map(|s| s.module.clone()).collect();
    let mut edges: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    for source in &sources {
        edges.entry(source.module.clone()).or_default().extend(source.neighbours(&modules));
    }
    // Between the modules of the crate root there are none at all.
    let mut tops: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    for (module, used) in &edges {
        let used = used.iter().map(|other| other[..1].to_vec()).filter(|other| other[0] != module[0]);
        tops.entry(module[..1].to_vec()).or_default().extend(used);
    }
    for top in tops.keys() {
        assert!(!reach(top, &tops).contains(top), "{} uses itself, over others", top[0]);
    }
    let mut wrong = BTreeSet::new();
    for module in edges.keys() {
        let reached = reach(module, &edges);
        if !reached.contains(module) {
            continue;
        }
        let circle: BTreeSet<String> =
            reached.iter().filter(|other| reach(other, &edges).contains(module)).map(|m| m.join("::")).collect();
        wrong.insert(circle.into_iter().collect::<Vec<_>>().join(", "));
    }
    assert!(wrong.is_empty(), "these use each other:\n{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_circle_is_seen_through_groups_and_supers() {
    let source = |module: &[&str], text: &str| Source {
        path: String::new(),
        module: module.iter().map(|m| (*m).to_owned()).collect(),
        text: text.into(),
    };
    let sources = [
        source(&["a", "x"], "use super::{y::{Y, Z}, W};"),
        source(&["a", "y"], "use crate::{b, a::x::X};"),
        source(&["a"], "mod x; pub use x::X;"),
        source(&["b"], "fn f() { crate::a::y::g() }"),
    ];
    let modules = sources.iter().map(|s| s.module.clone()).collect();
    let found: Vec<String> = sources
        .iter()
        .map(|s| s.neighbours(&modules).into_iter().map(|m| m.join("::")).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, ["a::y", "a::x b", "", "a::y"]);
}

#[test]
fn libraries_stay_in_the_modules_that_need_them() {
    let mut wrong = Vec::new();
    let sources = sources();
    for (library, allowed) in LIBRARIES {
        let used = Regex::new(&format!(r"(?:^|[^\w:]){library}(?:::|\s*;|\s+as\b)")).expect("a pattern");
        for source in &sources {
            if !allowed.contains(&source.top()) && used.is_match(&source.text) {
                wrong.push(format!("{}: {} must not use {library}", source.path, source.top()));
            }
        }
    }
    assert!(wrong.is_empty(), "see the code map of ARCHITECTURE.md\n{}", wrong.join("\n"));
}

#[test]
fn only_the_named_files_read_a_clock() {
    let reading: BTreeSet<String> = sources().into_iter().filter(|s| CLOCK.is_match(&s.text)).map(|s| s.path).collect();
    let named: BTreeSet<String> = CLOCKS.iter().map(|p| (*p).to_owned()).collect();
    let unnamed: Vec<_> = reading.difference(&named).collect();
    assert!(unnamed.is_empty(), "these read a clock; take an At, or name them here: {unnamed:?}");
    let idle: Vec<_> = named.difference(&reading).collect();
    assert!(idle.is_empty(), "these no longer read a clock: {idle:?}");
}

#[test]
fn the_code_map_names_every_module() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).expect("the map");
    let missing: BTreeSet<String> = sources()
        .iter()
        .map(|s| s.top().to_owned())
        .filter(|m| !map.contains(&format!("`src/{m}/`")) && !map.contains(&format!("`src/{m}.rs`")))
        .collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not tell what these are for: {missing:?}");
}

#[test]
fn paths_in_groups_are_seen() {
    let source = Source {
        path: "src/app/x.rs".into(),
        module: vec!["app".into(), "x".into()],
        text: "use crate::{domain::{At, Board}, genesys::{wire, client::Client}, ui};\nlet x = crate::sim::start();"
            .into(),
    };
    let uses: Vec<_> = source.uses().into_iter().map(|(top, part)| format!("{top} {part}")).collect();
    assert_eq!(uses, ["domain At|Board", "genesys client|wire", "sim start", "ui "]);
}

/// The loop and what it performs stay readable at one glance.
#[test]
fn no_function_of_the_shell_is_longer_than_eighty_lines() {
    let begins = Regex::new(r"^( *)(?:pub(?:\([^)]*\))? )?(?:async )?fn (\w+)").expect("a pattern");
    let sources = sources();
    let mut looked_at = 0;
    for source in sources.iter().filter(|source| source.top() == "shell") {
        let lines: Vec<&str> = source.text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(found) = begins.captures(line) else { continue };
            let end = format!("{}}}", &found[1]);
            let length = lines[at..].iter().position(|line| **line == end).map_or(1, |length| length + 1);
            looked_at += 1;
            assert!(length <= 80, "{}: `{}` has {length} lines", source.path, &found[2]);
        }
    }
    assert!(looked_at > 100, "{looked_at} functions are looked at");
}
