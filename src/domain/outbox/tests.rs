//! One step at a time: what each input leads to. Random histories are in `histories.rs`.

use super::*;
use crate::domain::{Board, Kind, Media, ParticipantSnapshot, Purpose, Snapshot, Source, Update};
use compact_str::CompactString;
use jiff::Timestamp;

/// A board with one call, an outbox, and a clock.
struct Desk {
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

impl Desk {
    fn new(pairs: &[(&str, &str)], policy: Policy) -> Self {
        let mut desk =
            Self { board: Board::default(), outbox: Outbox::new(policy), now: 1_000, flow: false, survey: false };
        desk.frame(pairs);
        desk
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
    let mut desk = Desk::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    assert_eq!(desk.word("tier"), "draft");
    let effects = desk.commit(&[cell]);
    let write = reads(&effects)[0];
    assert_eq!(desk.word("tier"), "checking");
    let effects = desk.read(write, &[("tier", "gold"), ("lang", "en")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum lang=en"));
    assert_eq!(desk.word("tier"), "sending");
    desk.now += 50;
    desk.accepted(write);
    assert_eq!(desk.word("tier"), "accepted");
    desk.now += 100;
    let effects = desk.frame(&[("tier", "platinum"), ("lang", "en")]);
    let view = desk.outbox.view(&desk.cell("tier")).unwrap();
    assert!(
        matches!(view.state, EditState::Seen { after, by: Source::Stream, .. } if after == Duration::from_millis(150))
    );
    assert_eq!(reads(&effects), [], "a whole settling frame needs no read");
    desk.later(10_000);
    assert_eq!(desk.word("tier"), "none");
    assert_eq!(desk.outbox.next_deadline(), None);
}

#[test]
fn a_number_on_the_wire_is_what_was_seen_of_it() {
    let mut desk = Desk::new(&[("tier", "5")], Policy::default());
    let cell = desk.draft("tier", Some("5"), "6");
    let effects = desk.commit(&[cell]);
    let mut snapshot = desk.snapshot(&[]);
    snapshot.participants[0].attributes = Some(vec![("tier".into(), Value::of_kind("5", Kind::Number))]);
    let view = ReadView::of(desk.at().mono, &snapshot);
    let effects = desk.outbox.read_done(desk.at(), reads(&effects)[0], Ok(&view));
    assert_eq!(body(&effects).as_deref(), Some("tier=6"));
}

#[test]
fn without_reads_nothing_is_waited_for_in_the_past() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy { confirm_reads: false, ..Policy::default() });
    let cell = desk.cell("tier");
    desk.outbox.draft(&cell, Base::Any, "gold");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.accepted(write);
    desk.later(1);
    assert!(desk.outbox.next_deadline().is_some_and(|due| due > desk.at().mono));
}

#[test]
fn a_conflict_after_a_lost_answer_does_not_say_that_nothing_was_sent() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(std::slice::from_ref(&cell)))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.outbox.patch_done(desk.at(), write, PatchOutcome::Unknown(Failure::new("reset", true)));
    let effects = desk.later(300);
    let effects = desk.read(reads(&effects)[0], &[("tier", "silver")]);
    let told = effects.iter().any(|e| matches!(e, Effect::Notice(Notice::Conflict { maybe_applied: true, .. })));
    assert!(told, "{effects:?}");
    let state = desk.outbox.view(&cell).unwrap().state;
    assert!(matches!(state, EditState::Conflict { maybe_applied: true, .. }), "{state:?}");
}

#[test]
fn a_loss_is_not_restored_over_what_is_typed() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let loss = Loss {
        cell: cell.clone(),
        write: WriteId(1),
        theirs: Value::from("silver"),
        before: Vec::new(),
        ours: None,
        at: desk.at(),
    };
    assert_eq!(desk.outbox.restore(&loss), None);
    assert_eq!(desk.outbox.view(&cell).unwrap().mine, "platinum");
}

#[test]
fn the_echo_may_come_before_the_answer() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.frame(&[("tier", "platinum")]);
    desk.accepted(write);
    assert_eq!(desk.word("tier"), "seen");
}

