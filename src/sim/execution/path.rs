//! The way a run took through its definition, worked out from what it wrote.

use std::collections::HashMap;

use uuid::Uuid;

use crate::sim::{
    architect::{self, Branch, Plan, StepKind},
    world::{FlowWrite, SimFlowRun},
};

/// An action that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct RanAction {
    /// What its id in the configuration is derived from.
    pub action: String,
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: StepKind,
    /// How the configuration has it.
    pub shape: Shape,
    /// When, ms since 1970.
    pub at: i64,
    /// Its output.
    pub output: Option<String>,
    /// What it set: key and value.
    pub set: Vec<(String, String)>,
    /// What the run says of the variables that it read: name in the definition and value.
    pub values: Vec<(String, String)>,
    /// What the id of the case that a switch took is derived from, and the case's name.
    pub case: Option<(String, String)>,
}

/// How the configuration has an action of the short form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// As it is.
    Plain,
    /// A menu that asks for a key.
    Menu,
    /// The bot that asks in a message, where there are no menus.
    Bot,
    /// The switch on what the bot found.
    Switch,
}

impl RanAction {
    /// The output as documents spell it.
    pub fn output_id(&self, flow: Uuid) -> Option<String> {
        if let Some((case, _)) = &self.case {
            return Some(architect::action_id(flow, case).to_string());
        }
        let fixed = match self.output.as_deref()? {
            "success" => "__SUCCESS__",
            "failure" => "__FAILURE__",
            "timeout" => "__TIMEOUT__",
            "yes" => "__YES__",
            "no" => "__NO__",
            _ => return None,
        };
        Some(fixed.to_owned())
    }
}

/// The way of a run; `None` when what it wrote does not fit its definition. `voice`: it is a flow of calls, which has menus.
pub fn taken(plan: &Plan, run: &SimFlowRun, voice: bool) -> Option<Vec<RanAction>> {
    let trail = Trail::of(run);
    let fitting = fitting(plan, &trail);
    let (mut steps, mut at, mut time) = (Vec::new(), plan.start?, run.start);
    let hung_up = ended_openly(run);
    // The choice of a menu that has led to the action at hand: what ends there is an action of the menu itself.
    let mut choice: Option<(String, String)> = None;
    // A ring would go on for ever.
    for _ in 0..10 * plan.steps.len() {
        let step = &plan.steps[at];
        let (action, name) = match choice.take().filter(|_| step.kind.ends()) {
            Some((action, label)) => (action, if label.is_empty() { step.name.clone() } else { label }),
            None => (step.id.clone(), step.name.clone()),
        };
        let mut taken = RanAction {
            action,
            name,
            kind: step.kind.clone(),
            shape: Shape::Plain,
            at: time,
            output: None,
            set: Vec::new(),
            values: Vec::new(),
            case: None,
        };
        let mut next = step.next;
        match &step.kind {
            StepKind::Set(values) => {
                let Some(moment) = trail.moment(values) else { return hung_up.then_some(steps) };
                time = time.max(moment);
                taken.at = time;
                for (key, template) in values {
                    let value = trail.find(key, template)?.values[key].clone();
                    if let Some(name) = template.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
                        taken.values.push((name.trim().to_owned(), value.clone()));
                    }
                    taken.set.push((key.clone(), value));
                }
            }
            StepKind::Queue(queue) => {
                if hung_up || run.queue.as_deref().is_none_or(|to| to != queue) {
                    return None;
                }
                taken.at = run.end;
                steps.push(taken);
                return Some(steps);
            }
            StepKind::Disconnect => {
                taken.at = run.end;
                steps.push(taken);
                return hung_up.then_some(steps);
            }
            StepKind::Data(..) | StepKind::Decide(_) | StepKind::Menu => {
                let leads = |branch: &&Branch| branch.to.or(step.next).map_or(hung_up, |to| fitting[to]);
                let Some(branch) = step.branches.iter().find(leads) else {
                    return hung_up.then_some(steps);
                };
                taken.output = Some(branch.output.clone());
                next = branch.to.or(step.next);
                if step.kind == StepKind::Menu && voice {
                    taken.action = format!("menu {}", step.id);
                    taken.shape = Shape::Menu;
                    choice = Some((format!("{} choice {}", step.id, branch.output), branch.label.clone()));
                } else if step.kind == StepKind::Menu {
                    let bot = RanAction {
                        action: format!("{} bot", step.id),
                        name: format!("Ask {}", step.name),
                        shape: Shape::Bot,
                        output: None,
                        values: vec![("Flow.Intent".to_owned(), branch.output.clone())],
                        ..taken.clone()
                    };
                    steps.push(bot);
                    taken.shape = Shape::Switch;
                    let label = if branch.label.is_empty() { &branch.output } else { &branch.label };
                    taken.case = Some((format!("{} case {}", step.id, branch.output), label.clone()));
                }
            }
            StepKind::Get(_) | StepKind::Collect(_) | StepKind::Say => {}
        }
        steps.push(taken);
        time += 1;
        let Some(following) = next else { return hung_up.then_some(steps) };
        at = following;
    }
    None
}

/// The run may have ended anywhere: the caller hung up, or another flow took over, which no action of a scenario says.
fn ended_openly(run: &SimFlowRun) -> bool {
    run.exit != "TRANSFER" || run.queue.is_none()
}

