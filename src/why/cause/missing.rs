//! A key that is nowhere: what passed it by.

use super::{FlowRun, KnownCall, NoRecord, Question, folded, in_flow, last_set};
use crate::domain::{Change, Participant, plain_version};
use crate::flow::keys::{When, keys};
use crate::flow::model::{ActionKind, Flow};
use crate::why::answer::{Certainty, Evidence, EvidenceSource, FlowName, Verdict, WhyAnswer, rfc3339};
use crate::why::execution::{CutShort, Recorded, Run};
use crate::why::parting::{self, TurnedAway};
use crate::why::steps::{self, Laid, Left, Setter, TurnedBy};
use jiff::Timestamp;
use rustc_hash::FxHashMap;

/// Setters of a key that are named one by one where nothing says which of them ran.
const SETTERS: usize = 20;

/// Nowhere.
pub(super) fn missing(question: &Question, call: &KnownCall<'_>, answer: &mut WhyAnswer) {
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
    let mut best: Option<(usize, usize, usize, Left<'_>)> = None;
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
    answer.flow = Some(flow.name.clone());
    let laid = flow.laid();
    // Nothing on the setter's own path decided: what led elsewhere may be in another task or menu. Or something did, and another
    // setter could still be reached then: what led away from that one is the cause.
    let decides = matches!(left, Left::Stopped { .. } | Left::Turned { .. });
    let parting = laid.as_ref().filter(|_| decides).and_then(|laid| {
        let setters = steps::setters(definition, &question.key, Setter::Exactly);
        let parting = parting::parting(definition, laid, &setters)?;
        let is_later = match left {
            Left::Turned { executed, .. } => {
                let turned = laid.entries().iter().position(|(_, one)| std::ptr::eq(*one, *executed));
                turned.is_none_or(|turned| turned < parting.at)
            }
            _ => true,
        };
        is_later.then_some(parting)
    });
    let at = parting.as_ref().map_or(at, |parting| parting.setter);
    let setter = steps::name(&definition.actions[at]);
    let via = parting.as_ref().map(|parting| (parting.action, parting.taken));
    let starts_there = definition.start.map(|start| definition.actions[start].container);
    answer.branch = if via.is_some() || starts_there != Some(definition.actions[at].container) {
        parting::steps_through(definition, laid.as_ref(), at, via)
    } else {
        steps::steps(definition, laid.as_ref(), at)
    };
    let gap = flow.gap();
    let has_end = flow.run.as_deref().is_some_and(|run| run.has_end);
    // The record is a proof: of this run, and of every other that might have set the key.
    let mut sure = gap.is_none() && definition.doubts().is_empty();
    let cut_short =
        flow.run.as_deref().and_then(|run| cut_short(question, call, definition, run, laid.as_ref()?, answer));
    let because = match (&parting, left) {
        _ if cut_short.is_some() => cut_short.clone().unwrap_or_default(),
        (Some(parting), _) => turned_at(question, call, definition, parting, answer),
        (None, Left::Turned { action, needed, executed, taken }) => {
            let owner = &definition.actions[*action];
            // An output is taken when the action ends, a timeout long after it began.
            let left = laid.as_ref().map_or(executed.at, |laid| laid.left_at(executed));
            let time = call.at(left);
            let needed = &owner.branches[*needed].label;
            answer.remedy =
                Some(format!("set {} behind the output {taken} of {} too", question.key, steps::name(owner).words()));
            let text = format!(
                "{} took its output {taken}; {} is behind {needed}",
                steps::name(owner).words(),
                setter.words()
            );
            answer.evidence.push(Evidence { time: left.map(rfc3339), source: EvidenceSource::Execution, text });
            format!("because {} took its output {taken}{time}", steps::name(owner).words())
        }
        (None, Left::Untold { action, needed }) => {
            sure = false;
            let owner = &definition.actions[*action];
            let needed = &owner.branches[*needed].label;
            let ran = laid.as_ref().and_then(|laid| laid.of(*action).last().copied());
            let text = format!("{} ran; which output it took is not recorded", steps::name(owner).words());
            let time = ran.and_then(|ran| ran.at).map(rfc3339);
            answer.evidence.push(Evidence { time, source: EvidenceSource::Execution, text });
            answer.remedy = Some(format!("set {} behind every output of {}", question.key, steps::name(owner).words()));
            format!(
                "it is behind the output {needed} of {}, and which one that took is not recorded",
                steps::name(owner).words()
            )
        }
        (None, Left::Stopped { action: Some(stopped), executed }) => {
            let last = steps::name(&definition.actions[*stopped]).words();
            let time = executed.and_then(|executed| executed.at);
            let text = format!("{last} was the last action on the path to {}", setter.words());
            answer.evidence.push(Evidence { time: time.map(rfc3339), source: EvidenceSource::Execution, text });
            let time = call.at(time);
            let is_last = laid.as_ref().and_then(|laid| laid.entries().last()).is_some_and(|(at, _)| at == stopped);
            // It went on, and by the definition not there: one of the two is not whole.
            sure &= flow.running || is_last;
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
        (None, Left::Stopped { action: None, .. } | Left::Reached(_)) => {
            let container = &definition.containers[definition.actions[at].container].name;
            answer.remedy = Some(format!("set {} on the path that this call took, too", question.key));
            if let Some((at, last)) = laid.as_ref().and_then(|laid| laid.entries().last().copied()) {
                let text = format!("{} was the last action that ran", steps::name(&definition.actions[at]).words());
                let time = last.at.map(rfc3339);
                answer.evidence.push(Evidence { time, source: EvidenceSource::Execution, text });
            }
            format!("because the run never came to {container:?}")
        }
    };
    let others = call.flows.iter().filter(|other| !std::ptr::eq(*other, flow));
    let blind: Vec<String> = others.filter_map(|other| other.blind_spot(&question.key)).collect();
    // Its own record may hide a key that is computed, or what a common module set.
    let own = flow.blind_spot(&question.key).filter(|_| gap.is_none());
    sure &= blind.is_empty() && own.is_none();
    answer.certainty = if sure { Certainty::Executed } else { Certainty::Static };
    answer.because = sure.then(|| because.clone());
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

/// The run ended where a setter could still be reached, by no action of its own: as a clause.
fn cut_short(
    question: &Question,
    call: &KnownCall<'_>,
    definition: &Flow,
    run: &Run,
    laid: &Laid<'_>,
    answer: &mut WhyAnswer,
) -> Option<String> {
    let how = run.cut_short()?;
    let (at, last) = laid.entries().last().copied()?;
    let own = run.executed.iter().rfind(|executed| executed.module.is_none())?;
    let action = &definition.actions[at];
    // A flow may also end behind an output that leads nowhere, and which one was taken need not be recorded.
    let setters = steps::setters(definition, &question.key, Setter::Exactly);
    let taken = steps::taken_index(last, action);
    let goes_on =
        |taken: usize| action.branches[taken].to.is_some_and(|to| parting::can_reach(definition, to, &setters));
    let left = how == CutShort::Disconnected
        && !action.branches.is_empty()
        && !matches!(action.kind, ActionKind::Menu)
        && !taken.is_some_and(goes_on);
    if !std::ptr::eq(own, last) || left || !parting::can_reach(definition, at, &setters) {
        return None;
    }
    let name = steps::name(action).words();
    let (reason, time) = (&run.exit_reason, call.at(run.ended));
    let text = format!("the flow ended at {name} ({reason})");
    answer.evidence.push(Evidence { time: run.ended.map(rfc3339), source: EvidenceSource::Execution, text });
    let (because, remedy) = match how {
        CutShort::Error => (
            format!("because the flow ended with an error{time}, at {name} ({reason})"),
            format!("look at why {name} failed: the flow ended there, whatever it sets behind it"),
        ),
        CutShort::Disconnected => {
            let choice = if matches!(action.kind, ActionKind::Menu) { ", before a choice was taken" } else { "" };
            (
                format!("because the call was disconnected{time}, at {name}{choice} ({reason})"),
                format!(
                    "nothing in the flow: the call ended first; set {} before {name} if it is to be there then",
                    question.key
                ),
            )
        }
    };
    answer.remedy = Some(remedy);
    Some(because)
}

/// The run turned away at an action or a menu of another part of the flow.
fn turned_at(
    question: &Question,
    call: &KnownCall<'_>,
    definition: &Flow,
    parting: &TurnedAway<'_>,
    answer: &mut WhyAnswer,
) -> String {
    let owner = &definition.actions[parting.action];
    let name = steps::name(owner).words();
    let next = parting.next.map(|(at, _)| steps::name(&definition.actions[at]).words()).unwrap_or_default();
    let label = parting.taken.map(|taken| owner.branches[taken].label.clone());
    let own = parting.executed.filter(|_| parting.written);
    // An output is taken when the action ends: what ran next began then.
    let at_once = own.filter(|executed| !executed.may_wait());
    let at = at_once.or(parting.next.map(|(_, one)| one)).or(own).and_then(|executed| executed.at);
    if let Some(step) = answer.branch.iter_mut().find(|step| step.action.id == owner.id) {
        step.executed = Some(true);
        step.taken.clone_from(&label);
        step.time = at.map(rfc3339);
    }
    let time = call.at(at);
    answer.remedy = Some(match &label {
        Some(label) => format!("set {} behind the output {label} of {name} too", question.key),
        None => format!("set {} on the path that this call took, too", question.key),
    });
    let (text, because) = match label {
        Some(label) if parting.written || parting.next.is_none() => {
            (format!("{name} took its output {label}"), format!("because {name} took its output {label}{time}"))
        }
        Some(label) => (
            format!("{name} took {label}: the run went on to {next}"),
            format!("because {name} took {label} and the run went on to {next}{time}"),
        ),
        None => (
            format!("from {name} the run went on to {next}"),
            format!("because the run went on from {name} to {next}{time}"),
        ),
    };
    answer.evidence.push(Evidence { time: at.map(rfc3339), source: EvidenceSource::Execution, text });
    because
}

/// No record says which output was taken, but another key has a value that one action alone writes.
fn by_value(question: &Question, flow: &FlowRun, definition: &Flow, turned: &TurnedBy<'_>, answer: &mut WhyAnswer) {
    let (owner, needed, taken) = turned.owner;
    let owner = &definition.actions[owner];
    let (setter, witness) = (steps::name(&definition.actions[turned.setter]), &definition.actions[turned.witness.0]);
    let on_its_way = steps::owners(definition, turned.setter).iter().any(|(at, _)| *at == turned.owner.0);
    answer.branch = if on_its_way {
        steps::steps(definition, None, turned.setter)
    } else {
        parting::steps_through(definition, None, turned.setter, Some((turned.owner.0, Some(turned.owner.2))))
    };
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

/// Which way this call took instead of those to the setters of another version of its flow, as far as its record or its values
/// show it.
fn turn_of(question: &Question, call: &KnownCall<'_>, flow: &FlowRun, other: &Flow) -> Option<String> {
    let setters = steps::setters(other, &question.key, Setter::Exactly);
    let took = |at: usize, label: &str| format!("{} took {label}", steps::name(&other.actions[at]).words());
    if let Some(run) = flow.run.as_deref().filter(|run| run.lists_actions) {
        let laid = Laid::over(other, run);
        if let Some((_, (_, Left::Turned { action, taken, .. }))) = steps::nearest(other, &laid, &setters) {
            return Some(took(action, &taken));
        }
        let parting = parting::parting(other, &laid, &setters)?;
        return Some(took(parting.action, &other.actions[parting.action].branches[parting.taken?].label));
    }
    let attributes = call.conversation.participants.iter().flat_map(|p| p.attributes.iter());
    let ran = steps::ran_by_value(other, attributes.map(|a| (a.key.as_str(), a.value.as_str())));
    let turned = steps::turned_by(other, &ran, &setters).filter(|_| !flow.running);
    let turned = turned.or_else(|| parting::excluded(other, &ran, &setters))?;
    let (owner, _, taken) = turned.owner;
    Some(took(owner, &other.actions[owner].branches[taken].label))
}

/// The version before the one that ran sets the key: the newer one has lost it.
fn by_earlier(question: &Question, call: &KnownCall<'_>, answer: &mut WhyAnswer) -> bool {
    let found = call.flows.iter().find_map(|flow| {
        let (version, definition) = flow.earlier.as_ref()?;
        let at = *steps::setters(definition, &question.key, Setter::Exactly).first()?;
        Some((flow, version, steps::name(&definition.actions[at])))
    });
    let Some((flow, version, setter)) = found else { return false };
    let before =
        in_flow(&FlowRun { name: FlowName { version: version.clone(), ..flow.name.clone() }, ..FlowRun::default() });
    let now = plain_version(&flow.name.version);
    answer.flow = Some(flow.name.clone());
    if let Some((_, earlier)) = &flow.earlier
        && let Some(turn) = turn_of(question, call, flow, earlier)
    {
        answer.certainty = Certainty::Static;
        answer.cause = format!(
            "{} is not there: no action of v{now}, which this call ran, sets it; {before} did by {}, but not on the path that this \
             call took: {turn}.",
            question.key,
            setter.words()
        );
        let text = format!("no action of v{now} sets {}", question.key);
        answer.evidence.push(Evidence { time: None, source: EvidenceSource::Flow, text });
        answer.remedy = Some(format!("set {} on that path, too", question.key));
        return true;
    }
    answer.certainty = Certainty::Static;
    answer.cause = format!(
        "{} is not there: {before} sets it by {}; v{now}, which this call ran, does not.",
        question.key,
        setter.words()
    );
    for text in [format!("{before} sets {}", question.key), format!("no action of v{now} sets {}", question.key)] {
        answer.evidence.push(Evidence { time: None, source: EvidenceSource::Flow, text });
    }
    answer.remedy = Some(format!("set {} again, as {} of {before} did", question.key, setter.words()));
    true
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
        (None, NoRecord::Late) => {
            "look again in a while: execution data is on, and a record may come late (a flow that was not published since leaves \
             none)"
        }
        (None, NoRecord::Forbidden) => {
            "get the permission to read execution data, which 'sidetone doctor' names, to see which path a call takes"
        }
        (None, NoRecord::NotAsked) => "ask 'sidetone why', which looks for the record of the run",
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
        let recorded = |flow: &FlowRun| {
            let run = flow.run.as_deref().filter(|run| run.records_values);
            // An entry that sets data and lists no key may have set this one.
            let lists = |run: &Run| {
                let mut setters =
                    run.executed.iter().filter(|one| one.kind.contains("Set") && one.kind.contains("Data"));
                setters.all(|one| one.sets.as_ref().is_some_and(|keys| !keys.is_empty()))
            };
            run.is_some_and(lists) && flow.blind_spot(&question.key).is_none()
        };
        if let Some(flow) = call.flows.first().filter(|_| call.flows.iter().all(recorded)) {
            let names: Vec<String> = call.flows.iter().map(in_flow).collect();
            let names = names.join(", ");
            answer.certainty = Certainty::Executed;
            answer.flow = Some(flow.name.clone());
            let text = format!("no action of the run of {names} set {}", question.key);
            answer.evidence.push(Evidence { time: None, source: EvidenceSource::Execution, text });
            answer.cause = format!(
                "{} was never set: no action of the run of {names} set it, by its record; its definition could not be read.",
                question.key
            );
            answer.remedy = Some(format!("see in Architect which path of {} sets {}", in_flow(flow), question.key));
            return;
        }
        let of_flows = |participant: &Participant| {
            ["ivr", "workflow", "bot", "flow"].iter().any(|word| participant.purpose.as_str().contains(word))
        };
        if call.flows.is_empty() && !call.conversation.participants.iter().any(of_flows) {
            answer.certainty = Certainty::Unknown;
            answer.cause = format!(
                "{} is not there, and no flow is known of this conversation: none of its participants is one.",
                question.key
            );
            answer.remedy =
                Some(format!("look at what else should set {}: a script, a program, an agent", question.key));
            return;
        }
        answer.certainty = Certainty::Unknown;
        answer.cause = match call.flows.first() {
            None => format!("{} is not there, and which flow the call ran is not known.", question.key),
            Some(flow) => {
                format!("{} is not there, and the definition of {} could not be read.", question.key, in_flow(flow))
            }
        };
        let remedy = match call.flows.first().map(|flow| flow.no_definition) {
            None | Some(NoRecord::Forbidden) => "see 'sidetone doctor', which names the permissions that are missing",
            Some(NoRecord::Missing) => "see whether that version of the flow is still there",
            Some(NoRecord::Unread) => "ask again, or look at the flow in Architect: its definition could not be read",
            Some(NoRecord::NotAsked | NoRecord::Late) => {
                "ask again once the platform names the version that the call ran"
            }
        };
        answer.remedy = Some(remedy.to_owned());
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
        // In a flow that runs, only what can no longer be reached will not come.
        let turned = steps::turned_by(definition, &ran, &found).filter(|_| !flow.running);
        if let Some(turned) = turned.or_else(|| parting::excluded(definition, &ran, &found)) {
            let witness = turned.witness.1;
            answer.evidence.push(call.read(format!("{witness} has the value that one action alone writes")));
            by_value(question, flow, definition, &turned, answer);
            return;
        }
        if found.iter().all(|at| way(*at) == When::Never) {
            answer.cause =
                format!("{} is not there: no path of {} leads to {}.", question.key, in_flow(flow), action.words());
            answer.remedy = Some(format!("have a path lead to {}, or set {} on another", action.words(), question.key));
            answer.action = Some(action);
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
            // What nobody has asked for may be recorded.
            let known = if flow.no_record == NoRecord::NotAsked { "was not looked up" } else { "is not recorded" };
            format!(
                "{} is not there: {} of {} is not on every path, and which path the call took {known}.",
                question.key,
                action.words(),
                in_flow(flow)
            )
        };
        answer.action = Some(action);
        answer.remedy = to_see_more(flow);
        return;
    }
    if by_earlier(question, call, answer) {
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
        None if complete && known.iter().any(|(flow, _)| flow.called_unseen()) => (
            Certainty::Unknown,
            format!(
                "{} is not there: no action of {names} sets it, but a common module ran, and what that set is not recorded.",
                question.key
            ),
        ),
        None if complete => {
            let text = format!("no action of {names} sets {}", question.key);
            answer.evidence.push(Evidence { time: None, source: EvidenceSource::Flow, text });
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
    // Names are case-sensitive.
    let twin = known.iter().flat_map(|(_, definition)| definition.actions.iter()).find_map(|action| {
        let mut names = steps::named(action);
        Some((action, names.find(|name| folded(name) == folded(&question.key))?))
    });
    if let Some((action, twin)) = twin {
        let words = steps::name(action).words();
        answer.cause.push_str(&format!(" {words} sets {twin:?}: names are case-sensitive."));
        answer.remedy = Some("spell the key the same way where it is set and where it is read".to_owned());
        return;
    }
    answer.remedy =
        Some(format!("have the flow set {}, or look at what else should: a script, a program, an agent", question.key));
}
