//! Random histories of bursts, through everything that handles keys, with an outbox behind it and a platform that answers.
//!
//! The two promises, judged from outside, by what stood on the terminal and what left the program: nothing is sent without its
//! question having been drawn and having stood; and of what was typed into an editor nothing is lost.
//! `SIDETONE_BURSTS` is the number of histories.

use super::{tests::Rig, *};
use crate::{
    app::{STANDS, keymap, screen::Screen, testing},
    domain::{
        Update,
        outbox::{Cell, EditState, PatchOutcome, PatchRequest, PatchTarget},
    },
    testing::count,
};
use proptest::{prelude::*, test_runner::Config};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Happens {
    /// These bytes are read at once.
    Read(String),
    /// Text that no other step types, as keys or as a marked paste, with a line break or without.
    Text { marked: bool, breaks: bool },
    /// A person reads what stands there and presses this key.
    Press(&'static str),
    /// A frame is drawn.
    Draw,
    /// Time passes.
    Wait(u64),
    /// Another operator writes a value.
    Other(u8),
    /// What was asked of the platform is answered.
    Answers,
}

fn happens() -> impl Strategy<Value = Happens> {
    // No key that takes away what was typed: deletion, discarding, giving in, undoing. No key that leaves the program.
    let key = prop::sample::select(vec![
        "\r",
        "\r",
        "\r",
        "\r",
        "y",
        "e",
        "x",
        "m",
        "w",
        "n",
        "S",
        "a",
        " ",
        "\u{1b}",
        "\u{1b}[A",
        "\u{1b}[B",
        "\u{1b}[C",
        "\u{1b}[D",
        "\n",
        "\u{1b}\r",
        "\u{1b}[<65;10;10M",
        "\u{1b}[<0;20;8M",
        // Without a `t`: it would give in where a conflict stands.
        "fix lines",
        "\u{1b}[201~",
    ]);
    prop_oneof![
        6 => prop::collection::vec(key, 1..5).prop_map(|keys| Happens::Read(keys.concat())),
        3 => (any::<bool>(), any::<bool>()).prop_map(|(marked, breaks)| Happens::Text { marked, breaks }),
        4 => prop::sample::select(vec!["\r", "\r", "y", "m", "e", "S"]).prop_map(Happens::Press),
        5 => Just(Happens::Draw),
        4 => prop_oneof![1u64..60, 100u64..400].prop_map(Happens::Wait),
        1 => any::<u8>().prop_map(Happens::Other),
        3 => Just(Happens::Answers),
    ]
}

/// The loop, the platform behind it, and what was seen of both.
struct LoopHistory {
    rig: Rig,
    /// What the platform has.
    truth: Vec<(String, String)>,
    asked: Vec<Effect>,
    /// When the frames were drawn, and whether each shows a question.
    frames: Vec<(Duration, bool)>,
    /// Everything that left.
    sent: Vec<String>,
    /// What was typed into an editor.
    typed: Vec<char>,
    /// When letters were read last.
    letters: Option<Duration>,
    /// The last read, which may be an answer by now or later.
    last: Reading,
}

/// A read of the terminal, as far as it may be an answer.
#[derive(Default)]
struct Reading {
    at: Duration,
    bytes: String,
    /// What was asked then, and typed.
    asked: Vec<(Cell, String)>,
    takes_text: bool,
    /// When letters were read before.
    before: Option<Duration>,
    /// The read before had the same bytes: it may be a key that is held down.
    again: bool,
    /// How many frames were drawn before.
    frames: usize,
}

/// Letters, line breaks and tabs in what was read, escape sequences apart.
fn letters(bytes: &str) -> usize {
    let (mut count, mut chars) = (0, bytes.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.find(|c| c.is_ascii_alphabetic() || *c == '~');
            }
            // Alt with a key, or Escape by itself.
            '\u{1b}' => drop(chars.next_if(|c| *c == '\r')),
            '\r' | '\n' | '\t' => count += 1,
            c => count += usize::from(!c.is_control()),
        }
    }
    count
}

/// How often a typed letter is in its text.
const LETTERS: usize = 3;

