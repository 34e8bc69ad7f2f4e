//! A copy of a recording that is safe to hand on.
//!
//! Same lines, shapes, lengths, times and findings; no personal value. The file is read twice: once to learn every
//! original, once to replace each by a made-up text of its shape. Deny by default: a string stays only in a field, and
//! with a word, of the published lists ([`words`]).

mod facts;
mod json;
mod lines;
mod originals;
mod pseudonym;
mod segments;
mod times;
mod walk;
pub mod words;

pub use pseudonym::PseudonymSalt;

use super::{CreateError, Header, ReadError, Record, Recorder, RecordingReader, Summary, Tail};
use crate::domain::At;
use jiff::SignedDuration;
use lines::{Collect, Figures, Replace};
use std::{collections::HashSet, fmt, path::Path, time::Duration};
use words::MARKERS;

/// Why a copy could not be made.
#[derive(Debug)]
pub enum Error {
    /// The recording.
    Read(ReadError),
    /// The copy.
    Create(CreateError),
    /// The copy, later on.
    Write(String),
    /// Both names are one file.
    Same,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Create(error) => error.fmt(f),
            Self::Write(error) => write!(f, "the copy could not be written: {error}"),
            Self::Same => f.write_str("the copy needs another name than the recording"),
        }
    }
}

impl std::error::Error for Error {}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedactReport {
    /// Lines of the copy.
    pub lines: u64,
    /// Different texts that were replaced.
    pub originals: usize,
    /// Key presses and pastes, which are left out: nobody can tell what was typed into which field.
    pub typed: u64,
    /// Texts in which an original of four characters or more appears by coincidence, because no other text of that
    /// shape was left. 0 but for recordings with very many short numbers.
    pub coincidences: u64,
    /// Attribute keys that are personal data themselves, and were replaced.
    pub keys: usize,
    /// Those of the kept keys that the recording holds.
    pub kept: Vec<String>,
    /// Attribute keys and names of members that stay and hold an original value.
    pub remaining: Vec<String>,
    /// How the recording ended; a torn one makes a copy of what can be read.
    pub tail: Tail,
    /// The copy.
    pub summary: Summary,
}

/// How a copy is made.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Keys whose values stay as they are.
    pub keep: Vec<String>,
    /// A file of the copy's name may go.
    pub replace: bool,
    /// What the made-up texts follow from.
    pub salt: PseudonymSalt,
    /// Move all times by one span, which follows from the salt: up to a year back, to the second.
    pub shift_times: bool,
}

/// The longest move of times, in seconds.
const LONGEST_SHIFT: u64 = 365 * 24 * 3600;

/// Copies the recording `from` to the new file `to`.
///
/// # Errors
/// When one of the two cannot be read or written, or both are one file.
pub fn redact(from: &Path, to: &Path, wishes: &Wishes) -> Result<RedactReport, Error> {
    let (keep, replace) = (&wishes.keep, wishes.replace);
    let shift = match wishes.shift_times {
        true => SignedDuration::from_secs(-1 - wishes.salt.below("times", LONGEST_SHIFT) as i64),
        false => SignedDuration::ZERO,
    };
    if from.canonicalize().is_ok_and(|from| to.canonicalize().is_ok_and(|to| to == from)) {
        return Err(Error::Same);
    }
    let keep: HashSet<String> = keep.iter().cloned().collect();
    let mut collect = Collect::new(&keep);
    let mut first = RecordingReader::open(from).map_err(Error::Read)?;
    let header = first.header().clone();
    collect.header(&header);
    for line in first.by_ref() {
        collect.record(&line.map_err(Error::Read)?.record);
    }
    let mut replacer = Replace::new(collect, wishes.salt, shift);
    let mut second = RecordingReader::open(from).map_err(Error::Read)?;
    let moved = |at: At| At { wall: at.wall.checked_add(shift).unwrap_or(at.wall), ..at };
    let start = moved(At { mono: Duration::from_micros(header.started_us), wall: header.started });
    let mut sorted: Vec<String> = keep.iter().cloned().collect();
    sorted.sort_unstable();
    let header = Header { redacted: true, kept: sorted, ..replacer.header(&header) };
    let mut copy = Recorder::create(to, &header, start, replace).map_err(Error::Create)?;
    let mut typed = 0;
    for line in second.by_ref() {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                // Half a copy must not look like a whole one.
                copy.abandon();
                return Err(Error::Read(error));
            }
        };
        match replacer.record(line.record) {
            // The copy ends with its own.
            Some(Record::End) => {}
            Some(record) => copy.push_waiting(moved(line.at), record),
            None => typed += 1,
        }
    }
    let tail = second.tail().cloned().unwrap_or(Tail::Complete);
    let summary = match tail {
        Tail::Complete => copy.finish(),
        // A torn recording makes a torn copy: what is missing at its end must not look like an orderly one.
        Tail::Torn(_) => copy.abandon(),
    };
    if let Some(error) = &summary.status.failed {
        return Err(Error::Write(error.clone()));
    }
    let Figures { originals, coincidences, keys, kept, remaining } = replacer.figures();
    Ok(RedactReport {
        lines: summary.status.lines,
        originals,
        typed,
        coincidences,
        keys,
        kept,
        remaining,
        tail,
        summary,
    })
}

/// Makes up texts for single values, as a copy of a recording would hold them.
#[derive(Debug)]
pub struct Masker(pseudonym::Pseudonyms);

impl Masker {
    /// For these originals: none of four characters or more stands in what is made up.
    pub fn new<'a>(originals: impl Iterator<Item = &'a str>) -> Self {
        let mut all = originals::Originals::default();
        originals.for_each(|text| all.add(text));
        Self(pseudonym::Pseudonyms::new(all, PseudonymSalt::random()))
    }

    /// The text that takes the place of this one: of its shape, length and kind, and the same each time.
    pub fn text(&mut self, text: &str) -> String {
        self.0.text(text)
    }
}

/// Stands for no value, or for nothing at all: such a text is kept.
fn is_marker(text: &str) -> bool {
    let text = text.trim();
    MARKERS.iter().any(|marker| marker.eq_ignore_ascii_case(text))
}

/// Holds nothing of a person: a marker, or no letter and no digit.
fn stays(text: &str) -> bool {
    is_marker(text) || !text.contains(char::is_alphanumeric)
}

#[cfg(test)]
mod tests;
