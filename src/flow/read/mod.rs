//! Readers for the forms of a flow file.

mod archy;
pub mod export;
mod mentioned;
mod other;
mod platform;
mod remarks;
mod tutorial;
mod unread;

use super::actions;
use super::model::{Action, ActionKind, Branch, Flow, FlowFileForm, Jump, Remark, display_name};
use crate::tree::{JsonError, Lines, NodeId, Tree, YamlError, parse_json_outline, parse_json_without, parse_yaml};
use std::{borrow::Cow, fmt};

/// Why a text is no flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It begins like JSON and is none.
    Json(JsonError),
    /// It is neither JSON nor YAML.
    Yaml(YamlError),
    /// It looks like an Architect export and does not decode.
    Export(String),
    /// A member stands twice in one map; its name and line. Which of the two counts depends on who reads it.
    Twice(String, usize),
    /// It is something else; what, where that can be seen.
    NoFlow(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not valid JSON: {error}"),
            Self::Yaml(error) => write!(f, "not valid YAML: {error}"),
            Self::Export(what) => write!(f, "an Architect export that does not decode: {what}"),
            Self::Twice(name, line) => write!(
                f,
                "line {line}: {name} stands twice in one place, so that one of the two is lost to any reader; take one out"
            ),
            Self::NoFlow(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for ReadError {}

/// A flow file, decoded: the text that its places and edits are of.
pub struct FlowDocument<'t> {
    /// Its form.
    pub form: FlowFileForm,
    /// The JSON or YAML. For an export it is what the export holds.
    pub text: Cow<'t, str>,
}

/// Recognises the form of a text by its content, and decodes an export.
///
/// # Errors
/// An export that does not decode.
pub fn open(text: &str) -> Result<FlowDocument<'_>, ReadError> {
    if let Some(decoded) = export::decode(text)? {
        return Ok(FlowDocument { form: FlowFileForm::Export, text: Cow::Owned(decoded) });
    }
    let form = if begins_as_json(text) { FlowFileForm::Platform } else { FlowFileForm::Archy };
    // A byte order mark is no part of a name.
    Ok(FlowDocument { form, text: Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)) })
}

fn begins_as_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

/// What is to be said of an action that sets or reads attributes, of which no key was read.
fn no_key(action: &Action) -> String {
    format!("{} has no key that is read here", display_name(action))
}

/// What the editor keeps beside a value and nothing here looks at: most of a configuration's text. Expressions are read
/// from their source.
fn is_passed_over(name: &str, first: u8) -> bool {
    match name {
        "pos" | "metaData" | "builder" => first == b'{',
        "operands" => first == b'[',
        _ => false,
    }
}

