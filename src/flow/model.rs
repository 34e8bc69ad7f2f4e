//! A flow as a graph: actions, where each leads, and what it does to participant data.
//!
//! Every link is explicit. Where a file leaves it to nesting what comes after the end of a branch, the reader has worked
//! it out, so whoever walks the graph needs no stack except for task calls.

use crate::tree::NodeId;
use std::fmt;

/// Which of the three forms a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The platform's `GET /api/v2/flows/{id}/latestconfiguration`: JSON without an official schema.
    Platform,
    /// Archy YAML, the form that Architect exports, imports and publishes.
    Archy,
    /// The plain JSON of tutorials (`actions[]`, `nextActionId`). The platform neither produces nor accepts it.
    Tutorial,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Platform => "latestconfiguration JSON",
            Self::Archy => "Archy YAML",
            Self::Tutorial => "tutorial JSON",
        })
    }
}

/// One flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The form it was read from.
    pub form: Form,
    /// Its name; empty when the file gives none.
    pub name: String,
    /// Its type as the file spells it: `inboundcall`, `inboundCall`, `botFlow`; empty when the file gives none.
    pub kind: String,
    /// Tasks, menus and states, in the order of the file.
    pub containers: Vec<Container>,
    /// All actions.
    pub actions: Vec<Action>,
    /// Where it begins.
    pub start: Option<usize>,
    /// Declared variables.
    pub variables: Vec<Variable>,
    /// What is odd about the file: links that lead nowhere, ids that occur twice.
    pub remarks: Vec<Remark>,
}

/// A task, menu or state.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its id or `refId`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its first action.
    pub start: Option<usize>,
    /// The id that the file names as the first action and that nothing in it has.
    pub astray: Option<String>,
}

/// A variable and the value it begins with.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name, scope included: `Flow.Tier`.
    pub name: String,
    /// What it begins with; [`Operand::Unset`] when the file says it has no value.
    pub initial: Operand,
}

/// An oddity found while reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Line in the file, from 1.
    pub line: usize,
    /// What is odd.
    pub what: String,
}

/// One action.
#[derive(Clone, Debug)]
pub struct Action {
    /// How commands name it: the file's id, or `L` and its line where the form has no ids.
    pub id: String,
    /// The number Architect shows beside it, when the file has it.
    pub tracking: Option<String>,
    /// Its name.
    pub name: String,
    /// Its type as the file spells it.
    pub type_name: String,
    /// Line in the file, from 1.
    pub line: usize,
    /// The container it stands in.
    pub container: usize,
    /// The action and branch that lead to it first; `None` on a container's main line.
    pub within: Option<(usize, usize)>,
    /// What it does.
    pub kind: Kind,
    /// What runs after it, when no branch decides; `None` when the flow, or the task, ends here.
    pub next: Option<usize>,
    /// The id that the file names as next and that nothing in it has; `next` is then no end.
    pub astray: Option<String>,
    /// Its outputs.
    pub branches: Vec<Branch>,
    /// Where it stands in the tree of its text.
    pub(super) node: NodeId,
}

/// One output of an action.
#[derive(Clone, Debug)]
pub struct Branch {
    /// `yes`, `timeout`, a menu choice, a case.
    pub label: String,
    /// A switch case's value.
    pub when: Option<Operand>,
    /// The key that chooses it in a menu.
    pub digit: Option<String>,
    /// Where it leads; `None` when the flow, or the task, ends there.
    pub to: Option<usize>,
    /// The id that the file names here and that nothing in it has; `to` is then no end.
    pub astray: Option<String>,
}

/// What an action does.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Sets attributes on the customer participant.
    SetData(Vec<Assign>),
    /// Reads attributes into variables.
    GetData(Vec<Fetch>),
    /// Sets variables.
    Update(Vec<(String, Operand)>),
    /// Takes `yes` or `no`.
    Decision(Operand),
    /// Takes the first case that holds, or that equals `on`; else `default`.
    Switch(Option<Operand>),
    /// Takes the choice whose key is pressed.
    Menu,
    /// Takes what the caller enters into a variable.
    Collect(Option<String>),
    /// Asks another system: `success`, `failure` or `timeout`.
    Lookup(Lookup),
    /// Runs its body a number of times.
    Loop(Option<Operand>),
    /// Leads elsewhere by its link alone: jumps, the end of a loop's round.
    Jump,
    /// Runs a task and comes back.
    CallTask(usize),
    /// Goes back to whoever called the task.
    EndTask,
    /// Hands the conversation on; the text says to what.
    Transfer(String),
    /// Ends the flow.
    End,
    /// Does nothing to data: prompts, waits.
    Passive,
    /// Not interpreted here.
    Unknown,
}

