//! What each kind of action does.

use super::{CALL_DEPTH, End, Go, Need, ReadAttribute, Run, SetAttribute, Step};
use crate::flow::{
    input::Answer,
    model::{Action, Branch, Jump, Kind, Lookup, Operand, display_name},
    value::Val,
};

impl Run {
    pub(super) fn act(&mut self, at: usize, action: &Action, step: &mut Step) -> Go {
        if let Some((_, output)) =
            self.inputs.choose.iter().find(|(name, _)| *name == action.id || *name == action.name)
        {
            let output = output.clone();
            match find(action, &[&output]) {
                Some(branch) => return self.take(action, branch, step),
                None if matches!(action.kind, Kind::Menu) => {}
                // An output that leads nowhere of its own: the flow goes on behind the action.
                None if usual(&action.kind).contains(&output.as_str()) => {
                    step.output = Some(output);
                    return on(action);
                }
                None => {
                    let outputs: Vec<&str> = action.branches.iter().map(|branch| branch.label.as_str()).collect();
                    let what = format!("{} has no output {output}; it has {}", display_name(action), or_none(&outputs));
                    return Go::End(End::Undecided(what));
                }
            }
        }
        match &action.kind {
            Kind::SetData(list) => {
                for assign in list {
                    self.set(&assign.key, &assign.value, step);
                }
                on(action)
            }
            Kind::GetData(list) => {
                for fetch in list {
                    self.get(&fetch.key, &fetch.into, step);
                }
                on(action)
            }
            Kind::Update(list) => {
                for (name, value) in list {
                    let value = self.value(value);
                    self.assign(name, value, step);
                }
                on(action)
            }
            Kind::Decision(condition) => self.decide(action, condition, step),
            Kind::Switch(on) => self.switch(action, on.as_ref(), step),
            Kind::Menu => self.menu(action, step),
            Kind::Collect(into) => self.collect(action, into.as_deref(), step),
            Kind::Lookup(lookup) => self.look_up(action, lookup, step),
            Kind::Loop(it) => self.round(at, action, it.count.as_ref(), step),
            Kind::CallTask(Jump { container: Some(container), .. }) => {
                if self.calls.len() >= CALL_DEPTH {
                    return Go::End(End::Limit(format!("tasks call each other more than {CALL_DEPTH} deep")));
                }
                self.calls.push(at);
                let called = &self.flow.containers[*container];
                link(action, called.start, called.astray.as_ref())
            }
            Kind::EndTask(_) => Go::To(None),
            Kind::Transfer(to) => Go::End(End::Transferred(to.clone())),
            Kind::End => Go::End(End::Disconnected),
            Kind::Jump(_) | Kind::ExitLoop(_) | Kind::NextLoop(_) | Kind::Passive => on(action),
            _ => {
                step.interpreted = false;
                match action.branches.as_slice() {
                    [] => {
                        step.notes.push(format!("{} is not interpreted here; passed over", action.type_name));
                        on(action)
                    }
                    branches => {
                        let outputs = branches.iter().map(|branch| branch.label.clone()).collect();
                        Go::End(End::Needs(Need::Output { action: display_name(action).to_owned(), outputs }))
                    }
                }
            }
        }
    }

    fn take(&mut self, action: &Action, branch: &Branch, step: &mut Step) -> Go {
        step.output = Some(branch.label.clone());
        link(action, branch.to, branch.astray.as_ref())
    }

    /// Takes one of these outputs; without it the flow goes on behind the action.
    fn output(&mut self, action: &Action, labels: &[&str], step: &mut Step) -> Go {
        match find(action, labels) {
            Some(branch) => self.take(action, branch, step),
            None => {
                step.output = Some(labels[0].to_owned());
                on(action)
            }
        }
    }

    fn decide(&mut self, action: &Action, condition: &Operand, step: &mut Step) -> Go {
        match self.value(condition) {
            Val::Bool(true) => self.output(action, &["yes", "true"], step),
            Val::Bool(false) => self.output(action, &["no", "false"], step),
            other => Go::End(self.undecided(action, condition, &other)),
        }
    }

