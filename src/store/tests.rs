//! The same tests on both databases. PostgreSQL is asked when `SIDETONE_TEST_POSTGRES` names one.

use super::record::{CallRecord, DAY_MS, FLOW_END, FlowVersion, KeyRecord, ValueKind};
use super::since::{SinceAnswer, StoreQuestion};
use super::{
    Location, Store, StoreError, database,
    ingest::{Batch, Hole},
    lease::TakenLease,
};
use std::ops::ControlFlow;
use std::time::Duration;

mod answers;
mod collecting;
mod fair;
mod files;
mod records;
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
        let mut database = database::connect(&url).unwrap();
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

fn ask(store: &mut Store, change: impl FnOnce(&mut StoreQuestion)) -> Option<SinceAnswer> {
    let (key, on) = ("tier".to_owned(), "customer".to_owned());
    let now = DAY_ONE + 2 * DAY_MS;
    let mut question =
        StoreQuestion { organization: None, key, on, flow: None, queue: None, by: FLOW_END, days: None, now };
    change(&mut question);
    store.since(&question).unwrap()
}
