//! Prometheus text, version 0.0.4. Names and help are the program's own; values of labels come from outside.

use crate::domain::text::visible;
use std::fmt::Write as _;

/// What its media type is called.
pub(crate) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What a family of figures does over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricKind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
}

/// A page of figures.
#[derive(Debug, Default)]
pub(crate) struct Page {
    out: String,
    name: &'static str,
}

impl Page {
    /// Begins a family; the samples that follow belong to it. `help` is one line.
    pub(crate) fn family(&mut self, name: &'static str, kind: MetricKind, help: &'static str) {
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
        };
        // Writing to a String cannot fail.
        _ = write!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        self.name = name;
    }

    /// A figure of the family that was begun last.
    pub(crate) fn sample(&mut self, labels: &[(&'static str, &str)], value: f64) {
        self.out.push_str(self.name);
        for (i, (label, text)) in labels.iter().enumerate() {
            _ = write!(self.out, "{}{label}=\"", if i == 0 { '{' } else { ',' });
            for c in visible(text).chars() {
                match c {
                    '\\' => self.out.push_str("\\\\"),
                    '"' => self.out.push_str("\\\""),
                    '\n' => self.out.push_str("\\n"),
                    c => self.out.push(c),
                }
            }
            self.out.push('"');
        }
        if !labels.is_empty() {
            self.out.push('}');
        }
        _ = writeln!(self.out, " {value}");
    }

    /// The whole page.
    pub(crate) fn finish(self) -> String {
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_parse::{Scrape, Value};
    use proptest::prelude::*;

    fn read(text: &str) -> Scrape {
        Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap()
    }

    #[test]
    fn a_page_reads_back() {
        let mut page = Page::default();
        page.family("sidetone_calls", MetricKind::Gauge, "Calls that are followed.");
        page.sample(&[("profile", "acme"), ("flow", "Main \"IVR\" \\ 2")], 3.0);
        page.family("sidetone_events_total", MetricKind::Counter, "Events.");
        page.sample(&[], 1_234_567_890.0);
        let read = read(&page.finish());
        assert_eq!(read.docs["sidetone_calls"], "Calls that are followed.");
        assert_eq!(read.samples.len(), 2);
        assert_eq!(read.samples[0].value, Value::Gauge(3.0));
        assert_eq!(read.samples[0].labels.get("profile"), Some("acme"));
        assert_eq!(read.samples[1].value, Value::Counter(1_234_567_890.0));
    }

    proptest! {
        #[test]
        fn no_label_ends_its_line_or_controls_a_terminal(text in any::<String>(), value in any::<u32>()) {
            let mut page = Page::default();
            page.family("x", MetricKind::Gauge, "X.");
            page.sample(&[("key", &text)], f64::from(value));
            let out = page.finish();
            prop_assert_eq!(out.lines().count(), 3);
            prop_assert!(!out.chars().any(|c| c != '\n' && crate::domain::text::is_hidden(c)));
            let end = format!("\"}} {value}\n");
            prop_assert!(out.ends_with(&end));
        }
    }
}
