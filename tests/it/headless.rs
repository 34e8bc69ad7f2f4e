//! `get`, `set` and `watch` against the simulator: the real binary, real sockets, every exit code.

use crate::support::{Center, Output, Program, side_by_side};
use serde_json::{Value, json};
use sidetone::sim::{Placed, Semantics, SimOptions, faults::TimedFault};
use std::io::{Read, Write};
use std::net::TcpListener;
use uuid::Uuid;

fn get(center: &Center, call: Uuid, more: &[&str]) -> Output {
    center.program().run(&[&["get", &call.to_string()], more].concat())
}

fn set(program: &Program, call: Uuid, more: &[&str]) -> (Option<i32>, Value) {
    let (code, mut lines) = program.json(&[&["set", &call.to_string(), "--json"], more].concat());
    assert_eq!(lines.len(), 1, "one object for every outcome");
    (code, lines.remove(0))
}

#[test]
fn without_a_connection_three_lines_say_how_to_get_one() {
    let output = Program::new().run(&[]);
    assert_eq!(output.code, Some(2));
    assert_eq!(output.stderr.lines().count(), 3, "{}", output.stderr);
    assert!(
        output.stderr.contains("GENESYS_CLIENT_ID") && output.stderr.contains("sidetone demo"),
        "{}",
        output.stderr
    );
    for args in [&["watch", "--all-queues"][..], &["get", "some-id"], &["set", "some-id", "k=v"]] {
        let output = Program::new().run(args);
        assert_eq!(output.code, Some(2), "{args:?}");
        assert!(output.stderr.contains("GENESYS_CLIENT_ID"), "{}", output.stderr);
    }
}

#[test]
fn the_screens_need_a_terminal() {
    let center = Center::new(&[]);
    for args in [&["--all-queues"][..], &[], &["demo"]] {
        let output = center.program().run(args);
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(output.stderr.contains("terminal"), "{args:?}: {}", output.stderr);
    }
}

#[test]
fn get_prints_the_call_one_participant_or_one_value() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold"), ("evil", "\u{1b}[31m\u{202e}x"), ("lines", "a\nb")]);
    let human = get(&center, call, &[]);
    assert_eq!(human.code, Some(0));
    assert!(human.stdout.contains("tier") && human.stdout.contains("gold"), "{}", human.stdout);
    assert!(!human.stdout.contains('\u{1b}') && !human.stdout.contains('\u{202e}'), "hostile text reached stdout");

    let whole: Value = serde_json::from_str(&get(&center, call, &["--json"]).stdout).unwrap();
    let keys: Vec<&String> = whole.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["conversationId", "mediaType", "startTime", "endTime", "participants"]);
    let customer = &whole["participants"][0];
    let keys: Vec<&String> = customer.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["participantId", "purpose", "name", "state", "connectedTime", "endTime", "attributes"],
        "{customer}"
    );
    assert_eq!(customer["attributes"]["evil"], "\u{1b}[31m\u{202e}x");
    assert_eq!(whole["endTime"], Value::Null);

    assert_eq!(get(&center, call, &["--key", "tier"]).stdout, "gold\n");
    assert_eq!(get(&center, call, &["--key", "lines"]).stdout, "a\nb\n");
    let value: Value = serde_json::from_str(&get(&center, call, &["--key", "tier", "--json"]).stdout).unwrap();
    let id = customer["participantId"].clone();
    assert_eq!(value, json!({"participantId": id, "purpose": "customer", "key": "tier", "value": "gold"}));
    let by_id = get(&center, call, &["--participant", id.as_str().unwrap(), "--key", "tier"]);
    assert_eq!(by_id.stdout, "gold\n");
}

#[test]
fn get_says_4_for_what_is_not_there_and_what_is_near() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let wrong_case = get(&center, call, &["--key", "Tier"]);
    assert_eq!(wrong_case.code, Some(4));
    assert!(wrong_case.stderr.contains("\"tier\""), "{}", wrong_case.stderr);
    assert_eq!(get(&center, call, &["--participant", "supervisor"]).code, Some(4));
    let unknown = center.program().run(&["get", &Uuid::new_v4().to_string()]);
    assert_eq!(unknown.code, Some(4));
    assert!(unknown.stderr.contains("404") && unknown.stderr.contains("correlation id"), "{}", unknown.stderr);
    assert_eq!(center.program().run(&["get", "https://apps.example/no/id/in/it"]).code, Some(2));
}

