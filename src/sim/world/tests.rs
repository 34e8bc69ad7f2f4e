use std::collections::{HashMap, HashSet};

use super::*;
use crate::sim::scenario::{self, Act, Plant};

const AT: i64 = 1_795_183_411_000;

fn world(seed: u64, calls: usize) -> World {
    World::new(Arc::new(Scenario::embedded()), seed, calls, 1.0, AT)
}

/// Lets the world go on until `until`, telling each change.
fn play(world: &mut World, until: i64, mut tell: impl FnMut(&World, &WorldChange)) {
    while let Some(done) = world.step(until) {
        if let Some(notice) = done {
            tell(world, &notice);
        }
    }
}

fn digest(world: &World) -> Vec<String> {
    world.conversations().map(|c| format!("{c:?}")).collect()
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let (mut a, mut b, mut other) = (world(7, 24), world(7, 24), world(8, 24));
    for w in [&mut a, &mut b, &mut other] {
        play(w, AT + 120_000, |_, _| {});
    }
    assert_eq!(digest(&a), digest(&b));
    assert_ne!(digest(&a), digest(&other));
}

#[test]
fn at_the_first_frame_calls_are_at_every_stage() {
    for seed in 0..20 {
        let world = world(seed, 24);
        let live: Vec<&Conversation> = world.live().collect();
        assert_eq!(live.len(), 24, "seed {seed}");
        let with = |purpose: &str| live.iter().filter(|c| c.participants.iter().any(|p| p.purpose == purpose)).count();
        assert!(live.iter().filter(|c| c.queues.is_empty()).count() >= 2, "seed {seed}: no call is in the IVR alone");
        assert!(with("agent") >= 3 && with("acd") >= 5, "seed {seed}");
        let attributes: usize = live.iter().map(|c| c.participants[0].attributes.len()).sum();
        assert!(attributes / live.len() >= 10, "seed {seed}: {attributes}");
    }
}

#[test]
fn an_idle_world_does_nothing() {
    let mut world = world(1, 0);
    assert_eq!(world.next_due(), None);
    assert!(world.step(AT + 1_000_000).is_none());
}

#[test]
fn the_load_stays_and_memory_does_not_grow() {
    let mut world = world(3, 24);
    let (mut changes, mut kept, mut live, mut most) = (0, 0, (usize::MAX, 0), 0);
    let hours = 2;
    for minute in 0..hours * 60 {
        play(&mut world, AT + minute * 60_000, |_, notice| changes += notice.attributes.len());
        kept = kept.max(world.conversations().count());
        let now = world.live().count();
        most = most.max(now);
        // A version is published in the first minute, and its first calls come at once.
        if minute == 0 || minute > 5 {
            live = (live.0.min(now), live.1.max(now));
        }
    }
    assert!(live.0 >= 18 && live.1 <= 26, "{live:?}");
    assert!((30..=26 + 14).contains(&most), "{most} at the most");
    assert!(kept < 150, "{kept} conversations are kept");
    assert!(world.agenda.len() < 2_000, "{} things are planned", world.agenda.len());
    let each_second = changes as f64 / (hours * 3600) as f64;
    assert!((2.0..10.0).contains(&each_second), "{each_second} changes a second");
}

#[test]
fn calls_carry_ten_to_thirty_attributes_at_their_end() {
    let mut world = world(5, 24);
    let mut counts: HashMap<usize, Vec<usize>> = HashMap::new();
    play(&mut world, AT + 3_600_000, |world, notice| {
        let conversation = world.conversation(notice.conversation).unwrap();
        if conversation.end.is_some() {
            let count = conversation.participants.iter().map(|p| p.attributes.len()).sum();
            counts.entry(conversation.story.unwrap()).or_default().push(count);
        }
    });
    assert_eq!(counts.len(), world.scenario().stories.len(), "every story is played");
    for (story, counts) in counts {
        let name = &world.scenario().stories[story].name;
        assert!(counts.iter().all(|n| (10..=32).contains(n)), "{name}: {counts:?}");
    }
}

/// Every planted mistake can be seen in the world when its time has come.
#[test]
fn planted_mistakes_are_there() {
    let scenario = Arc::new(Scenario::embedded());
    for (index, story) in scenario.stories.iter().enumerate() {
        for plant in &story.plants {
            let mut world = World::new(Arc::clone(&scenario), 1, 0, 1.0, AT);
            let id = world.begin(index, AT, None);
            let due = world.offset(AT, plant.from, world.conversation(id).unwrap().stretch);
            let mut before = IndexMap::new();
            play(&mut world, due - 1, |world, _| {
                before = world.conversation(id).unwrap().participants[0].attributes.clone();
            });
            play(&mut world, due, |_, _| {});
            let conversation = world.conversation(id).unwrap();
            assert!(shows(conversation, plant, &before), "{}: {plant:?}\n{conversation:#?}", story.name);
        }
    }
}

