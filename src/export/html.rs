//! A report of one call as a single HTML file: no network, no script, light and dark by the reader's preference.

use super::{Call, Options, duration, first_connected, time};
use crate::domain::{Participant, Value, findings::Severity, text::visible};
use jiff::Timestamp;
use std::fmt::{Arguments, Write as _};

const STYLE: &str = include_str!("report.css");
/// Width of the picture of who was on the call when.
const PICTURE: f64 = 1000.0;
const LANE: f64 = 26.0;

/// One call.
pub fn call(call: Call<'_>, options: Options) -> String {
    let mut page = Page { out: String::with_capacity(16 * 1024), call, options };
    page.head();
    page.findings();
    page.lanes();
    page.matrix();
    page.history();
    page.foot();
    page.out
}

struct Page<'a> {
    out: String,
    call: Call<'a>,
    options: Options,
}

impl Page<'_> {
    fn put(&mut self, args: Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = self.out.write_fmt(args);
    }

    fn head(&mut self) {
        let title = escape(&self.call.title(self.options));
        // The policy makes sure of what the text promises: nothing is loaded and nothing runs.
        self.put(format_args!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"referrer\" content=\"no-referrer\">\n\
             <title>{title} · Sidetone</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>{title}</h1>\n"
        ));
        let count = |severity| self.call.findings.iter().filter(|f| f.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warn));
        let stage = self.call.conversation().call_state().as_str();
        let mut pills = format!("<p class=\"pills\"><span class=\"pill\">{stage}</span>");
        for (number, class, word) in [(errors, "error", "error"), (warnings, "warn", "warning")] {
            if number > 0 {
                let plural = if number == 1 { "" } else { "s" };
                pills += &format!("<span class=\"pill {class}\">{number} {word}{plural}</span>");
            }
        }
        self.put(format_args!("{pills}</p>\n<dl class=\"facts\">\n"));
        for (label, value) in self.call.facts(self.options) {
            self.put(format_args!("<div><dt>{label}</dt><dd>{}</dd></div>\n", bdi(&value)));
        }
        self.put(format_args!("</dl>\n</header>\n<main>\n"));
    }

    fn findings(&mut self) {
        if self.call.findings.is_empty() {
            return;
        }
        self.put(format_args!("<section>\n<h2>Findings</h2>\n<ul class=\"findings\">\n"));
        for finding in self.call.findings {
            let cover = |text| bdi(&self.options.cover(text));
            let key = finding.key.as_ref();
            let mut place = key.map(|key| format!("<code>{}</code>", cover(key.as_str()))).unwrap_or_default();
            if let Some(id) = &finding.participant {
                place += &format!(" on {}", escape(self.call.purpose_of(id.as_str())));
            }
            let (message, remedy) = (cover(&finding.message), escape(finding.remedy()));
            let (severity, rule) = (finding.severity.as_str(), escape(finding.rule.as_str()));
            self.put(format_args!(
                "<li class=\"{severity}\"><p><span class=\"pill {severity}\">{severity}</span> <b>{rule}</b> {place}</p>\
                 <p>{message}</p><p class=\"quiet\">{remedy}</p></li>\n"
            ));
        }
        self.put(format_args!("</ul>\n</section>\n"));
    }

    /// Who was on the call when, and when keys changed on them.
    fn lanes(&mut self) {
        let conversation = self.call.conversation();
        let Some(begin) = conversation.started.or(first_connected(conversation)) else { return };
        let end = conversation.ended.unwrap_or(self.options.now).max(begin);
        let seconds = |t: Timestamp| t.duration_since(begin).as_secs_f64();
        let whole = seconds(end).max(1.0);
        let x = |t: Timestamp| (seconds(t) / whole).clamp(0.0, 1.0) * PICTURE;
        let columns = &self.call.entry.conversation.participants;
        let height = LANE * columns.len() as f64 + 18.0;
        self.put(format_args!(
            "<section>\n<h2>Timeline</h2>\n<div class=\"lanes\"><ul class=\"names\">\n{}</ul>\n\
             <svg viewBox=\"0 0 {PICTURE} {height}\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-label=\"Who was on the call when\" style=\"height:{height}px\">\n",
            columns.iter().map(|p| format!("<li>{}</li>\n", lane_name(p, self.options))).collect::<String>(),
        ));
        for (i, p) in columns.iter().enumerate() {
            let y = LANE * i as f64;
            let from = x(p.connected.unwrap_or(p.first_seen));
            let to = x(p.ended.unwrap_or(end)).max(from + 2.0);
            let class = if p.is_connected() { "bar live" } else { "bar" };
            self.put(format_args!(
                "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"3\"/>\n",
                y + 6.0,
                to - from,
                LANE - 12.0
            ));
            for change in self.call.entry.history.iter().filter(|change| change.participant == p.id) {
                let at = x(change.at.wall);
                let label = format!("{} {}", offset(begin, change.at.wall), self.options.cover(change.key.as_str()));
                self.put(format_args!(
                    "<rect class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" width=\"3\" height=\"{:.1}\"><title>{}</title></rect>\n",
                    (at - 1.5).max(0.0),
                    y + 3.0,
                    LANE - 6.0,
                    escape(&label)
                ));
            }
        }
        self.put(format_args!(
            "</svg></div>\n<p class=\"scale quiet\"><span>0:00</span><span>{}</span></p>\n</section>\n",
            duration(begin, end)
        ));
    }

    fn matrix(&mut self) {
        let columns = &self.call.entry.conversation.participants;
        self.put(format_args!(
            "<section>\n<h2>Attributes</h2>\n<div class=\"scroll\"><table class=\"matrix\">\n<thead><tr><th>key</th>"
        ));
        for p in columns {
            self.put(format_args!("<th>{}</th>", escape(p.purpose.as_str())));
        }
        self.put(format_args!("</tr></thead>\n<tbody>\n"));
        for key in self.call.keys() {
            self.put(format_args!("<tr><th>{}</th>", bdi(&self.options.cover(key))));
            for p in columns {
                let marked = self.severity(p, key);
                match p.attributes.get(key) {
                    Some(attribute) => {
                        let changed =
                            self.call.entry.history.of(&p.id, key).next().map_or(
                                "",
                                |_| " <span class=\"changed\" title=\"changed while watched\">changed</span>",
                            );
                        let value = shown(&attribute.value, self.options);
                        self.put(format_args!("<td{marked}>{value}{changed}</td>"));
                    }
                    None => self.put(format_args!("<td{marked}><span class=\"quiet\">—</span></td>")),
                }
            }
            self.put(format_args!("</tr>\n"));
        }
        self.put(format_args!("</tbody>\n</table></div>\n</section>\n"));
    }

    /// The worst that is said about this cell, as an attribute of it.
    fn severity(&self, participant: &Participant, key: &str) -> &'static str {
        let about = self.call.findings.iter().filter(|f| {
            f.key.as_ref().is_some_and(|k| k.as_str() == key)
                && f.participant.as_ref().is_none_or(|id| *id == participant.id)
        });
        match about.map(|f| f.severity).max() {
            Some(Severity::Error) => " class=\"error\"",
            Some(Severity::Warn) => " class=\"warn\"",
            _ => "",
        }
    }

    fn history(&mut self) {
        let history = &self.call.entry.history;
        if history.is_empty() {
            return self.left_out();
        }
        let conversation = self.call.conversation();
        let begin = conversation.started.or(first_connected(conversation));
        self.put(format_args!(
            "<section>\n<h2>Changes</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th>time (UTC)</th><th>into the call</th>\
             <th>on</th><th>key</th><th>from</th><th>to</th><th>seen by</th></tr></thead>\n<tbody>\n"
        ));
        for change in history.iter() {
            let value = |value: &Option<Value>| {
                value.as_ref().map_or("<span class=\"quiet\">(absent)</span>".into(), |v| shown(v, self.options))
            };
            let (old, new) = (value(&change.old), value(&change.new));
            self.put(format_args!(
                "<tr><td class=\"time\">{}</td><td class=\"time\">{}</td><td>{}</td><th>{}</th><td>{old}</td><td>{new}</td>\
                 <td>{}</td></tr>\n",
                time(change.at.wall),
                begin.map(|begin| offset(begin, change.at.wall)).unwrap_or_default(),
                escape(self.call.purpose_of(change.participant.as_str())),
                bdi(&self.options.cover(change.key.as_str())),
                change.source.as_str(),
            ));
        }
        self.put(format_args!("</tbody>\n</table></div>\n"));
        self.left_out();
        self.put(format_args!("</section>\n"));
    }

    fn left_out(&mut self) {
        for sentence in self.call.left_out() {
            self.put(format_args!("<p class=\"quiet\">{sentence}</p>\n"));
        }
    }

    fn foot(&mut self) {
        let masked = if self.options.mask {
            "What looks personal is covered; other values are as they were seen."
        } else {
            "Nothing is covered: this page holds customers' data."
        };
        self.put(format_args!(
            "</main>\n<footer><p>Exported {} by Sidetone {}. {masked}</p></footer>\n</body>\n</html>\n",
            time(self.options.now),
            env!("CARGO_PKG_VERSION"),
        ));
    }
}

fn lane_name(p: &Participant, options: Options) -> String {
    let name = p.name.as_deref().map(|name| format!(" <span class=\"quiet\">{}</span>", bdi(&options.cover(name))));
    format!("{}{}", escape(p.purpose.as_str()), name.unwrap_or_default())
}

fn offset(begin: Timestamp, at: Timestamp) -> String {
    if at < begin { format!("−{}", duration(at, begin)) } else { duration(begin, at) }
}

/// A value in a cell: long ones open on demand.
fn shown(value: &Value, options: Options) -> String {
    const LONGEST: usize = 160;
    let text = options.cover(value.as_str());
    match text.chars().count() {
        0 => "<span class=\"quiet\">(blank)</span>".into(),
        1..=LONGEST => format!("<code>{}</code>", bdi(&text)),
        count => {
            let cut: String = text.chars().take(LONGEST).collect();
            format!(
                "<details><summary><code>{}…</code> <span class=\"quiet\">{count} characters</span></summary><code>{}</code></details>",
                bdi(&cut),
                bdi(&text)
            )
        }
    }
}

/// Foreign text keeps its direction to itself.
fn bdi(text: &str) -> String {
    format!("<bdi>{}</bdi>", escape(text))
}

/// Control characters drawn, markup made text.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}
