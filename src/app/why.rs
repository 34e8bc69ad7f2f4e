//! The Why screen: why a key is there, missing or changed on a call; and what is known for it of the flows that calls ran.

mod simulate;

use super::{Model, rows};
use crate::domain::{
    At, BoardEntry, ConversationId, Key,
    findings::{Finding, RuleId, Severity},
    outbox::Cell,
};
use crate::why::{
    Certainty, Gathered, GatheredRun, KnownCall, Question, Verdict, WhyAnswer, changes, explain, trunk::TrunkLine,
    trunk::trunk,
};
use jiff::Timestamp;
pub use simulate::Simulated;
pub(super) use simulate::{simulate, sum_up};
use std::{sync::Arc, time::Duration};

/// How long after a flow's end nothing is made of that its run is not recorded.
const RECORDED_WITHIN: Duration = Duration::from_secs(120);

/// What was found of the flows that a call ran.
#[derive(Clone, Debug)]
pub struct Findings(pub(crate) Gathered);

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

impl Model {
    /// What was gathered for a call.
    pub(crate) fn gathered(&self, call: &ConversationId) -> Option<&Arc<Gathered>> {
        self.gathered.get(call)?.what.as_ref()
    }

    /// Brings the Why screen up to date.
    pub(super) fn refresh_why(&mut self) {
        let shown = self.why.cell.as_ref().and_then(|cell| self.explained(cell));
        self.why.shown = shown;
    }

    fn explained(&self, cell: &Cell) -> Option<ShownAnswer> {
        let entry = self.monitor.board.get(cell.conversation.as_str())?;
        let empty = Vec::new();
        let flows = self.gathered(&cell.conversation).map_or(&empty, |g| &g.flows);
        let mut shown = shown(entry, flows, cell);
        // While it is being read, what is not known is no answer yet.
        let reading = self.gathered.get(&cell.conversation).is_none_or(|g| g.pending && g.what.is_none());
        if reading && shown.answer.certainty == Certainty::Unknown {
            let there = if shown.answer.verdict == Verdict::Present { "there" } else { "not there" };
            let key = &shown.answer.key;
            shown.answer.cause = format!("{key} is {there}; the flow and the record of its run are being read.");
            shown.answer.remedy = None;
            shown.reading = true;
        }
        let keys = self.other_keys(entry, cell, flows, &shown.answer);
        let fault = self.fault(cell).cloned();
        let calls = match &fault {
            Some(fault) => self.same_fault(fault),
            None if shown.answer.verdict == Verdict::Present => Vec::new(),
            None => self.other_calls(entry, cell, &shown.answer),
        };
        if let Some(fault) = &fault {
            take_fault(&mut shown.answer, fault);
            shown.reading = false;
        }
        let names = &self.monitor.board.names;
        let ran = entry.conversation.flow().and_then(|run| {
            let version = run.version().map(|version| format!(" v{version}")).unwrap_or_default();
            Some(format!("{}{version}", run.name(names)?))
        });
        let is_recent = self.may_be_recorded_yet(&entry.conversation);
        Some(ShownAnswer { keys, calls, fault, ran, is_recent, ..shown })
    }

    /// The record of the call's flow may still come: the flow runs, or ended a short time ago.
    fn may_be_recorded_yet(&self, call: &crate::domain::Conversation) -> bool {
        if self.replay.is_some() {
            return false;
        }
        let ended = call.participants.iter().filter(|p| p.is_flow()).filter_map(|p| p.ended).max();
        let is_recent = |at: Timestamp| rows::between(at, self.now.wall) < RECORDED_WITHIN;
        call.running_flow().is_some() || ended.is_some_and(is_recent)
    }

    /// What is found of a key on this participant, the worst first. That it is missing is what is answered anyway, and that a flow
    /// lost it is not about one call.
    fn fault(&self, cell: &Cell) -> Option<&Finding> {
        let is_own = |f: &&Finding| {
            let of_cell = f.key.as_ref() == Some(&cell.key) && f.participant.as_ref() == Some(&cell.participant);
            of_cell && f.severity >= Severity::Warn && !matches!(f.rule, RuleId::Missing | RuleId::PresenceDrop)
        };
        let found = self.monitor.examiner.of(cell.conversation.as_str()).filter(is_own);
        found.min_by_key(|f| (std::cmp::Reverse(f.severity), f.rule))
    }

