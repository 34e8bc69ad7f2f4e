//! Random histories: this operator's outbox and board against a small model of the platform, with a second operator, a
//! voice flow, lost, late and doubled frames, both PATCH semantics, conflicts, refusals and lost answers.
//!
//! When everything has calmed down and one quiet read was made, the board equals the server, no text is lost, nothing
//! was called seen that was not there, nothing is called overwritten that is there, and no untouched key that was
//! shown has been lost to one of our writes without a report.
//!
//! `SIDETONE_HISTORIES` sets how many; `SIDETONE_HISTORY` runs one seed and prints it.

use super::*;
use crate::domain::{
    AttributesEvent, Board, Delta, Key, Media, ParticipantSnapshot, Purpose, Snapshot, Source, Update, ValueDelta,
};
use compact_str::{CompactString, format_compact};
use jiff::Timestamp;
use std::{cmp::Reverse, collections::BinaryHeap};

/// How many histories a test run tries.
const HISTORIES: u64 = 50_000;
const CONFIRM: u64 = 3_000;
const SETTLE: u64 = 10_000;
const PARTS: [&str; 2] = ["p0", "p1"];

/// xorshift64*: small, fast, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

type Map = Vec<(CompactString, Value)>;

/// Who changed a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Other,
    Us(WriteId),
}

/// One change on the server.
#[derive(Debug)]
struct Event {
    version: usize,
    time: u64,
    part: usize,
    key: CompactString,
    old: Option<Value>,
    new: Option<Value>,
    by: Who,
}

/// The platform: two participants with maps, and a flow.
#[derive(Default)]
struct Server {
    maps: [Map; 2],
    replaces: bool,
    flow: bool,
    version: usize,
    events: Vec<Event>,
}

impl Server {
    fn put(&mut self, time: u64, part: usize, key: &str, value: Option<Value>, by: Who) {
        let map = &mut self.maps[part];
        let place = map.iter().position(|(k, _)| k == key);
        let old = place.map(|i| map[i].1.clone());
        match (place, value.clone()) {
            (Some(i), Some(value)) => map[i].1 = value,
            (None, Some(value)) => map.push((key.into(), value)),
            (Some(i), None) => drop(map.remove(i)),
            (None, None) => {}
        }
        let version = self.version;
        self.events.push(Event { version, time, part, key: key.into(), old, new: value, by });
    }

    /// Applies a PATCH body; every change of it has the same version.
    fn patch(&mut self, time: u64, part: usize, body: &[(CompactString, Value)], by: Who) {
        self.version += 1;
        if self.replaces {
            let gone: Vec<_> = self.maps[part].iter().map(|(k, _)| k.clone()).collect();
            for key in gone.iter().filter(|key| !body.iter().any(|(k, _)| k == *key)) {
                self.put(time, part, key, None, by);
            }
        }
        for (key, value) in body {
            self.put(time, part, key, Some(value.clone()), by);
        }
    }

