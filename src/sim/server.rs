//! The running simulator: listener, connections, the task that lets the world go on. The only clock of the simulator.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use futures_util::StreamExt;
use http_body_util::{BodyExt, Full, Limited, StreamBody, combinators::BoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Frame, Incoming},
    header::{HeaderName, HeaderValue},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Options, Running,
    auth::Auth,
    channels::{Channels, Order},
    execution::Executions,
    faults::{Broken, Event, Faults, Junk},
    ids::uuid,
    limit::Limiter,
    publish,
    reply::Reply,
    routes::{self, Jobs},
    socket,
    world::{FlowRun, Notice, World},
};

/// Connections at once; sockets count.
const MAX_CONNECTIONS: usize = 2_000;
/// Header lines of a request.
const MAX_HEADERS: usize = 100;
/// Bytes of a request's headers.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Until a request's body has to be there.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long an event that is overtaken waits, ms.
const OVERTAKEN_MS: u64 = 150;

type Body = BoxBody<Bytes, std::io::Error>;

/// Everything that requests, sockets and the world's task share.
pub(super) struct App {
    pub(super) options: Options,
    pub(super) base: String,
    pub(super) state: Mutex<State>,
    pub(super) wake: Notify,
    pub(super) cancel: CancellationToken,
    pub(super) tasks: TaskTracker,
    wall: i64,
    started: Instant,
}

/// What changes.
pub(super) struct State {
    pub(super) world: World,
    pub(super) auth: Auth,
    pub(super) channels: Channels,
    pub(super) limiter: Limiter,
    pub(super) faults: Faults,
    pub(super) rng: fastrand::Rng,
    /// Version of a participant as last read with a token, for the tutorials' route.
    /// Flow definitions as they were put, with their version, for the tutorials' routes.
    pub(super) put_flows: std::collections::HashMap<usize, (u64, serde_json::Value)>,
    pub(super) last_read: std::collections::HashMap<(String, uuid::Uuid), u64>,
    /// Requests that came: a figure for tests.
    pub(super) requests: u64,
    /// PATCH requests that came.
    pub(super) writes: u64,
    /// Recorded runs of flows.
    pub(super) executions: Executions,
    /// Signs the addresses of their documents.
    pub(super) download_key: uuid::Uuid,
    /// Analytics jobs.
    pub(super) jobs: Jobs,
}

impl App {
    /// Ms since 1970: the wall clock at the start, then the monotonic one, so that a jump of the wall clock harms nothing.
    pub(super) fn now(&self) -> i64 {
        self.wall + self.elapsed()
    }

