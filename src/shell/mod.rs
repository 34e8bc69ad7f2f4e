//! The outside of the terminal UI: clocks, tasks, signals and the terminal. It moves messages in and effects out and decides nothing.

mod clock;
mod screen;
mod signals;
mod terminal;

use crate::{
    app::{Effect, Exit, Model, Msg, keymap::Keymap, settings::Settings, update},
    ui::{self, Theme},
};
use clock::Clock;
use crossterm::event::{Event, EventStream};
use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use ratatui::layout::Rect;
use screen::Screen;
use std::{io, time::Duration};
use terminal::Terminal;
use tokio::{sync::mpsc, task::JoinSet};

/// Least time between two frames that events alone cause: about thirty a second.
const FRAME: Duration = Duration::from_millis(33);
/// Messages of the feed taken in before a key is looked for again.
const BUDGET: usize = 512;

/// What the shell needs to know to start.
pub struct Options {
    /// Choices for the screens.
    pub settings: Settings,
    /// The table of actions with the user's keys.
    pub keymap: Keymap,
    /// Styles.
    pub theme: Theme,
    /// Take the mouse.
    pub mouse: bool,
}

/// Does what the program wants done; the future's message comes back to it.
pub type Perform = Box<dyn FnMut(Effect) -> Option<BoxFuture<'static, Msg>> + Send>;

/// Runs the terminal UI until it ends. `inbox` is what the platform tells, bounded by whoever made it; `perform` talks to the platform.
///
/// The terminal is put back as it was on every way out: a normal end, an error, a signal, a panic.
///
/// # Errors
/// The terminal could not be set up or written to.
pub async fn run(options: Options, mut inbox: mpsc::Receiver<Msg>, mut perform: Perform) -> io::Result<Exit> {
    let clock = Clock::start();
    let mut signals = signals::Signals::listen()?;
    let mut terminal = Terminal::enter(options.mouse)?;
    let (width, height) = crossterm::terminal::size()?;
    let mut screen = Screen::new(width, height);
    let mut model = Model::new(clock.now(), Rect::new(0, 0, width, height), options.settings, options.keymap);
    let mut events = EventStream::new();
    let mut tasks: JoinSet<Msg> = JoinSet::new();
    let mut due = Duration::ZERO;
    let mut dirty = true;
    let mut feed_open = true;

    loop {
        let now = clock.now();
        if dirty && now.mono >= due {
            model.prepare(now);
            draw(&mut screen, &mut terminal, &model, options.theme)?;
            dirty = false;
            due = now.mono + FRAME;
        }
        let wake = if dirty { Some(due) } else { model.next_deadline(now) };
        let mut effects: Vec<Effect> = Vec::new();
        tokio::select! {
            // Keys first: a flood of events cannot delay them.
            biased;
            signal = signals.next() => match signal {
                signals::Signal::Interrupt => model.exit = Some(Exit::Interrupted),
                signals::Signal::Terminate => effects.extend(update(&mut model, clock.now(), Msg::Terminate)),
                signals::Signal::Continue => {
                    terminal.enter_again()?;
                    screen.forget();
                    dirty = true;
                }
            },
            event = events.next() => {
                let mut next = Some(event);
                while let Some(event) = next {
                    let Some(event) = event.transpose()? else {
                        // The terminal is gone.
                        return Ok(Exit::Terminated);
                    };
                    if let Some(msg) = message(&event) {
                        if let Msg::Resize(width, height) = msg {
                            screen.resize(width, height);
                        }
                        effects.extend(update(&mut model, clock.now(), msg));
                    }
                    next = if model.exit.is_some() { None } else { events.next().now_or_never() };
                }
                dirty = true;
                due = Duration::ZERO;
            }
            Some(done) = tasks.join_next(), if !tasks.is_empty() => {
                let msg = done.unwrap_or_else(|error| Msg::Failed(format!("A task of the program broke: {error}")));
                effects.extend(update(&mut model, clock.now(), msg));
                dirty = true;
            }
            msg = inbox.recv(), if feed_open => {
                let mut next = msg;
                feed_open = next.is_some();
                for _ in 0..BUDGET {
                    let Some(msg) = next else { break };
                    effects.extend(update(&mut model, clock.now(), msg));
                    next = inbox.try_recv().ok();
                }
                if let Some(msg) = next {
                    effects.extend(update(&mut model, clock.now(), msg));
                }
                dirty = true;
            }
            () = clock.sleep_until(wake) => {
                if !dirty {
                    effects.extend(update(&mut model, clock.now(), Msg::Time));
                    dirty = true;
                }
            }
        }
        for effect in effects {
            match effect {
                Effect::Suspend => {
                    terminal.leave();
                    signals::suspend()?;
                    terminal.enter_again()?;
                    screen.forget();
                    dirty = true;
                }
                Effect::Redraw => {
                    screen.forget();
                    dirty = true;
                }
                Effect::Bell => terminal.write(b"\x07")?,
                Effect::Copy(text) => terminal.copy(&text)?,
                other => {
                    if let Some(task) = perform(other) {
                        tasks.spawn(task);
                    }
                }
            }
        }
        if let Some(exit) = model.exit {
            tasks.abort_all();
            return Ok(exit);
        }
    }
}

fn draw(screen: &mut Screen, terminal: &mut Terminal, model: &Model, theme: Theme) -> io::Result<()> {
    screen.draw(terminal.out(), |buf| ui::view(model, theme, buf))
}

/// What a terminal event means to the program; nothing for releases and focus.
fn message(event: &Event) -> Option<Msg> {
    match event {
        Event::Key(key) => terminal::key(*key).map(Msg::Key),
        Event::Mouse(mouse) => terminal::mouse(*mouse),
        Event::Paste(text) => Some(Msg::Paste(text.clone())),
        Event::Resize(width, height) => Some(Msg::Resize(*width, *height)),
        Event::FocusGained | Event::FocusLost => None,
    }
}
