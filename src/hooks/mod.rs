//! Hooks: a program or a webhook that is told of findings, alerts and falls of presence.
//!
//! What is to be told waits in a bounded queue and is handed over by a task of its own, so that the loop never waits for a
//! hook. A program is started without a shell, reads one JSON object from its stdin, gets a short list of this
//! program's environment, and is ended when its time is over. What fails is counted, and told once for each reason.

mod event;
mod run;

use crate::config::HookPlan;
pub(crate) use event::HookEvent;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::{JoinHandle, JoinSet},
};

/// Events that wait; of more, the newest are dropped and counted.
const QUEUE: usize = 256;
/// Runs at once.
const TOGETHER: usize = 4;

/// How it went so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HookStatus {
    /// Runs that went well.
    pub(crate) done: u64,
    /// Runs that failed.
    pub(crate) failed: u64,
    /// Events that found the queue full.
    pub(crate) dropped: u64,
    /// Runs that had not ended, or not begun, when everything did.
    pub(crate) unfinished: u64,
    /// Why the last run that failed did.
    pub(crate) reason: Option<String>,
}

/// Tells the hooks of a plan.
#[derive(Debug)]
pub(crate) struct Hooks {
    plan: Arc<HookPlan>,
    sender: Option<mpsc::Sender<Vec<u8>>>,
    /// Runs that were asked for.
    asked: AtomicU64,
    status: Arc<Mutex<HookStatus>>,
    task: JoinHandle<()>,
}

impl Hooks {
    /// Starts the task that tells them. Within a runtime.
    ///
    /// # Errors
    /// The webhook's client could not be built; why.
    pub(crate) fn start(plan: HookPlan) -> Result<Self, String> {
        let plan = Arc::new(plan);
        let webhook = plan.url.as_deref().map(run::Webhook::new).transpose()?.map(Arc::new);
        let status = Arc::new(Mutex::new(HookStatus::default()));
        let (sender, receiver) = mpsc::channel(QUEUE);
        let task = tokio::spawn(work(Arc::clone(&plan), webhook, receiver, Arc::clone(&status)));
        Ok(Self { plan, sender: Some(sender), asked: AtomicU64::new(0), status, task })
    }

    /// Tells of an event, unless it is none that is to be told of.
    pub(crate) fn tell(&self, event: HookEvent<'_>) {
        if !event.is_wanted(&self.plan) {
            return;
        }
        let Some(sender) = &self.sender else { return };
        let runs = u64::from(!self.plan.command.is_empty()) + u64::from(self.plan.url.is_some());
        match sender.try_send(event.json(self.plan.mask)) {
            Ok(()) => _ = self.asked.fetch_add(runs, Ordering::Relaxed),
            Err(TrySendError::Full(_)) => lock(&self.status).dropped += 1,
            Err(TrySendError::Closed(_)) => {}
        }
    }

    /// How it went so far.
    pub(crate) fn status(&self) -> HookStatus {
        lock(&self.status).clone()
    }

    /// Waits until everything was told, or until the time is over; what is running then is ended.
    pub(crate) async fn finish(mut self, time: Duration) -> HookStatus {
        self.sender = None;
        if tokio::time::timeout(time, &mut self.task).await.is_err() {
            self.task.abort();
            // Its end kills the programs that it had started.
            _ = (&mut self.task).await;
        }
        let status = self.status();
        let unfinished = self.asked.into_inner().saturating_sub(status.done + status.failed);
        HookStatus { unfinished, ..status }
    }
}

