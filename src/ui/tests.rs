//! Pictures of the screens, as text and as a digest of styles, and every size from nothing up.

mod answers;
mod call;
mod link;
mod room;

use super::{Theme, view};
use crate::app::{
    Msg,
    model::Usage,
    settings::Settings,
    signin::{How, Progress},
    testing::{Desk, leg},
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use std::fmt::Write as _;

const ID: &str = "7c1e0000-0000-4000-8000-000000000042";

fn draw(desk: &mut Desk, theme: Theme) -> Buffer {
    desk.model.prepare(desk.at);
    let bar = if desk.model.replay.is_some() { crate::app::layout::BAR } else { 0 };
    let size = desk.model.size;
    let mut buf = Buffer::empty(Rect { height: size.height + bar, ..size });
    view(&desk.model, theme, &mut buf);
    buf
}

/// The text, then every run of cells that is not in the plain style.
fn picture(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buf.area.height {
        let mut x = 0;
        let mut line = String::new();
        while x < buf.area.width {
            let cell = &buf[(x, y)];
            line.push_str(cell.symbol());
            x += unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1) as u16;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.push_str("--\n");
    for y in 0..buf.area.height {
        let mut x = 0;
        while x < buf.area.width {
            let style = buf[(x, y)].style();
            let start = x;
            while x < buf.area.width && buf[(x, y)].style() == style {
                x += 1;
            }
            if let Some(words) = words(style) {
                let text: String = (start..x).map(|x| buf[(x, y)].symbol()).collect();
                if !text.trim().is_empty() && !text.starts_with("──") {
                    _ = writeln!(out, "{y:>2} {words:<12} {}", text.trim());
                }
            }
        }
    }
    out
}

fn words(style: Style) -> Option<String> {
    use ratatui::style::{Color, Modifier as M};
    let mut words = Vec::new();
    if let Some(color) = style.fg.filter(|c| *c != Color::Reset) {
        words.push(format!("{color:?}").to_lowercase());
    }
    let loud = style.add_modifier & (M::BOLD | M::REVERSED | M::UNDERLINED | M::ITALIC);
    if !loud.is_empty() {
        words.push(format!("{loud:?}").to_lowercase());
    }
    (!words.is_empty()).then(|| words.join("+"))
}

fn changed(desk: &mut Desk) {
    desk.wait(1000);
    let legs = vec![
        leg("c", "customer", "Indianapolis IN", &[("customer_tier", "platinum"), ("language", "en-US")])
            .from("tel:+15550102231"),
        leg("i", "ivr", "MainIVR", &[("ivr_choice", "1")]),
    ];
    desk.call("00000000-1111-4222-8333-444455556666", 40, legs);
}

#[test]
fn calls() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        desk.keys("<down>");
        changed(&mut desk);
        insta::assert_snapshot!(format!("calls-{width}x{height}"), picture(&draw(&mut desk, Theme::Terminal)));
    }
}

#[test]
fn a_call_and_what_lies_over_it() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        desk.keys("<end><enter><down>");
        insta::assert_snapshot!(format!("call-{width}x{height}"), picture(&draw(&mut desk, Theme::Terminal)));
    }
    for (name, keys) in [
        ("editor", "<home><enter><down>e!"),
        ("commit", "<home><enter><down>e!<enter>"),
        ("draft", "<home><enter><down>e!<esc><down>"),
        ("add", "<home><enter>aCustomer_tier"),
        ("table", "<end><enter>m"),
        ("copy-menu", "<home><enter>Y<down>"),
        ("drafts", "<home><enter><down>e!<esc><down>e?<esc><esc>D<down>"),
        ("copy-keys", "<end><enter>C"),
        ("when", "<home><enter><down>e!<esc>wstate:queue tier~["),
        ("armed", "<home><enter><down>e!<esc>wlookup?<enter>"),
        ("paste", "<home><enter>p{\"customer_tier\":\"gold\",\"Account_id\":118822,\"note\":null}"),
        ("help", "?"),
        ("palette", ":so"),
        ("columns", "c"),
        ("filter", "/state:ivr tier~["),
        ("empty", "/nobody<enter>"),
        ("timeline-empty", "<tab>"),
    ] {
        let mut desk = Desk::busy(100, 30);
        desk.keys(keys);
        insta::assert_snapshot!(name, picture(&draw(&mut desk, Theme::Terminal)));
    }
}

#[test]
fn timeline() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        desk.keys("<tab>");
        changed(&mut desk);
        desk.wait(5000);
        desk.customer(ID, &[("customer_tier", "gold"), ("note", "first")]);
        desk.wait(1000);
        desk.customer(ID, &[("customer_tier", ""), ("card", "4111 1111 1111 1111"), ("evil", "\u{1b}[31m")]);
        insta::assert_snapshot!(format!("timeline-{width}x{height}"), picture(&draw(&mut desk, Theme::Terminal)));
    }
}

