//! Queues and users.

use serde_json::{Value, json};

use super::Ask;
use crate::sim::{render::catalog, reply::Reply, world::World};

/// The last page of the division view of queues that there is.
const MAX_VIEW_PAGE: usize = 5;

pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    let state = ask.app.lock();
    let world = &state.world;
    Ok(match (ask.method, segments) {
        ("GET", ["routing", "queues", "me"]) => {
            let (number, size) = ask.page(100)?;
            if let Some(joined) = ask.choice("joined", &["true", "false"])? {
                // Everybody has joined every queue that they are a member of.
                if joined == "false" {
                    return Ok(Reply::ok(catalog::page(Vec::new(), number, size, ask.path)));
                }
            }
            let mine =
                |index: &usize| ask.holder.user.is_some_and(|user| world.scenario().users[user].queues.contains(index));
            Reply::ok(catalog::page(queues(ask, world, mine)?, number, size, ask.path))
        }
        ("GET", ["routing", "queues", "divisionviews"]) => {
            ask.need(&state, &["routing:queue:search"])?;
            let (number, size) = ask.page(100)?;
            if number > MAX_VIEW_PAGE {
                let text = format!(
                    "Value [{number}] is not valid for field type [pageNumber]. Allowable values are: 1-{MAX_VIEW_PAGE}"
                );
                return Err(Reply::error(400, "invalid.value", text));
            }
            Reply::ok(catalog::page(queues(ask, world, |_| true)?, number, size, ask.path))
        }
        ("GET", ["routing", "queues"]) => {
            ask.need(&state, &["routing:queue:view"])?;
            let (number, size) = ask.page(500)?;
            ask.refuse(&["expand"])?;
            Reply::ok(catalog::page(queues(ask, world, |_| true)?, number, size, ask.path))
        }
        ("GET", ["routing", "queues", id]) => {
            ask.need(&state, &["routing:queue:view"])?;
            let index = world.directory().queue(id).ok_or_else(|| Reply::status(404))?;
            Reply::ok(catalog::queue(world, index))
        }
        ("GET", ["users"]) => {
            let (number, size) = ask.page(500)?;
            ask.refuse(&["integrationPresenceSource", "userCustomAttributeSchemaIds"])?;
            let (ids, jabber) = (ask.all("id"), ask.all("jabberId"));
            let active = ask.choice("state", &["active", "inactive", "deleted", "any"])?;
            let order = ask.choice("sortOrder", &["ascending", "descending", "asc", "desc"])?;
            let mut users: Vec<usize> = (0..world.scenario().users.len()).collect();
            users.retain(|index| {
                matches!(active, None | Some("active" | "any"))
                    && (ids.is_empty() || ids.contains(&world.directory().users[*index].to_string()))
                    && (jabber.is_empty() || jabber.contains(&catalog::jabber_id(world, *index)))
            });
            users.sort_by_key(|index| world.scenario().users[*index].name.to_lowercase());
            if matches!(order, Some("descending" | "desc")) {
                users.reverse();
            }
            let mut entities = Vec::new();
            for index in users {
                let mut user = catalog::user(world, index);
                expand(ask, world, index, &mut user, false)?;
                entities.push(user);
            }
            Reply::ok(catalog::page(entities, number, size, ask.path))
        }
        ("POST", ["users", "search"]) => {
            let body = ask.body()?;
            let users = 0..world.scenario().users.len();
            let found: Vec<Value> =
                users.map(|index| catalog::user(world, index)).filter(|user| found_by(user, &body)).collect();
            let total = found.len();
            let count = |name: &str, default: usize, most: usize| match &body[name] {
                Value::Null => Ok(default),
                given => {
                    given.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| (1..=most).contains(n)).ok_or_else(
                        || {
                            Reply::error(
                                400,
                                "invalid.value",
                                format!("Value [{given}] is not valid for field type [{name}]."),
                            )
                        },
                    )
                }
            };
            let (size, number) = (count("pageSize", 25, 100)?, count("pageNumber", 1, usize::MAX)?);
            let results: Vec<Value> = found.into_iter().skip((number - 1).saturating_mul(size)).take(size).collect();
            Reply::ok(serde_json::json!({
                "total": total,
                "pageCount": total.div_ceil(size),
                "pageSize": size,
                "pageNumber": number,
                "types": ["users"],
                "results": results,
            }))
        }
        ("GET", ["users", id]) => {
            let index = world.directory().user(id).ok_or_else(|| Reply::status(404))?;
            let wanted = ask.choice("state", &["active", "inactive", "deleted", "any"])?;
            if matches!(wanted, Some("inactive" | "deleted")) {
                return Err(Reply::status(404));
            }
            ask.refuse(&["integrationPresenceSource", "userCustomAttributeSchemaIds"])?;
            let mut user = catalog::user(world, index);
            expand(ask, world, index, &mut user, false)?;
            Reply::ok(user)
        }
        ("GET", ["users", id, "queues"]) => {
            let index = world.directory().user(id).ok_or_else(|| Reply::status(404))?;
            let (number, size) = ask.page(100)?;
            let mine = &world.scenario().users[index].queues;
            let entities = mine.iter().map(|queue| catalog::queue(world, *queue)).collect();
            Reply::ok(catalog::page(entities, number, size, ask.path))
        }
        _ => return Err(Reply::status(404)),
    })
}

