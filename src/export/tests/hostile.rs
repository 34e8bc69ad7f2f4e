//! Every field of a call, filled with texts that try to be something else, through every form; then the bytes are looked at.

use super::super::*;
use crate::{
    domain::{
        At, Board, HistoryLimits, Media, ParticipantSnapshot, Purpose, QueueId, Snapshot, State, Update, Value,
        findings::{RuleId, Severity},
        text::is_hidden,
    },
    ndjson,
};
use fastrand::Rng;

/// Texts that control terminals, run in spreadsheets, or are markup. Others are put together from them.
const PIECES: &[&str] = &[
    "\u{1b}[31m",
    "\u{1b}]0;title\u{7}",
    "\u{1b}]52;c;ZXZpbA==\u{7}",
    "\u{1b}P+q\u{1b}\\",
    "\u{9b}2J",
    "\u{7}",
    "\u{8}",
    "\0",
    "\r",
    "\n",
    "\t",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{200e}",
    "\u{202e}evil",
    "\u{2066}",
    "\u{2028}",
    "\u{feff}",
    "\u{fff9}",
    "\u{e0041}",
    "\u{1d173}",
    "\u{301}",
    "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "👩‍👩‍👧‍👦",
    "🇩",
    "漢字",
    "עברית",
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "|calc",
    "%0A",
    ";=1+1",
    "; =cmd|' /C calc'!A0",
    "\"",
    "\"\"",
    "'",
    ",",
    "\n=1",
    "＝1",
    "<script>alert(1)</script>",
    "</title><script>",
    "<img src=x onerror=alert(1)>",
    "&lt;",
    "&#60;",
    "\" onload=\"x",
    "' onload='x",
    "-->",
    "]]>",
    "javascript:alert(1)",
    "https://evil.example",
    "www.evil.example",
    "a@evil.example",
    "@octocat",
    "#1",
    "[x](http://evil)",
    "![x](http://evil)",
    "`",
    "``",
    "```",
    "|",
    "\\",
    "\\|",
    "*b*",
    "_i_",
    "~~s~~",
    "# h",
    "- l",
    "1. l",
    "> q",
    "---",
    "<!--",
    "[^1]",
    "$x$",
    "{{x}}",
    "${x}",
    "\"\"\"",
    "'''",
    "]\n[x]\ny=1",
    "# c",
    "\\u0000",
    "{\"a\":1}",
    "null",
    "true",
    "",
    " ",
    "x",
];

/// Hostile texts: each piece alone, then random ones of up to five. 2,000 with `SIDETONE_FULL`, else 300.
fn hostile() -> Vec<String> {
    let count = crate::testing::count("SIDETONE_HOSTILE", 30, 2_000) as usize;
    let mut random = Rng::with_seed(20_261_129);
    let mut all: Vec<String> = PIECES.iter().map(|piece| (*piece).to_owned()).collect();
    while all.len() < count {
        all.push((0..random.usize(2..=5)).map(|_| PIECES[random.usize(..PIECES.len())]).collect());
    }
    all
}

/// A call in which every field is this text, and a board that learned it as a name.
fn board(text: &str) -> Board {
    let moment = |ms| At::after("2026-11-20T14:02:11Z".parse().unwrap(), Duration::from_millis(ms));
    let participant = |id: &str, purpose: &str, value: &str| ParticipantSnapshot {
        id: format!("{id}{text}").as_str().into(),
        purpose: Purpose::new(purpose),
        name: Some(text.into()),
        address: Some(text.into()),
        queue_id: Some(QueueId::new(text)),
        connected: Some(moment(0).wall),
        state: Some(State::new(text)),
        media: Media::Call,
        attributes: Some([(text.into(), Value::text(value)), ("plain".into(), Value::text(text))].into()),
        ..ParticipantSnapshot::default()
    };
    let snapshot = |value: &str| {
        Update::Stream(Snapshot {
            id: text.into(),
            address: Some(text.into()),
            participants: vec![
                participant("1", "customer", value),
                participant("2", "ivr", value),
                participant("3", text, value),
                participant("4", "agent", value),
            ],
            ..Snapshot::default()
        })
    };
    let mut board = Board::new(HistoryLimits::default());
    board.names.learn_queue(QueueId::new(text), text);
    board.apply(moment(0), snapshot("before"), &());
    board.apply(moment(65_000), snapshot(text), &());
    board
}

