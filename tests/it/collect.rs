//! `collect` and what it fills: the real program against the simulator, its store, its hooks, its figures.

use crate::support::{Center, Program};
use rustix::process::Signal;
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

mod killed;
mod since_when;

/// Longer than anything takes that goes well.
const PATIENCE: Duration = Duration::from_secs(300);

/// A port of this machine that nobody listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

/// Waits for a condition.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A collector that runs.
struct Collector {
    child: Child,
    stderr: PathBuf,
    port: u16,
}

impl Collector {
    /// Starts it and waits until its links are live.
    fn start(program: &Program, args: &[&str]) -> Self {
        let collector = Self::spawn(program.command(&[]), program.home().join("told.txt"), args);
        collector.is_live();
        collector
    }

    /// Starts it; `command` has no arguments yet.
    fn spawn(mut command: Command, stderr: PathBuf, args: &[&str]) -> Self {
        let port = free_port();
        let file = std::fs::OpenOptions::new().append(true).create(true).open(&stderr).expect("a file");
        command.arg("collect").args(args).args(["--metrics", &format!(":{port}")]);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().expect("it starts");
        Self { child, stderr, port }
    }

    fn is_live(&self) {
        wait_for("a live collector", || {
            let (status, body) = self.ask("GET", "/healthz")?;
            (status == 200 && body == "ok\n").then_some(())
        });
    }

