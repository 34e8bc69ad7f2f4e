//! A flow as a graph: actions, where each leads, and what it does to participant data.
//!
//! Every link is explicit. An action is followed by its `next`; branches hang on the outputs of the action that owns them
//! ([`Action::within`]), and a chain that ends goes on at the `next` of the action that owns its branch. The reader has
//! worked that out, in all forms: `next` and [`Branch::to`] are final, so whoever walks the graph needs no stack except for
//! task calls. `None` is the end of the container: back to the caller of a called task, the end of the flow, or, in a
//! container that [repeats](ContainerKind::LoopTask), its start again. The end of a loop's body leads to the loop.
//!
//! Every output that the type of an action has is there as a [`Branch`], whether the file writes it or leaves it out
//! ([`Branch::written`]); outputs that are switched off ([`Branch::off`]) are there too and are no way.

mod operand;

pub(super) use operand::own_variable;
pub use operand::{LiteralType, Operand};

use super::actions::ActionType;
use crate::tree::NodeId;
use std::{borrow::Cow, fmt};

/// Which of the forms a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowFileForm {
    /// The platform's `GET /api/v2/flows/{id}/latestconfiguration`: JSON without an official schema.
    Platform,
    /// Architect's export (`.i3InboundFlow` and its family): that JSON, percent-encoded, in base64.
    Export,
    /// Archy YAML, the form that Architect exports, imports and publishes.
    Archy,
    /// The plain JSON of tutorials (`actions[]`, `nextActionId`). The platform neither produces nor accepts it.
    Tutorial,
}

impl fmt::Display for FlowFileForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Platform => "latestconfiguration JSON",
            Self::Export => "Architect export",
            Self::Archy => "Archy YAML",
            Self::Tutorial => "tutorial JSON",
        })
    }
}

/// One flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The form it was read from.
    pub form: FlowFileForm,
    /// Its name; empty when the file gives none.
    pub name: String,
    /// Its type as the file spells it: `inboundcall`, `inboundCall`, `botFlow`; empty when the file gives none.
    pub kind: String,
    /// Tasks, menus and states, in the order of the file. The task that a menu choice holds in YAML is one too.
    pub containers: Vec<Container>,
    /// All actions.
    pub actions: Vec<Action>,
    /// Where it begins.
    pub start: Option<usize>,
    /// Why that is a guess: the file names no beginning, or one that it does not have. Then the first part is taken.
    pub start_doubt: Option<String>,
    /// Declared variables, of the flow and of its containers.
    pub variables: Vec<Variable>,
    /// Common modules that the file carries within it. Their actions are not among [`Flow::actions`].
    pub modules: Vec<Module>,
    /// What is odd about the file: links that lead nowhere, ids that occur twice.
    pub remarks: Vec<Remark>,
    /// What stands in the file in a shape that is not read, so that actions or attributes may be missing here.
    pub unread: Vec<Remark>,
    /// What in the file can mean more than one thing: ids, variables and keys of a menu that stand twice, actions that are
    /// switched off. All of it is among the remarks too.
    pub doubtful: Vec<Remark>,
}

/// A common module that stands inside the file of a flow that calls it.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Its id; empty when the file gives none.
    pub id: String,
    /// What it does.
    pub flow: Flow,
}

/// What a container is, which decides what its end means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerKind {
    /// A task: at its end back to the caller, else the end of the flow.
    #[default]
    Task,
    /// The task of an in-queue flow: starts again when it ends, as long as the call waits.
    LoopTask,
    /// A state, of a bot too: its end is the end of the flow.
    State,
    /// A menu; its one action of [`ActionKind::Menu`] has the choices as branches.
    Menu,
    /// The task of a common module: its end is the end of the module.
    Module,
}

/// A task, menu or state.
#[derive(Clone, Debug, Default)]
pub struct Container {
    /// Its id or `refId`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: ContainerKind,
    /// Its first action.
    pub start: Option<usize>,
    /// The id that the file names as the first action and that nothing in it has.
    pub astray: Option<String>,
    /// The ways out that a task declares, `default` among them; [`ActionKind::EndTask`] names one by its id.
    pub paths: Vec<TaskPath>,
}

/// A way out of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskPath {
    /// `default`, the id that the JSON gives it, or its name in YAML.
    pub id: String,
    /// What people call it.
    pub label: String,
}

