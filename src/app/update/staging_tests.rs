//! Drafts in numbers: kept ones, copies, histories, losses, conditions, reviews.

use crate::app::{
    Effect, Msg,
    msg::ReadDone,
    popups::Overlay,
    settings::AppSettings,
    testing::{Desk, leg, truth},
};
use crate::domain::{
    Link,
    outbox::{EditState, PatchOutcome, Policy, ReadOnly, RequestFailure},
};

const ID: &str = "7c1e0000-0000-4000-8000-000000000042";

fn on_call(attributes: &[(&str, &str)]) -> Desk {
    let mut desk = Desk::new(120, 36);
    desk.model.settings.api = "https://api.example.test/".into();
    desk.customer(ID, attributes);
    desk.keys("<enter>");
    desk
}

fn state(desk: &Desk) -> Option<EditState> {
    let cell = desk.model.call.as_ref()?.cell()?;
    desk.model.outbox.view(&cell).map(|v| v.state)
}

fn drafts(desk: &Desk) -> Vec<(String, String, String)> {
    let all = desk.model.outbox.drafts();
    all.map(|(c, v)| (c.participant.to_string(), c.key.to_string(), v.mine.to_owned())).collect()
}

fn draft(participant: &str, key: &str, text: &str) -> (String, String, String) {
    (participant.into(), key.into(), text.into())
}

fn copied(desk: &mut Desk) -> Vec<String> {
    let copy = |e| if let Effect::Copy(text) = e { Some(text) } else { None };
    desk.asked().into_iter().filter_map(copy).collect()
}

fn two(desk: &mut Desk) {
    let customer = leg("c", "customer", "Indianapolis IN", &[("note", "x"), ("tier", "gold")]).from("tel:+15550102231");
    desk.call(ID, 60, vec![customer, leg("a", "agent", "Ada Agent", &[("tier", "silver")])]);
}

#[test]
fn everything_that_can_be_copied_is_exact_and_without_a_token() {
    let mut desk = on_call(&[("it's", "a\"b\nc"), ("tier", "gold")]);
    let mut taken = Vec::new();
    for row in 0..7 {
        desk.keys("Y").keys(&"<down>".repeat(row)).keys("<enter>");
        assert!(desk.model.overlays.is_empty());
        taken.extend(copied(&mut desk));
    }
    let url = format!("https://api.example.test/api/v2/conversations/{ID}");
    assert_eq!(taken.len(), 6, "no PATCH to copy without a draft: {taken:?}");
    assert_eq!(taken[0], "a\"b\nc");
    assert_eq!(taken[1], "it's=a\"b\nc");
    let map: serde_json::Value = serde_json::from_str(&taken[2]).unwrap();
    assert_eq!(map, serde_json::json!({"it's": "a\"b\nc", "tier": "gold"}));
    assert_eq!((taken[3].as_str(), taken[4].as_str()), (ID, url.as_str()));
    assert!(taken[5].starts_with(&format!("curl '{url}'")) && taken[5].contains("Bearer $GENESYS_ACCESS_TOKEN"));
    desk.keys("e!<esc>").keys(":copy-request<enter>");
    let patch = copied(&mut desk).pop().unwrap();
    assert!(patch.contains(&format!("-X PATCH '{url}/participants/c/attributes'")), "{patch}");
    assert!(patch.ends_with(r#"--data '{"attributes":{"it'\''s":"a\"b\nc!","tier":"gold"}}'"#), "{patch}");
}

#[test]
fn any_value_that_a_key_had_comes_back_as_a_draft() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("h");
    assert!(desk.model.overlays.is_empty(), "no history, no list");
    for tier in ["silver", "platinum"] {
        desk.wait(1000);
        desk.customer(ID, &[("tier", tier)]);
    }
    desk.keys("h");
    // A change while the list is open does not move what is selected.
    desk.customer(ID, &[("tier", "bronze")]);
    desk.keys("<up><up><up><enter>");
    assert_eq!(drafts(&desk), [draft("c", "tier", "gold")]);
    assert_eq!(desk.asked(), [], "nothing is sent");
    desk.keys("S<enter>");
    let bodies = desk.serve(&truth(ID, &[("tier", "bronze")]));
    assert_eq!(bodies, [vec![("tier".to_owned(), "gold".to_owned())]]);
}

#[test]
fn drafts_of_all_calls_are_listed_and_found_again() {
    let mut desk = on_call(&[("lang", "en"), ("tier", "gold")]);
    desk.keys("<down>e!<esc>").keys("<esc>").keys("D");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Drafts(_))));
    desk.keys("<enter>");
    let cell = desk.model.call.as_ref().and_then(|c| c.cell()).map(|c| c.key.to_string());
    assert_eq!((cell.as_deref(), desk.model.overlays.len()), (Some("tier"), 0));
    desk.keys("D<backspace>");
    assert_eq!((drafts(&desk).len(), desk.model.overlays.len()), (0, 0), "the list goes with its last row");
}

