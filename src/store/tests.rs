//! The same tests on both databases. PostgreSQL is asked when `SIDETONE_TEST_POSTGRES` names one.

use super::record::{CallRecord, DAY_MS, FLOW_END, FlowVersion, KeyRecord, ValueKind};
use super::since::Question;
use super::{
    Location, Store, StoreError,
    ingest::{Batch, Hole},
    lease::TakenLease,
};
use std::ops::ControlFlow;
use std::time::Duration;

mod volume;

/// 2026-11-02T00:00:00Z.
const DAY_ONE: i64 = 20_759 * DAY_MS;

/// A store of its own for one test, and what keeps it there.
struct TestStore {
    location: Location,
    _dir: Option<tempfile::TempDir>,
}

/// One place in a file, and one on the server if there is one.
fn places() -> Vec<TestStore> {
    let dir = tempfile::tempdir().unwrap();
    let file = TestStore { location: Location::File(dir.path().join("history.sqlite")), _dir: Some(dir) };
    let server = std::env::var("SIDETONE_TEST_POSTGRES").ok().map(|url| {
        let schema = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mut database = super::database::connect(&url).unwrap();
        database.batch(&format!("CREATE SCHEMA {schema}")).unwrap();
        let mark = if url.contains('?') { '&' } else { '?' };
        TestStore { location: Location::Server(format!("{url}{mark}options=-csearch_path%3D{schema}")), _dir: None }
    });
    [file].into_iter().chain(server).collect()
}

fn call(n: u64, started: i64, version: &str, with_key: bool) -> CallRecord {
    let key = |key: &str| KeyRecord {
        key: key.into(),
        purpose: "customer".into(),
        first_seen: started + 1_000,
        last_changed: started + 1_000,
        present_at: [false, true, true, true, true],
        ..KeyRecord::default()
    };
    let mut keys = vec![key("language")];
    if with_key {
        keys.push(key("tier"));
    }
    CallRecord {
        organization: "org".into(),
        conversation: uuid::Uuid::from_u128(u128::from(n) << 64 | 5).hyphenated().to_string(),
        media: "call".into(),
        started,
        ended: Some(started + 60_000),
        queues: vec!["Billing".into()],
        flow: FlowVersion { id: "f1".into(), name: "MainIVR".into(), version: version.into() },
        milestones: [Some(started), Some(started + 5_000), Some(started + 6_000), None, Some(started + 60_000)],
        incomplete: false,
        keys,
    }
}

fn batch(calls: Vec<CallRecord>) -> Batch {
    Batch { calls, ..Batch::default() }
}

/// 100 calls of version 42 with the key (one stray one without), then 50 of version 43 of which two in five have it.
fn story() -> Vec<CallRecord> {
    let old = (0..100).map(|i| call(i, DAY_ONE + i as i64 * 60_000, "42", i != 50));
    let new = (100..150).map(|i| call(i, DAY_ONE + DAY_MS + i as i64 * 60_000, "43", i % 5 < 2));
    old.chain(new).collect()
}

fn ask(store: &mut Store, change: impl FnOnce(&mut Question)) -> Option<super::since::SinceAnswer> {
    let (key, on) = ("tier".to_owned(), "customer".to_owned());
    let now = DAY_ONE + 2 * DAY_MS;
    let mut question = Question { organization: None, key, on, flow: None, queue: None, by: FLOW_END, days: None, now };
    change(&mut question);
    store.since(&question).unwrap()
}

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
fn a_call_is_counted_once_however_often_it_is_stored() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let calls = story();
        store.ingest(&batch(calls.clone())).unwrap();
        let once = ask(&mut store, |_| ()).unwrap();
        store.ingest(&batch(calls.clone())).unwrap();
        let mut again = Store::open(&place.location).unwrap();
        again.ingest(&batch(calls[..20].to_vec())).unwrap();
        assert_eq!(ask(&mut again, |_| ()).unwrap(), once);
        let mut stored = Vec::new();
        again
            .each_call(&mut |call| {
                stored.push(call);
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(stored, calls);
    }
}

