//! The outside of the terminal UI: clocks, tasks, signals and the terminal. It moves messages in and effects out and decides nothing.

mod check;
mod choice;
mod clipboard;
mod export;
mod files;
mod ground;
mod keep;
mod pace;
mod player;
mod recording;
mod reel;
mod screen;
mod signals;
mod signing;
mod stage;
mod terminal;
mod wire;

use crate::{
    app::views::View,
    app::{
        Effect, Exit, Model, Msg,
        export::{Goal, NotWritten},
        keymap::Keymap,
        settings::Settings,
        signin::Progress,
        update,
    },
    genesys::Clock,
    live,
    ui::{self, Theme},
};
use crossterm::event::{Event, EventStream};
use futures_util::{StreamExt, future::BoxFuture};

pub use check::{Look, look, size};
pub use keep::Keep;
use pace::Pace;
pub use player::Player;
use ratatui::layout::Rect;
pub use screen::Screen;
use signing::Signing;
pub use stage::Stage;
use std::{io, path::PathBuf, task::Poll, time::Duration};
use terminal::Terminal;
pub use terminal::notification;
use tokio::task::JoinSet;
use wire::{Answer, Wire};
pub use wire::{Connected, Connection};

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
    /// Ask the terminal for its ground, and take the light theme on a light one.
    pub asks_ground: bool,
    /// The view to begin with.
    pub view: Option<View>,
    /// Take the mouse.
    pub mouse: bool,
    /// A simulator on which a flow can be shown; only a demo has one.
    pub stage: Option<Box<dyn Stage>>,
    /// Where drafts and the audit are kept; nowhere in a demo.
    pub keep: Option<Keep>,
    /// Where a text is put for the operator's own editor; created when needed, for its owner only.
    pub state: PathBuf,
}

/// How the screens ended.
#[derive(Debug)]
pub struct Ended {
    /// Why.
    pub exit: Exit,
    /// What was still being recorded, and where it is.
    pub recorded: Option<String>,
}

