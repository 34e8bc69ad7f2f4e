//! A conversation event in one pass: either whole, or as its difference from what the board knows.
//!
//! Nearly all of an event repeats what is known. So its text is held against the board's conversation while it is stepped
//! over, and only what differs is built. What does not fit (a participant who is missing or may be older, what only reads
//! tell, a key that stands twice) gives `None`: then it is read whole, and at last by serde, which tells what is wrong.

use super::{
    attributes::{self, Compared, News},
    conversation::{ConversationBody, Participant},
    cursor::Cursor,
    marks,
};
use crate::domain::{
    Block, Delta, KnownState, Media, ParticipantDelta, ParticipantMark, ParticipantSnapshot, Snapshot,
};
use std::ops::Range;

/// Participants that an event is compared with.
const MOST: usize = 64;

/// Reads the event whole.
pub(super) fn whole(raw: &str, media: Option<Media>) -> Option<Snapshot> {
    let mut participants = Vec::new();
    let told = |cursor: &mut Cursor<'_>| {
        participants.push(participant(cursor, media)?.0);
        Some(())
    };
    let body = event(raw, told, |_| ())?.body;
    body.id.filled()?;
    Some(Snapshot { participants, ..body.snapshot(media.is_some()) })
}

/// Reads of the event what is not known.
pub(super) fn from(raw: &str, known: KnownState<'_>) -> Option<Delta> {
    let conversation = known.conversation;
    let mut news = Difference {
        known,
        next: 0,
        seen: 0,
        maps: 0,
        participants: Vec::new(),
        joined: Vec::new(),
        marks: Vec::new(),
    };
    let mut rest_at = None;
    let rest = |cursor: &mut Cursor<'_>| {
        if rest_as_before(known.rest, cursor).is_none() {
            rest_at = Some(cursor.at());
        }
    };
    let Event { body, end, cursor } = event(raw, |cursor| news.participant(cursor), rest)?;
    let Difference { seen, maps, participants, joined, marks, .. } = news;
    let same = |told: Option<&str>, known: Option<&str>| told.is_none() || told == known;
    let fits = body.id.get() == Some(conversation.id.as_str())
        && seen.count_ones() as usize == conversation.participants.len()
        && body.start_time.time().is_none_or(|start| conversation.started == Some(start))
        && body.end_time.get().is_none()
        && same(body.address.filled(), conversation.address.as_deref());
    fits.then(|| Delta {
        conversation: conversation.id.clone(),
        base: known.base,
        maps,
        participants,
        joined,
        marks,
        rest: rest_at.and_then(|start| marks::block(cursor.between(start, end))),
    })
}

/// Steps over what stands behind the participants, if it is written as before: then what it tells is known.
fn rest_as_before(before: Option<Block>, cursor: &mut Cursor<'_>) -> Option<()> {
    let mut ahead = *cursor;
    marks::takes_block(before?, &mut ahead)?;
    (ahead.peek() == Some(b'}')).then(|| *cursor = ahead)
}

/// An event that was read.
struct Event<'a> {
    body: ConversationBody<'a>,
    /// Where the body's last brace is.
    end: usize,
    cursor: Cursor<'a>,
}

/// Reads the envelope and, in it, the conversation.
fn event<'a>(
    raw: &'a str,
    mut participant: impl FnMut(&mut Cursor<'a>) -> Option<()>,
    mut rest: impl FnMut(&mut Cursor<'a>),
) -> Option<Event<'a>> {
    let (mut cursor, mut body) = (Cursor::new(raw), None);
    cursor.object(|cursor, key| match key.raw {
        _ if key.escaped => None,
        "eventBody" if body.is_some() => None,
        "eventBody" => {
            let read = ConversationBody::read(cursor, &mut participant, &mut rest)?;
            body = Some((read, cursor.at() - 1));
            Some(())
        }
        _ => cursor.value().map(drop),
    })?;
    let (body, end) = body.filter(|_| cursor.is_at_end())?;
    Some(Event { body, end, cursor })
}

/// Reads a participant whole, and where its attribute map stands: at its end, if it has none.
fn participant(cursor: &mut Cursor<'_>, media: Option<Media>) -> Option<(ParticipantSnapshot, Range<usize>)> {
    let (mut map, mut place) = (None, None);
    let read = Participant::read(cursor, |cursor| {
        let start = cursor.at();
        map = Some(attributes::read(cursor)?);
        place = Some(start..cursor.at());
        Some(())
    })?;
    let facts = read.facts(media);
    let told = (!facts.id.is_empty()).then(|| ParticipantSnapshot { attributes: map, ..facts.snapshot() })?;
    Some((told, place.unwrap_or(cursor.at()..cursor.at())))
}