#[test]
fn ascii_and_mono_say_the_same_without_colour_or_symbols() {
    let settings = Settings { org: "acme".into(), ascii: true, ..Settings::default() };
    let mut desk = Desk::with(100, 30, settings);
    desk.customer(ID, &[("customer_tier", "gold"), ("note", "tab\there\u{1b}[31m")]);
    desk.wait(1000);
    desk.customer(ID, &[("customer_tier", "silver"), ("note", "tab\there\u{1b}[31m")]);
    desk.keys("<enter>e!<esc>");
    let buf = draw(&mut desk, Theme::Mono);
    assert!(buf.content.iter().all(|c| c.symbol().is_ascii()), "{}", picture(&buf));
    assert!(buf.content.iter().all(|c| c.style().fg.is_none_or(|c| c == ratatui::style::Color::Reset)));
    insta::assert_snapshot!("ascii-mono", picture(&buf));
}

/// Values with everything that hurts a terminal.
const HOSTILE: &[(&str, &str)] = &[
    ("esc", "\u{1b}[31mred\u{1b}]0;title\u{7}"),
    ("c1", "\u{9b}31m\u{85}"),
    ("bidi", "gold\u{202e}dlog\u{2066}"),
    ("zero", "a\u{200b}b\u{feff}c\u{e0041}"),
    ("wide", "東京支店 ｶﾞ 한국"),
    ("emoji", "👩\u{200d}👩\u{200d}👧 👍🏽 🇩🇪 ❤️"),
    ("marks", "Z\u{341}\u{341}\u{341}\u{341}\u{341}\u{341}algo"),
    ("lines", "one\ntwo\r\nthree\ttab"),
    ("\u{1b}[2Jkey", "v"),
];

#[test]
fn hostile_values_reach_no_cell_as_they_are() {
    let long = "x".repeat(100_000);
    let mut values = HOSTILE.to_vec();
    values.push(("long", &long));
    for keys in [
        "",
        "<enter>",
        "<enter>m",
        "<enter>e",
        "<enter><down><down>e<end>x",
        "<enter>ex<enter>",
        "<enter><end>e",
        "<enter>Y",
        "<enter>C",
        "<enter>ex<esc>D",
        "<enter>px\u{202e}=",
        "<enter>ex<esc>w",
        "?",
        "c",
        "/\u{202e}",
    ] {
        let mut desk = Desk::new(120, 36);
        desk.customer(ID, &values);
        desk.keys(keys);
        let buf = draw(&mut desk, Theme::Terminal);
        for cell in &buf.content {
            let bad = |c: char| {
                c.is_control()
                    || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
            };
            assert!(!cell.symbol().chars().any(bad), "{keys}: {:?}", cell.symbol());
        }
    }
}

#[test]
fn every_size_draws_every_screen() {
    let tiny = (1..=40u16).flat_map(|w| (1..=20u16).map(move |h| (w, h)));
    let sizes: Vec<_> = tiny.chain([(60, 16), (61, 17), (80, 16), (100, 16), (300, 100), (60, 200)]).collect();
    for keys in [
        "",
        "<tab>",
        "<tab>/x",
        "d",
        "<enter>",
        "<enter>m",
        "<enter>e",
        "<enter>e!<enter>",
        "<enter>ak",
        "<enter>Y",
        "<enter>C",
        "<enter>e!<esc>D",
        "<enter>pa=1",
        "<enter>e!<esc>wx~[",
        "?",
        ":",
        "c",
        "/x~[",
        "f",
        "fx~[",
        "t",
        "F",
        "Fc",
        "F<enter>",
        "Fo",
        "Ft<space><space>",
        "v<down>v",
        "B",
        "Ba/x~[",
    ] {
        let mut desk = Desk::busy(120, 36);
        flow_is_read(&mut desk);
        desk.keys(keys);
        changed(&mut desk);
        for (width, height) in &sizes {
            desk.tell(crate::app::Msg::Resize(*width, *height));
            draw(&mut desk, Theme::Terminal);
        }
    }
}

#[test]
fn a_size_that_changes_under_an_overlay_draws() {
    for keys in ["<enter>e!", "<enter>e!<enter>", "?", ":", "c", "/"] {
        let mut desk = Desk::busy(200, 60);
        desk.keys(keys);
        for (w, h) in [(60, 16), (1, 1), (120, 36), (61, 60)] {
            desk.tell(crate::app::Msg::Resize(w, h));
            draw(&mut desk, Theme::Terminal);
        }
    }
}

#[test]
fn writing_to_what_has_ended_is_asked_twice_and_says_why() {
    let mut desk = Desk::new(120, 36);
    let customer = leg("c", "customer", "Indianapolis IN", &[("tier", "gold")]).from("tel:+15550102231");
    desk.call(ID, 60, vec![customer.left()]);
    desk.keys("<enter>e!<enter>");
    let once = picture(&draw(&mut desk, Theme::Terminal));
    assert!(once.contains("analytics will not see") && !once.contains("Press once more"), "{once}");
    desk.keys("<enter>");
    let twice = picture(&draw(&mut desk, Theme::Terminal));
    assert!(twice.contains("Press once more"), "{twice}");
    assert_eq!(desk.asked(), []);
}

