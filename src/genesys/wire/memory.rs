//! What the decoder remembers of a conversation's last event: not its text but fingerprints of its parts.
//!
//! A text of kilobytes for each of ten thousand calls would be the largest thing in memory, and reading it again from
//! there, cold, the costliest part of an event. A fingerprint has 64 bits and depends on a number drawn at each start,
//! so two different texts have the same one once in 10¹⁹ cases, and nobody outside can look for such a pair.

use crate::domain::{ConversationId, Kind, ParticipantId, ParticipantSnapshot, State, Value};
use compact_str::CompactString;
use foldhash::quality::RandomState;
use jiff::Timestamp;
use memchr::memchr;
use std::{
    hash::{BuildHasher, Hasher},
    ops::Range,
    sync::LazyLock,
};

/// Drawn once for all, as it takes no part in anything that is kept or told.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// The fingerprint of a text.
pub(super) fn print(text: &[u8]) -> u64 {
    let mut hasher = SEED.build_hasher();
    hasher.write(text);
    hasher.finish()
}

/// The fingerprint of a text in pieces, whose lengths are known otherwise.
pub(super) struct Pieces(<RandomState as BuildHasher>::Hasher);

impl Pieces {
    pub fn new() -> Self {
        Self(SEED.build_hasher())
    }

    pub fn add(&mut self, text: &[u8]) {
        self.0.write(text);
    }

    pub fn print(self) -> u64 {
        self.0.finish()
    }
}

/// The last whole event of one conversation.
#[derive(Debug)]
pub(super) struct Memory {
    pub id: ConversationId,
    /// Length of the event's body in bytes.
    pub length: usize,
    /// What stood before, between and after the participants.
    pub between: u64,
    /// In the order of the body.
    pub participants: Vec<Known>,
}

impl Memory {
    /// What was told in this body, with what was found out about its participants.
    pub fn new(id: ConversationId, body: &str, participants: Vec<Known>) -> Self {
        let mut between = Pieces::new();
        let mut at = 0;
        for known in &participants {
            between.add(body.as_bytes().get(at..known.place().start).unwrap_or_default());
            at = known.place().end;
        }
        between.add(body.as_bytes().get(at..).unwrap_or_default());
        Self { id, length: body.len(), between: between.print(), participants }
    }

    /// Bytes that it takes, about.
    pub fn size(&self) -> usize {
        let pairs = self.participants.iter().filter_map(|known| known.map.as_ref()?.pairs.as_ref());
        // The id's text, and its place in the table.
        let own = 2 * size_of::<Self>() + 64;
        own + self.participants.len() * size_of::<Known>() + pairs.map(|pairs| size_of_val(&**pairs)).sum::<usize>()
    }
}

/// One participant as its conversation's last event told it.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub id: ParticipantId,
    ended: Option<Timestamp>,
    state: Option<State>,
    start: u32,
    end: u32,
    /// What stood before its attribute map; all of it without one.
    pub before: u64,
    /// What stood after the map.
    pub after: u64,
    pub map: Option<Map>,
}

/// An attribute map as the last event told it.
#[derive(Debug)]
pub(super) struct Map {
    pub start: u32,
    pub end: u32,
    pub print: u64,
    /// Of a map in which a changed value can be found without parsing: all values strings, written without white space
    /// and without a backslash, each key once.
    pub pairs: Option<Box<[Pair]>>,
}

/// `"key":"value"` in a plain map.
#[derive(Debug)]
pub(super) struct Pair {
    /// Of all of it.
    pub print: u64,
    /// Of the key; half a fingerprint, because it is only asked when the key's pair differs.
    pub key_print: u32,
    /// Lengths in bytes.
    pub key: u16,
    pub value: u16,
}

impl Known {
    /// What is to be remembered of the participant that is written at `start` of a body. `attributes`: its map within
    /// `raw`, if it has one. `None` if that is too long to be worth it.
    pub fn new(
        told: &ParticipantSnapshot,
        raw: &str,
        start: usize,
        attributes: Option<(Range<usize>, Map)>,
    ) -> Option<Self> {
        let at = u32::try_from(start).ok()?;
        let end = u32::try_from(start + raw.len()).ok()?;
        let text = raw.as_bytes();
        let (before, after, map) = match attributes {
            Some((place, map)) => {
                let map = Map { start: at + map.start, end: at + map.end, ..map };
                (print(text.get(..place.start)?), print(text.get(place.end..)?), Some(map))
            }
            None => (print(text), 0, None),
        };
        let state = told.state.clone();
        Some(Self { id: told.id.clone(), ended: told.ended, state, start: at, end, before, after, map })
    }