#[test]
fn what_an_earlier_run_left_is_offered_and_not_sent() {
    let mut before = on_call(&[("tier", "gold")]);
    before.keys("e!<enter><enter>");
    let left = before.model.outbox.journal();
    let mut desk = Desk::new(120, 36);
    desk.tell(Msg::Left(crate::app::msg::EarlierRuns { state: left, remarks: Vec::new() }));
    let Some(Overlay::Drafts(list)) = desk.model.overlays.last() else { panic!("not offered") };
    assert!(list.earlier && list.cells.len() == 1);
    assert!(matches!(desk.asked()[..], [Effect::Read { write: None, .. }]), "nothing is sent");
    desk.keys("y");
    assert_eq!(copied(&mut desk), ["gold!"], "the text is there though the call is not");
    desk.keys("<enter>");
    assert!(matches!(desk.asked()[..], [Effect::Read { write: None, .. }]), "the call is looked for");
    desk.keys("<esc>S");
    assert!(desk.model.overlays.is_empty() && desk.notice().contains("not here"), "{}", desk.notice());
    desk.customer(ID, &[("tier", "gold")]);
    desk.keys("D<enter>");
    assert_eq!(state(&desk), Some(EditState::Draft));
    assert_eq!(desk.asked(), []);
}

#[test]
fn keys_are_copied_to_another_participant_as_drafts() {
    let mut desk = Desk::new(120, 36);
    two(&mut desk);
    desk.keys("<enter><down>C<enter>");
    assert_eq!(drafts(&desk), [draft("a", "tier", "gold")]);
    desk.keys("C<down><enter>");
    assert_eq!(drafts(&desk), [draft("a", "tier", "gold"), draft("a", "note", "x")]);
    assert_eq!(desk.asked(), []);
}

#[test]
fn a_partial_failure_leaves_what_failed_staged() {
    let mut desk = Desk::new(120, 36);
    two(&mut desk);
    desk.keys("<enter><down>e!<esc><right>e!<esc>S<enter>");
    let snapshot = |desk: &Desk| {
        let mut both = truth(ID, &[("note", "x"), ("tier", "gold")]);
        let mut agent = truth(ID, &[("tier", "silver")]).participants.remove(0);
        agent.id = "a".into();
        both.participants.push(agent);
        (both, desk.at)
    };
    let mut patches = 0;
    loop {
        let asked = desk.asked();
        if asked.is_empty() {
            break;
        }
        for effect in asked {
            match effect {
                Effect::Read { conversation, asked, write } => {
                    let (truth, left) = snapshot(&desk);
                    desk.tell(Msg::Read(Box::new(ReadDone { conversation, asked, left, write, result: Ok(truth) })));
                }
                Effect::Patch { write, request } => {
                    patches += 1;
                    let outcome = match request.target.participant.as_str() {
                        "a" => PatchOutcome::Refused(RequestFailure::new("no permission", false)),
                        _ => PatchOutcome::Accepted { status: 202, correlation_id: None },
                    };
                    desk.tell(Msg::Patched(write, Box::new(outcome)));
                }
                _ => {}
            }
        }
    }
    assert_eq!(patches, 2, "one PATCH for each participant");
    assert_eq!(drafts(&desk), [draft("a", "tier", "silver!")]);
    desk.keys("S");
    let Some(Overlay::Commit(commit)) = desk.model.overlays.last() else { panic!("not staged") };
    assert_eq!(commit.cells.len(), 1);
}

