//! A recording in the place of a live organisation: what it holds is heard at its own moments.

use crate::{
    domain::{At, Board, Names},
    genesys::Clock,
    live::Heard,
    recording::{
        ReadError, Reader, Record,
        playback::{Playback, Played},
    },
};
use std::{path::Path, time::Duration};

/// A recording being played.
pub struct Player {
    reader: Reader,
    playback: Playback,
    clock: Clock,
    /// Everything at once.
    at_once: bool,
    next: Option<(At, Heard)>,
    names: Names,
}

impl Player {
    /// Opens a recording, and looks through it for names. `speed`: how many times as fast as it happened; `None` for
    /// without waiting.
    ///
    /// # Errors
    /// The file cannot be read as a recording.
    pub fn open(file: &Path, speed: Option<f64>) -> Result<Self, ReadError> {
        let (mut names, mut end) = (Names::default(), None);
        let (mut playback, nothing) = (Playback::new(), Board::default());
        for line in Reader::open(file)? {
            let line = line?;
            end = Some(line.at);
            if matches!(line.record, Record::Name { .. }) {
                match playback.play(line.at, &line.record, &nothing) {
                    Played::Queue(id, name) => names.learn_queue(id, &name),
                    Played::User(id, name) => names.learn_user(id, &name),
                    _ => {}
                }
            }
        }
        let reader = Reader::open(file)?;
        let header = reader.header();
        let begin = At { mono: Duration::from_micros(header.started_us), wall: header.started };
        let clock = match speed {
            Some(speed) => Clock::replaying(begin, speed),
            None => Clock::replaying(end.unwrap_or(begin), 1.0),
        };
        Ok(Self { reader, playback: Playback::new(), clock, at_once: speed.is_none(), next: None, names })
    }

    /// The clock of the recording.
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// Names of queues and users that the recording tells.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// What was watched.
    pub fn watched(&self) -> String {
        self.reader.header().watched.join(", ")
    }

    /// What is due now.
    pub fn try_next(&mut self, board: &Board) -> Option<(At, Heard)> {
        self.look(board);
        let due = |at: &At| self.at_once || at.mono <= self.clock.now().mono;
        if self.next.as_ref().is_some_and(|(at, _)| due(at)) { self.next.take() } else { None }
    }

    /// The next thing, at its moment; for ever pending at the end of the recording.
    pub async fn next(&mut self, board: &Board) -> (At, Heard) {
        self.look(board);
        let Some((at, _)) = &self.next else { return std::future::pending().await };
        if !self.at_once {
            self.clock.sleep_until(at.mono).await;
        }
        match self.next.take() {
            Some(next) => next,
            None => std::future::pending().await,
        }
    }

    /// Reads on until there is something to be heard. What is read is applied before more is read, so that answers find
    /// the board as it was.
    fn look(&mut self, board: &Board) {
        while self.next.is_none() {
            let Some(line) = self.reader.next() else { return };
            self.next = match line {
                Ok(line) => match self.playback.play(line.at, &line.record, board) {
                    Played::Update(update) => Some((line.at, Heard::Update(update))),
                    Played::Link(link) => Some((line.at, Heard::Link(link))),
                    Played::Malformed(why) => Some((line.at, Heard::Malformed(why))),
                    Played::Lost(lines) => {
                        let why = format!("{lines} lines are missing here: the disk was too slow when it was recorded");
                        Some((line.at, Heard::Malformed(why)))
                    }
                    _ => None,
                },
                Err(error) => Some((self.clock.now(), Heard::Malformed(error.to_string()))),
            };
        }
    }
}