#[test]
fn a_foreign_change_of_an_edited_key_stops_the_send_and_keeps_every_text() {
    let mut desk = Desk::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cells = [desk.draft("tier", Some("gold"), "platinum"), desk.draft("lang", Some("en"), "de")];
    let write = reads(&desk.commit(&cells))[0];
    let effects = desk.read(write, &[("tier", "silver"), ("lang", "en")]);
    assert_eq!(body(&effects), None);
    assert_eq!((desk.word("tier"), desk.word("lang")), ("conflict", "draft"));
    let at = desk.at();
    let sent = desk.outbox.send_mine(at, &desk.board, &cells[0], Commit::default());
    let effects = desk.read(reads(&sent.effects)[0], &[("tier", "silver"), ("lang", "en")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum lang=en"));
    assert_eq!(desk.outbox.view(&cells[1]).unwrap().mine, "de");
}

#[test]
fn edits_meanwhile_merge_and_leave_together() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let first = desk.draft("tier", Some("gold"), "one");
    let write = reads(&desk.commit(std::slice::from_ref(&first)))[0];
    desk.read(write, &[("tier", "gold")]);
    for text in ["two", "three"] {
        let cell = desk.draft("tier", Some("gold"), text);
        assert_eq!(reads(&desk.commit(&[cell])), []);
    }
    let other = desk.draft("lang", None, "de");
    assert_eq!(reads(&desk.commit(&[other])), []);
    let effects = desk.accepted(write);
    let next = reads(&effects)[0];
    // The first value is not applied yet: the read still shows the old one. That is no conflict.
    let effects = desk.read(next, &[("tier", "gold")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=three lang=de"));
}

#[test]
fn an_accepted_value_that_is_not_applied_yet_is_not_taken_back_by_the_next_map() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.accepted(write);
    let cell = desk.draft("lang", None, "de");
    let write = reads(&desk.commit(&[cell]))[0];
    let effects = desk.read(write, &[("tier", "gold")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum lang=de"));
}

#[test]
fn a_value_that_never_comes_is_an_alarm_with_its_read_back() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.accepted(write);
    assert_eq!(desk.outbox.next_deadline(), Some(Duration::from_millis(11_000)));
    assert_eq!(reads(&desk.later(9_999)), []);
    let effects = desk.later(1);
    assert_eq!(reads(&effects), [write]);
    desk.read(write, &[("tier", "gold")]);
    let view = desk.outbox.view(&desk.cell("tier")).unwrap();
    let EditState::Unseen(alarm) = view.state else { panic!("{:?}", view.state) };
    assert_eq!((alarm.status, alarm.correlation_id.as_deref()), (Some(202), Some("corr")));
    assert_eq!(alarm.read_back, Some(Value::from("gold")));
    // Better late than never.
    desk.frame(&[("tier", "platinum")]);
    assert_eq!(desk.word("tier"), "seen");
}

#[test]
fn another_value_in_place_of_ours_is_told() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.accepted(write);
    desk.frame(&[("tier", "platinum")]);
    let effects = desk.frame(&[("tier", "silver")]);
    assert_eq!((desk.word("tier"), reads(&effects)), ("seen", vec![write]), "a frame may be late: a read decides");
    desk.now += 10;
    desk.read(write, &[("tier", "silver")]);
    assert_eq!(desk.word("tier"), "overwritten");
}

#[test]
fn a_late_frame_neither_confirms_nor_contradicts() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    desk.now += 1;
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.accepted(write);
    desk.frame(&[("tier", "platinum")]);
    // Back to what it was before: frames with that value may still be on their way.
    let cell = desk.draft("tier", Some("platinum"), "gold");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "platinum")]);
    desk.accepted(write);
    let effects = desk.frame(&[("tier", "gold")]);
    assert_eq!((desk.word("tier"), reads(&effects)), ("accepted", vec![write]));
    desk.now += 5;
    desk.read(write, &[("tier", "gold")]);
    assert_eq!(desk.word("tier"), "accepted", "the read may be as old as the frame");
    desk.now += 3_000;
    desk.read(write, &[("tier", "gold")]);
    assert_eq!(desk.word("tier"), "seen");
}

