//! What README and docs/ say is so: links lead somewhere, commands exist, and those that need nothing run as written.

use clap::CommandFactory;
use regex::Regex;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^)\s]+)\)").expect("a pattern"));
static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`([^`\n]+)`").expect("a pattern"));

/// A page of the documentation.
struct Page {
    /// From the root of the repository.
    path: String,
    text: String,
}

/// A fenced block of a page.
struct Block {
    /// What stands after the fence.
    info: String,
    lines: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<Page> {
    let folders = ["docs", "docs/design"].map(|folder| fs::read_dir(root().join(folder)).expect(folder));
    let docs = folders.into_iter().flatten().map(|entry| entry.expect("a page").path());
    let names = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "ARCHITECTURE.md"];
    let mut paths: Vec<PathBuf> = docs.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    paths.extend(names.map(|name| root().join(name)));
    paths.sort();
    let page = |path: PathBuf| Page {
        path: path.strip_prefix(root()).expect("below the root").display().to_string().replace('\\', "/"),
        text: fs::read_to_string(&path).expect("a page"),
    };
    paths.into_iter().map(page).collect()
}

impl Page {
    fn blocks(&self) -> Vec<Block> {
        let mut found: Vec<Block> = Vec::new();
        let mut open = false;
        for line in self.text.lines() {
            match line.strip_prefix("```") {
                Some(info) if !open => {
                    found.push(Block { info: info.trim().to_owned(), lines: Vec::new() });
                    open = true;
                }
                Some(_) => open = false,
                None if open => found.last_mut().expect("an open block").lines.push(line.to_owned()),
                None => {}
            }
        }
        found
    }

    /// The text without fenced blocks.
    fn prose(&self) -> String {
        let mut open = false;
        let outside = self.text.lines().filter(|line| {
            let fence = line.starts_with("```");
            open ^= fence;
            !open && !fence
        });
        outside.collect::<Vec<_>>().join("\n")
    }

    /// Names of the page's headings, as links to them are written.
    fn anchors(&self) -> BTreeSet<String> {
        let name = |title: &str| {
            let kept = title.trim().to_lowercase();
            let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        };
        self.prose().lines().filter(|line| line.starts_with('#')).map(|l| name(l.trim_start_matches('#'))).collect()
    }
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut dead = Vec::new();
    for page in &pages {
        for link in LINK.captures_iter(&page.prose()).map(|found| found[1].to_owned()) {
            if link.starts_with("http://") || link.starts_with("https://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => root().join(&page.path),
                _ => root().join(&page.path).parent().expect("a directory").join(file),
            };
            let there = match (fs::canonicalize(&target), anchor) {
                (Err(_), _) => false,
                (Ok(_), "") => true,
                (Ok(target), anchor) => pages.iter().any(|other| {
                    fs::canonicalize(root().join(&other.path)).is_ok_and(|path| path == target)
                        && other.anchors().contains(anchor)
                }),
            };
            if !there {
                dead.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn the_readme_shows_pictures_that_the_program_drew_dark_and_light() {
    let readme = fs::read_to_string(root().join("README.md")).expect("README.md");
    let picture = Regex::new(r"assets/pictures/([a-z]+)-120x36-(dark|light)\.svg").expect("a pattern");
    let shown: Vec<_> = picture.captures_iter(&readme).collect();
    for found in &shown {
        let svg = fs::read_to_string(root().join(&found[0])).expect("the picture");
        let words = match &found[1] {
            "why" => "Certainty",
            "call" => "Expected",
            _ => "Calls",
        };
        assert!(svg.contains("<svg") && svg.contains(words), "{}: it shows {words}", &found[0]);
    }
    let of = |palette: &str| shown.iter().filter(|found| &found[2] == palette).count();
    assert_eq!((of("dark"), of("light")), (3, 3));
}

/// The words of a command line: quotes are taken off, comments end it.
fn words(line: &str) -> Vec<String> {
    let (mut found, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    for c in line.chars() {
        match (c, quote) {
            ('\'' | '"', None) => (quote, any) = (Some(c), true),
            (c, Some(q)) if c == q => quote = None,
            ('#' | '|' | '>' | ';' | '&', None) if !any => break,
            (' ', None) if any => {
                found.push(std::mem::take(&mut word));
                any = false;
            }
            (' ', None) => {}
            (c, _) => {
                word.push(c);
                any = true;
            }
        }
    }
    if any {
        found.push(word);
    }
    found
}

/// The command lines of this program that a page shows or mentions.
fn command_lines(page: &Page) -> Vec<String> {
    let blocks =
        page.blocks().into_iter().filter(|b| ["", "sh", "sh no-run", "console", "bash"].contains(&b.info.as_str()));
    let shown = blocks.flat_map(|block| {
        let joined = block.lines.join("\n").replace("\\\n", " ");
        joined.lines().map(|l| l.trim_start_matches("$ ").trim().to_owned()).collect::<Vec<_>>()
    });
    let mentioned: Vec<String> = CODE.captures_iter(&page.prose()).map(|found| found[1].to_owned()).collect();
    shown.chain(mentioned).filter(|line| line == "sidetone" || line.starts_with("sidetone ")).collect()
}

/// What is wrong with a command line, if the program has no such command or option.
fn judge(line: &str, cli: &clap::Command) -> Option<String> {
    let has = |command: &clap::Command, option: &str| {
        command.get_arguments().any(|arg| {
            arg.get_long() == Some(option) || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&option))
        })
    };
    let mut command = cli;
    let mut first = true;
    for word in words(line).iter().skip(1) {
        // Usage lines mark what may be left out.
        let word = word.trim_start_matches(['[', '(']).trim_end_matches([']', ')', '…', ',']);
        if let Some(option) = word.strip_prefix("--") {
            let option = option.split_once('=').map_or(option, |(name, _)| name);
            let option = option.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            let everywhere = cli.get_arguments().any(|arg| arg.is_global_set() && arg.get_long() == Some(option));
            if !option.is_empty() && !everywhere && !["help", "version"].contains(&option) && !has(command, option) {
                return Some(format!("{} has no option --{option}", command.get_name()));
            }
        } else if let Some(sub) = command.get_subcommands().find(|sub| sub.get_name() == word) {
            command = sub;
        } else if first && !word.starts_with('-') && word != "COMMAND" && word != "…" {
            return Some(format!("there is no command {word}"));
        }
        first = false;
    }
    None
}

#[test]
fn every_command_and_option_that_is_mentioned_exists() {
    let cli = sidetone::cli::Cli::command();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for page in pages() {
        for line in command_lines(&page) {
            seen += 1;
            wrong.extend(judge(&line, &cli).map(|why| format!("{}: {line}: {why}", page.path)));
        }
    }
    assert!(seen > 60, "only {seen} command lines were found");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_wrong_command_line_is_noticed() {
    let cli = sidetone::cli::Cli::command();
    for wrong in
        ["sidetone wach", "sidetone watch --jsn", "sidetone flow keys FILE --after X", "sidetone get X --probe"]
    {
        assert!(judge(wrong, &cli).is_some(), "{wrong}");
    }
    for right in ["sidetone", "sidetone --queue 'A --b'", "sidetone flow keys FILE [--json | --expect]"] {
        assert_eq!(judge(right, &cli), None, "{right}");
    }
}

#[cfg(unix)]
mod run {
    use super::*;
    use crate::{
        pty::Tty,
        support::{Output, Program},
    };
    use portable_pty::CommandBuilder;
    use std::process::{Command, Stdio};

    /// The line starts the terminal UI.
    fn draws(line: &str) -> bool {
        let words = words(line);
        let of = |name: &str| words.iter().any(|w| w == name);
        words.first().is_some_and(|w| w == "sidetone")
            && match words.get(1).map(String::as_str) {
                None | Some("demo") => true,
                Some("replay") => !of("--headless"),
                Some(option) => option.starts_with("--") && option != "--version" && option != "--help",
            }
    }

    /// The exit code that a line announces in its comment.
    fn expected(line: &str) -> i32 {
        let told = line.rsplit_once("# exit ").map(|(_, told)| told);
        let code = |told: &str| told.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok());
        told.map_or(0, |told| code(told).expect("a code"))
    }

    /// A directory that looks like a clone, in which the commands of one block run.
    fn clone() -> Program {
        let program = Program::new();
        for part in ["assets", "tests"] {
            std::os::unix::fs::symlink(root().join(part), program.home().join(part)).expect("a link");
        }
        program
    }

    fn path() -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_sidetone")).parent().expect("a directory");
        format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default())
    }

    fn run(program: &Program, script: &str) -> Output {
        let mut shell = Command::new("sh");
        shell.args(["-ec", script]).env_clear().env("PATH", path()).env("SIDETONE_HOME", program.home());
        shell.current_dir(program.home()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Output::of(shell.spawn().expect("a shell"))
    }

    fn look(program: &Program, line: &str) {
        let mut shell = CommandBuilder::new("sh");
        shell.args(["-c", &format!("PATH='{}'; exec {line}", path())]);
        let mut tty = Tty::spawn(program, shell, 120, 36);
        tty.shows("? help");
        tty.keys("q");
        tty.ends_with(0);
    }

    #[test]
    fn every_command_that_needs_nothing_runs_as_written() {
        let mut ran = 0;
        for page in pages() {
            for block in page.blocks().into_iter().filter(|block| block.info == "sh") {
                let program = clone();
                let script = block.lines.join("\n").replace("\\\n", " ");
                for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
                    // Installation and the tests themselves.
                    if line.starts_with("cargo ") || line == ".ci/run" {
                        continue;
                    }
                    ran += 1;
                    if draws(line) {
                        look(&program, line);
                        continue;
                    }
                    let output = run(&program, line);
                    assert_eq!(
                        output.code,
                        Some(expected(line)),
                        "{}: {line}\n{}{}",
                        page.path,
                        output.stdout,
                        output.stderr
                    );
                }
            }
        }
        assert!(ran >= 10, "only {ran} commands ran");
    }
}

