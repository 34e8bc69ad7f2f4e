//! Taking in calls: a call that is stored already is replaced, and the daily counts follow, in one transaction.

use super::database::{Database, Param, transaction};
use super::error::StoreError;
use super::lease::Fence;
use super::pack::{Packed, PackedKey, flags, merged, tenths};
use super::record::{CallRecord, DAY_MS, Salt};
use super::schema::{Names, Store};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// A time during which calls were not observed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    /// The organization.
    pub(crate) organization: String,
    /// Its begin, in milliseconds since 1970.
    pub(crate) since: i64,
    /// Its end.
    pub(crate) until: i64,
    /// Cause, in words.
    pub(crate) reason: String,
}

/// What goes in together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    /// Calls, each as it is now.
    pub(crate) calls: Vec<CallRecord>,
    /// Holes that have ended.
    pub(crate) holes: Vec<Hole>,
    /// Until when each row of `sidetone_collected` reaches now: (row, time).
    pub(crate) collected: Vec<(i64, i64)>,
    /// The leases under which this is written; none where no leases are used.
    pub(crate) fences: Vec<Fence>,
}

/// A row of the daily counts of calls: day, flow row, queue row.
type DayRow = (i64, i64, i64);

/// A row of the daily counts of a key: key, purpose, day, flow, queue.
type KeyRow = (i64, i64, i64, i64, i64);

/// What a call adds to a day.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct DayCounts {
    calls: i64,
    passed: [i64; 5],
    first_id: i64,
    last_id: i64,
    first_started: i64,
    last_started: i64,
}

/// What a call adds to a key's day.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct KeyCounts {
    seen: i64,
    changed: i64,
    present: [i64; 5],
}

/// A stored call: its row, its start, and its record.
struct Stored {
    row: i64,
    started: i64,
    packed: Packed,
}

impl Store {
    /// Takes in a batch: all of it, or on an error nothing. Taking in the same batch twice changes nothing.
    pub(crate) fn ingest(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let salt = self.salt();
        let Self { database, names, .. } = self;
        let done = transaction(&mut **database, |database| write(database, names, &salt, batch));
        if done.is_err() {
            // Rows that were made in the transaction are gone with it.
            _ = names.load(&mut **database);
        }
        done
    }

    /// Notes that a collector begins to follow an organization; the row is kept up to date by [`Batch::collected`]. `others`:
    /// others may be at work on the same store.
    pub(crate) fn begin_collecting(
        &mut self,
        collector: &str,
        organization: &str,
        now: i64,
        others: bool,
    ) -> Result<Begun, StoreError> {
        // One that was killed before it was connected has observed nothing.
        let last = "SELECT MAX(until) FROM sidetone_collected WHERE organization = $1 AND until > since";
        let last = super::database::number(&mut *self.database, last, &[organization.into()])?;
        let insert = "INSERT INTO sidetone_collected (collector, organization, since, until) VALUES ($1, $2, $3, $3)
            RETURNING id";
        let values = [collector.into(), organization.into(), now.into()];
        let row = super::database::number(&mut *self.database, insert, &values)?;
        let row = row.ok_or_else(|| StoreError::Failed("the start of a collection could not be stored".to_owned()))?;
        // Others that are at work write once a second.
        let is_followed = others && last.is_some_and(|last| now - last <= OTHERS);
        Ok(Begun { row, place: 0, unobserved: last.filter(|_| !is_followed) })
    }

    /// Keeps the name by which people know an organization, that of a profile.
    pub(crate) fn name_organization(&mut self, organization: &str, name: &str) -> Result<(), StoreError> {
        let upsert = "INSERT INTO sidetone_organization (organization, name) VALUES ($1, $2)
            ON CONFLICT (organization) DO UPDATE SET name = excluded.name";
        self.database.execute(upsert, &[organization.into(), name.into()]).map(drop)
    }

