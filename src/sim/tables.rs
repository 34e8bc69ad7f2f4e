//! What the simulator serves and sends, for the documentation and its tests.

use serde_json::Value;
use uuid::Uuid;

use super::{
    architect::{self, Meta, Plan},
    routes::table,
    topics,
};

/// Operations as a Markdown table.
pub fn operations() -> String {
    table::table()
}

/// Topics: those that are sent, and those that are taken and mute.
pub fn all_topics() -> String {
    topics::table()
}

/// Method, path below `/api/v2/` with `{}` for ids, and why it answers 404 if it is not served.
pub fn decided() -> impl Iterator<Item = (&'static str, &'static str, Option<&'static str>)> {
    table::OPERATIONS.iter().map(|operation| (operation.method, operation.path, operation.refused))
}

/// A configuration as Architect exports it.
pub fn export(configuration: &Value) -> String {
    architect::export(configuration)
}

/// The configuration of a flow in the short form of scenarios.
pub fn configuration(name: &str, kind: &str, definition: &Value) -> Value {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    let queue = |name: &str| Some(Uuid::new_v5(&id, name.as_bytes()));
    let meta = Meta { id, name, description: "Look up the caller, then route", kind, queue: &queue };
    architect::configuration(&Plan::read(definition), &meta)
}
