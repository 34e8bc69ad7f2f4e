//! One recording, and every end that tells of it: `watch`, `check`, `export`, `replay` and the screens report the same
//! changes and findings, and nothing that is not true; `collect` counts these findings, and the history keeps these values. `set` tells of
//! its own edits alone, and `get` reads once.

mod observed;
mod platform;
mod presence;

use super::{
    check::Judge,
    export,
    follow::{Follow, FollowPlan, OutputForm},
    replay::{self, failing},
};
use crate::{
    app::{replay::IndexedEvent, settings::AppSettings},
    domain::{
        At, Board, Change,
        expect::Expectation,
        filter::Filter,
        findings::{Finding, FindingChange, Tuning},
        monitor::{Monitor, MonitorOptions},
    },
    expectfile,
    recording::{
        RecordingReader,
        playback::{Playback, Played},
    },
    shell,
    testing::count,
};
use platform::{GRACE, KEYS, Platform, histories, id};
use proptest::prelude::*;
use serde_json::Value;
use std::{collections::BTreeMap, io::Write, path::Path};

const EXPECT: &str = "[[expect]]\nkey = \"customer_tier\"\n\n[[expect]]\nkey = \"language\"\nby = \"3s\"\none_of = [\"gold\"]\n\n\
                      [[expect]]\nkey = \"order\"\nby = \"agent\"\nrequired = false\ntype = \"number\"\n";

fn expectations() -> Vec<Expectation> {
    expectfile::parse(EXPECT).unwrap()
}

fn told(at: At, finding: &Finding) -> String {
    format!("{} {}", at.mono.as_millis(), words(finding))
}

fn words(f: &Finding) -> String {
    let participant = f.participant.as_ref().map_or("", |p| p.as_str());
    let key = f.key.as_ref().map_or("", |k| k.as_str());
    format!("{} {} {participant} {key} {} {}", f.rule, f.conversation, f.severity.as_str(), f.message)
}

/// What the engine alone reports: the yardstick for its ends.
#[derive(Default)]
struct Reported {
    changes: Vec<String>,
    findings: Vec<String>,
    appeared: Vec<String>,
    last: Vec<String>,
}

fn reported(file: &Path) -> Reported {
    let mut monitor = Monitor::new(MonitorOptions { expectations: expectations(), ..MonitorOptions::default() });
    let (mut playback, mut out) = (Playback::new(), Reported::default());
    for line in RecordingReader::open(file).unwrap() {
        let line = line.unwrap();
        for report in playback.feed(line.at, &line.record, &mut monitor).reports() {
            for change in &report.changes {
                if let Change::Attribute { conversation, participant, key, old, new, .. } = change {
                    let text = |v: &Option<crate::domain::Value>| v.as_ref().map(|v| v.as_str().to_owned());
                    let at = report.at.mono.as_millis();
                    out.changes.push(format!(
                        "{at} {conversation} {participant} {key} {:?} {:?}",
                        text(old),
                        text(new)
                    ));
                }
            }
            for change in &report.findings {
                match change {
                    FindingChange::Appeared(f) => {
                        out.findings.push(told(report.at, f));
                        out.appeared.push(told(report.at, f));
                    }
                    FindingChange::Changed(f) => out.findings.push(told(report.at, f)),
                    FindingChange::Gone(_) => {}
                }
            }
        }
    }
    out.last = standing(&monitor);
    out
}

fn standing(monitor: &Monitor) -> Vec<String> {
    let mut all: Vec<String> = monitor.examiner.all().map(|f| words(&f)).collect();
    all.sort();
    all
}