#[test]
fn wrong_credentials_are_3_and_a_stranger_at_the_address_is_1() {
    let center = Center::new(&[]);
    let call = center.call(&[]);
    let mut program = center.program();
    program.set("GENESYS_CLIENT_SECRET", "sample-wrong-secret");
    let output = program.run(&["get", &call.to_string()]);
    assert_eq!(output.code, Some(3));
    assert!(!output.stderr.contains("sample-wrong-secret"));

    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", stranger.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in stranger.incoming().map_while(Result::ok) {
            _ = stream.read(&mut [0; 4096]);
            _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\nconnection: close\r\n\r\n<html>hi</html>");
        }
    });
    let mut program = Program::new();
    program.set("SIDETONE_API_URL", &address).set("GENESYS_ACCESS_TOKEN", "sample-token-in-clear");
    let output = program.run(&["get", &call.to_string()]);
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(!output.stderr.contains("sample-token-in-clear"));
}

#[test]
fn watch_tells_the_first_sight_then_changes_and_ends_at_the_count() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold"), ("choice", "1")]);
    let program = center.program();
    let followed = program.follow(&["watch", "--queue", &center.queue(), "--json", "--count", "3"]);
    let first = followed.until("\"choice\"");
    let types: Vec<Value> = first.iter().map(|l| serde_json::from_str::<Value>(l).unwrap()["type"].clone()).collect();
    assert_eq!(types[0], "connection");
    assert!(first.iter().any(|l| l.contains("\"state\":\"live\"")), "{first:?}");
    assert!(types.contains(&json!("conversation")) && types.contains(&json!("participant")), "{types:?}");
    center.sim.set(call, "customer", [("tier", "silver")]);
    let (code, rest, stderr) = followed.end();
    assert_eq!(code, Some(0), "{stderr}");
    let last: Value = serde_json::from_str(rest.last().unwrap()).unwrap();
    assert_eq!((&last["old"], &last["new"]), (&json!("gold"), &json!("silver")), "{rest:?}");
    assert_eq!(last["source"], "stream");
}

#[test]
fn until_is_met_at_once_or_later_or_times_out() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let (program, queue) = (center.program(), center.queue());
    let (code, lines) = program.json(&["watch", "--queue", &queue, "--json", "--until", "tier=gold"]);
    assert_eq!(code, Some(0));
    assert!(lines.iter().any(|l| l["key"] == "tier"), "the lines that led to it come first");

    let followed = program.follow(&["watch", "--queue", &queue, "--json", "--until", "tier=silver"]);
    followed.until("\"tier\"");
    center.sim.set(call, "customer", [("tier", "silver")]);
    let (code, rest, _) = followed.end();
    assert_eq!(code, Some(0));
    assert!(rest.last().unwrap().contains("\"silver\""));

    let (code, _) = program.json(&["watch", "--queue", &queue, "--json", "--until", "tier=x", "--timeout", "300ms"]);
    assert_eq!(code, Some(6));
    // Long enough for a connection on a busy machine.
    side_by_side([true, false], |until| {
        let watch = ["watch", "--queue", &queue, "--json", "--timeout", "12s"];
        let told = program.run(&[&watch[..], if until { &["--until", "tier=x"] } else { &[] }].concat());
        assert_eq!(told.code, Some(if until { 6 } else { 0 }), "{told:?}");
        assert!(!told.stdout.is_empty(), "{told:?}");
        assert_eq!(told.stderr.contains("no call matched tier=x within 12s"), until, "{told:?}");
    });
}

