//! The writing end. The loop hands lines over and never waits: a thread of its own serialises, compresses and writes.
//!
//! What is written is flushed through the compressor within half a second, so a recorder that is killed leaves a file
//! that reads up to there. When the disk is slower than the stream, lines are let go, counted, and the count is
//! written into the recording as soon as there is room.

use super::{Header, Record, RecordingLine};
use crate::domain::At;
use flate2::{Compression, write::GzEncoder};
use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// What may wait for the disk: lines, and their bytes.
const QUEUE_LINES: usize = 16 * 1024;
const QUEUE_BYTES: usize = 64 * 1024 * 1024;
/// No line waits longer than this in the compressor, however steady the stream: well within the half second that a
/// recording may lose when its program is killed.
const FLUSH_AFTER: Duration = Duration::from_millis(250);
/// Uncompressed bytes after which they are pushed to the file sooner.
const FLUSH_BYTES: usize = 256 * 1024;
/// Uncompressed bytes after which a new gzip member begins: a place from which a replay can read without what was before.
const MEMBER_BYTES: usize = 4 * 1024 * 1024;

/// Why a recording could not be begun.
#[derive(Debug)]
pub enum CreateError {
    /// The file is there and nobody said that it may be replaced.
    Exists(PathBuf),
    /// A device or something else that is no plain file is there: whatever was said, it is not replaced.
    NotAFile(PathBuf),
    /// The file system said no.
    Io(PathBuf, io::Error),
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(path) => {
                write!(f, "{} exists already; choose another name", path.display())
            }
            Self::NotAFile(path) => write!(f, "{} is not a plain file, and is left alone", path.display()),
            Self::Io(path, error) => write!(f, "cannot write {}: {error}", path.display()),
        }
    }
}

impl std::error::Error for CreateError {}

/// How a recording is going.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordingStatus {
    /// Lines handed over so far.
    pub lines: u64,
    /// Lines let go because the disk was too slow, or after it failed.
    pub lost: u64,
    /// Bytes in the file.
    pub bytes: u64,
    /// Writing ended early, and why.
    pub failed: Option<String>,
}

/// What was recorded, at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The file that was written.
    pub path: PathBuf,
    /// The final figures.
    pub status: RecordingStatus,
}

/// How a recording is going, for whoever does not own the recorder.
#[derive(Clone, Debug)]
pub struct RecordingProgress(Arc<Shared>);

impl RecordingProgress {
    /// The figures now.
    pub fn status(&self) -> RecordingStatus {
        let figure = |n: &AtomicU64| n.load(Ordering::Relaxed);
        RecordingStatus {
            lines: figure(&self.0.lines),
            lost: figure(&self.0.lost),
            bytes: figure(&self.0.file_bytes),
            failed: self.0.failed.get().cloned(),
        }
    }
}

#[derive(Debug, Default)]
struct Shared {
    lines: AtomicU64,
    lost: AtomicU64,
    queued_bytes: AtomicUsize,
    file_bytes: AtomicU64,
    failed: OnceLock<String>,
}

/// A recording being written. Dropping it closes the file in order.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    sender: Option<SyncSender<RecordingLine>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
    seq: u64,
    lost_untold: u64,
    last: At,
}

impl Recorder {
    /// Begins a recording in a new file that only its owner may read. `replace`: a file of that name may go.
    pub fn create(path: &Path, header: &Header, at: At, replace: bool) -> Result<Self, CreateError> {
        Reserved::new(path, replace)?.begin(header, at)
    }

    pub(super) fn on(file: File, path: &Path, header: &Header, at: At) -> Result<Self, CreateError> {
        let shared = Arc::new(Shared::default());
        let mut out = Out::new(file, shared.clone());
        let io = |e: io::Error| CreateError::Io(path.into(), e);
        // The header reaches the file before anything is said to be recorded.
        out.header(header).and_then(|()| out.flush()).map_err(io)?;
        let (sender, receiver) = sync_channel(QUEUE_LINES);
        let thread =
            std::thread::Builder::new().name("recorder".into()).spawn(move || out.run(&receiver)).map_err(io)?;
        Ok(Self {
            path: path.into(),
            sender: Some(sender),
            thread: Some(thread),
            shared,
            seq: 0,
            lost_untold: 0,
            last: at,
        })
    }

    /// Hands a line over. Never waits: what does not fit is let go, counted, and told in the recording.
    pub fn push(&mut self, at: At, record: Record) {
        self.last = at;
        if self.lost_untold > 0 && self.offer(at, Record::Lost { count: self.lost_untold }) {
            self.lost_untold = 0;
        }
        self.seq += 1;
        if self.lost_untold > 0 || !self.send(RecordingLine { seq: self.seq, at, record }) {
            self.count_lost();
            self.lost_untold += 1;
        }
        self.count();
    }

