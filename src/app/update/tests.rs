//! Scripts of keys and events, and what comes of them.

use crate::app::{
    Effect, Exit, Msg,
    keymap::Command,
    msg::{Left, ReadDone},
    popups::Overlay,
    screen::Screen,
    settings::Settings,
    testing::{Desk, leg, truth},
};
use crate::domain::{
    At, Link, Update,
    outbox::{Cell, EditState, Got, JournalLoss, JournalState, PatchOutcome, Policy, ReadOnly, Unsettled},
};
use std::time::Duration;

const ID: &str = "7c1e0000-0000-4000-8000-000000000042";

fn on_call(attributes: &[(&str, &str)]) -> Desk {
    let mut desk = Desk::new(120, 36);
    desk.customer(ID, attributes);
    desk.keys("<enter>");
    desk
}

fn state(desk: &Desk) -> Option<EditState> {
    let cell = desk.model.call.as_ref()?.cell()?;
    desk.model.outbox.view(&cell).map(|v| v.state)
}

fn selection(desk: &Desk) -> String {
    desk.model.calls.selected.as_ref().map(ToString::to_string).unwrap_or_default()
}

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
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_))));
    desk.keys("m");
    let bodies = desk.serve(&truth(ID, &[("tier", "platinum")]));
    assert_eq!(bodies, [vec![("tier".to_owned(), "gold!".to_owned())]], "m sends mine");

    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(ID, &[("tier", "platinum")]));
    desk.keys("t");
    assert_eq!((state(&desk), desk.asked()), (None, vec![]), "t keeps theirs");
}

#[test]
fn a_running_flow_offers_to_wait() {
    let mut desk = Desk::new(120, 36);
    let customer = |tier| leg("c", "customer", "Indianapolis IN", &[("tier", tier)]).from("tel:+15550102231");
    desk.call(ID, 60, vec![customer("gold"), leg("i", "ivr", "MainIVR", &[])]);
    desk.keys("<enter>e!<enter>w");
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
    assert_eq!(desk.asked(), []);
    desk.keys("y");
    assert!(matches!(desk.asked()[..], [Effect::Read { .. }]));
}

#[test]
fn read_only_refuses_with_the_reason() {
    let policy = Policy { read_only: Some(ReadOnly { why: "--read-only".into() }), ..Policy::default() };
    let mut desk = Desk::with(120, 36, Settings { policy, ..Settings::default() });
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
fn the_hand_keeps_its_call_and_its_place() {
    let mut desk = Desk::busy(120, 36);
    // More than have room: where all have, all are shown.
    for n in 0..40 {
        desk.call(
            &format!("9{n:07}-1111-4222-8333-000000000000"),
            900 + n,
            vec![leg("c", "customer", "Somebody", &[])],
        );
    }
    desk.keys("<down><down>");
    let (id, place) = (selection(&desk), desk.model.calls.position().unwrap() - desk.model.calls.scroll);
    desk.customer(ID, &[]);
    desk.model.prepare(desk.at);
    assert_eq!(selection(&desk), id);
    assert_eq!(desk.model.calls.position().unwrap() - desk.model.calls.scroll, place, "the row did not move");
    desk.keys("s");
    assert_eq!(selection(&desk), id, "another order, the same call");
}

#[test]
fn another_order_leaves_no_empty_page_below_the_hand() {
    let mut desk = Desk::new(80, 24);
    for n in 0..30 {
        desk.call(&format!("{n:08}-1111-4222-8333-000000000000"), 60 + n, vec![leg("c", "customer", "Somebody", &[])]);
    }
    desk.keys("<home>");
    let id = selection(&desk);
    desk.keys("r");
    let (calls, page) = (&desk.model.calls, usize::from(desk.model.calls.areas(desk.model.size).table.height));
    assert_eq!(selection(&desk), id);
    assert_eq!(calls.position(), Some(29), "the first is the last");
    assert_eq!(calls.scroll, 30 - page, "and the page above it is full");
}

#[test]
fn no_rows_stand_empty_below_while_there_are_rows_above() {
    let mut desk = Desk::new(120, 36);
    for n in 0..30 {
        let attributes: &[(&str, &str)] = if n < 7 { &[] } else { &[("customer_tier", "gold")] };
        let id = format!("{n:08}-1111-4222-8333-000000000000");
        desk.call(&id, 900 - 20 * n, vec![leg("c", "customer", "Somebody", attributes)]);
    }
    let full = |desk: &Desk| {
        let (calls, page) = (&desk.model.calls, usize::from(desk.model.calls.areas(desk.model.size).table.height));
        let place = calls.position().unwrap();
        assert!((calls.scroll..calls.scroll + page).contains(&place), "{place} of {}", calls.scroll);
        calls.scroll <= calls.rows.len().saturating_sub(page)
    };
    desk.keys("/!customer_tier<enter>G");
    assert_eq!(desk.model.calls.rows.len(), 7);
    desk.keys("<esc>");
    assert_eq!(desk.model.calls.rows.len(), 30);
    assert!(full(&desk), "after the filter was cleared");
    desk.keys("G");
    for (width, height) in [(120, 20), (120, 60), (200, 24), (120, 36)] {
        desk.tell(Msg::Resize(width, height));
        desk.model.prepare(desk.at);
        assert!(full(&desk), "at {width}x{height}");
    }
}

#[test]
fn a_new_call_shows_at_once_while_the_hand_rests_at_the_top() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("<home>");
    let id = selection(&desk);
    let legs = vec![leg("c", "customer", "New", &[]).from("tel:+15550109999")];
    desk.call(ID, 1, legs);
    desk.model.prepare(desk.at);
    assert_eq!((desk.model.calls.scroll, desk.model.calls.rows[0].as_str()), (0, ID));
    assert_eq!(selection(&desk), id, "the selection keeps its call");
}

