//! The lines of a journal file, and what a file of them says.
//!
//! A line is a JSON object with one member that names its kind. The lines of edits and losses end in a CRC-32 of what is
//! before it (`"crc":"1a2b3c4d"`), so that one damaged byte is found. Lines without one, from before it was written, are
//! read as they are. The line that names the organisation stands twice instead: it decides whose the file is. Lines end in
//! two line feeds, so that no single byte joins two of them.

use crate::domain::{
    JsonKind, Value,
    outbox::{Base, Cell, Got, JournalEdit, JournalLoss, JournalState},
};
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::io;

/// One line.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) enum JournalLine {
    /// First: whose drafts these are. Ids mean something in one organisation only.
    Org(String),
    /// An edit as it is now.
    Edit(EditLine),
    /// An edit that is done or was discarded.
    Gone(CellLine),
    /// An untouched key that lost its value.
    Loss(LossLine),
    /// A loss that was dismissed.
    LossGone(CellLine),
}

/// Which cell, and which of the texts for it.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct CellLine {
    conversation_id: String,
    participant_id: String,
    key: String,
    /// 0 for the newest text of the cell, or its only one.
    #[serde(default, skip_serializing_if = "is_zero")]
    slot: usize,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct EditLine {
    #[serde(flatten)]
    cell: CellLine,
    /// Whether the operator saw what was there.
    looked: bool,
    /// What was there; `null`: the key was absent.
    base: Option<String>,
    /// What carried it, where that was no string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base_kind: Option<String>,
    text: String,
    /// Missing only in a line that was cut off.
    #[serde(default)]
    state: String,
    /// The expression that it waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    /// What came back, for an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// When it came to be so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(super) struct LossLine {
    #[serde(flatten)]
    cell: CellLine,
    theirs: ValueLine,
    before: Vec<ValueLine>,
    ours: Option<ValueLine>,
    at: String,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct ValueLine {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Whose edits these are: one name, more where it was damaged, none when not even that can be read.
    pub orgs: Vec<String>,
    /// Edits with their slots, in order.
    pub edits: Vec<(usize, JournalEdit)>,
    /// Losses, in order.
    pub losses: Vec<JournalLoss>,
    /// Lines that cannot be read, or of which a byte is not what was written. A last line that was cut off is one: it may be all
    /// that there is of a text.
    pub damaged: usize,
}

impl Content {
    /// Reads a file.
    pub fn read(text: &[u8]) -> Self {
        let mut content = Self::default();
        let mut lines = text.split(|b| *b == b'\n').peekable();
        while let Some(line) = lines.next() {
            let is_last = lines.peek().is_none();
            if line.is_empty() {
                continue;
            }
            match decode(line) {
                Some((line, intact)) => {
                    content.damaged += usize::from(!intact);
                    content.apply(line);
                }
                None => {
                    content.damaged += 1;
                    if is_last && let Some(JournalLine::Edit(line)) = salvage(line) {
                        content.add_cut_off(line);
                    }
                }
            }
        }
        content
    }

    /// An edit whose line was cut off: its text may be, too. Then it does not take the place of a whole one.
    fn add_cut_off(&mut self, line: EditLine) {
        let is_whole = !line.state.is_empty();
        let cell = line.cell.cell();
        let of_cell = self.edits.iter().filter(|(_, e)| e.cell == cell);
        if is_whole || of_cell.clone().next().is_none() {
            return self.apply(JournalLine::Edit(line));
        }
        let (_, edit) = line.edit();
        if of_cell.clone().all(|(_, e)| !e.mine.starts_with(&edit.mine)) {
            let slot = of_cell.map(|(slot, _)| slot + 1).max().unwrap_or_default();
            self.edits.push((slot, edit));
        }
    }

    fn apply(&mut self, line: JournalLine) {
        match line {
            JournalLine::Org(name) if self.orgs.contains(&name) => {}
            JournalLine::Org(name) => {
                self.damaged += usize::from(!self.orgs.is_empty());
                self.orgs.push(name);
            }
            JournalLine::Edit(line) => {
                let (slot, edit) = line.edit();
                match self.edits.iter_mut().find(|(s, e)| *s == slot && e.cell == edit.cell) {
                    Some((_, old)) => *old = edit,
                    None => self.edits.push((slot, edit)),
                }
            }
            JournalLine::Gone(line) => {
                let (slot, cell) = (line.slot, line.cell());
                self.edits.retain(|(s, e)| *s != slot || e.cell != cell);
            }
            JournalLine::Loss(line) => {
                let Some(loss) = line.loss() else { return self.damaged += 1 };
                self.losses.retain(|l| l.cell != loss.cell);
                self.losses.push(loss);
            }
            JournalLine::LossGone(line) => {
                let cell = line.cell();
                self.losses.retain(|l| l.cell != cell);
            }
        }
    }
}

/// What the newest of two states has that the older has not, as lines.
pub(super) fn edit_line(slot: usize, edit: &JournalEdit, at: Option<&Timestamp>) -> JournalLine {
    JournalLine::Edit(EditLine {
        cell: CellLine::new(&edit.cell, slot),
        looked: edit.base != Base::Any,
        base: edit.base.value().map(|v| v.as_str().to_owned()),
        base_kind: edit.base.value().and_then(|v| word(v.kind())).map(str::to_owned),
        text: edit.mine.clone(),
        state: edit.got.as_str().to_owned(),
        when: edit.when.clone(),
        note: edit.note.clone(),
        at: at.map(ToString::to_string),
    })
}

pub(super) fn gone_line(slot: usize, cell: &Cell) -> JournalLine {
    JournalLine::Gone(CellLine::new(cell, slot))
}

pub(super) fn loss_line(loss: &JournalLoss) -> JournalLine {
    JournalLine::Loss(LossLine {
        cell: CellLine::new(&loss.cell, 0),
        theirs: ValueLine::of(&loss.theirs),
        before: loss.before.iter().map(ValueLine::of).collect(),
        ours: loss.ours.as_ref().map(ValueLine::of),
        at: loss.at.to_string(),
    })
}

pub(super) fn loss_gone_line(cell: &Cell) -> JournalLine {
    JournalLine::LossGone(CellLine::new(cell, 0))
}

/// The lines as they stand in the file.
pub(super) fn encode(lines: &[JournalLine]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        let start = text.len();
        serde_json::to_writer(&mut text, line)?;
        if !matches!(line, JournalLine::Org(_)) {
            let crc = crc(&text[start..]);
            text.truncate(text.len() - CLOSE.len());
            text.extend_from_slice(format!("{CRC}{crc:08x}\"").as_bytes());
            text.extend_from_slice(CLOSE);
        }
        text.extend_from_slice(b"\n\n");
    }
    Ok(text)
}