    /// Hands a line over and waits for room: for copies, where nothing else waits.
    pub(super) fn push_waiting(&mut self, at: At, record: Record) {
        self.last = at;
        self.seq += 1;
        let weight = record.weight();
        self.shared.queued_bytes.fetch_add(weight, Ordering::Relaxed);
        let line = RecordingLine { seq: self.seq, at, record };
        // Fails only when the thread has ended over an error, which `status` tells.
        if self.sender.as_ref().is_none_or(|sender| sender.send(line).is_err()) {
            self.count_lost();
        }
        self.count();
    }

    /// Closes the file without the line that says that it was closed in order.
    pub(super) fn abandon(mut self) -> Summary {
        self.sender = None;
        self.close();
        Summary { path: self.path.clone(), status: self.status() }
    }

    /// How it is going.
    pub fn status(&self) -> RecordingStatus {
        self.progress().status()
    }

    /// The figures for someone else, who may ask for them even when the recording has ended.
    pub fn progress(&self) -> RecordingProgress {
        RecordingProgress(self.shared.clone())
    }

    fn count(&self) {
        self.shared.lines.store(self.seq, Ordering::Relaxed);
    }

    fn count_lost(&self) {
        self.shared.lost.fetch_add(1, Ordering::Relaxed);
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what waits and closes the file.
    pub fn finish(mut self) -> Summary {
        self.close();
        Summary { path: self.path.clone(), status: self.status() }
    }

    fn offer(&mut self, at: At, record: Record) -> bool {
        let sent = self.send(RecordingLine { seq: self.seq + 1, at, record });
        self.seq += u64::from(sent);
        sent
    }

    fn send(&mut self, line: RecordingLine) -> bool {
        let weight = line.record.weight();
        let Some(sender) = &self.sender else { return false };
        if self.shared.failed.get().is_some() || self.shared.queued_bytes.load(Ordering::Relaxed) > QUEUE_BYTES {
            return false;
        }
        self.shared.queued_bytes.fetch_add(weight, Ordering::Relaxed);
        let sent = sender.try_send(line).is_ok();
        if !sent {
            self.shared.queued_bytes.fetch_sub(weight, Ordering::Relaxed);
        }
        sent
    }

    /// Here waiting is right: the loop has ended, or the operator stopped the recording.
    fn close(&mut self) {
        if let Some(sender) = self.sender.take() {
            if self.lost_untold > 0 {
                self.seq += 1;
                let lost = Record::Lost { count: std::mem::take(&mut self.lost_untold) };
                // Fails only when the thread has ended over an error, which `status` tells.
                let _ = sender.send(RecordingLine { seq: self.seq, at: self.last, record: lost });
            }
            self.seq += 1;
            let _ = sender.send(RecordingLine { seq: self.seq, at: self.last, record: Record::End });
        }
        self.count();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            let _ = self.shared.failed.set("the recorder stopped unexpectedly".into());
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.close();
    }
}

/// A place for a recording, taken before anything that takes long: what speaks against the file is known at once. A file
/// that is to be replaced stays whole until the recording begins; dropped before, nothing is left behind.
#[derive(Debug)]
pub struct Reserved {
    path: PathBuf,
    file: Option<Taken>,
}

#[derive(Debug)]
enum Taken {
    /// The file itself, empty.
    New(File),
    /// A file beside the one that it will replace.
    Beside(tempfile::NamedTempFile),
}

impl Reserved {
    /// Takes the place. `replace`: a file of that name may go.
    ///
    /// # Errors
    /// There is a file and it must not go, or the file system says no.
    pub fn new(path: &Path, replace: bool) -> Result<Self, CreateError> {
        let io = |e: io::Error| CreateError::Io(path.into(), e);
        // Also where a link leads to one: `/dev/stdout` is a link.
        if path.metadata().is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
            return Err(CreateError::NotAFile(path.into()));
        }
        let file = match path.symlink_metadata() {
            Ok(meta) if replace && meta.is_dir() => return Err(io(io::ErrorKind::IsADirectory.into())),
            Ok(_) if replace => {
                let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
                Taken::Beside(tempfile::Builder::new().prefix(".recording-").tempfile_in(dir).map_err(io)?)
            }
            _ => Taken::New(create_private(path, false)?),
        };
        Ok(Self { path: path.into(), file: Some(file) })
    }

