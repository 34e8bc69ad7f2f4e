//! The messages of a recording, one after the other, and the reading of it all for its marks.

use crate::{
    app::{
        Model, Msg,
        replay::{EventCollector, IndexPart, PlaybackState},
        update,
    },
    domain::{At, Board, Link},
    genesys::Clock,
    recording::{
        FilePlace, Record, RecordedEdit, RecordingReader, Tail,
        playback::{Playback, Played},
    },
};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;

/// Messages between two states that are kept to go back to.
pub(super) const APART: u64 = 4096;
/// States that are kept at most; then every other one goes.
pub(super) const KEPT: usize = 32;
/// Marks are told when so many wait, or so much time has passed.
const MARKS: usize = 4096;
const EVERY: Duration = Duration::from_millis(100);

/// One message of a recording.
pub(super) struct RecordedMessage {
    pub at: At,
    pub msg: Msg,
    /// It is a step: something that came in then.
    pub counts: bool,
}

/// A recording being read.
pub(super) struct MessageReader {
    pub reader: RecordingReader,
    playback: Playback,
    /// The moment of the last line that was read.
    pub last: At,
}

impl MessageReader {
    pub(super) fn new(reader: RecordingReader) -> Self {
        let header = reader.header();
        let last = At { mono: Duration::from_micros(header.started_us), wall: header.started };
        Self { reader, playback: Playback::new(), last }
    }

    /// The next message. What it means is found out on `board`, to which everything before was applied.
    pub(super) fn next(&mut self, board: &Board) -> Option<RecordedMessage> {
        loop {
            let line = match self.reader.next()? {
                Ok(line) => line,
                Err(error) => {
                    return Some(RecordedMessage {
                        at: self.last,
                        msg: Msg::BadFrame(error.to_string()),
                        counts: true,
                    });
                }
            };
            // A clock that went back does not make what came later earlier.
            self.last = self.last.max(line.at);
            let (msg, counts) = match self.playback.play(line.at, &line.record, board) {
                Played::Update(update) => (Msg::Update(Box::new(update)), true),
                Played::Link(link) => (Msg::Link(link), true),
                Played::Malformed(why) => (Msg::BadFrame(why), true),
                Played::Unread(what) => (Msg::Failed(format!("A conversation could not be read: {what}")), true),
                Played::Lost(lines) => (Msg::Lost(lines), true),
                Played::Queue(id, name) => (Msg::QueueName(id, name), false),
                Played::User(id, name) => (Msg::UserName(id, name), false),
                Played::Flow(id, name) => (Msg::FlowName(id, name), false),
                Played::Edit => (Msg::Claimed(self.playback.claimed().clone(), is_sent(&line.record)), true),
                Played::Tick | Played::Other => continue,
            };
            return Some(RecordedMessage { at: line.at, msg, counts });
        }
    }

    /// A state to come back to: `model` took in everything up to here.
    fn state(&self, model: &Model, step: u64, second: u64) -> KeptState {
        let past = PlaybackState::of(model);
        KeptState { step, at: self.last, second, place: self.reader.place(), playback: self.playback.clone(), past }
    }

    /// The state at the start, of a model that took in nothing.
    pub(super) fn start(&self, model: &Model) -> KeptState {
        self.state(model, 0, self.last.mono.as_secs())
    }

    /// Goes on from an earlier state.
    pub(super) fn go_back(&mut self, state: &KeptState) -> Result<(), crate::recording::ReadError> {
        self.reader = self.reader.resume(state.place)?;
        self.playback = state.playback.clone();
        self.last = state.at;
        Ok(())
    }
}

fn is_sent(record: &Record) -> bool {
    matches!(record, Record::Edit(RecordedEdit { step, .. }) if step == "sent")
}

/// A state of playing that can be gone back to.
pub(super) struct KeptState {
    /// Messages taken in.
    pub step: u64,
    /// The last of them.
    pub at: At,
    /// The second that was told last.
    pub second: u64,
    place: FilePlace,
    playback: Playback,
    /// What there was.
    pub past: PlaybackState,
}

