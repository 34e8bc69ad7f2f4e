//! A report of since when a key is there, as a single HTML file with its plot: no network, no script.

use crate::format::html::{foreign, page};
use maud::{Markup, html};

const STYLE: &str = include_str!("report.css");
/// Width and height of the plot.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 160.0;

/// What is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct PresenceReport {
    /// The key, and on whom.
    pub(crate) title: String,
    /// The answer in one sentence.
    pub(crate) verdict: String,
    /// What else is known: label and value.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// By flow version, the oldest first.
    pub(crate) versions: Vec<PresenceShare>,
    /// By day, without holes.
    pub(crate) days: Vec<PresenceShare>,
}

/// Calls with the key, of all calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct PresenceShare {
    /// The version or the day.
    pub(crate) name: String,
    /// With the key, and all; `None` where nothing was collected.
    pub(crate) counts: Option<(i64, i64)>,
}

impl PresenceShare {
    /// The part with the key, from 0 to 1; `None` without calls.
    fn part(&self) -> Option<f64> {
        let (present, calls) = self.counts?;
        (calls > 0).then(|| present as f64 / calls as f64)
    }

    fn words(&self) -> String {
        match self.counts {
            None => "not collected".to_owned(),
            Some((present, calls)) => format!("{present} of {calls} calls"),
        }
    }
}

/// The page.
pub(crate) fn presence_html(report: &PresenceReport) -> String {
    let body = html! {
        header {
            h1 { (foreign(&report.title)) }
            p { (foreign(&report.verdict)) }
            dl.facts {
                @for (label, value) in &report.facts {
                    div { dt { (label) } dd { (foreign(value)) } }
                }
            }
        }
        main {
            (plot(&report.days))
            (table("By flow version", "version", &report.versions))
            (table("By day (UTC)", "day", &report.days))
        }
    };
    page(&report.title, STYLE, body)
}

/// A bar for each day: what is filled has the key, what is empty lacks it. A day without calls has no bar, one on which nothing
/// was collected is hatched by a low grey one.
fn plot(days: &[PresenceShare]) -> Markup {
    let each = WIDTH / days.len().max(1) as f64;
    let bars = days.iter().enumerate().map(|(n, day)| (n as f64 * each, day));
    let (first, last) = (days.first(), days.last());
    html! {
        section {
            h2 { "Presence" }
            div.plot {
                svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } preserveAspectRatio="none" role="img"
                    aria-label="Part of the calls of each day that had the key" {
                    @for (x, day) in bars {
                        g {
                            title { (foreign_text(&day.name)) ": " (day.words()) }
                            @match day.part() {
                                Some(part) => {
                                    (rect("lacking", x, 0.0, each, HEIGHT))
                                    (rect("has", x, HEIGHT * (1.0 - part), each, HEIGHT * part))
                                }
                                None if day.counts.is_none() => (rect("bar", x, HEIGHT - 6.0, each, 6.0)),
                                None => {}
                            }
                        }
                    }
                }
                p class="scale quiet" {
                    @for end in [first, last].into_iter().flatten() { span { (foreign(&end.name)) } }
                }
            }
        }
    }
}

fn foreign_text(text: &str) -> String {
    crate::domain::text::visible(text).into_owned()
}

fn rect(class: &str, x: f64, y: f64, width: f64, height: f64) -> Markup {
    let short = |number: f64| format!("{number:.1}");
    // A narrow gap, so that days can be told apart.
    html! { rect class=(class) x=(short(x)) y=(short(y)) width=(short((width - 1.0).max(0.5))) height=(short(height)) {} }
}

fn table(title: &str, column: &str, rows: &[PresenceShare]) -> Markup {
    html! {
        section {
            h2 { (title) }
            div.scroll {
                table {
                    thead { tr { th { (column) } th { "with the key" } th { "calls" } th { "part" } } }
                    tbody {
                        @for row in rows {
                            tr class=[row.counts.is_none().then_some("quiet")] {
                                td { (foreign(&row.name)) }
                                @match row.counts {
                                    Some((present, calls)) => {
                                        td { (present) }
                                        td { (calls) }
                                        td { @if let Some(part) = row.part() { (format!("{:.1} %", part * 100.0)) } }
                                    }
                                    None => { td colspan="3" { "not collected" } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plot_has_a_bar_for_each_day_and_nothing_from_outside_is_markup() {
        let share = |name: &str, counts| PresenceShare { name: name.to_owned(), counts };
        let report = PresenceReport {
            title: "<script>tier\u{1b}[31m".to_owned(),
            verdict: "fell".to_owned(),
            facts: vec![("first missing", "<b>".to_owned())],
            versions: vec![share("Main<v42>", Some((99, 100)))],
            days: vec![
                share("2026-11-01", Some((99, 100))),
                share("2026-11-02", None),
                share("2026-11-03", Some((0, 0))),
                share("2026-11-04", Some((1, 4))),
            ],
        };
        let page = presence_html(&report);
        assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains('\u{1b}'), "{page}");
        assert_eq!(page.matches("class=\"lacking\"").count(), 2, "days with calls");
        assert_eq!(page.matches("class=\"has\"").count(), 2);
        assert_eq!(page.matches("class=\"bar\"").count(), 1, "a day that was not collected");
        assert!(page.contains("y=\"120.0\" width=\"249.0\" height=\"40.0\""), "a quarter of the height: {page}");
        assert!(page.contains("2026-11-04: 1 of 4 calls") && page.contains("25.0 %"));
    }
}