#[test]
fn after_a_409_it_is_read_and_merged_again_a_few_times() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    for attempt in 1..=4 {
        let now = attempt.to_string();
        desk.frame(&[("tier", "gold"), ("n", &now)]);
        let effects = desk.read(write, &[("tier", "gold"), ("n", &now)]);
        assert_eq!(body(&effects), Some(format!("tier=platinum n={attempt}")));
        desk.outbox.patch_done(desk.at(), write, PatchOutcome::Conflict(Failure::answered(409, "PATCH: 409", true)));
        if attempt < 4 {
            assert_eq!(desk.word("tier"), "waiting");
            let until = desk.outbox.next_deadline().unwrap();
            desk.now = u64::try_from(until.as_millis()).unwrap();
            assert_eq!(reads(&desk.later(0)), [write]);
        }
    }
    assert_eq!(desk.word("tier"), "failed");
    assert_eq!(desk.outbox.view(&desk.cell("tier")).unwrap().mine, "platinum");
}

#[test]
fn a_server_that_stays_busy_is_not_asked_for_ever() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    let (started, mut tries) = (desk.now, 0);
    while body(&desk.read(write, &[("tier", "gold")])).is_some() {
        tries += 1;
        let failure = Failure::answered(429, "PATCH: 429 (correlation id 7)", true);
        let busy = PatchOutcome::Busy { retry_after: Some(Duration::from_secs(1)), failure };
        desk.outbox.patch_done(desk.at(), write, busy);
        desk.later(1_000);
    }
    assert_eq!(tries, 10);
    assert!(desk.now - started <= 60_000);
    let EditState::Failed(failure) = desk.outbox.view(&desk.cell("tier")).unwrap().state else { panic!() };
    assert!(failure.reason.contains("correlation id 7"), "{}", failure.reason);
    assert_eq!(failure.status, Some(429));
}

#[test]
fn a_whole_minute_of_patience_is_had_once() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    for attempt in 1..=2 {
        assert!(body(&desk.read(write, &[("tier", "gold")])).is_some(), "try {attempt}");
        let failure = Failure::answered(429, "busy", true);
        let busy = PatchOutcome::Busy { retry_after: Some(Duration::from_secs(60)), failure };
        desk.outbox.patch_done(desk.at(), write, busy);
        desk.later(60_000);
    }
    assert_eq!(desk.word("tier"), "failed");
}

#[test]
fn a_lost_answer_is_settled_by_reading() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.outbox.patch_done(desk.at(), write, PatchOutcome::Unknown(Failure::new("connection reset", true)));
    assert_eq!(reads(&desk.later(250)), [write]);
    let effects = desk.read(write, &[("tier", "platinum")]);
    assert_eq!((body(&effects), desk.word("tier")), (None, "seen"));
}

#[test]
fn a_413_names_the_biggest_keys() {
    let mut desk = Desk::new(&[("note", "aaaaaaaaaaaa")], Policy::default());
    let cell = desk.draft("tier", None, "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("note", "aaaaaaaaaaaa")]);
    desk.outbox.patch_done(
        desk.at(),
        write,
        PatchOutcome::TooLarge { limit: Some(16), failure: Failure::answered(413, "PATCH: 413", false) },
    );
    let view = desk.outbox.view(&desk.cell("tier")).unwrap();
    let EditState::Failed(failure) = view.state else { panic!("{:?}", view.state) };
    assert!(failure.reason.contains("note (12 bytes), tier (8 bytes)"), "{}", failure.reason);
}

#[test]
fn a_key_that_vanished_and_one_that_was_put_back_are_reported() {
    let mut desk = Desk::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "gold"), ("lang", "en")]);
    desk.now += 1;
    // Somebody changes one key and adds another after our read, before our map is applied.
    desk.frame(&[("tier", "gold"), ("lang", "fr"), ("case", "7")]);
    desk.accepted(write);
    let effects = desk.frame(&[("tier", "platinum"), ("lang", "en")]);
    assert_eq!(reads(&effects), [write]);
    desk.now += 1;
    desk.read(write, &[("tier", "platinum"), ("lang", "en")]);
    let losses: Vec<_> =
        desk.outbox.losses().iter().map(|l| (l.cell.key.as_str(), l.theirs.as_str(), l.ours.is_some())).collect();
    assert_eq!(losses, [("lang", "fr", true), ("case", "7", false)]);
}

