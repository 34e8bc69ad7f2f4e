//! From the bytes that a terminal sends to events.
//!
//! Our own, because the one of crossterm is bound to its event source, which leaves more than 1,024 bytes at once unread until the
//! next key press and does not say what was read together. The sequences: xterm's control sequences (ctlseqs) for keys,
//! mouse (X10, rxvt, SGR) and bracketed paste, and `CSI u` for terminals that send it unasked.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

const PASTE_ENDS: &[u8] = b"\x1b[201~";
/// No sequence is longer; what goes on beyond that is none.
const LONGEST: usize = 64;

/// Turns bytes into events; keeps what is not complete.
#[derive(Debug, Default)]
pub(in crate::shell) struct Parser {
    /// The beginning of a sequence.
    held: Vec<u8>,
    /// Text of a paste that has not ended yet.
    paste: Option<Vec<u8>>,
}

/// What the bytes begin with.
#[derive(Debug, PartialEq)]
enum Parsed {
    /// This many bytes are this event, or nothing that we know.
    Took(usize, Option<Event>),
    /// The beginning of a paste, of this many bytes.
    Paste(usize),
    /// More is needed.
    Incomplete,
}

impl Parser {
    /// Takes in what was read; the events that are complete.
    pub(in crate::shell) fn feed(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        let mut held = std::mem::take(&mut self.held);
        let joined: &[u8] = if held.is_empty() {
            bytes
        } else {
            held.extend_from_slice(bytes);
            &held
        };
        let mut rest = joined;
        while !rest.is_empty() {
            if let Some(mut text) = self.paste.take() {
                // The end marker may be cut in two.
                let from = text.len().saturating_sub(PASTE_ENDS.len() - 1);
                text.extend_from_slice(rest);
                let Some(at) = memchr::memmem::find(&text[from..], PASTE_ENDS).map(|at| from + at) else {
                    self.paste = Some(text);
                    break;
                };
                rest = &rest[rest.len() - (text.len() - at - PASTE_ENDS.len())..];
                events.push(Event::Paste(String::from_utf8_lossy(&text[..at]).into_owned()));
                continue;
            }
            match step(rest) {
                Parsed::Took(n, event) => {
                    events.extend(event);
                    rest = &rest[n..];
                }
                Parsed::Paste(n) => {
                    self.paste = Some(Vec::new());
                    rest = &rest[n..];
                }
                Parsed::Incomplete => {
                    self.held = rest.to_vec();
                    break;
                }
            }
        }
        events
    }

    /// Something has begun that is not complete.
    pub(super) fn is_in_sequence(&self) -> bool {
        !self.held.is_empty()
    }

    /// A paste has begun and not ended.
    pub(super) fn is_in_paste(&self) -> bool {
        self.paste.is_some()
    }

    /// What is there of a paste that goes on, up to where nothing that follows can change it.
    pub(super) fn part(&mut self) -> Option<Event> {
        let text = self.paste.as_mut()?;
        let rest = text.split_off(settled(text));
        let part = std::mem::replace(text, rest);
        (!part.is_empty()).then(|| Event::Paste(String::from_utf8_lossy(&part).into_owned()))
    }

    /// Nothing more came in time: Escape was a key, and a paste ends where it is.
    pub(in crate::shell) fn finish(&mut self) -> Vec<Event> {
        if let Some(text) = self.paste.take() {
            let rest = (!text.is_empty()).then(|| Event::Paste(String::from_utf8_lossy(&text).into_owned()));
            return rest.into_iter().collect();
        }
        match std::mem::take(&mut self.held).as_slice() {
            [0x1b] => vec![key(KeyCode::Esc, KeyModifiers::NONE)],
            [0x1b, c @ (b'[' | b'O')] => vec![key(KeyCode::Char(char::from(*c)), KeyModifiers::ALT)],
            _ => Vec::new(),
        }
    }
}

