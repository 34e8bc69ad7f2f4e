//! A recorded run done again by the local interpreter, with the outcomes that the record shows: whether both agree.
//!
//! What other systems, callers and bots did comes from the record. Decisions, expressions and links are the interpreter's own;
//! where it cannot decide, it takes the record's output too, and that is told.

use super::answer::ActionName;
use super::execution::{Executed, Recorded, Run as Record};
use super::steps;
use crate::flow::input::{DataActionAnswer, Inputs};
use crate::flow::model::{Action, ActionKind, Flow};
use crate::flow::run::{ActionRun, End, Run};
use crate::flow::value::Val;
use serde::Serialize;
use std::sync::Arc;

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunReplay {
    /// Whether the two agree as far as the record goes.
    pub(crate) agrees: bool,
    /// Actions that both went through.
    pub(crate) actions: usize,
    /// Attributes that both set to the same value.
    pub(crate) values: usize,
    /// Outputs that the interpreter could not decide and took from the record: action and output.
    pub(crate) taken: Vec<(String, String)>,
    /// Where they part; nothing when they agree.
    pub(crate) parting: Option<Parting>,
    /// The action that would have come next where the record ends before the flow does: the caller may have hung up.
    pub(crate) ended_before: Option<String>,
    /// The action at which the comparison ends because neither the record nor the run here says which output it took: that is
    /// no disagreement.
    pub(crate) undecided: Option<String>,
}

/// Where the two part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Parting {
    /// The last action that both went through, or the one at which they differ.
    pub(crate) at: Option<ActionName>,
    /// What the record says.
    pub(crate) recorded: String,
    /// What the interpreter does.
    pub(crate) local: String,
}

/// Steps that are compared at most.
const MOST: usize = 20_000;

/// Runs the definition of the version that ran.
pub(crate) fn replay(flow: &Flow, record: &Record) -> RunReplay {
    let index = steps::Index::of(flow);
    let own: Vec<(usize, &Executed)> = record
        .executed
        .iter()
        .filter(|executed| executed.module.is_none())
        .filter_map(|executed| Some((index.find(executed)?, executed)))
        // How a loop's rounds are recorded is not told for sure, and a menu is recorded without its choice.
        .filter(|(at, _)| !matches!(flow.actions[*at].kind, ActionKind::Loop(_) | ActionKind::Menu))
        .collect();
    let last = record.executed.iter().rfind(|executed| executed.module.is_none());
    let last = last.and_then(|executed| index.find(executed));
    let mut inputs = Inputs::default();
    inputs.variables.extend(record.variables.iter().map(|(name, value)| (name.clone(), Val::from_json(value))));
    inputs.attributes = before(record);
    let run = Run::new(Arc::new(flow.clone()), inputs).limited(MOST);
    let out = RunReplay::default();
    let mut found = Beside { flow, own, at: 0, run, given: Vec::new(), helped: None, out, last: None }.go();
    // The record ends in that menu, not before it.
    if let Some(menu) = last.filter(|at| matches!(flow.actions[*at].kind, ActionKind::Menu))
        && found.ended_before.as_ref() == Some(&steps::name(&flow.actions[menu]).words())
    {
        found.undecided = found.ended_before.take();
    }
    found
}

/// Attributes that were there before the flow set them: what it read first.
fn before(record: &Record) -> Vec<(String, String)> {
    let mut known: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for executed in &record.executed {
        for read in &executed.read {
            if let (false, Some(value)) = (known.contains(&read.key.as_str()), read.value.text()) {
                found.push((read.key.clone(), value.to_owned()));
            }
            known.push(&read.key);
        }
        known.extend(executed.sets.iter().flatten().map(|set| set.key.as_str()));
    }
    found
}

struct Beside<'f> {
    flow: &'f Flow,
    /// The flow's own actions that were executed, in order.
    own: Vec<(usize, &'f Executed)>,
    /// The next of them.
    at: usize,
    run: Run,
    /// Actions that were given an output once: the next time they need another.
    given: Vec<usize>,
    /// The last action that was given an output, and the entry that came next then.
    helped: Option<(usize, usize)>,
    out: RunReplay,
    last: Option<usize>,
}

