//! Since when: what the answer to a question counts, names and lists.

use super::*;
use crate::store::since::rfc3339;

#[test]
fn a_fall_is_found_with_its_first_missing_and_last_good_call() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let calls = story();
        for chunk in calls.chunks(7) {
            store.ingest(&batch(chunk.to_vec())).unwrap();
        }
        let answer = ask(&mut store, |_| ()).unwrap();
        assert_eq!((answer.total, answer.present, answer.missing), (150, 119, 31));
        assert_eq!(answer.flow.as_deref(), Some("MainIVR"));
        let first = answer.first_missing.unwrap();
        assert_eq!(
            (first.conversation_id.as_str(), first.flow_version.as_deref()),
            (calls[102].conversation.as_str(), Some("43"))
        );
        assert_eq!(answer.last_present.unwrap().conversation_id, calls[101].conversation);
        let shares: Vec<_> =
            answer.by_version.iter().map(|v| (v.flow_version.clone().unwrap(), v.share.present)).collect();
        assert_eq!(shares, [("42".to_owned(), 99), ("43".to_owned(), 20)]);
        assert_eq!(answer.by_day.iter().map(|day| day.calls).collect::<Vec<_>>(), [Some(100), Some(50), None]);
        assert_eq!(answer.by_day[0].day, "2026-11-02");
    }
}

#[test]
fn a_key_that_only_stray_calls_lack_has_no_first_missing_call() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        store.ingest(&batch(story()[..100].to_vec())).unwrap();
        let answer = ask(&mut store, |_| ()).unwrap();
        assert_eq!((answer.missing, answer.first_missing, answer.last_present), (1, None, None));
    }
}

#[test]
fn questions_are_narrowed_and_a_key_never_seen_has_no_answer() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let mut other = call(900, DAY_ONE, "7", false);
        other.flow = FlowVersion { id: "f2".into(), name: "Other".into(), version: "7".into() };
        other.queues = vec!["Support".into()];
        store.ingest(&batch(story().into_iter().chain([other]).collect())).unwrap();
        assert!(ask(&mut store, |q| q.key = "Tier".into()).is_none());
        assert!(ask(&mut store, |q| q.on = "agent".into()).is_none());
        assert!(ask(&mut store, |q| q.flow = Some("Other".into())).is_none());
        assert_eq!(ask(&mut store, |q| q.flow = Some("f1".into())).unwrap().total, 150);
        assert_eq!(ask(&mut store, |q| q.days = Some(2)).unwrap().total, 50);
        assert!(ask(&mut store, |q| q.queue = Some("Support".into())).is_none());
        assert_eq!(ask(&mut store, |q| q.queue = Some("Billing".into())).unwrap().total, 150);
        // No call of the story reached an agent, so nothing is said about that milestone.
        assert_eq!(ask(&mut store, |q| q.by = 3).unwrap().total, 0);
        // Calls of a flow that never carried the key are not counted as lacking it.
        assert_eq!(ask(&mut store, |q| q.by = FLOW_END).unwrap().total, 150);
    }
}

#[test]
fn calls_without_a_known_version_are_no_version_to_compare() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let old = (0..11).map(|i| call(i, DAY_ONE + i as i64 * 1_000, "42", i < 8));
        let unknown = call(11, DAY_ONE + 50_000, "", false);
        let new = (12..286).map(|i| call(i, DAY_ONE + i as i64 * 60_000, "43", false));
        store.ingest(&batch(old.chain([unknown]).chain(new).collect())).unwrap();
        let answer = ask(&mut store, |_| ()).unwrap();
        let fell = answer.fell.map(|(before, after)| (before.calls, after.calls));
        assert_eq!(fell, Some((11, 274)));
        assert_eq!(answer.first_missing.unwrap().flow_version.as_deref(), Some("43"));
        assert_eq!(answer.last_present.unwrap().flow_version.as_deref(), Some("42"));
        assert_eq!(answer.by_version.len(), 3, "they are shown apart");
    }
}

#[test]
fn organizations_are_told_apart() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let other = |call: CallRecord| CallRecord {
            organization: "org2".into(),
            conversation: call.conversation.replace("-0000-", "-0002-"),
            ..call
        };
        let calls = story();
        store.ingest(&batch(calls.iter().cloned().chain(calls[..100].iter().cloned().map(other)).collect())).unwrap();
        store.name_organization("org", "acme").unwrap();
        let known: Vec<_> = store.organizations().unwrap().into_iter().collect();
        assert_eq!(known, [("org".into(), "acme".into()), ("org2".into(), "org2".into())]);
        let answer = ask(&mut store, |_| ()).unwrap();
        let rows: Vec<_> = answer.by_version.iter().map(|v| (v.organization.as_deref(), v.share.calls)).collect();
        assert_eq!(rows, [(Some("acme"), 100), (Some("acme"), 50), (Some("org2"), 100)]);
        assert_eq!(answer.first_missing.unwrap().flow_version.as_deref(), Some("43"));
        let answer = ask(&mut store, |q| q.organization = Some("org2".into())).unwrap();
        assert_eq!((answer.total, answer.by_version[0].organization.as_deref()), (100, None));
    }
}

