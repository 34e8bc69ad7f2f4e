//! The cause of a key's state, joined from what is known of a call.

mod elsewhere;
mod missing;
mod present;
mod run;

pub(crate) use run::{GatheredRun, NoRecord};

use super::answer::{ActionName, Certainty, Evidence, EvidenceSource, FlowName, Verdict, WhyAnswer, rfc3339, since};
use super::execution::{Executed, Recorded, Run};
use super::steps::{self, Laid, Setter};
use crate::domain::{BoardEntry, Change, Conversation, Moment, Source, plain_version};
use elsewhere::{elsewhere, misplaced};
use jiff::Timestamp;
use missing::missing;
use present::{flaws, present, put_back};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct WhyQuestion {
    /// The key, verbatim.
    pub(crate) key: String,
    /// The purpose of the participant that should carry it, or the participant's id.
    pub(crate) on: String,
}

/// What is known of the flows that a call ran.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    /// The flows that the call ran, oldest first.
    pub(crate) flows: Vec<GatheredRun>,
    /// What could not be had, and what is needed for it.
    pub(crate) notes: Vec<String>,
}

/// What is known of a call.
#[derive(Debug)]
pub(crate) struct KnownCall<'a> {
    /// As it is now.
    pub(crate) conversation: &'a Conversation,
    /// What was seen to change, oldest first, each with its time; empty for a single read.
    pub(crate) changes: &'a [(Timestamp, Change)],
    /// The flows that it ran, oldest first.
    pub(crate) flows: &'a [GatheredRun],
}

impl KnownCall<'_> {
    /// A time as a sentence says it: counted from the call's begin, where that is known.
    fn time(&self, at: Timestamp) -> String {
        let legs = self.conversation.participants.iter().filter_map(|participant| participant.connected);
        let began = self.conversation.started.or_else(|| legs.min());
        began.map_or_else(|| rfc3339(at), |began| since(began, at))
    }

    /// ` at 0:12`; nothing where the time is not recorded.
    fn at(&self, at: Option<Timestamp>) -> String {
        at.map(|at| format!(" at {}", self.time(at))).unwrap_or_default()
    }

    /// Evidence that a read of the call has shown.
    fn read(&self, text: String) -> Evidence {
        Evidence { time: Some(rfc3339(self.conversation.last_seen.wall)), source: EvidenceSource::Read, text }
    }
}

