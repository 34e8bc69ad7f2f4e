//! The history store: what was seen of calls, kept beyond the session, so that "since when is this key missing?" has an
//! answer.
//!
//! Kept of a call: ids, medium, queue names, flow and version, milestones with times, and for each key on each
//! participant when it was first and last seen, whether it was there at each milestone, its kind, how often it changed
//! and a salted hash of its value. Values themselves are kept only for keys that the operator named.
//!
//! ```text
//! CallRecord ─ writer (one thread, bounded queue) ─ ingest (one transaction) ─┬─ calls: one packed record a call
//!                                                                            └─ daily counts, by flow version and key
//! since ─ daily counts, then a short scan of calls for the first missing and the last present one
//! ```
//!
//! SQLite and PostgreSQL run the same statements (`database`); only opening, and how many rows go at once, differ.

pub(crate) mod alarm;
pub(crate) mod database;
mod error;
pub(crate) mod ingest;
pub(crate) mod keeper;
pub(crate) mod lease;
pub(crate) mod manage;
mod pack;
pub(crate) mod presence;
pub(crate) mod record;
mod schema;
pub(crate) mod seeds;
pub(crate) mod since;
#[cfg(test)]
mod tests;
pub(crate) mod tracker;
pub(crate) mod writer;

pub(crate) use error::StoreError;
pub(crate) use schema::{Location, Store};
