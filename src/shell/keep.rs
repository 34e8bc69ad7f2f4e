//! What the screens keep on disk: drafts and the audit of writes.
//!
//! A thread of its own writes, in order: a disk that stalls does not hold up keys and frames. What must not be weakened by
//! that: a PATCH leaves only after its drafts and its audit line are written ([`Keep::is_written`]), and what was typed is
//! drawn only then, as long as the disk answers within [`PATIENCE`].

use crate::{
    audit::Audit,
    domain::outbox::{AuditRecord, JournalState, Outbox},
    journal::Journal,
};
use jiff::Timestamp;
use std::{io, path::Path, sync::mpsc as blocking, thread, time::Duration};
use tokio::sync::mpsc;

/// How long a frame waits for the disk. A write to a page cache takes some 10 to 30 microseconds.
pub(super) const PATIENCE: Duration = Duration::from_millis(5);

/// What is to be written, with its number.
#[derive(Debug)]
enum Job {
    Drafts(u64, JournalState, Timestamp),
    Audit(u64, Box<AuditRecord>, bool),
}

/// Everything up to this number was written, or could not be: then what to tell.
#[derive(Debug)]
struct Written {
    number: u64,
    trouble: Option<String>,
}

/// The files and their writer, and what an earlier run left.
#[derive(Debug)]
pub struct Keep {
    left: JournalState,
    /// The newest drafts that were handed over.
    newest: JournalState,
    number: u64,
    written: u64,
    jobs: Option<blocking::Sender<Job>>,
    done: mpsc::UnboundedReceiver<Written>,
    writer: Option<thread::JoinHandle<()>>,
}

impl Keep {
    /// Opens both in the state directory. `who` is the identity of the token, `org` names the organisation.
    ///
    /// # Errors
    /// The directory or a file in it cannot be created.
    pub fn open(state: &Path, who: &str, org: &str) -> io::Result<Self> {
        let audit = Audit::open(state, who, org)?;
        let (journal, left) = Journal::open(state, org)?;
        let (jobs, next) = blocking::channel();
        let (tell, done) = mpsc::unbounded_channel();
        let writer = thread::Builder::new().name("keep".into()).spawn(move || write(journal, audit, &next, &tell))?;
        let newest = left.clone();
        Ok(Self { left, newest, number: 0, written: 0, jobs: Some(jobs), done, writer: Some(writer) })
    }

    /// What an earlier run left, once.
    pub(super) fn left(&mut self) -> JournalState {
        std::mem::take(&mut self.left)
    }

    /// Has what changed written down, as of `now`.
    pub(super) fn save(&mut self, outbox: &Outbox, now: Timestamp) {
        let state = outbox.journal();
        if state != self.newest {
            self.newest.clone_from(&state);
            self.submit(|number| Job::Drafts(number, state, now));
        }
    }

    /// Has a line added to the audit file; `masked`: without what looks personal in a value.
    pub(super) fn record(&mut self, record: AuditRecord, masked: bool) {
        self.submit(|number| Job::Audit(number, Box::new(record), masked));
    }

    fn submit(&mut self, job: impl FnOnce(u64) -> Job) {
        self.number += 1;
        // Without its writer nothing can be kept; that was told when it broke.
        if self.jobs.as_ref().is_none_or(|jobs| jobs.send(job(self.number)).is_err()) {
            self.written = self.number;
        }
    }

    /// Everything that was handed over is in the files, or is known not to get there.
    pub(super) fn is_written(&self) -> bool {
        self.written >= self.number
    }

    /// Waits for news of the writer: what to tell, if something went wrong.
    pub(super) async fn progress(&mut self) -> Option<String> {
        match self.done.recv().await {
            Some(Written { number, trouble }) => {
                self.written = number;
                trouble
            }
            None => {
                self.written = self.number;
                let broken = self.jobs.take().is_some();
                broken.then(|| "Drafts and the audit are no longer kept on disk: their writer broke.".to_owned())
            }
        }
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        // What is on its way to the disk gets there.
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            writer.join().ok();
        }
    }
}