#[test]
fn what_two_collectors_saw_of_a_call_becomes_one() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let whole = call(1, DAY_ONE, "42", true);
        let mut first = whole.clone();
        first.ended = None;
        first.milestones[4] = None;
        let mut second = whole.clone();
        second.started = DAY_ONE + 30_000;
        second.milestones = [None, None, None, Some(DAY_ONE + 40_000), Some(DAY_ONE + 60_000)];
        second.incomplete = true;
        second.flow = FlowVersion::default();
        second.queues = vec!["Support".into()];
        second.keys = vec![KeyRecord {
            key: "notes".into(),
            purpose: "agent".into(),
            first_seen: DAY_ONE + 41_000,
            last_changed: DAY_ONE + 45_000,
            changes: 2,
            kind: ValueKind::Json,
            hash: 9,
            ..KeyRecord::default()
        }];
        for (i, order) in [[&first, &second], [&second, &first]].into_iter().enumerate() {
            let other = places().remove(0);
            let store = if i == 0 { &mut store } else { &mut Store::open(&other.location).unwrap() };
            for part in order {
                store.ingest(&batch(vec![part.clone()])).unwrap();
            }
            let stored = store.call(&whole.conversation).unwrap().unwrap();
            assert_eq!((stored.started, stored.ended), (DAY_ONE, whole.ended));
            assert_eq!(
                stored.milestones,
                [
                    whole.milestones[0],
                    whole.milestones[1],
                    whole.milestones[2],
                    Some(DAY_ONE + 40_000),
                    whole.milestones[4]
                ]
            );
            assert_eq!(stored.flow.name, "MainIVR");
            assert_eq!(stored.keys.len(), 3);
            let notes = stored.keys.iter().find(|key| key.key == "notes").unwrap();
            assert_eq!((notes.changes, notes.hash, notes.last_changed), (2, 9, DAY_ONE + 45_000));
            assert_eq!(store.info().unwrap().calls, 1);
        }
    }
}

#[test]
fn a_call_is_forgotten_and_old_ones_are_let_go_with_their_counts() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let calls = story();
        store.ingest(&batch(calls.clone())).unwrap();
        assert!(store.forget(&calls[0].conversation, DAY_ONE + DAY_MS).unwrap());
        assert!(!store.forget(&calls[0].conversation, DAY_ONE + DAY_MS).unwrap());
        assert!(store.call(&calls[0].conversation).unwrap().is_none());
        assert_eq!(ask(&mut store, |_| ()).unwrap().total, 149);
        assert_eq!(store.prune(1, DAY_ONE + DAY_MS).unwrap(), 99);
        assert_eq!(ask(&mut store, |_| ()).unwrap().total, 50);
        assert_eq!(store.info().unwrap().calls, 50);
        store.compact().unwrap();
    }
}