/// What a run wrote, by key.
struct Trail<'r> {
    run: &'r SimFlowRun,
    by_key: HashMap<&'r str, Vec<&'r FlowWrite>>,
}

impl<'r> Trail<'r> {
    fn of(run: &'r SimFlowRun) -> Self {
        let mut by_key: HashMap<&str, Vec<&FlowWrite>> = HashMap::new();
        for write in &run.writes {
            write.values.keys().for_each(|key| by_key.entry(key).or_default().push(write));
        }
        Self { run, by_key }
    }

    /// The first write of this key that fits what the definition sets it to: a text as it stands, a variable as it may be.
    fn find(&self, key: &str, template: &str) -> Option<&'r FlowWrite> {
        let is_open = template.contains("{{");
        self.by_key.get(key)?.iter().copied().find(|write| is_open || write.values[key] == *template)
    }

    /// When all of these keys had been written with values that fit; `None` if they were not.
    fn moment(&self, values: &[(String, String)]) -> Option<i64> {
        let of = |(key, template): &(String, String)| self.find(key, template).map(|write| write.at);
        values.iter().map(of).collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}

/// For each action, whether it, or what decisions and questions lead to from it, is what the run did. Ways that meet again are
/// looked at once: backwards from those that fit.
fn fitting(plan: &Plan, trail: &Trail<'_>) -> Vec<bool> {
    let run = trail.run;
    let hung_up = ended_openly(run);
    let mut fits = vec![false; plan.steps.len()];
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); plan.steps.len()];
    let mut queue = Vec::new();
    for (at, step) in plan.steps.iter().enumerate() {
        let mut own = false;
        match &step.kind {
            StepKind::Set(values) => own = trail.moment(values).is_some(),
            StepKind::Queue(queue) => own = run.queue.as_ref() == Some(queue),
            StepKind::Disconnect => own = hung_up,
            StepKind::Data(..) | StepKind::Decide(_) | StepKind::Menu => {
                for branch in &step.branches {
                    match branch.to.or(step.next) {
                        Some(to) => back[to].push(at),
                        None => own |= hung_up,
                    }
                }
            }
            StepKind::Get(_) | StepKind::Collect(_) | StepKind::Say => match step.next {
                Some(to) => back[to].push(at),
                None => own = hung_up,
            },
        }
        if own {
            fits[at] = true;
            queue.push(at);
        }
    }
    while let Some(at) = queue.pop() {
        for from in std::mem::take(&mut back[at]) {
            if !std::mem::replace(&mut fits[from], true) {
                queue.push(from);
            }
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use indexmap::IndexMap;
    use serde_json::{Value, json};
    use uuid::Uuid;

    fn run(writes: &[(&str, &str)]) -> SimFlowRun {
        let write = |(key, value): &(&str, &str)| FlowWrite {
            at: 5,
            values: IndexMap::from([((*key).to_owned(), (*value).to_owned())]),
        };
        SimFlowRun {
            id: Uuid::nil(),
            conversation: Uuid::nil(),
            flow: 0,
            version: 0,
            start: 1,
            end: 9,
            from: String::new(),
            exit: "DISCONNECT",
            queue: None,
            writes: writes.iter().map(write).collect(),
        }
    }

    /// Decisions one after the other, whose two ways meet at the next.
    fn ladder(decisions: usize) -> Plan {
        let id = |n: usize| if n == decisions { "set".to_owned() } else { format!("d{n}") };
        let decide = |n: usize| {
            json!({"id": id(n), "type": "decision", "settings":
                {"expression": "x", "trueActionId": id(n + 1), "falseActionId": id(n + 1)}})
        };
        let mut actions: Vec<Value> = (0..decisions).map(decide).collect();
        actions.push(json!({"id": "set", "type": "setParticipantData", "settings": {"key": "tier", "value": "gold"},
            "nextActionId": "bye"}));
        actions.push(json!({"id": "bye", "type": "disconnect"}));
        Plan::read(&json!({"actions": actions}))
    }

    #[test]
    fn decisions_whose_ways_meet_again_are_looked_at_once() {
        // Twice as many ways with each decision: 2^5000 if each were followed.
        let plan = ladder(5_000);
        assert_eq!(taken(&plan, &run(&[("tier", "gold")]), true).map(|steps| steps.len()), Some(5_002));
        // Nothing fits: it hung up at the first decision.
        let other = taken(&plan, &run(&[("tier", "silver")]), true).expect("a way");
        assert_eq!(other.len(), 0);
    }

    #[test]
    fn a_text_of_the_definition_has_to_be_what_was_written() {
        let plan = Plan::read(&json!({"actions": [
            {"id": "a", "type": "setParticipantData", "settings": {"key": "step", "value": "done"}, "nextActionId": "b"},
            {"id": "b", "type": "setParticipantData", "settings": {"key": "tier", "value": "{{x.tier}}"}}]}));
        let way = taken(&plan, &run(&[("step", "amount"), ("step", "done"), ("tier", "any")]), true).expect("a way");
        assert_eq!(way[0].set, [("step".to_owned(), "done".to_owned())]);
        assert_eq!(way[1].values, [("x.tier".to_owned(), "any".to_owned())]);
        assert_eq!(taken(&plan, &run(&[("step", "amount")]), true).map(|way| way.len()), Some(0));
    }
}
