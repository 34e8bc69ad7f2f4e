//! What there is to watch, by name, and what is watched of it.

use crate::{
    app::topics::{Listing, TopicRow, WatchTarget},
    domain::{FlowId, QueueId, UserId},
    genesys::{Client, discover::Discovered},
};

/// Lists queues, flows and users that the token may see. A kind that may not be listed is named, with the reason.
pub async fn list(client: &Client, found: &Discovered) -> Listing {
    let queues = found.queues.iter().map(|(id, name)| (WatchTarget::Queue(id.clone()), name.clone()));
    let users = found.users.iter().map(|(id, name)| (WatchTarget::User(id.clone()), name.clone()));
    let flows = found.flows.iter().map(|(id, name)| (WatchTarget::Flow(id.clone()), name.clone()));
    let mut listing = Listing {
        watched: queues.chain(users).chain(flows).collect(),
        named: found.conversations.clone(),
        all_flows: found.all_flows,
        ..Listing::default()
    };
    let row = |what, name: String, was| TopicRow { what, name, on: was, was };
    let (queues, flows, users) = tokio::join!(client.queues(None), client.flows(None), client.users());
    match queues {
        Ok(queues) => listing.rows.extend(queues.into_iter().map(|q| {
            let id = QueueId::new(q.id.as_str());
            let was = found.queues.iter().any(|(known, _)| *known == id);
            row(WatchTarget::Queue(id), q.name, was)
        })),
        Err(error) => listing.troubles.push(format!("Queues could not be listed: {error}")),
    }
    match flows {
        Ok(flows) => listing.rows.extend(flows.into_iter().map(|f| {
            let id = FlowId::new(f.id.as_str());
            let was = found.all_flows || found.flows.iter().any(|(known, _)| *known == id);
            row(WatchTarget::Flow(id), f.name, was)
        })),
        Err(error) => listing.troubles.push(format!("Flows could not be listed: {error}")),
    }
    match users {
        Ok(users) => listing.rows.extend(users.into_iter().map(|u| {
            let id = UserId::new(u.id.as_str());
            let was = found.users.iter().any(|(known, _)| *known == id);
            row(WatchTarget::User(id), u.name, was)
        })),
        Err(error) => listing.troubles.push(format!("Users could not be listed: {error}")),
    }
    listing.rows.sort_by_key(|r| (r.what.kind() != "queue", r.what.kind() != "flow", r.name.to_lowercase()));
    listing
}

/// `found` with these rows added or taken away.
pub fn changed(found: &Discovered, rows: Vec<TopicRow>) -> Discovered {
    let mut found = found.clone();
    found.all_flows &= !rows.iter().any(|r| matches!(r.what, WatchTarget::Flow(_)) && !r.on);
    for TopicRow { what, name, on, .. } in rows {
        match what {
            WatchTarget::Queue(id) => put(&mut found.queues, id, name, on),
            WatchTarget::User(id) => put(&mut found.users, id, name, on),
            WatchTarget::Flow(id) => put(&mut found.flows, id, name, on),
        }
    }
    found
}

fn put<T: PartialEq>(list: &mut Vec<(T, String)>, id: T, name: String, on: bool) {
    list.retain(|(known, _)| *known != id);
    if on {
        list.push((id, name));
    }
}
