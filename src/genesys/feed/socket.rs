//! One websocket: opened, read frame by frame, pinged.

use super::{
    FeedEvent, SharedMemory,
    newest::{Coalescer, frame},
};
use crate::genesys::{
    Client,
    client::answer::is_page,
    connection::{check, follows, host_and_port, is_loopback},
    error::unreached,
    secure,
    session::{Channel, Conn, FailureKind, SessionEvent, StepFailure},
    topic::TopicKind,
    wire::{Head, WireFrame, decode, head},
};
use futures_util::{SinkExt, StreamExt};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{Error as WsError, Message, protocol::WebSocketConfig},
};
use url::Url;

/// What the platform answers with `pong` (api-facts 2.3).
const PING: &str = r#"{"message":"ping"}"#;
/// Frames that are kept until they count; beyond them the socket is not read.
const HELD: usize = 10_000;
/// So much is read at once. The library clears its buffer before each read, which is why more takes longer.
const READ_AT_ONCE: usize = 32 * 1024;
/// The largest message that is taken in.
const LARGEST: usize = 16 << 20;

/// Signs of life, looked at by the driver.
#[derive(Debug, Default)]
pub struct Pulse {
    /// Something arrived since the last look.
    pub heard: AtomicBool,
    /// What arrived waits for our own reader, so silence means nothing.
    pub blocked: AtomicBool,
}

/// The driver's end of a socket. Dropping it closes the socket.
#[derive(Debug)]
pub struct Socket {
    pub pulse: Arc<Pulse>,
    go: Option<oneshot::Sender<()>>,
    pings: mpsc::Sender<()>,
    _alive: oneshot::Sender<()>,
}

impl Socket {
    /// Hands frames on from now on.
    pub fn deliver(&mut self) {
        if let Some(go) = self.go.take() {
            let _ = go.send(());
        }
    }

    /// Asks whether anyone is there.
    pub fn ping(&self) {
        // One that is still to be sent is enough.
        let _ = self.pings.try_send(());
    }
}

/// Where what was read goes, and in which form.
pub struct Outlet {
    pub out: mpsc::Sender<FeedEvent>,
    /// Where only the newest state of a conversation is wanted.
    pub coalescer: Option<Coalescer>,
    pub memory: SharedMemory,
}

/// The task that opens and reads a socket, and the driver's end of it.
pub fn open(
    conn: Conn,
    channel: Channel,
    client: Client,
    timeout: Duration,
    events: mpsc::UnboundedSender<SessionEvent>,
    outlet: Outlet,
) -> (Socket, impl Future<Output = ()> + Send + 'static) {
    let pulse = Arc::new(Pulse::default());
    let (go, going) = oneshot::channel();
    let (pings, ping_requests) = mpsc::channel(1);
    let (alive, mut dropped) = oneshot::channel::<()>();
    let reader =
        SocketReader { conn, channel, client, events, outlet, pulse: Arc::clone(&pulse), pings: ping_requests };
    let task = async move {
        tokio::select! {
            biased;
            _ = &mut dropped => {}
            () = reader.run(timeout, going) => {}
        }
    };
    (Socket { pulse, go: Some(go), pings, _alive: alive }, task)
}

struct SocketReader {
    conn: Conn,
    /// Its channel; without an id where that is not known.
    channel: Channel,
    client: Client,
    events: mpsc::UnboundedSender<SessionEvent>,
    outlet: Outlet,
    pulse: Arc<Pulse>,
    pings: mpsc::Receiver<()>,
}

