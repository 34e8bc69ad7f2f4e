//! Keys that vanish and values that go back because of our maps.

use super::*;

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
        let write = fixture.sent_edit("tier", Some("gold"), "platinum", &[("tier", "gold"), ("k", "a")]);
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
    let write = fixture.sent_edit("tier", Some("gold"), "platinum", &[("tier", "gold"), ("k", "a")]);
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
        let _ = fixture.outbox.read_seen(fixture.at(), &view);
        assert_eq!(fixture.outbox.losses().len(), losses, "{value} after {after} ms");
    }
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

/// A write of `tier` that leaves `n`, a number, out. What the server does with it is not known.
fn leaves_a_number_out() -> (Fixture, WriteId, Vec<(CompactString, Value)>) {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let there =
        |tier: &str| vec![("tier".into(), Value::from(tier)), ("n".into(), Value::of_kind("5", JsonKind::Number))];
    fixture.told(there("gold"));
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let how = CommitOptions { non_text: NonText::Omit, ..CommitOptions::default() };
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
    let write = fixture.sent_edit("tier", Some("gold"), "platinum", &[("tier", "gold"), ("k", "a")]);
    let refusal = RequestFailure::answered(409, "conflict", true);
    let _ = fixture.outbox.patch_done(fixture.at(), write, PatchOutcome::Conflict(refusal));
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
        let how = CommitOptions { non_text: NonText::Omit, ..CommitOptions::default() };
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

/// An accepted write that a newer one of ours replaces before it was ever seen, or carries along, may still come: what is seen is the
/// newer one. What reads showed until then is lost to it.
#[test]
fn what_an_unseen_write_costs_when_it_comes_after_a_newer_one_is_reported() {
    let settle = |fixture: &mut Fixture, mut effects: Vec<Effect>, now: &[(&str, &str)], rounds| {
        for _ in 0..rounds {
            while let [write] = reads(&effects)[..] {
                effects = fixture.read(write, now);
            }
            effects = fixture.later(100);
        }
    };
    for first in ["mine", "tier"] {
        let mut fixture = Fixture::new(&[("k", "a")], Policy::default());
        for (key, text) in [(first, "first"), ("mine", "second")] {
            let cell = fixture.draft(key, None, text);
            let write = reads(&fixture.commit(&[cell]))[0];
            fixture.read(write, &[("k", "a")]);
            fixture.accepted(write);
            fixture.now += 50;
        }
        let carried = [("tier", "first")].into_iter().filter(|(key, _)| *key == first);
        let map = |k| [("k", k), ("mine", "second")].into_iter().chain(carried.clone()).collect::<Vec<_>>();
        let effects = fixture.frame(&map("a"));
        settle(&mut fixture, effects, &map("a"), 10);
        assert_eq!(fixture.word("mine"), "seen");
        // No frame tells what somebody else writes now.
        let view = ReadView::of(fixture.at().mono, &fixture.snapshot(&map("b")));
        let effects = fixture.outbox.read_seen(fixture.at(), &view);
        settle(&mut fixture, effects, &map("b"), 10);
        let late = [("k", "a"), (first, "first")];
        let effects = fixture.frame(&late);
        settle(&mut fixture, effects, &late, 150);
        let losses = fixture.outbox.losses().iter().map(|l| (l.cell.key.as_str(), l.theirs.as_str()));
        assert_eq!(losses.collect::<Vec<_>>(), [("k", "b")], "{first}");
    }
}

/// Reads show a value that the key held before, and are not believed; then the key is gone. It may have held either.
#[test]
fn what_reads_showed_that_were_not_believed_is_told_with_a_loss() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    fixture.now += 4_000;
    fixture.frame(&[("tier", "gold"), ("k", "b")]);
    fixture.now += 1_000;
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    fixture.read(write, &[("tier", "gold"), ("k", "b")]);
    fixture.accepted(write);
    fixture.now += 100;
    let view = ReadView::of(fixture.at().mono, &fixture.snapshot(&[("tier", "gold"), ("k", "a")]));
    let _ = fixture.outbox.read_seen(fixture.at(), &view);
    let mut effects = fixture.frame(&[("tier", "platinum")]);
    for _ in 0..40 {
        while let [write] = reads(&effects)[..] {
            effects = fixture.read(write, &[("tier", "platinum")]);
        }
        effects = fixture.later(100);
    }
    let [loss] = fixture.outbox.losses() else { panic!("{:?}", fixture.outbox.losses()) };
    assert_eq!((loss.cell.key.as_str(), &loss.theirs, &loss.before[..]), ("k", &"b".into(), &["a".into()][..]));
}

/// The fresh read showed a newer value of a key than the screen, and the stream goes back to the one on the screen in a message that
/// brings something new, too.
#[test]
fn what_the_stream_tells_beside_news_is_as_new() {
    let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
    fixture.now += 4_000;
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    let sent = body(&fixture.read(write, &[("tier", "gold"), ("k", "b")]));
    assert_eq!(sent.as_deref(), Some("tier=platinum k=b"));
    fixture.now += 20;
    fixture.frame(&[("tier", "gold"), ("k", "a"), ("n", "c")]);
    fixture.accepted(write);
    fixture.now += 20;
    let mut effects = fixture.frame(&[("tier", "platinum"), ("k", "b")]);
    for _ in 0..40 {
        while let [write] = reads(&effects)[..] {
            effects = fixture.read(write, &[("tier", "platinum"), ("k", "b")]);
        }
        effects = fixture.later(100);
    }
    let losses = fixture.outbox.losses().iter().map(|l| (l.cell.key.as_str(), l.theirs.as_str()));
    assert_eq!(losses.collect::<Vec<_>>(), [("n", "c"), ("k", "a")]);
}

