//! A program on a pseudo-terminal, and what it writes.

use anyhow::{Context, Result};
use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};
use std::{
    io::{Read, Write},
    num::NonZero,
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

/// The program, its screen, and how much it wrote.
pub struct OnPty {
    /// The program.
    pub child: Box<dyn Child + Send + Sync>,
    /// Keys go here.
    pub input: Box<dyn Write + Send>,
    /// The screen as far as [`Self::read`] has followed.
    pub screen: vt100::Parser,
    /// When it was started.
    pub began: Instant,
    /// Bytes and writes so far.
    pub written: (usize, usize),
    chunks: Receiver<(Instant, Vec<u8>)>,
    // Closing it would hang up on the program.
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl OnPty {
    /// Starts it on a terminal of this size.
    pub fn start(command: CommandBuilder, cols: u16, rows: u16) -> Result<Self> {
        let pty = native_pty_system().openpty(PtySize { rows, cols, pixel_width: 0, pixel_height: 0 })?;
        let mut reader = pty.master.try_clone_reader()?;
        let input = pty.master.take_writer()?;
        let (tell, chunks) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            while let Ok(n @ 1..) = reader.read(&mut buffer) {
                if tell.send((Instant::now(), buffer[..n].to_vec())).is_err() {
                    break;
                }
            }
        });
        let began = Instant::now();
        let child = pty.slave.spawn_command(command)?;
        let size = |n| NonZero::new(n).context("a terminal without a size");
        let screen = vt100::Parser::new(size(rows)?, size(cols)?, 0);
        Ok(Self { child, input, screen, began, written: (0, 0), chunks, _master: pty.master })
    }

    /// Follows the next thing that it writes within `patience`; when that was.
    pub fn read(&mut self, patience: Duration) -> Option<Instant> {
        let (at, chunk) = self.chunks.recv_timeout(patience).ok()?;
        self.screen.process(&chunk);
        self.written.0 += chunk.len();
        self.written.1 += 1;
        Some(at)
    }

    /// Follows until its screen is as wanted; how long that took from its start.
    pub fn until(&mut self, wanted: impl Fn(&str) -> bool) -> Result<Duration> {
        let end = Instant::now() + Duration::from_secs(20);
        while Instant::now() < end {
            if let Some(at) = self.read(Duration::from_millis(100))
                && wanted(&self.screen.screen().contents())
            {
                return Ok(at.duration_since(self.began));
            }
        }
        anyhow::bail!("what was waited for did not come:\n{}", self.screen.screen().contents())
    }

    /// Follows for so long.
    pub fn follow(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            self.read(left);
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.process_id().unwrap_or(0)
    }

    /// Ends it.
    pub fn end(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}
