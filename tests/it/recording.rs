//! Recordings from outside: what was told is told again, a copy tells nothing of a person, and old files stay readable.

use crate::support::{Center, Program, assert_section, sim::Sim};
use memchr::memmem;
use serde_json::Value;
use sidetone::{
    domain::{
        findings::FindingChange,
        monitor::{Monitor, MonitorOptions},
    },
    recording::{Record, RecordingReader, playback::Playback, redact},
    sim::SimOptions,
};
use std::{
    collections::BTreeSet,
    io::Read,
    path::Path,
    time::{Duration, Instant},
};

/// The default demo, so many times quicker than life.
async fn demo(speed: f64) -> (Sim, Program) {
    let sim = Sim::start(SimOptions { calls: Some(30), speed, ..SimOptions::default() }).await;
    let mut program = Program::new();
    program
        .set("SIDETONE_API_URL", &sim.running.api_url)
        .set("SIDETONE_LOGIN_URL", &sim.running.login_url)
        .set("GENESYS_CLIENT_ID", &sim.running.client_id)
        .set("GENESYS_CLIENT_SECRET", &sim.running.client_secret);
    (sim, program)
}

fn unpacked(path: &Path) -> String {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

/// Every finding that appeared, in order, and the texts that stood on the board.
fn findings_and_values(path: &Path) -> (Vec<String>, BTreeSet<String>) {
    let mut monitor = Monitor::new(MonitorOptions::default());
    let (mut playback, mut found, mut values) = (Playback::new(), Vec::new(), BTreeSet::new());
    let mut order: Vec<String> = Vec::new();
    for line in RecordingReader::open(path).unwrap() {
        let line = line.unwrap();
        let outcome = playback.feed(line.at, &line.record, &mut monitor);
        if let Some(report) = &outcome.report {
            let entry = monitor.board.get(report.call.as_str()).unwrap();
            values.insert(report.call.to_string());
            for p in &entry.conversation.participants {
                values.insert(p.id.to_string());
                values.extend([&p.name, &p.address].into_iter().flatten().map(ToString::to_string));
                values.extend(p.attributes.iter().map(|a| a.value.as_str().to_owned()));
            }
        }
        for change in outcome.reports().flat_map(|report| report.findings.clone()) {
            let (word, finding) = match change {
                FindingChange::Appeared(f) => ("+", f),
                FindingChange::Changed(f) => ("~", f),
                FindingChange::Gone(f) => ("-", f),
            };
            // Ids differ in a copy, so calls and participants are told by their order.
            let mut nth = |id: &str| {
                let known = order.iter().position(|o| o == id);
                known.unwrap_or_else(|| {
                    order.push(id.to_owned());
                    order.len() - 1
                })
            };
            let call = nth(finding.conversation.as_str());
            let participant = finding.participant.as_ref().map(|p| nth(p.as_str()));
            found.push(format!(
                "{:?} {word} {} {} call {call} {participant:?} {:?}",
                line.at.wall,
                finding.rule.as_str(),
                finding.severity.as_str(),
                finding.key
            ));
        }
    }
    (found, values)
}

/// A line of findings without what led to them.
fn without_cause(line: &str) -> Option<serde_json::Value> {
    let mut line: serde_json::Value = serde_json::from_str(line).ok()?;
    let object = line.as_object_mut().filter(|object| object["type"] == "finding")?;
    for member in ["cause", "certainty"] {
        object.remove(member);
    }
    Some(line)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_told_again_byte_for_byte_and_a_copy_names_nobody() {
    let (sim, program) = demo(25.0).await;
    let watching = program.follow(&["watch", "--all-queues", "--json", "--record", "demo.rec"]);
    let mut told = watching.take(600);
    while told.iter().filter(|line| line.contains("\"type\":\"finding\"")).count() < 4 {
        told.extend(watching.take(1));
    }
    watching.signal(rustix::process::Signal::TERM);
    let (code, rest, stderr) = watching.end();
    assert_eq!(code, Some(143), "{stderr}");
    assert!(stderr.contains("demo.rec: "), "{stderr}");
    told.extend(rest);

    // The recording: told again, twice, without configuration; and nothing secret in it.
    let offline = Program::new();
    let file = program.home().join("demo.rec");
    let path = file.to_str().unwrap();
    let again = [(); 2].map(|()| {
        let again = offline.run(&["replay", path, "--headless", "--json"]);
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        again.stdout
    });
    assert!(again[0] == again[1]);
    assert_eq!(again[0].lines().count(), told.len());
    for (again, told) in again[0].lines().zip(&told) {
        // A recording holds no definitions of flows, from which causes come.
        assert!(again == told || without_cause(again) == without_cause(told), "{told}\nand then\n{again}");
    }
    let paced = offline.run(&["replay", path, "--headless", "--json", "--speed", "16"]);
    assert!(paced.stdout == again[0]);
    let raw = unpacked(&file);
    for secret in [sim.token.as_str(), &sim.running.client_secret, &sim.running.client_id, "Bearer"] {
        assert!(!raw.contains(secret), "{secret}");
    }

    // The copy: the same findings at the same moments, and no value.
    let copy = offline.home().join("copy.rec");
    let made = offline.run(&["redact", path, "copy.rec", "--keep", "lookup_status"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let (before, values) = findings_and_values(&file);
    let (after, made_up) = findings_and_values(&copy);
    assert!(before.len() >= 3, "{before:#?}");
    assert_eq!(before, after);
    let kept: BTreeSet<String> = raw_values(&raw, "lookup_status");
    let marker = |v: &str| redact::words::MARKERS.iter().any(|m| m.eq_ignore_ascii_case(v.trim()));
    let private: Vec<&String> = values
        .iter()
        .filter(|v| v.chars().count() >= 4 && v.contains(char::is_alphanumeric) && !marker(v) && !kept.contains(*v))
        .collect();
    assert!(private.len() > 200, "{}", private.len());
    // Keys stay, and a value that is a wrapped payload holds keys.
    let keys = attribute_keys(&raw);
    for original in private.iter().filter(|v| !keys.iter().any(|k| k.contains(v.as_str()))) {
        let finder = memmem::Finder::new(original.as_str());
        let found: Vec<_> = made_up.iter().filter(|v| finder.find(v.as_bytes()).is_some()).collect();
        assert!(found.is_empty(), "{original:?} is in {found:?}");
    }
    // In the bytes as well, keys and numbers of the format aside: nothing that could be told from them.
    let copied = unpacked(&copy);
    // "49.90" may well stand in a time of the format.
    let number = |v: &str| v.chars().all(|c| c.is_ascii_digit() || ".:-".contains(c));
    let odd = |v: &str| v.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') && !number(v);
    let telling = |v: &str| odd(v) || v.len() > 11;
    for original in private.iter().filter(|v| telling(v) && !keys.iter().any(|k| k.contains(v.as_str()))) {
        assert!(memmem::find(copied.as_bytes(), original.as_bytes()).is_none(), "{original:?}");
    }
}

/// Every attribute key in the frames and bodies.
fn attribute_keys(raw: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    each_attribute(raw, &mut |key, _| {
        keys.insert(key.to_owned());
    });
    keys
}

/// The values of one key.
fn raw_values(raw: &str, wanted: &str) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    each_attribute(raw, &mut |key, value| {
        if key == wanted {
            values.extend(value.as_str().map(str::to_owned));
        }
    });
    values
}

fn each_attribute(raw: &str, visit: &mut dyn FnMut(&str, &Value)) {
    fn walk(value: &Value, visit: &mut dyn FnMut(&str, &Value)) {
        match value {
            Value::Object(map) => {
                if let Some(Value::Object(attributes)) = map.get("attributes") {
                    attributes.iter().for_each(|(key, value)| visit(key, value));
                }
                map.values().for_each(|v| walk(v, visit));
            }
            Value::Array(all) => all.iter().for_each(|v| walk(v, visit)),
            _ => {}
        }
    }
    for line in raw.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        for text in [&line["text"], &line["body"]].into_iter().filter_map(Value::as_str) {
            if let Ok(value) = serde_json::from_str(text) {
                walk(&value, visit);
            }
        }
    }
}

/// Waits until so many lines of a recording can be read.
async fn wait_for_lines(file: &Path, lines: usize) {
    let began = Instant::now();
    while !RecordingReader::open(file).is_ok_and(|read| read.take_while(Result::is_ok).take(lines).count() == lines) {
        assert!(began.elapsed() < Duration::from_secs(180), "nothing was recorded");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_recorder_leaves_a_file_that_plays() {
    let (_sim, program) = demo(25.0).await;
    let mut child = program.command(&["record", "killed.rec", "--all-queues"]).spawn().unwrap();
    let file = program.home().join("killed.rec");
    wait_for_lines(&file, 51).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let told = program.run(&["replay", "killed.rec", "--headless", "--json"]);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    assert!(told.stdout.lines().count() > 50 && told.stderr.contains("ends early"), "{}", told.stderr);
}

#[test]
fn a_recording_of_format_1_stays_readable() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let file = sample.join("format-1.sidetone");
    let kinds: BTreeSet<&str> = RecordingReader::open(&file)
        .unwrap()
        .map(|line| match line.unwrap().record {
            Record::Frame(_) => "frame",
            Record::Binary(_) => "binary",
            Record::Link(_) => "link",
            Record::Ask { .. } => "ask",
            Record::Reply { .. } => "reply",
            Record::Name { .. } => "name",
            Record::Flow { .. } => "flow",
            Record::Edit(_) => "edit",
            Record::Key(_) => "key",
            Record::Paste(_) => "paste",
            Record::Size { .. } => "size",
            Record::Lost { .. } => "lost",
            Record::Tick => "tick",
            Record::End => "end",
        })
        .collect();
    assert_eq!(kinds.len(), 13, "the sample has every kind: {kinds:?}");
    let told = Program::new().run(&["replay", file.to_str().unwrap(), "--headless", "--json"]);
    assert_eq!(told.code, Some(0), "{}", told.stderr);
    let expected = std::fs::read_to_string(sample.join("format-1.ndjson")).unwrap();
    // What is found in it may be told in other words one day; what happened may not.
    let happened: String =
        told.stdout.split_inclusive('\n').filter(|line| !line.contains("\"type\":\"finding\"")).collect();
    assert!(happened == expected, "{}", told.stdout);
    assert!(told.stderr.contains("1 messages in the recording could not be understood"), "{}", told.stderr);
}

/// The sample that README and docs play is of a contact centre that was simulated, and nothing in it is unreadable.
#[test]
fn the_sample_of_the_readme_plays_without_an_error() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/demo.sidetone");
    let told = Program::new().run(&["replay", sample, "--headless"]);
    assert_eq!((told.code, told.stderr.as_str()), (Some(0), ""));
    assert!(told.stdout.contains("timeout") && told.stdout.contains("call ended"), "{}", told.stdout);
}

/// The default demo is recorded; what failed in it fails again in the simulator, by the expectations that were written.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_failed_fails_again_in_the_simulator() {
    let (_sim, program) = demo(25.0).await;
    let expect = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/scenarios/default.expect.toml");
    let recording = program.follow(&["record", "demo.rec", "--all-queues"]);
    let file = program.home().join("demo.rec");
    wait_for_lines(&file, 300).await;
    recording.signal(rustix::process::Signal::TERM);
    let (code, _, told) = recording.end();
    assert_eq!(code, Some(143), "{told}");
    let offline = Program::new();
    let file = file.to_str().unwrap();
    let args = ["replay", file, "--expect", expect, "--to-scenario", "again.toml", "--to-expect", "broken.toml"];
    let made = offline.run(&args);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let broken = std::fs::read_to_string(offline.home().join("broken.toml")).unwrap();
    assert!(broken.contains("customer_tier"), "{broken}");
    // Nothing is written over, and nobody is named.
    assert_eq!(offline.run(&args).code, Some(2));
    let text = std::fs::read_to_string(offline.home().join("again.toml")).unwrap();
    let scenario = sidetone::sim::Scenario::embedded();
    for who in scenario.callers.iter().flat_map(|c| [&c.name, &c.number]).chain(scenario.users.iter().map(|u| &u.name))
    {
        assert!(!text.contains(who.as_str()), "{who}");
    }
    let told = |program: &Program, args: &[&str]| -> BTreeSet<(String, String)> {
        let output = program.run(args);
        let lines = output.stdout.lines().map(|l| serde_json::from_str::<Value>(l).unwrap());
        let findings = lines.filter(|l| l["type"] == "finding");
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        findings.map(|l| (text(&l["rule"]), text(&l["key"]))).collect()
    };
    let then = told(&offline, &["replay", file, "--headless", "--json", "--expect", expect]);
    let missing = ("missing".to_owned(), "customer_tier".to_owned());
    assert!(then.contains(&missing), "{then:?}");

    let scenario = sidetone::sim::scenario::parse(&text).unwrap();
    let again = Sim::start(SimOptions { scenario, speed: 25.0, ..SimOptions::default() }).await;
    let mut there = Program::new();
    there
        .set("SIDETONE_API_URL", &again.running.api_url)
        .set("SIDETONE_LOGIN_URL", &again.running.login_url)
        .set("GENESYS_CLIENT_ID", &again.running.client_id)
        .set("GENESYS_CLIENT_SECRET", &again.running.client_secret);
    std::fs::write(there.home().join("broken.toml"), broken).unwrap();
    let check = ["check", "--all-queues", "--expect", "broken.toml", "--follow", "6s", "--json"];
    let now = told(&there, &check);
    assert!(now.contains(&missing), "{now:?}");
    for (rule, key) in then.iter().filter(|(rule, _)| rule == "unresolved-template" || rule == "case-mismatch") {
        assert!(now.contains(&(rule.clone(), key.clone())), "{rule} {key}: {now:?}");
    }
}

/// Nobody reads what it prints; what it records is all there.
#[test]
fn a_recording_does_not_wait_for_the_reader_of_stdout() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = center.program();
    let (reader, writer) = std::io::pipe().unwrap();
    let args = ["watch", "--conversation", &call.to_string(), "--json", "--timeout", "120s", "--record", "unread.rec"];
    let mut child = program.command(&args).stdout(writer).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let file = program.home().join("unread.rec");
    let began = Instant::now();
    let recorded = |text: &str| {
        while memmem::find(&unpacked_so_far(&file), text.as_bytes()).is_none() {
            assert!(began.elapsed() < Duration::from_secs(180), "{text} is not recorded");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    recorded("gold");
    // More than a pipe holds, then more than is kept for a reader.
    let long = "x".repeat(30_000);
    for round in 0..170 {
        center.sim.set(call, "customer", [("tier", format!("round-{round}-{long}"))]);
        if round % 10 == 0 {
            recorded(&format!("round-{round}-"));
        }
    }
    recorded("round-169-");
    child.kill().unwrap();
    let output = child.wait_with_output().unwrap();
    drop(reader);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("stdout is not read"), "{told}");
}

/// What can be read of a recording that is still being written.
fn unpacked_so_far(file: &Path) -> Vec<u8> {
    let bytes = std::fs::read(file).unwrap_or_default();
    let mut text = Vec::new();
    // It ends in the middle.
    _ = std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut text);
    text
}

