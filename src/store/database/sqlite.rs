//! One SQLite file, in write-ahead mode: readers and the one writer do not wait for each other, and a process that is
//! killed loses only the transaction it was in.

use super::{Database, EachRow, Param, Row};
use crate::store::error::StoreError;
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, types::ValueRef};
use std::{ops::ControlFlow, path::Path, time::Duration};

/// How long a statement waits for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);

pub(super) struct Sqlite(Connection);

impl Sqlite {
    pub(super) fn open(path: &Path, create: bool) -> Result<Self, StoreError> {
        let unreachable = |cause: String| StoreError::Unreachable { place: path.display().to_string(), cause };
        if create {
            make_private(path).map_err(|error| unreachable(error.to_string()))?;
        } else if !path.is_file() {
            return Err(unreachable("there is no such file".to_owned()));
        }
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| unreachable(error.to_string()))?;
        connection.busy_timeout(BUSY).map_err(|error| unreachable(error.to_string()))?;
        connection.set_prepared_statement_cache_capacity(64);
        let set = connection.execute_batch(
            "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -65536; PRAGMA mmap_size = 268435456; PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON",
        );
        match set {
            Ok(()) => Ok(Self(connection)),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) => Err(StoreError::Foreign {
                place: path.display().to_string(),
                cause: "the file is not a SQLite database".into(),
            }),
            Err(error) => Err(unreachable(error.to_string())),
        }
    }
}

/// Makes an empty file that only its owner can read, unless there is one.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

fn failed(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(error.to_string()),
        _ => StoreError::Failed(error.to_string()),
    }
}

/// `$1` is a name to SQLite; `?1` is the first value.
fn numbered(statement: &str) -> String {
    statement.replace('$', "?")
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(match self {
            Self::Int(number) => (*number).into(),
            Self::Text(text) => (*text).into(),
            Self::Bytes(bytes) => (*bytes).into(),
        })
    }
}

impl Row for rusqlite::Row<'_> {
    fn int(&self, column: usize) -> i64 {
        match self.get_ref(column) {
            Ok(ValueRef::Integer(number)) => number,
            _ => 0,
        }
    }

    fn text(&self, column: usize) -> String {
        match self.get_ref(column) {
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            _ => String::new(),
        }
    }

    fn bytes(&self, column: usize) -> &[u8] {
        match self.get_ref(column) {
            Ok(ValueRef::Blob(bytes)) => bytes,
            _ => &[],
        }
    }

    fn is_null(&self, column: usize) -> bool {
        matches!(self.get_ref(column), Ok(ValueRef::Null) | Err(_))
    }
}

impl Database for Sqlite {
    fn batch(&mut self, statements: &str) -> Result<(), StoreError> {
        // A transaction that will write says so at once, or another writer between its read and its write ends it.
        let statements = if statements == "BEGIN" { "BEGIN IMMEDIATE" } else { statements };
        self.0.execute_batch(statements).map_err(|error| failed(&error))
    }

    fn execute(&mut self, statement: &str, values: &[Param<'_>]) -> Result<u64, StoreError> {
        let mut prepared = self.0.prepare_cached(&numbered(statement)).map_err(|error| failed(&error))?;
        let touched = prepared.execute(rusqlite::params_from_iter(values)).map_err(|error| failed(&error))?;
        Ok(touched as u64)
    }

    fn execute_all(&mut self, statement: &str, values: &[Vec<Param<'_>>]) -> Result<Vec<u64>, StoreError> {
        let mut prepared = self.0.prepare_cached(&numbered(statement)).map_err(|error| failed(&error))?;
        let run = |values: &Vec<Param<'_>>| prepared.execute(rusqlite::params_from_iter(values)).map(|n| n as u64);
        values.iter().map(run).collect::<Result<_, _>>().map_err(|error| failed(&error))
    }

    fn query(&mut self, statement: &str, values: &[Param<'_>], each: EachRow<'_>) -> Result<(), StoreError> {
        let mut prepared = self.0.prepare_cached(&numbered(statement)).map_err(|error| failed(&error))?;
        let mut rows = prepared.query(rusqlite::params_from_iter(values)).map_err(|error| failed(&error))?;
        while let Some(row) = rows.next().map_err(|error| failed(&error))? {
            if each(row) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }

    fn query_all(
        &mut self,
        statement: &str,
        values: &[Vec<Param<'_>>],
        each: &mut dyn FnMut(usize, &dyn Row),
    ) -> Result<(), StoreError> {
        let mut prepared = self.0.prepare_cached(&numbered(statement)).map_err(|error| failed(&error))?;
        for (place, values) in values.iter().enumerate() {
            let mut rows = prepared.query(rusqlite::params_from_iter(values)).map_err(|error| failed(&error))?;
            while let Some(row) = rows.next().map_err(|error| failed(&error))? {
                each(place, row);
            }
        }
        Ok(())
    }

    fn serial(&self) -> &'static str {
        "INTEGER PRIMARY KEY"
    }

    fn blob(&self) -> &'static str {
        "BLOB"
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn now(&self) -> &'static str {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    }

    fn size(&mut self) -> Result<u64, StoreError> {
        let pages =
            super::number(self, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()", &[])?;
        Ok(pages.unwrap_or_default() as u64)
    }
}
