//! Faults on demand: what `--fault SPEC` can break, and when. Pure; time is given as ms since the start of the simulator.
//!
//! A spec is `KIND[=ARG[,ARG…]][@WHEN]`.
//!
//! `WHEN` is an offset (`10s`: once, then; for a state: from then on), a window (`10s..20s`), or an offset with a period
//! (`10s/30s`: again and again). Without it, an event happens at 1 s and a state lasts for the whole run. A request fault
//! takes a number (only the first N requests) and `on=TEXT` (only where `METHOD /path` contains it).
//!
#![doc = include_str!("faults.txt")]

mod parse;
mod schedule;
#[cfg(test)]
mod tests;
mod when;

pub(super) use parse::PERMISSIONS;
pub use schedule::{Fate, Faults};
use when::When;

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

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(spec: &str) -> Result<Self> {
        // In one text: whoever shows the error may show its first words only.
        parse::parse(spec).map_err(|error| anyhow!("{error:#}"))
    }
}
