//! Looking for findings: at a call that is new, and at one of which a value changed.

use crate::{
    events::{at, event, take},
    ratios::Ratios,
};
use criterion::{BenchmarkId, Criterion};
use sidetone::domain::{
    Board,
    findings::{Examiner, Observed, Tuning},
};
use std::hint::black_box;

/// One value changed, with 100 and 10,000 calls known; and the first look at a call.
pub fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let mut group = criterion.benchmark_group("findings");
    for n in [100, 10_000] {
        let mut board = Board::default();
        let mut examiner = Examiner::new(Tuning::default(), Vec::new());
        for i in 0..n {
            let raw = event(i, 3_072, "0");
            let applied = take(&mut board, 0, &raw);
            let entry = board.iter().next_back().expect("a call was told");
            examiner.look(entry, &board.names, Observed { changes: &applied.changes, ..Observed::default() }, at(0));
        }
        let id = board.iter().next().expect("there are calls").conversation.id.clone();
        let values = [event(0, 3_072, "1"), event(0, 3_072, "2")];
        // The changes of a value going back and forth, taken once: only looking is measured.
        let mut changes = values.iter().cycle().take(3).map(|raw| take(&mut board, 1, raw).changes);
        let pair = [changes.nth(1).expect("applied"), changes.next().expect("applied")];
        drop(changes);
        let entry = board.get(id.as_str()).expect("it is on the board");
        let mut turn = 0usize;
        group.bench_function(BenchmarkId::new("one_value", n), |bench| {
            bench.iter(|| {
                turn += 1;
                let changes = black_box(&pair[turn % 2]);
                examiner.look(entry, &board.names, Observed { changes, ..Observed::default() }, at(1)).len()
            });
        });
        if n == 100 {
            group.bench_function("first_look", |bench| {
                bench.iter(|| {
                    examiner.forget(id.as_str());
                    examiner.look(entry, &board.names, black_box(Observed::default()), at(1)).len()
                });
            });
        }
    }
    ratios.add("findings/one_value/10000", "findings/one_value/100", "10,000 at most 1.2 times 100");
    ratios.add("findings/one_value/100", "decode/serde_value/3k", "");
    ratios.add("findings/first_look", "decode/serde_value/3k", "");
    group.finish();
}
