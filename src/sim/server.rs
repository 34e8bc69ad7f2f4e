//! The running simulator: listener, connections, the task that lets the world go on.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
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
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};

use super::{Running, SimOptions, faults::Broken, ids::uuid, reply::Reply, routes, shared::App, socket};

/// Connections at once; sockets count.
const MAX_CONNECTIONS: usize = 2_000;
/// Header lines of a request.
const MAX_HEADERS: usize = 100;
/// Bytes of a request's headers.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Until a request's body has to be there.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

type ResponseBody = BoxBody<Bytes, std::io::Error>;

/// Starts a simulator.
///
/// # Errors
/// The address can not be listened on.
pub async fn start(options: SimOptions) -> Result<Running> {
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
    let address = listener.local_addr().context("the listener has no address")?;
    let app = Arc::new(App::new(options, reachable(address).to_string()));
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
) -> std::io::Result<Response<ResponseBody>> {
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

fn full(bytes: Bytes) -> ResponseBody {
    Full::new(bytes).map_err(|never| match never {}).boxed()
}
