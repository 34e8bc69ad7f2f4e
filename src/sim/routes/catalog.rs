//! Queues and users.

use serde_json::Value;

use super::Ask;
use crate::sim::{render::catalog, reply::Reply};

pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    let state = ask.app.lock();
    let world = &state.world;
    let text = |name: &str| ask.query.get(name).map(String::as_str);
    Ok(match (ask.method, segments) {
        ("GET", ["routing", "queues", rest @ ("me" | "divisionviews")]) => {
            let own = *rest == "me";
            if !own {
                ask.need(&state, &["routing:queue:search"])?;
            }
            let (number, size) = ask.page(100)?;
            let mine = |index: usize| match ask.holder.user {
                Some(user) => world.scenario().users[user].queues.contains(&index),
                None => false,
            };
            let wanted = |index: &usize| !own || mine(*index);
            let entities = queues(ask, world, wanted);
            Reply::ok(catalog::page(entities, number, size, ask.path))
        }
        ("GET", ["routing", "queues"]) => {
            ask.need(&state, &["routing:queue:view"])?;
            let (number, size) = ask.page(500)?;
            Reply::ok(catalog::page(queues(ask, world, |_| true), number, size, ask.path))
        }
        ("GET", ["routing", "queues", id]) => {
            ask.need(&state, &["routing:queue:view"])?;
            let index = world.directory().queue(id).ok_or_else(|| Reply::status(404))?;
            Reply::ok(catalog::queue(world, index))
        }
        ("GET", ["users"]) => {
            let (number, size) = ask.page(500)?;
            let ids: Vec<&str> = text("id").map(|ids| ids.split(',').collect()).unwrap_or_default();
            let users = 0..world.scenario().users.len();
            let wanted =
                |index: &usize| ids.is_empty() || ids.contains(&world.directory().users[*index].to_string().as_str());
            let entities = users.filter(wanted).map(|index| catalog::user(world, index)).collect();
            Reply::ok(catalog::page(entities, number, size, ask.path))
        }
        ("POST", ["users", "search"]) => {
            let body = ask.body()?;
            let users = 0..world.scenario().users.len();
            let found: Vec<Value> =
                users.map(|index| catalog::user(world, index)).filter(|user| found_by(user, &body)).collect();
            let total = found.len();
            let size = body["pageSize"].as_u64().unwrap_or(25).clamp(1, 100) as usize;
            let number = body["pageNumber"].as_u64().unwrap_or(1).max(1) as usize;
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
            Reply::ok(catalog::user(world, index))
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

/// Queues by name (with `*` at either end), id and sort order.
fn queues(ask: &Ask<'_>, world: &crate::sim::world::World, wanted: impl Fn(&usize) -> bool) -> Vec<Value> {
    let ids: Vec<&str> = ask.query.get("id").map(|ids| ids.split(',').collect()).unwrap_or_default();
    let mut indices: Vec<usize> = (0..world.scenario().queues.len()).filter(wanted).collect();
    indices.retain(|index| {
        let queue = &world.scenario().queues[*index];
        let named = ask.query.get("name").is_none_or(|pattern| matches(pattern, &queue.name));
        let id = world.directory().queues[*index].to_string();
        named && (ids.is_empty() || ids.contains(&id.as_str()))
    });
    indices.sort_by_key(|index| world.scenario().queues[*index].name.to_lowercase());
    if ask.query.get("sortOrder").is_some_and(|order| order.starts_with("desc")) {
        indices.reverse();
    }
    indices.into_iter().map(|index| catalog::queue(world, index)).collect()
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
