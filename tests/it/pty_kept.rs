//! What the terminal UI keeps on disk: whatever stands in the state directory, and however the program ends.

use crate::{
    pty::Tty,
    pty_edits::{open, start, start_after},
    support::{self, Center, Program},
};
use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};
use uuid::Uuid;

/// Escape and a letter at once would be Alt with that letter.
const APART: Duration = Duration::from_millis(60);
/// Longer than a question has to stand before it takes an answer.
const READ: Duration = Duration::from_millis(300);

fn state(program: &Program) -> PathBuf {
    program.home().join("state")
}

/// The names in the state directory that begin like this.
fn names(program: &Program, begin: &str) -> Vec<String> {
    let entries = std::fs::read_dir(state(program)).into_iter().flatten().flatten();
    let names = entries.map(|e| e.file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(begin)).collect()
}

/// Everything in the journals.
fn journals(program: &Program) -> String {
    let files = names(program, "drafts-");
    files.iter().filter_map(|name| std::fs::read_to_string(state(program).join(name)).ok()).collect()
}

#[test]
fn it_starts_where_nothing_can_be_kept_and_says_so_whenever_that_matters() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = Program::new();
    std::fs::write(state(&program), "a file in its place").expect("a file");
    let mut tty = open(&program, &center, call, "");
    for _ in 0..2 {
        tty.keys("e1");
        tty.shows("Drafts cannot be kept on disk");
        tty.keys("\u{1b}");
        tty.shows("A draft in this program alone");
        std::thread::sleep(APART);
        tty.keys("\u{7f}");
        std::thread::sleep(APART);
    }
    // What cannot be kept is told before the end, and printed at the end: exactly, and so that it controls no terminal.
    tty.keys("e \"typed\" é");
    std::thread::sleep(APART);
    tty.keys("\u{1b}");
    tty.shows("A draft in this program alone");
    std::thread::sleep(APART);
    tty.keys("q");
    tty.shows("NOT kept");
    tty.answers("\r");
    tty.ends_with(1);
    tty.shows("drafts could not be kept on disk");
    let text = tty.text().replace('\n', "");
    assert!(text.contains(r#""key":"tier","text":"gold \"typed\" é"}"#), "{text}");
}

/// A file may not grow beyond 512 bytes: that is an error like a full disk, and not the end of the program.
#[test]
fn a_limit_on_the_size_of_files_is_told_and_ends_nothing() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = Program::new();
    let mut tty = start_after(&program, &center.sim, "ulimit -f 1", &format!("--conversation {call}"));
    tty.shows("live ·");
    tty.shows("+1 555");
    tty.keys("\r");
    tty.shows("set to empty");
    tty.keys("e");
    tty.shows("keep draft");
    for _ in 0..3 {
        tty.keys(&"long ".repeat(10));
        std::thread::sleep(APART);
        tty.keys(&"text ".repeat(60));
        tty.shows("Drafts cannot be kept on disk");
        std::thread::sleep(APART);
    }
    tty.keys("\u{1b}");
    tty.shows("A draft in this program alone");
    std::thread::sleep(APART);
    tty.keys("\u{7f}");
    std::thread::sleep(APART);
    tty.keys("q");
    tty.ends_with(0);
}

#[test]
fn a_journal_that_was_cut_off_is_offered_and_named_until_it_is_removed() {
    let (center, call, program, mut tty) = drafted();
    tty.dies();
    drop(tty);
    let file = state(&program).join(&names(&program, "drafts-")[0]);
    let bytes = std::fs::read(&file).expect("the journal");
    std::fs::write(&file, &bytes[..bytes.len() - 30]).expect("the journal");
    for _ in 0..2 {
        let mut tty = start(&program, &center.sim, &format!("--conversation {call}"));
        tty.shows("Kept: 1 unsent edit");
        tty.shows("gold-typed");
        tty.shows("amaged");
        assert_eq!(names(&program, "drafts-").iter().filter(|n| n.ends_with(".damaged")).count(), 1);
        tty.dies();
    }
}

/// A program on a call, with a draft: `gold` became `gold-typed`.
fn drafted() -> (Center, Uuid, Program, Tty) {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = Program::new();
    let mut tty = open(&program, &center, call, "");
    tty.keys("e-typed\u{1b}");
    tty.shows("Kept as a draft");
    (center, call, program, tty)
}

