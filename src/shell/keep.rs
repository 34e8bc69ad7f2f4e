//! What the screens keep on disk: drafts and the audit of writes.

use crate::{
    audit::Audit,
    domain::outbox::{AuditRecord, JournalState, Outbox},
    journal::Journal,
};
use std::{io, path::Path};

/// The open files, and what an earlier run left.
#[derive(Debug)]
pub struct Keep {
    journal: Journal,
    audit: Audit,
    left: JournalState,
    /// The disk failed and it was told: once is enough.
    told: bool,
}

impl Keep {
    /// Opens both in the state directory. `who` is the identity of the token, `org` names the organisation.
    ///
    /// # Errors
    /// The directory or a file in it cannot be created.
    pub fn open(state: &Path, who: &str, org: &str) -> io::Result<Self> {
        let audit = Audit::open(state, who, org)?;
        let (journal, left) = Journal::open(state, org)?;
        Ok(Self { journal, audit, left, told: false })
    }

    /// What an earlier run left, once.
    pub(super) fn left(&mut self) -> JournalState {
        std::mem::take(&mut self.left)
    }

    /// Writes down what changed. What to tell when that failed.
    pub(super) fn save(&mut self, outbox: &Outbox) -> Option<String> {
        let result = self.journal.save(&outbox.journal());
        self.failed("Drafts cannot be kept on disk", result)
    }

    /// Adds a line to the audit file. What to tell when that failed.
    pub(super) fn record(&mut self, record: &AuditRecord, masked: bool) -> Option<String> {
        let result = self.audit.append(record, masked);
        self.failed("The audit file cannot be written", result)
    }

    fn failed(&mut self, what: &str, result: io::Result<()>) -> Option<String> {
        let error = result.err().filter(|_| !self.told)?;
        self.told = true;
        Some(format!("{what}: {error}"))
    }
}
