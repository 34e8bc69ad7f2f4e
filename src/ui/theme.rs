//! Styles by meaning. The default palette is the terminal's own sixteen colours, so that it fits every theme; richer ones are for a
//! background that is known. Without colour the same meanings are told by weight and underline. Glyphs and words carry each
//! meaning as well.

use crate::app::settings::Band;
use ratatui::style::{Color, Modifier, Style};

/// Which styles are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Theme {
    /// The terminal's sixteen colours.
    #[default]
    Terminal,
    /// For a dark background: colours of the fixed part of the 256.
    Dark,
    /// For a light background: the same, darker.
    Light,
    /// Black, white and full colours on a background of its own; nothing dim.
    HighContrast,
    /// No colour at all: `NO_COLOR`, `--color never`.
    Mono,
}

/// A colour by what it is called in the sixteen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hue {
    Red,
    Green,
    Yellow,
    Blue,
    Magenta,
    Cyan,
}

impl Hue {
    /// Numbers of 16 and above mean the same colour on every terminal; a test holds their contrast.
    fn color(self, theme: Theme) -> Color {
        let [terminal, dark, light, contrast] = match self {
            Self::Red => [Color::Red, Color::Indexed(210), Color::Indexed(124), Color::Indexed(217)],
            Self::Green => [Color::Green, Color::Indexed(114), Color::Indexed(22), Color::Indexed(46)],
            Self::Yellow => [Color::Yellow, Color::Indexed(221), Color::Indexed(94), Color::Indexed(226)],
            Self::Blue => [Color::LightBlue, Color::Indexed(111), Color::Indexed(19), Color::Indexed(153)],
            Self::Magenta => [Color::Magenta, Color::Indexed(183), Color::Indexed(90), Color::Indexed(219)],
            Self::Cyan => [Color::Cyan, Color::Indexed(80), Color::Indexed(23), Color::Indexed(51)],
        };
        match theme {
            Theme::Terminal | Theme::Mono => terminal,
            Theme::Dark => dark,
            Theme::Light => light,
            Theme::HighContrast => contrast,
        }
    }
}

