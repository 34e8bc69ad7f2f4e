//! Which calls are no fair sample, and are not judged.

use super::*;
use crate::store::since::rfc3339;

#[test]
fn two_calls_are_no_base_for_a_fall() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let calls = (0..28).map(|i| call(i, DAY_ONE + i as i64 * 60_000, if i < 2 { "42" } else { "43" }, i == 0));
        store.ingest(&batch(calls.collect())).unwrap();
        let answer = ask(&mut store, |_| ()).unwrap();
        assert_eq!((answer.first_missing, answer.fell, answer.too_few), (None, None, true));
    }
}

/// Of a version just published those end first that are short, and lack the key: nothing is said before those that started
/// with them have ended as well.
#[test]
fn a_version_is_not_judged_by_the_calls_that_end_first() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let now = DAY_ONE + 2 * DAY_MS;
        let old = (0..100).map(|i| call(i, DAY_ONE + i as i64 * 60_000, "42", i % 5 != 0));
        let mut calls: Vec<CallRecord> = old.collect();
        for i in 100..175 {
            let mut new = call(i, now - 40_000 + i as i64, "43", false);
            if i % 5 != 0 {
                (new.milestones, new.ended, new.queues) =
                    ([Some(new.started), None, None, None, None], None, Vec::new());
            }
            calls.push(new);
        }
        store.ingest(&batch(calls.clone())).unwrap();
        let answer = ask(&mut store, |q| q.now = now).unwrap();
        assert_eq!((answer.total, answer.fell), (115, None), "they are shown and not judged");
        let waits = answer.not_judged.expect("it looks like a fall");
        assert_eq!((waits.flow_version.as_deref(), waits.share.calls, waits.share.present), (Some("43"), 15, 0));
        assert_eq!(waits.until, rfc3339(now - 40_000 + 170 + 600_000));
        // Those that took their time have the key.
        for (i, known) in calls.iter_mut().enumerate().skip(100) {
            *known = call(i as u64, known.started, "43", i % 5 != 0);
        }
        store.ingest(&batch(calls)).unwrap();
        let answer = ask(&mut store, |q| q.now = now).unwrap();
        assert_eq!((answer.total, answer.fell, answer.not_judged), (175, None, None));
        // An hour later a call whose end was never seen holds nothing up.
        let lost = (300..340).map(|i| call(i, now + i as i64, "44", false));
        let mut stuck = call(299, now, "44", false);
        (stuck.milestones, stuck.ended, stuck.queues) = ([Some(now), None, None, None, None], None, Vec::new());
        store.ingest(&batch(lost.chain([stuck]).collect())).unwrap();
        assert_eq!(ask(&mut store, |q| q.now = now + 60_000).unwrap().fell, None);
        assert!(ask(&mut store, |q| q.now = now + 3_600_000).unwrap().fell.is_some());
    }
}

