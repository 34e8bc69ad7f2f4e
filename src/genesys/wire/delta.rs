//! The commonest event by far repeats the previous one of its conversation but for one attribute value. Comparing bytes
//! finds that out at the speed of memory, without parsing anything.
//!
//! It is exact, not a guess: the old body was parsed; the new one has the same bytes up to a place inside the content of
//! one value string and the same bytes from a place inside it on; and the new content holds neither quote, backslash
//! nor control character. So the new body is the old one with that string replaced, and valid. Whatever does not fit
//! goes to the full decoder.

use super::decoder::Known;
use crate::domain::{ConversationId, Delta, Kind, Value, ValueDelta};
use compact_str::CompactString;
use memchr::{memchr, memchr_iter, memrchr};
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
    let known = &memory.participants[participant];
    let map = known.attributes.clone().filter(|_| known.plain)?;
    let (key, content) = enclosing_value(&memory.body, map, &changed)?;
    let end = (content.end + new.len()).checked_sub(old.len())?;
    let value = body.get(content.start..end)?;
    if value.bytes().any(|b| b == b'"' || b == b'\\' || b < 0x20) {
        return None;
    }
    let key = CompactString::new(memory.body.get(key)?);
    let value = ValueDelta { participant: memory.participants[participant].id.clone(), key, value: Value::text(value) };
    memory.replace(body, content, end);
    Some(Delta { conversation: memory.id.clone(), value: Some(value) })
}

impl Memory {
    /// Takes over the new body, which differs in `content` alone; what stood at or after its end now stands as much later
    /// as `new_end` is after it.
    fn replace(&mut self, body: &str, content: Range<usize>, new_end: usize) {
        let old_end = content.end;
        let moved = |at: usize| if at >= old_end { at + new_end - old_end } else { at };
        let shift = |range: &mut Range<usize>| *range = moved(range.start)..moved(range.end);
        if old_end != new_end {
            for known in &mut self.participants {
                shift(&mut known.raw);
                known.attributes.iter_mut().for_each(shift);
            }
        }
        // Writing the difference alone leaves the rest of a cold body untouched.
        if let Some(value) = body.get(content.start..new_end) {
            self.body.replace_range(content, value);
        }
    }
}

/// The key and the content (without quotes) of the value that encloses `changed`, within the *plain* map at `map`
/// ([`Known::plain`]): there, quotes do nothing but open and close keys and values.
fn enclosing_value(body: &str, map: Range<usize>, changed: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
    let text = body.as_bytes();
    let inside_a_string = memchr_iter(b'"', text.get(map.start..changed.start)?).count() % 2 == 1;
    if !inside_a_string {
        return None;
    }
    let open = map.start + memrchr(b'"', text.get(map.start..changed.start)?)?;
    let close = open + 1 + memchr(b'"', text.get(open + 1..map.end)?)?;
    let key_close = open.checked_sub(2)?;
    if close < changed.end || text.get(key_close..open)? != b"\":" {
        return None;
    }
    let key_open = map.start + memrchr(b'"', text.get(map.start..key_close)?)?;
    Some((key_open + 1..key_close, open + 1..close))
}

/// True for a map whose values are all strings, written without white space and without a backslash, each key once.
pub(super) fn is_plain(raw: &str, map: &[(CompactString, Value)]) -> bool {
    memchr(b'\\', raw.as_bytes()).is_none()
        && map.iter().all(|(_, value)| value.kind() == Kind::Text)
        // Braces, and for each pair four quotes, a colon and a comma; the last has none. Anything else is white space or
        // a pair that was dropped because its key came again.
        && raw.len() + usize::from(!map.is_empty())
            == 2 + map.iter().map(|(key, value)| key.len() + value.as_str().len() + 6).sum::<usize>()
}

/// Bytes that are compared at once: of a known length, so that no function is called for them.
const STEP: usize = 64;

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let ((a_steps, _), (b_steps, _)) = (a.as_chunks::<STEP>(), b.as_chunks::<STEP>());
    let steps = a_steps.iter().zip(b_steps).take_while(|(a, b)| a == b).count() * STEP;
    steps + a[steps..].iter().zip(&b[steps..]).take_while(|(a, b)| a == b).count()
}

fn common_suffix(a: &[u8], b: &[u8]) -> usize {
    let ((_, a_steps), (_, b_steps)) = (a.as_rchunks::<STEP>(), b.as_rchunks::<STEP>());
    let steps = a_steps.iter().rev().zip(b_steps.iter().rev()).take_while(|(a, b)| a == b).count() * STEP;
    let (a, b) = (&a[..a.len() - steps], &b[..b.len() - steps]);
    steps + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}