#[test]
fn a_value_that_was_lost_comes_back_with_one_key() {
    let mut desk = on_call(&[("note", "x"), ("tier", "gold")]);
    desk.keys("<down>e!<enter><enter>");
    desk.serve(&truth(ID, &[("note", "x"), ("tier", "gold")]));
    desk.wait(100);
    desk.customer(ID, &[("tier", "gold!")]);
    desk.serve(&truth(ID, &[("tier", "gold!")]));
    desk.wait(11_000);
    desk.serve(&truth(ID, &[("tier", "gold!")]));
    assert_eq!(desk.model.outbox.losses().len(), 1);
    desk.keys("L<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(_))), "it shows the change first");
    assert_eq!(drafts(&desk), [draft("c", "note", "x")]);
    assert!(desk.model.outbox.losses().is_empty());
    assert_eq!(desk.asked(), []);
}

#[test]
fn a_condition_fires_once_and_is_seen_until_then() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<esc>wivr_choice?<enter>");
    assert!(matches!(state(&desk), Some(EditState::Armed { .. })));
    assert_eq!(desk.asked(), []);
    desk.customer(ID, &[("ivr_choice", "1"), ("tier", "gold")]);
    assert!(matches!(desk.asked()[..], [Effect::Read { write: Some(_), .. }]), "it leaves, checked like any other");
    desk.customer(ID, &[("ivr_choice", "2"), ("tier", "gold")]);
    assert!(!desk.asked().iter().any(|e| matches!(e, Effect::Read { write: Some(_), .. })), "once");
    assert!(desk.model.outbox.armed().is_empty());
}

#[test]
fn one_key_and_a_lost_link_disarm() {
    for how in ["w", "<backspace>", "link"] {
        let mut desk = on_call(&[("tier", "gold")]);
        desk.keys("e!<esc>wivr_choice?<enter>");
        match how {
            "link" => desk.tell(Msg::Link(Link::Offline { reason: "gone".into(), by: crate::domain::Barrier::Way })),
            key => drop(desk.keys(key)),
        }
        assert_eq!(state(&desk), Some(EditState::Draft), "{how}");
        desk.customer(ID, &[("ivr_choice", "1"), ("tier", "gold")]);
        assert_eq!(desk.asked(), [], "{how}");
    }
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<esc>wtier~[<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::When(w)) if w.mistake.is_some()));
    desk.keys("<esc>w<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::When(_))), "no condition is no condition");
}

#[test]
fn nothing_is_staged_where_nothing_may_be_written() {
    let policy = Policy { read_only: Some(ReadOnly { why: "profile prod".into() }), ..Policy::default() };
    let mut desk = Desk::with(120, 36, AppSettings { policy, ..AppSettings::default() });
    two(&mut desk);
    desk.customer(ID, &[("tier", "gold")]);
    desk.customer(ID, &[("tier", "silver")]);
    for keys in ["<enter>C", "h<up><enter>", "<esc>p", "E", "<ctrl-e>"] {
        desk.keys(keys);
        assert!(desk.notice().contains("profile prod"), "{keys}: {}", desk.notice());
        assert_eq!(drafts(&desk), []);
    }
}

fn paste(desk: &mut Desk, text: &str) {
    desk.keys("p");
    desk.tell(Msg::Paste(text.into()));
    desk.model.prepare(desk.at);
}

#[test]
fn a_paste_is_explained_and_becomes_marked_drafts() {
    let mut desk = on_call(&[("lang", "en"), ("tier", "gold")]);
    paste(&mut desk, "{\"participantId\":\"x\",\"data\":{\n\"tier\":\"silver\",\"tries\":2,\"lang\":\"en\"}}\n");
    assert_eq!(drafts(&desk), [], "explained first");
    desk.keys("<enter>");
    assert!(desk.model.overlays.is_empty(), "{}", desk.notice());
    assert_eq!(drafts(&desk), [draft("c", "tier", "silver"), draft("c", "tries", "2")]);
    assert!(desk.notice().contains("One is there already"), "{}", desk.notice());
    desk.keys("<home>e!<esc>S");
    let Some(Overlay::Commit(commit)) = desk.model.overlays.last() else { panic!("no review") };
    assert_eq!(commit.cells.len(), 2, "the pasted ones are marked, and so reviewed");
    assert_eq!(desk.asked(), []);
}

#[test]
fn what_cannot_be_sent_is_refused_whole_and_named() {
    for (text, named) in [
        ("{\"a\":\"1\",\"b\":null}", "b is null"),
        ("{\"a\":\"1\",\"b\":{\"c\":1}}", "b holds an object"),
        ("{\"a\":\"1\",\"a\":\"2\"}", "a occurs twice"),
        ("{\"a\":", "Not staged"),
    ] {
        let mut desk = on_call(&[("tier", "gold")]);
        paste(&mut desk, text);
        desk.keys("<enter>");
        assert!(matches!(desk.model.overlays.last(), Some(Overlay::Bulk(_))), "{text}");
        assert!(desk.notice().contains(named), "{text}: {}", desk.notice());
        assert_eq!(drafts(&desk), [], "{text}");
    }
}

