//! A key that is nowhere: what passed it by.

mod definition;
mod record;

use super::{KnownCall, WhyQuestion, last_set};
use crate::domain::{Change, Participant};
use crate::why::answer::{Certainty, Verdict, WhyAnswer};
use crate::why::execution::Recorded;
use crate::why::parting;
use crate::why::steps::{self, Setter, WayOut};
use definition::by_definition;
use jiff::Timestamp;
use record::not_reached;

/// Setters of a key that are named one by one where nothing says which of them ran.
const SETTERS: usize = 20;

/// Nowhere.
pub(super) fn missing(question: &WhyQuestion, call: &KnownCall<'_>, answer: &mut WhyAnswer) {
    answer.verdict = Verdict::Missing;
    if let Some(set) = last_set(question, call) {
        answer.certainty = Certainty::Executed;
        answer.flow = Some(set.owner.clone());
        let at = call.at(set.at);
        answer.evidence.extend(set.evidence(&question.key));
        let gone = call.changes.iter().any(|(_, change)| {
            matches!(change,
            Change::Attribute { key, new: None, .. } if key.as_str() == question.key)
        });
        if !set.listed && !gone {
            answer.certainty = Certainty::Static;
            answer.cause = format!(
                "{} is not there: {} of {} ran{at}, which sets it by its definition; what it wrote is not recorded, and may have \
                 been a value that is not set.",
                question.key,
                set.action.words(),
                set.of()
            );
            answer.remedy = Some(format!("look at what {} takes its value from", set.action.words()));
            answer.action = Some(set.action);
            return;
        }
        if *set.value == Recorded::NotSet {
            answer.cause = format!(
                "{} was not set: {} of {} ran{at} with a value that is not set.",
                question.key,
                set.action.words(),
                set.of()
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
                set.of()
            )
        } else if gone {
            format!("{} was set by {} of {}{at} and has vanished since.", question.key, set.action.words(), set.of())
        } else {
            format!(
                "{} was set by {} of {}{at}, but it is on no participant: a later write may have removed it.",
                question.key,
                set.action.words(),
                set.of()
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
            call.time(time)
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
        answer.evidence.push(call.read(format!("{} is within the value of {holder} on {purpose}", question.key)));
        answer.cause = format!(
            "{} is not there by itself: it is within the value of {holder} on {purpose}, which nothing has unpacked.",
            question.key
        );
        answer.remedy =
            Some(format!("set each member of that payload as an attribute of its own, {} among them", question.key));
        return;
    }
    // The flow that came nearest to setting it.
    let mut best: Option<(usize, usize, usize, WayOut<'_>)> = None;
    for (place, flow) in call.flows.iter().enumerate() {
        let (Some(definition), Some(run)) = (&flow.definition, flow.laid()) else { continue };
        let setters = parting::on_a_path(definition, steps::setters(definition, &question.key, Setter::Exactly));
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
fn vanished(question: &WhyQuestion, call: &KnownCall<'_>, on: Option<&str>) -> Option<Timestamp> {
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
fn wrapped<'c>(question: &WhyQuestion, call: &'c KnownCall<'_>) -> Option<(&'c Participant, String)> {
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
