//! The hot paths, each as a ratio to a reference measured in the same run.
//!
//! `cargo bench` prints criterion's figures and then a table of ratios. Absolute figures say more about the machine than
//! about the program; the ratios are what docs/performance.md and its budgets are about.

mod board;
mod decode;
mod draw;
#[allow(dead_code, reason = "shared with the flood example, which uses all of it")]
#[path = "../../examples/flood/event.rs"]
mod event;
mod events;
mod findings;
mod follow;
#[allow(dead_code, reason = "shared with the flood example, which uses all of it")]
#[path = "../../examples/flood/frames.rs"]
mod frames;
#[allow(dead_code, reason = "shared with the flood example, which uses all of it")]
#[path = "../../examples/flood/mix.rs"]
mod mix;
mod pipeline;
mod ratios;
mod replay;
mod search;
#[allow(dead_code, reason = "shared with the flood example, which uses all of it")]
#[path = "../../examples/flood/server.rs"]
mod server;

use criterion::Criterion;
use std::time::Duration;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_200))
        .sample_size(30)
        .configure_from_args();
    let mut ratios = ratios::Ratios::new();
    decode::bench(&mut criterion, &mut ratios);
    board::bench(&mut criterion, &mut ratios);
    follow::bench(&mut criterion, &mut ratios);
    search::bench(&mut criterion, &mut ratios);
    findings::bench(&mut criterion, &mut ratios);
    draw::bench(&mut criterion, &mut ratios);
    replay::bench(&mut criterion, &mut ratios);
    pipeline::bench(&mut criterion, &mut ratios);
    criterion.final_summary();
    ratios.print();
}
