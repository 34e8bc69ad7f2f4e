//! Watches the presence of each key by flow version, and says when it has fallen with a new one (rule `presence-drop`).
//!
//! Of a version just published the flows that *end* first are the short ones: callers who hang up, lookups that time out. They
//! lack keys that others get later, so calls taken as they end are no fair sample. Calls are therefore judged in the order in
//! which they *started*, each only when every call of the flow that started before it has been: what is judged is then a
//! sample by start alone, of the version before and of the new one alike. A call whose flow runs longer than [`LONGEST`] is
//! passed over, whether or not it has the key.
//!
//! Which calls started before must be known for that. Where calls are found while they are in the flow, they are found within
//! some time of their start, and the longest such time is known from those that were: a call waits twice that long at least.
//! Where they are seen only when their flow is over, a call waits until [`LONGEST`] after its start; and so it does while not
//! all calls in the flow can be listed, for of the others the short ones are seen first.
//!
//! The version before is counted in the same order. Where too few of its calls were, all whose end of the flow was observed
//! count, as after a new start; longer calls are too many among those, so that the test is made less sensitive.

use super::alarm::{CALLS_PER_FALSE_ALARM, LEAST, PresenceTest, VersionBefore};
use super::record::{CallRecord, FLOW_END, FlowVersion};
use super::seeds::FlowSeed;
use rustc_hash::{FxHashMap, FxHashSet};
use std::{collections::BTreeMap, fmt};

/// How long the flow of a call may take, in milliseconds, for the call to be judged.
pub(crate) const LONGEST: i64 = 600_000;

/// A call that is found in its flow later than so long after its start, in milliseconds, was found by chance: it is not judged.
const LATEST: i64 = 60_000;

/// Beside twice the time in which calls are found, in milliseconds.
const MARGIN: i64 = 1_000;

/// The index of `agent` among the milestones: a call that has passed it is in its flow no longer.
const AGENT: usize = 3;

/// Presence of a key fell with a new version of a flow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PresenceDrop {
    /// The call with which it was decided.
    pub(crate) conversation: String,
    /// The key.
    pub(crate) key: String,
    /// The purpose of the participant that carries it.
    pub(crate) on: String,
    /// The new version.
    pub(crate) flow: FlowVersion,
    /// The version before.
    pub(crate) version_before: String,
    /// Its counts.
    pub(crate) before: VersionBefore,
    /// Calls of the new version so far, and those with the key.
    pub(crate) after: (u64, u64),
}

impl fmt::Display for PresenceDrop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, on, flow, version_before, before, after, .. } = self;
        let on = if on == "customer" { String::new() } else { format!(" (on {on})") };
        write!(
            f,
            "{key}{on} is on {} of {} calls of {} v{}, and was on {} of {} of v{version_before}",
            after.1, after.0, flow.name, flow.version, before.present, before.calls
        )
    }
}

/// A key and the purpose of the participant that carries it.
type OnWhom = (String, String);

/// The counts of one version, by key and purpose.
#[derive(Clone, Debug, Default)]
struct Version {
    version: String,
    /// Start of its first call, in milliseconds since 1970.
    began: i64,
    calls: u64,
    present: FxHashMap<OnWhom, u64>,
}

impl Version {
    fn count(&mut self, there: &FxHashSet<OnWhom>) {
        self.calls += 1;
        for key in there {
            *self.present.entry(key.clone()).or_default() += 1;
        }
    }
}

/// The version that calls run now, and the one before.
#[derive(Clone, Debug, Default)]
struct Versions {
    now: Version,
    before: Version,
}

/// What a call means for the versions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counted {
    /// It ran the version now.
    Now,
    /// It is the first of a new version.
    New,
    /// It ran the version before, for which it counts and which it does not bring back.
    Late,
}