#[test]
fn too_small_says_how_large_it_must_be() {
    let mut desk = Desk::new(59, 20);
    let text = picture(&draw(&mut desk, Theme::Terminal));
    assert!(text.contains("at least 60x16"), "{text}");
    assert_eq!(Rect::new(0, 0, 59, 20), desk.model.size);
}

#[test]
fn diagnose() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        desk.customer(ID, &[("tier", "{{lookup_result.tier}}"), ("card", "4111 1111 1111 1111")]);
        desk.wait(1_000).keys("d<down>");
        let buf = draw(&mut desk, Theme::Terminal);
        insta::assert_snapshot!(format!("diagnose-{width}x{height}"), picture(&buf));
    }
}

#[test]
fn findings_have_heads_and_no_sentence_is_cut_and_long_groups_are_folded() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::with(width, height, call::expecting());
        for i in 0..20 {
            desk.customer(&format!("c{i:02}"), &[("customer_tier", "{{lookup_result.tier}}"), ("note", "undefined")]);
        }
        desk.customer("c99", &[("crm_payload", "{\"attributes\":{\"customer_tier\":\"gold\"}}")]);
        desk.wait(1_000).keys("d");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        let lines: Vec<&str> = shown.lines().collect();
        let heads: Vec<&str> = lines[3].split_whitespace().take(6).collect();
        let all: &[&str] = if width < 100 {
            &["from", "at", "key", "evidence", "since"]
        } else {
            &["from", "at", "on", "key", "evidence", "since"]
        };
        assert!(heads.starts_with(all), "{heads:?}");
        assert_eq!(shown.contains("unfold"), height < 60, "{shown}");
        assert!(shown.contains("Template") || shown.contains("template"), "{shown}");
        for line in lines[4..].iter().take_while(|line| !line.contains("───")) {
            assert!(!line.contains('…') || line.contains('"'), "{width}: a sentence is cut\n{line}");
        }
        for words in ["Evidence", "Impact", "Fix"] {
            assert!(shown.contains(words), "{words}\n{shown}");
        }
    }
}

/// The configuration of the flow of the calls is here already.
fn flow_is_read(desk: &mut Desk) {
    static READ: std::sync::LazyLock<crate::app::flow::Definition> = std::sync::LazyLock::new(|| {
        let text = include_str!("../../assets/flows/main-ivr.json");
        crate::app::flow::Definition::read(text, None).expect("a flow")
    });
    let definition = READ.clone();
    desk.model.flow.name = Some("MainIVR".into());
    desk.tell(crate::app::Msg::FlowRead("MainIVR".into(), Ok(definition)));
}

#[test]
fn flow() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        for (name, keys) in
            [("keys", "F<down>"), ("asks", "F<space><space><space><space>"), ("run", "F<space>t<space><space><space>")]
        {
            let mut desk = Desk::busy(width, height);
            flow_is_read(&mut desk);
            desk.keys(keys);
            let buf = draw(&mut desk, Theme::Terminal);
            insta::assert_snapshot!(format!("flow-{name}-{width}x{height}"), picture(&buf));
        }
    }
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::with(width, height, call::expecting());
        desk.customer(ID, &[("tier", "gold")]);
        flow_is_read(&mut desk);
        desk.keys("F<space>t");
        for _ in 0..30 {
            desk.keys("<space>");
        }
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains("End: "), "{shown}");
        assert!(shown.contains("✗ customer_tier never set: ") && shown.contains(" timed out"), "{width}\n{shown}");
        let text = shown.split("--\n").next().unwrap_or_default();
        assert!(text.contains("other key never set: priority") && text.contains("3 keys set"), "{width}\n{shown}");
    }
    let mut desk = Desk::busy(100, 30);
    desk.keys("F");
    let why = "GET /api/v2/flows: 403 missing.permissions. Reading a flow needs architect:flow:view.";
    desk.tell(crate::app::Msg::FlowRead("MainIVR".into(), Err(why.into())));
    insta::assert_snapshot!("flow-refused", picture(&draw(&mut desk, Theme::Terminal)));
}

