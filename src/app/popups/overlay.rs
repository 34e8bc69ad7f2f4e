//! What lies over a screen. The last overlay has the keyboard; without any, the screen has it.

use super::{
    AnswerPrompt, Columns, Expected, FilterPrompt, Find, GoTo, Help, Palette, Pick, Popup, SaveView, SincePrompt,
    TrapPrompt, WatchList, WatchPrompt,
};
use crate::app::{
    choose::{Choose, What},
    compare::Compare,
    editor::Editor,
    export::Export,
    keymap::Scope,
    signin::SignIn,
    topics::Topics,
};
use crate::domain::{
    filter::Mistake,
    outbox::{Base, Cell, Refusal, Target, Undo},
};
use crate::payload::{self, Explained, NoPayload};

/// One layer over the screen.
#[derive(Debug)]
pub enum Overlay {
    /// The keys of this screen.
    Help(Help),
    /// Every action, searched.
    Palette(Palette),
    /// The column picker.
    Columns(Columns),
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
    Commit(Commit),
    /// Two values for one cell: base, theirs, mine.
    Conflict(Cell),
    /// A short list.
    Choose(Choose),
    /// Many values, to be made into drafts.
    Bulk(Bulk),
    /// The condition under which drafts are to be sent.
    When(When),
    /// A list to take something from.
    Pick(Pick),
    /// Two calls, or two moments of one call.
    Compare(Compare),
    /// The watchpoints.
    Watchpoints(WatchList),
    /// The expression of a new watchpoint.
    WatchPrompt(WatchPrompt),
    /// What calls are expected to carry.
    Expected(Expected),
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
    Quit,
}

impl Overlay {
    /// The popup, where it works by itself.
    pub(in crate::app) fn popup(&mut self) -> Option<&mut dyn Popup> {
        Some(match self {
            Self::Help(popup) => popup,
            Self::Palette(popup) => popup,
            Self::Columns(popup) => popup,
            Self::Filter(popup) => popup,
            Self::Trap(popup) => popup,
            Self::Topics(popup) => popup,
            Self::Pick(popup) => popup,
            Self::Compare(popup) => popup,
            Self::Watchpoints(popup) => popup,
            Self::WatchPrompt(popup) => popup,
            Self::Expected(popup) => popup,
            Self::Answer(popup) => popup,
            Self::Export(popup) => popup,
            Self::SaveView(popup) => popup,
            Self::GoTo(popup) => popup,
            Self::Find(popup) => popup,
            Self::Since(popup) => popup,
            _ => return None,
        })
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
            Self::Choose(list) => match list.what {
                What::Drafts { .. } => Scope::Drafts,
                What::Copy(..) => Scope::Copying,
                What::History(..) => Scope::History,
                What::Losses(_) => Scope::Losses,
                What::Onto(..) => Scope::Onto,
                What::Removed(_) => Scope::Removed,
            },
            Self::Pick(_) => Scope::Pick,
            Self::Compare(_) => Scope::Compare,
            Self::Watchpoints(_) => Scope::Watchpoints,
            Self::WatchPrompt(_) => Scope::WatchPrompt,
            Self::Expected(_) => Scope::Expected,
            Self::Answer(_) => Scope::Answer,
            Self::Export(_) => Scope::Export,
            Self::SaveView(_) => Scope::SaveView,
            Self::SignIn(_) => Scope::SignIn,
            Self::GoTo(_) => Scope::GoTo,
            Self::Find(_) => Scope::Find,
            Self::Since(_) => Scope::Filter,
            Self::Quit => Scope::Quit,
        }
    }
}

/// The cell being edited. Every change goes to the outbox as a draft, so nothing typed can be lost.
#[derive(Debug)]
pub struct CellEditor {
    /// Which cell.
    pub cell: Cell,
    /// What the operator saw there when the edit began.
    pub base: Base,
    /// The text.
    pub text: Editor,
}

/// The name of a key to add.
#[derive(Debug)]
pub struct AddKey {
    /// To whom.
    pub target: Target,
    /// The name.
    pub text: Editor,
}

/// Many values, to be made into drafts of one participant.
#[derive(Debug)]
pub struct Bulk {
    /// Whose.
    pub target: Target,
    /// A payload, or the path of a file with one.
    pub text: Editor,
    /// How it reads; `None` while there is nothing.
    pub explained: Option<Result<Explained, NoPayload>>,
    /// Rows of the explanation scrolled away.
    pub scroll: usize,
}

impl Bulk {
    /// This text, taken apart.
    pub fn new(target: Target, text: &str) -> Self {
        let mut bulk = Self { target, text: Editor::new(text, true), explained: None, scroll: 0 };
        bulk.explain();
        bulk
    }

    /// Takes the text apart; to be called when it has changed.
    pub fn explain(&mut self) {
        let text = self.text.text();
        self.explained = (!text.trim().is_empty()).then(|| payload::explain(&text));
        self.scroll = 0;
    }

    /// The path of a file, where the text is one rather than a payload.
    pub fn path(&self) -> Option<String> {
        let [line] = self.text.lines() else { return None };
        let line = line.trim().trim_matches(['\'', '"']);
        let rooted = ["/", "~/", "./", "../"].iter().any(|p| line.starts_with(p)) && line.len() > 2;
        let named = [".json", ".csv", ".txt", ".env", ".yaml"].iter().any(|end| line.ends_with(end));
        let is_payload = matches!(self.explained, Some(Ok(_)));
        (line.len() < 4096 && (rooted || (named && !is_payload))).then(|| line.to_owned())
    }

    /// Rows of the explanation, at most.
    pub(in crate::app) fn rows(&self) -> usize {
        let Some(Ok(explained)) = &self.explained else { return 0 };
        2 * explained.pairs.len()
    }
}

/// The condition of a conditional edit.
#[derive(Debug)]
pub struct When {
    /// What is sent when it holds.
    pub cells: Vec<Cell>,
    /// The expression.
    pub text: Editor,
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
}

/// What is about to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    /// The cells, in the order of their participants.
    pub cells: Vec<Cell>,
    /// What asks for a second yes: the call or the participant has ended.
    pub doubt: Option<Refusal>,
    /// The first yes was said.
    pub sure: bool,
    /// Rows scrolled away.
    pub scroll: usize,
    /// The question made these drafts itself (set to empty, undo): cancelled, it leaves none behind.
    pub made: bool,
    /// It takes something back that was sent.
    pub undo: Option<Undo>,
}
