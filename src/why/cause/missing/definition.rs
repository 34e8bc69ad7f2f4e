//! What the definitions say of a key that is missing, where no record of the run does: the setters, the version
//! before, the path that other values show.

use super::super::{GatheredRun, KnownCall, NoRecord, WhyQuestion, folded, in_flow};
use super::SETTERS;
use super::record::by_value;
use crate::domain::{Participant, plain_version};
use crate::flow::keys::{SetWhen, keys};
use crate::flow::model::Flow;
use crate::why::answer::{Certainty, Evidence, EvidenceSource, FlowName, Verdict, WhyAnswer};
use crate::why::execution::Run;
use crate::why::parting;
use crate::why::steps::{self, Laid, Setter, WayOut};
use rustc_hash::FxHashMap;

/// Which way this call took instead of those to the setters of another version of its flow, as far as its record or its values
/// show it.
pub(super) fn turn_of(
    question: &WhyQuestion,
    call: &KnownCall<'_>,
    flow: &GatheredRun,
    other: &Flow,
) -> Option<String> {
    let setters = steps::setters(other, &question.key, Setter::Exactly);
    let took = |at: usize, label: &str| format!("{} took {label}", steps::name(&other.actions[at]).words());
    if let Some(run) = flow.run.as_deref().filter(|run| run.lists_actions) {
        let laid = Laid::over(other, run);
        if let Some((_, (_, WayOut::Turned { action, taken, .. }))) = steps::nearest(other, &laid, &setters) {
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
pub(super) fn by_earlier(question: &WhyQuestion, call: &KnownCall<'_>, answer: &mut WhyAnswer) -> bool {
    let found = call.flows.iter().find_map(|flow| {
        let (version, definition) = flow.earlier.as_ref()?;
        let at = *steps::setters(definition, &question.key, Setter::Exactly).first()?;
        Some((flow, version, steps::name(&definition.actions[at])))
    });
    let Some((flow, version, setter)) = found else { return false };
    let before = in_flow(&GatheredRun {
        name: FlowName { version: version.clone(), ..flow.name.clone() },
        ..GatheredRun::default()
    });
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
pub(super) fn to_see_more(flow: &GatheredRun) -> Option<String> {
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
pub(super) fn by_definition(question: &WhyQuestion, call: &KnownCall<'_>, answer: &mut WhyAnswer) {
    let known: Vec<(&GatheredRun, &Flow)> =
        call.flows.iter().filter_map(|flow| Some((flow, flow.definition.as_deref()?))).collect();
    if known.is_empty() {
        answer.verdict = Verdict::Missing;
        let recorded = |flow: &GatheredRun| {
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
        let ways: FxHashMap<usize, SetWhen> = sets.iter().rev().map(|one| (one.action, one.when)).collect();
        let way = |at: usize| ways.get(&at).copied().unwrap_or(SetWhen::Conditional);
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
        if found.iter().all(|at| way(*at) == SetWhen::Never) {
            answer.cause =
                format!("{} is not there: no path of {} leads to {}.", question.key, in_flow(flow), action.words());
            answer.remedy = Some(format!("have a path lead to {}, or set {} on another", action.words(), question.key));
            answer.action = Some(action);
            return;
        }
        let always = found.iter().any(|at| way(*at) == SetWhen::Always);
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
