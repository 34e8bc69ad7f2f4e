//! What the program wants done outside: everything it does to the world, as data.

use super::{
    export::ExportPlan, external::External, flow::DemoStep, replay::Play, since::SinceQuestion, topics::TopicRow,
    views::CallsView,
};
use crate::domain::{
    ConversationId, QueueId,
    outbox::{AuditRecord, PatchRequest, WriteId},
};

/// Something for the shell to do.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "what the program wants done must be done"]
pub enum Effect {
    /// Read a conversation; the answer comes back as an update. `asked` is the board's revision at this moment.
    Read {
        /// The conversation to read.
        conversation: ConversationId,
        /// To be handed back with the answer.
        asked: u64,
        /// The write that waits for it, if one does.
        write: Option<WriteId>,
    },
    /// Try to connect now: no link and no request waits for its next try.
    Reconnect,
    /// Find out the name of a queue.
    QueueName(QueueId),
    /// Send a PATCH, once.
    Patch {
        /// For which write.
        write: WriteId,
        /// What to send.
        request: PatchRequest,
    },
    /// Try again to keep on disk what could not be kept.
    Keep,
    /// Add a line to the audit file.
    Audit(AuditRecord),
    /// Put text on the clipboard.
    Copy(String),
    /// Open a text in the operator's own editor, with the terminal given back until it ends.
    Edit(Box<External>),
    /// Read a file that the operator named, as a payload.
    Load(String),
    /// Keep a view on disk.
    SaveView(CallsView),
    /// Remove the view of this name from disk.
    DeleteView(String),
    /// Keep how the Calls screen looks for the next start.
    Remember(CallsView),
    /// Write a call, the board or the screen to a file, or put it on the clipboard.
    Export(ExportPlan),
    /// Give the terminal back and stop until the shell continues us (Ctrl-Z).
    Suspend,
    /// Take the mouse, or let it go.
    Mouse(bool),
    /// Draw everything anew: something else wrote on the terminal.
    Redraw,
    /// Ask the history store which calls it has for a question that none of them answers.
    SinceStored(SinceQuestion),
    /// Read the configuration of the flow of this name.
    ReadFlow(String),
    /// Find out which flows this call ran, their definitions and the records of their runs.
    Gather(ConversationId),
    /// Ask the history store since when a key is there or missing.
    Since(SinceQuestion),
    /// Ask the history store for the presence of these keys in the versions of the flow of this name.
    FlowHistory(String, Vec<String>),
    /// Ask the history store what it has of this conversation.
    HistoryCall(String),
    /// Move the call that a flow is shown on; only a demo has a simulator to do it.
    Demo(DemoStep),
    /// Use the colors of the theme of this name.
    Theme(&'static str),
    /// List what can be watched.
    ListTopics,
    /// Watch these, or no longer.
    Watch(Vec<TopicRow>),
    /// Sign in again.
    SignIn(super::signin::Try),
    /// Watch these calls by their ids: nothing else that is watched tells about them any more.
    Follow(Vec<ConversationId>),
    /// Play the recording like this.
    Play(Play),
    /// Begin to record, or end it.
    Record,
    /// Ring the bell.
    Bell,
    /// Have the terminal notify the operator (OSC 9); the text is harmless.
    Notify(String),
    /// Conversations that are no longer shown; their topics may be given back.
    Forget(Vec<ConversationId>),
}

/// Why the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppExit {
    /// The operator left.
    Quit,
    /// Ctrl-C or SIGINT: exit code 130.
    Interrupted,
    /// SIGTERM or SIGHUP: exit code 143.
    Terminated,
}
