//! Random histories: this operator's outbox and board against a small model of the platform, with a second operator, a
//! voice flow, lost, late and doubled frames, reads older than the stream, values that are not text, both PATCH semantics,
//! conflicts, refusals, lost answers, and programs that are killed and started again.
//!
//! When everything has calmed down and one quiet read was made, the board equals the server, no text is lost, nothing
//! was called seen that was not there, nothing is called overwritten that is there, no untouched key that was shown has been
//! lost to one of our writes without a report, and none is reported that was not lost.
//!
//! Each run begins at another seed, which it prints. `SIDETONE_HISTORIES` sets how many are tried (`SIDETONE_FULL=1`: a million);
//! `SIDETONE_HISTORY` runs one seed and prints what happens; with both, that many are tried from that seed.

mod acts;
mod check;
mod server;

use super::*;
use crate::domain::{
    AttributeDelta, AttributesEvent, Board, Delta, JsonKind, Key, KnownState, ParticipantDelta, ParticipantSnapshot,
    Snapshot, Source, ToldAttributes, Update,
};
use compact_str::{CompactString, format_compact};
use jiff::Timestamp;
use server::{Server, ServerMap, Who, part_of};
use std::{cmp::Reverse, collections::BinaryHeap};

/// How many histories a test run tries, and with `SIDETONE_FULL=1`.
const HISTORIES: u64 = 200;
const ALL_HISTORIES: u64 = 1_000_000;
/// Some that ended badly once, each for a reason of its own. They are tried every time; what they show depends on how dice are thrown.
const ONCE_BAD: [u64; 36] = [
    6718666843791873253,
    7350424274957259758,
    6718666843791991366,
    6718666843792080266,
    6718666843792137526,
    6718666843792195204,
    6718666843792203023,
    6718666843792632782,
    6718666843792634135,
    6718666843792667033,
    6718666843792715095,
    7422568111941315061,
    7422568111941761937,
    7422568111942131244,
    5919409464773778086,
    2874014440120147225,
    2874014440120393020,
    2874014440120758990,
    2874014440120865157,
    1177427292698918041,
    1177427292698519868,
    2631317333836025016,
    2631317333836029862,
    4004221564940212103,
    491300669390272675,
    491300669390453186,
    2865289872388317547,
    6517739576648917016,
    7578606350164416257,
    7578606350164927934,
    7578606350165052282,
    7985573572535912689,
    1469956644051350264,
    3456536185135391577,
    3456536185135733310,
    3456536185136563814,
];
/// A read is at most so many ms older than the moment at which it is served.
const LAG: u64 = 2_500;
const CONFIRM: u64 = 3_000;
const SETTLE: u64 = 10_000;
const PARTS: [&str; 2] = ["p0", "p1"];

/// Chance.
struct Dice(fastrand::Rng);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0.u64(0..n)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// How a frame differs from what is known, if it tells the same participants and none of them is older.
fn difference(known: KnownState<'_>, snapshot: &Snapshot) -> Option<Delta> {
    let participants = &known.conversation.participants;
    if participants.len() != snapshot.participants.len() {
        return None;
    }
    let of = |told: &ParticipantSnapshot| {
        let place = participants.iter().position(|p| p.id == told.id)?;
        let attributes = &participants[place].attributes;
        if participants[place].ended.is_some() && told.ended.is_none() {
            return None;
        }
        let facts = Some(Box::new(ParticipantSnapshot { attributes: None, ..told.clone() }));
        let Some(map) = &told.attributes else {
            return Some(ParticipantDelta { place, facts, attributes: Vec::new(), gone: Vec::new() });
        };
        let news = map.iter().filter_map(|(key, value)| match attributes.place(key) {
            Some(place) if attributes.at(place).is_some_and(|known| known.value == *value) => None,
            Some(place) => Some(AttributeDelta::Value { place, value: value.clone() }),
            None => Some(AttributeDelta::New { key: key.clone(), value: value.clone() }),
        });
        let is_gone = |place: &usize| {
            !map.iter().any(|(key, _)| attributes.key(*place).is_some_and(|known| known.as_str() == key))
        };
        let gone = (0..attributes.len()).filter(is_gone).collect();
        Some(ParticipantDelta { place, facts, attributes: news.collect(), gone })
    };
    let told = snapshot.participants.iter().map(of).collect::<Option<Vec<_>>>()?;
    let maps = snapshot.participants.iter().zip(&told).filter(|(told, _)| told.attributes.is_some());
    let maps = maps.fold(0, |maps, (_, told)| maps | 1 << told.place);
    let conversation = snapshot.id.clone();
    Some(Delta { conversation, base: known.base, event: 0, maps, participants: told, joined: Vec::new() })
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
        /// Not an old one.
        quiet: bool,
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
        body: ServerMap,
    },
    Reply(WriteId, PatchOutcome),
    Other,
    OtherWrites {
        part: usize,
        body: ServerMap,
    },
    FlowEnds,
    Act,
    /// The program is killed and started again.
    Kill,
}

