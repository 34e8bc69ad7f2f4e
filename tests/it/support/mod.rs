//! What the integration tests share.

mod docs;
mod program;

pub use docs::assert_section;
pub use program::Program;
