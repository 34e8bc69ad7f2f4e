//! Who is on the call, and is it still there: `watch` against the simulator.

use crate::support::{Center, Program};
use serde_json::Value;
use sidetone::sim::{
    self, Placed, Running, SimOptions,
    scenario::{self},
};
use std::time::{Duration, Instant};

async fn start() -> Running {
    let text = format!("{}\n[[queue]]\nname = \"Sales\"\n", scenario::CLEAN);
    let scenario = scenario::parse(&text).unwrap();
    sim::start(SimOptions { scenario, calls: Some(0), seed: 7, ..SimOptions::default() }).await.unwrap()
}

/// Runs `watch --json` beside the simulator, which lives on this runtime.
fn watch(running: &Running, args: &[&str]) -> tokio::task::JoinHandle<(Option<i32>, Vec<Value>, String)> {
    let mut program = Program::new();
    program
        .set("SIDETONE_API_URL", &running.api_url)
        .set("SIDETONE_LOGIN_URL", &running.login_url)
        .set("GENESYS_CLIENT_ID", &running.client_id)
        .set("GENESYS_CLIENT_SECRET", &running.client_secret);
    let args: Vec<String> = ["watch", "--json"].iter().chain(args).map(|a| (*a).to_owned()).collect();
    tokio::task::spawn_blocking(move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = program.run(&args);
        let lines = output.stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        (output.code, lines, output.stderr)
    })
}

async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is() {
        assert!(began.elapsed() < Duration::from_secs(180), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_leaves_the_watched_queue_is_followed_and_marked() {
    let running = start().await;
    let queue = Some("Support".to_owned());
    let id = running.place(&Placed { queue, ..Placed::default() }).unwrap();
    let watching = watch(&running, &["--queue", "Support", "--until", "after=yes", "--timeout", "30s"]);
    until("the queue is watched", || !running.topics().is_empty()).await;
    running.set(id, "customer", [("before", "yes")]);
    running.transfer(id, "Sales");
    let own = format!("v2.detail.events.conversation.{id}.attributes");
    until("the call is followed", || running.topics().contains(&own)).await;
    running.set(id, "customer", [("after", "yes")]);
    let (code, lines, stderr) = watching.await.unwrap();
    assert_eq!(code, Some(0), "{stderr}");
    let left: Vec<&Value> = lines.iter().filter(|line| !line["left"].is_null()).collect();
    assert!(!left.is_empty() && left[0]["change"] == "updated", "{lines:?}");
    assert_eq!(left[0]["left"], serde_json::json!(["Support"]));
}

/// The same of a call that was there before the simulator told of anything, and that is known by a read alone.
#[test]
fn a_call_that_was_there_at_the_start_is_followed_when_it_leaves() {
    let text = r#"
calls = 1
[organization]
name = "T"
domain = "t.example"
[[queue]]
name = "Support"
[[queue]]
name = "Sales"
[[user]]
name = "Ada Agent"
email = "ada@t.example"
queues = ["Support", "Sales"]
[[caller]]
name = "Cal"
number = "+15550100123"
[[story]]
name = "stays"
media = "call"
to = "+15550001111"
steps = [{ at = 0, do = "queue", name = "Support" }, { at = 1, do = "answer" }, { at = 3600, do = "end" }]
"#;
    let center = Center::with(&[], |options| {
        options.scenario = scenario::parse(text).unwrap();
        options.calls = None;
    });
    let id = center.sim.conversations()[0].id;
    let watching = center.program().follow(&["watch", "--json", "--queue", "Support", "--until", "after=yes"]);
    watching.until(&id.to_string());
    assert!(center.sim.transfer(id, "Sales"));
    let mut lines = watching.until("\"left\":[\"Support\"]");
    // From now on only its own topics tell of it.
    assert!(center.sim.set(id, "customer", [("after", "yes")]));
    let (code, rest, stderr) = watching.end();
    lines.extend(rest);
    assert_eq!(code, Some(0), "{stderr}");
    assert!(lines.iter().any(|line| line.contains("\"after\"")), "{lines:?}");
}

#[test]
fn a_call_that_the_platform_no_longer_has_has_ended() {
    let center = Center::new(&[]);
    let own = center.call(&[]).to_string();
    let watching = center.program().follow(&["watch", "--json", "--conversation", &own, "--until", "state:ended"]);
    // It was read: before that, a 404 would mean that there never was such a call.
    watching.until("\"change\":\"started\"");
    center.sim.add_fault(format!("404=1000,on=/conversations/{own}").parse().unwrap());
    let (code, lines, stderr) = watching.end();
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(lines.iter().filter(|line| line.contains("\"change\":\"ended\"")).count(), 1, "{lines:?}");
}

/// The flow and version of a call are on its lines, though its ivr participant has another name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_tell_the_flow_and_its_version() {
    let running = start().await;
    let (flow, queue) = (Some("Front Door".to_owned()), Some("Support".to_owned()));
    running.place(&Placed { flow, queue, ..Placed::default() }).unwrap();
    let watching = watch(&running, &["--queue", "Support", "--until", "flow:\"Front Door@1\"", "--timeout", "30s"]);
    let (code, lines, stderr) = watching.await.unwrap();
    assert_eq!(code, Some(0), "{stderr}");
    let told = lines.iter().find(|line| !line["flowVersion"].is_null()).expect("a line with the flow");
    assert_eq!((&told["flowName"], &told["type"]), (&"Front Door".into(), &"conversation".into()));
    assert_eq!(told["flowId"], running.flow_id("Front Door").unwrap().to_string());
}

/// The metrics of a flow tell of its calls at once: one that is over within a moment is seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_of_a_moment_in_a_flow_is_seen() {
    let running = start().await;
    let watching = watch(&running, &["--flow", "Front Door", "--until", "state:ended", "--timeout", "30s"]);
    let own = format!("v2.analytics.flow.{}.metrics", running.flow_id("Front Door").unwrap());
    until("the flow's metrics are subscribed", || running.topics().contains(&own)).await;
    let first = running.place(&Placed { flow: Some("Front Door".into()), ..Placed::default() }).unwrap();
    // No list of calls that are in the flow has it after this.
    running.hang_up(first);
    let (code, lines, stderr) = watching.await.unwrap();
    assert_eq!(code, Some(0), "{stderr}");
    let change = |change: &str| {
        let is = |line: &&Value| line["conversationId"] == first.to_string() && line["change"] == change;
        lines.iter().filter(is).count()
    };
    assert_eq!((change("started"), change("ended")), (1, 1), "{lines:?}");
}

/// A call that flows list and that cannot be read is told once and not asked for again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_cannot_be_read_is_told_once() {
    let running = start().await;
    let id = running.place(&Placed { flow: Some("Front Door".into()), ..Placed::default() }).unwrap();
    // From the third read on it could be read.
    running.add_fault(format!("404=2,on=GET /api/v2/conversations/{id}").parse().unwrap());
    let watching = watch(&running, &["--flow", "Front Door", "--timeout", "7s"]);
    let began = Instant::now();
    let mut n = 0;
    while began.elapsed() < Duration::from_secs(7) {
        running.set(id, "customer", [("n", n.to_string())]);
        n += 1;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let (code, lines, stderr) = watching.await.unwrap();
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stderr.matches(&format!("conversation {id} could not be read")).count(), 1, "{stderr}");
    assert!(stderr.contains("division"), "{stderr}");
    assert!(!lines.iter().any(|line| line["conversationId"] == id.to_string()), "{lines:?}");
}
