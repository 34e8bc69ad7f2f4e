//! Ratios between measurements of one run, from what criterion leaves on disk.

use std::{path::PathBuf, time::SystemTime};

/// What to compare with what, in the order of printing.
pub struct Ratios {
    pairs: Vec<(String, String, &'static str)>,
    /// What is older on disk is of another run.
    began: SystemTime,
}

impl Ratios {
    /// For the run that begins now.
    pub fn new() -> Self {
        Self { pairs: Vec::new(), began: SystemTime::now() }
    }

    /// `subject` and `reference` are `group/name`; `budget` is what the ratio should be, in words.
    pub fn add(&mut self, subject: impl Into<String>, reference: impl Into<String>, budget: &'static str) {
        self.pairs.push((subject.into(), reference.into(), budget));
    }

    /// Prints the table. Of the pairs that a filter left out, whole or half, it tells how many there are.
    pub fn print(&self) {
        println!("\n{:44} {:>11}  {:44} {:>11} {:>8}  budget", "measured", "median", "against", "median", "ratio");
        let mut missing = 0;
        for (subject, reference, budget) in &self.pairs {
            let (Some(a), Some(b)) = (self.median(subject), self.median(reference)) else {
                missing += 1;
                continue;
            };
            println!("{subject:44} {:>11}  {reference:44} {:>11} {:8.3}  {budget}", time(a), time(b), a / b);
        }
        if missing > 0 {
            println!("{missing} ratios were not measured in this run");
        }
    }

    /// Median time of one iteration in this run, in nanoseconds.
    fn median(&self, id: &str) -> Option<f64> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        let path = target.join("criterion").join(id).join("new/estimates.json");
        if std::fs::metadata(&path).ok()?.modified().ok()? < self.began {
            return None;
        }
        let estimates: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        estimates["median"]["point_estimate"].as_f64()
    }
}

fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}
