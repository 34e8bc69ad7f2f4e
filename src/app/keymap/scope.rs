//! Where a binding holds.

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
    /// Such a list while what its rows have in them is typed.
    PickFilter,
    /// Two calls, or two moments of one call.
    Compare,
    /// The alerts.
    Alerts,
    /// The expression of a new alert.
    AlertPrompt,
    /// Keys that calls are expected to have.
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
            Self::PickFilter => "Filtering a list",
            Self::Compare => "Comparison",
            Self::Alerts => "Alerts",
            Self::AlertPrompt => "New alert",
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

    /// The scope of one screen, or of the bar of a recording.
    pub(in crate::app) fn is_one_screen(self) -> bool {
        self.is_screen() && self != Self::Screen
    }

    /// Both can hold at one time.
    pub(super) fn holds_with(self, other: Self) -> bool {
        let beside =
            |a: Self, b: Self| a == Self::Always || (matches!(a, Self::Screen | Self::Replay) && b.is_screen());
        self == other || beside(self, other) || beside(other, self)
    }
}
