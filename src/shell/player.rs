//! A recording in the place of a live organisation: what it holds is heard at its own moments, slower, faster, held, or
//! from another moment on.

use super::playback::{self, APART, KEPT, KeptState, MessageReader, Read, RecordedMessage};
use crate::{
    app::{
        Model, Msg,
        keymap::Keymap,
        replay::{Play, Playing, Replay, Speed},
        settings::AppSettings,
    },
    domain::{At, Board},
    genesys::Clock,
    recording::{ReadError, RecordingReader},
};
use ratatui::layout::Rect;
use std::{path::Path, time::Duration};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A recording being played.
pub struct Player {
    messages: MessageReader,
    length: u64,
    /// Messages between two states that are kept.
    apart: u64,
    next: Option<RecordedMessage>,
    /// Messages taken in.
    step: u64,
    /// The second that was told last.
    second: u64,
    /// Where it stands, while it does not run.
    position: At,
    /// Runs from `position`, while it runs.
    clock: Clock,
    speed: Speed,
    paused: bool,
    at_end: bool,
    goal: Option<Goal>,
    /// Something about the playing itself is to be told.
    tell: bool,
    /// States to go back to, in order.
    states: Vec<KeptState>,
    reading: Option<UnboundedReceiver<Read>>,
}

/// Where a seek goes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Goal {
    Step(u64),
    Time(At),
}

impl Player {
    /// Opens a recording.
    ///
    /// # Errors
    /// The file cannot be read as a recording.
    pub fn open(file: &Path, speed: Speed) -> Result<Self, ReadError> {
        let messages = MessageReader::new(RecordingReader::open(file)?);
        let header = messages.reader.header();
        let position = At { mono: Duration::from_micros(header.started_us), wall: header.started };
        Ok(Self {
            length: std::fs::metadata(file).map_or(0, |m| m.len()),
            apart: APART,
            messages,
            next: None,
            step: 0,
            second: position.mono.as_secs(),
            position,
            clock: Clock::replaying(position, 1.0),
            speed,
            paused: false,
            at_end: false,
            goal: None,
            tell: false,
            states: Vec::new(),
            reading: None,
        })
    }

    /// Begins to play on the screens of `model`, and to read the rest in the background.
    pub(super) fn begin(&mut self, model: &mut Model, settings: AppSettings) {
        let header = self.messages.reader.header();
        model.play(Replay::new(self.position, header.redacted));
        let start = self.messages.start(model);
        let (tell, hear) = unbounded_channel();
        let mut own = Model::new(self.position, Rect::default(), settings, Keymap::default());
        own.trap = None;
        let mut messages = match self.messages.reader.resume(self.messages.reader.place()) {
            Ok(reader) => MessageReader::new(reader),
            // Told when it is played: it is the same file.
            Err(_) => return,
        };
        if messages.go_back(&start).is_err() {
            return;
        }
        let (length, apart) = (self.length, self.apart);
        self.states.push(start);
        self.reading = Some(hear);
        // Ends with the file, or when this player does.
        let thread = std::thread::Builder::new().name("marks".into());
        if let Err(error) = thread.spawn(move || playback::read(messages, own, length, apart, &tell)) {
            tracing::error!(%error, "the recording cannot be read in the background");
        }
        self.run();
    }

    /// The moment of the recording.
    pub(super) fn now(&self) -> At {
        match self.time() {
            Some(clock) => clock.now(),
            None => self.position,
        }
    }

    /// The clock of the recording; `None` while it stands still.
    pub(super) fn time(&self) -> Option<Clock> {
        let runs = !self.paused && !self.at_end && self.goal.is_none() && self.speed != Speed::Max;
        runs.then_some(self.clock)
    }

    /// A moment at which time may be told: a whole second.
    pub(super) fn tick(&mut self) -> At {
        let now = self.now();
        playback::tick(now, &mut self.second).unwrap_or(now)
    }

    /// How it goes.
    pub(super) fn playing(&self) -> Playing {
        Playing {
            step: self.step,
            paused: self.paused,
            speed: self.speed,
            seeking: self.goal.is_some(),
            at_end: self.at_end,
        }
    }

