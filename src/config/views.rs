//! Views of the Calls screen: of the configuration, and those that were saved on the screen.

use super::paths::{open_private, own_private, write_private};
use super::setting::settings_table;
use crate::{format, localfile};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    io::{self, Read},
    path::Path,
};

/// The file of saved views, in the state directory.
const FILE: &str = "views.toml";
/// The file that keeps how the Calls screen looked, by profile.
const LAST: &str = "screen.toml";

settings_table! {
    /// `[view.NAME]`.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
    pub struct View in View, SETTINGS {
        /// which calls the view shows, as a filter expression
        filter: String, "all calls", "\"!customer_tier\"";
        /// attribute keys shown as columns, in order
        columns: Vec<String>, "chosen from the keys of the calls", "[\"customer_tier\"]";
        /// sort by age, activity, at, to, from or media
        sort: SortBy, "age", "\"activity\"";
        /// sort by the value of this key instead
        sort_key: String, "by `sort`", "\"customer_tier\"";
        /// reverse the sort
        reverse: bool, "false", "false";
        /// hide calls that have ended
        hide_ended: bool, "false", "false";
        /// widths of attribute columns
        widths: BTreeMap<String, u16>, "as wide as the values", "{ customer_tier = 20 }";
    }
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

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Last {
    profile: Views,
}

/// What a file of the state directory holds; nothing while it is not there.
fn read<T: Default + serde::de::DeserializeOwned>(path: &Path) -> io::Result<T> {
    let file = match open_private(std::fs::OpenOptions::new().read(true), path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(T::default()),
        Err(e) => return Err(e),
    };
    let mut text = String::new();
    if file.take(localfile::SMALL + 1).read_to_string(&mut text)? as u64 > localfile::SMALL {
        return Err(io::Error::other("too large"));
    }
    toml::from_str(&text).map_err(io::Error::other)
}

fn write(state: &Path, file: &str, what: &impl Serialize) -> io::Result<()> {
    write_private(&state.join(file), format::toml::document(what)?.as_bytes(), true)
}

/// The views that were saved; none when there is no file yet.
///
/// # Errors
/// The file cannot be read, or is none of ours.
pub fn saved_views(state: &Path) -> io::Result<Views> {
    read::<Saved>(&state.join(FILE)).map(|saved| saved.view)
}

/// Adds a view to those that were saved, or replaces the one of this name.
///
/// # Errors
/// The file cannot be read or written; then it stays as it was.
pub fn save_view(state: &Path, name: &str, view: View) -> io::Result<()> {
    own_private(state)?;
    let mut saved = Saved { view: saved_views(state)? };
    saved.view.insert(name.to_owned(), view);
    write(state, FILE, &saved)
}

/// Removes the view of this name, if there is one.
///
/// # Errors
/// Those of [`save_view`].
pub fn delete_view(state: &Path, name: &str) -> io::Result<()> {
    let mut saved = Saved { view: saved_views(state)? };
    match saved.view.remove(name) {
        Some(_) => write(state, FILE, &saved),
        None => Ok(()),
    }
}

/// How the Calls screen looked last in this profile.
///
/// # Errors
/// The file cannot be read, or is none of ours.
pub fn remembered(state: &Path, profile: &str) -> io::Result<Option<View>> {
    read::<Last>(&state.join(LAST)).map(|mut last| last.profile.remove(profile))
}

/// Keeps how the Calls screen looks in this profile.
///
/// # Errors
/// The file cannot be read or written; then it stays as it was.
pub fn remember(state: &Path, profile: &str, view: View) -> io::Result<()> {
    own_private(state)?;
    let mut last: Last = read(&state.join(LAST))?;
    last.profile.insert(profile.to_owned(), view);
    write(state, LAST, &last)
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

    #[test]
    fn the_last_look_is_kept_by_profile_and_views_go_when_deleted() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        assert_eq!(remembered(&state, "acme").unwrap(), None);
        let look = View {
            columns: Some(vec!["a b".into(), "tier".into()]),
            sort_key: Some("tier".into()),
            reverse: Some(true),
            hide_ended: Some(true),
            widths: Some([("tier".to_owned(), 20)].into()),
            ..View::default()
        };
        remember(&state, "acme", look.clone()).unwrap();
        remember(&state, "other \"org\"", View::default()).unwrap();
        assert_eq!(remembered(&state, "acme").unwrap(), Some(look));
        assert_eq!(remembered(&state, "other \"org\"").unwrap(), Some(View::default()));
        save_view(&state, "a", View::default()).unwrap();
        save_view(&state, "b", View::default()).unwrap();
        delete_view(&state, "a").unwrap();
        delete_view(&state, "none").unwrap();
        assert_eq!(saved_views(&state).unwrap().keys().collect::<Vec<_>>(), ["b"]);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&state.join(LAST).metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
