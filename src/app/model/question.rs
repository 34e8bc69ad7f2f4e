//! Questions that send: an answer counts only when the question could be read before it was given, and when it was meant as one.
//!
//! A question takes an answer after it has been drawn and has stood for [`STANDS`], counted to the moment at which the
//! key was read from the terminal. So no burst of keys opens a question and answers it, and neither do two
//! key presses that a slow link delivers together. What it says belongs to it: when the value on the server changes under it, it is
//! another question.
//!
//! Text that is pasted as keys is no answer, however it arrives: an answer is the only letter of its read, and for [`STANDS`]
//! before it there was none.
//!
//! An answer counts [`STANDS`] after it was read, and only if nothing that may be text came until then: a paste that comes letter by
//! letter, or stalls before a line break in it, does not answer. Nor does a key that is held down: its first repeat comes after the
//! keyboard's own delay, which is longer than [`STANDS`] and as long as people think, and the next one follows soon. (Keyboards repeat 10
//! to 40 times a second.) A key that moves something takes no answer back.

use super::Model;
use crate::app::{key::Key, keymap::Command, layout, popups::Overlay, signin::Opened};
use crate::domain::{
    At, Value,
    outbox::{Cell, EditState, Refusal},
};
use std::time::Duration;

/// How long a question stands before it takes an answer, and how long no key came before that. Nobody reads and answers
/// within this time; a bouncing or held key or the rest of a paste does.
pub const STANDS: Duration = Duration::from_millis(150);

/// What is known of the read from the terminal in which a key came.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::app) struct KeyRead {
    /// How long ago it was made.
    age: Duration,
    /// There was more text in it than one letter.
    crowded: bool,
    /// When the last letter before it was read, as [`At::mono`].
    before: Option<Duration>,
    /// When the last letter was read, its own included.
    last: Option<Duration>,
    /// The terminal says that a key of it is repeated as it is held down.
    repeats: bool,
    /// The key that was pressed last.
    pub(in crate::app) key: Option<Key>,
}

/// An answer that may be a key which is held down: it waits for the next key.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct HeldAnswer {
    command: Command,
    key: Option<Key>,
    /// When it counts, as [`At::mono`], if no key was read by then.
    due: Duration,
    /// Since when its question stands.
    question: Duration,
}

/// What becomes of a key that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum KeyAnswer {
    /// It is one, or nothing is asked.
    Yes,
    /// Only if no key follows soon.
    Later,
    /// It is none.
    No(NoAnswer),
}

/// Why a key does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum NoAnswer {
    /// The question could not be read before.
    Unread,
    /// Other keys came with it.
    Crowded,
    /// Another key came just before.
    Hasty,
    /// Another key came just after this one.
    Followed(Option<Key>),
}

impl NoAnswer {
    /// For the operator.
    pub(in crate::app) fn words(self, ascii: bool) -> String {
        let words = match self {
            Self::Unread => "Ignored: that key came before the question could be read. Press it again.",
            Self::Crowded => {
                "Ignored: several keys came at once, as from a paste. An answer comes alone: press it again."
            }
            Self::Hasty => {
                "Ignored: that key came right after another one, as from a paste or a held key. Press it again."
            }
            Self::Followed(key) => {
                let key = key.map_or_else(|| "that one".to_owned(), |key| key.label(ascii));
                let within = STANDS.as_millis();
                return format!(
                    "Ignored: another key followed {key} within {within} ms, as in a paste. Press {key} again."
                );
            }
        };
        words.to_owned()
    }
}

/// A question that was drawn.
#[derive(Clone, Debug)]
pub(in crate::app) struct Drawn {
    asks: Asks,
    /// Since when, as [`At::mono`].
    since: Duration,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
enum Asks {
    /// To send these changes, or to send them although the call has ended.
    Send { changes: Vec<CellChange>, doubt: Option<Refusal>, sure: bool },
    /// Whose value is to stand.
    Conflict(CellChange),
    /// To send these when a condition is met.
    When(Vec<Cell>),
}

/// One cell: what is there and what would be.
#[derive(Clone, Debug, PartialEq)]
struct CellChange {
    cell: Cell,
    there: Option<Value>,
    mine: Option<String>,
    state: Option<EditState>,
}

impl Model {
    /// Another program had the terminal: what is asked is to be read again, once it is drawn again.
    pub(crate) fn unseen(&mut self) {
        (self.question, self.held_answer) = (None, None);
    }

