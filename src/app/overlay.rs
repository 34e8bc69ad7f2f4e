//! What lies over a screen. The last overlay has the keyboard; without any, the screen has it.

use super::{
    choose::Choose, choose::What, compare::Compare, editor::Editor, export::Export, keymap::Scope, topics::Topics,
};
use crate::domain::{
    ConversationId, Key, ParticipantId,
    filter::{Filter, Mistake},
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
    Trap(FilterPrompt),
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
    SaveView(Editor),
    /// Signing in again.
    SignIn(Box<super::signin::SignIn>),
    /// Where in a recording to go.
    GoTo(GoTo),
    /// Whether to end the program although something is not done.
    Quit,
}

impl Overlay {
    /// Whose keys it takes.
    pub fn scope(&self) -> Scope {
        match self {
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
            Self::Quit => Scope::Quit,
        }
    }
}

/// The list of watchpoints.
#[derive(Debug, Default)]
pub struct WatchList {
    /// Which one is under the hand.
    pub selected: usize,
}

/// The answer of a lookup, as JSON.
#[derive(Debug)]
pub struct AnswerPrompt {
    /// The text.
    pub text: Editor,
    /// Why it cannot be one.
    pub mistake: Option<String>,
}

/// The list of expectations.
#[derive(Debug, Default)]
pub struct Expected {
    /// Which one is under the hand.
    pub selected: usize,
}

/// The expression of a new watchpoint.
#[derive(Debug)]
pub struct WatchPrompt {
    /// The expression.
    pub text: Editor,
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
}

/// Where in a recording to go.
#[derive(Debug)]
pub struct GoTo {
    /// A time, a distance, a part, or a key.
    pub text: Editor,
    /// What is wrong with it.
    pub mistake: Option<String>,
}

/// A list to take something from.
#[derive(Debug)]
pub struct Pick {
    /// What the list is of.
    pub title: String,
    /// What is shown, what is noted beside it, and what taking it means.
    pub choices: Vec<(String, String, Choice)>,
    /// Which one is under the hand.
    pub selected: usize,
}

/// What may be taken from a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The flow of this name.
    Flow(String),
    /// The view of this name.
    View(String),
    /// A call of a recording, and after how many messages it was seen first.
    Moment(u64, ConversationId),
    /// A call at a key: of this participant, or of the customer.
    Call(ConversationId, Option<ParticipantId>, String),
}

/// The filter prompt. What is typed takes effect at once, as far as it can be understood.
#[derive(Debug)]
pub struct FilterPrompt {
    /// The expression.
    pub text: Editor,
    /// What is wrong with it.
    pub mistake: Option<Mistake>,
    /// What held before, for Esc.
    pub before: (String, Filter),
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
    pub(super) fn rows(&self) -> usize {
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
    /// It takes something back that was sent.
    pub undo: Option<Undo>,
}

/// The help overlay.
#[derive(Debug)]
pub struct Help {
    /// Rows scrolled away.
    pub scroll: usize,
    /// Whose keys are shown.
    pub scopes: Vec<Scope>,
}

/// The command palette.
#[derive(Debug)]
pub struct Palette {
    /// What is searched for.
    pub query: Editor,
    /// Indices into the table of actions, best first.
    pub found: Vec<usize>,
    /// Which of them is under the hand.
    pub selected: usize,
    /// Whose actions are offered.
    pub scopes: Vec<Scope>,
}

/// The column picker.
#[derive(Debug)]
pub struct Columns {
    /// Every key that some call carries, with how many calls do.
    pub keys: Vec<(Key, usize)>,
    /// The picked ones, in order.
    pub picked: Vec<Key>,
    /// Narrows the list.
    pub query: Editor,
    /// Which of the shown keys is under the hand.
    pub selected: usize,
}

impl Columns {
    /// The keys that match what was typed.
    pub fn shown(&self) -> Vec<&(Key, usize)> {
        let query = self.query.text().to_lowercase();
        self.keys.iter().filter(|(k, _)| k.as_str().to_lowercase().contains(&query)).collect()
    }
}
