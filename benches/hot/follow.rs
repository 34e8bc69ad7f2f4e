//! From the text of an event to the line that `watch --json` writes, every call in its turn: of many calls none is in
//! the processor's caches when its event comes.

use crate::{
    events::{at, update},
    frames::{Frames, What},
    mix::Size,
    ratios::Ratios,
};
use criterion::{BenchmarkId, Criterion};
use sidetone::commands::follow::{Follow, FollowPlan, OutputForm};
use std::time::{Duration, Instant};

/// Events that are made before their time is taken: few enough to be in the caches then, as events from a socket are.
const BATCH: usize = 64;

/// Lives of calls, in events of 4 kB.
pub fn bench(criterion: &mut Criterion, ratios: &mut Ratios) {
    let mut group = criterion.benchmark_group("follow");
    for n in [100, 1_000, 10_000] {
        let mut calls = Calls::new(n);
        group.bench_function(BenchmarkId::new("cold", n), |bench| bench.iter_custom(|events| calls.time(events)));
    }
    for n in [1_000, 10_000] {
        ratios.add(format!("follow/cold/{n}"), "follow/cold/100", "told: the socket's part, flat, comes on top");
    }
    group.finish();
}

struct Calls {
    mix: Frames,
    follow: Follow,
    seq: u64,
    frames: Vec<Vec<u8>>,
}

impl Calls {
    fn new(n: usize) -> Self {
        let mut calls = Self {
            mix: Frames::new(What::Mix(Size::Bytes(4_000)), n),
            follow: Follow::new(FollowPlan::everything(OutputForm::Json)),
            seq: 0,
            frames: vec![Vec::new(); BATCH],
        };
        // First sight and a first change of each.
        calls.time(3 * n as u64);
        calls
    }

    fn time(&mut self, events: u64) -> Duration {
        let (mut took, mut left) = (Duration::ZERO, events as usize);
        while left > 0 {
            let batch = left.min(BATCH);
            for frame in &mut self.frames[..batch] {
                frame.clear();
                self.mix.append(self.seq, frame);
                self.seq += 1;
            }
            let texts: Vec<&str> = self.frames[..batch].iter().map(|frame| text(frame)).collect();
            let now = at(self.seq);
            let began = Instant::now();
            for raw in texts {
                let update = update(&self.follow.monitor.board, raw);
                _ = self.follow.apply(now, update, &());
            }
            took += began.elapsed();
            assert!(!self.follow.output().is_empty(), "something changes in so many events");
            self.follow.output().clear();
            left -= batch;
        }
        took
    }
}

/// The text of a websocket frame of some kilobytes.
fn text(frame: &[u8]) -> &str {
    assert_eq!(frame[1], 126, "two bytes tell the length");
    std::str::from_utf8(&frame[4..]).expect("it was made of a text")
}
