//! A picture of the screen, from the cells that were drawn: as text, or as SVG that needs nothing but a viewer.

mod cover;
mod lines;
mod palette;

pub use cover::cover;
pub use palette::{DARK, LIGHT, Palette};

use crate::format::{harmless, svg::Picture};
use ratatui::{
    buffer::{Buffer, Cell},
    style::Modifier,
};
use std::fmt::Display;
use unicode_width::UnicodeWidthStr;

/// Size of one cell, and of the frame around the screen, in the picture's units.
const CELL_WIDTH: f64 = 8.4;
const CELL_HEIGHT: f64 = 18.0;
const BASELINE: f64 = 13.6;
const FONT_SIZE: f64 = 14.0;
const MARGIN: f64 = 12.0;
const FONTS: &str = "'DejaVu Sans Mono',ui-monospace,'Cascadia Mono',Menlo,Consolas,'Liberation Mono',monospace";

/// The screen as lines of text, without the blanks at their ends.
pub fn text(screen: &Buffer) -> String {
    let mut out = String::new();
    for y in rows(screen) {
        let start = out.len();
        for (_, cell) in cells(screen, y) {
            out.push_str(cell.symbol());
        }
        out.truncate(start + out[start..].trim_end().len());
        out.push('\n');
    }
    harmless(out)
}

/// The screen as an SVG picture.
pub fn svg(screen: &Buffer, palette: &Palette) -> String {
    let width = f64::from(screen.area.width) * CELL_WIDTH + 2.0 * MARGIN;
    let height = f64::from(screen.area.height) * CELL_HEIGHT + 2.0 * MARGIN;
    let (width, height) = (short(width), short(height));
    let picture = Picture::new(&[
        ("viewBox", &format_args!("0 0 {width} {height}")),
        ("width", &width),
        ("height", &height),
        ("font-family", &FONTS),
        ("font-size", &FONT_SIZE),
    ]);
    let mut svg = Svg { picture, palette };
    let background = &palette.background;
    svg.picture.element("rect", &[("width", &"100%"), ("height", &"100%"), ("rx", &8), ("fill", background)]);
    svg.picture.open("g", &[("transform", &format_args!("translate({MARGIN} {MARGIN})"))]);
    for y in rows(screen) {
        svg.row(screen, y);
    }
    svg.picture.close("g");
    svg.picture.finish()
}

fn rows(screen: &Buffer) -> std::ops::Range<u16> {
    screen.area.top()..screen.area.bottom()
}

/// The cells of a row that were drawn; a cell that a wide character covers is left out.
fn cells(screen: &Buffer, y: u16) -> impl Iterator<Item = (u16, &Cell)> {
    let mut covered = 0;
    (screen.area.left()..screen.area.right()).filter_map(move |x| {
        if covered > 0 {
            covered -= 1;
            return None;
        }
        let cell = &screen[(x, y)];
        covered = cell.symbol().width().saturating_sub(1);
        Some((x - screen.area.left(), cell))
    })
}

/// How a run of cells is drawn.
#[derive(Clone, PartialEq)]
struct RunStyle {
    ink: String,
    background: Option<String>,
    modifier: Modifier,
}

struct Svg<'p> {
    picture: Picture,
    palette: &'p Palette,
}