#[test]
fn a_path_is_read_before_it_is_explained() {
    let mut desk = on_call(&[("tier", "gold")]);
    paste(&mut desk, "'~/some payload.json'");
    desk.keys("<enter>");
    assert_eq!(desk.asked(), [Effect::Load("~/some payload.json".into())]);
    desk.tell(Msg::Loaded("~/some payload.json".into(), Ok("tier=silver\n".into())));
    assert_eq!(drafts(&desk), []);
    desk.keys("<enter>");
    assert_eq!(drafts(&desk), [draft("c", "tier", "silver")]);
}

fn opened(desk: &mut Desk) -> Box<crate::app::external::External> {
    match desk.asked().pop() {
        Some(Effect::Edit(what)) => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_value_comes_back_from_the_editor_as_it_was_meant() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("E");
    let what = opened(&mut desk);
    assert_eq!(what.text(), "gold", "not a byte more");
    desk.tell(Msg::Edited(what.clone(), Ok("gold\n".into())));
    assert_eq!(drafts(&desk), [], "the editor's line break is no edit");
    desk.tell(Msg::Edited(what.clone(), Err("vi ended with exit status: 1".into())));
    assert_eq!(drafts(&desk), []);
    desk.tell(Msg::Edited(what, Ok("two\nlines\n".into())));
    assert_eq!(drafts(&desk), [draft("c", "tier", "two\nlines")]);
    desk.keys("E");
    assert_eq!(opened(&mut desk).text(), "two\nlines", "a draft is gone on with");
    assert_eq!(desk.asked(), []);
}

#[test]
fn what_differs_in_the_map_is_staged_and_nothing_is_deleted_unasked() {
    let mut desk = on_call(&[("lang", "en"), ("note", "x"), ("tier", "gold")]);
    desk.keys("<ctrl-e>");
    let what = opened(&mut desk);
    let text = what.text();
    assert!(text.contains("\"tier\": \"gold\"") && text.ends_with("}\n"), "{text}");
    // What happens meanwhile is a matter of the check before sending, not of the diff.
    desk.customer(ID, &[("lang", "de"), ("note", "x"), ("tier", "gold")]);
    desk.tell(Msg::Edited(what.clone(), Ok("{\"lang\":\"en\",\"tier\":\"silver\",\"new\":\"1\"}".into())));
    assert_eq!(drafts(&desk), [draft("c", "tier", "silver"), draft("c", "new", "1")]);
    let Some(Overlay::Removed(list)) = desk.model.overlays.last() else { panic!("the key is not mentioned") };
    assert_eq!(list.cells.len(), 1);
    desk.keys("<esc>");
    assert_eq!(drafts(&desk).len(), 2, "left as it is");
    desk.tell(Msg::Edited(what.clone(), Ok("{\"lang\":\"en\",\"tier\":\"gold\"}".into())));
    desk.keys("<enter>");
    assert!(drafts(&desk).contains(&draft("c", "note", "")), "blanked when asked");
    desk.tell(Msg::Edited(what, Ok("{\"lang\":".into())));
    let Some(Overlay::Bulk(bulk)) = desk.model.overlays.last() else { panic!("the text is lost") };
    assert_eq!(bulk.text.text(), "{\"lang\":");
    assert_eq!(desk.asked(), []);
}

#[test]
fn looking_at_an_armed_edit_leaves_it_armed() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<esc>wivr_choice=9<enter>");
    assert!(matches!(state(&desk), Some(EditState::Armed { .. })));
    desk.keys("<enter><esc>");
    assert!(matches!(state(&desk), Some(EditState::Armed { .. })), "{:?}", state(&desk));
    desk.keys("<enter><enter>");
    assert!(matches!(state(&desk), Some(EditState::Armed { .. })), "{:?}", state(&desk));
    desk.keys("<enter>?<esc>");
    assert_eq!(state(&desk), Some(EditState::Draft), "typing makes it a draft");
    assert_eq!(drafts(&desk), [draft("c", "tier", "gold!?")]);
}

#[test]
fn no_condition_is_armed_when_the_link_went_down_meanwhile() {
    let mut desk = on_call(&[("tier", "gold")]);
    desk.keys("e!<esc>wivr_choice=9");
    desk.tell(Msg::Link(Link::Offline { reason: "gone".into(), by: crate::domain::Barrier::Way }));
    desk.keys("<enter>");
    assert_eq!(state(&desk), Some(EditState::Draft));
    assert!(desk.notice().contains("link is down"), "{}", desk.notice());
}