#[test]
fn held_until_the_flow_ends_then_sent() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    desk.flow = true;
    desk.now += 1;
    let snapshot = Snapshot { id: "c".into(), ..desk.snapshot(&[("tier", "gold")]) };
    desk.board = Board::default();
    desk.board.apply(desk.at(), Update::Stream(snapshot), &());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    assert_eq!(reads(&desk.commit_how(&[cell], Timing::WhenFlowEnds)), []);
    assert_eq!(desk.word("tier"), "held");
    desk.flow = false;
    let effects = desk.frame(&[("tier", "gold")]);
    assert!(effects.contains(&Effect::Notice(Notice::FlowEnded("c".into()))));
    assert_eq!((desk.word("tier"), reads(&effects).len()), ("checking", 1));
}

#[test]
fn read_only_and_ended_are_refused_with_the_reason() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    desk.outbox
        .set_policy(Policy { read_only: Some(ReadOnly { why: "the profile says so".into() }), ..Policy::default() });
    let refused = desk.outbox.commit(desk.at(), &desk.board, std::slice::from_ref(&cell), Commit::default()).refused;
    assert_eq!(refused, [(cell.clone(), Refusal::ReadOnly("the profile says so".into()))]);
    assert_eq!(desk.word("tier"), "draft");
    desk.outbox.set_policy(Policy::default());
    let mut over = desk.snapshot(&[("tier", "gold")]);
    over.participants[0].ended = Some(Timestamp::UNIX_EPOCH);
    desk.board.apply(desk.at(), Update::Stream(over), &());
    let refused = desk.outbox.commit(desk.at(), &desk.board, std::slice::from_ref(&cell), Commit::default()).refused;
    assert_eq!(refused, [(cell.clone(), Refusal::ConversationEnded)]);
    let how = Commit { acknowledge_ended: true, ..Commit::default() };
    assert_eq!(desk.outbox.commit(desk.at(), &desk.board, &[cell], how).refused, []);
}

#[test]
fn undo_is_a_new_edit_with_the_value_before() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cells = [desk.draft("tier", Some("gold"), "platinum"), desk.draft("lang", None, "de")];
    let write = reads(&desk.commit(&cells))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.accepted(write);
    desk.frame(&[("tier", "platinum"), ("lang", "de")]);
    let undo = desk.outbox.undo_last(&"c".into()).unwrap();
    assert_eq!((undo.cells.clone(), undo.blanked.clone()), (cells.to_vec(), vec![cells[1].clone()]));
    assert_eq!(desk.outbox.undo_last(&"c".into()), Ok(undo.clone()), "asked again before it is sent: the same");
    let undone = reads(&desk.commit(&undo.cells))[0];
    let effects = desk.read(undone, &[("tier", "platinum"), ("lang", "de")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=gold lang="));
    desk.accepted(undone);
    assert_eq!(desk.outbox.undo_last(&"c".into()), Err(NoUndo::Nothing), "taken back once");
}

#[test]
fn undo_walks_back_through_what_was_sent() {
    let mut desk = Desk::new(&[("tier", "a")], Policy::default());
    let send = |desk: &mut Desk, cells: &[Cell], there: &str, then: &str| {
        let write = reads(&desk.commit(cells))[0];
        assert_eq!(desk.outbox.undo_last(&"c".into()), Err(NoUndo::OnItsWay), "not known yet which is the last");
        desk.read(write, &[("tier", there)]);
        desk.accepted(write);
        desk.frame(&[("tier", then)]);
    };
    for (there, then) in [("a", "b"), ("b", "c"), ("c", "d")] {
        let cell = desk.draft("tier", Some(there), then);
        send(&mut desk, &[cell], there, then);
        desk.now += 1_000;
    }
    for (there, then, earlier) in [("d", "c", 2), ("c", "b", 1), ("b", "a", 0)] {
        let undo = desk.outbox.undo_last(&"c".into()).unwrap();
        assert_eq!(undo.earlier, earlier);
        assert_eq!(desk.outbox.view(&undo.cells[0]).map(|v| v.mine.to_owned()).as_deref(), Some(then));
        send(&mut desk, &undo.cells, there, then);
        desk.now += 1_000;
    }
    assert_eq!(desk.outbox.undo_last(&"c".into()), Err(NoUndo::Nothing));
}

#[test]
fn a_conditional_edit_fires_once_and_is_disarmed_by_the_link() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let arm = |desk: &mut Desk| {
        let when = "ivr_choice?".parse().unwrap();
        desk.outbox.arm(desk.at(), when, std::slice::from_ref(&cell), Commit::default()).unwrap()
    };
    arm(&mut desk);
    assert_eq!(desk.word("tier"), "armed");
    assert_eq!(desk.outbox.fire_due(desk.at(), &desk.board).effects, []);
    assert_eq!(desk.outbox.link(false), [Effect::Notice(Notice::Disarmed(1))]);
    assert_eq!(desk.word("tier"), "draft");
    arm(&mut desk);
    desk.frame(&[("tier", "gold"), ("ivr_choice", "1")]);
    let fired = desk.outbox.fire_due(desk.at(), &desk.board);
    assert_eq!((reads(&fired.effects).len(), desk.word("tier")), (1, "checking"));
    assert_eq!(desk.outbox.fire_due(desk.at(), &desk.board), Committed::default());
    // Typing over an armed edit disarms it.
    let other = desk.draft("lang", None, "de");
    let when = "never".parse().unwrap();
    desk.outbox.arm(desk.at(), when, std::slice::from_ref(&other), Commit::default()).unwrap();
    desk.draft("lang", None, "fr");
    desk.outbox.fire_due(desk.at(), &desk.board);
    assert_eq!(desk.outbox.armed().len(), 0);
}

