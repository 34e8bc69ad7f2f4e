//! How a key looks to the eye: what remains of it when what the eye passes over is taken away, and what is odd about it.

use crate::domain::text::latin;
use unicode_normalization::UnicodeNormalization;

/// What remains of a key when everything is taken away that the eye passes over.
pub(super) fn skeleton(key: &str) -> String {
    key.nfkc()
        .map(latin)
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !is_invisible(*c) && !matches!(c, '_' | '-'))
        .collect()
}

/// What is odd about the key by itself.
pub(super) fn oddity(key: &str) -> Option<&'static str> {
    if key.is_empty() {
        return Some("is empty");
    }
    if key.chars().any(is_invisible) {
        return Some("holds an invisible character");
    }
    if key.trim() != key {
        return Some("begins or ends with a space");
    }
    if key.chars().any(|c| c.is_whitespace() && c != ' ') {
        return Some("holds white space other than a space");
    }
    let latin_letters = key.chars().any(|c| c.is_ascii_alphabetic());
    let impostor = key.chars().any(|c| latin(c) != c);
    // A word in another script is that script's own; one letter among Latin ones is not.
    let words = key.split(|c: char| !c.is_alphabetic());
    let mixed = words.clone().any(|w| w.chars().any(|c| c.is_ascii_alphabetic()) && w.chars().any(|c| latin(c) != c));
    if latin_letters && impostor && mixed {
        return Some("holds a letter of another script that looks like a Latin one");
    }
    None
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}')
}
