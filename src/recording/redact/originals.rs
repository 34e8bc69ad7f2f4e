//! Every text that must not survive, and whether it does.

use std::collections::{HashMap, HashSet};

/// Texts shorter than this (in characters) are too common to be searched for.
pub(super) const SHORTEST: usize = 4;

/// The original values of a recording.
#[derive(Debug, Default)]
pub(super) struct Originals {
    seen: HashSet<Box<str>>,
    /// By their first four bytes, which is as many as four characters have at least.
    by_start: HashMap<[u8; 4], Vec<Box<str>>>,
}

impl Originals {
    /// Remembers a text that must not survive. Markers and texts without a letter or digit may.
    pub(super) fn add(&mut self, text: &str) {
        if text.chars().take(SHORTEST).count() < SHORTEST || super::stays(text) || self.seen.contains(text) {
            return;
        }
        self.seen.insert(text.into());
        if let Some(start) = start(text.as_bytes()) {
            self.by_start.entry(start).or_default().push(text.into());
        }
    }

    /// An original that stands somewhere in `text`.
    pub(super) fn within(&self, text: &str) -> Option<&str> {
        let bytes = text.as_bytes();
        (0..bytes.len()).find_map(|i| {
            let candidates = self.by_start.get(&start(&bytes[i..])?)?;
            candidates.iter().map(|c| &**c).find(|original| bytes[i..].starts_with(original.as_bytes()))
        })
    }

    /// All of them, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.seen.iter().map(|text| &**text)
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }
}

fn start(bytes: &[u8]) -> Option<[u8; 4]> {
    bytes.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_stands_anywhere() {
        let mut originals = Originals::default();
        for text in ["gold", "golden", "tür", "türe", "undefined", "----", "abc"] {
            originals.add(text);
        }
        assert_eq!(originals.len(), 3, "{originals:?}");
        assert_eq!(originals.within("a golden age"), Some("gold"));
        assert_eq!(originals.within("Gold"), None);
        assert_eq!(originals.within("die türe"), Some("türe"));
        assert_eq!(originals.within("undefined ---- abc"), None);
        assert_eq!(originals.within(""), None);
    }
}