/// The lines of `replay --headless`, and of `watch` if it looks at the time whenever it should.
fn lines(file: &Path, as_watched: bool) -> Vec<Value> {
    let mut follow =
        Follow::new(FollowPlan { expectations: expectations(), ..FollowPlan::everything(OutputForm::Json) });
    let (mut playback, mut last) = (Playback::new(), None);
    for line in RecordingReader::open(file).unwrap() {
        let line = line.unwrap();
        if let Some(due) = follow.due().filter(|due| as_watched && *due < line.at.mono) {
            let past = jiff::SignedDuration::try_from(line.at.mono - due).unwrap();
            _ = follow.tick(At { mono: due, wall: line.at.wall - past }, &playback);
        }
        replay::tell(&mut follow, &mut playback, &line);
        last = Some(line.at);
    }
    _ = follow.tick(last.unwrap(), &playback);
    let text = String::from_utf8(std::mem::take(follow.output())).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ms(line: &Value) -> u64 {
    let start: jiff::Timestamp = platform::wall(0).parse().unwrap();
    let time: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
    u64::try_from(time.duration_since(start).as_millis()).unwrap()
}

fn finding_lines(lines: &[Value]) -> Vec<String> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let of = |l: &Value| {
        let part = |name: &str| text(&l[name]);
        let (call, participant) = (part("conversationId"), part("participantId"));
        let (key, severity, message) = (part("key"), part("severity"), part("message"));
        format!("{} {} {call} {participant} {key} {severity} {message}", ms(l), part("rule"))
    };
    lines.iter().filter(|l| l["type"] == "finding").map(of).collect()
}

fn change_lines(lines: &[Value]) -> Vec<String> {
    let text = |v: &Value| v.as_str().map(str::to_owned);
    let of = |l: &Value| {
        let part = |name: &str| l[name].as_str().unwrap_or_default().to_owned();
        let (call, participant, key) = (part("conversationId"), part("participantId"), part("key"));
        format!("{} {call} {participant} {key} {:?} {:?}", ms(l), text(&l["old"]), text(&l["new"]))
    };
    lines.iter().filter(|l| l["type"] == "attribute").map(of).collect()
}

/// What `check --follow` would have found.
fn checked(file: &Path) -> Vec<String> {
    let (mut judge, mut playback) = (Judge::new(Tuning::default(), expectations(), false), Playback::new());
    let mut found = Vec::new();
    for line in RecordingReader::open(file).unwrap() {
        let line = line.unwrap();
        match playback.play(line.at, &line.record, &judge.monitor.board) {
            Played::Update(update) => drop(judge.take(line.at, update)),
            Played::Link(link) => drop(judge.link(line.at, &link)),
            // A live check has no missing lines; what follows is the same as after a gap.
            Played::Lost(_) => {
                judge.pass(line.at);
                drop(judge.monitor.missed(line.at, &()));
            }
            Played::Queue(id, name) => judge.monitor.board.names.learn_queue(id, &name),
            _ => judge.pass(line.at),
        }
        found.extend(judge.found().iter().map(|(at, f)| told(*at, f)));
    }
    found
}

fn values(board: &Board) -> BTreeMap<String, BTreeMap<String, String>> {
    let customer = |e: &crate::domain::BoardEntry| {
        let attributes = e.conversation.customer().unwrap().attributes.iter();
        attributes.map(|a| (a.key.as_str().to_owned(), a.value.as_str().to_owned())).collect()
    };
    board.iter().map(|e| (e.conversation.id.as_str().to_owned(), customer(e))).collect()
}

/// Findings of missing keys, as call and moment.
fn missing(findings: &[String]) -> Vec<(String, u64)> {
    let of = |f: &String| {
        let parts: Vec<&str> = f.split(' ').collect();
        let hit = parts[1] == "missing" && f.contains(" customer_tier ");
        hit.then(|| (parts[2].to_owned(), parts[0].parse().unwrap()))
    };
    findings.iter().filter_map(of).collect()
}

