//! The real program on a real pseudo-terminal: what it draws, what it leaves behind, and how it ends.

use crate::support::Program;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use regex::bytes::Regex;
use std::{
    io::{Read, Write},
    num::NonZero,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Long enough for a slow machine; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(180);

/// Longer than a question has to stand before it takes an answer.
const READING: Duration = Duration::from_millis(220);

/// A program on a terminal.
pub struct Tty {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    input: Box<dyn Write + Send>,
    seen: Arc<Mutex<Seen>>,
    before: String,
    /// What is typed next may not be in one read with the key before it.
    alone: bool,
}

struct Seen {
    screen: vt100::Parser,
    bytes: Vec<u8>,
}

/// The program's end of the terminal, to be looked at.
fn slave(master: &dyn MasterPty) -> std::fs::File {
    use std::os::unix::fs::OpenOptionsExt;
    let path = master.tty_name().expect("the terminal has a name");
    let mut options = std::fs::OpenOptions::new();
    // Looked at only: it must not become this process's own terminal.
    options.read(true).custom_flags(rustix::fs::OFlags::NOCTTY.bits() as i32);
    options.open(path).expect("the terminal")
}

/// The terminal's modes, as text to be compared.
fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", rustix::termios::tcgetattr(slave(master)).expect("the terminal's modes"))
}

fn parser(rows: u16, columns: u16) -> vt100::Parser {
    let some = |n| NonZero::new(n).expect("a size");
    vt100::Parser::new(some(rows), some(columns), 0)
}

impl Tty {
    pub fn start(program: &Program, args: &[&str], columns: u16, rows: u16) -> Self {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_sidetone"));
        command.args(args);
        Self::spawn(program, command, columns, rows)
    }

