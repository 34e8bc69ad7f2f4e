//! The cause of a key's state, joined from what is known of a call.

use super::answer::{ActionName, Answer, Certainty, Evidence, EvidenceSource, FlowName, Verdict, rfc3339};
use super::execution::{Executed, Recorded, Run};
use super::steps::{self, Laid, Left, Setter, TurnedBy};
use crate::domain::{Change, Conversation, Entry, Moment, Participant, Source, findings::unresolved, plain_version};
use crate::flow::keys::{When, keys};
use crate::flow::model::{ActionKind, Flow};
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The key, verbatim.
    pub(crate) key: String,
    /// The purpose of the participant that should carry it, or the participant's id.
    pub(crate) on: String,
}

/// What is known of the flows that a call ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    /// The flows that the call ran, oldest first.
    pub(crate) flows: Vec<FlowRun>,
    /// What could not be had, and what is needed for it.
    pub(crate) notes: Vec<String>,
}

/// Why a run is not known from its record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NoRecord {
    /// None is kept: execution data is off, or the flow was not published since.
    #[default]
    Missing,
    /// It may not be read.
    Forbidden,
    /// It could not be read: not rendered yet, gone, broken.
    Unread,
}

/// A flow that the call ran, and what is known of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlowRun {
    /// Which one.
    pub(crate) name: FlowName,
    /// The definition of that version, if it could be read.
    pub(crate) definition: Option<Arc<Flow>>,
    /// The platform's record of the run, if there is one.
    pub(crate) run: Option<Arc<Run>>,
    /// Why there is no record, where there is none.
    pub(crate) no_record: NoRecord,
    /// It is running.
    pub(crate) running: bool,
}

impl FlowRun {
    /// The run laid over the definition, where both are known and the record lists actions.
    fn laid(&self) -> Option<Laid<'_>> {
        let run = self.run.as_deref().filter(|run| run.lists_actions)?;
        Some(Laid::over(self.definition.as_deref()?, run))
    }

    /// Why this run may have set the key although nothing that was read says so; `None` where it did not.
    fn blind_spot(&self, key: &str) -> Option<String> {
        let definition = self.definition.as_deref();
        // What it calls, and keys that are computed, are not in the definition.
        let may_set = definition.is_none_or(|flow| {
            let calls = |action: &crate::flow::model::Action| matches!(action.kind, ActionKind::CallFlow(_));
            flow.actions.iter().any(|action| calls(action) || steps::setter(action, key).is_some())
        });
        if !may_set {
            return None;
        }
        let Some(run) = self.run.as_deref() else {
            return Some(format!("the record of the run of {} could not be read", in_flow(self)));
        };
        if let Some(gap) = run.gap() {
            return Some(format!("the record of the run of {} {gap}", in_flow(self)));
        }
        if run.records_values {
            return None;
        }
        let Some(definition) = definition else {
            return Some(format!("the record of the run of {} names no keys", in_flow(self)));
        };
        let index = steps::Index::of(definition);
        let hides = |executed: &Executed| {
            let known = index.find(executed).filter(|_| executed.module.is_none());
            known.is_none_or(|at| {
                let action = &definition.actions[at];
                matches!(action.kind, ActionKind::CallFlow(_)) || steps::setter(action, key) == Some(Setter::Perhaps)
            })
        };
        let sets_data = |executed: &&Executed| executed.kind.contains("Set") || executed.kind.contains("Call");
        let hides = run.executed.iter().filter(sets_data).any(hides);
        hides.then(|| format!("the record of the run of {} does not name the keys of all that ran", in_flow(self)))
    }
}

/// What is known of a call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// As it is now.
    pub(crate) conversation: &'a Conversation,
    /// What was seen to change, oldest first, each with its time; empty for a single read.
    pub(crate) changes: &'a [(Timestamp, Change)],
    /// The flows that it ran, oldest first.
    pub(crate) flows: &'a [FlowRun],
}

/// What was seen to change on a call, oldest first.
pub(crate) fn changes(entry: &Entry) -> Vec<(Timestamp, Change)> {
    let changes = entry.history.iter().map(|h| {
        let time = h.event_time.map(Moment::timestamp);
        let change = Change::Attribute {
            conversation: entry.conversation.id.clone(),
            participant: h.participant.clone(),
            key: h.key.clone(),
            old: h.old.clone(),
            new: h.new.clone(),
            source: h.source,
            event_time: time,
            first_sight: false,
        };
        (time.unwrap_or(h.at.wall), change)
    });
    changes.collect()
}

