//! Collectors: their leases, the time without one, and what the writer does at its end.

use super::*;
use crate::store::{
    lease::Fence,
    writer::{StoreWriter, WriterStart},
};

#[test]
fn a_lease_has_one_holder_and_its_fence_stops_the_one_before() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let hour = Duration::from_secs(3600);
        let first = store.acquire("q", "a", Duration::ZERO).unwrap().unwrap().fence;
        std::thread::sleep(Duration::from_millis(2));
        let TakenLease { fence: second, abandoned } = store.acquire("q", "b", hour).unwrap().unwrap();
        assert!(abandoned.is_some(), "the first did not give it up");
        assert!(second.number > first.number);
        assert!(store.acquire("q", "a", hour).unwrap().is_none());
        let under = |fence: &Fence| Batch { fences: vec![fence.clone()], ..batch(vec![call(1, DAY_ONE, "1", true)]) };
        assert!(matches!(store.ingest(&under(&first)), Err(StoreError::Fenced(_))));
        assert_eq!(store.info().unwrap().calls, 0);
        store.ingest(&under(&second)).unwrap();
        assert!(!store.renew(&first, hour).unwrap() && store.renew(&second, hour).unwrap());
        store.release(&second).unwrap();
        assert_eq!(store.acquire("q", "c", hour).unwrap().unwrap().abandoned, None);
    }
}

#[test]
fn the_time_without_a_collector_is_known_when_the_next_one_begins() {
    for place in places() {
        let others = matches!(place.location, Location::Server(_));
        let mut store = Store::open(&place.location).unwrap();
        let first = store.begin_collecting("a", "org", DAY_ONE, others).unwrap();
        assert_eq!(first.unobserved, None, "nobody ever has");
        let until = DAY_ONE + 60_000;
        store.ingest(&Batch { collected: vec![(first.row, until)], ..Batch::default() }).unwrap();
        // One that is killed before it is connected changes nothing.
        let killed = store.begin_collecting("b", "org", until + 4_000, others).unwrap();
        assert_eq!(killed.unobserved, Some(until));
        store.ingest(&Batch { collected: vec![(killed.row, until + 4_000)], ..Batch::default() }).unwrap();
        assert_eq!(store.begin_collecting("c", "org", until + 9_000, others).unwrap().unobserved, Some(until));
        assert_eq!(store.begin_collecting("c", "other", until, others).unwrap().unobserved, None);
        // On a server others may be at work; a file is one collector's, so that even a quick restart leaves a hole.
        let soon = store.begin_collecting("d", "org", until + 1_000, others).unwrap().unobserved;
        assert_eq!(soon.is_none(), others);
        let hole = |n: i64| Hole { organization: "org".into(), since: n, until: n + 1, reason: "x".into() };
        store.ingest(&Batch { holes: vec![hole(30), hole(10), hole(20)], ..Batch::default() }).unwrap();
        assert_eq!(store.holes(2).unwrap(), [hole(20), hole(30)]);
    }
}

#[test]
fn what_a_collector_that_died_had_observed_begins_the_hole_of_its_targets() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let observed = DAY_ONE + 5_000;
        let begun = store.begin_collecting("a", "org", DAY_ONE, false).unwrap();
        store.ingest(&Batch { collected: vec![(begun.row, observed)], ..Batch::default() }).unwrap();
        store.acquire("org/queue/q", "a", Duration::ZERO).unwrap().unwrap();
        std::thread::sleep(Duration::from_millis(2));
        let taken = store.acquire("org/queue/q", "b", Duration::from_secs(60)).unwrap().unwrap();
        assert_eq!(taken.abandoned, Some(observed));
    }
}

