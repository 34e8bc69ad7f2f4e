//! What an observer counts, and the page of figures that is made of it. No ids, no values, no names of people.

use crate::{
    format::prometheus::{MetricKind, Page},
    hooks,
    store::{presence::PresenceWatch, writer},
};
use std::collections::BTreeMap;

/// Series of one family at most: keys come from outside, and a scraper keeps every one of them.
const SERIES: usize = 5_000;

/// The figures of one organization.
#[derive(Clone, Debug, Default)]
pub(in crate::commands) struct Tally {
    /// The profile by which it is reached.
    pub(in crate::commands) profile: String,
    /// The link is live.
    pub(in crate::commands) live: bool,
    /// Why nothing is observed at present.
    pub(in crate::commands) lost: Option<String>,
    /// Calls that are followed and not over.
    pub(in crate::commands) following: u64,
    /// Calls that were seen.
    pub(in crate::commands) calls: u64,
    /// Those that ended.
    pub(in crate::commands) ended: u64,
    /// What was taken in: events and reads.
    pub(in crate::commands) events: u64,
    /// Messages that could not be understood.
    pub(in crate::commands) malformed: u64,
    /// Times without observation.
    pub(in crate::commands) gaps: u64,
    /// How long those were that are over.
    pub(in crate::commands) gap_ms: u64,
    /// Messages that wait to be taken in.
    pub(in crate::commands) waiting: u64,
    /// From the platform's time of the last change that told one to its observation.
    pub(in crate::commands) lag_ms: Option<u64>,
    /// Findings by rule.
    pub(in crate::commands) findings: BTreeMap<&'static str, u64>,
    /// Alerts that fired.
    pub(in crate::commands) alerts: u64,
    /// Calls by flow and version.
    pub(in crate::commands) versions: BTreeMap<(String, String), u64>,
    /// Calls with a key, by flow, version, key and purpose.
    pub(in crate::commands) present: BTreeMap<(String, String, String, String), u64>,
    /// Series that were left out.
    pub(in crate::commands) left_out: u64,
}

impl Tally {
    /// The presence of keys as it is now.
    pub(in crate::commands) fn learn(&mut self, presence: &PresenceWatch) {
        for count in presence.counts() {
            let (flow, version) = (count.flow.to_owned(), count.version.to_owned());
            match count.key {
                None => _ = self.versions.insert((flow, version), count.calls),
                Some((key, on)) => {
                    if self.present.len() < SERIES {
                        self.present.insert((flow, version, key.to_owned(), on.to_owned()), count.present);
                    } else {
                        self.left_out += 1;
                    }
                }
            }
        }
    }
}

/// Why the collector is ill; `None` when it is well.
pub(in crate::commands) fn ill(tallies: &[Tally], store: &writer::StoreStatus) -> Option<String> {
    let lost = tallies.iter().filter_map(|tally| {
        let of = if tally.profile.is_empty() { String::new() } else { format!("{}: ", tally.profile) };
        match &tally.lost {
            Some(reason) => Some(format!("{of}{reason}")),
            None if !tally.live => Some(format!("{of}not connected")),
            None => None,
        }
    });
    let store = store.failing.clone();
    lost.chain(store)
        .reduce(|all, reason| format!("{all}; {reason}"))
        .map(|why| crate::domain::text::visible(&why).into())
}

