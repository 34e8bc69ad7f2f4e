//! What requests, sockets and the world's task share: the world, who is subscribed, the faults. The only clock of the simulator.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use super::{
    SimOptions,
    auth::Auth,
    channels::{Channels, Order},
    execution::Executions,
    faults::{Faults, Junk, TimedFault},
    jobs::Jobs,
    limit::Limiter,
    publish,
    world::{SimFlowRun, World, WorldChange},
};

/// How long an event that is overtaken waits, ms.
const OVERTAKEN_MS: u64 = 150;

/// Everything that requests, sockets and the world's task share.
pub(super) struct App {
    pub(super) options: SimOptions,
    pub(super) base: String,
    pub(super) state: Mutex<SharedState>,
    pub(super) wake: Notify,
    pub(super) cancel: CancellationToken,
    pub(super) tasks: TaskTracker,
    wall: i64,
    started: Instant,
}

/// What changes.
pub(super) struct SharedState {
    pub(super) world: World,
    pub(super) auth: Auth,
    pub(super) channels: Channels,
    pub(super) limiter: Limiter,
    pub(super) faults: Faults,
    pub(super) rng: fastrand::Rng,
    /// Version of a participant as last read with a token, for the tutorials' route.
    /// Flow definitions as they were put, with their version, for the tutorials' routes.
    pub(super) put_flows: std::collections::HashMap<usize, (u64, serde_json::Value)>,
    /// What reads of a conversation told last, and what they told before that was another.
    pub(super) reads: std::collections::HashMap<Uuid, [serde_json::Value; 2]>,
    pub(super) last_read: std::collections::HashMap<(String, Uuid), u64>,
    /// Requests that came: a figure for tests.
    pub(super) requests: u64,
    /// PATCH requests that came.
    pub(super) writes: u64,
    /// Recorded runs of flows.
    pub(super) executions: Executions,
    /// Signs the addresses of their documents.
    pub(super) download_key: Uuid,
    /// Analytics jobs.
    pub(super) jobs: Jobs,
}

impl App {
    /// The world of these options at this moment; `base` is the address at which it is served.
    pub(super) fn new(options: SimOptions, base: String) -> Self {
        let wall = jiff::Timestamp::now().as_millisecond();
        let calls = options.calls.unwrap_or(options.scenario.calls);
        let make = if options.tutorial_routes { World::driven_by_flows } else { World::new };
        let mut world = make(Arc::new(options.scenario.clone()), options.seed, calls, options.speed, wall);
        let faults = Faults::new(options.faults.clone());
        let mut executions = Executions::default();
        let of_start = faults.execution(0);
        for run in world.take_past().into_iter().filter(|_| !of_start.off && !of_start.stale) {
            let visible = run.end + of_start.late_ms;
            executions.record(&world, run, visible);
        }
        let state = SharedState {
            world,
            auth: Auth::new(options.seed, options.fresh, options.tuning.token_s),
            channels: Channels::new(options.seed, options.tuning.channel_s * 1000, options.tuning.waiting_bytes),
            limiter: Limiter::new(options.tuning.rate_limit),
            faults,
            rng: fastrand::Rng::with_seed(options.seed ^ 0x0f0f),
            put_flows: std::collections::HashMap::new(),
            reads: std::collections::HashMap::new(),
            last_read: std::collections::HashMap::new(),
            requests: 0,
            writes: 0,
            jobs: Jobs::default(),
            executions,
            download_key: if options.fresh { Uuid::new_v4() } else { Uuid::from_u128(u128::from(options.seed)) },
        };
        Self {
            options,
            base,
            state: Mutex::new(state),
            wake: Notify::new(),
            cancel: CancellationToken::new(),
            tasks: TaskTracker::new(),
            wall,
            started: Instant::now(),
        }
    }

    /// Ms since 1970: the wall clock at the start, then the monotonic one, so that a jump of the wall clock harms nothing.
    pub(super) fn now(&self) -> i64 {
        self.wall + self.elapsed()
    }