impl Versions {
    fn count(&mut self, version: &str, there: &FxHashSet<OnWhom>, started: i64) -> Counted {
        let mut counted = Counted::Now;
        if self.now.version != version {
            if self.before.version == version {
                self.before.count(there);
                return Counted::Late;
            }
            let new = Version { version: version.to_owned(), began: started, ..Version::default() };
            if started < self.now.began {
                // The first of the version before that ends, after one of the version now has.
                if started >= self.before.began {
                    self.before = new;
                    self.before.count(there);
                }
                return Counted::Late;
            }
            self.before = std::mem::replace(&mut self.now, new);
            counted = Counted::New;
        }
        self.now.began = self.now.began.min(started);
        self.now.count(there);
        counted
    }
}

/// A call that is not judged yet.
#[derive(Debug)]
struct UndecidedCall {
    flow: FlowVersion,
    /// The keys that it had when its flow ended; `None` while that has not been observed.
    there: Option<FxHashSet<OnWhom>>,
}

/// One flow.
#[derive(Debug, Default)]
struct Followed {
    name: String,
    /// Every call whose flow has ended, as it ends.
    ended: Versions,
    /// Those that were judged, in the order of their start.
    judged: Versions,
    tests: FxHashMap<OnWhom, PresenceTest>,
    /// What the tests compare with.
    base: Version,
    /// The version of which it was said last whether it can be compared.
    remarked: String,
    /// Versions of which the history store had counts.
    stored: Vec<String>,
    /// Within how many milliseconds after their start calls are known; `None` while none was seen within the flow.
    known_within: Option<i64>,
    /// By start and conversation.
    waiting: BTreeMap<(i64, String), UndecidedCall>,
}

impl Followed {
    /// What the version now can be compared with, and whether that is a sample by start alone.
    fn comparable(&self) -> (&Version, bool) {
        let (judged, ended) = (&self.judged.before, &self.ended);
        if judged.calls >= LEAST {
            return (judged, !self.stored.contains(&judged.version));
        }
        let is_same = ended.now.version == self.judged.now.version && ended.before.calls > judged.calls;
        if is_same { (&ended.before, false) } else { (judged, true) }
    }

    /// Tests of the version now against the one before; `earlier`: calls of it that were counted before.
    fn begin_tests(&mut self, earlier: &Version) {
        let (base, is_fair) = self.comparable();
        let base = base.clone();
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
        if self.base.calls < LEAST && self.comparable().0.calls >= LEAST {
            let earlier = self.judged.now.clone();
            self.begin_tests(&earlier);
        }
    }

    /// The version now cannot be compared yet: in words.
    fn remark(&self) -> Option<String> {
        let base = &self.base;
        (1..LEAST).contains(&base.calls).then(|| {
            let (name, now) = (&self.name, &self.judged.now.version);
            format!(
                "version {now} of {name} is not compared yet: {} calls of version {} count so far, and {LEAST} are needed",
                base.calls, base.version
            )
        })
    }

