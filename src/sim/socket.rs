//! One websocket: upgrade, heartbeats, pings, subscriptions, and orders from the channel.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use hyper::{
    Request, Response, StatusCode,
    body::Incoming,
    header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE},
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    sync::{OwnedSemaphorePermit, mpsc},
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error as WsError, Message, Utf8Bytes,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, frame::coding::CloseCode},
    },
};

use super::{
    channels::{Order, SocketBacklog},
    publish::control,
    shared::App,
    topics,
};

type Socket = WebSocketStream<TcpStream>;

/// How long a write may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// Answers the upgrade of `/channels/{id}` and, if there is such a channel, serves the socket from then on. An unknown
/// or ended channel is refused with 401, on which clients make a new one (api-facts 2.3).
pub(super) fn upgrade(
    app: &Arc<App>,
    request: &mut Request<Incoming>,
    place: Arc<OwnedSemaphorePermit>,
) -> Response<()> {
    let mut response = Response::new(());
    let id = request.uri().path().trim_start_matches("/channels/").to_owned();
    if !same_origin(request) {
        *response.status_mut() = StatusCode::FORBIDDEN;
        return response;
    }
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes())) else {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    };
    // The channel has its socket from here on, so that sockets take it in the order of their requests and no frame is lost
    // between the answer and the first read.
    let Some((number, orders, waiting)) = app.lock().channels.connect(&id, app.now()) else {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return response;
    };
    let upgraded = hyper::upgrade::on(request);
    let app = Arc::clone(app);
    app.tasks.clone().spawn(async move {
        tokio::select! {
            () = serve(&app, &id, upgraded, orders, &waiting) => {}
            () = waiting.overrun.cancelled() => {}
            () = app.cancel.cancelled() => {}
        }
        app.lock().channels.disconnect(&id, number);
        drop(place);
    });
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&key) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}

/// Whether a browser may open the socket: a page of this machine or of the host that it asks, by an address. A name that is not
/// this machine's own may be led here by whoever owns it, page and all. Programs send no origin.
fn same_origin(request: &Request<Incoming>) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = header("origin") else { return true };
    let Some(url) = url::Url::parse(origin).ok().filter(|url| url.origin().ascii_serialization() == origin) else {
        return false;
    };
    let host = header("host").and_then(|host| url::Url::parse(&format!("http://{host}/")).ok());
    let Some(host) = host.filter(|host| host.username().is_empty() && host.password().is_none()) else { return false };
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    is_own(&host) && (local || url.host() == host.host() && url.port_or_known_default() == host.port_or_known_default())
}

/// An address, or the name that every machine has for itself: no name server has a say in it.
fn is_own(host: &url::Url) -> bool {
    match host.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(_) | url::Host::Ipv6(_)) => true,
        None => false,
    }
}

async fn serve(app: &Arc<App>, id: &str, upgraded: OnUpgrade, orders: mpsc::Receiver<Order>, waiting: &SocketBacklog) {
    // Both fail only when the peer has gone in between.
    let Ok(upgraded) = upgraded.await else { return };
    let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else { return };
    let stream = parts.io.into_inner();
    let socket = WebSocketStream::from_partially_read(stream, parts.read_buf.to_vec(), Role::Server, None).await;
    run(app, id, socket, orders, waiting).await;
}

async fn run(app: &Arc<App>, id: &str, mut socket: Socket, mut orders: mpsc::Receiver<Order>, waiting: &SocketBacklog) {
    let period = Duration::from_millis(app.options.tuning.heartbeat_ms.max(10));
    let mut heartbeat = tokio::time::interval_at(Instant::now() + period, period);
    heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut late: VecDeque<(Instant, Utf8Bytes)> = VecDeque::new();
    loop {
        let due = late.front().map(|(due, _)| *due);
        let sent = tokio::select! {
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                match late.pop_front() {
                    Some((_, text)) => {
                        let bytes = text.len();
                        let sent = patiently(socket.send(Message::Text(text))).await;
                        waiting.sent(bytes);
                        sent
                    }
                    None => Ok(true),
                }
            }
            order = orders.recv() => match order {
                // What follows a late frame does not overtake it.
                Some(Order::Text(text, delay)) if delay > 0 || !late.is_empty() => {
                    let due = Instant::now() + Duration::from_millis(delay);
                    late.push_back((late.back().map_or(due, |(last, _)| due.max(*last)), text));
                    Ok(true)
                }
                Some(order) => {
                    let bytes = order.bytes();
                    let sent = obey(&mut socket, order, orders.is_empty()).await;
                    waiting.sent(bytes);
                    sent
                }
                // The channel has dropped this socket.
                None => Ok(false),
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => match reply(app, id, &text) {
                    Some(frame) if !app.lock().faults.silent(app.elapsed()) => {
                        patiently(socket.send(Message::Text(frame))).await
                    }
                    _ => Ok(true),
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => Ok(false),
                Some(Ok(_)) => patiently(socket.flush()).await,
            },
            _ = heartbeat.tick() => {
                if app.lock().faults.silent(app.elapsed()) {
                    Ok(true)
                } else {
                    patiently(socket.send(Message::Text(control("WebSocket Heartbeat")))).await
                }
            }
        };
        // An error means that the peer is gone.
        if !matches!(sent, Ok(true)) {
            break;
        }
    }
}

