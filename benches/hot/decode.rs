//! Decoding one conversation event.

use crate::{
    events::{at, event},
    ratios::Ratios,
};
use criterion::{BenchmarkId, Criterion};
use serde_json::Value;
use sidetone::{
    domain::{Board, Update},
    genesys::wire::{Outline, StreamMemory, WireFrame, decode, decode_outlined, head},
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
            let (mut board, mut memory) = (Board::default(), StreamMemory::default());
            let (mut outline, mut next) = (Outline::default(), Outline::default());
            let heads = (head(&a).expect("a head"), head(other).expect("a head"));
            memory.outline(&a, &heads.0, &mut outline);
            if let WireFrame::Conversation(first) = decode_outlined(&board, &a, Some(heads.0), &outline) {
                board.apply(at(0), Update::Stream(first), &());
            }
            memory.outline(other, &heads.1, &mut outline);
            group.bench_function(BenchmarkId::new(case, name), |bench| {
                bench.iter(|| {
                    memory.outline(black_box(other), &heads.1, &mut next);
                    decode_outlined(&board, other, Some(heads.1), &outline)
                });
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