/// What was found so far.
struct Difference<'k> {
    known: KnownState<'k>,
    /// The known participant that is expected next.
    next: usize,
    /// The known participants that were told.
    seen: u64,
    /// Those of them whose attribute map was told.
    maps: u64,
    participants: Vec<ParticipantDelta>,
    joined: Vec<ParticipantSnapshot>,
    /// Of those who are written otherwise than before, with their places.
    marks: Vec<(usize, ParticipantMark)>,
}

impl Difference<'_> {
    fn participant(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        cursor.peek()?;
        if let Some((news, has_map)) = self.as_before(cursor) {
            return self.take(self.next, None, news, has_map);
        }
        let start = cursor.at();
        let Some(place) = self.place(*cursor) else {
            return self.join(cursor, start);
        };
        let known = self.known.conversation.participants.get(place)?;
        let before = self.known.marks.get(place).map(|mark| &*mark.blocks).unwrap_or_default();
        let (mut compared, mut map) = (Compared::default(), None);
        let read = Participant::read(cursor, |cursor| {
            let from = cursor.at();
            compared = attributes::compare(cursor, &known.attributes, before)?;
            map = Some((from, cursor.at()));
            Some(())
        })?;
        let facts = read.facts(None);
        if facts.id != known.id.as_str() {
            return None;
        }
        let facts = (!facts.are_known(known, self.known.names)?).then(|| Box::new(facts.snapshot()));
        let (map_start, map_end) = map.unwrap_or((cursor.at(), cursor.at()));
        let Compared { news, blocks } = compared;
        let blocks = blocks.unwrap_or_else(|| before.into());
        self.marks.push((place, marks::of(cursor.between(start, map_start), cursor.since(map_end), blocks)?));
        self.take(place, facts, news, map.is_some())
    }

    /// Reads one who is not known. Where the attributes stand in the map is told by the next event.
    fn join(&mut self, cursor: &mut Cursor<'_>, start: usize) -> Option<()> {
        let (told, map) = participant(cursor, None)?;
        // Of two with one id the second is no other participant.
        if self.joined.iter().any(|other| other.id == told.id) {
            return None;
        }
        let place = self.known.conversation.participants.len() + self.joined.len();
        let (before, after) = (cursor.between(start, map.start), cursor.since(map.end));
        self.marks.push((place, marks::of(before, after, Box::default())?));
        self.joined.push(told);
        Some(())
    }

    /// What is new about the next known participant, if that is written as before but for its attributes; and whether it
    /// has an attribute map.
    fn as_before(&mut self, cursor: &mut Cursor<'_>) -> Option<(News, bool)> {
        let mark = self.known.marks.get(self.next).filter(|mark| mark.lengths.0 > 0)?;
        let known = self.known.conversation.participants.get(self.next)?;
        let mut ahead = *cursor;
        marks::takes_before(mark, &mut ahead)?;
        let has_map = mark.lengths.1 > 0;
        let Compared { news, blocks } = match has_map {
            true => attributes::compare(&mut ahead, &known.attributes, &mark.blocks)?,
            false => Compared::default(),
        };
        marks::takes_after(mark, &mut ahead)?;
        *cursor = ahead;
        if let Some(blocks) = blocks {
            self.marks
                .push((self.next, ParticipantMark { lengths: mark.lengths, fingerprints: mark.fingerprints, blocks }));
        }
        Some((news, has_map))
    }

    fn take(&mut self, place: usize, facts: Option<Box<ParticipantSnapshot>>, news: News, has_map: bool) -> Option<()> {
        if place >= MOST || self.seen & (1 << place) != 0 || !self.joined.is_empty() {
            return None;
        }
        self.seen |= 1 << place;
        self.maps |= u64::from(has_map) << place;
        self.next = place + 1;
        let News { told, gone } = news;
        if facts.is_some() || !told.is_empty() || !gone.is_empty() {
            self.participants.push(ParticipantDelta { place, facts, attributes: told, gone });
        }
        Some(())
    }

    /// Which of the known participants this is; `None` for one who is not known. Without an id in front it is taken for
    /// the next one, and that is looked at again once the id is known.
    fn place(&self, mut cursor: Cursor<'_>) -> Option<usize> {
        let mut id = || {
            cursor.expect(b'{')?;
            let key = cursor.string().filter(|key| key.raw == "id" && !key.escaped)?;
            cursor.expect(b':')?;
            cursor.string().filter(|id| !id.escaped && !key.escaped)
        };
        let known = &self.known.conversation.participants;
        match id() {
            Some(id) if known.get(self.next).is_some_and(|p| p.id.as_str() == id.raw) => Some(self.next),
            Some(id) => known.iter().position(|p| p.id.as_str() == id.raw),
            None => Some(self.next),
        }
    }
}