    /// The organizations of which anything is kept, by id, each with its name (the id where there is none).
    pub(crate) fn organizations(&mut self) -> Result<BTreeMap<String, String>, StoreError> {
        let mut found = BTreeMap::new();
        let select = "SELECT DISTINCT f.organization, COALESCE(o.name, '') FROM sidetone_flow f
            LEFT JOIN sidetone_organization o ON o.organization = f.organization";
        self.database.query(select, &[], &mut |row| {
            let (id, name) = (row.text(0), row.text(1));
            found.insert(id.clone(), if name.is_empty() { id } else { name });
            std::ops::ControlFlow::Continue(())
        })?;
        Ok(found)
    }

    /// The newest holes, at most so many, oldest first.
    pub(crate) fn holes(&mut self, most: i64) -> Result<Vec<Hole>, StoreError> {
        let mut holes = Vec::new();
        let select =
            "SELECT organization, since, until, reason FROM sidetone_hole ORDER BY until DESC, id DESC LIMIT $1";
        self.database.query(select, &[most.into()], &mut |row| {
            let (organization, reason) = (row.text(0), row.text(3));
            holes.push(Hole { organization, since: row.int(1), until: row.int(2), reason });
            std::ops::ControlFlow::Continue(())
        })?;
        holes.reverse();
        Ok(holes)
    }
}

/// What a collector begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    /// Its row.
    pub(crate) row: i64,
    /// Its place among those of its writer.
    pub(crate) place: usize,
    /// Since when nobody has observed the organization: a hole, which ends when this collector is connected. `None` when
    /// nobody ever has, or somebody else does.
    pub(crate) unobserved: Option<i64>,
}

/// A collector of a shared store that wrote no longer ago than this is at work.
const OTHERS: i64 = 3_000;

