//! One step at a time: what each input leads to. Random histories are in `histories.rs`.

use super::*;
use crate::domain::{Board, JsonKind, Media, ParticipantSnapshot, Purpose, Snapshot, Source, Update};
use compact_str::CompactString;
use jiff::Timestamp;

/// A board with one call, an outbox, and a clock.
struct Fixture {
    board: Board,
    outbox: Outbox,
    now: u64,
    flow: bool,
    /// A second flow.
    survey: bool,
}

fn map(pairs: &[(&str, &str)]) -> Vec<(CompactString, Value)> {
    pairs.iter().map(|(k, v)| (CompactString::new(k), Value::from(*v))).collect()
}

impl Fixture {
    fn new(pairs: &[(&str, &str)], policy: Policy) -> Self {
        let mut fixture =
            Self { board: Board::default(), outbox: Outbox::new(policy), now: 1_000, flow: false, survey: false };
        fixture.frame(pairs);
        fixture
    }

    fn at(&self) -> At {
        At::after(Timestamp::UNIX_EPOCH, Duration::from_millis(self.now))
    }

    fn snapshot(&self, pairs: &[(&str, &str)]) -> Snapshot {
        let customer = ParticipantSnapshot {
            id: "p".into(),
            purpose: Purpose::new("customer"),
            media: Media::Call,
            attributes: Some(map(pairs)),
            ..Default::default()
        };
        let ivr = |id: &str, runs: bool| ParticipantSnapshot {
            id: id.into(),
            purpose: Purpose::new("ivr"),
            ended: (!runs).then_some(Timestamp::UNIX_EPOCH),
            ..Default::default()
        };
        let participants = vec![customer, ivr("flow", self.flow), ivr("survey", self.survey)];
        Snapshot { id: "c".into(), participants, ..Default::default() }
    }

    fn frame(&mut self, pairs: &[(&str, &str)]) -> Vec<Effect> {
        let update = Update::Stream(self.snapshot(pairs));
        self.take(update)
    }

    /// The board takes an update in, and the outbox hears of it.
    fn take(&mut self, update: Update) -> Vec<Effect> {
        let (at, told) = (self.at(), update.told(&self.board));
        self.board.apply(at, update, &self.outbox);
        self.outbox.observe(at, &self.board.get("c").unwrap().conversation, &told)
    }

    fn read(&mut self, write: WriteId, pairs: &[(&str, &str)]) -> Vec<Effect> {
        let view = ReadView::of(self.at().mono, &self.snapshot(pairs));
        self.outbox.read_done(self.at(), write, Ok(&view))
    }

    /// The stream tells these values.
    fn told(&mut self, map: Vec<(CompactString, Value)>) -> Vec<Effect> {
        let mut snapshot = self.snapshot(&[]);
        snapshot.participants[0].attributes = Some(map);
        self.take(Update::Stream(snapshot))
    }

    fn read_map(&mut self, write: WriteId, map: Vec<(CompactString, Value)>) -> Vec<Effect> {
        let view = ReadView { conversation: "c".into(), asked: self.at().mono, participants: vec![("p".into(), map)] };
        self.outbox.read_done(self.at(), write, Ok(&view))
    }

    fn cell(&self, key: &str) -> Cell {
        Cell { conversation: "c".into(), participant: "p".into(), key: key.into() }
    }

    fn draft(&mut self, key: &str, base: Option<&str>, text: &str) -> Cell {
        let cell = self.cell(key);
        self.outbox.draft(&cell, Base::Saw(base.map(Value::from)), text);
        cell
    }

    fn commit(&mut self, cells: &[Cell]) -> Vec<Effect> {
        self.commit_how(cells, Timing::Now)
    }

    fn commit_how(&mut self, cells: &[Cell], timing: Timing) -> Vec<Effect> {
        let how = Commit { timing, ..Default::default() };
        let committed = self.outbox.commit(self.at(), &self.board, cells, how);
        assert_eq!(committed.refused, []);
        committed.effects
    }

    fn word(&self, key: &str) -> &'static str {
        self.outbox.view(&self.cell(key)).map_or("none", |v| v.state.word())
    }

    fn accepted(&mut self, write: WriteId) -> Vec<Effect> {
        let outcome = PatchOutcome::Accepted { status: 202, correlation_id: Some("corr".into()) };
        self.outbox.patch_done(self.at(), write, outcome)
    }

    fn later(&mut self, millis: u64) -> Vec<Effect> {
        self.now += millis;
        self.outbox.tick(self.at())
    }
}

fn reads(effects: &[Effect]) -> Vec<WriteId> {
    effects.iter().filter_map(|e| if let Effect::Read { write, .. } = e { Some(*write) } else { None }).collect()
}

