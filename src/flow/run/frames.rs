//! Calls, jumps and ends of tasks: which variables are in sight, and where it goes on.

use super::{ActionRun, CALL_DEPTH, End, Go, Run, link, on, ways};
use crate::flow::{
    model::{Action, CallFlow, ContainerKind, Jump, Operand, Variable, display_name},
    value::Val,
};
use rustc_hash::FxHashMap;

/// A task, state or module being run.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    /// The action that called it; `None` for the flow's own line.
    pub call: Option<usize>,
    pub container: usize,
    /// Its variables, by their names in small letters.
    pub scope: FxHashMap<String, Val>,
    /// Loops being run: rounds done, and rounds in all.
    pub loops: FxHashMap<usize, (u64, f64)>,
    /// It was left by a jump, and something else runs in its place.
    jumped: bool,
    /// An action wrote one of its variables.
    pub written: bool,
    /// It is another flow: a module or a bot.
    pub foreign: bool,
}

impl Run {
    /// A frame with the variables that its container declares, as they begin.
    pub(super) fn frame(&self, call: Option<usize>, container: usize, foreign: bool) -> Frame {
        let own = self.flow.variables.iter().filter(|variable| variable.container == Some(container));
        let scope = own.map(|variable| (variable.name.to_lowercase(), self.initial(variable))).collect();
        let loops = FxHashMap::default();
        Frame { call, container, scope, loops, jumped: false, written: false, foreign }
    }

    /// The frame of the flow's own line. What its caller would fill in is not known unless it was given.
    pub(super) fn first_frame(&self, container: usize) -> Frame {
        let mut frame = self.frame(None, container, false);
        let flow = self.flow.clone();
        for variable in flow.variables.iter().filter(|variable| variable.container == Some(container)) {
            frame.scope.insert(variable.name.to_lowercase(), self.begins_with(variable));
        }
        frame
    }

    /// What a variable of the flow itself begins with. An input is filled by whoever starts the flow.
    pub(super) fn begins_with(&self, variable: &Variable) -> Val {
        match self.initial(variable) {
            Val::NotSet if variable.input && self.given(&variable.name).is_none() => {
                Val::unknown(format!("{} is an input of the flow and not given", variable.name))
            }
            value => value,
        }
    }

    /// What a variable begins with: what was given for it, else its initial value.
    pub(super) fn initial(&self, variable: &Variable) -> Val {
        let (name, container) = (&variable.name, variable.container);
        match self.given(name) {
            Some(value) => self.held(container, name, value.typed(self.kind_of(container, name))),
            None => self.value_for(container, name, &variable.initial),
        }
    }

    /// Puts the values of a call or jump into the variables of what it leads to. Names may leave out the scope.
    fn fill(&self, frame: &mut Frame, inputs: &[(String, Operand)]) {
        for (name, value) in inputs.iter().filter(|(_, value)| *value != Operand::Unset) {
            let name = name.to_lowercase();
            let ending = format!(".{name}");
            let known = frame.scope.keys().find(|own| **own == name || own.ends_with(&ending)).cloned();
            let name = known.unwrap_or(name);
            let value = self.value_for(Some(frame.container), &name, value);
            frame.scope.insert(name, value);
        }
    }

    /// Leads elsewhere without return. The variables of a task begin anew when it is jumped to.
    pub(super) fn jump(&mut self, action: &Action, jump: &Jump) -> Go {
        let here = self.frames.last().map_or(0, |frame| frame.container);
        let there = jump.container.or_else(|| action.next.map(|next| self.flow.actions[next].container));
        if let Some(there) = there.filter(|there| jump.container.is_some() || *there != here) {
            let (call, foreign) = self.frames.last().map_or((None, false), |frame| (frame.call, frame.foreign));
            let mut frame = self.frame(call, there, foreign);
            frame.jumped = true;
            self.fill(&mut frame, jump.inputs());
            if let Some(old) = self.frames.pop() {
                // What a module declares for all of it stays in sight.
                frame.scope.extend(old.scope.iter().filter(|(name, _)| name.starts_with("common.")).map(pair));
                if old.scope != frame.scope {
                    self.changed();
                }
            }
            self.frames.push(frame);
        }
        on(action)
    }

    /// Runs a task and comes back.
    pub(super) fn call_task(&mut self, at: usize, action: &Action, jump: &Jump) -> Go {
        let Some(container) = jump.container else { return on(action) };
        self.enter(at, action, container, jump.inputs(), false)
    }

    /// Runs another flow, where it is at hand.
    pub(super) fn call_flow(&mut self, at: usize, action: &Action, call: &CallFlow, step: &mut ActionRun) -> Go {
        let names = [&call.name, &call.id];
        let known = names.into_iter().filter(|name| !name.is_empty());
        let module = known.filter_map(|name| self.modules.get(&name.to_lowercase()).copied()).next();
        if let Some(container) = module {
            return self.enter(at, action, container, &call.inputs, true);
        }
        step.interpreted = false;
        let answer = self.answer_for(action, Some(&call.name));
        let name = if call.name.is_empty() { display_name(action) } else { &call.name };
        let unknown = match self.given_result(answer.as_ref()) {
            Some(_) => "what it sets",
            None => "what it returns and sets",
        };
        step.notes.push(format!("{name} is another flow and not given; {unknown} is not known"));
        // An answer says what it returns and nothing of what it sets.
        let why = format!("{name} is another flow and not given (--module), so what it sets is not known");
        // A module is a part of the flow, whatever the flow sets itself behind it.
        if action.spec.is_some_and(|spec| spec.archy == "callCommonModule") {
            self.doubt(why.clone());
        }
        self.unseen(why);
        let result = self.given_result(answer.as_ref());
        for (name, into) in &call.outputs {
            self.result(action, name, into, result.as_ref(), step);
        }
        self.write(action, false, result.as_ref(), step);
        if action.branches.is_empty() { on(action) } else { self.ask(action, step) }
    }

