//! The one table of actions: it dispatches keys, and the footer's hints, the help overlay, the palette and the README are drawn
//! from it. The user's `[keys]` are a merge into it.

use super::key::Key;
use std::fmt;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Always, overlays included.
    Always,
    /// On every screen, while nothing lies over it.
    Screen,
    /// The Calls screen.
    Calls,
    /// The Call screen.
    Call,
    /// The Timeline screen.
    Timeline,
    /// The Diagnose screen.
    Diagnose,
    /// The Flow screen.
    Flow,
    /// The Why screen.
    Why,
    /// The Since screen.
    Since,
    /// A list to take something from.
    Pick,
    /// Two calls, or two moments of one call.
    Compare,
    /// The watchpoints.
    Watchpoints,
    /// The expression of a new watchpoint.
    WatchPrompt,
    /// What calls are expected to carry.
    Expected,
    /// What a lookup answers.
    Answer,
    /// Signing in again.
    SignIn,
    /// On every screen of a recording that is played, before the screen's own.
    Replay,
    /// Where in a recording to go.
    GoTo,
    /// The cell editor.
    Editor,
    /// What is about to be sent.
    Commit,
    /// Two values for one cell.
    Conflict,
    /// The filter prompt.
    Filter,
    /// What the next call is to be like.
    Trap,
    /// What is watched.
    Topics,
    /// The name of a key to add.
    Prompt,
    /// The help overlay.
    Help,
    /// The help overlay while its keys are searched.
    HelpSearch,
    /// The bars beside the calls.
    Coverage,
    /// The command palette.
    Palette,
    /// The column picker.
    Columns,
    /// The list of drafts.
    Drafts,
    /// The list of what can be copied.
    Copying,
    /// The values that a cell had.
    History,
    /// The question before the program ends.
    Quit,
    /// Values that were lost.
    Losses,
    /// Copying keys to another participant.
    Onto,
    /// Keys taken out in the external editor.
    Removed,
    /// The condition of a conditional edit.
    When,
    /// A paste of many values.
    Bulk,
    /// What is to be handed on.
    Export,
    /// The name under which a view is saved.
    SaveView,
    /// Searching the keys of a call.
    Find,
}

impl Scope {
    /// The heading in help and README.
    pub fn title(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::Screen => "Everywhere",
            Self::Calls => "Calls",
            Self::Call => "Call",
            Self::Timeline => "Timeline",
            Self::Diagnose => "Diagnose",
            Self::Flow => "Flow",
            Self::Why => "Why",
            Self::Since => "Since",
            Self::Pick => "List",
            Self::Compare => "Comparison",
            Self::Watchpoints => "Alerts",
            Self::WatchPrompt => "New alert",
            Self::Expected => "Expectations",
            Self::Answer => "Lookup result",
            Self::SignIn => "Signing in",
            Self::Replay => "Replay",
            Self::GoTo => "Go to",
            Self::Editor => "Editing a cell",
            Self::Commit => "Before sending",
            Self::Conflict => "Conflict",
            Self::Filter => "Filter",
            Self::Trap => "Trap the next call",
            Self::Topics => "Topics",
            Self::Prompt => "New key",
            Self::Help => "Help",
            Self::HelpSearch => "Searching the help",
            Self::Coverage => "Coverage",
            Self::Palette => "Command line",
            Self::Columns => "Columns",
            Self::Drafts => "Drafts",
            Self::Copying => "Copy",
            Self::History => "Values of a key",
            Self::Quit => "Before quitting",
            Self::Losses => "Side effects",
            Self::Onto => "Copy keys to",
            Self::Removed => "Keys taken out",
            Self::When => "Condition",
            Self::Bulk => "Paste",
            Self::Export => "Export",
            Self::SaveView => "Save a view",
            Self::Find => "Search",
        }
    }

    /// The scope of a screen, as against that of an overlay.
    fn is_screen(self) -> bool {
        matches!(
            self,
            Self::Screen
                | Self::Replay
                | Self::Calls
                | Self::Call
                | Self::Timeline
                | Self::Diagnose
                | Self::Flow
                | Self::Why
                | Self::Since
        )
    }

    /// Both can hold at one time.
    fn holds_with(self, other: Self) -> bool {
        let beside =
            |a: Self, b: Self| a == Self::Always || (matches!(a, Self::Screen | Self::Replay) && b.is_screen());
        self == other || beside(self, other) || beside(other, self)
    }
}

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
    /// Ring when the key under the hand changes, or no longer.
    WatchKey,
    /// Ring when a call comes to satisfy an expression.
    WatchFilter,
    /// Ring when a milestone is missed, or no longer.
    WatchMissed,
    /// List the watchpoints.
    Watchpoints,
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
    /// Go into what is under the hand.
    Open,
    /// Type a filter.
    Filter,
    /// Edit the cell under the hand in place.
    Edit,
    /// Add a key.
    Add,
    /// Set the value under the hand to nothing.
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
    /// Take what is under the hand.
    Accept,
    /// Switch what is under the hand on or off.
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
    /// To the next change of what is under the hand.
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

/// One row of the table.
pub struct Binding {
    /// Where it holds.
    pub scope: Scope,
    /// Its keys, in the notation of [`Key`]; the first is the one shown.
    pub keys: &'static [&'static str],
    /// What it does.
    pub command: Command,
    /// Its name in the configuration: `[keys] NAME = ["key", …]`.
    pub action: &'static str,
    /// One or two words for the footer; empty to leave it out there.
    pub hint: &'static str,
    /// One line for help and palette.
    pub help: &'static str,
    /// Whether it makes sense now.
    pub when: Condition,
    /// The footer shows the first key of the next row beside its own.
    pub pair: bool,
}