    /// A frame was drawn: from now on its question, or a prompt that opened by itself, can be read.
    pub fn drawn(&mut self, at: At) {
        if let Some(Overlay::SignIn(prompt)) = self.overlays.last_mut()
            && prompt.opened == Opened::Unseen
        {
            prompt.opened = Opened::Since(at.mono);
        }
        let asks = self.asks().filter(|_| !layout::too_small(self.size));
        self.question = asks.map(|asks| match self.question.take() {
            Some(drawn) if drawn.asks == asks => drawn,
            _ => Drawn { asks, since: at.mono },
        });
    }

    /// What comes now was read from the terminal at once, the first of it so long ago and the last `lasted` later, with so many letters
    /// in it.
    pub(in crate::app) fn begin_read(&mut self, age: Duration, lasted: Duration, letters: usize, repeats: bool) {
        let KeyRead { last: before, key, .. } = self.read;
        let ended = self.now.mono.saturating_sub(age) + lasted;
        let last = if letters > 0 { Some(ended) } else { before };
        self.read = KeyRead { age, crowded: letters > 1, before, last, repeats, key };
    }

    /// When the newest key was read.
    fn read_at(&self) -> Duration {
        self.now.mono.saturating_sub(self.read.age)
    }

    /// The newest text was read less than `pause` after this moment, or after the letter before it.
    pub(in crate::app) fn typing_since(&self, moment: Duration, pause: Duration) -> bool {
        let before = self.read.before.map_or(moment, |before| before.max(moment));
        self.read_at() < before + pause
    }

    /// Whether this may be done now, asked for by the key that was read last. Only a question holds anything up, and never what leaves it.
    pub(in crate::app) fn answers(&mut self, command: Command) -> KeyAnswer {
        match self.refuses_answer(command) {
            Err(why) => KeyAnswer::No(why),
            // What scrolls is no answer, and may be held down.
            Ok(Some(question)) if !matches!(command, Command::Up | Command::Down) => {
                let due = self.read_at() + STANDS;
                self.held_answer = Some(HeldAnswer { command, key: self.read.key, due, question });
                KeyAnswer::Later
            }
            Ok(_) => KeyAnswer::Yes,
        }
    }

    /// The answer that waited for whether another key follows, once none has.
    pub(in crate::app) fn answer_due(&mut self, by: Duration) -> Option<Result<Command, NoAnswer>> {
        let held = self.held_answer.take_if(|held| held.due <= by)?;
        let stands = self.question.as_ref().is_some_and(|drawn| drawn.since == held.question);
        Some(if stands { Ok(held.command) } else { Err(NoAnswer::Unread) })
    }

    /// A key comes (`None`: a text): an answer that waits for whether one does is none, if it was read in time, unless the key only moves
    /// something. The answer, if it was not.
    pub(in crate::app) fn another_key(&mut self, key: Option<Key>) -> Option<Result<Command, NoAnswer>> {
        let due = self.answer_due(self.read_at());
        if key.is_some() {
            self.read.key = key;
        }
        let moves = |held: &HeldAnswer| key.is_some_and(|key| key.moves() && held.key != Some(key));
        due.or_else(|| self.held_answer.take_if(|held| !moves(held)).map(|held| Err(NoAnswer::Followed(held.key))))
    }

    /// Whether to send, or whose value stands, is asked: no text is typed there.
    pub(in crate::app) fn asks_to_send(&self) -> bool {
        matches!(self.overlays.last(), Some(Overlay::Commit(_) | Overlay::Conflict(_)))
    }

    /// An answer waits for whether another key follows.
    pub(in crate::app) fn has_held_answer(&self) -> bool {
        self.held_answer.is_some()
    }