/// A variable and the value it begins with.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name, scope included: `Flow.Tier`. Names are not case-sensitive.
    pub name: String,
    /// What it begins with; [`Operand::Unset`] when the file says it has no value.
    pub initial: Operand,
    /// The container that declares it (`Task.`, `State.`); `None` for those of the flow (`Flow.`, `Slot.`, `Common.`).
    pub container: Option<usize>,
    /// Its type as the file spells it (`StringVariable`, `stringVariable`); empty when the file gives none.
    pub type_name: String,
    /// It holds a list of that type.
    pub collection: bool,
    /// It is a parameter that the caller fills.
    pub input: bool,
    /// It is a parameter that the caller takes.
    pub output: bool,
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
    pub tracking: Option<u32>,
    /// Its name; empty when the file gives none.
    pub name: String,
    /// Its type as the file spells it.
    pub type_name: Cow<'static, str>,
    /// What is known of its type; `None` for types that [`super::actions`] does not list.
    pub spec: Option<&'static ActionType>,
    /// Line in the file, from 1.
    pub line: usize,
    /// The container it stands in.
    pub container: usize,
    /// The action and branch that lead to it first, i.e. the owner of its chain; `None` on a container's main line.
    pub within: Option<(usize, usize)>,
    /// What it does.
    pub kind: ActionKind,
    /// What runs after it, when no branch decides; `None` at the end of its container. Of a transfer it is what runs if the
    /// transfer fails.
    pub next: Option<usize>,
    /// The id that the file names as next and that nothing in it has; `next` is then no end.
    pub astray: Option<String>,
    /// Its outputs, those that the file leaves out and those that are switched off included.
    pub branches: Vec<Branch>,
    /// The variables it writes, whatever its type. Update, Get Participant Data and loops tell theirs in [`Action::kind`] as
    /// well; of all other actions the result is known only when it is given.
    pub writes: Vec<VariableWrite>,
    /// Where it stands in the tree of its text.
    pub(super) node: NodeId,
}

/// A variable that an action writes: a `ref` of mode 2 in JSON, `var:` in YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableWrite {
    /// The variable, scope included.
    pub variable: String,
    /// The result's member or the setting that goes into it: `records.id`, `errorCode`, `intent`, `findResult`.
    pub from: String,
    /// When it is written.
    pub when: WhenWritten,
}

/// When an action writes a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenWritten {
    /// When it has done what it is for.
    Done,
    /// When it fails or gets no answer in time, and not otherwise.
    Failed,
    /// Perhaps: it is mentioned in a shape that is not read, where targets stand or may stand.
    Perhaps,
}

impl ActionKind {
    /// What it sets, on whomever.
    pub fn sets(&self) -> Option<&[Assign]> {
        match self {
            Self::SetData(list) => Some(list),
            Self::SetConversation(of) => Some(&of.list),
            _ => None,
        }
    }

    /// The names of the attributes that it sets or reads.
    pub fn names(&self) -> impl Iterator<Item = &Operand> {
        let read = match self {
            Self::GetData(list) => list.as_slice(),
            Self::GetConversation(of) => &of.list,
            _ => &[],
        };
        self.sets().unwrap_or_default().iter().map(|one| &one.key).chain(read.iter().map(|one| &one.key))
    }
}

impl Action {
    /// Gives back what its lists hold and do not need: a large flow is mostly short lists.
    pub(super) fn shrink(&mut self) {
        self.writes.shrink_to_fit();
        self.branches.shrink_to_fit();
        match &mut self.kind {
            ActionKind::SetData(list) => list.shrink_to_fit(),
            ActionKind::GetData(list) => list.shrink_to_fit(),
            ActionKind::SetConversation(of) => of.list.shrink_to_fit(),
            ActionKind::GetConversation(of) => of.list.shrink_to_fit(),
            ActionKind::Update(list) => list.shrink_to_fit(),
            ActionKind::Lookup(lookup) => {
                lookup.inputs.shrink_to_fit();
                lookup.outputs.shrink_to_fit();
                lookup.errors.shrink_to_fit();
            }
            _ => {}
        }
    }
}

