//! Reads the console in a thread of its own, all of it whenever there is something.

use super::Stamped;
use crossterm::event;
use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// How often it is asked whether to end.
const ASKED: Duration = Duration::from_millis(100);

/// The thread; it ends when this is dropped.
pub(super) struct InputReader {
    stop: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl InputReader {
    pub(super) fn start(bursts: mpsc::Sender<Stamped>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = thread::Builder::new().name("keys".into()).spawn(move || {
            // Gone or stopped, nothing more comes.
            _ = read(&stopped, &bursts);
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for InputReader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

fn read(stopped: &AtomicBool, bursts: &mpsc::Sender<Stamped>) -> io::Result<()> {
    while !stopped.load(Ordering::SeqCst) {
        if !event::poll(ASKED)? {
            continue;
        }
        let read = Instant::now();
        let mut events = vec![event::read()?];
        while event::poll(Duration::ZERO)? {
            events.push(event::read()?);
        }
        if bursts.blocking_send(Stamped { began: read, ended: Instant::now(), events }).is_err() {
            break;
        }
    }
    Ok(())
}
