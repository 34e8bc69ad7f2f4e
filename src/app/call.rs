//! The Call screen: keys by participants, so that a key on the wrong participant is seen without reading.

pub mod expected;
mod place;

use super::{flow::Definition, layout, why};
use crate::domain::{
    At, Board, BoardEntry, Conversation, ConversationId, Key, ParticipantId,
    findings::{Examiner, RuleId},
    journey::Journey,
    outbox::{Cell, Outbox, PatchTarget},
};
use crate::why::{Certainty, Gathered, WhyQuestion};
use expected::{ExpectedKey, Facts, Group, KeyStatus};
use ratatui::layout::Rect;
use std::sync::Arc;

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

/// The selected cell: an identity, not a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellSelection {
    /// Which participant.
    pub participant: ParticipantId,
    /// Which key; `None` on the line that adds one.
    pub key: Option<Key>,
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRow {
    /// The key.
    pub key: Key,
    /// The participant, in table mode.
    pub participant: Option<ParticipantId>,
}

/// A participant's column with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallColumn {
    /// Whose.
    pub participant: ParticipantId,
    /// First column of the terminal.
    pub x: u16,
    /// Columns of the terminal.
    pub width: u16,
}

/// State of the Call screen.
#[derive(Debug)]
pub struct CallScreen {
    /// Which call.
    pub id: ConversationId,
    /// Matrix or table.
    pub mode: Mode,
    /// Order in table mode.
    pub order: Order,
    /// The selected cell.
    pub selection: Option<CellSelection>,
    /// The rows, without the line that adds one.
    pub rows: Vec<CallRow>,
    /// Rows scrolled away.
    pub scroll: usize,
    /// The participants: those that carry something in the order of joining, then the others.
    pub participants: Vec<ParticipantId>,
    /// How many of them carry something.
    open: usize,
    /// The key that the operator came for: it has a row even where nobody carries it.
    sought: Option<Key>,
    /// What is searched for.
    pub search: String,
    /// What the call should carry.
    pub expected: Vec<Group>,
    /// The other keys that the flow sets, where some are expected and the flow is known.
    pub also: Option<Group>,
    /// Why keys are not as they should be, and what that was worked out from.
    causes: Vec<(Key, Option<String>)>,
    /// The action that set a key, of those that can.
    setters: Vec<(Key, Option<String>)>,
    causes_of: Option<Arc<Gathered>>,
    /// How the flow came to the selected key, or passed it by.
    path: Option<KeyPath>,
    /// Where everything is.
    pub areas: layout::CallAreas,
    /// For which size that is, and whether a question has its place there.
    placed_for: Option<(Rect, bool)>,
    /// Participants scrolled away to the left.
    pub first: usize,
    /// The columns that are shown.
    pub columns: Vec<CallColumn>,
    /// Participants that do not fit, to the right.
    pub hidden: usize,
    /// Where the key column is.
    pub keys: CallColumn,
    /// Lines of the detail scrolled away.
    pub detail_scroll: usize,
}

/// The answer for the selected key, and what it was worked out from.
#[derive(Debug)]
struct KeyPath {
    cell: Cell,
    /// The key is there.
    there: bool,
    of: Arc<Gathered>,
    shown: why::ShownAnswer,
}

/// Columns left of the keys, where the selection is.
pub const MARGIN: u16 = 3;
const GAP: u16 = 2;
/// Rows of the table that a question about a cell takes.
const QUESTION: usize = 13;

/// What the screen of a call is made from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub board: &'a Board,
    pub outbox: &'a Outbox,
    pub examiner: &'a Examiner,
    /// The flow of the call, where its definition is known.
    pub flow: Option<&'a Definition>,
    /// What was gathered of the flows that the call ran.
    pub gathered: Option<&'a Arc<Gathered>>,
    pub size: Rect,
    pub now: At,
    /// A cell is being edited, or asked about: no row and no column changes place.
    pub freeze: bool,
    /// A question about the selected cell stands by its row.
    pub question: bool,
}