impl FlowDocument<'_> {
    /// The tree of its text with all that a flow is read from, and which form it turned out to be.
    ///
    /// # Errors
    /// The text is no flow; what it is, where that can be seen.
    pub fn tree(&self) -> Result<(FlowFileForm, Tree<'_>), ReadError> {
        self.parsed(|text| parse_json_without(text, is_passed_over))
    }

    fn parsed(
        &self,
        json: impl for<'t> Fn(&'t str) -> Result<Tree<'t>, JsonError>,
    ) -> Result<(FlowFileForm, Tree<'_>), ReadError> {
        let text = &*self.text;
        if text.trim_start_matches('\u{feff}').trim().is_empty() {
            return Err(ReadError::NoFlow("there is nothing in it".into()));
        }
        if !begins_as_json(text) {
            let tree = parse_yaml(text).map_err(|error| match other::text(text) {
                Some(what) => ReadError::NoFlow(what),
                None => ReadError::Yaml(error),
            })?;
            return match archy::root(&tree) {
                Some(_) => Ok((FlowFileForm::Archy, tree)),
                None => Err(ReadError::NoFlow(other::text(text).unwrap_or_else(|| other::yaml(&tree)))),
            };
        }
        match json(text) {
            Ok(tree) if platform::root(&tree).is_some() => Ok((
                if self.form == FlowFileForm::Export { FlowFileForm::Export } else { FlowFileForm::Platform },
                tree,
            )),
            Ok(tree) if tutorial::root(&tree).is_some() => Ok((FlowFileForm::Tutorial, tree)),
            Ok(tree) => Err(ReadError::NoFlow(other::json(&tree))),
            // A template placeholder may open a YAML file: `{{name}}: …`.
            Err(error) => match parse_yaml(text) {
                Ok(tree) if self.form != FlowFileForm::Export && archy::root(&tree).is_some() => {
                    Ok((FlowFileForm::Archy, tree))
                }
                _ if self.form == FlowFileForm::Export => {
                    Err(ReadError::Export(format!("what it holds is not JSON ({error}), so it is cut off or damaged")))
                }
                _ => Err(ReadError::Json(error)),
            },
        }
    }

    /// The flow.
    ///
    /// # Errors
    /// The text is no flow; what it is, where that can be seen.
    pub fn read(&self) -> Result<Flow, ReadError> {
        // The actions are most of a configuration, and are looked at one by one.
        let (form, tree) = self.parsed(|text| parse_json_outline(text, is_passed_over, "actionList"))?;
        self.read_from(form, &tree)
    }

    /// As [`FlowDocument::read`], from its tree; the places of the actions are those in that tree.
    ///
    /// # Errors
    /// A member stands twice.
    pub fn read_from(&self, form: FlowFileForm, tree: &Tree<'_>) -> Result<Flow, ReadError> {
        let lines = Lines::of(&self.text);
        no_twin(tree, &lines)?;
        let none = || ReadError::NoFlow("this is not a flow".into());
        let mut flow = match form {
            FlowFileForm::Platform | FlowFileForm::Export => platform::read(tree, &lines, form)?.ok_or_else(none)?,
            FlowFileForm::Archy => archy::read(tree, &lines).ok_or_else(none)?,
            FlowFileForm::Tutorial => tutorial::read(tree, &lines).ok_or_else(none)?,
        };
        unread::add(&mut flow, tree, &lines);
        remarks::add(&mut flow);
        Ok(flow)
    }
}

/// Refuses a member that stands twice.
fn no_twin(tree: &Tree<'_>, lines: &Lines) -> Result<(), ReadError> {
    match tree.twice() {
        Some((name, place)) => Err(ReadError::Twice(name.to_owned(), lines.line(place))),
        None => Ok(()),
    }
}

/// Reads a flow from any of its forms.
///
/// # Errors
/// The text is no flow; what it is, where that can be seen.
pub fn read(text: &str) -> Result<Flow, ReadError> {
    open(text)?.read()
}

pub(super) use platform::root as platform_root;
pub(super) use tutorial::start as tutorial_start;

/// An action with what all forms have in common filled in.
fn blank(node: NodeId, id: String, name: String, type_name: String, line: usize, container: usize) -> Action {
    let spec = actions::find(&type_name);
    Action {
        id,
        tracking: None,
        name,
        spec,
        type_name: actions::spelling(spec, type_name),
        line,
        container,
        within: None,
        kind: ActionKind::Unknown,
        next: None,
        astray: None,
        branches: Vec::new(),
        writes: Vec::new(),
        node,
    }
}

/// A menu's choice, which leads to the action it holds.
fn choice(id: &str, name: &str, digit: Option<String>, to: usize) -> Branch {
    let label = match &digit {
        Some(digit) if name.is_empty() => digit.clone(),
        Some(digit) => format!("{digit}: {name}"),
        None => name.to_owned(),
    };
    Branch {
        id: if id.is_empty() { name.to_owned() } else { id.to_owned() },
        label,
        alias: Some(name.to_owned()),
        digit,
        to: Some(to),
        written: true,
        ..Branch::default()
    }
}

/// What to say of an action that is switched off as a whole.
fn switched_off(action: &Action) -> String {
    format!("{} is switched off; whether the platform passes over it is not verified", display_name(action))
}

/// Adds the outputs that the type of an action has and the file leaves out; taking one means: go on behind the action.
fn unwritten(flow: &mut Flow, at: usize) {
    let action = &flow.actions[at];
    let mut ids: Vec<(String, String)> = Vec::new();
    if let ActionKind::CallTask(Jump { container: Some(task), .. }) = &action.kind {
        ids.extend(flow.containers[*task].paths.iter().map(|path| (path.id.clone(), path.label.clone())));
    }
    let known = action.spec.map(|spec| spec.outputs).unwrap_or_default();
    ids.extend(known.iter().map(|id| ((*id).to_owned(), (*id).to_owned())));
    let branches = &mut flow.actions[at].branches;
    for (id, label) in ids {
        if !branches.iter().any(|branch| branch.id == id || branch.id.eq_ignore_ascii_case(&id)) {
            branches.push(Branch { id, label, ..Branch::default() });
        }
    }
}

