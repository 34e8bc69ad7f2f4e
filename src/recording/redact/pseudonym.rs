//! Makes up what takes an original's place: the same shape, the same length, the same for the same original, and for
//! two originals always two.

use super::{
    facts::ShapeFacts,
    json::{self, Leaf},
    originals::{Originals, SHORTEST},
    segments::{SegmentKind, pieces},
    times::shifted,
    words::SCHEMES,
};
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Tries before a wish is given up, in this order: that the piece is still a valid date or number of its kind, then
/// that it holds no original by coincidence.
const TRIES: usize = 4_000;
/// Tries for a whole text. The rarest fact (the key of a French number in its own shape) holds for one in some 3,600.
const WHOLE_TRIES: usize = 40_000;

/// What the made-up texts of one copy follow from, beside the originals. Random, so that nobody who tries values, and
/// nobody who holds a second copy, can tell which original stands behind a text; or from a seed, for a copy that comes out
/// the same each time.
#[derive(Clone, Copy)]
pub struct PseudonymSalt([u8; 32]);

impl PseudonymSalt {
    /// Another one each time.
    pub fn random() -> Self {
        let mut salt = [0; 32];
        salt[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        salt[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
        Self(salt)
    }

    /// The same for the same seed. Who knows the seed and the values can try them: it is for tests, not for handing on.
    pub fn seeded(seed: u64) -> Self {
        Self(Sha256::new_with_prefix("sidetone redact").chain_update(seed.to_le_bytes()).finalize().into())
    }

    /// A number below `n` that follows from the salt and what it is for.
    pub(super) fn below(self, purpose: &str, n: u64) -> u64 {
        let digest = Sha256::new_with_prefix(self.0).chain_update(purpose).finalize();
        digest.iter().take(8).fold(0u64, |all, byte| all << 8 | u64::from(*byte)) % n.max(1)
    }
}

impl std::fmt::Debug for PseudonymSalt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

/// The pseudonyms of one recording.
#[derive(Debug)]
pub(super) struct Pseudonyms {
    /// The copy's own: see [`PseudonymSalt`].
    salt: [u8; 32],
    originals: Originals,
    pieces: HashMap<(SegmentKind, String), String>,
    taken: HashSet<(SegmentKind, String)>,
    whole: HashMap<String, String>,
    whole_taken: HashSet<String>,
    coincidences: u64,
    remaining: BTreeSet<String>,
}

impl Pseudonyms {
    /// Pseudonyms for a recording that holds these originals.
    pub(super) fn new(originals: Originals, salt: PseudonymSalt) -> Self {
        let mut sorted: Vec<&str> = originals.iter().collect();
        sorted.sort_unstable();
        let mut hash = Sha256::new_with_prefix(salt.0);
        for original in sorted {
            hash.update(original.len().to_le_bytes());
            hash.update(original);
        }
        Self {
            salt: hash.finalize().into(),
            originals,
            pieces: HashMap::new(),
            taken: HashSet::new(),
            whole: HashMap::new(),
            whole_taken: HashSet::new(),
            coincidences: 0,
            remaining: BTreeSet::new(),
        }
    }

    /// Remembers a key or the name of a member that stays although an original stands in it.
    pub(super) fn keep(&mut self, name: &str) {
        if !self.remaining.contains(name) && self.originals.within(name).is_some() {
            self.remaining.insert(name.to_owned());
        }
    }

    /// The names that [`Self::keep`] remembered, sorted.
    pub(super) fn remaining(&self) -> Vec<String> {
        self.remaining.iter().cloned().collect()
    }

    /// How often an original could not be avoided: a made-up text holds it by coincidence.
    pub(super) fn coincidences(&self) -> u64 {
        self.coincidences
    }

    /// Takes the place of a text.
    pub(super) fn text(&mut self, text: &str) -> String {
        if super::stays(text) {
            return text.into();
        }
        if let Some(known) = self.whole.get(text) {
            return known.clone();
        }
        let new = self.make(text);
        self.whole_taken.insert(new.clone());
        self.whole.insert(text.into(), new.clone());
        new
    }

    /// Takes the place of a number, as JSON writes it.
    pub(super) fn number(&mut self, number: &str) -> String {
        let digits_end = number.find(['e', 'E']).unwrap_or(number.len());
        let (mantissa, exponent) = number.split_at(digits_end);
        let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let new = self.piece(SegmentKind::Number, &digits);
        lay_over(mantissa, &new) + exponent
    }

    /// The text with its ids and long numbers replaced, and those words that stand for something elsewhere in the
    /// recording; other words stay, and times are moved by `shift`. For messages of programs and servers.
    pub(super) fn scrub(&mut self, text: &str, known: &HashSet<String>, shift: SignedDuration) -> String {
        let mut out = String::with_capacity(text.len());
        for (kind, piece) in pieces(text) {
            let personal = match kind {
                SegmentKind::Kept => false,
                SegmentKind::Id => true,
                SegmentKind::Date => !shift.is_zero(),
                SegmentKind::Number => piece.len() >= SHORTEST,
                SegmentKind::Word => {
                    let mixed = piece.len() >= SHORTEST && piece.contains(char::is_numeric);
                    mixed || known.contains(&piece.to_lowercase())
                }
            };
            match kind {
                _ if !personal => out += piece,
                SegmentKind::Date => out += &shifted(piece, shift).unwrap_or_else(|| self.placed(kind, piece)),
                _ => out += &self.placed(kind, piece),
            }
        }
        match self.originals.within(&out) {
            Some(_) => self.text(text),
            None => out,
        }
    }

    /// Every letter and digit replaced, piece by piece and without a memory. For text that cannot be read.
    pub(super) fn scramble(&mut self, text: &str) -> String {
        let mut random = self.random(SegmentKind::Kept, text);
        let mut new = random.swap(SegmentKind::Word, text);
        for _ in 0..TRIES {
            if self.is_clean(&new) {
                break;
            }
            new = random.swap(SegmentKind::Word, text);
        }
        self.coincidences += u64::from(!self.is_clean(&new));
        new
    }

    fn make(&mut self, text: &str) -> String {
        if text.trim_start().starts_with(['{', '[', '"']) {
            let nested = json::rewrite(text, &mut |_, leaf| match leaf {
                Leaf::Key(key) if super::facts::is_personal(key) => Some(self.text(key)),
                Leaf::Key(key) => {
                    self.keep(key);
                    None
                }
                Leaf::Text(text) => Some(self.text(text)),
                Leaf::Number(number) => Some(self.number(number)),
            });
            if let Some(nested) = nested {
                return nested;
            }
        }
        let pieces = pieces(text);
        let new: String = pieces.iter().map(|(kind, piece)| self.placed(*kind, piece)).collect();
        let facts = ShapeFacts::of(text);
        let free = !self.whole_taken.contains(&new);
        if free && self.is_clean(&new) && ShapeFacts::of(&new) == facts {
            return new;
        }
        // Piece by piece does not do here: what the pieces are together (a check digit over groups, an original that
        // appears where two of them meet) has to be made together.
        let mut random = self.random(SegmentKind::Kept, text);
        let mut best_is_good = free && self.is_clean(&new);
        let mut best = new;
        for _ in 0..WHOLE_TRIES {
            let candidate: String = pieces
                .iter()
                .map(|(kind, piece)| match kind {
                    SegmentKind::Kept => (*piece).to_owned(),
                    kind => random.swap(*kind, piece),
                })
                .collect();
            if self.is_clean(&candidate) && !self.whole_taken.contains(&candidate) {
                if ShapeFacts::of(&candidate) == facts {
                    return candidate;
                }
                if !std::mem::replace(&mut best_is_good, true) {
                    best = candidate;
                }
            }
        }
        self.coincidences += u64::from(!self.is_clean(&best));
        best
    }

    fn placed(&mut self, kind: SegmentKind, piece: &str) -> String {
        match kind {
            SegmentKind::Kept => piece.into(),
            SegmentKind::Word if SCHEMES.contains(&piece) => piece.into(),
            // One name in two spellings stays one name.
            SegmentKind::Word if piece.is_ascii() => {
                let lower = self.piece(kind, &piece.to_ascii_lowercase());
                piece.chars().zip(lower.chars()).map(|(was, is)| like(was, is)).collect()
            }
            // A number is the same number however it is grouped, with or without its country code.
            SegmentKind::Number => {
                let digits: String = piece.chars().filter(char::is_ascii_digit).collect();
                let split = if (11..=12).contains(&digits.len()) { digits.len() - 10 } else { 0 };
                let (code, number) = digits.split_at(split);
                let code = if code.is_empty() { String::new() } else { self.piece(kind, code) };
                lay_over(piece, &(code + &self.piece(kind, number)))
            }
            SegmentKind::Id | SegmentKind::Date | SegmentKind::Word => self.piece(kind, piece),
        }
    }

    fn piece(&mut self, kind: SegmentKind, piece: &str) -> String {
        if let Some(known) = self.pieces.get(&(kind, piece.to_owned())) {
            return known.clone();
        }
        let new = self.make_piece(kind, piece);
        self.taken.insert((kind, new.clone()));
        self.pieces.insert((kind, piece.to_owned()), new.clone());
        new
    }

    fn make_piece(&mut self, kind: SegmentKind, piece: &str) -> String {
        let facts = ShapeFacts::of(piece);
        let mut random = self.random(kind, piece);
        let tries = TRIES.min(places(kind, piece).saturating_mul(8));
        for round in 0..2 {
            for _ in 0..tries {
                let candidate = random.swap(kind, piece);
                let free = !self.taken.contains(&(kind, candidate.clone())) && candidate != piece;
                let fits = round > 0 || ShapeFacts::of(&candidate) == facts;
                if free && fits && self.is_clean(&candidate) {
                    return candidate;
                }
            }
        }
        // Few of this shape are left: take the next free one. There is one, for there are as many made-up texts of a
        // shape as originals; should it be the original itself, then every other is in use.
        let mut candidate = random.swap(kind, piece);
        while self.taken.contains(&(kind, candidate.clone())) {
            candidate = next_of_shape(kind, &candidate, piece);
        }
        candidate
    }

    fn is_clean(&self, text: &str) -> bool {
        // A made-up marker would be a finding of its own.
        self.originals.within(text).is_none() && !super::is_marker(text)
    }

    fn random(&self, kind: SegmentKind, text: &str) -> Random {
        let mut hash = Sha256::new_with_prefix(self.salt);
        hash.update([kind as u8]);
        hash.update(text);
        let digest = hash.finalize();
        let seed = digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        Random(fastrand::Rng::with_seed(seed))
    }
}

/// A stream of numbers that follows from a seed.
struct Random(fastrand::Rng);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0.u32(..n)
    }

