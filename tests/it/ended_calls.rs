//! What the built program holds of calls that are over: as much after tens of thousands as after a few thousand.

use crate::{
    pty_edits::start,
    support::{self, Center},
};
use serde_json::json;
use sidetone::sim::scenario;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

/// `SIDETONE_FULL` takes 50,000.
fn calls() -> usize {
    crate::support::count("SIDETONE_ENDED", 1_500, 50_000)
}

/// Calls of twelve keys that begin and end, one every 200 ms; time is looked at once a minute.
fn record(file: &std::path::Path) {
    let start: jiff::Timestamp = "2026-11-20T14:00:00Z".parse().unwrap();
    let at = |ms: usize| (start + jiff::SignedDuration::from_millis(i64::try_from(ms).unwrap())).to_string();
    let mut out = std::io::BufWriter::new(fs::File::create(file).unwrap());
    let header = json!({"format": "sidetone-recording", "version": 1, "program": "0.1.0", "started": at(0), "startedUs": 0,
        "watched": []});
    writeln!(out, "{header}").unwrap();
    let mut seq = 0;
    let mut line = |ms: usize, mut line: serde_json::Value| {
        seq += 1;
        (line["seq"], line["us"], line["at"]) = (json!(seq), json!(ms * 1_000), json!(at(ms)));
        writeln!(out, "{line}").unwrap();
    };
    for n in 0..calls() {
        let now = n * 200;
        if n % 300 == 0 {
            line(now, json!({"kind": "tick"}));
        }
        for state in ["connected", "disconnected"] {
            let attributes: serde_json::Map<_, _> =
                (0..12).map(|k| (format!("key_{k}"), json!(format!("value {n} of {k}")))).collect();
            let mut customer = json!({"id": format!("p{n}"), "purpose": "customer", "attributes": attributes,
                "address": format!("tel:+1555{n:07}"), "connectedTime": at(now), "calls": [{"id": "l", "state": state}]});
            if state == "disconnected" {
                customer["endTime"] = json!(at(now));
            }
            let body = json!({"id": format!("c{n:07}-0000-4000-8000-000000000000"), "participants": [customer]});
            let frame = json!({"topicName": "v2.routing.queues.q.conversations", "version": "2", "eventBody": body});
            line(now, json!({"kind": "frame", "text": frame.to_string()}));
        }
    }
    line(calls() * 200, json!({"kind": "end"}));
}

#[test]
fn memory_is_flat_over_many_ended_calls() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.sidetone");
    record(&file);
    let mut program = Command::new(env!("CARGO_BIN_EXE_sidetone"));
    program.args(["replay", "--headless", "--json"]).arg(&file).env("SIDETONE_HOME", dir.path());
    let mut program = program.stdout(Stdio::piped()).spawn().unwrap();
    let pid = program.id();
    let mut lines = BufReader::with_capacity(16 << 10, program.stdout.take().unwrap()).lines().map(Result::unwrap);
    // The pipe is short, so the program is never far ahead of its reader.
    let (mut ended, mut at) = (0, Vec::new());
    for line in lines.by_ref() {
        if !line.contains("\"change\":\"ended\"") {
            continue;
        }
        ended += 1;
        if ended == calls() / 2 || ended == calls() * 19 / 20 {
            at.push(crate::support::memory(pid, "VmRSS").expect("the program runs"));
        }
    }
    assert!(program.wait().unwrap().success());
    assert_eq!(ended, calls(), "each is told");
    let [half, end] = at[..] else { panic!("{at:?}") };
    println!("{} ended calls: {half} kB after half of them, {end} kB at the end", calls());
    assert!(end < half + 2_048, "{half} kB after half of the calls, {end} kB at the end");
    assert!(end < 64 << 10, "{end} kB");
}

/// Calls of twelve keys, each over after three seconds.
const SHORT: &str = r#"
calls = 100

[organization]
name = "Fernhill Mutual"
domain = "fernhill.example"

[[queue]]
name = "Support"

[[user]]
name = "Robin Hale"
email = "robin.hale@example.com"
queues = ["Support"]

[[flow]]
name = "Front Door"
type = "inboundcall"

[[caller]]
name = "Ada Brook"
number = "+15550100001"
email = "ada.brook@example.com"

[[story]]
name = "short"
to = "+15550100100"
steps = [
  { at = 0, do = "queue", name = "Support" },
  { at = "1s", set = { k1 = "C-%{digits:6}", k2 = "C-%{digits:6}", k3 = "C-%{digits:6}", k4 = "C-%{digits:6}", k5 = "C-%{digits:6}", k6 = "C-%{digits:6}" } },
  { at = "2s", set = { k7 = "C-%{digits:6}", k8 = "C-%{digits:6}", k9 = "C-%{digits:6}", k10 = "C-%{digits:6}", k11 = "C-%{digits:6}", k1 = "C-%{digits:6}" } },
  { at = "3s", do = "end" },
]
"#;

/// The terminal UI and `watch` on one contact centre. `SIDETONE_ENDED_LIVE` counts the calls; whether it is flat shows only over many.
#[test]
fn memory_of_screen_and_watch_is_flat_over_many_live_calls_that_end() {
    let count = support::count("SIDETONE_ENDED_LIVE", 150, 50_000);
    let center = Center::with(&[], |options| {
        options.scenario = scenario::parse(SHORT).expect("a scenario");
        (options.calls, options.speed) = (Some(100), 100.0);
        options.tuning.rate_limit = 1_000_000;
    });
    let screen = support::Program::new();
    let mut tty = start(&screen, &center.sim, "");
    tty.shows("+1 555");
    let watching = center.program();
    let mut watch = watching.command(&["watch", "--all-queues", "--json"]);
    let mut watch = watch.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the program starts");
    let lines = BufReader::new(watch.stdout.take().expect("a pipe")).lines().map(Result::unwrap);
    let mut ended = lines.filter(|line| line.contains("\"change\":\"ended\""));
    let mut figures = Vec::new();
    let held = |pid| support::memory(pid, "VmRSS").expect("the program runs");
    for _ in 0..20 {
        assert_eq!(ended.by_ref().take(count / 20).count(), count / 20, "each is told");
        figures.push((held(tty.pid()), held(watch.id())));
    }
    watch.kill().expect("it runs");
    watch.wait().expect("a child");
    tty.keys("\u{3}");
    tty.ends_with(130);
    println!("{count} ended calls, kB of screen and watch in twentieths: {figures:?}");
    let (screen, watch): (Vec<u64>, Vec<u64>) = figures.into_iter().unzip();
    for (what, figures) in [("the screen", screen), ("watch", watch)] {
        let most = |part: &[u64]| part.iter().copied().max().unwrap_or(0);
        let (third, last) = (most(&figures[10..15]), most(&figures[15..]));
        assert!(count < 10_000 || last <= third + 2_048, "{what} grows: {figures:?}");
        assert!(last < 96 << 10, "{what}: {figures:?}");
    }
}
