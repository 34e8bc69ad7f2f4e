//! What tests of all modules share.

/// How much of a long test is run: all with `SIDETONE_FULL=1`, this much by a variable of its own, else a little.
pub(crate) fn count(variable: &str, little: u32, all: u32) -> u32 {
    let named = std::env::var(variable).ok().and_then(|n| n.parse().ok());
    let full = std::env::var("SIDETONE_FULL").is_ok_and(|full| full == "1");
    named.unwrap_or(if full { all } else { little })
}
