//! What may be taken from a popup, for the dispatcher to act on.

use crate::{
    app::{calls::Sort, flow, since::SinceQuestion},
    domain::{
        ConversationId, Key, ParticipantId,
        filter::Filter,
        outbox::{Base, Cell, JournalEdit, PatchTarget, Timing},
    },
};

/// What may be taken from a popup.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// The flow of this name.
    Flow(String),
    /// The view of this name.
    View(String),
    /// A call of a recording, and after how many messages it was seen first.
    Moment(u64, ConversationId),
    /// A call at a key: of this participant, or of the customer.
    Call(ConversationId, Option<ParticipantId>, String),
    /// The next change of this key in a recording.
    Change(String),
    /// A call of the history store, or one that is live still.
    Past(ConversationId),
    /// Another key for the Since screen.
    SinceKey(String),
    /// Another question to the history store.
    Since(SinceQuestion),
    /// What the lookup of a flow answers.
    Lookup(flow::LookupOutcome),
    /// Sort the calls by this.
    Sort(Sort),
    /// Add this key, and edit it.
    NewKey(Cell),
    /// Make drafts of these values of a participant. With what the operator saw there, `None` for what is there now.
    Drafts(PatchTarget, Vec<(Key, Option<Base>, String)>),
    /// Ask before this draft is sent.
    Ask(Cell),
    /// Send the drafts of these cells; `sure`: although their call has ended.
    Send {
        /// The cells.
        cells: Vec<Cell>,
        /// It was agreed to twice.
        sure: bool,
        /// At once, or when the flow has ended.
        timing: Timing,
    },
    /// Edit the selected value in the operator's own editor.
    EditOutside,
    /// Go on with a text that is in no cell.
    Loose(JournalEdit),
    /// Send these drafts when the filter matches their call.
    Arm(Filter, Vec<Cell>),
}
