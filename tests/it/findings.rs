//! The rules against the simulator's world, event by event in virtual time: what is planted is found, and nothing else.

use crate::support::count;
use serde_json::json;
use sidetone::{
    domain::{
        At, Update,
        findings::{Examiner, Finding, FindingChange, RuleId, Tuning},
        monitor::{Monitor, MonitorOptions, MonitorOutcome},
    },
    expectfile,
    genesys::wire::{self, WireFrame},
    sim::{
        render,
        scenario::{self, Plant, Scenario, Story},
        world::World,
    },
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use uuid::Uuid;

/// What the demo expects of its calls.
const EXPECTATIONS: &str = include_str!("../../assets/scenarios/default.expect.toml");

/// A finding with the moment of its appearance, in ms since the start of the call.
#[derive(Debug)]
struct Found {
    at: i64,
    rule: RuleId,
    key: String,
    purpose: String,
}

/// The world as a watcher sees it.
struct Watcher {
    world: World,
    monitor: Monitor,
    start: i64,
    found: Vec<(Uuid, Found)>,
}

impl Watcher {
    fn new(scenario: &Arc<Scenario>, seed: u64, calls: usize) -> Self {
        Self::at_speed(scenario, seed, calls, 1.0)
    }

    fn at_speed(scenario: &Arc<Scenario>, seed: u64, calls: usize, speed: f64) -> Self {
        let start = 1_795_000_000_000;
        let expectations = expectfile::parse(EXPECTATIONS).unwrap();
        Self {
            world: World::new(Arc::clone(scenario), seed, calls, speed, start),
            monitor: Monitor::new(MonitorOptions { expectations, ..MonitorOptions::default() }),
            start,
            found: Vec::new(),
        }
    }

    fn at(&self, ms: i64) -> At {
        let start = jiff::Timestamp::from_millisecond(self.start).unwrap();
        At::after(start, Duration::from_millis(u64::try_from(ms - self.start).unwrap()))
    }

    /// Plays until nothing more happens, or until then.
    fn play(&mut self, until: i64) {
        while let Some(now) = self.world.next_due().filter(|now| *now <= until) {
            self.pass(now);
            while let Some(step) = self.world.step(now) {
                if let Some(notice) = step {
                    self.see(notice.conversation, now);
                }
            }
        }
    }

    fn see(&mut self, id: Uuid, now: i64) {
        let Some(call) = self.world.conversation(id) else { return };
        let body = render::event::conversation(&self.world, call);
        let raw =
            json!({"topicName": format!("v2.users.{id}.conversations"), "version": "2", "eventBody": body}).to_string();
        let WireFrame::Conversation(snapshot) = wire::decode(raw.as_bytes()) else { panic!("{raw}") };
        let at = self.at(now);
        let outcome = self.monitor.update(at, Update::Stream(snapshot), &());
        self.note(&outcome);
    }

    fn pass(&mut self, until: i64) {
        let outcome = self.monitor.time(self.at(until), &());
        self.note(&outcome);
    }

    fn note(&mut self, outcome: &MonitorOutcome) {
        for report in outcome.reports() {
            for change in &report.findings {
                if let FindingChange::Appeared(finding) = change {
                    let id = report.call.as_str().parse().unwrap();
                    let found = self.describe(id, report.at.wall.as_millisecond(), finding);
                    self.found.push((id, found));
                }
            }
        }
    }

    fn describe(&self, id: Uuid, now: i64, finding: &Finding) -> Found {
        let entry = self.monitor.board.get(&id.to_string()).unwrap();
        let participant = finding.participant.as_ref().and_then(|p| entry.conversation.participant(p.as_str()));
        Found {
            at: now - self.world.conversation(id).unwrap().start,
            rule: finding.rule,
            key: finding.key.as_ref().map_or(String::new(), |k| k.as_str().to_owned()),
            purpose: participant.map_or(String::new(), |p| p.purpose.as_str().to_owned()),
        }
    }
}

/// Plays each story of a scenario on a call of its own.
fn each_story(scenario: &Arc<Scenario>, seed: u64, speed: f64, check: impl FnMut(usize, f64, &[Found])) {
    each_tuned_story(scenario, seed, speed, &Tuning::default(), check);
}

fn each_tuned_story(
    scenario: &Arc<Scenario>,
    seed: u64,
    speed: f64,
    tuning: &Tuning,
    mut check: impl FnMut(usize, f64, &[Found]),
) {
    for story in 0..scenario.stories.len() {
        let mut watcher = Watcher::at_speed(scenario, seed, 0, speed);
        watcher.monitor.examiner = Examiner::new(tuning.clone(), expectfile::parse(EXPECTATIONS).unwrap());
        let id = watcher.world.begin(story, watcher.start, None);
        watcher.see(id, watcher.start);
        let stretch = watcher.world.conversation(id).unwrap().stretch;
        watcher.play(i64::MAX);
        let found: Vec<Found> = watcher.found.into_iter().map(|(_, found)| found).collect();
        check(story, stretch / speed, &found);
    }
}

fn default() -> Arc<Scenario> {
    Arc::new(scenario::parse(scenario::DEFAULT).unwrap())
}

/// Beside what is planted, nothing is found but what follows from it: a payload that stayed in its wrapper did not set
/// the keys in it.
#[test]
fn what_is_planted_is_found_within_a_second_in_the_right_place_and_nothing_else_is() {
    let scenario = default();
    let mut rules = BTreeSet::new();
    for (seed, speed) in [(2, 3.0), (1, 1.0)].into_iter().take(count("SIDETONE_SEEDS", 1, 2)) {
        each_story(&scenario, seed, speed, |story, scale, found| {
            let story = &scenario.stories[story];
            for plant in &story.plants {
                rules.insert(plant.rule.clone());
                let hit = found.iter().find(|f| is(plant, f));
                let Some(hit) = hit else { panic!("{}: {plant:?} in {found:#?}", story.name) };
                let visible = (plant.from as f64 * scale) as i64;
                let soon = visible - 2..=visible + 1_000;
                assert!(soon.contains(&hit.at), "{}: {plant:?} at {visible}, {hit:?}", story.name);
            }
            for f in found {
                let follows = f.rule == RuleId::Missing && story.plants.iter().any(|p| p.rule == "wrapped-payload");
                assert!(is_planted(story, f) || follows, "{}: {f:?}", story.name);
            }
        });
    }
    assert!(rules.len() >= 8, "{rules:?}");
}

fn is(plant: &Plant, found: &Found) -> bool {
    plant.rule == found.rule.as_str() && plant.key == found.key && plant.on == found.purpose
}

fn is_planted(story: &Story, found: &Found) -> bool {
    story.plants.iter().any(|plant| is(plant, found))
}

/// A whole contact centre, without any expectation: what calls have in common is enough to tell a key on the wrong
/// participant, and nothing sound is reported.
#[test]
fn the_habits_of_calls_serve_where_nobody_wrote_an_expectation() {
    let scenario = default();
    let mut watcher = Watcher::new(&scenario, 5, 24);
    watcher.monitor.examiner = Examiner::new(Tuning::default(), Vec::new());
    let ids: Vec<Uuid> = watcher.world.conversations().map(|c| c.id).collect();
    for id in ids {
        watcher.see(id, watcher.start);
    }
    watcher.play(watcher.start + 400_000);
    let mut rules = BTreeSet::new();
    for (id, found) in &watcher.found {
        let story = watcher.world.conversation(*id).and_then(|c| c.story).map(|s| &scenario.stories[s]);
        let Some(story) = story else { continue };
        assert!(is_planted(story, found), "{}: {found:?}", story.name);
        rules.insert(found.rule.as_str());
    }
    for rule in ["wrong-participant", "case-mismatch", "unresolved-template", "flow-wrote-back", "lost-on-transfer"] {
        assert!(rules.contains(rule), "{rule} is not among {rules:?}");
    }
    assert!(!rules.contains("missing"));
}

#[test]
fn a_scenario_without_mistakes_yields_no_findings() {
    let scenario = Arc::new(scenario::parse(scenario::CLEAN).unwrap());
    let all = [(1, 1.0), (4, 100.0), (3, 10.0), (2, 1.0)];
    for (seed, speed) in all.into_iter().take(count("SIDETONE_SEEDS", 2, 4)) {
        each_story(&scenario, seed, speed, |story, _, found| {
            assert!(found.is_empty(), "{}: {found:?}", scenario.stories[story].name);
        });
    }
}

/// A simulator that plays fast makes calls of seconds: what is well stays well, by the rules as they are as long as a person
/// could still follow, and by those that the demo hastens with it at any speed.
#[test]
fn at_high_speed_nothing_is_found_that_is_not_planted() {
    let scenario = default();
    let all = [(5, 1_000.0, true), (3, 50.0, false), (2, 20.0, false)];
    for (seed, speed, hastened) in all.into_iter().take(count("SIDETONE_SEEDS", 2, 3)) {
        let tuning = if hastened { Tuning::default().hastened(speed) } else { Tuning::default() };
        let mut found_planted = 0;
        each_tuned_story(&scenario, seed, speed, &tuning, |story, _, found| {
            let story = &scenario.stories[story];
            for f in found {
                let follows = f.rule == RuleId::Missing && story.plants.iter().any(|p| p.rule == "wrapped-payload");
                assert!(is_planted(story, f) || follows, "{speed} {}: {f:?}", story.name);
                found_planted += usize::from(!follows);
            }
        });
        assert!(found_planted >= 8, "{speed}: {found_planted}");
    }
}
