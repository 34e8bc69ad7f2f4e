//! Event to screen and key to screen, on a pty, under a steady load.
//!
//! Event to screen: the value of a visible row is a number that the server counted when it sent the event, so the time
//! at which that number shows on the pty gives the delay, the server's own lateness included. Key to screen: the time from writing a key to the first byte
//! of the frame that shows it, with the cursor moved down and up again.

use crate::{
    event,
    frames::What,
    mix::Size,
    process::{environment, median},
    pty::OnPty,
    report::{Figure, Needed},
    server::{self, Load},
};
use anyhow::Result;
use portable_pty::CommandBuilder;
use std::{
    io::Write,
    path::Path,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// How long and how hard.
#[derive(clap::Args)]
pub struct Args {
    /// Events per second.
    #[arg(long, default_value_t = 2_000.0)]
    rate: f64,
    /// Seconds of load.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Conversations.
    #[arg(long, default_value_t = 30)]
    conversations: usize,
    /// Bytes of an event, on average.
    #[arg(long, default_value_t = 4_000)]
    size: usize,
}

/// Runs the load and prints the percentiles.
pub fn measure(runtime: &Runtime, program: &Path, args: &Args) -> Result<Vec<Figure>> {
    let load = Load::Made {
        what: What::Stamped(Size::Bytes(args.size)),
        conversations: args.conversations,
        events: (args.rate * args.seconds as f64) as u64,
        rate: Some(args.rate),
    };
    let server = runtime.block_on(server::start(load))?;
    let home = tempfile::tempdir()?;
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    for (name, value) in environment(&format!("http://{}", server.addr), home.path()) {
        command.env(name, value);
    }
    command.args(["--queue", event::QUEUE]);
    let mut on = OnPty::start(command, 140, 40)?;
    let (mut events, mut keys) = (Vec::new(), Vec::new());
    let mut pressed: Option<(Instant, u64)> = None;
    let (mut next_key, mut down) = (Instant::now() + Duration::from_secs(2), true);
    let end = Instant::now() + Duration::from_secs(args.seconds + 3);
    let mut newest = 0;
    while Instant::now() < end {
        if Instant::now() >= next_key && pressed.is_none() {
            let row = selected_row(&on.screen);
            pressed = Some((Instant::now(), row));
            on.input.write_all(if down { b"j" } else { b"k" })?;
            on.input.flush()?;
            down = !down;
            next_key += Duration::from_millis(73);
        }
        let Some(at) = on.read(Duration::from_millis(2)) else { continue };
        if let Some((since, row)) = pressed
            && selected_row(&on.screen) != row
        {
            keys.push(at.duration_since(since).as_secs_f64() * 1e3);
            pressed = None;
        }
        if let Some(seq) = newest_number(&on.screen.screen().contents()).filter(|seq| *seq > newest) {
            newest = seq;
            let first = args.conversations as u64;
            if let Some(began) = server.began.get()
                && seq > first
            {
                let due = *began + Duration::from_secs_f64((seq - first) as f64 / args.rate);
                events.push(at.saturating_duration_since(due).as_secs_f64() * 1e3);
            }
        }
    }
    let writes = on.written.1;
    on.end()?;
    let load = format!("{} events/s of {} bytes, {} calls", args.rate, args.size, args.conversations);
    println!("{load}; {writes} reads of the pty");
    let (p50, p99, seen) = percentiles("event to screen", &mut events);
    let (key50, key99, pressed) = percentiles("key to screen", &mut keys);
    let behind = format!("median {p50:.1} ms, {seen} seen; {load}");
    Ok(vec![
        Figure::new("event to screen, p99, ms", p99, Needed::AtMost(40.0), behind),
        Figure::new("key to screen, p50, ms", key50, Needed::AtMost(5.0), format!("{pressed} keys under that load")),
        Figure::new("key to screen, p99, ms", key99, Needed::AtMost(5.0), ""),
    ])
}

/// The median, the 99th of a hundred, and how many there are.
fn percentiles(name: &str, values: &mut [f64]) -> (f64, f64, usize) {
    let p50 = median(values);
    let p99 = values.get(values.len() * 99 / 100).copied().unwrap_or(f64::NAN);
    println!("{name:16} n {:5}  p50 {p50:6.2} ms  p99 {p99:6.2} ms", values.len());
    (p50, p99, values.len())
}

fn newest_number(screen: &str) -> Option<u64> {
    screen
        .split(|c: char| !c.is_ascii_digit())
        .filter(|w| w.len() == event::DIGITS)
        .filter_map(|w| w.parse().ok())
        .max()
}

/// The row that carries the selection marker.
fn selected_row(parser: &vt100::Parser) -> u64 {
    parser.screen().rows(0, 4).position(|row| row.contains('▸') || row.contains('>')).unwrap_or(usize::MAX) as u64
}
