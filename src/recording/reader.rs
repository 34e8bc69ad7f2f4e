//! The reading end: a stream of lines, out of a file that may be from another machine, another version, or torn off.

use super::{FORMAT, Header, Line, Record, VERSION, line::BadLine};
use flate2::read::MultiGzDecoder;
use std::{
    fmt,
    fs::File,
    io::{
        self, BufRead, BufReader,
        ErrorKind::{InvalidData, InvalidInput, UnexpectedEof},
        Read,
    },
    path::{Path, PathBuf},
};

/// No honest line is longer; a hostile file must not fill the memory.
const LONGEST_LINE: u64 = 64 * 1024 * 1024;
const BUFFER: usize = 128 * 1024;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

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
pub struct Reader {
    header: Header,
    raw: RawLines,
    skipped: u64,
}

impl Reader {
    /// Opens a recording and reads its header. A file that was decompressed is read as well.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|e| Error::Io(path.into(), e))?;
        Self::new(path, file)
    }

    /// Reads from `input`; `path` is what errors name.
    pub fn new(path: &Path, input: impl Read + Send + 'static) -> Result<Self, Error> {
        let mut raw = RawLines::new(path, input)?;
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

impl Iterator for Reader {
    type Item = Result<Line, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.raw.tail.is_none() {
            let broken = match self.raw.advance() {
                Ok(false) => return None,
                Err(error) => error,
                Ok(true) => match Line::from_json(&self.raw.line) {
                    Ok(line) => {
                        self.raw.closed = line.record == Record::End;
                        return Some(Ok(line));
                    }
                    Err(BadLine::UnknownKind(_)) => {
                        self.skipped += 1;
                        continue;
                    }
                    Err(BadLine::Malformed(why)) => Error::BadLine(self.raw.path.clone(), self.raw.number, why),
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
    input: Box<dyn BufRead + Send>,
    line: Vec<u8>,
    number: u64,
    any: bool,
    closed: bool,
    tail: Option<Tail>,
}

impl fmt::Debug for RawLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawLines").field("path", &self.path).field("number", &self.number).finish_non_exhaustive()
    }
}

impl RawLines {
    fn new(path: &Path, input: impl Read + Send + 'static) -> Result<Self, Error> {
        let mut input = BufReader::with_capacity(BUFFER, input);
        let start = input.fill_buf().map_err(|e| Error::Io(path.into(), e))?;
        let any = !start.is_empty();
        let input: Box<dyn BufRead + Send> = if start.starts_with(&GZIP_MAGIC) {
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(input)))
        } else {
            Box::new(input)
        };
        Ok(Self { path: path.into(), input, line: Vec::new(), number: 0, any, closed: false, tail: None })
    }

    /// Reads the next whole line; false at the end, whichever it is.
    fn advance(&mut self) -> Result<bool, Error> {
        self.line.clear();
        match (&mut self.input).take(LONGEST_LINE).read_until(b'\n', &mut self.line) {
            Ok(0) if self.closed => self.end(Tail::Complete),
            Ok(0) => self.end(Tail::Torn("it was not closed".into())),
            Ok(_) if self.line.last() == Some(&b'\n') => {
                self.line.pop();
                self.number += 1;
                return Ok(true);
            }
            Ok(n) if n as u64 == LONGEST_LINE => {
                return Err(Error::BadLine(self.path.clone(), self.number + 1, "it is longer than 64 MiB".into()));
            }
            Ok(_) => self.end(Tail::Torn("the last line is cut off".into())),
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
