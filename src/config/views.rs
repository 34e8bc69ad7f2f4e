//! Views of the Calls screen: of the configuration, and those that were saved on the screen.

use super::paths::{open_private, own_private, write_private};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::Path,
};

/// The file of saved views, in the state directory.
const FILE: &str = "views.toml";

/// `[view.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct View {
    /// Which calls, as a filter expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Attribute keys shown as columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// By what the rows are ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<SortBy>,
    /// The same order the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reverse: Option<bool>,
}

/// Orders that have a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SortBy {
    /// When the call began.
    #[default]
    Age,
    /// When something about it changed last.
    Activity,
    /// Where it is.
    At,
    /// Queue or flow.
    To,
    /// Who is calling.
    From,
    /// The medium.
    Media,
}

/// Views by name.
pub type Views = BTreeMap<String, View>;

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Saved {
    view: Views,
}

/// The views that were saved; none when there is no file yet.
///
/// # Errors
/// The file cannot be read, or is none of ours.
pub fn saved_views(state: &Path) -> io::Result<Views> {
    match read(&state.join(FILE)) {
        Ok(text) => toml::from_str::<Saved>(&text).map(|saved| saved.view).map_err(io::Error::other),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Views::new()),
        Err(e) => Err(e),
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    open_private(std::fs::OpenOptions::new().read(true), path)?.read_to_string(&mut text)?;
    Ok(text)
}

/// Adds a view to those that were saved, or replaces the one of this name.
///
/// # Errors
/// The file cannot be read or written; then it stays as it was.
pub fn save_view(state: &Path, name: &str, view: View) -> io::Result<()> {
    own_private(state)?;
    let mut saved = Saved { view: saved_views(state)? };
    saved.view.insert(name.to_owned(), view);
    let text = toml::to_string(&saved).map_err(io::Error::other)?;
    write_private(&state.join(FILE), text.as_bytes(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_kept_and_replaced_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        assert_eq!(saved_views(&state).unwrap(), Views::new());
        let view = |filter: &str| View { filter: Some(filter.into()), sort: Some(SortBy::Activity), ..View::default() };
        save_view(&state, "no \"tier\"", view("!customer_tier")).unwrap();
        save_view(&state, "b", view("gold")).unwrap();
        save_view(&state, "b", view("silver")).unwrap();
        let kept = saved_views(&state).unwrap();
        assert_eq!(kept["no \"tier\""], view("!customer_tier"));
        assert_eq!(kept["b"], view("silver"));
        std::fs::write(state.join(FILE), "view = 1").unwrap();
        assert!(save_view(&state, "c", view("x")).is_err());
        assert_eq!(std::fs::read_to_string(state.join(FILE)).unwrap(), "view = 1", "nothing is lost");
    }

    #[cfg(unix)]
    #[test]
    fn saved_views_are_not_read_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("theirs"), "[view.x]\nfilter = 'gold'\n").unwrap();
        std::os::unix::fs::symlink(dir.path().join("theirs"), dir.path().join(FILE)).unwrap();
        assert!(saved_views(dir.path()).unwrap_err().to_string().contains("is a link"));
    }
}