fn write(database: &mut dyn Database, names: &mut Names, salt: &Salt, batch: &Batch) -> Result<(), StoreError> {
    if database.is_shared() {
        // One batch at a time: collectors that write the same counts in another order would wait for each other for ever.
        database.batch("SELECT pg_advisory_xact_lock(7263, 2)")?;
    }
    super::lease::hold(database, &batch.fences)?;
    let mut forgotten: FxHashSet<Vec<u8>> = FxHashSet::default();
    database.query("SELECT call FROM sidetone_forgotten", &[], &mut |row| {
        forgotten.insert(row.bytes(0).to_vec());
        std::ops::ControlFlow::Continue(())
    })?;
    let is_forgotten =
        |call: &CallRecord| !forgotten.is_empty() && forgotten.contains(&salt.mark(&identity(&call.conversation)));
    // The last word on a call counts.
    let mut newest: FxHashMap<&str, &CallRecord> = FxHashMap::default();
    let mut order = Vec::new();
    for call in batch.calls.iter().filter(|call| !is_forgotten(call)) {
        if newest.insert(&call.conversation, call).is_none() {
            order.push(call.conversation.as_str());
        }
    }
    let ids: Vec<Vec<u8>> = order.iter().map(|id| identity(id)).collect();
    let found = find(database, names, &ids)?;
    let (mut calls, mut stored, mut bytes) = (Vec::new(), Vec::new(), Vec::new());
    for ((id, found), identity) in order.into_iter().zip(found).zip(ids) {
        match found {
            // What it counts for cannot be taken back, so that it stays as it is; the others must not wait for it.
            Look::Damaged => tracing::warn!("a stored call is damaged and is left as it is"),
            Look::Stored(old) => stored.push(Some(old)),
            Look::None => stored.push(None),
        }
        if stored.len() > calls.len() {
            calls.push(newest[id]);
            bytes.push(identity);
        }
    }
    let ids = bytes;
    let mut packed = calls.iter().map(|call| pack(database, names, call)).collect::<Result<Vec<_>, _>>()?;
    let mut started: Vec<i64> = calls.iter().map(|call| call.started).collect();

    let mut days: BTreeMap<DayRow, DayCounts> = BTreeMap::new();
    let mut keys: BTreeMap<KeyRow, KeyCounts> = BTreeMap::new();
    for (i, old) in stored.iter().enumerate() {
        if let Some(old) = old {
            count(&mut days, &mut keys, &old.packed, old.row, old.started, -1);
            // Another collector, or this one before it was started again, may have seen what this record lacks.
            (packed[i], started[i]) = merged((&old.packed, old.started), (&packed[i], started[i]));
        }
    }
    let mut blobs = Vec::with_capacity(packed.len());
    for call in &packed {
        // A call that goes on has a shape of its own every second; only what stays is worth a row.
        let known = if call.ended.is_some() { names.shape(database, call.shape())? } else { 0 };
        blobs.push(call.write(known));
    }
    let mut rows = vec![0; calls.len()];
    let mut updates = Vec::new();
    let mut new = Vec::new();
    for (i, old) in stored.iter().enumerate() {
        match old {
            Some(old) => {
                rows[i] = old.row;
                updates.push(vec![Param::Int(started[i]), Param::Bytes(&blobs[i]), Param::Int(old.row)]);
            }
            None => new.push(i),
        }
    }
    database.execute_all("UPDATE sidetone_call SET started = $1, body = $2 WHERE id = $3", &updates)?;
    let values: Vec<_> =
        new.iter().map(|i| vec![Param::Bytes(&ids[*i]), Param::Int(started[*i]), Param::Bytes(&blobs[*i])]).collect();
    let insert = "INSERT INTO sidetone_call (conversation, started, body) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING RETURNING id";
    database.query_all(insert, &values, &mut |place, row| rows[new[place]] = row.int(0))?;
    if rows.contains(&0) {
        return Err(StoreError::Failed("another collector stored one of these calls at the same moment".to_owned()));
    }
    for (i, call) in packed.iter().enumerate() {
        count(&mut days, &mut keys, call, rows[i], started[i], 1);
    }
    write_days(database, &days)?;
    write_keys(database, &keys)?;

    for hole in &batch.holes {
        let values =
            [hole.organization.as_str().into(), hole.since.into(), hole.until.into(), hole.reason.as_str().into()];
        let insert = "INSERT INTO sidetone_hole (organization, since, until, reason) VALUES ($1, $2, $3, $4)";
        database.execute(insert, &values)?;
    }
    for (row, until) in &batch.collected {
        let update = "UPDATE sidetone_collected SET until = $1 WHERE id = $2 AND until < $1";
        database.execute(update, &[(*until).into(), (*row).into()])?;
    }
    Ok(())
}

/// The bytes under which a conversation is found: the 16 of a UUID, or a zero and the text of another id.
pub(super) fn identity(conversation: &str) -> Vec<u8> {
    match uuid::Uuid::try_parse(conversation) {
        // Only the usual way of writing it comes back as it was.
        Ok(id) if id.hyphenated().to_string() == conversation => id.as_bytes().to_vec(),
        _ => [b"\0", conversation.as_bytes()].concat(),
    }
}

/// The conversation's id from its bytes.
pub(super) fn conversation(identity: &[u8]) -> String {
    match (identity.first(), uuid::Uuid::from_slice(identity)) {
        (Some(0), _) if identity.len() != 16 => String::from_utf8_lossy(&identity[1..]).into_owned(),
        (_, Ok(id)) => id.hyphenated().to_string(),
        _ => String::from_utf8_lossy(identity.get(1..).unwrap_or_default()).into_owned(),
    }
}