#[test]
fn expectations() {
    let expectations = crate::expectfile::parse(
        "[[expect]]\nkey = \"tier\"\nby = \"start\"\none_of = [\"gold\", \"silver\"]\nwhen = \"queue:billing\"\nnote = \"set by MainIVR\"\n\
         [[expect]]\nkey = \"case_id\"\non = \"agent\"\nby = \"10s\"\nrequired = false\n\
         [[expect]]\nkey = \"never\"\nby = \"start\"\n",
    );
    let expectations = expectations.unwrap();
    for (width, height) in [(80, 24), (120, 36)] {
        let mut desk =
            Desk::with(width, height, Settings { expectations: expectations.clone(), ..Settings::default() });
        desk.customer(ID, &[("tier", "gold")]);
        desk.wait(2_000);
        desk.keys("de");
        insta::assert_snapshot!(format!("expected-{width}x{height}"), picture(&draw(&mut desk, Theme::Terminal)));
        desk.keys("<enter>");
        assert!(desk.model.overlays.is_empty());
        assert_eq!(desk.model.diagnose.finding().unwrap().key.as_ref().unwrap().as_str(), "never");
    }
    let mut desk = Desk::new(80, 24);
    desk.keys("de");
    assert!(picture(&draw(&mut desk, Theme::Terminal)).contains("check --learn"));
}

#[test]
fn comparisons_and_bells() {
    for (name, keys) in
        [("calls", "v<down>v<down>"), ("moments", "<home><enter>v"), ("bells", "<home><enter>b<down>bB<down>")]
    {
        let mut desk = Desk::busy(100, 30);
        changed(&mut desk);
        if name == "bells" {
            desk.keys(keys);
            desk.wait(1_000);
            let attributes = [("customer_tier", "gold"), ("language", "en-GB"), ("vip", "yes")];
            desk.call(
                "00000000-1111-4222-8333-444455556666",
                40,
                vec![
                    leg("c", "customer", "Indianapolis IN", &attributes).from("tel:+15550102231"),
                    leg("i", "ivr", "MainIVR", &[("ivr_choice", "1")]),
                ],
            );
        } else {
            desk.keys(keys);
        }
        insta::assert_snapshot!(format!("compare-{name}"), picture(&draw(&mut desk, Theme::Terminal)));
    }
}

fn header(desk: &mut Desk) -> String {
    picture(&draw(desk, Theme::Terminal)).lines().next().unwrap_or_default().to_owned()
}

/// Without the state of the link the screen would look live.
#[test]
fn a_call_that_is_not_read_again_yet_says_so_beside_its_heads() {
    for (keys, words) in [("", "stale "), ("m", "stale, not read again yet ")] {
        let mut desk = Desk::new(80, 24);
        desk.customer(ID, &[("tier", "gold")]);
        desk.keys("<enter>").keys(keys);
        let until = desk.at;
        desk.tell(Msg::Link(crate::domain::Link::Reconnecting { attempt: 1, until, reason: "gone".into() }));
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains(words), "{shown}");
        assert!(keys == "m" || shown.contains("connected"), "no head is written over:\n{shown}");
    }
}

#[test]
fn the_state_of_a_link_that_is_down_is_cut_and_never_left_out() {
    use crate::domain::{At, Link};
    for (width, screen) in [(60, ""), (80, ""), (80, "<enter>"), (120, "<enter>"), (200, "")] {
        let mut desk = Desk::busy(width, 24);
        desk.model.settings.org = "a-long-name-of-an-organisation".into();
        desk.keys(screen);
        let until = At { mono: desk.at.mono + std::time::Duration::from_secs(3), ..desk.at };
        let reason = "nothing was heard for 25 s, not even an answer to a ping".into();
        desk.tell(Msg::Link(Link::Reconnecting { attempt: 2, until, reason }));
        let line = header(&mut desk);
        assert!(line.contains("◐ reconnecting in 3 s"), "{width}: {line}");
        assert!(!line.contains("ev/s"), "{line}");
        assert!(unicode_width::UnicodeWidthStr::width(line.as_str()) <= usize::from(width));
        desk.tell(Msg::Link(Link::Offline {
            reason: "the certificate is not trusted".into(),
            by: crate::domain::Barrier::Way,
        }));
        assert!(header(&mut desk).contains("offline"), "{}", header(&mut desk));
    }
}

#[test]
fn an_edit_that_waits_for_an_answer_says_for_how_long() {
    for (width, height) in [(80, 24), (120, 36)] {
        let mut desk = Desk::new(width, height);
        desk.customer(ID, &[("tier", "gold")]);
        desk.keys("<enter>e!<enter><enter>");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains("checking") && !shown.contains("no answer"), "{shown}");
        desk.wait(5_000);
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains("checking: no answer for 5 s"), "{shown}");
    }
}

#[test]
fn a_pause_that_the_platform_asked_for_is_counted_down() {
    let mut desk = Desk::busy(80, 24);
    let paused_until = Some(desk.at.mono + std::time::Duration::from_secs(12));
    desk.tell(Msg::Usage(Usage { topics: 3, spent: 300, limit: 300, paused_until }));
    assert!(header(&mut desk).contains("api waits 12 s"), "{}", header(&mut desk));
    desk.wait(2_500);
    assert!(header(&mut desk).contains("api waits 10 s"), "{}", header(&mut desk));
    desk.wait(10_000);
    assert!(header(&mut desk).contains("api 300/300"), "{}", header(&mut desk));
}