/// A key as people might have meant it: without regard to case, separators, invisible characters and ways of composing.
fn folded(key: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    key.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// Answers.
pub(crate) fn explain(question: &Question, call: &Call<'_>) -> Answer {
    let participant = call.conversation.resolve(&question.on);
    let mut answer = Answer {
        conversation_id: call.conversation.id.as_str().to_owned(),
        participant_id: participant.map(|participant| participant.id.as_str().to_owned()),
        key: question.key.clone(),
        verdict: Verdict::Unknown,
        certainty: Certainty::Unknown,
        cause: String::new(),
        flow: None,
        action: None,
        branch: Vec::new(),
        evidence: Vec::new(),
        remedy: None,
    };
    observed(question, call, &mut answer);
    recorded(question, call, &mut answer);
    let there = participant.and_then(|participant| participant.attributes.get(&question.key));
    match (participant, there) {
        (Some(participant), Some(attribute)) => {
            present(question, call, attribute.value.as_str(), &mut answer);
            put_back(question, call, &mut answer);
            flaws(participant, attribute.key.as_str(), attribute.value.as_str(), &mut answer);
        }
        _ => match elsewhere(question, call) {
            Some(found) => misplaced(question, call, &found, &mut answer),
            None => missing(question, call, &mut answer),
        },
    }
    // What holds at any time comes first, the rest in the order of time.
    answer.evidence.sort_by(|a, b| a.time.cmp(&b.time));
    answer
}

/// What the stream and reads showed of the key.
fn observed(question: &Question, call: &Call<'_>, answer: &mut Answer) {
    for (time, change) in call.changes {
        let Change::Attribute { participant, key, old, new, source, .. } = change else { continue };
        if folded(key.as_str()) != folded(&question.key) {
            continue;
        }
        let on = call.conversation.participant(participant.as_str()).map_or("participant", |p| p.purpose.as_str());
        let text = match (old, new) {
            (None, Some(_)) => format!("{key} appeared on {on}"),
            (Some(_), Some(_)) => format!("{key} changed on {on}"),
            (_, None) => format!("{key} vanished from {on}"),
        };
        let by = match source {
            Source::You => " (your edit)",
            _ => "",
        };
        let source = if *source == Source::Read { EvidenceSource::Read } else { EvidenceSource::Stream };
        answer.evidence.push(Evidence { time: Some(rfc3339(*time)), source, text: format!("{text}{by}") });
    }
    for participant in &call.conversation.participants {
        for attribute in participant.attributes.iter().filter(|a| folded(a.key.as_str()) == folded(&question.key)) {
            let text = format!("{} is on {}", attribute.key, participant.purpose.as_str());
            let time = Some(rfc3339(call.conversation.last_seen.wall));
            answer.evidence.push(Evidence { time, source: EvidenceSource::Read, text });
        }
    }
}

/// What the records of the runs say of the key.
fn recorded(question: &Question, call: &Call<'_>, answer: &mut Answer) {
    for run in call.flows.iter().filter_map(|flow| flow.run.as_ref()) {
        for (executed, set) in sets(run, &question.key) {
            let value = match set {
                Recorded::Text(_) | Recorded::Typed(_) => "",
                Recorded::NotSet => " to a value that is not set",
                Recorded::Hidden => " (its value is not recorded)",
            };
            let text = format!("{} set {}{value}", executed_name(executed).words(), question.key);
            let time = executed.at.map(rfc3339);
            answer.evidence.push(Evidence { time, source: EvidenceSource::Execution, text });
        }
    }
}

/// The executed actions that set the key, in order, with the value.
fn sets<'r>(run: &'r Run, key: &'r str) -> impl Iterator<Item = (&'r Executed, &'r Recorded)> {
    run.executed.iter().filter_map(move |executed| {
        let set = executed.sets.as_ref()?.iter().rfind(|set| set.key == key)?;
        Some((executed, &set.value))
    })
}

fn executed_name(executed: &Executed) -> ActionName {
    ActionName {
        id: executed.action_id.clone(),
        tracking_id: executed.tracking_id.clone(),
        name: executed.name.clone(),
        kind: executed.kind.clone(),
    }
}

/// The last action that set the key: from the record of the run with its value, or, where inputs are not recorded, an
/// executed action whose definition sets it.
struct LastSet<'a> {
    flow: &'a FlowRun,
    action: ActionName,
    at: Option<Timestamp>,
    /// The value.
    value: &'a Recorded,
    /// Index in the definition, where it is known.
    index: Option<usize>,
}