    fn undecided(&self, action: &Action, on: &Operand, value: &Val) -> End {
        let name = display_name(action);
        let why = match value {
            Val::Unknown(why) => why.text(),
            other => format!("its value is {other}"),
        };
        End::Undecided(format!(
            "{name} cannot be decided: {} ({why}); give the value with --input, or --choose '{name}=…'",
            on.text()
        ))
    }

    fn switch(&mut self, action: &Action, on: Option<&Operand>, step: &mut Step) -> Go {
        let value = on.map(|on| self.value(on));
        if let (Some(value @ Val::Unknown(_)), Some(on)) = (&value, on) {
            return Go::End(self.undecided(action, on, value));
        }
        for branch in &action.branches {
            let Some(when) = &branch.when else { continue };
            let case = self.value(when);
            let holds = match (&value, &case) {
                (Some(value), case) => value.text().is_some() && value.text() == case.text(),
                (None, Val::Bool(holds)) => *holds,
                (None, other) => return Go::End(self.undecided(action, when, other)),
            };
            if holds {
                return self.take(action, branch, step);
            }
        }
        self.output(action, &["default"], step)
    }

    fn menu(&mut self, action: &Action, step: &mut Step) -> Go {
        let choices = || action.branches.iter().map(|branch| branch.label.clone()).collect::<Vec<_>>();
        let chosen = self.inputs.choose.iter().find(|(name, _)| *name == action.id || *name == action.name);
        let digit = match chosen {
            Some((_, digit)) => digit.clone(),
            None => match self.inputs.digits.pop_front() {
                Some(digit) => digit,
                None => {
                    let menu = display_name(action).to_owned();
                    return Go::End(End::Needs(Need::Digit { menu, choices: choices() }));
                }
            },
        };
        self.changed();
        let found = action.branches.iter().find(|branch| branch.digit.as_deref() == Some(digit.as_str()));
        match found.or_else(|| find(action, &[&digit])) {
            Some(branch) => self.take(action, branch, step),
            None => Go::End(End::Undecided(format!(
                "{} has no choice {digit}; it has {}",
                display_name(action),
                or_none(&choices())
            ))),
        }
    }

    fn collect(&mut self, action: &Action, into: Option<&str>, step: &mut Step) -> Go {
        let Some(digits) = self.inputs.digits.pop_front() else {
            let menu = display_name(action).to_owned();
            return Go::End(End::Needs(Need::Digit { menu, choices: Vec::new() }));
        };
        self.changed();
        if let Some(name) = into {
            self.assign(name, Val::Text(digits), step);
        }
        self.output(action, &["success"], step)
    }

    fn look_up(&mut self, action: &Action, lookup: &Lookup, step: &mut Step) -> Go {
        let names = [&lookup.name, &action.name, &action.id];
        let answer =
            self.inputs.lookups.iter().find(|(name, _)| names.contains(&name)).map(|(_, answer)| answer.clone());
        match answer {
            None => {
                let action = display_name(action).to_owned();
                Go::End(End::Needs(Need::Lookup { name: lookup.name.clone(), action }))
            }
            Some(Answer::Timeout) => self.output(action, &["timeout", "failure"], step),
            Some(Answer::Error) => self.output(action, &["failure", "error"], step),
            Some(Answer::Ok(json)) => {
                let result = Val::Data(json.clone());
                for (member, into) in &lookup.outputs {
                    let value = json.get(member).map_or_else(|| result.below(member), Val::from_json);
                    self.assign(into, value, step);
                }
                if let Some(whole) = &lookup.whole {
                    self.assign(whole, Val::from_json(&json), step);
                }
                self.output(action, &["success", "found"], step)
            }
        }
    }

