//! Requests and the socket through a proxy on loopback that wants a name and a password.

use super::{tls::fronted, *};
use base64::{Engine, engine::general_purpose::STANDARD};
use sidetone::genesys::client::proxy::Proxy;
use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A proxy that lets `CONNECT` through to this machine. Returns its port, and the hosts that were asked for.
async fn proxy() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::spawn(pass(tcp, Arc::clone(&seen)));
        }
    });
    (port, asked)
}

/// One that wants another password. Returns its port, and a mark for each time that it was asked.
async fn refusing() -> (u16, Arc<Mutex<Vec<()>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let asked: Arc<Mutex<Vec<()>>> = Arc::default();
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            seen.lock().unwrap().push(());
            tokio::spawn(pass(tcp, Arc::default()));
        }
    });
    (port, asked)
}

async fn pass(mut tcp: TcpStream, seen: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    let auth = format!("basic {}", STANDARD.encode("operator:sample-password"));
    if !head.to_lowercase().contains(&format!("proxy-authorization: {}", auth.to_lowercase())) {
        tcp.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await.ok()?;
        return None;
    }
    let (host, port) = target.rsplit_once(':')?;
    seen.lock().unwrap().push(host.to_owned());
    let mut behind = TcpStream::connect(("127.0.0.1", port.parse().ok()?)).await.ok()?;
    tcp.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.ok()?;
    tokio::io::copy_bidirectional(&mut tcp, &mut behind).await.ok().map(|_| ())
}

#[tokio::test]
async fn requests_and_the_socket_go_through_it() {
    let front = fronted().await;
    let (port, asked) = proxy().await;
    let mut options = front.options(true);
    let url = format!("http://operator:sample-password@127.0.0.1:{port}");
    options.transport.proxy = Some(Proxy::new(&url, ""));
    // Only the proxy can find the hosts.
    options.transport.resolver = None;
    let client = front.client("sidetone.test", options);
    let mut feed = Watched::support(&front.sim, &client);
    feed.live().await;
    let id = front.sim.place(&super::requests::placed()).unwrap();
    assert_eq!(feed.snapshot().await.id.as_str(), id.to_string());
    let asked = asked.lock().unwrap().clone();
    for host in ["login", "api", "streaming"] {
        assert!(asked.contains(&format!("{host}.sidetone.test")), "{host}: {asked:?}");
    }
}

#[tokio::test]
async fn exceptions_are_reached_without_it() {
    let front = fronted().await;
    let (port, asked) = proxy().await;
    let mut options = front.options(true);
    let url = format!("http://operator:sample-password@127.0.0.1:{port}");
    options.transport.proxy = Some(Proxy::new(&url, "streaming.sidetone.test"));
    let client = front.client("sidetone.test", options);
    let mut feed = Watched::support(&front.sim, &client);
    feed.live().await;
    let asked = asked.lock().unwrap().clone();
    assert!(!asked.is_empty() && !asked.iter().any(|host| host.starts_with("streaming")), "{asked:?}");
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_and_its_password_is_not() {
    let front = fronted().await;
    let (port, refused) = refusing().await;
    let mut options = front.options(true);
    let url = format!("http://operator:not-the-sample-password@127.0.0.1:{port}");
    options.transport.proxy = Some(Proxy::new(&url, "api.sidetone.test,login.sidetone.test"));
    let client = front.client("sidetone.test", options);
    let mut feed = Watched::support(&front.sim, &client);
    let link = feed.until(|link| matches!(link, Link::Offline { .. })).await;
    let Link::Offline { reason, .. } = &link else { unreachable!() };
    // Two more tries by itself ask no proxy; a person's wish does.
    tokio::time::sleep(2 * feed_options().session.offline_retry + Duration::from_millis(200)).await;
    assert_eq!(refused.lock().unwrap().len(), 1);
    feed.handle.retry_now();
    until(async || refused.lock().unwrap().len() == 2).await;
    assert!(reason.contains(&format!("127.0.0.1:{port}")) && reason.contains("authorization"), "{reason}");
    let all = format!("{link:?} {client:?} {:?}", feed.seen);
    assert!(!all.contains("sample-password") && !all.contains("operator"), "{all}");
}