/// One output of an action.
#[derive(Clone, Debug, Default)]
pub struct Branch {
    /// What it is by, in all forms: `yes`, `no`, `success`, `failure`, `timeout`, `found`, `notFound`, `default`, `loop`,
    /// `maxNoInputs`; `case 1` (from 1) or its `referenceId` for a case, the id or name of an intent, a choice, a way out.
    pub id: String,
    /// What people read: the id, a case's condition or value, a menu choice, a name.
    pub label: String,
    /// Another name for it: the name that the file's author or Architect gave (`Case 1`).
    pub alias: Option<String>,
    /// A switch case's condition or value.
    pub when: Option<Box<Operand>>,
    /// The key that chooses it in a menu.
    pub digit: Option<String>,
    /// The menu takes it where the caller enters nothing.
    pub default: bool,
    /// Where it leads; `None` when its container ends there.
    pub to: Option<usize>,
    /// The id that the file names here and that nothing in it has; `to` is then no end.
    pub astray: Option<String>,
    /// Whether the file writes it down. One that is left out goes on behind its action.
    pub written: bool,
    /// Whether it is switched off.
    pub off: Option<Off>,
}

/// Why an output is no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// `disabled`: a case that is switched off. Whether the platform then goes on with the next case or takes the default
    /// is not verified.
    Disabled,
    /// `outOfService`, or `enabled: false`: as if the action did not have it.
    OutOfService,
}

impl Branch {
    /// Whether this name means it: id, label, alias or key, in any case.
    pub fn is(&self, name: &str) -> bool {
        [Some(&self.id), Some(&self.label), self.alias.as_ref(), self.digit.as_ref()]
            .into_iter()
            .flatten()
            .any(|own| own.to_lowercase() == name.to_lowercase())
    }
}

/// What an action does.
#[derive(Clone, Debug)]
pub enum ActionKind {
    /// Sets attributes on the customer participant.
    SetData(Vec<Assign>),
    /// Sets attributes on a participant of the conversation that it names.
    SetConversation(Box<Conversation<Assign>>),
    /// Reads attributes into variables.
    GetData(Vec<Fetch>),
    /// Reads attributes of a participant of the conversation that it names.
    GetConversation(Box<Conversation<Fetch>>),
    /// Sets variables, in order; later ones see earlier ones.
    Update(Vec<(String, Operand)>),
    /// Makes slots not set; which ones is not known when none is named.
    ClearSlot(Vec<String>),
    /// Takes `yes` or `no`.
    Decision(Box<Operand>),
    /// Takes the first case that holds (`None`, style 0), or whose value this equals (style 1); else `default`.
    Switch(Option<Box<Operand>>),
    /// Takes the choice whose key is pressed.
    Menu,
    /// Takes what the caller enters into a variable.
    Collect(Box<Collect>),
    /// Asks another system: `success`, `failure` or `timeout`; a table `found`, `notFound` or `failure`.
    Lookup(Box<Lookup>),
    /// Runs its body, the branch `loop`, a number of times.
    Loop(Box<Loop>),
    /// Leaves the loop at this index. `next` is what follows the loop.
    ExitLoop(usize),
    /// Begins the next round of the loop at this index, which is its `next`.
    NextLoop(usize),
    /// Leads elsewhere, by `next`, without return: to a task, menu or state of the flow.
    Jump(Jump),
    /// Runs a task and comes back by the way out that its end names; without a branch for it, by `next`.
    CallTask(Jump),
    /// Goes back to whoever called the task, by the way out with this id or name; `None`: by `default`.
    EndTask(Option<String>),
    /// Runs another flow and comes back: a common module or a bot.
    CallFlow(Box<CallFlow>),
    /// Hands the conversation on, unless it fails; the text says to what.
    Transfer(String),
    /// Ends the flow.
    End,
    /// Does nothing to data: prompts, waits.
    Passive,
    /// Takes one of its outputs, or goes on, by what happens outside: bots' questions, schedules, searches.
    Ask,
    /// Not interpreted here.
    Unknown,
}

/// Data actions on a conversation that is named.
#[derive(Clone, Debug)]
pub struct Conversation<T> {
    /// Its id.
    pub conversation: Operand,
    /// The participant's; unset for the default one.
    pub participant: Operand,
    /// What is set or read.
    pub list: Vec<T>,
}

/// What the caller is to enter.
#[derive(Clone, Debug, Default)]
pub struct Collect {
    /// The variable that takes it.
    pub into: Option<String>,
    /// The least and the most digits, where the file says so in numbers.
    pub digits: Option<(u32, u32)>,
}

