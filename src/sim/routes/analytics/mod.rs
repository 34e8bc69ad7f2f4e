//! Analytics over the conversations that are kept: details, their jobs, and what is going on now.

mod check;
mod details;
mod filter;
mod now;

use serde_json::json;

use super::Ask;
use crate::sim::{ids::iso, render::analytics, reply::Reply};

/// Permissions of which one is needed for details.
const DETAILS: [&str; 2] = ["analytics:conversationDetail:view", "analytics:agentConversationDetail:view"];

pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    let mut state = ask.app.lock();
    Ok(match (ask.method, segments) {
        ("POST", ["conversations", "details", "query"]) => {
            ask.need(&state, &DETAILS)?;
            details::query(&state.world, &ask.body()?)?
        }
        ("GET", ["conversations", "details"]) => {
            ask.need(&state, &DETAILS)?;
            details::several(&state.world, &ask.all("id"))?
        }
        ("POST", ["conversations", "details", "jobs"]) => {
            ask.need(&state, &DETAILS)?;
            details::start(&mut state, &ask.body()?, ask.now)?
        }
        ("GET", ["conversations", "details", "jobs", "availability"]) => {
            ask.need(&state, &DETAILS[..1])?;
            Reply::ok(json!({"dataAvailabilityDate": iso(ask.now)}))
        }
        ("GET", ["conversations", "details", "jobs", id]) => {
            ask.need(&state, &DETAILS)?;
            details::status(&state.jobs, id)?
        }
        ("GET", ["conversations", "details", "jobs", id, "results"]) => {
            ask.need(&state, &DETAILS)?;
            details::results(ask, &state.jobs, id)?
        }
        ("GET", ["conversations", id, "details"]) => {
            ask.need(&state, &DETAILS)?;
            let found = uuid::Uuid::parse_str(id).ok().and_then(|id| state.world.conversation(id));
            Reply::ok(analytics::details(&state.world, found.ok_or_else(|| Reply::status(404))?))
        }
        ("POST", ["queues", "observations", "query"]) => {
            ask.need(&state, &["analytics:queueObservation:view"])?;
            now::queue_observations(ask, &state.world, &ask.body()?)?
        }
        ("POST", ["conversations", "activity", "query"]) => {
            ask.need(&state, &["analytics:queueObservation:view"])?;
            now::conversation_activity(ask, &state.world, &ask.body()?)?
        }
        ("POST", ["flows", "observations", "query"]) => {
            ask.need(&state, &["analytics:flowObservation:view"])?;
            now::flow_observations(ask, &state.world, &ask.body()?)?
        }
        ("POST", ["flows", "activity", "query"]) => {
            ask.need(&state, &["analytics:flowObservation:view"])?;
            now::flow_activity(ask, &state.world, &ask.body()?)?
        }
        _ => return Err(Reply::status(404)),
    })
}