/// When a binding makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    Always,
    /// A call is selected.
    HasCall,
    /// Calls are filtered.
    HasFilter,
    /// A cell of the call is selected.
    HasCell,
    /// The cell has an edit that is not being sent.
    HasDraft,
    /// There is something to review.
    HasDrafts,
    /// Something was sent that can be taken back.
    HasUndo,
    /// The cell has a draft, a failed edit or an armed one.
    HasUnsent,
    /// There is a draft on some call.
    HasAnyDraft,
    /// Values vanished or were reverted beside an edit.
    HasLosses,
    /// A finding is selected.
    HasFinding,
    /// Two moments of one call are compared.
    ComparesMoments,
    /// A recording is played.
    IsReplay,
    /// Events come by themselves: they are not played.
    IsLive,
    /// An alert has fired.
    HasFired,
    /// There is a sign-in to renew.
    MaySignIn,
    /// The address of a sign-in is shown.
    HasAddress,
    /// A key of the flow is selected.
    HasFlowKey,
    /// The configuration of the flow is here.
    HasFlow,
    /// The flow is being run.
    HasShow,
    /// A flow runs on a call whose cells are about to be sent.
    FlowRuns,
    /// Not all attribute columns are in sight.
    HasMoreColumns,
    /// A call is ended, or ended calls are hidden.
    HasEnded,
    /// Changes are filtered.
    HasChangeFilter,
    /// A change is selected.
    HasChange,
    /// The list is one of views.
    PicksView,
}

const fn row(
    scope: Scope,
    keys: &'static [&'static str],
    command: Command,
    action: &'static str,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { scope, keys, command, action, hint, help, when: Condition::Always, pair: false }
}

const fn when(binding: Binding, when: Condition) -> Binding {
    Binding { when, ..binding }
}

const fn pair(binding: Binding) -> Binding {
    Binding { pair: true, ..binding }
}

use Command as C;
use Condition as W;
use Scope as S;

