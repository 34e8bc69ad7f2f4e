//! Which falls are told, how soon, and what gives no false alarm.

use super::*;
use crate::store::{alarm::CALLS_PER_FALSE_ALARM, record::KeyRecord};

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
    use crate::store::seeds::VersionSeed;
    let version = |version: &str, calls: u64, present: u64| VersionSeed {
        version: version.into(),
        calls,
        present: vec![("tier".into(), "customer".into(), present)],
    };
    let seed = |versions| FlowSeed { organization: String::new(), flow: "f".into(), name: "MainIVR".into(), versions };
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

/// A key that as many calls had may be needed for the one that fell; one that fewer had is not.
#[test]
fn the_keys_beside_one_that_fell_are_those_that_as_many_calls_had() {
    let mut watch = PresenceWatch::default();
    let with = |n: usize, version, keys: &[&str]| {
        let key = |key: &&str| KeyRecord {
            key: (*key).to_owned(),
            purpose: "customer".into(),
            present_at: [true; 5],
            ..KeyRecord::default()
        };
        CallRecord { keys: keys.iter().map(key).collect(), ..call(n, version, false) }
    };
    for n in 0..200 {
        // One lookup in ten times out, and half of the callers choose.
        let looked_up = if n % 10 == 0 { &["status"][..] } else { &["status", "tier", "contract"] };
        let keys = [looked_up, if n % 2 == 0 { &["choice"] } else { &[] }].concat();
        assert!(pass(&mut watch, &with(n, "42", &keys), at(n)).is_empty());
    }
    let told: Vec<_> =
        (200..230).flat_map(|n| pass(&mut watch, &with(n, "43", &["status", "tier", "choice"]), at(n))).collect();
    assert_eq!((told.len(), told[0].key.as_str()), (1, "contract"));
    assert_eq!(watch.beside(&told[0], ""), ["status", "tier"]);
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
        assert!(pass(&mut watch, &call(n, "43", false), at(n)).is_empty(), "one that started before is in the flow");
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

/// A version is replaced when few of its calls had started under our eyes: those that lived already end later, and do not count.
#[test]
fn a_version_of_calls_that_lived_already_is_not_compared() {
    let mut watch = PresenceWatch::default();
    watch.begins(at(40));
    for n in 0..40 {
        assert!(watch.observe(&in_flow(&call(n, "42", true)), at(40)).is_empty());
    }
    let first = call(40, "43", false);
    assert!(pass(&mut watch, &first, at(40)).is_empty());
    for n in 0..30 {
        assert!(watch.observe(&call(n, "42", true), at(41)).is_empty());
    }
    assert!(watch.time(at(42)).is_empty());
    let remarks = watch.remarks().concat();
    assert!(
        remarks.contains("version 43 of MainIVR is not compared: 0 calls were followed from the start"),
        "{remarks}"
    );
    assert!((43..60).all(|n| pass(&mut watch, &call(n, "43", false), at(n)).is_empty()));
}

#[test]
fn a_fall_stands_until_the_key_is_back() {
    let mut watch = PresenceWatch::default();
    (0..30).for_each(|n| assert!(pass(&mut watch, &call(n, "42", true), at(n)).is_empty()));
    let told: Vec<_> = (30..60).flat_map(|n| pass(&mut watch, &call(n, "43", false), at(n))).collect();
    assert_eq!(told.iter().map(|drop| drop.before.calls).collect::<Vec<_>>(), [30]);
    assert!(watch.stands(&told[0], ""));
    let back: Vec<_> = (60..120).flat_map(|n| pass(&mut watch, &call(n, "43", true), at(n))).collect();
    assert!(back.is_empty() && !watch.stands(&told[0], ""), "it came back");
}

/// What is told when a collector begins at `begin`, in milliseconds: of calls 700 ms apart every other one gets the key and leaves
/// its flow after 100 s, the others leave after 6 s without it. At 200 s a version is published that changes nothing.
fn of_late_collector(begin: i64) -> (Vec<PresenceDrop>, Vec<String>) {
    let mut events = std::collections::BTreeSet::new();
    let mut calls = Vec::new();
    for n in 0..900 {
        let (started, is_long) = (n as i64 * 700, n % 2 == 0);
        let left = started + if is_long { 100_000 } else { 6_000 };
        let version = if started < 200_000 { "1" } else { "2" };
        let milestones = [Some(started), Some(left), None, None, None];
        calls.push(CallRecord { started, milestones, ..call(n, version, is_long) });
        if left > begin {
            events.extend([(started.max(begin), false, n), (left, true, n)]);
        }
    }
    let mut watch = PresenceWatch::default();
    watch.begins(begin);
    let (mut drops, mut remarks) = (Vec::new(), Vec::new());
    for (time, has_left, n) in events {
        let whole = &calls[n];
        let known = if has_left { whole.clone() } else { in_flow(whole) };
        // Its start was seen, or it was found later.
        let start = known.milestones[0].filter(|start| *start >= begin);
        drops.extend(
            watch.observe(&CallRecord { milestones: [start, known.milestones[1], None, None, None], ..known }, time),
        );
        drops.extend(watch.time(time));
        remarks.extend(watch.remarks());
    }
    (drops, remarks)
}

/// Of the calls that live when a collector comes nearly all are long, and have the key: they are no base, for calls seen from
/// their start are half short.
#[test]
fn a_collector_that_comes_just_before_a_publication_gives_no_false_alarm() {
    for before in [1_000, 5_000, 15_000, 40_000, 90_000] {
        let (drops, remarks) = of_late_collector(200_000 - before);
        assert!(drops.is_empty(), "{before} ms before: {drops:?}");
        assert_eq!(remarks.len(), usize::from(before < 14_000), "{before} ms before: {remarks:?}");
    }
}

#[test]
fn a_version_that_cannot_be_compared_is_said_once() {
    let mut watch = PresenceWatch::default();
    (0..5).for_each(|n| assert!(pass(&mut watch, &call(n, "42", true), at(n)).is_empty()));
    (5..40).for_each(|n| assert!(pass(&mut watch, &call(n, "43", false), at(n)).is_empty()));
    watch.time(at(40));
    assert!(watch.remarks().concat().contains("version 43 of MainIVR is not compared: 5 calls were followed from"));
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
    let count = u64::from(crate::testing::count("SIDETONE_COHORTS", 50, 10_000));
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

/// A series in which the list of calls has no room from the new version on, for calls of other flows fill it: 300 calls of the old
/// version 400 milliseconds apart, 200 of a new one that changes nothing. Those in the flow are listed every three seconds while
/// there is room; the end of each is seen. The drop that was reported, if any.
fn crowded_out(rng: &mut fastrand::Rng, is_told_of_the_cut: bool) -> Option<PresenceDrop> {
    const OLD: usize = 300;
    let mut events = std::collections::BTreeSet::new();
    let mut calls = Vec::new();
    for n in 0..OLD + 200 {
        let started = n as i64 * 400;
        let long = if rng.f64() < 0.2 { rng.i64(2_000..9_000) } else { rng.i64(38_000..90_000) };
        events.extend([(started, 0, n), (started + long, 1, n)]);
        let milestones = [Some(started), Some(started + long), None, None, None];
        let version = if n < OLD { "1" } else { "2" };
        calls.push(CallRecord { started, milestones, ..call(n, version, long > 30_000) });
    }
    let end = events.last().map_or(0, |(time, ..)| *time);
    events.extend((0..end).step_by(3_000).map(|time| (time, 2, 0)));
    let (mut watch, mut unlisted, mut drops) = (PresenceWatch::default(), Vec::new(), Vec::new());
    for (time, what, n) in events {
        match what {
            0 => unlisted.push(n),
            1 => {
                unlisted.retain(|other| *other != n);
                drops.extend(watch.observe(&calls[n], time));
            }
            _ => {
                let is_cut = time >= OLD as i64 * 400;
                if is_cut && is_told_of_the_cut {
                    watch.cut(true, time);
                }
                let listed = if is_cut { Vec::new() } else { std::mem::take(&mut unlisted) };
                drops.extend(listed.iter().flat_map(|n| watch.observe(&in_flow(&calls[*n]), time)));
                drops.extend(watch.time(time));
            }
        }
    }
    drops.extend(watch.time(end + 2 * LONGEST));
    drops.into_iter().next()
}

/// Of the calls that no list has room for the short ones are seen first: who is told of the cut waits, and gives no false alarm.
#[test]
#[allow(clippy::print_stdout, reason = "the figures are for docs/history.md")]
fn calls_that_no_list_has_room_for_give_no_false_alarm() {
    let count = u64::from(crate::testing::count("SIDETONE_COHORTS", 25, 10_000));
    let expected = (count * 200) as f64 / CALLS_PER_FALSE_ALARM;
    let bound = expected + 5.0 * expected.sqrt();
    let alarms = |is_told| {
        let mut rng = fastrand::Rng::with_seed(23);
        (0..count).filter(|_| crowded_out(&mut rng, is_told).is_some()).count() as u64
    };
    let (told, untold) = (alarms(true), alarms(false));
    println!("{} calls: {told} false alarms; {untold} of {count} series where the cut is not known", count * 500);
    assert!(told as f64 <= bound, "{told} of at most {bound:.2}");
    assert!(untold > count / 2, "the series are no trial: {untold}");
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