#[test]
fn the_mouse_selects_edits_scrolls_and_sorts() {
    use crate::app::{
        calls::{Fixed, Show, Sort},
        msg::Mouse,
    };
    let mut desk = Desk::busy(120, 36);
    desk.keys("<home>");
    let table = desk.model.calls.areas(desk.model.size).table;
    let click = |desk: &mut Desk, x, y| {
        desk.tell(Msg::Mouse(Mouse::Click, x, y));
        desk.model.prepare(desk.at);
    };
    click(&mut desk, 10, table.y + 2);
    assert_eq!(desk.model.calls.position(), Some(2));
    desk.tell(Msg::Mouse(Mouse::Down, 10, 10));
    assert_eq!(desk.model.calls.position(), Some(5));
    let is_from = |c: &&crate::app::calls::Column| c.show == Show::Fact(Fixed::From);
    let from = *desk.model.calls.columns.iter().find(is_from).unwrap();
    click(&mut desk, from.x, table.y - 1);
    assert_eq!(desk.model.calls.sort, Sort::From);
    desk.wait(1000);
    click(&mut desk, 10, table.y);
    click(&mut desk, 10, table.y);
    assert_eq!(desk.model.screen, Screen::Call, "a double click opens");
    desk.wait(1000);
    let call = desk.model.call.as_ref().unwrap();
    let (x, y) = (call.columns[1].x, call.areas.table.y + 1);
    click(&mut desk, x, y);
    let selection = desk.model.call.as_ref().and_then(|c| c.selection.clone()).unwrap();
    assert_eq!(selection.participant.as_str(), "i");
    click(&mut desk, x, y);
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Editor(_))), "a double click edits");
    click(&mut desk, x, y + 3);
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Editor(_))), "a click beside it takes nothing away");
}

#[test]
fn the_timeline_leads_to_the_key() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("<tab>");
    desk.customer(ID, &[("tier", "gold")]);
    desk.customer(ID, &[("tier", "silver"), ("vip", "yes")]);
    desk.keys("<up><enter>");
    assert_eq!(desk.model.screen, Screen::Call);
    let cell = desk.model.call.as_ref().and_then(|c| c.cell());
    assert_eq!(cell.map(|c| (c.conversation.to_string(), c.key.to_string())), Some((ID.into(), "tier".into())));
}

#[test]
fn a_filter_takes_effect_while_it_is_typed_and_esc_takes_it_back() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("/!customer_tier");
    assert_eq!(desk.model.calls.rows.len(), 1);
    desk.keys("~[");
    let Some(Overlay::Filter(prompt)) = desk.model.overlays.last() else { panic!() };
    assert!(prompt.mistake.is_some());
    assert_eq!(desk.model.calls.rows.len(), 6, "while there is a mistake, what was filtered before is");
    desk.keys("<esc>");
    assert_eq!(desk.model.calls.rows.len(), 6);
    desk.keys("/state:ivr<enter>").keys("<esc>");
    assert_eq!(desk.model.calls.rows.len(), 6, "Esc clears a filter that was kept");
}

