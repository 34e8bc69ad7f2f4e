//! What was measured against what was promised, as lines of a table.

/// What a figure has to be.
#[derive(Clone, Copy, Debug)]
pub enum Needed {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

/// One figure.
#[derive(Clone, Debug)]
pub struct Figure {
    what: String,
    value: f64,
    needed: Needed,
    detail: String,
}

impl Figure {
    /// A figure with the absolute numbers behind it.
    pub fn new(what: impl Into<String>, value: f64, needed: Needed, detail: impl Into<String>) -> Self {
        Self { what: what.into(), value, needed, detail: detail.into() }
    }

    fn holds(&self) -> bool {
        match self.needed {
            Needed::AtLeast(least) => self.value >= least,
            Needed::AtMost(most) => self.value <= most,
        }
    }
}

/// Prints the figures as a table of Markdown.
pub fn print(figures: &[Figure]) {
    println!("| what | figure | needed | | behind it |\n|---|---|---|---|---|");
    for figure in figures {
        let needed = match figure.needed {
            Needed::AtLeast(least) => format!("at least {least}"),
            Needed::AtMost(most) => format!("at most {most}"),
        };
        let verdict = if figure.holds() { "holds" } else { "**missed**" };
        println!("| {} | {} | {needed} | {verdict} | {} |", figure.what, number(figure.value), figure.detail);
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
