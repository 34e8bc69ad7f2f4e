//! What the server sends, as websocket frames.

use super::{
    event::{self, Event},
    mix::{Change, Mix, Size},
};

/// The seed of the mix: the same lives in every run.
pub const SEED: u64 = 19;

/// What events are about.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// Lives of calls ([`super::mix`]).
    Mix(Size),
    /// The same, and each event sets [`event::KEY`] to its number.
    Stamped(Size),
    /// The previous event of the conversation with one value changed, of at least so many bytes.
    OneValue(usize),
}

/// A source of events without end.
pub enum Frames {
    /// Lives of calls.
    Mix(Mix),
    /// One value changed in each, by conversation.
    OneValue(Vec<Event>),
}

impl Frames {
    /// Of so many conversations at a time.
    pub fn new(what: What, conversations: usize) -> Self {
        match what {
            What::Mix(size) => Self::Mix(Mix::new(SEED, conversations, size)),
            What::Stamped(size) => Self::Mix(Mix::new(SEED, conversations, size).stamped(event::KEY)),
            What::OneValue(size) => Self::OneValue((0..conversations).map(|n| Event::new(n, size)).collect()),
        }
    }

    /// Writes event number `seq` to the end of `out`; to be asked for in order. How many attributes it changes.
    pub fn append(&mut self, seq: u64, out: &mut Vec<u8>) -> u64 {
        match self {
            Self::Mix(mix) => {
                let told = mix.next();
                out.extend_from_slice(&event::frame(&told.text));
                told.changes.iter().filter(|change| matches!(change, Change::Attribute { .. })).count() as u64
            }
            Self::OneValue(events) => {
                let at = (seq % events.len() as u64) as usize;
                events[at].append(seq, out);
                if seq < events.len() as u64 { events[at].attributes as u64 } else { 1 }
            }
        }
    }
}

/// Events that were made beforehand, so that making them takes no part in what is measured.
pub struct Rendered {
    /// All frames.
    pub bytes: Vec<u8>,
    /// How many.
    pub events: u64,
    /// Attributes that they change, first sight included.
    pub attributes: u64,
}

impl Rendered {
    /// The first sight of each conversation, and so many events after it.
    pub fn new(what: What, conversations: usize, events: u64) -> Self {
        let events = conversations as u64 + events;
        let (mut frames, mut bytes, mut attributes) = (Frames::new(what, conversations), Vec::new(), 0);
        for seq in 0..events {
            attributes += frames.append(seq, &mut bytes);
        }
        Self { bytes, events, attributes }
    }

    /// Bytes of an event on average.
    pub fn mean(&self) -> u64 {
        self.bytes.len() as u64 / self.events.max(1)
    }
}