/// A PATCH of the edited keys alone, on a server that replaces: what it removes is reported, also where a newer edit of ours was about to
/// change it and was refused. What was not written explains nothing.
#[test]
fn what_a_write_cost_a_key_whose_newer_edit_was_refused_is_reported() {
    let policy = Policy { mode: WriteMode::Changed, ..Policy::default() };
    let mut fixture = Fixture::new(&[("a", "1"), ("b", "2")], policy);
    let first = fixture.sent_edit("a", Some("1"), "x", &[("a", "1"), ("b", "2")]);
    let cell = fixture.draft("b", Some("2"), "y");
    fixture.commit(&[cell]);
    let second = reads(&fixture.accepted(first))[0];
    assert_eq!(body(&fixture.read(second, &[("a", "1"), ("b", "2")])).as_deref(), Some("b=y"));
    let busy = PatchOutcome::Busy { retry_after: None, failure: RequestFailure::answered(429, "busy", true) };
    let _ = fixture.outbox.patch_done(fixture.at(), second, busy);
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

/// All that was seen of it was a value that had been there before; the other one was replaced by a newer write of ours. It is applied
/// late, and costs what reads have shown since.
#[test]
fn a_write_of_which_only_an_old_value_was_seen_may_still_come() {
    let start = [("a", "start"), ("b", "start")];
    let mut fixture = Fixture::new(&start, Policy::default());
    let cells = [fixture.draft("c", None, "one"), fixture.draft("b", Some("start"), "start")];
    let write = reads(&fixture.commit(&cells))[0];
    fixture.read(write, &start);
    fixture.accepted(write);
    fixture.later(200);
    let newer = fixture.accepted_edit("c", None, "two", &start);
    fixture.later(50);
    fixture.frame(&[("a", "start"), ("b", "start"), ("c", "two")]);
    fixture.later(4_000);
    for _ in 0..2 {
        fixture.read(newer, &[("a", "theirs"), ("b", "start"), ("c", "two")]);
        fixture.later(200);
    }
    for _ in 0..40 {
        fixture.later(150);
        fixture.read(newer, &[("a", "start"), ("b", "start"), ("c", "one")]);
    }
    let lost: Vec<_> = fixture.outbox.losses().iter().map(|l| (l.cell.key.as_str(), l.theirs.as_str())).collect();
    assert_eq!(lost, [("a", "theirs")]);
}

/// A try of an earlier run came after ours and wrote the key again; its message came first. What ours removed is lost all the same.
#[test]
fn what_a_late_message_shows_as_removed_is_lost_though_an_earlier_message_had_something_else() {
    let there = || vec![("k".into(), Value::of_kind("8", JsonKind::Number))];
    let mut fixture = Fixture::new(&[], Policy::default());
    fixture.told(there());
    fixture.later(5_000);
    let cell = fixture.draft("tier", None, "gold");
    let how = CommitOptions { non_text: NonText::Omit, ..CommitOptions::default() };
    let committed = fixture.outbox.commit(fixture.at(), &fixture.board, &[cell], how);
    let write = reads(&committed.effects)[0];
    fixture.read_map(write, there());
    fixture.accepted(write);
    fixture.later(100);
    fixture.frame(&[("k", "start")]);
    fixture.later(1_000);
    fixture.frame(&[("tier", "gold")]);
    for _ in 0..40 {
        fixture.later(150);
        fixture.read(write, &[("k", "start")]);
    }
    let lost: Vec<_> = fixture.outbox.losses().iter().map(|l| (l.cell.key.as_str(), l.theirs.as_str())).collect();
    assert_eq!(lost, [("k", "8")]);
}

/// The answer to a PATCH was lost, and a read shows its value before anything else does. What that read lacks is looked for again once the
/// write is known to be accepted: it came too early to be held against it.
#[test]
fn what_a_write_without_an_answer_cost_is_read_for() {
    let mut fixture =
        Fixture::new(&[("tier", "gold"), ("other", "x")], Policy { mode: WriteMode::Changed, ..Policy::default() });
    let write = fixture.sent_edit("tier", Some("gold"), "platinum", &[("tier", "gold"), ("other", "x")]);
    let reset = PatchOutcome::Unknown(RequestFailure::new("reset", true));
    let _ = fixture.outbox.patch_done(fixture.at(), write, reset);
    fixture.now += 50;
    let view = ReadView::of(fixture.at().mono, &fixture.snapshot(&[("tier", "platinum")]));
    let _ = fixture.outbox.read_seen(fixture.at(), &view);
    fixture.now += 20;
    let event = Update::Event(crate::domain::AttributesEvent {
        conversation: "c".into(),
        participant: "p".into(),
        event_time: None,
        attributes: map(&[("tier", "platinum")]),
    });
    let mut asked = reads(&fixture.take(event));
    assert!(fixture.outbox.report(write).is_some_and(|report| !report.settled), "what it cost is not known");
    asked.extend(reads(&fixture.later(400)));
    assert_eq!(asked, [write]);
    fixture.read(write, &[("tier", "platinum")]);
    assert_eq!(fixture.outbox.losses().len(), 1);
}
