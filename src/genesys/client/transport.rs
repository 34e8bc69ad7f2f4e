//! HTTP and TLS underneath, built at the first request: building the trust store takes milliseconds that the first
//! frame should not wait for.

use super::proxy::Proxy;
use crate::genesys::{Error, ErrorKind, Network, connection::is_loopback, secure};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use rustls::{ClientConfig, crypto::ring, pki_types::CertificateDer};
use rustls_platform_verifier::Verifier;
use std::{
    error::Error as _,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// Resolves a host name; for tests and for networks with ways of their own.
pub type Resolver = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// The client that [`http`] builds.
pub type HttpClient = reqwest::Client;

/// How to reach hosts.
#[derive(Clone)]
pub struct TransportOptions {
    /// For the connection, its TLS handshake included.
    pub connect_timeout: Duration,
    /// For one try of a request, from sending to the last byte of the answer.
    pub request_timeout: Duration,
    /// Certificates to trust in addition to the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// In place of the system's resolver.
    pub resolver: Option<Resolver>,
    /// In place of the proxy that the environment or the system names.
    pub proxy: Option<Proxy>,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(20),
            extra_roots: Vec::new(),
            resolver: None,
            proxy: None,
        }
    }
}

impl std::fmt::Debug for TransportOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options")
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("extra_roots", &self.extra_roots.len())
            .field("resolver", &self.resolver.is_some())
            .field("proxy", &self.proxy.is_some())
            .finish()
    }
}

/// The TLS configuration: the system's trust store, checked by the system's own rules.
///
/// # Errors
/// [`ErrorKind::Setup`] when the system has no usable trust store.
pub fn tls(options: &TransportOptions) -> Result<ClientConfig, Error> {
    let setup = |e: &dyn std::fmt::Display| Error::new(ErrorKind::Setup, "the trust store", e.to_string());
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new_with_extra_roots(options.extra_roots.iter().cloned(), Arc::clone(&provider))
        .map_err(|e| setup(&e))?;
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| setup(&e))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

/// The HTTP client for one host.
///
/// # Errors
/// [`ErrorKind::Setup`] when it cannot be built.
pub fn http(options: &TransportOptions, tls: &ClientConfig, host: &str) -> Result<HttpClient, Error> {
    let mut tls = tls.clone();
    tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(concat!("sidetone/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.connect_timeout)
        .timeout(options.request_timeout)
        .pool_idle_timeout(Duration::from_secs(50))
        .tcp_nodelay(true)
        // A redirect would be a sign-in page or a proxy; it must not get the token.
        .redirect(reqwest::redirect::Policy::none());
    if is_loopback(host) {
        builder = builder.no_proxy();
    } else if let Some(proxy) = &options.proxy {
        builder = builder.proxy(proxy.of_http()?);
    }
    if let Some(resolver) = &options.resolver {
        builder = builder.dns_resolver(Arc::new(Injected(Arc::clone(resolver))));
    }
    builder.build().map_err(|e| Error::new(ErrorKind::Setup, "the HTTP client", e.to_string()))
}

struct Injected(Resolver);

impl Resolve for Injected {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = Arc::clone(&self.0);
        Box::pin(async move {
            let ips = resolver(name.as_str())?;
            let addresses: Addrs = Box::new(ips.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

/// What a failure below HTTP means, and whether the request may have reached the server.
pub fn classify(error: &reqwest::Error) -> (Network, bool) {
    let lower = causes(error).to_ascii_lowercase();
    if error.is_timeout() && !error.is_connect() {
        return (Network::Timeout, true);
    }
    if error.is_connect() {
        let network = if lower.contains("tunnel error") {
            // Which of its ways to fail decides nothing here: before the next try the proxy is asked by hand.
            if lower.contains("authorization") { Network::Proxy } else { Network::Connect }
        } else if lower.contains("dns error") || lower.contains("lookup address") || lower.contains("resolve") {
            Network::Dns
        } else if ["certificate", "tls", "handshake", "unknownissuer", "invalid peer", "corrupt message"]
            .iter()
            .any(|w| lower.contains(w))
        {
            Network::Tls
        } else if lower.contains("proxy") {
            Network::Proxy
        } else if error.is_timeout() {
            Network::Timeout
        } else {
            Network::Connect
        };
        return (network, false);
    }
    (Network::Lost, !error.is_builder())
}

/// The longest answer that is read, in bytes after decompression.
pub const ANSWER_LIMIT: usize = 16_000_000;
/// The longest configuration of a flow that is read: the one kind of answer that is really that large.
pub const CONFIGURATION_LIMIT: usize = 64_000_000;

/// Why the body of an answer was not read to its end.
#[derive(Debug)]
pub enum BodyError {
    /// It is longer than this many bytes after decompression. No more than that was ever held.
    TooLong(usize),
    /// It broke off, or is not what its headers say.
    Broken(reqwest::Error),
}

impl BodyError {
    /// What an error says of an answer that is too long.
    pub fn too_long(limit: usize) -> String {
        format!("the answer is larger than {} MB, so it was not read to its end", limit / 1_000_000)
    }
}

/// The body of an answer, decompressed, of at most `limit` bytes. It is counted as it comes: what a header says of its
/// length is only a promise, and a few bytes of gzip can unfold to gigabytes.
pub async fn body(mut response: reqwest::Response, limit: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(BodyError::Broken)? {
        if chunk.len() > limit - body.len() {
            return Err(BodyError::TooLong(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What the HTTP library wraps a cause in: it only says again that a request has one.
const WRAPPINGS: [&str; 3] = ["client error (Connect)", "client error (SendRequest)", "tcp connect error"];

/// The causes of an error in one line, without its URL; of a secure connection that did not come about, what they mean.
pub fn chain(error: &reqwest::Error) -> String {
    let causes = causes(error);
    if error.is_connect() { secure::explained(&causes) } else { causes }
}

fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        let says_nothing = cause.source().is_some() && WRAPPINGS.contains(&cause_text.as_str());
        if !says_nothing && !text.ends_with(&cause_text) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    if text.is_empty() {
        if error.is_timeout() { "timed out".into() } else { "the request failed".into() }
    } else {
        text
    }
}