#[test]
fn a_recording_that_is_there_is_kept_and_the_way_out_is_the_commands_own() {
    let center = Center::new(&[]);
    let (program, queue) = (center.program(), center.queue());
    let file = program.home().join("kept");
    std::fs::write(&file, "mine").unwrap();
    let file = file.to_str().unwrap();
    let watch = program.run(&["watch", "--queue", &queue, "--timeout", "100ms", "--record", file]);
    let record = program.run(&["record", file, "--queue", &queue, "--timeout", "100ms"]);
    assert_eq!((watch.code, record.code), (Some(2), Some(2)), "{}{}", watch.stderr, record.stderr);
    assert!(watch.stderr.contains("exists already") && !watch.stderr.contains("--force"), "{}", watch.stderr);
    assert!(record.stderr.contains("--force replaces it"), "{}", record.stderr);
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn a_conversation_that_is_not_there_is_told_as_such() {
    let center = Center::new(&[]);
    let told = center.program().run(&["watch", "--conversation", "zzz", "--timeout", "10s"]);
    assert_eq!(told.code, Some(4), "{}", told.stderr);
    assert!(told.stderr.contains("zzz"), "{}", told.stderr);
    // One that is there, with a topic that is refused, is another matter.
    let refused = Center::new(&["403=detail.events"]);
    let call = refused.call(&[]).to_string();
    let told = refused.program().run(&["watch", "--conversation", &call, "--timeout", "10s"]);
    assert_eq!(told.code, Some(3), "{}", told.stderr);
}

#[test]
fn a_filter_hides_other_calls_and_a_mistake_shows_a_caret() {
    let center = Center::new(&[]);
    let (gold, silver) = (center.call(&[("tier", "gold")]), center.call(&[("tier", "silver")]));
    let (program, queue) = (center.program(), center.queue());
    let watching = program.follow(&["watch", "--queue", &queue, "--json", "--filter", "tier=gold"]);
    let mut lines = watching.until(&gold.to_string());
    center.sim.set(silver, "customer", [("note", "hidden")]);
    center.sim.set(gold, "customer", [("note", "shown")]);
    lines.extend(watching.until("shown"));
    assert!(lines.iter().all(|line| !line.contains(&silver.to_string())), "{lines:?}");
    let mistake = program.run(&["watch", "--queue", &queue, "--filter", "tier~["]);
    assert_eq!(mistake.code, Some(2));
    assert!(mistake.stderr.lines().any(|line| line.trim() == "^"), "{}", mistake.stderr);
}

#[test]
fn watch_says_what_it_needs_and_what_is_not_there() {
    let center = Center::new(&[]);
    let program = center.program();
    assert_eq!(program.run(&["watch", "--json"]).code, Some(2));
    let unknown = program.run(&["watch", "--queue", &format!("{}x", center.queue())]);
    assert_eq!(unknown.code, Some(4));
    assert!(unknown.stderr.contains(&center.queue()), "did you mean: {}", unknown.stderr);
    assert_eq!(program.run(&["watch", "--conversation", &Uuid::new_v4().to_string()]).code, Some(4));
    let refused = Center::new(&["403=conversations"]);
    assert_eq!(refused.program().run(&["watch", "--queue", &refused.queue()]).code, Some(3));
}

#[test]
fn a_gap_is_told_and_what_was_missed_comes_with_source_read() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = center.program();
    let followed = program.follow(&["watch", "--queue", &center.queue(), "--json"]);
    followed.until("\"tier\"");
    center.sim.happen(TimedFault::Close);
    center.sim.set(call, "customer", [("tier", "missed")]);
    let lines = followed.until("\"missed\"");
    let states: Vec<Value> = lines
        .iter()
        .map(|l| serde_json::from_str::<Value>(l).unwrap())
        .filter(|l| l["type"] == "connection")
        .map(|l| l["state"].clone())
        .collect();
    assert_eq!(states, ["reconnecting", "gap", "live"], "{lines:#?}");
    assert!(lines.last().unwrap().contains("\"source\":\"read\""), "{lines:#?}");
    #[cfg(unix)]
    followed.signal(rustix::process::Signal::TERM);
    #[cfg(unix)]
    assert_eq!(followed.end().0, Some(143));
}

