//! Sidetone: a live participant inspector for Genesys Cloud, in the terminal.

pub mod domain;
pub mod genesys;
pub mod recording;