#[test]
fn signing_in_again() {
    use crate::domain::Link;
    let url = format!("https://login.mypurecloud.com/oauth/authorize?client_id=c&state={}", "s".repeat(120));
    for (name, how, size) in
        [("browser", How::Browser, (80, 24)), ("waiting", How::Browser, (120, 36)), ("secret", How::Secret, (80, 24))]
    {
        let mut desk = Desk::busy(size.0, size.1);
        desk.model.settings.sign_in = how;
        let reason = "GET /api/v2/routing/queues: 401 bad.credentials: Invalid login credentials.";
        desk.tell(Msg::Link(Link::SignedOut { reason: reason.into() }));
        match name {
            "waiting" => desk.tell(Msg::SignIn(Progress::Waiting { url: url.clone(), opened: true })),
            "secret" => {
                desk.tell(Msg::SignIn(Progress::Failed("POST /oauth/token: 401 invalid_client".into())));
                desk.keys("sample");
            }
            _ => {}
        }
        insta::assert_snapshot!(format!("sign-in-{name}"), picture(&draw(&mut desk, Theme::Terminal)));
    }
}

/// A desk on which a recording is played, half way through.
fn replayed(width: u16, height: u16, settings: Settings) -> Desk {
    use crate::app::replay::{IndexPart, IndexedEvent, Mark, Playing, Replay, Speed};
    use crate::domain::findings::{Finding, RuleId, Severity};
    use std::time::Duration;
    let mut settings = settings;
    settings.policy.read_only = Some(crate::domain::outbox::ReadOnly { why: "this is a recording".into() });
    let mut desk = Desk::with(width, height, settings);
    desk.customer(ID, &[("customer_tier", "gold"), ("ivr_choice", "1")]);
    desk.wait(900);
    desk.customer(ID, &[("customer_tier", "silver"), ("ivr_choice", "1")]);
    let ago = |s: u64| crate::domain::At {
        mono: desk.at.mono - Duration::from_secs(s),
        wall: desk.at.wall - jiff::SignedDuration::from_secs(s as i64),
    };
    let began = ago(83);
    desk.model.play(Replay::new("call.sidetone".into(), began, "Billing".into(), false));
    let finding = |severity| {
        IndexedEvent::Finding(Box::new(Finding {
            rule: RuleId::Missing,
            severity,
            conversation: ID.into(),
            participant: None,
            key: None,
            message: String::new(),
            since: began,
        }))
    };
    let change = || IndexedEvent::Change { call: 0, participant: "c".into(), key: 0 };
    let mut marks: Vec<(u64, IndexedEvent)> =
        (0..150).filter(|i| i % 7 < 3 || i % 11 == 0).map(|i| (i, change())).collect();
    marks.extend([
        (20, finding(Severity::Error)),
        (61, IndexedEvent::Gap),
        (90, finding(Severity::Warn)),
        (120, IndexedEvent::Edit),
    ]);
    marks.sort_by_key(|(s, _)| *s);
    let at = |s: u64| began.mono + Duration::from_secs(s);
    let marks = marks.into_iter().zip(1..).map(|((s, what), step)| Mark { step, at: at(s), what }).collect();
    let part = IndexPart { marks, end: began.plus(Duration::from_secs(160)), done: Some(None), ..IndexPart::default() };
    desk.tell(crate::app::Msg::Indexed(Box::new(part)));
    let playing = Playing { step: 40, speed: Speed::Times(4.0), ..Playing::default() };
    desk.tell(crate::app::Msg::Playing(playing));
    desk.model.prepare(desk.at);
    desk
}

#[test]
fn a_recording_says_that_it_is_one_at_every_size() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = replayed(width, height, Settings { org: "call.sidetone".into(), ..Settings::default() });
        let text = picture(&draw(&mut desk, Theme::Terminal));
        assert!(text.contains("REPLAY") && text.contains("replay 2026-11-20 12:00:00 ×4"), "{text}");
        assert!(!text.contains("● live"), "{text}");
        insta::assert_snapshot!(format!("replay-{width}x{height}"), text);
    }
    let settings = Settings { org: "call.sidetone".into(), ascii: true, ..Settings::default() };
    let mut desk = replayed(100, 30, settings);
    let buf = draw(&mut desk, Theme::Mono);
    assert!(buf.content.iter().all(|c| c.symbol().is_ascii()), "{}", picture(&buf));
    insta::assert_snapshot!("replay-ascii-mono", picture(&buf));
}

#[test]
fn a_recording_lets_nothing_be_edited_and_says_why() {
    for (keys, why) in [
        ("<enter>e", "this is a recording"),
        ("<enter>a", "this is a recording"),
        ("t", "what was watched then cannot be changed"),
    ] {
        let mut desk = replayed(120, 36, Settings::default());
        desk.keys(keys);
        let text = picture(&draw(&mut desk, Theme::Terminal));
        assert!(text.contains(why), "{keys}: {text}");
        assert_eq!(desk.asked(), []);
    }
}