#[cfg(unix)]
#[test]
fn signals_and_a_closed_stdout_end_it_as_they_should() {
    use rustix::process::Signal;
    let center = Center::new(&[]);
    center.call(&[("tier", "gold")]);
    let program = center.program();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let followed = program.follow(&["watch", "--queue", &center.queue(), "--json"]);
        followed.until("\"tier\"");
        followed.signal(signal);
        let (ended, _, stderr) = followed.end();
        assert_eq!((ended, stderr.as_str()), (Some(code), ""));
    }
    // Nothing is being written when the reader goes away.
    let mut child = program.command(&["watch", "--queue", &center.queue(), "--json"]).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0; 10]).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn a_quiet_stream_makes_less_than_one_request_a_second() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let (program, id) = (center.program(), call.to_string());
    let args = ["watch", "--queue", &center.queue(), "--conversation", &id, "--flow", "*", "--json"];
    let followed = program.follow(&args);
    followed.until("\"tier\"");
    // The first looks and reads may still be under way.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let before = center.sim.requests();
    std::thread::sleep(std::time::Duration::from_secs(4));
    let made = center.sim.requests() - before;
    assert!(made < 4, "{made} requests in 4 s");
    drop(followed);
}

#[test]
fn a_set_is_confirmed_and_prints_what_was_sent() {
    for semantics in [Semantics::Merge, Semantics::Replace] {
        let center = Center::with(&[], |options: &mut SimOptions| options.semantics = semantics);
        let call = center.call(&[("tier", "gold"), ("choice", "1")]);
        let (code, out) = set(&center.program(), call, &["tier=platinum", "new key=a=b", "--if", "tier=gold"]);
        assert_eq!(code, Some(0), "{out}");
        let keys: Vec<&String> = out.as_object().unwrap().keys().collect();
        let contract = "conversationId participantId requested outcome status attempts correlationId confirmedBy \
                        confirmMs body lost overwritten";
        assert_eq!(keys, contract.split_whitespace().collect::<Vec<_>>());
        assert_eq!(out["outcome"], "confirmed");
        assert_eq!(out["requested"], json!({"tier": "platinum", "new key": "a=b"}));
        assert_eq!(out["body"]["attributes"], json!({"tier": "platinum", "choice": "1", "new key": "a=b"}));
        assert_eq!((&out["status"], &out["attempts"]), (&json!(202), &json!(1)));
        assert_eq!((&out["lost"], &out["overwritten"]), (&json!([]), &json!([])));
        assert_eq!(center.value(call, "tier").as_deref(), Some("platinum"));
        assert_eq!(center.value(call, "choice").as_deref(), Some("1"));
    }
}

#[test]
fn an_unexpected_value_is_a_conflict_and_nothing_is_sent() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold"), ("choice", "1")]);
    let program = center.program();
    for wrong in [["--if", "tier=silver"], ["--if", "choice=2"], ["--if", "!choice"], ["--if", "absent=x"]] {
        let (code, out) = set(&program, call, &[&["tier=platinum"], &wrong[..]].concat());
        assert_eq!((code, &out["outcome"]), (Some(5), &json!("conflict")), "{wrong:?}: {out}");
        let (code, out) = set(&program, call, &[&["tier=platinum", "--dry-run"], &wrong[..]].concat());
        assert_eq!((code, &out["outcome"]), (Some(5), &json!("conflict")), "{wrong:?}: {out}");
    }
    assert_eq!(center.value(call, "tier").as_deref(), Some("gold"));
    let (code, _) = set(&program, call, &["tier=platinum", "--if", "!absent", "--if", "choice=1"]);
    assert_eq!(code, Some(0));
}

#[test]
fn what_is_accepted_and_not_seen_is_7() {
    let center = Center::new(&["lose-patch"]);
    let call = center.call(&[("tier", "gold")]);
    let mut program = center.program();
    program.configure("[profile.quick]\nconfirm_ms = 300\n");
    for more in [&["tier=platinum"][..], &["tier=platinum", "--no-confirm-read"]] {
        let (code, out) = set(&program, call, more);
        assert_eq!((code, &out["outcome"]), (Some(7), &json!("accepted")), "{out}");
        assert_eq!((&out["status"], &out["confirmedBy"]), (&json!(202), &Value::Null));
    }
    program.set("SIDETONE_PROFILE", "quick");
    let human = program.run(&["set", &call.to_string(), "tier=platinum"]);
    assert_eq!(human.code, Some(7));
    assert!(human.stderr.contains("not seen within"), "{}", human.stderr);
}