    /// Does what the operator wants. What there was then, if it has to be put in the place of what there is.
    pub(super) fn play(&mut self, play: Play) -> Option<Msg> {
        self.position = self.now();
        let told = match play {
            // A seek ends where it is.
            Play::Toggle if self.goal.take().is_some() => {
                self.paused = true;
                None
            }
            // From the end it begins anew.
            Play::Toggle if self.at_end => {
                self.paused = false;
                self.seek(Goal::Step(0))
            }
            Play::Toggle => {
                self.paused = !self.paused;
                None
            }
            Play::At(speed) => {
                self.speed = speed;
                None
            }
            Play::Step => {
                self.paused = true;
                self.seek(Goal::Step(self.step + 1))
            }
            Play::Back => {
                self.paused = true;
                self.seek(Goal::Step(self.step.saturating_sub(1)))
            }
            Play::ToStep(step) => {
                self.paused = true;
                self.seek(Goal::Step(step))
            }
            Play::ToTime(at) => self.seek(Goal::Time(at)),
        };
        self.run();
        told
    }

    fn seek(&mut self, goal: Goal) -> Option<Msg> {
        let reached = |state: &KeptState| match goal {
            Goal::Step(step) => state.step <= step,
            Goal::Time(at) => state.step == 0 || state.at.mono <= at.mono,
        };
        let is_behind = match goal {
            Goal::Step(step) => step < self.step,
            Goal::Time(at) => at.mono < self.position.mono,
        };
        self.goal = Some(goal);
        let nearest = self.states.partition_point(reached).checked_sub(1)?;
        let state = &self.states[nearest];
        if !is_behind && state.step <= self.step {
            return None;
        }
        if let Err(error) = self.messages.go_back(state) {
            self.goal = None;
            return Some(Msg::Failed(error.to_string()));
        }
        (self.step, self.second, self.position) = (state.step, state.second, state.at);
        (self.next, self.at_end) = (None, false);
        Some(Msg::Past(Box::new(state.past.clone())))
    }

    /// The next message, at its moment; for ever pending at the end of the recording.
    pub(super) async fn next(&mut self, board: &Board) -> (At, Msg) {
        loop {
            if let Some(ready) = self.try_next(board) {
                return ready;
            }
            let due = self.next.as_ref().map(|frame| frame.at.mono).zip(self.time());
            let due = async {
                match due {
                    Some((due, clock)) => clock.sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                read = hear(&mut self.reading) => return (self.now(), self.learn(read)),
                () = due => {}
            }
        }
    }

    /// What is due now.
    pub(super) fn try_next(&mut self, board: &Board) -> Option<(At, Msg)> {
        if std::mem::take(&mut self.tell) {
            return Some((self.now(), Msg::Playing(self.playing())));
        }
        if self.goal.is_none() && (self.paused || self.at_end) {
            return None;
        }
        if self.goal.is_some_and(|goal| matches!(goal, Goal::Step(step) if self.step >= step)) {
            self.arrive(self.position);
            return Some((self.position, Msg::Playing(self.playing())));
        }
        if self.next.is_none() {
            self.next = self.messages.next(board);
        }
        let Some(frame) = &self.next else {
            return self.end();
        };
        match self.goal {
            Some(Goal::Time(at)) if frame.at.mono > at.mono => {
                self.arrive(at);
                self.tell = true;
                return Some((playback::tick(at, &mut self.second).unwrap_or(at), Msg::Time));
            }
            None if self.time().is_some_and(|clock| frame.at.mono > clock.now().mono) => return None,
            _ => {}
        }
        if let Some(at) = playback::tick(frame.at, &mut self.second) {
            return Some((at, Msg::Time));
        }
        let RecordedMessage { at, msg, counts } = self.next.take()?;
        if self.time().is_none() {
            self.position = self.position.max(at);
        }
        self.step += u64::from(counts);
        Some((at, msg))
    }

    /// Nothing is left.
    fn end(&mut self) -> Option<(At, Msg)> {
        self.goal = None;
        self.at_end = true;
        self.tell = true;
        self.position = self.messages.last;
        Some((playback::tick(self.position, &mut self.second).unwrap_or(self.position), Msg::Time))
    }

    fn arrive(&mut self, at: At) {
        self.goal = None;
        self.position = at;
        self.run();
    }

    /// The clock goes on from here.
    fn run(&mut self) {
        if let Speed::Times(speed) = self.speed {
            self.clock = Clock::replaying(self.position, speed);
        }
    }

    fn learn(&mut self, read: Read) -> Msg {
        self.states.extend(read.states);
        while self.states.len() > KEPT {
            let mut nth = 0;
            // The first stays: it is the start.
            self.states.retain(|_| {
                nth += 1;
                nth % 2 == 1
            });
        }
        Msg::Indexed(Box::new(read.part))
    }
}

/// What was read in the background; for ever pending when that is over.
async fn hear(reading: &mut Option<UnboundedReceiver<Read>>) -> Read {
    match reading {
        Some(receiver) => match receiver.recv().await {
            Some(read) => read,
            None => {
                *reading = None;
                std::future::pending().await
            }
        },
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