    pub fn spawn(program: &Program, mut command: CommandBuilder, cols: u16, rows: u16) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })
            .expect("a pseudo-terminal");
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear();
        command.env("PATH", path);
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env("SIDETONE_HOME", program.home());
        command.cwd(program.home());
        let before = modes(&*pair.master);
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let mut output = pair.master.try_clone_reader().expect("its output");
        let input = pair.master.take_writer().expect("its input");
        let seen = Arc::new(Mutex::new(Seen { screen: parser(rows, cols), bytes: Vec::new() }));
        let sink = seen.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(n @ 1..) = output.read(&mut chunk) {
                let mut seen = sink.lock().expect("no reader panics");
                seen.screen.process(&chunk[..n]);
                seen.bytes.extend_from_slice(&chunk[..n]);
            }
        });
        Self { master: pair.master, child, input, seen, before, alone: false }
    }

    pub fn text(&self) -> String {
        self.seen.lock().expect("no reader panics").screen.screen().contents()
    }

    pub fn wait_for(&self, what: &str, mut there: impl FnMut(&str) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !there(&self.text()) {
            assert!(Instant::now() < end, "no {what} on the screen:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn shows(&self, text: &str) {
        self.wait_for(text, |screen| screen.contains(text));
    }

    /// Types as a person does: what stands there is read before it is answered with Enter, and neither Enter nor Escape is in one read
    /// with what is typed before or after it.
    pub fn keys(&mut self, keys: &str) {
        self.alone |= keys.starts_with('\u{1b}');
        for piece in keys.split_inclusive('\r') {
            let (text, enter) = piece.strip_suffix('\r').map_or((piece, false), |text| (text, true));
            if !text.is_empty() && std::mem::take(&mut self.alone) {
                self.is_read();
            }
            self.at_once(text);
            if enter {
                self.is_read();
                std::thread::sleep(READING);
                self.at_once("\r");
                self.alone = true;
            }
        }
        self.alone |= keys.ends_with('\u{1b}');
    }

    /// Waits until the program has read what was typed: on a busy machine that takes its time.
    fn is_read(&mut self) {
        let tty = slave(&*self.master);
        let end = Instant::now() + PATIENCE;
        // What was written reaches the other end a moment later: nothing waits there only if that is so several times.
        let mut empty = 0;
        while empty < 4 && self.child.try_wait().expect("a child").is_none() {
            let waits = rustix::io::ioctl_fionread(&tty).expect("a count") > 0;
            empty = if waits { 0 } else { empty + 1 };
            assert!(Instant::now() < end, "it reads nothing:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(15));
        }
    }

    /// Leaves, and answers the question that is asked where something is not done.
    pub fn quits(&mut self) {
        self.keys("q");
        let end = Instant::now() + PATIENCE;
        while self.child.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < end, "it does not end:\n{}", self.text());
            if self.text().contains("Quit?") {
                self.answers("\r");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A person reads the question, then answers.
    pub fn answers(&mut self, keys: &str) {
        std::thread::sleep(READING);
        self.keys(keys);
    }

    /// All of this in one write.
    pub fn at_once(&mut self, keys: &str) {
        self.input.write_all(keys.as_bytes()).expect("the terminal takes keys");
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("it runs")
    }

    /// Ends it the hard way.
    pub fn dies(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let pid = self.child.process_id().and_then(|id| rustix::process::Pid::from_raw(id as i32)).expect("it runs");
        rustix::process::kill_process(pid, signal).expect("it takes signals");
    }

    pub fn ends_with(&mut self, code: u32) {
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(Instant::now() < end, "it does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!(status.exit_code(), code, "{}", self.text());
        self.is_restored();
    }

    /// The terminal is as it was found.
    fn is_restored(&self) {
        // The last bytes may still be on their way from the terminal.
        self.wait_for("end of the alternate screen, with a cursor", |_| {
            let seen = self.seen.lock().expect("no reader panics");
            !seen.screen.screen().alternate_screen() && !seen.screen.screen().hide_cursor()
        });
        let seen = self.seen.lock().expect("no reader panics");
        let screen = seen.screen.screen();
        assert!(!screen.hide_cursor(), "the cursor is hidden");
        assert!(!screen.bracketed_paste(), "bracketed paste is on");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is taken");
        assert_eq!(modes(&*self.master), self.before, "the modes differ");
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // It has ended already, unless the test failed.
        _ = self.child.kill();
    }
}

fn demo(columns: u16, rows: u16) -> (Program, Tty) {
    let program = Program::new();
    let tty = Tty::start(&program, &["demo", "--seed", "1"], columns, rows);
    tty.shows("● live");
    (program, tty)
}

#[test]
fn it_starts_shows_calls_and_leaves_no_trace() {
    let (_home, mut tty) = demo(120, 36);
    tty.shows("+1 555 010");
    tty.keys("q");
    tty.ends_with(0);
}

#[test]
fn an_edit_in_the_demo_is_seen_on_the_stream() {
    let (_home, mut tty) = demo(120, 36);
    tty.shows("+1 555 010");
    // An agent's call, so that no flow writes back.
    tty.keys("/state:agent media:call");
    tty.shows("media:call");
    tty.keys("\r");
    tty.wait_for("a call with an agent", |s| s.contains("esc all calls") && s.contains(" agent "));
    tty.keys("\r");
    tty.shows("set to empty");
    tty.keys("e");
    tty.shows("keep draft");
    tty.keys("-edited");
    tty.shows("-edited");
    tty.keys("\r");
    tty.shows("Send this change?");
    tty.keys("\r");
    tty.wait_for("proof", |s| s.contains("✓ seen ") && s.contains("-edited"));
    tty.quits();
    tty.ends_with(0);
}

#[test]
fn every_way_out_gives_the_terminal_back() {
    use rustix::process::Signal;
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 143), (Signal::INT, 130)] {
        let (_home, mut tty) = demo(100, 30);
        tty.signal(signal);
        tty.ends_with(code);
    }
    let (_home, mut tty) = demo(100, 30);
    tty.keys("\u{3}");
    tty.ends_with(130);
}

#[test]
fn every_signal_that_ends_it_and_can_be_caught_gives_the_terminal_back() {
    use rustix::process::Signal as S;
    let deadly = [
        S::QUIT,
        S::ABORT,
        S::USR1,
        S::USR2,
        S::ALARM,
        S::VTALARM,
        S::PROF,
        S::XCPU,
        S::TRAP,
        S::SYS,
        S::BUS,
        S::FPE,
        S::ILL,
        S::SEGV,
        #[cfg(target_os = "linux")]
        S::STKFLT,
        #[cfg(target_os = "linux")]
        S::POWER,
        #[cfg(target_os = "linux")]
        S::IO,
    ];
    for signal in deadly {
        let program = Program::new();
        let mut tty = Tty::start(&program, &["demo", "--calls", "1"], 100, 30);
        tty.shows("● live");
        tty.signal(signal);
        let end = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = tty.child.try_wait().expect("a child") {
                break status;
            }
            assert!(Instant::now() < end, "{signal:?} does not end it:\n{}", tty.text());
            std::thread::sleep(Duration::from_millis(10));
        };
        // Some that only Linux has are not known to whoever plays what they do by default.
        let faults = [S::FPE, S::ILL, S::SEGV];
        assert!(status.signal().is_some() || !faults.contains(&signal), "{signal:?}: {status:?}");
        tty.is_restored();
    }
}

/// The program is out of memory and aborts by itself: its handler must not return before the terminal is back.
#[cfg(target_os = "linux")]
#[test]
fn an_abort_gives_the_terminal_back() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let program = Program::new();
    let mut tty = Tty::start(&program, &["demo", "--calls", "1"], 100, 30);
    tty.shows("● live");
    let pid = tty.child.process_id().and_then(|id| Pid::from_raw(id as i32));
    // Not the address space: a stack that cannot grow ends in a signal that nothing can answer.
    prlimit(pid, Resource::Data, Rlimit { current: Some(1 << 20), maximum: Some(1 << 20) }).expect("a limit");
    let paste = format!("\u{1b}[200~{}\u{1b}[201~", "x".repeat(3 << 20));
    // A terminal that nobody reads any more takes nothing: the rest is never written.
    let mut input = std::mem::replace(&mut tty.input, Box::new(std::io::sink()));
    std::thread::spawn(move || input.write_all(paste.as_bytes()));
    let end = Instant::now() + PATIENCE;
    while tty.child.try_wait().expect("a child").is_none() {
        assert!(Instant::now() < end, "it goes on:\n{}", tty.text());
        std::thread::sleep(Duration::from_millis(10));
    }
    tty.is_restored();
}

