//! What is kept for the next start, and the question before the program ends.

use super::*;

fn left(state: JournalState) -> Msg {
    Msg::Left(EarlierRuns { state, remarks: Vec::new() })
}

/// A value of ours that was seen, and that somebody replaced by `theirs`.
fn overwritten() -> Desk {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(ID, &[("tier", "gold")]));
    desk.wait(50).customer(ID, &[("tier", "gold!")]);
    desk.wait(50).customer(ID, &[("tier", "theirs")]);
    desk.wait(50).serve(&truth(ID, &[("tier", "theirs")]));
    desk
}

#[test]
fn alarms_come_back_with_their_cause_until_they_are_dismissed() {
    let desk = overwritten();
    let kept = desk.model.outbox.journal();
    assert_eq!(kept.edits.iter().map(|e| (e.mine.as_str(), e.got)).collect::<Vec<_>>(), [("gold!", Got::Overwritten)]);
    assert_eq!(desk.model.outbox.unsettled().alarms, 1);

    let mut next = Desk::new(120, 36);
    next.tell(left(kept.clone()));
    assert_eq!(next.model.outbox.unsettled(), Unsettled { alarms: 1, ..Unsettled::default() });
    assert_eq!(next.model.outbox.journal().edits[0].got, Got::Overwritten, "and a third run knows it, too");
    next.keys("<backspace>");
    assert_eq!((next.model.outbox.unsettled(), next.model.outbox.journal()), Default::default());
}

#[test]
fn what_vanished_or_reverted_comes_back_with_its_old_value() {
    let cell = Cell { conversation: ID.into(), participant: "c".into(), key: "note".into() };
    let at = jiff::Timestamp::UNIX_EPOCH;
    let loss = JournalLoss {
        cell: cell.clone(),
        theirs: "ann@example.org".into(),
        before: Vec::new(),
        ours: Some("x".into()),
        at,
    };
    let kept = JournalState { edits: Vec::new(), losses: vec![loss] };
    let mut desk = on_call(&[("note", "x")]);
    desk.model.settings.mask = true;
    desk.tell(left(kept.clone()));
    assert_eq!(desk.model.outbox.journal(), kept, "as it was, whatever is masked on the screen");
    desk.keys("q");
    assert!(desk.model.exit.is_none(), "it is an alarm");
    desk.keys("<esc>L<enter><esc>");
    desk.tell(Msg::Time);
    assert_eq!(desk.model.outbox.journal().losses, [], "restored, it is a draft");
    let draft = desk.model.outbox.view(&cell).map(|v| v.mine.to_owned());
    assert_eq!(draft.as_deref(), Some("ann@example.org"));
}

#[test]
fn two_texts_for_one_cell_are_both_offered() {
    let mut one = on_call(&[("tier", "gold")]);
    one.keys("e1<esc>");
    let mut other = on_call(&[("tier", "gold")]);
    other.keys("e2<esc>");
    let mut both = other.model.outbox.journal();
    both.edits.extend(one.model.outbox.journal().edits);
    let mut desk = on_call(&[("tier", "gold")]);
    desk.tell(left(both));
    let texts = |desk: &Desk| desk.model.outbox.journal().edits.iter().map(|e| e.mine.clone()).collect::<Vec<_>>();
    assert_eq!(texts(&desk), ["gold2", "gold1"]);
    desk.keys("<down><enter>");
    assert_eq!(texts(&desk), ["gold1", "gold2"], "the second one is the draft, and the first one stays");
    desk.keys("<down>y");
    assert!(desk.asked().iter().any(|e| matches!(e, Effect::Copy(text) if text == "gold2")));
    desk.keys("<backspace>");
    assert_eq!(texts(&desk), ["gold1"]);
}