#[test]
fn a_newer_store_and_a_foreign_file_are_refused_with_words() {
    for place in places() {
        drop(Store::open(&place.location).unwrap());
        let mut database = match &place.location {
            Location::File(path) => super::database::open_file(path, false).unwrap(),
            Location::Server(url) => super::database::connect(url).unwrap(),
        };
        database.batch("UPDATE sidetone_store SET layout = 99").unwrap();
        drop(database);
        let error = Store::open(&place.location).unwrap_err();
        assert!(
            matches!(error, StoreError::Newer { found: 99, .. }) && error.to_string().contains("newer version"),
            "{error}"
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.txt");
    std::fs::write(&path, "this is a list of things to buy, and certainly not a database at all").unwrap();
    let error = Store::open(&Location::File(path)).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
    let error = Store::open_existing(&Location::File(dir.path().join("none"))).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
}

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
        let under = |fence: &super::lease::Fence| Batch {
            fences: vec![fence.clone()],
            ..batch(vec![call(1, DAY_ONE, "1", true)])
        };
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
        let writer = super::writer::StoreWriter::start(&place.location, "a", false).unwrap();
        let begun = writer.begin(super::writer::Beginning {
            organization: "org".to_owned(),
            profile: Some("acme".to_owned()),
            now: DAY_ONE,
        });
        assert_eq!(begun.unwrap().unobserved, None);
        let calls = story();
        calls.iter().for_each(|call| writer.call(call.clone(), Vec::new()));
        assert!(writer.flush(Duration::from_secs(30)));
        writer.prune(1, DAY_ONE + DAY_MS);
        assert!(writer.flush(Duration::from_secs(30)));
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
        let writer = super::writer::StoreWriter::start(&place.location, "a", false).unwrap();
        writer.fences(held);
        let calls = story();
        for (call, under) in calls.iter().zip([vec!["lost"], vec!["kept"], vec!["lost", "kept"], vec![]]) {
            writer.call(call.clone(), under.into_iter().map(Into::into).collect());
        }
        assert!(writer.flush(Duration::from_secs(30)));
        assert_eq!((writer.status().stored, writer.status().fenced), (2, 1));
        // Nothing is written without a lease where leases are used.
        writer.fences(Vec::new());
        writer.call(calls[9].clone(), vec!["kept".into()]);
        assert!(writer.flush(Duration::from_secs(30)));
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
        let mut held: Vec<Vec<super::lease::Fence>> = vec![Vec::new(); 3];
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

#[test]
fn the_hash_of_a_value_is_another_in_another_store() {
    let stores: Vec<_> = (0..2).map(|_| places().remove(0)).collect();
    let salts: Vec<_> = stores.iter().map(|place| Store::open(&place.location).unwrap().salt()).collect();
    let texts: Vec<String> = (0..50).map(|i| format!("value {i}")).collect();
    assert!(texts.iter().any(|text| salts[0].hash("k", text) != salts[1].hash("k", text)));
    assert_eq!(Store::open(&stores[0].location).unwrap().salt().hash("k", "v"), salts[0].hash("k", "v"));
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = places().remove(0);
    drop(Store::open(&place.location).unwrap());
    let Location::File(path) = &place.location else { panic!("a file") };
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn versions_are_kept_as_people_write_them_and_rows_of_older_programs_are_read_so() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let values = ["org".into(), "f1".into(), "42.0".into(), "MainIVR".into()];
        let insert = "INSERT INTO sidetone_flow (organization, flow, version, name) VALUES ($1, $2, $3, $4)";
        store.database.execute(insert, &values).unwrap();
        drop(store);
        let mut store = Store::open(&place.location).unwrap();
        let later = call(3, DAY_ONE + 60_000, "43.0", true);
        let calls = vec![call(1, DAY_ONE, "42", true), call(2, DAY_ONE, "42.0", true), later];
        store.ingest(&batch(calls)).unwrap();
        let versions: Vec<_> = ask(&mut store, |_| ()).unwrap().by_version;
        let versions: Vec<_> = versions.into_iter().map(|v| (v.flow_version.unwrap(), v.share.calls)).collect();
        assert_eq!(versions, [("42".to_owned(), 2), ("43".to_owned(), 1)]);
        assert_eq!(store.info().unwrap().flow_versions, 2, "one row for each, the older program's among them");
        // Both programs counted calls of version 43, each in a row of its own: the alarm begins with one version.
        let values = ["org".into(), "f1".into(), "43.0".into(), "MainIVR".into()];
        store.database.execute(insert, &values).unwrap();
        let later = call(4, DAY_ONE + DAY_MS, "43", true);
        store.ingest(&batch(vec![later])).unwrap();
        for table in ["sidetone_day", "sidetone_day_key"] {
            let newest = "(SELECT MAX(id) FROM sidetone_flow)";
            let update = format!("UPDATE {table} SET flow = {newest} WHERE day = $1");
            store.database.execute(&update, &[(DAY_ONE / DAY_MS + 1).into()]).unwrap();
        }
        drop(store);
        let seeds = Store::open(&place.location).unwrap().seeds().unwrap();
        let versions: Vec<_> = seeds[0].versions.iter().map(|seed| (seed.version.as_str(), seed.calls)).collect();
        assert_eq!(versions, [("43", 2), ("42", 2)]);
        let with_key = |i: usize| seeds[0].versions[i].present.iter().find(|(key, ..)| key == "tier").unwrap().2;
        assert_eq!((with_key(0), with_key(1)), (2, 2));
    }
}

/// A reader or another collector knows the shapes of records that were there when it opened the store.
#[test]
fn a_call_that_another_collector_stored_is_read_and_brought_up_to_date() {
    for place in places() {
        let mut first = Store::open(&place.location).unwrap();
        let mut second = Store::open(&place.location).unwrap();
        let mut reader = Store::open_existing(&place.location).unwrap();
        // A call that has ended is packed with a shape of its own row.
        let calls = story();
        first.ingest(&batch(calls.clone())).unwrap();
        second.ingest(&batch(calls.clone())).unwrap();
        assert_eq!(ask(&mut Store::open(&place.location).unwrap(), |_| ()).unwrap().total, 150);
        let mut read = 0;
        let count = &mut |call: CallRecord| {
            read += usize::from(!call.media.is_empty() && call.keys.iter().all(|key| !key.key.is_empty()));
            ControlFlow::Continue(())
        };
        reader.each_call(count).unwrap();
        assert_eq!(read, 150, "none is left out");
        assert!(second.forget(&calls[3].conversation, DAY_ONE).unwrap());
    }
}

#[test]
fn a_damaged_call_stays_as_it_is_and_the_others_do_not_wait_for_it() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let calls = story();
        store.ingest(&batch(calls[..2].to_vec())).unwrap();
        store.database.execute("UPDATE sidetone_call SET body = $1 WHERE id = 1", &[(&[0xff_u8][..]).into()]).unwrap();
        store.ingest(&batch(calls[..10].to_vec())).unwrap();
        assert_eq!(store.info().unwrap().calls, 10);
        assert!(store.call(&calls[9].conversation).unwrap().is_some());
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
        assert_eq!(waits.until, super::since::rfc3339(now - 40_000 + 170 + 600_000));
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
        let mut list = |change: &dyn Fn(&mut Question), most: usize| {
            let (key, on) = ("tier".to_owned(), "customer".to_owned());
            let now = DAY_ONE + 2 * DAY_MS;
            let mut question =
                Question { organization: None, key, on, flow: None, queue: None, by: FLOW_END, days: None, now };
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
        assert_eq!(answer.first_missing.unwrap().time, super::since::rfc3339(DAY_ONE + 80_000));
        assert_eq!(answer.last_present.unwrap().time, super::since::rfc3339(DAY_ONE + 79_000));
    }
}

