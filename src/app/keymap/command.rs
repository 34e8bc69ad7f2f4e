//! What a key can do.

/// What a key can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Show every change as it happens.
    Timeline,
    /// Hold the picture, or go on.
    Pause,
    /// Leave the program.
    Quit,
    /// Leave at once, as on SIGINT.
    Interrupt,
    /// Stop until the shell continues us.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Read the selected call again.
    Reread,
    /// Let the mouse go, or take it again.
    Mouse,
    /// Show the keys.
    Help,
    /// Search all actions.
    Palette,
    /// Show the findings of all calls.
    Diagnose,
    /// Show a flow's keys against its calls.
    Flow,
    /// Show why the selected key is as it is.
    Why,
    /// Show since when the selected key is there or missing.
    Since,
    /// Run the flow here, beside what the platform did.
    Simulate,
    /// Ask again.
    Refresh,
    /// Show what calls are expected to carry.
    Expectations,
    /// Compare two calls, or two moments of one.
    Compare,
    /// One moment earlier on the right.
    RightEarlier,
    /// One moment later on the right.
    RightLater,
    /// Ring when the selected key changes, or no longer.
    AlertOnKey,
    /// Alert when a call begins to match an expression.
    AlertOnFilter,
    /// Ring when a milestone is missed, or no longer.
    AlertOnMissed,
    /// List the alerts.
    Alerts,
    /// To what fired last.
    Jump,
    /// Sign in again.
    SignIn,
    /// Run the flow's next action.
    StepFlow,
    /// The lookup succeeds.
    LookupOk,
    /// The lookup takes too long.
    LookupTimeout,
    /// The lookup fails.
    LookupError,
    /// The lookup answers what is typed.
    LookupGiven,
    /// Run from the start again.
    Restart,
    /// Hide or show personal values.
    Mask,
    /// Write a call, the board or the screen to a file.
    Export,
    /// List the views.
    Views,
    /// Save what is shown under a name.
    SaveView,
    /// One up.
    Up,
    /// One down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The first.
    First,
    /// The last.
    Last,
    /// One column left.
    Left,
    /// One column right.
    Right,
    /// Go into what is selected.
    Open,
    /// Fold the group of the selected row.
    Fold,
    /// Type a filter.
    Filter,
    /// Edit the selected cell in place.
    Edit,
    /// Add a key.
    Add,
    /// Set the selected value to nothing.
    Blank,
    /// Take the last sent edit back.
    Undo,
    /// Mark a draft for the next review.
    Mark,
    /// See and send the drafts.
    Review,
    /// Throw a draft away.
    Discard,
    /// Copy the value.
    Copy,
    /// Copy key and value.
    CopyPair,
    /// Copy the id of the conversation.
    CopyId,
    /// Make drafts of a paste or a file.
    Paste,
    /// Open the value in the operator's own editor.
    EditOutside,
    /// Open all attributes of the participant in the operator's own editor.
    MapOutside,
    /// Choose what to copy.
    CopyMenu,
    /// Copy all attributes of the participant as JSON.
    CopyMap,
    /// Copy the address of the call in the API.
    CopyLink,
    /// Copy the PATCH as a curl command.
    CopyRequest,
    /// Copy the read as a curl command.
    CopyRead,
    /// Copy keys to another participant.
    Onto,
    /// The values that the cell had.
    History,
    /// Send the draft when an expression comes to hold.
    When,
    /// Everything typed and not sent, over all calls.
    Drafts,
    /// Values that were lost while an edit was under way.
    Losses,
    /// Matrix or table.
    Mode,
    /// Scroll the detail down.
    DetailDown,
    /// Scroll the detail up.
    DetailUp,
    /// A line break in the text.
    Newline,
    /// Send when the running flow has ended.
    SendLater,
    /// Send now, and again when the flow has ended if it wrote its own value back.
    SendBoth,
    /// Give in: the server's value stays.
    Theirs,
    /// Insist and send.
    Mine,
    /// Go back, close, or clear the filter.
    Back,
    /// Choose by what the rows are sorted.
    Sort,
    /// Reverse the sort.
    Reverse,
    /// Hide ended calls, or show them again.
    HideEnded,
    /// Go to the bars that say how many calls have each key, or close them.
    Coverage,
    /// Every change of the selected key, on all calls.
    KeyTimeline,
    /// Show all changes again.
    ClearFilter,
    /// Choose the attribute columns.
    Columns,
    /// Choose what is watched.
    Topics,
    /// Wait for the next call that fits, or stop waiting.
    Trap,
    /// Keep an ended call on the screen.
    Pin,
    /// Take what is selected.
    Accept,
    /// Switch what is selected on or off.
    Toggle,
    /// Put the selected name into the line.
    Complete,
    /// Back to what the program chooses itself.
    Automatic,
    /// Record what comes in, or end that.
    Record,
    /// Play the recording, or hold it.
    Play,
    /// One message on.
    StepOn,
    /// One message back.
    StepBack,
    /// Play faster.
    Faster,
    /// Play slower.
    Slower,
    /// Some seconds on.
    Later,
    /// Some seconds back.
    Earlier,
    /// To the next change of what is selected.
    NextChange,
    /// To the change before.
    PreviousChange,
    /// To the next finding.
    NextFinding,
    /// To the finding before.
    PreviousFinding,
    /// Search the keys.
    Search,
    /// The next match.
    NextMatch,
    /// The match before.
    PreviousMatch,
    /// To a moment that is typed.
    GoTo,
    /// To the start of a call of the recording.
    CallsOfRecording,
}
