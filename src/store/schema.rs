//! Opening a history store, its layout by version, and the rows that stand for names.

use super::database::{self, Database, Param, transaction};
use super::error::StoreError;
use super::record::{FlowVersion, Salt};
use crate::domain::plain_version;
use rustc_hash::FxHashMap;
use std::{fmt, ops::ControlFlow, path::PathBuf};

/// The newest layout that this program knows.
pub(super) const LAYOUT: i64 = 2;

/// Where a history store is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Location {
    /// A SQLite file.
    File(PathBuf),
    /// `postgres://…`, with whatever password it holds: shown without.
    Server(String),
}

impl Location {
    /// A path, or an address that begins with `postgres://` or `postgresql://`; `None` for one of another kind.
    pub(crate) fn new(text: &str) -> Option<Self> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Some(Self::Server(text.to_owned())),
            Some(_) => None,
            None => Some(Self::File(text.into())),
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Server(url) => f.write_str(&database::shown(url)),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An open history store.
pub(crate) struct Store {
    pub(super) database: Box<dyn Database>,
    location: Location,
    salt: Salt,
    pub(super) names: Names,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("location", &self.location).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens it to write, and makes it if there is none.
    pub(crate) fn open(location: &Location) -> Result<Self, StoreError> {
        let database = match location {
            Location::File(path) => database::open_file(path, true)?,
            Location::Server(url) => database::connect(url)?,
        };
        Self::with(database, location, true)
    }

    /// Opens one that is there, to ask it.
    pub(crate) fn open_existing(location: &Location) -> Result<Self, StoreError> {
        let database = match location {
            Location::File(path) => database::open_file(path, false)?,
            Location::Server(url) => database::connect(url)?,
        };
        Self::with(database, location, false)
    }

    fn with(mut database: Box<dyn Database>, location: &Location, create: bool) -> Result<Self, StoreError> {
        match layout(&mut *database)? {
            None if create => transaction(&mut *database, make)?,
            None => {
                let cause = "it holds none of its tables".to_owned();
                return Err(StoreError::Foreign { place: location.to_string(), cause });
            }
            Some(found) if found > LAYOUT => {
                return Err(StoreError::Newer { place: location.to_string(), found, known: LAYOUT });
            }
            Some(found) if found < LAYOUT => transaction(&mut *database, upgrade)?,
            Some(_) => {}
        }
        if let Location::File(path) = location {
            database::make_private(path)?;
        }
        let mut salt = Vec::new();
        database.query("SELECT salt FROM sidetone_store", &[], &mut |row| {
            salt = row.bytes(0).to_vec();
            ControlFlow::Break(())
        })?;
        let salt = salt.try_into().map_err(|_| StoreError::Foreign {
            place: location.to_string(),
            cause: "its salt is damaged".to_owned(),
        })?;
        let mut names = Names::default();
        names.load(&mut *database)?;
        Ok(Self { database, location: location.clone(), salt: Salt(salt), names })
    }

    /// Where it is.
    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    /// What hashes of values are salted with.
    pub(crate) fn salt(&self) -> Salt {
        self.salt.clone()
    }

