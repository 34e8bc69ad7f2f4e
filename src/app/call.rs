//! The Call screen: keys by participants, so that a key on the wrong participant is seen without reading.

use super::layout;
use crate::domain::{
    Board, Conversation, ConversationId, Key, ParticipantId,
    findings::{Examiner, RuleId},
    outbox::{Cell, Outbox, Target},
    text,
};
use ratatui::layout::Rect;

/// How the attributes are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Rows are keys, columns are participants.
    #[default]
    Matrix,
    /// One row for each key of each participant.
    Table,
}

/// Order of the rows in table mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Order {
    /// By key.
    #[default]
    Key,
    /// Last change first.
    Change,
    /// By participant, in order of joining.
    Participant,
}

impl Order {
    /// The next one.
    pub fn next(self) -> Self {
        match self {
            Self::Key => Self::Change,
            Self::Change => Self::Participant,
            Self::Participant => Self::Key,
        }
    }

    /// The words in the title.
    pub fn words(self) -> &'static str {
        match self {
            Self::Key => "by key",
            Self::Change => "last change first",
            Self::Participant => "by participant",
        }
    }
}

/// Where the hand is: an identity, not a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hand {
    /// Which participant.
    pub participant: ParticipantId,
    /// Which key; `None` on the line that adds one.
    pub key: Option<Key>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key.
    pub key: Key,
    /// The participant, in table mode.
    pub participant: Option<ParticipantId>,
}

/// A participant's column with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Whose.
    pub participant: ParticipantId,
    /// First column of the terminal.
    pub x: u16,
    /// Columns of the terminal.
    pub width: u16,
}

/// State of the Call screen.
#[derive(Debug)]
pub struct Call {
    /// Which call.
    pub id: ConversationId,
    /// Matrix or table.
    pub mode: Mode,
    /// Order in table mode.
    pub order: Order,
    /// Where the hand is.
    pub hand: Option<Hand>,
    /// The rows, without the line that adds one.
    pub rows: Vec<Row>,
    /// Rows scrolled away.
    pub scroll: usize,
    /// Participants in order of joining.
    pub participants: Vec<ParticipantId>,
    /// Participants scrolled away to the left.
    pub first: usize,
    /// The columns that are shown.
    pub columns: Vec<Column>,
    /// Participants that do not fit, to the right.
    pub hidden: usize,
    /// Where the key column is.
    pub keys: Column,
    /// Lines of the detail scrolled away.
    pub detail_scroll: usize,
}

/// Columns left of the keys, where the hand is.
pub const MARGIN: u16 = 3;
const GAP: u16 = 2;
const WIDEST: u16 = 44;

impl Call {
    /// The screen of a call, the hand on the customer's first key or on `hand`.
    pub fn open(id: ConversationId, hand: Option<Hand>, mode: Mode) -> Self {
        let keys = Column { participant: ParticipantId::from(""), x: 0, width: 0 };
        Self {
            id,
            mode,
            order: Order::default(),
            hand,
            rows: Vec::new(),
            scroll: 0,
            participants: Vec::new(),
            first: 0,
            columns: Vec::new(),
            hidden: 0,
            keys,
            detail_scroll: 0,
        }
    }

