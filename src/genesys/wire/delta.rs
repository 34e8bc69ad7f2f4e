//! The commonest event by far repeats the previous one of its conversation but for one attribute value. Comparing bytes
//! finds that out at the speed of memory, without parsing anything.
//!
//! It is exact, not a guess: the old body was parsed; the new one has the same bytes up to a place inside the content of
//! one value string and the same bytes from a place inside it on; and the new content holds neither quote, backslash
//! nor control character. So the new body is the old one with that string replaced, and valid. Whatever does not fit
//! goes to the full decoder.

use super::decoder::Known;
use crate::domain::{ConversationId, Delta, Value, ValueDelta};
use compact_str::CompactString;
use memchr::{memchr, memrchr};
use std::ops::Range;

/// The last whole event of one conversation.
#[derive(Debug)]
pub(super) struct Memory {
    pub id: ConversationId,
    /// The event's body as it was received.
    pub body: String,
    pub participants: Vec<Known>,
}

impl Memory {
    pub fn new(id: ConversationId) -> Self {
        Self { id, body: String::new(), participants: Vec::new() }
    }
}

/// Where the body of a frame ends, if the frame is laid out as the platform lays it out: nothing but the correlation id
/// follows. It differs from frame to frame, so it takes no part in the comparison.
pub(super) fn end_of_body(raw: &str) -> Option<usize> {
    const BEFORE: &str = ",\"metadata\":{\"CorrelationId\":\"";
    let rest = raw.strip_suffix("\"}}")?;
    let quote = memrchr(b'"', rest.as_bytes())?;
    let id = rest.get(quote + 1..)?;
    let body = rest.get(..=quote)?.strip_suffix(BEFORE)?;
    id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-').then_some(body.len())
}

/// What changed from the remembered body to this one, if it is at most one attribute value. The memory moves along.
pub(super) fn between(memory: &mut Memory, body: &str) -> Option<Delta> {
    let (old, new) = (memory.body.as_bytes(), body.as_bytes());
    let prefix = common_prefix(old, new);
    if prefix == old.len() && prefix == new.len() {
        return Some(Delta { conversation: memory.id.clone(), value: None });
    }
    let most = old.len().min(new.len()) - prefix;
    let suffix = common_suffix(&old[old.len() - most..], &new[new.len() - most..]);
    let changed = prefix..old.len() - suffix;
    let participant = memory.participants.iter().position(|known| {
        known.attributes.as_ref().is_some_and(|map| map.start < changed.start && changed.end < map.end)
    })?;
    let map = memory.participants[participant].attributes.clone()?;
    let (key, content) = enclosing_value(&memory.body, map, &changed)?;
    let end = (content.end + new.len()).checked_sub(old.len())?;
    let value = body.get(content.start..end)?;
    if value.bytes().any(|b| b == b'"' || b == b'\\' || b < 0x20) {
        return None;
    }
    let key = CompactString::new(memory.body.get(key)?);
    let value = ValueDelta { participant: memory.participants[participant].id.clone(), key, value: Value::text(value) };
    memory.replace(body, content.end, end);
    Some(Delta { conversation: memory.id.clone(), value: Some(value) })
}

impl Memory {
    /// Takes over the new body; what stood at or after `old_end` now stands as much later as `new_end` is after it.
    fn replace(&mut self, body: &str, old_end: usize, new_end: usize) {
        let moved = |at: usize| if at >= old_end { at + new_end - old_end } else { at };
        let shift = |range: &mut Range<usize>| *range = moved(range.start)..moved(range.end);
        if old_end != new_end {
            for known in &mut self.participants {
                shift(&mut known.raw);
                known.attributes.iter_mut().for_each(shift);
            }
        }
        self.body.clear();
        self.body.push_str(body);
    }
}

/// The key and the content (without quotes) of the value within the flat map at `map` that encloses `changed`. Maps with
/// escapes or with values that are not strings are left to the full decoder.
fn enclosing_value(body: &str, map: Range<usize>, changed: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
    let text = body.as_bytes().get(map.clone())?;
    if memchr(b'\\', text).is_some() {
        return None;
    }
    let string = |at: usize| -> Option<Range<usize>> {
        (body.as_bytes().get(at) == Some(&b'"')).then_some(())?;
        let length = memchr(b'"', body.as_bytes().get(at + 1..map.end)?)?;
        Some(at + 1..at + 1 + length)
    };
    let mut at = map.start + 1;
    loop {
        let key = string(at)?;
        if body.as_bytes().get(key.end + 1) != Some(&b':') {
            return None;
        }
        let value = string(key.end + 2)?;
        if value.end >= changed.end {
            // A key that stands twice counts by its last value, which only the full decoder finds.
            let twice = |rest: &[u8]| memchr::memmem::find(rest, &body.as_bytes()[key.start - 1..=key.end]).is_some();
            let elsewhere = twice(&text[..key.start - 1 - map.start]) || twice(&text[value.start - map.start..]);
            return (value.start <= changed.start && !elsewhere).then_some((key, value));
        }
        if body.as_bytes().get(value.end + 1) != Some(&b',') {
            return None;
        }
        at = value.end + 2;
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 64;
    let steps = a.chunks_exact(STEP).zip(b.chunks_exact(STEP)).take_while(|(a, b)| a == b).count() * STEP;
    steps + a[steps..].iter().zip(&b[steps..]).take_while(|(a, b)| a == b).count()
}

fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    const STEP: usize = 64;
    let steps = a.rchunks_exact(STEP).zip(b.rchunks_exact(STEP)).take_while(|(a, b)| a == b).count() * STEP;
    let (a, b) = (&a[..a.len() - steps], &b[..b.len() - steps]);
    steps + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}
