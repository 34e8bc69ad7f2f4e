//! Pictures of the Flow screen.

use super::{ID, Theme, call, draw, flow_is_read, picture};
use crate::app::testing::Desk;

#[test]
fn flow() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        for (name, keys) in
            [("keys", "F<down>"), ("asks", "F<space><space><space><space>"), ("run", "F<space>t<space><space><space>")]
        {
            let mut desk = Desk::busy(width, height);
            flow_is_read(&mut desk);
            desk.keys(keys);
            let buf = draw(&mut desk, Theme::Terminal);
            insta::assert_snapshot!(format!("flow-{name}-{width}x{height}"), picture(&buf));
        }
    }
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let mut desk = Desk::with(width, height, call::expecting());
        desk.customer(ID, &[("tier", "gold")]);
        flow_is_read(&mut desk);
        desk.keys("F<space>t");
        for _ in 0..30 {
            desk.keys("<space>");
        }
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains("End: "), "{shown}");
        assert!(shown.contains("✗ customer_tier never set: ") && shown.contains(" timed out"), "{width}\n{shown}");
        let text = shown.split("--\n").next().unwrap_or_default();
        assert!(text.contains("other key never set: priority") && text.contains("3 keys set"), "{width}\n{shown}");
    }
    let mut desk = Desk::busy(100, 30);
    desk.keys("F");
    let why = "GET /api/v2/flows: 403 missing.permissions. Reading a flow needs architect:flow:view.";
    desk.tell(crate::app::Msg::FlowRead("MainIVR".into(), Err(why.into())));
    insta::assert_snapshot!("flow-refused", picture(&draw(&mut desk, Theme::Terminal)));
}
