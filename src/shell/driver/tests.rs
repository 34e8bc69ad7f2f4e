use super::*;
use crate::{
    app::{STANDS, keymap::Keymap, popups::Overlay, settings::AppSettings, testing},
    domain::{
        Update,
        outbox::{Cell, EditState},
    },
    genesys::{self, Auth, Client},
    shell::input::parse::Parser,
};
use jiff::SignedDuration;
use tokio::sync::mpsc;

/// A terminal that only remembers what was written on it.
pub(in crate::shell) struct Paper {
    out: vt100::Parser,
    pub(in crate::shell) taken: bool,
}

impl Terminal for Paper {
    fn out(&mut self) -> &mut impl io::Write {
        &mut self.out
    }

    fn enter(&mut self) -> io::Result<()> {
        self.taken = true;
        Ok(())
    }

    fn leave(&mut self) {
        self.taken = false;
    }

    fn size(&self) -> io::Result<(u16, u16)> {
        let (rows, columns) = self.out.screen().size();
        Ok((columns.get(), rows.get()))
    }
}

/// Keys that the test hands over.
pub(in crate::shell) struct Hands {
    bursts: mpsc::UnboundedReceiver<Burst>,
    pub(in crate::shell) paused: bool,
}

impl Keys for Hands {
    async fn next(&mut self) -> Option<Burst> {
        self.bursts.recv().await
    }

    fn pause(&mut self) {
        self.paused = true;
    }

    fn resume(&mut self) -> io::Result<()> {
        self.paused = false;
        Ok(())
    }
}

/// The loop on paper, at a moment that the test decides.
pub(in crate::shell) struct Rig {
    pub(in crate::shell) driver: Driver<Paper, Hands>,
    pub(in crate::shell) at: At,
    pub(in crate::shell) hands: mpsc::UnboundedSender<Burst>,
}

impl Rig {
    /// The loop before there is a link.
    pub(in crate::shell) fn without_link() -> Self {
        let size = |n| std::num::NonZero::new(n).unwrap();
        let paper = Paper { out: vt100::Parser::new(size(36), size(120), 0), taken: true };
        let (hands, bursts) = mpsc::unbounded_channel();
        let keys = Hands { bursts, paused: false };
        // Nobody is there; what is asked of the platform is answered by the test.
        let nobody = genesys::Connection::to_urls("http://127.0.0.1:9", "http://127.0.0.1:9", Auth::SignedOut).unwrap();
        let connection = BackendSetup {
            client: Client::new(nobody),
            player: None,
            connect: Box::new(|| Box::pin(std::future::pending())),
            failures: None,
        };
        let options = ShellOptions {
            settings: AppSettings::default(),
            keymap: Keymap::default(),
            theme: Theme::Mono,
            asks_background: false,
            view: None,
            mouse: true,
            demo: None,
            persistence: None,
            history: None,
            state: PathBuf::new(),
        };
        let driver = Driver::new(options, connection, paper, keys).unwrap();
        let at = At { mono: Duration::from_secs(100), wall: testing::noon() };
        Self { driver, at, hands }
    }

    /// The loop with one call of these attributes on the screen.
    pub(in crate::shell) fn with_call(attributes: &[(&str, &str)]) -> Self {
        let mut rig = Self::without_link();
        rig.feed(Msg::Link(Link::Live));
        rig.feed(Msg::Update(Box::new(Update::Stream(testing::truth("c1", attributes)))));
        rig.draw();
        rig
    }

    pub(in crate::shell) fn handle(&mut self, input: Input) {
        self.driver.handle(self.at, input).unwrap();
        // Nobody answers.
        self.driver.tasks = JoinSet::new();
    }

    pub(in crate::shell) fn feed(&mut self, msg: Msg) {
        let at = self.at;
        self.handle(Input::Feed(at, msg));
    }

    pub(in crate::shell) fn draw(&mut self) {
        self.driver.draw(self.at).unwrap();
    }

