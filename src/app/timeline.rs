//! The Timeline screen: every attribute change of every call as it happens, newest last.

use crate::domain::{
    At, Board, ConversationId, Key, ParticipantId, Source, Value,
    filter::{CallFacts, ChangeFacts, ChangeFilter, Quoted},
};
use std::collections::VecDeque;

/// Changes that are kept; older ones go and are counted.
const LIMIT: usize = 5000;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineItem {
    /// Position since the program started, from 0: its identity.
    pub seq: u64,
    /// When it was observed.
    pub at: At,
    /// On which call.
    pub conversation: ConversationId,
    /// Who was calling.
    pub from: String,
    /// On whom.
    pub participant: ParticipantId,
    /// The participant's role.
    pub purpose: String,
    /// Which key.
    pub key: Key,
    /// Before; `None` when absent.
    pub old: Option<Value>,
    /// After; `None` when it vanished.
    pub new: Option<Value>,
    /// By what it was observed.
    pub source: Source,
}

/// State of the Timeline screen.
#[derive(Clone, Debug)]
pub struct Timeline {
    items: VecDeque<TimelineItem>,
    next: u64,
    /// Changes that were let go.
    pub dropped: u64,
    /// The newest is selected, and stays so.
    pub following: bool,
    /// While paused: the first change that is not shown.
    pub paused: Option<u64>,
    /// Which change is selected.
    pub selection: Option<u64>,
    /// Rows scrolled away.
    pub scroll: usize,
    /// Which changes are shown.
    pub filter: ChangeFilter,
    /// The same as it was typed.
    pub filter_text: String,
    /// What was filtered before the changes of one key were asked for: it holds again once that is left.
    before: Option<FilterBefore>,
    /// The changes that the filter lets through, oldest first.
    pub rows: Vec<u64>,
}

/// What was filtered before the changes of one key were asked for.
#[derive(Clone, Debug)]
struct FilterBefore {
    text: String,
    filter: ChangeFilter,
    /// They were asked for on another screen: that is gone back to.
    came: bool,
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            next: 0,
            dropped: 0,
            following: true,
            paused: None,
            selection: None,
            scroll: 0,
            filter: ChangeFilter::default(),
            filter_text: String::new(),
            before: None,
            rows: Vec::new(),
        }
    }
}

impl Timeline {
    /// Adds a change; its `seq` is given here.
    pub fn push(&mut self, item: TimelineItem) {
        self.items.push_back(TimelineItem { seq: self.next, ..item });
        self.next += 1;
        if self.items.len() > LIMIT {
            self.items.pop_front();
            self.dropped += 1;
        }
    }

    /// How many changes are kept.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Nothing has changed yet.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The change with this position, while it is kept.
    pub fn get(&self, seq: u64) -> Option<&TimelineItem> {
        let first = self.items.front()?.seq;
        self.items.get(usize::try_from(seq.checked_sub(first)?).ok()?)
    }