#[test]
fn read_only_refuses_from_anywhere_and_a_dry_run_sends_nothing() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let (code, out) = set(&center.program(), call, &["tier=platinum", "--read-only"]);
    assert_eq!((code, &out["outcome"]), (Some(3), &json!("failed")));
    let mut by_environment = center.program();
    by_environment.set("SIDETONE_READ_ONLY", "1");
    assert_eq!(set(&by_environment, call, &["tier=platinum"]).0, Some(3));
    let by_profile = center.program();
    by_profile.configure("[profile.prod]\nread_only = true\n");
    assert_eq!(set(&by_profile, call, &["tier=platinum"]).0, Some(3));
    let (code, out) = set(&by_profile, call, &["tier=platinum", "--dry-run"]);
    assert_eq!((code, &out["outcome"]), (Some(0), &json!("dry-run")), "{out}");
    assert_eq!(out["body"]["attributes"]["tier"], "platinum");
    assert_eq!(center.value(call, "tier").as_deref(), Some("gold"));
}

#[test]
fn a_409_is_merged_again_and_a_lost_answer_is_settled_by_reading() {
    side_by_side([("409=1", true), ("503=1,on=PATCH", true), ("504=1,on=PATCH", false)], |(fault, sent_again)| {
        let center = Center::new(&[fault]);
        let call = center.call(&[("tier", "gold")]);
        let (code, out) = set(&center.program(), call, &["tier=platinum"]);
        assert_eq!((code, &out["outcome"]), (Some(0), &json!("confirmed")), "{fault}: {out}");
        assert!(!sent_again || out["attempts"] == 2, "{fault}: {out}");
        assert_eq!(center.value(call, "tier").as_deref(), Some("platinum"), "{fault}");
    });
}

#[test]
fn an_exhausted_write_says_what_came_back() {
    let center = Center::new(&["409=4"]);
    let call = center.call(&[("tier", "gold")]);
    let output = center.program().run(&["set", &call.to_string(), "tier=platinum", "--json"]);
    let out: Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!((output.code, &out["outcome"], &out["attempts"]), (Some(1), &json!("failed"), &json!(4)), "{out}");
    for words in ["kept changing", "PATCH /api/v2/conversations/", "409", "correlation id"] {
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
    }
}

#[test]
fn a_condition_holds_also_where_the_value_is_there_already() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "platinum")]);
    let (code, out) = set(&center.program(), call, &["tier=platinum", "--if", "tier=gold"]);
    assert_eq!((code, &out["outcome"], &out["attempts"]), (Some(5), &json!("conflict"), &json!(0)), "{out}");
}

#[test]
fn refusals_and_wrong_targets_have_their_codes() {
    let center = Center::new(&["413"]);
    let call = center.call(&[("tier", "gold")]);
    let program = center.program();
    let (code, out) = set(&program, call, &["tier=platinum"]);
    assert_eq!((code, &out["outcome"]), (Some(1), &json!("failed")), "{out}");
    assert_eq!(set(&program, call, &["--participant", "supervisor", "k=v"]).0, Some(4));
    assert_eq!(set(&program, Uuid::new_v4(), &["k=v"]).0, Some(4));
    assert_eq!(program.run(&["set", &call.to_string()]).code, Some(2));
    assert_eq!(program.run(&["set", &call.to_string(), "no-equals-sign"]).code, Some(2));
}

