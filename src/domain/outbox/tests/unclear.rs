//! What our writes cost while messages and reads contradict each other.

use super::*;

fn losses(fixture: &Fixture) -> Vec<(&str, &str)> {
    fixture.outbox.losses().iter().map(|loss| (loss.cell.key.as_str(), loss.theirs.as_str())).collect()
}

/// Every read shows this, for so many times 150 ms. What was asked for last is not answered yet.
fn settle(fixture: &mut Fixture, mut effects: Vec<Effect>, now: &[(&str, &str)], times: usize) -> Vec<Effect> {
    for _ in 0..times {
        while !reads(&effects).is_empty() {
            effects = reads(&effects).into_iter().flat_map(|write| fixture.read(write, now)).collect();
        }
        effects = fixture.later(150);
    }
    effects
}

/// While a newer write was out that may have changed its keys, nothing could be said of what they held. It ends in a conflict.
#[test]
fn what_older_writes_cost_is_read_for_when_a_newer_one_ends_in_a_conflict() {
    let seen = [("a", "ours"), ("b", "start")];
    let mut fixture = Fixture::new(&[("a", "start"), ("b", "start")], Policy::default());
    fixture.accepted_edit("a", Some("start"), "ours", &[("a", "start"), ("b", "start")]);
    fixture.later(50);
    let effects = fixture.frame(&seen);
    let _ = settle(&mut fixture, effects, &seen, 30);
    let newer = fixture.sent_edit("b", Some("start"), "mine", &seen);
    let reset = PatchOutcome::Unknown(RequestFailure::new("reset", true));
    let _ = fixture.outbox.patch_done(fixture.at(), newer, reset);
    assert_eq!(reads(&fixture.later(250)), [newer]);
    let effects = fixture.read(newer, &[("a", "ours"), ("b", "other")]);
    assert_eq!(fixture.word("b"), "conflict");
    assert_ne!(reads(&[effects, fixture.later(5_000)].concat()), []);
}

/// A late message and an old read agree on what the key held before. What was seen a moment earlier may be what was lost.
#[test]
fn what_was_seen_shortly_before_the_fresh_read_is_told_with_a_loss() {
    for (ago, before) in [(1_000, vec![Value::from("b")]), (4_000, vec![])] {
        let policy = Policy { mode: WriteMode::Changed, ..Policy::default() };
        let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], policy);
        fixture.later(4_000);
        fixture.frame(&[("tier", "gold"), ("k", "b")]);
        fixture.later(ago);
        let now = [("tier", "gold"), ("k", "c")];
        fixture.frame(&now);
        fixture.later(50);
        fixture.accepted_edit("tier", Some("gold"), "platinum", &now);
        fixture.later(50);
        let after = [("tier", "platinum")];
        let effects = fixture.frame(&after);
        let _ = settle(&mut fixture, effects, &after, 40);
        assert_eq!(losses(&fixture), [("k", "c")]);
        assert_eq!(fixture.outbox.losses()[0].before, before, "{ago}");
    }
}

/// An earlier report names the value already. An old read that still shows it is no sign that it is back.
#[test]
fn what_is_lost_once_more_is_not_back_by_an_old_read() {
    let policy = Policy { mode: WriteMode::Changed, ..Policy::default() };
    let mut fixture = Fixture::new(&[("tier", "gold")], policy);
    let found = fixture.at().wall;
    let loss = JournalLoss { cell: fixture.cell("k"), theirs: "theirs".into(), before: vec![], ours: None, at: found };
    fixture.outbox.restore_journal(JournalState { losses: vec![loss], ..JournalState::default() });
    fixture.later(4_000);
    fixture.accepted_edit("tier", Some("gold"), "platinum", &[("tier", "gold")]);
    let before = [("tier", "gold"), ("k", "theirs")];
    fixture.frame(&before);
    fixture.later(50);
    let after = [("tier", "platinum")];
    let mut effects = fixture.frame(&after);
    for _ in 0..40 {
        effects = settle(&mut fixture, effects, &after, 1);
        if fixture.outbox.losses()[0].at.wall > found {
            break;
        }
    }
    let view = ReadView::of(fixture.at().mono, &fixture.snapshot(&before));
    let _ = fixture.outbox.read_seen(fixture.at(), &view);
    assert_eq!(losses(&fixture), [("k", "theirs")]);
}

/// Reads show what the key held before, and are not believed so soon. Those that say so in a row for a second count as a sight of it.
#[test]
fn what_reads_in_a_row_showed_before_our_map_came_is_reported() {
    for (times, lost) in [(9, vec![("k", "a")]), (3, vec![])] {
        let mut fixture = Fixture::new(&[("tier", "gold"), ("k", "a")], Policy::default());
        fixture.later(4_000);
        let now = [("tier", "gold"), ("k", "b")];
        fixture.frame(&now);
        fixture.later(50);
        fixture.accepted_edit("tier", Some("gold"), "platinum", &now);
        let reread = [("tier", "gold"), ("k", "a")];
        let mut effects = Vec::new();
        for _ in 0..times {
            let view = ReadView::of(fixture.at().mono, &fixture.snapshot(&reread));
            effects.extend(fixture.outbox.read_seen(fixture.at(), &view));
            effects = settle(&mut fixture, effects, &reread, 1);
        }
        let after = [("tier", "platinum"), ("k", "b")];
        effects.extend(fixture.frame(&after));
        let _ = settle(&mut fixture, effects, &after, 40);
        assert_eq!(losses(&fixture), lost, "{times}");
    }
}
