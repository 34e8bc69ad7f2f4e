//! The simulator as a server: who may connect, for how long, and what it keeps for whom.

use std::time::{Duration, Instant};

#[cfg(unix)]
use crate::support::Program;
use crate::support::sim::{SOON, Sim, quiet};
use serde_json::json;
use sidetone::sim::{Placed, SimOptions, SimTuning};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

#[tokio::test]
async fn headers_have_to_come_soon() {
    let tuning = SimTuning { header_ms: 200, ..quiet().tuning };
    let sim = Sim::start(SimOptions { tuning, ..quiet() }).await;
    let mut stream = TcpStream::connect(sim.running.api_url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(b"GET /api/v2/tokens/me HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let start = Instant::now();
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut rest)).await.expect("the connection ends");
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!(SimTuning::default().header_ms, 15_000);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let tuning = SimTuning { waiting_bytes: 1 << 20, ..quiet().tuning };
    let sim = Sim::start(SimOptions { tuning, ..quiet() }).await;
    let queue = sim.running.queue_id("Billing").unwrap();
    let (_socket, _) = sim.listen(&[format!("v2.routing.queues.{queue}.conversations")]).await;
    let id = sim.running.place(&Placed { queue: Some("Billing".into()), ..Placed::default() }).unwrap();
    let big = "x".repeat(100_000);
    let flood = async {
        while sim.running.connected() > 0 {
            sim.running.set(id, "customer", [("big", big.as_str())]);
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(2 * SOON, flood).await.expect("the socket is closed");
}

#[tokio::test]
async fn foreign_pages_get_no_socket() {
    let sim = Sim::start(quiet()).await;
    let (_, uri) = sim.channel().await;
    let port = uri.split(':').nth(2).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    let own = format!("127.0.0.1:{port}");
    // A name that leads here today is whoever's it is, though the page and the address agree.
    let rebound = format!("evil.example:{port}");
    for (origin, host, allowed) in [
        ("https://evil.example", &own, false),
        ("null", &own, false),
        ("http://localhost:3000", &own, true),
        (&*format!("http://{own}"), &own, true),
        (&*format!("http://{rebound}"), &rebound, false),
        ("http://localhost:3000", &rebound, false),
        ("http://evil@127.0.0.1", &own, false),
        ("http://127.0.0.1/path", &own, false),
    ] {
        let mut request = uri.as_str().into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        request.headers_mut().insert("host", host.parse().unwrap());
        let answer = tokio_tungstenite::connect_async(request).await;
        assert_eq!(answer.is_ok(), allowed, "{origin} at {host}");
    }
}

#[tokio::test]
async fn the_token_endpoint_takes_one_method() {
    let sim = Sim::start(quiet()).await;
    for method in ["GET", "PUT", "DELETE"] {
        let answer = sim.ask(method, "/oauth/token", None).await;
        assert_eq!((answer.status, answer.headers["allow"].to_str().unwrap()), (405, "POST"), "{method}");
    }
}

#[tokio::test]
async fn a_listener_on_every_address_is_found_on_loopback() {
    let sim = Sim::start(SimOptions { listen: "0.0.0.0:0".parse().unwrap(), ..quiet() }).await;
    assert!(sim.running.api_url.starts_with("http://127.0.0.1:"), "{}", sim.running.api_url);
    let (_, uri) = sim.channel().await;
    assert!(uri.starts_with("ws://127.0.0.1:"), "{uri}");
}

#[tokio::test]
async fn a_participant_takes_what_the_model_has_and_nothing_else() {
    let sim = Sim::start(quiet()).await;
    let id = sim.running.place(&Placed { queue: Some("Billing".into()), agent: true, ..Placed::default() }).unwrap();
    let call = sim.get(&format!("/api/v2/conversations/{id}")).await.body;
    let agent = call["participants"].as_array().unwrap().iter().find(|p| p["purpose"] == "agent").unwrap();
    let path = format!("/api/v2/conversations/{id}/participants/{}", agent["id"].as_str().unwrap());
    for body in [
        json!({}),
        json!([]),
        json!({"nonsense": 1}),
        json!({"state": "flying"}),
        json!({"state": 1}),
        json!({"muted": "yes"}),
        json!({"resumeTime": "soon"}),
        json!({"wrapup": "done"}),
        json!({"wrapup": {"code": 3}}),
        json!({"wrapup": {"kode": "3"}}),
    ] {
        assert_eq!(sim.ask("PATCH", &path, Some(body.clone())).await.status, 400, "{body}");
    }
    assert_eq!(sim.ask("PATCH", &path, Some(json!({"held": true}))).await.status, 202);
    let call = sim.get(&format!("/api/v2/conversations/{id}")).await.body;
    let agent = call["participants"].as_array().unwrap().iter().find(|p| p["purpose"] == "agent").unwrap();
    assert_eq!(agent["calls"][0]["held"], true);
}

/// The secret is new at each start, unless the run is to be repeated.
#[cfg(unix)]
#[test]
fn the_command_makes_a_secret_of_its_own() {
    let line = |arguments: &[&str]| {
        let run = Program::new();
        let followed = run.follow(arguments);
        let first = followed.until("clientSecret").remove(0);
        followed.signal(rustix::process::Signal::TERM);
        let (_, _, errors) = followed.end();
        (serde_json::from_str::<serde_json::Value>(&first).unwrap(), errors)
    };
    let ((a, silent), (b, _)) = (line(&["sim"]), line(&["sim"]));
    assert_ne!(a["clientSecret"], b["clientSecret"]);
    assert_eq!(silent, "");
    let ((a, _), (b, _)) = (line(&["sim", "--seed", "4"]), line(&["sim", "--seed", "4"]));
    assert_eq!(a["clientSecret"], b["clientSecret"]);
    let (_, warned) = line(&["sim", "--listen", "0.0.0.0:0"]);
    assert!(warned.contains("can be reached from other machines"), "{warned}");
}
