//! The gzip members of a recording, each a place where reading can begin.

use flate2::bufread::GzDecoder;
use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
};

const BUFFER: usize = 128 * 1024;
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A place in a recording from which it can be read on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilePlace {
    /// Where the member begins, in bytes of the file.
    member: u64,
    /// Lines of the member that come before.
    lines: u64,
    /// Lines of the file that come before.
    number: u64,
}

impl FilePlace {
    /// Lines of the file that come before.
    pub fn number(&self) -> u64 {
        self.number
    }
}

/// What is read from; only a file can be read from the middle.
pub(super) trait Input: Read + Send {}
impl<T: Read + Send> Input for T {}

type Raw = CountingReader<BufReader<Box<dyn Input>>>;

/// Lines out of the members of a file, or out of a plain one.
pub(super) struct Members {
    source: Source,
    /// Where the present member begins.
    begins: u64,
    /// Line ends read of it.
    lines: u64,
    number: u64,
    /// The file holds something at all.
    pub(super) any: bool,
}

enum Source {
    Plain(Raw),
    Packed(BufReader<GzDecoder<Raw>>),
    /// Between two members, and at the end.
    None,
}

impl Members {
    pub(super) fn new(input: impl Read + Send + 'static) -> io::Result<Self> {
        Self::at(Box::new(input), 0)
    }

    /// Goes on in a file at `place`.
    pub(super) fn resume(mut file: File, place: FilePlace) -> io::Result<Self> {
        file.seek(SeekFrom::Start(place.member))?;
        let mut members = Self::at(Box::new(file), place.member)?;
        let mut skipped = Vec::new();
        while members.lines < place.lines && members.line(&mut skipped, u64::MAX)? {
            skipped.clear();
        }
        members.number = place.number;
        Ok(members)
    }

    fn at(input: Box<dyn Input>, begins: u64) -> io::Result<Self> {
        let mut raw = CountingReader { input: BufReader::with_capacity(BUFFER, input), count: begins };
        let start = raw.fill_buf()?;
        let (any, packed) = (!start.is_empty(), start.starts_with(&MAGIC));
        let source = if packed { packed_in(raw) } else { Source::Plain(raw) };
        Ok(Self { source, begins, lines: 0, number: 0, any })
    }

    /// Where the line begins that is read next.
    pub(super) fn place(&self) -> FilePlace {
        FilePlace { member: self.begins, lines: self.lines, number: self.number }
    }

    /// Bytes of the file that were read.
    pub(super) fn position(&self) -> u64 {
        match &self.source {
            Source::Plain(raw) => raw.count,
            Source::Packed(decoder) => decoder.get_ref().get_ref().count,
            Source::None => self.begins,
        }
    }

    /// Appends the next line to `line`, at most `limit` bytes of it; false at the end of the file. A line without its
    /// line feed is the last one, or is longer.
    pub(super) fn line(&mut self, line: &mut Vec<u8>, limit: u64) -> io::Result<bool> {
        loop {
            let left = limit.saturating_sub(line.len() as u64);
            match &mut self.source {
                Source::Plain(raw) => raw.take(left).read_until(b'\n', line)?,
                Source::Packed(decoder) => decoder.take(left).read_until(b'\n', line)?,
                Source::None => return Ok(!line.is_empty()),
            };
            if line.last() == Some(&b'\n') {
                self.lines += 1;
                self.number += 1;
                return Ok(true);
            }
            if line.len() as u64 >= limit {
                return Ok(true);
            }
            self.next_member()?;
        }
    }

    fn next_member(&mut self) -> io::Result<()> {
        let Source::Packed(decoder) = std::mem::replace(&mut self.source, Source::None) else { return Ok(()) };
        let mut raw = decoder.into_inner().into_inner();
        if raw.fill_buf()?.is_empty() {
            return Ok(());
        }
        (self.begins, self.lines) = (raw.count, 0);
        // What is no member is found out by the decoder.
        self.source = packed_in(raw);
        Ok(())
    }
}

fn packed_in(raw: Raw) -> Source {
    Source::Packed(BufReader::with_capacity(BUFFER, GzDecoder::new(raw)))
}

/// Counts what was taken.
struct CountingReader<R> {
    input: R,
    count: u64,
}

impl<R: BufRead> Read for CountingReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.input.read(buf)?;
        self.count += n as u64;
        Ok(n)
    }
}

impl<R: BufRead> BufRead for CountingReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.count += n as u64;
        self.input.consume(n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn packed(parts: &[&str]) -> Vec<u8> {
        let mut out = Vec::new();
        for part in parts {
            let mut encoder = GzEncoder::new(&mut out, Compression::fast());
            encoder.write_all(part.as_bytes()).unwrap();
            encoder.finish().unwrap();
        }
        out
    }

    fn rest(members: &mut Members) -> Vec<String> {
        let mut out = Vec::new();
        let mut line = Vec::new();
        while members.line(&mut line, 1000).unwrap() {
            out.push(String::from_utf8(std::mem::take(&mut line)).unwrap());
        }
        out
    }

    #[test]
    fn every_line_can_be_come_back_to() {
        // The second line lies in two members.
        for bytes in [packed(&["one\ntw", "o\nthree\n", "", "four\nfive"]), b"one\ntwo\nthree\nfour\nfive".to_vec()] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("x");
            std::fs::write(&path, &bytes).unwrap();
            let mut members = Members::new(File::open(&path).unwrap()).unwrap();
            let all = rest(&mut Members::new(File::open(&path).unwrap()).unwrap());
            assert_eq!(all, ["one\n", "two\n", "three\n", "four\n", "five"]);
            for i in 0..all.len() {
                let place = members.place();
                assert_eq!(place.number(), i as u64);
                let mut again = Members::resume(File::open(&path).unwrap(), place).unwrap();
                assert_eq!(again.place().number(), place.number());
                assert_eq!(rest(&mut again), all[i..]);
                members.line(&mut Vec::new(), 1000).unwrap();
            }
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_cut() {
        let mut members = Members::new(&b"0123456789\n"[..]).unwrap();
        let mut line = Vec::new();
        assert!(members.line(&mut line, 4).unwrap());
        assert_eq!(line, b"0123");
    }
}
