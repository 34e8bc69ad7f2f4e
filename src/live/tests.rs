use super::*;
use crate::genesys::{Auth, Connection};
use std::slice;

#[tokio::test]
async fn what_is_forgotten_gives_topics_back_only_if_it_had_some_of_its_own() {
    let nowhere = Connection::to_urls("http://127.0.0.1:9", "http://127.0.0.1:9", Auth::SignedOut).unwrap();
    let found = Discovered { queues: vec![("q".into(), "Support".into())], ..Discovered::default() };
    let mut live = Live::start(Client::new(nowhere), &Targets(found), FeedOptions::default());
    let call = ConversationId::new("c1");
    live.forget(slice::from_ref(&call));
    assert!(live.given_back.is_empty(), "its queue told of it");
    live.follow(vec![call.clone()]);
    live.end(&call);
    live.forget(slice::from_ref(&call));
    assert_eq!(live.given_back.len(), Topic::of_conversation(&call).len());
}
