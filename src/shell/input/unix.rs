//! Reads the terminal in a thread of its own, all of it whenever there is something.

use super::{Stamped, parse::Parser};
use crossterm::event::Event;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use std::{
    io::{self, PipeReader, PipeWriter},
    os::fd::AsFd,
    thread,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;

/// A sequence that has begun goes on within this time; else Escape was a key.
const SEQUENCE: Duration = Duration::from_millis(25);
/// Between the pieces in which a terminal hands on what was pasted into it.
const PIECES: Duration = Duration::from_millis(10);
/// More than this at once was not typed; it may come in pieces.
const LARGE: usize = 256;
/// Of a paste that goes on, what is there is handed over when nothing more came for so long, or when it took so long.
const PART: Duration = Duration::from_millis(100);
const LONG_PART: Duration = Duration::from_millis(250);
/// A paste of which nothing more comes for so long after that has lost its end.
const PASTE: Duration = Duration::from_millis(900);
/// A burst does not grow beyond this many bytes.
const MOST: usize = 4 << 20;

/// The thread; it ends when this is dropped.
pub(super) struct InputReader {
    /// Its other end closes, and the thread hears of it.
    stop: Option<PipeWriter>,
    thread: Option<thread::JoinHandle<()>>,
}

impl InputReader {
    pub(super) fn start(bursts: mpsc::Sender<Stamped>) -> io::Result<Self> {
        Self::on(io::stdin(), bursts)
    }

    fn on(tty: impl AsFd + Send + 'static, bursts: mpsc::Sender<Stamped>) -> io::Result<Self> {
        let (stopped, stop) = io::pipe()?;
        let thread = thread::Builder::new().name("keys".into()).spawn(move || {
            // Gone or stopped, nothing more comes.
            _ = read(&tty, &stopped, &bursts);
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for InputReader {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            thread.join().ok();
        }
    }
}

/// What there was to wait for.
#[derive(PartialEq)]
enum Wait {
    Ready,
    Nothing,
    Stopped,
}

fn wait(tty: &impl AsFd, stop: &PipeReader, most: Option<Duration>) -> Result<Wait, Errno> {
    let until = most.map(|most| Instant::now() + most);
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let left = left.and_then(|left| Timespec::try_from(left).ok());
        let mut ends = [PollFd::new(tty, PollFlags::IN), PollFd::new(stop, PollFlags::IN)];
        match poll(&mut ends, left.as_ref()) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error),
            Ok(0) => return Ok(Wait::Nothing),
            Ok(_) if !ends[1].revents().is_empty() => return Ok(Wait::Stopped),
            Ok(_) => return Ok(Wait::Ready),
        }
    }
}

/// Until the terminal is gone, or nobody wants to know any more.
fn read(tty: &impl AsFd, stop: &PipeReader, bursts: &mpsc::Sender<Stamped>) -> Result<(), Errno> {
    let mut parser = Parser::default();
    let mut chunk = [0; 16 * 1024];
    loop {
        let patience = parser.is_in_paste().then_some(PASTE);
        let news = wait(tty, stop, patience)?;
        let began = Instant::now();
        let mut ended = began;
        let events = match news {
            Wait::Ready => read_all(tty, stop, &mut parser, &mut chunk, &mut ended)?,
            // The end of the paste was lost: what comes from now on are keys.
            Wait::Nothing => Some(parser.finish()),
            Wait::Stopped => None,
        };
        let Some(events) = events else { return Ok(()) };
        if !events.is_empty() && bursts.blocking_send(Stamped { began, ended, events }).is_err() {
            return Ok(());
        }
    }
}