#[test]
fn a_recording_is_moved_by_keys_and_clicks() {
    use crate::app::replay::Speed;
    use crate::app::{Effect, replay::Play};
    let play = |keys: &str| {
        let mut desk = replayed(120, 36, Settings::default());
        desk.keys(keys);
        let asked = desk.asked();
        let text = picture(&draw(&mut desk, Theme::Terminal));
        match asked.as_slice() {
            [Effect::Play(play)] => (Some(play.clone()), text),
            [] => (None, text),
            other => panic!("{keys}: {other:?}"),
        }
    };
    assert_eq!(play("<space>").0, Some(Play::Toggle));
    assert_eq!(play(".").0, Some(Play::Step));
    assert_eq!(play(",").0, Some(Play::Back));
    assert_eq!(play("+").0, Some(Play::At(Speed::Times(8.0))));
    assert_eq!(play("-").0, Some(Play::At(Speed::Times(2.0))));
    let seconds = |keys: &str| match play(keys).0 {
        Some(Play::ToTime(at)) => (at.mono.as_secs_f64() - 100.9).round(),
        other => panic!("{keys}: {other:?}"),
    };
    assert_eq!(
        [seconds(")"), seconds("("), seconds("@+30s<enter>"), seconds("@12:01:00<enter>")],
        [10., -10., 30., 59.]
    );
    assert!(matches!(play("]").0, Some(Play::ToStep(step)) if step > 40));
    assert!(matches!(play("[").0, Some(Play::ToStep(step)) if step < 40));
    assert!(play("@99:99<enter>").0.is_none() || play("@none<enter>").0.is_none());
    assert!(play("@23:00<enter>").1.contains("The recording goes from 11:58:37 to 12:01:17"));
    assert!(play("@none<enter>").1.contains("There is no change of none after this moment"));
    let mut desk = replayed(120, 36, Settings::default());
    let middle = crate::app::layout::track(crate::app::layout::bar(desk.model.size));
    desk.tell(crate::app::Msg::Mouse(crate::app::msg::Mouse::Click, middle.x + middle.width / 2, middle.y + 1));
    assert!(matches!(desk.asked()[..], [Effect::Play(Play::ToTime(at))] if at.mono.as_secs() == 98), "{:?}", desk.at);
}

/// What a terminal is sent for what happened since the last frame.
fn written(desk: &mut Desk, screen: &mut crate::shell::Screen) -> Vec<u8> {
    desk.model.prepare(desk.at);
    let mut out = Vec::new();
    screen.draw(&mut out, |buf| view(&desk.model, Theme::Terminal, buf)).unwrap();
    out
}

#[test]
fn one_changed_value_writes_fewer_than_100_bytes() {
    let tier = |desk: &mut Desk, tier: &str| {
        let legs = vec![
            leg("c", "customer", "Indianapolis IN", &[("customer_tier", tier), ("language", "en-US")])
                .from("tel:+15550102231"),
        ];
        desk.call("00000000-1111-4222-8333-444455556666", 40, legs);
    };
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let settings =
            Settings { columns: Some(vec!["customer_tier".into(), "language".into()]), ..Settings::default() };
        let mut desk = Desk::with(width, height, settings);
        let mut screen = crate::shell::Screen::new(width, height);
        tier(&mut desk, "gold");
        for n in 0..60 {
            desk.customer(&format!("{n:08}-1111-4222-8333-000000000000"), &[("customer_tier", "gold")]);
        }
        // Of the call under the cursor the details are shown, too, and its last change with them.
        // Without the changes of all calls beside them, which add a line.
        desk.wait(10_000).keys("<down>%%");
        assert!(written(&mut desk, &mut screen).len() > 1_000, "the first frame is all of it");
        tier(&mut desk, "platinum");
        let text = written(&mut desk, &mut screen);
        assert!(String::from_utf8_lossy(&text).contains("platinum"));
        assert!(text.len() < 100, "{} bytes at {width}x{height}: {:?}", text.len(), String::from_utf8_lossy(&text));
        assert!(written(&mut desk, &mut screen).is_empty(), "and nothing when nothing changed");
    }
}

#[test]
fn a_prompt_shows_the_end_of_what_is_longer_than_any_screen() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("/");
    desk.tell(Msg::Paste(format!("{}THE-END", "xy".repeat(50_000))));
    assert!(picture(&draw(&mut desk, Theme::Terminal)).contains("THE-END"));
}

fn rows(desk: &mut Desk) -> Vec<String> {
    picture(&draw(desk, Theme::Mono)).split("\n--").next().unwrap_or_default().lines().map(str::to_owned).collect()
}

