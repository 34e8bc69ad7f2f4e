//! The two databases behind one narrow door. Statements are the same text for both (`$1`, `$2` … for values), in the
//! common part of their languages.

mod postgres;
mod sqlite;

use super::error::StoreError;
use std::ops::ControlFlow;
use std::path::Path;

/// A value handed to a statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Param<'a> {
    /// A whole number or a time.
    Int(i64),
    /// A text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl From<i64> for Param<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

/// A row of an answer. A column of another type, or one that is null, reads as 0, "" or no bytes.
pub(crate) trait Row {
    /// The column as a number.
    fn int(&self, column: usize) -> i64;
    /// The column as a text.
    fn text(&self, column: usize) -> String;
    /// The column as bytes.
    fn bytes(&self, column: usize) -> &[u8];
    /// Whether the column is null.
    fn is_null(&self, column: usize) -> bool;
}

/// What is done with each row of an answer; a break ends the reading.
pub(crate) type EachRow<'r> = &'r mut dyn FnMut(&dyn Row) -> ControlFlow<()>;

/// A connection to a database.
pub(crate) trait Database: Send {
    /// Runs statements without values, such as those that make tables.
    fn batch(&mut self, statements: &str) -> Result<(), StoreError>;

    /// Runs one statement; says how many rows it touched.
    fn execute(&mut self, statement: &str, values: &[Param<'_>]) -> Result<u64, StoreError>;

    /// Runs one statement once for each list of values, all on their way at once where the database allows it; says for
    /// each how many rows it touched.
    fn execute_all(&mut self, statement: &str, values: &[Vec<Param<'_>>]) -> Result<Vec<u64>, StoreError>;

    /// Asks, and hands over each row.
    fn query(&mut self, statement: &str, values: &[Param<'_>], each: EachRow<'_>) -> Result<(), StoreError>;

    /// Asks once for each list of values, all on their way at once where the database allows it; `each` is handed the
    /// place of the list in `values` and a row.
    fn query_all(
        &mut self,
        statement: &str,
        values: &[Vec<Param<'_>>],
        each: &mut dyn FnMut(usize, &dyn Row),
    ) -> Result<(), StoreError>;

    /// The type of a key column that counts up by itself.
    fn serial(&self) -> &'static str;

    /// The type of a column of bytes.
    fn blob(&self) -> &'static str;

    /// Whether other machines write there too: a server rather than a file.
    fn is_shared(&self) -> bool;

    /// The expression for the database's own time, in milliseconds since 1970: machines' clocks differ.
    fn now(&self) -> &'static str;

    /// Whether the connection was lost and a new one is needed.
    fn is_closed(&self) -> bool {
        false
    }

    /// Removes what was deleted from where the database still has it: a log, rows that nobody sees any more.
    fn scrub(&mut self) -> Result<(), StoreError>;

    /// Bytes that the store takes on disk, as far as the database tells.
    fn size(&mut self) -> Result<u64, StoreError>;
}

/// Opens the file, making it (0600) if there is none and `create` allows it.
pub(crate) fn open_file(path: &Path, create: bool) -> Result<Box<dyn Database>, StoreError> {
    Ok(Box::new(sqlite::Sqlite::open(path, create)?))
}

/// Takes the file's, and those of its logs, from everybody but its owner.
pub(crate) fn make_private(path: &Path) -> Result<(), StoreError> {
    sqlite::keep_private(path)
}

/// The right to be the one collector of a file: until it is dropped, and no longer than the process lives.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: std::fs::File,
}

/// Takes the lock of a file; `None` when another process has it.
pub(crate) fn lock_file(path: &Path) -> Result<Option<FileLock>, StoreError> {
    sqlite::lock(path).map(|file| file.map(|file| FileLock { _file: file }))
}

/// Connects to `postgres://…`.
pub(crate) fn connect(url: &str) -> Result<Box<dyn Database>, StoreError> {
    Ok(Box::new(postgres::Postgres::connect(url)?))
}

/// Runs `work` as one transaction: all of it or nothing.
pub(crate) fn transaction<T>(
    database: &mut dyn Database,
    work: impl FnOnce(&mut dyn Database) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    database.batch("BEGIN")?;
    match work(database) {
        Ok(done) => database.batch("COMMIT").map(|()| done),
        Err(error) => {
            // The error that counts is the first; a connection that cannot roll back has lost the transaction anyway.
            _ = database.batch("ROLLBACK");
            Err(error)
        }
    }
}

/// The first row's first column as a number, if there is a row.
pub(crate) fn number(
    database: &mut dyn Database,
    statement: &str,
    values: &[Param<'_>],
) -> Result<Option<i64>, StoreError> {
    let mut found = None;
    database.query(statement, values, &mut |row| {
        found = (!row.is_null(0)).then(|| row.int(0));
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// The address of a server without who signs in there.
pub(crate) fn shown(url: &str) -> String {
    postgres::shown(url)
}