    pub(in crate::shell) fn wait(&mut self, time: Duration) {
        self.at.mono += time;
        self.at.wall += SignedDuration::try_from(time).unwrap();
    }

    /// These bytes were read at once, just now.
    pub(in crate::shell) fn read(&mut self, bytes: &str) {
        let mut parser = Parser::default();
        let mut events = parser.feed(bytes.as_bytes());
        events.extend(parser.finish());
        self.handle(Input::Burst(Burst { age: Duration::ZERO, lasted: Duration::ZERO, events }));
    }

    /// A person presses these keys, one after another, and looks at what comes of each.
    pub(in crate::shell) fn press(&mut self, keys: &[&str]) {
        for key in keys {
            self.read(key);
            self.draw();
            self.wait(STANDS);
            self.feed(Msg::Time);
        }
    }

    pub(in crate::shell) fn text(&self) -> String {
        self.driver.terminal.out.screen().contents()
    }

    pub(in crate::shell) fn notice(&self) -> &str {
        self.driver.model.notice.as_ref().map_or("", |n| n.text.as_str())
    }

    pub(in crate::shell) fn state(&self, key: &str) -> Option<EditState> {
        let cell = Cell { conversation: "c1".into(), participant: "c".into(), key: key.into() };
        self.driver.model.outbox.view(&cell).map(|v| v.state.clone())
    }

    /// Writes that were begun since this was asked last.
    pub(in crate::shell) fn writes(&mut self) -> usize {
        let sends = |e: &Effect| matches!(e, Effect::Read { write: Some(_), .. });
        let writes = self.driver.performed.iter().filter(|e| sends(e)).count();
        self.driver.performed.clear();
        writes
    }

    fn asks(&self) -> bool {
        matches!(self.driver.model.overlays.last(), Some(Overlay::Commit(_)))
    }
}

const ENTER: &str = "\r";

#[tokio::test]
async fn a_paste_that_arrives_as_keys_does_nothing_on_a_screen_and_says_so() {
    let mut rig = Rig::with_call(&[("tier", "gold"), ("lang", "en")]);
    rig.press(&[ENTER]);
    rig.read("fix tier\rplease\r\ryes\r");
    assert!(rig.driver.model.overlays.is_empty() && rig.driver.model.outbox.drafts().next().is_none());
    assert!(rig.notice().contains("taken for a paste"), "{}", rig.notice());
    assert_eq!(rig.writes(), 0);
    // Without its line breaks it opens the question for an empty value, and gets no further.
    for part in ["fix tier", ENTER, "please", ENTER, ENTER, "yes", ENTER] {
        rig.read(part);
        rig.draw();
        rig.wait(Duration::from_millis(5));
    }
    assert_eq!(rig.writes(), 0);
}

#[tokio::test]
async fn a_paste_that_arrives_as_keys_is_text_in_an_editor() {
    let mut rig = Rig::with_call(&[("tier", "gold")]);
    rig.press(&[ENTER, "e"]);
    rig.read("\rplease\r\ryes\r");
    assert_eq!(rig.driver.model.editor().unwrap().text.text(), "gold\nplease\n\nyes\n");
    assert_eq!((rig.writes(), rig.asks()), (0, false));
}

#[tokio::test]
async fn two_enters_at_once_or_soon_after_each_other_send_nothing() {
    let mut rig = Rig::with_call(&[("tier", "gold")]);
    rig.press(&[ENTER, "e", "x"]);
    rig.read("\r\r\r");
    assert!(rig.asks());
    assert_eq!(rig.writes(), 0);
    rig.draw();
    rig.wait(Duration::from_millis(20));
    rig.read(ENTER);
    assert!(rig.asks());
    assert_eq!(rig.writes(), 0);
    assert!(rig.notice().contains("Press it again"), "{}", rig.notice());
    rig.wait(STANDS);
    rig.press(&[ENTER]);
    assert_eq!((rig.writes(), rig.asks()), (1, false));
    assert!(matches!(rig.state("tier"), Some(EditState::Checking { .. })));
}