    /// Where it stands in the body.
    pub fn place(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Moves it to `start`.
    pub fn at(mut self, start: usize) -> Option<Self> {
        let start = u32::try_from(start).ok()?;
        let end = start.checked_add(self.end - self.start)?;
        if let Some(map) = &mut self.map {
            (map.start, map.end) = (start + (map.start - self.start), start + (map.end - self.start));
        }
        (self.start, self.end) = (start, end);
        Some(self)
    }

    /// Moves what stands at or behind `from` by the difference between two ends.
    pub fn shift(&mut self, from: u32, old: u32, new: u32) {
        let moved = |at: &mut u32| {
            if *at >= from {
                *at = *at - old + new;
            }
        };
        moved(&mut self.start);
        moved(&mut self.end);
        if let Some(map) = &mut self.map {
            moved(&mut map.start);
            moved(&mut map.end);
        }
    }

    /// True when it was written like this.
    pub fn is_written(&self, raw: &str) -> bool {
        let text = raw.as_bytes();
        if self.place().len() != text.len() {
            return false;
        }
        let Some(map) = &self.map else { return print(text) == self.before };
        let place = (map.start - self.start) as usize..(map.end - self.start) as usize;
        let (Some(before), Some(inside), Some(after)) =
            (text.get(..place.start), text.get(place.clone()), text.get(place.end..))
        else {
            return false;
        };
        print(inside) == map.print && print(before) == self.before && print(after) == self.after
    }

    /// What is told of a participant about which nothing is new: what tells a late event apart, and nothing else.
    pub fn as_before(&self) -> ParticipantSnapshot {
        ParticipantSnapshot {
            id: self.id.clone(),
            ended: self.ended,
            state: self.state.clone(),
            ..ParticipantSnapshot::default()
        }
    }
}

impl Map {
    /// Of the map that is written `raw` and was read as `read`; at `place`.
    pub fn new(raw: &str, read: &[(CompactString, Value)], place: &Range<usize>) -> Option<Self> {
        let (start, end) = (u32::try_from(place.start).ok()?, u32::try_from(place.end).ok()?);
        Some(Self { start, end, print: print(raw.as_bytes()), pairs: pairs(raw, read) })
    }

    /// The same map at another place.
    pub fn at(self, place: &Range<usize>) -> Option<Self> {
        Some(Self { start: u32::try_from(place.start).ok()?, end: u32::try_from(place.end).ok()?, ..self })
    }

    /// True when it was written like this.
    pub fn is_written(&self, raw: &str) -> bool {
        (self.end - self.start) as usize == raw.len() && print(raw.as_bytes()) == self.print
    }
}

impl Pair {
    /// Bytes of `"key":"value"`.
    pub fn length(&self) -> usize {
        usize::from(self.key) + usize::from(self.value) + QUOTES
    }
}

/// Four quotes and a colon.
const QUOTES: usize = 5;

/// The pairs of a plain map.
fn pairs(raw: &str, read: &[(CompactString, Value)]) -> Option<Box<[Pair]>> {
    let plain = memchr(b'\\', raw.as_bytes()).is_none()
        && read.iter().all(|(_, value)| value.kind() == Kind::Text)
        // Braces and, between pairs, commas; anything else is white space or a pair that was dropped because its key
        // came again.
        && raw.len() + usize::from(!read.is_empty())
            == 2 + read.iter().map(|(key, value)| key.len() + value.as_str().len() + QUOTES + 1).sum::<usize>();
    if !plain {
        return None;
    }
    let mut at = 1;
    let pair = |(key, value): &(CompactString, Value)| {
        let (key, value) = (key.len(), value.as_str().len());
        let text = raw.as_bytes().get(at..at + key + value + QUOTES)?;
        at += text.len() + 1;
        Some(Pair {
            print: print(text),
            key_print: key_print(text.get(1..=key)?),
            key: u16::try_from(key).ok()?,
            value: u16::try_from(value).ok()?,
        })
    };
    read.iter().map(pair).collect()
}

/// Half a fingerprint.
pub(super) fn key_print(key: &[u8]) -> u32 {
    print(key) as u32
}
