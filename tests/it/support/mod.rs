//! What the integration tests share.

mod center;
mod docs;
mod program;
pub mod sim;

pub use center::Center;
pub use docs::assert_section;
pub use program::{Output, Program};
