//! The way a run took through its definition, worked out from what it wrote.

use crate::sim::{
    architect::{Branch, Kind, Plan},
    world::{FlowRun, Written},
};

/// An action that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Its id in the definition.
    pub action: String,
    /// Its index in the definition, from which its tracking number follows.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: Kind,
    /// When, ms since 1970.
    pub at: i64,
    /// Its output.
    pub output: Option<String>,
    /// What it set: key and value.
    pub set: Vec<(String, String)>,
    /// What the run says of the variables that it read: name in the definition and value.
    pub values: Vec<(String, String)>,
}

impl Taken {
    /// The output as documents spell it.
    pub fn output_id(&self) -> Option<&'static str> {
        Some(match self.output.as_deref()? {
            "success" => "__SUCCESS__",
            "failure" => "__FAILURE__",
            "timeout" => "__TIMEOUT__",
            "yes" => "__YES__",
            "no" => "__NO__",
            _ => return None,
        })
    }
}

/// The way of a run; `None` when what it wrote does not fit its definition.
pub fn taken(plan: &Plan, run: &FlowRun) -> Option<Vec<Taken>> {
    let (mut steps, mut at, mut time) = (Vec::new(), plan.start?, run.start);
    let hung_up = run.exit != "TRANSFER";
    // A ring would go on for ever.
    for _ in 0..10 * plan.steps.len() {
        let step = &plan.steps[at];
        let mut taken = Taken {
            action: step.id.clone(),
            index: at,
            name: step.name.clone(),
            kind: step.kind.clone(),
            at: time,
            output: None,
            set: Vec::new(),
            values: Vec::new(),
        };
        let mut next = step.next;
        match &step.kind {
            Kind::Set(values) => {
                let Some(moment) = moment(run, values) else { return hung_up.then_some(steps) };
                time = time.max(moment);
                taken.at = time;
                for (key, template) in values {
                    let value = value_of(run, key)?;
                    if let Some(name) = template.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
                        taken.values.push((name.trim().to_owned(), value.clone()));
                    }
                    taken.set.push((key.clone(), value));
                }
            }
            Kind::Queue(queue) => {
                if hung_up || run.queue.as_deref().is_none_or(|to| to != queue) {
                    return None;
                }
                taken.at = run.end;
                steps.push(taken);
                return Some(steps);
            }
            Kind::Disconnect => {
                taken.at = run.end;
                steps.push(taken);
                return hung_up.then_some(steps);
            }
            Kind::Data(..) | Kind::Decide(_) | Kind::Menu => {
                let Some(branch) = step.branches.iter().find(|branch| fits(plan, run, branch, step.next)) else {
                    return hung_up.then_some(steps);
                };
                taken.output = Some(branch.output.clone());
                next = branch.to.or(step.next);
            }
            Kind::Get(_) | Kind::Collect(_) | Kind::Say => {}
        }
        steps.push(taken);
        time += 1;
        let Some(following) = next else { return hung_up.then_some(steps) };
        at = following;
    }
    None
}

/// When all of these keys had been written with values that fit; `None` if they were not.
fn moment(run: &FlowRun, values: &[(String, String)]) -> Option<i64> {
    let of = |(key, template): &(String, String)| {
        let write = last(run, key)?;
        let literal = !template.contains("{{");
        (!literal || flexible(key) || write.values[key] == *template).then_some(write.at)
    };
    values.iter().map(of).collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// Keys whose literal in the definition stands for one of several texts of the stories.
fn flexible(key: &str) -> bool {
    !key.ends_with("_status") && !key.starts_with("ivr_choice")
}

fn last<'a>(run: &'a FlowRun, key: &str) -> Option<&'a Written> {
    run.writes.iter().find(|write| write.values.contains_key(key))
}

fn value_of(run: &FlowRun, key: &str) -> Option<String> {
    last(run, key).map(|write| write.values[key].clone())
}

/// Whether the first thing that a branch sets, or where it leads, is what the run did.
fn fits(plan: &Plan, run: &FlowRun, branch: &Branch, next: Option<usize>) -> bool {
    let mut at = branch.to.or(next);
    for _ in 0..plan.steps.len() {
        let Some(here) = at else { return run.exit != "TRANSFER" };
        match &plan.steps[here].kind {
            Kind::Set(values) => return moment(run, values).is_some(),
            Kind::Queue(queue) => return run.queue.as_ref() == Some(queue),
            Kind::Disconnect => return run.exit != "TRANSFER",
            Kind::Data(..) | Kind::Decide(_) | Kind::Menu => {
                let step = &plan.steps[here];
                return step.branches.iter().any(|branch| fits(plan, run, branch, step.next));
            }
            Kind::Get(_) | Kind::Collect(_) | Kind::Say => at = plan.steps[here].next,
        }
    }
    false
}