fn left_customer(tier: &str) -> Vec<crate::app::testing::Leg> {
    vec![
        leg("c", "customer", "Indianapolis IN", &[("tier", tier)]).from("tel:+15550102231").left(),
        leg("a", "agent", "Ada Agent", &[]),
    ]
}

#[test]
fn a_participant_who_left_a_live_call_asks_twice_in_words_of_its_own() {
    let mut desk = Desk::new(120, 36);
    desk.call(ID, 60, left_customer("gold"));
    desk.keys("<enter>e!<enter>");
    let Some(Overlay::Commit(commit)) = desk.model.overlays.last() else { panic!() };
    let words = commit.doubt.as_ref().unwrap().to_string();
    assert!(
        words.contains("left") && words.contains("the call continues") && words.contains("analytics will not see it")
    );
    desk.keys("y");
    desk.wait(150);
    assert_eq!(desk.asked(), []);
    desk.keys("y");
    desk.wait(150);
    assert!(matches!(desk.asked()[..], [Effect::Read { .. }]));
}

#[test]
fn mine_in_a_conflict_on_an_ended_call_asks_twice_instead_of_being_refused() {
    let mut desk = Desk::new(120, 36);
    let call = |tier| vec![leg("c", "customer", "Indianapolis IN", &[("tier", tier)]).from("tel:+15550102231").left()];
    desk.call(ID, 60, call("gold"));
    desk.keys("<enter>e!<enter>y");
    desk.wait(150).keys("y");
    desk.wait(150);
    let there = || {
        let mut there = truth(ID, &[("tier", "platinum")]);
        let leg = &mut there.participants[0];
        leg.state = Some(crate::domain::State::new("disconnected"));
        leg.ended = Some(crate::app::testing::noon() - jiff::SignedDuration::from_secs(5));
        there
    };
    desk.serve(&there());
    desk.keys("<enter>");
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_))));
    desk.keys("m");
    desk.wait(150);
    assert!(matches!(desk.model.overlays.last(), Some(Overlay::Commit(c)) if c.doubt.is_some()));
    desk.keys("y");
    desk.wait(150).keys("y");
    desk.wait(150);
    assert_eq!(desk.serve(&there()), [vec![("tier".to_owned(), "gold!".to_owned())]]);
}

#[test]
fn u_goes_back_write_by_write_then_to_other_calls() {
    const OTHER: &str = "7c1e0000-0000-4000-8000-000000000043";
    let mut desk = Desk::new(120, 36);
    desk.customer(OTHER, &[("tier", "x")]);
    desk.customer(ID, &[("tier", "a")]);
    let there =
        std::cell::RefCell::new(std::collections::HashMap::from([(OTHER, "x".to_owned()), (ID, "a".to_owned())]));
    // Serves what was asked and shows what was written.
    let settle = |desk: &mut Desk, id: &'static str| {
        let value = there.borrow()[id].clone();
        let sent = desk.serve(&truth(id, &[("tier", &value)]));
        let new = sent[0][0].1.clone();
        desk.wait(500).customer(id, &[("tier", &new)]);
        let snapshot = truth(id, &[("tier", &new)]);
        let (asked, left) = (desk.model.monitor.board.revision(id), desk.at.mono);
        desk.tell(Msg::Update(Box::new(crate::domain::Update::Read { snapshot, asked, left })));
        there.borrow_mut().insert(id, new.clone());
        new
    };
    let open = |desk: &mut Desk, id: &str| {
        desk.keys("<esc><home>");
        while desk.model.calls.selected.as_ref().map(ToString::to_string).as_deref() != Some(id) {
            desk.keys("<down>");
        }
        desk.keys("<enter>");
    };
    open(&mut desk, OTHER);
    desk.keys("e1<enter><enter>");
    assert_eq!(settle(&mut desk, OTHER), "x1");
    open(&mut desk, ID);
    for (key, new) in [("b", "ab"), ("c", "abc")] {
        desk.keys(&format!("e{key}<enter><enter>"));
        assert_eq!(settle(&mut desk, ID), new);
    }
    desk.keys("u");
    let Some(Overlay::Commit(commit)) = desk.model.overlays.last() else { panic!() };
    assert_eq!(commit.undo.as_ref().map(|u| u.earlier), Some(1));
    desk.keys("<esc>u<enter>");
    assert_eq!(settle(&mut desk, ID), "ab");
    desk.keys("u<enter>");
    assert_eq!(settle(&mut desk, ID), "a");
    desk.keys("u<enter>");
    assert_eq!(settle(&mut desk, OTHER), "x", "then what was sent on other calls");
    desk.keys("u");
    assert!(desk.model.overlays.is_empty());
}