    /// Asks its page of figures; `None` when it is not there.
    fn ask(&self, method: &str, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port))).ok()?;
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    /// Its page, read by a parser of another project.
    fn figures(&self) -> prometheus_parse::Scrape {
        let (status, body) = self.ask("GET", "/metrics").expect("an answer");
        assert_eq!(status, 200);
        prometheus_parse::Scrape::parse(body.lines().map(|line| Ok(line.to_owned()))).expect("Prometheus text")
    }

    /// A figure with these labels, if it is on the page.
    fn figure(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let page = self.figures();
        let fits = |s: &&prometheus_parse::Sample| {
            s.metric == name && labels.iter().all(|(label, value)| s.labels.get(label) == Some(value))
        };
        page.samples.iter().find(fits).map(|sample| match sample.value {
            prometheus_parse::Value::Counter(value) | prometheus_parse::Value::Gauge(value) => value,
            ref other => panic!("{name} is {other:?}"),
        })
    }

    fn told(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("an id");
        rustix::process::kill_process(id, signal).expect("it runs");
    }

    /// Ends it as a service manager does; its exit code.
    fn stop(mut self) -> Option<i32> {
        self.signal(Signal::TERM);
        wait_for("its end", || self.child.try_wait().expect("a child")).code()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Rows of `store export`, by the names of their columns.
fn exported(program: &Program, store: &[&str]) -> Vec<std::collections::HashMap<String, String>> {
    let output = program.run(&[&["store", "export"], store].concat());
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    csv::Reader::from_reader(output.stdout.as_bytes()).deserialize().map(|row| row.expect("a row")).collect()
}

#[test]
fn what_is_collected_can_be_asked_shown_and_let_go_of() {
    let center = Center::new(&[]);
    let program = center.program();
    program.configure("[store]\nkeep_days = 30\nvalues = [\"tier\"]\n");
    let collector = Collector::start(&program, &["--all-queues"]);
    let call = center.call(&[("tier", "gold"), ("language", "en")]);
    wait_for("the call", || (collector.figure("sidetone_calls", &[]) == Some(1.0)).then_some(()));
    center.sim.set(call, "customer", [("language", "fr")]);
    center.sim.hang_up(call);
    wait_for("its end", || (collector.figure("sidetone_calls_ended_total", &[]) == Some(1.0)).then_some(()));
    assert_eq!(collector.stop(), Some(143));
    let id = call.to_string();
    let shown: Value = serde_json::from_str(&program.run(&["store", "show", &id, "--json"]).stdout).expect("JSON");
    assert_eq!(shown["conversationId"], id.as_str());
    let key = |name: &str| shown["keys"].as_array().unwrap().iter().find(|k| k["key"] == name).unwrap().clone();
    assert_eq!((&key("tier")["value"], &key("language")["value"]), (&"gold".into(), &Value::Null));
    assert_eq!(key("language")["changes"], 1);
    assert!(shown["endTime"].is_string());
    let text = program.run(&["store", "show", &id]);
    assert!(text.stdout.contains("tier") && text.stdout.contains("gold"), "{}", text.stdout);
    let since = program.run(&["since", "tier", "--by", "queue", "--json"]);
    assert_eq!(since.code, Some(0), "{}", since.stderr);
    assert_eq!(program.run(&["store", "forget", &id]).code, Some(0));
    assert_eq!(program.run(&["store", "show", &id]).code, Some(4));
    let (_, info) = program.json(&["store", "info", "--json"]);
    assert_eq!((&info[0]["calls"], &info[0]["holes"]), (&0.into(), &0.into()), "{info:?}");
}

#[test]
fn the_time_between_two_collectors_is_a_hole() {
    let center = Center::new(&[]);
    let program = center.program();
    assert_eq!(Collector::start(&program, &["--all-queues"]).stop(), Some(143));
    let collector = Collector::start(&program, &["--all-queues"]);
    wait_for("a second round", || (collector.figure("sidetone_gap_seconds_total", &[])? > 0.0).then_some(()));
    assert_eq!(collector.stop(), Some(143));
    let (_, info) = program.json(&["store", "info", "--json"]);
    let holes = info[0]["lastHoles"].as_array().unwrap();
    assert_eq!((holes.len(), &holes[0]["reason"]), (1, &"no collector was running".into()), "{info:?}");
}

/// Secrets of the environment that a hook must not see.
fn with_secrets(center: &Center) -> Program {
    let mut program = center.program();
    program.set("HARMLESS_TO_US", "sesame-of-others").set("PATH", "/usr/local/bin:/usr/bin:/bin");
    program.set("SIDETONE_STORE_PASSWORD", "sesame-store").set("GENESYS_REFRESH_TOKEN", "sesame-refresh");
    let script = "env > environment.txt; cat >> events.ndjson; echo hidden >&2";
    std::fs::write(program.home().join("hook.sh"), script).expect("a script");
    program
}

/// What the hook of [`with_secrets`] read.
fn events(program: &Program) -> Vec<Value> {
    let text = std::fs::read_to_string(program.home().join("events.ndjson")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

const HOOK: &str = "[hooks]\ncommand = [\"sh\", \"hook.sh\"]\n";

#[test]
fn a_hook_hears_of_a_finding_masked_and_sees_no_secret() {
    let center = Center::new(&[]);
    let program = with_secrets(&center);
    program.configure(HOOK);
    let collector = Collector::start(&program, &["--all-queues"]);
    center.call(&[("card", "4242 4242 4242 4242")]);
    let event = wait_for("the event", || events(&program).into_iter().next());
    assert_eq!((&event["type"], &event["rule"]), (&"finding".into(), &"personal-data-in-clear".into()), "{event}");
    assert_eq!((&event["severity"], &event["key"]), (&"warn".into(), &"card".into()));
    assert_eq!(event["queue"], center.queue());
    assert!(!event.to_string().contains("4242 4242 4242"), "{event}");
    assert!(!event["address"].as_str().expect("an address").contains("555"), "{event}");
    let ran = || collector.figure("sidetone_hook_runs_total", &[("result", "done")]);
    wait_for("the count", || (ran()? >= 1.0).then_some(()));
    let found = || collector.figure("sidetone_findings_total", &[("rule", "personal-data-in-clear")]);
    wait_for("the finding's count", || (found()? == 1.0).then_some(()));
    let environment = std::fs::read_to_string(program.home().join("environment.txt")).expect("its environment");
    assert!(environment.contains("PATH=") && environment.contains("SIDETONE_HOME="), "{environment}");
    assert!(!environment.contains("GENESYS_CLIENT_ID=") && !environment.contains("HARMLESS_TO_US"), "{environment}");
    for secret in [center.sim.client_secret.as_str(), "GENESYS_CLIENT_SECRET", "sesame"] {
        assert!(!environment.contains(secret), "{environment}");
    }
    assert_eq!(collector.stop(), Some(143));
}

#[test]
fn a_hook_that_fails_is_counted_and_told_once() {
    let center = Center::new(&[]);
    let program = center.program();
    program.configure("[hooks]\ncommand = [\"sh\", \"-c\", \"cat > /dev/null; echo no such channel >&2; exit 7\"]\n");
    let collector = Collector::start(&program, &["--all-queues"]);
    center.call(&[("card", "4242 4242 4242 4242")]);
    center.call(&[("card", "4242 4242 4242 4242")]);
    let failed = || collector.figure("sidetone_hook_runs_total", &[("result", "failed")]);
    wait_for("the count", || (failed()? >= 2.0).then_some(()));
    let told = wait_for("a remark", || Some(collector.told()).filter(|told| told.contains("no such channel")));
    assert_eq!(told.matches("no such channel").count(), 1, "{told}");
    assert_eq!(collector.stop(), Some(143));
}

#[test]
fn a_webhook_gets_the_event_and_its_address_is_shown_by_its_host_only() {
    let center = Center::new(&[]);
    let program = center.program();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    program.configure(&format!("[hooks]\nurl = 'http://127.0.0.1:{port}/sesame-path'\n"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut request = Vec::new();
        let mut part = [0; 4096];
        let end = |request: &[u8]| request.ends_with(b"}\n");
        while !end(&request) {
            let n = stream.read(&mut part).expect("bytes");
            assert!(n > 0, "the request ended early");
            request.extend_from_slice(&part[..n]);
        }
        stream.write_all(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("an answer");
        String::from_utf8(request).expect("text")
    });
    let collector = Collector::start(&program, &["--all-queues"]);
    center.call(&[("card", "4242 4242 4242 4242")]);
    let request = server.join().expect("a server");
    assert!(request.starts_with("POST /sesame-path HTTP/1.1\r\n") && request.contains("application/json"), "{request}");
    let body: Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON");
    assert_eq!(body["rule"], "personal-data-in-clear");
    let told = wait_for("a remark", || Some(collector.told()).filter(|told| told.contains("503")));
    assert!(!told.contains("sesame-path"), "{told}");
    assert_eq!(collector.stop(), Some(143));
}

#[test]
fn hooks_of_a_named_file_are_run_only_when_that_is_allowed() {
    let center = Center::new(&[]);
    let program = with_secrets(&center);
    std::fs::write(program.home().join("theirs.toml"), HOOK).expect("a file");
    let named = ["--all-queues", "--config", "theirs.toml"];
    let collector = Collector::start(&program, &named);
    center.call(&[("card", "4242 4242 4242 4242")]);
    wait_for("the finding", || {
        collector.figure("sidetone_findings_total", &[("rule", "personal-data-in-clear")]).filter(|n| *n > 0.0)
    });
    let told = collector.told();
    assert!(told.contains("--allow-hooks") && told.contains("theirs.toml"), "{told}");
    assert_eq!(collector.figure("sidetone_hook_runs_total", &[]), None);
    assert_eq!(collector.stop(), Some(143));
    assert_eq!(events(&program), Vec::<Value>::new());
    let collector = Collector::start(&program, &[&named[..], &["--allow-hooks"]].concat());
    center.call(&[("card", "4242 4242 4242 4242")]);
    wait_for("the event", || events(&program).into_iter().next());
    assert_eq!(collector.stop(), Some(143));
}

#[test]
fn a_replay_runs_no_hook_and_writes_no_store() {
    let program = Program::new();
    program.configure(&format!("{HOOK}[store]\nenabled = true\n"));
    std::fs::write(program.home().join("hook.sh"), "touch events.ndjson").expect("a script");
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recordings/format-1.sidetone");
    let output = program.run(&["replay", recording, "--headless", "--json", "--speed", "max"]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(!program.home().join("events.ndjson").exists());
    assert!(!program.home().join("state/history.sqlite").exists());
}

#[test]
fn the_figures_hold_no_ids_and_no_values() {
    let center = Center::new(&[]);
    let program = center.program();
    let collector = Collector::start(&program, &["--all-queues"]);
    let call = center.call(&[("tier", "a-value-to-look-for"), ("quote\"d", "x")]);
    wait_for("the call", || (collector.figure("sidetone_calls_seen_total", &[])? >= 1.0).then_some(()));
    let (_, body) = collector.ask("GET", "/metrics").expect("a page");
    let queue = center.sim.queue_id(&center.queue()).expect("a queue").to_string();
    for hidden in [call.to_string().as_str(), &queue, "a-value-to-look-for", "+1555", &center.sim.client_id] {
        assert!(!body.contains(hidden), "{hidden} in {body}");
    }
    for name in ["sidetone_events_total", "sidetone_gaps_total", "sidetone_store_lag_seconds", "sidetone_link_live"] {
        assert!(collector.figure(name, &[]).is_some(), "{name} in {body}");
    }
    assert_eq!(collector.ask("POST", "/metrics").expect("an answer").0, 405);
    assert_eq!(collector.ask("GET", "/").expect("an answer").0, 404);
    assert_eq!(collector.stop(), Some(143));
}

#[test]
fn several_profiles_are_collected_at_once_each_for_its_organisation() {
    let centers = [Center::with(&[], |options| options.seed = 11), Center::with(&[], |options| options.seed = 12)];
    let program = Program::new();
    let profile = |(name, center): (&str, &Center)| {
        let sim = &center.sim;
        format!(
            "[profile.{name}]\napi_url = '{}'\nlogin_url = '{}'\nclient_id = '{}'\nclient_secret_command = 'printf {}'\n",
            sim.api_url, sim.login_url, sim.client_id, sim.client_secret
        )
    };
    program.configure(&["one", "two"].into_iter().zip(&centers).map(profile).collect::<String>());
    let collector = Collector::start(&program, &["--all-queues", "--profile", "one", "--profile", "two"]);
    let calls = centers.each_ref().map(|center| center.call(&[("tier", "gold")]).to_string());
    for name in ["one", "two"] {
        wait_for("its call", || (collector.figure("sidetone_calls", &[("profile", name)])? == 1.0).then_some(()));
    }
    assert_eq!(collector.stop(), Some(143));
    let rows = exported(&program, &[]);
    let of = |call: &str| rows.iter().find(|row| row["conversation"] == call).map(|row| row["organization"].clone());
    let organizations = calls.each_ref().map(|call| of(call).expect("the call"));
    assert_ne!(organizations[0], organizations[1]);
    let output = program.run(&["collect", "--all-queues", "--profile", "one", "--profile", "one"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("same organisation"), "{}", output.stderr);
    let output = program.run(&["watch", "--all-queues", "--profile", "one", "--profile", "two"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("several profiles"), "{}", output.stderr);
}

/// A store that nobody could have written to is not begun.
#[test]
fn a_collector_that_cannot_sign_in_leaves_no_store() {
    let center = Center::new(&[]);
    let mut program = center.program();
    program.set("GENESYS_CLIENT_SECRET", "not-it");
    let file = program.home().join("history.sqlite");
    let store = file.to_str().expect("a path").to_owned();
    let output = program.run(&["collect", "--all-queues", "--store", &store]);
    assert_eq!(output.code, Some(3), "{}", output.stderr);
    let left: Vec<_> =
        std::fs::read_dir(program.home()).expect("a directory").flatten().map(|f| f.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("history.sqlite")), "{left:?}");
}

/// Options of the service files that this program knows, and paths that are there.
#[test]
fn the_service_files_start_what_exists() {
    use clap::Parser;
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let unit = std::fs::read_to_string(root.join("assets/service/sidetone-collect.service")).expect("the unit");
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("ExecStart");
    let mut words = start.split_whitespace();
    assert_eq!(words.next(), Some("/usr/local/bin/sidetone"));
    let told = ["sidetone"].into_iter().chain(words);
    sidetone::cli::Cli::try_parse_from(told).expect("its options exist");
    for line in unit.lines().filter(|line| line.contains("SIDETONE_") || line.contains("GENESYS_")) {
        for name in line.split(|c: char| !c.is_ascii_uppercase() && c != '_').filter(|word| word.contains('_')) {
            assert!(sidetone::config::VARIABLES.iter().any(|v| v.name == name), "{name} is no variable of ours");
        }
    }
    let container = std::fs::read_to_string(root.join("assets/service/Containerfile")).expect("the container file");
    let json = |of: &str| -> Vec<String> {
        let line = container.lines().find_map(|line| line.strip_prefix(of)).expect("a line of it");
        serde_json::from_str(line.trim()).expect("a JSON list")
    };
    let told = [json("ENTRYPOINT"), json("CMD")].concat();
    assert_eq!(told[0], "/usr/local/bin/sidetone");
    sidetone::cli::Cli::try_parse_from(["sidetone".to_owned()].into_iter().chain(told.into_iter().skip(1)))
        .expect("its options exist");
    for copied in container.lines().filter_map(|line| line.strip_prefix("COPY ")) {
        for path in copied.split_whitespace().filter(|word| !word.starts_with("--") && !word.starts_with('/')) {
            assert!(path == "." || root.join(path).exists() || copied.contains("--from="), "{path} is not there");
        }
    }
}

#[test]
fn an_alert_is_told_to_the_hook_and_counted() {
    let center = Center::new(&[]);
    let program = with_secrets(&center);
    program.configure(&format!("{HOOK}on = [\"alert\"]\n"));
    let collector = Collector::start(&program, &["--all-queues", "--bell-key", "tier", "--bell", "never"]);
    let call = center.call(&[("tier", "gold"), ("card", "4242 4242 4242 4242")]);
    wait_for("the call", || (collector.figure("sidetone_calls", &[]) == Some(1.0)).then_some(()));
    center.sim.set(call, "customer", [("tier", "silver")]);
    let event = wait_for("the event", || events(&program).into_iter().next());
    assert_eq!((&event["type"], &event["key"]), (&"alert".into(), &"tier".into()), "{event}");
    wait_for("the count", || (collector.figure("sidetone_alerts_total", &[])? == 1.0).then_some(()));
    assert_eq!(collector.stop(), Some(143));
    assert_eq!(events(&program).len(), 1, "findings were not asked for");
}

#[test]
fn watch_keeps_what_it_sees_and_runs_hooks_once_that_is_switched_on() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold"), ("card", "4242 4242 4242 4242")]).to_string();
    let program = with_secrets(&center);
    let watch = ["watch", "--all-queues", "--json", "--count", "2"];
    assert_eq!(program.run(&watch).code, Some(0));
    assert!(!program.home().join("state/history.sqlite").exists(), "nothing is kept before");
    program.configure(&format!("{HOOK}[store]\nenabled = true\n"));
    let output = program.run(&watch);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert_eq!(events(&program)[0]["rule"], "personal-data-in-clear");
    let (code, shown) = program.json(&["store", "show", &call, "--json"]);
    assert_eq!((code, shown[0]["keys"].as_array().map(Vec::len)), (Some(0), Some(2)), "{shown:?}");
}

/// What is not collected is told by its name: a refused topic, and calls that could not be looked for.
#[test]
fn a_collector_names_what_it_may_not_see() {
    let center = Center::new(&["403=v2.routing.queues"]);
    let program = center.program();
    let file =
        std::fs::OpenOptions::new().append(true).create(true).open(program.home().join("told.txt")).expect("a file");
    let mut command = program.command(&["collect", "--queue", &center.queue()]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().expect("it starts");
    let wanted = format!("queue {} was refused", center.queue());
    wait_for("the name of the queue", || {
        std::fs::read_to_string(program.home().join("told.txt")).ok().filter(|told| told.contains(&wanted))
    });
    _ = child.kill();
    _ = child.wait();
}

/// A file has one collector: the second is refused with words, and what it might have written is left alone.
#[test]
fn a_second_collector_of_a_file_is_refused() {
    let center = Center::new(&[]);
    let program = center.program();
    let collector = Collector::start(&program, &["--all-queues"]);
    let output = program.run(&["collect", "--all-queues"]);
    assert_eq!(output.code, Some(2), "{}", output.stderr);
    assert!(output.stderr.contains("another collector writes"), "{}", output.stderr);
    assert_eq!(collector.stop(), Some(143));
    let (_, info) = program.json(&["store", "info", "--json"]);
    assert_eq!(info[0]["holes"], 0, "{info:?}");
    // The lock goes with its process.
    assert_eq!(Collector::start(&program, &["--all-queues"]).stop(), Some(143));
}

#[test]
fn what_cannot_be_a_lease_or_a_store_is_refused_with_words() {
    let center = Center::new(&[]);
    let program = center.program();
    let output = program.run(&["collect", "--all-queues", "--lease", "0s"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("a lease lasts"), "{}", output.stderr);
    let output = program.run(&["since", "tier", "--store", "mysql://db/history"]);
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains("mysql://") && output.stderr.contains("postgres://"), "{}", output.stderr);
}

#[test]
fn a_live_call_that_is_forgotten_does_not_come_back() {
    let center = Center::new(&[]);
    let program = center.program();
    let collector = Collector::start(&program, &["--all-queues"]);
    let call = center.call(&[("tier", "gold")]);
    let id = call.to_string();
    wait_for("the call", || (program.run(&["store", "show", &id]).code == Some(0)).then_some(()));
    let output = program.run(&["store", "forget", &id]);
    assert_eq!(output.code, Some(0), "{}", output.stderr);
    assert!(output.stdout.contains("does not store it again"), "{}", output.stdout);
    center.sim.set(call, "customer", [("tier", "silver")]);
    let later = center.call(&[("tier", "gold")]).to_string();
    wait_for("a later call", || (program.run(&["store", "show", &later]).code == Some(0)).then_some(()));
    assert_eq!(collector.stop(), Some(143));
    assert_eq!(program.run(&["store", "show", &id]).code, Some(4));
}

/// A closed stdout ends quietly.
#[test]
fn an_export_that_nobody_reads_ends_quietly() {
    let center = Center::new(&[]);
    let program = center.program();
    let collector = Collector::start(&program, &["--all-queues"]);
    let call = center.call(&[("tier", "gold")]).to_string();
    wait_for("the call", || (program.run(&["store", "show", &call]).code == Some(0)).then_some(()));
    assert_eq!(collector.stop(), Some(143));
    let row = exported(&program, &[]).remove(0);
    assert!(row.contains_key("lastChanged") && row.contains_key("earlierQueues"), "{row:?}");
    assert!(!row["startPassed"].is_empty(), "{row:?}");
    // The reader of this pipe is gone before the program starts.
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = program.command(&["store", "export"]);
    let output = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).spawn().expect("it starts");
    let output = output.wait_with_output().expect("its end");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

/// One profile that cannot be reached holds up no other, and a question is about the profile that is named.
#[test]
fn a_profile_that_cannot_be_reached_holds_up_no_other() {
    // It takes the connection and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a listener");
    let address = format!("http://{}", silent.local_addr().expect("an address"));
    let center = Center::new(&[]);
    let program = Program::new();
    let profile = |name: &str, api: &str, login: &str| {
        format!("[profile.{name}]\napi_url = '{api}'\nlogin_url = '{login}'\nclient_id = 'x'\n")
    };
    let good = profile("good", center.sim.api_url.as_str(), center.sim.login_url.as_str())
        .replace("'x'", &format!("'{}'", center.sim.client_id));
    let bad = profile("bad", &address, &address);
    let secret = |secret: &str| format!("client_secret_command = \"printf {secret}\"\n");
    program.configure(&format!("{bad}{}{good}{}", secret("x"), secret(&center.sim.client_secret)));
    let args = ["--all-queues", "--profile", "bad", "--profile", "good"];
    let collector = Collector::spawn(program.command(&[]), program.home().join("told.txt"), &args);
    let live = |name: &str| {
        let (status, _) = collector.ask("GET", "/metrics")?;
        (status == 200).then(|| collector.figure("sidetone_link_live", &[("profile", name)])).flatten()
    };
    wait_for("the link of the good one", || (live("good")? == 1.0).then_some(()));
    assert_eq!(live("bad"), Some(0.0));
    let (status, ill) = collector.ask("GET", "/healthz").expect("an answer");
    assert!(status == 503 && ill.contains("bad: not connected"), "{status} {ill}");
    let call = center.call(&[("tier", "gold")]).to_string();
    wait_for("the call", || (program.run(&["store", "show", &call]).code == Some(0)).then_some(()));
    assert_eq!(collector.stop(), Some(143));
    let lists = |args: &[&str]| program.run(&[&["since", "tier", "--by", "queue"], args].concat());
    let (named, all) = (lists(&["--json", "--profile", "good"]), lists(&["--json"]));
    assert_eq!((named.code, named.stdout.as_str()), (Some(0), all.stdout.as_str()), "{}", named.stderr);
    let other = lists(&["--profile", "bad"]);
    assert_eq!(other.code, Some(2));
    assert!(other.stderr.contains("good"), "{}", other.stderr);
    let missing = program.run(&["since", "tier", "--by", "queue", "--calls"]);
    assert_eq!((missing.code, missing.stdout.as_str()), (Some(0), ""), "no call lacks it");
}
