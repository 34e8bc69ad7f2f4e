//! Box-drawing and block characters as shapes: fonts disagree about them, and lines must meet at the cells' borders.

/// The shape of a character as an SVG path over its cell; `None` for one that is set as text.
pub(super) fn path(symbol: &str, x: f64, y: f64, width: f64, height: f64) -> Option<String> {
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else { return None };
    let rect = |left: f64, top: f64, w: f64, h: f64| {
        let round = super::short;
        format!("M{} {}h{}v{}h{}z", round(x + left), round(y + top), round(w), round(h), round(-w))
    };
    if let Some((arms, thick)) = arms(c) {
        let (middle_x, middle_y) = (width / 2.0, height / 2.0);
        let half = thick / 2.0;
        let mut path = String::new();
        for (arm, part) in [
            (UP, rect(middle_x - half, 0.0, thick, middle_y + half)),
            (DOWN, rect(middle_x - half, middle_y - half, thick, middle_y + half)),
            (LEFT, rect(0.0, middle_y - half, middle_x + half, thick)),
            (RIGHT, rect(middle_x - half, middle_y - half, middle_x + half, thick)),
        ] {
            if arms & arm != 0 {
                path.push_str(&part);
            }
        }
        return Some(path);
    }
    let eighths = |base: char| f64::from(u32::from(c) - u32::from(base) + 1) / 8.0;
    match c {
        '▁'..='█' => {
            let h = eighths('▁') * height;
            Some(rect(0.0, height - h, width, h))
        }
        '▉'..='▏' => {
            let w = (1.0 - eighths('▉')) * width;
            Some(rect(0.0, 0.0, w, height))
        }
        '▐' => Some(rect(width / 2.0, 0.0, width / 2.0, height)),
        '▀' => Some(rect(0.0, 0.0, width, height / 2.0)),
        '▔' => Some(rect(0.0, 0.0, width, height / 8.0)),
        '▕' => Some(rect(width * 7.0 / 8.0, 0.0, width / 8.0, height)),
        _ => None,
    }
}

const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

/// Which arms of the cross a line character has, and how thick they are.
fn arms(c: char) -> Option<(u8, f64)> {
    let (arms, heavy) = match c {
        '─' | '╌' | '┄' | '┈' => (LEFT | RIGHT, false),
        '│' | '╎' | '┆' | '┊' => (UP | DOWN, false),
        '┌' | '╭' => (DOWN | RIGHT, false),
        '┐' | '╮' => (DOWN | LEFT, false),
        '└' | '╰' => (UP | RIGHT, false),
        '┘' | '╯' => (UP | LEFT, false),
        '├' => (UP | DOWN | RIGHT, false),
        '┤' => (UP | DOWN | LEFT, false),
        '┬' => (LEFT | RIGHT | DOWN, false),
        '┴' => (LEFT | RIGHT | UP, false),
        '┼' => (UP | DOWN | LEFT | RIGHT, false),
        '╴' => (LEFT, false),
        '╵' => (UP, false),
        '╶' => (RIGHT, false),
        '╷' => (DOWN, false),
        '━' => (LEFT | RIGHT, true),
        '┃' => (UP | DOWN, true),
        '╸' => (LEFT, true),
        '╹' => (UP, true),
        '╺' => (RIGHT, true),
        '╻' => (DOWN, true),
        _ => return None,
    };
    Some((arms, if heavy { 2.4 } else { 1.1 }))
}
