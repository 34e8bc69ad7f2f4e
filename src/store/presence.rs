//! Watches the presence of each key by flow version, and says when it has fallen with a new one (rule `presence-drop`).

use super::alarm::{Before, CALLS_PER_FALSE_ALARM, PresenceTest};
use super::record::{CallRecord, FLOW_END, FlowVersion};
use super::seeds::FlowSeed;
use rustc_hash::{FxHashMap, FxHashSet};
use std::fmt;

/// Presence of a key fell with a new version of a flow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PresenceDrop {
    /// The key.
    pub(crate) key: String,
    /// The purpose of the participant that carries it.
    pub(crate) on: String,
    /// The new version.
    pub(crate) flow: FlowVersion,
    /// The version before.
    pub(crate) version_before: String,
    /// Its counts.
    pub(crate) before: Before,
    /// Calls of the new version so far, and those with the key.
    pub(crate) after: (u64, u64),
}

impl fmt::Display for PresenceDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, on, flow, version_before, before, after } = self;
        write!(
            f,
            "{key} was on {on} on {} of {} calls of {} version {version_before}; of version {} it is on {} of {}",
            before.present, before.calls, flow.name, flow.version, after.1, after.0
        )
    }
}

/// The counts of one version, by key and purpose.
#[derive(Debug, Default)]
struct Version {
    version: String,
    calls: u64,
    present: FxHashMap<(String, String), u64>,
}

/// One flow: the version that calls run now, and the one before.
#[derive(Debug, Default)]
struct Followed {
    name: String,
    now: Version,
    before: Version,
    tests: FxHashMap<(String, String), PresenceTest>,
}

/// Follows the presence of every key of every flow whose version is known.
#[derive(Debug, Default)]
pub(crate) struct PresenceWatch {
    /// By organization and flow.
    flows: FxHashMap<(String, String), Followed>,
    /// Live calls that were counted.
    counted: FxHashSet<String>,
}

impl Followed {
    /// Tests of the version now against the one before.
    fn begin_tests(&mut self) {
        let (calls, now) = (self.before.calls, &self.now);
        let test = |key: &(String, String), present: u64| {
            let test = PresenceTest::new(Before { calls, present }, CALLS_PER_FALSE_ALARM)?;
            Some(test.counted(now.calls, now.present.get(key).copied().unwrap_or_default()))
        };
        let known = self.before.present.iter();
        self.tests = known.filter_map(|(key, present)| Some((key.clone(), test(key, *present)?))).collect();
    }
}

/// How many calls of a flow version there were, and how many of them carried a key when the flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Presence<'a> {
    /// The flow's name; its id where the name is not known.
    pub(crate) flow: &'a str,
    /// Its version.
    pub(crate) version: &'a str,
    /// Calls that passed the end of their flow.
    pub(crate) calls: u64,
    /// The key and the purpose of the participant that carries it; `None`: the calls as such.
    pub(crate) key: Option<(&'a str, &'a str)>,
    /// Those with the key; all of them without one.
    pub(crate) present: u64,
}

impl PresenceWatch {
    /// Begins with what a history store knows, so that a version is compared with the one before although this program was
    /// started in between. A fall that goes on is told once more.
    pub(crate) fn seed(&mut self, seeds: Vec<FlowSeed>) {
        for seed in seeds {
            let mut versions = seed.versions.into_iter().map(|known| Version {
                version: known.version,
                calls: known.calls,
                present: known.present.into_iter().map(|(key, purpose, present)| ((key, purpose), present)).collect(),
            });
            let Some(now) = versions.next() else { continue };
            let before = versions.next().unwrap_or_default();
            let mut flow = Followed { name: seed.name, now, before, ..Followed::default() };
            if flow.before.calls > 0 {
                flow.begin_tests();
            }
            self.flows.insert((seed.organization, seed.flow), flow);
        }
    }