    fn enter(
        &mut self,
        at: usize,
        action: &Action,
        container: usize,
        inputs: &[(String, Operand)],
        foreign: bool,
    ) -> Go {
        if self.frames.len() > CALL_DEPTH {
            return Go::End(End::Limit(format!("tasks call each other more than {CALL_DEPTH} deep")));
        }
        let mut frame = self.frame(Some(at), container, foreign);
        self.fill(&mut frame, inputs);
        self.frames.push(frame);
        let called = &self.flow.containers[container];
        link(action, called.start, called.astray.as_ref())
    }

    /// The end of another flow that was called: back to its caller. Nothing when none was.
    pub(super) fn leave_flow(&mut self) -> Option<Go> {
        let at = self.frames.iter().rposition(|frame| frame.foreign && frame.call.is_some())?;
        self.frames.truncate(at + 1);
        Some(Go::Out(None))
    }

    /// The end of a container: back to the caller by the way out, on from the start, or the end of the flow.
    pub(super) fn back(&mut self, mut way: Option<String>) {
        loop {
            let Some(frame) = self.frames.last() else { return };
            let Some(call) = frame.call else { return self.finish() };
            if frame.jumped && !frame.foreign {
                let name = &self.flow.containers[frame.container].name;
                self.end = Some(End::Undecided(format!(
                    "{name} ends, to which a called task jumped; whether the platform then goes back to the caller is not \
                     verified"
                )));
                return;
            }
            let flow = self.flow.clone();
            let action = &flow.actions[call];
            let Some(done) = self.frames.pop() else { return };
            self.take_outputs(action, &done);
            self.changed();
            match self.way_back(action, &done, way.take()) {
                Go::To(Some(next)) => {
                    self.at = Some(next);
                    return;
                }
                Go::To(None) | Go::Out(_) => {}
                Go::End(end) => {
                    self.end = Some(end);
                    return;
                }
            }
        }
    }

    /// The variables of the caller take what the task or flow gives back.
    fn take_outputs(&mut self, action: &Action, done: &Frame) {
        use crate::flow::model::ActionKind;
        let outputs = match &action.kind {
            ActionKind::CallTask(jump) => jump.outputs(),
            ActionKind::CallFlow(call) => &call.outputs[..],
            _ => return,
        };
        for (name, into) in outputs {
            let name = name.to_lowercase();
            let ending = format!(".{name}");
            let own = done.scope.iter().find(|(own, _)| **own == name || own.ends_with(&ending));
            let value = match own {
                Some((_, value)) => value.clone(),
                None => self.lookup(&name),
            };
            self.put(into, value);
        }
        let taken = |name: &str| outputs.iter().any(|(_, into)| into.eq_ignore_ascii_case(name));
        // What is named as written in a shape that is not read.
        for write in action.writes.iter().filter(|write| !taken(&write.variable)) {
            self.put(&write.variable, Val::by(display_name(action)));
        }
    }

    /// The output of a task call that belongs to the way out; without one the flow goes on behind the call.
    fn way_back(&mut self, action: &Action, done: &Frame, way: Option<String>) -> Go {
        let way = self.chosen(action).or(way).unwrap_or_else(|| "default".into());
        let task = &self.flow.containers[done.container];
        let paths = &task.paths;
        let label = paths.iter().find(|path| path.id == way).map(|path| &path.label);
        let declared = label.is_some() || paths.iter().any(|path| path.label.eq_ignore_ascii_case(&way));
        // A module's own ends name no way that its caller has.
        if !declared && way != "default" && !(done.foreign && paths.is_empty()) {
            return Go::End(End::Undecided(format!(
                "{} ends by {way}, which is no way out of it; {} cannot be gone on from",
                task.name,
                display_name(action)
            )));
        }
        let names = [Some(&way), label];
        let found = names.into_iter().flatten().find_map(|name| action.branches.iter().find(|branch| branch.is(name)));
        match found {
            Some(branch) if branch.off.is_some() => Go::End(ways::switched_off(action, branch)),
            Some(branch) => link(action, branch.to, branch.astray.as_ref()),
            None => on(action),
        }
    }

    /// The end of the flow's own line.
    fn finish(&mut self) {
        let Some(frame) = self.frames.last() else { return };
        let container = &self.flow.containers[frame.container];
        if !(self.repeats() && container.kind == ContainerKind::LoopTask) {
            self.end = Some(End::Finished);
            return;
        }
        if frame.written {
            let why = "whether variables of the in-queue task keep their values when it starts again is not verified";
            if !self.doubts.iter().any(|known| known == why) {
                self.doubts.push(why.to_owned());
            }
        }
        let state = (self.globals.clone(), self.attributes.clone());
        if self.pass.as_ref() == Some(&state) {
            self.end = Some(End::Repeats);
            return;
        }
        let (at, start) = (frame.container, container.start);
        self.pass = Some(state);
        let frame = self.first_frame(at);
        self.frames = vec![frame];
        self.at = start;
        self.changed();
    }
}

fn pair((name, value): (&String, &Val)) -> (String, Val) {
    (name.clone(), value.clone())
}
