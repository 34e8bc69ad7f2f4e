//! Pictures of a recording that is played.

use super::{ID, Theme, draw, picture};
use crate::app::{settings::AppSettings, testing::Desk};

/// A desk on which a recording is played, half way through.
fn replayed(width: u16, height: u16, settings: AppSettings) -> Desk {
    use crate::app::replay::{IndexPart, IndexedEvent, Playing, Replay, Speed, TimelineMark};
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
    desk.model.play(Replay::new(began, false));
    let finding = |severity| {
        IndexedEvent::Finding(Box::new(Finding {
            rule: RuleId::Missing,
            severity,
            conversation: ID.into(),
            participant: None,
            key: None,
            message: "".into(),
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
    let marks = marks.into_iter().zip(1..).map(|((s, what), step)| TimelineMark { step, at: at(s), what }).collect();
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
        let mut desk = replayed(width, height, AppSettings { org: "call.sidetone".into(), ..AppSettings::default() });
        let text = picture(&draw(&mut desk, Theme::Terminal));
        assert!(text.contains("REPLAY") && text.contains("replay 2026-11-20 12:00:00 ×4"), "{text}");
        assert!(!text.contains("● live"), "{text}");
        insta::assert_snapshot!(format!("replay-{width}x{height}"), text);
    }
    let settings = AppSettings { org: "call.sidetone".into(), ascii: true, ..AppSettings::default() };
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
        let mut desk = replayed(120, 36, AppSettings::default());
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
        let mut desk = replayed(120, 36, AppSettings::default());
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
    let mut desk = replayed(120, 36, AppSettings::default());
    let middle = crate::app::layout::track(crate::app::layout::bar(desk.model.size));
    desk.tell(crate::app::Msg::Mouse(crate::app::msg::Mouse::Click, middle.x + middle.width / 2, middle.y + 1));
    assert!(matches!(desk.asked()[..], [Effect::Play(Play::ToTime(at))] if at.mono.as_secs() == 98), "{:?}", desk.at);
}