fn finding(text: &str) -> Finding {
    Finding {
        rule: RuleId::PersonalDataInClear,
        severity: Severity::Warn,
        conversation: text.into(),
        participant: Some(format!("3{text}").as_str().into()),
        key: Some(text.into()),
        message: text.into(),
        since: At::after("2026-11-20T14:02:11Z".parse().unwrap(), Duration::ZERO),
    }
}

/// No byte of any form can control a terminal or reorder a line.
fn scan(form: &str, text: &str, out: &str) {
    if let Some(c) = out.chars().find(|c| *c != '\n' && is_hidden(*c)) {
        panic!("{form}: {text:?} left U+{:04X} in\n{out:?}", c as u32);
    }
}

#[test]
fn no_output_holds_a_byte_that_acts() {
    for text in hostile() {
        let board = board(&text);
        let finding = finding(&text);
        let entry = board.iter().next().expect("one call");
        let call = ExportedCall { entry, names: &board.names, findings: &[finding] };
        for mask in [true, false] {
            let options = ExportOptions { mask, now: "2026-11-20T14:04:00Z".parse().unwrap() };
            let csv = board_csv(&[call, call], options).unwrap();
            let markdown = [call_markdown(call, options), board_markdown(&[call, call], options)];
            let html = call_html(call, options);
            let json = [call_json(call, options).unwrap(), board_json(&[call], options).unwrap()];
            scan("csv", &text, &csv);
            look_at_csv(&text, &csv);
            for markdown in &markdown {
                scan("markdown", &text, markdown);
                look_at_markdown(&text, markdown);
            }
            scan("html", &text, &html);
            look_at_markup(&text, &html, HTML);
            for json in &json {
                scan("json", &text, json);
                let read: serde_json::Value = serde_json::from_str(json).unwrap();
                assert!(
                    mask || read.to_string().contains(&serde_json::Value::from(text.as_str()).to_string()),
                    "{text:?}"
                );
            }
        }
        let mut line = Vec::new();
        ndjson::print(&mut line, &serde_json::json!({"key": text, (text.as_str()): [text]})).unwrap();
        let line = String::from_utf8(line).unwrap();
        scan("json lines", &text, &line);
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&line).unwrap()["key"], text.as_str());
        picture(&text);
        expectation(&text);
    }
}

/// A picture of a screen whose cells hold the text itself, as if nothing had drawn it first.
fn picture(text: &str) {
    use ratatui::{buffer::Buffer, layout::Rect};
    let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
    for (x, c) in (0..20).zip(text.chars()) {
        buffer[(x, 0)].set_char(c);
        buffer[(x, 1)].set_symbol(&text.chars().take(3).collect::<String>());
    }
    let svg = screen::svg(&buffer, &screen::DARK);
    scan("svg", text, &svg);
    look_at_markup(text, &svg, SVG);
    scan("text", text, &screen::text(&buffer));
}

/// An expectation that was learned from such texts.
fn expectation(text: &str) {
    use crate::domain::expect::Expectation;
    if text.is_empty() {
        return;
    }
    let mut expected = Expectation::new(text);
    expected.on = text.into();
    expected.allowed.one_of = Some(vec![text.to_owned(), "x".into()]);
    expected.note = Some(text.to_owned());
    let mut out = String::new();
    crate::expectfile::write(&mut out, &expected, text);
    scan("toml", text, &out);
    let read: toml::Table = toml::from_str(&out).unwrap_or_else(|error| panic!("{text:?}: {error}\n{out}"));
    let table = &read["expect"][0];
    assert_eq!((table["key"].as_str(), table["note"].as_str()), (Some(text), Some(text)), "{out}");
    assert_eq!(read["expect"].as_array().map(Vec::len), Some(1));
}

