//! Names that are known, in the texts of the same call.

use std::borrow::Cow;

/// What stands in the place of a name that is not known, and other words that name nobody.
const NOBODY: &[&str] = &[
    "agent",
    "anonymous",
    "caller",
    "cell",
    "customer",
    "guest",
    "mobile",
    "none",
    "null",
    "number",
    "phone",
    "private",
    "restricted",
    "toll",
    "unavailable",
    "undefined",
    "unknown",
    "user",
    "wireless",
];
/// Letters of a word that is looked for by itself.
const SHORTEST: usize = 3;
/// What may stand between two words of a name.
const LONGEST_JOINT: usize = 3;

pub(super) fn cover<'t>(text: &'t str, names: &[&str], cover: char) -> Cow<'t, str> {
    if names.is_empty() || !text.contains(char::is_alphabetic) {
        return Cow::Borrowed(text);
    }
    let there: Vec<char> = text.chars().collect();
    let mut hide = vec![false; there.len()];
    for name in names {
        let words: Vec<Vec<char>> =
            name.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(|w| w.chars().collect()).collect();
        let is_nobody = |word: &[char]| {
            let word: String = word.iter().flat_map(|c| c.to_lowercase()).collect();
            NOBODY.contains(&word.as_str()) || !word.contains(char::is_alphabetic)
        };
        if words.iter().all(|word| is_nobody(word)) {
            continue;
        }
        for start in (0..there.len()).filter(|start| *start == 0 || !there[start - 1].is_alphanumeric()) {
            if let Some(end) = whole(&there, start, &words) {
                hide[start..end].fill(true);
            }
            for word in words.iter().filter(|word| word.len() >= SHORTEST && !is_nobody(word)) {
                let end = start + word.len();
                let ends = |at: Option<&char>| at.is_none_or(|c| !c.is_alphanumeric() && *c != '_');
                let begins = start == 0 || there[start - 1] != '_';
                if begins && there.get(start..end) == Some(word) && ends(there.get(end)) {
                    hide[start..end].fill(true);
                }
            }
        }
    }
    if !hide.contains(&true) {
        return Cow::Borrowed(text);
    }
    let covered = there.iter().zip(hide).map(|(c, hide)| if hide && c.is_alphanumeric() { cover } else { *c });
    Cow::Owned(covered.collect())
}

/// Where the whole name that begins at `start` ends.
fn whole(there: &[char], start: usize, words: &[Vec<char>]) -> Option<usize> {
    let mut at = start;
    for (n, word) in words.iter().enumerate() {
        if n > 0 {
            let blank = there[at..].starts_with(&['%', '2', '0']);
            let joint = there[at..].iter().take_while(|c| !c.is_alphanumeric()).count();
            at += if blank { 3 } else { joint };
            if !blank && !(1..=LONGEST_JOINT).contains(&joint) {
                return None;
            }
        }
        let here = there.get(at..at + word.len())?;
        if !here.iter().zip(word).all(|(a, b)| a == b || a.to_lowercase().eq(b.to_lowercase())) {
            return None;
        }
        at += word.len();
    }
    there.get(at).is_none_or(|c| !c.is_alphanumeric()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_name_is_covered_in_other_texts() {
        let covered =
            |text: &str| cover(text, &["Dana Whitcomb", "李雷", "WIRELESS CALLER", "Unknown"], '*').into_owned();
        for (text, expected) in [
            ("Dear Dana,", "Dear ****,"),
            ("DANA WHITCOMB called", "**** ******** called"),
            ("dana_whitcomb_notes", "****_********_notes"),
            ("whitcomb, dana", "whitcomb, dana"),
            ("Whitcomb, Dana", "********, ****"),
            ("dana%20whitcomb", "****%**********"),
            ("李雷 来电", "** 来电"),
            ("Danae Dana_tier xDana", "Danae Dana_tier xDana"),
            ("unknown caller", "unknown caller"),
            ("wireless_tier", "wireless_tier"),
            ("", ""),
        ] {
            assert_eq!(covered(text), expected, "{text}");
        }
        assert!(matches!(cover("gold", &["Dana"], '*'), Cow::Borrowed(_)));
    }
}
