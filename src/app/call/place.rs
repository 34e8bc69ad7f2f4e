//! Where the columns of the Call screen are: the key column stays, participants with nothing to show are folded away, and what does
//! not fit scrolls.

use super::{CallColumn, CallScreen, CellSelection, GAP, MARGIN, Mode, table_value};
use crate::app::layout::share;
use crate::domain::{
    Conversation, Participant, ParticipantId,
    findings::{Examiner, Finding, RuleId},
    outbox::{Outbox, PatchTarget},
    text,
};
use ratatui::layout::Rect;

/// A value is never given more than this before the others have what they need.
const WIDEST: u16 = 60;

impl CallScreen {
    /// Puts the participants that carry something first; of the others only the selected one has a column. Who has a column keeps its
    /// place, and who comes to have one comes after those that have one: nothing changes sides under the selection. While a cell is
    /// edited (`freeze`) nobody loses a column.
    pub(super) fn fold(&mut self, c: &Conversation, outbox: &Outbox, examiner: &Examiner, freeze: bool) {
        let selected = self.selection.as_ref().map(|h| &h.participant);
        let is_open = |p: &Participant| {
            let target = PatchTarget { conversation: c.id.clone(), participant: p.id.clone() };
            !p.attributes.is_empty() || !outbox.views(&target).is_empty() || (freeze && Some(&p.id) == selected)
        };
        let stays = |id: &&ParticipantId| c.participant(id.as_str()).is_some_and(|p| freeze || is_open(p));
        let mut shown: Vec<ParticipantId> = self.participants.iter().take(self.open).filter(stays).cloned().collect();
        let selected_first = c.participants.iter().filter(|p| freeze && Some(&p.id) == selected);
        for p in selected_first.chain(&c.participants) {
            if is_open(p) && !shown.contains(&p.id) {
                shown.push(p.id.clone());
            }
        }
        // The caller is where one looks for what is missing.
        let lacks = |p: &Participant| {
            let of = |f: &Finding| f.participant.as_ref().is_none_or(|on| *on == p.id);
            examiner.of(c.id.as_str()).any(|f| f.rule == RuleId::Missing && of(&f))
        };
        if let Some(customer) = c.customer().filter(|p| !shown.contains(&p.id) && (shown.is_empty() || lacks(p))) {
            // At the first look it is where a caller is; later nobody is moved for it.
            let at = if self.participants.is_empty() { 0 } else { shown.len() };
            shown.insert(at, customer.id.clone());
        }
        let rest: Vec<_> = c.participants.iter().map(|p| &p.id).filter(|p| !shown.contains(p)).cloned().collect();
        self.open = shown.len();
        shown.extend(rest);
        self.participants = shown;
    }

    /// Where the selection is at first: on the caller, or where that has nothing to show on the first participant that has; there on
    /// the first key that it carries.
    pub(super) fn first_selection(&self, c: &Conversation) -> Option<CellSelection> {
        let open = || self.participants.iter().take(self.open);
        let customer = c.customer().map(|p| &p.id).filter(|id| open().any(|open| open == *id));
        let who = customer.or_else(|| open().next()).or_else(|| self.participants.first())?;
        let p = c.participant(who.as_str())?;
        let carried = self.rows.iter().find(|row| p.attributes.get(row.key.as_str()).is_some());
        let row = carried.or_else(|| self.rows.first());
        Some(CellSelection { participant: who.clone(), key: row.map(|row| row.key.clone()) })
    }

    /// The participants that carry nothing and are not selected.
    pub fn folded(&self) -> impl Iterator<Item = &ParticipantId> {
        let selection = self.selection.as_ref().map(|h| &h.participant);
        self.participants.iter().skip(self.open).filter(move |p| Some(*p) != selection)
    }

    /// The participants with a column, whether it fits or not.
    fn unfolded(&self) -> Vec<ParticipantId> {
        let selection = self.selection.as_ref().map(|h| &h.participant);
        let shown = |(i, p): &(usize, &ParticipantId)| *i < self.open || Some(*p) == selection;
        self.participants.iter().enumerate().filter(shown).map(|(_, p)| p.clone()).collect()
    }