    fn get(&self, part: usize, key: &str) -> Option<&Value> {
        self.maps[part].iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    fn snapshot(&self) -> Snapshot {
        let person = |(id, map): (&&str, &Map)| ParticipantSnapshot {
            id: (*id).into(),
            purpose: Purpose::new("customer"),
            media: Media::Call,
            attributes: Some(map.clone()),
            ..Default::default()
        };
        let mut participants: Vec<_> = PARTS.iter().zip(&self.maps).map(person).collect();
        participants.push(ParticipantSnapshot {
            id: "flow".into(),
            purpose: Purpose::new("ivr"),
            ended: (!self.flow).then_some(Timestamp::UNIX_EPOCH),
            ..Default::default()
        });
        Snapshot { id: "c".into(), participants, ..Default::default() }
    }
}

/// What is going to happen.
enum Next {
    Frame(usize, Snapshot),
    Told(usize, AttributesEvent),
    /// A read is served; `None`: one that the board asked for.
    Serve {
        write: Option<WriteId>,
        asked: u64,
        revision: u64,
    },
    Answer {
        write: Option<WriteId>,
        asked: u64,
        revision: u64,
        version: usize,
        snapshot: Snapshot,
    },
    ReadFails(WriteId),
    Apply {
        write: WriteId,
        part: usize,
        body: Map,
    },
    Reply(WriteId, PatchOutcome),
    Other,
    OtherWrites {
        part: usize,
        body: Map,
    },
    FlowEnds,
    Act,
}

/// Something that this operator was shown: a version, whole or some keys of one participant.
struct Shown {
    version: usize,
    keys: Option<(usize, Vec<CompactString>)>,
}

/// A text that was typed.
struct Asked {
    cell: Cell,
    text: String,
}

struct World {
    dice: Dice,
    now: u64,
    order: u64,
    queue: BinaryHeap<Reverse<(u64, u64, usize)>>,
    due: Vec<Option<Next>>,
    server: Server,
    board: Board,
    outbox: Outbox,
    /// The board's own read is out.
    board_reads: bool,
    shown: Vec<Shown>,
    /// The last frame that was decoded.
    decoded: Option<Snapshot>,
    asked: Vec<Asked>,
    in_flight: [Option<WriteId>; 2],
    /// Answers that allow another PATCH of the same write.
    may_repeat: Vec<WriteId>,
    sent: Vec<(WriteId, u64, usize)>,
    seen: Vec<(WriteId, usize, Key, Value)>,
    values: u64,
    reads: u32,
    clean: bool,
    loud: bool,
}

impl World {
    fn new(seed: u64, loud: bool) -> Self {
        let mut dice = Dice::new(seed);
        let policy = Policy {
            mode: if dice.one_in(4) { WriteMode::Changed } else { WriteMode::Merged },
            confirm: Duration::from_millis(CONFIRM),
            settle: Duration::from_millis(SETTLE),
            ..Policy::default()
        };
        let mut server = Server { replaces: dice.one_in(2), flow: dice.one_in(3), ..Default::default() };
        for part in 0..2 {
            for key in 0..2 + dice.below(3) {
                server.put(0, part, &format_compact!("k{key}"), Some(Value::from("start")), Who::Other);
            }
        }
        // One history in four has a perfect network: there nothing at all may be reported without cause.
        let clean = dice.one_in(4);
        Self {
            dice,
            now: 0,
            order: 0,
            queue: BinaryHeap::new(),
            due: Vec::new(),
            server,
            board: Board::default(),
            outbox: Outbox::new(policy),
            board_reads: false,
            shown: Vec::new(),
            decoded: None,
            asked: Vec::new(),
            in_flight: [None, None],
            may_repeat: Vec::new(),
            sent: Vec::new(),
            seen: Vec::new(),
            values: 0,
            reads: 0,
            clean,
            loud,
        }
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.loud {
            eprintln!("{:>6} {}", self.now, what());
        }
    }

    fn at(&self) -> At {
        At::after(Timestamp::UNIX_EPOCH, Duration::from_millis(self.now))
    }

    fn later(&mut self, delay: u64, next: Next) {
        self.queue.push(Reverse((self.now + delay, self.order, self.due.len())));
        self.order += 1;
        self.due.push(Some(next));
    }

    /// Mostly values that nobody else writes; some that everybody does.
    fn value(&mut self) -> String {
        self.values += 1;
        match self.dice.below(4) {
            0 => ["x", "y", "start"][self.dice.below(3) as usize].to_owned(),
            _ => format!("v{}", self.values),
        }
    }

