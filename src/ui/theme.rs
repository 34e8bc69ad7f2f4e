//! Styles by meaning. The default palette is the terminal's own sixteen colours, so that it fits every theme, light ones too; without
//! colour the same meanings are told by weight and underline. Glyphs and words carry each meaning as well.

use ratatui::style::{Color, Modifier, Style};

/// Which styles are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Theme {
    /// The terminal's sixteen colours.
    #[default]
    Terminal,
    /// No colour at all: `NO_COLOR`, `--color never`.
    Mono,
    /// Sixteen colours without dim text.
    HighContrast,
}

impl Theme {
    fn style(self, color: Color, mono: Modifier) -> Style {
        match self {
            Self::Mono => Style::new().add_modifier(mono),
            Self::Terminal | Self::HighContrast => Style::new().fg(color),
        }
    }

    /// Values: the terminal's own foreground.
    pub fn text(self) -> Style {
        Style::new()
    }

    /// Labels, rules, what is not data.
    pub fn quiet(self) -> Style {
        match self {
            Self::HighContrast => Style::new(),
            _ => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// What the eye should find first.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// Focus: a prompt's mark, a match.
    pub fn accent(self) -> Style {
        self.style(Color::Cyan, Modifier::BOLD)
    }

    /// Changed just now.
    pub fn flash(self) -> Style {
        self.style(Color::Yellow, Modifier::REVERSED).add_modifier(Modifier::BOLD)
    }

    /// Changed a moment ago.
    pub fn fresh(self) -> Style {
        self.style(Color::Yellow, Modifier::BOLD)
    }

    /// On its way: draft, sending, accepted.
    pub fn pending(self) -> Style {
        self.style(Color::Cyan, Modifier::ITALIC)
    }

    /// Came back: proof.
    pub fn seen(self) -> Style {
        self.style(Color::Green, Modifier::empty())
    }

    /// Wrong, missing, failed.
    pub fn alarm(self) -> Style {
        self.style(Color::Red, Modifier::UNDERLINED)
    }

    /// Worth a look, not wrong.
    pub fn warn(self) -> Style {
        self.style(Color::Yellow, Modifier::empty())
    }

    /// May have changed while the link was down.
    pub fn stale(self) -> Style {
        self.style(Color::Magenta, Modifier::ITALIC)
    }

    /// This operator's own value.
    pub fn mine(self) -> Style {
        self.style(Color::Cyan, Modifier::BOLD)
    }

    /// Somebody else's value.
    pub fn theirs(self) -> Style {
        self.style(Color::Magenta, Modifier::UNDERLINED)
    }

    /// Hidden because it looks personal.
    pub fn masked(self) -> Style {
        self.quiet()
    }

    /// The row or cell under the hand, laid over a style: colours stay, so that meanings stay.
    pub fn under_hand(self, style: Style) -> Style {
        style.remove_modifier(Modifier::DIM).add_modifier(Modifier::REVERSED)
    }

    /// A field being typed in.
    pub fn field(self) -> Style {
        Style::new().add_modifier(Modifier::UNDERLINED)
    }

    /// A word that marks production.
    pub fn production(self) -> Style {
        match self {
            Self::Mono => Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD),
            _ => Style::new().bg(Color::Red).fg(Color::White).add_modifier(Modifier::BOLD),
        }
    }
}

/// Marks by meaning: symbols, or letters with `--ascii`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// The hand.
    pub hand: &'static str,
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
    /// A pin.
    pub pin: &'static str,
    /// Horizontal rule.
    pub rule: &'static str,
    /// Vertical rule.
    pub wall: &'static str,
    /// Rule with a branch down.
    pub tee_down: &'static str,
    /// Rule with a branch up.
    pub tee_up: &'static str,
    /// Eight bars of rising height.
    pub bars: [&'static str; 8],
}

/// Marks of a terminal that draws Unicode.
pub const SYMBOLS: Glyphs = Glyphs {
    hand: "▸",
    live: "●",
    working: "◐",
    off: "○",
    fresh: "●",
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
    pin: "◆",
    rule: "─",
    wall: "│",
    tee_down: "┬",
    tee_up: "┴",
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

/// The same in ASCII.
pub const ASCII: Glyphs = Glyphs {
    hand: ">",
    live: "*",
    working: "~",
    off: "o",
    fresh: "*",
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
    below: "v",
    on: "x",
    not: "-",
    pause: "=",
    pin: "+",
    rule: "-",
    wall: "|",
    tee_down: "-",
    tee_up: "-",
    bars: ["_", "_", ".", ".", "-", "-", "^", "^"],
};
