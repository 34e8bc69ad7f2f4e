//! docs/ndjson.md against what `watch --json` prints, field by field.

use crate::support::Center;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

const PAGE: &str = include_str!("../../docs/ndjson.md");

/// The fields of each type, in order, as the page's sample lines have them.
fn documented() -> BTreeMap<String, Vec<String>> {
    let lines = PAGE.lines().filter(|line| line.starts_with("{\"type\":"));
    let read = |line: &str| serde_json::from_str::<Map<String, Value>>(line).expect(line);
    lines.map(read).map(|line| (line["type"].as_str().unwrap().to_owned(), line.keys().cloned().collect())).collect()
}

/// What the page's table says of the field of a type: all its rows, for a type's fields may be told for several types.
fn described(field: &str) -> String {
    let quoted = format!("`{field}`");
    PAGE.lines().filter(|line| line.starts_with('|') && line.contains(&quoted)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page_has_every_line_with_its_fields_in_order_and_describes_each_value() {
    let center = Center::new(&[]);
    let program = center.program();
    let expect = program.home().join("e.toml");
    std::fs::write(&expect, "[[expect]]\nkey = \"never\"\nby = \"start\"\n").unwrap();
    let call = center.call(&[("tier", "gold")]);
    let (queue, expect) = (center.queue(), expect.display().to_string());
    let watch = ["watch", "--queue", &queue, "--json", "--expect", &expect, "--alert-missed", "--alert-key", "tier"];
    let more = ["--alert-filter", "tier=bronze", "--until", "state:ended"];
    let followed = program.follow(&[&watch[..], &more[..]].concat());
    let mut lines = followed.until("\"tier\"");
    for tier in ["silver", "bronze"] {
        center.sim.set(call, "customer", [("tier", tier)]);
        lines.extend(followed.until(tier));
    }
    // On a busy machine it came between those.
    if !lines.iter().any(|line| line.contains("\"missed\"")) {
        lines.extend(followed.until("\"missed\""));
    }
    center.sim.hang_up(call);
    let (code, rest, stderr) = followed.end();
    assert_eq!(code, Some(0), "{stderr}");
    lines.extend(rest);

    let documented = documented();
    let mut seen = BTreeSet::new();
    for line in &lines {
        let line: Map<String, Value> = serde_json::from_str(line).expect(line);
        let kind = line["type"].as_str().unwrap().to_owned();
        let fields: Vec<String> = line.keys().filter(|field| *field != "eventTime").cloned().collect();
        assert_eq!(documented.get(&kind), Some(&fields), "{line:?}");
        for (field, value) in &line {
            let said = described(field);
            assert!(!said.is_empty(), "the table says nothing of {field}");
            // Of a closed set of words each is told.
            if ["state", "change", "mediaType", "source", "severity", "on"].contains(&field.as_str()) {
                let open = kind == "participant" && field == "state";
                let word = value.as_str().unwrap();
                assert!(open || said.contains(&format!("`{word}`")), "{field} = {word} is not in\n{said}");
            }
        }
        seen.insert((kind, line.get("on").and_then(Value::as_str).unwrap_or_default().to_owned()));
    }
    let kinds: BTreeSet<&String> = seen.iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, documented.keys().collect(), "every type was seen");
    for on in ["key", "filter", "missed"] {
        assert!(seen.contains(&("watchpoint".to_owned(), on.to_owned())), "{on}: {lines:#?}");
    }
}

#[test]
fn the_bell_is_rung_where_it_is_asked_for_and_never_on_stdout() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    for (bell, rings) in [(&[][..], 0), (&["--bell", "always"], 1), (&["--bell", "always", "--notify"], 2)] {
        let program = center.program();
        let queue = center.queue();
        let followed = program
            .follow(&[&["watch", "--queue", &queue, "--bell-key", "tier", "--until", "tier=end"], bell].concat());
        let mut told = followed.until("tier");
        center.sim.set(call, "customer", [("tier", "end")]);
        let (code, rest, stderr) = followed.end();
        told.extend(rest);
        assert_eq!(code, Some(0), "{stderr}");
        // The bell itself, and the end of the notification.
        assert_eq!(stderr.matches('\u{7}').count(), rings, "{bell:?}: {stderr:?}");
        assert_eq!(stderr.contains("\u{1b}]9;Sidetone: tier changed"), rings == 2, "{stderr:?}");
        assert!(told.iter().any(|line| line.contains("alert tier changed")), "{told:?}");
        assert!(!told.concat().contains('\u{7}'));
        center.sim.set(call, "customer", [("tier", "gold")]);
    }
}

#[test]
fn watchpoints_that_cannot_be_are_usage_errors() {
    let center = Center::new(&[]);
    for args in [&["--bell-filter", "tier~["][..], &["--bell-filter", ""], &["--bell-key", ""], &["--bell-missed"]] {
        let output = center.program().run(&[&["watch", "--all-queues"], args].concat());
        assert_eq!(output.code, Some(2), "{args:?}: {}", output.stderr);
    }
}
