//! Everything that can happen to the program, as one stream.

use super::Driver;
use crate::{
    app::{Msg, signin::SignInProgress},
    domain::{At, Link},
    genesys::{Clock, client::NextTry},
    shell::{
        Connected, Persistence,
        backend::TaskOutcome,
        connecting::Connecting,
        input::{Burst, Keys},
        signals::{Signal, Signals},
        terminal::Terminal,
    },
};
use futures_util::future::BoxFuture;
use std::time::Duration;
use tokio::sync::mpsc;

/// One thing that happened.
pub(in crate::shell) enum Input {
    /// The process got a signal.
    Signal(Signal),
    /// Something was written to disk, or could not be: what to tell of it.
    Kept(Option<Msg>),
    /// The operator did something.
    Burst(Burst),
    /// The terminal is gone.
    Gone,
    /// The operator's own editor has ended.
    Edited(Msg),
    /// A task has ended.
    Done(TaskOutcome),
    /// News of signing in.
    SignIn(SignInProgress),
    /// The link was started.
    Connected(Box<Connected>),
    /// A request failed and is tried again.
    Retried(NextTry),
    /// The organisation was not reached; it is tried again.
    Unreached(Link),
    /// The platform told something; more of it may be there.
    Feed(At, Msg),
    /// A moment has come for which something waited.
    Time,
}

impl<T: Terminal, K: Keys> Driver<T, K> {
    /// Waits for the next thing.
    ///
    /// # Errors
    /// What is to be watched does not exist.
    pub(super) async fn next(&mut self, signals: &mut Signals) -> anyhow::Result<Input> {
        let kept = self.is_kept();
        let (clock, wake) = self.wakes();
        let listens = self.editing.is_some() || self.pace.listens(self.real.now().mono, self.backend.waiting());
        let Self { persistence, keys, editing, tasks, signing, connecting, failures, backend, model, .. } = self;
        Ok(tokio::select! {
            // Keys first: a flood of events cannot delay them.
            biased;
            signal = signals.next() => Input::Signal(signal),
            news = written(persistence), if !kept => Input::Kept(news),
            burst = keys.next() => burst.map_or(Input::Gone, Input::Burst),
            msg = edited(editing) => Input::Edited(msg),
            Some(done) = tasks.join_next(), if !tasks.is_empty() => {
                let broke = |error| Msg::Failed(format!("A task of the program broke: {error}")).into();
                Input::Done(done.unwrap_or_else(broke))
            }
            progress = signing.next() => Input::SignIn(progress),
            next = retried(failures) => Input::Retried(next),
            ended = begun(connecting) => match ended {
                Ok(connected) => Input::Connected(Box::new(connected)),
                Err(failure) => {
                    let attempt = self.unreached().unwrap_or(1);
                    let at = self.backend.now();
                    let Some(connecting) = &mut self.connecting else { return Err(failure) };
                    Input::Unreached(connecting.failed(at, failure, attempt)?)
                }
            },
            (at, msg) = backend.next(model), if listens => Input::Feed(at, msg),
            () = sleep_until(clock, wake) => Input::Time,
        })
    }

    /// By which clock, and until when, to wait while nothing happens: for the next frame, else for what time alone changes.
    fn wakes(&self) -> (Option<Clock>, Option<Duration>) {
        if !self.pace.is_dirty() || self.editing.is_some() {
            return (self.backend.time(), self.model.next_deadline(self.backend.now()));
        }
        let due = self.pace.due();
        (Some(self.real), Some(if self.is_kept() { due } else { due.max(self.keeping) }))
    }
}

/// News of what is being written to disk; for ever pending when nothing is.
async fn written(persistence: &mut Option<Persistence>) -> Option<Msg> {
    match persistence {
        Some(persistence) => persistence.progress().await,
        None => std::future::pending().await,
    }
}

/// The end of the operator's own editor; for ever pending without one.
async fn edited(editing: &mut Option<BoxFuture<'static, Msg>>) -> Msg {
    let Some(future) = editing.as_mut() else { return std::future::pending().await };
    let msg = future.await;
    *editing = None;
    msg
}

/// Waits until then; for ever without a moment, or while time stands still.
async fn sleep_until(clock: Option<Clock>, mono: Option<Duration>) {
    match clock.zip(mono) {
        Some((clock, mono)) => clock.sleep_until(mono).await,
        None => std::future::pending().await,
    }
}

/// The end of a round of tries to connect; for ever pending once there is a link.
async fn begun(connecting: &mut Option<Connecting>) -> anyhow::Result<Connected> {
    match connecting {
        Some(connecting) => connecting.next().await,
        None => std::future::pending().await,
    }
}

/// A request that failed and is tried again; for ever pending where nobody reports them.
async fn retried(failures: &mut Option<mpsc::UnboundedReceiver<NextTry>>) -> NextTry {
    if let Some(next) = match failures {
        Some(failures) => failures.recv().await,
        None => None,
    } {
        return next;
    }
    std::future::pending().await
}
