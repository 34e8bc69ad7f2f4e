//! What each kind of action does.

use super::{
    ActionRun, End, Go, Run,
    asked::{is_failure, unfit},
    on, ways,
};
use crate::flow::{
    actions::Class,
    expr,
    model::{Action, ActionKind, Jump, Loop, Operand, VariableWrite, display_name, own_variable},
    value::{Type, Val},
};

fn starts(name: &str, scope: &str) -> bool {
    name.to_ascii_lowercase().starts_with(scope)
}

/// Whether it is the exit or the next round of a loop that is not there.
fn stands_in_no_loop(action: &Action) -> bool {
    action.spec.is_some_and(|spec| matches!(spec.class, Class::ExitLoop | Class::NextLoop))
}

impl Run {
    pub(super) fn act(&mut self, at: usize, action: &Action, step: &mut ActionRun) -> Go {
        if !matches!(action.kind, ActionKind::Menu | ActionKind::CallTask(_) | ActionKind::Loop(_))
            && let Some(output) = self.chosen(action)
        {
            return self.as_chosen(at, action, &output, step);
        }
        match &action.kind {
            ActionKind::SetData(list) => {
                list.iter().for_each(|assign| self.set(assign, step));
                on(action)
            }
            ActionKind::SetConversation(it) => match self.set_conversation(action, it, step) {
                Some(end) => Go::End(end),
                None => self.output(action, &["success"], step),
            },
            ActionKind::GetData(list) => {
                list.iter().for_each(|fetch| self.get(fetch, step));
                on(action)
            }
            ActionKind::GetConversation(it) => {
                if self.get_conversation(action, it, step) {
                    return self.output(action, &["found"], step);
                }
                match self.ask(action, step) {
                    // It was not done, so nothing was read.
                    end @ Go::End(End::Needs(_)) => {
                        step.read.clear();
                        end
                    }
                    go => go,
                }
            }
            ActionKind::Update(list) => {
                if list.iter().any(|(name, _)| name.is_empty()) {
                    self.doubt(format!(
                        "{} sets a variable that it does not name in a way that is read",
                        display_name(action)
                    ));
                }
                for (name, value) in list.iter().filter(|(name, _)| !name.is_empty()) {
                    let value = self.value_for(self.container(), name, value);
                    self.assign(name, value, step);
                }
                on(action)
            }
            ActionKind::ClearSlot(slots) if slots.is_empty() => {
                self.unknown_slots(action, step);
                on(action)
            }
            ActionKind::ClearSlot(slots) => {
                for slot in slots {
                    let scoped = slot.to_lowercase().starts_with("slot.");
                    let name = if scoped { slot.clone() } else { format!("Slot.{slot}") };
                    self.assign(&name, Val::NotSet, step);
                }
                on(action)
            }
            ActionKind::Decision(condition) => self.decide(action, condition, step),
            ActionKind::Switch(on) => self.switch(action, on.as_deref(), step),
            ActionKind::Menu => self.menu(action, step),
            ActionKind::Collect(it) => self.collect(action, it, step),
            ActionKind::Lookup(lookup) => self.look_up(action, lookup, step),
            ActionKind::Loop(it) => self.round(at, action, it, step),
            ActionKind::ExitLoop(head) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.loops.remove(head);
                }
                self.changed();
                on(action)
            }
            ActionKind::NextLoop(_) => on(action),
            ActionKind::Jump(jump) => self.jump(action, jump),
            ActionKind::CallTask(jump) => self.call_task(at, action, jump),
            ActionKind::EndTask(way) => Go::Out(way.clone()),
            ActionKind::CallFlow(call) => self.call_flow(at, action, call, step),
            ActionKind::Transfer(to) => Go::End(self.transferred(action, to)),
            ActionKind::End => self.ends(action),
            ActionKind::Passive => {
                if action.spec.is_some_and(|spec| spec.archy == "wait") {
                    self.time_passes(action);
                }
                self.write(action, false, None, step);
                if action.branches.iter().any(|branch| branch.is("success")) {
                    return self.output(action, &["success"], step);
                }
                // Outputs that its type is not known to have.
                self.ask(action, step)
            }
            ActionKind::Ask => {
                let slot =
                    |write: &VariableWrite| own_variable(&write.variable).is_some_and(|name| starts(name, "slot."));
                if action.spec.is_some_and(|spec| spec.archy == "askForSlot") && !action.writes.iter().any(slot) {
                    self.unknown_slots(action, step);
                }
                let answer = self.answer_for(action, None);
                self.asked(action, answer, step)
            }
            ActionKind::Unknown if action.spec.is_some_and(|spec| spec.archy == "previousMenu") => {
                self.back_to_menu(action, true)
            }
            ActionKind::Unknown if action.spec.is_some_and(|spec| spec.archy == "repeatMenu") => {
                self.back_to_menu(action, false)
            }
            ActionKind::Unknown if stands_in_no_loop(action) => {
                Go::End(End::Undecided(format!("{} stands in no loop", display_name(action))))
            }
            ActionKind::Unknown => self.unknown_action(action, step),
        }
    }

    /// Takes the output that was chosen, and does what belongs to it.
    fn as_chosen(&mut self, at: usize, action: &Action, output: &str, step: &mut ActionRun) -> Go {
        let go = self.by_name(action, output, step);
        // A choice is somebody's question what would be: it is followed, and said to be none of this flow's ways.
        if let Some(why) = self.contradicts(action, output, step) {
            self.doubt(why);
        }
        if matches!(go, Go::End(End::Undecided(_)))
            && !(matches!(action.kind, ActionKind::Transfer(_)) && output.eq_ignore_ascii_case("success"))
        {
            return go;
        }
        let failed = is_failure(output);
        match &action.kind {
            ActionKind::SetConversation(it) if !failed => _ = self.set_conversation(action, it, step),
            ActionKind::GetConversation(it) if !failed && !output.eq_ignore_ascii_case("notFound") => {
                self.get_conversation(action, it, step);
            }
            ActionKind::Lookup(lookup) => {
                let answer = self.answer_for(action, Some(&lookup.name));
                self.looked_up(action, lookup, output, self.given_result(answer.as_ref()).as_ref(), step);
            }
            ActionKind::Collect(it) if !failed => {
                let digits = self.inputs.digits.pop_front();
                if let Some(end) = digits.as_ref().and_then(|digits| unfit(action, it, digits)) {
                    return Go::End(end);
                }
                match (&it.into, digits) {
                    (Some(into), Some(digits)) if !digits.is_empty() => self.assign(into, Val::Text(digits), step),
                    (Some(into), _) => self.unknown_by(action, into, step),
                    (None, _) => {}
                }
            }
            ActionKind::Transfer(to) if !failed => return Go::End(self.transferred(action, to)),
            ActionKind::Decision(_) | ActionKind::Switch(_) => {}
            // An output says nothing of what the flow set that was called.
            ActionKind::CallFlow(call) => _ = self.call_flow(at, action, call, step),
            _ => {
                step.interpreted = !matches!(action.kind, ActionKind::Unknown);
                let answer = self.answer_for(action, None);
                // An output says which way it went, and nothing of what it set.
                if !step.interpreted && answer.is_none() {
                    self.not_interpreted(action);
                }
                self.write(action, failed, self.given_result(answer.as_ref()).as_ref(), step);
            }
        }
        go
    }

    /// Why an output cannot be the one that was taken: what decides is known, and leads to another.
    fn contradicts(&mut self, action: &Action, output: &str, step: &ActionRun) -> Option<String> {
        let mut own = ActionRun { output: None, ..step.clone() };
        let decided = match &action.kind {
            ActionKind::Decision(condition) => self.decide(action, condition, &mut own),
            ActionKind::Switch(on) => self.switch(action, on.as_deref(), &mut own),
            _ => return None,
        };
        let known = own.output.filter(|_| !matches!(decided, Go::End(End::Undecided(_))))?;
        let taken = step.output.as_ref()?;
        (!known.eq_ignore_ascii_case(taken)).then(|| {
            let name = display_name(action);
            format!("--choose '{name}={output}' contradicts what is known: {name} takes its output {known}")
        })
    }

    fn ends(&mut self, action: &Action) -> Go {
        match action.spec {
            Some(spec) if spec.archy != "disconnect" => {
                self.leave_flow().unwrap_or_else(|| Go::End(End::Exited(display_name(action).to_owned())))
            }
            _ => Go::End(End::Disconnected),
        }
    }

    /// Where the conversation goes. A queue that a variable holds is named when it is known; to what is not set nothing can go.
    fn transferred(&mut self, action: &Action, to: &str) -> End {
        let literal = Operand::Literal(to.to_owned());
        if literal.placeholder() {
            return End::Transferred(self.value(&literal).text().unwrap_or_else(|| to.to_owned()));
        }
        let computed = match expr::parse(to) {
            Ok(expr::Expr::NotSet) => true,
            Ok(expr::Expr::Var(_)) => matches!(Operand::expression(to), Operand::Variable(_) | Operand::BuiltIn(_)),
            // A queue may have brackets in its name; a function is one that is known.
            Ok(expr::Expr::Call(name, _)) => {
                name.to_lowercase().starts_with("find")
                    || expr::EVALUATED.iter().any(|one| one.eq_ignore_ascii_case(&name))
            }
            _ => false,
        };
        if !computed {
            return End::Transferred(to.to_owned());
        }
        let value = self.value(&Operand::Expression(to.to_owned()));
        let name = match &value {
            Val::Data(_) => value.below("name").text().or_else(|| value.below("id").text()),
            other => other.text(),
        };
        if value == Val::NotSet {
            let (name, what) = (display_name(action), if to == "NOT_SET" { "its target" } else { to });
            return End::Undecided(format!(
                "{name} cannot be done: {what} is not set; what the platform does then is not verified: --choose '{name}=failure' \
                 makes it fail"
            ));
        }
        // Where it goes decides about no key.
        match name {
            Some(name) => End::Transferred(name),
            None => End::Transferred(format!("what {to} holds")),
        }
    }

    /// Back to the menu that the caller came from, or to the one whose choice this is.
    fn back_to_menu(&mut self, action: &Action, previous: bool) -> Go {
        if previous {
            self.menus.pop();
        }
        let Some(container) = self.menus.last().copied() else {
            let name = display_name(action);
            return Go::End(End::Undecided(format!(
                "{name} leads to the menu before this one, and the run came through none"
            )));
        };
        let start = self.flow.containers[container].start;
        _ = self.jump(action, &Jump { container: Some(container), passed: None });
        Go::To(start)
    }

    /// How long a wait takes is not worked out, so the time behind it is not known.
    fn time_passes(&mut self, action: &Action) {
        let clock = "getcurrentdatetimeutc";
        if self.globals.contains_key(clock) {
            self.put(clock, Val::by(display_name(action)));
        }
    }

    /// One round of a loop, or what follows it. The index is 0 in the first round.
    fn round(&mut self, at: usize, action: &Action, it: &Loop, step: &mut ActionRun) -> Go {
        let chosen = self.chosen(action);
        let running = self.frames.last().and_then(|frame| frame.loops.get(&at).copied());
        let (done, rounds) = match (&chosen, running) {
            (Some(output), running) => {
                let done = running.map_or(0, |(done, _)| done);
                (done, if output.eq_ignore_ascii_case("loop") { f64::INFINITY } else { 0.0 })
            }
            (None, Some(running)) => running,
            (None, None) => {
                let Some(count) = &it.count else {
                    return Go::End(End::Undecided(format!("{} has no count", display_name(action))));
                };
                match self.value(count).typed(Type::Number) {
                    Val::Number(rounds) if rounds.fract() == 0.0 && rounds >= 0.0 => (0, rounds),
                    other => return Go::End(self.undecided(action, count, &other)),
                }
            }
        };
        let body = action.branches.iter().find(|branch| branch.is("loop")).or(action.branches.first());
        let again = (done as f64) < rounds;
        self.changed();
        match (again, body) {
            (true, Some(body)) => {
                if let Some(name) = it.index.as_ref().filter(|name| !name.is_empty()) {
                    let value = Val::Number(done as f64);
                    self.put(name, value.clone());
                    step.assigned.push((name.clone(), value));
                }
                if it.index.is_none() {
                    self.write(action, false, None, step);
                }
                if let Some(frame) = self.frames.last_mut() {
                    frame.loops.insert(at, (done + 1, rounds));
                }
                ways::take(action, body, step)
            }
            _ => {
                if let Some(name) = it.index.as_ref().filter(|name| done > 0 && !name.is_empty()) {
                    self.put(name, Val::unknown("the index behind a loop that has run out is not verified"));
                }
                if let Some(frame) = self.frames.last_mut() {
                    frame.loops.remove(&at);
                }
                on(action)
            }
        }
    }
}