    /// Another text of the same shape: each letter another letter of its kind, each digit another digit, the rest as
    /// it is. A leading zero stays one, and no other becomes one. The digits of an id are any of the sixteen: where its
    /// letters stood would tell it from others.
    fn swap(&mut self, kind: SegmentKind, text: &str) -> String {
        let mut first_digit = true;
        let upper = text.contains(|c: char| c.is_ascii_uppercase());
        text.chars()
            .map(|c| {
                if kind == SegmentKind::Id && c.is_ascii_hexdigit() {
                    return hex_digit(self.below(16), upper);
                }
                let leading = first_digit && c.is_ascii_digit();
                first_digit &= !leading;
                match alphabet_in(kind, c) {
                    _ if leading && c == '0' => c,
                    Some(('0', 10)) if leading => pick('1', self.below(9)),
                    Some((from, n)) => pick(from, self.below(n)),
                    None => c,
                }
            })
            .collect()
    }
}

/// As [`alphabet`], where what the piece is narrows it.
fn alphabet_in(kind: SegmentKind, c: char) -> Option<(char, u32)> {
    match (kind, alphabet(c)) {
        // The T and the Z of a time.
        (SegmentKind::Date, Some(('A', _))) => None,
        (_, alphabet) => alphabet,
    }
}

/// A hexadecimal digit, in upper case if the id is.
fn hex_digit(value: u32, upper: bool) -> char {
    let digit = char::from_digit(value % 16, 16).unwrap_or('0');
    if upper { digit.to_ascii_uppercase() } else { digit }
}

