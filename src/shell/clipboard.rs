//! The clipboard of the desktop, beside what the terminal is asked for: some terminals do not listen to OSC 52.

use crate::config;
use std::{env, process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command};

/// A tool that has not taken the text by then will not.
const PATIENCE: Duration = Duration::from_secs(2);

/// Hands the text to the desktop's own tool, in the background. Over ssh the desktop is elsewhere, and only the terminal
/// can reach it.
pub(super) fn offer(text: &str) {
    let Some((tool, args)) = tool(|name| env::var_os(name).is_some_and(|v| !v.is_empty())) else { return };
    let text = text.to_owned();
    tokio::spawn(async move {
        // Without the tool there is still the terminal.
        let handed = tokio::time::timeout(PATIENCE, pipe_to(tool, args, text)).await;
        if !matches!(handed, Ok(Ok(()))) {
            tracing::debug!(tool, "the desktop's clipboard was not reached");
        }
    });
}

async fn pipe_to(tool: &str, args: &[&str], text: String) -> std::io::Result<()> {
    let mut command = Command::new(tool);
    config::without_secrets(command.as_std_mut());
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(text.as_bytes()).await?;
    }
    child.wait().await?;
    Ok(())
}

/// The tool of this desktop; `set` tells whether a variable of the environment has a value.
fn tool(set: impl Fn(&str) -> bool) -> Option<(&'static str, &'static [&'static str])> {
    if set("SSH_CONNECTION") || set("SSH_TTY") {
        None
    } else if cfg!(target_os = "macos") {
        Some(("pbcopy", &[]))
    } else if cfg!(windows) {
        Some(("clip.exe", &[]))
    } else if set("WAYLAND_DISPLAY") {
        Some(("wl-copy", &[]))
    } else if set("DISPLAY") {
        Some(("xclip", &["-selection", "clipboard"]))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_ssh_the_terminal_alone_is_asked() {
        assert_eq!(tool(|name| matches!(name, "SSH_TTY" | "DISPLAY" | "WAYLAND_DISPLAY")), None);
        if cfg!(all(unix, not(target_os = "macos"))) {
            assert_eq!(tool(|name| name == "WAYLAND_DISPLAY").map(|t| t.0), Some("wl-copy"));
            assert_eq!(tool(|name| name == "DISPLAY").map(|t| t.0), Some("xclip"));
            assert_eq!(tool(|_| false), None);
        }
    }
}
