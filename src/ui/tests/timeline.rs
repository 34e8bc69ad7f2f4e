//! Pictures of the Timeline screen.

use super::{ID, Theme, changed, draw, picture};
use crate::app::testing::Desk;

#[test]
fn timeline() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::busy(width, height);
        desk.keys("<tab>");
        changed(&mut desk);
        desk.wait(5000);
        desk.customer(ID, &[("customer_tier", "gold"), ("note", "first")]);
        desk.wait(1000);
        desk.customer(ID, &[("customer_tier", ""), ("card", "4111 1111 1111 1111"), ("evil", "\u{1b}[31m")]);
        insta::assert_snapshot!(format!("timeline-{width}x{height}"), picture(&draw(&mut desk, Theme::Terminal)));
    }
}