/// What was let go of is not in the bytes of the file, nor in its log.
#[test]
fn a_call_that_is_forgotten_leaves_no_trace_and_does_not_come_back() {
    let place = places().remove(0);
    let Location::File(path) = &place.location else { panic!("a file") };
    let mut writer = Store::open(&place.location).unwrap();
    let calls = story();
    let mut gone = calls[40].clone();
    gone.conversation = "6d1e9c52-83b4-4f0a-9c11-2ab3e8f75d60".into();
    // It grows, as live calls do, among others.
    for (part, other) in calls.iter().enumerate().take(gone.keys.len() + 30) {
        let mut now = gone.clone();
        now.ended = None;
        let first = now.keys[0].clone();
        now.keys.extend((0..part).map(|n| KeyRecord { key: format!("k{n}"), ..first.clone() }));
        writer.ingest(&batch(vec![now, other.clone()])).unwrap();
    }
    let mut other = Store::open_existing(&place.location).unwrap();
    assert!(other.forget(&gone.conversation, DAY_ONE).unwrap());
    let id = uuid::Uuid::try_parse(&gone.conversation).unwrap();
    let holds = |end: &str| {
        let bytes = std::fs::read(format!("{}{end}", path.display())).unwrap_or_default();
        bytes.windows(16).any(|window| window == id.as_bytes())
    };
    assert!(!holds("") && !holds("-wal"), "while a collector runs");
    // The collector has it still.
    writer.ingest(&batch(vec![gone.clone(), calls[90].clone()])).unwrap();
    assert!(writer.call(&gone.conversation).unwrap().is_none());
    assert!(writer.call(&calls[90].conversation).unwrap().is_some());
    drop((writer, other));
    assert!(!holds("") && !holds("-wal"));
}

#[cfg(unix)]
#[test]
fn a_file_that_was_there_is_made_private_and_one_of_others_is_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let open = |mode| std::fs::Permissions::from_mode(mode);
    let path = dir.path().join("empty.sqlite");
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, open(0o644)).unwrap();
    let location = Location::File(path.clone());
    let store = Store::open(&location).unwrap();
    for end in ["", "-wal", "-shm"] {
        assert_eq!(mode(format!("{}{end}", path.display()).as_ref()), 0o600, "{end}");
    }
    drop(store);
    std::fs::set_permissions(&path, open(0o664)).unwrap();
    drop(Store::open_existing(&location).unwrap());
    assert_eq!(mode(&path), 0o600);
    let theirs = dir.path().join("theirs.sqlite");
    rusqlite::Connection::open(&theirs).unwrap().execute_batch("CREATE TABLE x (a)").unwrap();
    let before = std::fs::read(&theirs).unwrap();
    for opened in [Store::open(&Location::File(theirs.clone())), Store::open_existing(&Location::File(theirs.clone()))]
    {
        assert!(matches!(opened, Err(StoreError::Foreign { .. })));
    }
    assert_eq!(std::fs::read(&theirs).unwrap(), before);
}

