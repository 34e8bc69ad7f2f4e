//! How an event is written, beside the event of its conversation before it: what repeats that one, and where the rest stands.
//!
//! Nearly all of an event repeats the one before. What does is found by fingerprints, so this first step of reading an event
//! needs nothing of what is known of the call but how the stream wrote it last ([`StreamMemory`]), and is done by whoever reads the
//! socket. What is left is read by the second step, beside the board ([`super::difference`]).
//!
//! Events are numbered. An outline says which event it is held against and which one it is of; a board says which event its
//! conversation is as told by. Only if these are the same one is what is written as before also known: after a read, an
//! attributes event or an event that was late they are not, and the event is read whole. So neither side has to be told
//! what the other one does.

use super::{
    cursor::Cursor,
    marks::{Mark, fingerprint},
    scan::{Head, head},
};
use crate::{
    domain::{ParticipantSnapshot, Snapshot},
    genesys::topic::TopicKind,
};
use rustc_hash::FxHashMap;
use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

/// Numbers events, in all memories of this process.
static EVENTS: AtomicU64 = AtomicU64::new(1);

/// Attributes of which there is one mark. More of them would take less memory, and more steps where one has changed.
const BLOCK: u32 = 4;
/// In bytes; of what is larger nothing is known, so that places in it are small numbers.
const LARGEST: usize = 64 << 20;
/// Conversations that are remembered at most; then all are forgotten, which costs one slow event each.
const MOST: usize = 100_000;

/// How an event is written. Without anything in it, nothing is known of that. Another core reads it than the one that wrote it, and
/// waits for each line of it, so it is small, and what is as before is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Its number; 0 for none.
    pub(super) event: u64,
    /// The event that it is held against: what stands around the participants is as there. 0 for none.
    pub(super) base: u64,
    /// The participants that have an attribute map, by their places: a bit each, of the first 64.
    pub(super) maps: u64,
    /// Those of whom something is not as before, in the order of the event: first those of the event before, in its order.
    pub(super) participants: Vec<OutlinedParticipant>,
    /// Of all participants, one after the other.
    pub(super) runs: Vec<Run>,
    topic: Range<u32>,
    conversation: Range<u32>,
}

/// How a participant is written: places are bytes of the event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OutlinedParticipant {
    /// Which of the participants it is.
    pub place: u32,
    /// Where it begins.
    pub start: u32,
    /// Where its attribute map ends; 0 if it has none.
    pub map_end: u32,
    /// How many attributes it has.
    pub attributes: u32,
    /// How many of the runs are its own.
    pub runs: u32,
    /// All but the attributes is as before.
    pub is_as_before: bool,
}

/// Attributes that follow one another and are not known to be as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Where the first of them stands in the event, in bytes.
    pub start: u32,
    /// Which of the attributes it is.
    pub first: u32,
    /// How many there are.
    pub count: u32,
}

impl Outline {
    /// The topic of the event that was outlined, and its conversation; of another message, its [`head`].
    pub fn head<'r>(&self, raw: &'r str) -> Option<Head<'r>> {
        if self.event == 0 {
            return head(raw);
        }
        let piece = |place: &Range<u32>| raw.get(place.start as usize..place.end as usize);
        Some(Head { topic: piece(&self.topic)?, conversation: piece(&self.conversation), body: None })
    }

    /// Nothing is known.
    pub fn clear(&mut self) {
        (self.event, self.base, self.maps) = (0, 0, 0);
        self.participants.clear();
        self.runs.clear();
    }

    /// No key stands twice in the maps of this event, which is read whole.
    pub(super) fn is_as_written(&self, snapshot: &Snapshot) -> bool {
        let keys = |told: &ParticipantSnapshot| told.attributes.as_ref().map_or(0, Vec::len);
        self.participants.iter().map(|told| told.attributes as usize).eq(snapshot.participants.iter().map(keys))
    }
}

/// How the stream wrote each conversation last.
#[derive(Debug, Default)]
pub struct StreamMemory {
    /// By fingerprints of their ids.
    calls: FxHashMap<u64, RememberedCall>,
}

#[derive(Debug, Default)]
struct RememberedCall {
    event: u64,
    front: Mark,
    rest: Mark,
    participants: Vec<RememberedParticipant>,
}