/// A question that has stood for half a second, about a value that was typed.
fn asked() -> Rig {
    let mut rig = Rig::with_call(&[("tier", "gold")]);
    rig.press(&[ENTER, "e", "x", ENTER]);
    assert!(rig.asks());
    rig.wait(Duration::from_millis(500));
    rig
}

/// What was typed at the shell while the program was stopped, or in an editor, comes when it has the terminal again.
#[tokio::test]
async fn a_question_is_read_again_after_another_program_had_the_terminal() {
    for key in [ENTER, "y"] {
        let mut rig = asked();
        rig.handle(Input::Signal(Signal::Continue));
        rig.read(key);
        assert_eq!((rig.writes(), rig.asks()), (0, true), "it is not drawn yet");
        rig.wait(STANDS);
        rig.draw();
        rig.wait(Duration::from_millis(100));
        rig.read(key);
        assert_eq!((rig.writes(), rig.asks()), (0, true), "nobody has read it yet");
        rig.wait(STANDS);
        rig.press(&[key]);
        assert_eq!((rig.writes(), rig.asks()), (1, false));
    }
}

/// A paste that comes in pieces is one burst; what counts is when its last piece came.
#[tokio::test]
async fn a_key_right_after_a_paste_in_pieces_is_no_answer() {
    let mut rig = asked();
    let (age, events) = (Duration::from_millis(200), vec![crossterm::event::Event::Paste("abc".into())]);
    rig.handle(Input::Burst(Burst { age, lasted: age, events }));
    rig.wait(Duration::from_millis(50));
    rig.read("y");
    assert_eq!((rig.writes(), rig.asks()), (0, true));
    rig.wait(STANDS);
    rig.press(&["y"]);
    assert_eq!((rig.writes(), rig.asks()), (1, false));
}

/// What is typed right after sending is typed over what was sent, whatever the server still shows; what arrives then is our own.
#[tokio::test]
async fn an_edit_right_after_sending_begins_with_what_was_sent() {
    let tier = |value: &str| Msg::Update(Box::new(Update::Stream(testing::truth("c1", &[("tier", value)]))));
    let mut rig = asked();
    rig.press(&["y"]);
    assert_eq!(rig.writes(), 1);
    rig.press(&[ENTER]);
    assert_eq!(rig.driver.model.editor().unwrap().text.text(), "goldx");
    assert!(!rig.text().contains("now gold"), "{}", rig.text());
    rig.press(&["y"]);
    for value in ["gold", "goldx"] {
        rig.feed(tier(value));
        rig.draw();
        assert!(!rig.text().contains(" now "), "{}", rig.text());
        rig.press(&[ENTER]);
        assert!(rig.asks(), "no change of somebody else's: {:?}", rig.driver.model.overlays);
        assert!(!rig.text().contains("you saw"), "{}", rig.text());
        rig.press(&["\u{1b}"]);
    }
    rig.feed(tier("silver"));
    rig.draw();
    assert!(rig.text().contains(" now silver"), "{}", rig.text());
}

