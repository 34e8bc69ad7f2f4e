//! How many of the live calls have each key that is shown: set, wrong, missing.

use super::{Calls, value};
use crate::{
    app::layout,
    domain::{
        At, Board, Key,
        filter::Quoted,
        findings::{Examiner, RuleId, Severity},
    },
};
use std::time::Duration;

/// Above this many calls they are counted once a second.
const MANY: usize = 500;

/// The live calls, by one key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyTally {
    /// Calls that have it, and nothing is wrong with it.
    pub set: usize,
    /// Calls that have it wrong: of a value, a type or a participant that is not expected.
    pub wrong: usize,
    /// Calls where it is expected and absent.
    pub missing: usize,
    /// Calls where it is absent and not expected, or not yet.
    pub rest: usize,
}

impl KeyTally {
    /// How many of a hundred live calls have it and have it right: the part of the bar that is set.
    pub fn percent(&self) -> Option<usize> {
        let all = self.set + self.wrong + self.missing + self.rest;
        let rounded = (self.set * 200 + all).checked_div(all * 2)?;
        // 100 % means all, and 0 % none.
        Some(if self.set < all { rounded.min(99).max(usize::from(self.set > 0)) } else { rounded })
    }
}

/// State of the coverage.
#[derive(Debug, Default)]
pub struct CallCoverage {
    /// Whether it is shown.
    pub open: layout::PaneShown,
    /// It has the keyboard.
    pub focus: bool,
    /// Which bar is selected.
    pub selected: usize,
    /// Live calls.
    pub calls: usize,
    /// By key, in the order of the columns.
    pub tallies: Vec<KeyTally>,
    counted: Option<(Vec<Key>, Duration)>,
}

impl CallCoverage {
    /// Counts again.
    pub(super) fn refresh(&mut self, keys: &[Key], board: &Board, examiner: &Examiner, at: At) {
        let fresh = |(of, when): &(Vec<Key>, Duration)| of == keys && at.mono < *when + Duration::from_secs(1);
        if board.len() > MANY && self.counted.as_ref().is_some_and(fresh) {
            return;
        }
        self.counted = Some((keys.to_vec(), at.mono));
        self.selected = self.selected.min(keys.len().saturating_sub(1));
        self.calls = board.len() - board.ended();
        self.tallies = vec![KeyTally::default(); keys.len()];
        for entry in board.iter().filter(|entry| !entry.conversation.is_over()) {
            let c = &entry.conversation;
            for (key, tally) in keys.iter().zip(&mut self.tallies) {
                let about = examiner.of_key(c.id.as_str(), key.as_str());
                let (mut missing, mut wrong) = (false, false);
                for finding in about.filter(|f| f.severity > Severity::Info) {
                    if finding.rule == RuleId::Missing { missing = true } else { wrong = true }
                }
                match value(c, key.as_str()).is_some() {
                    _ if missing => tally.missing += 1,
                    true if wrong => tally.wrong += 1,
                    true => tally.set += 1,
                    false => tally.rest += 1,
                }
            }
        }
    }
}

impl Calls {
    /// The filter for the selected bar: calls without the key; where that is the filter already, calls with it, then all.
    pub(in crate::app) fn filter_of_bar(&self) -> Option<String> {
        let key = self.keys.get(self.coverage.selected)?;
        let quoted = Quoted(key.as_str());
        let (without, with) = (format!("!{quoted}"), format!("{quoted}?"));
        Some(match self.filter_text.as_str() {
            now if now == without => with,
            now if now == with => String::new(),
            _ => without,
        })
    }
}