#[derive(Debug, Default)]
struct RememberedParticipant {
    /// A fingerprint.
    id: u64,
    /// The text before the attribute map; all of it without one.
    before: Mark,
    /// The text after the map; nothing without one.
    after: Mark,
    attributes: u32,
    /// Of the attributes, [`BLOCK`] in each.
    blocks: Vec<Mark>,
}

impl StreamMemory {
    /// Outlines the event, if it is one that tells a whole conversation and is laid out as the platform's are, and remembers it.
    pub fn outline(&mut self, raw: &str, head: &Head<'_>, outline: &mut Outline) {
        outline.clear();
        let kind = TopicKind::of(head.topic);
        // The legs of one medium are another model, and never the whole conversation.
        let is_whole = kind.is_conversation() && kind.media().is_none() && raw.len() <= LARGEST;
        let Some(id) = head.conversation.filter(|_| is_whole) else { return };
        let id = fingerprint(id);
        if self.calls.len() >= MOST {
            self.calls.clear();
        }
        let call = self.calls.entry(id).or_default();
        outline.base = call.event;
        match call.read(raw, outline) {
            Some(()) => {
                outline.event = EVENTS.fetch_add(1, Ordering::Relaxed);
                call.event = outline.event;
                outline.topic = place(raw, head.topic);
                outline.conversation = head.conversation.map(|id| place(raw, id)).unwrap_or_default();
            }
            None => {
                self.calls.remove(&id);
                outline.clear();
            }
        }
    }

    /// This conversation is of no interest any more.
    pub fn forget(&mut self, id: &str) {
        self.calls.remove(&fingerprint(id));
    }
}

/// Where in the text this piece of it stands.
fn place(text: &str, piece: &str) -> Range<u32> {
    let start = (piece.as_ptr().addr().saturating_sub(text.as_ptr().addr())) as u32;
    start..start + piece.len() as u32
}

impl RememberedCall {
    fn read(&mut self, raw: &str, outline: &mut Outline) -> Option<()> {
        let (mut cursor, mut has_body) = (Cursor::new(raw), false);
        cursor.object(|cursor, key| match key.raw {
            _ if key.escaped => None,
            "eventBody" if has_body => None,
            "eventBody" => {
                has_body = true;
                self.body(cursor, outline)
            }
            _ => cursor.value().map(drop),
        })?;
        (has_body && cursor.is_at_end()).then_some(())
    }

    fn body(&mut self, cursor: &mut Cursor<'_>, outline: &mut Outline) -> Option<()> {
        cursor.peek()?;
        let start = cursor.at();
        let front = self.front.takes(cursor);
        if !front {
            cursor.expect(b'{')?;
            while cursor.key().filter(|key| !key.escaped)?.raw != "participants" {
                cursor.value()?;
                cursor.expect(b',')?;
            }
            self.front = Mark::of(cursor.since(start))?;
        }
        let mut place = 0;
        cursor.list(|cursor| {
            if place == self.participants.len() {
                self.participants.reserve_exact(1);
                self.participants.push(RememberedParticipant::default());
            }
            let (told, is_known) = self.participants[place].read(cursor, &mut outline.runs)?;
            outline.maps |= u64::from(told.map_end != 0).checked_shl(place as u32).unwrap_or_default();
            if !is_known {
                outline.participants.push(OutlinedParticipant { place: place as u32, ..told });
            }
            place += 1;
            Some(())
        })?;
        let start = cursor.at();
        let mut ahead = *cursor;
        let rest = self.rest.takes(&mut ahead) && ahead.peek() == Some(b'}');
        match rest {
            true => *cursor = ahead,
            false => {
                members(cursor, |cursor, key| (key != "participants").then(|| cursor.value().map(drop))?)?;
                self.rest = Mark::of(cursor.since(start))?;
            }
        }
        if !(front && rest) {
            outline.base = 0;
        }
        cursor.expect(b'}')?;
        (place == self.participants.len()).then_some(())
    }
}

/// Steps over the members of an object that come after another one, up to its end. Keys are told as they are written.
fn members<'a>(cursor: &mut Cursor<'a>, mut member: impl FnMut(&mut Cursor<'a>, &'a str) -> Option<()>) -> Option<()> {
    while cursor.take(b',') {
        let key = cursor.key().filter(|key| !key.escaped)?;
        member(cursor, key.raw)?;
    }
    Some(())
}