fn shows(conversation: &Conversation, plant: &Plant, before: &IndexMap<String, String>) -> bool {
    let Some(on) = conversation.by_purpose(&plant.on) else { return false };
    let map = &conversation.participants[on].attributes;
    let value = map.get(&plant.key).map(String::as_str);
    match plant.rule.as_str() {
        "missing" => value.is_none(),
        // Of two customers, the other one has it.
        "wrong-participant" if plant.on == "customer" => {
            let customers = conversation.participants.iter().filter(|p| p.purpose == "customer");
            value.is_none() && customers.into_iter().any(|p| p.attributes.contains_key(&plant.key))
        }
        "wrong-participant" => value.is_some(),
        "case-mismatch" => map.keys().any(|key| *key != plant.key && key.eq_ignore_ascii_case(&plant.key)),
        "wrapped-payload" => value.is_some_and(|v| v.contains("{\"attributes\"")),
        "unresolved-template" => value.is_some_and(|v| v.contains("{{") || v == "undefined"),
        "lost-on-transfer" => value.is_none() && before.contains_key(&plant.key),
        "flow-wrote-back" => value.is_some() && before.get(&plant.key).map(String::as_str) != value,
        "personal-data-in-clear" => value.is_some_and(|v| v.contains('@') || v.len() >= 13),
        other => panic!("no check for {other}"),
    }
}

#[test]
fn an_edit_is_applied_at_its_time_and_not_before() {
    let mut world = world(1, 0);
    let placed = Placed { attributes: vec![("kept".into(), "1".into())], ..Placed::default() };
    let conversation = world.place(&placed, AT).unwrap();
    let participant = world.conversation(conversation).unwrap().participants[0].id;
    let values = IndexMap::from([("new".to_owned(), "x".to_owned())]);
    let edit = |semantics| SubmittedEdit { conversation, participant, values: values.clone(), semantics };
    world.submit(edit(Semantics::Merge), AT + 100);
    assert!(world.step(AT + 99).is_none());
    let notice = world.step(AT + 100).unwrap().unwrap();
    assert_eq!(notice.attributes, [(participant, values.clone())]);
    assert_eq!(world.conversation(conversation).unwrap().participants[0].attributes.len(), 2);
    world.submit(edit(Semantics::Replace), AT + 200);
    world.step(AT + 200);
    assert_eq!(world.conversation(conversation).unwrap().participants[0].attributes, values);
}

#[test]
fn times_and_states_of_participants_are_consistent() {
    let mut world = world(11, 24);
    play(&mut world, AT + 1_800_000, |world, notice| {
        let conversation = world.conversation(notice.conversation).unwrap();
        let ids: HashSet<Uuid> = conversation.participants.iter().map(|p| p.id).collect();
        assert_eq!(ids.len(), conversation.participants.len());
        assert_eq!(conversation.participants[0].purpose, "customer");
        for p in &conversation.participants {
            assert!(p.start >= conversation.start && p.connected.is_none_or(|at| at >= p.start));
            assert!(p.end.is_none_or(|end| end >= p.start), "{p:?}");
            assert_eq!(p.end.is_some(), p.disconnect.is_some());
        }
        let live = conversation.participants.iter().any(Participant::is_live);
        assert_eq!(conversation.end.is_none(), live, "a conversation lives as long as somebody is on it");
        // The caller is in one place at a time.
        let stages = conversation
            .participants
            .iter()
            .filter(|p| p.is_live() && ["ivr", "workflow", "acd"].contains(&p.purpose.as_str()));
        assert!(stages.count() <= 1);
    });
}

#[test]
fn speed_divides_the_offsets() {
    let scenario = Arc::new(Scenario::embedded());
    let story = scenario.story("billing question").unwrap();
    let length = |speed: f64| {
        let mut world = World::new(Arc::clone(&scenario), 1, 0, speed, AT);
        let id = world.begin(story, AT, None);
        play(&mut world, AT + 3_600_000, |_, _| {});
        // Ended calls are forgotten after a while, so the plan is read instead.
        (world.conversation(id).is_none(), world.offset(AT, scenario.stories[story].length(), 1.0) - AT)
    };
    assert_eq!(length(1.0), (true, 180_000));
    assert_eq!(length(10.0), (true, 18_000));
}

#[test]
fn a_thousand_calls_are_alive_at_once() {
    assert_eq!(world(1, 1000).live().count(), 1000);
}

#[test]
fn stories_end_with_the_end() {
    for scenario in [Scenario::embedded(), Scenario::clean()] {
        for story in &scenario.stories {
            assert!(matches!(story.steps.last().unwrap().act, Act::End));
            assert!(story.plants.iter().all(|plant| plant.from < story.length()));
        }
    }
}

/// The queue's only agent has been on the call before: it is that one who answers again.
#[test]
fn an_agent_who_has_left_answers_again() {
    let text = format!("{}\n[[queue]]\nname = \"Second\"\n", scenario::CLEAN);
    let mut scenario = scenario::parse(&text).unwrap();
    let second = scenario.queues.len() - 1;
    scenario.users.truncate(1);
    scenario.users[0].queues = vec![0, second];
    let mut world = World::new(Arc::new(scenario), 7, 0, 1.0, AT);
    let queue = |world: &World, n: usize| Some(world.scenario().queues[n].name.clone());
    let first = queue(&world, 0);
    let id = world.place(&crate::sim::Placed { queue: first, ..Default::default() }, AT).unwrap();
    world.answer(id, None, AT + 1_000);
    let name = queue(&world, second).unwrap();
    world.transfer(id, &name, AT + 2_000);
    world.answer(id, None, AT + 3_000);
    let call = world.conversation(id).unwrap();
    let agents: Vec<bool> = call.participants.iter().filter(|p| p.purpose == "agent").map(|p| p.is_live()).collect();
    assert_eq!(agents, [false, true]);
}

/// The topic of a queue hears of a call that was in it from the beginning when that leaves.
#[test]
fn calls_that_are_there_at_the_beginning_leave_their_queues() {
    let world = world(7, 24);
    let mut there = 0;
    for call in world.live() {
        assert_eq!(call.told, call.queues_now());
        there += call.told.len();
    }
    assert!(there > 0);
}