/// More than a terminal and a pipe hold: `SIDETONE_AT_ONCE` thousands of bytes, twice.
#[test]
fn a_hundred_thousand_bytes_at_once_are_all_read() {
    let thousands = crate::support::count("SIDETONE_AT_ONCE", 70, 100);
    let (_home, mut tty) = demo(120, 36);
    tty.shows("+1 555 010");
    // Notches of a fast wheel, then a key that opens what is selected.
    tty.at_once(&"\u{1b}[<65;10;10M\u{1b}[<64;10;10M".repeat(thousands * 1_000 / 22));
    tty.at_once("?");
    tty.shows("Everywhere");
    tty.keys("\u{1b}");
    tty.wait_for("the calls", |s| !s.contains("Everywhere"));
    tty.keys("/");
    tty.shows("Filter");
    // As keys: text where text is typed, whole, its end without waiting for another key.
    tty.at_once(&format!("{}THE-END", "xy".repeat(thousands * 500)));
    tty.shows("THE-END");
    tty.keys("\u{1b}");
    tty.wait_for("the calls", |s| !s.contains("THE-END"));
    tty.keys("q");
    tty.ends_with(0);
}

/// What is one burst on a terminal; what a burst does is proven on the loop.
#[test]
fn a_paste_that_comes_as_keys_changes_nothing() {
    let center = crate::support::Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = Program::new();
    let mut tty = crate::pty_edits::open(&program, &center, call, "");
    tty.at_once("fix tier\rplease\r\ryes\r");
    tty.shows("taken for a paste");
    assert!(!tty.text().contains("Send this change?"));
    tty.keys("e");
    tty.shows("keep draft");
    tty.at_once("\u{1b}[200~one\u{1b}[201~\r\ry\rtwo\u{1b}[201~");
    tty.shows("two");
    assert!(!tty.text().contains("Send this change?"));
    tty.keys("-more");
    tty.shows("-more");
    tty.keys("\r");
    tty.shows("Send this change?");
    // Back to the editor, and out of it.
    tty.keys("\u{1b}");
    tty.wait_for("the editor", |s| !s.contains("Send this change?") && s.contains("keep draft"));
    tty.keys("\u{1b}");
    tty.shows("Kept as a draft");
    tty.quits();
    tty.ends_with(0);
}

