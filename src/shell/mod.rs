//! The outside of the terminal UI: clocks, tasks, signals and the terminal. It moves messages in and effects out and decides nothing.

mod check;
mod choice;
mod clipboard;
#[cfg(unix)]
mod deadly;
mod driver;
mod export;
mod files;
mod ground;
mod input;
mod keep;
mod pace;
mod perform;
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
    app::{Exit, keymap::Keymap, settings::Settings, views::View},
    ui::Theme,
};

pub use check::{Look, look, size};
use driver::Driver;
use input::Keyboard;
pub use keep::Keep;
pub use player::Player;
#[cfg(test)]
pub(crate) use reel::played;
pub use screen::Screen;
use signals::Signals;
pub use stage::Stage;
use std::path::PathBuf;
use terminal::OwnTerminal;
pub use terminal::notification;
pub use wire::{Connected, Connection};

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
    let signals = Signals::listen()?;
    #[cfg(unix)]
    deadly::restore_on_death()?;
    let terminal = OwnTerminal::take(options.mouse)?;
    let asks_ground = options.asks_ground;
    let mut driver = Driver::new(options, connection, terminal, Keyboard::open()?)?;
    if asks_ground {
        driver.ask_for_ground()?;
    }
    driver.run(signals).await
}