impl Theme {
    /// The theme of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "terminal" => Self::Terminal,
            "dark" => Self::Dark,
            "light" => Self::Light,
            "high-contrast" => Self::HighContrast,
            "mono" => Self::Mono,
            _ => return None,
        })
    }

    fn style(self, hue: Hue, mono: Modifier) -> Style {
        match self {
            Self::Mono => Style::new().add_modifier(mono),
            _ => Style::new().fg(hue.color(self)),
        }
    }

    /// What lies under everything; only the high contrast has a background of its own.
    pub fn background(self) -> Style {
        match self {
            Self::HighContrast => Style::new().fg(Color::Indexed(231)).bg(Color::Indexed(16)),
            _ => Style::new(),
        }
    }

    /// Made for a light background.
    pub fn is_light(self) -> bool {
        self == Self::Light
    }

    /// Values: the terminal's own foreground.
    pub fn text(self) -> Style {
        Style::new()
    }

    /// Labels, rules, what is not data.
    pub fn quiet(self) -> Style {
        match self {
            Self::HighContrast => Style::new(),
            Self::Dark => Style::new().fg(Color::Indexed(247)),
            Self::Light => Style::new().fg(Color::Indexed(241)),
            Self::Terminal | Self::Mono => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// What the eye should find first.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Focus: a prompt's mark, a match. Without a colour: each colour has one meaning.
    pub fn accent(self) -> Style {
        self.strong()
    }

    /// Changed just now.
    pub fn flash(self) -> Style {
        let style = self.style(Hue::Cyan, Modifier::BOLD);
        // Bold may turn a colour bright, which cannot be read on a light background.
        if self.is_light() { style } else { style.add_modifier(Modifier::BOLD) }
    }

    /// Changed a moment ago.
    pub fn fresh(self) -> Style {
        self.style(Hue::Cyan, Modifier::empty())
    }

    /// On its way: draft, sending, accepted.
    pub fn pending(self) -> Style {
        self.style(Hue::Blue, Modifier::ITALIC)
    }

    /// Came back: proof.
    pub fn seen(self) -> Style {
        self.style(Hue::Green, Modifier::empty())
    }

    /// Wrong, missing, failed.
    pub fn alarm(self) -> Style {
        self.style(Hue::Red, Modifier::UNDERLINED).add_modifier(Modifier::BOLD)
    }

    /// Worth a look, not wrong.
    pub fn warn(self) -> Style {
        self.style(Hue::Yellow, Modifier::empty())
    }

    /// May have changed while the link was down.
    pub fn stale(self) -> Style {
        self.quiet()
    }

    /// What this operator did: marks and words.
    pub fn mine(self) -> Style {
        self.style(Hue::Blue, Modifier::BOLD)
    }

    /// A value of this operator's own.
    pub fn my_value(self) -> Style {
        self.mine().add_modifier(Modifier::UNDERLINED)
    }

    /// Somebody else's value.
    pub fn theirs(self) -> Style {
        self.style(Hue::Magenta, Modifier::UNDERLINED).add_modifier(Modifier::BOLD)
    }

    /// Masked as personal data.
    pub fn masked(self) -> Style {
        self.quiet()
    }

    /// The selected row or cell, laid over a style: colours give way, glyphs and weight stay.
    pub fn selected(self, style: Style) -> Style {
        let fg = self.background().fg.unwrap_or(Color::Reset);
        style.fg(fg).remove_modifier(Modifier::DIM | Modifier::ITALIC).add_modifier(Modifier::REVERSED)
    }

    /// A field being typed in.
    pub fn field(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// The word that marks a recording: nothing here is live.
    pub fn replay(self) -> Style {
        self.accent().add_modifier(Modifier::REVERSED | Modifier::BOLD)
    }

    /// The word of an organisation that no one may mistake, filled with its colour.
    pub fn band(self, band: Band) -> Style {
        let fixed = |ground, ink| Style::new().bg(Color::Indexed(ground)).fg(Color::Indexed(ink));
        let own = |ground, ink| Style::new().bg(ground).fg(ink);
        let style = match (self, band) {
            (Self::Mono, _) => Style::new().add_modifier(Modifier::REVERSED),
            (Self::Terminal, Band::Red) => own(Color::Red, Color::White),
            (Self::Terminal, Band::Yellow) => own(Color::Yellow, Color::Black),
            (Self::Terminal, Band::Green) => own(Color::Green, Color::Black),
            (Self::Terminal, Band::Blue) => own(Color::Blue, Color::White),
            (Self::Terminal, Band::Magenta) => own(Color::Magenta, Color::White),
            (Self::Terminal, Band::Cyan) => own(Color::Cyan, Color::Black),
            (_, Band::Red) => fixed(124, 231),
            (_, Band::Yellow) => fixed(220, 16),
            (_, Band::Green) => fixed(22, 231),
            (_, Band::Blue) => fixed(25, 231),
            (_, Band::Magenta) => fixed(90, 231),
            (_, Band::Cyan) => fixed(23, 231),
        };
        style.add_modifier(Modifier::BOLD)
    }

    /// The heavy rule below the header of such an organisation, in the same colour.
    pub fn band_rule(self, band: Band) -> Style {
        let color = |terminal, dark, light| match self {
            Self::Terminal | Self::Mono => terminal,
            Self::Dark | Self::HighContrast => Color::Indexed(dark),
            Self::Light => Color::Indexed(light),
        };
        let color = match (self, band) {
            (Self::Mono, _) => return Style::new(),
            (_, Band::Red) => color(Color::Red, 210, 124),
            (_, Band::Yellow) => color(Color::Yellow, 221, 94),
            (_, Band::Green) => color(Color::Green, 114, 22),
            (_, Band::Blue) => color(Color::Blue, 111, 25),
            (_, Band::Magenta) => color(Color::Magenta, 183, 90),
            (_, Band::Cyan) => color(Color::Cyan, 80, 23),
        };
        Style::new().fg(color)
    }
}

/// Marks by meaning: symbols, or letters with `--ascii`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// The selection.
    pub selection: &'static str,
    /// Live.
    pub live: &'static str,
    /// Under way.
    pub working: &'static str,
    /// Not connected.
    pub off: &'static str,
    /// Changed just now.
    pub fresh: &'static str,
    /// Typed, not sent.
    pub draft: &'static str,
    /// Sent or accepted, not seen.
    pub pending: &'static str,
    /// Came back.
    pub seen: &'static str,
    /// Wrong.
    pub alarm: &'static str,
    /// Expected and absent.
    pub missing: &'static str,
    /// Absent.
    pub absent: &'static str,
    /// May be out of date.
    pub stale: &'static str,
    /// Between the stations of a path.
    pub then: &'static str,
    /// From old to new.
    pub to: &'static str,
    /// Between facts.
    pub dot: &'static str,
    /// More above, more below.
    pub above: &'static str,
    /// More below.
    pub below: &'static str,
    /// Picked.
    pub on: &'static str,
    /// Not picked.
    pub not: &'static str,
    /// Held.
    pub pause: &'static str,
    /// Being played.
    pub play: &'static str,
    /// Being played without waiting.
    pub fast: &'static str,
    /// At its end.
    pub end: &'static str,
    /// What was played, on the bar.
    pub played: &'static str,
    /// Something is missing here.
    pub gap: &'static str,
    /// So many times as fast.
    pub times: &'static str,
    /// A pin.
    pub pin: &'static str,
    /// A column is sorted from small to large.
    pub ascending: &'static str,
    /// A column is sorted from large to small.
    pub descending: &'static str,
    /// More columns to the left.
    pub left: &'static str,
    /// More columns to the right.
    pub right: &'static str,
    /// Part of a bar: set.
    pub bar_set: &'static str,
    /// Part of a bar: wrong.
    pub bar_wrong: &'static str,
    /// Part of a bar: neither set nor missing.
    pub bar_rest: &'static str,
    /// Heavy horizontal rule.
    pub heavy: &'static str,
    /// Horizontal rule.
    pub rule: &'static str,
    /// Vertical rule.
    pub wall: &'static str,
    /// Rule with a branch down.
    pub tee_down: &'static str,
    /// Vertical rule with a branch to the right.
    pub tee_right: &'static str,
    /// Rule with a branch up.
    pub tee_up: &'static str,
    /// Time in which somebody took part.
    pub lane: &'static str,
    /// Its begin.
    pub lane_from: &'static str,
    /// Its end.
    pub lane_to: &'static str,
    /// It goes on.
    pub goes_on: &'static str,
    /// A change on it.
    pub change: &'static str,
    /// An edit of the operator on it.
    pub mine: &'static str,
    /// The trunk of a flow's path where the call went.
    pub trunk: &'static str,
    /// An output that branches off it.
    pub branch: &'static str,
    /// A column of a chart.
    pub full: &'static str,
    /// The part of a column that is missing.
    pub part: &'static str,
    /// Eight bars of rising height.
    pub bars: [&'static str; 8],
}

impl Glyphs {
    /// Every mark with what it means, for a look at how a terminal draws them.
    pub fn named(&self) -> [(&'static str, &'static str); 24] {
        [
            (self.selection, "selected"),
            (self.live, "live"),
            (self.fresh, "changed just now"),
            (self.working, "in progress"),
            (self.off, "not connected"),
            (self.draft, "draft"),
            (self.pending, "sent, not seen"),
            (self.seen, "seen"),
            (self.alarm, "alarm"),
            (self.missing, "missing"),
            (self.absent, "absent"),
            (self.stale, "stale"),
            (self.then, "and then"),
            (self.to, "becomes"),
            (self.above, "above"),
            (self.below, "below"),
            (self.on, "picked"),
            (self.not, "not picked"),
            (self.ascending, "sorted"),
            (self.pause, "held"),
            (self.pin, "pinned"),
            (self.rule, "rule"),
            (self.wall, "wall"),
            (self.bars[7], "bar"),
        ]
    }
}

/// Marks of a terminal that draws Unicode.
pub const SYMBOLS: Glyphs = Glyphs {
    selection: "▸",
    live: "●",
    working: "◐",
    off: "○",
    fresh: "◂",
    draft: "✎",
    pending: "◌",
    seen: "✓",
    alarm: "⚠",
    missing: "✗",
    absent: "·",
    stale: "◷",
    then: "›",
    to: "→",
    dot: "·",
    above: "↑",
    below: "↓",
    on: "◉",
    not: "○",
    pause: "⏸",
    play: "▶",
    fast: "»",
    end: "■",
    played: "━",
    gap: "░",
    times: "×",
    pin: "◆",
    ascending: "▲",
    descending: "▼",
    left: "‹",
    right: "›",
    bar_set: "━",
    bar_wrong: "╍",
    bar_rest: "╌",
    heavy: "━",
    rule: "─",
    wall: "│",
    tee_down: "┬",
    tee_right: "├",
    tee_up: "┴",
    lane: "━",
    lane_from: "┝",
    lane_to: "┥",
    goes_on: "▶",
    change: "╋",
    mine: "▲",
    trunk: "┃",
    branch: "╴",
    full: "█",
    part: "▒",
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

/// The same in ASCII.
pub const ASCII: Glyphs = Glyphs {
    selection: ">",
    live: "*",
    working: "~",
    off: "o",
    fresh: "<",
    draft: "D",
    pending: "o",
    seen: "v",
    alarm: "!",
    missing: "X",
    absent: ".",
    stale: "?",
    then: ">",
    to: "->",
    dot: "-",
    above: "^",
    below: "_",
    on: "x",
    not: "-",
    pause: "=",
    play: ">",
    fast: ">>",
    end: "#",
    played: "=",
    gap: "%",
    times: "x",
    pin: "+",
    ascending: "^",
    descending: "v",
    left: "<",
    right: ">",
    bar_set: "=",
    bar_wrong: "!",
    bar_rest: "-",
    heavy: "=",
    rule: "-",
    wall: "|",
    tee_down: "-",
    tee_right: "|",
    tee_up: "-",
    lane: "=",
    lane_from: "|",
    lane_to: "|",
    goes_on: ">",
    change: "+",
    mine: "^",
    trunk: "#",
    branch: "-",
    full: "#",
    part: "X",
    bars: ["_", "_", ".", ".", "-", "-", "^", "^"],
};

#[cfg(test)]
mod tests {
    use super::*;

    /// Red, green and blue of a colour that is the same on every terminal.
    fn rgb(color: Option<Color>) -> [u8; 3] {
        match color {
            Some(Color::Indexed(n @ 16..=231)) => {
                let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
                [(n - 16) / 36, (n - 16) / 6 % 6, (n - 16) % 6].map(level)
            }
            Some(Color::Indexed(n @ 232..)) => [8 + 10 * (n - 232); 3],
            other => panic!("not the same everywhere: {other:?}"),
        }
    }

    /// Contrast by WCAG 2: 1 to 21.
    fn contrast(a: [u8; 3], b: [u8; 3]) -> f64 {
        let part = |c: u8| {
            let c = f64::from(c) / 255.0;
            if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let light = |c: [u8; 3]| 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
        let (a, b) = (light(a), light(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_meaning_can_be_read_on_its_background() {
        type Meaning = fn(Theme) -> Style;
        let meanings: [(&str, Meaning); 11] = [
            ("quiet", Theme::quiet),
            ("flash", Theme::flash),
            ("fresh", Theme::fresh),
            ("pending", Theme::pending),
            ("seen", Theme::seen),
            ("alarm", Theme::alarm),
            ("warn", Theme::warn),
            ("stale", Theme::stale),
            ("mine", Theme::mine),
            ("theirs", Theme::theirs),
            ("masked", Theme::masked),
        ];
        // Grounds of terminals in use: black, a usual grey, a bluish one; white, a usual cream.
        let dark = [[0, 0, 0], [30, 30, 30], [0, 43, 54], [40, 44, 52]];
        let light = [[255, 255, 255], [253, 246, 227]];
        let high = [[0, 0, 0]];
        for (theme, grounds, least) in
            [(Theme::Dark, &dark[..], 4.5), (Theme::Light, &light[..], 4.5), (Theme::HighContrast, &high[..], 7.0)]
        {
            for (name, meaning) in meanings {
                let style = theme.background().patch(meaning(theme));
                assert!(
                    !style.add_modifier.contains(Modifier::DIM),
                    "{theme:?} {name}: how dim is the terminal's choice"
                );
                for ground in grounds {
                    let found = contrast(rgb(style.fg), *ground);
                    assert!(found >= least, "{theme:?} {name} on {ground:?}: {found:.1}");
                }
            }
        }
    }

    #[test]
    fn a_band_can_be_read_in_every_colour() {
        for theme in [Theme::Dark, Theme::Light, Theme::HighContrast] {
            for band in Band::ALL {
                let style = theme.band(band);
                let found = contrast(rgb(style.fg), rgb(style.bg));
                assert!(found >= 4.5, "{theme:?} {band:?}: {found:.1}");
            }
        }
        assert_eq!(Theme::Mono.band(Band::Red).bg, None, "without colour it is reversed");
    }
}