/// Waits for a write; a peer that takes nothing for that long is given up.
async fn patiently(write: impl Future<Output = Result<(), WsError>>) -> Result<bool, WsError> {
    match tokio::time::timeout(WRITE_TIMEOUT, write).await {
        Ok(written) => written.map(|()| true),
        Err(_) => Ok(false),
    }
}

/// Carries out an order; `false` ends the socket.
async fn obey(socket: &mut Socket, order: Order, flush: bool) -> Result<bool, WsError> {
    match order {
        Order::Text(text, _) => {
            if !patiently(socket.feed(Message::Text(text))).await? {
                return Ok(false);
            }
        }
        Order::Binary(bytes) => {
            if !patiently(socket.feed(Message::Binary(bytes.into()))).await? {
                return Ok(false);
            }
        }
        Order::Stall(ms) => {
            socket.flush().await?;
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        Order::Close => {
            // The platform's close codes are not documented; this is the one that was reported.
            let frame = CloseFrame { code: CloseCode::Away, reason: Utf8Bytes::from_static("") };
            patiently(socket.close(Some(frame))).await?;
            return Ok(false);
        }
        Order::Reset { mid_frame } => {
            socket.flush().await?;
            let stream = socket.get_mut();
            if mid_frame {
                // A text frame of 1000 bytes, of which only a few follow.
                stream.write_all(&[0x81, 126, 0x03, 0xe8]).await?;
                stream.write_all(b"{\"topicName\":\"v2.rou").await?;
                stream.flush().await?;
                // Lets the half frame leave before the reset discards what is still queued.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            stream.set_zero_linger()?;
            return Ok(false);
        }
    }
    if flush {
        return patiently(socket.flush()).await;
    }
    Ok(true)
}

/// Why a subscription is refused.
fn wrong(entries: &[String]) -> String {
    if entries.is_empty() {
        return "topics is empty".to_owned();
    }
    match entries.iter().find(|entry| topics::expand(entry).is_empty()) {
        Some(entry) => format!("Topic [{entry}] is not a valid topic"),
        None => format!("The maximum number of subscriptions is {}", super::channels::MAX_TOPICS),
    }
}

/// Answers a text frame from the client: ping, or a subscription. Anything else is ignored.
fn reply(app: &Arc<App>, id: &str, text: &str) -> Option<Utf8Bytes> {
    let value: Value = serde_json::from_str(text).ok()?;
    match value["message"].as_str()? {
        "ping" => Some(control("pong")),
        "subscribe" => {
            let list = value["topics"].as_array().cloned().unwrap_or_default();
            let entries: Vec<String> = list.iter().filter_map(|t| t.as_str().map(str::to_owned)).collect();
            let valid = !entries.is_empty() && entries.iter().all(|entry| !topics::expand(entry).is_empty());
            let (mut state, now) = (app.lock(), app.now());
            let answer = if state.channels.get(id, now).is_none() {
                json!({"result": "404", "status": "error", "message": "The channel does not exist or has expired"})
            } else if valid && state.channels.subscribe(id, &entries, false, now) {
                json!({"result": "200", "status": "subscribed"})
            } else {
                json!({"result": "400", "status": "failure", "message": wrong(&entries)})
            };
            let mut answer = answer;
            if let Some(correlation) = value.get("correlationId") {
                answer["correlationId"] = correlation.clone();
            }
            Some(answer.to_string().into())
        }
        _ => None,
    }
}
