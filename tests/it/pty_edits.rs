//! Edits in the real program on a real pseudo-terminal: killed in every state that an edit can be in, and timed.

use crate::{
    pty::Tty,
    support::{
        Center, Program,
        sim::{Sim, attribute},
    },
};
use portable_pty::CommandBuilder;
use sidetone::sim::{Placed, Running, Scenario, SimOptions, SimTuning};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// The program on this simulator, with `options`.
pub fn start(program: &Program, sim: &Running, options: &str) -> Tty {
    start_after(program, sim, "true", options)
}

/// On the Call screen of the only call.
pub fn open(program: &Program, center: &Center, call: Uuid, options: &str) -> Tty {
    let mut tty = start(program, &center.sim, &format!("--conversation {call} {options}"));
    tty.shows("live ·");
    tty.shows("+1 555");
    tty.keys("\r");
    tty.shows("set to empty");
    tty
}

/// As [`start`], after the shell has done something that holds for the program.
pub fn start_after(program: &Program, sim: &Running, before: &str, options: &str) -> Tty {
    // The terminal's environment is empty, so the shell sets the credentials.
    let line = format!(
        "{before}; GENESYS_CLIENT_ID={} GENESYS_CLIENT_SECRET={} exec {} --all-queues --api-url {} --login-url {} {options}",
        sim.client_id,
        sim.client_secret,
        std::env::var("SIDETONE_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_sidetone").into()),
        sim.api_url,
        sim.login_url
    );
    let mut shell = CommandBuilder::new("sh");
    shell.args(["-c", &line]);
    Tty::spawn(program, shell, 120, 36)
}

fn audit(program: &Program) -> Vec<String> {
    let text = std::fs::read_to_string(program.home().join("state/audit.jsonl")).unwrap_or_default();
    let outcome = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
        line["outcome"].as_str().expect("an outcome").to_owned()
    };
    text.lines().map(outcome).collect()
}

/// One state in which the program is killed.
struct Death {
    /// What breaks, so that the state lasts.
    faults: &'static [&'static str],
    /// More of the command line.
    options: &'static str,
    /// The call is in a flow.
    flow: bool,
    /// Keys on the Call screen, and what the screen shows then.
    keys: &'static [(&'static str, &'static str)],
    /// Another operator writes this after so many of these steps.
    theirs: Option<(usize, &'static str)>,
    /// PATCHes that have arrived.
    patches: u64,
    /// What is said of it at the next start.
    remark: &'static str,
}

const TYPED: (&str, &str) = ("e-typed", "-typed");
const LEFT: (&str, &str) = ("\u{1b}", "draft, not sent");
const ASKED: (&str, &str) = ("\r", "Send this change?");