/// A loop's settings.
#[derive(Clone, Debug, Default)]
pub struct Loop {
    /// How many rounds.
    pub count: Option<Operand>,
    /// The variable that takes the index, from 0.
    pub index: Option<String>,
}

/// Where a jump or a task call goes.
#[derive(Clone, Debug, Default)]
pub struct Jump {
    /// The container; `None` where the file links straight to an action.
    pub container: Option<usize>,
    /// What goes there with it and comes back, where anything does.
    pub passed: Option<Box<Passed>>,
}

/// The values of a jump or a task call.
#[derive(Clone, Debug, Default)]
pub struct Passed {
    /// Values for the task's input variables.
    pub inputs: Vec<(String, Operand)>,
    /// The task's output variables and the variables that take them.
    pub outputs: Vec<(String, String)>,
}

impl Jump {
    /// To a container with these values.
    pub(super) fn new(
        container: Option<usize>,
        inputs: Vec<(String, Operand)>,
        outputs: Vec<(String, String)>,
    ) -> Self {
        let any = !inputs.is_empty() || !outputs.is_empty();
        Self { container, passed: any.then(|| Box::new(Passed { inputs, outputs })) }
    }

    /// Values for the task's input variables.
    pub fn inputs(&self) -> &[(String, Operand)] {
        self.passed.as_ref().map_or(&[], |passed| &passed.inputs)
    }

    /// The task's output variables and the variables that take them.
    pub fn outputs(&self) -> &[(String, String)] {
        self.passed.as_ref().map_or(&[], |passed| &passed.outputs)
    }
}

/// A call of another flow.
#[derive(Clone, Debug, Default)]
pub struct CallFlow {
    /// Its name.
    pub name: String,
    /// Its id; empty when the file gives none.
    pub id: String,
    /// Where in [`Flow::modules`] it stands, when the file carries it.
    pub module: Option<usize>,
    /// Values for its input variables.
    pub inputs: Vec<(String, Operand)>,
    /// Its output variables and the variables that take them.
    pub outputs: Vec<(String, String)>,
}

/// A data action or table lookup.
#[derive(Clone, Debug, Default)]
pub struct Lookup {
    /// Its name, which `--data-action NAME=…` gives a result for; a table's is the table's.
    pub name: String,
    /// It asks a data table.
    pub table: bool,
    /// What it is asked with.
    pub inputs: Vec<(String, Operand)>,
    /// Result members and the variables that take them.
    pub outputs: Vec<(String, String)>,
    /// Members of a failure and the variables that take them.
    pub errors: Vec<(String, String)>,
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

/// Why a name names no one action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotFound {
    /// Nothing is called so; the nearest name, when one is near.
    None(Option<String>),
    /// Several are; how to tell them apart.
    Many(Vec<String>),
}

impl Flow {
    /// An empty flow.
    pub(super) fn new(form: FlowFileForm, name: String, kind: String) -> Self {
        Self {
            form,
            name,
            kind,
            containers: Vec::new(),
            actions: Vec::new(),
            start: None,
            start_doubt: None,
            variables: Vec::new(),
            modules: Vec::new(),
            remarks: Vec::new(),
            unread: Vec::new(),
            doubtful: Vec::new(),
        }
    }

    /// Why what is read of it may not be all, or not so: no beginning that can be told, parts that can mean more than one thing or
    /// are not read.
    pub fn doubts(&self) -> Vec<String> {
        let parts = self.doubtful.iter().chain(&self.unread);
        let parts = parts.map(|one| format!("line {}: {}", one.line, one.what));
        self.start_doubt.iter().cloned().chain(parts).collect()
    }

    /// Whether all of it is read, and can mean one thing only.
    pub fn is_certain(&self) -> bool {
        self.start_doubt.is_none() && self.doubtful.is_empty() && self.unread.is_empty()
    }

    /// Notes what can mean more than one thing.
    pub(super) fn doubt(&mut self, line: usize, what: String) {
        self.remarks.push(Remark { line, what: what.clone() });
        self.doubtful.push(Remark { line, what });
    }

    /// The action with this id, tracking number or name; names are compared exactly first, then without case.
    pub fn find(&self, name: &str) -> Result<usize, NotFound> {
        let number: Option<u32> = name.strip_prefix('#').unwrap_or(name).parse().ok();
        let tests: [&dyn Fn(&Action) -> bool; 4] = [
            &|action| action.id == name,
            &|action| number.is_some() && action.tracking == number,
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
