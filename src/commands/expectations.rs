//! The expectation file that an option names.

use crate::{
    config::Problem,
    domain::expect::Expectation,
    exit::{Exit, Failure},
    expectfile, localfile,
};
use std::path::Path;

/// Reads an expectation file; every mistake with its line.
pub fn load(path: &Path) -> Result<Vec<Expectation>, Failure> {
    let shown = path.display();
    let text =
        localfile::read_to_string(path, localfile::SMALL).map_err(|e| Exit::Usage.because(format!("{shown}: {e}")))?;
    expectfile::parse(&text).map_err(|problems| {
        let line = |p: &Problem| format!("{shown}:{}: {}", p.line, p.message);
        Exit::Usage.because(problems.iter().map(line).collect::<Vec<_>>().join("\n"))
    })
}
