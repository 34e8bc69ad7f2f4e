//! The demo's past: two weeks of calls in a history store of its own, so that there is a before. They are drawn from the stories
//! that the simulator plays, and the calls of the session are kept with them. Nothing of it is real, and it goes with the program.

use crate::{
    app::since::{HistoryCall, SinceQuestion, SinceReport, StoredCalls},
    commands::history,
    shell::HistorySource,
    sim::{Scenario, world::World},
    store::{
        Location, Store, StoreError,
        ingest::Batch,
        record::{CallRecord, DAY_MS, FlowVersion, KeyRecord, ValueKind},
        seeds::FlowSeed,
    },
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};
use tempfile::TempDir;

/// Days before today.
const DAYS: i64 = 14;
/// Calls of a flow on a day.
const CALLS: i64 = 48;
/// The hours within which they come, in milliseconds.
const HOURS: i64 = 10 * 3_600_000;
/// A day on which nobody collected.
const DAY_OFF: i64 = 5;

/// How long calls are played that the past is drawn from, in milliseconds, and how many at a time.
const PLAYED: i64 = 3_600_000;
const AT_A_TIME: usize = 60;
/// The longest call of a story; one that started later than this before the end may not be through its flow.
const LONGEST_CALL: i64 = 600_000;
/// The same past in every demo.
const SEED: u64 = 14;

/// A store that is made when it is asked first, and lasts as long as the demo.
struct Past {
    scenario: Arc<Scenario>,
    flows: Vec<PastFlow>,
    /// When the demo began, in milliseconds since 1970.
    begin: i64,
    made: OnceLock<Result<Made, String>>,
    /// Calls of the session that are not in the store yet, by id.
    seen: Mutex<FxHashMap<String, CallRecord>>,
}

/// The store, where it is, and the directory that goes with it.
struct Made {
    stored: Arc<dyn HistorySource>,
    location: Location,
    _directory: TempDir,
}

impl Past {
    /// The store with everything that was seen.
    fn kept(&self) -> Result<&Arc<dyn HistorySource>, String> {
        let failed = |error: &dyn std::fmt::Display| format!("The demo's history cannot be kept: {error}.");
        let made = self.made.get_or_init(|| {
            let directory = tempfile::tempdir().map_err(|error| failed(&error))?;
            let location =
                write(directory.path(), &self.scenario, &self.flows, self.begin).map_err(|error| failed(&error))?;
            let stored = history::at(location.clone(), None).ok_or("The demo's history is gone.")?;
            Ok(Made { stored, location, _directory: directory })
        });
        let made = made.as_ref().map_err(Clone::clone)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.is_empty() {
            let calls = std::mem::take(&mut *seen).into_values().collect();
            let kept = Store::open_existing(&made.location)
                .and_then(|mut store| store.ingest(&Batch { calls, ..Batch::default() }));
            kept.map_err(|error| failed(&error))?;
        }
        Ok(&made.stored)
    }
}

impl HistorySource for Past {
    fn since(&self, question: &SinceQuestion, now: i64) -> Result<Option<SinceReport>, String> {
        self.kept()?.since(question, now)
    }

    fn stored(&self, question: &SinceQuestion, now: i64) -> Result<StoredCalls, String> {
        self.kept()?.stored(question, now)
    }

    fn versions(&self) -> Vec<FlowSeed> {
        self.kept().map(|stored| stored.versions()).unwrap_or_default()
    }

    fn is_fed(&self) -> bool {
        true
    }

    fn saw(&self, mut call: CallRecord) {
        call.organization = ORGANIZATION.into();
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(call.conversation.clone(), call);
    }

    fn call(&self, conversation: &str) -> Result<Option<HistoryCall>, String> {
        self.kept()?.call(conversation)
    }
}

/// Under which the demo's calls are filed.
const ORGANIZATION: &str = "demo";

/// A flow of the scenario.
pub(super) struct PastFlow {
    /// Its index in the scenario.
    pub(super) index: usize,
    /// Its id.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// The version that runs when the demo begins.
    pub(super) version: u32,
}

/// The past of these flows, as seen from the begin of the demo.
pub(super) fn of(scenario: &Arc<Scenario>, flows: Vec<PastFlow>, begin: i64) -> Arc<dyn HistorySource> {
    let scenario = Arc::clone(scenario);
    Arc::new(Past { scenario, flows, begin, made: OnceLock::new(), seen: Mutex::default() })
}

/// What a flow left of a call.
struct Played {
    flow: usize,
    /// How long the flow took, in milliseconds.
    length: i64,
    keys: Vec<String>,
    /// The queue that it led to.
    queue: Option<String>,
}

