//! The Calls screen: which rows, sorted how, which columns, and the selection that does not lose its row.

mod columns;
mod coverage;
mod order;

pub use columns::{Column, ColumnShows, Fixed, MARGIN};
pub use coverage::{CallCoverage, KeyTally};

use self::order::{Order, WantedOrder};
use super::{layout, rows};
use crate::domain::{At, Board, BoardEntry, Conversation, ConversationId, Key, filter::Filter, findings::Examiner};
use columns::{ColumnChoice, Head};
use ratatui::layout::Rect;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::HashSet;

/// By what the rows are sorted.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Sort {
    /// When the call began.
    #[default]
    Age,
    /// When something about it changed last.
    Activity,
    /// Where it is: flow, queue, agent, ended.
    At,
    /// Queue or flow.
    To,
    /// Who is calling.
    From,
    /// The medium.
    Media,
    /// The value of this key.
    Attribute(Key),
}

/// Calls that columns are chosen by, at most.
const SAMPLE: usize = 400;

impl Sort {
    /// All but the attributes, in the order in which they are listed.
    pub const FACTS: [Self; 6] = [Self::Age, Self::Activity, Self::At, Self::To, Self::From, Self::Media];

    /// What the column is called, in its head and in the title.
    pub fn name(&self) -> &str {
        match self {
            Self::Age => "age",
            Self::Activity => "last change",
            Self::At => "at",
            Self::To => "to / flow",
            Self::From => "from",
            Self::Media => "media",
            Self::Attribute(key) => key.as_str(),
        }
    }
}

/// Why the selection went from its call to the one next to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectionMoved {
    /// The call is no longer shown.
    Gone,
    /// The call has ended, and its row is out of sight among the ended ones.
    Ended,
}

/// State of the Calls screen.
#[derive(Debug, Default)]
pub struct Calls {
    /// By what the rows are sorted.
    pub sort: Sort,
    /// From large to small.
    pub reverse: bool,
    /// Which calls are shown.
    pub filter: Filter,
    /// The same as it was typed.
    pub filter_text: String,
    /// Ended calls are not shown, unless they are pinned.
    pub hides_ended: bool,
    /// The selected call.
    pub selected: Option<ConversationId>,
    /// The selected call, once it no longer matches the filter: it stays until the selection moves.
    pub mismatch: bool,
    /// The selection is at the top and stays there while new calls come in.
    pub following: bool,
    /// Rows scrolled away above.
    pub scroll: usize,
    /// The rows, in order.
    pub rows: Vec<ConversationId>,
    /// Columns with their places, the fixed ones first.
    pub columns: Vec<Column>,
    /// The first attribute column in sight: those before it were scrolled away.
    pub first_column: usize,
    /// Attribute columns out of sight: to the left, to the right.
    pub more: (usize, usize),
    /// Attribute keys that the operator picked; else Sidetone chooses.
    pub picked: Option<Vec<Key>>,
    /// Keys that calls are expected to carry; they come first when Sidetone chooses.
    pub expected: Vec<Key>,
    /// Attribute keys shown as columns.
    pub keys: Vec<Key>,
    /// Widths that the operator chose, by key.
    pub own_widths: FxHashMap<Key, u16>,
    /// Calls that stay after they end.
    pub pinned: FxHashSet<ConversationId>,
    /// The selected call, where it was live at the last look.
    pub(super) live: Option<ConversationId>,
    /// How many calls have each key.
    pub coverage: CallCoverage,
    /// Widest text seen per column, so that columns do not twitch.
    pub(super) widths: FxHashMap<Head, u16>,
    pub(super) chosen: ColumnChoice,
    pub(super) order: Order,
}

impl Calls {
    /// The areas of the screen.
    pub fn areas(&self, size: Rect) -> layout::CallsLayout {
        layout::calls(size, self.coverage.open, self.keys.len())
    }

    /// The row of the selected call.
    pub fn position(&self) -> Option<usize> {
        self.order.position(&self.rows, self.selected.as_ref()?)
    }

    /// Brings rows, columns and scroll up to date with the board; why the selection had to move, where it had to.
    /// `touched`: what [`Board::take_touched`] told.
    pub fn refresh(
        &mut self,
        board: &Board,
        examiner: &Examiner,
        touched: Option<Vec<ConversationId>>,
        at: At,
        size: Rect,
    ) -> Option<SelectionMoved> {
        let before = self.position();
        self.choose_keys(board, at);
        let areas = self.areas(size);
        let wanted = WantedOrder {
            sort: &self.sort,
            reverse: self.reverse,
            filter: &self.filter,
            selected: self.selected.as_ref(),
            live: self.hides_ended.then_some(&self.pinned),
        };
        self.order.refresh(&mut self.rows, &wanted, board, touched, at);
        let page = usize::from(areas.table.height);
        let has_ended = self.has_ended(board);
        let moved = self.keep_selection(before, page, has_ended);
        // No row is hidden above while a line below is empty: the place of the selection on the terminal gives way to that.
        self.scroll = self.scroll.min(self.rows.len().saturating_sub(page.max(1)));
        let selected = self.selected.as_ref().and_then(|id| board.get(id.as_str()));
        self.live = selected.filter(|entry| !entry.conversation.is_over()).map(|entry| entry.conversation.id.clone());
        self.mismatch = selected.is_some_and(|entry| !self.order.matches(entry, board, at));
        self.place_columns(board, examiner, at, areas.table);
        if areas.coverage().is_some() {
            self.coverage.refresh(&self.keys, board, examiner, at);
        }
        moved
    }

