//! National ids with letters in them. Short enough to occur by chance within other text, so only a value that is
//! nothing else counts.

use std::ops::Range;

/// Characters of an Italian tax code.
const CODICE_LEN: usize = 16;

/// The value, blanks at its ends aside, is one national id.
pub(super) fn whole(value: &str) -> Option<Range<usize>> {
    let written = value.trim();
    // A separator between any two characters is twice as long and no more.
    if !(9..=2 * CODICE_LEN).contains(&written.len()) || !written.is_ascii() {
        return None;
    }
    // All of them end in a letter.
    if !written.ends_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let start = value.len() - value.trim_start().len();
    let (mut id, mut length) = ([0; 2 * CODICE_LEN], 0);
    for byte in written.bytes().filter(|b| !b" -._".contains(b)) {
        id[length] = byte.to_ascii_uppercase();
        length += 1;
    }
    let id = &id[..length];
    // In small letters and without separators a short one is a code like any other.
    let told = length < written.len() || !written.bytes().any(|b| b.is_ascii_lowercase());
    (told && (is_nino(id) || is_dni(id)) || is_codice(id)).then(|| start..start + written.len())
}

/// British national insurance number, without its blanks (HMRC's rules for the letters).
fn is_nino(id: &[u8]) -> bool {
    let [a, b, middle @ .., last] = id else { return false };
    let letter = |c: u8, without: &[u8]| c.is_ascii_uppercase() && !without.contains(&c);
    letter(*a, b"DFIQUV")
        && letter(*b, b"DFIQUVO")
        && !matches!(&[*a, *b], b"BG" | b"GB" | b"NK" | b"KN" | b"TN" | b"NT" | b"ZZ")
        && middle.len() == 6
        && middle.iter().all(u8::is_ascii_digit)
        && matches!(last, b'A'..=b'D')
}

/// Spanish DNI: eight digits and the letter that follows from them.
fn is_dni(id: &[u8]) -> bool {
    let [digits @ .., letter] = id else { return false };
    if digits.len() != 8 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let number = digits.iter().fold(0usize, |n, d| n * 10 + usize::from(d - b'0'));
    b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23] == *letter
}

/// Italian tax code: letters and digits in their places, the month's letter, and the check letter.
fn is_codice(id: &[u8]) -> bool {
    if id.len() != CODICE_LEN || !id.iter().zip(b"AAAAAA00A00A000A").all(|(c, shape)| matches_shape(*c, *shape)) {
        return false;
    }
    // The weights of the odd places, for 0-9 as for A-J, then K-Z.
    const ODD: [u32; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let order = |c: u8| usize::from(if c.is_ascii_digit() { c - b'0' } else { c - b'A' });
    let sum: u32 = id[..15]
        .iter()
        .enumerate()
        // The first place is an odd one.
        .map(|(i, &c)| if i % 2 == 0 { ODD[order(c)] } else { order(c) as u32 })
        .sum();
    b"ABCDEHLMPRST".contains(&id[8]) && sum % 26 == order(id[15]) as u32
}

fn matches_shape(c: u8, shape: u8) -> bool {
    if shape == b'A' { c.is_ascii_uppercase() } else { c.is_ascii_digit() }
}