#[test]
fn hints_always_stand_and_a_notice_stands_whole_in_the_rule_above_them() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        let before = rows(&mut desk);
        let text = "The platform refused the subscription: it answered 403 missing permission \
            conversation:communication:view; ask an administrator for it, or choose other queues, and sign in again.";
        desk.model.say(crate::app::notice::Level::Alarm, text);
        let after = rows(&mut desk);
        assert_eq!(before.last(), after.last(), "{width}: the hints stand");
        let lines = after.len() - 1 - before.iter().zip(&after).position(|(a, b)| a != b).expect("a notice");
        let shown = after[after.len() - 1 - lines..after.len() - 1].join(" ");
        let words: Vec<&str> = shown.split_whitespace().collect();
        for word in text.split_whitespace() {
            assert!(words.contains(&word), "{width}: {word} is cut\n{}", after.join("\n"));
        }
        let above = after.len() - 1 - lines;
        assert_eq!(before[..above], after[..above], "nothing else moves");
    }
}

#[test]
fn no_hint_is_cut() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        for keys in [
            "",
            "%",
            "s",
            "c",
            "/",
            "f",
            "t",
            "V",
            "?",
            "?/",
            ":",
            "B",
            "Ba",
            "X",
            "d",
            "F",
            "<tab>",
            "<tab>/",
            "v<down>v",
            "<enter>",
            "<enter>e",
            "<enter>x",
            "<enter>e!<enter>",
            "<enter>ak",
            "<enter>Y",
            "<enter>h",
            "<enter>C",
            "<enter>p",
            "<enter>e!<esc>w",
            "<enter>e!<esc>D",
        ] {
            let mut desk = Desk::busy(width, height);
            flow_is_read(&mut desk);
            desk.keys(keys);
            let footer = rows(&mut desk).last().cloned().unwrap_or_default();
            let scopes = desk.model.scopes();
            let hints: Vec<String> = desk
                .model
                .keymap
                .rows(&scopes)
                .filter(|(_, b, k)| !b.hint.is_empty() && !k.is_empty() && desk.model.meets(b.when))
                .map(|(i, b, k)| match b.pair {
                    true => {
                        format!("{} {} {}", k[0].label(false), desk.model.keymap.keys(i + 1)[0].label(false), b.hint)
                    }
                    false => format!("{} {}", k[0].label(false), b.hint),
                })
                .collect();
            for shown in footer.trim().split("  ") {
                assert!(hints.iter().any(|hint| hint == shown.trim()), "{width} {keys:?}: {shown:?} in {footer:?}");
            }
            assert!(!hints.is_empty() && !footer.trim().is_empty(), "{width} {keys:?}");
        }
    }
}

#[test]
fn a_filter_that_matches_nothing_says_so() {
    for width in [80, 120, 200] {
        let mut desk = Desk::busy(width, 36);
        desk.keys(":filter customer_tier=tin<enter>");
        let shown = rows(&mut desk).join("\n");
        assert!(shown.contains("None of 6 calls matches `customer_tier=tin`. Esc clears the filter."), "{shown}");
        assert!(!shown.contains("No live calls"));
    }
}

#[test]
fn unsent_drafts_are_visible_on_calls() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        desk.keys("<enter>e!<esc><down>e!<esc><esc>");
        let rows = rows(&mut desk);
        assert!(rows[0].contains("✎ 2 unsent"), "{}", rows[0]);
        assert_eq!(rows[4..].iter().filter(|row| row.starts_with('✎')).count(), 1, "{}", rows.join("\n"));
    }
}

/// Ten calls with more keys than any screen has columns.
fn many_columns(width: u16, height: u16) -> Desk {
    let expectations = crate::expectfile::parse("[[expect]]\nkey = \"customer_tier\"\nby = \"start\"\n").unwrap();
    let settings = Settings { org: "Halden".into(), region: "us-east-1".into(), expectations, ..Settings::default() };
    let mut desk = Desk::with(width, height, settings);
    for i in 0..10usize {
        let (reference, wait) = (format!("HH-82023{i:02}"), (i * 7).to_string());
        let mut attributes = vec![
            ("ivr_choice", ["account_balance", "payment", "report_outage"][i % 3]),
            ("language", ["en-US", "fr-CA"][i % 2]),
            ("lookup_status", ["ok", "timeout"][usize::from(i % 4 == 0)]),
            ("customer_ref", reference.as_str()),
            ("region_code", ["NE", "SW", "SE"][i % 3]),
            ("est_wait_s", wait.as_str()),
            ("business_hours", ["open", "closed"][i % 2]),
        ];
        if i % 4 != 0 {
            attributes.push(("customer_tier", ["gold", "silver", "bronze", "{{lookup.tier}}"][i % 4]));
        }
        let from = format!("tel:+1555010{:04}", 2231 + i * 611);
        let mut customer = leg("c", "customer", "Indianapolis IN", &attributes).from(&from);
        if i == 9 {
            customer = customer.left();
        }
        let legs = vec![customer, leg("q", "acd", "Billing Self Service", &[]).queue("q-billing")];
        desk.call(&format!("1000000{i}-1111-4222-8333-444455556666"), 40 + 53 * i as i64, legs);
    }
    desk.wait(9000);
    desk
}

