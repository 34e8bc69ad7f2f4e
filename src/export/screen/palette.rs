//! What a terminal's colours look like in a picture.

use ratatui::style::Color;

/// A terminal's colours, as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Behind everything.
    pub background: &'static str,
    /// Text without a colour of its own.
    pub foreground: &'static str,
    /// The sixteen colours, in the terminal's order.
    pub colors: [&'static str; 16],
}

/// A dark terminal.
pub const DARK: Palette = Palette {
    background: "#16191d",
    foreground: "#d7dbe0",
    colors: [
        "#2a2f36", "#f2777a", "#8fc98b", "#f0c674", "#7aa6da", "#c397d8", "#63c5cf", "#c8cdd3", //
        "#6b7480", "#ff8f91", "#a6dca2", "#ffd98c", "#98bff0", "#d8b0ea", "#85dbe4", "#ffffff",
    ],
};

/// A light terminal.
pub const LIGHT: Palette = Palette {
    background: "#fdfdfc",
    foreground: "#23272d",
    colors: [
        "#23272d", "#b3261e", "#2c7a33", "#8a5a00", "#1f5fae", "#7d3c98", "#0b6e7d", "#7d858f", //
        "#8b939d", "#d0453c", "#3d9445", "#a8740f", "#2f78cf", "#9a55b5", "#16899b", "#e9ebee",
    ],
};

impl Palette {
    /// The colour of text. Bold does not brighten it: terminals differ, and the weight is shown.
    pub(super) fn ink(&self, color: Color) -> String {
        self.hex(color).unwrap_or_else(|| self.foreground.to_owned())
    }

    /// The colour behind text; `None` for the screen's own.
    pub(super) fn background(&self, color: Color) -> Option<String> {
        self.hex(color)
    }

    fn hex(&self, color: Color) -> Option<String> {
        let index = match color {
            Color::Reset => return None,
            Color::Rgb(r, g, b) => return Some(rgb(r, g, b)),
            Color::Indexed(index) => index,
            Color::Black => 0,
            Color::Red => 1,
            Color::Green => 2,
            Color::Yellow => 3,
            Color::Blue => 4,
            Color::Magenta => 5,
            Color::Cyan => 6,
            Color::Gray => 7,
            Color::DarkGray => 8,
            Color::LightRed => 9,
            Color::LightGreen => 10,
            Color::LightYellow => 11,
            Color::LightBlue => 12,
            Color::LightMagenta => 13,
            Color::LightCyan => 14,
            Color::White => 15,
        };
        Some(match index {
            0..16 => self.colors[usize::from(index)].to_owned(),
            16..232 => {
                let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
                let cube = index - 16;
                rgb(level(cube / 36), level(cube / 6 % 6), level(cube % 6))
            }
            232.. => {
                let grey = 8 + 10 * (index - 232);
                rgb(grey, grey, grey)
            }
        })
    }
}

fn rgb(r: u8, g: u8, b: u8) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Faint text: more than halfway from the background to the ink.
pub(super) fn blend(ink: &str, background: &str) -> String {
    let part = |hex: &str, i: usize| hex.get(i..i + 2).and_then(|h| u8::from_str_radix(h, 16).ok()).unwrap_or(0);
    let mix = |i| ((u16::from(part(ink, i)) * 3 + u16::from(part(background, i)) * 2) / 5) as u8;
    rgb(mix(1), mix(3), mix(5))
}
