//! The command line: what may be typed after `:`, which of it matches, and what an argument means.

mod arguments;
mod search;
mod synonyms;

pub use arguments::{TypedRequest, VERBS, Verb, parse};
pub use search::{CommandEntry, Hit, meant, search};

/// Lines that ↑ brings back, at most.
const KEPT: usize = 100;

/// What was entered, the newest last.
#[derive(Debug, Default)]
pub struct Entered(Vec<String>);

impl Entered {
    /// Keeps a line; one that was entered before moves to the end.
    pub(in crate::app) fn push(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        self.0.retain(|kept| kept != line);
        self.0.push(line.to_owned());
        if self.0.len() > KEPT {
            self.0.remove(0);
        }
    }

    /// The line `back` steps ago; 0 is the newest.
    pub(in crate::app) fn get(&self, back: usize) -> Option<&str> {
        self.0.iter().rev().nth(back).map(String::as_str)
    }
}
