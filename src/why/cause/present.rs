//! A key that is there: what set it, whether something else has replaced it since, and what is wrong with it.

use super::{KnownCall, WhyQuestion, folded, in_flow, last_set};
use crate::domain::{Change, Participant, Source, findings::unresolved};
use crate::flow::model::ActionKind;
use crate::why::answer::{ActionName, Certainty, Verdict, WhyAnswer};
use crate::why::execution::Recorded;
use crate::why::steps::{self, Setter};
use jiff::{SignedDuration, Timestamp};

/// What set it.
pub(super) fn present(question: &WhyQuestion, call: &KnownCall<'_>, value: &str, answer: &mut WhyAnswer) {
    answer.verdict = Verdict::Present;
    let last_seen = call.changes.iter().rev().find_map(|(time, change)| match change {
        Change::Attribute { participant, key, source, .. }
            if key.as_str() == question.key && answer.participant_id.as_deref() == Some(participant.as_str()) =>
        {
            Some((*time, *source))
        }
        _ => None,
    });
    if let Some((time, Source::You)) = last_seen {
        answer.certainty = Certainty::Observed;
        answer.cause = format!("{} is there: your edit set it at {}.", question.key, call.time(time));
        return;
    }
    if let Some(set) = last_set(question, call) {
        // Another action may have set it after this one where a record leaves things out.
        let blind = call.flows.iter().find_map(|flow| flow.blind_spot(&question.key));
        answer.certainty = if blind.is_none() { Certainty::Executed } else { Certainty::Static };
        let doubt = blind.map(|blind| format!("; {blind}")).unwrap_or_default();
        answer.flow = Some(set.owner.clone());
        let of = set.of();
        if let (Some(at), Some(definition)) = (set.index, &set.flow.definition) {
            answer.branch = steps::steps(definition, set.flow.laid().as_ref(), at);
        }
        let at = call.at(set.at);
        answer.evidence.extend(set.evidence(&question.key));
        let (words, leaves_out, listed) = (set.action.words(), set.leaves_out(), set.listed);
        answer.action = Some(set.action);
        match set.value {
            Recorded::NotSet => {
                answer.certainty = Certainty::Unknown;
                answer.cause = format!(
                    "{} is there, although {words} of {of} ran{at} with a value that is not set; nothing read so far shows what \
                     else set it.",
                    question.key
                );
            }
            Recorded::Text(text) if !same(text, value) => {
                let set_at = set.at;
                overwritten(question, call, answer, &(&of, &words, set_at, text), last_seen);
            }
            _ if leaves_out => {
                answer.certainty = Certainty::Static;
                answer.cause = format!(
                    "{} is there: {words} of {of} ran{at}, which sets it by its definition; its record does not list it{doubt}.",
                    question.key
                );
            }
            recorded => {
                // Whatever the record leaves out: no other action writes this value.
                if matches!(recorded, Recorded::Text(_)) && listed && writers(question, call, value) == Some(1) {
                    answer.certainty = Certainty::Executed;
                }
                answer.cause = format!("{} is there: {words} of {of} set it{at}{doubt}.", question.key);
            }
        }
        return;
    }
    // Literals say more than that an action sets the key: which of them can have written this value.
    let can = call.flows.iter().find_map(|flow| {
        let definition = flow.definition.as_ref()?;
        let mut found = steps::setters(definition, &question.key, Setter::Exactly);
        if found.iter().any(|at| steps::can_write(&definition.actions[*at], &question.key, value)) {
            found.retain(|at| steps::can_write(&definition.actions[*at], &question.key, value));
        }
        (!found.is_empty()).then_some((flow, definition, found))
    });
    match can {
        Some((flow, definition, found)) => {
            answer.certainty = Certainty::Static;
            answer.flow = Some(flow.name.clone());
            answer.action = Some(steps::name(&definition.actions[found[0]]));
            answer.branch = steps::steps(definition, flow.laid().as_ref(), found[0]);
            let words = answer.action.as_ref().map(ActionName::words).unwrap_or_default();
            let who = match found.len() {
                1 => format!("{words} of {} can set it", in_flow(flow)),
                more => format!("{more} actions of {} can set it, {words} first", in_flow(flow)),
            };
            // Records that leave nothing out show that none of them ran. Who it was then, no record names.
            let none_ran = call.flows.iter().all(|flow| flow.blind_spot(&question.key).is_none());
            answer.cause = match none_ran {
                true => format!(
                    "{} is there; {who}, but did not by the record: another program, a person, or a flow that wrote back what it \
                     had kept.",
                    question.key
                ),
                false => format!("{} is there; {who}.", question.key),
            };
        }
        None => {
            let certainty = if last_seen.is_some() { Certainty::Observed } else { Certainty::Unknown };
            answer.certainty = certainty;
            answer.cause = format!("{} is there; nothing read so far shows what set it.", question.key);
        }
    }
}

/// How many actions of the call's flows may have written this value; `None` where that is not known.
fn writers(question: &WhyQuestion, call: &KnownCall<'_>, value: &str) -> Option<usize> {
    let mut count = 0;
    for flow in call.flows {
        for action in &flow.definition.as_ref()?.actions {
            if matches!(action.kind, ActionKind::CallFlow(_))
                || steps::setter(action, &question.key) == Some(Setter::Perhaps)
            {
                return None;
            }
            count += usize::from(steps::can_write(action, &question.key, value));
        }
    }
    Some(count)
}

