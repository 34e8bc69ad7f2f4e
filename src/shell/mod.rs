//! The outside of the terminal UI: clocks, tasks, signals and the terminal. It moves messages in and effects out and decides nothing.

mod backend;
mod background;
mod check;
mod choice;
mod clipboard;
mod connecting;
#[cfg(unix)]
mod deadly;
mod demo;
mod driver;
mod export;
mod files;
mod history;
mod input;
mod pace;
mod perform;
mod persistence;
mod playback;
mod player;
mod presence;
mod recording;
mod screen;
mod signals;
mod signing;
mod terminal;

#[cfg(test)]
pub(crate) use presence::PresenceFollower;

use crate::{
    app::{AppExit, keymap::Keymap, settings::AppSettings, views::CallsView},
    ui::Theme,
};

pub use backend::{BackendSetup, Connect, Connected};
pub use check::{LookOptions, look, size};
pub(crate) use clipboard::is_sure as has_clipboard;
pub use demo::Demo;
use driver::Driver;
pub use history::HistorySource;
use input::Keyboard;
pub use persistence::{Persistence, Unsaved};
#[cfg(test)]
pub(crate) use playback::played;
pub use player::Player;
pub use screen::TerminalScreen;
use signals::Signals;
use std::{path::PathBuf, sync::Arc};
use terminal::OwnTerminal;
pub use terminal::notification;

/// What the shell needs to know to start.
pub struct ShellOptions {
    /// Choices for the screens.
    pub settings: AppSettings,
    /// The table of actions with the user's keys.
    pub keymap: Keymap,
    /// Styles.
    pub theme: Theme,
    /// Ask the terminal for its background, and take the light theme on a light one.
    pub asks_background: bool,
    /// The view to begin with.
    pub view: Option<CallsView>,
    /// Take the mouse.
    pub mouse: bool,
    /// A simulator on which a flow can be shown; only a demo has one.
    pub demo: Option<Box<dyn Demo>>,
    /// The history store, where there is one.
    pub history: Option<Arc<dyn HistorySource>>,
    /// Where drafts and the audit are kept; nowhere in a demo.
    pub persistence: Option<Persistence>,
    /// Where a text is put for the operator's own editor; created when needed, for its owner only.
    pub state: PathBuf,
}

/// How the screens ended.
#[derive(Debug)]
pub struct Ended {
    /// Why it ended.
    pub exit: AppExit,
    /// What was still being recorded, and where it is.
    pub recorded: Option<String>,
    /// Drafts that could not be kept on disk.
    pub unsaved: Option<Unsaved>,
}

/// Runs the program, which answers with its exit code, in such a way that the signals of a bad instruction give the terminal back, too, when they are sent.
pub fn beside_faults(run: fn() -> u8) -> u8 {
    #[cfg(unix)]
    deadly::beside_faults(run);
    // Where that cannot be set up.
    run()
}

/// Runs the terminal UI until it ends.
///
/// The terminal is put back as it was on every way out: a normal end, an error, a signal, a panic.
///
/// # Errors
/// The terminal could not be set up or written to, or what is to be watched does not exist.
pub async fn run(options: ShellOptions, connection: BackendSetup) -> anyhow::Result<Ended> {
    let signals = Signals::listen()?;
    #[cfg(unix)]
    deadly::restore_on_death()?;
    let terminal = OwnTerminal::take(options.mouse)?;
    let asks_background = options.asks_background;
    let mut driver = Driver::new(options, connection, terminal, Keyboard::open()?)?;
    if asks_background {
        driver.ask_for_background()?;
    }
    driver.run(signals).await
}
