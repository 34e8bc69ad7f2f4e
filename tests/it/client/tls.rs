//! Real TLS with a certificate made for the test.

use super::*;
use sidetone::{
    domain::ConversationId,
    genesys::client::{Priority, transport::Resolver},
};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::CertificateDer},
};

/// A certificate for `names`, and a server configuration that shows it.
fn certificate(names: &[&str]) -> (CertificateDer<'static>, TlsAcceptor) {
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let der = made.cert.der().clone();
    let key = made.signing_key.serialize_der().try_into().expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the versions")
        .with_no_client_auth()
        .with_single_cert(vec![der.clone()], key)
        .expect("the configuration");
    (der, TlsAcceptor::from(Arc::new(config)))
}

/// A TLS server whose certificate nobody trusts. Returns its port.
pub async fn untrusted_server() -> u16 {
    let (_, acceptor) = certificate(&["localhost"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move { acceptor.accept(tcp).await.is_ok() });
        }
    });
    port
}

/// A simulator behind TLS, its sockets too.
pub struct Fronted {
    pub sim: Running,
    pub port: u16,
    pub certificate: CertificateDer<'static>,
}

/// A simulator with TLS in front of it, for api., login. and streaming.sidetone.test.
pub async fn fronted() -> Fronted {
    let names = ["api.sidetone.test", "login.sidetone.test", "streaming.sidetone.test"];
    let (der, acceptor) = certificate(&names);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let sim = start_with(&[], |options| {
        options.stream_url = Some(format!("wss://streaming.sidetone.test:{port}"));
    })
    .await;
    let behind = sim.api_url.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let (acceptor, behind) = (acceptor.clone(), behind.clone());
            tokio::spawn(async move {
                let mut tls = acceptor.accept(tcp).await.ok()?;
                let mut plain = TcpStream::connect(behind).await.ok()?;
                tokio::io::copy_bidirectional(&mut tls, &mut plain).await.ok()
            });
        }
    });
    Fronted { sim, port, certificate: der }
}

impl Fronted {
    /// Options of a client that trusts the certificate, or not, and finds every host on this machine.
    pub fn options(&self, trusted: bool) -> ClientOptions {
        let mut options = options();
        options.transport.extra_roots = trusted.then(|| self.certificate.clone()).into_iter().collect();
        let resolver: Resolver = Arc::new(|_| Ok(vec![[127, 0, 0, 1].into()]));
        options.transport.resolver = Some(resolver);
        options
    }

    pub fn client(&self, domain: &str, options: ClientOptions) -> Client {
        let sim = &self.sim;
        let auth = Auth::ClientCredentials { id: sim.client_id.clone(), secret: sim.client_secret.clone().into() };
        let url = |part: &str| format!("https://{part}.{domain}:{}", self.port);
        Client::with_options(Connection::to_urls(&url("api"), &url("login"), auth).unwrap(), options)
    }
}

/// Requests and events, the way they travel to the platform.
#[tokio::test]
async fn the_api_and_the_stream_work_over_tls() {
    let front = fronted().await;
    let client = front.client("sidetone.test", front.options(true));
    let mut feed = Watched::support(&front.sim, &client);
    feed.live().await;
    let id = front.sim.place(&super::requests::placed()).unwrap();
    assert_eq!(feed.snapshot().await.id.as_str(), id.to_string());
    front.sim.happen(sidetone::sim::faults::TimedFault::Reset);
    feed.gap().await;
}

/// The API's certificate is fine and that of the streaming host is not: the link says so, and does not look live.
#[tokio::test]
async fn a_stream_whose_certificate_is_not_trusted_is_told_clearly() {
    let port = untrusted_server().await;
    let sim = start_with(&[], |options| options.stream_url = Some(format!("wss://localhost:{port}"))).await;
    let client = client(&sim);
    let mut feed = Watched::support(&sim, &client);
    let link = feed.until(|link| matches!(link, Link::Offline { .. })).await;
    let Link::Offline { reason, .. } = link else { unreachable!() };
    assert!(reason.contains("no secure connection to the notification service"), "{reason}");
    assert!(reason.to_lowercase().contains("certificate"), "{reason}");
    assert!(!feed.seen.iter().any(Link::is_live));
}

#[tokio::test]
async fn a_trusted_certificate_is_accepted_and_only_for_its_names() {
    let front = fronted().await;
    let sim = &front.sim;
    let client = |host: &str| front.client(host, front.options(true));
    assert_eq!(client("sidetone.test").organization().await.unwrap().name, "Fernhill Mutual");
    let id = ConversationId::new(sim.place(&super::requests::placed()).unwrap().to_string());
    client("sidetone.test").conversation(&id, Priority::Interactive).await.expect("a read");
    let error = client("elsewhere.test").organization().await.unwrap_err();
    let tls = sidetone::genesys::ErrorKind::Network(sidetone::genesys::Network::Tls);
    assert_eq!(error.kind(), &tls, "{error}");
    let untrusting = front.client("sidetone.test", front.options(false));
    assert_eq!(untrusting.organization().await.unwrap_err().kind(), &tls);
}