    /// Places the key column and as many participants as fit, so that the selected one is among them.
    pub(super) fn place(&mut self, c: &Conversation, outbox: &Outbox, table: Rect) {
        let keys = self.rows.iter().map(|r| text::width(&text::key_label(r.key.as_str()))).max().unwrap_or(0);
        let most = (table.width * 2 / 5).max(10);
        self.keys.x = table.x + MARGIN;
        self.keys.width = fit(keys, 12, most.min(32));
        let from = self.keys.x + self.keys.width + GAP;
        let room = table.right().saturating_sub(from);
        let shown = self.unfolded();
        let natural: Vec<u16> =
            shown.iter().map(|id| c.participant(id.as_str()).map_or(8, |p| natural(c, p, outbox))).collect();
        let total = |cap: u16| natural.iter().map(|w| w.min(&cap).saturating_add(GAP)).fold(0, u16::saturating_add);
        // Long values give way first; only then do columns leave the screen.
        let cap = [WIDEST, 48, 36, 28, 22, 18].into_iter().find(|cap| total(*cap) <= room + GAP).unwrap_or(22);
        let mut widths: Vec<u16> = natural.iter().map(|w| *w.min(&cap)).collect();
        spread(&mut widths, &natural, room);
        let selection = self.selection.as_ref().map(|h| &h.participant);
        let at = shown.iter().position(|p| Some(p) == selection).unwrap_or(0);
        self.first = self.first.min(at);
        let span = |first: usize| widths[first..=at].iter().map(|w| w + GAP).sum::<u16>();
        while self.first < at && span(self.first) > room + GAP {
            self.first += 1;
        }
        let mut x = from;
        self.columns.clear();
        for (id, width) in shown.iter().zip(&widths).skip(self.first) {
            let left = table.right().saturating_sub(x + 1);
            if left < 6 || (left < *width && !self.columns.is_empty() && left < 12) {
                break;
            }
            self.columns.push(CallColumn { participant: id.clone(), x, width: (*width).min(left) });
            x = (x + width + GAP).min(table.right());
        }
        self.hidden = shown.len() - self.first - self.columns.len();
    }

    /// The selected participant has a column, and so has nobody who is not there any more.
    pub(super) fn has_columns_for(&self, c: &Conversation) -> bool {
        let selected = self.selection.as_ref().map(|h| &h.participant);
        let there = |column: &CallColumn| c.participant(column.participant.as_str()).is_some();
        self.mode == Mode::Table
            || (self.columns.iter().any(|column| Some(&column.participant) == selected)
                && self.columns.iter().all(there))
    }

    /// The place of the selected cell in the table, if it is on the page: for the editor and for questions about it.
    pub fn place_of_selection(&self) -> Option<Rect> {
        let table = self.areas.table;
        let row = self.position()?.checked_sub(self.scroll)?;
        let y = table.y + u16::try_from(row).ok()?;
        if y >= table.bottom() {
            return None;
        }
        let selection = self.selection.as_ref()?;
        let (x, width) = match self.mode {
            Mode::Table => table_value(table, self.keys.width),
            Mode::Matrix => {
                self.columns.iter().find(|c| c.participant == selection.participant).map(|c| (c.x, c.width))?
            }
        };
        Some(Rect { x, y, width, height: 1 })
    }
}

/// The width that a participant's values, marks and head would like.
fn natural(c: &Conversation, p: &Participant, outbox: &Outbox) -> u16 {
    /// ` ◂ 12 s`, or the mark of a finding.
    const NOTE: usize = 8;
    let target = PatchTarget { conversation: c.id.clone(), participant: p.id.clone() };
    let values = p.attributes.iter().map(|a| text::width(a.value.as_str()) + NOTE);
    let edits = outbox.views(&target);
    let edits = edits.iter().map(|v| text::width(v.mine) + NOTE + text::width(v.state.word()));
    let head = text::width(p.purpose.as_str()) + 1 + text::width(p.name.as_deref().unwrap_or_default()).min(24);
    fit(values.chain(edits).max().unwrap_or(0).max(head), 12, 240)
}

/// Room that is left goes to the columns whose values need it, by what they lack, then to all but the last.
fn spread(widths: &mut [u16], natural: &[u16], room: u16) {
    let used: u16 = widths.iter().map(|w| w + GAP).fold(0, u16::saturating_add);
    let mut spare = (room + GAP).saturating_sub(used);
    let lack: Vec<u16> = widths.iter().zip(natural).map(|(width, natural)| natural.saturating_sub(*width)).collect();
    for (width, more) in widths.iter_mut().zip(share(&lack, spare)) {
        *width += more;
        spare -= more;
    }
    let columns = u16::try_from(widths.len()).unwrap_or(u16::MAX);
    if columns > 1 {
        let each = (spare / columns).min(24);
        widths.iter_mut().rev().skip(1).for_each(|w| *w += each);
    } else if let Some(width) = widths.first_mut() {
        *width = (*width + spare.min(24)).max(*width);
    }
}

fn fit(width: usize, least: u16, most: u16) -> u16 {
    u16::try_from(width).unwrap_or(most).clamp(least, most.max(least))
}
