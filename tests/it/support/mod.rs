//! What the integration tests share.

mod center;
mod docs;
mod program;
pub mod sim;

/// How much of a long test is run: all with `SIDETONE_FULL=1`, this much by a variable of its own, else a little.
pub fn count(variable: &str, little: usize, all: usize) -> usize {
    let named = std::env::var(variable).ok().and_then(|n| n.parse().ok());
    let full = std::env::var("SIDETONE_FULL").is_ok_and(|full| full == "1");
    named.unwrap_or(if full { all } else { little })
}

pub use center::Center;
pub use docs::assert_section;
pub use program::{Output, Program};