fn body(effects: &[Effect]) -> Option<String> {
    effects.iter().find_map(|e| match e {
        Effect::Patch { request, .. } => {
            Some(request.body.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    })
}

#[test]
fn an_edit_walks_from_draft_to_seen() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    assert_eq!(fixture.word("tier"), "draft");
    let effects = fixture.commit(&[cell]);
    let write = reads(&effects)[0];
    assert_eq!(fixture.word("tier"), "checking");
    let effects = fixture.read(write, &[("tier", "gold"), ("lang", "en")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum lang=en"));
    assert_eq!(fixture.word("tier"), "sending");
    fixture.now += 50;
    fixture.accepted(write);
    assert_eq!(fixture.word("tier"), "accepted");
    fixture.now += 100;
    let effects = fixture.frame(&[("tier", "platinum"), ("lang", "en")]);
    let view = fixture.outbox.view(&fixture.cell("tier")).unwrap();
    assert!(
        matches!(view.state, EditState::Seen { after, by: Source::Stream, .. } if after == Duration::from_millis(150))
    );
    assert_eq!(reads(&effects), [], "a whole settling frame needs no read");
    fixture.later(10_000);
    assert_eq!(fixture.word("tier"), "none");
    assert_eq!(fixture.outbox.next_deadline(), None);
}

/// Somebody puts back what was there before: in the order of sight the value of before is newer than ours.
#[test]
fn a_value_that_was_seen_and_taken_back_by_somebody_is_overwritten_and_never_called_accepted_again() {
    for (in_a_frame, after) in [(true, 1_000), (true, 4_000), (true, 50), (false, 1_000), (false, 4_000)] {
        let mut fixture = Fixture::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
        let cell = fixture.draft("tier", Some("gold"), "platinum");
        let write = reads(&fixture.commit(std::slice::from_ref(&cell)))[0];
        fixture.read(write, &[("tier", "gold"), ("lang", "en")]);
        fixture.accepted(write);
        fixture.later(100);
        fixture.frame(&[("tier", "platinum"), ("lang", "en")]);
        assert_eq!(fixture.word("tier"), "seen");
        fixture.later(after);
        let back = [("tier", "gold"), ("lang", "en")];
        let mut effects = if in_a_frame { fixture.frame(&back) } else { Vec::new() };
        let mut words = vec!["seen"];
        for _ in 0..80 {
            for write in reads(&effects) {
                effects.extend(fixture.read(write, &back));
            }
            if !in_a_frame {
                // The board reads, for reasons of its own.
                let view = ReadView::of(fixture.at().mono, &fixture.snapshot(&back));
                effects.extend(fixture.outbox.read_seen(fixture.at(), &view));
            }
            let audited = |outcome| effects.iter().any(|e| matches!(e, Effect::Audit(r) if r.outcome == outcome));
            assert!(!audited(AuditOutcome::Unseen), "{words:?}");
            words.push(fixture.word("tier"));
            let kept = fixture.outbox.journal().edits;
            assert!(!kept.iter().any(|e| matches!(e.got, Got::Accepted | Got::Unseen)), "{words:?}: {kept:?}");
            effects = fixture.later(100);
        }
        words.dedup();
        assert_eq!(words, ["seen", "overwritten"], "{in_a_frame} {after}");
        let view = fixture.outbox.view(&cell).unwrap();
        assert!(matches!(view.state, EditState::Overwritten { theirs: Some(theirs), .. } if theirs.as_str() == "gold"));
    }
}

#[test]
fn a_number_on_the_wire_is_what_was_seen_of_it() {
    let mut fixture = Fixture::new(&[("tier", "5")], Policy::default());
    let cell = fixture.draft("tier", Some("5"), "6");
    let effects = fixture.commit(&[cell]);
    let mut snapshot = fixture.snapshot(&[]);
    snapshot.participants[0].attributes = Some(vec![("tier".into(), Value::of_kind("5", JsonKind::Number))]);
    let view = ReadView::of(fixture.at().mono, &snapshot);
    let effects = fixture.outbox.read_done(fixture.at(), reads(&effects)[0], Ok(&view));
    assert_eq!(body(&effects).as_deref(), Some("tier=6"));
}

#[test]
fn without_reads_nothing_is_waited_for_in_the_past() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy { confirm_reads: false, ..Policy::default() });
    let cell = fixture.cell("tier");
    fixture.outbox.draft(&cell, Base::Any, "gold");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.accepted(write);
    fixture.later(1);
    assert!(fixture.outbox.next_deadline().is_some_and(|due| due > fixture.at().mono));
}

#[test]
fn a_conflict_after_a_lost_answer_does_not_say_that_nothing_was_sent() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(std::slice::from_ref(&cell)))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.outbox.patch_done(fixture.at(), write, PatchOutcome::Unknown(RequestFailure::new("reset", true)));
    let effects = fixture.later(300);
    let effects = fixture.read(reads(&effects)[0], &[("tier", "silver")]);
    let told = effects.iter().any(|e| matches!(e, Effect::Notice(Notice::Conflict { maybe_applied: true, .. })));
    assert!(told, "{effects:?}");
    let state = fixture.outbox.view(&cell).unwrap().state;
    assert!(matches!(state, EditState::Conflict { maybe_applied: true, .. }), "{state:?}");
}

#[test]
fn a_loss_is_not_restored_over_what_is_typed() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let loss = Loss {
        cell: cell.clone(),
        write: WriteId(1),
        theirs: Value::from("silver"),
        before: Vec::new(),
        ours: None,
        at: fixture.at(),
    };
    assert_eq!(fixture.outbox.restore(&loss), None);
    assert_eq!(fixture.outbox.view(&cell).unwrap().mine, "platinum");
}

#[test]
fn the_echo_may_come_before_the_answer() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.frame(&[("tier", "platinum")]);
    fixture.accepted(write);
    assert_eq!(fixture.word("tier"), "seen");
}

#[test]
fn a_foreign_change_of_an_edited_key_stops_the_send_and_keeps_every_text() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cells = [fixture.draft("tier", Some("gold"), "platinum"), fixture.draft("lang", Some("en"), "de")];
    let write = reads(&fixture.commit(&cells))[0];
    let effects = fixture.read(write, &[("tier", "silver"), ("lang", "en")]);
    assert_eq!(body(&effects), None);
    assert_eq!((fixture.word("tier"), fixture.word("lang")), ("conflict", "draft"));
    let at = fixture.at();
    let sent = fixture.outbox.send_mine(at, &fixture.board, &cells[0], Commit::default());
    let effects = fixture.read(reads(&sent.effects)[0], &[("tier", "silver"), ("lang", "en")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum lang=en"));
    assert_eq!(fixture.outbox.view(&cells[1]).unwrap().mine, "de");
}

#[test]
fn edits_meanwhile_merge_and_leave_together() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let first = fixture.draft("tier", Some("gold"), "one");
    let write = reads(&fixture.commit(std::slice::from_ref(&first)))[0];
    fixture.read(write, &[("tier", "gold")]);
    for text in ["two", "three"] {
        let cell = fixture.draft("tier", Some("gold"), text);
        assert_eq!(reads(&fixture.commit(&[cell])), []);
    }
    let other = fixture.draft("lang", None, "de");
    assert_eq!(reads(&fixture.commit(&[other])), []);
    let effects = fixture.accepted(write);
    let next = reads(&effects)[0];
    // The first value is not applied yet: the read still shows the old one. That is no conflict.
    let effects = fixture.read(next, &[("tier", "gold")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=three lang=de"));
}

#[test]
fn an_accepted_value_that_is_not_applied_yet_is_not_taken_back_by_the_next_map() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.accepted(write);
    let cell = fixture.draft("lang", None, "de");
    let write = reads(&fixture.commit(&[cell]))[0];
    let effects = fixture.read(write, &[("tier", "gold")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum lang=de"));
}

#[test]
fn a_value_that_never_comes_is_an_alarm_with_its_read_back() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.accepted(write);
    assert_eq!(fixture.outbox.next_deadline(), Some(Duration::from_millis(11_000)));
    assert_eq!(reads(&fixture.later(9_999)), []);
    let effects = fixture.later(1);
    assert_eq!(reads(&effects), [write]);
    fixture.read(write, &[("tier", "gold")]);
    let view = fixture.outbox.view(&fixture.cell("tier")).unwrap();
    let EditState::Unseen(alarm) = view.state else { panic!("{:?}", view.state) };
    assert_eq!((alarm.status, alarm.correlation_id.as_deref()), (Some(202), Some("corr")));
    assert_eq!(alarm.read_back, Some(Value::from("gold")));
    // Better late than never.
    fixture.frame(&[("tier", "platinum")]);
    assert_eq!(fixture.word("tier"), "seen");
}

#[test]
fn another_value_in_place_of_ours_is_told() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.accepted(write);
    fixture.frame(&[("tier", "platinum")]);
    let effects = fixture.frame(&[("tier", "silver")]);
    assert_eq!((fixture.word("tier"), reads(&effects)), ("seen", vec![write]), "a frame may be late: a read decides");
    fixture.now += 10;
    fixture.read(write, &[("tier", "silver")]);
    assert_eq!(fixture.word("tier"), "overwritten");
}

#[test]
fn a_late_frame_neither_confirms_nor_contradicts() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    fixture.now += 1;
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.accepted(write);
    fixture.frame(&[("tier", "platinum")]);
    // Back to what it was before: frames with that value may still be on their way.
    let cell = fixture.draft("tier", Some("platinum"), "gold");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "platinum")]);
    fixture.accepted(write);
    let effects = fixture.frame(&[("tier", "gold")]);
    assert_eq!((fixture.word("tier"), reads(&effects)), ("accepted", vec![write]));
    fixture.now += 5;
    fixture.read(write, &[("tier", "gold")]);
    assert_eq!(fixture.word("tier"), "accepted", "the read may be as old as the frame");
    fixture.now += 3_000;
    fixture.read(write, &[("tier", "gold")]);
    assert_eq!(fixture.word("tier"), "seen");
}

