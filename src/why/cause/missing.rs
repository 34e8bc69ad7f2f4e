//! A key that is nowhere: what passed it by.

use super::{FlowRun, KnownCall, NoRecord, Question, in_flow, last_set};
use crate::domain::{Change, Participant};
use crate::flow::keys::{When, keys};
use crate::flow::model::Flow;
use crate::why::answer::{Certainty, Evidence, EvidenceSource, Verdict, WhyAnswer, rfc3339};
use crate::why::execution::{Recorded, Run};
use crate::why::steps::{self, Left, Setter, TurnedBy};
use jiff::Timestamp;
use rustc_hash::FxHashMap;

/// Setters of a key that are named one by one where nothing says which of them ran.
const SETTERS: usize = 20;

/// Nowhere.
pub(super) fn missing(question: &Question, call: &KnownCall<'_>, answer: &mut WhyAnswer) {
    answer.verdict = Verdict::Missing;
    if let Some(set) = last_set(question, call) {
        answer.certainty = Certainty::Executed;
        answer.flow = Some(set.flow.name.clone());
        let at = set.at.map(|at| format!(" at {}", rfc3339(at))).unwrap_or_default();
        let gone = call.changes.iter().any(|(_, change)| {
            matches!(change,
            Change::Attribute { key, new: None, .. } if key.as_str() == question.key)
        });
        if *set.value == Recorded::NotSet {
            answer.cause = format!(
                "{} was not set: {} of {} ran{at} with a value that is not set.",
                question.key,
                set.action.words(),
                in_flow(set.flow)
            );
            answer.remedy = Some(format!("give {} a value where what it takes it from has none", set.action.words()));
            answer.action = Some(set.action);
            return;
        }
        answer.cause = if set.flow.running {
            format!(
                "{} was set by {} of {}{at}, which is still running: what it sets may arrive when it ends.",
                question.key,
                set.action.words(),
                in_flow(set.flow)
            )
        } else if gone {
            format!(
                "{} was set by {} of {}{at} and has vanished since.",
                question.key,
                set.action.words(),
                in_flow(set.flow)
            )
        } else {
            format!(
                "{} was set by {} of {}{at}, but it is on no participant: a later write may have removed it.",
                question.key,
                set.action.words(),
                in_flow(set.flow)
            )
        };
        answer.action = Some(set.action);
        answer.remedy = Some("look for another program that writes this participant's attributes".to_owned());
        return;
    }
    if let Some(time) = vanished(question, call, answer.participant_id.as_deref()) {
        answer.certainty = Certainty::Observed;
        answer.cause = format!(
            "{} was there until {} and has vanished since; no message names who removed it.",
            question.key,
            rfc3339(time)
        );
        answer.remedy = Some(
            "look at what happened at that time: a transfer to another participant, or a program that writes all attributes"
                .to_owned(),
        );
        return;
    }
    if let Some((participant, holder)) = wrapped(question, call) {
        let purpose = participant.purpose.as_str();
        answer.certainty = Certainty::Observed;
        answer.cause = format!(
            "{} is not there by itself: it is within the value of {holder} on {purpose}, which nothing has unpacked.",
            question.key
        );
        answer.remedy =
            Some(format!("set each member of that payload as an attribute of its own, {} among them", question.key));
        return;
    }
    // The flow that came nearest to setting it.
    let mut best: Option<(usize, usize, usize, Left<'_>)> = None;
    for (place, flow) in call.flows.iter().enumerate() {
        let (Some(definition), Some(run)) = (&flow.definition, flow.laid()) else { continue };
        let setters = steps::setters(definition, &question.key, Setter::Exactly);
        if let Some((at, (depth, left))) = steps::nearest(definition, &run, &setters)
            && best.as_ref().is_none_or(|(_, _, other, _)| depth > *other)
        {
            best = Some((place, at, depth, left));
        }
    }
    match best {
        Some((place, at, _, left)) => not_reached(question, call, &call.flows[place], (at, &left), answer),
        None => by_definition(question, call, answer),
    }
}

/// When the key was last seen to vanish from this participant.
fn vanished(question: &Question, call: &KnownCall<'_>, on: Option<&str>) -> Option<Timestamp> {
    let last = call.changes.iter().rev().find_map(|(time, change)| match change {
        Change::Attribute { participant, key, new, .. }
            if key.as_str() == question.key && Some(participant.as_str()) == on =>
        {
            Some((*time, new.is_none()))
        }
        _ => None,
    });
    last.filter(|(_, gone)| *gone).map(|(time, _)| time)
}

/// An attribute whose value is a JSON object that holds the key, at any depth: the participant and the attribute's name.
fn wrapped<'c>(question: &Question, call: &'c KnownCall<'_>) -> Option<(&'c Participant, String)> {
    let quoted = serde_json::Value::from(question.key.as_str()).to_string();
    call.conversation.participants.iter().rev().find_map(|participant| {
        let holder = participant.attributes.iter().find(|attribute| {
            let text = attribute.value.as_str();
            text.trim_start().starts_with('{')
                && text.contains(&quoted)
                && serde_json::from_str(text).is_ok_and(|value| has_member(&value, &question.key))
        })?;
        Some((participant, holder.key.to_string()))
    })
}

