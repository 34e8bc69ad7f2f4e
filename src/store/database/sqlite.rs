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
            let cause = if path.is_dir() { "it is a directory" } else { "there is no such file" };
            return Err(unreachable(cause.to_owned()));
        }
        if let Some(names) = names_of(path).filter(|names| *names > 1) {
            let cause = format!(
                "it has {names} names (hard links), and what is written through one is not seen through the other; keep one of them"
            );
            return Err(unreachable(cause));
        }
        let flags =
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| {
            // SQLite only says that it cannot open it.
            unreachable(match path.ancestors().find(|part| part.is_symlink()) {
                Some(link) => format!("{} is a symbolic link, and none is followed to a history", link.display()),
                None => error.to_string(),
            })
        })?;
        connection.busy_timeout(BUSY).map_err(|error| unreachable(error.to_string()))?;
        connection.set_prepared_statement_cache_capacity(64);
        let opened = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => StoreError::Foreign {
                place: path.display().to_string(),
                cause: "the file is not a SQLite database".into(),
            },
            Some(ErrorCode::DatabaseCorrupt) => {
                StoreError::Damaged { place: path.display().to_string(), cause: error.to_string() }
            }
            _ => unreachable(error.to_string()),
        };
        // Another program's database is left as it is: the mode of its log would be changed for good.
        let of_others = "SELECT COUNT(*) > 0 AND SUM(name = 'sidetone_store') = 0 FROM sqlite_schema";
        if connection.query_row(of_others, [], |row| row.get::<_, Option<bool>>(0)).map_err(opened)? == Some(true) {
            return Err(StoreError::Foreign {
                place: path.display().to_string(),
                cause: "it holds none of its tables".to_owned(),
            });
        }
        connection
            .execute_batch(
                "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                 PRAGMA temp_store = MEMORY; PRAGMA cache_size = -65536; PRAGMA mmap_size = 268435456;
                 PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON",
            )
            .map_err(opened)?;
        Ok(Self(connection))
    }
}

/// How many names the file has; the log beside it goes by one of them.
#[cfg(unix)]
fn names_of(path: &Path) -> Option<u64> {
    path.symlink_metadata()
        .ok()
        .filter(std::fs::Metadata::is_file)
        .map(|there| std::os::unix::fs::MetadataExt::nlink(&there))
}

#[cfg(not(unix))]
fn names_of(_: &Path) -> Option<u64> {
    None
}

/// Makes an empty file that only its owner can read, unless there is one; one that is empty becomes so.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            // What is to be written into it must not be seen by others meanwhile, in the log beside it neither.
            let there = path.symlink_metadata()?;
            if there.is_file() && there.len() == 0 { restrict(path) } else { Ok(()) }
        }
        made => made.map(drop),
    }
}

/// Takes the file, and the logs beside it, from everybody but the owner.
pub(super) fn keep_private(path: &Path) -> Result<(), StoreError> {
    for end in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        match restrict(Path::new(&name)) {
            Err(error) if end.is_empty() || error.kind() != std::io::ErrorKind::NotFound => {
                let cause = format!("it is readable by others, and that cannot be changed: {error}");
                return Err(StoreError::Unreachable { place: path.display().to_string(), cause });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(unix)]
fn restrict(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o700))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// The lock of a store's file is one on a file beside it, for SQLite locks its own in its own ways.
pub(super) fn lock(path: &Path) -> Result<Option<std::fs::File>, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let unreachable = |error: std::io::Error| {
        let missing = path.parent().filter(|parent| !parent.as_os_str().is_empty() && !parent.is_dir());
        let cause = match missing {
            Some(parent) => format!("there is no directory {}", parent.display()),
            None => format!("its lock {}: {error}", Path::new(&name).display()),
        };
        StoreError::Unreachable { place: path.display().to_string(), cause }
    };
    let file = options.open(&name).map_err(unreachable)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(error)) => Err(unreachable(error)),
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

    fn scrub(&mut self) -> Result<(), StoreError> {
        // What was deleted is overwritten in its pages (secure_delete); the log holds pages as they were.
        let busy = super::number(self, "PRAGMA wal_checkpoint(TRUNCATE)", &[])?.unwrap_or_default();
        if busy == 0 {
            return Ok(());
        }
        Err(StoreError::Failed(
            "what was deleted is in the log beside the file still, for another program reads it".into(),
        ))
    }

    fn size(&mut self) -> Result<u64, StoreError> {
        let pages =
            super::number(self, "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()", &[])?;
        Ok(pages.unwrap_or_default() as u64)
    }
}