#[test]
fn mistakes_are_told_with_their_code() {
    let mut program = Program::new();
    program.set("GENESYS_CLIENT_ID", "id").set("GENESYS_CLIENT_SECRET", "secret");
    let fifo = std::process::Command::new("mkfifo").arg(program.home().join("fifo")).status();
    assert!(fifo.unwrap().success());
    std::fs::write(program.home().join("other.txt"), "hello\n").unwrap();
    std::fs::write(program.home().join("there.rec"), "precious").unwrap();
    for (args, code, says) in [
        (&["replay", "none.rec", "--headless"][..], 2, "none.rec"),
        (&["replay", "other.txt", "--headless"], 2, "is not a recording"),
        (&["replay", "other.txt", "--headless", "--speed", "0"], 2, "a number above 0"),
        (&["redact", "other.txt", "out.rec"], 2, "is not a recording"),
        (&["redact", "there.rec", "there.rec"], 2, "another name"),
        (&["record", "out.rec"], 2, "nothing to watch"),
        (&["record", "fifo", "--force", "--all-queues", "--api-url", "http://127.0.0.1:9"], 2, "is not a plain file"),
    ] {
        let output = program.run(args);
        assert_eq!(output.code, Some(code), "{args:?}: {}", output.stderr);
        assert!(output.stderr.contains(says), "{args:?}: {}", output.stderr);
    }
    assert_eq!(std::fs::read(program.home().join("there.rec")).unwrap(), b"precious");
}

