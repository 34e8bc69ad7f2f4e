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

/// TLS in front of a simulator. Returns its port and the certificate.
async fn in_front_of(sim: &Running) -> (u16, CertificateDer<'static>) {
    let (der, acceptor) = certificate(&["api.sidetone.test", "login.sidetone.test"]);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
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
    (port, der)
}

#[tokio::test]
async fn a_trusted_certificate_is_accepted_and_only_for_its_names() {
    let sim = start(&[]).await;
    let (port, der) = in_front_of(&sim).await;
    let resolver: Resolver = Arc::new(|_| Ok(vec![[127, 0, 0, 1].into()]));
    let client = |host: &str| {
        let mut options = options();
        options.transport.extra_roots = vec![der.clone()];
        options.transport.resolver = Some(Arc::clone(&resolver));
        let auth = Auth::ClientCredentials { id: sim.client_id.clone(), secret: sim.client_secret.clone().into() };
        let url = |part: &str| format!("https://{part}.{host}:{port}");
        Client::with_options(Connection::to_urls(&url("api"), &url("login"), auth).unwrap(), options)
    };
    assert_eq!(client("sidetone.test").organization().await.unwrap().name, "Fernhill Mutual");
    let id = ConversationId::new(sim.place(&super::requests::placed()).unwrap().to_string());
    client("sidetone.test").conversation(&id, Priority::Interactive).await.expect("a read");
    let error = client("elsewhere.test").organization().await.unwrap_err();
    assert_eq!(error.kind(), &sidetone::genesys::Kind::Network(sidetone::genesys::Network::Tls), "{error}");
}
