//! The loop: an input becomes messages, each message one update, and what the updates ask for is performed.
//!
//! Generic over the terminal and the keyboard, so that it runs in a test as it runs on a terminal.

mod inputs;

use super::{
    BackendSetup, Connected, Demo, Ended, HistorySource, Persistence, ShellOptions,
    backend::{Backend, TaskOutcome},
    background,
    connecting::{self, Connecting},
    input::{Burst, Keys, burst},
    pace::Pace,
    presence::PresenceFollower,
    recording,
    screen::TerminalScreen,
    signals::{Signal, Signals},
    signing::Signing,
    terminal::Terminal,
};
use crate::{
    app::{AppExit, Effect, Model, Msg, notice::NoticeLevel, signin::SignInProgress, update},
    domain::{At, Link},
    genesys::{Clock, client::NextTry},
    live,
    ui::{self, Theme},
};
use futures_util::future::BoxFuture;
use inputs::Input;
use ratatui::layout::Rect;
use std::{collections::VecDeque, io, path::PathBuf, sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};

/// Messages of the feed taken in before a key is looked for again.
const BUDGET: usize = 64;

/// Everything that the loop has.
pub(super) struct Driver<T, K> {
    /// Dropped before the terminal: what is typed after that is not ours.
    pub(super) keys: K,
    pub(super) terminal: T,
    pub(super) screen: TerminalScreen,
    pub(super) model: Model,
    pub(super) theme: Theme,
    background: background::BackgroundListener,
    pub(super) pace: Pace,
    /// Frames are paced by life, whatever time it is on them.
    pub(super) real: Clock,
    pub(super) backend: Backend,
    pub(super) signing: Signing,
    pub(super) persistence: Option<Persistence>,
    /// Until then a frame waits for the disk.
    pub(super) keeping: Duration,
    /// What must not leave before the files have what they have to know of it after a crash.
    pub(super) held: Vec<Effect>,
    pub(super) demo: Option<Box<dyn Demo>>,
    pub(super) history: Option<Arc<dyn HistorySource>>,
    /// Tells of keys whose presence falls, where there is a past to compare with.
    presence: Option<PresenceFollower>,
    pub(super) state: PathBuf,
    /// How the screens look could not be kept, and that was said.
    pub(super) forgetful: bool,
    pub(super) tasks: JoinSet<TaskOutcome>,
    /// While the operator's own editor runs, the terminal is its own: nothing is read from it and nothing drawn.
    pub(super) editing: Option<BoxFuture<'static, Msg>>,
    /// Until the link is started.
    pub(super) connecting: Option<Connecting>,
    /// Requests that failed and are tried again.
    failures: Option<mpsc::UnboundedReceiver<NextTry>>,
    /// How often it failed to connect; `None` once the link has reported a state of its own.
    unreached: Option<u32>,
    /// What was not told to the program yet.
    pub(super) untold: VecDeque<(At, Msg)>,
    /// So many messages of the feed may still be taken in.
    feed: usize,
    /// The job is to stop when everything else is done.
    pub(super) stops: Option<Stop>,
    /// What was performed.
    #[cfg(test)]
    pub(super) performed: Vec<Effect>,
}

/// Whom to stop until the shell continues it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// This process alone.
    Process,
    /// The whole job, as Ctrl-Z does.
    Job,
}

