//! The packed form of a call: one blob a call, small enough for millions of them.
//!
//! ```text
//! body   = flow · queue count · queues · flags · media · passed bits · milestone times · [end] · shape · key data · values
//! shape  = number of a known shape (0: written here) · for each key: key · purpose · nth and kind · presence bits
//! key data = for each key: first seen · changes · last changed if it changed · hash (2 bytes)
//! ```
//! Integers are LEB128; times are tenths of a second since the start of the call (zigzag, for clocks that disagree), and
//! a key's first sight counts from the key before it. Texts are numbers of [`super::schema::Names`].

use super::record::{DAY_MS, KeyRecord, ValueKind};

/// A call as numbers: names are rows of the store's name tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Packed {
    /// Row of the flow version, which also names the organization.
    pub(super) flow: i64,
    /// Rows of the queues' names, first one first.
    pub(super) queues: Vec<i64>,
    /// Whether that row names a flow; not stored, for the row tells.
    pub(super) knows_flow: bool,
    /// Row of the medium's name.
    pub(super) media: i64,
    /// See [`super::record::CallRecord::incomplete`].
    pub(super) incomplete: bool,
    /// Tenths of a second after the start.
    pub(super) milestones: [Option<i64>; 5],
    /// Tenths of a second after the start.
    pub(super) ended: Option<i64>,
    /// Its keys.
    pub(super) keys: Vec<PackedKey>,
}

/// A key as numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PackedKey {
    /// Row of the key's name.
    pub(super) key: i64,
    /// Row of the purpose's name.
    pub(super) purpose: i64,
    /// As in [`KeyRecord::nth`], at most 15.
    pub(super) nth: u8,
    /// As in [`KeyRecord::kind`].
    pub(super) kind: ValueKind,
    /// As in [`KeyRecord::present_at`], bit by bit.
    pub(super) present: u8,
    /// Tenths of a second after the start.
    pub(super) first_seen: i64,
    /// As in [`KeyRecord::changes`].
    pub(super) changes: u32,
    /// Tenths of a second after the start.
    pub(super) last_changed: i64,
    /// As in [`KeyRecord::hash`].
    pub(super) hash: u16,
    /// As in [`KeyRecord::value`].
    pub(super) value: Option<String>,
}

/// Tenths of a second between two times in milliseconds.
pub(super) fn tenths(start: i64, time: i64) -> i64 {
    (time - start).clamp(-DAY_MS * 366, DAY_MS * 366).div_euclid(100)
}

/// Presence as bits, the first milestone lowest.
pub(super) fn bits(present: [bool; 5]) -> u8 {
    present.iter().enumerate().fold(0, |bits, (i, there)| bits | (u8::from(*there) << i))
}

/// The bits as presence.
pub(super) fn flags(bits: u8) -> [bool; 5] {
    std::array::from_fn(|i| bits >> i & 1 == 1)
}

impl PackedKey {
    /// A key's record with names as rows.
    pub(super) fn of(record: &KeyRecord, key: i64, purpose: i64, started: i64) -> Self {
        Self {
            key,
            purpose,
            nth: record.nth.min(15),
            kind: record.kind,
            present: bits(record.present_at),
            first_seen: tenths(started, record.first_seen),
            changes: record.changes,
            last_changed: tenths(started, if record.changes > 0 { record.last_changed } else { record.first_seen }),
            hash: record.hash,
            value: record.value.clone(),
        }
    }
}

impl Packed {
    /// The same call with its times counted from another start, so many tenths of a second earlier.
    fn shifted(&self, tenths: i64) -> Self {
        let mut call = self.clone();
        call.milestones.iter_mut().flatten().chain(&mut call.ended).for_each(|time| *time += tenths);
        for key in &mut call.keys {
            key.first_seen += tenths;
            key.last_changed += tenths;
        }
        call
    }

