//! What the integration tests share.

mod docs;
mod program;
pub mod sim;

pub use docs::assert_section;
pub use program::Program;
