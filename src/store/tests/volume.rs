//! How large a history becomes and how fast it answers: 90 days of calls with twelve keys each, on both databases. A few
//! calls a day by default, 10,000 with `SIDETONE_CALLS_A_DAY=10000`, 100,000 with `SIDETONE_FULL=1`.

use super::*;
use crate::store::writer::StoreWriter;
use std::time::Instant;

const DAYS: i64 = 90;

const KEYS: [&str; 12] = [
    "customer_tier",
    "language",
    "account_status",
    "contract_type",
    "region_code",
    "ivr_choice",
    "callback_wanted",
    "survey_consent",
    "case_number",
    "intent",
    "authenticated",
    "lookup_result",
];

/// The key that is asked for, which a new version loses on most calls.
const ASKED: usize = 3;

fn set(variable: &str, little: u64, all: u64) -> u64 {
    let full = std::env::var("SIDETONE_FULL").is_ok_and(|full| full == "1");
    let named = std::env::var(variable).ok().and_then(|text| text.parse().ok());
    named.unwrap_or(if full { all } else { little })
}

/// One call of a company with six queues and four flows, each with three versions in 90 days.
fn generated(n: u64, day: i64, rng: &mut fastrand::Rng) -> CallRecord {
    let started = DAY_ONE + day * DAY_MS + rng.i64(0..DAY_MS);
    let (flow, queue) = (rng.usize(0..4), rng.usize(0..6));
    let version = 40 + day / 30;
    let ended = started + rng.i64(30_000..900_000);
    let flow_end = started + rng.i64(5_000..40_000);
    let reached_agent = rng.u8(0..10) < 8;
    let milestones = [
        Some(started),
        Some(flow_end),
        Some(flow_end + rng.i64(100..3_000)),
        reached_agent.then(|| flow_end + rng.i64(4_000..20_000)),
        Some(ended),
    ];
    let mut keys = Vec::new();
    for (i, key) in KEYS.iter().enumerate() {
        let lost = i == ASKED && version == 42 && rng.u8(0..10) < 6;
        if lost || rng.u8(0..100) < 2 {
            continue;
        }
        let first_seen = started + rng.i64(500..5_000);
        keys.push(KeyRecord {
            key: (*key).to_owned(),
            purpose: "customer".to_owned(),
            first_seen,
            last_changed: first_seen + rng.i64(0..4_000),
            present_at: [false, true, true, reached_agent, true],
            kind: ValueKind::ALL[i % 3],
            changes: u32::from(rng.u8(0..4) == 0),
            hash: rng.u16(..),
            ..KeyRecord::default()
        });
    }
    CallRecord {
        organization: "org".to_owned(),
        conversation: uuid::Uuid::from_u128(u128::from(rng.u64(..)) << 64 | u128::from(n)).hyphenated().to_string(),
        media: "call".to_owned(),
        started,
        ended: Some(ended),
        queues: vec![format!("Queue {queue}")],
        flow: FlowVersion { id: format!("f{flow}"), name: format!("Flow {flow}"), version: version.to_string() },
        milestones,
        incomplete: false,
        keys,
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "the figures are for docs/history.md")]
fn ninety_days_are_asked_from_daily_counts() {
    let a_day = set("SIDETONE_CALLS_A_DAY", 100, 100_000);
    for place in places() {
        let mut store = Store::open(&place.location).unwrap();
        let mut rng = fastrand::Rng::with_seed(3);
        let (mut n, mut present, mut total) = (0, 0, 0);
        let begun = Instant::now();
        for day in 0..DAYS {
            let mut left = a_day;
            while left > 0 {
                let calls: Vec<_> = (0..left.min(5_000))
                    .map(|_| {
                        n += 1;
                        generated(n, day, &mut rng)
                    })
                    .collect();
                left -= calls.len() as u64;
                total += calls.len() as i64;
                present +=
                    calls.iter().filter(|call| call.keys.iter().any(|key| key.key == KEYS[ASKED])).count() as i64;
                store.ingest(&batch(calls)).unwrap();
            }
        }
        let took = begun.elapsed();
        let question = StoreQuestion {
            organization: None,
            key: KEYS[ASKED].to_owned(),
            on: "customer".to_owned(),
            flow: None,
            queue: None,
            by: FLOW_END,
            days: None,
            now: DAY_ONE + DAYS * DAY_MS,
        };
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..5 {
            let mut asked = Store::open_existing(&place.location).unwrap();
            let begun = Instant::now();
            let answer = asked.since(&question).unwrap().unwrap();
            times.push(begun.elapsed());
            // Counted here while they were made.
            assert_eq!((answer.total, answer.present), (total, present));
            assert_eq!(answer.first_missing.unwrap().flow_version.as_deref(), Some("42"));
        }
        times.sort();
        let info = store.info().unwrap();
        assert_eq!(info.calls, total);
        println!(
            "{:?}: {a_day} calls a day, {DAYS} days: {:.1} MB, {:.0} bytes a call; taken in within {took:.1?} ({:.0} calls/s); \
             since {:?} at the median of 5",
            place.location.to_string().split(['/', ':']).next_back(),
            info.bytes as f64 / 1e6,
            info.bytes as f64 / total as f64,
            total as f64 / took.as_secs_f64(),
            times[2]
        );
        // The time is told and not judged: that of a busy machine says nothing. The size is promised of the file.
        if a_day >= 10_000 && matches!(place.location, Location::File(_)) {
            assert!(info.bytes as f64 / total as f64 <= 1.5e9 / 9e6, "{} bytes for {total} calls", info.bytes);
        }
    }
}

/// Changes as the loop hands them over: each is a record of a call that lives, most of them of a call that waits already.
#[test]
#[allow(clippy::print_stdout, reason = "the figures are for docs/history.md")]
fn changes_are_taken_in_faster_than_they_come() {
    let seconds = set("SIDETONE_INGEST_SECONDS", 1, 30);
    for place in places() {
        let mut rng = fastrand::Rng::with_seed(4);
        let mut calls: Vec<_> = (0..3_000).map(|n| generated(n, 0, &mut rng)).collect();
        let writer = StoreWriter::start(&place.location, "a", false).unwrap();
        let begun = Instant::now();
        let mut told = 0_u64;
        while begun.elapsed() < Duration::from_secs(seconds) {
            // 20,000 a second, in steps of ten milliseconds.
            let due = (begun.elapsed().as_secs_f64() * 20_000.0) as u64;
            while told < due {
                let call = &mut calls[rng.usize(0..3_000)];
                if let Some(key) = call.keys.first_mut() {
                    key.changes += 1;
                    key.hash = rng.u16(..);
                }
                writer.call(call.clone(), Vec::new());
                told += 1;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let waited = Instant::now();
        assert!(writer.flush(Duration::from_secs(180)));
        let status = writer.status();
        println!(
            "{:?}: {told} changes in {seconds} s, {} records written, {} lost; the rest stored {:.1?} after the last",
            place.location.to_string().split(['/', ':']).next_back(),
            status.stored,
            status.lost,
            waited.elapsed()
        );
        drop(writer);
        // What stays is the last word on every call; a machine that is busy may have lost some, counted.
        if status.lost > 0 {
            continue;
        }
        let mut store = Store::open_existing(&place.location).unwrap();
        assert_eq!(
            store.call(&calls[7].conversation).unwrap().map(|call| call.keys[0].hash),
            Some(calls[7].keys[0].hash)
        );
    }
}
