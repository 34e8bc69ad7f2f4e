//! Output of a command that must end in time even when its reader does not read.
//!
//! A pipe that is full blocks whoever writes to it, for ever where nobody reads. So a thread of its own writes; the command
//! waits for it without blocking, and a timeout or a signal still ends the program. Nothing is dropped, and no more than
//! `GATHERED` piles up: while one piece is being written the next one gathers.

use super::stdout;
use std::{
    io::{self, Write},
    sync::mpsc,
    thread,
};
use tokio::sync::oneshot;

/// Beside the piece that is being written so much may gather; then the reader is waited for.
const GATHERED: usize = 256 * 1024;

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
    /// Has the text written as soon as the piece before it is, and waits for that only if much has gathered. The buffer comes
    /// back empty once its text is being written.
    ///
    /// # Errors
    /// Stdout cannot be written to; a closed one is of kind `BrokenPipe`.
    pub(super) async fn write(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
        if self.writing.as_ref().is_some_and(oneshot::Receiver::is_empty) && text.len() < GATHERED {
            return Ok(());
        }
        self.written().await?;
        self.begin(text)
    }

    /// Writes the text and waits until the reader's pipe has taken all of it.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub(super) async fn write_all(&mut self, text: &mut Vec<u8>) -> io::Result<()> {
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
            // Locked once: nobody else writes there.
            None => self.jobs.insert(start(stdout)?),
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

/// The thread ends with the last sender, or with the program while it waits for the reader. `open` is called on it: whoever holds a
/// lock of stdout cannot hand it to another thread.
fn start<W: Write>(open: impl FnOnce() -> W + Send + 'static) -> io::Result<mpsc::Sender<PrintJob>> {
    let (jobs, next) = mpsc::channel::<PrintJob>();
    let work = move || {
        let mut out = open();
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::io::Read;

    #[tokio::test]
    async fn while_a_reader_does_not_read_so_much_gathers_and_no_more_and_nothing_is_lost() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut printer = Printer { jobs: Some(start(|| writer).unwrap()), ..Printer::default() };
        // More than a pipe holds.
        let mut text = vec![b'a'; 4 << 20];
        printer.write(&mut text).now_or_never().expect("the first piece is handed over at once").unwrap();
        assert!(text.is_empty());
        text.extend([b'b'; GATHERED - 1]);
        printer.write(&mut text).now_or_never().expect("there is room for the next one").unwrap();
        assert_eq!(text.len(), GATHERED - 1, "it waits for the one before it");
        text.push(b'c');
        assert!(printer.write(&mut text).now_or_never().is_none(), "now the reader is waited for");
        assert_eq!(text.len(), GATHERED);
        let read = thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).map(|_| all)
        });
        printer.write_all(&mut text).await.unwrap();
        assert!(text.is_empty() && !printer.is_writing());
        drop(printer);
        let all = read.join().unwrap().unwrap();
        assert_eq!(all.len(), (4 << 20) + GATHERED);
        assert!(all.is_sorted() && all.ends_with(b"bc"));
    }
}