impl<'f> Beside<'f> {
    fn go(mut self) -> RunReplay {
        loop {
            let before = self.run.next_action().filter(|next| *next < self.flow.actions.len());
            if let Some(next) = before {
                self.prepare(next);
            }
            let Some(step) = self.run.step() else { break };
            if let Some(End::Needs(_) | End::Undecided(_)) = self.run.end() {
                if !self.help(&step) {
                    break;
                }
                continue;
            }
            if !self.compare(&step) {
                break;
            }
        }
        if self.out.parting.is_none()
            && let Some((at, _)) = self.own.get(self.at)
            && self.out.ended_before.is_none()
            && self.out.undecided.is_none()
            && !steps::passing(&self.flow.actions[*at])
        {
            let local = self.run.end().map_or_else(|| "continues".to_owned(), ToString::to_string);
            self.part(format!("continues with {}", self.name(*at)), local);
        }
        self.out.agrees = self.out.parting.is_none();
        self.out
    }

    fn name(&self, at: usize) -> String {
        steps::name(&self.flow.actions[at]).words()
    }

    fn part(&mut self, recorded: String, local: String) {
        let at = self.last.map(|at| steps::name(&self.flow.actions[at]));
        self.out.parting = Some(Parting { at, recorded, local });
    }

    /// The recorded entry of the action that comes next, when that is what the record has next.
    fn entry(&self, next: usize) -> Option<(usize, &'f Executed)> {
        let mut ahead = self.own[self.at.min(self.own.len())..].iter();
        let skipped =
            ahead.clone().take_while(|(at, _)| *at != next && steps::passing(&self.flow.actions[*at])).count();
        let (at, executed) = ahead.nth(skipped)?;
        (*at == next).then_some((self.at + skipped, *executed))
    }

    /// Gives an action, before it runs, what it cannot know itself.
    fn prepare(&mut self, next: usize) {
        let Some((_, executed)) = self.entry(next) else { return };
        let action = &self.flow.actions[next];
        let id = action.id.clone();
        let taken = steps::taken_index(executed, action).map(|branch| action.branches[branch].id.clone());
        let mut more = Inputs::default();
        let written = || executed.wrote.iter().map(|(name, value)| (name.clone(), Val::from_json(value)));
        match &action.kind {
            ActionKind::Lookup(_) => {
                more.variables.extend(written());
                match (&executed.answer, taken) {
                    (Some(answer), Some(output)) if output == "success" || output == "found" => {
                        more.lookups.push((id, DataActionAnswer::Ok(answer.clone().into())));
                    }
                    (_, Some(output)) => more.choose.push((id, output)),
                    _ => {}
                }
            }
            ActionKind::Collect(_) => match (&executed.digits, taken) {
                (Some(digits), _) => more.digits.push_back(digits.clone()),
                (None, Some(output)) => more.choose.push((id, output)),
                _ => {}
            },
            ActionKind::Ask
            | ActionKind::Unknown
            | ActionKind::GetConversation(_)
            | ActionKind::SetConversation(_)
            | ActionKind::Passive => {
                more.variables.extend(written());
                more.choose.extend(taken.map(|output| (id, output)));
            }
            ActionKind::CallFlow(_) => more.variables.extend(written()),
            // A transfer that succeeds has no output here.
            ActionKind::Transfer(_) => {
                more.choose.extend(taken.filter(|output| output == "failure").map(|output| (id, output)));
            }
            ActionKind::Decision(_) | ActionKind::Switch(_) if self.given.contains(&next) => {
                more.choose.extend(taken.map(|output| (id, output)));
            }
            _ => {}
        }
        if !(more.variables.is_empty() && more.lookups.is_empty() && more.choose.is_empty() && more.digits.is_empty()) {
            self.run.answer(more);
        }
    }

    /// The interpreter cannot go on by itself: the record's outcome, if it has one.
    fn help(&mut self, step: &ActionRun) -> bool {
        let at = step.action;
        let stuck = self.run.end().map(ToString::to_string).unwrap_or_default();
        let Some(action) = self.flow.actions.get(at) else {
            self.part("has no outcome".to_owned(), stuck);
            return false;
        };
        let output = match &action.kind {
            // A menu is recorded without an output: the choice shows in what follows.
            ActionKind::Menu => self.own.get(self.at).and_then(|(next, _)| leads(self.flow, action, *next)),
            _ => self.entry(at).and_then(|(_, executed)| steps::taken_index(executed, action)),
        };
        let Some(output) = output else {
            // The call ended there, and the flow would have gone on.
            if self.at >= self.own.len() {
                self.out.ended_before = Some(self.name(at));
            } else {
                self.out.undecided = Some(self.name(at));
            }
            return false;
        };
        // Asked again after that, it would ask for ever.
        if self.helped.replace((at, self.at)) == Some((at, self.at)) {
            self.out.undecided = Some(self.name(at));
            return false;
        }
        let branch = &action.branches[output];
        if !matches!(action.kind, ActionKind::Menu) {
            self.out.taken.push((self.name(at), branch.label.clone()));
        }
        let mut more = Inputs::default();
        more.choose.push((action.id.clone(), branch.id.clone()));
        if !self.given.contains(&at) {
            self.given.push(at);
        }
        self.run.answer(more);
        true
    }