    /// Ms since the start.
    pub(super) fn elapsed(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// The shared state. A panic while it was held is a bug elsewhere and must not take the simulator down too.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the subscribed of a change.
    pub(super) fn tell(self: &Arc<Self>, state: &mut State, notice: Option<&Notice>) {
        let happened = state.world.take_happened();
        let mut recorded = Vec::new();
        for happening in &happened {
            recorded.extend(state.world.finished(happening).and_then(|run| self.record(state, run)));
        }
        let State { world, channels, rng, .. } = state;
        let mut frames = publish::frames(world, happened, notice, channels, self.options.attribute_events, rng);
        frames.extend(recorded);
        self.send(state, frames);
    }

    /// Records a flow's run; the event that tells of it, if somebody wants it.
    fn record(&self, state: &mut State, run: FlowRun) -> Option<(String, Utf8Bytes)> {
        let faults = state.faults.execution(self.elapsed());
        if faults.off || faults.stale {
            return None;
        }
        let (id, visible) = (run.id, run.end + faults.late_ms);
        let uri = routes::instances::uri(state, &self.base, id);
        let State { world, channels, rng, executions, .. } = state;
        let topic = format!("v2.flows.instances.flow.{}", world.directory().flows[run.flow]);
        let instance = executions.record(world, run, visible)?;
        if faults.late_ms > 0 || !channels.wanted(&topic) {
            return None;
        }
        let frame = publish::frame(&topic, &instance.event(world, &uri), rng);
        Some((topic, frame))
    }

    fn send(self: &Arc<Self>, state: &mut State, frames: Vec<(String, Utf8Bytes)>) {
        let elapsed = self.elapsed();
        let State { channels, faults, rng, .. } = state;
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
    pub(super) fn happen(self: &Arc<Self>, event: Event) {
        let mut state = self.lock();
        let everyone = |state: &mut State, order: Order| {
            state.channels.order_all(&order);
        };
        match event {
            Event::Close => everyone(&mut state, Order::Close),
            Event::Reset => everyone(&mut state, Order::Reset { mid_frame: false }),
            Event::Cut => everyone(&mut state, Order::Reset { mid_frame: true }),
            Event::Stall(ms) => everyone(&mut state, Order::Stall(ms)),
            Event::SocketClosing(lead_ms) => {
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
            Event::Steal => {
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
            Event::ExpireTokens => state.auth.expire_all(),
            Event::Revoke => {
                state.auth.expire_all();
                let client = state.auth.client_id().to_owned();
                let body = json!({"systemTopicType": "token_revoked", "reason": "user_tokens_revoked",
                    "oauthClientId": client, "message": "The token was revoked"});
                let topic = format!("v2.system.token_revoked.{client}");
                let frame = publish::frame(&topic, &body, &mut state.rng);
                everyone(&mut state, Order::Text(frame, 0));
            }
            Event::DropChannels => {
                for id in state.channels.ids() {
                    state.channels.remove(&id);
                }
            }
            Event::Unsubscribe => {
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
            Event::Junk(junk) => {
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

/// Starts a simulator.
///
/// # Errors
/// The address can not be listened on.
pub async fn start(options: Options) -> Result<Running> {
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let wall = jiff::Timestamp::now().as_millisecond();
    let calls = options.calls.unwrap_or(options.scenario.calls);
    let make = if options.tutorial_routes { World::driven_by_flows } else { World::new };
    let world = make(Arc::new(options.scenario.clone()), options.seed, calls, options.speed, wall);
    let state = State {
        world,
        auth: Auth::new(options.seed, options.fresh, options.tuning.token_s),
        channels: Channels::new(options.seed, options.tuning.channel_s * 1000, options.tuning.waiting_bytes),
        limiter: Limiter::new(options.tuning.rate_limit),
        faults: Faults::new(options.faults.clone()),
        rng: fastrand::Rng::with_seed(options.seed ^ 0x0f0f),
        put_flows: std::collections::HashMap::new(),
        last_read: std::collections::HashMap::new(),
        requests: 0,
        writes: 0,
        jobs: Jobs::default(),
        executions: Executions::default(),
        download_key: if options.fresh {
            uuid::Uuid::new_v4()
        } else {
            uuid::Uuid::from_u128(u128::from(options.seed))
        },
    };
    let app = Arc::new(App {
        options,
        base: reachable(address).to_string(),
        state: Mutex::new(state),
        wake: Notify::new(),
        cancel: CancellationToken::new(),
        tasks: TaskTracker::new(),
        wall,
        started: Instant::now(),
    });
    app.tasks.spawn(live(Arc::clone(&app)));
    app.tasks.spawn(accept(Arc::clone(&app), listener));
    Ok(Running::new(app))
}

/// The address at which a client on this machine finds a listener: one that listens everywhere is found on loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// Lets the world and the faults go on, sleeping in between.
async fn live(app: Arc<App>) {
    loop {
        let next = {
            let mut state = app.lock();
            let now = app.now();
            // A bounded batch, so that a crowded moment does not hold the lock against requests.
            for _ in 0..200 {
                let Some(done) = state.world.step(now) else { break };
                app.tell(&mut state, done.as_ref());
            }
            state.channels.expire(now);
            let channel = state.channels.next_end().map(|end| end - now);
            let events = state.faults.due(app.elapsed());
            let world = state.world.next_due().map(|due| due - now);
            let fault = state.faults.next_due().map(|due| due - app.elapsed());
            drop(state);
            events.into_iter().for_each(|event| app.happen(event));
            [world, fault, channel].into_iter().flatten().min()
        };
        let nap = Duration::from_millis(next.map_or(3_600_000, |ms| ms.clamp(0, 3_600_000).unsigned_abs()));
        tokio::select! {
            () = tokio::time::sleep(nap) => {}
            () = app.wake.notified() => {}
            () = app.cancel.cancelled() => return,
        }
    }
}

async fn accept(app: Arc<App>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = app.cancel.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                // One too many is closed at once.
                let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                app.tasks.spawn(serve(Arc::clone(&app), stream, place));
            }
            // Usually too many open files: waiting is all that helps.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(app: Arc<App>, stream: TcpStream, place: OwnedSemaphorePermit) {
    let headers = Duration::from_millis(app.options.tuning.header_ms);
    let place = Arc::new(place);
    // Without it every small answer waits for the peer's delayed acknowledgement; failing to set it only costs time.
    let _ = stream.set_nodelay(true);
    let cancel = app.cancel.clone();
    let service = service_fn(move |request| {
        let app = Arc::clone(&app);
        // A socket keeps the place of the connection that it came from.
        let place = Arc::clone(&place);
        async move { handle(app, request, place).await }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(headers)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        // A connection that breaks off is the client's affair.
        _ = connection => {}
        () = cancel.cancelled() => {}
    }
}

async fn handle(
    app: Arc<App>,
    mut request: Request<Incoming>,
    place: Arc<OwnedSemaphorePermit>,
) -> std::io::Result<Response<Body>> {
    if request.uri().path().starts_with("/channels/") {
        return Ok(socket::upgrade(&app, &mut request, place).map(|()| full(Bytes::new())));
    }
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let correlation = uuid(&mut app.lock().rng).to_string();
    let broken = {
        let mut state = app.lock();
        state.requests += 1;
        state.writes += u64::from(method == Method::PATCH);
        if path.starts_with("/oauth/") {
            Vec::new()
        } else {
            state.faults.request(app.elapsed(), method.as_str(), &path)
        }
    };
    for fault in &broken {
        if let Broken::Slow(ms) = fault {
            tokio::time::sleep(Duration::from_millis(*ms)).await;
        }
    }
    let reply = match broken.iter().find_map(early) {
        Some(reply) => reply,
        None => answer(&app, request, &broken).await,
    };
    let mut reply = reply;
    if path.starts_with("/api/") {
        // Answers that no token is charged for say so as well.
        let spent = app.lock().limiter.uncounted();
        reply.limited(spent);
    }
    let bytes = reply.bytes(&correlation);
    let mut response = Response::new(full(if method == Method::HEAD { Bytes::new() } else { bytes.clone() }));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    if reply.body.is_some() {
        headers.insert("content-type", HeaderValue::from_static("application/json"));
    }
    for (name, value) in [("ININ-Correlation-Id", correlation.clone())].into_iter().chain(reply.headers) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) {
            headers.insert(name, value);
        }
    }
    if broken.contains(&Broken::NoAnswer) {
        return Err(std::io::Error::other("the answer is lost on purpose"));
    }
    if broken.contains(&Broken::InvalidJson) {
        *response.status_mut() = StatusCode::OK;
        response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
        *response.body_mut() = full(Bytes::from_static(b"{\"entities\": [{\"id\": "));
    }
    if broken.contains(&Broken::Half) {
        let length = bytes.len().max(64);
        response.headers_mut().insert("content-length", HeaderValue::from(length));
        let first = bytes.slice(..bytes.len() / 2);
        let rest = futures_util::stream::once(async {
            // The first half has to be on its way before the connection breaks.
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(std::io::Error::other("the answer ends in the middle on purpose"))
        });
        let parts = futures_util::stream::iter([Ok(Frame::data(first))]).chain(rest);
        *response.body_mut() = BodyExt::boxed(StreamBody::new(Box::pin(parts)));
    }
    Ok(response)
}

/// Faults that answer in place of the server.
fn early(fault: &Broken) -> Option<Reply> {
    match fault {
        Broken::Status(status) => Some(Reply::status(*status)),
        Broken::TooMany(seconds) => Some(Reply::too_many(seconds.map(i64::from))),
        _ => None,
    }
}

async fn answer(app: &Arc<App>, request: Request<Incoming>, broken: &[Broken]) -> Reply {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, app.options.tuning.body_bytes).collect();
    let body = match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Err(_) => return Reply::status(408),
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            return Reply::error(
                413,
                "request.entity.too.large",
                format!("The request is over the size limit. Maximum bytes: {}", app.options.tuning.body_bytes),
            );
        }
        Ok(Err(_)) => return Reply::status(400),
    };
    routes::answer(app, &parts, &body, broken)
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}
