//! Numbers that are recognised by how their digits are grouped.

use super::PersonalKind;
use std::ops::Range;

/// A run of ASCII digits.
#[derive(Clone, Copy)]
struct Group {
    start: usize,
    end: usize,
}

impl Group {
    fn len(self) -> usize {
        self.end - self.start
    }
}

/// The digits of the shortest number: a telephone number with its plus.
const SHORTEST: usize = 8;

/// How many digits there are.
pub(super) fn count(text: &[u8]) -> usize {
    text.iter().filter(|b| b.is_ascii_digit()).count()
}

/// Cards, grouped national ids and telephone numbers, in order.
pub(super) fn find(text: &[u8]) -> Vec<(Range<usize>, PersonalKind)> {
    let mut found: Vec<(Range<usize>, PersonalKind)> = Vec::new();
    if count(text) < SHORTEST {
        return found;
    }
    let groups = groups(text);
    let (mut i, mut looked_at) = (0, 0);
    while i < groups.len() {
        if i == looked_at {
            looked_at = i + close_to_one_another(text, &groups[i..]);
            if groups[i..looked_at].iter().map(|group| group.len()).sum::<usize>() < SHORTEST {
                i = looked_at;
                continue;
            }
        }
        let alone = i == 0 || !joined(text, &groups[i - 1..=i]);
        let card = if alone { card_in_any_groups(text, &groups[i..]) } else { None };
        let hit = card
            .or_else(|| number(text, &groups[i..], alone))
            .or_else(|| phone(text, &groups[i..], alone))
            .or_else(|| if alone { regrouped(text, &groups[i..]) } else { None });
        match hit {
            Some((span, kind, used)) => {
                found.push((span, kind));
                i += used;
                looked_at = looked_at.max(i);
            }
            None => i += 1,
        }
    }
    found
}

/// How many of these groups may be parts of one number with the first, of any kind.
fn close_to_one_another(text: &[u8], groups: &[Group]) -> usize {
    let is_close = |pair: &[Group]| {
        let joint = &text[pair[0].end..pair[1].start];
        joint == b"+" || joint.len() <= 2 * LONGEST_JOINT && joint.iter().all(|b| b" -._()".contains(b))
    };
    1 + groups.windows(2).take_while(|pair| is_close(pair)).count()
}

fn groups(text: &[u8]) -> Vec<Group> {
    let mut groups = Vec::with_capacity(8);
    let mut at = 0;
    while let Some(start) = (at..text.len()).find(|&i| text[i].is_ascii_digit()) {
        let end = (start..text.len()).find(|&i| !text[i].is_ascii_digit()).unwrap_or(text.len());
        groups.push(Group { start, end });
        at = end;
    }
    groups
}

/// How the digits of the numbers with check digits are grouped.
const SHAPES: &[&[usize]] = &[
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[1, 2, 2, 2, 3, 3, 2],
    &[3, 2, 4],
    &[3, 3, 3],
    &[16],
    &[15],
    &[14],
];

/// What may stand between the groups of one number, up to three of them.
const SEPARATORS: &[u8] = b" -._";
const LONGEST_JOINT: usize = 3;

fn number(text: &[u8], groups: &[Group], alone: bool) -> Option<(Range<usize>, PersonalKind, usize)> {
    // No shape begins otherwise, and most groups are times and counts.
    if !matches!(groups.first()?.len(), 1 | 3 | 4 | 14..=16) {
        return None;
    }
    SHAPES.iter().find_map(|lengths| {
        let used = groups.get(..lengths.len())?;
        let span = used.first()?.start..used.last()?.end;
        if !used.iter().zip(*lengths).all(|(g, len)| g.len() == *len)
            || !joined(text, used)
            || !stands_alone(text, &span)
        {
            return None;
        }
        let short = matches!(lengths, [3, 2, 4] | [3, 3, 3]);
        if short && !is_clear(text, groups, used.len(), alone) {
            return None;
        }
        let digits = digits_in(text, &span);
        let kind = match lengths {
            [3, 2, 4] => is_ssn(&digits).then_some(PersonalKind::NationalId),
            [3, 3, 3] => is_sin(&digits).then_some(PersonalKind::NationalId),
            [1, 2, 2, 2, 3, 3, 2] => is_nir(&digits).then_some(PersonalKind::NationalId),
            _ => is_card(&digits)
                .then_some(PersonalKind::Card)
                .or((lengths.len() == 1 && is_nir(&digits)).then_some(PersonalKind::NationalId)),
        };
        kind.map(|kind| (span, kind, used.len()))
    })
}

fn digits_in(text: &[u8], span: &Range<usize>) -> Vec<u8> {
    text[span.clone()].iter().filter(|b| b.is_ascii_digit()).map(|b| b - b'0').collect()
}

