//! The simulator's tokens and limits.

use crate::support::sim::{SOON, Sim, quiet};
use sidetone::sim::{SimOptions, SimTuning, faults::TimedFault};

#[tokio::test]
async fn the_token_endpoint_refuses_in_its_own_words() {
    let sim = Sim::start(quiet()).await;
    let answer = sim.form(&[("grant_type", "client_credentials"), ("client_id", "nobody")], false).await;
    assert_eq!(answer.body["error"], "invalid_client");
    assert_eq!(answer.body["description"], "client not found");
    assert!(answer.body.get("code").is_none());
    let answer = sim.form(&[("grant_type", "password")], true).await;
    assert_eq!((answer.status, answer.body["error"].as_str()), (400, Some("unsupported_grant_type")));
}

#[tokio::test]
async fn a_user_signs_in_with_a_code_and_renews_the_token() {
    let sim = Sim::start(quiet()).await;
    let grant = sim.sign_in().await;
    let text = |field: &str| grant.body[field].as_str().unwrap().to_owned();
    let me = sim.ask_as(&text("access_token"), "GET", "/api/v2/users/me", None).await;
    assert_eq!(me.body["email"], "priya.nandal@example.com");
    sim.running.happen(TimedFault::ExpireTokens);
    assert_eq!(sim.ask_as(&text("access_token"), "GET", "/api/v2/users/me", None).await.status, 401);
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &text("refresh_token")),
        ("client_id", &sim.running.client_id),
    ];
    let renewed = sim.form(&fields, false).await;
    let token = renewed.body["access_token"].as_str().unwrap();
    assert_eq!(sim.ask_as(token, "GET", "/api/v2/users/me", None).await.status, 200);
}

#[tokio::test]
async fn only_loopback_redirects_are_registered() {
    let sim = Sim::start(quiet()).await;
    let url = format!(
        "{}/oauth/authorize?client_id={}&response_type=code&redirect_uri=https://evil.example/",
        sim.running.login_url, sim.running.client_id
    );
    assert_eq!(sim.http.get(url).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn the_rate_limit_counts_by_token() {
    let tuning = SimTuning { rate_limit: 3, ..quiet().tuning };
    let sim = Sim::start(SimOptions { tuning, ..quiet() }).await;
    for i in 1..=3 {
        let answer = sim.get("/api/v2/tokens/me").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["inin-ratelimit-count"].to_str().unwrap(), i.to_string());
    }
    let answer = sim.get("/api/v2/tokens/me").await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.body["code"], "too.many.requests.retry.after");
    let seconds: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds));
    let other = sim.form(&[("grant_type", "client_credentials")], true).await;
    let other = other.body["access_token"].as_str().unwrap();
    assert_eq!(sim.ask_as(other, "GET", "/api/v2/tokens/me", None).await.status, 200);
}

#[tokio::test]
async fn tokens_end_after_their_life() {
    let tuning = SimTuning { token_s: 0, ..quiet().tuning };
    let sim = Sim::start(SimOptions { tuning, ..quiet() }).await;
    assert_eq!(sim.get("/api/v2/tokens/me").await.status, 401);
}

/// As the platform does it: what waits for a client that does not read is bounded, and one that reads is not harmed.
#[tokio::test]
async fn a_client_that_does_not_read_is_closed() {
    let tuning = SimTuning { waiting_bytes: 1 << 20, ..quiet().tuning };
    let sim = Sim::start(SimOptions { tuning, ..quiet() }).await;
    let (mut reads, _) = sim.listen(&[]).await;
    let (mut does_not, _) = sim.listen(&[]).await;
    let text = "x".repeat(256 << 10);
    // What the buffers of the system take comes first.
    let mut sent = 0;
    while sim.running.connected() == 2 {
        assert!(sent < 256, "{sent} times {} bytes wait", text.len());
        sim.running.inject(&text);
        sent += 1;
        while !reads.message(SOON).await.expect("the other one stays open").is_text() {}
    }
    does_not.ended().await;
    sim.running.inject("still here");
    while reads.message(SOON).await.expect("it stays open").into_text().expect("text") != "still here" {}
    assert_eq!(sim.running.connected(), 1);
}
