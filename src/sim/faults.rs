//! Faults on demand: what `--fault SPEC` can break, and when. Pure; time is given as ms since the start of the simulator.
//!
//! A spec is `KIND[=ARG[,ARG…]][@WHEN]`.
//!
//! `WHEN` is an offset (`10s`: once, then; for a state: from then on), a window (`10s..20s`), or an offset with a period
//! (`10s/30s`: again and again). Without it, an event happens at 1 s and a state lasts for the whole run. A request fault
//! takes a number (only the first N requests) and `on=TEXT` (only where `METHOD /path` contains it).
//!
#![doc = include_str!("faults.txt")]

use std::str::FromStr;

use anyhow::{Context, Result, anyhow, bail, ensure};

use super::scenario::format::duration_ms;

/// The table of faults, for `--help` and the documentation.
pub const HELP: &str = include_str!("faults.txt");

/// A fault that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What breaks.
    pub kind: FaultKind,
    when: When,
    /// How many times more, for request faults with a number.
    left: Option<u32>,
    on: Option<String>,
}

/// What can break.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// Sockets: a single event.
    Event(TimedFault),
    /// Sockets: a lasting state.
    State(StreamFault),
    /// Requests.
    Request(Broken),
}

/// Something that happens to the sockets or sessions at a moment.
#[derive(Debug, Clone, PartialEq)]
pub enum TimedFault {
    /// Orderly close.
    Close,
    /// Connection reset.
    Reset,
    /// Connection reset in the middle of a frame.
    Cut,
    /// Neither reading nor writing for so many ms.
    Stall(u64),
    /// `v2.system.socket_closing`, and the close so many ms later.
    SocketClosing(u64),
    /// Another socket takes each connected channel.
    Steal,
    /// Every token ends.
    ExpireTokens,
    /// Every token ends and `v2.system.token_revoked` is sent.
    Revoke,
    /// Every channel ends: 404 from then on.
    DropChannels,
    /// `v2.system.no_longer_subscribed` for every channel, whose topics are gone.
    Unsubscribe,
    /// A frame that is no event.
    Junk(Junk),
}

/// Frames that are no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Junk {
    /// Text that is no JSON.
    Text,
    /// JSON of another shape.
    Json,
    /// A binary frame.
    Binary,
    /// A megabyte of text.
    Big,
}

/// How the stream behaves for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum StreamFault {
    /// Nothing is sent, not even heartbeats, and nothing is answered.
    Silence,
    /// A share of the events is not sent.
    Drop(f64),
    /// A share of the events is sent twice.
    Duplicate(f64),
    /// A share of the events overtakes others.
    Reorder(f64),
    /// Events come so many ms late.
    Late(u64),
    /// Execution data is switched off.
    ExecutionOff,
    /// Flows were not republished since it was switched on: their runs leave no data.
    ExecutionStale,
    /// Documents lack their second half.
    ExecutionTruncated,
    /// Runs are found so many ms late.
    ExecutionLate(u64),
}

/// What is wrong with execution data at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExecutionFaults {
    /// It is switched off.
    pub off: bool,
    /// Flows were not republished.
    pub stale: bool,
    /// Documents are cut.
    pub truncated: bool,
    /// Runs come so many ms late.
    pub late_ms: i64,
}

/// How a request goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Broken {
    /// Answered with a status and the platform's body for it.
    Status(u16),
    /// 429 with `Retry-After` in seconds, or without.
    TooMany(Option<u32>),
    /// Answered after so many ms.
    Slow(u64),
    /// The answer ends in the middle.
    Half,
    /// 200 with a body that is no JSON.
    InvalidJson,
    /// The connection ends without an answer, after the request was carried out.
    NoAnswer,
    /// A read of a conversation tells what an earlier one told: what was there before it changed last.
    OldRead,
    /// A PATCH of attributes answers 202 and does nothing.
    LosePatch,
    /// A PATCH of attributes is applied and undone after so many ms.
    OverwriteBack(u64),
    /// Topics that contain the text are refused.
    Topic(String),
    /// The token lacks a permission.
    Deny(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    Always,
    Once(i64),
    Between(i64, i64),
    Every(i64, i64),
}

impl When {
    fn covers(self, at: i64) -> bool {
        match self {
            When::Always => true,
            When::Once(from) | When::Every(from, _) => at >= from,
            When::Between(from, to) => (from..to).contains(&at),
        }
    }