#[test]
fn a_payload_is_unwrapped_with_a_note_or_refused_with_the_reason() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let (program, id) = (center.program(), call.to_string());
    for payload in [
        r#"{"tier":"a","n":1,"b":true}"#,
        r#"{"attributes":{"tier":"a","n":1,"b":true}}"#,
        r#"{"data":{"tier":"a","n":1,"b":true}}"#,
        r#"{"participantId":"x","data":{"tier":"a","n":1,"b":true}}"#,
    ] {
        std::fs::write(program.home().join("payload.json"), payload).unwrap();
        let output = program.run(&["set", &id, "--from", "payload.json", "--dry-run", "--json"]);
        assert_eq!(output.code, Some(0), "{payload}: {}", output.stderr);
        let out: Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(out["requested"], json!({"tier": "a", "n": "1", "b": "true"}), "{payload}");
        assert!(output.stderr.contains("\"1\""), "numbers become text with a note: {}", output.stderr);
    }
    for refused in [r#"{"tier":null}"#, r#"{"tier":{"a":1}}"#, "not json", ""] {
        std::fs::write(program.home().join("payload.json"), refused).unwrap();
        assert_eq!(program.run(&["set", &id, "--from", "payload.json"]).code, Some(2), "{refused}");
    }
    assert_eq!(center.value(call, "tier").as_deref(), Some("gold"));
}

#[test]
fn nothing_secret_is_in_the_log_at_its_finest() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = center.program();
    let (code, _) = set(&program, call, &["tier=platinum", "--log-level", "trace"]);
    assert_eq!(code, Some(0));
    let mut log = String::new();
    for file in std::fs::read_dir(program.home().join("log")).unwrap() {
        log += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    assert!(!log.is_empty(), "something was logged");
    assert!(!log.contains(&center.sim.client_secret) && !log.contains("Bearer") && !log.contains("Basic"), "{log}");
    assert!(!log.to_lowercase().contains("access_token"), "{log}");
}

