//! Every size from nothing up.

use super::{Theme, changed, draw, flow_is_read, picture};
use crate::app::testing::Desk;
use ratatui::layout::Rect;

#[test]
fn every_size_draws_every_screen() {
    let tiny = (1..=40u16).flat_map(|w| (1..=20u16).map(move |h| (w, h)));
    let sizes: Vec<_> = tiny.chain([(60, 16), (61, 17), (80, 16), (100, 16), (300, 100), (60, 200)]).collect();
    for keys in [
        "",
        "<tab>",
        "<tab>/x",
        "d",
        "<enter>",
        "<enter>m",
        "<enter>e",
        "<enter>e!<enter>",
        "<enter>ak",
        "<enter>Y",
        "<enter>C",
        "<enter>e!<esc>D",
        "<enter>pa=1",
        "<enter>e!<esc>wx~[",
        "?",
        ":",
        "c",
        "/x~[",
        "f",
        "fx~[",
        "t",
        "F",
        "Fc",
        "F<enter>",
        "Fo",
        "Ft<space><space>",
        "v<down>v",
        "B",
        "Ba/x~[",
    ] {
        let mut desk = Desk::busy(120, 36);
        flow_is_read(&mut desk);
        desk.keys(keys);
        changed(&mut desk);
        for (width, height) in &sizes {
            desk.tell(crate::app::Msg::Resize(*width, *height));
            draw(&mut desk, Theme::Terminal);
        }
    }
}

#[test]
fn a_size_that_changes_under_an_overlay_draws() {
    for keys in ["<enter>e!", "<enter>e!<enter>", "?", ":", "c", "/"] {
        let mut desk = Desk::busy(200, 60);
        desk.keys(keys);
        for (w, h) in [(60, 16), (1, 1), (120, 36), (61, 60)] {
            desk.tell(crate::app::Msg::Resize(w, h));
            draw(&mut desk, Theme::Terminal);
        }
    }
}

#[test]
fn too_small_says_how_large_it_must_be() {
    let mut desk = Desk::new(59, 20);
    let text = picture(&draw(&mut desk, Theme::Terminal));
    assert!(text.contains("at least 60x16"), "{text}");
    assert_eq!(Rect::new(0, 0, 59, 20), desk.model.size);
}
