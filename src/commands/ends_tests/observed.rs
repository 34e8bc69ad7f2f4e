//! The ends that keep instead of telling: `collect` and `watch` beside a history store.

use super::{Reported, expectations, platform::KEYS};
use crate::{
    commands::observer::{Ends, Observer, ObserverParts},
    domain::{
        findings::Tuning,
        monitor::{Monitor, MonitorOptions, MonitorOutcome},
    },
    recording::{
        RecordingReader,
        playback::{Playback, Played},
    },
    store::{
        record::{CallRecord, FlowVersion, Salt},
        tracker::Tracker,
    },
};
use std::{collections::BTreeMap, path::Path};

/// What a recording leaves with an observer and in the history.
pub(super) struct Observed {
    /// How often each rule was counted.
    pub(super) findings: BTreeMap<String, u64>,
    /// The last record of each call.
    pub(super) records: BTreeMap<String, CallRecord>,
    /// What the monitor knew at the end.
    pub(super) monitor: Monitor,
}

/// The rules of these findings, counted.
pub(super) fn counted(reported: &Reported) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for rule in reported.appeared.iter().filter_map(|finding| finding.split(' ').nth(1)) {
        *counts.entry(rule.to_owned()).or_default() += 1;
    }
    counts
}

fn tracker() -> Tracker {
    Tracker::new("", Salt::UNSTORED, &KEYS.map(str::to_owned))
}

/// An observer with nothing to compare with.
pub(super) fn observer() -> Observer {
    Observer::new(ObserverParts {
        tracker: tracker(),
        seeds: Vec::new(),
        tuning: Tuning::default(),
        organization: String::new(),
        profile: None,
        place: 0,
        begun: None,
    })
}

pub(super) fn observed(file: &Path) -> Observed {
    let mut monitor = Monitor::new(MonitorOptions { expectations: expectations(), ..MonitorOptions::default() });
    let (mut playback, mut history, mut records) = (Playback::new(), tracker(), BTreeMap::new());
    let ends = Ends::new(None, None, vec![None]);
    let mut observer = observer();
    let mut take = |monitor: &Monitor, outcome: MonitorOutcome, observer: &mut Observer, history: &mut Tracker| {
        for report in outcome.reports() {
            drop(observer.report(monitor, report, |_| Vec::new(), &ends));
            let Some(entry) = monitor.board.get(report.call.as_str()) else { continue };
            if let Some(record) = history.observe(report, entry, None::<&FlowVersion>, &monitor.board.names) {
                records.insert(record.conversation.clone(), record);
            }
        }
    };
    for line in RecordingReader::open(file).unwrap() {
        let line = line.unwrap();
        let outcome = match playback.play(line.at, &line.record, &monitor.board) {
            Played::Update(update) => monitor.update(line.at, update, &playback),
            Played::Link(link) => {
                observer.link(line.at, &link, &ends);
                if link.is_lost() {
                    history.lost();
                }
                monitor.link(line.at, &link, &playback)
            }
            Played::Lost(_) => {
                history.lost();
                monitor.missed(line.at, &playback)
            }
            Played::Queue(id, name) => {
                monitor.board.names.learn_queue(id, &name);
                continue;
            }
            _ => monitor.time(line.at, &playback),
        };
        take(&monitor, outcome, &mut observer, &mut history);
    }
    let findings = observer.tally.findings.iter().map(|(rule, count)| ((*rule).to_owned(), *count)).collect();
    Observed { findings, records, monitor }
}

impl Observed {
    /// Of each call that is known: what the record says of the keys that it carries is what it carries.
    pub(super) fn assert_that_the_history_is_what_was_seen(&self) {
        for entry in self.monitor.board.iter() {
            let call = &entry.conversation;
            let Some(record) = self.records.get(call.id.as_str()) else { panic!("{} has no record", call.id) };
            for attribute in call.customer().into_iter().flat_map(|customer| customer.attributes.iter()) {
                let kept = record.keys.iter().find(|k| k.key == attribute.key.as_str() && k.purpose == "customer");
                let kept = kept.and_then(|key| key.value.as_deref());
                assert_eq!(kept, Some(attribute.value.as_str()), "{} of {} in the history", attribute.key, call.id);
            }
        }
    }
}
