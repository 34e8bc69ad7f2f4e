//! Readers for the three forms of a flow file.

mod archy;
mod platform;
mod tutorial;

use super::model::{Action, Flow, Form, Kind};
use crate::tree::{JsonError, Lines, NodeId, Tree, YamlError, parse_json, parse_yaml};
use std::fmt;

/// Why a text is no flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It begins like JSON and is none.
    Json(JsonError),
    /// It is neither JSON nor YAML.
    Yaml(YamlError),
    /// It is JSON or YAML, but of something else.
    NoFlow(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not valid JSON: {error}"),
            Self::Yaml(error) => write!(f, "not valid YAML: {error}"),
            Self::NoFlow(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for ReadError {}

/// Parses the text as the form it looks like: JSON when it begins with a bracket, else YAML.
pub fn parse(text: &str) -> Result<(Form, Tree<'_>), ReadError> {
    if text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']) {
        match parse_json(text) {
            Ok(tree) => {
                if platform::root(&tree).is_some() {
                    Ok((Form::Platform, tree))
                } else if tutorial::root(&tree).is_some() {
                    Ok((Form::Tutorial, tree))
                } else {
                    Err(ReadError::NoFlow(
                        "this JSON is no flow: it has neither `flowSequenceItemList` (the platform's latestconfiguration) \
                         nor a list `actions` (the tutorials' form)"
                            .into(),
                    ))
                }
            }
            // A template placeholder may open a YAML file: `{{name}}: …`.
            Err(error) => match parse_yaml(text) {
                Ok(tree) if archy::root(&tree).is_some() => Ok((Form::Archy, tree)),
                _ => Err(ReadError::Json(error)),
            },
        }
    } else {
        let tree = parse_yaml(text).map_err(ReadError::Yaml)?;
        match archy::root(&tree) {
            Some(_) => Ok((Form::Archy, tree)),
            None => Err(ReadError::NoFlow(
                "this YAML is no Archy flow: below its one root, such as `inboundCall`, there are no tasks, menus, states or bots"
                    .into(),
            )),
        }
    }
}

/// Reads a flow from any of its three forms.
pub fn read(text: &str) -> Result<Flow, ReadError> {
    let (form, tree) = parse(text)?;
    let lines = Lines::of(text);
    let flow = match form {
        Form::Platform | Form::Export => platform::read(&tree, &lines),
        Form::Archy => archy::read(&tree, &lines),
        Form::Tutorial => tutorial::read(&tree, &lines),
    };
    flow.ok_or_else(|| ReadError::NoFlow("this is no flow".into()))
}

pub(super) use platform::root as platform_root;
pub(super) use tutorial::start as tutorial_start;

/// An action with what all forms have in common filled in.
fn blank(node: NodeId, id: String, name: String, type_name: String, line: usize, container: usize) -> Action {
    Action {
        id,
        tracking: None,
        name,
        spec: super::actions::find(&type_name),
        type_name,
        line,
        container,
        within: None,
        kind: Kind::Unknown,
        next: None,
        astray: None,
        branches: Vec::new(),
        writes: Vec::new(),
        node,
    }
}

/// An action to visit: what follows its line, and the branch that leads to it.
struct Visit {
    at: usize,
    after: Option<usize>,
    within: Option<(usize, usize)>,
}

/// Links of the JSON forms name their targets, and leave open what follows the end of a branch: whatever follows the
/// action that branched. This walks from each start, works that out, and notes by which branch an action is reached first.
fn settle(flow: &mut Flow) {
    let mut seen = vec![false; flow.actions.len()];
    let starts: Vec<usize> =
        flow.start.into_iter().chain(flow.containers.iter().filter_map(|task| task.start)).collect();
    let mut rounds: Vec<Vec<usize>> = starts.into_iter().map(|start| vec![start]).collect();
    // Actions that nothing leads to still get their links settled.
    rounds.push((0..flow.actions.len()).collect());
    for round in rounds {
        let mut work: Vec<Visit> = round.into_iter().rev().map(|at| Visit { at, after: None, within: None }).collect();
        while let Some(Visit { at, after, within }) = work.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            let action = &mut flow.actions[at];
            action.within = within;
            let own = action.next;
            let ends = matches!(action.kind, Kind::End | Kind::EndTask(_) | Kind::Transfer(_) | Kind::Menu);
            action.next = if ends || action.astray.is_some() { own } else { own.or(after) };
            // The body of a loop comes back to the loop.
            let follow = if matches!(action.kind, Kind::Loop(_)) { Some(at) } else { action.next };
            for (index, branch) in action.branches.iter_mut().enumerate().rev() {
                match branch.to {
                    Some(to) => work.push(Visit { at: to, after: follow, within: Some((at, index)) }),
                    None if branch.astray.is_some() => {}
                    None => branch.to = follow,
                }
            }
            // Last in, first out: the main line is walked before the branches, so that it is not taken for one. A jump
            // leaves the line: its target is a start of its own.
            let jump = matches!(action.kind, Kind::Jump(_));
            let from = action.container;
            if let Some(next) = own
                && !(jump && flow.actions[next].container != from)
            {
                work.push(Visit { at: next, after, within });
            }
        }
    }
}

/// The line a node begins on.
fn line(tree: &Tree<'_>, lines: &Lines, node: NodeId) -> usize {
    lines.line(tree.span(node).start)
}