/// Plays the stories as the simulator does, with the versions that run when the demo begins.
fn play(scenario: &Scenario) -> Vec<Played> {
    let mut scenario = scenario.clone();
    scenario.flows.iter_mut().for_each(|flow| flow.versions.truncate(1));
    let mut world = World::new(Arc::new(scenario), SEED, AT_A_TIME, 1.0, 0);
    let (mut played, mut seen) = (Vec::new(), FxHashSet::default());
    while let Some(due) = world.next_due().filter(|due| *due <= PLAYED) {
        let Some(Some(notice)) = world.step(due) else { continue };
        let Some(call) = world.conversation(notice.conversation) else { continue };
        if !(0..PLAYED - LONGEST_CALL).contains(&call.start) || seen.contains(&call.id) {
            continue;
        }
        let mut flows = call.participants.iter().filter_map(|p| Some((p.flow?, p.end)));
        let Some((flow, Some(end))) = flows.next() else { continue };
        seen.insert(call.id);
        let customer = call.participants.iter().find(|p| p.purpose == "customer");
        played.push(Played {
            flow,
            length: end - call.start,
            keys: customer.map(|p| p.attributes.keys().cloned().collect()).unwrap_or_default(),
            queue: call.queues.first().and_then(|queue| Some(world.scenario().queues.get(*queue)?.name.clone())),
        });
    }
    played
}

fn write(directory: &Path, scenario: &Scenario, flows: &[PastFlow], now: i64) -> Result<Location, StoreError> {
    let location = Location::File(directory.join("history.sqlite"));
    let mut store = Store::open(&location)?;
    let today = now.div_euclid(DAY_MS);
    let played = play(scenario);
    let mut calls = Vec::new();
    for flow in flows {
        let own: Vec<&Played> = played.iter().filter(|call| call.flow == flow.index).collect();
        if own.is_empty() {
            continue;
        }
        // One after the other, as they were played: each story as often as its weight says.
        let mut own = own.into_iter().cycle();
        for ago in (1..=DAYS).rev().filter(|ago| *ago != DAY_OFF) {
            let day = (today - ago) * DAY_MS;
            calls.extend((0..CALLS).zip(&mut own).map(|(n, played)| call(flow, played, ago, day, n)));
        }
    }
    store.ingest(&Batch { calls, ..Batch::default() })?;
    Ok(location)
}