impl LoopHistory {
    fn new() -> Self {
        let truth: Vec<(String, String)> =
            [("tier", "gold"), ("lang", "en"), ("note", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        let pairs: Vec<(&str, &str)> = truth.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let mut rig = Rig::with_call(&pairs);
        rig.press(&["\r"]);
        let (asked, frames, sent, typed) = Default::default();
        Self { rig, truth, asked, frames, sent, typed, letters: None, last: Reading::default() }
    }

    fn snapshot(&self) -> crate::domain::Snapshot {
        let pairs: Vec<(&str, &str)> = self.truth.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        testing::truth("c1", &pairs)
    }

    fn tell(&mut self) {
        let snapshot = self.snapshot();
        self.rig.feed(Msg::Update(Box::new(Update::Stream(snapshot))));
    }

    fn step(&mut self, nth: usize, happens: &Happens) -> Result<(), TestCaseError> {
        match happens {
            Happens::Read(bytes) => self.read(bytes)?,
            Happens::Press(key) => {
                self.step(nth, &Happens::Draw)?;
                self.step(nth, &Happens::Wait(STANDS.as_millis() as u64))?;
                self.read(key)?;
                self.step(nth, &Happens::Wait(STANDS.as_millis() as u64))?;
            }
            Happens::Text { marked, breaks } => {
                // A letter of its own, so that it is found wherever the cursor went on meanwhile.
                let letter = char::from_u32(0x4e00 + nth as u32).expect("a letter");
                let token = String::from_iter([letter; LETTERS]);
                let text = if *breaks { format!("{token}\rrest") } else { token.clone() };
                let editing = self.rig.driver.model.editor().is_some()
                    && matches!(self.rig.driver.model.overlays.last(), Some(crate::app::popups::Overlay::Editor(_)));
                // As single keys on a screen it would be commands.
                if *marked {
                    self.read(&format!("\u{1b}[200~{text}\u{1b}[201~"))?;
                } else if *breaks || editing {
                    self.read(&text)?;
                }
                if editing {
                    self.typed.push(letter);
                }
            }
            Happens::Draw => {
                self.rig.draw();
                let text = self.rig.text();
                let asks = [
                    "Send this change?",
                    "Send these ",
                    "Two values",
                    "started editing. Nothing",
                    "than the one you sent.",
                    "but never appeared.",
                    "may have been written.",
                    "Send tier when",
                    "Send lang when",
                    "Send note when",
                ];
                self.frames.push((self.rig.at.mono, asks.iter().any(|ask| text.contains(ask))));
            }
            Happens::Wait(ms) => {
                self.rig.wait(Duration::from_millis(*ms));
                self.time()?;
            }
            Happens::Other(n) => {
                let i = usize::from(*n) % self.truth.len();
                self.truth[i].1 = format!("other-{nth}");
                self.tell();
            }
            Happens::Answers => self.answers(),
        }
        let performed = std::mem::take(&mut self.rig.driver.performed);
        self.asked.extend(performed);
        self.nothing_typed_is_lost()
    }

    /// Bytes are read; whatever begins to be sent because of it had its question on the terminal.
    fn read(&mut self, bytes: &str) -> Result<(), TestCaseError> {
        let at = self.rig.at.mono;
        // What waited for another key is sent by now, or not at all.
        if at >= self.last.at + STANDS {
            self.time()?;
        }
        let asked = self.asked_about();
        let takes_text = matches!(self.rig.driver.model.overlays.last(), Some(crate::app::popups::Overlay::When(_)));
        let (before, again) = (self.letters, self.last.bytes == bytes);
        if letters(bytes) > 0 {
            self.letters = Some(at);
        } else if letters(&self.last.bytes) > 0 && at < self.last.at + STANDS {
            // Wheel, arrows and clicks are no text: the read before them may still be the answer that is waited for.
            self.rig.read(bytes);
            return self.judge();
        }
        self.last =
            Reading { at, bytes: bytes.to_owned(), asked, takes_text, before, again, frames: self.frames.len() };
        self.rig.read(bytes);
        self.judge()
    }

    /// The program is told that time has passed: an answer that waited for another key is one now.
    fn time(&mut self) -> Result<(), TestCaseError> {
        let asked = !self.asked_about().is_empty();
        self.rig.handle(Input::Time);
        self.rig.feed(Msg::Time);
        // Edits that wait for something else leave by themselves, and the question stays.
        if asked && self.asked_about().is_empty() { self.judge() } else { Ok(()) }
    }

    /// Whatever began to be sent because of the last read had its question on the terminal.
    fn judge(&mut self) -> Result<(), TestCaseError> {
        let sends = self.rig.driver.performed.iter().any(|e| matches!(e, Effect::Read { write: Some(_), .. }));
        let (now, last) = (self.rig.at.mono, &self.last);
        let bytes = &last.bytes;
        if sends {
            let drawn = &self.frames[..last.frames];
            let stood = drawn.iter().rev().take_while(|(_, asks)| *asks).last().map(|(since, _)| *since);
            let long = stood.is_some_and(|since| last.at >= since + STANDS);
            prop_assert!(long, "sent by {bytes:?} at {:?}; frames: {drawn:?}", last.at);
            prop_assert!(letters(bytes) <= 1, "sent by {bytes:?}, which is a text");
            let quiet = last.takes_text || last.before.is_none_or(|before| last.at >= before + STANDS);
            prop_assert!(quiet, "sent by {bytes:?} at {:?}, right after a key at {:?}", last.at, last.before);
            prop_assert!(!last.again || now >= last.at + STANDS, "sent by {bytes:?} again, which may be a held key");
        }
        let committed = &last.asked;
        // The operator said yes to it, and it is sent or waits behind the PATCH before it: from here on it is the outbox's, which
        // has histories of its own.
        let outbox = &self.rig.driver.model.outbox;
        let left = |cell: &Cell| {
            let state = outbox.view(cell).map(|view| view.state);
            sends || matches!(state, Some(EditState::Queued | EditState::Checking { .. } | EditState::Waiting { .. }))
        };
        let gone = |letter: char| committed.iter().any(|(cell, text)| left(cell) && text.contains(letter));
        self.typed.retain(|letter| !gone(*letter));
        Ok(())
    }

    /// The texts that the question on the screen is about.
    fn asked_about(&self) -> Vec<(Cell, String)> {
        use crate::app::popups::Overlay;
        let outbox = &self.rig.driver.model.outbox;
        let cells = self.rig.driver.model.overlays.iter().flat_map(|overlay| match overlay {
            Overlay::Commit(commit) => commit.cells.clone(),
            Overlay::Conflict(conflict) => vec![conflict.cell.clone()],
            _ => Vec::new(),
        });
        let text = |cell: Cell| outbox.view(&cell).map(|view| view.mine.to_owned()).map(|text| (cell, text));
        cells.filter_map(text).collect()
    }

    fn answers(&mut self) {
        for effect in std::mem::take(&mut self.asked) {
            match effect {
                Effect::Read { conversation, asked, write } => {
                    let result = Ok(self.snapshot());
                    let done = crate::app::msg::ReadDone { conversation, asked, left: self.rig.at, write, result };
                    self.rig.handle(Input::Done(Msg::Read(Box::new(done)).into()));
                }
                Effect::Patch { write, request } => {
                    self.patch(&request);
                    let outcome = PatchOutcome::Accepted { status: 202, correlation_id: None };
                    self.rig.handle(Input::Done(Msg::Patched(write, Box::new(outcome)).into()));
                    self.tell();
                }
                _ => {}
            }
        }
    }

    fn patch(&mut self, request: &PatchRequest) {
        for (key, value) in &request.body {
            let (key, value) = (key.to_string(), value.to_string());
            self.sent.push(value.clone());
            match self.truth.iter_mut().find(|(k, _)| *k == key) {
                Some((_, v)) => *v = value,
                None => self.truth.push((key, value)),
            }
        }
    }

    /// What was typed is in a draft, on its way, or sent.
    fn nothing_typed_is_lost(&self) -> Result<(), TestCaseError> {
        // Keys that were added, too, whatever became of them.
        let target = PatchTarget { conversation: "c1".into(), participant: "c".into() };
        let views = self.rig.driver.model.outbox.views(&target);
        let mine: Vec<String> = views.iter().map(|view| view.mine.to_owned()).collect();
        for letter in &self.typed {
            let whole = |text: &String| text.chars().filter(|c| c == letter).count() >= LETTERS;
            let there = mine.iter().chain(&self.sent).any(whole);
            prop_assert!(there, "{letter:?} is lost; edits {mine:?}, sent {:?}", self.sent);
        }
        Ok(())
    }
}

#[test]
fn random_bursts_send_nothing_unread_and_lose_nothing_typed() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let config = Config { cases: count("SIDETONE_BURSTS", 12, 3_000), failure_persistence: None, ..Config::default() };
    let sent = std::cell::Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&prop::collection::vec(happens(), 20..80), |steps| {
            let mut history = LoopHistory::new();
            for (nth, step) in steps.iter().enumerate() {
                history.step(nth, step)?;
            }
            sent.set(sent.get() + history.sent.len());
            Ok(())
        })
        .unwrap();
    assert!(sent.get() > 0, "histories in which nothing is ever sent show nothing");
}

