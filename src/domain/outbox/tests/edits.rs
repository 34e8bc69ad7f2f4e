//! Drafts, undo, conditional and held edits, and what is kept of them.

use super::*;

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
    assert!(effects.contains(&Effect::Notice(OutboxNotice::FlowEnded("c".into()))));
    assert_eq!((fixture.word("tier"), reads(&effects).len()), ("checking", 1));
}

#[test]
fn read_only_and_ended_are_refused_with_the_reason() {
    let mut fixture = Fixture::new(&[("tier", "gold")], Policy::default());
    let cell = fixture.draft("tier", Some("gold"), "platinum");
    fixture.outbox.policy =
        Policy { read_only: Some(ReadOnly { why: "the profile says so".into() }), ..Policy::default() };
    let refused = fixture
        .outbox
        .commit(fixture.at(), &fixture.board, std::slice::from_ref(&cell), CommitOptions::default())
        .refused;
    assert_eq!(refused, [(cell.clone(), Refusal::ReadOnly("the profile says so".into()))]);
    assert_eq!(fixture.word("tier"), "draft");
    fixture.outbox.policy = Policy::default();
    let mut over = fixture.snapshot(&[("tier", "gold")]);
    over.participants[0].ended = Some(Timestamp::UNIX_EPOCH);
    fixture.board.apply(fixture.at(), Update::Stream(over), &());
    let refused = fixture
        .outbox
        .commit(fixture.at(), &fixture.board, std::slice::from_ref(&cell), CommitOptions::default())
        .refused;
    assert_eq!(refused, [(cell.clone(), Refusal::ConversationEnded)]);
    let how = CommitOptions { acknowledge_ended: true, ..CommitOptions::default() };
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
        fixture.outbox.arm(fixture.at(), when, std::slice::from_ref(&cell), CommitOptions::default()).unwrap()
    };
    arm(&mut fixture);
    assert_eq!(fixture.word("tier"), "armed");
    assert_eq!(fixture.outbox.fire_due(fixture.at(), &fixture.board).effects, []);
    assert_eq!(fixture.outbox.link(false), [Effect::Notice(OutboxNotice::Disarmed(1))]);
    assert_eq!(fixture.word("tier"), "draft");
    arm(&mut fixture);
    fixture.frame(&[("tier", "gold"), ("ivr_choice", "1")]);
    let fired = fixture.outbox.fire_due(fixture.at(), &fixture.board);
    assert_eq!((reads(&fired.effects).len(), fixture.word("tier")), (1, "checking"));
    assert_eq!(fixture.outbox.fire_due(fixture.at(), &fixture.board), Committed::default());
    // Typing over an armed edit disarms it.
    let other = fixture.draft("lang", None, "de");
    let when = "never".parse().unwrap();
    fixture.outbox.arm(fixture.at(), when, std::slice::from_ref(&other), CommitOptions::default()).unwrap();
    fixture.draft("lang", None, "fr");
    let _ = fixture.outbox.fire_due(fixture.at(), &fixture.board);
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
    fixture.outbox.arm(fixture.at(), when, &[cell], CommitOptions::default()).unwrap();
    assert_eq!(fixture.outbox.fire_due(fixture.at(), &fixture.board), Committed::default());
    assert_eq!(fixture.word("tier"), "armed");
    // What is told again may be judged.
    fixture.frame(&[("tier", "gold"), ("ivr_choice", "1")]);
    assert_eq!(reads(&fixture.outbox.fire_due(fixture.at(), &fixture.board).effects).len(), 1);
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
    let write = fixture.sent_edit("tier", Some("a"), "b", &there);
    let cell = fixture.draft("tier", Some("b"), "c");
    fixture.commit(&[cell]);
    let effects =
        fixture.outbox.patch_done(fixture.at(), write, PatchOutcome::Refused(RequestFailure::new("no", false)));
    let write = reads(&effects)[0];
    assert_eq!(body(&fixture.read(write, &there)).as_deref(), Some("tier=c"));
}

/// The older text is in no cell, and it is not forgotten for that.
#[test]
fn a_text_that_failed_under_a_newer_one_stays_until_it_is_dismissed() {
    let there = [("tier", "a")];
    let mut fixture = Fixture::new(&there, Policy::default());
    let write = fixture.sent_edit("tier", Some("a"), "b", &there);
    fixture.draft("tier", Some("b"), "c");
    let _ = fixture.outbox.patch_done(fixture.at(), write, PatchOutcome::Refused(RequestFailure::new("no", false)));
    let texts = |outbox: &Outbox| {
        let edits = outbox.journal().edits.into_iter();
        edits.map(|edit| (edit.mine, edit.got, edit.note)).collect::<Vec<_>>()
    };
    let both = [("c".to_owned(), Got::Draft, None), ("b".to_owned(), Got::Failed, Some("no".to_owned()))];
    assert_eq!(texts(&fixture.outbox), both);
    let found = Unsettled { drafts: 1, alarms: 1, unsent: 1, ..Unsettled::default() };
    assert_eq!(fixture.outbox.unsettled(), found);
    let mut next = Outbox::new(Policy::default());
    next.restore_journal(fixture.outbox.journal());
    assert_eq!((texts(&next), next.unsettled()), (both.to_vec(), found), "also after a kill");
    let other = fixture.outbox.others()[0].clone();
    assert!(fixture.outbox.swap_other(&other), "it can be the draft again");
    assert_eq!(fixture.outbox.view(&fixture.cell("tier")).map(|view| view.mine), Some("b"));
    let other = fixture.outbox.others()[0].clone();
    fixture.outbox.discard_other(&other);
    assert_eq!(texts(&fixture.outbox).len(), 1, "dismissed");
}

/// A key that goes to and fro changed back while the link was lost: the reads that say so are believed, and the edit leaves.
#[test]
fn what_the_stream_told_before_a_gap_is_not_held_against_the_reads_after_it() {
    for is_lost in [true, false] {
        let mut fixture = Fixture::new(&[("tier", "gold"), ("mood", "bad")], Policy::default());
        fixture.accepted_edit("other", None, "x", &[("tier", "gold"), ("mood", "bad")]);
        fixture.frame(&[("tier", "gold"), ("mood", "good"), ("other", "x")]);
        if is_lost {
            assert!(fixture.outbox.link(false).is_empty());
        }
        fixture.later(8_000);
        let there = [("tier", "gold"), ("mood", "bad"), ("other", "x")];
        let cell = fixture.draft("tier", Some("gold"), "platinum");
        let mut effects = fixture.commit(&[cell]);
        let mut sent = None;
        for _ in 0..60 {
            for write in reads(&effects) {
                let more = fixture.read(write, &there);
                sent = sent.or_else(|| body(&more));
            }
            effects = fixture.later(100);
        }
        let all = "tier=platinum mood=bad other=x".to_owned();
        assert_eq!(sent, is_lost.then_some(all), "{is_lost}");
    }
}
