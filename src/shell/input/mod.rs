//! What the operator types, as it comes from the terminal: in bursts. A burst is everything that could be read at once; a
//! paste on a terminal that does not bracket it is one burst, two key presses are two.

pub(super) mod burst;
#[cfg(unix)]
pub(super) mod parse;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

use crossterm::event::Event;
use std::{io, time::Duration};
use tokio::sync::mpsc;
#[cfg(unix)]
use unix::InputReader;
#[cfg(windows)]
use windows::InputReader;

/// Bursts that may wait for the loop; beyond that the terminal keeps them.
const WAITING: usize = 64;

/// Everything that could be read from the terminal at once.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Burst {
    /// How long ago the first of it was read.
    pub age: Duration,
    /// How long after that the last of it was: a paste comes in pieces.
    pub lasted: Duration,
    /// In the order in which they came.
    pub events: Vec<Event>,
}

/// Where bursts come from.
pub(super) trait Keys {
    /// The next burst, or `None` when the terminal is gone; for ever pending while paused.
    async fn next(&mut self) -> Option<Burst>;

    /// Reads nothing from now on: another program has the terminal.
    fn pause(&mut self);

    /// Reads again.
    ///
    /// # Errors
    /// No thread can be started.
    fn resume(&mut self) -> io::Result<()>;
}

/// A burst with the moments at which the first and the last of it were read.
struct Stamped {
    began: std::time::Instant,
    ended: std::time::Instant,
    events: Vec<Event>,
}

/// The keyboard and the mouse of the process's own terminal.
pub(super) struct Keyboard {
    bursts: mpsc::Receiver<Stamped>,
    /// Reads in a thread of its own until it is dropped.
    reader: Option<InputReader>,
}

impl Keyboard {
    /// Begins to read.
    ///
    /// # Errors
    /// No thread can be started.
    pub(super) fn open() -> io::Result<Self> {
        let (hand_over, bursts) = mpsc::channel(WAITING);
        Ok(Self { bursts, reader: Some(InputReader::start(hand_over)?) })
    }
}

impl Keys for Keyboard {
    async fn next(&mut self) -> Option<Burst> {
        if self.reader.is_none() {
            return std::future::pending().await;
        }
        let Stamped { began, ended, events } = self.bursts.recv().await?;
        Some(Burst { age: began.elapsed(), lasted: ended.saturating_duration_since(began), events })
    }

    fn pause(&mut self) {
        // Closed first: a reader that waits for room here would not hear that it is to end.
        self.bursts.close();
        self.reader = None;
    }

    fn resume(&mut self) -> io::Result<()> {
        *self = Self::open()?;
        Ok(())
    }
}
