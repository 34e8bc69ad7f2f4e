//! Cuts a text into the pieces that are replaced as one, so that equal pieces become equal pieces wherever they stand:
//! a caller's number in an address, in a name and in an attribute.

use regex::Regex;
use std::sync::LazyLock;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SegmentKind {
    /// A UUID, or a hexadecimal number of 32, 40 or 64 digits.
    Id,
    /// A date or a time of day, alone or together.
    Date,
    /// Digits with single separators between: numbers, phone numbers, addresses of machines.
    Number,
    /// Letters and digits.
    Word,
    /// Stays: punctuation, control characters, markers, names of members of a wrapper.
    Kept,
}

static PIECES: LazyLock<Regex> = LazyLock::new(|| {
    let wrappers = super::words::WRAPPERS.join("|");
    let pattern = format!(r#"(?<kept>\[object Object\]|\x1b\[[0-9;?]*[A-Za-z]|"(?:{wrappers})"\s*:)"#,)
        + r"|(?<id>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b|\b[0-9a-fA-F]{32}\b|\b[0-9a-fA-F]{40}\b|\b[0-9a-fA-F]{64}\b)"
        + r"|(?<date>\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?\b|\b[0-9]{2}:[0-9]{2}(?::[0-9]{2})?\b)"
        + r"|(?<word>[\p{N}_]*[\p{L}_][\p{L}\p{M}\p{N}_]*)"
        + r"|(?<number>[0-9]+(?:[-.:/, ()]{1,2}[0-9]+)*)"
        + r"|(?<digits>\p{N}+)";
    Regex::new(&pattern).unwrap_or_else(|e| unreachable!("a constant pattern: {e}"))
});

/// The pieces of `text`, in order; together they are the text.
pub(super) fn pieces(text: &str) -> Vec<(SegmentKind, &str)> {
    let mut pieces = Vec::new();
    let mut end = 0;
    for found in PIECES.captures_iter(text) {
        let Some(whole) = found.get(0) else { continue };
        if whole.start() > end {
            pieces.push((SegmentKind::Kept, &text[end..whole.start()]));
        }
        end = whole.end();
        let is = |name| found.name(name).is_some();
        let kind = match () {
            () if is("id") => SegmentKind::Id,
            () if is("date") => SegmentKind::Date,
            () if is("number") => SegmentKind::Number,
            () if is("kept") || super::is_marker(whole.as_str()) => SegmentKind::Kept,
            () => SegmentKind::Word,
        };
        pieces.push((kind, whole.as_str()));
    }
    if end < text.len() {
        pieces.push((SegmentKind::Kept, &text[end..]));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn show(text: &str) -> String {
        let mark = |kind| match kind {
            SegmentKind::Id => 'i',
            SegmentKind::Date => 'd',
            SegmentKind::Number => 'n',
            SegmentKind::Word => 'w',
            SegmentKind::Kept => '.',
        };
        pieces(text).iter().map(|(kind, piece)| format!("{}<{piece}>", mark(*kind))).collect()
    }

    #[test]
    fn a_text_falls_into_what_belongs_together() {
        assert_eq!(show("tel:+1 (317) 555-0123"), "w<tel>.<:+>n<1 (317) 555-0123>");
        assert_eq!(show("tel:+13175550123"), "w<tel>.<:+>n<13175550123>");
        assert_eq!(show("Dana W."), "w<Dana>.< >w<W>.<.>");
        assert_eq!(show("{{lookup.tier}}"), ".<{{>w<lookup>.<.>w<tier>.<}}>");
        assert_eq!(show("hi undefined"), "w<hi>.< >.<undefined>");
        assert_eq!(show("2026-11-20T12:04:31.250Z"), "d<2026-11-20T12:04:31.250Z>");
        assert_eq!(show("due 2026-11-20 12:04"), "w<due>.< >d<2026-11-20 12:04>");
        assert_eq!(show("1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11"), "i<1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11>");
        assert_eq!(show("sess_12ab, 3rd"), "w<sess_12ab>.<, >w<3rd>");
        assert_eq!(show("{\"data\": {\"x"), ".<{>.<\"data\":>.< {\">w<x>");
        assert_eq!(show("4111 1111 1111 1111"), "n<4111 1111 1111 1111>");
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_text(text: String) {
            let whole: String = pieces(&text).into_iter().map(|(_, piece)| piece).collect();
            prop_assert_eq!(whole, text);
        }
    }
}