/// An edit that was committed while the link was down: marked on Calls, counted, listed, and named before the program ends.
#[tokio::test]
async fn what_is_on_its_way_is_marked_listed_and_named_truly() {
    let mut rig = asked();
    rig.driver.model.settings.keeps = true;
    rig.feed(Msg::Link(Link::Offline { reason: "no route".into(), by: Default::default() }));
    rig.press(&["y"]);
    let read = rig.driver.performed.iter().find_map(|effect| match effect {
        Effect::Read { conversation, asked, write: write @ Some(_) } => Some((conversation.clone(), *asked, *write)),
        _ => None,
    });
    let (conversation, asked, write) = read.expect("the fresh read");
    rig.press(&["\u{1b}"]);
    assert!(rig.text().contains("1 waiting"), "{}", rig.text());
    assert!(rig.text().lines().any(|line| line.starts_with('◌')), "{}", rig.text());
    rig.press(&["D"]);
    assert!(rig.text().contains("goldx") && rig.text().contains("waiting, not sent yet"), "{}", rig.text());
    rig.press(&["\u{1b}", "q"]);
    let text = rig.text();
    assert!(text.contains("1 edit waiting to be sent") && text.contains("not sent; kept as a draft"), "{text}");
    rig.press(&["\u{1b}"]);
    let result = Ok(testing::truth("c1", &[("tier", "gold")]));
    let done = crate::app::msg::ReadDone { conversation, asked, left: rig.at, write, result };
    rig.handle(Input::Done(Msg::Read(Box::new(done)).into()));
    rig.draw();
    assert!(rig.text().contains("1 sending"), "{}", rig.text());
    rig.press(&["D"]);
    assert!(rig.text().contains("sent, outcome unknown"), "{}", rig.text());
    rig.press(&["\u{7f}"]);
    assert!(rig.notice().contains("already being sent"), "{}", rig.notice());
    rig.press(&["\u{1b}", "q"]);
    let text = rig.text();
    assert!(text.contains("1 edit being sent") && text.contains("may still be written"), "{text}");
}

/// What it says to press means something else where the operator went since.
#[tokio::test]
async fn a_message_about_keys_goes_when_its_place_is_left() {
    let mut rig = Rig::with_call(&[("tier", "gold"), ("lang", "en")]);
    rig.press(&[ENTER, "e", "x", "\u{1b}"]);
    assert!(rig.notice().contains("edits it"), "{}", rig.notice());
    rig.press(&["\u{1b}"]);
    assert_eq!(rig.notice(), "");
    rig.press(&[ENTER, "m", "%"]);
    assert!(rig.notice().contains("% works on"), "{}", rig.notice());
    rig.press(&["j"]);
    assert_eq!(rig.notice(), "");
}

#[tokio::test]
async fn text_that_arrives_all_at_once_is_no_answer() {
    let ys = ["y".repeat(2), "y".repeat(64), "y".repeat(5000)];
    let texts = [
        "hey",
        "yes",
        "please say yes",
        "y\u{1b}[200~hello\u{1b}[201~",
        "y\u{1b}[201~",
        "no\ty",
        "\r\r",
        "y\t",
        "y\u{1b}[Bw",
    ];
    for text in texts.into_iter().chain(ys.iter().map(String::as_str)) {
        let mut rig = asked();
        rig.read(text);
        assert_eq!(rig.writes(), 0, "{text:?}");
        if text == "no\ty" {
            // `n` leaves the question.
            continue;
        }
        assert!(rig.asks(), "{text:?}");
        assert!(!rig.notice().is_empty(), "{text:?} is ignored, and nothing says so");
        rig.draw();
        rig.wait(STANDS);
        rig.press(&["y"]);
        assert_eq!((rig.writes(), rig.asks()), (1, false), "{text:?}");
    }
    // Keys that type nothing do not make it a text.
    let mut rig = asked();
    rig.read("\u{1b}[B\u{1b}[A\r");
    rig.wait(STANDS);
    rig.feed(Msg::Time);
    assert_eq!(rig.writes(), 1);
}

#[tokio::test]
async fn text_that_arrives_all_at_once_does_not_decide_between_two_values() {
    let mut rig = asked();
    rig.feed(Msg::Update(Box::new(Update::Stream(testing::truth("c1", &[("tier", "silver")])))));
    rig.draw();
    rig.wait(Duration::from_millis(500));
    for text in ["mine", "mmm", "em", "t "] {
        rig.read(text);
        assert!(matches!(rig.driver.model.overlays.last(), Some(Overlay::Conflict(_))), "{text:?}");
        rig.draw();
        rig.wait(STANDS);
    }
    assert_eq!(rig.writes(), 0);
    rig.read("m");
    rig.wait(STANDS);
    rig.feed(Msg::Time);
    assert_eq!(rig.writes(), 1);
}

