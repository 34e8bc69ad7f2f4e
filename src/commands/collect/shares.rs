//! What collectors on one server divide among themselves.

use crate::{domain::Conversation, genesys::discover::Discovered, live::targets::Targets, store::lease::Fence};
use std::sync::Arc;

fn name(organization: &str, kind: &str, id: &str) -> String {
    format!("{organization}/{kind}/{id}")
}

/// What can be held apart: the name of its lease, and what is watched under it. Named conversations stay together.
pub(super) fn shares(organization: &str, targets: &Targets) -> Vec<(String, Discovered)> {
    let name = |kind, id: &str| name(organization, kind, id);
    let mut shares = Vec::new();
    for queue in &targets.queues {
        shares.push((
            name("queue", queue.0.as_str()),
            Discovered { queues: vec![queue.clone()], ..Discovered::default() },
        ));
    }
    for user in &targets.users {
        let found = Discovered { users: vec![user.clone()], me: targets.me, ..Discovered::default() };
        shares.push((name("user", user.0.as_str()), found));
    }
    for flow in &targets.flows {
        shares.push((name("flow", flow.0.as_str()), Discovered { flows: vec![flow.clone()], ..Discovered::default() }));
    }
    if !targets.conversations.is_empty() {
        let conversations = targets.conversations.clone();
        shares.push((name("conversations", "named"), Discovered { conversations, ..Discovered::default() }));
    }
    shares
}

/// All that is watched under the leases that are held.
pub(super) fn share(organization: &str, targets: &Targets, held: &[Fence]) -> Discovered {
    let mut mine = Discovered { all_flows: targets.all_flows, ..Discovered::default() };
    for (name, found) in shares(organization, targets) {
        if held.iter().any(|fence| fence.target == name) {
            mine.queues.extend(found.queues);
            mine.users.extend(found.users);
            mine.flows.extend(found.flows);
            mine.conversations.extend(found.conversations);
            mine.me |= found.me;
        }
    }
    mine
}

/// The leases under which a call is seen: those of its queues and users; where it is in none of those, the ones that are
/// found in another way.
pub(super) fn under(organization: &str, call: &Conversation, held: &[Fence]) -> Vec<Arc<str>> {
    let ids = call.participants.iter().flat_map(|participant| {
        let queue = participant.queue_id.as_ref().map(|id| name(organization, "queue", id.as_str()));
        let user = participant.user_id.as_ref().map(|id| name(organization, "user", id.as_str()));
        queue.into_iter().chain(user)
    });
    let flows = call.flows.iter().map(|run| name(organization, "flow", run.id.as_str()));
    let named: Vec<String> = ids.chain(flows).collect();
    let mut under: Vec<Arc<str>> = Vec::new();
    for fence in held.iter().filter(|fence| named.contains(&fence.target)) {
        under.push(fence.target.as_str().into());
    }
    if under.is_empty() {
        let others = [name(organization, "flow", ""), name(organization, "conversations", "")];
        let found = held.iter().filter(|fence| others.iter().any(|other| fence.target.starts_with(other.as_str())));
        under.extend(found.map(|fence| Arc::from(fence.target.as_str())));
    }
    under
}

/// A target in the words of people: `queue Billing`.
pub(super) fn named(organization: &str, targets: &Targets, lease: &str) -> String {
    let found = shares(organization, targets).into_iter().find(|(name, _)| name == lease).map(|(_, found)| found);
    let Some(found) = found else { return "what it followed".to_owned() };
    let queue = found.queues.first().map(|(_, name)| format!("queue {name}"));
    let user = || found.users.first().map(|(_, name)| format!("user {name}"));
    let flow = || found.flows.first().map(|(_, name)| format!("flow {name}"));
    queue.or_else(user).or_else(flow).unwrap_or_else(|| "the named conversations".to_owned())
}
