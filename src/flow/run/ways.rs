//! Which output an action takes: as chosen from outside, as it decides itself, or as it has to be asked for.

use super::{ActionRun, End, GivenKind, Go, Need, Run, link, on};
use crate::flow::{
    expr::equal,
    model::{Action, ActionKind, Branch, Operand, display_name},
    value::Val,
};

/// The word for going on behind an action that also has outputs.
const NONE: &str = "none";

/// Whether a name from outside means this action: its id, name or tracking number (`#12`), or what it asks or calls.
pub(super) fn named(action: &Action, name: &str) -> bool {
    let asked = match &action.kind {
        ActionKind::Lookup(lookup) => lookup.name == name,
        ActionKind::CallFlow(call) => call.name.eq_ignore_ascii_case(name),
        _ => false,
    };
    asked || is_own_name(action, name)
}

/// Whether it is the action's own id, name or tracking number.
pub(super) fn is_own_name(action: &Action, name: &str) -> bool {
    let tracking = name
        .strip_prefix('#')
        .and_then(|number| number.parse().ok())
        .is_some_and(|number: u32| action.tracking == Some(number));
    tracking || action.id == name || display_name(action) == name || !action.name.is_empty() && action.name == name
}

impl Run {
    /// The output that was chosen for an action: of several under one name the next, and the last for the rest.
    pub(super) fn chosen(&mut self, action: &Action) -> Option<String> {
        let names = || self.inputs.choose.iter().map(|(name, _)| name.as_str());
        let name = names().find(|name| is_own_name(action, name)).or_else(|| names().find(|name| named(action, name)));
        let name = name?.to_owned();
        let given = self.inputs.choose.iter().filter(|(own, _)| *own == name).count();
        let place = self.turn(GivenKind::Output, &name, given)?;
        Some(self.inputs.choose.iter().filter(|(own, _)| *own == name).nth(place)?.1.clone())
    }

    /// Which of so many that were given under a name is next.
    pub(super) fn turn(&mut self, what: GivenKind, name: &str, given: usize) -> Option<usize> {
        let last = given.checked_sub(1)?;
        let used = self.used.entry((what, name.to_owned())).or_default();
        let place = (*used).min(last);
        *used += 1;
        if place < last {
            self.changed();
        }
        Some(place)
    }

    /// Takes the output with this name, which comes from outside.
    pub(super) fn by_name(&mut self, action: &Action, output: &str, step: &mut ActionRun) -> Go {
        match called(action, output) {
            Ok(Some(branch)) if branch.off.is_some() => return Go::End(switched_off(action, branch)),
            Ok(Some(branch)) => return take(action, branch, step),
            Ok(None) => {}
            Err(end) => return Go::End(end),
        }
        let usual = action.spec.map_or(&[][..], |spec| spec.outputs);
        let onward = output == NONE && has_way_on(action);
        // An output that leads nowhere of its own: the flow goes on behind the action.
        if onward || action.spec.is_none() || usual.iter().any(|known| known.eq_ignore_ascii_case(output)) {
            step.output = Some(output.to_owned());
            let written: Vec<&str> =
                action.branches.iter().filter(|one| one.written).map(|one| one.label.as_str()).collect();
            if action.spec.is_none() && !onward && !written.is_empty() {
                let name = display_name(action);
                self.doubts
                    .push(format!("what follows {name}: the file writes {} and not {output}", written.join(", ")));
            }
            return on(action);
        }
        let has = match outputs(action) {
            none if none.is_empty() => "all of its outputs are switched off, or it has none".to_owned(),
            outputs => format!("it has {}", outputs.join(", ")),
        };
        let what = format!("{} has no output {output}; {has}", display_name(action));
        Go::End(End::Undecided(what))
    }

    /// Takes one of these outputs; without it the flow goes on behind the action.
    pub(super) fn output(&mut self, action: &Action, labels: &[&str], step: &mut ActionRun) -> Go {
        let found = labels.iter().find_map(|label| action.branches.iter().find(|branch| branch.is(label)));
        match found {
            Some(branch) if branch.off.is_some() => Go::End(switched_off(action, branch)),
            Some(branch) => take(action, branch, step),
            None => {
                step.output = Some(labels[0].to_owned());
                on(action)
            }
        }
    }

