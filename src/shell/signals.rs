//! Signals: asked to end, and stopped and continued by the shell.

use std::io;

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    /// SIGINT.
    Interrupt,
    /// SIGTERM or SIGHUP.
    Terminate,
    /// SIGTSTP from outside: stop, with the terminal given back.
    #[cfg_attr(not(unix), allow(dead_code, reason = "there is no such signal"))]
    Stop,
    /// SIGCONT: somebody else had the terminal meanwhile.
    #[cfg_attr(not(unix), allow(dead_code, reason = "there is no such signal"))]
    Continue,
    /// SIGWINCH: the terminal has another size.
    #[cfg_attr(not(unix), allow(dead_code, reason = "the console reports it as an event"))]
    Resize,
}

#[cfg(unix)]
pub(super) use unix::Signals;

#[cfg(unix)]
mod unix {
    use super::io;
    use rustix::process::Signal;
    use std::time::Duration;
    use tokio::signal::unix::{self, SignalKind};

    /// How long a stop takes to reach us.
    const STOPS_WITHIN: Duration = Duration::from_millis(150);

    /// The signals that the program answers.
    pub(in super::super) struct Signals {
        interrupt: unix::Signal,
        terminate: unix::Signal,
        hangup: unix::Signal,
        stop: unix::Signal,
        proceed: unix::Signal,
        resize: unix::Signal,
    }

    impl Signals {
        /// From now on these signals do not end the process by themselves.
        pub(in super::super) fn listen() -> io::Result<Self> {
            Ok(Self {
                interrupt: unix::signal(SignalKind::interrupt())?,
                terminate: unix::signal(SignalKind::terminate())?,
                hangup: unix::signal(SignalKind::hangup())?,
                stop: unix::signal(SignalKind::from_raw(Signal::TSTP.as_raw()))?,
                proceed: unix::signal(SignalKind::from_raw(Signal::CONT.as_raw()))?,
                resize: unix::signal(SignalKind::window_change())?,
            })
        }

        /// Stops the whole job, as the terminal's own Ctrl-Z would; returns when it was continued.
        pub(in super::super) async fn suspend(&mut self) -> io::Result<()> {
            if can_stop() {
                // We hear SIGTSTP ourselves now, so only this one stops us.
                rustix::process::kill_current_process_group(Signal::STOP)?;
            }
            self.continued().await;
            Ok(())
        }

        /// Stops this process alone: whoever sent SIGTSTP chose whom to stop.
        pub(in super::super) fn stop(&mut self) -> io::Result<()> {
            match can_stop() {
                true => Ok(rustix::process::kill_process(rustix::process::getpid(), Signal::STOP)?),
                false => Ok(()),
            }
        }

        /// Returns when a stop is over.
        pub(in super::super) async fn continued(&mut self) {
            // Another thread may be the one that is told to stop, a moment later: touching the terminal before that would
            // leave it taken. Without job control nothing stops us, and the wait is all there is.
            _ = tokio::time::timeout(STOPS_WITHIN, self.proceed.recv()).await;
        }

        /// The next one.
        pub(in super::super) async fn next(&mut self) -> super::Signal {
            tokio::select! {
                _ = self.interrupt.recv() => super::Signal::Interrupt,
                _ = self.terminate.recv() => super::Signal::Terminate,
                _ = self.hangup.recv() => super::Signal::Terminate,
                _ = self.stop.recv() => super::Signal::Stop,
                _ = self.proceed.recv() => super::Signal::Continue,
                _ = self.resize.recv() => super::Signal::Resize,
            }
        }
    }

    /// Somebody is there to continue us: a parent in this session that is not of this job. Nobody would continue an orphan, and
    /// the kernel does not stop one at a Ctrl-Z either.
    fn can_stop() -> bool {
        let Some(parent) = rustix::process::getppid() else { return false };
        let session = |pid| rustix::process::getsid(pid).ok();
        let job = |pid| rustix::process::getpgid(pid).ok();
        session(Some(parent)) == session(None) && job(Some(parent)) != job(None)
    }
}

/// The signals that the program answers.
#[cfg(windows)]
pub(super) struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    terminate: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
}

#[cfg(windows)]
impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close};
        Ok(Self { interrupt: ctrl_c()?, terminate: ctrl_break()?, close: ctrl_close()? })
    }

    /// There is no job control here.
    pub(super) async fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn stop(&mut self) -> io::Result<()> {
        Ok(())
    }

    pub(super) async fn continued(&mut self) {}

    /// The next one.
    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.close.recv() => Signal::Terminate,
        }
    }
}
