//! A conversation event, either whole or as its difference from what the board knows.
//!
//! Nearly all of an event repeats what is known. What its [`Outline`] says is as before is not looked at, if the board's
//! conversation is as the event before told it. The rest is held against the board, and only what differs is built; without an
//! outline that is all of it, in one pass. What does not fit (a participant who is missing or may be older, what only reads
//! tell, a key that stands twice) gives `None`: then it is read whole, and at last by serde, which tells what is wrong.

use super::{
    attributes::{self, News},
    conversation::{ConversationBody, ParticipantFacts, WireParticipant},
    cursor::Cursor,
    outline::{Outline, OutlinedParticipant, Run},
};
use crate::domain::{Delta, KnownState, Media, ParticipantDelta, ParticipantSnapshot, Snapshot};

/// Participants that an event is compared with.
const MOST: usize = 64;

/// Reads the event whole.
pub(super) fn whole(raw: &str, media: Option<Media>) -> Option<Snapshot> {
    let mut participants = Vec::new();
    let body = event(raw, |cursor| {
        participants.push(participant(cursor, media)?);
        Some(())
    })?;
    body.id.filled()?;
    Some(Snapshot { participants, ..body.snapshot(media.is_some()) })
}

/// Reads of the event what is not known.
pub(super) fn from(raw: &str, outline: &Outline, known: KnownState<'_>) -> Option<Delta> {
    let mut news =
        Difference { known, next: 0, seen: 0, maps: 0, in_order: true, participants: Vec::new(), joined: Vec::new() };
    if outline.base != 0 && outline.base == known.event {
        news.outlined(raw, outline)?;
    } else {
        let body = event(raw, |cursor| news.participant(cursor))?;
        fits(&body, known)?;
    }
    let Difference { seen, maps, in_order, participants, joined, .. } = news;
    (seen.count_ones() as usize == known.conversation.participants.len()).then(|| Delta {
        conversation: known.conversation.id.clone(),
        base: known.base,
        event: if in_order { outline.event } else { 0 },
        maps,
        participants,
        joined,
    })
}

/// What the event tells beside its participants is known.
fn fits(body: &ConversationBody<'_>, known: KnownState<'_>) -> Option<()> {
    let conversation = known.conversation;
    let same = |told: Option<&str>, known: Option<&str>| told.is_none() || told == known;
    let fits = body.id.get() == Some(conversation.id.as_str())
        && body.start_time.time().is_none_or(|start| conversation.started == Some(start))
        && body.end_time.get().is_none()
        && same(body.address.filled(), conversation.address.as_deref());
    fits.then_some(())
}