#[test]
fn after_a_409_it_is_read_and_merged_again_a_few_times() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    for attempt in 1..=4 {
        let now = attempt.to_string();
        fixture.frame(&[("tier", "gold"), ("n", &now)]);
        let effects = fixture.read(write, &[("tier", "gold"), ("n", &now)]);
        assert_eq!(body(&effects), Some(format!("tier=platinum n={attempt}")));
        fixture.outbox.patch_done(
            fixture.at(),
            write,
            PatchOutcome::Conflict(RequestFailure::answered(409, "PATCH: 409", true)),
        );
        if attempt < 4 {
            assert_eq!(fixture.word("tier"), "waiting");
            let until = fixture.outbox.next_deadline().unwrap();
            fixture.now = u64::try_from(until.as_millis()).unwrap();
            assert_eq!(reads(&fixture.later(0)), [write]);
        }
    }
    assert_eq!(fixture.word("tier"), "failed");
    assert_eq!(fixture.outbox.view(&fixture.cell("tier")).unwrap().mine, "platinum");
}

#[test]
fn a_server_that_stays_busy_is_not_asked_for_ever() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    let (started, mut tries) = (fixture.now, 0);
    while body(&fixture.read(write, &[("tier", "gold")])).is_some() {
        tries += 1;
        let failure = RequestFailure::answered(429, "PATCH: 429 (correlation id 7)", true);
        let busy = PatchOutcome::Busy { retry_after: Some(Duration::from_secs(1)), failure };
        fixture.outbox.patch_done(fixture.at(), write, busy);
        fixture.later(1_000);
    }
    assert_eq!(tries, 10);
    assert!(fixture.now - started <= 60_000);
    let EditState::Failed(failure) = fixture.outbox.view(&fixture.cell("tier")).unwrap().state else { panic!() };
    assert!(failure.reason.contains("correlation id 7"), "{}", failure.reason);
    assert_eq!(failure.status, Some(429));
}

#[test]
fn a_whole_minute_of_patience_is_had_once() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    for attempt in 1..=2 {
        assert!(body(&fixture.read(write, &[("tier", "gold")])).is_some(), "try {attempt}");
        let failure = RequestFailure::answered(429, "busy", true);
        let busy = PatchOutcome::Busy { retry_after: Some(Duration::from_secs(60)), failure };
        fixture.outbox.patch_done(fixture.at(), write, busy);
        fixture.later(60_000);
    }
    assert_eq!(fixture.word("tier"), "failed");
}

#[test]
fn a_lost_answer_is_settled_by_reading() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.outbox.patch_done(
        fixture.at(),
        write,
        PatchOutcome::Unknown(RequestFailure::new("connection reset", true)),
    );
    assert_eq!(reads(&fixture.later(250)), [write]);
    let effects = fixture.read(write, &[("tier", "platinum")]);
    assert_eq!((body(&effects), fixture.word("tier")), (None, "seen"));
}

#[test]
fn a_413_names_the_biggest_keys() {
    let mut fixture = Fixture::new(&[("note", "aaaaaaaaaaaa")], Policy::default());
    let cell = fixture.draft("tier", None, "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("note", "aaaaaaaaaaaa")]);
    fixture.outbox.patch_done(
        fixture.at(),
        write,
        PatchOutcome::TooLarge { limit: Some(16), failure: RequestFailure::answered(413, "PATCH: 413", false) },
    );
    let view = fixture.outbox.view(&fixture.cell("tier")).unwrap();
    let EditState::Failed(failure) = view.state else { panic!("{:?}", view.state) };
    assert!(failure.reason.contains("note (12 bytes), tier (8 bytes)"), "{}", failure.reason);
}

#[test]
fn a_key_that_vanished_and_one_that_was_put_back_are_reported() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold"), ("lang", "en")]);
    fixture.now += 1;
    // Somebody changes one key and adds another after our read, before our map is applied.
    fixture.frame(&[("tier", "gold"), ("lang", "fr"), ("case", "7")]);
    fixture.accepted(write);
    let effects = fixture.frame(&[("tier", "platinum"), ("lang", "en")]);
    assert_eq!(reads(&effects), [write]);
    fixture.now += 1;
    fixture.read(write, &[("tier", "platinum"), ("lang", "en")]);
    let losses: Vec<_> =
        fixture.outbox.losses().iter().map(|l| (l.cell.key.as_str(), l.theirs.as_str(), l.ours.is_some())).collect();
    assert_eq!(losses, [("lang", "fr", true), ("case", "7", false)]);
}

/// Our map put an older value back, as the stream showed; what somebody wrote after that does not make up for it.
#[test]
fn what_was_lost_is_reported_though_the_key_holds_something_else_again() {
    for (put_back, after) in [(true, "c"), (false, "c"), (true, "b")] {
        let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
        let cell = fixture.draft("tier", Some("gold"), "platinum");
        let write = reads(&fixture.commit(&[cell]))[0];
        fixture.read(write, &[("tier", "gold"), ("k", "a")]);
        fixture.now += 1;
        fixture.frame(&[("tier", "gold"), ("k", "b")]);
        fixture.accepted(write);
        fixture.frame(if put_back { &[("tier", "platinum"), ("k", "a")] } else { &[("tier", "platinum"), ("k", "b")] });
        fixture.now += 1;
        fixture.frame(&[("tier", "platinum"), ("k", after)]);
        fixture.now += 5_000;
        fixture.read(write, &[("tier", "platinum"), ("k", after)]);
        let losses: Vec<&str> = fixture.outbox.losses().iter().map(|l| l.theirs.as_str()).collect();
        let expected: &[&str] = if put_back && after == "c" { &["b"] } else { &[] };
        assert_eq!(losses, expected, "{put_back} {after}");
    }
}

/// Twice the stream shows the key as our map leaves it, the second time after what is there now: the first loss stands.
#[test]
fn what_was_lost_first_is_reported_though_it_seems_to_be_lost_again() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold"), ("k", "a")]);
    fixture.now += 1;
    fixture.frame(&[("tier", "gold"), ("k", "b")]);
    fixture.accepted(write);
    for k in ["a", "c", "a", "c"] {
        fixture.now += 1;
        fixture.frame(&[("tier", "platinum"), ("k", k)]);
    }
    fixture.now += 5_000;
    fixture.read(write, &[("tier", "platinum"), ("k", "c")]);
    let losses: Vec<&str> = fixture.outbox.losses().iter().map(|l| l.theirs.as_str()).collect();
    assert_eq!(losses, ["b"]);
}