    /// The selected call was live at the last look and is over.
    fn has_ended(&self, board: &Board) -> bool {
        let selected = self.selected.as_ref().filter(|id| self.live.as_ref() == Some(*id));
        selected.and_then(|id| board.get(id.as_str())).is_some_and(|entry| entry.conversation.is_over())
    }

    /// Sorts by this, or the other way round where it is sorted so already.
    pub(super) fn sort_by(&mut self, sort: Sort) {
        self.reverse = self.sort == sort && !self.reverse;
        self.sort = sort;
    }

    /// Selects row `to`.
    pub fn go(&mut self, to: usize, page: usize) {
        let Some(last) = self.rows.len().checked_sub(1) else { return };
        let to = to.min(last);
        self.selected = Some(self.rows[to].clone());
        self.following = to == 0;
        self.scroll = self.scroll.min(self.rows.len().saturating_sub(page.max(1)));
        self.show(to, page);
    }

    /// Moves the rows as little as possible so that row `to` is on the page.
    fn show(&mut self, to: usize, page: usize) {
        let page = page.max(1);
        if to < self.scroll {
            self.scroll = to;
        } else if to >= self.scroll + page {
            self.scroll = to + 1 - page;
        }
    }

    /// The selected row stays where it is on the terminal; rows come and go around it.
    fn keep_selection(&mut self, before: Option<usize>, page: usize, has_ended: bool) -> Option<SelectionMoved> {
        let last_scroll = self.rows.len().saturating_sub(page.max(1));
        if self.rows.is_empty() {
            let had = self.selected.take().is_some();
            self.scroll = 0;
            self.following = true;
            return had.then_some(SelectionMoved::Gone);
        }
        if self.selected.is_none() {
            self.go(0, page);
            self.scroll = 0;
            return None;
        }
        match (self.position(), before) {
            // It went to the ended calls, out of sight: the live ones are not scrolled away for it.
            (Some(now), Some(before)) if has_ended && now >= self.scroll + page.max(1) => {
                let (scroll, following) = (self.scroll, self.following);
                self.go(before, page);
                (self.scroll, self.following) = (scroll.min(last_scroll), following);
                self.show(before, page);
                Some(SelectionMoved::Ended)
            }
            (Some(now), Some(before)) => {
                if self.following && now < page.max(1) {
                    // The selection rests at the top and nobody moved it: new calls are to be seen. It keeps its call.
                    self.scroll = 0;
                } else {
                    self.following = false;
                    let on_page = before.saturating_sub(self.scroll);
                    self.scroll = now.saturating_sub(on_page);
                }
                self.show(now, page);
                None
            }
            (Some(now), None) => {
                self.show(now, page);
                None
            }
            (None, before) => {
                self.go(before.unwrap_or(0), page);
                self.scroll = self.scroll.min(last_scroll);
                Some(SelectionMoved::Gone)
            }
        }
    }
}

/// The text of a fixed column.
pub fn fact<'a>(c: &'a Conversation, show: Fixed, board: &'a Board, at: At) -> std::borrow::Cow<'a, str> {
    match show {
        Fixed::Age => rows::clock_age(rows::age(c, at)).into(),
        Fixed::Media => rows::media(c).into(),
        Fixed::From => rows::from(c),
        Fixed::To => rows::to(c, &board.names),
        Fixed::At if !c.left.is_empty() => left(c).into(),
        Fixed::At => rows::at(c, at),
    }
}

/// What is watched and no longer has the call: `left Support`.
fn left(c: &Conversation) -> String {
    let names: Vec<&str> = c.left.iter().map(|name| name.as_str()).collect();
    format!("left {}", names.join(", "))
}

/// The value that a call shows under a key: that of the customer whom the call is about, else of another customer, else of the newest
/// participant that has it.
pub fn value<'a>(
    conversation: &'a Conversation,
    key: &str,
) -> Option<(&'a crate::domain::Participant, crate::domain::Attribute<'a>)> {
    let of = |p: &'a crate::domain::Participant| p.attributes.get(key).map(|a| (p, a));
    let customers = || conversation.customer().and_then(of).or_else(|| conversation.carrier("customer", key));
    customers().or_else(|| conversation.participants.iter().rev().find_map(of))
}

/// When something about a call changed last.
pub(super) fn last_change(entry: &BoardEntry) -> jiff::Timestamp {
    let began = rows::began(&entry.conversation);
    entry.history.iter().next_back().map_or(began, |h| h.at.wall)
}

