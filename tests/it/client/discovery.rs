//! From names to topics, and calls that no topic announces.

use super::{requests::placed, *};
use sidetone::{
    genesys::{
        discover::{Wanted, initial, resolve},
        poll::{self, PollEvent},
    },
    sim::Placed,
};

fn list(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| (*n).to_owned()).collect()
}

#[tokio::test]
async fn names_become_topics_and_live_calls_are_listed() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let id = sim.place(&placed()).unwrap().to_string();
    let wanted = Wanted {
        queues: list(&["supp"]),
        users: list(&["KIM.OSEI@example.com"]),
        flows: list(&["front door"]),
        conversations: vec![format!("https://apps.mypurecloud.com/directory/#/engage/admin/interactions/{id}")],
        ..Wanted::default()
    };
    let found = resolve(&client, &wanted).await.unwrap();
    assert_eq!(found.queues[0].1, "Support");
    assert_eq!(found.users[0].1, "Kim Osei");
    assert_eq!(found.flows[0].1, "Front Door");
    // The queue's, the user's, and three of the conversation: its attributes, its way into a flow and out of it.
    assert_eq!((found.topics().len(), found.needs_polling()), (5, true));
    let other = sim.place(&placed()).unwrap().to_string();
    let initial = initial(&client, &found).await;
    assert_eq!(initial.notices, Vec::<String>::new());
    assert_eq!(initial.conversations.len(), 2);
    assert!(initial.conversations.iter().any(|c| c.as_str() == other));
}

#[tokio::test]
async fn wrong_names_say_what_was_meant() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let of = |wanted: Wanted| {
        let client = client.clone();
        async move { resolve(&client, &wanted).await.unwrap_err() }
    };
    let error = of(Wanted { queues: list(&["Suport"]), ..Wanted::default() }).await;
    assert_eq!(error.exit_code(), 4);
    assert!(error.to_string().ends_with("Did you mean \"Support\"?"), "{error}");
    assert_eq!(of(Wanted { users: list(&["me"]), ..Wanted::default() }).await.exit_code(), 2);
    assert_eq!(of(Wanted { flows: list(&["nothing"]), ..Wanted::default() }).await.exit_code(), 4);
}

#[tokio::test]
async fn a_missing_permission_is_a_notice_where_it_can_be() {
    let sim = start(&["deny=analytics:queueObservation:view"]).await;
    let client = client(&sim);
    let wanted = Wanted { all_queues: true, ..Wanted::default() };
    let found = resolve(&client, &wanted).await.unwrap();
    let initial = initial(&client, &found).await;
    assert!(initial.notices[0].contains("Ask an administrator for analytics:queueObservation:view"), "{initial:?}");
}

#[tokio::test]
async fn calls_in_a_flow_are_found_followed_and_let_go() {
    let sim = start(&[]).await;
    let client = client(&sim);
    let mut feed = Watched::of(&client, []);
    feed.live().await;
    let found = resolve(&client, &Wanted { flows: list(&["Front Door"]), ..Wanted::default() }).await.unwrap();
    let ms = Duration::from_millis;
    let options =
        poll::PollOptions { list_every: ms(50), look_every: ms(5000), share: 100, ..poll::PollOptions::default() };
    sim.set_rate_limit(10_000);
    client.organization().await.unwrap();
    let mut polls = poll::start(client.clone(), found, feed.handle.clone(), options);
    let elsewhere = sim.place(&placed()).unwrap();
    let id = sim.place(&Placed { flow: Some("Front Door".into()), ..Placed::default() }).unwrap();
    let front_door = sim.flow_id("Front Door").unwrap().to_string();
    let mut flows = Vec::new();
    let mut look = async || loop {
        match polls.recv().await {
            Some(PollEvent::Look(id)) => return id.to_string(),
            Some(PollEvent::Flow(fact)) => flows.push((fact.conversation.to_string(), fact.run.id.to_string())),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(look().await, id.to_string());
    while feed.accepted.is_empty() {
        feed.next().await;
    }
    assert_eq!(feed.accepted[0].conversation().unwrap().as_str(), id.to_string());
    assert!(!sim.topics().iter().any(|t| t.contains(&elsewhere.to_string())));
    sim.hang_up(id);
    assert_eq!(look().await, id.to_string());
    assert_eq!(flows, [(id.to_string(), front_door)]);
    polls.ended(&id.to_string().as_str().into());
    tokio::time::timeout(LONG, async {
        while !sim.topics().is_empty() {
            tokio::time::sleep(ms(10)).await;
        }
    })
    .await
    .expect("its topic is given back");
}

/// Of 1,100 open calls a few are in the flow: a round costs one request, two at most, and a call of a few seconds is seen.
#[tokio::test]
async fn a_round_costs_two_requests_at_most_however_many_calls_are_open() {
    let sim = start(&[]).await;
    let client = client(&sim);
    for _ in 0..1_100 {
        sim.place(&placed()).unwrap();
    }
    let feed = Watched::of(&client, []);
    let found = resolve(&client, &Wanted { flows: list(&["Front Door"]), ..Wanted::default() }).await.unwrap();
    let ms = Duration::from_millis;
    let options =
        poll::PollOptions { list_every: ms(300), look_every: ms(60_000), share: 100, ..poll::PollOptions::default() };
    sim.set_rate_limit(100_000);
    client.organization().await.unwrap();
    let mut polls = poll::start(client.clone(), found, feed.handle.clone(), options);
    // The first round looks for calls that have left the flow already.
    tokio::time::sleep(ms(600)).await;
    let (before, began) = (client.stats().used, std::time::Instant::now());
    let id = sim.place(&Placed { flow: Some("Front Door".into()), ..Placed::default() }).unwrap();
    loop {
        match polls.recv().await {
            Some(PollEvent::Look(seen)) if seen.as_str() == id.to_string() => break,
            Some(_) => {}
            None => panic!("the poll ended"),
        }
    }
    // Topics of the call found are subscribed meanwhile.
    let rounds = 1 + began.elapsed().as_millis() as u32 / 300;
    let used = client.stats().used.saturating_sub(before);
    assert!(used <= 2 * rounds + 4, "{used} requests in {rounds} rounds");
}

/// Without the permission of the activity query the calls are found by the details query.
#[tokio::test]
async fn calls_in_a_flow_are_found_without_the_activity_query() {
    let sim = start(&["deny=analytics:flowObservation:view"]).await;
    let client = client(&sim);
    let feed = Watched::of(&client, []);
    let found = resolve(&client, &Wanted { flows: list(&["Front Door"]), ..Wanted::default() }).await.unwrap();
    let ms = Duration::from_millis;
    let options =
        poll::PollOptions { list_every: ms(50), look_every: ms(5000), share: 100, ..poll::PollOptions::default() };
    sim.set_rate_limit(10_000);
    client.organization().await.unwrap();
    let mut polls = poll::start(client.clone(), found, feed.handle.clone(), options);
    let id = sim.place(&Placed { flow: Some("Front Door".into()), ..Placed::default() }).unwrap();
    let mut version = None;
    loop {
        match polls.recv().await {
            Some(PollEvent::Look(seen)) if seen.as_str() == id.to_string() => break,
            Some(PollEvent::Flow(fact)) => version = fact.run.version,
            other => panic!("{other:?}"),
        }
    }
    assert!(version.is_some(), "the details tell the version, too");
}
