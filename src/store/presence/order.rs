//! The calls of one flow, judged in the order in which they started.

use super::{
    super::{
        alarm::{CALLS_PER_FALSE_ALARM, LEAST, PresenceTest, VersionBefore},
        record::FlowVersion,
    },
    LONGEST, PresenceDrop,
    versions::{CountedVersion, OnWhom, VersionNews, Versions},
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// A call that is not judged yet.
#[derive(Debug)]
pub(super) struct UndecidedCall {
    pub(super) flow: FlowVersion,
    /// The keys that it had when its flow ended; `None` while that has not been observed.
    pub(super) there: Option<FxHashSet<OnWhom>>,
}

/// One flow.
#[derive(Debug, Default)]
pub(super) struct Followed {
    pub(super) name: String,
    /// Every call whose flow has ended, as it ends.
    pub(super) ended: Versions,
    /// Those that were judged, in the order of their start.
    pub(super) judged: Versions,
    pub(super) tests: FxHashMap<OnWhom, PresenceTest>,
    /// What the tests compare with.
    pub(super) base: CountedVersion,
    /// The version of which it was said last whether it can be compared.
    pub(super) remarked: String,
    /// Versions of which the history store had counts.
    pub(super) stored: Vec<String>,
    /// Within how many milliseconds after their start calls are known; `None` while none was seen within the flow.
    pub(super) known_within: Option<i64>,
    /// By start and conversation.
    pub(super) waiting: BTreeMap<(i64, String), UndecidedCall>,
}

impl Followed {
    /// Tests of the version now against the one before; `earlier`: calls of it that were counted before.
    pub(super) fn begin_tests(&mut self, earlier: &CountedVersion) {
        let base = self.judged.before.clone();
        let is_fair = !self.stored.contains(&base.version);
        let test = |key: &OnWhom, present: u64| {
            let before = VersionBefore { calls: base.calls, present };
            let test = match is_fair {
                true => PresenceTest::new(before, CALLS_PER_FALSE_ALARM),
                false => PresenceTest::cautious(before, CALLS_PER_FALSE_ALARM),
            };
            Some(test?.counted(earlier.calls, earlier.present.get(key).copied().unwrap_or_default()))
        };
        let known = base.present.iter();
        self.tests = known.filter_map(|(key, present)| Some((key.clone(), test(key, *present)?))).collect();
        self.base = base;
    }

    /// Begins the tests as soon as enough is known of the version before: calls of it may end long after it was replaced.
    fn begin_late(&mut self) {
        if self.base.calls < LEAST && self.judged.before.calls >= LEAST {
            let earlier = self.judged.now.clone();
            self.begin_tests(&earlier);
        }
    }

    /// The version now cannot be compared with the one before: in words.
    pub(super) fn remark(&self) -> Option<String> {
        let (judged, ended) = (&self.judged, &self.ended);
        // Of calls that lived already none was judged.
        let is_same = judged.before.calls == 0 && ended.now.version == judged.now.version;
        let before = if is_same { &ended.before } else { &judged.before };
        let counted = judged.before.calls;
        (before.calls > 0 && counted < LEAST).then(|| {
            let (name, now, before) = (&self.name, &judged.now.version, &before.version);
            let calls = if counted == 1 { "1 call was" } else { &format!("{counted} calls were") };
            format!(
                "version {now} of {name} is not compared: {calls} followed from the start of version {before}, and {LEAST} are needed"
            )
        })
    }

    /// Judges the calls whose turn has come. `is_cut`: not all calls in the flow are known.
    pub(super) fn judge(&mut self, now: i64, is_cut: bool) -> Vec<PresenceDrop> {
        let mut drops = Vec::new();
        let known_within = self.known_within.filter(|_| !is_cut).unwrap_or(LONGEST);
        while let Some(((started, _), call)) = self.waiting.first_key_value() {
            let started = *started;
            let age = now - started;
            let is_decided = call.there.is_some() && !call.flow.version.is_empty();
            if age < LONGEST && !(is_decided && age >= known_within) {
                break;
            }
            let Some(((_, conversation), call)) = self.waiting.pop_first() else { break };
            if let Some(there) = call.there.filter(|_| is_decided) {
                drops.extend(self.take(conversation, &call.flow, &there, started));
            }
        }
        drops
    }

    fn take(
        &mut self,
        conversation: String,
        flow: &FlowVersion,
        there: &FxHashSet<OnWhom>,
        started: i64,
    ) -> Vec<PresenceDrop> {
        if self.judged.now.version == flow.version {
            self.begin_late();
        }
        match self.judged.count(&flow.version, there, started) {
            VersionNews::Late => return Vec::new(),
            VersionNews::New => self.begin_tests(&CountedVersion::default()),
            VersionNews::Now => {}
        }
        let before = &self.base;
        let mut drops = Vec::new();
        for (key, test) in &mut self.tests {
            if test.observe(there.contains(key)) {
                drops.push(PresenceDrop {
                    conversation: conversation.clone(),
                    key: key.0.clone(),
                    on: key.1.clone(),
                    flow: FlowVersion { name: self.name.clone(), ..flow.clone() },
                    version_before: before.version.clone(),
                    before: VersionBefore { calls: before.calls, present: before.present[key] },
                    after: test.counts(),
                });
            }
        }
        drops.sort_by(|a, b| a.key.cmp(&b.key));
        drops
    }
}
