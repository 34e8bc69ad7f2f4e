//! Calls driven by a flow: each action of the flow is run by the interpreter of [`crate::flow`], at a steady pace or step by
//! step, and what it sets appears on the customer.

use std::sync::Arc;

use indexmap::IndexMap;
use uuid::Uuid;

use super::{Placed, World, WorldChange, WorldJob};
use crate::{
    flow::{
        input::{DataActionAnswer, Inputs},
        model::{ActionKind, Flow, Operand},
        run::{ActionRun, End, Need, Run},
        sample,
        value::Val,
    },
    sim::Semantics,
};

/// Between two actions of a driven call, ms at speed 1.
const PACE_MS: i64 = 1_200;

/// A call on its way through a flow.
pub(super) struct Drive {
    run: Run,
    flow: usize,
    /// Without a pace it waits to be stepped.
    pace_ms: Option<i64>,
}

impl World {
    /// The definition of a flow, if it has one that can be run.
    pub fn definition(&self, flow: usize) -> Option<&Arc<Flow>> {
        self.definitions.get(&flow)
    }

    /// Replaces the definition of a flow; calls that enter it from now on follow it.
    pub fn define(&mut self, flow: usize, definition: Flow) {
        self.definitions.insert(flow, Arc::new(definition));
    }

    /// A version that loses keys is published: its definition no longer sets them.
    pub(super) fn lose(&mut self, flow: usize, keys: &[String]) {
        let Some(definition) = self.definitions.get_mut(&flow) else { return };
        for action in &mut Arc::make_mut(definition).actions {
            if let ActionKind::SetData(list) = &mut action.kind {
                list.retain(|set| !matches!(&set.key, Operand::Literal(key) if keys.contains(key)));
            }
        }
    }

    /// Starts a call without a story in a flow that has a definition. Without a pace (ms) it is stepped by
    /// [`World::step_flow`].
    pub fn begin_flow(&mut self, flow: usize, inputs: Inputs, pace_ms: Option<i64>, at: i64) -> Option<Uuid> {
        self.definitions.get(&flow)?;
        let id = self.place(&Placed::default(), at)?;
        self.enter_flow(id, flow, at);
        self.drive(id, flow, inputs, pace_ms, at);
        Some(id)
    }

    /// The next action of a call that waits to be stepped, and what changed. `None` at the end of the flow.
    pub fn step_flow(&mut self, id: Uuid, at: i64) -> Option<(ActionRun, Option<WorldChange>)> {
        self.advance(id, at)
    }

    /// A call has entered a flow: from now on the flow decides what is set, where it can.
    pub(super) fn maybe_drive(&mut self, id: Uuid, flow: usize, at: i64) {
        self.drives.remove(&id);
        if self.driving && self.definitions.contains_key(&flow) {
            self.drive(id, flow, Inputs::default(), Some((PACE_MS as f64 / self.speed) as i64), at);
        }
    }

    fn drive(&mut self, id: Uuid, flow: usize, mut inputs: Inputs, pace_ms: Option<i64>, at: i64) {
        let Some(definition) = self.definitions.get(&flow).cloned() else { return };
        let Some(conversation) = self.conversations.get_mut(&id) else { return };
        let customer = &mut conversation.participants[0];
        for (key, value) in &inputs.attributes {
            customer.attributes.insert(key.clone(), value.clone());
        }
        inputs.attributes = customer.attributes.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        inputs.variables.push(("Call.Ani".to_owned(), Val::Text(conversation.from.clone())));
        inputs.variables.push(("Call.CalledAddress".to_owned(), Val::Text(conversation.to.clone())));
        self.drives.insert(id, Drive { run: Run::new(definition, inputs), flow, pace_ms });
        if let Some(pace) = pace_ms {
            self.schedule(at + pace.max(1), WorldJob::Drive { conversation: id });
        }
    }

    /// Whether a flow drives the call, so that its story's own flow writes are left out.
    pub(super) fn is_driven(&self, id: Uuid) -> bool {
        self.drives.contains_key(&id)
    }

