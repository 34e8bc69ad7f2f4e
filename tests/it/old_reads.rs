//! Reads that are older than the events, as the built program meets them.

use crate::support::Center;
use serde_json::Value;

/// A conversation that is watched by its id is read every three seconds. The reads after the event show the state before it: none of them
/// is told as news, and one that is right follows soon.
#[test]
fn a_read_that_is_older_than_the_stream_is_not_told() {
    let center = Center::new(&[]);
    let call = center.call(&[("lang", "en"), ("tier", "v1")]);
    let program = center.program();
    let watching = program.follow(&["watch", "--conversation", &call.to_string(), "--json", "--timeout", "7s"]);
    watching.until("\"key\":\"tier\"");
    center.sim.set(call, "customer", [("lang", "NEWER"), ("tier", "v2")]);
    center.sim.add_fault("old-read=2".parse().expect("a fault"));
    let (code, lines, stderr) = watching.end();
    assert_eq!(code, Some(0), "{stderr}");
    let lines = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    let mut news: Vec<String> = lines
        .filter(|line| line["type"] == "attribute")
        .map(|line| format!("{} {} {}", line["key"], line["old"], line["new"]))
        .collect();
    news.sort();
    assert_eq!(news, [r#""lang" "en" "NEWER""#, r#""tier" "v1" "v2""#]);
}