/// serde_json itself bounds the depth.
fn has_member(value: &serde_json::Value, name: &str) -> bool {
    match value {
        serde_json::Value::Object(map) => map.contains_key(name) || map.values().any(|value| has_member(value, name)),
        serde_json::Value::Array(list) => list.iter().any(|value| has_member(value, name)),
        _ => false,
    }
}

/// The run passed the setters by.
fn not_reached(
    question: &Question,
    call: &KnownCall<'_>,
    flow: &FlowRun,
    (at, left): (usize, &Left<'_>),
    answer: &mut WhyAnswer,
) {
    let Some(definition) = &flow.definition else { return };
    let setter = steps::name(&definition.actions[at]);
    answer.flow = Some(flow.name.clone());
    let laid = flow.laid();
    answer.branch = steps::steps(definition, laid.as_ref(), at);
    // The setter's own task or menu was never entered: what led elsewhere is in another.
    let entered = match (left, &laid) {
        (Left::Stopped { action: None, .. }, Some(laid)) => {
            steps::never_came(definition, laid, definition.actions[at].container)
        }
        _ => None,
    };
    if let (Some((_, path)), Some(laid)) = (&entered, &laid) {
        let before: Vec<_> = path.iter().flat_map(|one| steps::steps_to(definition, laid, *one)).collect();
        answer.branch.splice(0..0, before);
    }
    let left = entered.as_ref().map_or(left, |(left, _)| left);
    let gap = flow.run.as_deref().and_then(Run::gap);
    let has_end = flow.run.as_deref().is_some_and(|run| run.has_end);
    // The record is a proof: of this run, and of every other that might have set the key.
    let mut sure = gap.is_none();
    let because = match left {
        Left::Turned { action, needed, executed, taken } => {
            let owner = &definition.actions[*action];
            let time = executed.at.map(|at| format!(" at {}", rfc3339(at))).unwrap_or_default();
            let needed = &owner.branches[*needed].label;
            answer.remedy =
                Some(format!("set {} behind the output {taken} of {} too", question.key, steps::name(owner).words()));
            let text = format!(
                "{} took its output {taken}; {} is behind {needed}",
                steps::name(owner).words(),
                setter.words()
            );
            answer.evidence.push(Evidence { time: executed.at.map(rfc3339), source: EvidenceSource::Execution, text });
            format!("because {} took its output {taken}{time}", steps::name(owner).words())
        }
        Left::Untold { action, needed } => {
            sure = false;
            let owner = &definition.actions[*action];
            let needed = &owner.branches[*needed].label;
            answer.remedy = Some(format!("set {} behind every output of {}", question.key, steps::name(owner).words()));
            format!(
                "it is behind the output {needed} of {}, and which one that took is not recorded",
                steps::name(owner).words()
            )
        }
        Left::Stopped { action: Some(stopped), executed } => {
            let last = steps::name(&definition.actions[*stopped]).words();
            let time = executed.and_then(|executed| executed.at);
            let text = format!("{last} was the last action on the path to {}", setter.words());
            answer.evidence.push(Evidence { time: time.map(rfc3339), source: EvidenceSource::Execution, text });
            let time = time.map(|at| format!(" at {}", rfc3339(at))).unwrap_or_default();
            let is_last = laid.as_ref().and_then(|laid| laid.entries().last()).is_some_and(|(at, _)| at == stopped);
            if sure {
                answer.remedy = Some(format!("set {} before {last}", question.key));
            }
            match (flow.running, is_last) {
                (true, _) => format!("the flow is still running and has come as far as {last}{time}"),
                (false, true) if !has_end => format!("as the record ends with {last}{time}"),
                (false, true) => format!("because the run came as far as {last}{time} and no further"),
                (false, false) => format!("because the run came as far as {last}{time} and then went elsewhere"),
            }
        }
        Left::Stopped { action: None, .. } | Left::Reached(_) => {
            let container = &definition.containers[definition.actions[at].container].name;
            answer.remedy = Some(format!("set {} on the path that this call took, too", question.key));
            format!("because the run never came to {container:?}")
        }
    };
    let others = call.flows.iter().filter(|other| !std::ptr::eq(*other, flow));
    let blind: Vec<String> = others.filter_map(|other| other.blind_spot(&question.key)).collect();
    // Its own record may hide a key that is computed, or what a common module set.
    let own = flow.blind_spot(&question.key).filter(|_| gap.is_none());
    sure &= blind.is_empty() && own.is_none();
    answer.certainty = if sure { Certainty::Executed } else { Certainty::Static };
    let as_far = gap.map(|gap| format!(" as far as the record goes, which {gap},")).unwrap_or_default();
    answer.cause = match blind.first().or(own.as_ref()) {
        None => format!(
            "{} was never set:{as_far} {} of {} was not reached, {because}.",
            question.key,
            setter.words(),
            in_flow(flow)
        ),
        Some(blind) => format!(
            "{} is not there: {} of {} was not reached,{as_far} {because}; {blind}.",
            question.key,
            setter.words(),
            in_flow(flow)
        ),
    };
    answer.action = Some(setter);
}

/// No record says which output was taken, but another key has a value that one action alone writes.
fn by_value(question: &Question, flow: &FlowRun, definition: &Flow, turned: &TurnedBy<'_>, answer: &mut WhyAnswer) {
    let (owner, needed, taken) = turned.owner;
    let owner = &definition.actions[owner];
    let (setter, witness) = (steps::name(&definition.actions[turned.setter]), &definition.actions[turned.witness.0]);
    answer.branch = steps::steps(definition, None, turned.setter);
    let (label, name) = (|output: usize| &owner.branches[output].label, steps::name(owner).words());
    answer.cause = format!(
        "{} is not there: {} of {} is behind the output {} of {name}, which took {}: {} has the value that only {} writes.",
        question.key,
        setter.words(),
        in_flow(flow),
        label(needed),
        label(taken),
        turned.witness.1,
        steps::name(witness).words()
    );
    answer.remedy = Some(format!("set {} behind the output {} of {name} too", question.key, label(taken)));
    answer.action = Some(setter);
}

/// What to do so that the path of a run is known.
fn to_see_more(flow: &FlowRun) -> Option<String> {
    let words = match (flow.run.as_deref(), flow.no_record) {
        _ if flow.running => return None,
        // A record that lists no actions is there: it is the level that is too low.
        (Some(run), _) if !run.lists_actions => {
            "have the flow's execution data list its actions (level Base or higher) to see which path a call takes"
        }
        (Some(_), _) => return None,
        (None, NoRecord::Missing) => {
            "switch on execution data for the flow and publish it again to see which path a call takes"
        }
        (None, NoRecord::Forbidden) => {
            "get the permission to read execution data, which 'sidetone doctor' names, to see which path a call takes"
        }
        (None, NoRecord::Unread) => "ask again in a minute: the record of this run could not be read this time",
    };
    Some(words.to_owned())
}

/// Without a record of the run, what the definitions say.
fn by_definition(question: &Question, call: &KnownCall<'_>, answer: &mut WhyAnswer) {
    let known: Vec<(&FlowRun, &Flow)> =
        call.flows.iter().filter_map(|flow| Some((flow, flow.definition.as_deref()?))).collect();
    if known.is_empty() {
        answer.verdict = Verdict::Missing;
        answer.certainty = Certainty::Unknown;
        answer.cause = match call.flows.first() {
            None => format!("{} is not there, and which flow the call ran is not known.", question.key),
            Some(flow) => {
                format!("{} is not there, and the definition of {} could not be read.", question.key, in_flow(flow))
            }
        };
        answer.remedy = Some("'sidetone doctor' names the permissions that are missing".to_owned());
        return;
    }
    for (flow, definition) in &known {
        let found = steps::setters(definition, &question.key, Setter::Exactly);
        let Some(first) = found.first() else { continue };
        let uses = keys(definition);
        let sets = uses.by_key.get(&question.key).map_or(&[][..], |uses| &uses.set);
        let ways: FxHashMap<usize, When> = sets.iter().rev().map(|one| (one.action, one.when)).collect();
        let way = |at: usize| ways.get(&at).copied().unwrap_or(When::Conditional);
        let action = steps::name(&definition.actions[*first]);
        answer.flow = Some(flow.name.clone());
        answer.branch = steps::steps(definition, None, *first);
        for at in found.iter().take(SETTERS) {
            let place = definition.path(*at);
            let text = format!(
                "{} sets {}, {} ({place})",
                steps::name(&definition.actions[*at]).words(),
                question.key,
                way(*at).word()
            );
            answer.evidence.push(Evidence { time: None, source: EvidenceSource::Flow, text });
        }
        if let Some(more) = found.len().checked_sub(SETTERS).filter(|more| *more > 0) {
            let text = format!("{more} more actions set {}", question.key);
            answer.evidence.push(Evidence { time: None, source: EvidenceSource::Flow, text });
        }
        answer.certainty = Certainty::Static;
        let attributes = call.conversation.participants.iter().flat_map(|p| p.attributes.iter());
        let ran = steps::ran_by_value(definition, attributes.map(|a| (a.key.as_str(), a.value.as_str())));
        if let Some(turned) = steps::turned_by(definition, &ran, &found).filter(|_| !flow.running) {
            by_value(question, flow, definition, &turned, answer);
            return;
        }
        let always = found.iter().any(|at| way(*at) == When::Always);
        answer.cause = if flow.running {
            format!(
                "{} is not there yet: {} is still running, and {} can set it.",
                question.key,
                in_flow(flow),
                action.words()
            )
        } else if always {
            // Its way is sure only if nothing on it fails, and the platform does not promise that.
            answer.certainty = Certainty::Unknown;
            format!(
                "{} is not there, although {} of {} is on every path: the flow may have ended early, or something removed it.",
                question.key,
                action.words(),
                in_flow(flow)
            )
        } else {
            format!(
                "{} is not there: {} of {} is not on every path, and which path the call took is not recorded.",
                question.key,
                action.words(),
                in_flow(flow)
            )
        };
        answer.action = Some(action);
        answer.remedy = to_see_more(flow);
        return;
    }
    let perhaps = known.iter().find_map(|(flow, definition)| {
        let found = steps::setters(definition, &question.key, Setter::Perhaps);
        found.first().map(|at| (*flow, steps::name(&definition.actions[*at])))
    });
    let complete = known.len() == call.flows.len();
    let names: Vec<String> = known.iter().map(|(flow, _)| in_flow(flow)).collect();
    let names = names.join(", ");
    answer.flow = Some(known[0].0.name.clone());
    (answer.certainty, answer.cause) = match perhaps {
        Some((flow, action)) => (
            Certainty::Unknown,
            format!(
                "{} is not there; no action of {names} names it, but {} of {} sets a key that is known only in a run.",
                question.key,
                action.words(),
                in_flow(flow)
            ),
        ),
        None if complete => {
            (Certainty::Static, format!("{} is not there: no action of {names} sets it.", question.key))
        }
        None => (
            Certainty::Unknown,
            format!(
                "{} is not there: no action of {names} sets it, and another flow of the call could not be read.",
                question.key
            ),
        ),
    };
    answer.remedy =
        Some(format!("add a Set Participant Data action for {}, or read the key that the flow sets", question.key));
}