    /// Ms since the start.
    pub(super) fn elapsed(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// The shared state. A panic while it was held is a bug elsewhere and must not take the simulator down too.
    pub(super) fn lock(&self) -> MutexGuard<'_, SharedState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the subscribed of a change.
    pub(super) fn tell(self: &Arc<Self>, state: &mut SharedState, notice: Option<&WorldChange>) {
        let happened = state.world.take_happened();
        let mut recorded = Vec::new();
        for happening in &happened {
            recorded.extend(state.world.finished(happening).and_then(|run| self.record(state, run)));
        }
        let SharedState { world, channels, rng, .. } = state;
        let mut frames = publish::frames(world, happened, notice, channels, self.options.attribute_events, rng);
        frames.extend(recorded);
        self.send(state, frames);
    }

    /// Records a flow's run; the event that tells of it, if somebody wants it.
    fn record(&self, state: &mut SharedState, run: SimFlowRun) -> Option<(String, Utf8Bytes)> {
        let faults = state.faults.execution(self.elapsed());
        if faults.off || faults.stale {
            return None;
        }
        let (id, visible) = (run.id, run.end + faults.late_ms);
        let uri = state.document_address(&self.base, id);
        let SharedState { world, channels, rng, executions, .. } = state;
        let topic = format!("v2.flows.instances.flow.{}", world.directory().flows[run.flow]);
        let instance = executions.record(world, run, visible)?;
        if faults.late_ms > 0 || !channels.wanted(&topic) {
            return None;
        }
        let frame = publish::frame(&topic, &instance.event(world, &uri), rng);
        Some((topic, frame))
    }

    fn send(self: &Arc<Self>, state: &mut SharedState, frames: Vec<(String, Utf8Bytes)>) {
        let elapsed = self.elapsed();
        let SharedState { channels, faults, rng, .. } = state;
        let overtaken = publish::send(channels, frames, || faults.fate(elapsed, rng));
        if !overtaken.is_empty() {
            let app = Arc::clone(self);
            self.tasks.spawn(async move {
                tokio::time::sleep(Duration::from_millis(OVERTAKEN_MS)).await;
                let mut state = app.lock();
                for (topic, frame) in overtaken {
                    state.channels.publish(&topic, &frame, 0);
                }
            });
        }
    }

    /// Carries out what a fault does to sockets and sessions.
    pub(super) fn happen(self: &Arc<Self>, event: TimedFault) {
        let mut state = self.lock();
        let everyone = |state: &mut SharedState, order: Order| {
            state.channels.order_all(&order);
        };
        match event {
            TimedFault::Close => everyone(&mut state, Order::Close),
            TimedFault::Reset => everyone(&mut state, Order::Reset { mid_frame: false }),
            TimedFault::Cut => everyone(&mut state, Order::Reset { mid_frame: true }),
            TimedFault::Stall(ms) => everyone(&mut state, Order::Stall(ms)),
            TimedFault::SocketClosing(lead_ms) => {
                let body = json!({"message": "Your websocket is about to be closed"});
                let frame = publish::frame("v2.system.socket_closing", &body, &mut state.rng);
                everyone(&mut state, Order::Text(frame, 0));
                // Only those that were told are closed: a client may have moved meanwhile.
                let told = state.channels.connected();
                drop(state);
                let app = Arc::clone(self);
                self.tasks.spawn(async move {
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(lead_ms)) => {
                            let mut state = app.lock();
                            for (id, number) in told {
                                state.channels.order_socket(&id, number, Order::Close);
                            }
                        }
                        () = app.cancel.cancelled() => {}
                    }
                });
            }
            TimedFault::Steal => {
                let now = self.now();
                for id in state.channels.ids() {
                    if state.channels.get(&id, now).is_some_and(super::channels::Channel::is_connected)
                        && let Some((number, ..)) = state.channels.connect(&id, now)
                    {
                        // The thief does not stay, so the owner can have its channel back.
                        state.channels.disconnect(&id, number);
                    }
                }
            }
            TimedFault::ExpireTokens => state.auth.expire_all(),
            TimedFault::Revoke => {
                state.auth.expire_all();
                let client = state.auth.client_id().to_owned();
                let body = json!({"systemTopicType": "token_revoked", "reason": "user_tokens_revoked",
                    "oauthClientId": client, "message": "The token was revoked"});
                let topic = format!("v2.system.token_revoked.{client}");
                let frame = publish::frame(&topic, &body, &mut state.rng);
                everyone(&mut state, Order::Text(frame, 0));
            }
            TimedFault::DropChannels => {
                for id in state.channels.ids() {
                    state.channels.remove(&id);
                }
            }
            TimedFault::Unsubscribe => {
                let now = self.now();
                for id in state.channels.ids() {
                    let body = json!({"channelId": id, "systemTopicType": "no_longer_subscribed",
                        "reason": "another_channel_subscribed", "message": "No longer subscribed"});
                    let topic = format!("v2.system.no_longer_subscribed.{id}");
                    let frame = publish::frame(&topic, &body, &mut state.rng);
                    state.channels.order_one(&id, Order::Text(frame, 0));
                    state.channels.subscribe(&id, &[], true, now);
                }
            }
            TimedFault::Junk(junk) => {
                let order = match junk {
                    Junk::Text => Order::Text("this is not JSON {".into(), 0),
                    Junk::Json => Order::Text(r#"{"result":"404","other":[1,2,{"a":null}]}"#.into(), 0),
                    Junk::Binary => Order::Binary(vec![0, 159, 146, 150, 255]),
                    Junk::Big => Order::Text("x".repeat(1_000_000).into(), 0),
                };
                everyone(&mut state, order);
            }
        }
    }
}

impl SharedState {
    /// Where the document of a flow's run is; whoever has the address may read it.
    pub(super) fn document_address(&self, host: &str, id: Uuid) -> String {
        let signature = self.signature(id);
        format!("http://{host}/renderedExecutionData/{id}/renderedData.json?Signature={signature}")
    }

    /// What makes the address of a document one that nobody can guess.
    pub(super) fn signature(&self, id: Uuid) -> String {
        Uuid::new_v5(&self.download_key, id.as_bytes()).simple().to_string()
    }
}