#[test]
fn a_mouse_report_at_no_cell_does_not_make_it_deaf() {
    let (_home, mut tty) = demo(100, 30);
    tty.at_once("\u{1b}[<0;0;0M\u{1b}[32;0;0M");
    tty.keys("?");
    tty.shows("Everywhere");
    tty.signal(rustix::process::Signal::TERM);
    tty.ends_with(143);
}

#[test]
fn an_interrupted_prompt_for_a_secret_leaves_the_terminal_as_it_was() {
    let program = Program::new();
    let mut tty = Tty::start(&program, &["login", "--client-id", "c1", "--region", "us-east-1", "--secret"], 80, 24);
    tty.shows("it is not shown");
    tty.wait_for("quiet terminal", |_| modes(&*tty.master) != tty.before);
    tty.keys("\x03");
    assert_eq!(tty.child.wait().expect("it ends").exit_code(), 130);
    assert_eq!(modes(&*tty.master), tty.before);
}

#[test]
fn another_size_is_drawn_at_once() {
    let (_home, mut tty) = demo(120, 36);
    let resize = |tty: &Tty, cols: u16, rows: u16| {
        tty.seen.lock().expect("no reader panics").screen = parser(rows, cols);
        tty.master.resize(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }).expect("a size");
    };
    resize(&tty, 40, 10);
    tty.shows("at least 60x16");
    resize(&tty, 1, 1);
    resize(&tty, 90, 24);
    tty.shows("● live");
    tty.keys("q");
    tty.ends_with(0);
}

#[test]
fn control_z_stops_and_fg_goes_on() {
    let program = Program::new();
    let mut command = CommandBuilder::new("sh");
    command.arg("-i");
    let mut tty = Tty::spawn(&program, command, 100, 30);
    tty.keys("PS1='ready> '; set -m\n");
    tty.shows("ready>");
    tty.keys(&format!("{} demo\n", env!("CARGO_BIN_EXE_sidetone")));
    tty.shows("● live");
    tty.keys("\u{1a}");
    tty.wait_for("the shell", |_| !tty.seen.lock().expect("no reader panics").screen.screen().alternate_screen());
    tty.shows("Stopped");
    tty.keys("echo back $((40+2))\n");
    tty.shows("back 42");
    tty.keys("fg\n");
    tty.shows("● live");
    tty.keys("q");
    tty.wait_for("the shell", |_| !tty.seen.lock().expect("no reader panics").screen.screen().alternate_screen());
    tty.keys("exit\n");
    tty.ends_with(0);
}

#[test]
fn a_stop_from_outside_gives_the_terminal_back() {
    let program = Program::new();
    let mut command = CommandBuilder::new("sh");
    command.arg("-i");
    let mut tty = Tty::spawn(&program, command, 100, 30);
    tty.keys("PS1='ready> '; set -m\n");
    tty.shows("ready>");
    tty.keys(&format!("{} demo\n", env!("CARGO_BIN_EXE_sidetone")));
    tty.shows("● live");
    let shell = tty.child.process_id().expect("it runs");
    let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children")).expect("children");
    let named = |pid: &&str| {
        std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == "sidetone")
    };
    let pid = children.split_whitespace().find(named).and_then(|pid| pid.parse().ok()).expect("the program");
    let pid = rustix::process::Pid::from_raw(pid).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::TSTP).expect("it takes signals");
    tty.wait_for("the shell", |_| !tty.seen.lock().expect("no reader panics").screen.screen().alternate_screen());
    tty.keys("echo back $((40+2))\n");
    tty.shows("back 42");
    tty.keys("fg\n");
    tty.shows("● live");
    tty.keys("q");
    tty.wait_for("the shell", |_| !tty.seen.lock().expect("no reader panics").screen.screen().alternate_screen());
    tty.keys("exit\n");
    tty.ends_with(0);
}

