//! The thread that keeps a collector's leases: it divides the targets anew a few times within the time of a lease, and
//! tells the loop what it holds.

use super::error::StoreError;
use super::lease::{Division, Fence};
use super::schema::{Location, Store};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;

/// How long a lease holds without being renewed, unless the operator says otherwise: a collector that dies is replaced
/// within this time and a third of it.
pub(crate) const LEASE: Duration = Duration::from_secs(20);

/// Takeovers that are told again with each division.
const TOLD: usize = 256;

/// Further targets, and who waits until they were divided once.
type More = (Vec<String>, SyncSender<()>);

/// Keeps the leases until it is dropped; then it gives them up.
#[derive(Debug)]
pub(crate) struct Keeper {
    /// Further targets; it ends when this is dropped.
    more: Option<SyncSender<More>>,
    thread: Option<JoinHandle<()>>,
    division: watch::Receiver<Division>,
}

impl Keeper {
    /// Becomes one of those that divide the targets, of which there are none yet.
    pub(crate) fn start(location: &Location, holder: &str, lease: Duration) -> Result<Self, StoreError> {
        let mut store = Store::open(location)?;
        let mut targets: Vec<String> = Vec::new();
        let first = store.divide(holder, &targets, Vec::new(), lease)?;
        let (publish, division) = watch::channel(first.clone());
        let (more, added) = sync_channel::<More>(0);
        let (location, holder) = (location.clone(), holder.to_owned());
        let work = move || {
            let mut store = Some(store);
            let mut held = first.held;
            let mut abandoned = first.abandoned;
            loop {
                let mut waits = None;
                match added.recv_timeout(lease / 3) {
                    Ok((more, done)) => {
                        targets.extend(more);
                        waits = Some(done);
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
                match round(&mut store, &location, &holder, &targets, &held, lease) {
                    Ok(mut division) => {
                        held.clone_from(&division.held);
                        // Whoever looks seldom sees the newest division alone.
                        abandoned.append(&mut division.abandoned);
                        let excess = abandoned.len().saturating_sub(TOLD);
                        abandoned.drain(..excess);
                        division.abandoned.clone_from(&abandoned);
                        // Nobody hears it only when the program is ending.
                        _ = publish.send(division);
                    }
                    Err(error) => tracing::warn!(%error, "the leases could not be renewed"),
                }
                // Whoever waited may have gone with the program.
                waits.map(|done| done.send(()).ok());
            }
            if let Some(store) = &mut store {
                for fence in &held {
                    if let Err(error) = store.release(fence) {
                        tracing::warn!(%error, "a lease could not be given up; it ends by itself");
                    }
                }
            }
        };
        let thread = std::thread::Builder::new().name("leases".into()).spawn(work);
        let thread = thread.map_err(|error| StoreError::Failed(format!("no thread could be started: {error}")))?;
        Ok(Self { more: Some(more), thread: Some(thread), division })
    }

    /// Divides these as well from now on; returns when that was done once.
    pub(crate) fn add(&self, targets: Vec<String>) {
        let (done, wait) = sync_channel(1);
        if let Some(more) = &self.more
            && more.send((targets, done)).is_ok()
        {
            // The thread ends only with the keeper.
            _ = wait.recv();
        }
    }

    /// What is held, now and whenever it changes.
    pub(crate) fn division(&self) -> watch::Receiver<Division> {
        self.division.clone()
    }
}

fn round(
    store: &mut Option<Store>,
    location: &Location,
    holder: &str,
    targets: &[String],
    held: &[Fence],
    lease: Duration,
) -> Result<Division, StoreError> {
    if store.as_ref().is_some_and(Store::is_closed) {
        *store = None;
    }
    let open = match store {
        Some(open) => open,
        None => store.insert(Store::open(location)?),
    };
    open.divide(holder, targets, held.to_vec(), lease)
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.more = None;
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}
