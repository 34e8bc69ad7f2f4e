//! An edit from the cell to its confirmation, and what stops it.

use super::*;

#[test]
fn an_edit_walks_from_the_cell_to_seen() {
    let mut desk = on_call(&[("lang", "en"), ("tier", "gold")]);
    desk.keys("<down>e<backspace><backspace><backspace><backspace>silver");
    assert_eq!(state(&desk), Some(EditState::Draft), "what is typed is a draft at once");
    desk.keys("<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))));
    assert_eq!(desk.asked(), [], "nothing leaves before the second Enter");
    desk.keys("<enter>");
    let bodies = desk.serve(&truth(ID, &[("lang", "en"), ("tier", "gold")]));
    let body = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect::<Vec<(String, String)>>()
    };
    assert_eq!(bodies, [body(&[("lang", "en"), ("tier", "silver")])], "one merged PATCH");
    assert!(matches!(state(&desk), Some(EditState::Accepted { .. })), "accepted is not seen");
    desk.wait(240);
    desk.customer(ID, &[("lang", "en"), ("tier", "silver")]);
    let Some(EditState::Seen { after, .. }) = state(&desk) else { panic!("{:?}", state(&desk)) };
    assert_eq!(after.as_millis(), 240);
    assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("240 ms")));
}

/// One read, made after the event, shows the state before it: that is no news, no question is about it, and it is read again.
#[test]
fn a_background_read_that_is_older_than_the_stream_decides_nothing() {
    let before = [("lang", "en"), ("tier", "v1")];
    let now = [("lang", "NEWER"), ("tier", "v2")];
    let mut desk = on_call(&before);
    desk.wait(4_000).customer(ID, &now);
    desk.keys("<down>");
    desk.wait(300).asked();
    let read = |desk: &mut Desk, there: &[(&str, &str)]| {
        let (snapshot, left) = (truth(ID, there), desk.at.mono);
        let asked = desk.model.monitor.board.revision(ID);
        desk.tell(Msg::Update(Box::new(Update::Read { snapshot, asked, left })));
    };
    let there = |desk: &Desk, key: &str| {
        let call = &desk.model.monitor.board.get(ID).expect("it is on the board").conversation;
        call.participants[0].attributes.text(key).map(str::to_owned)
    };
    read(&mut desk, &before);
    assert_eq!(there(&desk, "lang").as_deref(), Some("NEWER"));
    assert!(matches!(desk.asked()[..], [Effect::Read { write: None, .. }]), "it is read again");
    desk.keys("e!");
    read(&mut desk, &before);
    desk.keys("<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))), "there are no two values");
    desk.wait(200);
    read(&mut desk, &before);
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))));
    desk.asked();
    desk.keys("<enter>");
    // The fresh read is right; the one that decides is no conflict either.
    let bodies = desk.serve(&truth(ID, &now));
    assert_eq!(bodies, [vec![("lang".to_owned(), "NEWER".to_owned()), ("tier".to_owned(), "v2!".to_owned())]]);
}

#[test]
fn a_read_that_the_board_wanted_proves_an_edit() {
    let mut desk = on_call(&[("tier", "gold")]);
    let send = |desk: &mut Desk, keys: &str, there: &str| {
        desk.keys(keys);
        desk.serve(&truth(ID, &[("tier", there)]));
    };
    send(&mut desk, "e!<enter><enter>", "gold");
    desk.wait(50).customer(ID, &[("tier", "gold!")]);
    // Back to a value that it had: a frame with it may be late, so only a read can prove it.
    send(&mut desk, "e<backspace><enter><enter>", "gold!");
    // And a read so soon after the stream showed the other value may be older than that.
    let left = desk.wait(3_100).at.mono;
    desk.wait(5);
    assert!(matches!(state(&desk), Some(EditState::Accepted { .. })));
    let snapshot = truth(ID, &[("tier", "gold")]);
    let asked = desk.model.monitor.board.revision(ID);
    desk.tell(Msg::Update(Box::new(Update::Read { snapshot, asked, left })));
    assert!(matches!(state(&desk), Some(EditState::Seen { .. })), "{:?}", state(&desk));
}

#[test]
fn escape_keeps_a_draft_and_enter_goes_on_with_it() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<esc>");
    assert_eq!(state(&desk), Some(EditState::Draft));
    desk.keys("<esc>").keys("<enter>").keys("e?");
    let Some(Overlay::Editor(editor)) = desk.model.overlays.last() else { panic!() };
    assert_eq!(editor.text.text(), "gold!?", "a switch of screen loses nothing");
    desk.keys("<backspace><backspace><esc>");
    assert_eq!(state(&desk), None, "the old value again is no edit");
    desk.keys("e!<esc><backspace>");
    assert_eq!(state(&desk), None, "Backspace throws a draft away");
    assert_eq!(desk.asked(), []);
}

#[test]
fn a_paste_is_text_and_never_a_command() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.tell(Msg::Paste("q\nx".into()));
    assert_eq!((desk.model.exit, state(&desk)), (None, None));
    desk.keys("e");
    desk.tell(Msg::Paste("\r\nq".into()));
    let Some(Overlay::Editor(editor)) = desk.model.overlays.last() else { panic!("a pasted newline committed") };
    assert_eq!(editor.text.text(), "gold\nq");
}