/// Nothing is watched any more: it was found in an earlier run, or long ago.
#[test]
fn a_loss_is_forgotten_once_a_read_shows_the_value_again() {
    let mut fixture = Fixture::new(&[("k", "a")], Policy::default());
    let found = fixture.at().wall;
    let (cell, theirs) = (fixture.cell("k"), Value::from("theirs"));
    let loss = JournalLoss { cell, theirs, before: Vec::new(), ours: None, at: found };
    fixture.outbox.restore_journal(JournalState { losses: vec![loss], ..JournalState::default() });
    assert!(fixture.outbox.has_losses(&"c".into()));
    for (after, value, losses) in [(2_900, "theirs", 1), (3_100, "a", 1), (3_100, "theirs", 0)] {
        fixture.now = 1_000 + after;
        let view = ReadView::of(fixture.at().mono, &fixture.snapshot(&[("k", value)]));
        fixture.outbox.read_seen(fixture.at(), &view);
        assert_eq!(fixture.outbox.losses().len(), losses, "{value} after {after} ms");
    }
}

#[test]
fn held_until_the_flow_ends_then_sent() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    fixture.flow = true;
    fixture.now += 1;
    let snapshot = Snapshot { id: "c".into(), ..fixture.snapshot(&[("tier", "gold")]) };
    fixture.board = Board::default();
    fixture.board.apply(fixture.at(), Update::Stream(snapshot), &());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    assert_eq!(reads(&fixture.commit_how(&[cell], Timing::WhenFlowEnds)), []);
    assert_eq!(fixture.word("tier"), "held");
    fixture.flow = false;
    let effects = fixture.frame(&[("tier", "gold")]);
    assert!(effects.contains(&Effect::Notice(Notice::FlowEnded("c".into()))));
    assert_eq!((fixture.word("tier"), reads(&effects).len()), ("checking", 1));
}

#[test]
fn read_only_and_ended_are_refused_with_the_reason() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    fixture
        .outbox
        .set_policy(Policy { read_only: Some(ReadOnly { why: "the profile says so".into() }), ..Policy::default() });
    let refused =
        fixture.outbox.commit(fixture.at(), &fixture.board, std::slice::from_ref(&cell), Commit::default()).refused;
    assert_eq!(refused, [(cell.clone(), Refusal::ReadOnly("the profile says so".into()))]);
    assert_eq!(fixture.word("tier"), "draft");
    fixture.outbox.set_policy(Policy::default());
    let mut over = fixture.snapshot(&[("tier", "gold")]);
    over.participants[0].ended = Some(Timestamp::UNIX_EPOCH);
    fixture.board.apply(fixture.at(), Update::Stream(over), &());
    let refused =
        fixture.outbox.commit(fixture.at(), &fixture.board, std::slice::from_ref(&cell), Commit::default()).refused;
    assert_eq!(refused, [(cell.clone(), Refusal::ConversationEnded)]);
    let how = Commit { acknowledge_ended: true, ..Commit::default() };
    assert_eq!(fixture.outbox.commit(fixture.at(), &fixture.board, &[cell], how).refused, []);
}

#[test]
fn undo_is_a_new_edit_with_the_value_before() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cells = [fixture.draft("tier", Some("gold"), "platinum"), fixture.draft("lang", None, "de")];
    let write = reads(&fixture.commit(&cells))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.accepted(write);
    fixture.frame(&[("tier", "platinum"), ("lang", "de")]);
    let undo = fixture.outbox.undo_last(&"c".into()).unwrap();
    assert_eq!((undo.cells.clone(), undo.blanked.clone()), (cells.to_vec(), vec![cells[1].clone()]));
    assert_eq!(fixture.outbox.undo_last(&"c".into()), Ok(undo.clone()), "asked again before it is sent: the same");
    let undone = reads(&fixture.commit(&undo.cells))[0];
    let effects = fixture.read(undone, &[("tier", "platinum"), ("lang", "de")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=gold lang="));
    fixture.accepted(undone);
    assert_eq!(fixture.outbox.undo_last(&"c".into()), Err(NoUndo::Nothing), "taken back once");
}

#[test]
fn undo_walks_back_through_what_was_sent() {
    let mut fixture = Fixture::new(&[("tier", "a")], Policy::default());
    let send = |fixture: &mut Fixture, cells: &[Cell], there: &str, then: &str| {
        let write = reads(&fixture.commit(cells))[0];
        assert_eq!(fixture.outbox.undo_last(&"c".into()), Err(NoUndo::OnItsWay), "not known yet which is the last");
        fixture.read(write, &[("tier", there)]);
        fixture.accepted(write);
        fixture.frame(&[("tier", then)]);
    };
    for (there, then) in [("a", "b"), ("b", "c"), ("c", "d")] {
        let cell = fixture.draft("tier", Some(there), then);
        send(&mut fixture, &[cell], there, then);
        fixture.now += 1_000;
    }
    for (there, then, earlier) in [("d", "c", 2), ("c", "b", 1), ("b", "a", 0)] {
        let undo = fixture.outbox.undo_last(&"c".into()).unwrap();
        assert_eq!(undo.earlier, earlier);
        assert_eq!(fixture.outbox.view(&undo.cells[0]).map(|v| v.mine.to_owned()).as_deref(), Some(then));
        send(&mut fixture, &undo.cells, there, then);
        fixture.now += 1_000;
    }
    assert_eq!(fixture.outbox.undo_last(&"c".into()), Err(NoUndo::Nothing));
}

#[test]
fn a_conditional_edit_fires_once_and_is_disarmed_by_the_link() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let arm = |fixture: &mut Fixture| {
        let when = "ivr_choice?".parse().unwrap();
        fixture.outbox.arm(fixture.at(), when, std::slice::from_ref(&cell), Commit::default()).unwrap()
    };
    arm(&mut fixture);
    assert_eq!(fixture.word("tier"), "armed");
    assert_eq!(fixture.outbox.fire_due(fixture.at(), &fixture.board).effects, []);
    assert_eq!(fixture.outbox.link(false), [Effect::Notice(Notice::Disarmed(1))]);
    assert_eq!(fixture.word("tier"), "draft");
    arm(&mut fixture);
    fixture.frame(&[("tier", "gold"), ("ivr_choice", "1")]);
    let fired = fixture.outbox.fire_due(fixture.at(), &fixture.board);
    assert_eq!((reads(&fired.effects).len(), fixture.word("tier")), (1, "checking"));
    assert_eq!(fixture.outbox.fire_due(fixture.at(), &fixture.board), Committed::default());
    // Typing over an armed edit disarms it.
    let other = fixture.draft("lang", None, "de");
    let when = "never".parse().unwrap();
    fixture.outbox.arm(fixture.at(), when, std::slice::from_ref(&other), Commit::default()).unwrap();
    fixture.draft("lang", None, "fr");
    fixture.outbox.fire_due(fixture.at(), &fixture.board);
    assert_eq!(fixture.outbox.armed().len(), 0);
}

