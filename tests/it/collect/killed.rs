//! Collectors that are killed: nothing is counted twice, nothing is lost that was stored, every hole is shown.

use super::{Collector, exported, wait_for};
use crate::support::{Center, Program, count};
use rustix::process::Signal;
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

/// What a store is allowed to say of a time: clocks of one machine, and a frame that is on its way when the round is told.
const MARGIN: Duration = Duration::from_millis(500);

/// A store for one test: the options that name it, and what keeps it there.
fn stores() -> Vec<Vec<String>> {
    let server = std::env::var("SIDETONE_TEST_POSTGRES").ok().map(|url| {
        let schema = format!("test_{}", uuid::Uuid::new_v4().simple());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("a server");
            tokio::spawn(connection);
            client.batch_execute(&format!("CREATE SCHEMA {schema}")).await.expect("a schema");
        });
        let mark = if url.contains('?') { '&' } else { '?' };
        vec!["--store".to_owned(), format!("{url}{mark}options=-csearch_path%3D{schema}")]
    });
    [Vec::new()].into_iter().chain(server).collect()
}

fn info(program: &Program, store: &[&str]) -> Value {
    let (code, mut lines) = program.json(&[&["store", "info", "--json"], store].concat());
    assert_eq!(code, Some(0));
    lines.remove(0)
}

fn time(value: &Value) -> jiff::Timestamp {
    value.as_str().expect("a time").parse().expect("RFC 3339")
}

/// Calls that were placed and hung up: the wall times before the one and after the other.
type Placed = BTreeMap<String, (jiff::Timestamp, jiff::Timestamp)>;

/// Places calls and ends them for so long.
fn talk(center: &Center, placed: &mut Placed, long: Duration) {
    let end = Instant::now() + long;
    while Instant::now() < end {
        let began = jiff::Timestamp::now();
        let call = center.call(&[("tier", "gold"), ("language", "en")]);
        std::thread::sleep(Duration::from_millis(20));
        center.sim.set(call, "customer", [("tier", "silver")]);
        center.sim.hang_up(call);
        placed.insert(call.to_string(), (began, jiff::Timestamp::now()));
    }
}

/// One row for each call, with how often it was counted.
fn check_counts(program: &Program, store: &[&str]) -> HashMap<String, HashMap<String, String>> {
    let rows = exported(program, store);
    let mut calls = HashMap::new();
    let mut keys = HashSet::new();
    for row in rows {
        assert!(
            keys.insert((row["conversation"].clone(), row["purpose"].clone(), row["key"].clone())),
            "{row:?} twice"
        );
        calls.insert(row["conversation"].clone(), row);
    }
    let info = info(program, store);
    assert_eq!(info["calls"], calls.len(), "the daily counts and the calls agree");
    calls
}

#[test]
fn a_collector_that_is_killed_loses_nothing_that_it_said_it_had() {
    let kills = count("SIDETONE_KILLS", 3, 200);
    let mut rng = fastrand::Rng::with_seed(5);
    for store in stores() {
        let store: Vec<&str> = store.iter().map(String::as_str).collect();
        let center = Center::with(&[], |options| options.tuning.rate_limit = 1_000_000);
        let program = center.program();
        let mut placed = Placed::new();
        let mut worst = Duration::ZERO;
        let (mut expected, mut runs) = (Vec::new(), Vec::new());
        // On a server the lease of the one that was killed has to end first.
        let long = if store.is_empty() { 1_500..3_000 } else { 4_000..6_000 };
        let args = [&["--all-queues", "--lease", "2s"], &store[..]].concat();
        for _ in 0..kills {
            let mut collector = Collector::start(&program, &args);
            let mut own = Placed::new();
            talk(&center, &mut own, Duration::from_millis(rng.u64(long.clone())));
            let killed = jiff::Timestamp::now();
            collector.child.kill().expect("it runs");
            collector.child.wait().expect("a child");
            let until = time(info(&program, &store)["collectedUntil"].as_object().unwrap().values().next().unwrap());
            worst = worst.max(killed.duration_since(until).try_into().unwrap_or_default());
            let margin = jiff::SignedDuration::try_from(MARGIN).expect("a margin");
            let seen = own.iter().filter(|(_, (_, ended))| *ended + margin < until);
            expected.extend(seen.map(|(id, times)| (id.clone(), *times)));
            placed.append(&mut own);
            runs.push(killed);
        }
        let collector = Collector::start(&program, &args);
        talk(&center, &mut placed, Duration::from_millis(long.start));
        wait_for("the last calls", || (collector.figure("sidetone_calls_ended_total", &[])? > 0.0).then_some(()));
        assert_eq!(collector.stop(), Some(143));
        let calls = check_counts(&program, &store);
        let info = info(&program, &store);
        let holes: Vec<(jiff::Timestamp, jiff::Timestamp)> = (info["lastHoles"].as_array().unwrap().iter())
            .map(|hole| (time(&hole["since"]), time(&hole["until"])))
            .collect();
        // Whoever takes a queue over subscribes to it a moment later.
        let second = jiff::SignedDuration::from_secs(1);
        expected
            .retain(|(_, (began, ended))| holes.iter().all(|(since, until)| ended < since || *began > *until + second));
        assert!(expected.len() > kills, "{} calls outside of holes", expected.len());
        for (id, _) in &expected {
            assert!(calls.contains_key(id), "{id} is lost");
        }
        // The last word of a call may have been on its way when its collector was killed. Whoever follows reads the end, after a while.
        let without_end = |rows: &[HashMap<String, String>]| {
            let is_over = |row: &HashMap<String, String>| !row["ended"].is_empty();
            let ended = rows.iter().filter(|row| is_over(row)).map(|row| row["conversation"].as_str());
            let ended: HashSet<&str> = ended.collect();
            expected.iter().filter(|(id, _)| !ended.contains(id.as_str())).count()
        };
        let late = without_end(&exported(&program, &store));
        if late > 0 {
            let collector = Collector::start(&program, &args);
            wait_for("the ends that were on their way", || {
                (without_end(&exported(&program, &store)) == 0).then_some(())
            });
            assert_eq!(collector.stop(), Some(143));
        }
        assert!(calls.keys().all(|id| placed.contains_key(id)));
        // Each kill lies in a hole.
        for killed in runs {
            assert!(holes.iter().any(|(since, until)| *since <= killed && killed < *until), "{killed}: {holes:#?}");
        }
        eprintln!(
            "{} kills: {} calls placed, {} of them surely stored, {late} of these without their end at first, {} stored; at most {worst:?} before a kill not stored",
            kills,
            placed.len(),
            expected.len(),
            calls.len()
        );
    }
}