/// What was found out by reading on.
pub(super) struct Read {
    pub part: IndexPart,
    pub states: Vec<KeptState>,
}

/// Time is told in whole seconds, before the first message of each: then what time does to a board does not depend on
/// how fast it is played.
pub(super) fn tick(at: At, second: &mut u64) -> Option<At> {
    let now = at.mono.as_secs();
    if now <= *second {
        return None;
    }
    *second = now;
    let past = at.mono - Duration::from_secs(now);
    let wall = at.wall.checked_sub(jiff::SignedDuration::try_from(past).unwrap_or_default()).unwrap_or(at.wall);
    Some(At { mono: Duration::from_secs(now), wall })
}

/// Tells a model that nobody sees: what it wants done outside is for the one on the screen to want.
fn read_only(model: &mut Model, at: At, msg: Msg) {
    drop(update(model, at, msg));
}

/// Reads all of a recording on a board of its own, and tells where things happened; ends early when nobody listens.
/// `apart`: messages between two states that are kept.
pub(super) fn read(
    mut messages: MessageReader,
    mut model: Model,
    length: u64,
    mut apart: u64,
    tell: &UnboundedSender<Read>,
) {
    let clock = Clock::start();
    let (mut step, mut second) = (0, messages.last.mono.as_secs());
    let (mut kept, mut kept_at) = (0, 0);
    let (mut states, mut told) = (Vec::new(), Duration::ZERO);
    model.collector = Some(EventCollector::default());
    loop {
        let frame = messages.next(&model.monitor.board);
        let ends = frame.is_none();
        if let Some(RecordedMessage { at, msg, counts }) = frame {
            if let Some(at) = tick(at, &mut second) {
                read_only(&mut model, at, Msg::Time);
            }
            step += u64::from(counts);
            if let Some(collector) = &mut model.collector {
                collector.step = step;
                if matches!(msg, Msg::Link(Link::Reconnecting { attempt: 1, .. })) {
                    collector.note(at, crate::app::replay::IndexedEvent::Gap);
                }
            }
            read_only(&mut model, at, msg);
            if step >= kept_at + apart {
                states.push(messages.state(&model, step, second));
                (kept, kept_at) = (kept + 1, step);
                if kept == KEPT {
                    (apart, kept) = (apart * 2, KEPT / 2);
                }
            }
        }
        let Some(collector) = &mut model.collector else { return };
        let now = clock.now().mono;
        if ends || collector.waiting() >= MARKS || now >= told + EVERY {
            told = now;
            let torn = match messages.reader.tail() {
                Some(Tail::Torn(why)) => Some(why.clone()),
                Some(Tail::Complete) | None => None,
            };
            let read = messages.reader.position() as f64 / length.max(1) as f64;
            let part = IndexPart { end: messages.last, read, done: ends.then_some(torn), ..collector.take() };
            if tell.send(Read { part, states: std::mem::take(&mut states) }).is_err() || ends {
                return;
            }
        }
    }
}

/// The screens after a whole recording, and what was marked on the way.
#[cfg(test)]
pub(crate) fn played(file: &std::path::Path, settings: crate::app::settings::AppSettings) -> (Model, IndexPart) {
    use crate::app::{keymap::Keymap, replay::Replay};
    let mut messages = MessageReader::new(RecordingReader::open(file).expect("a recording"));
    let (start, mut second) = (messages.last, messages.last.mono.as_secs());
    let mut model = Model::new(start, ratatui::layout::Rect::new(0, 0, 120, 36), settings, Keymap::default());
    model.play(Replay::new(start, false));
    model.collector = Some(EventCollector::default());
    while let Some(RecordedMessage { at, msg, .. }) = messages.next(&model.monitor.board) {
        if let Some(at) = tick(at, &mut second) {
            _ = update(&mut model, at, Msg::Time);
        }
        _ = update(&mut model, at, msg);
    }
    _ = update(&mut model, messages.last, Msg::Time);
    let part = model.collector.take().map(|mut collector| collector.take()).unwrap_or_default();
    (model, part)
}
