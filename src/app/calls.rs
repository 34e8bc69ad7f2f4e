//! The Calls screen: which rows, in which order, which columns, and the hand that does not lose its row.

mod order;

use self::order::{Order, Wanted};
use super::{layout, rows};
use crate::domain::{At, Board, Conversation, ConversationId, Entry, Key, filter::Filter, text};
use ratatui::layout::Rect;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{collections::HashSet, time::Duration};

/// By what the rows are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
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
    /// The value under the column of this number.
    Attribute(usize),
}

impl Sort {
    /// The next one, for the key that goes round.
    pub fn next(self) -> Self {
        match self {
            Self::Age => Self::Activity,
            Self::Activity => Self::At,
            Self::At => Self::To,
            Self::To => Self::From,
            Self::From | Self::Media | Self::Attribute(_) => Self::Age,
        }
    }

    /// The words in the title line; `reverse` turns the order round.
    pub fn words(self, reverse: bool) -> &'static str {
        match (self, reverse) {
            (Self::Age, false) => "newest first",
            (Self::Age, true) => "oldest first",
            (Self::Activity, false) => "last change first",
            (Self::Activity, true) => "last change last",
            (Self::At, _) => "by state",
            (Self::To, _) => "by queue or flow",
            (Self::From, _) => "by caller",
            (Self::Media, _) => "by media",
            (Self::Attribute(_), _) => "by value",
        }
    }
}

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// How old the call is.
    Age,
    /// Its medium.
    Media,
    /// Who is calling.
    From,
    /// Queue or flow.
    To,
    /// Where it is now.
    At,
    /// The attribute column of this number.
    Attribute(usize),
}

/// A column with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it shows.
    pub show: Show,
    /// First column of the terminal.
    pub x: u16,
    /// Columns of the terminal.
    pub width: u16,
}

/// State of the Calls screen.
#[derive(Debug, Default)]
pub struct Calls {
    /// Order of the rows.
    pub sort: Sort,
    /// The same order the other way round.
    pub reverse: bool,
    /// Which calls are shown.
    pub filter: Filter,
    /// The same as it was typed.
    pub filter_text: String,
    /// The call under the hand.
    pub selected: Option<ConversationId>,
    /// The hand is at the top and stays there while new calls come in.
    pub following: bool,
    /// Rows scrolled away above.
    pub scroll: usize,
    /// The rows, in order.
    pub rows: Vec<ConversationId>,
    /// Columns with their places, the fixed ones first.
    pub columns: Vec<Column>,
    /// Attribute keys that the operator picked; else Sidetone chooses.
    pub picked: Option<Vec<Key>>,
    /// Keys that calls are expected to carry; they come first when Sidetone chooses.
    pub expected: Vec<Key>,
    /// Attribute keys shown as columns.
    pub keys: Vec<Key>,
    /// Calls that stay after they end.
    pub pinned: FxHashSet<ConversationId>,
    /// Widest text seen per column, so that columns do not twitch.
    pub(super) widths: FxHashMap<Head, u16>,
    pub(super) chosen: Choice,
    pub(super) order: Order,
    /// The order in which the rows were shown last.
    pub(super) shown: Option<(Sort, bool)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Head {
    Fixed(u8),
    Key(Key),
}

/// How settled the automatic choice of columns is.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// Calls at the last choice; chosen anew while the picture is still forming.
    calls: usize,
    /// No more changes by themselves after this.
    until: Option<Duration>,
}

/// The automatic choice of columns may change for this long after the first call.
const FORMING: Duration = Duration::from_secs(4);
/// Calls that columns are chosen by, at most.
const SAMPLE: usize = 400;
/// A cell is at most this wide.
const WIDEST: u16 = 24;
/// A column of attributes is at most this wide while another one wants a place.
const MODEST: u16 = 15;
/// Columns between two columns.
pub const GAP: u16 = 2;
/// Columns left of the first, where the hand is.
pub const MARGIN: u16 = 3;
/// Columns kept at the right end for findings.
const TAIL: u16 = 5;

impl Calls {
    /// The row of the call under the hand.
    pub fn position(&self) -> Option<usize> {
        self.order.position(&self.rows, self.selected.as_ref()?)
    }

    /// Brings rows, columns and scroll up to date with the board. True when the hand had to move because its call is gone.
    /// `touched`: what [`Board::take_touched`] told.
    pub fn refresh(&mut self, board: &Board, touched: Option<Vec<ConversationId>>, at: At, size: Rect) -> bool {
        let areas = layout::calls(size);
        let before = self.position();
        // Before the order, which may be that of a column.
        self.choose_keys(board, at);
        let key = if let Sort::Attribute(n) = self.sort { self.keys.get(n) } else { None };
        let wanted = Wanted { sort: self.sort, reverse: self.reverse, key, filter: &self.filter };
        self.order.refresh(&mut self.rows, &wanted, board, touched, at);
        let page = usize::from(areas.table.height);
        let lost = self.keep_hand(before, page);
        if self.shown.replace((self.sort, self.reverse)) != Some((self.sort, self.reverse)) {
            // The hand went a long way with its call: no page is left empty for the sake of its place on the terminal.
            self.scroll = self.scroll.min(self.rows.len().saturating_sub(page.max(1)));
        }
        self.place_columns(board, at, areas.table);
        lost
    }

    /// Puts the hand on row `to`.
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

