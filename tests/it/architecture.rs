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
    ("config", &["domain", "exit", "format", "genesys", "localfile"]),
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
    // Written by `format` alone (see `WRITERS`); the others read it.
    ("toml", &["config", "expectfile", "format", "genesys", "sim"]),
    ("similar", &["commands", "flow"]),
    ("clap_mangen", &["commands"]),
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
            "format",
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

/// Calls by which a library makes text of a form that has its one writer here: with the sources that may make them.
const WRITERS: &[(&str, &[&str])] = &[
    (r"\btoml::(?:to_string|ser::|(?:\{[^}]*)?\b(?:Value|Table)\b)", &["format", "genesys::signin::gc"]),
    (
        r"\bserde_json::(?:to_(?:string|vec|writer)|Serializer|ser::)",
        &[
            "ndjson",
            // Pages for people, made harmless as a whole.
            "export::json",
            // A flow as the platform takes it, byte for byte.
            "flow::edit",
            // Files that only this program reads, each with its own form.
            "genesys::signin::store",
            "journal::format",
            "recording::line",
            "recording::writer",
            // A column of the database.
            "commands::store",
        ],
    ),
    (r"\bcsv::(?:\{[^}]*)?\bWriter", &["format"]),
    (r"\bmaud::(?:\{[^}]*)?\bDOCTYPE\b", &["format"]),
    (r"<svg\b", &["format"]),
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
static USE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\buse\s+([^;]+);").expect("a pattern"));
static DEFINES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b(?:fn|struct|enum|trait|type|const|static|macro_rules!|mod)\s+(\w+)").expect("a pattern")
});
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

/// Every path below `prefix` that the text begins with, groups taken apart, each with the name that it has here: its last
/// one, what it is renamed to, or `*`.
fn paths(prefix: &[String], text: &str, found: &mut Vec<(Vec<String>, String)>) {
    if let Some(group) = text.strip_prefix('{') {
        items(group).into_iter().for_each(|item| paths(prefix, item.trim_start(), found));
        return;
    }
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let name = word(text);
    if name.is_empty() || name == "self" {
        let here = if name.is_empty() { "*".to_owned() } else { prefix.last().cloned().unwrap_or_default() };
        found.push((prefix.to_vec(), here));
        return;
    }
    let path: Vec<String> = prefix.iter().cloned().chain([name.clone()]).collect();
    let rest = &text[name.len()..];
    match rest.strip_prefix("::") {
        Some(rest) => paths(&path, rest, found),
        None => {
            let renamed = rest.trim_start().strip_prefix("as ").map(|rest| word(rest.trim_start()));
            found.push((path, renamed.unwrap_or(name)));
        }
    }
}

impl Source {
    /// What its paths from the root and from above name, each with its name here.
    fn named(&self) -> Vec<(Vec<String>, String)> {
        let mut found = Vec::new();
        for start in CRATE.find_iter(&self.text).map(|m| m.end()) {
            paths(&[], &self.text[start..], &mut found);
        }
        for supers in SUPERS.find_iter(&self.text) {
            let up = supers.as_str().matches("super").count();
            let above = &self.module[..self.module.len().saturating_sub(up)];
            paths(above, &self.text[supers.end()..], &mut found);
        }
        found
    }

    /// The last names of what it takes from the crate.
    fn names_of_ours(&self) -> BTreeSet<String> {
        self.named().into_iter().filter_map(|(path, _)| path.last().cloned()).collect()
    }