/// Queues that fit the filters of the request, in its order.
fn queues(ask: &Ask<'_>, world: &World, wanted: impl Fn(&usize) -> bool) -> Result<Vec<Value>, Reply> {
    let (ids, divisions) = (ask.all("id"), ask.all("divisionId"));
    let by = ask.choice("sortBy", &["name", "id", "divisionId"])?;
    let order = ask.choice("sortOrder", &["asc", "desc"])?;
    // No queue here has a peer or a library of canned responses.
    let peers = ask.choice("hasPeer", &["true", "false"])? == Some("true") || !ask.all("peerId").is_empty();
    let nothing = peers || ask.query.contains_key("cannedResponseLibraryId");
    let mut indices: Vec<usize> = (0..world.scenario().queues.len()).filter(wanted).collect();
    indices.retain(|index| {
        let queue = &world.scenario().queues[*index];
        let named = ask.query.get("name").is_none_or(|pattern| matches(pattern, &queue.name));
        let id = world.directory().queues[*index].to_string();
        let here = divisions.is_empty() || divisions.contains(&world.directory().division.to_string());
        !nothing && named && here && (ids.is_empty() || ids.contains(&id))
    });
    match by {
        Some("id") => indices.sort_by_key(|index| world.directory().queues[*index]),
        _ => indices.sort_by_key(|index| world.scenario().queues[*index].name.to_lowercase()),
    }
    if order == Some("desc") {
        indices.reverse();
    }
    Ok(indices.into_iter().map(|index| catalog::queue(world, index)).collect())
}

/// What `expand` may name for a user; a user's own view (`me`) knows more.
const EXPANDS: &[&str] = &[
    "routingStatus",
    "presence",
    "conversationSummary",
    "outOfOffice",
    "station",
    "groups",
    "skills",
    "languages",
    "locations",
    "profileSkills",
    "certifications",
];

/// Adds the parts of a user that the request asks for.
///
/// # Errors
/// 400 for what the simulator does not have.
pub(super) fn expand(ask: &Ask<'_>, world: &World, user: usize, out: &mut Value, own: bool) -> Result<(), Reply> {
    for part in ask.all("expand") {
        let (name, value) = match part.as_str() {
            "organization" if own => ("organization", catalog::organization(world)),
            "date" if own => ("date", json!({"currentDate": crate::sim::ids::iso(ask.now)})),
            "favorites" if own => ("favorites", json!([])),
            "superiors" if own => ("superiors", json!([])),
            "directreports" if own => ("directReports", json!([])),
            "routingskills" if own => ("routingSkills", json!([])),
            known if EXPANDS.contains(&known) => (known, catalog::part(world, user, known, ask.now)),
            other => {
                let text =
                    format!("Value [{other}] is not valid for field type [expand]. The simulator does not have it");
                return Err(Reply::error(400, "invalid.value", text));
            }
        };
        out[name] = value;
    }
    Ok(())
}

/// Whether a name fits a pattern with `*` at its ends, regardless of case.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(_), Some(_)) => name.contains(pattern.trim_matches('*')),
        (Some(end), None) => name.ends_with(end),
        (None, Some(start)) => name.starts_with(start),
        (None, None) => name == pattern,
    }
}

/// Whether a user fits every criterion of a search body.
fn found_by(user: &Value, body: &Value) -> bool {
    let criteria = body["query"].as_array().cloned().unwrap_or_default();
    criteria.iter().all(|criterion| {
        let fields = criterion["fields"].as_array().cloned().unwrap_or_default();
        let mut wanted: Vec<String> = criterion["value"].as_str().map(str::to_lowercase).into_iter().collect();
        let values = criterion["values"].as_array().cloned().unwrap_or_default();
        wanted.extend(values.iter().filter_map(|v| v.as_str().map(str::to_lowercase)));
        fields.iter().filter_map(Value::as_str).any(|field| {
            let has = user[field].as_str().unwrap_or_default().to_lowercase();
            wanted.iter().any(|wanted| match criterion["type"].as_str() {
                Some("EXACT" | "TERM" | "TERMS") => has == *wanted,
                Some("STARTS_WITH") => has.starts_with(wanted.as_str()),
                _ => has.contains(wanted.as_str()),
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn names_with_stars() {
        assert!(matches("bill*", "Billing"));
        assert!(matches("*ING", "Billing"));
        assert!(matches("*lli*", "Billing"));
        assert!(matches("billing", "Billing"));
        assert!(!matches("bill", "Billing"));
    }
}