/// The edits of a state, each with its slot: its place among the texts for its cell.
pub(super) fn slots(state: &JournalState) -> Vec<(usize, &JournalEdit)> {
    let mut counts: FxHashMap<&Cell, usize> = FxHashMap::default();
    let mut found = Vec::with_capacity(state.edits.len());
    for edit in &state.edits {
        let count = counts.entry(&edit.cell).or_default();
        found.push((*count, edit));
        *count += 1;
    }
    found
}

/// How the object of a line ends, with the object in it.
const CLOSE: &[u8] = b"}}";
/// What stands before the checksum.
const CRC: &str = ",\"crc\":\"";
/// Checksum and closing quote.
const CRC_DIGITS: usize = 8;

fn crc(text: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(text);
    crc.sum()
}

/// The line, and whether it is what was written, as far as it says.
fn decode(line: &[u8]) -> Option<(JournalLine, bool)> {
    let (start, end) = (line.iter().position(|b| *b == b'{')?, line.iter().rposition(|b| *b == b'}')?);
    let text = line.get(start..=end)?;
    let whole = text.len() == line.len();
    let line = serde_json::from_slice(text).ok()?;
    let tail = CRC.len() + CRC_DIGITS + 1 + CLOSE.len();
    let Some((body, tail)) = text.len().checked_sub(tail).and_then(|at| text.split_at_checked(at)) else {
        return Some((line, whole));
    };
    let Some(digits) = tail.strip_prefix(CRC.as_bytes()).and_then(|rest| rest.get(..CRC_DIGITS)) else {
        return Some((line, whole));
    };
    let written = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok());
    Some((line, whole && written == Some(crc(&[body, CLOSE].concat()))))
}

