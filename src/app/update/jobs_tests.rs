//! The ten most frequent jobs of docs/keys.md, done as the table says, with as many key presses as it says.

use crate::app::{
    Effect,
    call::CallScreen,
    popups::Overlay,
    screen::Screen,
    testing::{Desk, truth},
};

const ID: &str = "7c1e0000-0000-4000-8000-000000000042";

struct Job<'a> {
    name: &'a str,
    /// Keys and, as `…`, what is typed.
    keys: Vec<&'a str>,
    here: usize,
    there: usize,
}

fn jobs() -> Vec<Job<'static>> {
    let text = include_str!("../../../docs/keys.md");
    let table = text.split("## The ten most frequent jobs").nth(1).and_then(|rest| rest.split("## ").next()).unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let [name, keys, here, _, there] = row.trim_matches('|').split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{row}")
        };
        let keys = keys.split_whitespace().map(|key| key.trim_end_matches(',').trim_matches('`')).collect();
        let number = |text: &str| text.trim().parse().unwrap_or_else(|_| panic!("{row}"));
        Job { name: name.trim(), keys, here: number(here), there: number(there) }
    })
    .collect()
}

/// Presses the keys of a job, with `typed` in the place of the dots.
fn press(desk: &mut Desk, keys: &[&str], typed: &str) {
    let key = |key: &&str| match *key {
        "…" => typed.to_owned(),
        key if key.chars().count() > 1 => format!("<{key}>"),
        key => key.to_owned(),
    };
    desk.keys(&keys.iter().map(key).collect::<String>());
}

#[test]
fn each_job_takes_the_keys_of_the_table_and_at_most_one_more_than_elsewhere() {
    let jobs = jobs();
    assert_eq!(jobs.len(), 10);
    for Job { name, keys, here, there } in jobs {
        let several = name == "go to another screen";
        let presses = if several { 1 } else { keys.iter().filter(|key| **key != "…").count() };
        assert_eq!(presses, here, "{name}");
        assert!(here <= there + 1, "{name}: {here} here, {there} there");
        let mut desk = Desk::busy(120, 36);
        desk.keys("");
        let shown = |desk: &Desk| desk.model.calls.rows.len();
        match name {
            "open what is selected" => {
                press(&mut desk, &keys, "");
                assert_eq!(desk.model.screen, Screen::Call);
            }
            "filter the list" => {
                let before = shown(&desk);
                press(&mut desk, &keys, "customer_tier=silver");
                assert!(shown(&desk) < before && desk.model.overlays.is_empty());
            }
            "show all again" => {
                let before = shown(&desk);
                desk.keys("/nobody<enter>");
                assert_ne!(shown(&desk), before);
                press(&mut desk, &keys, "");
                assert_eq!(shown(&desk), before);
            }
            "sort by another column" => {
                let before = desk.model.calls.sort.clone();
                press(&mut desk, &keys, "");
                assert!(desk.model.calls.sort != before && desk.model.overlays.is_empty());
            }
            "back to where you came from" => {
                desk.keys("<enter>d");
                press(&mut desk, &keys, "");
                assert_eq!(desk.model.screen, Screen::Call);
            }
            "go to another screen" => {
                for (key, screen) in keys.iter().zip([Screen::Diagnose, Screen::Timeline, Screen::Flow]) {
                    press(&mut desk, &[key], "");
                    assert_eq!(desk.model.screen, screen);
                }
            }
            "change a value and send it" => {
                let mut desk = Desk::new(120, 36);
                desk.customer(ID, &[("tier", "gold")]);
                desk.keys("<enter>");
                press(&mut desk, &keys, "!");
                let bodies = desk.serve(&truth(ID, &[("tier", "gold")]));
                assert_eq!(bodies, [[("tier".to_owned(), "gold!".to_owned())]]);
            }
            "copy the id of what is selected" => {
                desk.asked();
                press(&mut desk, &keys, "");
                let id = desk.model.calls.selected.clone().expect("a call");
                assert!(desk.asked().iter().any(|e| matches!(e, Effect::Copy(text) if *text == id.as_str())));
            }
            "run a command by name" => {
                press(&mut desk, &keys, "diagnose");
                assert_eq!(desk.model.screen, Screen::Diagnose);
            }
            "see the keys" => {
                press(&mut desk, &keys, "");
                assert!(matches!(desk.model.overlays.last(), Some(Overlay::Help(_))));
            }
            other => panic!("{other:?} is not tried: {:?}", desk.model.call.as_ref().and_then(CallScreen::cell)),
        }
    }
}
