//! The other end of the redirect: a listener on this machine that answers one request.

use super::{BrowserAnswer, answer_in};
use crate::genesys::{Error, ErrorKind};
use http_body_util::Full;
use hyper::{Request, Response, StatusCode, body::Bytes, header, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, io, net::Ipv6Addr};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

/// Listens on one free port, on both loopback addresses where there are both: which one a browser takes for
/// `localhost` is its own decision.
#[derive(Debug)]
pub struct CallbackListener {
    v4: TcpListener,
    v6: Option<TcpListener>,
    port: u16,
}

impl CallbackListener {
    /// Opens it.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn open() -> io::Result<Self> {
        let v4 = TcpListener::bind("127.0.0.1:0").await?;
        let port = v4.local_addr()?.port();
        let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await.ok();
        Ok(Self { v4, v6, port })
    }

    /// The redirect address. `http://localhost` is what is registered; any port is allowed (api-facts 1.2).
    pub fn redirect(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Waits for the browser to come back with this `state`. Whatever else asks on this port is sent away.
    ///
    /// # Errors
    /// What the login service refused.
    pub async fn answer(self, state: &str) -> Result<BrowserAnswer, Error> {
        let (told, mut answers) = mpsc::channel(1);
        let mut connections = tokio::task::JoinSet::new();
        loop {
            let tcp = tokio::select! {
                tcp = self.v4.accept() => tcp,
                tcp = accept(self.v6.as_ref()) => tcp,
                Some(answer) = answers.recv() => {
                    // The page is on its way; give it a moment to arrive.
                    let rest = async { while connections.join_next().await.is_some() {} };
                    let _ = tokio::time::timeout(std::time::Duration::from_millis(300), rest).await;
                    return answer;
                }
            };
            let (tcp, _) = tcp.map_err(|e| Error::new(ErrorKind::Setup, "signing in", e.to_string()))?;
            let told = told.clone();
            connections.spawn(serve(tcp, told, state.to_owned(), self.port));
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, std::net::SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

async fn serve(tcp: TcpStream, told: mpsc::Sender<Result<BrowserAnswer, Error>>, state: String, port: u16) {
    let service = service_fn(|request: Request<hyper::body::Incoming>| {
        let (told, state) = (told.clone(), state.clone());
        async move { Ok::<_, Infallible>(respond(&request, port, &told, &state)) }
    });
    // A browser that goes away in the middle has nothing to tell.
    let _ = http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(tcp), service).await;
}

fn respond<B>(
    request: &Request<B>,
    port: u16,
    told: &mpsc::Sender<Result<BrowserAnswer, Error>>,
    state: &str,
) -> Response<Full<Bytes>> {
    if !is_ours(request, port) {
        return page(StatusCode::FORBIDDEN, "This is not for you.");
    }
    let uri = request.uri();
    if uri.path() != "/" || !is_answer(uri.query().unwrap_or_default(), state) {
        return page(StatusCode::NOT_FOUND, "Nothing here.");
    }
    let answer = answer_in(&uri.to_string());
    let text = match &answer {
        Ok(_) => "Sidetone has what it needs. You can close this window.",
        Err(_) => "The sign-in was refused. The terminal says why.",
    };
    // Only the first answer counts.
    let _ = told.try_send(answer);
    page(StatusCode::OK, text)
}

/// The request was sent to this listener by its own name, and by no page of another site: a name that somebody points at
/// this machine would come with that name, a script with its origin.
fn is_ours<B>(request: &Request<B>, port: u16) -> bool {
    let hosts = ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("{host}:{port}"));
    let text = |name: header::HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).is_some_and(|host| hosts.iter().any(|own| own == host));
    let origin = text(header::ORIGIN).is_none_or(|origin| hosts.iter().any(|own| format!("http://{own}") == origin));
    host && origin && request.method() == hyper::Method::GET
}

/// The query belongs to the sign-in that waits: it has its `state`, once. A refusal has one, too (RFC 6749, 4.1.2.1); without
/// it, anybody on this machine could end the sign-in, with words of their own.
fn is_answer(query: &str, state: &str) -> bool {
    let mut states = url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == "state");
    matches!((states.next(), states.next()), (Some((_, told)), None) if told == state)
}

fn page(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let html = format!("<!doctype html><meta charset=utf-8><title>Sidetone</title><p>{text}</p>");
    let mut response = Response::new(Full::new(Bytes::from(html)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, header::HeaderValue::from_static("no-referrer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_answer_to_this_sign_in_ends_it() {
        let (told, mut answers) = mpsc::channel(1);
        let mut ask_as = |uri: &str, host: &str, origin: Option<&str>| {
            let mut request = Request::get(uri).header("host", host);
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            let status = respond(&request.body(()).unwrap(), 4711, &told, "s+1").status();
            (status.as_u16(), answers.try_recv().ok().map(|answer| answer.is_ok()))
        };
        let right = "/?code=c&state=s%2B1";
        for host in ["evil.example:4711", "localhost", "localhost:1", "127.0.0.1.evil.example:4711"] {
            assert_eq!(ask_as(right, host, None), (403, None), "{host}");
        }
        assert_eq!(ask_as(right, "localhost:4711", Some("https://evil.example")), (403, None));
        assert_eq!(ask_as(right, "localhost:4711", Some("null")), (403, None));
        let mut ask = |uri: &str| ask_as(uri, "localhost:4711", None);
        for stray in [
            "/",
            "/?x",
            "/?code=c",
            "/?code=c&state=other",
            "/favicon.ico?state=s%2B1",
            "/?error=e&state=other",
            "/?error=access_denied&error_description=call+0800",
            "/?code=c&state=s%2B1&state=other",
        ] {
            assert_eq!(ask(stray), (404, None), "{stray}");
        }
        assert_eq!(ask("/?code=c&state=s%2B1"), (200, Some(true)));
        assert_eq!(ask("/?error=access_denied&state=s%2B1"), (200, Some(false)));
    }
}
