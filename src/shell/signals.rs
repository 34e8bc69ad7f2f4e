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
pub(super) use unix::{Signals, suspend};

#[cfg(unix)]
mod unix {
    use super::{Signal, io};
    use tokio::signal::unix::{self, SignalKind};

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

    /// Stops the whole job, as the terminal's own Ctrl-Z would; returns when it was continued.
    pub(in super::super) fn suspend() -> io::Result<()> {
        rustix::process::kill_current_process_group(rustix::process::Signal::TSTP)?;
        Ok(())
    }
}

#[cfg(not(unix))]
pub(super) struct Signals(());

#[cfg(not(unix))]
impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self(()))
    }

    pub(super) async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}

/// There is no job control here.
#[cfg(not(unix))]
pub(super) fn suspend() -> io::Result<()> {
    Ok(())
}
