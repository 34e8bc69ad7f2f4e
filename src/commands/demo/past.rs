//! The demo's past: two weeks of calls in a history store of its own, so that there is a before. Nothing of it is real, and it goes
//! with the program.

use crate::{
    app::since::{HistoryCall, SinceQuestion, SinceReport},
    commands::history,
    shell::{self, HistorySource},
    store::{
        Location, Store, StoreError,
        ingest::Batch,
        record::{CallRecord, DAY_MS, FlowVersion, KeyRecord, ValueKind},
    },
};
use std::{
    path::Path,
    sync::{Arc, OnceLock},
};
use tempfile::TempDir;

/// Days before today.
const DAYS: i64 = 14;
/// Calls of a day.
const CALLS: i64 = 24;
/// A day on which nobody collected.
const DAY_OFF: i64 = 5;

/// A store that is made when it is asked first, and lasts as long as the demo. What is live is not in it.
struct Past {
    flows: Vec<PastFlow>,
    /// When the demo began, in milliseconds since 1970.
    begin: i64,
    made: OnceLock<Result<Made, String>>,
}

/// The store, and the directory that goes with it.
type Made = (Arc<dyn HistorySource>, TempDir);

impl Past {
    fn stored(&self) -> Result<&Arc<dyn HistorySource>, String> {
        let made = self.made.get_or_init(|| {
            let directory =
                tempfile::tempdir().map_err(|error| format!("The demo's history cannot be made: {error}."))?;
            let location = write(directory.path(), &self.flows, self.begin);
            let location = location.map_err(|error| format!("The demo's history cannot be made: {error}."))?;
            let stored = history::at(location, None).ok_or("The demo's history is gone.")?;
            Ok((stored, directory))
        });
        made.as_ref().map(|(stored, _)| stored).map_err(Clone::clone)
    }
}

impl HistorySource for Past {
    fn since(&self, question: &SinceQuestion, now: i64) -> Result<Option<SinceReport>, String> {
        let report = self.stored()?.since(question, now)?;
        Ok(report.map(|report| SinceReport { lacks_live: true, ..report }))
    }

    fn versions(&self) -> Vec<shell::PastFlow> {
        self.stored().map(|stored| stored.versions()).unwrap_or_default()
    }

    fn call(&self, conversation: &str) -> Result<Option<HistoryCall>, String> {
        self.stored()?.call(conversation)
    }
}

/// A flow of the scenario.
pub(super) struct PastFlow {
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// The version that runs when the demo begins.
    pub(super) version: u32,
    /// The keys that it sets.
    pub(super) keys: Vec<String>,
}

/// The past of these flows, as seen from the begin of the demo.
pub(super) fn of(flows: Vec<PastFlow>, begin: i64) -> Arc<dyn HistorySource> {
    Arc::new(Past { flows, begin, made: OnceLock::new() })
}

fn write(directory: &Path, flows: &[PastFlow], now: i64) -> Result<Location, StoreError> {
    let location = Location::File(directory.join("history.sqlite"));
    let mut store = Store::open(&location)?;
    let today = now.div_euclid(DAY_MS);
    let mut calls = Vec::new();
    for (place, flow) in flows.iter().enumerate() {
        for ago in (1..=DAYS).rev().filter(|ago| *ago != DAY_OFF) {
            let day = (today - ago) * DAY_MS;
            calls.extend((0..CALLS).map(|n| call(flow, place as u128, ago, day, n)));
        }
    }
    store.ingest(&Batch { calls, ..Batch::default() })?;
    Ok(location)
}

/// One call between 8 and 18 o'clock. The version changed a week ago; a stray call lacks a key.
fn call(flow: &PastFlow, place: u128, ago: i64, day: i64, n: i64) -> CallRecord {
    let started = day + 8 * 3_600_000 + n * 1_500_000;
    let version = if ago > 7 { flow.version.saturating_sub(1).max(1) } else { flow.version };
    let there = |key: &String| {
        let stray = (n * 7 + ago * 13 + key.len() as i64) % 97 == 0;
        (!stray).then(|| KeyRecord {
            key: key.clone(),
            purpose: "customer".into(),
            first_seen: started + 4_000,
            last_changed: started + 4_000,
            present_at: [false, true, true, true, true],
            kind: ValueKind::Text,
            ..KeyRecord::default()
        })
    };
    let number = place << 96 | (ago as u128) << 64 | n as u128;
    CallRecord {
        organization: "demo".into(),
        conversation: uuid::Uuid::from_u128(number | 4 << 76 | 2 << 62).hyphenated().to_string(),
        media: "call".into(),
        started,
        ended: Some(started + 240_000),
        queues: vec!["Billing".into()],
        flow: FlowVersion { id: flow.id.clone(), name: flow.name.clone(), version: version.to_string() },
        milestones: [
            Some(started),
            Some(started + 24_000),
            Some(started + 25_000),
            Some(started + 60_000),
            Some(started + 240_000),
        ],
        incomplete: false,
        keys: flow.keys.iter().filter_map(there).collect(),
    }
}