    /// The changes, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &TimelineItem> {
        self.items.iter().rev()
    }

    /// The selected change.
    pub fn item(&self) -> Option<&TimelineItem> {
        self.get(self.selection?)
    }

    /// Changes that came while paused.
    pub fn waiting(&self) -> u64 {
        self.paused.map_or(0, |from| self.next - from)
    }

    /// Shows only the changes that match; a mistake changes nothing.
    pub(super) fn set_filter(&mut self, text: &str) {
        if let Ok(filter) = text.parse() {
            self.filter = filter;
            self.filter_text = text.trim().to_owned();
        }
    }

    /// Shows only the changes of this key, until that is left; `came`: from another screen, to see them.
    pub(super) fn only(&mut self, key: &str, came: bool) {
        let (text, filter) = (std::mem::take(&mut self.filter_text), std::mem::take(&mut self.filter));
        let before = self.before.get_or_insert(FilterBefore { text, filter, came });
        before.came |= came;
        self.set_filter(&format!("key:{}", Quoted(key)));
        self.following = true;
    }

    /// The operator typed another filter: nothing is gone back to.
    pub(super) fn typed_filter(&mut self, text: &str) {
        self.before = None;
        self.set_filter(text);
    }

    /// Esc clears a filter first: one that was typed, or asked for here. One with which the operator came is left with the screen.
    pub fn has_own_filter(&self) -> bool {
        !self.filter_text.is_empty() && !self.before.as_ref().is_some_and(|before| before.came)
    }

    /// What Esc clears: the changes of one key become those that were shown before them, a typed filter goes.
    pub(super) fn clear_own_filter(&mut self) {
        match self.before.take() {
            Some(before) => (self.filter_text, self.filter) = (before.text, before.filter),
            None => self.set_filter(""),
        }
    }

    /// What was filtered before the changes of one key were asked for is filtered again.
    pub(super) fn leave(&mut self) {
        if let Some(before) = self.before.take() {
            (self.filter_text, self.filter) = (before.text, before.filter);
        }
    }

    /// Holds the picture, or goes on.
    pub fn pause(&mut self) {
        self.paused = match self.paused {
            Some(_) => None,
            None => Some(self.next),
        };
    }

    /// The changes become those of an earlier moment; the selection stays where it can.
    pub(super) fn go_back(&mut self, earlier: Self) {
        (self.items, self.next, self.dropped) = (earlier.items, earlier.next, earlier.dropped);
        self.paused = self.paused.map(|from| from.min(self.next));
    }

    /// Brings the rows up to date; `page` rows are shown.
    pub fn refresh(&mut self, board: &Board, at: At, page: usize) {
        let matches = |item: &TimelineItem| {
            let entry = board.get(item.conversation.as_str());
            self.filter.matches(&ChangeFacts {
                key: item.key.as_str(),
                old: item.old.as_ref().map(Value::as_str),
                new: item.new.as_ref().map(Value::as_str),
                on: &item.purpose,
                from: &item.from,
                source: item.source.as_str(),
                call: entry.map(|e| CallFacts { conversation: &e.conversation, names: &board.names, now: at }),
            })
        };
        let end = self.paused.unwrap_or(u64::MAX);
        let shown = self.items.iter().take_while(|i| i.seq < end);
        self.rows = shown.filter(|i| self.filter.is_empty() || matches(i)).map(|i| i.seq).collect();
        match self.position() {
            Some(now) if !self.following => self.show(now, page),
            _ if self.following || self.selection.is_none() => self.go(usize::MAX, page),
            // What was selected is gone: the next newer one takes its place.
            _ => {
                let next = self.rows.partition_point(|seq| Some(*seq) < self.selection);
                self.go(next, page);
            }
        }
    }

    /// The selected row.
    pub fn position(&self) -> Option<usize> {
        self.rows.binary_search(&self.selection?).ok()
    }

    /// Puts the selection on row `to`; on the last one it follows what is new.
    pub fn go(&mut self, to: usize, page: usize) {
        let Some(last) = self.rows.len().checked_sub(1) else {
            self.selection = None;
            self.scroll = 0;
            return;
        };
        let to = to.min(last);
        self.selection = Some(self.rows[to]);
        self.following = to == last;
        self.show(to, page);
    }

    fn show(&mut self, to: usize, page: usize) {
        let page = page.max(1);
        self.scroll = self.scroll.min(self.rows.len().saturating_sub(page));
        if to < self.scroll {
            self.scroll = to;
        } else if to >= self.scroll + page {
            self.scroll = to + 1 - page;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn item(key: &str) -> TimelineItem {
        TimelineItem {
            seq: 0,
            at: At::after(jiff::Timestamp::UNIX_EPOCH, Duration::ZERO),
            conversation: "c".into(),
            from: String::new(),
            participant: "p".into(),
            purpose: "customer".into(),
            key: key.into(),
            old: None,
            new: Some("v".into()),
            source: Source::Stream,
        }
    }

    fn refreshed(timeline: &mut Timeline) -> &Timeline {
        timeline.refresh(&Board::default(), item("").at, 3);
        timeline
    }

    #[test]
    fn it_follows_until_the_hand_leaves_the_end() {
        let mut t = Timeline::default();
        (0..5).for_each(|_| t.push(item("k")));
        assert_eq!((refreshed(&mut t).selection, t.scroll), (Some(4), 2));
        t.go(1, 3);
        (0..2).for_each(|_| t.push(item("k")));
        assert_eq!((refreshed(&mut t).selection, t.scroll), (Some(1), 1), "the selected row does not move");
        t.go(usize::MAX, 3);
        t.push(item("k"));
        assert_eq!(refreshed(&mut t).selection, Some(7));
    }

    #[test]
    fn a_pause_holds_the_picture_and_counts() {
        let mut t = Timeline::default();
        t.push(item("k"));
        t.pause();
        (0..3).for_each(|_| t.push(item("k")));
        assert_eq!((refreshed(&mut t).rows.len(), t.waiting()), (1, 3));
        t.pause();
        assert_eq!((refreshed(&mut t).rows.len(), t.waiting()), (4, 0));
    }

    #[test]
    fn old_changes_go_and_are_counted() {
        let mut t = Timeline::default();
        (0..LIMIT + 2).for_each(|_| t.push(item("k")));
        refreshed(&mut t);
        t.go(0, 3);
        t.push(item("k"));
        assert_eq!((t.dropped, refreshed(&mut t).selection), (3, Some(3)), "the selection goes to the neighbour");
        assert!(t.get(2).is_none() && t.get(3).is_some());
    }
}
