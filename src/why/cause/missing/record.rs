//! What the record of a run shows of a key that is missing: where the path turned away from its setters, or ended.

use super::super::{GatheredRun, KnownCall, WhyQuestion, in_flow};

use crate::flow::model::{ActionKind, Flow};
use crate::why::answer::{Certainty, Evidence, EvidenceSource, WhyAnswer, rfc3339};
use crate::why::execution::{CutShort, Run};
use crate::why::parting::{self, TurnedAway};
use crate::why::steps::{self, Laid, Setter, TurnedBy, WayOut};

/// The run passed the setters by.
pub(super) fn not_reached(
    question: &WhyQuestion,
    call: &KnownCall<'_>,
    flow: &GatheredRun,
    (at, left): (usize, &WayOut<'_>),
    answer: &mut WhyAnswer,
) {
    let Some(definition) = &flow.definition else { return };
    answer.flow = Some(flow.name.clone());
    let laid = flow.laid();
    // Nothing on the setter's own path decided: what led elsewhere may be in another task or menu. Or something did, and another
    // setter could still be reached then: what led away from that one is the cause.
    let decides = matches!(left, WayOut::Stopped { .. } | WayOut::Turned { .. });
    let parting = laid.as_ref().filter(|_| decides).and_then(|laid| {
        let setters = steps::setters(definition, &question.key, Setter::Exactly);
        let parting = parting::parting(definition, laid, &setters)?;
        let is_later = match left {
            WayOut::Turned { executed, .. } => {
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
        (None, WayOut::Turned { action, needed, executed, taken }) => {
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
        (None, WayOut::Untold { action, needed }) => {
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
        (None, WayOut::Stopped { action: Some(stopped), executed }) => {
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
        (None, WayOut::Stopped { action: None, .. } | WayOut::Reached(_)) => {
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
pub(super) fn cut_short(
    question: &WhyQuestion,
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
pub(super) fn turned_at(
    question: &WhyQuestion,
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
pub(super) fn by_value(
    question: &WhyQuestion,
    flow: &GatheredRun,
    definition: &Flow,
    turned: &TurnedBy<'_>,
    answer: &mut WhyAnswer,
) {
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
