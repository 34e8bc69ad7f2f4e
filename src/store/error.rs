//! What can go wrong with the history store, by what the operator can do about it.

use std::fmt;

/// An error of the history store. Its text is cause first; `remedy` says what to do.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// The file or the server cannot be reached or opened.
    Unreachable {
        /// Where it is, without a password.
        place: String,
        /// What the system or the server said.
        cause: String,
    },
    /// Made by a newer version of this program.
    Newer {
        /// Where it is.
        place: String,
        /// Its version of the layout.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// It is not a history store.
    Foreign {
        /// Where it is.
        place: String,
        /// What was found instead.
        cause: String,
    },
    /// Another collector writes this file.
    Taken {
        /// Where it is.
        place: String,
    },
    /// It is a database, and what is in it cannot be read.
    Damaged {
        /// Where it is.
        place: String,
        /// What the database said.
        cause: String,
    },
    /// The disk is full, or a quota is reached.
    Full(String),
    /// A statement failed.
    Failed(String),
    /// Somebody else holds the lease under which this was to be written.
    Fenced(String),
}

impl StoreError {
    /// What the operator can do about it.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "check the path or address given by --store or [store]",
            Self::Damaged { .. } => {
                "move the file away, and 'sidetone collect' begins a new one; sqlite3 FILE .recover may save what is in it"
            }
            Self::Newer { .. } => "use the version of sidetone that wrote it, or name another file with --store",
            Self::Foreign { .. } => "name another file or database with --store",
            Self::Taken { .. } => "end the other one, name another file, or share a server with --store postgres://…",
            Self::Full(_) => "free space, or remove old calls with 'sidetone store prune'",
            Self::Failed(_) => "run it again with --log-level debug and see the log",
            Self::Fenced(_) => "nothing: another collector has taken over",
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { place, cause } => write!(f, "the history store {place} cannot be opened: {cause}"),
            Self::Newer { place, found, known } => write!(
                f,
                "the history store {place} was made by a newer version of sidetone (layout {found}; this one knows {known})"
            ),
            Self::Foreign { place, cause } => write!(f, "{place} is not a history store: {cause}"),
            Self::Taken { place } => {
                write!(f, "another collector writes the history store {place}: a file has one at a time")
            }
            Self::Damaged { place, cause } => write!(f, "the history store {place} is damaged: {cause}"),
            Self::Full(cause) => write!(f, "the history store has no room left: {cause}"),
            Self::Failed(cause) => write!(f, "the history store failed: {cause}"),
            Self::Fenced(target) => write!(f, "{target} is collected by another collector now"),
        }
    }
}

impl std::error::Error for StoreError {}