/// What is there to be read, with what belongs to it, and when the last of it was; `None` when nobody wants to know any more.
fn read_all(
    tty: &impl AsFd,
    stop: &PipeReader,
    parser: &mut Parser,
    chunk: &mut [u8],
    ended: &mut Instant,
) -> Result<Option<Vec<Event>>, Errno> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    let began = Instant::now();
    loop {
        match rustix::io::read(tty, &mut *chunk) {
            // The terminal is gone.
            Ok(0) => return Ok(None),
            Ok(n) => {
                *ended = Instant::now();
                bytes += n;
                events.extend(parser.feed(&chunk[..n]));
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(error) => return Err(error),
        }
        let patience = match () {
            () if bytes >= MOST => Duration::ZERO,
            () if parser.is_in_paste() => PART.min(LONG_PART.saturating_sub(began.elapsed())),
            () if parser.is_in_sequence() => SEQUENCE,
            () if bytes >= LARGE => PIECES,
            () => Duration::ZERO,
        };
        let is_full = bytes >= MOST || (parser.is_in_paste() && patience.is_zero());
        match wait(tty, stop, Some(patience))? {
            Wait::Stopped => return Ok(None),
            Wait::Ready if !is_full => continue,
            Wait::Nothing if !parser.is_in_paste() => events.extend(parser.finish()),
            Wait::Ready | Wait::Nothing => events.extend(parser.part()),
        }
        return Ok(Some(events));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyCode;
    use std::io::Write;

    fn reader() -> (PipeWriter, mpsc::Receiver<Stamped>, InputReader) {
        let (tty, keys) = io::pipe().unwrap();
        let (hand_over, bursts) = mpsc::channel(4);
        (keys, bursts, InputReader::on(tty, hand_over).unwrap())
    }

    #[test]
    fn all_that_is_there_is_read_without_another_key() {
        let (mut keys, mut bursts, _reader) = reader();
        // More than a pipe holds at a time, so it comes in pieces.
        let text = "x".repeat(100_000) + "\r";
        keys.write_all(text.as_bytes()).unwrap();
        let mut events = Vec::new();
        while events.len() < text.len() {
            events.extend(bursts.blocking_recv().expect("the rest").events);
        }
        assert_eq!(events.len(), text.len());
        assert!(matches!(events.last(), Some(Event::Key(key)) if key.code == KeyCode::Enter));
    }

    #[test]
    fn a_lone_escape_is_a_key_and_a_cut_sequence_is_not() {
        let (mut keys, mut bursts, _reader) = reader();
        keys.write_all(b"\x1b").unwrap();
        let burst = bursts.blocking_recv().unwrap();
        assert!(matches!(burst.events[..], [Event::Key(key)] if key.code == KeyCode::Esc));
        keys.write_all(b"\x1b[200~one").unwrap();
        keys.write_all(b" two\x1b[20").unwrap();
        keys.write_all(b"1~.").unwrap();
        assert_eq!(pasted_until_a_key(&mut bursts), "one two");
    }

    /// The text of a paste, in however many parts it comes; a full stop is typed after it.
    fn pasted_until_a_key(bursts: &mut mpsc::Receiver<Stamped>) -> String {
        let mut text = String::new();
        loop {
            for event in bursts.blocking_recv().expect("the rest").events {
                match event {
                    Event::Paste(part) => text.push_str(&part),
                    Event::Key(key) if key.code == KeyCode::Char('.') => return text,
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    #[test]
    fn a_paste_without_an_end_is_handed_over_as_it_comes_and_ends_by_itself() {
        let (mut keys, mut bursts, _reader) = reader();
        keys.write_all(b"\x1b[200~one").unwrap();
        assert_eq!(bursts.blocking_recv().unwrap().events, [Event::Paste("one".into())], "without its end");
        keys.write_all(b" two").unwrap();
        assert_eq!(bursts.blocking_recv().unwrap().events, [Event::Paste(" two".into())]);
        // Longer than the end of a paste is waited for.
        thread::sleep((PART + PASTE) * 2);
        keys.write_all(b"q").unwrap();
        assert!(matches!(bursts.blocking_recv().unwrap().events[..], [Event::Key(_)]), "the keyboard is alive again");
    }

    #[test]
    fn it_ends_with_the_terminal_and_when_it_is_dropped() {
        let (keys, mut bursts, reader) = reader();
        drop(keys);
        assert!(bursts.blocking_recv().is_none());
        drop(reader);
        let (_keys, _bursts, reader) = self::reader();
        drop(reader);
    }
}