#[test]
fn a_cell_cleared_to_type_leaves_no_empty_value_behind_a_crash() {
    let kept = |desk: &Desk| desk.model.outbox.journal().edits.iter().map(|e| e.mine.clone()).collect::<Vec<_>>();
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e<backspace><backspace><backspace>");
    assert_eq!(kept(&desk), ["g"]);
    desk.keys("<backspace>");
    assert_eq!(kept(&desk), Vec::<String>::new(), "nothing is typed yet");
    desk.keys("s");
    assert_eq!(kept(&desk), ["s"]);
    desk.keys("<backspace><esc>");
    assert_eq!(kept(&desk), [""], "left like that, it is an empty value");
    desk.keys("e<enter>");
    assert_eq!(kept(&desk), [""], "and accepted like that it is one, too");
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("anew_key<enter>");
    let edits = desk.model.outbox.journal().edits;
    let found: Vec<_> = edits.iter().map(|e| (e.got, e.mine.as_str())).collect();
    assert_eq!(found, [(Got::Named, "new_key")], "a key without a value is no draft; its name is kept");
}

/// What another program or an earlier run left as an alarm stands beside the draft of the same cell, and is counted as one.
#[test]
fn an_alarm_under_a_draft_is_counted_when_the_program_ends() {
    let mut desk = overwritten();
    let cell = Cell { conversation: ID.into(), participant: "c".into(), key: "tier".into() };
    desk.model.outbox.draft(&cell, Base::Saw(Some("theirs".into())), "newer");
    let both = Unsettled { drafts: 1, alarms: 1, ..Unsettled::default() };
    assert_eq!(desk.model.outbox.unsettled(), both);
    let mut next = on_call(&[("tier", "theirs")]);
    next.tell(left(desk.model.outbox.journal()));
    assert_eq!(next.model.outbox.unsettled(), both, "the next run says so, too");
    assert_eq!(next.model.outbox.alarms_on(&ID.into()), 1);
    next.keys("<esc>q");
    assert!(matches!(next.model.overlays.last(), Some(Overlay::Quit(_))));
}

#[test]
fn quitting_asks_where_something_is_not_done() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("q");
    assert_eq!(desk.model.exit, Some(AppExit::Quit), "there is nothing to say");
    let asks = |desk: &Desk| desk.model.exit.is_none() && matches!(desk.model.overlays.last(), Some(Overlay::Quit(_)));
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<enter><enter>q");
    assert!(asks(&desk), "an edit is being sent");
    assert_eq!(desk.model.outbox.unsettled(), Unsettled { waiting: 1, ..Unsettled::default() }, "nothing has left");
    desk.keys("<esc>");
    assert!(desk.model.exit.is_none() && desk.model.overlays.is_empty());
    desk.serve(&truth(ID, &[("tier", "gold")]));
    desk.wait(50).customer(ID, &[("tier", "gold!")]);
    assert_eq!(desk.model.outbox.unsettled(), Unsettled::default(), "it was seen");
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<esc>q");
    assert!(asks(&desk), "a draft is there");
    desk.keys("<enter>");
    assert_eq!(desk.model.exit, Some(AppExit::Quit));
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e<ctrl-c>");
    assert_eq!(desk.model.exit, Some(AppExit::Interrupted));
}

