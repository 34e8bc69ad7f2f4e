//! The way from an event's text to its lines in one process, without a socket: for a profiler, which counts instructions
//! however busy the machine is.
//!
//! ```text
//! valgrind --tool=callgrind --toggle-collect='*follow_events*' target/release/examples/flood path --events 5000
//! ```

use crate::{frames::What, mix};
use anyhow::Result;
use sidetone::{
    commands::follow::{Follow, FollowPlan, OutputForm},
    domain::{At, Update},
    genesys::wire::{Decoder, WireFrame},
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// How many of what.
#[derive(clap::Args)]
pub struct Args {
    /// Events after the first sight of each conversation.
    #[arg(long, default_value_t = 20_000)]
    events: usize,
    /// Conversations.
    #[arg(long, default_value_t = 1_000)]
    conversations: usize,
    /// Bytes of an event; of the mix, on average.
    #[arg(long, default_value_t = 4_000)]
    size: usize,
    /// Repeat the previous event with one value changed, in place of the mix.
    #[arg(long)]
    one_value: bool,
}

/// Follows the events and prints what one costs.
pub fn run(args: &Args) -> Result<()> {
    let what = if args.one_value { What::OneValue(args.size) } else { What::Mix(mix::Size::Bytes(args.size)) };
    let mut frames = crate::frames::Frames::new(what, args.conversations);
    let mut texts = Vec::with_capacity(args.conversations + args.events);
    let mut frame = Vec::new();
    for seq in 0..(args.conversations + args.events) as u64 {
        frame.clear();
        frames.append(seq, &mut frame);
        texts.push(text(&frame).to_owned());
    }
    let bytes: usize = texts[args.conversations..].iter().map(String::len).sum();
    let mut path = Path {
        follow: Follow::new(FollowPlan::everything(OutputForm::Json)),
        decoder: Decoder::default(),
        now: 0,
        lines: 0,
    };
    let (first, rest) = texts.split_at(args.conversations);
    first.iter().for_each(|text| path.follow_one(text));
    path.lines = 0;
    let began = Instant::now();
    follow_events(&mut path, rest);
    let took = began.elapsed();
    let each = |n: u128| n / args.events.max(1) as u128;
    println!(
        "{} events of {} bytes: {} ns each, {:.2} lines each",
        args.events,
        each(bytes as u128),
        each(took.as_nanos()),
        path.lines as f64 / args.events as f64
    );
    Ok(())
}

struct Path {
    follow: Follow,
    decoder: Decoder,
    now: u64,
    lines: usize,
}

#[inline(never)]
fn follow_events(path: &mut Path, texts: &[String]) {
    texts.iter().for_each(|text| path.follow_one(text));
}

impl Path {
    fn follow_one(&mut self, raw: &str) {
        self.now += 1;
        let at = At::after(jiff::Timestamp::UNIX_EPOCH, Duration::from_micros(10 * self.now));
        let update = match self.decoder.decode(&self.follow.monitor.board, raw) {
            WireFrame::Conversation(snapshot) => Update::Stream(snapshot),
            WireFrame::Delta(delta) => Update::Delta(delta),
            other => panic!("not an update: {other:?}"),
        };
        _ = self.follow.apply(at, update, &());
        let out = self.follow.output();
        if out.len() > 64 * 1024 {
            self.lines += memchr::memchr_iter(b'\n', out).count();
            black_box(&*out);
            out.clear();
        }
    }
}

/// The text of a websocket frame.
fn text(frame: &[u8]) -> &str {
    let header = match frame[1] {
        126 => 4,
        127 => 10,
        _ => 2,
    };
    std::str::from_utf8(&frame[header..]).expect("it was made of a text")
}