    /// The first moment after `after` at which an event happens.
    fn next(self, after: i64) -> Option<i64> {
        match self {
            When::Always => (after < 1000).then_some(1000),
            When::Once(at) | When::Between(at, _) => (after < at).then_some(at),
            When::Every(from, _) if after < from => Some(from),
            When::Every(from, period) => Some(from + ((after - from) / period + 1) * period),
        }
    }
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(spec: &str) -> Result<Self> {
        // In one text: whoever shows the error may show its first words only.
        parse(spec).map_err(|error| anyhow!("{error:#}"))
    }
}

/// The names of all faults.
const KINDS: &[&str] = &[
    "close",
    "reset",
    "cut",
    "stall",
    "socket-closing",
    "steal",
    "revoke",
    "404-channel",
    "unsubscribe",
    "junk",
    "silence",
    "drop-frames",
    "duplicate",
    "reorder",
    "late",
    "execution-off",
    "execution-stale",
    "execution-truncated",
    "execution-late",
    "401",
    "403",
    "404",
    "408",
    "409",
    "413",
    "429",
    "500",
    "503",
    "504",
    "slow",
    "half",
    "invalid-json",
    "no-answer",
    "old-read",
    "lose-patch",
    "overwrite-back",
    "deny",
];

fn parse(spec: &str) -> Result<Fault> {
    let (body, when) = match spec.rsplit_once('@') {
        Some((body, when)) => (body, parse_when(when)?),
        None => (spec, When::Always),
    };
    let (name, arguments) = body.split_once('=').unwrap_or((body, ""));
    let (mut left, mut on, mut argument) = (None, None, None);
    let given = body.contains('=').then(|| arguments.split(','));
    for part in given.into_iter().flatten() {
        if let Some(text) = part.strip_prefix("on=") {
            ensure!(!text.is_empty() && on.is_none(), "write on=TEXT once, as in on=/queues");
            on = Some(text.to_owned());
        } else if part.is_empty() {
            bail!("an argument of {name:?} is empty");
        } else if argument.is_none() {
            argument = Some(part);
        } else {
            bail!("{part:?} is one argument too many");
        }
    }
    let ms = |default: &str| duration_ms(argument.unwrap_or(default)).map(|ms| ms.unsigned_abs());
    let share = || -> Result<f64> {
        let text = argument.unwrap_or("1");
        let share: f64 = text.parse().with_context(|| format!("{text:?}: a share is a number from 0 to 1"))?;
        ensure!((0.0..=1.0).contains(&share), "{text:?}: a share is a number from 0 to 1");
        Ok(share)
    };
    let mut count = || -> Result<()> {
        let read = |n: &str| n.parse().ok().filter(|n: &u32| *n > 0);
        let number = |n| read(n).with_context(|| format!("{n:?} is not a number of requests"));
        left = argument.map(number).transpose()?;
        Ok(())
    };
    let kind = match name {
        "close" => FaultKind::Event(TimedFault::Close),
        "reset" => FaultKind::Event(TimedFault::Reset),
        "cut" => FaultKind::Event(TimedFault::Cut),
        "stall" => FaultKind::Event(TimedFault::Stall(ms("30s")?)),
        "socket-closing" => FaultKind::Event(TimedFault::SocketClosing(ms("60s")?)),
        "steal" => FaultKind::Event(TimedFault::Steal),
        "revoke" => FaultKind::Event(TimedFault::Revoke),
        "404-channel" => FaultKind::Event(TimedFault::DropChannels),
        "unsubscribe" => FaultKind::Event(TimedFault::Unsubscribe),
        "junk" => FaultKind::Event(TimedFault::Junk(match argument.unwrap_or("text") {
            "text" => Junk::Text,
            "json" => Junk::Json,
            "binary" => Junk::Binary,
            "big" => Junk::Big,
            other => bail!("{other:?}: one of text, json, binary, big"),
        })),
        "silence" => FaultKind::State(StreamFault::Silence),
        "drop-frames" => FaultKind::State(StreamFault::Drop(share()?)),
        "duplicate" => FaultKind::State(StreamFault::Duplicate(share()?)),
        "reorder" => FaultKind::State(StreamFault::Reorder(share()?)),
        "late" => FaultKind::State(StreamFault::Late(ms("2s")?)),
        "execution-off" => FaultKind::State(StreamFault::ExecutionOff),
        "execution-stale" => FaultKind::State(StreamFault::ExecutionStale),
        "execution-truncated" => FaultKind::State(StreamFault::ExecutionTruncated),
        "execution-late" => FaultKind::State(StreamFault::ExecutionLate(ms("30s")?)),
        "401" if argument.is_none() && on.is_none() => FaultKind::Event(TimedFault::ExpireTokens),
        "403" => match argument {
            Some(text) => FaultKind::Request(Broken::Topic(text.to_owned())),
            None => FaultKind::Request(Broken::Status(403)),
        },
        "401" | "404" | "408" | "409" | "413" | "500" | "503" | "504" => {
            count()?;
            if matches!(name, "409" | "413") && on.is_none() {
                on = Some("/attributes".to_owned());
            }
            FaultKind::Request(Broken::Status(name.parse()?))
        }
        "429" => FaultKind::Request(Broken::TooMany(match argument {
            Some("none") => None,
            Some(seconds) => Some(seconds.parse().context("write 429, 429=SECONDS or 429=none")?),
            None => Some(2),
        })),
        "slow" => FaultKind::Request(Broken::Slow(ms("2s")?)),
        "half" => {
            count()?;
            FaultKind::Request(Broken::Half)
        }
        "invalid-json" => {
            count()?;
            FaultKind::Request(Broken::InvalidJson)
        }
        "no-answer" => {
            count()?;
            FaultKind::Request(Broken::NoAnswer)
        }
        "old-read" => {
            count()?;
            FaultKind::Request(Broken::OldRead)
        }
        "lose-patch" => {
            count()?;
            FaultKind::Request(Broken::LosePatch)
        }
        "overwrite-back" => FaultKind::Request(Broken::OverwriteBack(ms("1s")?)),
        "deny" => {
            let permission = argument.context("write deny=PERMISSION")?;
            let words = permission.split(':').filter(|word| !word.is_empty()).count();
            ensure!(words == 3, "{permission:?} is no permission: write it as in deny=routing:queue:view");
            FaultKind::Request(Broken::Deny(permission.to_owned()))
        }
        other => {
            let near = |kind: &'static str| (strsim::damerau_levenshtein(kind, other), kind);
            match KINDS.iter().copied().map(near).min().filter(|(distance, _)| *distance <= 2) {
                Some((_, kind)) => bail!("there is no fault {other:?}; did you mean {kind:?}?"),
                None => bail!("there is no fault {other:?}; known are {}", KINDS.join(", ")),
            }
        }
    };
    let takes_none = match &kind {
        FaultKind::Event(event) => {
            !matches!(event, TimedFault::Stall(_) | TimedFault::SocketClosing(_) | TimedFault::Junk(_))
        }
        FaultKind::State(
            StreamFault::Silence
            | StreamFault::ExecutionOff
            | StreamFault::ExecutionStale
            | StreamFault::ExecutionTruncated,
        ) => true,
        FaultKind::State(_) | FaultKind::Request(_) => false,
    };
    if let Some(argument) = argument.filter(|_| takes_none) {
        bail!("{name:?} takes no argument, and {argument:?} was given");
    }
    let by_path = matches!(&kind, FaultKind::Request(broken) if !matches!(broken, Broken::Topic(_) | Broken::Deny(_)));
    ensure!(on.is_none() || by_path, "{name:?} is no fault of requests: on=TEXT chooses nothing");
    Ok(Fault { kind, when, left, on })
}