/// A card number in groups that no card has, which is how it is written to get past a check: all groups that separators
/// join, whatever their lengths.
fn card_in_any_groups(text: &[u8], groups: &[Group]) -> Option<(Range<usize>, PersonalKind, usize)> {
    let used = 1 + groups.windows(2).take_while(|pair| joined(text, pair)).count();
    let span = groups[0].start..groups[used - 1].end;
    let digits: usize = groups[..used].iter().map(|group| group.len()).sum();
    let card = used > 1 && (14..=19).contains(&digits) && stands_alone(text, &span) && is_card(&digits_in(text, &span));
    card.then_some((span, PersonalKind::Card, used))
}

/// A short number is one where hyphens join it, or where no other digits stand beside it: `640 480 1024 768` is none.
fn is_clear(text: &[u8], groups: &[Group], used: usize, alone: bool) -> bool {
    let hyphens = groups[..used].windows(2).all(|pair| &text[pair[0].end..pair[1].start] == b"-");
    hyphens || alone && groups.get(used - 1..=used).is_none_or(|next| !joined(text, next))
}

/// A short number whose groups are cut once more: `2 19-09-9998`. All of them one by one are a list of digits, a dot makes a
/// version, and a year at the end a date.
fn regrouped(text: &[u8], groups: &[Group]) -> Option<(Range<usize>, PersonalKind, usize)> {
    let used = 1 + groups.windows(2).take_while(|pair| joined(text, pair)).count();
    let some = &groups[..used];
    let span = some[0].start..some[used - 1].end;
    let digits = digits_in(text, &span);
    if !(4..=5).contains(&used) || !(9..=10).contains(&digits.len()) || text[span.clone()].contains(&b'.') {
        return None;
    }
    let mut breaks = Vec::new();
    some.iter().fold(0, |at, group| {
        breaks.push(at + group.len());
        at + group.len()
    });
    let cut = |places: [usize; 2]| places.iter().all(|place| breaks.contains(place));
    let year = some[used - 1].len() == 4 && matches!(digits[digits.len() - 4..], [1, 9, ..] | [2, 0, ..]);
    let kind = match digits.len() {
        9 if cut([3, 5]) && !year && is_ssn(&digits) => PersonalKind::NationalId,
        9 if cut([3, 6]) && is_sin(&digits) => PersonalKind::NationalId,
        10 if cut([3, 6]) && !year && digits[0] >= 2 && digits[3] >= 2 => PersonalKind::Phone,
        _ => return None,
    };
    stands_alone(text, &span).then_some((span, kind, used))
}

/// Between all groups stand separators, and nothing else; a plus alone is a blank of a form.
fn joined(text: &[u8], groups: &[Group]) -> bool {
    groups.windows(2).all(|pair| is_joint(&text[pair[0].end..pair[1].start]))
}

fn is_joint(joint: &[u8]) -> bool {
    joint == b"+" || joint.len() <= LONGEST_JOINT && joint.iter().all(|b| SEPARATORS.contains(b))
}

/// Not a part of something longer: a word, a UUID, a decimal, a path, a tagged number.
fn stands_alone(text: &[u8], span: &Range<usize>) -> bool {
    let continues = |b: u8| b.is_ascii_alphanumeric() || b"_-/#+\\".contains(&b);
    let before = span.start.checked_sub(1).map(|i| text[i]);
    let before_that = span.start.checked_sub(2).map(|i| text[i]);
    let after = text.get(span.end).copied();
    let after_that = text.get(span.end + 1).copied();
    let decimal = |dot: Option<u8>, digit: Option<u8>| {
        matches!(dot, Some(b'.' | b',' | b':')) && digit.is_some_and(|b| b.is_ascii_digit())
    };
    !before.is_some_and(continues)
        && !after.is_some_and(continues)
        && !decimal(before, before_that)
        && !decimal(after, after_that)
}

/// A card number by its range, the length of that range, and Luhn (ISO/IEC 7812). Numbers of 13 digits are left alone
/// (times in milliseconds), as are ranges that are no longer issued.
fn is_card(digits: &[u8]) -> bool {
    let prefix = |len: usize| digits.iter().take(len).fold(0u32, |n, d| n * 10 + u32::from(*d));
    let known = match digits.len() {
        14 => matches!(prefix(2), 36 | 38 | 39) || matches!(prefix(3), 300..=305),
        15 => matches!(prefix(2), 34 | 37),
        16 => {
            prefix(1) == 4
                || matches!(prefix(2), 51..=55 | 62 | 65)
                || matches!(prefix(3), 644..=649)
                || matches!(prefix(4), 2221..=2720 | 3528..=3589 | 6011)
        }
        19 => prefix(1) == 4 || matches!(prefix(2), 62 | 65),
        _ => false,
    };
    known && luhn(digits) && digits.iter().any(|d| *d != digits[0])
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(i, &d)| u32::from(if i % 2 == 0 { d } else { d * 2 / 10 + d * 2 % 10 }))
        .sum();
    sum.is_multiple_of(10)
}

