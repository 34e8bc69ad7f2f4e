//! The heart, pure: conversations, participants and attributes, and what can be said about them. No I/O, no serde, no
//! clock: time comes in as [`At`].

mod change;
mod conversation;
mod ids;
mod time;
mod update;
mod value;

pub use change::*;
pub use conversation::*;
pub use ids::*;
pub use time::At;
pub use update::*;
pub use value::*;
