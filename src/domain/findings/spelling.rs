//! How a key looks to the eye: what remains of it when what the eye passes over is taken away, and what is odd about it.

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

/// The Latin letter that looks like this Cyrillic or Greek one; itself for all others. The usual impostors, not all of
/// Unicode's list: each must be a full match in common fonts.
fn latin(c: char) -> char {
    match c {
        'а' => 'a',
        'в' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' => 'e',
        'һ' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ѕ' => 's',
        'ԛ' => 'q',
        'ν' => 'v',
        'ѡ' => 'w',
        'х' | 'χ' => 'x',
        'у' | 'γ' => 'y',
        'А' | 'Α' => 'A',
        'В' | 'Β' => 'B',
        'С' => 'C',
        'Е' | 'Ε' => 'E',
        'Н' | 'Η' => 'H',
        'І' | 'Ι' => 'I',
        'Ј' => 'J',
        'К' | 'Κ' => 'K',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'О' | 'Ο' => 'O',
        'Р' | 'Ρ' => 'P',
        'Ѕ' => 'S',
        'Т' | 'Τ' => 'T',
        'Х' | 'Χ' => 'X',
        'У' | 'Υ' => 'Y',
        'Ζ' => 'Z',
        other => other,
    }
}