fn all_ends_agree(history: &[(u64, platform::RandomStep)]) {
    let platform = Platform::recorded(history);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.sidetone");
    std::fs::File::create(&file).unwrap().write_all((platform.lines.join("\n") + "\n").as_bytes()).unwrap();

    let yardstick = reported(&file);
    let replayed = lines(&file, false);
    assert_eq!(finding_lines(&replayed), yardstick.findings, "replay --headless");
    assert_eq!(change_lines(&replayed), yardstick.changes, "replay --headless");
    assert_eq!(lines(&file, true), replayed, "watch");
    // A check has no lines to look at before it ends, and they hold no findings that it lacks.
    assert_eq!(checked(&file), yardstick.findings, "check");
    let failing = failing::findings(&file, &Filter::default(), &Tuning::default(), &expectations()).unwrap();
    let without_time =
        |all: &[String]| -> Vec<String> { all.iter().map(|f| f.split_once(' ').unwrap().1.into()).collect() };
    assert_eq!(failing.iter().map(words).collect::<Vec<_>>(), without_time(&yardstick.findings), "replay --to-expect");
    let mut exported = Monitor::new(MonitorOptions { expectations: expectations(), ..MonitorOptions::default() });
    export::play(&file, &mut exported).unwrap();
    assert_eq!(standing(&exported), yardstick.last, "export");
    let keep_ended = std::time::Duration::from_secs(86_400);
    let settings = AppSettings { expectations: expectations(), keep_ended, ..AppSettings::default() };
    let (screens, marks) = shell::played(&file, settings);
    let marked: Vec<String> = marks
        .marks
        .iter()
        .filter_map(|mark| match &mark.what {
            IndexedEvent::Finding(f) => Some(format!("{} {}", mark.at.as_millis(), words(f))),
            _ => None,
        })
        .collect();
    assert_eq!(marked, yardstick.appeared, "the screens");
    assert_eq!(standing(&screens.monitor), yardstick.last, "the screens");
    assert_eq!(values(&screens.monitor.board), values(&exported.board));
    let kept = observed::observed(&file);
    assert_eq!(kept.findings, observed::counted(&yardstick), "collect");
    kept.assert_that_the_history_is_what_was_seen();
    true_of(&platform, &yardstick, &values(&exported.board));
}

/// Held against the truth, which knows of no engine.
fn true_of(platform: &Platform, found: &Reported, known: &BTreeMap<String, BTreeMap<String, String>>) {
    for (n, call) in platform.calls.iter().enumerate().filter(|(_, c)| c.is_told && !c.is_tainted) {
        let truth: BTreeMap<String, String> =
            call.attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        assert_eq!(known.get(&id(n)), Some(&truth), "call {n} as it is known");
    }
    let said = missing(&found.findings);
    for (n, due) in &platform.must_miss {
        assert!(said.contains(&(id(*n), *due)), "call {n} lacks {} at {due}, and nobody says so: {said:?}", KEYS[0]);
    }
    for (call, at) in &said {
        let n = (0..platform.calls.len()).find(|n| id(*n) == *call).unwrap();
        let tier = &platform.calls[n].tier;
        let has =
            |then: &dyn Fn(&u64) -> bool| tier.iter().rev().find(|(since, _)| then(since)).is_some_and(|(_, has)| *has);
        // At the very moment of a change both are true: it was there, and it no longer is.
        let has = has(&|since| since < at) && has(&|since| since <= at);
        assert!(!has || platform.calls[n].was_tainted, "call {n} carries it at {at}: false alarm");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: count("SIDETONE_RECORDINGS", 12, 5_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_end_reports_the_same_and_the_truth(history in histories()) {
        all_ends_agree(&history);
    }
}

/// One recording with a lost connection and one expectation: two ends once said that the key is missing, two did not.
#[test]
fn a_verdict_that_falls_into_a_lost_connection_is_made_by_nobody() {
    use platform::RandomStep;
    let history = [
        (10, RandomStep::Call),
        (1_000, RandomStep::FlowEnd(0)),
        (GRACE / 2, RandomStep::Link),
        (5_000, RandomStep::Set(0, 0, 0)),
        (5_000, RandomStep::Link),
        (100, RandomStep::Read(0)),
    ];
    all_ends_agree(&history);
    let platform = Platform::recorded(&history);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.sidetone");
    std::fs::write(&file, platform.lines.join("\n") + "\n").unwrap();
    let reported = reported(&file);
    let about_tier = |f: &&String| f.contains(" customer_tier ");
    assert_eq!(reported.findings.iter().find(about_tier), None);
}

/// A frame that arrives once more after a read that showed something newer: the oracle once took it for the newest state.
#[test]
fn a_doubled_frame_from_before_a_read_is_no_truth() {
    use platform::RandomStep;
    let history = [
        (1, RandomStep::Call),
        (1, RandomStep::Lost(0)),
        (1, RandomStep::Read(0)),
        (1, RandomStep::Doubled(0)),
        (1, RandomStep::FlowEnd(0)),
    ];
    all_ends_agree(&history);
}
