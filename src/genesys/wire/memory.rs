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
    /// The participants in the order of the body. What each event needs of all of them lies close together, because it
    /// comes from cold memory.
    pub parts: Box<[Part]>,
    /// The rest of what is known of each.
    pub told: Box<[Told]>,
}

impl Memory {
    /// What was told in this body, with what was found out about its participants.
    pub fn new(id: ConversationId, body: &str, participants: Vec<Known>) -> Self {
        let mut between = Pieces::new();
        let mut at = 0;
        for known in &participants {
            between.add(body.as_bytes().get(at..known.part.place().start).unwrap_or_default());
            at = known.part.place().end;
        }
        between.add(body.as_bytes().get(at..).unwrap_or_default());
        let (parts, told): (Vec<_>, Vec<_>) = participants.into_iter().map(|known| (known.part, known.told)).unzip();
        Self { id, length: body.len(), between: between.print(), parts: parts.into(), told: told.into() }
    }

    /// The participants one by one.
    pub fn into_known(self) -> Vec<Known> {
        self.parts.into_iter().zip(self.told).map(|(part, told)| Known { part, told }).collect()
    }

    /// Bytes that it takes, about.
    pub fn size(&self) -> usize {
        let pairs = self.told.iter().filter_map(|told| told.pairs.as_deref()).map(size_of_val).sum::<usize>();
        // The id's text, and its place in the table.
        2 * size_of::<Self>() + 64 + size_of_val(&*self.parts) + size_of_val(&*self.told) + pairs
    }
}

/// One participant as its conversation's last event told it.
#[derive(Debug, Default)]
pub(super) struct Known {
    part: Part,
    pub told: Told,
}

/// How a participant was written, and where in the body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part {
    start: u32,
    end: u32,
    /// The attribute map; nothing, at the end, without one.
    pub map_start: u32,
    pub map_end: u32,
    /// What stood before the map.
    pub before: u64,
    pub map: u64,
    /// What stood after it.
    pub after: u64,
}

/// What a participant was, as far as it is needed again.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub id: ParticipantId,
    ended: Option<Timestamp>,
    state: Option<State>,
    /// Of an attribute map in which a changed value can be found without parsing: all values strings, written without
    /// white space and without a backslash, each key once.
    pub pairs: Option<Box<[Pair]>>,
}

/// An attribute map as the last event told it.
#[derive(Debug)]
pub(super) struct Map {
    length: usize,
    print: u64,
    pairs: Option<Box<[Pair]>>,
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
    /// What is to be remembered of the participant that is written at `start` of a body. `attributes`: its map and where
    /// that stands within `raw`, if it has one. `None` if that is too long to be worth it.
    pub fn new(
        told: &ParticipantSnapshot,
        raw: &str,
        start: usize,
        attributes: Option<(Range<usize>, Map)>,
    ) -> Option<Self> {
        let (place, map) = match attributes {
            Some((place, map)) => (place, map),
            None => (raw.len()..raw.len(), Map::none()),
        };
        let at = |within: usize| u32::try_from(start + within).ok();
        let part = Part {
            start: at(0)?,
            end: at(raw.len())?,
            map_start: at(place.start)?,
            map_end: at(place.end)?,
            before: print(raw.as_bytes().get(..place.start)?),
            map: map.print,
            after: print(raw.as_bytes().get(place.end..)?),
        };
        let told = Told { id: told.id.clone(), ended: told.ended, state: told.state.clone(), pairs: map.pairs };
        Some(Self { part, told })
    }

    /// Moves it to `start`.
    pub fn at(mut self, start: usize) -> Option<Self> {
        let start = u32::try_from(start).ok()?;
        let part = &mut self.part;
        let moved = |at: u32| start.checked_add(at - part.start);
        (part.map_start, part.map_end, part.end) = (moved(part.map_start)?, moved(part.map_end)?, moved(part.end)?);
        part.start = start;
        Some(self)
    }

    /// True when it was written like this.
    pub fn is_written(&self, raw: &str) -> bool {
        let (part, text) = (&self.part, raw.as_bytes());
        if part.place().len() != text.len() {
            return false;
        }
        let map = (part.map_start - part.start) as usize..(part.map_end - part.start) as usize;
        let same = |place: Range<usize>, known: u64| text.get(place).is_some_and(|text| print(text) == known);
        same(map.clone(), part.map) && same(0..map.start, part.before) && same(map.end..text.len(), part.after)
    }

    /// What is told of a participant about which nothing is new: what tells a late event apart, and nothing else.
    pub fn as_before(&self) -> ParticipantSnapshot {
        ParticipantSnapshot {
            id: self.told.id.clone(),
            ended: self.told.ended,
            state: self.told.state.clone(),
            ..ParticipantSnapshot::default()
        }
    }

    /// Its attribute map, apart from where it stands.
    pub fn into_map(self) -> Map {
        let length = (self.part.map_end - self.part.map_start) as usize;
        Map { length, print: self.part.map, pairs: self.told.pairs }
    }
}

impl Part {
    /// Where it stands in the body.
    pub fn place(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Moves what stands at or behind `old` as much as `new` is behind it.
    pub fn shift(&mut self, old: u32, new: u32) {
        for at in [&mut self.start, &mut self.end, &mut self.map_start, &mut self.map_end] {
            if *at >= old {
                *at = *at - old + new;
            }
        }
    }
}

impl Map {
    /// Of the map that is written `raw` and was read as `read`.
    pub fn new(raw: &str, read: &[(CompactString, Value)]) -> Self {
        Self { length: raw.len(), print: print(raw.as_bytes()), pairs: pairs(raw, read) }
    }

    /// Of a participant that has none.
    fn none() -> Self {
        Self { length: 0, print: print(&[]), pairs: None }
    }

    /// True when it was written like this.
    pub fn is_written(&self, raw: &str) -> bool {
        self.length == raw.len() && print(raw.as_bytes()) == self.print
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