#[test]
fn calls_without_the_key_are_listed_the_newest_first() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let mut calls = story();
        calls[120].queues = vec!["Support".into()];
        for chunk in calls.chunks(7) {
            store.ingest(&batch(chunk.to_vec())).unwrap();
        }
        let mut list = |change: &dyn Fn(&mut StoreQuestion), most: usize| {
            let (key, on) = ("tier".to_owned(), "customer".to_owned());
            let now = DAY_ONE + 2 * DAY_MS;
            let mut question =
                StoreQuestion { organization: None, key, on, flow: None, queue: None, by: FLOW_END, days: None, now };
            change(&mut question);
            let mut found = Vec::new();
            let seen = store.missing_calls(&question, &mut |call| {
                found.push(call.conversation_id);
                if found.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            });
            (seen.unwrap(), found)
        };
        let lack = |n: usize| n == 50 || n >= 100 && n % 5 >= 2;
        let wanted: Vec<String> =
            (0..150).rev().filter(|n| lack(*n) && *n != 120).map(|n| calls[n].conversation.clone()).collect();
        assert_eq!(list(&|q| q.queue = Some("Billing".into()), 1_000), (true, wanted.clone()));
        assert_eq!(list(&|q| q.days = Some(2), 3).1, wanted[..3]);
        assert!(!list(&|q| q.key = "Tier".into(), 3).0);
    }
}

/// Rows follow the order in which calls were seen first, which is not that of their starts.
#[test]
fn the_last_good_call_started_before_the_first_missing_one() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let old = (0..60).map(|i| call(i, DAY_ONE + i as i64 * 1_000, "42", true));
        let mut calls: Vec<CallRecord> = old.collect();
        // One of the old version that started after the first of the new one, and is stored before it; another the other way.
        calls.push(call(60, DAY_ONE + 90_000, "42", true));
        calls.push(call(61, DAY_ONE + 80_000, "43", false));
        calls.push(call(62, DAY_ONE + 79_000, "42", true));
        calls.extend((63..100).map(|i| call(i, DAY_ONE + 40_000 + i as i64 * 1_000, "43", false)));
        store.ingest(&batch(calls)).unwrap();
        let answer = ask(&mut store, |_| ()).unwrap();
        assert_eq!(answer.first_missing.unwrap().time, rfc3339(DAY_ONE + 80_000));
        assert_eq!(answer.last_present.unwrap().time, rfc3339(DAY_ONE + 79_000));
    }
}

#[test]
fn names_that_were_never_seen_are_known_as_such() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        store.ingest(&Batch { calls: vec![call(1, DAY_ONE, "42", true)], ..Batch::default() }).unwrap();
        assert!(store.has_seen("MainIVR") && !store.has_seen("Nope"));
    }
}

/// Neither call is among the first rows that are looked at: a server is asked for one page after the other.
#[test]
fn the_first_missing_and_the_last_good_call_are_found_behind_many_others() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let calls: Vec<CallRecord> = (0..1_300)
            .map(|n| {
                let version = if n < 300 { "42" } else { "43" };
                let other = CallRecord {
                    flow: FlowVersion { id: "f2".into(), name: "Other".into(), version: "1".into() },
                    ..call(n, DAY_ONE + n as i64 * 1_000, "1", true)
                };
                // Rows of another flow lie between the last good call and the first missing one.
                if (700..1_000).contains(&n) { other } else { call(n, DAY_ONE + n as i64 * 1_000, version, n < 700) }
            })
            .collect();
        store.ingest(&batch(calls.clone())).unwrap();
        let answer = ask(&mut store, |question| question.flow = Some("MainIVR".into())).unwrap();
        assert_eq!((answer.total, answer.present), (1_000, 700));
        assert_eq!(answer.first_missing.unwrap().conversation_id, calls[1_000].conversation);
        assert_eq!(answer.last_present.unwrap().conversation_id, calls[699].conversation);
    }
}

#[test]
fn the_calls_of_a_question_are_counted_whether_or_not_they_have_its_key() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let mut calls: Vec<_> = (0..5).map(|n| call(n, DAY_ONE + n as i64, "42", true)).collect();
        calls[4].queues = vec!["Sales".into()];
        let queue = calls[0].queues[0].clone();
        store.ingest(&Batch { calls, ..Batch::default() }).unwrap();
        let question = |queue: Option<&str>, flow: Option<&str>| StoreQuestion {
            key: "never".into(),
            on: "customer".into(),
            organization: None,
            flow: flow.map(str::to_owned),
            queue: queue.map(str::to_owned),
            by: FLOW_END,
            days: None,
            now: DAY_ONE + DAY_MS,
        };
        let found = store.counted(&question(None, Some("MainIVR"))).unwrap();
        assert_eq!((found.calls, found.flows), (5, vec!["MainIVR".to_owned()]));
        let mut queues = vec![queue, "Sales".to_owned()];
        queues.sort();
        assert_eq!(found.queues, queues);
        assert_eq!(store.counted(&question(Some("Sales"), None)).unwrap().calls, 1);
        let nope = store.counted(&question(Some("Nope"), None)).unwrap();
        assert_eq!((nope.calls, nope.queues.len()), (0, 2));
        assert_eq!(store.counted(&question(None, Some("Other"))).unwrap().calls, 0);
    }
}