/// Every action. The order is that of hints and help: the frequent first.
pub const BINDINGS: &[Binding] = &[
    when(row(S::Replay, &["space"], C::Play, "play", "play/pause", "play or pause the recording"), W::IsReplay),
    when(row(S::Replay, &["."], C::StepOn, "step-on", "step", "next message, and pause"), W::IsReplay),
    when(row(S::Replay, &[","], C::StepBack, "step-back", "back", "previous message, and pause"), W::IsReplay),
    when(
        row(S::Replay, &["}"], C::NextChange, "next-change", "change", "next change of the selected key or call"),
        W::IsReplay,
    ),
    when(row(S::Replay, &["{"], C::PreviousChange, "previous-change", "", "its previous change"), W::IsReplay),
    when(
        row(S::Replay, &["@"], C::GoTo, "go-to", "go to", "go to a time (14:02:11, +30s, 50%) or a change of a key"),
        W::IsReplay,
    ),
    when(
        row(S::Replay, &["+", "="], C::Faster, "faster", "faster", "play faster, up to ×64 and without waiting"),
        W::IsReplay,
    ),
    when(row(S::Replay, &["-"], C::Slower, "slower", "slower", "play slower, down to ×0.25"), W::IsReplay),
    when(row(S::Replay, &[")"], C::Later, "later", "", "forward 10 s"), W::IsReplay),
    when(row(S::Replay, &["("], C::Earlier, "earlier", "", "back 10 s"), W::IsReplay),
    when(
        row(S::Replay, &["O"], C::CallsOfRecording, "recorded-calls", "calls", "go to the start of a recorded call"),
        W::IsReplay,
    ),
    when(row(S::Calls, &["enter", "right", "l"], C::Open, "open", "open", "open the selected call"), W::HasCall),
    row(S::Calls, &["/"], C::Filter, "filter", "filter", "show only the calls that match a filter"),
    row(S::Calls, &["c"], C::Columns, "columns", "columns", "choose the attribute columns"),
    row(S::Calls, &["s"], C::Sort, "sort", "sort", "choose the column to sort by"),
    row(S::Calls, &["r"], C::Reverse, "reverse", "", "reverse the sort"),
    pair(when(
        row(S::Calls, &["<", "shift-left"], C::Left, "columns-left", "scroll", "scroll the columns to the left"),
        W::HasMoreColumns,
    )),
    when(
        row(S::Calls, &[">", "shift-right"], C::Right, "columns-right", "", "scroll the columns to the right"),
        W::HasMoreColumns,
    ),
    when(row(S::Calls, &["z"], C::HideEnded, "ended", "ended", "hide or show ended calls"), W::HasEnded),
    row(S::Calls, &["%"], C::Coverage, "coverage", "coverage", "how many calls have each key; again: close"),
    row(S::Coverage, &["enter"], C::Accept, "accept", "filter", "calls without the key; again: with it; again: all"),
    row(S::Coverage, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Coverage, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::Coverage, &["esc"], C::Back, "back", "back", "back to the calls"),
    row(S::Coverage, &["%"], C::Coverage, "coverage", "close", "close the coverage"),
    when(row(S::Calls, &["y"], C::CopyId, "copy-id", "", "copy the id of the conversation"), W::HasCall),
    row(S::Calls, &["t"], C::Topics, "topics", "topics", "choose which queues, users and flows are watched"),
    row(S::Calls, &["f"], C::Trap, "trap", "trap", "wait for the next call that matches, and open it"),
    when(row(S::Calls, &["P"], C::Pin, "pin", "pin", "keep this call on the screen after it ends"), W::HasCall),
    when(
        row(S::Calls, &["v"], C::Compare, "compare", "compare", "mark a call; on a second one, compare the two"),
        W::HasCall,
    ),
    when(row(S::Calls, &["esc"], C::Back, "back", "all calls", "clear the filter"), W::HasFilter),
    row(S::Call, &["enter", "e"], C::Edit, "edit", "edit", "edit the selected value"),
    row(S::Call, &["a"], C::Add, "add", "add", "add a key to the selected participant"),
    when(row(S::Call, &["x"], C::Blank, "blank", "set to empty", "set the value to empty"), W::HasCell),
    when(row(S::Call, &["u"], C::Undo, "undo", "undo", "undo your last edit; again: the one before"), W::HasUndo),
    when(
        row(S::Screen, &["S"], C::Review, "review", "review", "review and send the marked drafts, or all of them"),
        W::HasDrafts,
    ),
    when(row(S::Call, &["space"], C::Mark, "mark", "mark", "mark a draft for the next review"), W::HasDraft),
    when(row(S::Call, &["backspace"], C::Discard, "discard", "discard", "discard the draft"), W::HasDraft),
    when(row(S::Call, &["y"], C::Copy, "copy", "copy", "copy the whole value"), W::HasCell),
    row(S::Call, &["p"], C::Paste, "paste", "", "make drafts from a paste or file: JSON, KEY=VALUE, CSV"),
    when(row(S::Call, &["E"], C::EditOutside, "edit-outside", "", "open the value in $VISUAL or $EDITOR"), W::HasCell),
    row(S::Call, &["ctrl-e"], C::MapOutside, "map-outside", "", "open all attributes in $VISUAL or $EDITOR, as JSON"),
    row(S::Call, &["Y"], C::CopyMenu, "copy-menu", "", "choose what to copy: key=value, JSON, id, address, curl"),
    when(row(S::Call, &[], C::CopyPair, "copy-pair", "", "copy key=value"), W::HasCell),
    row(S::Call, &[], C::CopyMap, "copy-map", "", "copy all attributes of the participant as JSON"),
    row(S::Call, &[], C::CopyLink, "copy-link", "", "copy the address of the call in the API"),
    row(S::Call, &[], C::CopyRequest, "copy-request", "", "copy the PATCH as a curl command, without the token"),
    row(S::Call, &[], C::CopyRead, "copy-read", "", "copy the read as a curl command, without the token"),
    row(S::Call, &["C"], C::Onto, "copy-keys", "", "copy keys to another participant, as drafts"),
    when(row(S::Call, &["h"], C::History, "history", "", "earlier values of the key; restore one"), W::HasCell),
    when(
        row(S::Call, &["w"], C::When, "when", "when", "send the draft when a condition is met; again: disarm"),
        W::HasUnsent,
    ),
    row(S::Call, &["/"], C::Search, "search-keys", "search", "search the keys of this call"),
    row(S::Call, &["n"], C::NextMatch, "next-match", "", "next match"),
    row(S::Call, &["N"], C::PreviousMatch, "previous-match", "", "previous match"),
    when(
        row(S::Call, &["T"], C::KeyTimeline, "key-changes", "changes", "every change of this key, on all calls"),
        W::HasCell,
    ),
    row(S::Call, &["I"], C::CopyId, "copy-id", "", "copy the id of the conversation"),
    row(S::Call, &["m"], C::Mode, "mode", "matrix/table", "matrix of participants, or one row for each key"),
    row(S::Call, &["s"], C::Sort, "sort", "", "sort by the next column, in the table"),
    row(S::Call, &["left"], C::Left, "left", "", "the participant to the left"),
    row(S::Call, &["right"], C::Right, "right", "", "the participant to the right"),
    row(S::Call, &["J"], C::DetailDown, "detail-down", "", "scroll the detail down"),
    row(S::Call, &["K"], C::DetailUp, "detail-up", "", "scroll the detail up"),
    row(S::Call, &["esc"], C::Back, "back", "back", "back to where you came from"),
    row(S::Call, &["v"], C::Compare, "compare", "compare", "compare the call with an earlier moment"),
    when(
        row(S::Call, &["b"], C::WatchKey, "alert", "alert", "alert when this key changes on any call; again: stop"),
        W::HasCell,
    ),
    when(
        row(
            S::Diagnose,
            &["enter", "right", "l"],
            C::Open,
            "open",
            "go there",
            "go to the call, at the key of this finding",
        ),
        W::HasFinding,
    ),
    row(S::Timeline, &["enter"], C::Open, "open", "go there", "go to the call, at the key"),
    when(row(S::Timeline, &["space"], C::Pause, "pause", "pause", "pause or resume"), W::IsLive),
    row(S::Timeline, &["/"], C::Filter, "filter", "filter", "filter changes: key:NAME new~PATTERN from:NUMBER"),
    when(
        row(S::Timeline, &["backspace"], C::ClearFilter, "clear-filter", "all changes", "clear the filter"),
        W::HasChangeFilter,
    ),
    when(
        row(S::Timeline, &["T"], C::KeyTimeline, "key-changes", "this key", "only changes of the selected key"),
        W::HasChange,
    ),
    row(S::Timeline, &["esc"], C::Back, "back", "back", "back to where you came from"),
    when(row(S::Flow, &["space", "n"], C::StepFlow, "step", "next step", "run the flow's next action"), W::HasFlow),
    when(row(S::Flow, &["o"], C::LookupOk, "lookup-ok", "ok", "the lookup succeeds"), W::HasFlow),
    when(row(S::Flow, &["t"], C::LookupTimeout, "lookup-timeout", "timeout", "the lookup times out"), W::HasFlow),
    when(row(S::Flow, &["e"], C::LookupError, "lookup-error", "error", "the lookup fails"), W::HasFlow),
    when(row(S::Flow, &["i"], C::LookupGiven, "lookup-json", "JSON", "type the lookup's result, as JSON"), W::HasFlow),
    when(row(S::Flow, &["r"], C::Restart, "restart", "restart", "run the flow from its start"), W::HasShow),
    when(
        row(
            S::Flow,
            &["enter", "right", "l"],
            C::Open,
            "open",
            "calls",
            "the calls that lack this key; in a run, its call",
        ),
        W::HasFlowKey,
    ),
    row(S::Flow, &["c"], C::Columns, "columns", "flows", "choose the flow"),
    row(S::Flow, &["esc"], C::Back, "back", "back", "end the run; back to where you came from"),
    row(
        S::Diagnose,
        &["e"],
        C::Expectations,
        "expectations",
        "expected",
        "the keys calls should have, and which calls lack them",
    ),
    row(S::Diagnose, &["esc"], C::Back, "back", "back", "back to where you came from"),
    row(S::Calls, &["W"], C::Why, "why", "why", "why this call lacks a key"),
    row(S::Calls, &["H"], C::Since, "since", "", "since when calls lack that key"),
    when(row(S::Call, &["W"], C::Why, "why", "why", "why the key is there, missing or changed"), W::HasCell),
    when(row(S::Call, &["H"], C::Since, "since", "since", "since when the key is there or missing"), W::HasCell),
    when(row(S::Timeline, &["W"], C::Why, "why", "", "why the key is there, missing or changed"), W::Always),
    when(row(S::Diagnose, &["W"], C::Why, "why", "why", "why the key of this finding is as it is"), W::HasFinding),
    when(row(S::Diagnose, &["H"], C::Since, "since", "since", "since when the key is there or missing"), W::HasFinding),
    when(row(S::Flow, &["H"], C::Since, "since", "since", "since when the key is there or missing"), W::HasFlowKey),
    row(S::Why, &["e", "enter"], C::Edit, "edit", "set it", "set the key on this call"),
    row(S::Why, &["s"], C::Simulate, "simulate", "simulate", "run this version here with each lookup result"),
    row(S::Why, &["H"], C::Since, "since", "since", "since when the key is there or missing"),
    row(S::Why, &["y"], C::Copy, "copy", "copy", "copy the answer"),
    row(S::Why, &["J"], C::DetailDown, "detail-down", "", "scroll down"),
    row(S::Why, &["K"], C::DetailUp, "detail-up", "", "scroll up"),
    row(S::Why, &["esc"], C::Back, "back", "back", "back to where you came from"),
    row(S::Since, &["enter", "right", "l"], C::Open, "open", "open", "open the first missing or the last good call"),
    row(S::Since, &["c"], C::Columns, "columns", "key", "choose another key"),
    row(S::Since, &["/"], C::Filter, "filter", "filter", "filter by flow, queue, participant or days"),
    row(S::Since, &["<"], C::Left, "left", "earlier days", "earlier days"),
    row(S::Since, &[">"], C::Right, "right", "", "later days"),
    row(S::Since, &["r"], C::Refresh, "ask-again", "", "ask the store again"),
    row(S::Since, &["esc"], C::Back, "back", "back", "back to where you came from"),
    row(S::Screen, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::Screen, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Screen, &["pageup", "ctrl-b", "ctrl-u"], C::PageUp, "page-up", "", "a page up"),
    row(S::Screen, &["pagedown", "ctrl-f", "ctrl-d"], C::PageDown, "page-down", "", "a page down"),
    row(S::Screen, &["home", "g"], C::First, "first", "", "the first; new ones stay in view"),
    row(S::Screen, &["end", "G"], C::Last, "last", "", "the last"),
    row(
        S::Screen,
        &["tab"],
        C::Timeline,
        "timeline",
        "timeline",
        "every change of every call, as it happens; again: back",
    ),
    row(S::Screen, &["]"], C::NextFinding, "next-finding", "", "next finding, across calls; in a recording: in time"),
    row(S::Screen, &["["], C::PreviousFinding, "previous-finding", "", "previous finding"),
    when(row(S::Screen, &["ctrl-r", "f5"], C::Reread, "read-again", "", "read the selected call again"), W::IsLive),
    row(S::Screen, &["d"], C::Diagnose, "diagnose", "diagnose", "findings over all calls"),
    when(row(S::Screen, &["D"], C::Drafts, "drafts", "", "unsent drafts of all calls"), W::HasAnyDraft),
    when(
        row(
            S::Screen,
            &["L"],
            C::Losses,
            "losses",
            "side effects",
            "keys that vanished or were reverted during an edit",
        ),
        W::HasLosses,
    ),
    row(S::Screen, &[], C::WatchFilter, "alert-filter", "", "alert when a call starts matching a filter"),
    row(S::Screen, &[], C::WatchMissed, "alert-missed", "", "alert when an expected key is missing or late"),
    when(row(S::Screen, &["!"], C::Jump, "jump", "go there", "go to the last alert"), W::HasFired),
    when(row(S::Screen, &["A"], C::SignIn, "sign-in", "sign in", "sign in again (drafts are kept)"), W::MaySignIn),
    when(row(S::Screen, &["R"], C::Record, "record", "", "record to a private file; again: stop"), W::IsLive),
    row(S::Screen, &["M"], C::Mask, "mask", "", "mask or unmask personal data"),
    row(S::Screen, &["V"], C::Views, "views", "", "show a saved view: filter, columns and sort"),
    row(S::Calls, &["ctrl-s"], C::SaveView, "save-view", "", "save filter, columns and sort as a view"),
    row(S::Filter, &["ctrl-s"], C::SaveView, "save-view", "save as a view", "save filter, columns and sort as a view"),
    row(S::Screen, &["X"], C::Export, "export", "", "export a call, all calls or the screen"),
    row(S::Screen, &[":", "ctrl-p"], C::Palette, "palette", "command", "type a command, or search all actions"),
    row(S::Screen, &["?", "f1"], C::Help, "help", "help", "the keys of this screen"),
    row(S::Screen, &["q"], C::Quit, "quit", "quit", "quit (drafts are kept)"),
    row(S::Screen, &["F"], C::Flow, "flow", "flow", "a flow's keys on its live calls; run it step by step"),
    row(S::Screen, &["B"], C::Watchpoints, "alerts", "alerts", "list, set and remove alerts"),
    row(S::Always, &["ctrl-c"], C::Interrupt, "interrupt", "", "quit at once"),
    row(S::Always, &["ctrl-z"], C::Suspend, "suspend", "", "suspend; `fg` resumes"),
    row(S::Always, &["ctrl-l"], C::Redraw, "redraw", "", "redraw the screen"),
    row(S::Always, &["ctrl-o"], C::Mouse, "mouse", "", "let the mouse go, to select text; again: take it"),
    row(S::Editor, &["enter"], C::Accept, "accept", "review", "review the change, then send it"),
    row(S::Editor, &["alt-enter", "ctrl-j"], C::Newline, "newline", "new line", "a line break in the value"),
    row(S::Editor, &["esc"], C::Back, "back", "keep draft", "keep what was typed as a draft"),
    row(S::Commit, &["enter", "y"], C::Accept, "accept", "send now", "send it now"),
    when(
        row(S::Commit, &["w"], C::SendLater, "send-later", "when the flow ends", "send it when the flow ends"),
        W::FlowRuns,
    ),
    when(
        row(S::Commit, &["b"], C::SendBoth, "send-both", "both", "send it now, and again if the flow overwrites it"),
        W::FlowRuns,
    ),
    row(S::Commit, &["down", "j"], C::Down, "down", "", "scroll down"),
    row(S::Commit, &["up", "k"], C::Up, "up", "", "scroll up"),
    row(S::Commit, &["esc", "n"], C::Back, "back", "cancel", "cancel: nothing is sent"),
    row(S::Conflict, &["t"], C::Theirs, "keep-theirs", "keep theirs", "keep the server's value"),
    row(S::Conflict, &["m"], C::Mine, "send-mine", "overwrite", "overwrite with mine"),
    row(S::Conflict, &["e"], C::Edit, "edit", "edit again", "edit mine again"),
    row(S::Conflict, &["E"], C::EditOutside, "edit-outside", "", "edit mine in $VISUAL or $EDITOR"),
    row(S::Conflict, &["esc"], C::Back, "back", "cancel", "decide later"),
    row(S::Filter, &["enter"], C::Accept, "accept", "use", "use the filter"),
    row(S::Filter, &["esc"], C::Back, "back", "cancel", "cancel: the filter is as before"),
    row(S::Topics, &["enter"], C::Accept, "accept", "watch these", "watch what is selected"),
    row(S::Topics, &["space", "tab"], C::Toggle, "toggle", "select", "select or deselect"),
    row(S::Topics, &["down", "ctrl-n"], C::Down, "down", "", "one down"),
    row(S::Topics, &["up", "ctrl-p"], C::Up, "up", "", "one up"),
    row(S::Topics, &["esc"], C::Back, "back", "cancel", "cancel: nothing changes"),
    row(S::Trap, &["enter"], C::Accept, "accept", "wait", "wait for the next call that matches"),
    row(S::Trap, &["esc"], C::Back, "back", "cancel", "cancel: nothing is waited for"),
    row(S::Prompt, &["enter"], C::Accept, "accept", "next: the value", "type the value next"),
    row(S::Prompt, &["esc"], C::Back, "back", "cancel", "cancel: no key is added"),
    row(S::Compare, &["enter"], C::Accept, "accept", "go there", "go to the call on the right, at the key"),
    row(S::Compare, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Compare, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::Compare, &["pagedown"], C::PageDown, "page-down", "", "a page down"),
    row(S::Compare, &["pageup"], C::PageUp, "page-up", "", "a page up"),
    when(
        row(S::Compare, &["left"], C::Left, "left", "earlier", "of one call: an earlier moment on the left"),
        W::ComparesMoments,
    ),
    when(
        row(S::Compare, &["right"], C::Right, "right", "later", "of one call: a later moment on the left"),
        W::ComparesMoments,
    ),
    when(
        row(
            S::Compare,
            &["["],
            C::RightEarlier,
            "right-earlier",
            "right side",
            "of one call: an earlier moment on the right",
        ),
        W::ComparesMoments,
    ),
    when(
        row(
            S::Compare,
            &["]"],
            C::RightLater,
            "right-later",
            "",
            "of one call: a later moment on the right, up to now",
        ),
        W::ComparesMoments,
    ),
    row(S::Compare, &["tab", "space"], C::Toggle, "toggle", "all/differences", "show all keys, or only differences"),
    row(S::Compare, &["esc", "q", "v"], C::Back, "back", "close", "close"),
    row(S::Watchpoints, &["enter"], C::Accept, "accept", "go there", "go to what it fired on last"),
    row(
        S::Watchpoints,
        &["a", "/"],
        C::WatchFilter,
        "alert-filter",
        "add a filter",
        "alert when a call starts matching a filter",
    ),
    row(
        S::Watchpoints,
        &["m"],
        C::WatchMissed,
        "alert-missed",
        "missed milestones",
        "alert when an expected key is missing or late",
    ),
    row(S::Watchpoints, &["backspace", "x"], C::Discard, "discard", "remove", "remove the alert"),
    row(S::Watchpoints, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Watchpoints, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::Watchpoints, &["esc", "q"], C::Back, "back", "close", "close"),
    row(S::GoTo, &["enter"], C::Accept, "accept", "go", "go there"),
    row(S::GoTo, &["esc"], C::Back, "back", "cancel", "cancel: nothing moves"),
    row(S::WatchPrompt, &["enter"], C::Accept, "accept", "set", "alert when a call starts matching it"),
    row(S::WatchPrompt, &["esc"], C::Back, "back", "cancel", "cancel: no alert is set"),
    row(S::Answer, &["enter"], C::Accept, "accept", "answer", "use this as the lookup's result"),
    row(S::Answer, &["esc"], C::Back, "back", "cancel", "cancel: the lookup is open again"),
    row(S::Expected, &["enter"], C::Accept, "accept", "findings", "go to the findings of this expectation"),
    row(S::Expected, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Expected, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::Expected, &["esc", "q", "e"], C::Back, "back", "close", "close"),
    row(S::SignIn, &["enter"], C::Accept, "accept", "sign in", "sign in, with the address, secret or token if typed"),
    when(
        row(S::SignIn, &["ctrl-y"], C::Copy, "copy", "copy address", "copy the address to open in a browser"),
        W::HasAddress,
    ),
    row(S::SignIn, &["esc"], C::Back, "back", "cancel", "cancel: what is shown grows stale"),
    row(S::Pick, &["enter", "right", "l"], C::Accept, "accept", "select", "use the selected one"),
    row(S::Pick, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Pick, &["up", "k"], C::Up, "up", "", "one up"),
    when(row(S::Pick, &["backspace", "x"], C::Discard, "discard", "delete", "delete the saved view"), W::PicksView),
    row(S::Pick, &["esc", "q"], C::Back, "back", "close", "close the list"),
    row(S::Help, &["esc", "q", "?", "enter"], C::Back, "back", "close", "close"),
    row(S::Help, &["/"], C::Filter, "filter", "search", "search the keys"),
    row(S::HelpSearch, &["enter"], C::Accept, "accept", "done", "show what matches"),
    row(S::HelpSearch, &["down"], C::Down, "down", "", "scroll down"),
    row(S::HelpSearch, &["up"], C::Up, "up", "", "scroll up"),
    row(S::HelpSearch, &["esc"], C::Back, "back", "all keys", "show all keys"),
    row(S::Help, &["down", "j"], C::Down, "down", "scroll", "scroll down"),
    row(S::Help, &["up", "k"], C::Up, "up", "", "scroll up"),
    row(S::Help, &["pagedown", "space"], C::PageDown, "page-down", "", "a page down"),
    row(S::Help, &["pageup"], C::PageUp, "page-up", "", "a page up"),
    row(S::Palette, &["enter"], C::Accept, "accept", "run", "run the line, or the selected command"),
    row(S::Palette, &["tab"], C::Complete, "complete", "complete", "complete the name"),
    row(S::Palette, &["up", "ctrl-p"], C::Up, "up", "history", "one up; at the top, the line entered before"),
    row(S::Palette, &["down", "ctrl-n"], C::Down, "down", "", "one down"),
    row(S::Palette, &["esc"], C::Back, "back", "close", "close"),
    row(S::Columns, &["enter"], C::Accept, "accept", "use these", "use the selected columns"),
    row(S::Columns, &["space", "tab"], C::Toggle, "toggle", "select", "select or deselect the key"),
    row(S::Columns, &["ctrl-r"], C::Automatic, "automatic", "automatic", "let Sidetone choose the columns"),
    row(S::Columns, &["down", "ctrl-n"], C::Down, "down", "", "one down"),
    row(S::Columns, &["up", "ctrl-p"], C::Up, "up", "", "one up"),
    row(S::Columns, &["esc"], C::Back, "back", "cancel", "cancel: the columns are as before"),
    row(S::Drafts, &["enter"], C::Accept, "accept", "go there", "go to this draft"),
    row(S::Drafts, &["y"], C::Copy, "copy", "copy", "copy the text"),
    row(S::Drafts, &["backspace"], C::Discard, "discard", "discard", "discard the draft; disarm a conditional edit"),
    row(S::Drafts, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Drafts, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::Drafts, &["esc", "q"], C::Back, "back", "close", "close the list"),
    row(S::Copying, &["enter", "y"], C::Accept, "accept", "copy", "copy the selected one"),
    row(S::Copying, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Copying, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::Copying, &["esc", "q"], C::Back, "back", "close", "cancel: nothing is copied"),
    row(S::History, &["enter"], C::Accept, "accept", "restore", "make a draft of this value"),
    row(S::History, &["y"], C::Copy, "copy", "copy", "copy this value"),
    row(S::History, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::History, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::History, &["esc", "q"], C::Back, "back", "close", "close"),
    row(S::Quit, &["enter", "y", "q"], C::Accept, "accept", "quit", "quit"),
    row(S::Quit, &["esc", "n"], C::Back, "back", "cancel", "cancel: keep running"),
    row(S::Losses, &["enter"], C::Accept, "accept", "restore", "review a change that restores it, then send it"),
    row(S::Losses, &["y"], C::Copy, "copy", "copy", "copy the value"),
    row(S::Losses, &["backspace"], C::Discard, "discard", "dismiss", "dismiss: it is no longer listed"),
    row(S::Losses, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Losses, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::Losses, &["esc", "q"], C::Back, "back", "close", "close the list"),
    row(S::Onto, &["enter"], C::Accept, "accept", "make drafts", "make drafts on this participant"),
    row(S::Onto, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Onto, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::Onto, &["esc", "q"], C::Back, "back", "cancel", "cancel: nothing is copied"),
    row(S::Removed, &["enter"], C::Accept, "accept", "set to empty", "make a draft that sets it to empty"),
    row(S::Removed, &["down", "j"], C::Down, "down", "", "one down"),
    row(S::Removed, &["up", "k"], C::Up, "up", "", "one up"),
    row(S::Removed, &["esc", "q"], C::Back, "back", "cancel", "cancel: the keys stay"),
    row(S::Bulk, &["enter"], C::Accept, "accept", "make drafts", "make drafts from it, or read the named file"),
    row(S::Bulk, &["alt-enter", "ctrl-j"], C::Newline, "newline", "new line", "a line break in the text"),
    row(S::Bulk, &["pagedown"], C::DetailDown, "detail-down", "", "scroll the explanation down"),
    row(S::Bulk, &["pageup"], C::DetailUp, "detail-up", "", "scroll the explanation up"),
    row(S::Bulk, &["esc"], C::Back, "back", "cancel", "cancel: no drafts are made"),
    row(S::SaveView, &["enter"], C::Accept, "accept", "save", "save the view under this name"),
    row(S::SaveView, &["esc"], C::Back, "back", "cancel", "cancel: nothing is saved"),
    row(S::Export, &["enter"], C::Accept, "accept", "write", "write the file"),
    row(S::Export, &["ctrl-y"], C::Copy, "copy", "copy instead", "copy it to the clipboard instead"),
    row(S::Export, &["right"], C::Right, "right", "next", "next choice"),
    row(S::Export, &["left"], C::Left, "left", "", "previous choice"),
    row(S::Export, &["down", "tab", "ctrl-n"], C::Down, "down", "line", "one line down"),
    row(S::Export, &["up", "shift-tab", "ctrl-p"], C::Up, "up", "", "one line up"),
    row(S::Export, &["esc"], C::Back, "back", "cancel", "cancel: nothing is written"),
    row(S::Find, &["enter"], C::Accept, "accept", "go there", "go to the match; then n next, N previous"),
    row(S::Find, &["down", "ctrl-n"], C::Down, "down", "next", "the next match"),
    row(S::Find, &["up", "ctrl-p"], C::Up, "up", "", "the previous match"),
    row(S::Find, &["esc"], C::Back, "back", "cancel", "cancel: the selection goes back"),
    row(S::When, &["enter"], C::Accept, "accept", "arm", "arm it: sent once, when the condition is met"),
    row(S::When, &["esc"], C::Back, "back", "cancel", "cancel: the draft is kept"),
];