impl Next {
    /// It happens to the program, and ends with it.
    fn is_ours(&self) -> bool {
        !matches!(
            self,
            Self::Apply { .. } | Self::Other | Self::OtherWrites { .. } | Self::FlowEnds | Self::Act | Self::Kill
        )
    }
}

/// Something that this operator was shown of a version.
struct ShownVersion {
    time: u64,
    run: u32,
    version: usize,
    what: Extent,
    by_read: bool,
}

/// How much of a version.
enum Extent {
    All,
    /// Everything of this participant.
    Participant(usize),
    /// Some keys of it.
    Keys(usize, Vec<CompactString>),
}

impl ShownVersion {
    /// Everything of this participant.
    fn is_whole(&self, part: usize) -> bool {
        match self.what {
            Extent::All => true,
            Extent::Participant(of) => of == part,
            Extent::Keys(..) => false,
        }
    }

    /// This key of this participant.
    fn has(&self, part: usize, key: &CompactString) -> bool {
        match &self.what {
            Extent::Keys(of, keys) => *of == part && keys.contains(key),
            _ => self.is_whole(part),
        }
    }
}

/// A value on the board.
#[derive(Clone, Copy)]
struct BoardValue {
    version: usize,
    since: u64,
}

/// A text that was typed.
struct Asked {
    cell: Cell,
    text: String,
}

/// What a run of the program had said when it was killed.
#[derive(Default)]
struct SaidBefore {
    /// Writes with smaller ids are of earlier runs.
    next_write: u64,
    killed: u64,
    reports: Vec<WriteReport>,
    /// Cells whose newest text was there, or of which the operator had been told that it is not.
    done: Vec<(Cell, String)>,
}

struct World {
    dice: Dice,
    now: u64,
    order: u64,
    queue: BinaryHeap<Reverse<(u64, u64, usize)>>,
    due: Vec<Option<(u32, Next)>>,
    /// How often the program was started before.
    run: u32,
    before: SaidBefore,
    /// What the server held, and when, for reads that lag behind.
    past: Vec<(u64, usize, Snapshot)>,
    non_text: NonText,
    /// Others write values that are not text.
    odd: bool,
    server: Server,
    board: Board,
    outbox: Outbox,
    /// The board's own read is out.
    board_reads: bool,
    /// When the last one left.
    board_read: u64,
    /// What the board shows of each key, since when, and of which version it is.
    on_board: Vec<(ParticipantId, Key, BoardValue)>,
    shown: Vec<ShownVersion>,
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
        let mut dice = Dice(fastrand::Rng::with_seed(seed));
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
        let odd = dice.one_in(3);
        let non_text = [NonText::Ask, NonText::Omit, NonText::Convert][dice.below(3) as usize];
        Self {
            dice,
            now: 0,
            order: 0,
            queue: BinaryHeap::new(),
            due: Vec::new(),
            run: 0,
            before: SaidBefore::default(),
            past: Vec::new(),
            non_text,
            odd,
            server,
            board: Board::default(),
            outbox: Outbox::new(policy),
            board_reads: false,
            board_read: 0,
            on_board: Vec::new(),
            shown: Vec::new(),
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
        self.due.push(Some((self.run, next)));
    }

    /// Mostly values that nobody else writes; some that everybody does.
    fn value(&mut self) -> String {
        self.values += 1;
        match self.dice.below(4) {
            0 => ["x", "y", "start", "null"][self.dice.below(4) as usize].to_owned(),
            _ => format!("v{}", self.values),
        }
    }