#[test]
fn the_two_newest_versions_of_a_flow_are_what_a_watch_begins_with() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let older = call(900, DAY_ONE - DAY_MS, "41", true);
        store.ingest(&batch(story().into_iter().chain([older]).collect())).unwrap();
        let seeds = store.seeds().unwrap();
        assert_eq!((seeds.len(), seeds[0].organization.as_str(), seeds[0].name.as_str()), (1, "org", "MainIVR"));
        let of = |i: usize| (seeds[0].versions[i].version.clone(), seeds[0].versions[i].calls);
        assert_eq!((seeds[0].versions.len(), of(0), of(1)), (2, ("43".into(), 50), ("42".into(), 100)));
        let present = |i: usize| seeds[0].versions[i].present.iter().find(|(key, ..)| key == "tier").unwrap().2;
        assert_eq!((present(0), present(1)), (20, 99));
    }
}

#[test]
fn retention_lets_go_in_the_writer_and_what_is_known_of_a_call_is_read() {
    for place in places() {
        let writer = StoreWriter::start(&place.location, "a", false).unwrap();
        let begun = writer.begin(WriterStart {
            organization: "org".to_owned(),
            profile: Some("acme".to_owned()),
            now: DAY_ONE,
        });
        assert_eq!(begun.unwrap().unobserved, None);
        let calls = story();
        calls.iter().for_each(|call| writer.call(call.clone(), Vec::new()));
        assert!(writer.flush(Duration::from_secs(180)));
        writer.prune(1, DAY_ONE + DAY_MS);
        assert!(writer.flush(Duration::from_secs(180)));
        assert_eq!((writer.status().stored, writer.status().pruned), (150, 100));
        drop(writer);
        let mut store = Store::open_existing(&place.location).unwrap();
        assert_eq!(store.call(&calls[0].conversation).unwrap(), None);
        assert_eq!(store.call(&calls[120].conversation).unwrap().as_ref(), Some(&calls[120]));
    }
}

#[test]
fn what_was_seen_under_a_lost_lease_alone_is_not_written() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let (first, hour) = (Duration::ZERO, Duration::from_secs(3600));
        let fence = |store: &mut Store, target: &str, time| store.acquire(target, "a", time).unwrap().unwrap().fence;
        let held = vec![fence(&mut store, "kept", hour), fence(&mut store, "lost", first)];
        std::thread::sleep(Duration::from_millis(2));
        store.acquire("lost", "b", hour).unwrap().unwrap();
        let writer = StoreWriter::start(&place.location, "a", false).unwrap();
        writer.fences(held);
        let calls = story();
        for (call, under) in calls.iter().zip([vec!["lost"], vec!["kept"], vec!["lost", "kept"], vec![]]) {
            writer.call(call.clone(), under.into_iter().map(Into::into).collect());
        }
        assert!(writer.flush(Duration::from_secs(180)));
        assert_eq!((writer.status().stored, writer.status().fenced), (2, 1));
        // Nothing is written without a lease where leases are used.
        writer.fences(Vec::new());
        writer.call(calls[9].clone(), vec!["kept".into()]);
        assert!(writer.flush(Duration::from_secs(180)));
        drop(writer);
        let kept: Vec<bool> =
            calls[..10].iter().map(|call| store.call(&call.conversation).unwrap().is_some()).collect();
        assert_eq!(kept, [false, true, true, false, false, false, false, false, false, false]);
    }
}

#[test]
fn collectors_divide_the_targets_among_the_living() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let targets: Vec<String> = (0..7).map(|i| format!("t{i}")).collect();
        let hour = Duration::from_secs(3600);
        let mut held: Vec<Vec<Fence>> = vec![Vec::new(); 3];
        for _ in 0..4 {
            for (i, held) in held.iter_mut().enumerate() {
                *held = store.divide(&format!("c{i}"), &targets, std::mem::take(held), hour).unwrap().held;
            }
        }
        let mut owned: Vec<_> =
            held.iter().flatten().filter(|f| f.target.starts_with('t')).map(|f| f.target.clone()).collect();
        owned.sort();
        assert_eq!(owned, targets);
        assert!(held.iter().all(|held| (2..=3).contains(&(held.len() - 1))), "{held:?}");
    }
}