#[test]
fn a_foreign_change_stops_the_send_and_asks() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<enter><enter>");
    let bodies = desk.serve(&truth(ID, &[("tier", "platinum")]));
    assert!(bodies.is_empty(), "nothing was sent");
    assert!(desk.model.overlays.is_empty(), "no question opens by itself");
    assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("tier changed on the server")));
    desk.keys("m");
    assert!(desk.serve(&truth(ID, &[("tier", "platinum")])).is_empty(), "m is the screen's own key");
    desk.keys("m<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_))));
    desk.keys("m");
    desk.wait(150);
    let bodies = desk.serve(&truth(ID, &[("tier", "platinum")]));
    assert_eq!(bodies, [vec![("tier".to_owned(), "gold!".to_owned())]], "m sends mine");
    assert!(
        !desk.model.notice.as_ref().is_some_and(|n| n.text.contains("nothing was sent")),
        "{:?}",
        desk.model.notice
    );

    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(ID, &[("tier", "platinum")]));
    desk.keys("<enter>t");
    desk.wait(150);
    assert_eq!((state(&desk), desk.asked()), (None, vec![]), "t keeps theirs");
    desk.keys("u");
    let cell = Cell { conversation: ID.into(), participant: "c".into(), key: "tier".into() };
    let back = desk.model.outbox.view(&cell).map(|v| (v.mine.to_owned(), v.state.clone(), v.base.clone()));
    assert_eq!(
        back,
        Some(("gold!".into(), EditState::Draft, Base::Saw(Some("platinum".into())))),
        "u brings mine back"
    );
    assert_eq!(desk.asked(), [], "nothing is sent");
}

/// `u` takes back what was done last: an edit that was sent after a text was given up comes before that text.
#[test]
fn what_was_given_up_is_undone_in_its_turn() {
    let mut desk = on_call(&[("lang", "en"), ("tier", "gold")]);
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(ID, &[("lang", "fr"), ("tier", "gold")]));
    desk.keys("<enter>t");
    desk.wait(150).wait(50).customer(ID, &[("lang", "fr"), ("tier", "gold")]);
    desk.keys("je!<enter><enter>");
    let sent = desk.serve(&truth(ID, &[("lang", "fr"), ("tier", "gold")]));
    assert!(sent[0].contains(&("tier".into(), "gold!".into())), "{sent:?}");
    desk.wait(50).customer(ID, &[("lang", "fr"), ("tier", "gold!")]);
    desk.keys("u");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))), "the edit that was sent");
    desk.keys("<enter>");
    let sent = desk.serve(&truth(ID, &[("lang", "fr"), ("tier", "gold!")]));
    assert!(sent[0].contains(&("tier".into(), "gold".into())), "{sent:?}");
    desk.wait(50).customer(ID, &[("lang", "fr"), ("tier", "gold")]);
    desk.keys("u");
    let lang = Cell { conversation: ID.into(), participant: "c".into(), key: "lang".into() };
    assert_eq!(desk.model.outbox.view(&lang).map(|view| view.mine), Some("en!"), "{:?}", desk.model.notice);
}

#[test]
fn a_running_flow_offers_to_wait() {
    let mut desk = Desk::new(120, 36);
    let customer = |tier| leg("c", "customer", "Indianapolis IN", &[("tier", tier)]).from("tel:+15550102231");
    desk.call(ID, 60, vec![customer("gold"), leg("i", "ivr", "MainIVR", &[])]);
    desk.keys("<enter>e!<enter>w");
    desk.wait(150);
    assert!(matches!(state(&desk), Some(EditState::Held { .. })));
    assert_eq!(desk.asked(), []);
    desk.call(ID, 60, vec![customer("gold"), leg("i", "ivr", "MainIVR", &[]).left()]);
    assert!(matches!(desk.asked()[..], [Effect::Read { write: Some(_), .. }]), "it leaves by itself");
}

#[test]
fn an_ended_call_asks_twice() {
    let mut desk = Desk::new(120, 36);
    let customer = leg("c", "customer", "Indianapolis IN", &[("tier", "gold")]).from("tel:+15550102231");
    desk.call(ID, 60, vec![customer.left()]);
    desk.keys("<enter>e!<enter>y");
    desk.wait(150);
    assert_eq!(desk.asked(), []);
    desk.keys("y");
    desk.wait(150);
    assert!(matches!(desk.asked()[..], [Effect::Read { .. }]));
}

#[test]
fn read_only_refuses_with_the_reason() {
    let policy = Policy { read_only: Some(ReadOnly { why: "--read-only".into() }), ..Policy::default() };
    let mut desk = Desk::with(120, 36, AppSettings { policy, ..AppSettings::default() });
    desk.customer(ID, &[("tier", "gold")]);
    for keys in ["<enter>e", "x", "a"] {
        desk.keys(keys);
        assert!(desk.model.overlays.is_empty());
        assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("--read-only")), "{keys}");
    }
    assert_eq!(desk.asked(), []);
}

