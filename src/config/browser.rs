//! The browser, opened for a sign-in.

use super::env::without_secrets;
use std::process::Stdio;

/// Opens the address in the browser of this desktop; false when there is none. The browser gets none of the secrets that this
/// program's environment holds.
pub(crate) fn open_browser(url: &str) -> bool {
    open::commands(url).into_iter().any(|mut command| {
        without_secrets(&mut command).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        match command.spawn() {
            Ok(mut child) => {
                // Whoever opens a browser does not wait for it, and leaves no dead child behind.
                std::thread::spawn(move || _ = child.wait());
                true
            }
            Err(_) => false,
        }
    })
}
