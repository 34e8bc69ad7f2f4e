//! Flows, read as graphs and run on this machine.
//!
//! Pure: text in, answers out. A flow file comes in one of several forms ([`model::FlowFileForm`]); [`read`] turns any of them into
//! a [`model::Flow`], on which [`keys`](keys::keys) lists what is set and read.

pub mod actions;
pub mod diff;
pub mod edit;
pub mod expr;
pub(crate) mod graph;
pub mod input;
pub mod keys;
pub mod losses;
pub mod model;
mod read;
pub mod run;
pub mod sample;
mod unset;
pub mod value;

pub use read::{FlowDocument, ReadError, export, open, read};