/// Reads the envelope and, in it, the conversation.
fn event<'a>(raw: &'a str, mut participant: impl FnMut(&mut Cursor<'a>) -> Option<()>) -> Option<ConversationBody<'a>> {
    let (mut cursor, mut body) = (Cursor::new(raw), None);
    cursor.object(|cursor, key| match key.raw {
        _ if key.escaped => None,
        "eventBody" if body.is_some() => None,
        "eventBody" => {
            body = Some(ConversationBody::read(cursor, &mut participant)?);
            Some(())
        }
        _ => cursor.value().map(drop),
    })?;
    body.filter(|_| cursor.is_at_end())
}

/// Reads a participant whole.
fn participant(cursor: &mut Cursor<'_>, media: Option<Media>) -> Option<ParticipantSnapshot> {
    let mut map = None;
    let read = WireParticipant::read(cursor, |cursor| {
        map = Some(attributes::read(cursor)?);
        Some(())
    })?;
    let facts = read.facts(media);
    (!facts.id.is_empty()).then(|| ParticipantSnapshot { attributes: map, ..facts.snapshot() })
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
    /// Participants and attributes stand in the known order.
    in_order: bool,
    participants: Vec<ParticipantDelta>,
    joined: Vec<ParticipantSnapshot>,
}

impl Difference<'_> {
    /// Reads what is not as in the event before, which is known.
    fn outlined(&mut self, raw: &str, outline: &Outline) -> Option<()> {
        let known = self.known.conversation.participants.len();
        self.seen = 1u64.checked_shl(known as u32).filter(|_| known < MOST)? - 1;
        self.maps = outline.maps & self.seen;
        let mut runs = &outline.runs[..];
        for told in &outline.participants {
            let (own, others) = runs.split_at_checked(told.runs as usize)?;
            runs = others;
            match (told.place as usize) < known {
                true => self.outlined_participant(raw, told, own)?,
                false => self.join(&mut Cursor::from(raw, told.start as usize))?,
            }
        }
        Some(())
    }

    fn outlined_participant(&mut self, raw: &str, told: &OutlinedParticipant, runs: &[Run]) -> Option<()> {
        let place = told.place as usize;
        let known = self.known.conversation.participants.get(place)?;
        let mut news = News::default();
        if told.map_end != 0 && (!runs.is_empty() || told.attributes as usize != known.attributes.len()) {
            let compared = attributes::compare_runs(raw, &known.attributes, runs, told.attributes)?;
            (news, self.in_order) = (compared.news, self.in_order && compared.in_order);
        }
        let mut facts = None;
        if !told.is_as_before {
            let mut cursor = Cursor::from(raw, told.start as usize);
            let read = WireParticipant::read(&mut cursor, |cursor| {
                *cursor = Cursor::from(raw, told.map_end as usize);
                Some(())
            })?;
            facts = self.facts(place, &read.facts(None))?;
        }
        self.note(place, facts, news);
        Some(())
    }

    fn participant(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        cursor.peek()?;
        let Some(place) = self.place(*cursor) else { return self.join(cursor) };
        self.in_order &= place == self.next;
        let known = self.known.conversation.participants.get(place)?;
        let mut map = None;
        let read = WireParticipant::read(cursor, |cursor| {
            map = Some(attributes::compare(cursor, &known.attributes)?);
            Some(())
        })?;
        let facts = self.facts(place, &read.facts(None))?;
        let has_map = map.is_some();
        let news = match map {
            Some(compared) => {
                self.in_order &= compared.in_order;
                compared.news
            }
            None => News::default(),
        };
        self.take(place, facts, news, has_map)
    }

    /// What the known participant at this place is, if that is not known; `None` if it is another one, or may be older than what is
    /// known.
    fn facts(&self, place: usize, told: &ParticipantFacts<'_>) -> Option<Option<Box<ParticipantSnapshot>>> {
        let known = self.known.conversation.participants.get(place)?;
        if told.id != known.id.as_str() {
            return None;
        }
        Some((!told.are_known(known, self.known.names)?).then(|| Box::new(told.snapshot())))
    }

    /// Reads one who is not known.
    fn join(&mut self, cursor: &mut Cursor<'_>) -> Option<()> {
        let told = participant(cursor, None)?;
        // Of two with one id the second is no other participant.
        let known = self.known.conversation.participants.iter().map(|known| &known.id);
        if known.chain(self.joined.iter().map(|other| &other.id)).any(|id| *id == told.id) {
            return None;
        }
        self.joined.push(told);
        Some(())
    }

    fn take(&mut self, place: usize, facts: Option<Box<ParticipantSnapshot>>, news: News, has_map: bool) -> Option<()> {
        if place >= MOST || self.seen & (1 << place) != 0 || !self.joined.is_empty() {
            return None;
        }
        self.seen |= 1 << place;
        self.maps |= u64::from(has_map) << place;
        self.next = place + 1;
        self.note(place, facts, news);
        Some(())
    }

    fn note(&mut self, place: usize, facts: Option<Box<ParticipantSnapshot>>, news: News) {
        let News { told, gone } = news;
        if facts.is_some() || !told.is_empty() || !gone.is_empty() {
            self.participants.push(ParticipantDelta { place, facts, attributes: told, gone });
        }
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
