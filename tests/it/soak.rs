//! An hour of a busy contact centre in which everything breaks, and the memory of the programs that watch it.

use crate::{
    pty_edits::start,
    support::{self, Center, Output, Program},
};
use sidetone::sim::Scenario;
use std::{
    process::Stdio,
    time::{Duration, Instant},
};

/// Everything that breaks and passes; times are real ones.
const FAULTS: &[&str] = &[
    "close@3s/17s",
    "reset@5s/19s",
    "cut@7s/23s",
    "stall=2s@11s/41s",
    "socket-closing=1s@13s/43s",
    "unsubscribe@17s/47s",
    "steal@19s/53s",
    "404-channel@23s/59s",
    "401@29s/61s",
    "junk@2s/5s",
    "junk=big@9s/31s",
    "duplicate=0.05",
    "reorder=0.05",
    "drop-frames=0.01",
    "late=200ms@20s..25s",
    "503@15s..16s",
    "429=1@26s..27s",
    "half@33s..34s",
    "invalid-json@35s..36s",
    "slow=300ms@37s..39s",
];

/// The figures of the run in twentieths: the highest of the last quarter against the highest of the one before.
fn is_flat(what: &str, figures: &[u64]) {
    println!("{what}, kB: {figures:?}");
    let quarter = figures.len() / 4;
    let most = |part: &[u64]| part.iter().copied().max().unwrap_or(0);
    let (third, last) = (most(&figures[2 * quarter..3 * quarter]), most(&figures[3 * quarter..]));
    // Caches fill and allocators round; a leak of an hour shows as much more.
    assert!(last <= third + third / 10 + 2_000, "{what} grows in its second half: {figures:?}");
}

/// `SIDETONE_SOAK` simulated minutes: 60 with `SIDETONE_FULL=1`. How fast they pass is up to the machine.
#[test]
fn an_hour_with_all_faults_leaves_memory_flat() {
    let minutes = support::count("SIDETONE_SOAK", 1, 60);
    let speed = support::count("SIDETONE_SOAK_SPEED", 30, 30);
    let center = Center::with(FAULTS, |options| {
        options.scenario = Scenario::embedded();
        options.calls = Some(200);
        options.speed = speed as f64;
        options.tuning.rate_limit = 100_000;
    });
    let program = Program::new();
    let mut tty = start(&program, &center.sim, "");
    tty.shows("+1 555");
    let mut watching = center.program();
    watching.set("SIDETONE_HOME", &program.home().join("watch").to_string_lossy());
    let mut command = watching.command(&["watch", "--all-queues", "--json"]);
    let mut watch = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");

    let step = Duration::from_secs_f64(60.0 * minutes as f64 / speed as f64 / 20.0);
    let (mut ui, mut follower) = (Vec::new(), Vec::new());
    let mut next = Instant::now();
    for _ in 0..20 {
        next += step;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        assert_eq!(watch.try_wait().expect("a child"), None, "watch ended");
        ui.push(support::memory(tty.pid(), "VmRSS").expect("the program runs"));
        follower.push(support::memory(watch.id(), "VmRSS").expect("the program runs"));
    }
    watch.kill().expect("it runs");
    drop(Output::of(watch));
    tty.keys("\u{3}");
    tty.ends_with(130);
    // A short run is still filling what it may hold.
    if minutes >= 30 {
        is_flat("the UI", &ui);
        is_flat("watch", &follower);
    }
}