    /// Begins the recording in it.
    ///
    /// # Errors
    /// The file system says no.
    pub fn begin(mut self, header: &Header, at: At) -> Result<Recorder, CreateError> {
        let io = |e: io::Error| CreateError::Io(self.path.clone(), e);
        let handle = match &self.file {
            Some(Taken::New(file)) => file.try_clone(),
            Some(Taken::Beside(file)) => file.as_file().try_clone(),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        let recorder = Recorder::on(handle.map_err(io)?, &self.path, header, at)?;
        if let Some(Taken::Beside(file)) = self.file.take() {
            file.persist(&self.path).map_err(|e| CreateError::Io(self.path.clone(), e.error))?;
        }
        Ok(recorder)
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(Taken::New(_)) = self.file {
            // It is empty, and ours; one that stays is only in the way.
            std::fs::remove_file(&self.path).ok();
        }
    }
}

/// The thread's side.
struct Out {
    encoder: GzEncoder<CountingFile>,
    shared: Arc<Shared>,
    unflushed: usize,
    /// When the oldest line that is not flushed was taken in.
    oldest: Option<Instant>,
    /// Uncompressed bytes of the present member.
    member: usize,
}

impl Out {
    fn new(file: File, shared: Arc<Shared>) -> Self {
        let encoder = encoder(CountingFile { file: Some(file), shared: shared.clone() });
        Self { encoder, shared, unflushed: 0, oldest: None, member: 0 }
    }

    fn header(&mut self, header: &Header) -> io::Result<()> {
        let mut json = serde_json::to_vec(header)?;
        json.push(b'\n');
        self.unflushed += json.len();
        self.encoder.write_all(&json)
    }

    fn run(mut self, lines: &Receiver<RecordingLine>) {
        if let Err(error) = self.pump(lines).and_then(|()| self.encoder.try_finish()) {
            // `set` fails only when a reason is there already.
            let _ = self.shared.failed.set(error.to_string());
        }
    }

    fn pump(&mut self, lines: &Receiver<RecordingLine>) -> io::Result<()> {
        loop {
            let waited = self.oldest.map_or(Duration::ZERO, |oldest| oldest.elapsed());
            if waited >= FLUSH_AFTER {
                self.flush()?;
                continue;
            }
            match lines.recv_timeout(FLUSH_AFTER - waited) {
                Ok(line) => {
                    self.oldest.get_or_insert_with(Instant::now);
                    self.shared.queued_bytes.fetch_sub(line.record.weight(), Ordering::Relaxed);
                    let mut json = line.to_json()?;
                    json.push(b'\n');
                    self.encoder.write_all(&json)?;
                    self.unflushed += json.len();
                    self.member += json.len();
                    if self.member >= MEMBER_BYTES {
                        self.next_member()?;
                    } else if self.unflushed >= FLUSH_BYTES {
                        self.flush()?;
                    }
                }
                Err(RecvTimeoutError::Timeout) => self.flush()?,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            }
        }
    }

    fn next_member(&mut self) -> io::Result<()> {
        self.encoder.try_finish()?;
        let done = self.encoder.get_mut();
        let next = CountingFile { file: done.file.take(), shared: done.shared.clone() };
        self.encoder = encoder(next);
        (self.unflushed, self.oldest, self.member) = (0, None, 0);
        Ok(())
    }

    /// Everything written so far can be read from the file afterwards, whatever happens to this process.
    fn flush(&mut self) -> io::Result<()> {
        if self.unflushed > 0 {
            self.encoder.flush()?;
            self.unflushed = 0;
        }
        self.oldest = None;
        Ok(())
    }
}

/// The compressor of a member.
fn encoder(out: CountingFile) -> GzEncoder<CountingFile> {
    GzEncoder::new(out, Compression::new(4))
}

/// Counts what reaches the file.
struct CountingFile {
    /// Gone once the next member has it.
    file: Option<File>,
    shared: Arc<Shared>,
}

impl Write for CountingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(file) = &mut self.file else { return Err(io::ErrorKind::BrokenPipe.into()) };
        let written = file.write(bytes)?;
        self.shared.file_bytes.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

/// A new file with mode 0600. An existing one is removed first when `replace` says so: reusing it would keep its mode
/// and follow a link that someone left there.
pub fn create_private(path: &Path, replace: bool) -> Result<File, CreateError> {
    if replace {
        match std::fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(CreateError::Io(path.into(), e)),
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map_err(|e| match e.kind() {
        io::ErrorKind::AlreadyExists => CreateError::Exists(path.into()),
        _ => CreateError::Io(path.into(), e),
    })
}