#[test]
fn a_key_is_added_blanked_and_taken_back() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("avip<enter>yes<enter><enter>");
    let bodies = desk.serve(&truth(ID, &[("tier", "gold")]));
    assert_eq!(bodies[0], [("tier".to_owned(), "gold".to_owned()), ("vip".to_owned(), "yes".to_owned())]);
    desk.wait(50);
    desk.customer(ID, &[("tier", "gold"), ("vip", "yes")]);
    assert!(matches!(state(&desk), Some(EditState::Seen { .. })));
    desk.keys("u<enter>");
    let bodies = desk.serve(&truth(ID, &[("tier", "gold"), ("vip", "yes")]));
    assert_eq!(bodies[0][1], ("vip".to_owned(), String::new()), "absent before: blanked");
    desk.keys("<home>x<enter>");
    assert!(!desk.effects.is_empty() || state(&desk).is_some());
}

#[test]
fn an_abandoned_new_key_leaves_nothing() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("avip<enter><esc>");
    assert_eq!(desk.model.outbox.drafts().count(), 0);
    desk.keys("<down><up>");
    assert_eq!(desk.model.call.as_ref().map(|c| c.rows.len()), Some(1));
}

#[test]
fn the_edited_row_stays_while_the_table_lives() {
    let mut desk = on_call(&[("m", "1"), ("z", "1")]);
    desk.keys("e2");
    let place = |desk: &Desk| desk.model.call.as_ref().and_then(|c| c.place_of_selection());
    let before = place(&desk);
    desk.customer(ID, &[("a", "new"), ("b", "new"), ("m", "9"), ("z", "1")]);
    desk.model.prepare(desk.at);
    assert_eq!(place(&desk), before, "new keys do not move the edited row");
    let Some(Overlay::Editor(editor)) = desk.model.overlays.last() else { panic!() };
    assert_eq!(editor.text.text(), "12", "a change from outside does not touch what is typed");
}

#[test]
fn a_small_terminal_holds_no_edit_up() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(ID, &[("tier", "gold")]));
    desk.tell(Msg::Resize(20, 5));
    let due = desk.model.next_deadline(desk.at);
    assert_eq!(due, desk.model.outbox.next_deadline(), "it is still to be confirmed or raised");
    assert!(due.is_some());
}

#[test]
fn what_is_typed_is_never_blanked_away() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<esc>x");
    assert!(desk.model.overlays.is_empty());
    let cell = desk.model.call.as_ref().unwrap().cell().unwrap();
    assert_eq!(desk.model.outbox.view(&cell).unwrap().mine, "gold!");
    desk.keys("<backspace>x");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))));
}

#[test]
fn escape_on_a_question_that_made_its_drafts_leaves_nothing_behind() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("x");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))));
    desk.keys("<esc>");
    assert_eq!((desk.model.overlays.len(), state(&desk)), (0, None), "set to empty");
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(ID, &[("tier", "gold")]));
    desk.wait(240).customer(ID, &[("tier", "gold!")]);
    desk.keys("u");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))));
    desk.keys("<esc>");
    assert!(!matches!(state(&desk), Some(EditState::Draft)), "undo: {:?}", state(&desk));
    desk.keys("S");
    assert!(desk.model.overlays.is_empty(), "nothing is left to review");
    desk.keys("e?<enter><esc><esc>");
    assert_eq!(state(&desk), Some(EditState::Draft), "what was typed is kept");
}

/// A question that opens by itself would take for its answer a key that was meant for what stood there before.
#[test]
fn a_conflict_never_opens_by_itself() {
    for went_on in ["", "j", "<esc>"] {
        for late in [0, 1_500, 4_000] {
            let mut desk = on_call(&[("lang", "en"), ("tier", "gold")]);
            desk.keys("e!<enter><enter>");
            desk.keys(went_on);
            desk.wait(late);
            desk.serve(&truth(ID, &[("lang", "fr"), ("tier", "gold")]));
            assert!(desk.model.overlays.is_empty(), "{went_on:?}: it stays in its cell");
            desk.wait(300);
            desk.keys("m");
            desk.keys("t");
            let sends = |e: &Effect| matches!(e, Effect::Patch { .. } | Effect::Read { write: Some(_), .. });
            assert!(!desk.asked().iter().any(sends), "{went_on:?}, {late} ms");
            let kept = desk.model.outbox.journal();
            assert_eq!(kept.edits.iter().map(|e| e.mine.as_str()).collect::<Vec<_>>(), ["en!"], "{went_on:?}");
        }
    }
}

/// Our own value was sent and seen a moment ago; what another writes over it while the next one is typed is a change all the same.
#[test]
fn the_question_is_the_conflict_where_our_own_value_was_seen_a_moment_ago() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(ID, &[("tier", "gold")]));
    desk.wait(50).customer(ID, &[("tier", "gold!")]);
    desk.wait(1_500);
    desk.keys("e?");
    desk.customer(ID, &[("tier", "theirs")]);
    desk.keys("<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_))), "{:?}", desk.model.overlays.last());
}
