//! Pictures of the screens, as text and as a digest of styles, and every size from nothing up.

mod answers;
mod call;
mod calls;
mod customers;
mod decisions;
mod findings;
mod flow;
mod flow_calls;
mod hints;
mod hostile;
mod link;
mod popups;
mod replay;
mod room;
mod since;
mod sizes;
mod state;
mod stored;
mod timeline;
mod why;
mod words;

use super::{Theme, view};
use crate::app::testing::{Desk, leg};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use std::fmt::Write as _;

const ID: &str = "7c1e0000-0000-4000-8000-000000000042";

fn draw(desk: &mut Desk, theme: Theme) -> Buffer {
    desk.model.prepare(desk.at);
    let bar = if desk.model.replay.is_some() { crate::app::layout::BAR } else { 0 };
    let size = desk.model.size;
    let mut buf = Buffer::empty(Rect { height: size.height + bar, ..size });
    view(&desk.model, theme, &mut buf);
    buf
}

/// The text.
fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buf.area.height {
        let mut x = 0;
        let mut line = String::new();
        while x < buf.area.width {
            let cell = &buf[(x, y)];
            line.push_str(cell.symbol());
            x += unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1) as u16;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The text, then every run of cells that is not in the plain style.
fn picture(buf: &Buffer) -> String {
    let mut out = text(buf);
    out.push_str("--\n");
    for y in 0..buf.area.height {
        let mut x = 0;
        while x < buf.area.width {
            let style = buf[(x, y)].style();
            let start = x;
            while x < buf.area.width && buf[(x, y)].style() == style {
                x += 1;
            }
            if let Some(words) = words(style) {
                let text: String = (start..x).map(|x| buf[(x, y)].symbol()).collect();
                if !text.trim().is_empty() && !text.starts_with("──") {
                    _ = writeln!(out, "{y:>2} {words:<12} {}", text.trim());
                }
            }
        }
    }
    out
}

fn words(style: Style) -> Option<String> {
    use ratatui::style::{Color, Modifier as M};
    let mut words = Vec::new();
    if let Some(color) = style.fg.filter(|c| *c != Color::Reset) {
        words.push(format!("{color:?}").to_lowercase());
    }
    let loud = style.add_modifier & (M::BOLD | M::REVERSED | M::UNDERLINED | M::ITALIC);
    if !loud.is_empty() {
        words.push(format!("{loud:?}").to_lowercase());
    }
    (!words.is_empty()).then(|| words.join("+"))
}

fn changed(desk: &mut Desk) {
    desk.wait(1000);
    let legs = vec![
        leg("c", "customer", "Indianapolis IN", &[("customer_tier", "platinum"), ("language", "en-US")])
            .from("tel:+15550102231"),
        leg("i", "ivr", "MainIVR", &[("ivr_choice", "1")]),
    ];
    desk.call("00000000-1111-4222-8333-444455556666", 40, legs);
}

/// The configuration of the flow of the calls is here already.
fn flow_is_read(desk: &mut Desk) {
    static READ: std::sync::LazyLock<crate::app::flow::Definition> = std::sync::LazyLock::new(|| {
        let text = include_str!("../../assets/flows/main-ivr.json");
        crate::app::flow::Definition::read(text, None).expect("a flow")
    });
    let definition = READ.clone();
    desk.model.flow.name = Some("MainIVR".into());
    desk.tell(crate::app::Msg::FlowRead("MainIVR".into(), Ok(definition)));
}

/// What is on the screen, without the styles.
fn shown(desk: &mut Desk) -> String {
    text(&draw(desk, Theme::Mono))
}

fn rows(desk: &mut Desk) -> Vec<String> {
    shown(desk).lines().map(str::to_owned).collect()
}
