//! Drafts: what was typed and not sent, and what a cell shows.

use super::{
    Base, Cell, CommitOptions, EditState, EditView, Effect, Got, JournalEdit, Outbox, PatchTarget, Refusal, Semantics,
    Timing, WriteMode,
    participant_queue::{EditStage, ParticipantQueue, Phase, QueueStep, QueuedEdit, QueuedKey, QueuedWrite},
};
use crate::domain::{At, Board, Conversation, ConversationId, JsonKind, Key, Media, Participant, Value};
use std::time::Duration;

/// So many texts that were given up can be brought back.
const GIVEN_UP: usize = 100;

/// A text that was given up for the server's value.
#[derive(Clone, Debug)]
pub(super) struct GivenUp {
    /// When, as [`At::mono`].
    at: Duration,
    cell: Cell,
    text: String,
    /// For what it was given up.
    theirs: Base,
}

impl GivenUp {
    /// As the journal has it.
    pub(super) fn edit(&self) -> JournalEdit {
        let (cell, base, mine) = (self.cell.clone(), self.theirs.clone(), self.text.clone());
        JournalEdit { cell, base, mine, got: Got::GivenUp, when: None, note: None, at: None }
    }
}

/// What came of a commit.
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use = "what is to be done must be done"]
pub struct Committed {
    /// What is to be done.
    pub effects: Vec<Effect>,
    /// Cells that were not committed, and why. They stay drafts.
    pub refused: Vec<(Cell, Refusal)>,
}

impl Outbox {
    /// Keeps what is being typed for a cell. The base of an edit that is already there stays: it is what the operator
    /// saw when the edit began.
    pub fn draft(&mut self, cell: &Cell, base: Base, text: impl Into<String>) {
        // From now on the cell has the name of the key.
        let name = Cell::new(&cell.target(), Key::from(""));
        self.others.retain(|other| other.got != Got::Named || other.cell != name || other.mine != cell.key.as_str());
        self.type_in(cell, base, text);
    }

    fn type_in(&mut self, cell: &Cell, base: Base, text: impl Into<String>) {
        self.unfinished = self.unfinished.take().filter(|unfinished| unfinished != cell);
        let queue = self.queues.entry(cell.target()).or_default();
        let text = text.into();
        match queue.edits.get_mut(&cell.key) {
            Some(edit) => {
                if edit.mine != text {
                    edit.earlier = None;
                }
                edit.mine = text;
                if matches!(
                    edit.stage,
                    EditStage::Held { .. } | EditStage::Failed(_) | EditStage::Queued | EditStage::Armed(_)
                ) {
                    edit.stage = EditStage::Draft;
                }
            }
            None => {
                if let Base::Saw(value) = &base {
                    queue.remember(&cell.key, value.clone());
                }
                queue.edits.insert(cell.key.clone(), QueuedEdit::draft(base, text));
            }
        }
    }

    /// The editor of this cell is empty, and more will be typed: until [`Self::draft`] says so, that is no empty value, and a
    /// crash leaves none behind.
    pub fn begin_empty(&mut self, cell: &Cell, base: Base) {
        self.type_in(cell, base, "");
        self.unfinished = Some(cell.clone());
    }

    /// Keeps a text of this participant that is in no cell ([`Got::is_loose`]), in place of the last one of its kind; an empty text
    /// drops that.
    pub fn keep_loose(&mut self, target: &PatchTarget, got: Got, text: &str) {
        let cell = Cell::new(target, Key::from(""));
        if let Some(place) = self.others.iter().rposition(|other| other.got == got && other.cell == cell) {
            self.others.remove(place);
        }
        if !text.trim().is_empty() {
            let (base, mine) = (Base::Any, text.to_owned());
            self.others.push(JournalEdit { cell, base, mine, got, when: None, note: None, at: None });
        }
    }