#[test]
fn both_sends_again_only_if_the_flow_wrote_back() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    fixture.flow = true;
    fixture.board = Board::default();
    fixture.frame(&[("tier", "gold")]);
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit_how(&[cell], Timing::Both))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.accepted(write);
    fixture.frame(&[("tier", "platinum")]);
    fixture.later(60_000);
    assert_eq!(fixture.word("tier"), "seen", "watched for as long as the flow runs");
    fixture.flow = false;
    fixture.frame(&[("tier", "platinum")]);
    let effects = fixture.later(500);
    assert_eq!(reads(&effects), [write], "what the flow wrote back is looked for");
    let effects = fixture.read(write, &[("tier", "gold")]);
    let again = reads(&effects)[0];
    assert!(again > write);
    let effects = fixture.read(again, &[("tier", "gold")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum"));
}

#[test]
fn a_report_tells_what_set_prints() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(std::slice::from_ref(&cell)))[0];
    fixture.read(write, &[("tier", "gold"), ("lang", "en")]);
    fixture.now += 40;
    fixture.accepted(write);
    assert_eq!(fixture.outbox.write_of(&cell), Some(write));
    assert_eq!(fixture.outbox.report(write).map(|r| (r.outcome, r.settled)), Some((WriteOutcome::Accepted, false)));
    fixture.now += 200;
    fixture.frame(&[("tier", "platinum"), ("lang", "en")]);
    let report = fixture.outbox.report(write).unwrap();
    assert_eq!((report.outcome, report.settled, report.attempts), (WriteOutcome::Confirmed, true, 1));
    assert_eq!((report.confirmed_by, report.confirmed_after), (Some(Source::Stream), Some(Duration::from_millis(240))));
    fixture.later(20_000);
    assert_eq!(fixture.outbox.report(write), Some(report), "kept after the watch is over");
}

#[test]
fn the_journal_brings_every_text_back_as_a_draft() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    fixture.draft("note", None, "typed");
    let sent = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(std::slice::from_ref(&sent)))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.accepted(write);
    let journal = fixture.outbox.journal();
    let got: Vec<_> = journal.edits.iter().map(|e| (e.cell.key.as_str(), e.mine.as_str(), e.got)).collect();
    assert_eq!(got, [("note", "typed", Got::Draft), ("tier", "platinum", Got::Accepted)]);
    let mut next = Outbox::new(Policy::default());
    assert_eq!(next.restore_journal(journal.clone()), 2);
    assert_eq!(next.drafts().map(|(_, v)| v.state).collect::<Vec<_>>(), [EditState::Draft, EditState::Draft]);
    assert_eq!(next.restore_journal(journal), 0, "what is there stays");
    fixture.frame(&[("tier", "platinum")]);
    assert_eq!(fixture.outbox.journal().edits.len(), 1, "what was seen is done");
}

#[test]
fn a_preview_shows_request_and_difference() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let preview = fixture.outbox.preview(&fixture.board, &[cell]).remove(0);
    assert_eq!(preview.request.path(), "/api/v2/conversations/c/participants/p/attributes");
    assert_eq!(preview.request.body.values().collect::<Vec<_>>(), ["platinum", "en"]);
    assert_eq!(preview.changes, [("tier".into(), Some(Value::from("gold")), "platinum".to_owned())]);
}

/// The stream shows `k` as `a`, then as `b`; an edit of `tier` is committed.
fn before_an_old_read() -> (Fixture, WriteId) {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    fixture.now += 60_000;
    fixture.frame(&[("tier", "gold"), ("k", "b")]);
    fixture.now += 10;
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    (fixture, write)
}

fn due(fixture: &mut Fixture) -> Vec<Effect> {
    fixture.now = u64::try_from(fixture.outbox.next_deadline().unwrap().as_millis()).unwrap();
    fixture.later(0)
}

#[test]
fn a_read_older_than_the_stream_is_read_again_before_anything_is_sent() {
    let (mut fixture, write) = before_an_old_read();
    let effects = fixture.read(write, &[("tier", "gold"), ("k", "a")]);
    assert_eq!(body(&effects), None, "k would be put back");
    assert_eq!(fixture.word("tier"), "waiting");
    assert_eq!(reads(&due(&mut fixture)), [write]);
    let effects = fixture.read(write, &[("tier", "gold"), ("k", "b")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum k=b"));
}

#[test]
fn what_the_stream_showed_is_not_put_back_however_often_reads_deny_it() {
    let (mut fixture, write) = before_an_old_read();
    while fixture.word("tier") != "failed" {
        assert_eq!(body(&fixture.read(write, &[("tier", "gold"), ("k", "a")])), None);
        if fixture.word("tier") == "waiting" {
            due(&mut fixture);
        }
        assert!(fixture.now < 70_000, "it ends");
    }
    // It was told. Sent again, what reads say is what is there.
    let cell = fixture.cell("tier");
    let write = reads(&fixture.commit(&[cell]))[0];
    let effects = fixture.read(write, &[("tier", "gold"), ("k", "a")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum k=a"));
}

#[test]
fn values_that_are_not_text_are_never_sent_as_text_unasked() {
    let odd = |text: &str, kind| Value::of_kind(text, kind);
    let there = || {
        let values = [odd("null", JsonKind::Null), odd("5", JsonKind::Number), Value::from("gold")];
        ["n", "m", "tier"].iter().map(|k| CompactString::new(k)).zip(values).collect::<Vec<_>>()
    };
    for (choice, sent) in [
        (NonText::Ask, None),
        (NonText::Omit, Some("tier=platinum")),
        (NonText::Convert, Some("n=null m=5 tier=platinum")),
    ] {
        let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
        let cell = fixture.draft("tier", Some("gold"), "platinum");
        let how = Commit { non_text: choice, ..Commit::default() };
        let committed = fixture.outbox.commit(fixture.at(), &fixture.board, &[cell], how);
        let write = reads(&committed.effects)[0];
        let view =
            ReadView { conversation: "c".into(), asked: fixture.at().mono, participants: vec![("p".into(), there())] };
        let effects = fixture.outbox.read_done(fixture.at(), write, Ok(&view));
        assert_eq!(body(&effects).as_deref(), sent, "{choice:?}");
        if sent.is_none() {
            let EditState::Failed(failure) = fixture.outbox.view(&fixture.cell("tier")).unwrap().state else {
                panic!()
            };
            assert!(
                failure.reason.contains("\"n\", \"m\"") && failure.reason.contains("not text"),
                "{}",
                failure.reason
            );
        }
    }
    // In confirmation neither: the JSON null is not the text that was sent.
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "null");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold")]);
    fixture.accepted(write);
    let null = vec![("tier".into(), odd("null", JsonKind::Null))];
    let view = ReadView { conversation: "c".into(), asked: fixture.at().mono, participants: vec![("p".into(), null)] };
    fixture.outbox.read_done(fixture.at(), write, Ok(&view));
    assert_eq!(fixture.word("tier"), "accepted");
}

#[test]
fn what_is_required_is_judged_before_every_send() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    fixture.outbox.require(&cell.target(), "k".into(), Some(Value::from("a")));
    let write = reads(&fixture.commit(&[cell]))[0];
    assert!(body(&fixture.read(write, &[("tier", "gold"), ("k", "a")])).is_some());
    fixture.outbox.patch_done(fixture.at(), write, PatchOutcome::Conflict(RequestFailure::answered(409, "409", true)));
    fixture.now += 150;
    fixture.frame(&[("tier", "gold"), ("k", "b")]);
    assert_eq!(reads(&due(&mut fixture)), [write]);
    assert_eq!(body(&fixture.read(write, &[("tier", "gold"), ("k", "b")])), None);
    let report = fixture.outbox.report(write).unwrap();
    assert_eq!((report.outcome, report.attempts), (WriteOutcome::Conflict, 1));
    assert_eq!(report.conflicts[0].key.as_str(), "k");
}

#[test]
fn a_participant_that_was_just_read_is_read_again_after_a_404() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    for _ in 0..2 {
        assert!(body(&fixture.read(write, &[("tier", "gold")])).is_some());
        fixture.outbox.patch_done(
            fixture.at(),
            write,
            PatchOutcome::Missing(RequestFailure::answered(404, "404", false)),
        );
        assert_eq!((fixture.word("tier"), reads(&due(&mut fixture))), ("waiting", vec![write]));
    }
    fixture.read(write, &[("tier", "gold")]);
    let EditState::Failed(failure) = fixture.outbox.view(&fixture.cell("tier")).unwrap().state else { panic!() };
    assert!(failure.reason.contains("read just before"), "{}", failure.reason);
}

#[test]
fn a_value_that_a_read_shows_late_and_our_map_put_back_is_reported() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold"), ("k", "a")]);
    fixture.accepted(write);
    let asked = fixture.at().mono;
    fixture.now += 20;
    // Somebody wrote k=b, ours came after, and its frame overtakes a read from in between.
    fixture.frame(&[("tier", "platinum"), ("k", "a")]);
    let view = ReadView { asked, ..ReadView::of(asked, &fixture.snapshot(&[("tier", "gold"), ("k", "b")])) };
    fixture.now += 5;
    let ask = fixture.outbox.read_seen(fixture.at(), &view);
    assert_eq!(reads(&ask), [write]);
    fixture.now += 5;
    fixture.read(write, &[("tier", "platinum"), ("k", "a")]);
    let loss = &fixture.outbox.losses()[0];
    assert_eq!((loss.cell.key.as_str(), &loss.theirs, &loss.ours), ("k", &Value::from("b"), &Some(Value::from("a"))));
    // Another try brings it back: nothing is lost any more.
    fixture.now += 5_000;
    fixture.frame(&[("tier", "platinum"), ("k", "b")]);
    fixture.read(write, &[("tier", "platinum"), ("k", "b")]);
    assert!(fixture.outbox.losses().is_empty());
}

