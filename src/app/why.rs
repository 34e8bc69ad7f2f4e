//! The Why screen: why a key is there, missing or changed on a call; and what is known for it of the flows that calls ran.

mod simulate;

use crate::domain::{At, BoardEntry, Key, findings::Finding, outbox::Cell};
use crate::why::{
    Certainty, Gathered, GatheredRun, KnownCall, Verdict, WhyAnswer, WhyQuestion, changes, explain, trunk::TrunkLine,
    trunk::trunk,
};
pub use simulate::Simulated;
pub(super) use simulate::{simulate, sum_up};
use std::{sync::Arc, time::Duration};

/// How long after a flow's end nothing is made of that its run is not recorded.
pub(super) const RECORDED_WITHIN: Duration = Duration::from_secs(120);

/// What was found of the flows that a call ran.
#[derive(Clone, Debug)]
pub struct FoundFlows(pub(crate) Gathered);

/// What is known of the flows that a call ran.
#[derive(Clone, Debug)]
pub struct Gathering {
    /// When it was asked for last, on the clock that never jumps.
    pub at: Duration,
    /// The answer is not here yet.
    pub pending: bool,
    /// What was found, the last time that there was an answer.
    pub(crate) what: Option<Arc<Gathered>>,
    /// How many flows of the call had ended when it was asked for.
    pub ends: usize,
    /// How often it was asked for since then.
    pub tries: u32,
}

/// One other key of the call, or one other call.
#[derive(Clone, Debug, PartialEq)]
pub struct Other {
    /// Its name, or who is calling.
    pub name: String,
    /// It is missing.
    pub missing: bool,
    /// The same output of the same action is the cause.
    pub same: bool,
}

/// What the screen shows.
#[derive(Clone, Debug)]
pub(crate) struct ShownAnswer {
    /// The answer.
    pub(crate) answer: WhyAnswer,
    /// The flow's path.
    pub(crate) trunk: Vec<TrunkLine>,
    /// Other keys of the call that are missing, and how many are there.
    pub(crate) keys: (Vec<Other>, usize),
    /// Other live calls that lack the key.
    pub(crate) calls: Vec<Other>,
    /// The flow and its run are being read, and nothing else says more yet.
    pub(crate) reading: bool,
    /// What Diagnose lists of this key on this participant: a warning or an error, other than that it is missing.
    pub(crate) fault: Option<Finding>,
    /// The flow that the call is known to have run, with its version.
    pub(crate) ran: Option<String>,
    /// The definition of the flow is read.
    pub(crate) defined: bool,
    /// That flow runs, or ended so recently that its record may not be there yet.
    pub(crate) is_recent: bool,
}

/// State of the Why screen.
#[derive(Debug, Default)]
pub struct WhyScreen {
    /// The cell in question.
    pub cell: Option<Cell>,
    /// Lines scrolled away.
    pub scroll: usize,
    /// What is shown.
    pub(crate) shown: Option<ShownAnswer>,
    /// The same version run here with each result of its lookups, once that was asked for.
    pub simulated: Vec<Simulated>,
}

/// What was found of the key is what is the matter with it; how it came there stands behind it.
pub(super) fn take_fault(answer: &mut WhyAnswer, fault: &Finding) {
    // That it is there is no answer; who put it there is.
    let there = format!("{} is there; ", answer.key);
    let was = match answer.verdict {
        Verdict::Present => answer.cause.strip_prefix(there.as_str()).unwrap_or(&answer.cause),
        _ => "",
    };
    let was = if answer.flow.is_some() { was } else { "" };
    let mut was = was.to_owned();
    if let Some(first) = was.chars().next() {
        was.replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
    }
    let space = if was.is_empty() { "" } else { " " };
    answer.cause = format!("{}.{space}{was}", fault.message.trim_end_matches('.'));
    answer.remedy = Some(fault.remedy().trim_end_matches('.').to_owned());
    answer.certainty = Certainty::Observed;
}

