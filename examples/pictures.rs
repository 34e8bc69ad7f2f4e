//! Draws the pictures of the documentation: plays assets/demo.tape on the real program in a terminal, and writes what stands there as
//! SVG.
//!
//! `cargo run --example pictures` builds the program, plays the tape once for each size and writes the pictures to assets/pictures;
//! `cargo run --example pictures -- 120x36` does that for one size. A size takes about three minutes and a half.

use anyhow::{Context, Result, bail};
use portable_pty::{CommandBuilder, MasterPty, PtySize, native_pty_system};
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};
use sidetone::{
    app::key::{Code, Key, parse_script},
    export::screen::{DARK, LIGHT, svg},
};
use std::{
    io::{Read, Write},
    num::NonZero,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// Columns and rows.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];
/// How long the tape waits for a text at most.
const PATIENCE: Duration = Duration::from_secs(30);
/// Every screen is shown at the middle size, and these at all of them.
const AT_ALL_SIZES: [&str; 2] = ["calls", "call"];
/// Between two keys: a question takes no answer sooner.
const TYPING: Duration = Duration::from_millis(250);

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tape = std::fs::read_to_string(root.join("assets/demo.tape")).context("assets/demo.tape")?;
    let directory = root.join("assets/pictures");
    std::fs::create_dir_all(&directory)?;
    let wanted = std::env::args().nth(1);
    let mut build = std::process::Command::new(env!("CARGO"));
    build.args(["build", "--locked"]).current_dir(root);
    // What cargo says to an example is not for the build: build scripts would run again because of it.
    for (name, _) in std::env::vars_os() {
        let of_package =
            ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix));
        if of_package {
            build.env_remove(&name);
        }
    }
    let built = build.status()?;
    if !built.success() {
        bail!("the program does not build");
    }
    for (columns, rows) in SIZES {
        let size = format!("{columns}x{rows}");
        if wanted.as_ref().is_none_or(|wanted| *wanted == size) {
            play(&tape, columns, rows, &directory).with_context(|| size)?;
        }
    }
    Ok(())
}

/// The program that lies beside this example.
fn program() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let built = own.parent().and_then(Path::parent).context("the directory of this example")?;
    let program = built.join(if cfg!(windows) { "sidetone.exe" } else { "sidetone" });
    if !program.exists() {
        bail!("{} is not there", program.display());
    }
    Ok(program)
}

/// A terminal with the program on it.
struct Terminal {
    screen: Arc<Mutex<vt100::Parser>>,
    input: Box<dyn Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    size: (u16, u16),
    _master: Box<dyn MasterPty + Send>,
    _home: tempfile::TempDir,
}

