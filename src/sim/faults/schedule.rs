//! The faults of a run, and what they do at a moment.

use super::*;

/// What becomes of one event frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// How many times it is sent.
    pub copies: u32,
    /// Sent so many ms later, in order with the others.
    pub late_ms: u64,
    /// Overtaken by what comes within the next moment.
    pub overtaken: bool,
}

/// The faults of a run, and how far they have got.
#[derive(Debug, Default)]
pub struct Faults {
    faults: Vec<Fault>,
    told: i64,
}

impl Faults {
    /// These faults.
    pub fn new(faults: Vec<Fault>) -> Self {
        Self { faults, told: -1 }
    }

    /// Adds one while running. Its offsets still count from the start of the simulator.
    pub fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Takes all away.
    pub fn clear(&mut self) {
        self.faults.clear();
    }

    /// When an event happens next.
    pub fn next_due(&self) -> Option<i64> {
        let events = self.faults.iter().filter(|f| matches!(f.kind, FaultKind::Event(_)));
        events.filter_map(|fault| fault.when.next(self.told)).min()
    }

    /// The events that happen up to `at`, in order.
    pub fn due(&mut self, at: i64) -> Vec<TimedFault> {
        let mut due = Vec::new();
        for fault in &self.faults {
            let FaultKind::Event(event) = &fault.kind else { continue };
            if let Some(next) = fault.when.next(self.told).filter(|next| *next <= at) {
                due.push((next, event.clone()));
            }
        }
        due.sort_by_key(|(next, _)| *next);
        self.told = self.told.max(at);
        due.into_iter().map(|(_, event)| event).collect()
    }

    /// Whether nothing may be sent at the moment.
    pub fn silent(&self, at: i64) -> bool {
        self.states(at).any(|state| state == StreamFault::Silence)
    }

    fn states(&self, at: i64) -> impl Iterator<Item = StreamFault> + '_ {
        self.faults.iter().filter(move |f| f.when.covers(at)).filter_map(|f| match f.kind {
            FaultKind::State(state) => Some(state),
            _ => None,
        })
    }

    /// What is wrong with execution data at `at`.
    pub fn execution(&self, at: i64) -> ExecutionFaults {
        let mut faults = ExecutionFaults::default();
        for state in self.states(at) {
            match state {
                StreamFault::ExecutionOff => faults.off = true,
                StreamFault::ExecutionStale => faults.stale = true,
                StreamFault::ExecutionTruncated => faults.truncated = true,
                StreamFault::ExecutionLate(ms) => faults.late_ms = i64::try_from(ms).unwrap_or(i64::MAX / 2),
                _ => {}
            }
        }
        faults
    }

    /// What becomes of an event frame sent at `at`.
    pub fn fate(&self, at: i64, rng: &mut fastrand::Rng) -> Fate {
        let mut fate = Fate { copies: 1, late_ms: 0, overtaken: false };
        for state in self.states(at) {
            match state {
                StreamFault::Silence => fate.copies = 0,
                StreamFault::Drop(share) if rng.f64() < share => fate.copies = 0,
                StreamFault::Duplicate(share) if rng.f64() < share => fate.copies *= 2,
                StreamFault::Reorder(share) if rng.f64() < share => fate.overtaken = true,
                StreamFault::Late(ms) => fate.late_ms += ms,
                _ => {}
            }
        }
        fate
    }

    /// What goes wrong with a request: at most one fault of each sort, in the order given.
    pub fn request(&mut self, at: i64, method: &str, path: &str) -> Vec<Broken> {
        let line = format!("{method} {path}");
        let mut out = Vec::new();
        for fault in &mut self.faults {
            let FaultKind::Request(broken) = &fault.kind else { continue };
            if matches!(broken, Broken::Topic(_) | Broken::Deny(_)) || !fault.when.covers(at) {
                continue;
            }
            let write = matches!(broken, Broken::LosePatch | Broken::OverwriteBack(_));
            if (write && method != "PATCH") || fault.on.as_ref().is_some_and(|text| !line.contains(text.as_str())) {
                continue;
            }
            if matches!(broken, Broken::Status(409 | 413)) && method == "GET" {
                continue;
            }
            if *broken == Broken::OldRead && !(method == "GET" && is_conversation(path)) {
                continue;
            }
            match &mut fault.left {
                Some(0) => continue,
                Some(left) => *left -= 1,
                None => {}
            }
            out.push(broken.clone());
        }
        out
    }

    /// Whether a fault refuses the topic.
    pub fn refuses_topic(&self, at: i64, topic: &str) -> bool {
        self.faults.iter().any(|f| {
            f.when.covers(at)
                && matches!(&f.kind, FaultKind::Request(Broken::Topic(text)) if topic.contains(text.as_str()))
        })
    }

    /// Whether a fault takes the permission away.
    pub fn denies(&self, at: i64, permission: &str) -> bool {
        self.faults.iter().any(|f| {
            f.when.covers(at) && matches!(&f.kind, FaultKind::Request(Broken::Deny(denied)) if denied == permission)
        })
    }
}

/// The path names one conversation.
fn is_conversation(path: &str) -> bool {
    path.strip_prefix("/api/v2/conversations/").is_some_and(|id| uuid::Uuid::parse_str(id).is_ok())
}
