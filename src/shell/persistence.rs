//! What the screens keep on disk: drafts, alarms and the audit of writes.
//!
//! A thread of its own writes, in order: a disk that stalls does not hold up keys and frames. What must not be weakened by
//! that: a PATCH leaves only after its drafts and its audit line are on the disk ([`Persistence::is_written`]), and what was typed
//! is drawn only when it is in its file, as long as the disk answers within [`PATIENCE`].

use crate::{
    app::{Msg, msg::EarlierRuns, unkept::Unkept},
    audit::Audit,
    domain::outbox::{AuditOutcome, AuditRecord, JournalState, Outbox},
    journal::Journal,
};
use jiff::Timestamp;
use std::{path::Path, sync::mpsc as blocking, thread, time::Duration};
use tokio::sync::mpsc;

/// How long a frame waits for the disk. A write to a page cache takes some 10 to 30 microseconds; what is longer is a disk
/// that stalls, or a machine with much else to do.
pub(super) const PATIENCE: Duration = Duration::from_millis(50);

/// What is to be written, with its number.
#[derive(Debug)]
enum WriteJob {
    Drafts(u64, JournalState, Timestamp),
    Audit(u64, Box<AuditRecord>, bool),
    /// Everything before it has to be on the disk.
    Sync(u64),
}

/// Everything up to this number was written, or could not be: then why.
#[derive(Debug)]
struct WrittenUpTo {
    number: u64,
    what: WhatWritten,
    trouble: Option<String>,
}

/// What was to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WhatWritten {
    Drafts,
    Audit,
    Sync,
}

/// What nobody has after the end of the program but who reads what it printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsaved {
    /// Why it could not be kept on disk.
    pub why: String,
    /// Drafts and alarms.
    pub state: JournalState,
}

/// The files and their writer, and what an earlier run left.
#[derive(Debug)]
pub struct Persistence {
    left: EarlierRuns,
    /// The newest drafts that were handed over.
    newest: JournalState,
    number: u64,
    written: u64,
    /// A PATCH is about to leave.
    sends: bool,
    /// What the last tries could not write.
    unkept: Unkept,
    jobs: Option<blocking::Sender<WriteJob>>,
    done: mpsc::UnboundedReceiver<WrittenUpTo>,
    writer: Option<thread::JoinHandle<()>>,
}

impl Persistence {
    /// Takes over what earlier runs left in the state directory. `who` is the identity of the token, `org` names the
    /// organisation. Nothing that is wrong with the directory keeps the screens from starting: it is told when something is to
    /// be kept.
    pub fn open(state: &Path, who: &str, org: &str) -> Self {
        let audit = Audit::new(state, who, org);
        let (journal, left) = Journal::open(state, org);
        let mut left = EarlierRuns { state: left.state, remarks: left.remarks };
        left.remarks.extend(super::files::sweep(state).into_iter().map(|text| {
            format!("A text that was saved in an editor after this program had ended is kept: {}.", text.display())
        }));
        let (jobs, next) = blocking::channel();
        let (tell, done) = mpsc::unbounded_channel();
        let writer =
            thread::Builder::new().name("persistence".into()).spawn(move || write(journal, audit, &next, &tell));
        let mut unkept = Unkept::default();
        let writer = writer.map_err(|e| unkept.drafts = Some(e.to_string())).ok();
        left.remarks.extend(unkept.words());
        let newest = left.state.clone();
        let jobs = writer.is_some().then_some(jobs);
        Self { left, newest, number: 0, written: 0, sends: false, unkept, jobs, done, writer }
    }

    /// What an earlier run left, once.
    pub(super) fn left(&mut self) -> EarlierRuns {
        std::mem::take(&mut self.left)
    }

    /// Has what changed written down, as of `now`. To be called after [`Self::record`].
    pub(super) fn save(&mut self, outbox: &Outbox, now: Timestamp) {
        let state = outbox.journal();
        if state != self.newest {
            self.newest.clone_from(&state);
            self.submit(|number| WriteJob::Drafts(number, state, now));
        }
        if std::mem::take(&mut self.sends) {
            self.submit(WriteJob::Sync);
        }
    }