fn pick(from: char, offset: u32) -> char {
    char::from_u32(u32::from(from) + offset).unwrap_or(from)
}

/// The alphabet that takes this character's place: as many bytes, as wide, of the same case and script where that
/// matters to how it is drawn. `None`: not a letter or digit, stays.
fn alphabet(c: char) -> Option<(char, u32)> {
    match c {
        'a'..='z' => Some(('a', 26)),
        'A'..='Z' => Some(('A', 26)),
        '0'..='9' => Some(('0', 10)),
        _ if !c.is_alphanumeric() => None,
        // Right to left stays right to left.
        '\u{5d0}'..='\u{5ea}' => Some(('\u{5d0}', 27)),
        '\u{660}'..='\u{669}' => Some(('\u{660}', 10)),
        '\u{600}'..='\u{6ff}' => Some(('\u{628}', 19)),
        _ => match (c.len_utf8(), crate::domain::text::width(c.encode_utf8(&mut [0; 4]))) {
            (2, 1) if c.is_uppercase() => Some(('\u{c0}', 23)),
            (2, 1) => Some(('\u{e0}', 23)),
            (3, 1) if c.is_uppercase() => Some(('\u{13a0}', 80)),
            (3, 1) => Some(('\u{1401}', 100)),
            (3, 2) => Some(('\u{4e00}', 20_000)),
            (4, 2) => Some(('\u{20000}', 40_000)),
            _ => None,
        },
    }
}

