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
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::mpsc, time::Instant};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message, Utf8Bytes,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, frame::coding::CloseCode},
    },
};

use super::{channels::Order, publish::control, server::App, topics};

type Socket = WebSocketStream<TcpStream>;

/// Answers the upgrade of `/channels/{id}` and, if there is such a channel, serves the socket from then on. An unknown
/// or ended channel is refused with 401, on which clients make a new one (api-facts 2.3).
pub(super) fn upgrade(app: &Arc<App>, request: &mut Request<Incoming>) -> Response<()> {
    let mut response = Response::new(());
    let id = request.uri().path().trim_start_matches("/channels/").to_owned();
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY).map(|key| derive_accept_key(key.as_bytes())) else {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        return response;
    };
    // The channel has its socket from here on, so that sockets take it in the order of their requests and no frame is lost
    // between the answer and the first read.
    let Some((number, orders)) = app.lock().channels.connect(&id, app.now()) else {
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        return response;
    };
    let upgraded = hyper::upgrade::on(request);
    let app = Arc::clone(app);
    app.tasks.clone().spawn(async move {
        tokio::select! {
            () = serve(&app, &id, upgraded, orders) => {}
            () = app.cancel.cancelled() => {}
        }
        app.lock().channels.disconnect(&id, number);
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

async fn serve(app: &Arc<App>, id: &str, upgraded: OnUpgrade, orders: mpsc::Receiver<Order>) {
    // Both fail only when the peer has gone in between.
    let Ok(upgraded) = upgraded.await else { return };
    let Ok(parts) = upgraded.downcast::<TokioIo<TcpStream>>() else { return };
    let stream = parts.io.into_inner();
    let socket = WebSocketStream::from_partially_read(stream, parts.read_buf.to_vec(), Role::Server, None).await;
    run(app, id, socket, orders).await;
}

async fn run(app: &Arc<App>, id: &str, mut socket: Socket, mut orders: mpsc::Receiver<Order>) {
    let period = Duration::from_millis(app.options.tuning.heartbeat_ms.max(10));
    let mut heartbeat = tokio::time::interval_at(Instant::now() + period, period);
    heartbeat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut late: VecDeque<(Instant, Utf8Bytes)> = VecDeque::new();
    loop {
        let due = late.front().map(|(due, _)| *due);
        let sent = tokio::select! {
            () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                match late.pop_front() {
                    Some((_, text)) => socket.send(Message::Text(text)).await.map(|()| true),
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
                Some(order) => obey(&mut socket, order, orders.is_empty()).await,
                // The channel has dropped this socket.
                None => Ok(false),
            },
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => match reply(app, id, &text) {
                    Some(frame) if !app.lock().faults.silent(app.elapsed()) => {
                        socket.send(Message::Text(frame)).await.map(|()| true)
                    }
                    _ => Ok(true),
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => Ok(false),
                Some(Ok(_)) => socket.flush().await.map(|()| true),
            },
            _ = heartbeat.tick() => {
                if app.lock().faults.silent(app.elapsed()) {
                    Ok(true)
                } else {
                    socket.send(Message::Text(control("WebSocket Heartbeat"))).await.map(|()| true)
                }
            }
        };
        // An error means that the peer is gone.
        if !matches!(sent, Ok(true)) {
            break;
        }
    }
}

/// Carries out an order; `false` ends the socket.
async fn obey(socket: &mut Socket, order: Order, flush: bool) -> Result<bool, tokio_tungstenite::tungstenite::Error> {
    match order {
        Order::Text(text, _) => socket.feed(Message::Text(text)).await?,
        Order::Binary(bytes) => socket.feed(Message::Binary(bytes.into())).await?,
        Order::Stall(ms) => {
            socket.flush().await?;
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        Order::Close => {
            // The platform's close codes are not documented; this is the one that was reported.
            let frame = CloseFrame { code: CloseCode::Away, reason: Utf8Bytes::from_static("") };
            socket.close(Some(frame)).await?;
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
        socket.flush().await?;
    }
    Ok(true)
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
                json!({"result": "404", "status": "error"})
            } else if valid && state.channels.subscribe(id, &entries, false, now) {
                json!({"result": "200", "status": "subscribed"})
            } else {
                json!({"result": "400", "status": "failure"})
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
