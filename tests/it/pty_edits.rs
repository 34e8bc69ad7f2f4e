//! Edits in the real program on a real pseudo-terminal: killed in every state that an edit can be in, and timed.

use crate::{
    pty::Tty,
    support::{Center, Program},
};
use portable_pty::CommandBuilder;
use sidetone::sim::Placed;
use std::time::Duration;
use uuid::Uuid;

/// The program on the organisation that `center` is, with `options`.
fn start(program: &Program, center: &Center, options: &str) -> Tty {
    // The terminal's environment is empty, so the shell sets the credentials.
    let line = format!(
        "GENESYS_CLIENT_ID={} GENESYS_CLIENT_SECRET={} exec {} --all-queues --api-url {} --login-url {} {options}",
        center.sim.client_id,
        center.sim.client_secret,
        env!("CARGO_BIN_EXE_sidetone"),
        center.sim.api_url,
        center.sim.login_url
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
    let mut tty = start(&program, &center, &watch);
    tty.shows("live ·");
    tty.shows("+1 555");
    tty.keys("\r");
    tty.shows("History");
    for (step, (keys, shown)) in death.keys.iter().enumerate() {
        if let Some((after, value)) = death.theirs
            && after == step
        {
            center.sim.set(call, "customer", [("tier", value)]);
            tty.shows(value);
        }
        tty.keys(keys);
        tty.shows(shown);
        // Escape and a letter at once would be Alt with that letter.
        std::thread::sleep(Duration::from_millis(60));
    }
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
    let mut tty = start(&program, &center, &watch);
    tty.shows("Kept: 1 unsent edit");
    tty.shows("-typed");
    tty.shows(death.remark);
    tty.shows("there now  someone else's");
    tty.keys("\r");
    tty.shows("draft, not sent");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(center.sim.writes(), death.patches, "nothing was sent unasked");
    assert_eq!(center.value(call, "tier").as_deref(), Some("someone else's"));
    assert_eq!(audit(&program), before, "and the audit file says so");
    // Asked for, it is checked like any edit: somebody else was there meanwhile.
    tty.keys("e\r");
    tty.shows("Send this change?");
    tty.keys("\r");
    tty.shows("Two values");
    assert_eq!(center.sim.writes(), death.patches);
    tty.keys("t");
    tty.shows("Theirs stays");
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
    let keys = &[TYPED, LEFT, ("w", "Send tier when"), ("never_there?\r", "armed: sent once when")];
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
    let keys = &[TYPED, ASKED, ("\r", "nothing was sent")];
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