/// How many calls carry each key, in order of first sight.
pub fn keys_with_counts(board: &Board) -> Vec<(Key, usize)> {
    let mut counts: indexmap::IndexMap<Key, usize> = indexmap::IndexMap::new();
    for entry in board.iter() {
        let mut of_call: HashSet<&str> = HashSet::new();
        for attribute in entry.conversation.participants.iter().flat_map(|p| &p.attributes) {
            if of_call.insert(attribute.key.as_str()) {
                *counts.entry(attribute.key.clone()).or_default() += 1;
            }
        }
    }
    counts.into_iter().collect()
}

/// Keys worth a column, the most informative first: carried by many calls, with a few short values that differ, and
/// better still if they change while a call lasts; above all those that are expected.
pub fn informative_keys(board: &Board, expected: &[Key]) -> Vec<Key> {
    #[derive(Default)]
    struct Seen<'a> {
        calls: usize,
        length: usize,
        changes: usize,
        values: HashSet<&'a str>,
    }
    let mut seen: indexmap::IndexMap<Key, Seen<'_>> = indexmap::IndexMap::new();
    // Of a large board a sample tells as much.
    let step = board.len().div_ceil(SAMPLE).max(1);
    for entry in board.iter().step_by(step) {
        for attribute in entry.conversation.participants.iter().flat_map(|p| &p.attributes) {
            let value = attribute.value.as_str();
            let s = seen.entry(attribute.key.clone()).or_default();
            s.calls += 1;
            s.length += value.len().min(200);
            s.values.insert(value);
        }
        for change in entry.history.iter() {
            seen.entry(change.key.clone()).or_default().changes += 1;
        }
    }
    let calls = board.len().div_ceil(step).max(1) as f64;
    let score = |s: &Seen<'_>| {
        let n = s.calls.max(1) as f64;
        let presence = (n / calls).min(1.0).sqrt();
        let distinct = s.values.len() as f64;
        let variety = match s.values.len() {
            0 => 0.0,
            1 if s.calls > 1 => 0.15,
            1 => 0.3,
            // A value of its own for nearly every call is an identifier: it tells calls apart, not what they are.
            _ if s.calls > 3 && distinct > 0.6 * n => 0.25,
            2..=6 => 1.0,
            _ => 6.0 / distinct,
        };
        let length = s.length as f64 / n;
        let brevity = if length <= 14.0 { 1.0 } else { 14.0 / length };
        let liveliness = 1.0 + 0.6 * (s.changes as f64 / n).min(1.0);
        presence * variety * brevity * liveliness
    };
    let wanted = |key: &Key| if expected.contains(key) { 2.0 } else { 1.0 };
    let mut scored: Vec<(f64, usize, Key)> =
        seen.into_iter().enumerate().map(|(i, (key, s))| (score(&s) * wanted(&key), i, key)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, _, key)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::Desk;

    #[test]
    fn no_row_is_hidden_above_while_a_line_below_is_empty() {
        use crate::app::testing::leg;
        let mut desk = Desk::new(120, 36);
        let customer = |i: usize| leg("c", "customer", "Caller", &[]).from(&format!("tel:+1555010{i:04}"));
        for i in 0..60 {
            desk.call(&format!("call-{i:02}"), 60 + i as i64, vec![customer(i)]);
        }
        desk.model.calls.hides_ended = true;
        desk.keys("G");
        assert!(desk.model.calls.scroll > 0);
        for i in 5..59 {
            desk.call(&format!("call-{i:02}"), 60 + i as i64, vec![customer(i).left()]);
            desk.wait(10);
            let page = desk.model.page();
            let calls = &desk.model.calls;
            assert!(
                calls.scroll == 0 || calls.scroll + page <= calls.rows.len(),
                "{} of {}",
                calls.scroll,
                calls.rows.len()
            );
        }
        assert_eq!((desk.model.calls.scroll, desk.model.calls.rows.len()), (0, 6), "all of them are in sight");
    }

    #[test]
    fn columns_are_chosen_by_what_they_tell() {
        let mut desk = Desk::new(120, 36);
        for i in 0..8 {
            let session = format!("sess_{i}");
            let tier = ["gold", "silver"][i % 2];
            let note = "a long remark that fills a column and more ".repeat(i + 1);
            desk.customer(
                &format!("call-{i}"),
                &[
                    ("session", &session),
                    ("same", "x"),
                    ("note", &note),
                    ("tier", tier),
                    ("lang", ["en", "fr", "de"][i % 3]),
                ],
            );
        }
        let keys = |expected: &[Key]| -> Vec<String> {
            informative_keys(&desk.model.monitor.board, expected).iter().map(ToString::to_string).collect()
        };
        assert_eq!(keys(&[])[..2], ["tier", "lang"], "few short values that differ come first");
        assert_eq!(keys(&["lang".into()])[0], "lang", "what is expected comes before what is not");
        assert_eq!(keys(&["lang".into()]).len(), 5, "all keys are there for those who pick");
    }
}