    /// What its `use` items bring in, each with its name here: a module's children and whoever it hands it on to may take
    /// it from there.
    fn brought_in(&self, modules: &BTreeSet<Vec<String>>) -> Vec<(Vec<String>, String)> {
        let mut found = Vec::new();
        for item in USE.captures_iter(&self.text) {
            let item = item[1].trim_start();
            let supers = SUPERS.find(item).filter(|m| m.start() == 0);
            if let Some(rest) = item.strip_prefix("crate::") {
                paths(&[], rest, &mut found);
            } else if let Some(supers) = supers {
                let up = supers.as_str().matches("super").count();
                paths(&self.module[..self.module.len().saturating_sub(up)], &item[supers.end()..], &mut found);
            } else {
                let own = item.strip_prefix("self::").unwrap_or(item);
                let mut below = Vec::new();
                paths(&self.module, own, &mut below);
                // Else it is a library's.
                let is_child =
                    |path: &[String]| modules.iter().any(|m| m.len() > self.module.len() && path.starts_with(m));
                found.extend(below.into_iter().filter(|(path, _)| is_child(path)));
            }
        }
        found
    }
}

/// All modules, and where the names stand that they hand on.
struct Homes {
    modules: BTreeSet<Vec<String>>,
    brought_in: BTreeMap<Vec<String>, Vec<(Vec<String>, String)>>,
    defined: BTreeMap<Vec<String>, BTreeSet<String>>,
}

impl Homes {
    fn of(sources: &[Source]) -> Self {
        let modules: BTreeSet<Vec<String>> = sources.iter().map(|s| s.module.clone()).collect();
        let defined = |s: &Source| DEFINES.captures_iter(&s.text).map(|found| found[1].to_owned()).collect();
        Self {
            brought_in: sources.iter().map(|s| (s.module.clone(), s.brought_in(&modules))).collect(),
            defined: sources.iter().map(|s| (s.module.clone(), defined(s))).collect(),
            modules,
        }
    }

    /// The module that defines what this path names, however many others hand it on.
    fn home(&self, path: &[String], steps: usize) -> Option<Vec<String>> {
        let module = (1..=path.len()).rev().map(|n| path[..n].to_vec()).find(|m| self.modules.contains(m))?;
        let (Some(name), 1..) = (path.get(module.len()), steps) else { return Some(module) };
        if self.defined[&module].contains(name) {
            return Some(module);
        }
        let handed_on = &self.brought_in[&module];
        if let Some((from, _)) = handed_on.iter().find(|(from, here)| here == name && !from.is_empty()) {
            let rest = &path[module.len() + 1..];
            return self.home(&[from, rest].concat(), steps - 1);
        }
        let all_of = handed_on.iter().filter(|(_, here)| here == "*").map(|(from, _)| from);
        let home = all_of.filter_map(|from| self.home(from, steps - 1)).find(|home| self.defined[home].contains(name));
        Some(home.unwrap_or(module))
    }

    /// The modules that define what a source uses, its parents and children apart.
    fn neighbours(&self, source: &Source) -> BTreeSet<Vec<String>> {
        let is_kin = |other: &Vec<String>| other.starts_with(&source.module) || source.module.starts_with(other);
        let homes = source.named().into_iter().filter_map(|(path, _)| self.home(&path, 8));
        homes.filter(|other| !is_kin(other)).collect()
    }
}

/// Everything that can be reached along the edges.
fn reach(from: &str, edges: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(here) = open.pop() {
        for next in edges.get(&here).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next.clone());
            }
        }
    }
    reached
}

/// The one circle that is a design: the popups that are open are state of the one [`Model`], and what a key does in a popup
/// reads and changes that state. A popup without it would be told the half of the model, and answer with the other half.
///
/// [`Model`]: ../../src/app/model.rs
const ONE_OWNER: (&str, &str) = ("app::model", "app::popups");

/// Of any module, the children with all that is below each: which of them use which others.
fn between_children(sources: &[Source]) -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    let homes = Homes::of(sources);
    let mut found: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for source in sources {
        for other in homes.neighbours(source) {
            let same = source.module.iter().zip(&other).take_while(|(a, b)| a == b).count();
            let child = |module: &[String]| module[..=same].join("::");
            let parent = found.entry(source.module[..same].join("::")).or_default();
            parent.entry(child(&source.module)).or_default().insert(child(&other));
        }
    }
    found
}

