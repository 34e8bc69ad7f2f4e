//! How long it takes until something is seen: the first frame against htop's, the data of the demo, and `--version`.

use crate::{
    event,
    frames::What,
    process::{environment, median},
    pty::OnPty,
    report::{Figure, Needed},
    server::{self, Load},
};
use anyhow::Result;
use portable_pty::CommandBuilder;
use std::{
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// The program may not grow beyond this unnoticed, in MB; with what is measured here, because loading it is part of starting.
const LARGEST: f64 = 18.0;

/// How often.
#[derive(clap::Args)]
pub struct Args {
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// The program whose start is the measure.
    #[arg(long, default_value = "htop")]
    htop: String,
}

/// Starts everything in turn.
pub fn measure(runtime: &Runtime, program: &Path, args: &Args) -> Result<Vec<Figure>> {
    let server = runtime.block_on(server::start(Load::first_sight(What::OneValue(3_072), 1)))?;
    let url = format!("http://{}", server.addr);
    let home = tempfile::tempdir()?;
    let pty = |words: &[&str]| {
        let mut command = CommandBuilder::new(words[0]);
        command.args(&words[1..]);
        command.env_clear();
        for (name, value) in environment(&url, home.path()) {
            command.env(name, value);
        }
        command.env("HOME", home.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        OnPty::start(command, 120, 36)
    };
    let name = program.display().to_string();
    let has_htop = Command::new(&args.htop).arg("--version").stdout(Stdio::null()).status().is_ok();
    let (mut htop, mut frame, mut data) = (Vec::new(), Vec::new(), Vec::new());
    let (mut version, mut nothing) = (Vec::new(), Vec::new());
    let ms = |took: Duration| took.as_secs_f64() * 1e3;
    for _ in 0..args.rounds {
        if has_htop {
            let mut on = pty(&[&args.htop])?;
            htop.push(ms(on.until(|screen| screen.contains("F10"))?));
            on.end()?;
        }
        let mut on = pty(&[&name, "--queue", event::QUEUE])?;
        frame.push(ms(on.until(|screen| screen.contains("sidetone"))?));
        on.end()?;
        let mut on = pty(&[&name, "demo"])?;
        data.push(ms(on.until(|screen| screen.contains(" live ") && !screen.contains(" 0 live"))?));
        on.end()?;
        for (times, words) in [(&mut version, [&*name, "--version"]), (&mut nothing, ["true", ""])] {
            for _ in 0..4 {
                let begin = Instant::now();
                let mut command = Command::new(words[0]);
                command.args(Some(words[1]).filter(|w| !w.is_empty())).stdin(Stdio::null()).stdout(Stdio::null());
                anyhow::ensure!(command.status()?.success(), "{words:?} failed");
                times.push(ms(begin.elapsed()));
            }
        }
    }
    let (frame, data) = (median(&mut frame), median(&mut data));
    let (version, nothing) = (median(&mut version), median(&mut nothing));
    let mut figures = Vec::new();
    if has_htop {
        let htop = median(&mut htop);
        let behind = |ours: f64| format!("{ours:.1} ms, htop {htop:.1} ms");
        figures.push(Figure::new("first frame, times htop's", frame / htop, Needed::AtMost(1.5), behind(frame)));
        figures.push(Figure::new("`demo` shows data, times htop's", data / htop, Needed::AtMost(20.0), behind(data)));
    }
    let behind = format!("{version:.2} ms, `true` {nothing:.2} ms");
    figures.push(Figure::new("`--version`, times `true`", version / nothing, Needed::AtMost(2.0), behind));
    let size = std::fs::metadata(program)?.len() as f64 / 1e6;
    figures.push(Figure::new("the program, MB", size, Needed::AtMost(LARGEST), "one file, the simulator included"));
    Ok(figures)
}
