//! The commonest event by far repeats the previous one of its conversation but for one attribute value. Fingerprints of
//! its parts ([`super::memory`]) find that out without parsing anything.
//!
//! The old body was parsed; the new one has the same text around one attribute map; in that map it has the same text but
//! for one value; and the new value holds neither quote, backslash nor control character. So the new body is the old one
//! with that value replaced, and valid. Whatever does not fit goes to the full decoder.

use super::memory::{Memory, Pair, Pieces, key_print, print};
use crate::domain::{Delta, Value, ValueDelta};
use compact_str::CompactString;
use memchr::{memchr2, memrchr};
use std::ops::Range;

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
    let Some(changed) = changed_map(memory, body.as_bytes())? else {
        return Some(Delta { conversation: memory.id.clone(), value: None });
    };
    let (part, told) = (&mut memory.parts[changed], &mut memory.told[changed]);
    let old_end = part.map_end;
    let new_end = u32::try_from((old_end as usize + body.len()).checked_sub(memory.length)?).ok()?;
    let text = body.get(part.map_start as usize..new_end as usize)?;
    let pairs = told.pairs.as_mut()?;
    let (index, key, value) = changed_value(pairs, text)?;
    let length = u16::try_from(value.len()).ok()?;
    let whole = print(text.as_bytes().get(key.start - 1..=value.end)?);
    let (key, value) = (CompactString::new(text.get(key)?), Value::text(text.get(value)?));
    // From here on nothing can fail: the memory is the old one or the new one, never half of each.
    (pairs[index].print, pairs[index].value) = (whole, length);
    part.map = print(text.as_bytes());
    let value = ValueDelta { participant: told.id.clone(), key, value, place: (changed, index) };
    if old_end != new_end {
        memory.parts.iter_mut().for_each(|part| part.shift(old_end, new_end));
    }
    memory.length = body.len();
    Some(Delta { conversation: memory.id.clone(), value: Some(value) })
}

/// The participant with the only attribute map whose text is not the remembered one, if all else is the same text;
/// `Some(None)` if no map differs either.
fn changed_map(memory: &Memory, body: &[u8]) -> Option<Option<usize>> {
    let mut changed = None;
    let mut between = Pieces::new();
    let mut at = 0;
    // What comes after the map that differs stands as much later as the body is longer.
    let longer = body.len().wrapping_sub(memory.length);
    let moved = |old: usize, changed: Option<usize>| if changed.is_some() { old.wrapping_add(longer) } else { old };
    for (index, part) in memory.parts.iter().enumerate() {
        let place = part.place();
        let start = moved(place.start, changed);
        between.add(body.get(at..start)?);
        let inside = moved(part.map_start as usize, changed);
        if print(body.get(start..inside)?) != part.before {
            return None;
        }
        let mut end = moved(part.map_end as usize, changed);
        if body.get(inside..end).is_none_or(|text| print(text) != part.map) {
            if changed.is_some() {
                return None;
            }
            changed = Some(index);
            end = moved(part.map_end as usize, changed);
        }
        at = moved(place.end, changed);
        if print(body.get(end..at)?) != part.after {
            return None;
        }
    }
    between.add(body.get(at..)?);
    (between.print() == memory.between).then_some(changed)
}

/// The only pair of a plain map that differs from what is remembered, and where its key and value stand (without
/// quotes), if the key is the same.
fn changed_value(pairs: &[Pair], text: &str) -> Option<(usize, Range<usize>, Range<usize>)> {
    let bytes = text.as_bytes();
    let before = 2 + pairs.iter().map(|pair| pair.length() + 1).sum::<usize>() - usize::from(!pairs.is_empty());
    let mut found = None;
    let mut at = 0;
    for (index, pair) in pairs.iter().enumerate() {
        if *bytes.get(at)? != if index == 0 { b'{' } else { b',' } {
            return None;
        }
        at += 1;
        let same = bytes.get(at..at + pair.length()).is_some_and(|text| print(text) == pair.print);
        if same {
            at += pair.length();
            continue;
        }
        let key = at + 1..at + 1 + usize::from(pair.key);
        let start = key.end + 3;
        let end = (start + usize::from(pair.value) + text.len()).checked_sub(before)?;
        let value = bytes.get(start..end)?;
        let plain = memchr2(b'"', b'\\', value).is_none() && value.iter().all(|b| *b >= 0x20);
        let quoted = bytes[at] == b'"' && bytes[key.end..start] == *b"\":\"" && *bytes.get(end)? == b'"';
        if found.is_some() || !plain || !quoted || key_print(&bytes[key.clone()]) != pair.key_print {
            return None;
        }
        found = Some((index, key, start..end));
        at = end + 1;
    }
    (bytes.get(at..)? == b"}").then_some(found)?
}
