//! Every format on one call whose texts try to be something else.

mod hostile;

use super::*;
use crate::domain::{
    At, Board, HistoryLimits, Media, ParticipantSnapshot, Purpose, QueueId, Snapshot, State, Update, Value,
    findings::{RuleId, Severity},
};

fn at(ms: u64) -> At {
    At::after("2026-11-20T14:02:11Z".parse().unwrap(), Duration::from_millis(ms))
}

fn snapshot(attributes: &[(&str, &str)]) -> Update {
    let participant = |id: &str, purpose: &str, attributes: &[(&str, &str)]| ParticipantSnapshot {
        id: id.into(),
        purpose: Purpose::new(purpose),
        name: Some("Dana <b>W.</b>".into()),
        address: (purpose == "customer").then(|| "tel:+13175550123".into()),
        queue_id: Some(QueueId::new("q-1")),
        connected: Some(at(0).wall),
        state: Some(State::new("connected")),
        media: Media::Call,
        attributes: Some(attributes.iter().map(|(k, v)| ((*k).into(), Value::text(*v))).collect()),
        ..ParticipantSnapshot::default()
    };
    Update::Stream(Snapshot {
        id: "1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11".into(),
        participants: vec![participant("p-1", "customer", attributes), participant("p-2", "ivr", &[])],
        ..Snapshot::default()
    })
}

fn board() -> Board {
    let mut board = Board::new(HistoryLimits::default());
    board.names.learn_queue(QueueId::new("q-1"), "Billing & Claims");
    board.apply(at(0), snapshot(&[("tier", "silver"), ("card", "4242 4242 4242 4242")]), &());
    let long = "x".repeat(500);
    let hostile = [
        ("tier", "gold"),
        ("card", "4242 4242 4242 4242"),
        ("formula", "=HYPERLINK(\"http://x\")"),
        ("<script>alert(1)</script>", "a|b`c``d"),
        ("esc", "\u{1b}[31mred\u{202e}evil\n\"quoted\""),
        ("blank", ""),
        ("long", long.as_str()),
    ];
    board.apply(at(65_000), snapshot(&hostile), &());
    board
}

fn finding() -> Finding {
    Finding {
        rule: RuleId::PersonalDataInClear,
        severity: Severity::Warn,
        conversation: "1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11".into(),
        participant: Some("p-1".into()),
        key: Some("card".into()),
        message: "\"4242 4242 4242 4242\" looks like a card number <i>".into(),
        since: at(0),
    }
}

#[test]
fn what_was_covered_is_counted() {
    let words = |mask| with_call(|call| Counts::of(&[call], options(mask)).words(options(mask)));
    assert_eq!(words(true), "7 keys, 3 texts masked, 1 finding");
    assert_eq!(words(false), "7 keys, unmasked, 1 finding");
}

const MASKED: ExportOptions = ExportOptions { mask: true, now: Timestamp::UNIX_EPOCH };

fn options(mask: bool) -> ExportOptions {
    ExportOptions { mask, now: at(90_000).wall }
}

fn with_call<T>(f: impl FnOnce(ExportedCall<'_>) -> T) -> T {
    let board = board();
    let finding = finding();
    let entry = board.iter().next().unwrap();
    f(ExportedCall { entry, names: &board.names, findings: &[finding] })
}

/// All formats of the call.
fn all(mask: bool) -> Vec<(&'static str, String)> {
    let options = options(mask);
    with_call(|call| {
        vec![
            ("json", call_json(call, options).unwrap()),
            ("board json", board_json(&[call], options).unwrap()),
            ("csv", board_csv(&[call], options).unwrap()),
            ("markdown", call_markdown(call, options)),
            ("board markdown", board_markdown(&[call], options)),
            ("html", call_html(call, options)),
        ]
    })
}

#[test]
fn what_looks_personal_is_covered_unless_asked() {
    for (format, text) in all(true) {
        assert!(!text.contains("4242 4242 4242 4242") && !text.contains("3175550123"), "{format}: {text}");
    }
    for (format, text) in all(false) {
        assert!(text.contains("3175550123"), "{format}");
        assert!(format == "board markdown" || text.contains("4242 4242 4242 4242"), "{format}");
    }
}

#[test]
fn control_characters_reach_no_format_raw() {
    for (format, text) in all(true) {
        let raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        // JSON writes them as escapes, which is harmless; the bidi override is a letter to it.
        let json = format.ends_with("json");
        assert!(!text.contains(|c| raw(c) && !(json && c == '\u{202e}')), "{format}: {text:?}");
    }
}

#[test]
fn csv_runs_no_formula_and_reads_back() {
    let csv = with_call(|call| board_csv(&[call], options(false)).unwrap());
    let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 7);
    let value = |key: &str| rows.iter().find(|r| &r[11] == key).unwrap()[12].to_owned();
    assert_eq!(value("formula"), "'=HYPERLINK(\"http://x\")");
    assert_eq!(value("tier"), "gold");
    assert_eq!(&rows[0][4], "'+13175550123");
    assert_eq!(&rows[0][7], "Billing & Claims");
    for sign in ["=1", "+1", "-1", "@a", " =1", "＝1", "|x", "'x", "\n=1"] {
        let update = snapshot(&[("k", sign)]);
        let mut board = Board::default();
        board.apply(at(0), update, &());
        let call = ExportedCall { entry: board.iter().next().unwrap(), names: &board.names, findings: &[] };
        let csv = board_csv(&[call], options(false)).unwrap();
        let row = ::csv::Reader::from_reader(csv.as_bytes()).records().next().unwrap().unwrap();
        assert!(row[12].starts_with('\''), "{sign:?}: {:?}", &row[12]);
    }
}