/// What was seen to change on a call, oldest first.
pub(crate) fn changes(entry: &BoardEntry) -> Vec<(Timestamp, Change)> {
    let changes = entry.history.iter().map(|h| {
        let time = h.event_time.map(Moment::timestamp);
        let change = Change::Attribute {
            conversation: entry.conversation.id.clone(),
            participant: h.participant.clone(),
            key: h.key.clone(),
            place: 0,
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
    // Nearly every key, and every key of a call is compared.
    if key.is_ascii() {
        return key.bytes().filter(u8::is_ascii_alphanumeric).map(|b| char::from(b.to_ascii_lowercase())).collect();
    }
    key.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// Answers.
pub(crate) fn explain(question: &WhyQuestion, call: &KnownCall<'_>) -> WhyAnswer {
    let participant = call.conversation.resolve(&question.on);
    let mut answer = WhyAnswer {
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
        because: None,
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
    // The sentence begins with the key.
    let named = shown(&question.key);
    if let Some(rest) = answer.cause.strip_prefix(&question.key).filter(|_| named != question.key) {
        answer.cause = format!("{named}{rest}");
    }
    // What holds at any time comes first, the rest in the order of time.
    answer.evidence.sort_by(|a, b| a.time.cmp(&b.time));
    answer
}

/// Whether the version before the one that ran could say more of a key: it is nowhere, and no action sets it.
pub(crate) fn wants_earlier(question: &WhyQuestion, call: &KnownCall<'_>) -> bool {
    let sets = |flow: &GatheredRun| {
        let definition = flow.definition.as_deref();
        definition.is_some_and(|flow| flow.actions.iter().any(|action| steps::setter(action, &question.key).is_some()))
    };
    !call.flows.iter().any(sets) && elsewhere(question, call).is_none()
}

/// The keys that the flows of the call set by name and that are not on the participant, or, where the call has no such
/// participant, on none, in the order of the flows.
pub(crate) fn unset(call: &KnownCall<'_>, on: &str) -> Vec<String> {
    let there = |key: &str| match call.conversation.resolve(on) {
        Some(participant) => participant.attributes.get(key).is_some(),
        None => call.conversation.participants.iter().any(|p| p.attributes.get(key).is_some()),
    };
    let mut found: Vec<String> = Vec::new();
    for definition in call.flows.iter().filter_map(|flow| flow.definition.as_deref()) {
        let keys = definition.actions.iter().flat_map(steps::named);
        for key in keys.filter(|key| !there(key)) {
            if !found.iter().any(|known| known == key) {
                found.push(key.to_owned());
            }
        }
    }
    found
}

/// What the stream and reads showed of the key.
fn observed(question: &WhyQuestion, call: &KnownCall<'_>, answer: &mut WhyAnswer) {
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
            answer.evidence.push(call.read(format!("{} is on {}", attribute.key, participant.purpose.as_str())));
        }
    }
}

/// What the records of the runs say of the key.
fn recorded(question: &WhyQuestion, call: &KnownCall<'_>, answer: &mut WhyAnswer) {
    for run in call.flows.iter().filter_map(|flow| flow.run.as_ref()) {
        for (executed, set) in sets(run, &question.key) {
            let value = match set {
                Recorded::Text(_) | Recorded::Typed(_) => "",
                Recorded::NotSet => " to a value that is not set",
                Recorded::Hidden => " (its value is not recorded)",
            };
            let of = executed.module.as_ref().map(|module| format!(" of {}", module_words(module))).unwrap_or_default();
            let text = format!("{}{of} set {}{value}", executed_name(executed).words(), question.key);
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
    flow: &'a GatheredRun,
    action: ActionName,
    at: Option<Timestamp>,
    /// The value.
    value: &'a Recorded,
    /// Index in the definition, where it is known.
    index: Option<usize>,
    /// The record names the key.
    listed: bool,
    /// The flow that the action is of: the one that ran, or a common module that it called.
    owner: FlowName,
    /// It is a common module's.
    in_module: bool,
}

impl LastSet<'_> {
    /// The flow that the action is of, as a sentence says it.
    fn of(&self) -> String {
        if self.in_module { module_words(&self.owner) } else { flow_words(&self.owner) }
    }

    /// The record lists what its actions set, and this key not among it.
    fn leaves_out(&self) -> bool {
        !self.listed && self.flow.run.as_deref().is_some_and(|run| run.records_values)
    }
}

impl LastSet<'_> {
    /// What the record says of it, where that does not name the key.
    fn evidence(&self, key: &str) -> Option<Evidence> {
        let in_record = |run: &Run| sets(run, key).next().is_some();
        let text = format!("{} ran, which sets {key} by its definition", self.action.words());
        let evidence = Evidence { time: self.at.map(rfc3339), source: EvidenceSource::Execution, text };
        (!self.flow.run.as_deref().is_some_and(in_record)).then_some(evidence)
    }
}

fn last_set<'a>(question: &'a WhyQuestion, call: &'a KnownCall<'_>) -> Option<LastSet<'a>> {
    let listed = call.flows.iter().rev().find_map(|flow| {
        let run = flow.run.as_ref()?;
        let index = |executed: &Executed| {
            let definition = flow.definition.as_ref().filter(|_| executed.module.is_none())?;
            definition.actions.iter().position(|action| action.id == executed.action_id)
        };
        if let Some((executed, value)) = sets(run, &question.key).last() {
            let index = index(executed);
            let action = index.and_then(|at| Some(steps::name(&flow.definition.as_ref()?.actions[at])));
            let action = action.unwrap_or_else(|| executed_name(executed));
            let owner = executed.module.clone().unwrap_or_else(|| flow.name.clone());
            let in_module = executed.module.is_some();
            return Some(LastSet { flow, action, at: executed.at, value, index, listed: true, owner, in_module });
        }
        None
    });
    // An action ran that sets the key, and its entry does not list it: it was left out, or its value was not set.
    let ran = || {
        call.flows.iter().rev().find_map(|flow| {
            let run = flow.run.as_ref()?;
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
                listed: false,
                owner: flow.name.clone(),
                in_module: false,
            })
        })
    };
    listed.or_else(ran)
}

fn in_flow(flow: &GatheredRun) -> String {
    flow_words(&flow.name)
}

/// A common module, which the record need not name.
fn module_words(module: &FlowName) -> String {
    if *module == FlowName::default() { "a common module".to_owned() } else { flow_words(module) }
}

/// `MainIVR v42`.
fn flow_words(flow: &FlowName) -> String {
    let name = if flow.name.is_empty() { flow.id.as_str() } else { flow.name.as_str() };
    match flow.version.as_str() {
        "" => name.to_owned(),
        version => format!("{name} v{}", plain_version(version)),
    }
}

/// A key as a sentence shows it: in quotes where it is not one word.
fn shown(key: &str) -> String {
    let word = !key.is_empty() && !key.chars().any(|c| c.is_whitespace() || c.is_control());
    if word { key.to_owned() } else { format!("{key:?}") }
}
