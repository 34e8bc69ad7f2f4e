//! Why a key is there, missing or changed on a call: the flow's paths, what the flow executed, and what the stream showed,
//! joined into one answer.
//!
//! Pure. `execution` reads the platform's record of a run, `steps` lays a run over the flow's definition, `cause` joins
//! both with the call. An answer is never more certain than its evidence: the record of a run names no participant, so on
//! whom a key was written is never certain from it.

pub(crate) mod answer;
pub(crate) mod cause;
pub(crate) mod coverage;
pub(crate) mod execution;
mod parting;
pub(crate) mod replay;
mod steps;
#[cfg(test)]
mod tests;
pub(crate) mod trunk;

pub(crate) use answer::{Certainty, Verdict, WhyAnswer};
pub(crate) use cause::{FlowRun, Gathered, KnownCall, Question, changes, explain};
