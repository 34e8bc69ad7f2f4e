//! The calls of a recording on which something went wrong, and the expectations that they broke.

use super::story::{CallStory, Stories};
use crate::{
    domain::{
        Conversation, ConversationId, HistoryLimits, Names,
        expect::Expectation,
        filter::Filter,
        findings::{Finding, FindingChange, RuleId, Severity, Tuning},
        learn::Learner,
        monitor::{InScope, Monitor, MonitorOptions},
    },
    exit::Failure,
    expectfile,
    recording::{RecordingReader, playback::Playback},
};
use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::Path;

/// Calls that are chosen, and what was found on them.
pub(super) struct Failing {
    pub stories: IndexMap<ConversationId, CallStory>,
    pub findings: Vec<Finding>,
    /// Nothing was found on any call, so all were taken.
    pub all: bool,
}

/// One look at a whole recording: what happened and what was found, and what a learner saw.
struct RecordingLook {
    stories: IndexMap<ConversationId, CallStory>,
    findings: Vec<Finding>,
    /// Calls that satisfied the filter at some moment.
    fits: FxHashSet<ConversationId>,
    learnt: Vec<Expectation>,
}

/// Chooses the calls that satisfy `filter` and on which a warning or an error was found; without any such finding, all
/// that satisfy it.
pub(super) fn choose(
    file: &Path,
    filter: &Filter,
    tuning: &Tuning,
    expectations: &[Expectation],
) -> Result<Failing, Failure> {
    let RecordingLook { mut stories, mut findings, fits, .. } = look(file, filter, tuning, expectations, |_| false)?;
    findings.retain(|f| f.severity >= Severity::Warn && fits.contains(&f.conversation));
    let failing: FxHashSet<ConversationId> = findings.iter().map(|f| f.conversation.clone()).collect();
    let all = failing.is_empty();
    stories.retain(|id, _| if all { fits.contains(id) } else { failing.contains(id) });
    Ok(Failing { stories, findings, all })
}

/// The expectations that the chosen calls broke. Of `expectations` those that were found to be broken; without any
/// given, of those that the other calls of the recording teach; what neither tells is taken from the findings.
pub(super) fn broken(
    file: &Path,
    tuning: &Tuning,
    expectations: &[Expectation],
    failing: &Failing,
) -> Result<Vec<Expectation>, Failure> {
    let chosen = |id: &ConversationId| failing.stories.contains_key(id);
    let known = match expectations {
        [] => look(file, &Filter::default(), tuning, &[], |id| !chosen(id))?.learnt,
        given => given.to_vec(),
    };
    let judged = look(file, &Filter::default(), tuning, &known, |_| false)?;
    let found: Vec<&Finding> = judged.findings.iter().filter(|f| chosen(&f.conversation) && is_broken(f)).collect();
    let names = |e: &Expectation, f: &Finding| f.key.as_ref().is_some_and(|k| k.as_str() == e.key);
    let mut out: Vec<Expectation> = known.into_iter().filter(|e| found.iter().any(|f| names(e, f))).collect();
    for finding in &failing.findings {
        let Some(key) = finding.key.as_ref().filter(|_| is_broken(finding)) else { continue };
        if !out.iter().any(|e| e.key == key.as_str()) {
            out.push(Expectation::new(key.as_str()));
        }
    }
    Ok(out)
}

/// A finding that an expectation of its key would bring about.
fn is_broken(finding: &Finding) -> bool {
    use RuleId as R;
    matches!(
        finding.rule,
        R::Missing | R::Late | R::WrongParticipant | R::WrongType | R::NotAllowedValue | R::LostOnTransfer
    )
}

/// The text of a file with these expectations.
pub(super) fn write(expectations: &[Expectation], from: &str) -> String {
    let from = crate::domain::text::visible(from);
    let mut out = format!("# Made by sidetone replay --to-expect: what calls of {from} broke.\n");
    if expectations.is_empty() {
        out.push_str("# Nothing that was found is about a key that is missing or wrong.\n");
    }
    for expectation in expectations {
        out.push('\n');
        expectfile::write(&mut out, expectation, "");
    }
    out
}

