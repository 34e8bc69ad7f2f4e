//! The one thread that writes: calls go in through a bounded queue, twice a second what changed is stored in one
//! transaction. The program's loop never waits for it.

use super::error::StoreError;
use super::ingest::{Batch, Begun, Hole};
use super::lease::Fence;
use super::record::{CallRecord, Salt};
use super::schema::{Location, Store};
use super::seeds::FlowSeed;
use indexmap::IndexMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a change may wait before it is stored. With what the collector takes to say until when it has observed everything, a
/// crash loses less than a second.
const INTERVAL: Duration = Duration::from_millis(400);

/// The longest pause before a store that cannot be written is asked again.
const LONGEST: Duration = Duration::from_secs(30);

/// A write that takes longer than this hangs.
const HANGS: Duration = Duration::from_secs(5);

/// How long a store that could not be written may take for its last try.
const LAST_TRY: Duration = Duration::from_secs(2);

/// Messages between the loop and the writer.
const QUEUE: usize = 16_384;

/// Calls that wait while the store cannot be written; more are counted as lost, oldest first.
pub(crate) const SPILL: usize = 100_000;

/// What the writer is told.
enum Message {
    Call(Box<Pending>),
    Hole(Hole),
    Collected(usize, i64),
    Fences(Vec<Fence>),
    Prune { keep_days: i64, now: i64 },
    Begin(WriterStart, SyncSender<Result<Begun, StoreError>>),
    WithoutEnd { organization: String, since: i64, done: SyncSender<Vec<String>> },
    Ended { conversation: String, ended: i64 },
    Flush(SyncSender<()>),
}

/// An organization that is followed from now on.
#[derive(Clone, Debug)]
pub(crate) struct WriterStart {
    /// Its id.
    pub(crate) organization: String,
    /// The name of the profile, where there is one.
    pub(crate) profile: Option<String>,
    /// Now, in milliseconds since 1970.
    pub(crate) now: i64,
}

/// A call that waits.
struct Pending {
    call: CallRecord,
    /// The targets under whose leases it was seen; none where that is not known.
    under: Vec<Arc<str>>,
}

/// How the writing goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreStatus {
    /// Calls that were stored, each time one was.
    pub(crate) stored: u64,
    /// Calls that wait.
    pub(crate) waiting: usize,
    /// Calls that had to be dropped because too many were waiting, and messages that found the queue full.
    pub(crate) lost: u64,
    /// Why it cannot be written at present.
    pub(crate) failing: Option<String>,
    /// How often another collector had taken over what was to be written.
    pub(crate) fenced: u64,
    /// Calls that retention let go of.
    pub(crate) pruned: u64,
    /// Since when calls wait, on the writer's own clock; `None` when none do.
    pub(crate) since: Option<Instant>,
    /// Since when the store is being written; `None` while it is not.
    pub(crate) writing: Option<Instant>,
}

impl StoreStatus {
    /// How long the oldest change has been waiting.
    pub(crate) fn lag(&self) -> Duration {
        self.since.map(|since| since.elapsed()).unwrap_or_default()
    }

    /// With a store that hangs as one that fails: nothing else says so.
    pub(super) fn judged(mut self, now: Instant) -> Self {
        // Where no call waits, it is still written until when everything was observed.
        let since = self.since.into_iter().chain(self.writing).min();
        if self.failing.is_none() && since.is_some_and(|since| now.saturating_duration_since(since) > HANGS) {
            self.failing = Some(format!("the history store has not answered for {} s", HANGS.as_secs()));
        }
        self
    }
}

/// The loop's end of the writer.
#[derive(Debug)]
pub(crate) struct StoreWriter {
    sender: Option<SyncSender<Message>>,
    status: Arc<Mutex<StoreStatus>>,
    thread: Option<JoinHandle<()>>,
    salt: Salt,
    seeds: Vec<FlowSeed>,
}

impl StoreWriter {
    /// Opens the store and starts the thread; `others`: others may be at work on the same store.
    pub(crate) fn start(location: &Location, collector: &str, others: bool) -> Result<Self, StoreError> {
        let mut store = Store::open(location)?;
        let salt = store.salt();
        let seeds = store.seeds()?;
        let (sender, receiver) = sync_channel(QUEUE);
        let status = Arc::new(Mutex::new(StoreStatus::default()));
        let work = Work {
            location: location.clone(),
            store: Some(store),
            status: Arc::clone(&status),
            collector: collector.to_owned(),
            others,
            rows: Vec::new(),
            collected: Vec::new(),
            pending: IndexMap::new(),
            holes: Vec::new(),
            fences: None,
        };
        let thread = std::thread::Builder::new().name("store".into()).spawn(move || work.run(&receiver));
        let thread = thread.map_err(|error| StoreError::Failed(format!("no thread could be started: {error}")))?;
        Ok(Self { sender: Some(sender), status, thread: Some(thread), salt, seeds })
    }

    /// What hashes of values are salted with.
    pub(crate) fn salt(&self) -> &Salt {
        &self.salt
    }