    fn compare(&mut self, step: &ActionRun) -> bool {
        let Some(action) = self.flow.actions.get(step.action) else { return true };
        let Some((place, executed)) = self.entry(step.action) else {
            if steps::passing(action) {
                return true;
            }
            match self.own.get(self.at) {
                Some((other, _)) => {
                    let other = self.name(*other);
                    self.part(format!("continues with {other}"), format!("continues with {}", self.name(step.action)));
                }
                // A record that was cut, of a run that goes on, or of a caller who hung up.
                None => self.out.ended_before = Some(self.name(step.action)),
            }
            return false;
        };
        let taken = steps::taken_index(executed, action);
        let local = step.output.as_deref().and_then(|output| action.branches.iter().position(|b| b.is(output)));
        let sets = executed.sets.clone();
        let label = |at: usize| action.branches[at].label.clone();
        self.last = Some(step.action);
        if let (Some(taken), Some(local)) = (taken, local)
            && taken != local
        {
            self.part(format!("took {}", label(taken)), format!("takes {}", label(local)));
            return false;
        }
        for set in sets.iter().flatten() {
            let same = step.set.iter().rfind(|own| own.key.as_deref() == Some(set.key.as_str()));
            let unknown = step.set.iter().any(|own| own.key.is_none());
            match (same.map(|own| &own.value), &set.value) {
                (None, _) if !unknown => {
                    self.part(format!("sets {}", set.key), "does not set it".to_owned());
                    return false;
                }
                (Some(value), Recorded::Text(text)) if !value.is_unknown() && value.to_string() != *text => {
                    self.part(format!("sets {} to another value", set.key), "computes another".to_owned());
                    return false;
                }
                (Some(value), recorded) if !value.is_unknown() && recorded.text() == Some(&value.to_string()) => {
                    self.out.values += 1;
                }
                _ => {}
            }
        }
        self.out.actions += 1;
        self.at = place + 1;
        true
    }
}

/// The output of a menu that leads to this action.
fn leads(flow: &Flow, menu: &Action, next: usize) -> Option<usize> {
    menu.branches.iter().position(|branch| steps::arrives(flow, branch, next))
}

#[cfg(test)]
mod tests {
    use super::super::execution::read as record;
    use super::*;
    use crate::flow::read;
    use serde_json::{Value, json};

    const FLOW: &str = include_str!("../../assets/flows/main-ivr.json");

    fn entry(flow: &Flow, name: &str, kind: &str, more: Value) -> Value {
        let mut body = more;
        body["actionId"] = json!(flow.actions[flow.find(name).unwrap()].id);
        json!({ kind: body })
    }

    /// A run of the sample in which the lookup answers with a tier.
    fn entries(flow: &Flow, tier: &str) -> Vec<Value> {
        let set = |name: &str, pairs: Value| {
            let list = pairs.as_object().unwrap().iter();
            let list: Vec<Value> = list.map(|(key, value)| json!({"inputName": key, "value": value})).collect();
            entry(flow, name, "actionSetParticipantData", json!({"inputData": {"attributes": list}}))
        };
        let gold = tier == "gold";
        let mut out = vec![
            json!({"startedFlow": {"variables": [{"variableName": "Call.Ani", "value": "tel:+15550100100"}]}}),
            entry(flow, "Welcome", "actionPlayAudio", json!({})),
            entry(
                flow,
                "Read language",
                "actionGetParticipantData",
                json!({"outputData": {"attributes": [{"outputName": "language", "value": "en"}]}}),
            ),
            set("Mark start", json!({"ivr_name": "MainIVR"})),
            entry(
                flow,
                "Find customer",
                "actionCallData",
                json!({"outputPathId": "__SUCCESS__", "outputData": {"successOutputs": [{"outputName": "tier", "value": tier}]}}),
            ),
            set("Keep tier", json!({"customer_tier": tier, "lookup": "ok"})),
            json!({"menuMenu": {"execution": []}}),
            set("Choice billing", json!({"ivr_choice": "account_balance"})),
            entry(
                flow,
                "Gold caller?",
                "actionDecision",
                json!({"outputPathId": if gold { "__YES__" } else { "__NO__" }}),
            ),
        ];
        if gold {
            out.push(set("Raise priority", json!({"priority": format!("high-{tier}")})));
        }
        out.push(entry(flow, "To billing", "actionTransferToAcd", json!({})));
        out
    }

