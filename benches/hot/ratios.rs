//! Ratios between measurements of one run, from what criterion leaves on disk.

use std::path::PathBuf;

/// What to compare with what, in the order of printing.
#[derive(Default)]
pub struct Ratios(Vec<(String, String, &'static str)>);

impl Ratios {
    /// `subject` and `reference` are `group/name`; `budget` is what the ratio should be, in words.
    pub fn add(&mut self, subject: impl Into<String>, reference: impl Into<String>, budget: &'static str) {
        self.0.push((subject.into(), reference.into(), budget));
    }

    /// Prints the table; a pair that was filtered out is left out.
    pub fn print(&self) {
        println!("\n{:44} {:>11}  {:44} {:>11} {:>8}  budget", "measured", "median", "against", "median", "ratio");
        for (subject, reference, budget) in &self.0 {
            let (Some(a), Some(b)) = (median(subject), median(reference)) else { continue };
            println!("{subject:44} {:>11}  {reference:44} {:>11} {:8.3}  {budget}", time(a), time(b), a / b);
        }
    }
}

fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

/// Median time of one iteration, in nanoseconds.
fn median(id: &str) -> Option<f64> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let path = target.join("criterion").join(id.replace(' ', "_")).join("new/estimates.json");
    let estimates: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}
