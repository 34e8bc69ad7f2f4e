//! `check` against the simulator.

use crate::support::{Center, Program};
use serde_json::Value;
use sidetone::{
    expectfile,
    sim::{
        self, Running, SimOptions,
        scenario::{self, Scenario},
    },
};
use std::collections::BTreeSet;

const EXPECTATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/scenarios/default.expect.toml");

async fn start(scenario: Scenario, calls: usize, speed: f64) -> Running {
    sim::start(SimOptions { scenario, calls: Some(calls), speed, seed: 7, ..SimOptions::default() }).await.unwrap()
}

fn program(running: &Running) -> Program {
    let mut program = Program::new();
    program
        .set("SIDETONE_API_URL", &running.api_url)
        .set("SIDETONE_LOGIN_URL", &running.login_url)
        .set("GENESYS_CLIENT_ID", &running.client_id)
        .set("GENESYS_CLIENT_SECRET", &running.client_secret);
    program
}

/// Runs beside the simulator, which lives on this runtime.
async fn run(running: &Running, args: Vec<String>) -> (Option<i32>, String, String) {
    let program = program(running);
    let output = tokio::task::spawn_blocking(move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        program.run(&args)
    });
    let output = output.await.unwrap();
    (output.code, output.stdout, output.stderr)
}

fn args(args: &[&str]) -> Vec<String> {
    args.iter().map(|a| (*a).to_owned()).collect()
}

fn findings(stdout: &str) -> Vec<Value> {
    stdout.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn part<'a>(finding: &'a Value, name: &str) -> &'a str {
    finding[name].as_str().unwrap_or_default()
}

#[test]
fn the_rules_are_listed_without_a_connection() {
    let program = Program::new();
    let page = program.run(&["check", "--rules"]);
    assert_eq!((page.code, page.stderr.as_str()), (Some(0), ""));
    assert!(page.stdout.contains("lost-on-transfer") && !page.stdout.contains("##"), "for people, not Markdown");
    assert!(page.stdout.lines().all(|line| line.chars().count() <= 100), "{}", page.stdout);
    let lines = program.run(&["check", "--rules", "--json"]);
    let rules = findings(&lines.stdout);
    assert!(rules.len() >= 20);
    for rule in rules {
        assert!(page.stdout.lines().any(|line| line.starts_with(&format!("{} ", part(&rule, "rule")))), "{rule}");
        assert!(!part(&rule, "remedy").is_empty() && !part(&rule, "source").is_empty(), "{rule}");
    }
}

#[test]
fn wrong_usage_is_told_before_anything_is_asked() {
    let program = Program::new();
    let nothing = program.run(&["check"]);
    assert_eq!(nothing.code, Some(2));
    assert!(nothing.stderr.contains("--queue"), "{}", nothing.stderr);
    std::fs::write(program.home().join("e.toml"), "[[expect]]\nkey = \"a\"\nrequird = true\n").unwrap();
    let misspelt = program.run(&["check", "--expect", "e.toml", "--all-queues"]);
    assert_eq!(misspelt.code, Some(2));
    assert!(misspelt.stderr.contains("e.toml:3:") && misspelt.stderr.contains("\"required\""), "{}", misspelt.stderr);
    assert_eq!(program.run(&["check", "--expect", "none.toml", "--all-queues"]).code, Some(2));
}

