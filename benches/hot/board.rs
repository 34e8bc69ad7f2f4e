//! Taking one event in: decoding it for a board and applying it, on boards of three sizes.

use crate::{
    events::{board, event, take},
    ratios::Ratios,
};
use criterion::{BenchmarkId, Criterion};
use std::hint::black_box;

/// One value changed in an event of 3 kB, and one whose structure changed.
pub fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let mut group = criterion.benchmark_group("apply");
    for n in [100, 1_000, 10_000] {
        for case in ["one_value", "one_state"] {
            let mut board = board(n, 3_072);
            // A hundred calls of the board, far from one another. Theirs are in the caches after the first round, so this
            // tells whether anything looks at all calls; what it costs that a call is in no cache tells `follow`.
            let frames: Vec<(String, String)> = (0..100)
                .map(|i| {
                    let i = i * n / 100;
                    let (a, b) = (event(i, 3_072, "1"), event(i, 3_072, "2"));
                    match case {
                        "one_state" => (b.clone(), b.replacen("\"held\":false", "\"held\":true", 1)),
                        _ => (a, b),
                    }
                })
                .collect();
            let mut turn = 0usize;
            group.bench_function(BenchmarkId::new(case, n), |bench| {
                bench.iter(|| {
                    turn += 1;
                    let pair = &frames[turn % frames.len()];
                    let raw = if (turn / frames.len()).is_multiple_of(2) { &pair.0 } else { &pair.1 };
                    take(&mut board, turn as u64, black_box(raw)).changes.len()
                });
            });
        }
    }
    for n in [1_000, 10_000] {
        ratios.add(format!("apply/one_value/{n}"), "apply/one_value/100", "10,000 at most 1.2 times 100");
        ratios.add(format!("apply/one_state/{n}"), "apply/one_state/100", "10,000 at most 1.2 times 100");
    }
    ratios.add("apply/one_value/1000", "decode/serde_value/3k", "");
    ratios.add("apply/one_value/1000", "decode/scan/3k", "");
    group.finish();
}
