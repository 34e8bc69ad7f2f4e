//! Child processes and what they cost.

use anyhow::{Context, Result};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// A program built into the same target folder as this example.
pub fn beside(name: &str) -> Result<PathBuf> {
    let me = std::env::current_exe()?;
    let folder = me.parent().and_then(Path::parent).context("the example has no folder above it")?;
    let path = folder.join(name);
    anyhow::ensure!(path.exists(), "{} is not there: cargo build --release first", path.display());
    Ok(path)
}

/// The program with nothing but the environment that the contract names.
pub fn sidetone(program: &Path, addr: SocketAddr, home: &Path) -> Command {
    let mut command = Command::new(program);
    let url = format!("http://{addr}");
    command.env_clear().envs(environment(&url, home));
    command
}

/// That environment.
pub fn environment(url: &str, home: &Path) -> Vec<(String, String)> {
    [
        ("SIDETONE_API_URL", url),
        ("SIDETONE_LOGIN_URL", url),
        ("GENESYS_CLIENT_ID", "flood"),
        ("GENESYS_CLIENT_SECRET", "sample"),
        ("SIDETONE_HOME", &home.display().to_string()),
        ("TERM", "xterm-256color"),
        ("LANG", "C.UTF-8"),
    ]
    .map(|(k, v)| (k.to_owned(), v.to_owned()))
    .to_vec()
}

/// CPU time of all children that have been waited for.
pub fn children_cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    // cutime and cstime are fields 16 and 17 of the file, counted in hundredths of a second.
    Duration::from_millis((ticks(13) + ticks(14)) * 10)
}

/// CPU time of a running process so far.
pub fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

/// CPU time of the threads of a running process, to the nanosecond where the kernel tells it.
pub fn cpu_of_threads(pid: u32) -> Duration {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Duration::ZERO };
    let of = |thread: std::fs::DirEntry| -> Option<u64> {
        std::fs::read_to_string(thread.path().join("schedstat")).ok()?.split_whitespace().next()?.parse().ok()
    };
    Duration::from_nanos(threads.flatten().filter_map(of).sum())
}

/// Resident memory of a running process now, in kB; `None` once it is gone.
pub fn resident_kb(pid: u32) -> Option<u64> {
    status_kb(pid, "VmRSS:")
}

/// Peak resident memory of a running process, in kB; `None` once it is gone.
pub fn peak_kb(pid: u32) -> Option<u64> {
    status_kb(pid, "VmHWM:")
}

fn status_kb(pid: u32, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The middle of a few measurements.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
