//! Channels and subscriptions.

use serde_json::{Value, json};

use super::{Ask, invalid};
use crate::sim::{
    channels::{Channel, MAX_TOPICS},
    ids::iso,
    reply::Reply,
    shared::SharedState,
    topics,
};

pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    let mut state = ask.app.lock();
    let owner = ask.owner();
    Ok(match (ask.method, segments) {
        ("GET", ["availabletopics"]) => {
            let expand = ask.all("expand");
            if let Some(part) = expand.iter().find(|part| !topics::PARTS.contains(&part.as_str())) {
                return Err(invalid("expand", part, &format!("Allowable values are: {}", topics::PARTS.join(", "))));
            }
            ask.flag("includePreview")?;
            let entities: Vec<Value> = topics::templates().iter().map(|t| t.entity(&expand)).collect();
            Reply::ok(json!({"entities": entities}))
        }
        ("POST", ["channels"]) => {
            let id = state.channels.create(&owner, &ask.token, ask.now);
            let expires = state.channels.get(&id, ask.now).map_or(ask.now, |channel| channel.expires);
            ask.app.wake.notify_one();
            Reply::ok(channel(ask, &id, expires))
        }
        ("GET", ["channels"]) => {
            let all = ask.choice("includechannels", &["token", "oauthclient"])? == Some("oauthclient");
            let mine = state.channels.of(&owner, ask.now).filter(|(_, c)| all || c.token == ask.token);
            // Those of other tokens are counted, and nothing more is said of them.
            let show = |(id, c): (&String, &Channel)| match c.token == ask.token {
                true => channel(ask, id, c.expires),
                false => json!({"expires": iso(c.expires)}),
            };
            let entities: Vec<Value> = mine.map(show).collect();
            Reply::ok(json!({"entities": entities}))
        }
        ("HEAD", ["channels", id]) => {
            own(ask, &state, id)?;
            Reply::empty(200)
        }
        ("GET", ["channels", id, "subscriptions"]) => {
            own(ask, &state, id)?;
            Reply::ok(listing(&state, id, ask.now))
        }
        ("DELETE", ["channels", id, "subscriptions"]) => {
            own(ask, &state, id)?;
            state.channels.subscribe(id, &[], true, ask.now);
            // The platform's success status for this one is not declared.
            Reply::empty(204)
        }
        ("POST" | "PUT", ["channels", id, "subscriptions"]) => subscribe(ask, &mut state, id)?,
        _ => return Err(Reply::status(404)),
    })
}

fn own(ask: &Ask<'_>, state: &SharedState, id: &str) -> Result<(), Reply> {
    let owner = ask.owner();
    let found = state.channels.get(id, ask.now).is_some_and(|channel| channel.owner == owner);
    if found { Ok(()) } else { Err(Reply::status(404)) }
}

fn channel(ask: &Ask<'_>, id: &str, expires: i64) -> Value {
    let own = || format!("ws://{}", ask.host.as_deref().unwrap_or(&ask.app.base));
    let base = ask.app.options.stream_url.clone().unwrap_or_else(own);
    json!({"connectUri": format!("{base}/channels/{id}"), "id": id, "expires": iso(expires)})
}

fn permitted(entry: &str) -> Value {
    json!({"id": entry, "state": "Permitted", "selfUri": format!("/api/v2/notifications/availabletopics/{entry}")})
}

fn listing(state: &SharedState, id: &str, now: i64) -> Value {
    let entries = state.channels.get(id, now).map(|c| c.topics.keys().cloned().collect::<Vec<_>>());
    let entities: Vec<Value> = entries.unwrap_or_default().iter().map(|entry| permitted(entry)).collect();
    json!({"entities": entities})
}

/// Why a topic is refused, with the permissions that are missing.
fn refusal(ask: &Ask<'_>, state: &SharedState, entry: &str) -> Option<Vec<String>> {
    let elapsed = ask.app.elapsed();
    let mut missing = Vec::new();
    for topic in topics::expand(entry) {
        let Some(template) = topics::template_of(&topic) else { continue };
        let own = template.own
            && topics::id_in(template, &topic).and_then(|id| state.world.directory().user(id)) == ask.holder.user
            && ask.holder.user.is_some();
        let denied = !own && !template.permission.is_empty() && state.faults.denies(elapsed, template.permission);
        if denied || state.faults.refuses_topic(elapsed, &topic) {
            let permission = if template.permission.is_empty() { "users:view" } else { template.permission };
            missing.push(permission.to_owned());
        }
    }
    missing.dedup();
    (!missing.is_empty()).then_some(missing)
}

fn subscribe(ask: &Ask<'_>, state: &mut SharedState, id: &str) -> Result<Reply, Reply> {
    own(ask, state, id)?;
    let body = ask.body()?;
    let list = body.as_array().ok_or_else(|| Reply::status(400))?;
    let lenient = ask.flag("ignoreErrors")?;
    let mut entries = Vec::new();
    let mut rejected: Vec<(String, String, Vec<String>)> = Vec::new();
    for item in list {
        let entry = item["id"].as_str().ok_or_else(|| Reply::status(400))?;
        if topics::expand(entry).is_empty() {
            let message = format!("Topic [{entry}] is not a valid topic");
            if !lenient {
                return Err(Reply::error(400, "notification.invalid.topic", message));
            }
            rejected.push((entry.to_owned(), message, Vec::new()));
        } else if let Some(missing) = refusal(ask, state, entry) {
            let reason = format!("Missing permissions: {}", missing.join(", "));
            rejected.push((entry.to_owned(), reason, missing));
        } else {
            entries.push(entry.to_owned());
        }
    }
    if !lenient && let Some((_, _, missing)) = rejected.first() {
        // One refused topic fails the whole request (api-facts 2.1).
        let missing: Vec<&str> = missing.iter().map(String::as_str).collect();
        return Err(Reply::missing_permission(&missing));
    }
    if !state.channels.subscribe(id, &entries, ask.method == "PUT", ask.now) {
        let message = format!("The maximum number of subscriptions is {MAX_TOPICS}");
        return Err(Reply::error(400, "notification.subscription.too.many.subscriptions", message));
    }
    let mut out = listing(state, id, ask.now);
    if let Some(entities) = out["entities"].as_array_mut() {
        for (entry, reason, missing) in rejected {
            entities.push(json!({
                "id": entry,
                "state": "Rejected",
                "rejectionReason": reason,
                "missingPermissions": missing,
            }));
        }
    }
    Ok(Reply::ok(out))
}
