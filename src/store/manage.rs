//! What is kept, and letting go of it: `sidetone store info|prune|forget|export`.

use super::database::{self, Param, transaction};
use super::error::StoreError;
use super::ingest::{Hole, conversation, identity, uncount};
use super::pack::{Packed, flags};
use super::record::{CallRecord, DAY_MS, FlowVersion, KeyRecord};
use super::schema::{LAYOUT, Store};
use serde::Serialize;
use std::{collections::BTreeMap, ops::ControlFlow};

/// What `sidetone store info` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Info {
    /// Where it is, without a password.
    pub(crate) location: String,
    /// Version of its layout.
    pub(crate) layout: i64,
    /// Calls that are kept.
    pub(crate) calls: i64,
    /// Different keys.
    pub(crate) keys: i64,
    /// Flow versions.
    pub(crate) flow_versions: i64,
    /// Start of the first call, RFC 3339.
    pub(crate) first: Option<String>,
    /// Start of the last call, RFC 3339.
    pub(crate) last: Option<String>,
    /// Holes in what was collected.
    pub(crate) holes: i64,
    /// The newest of them, oldest first.
    pub(crate) last_holes: Vec<ShownHole>,
    /// Until when each organization was observed, RFC 3339.
    pub(crate) collected_until: BTreeMap<String, String>,
    /// Bytes on disk.
    pub(crate) bytes: u64,
    /// Bits of the hash of each value.
    pub(crate) hash_bits: u32,
}

/// A hole, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ShownHole {
    /// The organization.
    pub(crate) organization: String,
    /// Its begin, RFC 3339.
    pub(crate) since: String,
    /// Its end.
    pub(crate) until: String,
    /// Cause, in words.
    pub(crate) reason: String,
}

/// How many holes are shown.
const SHOWN_HOLES: i64 = 1_000;

/// Calls that are looked at for those without an end, and how many of these are asked for at once.
const LOOKED_AT: i64 = 20_000;
const UNENDED: usize = 500;

/// How many calls are read or deleted at once.
const PAGE: i64 = 5_000;

impl Store {
    /// Counts what is kept.
    pub(crate) fn info(&mut self) -> Result<Info, StoreError> {
        let database = &mut *self.database;
        let mut count = |statement: &str| database::number(database, statement, &[]);
        let calls = count("SELECT CAST(COALESCE(SUM(calls), 0) AS BIGINT) FROM sidetone_day")?;
        let keys = count("SELECT COUNT(*) FROM (SELECT DISTINCT key FROM sidetone_day_key WHERE seen > 0) AS k")?;
        let flow_versions = count("SELECT COUNT(*) FROM sidetone_flow WHERE flow <> ''")?;
        let first = count("SELECT MIN(first_started) FROM sidetone_day WHERE calls > 0")?;
        let last = count("SELECT MAX(last_started) FROM sidetone_day WHERE calls > 0")?;
        let holes = count("SELECT COUNT(*) FROM sidetone_hole")?;
        let mut collected_until = BTreeMap::new();
        let select = "SELECT organization, MAX(until) FROM sidetone_collected GROUP BY organization";
        database.query(select, &[], &mut |row| {
            collected_until.insert(row.text(0), super::since::rfc3339(row.int(1)));
            ControlFlow::Continue(())
        })?;
        let shown = |hole: Hole| ShownHole {
            organization: hole.organization,
            since: super::since::rfc3339(hole.since),
            until: super::since::rfc3339(hole.until),
            reason: hole.reason,
        };
        let last_holes = self.holes(SHOWN_HOLES)?.into_iter().map(shown).collect();
        Ok(Info {
            last_holes,
            collected_until,
            location: self.location().to_string(),
            layout: LAYOUT,
            calls: calls.unwrap_or_default(),
            keys: keys.unwrap_or_default(),
            flow_versions: flow_versions.unwrap_or_default(),
            first: first.map(super::since::rfc3339),
            last: last.map(super::since::rfc3339),
            holes: holes.unwrap_or_default(),
            bytes: self.database.size()?,
            hash_bits: super::record::HASH_BITS,
        })
    }

    /// Lets go of every call that started on a day before the last `keep_days` days; says how many.
    pub(crate) fn prune(&mut self, keep_days: i64, now: i64) -> Result<u64, StoreError> {
        let before = now.div_euclid(DAY_MS) - keep_days + 1;
        let oldest = before.saturating_mul(DAY_MS);
        let mut gone = 0;
        transaction(&mut *self.database, |database| {
            let last = "SELECT MAX(last_id) FROM sidetone_day WHERE day < $1";
            let last = database::number(database, last, &[before.into()])?.unwrap_or_default();
            gone = database
                .execute("DELETE FROM sidetone_call WHERE id <= $1 AND started < $2", &[last.into(), oldest.into()])?;
            database.execute("DELETE FROM sidetone_day WHERE day < $1", &[before.into()])?;
            database.execute("DELETE FROM sidetone_day_key WHERE day < $1", &[before.into()])?;
            database.execute("DELETE FROM sidetone_collected WHERE until < $1", &[oldest.into()])?;
            database.execute("DELETE FROM sidetone_forgotten WHERE at < $1", &[oldest.into()])?;
            database.execute("DELETE FROM sidetone_hole WHERE until < $1", &[oldest.into()])
        })?;
        Ok(gone)
    }