    pub(super) fn run_drive(&mut self, id: Uuid, at: i64) -> Option<WorldChange> {
        let (_, notice) = self.advance(id, at)?;
        if let Some(pace) = self.drives.get(&id).and_then(|drive| drive.pace_ms) {
            self.schedule(at + pace.max(1), WorldJob::Drive { conversation: id });
        }
        notice
    }

    fn advance(&mut self, id: Uuid, at: i64) -> Option<(ActionRun, Option<WorldChange>)> {
        let conversation = self.conversations.get(&id)?;
        let inside = self.drives.get(&id).is_some_and(|drive| {
            conversation.participants.iter().any(|p| p.is_running_flow() && p.flow == Some(drive.flow))
        });
        if !inside {
            self.drives.remove(&id);
            return None;
        }
        let drive = self.drives.get_mut(&id)?;
        let mut step = drive.run.step()?;
        // A caller presses something, other systems answer something: whatever was not given is made up.
        while let Some(End::Needs(need)) = drive.run.end() {
            let answer = made_up(need, drive.run.flow(), &mut self.rng);
            drive.run.answer(answer);
            step = drive.run.step()?;
        }
        let mut values: IndexMap<String, String> =
            step.set.iter().filter_map(|set| Some((set.key.clone()?, set.value.text()?))).collect();
        let end = drive.run.end().cloned();
        // The definition that runs here is the one of the first version.
        let lost = self.lost_by_version(id);
        values.retain(|key, _| !lost.contains(key));
        let mut notice = None;
        if !values.is_empty() {
            let conversation = self.conversations.get_mut(&id)?;
            if conversation.voice_flow_runs() {
                conversation.flow_list.extend(values.iter().map(|(k, v)| (k.clone(), v.clone())));
            }
            let customer = &mut conversation.participants[0];
            let (written, on) = (Self::write(customer, &values, Semantics::Merge), customer.id);
            self.trace(id, at, &values);
            notice = Some(WorldChange { conversation: id, at, attributes: vec![(on, written)] });
        }
        let Some(end) = end else { return Some((step, notice)) };
        // A story goes on by itself; a call without one goes where the flow sends it.
        let hand_made = self.conversations.get(&id).is_some_and(|c| c.story.is_none());
        if hand_made {
            self.drives.remove(&id);
            let queue = match &end {
                End::Transferred(to) => self.scenario.queues.iter().position(|q| q.name == *to),
                _ => None,
            };
            let mut last = match queue {
                Some(queue) => {
                    let attributes = self.enter_queue(id, queue, at, "transfer");
                    Some(WorldChange { conversation: id, at, attributes })
                }
                None => self.end_all(id, at),
            };
            if let (Some(first), Some(last)) = (notice.take(), &mut last) {
                last.attributes.splice(0..0, first.attributes);
            }
            notice = last;
        } else if let Some(drive) = self.drives.get_mut(&id) {
            drive.pace_ms = None;
        }
        Some((step, notice))
    }
}

/// What a caller or another system might answer.
fn made_up(need: &Need, flow: &Flow, rng: &mut fastrand::Rng) -> Inputs {
    let mut inputs = Inputs::default();
    match need {
        Need::Lookup { name, .. } => {
            let answer = match rng.u8(0..10) {
                0 => DataActionAnswer::Timeout,
                1 => DataActionAnswer::Error,
                _ => DataActionAnswer::Ok(sample::result(flow, name, || rng.usize(0..12))),
            };
            inputs.lookups.push((name.clone(), answer));
        }
        Need::Digit { choices, .. } => {
            inputs.digits.push_back(rng.choice(choices).cloned().unwrap_or_else(|| "1".to_owned()));
        }
        Need::Output { action, outputs } => {
            let output = rng.choice(outputs).cloned().unwrap_or_default();
            inputs.choose.push((action.clone(), output));
        }
    }
    inputs
}