#[test]
fn a_held_edit_waits_for_the_last_flow_that_runs() {
    for first in [false, true] {
        let (board, outbox) = (Board::default(), Outbox::default());
        let mut fixture = Fixture { board, outbox, now: 1_000, flow: true, survey: true };
        fixture.frame(&[("tier", "gold")]);
        let cell = fixture.draft("tier", Some("gold"), "platinum");
        assert_eq!(fixture.commit_how(&[cell], Timing::WhenFlowEnds), []);
        (fixture.flow, fixture.survey) = (first, !first);
        assert_eq!(fixture.frame(&[("tier", "gold")]), []);
        assert_eq!(fixture.word("tier"), "held", "the other one may write its own values back");
        (fixture.flow, fixture.survey) = (false, false);
        assert_eq!(reads(&fixture.frame(&[("tier", "gold")])).len(), 1);
        assert_eq!(fixture.word("tier"), "checking");
    }
}

#[test]
fn an_armed_edit_never_fires_on_what_may_be_over() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("ivr_choice", "1")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    fixture.board.mark_stale(fixture.at());
    let when = "ivr_choice?".parse().unwrap();
    fixture.outbox.arm(fixture.at(), when, &[cell], Commit::default()).unwrap();
    assert_eq!(fixture.outbox.fire_due(fixture.at(), &fixture.board), Committed::default());
    assert_eq!(fixture.word("tier"), "armed");
    // What is told again may be judged.
    fixture.frame(&[("tier", "gold"), ("ivr_choice", "1")]);
    assert_eq!(reads(&fixture.outbox.fire_due(fixture.at(), &fixture.board).effects).len(), 1);
}

/// A write of `tier` that leaves `n`, a number, out. What the server does with it is not known.
fn leaves_a_number_out() -> (Fixture, WriteId, Vec<(CompactString, Value)>) {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let there =
        |tier: &str| vec![("tier".into(), Value::from(tier)), ("n".into(), Value::of_kind("5", JsonKind::Number))];
    fixture.told(there("gold"));
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let how = Commit { non_text: NonText::Omit, ..Commit::default() };
    let write = reads(&fixture.outbox.commit(fixture.at(), &fixture.board, &[cell], how).effects)[0];
    fixture.read_map(write, there("gold"));
    fixture.accepted(write);
    fixture.now += 50;
    (fixture, write, there("platinum"))
}

#[test]
fn how_the_server_treats_what_is_left_out_is_learned_from_the_first_sight_of_it() {
    let (mut fixture, write, kept) = leaves_a_number_out();
    fixture.told(kept.clone());
    fixture.read_map(write, kept.clone());
    assert_eq!(fixture.outbox.semantics(), Semantics::Merges);

    let (mut fixture, write, kept) = leaves_a_number_out();
    fixture.frame(&[("tier", "platinum")]);
    fixture.now += 10;
    // Somebody else puts it back before anything is read.
    fixture.told(kept.clone());
    fixture.now += 4_000;
    fixture.read_map(write, kept);
    assert_eq!(fixture.outbox.semantics(), Semantics::Unknown, "it was seen to be gone");

    let (mut fixture, write, _) = leaves_a_number_out();
    fixture.frame(&[("tier", "platinum")]);
    fixture.read_map(write, map(&[("tier", "platinum")]));
    assert_eq!(fixture.outbox.semantics(), Semantics::Replaces);
}