fn last_set<'a>(question: &'a Question, call: &'a Call<'_>) -> Option<LastSet<'a>> {
    call.flows.iter().rev().find_map(|flow| {
        let run = flow.run.as_ref()?;
        let index = |executed: &Executed| {
            let definition = flow.definition.as_ref().filter(|_| executed.module.is_none())?;
            definition.actions.iter().position(|action| action.id == executed.action_id)
        };
        if let Some((executed, value)) = sets(run, &question.key).last() {
            let index = index(executed);
            let action = index.and_then(|at| Some(steps::name(&flow.definition.as_ref()?.actions[at])));
            let action = action.unwrap_or_else(|| executed_name(executed));
            return Some(LastSet { flow, action, at: executed.at, value, index });
        }
        if run.records_values {
            return None;
        }
        let definition = flow.definition.as_ref()?;
        let laid = Laid::over(definition, run);
        let reached = steps::setters(definition, &question.key, Setter::Exactly).into_iter().filter_map(|at| {
            let executed = laid.of(at).last()?;
            Some((executed.at, at))
        });
        let (time, at) = reached.max_by_key(|(time, _)| *time)?;
        Some(LastSet {
            flow,
            action: steps::name(&definition.actions[at]),
            at: time,
            value: &Recorded::Hidden,
            index: Some(at),
        })
    })
}

fn in_flow(flow: &FlowRun) -> String {
    let name = if flow.name.name.is_empty() { flow.name.id.as_str() } else { flow.name.name.as_str() };
    match flow.name.version.as_str() {
        "" => name.to_owned(),
        version => format!("{name} v{}", plain_version(version)),
    }
}

fn present(question: &Question, call: &Call<'_>, value: &str, answer: &mut Answer) {
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
        answer.cause = format!("{} is there: your edit set it at {}.", question.key, rfc3339(time));
        return;
    }
    if let Some(set) = last_set(question, call) {
        // Another action may have set it after this one where a record leaves things out.
        let blind = call.flows.iter().find_map(|flow| flow.blind_spot(&question.key));
        answer.certainty = if blind.is_none() { Certainty::Executed } else { Certainty::Static };
        let doubt = blind.map(|blind| format!("; {blind}")).unwrap_or_default();
        answer.flow = Some(set.flow.name.clone());
        if let (Some(at), Some(definition)) = (set.index, &set.flow.definition) {
            answer.branch = steps::steps(definition, set.flow.laid().as_ref(), at);
        }
        let at = set.at.map(|at| format!(" at {}", rfc3339(at))).unwrap_or_default();
        let words = set.action.words();
        answer.action = Some(set.action);
        match set.value {
            Recorded::NotSet => {
                answer.certainty = Certainty::Unknown;
                answer.cause = format!(
                    "{} is there, although {words} of {} ran{at} with a value that is not set; nothing that could be read says \
                     what else set it.",
                    question.key,
                    in_flow(set.flow)
                );
            }
            Recorded::Text(text) if !same(text, value) => {
                let set_at = set.at;
                overwritten(question, call, answer, &(set.flow, &words, set_at, text), last_seen);
            }
            _ => {
                answer.cause =
                    format!("{} is there: {words} of {} set it{at}{doubt}.", question.key, in_flow(set.flow));
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
            answer.cause = format!("{} is there; nothing that could be read says what set it.", question.key);
        }
    }
}

/// Whether a value is the one that was recorded: the same text, or another spelling of the same time.
fn same(recorded: &str, value: &str) -> bool {
    let time = |text: &str| text.parse::<Timestamp>().ok();
    recorded == value || time(recorded).is_some_and(|recorded| time(value) == Some(recorded))
}