/// Rows and cells are where they belong, and no cell, nor what a semicolon makes one, begins like a formula.
fn look_at_csv(text: &str, csv: &str) {
    let rows: Vec<_> = ::csv::Reader::from_reader(csv.as_bytes()).records().map(|row| row.unwrap()).collect();
    assert!(rows.iter().all(|row| row.len() == 14), "{text:?}");
    for cell in rows.iter().flatten().flat_map(|cell| cell.split([';', '\n'])) {
        let begins = cell.trim_start_matches([' ', '"', '\u{3000}']);
        assert!(!begins.starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋']), "{text:?}: {cell:?}");
    }
    assert!(csv.lines().all(|line| line.starts_with('"') || !line.starts_with(['=', '+', '-', '@'])), "{csv}");
}

/// Outside of code spans stand the program's own words only, and every table keeps its columns.
fn look_at_markdown(text: &str, markdown: &str) {
    let mut columns = None;
    for line in markdown.lines() {
        let own = without_code(line);
        for sign in ["<", "://", "www.", "evil", "`", "$", "[x]", "javascript"] {
            assert!(!own.contains(sign), "{text:?}: {own:?} of {line:?}");
        }
        let unescaped = own.replace("\\@", "").replace("\\_", "");
        assert!(!unescaped.contains('@'), "{text:?}: {own:?}");
        if line.starts_with('|') {
            // A cell ends at a pipe without a backslash, also within code.
            let pipes = line.replace("\\|", "").matches('|').count();
            assert_eq!(*columns.get_or_insert(pipes), pipes, "{text:?}: {line:?}");
        } else {
            columns = None;
        }
    }
}

/// The line without its code spans: runs of backticks of equal length and what is between (CommonMark 6.1).
fn without_code(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        out.push_str(&rest[..at]);
        let run = rest[at..].bytes().take_while(|b| *b == b'`').count();
        let after = &rest[at + run..];
        let mut from = 0;
        let close = loop {
            let Some(next) = after[from..].find('`') else { break None };
            let length = after[from + next..].bytes().take_while(|b| *b == b'`').count();
            if length == run {
                break Some(from + next + length);
            }
            from += next + length;
        };
        match close {
            Some(end) => rest = &after[end..],
            None => {
                out.push_str(&rest[at..at + run]);
                rest = after;
            }
        }
    }
    out + rest
}

/// Names of elements and attributes that a document may have.
type Allowed = (&'static [&'static str], &'static [&'static str]);
const HTML: Allowed = (
    &[
        "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "header", "h1", "h2", "p", "span", "dl", "div",
        "dt", "dd", "bdi", "main", "section", "ul", "li", "b", "code", "svg", "rect", "table", "thead", "tbody", "tr",
        "th", "td", "details", "summary", "footer",
    ],
    &[
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "title",
        "viewBox",
        "preserveAspectRatio",
        "role",
        "aria-label",
        "style",
        "x",
        "y",
        "width",
        "height",
        "rx",
        "html",
    ],
);
const SVG: Allowed = (
    &["svg", "rect", "g", "path", "text"],
    &[
        "xmlns",
        "viewBox",
        "width",
        "height",
        "font-family",
        "font-size",
        "rx",
        "fill",
        "transform",
        "x",
        "y",
        "d",
        "textLength",
        "lengthAdjust",
        "xml:space",
        "font-weight",
        "font-style",
        "text-decoration",
    ],
);

/// Every `<` begins a known element with known attributes whose values are quoted.
fn look_at_markup(text: &str, markup: &str, (elements, attributes): Allowed) {
    for tag in markup.split('<').skip(1) {
        let (mut inside, after) = tag.split_once('>').unwrap_or_else(|| panic!("{text:?}: an open tag {tag:?}"));
        assert!(!after.contains('>') || after.contains("ground"), "{text:?}: a bare > in {after:?}");
        inside = inside.trim_start_matches('/').trim_end_matches('/');
        let (name, mut rest) = inside.split_once(' ').unwrap_or((inside, ""));
        assert!(elements.contains(&name), "{text:?}: element {name:?}");
        while !rest.trim().is_empty() {
            let (attribute, value) = rest.trim_start().split_once('=').unwrap_or((rest.trim(), "\"\""));
            assert!(attributes.contains(&attribute), "{text:?}: attribute {attribute:?} of {name}");
            let value = value.strip_prefix('"').unwrap_or_else(|| panic!("{text:?}: {attribute} has no quotes"));
            rest = value.split_once('"').unwrap_or_else(|| panic!("{text:?}: {attribute} is not closed")).1;
        }
    }
}