/// Before the second try somebody wrote, and wrote again: what the first of the two was replaced by was not ours.
#[test]
fn what_somebody_else_replaced_before_the_read_is_no_loss_of_ours() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold"), ("k", "a")]);
    let refusal = RequestFailure::answered(409, "conflict", true);
    fixture.outbox.patch_done(fixture.at(), write, PatchOutcome::Conflict(refusal));
    for k in ["b", "c"] {
        fixture.now += 50;
        fixture.frame(&[("tier", "gold"), ("k", k)]);
    }
    fixture.now += 4_000;
    let write = reads(&fixture.later(0))[0];
    let effects = fixture.read(write, &[("tier", "gold"), ("k", "c")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum k=c"));
    fixture.accepted(write);
    fixture.now += 100;
    let now = [("tier", "platinum"), ("k", "c")];
    let mut effects = fixture.frame(&now);
    for _ in 0..60 {
        while let [write] = reads(&effects)[..] {
            effects = fixture.read(write, &now);
        }
        effects = fixture.later(100);
    }
    assert!(fixture.outbox.losses().is_empty(), "{:?}", fixture.outbox.losses());
}

/// Something that was left out is missing: what was left out beside it was removed, too, though another value is there again.
#[test]
fn what_was_left_out_and_holds_something_else_is_reported_where_the_server_replaces() {
    for replaces in [true, false] {
        let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
        let number = |n: &str| Value::of_kind(n, JsonKind::Number);
        let there =
            |tier: &str| vec![("tier".into(), Value::from(tier)), ("n".into(), number("5")), ("m".into(), number("6"))];
        fixture.told(there("gold"));
        let cell = fixture.draft("tier", Some("gold"), "platinum");
        let how = Commit { non_text: NonText::Omit, ..Commit::default() };
        let write = reads(&fixture.outbox.commit(fixture.at(), &fixture.board, &[cell], how).effects)[0];
        fixture.read_map(write, there("gold"));
        fixture.accepted(write);
        fixture.now += 50;
        // Somebody's late map, or another program: `m` is there again, with something else.
        let mut now = there("platinum");
        now[2].1 = "other".into();
        if replaces {
            now.remove(1);
        }
        fixture.told(now.clone());
        fixture.now += 5_000;
        fixture.read_map(write, now);
        let losses: Vec<&str> = fixture.outbox.losses().iter().map(|l| l.cell.key.as_str()).collect();
        assert_eq!(losses, if replaces { vec!["n", "m"] } else { vec![] });
    }
}

/// An edit that was to be sent again after the flow stops at a conflict: nothing of ours carries its key any more. What an older
/// write, applied late, costs that key is reported.
#[test]
fn what_a_late_write_costs_a_key_that_no_newer_one_carries_is_reported() {
    let mut fixture = Fixture::new(&[("a", "start"), ("b", "start")], Policy::default());
    fixture.flow = true;
    fixture.board = Board::default();
    fixture.frame(&[("a", "start"), ("b", "start")]);
    for key in ["a", "b"] {
        let cell = fixture.draft(key, Some("start"), "ours");
        let write = reads(&fixture.commit_how(&[cell], Timing::Both))[0];
        fixture.read(write, &[("a", "start"), ("b", "start")]);
        fixture.accepted(write);
        fixture.now += 50;
    }
    fixture.flow = false;
    fixture.frame(&[("a", "start"), ("b", "start")]);
    let write = reads(&fixture.later(500))[0];
    let again = reads(&fixture.read(write, &[("a", "start"), ("b", "start")]))[0];
    fixture.read(again, &[("a", "other"), ("b", "start")]);
    assert_eq!((fixture.word("a"), fixture.word("b")), ("conflict", "draft"));
    fixture.now += 100;
    // The last one is the first write, which had carried the `b` of then.
    for (now, rounds) in [([("a", "other"), ("b", "theirs")], 20), ([("a", "ours"), ("b", "start")], 150)] {
        let mut effects = fixture.frame(&now);
        for _ in 0..rounds {
            while let [write] = reads(&effects)[..] {
                effects = fixture.read(write, &now);
            }
            effects = fixture.later(100);
        }
    }
    let losses: Vec<(&str, &str)> =
        fixture.outbox.losses().iter().map(|l| (l.cell.key.as_str(), l.theirs.as_str())).collect();
    assert!(losses.contains(&("b", "theirs")), "{losses:?}");
}

/// An accepted write that a newer one of ours replaces before it was ever seen may still come. What reads showed until then is
/// lost to it.
#[test]
fn what_a_replaced_write_costs_when_it_comes_late_is_reported() {
    let mut fixture = Fixture::new(&[("k", "a")], Policy::default());
    for text in ["first", "second"] {
        let cell = fixture.draft("mine", None, text);
        let write = reads(&fixture.commit(&[cell]))[0];
        fixture.read(write, &[("k", "a")]);
        fixture.accepted(write);
        fixture.now += 50;
    }
    let settle = |fixture: &mut Fixture, mut effects: Vec<Effect>, now: &[(&str, &str)], rounds| {
        for _ in 0..rounds {
            while let [write] = reads(&effects)[..] {
                effects = fixture.read(write, now);
            }
            effects = fixture.later(100);
        }
    };
    let effects = fixture.frame(&[("k", "a"), ("mine", "second")]);
    settle(&mut fixture, effects, &[("k", "a"), ("mine", "second")], 10);
    assert_eq!(fixture.word("mine"), "seen");
    // No frame tells what somebody else writes now.
    let view = ReadView::of(fixture.at().mono, &fixture.snapshot(&[("k", "b"), ("mine", "second")]));
    let effects = fixture.outbox.read_seen(fixture.at(), &view);
    settle(&mut fixture, effects, &[("k", "b"), ("mine", "second")], 10);
    let effects = fixture.frame(&[("k", "a"), ("mine", "first")]);
    settle(&mut fixture, effects, &[("k", "a"), ("mine", "first")], 150);
    let losses: Vec<(&str, &str)> =
        fixture.outbox.losses().iter().map(|l| (l.cell.key.as_str(), l.theirs.as_str())).collect();
    assert_eq!(losses, [("k", "b")]);
}

/// A PATCH of the edited keys alone, on a server that replaces: what it removes is reported, also where a newer edit of ours was about to
/// change it and was refused. What was not written explains nothing.
#[test]
fn what_a_write_cost_a_key_whose_newer_edit_was_refused_is_reported() {
    let policy = Policy { mode: WriteMode::Changed, ..Policy::default() };
    let mut fixture = Fixture::new(&[("a", "1"), ("b", "2")], policy);
    let cell = fixture.draft("a", Some("1"), "x");
    let first = reads(&fixture.commit(&[cell]))[0];
    fixture.read(first, &[("a", "1"), ("b", "2")]);
    let cell = fixture.draft("b", Some("2"), "y");
    fixture.commit(&[cell]);
    let second = reads(&fixture.accepted(first))[0];
    assert_eq!(body(&fixture.read(second, &[("a", "1"), ("b", "2")])).as_deref(), Some("b=y"));
    let busy = PatchOutcome::Busy { retry_after: None, failure: RequestFailure::answered(429, "busy", true) };
    fixture.outbox.patch_done(fixture.at(), second, busy);
    fixture.now += 10;
    let mut effects = fixture.frame(&[("a", "x")]);
    for _ in 0..40 {
        for write in reads(&effects) {
            fixture.read(write, &[("a", "x")]);
        }
        if !fixture.outbox.losses().is_empty() {
            break;
        }
        effects = fixture.later(10);
    }
    let losses: Vec<(&str, &str)> =
        fixture.outbox.losses().iter().map(|l| (l.cell.key.as_str(), l.theirs.as_str())).collect();
    assert_eq!(losses, [("b", "2")], "before the refused edit is tried again");
}

/// What is typed over a text on its way begins with that text: none of the values that may be there by then is a foreign change, and
/// a map of another key takes none of it back.
#[test]
fn an_edit_over_a_text_on_its_way_begins_with_it() {
    let there = [("tier", "a"), ("lang", "en")];
    for shown in ["a", "b", "c"] {
        let mut fixture = Fixture::new(&there, Policy::default());
        let tier = fixture.cell("tier");
        for text in ["b", "c"] {
            let base = fixture.outbox.beginning(&tier, Some(Value::from("a")));
            let expected = if text == "b" { "a" } else { "b" };
            assert_eq!(base.as_ref().map(Value::as_str), Some(expected));
            let cell = fixture.draft("tier", Some(expected), text);
            let write = reads(&fixture.commit(&[cell]))[0];
            assert!(body(&fixture.read(write, &there)).is_some(), "{text} is no conflict");
            fixture.accepted(write);
            fixture.now += 1;
        }
        for (value, ours) in [("a", true), ("b", true), ("c", true), ("other", false)] {
            assert_eq!(fixture.outbox.explains(&tier, Some(&Value::from(value))), ours, "{value}");
        }
        let now = [("tier", shown), ("lang", "en")];
        let cell = fixture.draft("lang", Some("en"), "de");
        let write = reads(&fixture.commit(&[cell]))[0];
        assert_eq!(body(&fixture.read(write, &now)).as_deref(), Some("tier=c lang=de"), "{shown} is there");
        fixture.accepted(write);
        let cell = fixture.draft("tier", Some("c"), "d");
        let write = reads(&fixture.commit(&[cell]))[0];
        assert_eq!(body(&fixture.read(write, &now)).as_deref(), Some("tier=d lang=de"), "{shown} is there");
    }
}

/// The text that it was typed over never got there: it began with what that one had begun with.
#[test]
fn an_edit_over_a_text_that_was_refused_begins_with_what_is_there() {
    let there = [("tier", "a")];
    let mut fixture = Fixture::new(&there, Policy::default());
    let cell = fixture.draft("tier", Some("a"), "b");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &there);
    let cell = fixture.draft("tier", Some("b"), "c");
    fixture.commit(&[cell]);
    let effects =
        fixture.outbox.patch_done(fixture.at(), write, PatchOutcome::Refused(RequestFailure::new("no", false)));
    let write = reads(&effects)[0];
    assert_eq!(body(&fixture.read(write, &there)).as_deref(), Some("tier=c"));
}