    /// A value of somebody else's.
    fn theirs(&mut self) -> Value {
        let text = self.value();
        match self.dice.below(16) {
            kind if !self.odd || kind > 3 => Value::text(text),
            0 => Value::of_kind("null", JsonKind::Null),
            1 => Value::of_kind("true", JsonKind::Bool),
            2 => Value::of_kind(self.values.to_string(), JsonKind::Number),
            _ => Value::of_kind(format!("{{\"n\":{}}}", self.values), JsonKind::Nested),
        }
    }

    /// Tells everyone what the server holds now, over a network with faults.
    fn publish(&mut self, changed: Option<(usize, Vec<CompactString>)>) {
        let version = self.server.version;
        self.past.push((self.now, version, self.server.snapshot()));
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
                        self.later(delay, Next::Serve { write: Some(write), asked: self.now, revision, quiet: false });
                    }
                }
                Effect::Patch { write, request, attempt } => self.send(write, &request, attempt),
                Effect::Audit(record) => {
                    if record.outcome == AuditOutcome::Seen {
                        let part = part_of(&record.target);
                        let items = record.changes.into_iter().map(|(key, _, mine)| (record.write, part, key, mine));
                        self.seen.extend(items);
                    } else if record.outcome == AuditOutcome::Unseen {
                        let part = part_of(&record.target);
                        for (key, ..) in &record.changes {
                            let was_seen =
                                self.seen.iter().any(|(w, p, k, _)| (*w, *p, k) == (record.write, part, key));
                            assert!(!was_seen, "{:?} p{part} {key}: seen, and then never there", record.write);
                        }
                    }
                }
                Effect::Notice(OutboxNotice::Lost(cell)) => self.say(|| {
                    let losses = self.outbox.losses().iter().filter(|loss| loss.cell == cell);
                    format!(
                        "lost {:?}",
                        losses.map(|l| (&l.cell.key, l.write, &l.before, &l.theirs, &l.ours)).collect::<Vec<_>>()
                    )
                }),
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
        self.check_body(write, request);
        let body: ServerMap = request.body.iter().map(|(k, v)| (k.as_str().into(), Value::text(v.clone()))).collect();
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
            0 | 1 => PatchOutcome::Conflict(RequestFailure::answered(409, "conflict", true)),
            2 => PatchOutcome::Busy { retry_after: None, failure: RequestFailure::answered(429, "busy", true) },
            3 => PatchOutcome::Refused(RequestFailure { status: Some(400), ..RequestFailure::new("no", false) }),
            4 | 5 => PatchOutcome::Unknown(RequestFailure::new("reset", true)),
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

    fn observe(&mut self, told: &ToldAttributes) {
        let at = self.at();
        // After a start, what an event tells of a call that nobody has seen yet waits for the read.
        let Some(entry) = self.board.get("c") else { return };
        let effects = self.outbox.observe(at, &entry.conversation, told);
        self.perform(effects);
    }

    /// What a decoder makes of a frame, half of the time as its difference from what the board knows.
    fn decoded(&mut self, snapshot: Snapshot) -> Update {
        match self.board.known("c").filter(|_| self.dice.one_in(2)).and_then(|known| difference(known, &snapshot)) {
            Some(delta) => Update::Delta(delta),
            None => Update::Stream(snapshot),
        }
    }

    fn board_takes(&mut self, update: Update, version: usize, what: Extent) {
        let (late, told) = (self.board.late_events(), update.told(&self.board));
        let asked = if let Update::Read { left, .. } = &update { Some(left.as_millis() as u64) } else { None };
        let applied = self.board.apply(self.at(), update, &self.outbox);
        self.check_order(&applied.changes, version, asked);
        if self.board.late_events() == late {
            self.show(version, &told, what);
        }
        if applied.reread.is_some() && !self.board_reads {
            self.board_reads = true;
            // One that was read just now rests a little.
            let pause = if self.now < self.board_read + 300 { 150 } else { 5 };
            let (asked, revision) = (self.now + pause, self.board.revision("c"));
            self.board_read = asked;
            self.later(pause, Next::Serve { write: None, asked, revision, quiet: false });
        }
        self.observe(&told);
    }

    /// The operator was shown what an update tells, where the board took it for what is there.
    fn show(&mut self, version: usize, told: &ToldAttributes, what: Extent) {
        let (time, run) = (self.now, self.run);
        if told.by == Source::Event {
            return self.shown.push(ShownVersion { time, run, version, what, by_read: false });
        }
        let by_read = told.by == Source::Read;
        let entry = self.board.get("c").unwrap();
        for told in &told.participants {
            let part = PARTS.iter().position(|p| *p == told.id.as_str());
            let Some((part, there)) = part.zip(entry.conversation.participant(told.id.as_str())) else { continue };
            let held =
                |key: &CompactString, value: &Value| there.attributes.get(key).is_some_and(|a| a.value == *value);
            let taken = told.attributes.iter().filter(|(key, value)| held(key, value));
            let what = match told.whole {
                true => Extent::Participant(part),
                false => Extent::Keys(part, taken.map(|(key, _)| key.clone()).collect()),
            };
            self.shown.push(ShownVersion { time, run, version, what, by_read });
        }
    }

    fn step(&mut self, next: Next) {
        match next {
            Next::Frame(version, snapshot) => {
                self.say(|| format!("frame of version {version} {:?}", maps(&snapshot)));
                let update = self.decoded(snapshot);
                self.board_takes(update, version, Extent::All);
            }
            Next::Told(version, event) => {
                self.say(|| format!("event {event:?}"));
                let part = PARTS.iter().position(|p| *p == event.participant.as_str()).unwrap();
                let keys = event.attributes.iter().map(|(k, _)| k.clone()).collect();
                self.board_takes(Update::Event(event), version, Extent::Keys(part, keys));
            }
            Next::Serve { write, asked, revision, quiet } => {
                let (version, snapshot) =
                    if quiet { (self.server.version, self.server.snapshot()) } else { self.served() };
                let delay = self.dice.below(15);
                self.later(delay, Next::Answer { write, asked, revision, version, snapshot });
            }
            Next::Answer { write, asked, revision, version, snapshot } => {
                self.say(|| format!("read {write:?} of version {version} {:?}", maps(&snapshot)));
                let asked = At::after(Timestamp::UNIX_EPOCH, Duration::from_millis(asked));
                let view = ReadView::of(asked.mono, &snapshot);
                let (time, run) = (self.now, self.run);
                self.shown.push(ShownVersion { time, run, version, what: Extent::All, by_read: true });
                let board_first = self.dice.one_in(2);
                if write.is_none() {
                    self.board_reads = false;
                }
                let update = Update::Read { snapshot, asked: revision, left: asked.mono };
                if board_first {
                    self.board_takes(update.clone(), version, Extent::All);
                }
                let at = self.at();
                let effects = match write {
                    Some(write) => self.outbox.read_done(at, write, Ok(&view)),
                    None => self.outbox.read_seen(at, &view),
                };
                self.perform(effects);
                if !board_first {
                    self.board_takes(update, version, Extent::All);
                }
            }
            Next::ReadFails(write) => {
                self.say(|| format!("read {write:?} fails"));
                let effects = self.outbox.read_done(self.at(), write, Err(RequestFailure::new("timeout", true)));
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
            Next::Kill => self.kill(),
        }
        self.nothing_seen_waits();
    }

    /// What was seen is not waited for again: it is there, or another value is.
    fn nothing_seen_waits(&self) {
        for (write, part, key, _) in &self.seen {
            let cell = Cell { conversation: "c".into(), participant: PARTS[*part].into(), key: key.clone() };
            if self.outbox.write_of(&cell) == Some(*write) {
                let waits =
                    self.outbox.view(&cell).is_some_and(|view| matches!(view.state, EditState::Accepted { .. }));
                assert!(!waits, "{write:?} p{part} {key}: seen, and accepted again");
            }
        }
    }

    /// What a read is answered with: now and then what the server held a while ago.
    fn served(&mut self) -> (usize, Snapshot) {
        let now = (self.server.version, self.server.snapshot());
        if self.clean || !self.dice.one_in(8) {
            return now;
        }
        // Not older than the first sight of this run: of two first reads nobody can tell which is the older one.
        let first = if self.run == 0 { 0 } else { self.before.killed + 60 };
        let until = self.now.saturating_sub(self.dice.below(LAG)).max(first);
        let then = self.past.iter().rev().find(|(time, _, _)| *time <= until);
        then.map_or(now, |(_, version, snapshot)| (*version, snapshot.clone()))
    }

    /// The program is killed; the next one begins with what the journal holds.
    fn kill(&mut self) {
        self.say(|| "killed and started again".to_owned());
        let journal = self.outbox.journal();
        let reports = self.sent.iter().filter_map(|(write, ..)| self.outbox.report(*write));
        let known: Vec<WriteReport> = reports.collect();
        self.before.reports.extend(known);
        for Asked { cell, text } in &self.asked {
            if !journal.edits.iter().any(|edit| edit.cell == *cell && edit.mine == *text) {
                self.before.done.push((cell.clone(), text.clone()));
            }
        }
        let next_write = self.outbox.next_write;
        (self.before.next_write, self.before.killed) = (next_write, self.now);
        self.outbox = Outbox { next_write, ..Outbox::new(self.outbox.policy().clone()) };
        self.outbox.restore_journal(journal);
        self.board = Board::default();
        self.on_board.clear();
        (self.board_reads, self.in_flight) = (true, [None, None]);
        self.may_repeat.clear();
        self.run += 1;
        let delay = 1 + self.dice.below(50);
        self.later(delay, Next::Serve { write: None, asked: self.now, revision: 0, quiet: false });
    }

    /// Runs until nothing is due.
    fn run_until(&mut self, until: u64) {
        loop {
            let event = self.queue.peek().map(|Reverse((time, _, _))| *time);
            let tick = self.outbox.next_deadline().map(|d| (d.as_millis() as u64).max(self.now));
            let Some(time) = event.into_iter().chain(tick).min().filter(|time| *time <= until) else { break };
            self.now = time.max(self.now);
            if event == Some(time) {
                if let Some(Reverse((_, _, index))) = self.queue.pop()
                    && let Some((run, next)) = self.due[index].take()
                    && (run == self.run || !next.is_ours())
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
        self.past.push((0, 0, first.clone()));
        self.board_takes(Update::Stream(first), 0, Extent::All);
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
        if !self.clean && self.dice.one_in(4) {
            let time = self.dice.below(7_000);
            self.later(time, Next::Kill);
            self.later(time + 60, Next::Act);
        }
        self.run_until(8_000);
        // A quiet read settles what is open, while the writes are still watched, and again when all has calmed down.
        for until in [14_000, 60_000] {
            self.run_until(until - 6_000);
            self.now = self.now.max(until - 6_000);
            let (asked, revision) = (self.now, self.board.revision("c"));
            self.later(1, Next::Serve { write: None, asked, revision, quiet: true });
            self.run_until(until);
        }
    }
}

fn maps(snapshot: &Snapshot) -> Vec<&ServerMap> {
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
    let number = |name| std::env::var(name).ok().map(|n| n.parse::<u64>().expect("a number"));
    let (seed, several) = (number("SIDETONE_HISTORY"), number("SIDETONE_HISTORIES"));
    if let (Some(seed), None) = (seed, several) {
        return run(seed, true).unwrap();
    }
    let all = if std::env::var_os("SIDETONE_FULL").is_some_and(|v| v == "1") { ALL_HISTORIES } else { HISTORIES };
    let count = several.unwrap_or(all);
    let begin = seed.unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    eprintln!("{count} histories from SIDETONE_HISTORY={begin}");
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let failures: Vec<u64> = std::thread::scope(|scope| {
        let part = |first| {
            move || {
                let seeds = (begin + first..begin + count).step_by(threads as usize);
                let seeds = seeds.chain(ONCE_BAD.into_iter().skip(first as usize).step_by(threads as usize));
                let failed = seeds.filter(|seed| {
                    let failure = run(*seed, false).err();
                    failure.inspect(|failure| eprintln!("SIDETONE_HISTORY={seed}: {failure}")).is_some()
                });
                failed.take(50).collect::<Vec<_>>()
            }
        };
        let parts: Vec<_> = (0..threads).map(|first| scope.spawn(part(first))).collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    });
    assert!(failures.is_empty(), "{} of {count} histories from {begin} end badly", failures.len());
}