    /// Whether the connection was lost.
    pub(crate) fn is_closed(&self) -> bool {
        self.database.is_closed()
    }
}

/// The version of the layout; `None` when nothing of ours is there.
fn layout(database: &mut dyn Database) -> Result<Option<i64>, StoreError> {
    // The same question in both languages: a table that is not there is an error in one and no row in the other.
    let known = if database.is_shared() {
        "SELECT COUNT(*) FROM pg_class WHERE relname = 'sidetone_store' AND pg_table_is_visible(oid)"
    } else {
        "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'sidetone_store'"
    };
    if database::number(database, known, &[])?.unwrap_or_default() == 0 {
        return Ok(None);
    }
    database::number(database, "SELECT layout FROM sidetone_store", &[])
}

/// Brings a store of an earlier layout to this one, step by step.
fn upgrade(database: &mut dyn Database) -> Result<(), StoreError> {
    if database.is_shared() {
        database.batch("SELECT pg_advisory_xact_lock(7263, 1)")?;
    }
    // Another program may have done it while this one waited.
    if layout(database)?.is_some_and(|found| found < 2) {
        second(database)?;
        database.execute("UPDATE sidetone_store SET layout = $1", &[LAYOUT.into()])?;
    }
    Ok(())
}

/// Layout 2: the names of organizations, and which calls are not to be kept again.
fn second(database: &mut dyn Database) -> Result<(), StoreError> {
    let blob = database.blob();
    database.batch(&format!(
        "CREATE TABLE sidetone_organization (organization TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL);
         CREATE TABLE sidetone_forgotten (call {blob} NOT NULL PRIMARY KEY, at BIGINT NOT NULL);"
    ))
}

/// Makes every table. A later layout adds its steps after this one.
fn make(database: &mut dyn Database) -> Result<(), StoreError> {
    // Two programs may find no store at the same moment; the second waits here and then finds it made.
    if database.is_shared() {
        database.batch("SELECT pg_advisory_xact_lock(7263, 1)")?;
    }
    if layout(database)?.is_some() {
        return Ok(());
    }
    let (serial, blob) = (database.serial(), database.blob());
    // Where several collectors write, the database itself keeps a call from being stored twice. A file has one writer at a
    // time, and a whole index of ids would be a sixth of it.
    let found_by = if database.is_shared() {
        "CREATE UNIQUE INDEX sidetone_call_conversation ON sidetone_call (conversation)"
    } else {
        "CREATE INDEX sidetone_call_conversation ON sidetone_call (substr(conversation, 1, 6))"
    };
    database.batch(&format!(
        "CREATE TABLE sidetone_store (layout BIGINT NOT NULL, salt {blob} NOT NULL);
         CREATE TABLE sidetone_name (id {serial}, name TEXT NOT NULL UNIQUE);
         CREATE TABLE sidetone_flow (id {serial}, organization TEXT NOT NULL, flow TEXT NOT NULL, version TEXT NOT NULL,
             name TEXT NOT NULL, UNIQUE (organization, flow, version));
         CREATE TABLE sidetone_shape (id {serial}, shape {blob} NOT NULL UNIQUE);
         CREATE TABLE sidetone_call (id {serial}, conversation {blob} NOT NULL, started BIGINT NOT NULL, body {blob} NOT NULL);
         {found_by};
         CREATE TABLE sidetone_day (day BIGINT NOT NULL, flow BIGINT NOT NULL, queue BIGINT NOT NULL,
             calls BIGINT NOT NULL, at0 BIGINT NOT NULL, at1 BIGINT NOT NULL, at2 BIGINT NOT NULL, at3 BIGINT NOT NULL,
             at4 BIGINT NOT NULL, first_id BIGINT NOT NULL, last_id BIGINT NOT NULL,
             first_started BIGINT NOT NULL, last_started BIGINT NOT NULL, PRIMARY KEY (day, flow, queue));
         CREATE TABLE sidetone_day_key (key BIGINT NOT NULL, purpose BIGINT NOT NULL, day BIGINT NOT NULL,
             flow BIGINT NOT NULL, queue BIGINT NOT NULL, seen BIGINT NOT NULL, changed BIGINT NOT NULL,
             at0 BIGINT NOT NULL, at1 BIGINT NOT NULL, at2 BIGINT NOT NULL, at3 BIGINT NOT NULL, at4 BIGINT NOT NULL,
             PRIMARY KEY (key, purpose, day, flow, queue));
         CREATE TABLE sidetone_collected (id {serial}, collector TEXT NOT NULL, organization TEXT NOT NULL,
             since BIGINT NOT NULL, until BIGINT NOT NULL);
         CREATE TABLE sidetone_hole (id {serial}, organization TEXT NOT NULL, since BIGINT NOT NULL, until BIGINT NOT NULL,
             reason TEXT NOT NULL);
         CREATE TABLE sidetone_lease (target TEXT NOT NULL PRIMARY KEY, holder TEXT NOT NULL, fence BIGINT NOT NULL,
             until BIGINT NOT NULL, before BIGINT NOT NULL);"
    ))?;
    second(database)?;
    let mut salt = [0_u8; 16];
    fastrand::Rng::with_seed(seed()).fill(&mut salt);
    let values = [Param::Int(LAYOUT), Param::Bytes(&salt)];
    database.execute("INSERT INTO sidetone_store (layout, salt) VALUES ($1, $2)", &values).map(drop)
}

/// 64 random bits of the system.
fn seed() -> u64 {
    let id = uuid::Uuid::new_v4().into_bytes();
    u64::from_le_bytes(std::array::from_fn(|i| id[i] ^ id[8 + i]))
}

/// The rows that stand for names, flow versions and shapes, as far as they are known here.
#[derive(Default)]
pub(super) struct Names {
    rows: FxHashMap<String, i64>,
    names: FxHashMap<i64, String>,
    flow_rows: FxHashMap<(String, String, String), i64>,
    pub(super) flows: FxHashMap<i64, (String, FlowVersion)>,
    shape_rows: FxHashMap<Vec<u8>, u64>,
    pub(super) shapes: FxHashMap<u64, Vec<u8>>,
}

/// Shapes that are kept apart. Beyond that a call's shape is written into its own record.
const SHAPES: usize = 65_536;

impl Names {
    /// Reads all of them anew. Another program may have added some.
    pub(super) fn load(&mut self, database: &mut dyn Database) -> Result<(), StoreError> {
        *self = Self::default();
        database.query("SELECT id, name FROM sidetone_name", &[], &mut |row| {
            self.learn(row.int(0), row.text(1));
            ControlFlow::Continue(())
        })?;
        database.query(
            "SELECT id, organization, flow, version, name FROM sidetone_flow ORDER BY id",
            &[],
            &mut |row| {
                // Older programs stored versions as the platform writes them: 42.0 for 42.
                let version = plain_version(&row.text(3)).to_owned();
                let flow = FlowVersion { id: row.text(2), version, name: row.text(4) };
                // Of two rows for one version the older one goes on.
                self.flow_rows.entry((row.text(1), flow.id.clone(), flow.version.clone())).or_insert(row.int(0));
                self.flows.insert(row.int(0), (row.text(1), flow));
                ControlFlow::Continue(())
            },
        )?;
        database.query("SELECT id, shape FROM sidetone_shape", &[], &mut |row| {
            self.learn_shape(row.int(0) as u64, row.bytes(1));
            ControlFlow::Continue(())
        })
    }

