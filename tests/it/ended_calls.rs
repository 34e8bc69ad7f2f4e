//! What the built program holds of calls that are over: as much after tens of thousands as after a few thousand.

use serde_json::json;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

/// `SIDETONE_FULL` takes 50,000.
fn calls() -> usize {
    crate::support::count("SIDETONE_ENDED", 4_000, 50_000)
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

#[cfg(target_os = "linux")]
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
