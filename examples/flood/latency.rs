//! Event to screen and key to screen, on a pty, under a steady load.
//!
//! Event to screen: the value of a visible row is a number that the server counted when it sent the event, so the time
//! at which that number shows on the pty gives the delay, the server's own lateness included. Key to screen: the time from writing a key to the first byte
//! of the frame that shows it, with the cursor moved down and up again.

use crate::{
    event,
    process::{environment, median},
    server::{self, Load},
};
use anyhow::{Context, Result};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use std::{
    io::{Read, Write},
    path::Path,
    sync::mpsc,
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
    /// Bytes of an event.
    #[arg(long, default_value_t = 3_072)]
    size: usize,
}

/// Runs the load and prints the percentiles.
pub fn run(runtime: &Runtime, program: &Path, args: &Args) -> Result<()> {
    let load = Load {
        conversations: args.conversations,
        size: args.size,
        events: (args.rate * args.seconds as f64) as u64,
        rate: Some(args.rate),
    };
    let server = runtime.block_on(server::start(load))?;
    let home = tempfile::tempdir()?;
    let pty = native_pty_system().openpty(PtySize { rows: 40, cols: 140, pixel_width: 0, pixel_height: 0 })?;
    let mut command = CommandBuilder::new(program);
    command.env_clear();
    for (name, value) in environment(&format!("http://{}", server.addr), home.path()) {
        command.env(name, value);
    }
    command.args(["--queue", event::QUEUE]);
    let mut child = pty.slave.spawn_command(command)?;
    let mut reader = pty.master.try_clone_reader()?;
    let mut writer = pty.master.take_writer()?;
    let (tell, chunks) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        while let Ok(n) = reader.read(&mut buffer) {
            if n == 0 || tell.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                break;
            }
        }
    });
    let mut parser = vt100::Parser::new(
        std::num::NonZero::new(40).context("rows")?,
        std::num::NonZero::new(140).context("columns")?,
        0,
    );
    let (mut events, mut keys) = (Vec::new(), Vec::new());
    let mut pressed: Option<(Instant, u64)> = None;
    let (mut next_key, mut down) = (Instant::now() + Duration::from_secs(2), true);
    let end = Instant::now() + Duration::from_secs(args.seconds + 3);
    let mut frames = 0u64;
    let mut newest = 0;
    while Instant::now() < end {
        if Instant::now() >= next_key && pressed.is_none() {
            writer.write_all(if down { b"j" } else { b"k" })?;
            writer.flush()?;
            pressed = Some((Instant::now(), selected_row(&parser)));
            down = !down;
            next_key += Duration::from_millis(73);
        }
        let Ok((at, chunk)) = chunks.recv_timeout(Duration::from_millis(2)) else { continue };
        frames += 1;
        parser.process(&chunk);
        if let Some((since, row)) = pressed
            && selected_row(&parser) != row
        {
            keys.push(at.duration_since(since).as_secs_f64() * 1e3);
            pressed = None;
        }
        if let Some(seq) = newest_number(&parser.screen().contents()).filter(|seq| *seq > newest) {
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
    child.kill()?;
    child.wait()?;
    println!("{} events/s of {} bytes, {frames} reads of the pty", args.rate, args.size);
    report("event to screen", &mut events);
    report("key to screen", &mut keys);
    Ok(())
}

fn report(name: &str, values: &mut [f64]) {
    let p50 = median(values);
    let p99 = values.get(values.len() * 99 / 100).copied().unwrap_or(f64::NAN);
    println!("{name:16} n {:5}  p50 {p50:6.2} ms  p99 {p99:6.2} ms", values.len());
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