/// One of the two never makes sense where the other does: in a recording no draft is marked, no stream held, and no flow
/// run.
fn take_turns(a: Command, b: Command) -> bool {
    let in_turn = |a, b| a == Command::Play && matches!(b, Command::Mark | Command::Pause | Command::StepFlow);
    in_turn(a, b) || in_turn(b, a)
}

/// The table with the user's keys merged in.
#[derive(Clone, Debug)]
pub struct Keymap {
    /// Keys of each row of [`BINDINGS`].
    keys: Vec<Vec<Key>>,
}

/// A user's binding that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadBinding {
    /// No action has this name; the nearest that one has.
    NoSuchAction(String, Option<&'static str>),
    /// Not a key.
    NotAKey(String, super::key::BadKey),
    /// Two actions claim one key where both hold.
    Clash {
        /// The key.
        key: Key,
        /// The one claimant.
        action: &'static str,
        /// The other.
        other: &'static str,
        /// Where.
        scope: Scope,
    },
    /// An action that one cannot do without would have no key.
    Unreachable(&'static str),
}

impl BadBinding {
    /// The actions it is about, as they are named in the file.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        let (one, other) = match self {
            Self::NoSuchAction(name, _) | Self::NotAKey(name, _) => (name.as_str(), None),
            Self::Clash { action, other, .. } => (*action, Some(*other)),
            Self::Unreachable(action) => (*action, None),
        };
        [Some(one), other].into_iter().flatten()
    }
}