#[test]
fn both_sends_again_only_if_the_flow_wrote_back() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    desk.flow = true;
    desk.board = Board::default();
    desk.frame(&[("tier", "gold")]);
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit_how(&[cell], Timing::Both))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.accepted(write);
    desk.frame(&[("tier", "platinum")]);
    desk.later(60_000);
    assert_eq!(desk.word("tier"), "seen", "watched for as long as the flow runs");
    desk.flow = false;
    desk.frame(&[("tier", "platinum")]);
    let effects = desk.later(500);
    assert_eq!(reads(&effects), [write], "what the flow wrote back is looked for");
    let effects = desk.read(write, &[("tier", "gold")]);
    let again = reads(&effects)[0];
    assert!(again > write);
    let effects = desk.read(again, &[("tier", "gold")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum"));
}

#[test]
fn a_report_tells_what_set_prints() {
    let mut desk = Desk::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(std::slice::from_ref(&cell)))[0];
    desk.read(write, &[("tier", "gold"), ("lang", "en")]);
    desk.now += 40;
    desk.accepted(write);
    assert_eq!(desk.outbox.write_of(&cell), Some(write));
    assert_eq!(desk.outbox.report(write).map(|r| (r.outcome, r.settled)), Some((Outcome::Accepted, false)));
    desk.now += 200;
    desk.frame(&[("tier", "platinum"), ("lang", "en")]);
    let report = desk.outbox.report(write).unwrap();
    assert_eq!((report.outcome, report.settled, report.attempts), (Outcome::Confirmed, true, 1));
    assert_eq!((report.confirmed_by, report.confirmed_after), (Some(Source::Stream), Some(Duration::from_millis(240))));
    desk.later(20_000);
    assert_eq!(desk.outbox.report(write), Some(report), "kept after the watch is over");
}

#[test]
fn the_journal_brings_every_text_back_as_a_draft() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    desk.draft("note", None, "typed");
    let sent = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(std::slice::from_ref(&sent)))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.accepted(write);
    let journal = desk.outbox.journal();
    let got: Vec<_> = journal.edits.iter().map(|e| (e.cell.key.as_str(), e.mine.as_str(), e.got)).collect();
    assert_eq!(got, [("note", "typed", Got::Draft), ("tier", "platinum", Got::Accepted)]);
    let mut next = Outbox::new(Policy::default());
    assert_eq!(next.restore_journal(journal.clone()), 2);
    assert_eq!(next.drafts().map(|(_, v)| v.state).collect::<Vec<_>>(), [EditState::Draft, EditState::Draft]);
    assert_eq!(next.restore_journal(journal), 0, "what is there stays");
    desk.frame(&[("tier", "platinum")]);
    assert_eq!(desk.outbox.journal().edits.len(), 1, "what was seen is done");
}

#[test]
fn a_preview_shows_request_and_difference() {
    let mut desk = Desk::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let preview = desk.outbox.preview(&desk.board, &[cell]).remove(0);
    assert_eq!(preview.request.path(), "/api/v2/conversations/c/participants/p/attributes");
    assert_eq!(preview.request.body.values().collect::<Vec<_>>(), ["platinum", "en"]);
    assert_eq!(preview.changes, [("tier".into(), Some(Value::from("gold")), "platinum".to_owned())]);
}