#[test]
fn calls_sorted_scrolled_with_coverage_and_one_that_no_longer_matches() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        for (name, keys) in [
            ("sorted", ":sort customer_tier reverse<enter>"),
            ("scrolled", ">>z"),
            ("coverage", "%<down>"),
            ("sort-list", "s<down>"),
        ] {
            let mut desk = many_columns(width, height);
            desk.keys(keys);
            insta::assert_snapshot!(
                format!("calls-{name}-{width}x{height}"),
                picture(&draw(&mut desk, Theme::Terminal))
            );
        }
        let mut desk = many_columns(width, height);
        desk.keys("/customer_tier=silver<enter>");
        let silver = desk.model.calls.selected.clone().expect("one is selected");
        let all = desk.model.calls.rows.len();
        desk.call(
            silver.as_str(),
            93,
            vec![
                leg("c", "customer", "Indianapolis IN", &[("customer_tier", "gold")]).from("tel:+15550102842"),
                leg("q", "acd", "Billing Self Service", &[]).queue("q-billing"),
            ],
        );
        let text = rows(&mut desk).join("\n");
        assert_eq!((desk.model.calls.rows.len(), desk.model.calls.selected.as_ref()), (all, Some(&silver)));
        assert!(text.contains("no longer matches"), "{text}");
        desk.keys("<down>");
        assert!(!desk.model.calls.rows.contains(&silver), "it goes when the selection moves");
    }
}

#[test]
fn every_chosen_column_can_be_reached_and_two_are_in_sight_at_least() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = many_columns(width, height);
        draw(&mut desk, Theme::Terminal);
        let keys = desk.model.calls.keys.clone();
        assert_eq!(keys.len(), 6);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..keys.len() {
            let heads = rows(&mut desk)[3].clone();
            let shown = desk.model.calls.columns.iter().filter_map(|c| match c.show {
                crate::app::calls::Show::Attribute(n) => Some(n),
                crate::app::calls::Show::Fact(_) => None,
            });
            let shown: Vec<usize> = shown.collect();
            assert!(shown.len() >= 2 || shown.last() == Some(&(keys.len() - 1)), "{width}: {heads}");
            seen.extend(shown);
            let right = desk.model.calls.more.1;
            assert_eq!(heads.contains('›'), right > 0, "{heads}");
            assert!(right == 0 || heads.contains(&format!("+{right}")), "{heads}");
            assert_eq!(heads.contains('‹'), desk.model.calls.more.0 > 0, "{heads}");
            desk.keys(">");
        }
        assert_eq!(seen.len(), keys.len(), "{width}: every key was in sight");
    }
    let mut desk = many_columns(200, 60);
    desk.keys("%%");
    let text = rows(&mut desk).join("\n");
    assert_eq!(desk.model.calls.more, (0, 0), "{text}");
    assert!(!text.contains('…'), "nothing is cut while space is free:\n{text}");
}

#[test]
fn a_copy_through_tmux_says_on_what_it_depends() {
    for (through, said) in [
        (None, "✓ Copied value (4 characters)."),
        (Some("tmux"), "· Copied value (4 characters), as far as tmux passes it on"),
        (Some("screen"), "· Copied value (4 characters), as far as screen and the terminal pass it on."),
    ] {
        let mut desk = Desk::new(120, 36);
        desk.model.settings.copies_through = through;
        desk.customer(ID, &[("tier", "gold")]);
        desk.keys("<enter>y");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains(said), "{shown}");
    }
}

#[test]
fn what_is_on_the_server_meanwhile_stands_on_the_row_that_is_edited() {
    for width in [80, 120, 200] {
        let mut desk = Desk::new(width, 24);
        desk.customer("c1", &[("bidi_note", "one"), ("case_id", "CS-17878")]);
        desk.keys("<enter>/bidi_note<enter>e");
        desk.customer("c1", &[("bidi_note", "THEIRS"), ("case_id", "CS-17878")]);
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        let line = |key: &str| shown.lines().find(|line| line.contains(key)).unwrap_or_default().to_owned();
        assert!(line("bidi_note").contains("now THEIRS"), "{shown}");
        assert!(line("case_id").contains("CS-17878"), "{shown}");
    }
}

#[test]
fn what_is_not_so_is_not_said() {
    let notice = |desk: &Desk| desk.model.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default();
    let mut desk = Desk::new(120, 36);
    desk.customer("c1", &[("tier", "gold")]);
    desk.keys("L");
    assert!(notice(&desk).contains("while an edit of yours was in progress"), "{}", notice(&desk));
    desk.keys("M");
    assert!(notice(&desk).contains("names and numbers of callers are not"), "{}", notice(&desk));
    // Nothing can be found without a connection.
    let mut desk = Desk::new(120, 36);
    desk.tell(Msg::Link(crate::domain::Link::Connecting));
    desk.keys("d");
    let shown = picture(&draw(&mut desk, Theme::Terminal));
    assert!(shown.contains("Not connected") && !shown.contains("Nothing found on"), "{shown}");
}