impl<T: Terminal, K: Keys> Driver<T, K> {
    /// The program before anything happened.
    ///
    /// # Errors
    /// The terminal has no size.
    pub(super) fn new(options: ShellOptions, connection: BackendSetup, terminal: T, keys: K) -> io::Result<Self> {
        let api = connection.client.connection().api_url.to_string();
        let signing = Signing::new(connection.client.clone());
        let connecting = match connection.player {
            Some(_) => None,
            None => Some(Connecting::new(connection.client.clock(), connection.connect)),
        };
        let mut backend = Backend::new(connection.client);
        let (width, height) = terminal.size()?;
        let settings = options.settings.clone();
        let mut model = Model::new(backend.now(), Rect::new(0, 0, width, height), options.settings, options.keymap);
        let is_live = connection.player.is_none();
        // A recording does not tell from where it came.
        model.settings.api = if connection.player.is_some() { "https://api.YOUR-REGION".into() } else { api };
        if let Some(player) = connection.player {
            backend.play(player, &mut model, settings);
        }
        model.settings.sign_in = signing.how();
        if let Some(hint) = model.settings.hint.take() {
            model.say(NoticeLevel::Info, hint);
        }
        if let Some(view) = &options.view {
            model.show_view(view);
        }
        let past = options.history.clone().filter(|_| is_live);
        let presence = past.map(|history| PresenceFollower::start(history, model.settings.tuning.clone()));
        let mut driver = Self {
            keys,
            terminal,
            screen: TerminalScreen::new(width, height),
            model,
            theme: options.theme,
            background: background::BackgroundListener::default(),
            pace: Pace::default(),
            real: Clock::start(),
            backend,
            signing,
            persistence: options.persistence,
            keeping: Duration::ZERO,
            held: Vec::new(),
            demo: options.demo,
            presence,
            history: options.history,
            state: options.state,
            forgetful: false,
            tasks: JoinSet::new(),
            editing: None,
            connecting,
            failures: connection.failures,
            unreached: Some(0),
            untold: VecDeque::new(),
            feed: 0,
            stops: None,
            #[cfg(test)]
            performed: Vec::new(),
        };
        if let Some(persistence) = driver.persistence.as_mut() {
            driver.untold.push_back((driver.backend.now(), Msg::Left(persistence.left())));
        }
        driver.pace.hurry();
        Ok(driver)
    }

    /// Asks the terminal for its background; the answer comes with the keys.
    pub(super) fn ask_for_background(&mut self) -> io::Result<()> {
        self.background.listen();
        self.terminal.write(background::QUESTION)
    }

    /// Goes round until the program ends.
    ///
    /// # Errors
    /// The terminal cannot be written to, or what is to be watched does not exist.
    pub(super) async fn run(mut self, mut signals: Signals) -> anyhow::Result<Ended> {
        self.settle(self.backend.now())?;
        loop {
            self.show(self.backend.now())?;
            let input = self.next(&mut signals).await?;
            self.handle(self.backend.now(), input)?;
            if let Some(stop) = self.stops.take() {
                self.stop(stop, &mut signals).await?;
            }
            if let Some(exit) = self.model.exit {
                self.tasks.abort_all();
                // The terminal first: writing out what waits may take a moment. What is typed from then on is not ours.
                self.keys.pause();
                self.terminal.leave();
                let recorded = self.backend.close_recording().map(|summary| recording::words(&summary));
                let now = self.backend.now().wall;
                let unsaved = self.persistence.take().and_then(|files| files.finish(&self.model.outbox, now));
                return Ok(Ended { exit, recorded, unsaved });
            }
        }
    }