impl fmt::Display for BadBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchAction(name, nearest) => {
                write!(f, "no action is called `{}`", name.escape_debug())?;
                nearest.map_or(Ok(()), |n| write!(f, "; did you mean `{n}`?"))
            }
            Self::NotAKey(action, bad) => write!(f, "{action}: {bad}"),
            Self::Clash { key, action, other, scope } => {
                write!(f, "`{key}` is claimed by both `{action}` and `{other}` ({})", scope.title())
            }
            Self::Unreachable(action) => write!(f, "`{action}` needs at least one key"),
        }
    }
}

impl std::error::Error for BadBinding {}

impl Default for Keymap {
    fn default() -> Self {
        let parse = |b: &Binding| b.keys.iter().filter_map(|k| k.parse().ok()).collect();
        Self { keys: BINDINGS.iter().map(parse).collect() }
    }
}

impl Keymap {
    /// The table with these overrides: action name to its keys, in every scope where the action is.
    pub fn with(overrides: &[(String, Vec<String>)]) -> Result<Self, BadBinding> {
        let mut map = Self::default();
        for (name, keys) in overrides {
            if !BINDINGS.iter().any(|b| b.action == name) {
                let near = |b: &Binding| (strsim::damerau_levenshtein(b.action, name), b.action);
                let nearest = BINDINGS.iter().map(near).min().filter(|(d, _)| *d <= 3).map(|(_, a)| a);
                return Err(BadBinding::NoSuchAction(name.clone(), nearest));
            }
            let keys: Result<Vec<Key>, _> = keys.iter().map(|k| k.parse()).collect();
            let keys = keys.map_err(|bad| BadBinding::NotAKey(name.clone(), bad))?;
            for (i, binding) in BINDINGS.iter().enumerate().filter(|(_, b)| b.action == name) {
                if keys.is_empty() && matches!(binding.command, Command::Quit | Command::Back | Command::Accept) {
                    return Err(BadBinding::Unreachable(binding.action));
                }
                map.keys[i] = keys.clone();
            }
        }
        map.check()?;
        Ok(map)
    }