    /// The last text of this kind that is kept for this participant.
    pub fn loose(&self, target: &PatchTarget, got: Got) -> Option<&str> {
        let is_it = |other: &&JournalEdit| {
            other.got == got && other.cell.key.as_str().is_empty() && other.cell.target() == *target
        };
        self.others.iter().rfind(is_it).map(|other| other.mine.as_str())
    }

    /// Drops a draft, a held, failed, queued or conflicting edit. False when there is none.
    pub fn discard(&mut self, cell: &Cell) -> bool {
        let gone = self.queues.get_mut(&cell.target()).and_then(|queue| queue.edits.shift_remove(&cell.key)).is_some();
        self.queues.retain(|_, queue| !queue.is_idle());
        gone
    }

    /// Something that an operator typed is kept for this cell and has not left: not the empty text of a blank.
    pub fn has_text(&self, cell: &Cell) -> bool {
        let edit = self.queues.get(&cell.target()).and_then(|queue| queue.edits.get(&cell.key));
        edit.is_some_and(|edit| !edit.mine.is_empty())
    }

    /// Turns the mark of a draft on or off; what it is now.
    pub fn toggle_mark(&mut self, cell: &Cell) -> bool {
        let edit = self.queues.get_mut(&cell.target()).and_then(|queue| queue.edits.get_mut(&cell.key));
        edit.is_some_and(|edit| {
            edit.marked = !edit.marked;
            edit.marked
        })
    }

    /// Every cell with something not sent, in order of typing per participant.
    pub fn drafts(&self) -> impl Iterator<Item = (Cell, EditView<'_>)> {
        self.queues.iter().flat_map(|(target, queue)| {
            let views = queue.edits.keys().filter_map(|key| queue.view(key));
            views.map(|view| (Cell::new(target, view.key.clone()), view))
        })
    }

    /// Something is typed for a call and not sent.
    pub fn has_draft(&self, conversation: &ConversationId) -> bool {
        let mut queues = self.queues.iter().filter(|(target, _)| target.conversation == *conversation);
        queues
            .any(|(_, queue)| queue.edits.keys().filter_map(|key| queue.view(key)).any(|v| v.state == EditState::Draft))
    }

    /// What a review sends: the marked ones, else all that can be sent.
    pub fn to_review(&self) -> Vec<Cell> {
        let all: Vec<_> =
            self.drafts().filter(|(_, v)| matches!(v.state, EditState::Draft | EditState::Failed(_))).collect();
        let any_marked = all.iter().any(|(_, v)| v.marked);
        all.into_iter().filter(|(_, v)| v.marked || !any_marked).map(|(cell, _)| cell).collect()
    }

