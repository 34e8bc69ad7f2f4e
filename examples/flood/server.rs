//! A server that does one thing: it lets a client sign in, subscribe and connect, then sends events as fast as the
//! client takes them, or at a given pace. Loopback only.

use super::{
    event::{self, QUEUE},
    frames::{Frames, Rendered, What},
};
use anyhow::{Context, Result};
use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response, StatusCode, body::Bytes, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What the platform says now and then when nothing happens.
const HEARTBEAT: &str = r#"{"topicName":"channel.metadata","eventBody":{"message":"WebSocket Heartbeat"}}"#;
/// The platform takes twice as long; a client that is more careful than that is not to be disturbed.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);

/// Path of a socket that is closed after the last event.
pub const CLOSING: &str = "/channels/closing";

/// What to send.
#[derive(Clone)]
pub enum Load {
    /// What was made beforehand, as fast as it is taken.
    Rendered(Arc<Rendered>),
    /// What is made on the way.
    Made {
        /// What events are about.
        what: What,
        /// Conversations at a time, in turn.
        conversations: usize,
        /// Events after the first sight of each.
        events: u64,
        /// Events per second; `None` for as fast as they are taken.
        rate: Option<f64>,
    },
}

impl Load {
    /// The first sight of so many conversations, and nothing after it.
    pub fn first_sight(what: What, conversations: usize) -> Self {
        Self::Made { what, conversations, events: 0, rate: None }
    }
}

/// What the server saw.
#[derive(Clone, Copy, Debug)]
pub struct Served {
    /// From the first byte sent to the answer to a ping sent after the last event: the client has read everything.
    pub took: Duration,
}

/// A running server; it ends with the runtime.
pub struct Server {
    /// Where it listens.
    pub addr: SocketAddr,
    /// One message a finished flood.
    pub served: mpsc::Receiver<Served>,
    /// When the first event left; with a rate, event `n` after first sight is due `n / rate` later.
    pub began: Arc<OnceLock<Instant>>,
}

/// Starts it on a free port of the loopback interface.
pub async fn start(load: Load) -> Result<Server> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let addr = listener.local_addr()?;
    let (tell, served) = mpsc::channel(16);
    let state = Arc::new(State { addr, load, tell, began: Arc::default() });
    let began = state.began.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let state = state.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| answer(state.clone(), request));
                // A client that goes away ends its connection with an error; nothing to tell.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).with_upgrades().await;
            });
        }
    });
    Ok(Server { addr, served, began })
}

struct State {
    addr: SocketAddr,
    load: Load,
    tell: mpsc::Sender<Served>,
    began: Arc<OnceLock<Instant>>,
}

async fn answer(state: Arc<State>, mut request: Request<hyper::body::Incoming>) -> Result<Response<Full<Bytes>>> {
    let path = request.uri().path().to_owned();
    if path.starts_with("/channels/") {
        return upgrade(state, request);
    }
    let method = request.method().clone();
    let body = request.body_mut().collect().await?.to_bytes();
    let queue = json!({"id": QUEUE, "name": "Flood", "division": {"id": "2f7a1f4e-9d3b-4c6a-8e21-7c5b9a0d1e2f"}});
    let listing = |entities: Value| {
        let total = entities.as_array().map_or(0, Vec::len);
        json!({"entities": entities, "pageSize": 100, "pageNumber": 1, "total": total, "pageCount": 1})
    };
    let value = match (&method, path.as_str()) {
        (_, "/oauth/token") => json!({"access_token": "sample-flood", "token_type": "bearer", "expires_in": 86400}),
        (&Method::POST, "/api/v2/notifications/channels") => json!({
            "connectUri": format!("ws://{}/channels/flood", state.addr), "id": "flood",
            "expires": "2099-01-01T00:00:00.000Z"
        }),
        (_, p) if p.ends_with("/subscriptions") => {
            let topics: Vec<Value> = serde_json::from_slice(&body).unwrap_or_default();
            listing(topics.into_iter().map(|t| json!({"id": t["id"], "state": "Permitted"})).collect())
        }
        (_, "/api/v2/routing/queues" | "/api/v2/routing/queues/divisionviews") => listing(json!([queue])),
        (_, p) if p == format!("/api/v2/routing/queues/{QUEUE}") => queue,
        (&Method::POST, "/api/v2/analytics/conversations/details/query") => {
            json!({"conversations": [], "totalHits": 0})
        }
        (&Method::POST, p) if p.starts_with("/api/v2/analytics/") => json!({"results": []}),
        (&Method::GET, p) if p.starts_with("/api/v2/conversations/") => {
            return reply(StatusCode::NOT_FOUND, &json!({"message": "not found", "code": "not.found", "status": 404}));
        }
        (_, "/api/v2/tokens/me") => json!({"organization": {"id": "flood", "name": "flood"}}),
        _ => listing(json!([])),
    };
    reply(StatusCode::OK, &value)
}