/// The stream shows `k` as `a`, then as `b`; an edit of `tier` is committed.
fn before_an_old_read() -> (Desk, WriteId) {
    let mut desk = Desk::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    desk.now += 60_000;
    desk.frame(&[("tier", "gold"), ("k", "b")]);
    desk.now += 10;
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    (desk, write)
}

fn due(desk: &mut Desk) -> Vec<Effect> {
    desk.now = u64::try_from(desk.outbox.next_deadline().unwrap().as_millis()).unwrap();
    desk.later(0)
}

#[test]
fn a_read_older_than_the_stream_is_read_again_before_anything_is_sent() {
    let (mut desk, write) = before_an_old_read();
    let effects = desk.read(write, &[("tier", "gold"), ("k", "a")]);
    assert_eq!(body(&effects), None, "k would be put back");
    assert_eq!(desk.word("tier"), "waiting");
    assert_eq!(reads(&due(&mut desk)), [write]);
    let effects = desk.read(write, &[("tier", "gold"), ("k", "b")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum k=b"));
}

#[test]
fn what_the_stream_showed_is_not_put_back_however_often_reads_deny_it() {
    let (mut desk, write) = before_an_old_read();
    while desk.word("tier") != "failed" {
        assert_eq!(body(&desk.read(write, &[("tier", "gold"), ("k", "a")])), None);
        if desk.word("tier") == "waiting" {
            due(&mut desk);
        }
        assert!(desk.now < 70_000, "it ends");
    }
    // It was told. Sent again, what reads say is what is there.
    let cell = desk.cell("tier");
    let write = reads(&desk.commit(&[cell]))[0];
    let effects = desk.read(write, &[("tier", "gold"), ("k", "a")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum k=a"));
}

#[test]
fn values_that_are_not_text_are_never_sent_as_text_unasked() {
    let odd = |text: &str, kind| Value::of_kind(text, kind);
    let there = || {
        let values = [odd("null", Kind::Null), odd("5", Kind::Number), Value::from("gold")];
        ["n", "m", "tier"].iter().map(|k| CompactString::new(k)).zip(values).collect::<Vec<_>>()
    };
    for (choice, sent) in [
        (NonText::Ask, None),
        (NonText::Omit, Some("tier=platinum")),
        (NonText::Convert, Some("n=null m=5 tier=platinum")),
    ] {
        let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
        let cell = desk.draft("tier", Some("gold"), "platinum");
        let how = Commit { non_text: choice, ..Commit::default() };
        let committed = desk.outbox.commit(desk.at(), &desk.board, &[cell], how);
        let write = reads(&committed.effects)[0];
        let view =
            ReadView { conversation: "c".into(), asked: desk.at().mono, participants: vec![("p".into(), there())] };
        let effects = desk.outbox.read_done(desk.at(), write, Ok(&view));
        assert_eq!(body(&effects).as_deref(), sent, "{choice:?}");
        if sent.is_none() {
            let EditState::Failed(failure) = desk.outbox.view(&desk.cell("tier")).unwrap().state else { panic!() };
            assert!(
                failure.reason.contains("\"n\", \"m\"") && failure.reason.contains("not text"),
                "{}",
                failure.reason
            );
        }
    }
    // In confirmation neither: the JSON null is not the text that was sent.
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "null");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "gold")]);
    desk.accepted(write);
    let null = vec![("tier".into(), odd("null", Kind::Null))];
    let view = ReadView { conversation: "c".into(), asked: desk.at().mono, participants: vec![("p".into(), null)] };
    desk.outbox.read_done(desk.at(), write, Ok(&view));
    assert_eq!(desk.word("tier"), "accepted");
}

#[test]
fn what_is_required_is_judged_before_every_send() {
    let mut desk = Desk::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    desk.outbox.require(&cell.target(), "k".into(), Some(Value::from("a")));
    let write = reads(&desk.commit(&[cell]))[0];
    assert!(body(&desk.read(write, &[("tier", "gold"), ("k", "a")])).is_some());
    desk.outbox.patch_done(desk.at(), write, PatchOutcome::Conflict(Failure::answered(409, "409", true)));
    desk.now += 150;
    desk.frame(&[("tier", "gold"), ("k", "b")]);
    assert_eq!(reads(&due(&mut desk)), [write]);
    assert_eq!(body(&desk.read(write, &[("tier", "gold"), ("k", "b")])), None);
    let report = desk.outbox.report(write).unwrap();
    assert_eq!((report.outcome, report.attempts), (Outcome::Conflict, 1));
    assert_eq!(report.conflicts[0].key.as_str(), "k");
}