/// What a terminal sends for a key of the table; nothing for those that leave the program or write files.
fn sent_for(binding: &keymap::Binding, key: &str) -> Option<String> {
    use keymap::Command as C;
    let outside = [C::Interrupt, C::Suspend, C::EditOutside, C::MapOutside, C::Export, C::Record, C::SaveView];
    if outside.contains(&binding.command) {
        return None;
    }
    let control = |c: char| char::from(c as u8 & 0x1f).to_string();
    Some(match key {
        "enter" => "\r".to_owned(),
        "esc" => "\u{1b}".to_owned(),
        "tab" => "\t".to_owned(),
        "space" => " ".to_owned(),
        "backspace" => "\u{7f}".to_owned(),
        "up" => "\u{1b}[A".to_owned(),
        "down" => "\u{1b}[B".to_owned(),
        "right" => "\u{1b}[C".to_owned(),
        "left" => "\u{1b}[D".to_owned(),
        "home" => "\u{1b}[H".to_owned(),
        "end" => "\u{1b}[F".to_owned(),
        "pageup" => "\u{1b}[5~".to_owned(),
        "pagedown" => "\u{1b}[6~".to_owned(),
        "shift-left" => "\u{1b}[1;2D".to_owned(),
        "shift-right" => "\u{1b}[1;2C".to_owned(),
        "shift-tab" => "\u{1b}[Z".to_owned(),
        "alt-enter" => "\u{1b}\r".to_owned(),
        "f1" => "\u{1b}OP".to_owned(),
        "f5" => "\u{1b}[15~".to_owned(),
        key => match key.strip_prefix("ctrl-").and_then(|c| c.chars().next()) {
            Some(c) => control(c),
            None if key.chars().count() == 1 => key.to_owned(),
            None => panic!("{key}: how is it sent?"),
        },
    })
}