    /// An organization is followed from now on: its place, and since when nobody has observed it. Waits for the store.
    pub(crate) fn begin(&self, beginning: WriterStart) -> Result<Begun, StoreError> {
        let gone = || StoreError::Failed("its thread has ended".to_owned());
        let (done, wait) = sync_channel(1);
        let sender = self.sender.as_ref().ok_or_else(gone)?;
        sender.send(Message::Begin(beginning, done)).map_err(|_| gone())?;
        wait.recv().map_err(|_| gone())?
    }

    /// What the store knew of the presence of an organization's keys when it was opened.
    pub(crate) fn seeds(&self, organization: &str) -> Vec<FlowSeed> {
        self.seeds.iter().filter(|seed| seed.organization == organization).cloned().collect()
    }

    /// A call as it is now, and the targets under whose leases it was seen. Never waits: a full queue loses the message,
    /// which the call's next change makes good.
    pub(crate) fn call(&self, call: CallRecord, under: Vec<Arc<str>>) {
        // From now on, not from when the thread takes it: it may be waiting for the store.
        lock(&self.status).since.get_or_insert_with(Instant::now);
        self.send(Message::Call(Box::new(Pending { call, under })));
    }

    /// A time that was not observed.
    pub(crate) fn hole(&self, hole: Hole) {
        self.send(Message::Hole(hole));
    }

    /// Everything of an organization (by the place that [`Self::begin`] gave it) was observed until now.
    pub(crate) fn collected(&self, organization: usize, until: i64) {
        self.send(Message::Collected(organization, until));
    }

    /// Asks which calls of an organization that started since then have no end in the store. Returns at once.
    pub(crate) fn without_end(&self, organization: &str, since: i64) -> Receiver<Vec<String>> {
        let (done, wait) = sync_channel(1);
        self.send(Message::WithoutEnd { organization: organization.to_owned(), since, done });
        wait
    }

    /// A call whose end was not seen ended then, in milliseconds since 1970.
    pub(crate) fn ended(&self, conversation: String, ended: i64) {
        self.send(Message::Ended { conversation, ended });
    }

    /// Calls older than so many days are to be let go of.
    pub(crate) fn prune(&self, keep_days: i64, now: i64) {
        self.send(Message::Prune { keep_days, now });
    }

    /// The leases under which is written from now on.
    pub(crate) fn fences(&self, fences: Vec<Fence>) {
        self.send(Message::Fences(fences));
    }

    /// How the writing goes.
    pub(crate) fn status(&self) -> StoreStatus {
        let status = lock(&self.status).clone();
        status.judged(Instant::now())
    }

    /// Waits until all that was handed over is stored, or until the time is over; says whether it is.
    pub(crate) fn flush(&self, time: Duration) -> bool {
        let (done, wait) = sync_channel(1);
        let Some(sender) = &self.sender else { return true };
        sender.send(Message::Flush(done)).is_ok() && wait.recv_timeout(time).is_ok()
    }

    /// Stores what waits and ends the thread; how the writing went. What waits then is not stored. A store that does not answer
    /// within the time is not waited for.
    pub(crate) fn end(mut self, time: Duration) -> StoreStatus {
        let is_stored = self.flush(time);
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            let due = Instant::now() + LAST_TRY;
            while !is_stored && !thread.is_finished() && Instant::now() < due {
                std::thread::sleep(LAST_TRY / 100);
            }
            if is_stored || thread.is_finished() {
                _ = thread.join();
            }
        }
        self.status()
    }

    fn send(&self, message: Message) {
        let Some(sender) = &self.sender else { return };
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = sender.try_send(message) {
            lock(&self.status).lost += 1;
        }
    }
}

impl Drop for StoreWriter {
    /// Stores what waits, once, and ends the thread.
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

fn lock(status: &Mutex<StoreStatus>) -> MutexGuard<'_, StoreStatus> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread's own state.
struct Work {
    location: Location,
    /// `None` while the database is out of reach.
    store: Option<Store>,
    status: Arc<Mutex<StoreStatus>>,
    collector: String,
    /// Others may be at work on the same store.
    others: bool,
    rows: Vec<i64>,
    /// Until when each organization was observed.
    collected: Vec<i64>,
    pending: IndexMap<String, Pending>,
    holes: Vec<Hole>,
    /// The leases; `None` where none are used.
    fences: Option<Vec<Fence>>,
}

impl Work {
    fn run(mut self, receiver: &Receiver<Message>) {
        let mut due = Instant::now() + INTERVAL;
        let mut pause = INTERVAL;
        loop {
            match receiver.recv_timeout(due.saturating_duration_since(Instant::now())) {
                Ok(Message::Call(call)) => self.hold(*call),
                Ok(Message::Hole(hole)) => self.holes.push(hole),
                Ok(Message::Collected(place, until)) => {
                    if let Some(collected) = self.collected.get_mut(place) {
                        *collected = until.max(*collected);
                    }
                }
                Ok(Message::Fences(fences)) => self.fences = Some(fences),
                Ok(Message::Prune { keep_days, now }) => self.prune(keep_days, now),
                Ok(Message::Begin(beginning, done)) => {
                    // Nobody waits any longer when the program is ending.
                    _ = done.send(self.begin(&beginning));
                }
                Ok(Message::WithoutEnd { organization, since, done }) => {
                    let found = self.store.as_mut().map(|store| store.without_end(&organization, since));
                    let found = found.transpose().inspect_err(|error| tracing::warn!(%error, "calls without an end"));
                    // Nobody waits any longer when the program is ending.
                    _ = done.send(found.ok().flatten().unwrap_or_default());
                }
                Ok(Message::Ended { conversation, ended }) => self.ended(&conversation, ended),
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
                pause = if self.store() { INTERVAL } else { (pause * 2).min(LONGEST) };
                due = Instant::now() + pause;
            }
        }
    }