fn dies(death: &Death) {
    let center = Center::with(death.faults, |_| {});
    let attributes = vec![("tier".to_owned(), "gold".to_owned())];
    let (queue, flow) = match death.flow {
        true => (None, Some(center.sim.with_world(|w| w.scenario().flows[0].name.clone()))),
        false => (Some(center.queue()), None),
    };
    let call: Uuid = center.sim.place(&Placed { queue, flow, attributes, ..Placed::default() }).expect("a call");
    let program = Program::new();
    program.configure("[profile.quick]\nconfirm_ms = 400\n");
    let watch = format!("--conversation {call} {}", death.options);
    let mut tty = start(&program, &center.sim, &watch);
    tty.shows("live ·");
    tty.shows("+1 555");
    tty.keys("\r");
    tty.shows("set to empty");
    for (step, (keys, shown)) in death.keys.iter().enumerate() {
        if let Some((after, value)) = death.theirs
            && after == step
        {
            center.sim.set(call, "customer", [("tier", value)]);
            tty.shows(value);
        }
        tty.answers(keys);
        tty.shows(shown);
        // Escape and a letter at once would be Alt with that letter.
        std::thread::sleep(Duration::from_millis(60));
    }
    // The screen may say so before the request has come to the server.
    tty.wait_for("the writes", |_| center.sim.writes() >= death.patches);
    tty.dies();
    assert_eq!(center.sim.writes(), death.patches, "before the end");
    let before = audit(&program);
    assert_eq!(
        before.iter().filter(|o| *o == "sent").count() as u64,
        death.patches,
        "every write is in the audit file"
    );
    // What another puts there meanwhile must stay: nothing is sent twice, nothing is sent unasked.
    center.sim.clear_faults();
    if death.flow {
        center.sim.transfer(call, &center.queue());
    }
    std::thread::sleep(Duration::from_millis(60));
    center.sim.set(call, "customer", [("tier", "someone else's")]);
    let mut tty = start(&program, &center.sim, &watch);
    tty.shows("Kept: 1 unsent edit");
    tty.shows("-typed");
    tty.shows(death.remark);
    tty.shows("now  someone else's");
    tty.keys("\r");
    tty.shows("draft, not sent");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(center.sim.writes(), death.patches, "nothing was sent unasked");
    assert_eq!(center.value(call, "tier").as_deref(), Some("someone else's"));
    assert_eq!(audit(&program), before, "and the audit file says so");
    // Asked for, the question is the conflict: somebody else was there meanwhile.
    tty.keys("e");
    tty.shows("keep draft");
    tty.keys("\r");
    tty.shows("changed since you started editing");
    assert_eq!(center.sim.writes(), death.patches);
    tty.answers("t");
    tty.shows("Kept theirs");
    std::thread::sleep(Duration::from_millis(60));
    tty.keys("q");
    tty.ends_with(0);
}

const PLAIN: Death =
    Death { faults: &[], options: "", flow: false, keys: &[TYPED], theirs: None, patches: 0, remark: "never sent" };

#[test]
fn killed_while_typing() {
    dies(&PLAIN);
}

#[test]
fn killed_with_a_marked_draft() {
    dies(&Death { keys: &[TYPED, LEFT, (" ", "marked")], ..PLAIN });
}

#[test]
fn killed_while_it_is_asked_whether_to_send() {
    dies(&Death { keys: &[TYPED, ASKED], ..PLAIN });
}

#[test]
fn killed_while_armed() {
    let keys =
        &[TYPED, LEFT, ("w", "Send tier when"), ("never_there?", "never_there?"), ("\r", "armed: sent once when")];
    dies(&Death { keys, remark: "armed for: never_there?", ..PLAIN });
}

#[test]
fn killed_while_held_until_the_flow_ends() {
    let keys = &[TYPED, ASKED, ("w", "held until the flow has ended")];
    dies(&Death { flow: true, keys, remark: "held, never sent", ..PLAIN });
}

#[test]
fn killed_while_the_patch_is_out() {
    let keys = &[TYPED, ASKED, ("\r", "sending")];
    dies(&Death { faults: &["slow=20s,on=PATCH"], keys, patches: 1, remark: "its fate is unknown", ..PLAIN });
}

#[test]
fn killed_after_the_answer_before_the_proof() {
    let keys = &[TYPED, ASKED, ("\r", "accepted 202, not seen yet")];
    dies(&Death { faults: &["lose-patch"], keys, patches: 1, remark: "accepted, not seen", ..PLAIN });
}

#[test]
fn killed_in_conflict() {
    let keys = &[TYPED, ASKED, ("\r", "Nothing was sent")];
    dies(&Death { keys, theirs: Some((2, "platinum")), remark: "conflict, not sent", ..PLAIN });
}

#[test]
fn killed_after_a_failure() {
    let keys = &[TYPED, ASKED, ("\r", "too large")];
    dies(&Death { faults: &["413"], keys, patches: 1, remark: "Sending it failed", ..PLAIN });
}