#[test]
fn modules_do_not_go_in_circles() {
    let mut wrong = BTreeSet::new();
    let mut excepted = false;
    for (_, mut edges) in between_children(&sources()) {
        let (owner, owned) = ONE_OWNER;
        if edges.get(owner).is_some_and(|used| used.contains(owned)) {
            excepted = edges.get_mut(owned).is_some_and(|used| used.remove(owner));
        }
        for module in edges.keys() {
            let reached = reach(module, &edges);
            if reached.contains(module) {
                let circle: Vec<String> =
                    reached.into_iter().filter(|other| reach(other, &edges).contains(module)).collect();
                wrong.insert(circle.join(", "));
            }
        }
    }
    assert!(wrong.is_empty(), "these use each other:\n{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
    assert!(excepted, "{ONE_OWNER:?} is no longer a circle: take the exception out");
}

#[test]
fn circles_are_seen_through_groups_supers_and_names_that_are_handed_on() {
    let source = |module: &[&str], text: &str| Source {
        path: String::new(),
        module: module.iter().map(|m| (*m).to_owned()).collect(),
        text: text.into(),
    };
    let sources = [
        source(&["a", "x"], "use super::{y::{Y, Z}, W};\npub struct X;"),
        source(&["a", "y"], "use crate::{b, a::X};"),
        source(&["a"], "mod x; mod y; mod z;\npub use x::X;\nuse y::*;\npub(crate) use z::{Q as R};"),
        source(&["a", "z"], "use super::X;\npub struct Q;"),
        source(&["b"], "fn f() { crate::a::y::g() }\npub use crate::a::R;"),
        source(&["c"], "use crate::b::R;"),
    ];
    let homes = Homes::of(&sources);
    let found: Vec<String> = sources
        .iter()
        .map(|s| homes.neighbours(s).into_iter().map(|m| m.join("::")).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, ["a::y", "a::x b", "", "a::x", "a::y a::z", "a::z"]);
    let between = between_children(&sources);
    assert!(reach("a::x", &between["a"]).contains("a::x"), "{between:?}");
    assert!(reach("a", &between[""]).contains("a"), "{between:?}");
    assert!(!reach("c", &between[""]).contains("c"), "{between:?}");
}

#[test]
fn libraries_stay_in_the_modules_that_need_them() {
    let mut wrong = Vec::new();
    let sources = sources();
    for (library, allowed) in LIBRARIES {
        let used = Regex::new(&format!(r"(?:^|[^\w:])(::)?{library}(?:::|\s*;|\s+as\b)")).expect("a pattern");
        for source in &sources {
            // A module of ours that has the library's name, such as `format::toml`.
            let ours = source.names_of_ours().contains(*library);
            let used = || used.captures_iter(&source.text).any(|found| !ours || found.get(1).is_some());
            if !allowed.contains(&source.top()) && used() {
                wrong.push(format!("{}: {} must not use {library}", source.path, source.top()));
            }
        }
    }
    assert!(wrong.is_empty(), "see the code map of ARCHITECTURE.md\n{}", wrong.join("\n"));
}

#[test]
fn each_form_has_one_writer() {
    let sources = sources();
    let mut wrong = Vec::new();
    for (calls, allowed) in WRITERS {
        let calls = Regex::new(calls).expect("a pattern");
        let makes = |source: &&Source| !source.names_of_ours().contains("toml") && calls.is_match(&source.text);
        let making: Vec<String> = sources.iter().filter(makes).map(|source| source.module.join("::")).collect();
        let is_under =
            |module: &str, of: &str| module.strip_prefix(of).is_some_and(|r| r.is_empty() || r.starts_with("::"));
        wrong.extend(
            making.iter().filter(|m| !allowed.iter().any(|of| is_under(m, of))).map(|m| format!("{m}: {calls}")),
        );
        wrong.extend(
            allowed.iter().filter(|of| !making.iter().any(|m| is_under(m, of))).map(|of| format!("{of} no longer")),
        );
    }
    assert!(wrong.is_empty(), "text leaves the program by the one writer of its form\n{}", wrong.join("\n"));
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