/// The page.
pub(in crate::commands) fn page(
    tallies: &[Tally],
    store: &writer::StoreStatus,
    hooks: Option<&hooks::HookStatus>,
) -> String {
    let mut page = Page::default();
    let mut each = |name, kind, help, of: &dyn Fn(&Tally) -> Option<f64>| {
        page.family(name, kind, help);
        for tally in tallies {
            if let Some(value) = of(tally) {
                page.sample(&[("profile", &tally.profile)], value);
            }
        }
    };
    let (counter, gauge) = (MetricKind::Counter, MetricKind::Gauge);
    each("sidetone_link_live", gauge, "1 while changes arrive as they happen, else 0.", &|t| {
        Some(f64::from(u8::from(t.live)))
    });
    each("sidetone_calls", gauge, "Calls that are followed and not over.", &|t| Some(t.following as f64));
    each("sidetone_calls_seen_total", counter, "Calls that were seen.", &|t| Some(t.calls as f64));
    each("sidetone_calls_ended_total", counter, "Calls whose end was seen.", &|t| Some(t.ended as f64));
    each("sidetone_events_total", counter, "Events and reads that were taken in.", &|t| Some(t.events as f64));
    each("sidetone_events_malformed_total", counter, "Messages that could not be understood.", &|t| {
        Some(t.malformed as f64)
    });
    each("sidetone_events_waiting", gauge, "Messages that wait to be taken in.", &|t| Some(t.waiting as f64));
    each(
        "sidetone_event_lag_seconds",
        gauge,
        "From the platform's time of the last change that told one to now.",
        &|t| t.lag_ms.map(seconds),
    );
    each("sidetone_gaps_total", counter, "Times without observation.", &|t| Some(t.gaps as f64));
    each("sidetone_gap_seconds_total", counter, "How long those were that are over.", &|t| Some(seconds(t.gap_ms)));
    each("sidetone_alerts_total", counter, "Alerts that fired.", &|t| Some(t.alerts as f64));
    page.family("sidetone_findings_total", counter, "Findings, by rule.");
    for tally in tallies {
        for (rule, count) in &tally.findings {
            page.sample(&[("profile", &tally.profile), ("rule", rule)], *count as f64);
        }
    }
    page.family("sidetone_flow_calls", gauge, "Calls whose flow has ended, of the two newest versions of each flow.");
    for tally in tallies {
        for ((flow, version), calls) in &tally.versions {
            page.sample(&[("profile", &tally.profile), ("flow", flow), ("version", version)], *calls as f64);
        }
    }
    page.family("sidetone_flow_key_calls", gauge, "Those that had the key when their flow ended.");
    for tally in tallies {
        for ((flow, version, key, on), calls) in &tally.present {
            let of: [(&'static str, &str); 5] =
                [("profile", &tally.profile), ("flow", flow), ("version", version), ("key", key), ("on", on)];
            page.sample(&of, *calls as f64);
        }
    }
    let left_out: u64 = tallies.iter().map(|tally| tally.left_out).sum();
    let mut one = |name, kind, help, value: f64| {
        page.family(name, kind, help);
        page.sample(&[], value);
    };
    one(
        "sidetone_series_left_out",
        gauge,
        "Series of keys beyond the limit, which are not on this page.",
        left_out as f64,
    );
    one("sidetone_store_calls_total", counter, "Calls that were stored, each time one was.", store.stored as f64);
    one("sidetone_store_waiting", gauge, "Calls that wait to be stored.", store.waiting as f64);
    one(
        "sidetone_store_lag_seconds",
        gauge,
        "How long the oldest of them has been waiting.",
        store.lag().as_secs_f64(),
    );
    one(
        "sidetone_store_lost_total",
        counter,
        "Calls that had to be dropped because too many waited.",
        store.lost as f64,
    );
    one("sidetone_store_pruned_total", counter, "Calls that retention removed.", store.pruned as f64);
    one("sidetone_store_fenced_total", counter, "Times that another collector had taken over.", store.fenced as f64);
    let failing = f64::from(u8::from(store.failing.is_some()));
    one("sidetone_store_failing", gauge, "1 while the history store cannot be written, else 0.", failing);
    if let Some(hooks) = hooks {
        page.family("sidetone_hook_runs_total", counter, "Runs of hooks, by what came of them.");
        for (result, count) in [("done", hooks.done), ("failed", hooks.failed), ("dropped", hooks.dropped)] {
            page.sample(&[("result", result)], count as f64);
        }
    }
    page.finish()
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}
