//! What the integration tests share.

mod center;
mod docs;
mod program;
pub mod sim;

/// How much of a long test is run: all with `SIDETONE_FULL=1`, this much by a variable of its own, else a little.
pub fn count(variable: &str, little: usize, all: usize) -> usize {
    let named = std::env::var(variable).ok().and_then(|n| n.parse().ok());
    let full = std::env::var("SIDETONE_FULL").is_ok_and(|full| full == "1");
    named.unwrap_or(if full { all } else { little })
}

/// Does something with each at the same time: most of it is waiting for a program.
pub fn side_by_side<T: Send>(each: impl IntoIterator<Item = T>, what: impl Fn(T) + Sync) {
    let what = &what;
    std::thread::scope(|scope| each.into_iter().for_each(|one| drop(scope.spawn(move || what(one)))));
}

/// A figure of a started program's memory in kB (`VmRSS`: held now, `VmHWM`: the most so far); `None` once it is gone.
///
/// Between its start and its `exec` a child may still lie in this process's memory, whose figures are not its own.
#[cfg(target_os = "linux")]
pub fn memory(pid: u32, field: &str) -> Option<u64> {
    let program = |pid: &str| std::fs::read_link(format!("/proc/{pid}/exe")).ok();
    if program(&pid.to_string())? == program("self")? {
        return None;
    }
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}

pub use center::Center;
pub use docs::assert_section;
pub use program::{Output, Program};