/// What was found in a recording, in order.
#[cfg(test)]
pub(in crate::commands) fn findings(
    file: &Path,
    filter: &Filter,
    tuning: &Tuning,
    expectations: &[Expectation],
) -> Result<Vec<Finding>, Failure> {
    Ok(look(file, filter, tuning, expectations, |_| false)?.findings)
}

/// Which flows the calls of a recording ran, and those of the calls that carried each key.
#[derive(Default)]
struct Origins {
    flows: FxHashSet<String>,
    of_key: FxHashMap<String, FxHashSet<String>>,
}

impl Origins {
    fn note(&mut self, call: &Conversation, names: &Names) {
        // The empty name stands for a call of which no flow is known.
        let flow = call.flow().and_then(|run| run.name(names)).unwrap_or_default();
        self.flows.insert(flow.to_owned());
        for attribute in call.participants.iter().flat_map(|p| &p.attributes) {
            match self.of_key.get_mut(attribute.key.as_str()) {
                Some(flows) if flows.contains(flow) => {}
                Some(flows) => drop(flows.insert(flow.to_owned())),
                None => drop(self.of_key.insert(attribute.key.to_string(), [flow.to_owned()].into_iter().collect())),
            }
        }
    }

    /// Of a key that only calls of one flow carry, the other calls are not asked for it.
    fn narrowed(&self, mut expectation: Expectation) -> Expectation {
        let flows = self.of_key.get(expectation.key.as_str());
        let only = flows.filter(|of| of.len() == 1 && self.flows.len() > 1).and_then(|of| of.iter().next());
        if let Some(flow) = only.filter(|flow| !flow.is_empty() && expectation.when.is_none()) {
            expectation.when = format!("flow:\"{}\"", flow.replace(['"', '\\'], "")).parse().ok();
        }
        expectation
    }
}

/// Looks at a whole recording. `teaches`: from which calls is learnt what calls carry.
fn look(
    file: &Path,
    filter: &Filter,
    tuning: &Tuning,
    expectations: &[Expectation],
    teaches: impl Fn(&ConversationId) -> bool,
) -> Result<RecordingLook, Failure> {
    let mut monitor = Monitor::new(MonitorOptions {
        history: HistoryLimits::NONE,
        tuning: tuning.clone(),
        expectations: expectations.to_vec(),
        filter: filter.clone(),
        ..MonitorOptions::default()
    });
    let (mut playback, mut stories, mut learner) = (Playback::new(), Stories::default(), Learner::default());
    let (mut findings, mut fits) = (Vec::new(), FxHashSet::default());
    let mut origins = Origins::default();
    for line in RecordingReader::open(file).map_err(Failure::from)? {
        let line = line.map_err(Failure::from)?;
        let outcome = playback.feed(line.at, &line.record, &mut monitor);
        for report in outcome.earlier.into_iter().chain(outcome.report) {
            stories.note(report.at, &monitor.board, &report.changes);
            if report.scope == InScope::New || filter.is_empty() {
                fits.insert(report.call.clone());
            }
            if let Some(entry) = monitor.board.get(report.call.as_str()).filter(|_| teaches(&report.call)) {
                learner.look(&entry.conversation, report.at);
            }
            if let Some(entry) = monitor.board.get(report.call.as_str()) {
                origins.note(&entry.conversation, &monitor.board.names);
            }
            for change in report.findings {
                if let FindingChange::Appeared(finding) | FindingChange::Changed(finding) = change {
                    findings.push(finding);
                }
            }
        }
    }
    let learnt = learner.proposals(&monitor.board).into_iter().map(|p| p.expectation).filter(|e| e.required);
    let learnt = learnt.map(|expectation| origins.narrowed(expectation)).collect();
    Ok(RecordingLook { stories: stories.told(), findings, fits, learnt })
}
