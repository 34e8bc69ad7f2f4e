//! What the integration tests share.

mod program;

pub use program::Program;