    /// Gives the room of what was deleted back to the disk, and leaves nothing of it behind.
    pub(crate) fn compact(&mut self) -> Result<(), StoreError> {
        if !self.database.is_shared() {
            self.database.batch("VACUUM")?;
        }
        self.database.scrub()
    }

    /// Removes what was deleted from where the database still has it.
    pub(crate) fn scrub(&mut self) -> Result<(), StoreError> {
        self.database.scrub()
    }

    /// Lets go of one conversation, and keeps a mark of it (no id) by which collectors do not store it again; false when it
    /// was not kept.
    pub(crate) fn forget(&mut self, conversation: &str, now: i64) -> Result<bool, StoreError> {
        let id = identity(conversation);
        let mark = self.salt().mark(&id);
        let Self { database, names, .. } = self;
        let gone = transaction(&mut **database, |database| {
            let gone = uncount(database, names, &id)?;
            if gone {
                let insert = "INSERT INTO sidetone_forgotten (call, at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                database.execute(insert, &[Param::Bytes(&mark), now.into()])?;
            }
            Ok(gone)
        })?;
        if gone {
            self.database.scrub()?;
        }
        Ok(gone)
    }

    /// The stored calls, oldest first, one page after another: `each` is handed every call; a break ends the reading.
    pub(crate) fn each_call(&mut self, each: &mut dyn FnMut(CallRecord) -> ControlFlow<()>) -> Result<(), StoreError> {
        let select = "SELECT id, conversation, started, body FROM sidetone_call WHERE id > $1 ORDER BY id LIMIT $2";
        let mut after = 0;
        loop {
            let mut page = Vec::new();
            self.database.query(select, &[Param::Int(after), Param::Int(PAGE)], &mut |row| {
                page.push((row.int(0), row.bytes(1).to_vec(), row.int(2), row.bytes(3).to_vec()));
                ControlFlow::Continue(())
            })?;
            let Some((last, ..)) = page.last() else { return Ok(()) };
            after = *last;
            for (_, id, started, body) in page {
                let mut call = self.unpacked(&id, started, &body);
                if call.as_ref().is_none_or(|call| call.media.is_empty()) {
                    // Stored meanwhile, with names and shapes that are not known here yet.
                    self.names.load(&mut *self.database)?;
                    call = self.unpacked(&id, started, &body);
                }
                if let Some(call) = call
                    && each(call) == ControlFlow::Break(())
                {
                    return Ok(());
                }
            }
        }
    }

    /// Calls of an organization that started since then and whose end is not known, the newest first; of the newest calls
    /// only.
    pub(crate) fn without_end(&mut self, organization: &str, since: i64) -> Result<Vec<String>, StoreError> {
        self.names.load(&mut *self.database)?;
        let names = &self.names;
        let own: Vec<i64> = names.flows.iter().filter(|(_, (of, _))| of == organization).map(|(row, _)| *row).collect();
        let mut found = Vec::new();
        let select = "SELECT conversation, started, body FROM sidetone_call ORDER BY id DESC LIMIT $1";
        self.database.query(select, &[LOOKED_AT.into()], &mut |row| {
            let call = Packed::read_of(row.bytes(2), &own, |number| names.shape_bytes(number));
            if row.int(1) >= since && call.is_some_and(|call| call.ended.is_none()) {
                found.push(conversation(row.bytes(0)));
            }
            if found.len() < UNENDED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(found)
    }

    /// What is kept of one conversation; `None` when nothing is.
    pub(crate) fn call(&mut self, conversation: &str) -> Result<Option<CallRecord>, StoreError> {
        let id = identity(conversation);
        let select =
            "SELECT started, body FROM sidetone_call WHERE substr(conversation, 1, 6) = $1 AND conversation = $2";
        let mut found = None;
        self.database.query(select, &[Param::Bytes(&id[..id.len().min(6)]), Param::Bytes(&id)], &mut |row| {
            found = Some((row.int(0), row.bytes(1).to_vec()));
            ControlFlow::Break(())
        })?;
        let Some((started, body)) = found else { return Ok(None) };
        // Another program may have stored it, with names and shapes that are not known here yet.
        self.names.load(&mut *self.database)?;
        Ok(self.unpacked(&id, started, &body))
    }

    fn unpacked(&self, id: &[u8], started: i64, body: &[u8]) -> Option<CallRecord> {
        let packed = Packed::read(body, |number| self.names.shape_bytes(number))?;
        let time = |tenths: i64| started + tenths * 100;
        let (organization, flow) = self.names.flows.get(&packed.flow).cloned().unwrap_or_default();
        let key = |key: super::pack::PackedKey| KeyRecord {
            key: self.names.name(key.key).to_owned(),
            purpose: self.names.name(key.purpose).to_owned(),
            nth: key.nth,
            first_seen: time(key.first_seen),
            last_changed: time(key.last_changed),
            present_at: flags(key.present),
            kind: key.kind,
            changes: key.changes,
            hash: key.hash,
            value: key.value,
        };
        Some(CallRecord {
            organization,
            conversation: conversation(id),
            media: self.names.name(packed.media).to_owned(),
            started,
            ended: packed.ended.map(time),
            queues: packed.queues.iter().map(|queue| self.names.name(*queue).to_owned()).collect(),
            flow: FlowVersion { ..flow },
            milestones: packed.milestones.map(|at| at.map(time)),
            incomplete: packed.incomplete,
            keys: packed.keys.into_iter().map(key).collect(),
        })
    }
}