    /// Judges the calls whose turn has come. `is_cut`: not all calls in the flow are known.
    fn judge(&mut self, now: i64, is_cut: bool) -> Vec<PresenceDrop> {
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
            Counted::Late => return Vec::new(),
            Counted::New => self.begin_tests(&Version::default()),
            Counted::Now => {}
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

/// Follows the presence of every key of every flow whose version is known.
#[derive(Debug, Default)]
pub(crate) struct PresenceWatch {
    /// By organization and flow.
    flows: FxHashMap<(String, String), Followed>,
    /// Live calls that were counted.
    counted: FxHashSet<String>,
    /// When each call started, as far as was known: a read may tell an earlier time than the events.
    started: FxHashMap<String, i64>,
    /// From when on everything was observed, in milliseconds since 1970; a call that started before is not judged.
    since: i64,
    /// Until when a call may be in a flow that could not be listed when it started, in milliseconds since 1970.
    cut_until: i64,
    /// New versions that could not be compared when they came, in words.
    remarks: Vec<String>,
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
                began: 0,
                calls: known.calls,
                present: known.present.into_iter().map(|(key, purpose, present)| ((key, purpose), present)).collect(),
            });
            let Some(now) = versions.next() else { continue };
            let versions = Versions { now, before: versions.next().unwrap_or_default() };
            let stored = [&versions.now, &versions.before].map(|version| version.version.clone()).into();
            let (ended, judged) = (versions.clone(), versions);
            let mut flow = Followed { name: seed.name, ended, judged, stored, ..Followed::default() };
            if flow.judged.before.calls > 0 {
                let earlier = flow.judged.now.clone();
                flow.begin_tests(&earlier);
            }
            self.flows.insert((seed.organization, seed.flow), flow);
        }
    }

    /// The counts of the two newest versions of each flow, in no order.
    pub(crate) fn counts(&self) -> impl Iterator<Item = Presence<'_>> {
        self.flows.iter().flat_map(|((_, id), flow)| {
            let name = if flow.name.is_empty() { id } else { &flow.name };
            let Versions { now, before } = &flow.ended;
            [now, before].into_iter().filter(|version| version.calls > 0).flat_map(move |version| {
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

    /// Nothing is observed until further notice: what waits may end unseen.
    pub(crate) fn lost(&mut self) {
        self.begins(i64::MAX);
    }

    /// Everything is observed from now on, in milliseconds since 1970. Calls that started before are not judged, for of those
    /// the short ones are gone already.
    pub(crate) fn begins(&mut self, now: i64) {
        self.since = now;
        self.flows.values_mut().for_each(|flow| flow.waiting.clear());
    }

    /// Whether there are more calls in the flows than can be listed at present.
    pub(crate) fn cut(&mut self, is_cut: bool, now: i64) {
        if is_cut {
            self.cut_until = now + LONGEST;
        }
    }

    /// New versions that could not be compared when they came, in words; each once.
    pub(crate) fn remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }

    /// Presence is still as low as when this was told, of the version that runs now.
    pub(crate) fn stands(&self, drop: &PresenceDrop, organization: &str) -> bool {
        let flow = self.flows.get(&(organization.to_owned(), drop.flow.id.clone()));
        flow.filter(|flow| flow.judged.now.version == drop.flow.version)
            .and_then(|flow| flow.tests.get(&(drop.key.clone(), drop.on.clone())))
            .is_some_and(PresenceTest::is_low)
    }

    /// Takes in a call as it is now: it counts once, when the end of its first flow was observed.
    pub(crate) fn observe(&mut self, call: &CallRecord, now: i64) -> Vec<PresenceDrop> {
        if call.flow.id.is_empty() {
            return Vec::new();
        }
        let is_cut = now < self.cut_until;
        let flow = self.flows.entry((call.organization.clone(), call.flow.id.clone())).or_default();
        if !call.flow.name.is_empty() {
            flow.name.clone_from(&call.flow.name);
        }
        if self.counted.contains(&call.conversation) {
            return Vec::new();
        }
        let place = (call.started, call.conversation.clone());
        let known = self.started.insert(call.conversation.clone(), call.started);
        let was_waiting = known.is_some_and(|started| {
            started != call.started && flow.waiting.remove(&(started, call.conversation.clone())).is_some()
        });
        let has_ended = call.milestones[FLOW_END].is_some();
        let went_on = call.ended.is_some() || call.milestones[AGENT..].iter().any(Option::is_some);
        if !has_ended && went_on {
            // Its flow ended unseen.
            flow.waiting.remove(&place);
            return flow.judge(now, is_cut);
        }
        let keys = call.keys.iter().filter(|key| key.present_at[FLOW_END]);
        let there = has_ended.then(|| keys.map(|key| (key.key.clone(), key.purpose.clone())).collect());
        if let Some(there) = there.as_ref().filter(|_| !call.flow.version.is_empty()) {
            self.counted.insert(call.conversation.clone());
            flow.ended.count(&call.flow.version, there, call.started);
        }
        let age = now - call.started;
        if call.started < self.since || age >= LONGEST {
            return Vec::new();
        }
        if !was_waiting && !flow.waiting.contains_key(&place) {
            match (has_ended, flow.known_within) {
                // Found in its flow.
                (false, known) if age <= LATEST && !is_cut => {
                    flow.known_within = Some(known.unwrap_or_default().max(2 * age + MARGIN));
                }
                (false, _) if !is_cut => return flow.judge(now, is_cut),
                // Found when its flow was over, later than others are found: those that are longer would not be.
                (true, Some(within)) if age > within && !is_cut => return flow.judge(now, is_cut),
                _ => {}
            }
        }
        flow.waiting.insert(place, UndecidedCall { flow: call.flow.clone(), there });
        flow.judge(now, is_cut)
    }

    /// Judges the calls whose turn has come with the time alone.
    pub(crate) fn time(&mut self, now: i64) -> Vec<PresenceDrop> {
        let is_cut = now < self.cut_until;
        let Self { flows, remarks, .. } = self;
        let judge = |flow: &mut Followed| {
            let drops = flow.judge(now, is_cut);
            // With the time, so that what ends together is counted first.
            if flow.remarked != flow.judged.now.version {
                flow.remarked.clone_from(&flow.judged.now.version);
                remarks.extend(flow.remark());
            }
            drops
        };
        flows.values_mut().flat_map(judge).collect()
    }

    /// The call is not followed any more.
    pub(crate) fn forget(&mut self, conversation: &str) {
        self.counted.remove(conversation);
        self.started.remove(conversation);
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::KeyRecord;
    use super::*;

    /// A call every other second.
    fn at(n: usize) -> i64 {
        n as i64 * 2_000
    }

    /// Sees it in its flow from its start on, and then at the end of it.
    fn pass(watch: &mut PresenceWatch, call: &CallRecord, now: i64) -> Vec<PresenceDrop> {
        let mut drops = watch.observe(&in_flow(call), call.started);
        drops.extend(watch.observe(call, now));
        drops
    }

    fn call(n: usize, version: &str, with_key: bool) -> CallRecord {
        let key =
            KeyRecord { key: "tier".into(), purpose: "customer".into(), present_at: [true; 5], ..KeyRecord::default() };
        CallRecord {
            conversation: n.to_string(),
            started: at(n),
            flow: FlowVersion { id: "f".into(), name: "MainIVR".into(), version: version.into() },
            milestones: [Some(at(n)), Some(at(n) + 1), None, None, None],
            keys: if with_key { vec![key] } else { Vec::new() },
            ..CallRecord::default()
        }
    }

    #[test]
    fn a_key_that_a_new_version_loses_is_told_once_within_four_calls() {
        let mut watch = PresenceWatch::default();
        for n in 0..2_000 {
            assert!(pass(&mut watch, &call(n, "42", n % 100 != 0), at(n)).is_empty());
        }
        let mut told = Vec::new();
        for n in 2_000..2_050 {
            let record = call(n, "43", false);
            told.extend(pass(&mut watch, &record, at(n)).into_iter().map(|drop| (n, drop)));
            assert!(watch.observe(&record, at(n)).is_empty(), "a call counts once");
            // Calls of the old version that end late change nothing.
            let late = CallRecord { started: at(n) + 1, ..call(10_000 + n, "42", true) };
            assert!(pass(&mut watch, &late, at(n)).is_empty());
        }
        assert_eq!(told.len(), 1);
        // Each is judged with the next one, when no other can have started before it.
        assert!(told[0].0 < 2_005, "told by call {}", told[0].0 - 1_999);
        let words = told[0].1.to_string();
        assert!(words.contains("calls of MainIVR v43, and was on 1980 of 2000 of v42"), "{words}");
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
            let told: Vec<_> = (0..9).flat_map(|n| pass(&mut watch, &call(n, next, false), at(n))).collect();
            assert_eq!((told.len(), told[0].before), (1, VersionBefore { calls: 500, present: 498 }));
            let counts: Vec<_> = watch.counts().filter(|c| c.key.is_some() && c.version == "42").collect();
            assert_eq!((counts[0].flow, counts[0].calls, counts[0].present), ("MainIVR", 500, 498));
        }
    }

    #[test]
    fn a_version_that_keeps_the_key_says_nothing() {
        let mut watch = PresenceWatch::default();
        for n in 0..4_000 {
            let version = if n < 2_000 { "42" } else { "43" };
            assert!(pass(&mut watch, &call(n, version, n % 50 != 0), at(n)).is_empty());
        }
    }

    /// The call in its flow, from its start on.
    fn in_flow(call: &CallRecord) -> CallRecord {
        CallRecord { milestones: [call.milestones[0], None, None, None, None], keys: Vec::new(), ..call.clone() }
    }

    #[test]
    fn a_call_waits_for_those_that_started_before_it_but_not_for_ever() {
        let mut watch = PresenceWatch::default();
        for n in 0..100 {
            pass(&mut watch, &call(n, "42", true), at(n));
        }
        let slow = call(100, "43", true);
        assert!(watch.observe(&in_flow(&slow), at(100)).is_empty());
        for n in 101..150 {
            assert!(
                pass(&mut watch, &call(n, "43", false), at(n)).is_empty(),
                "one that started before is in the flow"
            );
        }
        assert!(watch.time(at(100) + LONGEST - 1).is_empty());
        assert_eq!(watch.time(at(100) + LONGEST).len(), 1, "the slow one is passed over");
        assert!(watch.observe(&slow, at(100) + LONGEST + 1).is_empty(), "and is not judged later");
    }

    #[test]
    fn a_call_waits_as_long_as_one_that_started_before_it_may_not_be_known() {
        let mut watch = PresenceWatch::default();
        // Found ten seconds after its start at the latest, so that twice that and a second are waited.
        let found = |watch: &mut PresenceWatch, n: usize, version, with_key| {
            let whole = call(n, version, with_key);
            watch.observe(&in_flow(&whole), at(n) + if n.is_multiple_of(2) { 10_000 } else { 0 });
            watch.observe(&whole, at(n) + 10_000)
        };
        (0..100).for_each(|n| assert!(found(&mut watch, n, "42", true).is_empty()));
        (100..104).for_each(|n| assert!(found(&mut watch, n, "43", false).is_empty()));
        watch.time(at(99) + 21_000);
        for n in 104..200 {
            _ = found(&mut watch, n, "43", n >= 140);
        }
        assert!(watch.flows.values().all(|flow| flow.known_within == Some(21_000)));
        // One that was found by its end alone, and late, is none of the sample.
        let judged = |watch: &PresenceWatch| watch.flows.values().map(|flow| flow.judged.now.calls).sum::<u64>();
        watch.time(at(300));
        let before = judged(&watch);
        watch.observe(&call(250, "43", false), at(250) + 60_000);
        watch.time(at(250) + LONGEST);
        assert_eq!((before, judged(&watch)), (100, 100));
    }

    #[test]
    fn a_call_that_is_seen_when_its_flow_is_over_waits_for_those_that_are_not_seen_yet() {
        let mut watch = PresenceWatch::default();
        let late = |n, version, with_key| {
            let seen = call(n, version, with_key);
            CallRecord { milestones: [None, seen.milestones[1], None, None, None], ..seen }
        };
        for n in 0..150 {
            let (version, with_key) = if n < 100 { ("42", true) } else { ("43", false) };
            assert!(watch.observe(&late(n, version, with_key), at(n) + 200).is_empty());
        }
        assert!(watch.time(at(100) + LONGEST).is_empty());
        assert_eq!(watch.time(at(150) + LONGEST).len(), 1);
    }

    /// A version is replaced when few of its calls had started under our eyes: those that lived already end later, and count.
    #[test]
    fn a_version_that_had_few_calls_is_compared_when_enough_have_ended() {
        let mut watch = PresenceWatch::default();
        watch.begins(at(40));
        for n in 0..40 {
            assert!(watch.observe(&in_flow(&call(n, "42", true)), at(40)).is_empty());
        }
        let first = call(40, "43", false);
        assert!(pass(&mut watch, &first, at(40)).is_empty());
        assert!(watch.time(at(42)).is_empty());
        for n in 0..30 {
            assert!(watch.observe(&call(n, "42", true), at(43)).is_empty());
        }
        let told: Vec<_> = (43..60).flat_map(|n| pass(&mut watch, &call(n, "43", false), at(n))).collect();
        assert_eq!(told.iter().map(|drop| drop.before.calls).collect::<Vec<_>>(), [30]);
        assert!(watch.stands(&told[0], ""));
        let back: Vec<_> = (60..120).flat_map(|n| pass(&mut watch, &call(n, "43", true), at(n))).collect();
        assert!(back.is_empty() && !watch.stands(&told[0], ""), "it came back");
    }

    #[test]
    fn a_version_that_cannot_be_compared_is_said_once() {
        let mut watch = PresenceWatch::default();
        (0..5).for_each(|n| assert!(pass(&mut watch, &call(n, "42", true), at(n)).is_empty()));
        (5..40).for_each(|n| assert!(pass(&mut watch, &call(n, "43", false), at(n)).is_empty()));
        watch.time(at(40));
        assert!(watch.remarks().concat().contains("version 43 of MainIVR is not compared yet: 5 calls of version 42"));
        watch.time(at(41));
        assert!(watch.remarks().is_empty());
    }

    /// Of calls that cannot be listed the short ones are seen first: each waits until no earlier one can be in the flow.
    #[test]
    fn while_the_list_is_cut_calls_wait_as_where_only_queues_are_watched() {
        let mut watch = PresenceWatch::default();
        (0..100).for_each(|n| assert!(pass(&mut watch, &call(n, "42", true), at(n)).is_empty()));
        watch.cut(true, at(100));
        for n in 100..140 {
            // Those without the key leave their flow early, and are seen then; the others are still in it.
            if n % 5 == 0 {
                assert!(watch.observe(&call(n, "43", false), at(n) + 9_000).is_empty());
            }
        }
        for n in (100..140).filter(|n| n % 5 != 0) {
            assert!(watch.observe(&call(n, "43", true), at(n) + 90_000).is_empty());
        }
        watch.cut(false, at(141));
        assert!(watch.time(at(139) + LONGEST).is_empty());
        let judged: Vec<_> = watch.flows.values().map(|flow| flow.judged.now.calls).collect();
        assert_eq!(judged, [40], "all of them, long and short");
    }

    #[test]
    fn a_start_that_is_read_later_moves_the_call() {
        let mut watch = PresenceWatch::default();
        (0..100).for_each(|n| assert!(pass(&mut watch, &call(n, "42", true), at(n)).is_empty()));
        let whole = call(100, "43", true);
        watch.observe(&CallRecord { started: at(101), ..in_flow(&whole) }, at(101));
        watch.observe(&whole, at(102));
        assert!(watch.time(at(104)).is_empty());
        assert!(watch.flows.values().all(|flow| flow.waiting.is_empty()), "nothing waits for a call twice");
    }

    #[test]
    fn calls_that_started_before_all_was_observed_are_not_judged() {
        let mut watch = PresenceWatch::default();
        for n in 0..100 {
            pass(&mut watch, &call(n, "42", true), at(n));
        }
        watch.time(at(100));
        watch.lost();
        for n in 100..200 {
            assert!(pass(&mut watch, &call(n, "43", false), at(n)).is_empty());
        }
        watch.begins(at(200));
        for n in 180..199 {
            let early = CallRecord { started: at(n), ..call(1_000 + n, "43", true) };
            assert!(pass(&mut watch, &early, at(200)).is_empty());
        }
        let told: Vec<_> = (200..220).flat_map(|n| pass(&mut watch, &call(n, "43", false), at(n))).collect();
        assert_eq!(told.len(), 1);
    }

    /// A series of calls of two versions, 400 milliseconds apart, whose flows take so long and leave the key or not. The
    /// drop that was told, and how many calls it would have taken in the order in which they end, if any number did.
    fn series(mut of: impl FnMut(usize) -> (i64, bool)) -> (Option<PresenceDrop>, Option<u64>) {
        const OLD: usize = 300;
        const ALL: usize = 400;
        let mut events = std::collections::BTreeSet::new();
        let mut calls = Vec::new();
        for n in 0..ALL {
            let (long, with_key) = of(n);
            let started = n as i64 * 400;
            let version = if n < OLD { "1" } else { "2" };
            let whole = CallRecord {
                started,
                milestones: [Some(started), Some(started + long), None, None, None],
                ..call(n, version, with_key)
            };
            events.extend([(started, false, n), (started + long, true, n)]);
            calls.push((whole, with_key));
        }
        let (mut watch, mut drops) = (PresenceWatch::default(), Vec::new());
        let present = calls[..OLD].iter().filter(|(_, with_key)| *with_key).count() as u64;
        let before = VersionBefore { calls: OLD as u64, present };
        let mut as_they_end = PresenceTest::new(before, CALLS_PER_FALSE_ALARM).expect("a test");
        let (mut ended, mut naive) = (0, None);
        let end = events.last().map_or(0, |(time, ..)| *time) + 2 * MARGIN;
        for (time, ends, n) in events {
            let (whole, with_key) = &calls[n];
            drops.extend(if ends { watch.observe(whole, time) } else { watch.observe(&in_flow(whole), time) });
            if ends && n >= OLD {
                ended += 1;
                naive = naive.or(as_they_end.observe(*with_key).then_some(ended));
            }
        }
        drops.extend(watch.time(end));
        (drops.into_iter().next(), naive)
    }

    /// Whether a call has the key depends on how long it is in the flow: callers who hang up early never get it. Nothing
    /// fell with the new version; taken as they end, its first calls say otherwise.
    #[test]
    #[allow(clippy::print_stdout, reason = "the figures are for docs/history.md")]
    fn calls_whose_length_decides_about_their_key_give_no_false_alarm() {
        let count = u64::from(crate::testing::count("SIDETONE_COHORTS", 250, 10_000));
        let expected = (count * 100) as f64 / CALLS_PER_FALSE_ALARM;
        let bound = expected + 5.0 * expected.sqrt();
        let mut rng = fastrand::Rng::with_seed(21);
        let (mut alarms, mut naive) = (0, 0);
        for _ in 0..count {
            let (drop, as_they_end) = series(|_| {
                let long = if rng.f64() < 0.2 { rng.i64(2_000..9_000) } else { rng.i64(38_000..90_000) };
                (long, long > 30_000)
            });
            alarms += u64::from(drop.is_some());
            naive += u64::from(as_they_end.is_some());
        }
        println!("{} calls: {alarms} false alarms; {naive} of {count} series if judged as they end", count * 400);
        assert!(alarms as f64 <= bound, "{alarms} of at most {bound:.2}");
        assert!(naive > count / 2, "the series are no trial: {naive}");
    }

    #[test]
    #[allow(clippy::print_stdout, reason = "the figures are for docs/history.md")]
    fn a_real_fall_is_told_after_as_few_decided_calls_as_before() {
        for (rate, most) in [(0.0, 4), (0.4, 8)] {
            let mut rng = fastrand::Rng::with_seed(22);
            let mut delays = Vec::new();
            for _ in 0..101 {
                let drop = series(|n| {
                    let long = if rng.f64() < 0.2 { rng.i64(2_000..9_000) } else { rng.i64(38_000..90_000) };
                    (long, rng.f64() < if n < 300 { 0.99 } else { rate })
                });
                delays.push(drop.0.expect("an alarm").after.0);
            }
            delays.sort_unstable();
            println!("from 99 % to {rate}: median {} decided calls", delays[50]);
            assert!(delays[50] <= most, "{}", delays[50]);
        }
    }
}