fn pack(database: &mut dyn Database, names: &mut Names, call: &CallRecord) -> Result<Packed, StoreError> {
    let queues = call.queues.iter().map(|queue| names.row(database, queue)).collect::<Result<_, _>>()?;
    let mut keys = Vec::with_capacity(call.keys.len());
    for key in &call.keys {
        let (name, purpose) = (names.row(database, &key.key)?, names.row(database, &key.purpose)?);
        keys.push(PackedKey::of(key, name, purpose, call.started));
    }
    // In one order, so that calls alike have one shape.
    keys.sort_by_key(|key| (key.purpose, key.nth, key.key));
    Ok(Packed {
        flow: names.flow(database, &call.organization, &call.flow)?,
        queues,
        knows_flow: !call.flow.id.is_empty(),
        media: names.row(database, &call.media)?,
        incomplete: call.incomplete,
        milestones: call.milestones.map(|time| time.map(|time| tenths(call.started, time))),
        ended: call.ended.map(|time| tenths(call.started, time)),
        keys,
    })
}

/// What there is of a call.
enum Look {
    None,
    Stored(Stored),
    /// Bytes that are no record.
    Damaged,
}

/// The calls that are stored already, by place in `ids`.
fn find(database: &mut dyn Database, names: &mut Names, ids: &[Vec<u8>]) -> Result<Vec<Look>, StoreError> {
    let values: Vec<_> = ids.iter().map(|id| vec![Param::Bytes(&id[..id.len().min(6)]), Param::Bytes(id)]).collect();
    let select = "SELECT id, started, body FROM sidetone_call
        WHERE substr(conversation, 1, 6) = $1 AND conversation = $2";
    let mut is_newest = false;
    loop {
        let mut found: Vec<Look> = ids.iter().map(|_| Look::None).collect();
        let mut damaged = false;
        database.query_all(select, &values, &mut |place, row| {
            found[place] = match Packed::read(row.bytes(2), |number| names.shape_bytes(number)) {
                Some(packed) => Look::Stored(Stored { row: row.int(0), started: row.int(1), packed }),
                None => Look::Damaged,
            };
            damaged |= matches!(found[place], Look::Damaged);
        })?;
        if !damaged || is_newest {
            return Ok(found);
        }
        // Its shape is one that another program made since the names were read.
        names.load(database)?;
        is_newest = true;
    }
}

/// Adds (`sign` 1) or takes away (-1) what a call counts for.
fn count(
    days: &mut BTreeMap<DayRow, DayCounts>,
    keys: &mut BTreeMap<KeyRow, KeyCounts>,
    call: &Packed,
    row: i64,
    started: i64,
    sign: i64,
) {
    let (day, queue) = (started.div_euclid(DAY_MS), call.queues.last().copied().unwrap_or_default());
    let counts = days.entry((day, call.flow, queue)).or_default();
    counts.calls += sign;
    for (passed, time) in counts.passed.iter_mut().zip(call.milestones) {
        *passed += sign * i64::from(time.is_some());
    }
    if sign > 0 {
        let first = counts.first_id == 0;
        counts.first_id = if first { row } else { counts.first_id.min(row) };
        counts.last_id = counts.last_id.max(row);
        counts.first_started = if first { started } else { counts.first_started.min(started) };
        counts.last_started = counts.last_started.max(started);
    }
    // A key on two customers counts once for its purpose.
    let mut merged: BTreeMap<(i64, i64), (bool, u8)> = BTreeMap::new();
    for key in &call.keys {
        let entry = merged.entry((key.key, key.purpose)).or_default();
        entry.0 |= key.changes > 0;
        entry.1 |= key.present;
    }
    for ((key, purpose), (changed, present)) in merged {
        let counts = keys.entry((key, purpose, day, call.flow, queue)).or_default();
        counts.seen += sign;
        counts.changed += sign * i64::from(changed);
        for (i, there) in flags(present).into_iter().enumerate() {
            // What was there when a milestone was passed; a milestone that was not passed proves nothing.
            counts.present[i] += sign * i64::from(there && call.milestones[i].is_some());
        }
    }
}