/// An action to visit: what follows its line, the branch that leads to it, and the innermost loop it stands in.
struct Visit {
    at: usize,
    after: Option<usize>,
    within: Option<(usize, usize)>,
    around: Option<usize>,
}

/// Links of the JSON forms name their targets, and leave open what follows the end of a branch: whatever follows the
/// action that owns it. This walks from each start, works that out, and notes by which branch an action is reached first.
fn settle(flow: &mut Flow) {
    let mut seen = vec![false; flow.actions.len()];
    let starts: Vec<usize> =
        flow.start.into_iter().chain(flow.containers.iter().filter_map(|task| task.start)).collect();
    let mut work: Vec<Visit> = Vec::new();
    // Actions that nothing leads to still get their links settled.
    for start in starts.into_iter().chain(0..flow.actions.len()) {
        work.push(Visit { at: start, after: None, within: None, around: None });
        while let Some(Visit { at, after, within, around }) = work.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            leave_loop(flow, at, around);
            let action = &mut flow.actions[at];
            action.within = within;
            let own = action.next;
            let leads = matches!(
                action.kind,
                ActionKind::End
                    | ActionKind::EndTask(_)
                    | ActionKind::Menu
                    | ActionKind::ExitLoop(_)
                    | ActionKind::NextLoop(_)
                    | ActionKind::Jump(_)
            );
            action.next = if leads || action.astray.is_some() { own } else { own.or(after) };
            let looped = matches!(action.kind, ActionKind::Loop(_));
            // The body of a loop comes back to the loop.
            let follow = if looped { Some(at) } else { action.next };
            let inner = if looped { Some(at) } else { around };
            for (index, branch) in action.branches.iter_mut().enumerate().rev() {
                match branch.to {
                    Some(to) => work.push(Visit { at: to, after: follow, within: Some((at, index)), around: inner }),
                    None if branch.astray.is_some() => {}
                    None => branch.to = follow,
                }
            }
            // Last in, first out: the main line is walked before the branches, so that it is not taken for one. What leads
            // elsewhere leaves the line: its target is a start of its own.
            let elsewhere = match &action.kind {
                ActionKind::Jump(_) => {
                    own.is_some_and(|next| flow.actions[next].container != flow.actions[at].container)
                }
                ActionKind::ExitLoop(_) | ActionKind::NextLoop(_) => true,
                _ => false,
            };
            if let Some(next) = own.filter(|_| !elsewhere) {
                work.push(Visit { at: next, after, within, around });
            }
        }
    }
    for action in &mut flow.actions {
        // Nothing runs behind an end, whatever the file links to it.
        if matches!(action.kind, ActionKind::End | ActionKind::EndTask(_)) {
            action.next = None;
        }
    }
}

/// Where the end of a round leads: to the loop, or behind it.
fn leave_loop(flow: &mut Flow, at: usize, around: Option<usize>) {
    let (next, kind) = match (&flow.actions[at].kind, around) {
        (ActionKind::ExitLoop(_), Some(head)) => (flow.actions[head].next, ActionKind::ExitLoop(head)),
        (ActionKind::NextLoop(_), Some(head)) => (Some(head), ActionKind::NextLoop(head)),
        (ActionKind::ExitLoop(_) | ActionKind::NextLoop(_), None) => {
            let action = &mut flow.actions[at];
            action.kind = ActionKind::Unknown;
            let remark = Remark { line: action.line, what: format!("{} stands in no loop", display_name(action)) };
            flow.remarks.push(remark);
            return;
        }
        _ => return,
    };
    flow.actions[at].next = next;
    flow.actions[at].kind = kind;
}

/// The line a node begins on.
fn line(tree: &Tree<'_>, lines: &Lines, node: NodeId) -> usize {
    lines.line(tree.span(node).start)
}