/// Bytes of a paste before what may be the beginning of its end marker, of a line break or of a character.
fn settled(text: &[u8]) -> usize {
    let marker = (1..PASTE_ENDS.len()).rev().find(|n| text.ends_with(&PASTE_ENDS[..*n])).unwrap_or(0);
    let end = text.len() - marker;
    if text[..end].ends_with(b"\r") {
        return end - 1;
    }
    // A character in UTF-8 has four bytes at most.
    let near = end.saturating_sub(3);
    let Some(lead) = text[near..end].iter().rposition(|b| *b >= 0xc0).map(|at| near + at) else { return end };
    match std::str::from_utf8(&text[lead..end]) {
        Err(error) if error.error_len().is_none() => lead,
        _ => end,
    }
}

fn key(code: KeyCode, modifiers: KeyModifiers) -> Event {
    Event::Key(KeyEvent::new(code, modifiers))
}

fn step(bytes: &[u8]) -> Parsed {
    let plain = |code| Parsed::Took(1, Some(key(code, KeyModifiers::NONE)));
    let ctrl = |c: u8| Parsed::Took(1, Some(key(KeyCode::Char(char::from(c)), KeyModifiers::CONTROL)));
    match bytes {
        [] => Parsed::Incomplete,
        [0x1b] => Parsed::Incomplete,
        [0x1b, 0x1b, ..] => plain(KeyCode::Esc),
        [0x1b, b'[', ..] => csi(bytes),
        [0x1b, b'O', ..] => ss3(bytes),
        [0x1b, rest @ ..] => match step(rest) {
            Parsed::Took(n, Some(Event::Key(mut event))) => {
                event.modifiers |= KeyModifiers::ALT;
                Parsed::Took(n + 1, Some(Event::Key(event)))
            }
            Parsed::Took(n, event) => Parsed::Took(n + 1, event),
            other => other,
        },
        [b'\r', ..] => plain(KeyCode::Enter),
        [b'\t', ..] => plain(KeyCode::Tab),
        [0x7f, ..] => plain(KeyCode::Backspace),
        [0, ..] => ctrl(b' '),
        [c @ 0x01..=0x1a, ..] => ctrl(c - 1 + b'a'),
        [c @ 0x1c..=0x1f, ..] => ctrl(c - 0x1c + b'4'),
        _ => letter(bytes),
    }
}

/// A character in UTF-8; a byte that is none is skipped.
fn letter(bytes: &[u8]) -> Parsed {
    let start = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.valid_up_to() > 0 => std::str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default(),
        Err(error) if error.error_len().is_none() => return Parsed::Incomplete,
        Err(error) => return Parsed::Took(error.error_len().unwrap_or(1), None),
    };
    let Some(c) = valid.chars().next() else { return Parsed::Took(1, None) };
    let modifiers = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    Parsed::Took(c.len_utf8(), Some(key(KeyCode::Char(c), modifiers)))
}

/// `ESC O` and a letter: keys of the keypad in application mode.
fn ss3(bytes: &[u8]) -> Parsed {
    let Some(last) = bytes.get(2) else { return Parsed::Incomplete };
    match cursor_key(*last).or((*last == b'M').then_some(KeyCode::Enter)) {
        Some(code) => Parsed::Took(3, Some(key(code, KeyModifiers::NONE))),
        None => Parsed::Took(2, Some(key(KeyCode::Char('O'), KeyModifiers::ALT))),
    }
}

fn cursor_key(last: u8) -> Option<KeyCode> {
    Some(match last {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P' => KeyCode::F(1),
        b'Q' => KeyCode::F(2),
        b'R' => KeyCode::F(3),
        b'S' => KeyCode::F(4),
        _ => return None,
    })
}