/// A data action or table lookup.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// Its name, which `--data-action NAME=…` gives a result for.
    pub name: String,
    /// Result members and the variables that take them.
    pub outputs: Vec<(String, String)>,
    /// The variable that takes the whole result.
    pub whole: Option<String>,
}

/// One attribute that is set.
#[derive(Clone, Debug)]
pub struct Assign {
    /// The attribute's name.
    pub key: Operand,
    /// Its value.
    pub value: Operand,
}

/// One attribute that is read.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The attribute's name.
    pub key: Operand,
    /// The variable that takes it; empty when the file gives none.
    pub into: String,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// This very text.
    Literal(String),
    /// An Architect expression.
    Expression(String),
    /// Text with `{{…}}` or `${…}` in it, which only the tutorials' form gives a meaning.
    Template(String),
    /// No value.
    Unset,
}

impl Operand {
    /// A text literal for what is a quoted text and nothing else, an expression for the rest.
    pub fn expression(text: &str) -> Self {
        match super::expr::parse(text) {
            Ok(super::expr::Expr::Text(literal)) => Self::Literal(literal),
            Ok(super::expr::Expr::NotSet) => Self::Unset,
            _ if text.trim().is_empty() => Self::Unset,
            _ => Self::Expression(text.to_owned()),
        }
    }

    /// The word for how the value is given.
    pub fn how(&self) -> &'static str {
        match self {
            Self::Literal(_) => "literal",
            Self::Expression(_) => "expression",
            Self::Template(_) => "template",
            Self::Unset => "unset",
        }
    }

    /// The literal, expression or template; empty when unset.
    pub fn text(&self) -> &str {
        match self {
            Self::Literal(text) | Self::Expression(text) | Self::Template(text) => text,
            Self::Unset => "",
        }
    }
}

/// Why a name names no one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// Nothing is called so; the nearest name, when one is near.
    None(Option<String>),
    /// Several are; how to tell them apart.
    Many(Vec<String>),
}

impl Flow {
    /// The action with this id, tracking number or name; names are compared exactly first, then without case.
    pub fn find(&self, name: &str) -> Result<usize, NotFound> {
        let number = name.strip_prefix('#').unwrap_or(name);
        let tests: [&dyn Fn(&Action) -> bool; 4] = [
            &|action| action.id == name,
            &|action| action.tracking.as_deref() == Some(number),
            &|action| action.name == name,
            &|action| action.name.to_lowercase() == name.to_lowercase(),
        ];
        for test in tests {
            let found: Vec<usize> = (0..self.actions.len()).filter(|at| test(&self.actions[*at])).collect();
            match found.as_slice() {
                [] => {}
                [one] => return Ok(*one),
                many => {
                    let ways = many.iter().map(|at| {
                        let action = &self.actions[*at];
                        format!("{} (line {}, {})", action.id, action.line, self.path(*at))
                    });
                    return Err(NotFound::Many(ways.collect()));
                }
            }
        }
        let nearest = self
            .actions
            .iter()
            .flat_map(|action| [&action.name, &action.id])
            .map(|candidate| (strsim::normalized_damerau_levenshtein(candidate, name), candidate))
            .filter(|(nearness, _)| *nearness > 0.6)
            .max_by(|left, right| left.0.total_cmp(&right.0));
        Err(NotFound::None(nearest.map(|(_, name)| name.clone())))
    }

    /// Where an action stands: its container and the branches that lead to it. Long routes lose their middle.
    pub fn path(&self, at: usize) -> String {
        const SHOWN: usize = 6;
        let mut parts = Vec::new();
        let mut cut = false;
        let mut here = at;
        while let Some((from, branch)) = self.actions[here].within {
            if parts.len() == SHOWN {
                cut = true;
                break;
            }
            let action = &self.actions[from];
            parts.push(format!("{} [{}]", display_name(action), action.branches[branch].label));
            here = from;
        }
        if cut {
            parts.push("…".into());
        }
        if let Some(container) = self.containers.get(self.actions[at].container)
            && !container.name.is_empty()
        {
            parts.push(container.name.clone());
        }
        parts.reverse();
        parts.join(" › ")
    }
}

/// An action's name, or its type where it has none.
pub fn display_name(action: &Action) -> &str {
    if action.name.is_empty() { &action.type_name } else { &action.name }
}
