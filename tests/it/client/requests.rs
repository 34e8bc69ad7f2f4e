//! Requests: tokens, reads, writes, limits.

use super::*;
use sidetone::{
    domain::{ConversationId, ParticipantId},
    genesys::{
        ErrorKind,
        client::{PatchPath, PatchReply, Priority},
    },
    sim::Placed,
};

pub fn placed() -> Placed {
    Placed {
        queue: Some("Support".into()),
        agent: true,
        attributes: vec![("tier".into(), "gold".into()), ("reason".into(), "billing".into())],
        ..Placed::default()
    }
}

pub async fn call(sim: &Running, client: &Client) -> (uuid::Uuid, ConversationId, ParticipantId) {
    let id = sim.place(&placed()).expect("a call");
    let conversation = ConversationId::new(id.to_string());
    let snapshot = client.conversation(&conversation, Priority::Interactive).await.expect("the call");
    let customer = snapshot.participants.iter().find(|p| p.purpose.is_customer()).expect("a customer");
    (id, conversation, ParticipantId::new(customer.id.as_str()))
}

#[tokio::test]
async fn reads_writes_and_reads_back() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let (_, conversation, customer) = call(&sim, &client).await;
    let outcome =
        client.patch_attributes(&conversation, &customer, [("tier", "platinum")], PatchPath::Attributes).await.unwrap();
    let PatchReply::Answered(answer) = outcome else { panic!("{outcome:?}") };
    assert_eq!((answer.status, answer.attempts, answer.body.is_empty()), (202, 1, true));
    assert!(answer.correlation_id.is_some());
    // Accepted is not done.
    let read = async || client.conversation(&conversation, Priority::Interactive).await.unwrap();
    until(async || value(&read().await, "tier").as_deref() != Some("gold")).await;
    let after = read().await;
    assert_eq!(value(&after, "tier").as_deref(), Some("platinum"));
    assert_eq!(value(&after, "reason").as_deref(), Some("billing"));
    assert!(after.started.is_some() && !after.partial);
    sim.shutdown().await;
}

#[tokio::test]
async fn a_write_that_was_answered_is_never_sent_again_from_below() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let (_, conversation, customer) = call(&sim, &client).await;
    for fault in ["500=1,on=PATCH", "503=1,on=PATCH", "504=1,on=PATCH", "429=1,on=PATCH"] {
        sim.add_fault(fault.parse().unwrap());
        let before = sim.requests();
        let outcome = client.patch_attributes(&conversation, &customer, [("a", "1")], PatchPath::Attributes).await;
        assert!(!matches!(outcome, Ok(PatchReply::Answered(_))), "{fault}: {outcome:?}");
        assert_eq!(sim.requests() - before, 1, "{fault}");
    }
}

#[tokio::test]
async fn the_media_route_answers_with_the_map() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let (_, conversation, customer) = call(&sim, &client).await;
    let route = PatchPath::Media(sidetone::domain::Media::Call);
    let outcome = client.patch_attributes(&conversation, &customer, [("a", "1")], route).await.unwrap();
    let PatchReply::Answered(answer) = outcome else { panic!("{outcome:?}") };
    assert!(String::from_utf8(answer.body).unwrap().contains("attributes"));
}

#[tokio::test]
async fn lists_and_names() {
    let sim = start(&[]).await;
    let client = client(&sim);
    assert_eq!(client.queues(None).await.unwrap()[0].name, "Support");
    assert_eq!(client.flows(None).await.unwrap()[0].name, "Front Door");
    assert!(client.users().await.unwrap().iter().any(|u| u.email.as_deref() == Some("kim.osei@example.com")));
    assert!(client.token_info().await.unwrap().organization.is_some());
    assert_eq!(client.organization().await.unwrap().name, "Fernhill Mutual");
    assert!(!client.available_topics().await.unwrap().is_empty());
    assert!(client.channels().await.unwrap().is_empty());
    let flow = sim.flow_id("Front Door").unwrap().to_string();
    assert!(!client.flow_configuration(&flow).await.unwrap().is_empty());
    assert!(client.me().await.is_err(), "client credentials have no user");
}

#[tokio::test]
async fn wrong_credentials_and_wrong_ids_are_told_apart() {
    let sim = start(&[]).await;
    let auth = Auth::ClientCredentials { id: sim.client_id.clone(), secret: "not-the-secret".into() };
    let connection = Connection::to_urls(&sim.api_url, &sim.login_url, auth).unwrap();
    let error = Client::with_options(connection, options()).sign_in().await.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (&ErrorKind::SignIn, 3));
    assert!(!format!("{error} {error:?}").contains("not-the-secret"), "{error}");
    let missing =
        client(&sim).conversation(&"00000000-0000-4000-8000-000000000000".into(), Priority::Interactive).await;
    let error = missing.unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (&ErrorKind::NotFound, 4));
    assert!(error.correlation_id().is_some());
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_without_anyone_noticing() {
    let sim = start_tuned(&[], |tuning| tuning.token_s = 1).await;
    let client = client(&sim);
    client.organization().await.unwrap();
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(client.organization().await.unwrap().name, "Fernhill Mutual");
    assert!(client.token_end().await.renewable);
}

#[tokio::test]
async fn edits_go_ahead_of_background_reads() {
    let sim = start(&[]).await;
    sim.set_rate_limit(12);
    let client = client(&sim);
    let (_, conversation, customer) = call(&sim, &client).await;
    let mut reads = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (client, conversation) = (client.clone(), conversation.clone());
        reads.spawn(async move { client.conversation(&conversation, Priority::Background).await.is_ok() });
    }
    while client.stats().used < 9 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Behind the reads it would wait for the minute to end, and give up.
    client.patch_attributes(&conversation, &customer, [("a", "1")], PatchPath::Attributes).await.unwrap();
    assert_eq!(client.stats().allowed, 12);
    reads.abort_all();
}