#[test]
fn a_light_terminal_is_recognised_by_its_answer() {
    let (_home, mut tty) = demo(100, 30);
    tty.shows("● live");
    let colors = |tty: &Tty| String::from_utf8_lossy(&tty.seen.lock().expect("no reader panics").bytes).into_owned();
    assert!(colors(&tty).contains("\u{1b}]11;?"), "it was asked");
    tty.keys("\u{1b}]11;rgb:ffff/ffff/ffff\u{1b}\\");
    // The green of the light theme, for the mark of the link.
    tty.wait_for("the light theme", |_| colors(&tty).contains("38;5;22"));
    assert!(!tty.text().contains('▼'), "the answer is no key press");
    tty.keys("q");
    tty.ends_with(0);
}

#[test]
fn hostile_values_put_no_control_bytes_on_the_terminal() {
    let (_home, mut tty) = demo(200, 60);
    tty.shows("+1 555 010");
    tty.keys("/media:message bidi_note?");
    tty.shows("bidi_note?");
    tty.keys("\r");
    // The filter works while it is typed: what tells that Enter was taken is the way back from it.
    tty.wait_for("a message", |s| s.contains("esc all calls") && !s.contains("None of"));
    tty.keys("\r");
    tty.shows("set to empty");
    tty.keys("em");
    tty.keys("\u{1b}");
    tty.shows("draft, not sent");
    tty.quits();
    tty.ends_with(0);
    let seen = tty.seen.lock().expect("no reader panics");
    // What the program itself writes: cursor, style, modes. Nothing else may hold a control.
    let own = Regex::new(r"\x1b\[[?<>=]?[0-9;:]*[A-Za-z]|\x1b[78]|\x1b\]11;\?\x1b\\|[\r\n]").expect("a pattern");
    let rest = own.replace_all(&seen.bytes, &b""[..]);
    let text = String::from_utf8(rest.into_owned()).expect("what is drawn is UTF-8");
    let bad: String = text
        .chars()
        .filter(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}'..='\u{200f}'))
        .collect();
    assert!(bad.is_empty(), "{}", bad.escape_debug());
    assert!(text.contains("U+"), "the demo has a value with something to hide");
}

#[test]
fn a_panic_gives_the_terminal_back_and_says_why() {
    let program = Program::new();
    let mut command = CommandBuilder::new(std::env::current_exe().expect("this test"));
    command.args(["--exact", "pty::panicking_child", "--ignored", "--nocapture", "--test-threads=1"]);
    let mut tty = Tty::spawn(&program, command, 100, 30);
    tty.shows("something broke on purpose");
    let end = Instant::now() + PATIENCE;
    while tty.child.try_wait().expect("a child").is_none() {
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(10));
    }
    tty.is_restored();
}

/// Not a test of its own: the program that panics while it has the terminal.
#[test]
#[ignore = "run by a_panic_gives_the_terminal_back_and_says_why on a terminal of its own"]
fn panicking_child() {
    use sidetone::{app, genesys, shell};
    let auth = genesys::Auth::Token("sample".into());
    let connection = genesys::Connection::to_urls("http://127.0.0.1:9", "http://127.0.0.1:9", auth).expect("loopback");
    let options = shell::ShellOptions {
        settings: app::settings::AppSettings::default(),
        keymap: app::keymap::Keymap::default(),
        theme: sidetone::ui::Theme::Terminal,
        asks_background: false,
        view: None,
        mouse: true,
        demo: None,
        history: None,
        persistence: None,
        state: std::env::temp_dir(),
    };
    let connect: shell::Connect = Box::new(|| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            panic!("something broke on purpose")
        })
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let ended = runtime.block_on(shell::run(
        options,
        shell::BackendSetup { client: genesys::Client::new(connection), player: None, connect, failures: None },
    ));
    panic!("it went on: {ended:?}");
}

