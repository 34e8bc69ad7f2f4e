//! A report of one call as a single HTML file: no network, no script, light and dark by the reader's preference.

use super::{ExportOptions, ExportedCall, duration, first_connected, time};
use crate::{
    domain::{Participant, Value, findings::Severity},
    format::html::{foreign, page},
};
use jiff::Timestamp;
use maud::{Markup, html};

const STYLE: &str = include_str!("report.css");
/// Width of the picture of who was on the call when.
const PICTURE: f64 = 1000.0;
const LANE: f64 = 26.0;
/// Characters of a value that are shown before it is opened.
const LONGEST: usize = 160;

/// One call.
pub fn call(call: ExportedCall<'_>, options: ExportOptions) -> String {
    let report = HtmlReport { call, options };
    let title = call.title(options);
    let body = html! {
        header {
            h1 { (foreign(&title)) }
            (report.head())
        }
        main {
            (report.findings())
            (report.lanes())
            (report.matrix())
            (report.history())
        }
        footer { p { (report.foot()) } }
    };
    page(&title, STYLE, body)
}

struct HtmlReport<'a> {
    call: ExportedCall<'a>,
    options: ExportOptions,
}

impl HtmlReport<'_> {
    fn head(&self) -> Markup {
        let count = |severity| self.call.findings.iter().filter(|f| f.severity == severity).count();
        let pills = [(count(Severity::Error), "error", "error"), (count(Severity::Warn), "warn", "warning")];
        html! {
            p.pills {
                span.pill { (self.call.conversation().call_state().as_str()) }
                @for (number, class, word) in pills {
                    @if number > 0 {
                        span class={ "pill " (class) } { (number) " " (word) @if number > 1 { "s" } }
                    }
                }
            }
            dl.facts {
                @for (label, value) in self.call.facts(self.options) {
                    div { dt { (label) } dd { (foreign(&value)) } }
                }
            }
        }
    }

    fn cover(&self, text: &str) -> Markup {
        foreign(&self.call.cover(text, self.options))
    }

    fn findings(&self) -> Markup {
        html! {
            @if !self.call.findings.is_empty() {
                section {
                    h2 { "Findings" }
                    ul.findings {
                        @for finding in self.call.findings {
                            @let severity = finding.severity.as_str();
                            li class=(severity) {
                                p {
                                    span class={ "pill " (severity) } { (severity) } " " b { (finding.rule.as_str()) } " "
                                    @if let Some(key) = &finding.key { code { (self.cover(key.as_str())) } }
                                    @if let Some(id) = &finding.participant {
                                        " on " (foreign(self.call.purpose_of(id.as_str())))
                                    }
                                }
                                p { (self.cover(&finding.message)) }
                                p.quiet { (finding.remedy()) }
                            }
                        }
                    }
                }
            }
        }
    }

    /// Who was on the call when, and when keys changed on them.
    fn lanes(&self) -> Markup {
        let conversation = self.call.conversation();
        let Some(begin) = conversation.started.or(first_connected(conversation)) else { return html! {} };
        let end = conversation.ended.unwrap_or(self.options.now).max(begin);
        let seconds = |t: Timestamp| t.duration_since(begin).as_secs_f64();
        let whole = seconds(end).max(1.0);
        let x = |t: Timestamp| (seconds(t) / whole).clamp(0.0, 1.0) * PICTURE;
        let columns = &self.call.entry.conversation.participants;
        let height = LANE * columns.len() as f64 + 18.0;
        let lanes = columns.iter().enumerate().map(|(i, p)| (LANE * i as f64, p));
        html! {
            section {
                h2 { "Journey" }
                div.lanes {
                    ul.names { @for p in columns { li { (self.lane_name(p)) } } }
                    svg viewBox={ "0 0 " (PICTURE) " " (height) } preserveAspectRatio="none" role="img"
                        aria-label="Who was on the call when" style={ "height:" (height) "px" } {
                        @for (y, p) in lanes {
                            // One that came in the last moment is seen too.
                            @let from = x(p.connected.unwrap_or(p.first_seen)).min(PICTURE - 3.0);
                            @let to = x(p.ended.unwrap_or(end)).max(from + 2.0);
                            rect class=(if p.is_connected() { "bar live" } else { "bar" }) x=(short(from)) y=(short(y + 6.0))
                                width=(short(to - from)) height=(short(LANE - 12.0)) rx="3" {}
                            @for change in self.call.entry.history.iter().filter(|change| change.participant == p.id) {
                                rect class="tick" x=(short((x(change.at.wall) - 1.5).max(0.0))) y=(short(y + 3.0)) width="3"
                                    height=(short(LANE - 6.0)) {
                                    title {
                                        (offset(begin, change.at.wall)) " "
                                        (crate::domain::text::visible(&self.call.cover(change.key.as_str(), self.options)))
                                    }
                                }
                            }
                        }
                    }
                    p class="scale quiet" { span { "0:00" } span { (duration(begin, end)) } }
                }
            }
        }
    }

    fn lane_name(&self, participant: &Participant) -> Markup {
        html! {
            (foreign(participant.purpose.as_str()))
            @if let Some(name) = self.options.name_of(participant) { " " span.quiet { (foreign(&name)) } }
        }
    }

    fn matrix(&self) -> Markup {
        let columns = &self.call.entry.conversation.participants;
        html! {
            section {
                h2 { "Attributes" }
                div.scroll {
                    table.matrix {
                        thead { tr { th { "key" } @for p in columns { th { (foreign(p.purpose.as_str())) } } } }
                        tbody {
                            @for key in self.call.keys() {
                                tr {
                                    th { (self.cover(key)) }
                                    @for p in columns { (self.cell(p, key)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn cell(&self, participant: &Participant, key: &str) -> Markup {
        let changed = self.call.entry.history.of(&participant.id, key).next().is_some();
        html! {
            td class=[self.severity(participant, key)] {
                @match participant.attributes.get(key) {
                    Some(attribute) => {
                        (self.shown(attribute.value.as_str()))
                        @if changed { " " span.changed title="changed while watched" { "changed" } }
                    }
                    None => span.quiet { "—" }
                }
            }
        }
    }

    /// The worst that is said about this cell, as its class.
    fn severity(&self, participant: &Participant, key: &str) -> Option<&'static str> {
        let about = self.call.findings.iter().filter(|f| {
            f.key.as_ref().is_some_and(|k| k.as_str() == key)
                && f.participant.as_ref().is_none_or(|id| *id == participant.id)
        });
        match about.map(|f| f.severity).max() {
            Some(Severity::Error) => Some("error"),
            Some(Severity::Warn) => Some("warn"),
            _ => None,
        }
    }

    fn history(&self) -> Markup {
        let history = &self.call.entry.history;
        let conversation = self.call.conversation();
        let begin = conversation.started.or(first_connected(conversation));
        let heads = ["time (UTC)", "into the call", "on", "key", "from", "to", "seen by"];
        let left_out = html! { @for sentence in self.call.left_out() { p.quiet { (sentence) } } };
        if history.is_empty() {
            return left_out;
        }
        html! {
            section {
                h2 { "Changes" }
                div.scroll {
                    table {
                        thead { tr { @for head in heads { th { (head) } } } }
                        tbody {
                            @for change in history.iter() {
                                tr {
                                    td.time { (time(change.at.wall)) }
                                    td.time { @if let Some(begin) = begin { (offset(begin, change.at.wall)) } }
                                    td { (foreign(self.call.purpose_of(change.participant.as_str()))) }
                                    th { (self.cover(change.key.as_str())) }
                                    td { (self.side(change.old.as_ref())) }
                                    td { (self.side(change.new.as_ref())) }
                                    td { (change.source.as_str()) }
                                }
                            }
                        }
                    }
                }
                (left_out)
            }
        }
    }

    fn side(&self, value: Option<&Value>) -> Markup {
        html! {
            @match value {
                Some(value) => (self.shown(value.as_str())),
                None => span.quiet { "(absent)" }
            }
        }
    }

    /// A value in a cell: long ones open on demand.
    fn shown(&self, value: &str) -> Markup {
        let text = self.call.cover(value, self.options);
        let count = text.chars().count();
        let cut: String = text.chars().take(LONGEST).collect();
        html! {
            @if count == 0 {
                span.quiet { "(empty)" }
            } @else if count <= LONGEST {
                code { (foreign(&text)) }
            } @else {
                details {
                    summary { code { (foreign(&cut)) "…" } " " span.quiet { (count) " characters" } }
                    code { (foreign(&text)) }
                }
            }
        }
    }

    fn foot(&self) -> Markup {
        html! {
            "Exported " (time(self.options.now)) " by Sidetone " (env!("CARGO_PKG_VERSION")) ". "
            @if self.options.mask {
                "Personal data and the names of people are masked."
            } @else {
                "Nothing is masked: this page holds customers' data."
            }
        }
    }
}

fn offset(begin: Timestamp, at: Timestamp) -> String {
    if at < begin { format!("−{}", duration(at, begin)) } else { duration(begin, at) }
}

/// A coordinate without digits that no eye sees.
fn short(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
