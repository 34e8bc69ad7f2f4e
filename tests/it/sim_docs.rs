//! The simulator's page is made from the program's tables.

use crate::support::assert_section;

#[test]
fn the_page_lists_every_operation_and_topic() {
    assert_section("docs/simulator.md", "operations", &sidetone::sim::tables::operations());
    assert_section("docs/simulator.md", "topics", &sidetone::sim::tables::all_topics());
}

#[test]
fn the_page_lists_every_fault() {
    assert_section("docs/simulator.md", "faults", &format!("{}\n", sidetone::sim::faults::HELP.trim_end()));
}