/// Every key of the table and some text, drawn or not, as people and cats press them.
fn any_key() -> impl Strategy<Value = Happens> {
    let keys = keymap::BINDINGS.iter().flat_map(|b| b.keys.iter().filter_map(move |key| sent_for(b, key)));
    let mut keys: Vec<String> = keys.collect();
    keys.sort();
    keys.dedup();
    let text =
        ["tier", "gold", "customer_tier~[", "age>1m", "{\"a\":1}", "sort tier", "\u{1b}[<0;30;5M", "\u{1b}[<65;9;9M"];
    prop_oneof![
        12 => prop::sample::select(keys).prop_map(Happens::Read),
        2 => prop::sample::select(text.to_vec()).prop_map(|text| Happens::Read(text.to_owned())),
        6 => Just(Happens::Draw),
        4 => prop_oneof![1u64..60, 200u64..400].prop_map(Happens::Wait),
        1 => any::<u8>().prop_map(Happens::Other),
        2 => Just(Happens::Answers),
    ]
}

#[test]
fn random_keys_send_nothing_unread_and_escape_always_leads_home() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let config = Config { cases: count("SIDETONE_SESSIONS", 8, 150), failure_persistence: None, ..Config::default() };
    let screens = std::cell::RefCell::new(std::collections::BTreeSet::new());
    // The same sessions each time, so that a test that passes passes again.
    let rng = proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(config, rng);
    runner
        .run(&prop::collection::vec(any_key(), 20..60), |steps| {
            let mut history = LoopHistory::new();
            for (nth, step) in steps.iter().enumerate() {
                history.step(nth, step)?;
                if history.rig.driver.model.exit.is_some() {
                    return Ok(());
                }
                screens.borrow_mut().insert(format!("{:?}", history.rig.driver.model.screen));
            }
            // Out of whatever it is: each Escape was read by someone who saw what it is about.
            for _ in 0..60 {
                history.rig.draw();
                history.rig.wait(STANDS);
                history.read("\u{1b}")?;
                history.rig.driver.performed.clear();
            }
            let model = &history.rig.driver.model;
            prop_assert!(model.overlays.is_empty(), "{:?} stays", model.overlays.last());
            prop_assert_eq!(model.screen, Screen::Calls);
            prop_assert!(!model.calls.coverage.focus && model.calls.filter_text.is_empty());
            Ok(())
        })
        .unwrap();
    assert!(screens.borrow().len() >= 4, "most screens were on: {:?}", screens.borrow());
}