    fn replayed(flow: &Flow, entries: &[Value]) -> RunReplay {
        replay(flow, &record(&json!({"flow": {"execution": entries}})).unwrap())
    }

    #[test]
    fn a_run_as_it_was_agrees() {
        let flow = read(FLOW).unwrap();
        for (tier, actions, values) in [("gold", 9, 5), ("silver", 8, 4)] {
            let found = replayed(&flow, &entries(&flow, tier));
            assert!(found.agrees, "{found:#?}");
            assert_eq!(
                (found.actions, found.values, found.ended_before.clone()),
                (actions, values, None),
                "{found:#?}"
            );
            assert!(found.taken.is_empty(), "{found:#?}");
        }
    }

    #[test]
    fn where_they_part_is_named() {
        let flow = read(FLOW).unwrap();
        // The interpreter decides by the tier, whatever the record says it took.
        let mut other = entries(&flow, "gold");
        other[8]["actionDecision"]["outputPathId"] = json!("__NO__");
        let parting = replayed(&flow, &other).parting.unwrap();
        assert_eq!(parting.at.unwrap().name, "Gold caller?");
        assert_eq!((parting.recorded.as_str(), parting.local.as_str()), ("took no", "takes yes"));
        let mut other = entries(&flow, "gold");
        other[9]["actionSetParticipantData"]["inputData"]["attributes"][0]["value"] = json!("low");
        let parting = replayed(&flow, &other).parting.unwrap();
        assert_eq!(parting.recorded, "sets priority to another value");
        let mut other = entries(&flow, "gold");
        other.remove(3);
        let parting = replayed(&flow, &other).parting.unwrap();
        assert!(parting.recorded.contains("Find customer") && parting.local.contains("Mark start"), "{parting:?}");
    }

    #[test]
    fn a_call_that_ended_early_agrees_as_far_as_it_went() {
        let flow = read(FLOW).unwrap();
        let all = entries(&flow, "gold");
        for length in 1..all.len() {
            let found = replayed(&flow, &all[..length]);
            assert!(found.agrees, "{length}: {found:#?}");
            assert!(found.ended_before.is_some(), "{length}: {found:#?}");
        }
    }

    /// A menu whose next entry names no choice: the record does not say, and the run here cannot tell.
    #[test]
    fn two_that_do_not_know_do_not_disagree() {
        let flow = read(FLOW).unwrap();
        let mut all = entries(&flow, "gold");
        // Straight to the transfer, which no choice leads to.
        all.drain(7..10);
        let found = replayed(&flow, &all);
        assert!(found.agrees && found.parting.is_none(), "{found:#?}");
        assert!(found.undecided.as_deref().is_some_and(|at| at.contains("Main Menu")), "{found:#?}");
        assert_eq!(found.actions, 5, "{found:#?}");
    }

    #[test]
    fn what_the_record_does_not_value_is_taken_from_it() {
        let flow = read(FLOW).unwrap();
        let mut all = entries(&flow, "gold");
        all[4]["actionCallData"].as_object_mut().unwrap().remove("outputData");
        let found = replayed(&flow, &all);
        assert!(found.agrees, "{found:#?}");
        assert_eq!(found.taken, [("Gold caller? (action 19)".to_owned(), "yes".to_owned())]);
        let timeout = [
            all[0].clone(),
            all[1].clone(),
            all[2].clone(),
            all[3].clone(),
            entry(&flow, "Find customer", "actionCallData", json!({"outputPathId": "__TIMEOUT__"})),
            entry(
                &flow,
                "Note timeout",
                "actionSetParticipantData",
                json!({"inputData": {"attributes": [{"inputName": "lookup", "value": "timeout"}]}}),
            ),
        ];
        let found = replayed(&flow, &timeout);
        assert!(found.agrees && found.ended_before.as_deref().is_some_and(|at| at.contains("Main Menu")), "{found:#?}");
    }
}