/// Waits until this many writes reached the server.
fn await_writes(center: &Center, count: u64) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(180);
    while center.sim.writes() < count {
        assert!(std::time::Instant::now() < deadline, "no write came");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn values_that_are_not_text_are_refused_left_out_or_converted_as_asked() {
    let center = Center::new(&[]);
    let call = || {
        let untyped = vec![("nothing".to_owned(), "null".to_owned()), ("count".to_owned(), "5".to_owned())];
        let attributes = vec![("tier".to_owned(), "gold".to_owned())];
        let placed = Placed { queue: Some(center.queue()), attributes, untyped, ..Placed::default() };
        center.sim.place(&placed).unwrap()
    };
    let attributes = |call: Uuid| center.sim.rest(call).unwrap()["participants"][0]["attributes"].clone();
    let program = center.program();
    let refused = call();
    let output = program.run(&["set", &refused.to_string(), "tier=platinum"]);
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    for words in
        ["\"nothing\", \"count\" are not text", "nothing was sent", "sending leaves them out", "--non-text omit"]
    {
        assert!(output.stderr.contains(words), "{words}: {}", output.stderr);
    }
    assert_eq!(attributes(refused), json!({"tier": "gold", "nothing": null, "count": 5}));
    let told = program.run(&["set", &refused.to_string(), "tier=platinum", "--dry-run"]);
    assert!(told.stderr.contains("are not text"), "{}", told.stderr);

    let omitted = call();
    let (code, out) = set(&program, omitted, &["tier=platinum", "--non-text", "omit"]);
    assert_eq!((code, &out["body"]["attributes"]), (Some(0), &json!({"tier": "platinum"})), "{out}");
    assert_eq!(attributes(omitted), json!({"tier": "platinum", "nothing": null, "count": 5}));

    let converted = call();
    let (code, _) = set(&program, converted, &["tier=platinum", "--non-text", "convert"]);
    assert_eq!(code, Some(0));
    assert_eq!(attributes(converted), json!({"tier": "platinum", "nothing": "null", "count": "5"}));

    // The text "null" is not the JSON null.
    let (code, out) = set(&program, call(), &["tier=x", "--if", "nothing=null", "--non-text", "omit"]);
    assert_eq!((code, &out["outcome"]), (Some(5), &json!("conflict")), "{out}");
    let null = json!([{"key": "nothing", "expected": "null", "theirs": null, "theirsKind": "null"}]);
    assert_eq!(out["conflicts"], null, "{out}");
    let id = call().to_string();
    let told = program.run(&["set", &id, "tier=x", "--if", "nothing=null", "--if", "count=6", "--dry-run"]);
    for words in ["nothing  expected null, found the JSON null", "count  expected 6, found 5 (number, not text)"] {
        assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
    }
}

#[test]
fn a_condition_is_judged_again_before_a_retry() {
    let center = Center::new(&["429=3,on=PATCH"]);
    let call = center.call(&[("tier", "gold"), ("choice", "1")]);
    let program = center.program();
    let id = call.to_string();
    let running = program.follow(&["set", &id, "tier=platinum", "--if", "choice=1", "--json"]);
    await_writes(&center, 1);
    center.sim.set(call, "customer", [("choice", "2")]);
    center.sim.clear_faults();
    let (code, lines, stderr) = running.end();
    let out: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((code, &out["outcome"], &out["attempts"]), (Some(5), &json!("conflict"), &json!(1)), "{out} {stderr}");
    assert_eq!(out["conflicts"][0], json!({"key": "choice", "expected": "1", "theirs": "2"}));
    assert_eq!(center.value(call, "tier").as_deref(), Some("gold"));
}

#[test]
fn an_older_value_of_another_key_is_never_written_back() {
    side_by_side([after_two_older_reads as fn(), when_every_read_is_older], |run| run());
}

fn after_two_older_reads() {
    let center = Center::new(&["429=2,on=PATCH"]);
    let call = center.call(&[("tier", "gold"), ("k", "a")]);
    let program = center.program();
    let id = call.to_string();
    let running = program.follow(&["set", &id, "tier=platinum", "--json"]);
    await_writes(&center, 1);
    // The stream tells of it. The reads before the next try are older.
    center.sim.set(call, "customer", [("k", "b")]);
    center.sim.clear_faults();
    center.sim.add_fault("old-read=2".parse().unwrap());
    let (code, lines, stderr) = running.end();
    let out: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((code, &out["outcome"]), (Some(0), &json!("confirmed")), "{out} {stderr}");
    assert_eq!(out["body"]["attributes"], json!({"tier": "platinum", "k": "b"}));
    assert_eq!(center.value(call, "k").as_deref(), Some("b"));
}

/// If no read ever shows what the stream showed, nothing is sent.
fn when_every_read_is_older() {
    let center = Center::new(&["429=3,on=PATCH"]);
    let call = center.call(&[("tier", "gold"), ("k", "a")]);
    let program = center.program();
    let running = program.follow(&["set", &call.to_string(), "tier=platinum", "--json"]);
    await_writes(&center, 1);
    center.sim.set(call, "customer", [("k", "b")]);
    center.sim.clear_faults();
    center.sim.add_fault("old-read".parse().unwrap());
    let (code, lines, stderr) = running.end();
    let out: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((code, &out["outcome"]), (Some(1), &json!("failed")), "{out} {stderr}");
    assert!(stderr.contains("\"k\" was seen with a newer value"), "{stderr}");
    assert_eq!(center.value(call, "tier").as_deref(), Some("gold"));
    assert_eq!(center.value(call, "k").as_deref(), Some("b"));
}

#[test]
fn a_408_is_settled_by_reading_and_a_404_is_looked_into() {
    side_by_side(["408=1,on=PATCH", "404=1,on=PATCH"], |fault| {
        let center = Center::new(&[fault]);
        let call = center.call(&[("tier", "gold")]);
        let (code, out) = set(&center.program(), call, &["tier=platinum"]);
        assert_eq!((code, &out["outcome"], &out["attempts"]), (Some(0), &json!("confirmed"), &json!(2)), "{out}");
    });

    let lasting = Center::new(&["404=50,on=PATCH"]);
    let call = lasting.call(&[("tier", "gold")]);
    let output = lasting.program().run(&["set", &call.to_string(), "tier=platinum"]);
    assert_eq!(output.code, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("was read just before and just after"), "{}", output.stderr);
    assert!(!output.stderr.contains("Check the id"), "{}", output.stderr);
}

/// Whether this process, and so every child of it, was started with hangups ignored. Only Linux tells.
#[cfg(unix)]
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(unix)]
#[test]
fn a_set_that_a_signal_ends_says_what_is_known() {
    use rustix::process::Signal;
    for (fault, signal, code, outcome, said) in [
        ("slow=20s,on=PATCH", Signal::INT, 130, "unknown", "sent, outcome unknown"),
        ("lose-patch", Signal::TERM, 143, "accepted", "accepted, not seen yet"),
        ("slow=20s,on=PATCH", Signal::HUP, 143, "unknown", "sent, outcome unknown"),
        ("slow=20s,on=PATCH", Signal::QUIT, 143, "unknown", "sent, outcome unknown"),
    ] {
        if signal == Signal::HUP && hangups_are_ignored() {
            eprintln!("not run: these tests were started under nohup, so that their children ignore a hangup, too");
            continue;
        }
        for json in [true, false] {
            let center = Center::new(&[fault]);
            let call = center.call(&[("tier", "gold")]).to_string();
            let program = center.program();
            let format: &[&str] = if json { &["--json"] } else { &[] };
            let running = program.follow(&[&["set", &call, "tier=platinum"], format].concat());
            await_writes(&center, 1);
            if outcome == "accepted" {
                let audit = program.home().join("state").join("audit.jsonl");
                while !std::fs::read_to_string(&audit).is_ok_and(|text| text.contains("\"accepted\"")) {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            }
            running.signal(signal);
            let (ended, lines, stderr) = running.end();
            assert_eq!(ended, Some(code), "{stderr}");
            let text = lines.join("\n");
            let words = if json { format!("\"outcome\":\"{outcome}\"") } else { said.to_owned() };
            assert!(text.contains(&words), "{text} {stderr}");
        }
    }
}

#[test]
fn set_names_the_participant_and_the_one_that_holds_the_value() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    assert!(center.sim.transfer(call, &center.queue()), "a second acd participant");
    let people = center.sim.rest(call).unwrap()["participants"].clone();
    let of = |purpose: &str| -> Vec<String> {
        let found = people.as_array().unwrap().iter().filter(|p| p["purpose"] == purpose);
        found.map(|p| p["id"].as_str().unwrap().to_owned()).collect()
    };
    let (customer, queues) = (of("customer"), of("acd"));
    let (program, id) = (center.program(), call.to_string());
    let output = program.run(&["set", &id, "step=1", "--participant", "acd"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.contains(&format!("acd {}", queues[1])), "{}", output.stdout);
    assert!(output.stderr.contains(&format!("--participant {}", queues[0])), "{}", output.stderr);
    // One that has left is noted like a call that has ended.
    let output = program.run(&["set", &id, "step=1", "--participant", &queues[0]]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("has left"), "{}", output.stderr);
    let output = program.run(&["set", &id, "step=2", "--participant", "acd", "--if", "tier=gold"]);
    assert_eq!(output.code, Some(5), "{}", output.stderr);
    assert!(output.stderr.contains(&format!("--participant {}", customer[0])), "{}", output.stderr);
}

/// Of two keys that look the same the decomposed one is told apart, in the block of a call and in its changes.
#[test]
fn keys_that_look_the_same_are_told_apart_for_people() {
    let center = Center::new(&[]);
    let id = center.call(&[("pr\u{e9}nom", "composed"), ("pre\u{301}nom", "decomposed")]);
    let told = center.program().run(&["watch", "--conversation", &id.to_string(), "--count", "2"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stdout.contains("pr\u{e9}nom=composed"), "{}", told.stdout);
    assert!(told.stdout.contains("pre\u{25cc}\u{301}nom=decomposed"), "{}", told.stdout);
}

/// A full disk behind stdout: what became of the change is said all the same.
#[test]
#[cfg(target_os = "linux")]
fn a_set_whose_stdout_is_full_says_what_became_of_the_change() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    for more in [&[][..], &["--json"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let program = center.program();
        let mut command = program.command(&[&["set", &call.to_string(), "tier=silver"], more].concat());
        let output = command.stdout(full).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains("cannot write to stdout"), "{stderr}");
        assert!(stderr.contains("the change was sent and seen"), "{stderr}");
    }
    assert_eq!(center.value(call, "tier").as_deref(), Some("silver"));
}