    pub(super) fn decide(&mut self, action: &Action, condition: &Operand, step: &mut ActionRun) -> Go {
        match self.value(condition) {
            Val::Bool(true) => self.output(action, &["yes", "true"], step),
            Val::Bool(false) => self.output(action, &["no", "false"], step),
            other => Go::End(self.undecided(action, condition, &other)),
        }
    }

    pub(super) fn switch(&mut self, action: &Action, on: Option<&Operand>, step: &mut ActionRun) -> Go {
        let value = on.map(|on| self.value(on));
        let cases = action.branches.iter().filter(|branch| branch.when.is_some()).count();
        let default = |branch: &Branch| branch.is("default");
        let other = action.branches.iter().find(|branch| branch.written && branch.when.is_none() && !default(branch));
        if other.is_some() || cases == 0 && !action.branches.iter().any(|branch| branch.written && default(branch)) {
            let which =
                other.map_or_else(|| "no case".to_owned(), |branch| format!("no condition for {}", branch.label));
            let name = display_name(action);
            return Go::End(End::Undecided(format!(
                "{name} cannot be decided: {which} is read of it; take an output with --choose '{name}=…' ({})",
                or_none(&outputs(action))
            )));
        }
        for branch in &action.branches {
            let Some(when) = &branch.when else { continue };
            let case = self.value(when);
            let (holds, by) = match (&value, on) {
                (Some(value), Some(on)) => (equal(value, &like(case, value)), on),
                _ => (case, &**when),
            };
            match holds {
                Val::Bool(true) if branch.off.is_some() => {
                    return Go::End(End::Undecided(format!(
                        "{}: the case {} holds and is switched off; what the platform does then is not verified",
                        display_name(action),
                        branch.label
                    )));
                }
                Val::Bool(true) => return take(action, branch, step),
                Val::Bool(false) => {}
                other => return Go::End(self.undecided(action, by, &other)),
            }
        }
        self.output(action, &["default"], step)
    }

    pub(super) fn menu(&mut self, action: &Action, step: &mut ActionRun) -> Go {
        match self.menus.iter().position(|open| *open == action.container) {
            Some(open) => self.menus.truncate(open + 1),
            None => self.menus.push(action.container),
        }
        let choices = || outputs(action);
        let digit = match self.chosen(action) {
            Some(digit) => digit,
            None => match self.inputs.digits.pop_front() {
                Some(digit) => digit,
                None => {
                    let menu = display_name(action).to_owned();
                    return Go::End(End::Needs(Need::Digit { menu, choices: choices() }));
                }
            },
        };
        self.changed();
        if digit.is_empty() {
            return match action.branches.iter().find(|branch| branch.default) {
                Some(branch) if branch.off.is_some() => Go::End(switched_off(action, branch)),
                Some(branch) => take(action, branch, step),
                None => Go::End(End::Undecided(format!(
                    "{}: nothing was entered, and no default choice is read of it; it has {}",
                    display_name(action),
                    or_none(&choices())
                ))),
            };
        }
        match called(action, &digit) {
            Ok(Some(branch)) => take(action, branch, step),
            Err(end) => Go::End(end),
            Ok(None) => Go::End(End::Undecided(format!(
                "{} has no choice {digit}; it has {}",
                display_name(action),
                or_none(&choices())
            ))),
        }
    }

    /// What does not settle the way, and what to give: a value only where one that is not known would settle it.
    pub(super) fn undecided(&self, action: &Action, on: &Operand, value: &Val) -> End {
        let name = display_name(action);
        let why = match value {
            Val::Unknown(_) => value.to_string(),
            other => format!("its value is {other}"),
        };
        let mut open = on.placeholder() || matches!(on, Operand::Variable(_) | Operand::BuiltIn(_));
        if let Ok(parsed) = crate::flow::expr::parse(on.text()) {
            parsed.references(&mut |name| open |= self.lookup(name).is_unknown());
        }
        let give = if open { "give the value with --input, or " } else { "" };
        End::Undecided(format!(
            "{name} cannot be decided: {} ({why}); {give}--choose '{name}=…' ({})",
            on.text(),
            or_none(&outputs(action))
        ))
    }

    /// An action whose outcome comes from outside. Where every outcome leads to the same place, none is asked for.
    pub(super) fn ask(&mut self, action: &Action, step: &mut ActionRun) -> Go {
        let ways: Vec<&Branch> = action.branches.iter().filter(|branch| branch.off.is_none()).collect();
        if ways.iter().all(|branch| branch.to == action.next && branch.astray == action.astray) {
            // What Get Conversation Data reads is told by itself.
            if !matches!(action.kind, ActionKind::GetConversation(_)) {
                self.write(action, false, None, step);
            }
            return on(action);
        }
        let action = display_name(action).to_owned();
        Go::End(End::Needs(Need::Output { action, outputs: ways_of(&ways, step, &self.flow) }))
    }
}