impl Terminal {
    fn start(columns: u16, rows: u16) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let pair = native_pty_system().openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })?;
        let mut command = CommandBuilder::new(program()?);
        command.args(["demo", "--seed", "7", "--calls", "26"]);
        command.env("TERM", "xterm-256color");
        command.env("COLORFGBG", "15;0");
        command.env("LANG", "C.UTF-8");
        command.env("SIDETONE_HOME", home.path());
        let child = pair.slave.spawn_command(command)?;
        let mut output = pair.master.try_clone_reader()?;
        let input = pair.master.take_writer()?;
        let some = |n| NonZero::new(n).context("a size");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(some(rows)?, some(columns)?, 0)));
        let sink = screen.clone();
        std::thread::spawn(move || {
            let mut chunk = [0; 8192];
            while let Ok(n @ 1..) = output.read(&mut chunk) {
                let Ok(mut screen) = sink.lock() else { return };
                screen.process(&chunk[..n]);
            }
        });
        Ok(Self { screen, input, child, size: (columns, rows), _master: pair.master, _home: home })
    }

    fn text(&self) -> String {
        self.screen.lock().map(|screen| screen.screen().contents()).unwrap_or_default()
    }

    fn until(&self, text: &str) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while !self.text().contains(text) {
            if Instant::now() > end {
                bail!("no {text:?} on the screen:\n{}", self.text());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn keys(&mut self, script: &str) -> Result<()> {
        for key in parse_script(script).map_err(|bad| anyhow::anyhow!("{script}: {bad}"))? {
            self.input.write_all(bytes(key)?.as_bytes())?;
            self.input.flush()?;
            std::thread::sleep(TYPING);
        }
        Ok(())
    }

    /// What stands on the screen.
    fn drawn(&self) -> Buffer {
        let (columns, rows) = self.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let Ok(parser) = self.screen.lock() else { return buffer };
        for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
            let Some(cell) = parser.screen().cell(y, x).filter(|cell| !cell.is_wide_continuation()) else { continue };
            let mut style = Style::new();
            let color = |color| match color {
                vt100::Color::Default => Color::Reset,
                vt100::Color::Idx(index) => Color::Indexed(index),
                vt100::Color::Rgb(r, g, b) => Color::Rgb(r, g, b),
            };
            style = style.fg(color(cell.fgcolor())).bg(color(cell.bgcolor()));
            for (is, modifier) in [
                (cell.bold(), Modifier::BOLD),
                (cell.dim(), Modifier::DIM),
                (cell.italic(), Modifier::ITALIC),
                (cell.underline(), Modifier::UNDERLINED),
                (cell.inverse(), Modifier::REVERSED),
            ] {
                if is {
                    style = style.add_modifier(modifier);
                }
            }
            let symbol = if cell.has_contents() { cell.contents() } else { " " };
            buffer[(x, y)].set_symbol(symbol).set_style(style);
        }
        buffer
    }
}

/// What a terminal sends for a key.
fn bytes(key: Key) -> Result<String> {
    Ok(match key.code {
        Code::Char(c) if key.ctrl => char::from(c as u8 & 0x1f).to_string(),
        Code::Char(c) => c.to_string(),
        Code::Enter => "\r".to_owned(),
        Code::Esc => "\x1b".to_owned(),
        Code::Tab => "\t".to_owned(),
        Code::Backspace => "\x7f".to_owned(),
        Code::Up => "\x1b[A".to_owned(),
        Code::Down => "\x1b[B".to_owned(),
        Code::Right => "\x1b[C".to_owned(),
        Code::Left => "\x1b[D".to_owned(),
        Code::End => "\x1b[F".to_owned(),
        Code::Home => "\x1b[H".to_owned(),
        other => bail!("the tape does not type {other:?}"),
    })
}

/// Plays the tape on a terminal of this size.
fn play(tape: &str, columns: u16, rows: u16, directory: &Path) -> Result<()> {
    let mut terminal = Terminal::start(columns, rows)?;
    for (number, line) in tape.lines().enumerate() {
        let (step, rest) = line.split_once(' ').unwrap_or((line, ""));
        let done = match step {
            "" | "#" => Ok(()),
            "keys" => terminal.keys(rest),
            "until" => terminal.until(rest),
            "wait" => rest.parse().map(|s| std::thread::sleep(Duration::from_secs(s))).map_err(Into::into),
            "picture" => take(&terminal, rest, directory),
            other => Err(anyhow::anyhow!("{other:?} is not a step")),
        };
        done.with_context(|| format!("assets/demo.tape:{}", number + 1))?;
    }
    terminal.child.kill()?;
    terminal.child.wait()?;
    Ok(())
}

/// What stands on the screen, dark and light.
fn take(terminal: &Terminal, name: &str, directory: &Path) -> Result<()> {
    let (columns, rows) = terminal.size;
    if terminal.size != SIZES[1] && !AT_ALL_SIZES.contains(&name) {
        return Ok(());
    }
    let screen = terminal.drawn();
    for (palette, word) in [(&DARK, "dark"), (&LIGHT, "light")] {
        let file = directory.join(format!("{name}-{columns}x{rows}-{word}.svg"));
        std::fs::write(&file, svg(&screen, palette)).with_context(|| file.display().to_string())?;
    }
    Ok(())
}