    /// Other live calls on which the same was found of the same key.
    fn same_fault(&self, fault: &Finding) -> Vec<Other> {
        let board = &self.monitor.board;
        let same = self
            .monitor
            .examiner
            .all()
            .filter(|f| f.rule == fault.rule && f.key == fault.key && f.conversation != fault.conversation);
        let calls = same.filter_map(|f| board.get(f.conversation.as_str())).map(|entry| &entry.conversation);
        let mut calls: Vec<_> = calls.filter(|call| !call.is_over()).collect();
        calls.sort_by_key(|call| (std::cmp::Reverse(rows::began(call)), &call.id));
        calls.dedup_by_key(|call| &call.id);
        self.named(calls)
    }

    /// Calls by who is calling, and by the beginning of the id too where one caller has several.
    fn named(&self, calls: Vec<&crate::domain::Conversation>) -> Vec<Other> {
        let name = |call: &crate::domain::Conversation| {
            let from = rows::from(call).into_owned();
            let own = |other: &&&crate::domain::Conversation| rows::from(other) == from.as_str();
            match calls.iter().filter(own).count() {
                0 | 1 => from,
                _ => format!("{from} ({})", call.id.as_str().chars().take(8).collect::<String>()),
            }
        };
        calls.iter().map(|call| Other { name: name(call), missing: true, same: false }).collect()
    }

    fn other_keys(
        &self,
        entry: &BoardEntry,
        cell: &Cell,
        flows: &[GatheredRun],
        answer: &WhyAnswer,
    ) -> (Vec<Other>, usize) {
        let c = &entry.conversation;
        let missing = self.monitor.examiner.of(c.id.as_str()).filter(|f| f.rule == RuleId::Missing);
        let others = missing.filter_map(|f| f.key.as_ref()).filter(|key| **key != cell.key);
        let others = others.map(|key| {
            let own = question(entry, &Cell { key: key.clone(), ..cell.clone() });
            let same = turn(&self::answer(entry, flows, &own)).is_some_and(|own| turn(answer) == Some(own));
            Other { name: key.to_string(), missing: true, same }
        });
        let there = c.participant(cell.participant.as_str()).map_or(0, |p| p.attributes.len());
        (others.collect(), there)
    }

    fn other_calls(&self, entry: &BoardEntry, cell: &Cell, answer: &WhyAnswer) -> Vec<Other> {
        let flow = entry.conversation.flow().map(|run| &run.id);
        let purpose = entry.conversation.participant(cell.participant.as_str()).map(|p| &p.purpose);
        let is_missing = |c: &crate::domain::Conversation| {
            let told =
                |f: &crate::domain::findings::Finding| f.rule == RuleId::Missing && f.key.as_ref() == Some(&cell.key);
            let mut on = c.participants.iter().filter(|p| Some(&p.purpose) == purpose).peekable();
            // What is in its flow may get it yet.
            let has_left = !c.participants.iter().any(|p| p.is_flow() && p.is_connected());
            let lacks = on.peek().is_some() && on.all(|p| p.attributes.get(cell.key.as_str()).is_none());
            (has_left && lacks) || self.monitor.examiner.of(c.id.as_str()).any(told)
        };
        let mut calls: Vec<(Timestamp, Other, ConversationId)> = (self.monitor.board.iter())
            .filter_map(|other| {
                let c = &other.conversation;
                if c.id == cell.conversation || c.is_over() || c.flow().map(|run| &run.id) != flow || !is_missing(c) {
                    return None;
                }
                // What is on somebody else is not missing by this cause.
                if c.participants.iter().any(|p| p.attributes.get(cell.key.as_str()).is_some()) {
                    return None;
                }
                let known = self.gathered(&c.id).map(|gathered| {
                    let customer = c.customer().map(|p| p.id.clone())?;
                    let own = Cell { conversation: c.id.clone(), participant: customer, key: cell.key.clone() };
                    turn(&self::answer(other, &gathered.flows, &question(other, &own)))
                });
                let own = turn(answer);
                if known.as_ref().is_some_and(|known| *known != own) {
                    return None;
                }
                let same = known.flatten().is_some_and(|known| own == Some(known));
                Some((rows::began(c), Other { name: rows::from(c).into_owned(), missing: true, same }, c.id.clone()))
            })
            .collect();
        calls.sort_by_key(|(began, ..)| std::cmp::Reverse(*began));
        // One caller may have several calls: then each has the beginning of its id, too.
        let own = rows::from(&entry.conversation);
        let twice: Vec<bool> = calls
            .iter()
            .map(|(_, a, _)| own == a.name.as_str() || calls.iter().filter(|(_, b, _)| b.name == a.name).count() > 1)
            .collect();
        let named = calls.into_iter().zip(twice).map(|((_, mut other, id), twice)| {
            if twice {
                let short: String = id.as_str().chars().take(8).collect();
                other.name = format!("{} ({short})", other.name);
            }
            other
        });
        named.collect()
    }
}

