//! One step at a time: what each input leads to. Random histories are in `histories.rs`.

mod answers;
mod edits;
mod seen;
mod unclear;
mod vanished;

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
        let how = CommitOptions { timing, ..Default::default() };
        let committed = self.outbox.commit(self.at(), &self.board, cells, how);
        assert_eq!(committed.refused, []);
        committed.effects
    }

    /// An edit of one key, begun over `base`, whose read showed these values: its PATCH is out.
    fn sent_edit(&mut self, key: &str, base: Option<&str>, text: &str, shown: &[(&str, &str)]) -> WriteId {
        let cell = self.draft(key, base, text);
        let write = reads(&self.commit(&[cell]))[0];
        self.read(write, shown);
        write
    }

    /// The same with the answer that it is accepted.
    fn accepted_edit(&mut self, key: &str, base: Option<&str>, text: &str, shown: &[(&str, &str)]) -> WriteId {
        let write = self.sent_edit(key, base, text, shown);
        self.accepted(write);
        write
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

fn due(fixture: &mut Fixture) -> Vec<Effect> {
    fixture.now = u64::try_from(fixture.outbox.next_deadline().unwrap().as_millis()).unwrap();
    fixture.later(0)
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

#[test]
fn a_foreign_change_of_an_edited_key_stops_the_send_and_keeps_every_text() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("lang", "en")], Policy::default());
    let cells = [fixture.draft("tier", Some("gold"), "platinum"), fixture.draft("lang", Some("en"), "de")];
    let write = reads(&fixture.commit(&cells))[0];
    let effects = fixture.read(write, &[("tier", "silver"), ("lang", "en")]);
    assert_eq!(body(&effects), None);
    assert_eq!((fixture.word("tier"), fixture.word("lang")), ("conflict", "draft"));
    let at = fixture.at();
    let sent = fixture.outbox.send_mine(at, &fixture.board, &cells[0], CommitOptions::default());
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
        let how = CommitOptions { non_text: choice, ..CommitOptions::default() };
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
    let write = fixture.accepted_edit("tier", Some("gold"), "null", &[("tier", "gold")]);
    let null = vec![("tier".into(), odd("null", JsonKind::Null))];
    let view = ReadView { conversation: "c".into(), asked: fixture.at().mono, participants: vec![("p".into(), null)] };
    let _ = fixture.outbox.read_done(fixture.at(), write, Ok(&view));
    assert_eq!(fixture.word("tier"), "accepted");
}

#[test]
fn what_is_required_is_judged_before_every_send() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    fixture.outbox.require(&cell.target(), "k".into(), Some(Value::from("a")));
    let write = reads(&fixture.commit(&[cell]))[0];
    assert!(body(&fixture.read(write, &[("tier", "gold"), ("k", "a")])).is_some());
    let _ = fixture.outbox.patch_done(
        fixture.at(),
        write,
        PatchOutcome::Conflict(RequestFailure::answered(409, "409", true)),
    );
    fixture.now += 150;
    fixture.frame(&[("tier", "gold"), ("k", "b")]);
    assert_eq!(reads(&due(&mut fixture)), [write]);
    assert_eq!(body(&fixture.read(write, &[("tier", "gold"), ("k", "b")])), None);
    let report = fixture.outbox.report(write).unwrap();
    assert_eq!((report.outcome, report.attempts), (WriteOutcome::Conflict, 1));
    assert_eq!(report.conflicts[0].key.as_str(), "k");
}
