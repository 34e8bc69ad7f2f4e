//! Mistakes in a file of settings, with their line and the nearest right key.

use std::fmt;
use toml::de::DeTable;

/// Something wrong in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, counted from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// The line, counted from 1, that holds the byte at `offset`.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count()
}

/// Notes the keys of a table that are not among the `known` ones. `section`: where it stands, for the message.
pub(crate) fn check_keys(text: &str, table: &DeTable<'_>, known: &[&str], section: &str, problems: &mut Vec<Problem>) {
    for key in table.keys() {
        let name: &str = key.get_ref();
        if known.contains(&name) {
            continue;
        }
        let secret = name.replace('-', "_").to_lowercase();
        let remedy = if ["client_secret", "secret", "access_token", "token", "password"].contains(&secret.as_str()) {
            "secrets do not belong in this file: use client_secret_command, GENESYS_CLIENT_SECRET or 'sidetone login'"
                .to_owned()
        } else {
            match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("known are {}", known.join(", ")),
            }
        };
        let line = line_of(text, key.span().start);
        problems.push(Problem { line, message: format!("unknown key {name:?}{section}; {remedy}") });
    }
}

/// The candidate that `word` is most likely a misspelling of, if any is near enough.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase().replace('-', "_");
    candidates
        .map(|c| (strsim::jaro_winkler(&folded, &c.to_lowercase().replace('-', "_")), c))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}