impl CallScreen {
    /// The screen of a call, the selection on the customer's first key or on `selection`.
    pub fn open(id: ConversationId, selection: Option<CellSelection>, mode: Mode) -> Self {
        let keys = CallColumn { participant: ParticipantId::from(""), x: 0, width: 0 };
        let sought = selection.as_ref().and_then(|h| h.key.clone());
        Self {
            sought,
            open: 0,
            search: String::new(),
            expected: Vec::new(),
            also: None,
            causes: Vec::new(),
            setters: Vec::new(),
            causes_of: None,
            path: None,
            areas: layout::CallAreas::default(),
            placed_for: None,
            id,
            mode,
            order: Order::default(),
            selection,
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

    /// The selected cell.
    pub fn cell(&self) -> Option<Cell> {
        let selection = self.selection.as_ref()?;
        Some(Cell {
            conversation: self.id.clone(),
            participant: selection.participant.clone(),
            key: selection.key.clone()?,
        })
    }

    /// The selected participant.
    pub fn target(&self) -> Option<PatchTarget> {
        let participant = self.selection.as_ref()?.participant.clone();
        Some(PatchTarget { conversation: self.id.clone(), participant })
    }

    /// The selected row; the line that adds a key is the one after the last.
    pub fn position(&self) -> Option<usize> {
        let selection = self.selection.as_ref()?;
        let Some(key) = &selection.key else { return Some(self.rows.len()) };
        let here = |r: &CallRow| r.key == *key && r.participant.as_ref().is_none_or(|p| *p == selection.participant);
        self.rows.iter().position(here)
    }

    /// Brings rows, columns and scroll up to date.
    pub(super) fn refresh(&mut self, from: Sources<'_>) {
        let Sources { board, outbox, examiner, flow, gathered, size, now, freeze, question } = from;
        let Some(entry) = board.get(self.id.as_str()) else { return };
        let c = &entry.conversation;
        let before = self.position();
        self.fold(c, outbox, examiner, freeze);
        let mut rows = self.collect(c, outbox, examiner);
        if freeze {
            // New rows come at the end while a cell is being edited; none moves.
            let known: Vec<CallRow> = self.rows.iter().filter(|r| rows.contains(r)).cloned().collect();
            rows.retain(|r| !known.contains(r));
            rows.splice(0..0, known);
        } else {
            self.sort(&mut rows, c);
        }
        self.rows = rows;
        let facts = Facts { entry, examiner, names: &board.names, flow, now };
        self.expected = expected::groups(&facts);
        self.also = expected::also(&facts, &self.expected);
        self.find_causes(entry, gathered);
        let lanes = Journey::of(entry, now.wall).lanes.len();
        let expected_columns = expected::columns(&self.expected);
        let expected = expected::lines(&self.expected, layout::expected_width(size, expected_columns));
        let changes = entry.history.len();
        let also = self.also.as_ref().map_or(0, |group| group.items.len() + 2);
        let rows = self.rows.len() + 1;
        let need = layout::Need { rows, expected, expected_columns, also, lanes, changes, question };
        // While a cell is edited the panes and columns around it stay where they are.
        let stays = freeze && self.placed_for == Some((size, question));
        if !stays {
            self.areas = layout::call(size, need);
            self.placed_for = Some((size, question));
        }
        let page = usize::from(self.areas.table.height).max(1);
        // The question is about the row above it: both are in sight.
        let page = if question { page.saturating_sub(QUESTION).max(1) } else { page };
        self.keep_selection(c, before, page);
        self.find_path(entry, gathered);
        if !(stays && self.has_columns_for(c)) {
            self.place(c, outbox, self.areas.table);
        }
    }

    /// The flow's path to the selected key, where there is a pane for it and something was gathered. Worked out anew only when more
    /// is known, or when another key is selected.
    fn find_path(&mut self, entry: &BoardEntry, gathered: Option<&Arc<Gathered>>) {
        let cell = self.areas.detail.as_ref().and_then(|_| self.cell());
        let (Some(cell), Some(gathered)) = (cell, gathered) else {
            self.path = None;
            return;
        };
        let participant = entry.conversation.participant(cell.participant.as_str());
        let there = participant.is_some_and(|p| p.attributes.get(cell.key.as_str()).is_some());
        let is_same = |known: &KeyPath| known.cell == cell && known.there == there && Arc::ptr_eq(&known.of, gathered);
        if !self.path.as_ref().is_some_and(is_same) {
            let shown = why::shown(entry, &gathered.flows, &cell);
            self.path = Some(KeyPath { cell, there, of: Arc::clone(gathered), shown });
        }
    }

    /// The answer for the selected key with the flow's path, where that is known.
    pub(crate) fn path(&self) -> Option<&why::ShownAnswer> {
        self.path.as_ref().map(|path| &path.shown).filter(|shown| !shown.trunk.is_empty())
    }

    /// The cause of each key that is not as it should be. Worked out anew only when more is known or another key is concerned.
    fn find_causes(&mut self, entry: &BoardEntry, gathered: Option<&Arc<Gathered>>) {
        let Some(gathered) = gathered else { return };
        let same = self.causes_of.as_ref().is_some_and(|known| Arc::ptr_eq(known, gathered));
        if !same {
            self.causes.clear();
            self.setters.clear();
            self.causes_of = Some(gathered.clone());
        }
        for item in self.expected.iter_mut().flat_map(|g| &mut g.items).filter(|i| i.standing.is_bad()) {
            let known = self.causes.iter().find(|(key, _)| *key == item.key).map(|(_, cause)| cause.clone());
            item.cause = known.unwrap_or_else(|| {
                let question = WhyQuestion { key: item.key.to_string(), on: item.on.clone() };
                let cause = why::short(&why::answer(entry, &gathered.flows, &question));
                self.causes.push((item.key.clone(), cause.clone()));
                cause
            });
        }
        // Which of several actions set a key, the record of the run says.
        let groups = self.expected.iter_mut().chain(&mut self.also);
        let unnamed = |item: &&mut ExpectedKey| item.note.is_none() && matches!(item.standing, KeyStatus::Met(_));
        for item in groups.filter(|g| g.by.is_none()).flat_map(|g| &mut g.items).filter(unnamed) {
            let known = self.setters.iter().find(|(key, _)| *key == item.key).map(|(_, by)| by.clone());
            item.note = known.unwrap_or_else(|| {
                let question = WhyQuestion { key: item.key.to_string(), on: item.on.clone() };
                let answer = why::answer(entry, &gathered.flows, &question);
                let ran = answer.action.filter(|_| answer.certainty == Certainty::Executed);
                let by = ran.map(|action| if action.name.is_empty() { action.kind } else { action.name });
                self.setters.push((item.key.clone(), by.clone()));
                by
            });
        }
    }

    fn collect(&self, c: &Conversation, outbox: &Outbox, examiner: &Examiner) -> Vec<CallRow> {
        let mut rows: Vec<CallRow> = Vec::new();
        for p in &c.participants {
            let target = PatchTarget { conversation: c.id.clone(), participant: p.id.clone() };
            let edited = outbox.views(&target);
            let keys = p.attributes.iter().map(|a| a.key).chain(edited.iter().map(|v| v.key));
            let by = (self.mode == Mode::Table).then(|| p.id.clone());
            for key in keys {
                let row = CallRow { key: key.clone(), participant: by.clone() };
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
            let row = CallRow { key, participant };
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        if let Some(key) = self.sought.as_ref().filter(|key| !rows.iter().any(|r| r.key == **key)) {
            let who = self.selection.as_ref().map(|h| h.participant.clone());
            rows.push(CallRow { key: key.clone(), participant: who.filter(|_| self.mode == Mode::Table) });
        }
        rows
    }

    fn sort(&self, rows: &mut [CallRow], c: &Conversation) {
        // Keys that differ in case only come to stand beside each other.
        let by_key = |r: &CallRow| (r.key.as_str().to_lowercase(), r.key.clone());
        let joined = |r: &CallRow| c.participants.iter().position(|p| Some(&p.id) == r.participant.as_ref());
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

    fn keep_selection(&mut self, c: &Conversation, before: Option<usize>, page: usize) {
        let known = self.selection.as_ref().is_some_and(|h| self.participants.contains(&h.participant));
        if !known {
            self.selection = self.first_selection(c);
        }
        match (self.position(), before) {
            (Some(now), Some(before)) => {
                self.scroll = now.saturating_sub(before.saturating_sub(self.scroll));
                self.show(now, page);
            }
            (Some(now), None) => self.show(now, page),
            // The key is gone from everywhere: its neighbour takes the selection.
            (None, before) => self.go(before.unwrap_or(0), page),
        }
        self.scroll = self.scroll.min((self.rows.len() + 1).saturating_sub(page));
    }

    /// Puts the selection on row `to`.
    pub fn go(&mut self, to: usize, page: usize) {
        let to = to.min(self.rows.len());
        let Some(selection) = &mut self.selection else { return };
        match self.rows.get(to) {
            Some(row) => {
                selection.key = Some(row.key.clone());
                if let Some(participant) = &row.participant {
                    selection.participant = participant.clone();
                }
            }
            None => selection.key = None,
        }
        self.detail_scroll = 0;
        self.show(to, page);
    }

    /// Puts the selection on another participant, `by` columns away.
    pub fn turn(&mut self, by: isize) {
        let Some(selection) = &mut self.selection else { return };
        let Some(now) = self.participants.iter().position(|p| *p == selection.participant) else { return };
        let to = now.saturating_add_signed(by).min(self.participants.len().saturating_sub(1));
        selection.participant = self.participants[to].clone();
        self.detail_scroll = 0;
    }

    /// The next row whose key has what is searched for in it, from `from` on, or the one before; from the other end where there is
    /// none.
    pub fn find(&self, text: &str, from: usize, back: bool) -> Option<usize> {
        let wanted = text.to_lowercase();
        let hit = |i: &usize| self.rows[*i].key.as_str().to_lowercase().contains(&wanted);
        let n = self.rows.len();
        let mut order: Vec<usize> = (0..n).map(|i| (from + i) % n).collect();
        if back {
            order = (0..n).map(|i| (from + n - i) % n).collect();
        }
        order.into_iter().find(hit)
    }

    /// How many keys have what is searched for in them.
    pub fn matches(&self, text: &str) -> usize {
        let wanted = text.to_lowercase();
        self.rows.iter().filter(|r| r.key.as_str().to_lowercase().contains(&wanted)).count()
    }

    fn show(&mut self, to: usize, page: usize) {
        if to < self.scroll {
            self.scroll = to;
        } else if to >= self.scroll + page {
            self.scroll = to + 1 - page;
        }
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
