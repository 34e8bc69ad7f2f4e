//! What the documents say of keys is made from the table of actions.

use crate::support::assert_section;
use sidetone::app::keymap::{self, BINDINGS};

#[test]
fn the_page_of_keys_is_made_from_the_table() {
    assert_section("docs/keys.md", "keys", &keymap::markdown());
}

/// Read from the page, whatever made it.
#[test]
fn the_page_of_keys_lists_every_binding() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md")).expect("docs/keys.md");
    let rows: Vec<Vec<&str>> =
        page.lines().map(|line| line.split(" | ").map(|c| c.trim_matches(['|', ' '])).collect()).collect();
    for binding in BINDINGS {
        let is_row = |row: &Vec<&str>| {
            let [place, keys, action, help] = row[..] else { return false };
            place == binding.scope.title()
                && binding.keys.iter().all(|key| keys.split(' ').any(|shown| shown == format!("`{key}`")))
                && action == format!("`{}`", binding.action)
                && help == binding.help
        };
        assert!(rows.iter().any(is_row), "docs/keys.md has no row for {} on {}", binding.action, binding.scope.title());
    }
}

#[test]
fn the_readme_lists_the_everyday_keys() {
    assert_section("README.md", "keys", &keymap::everyday());
}