/// The collector's own lease time in the test.
const LEASE: Duration = Duration::from_secs(2);

#[test]
fn three_collectors_on_one_server_collect_every_call_once_while_one_is_killed() {
    let Some(store) = stores().into_iter().nth(1) else { return };
    let store: Vec<&str> = store.iter().map(String::as_str).collect();
    let kills = count("SIDETONE_TAKEOVERS", 1, 50);
    let center = Center::with(&[], |options| {
        // Seven queues; what happens by itself comes long after the test.
        options.scenario = sidetone::sim::Scenario::embedded();
        options.speed = 0.001;
        options.tuning.rate_limit = 1_000_000;
    });
    let program = center.program();
    let queues = center
        .sim
        .with_world(|world| world.scenario().queues.iter().map(|queue| queue.name.clone()).collect::<Vec<_>>());
    let args = [&["--all-queues", "--lease", "2s"], &store[..]].concat();
    let homes: Vec<tempfile::TempDir> = (0..3).map(|_| tempfile::tempdir().expect("a directory")).collect();
    let start = |place: usize| {
        let mut command = program.command(&[]);
        command.env("SIDETONE_HOME", homes[place].path());
        let collector = Collector::spawn(command, homes[place].path().join("told.txt"), &args);
        collector.is_live();
        collector
    };
    let mut running: Vec<Collector> = (0..3).map(start).collect();
    let mut rng = fastrand::Rng::with_seed(9);
    let (mut placed, mut takeovers) = (Vec::new(), Vec::new());
    let place = |placed: &mut Vec<String>| {
        for queue in &queues {
            let attributes = vec![("tier".to_owned(), "gold".to_owned())];
            let call = sidetone::sim::Placed { queue: Some(queue.clone()), attributes, ..Default::default() };
            placed.push(center.sim.place(&call).expect("a call").to_string());
        }
    };
    let stored = |ids: &[String]| {
        let rows = exported(&program, &store);
        ids.iter().all(|id| rows.iter().any(|row| row["conversation"] == *id))
    };
    place(&mut placed);
    wait_for("the first calls", || stored(&placed).then_some(()));
    for _ in 0..kills {
        let victim = rng.usize(0..3);
        running[victim].signal(Signal::KILL);
        running[victim].child.wait().expect("a child");
        let killed = Instant::now();
        // Calls that begin while nobody holds their queue are found by whoever takes it over.
        let first = placed.len();
        place(&mut placed);
        wait_for("the takeover", || stored(&placed[first..]).then_some(()));
        takeovers.push(killed.elapsed());
        running[victim] = start(victim);
    }
    for collector in running {
        assert_eq!(collector.stop(), Some(143));
    }
    let calls = check_counts(&program, &store);
    for id in &placed {
        assert!(calls.contains_key(id), "{id} is lost");
    }
    assert_eq!(calls.len(), placed.len(), "every call once");
    let info = info(&program, &store);
    let holes = info["lastHoles"].as_array().unwrap();
    let of_dead = holes.iter().filter(|hole| hole["reason"].as_str().unwrap().contains("had stopped")).count();
    assert!(of_dead >= kills, "each kill left holes: {holes:#?}");
    takeovers.sort();
    eprintln!(
        "{kills} kills with leases of {LEASE:?}: {} calls, all once; takeover {:?} at the median, {:?} at most",
        placed.len(),
        takeovers[takeovers.len() / 2],
        takeovers[takeovers.len() - 1]
    );
}