    /// What calls of the same kind share: which keys there are, on whom, of which kind, and when they were there.
    pub(super) fn shape(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.keys.len() * 4);
        put(&mut out, self.keys.len() as u64);
        for key in &self.keys {
            put(&mut out, key.key as u64);
            put(&mut out, key.purpose as u64);
            let kind = ValueKind::ALL.iter().position(|kind| *kind == key.kind).unwrap_or_default() as u8;
            out.push(key.nth << 3 | kind);
            out.push(key.present);
        }
        out
    }

    /// The blob. `shape` is the number under which [`Self::shape`] is known, 0 to write it out.
    pub(super) fn write(&self, shape: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(32 + self.keys.len() * 6);
        put(&mut out, self.flow as u64);
        put(&mut out, self.queues.len() as u64);
        self.queues.iter().for_each(|queue| put(&mut out, *queue as u64));
        let valued = self.keys.iter().any(|key| key.value.is_some());
        out.push(u8::from(self.incomplete) | u8::from(self.ended.is_some()) << 1 | u8::from(valued) << 2);
        put(&mut out, self.media as u64);
        out.push(bits(self.milestones.map(|time| time.is_some())));
        self.milestones.iter().flatten().for_each(|time| put_signed(&mut out, *time));
        self.ended.iter().for_each(|time| put_signed(&mut out, *time));
        put(&mut out, shape);
        if shape == 0 {
            out.extend(self.shape());
        }
        let mut before = 0;
        for key in &self.keys {
            put_signed(&mut out, key.first_seen - before);
            before = key.first_seen;
            put(&mut out, u64::from(key.changes));
            if key.changes > 0 {
                put_signed(&mut out, key.last_changed - key.first_seen);
            }
            out.extend(key.hash.to_le_bytes());
        }
        if valued {
            for key in &self.keys {
                match &key.value {
                    None => put(&mut out, 0),
                    Some(value) => {
                        put(&mut out, 1 + value.len() as u64);
                        out.extend(value.as_bytes());
                    }
                }
            }
        }
        out
    }

    /// Reads a blob if its flow is one of these rows.
    pub(super) fn read_of<'s>(blob: &[u8], flows: &[i64], shapes: impl Fn(u64) -> Option<&'s [u8]>) -> Option<Self> {
        let flow = Bytes(blob).number()? as i64;
        if flows.contains(&flow) { Self::read(blob, shapes) } else { None }
    }

    /// Reads a blob; `shapes` gives the bytes of a known shape. `None` for a blob that is not one.
    pub(super) fn read<'s>(blob: &[u8], shapes: impl Fn(u64) -> Option<&'s [u8]>) -> Option<Self> {
        let mut from = Bytes(blob);
        let flow = from.number()? as i64;
        let queues =
            (0..from.number()?.min(blob.len() as u64)).map(|_| Some(from.number()? as i64)).collect::<Option<_>>()?;
        let switches = from.byte()?;
        let media = from.number()? as i64;
        let passed = flags(from.byte()?);
        let mut milestones = [None; 5];
        for (i, passed) in passed.into_iter().enumerate() {
            milestones[i] = if passed { Some(from.signed()?) } else { None };
        }
        let ended = if switches & 2 != 0 { Some(from.signed()?) } else { None };
        let mut keys = match from.number()? {
            0 => read_shape(&mut from)?,
            number => read_shape(&mut Bytes(shapes(number)?))?,
        };
        let mut before = 0;
        for key in &mut keys {
            key.first_seen = before + from.signed()?;
            before = key.first_seen;
            key.changes = u32::try_from(from.number()?).ok()?;
            key.last_changed = key.first_seen + if key.changes > 0 { from.signed()? } else { 0 };
            key.hash = u16::from_le_bytes([from.byte()?, from.byte()?]);
        }
        if switches & 4 != 0 {
            for key in &mut keys {
                if let Some(length) = from.number()?.checked_sub(1) {
                    key.value = Some(String::from_utf8(from.take(length)?.to_vec()).ok()?);
                }
            }
        }
        Some(Self { flow, queues, knows_flow: false, media, incomplete: switches & 1 != 0, milestones, ended, keys })
    }
}

