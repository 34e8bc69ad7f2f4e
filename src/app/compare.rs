//! Two calls, or two moments of one call, side by side.

use crate::domain::{
    Board, ConversationId,
    compare::{ComparedKey, Held, compare, held, held_at, moments},
};
use std::time::Duration;

/// One side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Which call.
    pub call: ConversationId,
    /// At which moment of the monotonic clock; `None`: now.
    pub moment: Option<Duration>,
}

/// The comparison that lies over a screen.
#[derive(Clone, Debug)]
pub struct Compare {
    /// The left side.
    pub left: Side,
    /// The right side.
    pub right: Side,
    /// Lines that are the same are left out.
    pub only_differences: bool,
    /// The selected line.
    pub selected: usize,
}

impl Compare {
    /// Two calls as they are now.
    pub fn calls(left: ConversationId, right: ConversationId) -> Self {
        let side = |call| Side { call, moment: None };
        Self { left: side(left), right: side(right), only_differences: false, selected: 0 }
    }

    /// A call as it was before anything changed under our eyes, and now.
    pub fn moments(call: ConversationId) -> Self {
        let left = Side { call: call.clone(), moment: Some(Duration::ZERO) };
        Self { left, right: Side { call, moment: None }, only_differences: true, selected: 0 }
    }

    /// Both sides are one call.
    pub fn of_one_call(&self) -> bool {
        self.left.call == self.right.call
    }

    /// Both sides line by line, differences first. A call that has left the board carries nothing.
    pub fn lines(&self, board: &Board) -> Vec<ComparedKey> {
        let mut lines = compare(&side(&self.left, board), &side(&self.right, board));
        if self.only_differences {
            lines.retain(|line| !line.is_same());
        }
        lines
    }

    /// Moves one side to the moment before or after, of those at which something changed. The left side goes back to the
    /// first sight, the right one forth to now.
    pub fn turn(&mut self, board: &Board, right: bool, later: bool) {
        if !self.of_one_call() {
            return;
        }
        let Some(entry) = board.get(self.left.call.as_str()) else { return };
        let mut all: Vec<Option<Duration>> = vec![Some(Duration::ZERO)];
        all.extend(moments(entry).into_iter().map(Some));
        // The last moment is now, and now goes on.
        if all.len() > 1 {
            all.pop();
        }
        all.push(None);
        let side = if right { &mut self.right } else { &mut self.left };
        let here = match side.moment {
            Some(_) => all.iter().rposition(|m| m.is_some() && *m <= side.moment).unwrap_or(0),
            None => all.len() - 1,
        };
        // The left side stays behind now: against now, nothing would differ.
        let last = if right { all.len() - 1 } else { all.len() - 2 };
        let to = if later { (here + 1).min(last) } else { here.saturating_sub(1) };
        side.moment = all[to];
        self.selected = 0;
    }
}

fn side(side: &Side, board: &Board) -> Held {
    match (board.get(side.call.as_str()), side.moment) {
        (Some(entry), Some(moment)) => held_at(entry, moment),
        (Some(entry), None) => held(&entry.conversation),
        (None, _) => Held::new(),
    }
}

#[cfg(test)]
mod tests;