    /// What this cell shows of its edit: the newest one.
    pub fn view(&self, cell: &Cell) -> Option<EditView<'_>> {
        self.queues.get(&cell.target())?.view(&cell.key)
    }

    /// Everything there is to show of one participant, unsent edits first.
    pub fn views(&self, target: &PatchTarget) -> Vec<EditView<'_>> {
        let Some(queue) = self.queues.get(target) else { return Vec::new() };
        let mut keys: Vec<&Key> = queue.edits.keys().collect();
        for write in queue.writing.iter().chain(queue.sent.iter().rev()) {
            for item in &write.items {
                if !keys.contains(&&item.key) {
                    keys.push(&item.key);
                }
            }
        }
        keys.into_iter().filter_map(|key| queue.view(key)).collect()
    }

    /// Sends the drafts in these cells: one PATCH for each participant. The board tells who is there, whether a flow is
    /// running and what has ended.
    pub fn commit(&mut self, at: At, board: &Board, cells: &[Cell], how: CommitOptions) -> Committed {
        let mut committed = Committed::default();
        for cell in cells {
            if let Err(refusal) = self.ready(board, cell, how) {
                committed.refused.push((cell.clone(), refusal));
            }
        }
        committed.effects = self.with_queues(at, |target| cells.iter().any(|c| c.target() == *target), |_, _, _| {});
        committed
    }

    /// The next write to this participant leaves only while this key holds this value (`None`: is absent). Judged on the fresh
    /// read before every PATCH, and more strictly than what the operator saw: also where the wanted value is there already.
    pub fn require(&mut self, target: &PatchTarget, key: Key, value: Option<Value>) {
        self.queues.entry(target.clone()).or_default().conditions.push((key, value));
    }

    /// What a commit of these cells would ask about first, by what the board shows.
    pub fn doubt(&self, board: &Board, cells: &[Cell]) -> Option<Refusal> {
        let mut doubts: Vec<Refusal> = Vec::new();
        let mut odd: Vec<Key> = Vec::new();
        for cell in cells {
            let Some(entry) = board.get(cell.conversation.as_str()) else { continue };
            let Some(participant) = entry.conversation.participant(cell.participant.as_str()) else { continue };
            let ended = match (entry.conversation.is_over(), participant.is_connected()) {
                (true, _) => Some(Refusal::ConversationEnded),
                (_, false) => Some(Refusal::ParticipantEnded),
                _ => None,
            };
            doubts.extend(ended);
            if self.policy.mode == WriteMode::Merged && self.semantics != Semantics::Merges {
                let edited = |key: &Key| cells.iter().any(|c| c.participant == participant.id && c.key == *key);
                let found =
                    participant.attributes.iter().filter(|a| a.value.kind() != JsonKind::Text && !edited(a.key));
                odd.extend(found.map(|a| a.key.clone()));
            }
        }
        // An ended call says more than a participant who left.
        if doubts.contains(&Refusal::ConversationEnded) {
            doubts.retain(|doubt| *doubt == Refusal::ConversationEnded);
        }
        doubts.truncate(1);
        odd.sort_unstable();
        odd.dedup();
        if !odd.is_empty() {
            doubts.push(Refusal::NotText(odd));
        }
        match doubts.len() {
            0 | 1 => doubts.pop(),
            _ => Some(Refusal::Several(doubts)),
        }
    }

    pub(super) fn edit_mut(&mut self, cell: &Cell) -> Option<&mut QueuedEdit> {
        self.queues.get_mut(&cell.target())?.edits.get_mut(&cell.key)
    }

    fn ready(&mut self, board: &Board, cell: &Cell, how: CommitOptions) -> Result<(), Refusal> {
        if let Some(read_only) = &self.policy.read_only {
            return Err(Refusal::ReadOnly(read_only.why.clone()));
        }
        if cell.key.as_str().is_empty() {
            return Err(Refusal::EmptyKey);
        }
        let queue = self.queues.get_mut(&cell.target()).ok_or(Refusal::NoDraft)?;
        let edit = queue.edits.get_mut(&cell.key).ok_or(Refusal::NoDraft)?;
        if matches!(edit.stage, EditStage::Conflict { .. }) {
            return Err(Refusal::NoDraft);
        }
        let entry = board.get(cell.conversation.as_str()).ok_or(Refusal::Unknown)?;
        let conversation = &entry.conversation;
        let participant = conversation.participant(cell.participant.as_str()).ok_or(Refusal::Unknown)?;
        if !how.acknowledge_ended {
            if conversation.is_over() {
                return Err(Refusal::ConversationEnded);
            }
            if !participant.is_connected() {
                return Err(Refusal::ParticipantEnded);
            }
        }
        let flow = conversation.running_flow();
        edit.marked = false;
        edit.earlier = None;
        edit.again = how.timing == Timing::Both && flow.is_some();
        edit.non_text = how.non_text;
        edit.stage = match (how.timing, flow) {
            (Timing::WhenFlowEnds, Some(flow)) => EditStage::Held { flow: flow.id.clone() },
            _ => EditStage::Queued,
        };
        queue.flow = flow.map(|flow| flow.id.clone());
        queue.ended = !participant.is_connected();
        queue.media = super::medium(conversation, participant);
        if queue.last.is_empty() {
            queue.last = participant.attributes.iter().map(|a| (a.key.clone(), a.value.to_value())).collect();
        }
        if queue.trail.is_empty() {
            queue.trail.seed(
                &participant.id,
                participant.attributes.iter().map(|a| (a.key, a.value)),
                &entry.history,
                entry.told_at(),
                entry.disbelieved(),
            );
        }
        Ok(())
    }

    /// What was seen to be there is no longer what the edit of this cell began with: it is a conflict before anything was sent.
    /// False when there is no draft.
    pub fn overtaken(&mut self, cell: &Cell, theirs: Option<Value>) -> bool {
        let edit = self.edit_mut(cell).filter(|edit| matches!(edit.stage, EditStage::Draft));
        edit.is_some_and(|edit| {
            edit.stage = EditStage::Conflict { theirs, maybe_applied: false };
            true
        })
    }

    /// Gives a conflict up: the server's value stays. The text is kept for [`Self::take_given_up`].
    pub fn keep_theirs(&mut self, at: At, cell: &Cell) -> bool {
        if let Some(view) = self.view(cell) {
            let theirs = match view.state {
                EditState::Conflict { theirs, .. } | EditState::Overwritten { theirs, .. } => Base::Saw(theirs),
                _ => view.base,
            };
            let given_up = GivenUp { at: at.mono, cell: cell.clone(), text: view.mine.to_owned(), theirs };
            self.given_up.retain(|known| known.cell != *cell);
            self.given_up.push_back(given_up);
            if self.given_up.len() > GIVEN_UP {
                self.given_up.pop_front();
            }
        }
        self.discard(cell)
    }

    /// A text on this call was given up for the server's value, and nothing was sent to the call since that could be taken back first.
    pub fn has_given_up(&self, conversation: &ConversationId) -> bool {
        self.last_given_up(conversation).is_some()
    }

    /// That text and its cell; it is forgotten.
    pub fn take_given_up(&mut self, conversation: &ConversationId) -> Option<(Cell, String)> {
        let given_up = self.given_up.remove(self.last_given_up(conversation)?)?;
        Some((given_up.cell, given_up.text))
    }

    /// The operator ends the program: that theirs was kept is settled.
    pub fn forget_given_up(&mut self) {
        self.given_up.clear();
    }

    fn last_given_up(&self, conversation: &ConversationId) -> Option<usize> {
        // A cell that has another text by now keeps it.
        let is_free = |known: &GivenUp| known.cell.conversation == *conversation && !self.has_text(&known.cell);
        let place = self.given_up.iter().rposition(is_free)?;
        let mut sent = self.log().filter(|sent| sent.is_undoable() && sent.target.conversation == *conversation);
        let is_last = sent.all(|sent| sent.at.mono <= self.given_up[place].at);
        is_last.then_some(place)
    }

    /// Insists: what is there now counts as seen, and the draft can be committed again.
    /// The same for a value that was overwritten or is unseen. The text, for the editor; `None` if there is nothing to insist on.
    pub fn edit_again(&mut self, cell: &Cell) -> Option<String> {
        let queue = self.queues.get_mut(&cell.target())?;
        if let Some(edit) = queue.edits.get_mut(&cell.key) {
            if let EditStage::Conflict { theirs, .. } = &edit.stage {
                edit.base = Base::Saw(theirs.clone());
            }
            edit.stage = EditStage::Draft;
            return Some(edit.mine.clone());
        }
        let (base, mine) = queue.sent_item(cell.key.as_str()).and_then(|(_, item)| match &item.phase {
            Phase::Overwritten { theirs, .. } => Some((theirs.clone(), item.mine.clone())),
            Phase::Unseen(alarm) => Some((alarm.read_back.clone(), item.mine.clone())),
            _ => None,
        })?;
        queue.edits.insert(cell.key.clone(), QueuedEdit::draft(Base::Saw(base), mine.as_str().to_owned()));
        Some(mine.as_str().to_owned())
    }

    /// Sends the text of a conflict at once, over theirs.
    #[cfg(test)]
    pub(super) fn send_mine(&mut self, at: At, board: &Board, cell: &Cell, how: CommitOptions) -> Committed {
        match self.edit_again(cell) {
            Some(_) => self.commit(at, board, std::slice::from_ref(cell), how),
            None => Committed { refused: vec![(cell.clone(), Refusal::NoDraft)], ..Committed::default() },
        }
    }

    /// The operator has taken note of an alarm or of a value that was overwritten: it is watched no longer.
    pub fn acknowledge(&mut self, cell: &Cell) {
        if let Some(queue) = self.queues.get_mut(&cell.target()) {
            for write in &mut queue.sent {
                for item in write.items.iter_mut().filter(|i| i.key == cell.key) {
                    if matches!(item.phase, Phase::Unseen(_) | Phase::Overwritten { .. }) {
                        item.phase = Phase::Replaced;
                    }
                }
            }
        }
    }
}