    fn begin(&mut self, beginning: &WriterStart) -> Result<Begun, StoreError> {
        let WriterStart { organization, profile, now } = beginning;
        let store = match &mut self.store {
            Some(store) => store,
            None => self.store.insert(Store::open(&self.location)?),
        };
        let mut begun = store.begin_collecting(&self.collector, organization, *now, self.others)?;
        if let Some(name) = profile {
            store.name_organization(organization, name)?;
        }
        self.rows.push(begun.row);
        self.collected.push(*now);
        begun.place = self.rows.len() - 1;
        Ok(begun)
    }

    fn ended(&mut self, conversation: &str, ended: i64) {
        // What is followed again is known better.
        if self.pending.contains_key(conversation) {
            return;
        }
        let Some(store) = &mut self.store else { return };
        match store.call(conversation) {
            Ok(Some(call)) if call.ended.is_none() => {
                let ended = Some(ended.max(call.started));
                self.hold(Pending { call: CallRecord { ended, incomplete: true, ..call }, under: Vec::new() });
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the end of a call could not be stored"),
        }
    }

    fn hold(&mut self, call: Pending) {
        self.pending.insert(call.call.conversation.clone(), call);
        let mut status = lock(&self.status);
        if self.pending.len() > SPILL {
            self.pending.shift_remove_index(0);
            status.lost += 1;
        }
        status.waiting = self.pending.len();
        status.since.get_or_insert_with(Instant::now);
    }

    /// Stores what waits; false when that failed and it goes on waiting.
    fn store(&mut self) -> bool {
        lock(&self.status).writing = Some(Instant::now());
        let is_stored = self.store_all();
        lock(&self.status).writing = None;
        is_stored
    }

    fn store_all(&mut self) -> bool {
        // A lease that another collector took over is found one at a time.
        loop {
            match self.try_store() {
                Ok(stored) => {
                    self.pending.clear();
                    self.holes.clear();
                    let mut status = lock(&self.status);
                    status.stored += stored;
                    status.waiting = 0;
                    status.since = None;
                    status.failing = None;
                    return true;
                }
                Err(StoreError::Fenced(target)) => self.fenced(&target),
                Err(error) => {
                    tracing::warn!(%error, waiting = self.pending.len(), "the history store cannot be written");
                    lock(&self.status).failing = Some(error.to_string());
                    if self.store.as_ref().is_some_and(Store::is_closed) {
                        self.store = None;
                    }
                    return false;
                }
            }
        }
    }

    /// What was seen under a lost lease alone is the new holder's to store; the rest goes on waiting.
    fn fenced(&mut self, target: &str) {
        let fences = self.fences.get_or_insert_default();
        fences.retain(|fence| fence.target != target);
        let held = |name: &Arc<str>| fences.iter().any(|fence| fence.target == **name);
        self.pending.retain(|_, waiting| waiting.under.iter().any(held));
        lock(&self.status).fenced += 1;
    }

    /// Lets go of what is older than retention allows. One that fails is tried again with the next.
    fn prune(&mut self, keep_days: i64, now: i64) {
        let Some(store) = &mut self.store else { return };
        match store.prune(keep_days, now) {
            Ok(0) => {}
            Ok(gone) => {
                lock(&self.status).pruned += gone;
                if let Err(error) = store.scrub() {
                    tracing::warn!(%error, "what was removed is still in the log beside the file");
                }
            }
            Err(error) => tracing::warn!(%error, "old calls could not be removed"),
        }
    }

    /// Stores everything that waits in one transaction; how many calls.
    fn try_store(&mut self) -> Result<u64, StoreError> {
        // Where leases are used and none is held any more, nothing may be written: this collector was asleep.
        let asleep = self.fences.as_ref().is_some_and(Vec::is_empty);
        if asleep {
            return Ok(0);
        }
        let batch = Batch {
            calls: self.pending.values().map(|waiting| waiting.call.clone()).collect(),
            holes: self.holes.clone(),
            collected: self.rows.iter().copied().zip(self.collected.iter().copied()).collect(),
            fences: self.fences.clone().unwrap_or_default(),
        };
        let store = match &mut self.store {
            Some(store) => store,
            None => self.store.insert(Store::open(&self.location)?),
        };
        store.ingest(&batch)?;
        Ok(batch.calls.len() as u64)
    }
}