#[test]
fn what_is_no_file_does_no_harm_and_a_damaged_one_is_named() {
    let (center, call, program, mut tty) = drafted();
    tty.dies();
    drop(tty);
    let file = state(&program).join(&names(&program, "drafts-")[0]);
    let mut bytes = std::fs::read(&file).expect("the journal");
    let last = bytes.iter().rposition(|b| *b == b'"').expect("a line");
    bytes[last - 1] = b'!';
    std::fs::write(&file, bytes).expect("the journal");
    std::fs::create_dir(state(&program).join("drafts-directory.jsonl")).expect("a directory");
    let fifo = std::process::Command::new("mkfifo").arg(state(&program).join("drafts-fifo.jsonl")).status();
    assert!(fifo.expect("mkfifo").success());

    let mut tty = start(&program, &center.sim, &format!("--conversation {call}"));
    tty.shows("Kept: 1 unsent edit");
    tty.shows("gold-typed");
    tty.shows("damaged");
    assert_eq!(names(&program, "drafts-").iter().filter(|n| n.ends_with(".damaged")).count(), 1);
    std::thread::sleep(APART);
    tty.keys("\u{7f}");
    std::thread::sleep(APART);
    tty.keys("q");
    tty.ends_with(0);
}

#[test]
fn quitting_says_what_is_not_done() {
    let (_center, _, program, mut tty) = drafted();
    std::thread::sleep(APART);
    tty.keys("q");
    tty.shows("Quit?");
    tty.shows("1 draft");
    tty.shows("offered again at the next start");
    tty.keys("\r");
    tty.ends_with(0);
    assert!(journals(&program).contains("gold-typed"));
}

#[test]
fn the_text_of_a_killed_editor_is_removed_at_the_next_start() {
    let center = Center::new(&[]);
    let call = center.call(&[("tier", "gold")]);
    let program = Program::new();
    let pid = program.home().join("editor");
    let script = program.home().join("edit.sh");
    // It outlives its terminal, as an editor with a window does.
    let text = format!("trap '' HUP; echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600", pid.display());
    std::fs::write(&script, text).expect("the editor");
    let mut tty = with_editor(&program, &center, call, &script);
    tty.keys("E");
    tty.wait_for("the editor", |_| pid.exists());
    tty.dies();
    assert_eq!(names(&program, "edit-").len(), 1);
    // The editor goes on, and with it its file.
    let mut other = open(&program, &center, call, "");
    assert_eq!(names(&program, "edit-").len(), 1, "it is still being edited");
    other.keys("q");
    other.ends_with(0);
    let editor = std::fs::read_to_string(&pid).expect("its process").trim().parse().expect("a number");
    let editor = rustix::process::Pid::from_raw(editor).expect("a process");
    // It may have gone with its terminal.
    rustix::process::kill_process(editor, rustix::process::Signal::KILL).ok();
    tty.wait_for("the end of the editor", |_| rustix::process::test_kill_process(editor).is_err());
    let mut other = open(&program, &center, call, "");
    assert_eq!(names(&program, "edit-"), Vec::<String>::new());
    other.keys("q");
    other.ends_with(0);
}

fn with_editor(program: &Program, center: &Center, call: Uuid, script: &Path) -> Tty {
    let editor = format!("sh {}", script.display());
    let line = format!(
        "VISUAL='{editor}' GENESYS_CLIENT_ID={} GENESYS_CLIENT_SECRET={} exec {} --conversation {call} --api-url {} \
         --login-url {}",
        center.sim.client_id,
        center.sim.client_secret,
        std::env::var("SIDETONE_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_sidetone").into()),
        center.sim.api_url,
        center.sim.login_url
    );
    let mut shell = portable_pty::CommandBuilder::new("sh");
    shell.args(["-c", &line]);
    let mut tty = Tty::spawn(program, shell, 120, 36);
    tty.shows("live ·");
    tty.shows("+1 555");
    tty.keys("\r");
    tty.shows("set to empty");
    tty
}

/// A program in the test below.
struct Operator {
    tty: Tty,
    /// What is being typed.
    typed: String,
    /// How often it said yes to sending.
    sends: u64,
}

impl Operator {
    /// On the Call screen, past whatever is offered.
    fn start(program: &Program, center: &Center, call: Uuid) -> Self {
        let mut tty = start(program, &center.sim, &format!("--conversation {call}"));
        tty.shows("live ·");
        tty.shows("+1 555");
        // What is kept is offered a moment after the calls are there.
        std::thread::sleep(3 * READ);
        if tty.text().contains("Kept: ") {
            tty.keys("\u{1b}");
            tty.wait_for("the calls alone", |text| !text.contains("Kept: "));
        }
        tty.keys("\r");
        tty.shows("set to empty");
        Self { tty, typed: String::new(), sends: 0 }
    }