type Ws = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl SocketReader {
    async fn run(mut self, timeout: Duration, going: oneshot::Receiver<()>) {
        let reached = AtomicBool::new(false);
        let connected = match tokio::time::timeout(timeout, self.connect(&self.channel.uri, &reached)).await {
            Ok(connected) => connected,
            Err(_) => {
                let host = Url::parse(&self.channel.uri).map(|url| host_and_port(&url)).unwrap_or_default();
                let did = match reached.into_inner() {
                    true => "took the connection and did not open the websocket",
                    false => "did not answer",
                };
                Err(passing(format!("{host} {did} within {} s", timeout.as_secs_f32())))
            }
        };
        let ws = match connected {
            Ok(ws) => ws,
            Err(failure) => {
                let failure = self.questioned(failure).await;
                return self.say(SessionEvent::SocketFailed(self.conn, failure));
            }
        };
        self.say(SessionEvent::SocketOpen(self.conn));
        let reason = self.read(ws, going).await;
        self.say(SessionEvent::SocketClosed(self.conn, reason));
    }

    fn say(&self, event: SessionEvent) {
        // Without a driver nobody needs to know.
        let _ = self.events.send(event);
    }

    /// A refusal means that the channel is gone only if the platform does not have it any more: else something on the way refused,
    /// and each new channel would be one of twenty for a day.
    async fn questioned(&self, failure: StepFailure) -> StepFailure {
        if failure.kind != FailureKind::ChannelGone || self.channel.id.is_empty() {
            return failure;
        }
        match self.client.channel_exists(&self.channel.id).await {
            Ok(true) => {
                let reason =
                    format!("{}, although its channel is there: by a proxy or a firewall, it seems", failure.reason);
                passing(reason)
            }
            _ => failure,
        }
    }

    /// `reached`: the host took the connection.
    async fn connect(&self, uri: &str, reached: &AtomicBool) -> Result<Ws, StepFailure> {
        let hopeless =
            |reason: String| StepFailure { kind: FailureKind::Blocked, reason, wait: None, missing: Vec::new() };
        let url = Url::parse(uri).map_err(|_| hopeless("the channel's address is not one".into()))?;
        check(&url).and_then(|()| follows(&self.client.connection().api_url, &url)).map_err(&hopeless)?;
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let tcp = match self.client.proxy_for(&host, port) {
            Some(proxy) => {
                if let Some(error) = self.client.barred(&url) {
                    return Err(hopeless(error.to_string()));
                }
                proxy.tunnel(&host, port).await.map_err(|blocked| {
                    let reason = self.client.bar(&url, &blocked).to_string();
                    if blocked.is_hopeless() { hopeless(reason) } else { passing(reason) }
                })?
            }
            None => self.tcp(&host, port, &host_and_port(&url)).await?,
        };
        reached.store(true, Ordering::Relaxed);
        tcp.set_nodelay(true).map_err(|e| passing(format!("the socket cannot be set up: {e}")))?;
        let connector = if url.scheme() == "wss" {
            Connector::Rustls(Arc::new(self.client.tls().map_err(|e| hopeless(e.to_string()))?))
        } else {
            debug_assert!(is_loopback(&host));
            Connector::Plain
        };
        let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        let config = config.read_buffer_size(READ_AT_ONCE);
        match client_async_tls_with_config(uri, tcp, Some(config), Some(connector)).await {
            Ok((ws, _)) => Ok(ws),
            Err(error) => Err(self.refused(&error, &host_and_port(&url))),
        }
    }

    async fn tcp(&self, host: &str, port: u16, place: &str) -> Result<TcpStream, StepFailure> {
        let connected = match &self.client.transport().resolver {
            Some(resolver) if host.parse::<std::net::IpAddr>().is_err() => match resolver(host) {
                Ok(ips) => {
                    let addresses: Vec<_> = ips.into_iter().map(|ip| std::net::SocketAddr::new(ip, port)).collect();
                    TcpStream::connect(&addresses[..]).await
                }
                Err(error) => Err(error),
            },
            _ => TcpStream::connect((host, port)).await,
        };
        connected.map_err(|e| passing(unreached(place, &e.to_string())))
    }

    /// What a failed handshake means.
    fn refused(&self, error: &WsError, host: &str) -> StepFailure {
        match error {
            WsError::Http(response) => {
                let status = response.status().as_u16();
                let page = is_page(response.headers(), response.body().as_deref().unwrap_or_default());
                let reason = match status {
                    407 => format!(
                        "a proxy on the way to {host} wants a name and a password, or others (407); have {host} let through, or set \
                         HTTPS_PROXY"
                    ),
                    _ if page || status < 400 || status == 511 => format!(
                        "{host} answered {status} with a web page in place of the notification stream: a proxy, a firewall or the \
                         network's sign-in is in the way; have {host} let through"
                    ),
                    _ => format!("{host} refused the socket with status {status}"),
                };
                let kind = match status {
                    407 | 511 => FailureKind::Blocked,
                    // The platform's own front fails with a page, too, and that passes.
                    500.. => FailureKind::Passing,
                    _ if page || status < 400 => FailureKind::Blocked,
                    // 401 at the handshake means that the channel is no good any more (api-facts 2.3).
                    401 | 403 | 404 | 410 => FailureKind::ChannelGone,
                    _ => FailureKind::Passing,
                };
                StepFailure { kind, reason, wait: None, missing: Vec::new() }
            }
            error if is_of_tls(error) => StepFailure {
                kind: FailureKind::Blocked,
                reason: format!(
                    "no secure connection to the notification service: {}",
                    secure::explained(&self.text(error))
                ),
                wait: None,
                missing: Vec::new(),
            },
            _ => passing(format!("the socket could not be opened: {}", self.text(error))),
        }
    }

    fn text(&self, error: &WsError) -> String {
        crate::genesys::error::clean(&self.client.scrub(&error.to_string()))
    }

    /// Reads until the socket ends. Returns why, in words. Events are kept back until it is said that they count; what
    /// concerns the link is told at once.
    async fn read(&mut self, mut ws: Ws, mut going: oneshot::Receiver<()>) -> String {
        let mut held = Some(Vec::new());
        loop {
            let full = held.as_ref().is_some_and(|held| held.len() >= HELD);
            let message = tokio::select! {
                biased;
                go = &mut going, if held.is_some() => {
                    if go.is_err() {
                        return "the socket was given up".into();
                    }
                    for text in held.take().unwrap_or_default() {
                        self.hand_on_text(text).await;
                    }
                    continue;
                }
                Some(()) = self.pings.recv() => {
                    if let Err(error) = ws.send(Message::text(PING)).await {
                        return format!("the connection broke: {}", self.text(&error));
                    }
                    continue;
                }
                message = ws.next(), if !full => message,
            };
            self.pulse.heard.store(true, Ordering::Relaxed);
            match message {
                Some(Ok(Message::Text(text))) => self.text_frame(&text, &mut held).await,
                Some(Ok(Message::Binary(bytes))) => match std::str::from_utf8(&bytes) {
                    Ok(text) => self.text_frame(text, &mut held).await,
                    Err(_) => {
                        let at = self.client.clock().now();
                        self.hand_on(FeedEvent::Binary { length: bytes.len(), at }).await;
                    }
                },
                Some(Ok(Message::Close(frame))) => {
                    return match frame {
                        Some(frame) if frame.reason.is_empty() => {
                            format!("the platform closed the socket ({})", frame.code)
                        }
                        Some(frame) => {
                            let reason = crate::genesys::error::clean(&self.client.scrub(frame.reason.as_str()));
                            format!("the platform closed the socket ({}: {reason})", frame.code)
                        }
                        None => "the platform closed the socket".into(),
                    };
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return format!("the connection broke: {}", self.text(&error)),
                None => return "the connection ended".into(),
            }
        }
    }

    async fn text_frame(&mut self, text: &str, held: &mut Option<Vec<String>>) {
        let head = head(text);
        let kind = head.as_ref().map(|head| TopicKind::of(head.topic));
        let is_state = kind.as_ref().is_some_and(TopicKind::is_conversation);
        let data = is_state || matches!(kind, Some(TopicKind::Attributes { .. }));
        if !data && let WireFrame::Control(control) = decode(text.as_bytes()) {
            return self.say(SessionEvent::Control(self.conn, control));
        }
        match held {
            // Copied, because a message of the library keeps its whole read buffer alive.
            Some(held) => held.push(text.to_owned()),
            None => self.data(text, head, is_state).await,
        }
    }

    /// Hands on a message that was held back.
    async fn hand_on_text(&mut self, raw: String) {
        let head = head(&raw);
        let is_state = head.as_ref().is_some_and(|head| TopicKind::of(head.topic).is_conversation());
        self.data(&raw, head, is_state).await;
    }

    async fn data(&mut self, text: &str, head: Option<Head<'_>>, is_state: bool) {
        let at = self.client.clock().now();
        let mut event = match (&mut self.outlet.coalescer, &head) {
            (Some(coalescer), Some(head)) if is_state => match coalescer.state(head, text, at) {
                Some(event) => event,
                None => return,
            },
            (Some(coalescer), Some(head)) => coalescer.by_itself(head, text, at),
            _ => frame(text, at),
        };
        if let (FeedEvent::Frame { outline, .. }, Some(head)) = (&mut event, head.filter(|_| is_state)) {
            self.outlet.memory.lock().outline(text, &head, outline);
        }
        self.hand_on(event).await;
    }

    /// Waits for the reader if it must; meanwhile silence on the socket is our own doing.
    async fn hand_on(&self, event: FeedEvent) {
        let full = match self.outlet.out.try_send(event) {
            Err(mpsc::error::TrySendError::Full(event)) => Some(event),
            _ => None,
        };
        let crowded = self.outlet.coalescer.as_ref().filter(|coalescer| coalescer.is_full());
        if full.is_none() && crowded.is_none() {
            return;
        }
        self.pulse.blocked.store(true, Ordering::Relaxed);
        if let Some(event) = full {
            // Not for one place, but until there is room again: else the two would wake each other for every event.
            // The driver notices a closed receiver by itself.
            if let Ok(mut room) = self.outlet.out.reserve_many(self.outlet.out.max_capacity().div_ceil(2)).await
                && let Some(place) = room.next()
            {
                place.send(event);
            }
        }
        if let Some(coalescer) = crowded {
            coalescer.room().await;
        }
        self.pulse.blocked.store(false, Ordering::Relaxed);
    }
}

/// It is about the encryption.
fn is_of_tls(error: &WsError) -> bool {
    let of_rustls = |io: &std::io::Error| io.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    matches!(error, WsError::Tls(_)) || matches!(error, WsError::Io(io) if of_rustls(io))
}

fn passing(reason: String) -> StepFailure {
    StepFailure { kind: FailureKind::Passing, reason, wait: None, missing: Vec::new() }
}
