//! The program, pure: what is on the screen, what may happen to it, and what is to be done about it.
//!
//! [`update`] takes one [`Msg`] and returns the [`Effect`]s that the shell performs; [`Model::prepare`] brings what is derived
//! (rows, widths, scroll) up to date once before a draw. Nothing here reads a clock, a file or a socket.

pub mod call;
pub mod calls;
mod cells;
pub mod compare;
mod conditions;
pub mod copy;
pub mod diagnose;
pub mod editor;
pub mod effect;
pub mod export;
pub mod external;
pub mod flow;
pub mod fresh;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod model;
pub mod msg;
pub mod notice;
pub mod places;
pub mod popups;
pub mod rate;
pub mod recording;
pub mod replay;
pub mod rows;
pub mod screen;
pub mod settings;
pub mod signin;
pub mod since;
#[cfg(test)]
pub(crate) mod testing;
pub mod timeline;
pub mod topics;
pub mod unkept;
mod update;
pub mod views;
pub mod why;

pub use effect::{AppExit, Effect};
pub use model::Model;
pub use model::question::STANDS;
pub use msg::Msg;
pub use update::update;
