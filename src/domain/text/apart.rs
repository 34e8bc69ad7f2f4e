//! Long texts cut so that it shows where they differ.

use super::{Charset, push_cut, width_in};

/// Below this an extra piece says nothing.
const PIECE: usize = 8;

/// Each of the texts in at most `columns`, harmless. Where one does not fit and they differ only beyond what would be seen of them,
/// what is around each first difference of two is shown, and an ellipsis stands for what is left out.
pub fn apart(texts: &[&str], columns: usize, charset: Charset) -> Vec<String> {
    let starts = starts(texts, columns, charset);
    let share = columns / starts.len();
    let shown = |text: &&str| {
        let mut out = String::new();
        let mut used = 0;
        for (n, start) in starts.iter().enumerate() {
            let begin = back(text, (*start).min(text.len()), if *start < text.len() { 0 } else { context(share) });
            let end = starts.get(n + 1).map_or(text.len(), |next| back(text, (*next).min(text.len()), 0)).max(begin);
            let room = if n + 1 == starts.len() { columns - used } else { share };
            if begin > 0 && used < columns && !out.ends_with(charset.ellipsis()) {
                out.push_str(charset.ellipsis());
                used += 1;
            }
            let part = if end < text.len() { &text[begin..end] } else { &text[begin..] };
            used += push_cut(&mut out, part, room.saturating_sub(usize::from(begin > 0)).min(columns - used), charset);
            if end >= text.len() {
                break;
            }
        }
        out
    };
    texts.iter().map(shown).collect()
}

/// At which bytes the pieces begin, in every text.
fn starts(texts: &[&str], columns: usize, charset: Charset) -> Vec<usize> {
    let fits = |text: &&str| text.len() <= columns.saturating_mul(8) && width_in(text, charset) <= columns;
    if texts.iter().all(fits) {
        return vec![0];
    }
    let pairs = texts.iter().enumerate().flat_map(|(n, one)| texts[n + 1..].iter().map(move |other| (one, other)));
    let mut differ: Vec<(usize, &str)> =
        pairs.filter(|(one, other)| one != other).map(|(one, other)| (common(one, other), *one)).collect();
    differ.sort_unstable_by_key(|(at, _)| *at);
    differ.dedup_by_key(|(at, _)| *at);
    let pieces = (columns / PIECE).clamp(1, differ.len().max(1));
    let share = columns / pieces;
    let mut starts: Vec<usize> = Vec::new();
    for (at, text) in differ {
        let from = starts.last().copied().unwrap_or_default();
        // Of the rest, two columns are ellipses, and two what differs.
        let seen = width_in(&text[from.min(at)..at], charset) + 4 <= share;
        if starts.len() < pieces && !seen {
            starts.push(back(text, at, context(share)));
        } else if starts.is_empty() {
            starts.push(0);
        }
    }
    if starts.is_empty() {
        starts.push(0);
    }
    starts
}

/// How many characters before a difference are shown.
fn context(share: usize) -> usize {
    share / 6
}

/// How many bytes two texts begin with alike, whole characters.
fn common(one: &str, other: &str) -> usize {
    let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    back(one, same, 0)
}

/// `chars` characters before this byte.
fn back(text: &str, at: usize, chars: usize) -> usize {
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    text[..at].char_indices().rev().take(chars).last().map_or(at, |(place, _)| place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(texts: &[&str]) -> Vec<String> {
        apart(texts, 24, Charset::Unicode)
    }

    #[test]
    fn what_fits_or_differs_early_is_cut_at_its_end() {
        assert_eq!(cut(&["gold", "silver"]), ["gold", "silver"]);
        let (one, other) = (format!("a{}", "x".repeat(60)), format!("b{}", "x".repeat(60)));
        let shown = cut(&[&one, &other]);
        assert_eq!(shown, [format!("a{}…", "x".repeat(22)), format!("b{}…", "x".repeat(22))]);
        assert_eq!(cut(&[&one, &one]), [format!("a{}…", "x".repeat(22)), format!("a{}…", "x".repeat(22))]);
    }

    #[test]
    fn what_differs_late_is_shown_there() {
        let long = "0123456789".repeat(10);
        let shown = cut(&[&long, &format!("{long}!"), &format!("{long}?")]);
        assert_eq!(shown, ["…6789", "…6789!", "…6789?"]);
        let (one, other) = (format!("{long}A{long}"), format!("{long}B{long}"));
        let around = |letter| format!("…6789{letter}{}…", &long[..17]);
        assert_eq!(cut(&[&one, &other]), [around('A'), around('B')]);
    }

    #[test]
    fn three_that_differ_in_two_places_are_shown_in_both() {
        let long = "-".repeat(50);
        let texts = [format!("{long}A{long}C"), format!("{long}B{long}C"), format!("{long}A{long}D")];
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let shown = cut(&texts);
        assert!(shown[0].contains('A') && shown[0].contains('C'), "{shown:?}");
        assert!(shown[1].contains('B'), "{shown:?}");
        assert!(shown[2].contains('D'), "{shown:?}");
    }

    proptest! {
        #[test]
        fn texts_that_differ_look_different_and_keep_within_the_columns(
            begin in "[a-z ]{0,80}", tails in prop::collection::vec("[a-zäö漢\u{1b} ]{0,60}", 2..4), columns in 24usize..60,
        ) {
            let texts: Vec<String> = tails.iter().map(|tail| format!("{begin}{tail}")).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let shown = apart(&texts, columns, Charset::Unicode);
            for (n, one) in shown.iter().enumerate() {
                prop_assert!(width_in(one, Charset::Unicode) <= columns, "{one:?} in {columns}");
                for (m, other) in shown.iter().enumerate() {
                    prop_assert_eq!(one == other, texts[n] == texts[m], "{:?}", (one, other, n, m));
                }
            }
        }
    }
}