    /// Why this may not be done now, or since when the question stands that it answers.
    pub(in crate::app) fn refuses_answer(&self, command: Command) -> Result<Option<Duration>, NoAnswer> {
        let leaves = matches!(command, Command::Back | Command::Interrupt | Command::Suspend | Command::Redraw);
        let sends = match self.overlays.last() {
            _ if self.asks_to_send() => !leaves,
            Some(Overlay::When(_)) => command == Command::Accept,
            // Nobody has read what is not done who types `qq` at once.
            Some(Overlay::Quit(_)) if command == Command::Accept && self.read.crowded => return Err(NoAnswer::Crowded),
            _ => false,
        };
        let KeyRead { crowded, before, repeats, .. } = self.read;
        let read = self.read_at();
        let stood = |since: Duration| read >= since + STANDS;
        if !sends {
            return Ok(None);
        }
        match &self.question {
            _ if crowded => Err(NoAnswer::Crowded),
            Some(drawn) if stood(drawn.since) => match before {
                _ if repeats => Err(NoAnswer::Hasty),
                // Where a condition is typed, too: it may be met already, and then it is sent at once.
                Some(before) if !stood(before) => Err(NoAnswer::Hasty),
                _ => Ok(Some(drawn.since)),
            },
            _ => Err(NoAnswer::Unread),
        }
    }

    /// When an answer counts that waits for whether another key follows.
    pub(in crate::app) fn held_answer_due(&self) -> Option<Duration> {
        self.held_answer.as_ref().map(|held| held.due)
    }

    /// What was drawn is no longer what is asked.
    pub(in crate::app) fn forget_other_question(&mut self) {
        if self.question.is_some() && self.asks().as_ref() != self.question.as_ref().map(|drawn| &drawn.asks) {
            self.question = None;
        }
    }

    fn asks(&self) -> Option<Asks> {
        Some(match self.overlays.last()? {
            Overlay::Commit(commit) => Asks::Send {
                changes: commit.cells.iter().map(|cell| self.change(cell)).collect(),
                doubt: commit.doubt.clone(),
                sure: commit.sure,
            },
            Overlay::Conflict(conflict) => Asks::Conflict(self.change(&conflict.cell)),
            Overlay::When(when) => Asks::When(when.cells.clone()),
            _ => return None,
        })
    }

    fn change(&self, cell: &Cell) -> CellChange {
        let view = self.outbox.view(cell);
        CellChange {
            cell: cell.clone(),
            there: self.value_of(cell),
            mine: view.as_ref().map(|v| v.mine.to_owned()),
            state: view.map(|v| v.state.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Effect, Msg, testing::Desk};

    /// A call is open and a value typed; nothing is asked yet.
    fn typed() -> Desk {
        let mut desk = Desk::new(120, 36);
        desk.customer("c1", &[("tier", "gold")]);
        desk.keys("<enter><enter>x");
        desk.asked();
        desk
    }

    fn press(desk: &mut Desk, key: &str) {
        desk.tell(Msg::Key(key.parse().unwrap()));
    }

    /// One key, read just now.
    fn alone() -> Msg {
        Msg::Burst { age: Duration::ZERO, lasted: Duration::ZERO, letters: 1, repeats: false }
    }

    fn asks(desk: &Desk) -> bool {
        matches!(desk.model.overlays.last(), Some(Overlay::Commit(_)))
    }

    fn draw(desk: &mut Desk) {
        desk.model.prepare(desk.at);
        desk.model.drawn(desk.at);
    }

    fn sends(desk: &mut Desk) -> bool {
        desk.asked().iter().any(|e| matches!(e, Effect::Read { write: Some(_), .. } | Effect::Patch { .. }))
    }

    #[test]
    fn a_question_is_not_answered_by_the_burst_that_opened_it() {
        let mut desk = typed();
        press(&mut desk, "enter");
        assert!(asks(&desk));
        press(&mut desk, "enter");
        press(&mut desk, "y");
        assert!(asks(&desk) && !sends(&mut desk));
        assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("Press it again")), "and it says so");
        // Time alone does not make it readable.
        desk.at.mono += STANDS * 10;
        press(&mut desk, "enter");
        assert!(!sends(&mut desk));
    }

    #[test]
    fn two_keys_of_one_read_do_not_quit_over_what_is_not_done() {
        let mut desk = Desk::new(120, 36);
        desk.customer("c1", &[("tier", "gold")]);
        desk.keys("<enter><enter>x<esc>");
        desk.tell(Msg::Burst { age: Duration::ZERO, lasted: Duration::ZERO, letters: 2, repeats: false });
        press(&mut desk, "q");
        press(&mut desk, "q");
        assert!(matches!(desk.model.overlays.last(), Some(Overlay::Quit(_))) && desk.model.exit.is_none());
        desk.tell(alone());
        press(&mut desk, "q");
        assert!(desk.model.exit.is_some());
    }

