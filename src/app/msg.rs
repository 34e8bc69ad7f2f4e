//! What enters the program.

use super::{
    export::{ExportPlan, NotWritten},
    external::External,
    flow::{Definition, FlowHistory},
    key::Key,
    recording::Recording,
    replay::{IndexPart, PlaybackState, Playing},
    since::{HistoryCall, SinceQuestion, SinceReport, StoredCalls},
    unkept::Unkept,
    why::FoundFlows,
};
use crate::domain::{
    At, Claimed, ConversationId, FlowId, Link, QueueId, Snapshot, Update, UserId,
    findings::{Finding, LostKey},
    outbox::{JournalState, PatchOutcome, RequestFailure, WriteId},
};
use std::time::Duration;

/// A button or wheel of the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mouse {
    /// Left button pressed.
    Click,
    /// Wheel towards the user.
    Down,
    /// Wheel away from the user.
    Up,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// Let the operator choose what is watched.
    PickTopics,
    /// What there is to choose from.
    Topics(Box<super::topics::Listing>),
    /// Text was pasted: never a command.
    Paste(String),
    /// Text that arrived as keys, all at once: pasted where pastes are not marked as such.
    KeysAsText(String),
    /// This key was pressed so often, all at once: a key that was held down, or a text of one letter.
    Repeated(Key, usize),
    /// What the operator does next was read from the terminal at once.
    Burst {
        /// How long ago the first of it was.
        age: Duration,
        /// How long after that the last of it was.
        lasted: Duration,
        /// So many letters, line breaks and tabs were in it; a paste counts as two.
        letters: usize,
        /// The terminal calls a key of it repeated: it is held down. Few terminals say so.
        repeats: bool,
    },
    /// The mouse did something at this column and row.
    Mouse(Mouse, u16, u16),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The platform told something.
    Update(Box<Update>),
    /// A read that was asked for came back.
    Read(Box<ReadDone>),
    /// The name of a queue; empty when it cannot be had.
    QueueName(QueueId, String),
    /// What earlier runs left.
    Left(EarlierRuns),
    /// The operator's own editor has ended: its text, or why there is none.
    Edited(Box<External>, Result<String, String>),
    /// A file that was asked for: its path, and its text or why there is none.
    Loaded(String, Result<String, String>),
    /// What came of an export: what was written, in words, or why nothing was.
    Exported(Box<ExportPlan>, Result<String, NotWritten>),
    /// What came of a PATCH.
    Patched(WriteId, Box<PatchOutcome>),
    /// A frame that could not be understood; why.
    BadFrame(String),
    /// The state of the connection changed.
    Link(Link),
    /// How many topics are subscribed, and how much of the request budget is left.
    Usage(super::model::Usage),
    /// How the token stands.
    Token {
        /// When it ends, on the clock that never jumps, if it cannot be renewed.
        ends: Option<Duration>,
        /// A person must sign in: why.
        needed: Option<String>,
    },
    /// Conversations of which states were replaced by newer ones before they were looked at, and how many.
    Coalesced(Vec<(ConversationId, u64)>),
    /// What came of signing in again.
    SignIn(super::signin::SignInProgress),
    /// The name of a user.
    UserName(UserId, String),
    /// The name of a flow.
    FlowName(FlowId, String),
    /// How the recording that is being made is going; `None` when there is none any more.
    Recording(Option<Recording>),
    /// A recording was closed.
    Recorded {
        /// What was recorded.
        words: String,
        /// Not all of it.
        failed: bool,
    },
    /// How a recording is being played.
    Playing(Playing),
    /// More of the recording was read.
    Indexed(Box<IndexPart>),
    /// What there was at an earlier moment of the recording.
    Past(Box<PlaybackState>),
    /// The edits of the recorded operator that are not settled; true when one was sent just now.
    Claimed(Claimed, bool),
    /// Lines that are missing in the recording.
    Lost(u64),
    /// The configuration of the flow of this name, or why it cannot be had.
    FlowRead(String, Result<Definition, String>),
    /// Presence of the keys of the flow of this name, by version, from the history store.
    FlowHistory(String, FlowHistory),
    /// What was found out of the flows that this call ran.
    Gathered(ConversationId, Box<FoundFlows>),
    /// What the history store answered; `None` without a store.
    SinceRead(Box<SinceQuestion>, Option<Result<Option<Box<SinceReport>>, String>>),
    /// What the history store has of a call.
    HistoryCall(Result<Option<HistoryCall>, String>),
    /// The presence of a key fell with a new version of a flow.
    Fallen(Box<Finding>),
    /// It is still so, and the call that this was found on has gone: it is found on another one now.
    StillFallen(Box<Finding>),
    /// The keys whose presence is low with a new version of a flow now: all of them.
    LostKeys(Vec<LostKey>),
    /// Which stored calls there are for a question that none answers.
    SinceStored(Box<SinceQuestion>, StoredCalls),
    /// The call that a flow is shown on is there.
    DemoPlaced(ConversationId),
    /// What cannot be kept on disk now; nothing, when it can be again.
    Unkept(Unkept),
    /// An effect failed: what was tried and what came of it.
    Failed(String),
    /// A moment named by [`super::Model::next_deadline`] has come.
    Time,
    /// The process was asked to end, as by Ctrl-C.
    Interrupt,
    /// The process was asked to end.
    Terminate,
}

/// What earlier runs left.
#[derive(Clone, Debug, Default)]
pub struct EarlierRuns {
    /// Edits, which are offered as drafts and never sent unasked, and losses.
    pub state: JournalState,
    /// What the operator has to know of the files that held them.
    pub remarks: Vec<String>,
}

/// The answer to [`super::Effect::Read`].
#[derive(Clone, Debug, PartialEq)]
pub struct ReadDone {
    /// What was read.
    pub conversation: ConversationId,
    /// The board's revision when it was asked for.
    pub asked: u64,
    /// When the request really left.
    pub left: At,
    /// The write that waits for it, if one does.
    pub write: Option<WriteId>,
    /// What came back.
    pub result: Result<Snapshot, RequestFailure>,
}