/// The end of a call that nobody saw: it is asked for, and stored without counting the call twice.
#[test]
fn a_call_that_ended_unseen_gets_its_end() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let live = |n: u64, started: i64| CallRecord { ended: None, ..call(n, started, "42", true) };
        let other = CallRecord { organization: "other".into(), ..live(4, DAY_ONE + 40_000) };
        let calls =
            vec![live(1, DAY_ONE - DAY_MS), live(2, DAY_ONE + 20_000), call(3, DAY_ONE + 30_000, "42", true), other];
        store.ingest(&batch(calls.clone())).unwrap();
        let open = store.without_end("org", DAY_ONE).unwrap();
        assert_eq!(open, [calls[1].conversation.as_str()], "not the old one, nor one that is over, nor another's");
        let writer = StoreWriter::start(&place.location, "a", false).unwrap();
        let asked = writer.without_end("org", DAY_ONE);
        assert_eq!(asked.recv_timeout(Duration::from_secs(180)).unwrap(), open);
        writer.ended(calls[1].conversation.clone(), DAY_ONE + 50_000);
        // What is known better is not overwritten.
        writer.ended(calls[2].conversation.clone(), DAY_ONE + 999_000);
        assert!(writer.flush(Duration::from_secs(180)));
        drop(writer);
        let mut store = Store::open(&place.location).unwrap();
        let kept = store.call(&calls[1].conversation).unwrap().unwrap();
        assert_eq!((kept.ended, kept.incomplete, kept.keys.len()), (Some(DAY_ONE + 50_000), true, 2));
        assert_eq!(kept.milestones, calls[1].milestones, "what was seen stays");
        assert_eq!(store.call(&calls[2].conversation).unwrap().unwrap().ended, calls[2].ended);
        assert_eq!((store.info().unwrap().calls, store.without_end("org", DAY_ONE).unwrap().len()), (4, 0));
        assert_eq!(ask(&mut store, |_| ()).unwrap().total, 4);
    }
}

/// What cannot be stored when the program ends is counted.
#[cfg(unix)]
#[test]
fn what_could_not_be_stored_at_the_end_is_counted() {
    let place = places().remove(0);
    let Location::File(path) = &place.location else { panic!("a file") };
    let writer = StoreWriter::start(&place.location, "a", false).unwrap();
    let blocker = rusqlite::Connection::open(path).unwrap();
    blocker.execute_batch("DROP TABLE sidetone_call").unwrap();
    (0..3).for_each(|n| writer.call(call(n, DAY_ONE, "42", true), Vec::new()));
    let status = writer.end(Duration::from_secs(180));
    assert_eq!(status.waiting, 3);
    assert!(status.failing.is_some_and(|reason| reason.contains("sidetone_call")));
}

/// A store that hangs is noticed though no call waits.
#[test]
fn a_store_that_hangs_is_noticed_although_nothing_but_the_time_is_written() {
    let place = places().remove(0);
    let Location::File(path) = &place.location else { panic!("a file") };
    let writer = StoreWriter::start(&place.location, "a", false).unwrap();
    let beginning = WriterStart { organization: "org".into(), profile: None, now: DAY_ONE };
    let begun = writer.begin(beginning).unwrap();
    assert!(writer.flush(Duration::from_secs(180)));
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    writer.collected(begun.place, DAY_ONE + 1_000);
    let begins = std::time::Instant::now();
    let since = loop {
        if let Some(since) = writer.status().writing.filter(|since| since.elapsed() > Duration::from_millis(50)) {
            break since;
        }
        assert!(begins.elapsed() < Duration::from_secs(180), "it is never written");
        std::thread::sleep(Duration::from_millis(5));
    };
    let status = writer.status();
    let at = |seconds| status.clone().judged(since + Duration::from_secs(seconds)).failing;
    assert_eq!((status.waiting, at(4)), (0, None));
    assert!(at(6).unwrap().contains("has not answered for 5 s"));
    other.execute_batch("COMMIT").unwrap();
    assert!(writer.flush(Duration::from_secs(180)));
}