#[test]
fn a_store_of_the_first_layout_is_brought_up_to_date() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        store.ingest(&batch(story())).unwrap();
        let older =
            "DROP TABLE sidetone_organization; DROP TABLE sidetone_forgotten; UPDATE sidetone_store SET layout = 1";
        store.database.batch(older).unwrap();
        drop(store);
        let mut store = Store::open_existing(&place.location).unwrap();
        assert_eq!(ask(&mut store, |_| ()).unwrap().total, 150);
        assert!(store.forget(&story()[3].conversation, DAY_ONE).unwrap());
        assert_eq!(store.info().unwrap().layout, 2);
    }
}

/// Why a file cannot be opened, where the system or the database only says that it cannot.
#[cfg(unix)]
#[test]
fn a_link_and_a_directory_that_is_not_there_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let (file, link) = (dir.path().join("history.sqlite"), dir.path().join("link.sqlite"));
    drop(Store::open(&Location::File(file.clone())).unwrap());
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let Err(error) = Store::open_existing(&Location::File(link)) else { panic!("a link was followed") };
    assert!(error.to_string().contains("link.sqlite is a symbolic link"), "{error}");
    let Err(error) = super::database::lock_file(&dir.path().join("missing/history.sqlite")) else { panic!("locked") };
    assert!(error.to_string().contains("there is no directory") && error.to_string().contains("missing"), "{error}");
    // What is written through one name is not seen through the other, and each has a lock of its own.
    let other = dir.path().join("other.sqlite");
    std::fs::hard_link(&file, &other).unwrap();
    for name in [file, other] {
        let Err(error) = Store::open(&Location::File(name)) else { panic!("a file of two names was opened") };
        assert!(error.to_string().contains("2 names (hard links)"), "{error}");
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
        let writer = super::writer::StoreWriter::start(&place.location, "a", false).unwrap();
        let asked = writer.without_end("org", DAY_ONE);
        assert_eq!(asked.recv_timeout(Duration::from_secs(30)).unwrap(), open);
        writer.ended(calls[1].conversation.clone(), DAY_ONE + 50_000);
        // What is known better is not overwritten.
        writer.ended(calls[2].conversation.clone(), DAY_ONE + 999_000);
        assert!(writer.flush(Duration::from_secs(30)));
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
    let writer = super::writer::StoreWriter::start(&place.location, "a", false).unwrap();
    let blocker = rusqlite::Connection::open(path).unwrap();
    blocker.execute_batch("DROP TABLE sidetone_call").unwrap();
    (0..3).for_each(|n| writer.call(call(n, DAY_ONE, "42", true), Vec::new()));
    let status = writer.end(Duration::from_secs(30));
    assert_eq!(status.waiting, 3);
    assert!(status.failing.is_some_and(|reason| reason.contains("sidetone_call")));
}

#[test]
fn names_that_were_never_seen_are_known_as_such() {
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        store.ingest(&Batch { calls: vec![call(1, DAY_ONE, "42", true)], ..Batch::default() }).unwrap();
        assert!(store.has_seen("MainIVR") && !store.has_seen("Nope"));
    }
}

/// A store that hangs is noticed though no call waits.
#[test]
fn a_store_that_hangs_is_noticed_although_nothing_but_the_time_is_written() {
    let place = places().remove(0);
    let Location::File(path) = &place.location else { panic!("a file") };
    let writer = super::writer::StoreWriter::start(&place.location, "a", false).unwrap();
    let beginning = super::writer::Beginning { organization: "org".into(), profile: None, now: DAY_ONE };
    let begun = writer.begin(beginning).unwrap();
    assert!(writer.flush(Duration::from_secs(30)));
    let other = rusqlite::Connection::open(path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    writer.collected(begun.place, DAY_ONE + 1_000);
    let begins = std::time::Instant::now();
    let since = loop {
        if let Some(since) = writer.status().writing.filter(|since| since.elapsed() > Duration::from_millis(50)) {
            break since;
        }
        assert!(begins.elapsed() < Duration::from_secs(30), "it is never written");
        std::thread::sleep(Duration::from_millis(5));
    };
    let status = writer.status();
    let at = |seconds| status.clone().judged(since + Duration::from_secs(seconds)).failing;
    assert_eq!((status.waiting, at(4)), (0, None));
    assert!(at(6).unwrap().contains("has not answered for 5 s"));
    other.execute_batch("COMMIT").unwrap();
    assert!(writer.flush(Duration::from_secs(30)));
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
        let question = |queue: Option<&str>, flow: Option<&str>| Question {
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