/// Text of the paste panel and the name of a new key outlive Esc and the program.
#[test]
fn text_that_is_in_no_cell_is_kept_and_offered_again() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("p");
    desk.tell(Msg::Paste("{\"pasted\":\"valueP\"}".into()));
    let kept = desk.model.outbox.journal();
    assert_eq!(
        kept.edits.iter().map(|e| (e.mine.as_str(), e.got)).collect::<Vec<_>>(),
        [("{\"pasted\":\"valueP\"}", Got::Pasted)]
    );
    desk.keys("<esc>");
    assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("kept")), "{:?}", desk.model.notice);
    desk.keys("p");
    let panel = |desk: &Desk| match desk.model.overlays.last() {
        Some(Overlay::Bulk(bulk)) => bulk.text.text(),
        other => panic!("{other:?}"),
    };
    assert_eq!(panel(&desk), "{\"pasted\":\"valueP\"}");
    // In the next run it is listed, and its panel opens with it.
    let mut next = on_call(&[("tier", "gold")]);
    next.tell(left(kept));
    assert!(matches!(next.model.overlays.last(), Some(Overlay::Drafts(_))), "it is offered");
    next.keys("<enter>");
    assert_eq!(panel(&next), "{\"pasted\":\"valueP\"}");
    next.keys("<enter>");
    assert_eq!(next.model.outbox.journal().edits.iter().map(|e| e.got).collect::<Vec<_>>(), [Got::Draft], "staged");

    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("anewkey");
    let kept = desk.model.outbox.journal();
    desk.keys("<esc>a");
    let name = |desk: &Desk| match desk.model.overlays.last() {
        Some(Overlay::AddKey(add)) => add.text.text(),
        other => panic!("{other:?}"),
    };
    assert_eq!(name(&desk), "newkey");
    desk.keys("<enter>");
    assert_eq!(desk.model.outbox.journal(), kept, "until the key has a text, its name is kept");
    desk.keys("x");
    assert_eq!(desk.model.outbox.journal().edits.iter().map(|e| e.got).collect::<Vec<_>>(), [Got::Draft]);
    let mut next = on_call(&[("tier", "gold")]);
    next.tell(left(kept.clone()));
    next.keys("<backspace>");
    assert!(next.model.outbox.journal().is_empty(), "Backspace drops it");
    next.tell(left(kept));
    next.keys("<enter>");
    assert_eq!(name(&next), "newkey");
}

/// What an editor left that is no JSON is in the paste panel, and outlives that.
#[test]
fn text_of_an_editor_that_cannot_be_taken_is_kept() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("<ctrl-e>");
    let edit = desk.asked().into_iter().find_map(|effect| match effect {
        Effect::Edit(external) => Some(external),
        _ => None,
    });
    desk.tell(Msg::Edited(edit.expect("an editor"), Ok("{\"tier\": \"go".into())));
    let kept = desk.model.outbox.journal();
    assert_eq!(
        kept.edits.iter().map(|e| (e.mine.as_str(), e.got)).collect::<Vec<_>>(),
        [("{\"tier\": \"go", Got::Pasted)]
    );
    desk.keys("<esc>");
    assert_eq!(desk.model.outbox.journal(), kept);
}

/// Theirs was kept, which `u` takes back; a kill in between takes nothing. Who quits has decided.
#[test]
fn a_text_given_up_for_theirs_outlives_a_kill_and_no_quit() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(ID, &[("tier", "platinum")]));
    desk.keys("<enter>t");
    desk.wait(150);
    let kept = desk.model.outbox.journal();
    assert_eq!(kept.edits.iter().map(|e| (e.mine.as_str(), e.got)).collect::<Vec<_>>(), [("gold!", Got::GivenUp)]);
    assert_eq!(desk.model.outbox.unsettled(), Unsettled::default(), "it is no draft");

    let mut next = on_call(&[("tier", "platinum")]);
    next.tell(left(kept.clone()));
    assert!(matches!(next.model.overlays.last(), Some(Overlay::Drafts(list)) if list.others.len() == 1));
    assert_eq!((next.model.outbox.unsettled(), next.model.outbox.journal()), (Unsettled::default(), kept));
    next.keys("<enter>");
    let cell = Cell { conversation: ID.into(), participant: "c".into(), key: "tier".into() };
    let back = next.model.outbox.view(&cell).map(|v| (v.mine.to_owned(), v.state.clone(), v.base.clone()));
    assert_eq!(back, Some(("gold!".into(), EditState::Draft, Base::Saw(Some("platinum".into())))));

    desk.keys("q");
    assert_eq!((desk.model.exit, desk.model.outbox.journal()), (Some(AppExit::Quit), JournalState::default()));
}