    /// The row under the hand stays where it is on the terminal; rows come and go around it.
    fn keep_hand(&mut self, before: Option<usize>, page: usize) -> bool {
        let last_scroll = self.rows.len().saturating_sub(page.max(1));
        if self.rows.is_empty() {
            let had = self.selected.take().is_some();
            self.scroll = 0;
            self.following = true;
            return had;
        }
        if self.selected.is_none() {
            self.go(0, page);
            self.scroll = 0;
            return false;
        }
        match (self.position(), before) {
            (Some(now), Some(before)) => {
                if self.following && now < page.max(1) {
                    // The hand rests at the top and nobody moved it: new calls are to be seen. It keeps its call.
                    self.scroll = 0;
                } else {
                    self.following = false;
                    let on_page = before.saturating_sub(self.scroll);
                    self.scroll = now.saturating_sub(on_page);
                }
                self.show(now, page);
                false
            }
            (Some(now), None) => {
                self.show(now, page);
                false
            }
            (None, before) => {
                self.go(before.unwrap_or(0), page);
                self.scroll = self.scroll.min(last_scroll);
                true
            }
        }
    }

    fn choose_keys(&mut self, board: &Board, at: At) {
        if let Some(picked) = &self.picked {
            self.keys.clone_from(picked);
            return;
        }
        if board.is_empty() {
            return;
        }
        let until = *self.chosen.until.get_or_insert(at.mono + FORMING);
        let forming = at.mono < until || self.keys.is_empty();
        if forming && (board.len() != self.chosen.calls || self.keys.is_empty()) {
            self.chosen.calls = board.len();
            self.keys = informative_keys(board, &self.expected);
        }
    }

    /// Lets Sidetone choose the columns anew.
    pub fn choose_again(&mut self) {
        self.picked = None;
        self.keys.clear();
        self.chosen = Choice::default();
    }

    fn place_columns(&mut self, board: &Board, at: At, table: Rect) {
        let page: Vec<&Conversation> = self
            .rows
            .iter()
            .skip(self.scroll)
            .take(usize::from(table.height))
            .filter_map(|id| board.get(id.as_str()).map(|e| &e.conversation))
            .collect();
        let fixed = [
            (Show::Age, "age", 5),
            (Show::Media, "media", 5),
            (Show::From, "from", 8),
            (Show::To, "to / flow", 9),
            (Show::At, "at", 5),
        ];
        let mut columns = Vec::with_capacity(fixed.len() + self.keys.len());
        let mut x = table.x + MARGIN.min(table.width);
        let end = table.right().saturating_sub(TAIL);
        let mut place = |show, width: u16, least: u16| {
            let room = end.saturating_sub(x);
            if room >= least {
                let width = width.min(room);
                columns.push(Column { show, x, width });
                x = (x + width + GAP).min(end);
            }
            x
        };
        let grow = |widths: &mut FxHashMap<Head, u16>, head, least: u16, seen: usize| {
            let seen = u16::try_from(seen).unwrap_or(WIDEST).clamp(least, WIDEST);
            let width = widths.entry(head).or_insert(seen);
            *width = (*width).max(seen);
            *width
        };
        let narrow = table.width < 100;
        let mut from = table.x;
        for (i, (show, head, least)) in fixed.into_iter().enumerate() {
            if narrow && show == Show::Media {
                continue;
            }
            let least = least.max(text::width(head) as u16);
            let seen = page.iter().map(|c| text::width(&fact(c, show, board, at))).max().unwrap_or(0);
            let mut width = grow(&mut self.widths, Head::Fixed(i as u8), least, seen);
            if narrow {
                width = width.min(if show == Show::To { 12 } else { 15 });
            }
            from = place(show, width, 3);
        }
        let wanted: Vec<u16> = self
            .keys
            .iter()
            .map(|key| {
                let values = page.iter().filter_map(|c| value(c, key.as_str()));
                let seen = values.map(|(_, a)| text::width(a.value.as_str()) + 2).max();
                let head = text::width(&text::key_label(key.as_str())).min(usize::from(WIDEST)) as u16;
                grow(&mut self.widths, Head::Key(key.clone()), head.max(6), seen.unwrap_or(0))
            })
            .collect();
        // First as many columns as fit at a modest width; then one long value may have what room is left.
        let room = end.saturating_sub(from);
        let mut widths: Vec<u16> = Vec::new();
        let mut used = 0;
        for want in &wanted {
            let width = (*want).min(MODEST).min(room.saturating_sub(used));
            if width < 8.min(*want) {
                break;
            }
            widths.push(width);
            used += width + GAP;
        }
        let mut left = room.saturating_sub(used.saturating_sub(GAP));
        for (width, want) in widths.iter_mut().zip(&wanted) {
            let more = want.saturating_sub(*width).min(left);
            *width += more;
            left -= more;
        }
        for (n, width) in widths.into_iter().enumerate() {
            place(Show::Attribute(n), width, 1);
        }
        self.columns = columns;
    }
}

/// The text of a fixed column.
pub fn fact<'a>(c: &'a Conversation, show: Show, board: &'a Board, at: At) -> std::borrow::Cow<'a, str> {
    match show {
        Show::Age => rows::clock_age(rows::age(c, at)).into(),
        Show::Media => rows::media(c).into(),
        Show::From => rows::from(c),
        Show::To => rows::to(c, &board.names),
        Show::At => rows::at(c, at),
        Show::Attribute(_) => "".into(),
    }
}

/// The value that a call shows under a key: the customer's, else that of the newest participant that has it.
pub fn value<'a>(
    conversation: &'a Conversation,
    key: &str,
) -> Option<(&'a crate::domain::Participant, &'a crate::domain::Attribute)> {
    let of = |p: &'a crate::domain::Participant| p.attributes.get(key).map(|a| (p, a));
    conversation.customer().and_then(of).or_else(|| conversation.participants.iter().rev().find_map(of))
}

/// When something about a call changed last.
pub(super) fn last_change(entry: &Entry) -> jiff::Timestamp {
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