/// The output that a name from outside means: the one whose key or id it is, else whose label or name.
fn called<'a>(action: &'a Action, name: &str) -> Result<Option<&'a Branch>, End> {
    // `__NOT_FOUND__` is how the file writes what is `notFound` here.
    let plain = |name: &str| match name.strip_prefix("__").and_then(|name| name.strip_suffix("__")) {
        Some(inner) => inner.replace('_', "").to_lowercase(),
        None => name.to_lowercase(),
    };
    let lower = plain(name);
    let same = |own: &str| plain(own) == lower;
    let tests: [&dyn Fn(&Branch) -> bool; 3] =
        [&|branch| branch.digit.as_deref() == Some(name), &|branch| same(&branch.id), &|branch| {
            branch.is(name) || branch.label.split_once(": ").is_some_and(|(_, name)| same(name))
        }];
    for test in tests {
        let found: Vec<&Branch> = action.branches.iter().filter(|branch| test(branch)).collect();
        let Some(first) = found.first() else { continue };
        if found.iter().any(|one| (one.to, &one.astray, one.off) != (first.to, &first.astray, first.off)) {
            let what =
                format!("{} has {} outputs {name}, which lead different ways", display_name(action), found.len());
            return Err(End::Undecided(what));
        }
        return Ok(Some(first));
    }
    Ok(None)
}

fn ways_of(ways: &[&Branch], step: &ActionRun, flow: &crate::flow::model::Flow) -> Vec<String> {
    let action = &flow.actions[step.action];
    let mut names: Vec<String> = ways.iter().map(|branch| spoken(action, branch)).collect();
    if has_way_on(action) {
        names.push(NONE.to_owned());
    }
    names
}

/// A switched-off output would be taken. What the platform does then is not verified.
pub(super) fn switched_off(action: &Action, branch: &Branch) -> End {
    let label = if branch.label.is_empty() { &branch.id } else { &branch.label };
    End::Undecided(format!(
        "{}: the output {label} would be taken and is switched off; what the platform does then is not verified",
        display_name(action)
    ))
}

/// Takes a branch.
pub(super) fn take(action: &Action, branch: &Branch, step: &mut ActionRun) -> Go {
    step.output = Some(if branch.label.is_empty() { branch.id.clone() } else { branch.label.clone() });
    link(action, branch.to, branch.astray.as_ref())
}

/// Whether a flow may go on behind an action without taking any of its outputs: where all is as it should be (a slot is
/// filled, an answer came), and for types that are not known.
fn has_way_on(action: &Action) -> bool {
    match (&action.kind, action.spec) {
        (ActionKind::Unknown, _) => true,
        (ActionKind::Ask, Some(spec)) => spec.outputs.iter().all(|output| output.starts_with("max")),
        _ => false,
    }
}

/// What people call an output: its id where the type of the action has it, else its label.
fn spoken(action: &Action, branch: &Branch) -> String {
    let usual = action.spec.is_some_and(|spec| spec.outputs.contains(&branch.id.as_str()));
    let name = if usual || branch.label.is_empty() { &branch.id } else { &branch.label };
    name.clone()
}

/// The outputs that an action has, as they are called.
pub(super) fn outputs(action: &Action) -> Vec<String> {
    let on = |branch: &&Branch| branch.off.is_none();
    let mut names: Vec<String> = action.branches.iter().filter(on).map(|branch| spoken(action, branch)).collect();
    for usual in action.spec.map_or(&[][..], |spec| spec.outputs) {
        if !action.branches.iter().any(|branch| branch.is(usual)) {
            names.push((*usual).to_owned());
        }
    }
    names
}

/// A case's literal as the type of what it is compared with.
fn like(case: Val, value: &Val) -> Val {
    use crate::flow::value::Type;
    match value {
        Val::Number(_) => case.typed(Type::Number),
        Val::Bool(_) => case.typed(Type::Bool),
        _ => case,
    }
}

pub(super) fn or_none<T: AsRef<str>>(list: &[T]) -> String {
    if list.is_empty() { NONE.into() } else { list.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ") }
}
