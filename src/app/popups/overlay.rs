//! What lies over a screen. The last overlay has the keyboard; without any, the screen has it.

use super::{
    AddKey, AlertList, AlertPrompt, AnswerPrompt, Bulk, CellEditor, ColumnPicker, CommandPalette, CommitQuestion,
    ConflictQuestion, CopyList, DraftList, ExpectedList, Export, FilterPrompt, Find, GoTo, Help, HistoryList, LossList,
    OntoList, Pick, Popup, QuitQuestion, RemovedList, SaveView, SincePrompt, TrapPrompt, WhenPrompt,
};
use crate::app::{compare::Compare, keymap::Scope, signin::SignIn, topics::Topics};

/// One layer over the screen.
#[derive(Debug)]
pub enum Overlay {
    /// The keys of this screen.
    Help(Help),
    /// Every action, searched.
    Palette(CommandPalette),
    /// The column picker.
    Columns(ColumnPicker),
    /// The filter prompt.
    Filter(FilterPrompt),
    /// What the next call is to be like.
    Trap(TrapPrompt),
    /// What is watched.
    Topics(Topics),
    /// The cell being edited.
    Editor(CellEditor),
    /// The name of a key to add.
    AddKey(AddKey),
    /// What is about to be sent.
    Commit(CommitQuestion),
    /// Two values for one cell: base, theirs, mine.
    Conflict(ConflictQuestion),
    /// Everything typed and not sent, over all calls.
    Drafts(DraftList),
    /// What can be copied.
    Copying(CopyList),
    /// The values that a cell had.
    History(HistoryList),
    /// Values that were lost while an edit of ours was under way.
    Losses(LossList),
    /// Where keys can be copied to.
    Onto(OntoList),
    /// Keys that were taken out of the map.
    Removed(RemovedList),
    /// Many values, to be made into drafts.
    Bulk(Bulk),
    /// The condition under which drafts are to be sent.
    When(WhenPrompt),
    /// A list to take something from.
    Pick(Pick),
    /// Two calls, or two moments of one call.
    Compare(Compare),
    /// The alerts.
    Alerts(AlertList),
    /// The expression of a new alert.
    AlertPrompt(AlertPrompt),
    /// Keys that calls are expected to have.
    Expected(ExpectedList),
    /// What a lookup of a flow that is run answers.
    Answer(AnswerPrompt),
    /// What is to be handed on.
    Export(Export),
    /// The name under which a view is saved.
    SaveView(SaveView),
    /// Signing in again.
    SignIn(Box<SignIn>),
    /// Where in a recording to go.
    GoTo(GoTo),
    /// A search among the keys of a call.
    Find(Find),
    /// The filter of the Since screen.
    Since(SincePrompt),
    /// Whether to end the program although something is not done.
    Quit(QuitQuestion),
}

/// The popups that other popups open.
macro_rules! opened_by_popups {
    ($($variant:ident: $popup:ty,)*) => {$(
        impl From<$popup> for Overlay {
            fn from(popup: $popup) -> Self {
                Self::$variant(popup)
            }
        }
    )*};
}

opened_by_popups! {
    AlertPrompt: AlertPrompt,
    Commit: CommitQuestion,
    Editor: CellEditor,
    SaveView: SaveView,
}

impl Overlay {
    /// The popup.
    pub(in crate::app) fn popup(&mut self) -> &mut dyn Popup {
        match self {
            Self::Help(popup) => popup,
            Self::Palette(popup) => popup,
            Self::Columns(popup) => popup,
            Self::Filter(popup) => popup,
            Self::Trap(popup) => popup,
            Self::Topics(popup) => popup,
            Self::Pick(popup) => popup,
            Self::Compare(popup) => popup,
            Self::Alerts(popup) => popup,
            Self::AlertPrompt(popup) => popup,
            Self::Expected(popup) => popup,
            Self::Answer(popup) => popup,
            Self::Export(popup) => popup,
            Self::SaveView(popup) => popup,
            Self::GoTo(popup) => popup,
            Self::Find(popup) => popup,
            Self::Since(popup) => popup,
            Self::AddKey(popup) => popup,
            Self::Bulk(popup) => popup,
            Self::When(popup) => popup,
            Self::Editor(popup) => popup,
            Self::Commit(popup) => popup,
            Self::Conflict(popup) => popup,
            Self::Drafts(popup) => popup,
            Self::Copying(popup) => popup,
            Self::History(popup) => popup,
            Self::Losses(popup) => popup,
            Self::Onto(popup) => popup,
            Self::Removed(popup) => popup,
            Self::SignIn(popup) => popup.as_mut(),
            Self::Quit(popup) => popup,
        }
    }

    /// Whose keys it takes.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Help(help) if help.typing => Scope::HelpSearch,
            Self::Help(_) => Scope::Help,
            Self::Palette(_) => Scope::Palette,
            Self::Columns(_) => Scope::Columns,
            Self::Filter(_) => Scope::Filter,
            Self::Trap(_) => Scope::Trap,
            Self::Topics(_) => Scope::Topics,
            Self::Editor(_) => Scope::Editor,
            Self::AddKey(_) => Scope::Prompt,
            Self::Commit(_) => Scope::Commit,
            Self::Conflict(_) => Scope::Conflict,
            Self::When(_) => Scope::When,
            Self::Bulk(_) => Scope::Bulk,
            Self::Drafts(_) => Scope::Drafts,
            Self::Copying(_) => Scope::Copying,
            Self::History(_) => Scope::History,
            Self::Losses(_) => Scope::Losses,
            Self::Onto(_) => Scope::Onto,
            Self::Removed(_) => Scope::Removed,
            Self::Pick(pick) if pick.query.is_some() => Scope::PickFilter,
            Self::Pick(_) => Scope::Pick,
            Self::Compare(_) => Scope::Compare,
            Self::Alerts(_) => Scope::Alerts,
            Self::AlertPrompt(_) => Scope::AlertPrompt,
            Self::Expected(_) => Scope::Expected,
            Self::Answer(_) => Scope::Answer,
            Self::Export(_) => Scope::Export,
            Self::SaveView(_) => Scope::SaveView,
            Self::SignIn(_) => Scope::SignIn,
            Self::GoTo(_) => Scope::GoTo,
            Self::Find(_) => Scope::Find,
            Self::Since(_) => Scope::Filter,
            Self::Quit(_) => Scope::Quit,
        }
    }
}