/// `ESC [`, parameters, and the byte that ends them.
fn csi(bytes: &[u8]) -> Parsed {
    match &bytes[2..] {
        [b'M', buttons, x, y, ..] => {
            let less = |byte: &u8, n| u16::from(*byte).checked_sub(n);
            let cell = less(x, 33).zip(less(y, 33));
            return Parsed::Took(6, cell.and_then(|(x, y)| mouse(less(buttons, 32)?, x, y, false)));
        }
        [b'M', ..] => return Parsed::Incomplete,
        // F1 to F5 of the Linux console.
        [b'[', last @ b'A'..=b'E', ..] => {
            return Parsed::Took(4, Some(key(KeyCode::F(1 + last - b'A'), KeyModifiers::NONE)));
        }
        [b'['] => return Parsed::Incomplete,
        _ => {}
    }
    let near = &bytes[2..bytes.len().min(LONGEST)];
    let Some(length) = near.iter().position(|b| !(0x20..=0x3f).contains(b)) else {
        return if bytes.len() >= LONGEST { Parsed::Took(LONGEST, None) } else { Parsed::Incomplete };
    };
    let end = 2 + length;
    if !(0x40..=0x7e).contains(&bytes[end]) {
        // Something else begins in the middle of it.
        return Parsed::Took(end, None);
    }
    let parameters = std::str::from_utf8(&bytes[2..end]).unwrap_or_default();
    if (parameters, bytes[end]) == ("200", b'~') {
        return Parsed::Paste(end + 1);
    }
    Parsed::Took(end + 1, sequence(parameters, bytes[end]))
}

fn sequence(parameters: &str, last: u8) -> Option<Event> {
    if let Some(report) = parameters.strip_prefix('<') {
        let [buttons, x, y] = numbers(report)?;
        return mouse(buttons, x.checked_sub(1)?, y.checked_sub(1)?, last == b'm')
            .filter(|_| matches!(last, b'M' | b'm'));
    }
    let mut fields = parameters.split(';');
    let first = fields.next().unwrap_or_default();
    let second = fields.next().unwrap_or_default();
    let number = |field: &str| field.split(':').next().and_then(|n| n.parse::<u32>().ok());
    let modifiers = modifiers(number(second).unwrap_or(1));
    match last {
        b'M' => {
            let [buttons, x, y] = numbers(parameters)?;
            mouse(buttons.checked_sub(32)?, x.checked_sub(1)?, y.checked_sub(1)?, false)
        }
        b'I' if parameters.is_empty() => Some(Event::FocusGained),
        b'O' if parameters.is_empty() => Some(Event::FocusLost),
        b'Z' => Some(key(KeyCode::BackTab, KeyModifiers::SHIFT)),
        // Where the cursor is: an answer, no key.
        b'R' if first != "1" => None,
        b'u' => coded(number(first)?, modifiers, second),
        // The end of a paste whose beginning was not, or no longer, known as one.
        b'~' if first == "201" => Some(Event::Paste(String::new())),
        b'~' if first == "27" => coded(number(fields.next()?)?, modifiers, ""),
        b'~' => Some(key(numbered(number(first)?)?, modifiers)),
        _ if matches!(first, "" | "1") => Some(key(cursor_key(last)?, modifiers)),
        _ => None,
    }
}

/// Three numbers with semicolons between them.
fn numbers(text: &str) -> Option<[u16; 3]> {
    let mut fields = text.split(';').map(|n| n.parse().ok());
    Some([fields.next()??, fields.next()??, fields.next()??])
}

/// The keys that end in `~`.
fn numbered(n: u32) -> Option<KeyCode> {
    Some(match n {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => KeyCode::F((n - 10) as u8),
        17..=21 => KeyCode::F((n - 11) as u8),
        23..=26 => KeyCode::F((n - 12) as u8),
        28..=29 => KeyCode::F((n - 13) as u8),
        31..=34 => KeyCode::F((n - 14) as u8),
        _ => return None,
    })
}

/// A key named by its character, as `CSI u` does.
fn coded(code: u32, modifiers: KeyModifiers, second: &str) -> Option<Event> {
    let code = match char::from_u32(code)? {
        '\r' => KeyCode::Enter,
        '\t' if modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
        '\t' => KeyCode::Tab,
        '\u{1b}' => KeyCode::Esc,
        '\u{8}' | '\u{7f}' => KeyCode::Backspace,
        // Keys of the keypad and others that stand for no character.
        '\u{e000}'..='\u{f8ff}' => return None,
        c if c.is_control() => return None,
        c => KeyCode::Char(c),
    };
    let kind = match second.split_once(':') {
        Some((_, "2")) => KeyEventKind::Repeat,
        Some((_, "3")) => KeyEventKind::Release,
        _ => KeyEventKind::Press,
    };
    Some(Event::Key(KeyEvent::new_with_kind(code, modifiers, kind)))
}

