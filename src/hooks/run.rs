//! One run of a hook: a program, or a request.

use crate::config::with_little;
use crate::domain::mask::mask;
use crate::genesys::client::transport;
use std::{process::Stdio, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    time::timeout,
};

/// Bytes of a program's stderr that are kept, to say why it failed.
const SAID: usize = 4096;

/// How long its stderr may stay open after its end.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// Starts the program, hands it the event and waits for its end.
///
/// # Errors
/// Why it failed, in words.
pub(super) async fn program(command: &[String], event: &[u8], time: Duration) -> Result<(), String> {
    let Some((name, arguments)) = command.split_first() else { return Ok(()) };
    let mut command = Command::new(name);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    with_little(command.as_std_mut());
    // A group of its own, so that what it starts can be ended with it and no Ctrl-C reaches it.
    #[cfg(unix)]
    command.process_group(0);
    let child = command.spawn().map_err(|error| format!("hook {name:?} could not be started: {error}"))?;
    let mut run = Run(child);
    match timeout(time, run.hand_over(event)).await {
        Ok(Ok((status, _))) if status.success() => Ok(()),
        Ok(Ok((status, said))) => {
            let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("it said nothing");
            // It may repeat what it was handed, or what it looked up; that goes to a terminal and into a log here.
            Err(format!("hook {name:?} failed ({status}): {}", mask(last)))
        }
        Ok(Err(error)) => Err(format!("hook {name:?} could not be notified: {error}")),
        Err(_) => Err(format!("hook {name:?} did not end within {time:?} and was ended")),
    }
}

/// A program that is running; it ends, with its group, when this is dropped.
struct Run(Child);

impl Run {
    async fn hand_over(&mut self, event: &[u8]) -> std::io::Result<(std::process::ExitStatus, String)> {
        let (stdin, stderr) = (self.0.stdin.take(), self.0.stderr.take());
        let tell = async move {
            if let Some(mut stdin) = stdin {
                // A program that does not read is no failure of ours; its exit code counts.
                _ = stdin.write_all(event).await;
                _ = stdin.shutdown().await;
            }
        };
        let listen = tokio::spawn(async move {
            let mut said = Vec::new();
            let Some(mut stderr) = stderr else { return said };
            let mut part = [0; 1024];
            while let Ok(n @ 1..) = stderr.read(&mut part).await {
                let room = SAID.saturating_sub(said.len());
                said.extend_from_slice(&part[..n.min(room)]);
            }
            said
        });
        let ((), status) = tokio::join!(tell, self.0.wait());
        // What it started and left behind may hold its stderr open.
        let said = timeout(LAST_WORDS, listen).await.ok().and_then(Result::ok).unwrap_or_default();
        Ok((status?, String::from_utf8_lossy(&said).into_owned()))
    }
}

#[cfg(unix)]
impl Drop for Run {
    fn drop(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        // Only while it runs: later its number may be somebody else's.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(id) = id {
            _ = kill_process_group(id, Signal::KILL);
        }
    }
}

/// Where events are posted.
pub(super) struct Webhook {
    client: transport::HttpClient,
    url: String,
    host: String,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({})", self.host)
    }
}

impl Webhook {
    /// A client for this address. Its path may be a secret, so that only the host is ever shown.
    ///
    /// # Errors
    /// Why it cannot be built.
    pub(super) fn new(url: &str) -> Result<Self, String> {
        let parsed = url::Url::parse(url).map_err(|error| format!("the hook's url is not a valid address: {error}"))?;
        let host = parsed.host_str().unwrap_or_default().to_owned();
        let options = transport::TransportOptions::default();
        let built = transport::tls(&options).and_then(|tls| transport::http(&options, &tls, &host));
        Ok(Self { client: built.map_err(|error| error.to_string())?, url: url.to_owned(), host })
    }

    /// Posts the event; an answer of 2xx is success.
    ///
    /// # Errors
    /// Why it failed, in words.
    pub(super) async fn post(&self, event: &[u8], time: Duration) -> Result<(), String> {
        let request = self.client.post(&self.url).header("content-type", "application/json").body(event.to_vec());
        match request.timeout(time).send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("the hook at {} answered {}", self.host, answer.status())),
            Err(error) => Err(format!("the hook at {} could not be reached: {}", self.host, transport::chain(&error))),
        }
    }
}
