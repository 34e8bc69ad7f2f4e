//! Rows, selection, columns and filter of the Calls screen.

use super::*;

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
        calls::{ColumnShows, Fixed, Sort},
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
    let is_from = |c: &&crate::app::calls::Column| c.show == ColumnShows::Fact(Fixed::From);
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
fn a_call_goes_with_the_last_that_tells_of_it_and_an_edit_keeps_it() {
    use crate::app::topics::{Listing, TopicRow, WatchTarget};
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
    let ada = WatchTarget::User("u1".into());
    let rows = vec![TopicRow { what: ada.clone(), name: "Ada Agent".into(), on: true, was: true }];
    // A queue may be watched that is not listed.
    let watched = vec![(ada, "Ada Agent".into()), (WatchTarget::Queue("q-sales".into()), "Sales".into())];
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
