//! The one thread that writes: calls go in through a bounded queue, once a second what changed is stored in one
//! transaction. The program's loop never waits for it.

use super::error::StoreError;
use super::ingest::{Batch, Hole};
use super::lease::Fence;
use super::record::{CallRecord, Salt};
use super::schema::{Location, Store};
use indexmap::IndexMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a change may wait before it is stored: what a crash can lose.
const INTERVAL: Duration = Duration::from_secs(1);

/// Messages between the loop and the writer.
const QUEUE: usize = 16_384;

/// Calls that wait while the store cannot be written; more are counted as lost, oldest first.
pub(crate) const SPILL: usize = 100_000;

/// What the writer is told.
enum Message {
    Call(Box<CallRecord>),
    Hole(Hole),
    Collected(i64),
    Fences(Vec<Fence>),
    Flush(SyncSender<()>),
}

/// How the writing goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// Calls that were stored, each time one was.
    pub(crate) stored: u64,
    /// Calls that wait.
    pub(crate) waiting: usize,
    /// Calls that had to be dropped because too many were waiting, and messages that found the queue full.
    pub(crate) lost: u64,
    /// Why it cannot be written at present.
    pub(crate) failing: Option<String>,
    /// Targets that another collector took over.
    pub(crate) fenced: Vec<String>,
}

/// The loop's end of the writer.
#[derive(Debug)]
pub(crate) struct Writer {
    sender: Option<SyncSender<Message>>,
    status: Arc<Mutex<Status>>,
    thread: Option<JoinHandle<()>>,
    salt: Salt,
}

impl Writer {
    /// Opens the store and starts the thread; `collected` names the organizations that are followed from now on.
    pub(crate) fn start(
        location: &Location,
        collector: &str,
        organizations: &[String],
        now: i64,
    ) -> Result<Self, StoreError> {
        let mut store = Store::open(location)?;
        let salt = store.salt();
        let rows =
            organizations.iter().map(|org| store.begin_collecting(collector, org, now)).collect::<Result<_, _>>()?;
        let (sender, receiver) = sync_channel(QUEUE);
        let status = Arc::new(Mutex::new(Status::default()));
        let work = Work {
            location: location.clone(),
            store: Some(store),
            status: Arc::clone(&status),
            rows,
            collected: now,
            pending: IndexMap::new(),
            holes: Vec::new(),
            fences: Vec::new(),
        };
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || work.run(&receiver));
        let thread = thread.map_err(|error| StoreError::Failed(format!("no thread could be started: {error}")))?;
        Ok(Self { sender: Some(sender), status, thread: Some(thread), salt })
    }

    /// What hashes of values are salted with.
    pub(crate) fn salt(&self) -> &Salt {
        &self.salt
    }

    /// A call as it is now. Never waits: a full queue loses the message, which the call's next change makes good.
    pub(crate) fn call(&self, call: CallRecord) {
        self.send(Message::Call(Box::new(call)));
    }

    /// A time that was not observed.
    pub(crate) fn hole(&self, hole: Hole) {
        self.send(Message::Hole(hole));
    }

    /// Everything until now was observed.
    pub(crate) fn collected(&self, until: i64) {
        self.send(Message::Collected(until));
    }

    /// The leases under which is written from now on.
    pub(crate) fn fences(&self, fences: Vec<Fence>) {
        self.send(Message::Fences(fences));
    }

    /// How the writing goes.
    pub(crate) fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    /// Waits until all that was handed over is stored, or until the time is over; says whether it is.
    pub(crate) fn flush(&self, time: Duration) -> bool {
        let (done, wait) = sync_channel(1);
        let Some(sender) = &self.sender else { return true };
        sender.send(Message::Flush(done)).is_ok() && wait.recv_timeout(time).is_ok()
    }

    fn send(&self, message: Message) {
        let Some(sender) = &self.sender else { return };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = sender.try_send(message) {
            lock(&self.status).lost += 1;
        }
    }
}

impl Drop for Writer {
    /// Stores what waits, once, and ends the thread.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

fn lock(status: &Mutex<Status>) -> MutexGuard<'_, Status> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread's own state.
struct Work {
    location: Location,
    /// `None` while the database is out of reach.
    store: Option<Store>,
    status: Arc<Mutex<Status>>,
    rows: Vec<i64>,
    collected: i64,
    pending: IndexMap<String, CallRecord>,
    holes: Vec<Hole>,
    fences: Vec<Fence>,
}

impl Work {
    fn run(mut self, receiver: &Receiver<Message>) {
        let mut due = Instant::now() + INTERVAL;
        let mut pause = INTERVAL;
        loop {
            match receiver.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(Message::Call(call)) => self.hold(*call),
                Ok(Message::Hole(hole)) => self.holes.push(hole),
                Ok(Message::Collected(until)) => self.collected = self.collected.max(until),
                Ok(Message::Fences(fences)) => self.fences = fences,
                Ok(Message::Flush(done)) => {
                    if self.store() {
                        _ = done.send(());
                    }
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    self.store();
                    return;
                }
            }
            if Instant::now() >= due {
                // A store that cannot be written is asked less and less often, up to half a minute.
                pause = if self.store() { INTERVAL } else { (pause * 2).min(INTERVAL * 30) };
                due = Instant::now() + pause;
            }
        }
    }

    fn hold(&mut self, call: CallRecord) {
        self.pending.insert(call.conversation.clone(), call);
        if self.pending.len() > SPILL {
            self.pending.shift_remove_index(0);
            lock(&self.status).lost += 1;
        }
        lock(&self.status).waiting = self.pending.len();
    }

    /// Stores what waits; false when that failed and it goes on waiting.
    fn store(&mut self) -> bool {
        let calls = self.pending.len();
        let batch = Batch {
            calls: self.pending.values().cloned().collect(),
            holes: self.holes.clone(),
            collected: self.rows.iter().map(|row| (*row, self.collected)).collect(),
            fences: self.fences.clone(),
        };
        match self.try_store(&batch) {
            Ok(()) => {
                self.pending.clear();
                self.holes.clear();
                let mut status = lock(&self.status);
                status.stored += calls as u64;
                status.waiting = 0;
                status.failing = None;
                true
            }
            Err(StoreError::Fenced(target)) => {
                // What was seen under a lost lease is the new holder's to store.
                self.fences.retain(|fence| fence.target != target);
                self.pending.clear();
                self.holes.clear();
                lock(&self.status).fenced.push(target);
                true
            }
            Err(error) => {
                tracing::warn!(%error, waiting = calls, "the history store cannot be written");
                lock(&self.status).failing = Some(error.to_string());
                if self.store.as_ref().is_some_and(Store::is_closed) {
                    self.store = None;
                }
                false
            }
        }
    }

    fn try_store(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let store = match &mut self.store {
            Some(store) => store,
            None => self.store.insert(Store::open(&self.location)?),
        };
        store.ingest(batch)
    }
}
