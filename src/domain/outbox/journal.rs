//! What must survive a crash: everything typed and not known to be done.

use super::{
    Base, Cell, Outbox,
    lane::{Edit, Phase, Stage},
};
use crate::domain::Value;
use jiff::Timestamp;

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
    /// In conflict: nothing was sent.
    Conflict,
    /// Not written, as far as was known.
    Failed,
    /// Accepted, and not there after the confirmation time.
    Unseen,
}

impl Got {
    const ALL: [Self; 9] = [
        Self::Draft,
        Self::Held,
        Self::Armed,
        Self::Queued,
        Self::Sent,
        Self::Accepted,
        Self::Conflict,
        Self::Failed,
        Self::Unseen,
    ];

    /// The word in the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Held => "held",
            Self::Armed => "armed",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Conflict => "conflict",
            Self::Failed => "failed",
            Self::Unseen => "unseen",
        }
    }

    /// The state of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|got| got.as_str() == word)
    }

    /// A PATCH with it had left: the value may be there.
    pub fn had_left(self) -> bool {
        matches!(self, Self::Sent | Self::Accepted | Self::Unseen)
    }

    /// What is to be known of it at the next start, in a few words.
    pub fn remark(self) -> &'static str {
        match self {
            Self::Draft => "never sent",
            Self::Held => "held, never sent",
            Self::Armed => "armed, never sent",
            Self::Queued => "committed, never sent",
            Self::Sent => "sent, fate unknown",
            Self::Accepted => "accepted, not seen",
            Self::Conflict => "conflict, not sent",
            Self::Failed => "failed",
            Self::Unseen => "accepted, unseen",
        }
    }

    /// The same in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Draft => "It was typed and never sent.",
            Self::Held => "It waited for the end of a flow and was never sent. It waits no longer.",
            Self::Armed => "It waited for its condition and was never sent. It is not armed any more.",
            Self::Queued => "It was committed, but the program ended before anything was sent.",
            Self::Sent => {
                "It was sent and the program ended before the answer: its fate is unknown. Read before sending again."
            }
            Self::Accepted => "The API accepted it, but it was not seen yet. Read before sending again.",
            Self::Conflict => "The key had changed on the server, so nothing was sent.",
            Self::Failed => "Sending it failed; it was not written as far as was known.",
            Self::Unseen => "The API accepted it, but it was not there after the confirmation time.",
        }
    }
}

/// What an edit of an earlier run was, as long as nobody has touched it since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// How far it had got.
    pub got: Got,
    /// When it was last changed or went a step further.
    pub at: Option<Timestamp>,
    /// The expression that it waited for.
    pub when: Option<String>,
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
    /// The expression that it waited for.
    pub when: Option<String>,
    /// When it came to be so; `None`: now, the one who writes it down has a clock.
    pub at: Option<Timestamp>,
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
                let Earlier { got, at, when } = match (&edit.stage, &edit.earlier) {
                    (Stage::Draft, Some(earlier)) => earlier.clone(),
                    (stage, _) => {
                        let when = match stage {
                            Stage::Armed(id) => self.armed.iter().find(|a| a.id == *id).map(|a| a.when.to_string()),
                            _ => None,
                        };
                        Earlier { got: got(stage), at: None, when }
                    }
                };
                let cell = Cell::new(target, key.clone());
                edits.push(JournalEdit { cell, base: edit.base.clone(), mine: edit.mine.clone(), got, when, at });
            }
            let sent = lane.sent.iter().rev().map(|w| (w, Got::Accepted));
            let writes = lane.writing.iter().map(|w| (w, if w.attempts > 0 { Got::Sent } else { Got::Queued }));
            for (write, got) in writes.chain(sent) {
                for item in &write.items {
                    let got = match item.phase {
                        Phase::Open => got,
                        Phase::Unseen(_) => Got::Unseen,
                        // Done, or told: what was overwritten is in the audit file.
                        Phase::Seen { .. } | Phase::Overwritten { .. } | Phase::Replaced => continue,
                    };
                    let cell = Cell::new(target, item.key.clone());
                    if !edits.iter().any(|e| e.cell == cell) {
                        let (base, mine) = (item.base.clone(), item.mine.as_str().to_owned());
                        edits.push(JournalEdit { cell, base, mine, got, when: None, at: None });
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
        for JournalEdit { cell, base, mine, got, when, at } in state.edits {
            let lane = self.lanes.entry(cell.target()).or_default();
            if lane.edits.contains_key(&cell.key) {
                continue;
            }
            // What left may have been applied: seeing it there is no foreign change.
            if got.had_left() || got == Got::Failed {
                lane.remember(&cell.key, Some(Value::text(mine.as_str())));
            }
            let earlier = Some(Earlier { got, at, when });
            lane.edits.insert(cell.key, Edit { earlier, ..Edit::draft(base, mine) });
            count += 1;
        }
        count
    }
}

fn got(stage: &Stage) -> Got {
    match stage {
        Stage::Draft => Got::Draft,
        Stage::Held { .. } => Got::Held,
        Stage::Armed(_) => Got::Armed,
        Stage::Queued => Got::Queued,
        Stage::Conflict { maybe_applied: true, .. } => Got::Sent,
        Stage::Conflict { maybe_applied: false, .. } => Got::Conflict,
        Stage::Failed(_) => Got::Failed,
    }
}