/// What can be read of a line that was cut off: the members that are there, the last one perhaps not whole.
fn salvage(line: &[u8]) -> Option<JournalLine> {
    let text = &line[line.iter().position(|b| *b == b'{')?..];
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&text[..error.valid_up_to()]).ok()?,
    };
    // An escape may have been cut off, or the second half of a character that takes two.
    let escape = text.rfind('\\');
    let earlier = escape.and_then(|at| text[..at].rfind('\\'));
    let in_string =
        [Some(text.len()), escape, earlier].into_iter().flatten().map(|end| format!("{}\"}}}}", &text[..end]));
    // A quote after a comma never stands in a string: there it is escaped.
    let members = [Some(text.len()), text.strip_suffix(',').map(str::len), text.rfind(",\"")]
        .into_iter()
        .flatten()
        .map(|end| format!("{}}}}}", &text[..end]));
    members.chain(in_string).find_map(|text| serde_json::from_str(&text).ok())
}

impl CellLine {
    fn new(cell: &Cell, slot: usize) -> Self {
        Self {
            conversation_id: cell.conversation.as_str().to_owned(),
            participant_id: cell.participant.as_str().to_owned(),
            key: cell.key.as_str().to_owned(),
            slot,
        }
    }

    fn cell(&self) -> Cell {
        Cell {
            conversation: self.conversation_id.as_str().into(),
            participant: self.participant_id.as_str().into(),
            key: self.key.as_str().into(),
        }
    }
}

impl EditLine {
    fn edit(self) -> (usize, JournalEdit) {
        let kind = kind(self.base_kind.as_deref());
        let base = match self.looked {
            true => Base::Saw(self.base.map(|text| Value::of_kind(text, kind))),
            false => Base::Any,
        };
        let edit = JournalEdit {
            cell: self.cell.cell(),
            base,
            mine: self.text,
            // A newer program's word: it may have left.
            got: Got::from_word(&self.state).unwrap_or(Got::Sent),
            when: self.when,
            note: self.note,
            at: self.at.and_then(|at| at.parse().ok()),
        };
        (self.cell.slot, edit)
    }
}

impl LossLine {
    fn loss(self) -> Option<JournalLoss> {
        Some(JournalLoss {
            cell: self.cell.cell(),
            theirs: self.theirs.value(),
            before: self.before.into_iter().map(ValueLine::value).collect(),
            ours: self.ours.map(ValueLine::value),
            at: self.at.parse().ok()?,
        })
    }
}

impl ValueLine {
    fn of(value: &Value) -> Self {
        Self { text: value.as_str().to_owned(), kind: word(value.kind()).map(str::to_owned) }
    }

    fn value(self) -> Value {
        Value::of_kind(self.text, kind(self.kind.as_deref()))
    }
}

/// The word for what carried a value; none for a string.
fn word(kind: JsonKind) -> Option<&'static str> {
    match kind {
        JsonKind::Text => None,
        JsonKind::Number => Some("number"),
        JsonKind::Bool => Some("boolean"),
        JsonKind::Null => Some("null"),
        JsonKind::Nested => Some("nested"),
    }
}

fn kind(word: Option<&str>) -> JsonKind {
    match word {
        Some("number") => JsonKind::Number,
        Some("boolean") => JsonKind::Bool,
        Some("null") => JsonKind::Null,
        Some("nested") => JsonKind::Nested,
        _ => JsonKind::Text,
    }
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}