#[tokio::test]
async fn keys_that_follow_one_another_like_those_of_a_paste_or_a_held_key_do_not_answer() {
    for gap in [1, 3, 15, 30, 120, 149].map(Duration::from_millis) {
        let mut rig = Rig::with_call(&[("tier", "gold"), ("lang", "en")]);
        rig.press(&[ENTER]);
        for key in "fix tier\rplease\r\ryes\r".chars() {
            rig.read(&key.to_string());
            rig.draw();
            rig.wait(gap);
        }
        assert_eq!(rig.writes(), 0, "{gap:?} apart");
        let mut rig = asked();
        for _ in 0..2 {
            // Nothing that is bound to anything, and then an answer.
            for key in ["k", "x", "y"] {
                rig.read(key);
                rig.draw();
                rig.wait(gap);
            }
        }
        assert_eq!((rig.writes(), rig.asks()), (0, true), "{gap:?} apart");
    }
    let mut rig = Rig::with_call(&[("tier", "gold")]);
    rig.press(&[ENTER, "e", "x"]);
    for _ in 0..60 {
        rig.read(ENTER);
        rig.draw();
        rig.wait(Duration::from_millis(33));
    }
    assert_eq!((rig.writes(), rig.asks()), (0, true), "Enter was held down");
    assert!(rig.notice().contains("Press it again"), "{}", rig.notice());
    rig.wait(STANDS);
    rig.press(&[ENTER]);
    assert_eq!(rig.writes(), 1);
    // Held down from the press that opened the question, on keyboards of different delays.
    for delay in [200, 250, 500, 660, 1000, 2000] {
        let mut rig = Rig::with_call(&[("tier", "gold")]);
        rig.press(&[ENTER, "e", "x"]);
        rig.read(ENTER);
        rig.draw();
        rig.wait(Duration::from_millis(delay));
        for _ in 0..60 {
            rig.read(ENTER);
            rig.draw();
            rig.wait(Duration::from_millis(91));
            rig.feed(Msg::Time);
        }
        rig.wait(STANDS);
        rig.feed(Msg::Time);
        assert_eq!((rig.writes(), rig.asks()), (0, true), "repeated after {delay} ms");
    }
}

#[tokio::test]
async fn a_text_wider_than_any_terminal_is_typed_drawn_and_moved_in() {
    let texts = ["x".repeat(70_000), "ab c".repeat(17_000), "漢".repeat(33_000), "a\n".repeat(66_000)];
    for text in texts {
        let mut rig = Rig::with_call(&[("tier", "")]);
        rig.press(&[ENTER, "e"]);
        rig.read(&text.replace('\n', "\r"));
        rig.draw();
        assert_eq!(rig.driver.model.editor().unwrap().text.text(), text);
        // Left, backspace, to the beginning, Shift and right, to the end.
        for key in ["\u{1b}[D", "\u{7f}", "\u{1b}[H", "\u{1b}[1;2C", "\u{1b}[F", "z"] {
            rig.read(key);
            rig.draw();
        }
        assert_eq!(rig.driver.model.editor().unwrap().text.text().chars().count(), text.chars().count());
        rig.press(&["\u{1b}"]);
        assert!(rig.driver.model.outbox.drafts().next().is_some());
    }
}