/// One call between 8 and 18 o'clock. The version changed a week ago.
fn call(flow: &PastFlow, played: &Played, ago: i64, day: i64, n: i64) -> CallRecord {
    let started = day + 8 * 3_600_000 + n * (HOURS / CALLS);
    let flow_end = started + played.length;
    let version = if ago > 7 { flow.version.saturating_sub(1).max(1) } else { flow.version };
    let key = |key: &String| KeyRecord {
        key: key.clone(),
        purpose: "customer".into(),
        first_seen: started,
        last_changed: started,
        present_at: [false, true, true, true, true],
        kind: ValueKind::Text,
        ..KeyRecord::default()
    };
    let number = (flow.index as u128) << 96 | (ago as u128) << 64 | n as u128;
    let in_queue = played.queue.as_ref().map(|_| flow_end + 1_000);
    CallRecord {
        organization: ORGANIZATION.into(),
        // As different from one another as those of real calls.
        conversation: uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &number.to_be_bytes()).hyphenated().to_string(),
        media: "call".into(),
        started,
        ended: Some(flow_end + 180_000),
        queues: played.queue.clone().into_iter().collect(),
        flow: FlowVersion { id: flow.id.clone(), name: flow.name.clone(), version: version.to_string() },
        milestones: [Some(started), Some(flow_end), in_queue, in_queue.map(|at| at + 30_000), Some(flow_end + 180_000)],
        incomplete: false,
        keys: played.keys.iter().map(key).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sim::scenario::Act,
        store::{presence::PresenceWatch, record::FLOW_END},
    };

    fn past(scenario: &Arc<Scenario>, begin: i64) -> Arc<dyn HistorySource> {
        let flow = |(index, flow): (usize, &crate::sim::scenario::ScenarioFlow)| PastFlow {
            index,
            id: format!("flow {index}"),
            name: flow.name.clone(),
            version: 42,
        };
        of(scenario, scenario.flows.iter().enumerate().map(flow).collect(), begin)
    }

    /// The past and the present come from the same stories: calls played with another seed are no fall of any key.
    #[test]
    fn the_past_has_no_fall_and_the_calls_of_the_session_continue_it() {
        let scenario = Arc::new(Scenario::embedded());
        let begin = 20_000 * DAY_MS + DAY_MS / 2;
        let past = past(&scenario, begin);
        let written = scenario.stories.iter().flat_map(|story| &story.steps).filter_map(|step| match &step.act {
            Act::Set(writing) => Some(writing.values.keys()),
            _ => None,
        });
        let keys: std::collections::BTreeSet<&String> = written.flatten().collect();
        let asked = |key: &str| {
            let (key, on, flow) = (key.to_owned(), "customer".to_owned(), Some(scenario.flows[0].name.clone()));
            let question = SinceQuestion { key, on, flow, ..SinceQuestion::default() };
            past.since(&question, begin + 3_600_000).unwrap()
        };
        let mut known = Vec::new();
        for key in keys {
            let Some(report) = asked(key) else { continue };
            assert_eq!((report.first_missing, report.not_judged), (None, None), "{key}");
            known.push(key.as_str());
        }
        assert!(known.contains(&"contract_type") && known.contains(&"balance_due"), "{known:?}");
        for n in 0..40 {
            let started = begin + n * 10_000;
            past.saw(CallRecord {
                conversation: uuid::Uuid::from_u128(n as u128 | 4 << 76 | 2 << 62 | 1 << 127).hyphenated().to_string(),
                media: "call".into(),
                started,
                flow: FlowVersion { id: "flow 0".into(), name: scenario.flows[0].name.clone(), version: "43".into() },
                milestones: [Some(started), Some(started + 20_000), None, None, None],
                keys: vec![KeyRecord {
                    key: "customer_ref".into(),
                    purpose: "customer".into(),
                    ..KeyRecord::default()
                }],
                ..CallRecord::default()
            });
        }
        let [report, again] = [(); 2].map(|()| asked("contract_type").expect("a report"));
        assert_eq!(report.first_missing.as_ref().map(|call| call.started), Some(begin));
        assert!(report.last_present.as_ref().is_some_and(|call| call.started < begin - DAY_MS / 2), "of the past");
        assert_eq!(report, again);
    }

    /// A call of the world as the screens know it, found while it is in its flow.
    fn seen(world: &World, call: &crate::sim::world::Conversation) -> Option<CallRecord> {
        let run = call.participants.iter().find(|p| p.flow.is_some())?;
        let flow = run.flow?;
        let version = 42 + run.flow_version;
        let customer = call.participants.iter().find(|p| p.purpose == "customer")?;
        let key = |key: &String| KeyRecord {
            key: key.clone(),
            purpose: "customer".into(),
            present_at: [true; 5],
            ..KeyRecord::default()
        };
        Some(CallRecord {
            conversation: call.id.to_string(),
            started: call.start,
            ended: call.end,
            flow: FlowVersion {
                id: format!("flow {flow}"),
                name: world.scenario().flows[flow].name.clone(),
                version: version.to_string(),
            },
            milestones: [Some(call.start), run.end, None, None, None],
            keys: customer.attributes.keys().map(key).collect(),
            ..CallRecord::default()
        })
    }

    /// What is reported within two minutes and a half of calls that are found by asking every three seconds: when, in
    /// milliseconds, and of which key.
    fn reported(scenario: &Arc<Scenario>, seeds: &[FlowSeed], seed: u64) -> Vec<(i64, String)> {
        let begin = 20_000 * DAY_MS + DAY_MS / 2;
        let mut world = World::new(Arc::clone(scenario), seed, scenario.calls, 1.0, begin);
        let mut watch = PresenceWatch::default();
        watch.seed(seeds.to_vec());
        watch.begins(begin);
        let (mut told, mut left) = (Vec::new(), FxHashSet::default());
        for now in (begin..begin + 150_000).step_by(3_000) {
            while world.next_due().is_some_and(|due| due <= now) {
                world.step(now);
            }
            for call in world.conversations().filter_map(|call| seen(&world, call)) {
                // What is written later does not count.
                if left.contains(&call.conversation) {
                    continue;
                }
                if call.milestones[FLOW_END].is_some() {
                    left.insert(call.conversation.clone());
                }
                told.extend(watch.observe(&call, now).into_iter().map(|drop| (now - begin, drop.key)));
            }
            told.extend(watch.time(now).into_iter().map(|drop| (now - begin, drop.key)));
        }
        told
    }

    #[test]
    fn the_alarm_comes_within_two_minutes_for_the_key_that_is_lost_and_no_other() {
        let scenario = Arc::new(Scenario::embedded());
        let past = past(&scenario, 20_000 * DAY_MS + DAY_MS / 2);
        let seeds = past.versions();
        let mut times = Vec::new();
        let worlds = u64::from(crate::testing::count("SIDETONE_DEMOS_PLAYED", 8, 400));
        for seed in 0..worlds {
            let told = reported(&scenario, &seeds, seed);
            assert!(matches!(&told[..], [(_, key)] if key == "contract_type"), "seed {seed}: {told:?}");
            times.push(told[0].0);
        }
        times.sort_unstable();
        // A busy machine takes its time on top.
        let (middle, last) = (times[times.len() / 2], times[times.len() - 1]);
        assert!(last <= 110_000 && middle <= 96_000, "{times:?}");
    }
}