    fn round(&mut self, at: usize, action: &Action, count: Option<&Operand>, step: &mut Step) -> Go {
        let Some(branch) = action.branches.first() else { return on(action) };
        let rounds = match count.map(|count| (self.value(count), count)) {
            Some((Val::Number(rounds), _)) => rounds,
            Some((Val::Text(text), _)) if text.parse::<f64>().is_ok() => text.parse().unwrap_or_default(),
            Some((other, count)) => return Go::End(self.undecided(action, count, &other)),
            None => return Go::End(End::Undecided(format!("{} has no count", display_name(action)))),
        };
        let done = self.loops.entry(at).or_default();
        let again = (*done as f64) < rounds;
        *done = if again { *done + 1 } else { 0 };
        self.changed();
        if again { self.take(action, branch, step) } else { on(action) }
    }

    fn set(&mut self, key: &Operand, value: &Operand, step: &mut Step) {
        let value = self.value(value);
        let (key, value) = match self.value(key).text() {
            Some(key) => (Some(key), value),
            None => (None, Val::unknown(format!("the key {} is unevaluated", key.text()))),
        };
        match &value {
            Val::NotSet => {
                step.notes.push("a value that is not set; what the platform keeps then is not verified".into())
            }
            Val::Number(_) | Val::Bool(_) => {
                step.notes.push("not a text; participant data are texts, so use ToString(…)".into());
            }
            Val::Text(text) if text.contains("{{") || text.contains("${") => {
                step.notes.push("the placeholder is plain text to the platform and stays as it is".into());
            }
            _ => {}
        }
        let mut old = None;
        if let Some(key) = &key {
            old = self.attributes.insert(key.clone(), value.clone());
            if old.as_ref() != Some(&value) {
                self.changed();
            }
        }
        step.set.push(SetAttribute { key, value, old });
    }

    fn get(&mut self, key: &Operand, into: &str, step: &mut Step) {
        let key_text = self.value(key).text();
        let value = match &key_text {
            None => Val::unknown(format!("the key {} is unevaluated", key.text())),
            Some(key) => self.attributes.get(key).cloned().unwrap_or_else(|| {
                let other = self.attributes.keys().find(|other| other.to_lowercase() == key.to_lowercase());
                step.notes.push(match other {
                    Some(other) => format!("{key} is not there; {other} is, and keys are case-sensitive"),
                    None => format!("{key} is not there"),
                });
                Val::NotSet
            }),
        };
        if !into.is_empty() && self.variables.insert(into.to_owned(), value.clone()).as_ref() != Some(&value) {
            self.changed();
        }
        step.read.push(ReadAttribute { key: key_text, into: into.to_owned(), value });
    }

    fn assign(&mut self, name: &str, value: Val, step: &mut Step) {
        if self.variables.insert(name.to_owned(), value.clone()).as_ref() != Some(&value) {
            self.changed();
        }
        step.assigned.push((name.to_owned(), value));
    }
}

/// On behind an action.
fn on(action: &Action) -> Go {
    link(action, action.next, action.astray.as_ref())
}

/// On to where a link leads. One to what is not there is no end of the flow but a flaw in it.
fn link(from: &Action, to: Option<usize>, astray: Option<&String>) -> Go {
    match astray {
        Some(id) => Go::End(End::Astray { action: display_name(from).to_owned(), id: id.clone() }),
        None => Go::To(to),
    }
}

/// The outputs that actions of a kind have whether a file spells them out or not.
fn usual(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::Decision(_) => &["yes", "no"],
        Kind::Switch(_) => &["default"],
        Kind::Lookup(_) => &["success", "failure", "timeout"],
        Kind::Collect(_) | Kind::Transfer(_) => &["success", "failure"],
        _ => &[],
    }
}

fn find<'a>(action: &'a Action, labels: &[&str]) -> Option<&'a Branch> {
    labels.iter().find_map(|label| action.branches.iter().find(|branch| branch.label.eq_ignore_ascii_case(label)))
}

fn or_none<T: AsRef<str>>(list: &[T]) -> String {
    if list.is_empty() { "none".into() } else { list.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ") }
}