#[test]
fn killed_with_an_alarm() {
    let keys = &[TYPED, ASKED, ("\r", "accepted (202) but not seen")];
    dies(&Death {
        faults: &["lose-patch"],
        options: "--profile quick",
        keys,
        patches: 1,
        remark: "was not there after the confirmation time",
        ..PLAIN
    });
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// From the key that sends to the value seen on the screen: read, PATCH, event. Beside it, the same exchange by
/// a bare client on the same simulator; the difference is the program's own share. `SIDETONE_BINARY` names another build.
///
/// Run with `--nocapture` for the figures; a busy machine makes them worse, so none is asserted.
#[test]
fn from_enter_to_seen() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let tuning = SimTuning { apply_ms: 0, rate_limit: 100_000, ..SimTuning::default() };
    let options = SimOptions { scenario: Scenario::clean(), calls: Some(0), tuning, ..SimOptions::default() };
    let sim = runtime.block_on(Sim::start(options));
    let queue = sim.running.with_world(|w| w.scenario().queues[0].name.clone());
    let attributes = vec![("tier".to_owned(), "v".to_owned())];
    let placed = Placed { queue: Some(queue.clone()), agent: true, attributes, ..Placed::default() };
    let call = sim.running.place(&placed).expect("a call");

    let program = Program::new();
    let mut tty = start(&program, &sim.running, "");
    tty.shows("live ·");
    tty.shows("+1 555");
    tty.keys("\r");
    tty.shows("set to empty");
    let mut screen = Vec::new();
    let rounds = crate::support::count("SIDETONE_ROUNDS", 4, 15);
    for round in 1..=rounds {
        let shown = format!(" v{} ✓", "x".repeat(round));
        tty.keys("e");
        tty.shows("keep draft");
        tty.keys("x");
        tty.shows(&format!("v{}", "x".repeat(round)));
        tty.keys("\r");
        tty.shows("Send this change?");
        // Longer than the question has to stand.
        std::thread::sleep(Duration::from_millis(220));
        let begin = Instant::now();
        tty.at_once("\r");
        while !tty.text().contains(&shown) {
            assert!(begin.elapsed() < Duration::from_secs(180), "{}", tty.text());
            std::thread::sleep(Duration::from_micros(500));
        }
        screen.push(begin.elapsed());
    }
    tty.keys("q");
    tty.ends_with(0);

    let path = format!("/api/v2/conversations/{call}");
    let bare = runtime.block_on(async {
        let id = sim.running.queue_id(&queue).expect("the queue");
        let (mut socket, _) = sim.listen(&[format!("v2.routing.queues.{id}.conversations")]).await;
        let customer = sim.get(&path).await.body["participants"][0]["id"].as_str().expect("an id").to_owned();
        let mut times = Vec::new();
        for round in 0..rounds {
            let value = format!("w{round}");
            let begin = Instant::now();
            let mut map = sim.get(&path).await.body["participants"][0]["attributes"].clone();
            map["tier"] = value.as_str().into();
            let body = serde_json::json!({ "attributes": map });
            let answer = sim.ask("PATCH", &format!("{path}/participants/{customer}/attributes"), Some(body)).await;
            assert_eq!(answer.status, 202);
            socket.until(|f| attribute(&f["eventBody"], "customer", "tier") == Some(value.as_str())).await;
            times.push(begin.elapsed());
        }
        times
    });
    let worst = screen.iter().max().copied().unwrap_or_default();
    let (screen, bare) = (median(screen), median(bare));
    println!("from Enter to seen: median {screen:?}, worst {worst:?}, {rounds} rounds");
    println!("the same read, PATCH and event by a bare client: median {bare:?}");
    println!("the program's own share: {:?}", screen.saturating_sub(bare));
}

