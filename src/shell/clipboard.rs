//! The clipboard of the desktop, beside what the terminal is asked for: some terminals do not listen to OSC 52.

use crate::config;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::{env, process::Stdio, time::Duration};
use tokio::{io::AsyncWriteExt, process::Command};

/// A tool that has not taken the text by then will not.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether the desktop's own clipboard takes the text, whatever the terminal does.
pub(crate) fn is_sure() -> bool {
    tool(|name| env::var_os(name).is_some_and(|v| !v.is_empty())).is_some()
}

/// Bytes that a part of a string has at most that GNU screen passes on to its terminal (its `MAXSTR` is 768; older ones had 256).
const SCREEN: usize = 240;

/// Asks the terminal to put text on the clipboard (OSC 52, base64), which works over ssh as well. Inside of tmux it is asked twice: tmux
/// itself, which listens with `set-clipboard on`, and through it the terminal, which needs `allow-passthrough on`. GNU screen does not know
/// the request and passes it on in parts.
pub(super) fn sequence(text: &str, multiplexer: Option<&str>) -> String {
    let encoded = STANDARD.encode(text);
    let plain = format!("\x1b]52;c;{encoded}\x07");
    match multiplexer {
        Some("tmux") => format!("{plain}\x1bPtmux;{}\x1b\\", plain.replace('\x1b', "\x1b\x1b")),
        // Base64 and the rest are ASCII: any place is the border of a character.
        Some("screen") => plain
            .as_bytes()
            .chunks(SCREEN)
            .map(|part| format!("\x1bP{}\x1b\\", String::from_utf8_lossy(part)))
            .collect(),
        _ => plain,
    }
}

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
    fn the_request_reaches_the_terminal_through_tmux_and_screen() {
        assert_eq!(sequence("hi", None), "\x1b]52;c;aGk=\x07");
        assert_eq!(
            sequence("hi", Some("tmux")),
            "\x1b]52;c;aGk=\x07\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\",
            "once for tmux, once through it with doubled escapes"
        );
        let long = "x".repeat(2_000);
        let parts = sequence(&long, Some("screen"));
        let passed: Vec<&str> =
            parts.split("\x1bP").skip(1).map(|part| part.strip_suffix("\x1b\\").expect("it is ended")).collect();
        assert!(passed.len() > 10 && passed.iter().all(|part| part.len() <= SCREEN));
        assert_eq!(passed.concat(), sequence(&long, None), "screen takes the wrapping off and hands the rest on");
    }

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