    /// Tries once more to write down what could not be written.
    pub(super) fn again(&mut self, now: Timestamp) {
        if self.unkept.drafts.is_some() {
            let state = self.newest.clone();
            self.submit(|number| WriteJob::Drafts(number, state, now));
        }
    }

    /// Has a line added to the audit file; `masked`: without personal data in a value.
    pub(super) fn record(&mut self, record: AuditRecord, masked: bool) {
        self.sends |= record.outcome == AuditOutcome::Sent;
        self.submit(|number| WriteJob::Audit(number, Box::new(record), masked));
    }

    fn submit(&mut self, job: impl FnOnce(u64) -> WriteJob) {
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

    /// Waits for news of the writer: what to tell, if something went wrong or is right again.
    pub(super) async fn progress(&mut self) -> Option<Msg> {
        match self.done.recv().await {
            Some(written) => self.take(written),
            None => {
                self.written = self.number;
                self.jobs.take()?;
                let why = Some("their writer broke".to_owned());
                self.unkept = Unkept { drafts: why.clone(), audit: why };
                Some(Msg::Unkept(self.unkept.clone()))
            }
        }
    }

    fn take(&mut self, WrittenUpTo { number, what, trouble }: WrittenUpTo) -> Option<Msg> {
        self.written = number;
        let failed = trouble.is_some();
        let place = match what {
            WhatWritten::Drafts => &mut self.unkept.drafts,
            WhatWritten::Audit => &mut self.unkept.audit,
            WhatWritten::Sync => {
                return trouble.map(|why| Msg::Failed(format!("Drafts and audit may not survive a power cut: {why}")));
            }
        };
        let before = std::mem::replace(place, trouble);
        // Each failure is told: each one hinders.
        (failed || before.is_some()).then(|| Msg::Unkept(self.unkept.clone()))
    }

    /// Writes down how it stands at the end and waits for the disk: what could not be kept, if anything was to be.
    pub(super) fn finish(mut self, outbox: &Outbox, now: Timestamp) -> Option<Unsaved> {
        self.save(outbox, now);
        self.again(now);
        self.close();
        while let Ok(written) = self.done.try_recv() {
            self.take(written);
        }
        let why = self.unkept.drafts.take()?;
        let state = std::mem::take(&mut self.newest);
        (!state.is_empty()).then_some(Unsaved { why, state })
    }

    /// What is on its way to the disk gets there.
    fn close(&mut self) {
        self.jobs = None;
        if let Some(writer) = self.writer.take() {
            writer.join().ok();
        }
    }
}

impl Drop for Persistence {
    fn drop(&mut self) {
        self.close();
    }
}

/// The writer: until nobody can selection anything over any more.
fn write(
    mut journal: Journal,
    mut audit: Audit,
    jobs: &blocking::Receiver<WriteJob>,
    done: &mpsc::UnboundedSender<WrittenUpTo>,
) {
    while let Ok(job) = jobs.recv() {
        let (number, what, result) = match job {
            WriteJob::Drafts(number, state, now) => (number, WhatWritten::Drafts, journal.save(&state, now)),
            WriteJob::Audit(number, record, masked) => (number, WhatWritten::Audit, audit.append(&record, masked)),
            WriteJob::Sync(number) => (number, WhatWritten::Sync, journal.sync().and_then(|()| audit.sync())),
        };
        let trouble = result.err().map(|error| error.to_string());
        // Nobody listens any more at the end of the program.
        done.send(WrittenUpTo { number, what, trouble }).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        Value,
        outbox::{AuditOutcome, Base, Cell, PatchTarget, Policy, WriteId},
    };

    fn draft(outbox: &mut Outbox, text: &str) {
        let cell = Cell { conversation: "c".into(), participant: "p".into(), key: "k".into() };
        outbox.draft(&cell, Base::Saw(Some(Value::from("gold"))), text);
    }

    fn record() -> AuditRecord {
        AuditRecord {
            time: Timestamp::UNIX_EPOCH,
            write: WriteId(1),
            target: PatchTarget { conversation: "c".into(), participant: "p".into() },
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
        let mut persistence = Persistence::open(dir.path(), "ada", "acme");
        let mut outbox = Outbox::new(Policy::default());
        persistence.save(&outbox, Timestamp::UNIX_EPOCH);
        assert!(persistence.is_written(), "nothing changed, nothing to write");
        for round in 0..20 {
            draft(&mut outbox, &format!("typed {round}."));
            persistence.record(record(), false);
            persistence.save(&outbox, Timestamp::UNIX_EPOCH);
            assert!(!persistence.is_written());
            while !persistence.is_written() {
                assert!(persistence.progress().await.is_none());
            }
            let text = on_disk(dir.path());
            assert!(text.contains(&format!("typed {round}.")), "{text}");
            assert_eq!(text.matches("\"outcome\":\"sent\"").count(), round + 1);
        }
    }

    #[test]
    fn the_end_of_the_program_waits_for_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let mut persistence = Persistence::open(dir.path(), "ada", "acme");
        let mut outbox = Outbox::new(Policy::default());
        for round in 0..200 {
            draft(&mut outbox, &format!("typed {round}."));
            persistence.save(&outbox, Timestamp::UNIX_EPOCH);
        }
        drop(persistence);
        assert!(on_disk(dir.path()).contains("typed 199."));
    }

    #[tokio::test]
    async fn a_disk_that_fails_is_told_each_time_and_holds_nothing_up() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        std::fs::write(&state, "a file in its place").unwrap();
        let mut persistence = Persistence::open(&state, "ada", "acme");
        assert_eq!(persistence.left().remarks, Vec::<String>::new(), "there is nothing to keep yet");
        let mut outbox = Outbox::new(Policy::default());
        for round in 0..3 {
            draft(&mut outbox, &round.to_string());
            persistence.record(record(), false);
            persistence.save(&outbox, Timestamp::UNIX_EPOCH);
            let mut told = Vec::new();
            while !persistence.is_written() {
                told.extend(persistence.progress().await);
            }
            let told: Vec<String> = told.into_iter().map(words).collect();
            let [audit, both] = &told[..] else { panic!("{told:?}") };
            assert!(audit.contains("udit") && both.starts_with("Neither drafts nor the audit"), "{told:?}");
        }
        // The end tells what nobody has then.
        let unsaved = persistence.finish(&outbox, Timestamp::UNIX_EPOCH).expect("what could not be kept");
        assert_eq!((unsaved.state, unsaved.why.is_empty()), (outbox.journal(), false));
    }