    #[test]
    fn it_takes_an_answer_when_it_was_drawn_and_has_stood() {
        let mut desk = typed();
        press(&mut desk, "enter");
        draw(&mut desk);
        desk.at.mono += Duration::from_millis(20);
        press(&mut desk, "enter");
        assert!(asks(&desk) && !sends(&mut desk), "two Enters 20 ms apart");
        draw(&mut desk);
        desk.at.mono += Duration::from_millis(129);
        press(&mut desk, "enter");
        assert!(!sends(&mut desk));
        desk.at.mono += Duration::from_millis(1);
        press(&mut desk, "y");
        assert!(!sends(&mut desk), "it may be the first letter of a text");
        desk.wait(150);
        assert!(!asks(&desk) && sends(&mut desk));
    }

    /// The keyboard waits 500 ms and repeats 30 times a second then; or the operator presses Enter twice.
    #[test]
    fn the_first_repeat_of_a_held_key_does_not_answer_and_a_second_press_does() {
        for held in [true, false] {
            let mut desk = typed();
            desk.tell(alone());
            press(&mut desk, "enter");
            draw(&mut desk);
            desk.wait(500);
            desk.tell(alone());
            press(&mut desk, "enter");
            assert!(asks(&desk) && !sends(&mut desk), "it is not known yet");
            for _ in 0..if held { 20 } else { 0 } {
                desk.wait(33);
                desk.tell(alone());
                press(&mut desk, "enter");
            }
            assert_eq!(desk.model.next_deadline(desk.at).filter(|_| !held), desk.model.held_answer_due());
            desk.wait(149);
            assert!(asks(&desk) && !sends(&mut desk));
            assert_eq!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("held key")), held);
            desk.wait(1);
            assert_eq!((asks(&desk), sends(&mut desk)), (held, !held), "held: {held}");
        }
    }

    #[test]
    fn a_key_that_is_held_down_scrolls_a_question() {
        let mut desk = typed();
        press(&mut desk, "enter");
        draw(&mut desk);
        desk.wait(500);
        for _ in 0..5 {
            desk.wait(33);
            press(&mut desk, "down");
            assert!(asks(&desk) && desk.model.held_answer_due().is_none() && desk.model.notice.is_none());
        }
    }

    #[test]
    fn an_answer_that_waits_is_for_the_question_that_was_read() {
        let mut desk = typed();
        press(&mut desk, "enter");
        draw(&mut desk);
        desk.wait(500);
        press(&mut desk, "enter");
        desk.customer("c1", &[("tier", "silver")]);
        draw(&mut desk);
        desk.wait(200);
        assert!(!sends(&mut desk), "what was read is no longer what would happen");
        assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("Press it again")));
        for key in ["esc", "x", "j", "tab", "ctrl-c"] {
            let mut desk = typed();
            press(&mut desk, "enter");
            draw(&mut desk);
            desk.wait(500);
            press(&mut desk, "enter");
            desk.wait(100);
            press(&mut desk, key);
            let words = desk.model.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default();
            let told = words.contains("another key followed ⏎ within 150 ms");
            assert_eq!(told, key != "esc", "{key}: {words}");
            desk.wait(500);
            assert!(!sends(&mut desk), "{key} came after it");
        }
    }

    /// Neither a paste nor a key that is held down has such a key in it.
    #[test]
    fn a_key_that_only_moves_something_takes_no_answer_back() {
        for key in ["down", "up", "left", "end", "pagedown"] {
            let mut desk = typed();
            press(&mut desk, "enter");
            draw(&mut desk);
            desk.wait(500);
            press(&mut desk, "enter");
            desk.wait(40);
            press(&mut desk, key);
            assert!(desk.model.notice.is_none() && !sends(&mut desk), "{key}: {:?}", desk.model.notice);
            desk.wait(110);
            assert!(!asks(&desk) && sends(&mut desk), "{key}");
        }
    }

    #[test]
    fn a_key_that_does_nothing_on_a_question_says_what_answers_it() {
        for key in ["x", "a", "d", "q", ":", "?", "space", "Y", "left"] {
            let mut desk = typed();
            press(&mut desk, "enter");
            draw(&mut desk);
            desk.wait(500);
            press(&mut desk, key);
            let words = desk.model.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default();
            assert_eq!(words, "Answer first: ⏎ send now, esc cancel.", "{key}");
            assert!(asks(&desk));
        }
        let mut desk = typed();
        desk.customer("c1", &[("tier", "theirs")]);
        press(&mut desk, "enter");
        draw(&mut desk);
        desk.wait(500);
        press(&mut desk, "enter");
        let words = desk.model.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default();
        assert_eq!(words, "Answer first: t keep theirs, m overwrite, e edit again, esc cancel.");
    }

    /// No flow runs on the call, so `w` and `b` mean nothing on its question: that is not why they are ignored.
    #[test]
    fn keys_that_come_at_once_are_ignored_for_that() {
        for keys in [["x", "b"], ["x", "w"], ["z", "b"]] {
            let mut desk = typed();
            press(&mut desk, "enter");
            draw(&mut desk);
            desk.wait(500);
            desk.tell(Msg::Burst { age: Duration::ZERO, lasted: Duration::ZERO, letters: 2, repeats: false });
            keys.iter().for_each(|key| press(&mut desk, key));
            let words = desk.model.notice.as_ref().map(|n| n.text.clone()).unwrap_or_default();
            assert!(words.contains("several keys came at once"), "{words}");
        }
        let mut desk = typed();
        press(&mut desk, "enter");
        draw(&mut desk);
        desk.wait(500);
        desk.tell(alone());
        press(&mut desk, "w");
        assert_eq!(desk.model.notice.as_ref().map(|n| n.text.as_str()), Some("No flow runs on this call."));
    }

    #[test]
    fn what_was_said_of_a_question_goes_with_it() {
        let mut desk = typed();
        press(&mut desk, "enter");
        press(&mut desk, "enter");
        assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("Press it again")));
        press(&mut desk, "esc");
        assert!(!asks(&desk) && desk.model.notice.is_none(), "{:?}", desk.model.notice);
    }

    #[test]
    fn a_key_that_the_terminal_calls_repeated_is_no_answer() {
        let mut desk = typed();
        press(&mut desk, "enter");
        draw(&mut desk);
        desk.wait(500);
        desk.tell(Msg::Burst { age: Duration::ZERO, lasted: Duration::ZERO, letters: 1, repeats: true });
        press(&mut desk, "y");
        desk.wait(500);
        assert!(asks(&desk) && !sends(&mut desk));
    }

    #[test]
    fn what_counts_is_when_the_key_was_read_not_when_it_is_handled() {
        let mut desk = typed();
        press(&mut desk, "enter");
        draw(&mut desk);
        desk.at.mono += Duration::from_millis(400);
        desk.tell(Msg::Burst { age: Duration::from_millis(380), lasted: Duration::ZERO, letters: 1, repeats: false });
        press(&mut desk, "y");
        assert!(!sends(&mut desk), "pressed 20 ms after the question was drawn, while the program was busy");
        desk.at.mono += STANDS;
        desk.tell(alone());
        press(&mut desk, "enter");
        desk.wait(150);
        assert!(sends(&mut desk));
    }

    #[test]
    fn escape_works_at_once_and_the_same_question_asked_again_is_a_new_one() {
        let mut desk = typed();
        press(&mut desk, "enter");
        draw(&mut desk);
        desk.at.mono += STANDS * 2;
        press(&mut desk, "esc");
        assert!(!asks(&desk));
        press(&mut desk, "enter");
        press(&mut desk, "enter");
        assert!(asks(&desk) && !sends(&mut desk));
    }

    #[test]
    fn a_value_that_changes_under_the_question_makes_it_a_new_one() {
        let mut desk = typed();
        press(&mut desk, "enter");
        draw(&mut desk);
        desk.at.mono += STANDS * 2;
        desk.customer("c1", &[("tier", "silver")]);
        press(&mut desk, "enter");
        assert!(!sends(&mut desk), "what was read is no longer what would happen");
        // It has become the question about two values.
        press(&mut desk, "m");
        assert!(!sends(&mut desk));
        draw(&mut desk);
        desk.wait(150);
        press(&mut desk, "m");
        desk.wait(150);
        assert!(sends(&mut desk));
    }

    /// `fix tier` pasted over the question about two values, where pastes are not marked: its `t` would keep theirs.
    #[test]
    fn text_that_comes_at_once_answers_nothing() {
        let mut desk = typed();
        desk.customer("c1", &[("tier", "theirs")]);
        press(&mut desk, "enter");
        assert!(matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_))));
        draw(&mut desk);
        desk.at.mono += STANDS;
        desk.tell(Msg::Burst { age: Duration::ZERO, lasted: Duration::ZERO, letters: 4, repeats: false });
        for key in ["f", "i", "x", "t"] {
            press(&mut desk, key);
        }
        assert!(desk.model.outbox.drafts().any(|(_, view)| view.mine.ends_with('x')), "the draft stays");
        desk.at.mono += STANDS;
        desk.tell(alone());
        press(&mut desk, "t");
        desk.wait(150);
        assert_eq!(desk.model.outbox.drafts().count(), 0, "asked for by itself it keeps theirs");
    }

    #[test]
    fn a_condition_is_not_armed_by_the_burst_that_asked_for_it() {
        let mut desk = typed();
        press(&mut desk, "esc");
        press(&mut desk, "w");
        for key in ["t", "i", "e", "r"] {
            press(&mut desk, key);
        }
        press(&mut desk, "enter");
        assert!(matches!(desk.model.overlays.last(), Some(Overlay::When(w)) if w.text.text() == "tier"));
        draw(&mut desk);
        desk.wait(150);
        press(&mut desk, "enter");
        desk.wait(150);
        assert!(desk.model.overlays.is_empty());
    }

    /// A paste that comes letter by letter.
    fn slowly(desk: &mut Desk, keys: &[&str], pause: u64) {
        for key in keys {
            desk.tell(alone());
            press(desk, key);
            draw(desk);
            desk.wait(pause);
        }
    }

    #[test]
    fn a_condition_is_not_answered_by_the_paste_that_types_it() {
        for pause in [5, 10, 20, 60, 120] {
            let mut desk = typed();
            press(&mut desk, "esc");
            desk.wait(500);
            slowly(&mut desk, &["w", "t", "i", "e", "r", "=", "g", "o", "l", "d", "enter"], pause);
            let asks = matches!(desk.model.overlays.last(), Some(Overlay::When(w)) if w.text.text() == "tier=gold");
            assert!(asks && !sends(&mut desk), "{pause}");
            desk.wait(500);
            slowly(&mut desk, &["enter"], 500);
            assert!(desk.model.overlays.is_empty() && sends(&mut desk), "{pause}: it is met");
        }
    }

    #[test]
    fn the_first_letter_of_a_slow_paste_is_no_answer() {
        for pause in [5, 20, 60, 120] {
            let mut desk = typed();
            desk.customer("c1", &[("tier", "theirs")]);
            slowly(&mut desk, &["enter"], 500);
            assert!(matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_))));
            slowly(&mut desk, &["m", "i"], pause);
            assert!(matches!(desk.model.overlays.last(), Some(Overlay::Conflict(_))) && !sends(&mut desk), "{pause}");
            desk.wait(500);
            slowly(&mut desk, &["m"], 500);
            assert!(sends(&mut desk), "{pause}: alone it is one");
        }
    }

    /// A paste over a slow link that stalls before a line break, and goes on.
    #[test]
    fn a_line_break_after_a_stall_is_no_answer_when_more_follows() {
        for stall in [165, 300, 900] {
            let mut desk = typed();
            slowly(&mut desk, &["enter"], 900);
            assert!(asks(&desk));
            slowly(&mut desk, &["a", "b"], 20);
            desk.wait(stall);
            slowly(&mut desk, &["enter", "m", "o"], 20);
            assert!(asks(&desk) && !sends(&mut desk), "{stall}");
        }
    }

    #[test]
    fn escape_right_after_an_answer_withdraws_it_and_says_so() {
        let mut desk = typed();
        slowly(&mut desk, &["enter"], 900);
        slowly(&mut desk, &["enter", "esc"], 50);
        desk.wait(500);
        assert!(!asks(&desk) && !sends(&mut desk));
        assert_eq!(desk.model.notice.as_ref().map(|n| n.text.as_str()), Some("Withdrawn: nothing was sent."));
    }
}