#[test]
fn a_participant_that_was_just_read_is_read_again_after_a_404() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    for _ in 0..2 {
        assert!(body(&desk.read(write, &[("tier", "gold")])).is_some());
        desk.outbox.patch_done(desk.at(), write, PatchOutcome::Missing(Failure::answered(404, "404", false)));
        assert_eq!((desk.word("tier"), reads(&due(&mut desk))), ("waiting", vec![write]));
    }
    desk.read(write, &[("tier", "gold")]);
    let EditState::Failed(failure) = desk.outbox.view(&desk.cell("tier")).unwrap().state else { panic!() };
    assert!(failure.reason.contains("read just before"), "{}", failure.reason);
}

#[test]
fn a_value_that_a_read_shows_late_and_our_map_put_back_is_reported() {
    let mut desk = Desk::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "gold"), ("k", "a")]);
    desk.accepted(write);
    let asked = desk.at().mono;
    desk.now += 20;
    // Somebody wrote k=b, ours came after, and its frame overtakes a read from in between.
    desk.frame(&[("tier", "platinum"), ("k", "a")]);
    let view = ReadView { asked, ..ReadView::of(asked, &desk.snapshot(&[("tier", "gold"), ("k", "b")])) };
    desk.now += 5;
    let ask = desk.outbox.read_seen(desk.at(), &view);
    assert_eq!(reads(&ask), [write]);
    desk.now += 5;
    desk.read(write, &[("tier", "platinum"), ("k", "a")]);
    let loss = &desk.outbox.losses()[0];
    assert_eq!((loss.cell.key.as_str(), &loss.theirs, &loss.ours), ("k", &Value::from("b"), &Some(Value::from("a"))));
    // Another try brings it back: nothing is lost any more.
    desk.now += 5_000;
    desk.frame(&[("tier", "platinum"), ("k", "b")]);
    desk.read(write, &[("tier", "platinum"), ("k", "b")]);
    assert!(desk.outbox.losses().is_empty());
}

#[test]
fn a_held_edit_waits_for_the_last_flow_that_runs() {
    for first in [false, true] {
        let (board, outbox) = (Board::default(), Outbox::default());
        let mut desk = Desk { board, outbox, now: 1_000, flow: true, survey: true };
        desk.frame(&[("tier", "gold")]);
        let cell = desk.draft("tier", Some("gold"), "platinum");
        assert_eq!(desk.commit_how(&[cell], Timing::WhenFlowEnds), []);
        (desk.flow, desk.survey) = (first, !first);
        assert_eq!(desk.frame(&[("tier", "gold")]), []);
        assert_eq!(desk.word("tier"), "held", "the other one may write its own values back");
        (desk.flow, desk.survey) = (false, false);
        assert_eq!(reads(&desk.frame(&[("tier", "gold")])).len(), 1);
        assert_eq!(desk.word("tier"), "checking");
    }
}

#[test]
fn an_armed_edit_never_fires_on_what_may_be_over() {
    let mut desk = Desk::new(&[("tier", "gold"), ("ivr_choice", "1")], Policy::default());
    let cell = desk.draft("tier", Some("gold"), "platinum");
    desk.board.mark_stale(desk.at());
    let when = "ivr_choice?".parse().unwrap();
    desk.outbox.arm(desk.at(), when, &[cell], Commit::default()).unwrap();
    assert_eq!(desk.outbox.fire_due(desk.at(), &desk.board), Committed::default());
    assert_eq!(desk.word("tier"), "armed");
    // What is told again may be judged.
    desk.frame(&[("tier", "gold"), ("ivr_choice", "1")]);
    assert_eq!(reads(&desk.outbox.fire_due(desk.at(), &desk.board).effects).len(), 1);
}

