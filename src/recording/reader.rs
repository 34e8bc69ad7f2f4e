//! The reading end: a stream of lines, out of a file that may be from another machine, another version, or torn off.

use super::{FORMAT, FilePlace, Header, Record, RecordingLine, VERSION, line::BadLine, members::Members};
use std::{
    fmt,
    fs::File,
    io::{
        self,
        ErrorKind::{InvalidData, InvalidInput, UnexpectedEof},
        Read,
    },
    path::{Path, PathBuf},
};

/// No honest line is longer; a hostile file must not fill the memory.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;

/// Why a file cannot be read as a recording.
#[derive(Debug)]
pub enum Error {
    /// It cannot be opened or read.
    Io(PathBuf, io::Error),
    /// It is something else.
    NotARecording(PathBuf, String),
    /// It is of a newer format.
    TooNew(PathBuf, u32),
    /// A line in the middle is broken. The number counts from 1, the header being the first.
    BadLine(PathBuf, u64, String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "cannot read {}: {error}", path.display()),
            Self::NotARecording(path, why) => write!(f, "{} is not a recording: {why}", path.display()),
            Self::TooNew(path, version) => write!(
                f,
                "{} is in recording format {version}; this program reads up to format {VERSION}. Use a newer Sidetone",
                path.display()
            ),
            Self::BadLine(path, number, why) => write!(f, "{}, line {number}: {why}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

/// How a recording ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tail {
    /// It was closed in order.
    Complete,
    /// The recorder was killed, or the file was cut: what follows is missing. The text says what was found.
    Torn(String),
}

/// Reads a recording from front to back.
#[derive(Debug)]
pub struct RecordingReader {
    header: Header,
    raw: RawLines,
    skipped: u64,
}

impl RecordingReader {
    /// Opens a recording and reads its header. A file that was decompressed is read as well.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|e| Error::Io(path.into(), e))?;
        Self::new(path, file)
    }

    /// Reads from `input`; `path` is what errors name.
    pub fn new(path: &Path, input: impl Read + Send + 'static) -> Result<Self, Error> {
        let mut raw = RawLines::new(path, Members::new(input))?;
        let not = |why: String| Error::NotARecording(path.into(), why);
        if !raw.advance()? {
            return Err(not(match raw.tail {
                Some(Tail::Torn(why)) if raw.any => why,
                _ => "it is empty".into(),
            }));
        }
        let found: serde_json::Value =
            serde_json::from_slice(&raw.line).map_err(|_| not("its first line is not a header".into()))?;
        if found.get("format").and_then(|f| f.as_str()) != Some(FORMAT) {
            return Err(not(format!("its first line does not say \"format\":\"{FORMAT}\"")));
        }
        // Before the rest is looked at: the header of a newer format may look different.
        match found.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version > u64::from(VERSION) => {
                return Err(Error::TooNew(path.into(), u32::try_from(version).unwrap_or(u32::MAX)));
            }
            _ => {}
        }
        let header = serde_json::from_value(found).map_err(|e| not(format!("its header is broken: {e}")))?;
        Ok(Self { header, raw, skipped: 0 })
    }

    /// Where the line begins that comes next.
    pub fn place(&self) -> FilePlace {
        self.raw.members.place()
    }

    /// Bytes of the file that were read so far.
    pub fn position(&self) -> u64 {
        self.raw.members.position()
    }

    /// A reader of the same file that goes on at `place`.
    ///
    /// # Errors
    /// The file cannot be opened or read.
    pub fn resume(&self, place: FilePlace) -> Result<Self, Error> {
        let path = &self.raw.path;
        let members = File::open(path).and_then(|file| Members::resume(file, place));
        Ok(Self { header: self.header.clone(), raw: RawLines::new(path, members)?, skipped: 0 })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// How the recording ended; known once the iteration is over.
    pub fn tail(&self) -> Option<&Tail> {
        self.raw.tail.as_ref()
    }

    /// Lines of kinds that this version does not know, skipped so far.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }
}

impl Iterator for RecordingReader {
    type Item = Result<RecordingLine, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.raw.tail.is_none() {
            let broken = match self.raw.advance() {
                Ok(false) => return None,
                Err(error) => error,
                Ok(true) => match RecordingLine::from_json(&self.raw.line) {
                    Ok(line) => {
                        self.raw.closed = line.record == Record::End;
                        return Some(Ok(line));
                    }
                    Err(BadLine::UnknownKind(_)) => {
                        self.skipped += 1;
                        continue;
                    }
                    Err(BadLine::Malformed(why)) => {
                        Error::BadLine(self.raw.path.clone(), self.raw.members.place().number(), why)
                    }
                },
            };
            self.raw.end(Tail::Torn(broken.to_string()));
            return Some(Err(broken));
        }
        None
    }
}

/// The lines of the file as bytes.
struct RawLines {
    path: PathBuf,
    members: Members,
    line: Vec<u8>,
    any: bool,
    closed: bool,
    tail: Option<Tail>,
}

impl fmt::Debug for RawLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawLines").field("path", &self.path).field("at", &self.members.place()).finish_non_exhaustive()
    }
}

impl RawLines {
    fn new(path: &Path, members: io::Result<Members>) -> Result<Self, Error> {
        let members = members.map_err(|e| Error::Io(path.into(), e))?;
        Ok(Self { path: path.into(), any: members.any, members, line: Vec::new(), closed: false, tail: None })
    }

    /// Reads the next whole line; false at the end, whichever it is.
    fn advance(&mut self) -> Result<bool, Error> {
        self.line.clear();
        match self.members.line(&mut self.line, LONGEST_LINE) {
            Ok(false) if self.closed => self.end(Tail::Complete),
            Ok(false) => self.end(Tail::Torn("it was not closed".into())),
            Ok(true) if self.line.last() == Some(&b'\n') => {
                self.line.pop();
                return Ok(true);
            }
            Ok(true) if self.line.len() as u64 >= LONGEST_LINE => {
                let number = self.members.place().number() + 1;
                return Err(Error::BadLine(self.path.clone(), number, "it is longer than 64 MiB".into()));
            }
            Ok(true) => self.end(Tail::Torn("the last line is cut off".into())),
            // What the decompressor says of a file that ends early or is damaged; the file system never says these.
            Err(e) if matches!(e.kind(), UnexpectedEof | InvalidInput | InvalidData) => {
                self.end(Tail::Torn(format!("the compressed data end early or are damaged ({e})")));
            }
            Err(e) => return Err(Error::Io(self.path.clone(), e)),
        }
        Ok(false)
    }

    fn end(&mut self, tail: Tail) {
        self.tail.get_or_insert(tail);
    }
}