#[tokio::test]
async fn leaving_says_what_cannot_be_kept_and_asks() {
    let mut rig = Rig::with_call(&[("tier", "gold")]);
    rig.driver.model.settings.keeps = true;
    rig.press(&[ENTER, "e", "x"]);
    let full = |drafts: Option<&str>| {
        let unkept = crate::app::unkept::Unkept { drafts: drafts.map(str::to_owned), audit: None };
        Input::Kept(Some(Msg::Unkept(unkept)))
    };
    rig.handle(full(Some("the disk is full")));
    assert!(rig.notice().contains("the disk is full"), "{}", rig.notice());
    rig.press(&["\u{1b}"]);
    assert!(rig.notice().contains("in this program alone"), "{}", rig.notice());
    rig.press(&["q"]);
    assert!(rig.driver.performed.contains(&Effect::Keep), "it is tried once more");
    let text = rig.text();
    assert!(text.contains("NOT kept") && text.contains("the disk is full"), "{text}");
    assert!(!text.contains("offered again"), "{text}");
    assert_eq!(rig.driver.model.exit, None);
    rig.handle(full(None));
    rig.draw();
    assert!(rig.text().contains("offered again at the next start"), "{}", rig.text());
    // The question before sending says it, too.
    rig.press(&["\u{1b}"]);
    rig.handle(full(Some("the disk is full")));
    rig.press(&["S"]);
    assert!(rig.asks() && rig.text().contains("no trace"), "{}", rig.text());
}

#[tokio::test]
async fn an_end_marker_inside_a_paste_does_not_open_and_answer_a_question() {
    let paste = "\u{1b}[200~gold\u{1b}[201~\r\ry\u{1b}[201~";
    for opened in [&[ENTER][..], &[ENTER, "e"]] {
        let mut rig = Rig::with_call(&[("tier", "gold")]);
        rig.press(opened);
        rig.read(paste);
        assert!(!rig.asks());
        assert_eq!(rig.writes(), 0);
    }
}

#[tokio::test]
async fn arrow_keys_and_the_wheel_act_with_an_enter() {
    let mut rig = Rig::with_call(&[("a", "1"), ("b", "2"), ("c", "3")]);
    rig.press(&[ENTER]);
    rig.read("\u{1b}[B\u{1b}[B\r");
    assert_eq!(rig.driver.model.editor().unwrap().text.text(), "3");
    rig.press(&["\u{1b}"]);
    rig.read(&"\u{1b}[<64;10;10M".repeat(1000));
    rig.read("\r");
    assert_eq!(rig.driver.model.editor().unwrap().text.text(), "1");
}

#[tokio::test]
async fn a_key_that_waited_while_the_program_was_busy_does_not_answer_what_it_could_not_know() {
    let mut rig = Rig::with_call(&[("tier", "gold")]);
    rig.press(&[ENTER, "e", "x"]);
    rig.read(ENTER);
    rig.draw();
    rig.wait(Duration::from_secs(2));
    let enter = crossterm::event::Event::Key(crossterm::event::KeyCode::Enter.into());
    rig.handle(Input::Burst(Burst { age: Duration::from_millis(1900), lasted: Duration::ZERO, events: vec![enter] }));
    assert_eq!((rig.writes(), rig.asks()), (0, true));
}

#[tokio::test]
async fn a_question_is_on_the_paper_before_it_takes_an_answer() {
    let mut rig = Rig::with_call(&[("tier", "gold")]);
    rig.press(&[ENTER, "e", "x"]);
    rig.read(ENTER);
    rig.wait(STANDS * 10);
    rig.read(ENTER);
    rig.wait(STANDS);
    rig.feed(Msg::Time);
    assert_eq!(rig.writes(), 0, "it was never drawn");
    rig.draw();
    assert!(rig.text().contains("Send this change?"), "{}", rig.text());
    rig.wait(STANDS);
    rig.read("y");
    rig.wait(STANDS);
    rig.feed(Msg::Time);
    assert_eq!(rig.writes(), 1);
}