/// A try whose answer was lost was applied, and somebody wrote over it, before anybody saw it. The same text sent again is not seen
/// because of a read from between the two, although nobody had seen it before.
#[test]
fn an_old_read_of_a_lost_try_does_not_confirm_the_next_one() {
    for board_takes_it in [true, false] {
        let mut fixture = Fixture::new(&[("tier", "a")], Policy::default());
        let cell = fixture.draft("tier", Some("a"), "b");
        let write = reads(&fixture.commit(std::slice::from_ref(&cell)))[0];
        fixture.read(write, &[("tier", "a")]);
        fixture.outbox.patch_done(fixture.at(), write, PatchOutcome::Unknown(RequestFailure::new("reset", true)));
        let old = fixture.snapshot(&[("tier", "b")]);
        fixture.now += 50;
        fixture.frame(&[("tier", "theirs")]);
        fixture.later(250);
        fixture.read(write, &[("tier", "theirs")]);
        assert_eq!(fixture.word("tier"), "conflict");
        let how = Commit::default();
        let again = reads(&fixture.outbox.send_mine(fixture.at(), &fixture.board, &cell, how).effects)[0];
        assert!(body(&fixture.read(again, &[("tier", "theirs")])).is_some());
        fixture.accepted(again);
        fixture.now += 20;
        let (at, view) = (fixture.at(), ReadView::of(fixture.at().mono, &old));
        if board_takes_it {
            let asked = fixture.board.revision("c");
            fixture.take(Update::Read { snapshot: old, asked, left: at.mono });
        }
        fixture.outbox.read_seen(at, &view);
        assert_eq!(fixture.word("tier"), "accepted", "the board takes it: {board_takes_it}");
    }
}

#[test]
fn a_read_from_before_the_write_does_not_confirm_a_value_that_was_there_once() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    fixture.now += 100;
    fixture.frame(&[("tier", "silver")]);
    let cell = fixture.draft("tier", Some("silver"), "gold");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "silver")]);
    fixture.accepted(write);
    fixture.now += 50;
    fixture.read(write, &[("tier", "gold")]);
    assert_eq!(fixture.word("tier"), "accepted", "it may be the gold of before the silver");
    fixture.now += 4_000;
    fixture.read(write, &[("tier", "gold")]);
    assert_eq!(fixture.word("tier"), "seen");
}

#[test]
fn what_a_read_showed_first_and_the_stream_then_is_what_came_last() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    fixture.now += 10_000;
    fixture.frame(&[("tier", "gold"), ("k", "b")]);
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.now += 100;
    // The answer overtakes the event, and the board takes it in.
    let revision = fixture.board.revision("c");
    let snapshot = fixture.snapshot(&[("tier", "gold"), ("k", "c")]);
    fixture.take(Update::Read { snapshot, asked: revision, left: fixture.at().mono });
    assert_eq!(body(&fixture.read(write, &[("tier", "gold"), ("k", "c")])), None, "c or b, who knows");
    fixture.now += 10;
    fixture.frame(&[("tier", "gold"), ("k", "c")]);
    assert_eq!(reads(&due(&mut fixture)), [write]);
    assert_eq!(body(&fixture.read(write, &[("tier", "gold"), ("k", "b")])), None, "older than what the stream said");
    assert_eq!(reads(&due(&mut fixture)), [write]);
    let effects = fixture.read(write, &[("tier", "gold"), ("k", "c")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum k=c"));
}

#[test]
fn what_is_out_is_kept_until_its_answer_also_where_the_value_is_there_already() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    fixture.now += 1;
    let cell = fixture.draft("tier", Some("gold"), "silver");
    let first = reads(&fixture.commit(&[cell]))[0];
    fixture.read(first, &[("tier", "gold")]);
    fixture.accepted(first);
    // Taken back at once; nothing of either was applied.
    let undo = fixture.outbox.undo_last(&"c".into()).unwrap();
    let second = reads(&fixture.commit(&undo.cells))[0];
    fixture.now += 5;
    fixture.read(second, &[("tier", "gold")]);
    fixture.now += 5;
    let view = ReadView::of(fixture.at().mono, &fixture.snapshot(&[("tier", "gold")]));
    fixture.outbox.read_seen(fixture.at(), &view);
    let newest = fixture.outbox.journal().edits.into_iter().next().unwrap();
    assert_eq!((newest.mine.as_str(), newest.got), ("gold", Got::Sent));
}

#[test]
fn every_value_that_was_lost_comes_back_from_the_journal() {
    let at = Timestamp::UNIX_EPOCH;
    let loss = |before: &[&str]| JournalLoss {
        cell: Cell { conversation: "c".into(), participant: "p".into(), key: "k".into() },
        theirs: "theirs".into(),
        before: before.iter().map(|v| Value::from(*v)).collect(),
        ours: None,
        at,
    };
    let losses = vec![loss(&[]), loss(&["earlier"]), loss(&["earlier"])];
    let mut outbox = Outbox::default();
    outbox.restore_journal(JournalState { losses, ..JournalState::default() });
    let told: Vec<_> = outbox.losses().iter().map(|l| l.before.clone()).collect();
    assert_eq!(told, [vec![], vec![Value::from("earlier")]]);
}
