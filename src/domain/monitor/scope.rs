//! Which calls are reported: all, or those that match a filter or went into a trap.

use crate::domain::{
    At, BoardEntry, ConversationId, Names, Trap,
    filter::{CallFacts, Filter},
};
use rustc_hash::FxHashSet;

/// Whether a call is one to be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InScope {
    /// It is not: it has not matched so far.
    No,
    /// From now on: nothing was reported of it before.
    New,
    /// It is, as before.
    Yes,
}

/// The calls that are reported, each from the moment it first matches to its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    filter: Filter,
    trap: Option<Trap>,
    /// Not kept when every call is reported.
    matched: FxHashSet<ConversationId>,
}

impl Scope {
    pub(super) fn new(filter: Filter, trap: Option<Trap>) -> Self {
        Self { filter, trap, matched: FxHashSet::default() }
    }

    fn is_everything(&self) -> bool {
        self.filter.is_empty() && self.trap.is_none()
    }

    /// Time alone may bring a call in.
    pub(super) fn is_timed(&self) -> bool {
        self.filter.depends_on_time()
    }

    /// Looks at a call after something about it changed.
    pub(super) fn look(&mut self, entry: &BoardEntry, names: &Names, at: At) -> InScope {
        let call = &entry.conversation;
        if self.is_everything() || self.matched.contains(&call.id) {
            return InScope::Yes;
        }
        let trapped = self.trap.as_mut().is_none_or(|trap| trap.look(call, names, at));
        if !trapped || !self.filter.holds(CallFacts { conversation: call, names, now: at }) {
            return InScope::No;
        }
        self.matched.insert(call.id.clone());
        InScope::New
    }

    pub(super) fn holds(&self, id: &str) -> bool {
        self.is_everything() || self.matched.contains(id)
    }

    pub(super) fn forget(&mut self, id: &ConversationId) {
        self.matched.remove(id);
    }
}
