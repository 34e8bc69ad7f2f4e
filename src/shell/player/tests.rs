//! A recording is played to the same state however one gets there.

use super::*;
use crate::{
    app::update,
    recording::{Header, Record, Recorder},
};
use serde_json::json;

const CALLS: u64 = 9;
const STEPS: u64 = 400;

fn at(ms: u64) -> At {
    At::after("2026-11-20T14:00:00Z".parse().unwrap(), Duration::from_millis(ms))
}

/// Calls that come, change, end and are let go; a gap; an edit of the operator.
fn file(dir: &Path) -> std::path::PathBuf {
    let file = dir.join("x.sidetone");
    let mut recorder =
        Recorder::create(&file, &Header::new(at(0), vec!["queue Billing".into()]), at(0), false).unwrap();
    recorder.push(at(0), Record::Name { of: "queue".into(), id: "q".into(), name: "Billing".into() });
    recorder.push(at(1), Record::from(&crate::domain::Link::Live));
    for i in 2..STEPS {
        // Some within one second, some minutes apart.
        let now = at(i * 700 + (i / 100) * 240_000);
        let call = i % CALLS + i / 120 * CALLS;
        let value = ["gold", "silver", "{{lookup.tier}}", ""][(i * 7 / 3 % 4) as usize];
        let ended = i % 120 > 100;
        let mut customer = json!({
            "id": format!("p{call}"), "purpose": "customer", "name": "Dana", "address": "tel:+15550100001",
            "queueId": "q", "connectedTime": "2026-11-20T13:59:00Z",
            "attributes": {"tier": value, "n": i.to_string()},
            "calls": [{"id": "c", "state": if ended { "disconnected" } else { "connected" }}],
        });
        if ended {
            customer["endTime"] = json!("2026-11-20T14:10:00Z");
        }
        let frame = json!({
            "topicName": "v2.routing.queues.q.conversations", "version": "2",
            "eventBody": {"id": format!("call-{call}"), "participants": [customer]},
        });
        match i {
            150 => recorder.push(now, Record::from(&crate::domain::Link::Gap { since: at(0) })),
            151 => recorder.push(now, Record::Frame("{".into())),
            152 => recorder.push(now, Record::Lost { count: 3 }),
            _ => recorder.push(now, Record::Frame(frame.to_string())),
        }
    }
    assert_eq!(recorder.finish().status.failed, None);
    file
}

/// A player, its screens, and how to hand messages on.
struct Table {
    player: Player,
    model: Model,
    _dir: tempfile::TempDir,
}

impl Table {
    fn new(speed: Speed) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut player = Player::open(&file(dir.path()), speed).unwrap();
        player.apart = 30;
        let mut model = Model::new(player.now(), Rect::new(0, 0, 120, 36), AppSettings::default(), Keymap::default());
        player.begin(&mut model, AppSettings::default());
        Self { player, model, _dir: dir }
    }

    fn tell(&mut self, at: At, msg: Msg) {
        drop(update(&mut self.model, at, msg));
    }

    /// Everything that is due now.
    fn settle(&mut self) {
        while let Some((at, msg)) = self.player.try_next(&self.model.monitor.board) {
            self.tell(at, msg);
        }
        let playing = self.player.playing();
        self.tell(self.player.now(), Msg::Playing(playing));
    }

    fn play(&mut self, play: Play) {
        if let Some(msg) = self.player.play(play) {
            self.tell(self.player.now(), msg);
        }
        self.settle();
    }

    /// Waits until the background has read everything.
    async fn read(&mut self) {
        while self.model.replay.as_ref().is_some_and(|r| r.index.reading().is_some()) {
            let waiting = hear(&mut self.player.reading);
            let read = tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it is read");
            let msg = self.player.learn(read);
            self.tell(self.player.now(), msg);
        }
    }

    /// All that a screen could show.
    fn state(&self) -> String {
        let m = &self.model;
        let calls: Vec<String> =
            m.monitor.board.iter().map(|e| format!("{:?} {:?}", e.conversation, e.history)).collect();
        let mut findings: Vec<String> = m.monitor.examiner.all().map(|f| format!("{f:?}")).collect();
        findings.sort();
        format!("{} {calls:#?} {findings:#?} {:?} {}", self.player.step, m.link, m.bad_frames)
    }
}