impl Svg<'_> {
    fn row(&mut self, screen: &Buffer, y: u16) {
        let top = f64::from(y - screen.area.top()) * CELL_HEIGHT;
        let cells: Vec<(u16, &Cell, RunStyle)> = cells(screen, y).map(|(x, cell)| (x, cell, self.look(cell))).collect();
        for run in cells.chunk_by(|a, b| a.2.background == b.2.background) {
            if let ([(from, ..), ..], Some(background)) = (run, &run[0].2.background) {
                let columns: usize = run.iter().map(|(_, cell, _)| cell.symbol().width().max(1)).sum();
                self.picture.element(
                    "rect",
                    &[
                        ("x", &short(f64::from(*from) * CELL_WIDTH)),
                        ("y", &short(top)),
                        ("width", &short(columns as f64 * CELL_WIDTH)),
                        ("height", &CELL_HEIGHT),
                        ("fill", background),
                    ],
                );
            }
        }
        // A word of plain letters is set as one text of known length, so that it fits its cells in every font. Lines
        // and blocks are drawn, so that they meet; anything else stands alone in its cell.
        let joins =
            |a: &(u16, &Cell, RunStyle), b: &(u16, &Cell, RunStyle)| a.2 == b.2 && is_plain(a.1) && is_plain(b.1);
        for run in cells.chunk_by(joins) {
            let [(x, first, look), ..] = run else { continue };
            let left = f64::from(*x) * CELL_WIDTH;
            if let Some(path) = lines::path(first.symbol(), left, top, CELL_WIDTH, CELL_HEIGHT) {
                self.picture.element("path", &[("d", &path), ("fill", &look.ink)]);
                continue;
            }
            let text: String = run.iter().map(|(_, cell, _)| cell.symbol()).collect();
            if text.trim().is_empty() && !look.modifier.contains(Modifier::UNDERLINED) {
                continue;
            }
            let columns: usize = run.iter().map(|(_, cell, _)| cell.symbol().width().max(1)).sum();
            self.text(left, top, columns, &text, look);
        }
    }

    fn text(&mut self, left: f64, top: f64, columns: usize, text: &str, look: &RunStyle) {
        let has = |modifier| look.modifier.contains(modifier);
        let trimmed = text.trim_end();
        let (text, columns) = match has(Modifier::UNDERLINED) {
            true => (text, columns),
            false => (trimmed, columns.saturating_sub(text[trimmed.len()..].width())),
        };
        let (x, y, length) = (short(left), short(top + BASELINE), short(columns as f64 * CELL_WIDTH));
        let mut attributes: Vec<(&str, &dyn Display)> = vec![
            ("x", &x),
            ("y", &y),
            ("textLength", &length),
            ("lengthAdjust", &"spacingAndGlyphs"),
            ("xml:space", &"preserve"),
            ("fill", &look.ink),
        ];
        for (modifier, name, value) in [
            (Modifier::BOLD, "font-weight", &"700" as &dyn Display),
            (Modifier::ITALIC, "font-style", &"italic"),
            (Modifier::UNDERLINED, "text-decoration", &"underline"),
            (Modifier::CROSSED_OUT, "text-decoration", &"line-through"),
        ] {
            // One attribute of a name: underlined goes before struck out.
            if has(modifier) && attributes.iter().all(|(there, _)| *there != name) {
                attributes.push((name, value));
            }
        }
        self.picture.text("text", &attributes, text);
    }

    fn look(&self, cell: &Cell) -> RunStyle {
        let palette = self.palette;
        let mut ink = palette.ink(cell.fg);
        let mut background = palette.background(cell.bg);
        if cell.modifier.contains(Modifier::REVERSED) {
            let back = background.take().unwrap_or_else(|| palette.background.to_owned());
            background = Some(std::mem::replace(&mut ink, back));
        }
        if cell.modifier.contains(Modifier::DIM) {
            ink = palette::blend(&ink, background.as_deref().unwrap_or(palette.background));
        }
        if cell.modifier.contains(Modifier::HIDDEN) {
            ink = background.clone().unwrap_or_else(|| palette.background.to_owned());
        }
        RunStyle { ink, background, modifier: cell.modifier - (Modifier::DIM | Modifier::REVERSED | Modifier::HIDDEN) }
    }
}

fn is_plain(cell: &Cell) -> bool {
    let mut bytes = cell.symbol().bytes();
    matches!((bytes.next(), bytes.next()), (Some(0x21..0x7f), None))
}

/// A coordinate without digits that no eye sees.
fn short(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