    /// The conversation, while the board has it.
    pub fn conversation<'a>(&self, board: &'a Board) -> Option<&'a Conversation> {
        board.get(self.id.as_str()).map(|e| &e.conversation)
    }

    /// The cell under the hand.
    pub fn cell(&self) -> Option<Cell> {
        let hand = self.hand.as_ref()?;
        Some(Cell { conversation: self.id.clone(), participant: hand.participant.clone(), key: hand.key.clone()? })
    }

    /// The participant under the hand.
    pub fn target(&self) -> Option<Target> {
        let participant = self.hand.as_ref()?.participant.clone();
        Some(Target { conversation: self.id.clone(), participant })
    }

    /// The row under the hand; the line that adds a key is the one after the last.
    pub fn position(&self) -> Option<usize> {
        let hand = self.hand.as_ref()?;
        let Some(key) = &hand.key else { return Some(self.rows.len()) };
        let here = |r: &Row| r.key == *key && r.participant.as_ref().is_none_or(|p| *p == hand.participant);
        self.rows.iter().position(here)
    }

    /// Brings rows, columns and scroll up to date. `freeze`: a cell is being edited, so no row changes place.
    pub fn refresh(&mut self, board: &Board, outbox: &Outbox, examiner: &Examiner, size: Rect, freeze: bool) {
        let Some(entry) = board.get(self.id.as_str()) else { return };
        let c = &entry.conversation;
        let areas = layout::call(size);
        let page = usize::from(areas.table.height).max(1);
        let before = self.position();
        self.participants = c.participants.iter().map(|p| p.id.clone()).collect();
        let mut rows = self.collect(c, outbox, examiner);
        if freeze {
            // New rows come at the end while a cell is being edited; none moves.
            let known: Vec<Row> = self.rows.iter().filter(|r| rows.contains(r)).cloned().collect();
            rows.retain(|r| !known.contains(r));
            rows.splice(0..0, known);
        } else {
            self.sort(&mut rows, c);
        }
        self.rows = rows;
        self.keep_hand(c, before, page);
        self.place(c, outbox, areas.table);
    }

    fn collect(&self, c: &Conversation, outbox: &Outbox, examiner: &Examiner) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for p in &c.participants {
            let target = Target { conversation: c.id.clone(), participant: p.id.clone() };
            let edited = outbox.views(&target);
            let keys = p.attributes.iter().map(|a| &a.key).chain(edited.iter().map(|v| v.key));
            let by = (self.mode == Mode::Table).then(|| p.id.clone());
            for key in keys {
                let row = Row { key: key.clone(), participant: by.clone() };
                if !rows.contains(&row) {
                    rows.push(row);
                }
            }
        }
        // A key that is expected and absent has a row of its own: that is where one looks for it.
        for finding in examiner.of(c.id.as_str()).filter(|f| f.rule == RuleId::Missing) {
            let Some(key) = finding.key.clone() else { continue };
            let who = finding.participant.clone().or_else(|| c.customer().map(|p| p.id.clone()));
            let participant = if self.mode == Mode::Table { who } else { None };
            let row = Row { key, participant };
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        rows
    }

    fn sort(&self, rows: &mut [Row], c: &Conversation) {
        // Keys that differ in case only come to stand beside each other.
        let by_key = |r: &Row| (r.key.as_str().to_lowercase(), r.key.clone());
        let joined = |r: &Row| self.participants.iter().position(|p| Some(p) == r.participant.as_ref());
        match (self.mode, self.order) {
            (Mode::Matrix, _) | (_, Order::Key) => rows.sort_by_cached_key(|r| (by_key(r), joined(r))),
            (_, Order::Participant) => rows.sort_by_cached_key(|r| (joined(r), by_key(r))),
            (_, Order::Change) => rows.sort_by_cached_key(|r| {
                let p = r.participant.as_ref().and_then(|p| c.participant(p.as_str()));
                let changed = p.and_then(|p| p.attributes.get(r.key.as_str())).map(|a| a.changed);
                (std::cmp::Reverse(changed), by_key(r))
            }),
        }
    }

    fn keep_hand(&mut self, c: &Conversation, before: Option<usize>, page: usize) {
        let known = self.hand.as_ref().is_some_and(|h| self.participants.contains(&h.participant));
        if !known {
            let who = c.customer().or(c.participants.first());
            let key = self.rows.first().map(|r| r.key.clone());
            self.hand = who.map(|p| Hand { participant: p.id.clone(), key });
        }
        match (self.position(), before) {
            (Some(now), Some(before)) => {
                self.scroll = now.saturating_sub(before.saturating_sub(self.scroll));
                self.show(now, page);
            }
            (Some(now), None) => self.show(now, page),
            // The key is gone from everywhere: its neighbour takes the hand.
            (None, before) => self.go(before.unwrap_or(0), page),
        }
        self.scroll = self.scroll.min((self.rows.len() + 1).saturating_sub(page));
    }

    /// Puts the hand on row `to`.
    pub fn go(&mut self, to: usize, page: usize) {
        let to = to.min(self.rows.len());
        let Some(hand) = &mut self.hand else { return };
        match self.rows.get(to) {
            Some(row) => {
                hand.key = Some(row.key.clone());
                if let Some(participant) = &row.participant {
                    hand.participant = participant.clone();
                }
            }
            None => hand.key = None,
        }
        self.detail_scroll = 0;
        self.show(to, page);
    }

    /// Puts the hand on another participant, `by` columns away.
    pub fn turn(&mut self, by: isize) {
        let Some(hand) = &mut self.hand else { return };
        let Some(now) = self.participants.iter().position(|p| *p == hand.participant) else { return };
        let to = now.saturating_add_signed(by).min(self.participants.len().saturating_sub(1));
        hand.participant = self.participants[to].clone();
        self.detail_scroll = 0;
    }

    fn show(&mut self, to: usize, page: usize) {
        if to < self.scroll {
            self.scroll = to;
        } else if to >= self.scroll + page {
            self.scroll = to + 1 - page;
        }
    }

    /// Places the key column and as many participants as fit, so that the one under the hand is among them.
    fn place(&mut self, c: &Conversation, outbox: &Outbox, table: Rect) {
        let keys = self.rows.iter().map(|r| text::width(r.key.as_str())).max().unwrap_or(0);
        let most = (table.width * 2 / 5).max(10);
        self.keys.x = table.x + MARGIN;
        self.keys.width = fit(keys, 10, most.min(32));
        let from = self.keys.x + self.keys.width + GAP;
        let room = table.right().saturating_sub(from);
        let natural: Vec<u16> = c
            .participants
            .iter()
            .map(|p| {
                let target = Target { conversation: c.id.clone(), participant: p.id.clone() };
                let values = p.attributes.iter().map(|a| text::width(a.value.as_str()) + 3);
                let edits = outbox.views(&target);
                let edits = edits.iter().map(|v| text::width(v.mine) + 3 + text::width(v.state.word()));
                let head =
                    text::width(p.purpose.as_str()).max(text::width(p.name.as_deref().unwrap_or_default()).min(16));
                fit(values.chain(edits).max().unwrap_or(0).max(head), 8, WIDEST)
            })
            .collect();
        let total = |cap: u16| natural.iter().map(|w| w.min(&cap) + GAP).sum::<u16>();
        // Long values give way first; only then do columns leave the screen.
        let cap = [WIDEST, 32, 24, 18].into_iter().find(|cap| total(*cap) <= room + GAP).unwrap_or(22);
        let widths: Vec<u16> = natural.iter().map(|w| *w.min(&cap)).collect();
        let hand = self.hand.as_ref().map(|h| &h.participant);
        let at = self.participants.iter().position(|p| Some(p) == hand).unwrap_or(0);
        self.first = self.first.min(at);
        let span = |first: usize| widths[first..=at].iter().map(|w| w + GAP).sum::<u16>();
        while self.first < at && span(self.first) > room + GAP {
            self.first += 1;
        }
        let mut x = from;
        self.columns.clear();
        for (id, width) in self.participants.iter().zip(&widths).skip(self.first) {
            let left = table.right().saturating_sub(x);
            if left < 6 || (left < *width && !self.columns.is_empty() && left < 12) {
                break;
            }
            self.columns.push(Column { participant: id.clone(), x, width: (*width).min(left) });
            x = (x + width + GAP).min(table.right());
        }
        self.hidden = self.participants.len() - self.first - self.columns.len();
    }

    /// The place of the cell under the hand in the table, if it is on the page: for the editor.
    pub fn place_of_hand(&self, size: Rect) -> Option<Rect> {
        let table = layout::call(size).table;
        let row = self.position()?.checked_sub(self.scroll)?;
        let y = table.y + u16::try_from(row).ok()?;
        if y >= table.bottom() {
            return None;
        }
        let hand = self.hand.as_ref()?;
        let (x, width) = match self.mode {
            Mode::Table => table_value(table, self.keys.width),
            Mode::Matrix => self.columns.iter().find(|c| c.participant == hand.participant).map(|c| (c.x, c.width))?,
        };
        Some(Rect { x, y, width, height: 1 })
    }
}

/// In table mode: where the values are, after participant and key.
pub fn table_value(table: Rect, key_width: u16) -> (u16, u16) {
    let x = table.x + MARGIN + PURPOSE + GAP + key_width + GAP;
    (x, table.right().saturating_sub(x + AGE + GAP))
}

/// In table mode: columns of the participant.
pub const PURPOSE: u16 = 10;
/// In table mode: columns of the age of the last change.
pub const AGE: u16 = 6;

fn fit(width: usize, least: u16, most: u16) -> u16 {
    u16::try_from(width).unwrap_or(most).clamp(least, most.max(least))
}
