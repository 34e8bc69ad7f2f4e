//! Flows: the list, one of them, its configuration.

use serde_json::{Value, json};

use super::{Ask, catalog::matches};
use crate::sim::{
    render::{catalog::page, flows},
    reply::Reply,
    world::World,
};

pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    if ask.app.options.tutorial_routes
        && let Some(answer) = super::tutorial::route(ask, segments)
    {
        return answer;
    }
    let state = ask.app.lock();
    let world = &state.world;
    let missing = || Reply::error(404, "architect.flow.not.found", "Could not find a flow with the given id.");
    let view = || ask.need(&state, &["architect:flow:view"]);
    match (ask.method, segments) {
        ("GET", [] | ["divisionviews" | "lookup"]) => {
            match segments {
                ["divisionviews"] => ask.need(&state, &["architect:flow:search"])?,
                ["lookup"] if ask.all("id").is_empty() => {
                    return Err(Reply::error(400, "bad.request", "id is required"));
                }
                _ => view()?,
            }
            let (number, size) = ask.page(100)?;
            let mut entities = listed(ask, world)?;
            if segments == ["divisionviews"] {
                entities.iter_mut().for_each(division_view);
            }
            Ok(Reply::ok(page(entities, number, size, ask.path)))
        }
        ("GET", [id]) => {
            view()?;
            let index = world.directory().flow(id).ok_or_else(missing)?;
            Ok(Reply::ok(flows::flow(world, index)))
        }
        ("GET", [id, "latestconfiguration"]) => {
            view()?;
            let index = world.directory().flow(id).ok_or_else(missing)?;
            Ok(Reply::ok(flows::configuration(world, index, world.published(index))))
        }
        ("GET", [id, "versions"]) => {
            view()?;
            let index = world.directory().flow(id).ok_or_else(missing)?;
            let (number, size) = ask.page(100)?;
            // The newest comes first.
            let versions = (0..=world.published(index)).rev().map(|number| flows::version(world, index, number));
            Ok(Reply::ok(page(versions.collect(), number, size, ask.path)))
        }
        ("GET", [id, "versions", version, rest @ ..]) if matches!(rest, [] | ["configuration"]) => {
            view()?;
            let index = world.directory().flow(id).ok_or_else(missing)?;
            let versions = &world.scenario().flows[index].versions[..=world.published(index)];
            let number = versions.iter().position(|known| known.id == *version).ok_or_else(|| {
                Reply::error(404, "architect.flow.version.not.found", "Could not find that version of the flow.")
            })?;
            Ok(Reply::ok(match rest {
                [] => flows::version(world, index, number),
                _ => flows::configuration(world, index, number),
            }))
        }
        _ => Err(Reply::status(404)),
    }
}

/// Types of flows, as a query spells them.
const TYPES: &[&str] = &[
    "bot",
    "commonmodule",
    "digitalbot",
    "emailsend",
    "inboundcall",
    "inboundchat",
    "inboundemail",
    "inboundshortmessage",
    "outboundcall",
    "inqueuecall",
    "inqueueemail",
    "inqueueshortmessage",
    "speech",
    "securecall",
    "surveyinvite",
    "voice",
    "voicemail",
    "voicesurvey",
    "workflow",
    "workitem",
];

/// Flows that fit the filters of the request, in its order.
fn listed(ask: &Ask<'_>, world: &World) -> Result<Vec<Value>, Reply> {
    let text = |name: &str| ask.query.get(name).map(String::as_str);
    let date = |name: &str| -> Result<Option<i64>, Reply> {
        let wrong = |given: &str| Reply::error(400, "invalid.date", format!("[{given}] is not a date for [{name}]"));
        text(name).map(|given| given.parse().map(jiff::Timestamp::as_millisecond).map_err(|_| wrong(given))).transpose()
    };
    let kinds = ask.all("type");
    if let Some(other) = kinds.iter().find(|kind| !TYPES.contains(&kind.to_lowercase().as_str())) {
        let text =
            format!("Value [{other}] is not valid for field type [type]. Allowable values are: {}", TYPES.join(", "));
        return Err(Reply::error(400, "invalid.value", text));
    }
    let (ids, divisions) = (ask.all("id"), ask.all("divisionId"));
    let (after, before) = (date("publishedAfter")?, date("publishedBefore")?);
    let by = ask.choice("sortBy", &["id", "name", "type", "description"])?;
    let order = ask.choice("sortOrder", &["asc", "desc"])?;
    // Nobody holds a lock here, nothing is secure, deleted or a virtual agent, and no flow has a schema of its own.
    let locked = ["editableBy", "lockedBy", "lockedByClientId"].iter().any(|name| text(name).is_some());
    let secure = matches!(ask.choice("secure", &["any", "checkedin", "published"])?, Some("checkedin" | "published"));
    let virtual_agent = ask.choice("virtualAgentEnabled", &["true", "false"])? == Some("true");
    ask.choice("deleted", &["true", "false"])?;
    if ask.flag("includeSchemas")? {
        ask.refuse(&["includeSchemas"])?;
    }
    let nothing = locked || secure || virtual_agent;
    let fits = |index: &usize| {
        let flow = &world.scenario().flows[*index];
        let id = world.directory().flows[*index].to_string();
        let number = world.published(*index);
        let published = world.published_at(*index, number);
        let named =
            |name: &str, of: &[&str]| text(name).is_none_or(|pattern| of.iter().any(|text| matches(pattern, text)));
        !nothing
            && (kinds.is_empty() || kinds.iter().any(|kind| kind.eq_ignore_ascii_case(&flow.kind)))
            && (ids.is_empty() || ids.contains(&id))
            && (divisions.is_empty() || divisions.contains(&world.directory().division.to_string()))
            && text("publishVersionId").is_none_or(|version| flow.versions[number].id == version)
            && named("name", &[&flow.name])
            && named("description", &[&flow.description])
            && named("nameOrDescription", &[&flow.name, &flow.description])
            && after.is_none_or(|after| published >= after)
            && before.is_none_or(|before| published <= before)
    };
    let mut entities: Vec<Value> =
        (0..world.scenario().flows.len()).filter(fits).map(|index| flows::flow(world, index)).collect();
    let field = by.unwrap_or("id");
    entities.sort_by_key(|flow| flow[field].as_str().unwrap_or_default().to_lowercase());
    if order == Some("desc") {
        entities.reverse();
    }
    Ok(entities)
}

/// Leaves what the smaller model of `divisionviews` has.
fn division_view(flow: &mut Value) {
    let mut small = json!({});
    for field in ["id", "name", "division", "type", "description", "publishedVersion", "selfUri"] {
        small[field] = flow[field].clone();
    }
    *flow = small;
}
