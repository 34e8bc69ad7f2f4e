//! What the organisation consists of: itself, its queues and users, and listings with pages.

use serde_json::{Value, json};

use crate::sim::{ids::iso, world::World};

/// The organisation.
pub fn organization(world: &World) -> Value {
    let scenario = world.scenario();
    json!({
        "id": world.directory().organization.to_string(),
        "name": scenario.organization,
        "defaultLanguage": "en-US",
        "defaultCountryCode": "US",
        "domain": scenario.domain,
        "version": 1,
        "state": "active",
        "voicemailEnabled": true,
        "productPlatform": "PureCloud",
        "selfUri": format!("/api/v2/organizations/{}", world.directory().organization),
    })
}

fn division(world: &World) -> Value {
    let id = world.directory().division.to_string();
    json!({"id": id, "name": "Home", "selfUri": format!("/api/v2/authorization/divisions/{id}")})
}

/// A queue by its index.
pub fn queue(world: &World, index: usize) -> Value {
    let queue = &world.scenario().queues[index];
    let id = world.directory().queues[index].to_string();
    let members = world.scenario().users.iter().filter(|user| user.queues.contains(&index)).count();
    json!({
        "id": id,
        "name": queue.name,
        "division": division(world),
        "description": queue.description,
        "memberCount": members,
        "userMemberCount": members,
        "joinedMemberCount": members,
        "selfUri": format!("/api/v2/routing/queues/{id}"),
    })
}

/// A user by its index.
pub fn user(world: &World, index: usize) -> Value {
    let user = &world.scenario().users[index];
    let id = world.directory().users[index].to_string();
    json!({
        "id": id,
        "name": user.name,
        "division": division(world),
        "email": user.email,
        "username": user.email,
        "chat": {"jabberId": jabber_id(world, index)},
        "title": user.title,
        "state": "active",
        "version": 1,
        "acdAutoAnswer": false,
        "selfUri": format!("/api/v2/users/{id}"),
    })
}

/// A user's chat address.
pub fn jabber_id(world: &World, index: usize) -> String {
    format!("{}@{}.orgspan.com", world.directory().users[index].simple(), world.directory().organization.simple())
}

/// A part of a user that `expand` names.
pub fn part(world: &World, index: usize, name: &str, now: i64) -> Value {
    let presence = world.presence(index);
    let id = world.directory().users[index].to_string();
    match name {
        "routingStatus" => json!({"userId": id, "status": presence.routing_status(), "startTime": iso(presence.since)}),
        "presence" => {
            let told = super::detail::presence(world, index);
            let mut definition = told["presenceDefinition"].clone();
            let uri = definition["id"].as_str().map(|id| format!("/api/v2/presencedefinitions/{id}"));
            definition["selfUri"] = json!(uri);
            json!({"source": "PURECLOUD", "primary": true, "presenceDefinition": definition, "message": "",
                "modifiedDate": iso(presence.since), "selfUri": format!("/api/v2/users/{id}/presences/PURECLOUD")})
        }
        "conversationSummary" => super::detail::summary(world, index),
        "outOfOffice" => json!({"id": id, "user": {"id": id}, "active": false, "indefinite": false,
            "modifiedDate": iso(now), "externalStatus": ""}),
        "station" => json!({}),
        _ => json!([]),
    }
}

/// One page of a listing, with the links to its neighbours.
pub fn page(entities: Vec<Value>, number: usize, size: usize, path: &str) -> Value {
    let total = entities.len();
    let count = total.div_ceil(size.max(1)).max(1);
    let uri = |page: usize| format!("{path}?pageSize={size}&pageNumber={page}");
    let shown: Vec<Value> = entities.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
    let mut out = json!({
        "entities": shown,
        "pageSize": size,
        "pageNumber": number,
        "total": total,
        "firstUri": uri(1),
        "selfUri": uri(number),
        "lastUri": uri(count),
        "pageCount": count,
    });
    if number < count {
        out["nextUri"] = json!(uri(number + 1));
    }
    if number > 1 {
        out["previousUri"] = json!(uri(number - 1));
    }
    out
}
