//! What the server answers: 409, 413, 404, nothing at all.

use super::*;

#[test]
fn a_conflict_after_a_lost_answer_does_not_say_that_nothing_was_sent() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(std::slice::from_ref(&cell)))[0];
    fixture.read(write, &[("tier", "gold")]);
    let _ = fixture.outbox.patch_done(fixture.at(), write, PatchOutcome::Unknown(RequestFailure::new("reset", true)));
    let effects = fixture.later(300);
    let effects = fixture.read(reads(&effects)[0], &[("tier", "silver")]);
    let told = effects.iter().any(|e| matches!(e, Effect::Notice(OutboxNotice::Conflict { maybe_applied: true, .. })));
    assert!(told, "{effects:?}");
    let state = fixture.outbox.view(&cell).unwrap().state;
    assert!(matches!(state, EditState::Conflict { maybe_applied: true, .. }), "{state:?}");
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
        let _ = fixture.outbox.patch_done(
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
        let _ = fixture.outbox.patch_done(fixture.at(), write, busy);
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
        let _ = fixture.outbox.patch_done(fixture.at(), write, busy);
        fixture.later(60_000);
    }
    assert_eq!(fixture.word("tier"), "failed");
}

#[test]
fn a_lost_answer_is_settled_by_reading() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let write = fixture.sent_edit("tier", Some("gold"), "platinum", &[("tier", "gold")]);
    let _ = fixture.outbox.patch_done(
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
    let write = fixture.sent_edit("tier", None, "platinum", &[("note", "aaaaaaaaaaaa")]);
    let _ = fixture.outbox.patch_done(
        fixture.at(),
        write,
        PatchOutcome::TooLarge { limit: Some(16), failure: RequestFailure::answered(413, "PATCH: 413", false) },
    );
    let view = fixture.outbox.view(&fixture.cell("tier")).unwrap();
    let EditState::Failed(failure) = view.state else { panic!("{:?}", view.state) };
    assert!(failure.reason.contains("note (12 bytes), tier (8 bytes)"), "{}", failure.reason);
}

#[test]
fn a_participant_that_was_just_read_is_read_again_after_a_404() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    let write = reads(&fixture.commit(&[cell]))[0];
    for _ in 0..2 {
        assert!(body(&fixture.read(write, &[("tier", "gold")])).is_some());
        let _ = fixture.outbox.patch_done(
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

/// A try whose answer was lost was applied, and somebody wrote over it, before anybody saw it. The same text sent again is not seen
/// because of a read from between the two, although nobody had seen it before.
#[test]
fn an_old_read_of_a_lost_try_does_not_confirm_the_next_one() {
    for board_takes_it in [true, false] {
        let mut fixture = Fixture::new(&[("tier", "a")], Policy::default());
        let cell = fixture.draft("tier", Some("a"), "b");
        let write = reads(&fixture.commit(std::slice::from_ref(&cell)))[0];
        fixture.read(write, &[("tier", "a")]);
        let _ =
            fixture.outbox.patch_done(fixture.at(), write, PatchOutcome::Unknown(RequestFailure::new("reset", true)));
        let old = fixture.snapshot(&[("tier", "b")]);
        fixture.now += 50;
        fixture.frame(&[("tier", "theirs")]);
        fixture.later(250);
        fixture.read(write, &[("tier", "theirs")]);
        assert_eq!(fixture.word("tier"), "conflict");
        let how = CommitOptions::default();
        let again = reads(&fixture.outbox.send_mine(fixture.at(), &fixture.board, &cell, how).effects)[0];
        assert!(body(&fixture.read(again, &[("tier", "theirs")])).is_some());
        fixture.accepted(again);
        fixture.now += 20;
        let (at, view) = (fixture.at(), ReadView::of(fixture.at().mono, &old));
        if board_takes_it {
            let asked = fixture.board.revision("c");
            fixture.take(Update::Read { snapshot: old, asked, left: at.mono });
        }
        let _ = fixture.outbox.read_seen(at, &view);
        assert_eq!(fixture.word("tier"), "accepted", "the board takes it: {board_takes_it}");
    }
}

#[test]
fn what_is_out_is_kept_until_its_answer_also_where_the_value_is_there_already() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    fixture.now += 1;
    fixture.accepted_edit("tier", Some("gold"), "silver", &[("tier", "gold")]);
    // Taken back at once; nothing of either was applied.
    let undo = fixture.outbox.undo_last(&"c".into()).unwrap();
    let second = reads(&fixture.commit(&undo.cells))[0];
    fixture.now += 5;
    fixture.read(second, &[("tier", "gold")]);
    fixture.now += 5;
    let view = ReadView::of(fixture.at().mono, &fixture.snapshot(&[("tier", "gold")]));
    let _ = fixture.outbox.read_seen(fixture.at(), &view);
    let newest = fixture.outbox.journal().edits.into_iter().next().unwrap();
    assert_eq!((newest.mine.as_str(), newest.got), ("gold", Got::Sent));
}