#[test]
fn the_published_lists_are_those_of_the_program() {
    let list = |words: &[&str]| words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" · ") + "\n";
    assert_section("docs/recording.md", "markers", &list(redact::words::MARKERS));
    let mut fields = [redact::words::WORD_FIELDS, redact::words::PATH_FIELDS].concat();
    fields.sort_unstable();
    assert_section("docs/recording.md", "fields", &list(&fields));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_handed_on_in_every_format() {
    let (_sim, program) = demo(1.0).await;
    let seen = program.run(&["watch", "--all-queues", "--json", "--count", "1", "--timeout", "50s"]);
    let line = seen.stdout.lines().find(|l| l.contains("\"type\":\"attribute\"")).unwrap();
    let line: Value = serde_json::from_str(line).unwrap();
    let id = line["conversationId"].as_str().unwrap();
    for (format, begins) in [
        ("json", "{\n  \"conversationId\""),
        ("csv", "\"conversation_id\","),
        ("md", "## "),
        ("html", "<!DOCTYPE html>"),
    ] {
        let output = program.run(&["export", id, "--format", format]);
        assert_eq!(output.code, Some(0), "{}", output.stderr);
        assert!(output.stdout.starts_with(begins) && output.stdout.contains(line["key"].as_str().unwrap()), "{format}");
    }
    let board = program.run(&["export", "--all-queues", "--out", "calls.csv"]);
    assert!(board.code == Some(0) && board.stdout.is_empty(), "{}", board.stderr);
    assert!(board.stderr.contains("wrote calls.csv: ") && board.stderr.contains("masked"), "{}", board.stderr);
    let again = program.run(&["export", "--all-queues", "--out", "calls.csv"]);
    assert!(again.code == Some(2) && again.stderr.contains("--force"), "{}", again.stderr);
    assert_eq!(program.run(&["export", "--all-queues", "--out", "calls.csv", "--force"]).code, Some(0));
    assert_eq!(program.run(&["export", "--all-queues", "--format", "html"]).code, Some(2));
    assert_eq!(program.run(&["export"]).code, Some(2));
    let sample = format!("{}/tests/recordings/format-1.sidetone", env!("CARGO_MANIFEST_DIR"));
    let recorded = program.run(&["export", "--recording", &sample, "--format", "json"]);
    let recorded: Value = serde_json::from_str(&recorded.stdout).unwrap();
    assert!(recorded["conversations"][0]["history"].as_array().is_some_and(|h| !h.is_empty()), "{recorded}");
}
