//! Calls as they are stored, merged, read again and forgotten.

use super::*;

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
fn the_hash_of_a_value_is_another_in_another_store() {
    let stores: Vec<_> = (0..2).map(|_| places().remove(0)).collect();
    let salts: Vec<_> = stores.iter().map(|place| Store::open(&place.location).unwrap().salt()).collect();
    let texts: Vec<String> = (0..50).map(|i| format!("value {i}")).collect();
    assert!(texts.iter().any(|text| salts[0].hash("k", text) != salts[1].hash("k", text)));
    assert_eq!(Store::open(&stores[0].location).unwrap().salt().hash("k", "v"), salts[0].hash("k", "v"));
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