#[tokio::test]
async fn the_operators_editor_has_keys_and_terminal_to_itself() {
    let mut rig = Rig::with_call(&[("tier", "gold")]);
    rig.press(&[ENTER]);
    rig.read("E");
    assert!(rig.driver.keys.paused && !rig.driver.terminal.taken && rig.driver.editing.is_some());
    let Some(Effect::Edit(what)) = rig.driver.performed.last().cloned() else { panic!() };
    rig.driver.editing = None;
    rig.handle(Input::Edited(Msg::Edited(what, Ok("from outside".into()))));
    assert!(!rig.driver.keys.paused && rig.driver.terminal.taken);
    assert!(rig.driver.model.outbox.drafts().any(|(_, view)| view.mine == "from outside"));
}

#[tokio::test]
async fn signals_end_stop_and_resize() {
    let mut rig = Rig::with_call(&[]);
    rig.handle(Input::Signal(Signal::Stop));
    assert_eq!(rig.driver.stops.take(), Some(Stop::Process));
    rig.read("\u{1a}");
    assert_eq!(rig.driver.stops.take(), Some(Stop::Job));
    rig.handle(Input::Signal(Signal::Resize));
    assert_eq!((rig.driver.model.size.width, rig.driver.model.size.height), (120, 36));
    for (input, exit) in [
        (Input::Signal(Signal::Interrupt), AppExit::Interrupted),
        (Input::Signal(Signal::Terminate), AppExit::Terminated),
        (Input::Gone, AppExit::Terminated),
    ] {
        let mut rig = Rig::with_call(&[]);
        rig.handle(input);
        assert_eq!(rig.driver.model.exit, Some(exit));
    }
}

#[tokio::test]
async fn after_the_end_nothing_of_a_burst_is_done() {
    let mut rig = Rig::with_call(&[("tier", "gold")]);
    rig.read("q\u{1b}[B");
    assert_eq!(rig.driver.model.exit, Some(AppExit::Quit));
    rig.driver.performed.clear();
    rig.read("E");
    assert!(rig.driver.performed.is_empty());
}

#[tokio::test]
async fn the_loop_goes_round_by_itself() {
    let rig = Rig::with_call(&[("tier", "gold")]);
    let signals = Signals::listen().unwrap();
    for key in ["?", "\u{1b}", "q"] {
        let mut parser = Parser::default();
        let mut events = parser.feed(key.as_bytes());
        events.extend(parser.finish());
        rig.hands.send(Burst { age: Duration::ZERO, lasted: Duration::ZERO, events }).unwrap();
    }
    let ended = rig.driver.run(signals).await.unwrap();
    assert_eq!(ended.exit, AppExit::Quit);
}

/// From the first failure the reason stands in the header and in the middle of the screen, with the try; F5 tries the link.
#[tokio::test]
async fn a_first_connection_that_fails_says_why_and_f5_tries_it_now() {
    let mut rig = Rig::without_link();
    rig.draw();
    assert!(rig.text().contains("Not connected yet."), "{}", rig.text());
    let cause = "The server was not reached: Connection refused (127.0.0.1:9)";
    for attempt in 2..5 {
        let wait = Duration::from_secs(3);
        rig.handle(Input::Retried(NextTry { cause: cause.into(), tries: 2, wait }));
        rig.draw();
        let text = rig.text();
        assert_eq!(text.matches(cause).count(), 1, "{text}");
        assert!(text.contains(&format!("Not connected: {cause}.")), "{text}");
        assert!(text.contains(&format!("Trying again in 3 s (try {attempt}). ctrl-r tries now.")), "{text}");
        rig.driver.performed.clear();
        rig.read("\u{1b}[15~");
        assert_eq!(rig.driver.performed, [Effect::Reconnect]);
        assert_eq!(rig.notice(), "Trying to connect now.");
    }
    rig.feed(Msg::Link(Link::Live));
    rig.handle(Input::Retried(NextTry { cause: cause.into(), tries: 2, wait: Duration::ZERO }));
    assert!(rig.driver.model.link.is_live(), "a request that is tried again is not the link");
}