/// Everything that is planted and visible on the live calls is found in one reading, on the right key and participant.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_reading_finds_what_is_planted() {
    let scenario = scenario::parse(scenario::DEFAULT).unwrap();
    let running = start(scenario.clone(), 40, 1.0).await;
    let calls = running.conversations();
    let now = running.with_world(|world| world.next_due().unwrap());
    let mut command = args(&["check", "--json", "--expect", EXPECTATIONS]);
    let live: Vec<_> = calls.iter().filter(|c| c.end.is_none()).collect();
    for call in &live {
        command.extend(["--conversation".to_owned(), call.id.to_string()]);
    }
    let (code, stdout, stderr) = run(&running, command).await;
    assert_eq!(code, Some(6), "{stderr}");
    let found = findings(&stdout);
    // What only watching shows is not to be seen in one reading.
    let over_time = ["lost-on-transfer", "flow-wrote-back"];
    let mut rules = BTreeSet::new();
    for call in &live {
        let story = &scenario.stories[call.story.unwrap()];
        let visible = |from: i64| call.start + (from as f64 * call.stretch) as i64 + 1_000 < now;
        for plant in story.plants.iter().filter(|p| visible(p.from) && !over_time.contains(&p.rule.as_str())) {
            let hit = found.iter().find(|f| {
                part(f, "conversationId") == call.id.to_string()
                    && part(f, "rule") == plant.rule
                    && part(f, "key") == plant.key
            });
            let Some(hit) = hit else { panic!("{}: {plant:?} in {stdout}", story.name) };
            let participant = call.participants.iter().find(|p| p.id.to_string() == part(hit, "participantId"));
            assert_eq!(participant.map(|p| p.purpose.as_str()), Some(plant.on.as_str()), "{hit}");
            rules.insert(plant.rule.clone());
        }
    }
    for rule in ["missing", "wrong-participant", "unresolved-template", "personal-data-in-clear"] {
        assert!(rules.contains(rule), "{rule} is not among {rules:?}");
    }
    assert!(stderr.contains(&format!("looked at {} calls", live.len())), "{stderr}");
    assert!(!stdout.contains("4111111111111111"), "card numbers are masked in messages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn watching_finds_what_happens_over_time() {
    let mut scenario = scenario::parse(scenario::DEFAULT).unwrap();
    scenario.stories.retain(|story| story.name == "values lost on transfer");
    let running = start(scenario.clone(), 12, 10.0).await;
    let (code, stdout, stderr) = run(&running, args(&["check", "--all-queues", "--follow", "3s", "--json"])).await;
    let found = findings(&stdout);
    assert_eq!(code, Some(0), "warnings are no errors: {stderr}");
    let plants = &scenario.stories[0].plants;
    for plant in plants {
        assert!(
            found.iter().any(|f| part(f, "rule") == plant.rule && part(f, "key") == plant.key),
            "{plant:?}: {stdout}"
        );
    }
    for finding in &found {
        let planted = plants.iter().any(|p| part(finding, "rule") == p.rule && part(finding, "key") == p.key);
        assert!(planted, "{finding}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_found_where_nothing_is_wrong() {
    let running = start(scenario::parse(scenario::CLEAN).unwrap(), 6, 10.0).await;
    let once = run(&running, args(&["check", "--all-queues", "--flow", "Front Door", "--strict"])).await;
    assert_eq!(once.0, Some(0), "{once:?}");
    assert!(once.1.contains("nothing found"), "{once:?}");
    let (code, stdout, stderr) =
        run(&running, args(&["check", "--all-queues", "--follow", "1s", "--json", "--strict"])).await;
    assert_eq!((code, stdout.as_str()), (Some(0), ""), "{stderr}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_learnt_file_is_read_and_met_by_the_calls_it_was_learnt_from() {
    let running = start(scenario::parse(scenario::CLEAN).unwrap(), 12, 1.0).await;
    let (code, file, stderr) = run(&running, args(&["check", "--all-queues", "--flow", "Front Door", "--learn"])).await;
    assert_eq!(code, Some(0), "{stderr}");
    let learnt = expectfile::parse(&file).unwrap_or_else(|problems| panic!("{problems:?}\n{file}"));
    assert!(learnt.iter().any(|e| e.key == "customer_tier" && e.on == "customer"), "{file}");
    let path = std::env::temp_dir().join(format!("sidetone-learnt-{}.toml", std::process::id()));
    std::fs::write(&path, &file).unwrap();
    let again =
        run(&running, args(&["check", "--all-queues", "--flow", "Front Door", "--expect", path.to_str().unwrap()]))
            .await;
    std::fs::remove_file(&path).unwrap();
    assert_eq!(again.0, Some(0), "{again:?}\n{file}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_that_is_not_there_is_code_4() {
    let running = start(scenario::parse(scenario::CLEAN).unwrap(), 0, 1.0).await;
    let (code, stdout, stderr) = run(&running, args(&["check", "7c1e0c55-3c2d-4e57-8a55-1d2c3b4a5f42"])).await;
    assert_eq!((code, stdout.as_str()), (Some(4), ""), "{stderr}");
}

#[test]
fn nothing_is_called_missing_while_the_link_is_down() {
    let center = Center::new(&[]);
    let program = center.program();
    // Later than a busy machine needs to show the call and to lose the link.
    let expected = "[[expect]]\nkey = \"tier\"\nby = \"8s\"\n";
    std::fs::write(program.home().join("e.toml"), expected).unwrap();
    let run = program.follow(&["check", "--all-queues", "--follow", "10s", "--expect", "e.toml", "--json"]);
    while center.sim.connected() == 0 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // What is found about this value says that the call was seen.
    center.call(&[("greeting", "{{interaction.name}}")]);
    run.until("unresolved-template");
    drop(center);
    let (code, rest, stderr) = run.end();
    assert_eq!((code, rest), (Some(6), Vec::new()), "what was missed may be what is missing: {stderr}");
    assert!(stderr.contains("1 of them not since the link was lost"), "{stderr}");
    assert!(stderr.contains("not every call could be looked at"), "{stderr}");
}

/// Calls whose ivr participants are named after a place are judged by the flow that they really ran; where nobody tells
/// which one that was, the check does not pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_could_judge_nothing_does_not_pass() {
    let place = |scenario: &mut Scenario| {
        scenario.numbers = vec![sim::scenario::Number { number: "+15550100100".into(), place: "Chicago IL".into() }];
    };
    let file = std::env::temp_dir().join(format!("sidetone-flow-{}.toml", std::process::id()));
    std::fs::write(&file, "[[expect]]\nkey = \"customer_tier\"\nwhen = \"flow:\\\"Front Door\\\"\"\n").unwrap();
    let command = args(&["check", "--all-queues", "--expect", file.to_str().unwrap()]);
    // Either permission is enough for the query.
    let denied = ["deny=analytics:conversationDetail:view", "deny=analytics:agentConversationDetail:view"];
    for (fault, words) in [
        (&[][..], "customer_tier is not on customer at flow end"),
        (&denied[..], "not decided: customer_tier on customer at flow-end"),
    ] {
        let mut scenario = scenario::parse(scenario::CLEAN).unwrap();
        place(&mut scenario);
        let faults = fault.iter().map(|spec| spec.parse().unwrap()).collect();
        let options = SimOptions { scenario, calls: Some(0), seed: 7, faults, ..SimOptions::default() };
        let running = sim::start(options).await.unwrap();
        let (ended, stdout, stderr) = run(&running, command.clone()).await;
        assert_eq!(ended, Some(0), "{stderr}");
        assert!(stdout.contains("no expectation was judged"), "{stdout}{stderr}");
        let flow = Some("Front Door".to_owned());
        let queue = Some("Support".to_owned());
        running.place(&sim::Placed { flow: flow.clone(), queue: queue.clone(), ..sim::Placed::default() }).unwrap();
        // Analytics are asked for the flow; without them only an event of it would tell, and none came.
        let (ended, stdout, stderr) = run(&running, command.clone()).await;
        assert_eq!(ended, Some(6), "{fault:?}: {stdout}{stderr}");
        assert!(stdout.contains(words), "{fault:?}: {stdout}{stderr}");
        assert!(!stdout.contains("Chicago"), "{stdout}");
    }
    std::fs::remove_file(&file).unwrap();
}

/// Where calls may not be looked for, or a flow is named that nobody knows, nothing was checked: that is no success.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_may_not_look_does_not_pass() {
    let dir = tempfile::tempdir().unwrap();
    let expecting = |name: &str, when: &str| {
        let file = dir.path().join(name);
        std::fs::write(&file, format!("[[expect]]\nkey = \"customer_tier\"\nwhen = '{when}'\n")).unwrap();
        args(&["--expect", file.to_str().unwrap()])
    };
    let center = async |calls, fault: Option<&str>| {
        let faults = fault.map(|spec| spec.parse().unwrap()).into_iter().collect();
        let scenario = scenario::parse(scenario::CLEAN).unwrap();
        // Calls that are there stay as they are: an event would tell what may not be read.
        let speed = if calls > 0 { 0.001 } else { 1.0 };
        sim::start(SimOptions { scenario, calls: Some(calls), speed, seed: 7, faults, ..SimOptions::default() })
            .await
            .unwrap()
    };
    let every = args(&["check", "--all-queues"]);
    let in_queue = expecting("queue.toml", "queue:Support");
    let command = [every.clone(), in_queue.clone()].concat();
    let blind = async {
        let blind = center(0, Some("deny=analytics:queueObservation:view")).await;
        let (ended, _, stderr) = run(&blind, command.clone()).await;
        assert_eq!(ended, Some(3), "{stderr}");
        assert!(stderr.contains("403"), "{stderr}");
        let (ended, _, stderr) = run(&blind, [command.clone(), args(&["--follow", "1s"])].concat()).await;
        assert_eq!(ended, Some(6), "{stderr}");
        assert!(stderr.contains("not every call could be looked at"), "{stderr}");
    };
    // Nor where flows alone are watched: nothing can be seen.
    let unseen = async {
        let unseen = center(0, Some("403=on=/analytics")).await;
        let follow = args(&["check", "--flow", "Front Door", "--follow", "3s"]);
        let (ended, _, stderr) = run(&unseen, [follow, in_queue.clone()].concat()).await;
        assert_eq!(ended, Some(3), "{stderr}");
        assert!(stderr.contains("may not be looked for"), "{stderr}");
    };
    // Calls are found and none may be read.
    let unread = async |more: &[&str]| {
        let unread = center(3, Some("deny=conversation:communication:view")).await;
        let (ended, stdout, stderr) = run(&unread, [every.clone(), args(more)].concat()).await;
        assert_eq!(ended, Some(3), "{stdout}{stderr}");
        assert_eq!(stderr.matches("403 missing.any.permissions").count(), 1, "{stderr}");
    };
    let seeing = async {
        let seeing = center(0, None).await;
        for (when, ended) in [("flow:NoSuchFlow", 2), ("flow:Front", 0)] {
            let (code, stdout, stderr) = run(&seeing, [every.clone(), expecting("flow.toml", when)].concat()).await;
            assert_eq!(code, Some(ended), "{when}: {stdout}{stderr}");
            assert_eq!(stderr.contains("flow:NoSuchFlow"), ended == 2, "{stderr}");
        }
        // A version that no call ran may be a slip.
        let (flow, queue) = (Some("Front Door".to_owned()), Some("Support".to_owned()));
        seeing.place(&sim::Placed { flow, queue, ..sim::Placed::default() }).unwrap();
        let (code, stdout, stderr) =
            run(&seeing, [every.clone(), expecting("flow.toml", "flow:Front@99")].concat()).await;
        assert_eq!(code, Some(0), "{stdout}{stderr}");
        assert!(stdout.contains("no call ran version 99 of Front; seen: "), "{stdout}{stderr}");
    };
    // Side by side: each takes its seconds.
    tokio::join!(blind, unseen, unread(&[]), unread(&["--follow", "8s"]), seeing);
}

/// Whatever keeps it from looking at all calls, `check --follow` does not pass, and says what it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_follows_and_sees_nothing_or_not_all_does_not_pass() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("expect.toml");
    std::fs::write(&file, "[[expect]]\nkey = \"customer_tier\"\n").unwrap();
    let follow =
        |what: &[&str]| [args(&["check", "--follow", "2s", "--expect", file.to_str().unwrap()]), args(what)].concat();
    let unmet = "not every call could be looked at";
    let cases = [
        ("500=100000,on=/notifications/channels", 6, "500"),
        ("403=on=/notifications/channels", 3, "403"),
        ("403=conversations", 3, "refused every topic"),
        ("500=100000,on=/observations/query", 6, "500"),
        ("500=100000,on=GET /api/v2/conversations/", 6, unmet),
    ];
    let looked = async |(fault, ended, words)| {
        let scenario = scenario::parse(scenario::CLEAN).unwrap();
        let faults = vec![str::parse(fault).unwrap_or_else(|e| panic!("{fault}: {e}"))];
        let options = SimOptions { scenario, calls: Some(3), seed: 7, faults, ..SimOptions::default() };
        let running = sim::start(options).await.unwrap();
        let (code, stdout, stderr) = run(&running, follow(&["--all-queues"])).await;
        assert_eq!(code, Some(ended), "{fault}: {stdout}{stderr}");
        assert!(stderr.contains(words), "{fault}: {stdout}{stderr}");
        assert!(ended != 6 || stderr.contains(unmet), "{fault}: {stderr}");
    };
    // Signed out once it follows.
    let signed_out = async {
        let running = start(scenario::parse(scenario::CLEAN).unwrap(), 3, 1.0).await;
        let command = follow(&["--all-queues"]);
        let looked = run(&running, command);
        let ended = async {
            while running.topics().is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            running.add_fault("401=100000,on=/api/v2".parse().unwrap());
        };
        let ((code, stdout, stderr), ()) = tokio::join!(looked, ended);
        assert_eq!(code, Some(6), "{stdout}{stderr}");
        assert!(stderr.contains(unmet), "{stderr}");
    };
    // The channel is there, and its socket is not.
    let deaf = async {
        let scenario = scenario::parse(scenario::CLEAN).unwrap();
        let stream_url = Some("ws://127.0.0.1:9".to_owned());
        let options = SimOptions { scenario, calls: Some(3), seed: 7, stream_url, ..SimOptions::default() };
        let running = sim::start(options).await.unwrap();
        let (code, stdout, stderr) = run(&running, follow(&["--all-queues"])).await;
        assert_eq!(code, Some(6), "{stdout}{stderr}");
        assert!(stderr.contains(unmet) && stderr.contains("127.0.0.1:9"), "{stderr}");
    };
    // One call that is named, and cannot be read.
    let unread = async {
        let running = start(scenario::parse(scenario::CLEAN).unwrap(), 2, 1.0).await;
        let id = running.conversations()[0].id.to_string();
        running.add_fault(format!("500=100000,on=/conversations/{id}").parse().unwrap());
        let (code, stdout, stderr) = run(&running, follow(&["--conversation", &id])).await;
        assert_eq!(code, Some(6), "{stdout}{stderr}");
        assert!(stderr.contains(unmet), "{stderr}");
    };
    // Side by side: each takes its seconds.
    tokio::join!(futures_util::future::join_all(cases.map(looked)), signed_out, deaf, unread);
}
