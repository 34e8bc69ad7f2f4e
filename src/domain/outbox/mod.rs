//! The outbox: the one owner of every edit, from the first typed letter until the value has been seen.
//!
//! Pure: it is told what happened ([`Outbox::read_done`], [`Outbox::patch_done`], [`Outbox::observe`],
//! [`Outbox::tick`]) and answers with what is to be done ([`Effect`]). The rules:
//!
//! - One PATCH is out per participant. Edits meanwhile merge, the last value per key wins, and leave together.
//! - Before every send a fresh read is compared with what the operator saw. A foreign change of an edited key is a
//!   conflict, and nothing is sent.
//! - The platform answers 202: accepted, not done. A frame or a read that carries the value is what confirms.
//! - A frame that carries a value from before the write may be late: it neither confirms nor contradicts. What frames
//!   leave open, a read decides.
//! - An untouched key that vanished, or that our map put back over a newer value, is reported with that value.
//! - Nothing typed is ever dropped: a failed, refused or conflicting edit keeps its text.

mod answers;
mod armed;
mod drafts;
mod effect;
mod facts;
mod journal;
mod journal_edit;
mod own;
mod participant_queue;
mod preview;
mod report;
mod send;
mod settle;
mod state;
mod trail;
mod types;
mod undo;
mod unsettled;
mod watch;

pub use armed::Armed;
pub use drafts::Committed;
pub use effect::*;
pub use journal_edit::*;
pub use preview::Preview;
pub use report::*;
pub use state::*;
pub use types::*;
pub use undo::{NoUndo, Sent, Undo};
pub use unsettled::Unsettled;

use super::{At, Claims, ConversationId, ParticipantId, Value, findings::EditFact};
use drafts::medium;
use indexmap::IndexMap;
use participant_queue::ParticipantQueue;
use rustc_hash::FxBuildHasher;
use std::{collections::VecDeque, time::Duration};

/// A conditional edit; unique within an outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ArmId(pub u64);

/// Every edit of this operator.
#[derive(Debug, Default)]
pub struct Outbox {
    policy: Policy,
    queues: IndexMap<PatchTarget, ParticipantQueue, FxBuildHasher>,
    losses: Vec<Loss>,
    next_write: u64,
    armed: Vec<Armed>,
    next_arm: u64,
    log: undo::Log,
    done: report::Done,
    /// Second texts for cells that have a draft, and texts that are in no cell, until they are discarded.
    others: Vec<JournalEdit>,
    /// Texts that were given up for the server's value, oldest first.
    given_up: VecDeque<drafts::GivenUp>,
    /// The cell whose editor was emptied and has no text yet.
    unfinished: Option<Cell>,
    /// What was learned of the server.
    semantics: Semantics,
}

/// What the parts of the machine work with while they handle one input.
struct Context<'a> {
    at: At,
    policy: &'a Policy,
    next_write: &'a mut u64,
    losses: &'a mut Vec<Loss>,
    others: &'a mut Vec<JournalEdit>,
    log: &'a mut undo::Log,
    done: &'a mut report::Done,
    semantics: &'a mut Semantics,
    out: &'a mut Vec<Effect>,
}

impl Outbox {
    /// An empty outbox that works by these rules.
    pub fn new(policy: Policy) -> Self {
        Self { policy, ..Self::default() }
    }

    /// The rules in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What the server does with keys that a PATCH leaves out, as far as this run has shown.
    pub fn semantics(&self) -> Semantics {
        self.semantics
    }

    /// Runs `f` on every queue that `pick` chooses, then lets each go on with what is due.
    fn with_queues(
        &mut self,
        at: At,
        pick: impl Fn(&PatchTarget) -> bool,
        mut f: impl FnMut(&PatchTarget, &mut ParticipantQueue, &mut Context<'_>),
    ) -> Vec<Effect> {
        let mut out = Vec::new();
        for (target, queue) in self.queues.iter_mut().filter(|(target, _)| pick(target)) {
            let mut context = Context {
                at,
                policy: &self.policy,
                next_write: &mut self.next_write,
                losses: &mut self.losses,
                others: &mut self.others,
                log: &mut self.log,
                done: &mut self.done,
                semantics: &mut self.semantics,
                out: &mut out,
            };
            f(target, queue, &mut context);
            queue.advance(target, &mut context);
        }
        self.queues.retain(|_, queue| !queue.is_idle());
        out
    }

    /// There is something typed, on its way or watched on this conversation.
    pub fn concerns(&self, conversation: &str) -> bool {
        self.queues.keys().any(|target| target.conversation.as_str() == conversation)
    }

    /// Time passed: pauses end, unseen values become alarms, watches end. Call it at [`Self::next_deadline`] or later.
    #[must_use = "what is to be done must be done"]
    pub fn tick(&mut self, at: At) -> Vec<Effect> {
        self.with_queues(at, |_| true, |_, _, _| {})
    }

    /// When [`Self::tick`] has something to do, on the clock of [`At::mono`]; `None` when nothing waits for time.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.queues.values().filter_map(|queue| queue.next_deadline(&self.policy)).min()
    }

    /// Untouched keys that lost their value while a write of ours was under way, oldest first.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Something on this conversation is reported as lost.
    pub fn has_losses(&self, conversation: &ConversationId) -> bool {
        self.losses.iter().any(|loss| loss.cell.conversation == *conversation)
    }

    /// The operator has dealt with the loss of this cell's value.
    pub fn dismiss_loss(&mut self, cell: &Cell) {
        self.losses.retain(|loss| loss.cell != *cell);
    }

    /// True without an edit in any state.
    pub fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// Conversations with an edit in any state, armed ones included; one may come more than once.
    pub fn conversations(&self) -> impl Iterator<Item = &ConversationId> {
        self.queues.keys().map(|target| &target.conversation).chain(self.armed.iter().map(|armed| &armed.conversation))
    }

    /// True when nothing is on its way: quitting now breaks off nothing.
    #[cfg(test)]
    fn is_quiet(&self) -> bool {
        self.queues.values().all(|queue| {
            queue.writing.is_none()
                && queue.sent.iter().all(participant_queue::QueuedWrite::is_decided)
                && !queue.has_queued()
        })
    }
}

impl Claims for Outbox {
    fn is_ours(
        &self,
        conversation: &ConversationId,
        participant: &ParticipantId,
        key: &str,
        new: Option<&Value>,
    ) -> bool {
        if self.queues.is_empty() {
            return false;
        }
        let target = PatchTarget { conversation: conversation.clone(), participant: participant.clone() };
        self.queues.get(&target).is_some_and(|queue| {
            let out = queue.writing.iter().filter(|w| w.first_sent.is_some()).chain(&queue.sent);
            out.filter_map(|w| w.item(key)).any(|item| !item.is_seen() && item.is_mine(new))
        })
    }

    fn edits(&self, conversation: &ConversationId) -> Vec<EditFact> {
        self.facts(conversation)
    }
}

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;