/// A write of `tier` that leaves `n`, a number, out. What the server does with it is not known.
fn leaves_a_number_out() -> (Desk, WriteId, Vec<(CompactString, Value)>) {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    let there = |tier: &str| vec![("tier".into(), Value::from(tier)), ("n".into(), Value::of_kind("5", Kind::Number))];
    desk.told(there("gold"));
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let how = Commit { non_text: NonText::Omit, ..Commit::default() };
    let write = reads(&desk.outbox.commit(desk.at(), &desk.board, &[cell], how).effects)[0];
    desk.read_map(write, there("gold"));
    desk.accepted(write);
    desk.now += 50;
    (desk, write, there("platinum"))
}

#[test]
fn how_the_server_treats_what_is_left_out_is_learned_from_the_first_sight_of_it() {
    let (mut desk, write, kept) = leaves_a_number_out();
    desk.told(kept.clone());
    desk.read_map(write, kept.clone());
    assert_eq!(desk.outbox.semantics(), Semantics::Merges);

    let (mut desk, write, kept) = leaves_a_number_out();
    desk.frame(&[("tier", "platinum")]);
    desk.now += 10;
    // Somebody else puts it back before anything is read.
    desk.told(kept.clone());
    desk.now += 4_000;
    desk.read_map(write, kept);
    assert_eq!(desk.outbox.semantics(), Semantics::Unknown, "it was seen to be gone");

    let (mut desk, write, _) = leaves_a_number_out();
    desk.frame(&[("tier", "platinum")]);
    desk.read_map(write, map(&[("tier", "platinum")]));
    assert_eq!(desk.outbox.semantics(), Semantics::Replaces);
}

#[test]
fn a_read_from_before_the_write_does_not_confirm_a_value_that_was_there_once() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    desk.now += 100;
    desk.frame(&[("tier", "silver")]);
    let cell = desk.draft("tier", Some("silver"), "gold");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.read(write, &[("tier", "silver")]);
    desk.accepted(write);
    desk.now += 50;
    desk.read(write, &[("tier", "gold")]);
    assert_eq!(desk.word("tier"), "accepted", "it may be the gold of before the silver");
    desk.now += 4_000;
    desk.read(write, &[("tier", "gold")]);
    assert_eq!(desk.word("tier"), "seen");
}

#[test]
fn what_a_read_showed_first_and_the_stream_then_is_what_came_last() {
    let mut desk = Desk::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    desk.now += 10_000;
    desk.frame(&[("tier", "gold"), ("k", "b")]);
    let cell = desk.draft("tier", Some("gold"), "platinum");
    let write = reads(&desk.commit(&[cell]))[0];
    desk.now += 100;
    // The answer overtakes the event, and the board takes it in.
    let revision = desk.board.revision("c");
    let snapshot = desk.snapshot(&[("tier", "gold"), ("k", "c")]);
    desk.take(Update::Read { snapshot, asked: revision, left: desk.at().mono });
    assert_eq!(body(&desk.read(write, &[("tier", "gold"), ("k", "c")])), None, "c or b, who knows");
    desk.now += 10;
    desk.frame(&[("tier", "gold"), ("k", "c")]);
    assert_eq!(reads(&due(&mut desk)), [write]);
    assert_eq!(body(&desk.read(write, &[("tier", "gold"), ("k", "b")])), None, "older than what the stream said");
    assert_eq!(reads(&due(&mut desk)), [write]);
    let effects = desk.read(write, &[("tier", "gold"), ("k", "c")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum k=c"));
}

#[test]
fn what_is_out_is_kept_until_its_answer_also_where_the_value_is_there_already() {
    let mut desk = Desk::new(&[("tier", "gold")], Policy::default());
    desk.now += 1;
    let cell = desk.draft("tier", Some("gold"), "silver");
    let first = reads(&desk.commit(&[cell]))[0];
    desk.read(first, &[("tier", "gold")]);
    desk.accepted(first);
    // Taken back at once; nothing of either was applied.
    let undo = desk.outbox.undo_last(&"c".into()).unwrap();
    let second = reads(&desk.commit(&undo.cells))[0];
    desk.now += 5;
    desk.read(second, &[("tier", "gold")]);
    desk.now += 5;
    let view = ReadView::of(desk.at().mono, &desk.snapshot(&[("tier", "gold")]));
    desk.outbox.read_seen(desk.at(), &view);
    let newest = desk.outbox.journal().edits.into_iter().next().unwrap();
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