fn reply(status: StatusCode, value: &Value) -> Result<Response<Full<Bytes>>> {
    Ok(Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(value.to_string())))?)
}

fn upgrade(state: Arc<State>, request: Request<hyper::body::Incoming>) -> Result<Response<Full<Bytes>>> {
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).context("not a websocket handshake")?;
    let accept = derive_accept_key(key.as_bytes());
    // A client that reads until the end is told when that is.
    let closes = request.uri().path() == CLOSING;
    tokio::spawn(async move {
        if let Ok(upgraded) = hyper::upgrade::on(request).await {
            let (read, write) = tokio::io::split(TokioIo::new(upgraded));
            // A client that leaves before the end is told by the missing measurement.
            let _ = flood(state, read, write, closes).await;
        }
    });
    Ok(Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, "Upgrade")
        .header(header::UPGRADE, "websocket")
        .header(header::SEC_WEBSOCKET_ACCEPT, accept)
        .body(Full::new(Bytes::new()))?)
}

async fn flood(
    state: Arc<State>,
    mut read: impl AsyncRead + Unpin + Send + 'static,
    mut write: impl AsyncWrite + Unpin,
    closes: bool,
) -> Result<()> {
    let (pong, mut ponged) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut buffer = vec![0; 4096];
        while let Ok(n) = read.read(&mut buffer).await {
            // Our ping carries its own payload, so a client's other frames are not taken for its answer.
            if n == 0 || (buffer[..n].contains(&0x8a) && pong.send(()).await.is_err()) {
                break;
            }
        }
    });
    // A client that has just connected still subscribes; what comes before that would not be sent to it.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let begin = *state.began.get_or_init(Instant::now);
    match &state.load {
        Load::Rendered(rendered) => write.write_all(&rendered.bytes).await?,
        Load::Made { what, conversations, events, rate } => {
            let frames = Frames::new(*what, *conversations);
            made(&mut write, frames, *conversations as u64, *events, *rate, begin).await?;
        }
    }
    write.write_all(&[0x89, 0x00]).await?;
    write.flush().await?;
    ponged.recv().await.context("the client left before the end")?;
    state.tell.send(Served { took: begin.elapsed() }).await?;
    if closes {
        write.write_all(&[0x88, 0x02, 0x03, 0xe8]).await?;
        // The other half of the socket still listens, so dropping this one would not close it.
        write.shutdown().await?;
        return Ok(());
    }
    // The socket stays open, and alive as the platform keeps it; a client under test ends by itself.
    loop {
        tokio::time::sleep(HEARTBEAT_EVERY).await;
        write.write_all(&event::frame(HEARTBEAT)).await?;
        write.flush().await?;
    }
}

/// Makes events and sends them.
async fn made(
    write: &mut (impl AsyncWrite + Unpin),
    mut frames: Frames,
    first: u64,
    events: u64,
    rate: Option<f64>,
    begin: Instant,
) -> Result<()> {
    let mut chunk = Vec::with_capacity(512 * 1024);
    for seq in 0..first + events {
        frames.append(seq, &mut chunk);
        if let Some(rate) = rate {
            // First sight comes at once, the rest in steps of a few milliseconds at the pace asked for.
            let due = Duration::from_secs_f64(seq.saturating_sub(first) as f64 / rate);
            let ahead = due.saturating_sub(begin.elapsed());
            if ahead > Duration::from_millis(1) {
                write.write_all(&chunk).await?;
                write.flush().await?;
                chunk.clear();
                tokio::time::sleep(ahead).await;
            }
        }
        if chunk.len() > 256 * 1024 {
            write.write_all(&chunk).await?;
            chunk.clear();
        }
    }
    write.write_all(&chunk).await?;
    Ok(())
}