#[test]
fn drafts_outlive_a_kill_and_are_offered_again() {
    let program = Program::new();
    let scenario = sidetone::sim::SimOptions { calls: Some(4), ..sidetone::sim::SimOptions::default() };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let sim = runtime.block_on(sidetone::sim::start(scenario)).expect("a simulator");
    let start = || {
        // `spawn` clears the environment, so the shell sets the credentials.
        let line = format!(
            "GENESYS_CLIENT_ID={} GENESYS_CLIENT_SECRET={} exec {} --all-queues --api-url {} --login-url {}",
            sim.client_id,
            sim.client_secret,
            env!("CARGO_BIN_EXE_sidetone"),
            sim.api_url,
            sim.login_url
        );
        let mut shell = CommandBuilder::new("sh");
        shell.args(["-c", &line]);
        Tty::spawn(&program, shell, 120, 36)
    };
    let mut tty = start();
    tty.shows("● live");
    tty.wait_for("a call", |s| s.contains("queue") || s.contains("agent"));
    tty.keys("\r");
    tty.shows("set to empty");
    tty.keys("e-typed");
    tty.shows("-typed");
    let before = sim.requests();
    tty.dies();
    let mut tty = start();
    tty.shows("Kept: 1 unsent edit");
    tty.shows("-typed");
    tty.shows("● live");
    tty.wait_for("the call of the draft", |s| !s.contains("is not here"));
    tty.keys("\r");
    tty.shows("draft, not sent");
    assert!(sim.requests() >= before);
    let audit = std::fs::read_to_string(program.home().join("state/audit.jsonl")).unwrap_or_default();
    assert_eq!(audit, "", "nothing was sent");
    tty.keys("\u{1b}");
    tty.wait_for("the calls", |s| !s.contains("draft, not sent"));
    tty.quits();
    tty.ends_with(0);
}

#[test]
fn the_operators_editor_has_the_terminal_and_gives_it_back() {
    let program = Program::new();
    let script = program.home().join("editor.sh");
    let look = "stty -a > modes; stat -c %a \"$1\" > mode; cp \"$1\" before; printf 'from outside\\n' > \"$1\"";
    std::fs::write(&script, look).expect("a script");
    let mut shell = CommandBuilder::new("sh");
    let run = format!("VISUAL='sh editor.sh' exec {} demo --seed 1", env!("CARGO_BIN_EXE_sidetone"));
    shell.args(["-c", &run]);
    let mut tty = Tty::spawn(&program, shell, 120, 36);
    tty.shows("● live");
    tty.wait_for("a call", |s| s.contains("queue") || s.contains("agent"));
    tty.keys("\r");
    tty.shows("set to empty");
    tty.keys("E");
    tty.shows("from outside");
    let read = |name: &str| std::fs::read_to_string(program.home().join(name)).expect(name);
    assert!(read("modes").contains(" icanon"), "the editor found the terminal as a shell does");
    assert_eq!(read("mode").trim(), "600");
    assert!(!read("before").ends_with('\n'));
    let left = |dir: &std::path::Path| {
        std::fs::read_dir(dir)
            .expect("a directory")
            .flatten()
            .any(|e| e.file_name().to_string_lossy().starts_with("edit-"))
    };
    assert!(!left(program.home()) && !left(&program.home().join("state")), "the file is gone");
    tty.quits();
    tty.ends_with(0);
}

