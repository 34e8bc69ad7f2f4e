//! Signing in as a user, and nothing secret getting out.

use super::*;
use secrecy::ExposeSecret;
use sidetone::genesys::{
    ErrorKind, Tokens,
    signin::{
        SignIn,
        store::{KeptSignIn, SignInStore},
    },
};
use std::sync::{Arc, Mutex};

fn http() -> reqwest::Client {
    let tls = transport::tls(&transport::TransportOptions::default()).expect("TLS");
    let builder = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy();
    builder.redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// Plays the browser: asks the login service, and returns where it sends the browser.
async fn browser(sign_in: &SignIn) -> String {
    let answer = http().get(sign_in.url().clone()).send().await.expect("the login service");
    answer.headers()["location"].to_str().expect("an address").to_owned()
}

async fn begin(sim: &Running) -> SignIn {
    SignIn::begin(&sim.api_url, &sim.login_url, &sim.client_id, options()).await.expect("a sign-in")
}

fn as_user(sim: &Running, tokens: Tokens, renewed: Option<sidetone::genesys::Renewed>) -> Client {
    let auth = Auth::Pkce { client_id: sim.client_id.clone(), tokens, renewed };
    Client::with_options(Connection::to_urls(&sim.api_url, &sim.login_url, auth).expect("addresses"), options())
}

#[tokio::test]
async fn the_browser_comes_back_and_the_token_has_a_user() {
    let sim = start(&[]).await;
    let sign_in = begin(&sim).await;
    let back = browser(&sign_in).await;
    assert!(back.starts_with("http://localhost:"), "{back}");
    let visit = tokio::spawn(async move {
        assert_eq!(http().get(back.replace("/?", "/favicon.ico?")).send().await.expect("an answer").status(), 404);
        http().get(back).send().await.expect("a page").text().await.expect("text")
    });
    let tokens = sign_in.finish(std::future::pending()).await.unwrap();
    assert!(visit.await.unwrap().contains("You can close this window"));
    assert!(tokens.refresh.is_some() && tokens.expires.is_some());
    assert!(!as_user(&sim, tokens, None).me().await.unwrap().name.is_empty());
}

#[tokio::test]
async fn the_address_can_be_pasted() {
    let sim = start(&[]).await;
    let sign_in = begin(&sim).await;
    let back = browser(&sign_in).await;
    assert!(sign_in.finish(async { Some(format!(" {back}\n")) }).await.is_ok());
}

#[tokio::test]
async fn an_answer_to_another_request_is_not_used() {
    let sim = start(&[]).await;
    let (mine, other) = (begin(&sim).await, begin(&sim).await);
    let back = browser(&other).await;
    let error = mine.finish(async { Some(back) }).await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (&ErrorKind::SignIn, 3));
    assert!(error.to_string().contains("another request"), "{error}");
}

#[tokio::test]
async fn a_users_token_is_renewed_and_kept() {
    let sim = start_tuned(&[], |tuning| tuning.token_s = 1).await;
    let sign_in = begin(&sim).await;
    let back = browser(&sign_in).await;
    let tokens = sign_in.finish(async { Some(back) }).await.unwrap();
    let first = tokens.access.expose_secret().to_owned();
    let kept: Arc<Mutex<Vec<Tokens>>> = Arc::default();
    let keeper = Arc::clone(&kept);
    let client = as_user(&sim, tokens, Some(Arc::new(move |t| keeper.lock().unwrap().push(t.clone()))));
    client.me().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    client.me().await.unwrap();
    let kept = kept.lock().unwrap();
    assert!(kept.iter().any(|t| t.access.expose_secret() != first && t.refresh.is_some()), "{kept:?}");
}

#[tokio::test]
async fn a_sign_in_that_ended_needs_a_person() {
    let sim = start(&[]).await;
    let expired = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(10);
    let tokens = Tokens { access: "sample-gone".into(), refresh: None, expires: Some(expired) };
    let client = as_user(&sim, tokens, None);
    let mut feed = Watched::support(&sim, &client);
    feed.until(|link| matches!(link, Link::SignedOut { .. })).await;
    let sign_in = begin(&sim).await;
    let back = browser(&sign_in).await;
    client.adopt(&sign_in.finish(async { Some(back) }).await.unwrap()).await;
    feed.handle.signed_in();
    feed.live().await;
}

/// Nothing secret in errors, `Debug`, logs and panics, whatever goes wrong.
#[tokio::test]
async fn no_secret_gets_out() {
    let sim = start(&[]).await;
    let log: Arc<Mutex<Vec<u8>>> = Arc::default();
    let writer = Arc::clone(&log);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || Log(Arc::clone(&writer)))
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut out = String::new();
    let sign_in = begin(&sim).await;
    let back = browser(&sign_in).await;
    let tokens = sign_in.finish(async { Some(back) }).await.unwrap();
    let mut secrets = vec![sim.client_secret.clone(), tokens.access.expose_secret().to_owned()];
    secrets.extend(tokens.refresh.as_ref().map(|t| t.expose_secret().to_owned()));
    out += &format!("{tokens:?}");
    let directory = tempfile::tempdir().unwrap();
    let store = SignInStore::within(directory.path());
    store.save(&sim.login_url, "c", &KeptSignIn { tokens: Some(tokens.clone()), secret: None }).unwrap();
    out += &format!("{store:?}");
    for client in [client(&sim), as_user(&sim, tokens, None)] {
        out += &format!("{client:?} {:?}", client.connection());
        for fault in ["401=3", "403=1", "429=0", "500=2", "half=1", "invalid-json=2", "no-answer=1"] {
            sim.clear_faults();
            sim.add_fault(fault.parse().unwrap());
            out += &format!("{:?}", client.organization().await);
        }
        sim.clear_faults();
        let mut feed = Watched::support(&sim, &client);
        feed.live().await;
        sim.happen(sidetone::sim::faults::TimedFault::Revoke);
        feed.until(|link| !link.is_live()).await;
        out += &format!("{:?} {:?} {:?}", feed.seen, feed.handle, client.renew().await);
    }
    let wrong = Auth::ClientCredentials { id: sim.client_id.clone(), secret: "not-the-sample-secret".into() };
    secrets.push("not-the-sample-secret".into());
    let client = Client::with_options(Connection::to_urls(&sim.api_url, &sim.login_url, wrong).unwrap(), options());
    out += &format!("{:?}", client.sign_in().await);
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panic!("{client:?}"))).unwrap_err();
    out += panic.downcast_ref::<String>().unwrap();
    out += &String::from_utf8_lossy(&log.lock().unwrap());
    assert!(out.contains("/api/v2/organizations/me"), "the log was written");
    for secret in secrets {
        assert!(!out.contains(&secret), "{secret} got out");
    }
    assert!(!out.to_ascii_lowercase().contains("bearer "), "an authorization header got out");
}

struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
