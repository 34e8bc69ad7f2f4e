//! One writer for each form of text that leaves the program: CSV, HTML, Markdown, Prometheus text, SVG, TOML; JSON is [`crate::ndjson`].
//!
//! Texts from outside go in through a writer's own functions, which make them harmless in that form; and what comes out has
//! passed [`harmless`], so that no character of it can control a terminal or reorder a line, whoever wrote it.

pub(crate) mod csv;
pub(crate) mod html;
pub(crate) mod markdown;
pub(crate) mod prometheus;
pub(crate) mod svg;
pub(crate) mod toml;

use crate::domain::text::visible_lines;

/// The whole document with every character drawn that must not be there as it is. Line feeds stay.
pub(crate) fn harmless(document: String) -> String {
    match visible_lines(&document) {
        std::borrow::Cow::Borrowed(_) => document,
        std::borrow::Cow::Owned(drawn) => drawn,
    }
}