/// What was found of the key is what is the matter with it; how it came there stands behind it.
fn take_fault(answer: &mut WhyAnswer, fault: &Finding) {
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
pub(super) fn question(entry: &BoardEntry, cell: &Cell) -> Question {
    let c = &entry.conversation;
    let p = c.participant(cell.participant.as_str());
    let purpose = p
        .map(|p| p.purpose.as_str())
        .filter(|purpose| c.newest(purpose).is_some_and(|newest| newest.id == cell.participant));
    Question { key: cell.key.to_string(), on: purpose.unwrap_or(cell.participant.as_str()).to_owned() }
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
    of: Arc<Gathered>,
    known: Vec<(Key, Option<FoundCause>)>,
}

impl Model {
    /// Works out the causes of what calls lack, as far as their flows are known. Each only once, until more is known.
    pub(super) fn find_causes(&mut self) {
        let Self { causes, gathered, monitor, .. } = self;
        causes.retain(|call, _| gathered.contains_key(call));
        for (call, what) in gathered.iter().filter_map(|(call, known)| Some((call, known.what.as_ref()?))) {
            let Some(entry) = monitor.board.get(call.as_str()) else { continue };
            let found =
                causes.entry(call.clone()).or_insert_with(|| CausesOfCall { of: Arc::clone(what), known: Vec::new() });
            if !Arc::ptr_eq(&found.of, what) {
                *found = CausesOfCall { of: Arc::clone(what), known: Vec::new() };
            }
            for finding in monitor.examiner.of(call.as_str()).filter(|f| f.rule == RuleId::Missing) {
                let Some(key) = finding.key.as_ref().filter(|key| found.known.iter().all(|(known, _)| known != *key))
                else {
                    continue;
                };
                let customer = || entry.conversation.customer().map(|p| p.id.clone());
                let cause = finding.participant.clone().or_else(customer).and_then(|participant| {
                    let cell = Cell { conversation: call.clone(), participant, key: key.clone() };
                    let answer = answer(entry, &what.flows, &question(entry, &cell));
                    Some(FoundCause { words: short(&answer)?, remedy: answer.remedy })
                });
                found.known.push((key.clone(), cause));
            }
        }
    }

    /// Why a key is missing, where that was found out: the same on every screen.
    pub fn cause(&self, finding: &Finding) -> Option<&FoundCause> {
        let key = finding.key.as_ref().filter(|_| finding.rule == RuleId::Missing)?;
        let found = &self.causes.get(&finding.conversation)?.known;
        found.iter().find(|(known, _)| known == key)?.1.as_ref()
    }

    /// A finding in a line: a key that is missing with its cause, where that is known.
    pub fn in_a_line(&self, finding: &Finding) -> String {
        match (&finding.key, self.cause(finding)) {
            (Some(key), Some(cause)) => format!("{key} missing: {}", cause.words),
            (Some(key), None) if finding.rule == RuleId::Missing => format!("{key} missing"),
            _ => finding.message.to_string(),
        }
    }
}

/// The answer for one call.
pub(super) fn answer(entry: &BoardEntry, flows: &[GatheredRun], question: &Question) -> WhyAnswer {
    explain(question, &KnownCall { conversation: &entry.conversation, changes: &changes(entry), flows })
}

/// The action that took another output than the one that leads to the key, and that output.
fn turn(answer: &WhyAnswer) -> Option<(String, String)> {
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