/// An action set a value, and the participant has another. The record names no participant, so that it was this one is certain
/// only where the stream showed a later change here.
fn overwritten(
    question: &Question,
    call: &Call<'_>,
    answer: &mut Answer,
    (flow, words, at, text): &(&FlowRun, &str, Option<Timestamp>, &str),
    last_seen: Option<(Timestamp, Source)>,
) {
    let time = at.map(|at| format!(" at {}", rfc3339(at))).unwrap_or_default();
    let flow = in_flow(flow);
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

/// Setters of a key that are named one by one where nothing says which of them ran.
const SETTERS: usize = 20;

/// The stream showed that the value was changed and then put back: somebody who kept the old one has written it again.
fn put_back(question: &Question, call: &Call<'_>, answer: &mut Answer) {
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
    answer.verdict = Verdict::Overwritten;
    answer.certainty = Certainty::Observed;
    answer.cause = format!(
        "{} was changed at {} and reverted to its value before at {}: a flow that ends writes the values that it kept.",
        question.key,
        rfc3339(*first),
        rfc3339(*second)
    );
    answer.remedy =
        Some("have the flow read the key again before it ends, or write it after the flow's end".to_owned());
}

/// What is wrong with a key although it is there: a template that nobody filled in, a payload that nobody unpacked, a second
/// spelling beside it.
fn flaws(participant: &Participant, key: &str, value: &str, answer: &mut Answer) {
    if unresolved(value).is_some() {
        answer.cause.push_str(" Its value is a template that nothing has filled in.");
        answer.remedy = Some("have the action that sets it insert the value".to_owned());
    } else if let Some(holder) = wrapped_within(value) {
        answer.cause.push_str(&format!(
            " Its value is a whole payload, whose keys are under {holder}: nothing has unpacked it."
        ));
        answer.remedy = Some("set each member of that payload as an attribute of its own".to_owned());
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

/// Another place where the key is.
struct Found<'c> {
    participant: &'c Participant,
    key: String,
    same_participant: bool,
}

/// Exactly the key on another participant, else a key on the right one that was probably meant.
fn elsewhere<'c>(question: &Question, call: &'c Call<'_>) -> Option<Found<'c>> {
    let wanted = call.conversation.resolve(&question.on).map(|participant| &participant.id);
    let mut all = call.conversation.participants.iter().rev();
    let exact = all
        .clone()
        .find(|participant| Some(&participant.id) != wanted && participant.attributes.get(&question.key).is_some());
    if let Some(participant) = exact {
        return Some(Found { participant, key: question.key.clone(), same_participant: false });
    }
    let meant = folded(&question.key);
    all.find_map(|participant| {
        let attribute = participant.attributes.iter().find(|attribute| folded(attribute.key.as_str()) == meant)?;
        let same_participant = Some(&participant.id) == wanted;
        Some(Found { participant, key: attribute.key.to_string(), same_participant })
    })
}

fn misplaced(question: &Question, call: &Call<'_>, found: &Found<'_>, answer: &mut Answer) {
    answer.certainty = Certainty::Observed;
    let spelled = Question { key: found.key.clone(), on: question.on.clone() };
    let set = last_set(&spelled, call);
    let by = match &set {
        Some(set) => {
            answer.flow = Some(set.flow.name.clone());
            answer.action = Some(set.action.clone());
            // The record of a run names no participant.
            format!("; {} of {} set a key of this name", set.action.words(), in_flow(set.flow))
        }
        None => String::new(),
    };
    let purpose = found.participant.purpose.as_str();
    let asked = call.conversation.resolve(&question.on);
    if found.key == question.key && asked.is_some_and(|asked| asked.purpose.as_str() == purpose) {
        answer.verdict = Verdict::WrongParticipant;
        answer.cause = format!("{} is on another {purpose} of this call, not on the newest one{by}.", question.key);
        answer.remedy = Some(format!("set it on the {purpose} who joined later too, or read it from the one before"));
    } else if found.key == question.key {
        answer.verdict = Verdict::WrongParticipant;
        answer.cause = format!("{} is on {purpose}, not on {}{by}.", question.key, question.on);
        answer.remedy = Some(format!("set it on {}, or read it from {purpose}", question.on));
    } else {
        answer.verdict = Verdict::WrongCase;
        let on = if found.same_participant { String::new() } else { format!(" on {purpose}") };
        answer.cause = format!("{} is not there, {:?}{on} is: names are case-sensitive{by}.", question.key, found.key);
        answer.remedy = Some("spell the key the same way where it is set and where it is read".to_owned());
    }
}

fn missing(question: &Question, call: &Call<'_>, answer: &mut Answer) {
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
fn vanished(question: &Question, call: &Call<'_>, on: Option<&str>) -> Option<Timestamp> {
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
fn wrapped<'c>(question: &Question, call: &'c Call<'_>) -> Option<(&'c Participant, String)> {
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
    call: &Call<'_>,
    flow: &FlowRun,
    (at, left): (usize, &Left<'_>),
    answer: &mut Answer,
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
            let is_last = laid.as_ref().and_then(Laid::last) == Some(*stopped);
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
fn by_value(question: &Question, flow: &FlowRun, definition: &Flow, turned: &TurnedBy<'_>, answer: &mut Answer) {
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
fn by_definition(question: &Question, call: &Call<'_>, answer: &mut Answer) {
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