#[test]
fn json_is_what_get_prints_and_more() {
    let json: serde_json::Value =
        serde_json::from_str(&with_call(|call| call_json(call, options(false)).unwrap())).unwrap();
    assert_eq!(json["participants"][0]["attributes"]["tier"], "gold");
    assert_eq!(json["participants"][0]["connectedTime"], "2026-11-20T14:02:11.000Z");
    assert_eq!(json["history"][0]["old"], "silver");
    assert_eq!(json["history"][0]["source"], "stream");
    assert_eq!(json["findings"][0]["rule"], "personal-data-in-clear");
    assert_eq!(json["queueName"], "Billing & Claims");
}

#[test]
fn markdown_stays_a_table() {
    let markdown = with_call(|call| call_markdown(call, MASKED));
    let table: Vec<&str> =
        markdown.lines().skip_while(|l| !l.starts_with("| key")).take_while(|l| !l.is_empty()).collect();
    assert_eq!(table.len(), 2 + 7);
    for row in &table {
        let bars = row.replace("\\|", "").matches('|').count();
        assert_eq!(bars, 4, "{row}");
    }
    assert!(markdown.contains("```a\\|b`c``d```"), "{markdown}");
    assert!(markdown.contains("(500 characters)") && markdown.contains("\\(empty\\)"));
    assert!(markdown.contains("**warn** `personal-data-in-clear` `card` on `customer`"));
    assert!(markdown.contains("looks like a card number <i>`"), "within code it is no markup");
}

#[test]
fn html_holds_nothing_that_runs_or_loads() {
    let html = with_call(|call| call_html(call, options(true)));
    for forbidden in ["<script", "<b>W", "<i>", "https://", "src=", "href=", "url(", "@import", "<link"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert!(html.contains("default-src 'none'") && html.contains("prefers-color-scheme: dark"));
    assert!(html.contains("&lt;script&gt;") && html.contains("class=\"tick\""));
    // Every element that opens closes, in order.
    let mut open = Vec::new();
    for tag in html.split('<').skip(1).filter_map(|t| t.split('>').next()) {
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/' || *c == '!').collect();
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
            None if name.starts_with('!') || name == "meta" || tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

mod screens {
    use super::super::screen::*;
    use ratatui::{
        buffer::Buffer,
        layout::Rect,
        style::{Color, Modifier, Style},
    };

    fn buffer() -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 3));
        buffer.set_string(0, 0, "┌─<a&b>─┐", Style::new().fg(Color::DarkGray));
        buffer.set_string(0, 1, "漢x gold", Style::new().fg(Color::Green).bg(Color::Indexed(236)));
        buffer.set_string(0, 2, "▁▅█", Style::new().add_modifier(Modifier::DIM));
        buffer.set_string(4, 2, "rev", Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD));
        buffer
    }

    #[test]
    fn text_is_what_was_drawn() {
        assert_eq!(text(&buffer()), "┌─<a&b>─┐\n漢x gold\n▁▅█ rev\n");
        assert_eq!(text(&Buffer::empty(Rect::new(0, 0, 0, 0))), "");
    }

    #[test]
    fn svg_draws_lines_and_sets_text_in_its_cells() {
        for palette in [&DARK, &LIGHT] {
            let svg = svg(&buffer(), palette);
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
            assert!(svg.contains(">&lt;a&amp;b&gt;</text>"), "{svg}");
            // Two corners, two rules, three blocks.
            assert_eq!(svg.matches("<path ").count(), 7, "{svg}");
            // The wide character takes two cells, and the text after it stands in the third.
            assert!(svg.contains("textLength=\"16.8\"") && svg.contains("x=\"16.8\""), "{svg}");
            assert!(svg.contains(palette.background) && svg.contains("font-weight=\"700\""));
            assert!(!svg.contains("http://") || svg.matches("http://").count() == 1, "only the namespace");
        }
    }

    #[test]
    fn every_size_and_symbol_makes_a_picture() {
        for (width, height) in [(0, 0), (1, 1), (3, 1)] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            if width == 3 {
                buffer[(0, 0)].set_symbol("");
                buffer[(1, 0)].set_symbol("\u{1b}");
                buffer[(2, 0)].set_symbol("漢");
            }
            assert!(!svg(&buffer, &DARK).contains('\u{1b}'));
            text(&buffer);
        }
    }
}

#[test]
fn what_is_not_in_the_history_is_said() {
    let mut board = board();
    board.skipped("1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11", 41);
    let entry = board.iter().next().unwrap();
    let call = ExportedCall { entry, names: &board.names, findings: &[] };
    for text in [call_markdown(call, options(true)), call_html(call, options(true))] {
        assert!(text.contains("41 intermediate states were skipped"), "{text}");
    }
    assert!(call_json(call, options(true)).unwrap().contains("\"statesSkipped\": 41"));
    // Nothing changed, and yet the history is not all.
    let mut board = Board::new(HistoryLimits::default());
    board.apply(at(0), snapshot(&[]), &());
    board.skipped("1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11", 3);
    let call = ExportedCall { entry: board.iter().next().unwrap(), names: &board.names, findings: &[] };
    for text in [call_markdown(call, options(true)), call_html(call, options(true))] {
        assert!(text.contains("3 intermediate states were skipped"), "{text}");
    }
}