impl ParticipantQueue {
    pub(super) fn has_queued(&self) -> bool {
        self.edits.values().any(|e| matches!(e.stage, EditStage::Queued))
    }

    fn view(&self, key: &Key) -> Option<EditView<'_>> {
        let write = self.writing.as_ref().and_then(|w| w.item(key.as_str()).map(|i| (w, i)));
        let write =
            write.or_else(|| self.sent_item(key.as_str()).filter(|(_, item)| !matches!(item.phase, Phase::Replaced)));
        let sent = write.map(|(write, item)| item_state(write, item));
        if let Some((key, edit)) = self.edits.get_key_value(key) {
            let state = match &edit.stage {
                EditStage::Draft => EditState::Draft,
                EditStage::Held { flow } => EditState::Held { flow: flow.clone() },
                EditStage::Armed(id) => EditState::Armed { id: *id },
                EditStage::Queued => EditState::Queued,
                EditStage::Conflict { theirs, maybe_applied } => {
                    EditState::Conflict { theirs: theirs.clone(), maybe_applied: *maybe_applied }
                }
                EditStage::Failed(failure) => EditState::Failed(failure.clone()),
            };
            let (base, mine, earlier) = (edit.base.clone(), &edit.mine, edit.earlier.as_ref());
            return Some(EditView { key, base, mine, marked: edit.marked, state, beneath: sent, earlier });
        }
        let (_, item) = write?;
        let (key, base, mine) = (&item.key, item.base.clone(), item.mine.as_str());
        Some(EditView { key, base, mine, marked: false, state: sent?, beneath: None, earlier: None })
    }
}

fn item_state(write: &QueuedWrite, item: &QueuedKey) -> EditState {
    match &item.phase {
        Phase::Seen { at, by } => {
            let after = write.last_sent.map_or_else(Default::default, |sent| at.mono.saturating_sub(sent));
            EditState::Seen { at: *at, after, by: *by }
        }
        Phase::Unseen(alarm) => EditState::Unseen(alarm.clone()),
        Phase::Overwritten { theirs, at } => EditState::Overwritten { theirs: theirs.clone(), at: *at },
        Phase::Open | Phase::Replaced => match &write.step {
            QueueStep::Checking { since } => EditState::Checking { since: *since, attempts: write.attempts },
            QueueStep::Waiting { until, why } => {
                EditState::Waiting { until: *until, attempts: write.attempts, why: *why }
            }
            QueueStep::Sending => EditState::Sending { attempt: write.attempts },
            QueueStep::Accepted { at } => {
                EditState::Accepted { since: *at, status: write.status, correlation_id: write.correlation_id.clone() }
            }
        },
    }
}

/// What carries the participant, for the routes that ask for it.
pub(super) fn medium(conversation: &Conversation, participant: &Participant) -> Media {
    match participant.media {
        Media::Unknown => conversation.media,
        media => media,
    }
}