    /// No key has two meanings where both hold.
    fn check(&self) -> Result<(), BadBinding> {
        for (i, a) in BINDINGS.iter().enumerate() {
            for (j, b) in BINDINGS.iter().enumerate().skip(i + 1) {
                if !a.scope.holds_with(b.scope) || take_turns(a.command, b.command) {
                    continue;
                }
                if let Some(key) = self.keys[i].iter().find(|k| self.keys[j].contains(k)) {
                    return Err(BadBinding::Clash { key: *key, action: a.action, other: b.action, scope: a.scope });
                }
            }
        }
        Ok(())
    }

    /// What a key means where these scopes hold.
    pub fn lookup(&self, scopes: &[Scope], key: Key) -> Option<&'static Binding> {
        scopes.iter().find_map(|scope| {
            let here = |(b, keys): &(&Binding, &Vec<Key>)| b.scope == *scope && keys.contains(&key);
            BINDINGS.iter().zip(&self.keys).find(here).map(|(b, _)| b)
        })
    }

    /// The keys of one row of [`BINDINGS`].
    pub fn keys(&self, index: usize) -> &[Key] {
        &self.keys[index]
    }

    /// The first key of an action in this scope, for texts that say what to press.
    pub fn key_for(&self, command: Command) -> Option<Key> {
        let index = BINDINGS.iter().position(|b| b.command == command)?;
        self.keys[index].first().copied()
    }

    /// Rows of these scopes, in the order of the scopes and then of the table, with their keys.
    pub fn rows<'a>(&'a self, scopes: &'a [Scope]) -> impl Iterator<Item = (usize, &'static Binding, &'a [Key])> {
        scopes.iter().flat_map(move |scope| {
            let of = move |(_, b): &(usize, &Binding)| b.scope == *scope;
            BINDINGS.iter().enumerate().filter(of).map(|(i, b)| (i, b, self.keys[i].as_slice()))
        })
    }
}