/// US social security number: no area 000, 666 or 9xx, no group 00, no serial 0000.
fn is_ssn(digits: &[u8]) -> bool {
    let area = &digits[..3];
    area != [0, 0, 0] && area != [6, 6, 6] && area[0] != 9 && digits[3..5] != [0, 0] && digits[5..] != [0, 0, 0, 0]
}

/// Canadian social insurance number: Luhn; 0 and 8 are not issued.
fn is_sin(digits: &[u8]) -> bool {
    luhn(digits) && !matches!(digits[0], 0 | 8)
}

/// French social security number: sex, year, month, place, order, and 97 less the rest as the key.
fn is_nir(digits: &[u8]) -> bool {
    if digits.len() != 15 || !matches!(digits[0], 1 | 2) || !matches!(digits[3] * 10 + digits[4], 1..=12) {
        return false;
    }
    let number = |part: &[u8]| part.iter().fold(0u64, |n, d| n * 10 + u64::from(*d));
    97 - number(&digits[..13]) % 97 == number(&digits[13..])
}

/// `+` and 8 to 15 digits (E.164), or a North American number as people write it.
fn phone(text: &[u8], groups: &[Group], alone: bool) -> Option<(Range<usize>, PersonalKind, usize)> {
    let first = groups[0];
    let bracketed = |group: Group| text[..group.start].last() == Some(&b'(');
    let found = match plus_before(text, first.start) {
        Some(plus) => international(text, groups, plus),
        // With the country code of North America before it, or without.
        None if first.len() == 1 && text[first.start] == b'1' && groups.len() > 3 => {
            let joint = &text[first.end..groups[1].start];
            let joint = joint.strip_suffix(b"(").unwrap_or(joint);
            american(text, &groups[1..], bracketed(groups[1]))
                .filter(|_| is_joint(joint) && (bracketed(groups[1]) || is_clear(text, groups, 4, alone)))
                .map(|(span, used)| (first.start..span.end, used + 1))
        }
        None => {
            american(text, groups, bracketed(first)).filter(|_| bracketed(first) || is_clear(text, groups, 3, alone))
        }
    }?;
    let (span, used) = found;
    stands_alone(text, &span).then_some((span, PersonalKind::Phone, used))
}

/// The place of a plus before these digits, with a blank or two between them if it is no sum.
fn plus_before(text: &[u8], start: usize) -> Option<usize> {
    let blanks = text[..start].iter().rev().take_while(|b| **b == b' ').count();
    let plus = start.checked_sub(blanks + 1).filter(|plus| text[*plus] == b'+' && blanks <= 2)?;
    let before = text[..plus].iter().rev().find(|b| **b != b' ');
    (blanks == 0 || !before.is_some_and(|b| b.is_ascii_alphanumeric() || b")]}".contains(b))).then_some(plus)
}

fn international(text: &[u8], groups: &[Group], plus: usize) -> Option<(Range<usize>, usize)> {
    let first = groups[0];
    if text[first.start] == b'0' {
        return None;
    }
    let mut total = first.len();
    let mut used = 1;
    for pair in groups.windows(2) {
        let joint = &text[pair[0].end..pair[1].start];
        let brackets = |b: &u8| SEPARATORS.contains(b) || b"()".contains(b);
        let joins = joint == b"+" || joint.len() <= LONGEST_JOINT + 1 && joint.iter().all(brackets);
        if !joins || total + pair[1].len() > 15 || pair[1].len() > 8 {
            break;
        }
        total += pair[1].len();
        used += 1;
    }
    ((8..=15).contains(&total)).then(|| (plus..groups[used - 1].end, used))
}

/// `(555) 010-2231`, or `555-234-5678`, with any separators, where the exchange is one that exists.
fn american(text: &[u8], groups: &[Group], bracketed: bool) -> Option<(Range<usize>, usize)> {
    let [area, exchange, line] = groups.first_chunk::<3>()?;
    if [area.len(), exchange.len(), line.len()] != [3, 3, 4] || !matches!(text[area.start], b'2'..=b'9') {
        return None;
    }
    let separators = |joint: &[u8]| joint.len() <= LONGEST_JOINT && joint.iter().all(|b| SEPARATORS.contains(b));
    let first = &text[area.end..exchange.start];
    let written = separators(&text[exchange.end..line.start])
        && match first.strip_prefix(b")") {
            Some(rest) => bracketed && separators(rest),
            None => !bracketed && separators(first) && matches!(text[exchange.start], b'2'..=b'9'),
        };
    written.then(|| (area.start - usize::from(bracketed)..line.end, 3))
}