    fn words(msg: Msg) -> String {
        let Msg::Unkept(unkept) = msg else { panic!("{msg:?}") };
        unkept.words().unwrap_or_default()
    }

    #[tokio::test]
    async fn what_could_not_be_kept_is_kept_as_soon_as_it_can_be() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        std::fs::write(&state, "a file in its place").unwrap();
        let mut persistence = Persistence::open(&state, "ada", "acme");
        let mut outbox = Outbox::new(Policy::default());
        draft(&mut outbox, "typed");
        persistence.save(&outbox, Timestamp::UNIX_EPOCH);
        assert!(words(persistence.progress().await.expect("a failure")).starts_with("Drafts cannot be kept"));
        persistence.again(Timestamp::UNIX_EPOCH);
        assert!(persistence.progress().await.is_some(), "still");
        std::fs::remove_file(&state).unwrap();
        persistence.again(Timestamp::UNIX_EPOCH);
        assert_eq!(words(persistence.progress().await.expect("good news")), "");
        assert!(on_disk(&state).contains("typed"));
        assert_eq!(persistence.finish(&outbox, Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn the_end_hears_what_nobody_has_heard_yet() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        std::fs::write(&state, "a file in its place").unwrap();
        let mut persistence = Persistence::open(&state, "ada", "acme");
        let mut outbox = Outbox::new(Policy::default());
        draft(&mut outbox, "typed");
        persistence.save(&outbox, Timestamp::UNIX_EPOCH);
        // Nobody has heard that it failed.
        assert!(persistence.finish(&outbox, Timestamp::UNIX_EPOCH).is_some());
        let mut persistence = Persistence::open(&state, "ada", "acme");
        persistence.save(&Outbox::new(Policy::default()), Timestamp::UNIX_EPOCH);
        assert_eq!(persistence.finish(&Outbox::new(Policy::default()), Timestamp::UNIX_EPOCH), None, "nothing to keep");
    }
}
