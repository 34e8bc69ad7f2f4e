//! Where things happened in a recording.

use crate::domain::{
    At, BoardEntry, Change, ConversationId, Key, Names, ParticipantId,
    findings::{Finding, FindingChange, Severity},
};
use rustc_hash::FxHashMap;
use std::time::Duration;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineMark {
    /// Messages taken in when it had happened.
    pub step: u64,
    /// When, on the clock of [`At::mono`].
    pub at: Duration,
    /// What happened then.
    pub what: IndexedEvent,
}

/// What happened. Numbers are positions in [`Index::calls`] and [`Index::key`].
#[derive(Clone, Debug, PartialEq)]
pub enum IndexedEvent {
    /// A call was seen for the first time.
    Start(u32),
    /// An attribute changed, came or went.
    Change {
        /// On which call.
        call: u32,
        /// Of whom.
        participant: ParticipantId,
        /// Which key.
        key: u32,
    },
    /// Something was found.
    Finding(Box<Finding>),
    /// The link was lost, or lines are missing.
    Gap,
    /// The operator of then sent an edit.
    Edit,
}

/// A call of the recording.
#[derive(Clone, Debug, PartialEq)]
pub struct CallMark {
    /// The id of the call.
    pub id: ConversationId,
    /// Who was calling.
    pub from: String,
    /// Where the call went at first sight.
    pub to: String,
    /// When it was seen first.
    pub at: At,
    /// Messages taken in by then.
    pub step: u64,
    /// Changes of its attributes.
    pub changes: u32,
    /// The worst that was found on it.
    pub worst: Option<Severity>,
}

/// What was read of a recording since the last part.
#[derive(Clone, Debug)]
pub struct IndexPart {
    /// What happened.
    pub marks: Vec<TimelineMark>,
    /// Calls that were seen first.
    pub calls: Vec<CallMark>,
    /// Keys that were seen first.
    pub keys: Vec<Key>,
    /// The last moment that was read.
    pub end: At,
    /// How much of the file was read, of 1.
    pub read: f64,
    /// Everything was read; if it ends early, why.
    pub done: Option<Option<String>>,
}

impl Default for IndexPart {
    fn default() -> Self {
        let end = At { mono: Duration::ZERO, wall: jiff::Timestamp::UNIX_EPOCH };
        Self { marks: Vec::new(), calls: Vec::new(), keys: Vec::new(), end, read: 0.0, done: None }
    }
}

/// Everything that was read so far.
#[derive(Clone, Debug)]
pub struct Index {
    marks: Vec<TimelineMark>,
    calls: Vec<CallMark>,
    keys: Vec<Key>,
    end: At,
    read: f64,
    done: Option<Option<String>>,
}

impl Index {
    /// Nothing yet, of a recording that begins at `began`.
    pub fn new(began: At) -> Self {
        Self { marks: Vec::new(), calls: Vec::new(), keys: Vec::new(), end: began, read: 0.0, done: None }
    }

    /// Takes in what was read next.
    pub fn add(&mut self, part: IndexPart) {
        self.calls.extend(part.calls);
        self.keys.extend(part.keys);
        for mark in &part.marks {
            match &mark.what {
                IndexedEvent::Change { call, .. } => {
                    if let Some(call) = self.calls.get_mut(*call as usize) {
                        call.changes += 1;
                    }
                }
                IndexedEvent::Finding(finding) => {
                    if let Some(call) = self.calls.iter_mut().find(|c| c.id == finding.conversation) {
                        call.worst = call.worst.max(Some(finding.severity));
                    }
                }
                IndexedEvent::Start(_) | IndexedEvent::Gap | IndexedEvent::Edit => {}
            }
        }
        self.marks.extend(part.marks);
        self.end = self.end.max(part.end);
        self.read = part.read;
        self.done = part.done.or(self.done.take());
    }

    /// Everything that happened, in order.
    pub fn marks(&self) -> &[TimelineMark] {
        &self.marks
    }

    /// Every call, in the order in which they were seen.
    pub fn calls(&self) -> &[CallMark] {
        &self.calls
    }

    /// The key with this number.
    pub fn key(&self, number: u32) -> Option<&Key> {
        self.keys.get(number as usize)
    }

    /// The last moment that was read so far.
    pub fn end(&self) -> At {
        self.end
    }

    /// How much of the file was read, in hundredths; `None` once all of it was.
    pub fn reading(&self) -> Option<u8> {
        self.done.is_none().then_some((self.read * 100.0).clamp(0.0, 99.0) as u8)
    }

    /// Why it ends early, if it does.
    pub fn torn(&self) -> Option<&str> {
        self.done.as_ref()?.as_deref()
    }

    /// The first mark after `step` for which `is` holds.
    pub fn after(&self, step: u64, is: impl Fn(&TimelineMark) -> bool) -> Option<&TimelineMark> {
        let from = self.marks.partition_point(|m| m.step <= step);
        self.marks[from..].iter().find(|m| is(m))
    }

    /// The last mark before `step` for which `is` holds.
    pub fn before(&self, step: u64, is: impl Fn(&TimelineMark) -> bool) -> Option<&TimelineMark> {
        let to = self.marks.partition_point(|m| m.step < step);
        self.marks[..to].iter().rev().find(|m| is(m))
    }
}

/// Notes what happens while a recording is read.
#[derive(Debug, Default)]
pub struct EventCollector {
    /// Messages taken in, the present one included; set by whoever plays.
    pub step: u64,
    part: IndexPart,
    calls: FxHashMap<ConversationId, u32>,
    keys: FxHashMap<Key, u32>,
}

impl EventCollector {
    /// What was noted since this was last asked.
    pub fn take(&mut self) -> IndexPart {
        std::mem::take(&mut self.part)
    }

    /// How much waits to be taken.
    pub fn waiting(&self) -> usize {
        self.part.marks.len()
    }

    /// Notes something.
    pub fn note(&mut self, at: At, what: IndexedEvent) {
        self.part.marks.push(TimelineMark { step: self.step, at: at.mono, what });
    }

    /// Notes what an update changed on a call.
    pub fn changed(&mut self, at: At, entry: &BoardEntry, names: &Names, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        let call = self.call(at, entry, names);
        for change in changes {
            if let Change::Attribute { participant, key, first_sight: false, .. } = change {
                let key = self.key(key);
                self.note(at, IndexedEvent::Change { call, participant: participant.clone(), key });
            }
        }
    }

    /// Notes what was found.
    pub fn found(&mut self, at: At, found: &[FindingChange]) {
        for change in found {
            if let FindingChange::Appeared(finding) = change {
                self.note(at, IndexedEvent::Finding(Box::new(finding.clone())));
            }
        }
    }

    fn call(&mut self, at: At, entry: &BoardEntry, names: &Names) -> u32 {
        let c = &entry.conversation;
        if let Some(number) = self.calls.get(&c.id) {
            return *number;
        }
        let number = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        self.calls.insert(c.id.clone(), number);
        self.part.calls.push(CallMark {
            id: c.id.clone(),
            from: crate::app::rows::from(c).into_owned(),
            to: crate::app::rows::to(c, names).into_owned(),
            at,
            step: self.step,
            changes: 0,
            worst: None,
        });
        self.note(at, IndexedEvent::Start(number));
        number
    }

    fn key(&mut self, key: &Key) -> u32 {
        if let Some(number) = self.keys.get(key) {
            return *number;
        }
        let number = u32::try_from(self.keys.len()).unwrap_or(u32::MAX);
        self.keys.insert(key.clone(), number);
        self.part.keys.push(key.clone());
        number
    }
}
