//! Characters that cannot be told from others by looking.

use super::chars;
use unicode_normalization::UnicodeNormalization as _;

/// Where characters stand that look like others, as bytes, in order:
///
/// - a Cyrillic or Greek letter in the shape of a Latin one ([`latin`]) in a word that has Latin letters too; where those are fewer,
///   the Latin ones of that word. A word all of whose letters are of one script is that script's own: names and words that could
///   be Latin ones are many (`Вера`); for keys see [`impostors`];
/// - one character for one or more Latin letters: ligatures (`ﬁ`), letters of mathematics, Roman numerals. Not the wide forms of East
///   Asia, which show, nor `ª` and `º`;
/// - the hyphens U+2010 and U+2011, the figure dash and the minus sign.
pub(super) fn looks_like_others(text: &str) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut word: Vec<(usize, char)> = Vec::new();
    for (at, c) in text.char_indices() {
        if matches!(c, '\u{2010}'..='\u{2012}' | '\u{2212}') || is_of_latin_letters(c) {
            found.push(at);
        }
        if c.is_alphabetic() || chars::is_mark(c) {
            word.push((at, c));
        } else {
            in_word(&word, &mut found);
            word.clear();
        }
    }
    in_word(&word, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn in_word(word: &[(usize, char)], found: &mut Vec<usize>) {
    let count = |is: fn(char) -> bool| word.iter().filter(|(_, c)| is(*c)).count();
    let (own, foreign) = (count(chars::is_latin), count(chars::is_cyrillic_or_greek));
    if own == 0 || foreign == 0 {
        return;
    }
    let is_odd = |c: char| if own < foreign { chars::is_latin(c) } else { latin(c) != c };
    found.extend(word.iter().filter(|(_, c)| is_odd(*c)).map(|(at, _)| *at));
}

/// The Cyrillic and Greek letters of a key all of which look like Latin ones: `сор` among keys that are Latin is `cop` to whoever reads
/// it. One letter that differs by however little, somewhere in the key, says that the script was meant.
pub(super) fn impostors(key: &str) -> Vec<usize> {
    let foreign = || key.char_indices().filter(|(_, c)| chars::is_cyrillic_or_greek(*c));
    let is_same = |c: char| latin(c) != c && !"вкκγνιχρѡУ".contains(c);
    if foreign().all(|(_, c)| is_same(c)) { foreign().map(|(at, _)| at).collect() } else { Vec::new() }
}

/// One character that stands for Latin letters, and looks like them.
fn is_of_latin_letters(c: char) -> bool {
    let is_candidate = !c.is_ascii() && c.is_alphabetic() && !matches!(c, 'ª' | 'º' | '\u{ff21}'..='\u{ff5a}');
    is_candidate && std::iter::once(c).nfkc().all(|c| c.is_ascii_alphabetic())
}

/// The Latin letter that looks like this Cyrillic or Greek one; itself for all others. The usual impostors, not all of
/// Unicode's list: each must be a full match in common fonts.
pub(crate) fn latin(c: char) -> char {
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