fn parse_when(text: &str) -> Result<When> {
    if let Some((from, to)) = text.split_once("..") {
        let from = if from.is_empty() { 0 } else { duration_ms(from)? };
        let to = if to.is_empty() { i64::MAX } else { duration_ms(to)? };
        ensure!(from < to, "{text:?} is an empty window");
        return Ok(When::Between(from, to));
    }
    if let Some((from, period)) = text.split_once('/') {
        let period = duration_ms(period)?;
        ensure!(period >= 50, "a period is at least 50ms");
        return Ok(When::Every(duration_ms(from)?, period));
    }
    Ok(When::Once(duration_ms(text)?))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(specs: &[&str]) -> Faults {
        Faults::new(specs.iter().map(|spec| spec.parse().unwrap()).collect())
    }

    #[test]
    fn every_fault_of_the_table_parses() {
        let mut seen = 0;
        for line in HELP.lines().filter(|line| line.starts_with("- `")) {
            for spec in line.split('`').skip(1).step_by(2).filter(|spec| !spec.starts_with("v2.")) {
                spec.parse::<Fault>().unwrap_or_else(|e| panic!("{e:#}"));
                let name = spec.split(['=', '@']).next().unwrap_or_default();
                assert!(KINDS.contains(&name), "{name}");
                seen += 1;
            }
        }
        assert!(seen > 30, "{seen}");
    }

    #[test]
    fn events_happen_once_or_periodically() {
        let mut f = faults(&["close@10s", "reset@5s/4s"]);
        assert_eq!(f.next_due(), Some(5000));
        assert_eq!(f.due(5000), [TimedFault::Reset]);
        assert_eq!(f.next_due(), Some(9000));
        assert_eq!(f.due(10_000), [TimedFault::Reset, TimedFault::Close]);
        assert_eq!(f.next_due(), Some(13_000));
    }

    #[test]
    fn request_faults_count_and_choose() {
        let mut f = faults(&["500=2,on=/queues", "409=1"]);
        assert!(f.request(0, "GET", "/api/v2/users").is_empty());
        assert_eq!(f.request(0, "GET", "/api/v2/routing/queues"), [Broken::Status(500)]);
        assert_eq!(f.request(0, "GET", "/api/v2/routing/queues").len(), 1);
        assert!(f.request(0, "GET", "/api/v2/routing/queues").is_empty());
        assert_eq!(f.request(0, "PATCH", "/x/attributes"), [Broken::Status(409)]);
        assert!(f.request(0, "PATCH", "/x/attributes").is_empty());
    }

    #[test]
    fn old_reads_are_reads_of_one_conversation() {
        let mut f = faults(&["old-read=1"]);
        let id = "/api/v2/conversations/6b24a5a6-6a2d-4b44-9d3e-1f1f6e4c8b01";
        assert!(f.request(0, "GET", "/api/v2/conversations").is_empty());
        assert!(f.request(0, "PATCH", &format!("{id}/participants/p/attributes")).is_empty());
        assert_eq!(f.request(0, "GET", id), [Broken::OldRead]);
        assert!(f.request(0, "GET", id).is_empty());
    }

    #[test]
    fn states_last_for_their_window() {
        let f = faults(&["silence@10s..20s", "late=2s@5s"]);
        assert!(!f.silent(9_999) && f.silent(10_000) && !f.silent(20_000));
        let mut rng = fastrand::Rng::with_seed(1);
        assert_eq!(f.fate(0, &mut rng).late_ms, 0);
        assert_eq!(f.fate(6000, &mut rng), Fate { copies: 1, late_ms: 2000, overtaken: false });
        assert_eq!(f.fate(12_000, &mut rng).copies, 0);
    }

    #[test]
    fn a_401_is_an_event_or_an_answer() {
        assert_eq!(faults(&["401@10s"]).due(10_000), [TimedFault::ExpireTokens]);
        for spec in ["401=1,on=/queues", "401=on=/queues"] {
            let mut f = faults(&[spec]);
            assert_eq!(f.request(0, "GET", "/api/v2/routing/queues"), [Broken::Status(401)]);
            assert!(f.request(0, "GET", "/api/v2/users").is_empty());
        }
    }

    #[test]
    fn mistakes_are_explained() {
        for (spec, expected) in [
            ("clsoe", "did you mean \"close\"?"),
            ("bogus", "known are close, reset"),
            ("close@x", "\"x\" is not a duration"),
            ("close@5", "duration"),
            ("drop-frames=2", "share"),
            ("500=x", "number"),
            ("deny", "deny=PERMISSION"),
            ("deny=everything", "deny=routing:queue:view"),
            ("close=banana", "takes no argument"),
            ("silence=5s@2s", "takes no argument"),
            ("execution-off=x", "takes no argument"),
            ("close=on=/queues", "chooses nothing"),
            ("403=queues,on=/x", "chooses nothing"),
            ("500=", "is empty"),
            ("500=2,", "is empty"),
            ("500=0", "number"),
            ("500=on=", "on=TEXT"),
            ("slow=1s,2s", "one argument too many"),
            ("", "there is no fault"),
            ("500@", "duration"),
        ] {
            let error = spec.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
