//! Judging filters over whole boards, and looking for personal data in values.

use crate::{
    events::{KEY, at, board},
    ratios::Ratios,
};
use criterion::{BenchmarkId, Criterion};
use sidetone::domain::{
    filter::{CallFacts, Filter},
    mask::mask,
};
use std::hint::black_box;

/// Filters of three kinds over 100 and 10,000 conversations; masking short and long values.
pub fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let mut group = criterion.benchmark_group("filter");
    for n in [100, 10_000] {
        let board = board(n, 3_072);
        for (name, expression) in
            [("exact", format!("{KEY}=1")), ("word", "nowhere".into()), ("regex", format!("{KEY}~^[1-9]"))]
        {
            let filter: Filter = expression.parse().expect("a valid expression");
            group.bench_function(BenchmarkId::new(name, n), |bench| {
                bench.iter(|| {
                    let now = at(1);
                    let holds = |c| filter.holds(CallFacts { conversation: c, names: &board.names, now });
                    board.iter().filter(|e| holds(black_box(&e.conversation))).count()
                });
            });
        }
    }
    for name in ["exact", "word", "regex"] {
        ratios.add(format!("filter/{name}/10000"), format!("filter/{name}/100"), "linear: 100");
    }
    group.finish();
    let mut group = criterion.benchmark_group("mask");
    let long = "call me at +1 555 010 0123 about order 4111-ABC ".repeat(40);
    for (name, value) in [("plain", "account_balance"), ("card", "4111 1111 1111 1111"), ("long", long.as_str())] {
        group.bench_function(name, |bench| bench.iter(|| mask(black_box(value))));
    }
    group.bench_function("scan", |bench| bench.iter(|| black_box(&long).chars().filter(char::is_ascii_digit).count()));
    ratios.add("mask/long", "mask/scan", "");
    group.finish();
}