/// The answer for a cell and the flow's path; nothing of other keys and calls.
pub(super) fn shown(entry: &BoardEntry, flows: &[GatheredRun], cell: &Cell) -> ShownAnswer {
    let answer = answer(entry, flows, &question(entry, cell));
    let path = flow_of(&answer, flows)
        .and_then(|flow| Some(trunk(flow.definition.as_deref()?, flow.run.as_deref(), cell.key.as_str())));
    ShownAnswer {
        answer,
        trunk: path.unwrap_or_default(),
        keys: (Vec::new(), 0),
        calls: Vec::new(),
        reading: false,
        fault: None,
        ran: None,
        defined: flows.iter().any(|flow| flow.definition.is_some()),
        is_recent: false,
    }
}

/// The flow that an answer is about; where it is about none, the last one.
fn flow_of<'f>(answer: &WhyAnswer, flows: &'f [GatheredRun]) -> Option<&'f GatheredRun> {
    match &answer.flow {
        Some(name) => flows.iter().rev().find(|flow| flow.name.id == name.id && flow.name.version == name.version),
        None => flows.last(),
    }
}

/// The question about a cell. It names the purpose, where that is enough: an id reads badly in a sentence.
pub(super) fn question(entry: &BoardEntry, cell: &Cell) -> WhyQuestion {
    let c = &entry.conversation;
    let p = c.participant(cell.participant.as_str());
    let purpose = p
        .map(|p| p.purpose.as_str())
        .filter(|purpose| c.newest(purpose).is_some_and(|newest| newest.id == cell.participant));
    WhyQuestion { key: cell.key.to_string(), on: purpose.unwrap_or(cell.participant.as_str()).to_owned() }
}

/// Why a key is missing on a call, once that was found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCause {
    /// In a few words.
    pub words: String,
    /// What to do.
    pub remedy: Option<String>,
}

/// What was found of the keys that a call lacks, and what it was worked out from.
#[derive(Debug)]
pub(super) struct CausesOfCall {
    pub(super) of: Arc<Gathered>,
    pub(super) known: Vec<(Key, Option<FoundCause>)>,
}

/// The answer for one call.
pub(super) fn answer(entry: &BoardEntry, flows: &[GatheredRun], question: &WhyQuestion) -> WhyAnswer {
    explain(question, &KnownCall { conversation: &entry.conversation, changes: &changes(entry), flows })
}

/// The action that took another output than the one that leads to the key, and that output.
pub(super) fn turn(answer: &WhyAnswer) -> Option<(String, String)> {
    let step = answer.turn()?;
    Some((step.action.id.clone(), step.taken.clone()?))
}

/// The cause in a few words, for a line beside the key.
pub(super) fn short(answer: &WhyAnswer) -> Option<String> {
    if answer.verdict == Verdict::Present {
        return None;
    }
    if let Some(step) = answer.turn() {
        let name = if step.action.name.is_empty() { &step.action.kind } else { &step.action.name };
        return Some(match step.taken.as_deref().unwrap_or_default() {
            "timeout" => format!("{name} timed out"),
            "failure" => format!("{name} failed"),
            output => format!("{name} took {output}"),
        });
    }
    if answer.flow.is_none() && !answer.is_cause() {
        return None;
    }
    if let (Certainty::Static, Some(action)) = (answer.certainty, &answer.action) {
        let name = if action.name.is_empty() { &action.kind } else { &action.name };
        return Some(format!("not every path leads to {name}"));
    }
    let cause = answer.cause.strip_prefix(answer.key.as_str()).unwrap_or(&answer.cause).trim();
    let before = ["was never set: ", "is not there by itself: ", "is not there: "];
    let cause = before.iter().find_map(|before| cause.strip_prefix(before)).unwrap_or(cause);
    Some(cause.trim_end_matches('.').to_owned())
}

/// When what is known of a call should be gathered again: a flow has ended since, or no run was recorded yet.
pub(super) fn is_due(gathering: &Gathering, ends: usize, running: bool, now: At) -> bool {
    const AGAIN: Duration = Duration::from_secs(4);
    const MOST: u32 = 5;
    let waited = now.since(gathering.at);
    if gathering.pending {
        return waited > Duration::from_secs(60);
    }
    let incomplete = gathering.what.as_ref().is_none_or(|what| what.flows.iter().all(|flow| flow.run.is_none()));
    let again = gathering.tries < MOST && waited > AGAIN * gathering.tries.max(1);
    again && (ends != gathering.ends || (incomplete && !running))
}