    /// Takes in one input and does what comes of it.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub(super) fn handle(&mut self, at: At, input: Input) -> io::Result<()> {
        match input {
            Input::Signal(signal) => self.signal(at, signal)?,
            Input::Kept(news) => self.tell_all(at, news),
            Input::Burst(burst) => self.burst(at, burst),
            Input::Gone => self.model.exit = Some(AppExit::Terminated),
            Input::Edited(msg) => {
                self.terminal.enter()?;
                self.keys.resume()?;
                self.model.unseen();
                self.resize(at)?;
                self.tell(at, msg);
                self.pace.hurry();
            }
            Input::Done(TaskOutcome { msg, record }) => {
                self.backend.record_some(|| record);
                self.tell(at, msg);
            }
            Input::SignIn(progress) => {
                if progress == SignInProgress::Done {
                    self.backend.signed_in();
                    if let Some(connecting) = &mut self.connecting {
                        connecting.begin_now();
                    }
                }
                self.tell(at, Msg::SignIn(progress));
            }
            Input::Connected(connected) => self.connected(at, *connected),
            Input::Retried(next) => {
                // Of the requests of a link that stands, or that tells of itself, other places report.
                if let Some(attempt) = self.unreached() {
                    self.tell(at, Msg::Link(connecting::retried(at, next, attempt)));
                }
            }
            Input::Unreached(link) => self.tell(at, Msg::Link(link)),
            Input::Feed(at, msg) => {
                if matches!(&msg, Msg::Link(link) if *link != Link::Connecting) {
                    self.unreached = None;
                }
                self.untold.push_back((at, msg));
                self.pace.took(1);
                self.feed = BUDGET - 1;
            }
            // The frame that was waited for is drawn next.
            Input::Time if self.pace.is_dirty() && self.editing.is_none() => {}
            Input::Time => {
                self.pace.told_time(self.real.now().mono);
                let at = self.backend.tick();
                self.tell(at, Msg::Time);
            }
        }
        self.settle(at)
    }

    /// Tells the program everything that is to be told, and performs what it asks for, until there is nothing left.
    pub(super) fn settle(&mut self, at: At) -> io::Result<()> {
        loop {
            let mut effects = Vec::new();
            while let Some((at, msg)) = self.next_msg() {
                self.backend.record_some(|| recording::input(&self.model, &msg));
                if let (Some(watched), Msg::Link(link)) = (&mut self.presence, &msg) {
                    watched.link(at, link);
                }
                let asked = update(&mut self.model, at, msg);
                self.watch_presence(at, &asked);
                effects.extend(asked);
            }
            self.perform_all(at, effects)?;
            if self.untold.is_empty() {
                return Ok(());
            }
        }
    }

    /// Hands on what the monitor reported with the last message, and what the program forgot then.
    fn watch_presence(&mut self, at: At, asked: &[Effect]) {
        let Some(watched) = &mut self.presence else { return };
        let told = watched.look(&self.model, &self.model.reports, at, self.backend.is_cut());
        self.untold.extend(told.into_iter().map(|msg| (at, msg)));
        for effect in asked {
            if let Effect::Forget(gone) = effect {
                watched.forget(gone);
            }
        }
    }

    /// What to tell next. Once the program has ended, nothing is.
    fn next_msg(&mut self) -> Option<(At, Msg)> {
        if self.model.exit.is_some() {
            self.untold.clear();
            self.feed = 0;
            return None;
        }
        if let Some(next) = self.untold.pop_front() {
            return Some(next);
        }
        let left = std::mem::take(&mut self.feed);
        let next = if left > 0 { self.backend.try_next(&self.model) } else { None }?;
        self.feed = left - 1;
        self.pace.took(1);
        Some(next)
    }

    /// Has this told, and drawn with the next frame.
    pub(super) fn tell(&mut self, at: At, msg: Msg) {
        self.untold.push_back((at, msg));
        self.pace.changed();
    }

    fn tell_all(&mut self, at: At, msgs: impl IntoIterator<Item = Msg>) {
        msgs.into_iter().for_each(|msg| self.tell(at, msg));
    }

    fn burst(&mut self, at: At, burst: Burst) {
        let mut events = Vec::with_capacity(burst.events.len());
        for event in burst.events {
            match self.background.hear(event) {
                background::BackgroundOutcome::Events(heard) => events.extend(heard),
                background::BackgroundOutcome::Background(is_light) => {
                    if is_light {
                        self.theme = Theme::Light;
                        self.screen.forget();
                    }
                }
            }
        }
        let (letters, repeats) = (burst::letters(&events), burst::repeats(&events));
        self.tell(at, Msg::Burst { age: burst.age, lasted: burst.lasted, letters, repeats });
        for msg in burst::messages(&events) {
            if let Msg::Resize(width, height) = msg {
                self.screen.resize(width, height);
            }
            self.tell(at, msg);
        }
        self.pace.hurry();
    }

    fn signal(&mut self, at: At, signal: Signal) -> io::Result<()> {
        let editing = self.editing.is_some();
        match signal {
            // Typed in the editor's terminal, it is the editor's.
            Signal::Interrupt | Signal::Continue | Signal::Resize if editing => {}
            Signal::Interrupt => self.tell(at, Msg::Interrupt),
            Signal::Terminate => self.tell(at, Msg::Terminate),
            Signal::Stop => self.stops = Some(Stop::Process),
            Signal::Continue => {
                self.terminal.enter()?;
                self.screen.forget();
                self.model.unseen();
                self.resize(at)?;
            }
            Signal::Resize => self.resize(at)?,
        }
        Ok(())
    }

    /// Asks the terminal for its size.
    fn resize(&mut self, at: At) -> io::Result<()> {
        let (width, height) = self.terminal.size()?;
        self.screen.resize(width, height);
        self.tell(at, Msg::Resize(width, height));
        self.pace.hurry();
        Ok(())
    }

    /// One more failure to connect: the number of the next try.
    fn unreached(&mut self) -> Option<u32> {
        let failures = self.unreached.as_mut()?;
        *failures += 1;
        Some(*failures + 1)
    }

    fn connected(&mut self, at: At, Connected { live, targets }: Connected) {
        self.connecting = None;
        targets.teach(&mut self.model.monitor.board.names);
        self.model.settings.watching = targets.label();
        self.backend.started(live);
        self.pace.changed();
        if targets == live::targets::Targets::default() {
            self.tell(at, Msg::PickTopics);
        }
    }

    /// Stops, with the terminal given back until somebody continues us.
    async fn stop(&mut self, stop: Stop, signals: &mut Signals) -> io::Result<()> {
        // The whole job was stopped from within the editor, which has the terminal.
        if self.editing.is_some() {
            return signals.stop();
        }
        // What is typed from now on is for the shell.
        self.keys.pause();
        self.terminal.leave();
        match stop {
            Stop::Job => signals.suspend().await?,
            Stop::Process => {
                signals.stop()?;
                signals.continued().await;
            }
        }
        self.terminal.enter()?;
        self.keys.resume()?;
        self.screen.forget();
        self.model.unseen();
        self.resize(self.backend.now())?;
        self.settle(self.backend.now())
    }

    /// Draws a frame if one is due.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub(super) fn show(&mut self, at: At) -> io::Result<()> {
        let real = self.real.now().mono;
        let may_draw = self.editing.is_none() && (self.is_kept() || real >= self.keeping);
        if !(may_draw && self.pace.draws(real, self.backend.waiting())) {
            return Ok(());
        }
        let news = [
            Some(self.backend.usage()),
            self.backend.skipped(),
            self.backend.playing().map(Msg::Playing),
            self.backend.recording(),
            Some(self.signing.token()),
        ];
        self.untold.extend(news.into_iter().flatten().map(|msg| (at, msg)));
        // A replay has a time of its own.
        if self.backend.waiting().is_some() && self.pace.tells_time(real) {
            let at = self.backend.tick();
            self.untold.push_back((at, Msg::Time));
        }
        self.settle(at)?;
        self.draw(at)?;
        self.pace.drawn(real);
        Ok(())
    }

    /// Draws a frame.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub(super) fn draw(&mut self, at: At) -> io::Result<()> {
        self.model.prepare(at);
        let Self { screen, terminal, model, theme, .. } = self;
        screen.draw(terminal.out(), |buf| ui::view(model, *theme, buf))?;
        self.model.drawn(at);
        Ok(())
    }

    /// The files have everything that was handed over to them.
    pub(super) fn is_kept(&self) -> bool {
        self.persistence.as_ref().is_none_or(Persistence::is_written)
    }
}

#[cfg(test)]
mod histories;
#[cfg(test)]
pub(super) mod tests;