/// How many texts of this shape there are, roughly.
fn places(kind: SegmentKind, shape: &str) -> usize {
    let choices = |c: char| match kind {
        SegmentKind::Id => c.is_ascii_hexdigit().then_some(16),
        kind => alphabet_in(kind, c).map(|(_, n)| n),
    };
    shape.chars().filter_map(choices).fold(1, |all, n| all.saturating_mul(n as usize))
}

/// `is` in the case of `was`.
fn like(was: char, is: char) -> char {
    if was.is_ascii_uppercase() { is.to_ascii_uppercase() } else { is }
}

/// The digits of `text` replaced one by one.
fn lay_over(text: &str, digits: &str) -> String {
    let mut digits = digits.chars();
    text.chars().map(|c| if c.is_ascii_digit() { digits.next().unwrap_or(c) } else { c }).collect()
}

/// The next text of the shape of `shape`, as an odometer counts.
fn next_of_shape(kind: SegmentKind, text: &str, shape: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let first_digit = shape.chars().position(|c| c.is_ascii_digit());
    let upper = shape.contains(|c: char| c.is_ascii_uppercase());
    for (i, was) in shape.chars().enumerate().collect::<Vec<_>>().into_iter().rev() {
        if kind == SegmentKind::Id && was.is_ascii_hexdigit() {
            let next = chars[i].to_digit(16).unwrap_or(0) + 1;
            chars[i] = hex_digit(next, upper);
            if next < 16 {
                break;
            }
            continue;
        }
        let Some((mut from, mut n)) = alphabet_in(kind, was) else { continue };
        if Some(i) == first_digit {
            match was {
                '0' => continue,
                _ => (from, n) = ('1', 9),
            }
        }
        let offset = u32::from(chars[i]).saturating_sub(u32::from(from)) + 1;
        chars[i] = pick(from, offset % n);
        if offset < n {
            break;
        }
    }
    chars.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pseudonyms(originals: &[&str]) -> Pseudonyms {
        let mut all = Originals::default();
        for original in originals {
            all.add(original);
        }
        Pseudonyms::new(all, PseudonymSalt::seeded(1))
    }

    #[test]
    fn one_caller_stays_one_caller_in_every_spelling() {
        let mut p = pseudonyms(&["tel:+13175550123"]);
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let plain = p.text("tel:+13175550123");
        assert!(plain.starts_with("tel:+"), "{plain}");
        assert_eq!(digits(&plain), digits(&p.text("+1 (317) 555-0123")));
        assert_eq!(digits(&plain)[1..], digits(&p.text("3175550123")));
        assert_ne!(digits(&plain), "13175550123");
        let (dana, lower) = (p.text("Dana W."), p.text("dana"));
        assert_eq!(dana[..4].to_lowercase(), lower);
        assert!(dana.ends_with('.') && dana.starts_with(|c: char| c.is_ascii_uppercase()), "{dana}");
    }

    #[test]
    fn every_value_of_a_small_shape_keeps_a_place_of_its_own() {
        let mut p = pseudonyms(&[]);
        let singles: HashSet<_> = (0..10).map(|n| p.text(&n.to_string())).collect();
        assert_eq!(singles.len(), 10);
        let pairs: HashSet<_> = (10..100).map(|n| p.text(&n.to_string())).collect();
        assert_eq!(pairs.len(), 90);
        let letters: HashSet<_> = ('a'..='z').map(|c| p.text(&c.to_string())).collect();
        assert_eq!(letters.len(), 26);
    }

    #[test]
    fn what_findings_look_at_stays() {
        let mut p = pseudonyms(&["gold"]);
        for kept in ["undefined", " null ", "NOT_SET", "[object Object]", "", "   ", "----", "N/A"] {
            assert_eq!(p.text(kept), kept);
        }
        let template = p.text("{{lookup.tier}}");
        assert!(template.starts_with("{{") && template.ends_with("}}") && !template.contains("tier"), "{template}");
        let wrapped = p.text("{\"data\":{\"tier\":\"gold\",\"n\":12,\"ok\":true}}");
        assert!(wrapped.starts_with("{\"data\":{\"tier\":\""), "{wrapped}");
        assert!(wrapped.ends_with("true}}") && !wrapped.contains("gold"), "{wrapped}");
        let card = p.text("4111 1111 1111 1111");
        assert_ne!(card, "4111 1111 1111 1111");
        assert_eq!(ShapeFacts::of(&card), ShapeFacts::of("4111 1111 1111 1111"));
        // Samples that authorities and card schemes publish.
        for sample in [
            "2026-11-20",
            "2026-11-20T12:04:31Z",
            "219-09-9998",
            "AB 12 34 56 C",
            "130 692 544",
            "12345678Z",
            "RSSMRA85T10A562S",
            "2 55 08 14 168 025 38",
            "378282246310005",
            "(555) 234-2231",
            "555-234-2231",
            "+44 20 7946 0018",
            "Dana <dana.w+ivr@mail.example.co.uk>",
            "SSN: 219-09-9998, card 4242424242424242.",
        ] {
            let new = p.text(sample);
            assert_eq!(ShapeFacts::of(&new), ShapeFacts::of(sample), "{sample}: {new}");
            assert_ne!(new, sample);
        }
    }

    proptest! {
        #[test]
        fn shape_length_and_difference(texts in proptest::collection::vec("[a-zA-Z0-9é漢א _:./+@-]{0,14}|[0-9]{1,5}", 1..40)) {
            let mut p = pseudonyms(&texts.iter().map(String::as_str).collect::<Vec<_>>());
            let mut made = HashMap::new();
            for text in &texts {
                let new = p.text(text);
                prop_assert_eq!(new.len(), text.len());
                prop_assert_eq!(crate::domain::text::width(&new), crate::domain::text::width(text));
                prop_assert_eq!(&p.text(text), &new);
                let before = made.insert(new.clone(), text.clone());
                prop_assert!(before.as_ref().is_none_or(|before| before == text), "{:?} and {:?}: {:?}", before, text, new);
                if p.coincidences() == 0 {
                    prop_assert_eq!(p.originals.within(&new), None);
                }
            }
        }

        #[test]
        fn numbers_stay_numbers(number in "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?") {
            let new = pseudonyms(&[]).number(&number);
            prop_assert_eq!(new.len(), number.len());
            prop_assert!(serde_json::from_str::<serde_json::Number>(&new).is_ok(), "{} from {}", new, number);
        }
    }
}
