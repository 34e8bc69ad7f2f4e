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
pub(crate) use cause::{Gathered, GatheredRun, KnownCall, WhyQuestion, changes, explain};
pub(crate) use parting::Leads;

/// Why no run of a flow is recorded, where nothing says which of the reasons it is. Shortly after a flow's end its record is not there
/// yet.
pub(crate) const NO_RUN: &str = "no run of a flow is recorded for this call: the flow was not published since execution data was \
     switched on, its log level is off, the record is not there yet, or the call is older than 10 days";