/// The writer: until nobody can hand anything over any more.
fn write(
    mut journal: Journal,
    mut audit: Audit,
    jobs: &blocking::Receiver<Job>,
    done: &mpsc::UnboundedSender<Written>,
) {
    let (mut journal_told, mut audit_told) = (false, false);
    while let Ok(job) = jobs.recv() {
        let (number, trouble) = match job {
            Job::Drafts(number, state, now) => {
                let result = journal.save(&state, now);
                (number, failed("Drafts cannot be kept on disk", result, &mut journal_told))
            }
            Job::Audit(number, record, masked) => {
                let result = audit.append(&record, masked);
                (number, failed("The audit file cannot be written", result, &mut audit_told))
            }
        };
        // Nobody listens any more at the end of the program.
        done.send(Written { number, trouble }).ok();
    }
}

/// What to tell of a failure: once is enough.
fn failed(what: &str, result: io::Result<()>, told: &mut bool) -> Option<String> {
    let error = result.err().filter(|_| !*told)?;
    *told = true;
    Some(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Value,
        outbox::{AuditOutcome, Base, Cell, Policy, Target, WriteId},
    };

    fn draft(outbox: &mut Outbox, text: &str) {
        let cell = Cell { conversation: "c".into(), participant: "p".into(), key: "k".into() };
        outbox.draft(&cell, Base::Saw(Some(Value::from("gold"))), text);
    }

    fn record() -> AuditRecord {
        AuditRecord {
            time: Timestamp::UNIX_EPOCH,
            write: WriteId(1),
            target: Target { conversation: "c".into(), participant: "p".into() },
            changes: vec![("k".into(), None, Value::from("x"))],
            outcome: AuditOutcome::Sent,
            attempts: 1,
            status: None,
            correlation_id: None,
        }
    }

    fn on_disk(dir: &Path) -> String {
        let files = std::fs::read_dir(dir).unwrap().flatten();
        let mut files: Vec<_> = files.map(|f| f.path()).collect();
        files.sort();
        files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect()
    }

    #[tokio::test]
    async fn what_is_called_written_is_in_the_files() {
        let dir = tempfile::tempdir().unwrap();
        let mut keep = Keep::open(dir.path(), "ada", "acme").unwrap();
        let mut outbox = Outbox::new(Policy::default());
        keep.save(&outbox, Timestamp::UNIX_EPOCH);
        assert!(keep.is_written(), "nothing changed, nothing to write");
        for round in 0..20 {
            draft(&mut outbox, &format!("typed {round}."));
            keep.record(record(), false);
            keep.save(&outbox, Timestamp::UNIX_EPOCH);
            assert!(!keep.is_written());
            while !keep.is_written() {
                assert_eq!(keep.progress().await, None);
            }
            let text = on_disk(dir.path());
            assert!(text.contains(&format!("typed {round}.")), "{text}");
            assert_eq!(text.matches("\"outcome\":\"sent\"").count(), round + 1);
        }
    }

    #[test]
    fn the_end_of_the_program_waits_for_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let mut keep = Keep::open(dir.path(), "ada", "acme").unwrap();
        let mut outbox = Outbox::new(Policy::default());
        for round in 0..200 {
            draft(&mut outbox, &format!("typed {round}."));
            keep.save(&outbox, Timestamp::UNIX_EPOCH);
        }
        drop(keep);
        assert!(on_disk(dir.path()).contains("typed 199."));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_disk_that_fails_is_told_once_and_holds_nothing_up() {
        let dir = tempfile::tempdir().unwrap();
        let mut keep = Keep::open(dir.path(), "ada", "acme").unwrap();
        let mut outbox = Outbox::new(Policy::default());
        // Larger than the file may become, and then there is no directory for a new one.
        std::fs::remove_dir_all(dir.path()).unwrap();
        for round in 0..7 {
            draft(&mut outbox, &format!("{round}{}", "x".repeat(2 << 20)));
            keep.save(&outbox, Timestamp::UNIX_EPOCH);
        }
        let mut told = Vec::new();
        while !keep.is_written() {
            told.extend(keep.progress().await);
        }
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("Drafts cannot be kept on disk: "), "{told:?}");
    }
}