#[tokio::test]
async fn every_moment_is_the_same_from_either_side() {
    let mut straight = Table::new(Speed::Times(1.0));
    let mut states = vec![straight.state()];
    while !straight.player.at_end {
        straight.play(Play::Step);
        if !straight.player.at_end {
            states.push(straight.state());
        }
    }
    assert_eq!(states.len() as u64, STEPS, "a step for each but the name, and the start");
    let mut other = Table::new(Speed::Max);
    other.read().await;
    assert!(other.player.states.len() > 8, "{}", other.player.states.len());
    other.settle();
    assert!(other.player.at_end);
    assert_eq!(other.state(), *states.last().unwrap());
    let mut random = 7_u64;
    for _ in 0..crate::testing::count("SIDETONE_JUMPS", 15, 60) {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let step = (random >> 33) % STEPS;
        other.play(Play::ToStep(step));
        assert_eq!(other.state(), states[step as usize], "step {step}");
        assert!(other.player.paused && other.player.goal.is_none());
    }
    other.play(Play::ToStep(100));
    for step in [99, 98, 97] {
        other.play(Play::Back);
        assert_eq!(other.state(), states[step], "one back, to {step}");
    }
    other.play(Play::Step);
    assert_eq!(other.state(), states[98]);
}

#[tokio::test]
async fn a_moment_is_gone_to_by_its_time_and_time_stands_there() {
    let mut table = Table::new(Speed::Times(0.25));
    table.read().await;
    for ms in [70_300, 900_000, 3_500, 0, 250_000] {
        table.play(Play::ToTime(at(ms)));
        assert_eq!(table.player.position, at(ms));
        let last = table.model.monitor.board.iter().map(|e| e.conversation.last_seen.mono).max();
        assert!(last.is_none_or(|last| last <= at(ms).mono), "nothing of what comes later");
        assert!(table.player.next.as_ref().is_some_and(|f| f.at.mono > at(ms).mono), "nothing is left out");
    }
    table.play(Play::Toggle);
    let held = table.player.now();
    assert!(table.player.paused && table.player.time().is_none());
    assert_eq!(table.player.now(), held);
    table.play(Play::ToTime(at(99_000_000)));
    assert!(table.player.at_end && table.player.playing().at_end);
    assert_eq!(Some(table.player.now()), table.model.replay.as_ref().map(|r| r.index.end()), "no further than it goes");
}

#[tokio::test]
async fn it_is_played_at_its_speed() {
    let mut table = Table::new(Speed::Times(1.0));
    table.read().await;
    table.play(Play::ToTime(at(2_000)));
    let before = table.player.step;
    table.play(Play::At(Speed::Times(64.0)));
    tokio::time::sleep(Duration::from_millis(100)).await;
    table.settle();
    // 6.4 s of the recording, which has a message every 0.7 s; a busy machine may be later.
    assert!(table.player.step >= before + 9, "{before} then {}", table.player.step);
    table.play(Play::At(Speed::Max));
    assert!(table.player.at_end);
    table.play(Play::Toggle);
    assert!(table.player.at_end && !table.player.paused, "from the end it plays anew, at once");
}

#[tokio::test]
async fn the_background_knows_where_things_happened() {
    use crate::app::replay::IndexedEvent;
    let mut table = Table::new(Speed::Times(1.0));
    table.read().await;
    let replay = table.model.replay.as_ref().unwrap();
    let marks = replay.index.marks();
    let count = |is: fn(&IndexedEvent) -> bool| marks.iter().filter(|m| is(&m.what)).count();
    assert_eq!(count(|w| matches!(w, IndexedEvent::Gap)), 2, "the link, and the lines that are missing");
    assert!(count(|w| matches!(w, IndexedEvent::Change { .. })) > 300);
    assert!(count(|w| matches!(w, IndexedEvent::Finding(_))) > 3);
    assert_eq!(replay.index.calls().len() as u64, 4 * CALLS);
    assert_eq!(replay.index.torn(), None);
    assert!(marks.is_sorted_by_key(|m| m.step));
}