    /// Tells everyone what the server holds now, over a network with faults.
    fn publish(&mut self, changed: Option<(usize, Vec<CompactString>)>) {
        let version = self.server.version;
        let copies = match self.dice.below(20) {
            _ if self.clean => 1,
            0 => 0,
            1 => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let delay = match self.dice.below(8) {
                _ if self.clean => 10,
                0 => self.dice.below(4_000),
                _ => 5 + self.dice.below(20),
            };
            self.later(delay, Next::Frame(version, self.server.snapshot()));
        }
        if let Some((part, keys)) = changed.filter(|_| !self.clean && self.dice.one_in(4)) {
            let attributes = self.server.maps[part].iter().filter(|(k, _)| keys.contains(k)).cloned().collect();
            let event = AttributesEvent {
                conversation: "c".into(),
                participant: PARTS[part].into(),
                event_time: None,
                attributes,
            };
            let delay = self.dice.below(200);
            self.later(delay, Next::Told(version, event));
        }
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Read { write, .. } => {
                    self.reads += 1;
                    if !self.clean && self.dice.one_in(25) {
                        self.later(20, Next::ReadFails(write));
                    } else {
                        let revision = self.board.revision("c");
                        let delay = 1 + self.dice.below(15);
                        self.later(delay, Next::Serve { write: Some(write), asked: self.now, revision });
                    }
                }
                Effect::Patch { write, request, attempt } => self.send(write, &request, attempt),
                Effect::Audit(record) => {
                    if record.outcome == AuditOutcome::Seen {
                        let part = part_of(&record.target);
                        let items = record.changes.into_iter().map(|(key, _, mine)| (record.write, part, key, mine));
                        self.seen.extend(items);
                    }
                }
                Effect::Notice(notice) => self.say(|| format!("notice {notice:?}")),
            }
        }
    }

    fn send(&mut self, write: WriteId, request: &PatchRequest, attempt: u32) {
        let part = part_of(&request.target);
        self.say(|| format!("PATCH {write:?} attempt {attempt} p{part} {:?}", request.body));
        assert_eq!(self.in_flight[part], None, "one PATCH at a time");
        let repeat = self.may_repeat.iter().position(|w| *w == write).map(|i| self.may_repeat.remove(i));
        assert_eq!(attempt > 1, repeat.is_some(), "sent twice");
        self.in_flight[part] = Some(write);
        self.sent.push((write, self.now, part));
        let body: Map = request.body.iter().map(|(k, v)| (k.as_str().into(), Value::text(v.clone()))).collect();
        let arrives = 5 + self.dice.below(20);
        let reply = arrives + self.dice.below(30);
        let apply = match self.dice.below(12) {
            _ if self.clean => arrives,
            0 => reply + self.dice.below(CONFIRM * 2),
            _ => arrives + self.dice.below(60),
        };
        let accepted = PatchOutcome::Accepted { status: 202, correlation_id: None };
        let roll = if self.clean { 99 } else { self.dice.below(24) };
        let outcome = match roll {
            0 | 1 => PatchOutcome::Conflict(Failure::answered(409, "conflict", true)),
            2 => PatchOutcome::Busy { retry_after: None, failure: Failure::answered(429, "busy", true) },
            3 => PatchOutcome::Refused(Failure { status: Some(400), ..Failure::new("no", false) }),
            4 | 5 => PatchOutcome::Unknown(Failure::new("reset", true)),
            _ => accepted,
        };
        let applied = match roll {
            0..=3 => false,
            // The request never arrived, or was accepted and dropped.
            5 | 6 => false,
            _ => true,
        };
        if applied {
            self.later(apply, Next::Apply { write, part, body });
        }
        self.later(reply, Next::Reply(write, outcome));
    }

    fn observe(&mut self, by: Source) {
        let at = self.at();
        let effects = self.outbox.observe(at, &self.board.get("c").unwrap().conversation, by);
        self.perform(effects);
    }

    /// What a decoder with a memory makes of a frame: what the previous one told already is left out.
    fn decoded(&mut self, snapshot: Snapshot) -> Update {
        let before = self.decoded.replace(snapshot.clone());
        let Some(before) = before.filter(|_| self.dice.one_in(2)) else { return Update::Stream(snapshot) };
        let map = |s: &Snapshot, i: usize| s.participants[i].attributes.clone().unwrap_or_default();
        let rest = |s: &Snapshot| {
            let mut rest = s.clone();
            rest.participants.iter_mut().for_each(|p| p.attributes = None);
            rest
        };
        let keys = |s: &Snapshot, i| map(s, i).into_iter().map(|(k, _)| k).collect::<Vec<_>>();
        if rest(&before) == rest(&snapshot) && (0..2).all(|i| keys(&before, i) == keys(&snapshot, i)) {
            let news = |i: usize| {
                let now = map(&snapshot, i).into_iter().zip(map(&before, i));
                now.filter(|(now, old)| now != old).map(move |((key, value), _)| (i, key, value)).collect::<Vec<_>>()
            };
            let mut news = [news(0), news(1)].concat();
            if news.len() < 2 {
                let value = news.pop();
                let value = value.map(|(part, key, value)| {
                    let place = (part, key.len() % 3);
                    ValueDelta { participant: PARTS[part].into(), key, value, place }
                });
                return Update::Delta(Delta { conversation: "c".into(), value });
            }
        }
        let mut told = snapshot.clone();
        for (i, participant) in told.participants.iter_mut().enumerate().take(2) {
            if map(&before, i) == map(&snapshot, i) {
                participant.attributes = None;
            }
        }
        Update::Stream(told)
    }

    fn board_takes(&mut self, update: Update, by: Source, version: usize, keys: Option<(usize, Vec<CompactString>)>) {
        let late = self.board.late_events();
        let applied = self.board.apply(self.at(), update, &self.outbox);
        if self.board.late_events() == late {
            self.shown.push(Shown { version, keys });
        }
        if applied.reread.is_some() && !self.board_reads {
            self.board_reads = true;
            let (asked, revision) = (self.now, self.board.revision("c"));
            self.later(5, Next::Serve { write: None, asked, revision });
        }
        self.observe(by);
    }

    fn step(&mut self, next: Next) {
        match next {
            Next::Frame(version, snapshot) => {
                self.say(|| format!("frame of version {version} {:?}", maps(&snapshot)));
                let update = self.decoded(snapshot);
                self.board_takes(update, Source::Stream, version, None);
            }
            Next::Told(version, event) => {
                self.say(|| format!("event {event:?}"));
                let part = PARTS.iter().position(|p| *p == event.participant.as_str()).unwrap();
                let keys = event.attributes.iter().map(|(k, _)| k.clone()).collect();
                self.board_takes(Update::Event(event), Source::Event, version, Some((part, keys)));
            }
            Next::Serve { write, asked, revision } => {
                let (version, snapshot) = (self.server.version, self.server.snapshot());
                let delay = self.dice.below(15);
                self.later(delay, Next::Answer { write, asked, revision, version, snapshot });
            }
            Next::Answer { write, asked, revision, version, snapshot } => {
                self.say(|| format!("read {write:?} of version {version} {:?}", maps(&snapshot)));
                let asked = At::after(Timestamp::UNIX_EPOCH, Duration::from_millis(asked));
                let view = ReadView::of(asked.mono, &snapshot);
                self.shown.push(Shown { version, keys: None });
                let board_first = self.dice.one_in(2);
                if write.is_none() {
                    self.board_reads = false;
                }
                let update = Update::Read { snapshot, asked: revision, left: asked.mono };
                if board_first {
                    self.board_takes(update.clone(), Source::Read, version, None);
                }
                let at = self.at();
                let effects = match write {
                    Some(write) => self.outbox.read_done(at, write, Ok(&view)),
                    None => self.outbox.read_seen(at, &view),
                };
                self.perform(effects);
                if !board_first {
                    self.board_takes(update, Source::Read, version, None);
                }
            }
            Next::ReadFails(write) => {
                self.say(|| format!("read {write:?} fails"));
                let effects = self.outbox.read_done(self.at(), write, Err(Failure::new("timeout", true)));
                self.perform(effects);
            }
            Next::Apply { write, part, body } => {
                self.say(|| format!("server applies {write:?}"));
                let keys = body.iter().map(|(k, _)| k.clone()).collect();
                self.server.patch(self.now, part, &body, Who::Us(write));
                self.publish(Some((part, keys)));
            }
            Next::Reply(write, outcome) => {
                self.say(|| format!("reply to {write:?}: {outcome:?}"));
                if !matches!(outcome, PatchOutcome::Accepted { .. } | PatchOutcome::Refused(_)) {
                    self.may_repeat.push(write);
                }
                for slot in self.in_flight.iter_mut().filter(|slot| **slot == Some(write)) {
                    *slot = None;
                }
                let effects = self.outbox.patch_done(self.at(), write, outcome);
                self.perform(effects);
            }
            Next::Other => self.other(),
            Next::OtherWrites { part, body } => {
                self.say(|| format!("other writes p{part} {body:?}"));
                let keys = body.iter().map(|(k, _)| k.clone()).collect();
                self.server.patch(self.now, part, &body, Who::Other);
                self.publish(Some((part, keys)));
            }
            Next::FlowEnds => {
                self.say(|| "flow ends".to_owned());
                self.server.flow = false;
                self.server.version += 1;
                if self.dice.one_in(2) {
                    let value = self.value();
                    self.server.put(self.now, 0, "k0", Some(Value::text(value)), Who::Other);
                }
                self.publish(None);
            }
            Next::Act => self.act(),
        }
    }

    /// The second operator: one key where the server merges, a whole (perhaps outdated) map where it replaces.
    fn other(&mut self) {
        let part = self.dice.below(2) as usize;
        let key = match self.dice.below(4) {
            0 => format_compact!("n{}", self.dice.below(3)),
            _ => format_compact!("k{}", self.dice.below(4)),
        };
        let value = Value::text(self.value());
        let mut body = if self.server.replaces { self.server.maps[part].clone() } else { Map::new() };
        match body.iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => *old = value,
            None => body.push((key, value)),
        }
        let delay = if self.dice.one_in(4) { self.dice.below(100) } else { 0 };
        self.later(delay, Next::OtherWrites { part, body });
    }

    /// This operator does something.
    fn act(&mut self) {
        let stopped = self.outbox.drafts().find(|(_, v)| v.state.needs_attention()).map(|(cell, _)| cell);
        if let Some(cell) = stopped.filter(|_| self.dice.one_in(2)) {
            self.say(|| format!("insist on {}", cell.key));
            let how = Commit::default();
            let committed = match self.outbox.view(&cell).map(|v| v.state) {
                Some(EditState::Conflict { .. }) => self.outbox.send_mine(self.at(), &self.board, &cell, how),
                _ => self.outbox.commit(self.at(), &self.board, std::slice::from_ref(&cell), how),
            };
            return self.perform(committed.effects);
        }
        if self.dice.one_in(6)
            && let Ok(undo) = self.outbox.undo_last(&"c".into())
        {
            self.say(|| format!("undo {undo:?}"));
            return self.commit(undo.cells, Timing::Now);
        }
        let timing = match self.dice.below(6) {
            0 => Timing::WhenFlowEnds,
            1 => Timing::Both,
            _ => Timing::Now,
        };
        let mut cells = Vec::new();
        for _ in 0..1 + self.dice.below(2) {
            let part = self.dice.below(2) as usize;
            let key = match self.dice.below(5) {
                0 => Key::from("mine"),
                n => Key::new(format!("k{}", n % 3)),
            };
            let text = self.value();
            let conversation = &self.board.get("c").unwrap().conversation;
            let there = conversation.participant(PARTS[part]).and_then(|p| p.attributes.get(key.as_str()));
            let base = Base::Saw(there.map(|a| a.value.clone()));
            let cell = Cell { conversation: "c".into(), participant: PARTS[part].into(), key };
            self.say(|| format!("type p{part} {} = {text}", cell.key));
            self.outbox.draft(&cell, base, text);
            cells.push(cell);
        }
        self.commit(cells, timing);
    }

    fn commit(&mut self, cells: Vec<Cell>, timing: Timing) {
        self.say(|| format!("commit {timing:?}"));
        for cell in &cells {
            let text = self.outbox.view(cell).map(|v| v.mine.to_owned()).unwrap();
            self.asked.push(Asked { cell: cell.clone(), text });
        }
        let how = Commit { timing, ..Commit::default() };
        let committed = self.outbox.commit(self.at(), &self.board, &cells, how);
        self.perform(committed.effects);
    }

    /// Runs until nothing is due.
    fn run(&mut self, until: u64) {
        loop {
            let event = self.queue.peek().map(|Reverse((time, _, _))| *time);
            let tick = self.outbox.next_deadline().map(|d| (d.as_millis() as u64).max(self.now));
            let Some(time) = event.into_iter().chain(tick).min().filter(|time| *time <= until) else { break };
            self.now = time.max(self.now);
            if event == Some(time) {
                if let Some(Reverse((_, _, index))) = self.queue.pop()
                    && let Some(next) = self.due[index].take()
                {
                    self.step(next);
                }
            } else {
                let effects = self.outbox.tick(self.at());
                self.perform(effects);
                let next = self.outbox.next_deadline();
                assert!(
                    next.is_none_or(|d| d > Duration::from_millis(self.now)),
                    "a deadline that ticking does not move"
                );
            }
        }
    }

    fn history(&mut self) {
        let first = self.server.snapshot();
        self.board_takes(Update::Stream(first), Source::Stream, 0, None);
        if self.server.flow {
            let end = 200 + self.dice.below(3_000);
            self.later(end, Next::FlowEnds);
        }
        for _ in 0..1 + self.dice.below(4) {
            let time = self.dice.below(2_500);
            self.later(time, Next::Act);
        }
        for _ in 0..self.dice.below(6) {
            let time = self.dice.below(2_500);
            self.later(time, Next::Other);
        }
        self.run(8_000);
        // A quiet read settles what is open, while the writes are still watched, and again when all has calmed down.
        for until in [14_000, 60_000] {
            self.run(until - 6_000);
            self.now = self.now.max(until - 6_000);
            let (asked, revision) = (self.now, self.board.revision("c"));
            self.later(1, Next::Serve { write: None, asked, revision });
            self.run(until);
        }
    }

    fn check(&self) {
        // The board equals the server.
        let conversation = &self.board.get("c").unwrap().conversation;
        for (part, map) in self.server.maps.iter().enumerate() {
            let known = conversation.participant(PARTS[part]).unwrap();
            for (key, value) in map {
                assert_eq!(known.attributes.get(key).map(|a| &a.value), Some(value), "board: p{part} {key}");
            }
            assert_eq!(known.attributes.len(), map.len(), "board: p{part} has keys that the server has not");
        }
        assert!(self.outbox.is_quiet(), "nothing is left on its way");
        assert!(self.reads < 200, "{} reads", self.reads);
        for (index, Asked { cell, text }) in self.asked.iter().enumerate() {
            let newest = !self.asked[index + 1..].iter().any(|later| later.cell == *cell);
            if newest {
                self.check_text(cell, text);
            }
        }
        for (write, part, key, mine) in &self.seen {
            let sent = self.sent.iter().filter(|(w, _, _)| w == write).map(|(_, at, _)| *at).min().unwrap();
            let mut here = self.server.events.iter().filter(|e| e.part == *part && e.key == key.as_str());
            let after = here.clone().any(|e| e.time >= sent && e.new.as_ref() == Some(mine));
            let before = here.rfind(|e| e.time < sent).is_some_and(|e| e.new.as_ref() == Some(mine));
            let still = self.outbox.report(*write).is_some_and(|r| r.outcome == Outcome::Confirmed);
            assert!(after || before || !still, "{write:?} {key}: called seen, never there");
        }
        self.check_losses();
    }

    /// The newest text of a cell is somewhere, and what is said of it is true.
    fn check_text(&self, cell: &Cell, text: &str) {
        let part = PARTS.iter().position(|p| *p == cell.participant.as_str()).unwrap();
        let there = self.server.get(part, cell.key.as_str()).map(Value::as_str);
        let Some(view) = self.outbox.view(cell) else {
            let write = self.outbox.write_of(cell).expect("a text is gone without a trace");
            let report = self.outbox.report(write).unwrap();
            assert_eq!(report.requested[&cell.key], text, "the last write carries the newest text");
            assert_eq!(report.outcome, Outcome::Confirmed, "only what was seen is let go: {report:?}");
            return;
        };
        assert_eq!(view.mine, text, "the newest text is kept");
        match view.state {
            EditState::Seen { .. } => assert_eq!(there, Some(text), "called seen"),
            EditState::Overwritten { theirs, .. } => {
                assert_ne!(there, Some(text), "called overwritten");
                assert_eq!(there, theirs.as_ref().map(Value::as_str), "overwritten by what is there");
            }
            EditState::Unseen(_) => assert_ne!(there, Some(text), "called unseen"),
            EditState::Draft | EditState::Conflict { .. } | EditState::Failed(_) => {}
            state => panic!("{state:?} at the end"),
        }
    }

    fn check_losses(&self) {
        let reports: Vec<(WriteId, Option<WriteReport>)> =
            self.sent.iter().map(|(write, ..)| (*write, self.outbox.report(*write))).collect();
        let report = |write: WriteId| reports.iter().find(|(w, _)| *w == write)?.1.as_ref();
        for (index, event) in self.server.events.iter().enumerate() {
            let Who::Us(write) = event.by else { continue };
            // An edit, or one that was accepted before and is laid over the map until it has been seen.
            let edited = self.sent.iter().filter_map(|(write, _, part)| (*part == event.part).then_some(*write));
            let mut requested = edited.filter_map(|w| report(w)?.requested.get(event.key.as_str()));
            let edited = requested.any(|text| event.new.as_ref().is_some_and(|new| new.as_str() == text));
            let Some(theirs) = event.old.as_ref().filter(|old| !edited && event.new.as_ref() != Some(*old)) else {
                continue;
            };
            // Somebody wrote the key again: what is there now is theirs.
            let same = |e: &&Event| e.part == event.part && e.key == event.key;
            let after = self.server.events[index + 1..].iter().filter(same);
            if after.clone().any(|e| e.new != event.new) {
                continue;
            }
            let since = self.server.events[..index].iter().filter(same).rfind(|e| e.new != e.old);
            // It was an edit of ours: what became of it is its own story, told by its state.
            let ours = |e: &Event| match e.by {
                Who::Us(write) => report(write).is_some_and(|r| r.requested.contains_key(e.key.as_str())),
                Who::Other => false,
            };
            if since.is_some_and(ours) {
                continue;
            }
            let since = since.map_or(0, |e| e.version);
            let shown = self.shown.iter().any(|s| {
                (since..event.version).contains(&s.version)
                    && s.keys.as_ref().is_none_or(|(part, keys)| *part == event.part && keys.contains(&event.key))
            });
            let mut losses = self.outbox.losses().iter();
            let told = losses.any(|l| {
                part_of(&l.cell.target()) == event.part
                    && l.cell.key.as_str() == event.key
                    && (l.theirs == *theirs || l.before.contains(theirs))
            });
            // An edit of ours that stands there as overwritten or unseen tells of the key by its state.
            let cell = Cell {
                conversation: "c".into(),
                participant: PARTS[event.part].into(),
                key: event.key.as_str().into(),
            };
            let told = told || self.outbox.view(&cell).is_some_and(|v| v.state.needs_attention());
            assert!(
                told || !shown,
                "{write:?} cost p{} {} = {theirs:?}, shown and not reported",
                event.part,
                event.key
            );
        }
    }
}