/// A call that was seen long after its start, when its flow was over, shows that not all are seen in the flow: those that are seen
/// so early are the short ones.
/// A collector that comes when calls are in their flow already sees of these the long ones alone, which have the key: they are no base,
/// neither for an answer nor for the alarm of the next collector.
#[test]
fn calls_that_lived_when_a_collector_came_are_no_base() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let begin = DAY_ONE + 3_600_000;
        let begun = store.begin_collecting("a", "org", begin, false).unwrap();
        let long = |i: u64, started: i64, version: &str| {
            let mut long = call(i, started, version, true);
            long.milestones = [Some(started).filter(|_| started > begin), Some(started + 100_000), None, None, None];
            long.ended = Some(started + 100_000);
            long
        };
        let living = (0..70).map(|i| long(i, begin - 70_000 + i as i64 * 1_000, "1"));
        let each = |i: u64, started: i64, version: &str| match i.is_multiple_of(2) {
            true => long(i, started, version),
            false => call(i, started, version, false),
        };
        let own = (70..85).map(|i| each(i, begin + 5_000 + (i as i64 - 70) * 1_000, "1"));
        let new = (100..400).map(|i| each(i, begin + 30_000 + (i as i64 - 100) * 1_000, "2"));
        let calls: Vec<CallRecord> = living.chain(own).chain(new).collect();
        let until = begin + 3_600_000;
        store.ingest(&Batch { calls: calls.clone(), collected: vec![(begun.row, until)], ..Batch::default() }).unwrap();
        let answer = ask(&mut store, |q| q.now = until).unwrap();
        assert_eq!((answer.total, answer.present), (385, 78 + 150), "they are shown");
        assert_eq!((answer.fell, answer.first_missing, answer.too_few), (None, None, true));
        let seeds = store.seeds().unwrap();
        let of = |i: usize| (seeds[0].versions[i].version.clone(), seeds[0].versions[i].calls);
        assert_eq!((of(0), of(1)), (("2".into(), 300), ("1".into(), 15)));
        let present = |i: usize| seeds[0].versions[i].present.iter().find(|(key, ..)| key == "tier").unwrap().2;
        assert_eq!((present(0), present(1)), (150, 8));
        // Where it came long before, the same fall of the key is found.
        let earlier = store.begin_collecting("b", "org", begin - 3 * 3_600_000, false).unwrap();
        store.database.execute("DELETE FROM sidetone_collected WHERE id = $1", &[begun.row.into()]).unwrap();
        store.ingest(&Batch { collected: vec![(earlier.row, until)], ..Batch::default() }).unwrap();
        assert!(ask(&mut store, |q| q.now = until).unwrap().fell.is_some());
    }
}

/// Of the calls that were on their way when a connection was lost none is known to have passed: those that had passed by then are the
/// short ones.
#[test]
fn calls_before_a_gap_are_judged_only_as_far_as_all_were_followed() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let lost = DAY_ONE + DAY_MS + 3_600_000;
        let old = (0..100).map(|i| call(i, DAY_ONE + i as i64 * 60_000, "1", i % 2 == 0));
        let new = (100..160).map(|i| {
            let mut new = call(i, lost - 60_000 + (i as i64 - 100) * 900, "2", false);
            if i % 2 == 0 {
                (new.milestones, new.ended) = ([Some(new.started), None, None, None, None], None);
            }
            new
        });
        let hole = Hole { organization: "org".into(), since: lost, until: lost + 600_000, reason: "x".into() };
        let calls: Vec<CallRecord> = old.chain(new).collect();
        store.ingest(&batch(calls.clone())).unwrap();
        assert!(ask(&mut store, |_| ()).unwrap().fell.is_some(), "without the gap");
        store.ingest(&Batch { holes: vec![hole], ..Batch::default() }).unwrap();
        let answer = ask(&mut store, |_| ()).unwrap();
        assert_eq!((answer.fell, answer.too_few), (None, true));
    }
}

#[test]
fn where_the_list_of_calls_was_cut_those_of_the_last_ten_minutes_are_not_judged() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let now = DAY_ONE + 2 * DAY_MS;
        let old = (0..100).map(|i| call(i, DAY_ONE + i as i64 * 60_000, "42", true));
        let new = (100..140).map(|i| call(i, now - 100_000 + i as i64, "43", false));
        store.ingest(&batch(old.chain(new).collect())).unwrap();
        assert!(ask(&mut store, |q| q.now = now).unwrap().fell.is_some(), "all were seen from their start on");
        let mut late = call(150, now - 90_000, "43", false);
        (late.milestones[0], late.milestones[1]) = (None, Some(now - 60_000));
        late.keys[0].first_seen = now - 59_500;
        store.ingest(&batch(vec![late])).unwrap();
        let answer = ask(&mut store, |q| q.now = now).unwrap();
        assert_eq!((answer.fell, answer.not_judged.map(|waits| waits.share.calls)), (None, Some(41)));
        assert!(ask(&mut store, |q| q.now = now + 600_000).unwrap().fell.is_some());
    }
}