    /// Does something that ends with an edit in some state.
    fn act(&mut self, random: &mut sidetone::genesys::Random, marker: String) {
        for _ in 0..random.number() % 3 {
            self.tty.keys("j");
        }
        let doing = random.number() % 5;
        if doing == 4 {
            return;
        }
        self.tty.keys("e");
        self.tty.shows("keep draft");
        self.tty.keys(&marker);
        self.typed = marker;
        match doing {
            0 => {}
            1 => self.tty.keys("\u{1b}"),
            _ => {
                // Read with the text, it would be a part of it.
                self.tty.shows(&self.typed);
                self.tty.keys("\r");
                // Where the other program's value has come meanwhile, the question is the conflict.
                let conflict = "started editing";
                self.tty.wait_for("a question", |text| text.contains("Send this change?") || text.contains(conflict));
                if doing == 3 && !self.tty.text().contains(conflict) {
                    std::thread::sleep(READ);
                    self.tty.keys("\r");
                    self.sends += 1;
                }
            }
        }
    }
}

/// So many rounds are on one call and one state directory.
const ROUNDS_TOGETHER: usize = 8;

/// Two programs on one state directory, killed again and again in whatever state they are: whatever was written down stays
/// until it is sent, and nothing is sent that nobody sent.
#[test]
fn two_programs_killed_at_any_moment_lose_nothing_and_send_nothing_twice() {
    let rounds = support::count("SIDETONE_KILLS", 3, 200);
    let seed = std::env::var("SIDETONE_SEED").ok().and_then(|s| s.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| u64::from(std::process::id()));
    println!("SIDETONE_SEED={seed}, {rounds} rounds");
    let mut random = sidetone::genesys::Random::new(seed);
    let mut state = None;
    for round in 0..rounds {
        // Each text is added to the one before it. Of a long one a question shows the part that differs, and not all of them.
        if round % ROUNDS_TOGETHER == 0 {
            state = None;
        }
        let (center, call, program, kept, sends) = state.get_or_insert_with(|| {
            let center = Center::new(&[]);
            let call = center.call(&[("lang", "en"), ("note", "x"), ("tier", "gold")]);
            (center, call, Program::new(), Vec::new(), 0)
        });
        let mut operators: Vec<Operator> = (0..2).map(|_| Operator::start(program, center, *call)).collect();
        for (n, operator) in operators.iter_mut().enumerate() {
            operator.act(&mut random, format!("<{round}{}>", ['a', 'b'][n]));
        }
        if random.number().is_multiple_of(2) {
            // What stands on the screen is written down: from here on it must not be lost.
            for operator in operators.iter().filter(|o| !o.typed.is_empty()) {
                operator.tty.shows(&operator.typed);
                let sent = |marker: &str| audit(program).iter().any(|(_, values)| values.contains(marker));
                operator
                    .tty
                    .wait_for("the journal", |_| journals(program).contains(&operator.typed) || sent(&operator.typed));
                kept.push(operator.typed.clone());
            }
        }
        std::thread::sleep(Duration::from_millis(random.number() % 120));
        for operator in &mut operators {
            operator.tty.dies();
            *sends += operator.sends;
        }
        let audit = audit(program);
        let (journals, sent) = (journals(program), audit.iter().filter(|(outcome, _)| outcome == "sent"));
        for marker in kept.iter() {
            let gone = sent.clone().any(|(_, values)| values.contains(marker));
            assert!(journals.contains(marker) || gone, "{marker} is lost in round {round}, SIDETONE_SEED={seed}");
        }
        let sent = sent.count() as u64;
        assert!(center.sim.writes() <= sent, "a PATCH left without a line in the audit, SIDETONE_SEED={seed}");
        assert!(sent <= *sends, "{sent} were sent, {sends} were asked for, SIDETONE_SEED={seed}");
        assert_eq!(names(program, "drafts-").iter().filter(|n| n.ends_with(".damaged")).count(), 0);
    }
}

/// The outcomes in the audit file, each with its values.
fn audit(program: &Program) -> Vec<(String, String)> {
    let text = std::fs::read_to_string(state(program).join("audit.jsonl")).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let parts = lines.map(|line| {
        let mut values = String::new();
        for change in line["changes"].as_array().into_iter().flatten() {
            write!(values, "{} ", change["new"]).expect("a string takes it");
        }
        (line["outcome"].as_str().unwrap_or_default().to_owned(), values)
    });
    parts.collect()
}
