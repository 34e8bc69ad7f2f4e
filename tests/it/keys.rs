//! What the documents say of keys is made from the table of actions.

use crate::support::assert_section;
use sidetone::app::keymap;

#[test]
fn the_page_of_keys_lists_every_key() {
    assert_section("docs/keys.md", "keys", &keymap::markdown());
}

#[test]
fn the_readme_lists_the_everyday_keys() {
    assert_section("README.md", "keys", &keymap::everyday());
}