fn lock(status: &Mutex<HookStatus>) -> MutexGuard<'_, HookStatus> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn work(
    plan: Arc<HookPlan>,
    webhook: Option<Arc<run::Webhook>>,
    mut receiver: mpsc::Receiver<Vec<u8>>,
    status: Arc<Mutex<HookStatus>>,
) {
    let mut runs = JoinSet::new();
    while let Some(event) = receiver.recv().await {
        let event = Arc::new(event);
        if !plan.command.is_empty() {
            make_room(&mut runs).await;
            let (plan, event, status) = (Arc::clone(&plan), Arc::clone(&event), Arc::clone(&status));
            runs.spawn(async move { note(&status, run::program(&plan.command, &event, plan.time).await) });
        }
        if let Some(webhook) = &webhook {
            make_room(&mut runs).await;
            let (webhook, time, status) = (Arc::clone(webhook), plan.time, Arc::clone(&status));
            runs.spawn(async move { note(&status, webhook.post(&event, time).await) });
        }
    }
    while runs.join_next().await.is_some() {}
}

async fn make_room(runs: &mut JoinSet<()>) {
    while runs.len() >= TOGETHER {
        runs.join_next().await;
    }
}

fn note(status: &Mutex<HookStatus>, result: Result<(), String>) {
    let mut status = lock(status);
    match result {
        Ok(()) => status.done += 1,
        Err(reason) => {
            tracing::warn!(%reason, "a hook failed");
            status.failed += 1;
            status.reason = Some(reason);
        }
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::HookOn;
    use crate::domain::findings::Severity;
    use jiff::Timestamp;

    fn plan(script: &str, time: Duration) -> HookPlan {
        HookPlan {
            command: ["sh", "-c", script].map(str::to_owned).to_vec(),
            url: None,
            on: vec![HookOn::Alert],
            least: Severity::Warn,
            mask: true,
            time,
        }
    }

    fn alert(message: &str) -> HookEvent<'_> {
        HookEvent { on: Some(HookOn::Alert), message, time: Some(Timestamp::UNIX_EPOCH), ..HookEvent::default() }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn a_program_reads_the_event_and_its_failure_is_counted() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("told");
        let hooks = Hooks::start(plan(&format!("cat >> {}", file.display()), LONG)).unwrap();
        hooks.tell(alert("tier changed"));
        hooks.tell(HookEvent { on: Some(HookOn::Finding), severity: Some(Severity::Error), ..alert("not asked for") });
        assert_eq!(hooks.finish(LONG).await, HookStatus { done: 1, ..HookStatus::default() });
        let told: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!((&told["type"], &told["message"]), (&"alert".into(), &"tier changed".into()));
        let script = "cat > /dev/null; echo 'no such channel for +13175550123, dana@example.com' >&2; exit 3";
        // Masked whatever the plan hands over.
        let hooks = Hooks::start(HookPlan { mask: false, ..plan(script, LONG) }).unwrap();
        hooks.tell(alert("x"));
        let status = hooks.finish(LONG).await;
        assert_eq!((status.done, status.failed), (0, 1));
        let reason = status.reason.unwrap();
        assert!(reason.contains("no such channel") && reason.contains("status: 3"), "{reason}");
        assert!(!reason.contains("3175550") && !reason.contains("dana"), "{reason}");
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_ended_with_what_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("late");
        let script = format!("(sleep 2; touch {}) & wait", file.display());
        let hooks = Hooks::start(plan(&script, Duration::from_millis(200))).unwrap();
        hooks.tell(alert("x"));
        let status = hooks.finish(LONG).await;
        assert!(status.failed == 1 && status.reason.unwrap().contains("did not end within"));
        std::thread::sleep(Duration::from_millis(2_500));
        assert!(!file.exists(), "its own child was ended, too");
    }

    #[tokio::test]
    async fn a_full_queue_drops_and_counts() {
        let hooks = Hooks::start(plan("cat > /dev/null; sleep 5", Duration::from_millis(300))).unwrap();
        // Nothing of it is taken out before this task waits for something.
        for _ in 0..QUEUE + 7 {
            hooks.tell(alert("x"));
        }
        assert_eq!(hooks.status().dropped, 7);
        let status = hooks.finish(Duration::from_millis(50)).await;
        assert!(status.failed < 10, "the end does not wait for the rest: {status:?}");
        assert_eq!(status.unfinished, QUEUE as u64 - status.failed);
    }
}
