//! How a run ends, and what it may wait for.

use crate::flow::model::Operand;
use std::fmt;

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// A disconnect or an end of the flow.
    Disconnected,
    /// Handed on, to this.
    Transferred(String),
    /// The last action of the line.
    Finished,
    /// An action that ends the flow and not the call; its name.
    Exited(String),
    /// The task of an in-queue flow has ended, and another pass changes nothing: it starts again as long as the call waits.
    Repeats,
    /// A link leads to what the flow does not have.
    Astray {
        /// The action that leads there; empty for the start of the flow.
        action: String,
        /// The id that nothing has.
        id: String,
    },
    /// The same actions again with nothing changed in between: it would go on for ever. The names in order.
    Cycle(Vec<String>),
    /// [`super::STEP_LIMIT`] or the depth of calls was reached.
    Limit(String),
    /// It cannot go on without something from outside.
    Needs(Need),
    /// A value that decides is unevaluated.
    Undecided(String),
}

/// What a run waits for. [`super::Run::answer`] gives it and the run goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Need {
    /// The answer of a data action of this name.
    Lookup {
        /// The data action's name.
        name: String,
        /// The flow's action.
        action: String,
        /// It asks a data table.
        table: bool,
    },
    /// A key press: the menu and its choices.
    Digit {
        /// The menu's name.
        menu: String,
        /// Its choices.
        choices: Vec<String>,
    },
    /// The output to take of an action that is not interpreted.
    Output {
        /// The action's name.
        action: String,
        /// Its outputs.
        outputs: Vec<String>,
    },
}

impl End {
    /// The stable word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Transferred(_) => "transferred",
            Self::Finished | Self::Exited(_) => "finished",
            Self::Repeats => "repeats",
            Self::Astray { .. } => "astray",
            Self::Cycle(_) => "cycle",
            Self::Limit(_) => "limit",
            Self::Needs(_) => "needs-input",
            Self::Undecided(_) => "undecided",
        }
    }

    /// Whether the flow came to an end of its own.
    pub fn complete(&self) -> bool {
        matches!(self, Self::Disconnected | Self::Transferred(_) | Self::Finished | Self::Exited(_) | Self::Repeats)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disconnected => f.write_str("the call is disconnected"),
            Self::Transferred(to) if to.is_empty() => f.write_str("the call is transferred"),
            Self::Transferred(to) if Operand::Literal(to.clone()).placeholder() => {
                write!(f, "the call is transferred to {to}, which is known only after substitution")
            }
            Self::Transferred(to) => write!(f, "the call is transferred to {to}"),
            Self::Finished => f.write_str("the flow has no next action"),
            Self::Exited(action) => write!(f, "the flow ends ({action})"),
            Self::Repeats => f.write_str(
                "the in-queue task ends and starts again as long as the call waits; nothing changes any more",
            ),
            Self::Astray { action, id } if action.is_empty() => {
                write!(f, "the flow begins with {id}, which is not an action of this flow")
            }
            Self::Astray { action, id } => write!(f, "{action} leads to {id}, which is not an action of this flow"),
            Self::Cycle(names) => {
                write!(f, "the flow runs in a circle and nothing changes in it: {}", names.join(" → "))
            }
            Self::Limit(what) => f.write_str(what),
            Self::Needs(Need::Lookup { name, action, table: true }) => write!(
                f,
                "what the table {name} has (in {action}) is needed: --data-action '{name}={{…}}' for the row, '{name}=notFound' or '{name}=failure'"
            ),
            Self::Needs(Need::Lookup { name, action, table: false }) => write!(
                f,
                "the answer of the data action {name} (in {action}) is needed: --data-action '{name}={{…}}', '{name}=timeout' or '{name}=error'"
            ),
            Self::Needs(Need::Digit { menu, choices }) if choices.is_empty() => {
                write!(f, "what the caller enters at {menu} is needed: --press KEYS")
            }
            Self::Needs(Need::Digit { menu, choices }) => {
                write!(f, "a key press is needed at {menu}: --press KEY, one of {}", choices.join(", "))
            }
            Self::Needs(Need::Output { action, outputs }) => write!(
                f,
                "what {action} comes to is not known here, so the output to take is needed: --choose '{action}=…', one of {}",
                outputs.join(", ")
            ),
            Self::Undecided(what) => f.write_str(what),
        }
    }
}