/// A locale without UTF-8: ASCII is drawn from the first frame on, and why is said once. UTF-8 in the variable that decides
/// brings the marks back.
#[test]
fn a_locale_without_utf8_is_drawn_in_ascii() {
    for (locale, ascii) in [("LC_ALL=C", true), ("LC_ALL= LANG=POSIX", true), ("LC_ALL=C.UTF-8 LANG=C", false)] {
        let program = Program::new();
        let mut shell = CommandBuilder::new("sh");
        let sidetone = env!("CARGO_BIN_EXE_sidetone");
        shell.args(["-c", &format!("env {locale} {sidetone} demo --seed 3")]);
        let mut tty = Tty::spawn(&program, shell, 120, 36);
        tty.shows("Calls");
        if ascii {
            tty.shows("The locale is not UTF-8");
        } else {
            tty.shows("live");
        }
        assert_eq!(!tty.text().contains('─'), ascii, "{locale}:\n{}", tty.text());
        tty.quits();
    }
}

/// Nobody listens at the start: the reason stands on the screen, which stays, and so does the key that tries at once.
#[test]
fn without_a_network_at_the_start_the_screen_stays_and_says_why() {
    let center = crate::support::Center::new(&[]);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address").port();
    let program = Program::new();
    let mut shell = CommandBuilder::new("sh");
    let sidetone = env!("CARGO_BIN_EXE_sidetone");
    let (login, id, secret) = (&center.sim.login_url, &center.sim.client_id, &center.sim.client_secret);
    shell.args([
        "-c",
        &format!(
            "env SIDETONE_API_URL=http://127.0.0.1:{nobody} SIDETONE_LOGIN_URL={login} GENESYS_CLIENT_ID={id} \
             GENESYS_CLIENT_SECRET={secret} {sidetone} --all-queues"
        ),
    ]);
    let mut tty = Tty::spawn(&program, shell, 120, 36);
    tty.shows("Not connected:");
    tty.shows("refuses connections");
    tty.shows("ctrl-r tries now.");
    tty.quits();
    tty.ends_with(0);
}

/// A secret that is wrong at the start: the screen stays, says so and offers to sign in again.
#[test]
fn a_wrong_secret_at_the_start_can_be_mended() {
    let center = crate::support::Center::new(&[]);
    let program = Program::new();
    let mut shell = CommandBuilder::new("sh");
    let sidetone = env!("CARGO_BIN_EXE_sidetone");
    let (api, login, id) = (&center.sim.api_url, &center.sim.login_url, &center.sim.client_id);
    shell.args([
        "-c",
        &format!(
            "env SIDETONE_API_URL={api} SIDETONE_LOGIN_URL={login} GENESYS_CLIENT_ID={id} \
             GENESYS_CLIENT_SECRET=not-the-secret {sidetone} --all-queues"
        ),
    ]);
    let mut tty = Tty::spawn(&program, shell, 120, 36);
    tty.shows("signed out");
    // It opened by itself: what is typed within a second may have been meant for what was there before.
    std::thread::sleep(Duration::from_millis(1_500));
    tty.keys(&center.sim.client_secret);
    tty.keys("\r");
    // Of the link: the list says how many calls are live without one, too.
    tty.shows("● live");
    tty.quits();
}

/// The demo's story: a version is published that loses a key, and the screen says so, with the past to compare with. Calls in a
/// flow are found by asking every few seconds, so that it takes its time: `SIDETONE_DEMOS` (`.ci/run` sets it) is how often it is run.
#[test]
fn the_demo_tells_that_a_new_version_lost_a_key() {
    if crate::support::count("SIDETONE_DEMOS", 0, 1) == 0 {
        eprintln!("not run: it takes half a minute; SIDETONE_DEMOS=1 runs it");
        return;
    }
    let program = Program::new();
    let mut tty = Tty::start(&program, &["demo", "--seed", "1", "--speed", "4"], 150, 60);
    tty.shows("● live");
    tty.keys("d");
    let end = Instant::now() + PATIENCE * 6;
    // The alarm's notice, or its finding: with many findings the list may have it below the last row.
    let tells = |text: &str| text.contains("presence-drop") || text.contains("of MainIVR v43, and was on");
    while !tells(&tty.text()) {
        assert!(Instant::now() < end, "{}", tty.text());
        std::thread::sleep(Duration::from_millis(100));
    }
    tty.keys("q");
}
