//! A page of figures over HTTP, for a scraper: `/metrics`, and `/healthz` for whoever restarts what is ill.
//!
//! The page is made elsewhere and handed over whole; a request only takes the newest one. No request changes anything.

use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Bytes, header, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};

/// Connections at once.
const CONNECTIONS: usize = 16;
/// Until a request's headers have to be there.
const HEADERS: Duration = Duration::from_secs(5);
/// From a connection to its end.
const LONGEST: Duration = Duration::from_secs(30);

/// What is served.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Served {
    /// The page of `/metrics`.
    pub(crate) page: String,
    /// Why it is ill; `None` when it is well.
    pub(crate) ill: Option<String>,
}

impl Served {
    /// Before the first page: nothing is known, so nothing is well.
    pub(crate) fn starting() -> Self {
        Self { page: String::new(), ill: Some("starting".to_owned()) }
    }
}

/// Opens the address.
///
/// # Errors
/// Those of the system: it is in use, or not this machine's.
pub(crate) async fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Serves the newest page until the future is dropped.
pub(crate) async fn serve(listener: TcpListener, media_type: &'static str, newest: watch::Receiver<Served>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, say: it passes.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let newest = newest.clone();
        tokio::spawn(async move {
            let _place = place;
            let answer = service_fn(|request| {
                let answer = answer(&request, &newest.borrow(), media_type);
                async move { Ok::<_, Infallible>(answer) }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEADERS)
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), answer);
            // A client that went away has nobody to be told of it.
            _ = tokio::time::timeout(LONGEST, connection).await;
        });
    }
}

fn answer<B>(request: &Request<B>, served: &Served, media_type: &'static str) -> Response<Full<Bytes>> {
    const TEXT: &str = "text/plain; charset=utf-8";
    let (status, kind, body) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, media_type, served.page.clone()),
        (&Method::GET | &Method::HEAD, "/healthz") => match &served.ill {
            None => (StatusCode::OK, TEXT, "ok\n".to_owned()),
            Some(why) => (StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{why}\n")),
        },
        (_, "/metrics" | "/healthz") => (StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET only\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, TEXT, "there are /metrics and /healthz\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}