/// Runs the terminal UI until it ends.
///
/// The terminal is put back as it was on every way out: a normal end, an error, a signal, a panic.
///
/// # Errors
/// The terminal could not be set up or written to, or what is to be watched does not exist.
pub async fn run(options: Options, connection: Connection) -> anyhow::Result<Ended> {
    // Frames are paced by life, whatever time it is on them.
    let real = Clock::start();
    let api = connection.client.connection().api_url.to_string();
    let mut signing = Signing::new(connection.client.clone());
    let mut wire = Wire::new(connection.client);
    let mut connect = Some(connection.connect);
    let mut signals = signals::Signals::listen()?;
    let mut terminal = Terminal::enter(options.mouse)?;
    let (width, height) = crossterm::terminal::size()?;
    let mut screen = Screen::new(width, height);
    let settings = options.settings.clone();
    let mut model = Model::new(wire.now(), Rect::new(0, 0, width, height), options.settings, options.keymap);
    // A recording does not tell from where it came.
    model.settings.api = if connection.player.is_some() { "https://api.YOUR-REGION".into() } else { api };
    if let Some(player) = connection.player {
        wire.play(player, &mut model, settings);
    }
    model.settings.sign_in = signing.how();
    if let Some(view) = &options.view {
        view.apply(&mut model);
    }
    let mut keep = options.keep;
    let mut effects: Vec<Effect> = Vec::new();
    if let Some(keep) = keep.as_mut() {
        effects.extend(update(&mut model, wire.now(), Msg::Left(keep.left())));
    }
    let mut stage = options.stage;
    let mut events = Some(EventStream::new());
    // While the operator's own editor runs, the terminal is its own: nothing is read from it and nothing drawn.
    let mut editing: Option<BoxFuture<'static, Msg>> = None;
    let mut tasks: JoinSet<Answer> = JoinSet::new();
    let mut theme = options.theme;
    let mut ground = ground::Listener::default();
    if options.asks_ground {
        terminal.write(ground::QUESTION)?;
        ground.listen();
    }
    let mut pace = Pace::default();
    pace.hurry();
    // What must not leave before the files have what they have to know of it after a crash.
    let mut held: Vec<Effect> = Vec::new();
    // Until then a frame waits for the disk.
    let mut keeping = Duration::ZERO;

    loop {
        let now = wire.now();
        let drawn = real.now().mono;
        let kept = keep.as_ref().is_none_or(Keep::is_written);
        let may_draw = editing.is_none() && (kept || drawn >= keeping);
        if may_draw && pace.draws(drawn, wire.waiting()) {
            let told = [Some(wire.usage()), wire.skipped(), wire.playing().map(Msg::Playing), wire.recording()];
            for msg in told.into_iter().flatten() {
                effects.extend(update(&mut model, now, msg));
            }
            update(&mut model, now, signing.token());
            model.prepare(now);
            draw(&mut screen, &mut terminal, &model, theme)?;
            pace.drawn(drawn);
        }
        let (clock, wake) = match pace.is_dirty() && editing.is_none() {
            true if kept => (Some(real), Some(pace.due())),
            true => (Some(real), Some(pace.due().max(keeping))),
            false => (wire.time(), model.next_deadline(now)),
        };
        let listens = editing.is_some() || pace.listens(drawn, wire.waiting());
        tokio::select! {
            // Keys first: a flood of events cannot delay them.
            biased;
            signal = signals.next() => match signal {
                // Typed in the editor's terminal, it is the editor's.
                signals::Signal::Interrupt | signals::Signal::Continue if editing.is_some() => {}
                signals::Signal::Interrupt => model.exit = Some(Exit::Interrupted),
                signals::Signal::Terminate => effects.extend(update(&mut model, wire.now(), Msg::Terminate)),
                // The whole job was stopped from within the editor, which has the terminal.
                signals::Signal::Stop if editing.is_some() => signals.stop()?,
                signals::Signal::Stop => {
                    terminal.leave();
                    signals.stop()?;
                    signals.continued().await;
                    terminal.enter_again()?;
                    screen.forget();
                    pace.changed();
                }
                signals::Signal::Continue => {
                    terminal.enter_again()?;
                    screen.forget();
                    pace.changed();
                }
            },
            trouble = progress(&mut keep), if !kept => {
                if let Some(text) = trouble {
                    update(&mut model, wire.now(), Msg::Failed(text));
                    pace.changed();
                }
                if keep.as_ref().is_none_or(Keep::is_written) {
                    effects.append(&mut held);
                }
            }
            event = next_event(&mut events) => {
                let mut next = Some(event);
                while let Some(event) = next {
                    let Some(event) = event.transpose()? else {
                        // The terminal is gone.
                        return Ok(Ended { exit: Exit::Terminated, recorded: None });
                    };
                    let heard = match ground.hear(event) {
                        ground::Heard::Events(heard) => heard,
                        ground::Heard::Ground(is_light) => {
                            if is_light {
                                theme = Theme::Light;
                                screen.forget();
                            }
                            Vec::new()
                        }
                    };
                    for msg in heard.iter().filter_map(message) {
                        if let Msg::Resize(width, height) = msg {
                            screen.resize(width, height);
                        }
                        wire.record_some(|| recording::input(&model, &msg));
                        effects.extend(update(&mut model, wire.now(), msg));
                    }
                    next = if model.exit.is_some() { None } else { waiting_event(&mut events).await };
                }
                pace.hurry();
            }
            msg = edited(&mut editing) => {
                terminal.enter_again()?;
                events = Some(EventStream::new());
                let (width, height) = crossterm::terminal::size()?;
                screen.resize(width, height);
                effects.extend(update(&mut model, wire.now(), Msg::Resize(width, height)));
                effects.extend(update(&mut model, wire.now(), msg));
                pace.hurry();
            }
            Some(done) = tasks.join_next(), if !tasks.is_empty() => {
                let broke = |error| Msg::Failed(format!("A task of the program broke: {error}")).into();
                let Answer { msg, record } = done.unwrap_or_else(broke);
                wire.record_some(|| record);
                effects.extend(update(&mut model, wire.now(), msg));
                pace.changed();
            }
            progress = signing.next() => {
                if progress == Progress::Done {
                    wire.signed_in();
                }
                effects.extend(update(&mut model, wire.now(), Msg::SignIn(progress)));
                pace.changed();
            }
            connected = begun(&mut connect) => {
                let Connected { live, targets } = connected?;
                live::learn(&mut model.monitor.board.names, &targets);
                model.settings.watching = targets.label();
                wire.started(live);
                if targets == live::targets::Targets::default() {
                    effects.extend(update(&mut model, wire.now(), Msg::PickTopics));
                }
                pace.changed();
            }
            (at, msg) = wire.next(&model), if listens => {
                let mut next = Some((at, msg));
                let mut left = BUDGET;
                while let Some((at, msg)) = next {
                    effects.extend(update(&mut model, at, msg));
                    left -= 1;
                    next = if left > 0 { wire.try_next(&model) } else { None };
                }
                pace.took(BUDGET - left);
            }
            () = sleep_until(clock, wake) => {
                if !pace.is_dirty() || editing.is_some() {
                    let at = wire.tick();
                    effects.extend(update(&mut model, at, Msg::Time));
                    pace.changed();
                }
            }
        }
        // Before anything leaves: a state that tells what became of an edit must not be skipped.
        wire.every_state(model.every_state());
        for effect in &effects {
            if let Effect::Audit(record) = effect {
                wire.record(|| recording::edit(record));
            }
        }
        if let Some(keep) = keep.as_mut() {
            let before = keep.is_written();
            for effect in &effects {
                if let Effect::Audit(record) = effect {
                    keep.record(record.clone(), model.settings.mask);
                }
            }
            keep.save(&model.outbox, wire.now().wall);
            if before && !keep.is_written() {
                keeping = real.now().mono + keep::PATIENCE;
            }
        }
        let kept = keep.as_ref().is_none_or(Keep::is_written);
        for effect in effects.drain(..) {
            match effect {
                // What is on its way must be known after a crash.
                Effect::Patch { .. } if !kept => held.push(effect),
                // Written above.
                Effect::Audit(_) => {}
                Effect::Suspend => {
                    terminal.leave();
                    signals.suspend().await?;
                    terminal.enter_again()?;
                    screen.forget();
                    pace.changed();
                }
                Effect::Redraw => {
                    screen.forget();
                    pace.changed();
                }
                // What is only passed on the way to another moment makes no noise.
                Effect::Bell | Effect::Notify(_) if wire.playing().is_some_and(|p| p.seeking) => {}
                Effect::Bell => terminal.write(b"\x07")?,
                Effect::Record => {
                    let msg = wire.toggle_recording(&model, &options.state);
                    update(&mut model, wire.now(), msg);
                    pace.changed();
                }
                Effect::Play(play) => {
                    if let Some(msg) = wire.steer(play) {
                        update(&mut model, wire.now(), msg);
                    }
                    pace.hurry();
                }
                Effect::Copy(text) => {
                    clipboard::offer(&text);
                    terminal.copy(&text)?;
                }
                Effect::Edit(what) => {
                    // Dropped first: it reads from the terminal in a thread of its own.
                    events = None;
                    terminal.leave();
                    let state = options.state.clone();
                    editing = Some(Box::pin(async move {
                        let result = files::edit(state, &what).await;
                        Msg::Edited(what, result)
                    }));
                }
                Effect::Load(path) => {
                    tasks.spawn(async move {
                        let from = path.clone();
                        let read = tokio::task::spawn_blocking(move || files::load(&from)).await;
                        Msg::Loaded(path, read.unwrap_or_else(|e| Err(e.to_string()))).into()
                    });
                }
                Effect::SaveView(view) => {
                    if let Err(why) = files::save_view(&options.state, view) {
                        update(&mut model, wire.now(), Msg::Failed(why));
                        pace.changed();
                    }
                }
                Effect::Export(plan) => {
                    let made = export::make(&mut model, theme, &plan, wire.now());
                    let result = match made {
                        Ok(made) => match &plan.goal {
                            Goal::Clipboard => {
                                clipboard::offer(&made.text);
                                terminal.copy(&made.text)?;
                                Ok(format!("Copied {}.", made.words))
                            }
                            Goal::File { path, replace } => export::write(path, *replace, &made),
                        },
                        Err(why) => Err(NotWritten::Failed(why)),
                    };
                    update(&mut model, wire.now(), Msg::Exported(Box::new(plan), result));
                    pace.changed();
                }
                Effect::SignIn(wanted) => signing.start(wanted),
                Effect::Notify(text) => terminal.write(terminal::notification(&text).as_bytes())?,
                Effect::ReadFlow(name) => {
                    let runs = stage.as_ref().and_then(|stage| stage.definition(&name));
                    let reading = wire.read_flow(name, runs);
                    tasks.spawn(async move { reading.await.into() });
                }
                Effect::Stage(act) => {
                    if let Some(call) = stage.as_mut().and_then(|stage| stage.act(act)) {
                        update(&mut model, wire.now(), Msg::Staged(call));
                    }
                }
                other => {
                    if let Some(task) = wire.perform(other) {
                        tasks.spawn(task);
                    }
                }
            }
        }
        if let Some(exit) = model.exit {
            tasks.abort_all();
            // The terminal first: writing out what waits may take a moment.
            terminal.leave();
            return Ok(Ended { exit, recorded: wire.close_recording().map(|summary| recording::words(&summary)) });
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

/// An event of the terminal that is there already. Asked with the waker of this task: the stream keeps the first waker that
/// found nothing, and one that wakes nobody would leave the next key lying until something else happens.
async fn waiting_event(events: &mut Option<EventStream>) -> Option<Option<io::Result<Event>>> {
    std::future::poll_fn(|cx| {
        let polled = events.as_mut().map(|events| events.poll_next_unpin(cx));
        Poll::Ready(match polled {
            Some(Poll::Ready(event)) => Some(event),
            Some(Poll::Pending) | None => None,
        })
    })
    .await
}

/// The next event of the terminal; for ever pending while the terminal is somebody else's.
async fn next_event(events: &mut Option<EventStream>) -> Option<io::Result<Event>> {
    match events {
        Some(events) => events.next().await,
        None => std::future::pending().await,
    }
}

/// News of what is being written to disk; for ever pending when nothing is.
async fn progress(keep: &mut Option<Keep>) -> Option<String> {
    match keep {
        Some(keep) => keep.progress().await,
        None => std::future::pending().await,
    }
}

/// The end of the operator's own editor; for ever pending without one.
async fn edited(editing: &mut Option<BoxFuture<'static, Msg>>) -> Msg {
    let Some(future) = editing.as_mut() else { return std::future::pending().await };
    let msg = future.await;
    *editing = None;
    msg
}

/// Waits until then; for ever without a moment, or while time stands still.
async fn sleep_until(clock: Option<Clock>, mono: Option<Duration>) {
    match clock.zip(mono) {
        Some((clock, mono)) => clock.sleep_until(mono).await,
        None => std::future::pending().await,
    }
}

/// The connection, once; for ever pending after that.
async fn begun(connect: &mut Option<BoxFuture<'static, anyhow::Result<Connected>>>) -> anyhow::Result<Connected> {
    let Some(future) = connect.as_mut() else { return std::future::pending().await };
    let connected = future.await;
    *connect = None;
    connected
}