#[test]
fn ended_calls_go_after_a_while_unless_pinned_or_open_or_edited() {
    let ended = |desk: &mut Desk, id: &str| {
        let customer = leg("c", "customer", "Indianapolis IN", &[("tier", "gold")]).from("tel:+15550102231");
        desk.call(id, 60, vec![customer.left()]);
    };
    let mut desk = Desk::new(120, 36);
    for id in ["a", "b", "c"] {
        ended(&mut desk, id);
    }
    desk.keys("<home>P<down>").wait(400_000);
    assert_eq!(desk.model.monitor.board.len(), 1, "the pinned one stays");
    assert!(desk.asked().iter().any(|e| matches!(e, Effect::Forget(ids) if ids.len() == 2)));
}

#[test]
fn quitting_asks_where_something_is_not_done() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("q");
    assert_eq!(desk.model.exit, Some(Exit::Quit), "there is nothing to say");
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
    assert_eq!(desk.model.exit, Some(Exit::Quit));
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e<ctrl-c>");
    assert_eq!(desk.model.exit, Some(Exit::Interrupted));
}

fn left(state: JournalState) -> Msg {
    Msg::Left(Left { state, remarks: Vec::new() })
}

#[test]
fn alarms_come_back_with_their_cause_until_they_are_dismissed() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<enter><enter>");
    desk.serve(&truth(ID, &[("tier", "gold")]));
    desk.wait(50).customer(ID, &[("tier", "gold!")]);
    desk.wait(50).customer(ID, &[("tier", "theirs")]);
    desk.wait(50).serve(&truth(ID, &[("tier", "theirs")]));
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
    assert_eq!(kept(&desk), Vec::<String>::new(), "a key without a value");
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
fn the_palette_finds_and_does() {
    let mut desk = Desk::busy(120, 36);
    desk.keys(":pin<enter>");
    assert_eq!(desk.model.calls.pinned.len(), 1);
    desk.keys(":zzzz<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Palette(p)) if p.mistake.is_some()), "it says so");
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

#[test]
fn a_dialog_drops_an_older_notice() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("S");
    assert!(desk.model.notice.is_some());
    desk.keys("a");
    assert_eq!(desk.model.notice, None);
}

#[test]
fn a_key_that_does_not_apply_says_why() {
    let mut desk = Desk::busy(120, 36);
    for (keys, why) in [("S", "No drafts to review."), ("D", "No unsent drafts."), ("!", "No alert has fired yet.")] {
        desk.keys(keys);
        assert_eq!(desk.model.notice.as_ref().map(|n| n.text.as_str()), Some(why), "{keys}");
    }
}

#[test]
fn columns_are_picked_and_given_back() {
    let mut desk = Desk::busy(120, 36);
    desk.keys("<home>");
    let automatic = desk.model.calls.keys.clone();
    let has = |keys: &[crate::domain::Key]| keys.iter().any(|k| k.as_str() == "account_id");
    desk.keys("caccount");
    let Some(Overlay::Columns(columns)) = desk.model.overlays.last() else { panic!() };
    let before = has(&columns.picked);
    desk.keys("<space><enter>");
    assert_eq!(has(&desk.model.calls.keys), !before);
    desk.keys("caccount<space><esc>");
    assert_eq!(has(&desk.model.calls.keys), !before, "Esc leaves the columns as they were");
    desk.keys("c<ctrl-r>");
    assert_eq!(desk.model.calls.keys, automatic);
}

#[test]
fn every_command_does_something_somewhere_without_a_call() {
    for binding in crate::app::keymap::BINDINGS {
        for screen in [Screen::Calls, Screen::Call] {
            let mut desk = Desk::new(80, 24);
            desk.model.screen = screen;
            super::keys::command(&mut desk.model, binding.command);
            desk.model.prepare(desk.at);
        }
    }
    assert!(crate::app::keymap::BINDINGS.iter().any(|b| b.command == Command::Quit));
}

#[test]
fn a_lost_link_makes_calls_stale_and_a_gap_reads_them_again() {
    use crate::domain::{Freshness, Link};
    let mut desk = Desk::busy(120, 36);
    desk.keys("<down><down>");
    let first = selection(&desk);
    desk.asked();
    desk.tell(Msg::Link(Link::Reconnecting { attempt: 1, until: desk.at, reason: "reset".into() }));
    assert!(desk.model.monitor.board.iter().all(|e| e.conversation.freshness == Freshness::Stale));
    desk.tell(Msg::Link(Link::Gap { since: desk.at }));
    desk.tell(Msg::Link(Link::Live));
    let asked = desk.asked();
    assert_eq!(asked.len(), 6);
    assert!(matches!(&asked[0], Effect::Read { conversation, .. } if conversation.as_str() == first));
}

#[test]
fn a_missing_key_has_a_row_and_diagnose_jumps_to_it() {
    let expectations =
        crate::expectfile::parse("[[expect]]\nkey = \"customer_tier\"\nby = \"start\"\n").expect("an expectation file");
    let mut desk = Desk::with(120, 36, Settings { expectations, ..Settings::default() });
    desk.customer(ID, &[("lang", "en")]);
    desk.wait(2_000);
    assert_eq!(desk.model.monitor.examiner.summary(ID).map(|(n, _)| n), Some(1), "found when its time was over");
    desk.keys("d");
    assert_eq!(desk.model.screen, Screen::Diagnose);
    assert_eq!(desk.model.diagnose.finding().map(|f| f.rule.as_str()), Some("missing"));
    desk.keys("<enter>");
    let call = desk.model.call.as_ref().expect("the call is open");
    let keys: Vec<&str> = call.rows.iter().map(|r| r.key.as_str()).collect();
    assert_eq!(keys, ["customer_tier", "lang"]);
    assert_eq!(call.cell().map(|c| c.key.to_string()).as_deref(), Some("customer_tier"), "the selection is on the gap");
    desk.customer(ID, &[("lang", "en"), ("customer_tier", "gold")]);
    desk.keys("<esc>d");
    assert!(desk.model.diagnose.finding().is_none_or(|f| f.rule.as_str() != "missing"), "no longer missing");
}

#[test]
fn the_hand_steps_over_headings_and_stays_on_its_finding() {
    let mut desk = Desk::new(120, 36);
    for i in 0..3 {
        desk.customer(&format!("{i}{}", &ID[1..]), &[("tier", "{{lookup.tier}}"), ("note", "[object Object]")]);
    }
    desk.keys("d");
    let first = desk.model.diagnose.selected.clone();
    assert!(first.is_some());
    desk.keys("<down><down>");
    let third = desk.model.diagnose.selected.clone();
    desk.customer(&format!("9{}", &ID[1..]), &[("tier", "{{lookup.tier}}")]);
    desk.model.prepare(desk.at);
    assert_eq!(desk.model.diagnose.selected, third, "a new finding does not move the selection");
    desk.keys("<up><up>");
    assert_eq!(desk.model.diagnose.selected, first);
    desk.keys("<home>");
    assert_eq!(desk.model.diagnose.position(), Some(1), "the heading itself is not taken");
    desk.keys("<up>");
    assert_eq!(desk.model.diagnose.position(), Some(1));
}

#[test]
fn the_next_call_is_trapped_and_opened() {
    let mut desk = Desk::new(120, 36);
    desk.customer("a0000000-0000-4000-8000-000000000001", &[("tier", "gold")]);
    desk.keys("ftier=gold<enter>");
    assert!(desk.model.trap.is_some());
    desk.wait(3_000);
    desk.customer("a0000000-0000-4000-8000-000000000001", &[("tier", "gold"), ("x", "1")]);
    assert_eq!(desk.model.screen, Screen::Calls, "a call that was there before is not the next one");
    desk.wait(60_000);
    let legs = |tier| vec![leg("c", "customer", "Someone", &[("tier", tier)]).from("tel:+15550100123")];
    let began = |desk: &Desk| -((desk.at.mono.as_secs() as i64) - 100);
    let age = began(&desk);
    desk.call("b0000000-0000-4000-8000-000000000002", age, legs("silver"));
    assert_eq!(desk.model.screen, Screen::Calls);
    desk.call("c0000000-0000-4000-8000-000000000003", age, legs("gold"));
    assert_eq!(desk.model.screen, Screen::Call);
    assert_eq!(desk.model.call.as_ref().map(|c| c.id.as_str()), Some("c0000000-0000-4000-8000-000000000003"));
    assert!(desk.effects.contains(&Effect::Bell) && desk.model.trap.is_none());
}

#[test]
fn topics_are_picked_while_the_program_runs() {
    use crate::app::topics::{Listing, TopicRow, Watched};
    let mut desk = Desk::busy(120, 36);
    let on_billing = |desk: &Desk| {
        let billing =
            |e: &&crate::domain::BoardEntry| e.conversation.queue().is_some_and(|q| q.as_str() == "q-billing");
        desk.model.monitor.board.iter().filter(billing).count()
    };
    assert!(on_billing(&desk) > 0);
    desk.keys("t");
    assert!(desk.effects.contains(&Effect::ListTopics));
    let row = |id: &str, name: &str, was| TopicRow { what: Watched::Queue(id.into()), name: name.into(), on: was, was };
    let rows = vec![row("q-billing", "Billing", true), row("q-sales", "Sales", false)];
    desk.tell(Msg::Topics(Box::new(Listing { rows, ..Listing::default() })));
    desk.keys("sal<space>").keys("<backspace><backspace><backspace>bill<space><enter>");
    let Some(Effect::Watch(rows)) = desk.effects.iter().find(|e| matches!(e, Effect::Watch(_))) else { panic!() };
    let said: Vec<(&str, bool)> = rows.iter().map(|r| (r.name.as_str(), r.on)).collect();
    assert_eq!(said, [("Billing", false), ("Sales", true)]);
    assert_eq!(desk.model.settings.watching, "Sales", "an empty screen names what is watched now");
    assert_eq!(on_billing(&desk), 0, "calls that nothing tells about any more go from the screen");
    desk.effects.clear();
    desk.keys("t<esc>");
    assert!(!desk.effects.iter().any(|e| matches!(e, Effect::Watch(_))), "Esc changes nothing");
}

#[test]
fn a_call_goes_with_the_last_that_tells_of_it_and_an_edit_keeps_it() {
    use crate::app::topics::{Listing, TopicRow, Watched};
    use crate::domain::testing::participant;
    let mut desk = Desk::new(120, 36);
    let agent = |id: &str, user: &str, queue: &str| {
        let agent = crate::domain::ParticipantSnapshot {
            user_id: Some(user.into()),
            queue_id: (!queue.is_empty()).then(|| queue.into()),
            ..participant("a", "agent", &[])
        };
        let customer = participant("c", "customer", &[("tier", "gold")]);
        Msg::Update(Box::new(Update::Stream(crate::domain::testing::snapshot(id, vec![customer, agent]))))
    };
    for call in
        [agent("alone", "u1", ""), agent("edited", "u1", ""), agent("named", "u1", ""), agent("sold", "u1", "q-sales")]
    {
        desk.tell(call);
    }
    let cell =
        crate::domain::outbox::Cell { conversation: "edited".into(), participant: "c".into(), key: "tier".into() };
    desk.model.outbox.draft(&cell, crate::domain::outbox::Base::Any, "silver");
    desk.keys("t");
    let ada = Watched::User("u1".into());
    let rows = vec![TopicRow { what: ada.clone(), name: "Ada Agent".into(), on: true, was: true }];
    // A queue may be watched that is not listed.
    let watched = vec![(ada, "Ada Agent".into()), (Watched::Queue("q-sales".into()), "Sales".into())];
    let listing = Listing { rows, watched, named: vec!["named".into()], ..Listing::default() };
    desk.tell(Msg::Topics(Box::new(listing)));
    desk.effects.clear();
    desk.keys("<space><enter>");
    let left: Vec<&str> = desk.model.monitor.board.iter().map(|e| e.conversation.id.as_str()).collect();
    assert_eq!(left, ["edited", "named", "sold"]);
    assert!(desk.effects.contains(&Effect::Forget(vec!["alone".into()])), "{:?}", desk.effects);
    assert!(desk.effects.contains(&Effect::Follow(vec!["edited".into()])), "{:?}", desk.effects);
}

#[test]
fn skipped_states_are_counted_and_none_is_skipped_where_it_would_matter() {
    use crate::domain::EveryState;
    let of = |ids: &[&str]| EveryState::Of(ids.iter().map(|id| (*id).into()).collect());
    let mut desk = on_call(&[("tier", "gold")]);
    assert_eq!(desk.model.every_state(), of(&[ID]), "the history is being looked at");
    desk.keys("e!<esc><esc>");
    assert_eq!((desk.model.screen, desk.model.every_state()), (Screen::Calls, of(&[ID])), "there is an edit");
    desk.keys("<enter><backspace><esc>");
    assert_eq!(desk.model.every_state(), of(&[]));
    let before = desk.model.rate.total();
    desk.tell(Msg::Coalesced(vec![(ID.into(), 12), ("gone".into(), 1)]));
    assert_eq!(desk.model.monitor.board.get(ID).map(|e| e.skipped), Some(12));
    assert_eq!((desk.model.coalesced, desk.model.rate.total() - before), (13, 13));
    desk.keys("ftier=gold<enter>");
    assert_eq!(desk.model.every_state(), EveryState::OfAll, "a trap must not miss its call");
}

#[test]
fn what_a_query_told_or_was_concluded_is_no_event() {
    use crate::domain::{FlowFact, FlowRun, FlowSource};
    let mut desk = on_call(&[("tier", "gold")]);
    let fact = |source| {
        let run = FlowRun { id: "f".into(), name: None, version: None, source, participant: None };
        Update::Flow(FlowFact { conversation: ID.into(), run })
    };
    let left = Update::Left { conversation: ID.into(), left: vec!["Support".into()] };
    for (update, counted) in
        [(fact(FlowSource::Activity), 0), (fact(FlowSource::Analytics), 0), (left, 0), (fact(FlowSource::Event), 1)]
    {
        let before = desk.model.rate.total();
        desk.tell(Msg::Update(Box::new(update.clone())));
        assert_eq!(desk.model.rate.total() - before, counted, "{update:?}");
    }
}

#[test]
fn a_request_that_is_answered_ends_the_wait_of_the_link() {
    let mut desk = on_call(&[("tier", "gold")]);
    let lose = |desk: &mut Desk, attempt: u32| {
        let until = At { mono: desk.at.mono + Duration::from_secs(20), ..desk.at };
        desk.tell(Msg::Link(Link::Reconnecting { attempt, until, reason: "connection refused".into() }));
        desk.asked();
    };
    lose(&mut desk, 3);
    desk.keys("e!<enter><enter>");
    let asked = desk.asked();
    let [Effect::Read { conversation, asked: revision, write }] = &asked[..] else { panic!("{asked:?}") };
    let result = Ok(truth(ID, &[("tier", "gold")]));
    let done = ReadDone { conversation: conversation.clone(), asked: *revision, left: desk.at, write: *write, result };
    desk.tell(Msg::Read(Box::new(done)));
    let asked = desk.asked();
    assert!(asked.contains(&Effect::Reconnect), "{asked:?}");
    let write = asked.iter().find_map(|e| if let Effect::Patch { write, .. } = e { Some(*write) } else { None });
    let accepted = || PatchOutcome::Accepted { status: 202, correlation_id: None };
    desk.tell(Msg::Patched(write.expect("the PATCH goes on"), Box::new(accepted())));
    assert!(!desk.asked().contains(&Effect::Reconnect), "it was tried just now");
    // The socket is what does not work: not each request is a reason to try it.
    lose(&mut desk, 4);
    desk.wait(11_000);
    lose(&mut desk, 5);
    desk.tell(Msg::Update(Box::new(Update::Read {
        snapshot: truth(ID, &[("tier", "gold!")]),
        asked: 9,
        left: desk.at.mono,
    })));
    assert!(desk.asked().contains(&Effect::Reconnect), "later it is");
}

/// A question that opens by itself would take for its answer a key that was meant for what stood there before.
#[test]
fn a_conflict_opens_by_itself_only_for_somebody_who_waits_for_it() {
    for (went_on, opens) in [("", true), ("j", false), ("<esc>", false)] {
        let mut desk = on_call(&[("lang", "en"), ("tier", "gold")]);
        desk.keys("e!<enter><enter>");
        desk.keys(went_on);
        desk.serve(&truth(ID, &[("lang", "fr"), ("tier", "gold")]));
        let asks = matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_)));
        assert_eq!(asks, opens, "{went_on:?}");
        assert!(
            matches!(state(&desk), Some(EditState::Conflict { .. })) || went_on == "j",
            "{went_on:?}: it stays in its cell"
        );
        desk.keys("m");
        assert_eq!(desk.asked().is_empty(), !opens, "{went_on:?}");
    }
}
