//! What a single character is to a terminal.

use super::Charset;
use compact_str::{CompactString, ToCompactString, format_compact};
use std::sync::LazyLock;

/// Characters that never reach a terminal as they are: controls, formats (bidi, joiners, tags), surrogates, private use,
/// unassigned, default-ignorable, line and paragraph separators, odd blanks that look like a space or like nothing.
/// U+3000 stays: it is the ordinary blank between a family and a given name, and visibly two columns wide.
const HIDDEN: &str = r"[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u{A0}\u{1680}\u{2000}-\u{200A}\u{202F}\u{205F}\u{2800}\u{1D159}]";

static HIDDEN_RANGES: LazyLock<Vec<(char, char)>> = LazyLock::new(|| ranges(HIDDEN));
static EMOJI_RANGES: LazyLock<Vec<(char, char)>> = LazyLock::new(|| ranges(r"\p{Emoji}"));
static LATIN_RANGES: LazyLock<Vec<(char, char)>> = LazyLock::new(|| ranges(r"\p{Latin}"));
static CYRILLIC_GREEK_RANGES: LazyLock<Vec<(char, char)>> =
    LazyLock::new(|| ranges(r"[[\p{Cyrillic}\p{Greek}]&&\p{L}]"));
static MARK_RANGES: LazyLock<Vec<(char, char)>> = LazyLock::new(|| ranges(r"[\p{M}\p{Emoji_Modifier}]"));

/// The ranges of a character class, sorted. The regex engine's own tables are the one copy of Unicode in the program.
fn ranges(class: &str) -> Vec<(char, char)> {
    let parsed = regex_syntax::parse(class);
    debug_assert!(parsed.is_ok(), "{parsed:?}");
    match parsed.map(regex_syntax::hir::Hir::into_kind) {
        Ok(regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Unicode(class))) => {
            class.ranges().iter().map(|r| (r.start(), r.end())).collect()
        }
        // A class that does not parse is a mistake in this file, caught by its tests; hide everything then.
        _ => vec![('\0', char::MAX)],
    }
}

fn within(ranges: &[(char, char)], c: char) -> bool {
    let after = ranges.partition_point(|&(start, _)| start <= c);
    after > 0 && c <= ranges[after - 1].1
}

/// Must not reach a terminal as it is.
pub(super) fn is_hidden(c: char) -> bool {
    match c {
        ' '..='~' => false,
        '\0'..='\u{9f}' => true,
        _ => within(&HIDDEN_RANGES, c),
    }
}

/// Attaches to what stands before it: accents, vowel signs, skin tones.
pub(super) fn is_mark(c: char) -> bool {
    c > '\u{2ff}' && within(&MARK_RANGES, c)
}

/// A letter of the Latin script.
pub(super) fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || c > '\u{7f}' && within(&LATIN_RANGES, c)
}

/// A letter of a script that shares the shapes of letters with the Latin one.
pub(super) fn is_cyrillic_or_greek(c: char) -> bool {
    c > '\u{36f}' && within(&CYRILLIC_GREEK_RANGES, c)
}

/// May be drawn as a picture.
pub(super) fn is_emoji(c: char) -> bool {
    within(&EMOJI_RANGES, c)
}

/// Half of a flag.
pub(super) fn is_regional(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

/// A character that must not be drawn as it is, drawn.
pub(super) fn drawn(c: char, charset: Charset) -> CompactString {
    if charset == Charset::Unicode {
        return match c {
            '\n' => CompactString::const_new("⏎"),
            '\t' => CompactString::const_new("⇥"),
            '\u{7f}' => CompactString::const_new("␡"),
            '\u{a0}' => CompactString::const_new("⍽"),
            // The control pictures stand in the order of the controls.
            '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or(c).to_compact_string(),
            _ => code_point(c, charset),
        };
    }
    match c {
        '\0'..='\u{1f}' => format_compact!("^{}", char::from(c as u8 + 0x40)),
        '\u{7f}' => CompactString::const_new("^?"),
        _ => code_point(c, charset),
    }
}

pub(super) fn code_point(c: char, charset: Charset) -> CompactString {
    let code = c as u32;
    match charset {
        Charset::Unicode => format_compact!("‹U+{code:04X}›"),
        _ => format_compact!("<U+{code:04X}>"),
    }
}