/// Shift, Alt and Ctrl, counted from 1.
fn modifiers(n: u32) -> KeyModifiers {
    let bits = n.saturating_sub(1);
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)] {
        modifiers.set(modifier, bits & bit != 0);
    }
    modifiers
}

fn mouse(code: u16, column: u16, row: u16, released: bool) -> Option<Event> {
    let button = |n| match n {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        _ => MouseButton::Right,
    };
    let moves = code & 0x20 != 0;
    let kind = match (code & 0x03) | ((code & 0xc0) >> 4) {
        n @ 0..=2 if moves => MouseEventKind::Drag(button(n)),
        n @ 0..=2 if released => MouseEventKind::Up(button(n)),
        n @ 0..=2 => MouseEventKind::Down(button(n)),
        3..=5 if moves => MouseEventKind::Moved,
        3 => MouseEventKind::Up(MouseButton::Left),
        4 => MouseEventKind::ScrollUp,
        5 => MouseEventKind::ScrollDown,
        6 => MouseEventKind::ScrollLeft,
        7 => MouseEventKind::ScrollRight,
        _ => return None,
    };
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)] {
        modifiers.set(modifier, code & bit != 0);
    }
    Some(Event::Mouse(MouseEvent { kind, column, row, modifiers }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::key::Key, shell::terminal};
    use proptest::prelude::*;

    fn events(bytes: &[u8]) -> Vec<Event> {
        let mut parser = Parser::default();
        let mut events = parser.feed(bytes);
        events.extend(parser.finish());
        events
    }

    /// Keys in our own notation, separated by spaces.
    fn keys(bytes: &[u8]) -> String {
        let name = |event: &Event| match event {
            Event::Key(key) => terminal::key(*key).map_or("?".into(), |key: Key| key.to_string()),
            other => format!("{other:?}"),
        };
        events(bytes).iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_of_xterm_rxvt_and_the_linux_console() {
        for (bytes, expected) in [
            (&b"aG "[..], "a G space"),
            ("é漢".as_bytes(), "é 漢"),
            (b"\r\n\t\x7f\x08\x03\x00\x1f", "enter ctrl-j tab backspace ctrl-h ctrl-c ctrl-space ctrl-7"),
            (b"\x1b", "esc"),
            (b"\x1b\x1b", "esc esc"),
            (b"\x1b\x1b[A", "esc up"),
            (b"\x1b\r\x1bu", "alt-enter alt-u"),
            (b"\x1b[A\x1b[B\x1b[C\x1b[D\x1b[H\x1b[F", "up down right left home end"),
            (b"\x1bOA\x1bOP\x1bOS", "up f1 f4"),
            (b"\x1b[1;2A\x1b[1;5C\x1b[1;3D\x1b[1;6H", "shift-up ctrl-right alt-left ctrl-shift-home"),
            (b"\x1b[1~\x1b[2~\x1b[3~\x1b[4~\x1b[5~\x1b[6~", "home insert delete end pageup pagedown"),
            (b"\x1b[11~\x1b[15~\x1b[17~\x1b[21~\x1b[24~\x1b[3;5~", "f1 f5 f6 f10 f12 ctrl-delete"),
            (b"\x1b[[A\x1b[[E", "f1 f5"),
            (b"\x1b[Z\x1b[13;5u\x1b[97;5u\x1b[27;5;13~", "shift-tab ctrl-enter ctrl-a ctrl-enter"),
            (b"\x1b[1;1R\x1b[24;80R\x1b[?62;c", "f3"),
            (b"x\x1b[201~y", "x Paste(\"\") y"),
        ] {
            assert_eq!(keys(bytes), expected, "{}", String::from_utf8_lossy(bytes).escape_debug());
        }
    }

    #[test]
    fn the_mouse_in_three_notations_and_never_at_coordinate_zero() {
        let at = |kind, column, row| Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
        let (down, up) = (MouseEventKind::Down(MouseButton::Left), MouseEventKind::Up(MouseButton::Left));
        assert_eq!(events(b"\x1b[<0;3;4M\x1b[<0;3;4m"), [at(down, 2, 3), at(up, 2, 3)]);
        assert_eq!(
            events(b"\x1b[<64;1;1M\x1b[<65;1;1M"),
            [at(MouseEventKind::ScrollUp, 0, 0), at(MouseEventKind::ScrollDown, 0, 0)]
        );
        assert_eq!(events(b"\x1b[M !!"), [at(down, 0, 0)]);
        assert_eq!(events(b"\x1b[32;3;4M"), [at(down, 2, 3)]);
        assert_eq!(events(b"\x1b[<0;0;0M\x1b[<0;0;5M\x1b[32;0;1M\x1b[M \x20!"), [], "no such cell");
        assert_eq!(keys(b"\x1b[<0;0;0Mj"), "j", "what follows is read");
    }

    #[test]
    fn the_parts_of_a_paste_are_the_paste_wherever_they_are_taken() {
        let text = "gold\r\nsilver\r\u{1b}[20 é漢🎉\u{1b}[";
        let bytes = format!("\u{1b}[200~{text}\u{1b}[201~").into_bytes();
        for every in 1..bytes.len() {
            let mut parser = Parser::default();
            let mut events = Vec::new();
            for piece in bytes.chunks(every) {
                events.extend(parser.feed(piece));
                events.extend(parser.part());
            }
            let parts = events.iter().map(|event| match event {
                Event::Paste(part) => {
                    assert!(!part.ends_with('\r'), "{part:?}: a line break in two parts");
                    part.as_str()
                }
                other => panic!("{other:?}"),
            });
            assert_eq!(parts.collect::<String>(), text, "in pieces of {every}");
            assert!(!parser.is_in_paste());
        }
    }

    #[test]
    fn a_paste_is_one_event_however_it_is_cut() {
        let text = "gold\r\nsilver \u{1b}[A é".repeat(50);
        let bytes = [b"\x1b[200~", text.as_bytes(), b"\x1b[201~j"].concat();
        let whole = events(&bytes);
        assert_eq!(whole[0], Event::Paste(text));
        assert_eq!(whole.len(), 2);
        for cut in [1, 3, 7, 100] {
            let mut parser = Parser::default();
            let mut cut_up: Vec<Event> = bytes.chunks(cut).flat_map(|chunk| parser.feed(chunk)).collect();
            assert!(!parser.is_in_paste());
            cut_up.extend(parser.finish());
            assert_eq!(cut_up, whole, "in pieces of {cut}");
        }
    }

    #[test]
    fn a_paste_without_an_end_does_not_take_the_keyboard_for_ever() {
        let mut parser = Parser::default();
        assert_eq!(parser.feed(b"\x1b[200~gold"), []);
        assert!(parser.is_in_paste());
        assert_eq!(parser.finish(), [Event::Paste("gold".into())]);
        assert_eq!(parser.feed(b"j").len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_give_the_same_events_however_they_are_cut(
            bytes in prop::collection::vec(
                prop_oneof![3 => prop::sample::select(b"\x1b[<>;:0123456789~MmABuOR\r \xc3\xa9\xff!".to_vec()), 1 => any::<u8>()], 0..200,
            ),
            cuts in prop::collection::vec(1usize..20, 1..20),
        ) {
            let whole = events(&bytes);
            let mut parser = Parser::default();
            let (mut rest, mut cut_up) = (bytes.as_slice(), Vec::new());
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                cut_up.extend(parser.feed(now));
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            cut_up.extend(parser.finish());
            prop_assert_eq!(cut_up, whole);
        }
    }
}