    /// The counts of the two newest versions of each flow, in no order.
    pub(crate) fn counts(&self) -> impl Iterator<Item = Presence<'_>> {
        self.flows.iter().flat_map(|((_, id), flow)| {
            let name = if flow.name.is_empty() { id } else { &flow.name };
            [&flow.now, &flow.before].into_iter().filter(|version| version.calls > 0).flat_map(move |version| {
                let of = move |key, present| Presence {
                    flow: name.as_str(),
                    version: version.version.as_str(),
                    calls: version.calls,
                    key,
                    present,
                };
                let keys = version.present.iter();
                let keys = keys.map(move |((key, on), present)| of(Some((key.as_str(), on.as_str())), *present));
                std::iter::once(of(None, version.calls)).chain(keys)
            })
        })
    }

    /// Takes in a call as it is now: it counts once, when the end of its first flow was observed.
    pub(crate) fn observe(&mut self, call: &CallRecord) -> Vec<PresenceDrop> {
        let passed = call.milestones[FLOW_END].is_some() && !call.flow.version.is_empty();
        if !passed || !self.counted.insert(call.conversation.clone()) {
            return Vec::new();
        }
        let there: FxHashSet<(String, String)> = (call.keys.iter())
            .filter(|key| key.present_at[FLOW_END])
            .map(|key| (key.key.clone(), key.purpose.clone()))
            .collect();
        let flow = self.flows.entry((call.organization.clone(), call.flow.id.clone())).or_default();
        if !call.flow.name.is_empty() {
            flow.name.clone_from(&call.flow.name);
        }
        if flow.now.version != call.flow.version {
            // A call that entered the old version and ends late does not bring it back.
            if flow.before.version == call.flow.version {
                return Vec::new();
            }
            let new = Version { version: call.flow.version.clone(), ..Version::default() };
            flow.before = std::mem::replace(&mut flow.now, new);
            flow.begin_tests();
        }
        flow.now.calls += 1;
        for key in &there {
            *flow.now.present.entry(key.clone()).or_default() += 1;
        }
        let mut drops = Vec::new();
        for (key, test) in &mut flow.tests {
            if test.observe(there.contains(key)) {
                drops.push(PresenceDrop {
                    key: key.0.clone(),
                    on: key.1.clone(),
                    flow: call.flow.clone(),
                    version_before: flow.before.version.clone(),
                    before: Before { calls: flow.before.calls, present: flow.before.present[key] },
                    after: test.counts(),
                });
            }
        }
        drops.sort_by(|a, b| a.key.cmp(&b.key));
        drops
    }

    /// The call is not followed any more.
    pub(crate) fn forget(&mut self, conversation: &str) {
        self.counted.remove(conversation);
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::KeyRecord;
    use super::*;

    fn call(n: usize, version: &str, with_key: bool) -> CallRecord {
        let key =
            KeyRecord { key: "tier".into(), purpose: "customer".into(), present_at: [true; 5], ..KeyRecord::default() };
        CallRecord {
            conversation: n.to_string(),
            flow: FlowVersion { id: "f".into(), name: "MainIVR".into(), version: version.into() },
            milestones: [None, Some(1), None, None, None],
            keys: if with_key { vec![key] } else { Vec::new() },
            ..CallRecord::default()
        }
    }

    #[test]
    fn a_key_that_a_new_version_loses_is_told_once_within_four_calls() {
        let mut watch = PresenceWatch::default();
        for n in 0..2_000 {
            assert!(watch.observe(&call(n, "42", n % 100 != 0)).is_empty());
        }
        let mut told = Vec::new();
        for n in 2_000..2_050 {
            let record = call(n, "43", false);
            told.extend(watch.observe(&record).into_iter().map(|drop| (n, drop)));
            assert!(watch.observe(&record).is_empty(), "a call counts once");
            // Calls of the old version that end late change nothing.
            assert!(watch.observe(&call(10_000 + n, "42", true)).is_empty());
        }
        assert_eq!(told.len(), 1);
        assert!(told[0].0 < 2_004, "told by call {}", told[0].0 - 1_999);
        let words = told[0].1.to_string();
        assert!(
            words.contains("tier was on customer on 1980 of 2000 calls of MainIVR version 42; of version 43"),
            "{words}"
        );
    }

    #[test]
    fn what_a_store_knows_is_enough_to_compare_with() {
        use super::super::seeds::VersionSeed;
        let version = |version: &str, calls: u64, present: u64| VersionSeed {
            version: version.into(),
            calls,
            present: vec![("tier".into(), "customer".into(), present)],
        };
        let seed =
            |versions| FlowSeed { organization: String::new(), flow: "f".into(), name: "MainIVR".into(), versions };
        for (seeded, next) in
            [(vec![version("42", 500, 498)], "43"), (vec![version("43", 3, 3), version("42", 500, 498)], "43")]
        {
            let mut watch = PresenceWatch::default();
            watch.seed(vec![seed(seeded)]);
            let told: Vec<_> = (0..8).flat_map(|n| watch.observe(&call(n, next, false))).collect();
            assert_eq!((told.len(), told[0].before), (1, Before { calls: 500, present: 498 }));
            let counts: Vec<_> = watch.counts().filter(|c| c.key.is_some() && c.version == "42").collect();
            assert_eq!((counts[0].flow, counts[0].calls, counts[0].present), ("MainIVR", 500, 498));
        }
    }

    #[test]
    fn a_version_that_keeps_the_key_says_nothing() {
        let mut watch = PresenceWatch::default();
        for n in 0..4_000 {
            assert!(watch.observe(&call(n, if n < 2_000 { "42" } else { "43" }, n % 50 != 0)).is_empty());
        }
    }
}
