//! What confirms an edit and what contradicts it: frames, reads, their order.

use super::*;

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
fn the_echo_may_come_before_the_answer() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let write = fixture.sent_edit("tier", Some("gold"), "platinum", &[("tier", "gold")]);
    fixture.frame(&[("tier", "platinum")]);
    fixture.accepted(write);
    assert_eq!(fixture.word("tier"), "seen");
}

#[test]
fn an_accepted_value_that_is_not_applied_yet_is_not_taken_back_by_the_next_map() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    fixture.accepted_edit("tier", Some("gold"), "platinum", &[("tier", "gold")]);
    let cell = fixture.draft("lang", None, "de");
    let write = reads(&fixture.commit(&[cell]))[0];
    let effects = fixture.read(write, &[("tier", "gold")]);
    assert_eq!(body(&effects).as_deref(), Some("tier=platinum lang=de"));
}

#[test]
fn a_value_that_never_comes_is_an_alarm_with_its_read_back() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let write = fixture.accepted_edit("tier", Some("gold"), "platinum", &[("tier", "gold")]);
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
    let write = fixture.accepted_edit("tier", Some("gold"), "platinum", &[("tier", "gold")]);
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
    fixture.accepted_edit("tier", Some("gold"), "platinum", &[("tier", "gold")]);
    fixture.frame(&[("tier", "platinum")]);
    // Back to what it was before: frames with that value may still be on their way.
    let write = fixture.accepted_edit("tier", Some("platinum"), "gold", &[("tier", "platinum")]);
    let effects = fixture.frame(&[("tier", "gold")]);
    assert_eq!((fixture.word("tier"), reads(&effects)), ("accepted", vec![write]));
    fixture.now += 5;
    fixture.read(write, &[("tier", "gold")]);
    assert_eq!(fixture.word("tier"), "accepted", "the read may be as old as the frame");
    fixture.now += 3_000;
    fixture.read(write, &[("tier", "gold")]);
    assert_eq!(fixture.word("tier"), "seen");
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

/// A read showed something never seen and was not believed, for the stream had told another value a moment before, of this key or of
/// another one. The next read that agrees with what is known may be an older one.
#[test]
fn what_a_read_showed_that_the_board_did_not_believe_makes_the_fresh_one_doubtful() {
    for (disputed, k, n) in [(false, "c", "n"), (true, "c", "n"), (true, "b", "m")] {
        let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a"), ("n", "n")], Policy::default());
        fixture.now += 4_000;
        fixture.frame(&[("tier", "gold"), ("k", "b"), ("n", "n")]);
        fixture.now += 500;
        if disputed {
            let shown = [("tier", "gold"), ("k", if n == "m" { "a" } else { k }), ("n", n)];
            let (snapshot, left) = (fixture.snapshot(&shown), fixture.at().mono);
            let update = Update::Read { snapshot, asked: fixture.board.revision("c"), left };
            assert!(fixture.board.apply(fixture.at(), update, &()).reread.is_some());
        }
        fixture.now += 50;
        let cell = fixture.draft("tier", Some("gold"), "platinum");
        let write = reads(&fixture.commit(&[cell]))[0];
        let sent = body(&fixture.read(write, &[("tier", "gold"), ("k", "b"), ("n", "n")]));
        assert_eq!(sent.is_some(), !disputed, "{sent:?}");
        // What was never seen is newer, once the stream was silent for long enough.
        if disputed && n == "m" {
            assert_eq!(reads(&fixture.later(2_500)), [write]);
            let sent = body(&fixture.read(write, &[("tier", "gold"), ("k", "b"), ("n", "m")]));
            assert_eq!(sent.as_deref(), Some("tier=platinum k=b n=m"));
        }
    }
}

