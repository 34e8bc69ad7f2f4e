//! The heart, pure: conversations, participants and attributes, and what can be said about them. No I/O, no serde, no
//! clock: time comes in as [`At`].

pub mod alert;
mod attributes;
mod board;
mod call_state;
mod change;
mod claimed;
pub(crate) mod compare;
mod conversation;
mod delta;
pub(crate) mod duration;
mod edit_fact;
pub(crate) mod editing;
pub mod expect;
pub mod filter;
pub mod findings;
mod flow_run;
mod history;
mod ids;
pub(crate) mod journey;
pub(crate) mod json;
pub(crate) mod learn;
mod link;
pub mod mask;
pub mod monitor;
mod names;
pub mod outbox;
pub(crate) mod presence;
mod snapshot;
mod suspect;
#[cfg(test)]
pub(crate) mod testing;
pub mod text;
mod time;
mod trap;
pub(crate) mod typed;
mod update;
mod value;

pub use attributes::*;
pub use board::*;
pub use call_state::CallState;
pub use change::*;
pub use claimed::{Claimed, SentEdit};
pub use conversation::*;
pub use delta::*;
pub use flow_run::{FlowFact, FlowRun, FlowSource, plain_version};
pub use history::*;
pub use ids::*;
pub use link::{Barrier, Link};
pub use names::*;
pub use snapshot::*;
pub use time::{At, Moment};
pub use trap::Trap;
pub use update::*;
pub use value::*;