fn part_of(target: &Target) -> usize {
    PARTS.iter().position(|p| *p == target.participant.as_str()).unwrap()
}

fn maps(snapshot: &Snapshot) -> Vec<&Map> {
    snapshot.participants.iter().filter_map(|p| p.attributes.as_ref()).collect()
}

fn run(seed: u64, loud: bool) -> Result<(), String> {
    let test = std::panic::AssertUnwindSafe(|| {
        let mut world = World::new(seed, loud);
        world.history();
        world.check();
    });
    std::panic::catch_unwind(test).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned())).unwrap_or_default()
    })
}

#[test]
fn random_histories_end_well() {
    if let Ok(seed) = std::env::var("SIDETONE_HISTORY") {
        run(seed.parse().unwrap(), true).unwrap();
        return;
    }
    let count = std::env::var("SIDETONE_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(HISTORIES);
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let failures: Vec<(u64, String)> = std::thread::scope(|scope| {
        let part = |first| {
            move || {
                let seeds = (first..count).step_by(threads as usize);
                seeds.filter_map(|seed| run(seed, false).err().map(|e| (seed, e))).take(50).collect::<Vec<_>>()
            }
        };
        let parts: Vec<_> = (0..threads).map(|first| scope.spawn(part(first))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    for (seed, failure) in failures.iter().take(20) {
        eprintln!("SIDETONE_HISTORY={seed}: {failure}");
    }
    assert!(failures.is_empty(), "{} of {count} histories end badly", failures.len());
}