/// The rules that the answers of the field name are rules.
#[test]
fn troubleshooting_names_rules_that_exist() {
    let page = pages().into_iter().find(|page| page.path == "docs/troubleshooting.md").expect("the page");
    let mut known: BTreeSet<&str> = sidetone::domain::findings::RULES.iter().map(|rule| rule.name).collect();
    known.extend(sidetone::payload::RULES.iter().map(|rule| rule.id));
    known.extend(sidetone::payload::claims::CLAIMS.iter().map(|claim| claim.rule));
    let name = Regex::new("^[a-z]+(-[a-z]+)+$").expect("a pattern");
    let mut named = 0;
    for line in page.text.lines().filter(|line| line.contains("inding") || line.contains("lint")) {
        for code in CODE.captures_iter(line).map(|found| found.get(1).expect("a group").as_str()) {
            if name.is_match(code) {
                assert!(known.contains(code), "{code} is no rule: {line}");
                named += 1;
            }
        }
    }
    assert!(named >= 12, "{named}");
}

/// The messages that troubleshooting explains are those that the program prints.
#[test]
fn troubleshooting_quotes_what_the_program_says() {
    fn sources(folder: &Path, out: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            match entry.path() {
                path if path.is_dir() => sources(&path, out),
                path if path.extension().is_some_and(|e| e == "rs") => {
                    out.push_str(&fs::read_to_string(path).expect("a source"));
                }
                _ => {}
            }
        }
    }
    let mut said = String::new();
    sources(&root().join("src"), &mut said);
    // A text that goes on in the next line.
    let said = Regex::new(r"\\\n\s+").expect("a pattern").replace_all(&said, "");
    let page = fs::read_to_string(root().join("docs/troubleshooting.md")).expect("the page");
    let sections =
        page.split("\n## ").filter(|s| s.starts_with("\"It does not connect") || s.starts_with("\"It reconnects"));
    let rows = sections.flat_map(str::lines).filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    let quotes: Vec<&str> =
        rows.flat_map(|first| CODE.captures_iter(first).map(|c| c.get(1).expect("a quote").as_str())).collect();
    assert!(quotes.len() > 12, "{quotes:?}");
    let number = Regex::new(r"\b[0-9]+ s\b").expect("a pattern");
    for quote in quotes {
        let quote = number.replace_all(quote, "…");
        for part in quote.split('…').map(|part| part.trim_matches([' ', ',', ':', '(', ')', '.'])) {
            assert!(part.len() < 4 || said.contains(part), "{quote}: {part:?} is said nowhere");
        }
    }
}