/// Whether a value is the one that was recorded: the same text, or another spelling of the same time.
fn same(recorded: &str, value: &str) -> bool {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    recorded == value || time(recorded).is_some_and(|recorded| time(value) == Some(recorded))
}

/// An action set a value, and the participant has another. The record names no participant, so that it was this one is certain
/// only where the stream showed a later change here.
fn overwritten(
    question: &WhyQuestion,
    call: &KnownCall<'_>,
    answer: &mut WhyAnswer,
    (flow, words, at, text): &(&str, &str, Option<Timestamp>, &str),
    last_seen: Option<(Timestamp, Source)>,
) {
    let time = call.at(*at);
    let other = call.conversation.participants.iter().find(|other| {
        answer.participant_id.as_deref() != Some(other.id.as_str())
            && other.attributes.get(&question.key).is_some_and(|own| same(text, own.value.as_str()))
    });
    if let Some(other) = other {
        answer.certainty = Certainty::Static;
        answer.cause = format!(
            "{} is there; {words} of {flow} set another value{time}, which is on {}.",
            question.key,
            other.purpose.as_str()
        );
        return;
    }
    answer.verdict = Verdict::Overwritten;
    let changed = last_seen.is_some_and(|(seen, _)| at.is_some_and(|at| seen > at));
    answer.certainty = if changed { Certainty::Observed } else { Certainty::Static };
    answer.cause = if changed {
        format!(
            "{} was set by {words} of {flow}{time}, and something else has written another value since.",
            question.key
        )
    } else {
        format!(
            "{} was set by {words} of {flow}{time}, and another value is here now: something else has written it since, or the \
             flow wrote on another participant (the record names none).",
            question.key
        )
    };
    answer.remedy = Some("look at the changes of this key: no message names who wrote it".to_owned());
}

/// A write this close to the end of a flow may be the flow's own: events of one moment arrive one by one.
const AT_END: SignedDuration = SignedDuration::from_secs(2);

/// The stream showed that the value was changed and then went back. A flow that ends writes the values that it kept: that it was
/// one is said only where a flow ended at that moment.
pub(super) fn put_back(question: &WhyQuestion, call: &KnownCall<'_>, answer: &mut WhyAnswer) {
    let own = call.changes.iter().filter_map(|(time, change)| match change {
        Change::Attribute { participant, key, old: Some(old), new: Some(new), source, .. }
            if key.as_str() == question.key && answer.participant_id.as_deref() == Some(participant.as_str()) =>
        {
            Some((*time, old.as_str(), new.as_str(), *source))
        }
        _ => None,
    });
    let own: Vec<_> = own.collect();
    let [.., (first, before, ..), (second, _, after, source)] = own.as_slice() else { return };
    if before != after || *source == Source::You {
        return;
    }
    let legs = call.conversation.participants.iter().filter(|participant| participant.is_flow());
    let ends = legs.filter_map(|participant| participant.ended);
    let ends = ends.chain(call.flows.iter().filter_map(|flow| flow.run.as_ref()?.ended));
    if !ends.into_iter().any(|end| second.duration_since(end).abs() <= AT_END) {
        let (first, second) = (call.time(*first), call.time(*second));
        answer.cause.push_str(&format!(" It was changed at {first}, and back at {second}."));
        return;
    }
    answer.verdict = Verdict::Overwritten;
    answer.certainty = Certainty::Observed;
    answer.cause = format!(
        "{} was changed at {} and reverted to its value before at {}: a flow that ends writes the values that it kept.",
        question.key,
        call.time(*first),
        call.time(*second)
    );
    answer.remedy =
        Some("have the flow read the key again before it ends, or write it after the flow's end".to_owned());
}

/// What is wrong with a key although it is there: a template that nobody filled in, a payload that nobody unpacked, a second
/// spelling beside it.
pub(super) fn flaws(participant: &Participant, key: &str, value: &str, answer: &mut WhyAnswer) {
    if unresolved(value).is_some() {
        answer.cause.push_str(" Its value is a template that nothing has filled in.");
        answer.remedy = Some("have the action that sets it insert the value".to_owned());
    } else if let Some(holder) = wrapped_within(value) {
        answer.cause.push_str(&format!(
            " Its value is a whole payload, whose keys are under {holder}: nothing has unpacked it."
        ));
        answer.remedy = Some("set each member of that payload as an attribute of its own".to_owned());
    }
    if value.trim().is_empty() {
        answer.cause.push_str(" Its value is empty.");
    }
    let meant = folded(key);
    let twin =
        participant.attributes.iter().find(|other| other.key.as_str() != key && folded(other.key.as_str()) == meant);
    if let Some(twin) = twin {
        answer.cause.push_str(&format!(" {:?} is there beside it: names are case-sensitive.", twin.key.as_str()));
        answer.remedy = Some("spell the key the same way where it is set and where it is read".to_owned());
    }
}

/// The member under which a payload that was stored whole holds its keys.
fn wrapped_within(value: &str) -> Option<&'static str> {
    if !value.trim_start().starts_with('{') {
        return None;
    }
    let whole: serde_json::Value = serde_json::from_str(value).ok()?;
    ["attributes", "data"].into_iter().find(|name| whole.get(name).is_some_and(serde_json::Value::is_object))
}