/// Nothing else wakes the program then: the key alone has to.
#[test]
fn a_key_on_a_quiet_screen_is_drawn_at_once() {
    let program = Program::new();
    let mut tty = Tty::start(&program, &["demo", "--calls", "0"], 100, 30);
    tty.shows("live ·");
    let mut times = Vec::new();
    for round in 0..9 {
        // At any distance from the tick of the clock in the header.
        std::thread::sleep(Duration::from_millis(137));
        let shown = "x".repeat(round + 1);
        if round == 0 {
            tty.keys("/");
            tty.shows("Filter");
            std::thread::sleep(Duration::from_millis(300));
        }
        let begin = Instant::now();
        tty.keys("x");
        while !tty.text().contains(&shown) {
            assert!(begin.elapsed() < Duration::from_secs(180), "{}", tty.text());
            std::thread::sleep(Duration::from_millis(1));
        }
        times.push(begin.elapsed());
    }
    println!("a key on a quiet screen: {times:?}");
}

#[test]
fn text_that_arrives_at_once_does_not_answer_and_a_key_of_its_own_does() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = Program::new();
    let mut tty = open(&program, &center, call, "");
    tty.keys("e");
    tty.shows("keep draft");
    tty.keys("-typed");
    tty.shows("gold-typed");
    tty.keys("\r");
    tty.shows("Send this change?");
    std::thread::sleep(Duration::from_millis(500));
    for text in ["please say yes", "yes", "y\u{1b}[200~hello\u{1b}[201~", "yyyyyyyy"] {
        tty.at_once(text);
        tty.shows("gnored");
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(center.sim.writes(), 0, "{text:?}");
        assert!(tty.text().contains("Send this change?"), "{text:?}: {}", tty.text());
    }
    tty.answers("y");
    tty.wait_for("the write", |_| center.value(call, "tier").as_deref() == Some("gold-typed"));
    tty.shows("Seen");
    tty.keys("q");
    tty.ends_with(0);
}

#[test]
fn a_paste_without_an_end_is_kept_as_it_comes_and_ends_by_itself() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = Program::new();
    let mut tty = open(&program, &center, call, "");
    tty.keys("e");
    tty.shows("keep draft");
    tty.at_once("\u{1b}[200~-no-end");
    tty.shows("gold-no-end");
    std::thread::sleep(Duration::from_millis(1_500));
    tty.at_once("\u{1b}");
    tty.shows("Kept as a draft");
    tty.dies();
    let mut tty = start(&program, &center.sim, &format!("--conversation {call}"));
    tty.shows("gold-no-end");
    tty.dies();
}

#[test]
fn a_hundred_thousand_letters_are_edited() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = Program::new();
    let mut tty = open(&program, &center, call, "");
    tty.keys("e");
    tty.shows("keep draft");
    tty.at_once(&"x".repeat(100_000));
    tty.shows("xxxxxxxxxxxxxxxx");
    tty.at_once("the end");
    tty.shows("the end");
    std::thread::sleep(Duration::from_millis(60));
    tty.at_once("\u{1b}");
    tty.shows("Kept as a draft");
    tty.quits();
}

#[test]
fn what_the_stream_showed_is_not_put_back_by_an_older_read() {
    let center = crate::support::Center::new(&[]);
    let call = center.call(&[("tier", "gold"), ("k", "first")]);
    let program = Program::new();
    let mut tty = start(&program, &center.sim, &format!("--conversation {call}"));
    tty.shows("live ·");
    tty.shows("+1 555");
    tty.keys("\r");
    tty.shows("first");
    center.sim.set(call, "customer", [("k", "second")]);
    tty.shows("second");
    center.sim.add_fault("old-read=3".parse().expect("a fault"));
    // The second key; the first one is what an older read would put back.
    tty.keys("je");
    tty.shows("keep draft");
    tty.keys("-typed");
    tty.shows("gold-typed");
    tty.keys("\r");
    tty.shows("Send this change?");
    std::thread::sleep(Duration::from_millis(300));
    tty.keys("\r");
    tty.wait_for("the write", |_| center.value(call, "tier").as_deref() == Some("gold-typed"));
    assert_eq!(center.value(call, "k").as_deref(), Some("second"));
    tty.shows("Seen");
    tty.keys("q");
    tty.ends_with(0);
}
