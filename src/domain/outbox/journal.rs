//! What must survive a crash: everything typed and not known to be done.

use super::{
    Base, Cell, Outbox,
    lane::{Edit, Phase, Stage},
};
use crate::domain::Value;

/// How far an edit had got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Got {
    /// Typed.
    Draft,
    /// Waited for a flow to end.
    Held,
    /// Waited for an expression to hold.
    Armed,
    /// Committed; no PATCH had left.
    Queued,
    /// A PATCH had left: whether it was applied is not known.
    Sent,
    /// Accepted; not seen yet.
    Accepted,
    /// Conflict, failed, overwritten or unseen: something to decide.
    Stopped,
}

impl Got {
    /// The word in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Held => "held",
            Self::Armed => "armed",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Stopped => "stopped",
        }
    }

    /// The state of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Draft, Self::Held, Self::Armed, Self::Queued, Self::Sent, Self::Accepted, Self::Stopped];
        all.into_iter().find(|got| got.as_str() == word)
    }
}

/// One edit of the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct JournalEdit {
    /// Which cell.
    pub cell: Cell,
    /// What the operator saw when it began.
    pub base: Base,
    /// The text typed.
    pub mine: String,
    /// How far it had got.
    pub got: Got,
}

/// Everything typed and not known to be done, in a form that can be written down.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JournalState {
    /// The edits, one per cell: the newest.
    pub edits: Vec<JournalEdit>,
}

impl Outbox {
    /// What the journal has to hold now.
    pub fn journal(&self) -> JournalState {
        let mut edits: Vec<JournalEdit> = Vec::new();
        for (target, lane) in &self.lanes {
            for (key, edit) in &lane.edits {
                let got = match edit.stage {
                    Stage::Draft => Got::Draft,
                    Stage::Held { .. } => Got::Held,
                    Stage::Armed(_) => Got::Armed,
                    Stage::Queued => Got::Queued,
                    Stage::Conflict { .. } | Stage::Failed(_) => Got::Stopped,
                };
                let cell = Cell::new(target, key.clone());
                edits.push(JournalEdit { cell, base: edit.base.clone(), mine: edit.mine.clone(), got });
            }
            let sent = lane.sent.iter().rev().map(|w| (w, Got::Accepted));
            let writes = lane.writing.iter().map(|w| (w, if w.attempts > 0 { Got::Sent } else { Got::Queued }));
            for (write, got) in writes.chain(sent) {
                for item in &write.items {
                    let got = match item.phase {
                        Phase::Open => got,
                        Phase::Unseen(_) => Got::Stopped,
                        // Done, or told: what was overwritten is in the audit file.
                        Phase::Seen { .. } | Phase::Overwritten { .. } | Phase::Replaced => continue,
                    };
                    let cell = Cell::new(target, item.key.clone());
                    if !edits.iter().any(|e| e.cell == cell) {
                        let (base, mine) = (item.base.clone(), item.mine.as_str().to_owned());
                        edits.push(JournalEdit { cell, base, mine, got });
                    }
                }
            }
        }
        JournalState { edits }
    }

    /// Takes the journal of an earlier run in: every edit comes back as a draft. Nothing is sent. A cell that has an edit
    /// already keeps it. How many came back.
    pub fn restore_journal(&mut self, state: JournalState) -> usize {
        let mut count = 0;
        for JournalEdit { cell, base, mine, got } in state.edits {
            let lane = self.lanes.entry(cell.target()).or_default();
            if lane.edits.contains_key(&cell.key) {
                continue;
            }
            // What left may have been applied: seeing it there is no foreign change.
            if matches!(got, Got::Sent | Got::Accepted | Got::Stopped) {
                lane.remember(&cell.key, Some(Value::text(mine.as_str())));
            }
            lane.edits.insert(cell.key, Edit::draft(base, mine));
            count += 1;
        }
        count
    }
}