    fn learn(&mut self, row: i64, name: String) {
        self.names.insert(row, name.clone());
        self.rows.insert(name, row);
    }

    fn learn_shape(&mut self, row: u64, shape: &[u8]) {
        self.shapes.insert(row, shape.to_vec());
        self.shape_rows.insert(shape.to_vec(), row);
    }

    /// The name that a row stands for.
    pub(super) fn name(&self, row: i64) -> &str {
        self.names.get(&row).map_or("", String::as_str)
    }

    /// The row of a name, if it was ever stored.
    pub(super) fn known(&self, name: &str) -> Option<i64> {
        self.rows.get(name).copied()
    }

    /// The row of a name, made if there is none.
    pub(super) fn row(&mut self, database: &mut dyn Database, name: &str) -> Result<i64, StoreError> {
        if let Some(row) = self.rows.get(name) {
            return Ok(*row);
        }
        let values = [Param::Text(name)];
        database.execute("INSERT INTO sidetone_name (name) VALUES ($1) ON CONFLICT DO NOTHING", &values)?;
        let row = database::number(database, "SELECT id FROM sidetone_name WHERE name = $1", &values)?;
        let row = row.ok_or_else(|| StoreError::Failed("a name was stored and is not there".to_owned()))?;
        self.learn(row, name.to_owned());
        Ok(row)
    }

    /// The row of an organization's flow version, made if there is none. A name that was not known is filled in.
    pub(super) fn flow(
        &mut self,
        database: &mut dyn Database,
        organization: &str,
        flow: &FlowVersion,
    ) -> Result<i64, StoreError> {
        let version = plain_version(&flow.version);
        let identity = (organization.to_owned(), flow.id.clone(), version.to_owned());
        if let Some(row) = self.flow_rows.get(&identity)
            && self.flows.get(row).is_some_and(|(_, known)| known.name == flow.name || flow.name.is_empty())
        {
            return Ok(*row);
        }
        if let Some(row) = self.flow_rows.get(&identity).copied() {
            // Its name has become known, or another one.
            let update = "UPDATE sidetone_flow SET name = $1 WHERE id = $2";
            database.execute(update, &[flow.name.as_str().into(), row.into()])?;
            self.flows
                .insert(row, (organization.to_owned(), FlowVersion { version: version.to_owned(), ..flow.clone() }));
            return Ok(row);
        }
        let insert = "INSERT INTO sidetone_flow (organization, flow, version, name) VALUES ($1, $2, $3, $4)
            ON CONFLICT (organization, flow, version) DO UPDATE SET name = excluded.name WHERE excluded.name <> ''";
        let values = [organization.into(), flow.id.as_str().into(), version.into(), flow.name.as_str().into()];
        database.execute(insert, &values)?;
        let select = "SELECT id FROM sidetone_flow WHERE organization = $1 AND flow = $2 AND version = $3";
        let row = database::number(database, select, &values[..3])?;
        let row = row.ok_or_else(|| StoreError::Failed("a flow was stored and is not there".to_owned()))?;
        self.flows.insert(row, (organization.to_owned(), FlowVersion { version: version.to_owned(), ..flow.clone() }));
        self.flow_rows.insert(identity, row);
        Ok(row)
    }

    /// The number of a shape, made if there is none; 0 when there are too many, and the record carries its own.
    pub(super) fn shape(&mut self, database: &mut dyn Database, shape: Vec<u8>) -> Result<u64, StoreError> {
        if let Some(row) = self.shape_rows.get(&shape) {
            return Ok(*row);
        }
        if self.shapes.len() >= SHAPES {
            return Ok(0);
        }
        let values = [Param::Bytes(&shape)];
        database.execute("INSERT INTO sidetone_shape (shape) VALUES ($1) ON CONFLICT DO NOTHING", &values)?;
        let row = database::number(database, "SELECT id FROM sidetone_shape WHERE shape = $1", &values)?;
        let row = row.ok_or_else(|| StoreError::Failed("a shape was stored and is not there".to_owned()))? as u64;
        self.learn_shape(row, &shape);
        Ok(row)
    }

    /// The bytes of a known shape.
    pub(super) fn shape_bytes(&self, number: u64) -> Option<&[u8]> {
        self.shapes.get(&number).map(Vec::as_slice)
    }
}