fn write_days(database: &mut dyn Database, days: &BTreeMap<DayRow, DayCounts>) -> Result<(), StoreError> {
    let upsert = "INSERT INTO sidetone_day AS d (day, flow, queue, calls, at0, at1, at2, at3, at4, first_id, last_id,
            first_started, last_started) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (day, flow, queue) DO UPDATE SET calls = d.calls + excluded.calls,
            at0 = d.at0 + excluded.at0, at1 = d.at1 + excluded.at1, at2 = d.at2 + excluded.at2,
            at3 = d.at3 + excluded.at3, at4 = d.at4 + excluded.at4,
            first_id = CASE WHEN d.first_id = 0 OR (excluded.first_id <> 0 AND excluded.first_id < d.first_id)
                THEN excluded.first_id ELSE d.first_id END,
            last_id = CASE WHEN excluded.last_id > d.last_id THEN excluded.last_id ELSE d.last_id END,
            first_started = CASE WHEN d.first_started = 0
                OR (excluded.first_started <> 0 AND excluded.first_started < d.first_started)
                THEN excluded.first_started ELSE d.first_started END,
            last_started = CASE WHEN excluded.last_started > d.last_started
                THEN excluded.last_started ELSE d.last_started END";
    let values: Vec<_> = days
        .iter()
        .filter(|(_, counts)| **counts != DayCounts::default())
        .map(|((day, flow, queue), counts)| {
            let ids = [counts.first_id, counts.last_id, counts.first_started, counts.last_started];
            let numbers = [*day, *flow, *queue, counts.calls].into_iter().chain(counts.passed).chain(ids);
            numbers.map(Param::Int).collect::<Vec<_>>()
        })
        .collect();
    database.execute_all(upsert, &values).map(drop)
}

fn write_keys(database: &mut dyn Database, keys: &BTreeMap<KeyRow, KeyCounts>) -> Result<(), StoreError> {
    let upsert =
        "INSERT INTO sidetone_day_key AS d (key, purpose, day, flow, queue, seen, changed, at0, at1, at2, at3, at4)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (key, purpose, day, flow, queue) DO UPDATE SET seen = d.seen + excluded.seen,
            changed = d.changed + excluded.changed, at0 = d.at0 + excluded.at0, at1 = d.at1 + excluded.at1,
            at2 = d.at2 + excluded.at2, at3 = d.at3 + excluded.at3, at4 = d.at4 + excluded.at4";
    let values: Vec<_> = keys
        .iter()
        .filter(|(_, counts)| **counts != KeyCounts::default())
        .map(|((key, purpose, day, flow, queue), counts)| {
            let numbers = [*key, *purpose, *day, *flow, *queue, counts.seen, counts.changed];
            numbers.into_iter().chain(counts.present).map(Param::Int).collect::<Vec<_>>()
        })
        .collect();
    database.execute_all(upsert, &values).map(drop)
}

/// Deletes a call and what it counted for; false when it was not kept.
pub(super) fn uncount(database: &mut dyn Database, names: &mut Names, id: &[u8]) -> Result<bool, StoreError> {
    let stored = match find(database, names, &[id.to_vec()])?.pop() {
        Some(Look::Stored(stored)) => stored,
        // What it counted for is not known; the call itself goes.
        Some(Look::Damaged) => {
            let delete = "DELETE FROM sidetone_call WHERE substr(conversation, 1, 6) = $1 AND conversation = $2";
            database.execute(delete, &[Param::Bytes(&id[..id.len().min(6)]), Param::Bytes(id)])?;
            return Ok(true);
        }
        Some(Look::None) | None => return Ok(false),
    };
    let (mut days, mut keys) = (BTreeMap::new(), BTreeMap::new());
    count(&mut days, &mut keys, &stored.packed, stored.row, stored.started, -1);
    write_days(database, &days)?;
    write_keys(database, &keys)?;
    database.execute("DELETE FROM sidetone_call WHERE id = $1", &[stored.row.into()])?;
    Ok(true)
}
