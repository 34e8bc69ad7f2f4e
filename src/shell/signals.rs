//! Signals: asked to end, and stopped and continued by the shell.

use std::io;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM or SIGHUP.
    Terminate,
    /// SIGCONT: somebody else had the terminal meanwhile.
    #[cfg_attr(not(unix), allow(dead_code, reason = "there is no such signal"))]
    Continue,
}

#[cfg(unix)]
pub(super) use unix::Signals;

#[cfg(unix)]
mod unix {
    use super::{Signal, io};
    use std::time::Duration;
    use tokio::signal::unix::{self, SignalKind};

    /// How long a stop takes to reach us.
    const STOPS_WITHIN: Duration = Duration::from_millis(150);

    /// The signals that the program answers.
    pub(in super::super) struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        hangup: unix::Signal,
        proceed: unix::Signal,
    }

    impl Signals {
        /// From now on these signals do not end the process by themselves.
        pub(in super::super) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: unix::signal(SignalKind::interrupt())?,
                terminate: unix::signal(SignalKind::terminate())?,
                hangup: unix::signal(SignalKind::hangup())?,
                proceed: unix::signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            })
        }

        /// Stops the whole job, as the terminal's own Ctrl-Z would; returns when it was continued.
        pub(in super::super) async fn suspend(&mut self) -> io::Result<()> {
            rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
            // Another thread may be the one that is told to stop, a moment later: touching the terminal before that would
            // leave it taken. Without job control nothing stops us, and the wait is all there is.
            _ = tokio::time::timeout(STOPS_WITHIN, self.proceed.recv()).await;
            Ok(())
        }

        /// The next one.
        pub(in super::super) async fn next(&mut self) -> Signal {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::Interrupt,
                _ = self.terminate.recv() => Signal::Terminate,
                _ = self.hangup.recv() => Signal::Terminate,
                _ = self.proceed.recv() => Signal::Continue,
            }
        }
    }
}

#[cfg(not(unix))]
pub(super) struct Signals(());

#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self(()))
    }

    /// There is no job control here.
    pub(super) async fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    pub(super) async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}
