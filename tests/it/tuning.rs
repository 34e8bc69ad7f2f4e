//! Rules are turned off and weighed by the configuration, for all and for a profile: in `watch`, in `check`, in a replay, and
//! on the screen.

use crate::support::{Center, Program};
use serde_json::Value;
use std::collections::BTreeMap;

/// For all: no template is looked for. For the profile: it is, and weighs more; spellings are of no interest. There are two
/// profiles, for a single one would be used unasked.
const CONFIGURATION: &str = "[findings]\nunresolved-template = 'off'\nignore = ['scratch*']\n\
                             [profile.strict.findings]\nunresolved-template = 'error'\ncase-mismatch = 'off'\n[profile.other]\n";

/// What was found, with how bad it is.
fn found(stdout: &str) -> BTreeMap<(String, String), String> {
    let lines = stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    let part = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    lines
        .filter(|line| line["type"] == "finding")
        .map(|line| ((part(&line, "rule"), part(&line, "key")), part(&line, "severity")))
        .collect()
}

/// Three runs of one command, without configuration, with it, and with the profile.
fn judged(run: impl Fn(&Program, &[&str]) -> String, program: &Program, at: &str) {
    let key = |rule: &str, key: &str| (rule.to_owned(), key.to_owned());
    let (spelling, hole, scratch) =
        (key("case-mismatch", "Tier"), key("unresolved-template", "ref"), key("unresolved-template", "scratch_1"));

    program.configure("");
    let plain = found(&run(program, &[]));
    for one in [&spelling, &hole, &scratch] {
        assert_eq!(plain.get(one).map(String::as_str), Some("warn"), "{at}, as the rules are: {one:?} in {plain:?}");
    }
    program.configure(CONFIGURATION);
    let tuned = found(&run(program, &[]));
    assert!(tuned.contains_key(&spelling), "{at}: {tuned:?}");
    assert!(!tuned.contains_key(&hole) && !tuned.contains_key(&scratch), "{at}: {tuned:?}");
    let strict = found(&run(program, &["--profile", "strict"]));
    assert_eq!(strict.get(&hole).map(String::as_str), Some("error"), "{at}: {strict:?}");
    assert!(!strict.contains_key(&spelling) && !strict.contains_key(&scratch), "{at}: {strict:?}");
}

#[test]
fn the_configuration_tunes_the_rules_wherever_they_are_applied() {
    let center = Center::new(&[]);
    let call =
        center.call(&[("tier", "gold"), ("Tier", "gold"), ("ref", "{{lookup.ref}}"), ("scratch_1", "undefined")]);
    let (program, queue, call) = (center.program(), center.queue(), call.to_string());

    let run = |program: &Program, args: &[&str]| program.run(args).stdout;
    let watch = ["watch", "--queue", &queue, "--json", "--until", "ref?"];
    judged(|program, more| run(program, &[&watch[..], more].concat()), &program, "watch");
    judged(|program, more| run(program, &[&["check", &call, "--json"], more].concat()), &program, "check");

    let recording = program.home().join("session.sidetone").display().to_string();
    program.configure("");
    assert_eq!(program.run(&[&watch[..], &["--record", &recording]].concat()).code, Some(0));
    let replay = ["replay", &recording, "--headless", "--json"];
    judged(|program, more| run(program, &[&replay[..], more].concat()), &program, "replay");

    #[cfg(unix)]
    on_screen(&program, &recording);
}

#[cfg(unix)]
fn on_screen(program: &Program, recording: &str) {
    use crate::pty::Tty;
    for (args, shown, hidden) in [
        (&[][..], "Two spellings of one key", "Template not filled in"),
        (&["--profile", "strict"], "Template not filled in", "Two spellings of one key"),
    ] {
        program.configure(CONFIGURATION);
        let mut tty = Tty::start(program, &[&["replay", recording, "--speed", "max"], args].concat(), 120, 36);
        tty.shows("1 ");
        tty.keys("d");
        tty.shows(shown);
        assert!(!tty.text().contains(hidden), "{}", tty.text());
        tty.keys("q");
        tty.ends_with(0);
    }
}
