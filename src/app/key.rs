//! Keys and their notation: `j`, `G`, `ctrl-s`, `alt-enter`, `shift-tab`, `space`, `f1`. The same words serve the table
//! of actions, the user's configuration, recordings and tests.

use std::{fmt, str::FromStr};

/// A key without its modifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A character, as typed: `G` is the upper-case letter, not shift and `g`.
    Char(char),
    /// Enter or Return.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// The key that deletes to the left.
    Backspace,
    /// The key that deletes to the right.
    Delete,
    /// Insert.
    Insert,
    /// Arrow.
    Up,
    /// Arrow.
    Down,
    /// Arrow.
    Left,
    /// Arrow.
    Right,
    /// Home.
    Home,
    /// End.
    End,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// A function key.
    F(u8),
}

/// Names of the keys that are not characters, and of the space.
const NAMES: &[(&str, Code)] = &[
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("insert", Code::Insert),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("home", Code::Home),
    ("end", Code::End),
    ("pageup", Code::PageUp),
    ("pagedown", Code::PageDown),
    ("space", Code::Char(' ')),
];

/// A key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// With Ctrl.
    pub ctrl: bool,
    /// With Alt.
    pub alt: bool,
    /// With Shift; never set for characters, where the character itself tells.
    pub shift: bool,
}

impl Key {
    /// A key in its one normal form: a shifted character is the character, a controlled letter is lower case.
    pub fn new(code: Code, ctrl: bool, alt: bool, shift: bool) -> Self {
        match code {
            Code::Char(c) if ctrl => Self { code: Code::Char(c.to_ascii_lowercase()), ctrl, alt, shift: false },
            Code::Char(c) if shift && c.is_ascii_lowercase() => {
                Self { code: Code::Char(c.to_ascii_uppercase()), ctrl, alt, shift: false }
            }
            Code::Char(_) => Self { code, ctrl, alt, shift: false },
            _ => Self { code, ctrl, alt, shift },
        }
    }

    /// A key without modifiers.
    pub fn plain(code: Code) -> Self {
        Self::new(code, false, false, false)
    }

    /// The character that this key types, if it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }

    /// It moves something and types nothing: no paste has it in it.
    pub(super) fn moves(self) -> bool {
        use Code::{Down, End, Home, Left, PageDown, PageUp, Right, Up};
        matches!(self.code, Up | Down | Left | Right | Home | End | PageUp | PageDown)
    }

    /// As drawn in hints: symbols where they are shorter and known (`⏎`, `⇥`, `↑`), in ASCII the notation.
    pub fn label(self, ascii: bool) -> String {
        let symbol = match self.code {
            _ if ascii => None,
            Code::Enter => Some("⏎"),
            Code::Tab => Some("⇥"),
            Code::Up => Some("↑"),
            Code::Down => Some("↓"),
            Code::Left => Some("←"),
            Code::Right => Some("→"),
            Code::Backspace => Some("⌫"),
            _ => None,
        };
        match symbol {
            Some(symbol) => format!("{}{symbol}", self.modifiers()),
            None => self.to_string(),
        }
    }

    fn modifiers(self) -> String {
        let mut out = String::new();
        for (on, word) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if on {
                out.push_str(word);
            }
        }
        out
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.modifiers())?;
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => f.write_str(name),
            (None, Code::Char(c)) => write!(f, "{c}"),
            (None, Code::F(n)) => write!(f, "f{n}"),
            (None, code) => write!(f, "{code:?}"),
        }
    }
}

/// Text that is not a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadKey(pub String);

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a key: write `j`, `ctrl-s`, `alt-enter`, `space`, `f1`", self.0.escape_debug())
    }
}

impl std::error::Error for BadKey {}

impl FromStr for Key {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let bad = || BadKey(text.to_owned());
        let (mut ctrl, mut alt, mut shift) = (false, false, false);
        let mut rest = text;
        loop {
            let (flag, after) = match rest.split_once('-') {
                Some(("ctrl", after)) if !after.is_empty() => (&mut ctrl, after),
                Some(("alt", after)) if !after.is_empty() => (&mut alt, after),
                Some(("shift", after)) if !after.is_empty() => (&mut shift, after),
                _ => break,
            };
            if std::mem::replace(flag, true) {
                return Err(bad());
            }
            rest = after;
        }
        let mut chars = rest.chars();
        let code = match (NAMES.iter().find(|(name, _)| *name == rest), chars.next(), chars.as_str()) {
            (Some((_, code)), _, _) => *code,
            (None, Some(c), "") if !c.is_control() => Code::Char(c),
            (None, Some('f'), number) => match number.parse() {
                Ok(n @ 1..=24) => Code::F(n),
                _ => return Err(bad()),
            },
            _ => return Err(bad()),
        };
        Ok(Self::new(code, ctrl, alt, shift))
    }
}

/// A script of keys for tests and recordings: characters stand for themselves, names in angle brackets
/// (`jj<enter>gold<ctrl-s>`).
pub fn parse_script(script: &str) -> Result<Vec<Key>, BadKey> {
    let mut keys = Vec::new();
    let mut rest = script;
    while let Some(c) = rest.chars().next() {
        match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
            Some((name, after)) => {
                keys.push(name.parse()?);
                rest = after;
            }
            None => {
                keys.push(Key::plain(Code::Char(c)));
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_key() -> impl Strategy<Value = Key> {
        let named = prop::sample::select(NAMES.iter().map(|(_, c)| *c).collect::<Vec<_>>());
        let code = prop_oneof![named, (1u8..=24).prop_map(Code::F), prop::char::range('!', '~').prop_map(Code::Char)];
        (code, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(code, c, a, s)| Key::new(code, c, a, s))
    }

    proptest! {
        #[test]
        fn notation_round_trips(key in any_key()) {
            prop_assert_eq!(key.to_string().parse::<Key>(), Ok(key));
        }
    }

    #[test]
    fn normal_forms_are_one() {
        assert_eq!("shift-g".parse::<Key>(), "G".parse());
        assert_eq!("ctrl-S".parse::<Key>(), "ctrl-s".parse());
        assert_eq!("alt-ctrl-enter".parse::<Key>().map(|k| k.to_string()), Ok("ctrl-alt-enter".to_owned()));
        assert_eq!("-".parse::<Key>(), Ok(Key::plain(Code::Char('-'))));
        assert_eq!("ctrl--".parse::<Key>(), Ok(Key::new(Code::Char('-'), true, false, false)));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "ctrl-", "f25", "f0", "return", "ctrl-ctrl-s", "\u{1b}", "jj"] {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn scripts_mix_letters_and_names() {
        let keys = parse_script("jG<enter><ctrl-s>").unwrap();
        assert_eq!(keys.iter().map(Key::to_string).collect::<Vec<_>>(), ["j", "G", "enter", "ctrl-s"]);
    }
}
