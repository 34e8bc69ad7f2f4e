//! The README's key table is made from the table of actions.

use crate::support::assert_section;

#[test]
fn the_readme_lists_every_key() {
    assert_section("README.md", "keys", &sidetone::app::keymap::markdown());
}