/// One record of what two saw of a call, each with its start in milliseconds. What was seen first, passed first or changed
/// last wins; nothing that either saw is lost. The start of the whole is the earlier one.
pub(super) fn merged(old: (&Packed, i64), new: (&Packed, i64)) -> (Packed, i64) {
    let started = old.1.min(new.1);
    let [mut base, late] = [old, new].map(|(call, own)| call.shifted(tenths(started, own)));
    base.incomplete |= late.incomplete;
    if late.flow != base.flow && late.knows_flow {
        base.flow = late.flow;
    }
    base.media = late.media;
    for queue in late.queues {
        if !base.queues.contains(&queue) {
            base.queues.push(queue);
        }
    }
    for (time, other) in base.milestones.iter_mut().zip(late.milestones) {
        *time = [*time, other].into_iter().flatten().min();
    }
    base.ended = [base.ended, late.ended].into_iter().flatten().max();
    for key in late.keys {
        let same = |known: &&mut PackedKey| (known.key, known.purpose, known.nth) == (key.key, key.purpose, key.nth);
        match base.keys.iter_mut().find(same) {
            None => base.keys.push(key),
            Some(known) => {
                let (first_seen, changes) = (known.first_seen.min(key.first_seen), known.changes.max(key.changes));
                let present = known.present | key.present;
                if key.last_changed >= known.last_changed {
                    *known = key;
                }
                known.first_seen = first_seen;
                known.changes = changes;
                known.present = present;
                known.last_changed = if changes > 0 { known.last_changed } else { first_seen };
            }
        }
    }
    base.keys.sort_by_key(|key| (key.purpose, key.nth, key.key));
    (base, started)
}

fn read_shape(from: &mut Bytes<'_>) -> Option<Vec<PackedKey>> {
    let count = from.number()?;
    let mut keys = Vec::with_capacity(count.min(1024) as usize);
    for _ in 0..count {
        let (key, purpose) = (from.number()? as i64, from.number()? as i64);
        let who = from.byte()?;
        let kind = *ValueKind::ALL.get(usize::from(who & 7))?;
        keys.push(PackedKey { key, purpose, nth: who >> 3, kind, present: from.byte()?, ..PackedKey::default() });
    }
    Some(keys)
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_signed(out: &mut Vec<u8>, number: i64) {
    put(out, ((number << 1) ^ (number >> 63)) as u64);
}

struct Bytes<'b>(&'b [u8]);

impl<'b> Bytes<'b> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn take(&mut self, length: u64) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(length).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key() -> impl Strategy<Value = PackedKey> {
        let ids = (1..300_i64, 1..9_i64, 0..16_u8, 0..7_usize, 0..32_u8);
        let seen = (-20..40_000_i64, 0..4_u32, 0..40_000_i64, any::<u16>(), proptest::option::of(".{0,12}"));
        (ids, seen).prop_map(|((key, purpose, nth, kind, present), (first_seen, changes, later, hash, value))| {
            PackedKey {
                key,
                purpose,
                nth,
                kind: ValueKind::ALL[kind],
                present,
                first_seen,
                changes,
                last_changed: first_seen + if changes > 0 { later } else { 0 },
                hash,
                value,
            }
        })
    }

    fn packed() -> impl Strategy<Value = Packed> {
        let times = proptest::array::uniform5(proptest::option::of(-5..900_000_i64));
        let head = (1..99_i64, proptest::collection::vec(1..40_i64, 0..4), 1..9_i64, any::<bool>());
        (head, times, proptest::option::of(0..900_000_i64), proptest::collection::vec(key(), 0..30)).prop_map(
            |((flow, queues, media, incomplete), milestones, ended, keys)| Packed {
                flow,
                queues,
                knows_flow: false,
                media,
                incomplete,
                milestones,
                ended,
                keys,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_packed_is_read_again(call in packed(), known in any::<bool>()) {
            let shape = call.shape();
            let blob = call.write(u64::from(known) * 7);
            let read = Packed::read(&blob, |number| (number == 7).then_some(shape.as_slice()));
            prop_assert_eq!(read, Some(call));
        }

        #[test]
        fn a_damaged_blob_is_refused_or_read_never_a_panic(mut blob in proptest::collection::vec(any::<u8>(), 0..80), cut in 0..80_usize) {
            _ = Packed::read(&blob, |_| None);
            blob.truncate(cut);
            _ = Packed::read(&blob, |_| Some(&[2, 1, 1]));
        }
    }

    #[test]
    fn a_call_of_twelve_keys_takes_sixty_bytes_when_its_shape_is_known() {
        let keys =
            (0..12).map(|i| PackedKey { key: i + 1, purpose: 1, first_seen: i, hash: 77, ..PackedKey::default() });
        let call = Packed { flow: 3, queues: vec![2], media: 1, keys: keys.collect(), ..Packed::default() };
        assert!(call.write(300).len() <= 60, "{}", call.write(300).len());
    }
}