impl RememberedParticipant {
    /// And whether all of it is as before.
    fn read(&mut self, cursor: &mut Cursor<'_>, runs: &mut Vec<Run>) -> Option<(OutlinedParticipant, bool)> {
        cursor.peek()?;
        let (start, own, before) = (cursor.at() as u32, runs.len(), self.attributes);
        let told = match self.before.takes(cursor) {
            true => self.read_on(cursor, runs)?,
            false => self.read_anew(cursor, runs)?,
        };
        let (attributes, runs) = (self.attributes, (runs.len() - own) as u32);
        let is_known = told.is_as_before && runs == 0 && attributes == before;
        Some((OutlinedParticipant { start, attributes, runs, ..told }, is_known))
    }

    /// What comes before the attribute map is as before.
    fn read_on(&mut self, cursor: &mut Cursor<'_>, runs: &mut Vec<Run>) -> Option<OutlinedParticipant> {
        if self.after.length == 0 {
            return Some(OutlinedParticipant { is_as_before: true, ..OutlinedParticipant::default() });
        }
        self.read_map(cursor, runs)?;
        let map_end = cursor.at();
        let is_as_before = self.after.takes(cursor);
        if !is_as_before {
            members(cursor, |cursor, key| (!matches!(key, "id" | "attributes")).then(|| cursor.value().map(drop))?)?;
            cursor.expect(b'}')?;
            self.after = Mark::of(cursor.since(map_end))?;
        }
        Some(OutlinedParticipant { map_end: map_end as u32, is_as_before, ..OutlinedParticipant::default() })
    }

    fn read_anew(&mut self, cursor: &mut Cursor<'_>, runs: &mut Vec<Run>) -> Option<OutlinedParticipant> {
        let (start, mut id, mut map) = (cursor.at(), None, None);
        cursor.object(|cursor, key| match key.raw {
            _ if key.escaped => None,
            "id" if id.is_none() => {
                id = Some(fingerprint(cursor.string().filter(|id| !id.escaped)?.raw));
                Some(())
            }
            "attributes" if map.is_none() && cursor.peek()? == b'{' => {
                self.before = Mark::of(cursor.since(start))?;
                self.read_map(cursor, runs)?;
                map = Some(cursor.at());
                Some(())
            }
            "id" | "attributes" if map.is_some() => None,
            _ => cursor.value().map(drop),
        })?;
        let (known, id) = (std::mem::replace(&mut self.id, id?), self.id);
        match map {
            Some(end) => self.after = Mark::of(cursor.since(end))?,
            None => {
                (self.before, self.after) = (Mark::of(cursor.since(start))?, Mark::default());
                self.attributes = 0;
                self.blocks = Vec::new();
            }
        }
        let map_end = map.map_or(0, |end| end as u32);
        let told = OutlinedParticipant { map_end, ..OutlinedParticipant::default() };
        (known == 0 || known == id).then_some(told)
    }

    /// Reads the attribute map at the cursor, and notes what is not as before.
    fn read_map(&mut self, cursor: &mut Cursor<'_>, runs: &mut Vec<Run>) -> Option<()> {
        let own = runs.len();
        let (mut block, mut count) = (0, 0);
        cursor.expect(b'{')?;
        let mut more = !cursor.take(b'}');
        while more {
            let (start, mut end, mut room) = (cursor.at(), cursor.at(), BLOCK);
            let is_as_before = self.blocks.get(block).is_some_and(|block| block.takes(cursor));
            if is_as_before {
                // The last block may have room for attributes that came.
                let known = self.attributes.saturating_sub(count).min(BLOCK);
                (count, room, end) = (count + known, room - known, cursor.at());
                more = cursor.goes_on(b'}')?;
            }
            let unchanged = is_as_before && (!more || room == 0);
            while more && room > 0 {
                let at = cursor.at() as u32;
                cursor.key()?;
                cursor.value()?;
                match runs[own..].last_mut() {
                    Some(run) if run.first + run.count == count => run.count += 1,
                    _ => runs.push(Run { start: at, first: count, count: 1 }),
                }
                (count, room, end) = (count + 1, room - 1, cursor.at());
                more = cursor.goes_on(b'}')?;
            }
            if !unchanged {
                let mark = Mark::of(cursor.between(start, end))?;
                match self.blocks.get_mut(block) {
                    Some(known) => *known = mark,
                    None => {
                        self.blocks.reserve_exact(1);
                        self.blocks.push(mark);
                    }
                }
            }
            block += 1;
        }
        self.blocks.truncate(block);
        self.attributes = count;
        Some(())
    }
}