/// The stream went back to a value in a message that was late, and reads that show the newer one are not believed. One of them is no sign;
/// of two, the read that agrees with the stream may be the older one.
#[test]
fn what_several_reads_showed_that_the_board_did_not_believe_makes_the_fresh_one_doubtful() {
    for times in [1, 2] {
        let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
        fixture.now += 4_000;
        for late in ["c", "b"] {
            fixture.frame(&[("tier", "gold"), ("k", late)]);
        }
        for _ in 0..times {
            fixture.now += 50;
            let (snapshot, left) = (fixture.snapshot(&[("tier", "gold"), ("k", "c")]), fixture.at().mono);
            let update = Update::Read { snapshot, asked: fixture.board.revision("c"), left };
            assert!(fixture.board.apply(fixture.at(), update, &()).reread.is_some());
        }
        let cell = fixture.draft("tier", Some("gold"), "platinum");
        let write = reads(&fixture.commit(&[cell]))[0];
        let sent = body(&fixture.read(write, &[("tier", "gold"), ("k", "b")]));
        assert_eq!(sent.is_some(), times == 1, "{sent:?}");
    }
}

/// Nothing was seen to change: the stream told all of the call a moment ago, and a read shows something else of a key that is not edited.
/// It may be the older one. That an edited key holds something else is a conflict at once.
#[test]
fn a_read_that_disagrees_with_what_the_stream_told_again_a_moment_ago_is_read_again() {
    let begin = || {
        let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
        fixture.now += 60_000;
        fixture.frame(&[("tier", "gold"), ("k", "a")]);
        fixture.now += 50;
        let cell = fixture.draft("tier", Some("gold"), "platinum");
        let write = reads(&fixture.commit(&[cell]))[0];
        (fixture, write)
    };
    let (mut fixture, write) = begin();
    assert_eq!(body(&fixture.read(write, &[("tier", "gold"), ("k", "b")])), None, "k may be older");
    assert_eq!(reads(&due(&mut fixture)), [write]);
    assert_eq!(body(&fixture.read(write, &[("tier", "gold"), ("k", "b")])), None);
    assert_eq!(reads(&fixture.later(3_000)), [write]);
    let sent = body(&fixture.read(write, &[("tier", "gold"), ("k", "b")]));
    assert_eq!(sent.as_deref(), Some("tier=platinum k=b"), "a message may be missing");
    let (mut fixture, write) = begin();
    fixture.read(write, &[("tier", "silver"), ("k", "a")]);
    assert_eq!(fixture.word("tier"), "conflict");
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
fn a_read_from_before_the_write_does_not_confirm_a_value_that_was_there_once() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    fixture.now += 100;
    fixture.frame(&[("tier", "silver")]);
    let write = fixture.accepted_edit("tier", Some("silver"), "gold", &[("tier", "silver")]);
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

/// Somebody had written the same value before, and nobody had seen it: the message that tells of it is late, and lacks what was there
/// when ours left.
#[test]
fn a_message_that_lacks_what_our_write_carried_does_not_show_our_write() {
    let before = [("tier", "gold"), ("note", "new")];
    let mut fixture = Fixture::new(&before, Policy::default());
    let write = fixture.accepted_edit("tier", Some("gold"), "silver", &before);
    fixture.later(100);
    let effects = fixture.frame(&[("tier", "silver")]);
    assert_eq!((fixture.word("tier"), reads(&effects)), ("accepted", vec![write]), "a read decides");
    fixture.now += 10;
    fixture.read(write, &before);
    assert_eq!(fixture.word("tier"), "accepted");
    fixture.frame(&[("tier", "silver"), ("note", "new")]);
    assert_eq!(fixture.word("tier"), "seen");
}

/// This server removes what a PATCH leaves out: a message that still has it is from before the PATCH.
#[test]
fn a_message_that_has_what_our_write_removed_does_not_show_our_write() {
    let mut fixture = Fixture::new(&[("a", "1")], Policy { mode: WriteMode::Changed, ..Policy::default() });
    let first = fixture.accepted_edit("tier", None, "gold", &[("a", "1")]);
    fixture.frame(&[("tier", "gold")]);
    fixture.now += 10;
    fixture.read(first, &[("tier", "gold")]);
    assert_eq!(fixture.outbox.semantics(), Semantics::Replaces);
    let before = [("tier", "gold"), ("b", "2"), ("note", "old")];
    fixture.frame(&before);
    fixture.later(5_000);
    fixture.accepted_edit("note", Some("old"), "new", &before);
    fixture.later(100);
    fixture.frame(&[("tier", "gold"), ("b", "2"), ("note", "new")]);
    assert_eq!(fixture.word("note"), "accepted");
    fixture.frame(&[("note", "new")]);
    assert_eq!(fixture.word("note"), "seen");
}
