//! A definition in the short form of scenarios and tutorials: `actions`, each with `id`, `type`, `settings` and links.

use std::collections::HashMap;

use serde_json::Value;

/// A flow in the short form, with its links resolved.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Its actions, in the order of the definition.
    pub steps: Vec<PlannedAction>,
    /// Where it begins.
    pub start: Option<usize>,
}

/// One action.
#[derive(Debug, Clone)]
pub struct PlannedAction {
    /// Its id in the definition.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: StepKind,
    /// What comes after it where no branch decides.
    pub next: Option<usize>,
    /// Its outputs and where they lead.
    pub branches: Vec<Branch>,
}

/// One output.
#[derive(Debug, Clone)]
pub struct Branch {
    /// `success`, `yes`, the digit of a menu.
    pub output: String,
    /// What a menu calls it.
    pub label: String,
    /// Where it leads.
    pub to: Option<usize>,
}

/// What an action does.
#[derive(Debug, Clone, PartialEq)]
pub enum StepKind {
    /// Sets participant data: key and value, each text with `{{variable}}` places.
    Set(Vec<(String, String)>),
    /// Reads participant data: key and variable.
    Get(Vec<(String, String)>),
    /// Calls a data action: its name and the variable of its result.
    Data(String, String),
    /// Decides on an expression.
    Decide(String),
    /// Asks for a key.
    Menu,
    /// Takes digits into a variable.
    Collect(String),
    /// Transfers to the queue of this name.
    Queue(String),
    /// Ends the call.
    Disconnect,
    /// Says something.
    Say,
}

impl Plan {
    /// Reads a definition. What it does not know becomes an action that only says something.
    pub fn read(definition: &Value) -> Self {
        Self::without(definition, &[])
    }

    /// Reads a definition and leaves out what sets the keys in `lost`: the version of the flow that lost them.
    pub fn without(definition: &Value, lost: &[String]) -> Self {
        let list = definition["actions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let ids: HashMap<&str, usize> =
            list.iter().enumerate().filter_map(|(at, action)| Some((action["id"].as_str()?, at))).collect();
        let find = |value: &Value| value.as_str().and_then(|id| ids.get(id).copied());
        let steps = list.iter().map(|action| {
            let settings = &action["settings"];
            let kind = kind(action["type"].as_str().unwrap_or_default(), settings, lost);
            let branch =
                |output: &str, to: &Value| Branch { output: output.into(), label: String::new(), to: find(to) };
            let branches = match kind {
                StepKind::Data(..) => vec![
                    branch("success", &settings["onSuccess"]),
                    branch("failure", &settings["onError"]),
                    branch("timeout", &settings["onTimeout"]),
                ],
                StepKind::Decide(_) => {
                    vec![branch("yes", &settings["trueActionId"]), branch("no", &settings["falseActionId"])]
                }
                StepKind::Menu => choices(&settings["choices"], &find),
                _ => Vec::new(),
            };
            PlannedAction {
                id: text(action, "id"),
                name: text(action, "name"),
                kind,
                next: find(&action["nextActionId"]),
                branches,
            }
        });
        let steps: Vec<PlannedAction> = steps.collect();
        let start = find(&definition["startActionId"]).or((!steps.is_empty()).then_some(0));
        let mut plan = Self { steps, start };
        plan.skip_empty();
        plan
    }

    /// Leads every link past actions that set nothing any more.
    fn skip_empty(&mut self) {
        let through: Vec<Option<usize>> = (0..self.steps.len())
            .map(|from| {
                let mut at = Some(from);
                // Twice around would be a ring of nothing.
                for _ in 0..=self.steps.len() {
                    let here = at?;
                    if self.steps[here].kind != StepKind::Set(Vec::new()) {
                        return at;
                    }
                    at = self.steps[here].next;
                }
                None
            })
            .collect();
        let past = |link: &mut Option<usize>| *link = link.and_then(|to| through[to]);
        past(&mut self.start);
        for step in &mut self.steps {
            past(&mut step.next);
            step.branches.iter_mut().for_each(|branch| past(&mut branch.to));
        }
    }

    /// Where an action may lead: each branch, or what comes next for a branch that leads nowhere of its own.
    pub fn successors(&self, at: usize) -> Vec<usize> {
        let step = &self.steps[at];
        if step.kind.ends() {
            return Vec::new();
        }
        if step.branches.is_empty() {
            return step.next.into_iter().collect();
        }
        step.branches.iter().filter_map(|branch| branch.to.or(step.next)).collect()
    }
}

impl StepKind {
    /// Whether nothing comes after it.
    pub fn ends(&self) -> bool {
        matches!(self, Self::Queue(_) | Self::Disconnect)
    }
}

fn choices(value: &Value, find: &dyn Fn(&Value) -> Option<usize>) -> Vec<Branch> {
    let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    match value {
        Value::Array(list) => list
            .iter()
            .map(|choice| Branch {
                output: text(choice, "digit"),
                label: text(choice, "name"),
                to: find(&choice["nextActionId"]),
            })
            .collect(),
        Value::Object(map) => {
            map.iter().map(|(digit, to)| Branch { output: digit.clone(), label: String::new(), to: find(to) }).collect()
        }
        _ => Vec::new(),
    }
}

fn kind(name: &str, settings: &Value, lost: &[String]) -> StepKind {
    let text = |name: &str| settings[name].as_str().unwrap_or_default().to_owned();
    match name {
        "setParticipantData" => {
            let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let one = settings["key"].as_str().map(|key| (key.to_owned(), plain(&settings["value"])));
            let many = settings["attributes"].as_object().into_iter().flatten();
            let all = one.into_iter().chain(many.map(|(key, value)| (key.clone(), plain(value))));
            let kept: Vec<_> = all.filter(|(key, _)| !lost.contains(key)).collect();
            StepKind::Set(kept)
        }
        "getParticipantData" => StepKind::Get(vec![(text("key"), text("variable"))]),
        "dataAction" => StepKind::Data(text("dataAction"), text("resultVariable")),
        "decision" => StepKind::Decide(text("expression")),
        "menu" => StepKind::Menu,
        "collectInput" => StepKind::Collect(text("resultVariable")),
        "transferToAcd" | "transferToQueue" => StepKind::Queue(text("queue")),
        "disconnect" => StepKind::Disconnect,
        _ => StepKind::Say,
    }
}