/// The everyday keys as Markdown, for the README: what the footers of the two main screens show.
pub fn everyday() -> String {
    let mut out = String::from("| where | key | what it does |\n|---|---|---|\n");
    for scope in [Scope::Calls, Scope::Call, Scope::Screen] {
        for binding in BINDINGS.iter().filter(|b| b.scope == scope && !b.hint.is_empty()) {
            let Some(key) = binding.keys.first() else { continue };
            out.push_str(&format!("| {} | `{key}` | {} |\n", scope.title(), binding.help));
        }
    }
    out
}

/// The whole table as Markdown, for docs/keys.md, place by place in the order of the table.
pub fn markdown() -> String {
    let mut scopes: Vec<Scope> = Vec::new();
    for binding in BINDINGS {
        if !scopes.contains(&binding.scope) {
            scopes.push(binding.scope);
        }
    }
    let mut out = String::from("| where | keys | action | what it does |\n|---|---|---|---|\n");
    for scope in scopes {
        for binding in BINDINGS.iter().filter(|b| b.scope == scope) {
            let keys: Vec<String> = binding.keys.iter().map(|k| format!("`{k}`")).collect();
            let row = format!("| {} | {} | `{}` | {} |\n", scope.title(), keys.join(" "), binding.action, binding.help);
            out.push_str(&row);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_is_a_key_in_its_normal_form() {
        for binding in BINDINGS {
            for key in binding.keys {
                let parsed: Key = key.parse().unwrap();
                assert_eq!(parsed.to_string(), *key, "{}", binding.action);
            }
        }
    }

    #[test]
    fn no_key_has_two_meanings() {
        assert_eq!(Keymap::default().check(), Ok(()));
    }

    #[test]
    fn the_users_keys_replace_ours_and_clashes_name_both() {
        let with = |pairs: &[(&str, &[&str])]| {
            let own = |k: &&str| (*k).to_owned();
            Keymap::with(&pairs.iter().map(|(a, k)| ((*a).to_owned(), k.iter().map(own).collect())).collect::<Vec<_>>())
        };
        let map = with(&[("sort", &["o"])]).unwrap();
        let command = |key: &str| map.lookup(&[Scope::Calls, Scope::Screen], key.parse().unwrap()).map(|b| b.command);
        assert_eq!(command("o"), Some(Command::Sort));
        assert_eq!(command("s"), None);
        let said = |r: Result<Keymap, BadBinding>| r.unwrap_err().to_string();
        assert_eq!(said(with(&[("sort", &["c"])])), "`c` is claimed by both `columns` and `sort` (Calls)");
        assert_eq!(said(with(&[("sorr", &["c"])])), "no action is called `sorr`; did you mean `sort`?");
        assert!(said(with(&[("sort", &["ctrl"])])).contains("is no key"));
        assert_eq!(said(with(&[("quit", &[])])), "`quit` needs at least one key");
        assert!(with(&[("suspend", &[])]).is_ok());
    }
}
