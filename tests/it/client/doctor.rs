//! `doctor`, `login` and `logout` as the real program.

use super::{requests::placed, *};
use crate::support::Program;
use serde_json::Value;
use std::collections::BTreeMap;

/// The program, connected to a simulator.
fn program(sim: &Running) -> Program {
    let mut program = Program::new();
    program.set("SIDETONE_API_URL", &sim.api_url).set("SIDETONE_LOGIN_URL", &sim.login_url);
    program.set("GENESYS_CLIENT_ID", &sim.client_id).set("GENESYS_CLIENT_SECRET", &sim.client_secret);
    program
}

/// Runs it without holding up the simulator. Exit code, and the status and line of each check.
async fn doctor(program: Program, args: &'static [&'static str]) -> (Option<i32>, BTreeMap<String, (String, Value)>) {
    doctor_with(program, args.iter().map(|a| (*a).to_owned()).collect()).await
}

async fn doctor_with(program: Program, args: Vec<String>) -> (Option<i32>, BTreeMap<String, (String, Value)>) {
    let run = tokio::task::spawn_blocking(move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        program.run(&args)
    });
    let output = run.await.expect("the program ends");
    assert!(!output.stdout.contains("sample-"), "no token is shown: {}", output.stdout);
    let line = |line: &str| {
        let check: Value = serde_json::from_str(line).expect("one object a line");
        assert_eq!(check["type"], "check");
        let text = |field: &str| check[field].as_str().unwrap_or_default().to_owned();
        (text("name"), (text("status"), check))
    };
    (output.code, output.stdout.lines().map(line).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn everything_passes_where_everything_is_well() {
    let sim = start(&[]).await;
    let (code, checks) = doctor(program(&sim), &["doctor", "--json"]).await;
    assert_eq!(code, Some(0), "{checks:?}");
    for name in
        ["proxy", "api", "clock", "login", "token", "organisation", "queues", "topics", "channels", "rate limit"]
    {
        assert_eq!(checks[name].0, "pass", "{name}: {checks:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_missing_is_named_with_its_remedy() {
    let sim = start(&["deny=architect:flow:view", "403=detail.events"]).await;
    let (code, checks) = doctor(program(&sim), &["doctor", "--json"]).await;
    assert_eq!(code, Some(0), "a feature less is a warning");
    assert_eq!(checks["flows"].0, "warn");
    assert!(checks["flows"].1["remedy"].as_str().unwrap().contains("architect:flow:view"), "{checks:?}");
    assert_eq!(checks["topics"].0, "warn", "{checks:?}");
}

/// Topics that are refused are told by the names of their queues; when all of them are, that is a failure.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn refused_topics_are_told_by_the_names_of_their_queues() {
    let sim = start(&["403=conversations"]).await;
    let queue = sim.with_world(|world| world.scenario().queues[0].name.clone());
    let (code, checks) = doctor(program(&sim), &["doctor", "--json"]).await;
    assert_eq!((code, checks["topics"].0.as_str()), (Some(3), "fail"), "{checks:?}");
    let told = checks["topics"].1["message"].as_str().unwrap();
    assert!(told.contains(&queue) && !told.contains("v2."), "{told}");
    assert!(!checks["topics"].1["remedy"].as_str().unwrap().is_empty());
}

/// Where the platform does not say what is missing, the report does; its columns stand one below the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_refusal_without_a_reason_is_told_with_the_permission() {
    let sim = start(&["403=on=/api/v2/"]).await;
    let program = program(&sim);
    let told = tokio::task::spawn_blocking(move || program.run(&["doctor"])).await.unwrap();
    assert_eq!(told.code, Some(3), "{told:?}");
    assert!(!told.stdout.contains("sidetone doctor"), "{}", told.stdout);
    for permission in ["conversation:communication:view", "routing:queue:view", "architect:flow:view"] {
        assert!(told.stdout.contains(&format!("→ Ask an administrator for {permission}.")), "{}", told.stdout);
    }
    let sim = start(&[]).await;
    let program = super::doctor::program(&sim);
    let told = tokio::task::spawn_blocking(move || program.run(&["doctor"])).await.unwrap();
    for name in ["flow observations", "execution data", "api"] {
        let line = told.stdout.lines().find(|line| line.get(6..).is_some_and(|rest| rest.starts_with(name)));
        let line = line.unwrap_or_else(|| panic!("{name}: {}", told.stdout));
        assert!(line[..24].ends_with(' ') && !line[24..].starts_with(' '), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn wrong_credentials_fail_with_the_code_of_the_contract() {
    let sim = start(&[]).await;
    let mut wrong = program(&sim);
    wrong.set("GENESYS_CLIENT_SECRET", "not-it");
    let (code, checks) = doctor(wrong, &["doctor", "--json"]).await;
    assert_eq!((code, checks["token"].0.as_str()), (Some(3), "fail"), "{checks:?}");
    assert!(!checks.contains_key("queues"), "what cannot work is not tried");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_probe_tells_merge_from_replace_and_undoes_itself() {
    for (semantics, word) in [(sim::Semantics::Merge, "merges"), (sim::Semantics::Replace, "replaces")] {
        let tuning = SimTuning { apply_ms: 20, ..SimTuning::default() };
        let options = sim::SimOptions {
            scenario: Scenario::clean(),
            calls: Some(0),
            semantics,
            tuning,
            ..sim::SimOptions::default()
        };
        let sim = sim::start(options).await.expect("the simulator");
        let id = sim.place(&placed()).unwrap();
        let args = ["doctor", "--json", "--yes", "--probe", &id.to_string()].map(str::to_owned).to_vec();
        let output = tokio::task::spawn_blocking({
            let program = program(&sim);
            move || program.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
        });
        let output = output.await.unwrap();
        assert_eq!(output.code, Some(0), "{output:?}");
        assert!(output.stdout.contains(word), "{}", output.stdout);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let text = sim.rest(id).unwrap()["participants"][0]["attributes"].to_string();
        assert!(text.contains(r#""tier":"gold""#) && text.contains(r#""reason":"billing""#), "{text}");
        assert_eq!(text.contains("sidetone.probe"), word == "merges", "{text}");
        assert!(!text.contains("set by sidetone"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_secret_is_kept_used_and_forgotten() {
    let sim = start(&[]).await;
    let mut home = Program::new();
    home.set("SIDETONE_API_URL", &sim.api_url).set("SIDETONE_LOGIN_URL", &sim.login_url);
    home.set("GENESYS_CLIENT_ID", &sim.client_id);
    let secret = sim.client_secret.clone();
    tokio::task::spawn_blocking(move || {
        let refused = home.run(&["doctor"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("sidetone login"), "{refused:?}");
        let mut command = home.command(&["login", "--secret"]);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("the program starts");
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{secret}\n").as_bytes()).unwrap();
        let output = crate::support::Output::of(child);
        assert_eq!(output.code, Some(0), "{output:?}");
        assert!(output.stderr.contains("which only you can read"), "{output:?}");
        assert!(!format!("{output:?}").contains(&secret));
        assert_eq!(home.run(&["doctor", "--json"]).code, Some(0));
        assert_eq!(home.run(&["logout"]).code, Some(0));
        assert_eq!(home.run(&["doctor"]).code, Some(2));
    })
    .await
    .unwrap();
}
