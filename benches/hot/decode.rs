//! Decoding one conversation event.

use crate::{
    events::{event, take},
    ratios::Ratios,
};
use criterion::{BenchmarkId, Criterion};
use serde_json::Value;
use sidetone::{
    domain::Board,
    genesys::wire::{decode, decode_for},
};
use std::hint::black_box;

/// Decoding whole, decoding for a board that knows nearly all of it, and the two references.
pub fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let mut group = criterion.benchmark_group("decode");
    for (name, size) in [("3k", 3_072), ("12k", 12_288)] {
        let (a, b) = (event(1, size, "1"), event(1, size, "2"));
        let moved = a.replacen("\"held\":false", "\"held\":true", 1);
        group.bench_function(BenchmarkId::new("full", name), |bench| bench.iter(|| decode(black_box(a.as_bytes()))));
        for (case, other) in [("one_value", &b), ("one_participant", &moved), ("nothing_new", &a)] {
            let mut board = Board::default();
            take(&mut board, 0, &a);
            group.bench_function(BenchmarkId::new(case, name), |bench| {
                bench.iter(|| decode_for(&board, black_box(other)));
            });
        }
        group.bench_function(BenchmarkId::new("serde_value", name), |bench| {
            bench.iter(|| serde_json::from_slice::<Value>(black_box(a.as_bytes())));
        });
        group.bench_function(BenchmarkId::new("scan", name), |bench| {
            bench.iter(|| memchr::memchr_iter(b'"', black_box(a.as_bytes())).count());
        });
        for case in ["full", "one_participant", "one_value", "nothing_new"] {
            ratios.add(format!("decode/{case}/{name}"), format!("decode/serde_value/{name}"), "");
        }
        ratios.add(format!("decode/one_value/{name}"), format!("decode/scan/{name}"), "");
    }
    group.finish();
}
