//! Output of a command that must end in time even when its reader does not read.
//!
//! A pipe that is full blocks whoever writes to it, for ever where nobody reads. So a thread of its own writes; the command
//! waits for it without blocking, and a timeout or a signal still ends the program. Nothing is dropped and nothing piles
//! up here: one piece is being written at a time.

use super::stdout;
use std::{
    io::{self, Write},
    sync::mpsc,
    thread,
};
use tokio::sync::oneshot;

/// What is to be written, and where the buffer goes back to.
type PrintJob = (Vec<u8>, oneshot::Sender<io::Result<Vec<u8>>>);

/// Writes to stdout on a thread of its own, which is started with the first piece.
#[derive(Debug, Default)]
pub(super) struct Printer {
    jobs: Option<mpsc::Sender<PrintJob>>,
    /// A piece is being written.
    writing: Option<oneshot::Receiver<io::Result<Vec<u8>>>>,
    /// The buffer of the last piece.
    spare: Vec<u8>,
}

impl Printer {
    /// Writes the text and waits until the reader's pipe has taken it. The buffer comes back empty.
    ///
    /// # Errors
    /// Stdout cannot be written to; a closed one is of kind `BrokenPipe`.
    pub(super) async fn write(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
        self.written().await?;
        self.begin(text)?;
        self.written().await
    }

    /// A piece is being written.
    pub(super) fn is_writing(&self) -> bool {
        self.writing.is_some()
    }

    /// Has the text written, after [`Self::written`]. The buffer comes back empty at once.
    ///
    /// # Errors
    /// No thread can be started, or it has ended.
    pub(super) fn begin(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
        if text.is_empty() {
            return Ok(());
        }
        let jobs = match &self.jobs {
            Some(jobs) => jobs,
            None => self.jobs.insert(start()?),
        };
        let (done, written) = oneshot::channel();
        let text = std::mem::replace(text, std::mem::take(&mut self.spare));
        jobs.send((text, done)).map_err(|_| ended())?;
        self.writing = Some(written);
        Ok(())
    }

    /// Waits until the reader's pipe has taken everything. May be broken off and called again.
    ///
    /// # Errors
    /// Stdout cannot be written to; a closed one is of kind `BrokenPipe`.
    pub(super) async fn written(&mut self) -> io::Result<()> {
        if let Some(writing) = &mut self.writing {
            let result = writing.await;
            self.writing = None;
            self.spare = result.map_err(|_| ended())??;
        }
        Ok(())
    }
}

fn ended() -> io::Error {
    io::Error::other("the thread that writes to stdout has ended")
}

/// The thread ends with the last sender, or with the program while it waits for the reader.
fn start() -> io::Result<mpsc::Sender<PrintJob>> {
    let (jobs, next) = mpsc::channel::<PrintJob>();
    let work = move || {
        // Locked once: nobody else writes here.
        let mut out = stdout();
        while let Ok((mut text, done)) = next.recv() {
            let result = out.write_all(&text).and_then(|()| out.flush());
            text.clear();
            // Whoever asked may have ended meanwhile.
            done.send(result.map(|()| text)).ok();
        }
    };
    thread::Builder::new().name("stdout".into()).spawn(work)?;
    Ok(jobs)
}
