//! Every operation that the simulator decides about: served, or 404 on purpose. What is not listed is 404 as well; a path
//! that is listed with another method is 405. The list in docs/simulator.md is made from this table.

/// One operation.
pub struct Operation {
    /// The method.
    pub method: &'static str,
    /// The path below `/api/v2/`, `{}` for an id.
    pub path: &'static str,
    /// Why it answers 404, if it is not served.
    pub refused: Option<&'static str>,
}

const fn served(method: &'static str, path: &'static str) -> Operation {
    Operation { method, path, refused: None }
}

const fn refused(method: &'static str, path: &'static str, why: &'static str) -> Operation {
    Operation { method, path, refused: Some(why) }
}

const SECURE: &str = "secure attributes are another store, which the simulator does not have";
const CUSTOM: &str = "custom attributes are another store, which the simulator does not have";

/// The operations.
pub static OPERATIONS: &[Operation] = &[
    served("GET", "tokens/me"),
    served("HEAD", "tokens/me"),
    served("DELETE", "tokens/me"),
    served("GET", "oauth/scopes"),
    served("GET", "authorization/subjects/me"),
    served("GET", "organizations/me"),
    served("GET", "users"),
    served("GET", "users/me"),
    served("POST", "users/search"),
    served("GET", "users/{}"),
    served("GET", "users/{}/queues"),
    served("GET", "notifications/availabletopics"),
    served("GET", "notifications/channels"),
    served("POST", "notifications/channels"),
    served("HEAD", "notifications/channels/{}"),
    served("GET", "notifications/channels/{}/subscriptions"),
    served("POST", "notifications/channels/{}/subscriptions"),
    served("PUT", "notifications/channels/{}/subscriptions"),
    served("DELETE", "notifications/channels/{}/subscriptions"),
    served("GET", "conversations"),
    served("GET", "conversations/{}"),
    served("PATCH", "conversations/{}/participants/{}"),
    served("PATCH", "conversations/{}/participants/{}/attributes"),
    refused("GET", "conversations/{}/secureattributes", SECURE),
    refused("PUT", "conversations/{}/secureattributes", SECURE),
    refused("PATCH", "conversations/{}/secureattributes", SECURE),
    refused("GET", "conversations/{}/customattributes", CUSTOM),
    refused("PUT", "conversations/{}/customattributes", CUSTOM),
    refused("PATCH", "conversations/{}/customattributes", CUSTOM),
    refused("POST", "conversations/participants/attributes/search", "the simulator keeps no search index"),
    served("GET", "conversations/calls"),
    served("GET", "conversations/calls/{}"),
    served("PATCH", "conversations/calls/{}/participants/{}"),
    served("PATCH", "conversations/calls/{}/participants/{}/attributes"),
    served("GET", "conversations/callbacks"),
    served("GET", "conversations/callbacks/{}"),
    served("PATCH", "conversations/callbacks/{}/participants/{}"),
    served("PATCH", "conversations/callbacks/{}/participants/{}/attributes"),
    served("GET", "conversations/emails"),
    served("GET", "conversations/emails/{}"),
    served("PATCH", "conversations/emails/{}/participants/{}"),
    served("PATCH", "conversations/emails/{}/participants/{}/attributes"),
    served("GET", "conversations/messages"),
    served("GET", "conversations/messages/{}"),
    served("PATCH", "conversations/messages/{}/participants/{}"),
    served("PATCH", "conversations/messages/{}/participants/{}/attributes"),
    refused("GET", "conversations/cobrowsesessions/{}", "no conversation here is a cobrowse session"),
    refused(
        "PATCH",
        "conversations/cobrowsesessions/{}/participants/{}/attributes",
        "no conversation here is a cobrowse session",
    ),
    served("POST", "analytics/conversations/details/query"),
    served("GET", "analytics/conversations/details"),
    served("GET", "analytics/conversations/{}/details"),
    served("POST", "analytics/conversations/details/jobs"),
    served("GET", "analytics/conversations/details/jobs/availability"),
    served("GET", "analytics/conversations/details/jobs/{}"),
    served("GET", "analytics/conversations/details/jobs/{}/results"),
    served("POST", "analytics/conversations/activity/query"),
    served("POST", "analytics/queues/observations/query"),
    served("POST", "analytics/flows/activity/query"),
    served("POST", "analytics/flows/observations/query"),
    served("GET", "routing/queues"),
    served("GET", "routing/queues/me"),
    served("GET", "routing/queues/divisionviews"),
    served("GET", "routing/queues/{}"),
    served("GET", "flows"),
    served("GET", "flows/divisionviews"),
    served("GET", "flows/lookup"),
    served("GET", "flows/{}"),
    refused("PUT", "flows/{}", "the simulator's flows keep their metadata; `--tutorial-routes` takes actions here"),
    served("GET", "flows/{}/latestconfiguration"),
    served("GET", "flows/{}/versions"),
    served("GET", "flows/{}/versions/{}"),
    served("GET", "flows/{}/versions/{}/configuration"),
    refused("GET", "flows/executions/{}", "no workflow is launched by API here"),
    served("GET", "flows/instances/{}"),
    served("POST", "flows/instances/jobs"),
    served("GET", "flows/instances/jobs/{}"),
    served("POST", "flows/instances/query"),
    served("GET", "flows/instances/querycapabilities"),
    served("GET", "flows/instances/settings/executiondata"),
    served("GET", "flows/instances/settings/loglevels"),
    served("GET", "flows/instances/settings/loglevels/default"),
    served("GET", "flows/instances/settings/loglevels/characteristics"),
    served("GET", "flows/{}/instances/settings/loglevels"),
];

/// Methods of a path below `/api/v2/`; empty when it is not listed. Of several templates that fit, those with the most
/// written-out parts count.
pub fn methods(segments: &[&str]) -> Vec<&'static str> {
    let fits = |operation: &&Operation| {
        let parts: Vec<&str> = operation.path.split('/').collect();
        let same = |(part, given): (&&str, &&str)| *part == "{}" && !given.is_empty() || part == given;
        parts.len() == segments.len() && parts.iter().zip(segments).all(same)
    };
    let found: Vec<&Operation> = OPERATIONS.iter().filter(fits).collect();
    let ids = |operation: &Operation| operation.path.matches("{}").count();
    let fewest = found.iter().map(|operation| ids(operation)).min();
    found.into_iter().filter(|operation| Some(ids(operation)) == fewest).map(|operation| operation.method).collect()
}

/// The table for the documentation.
pub fn table() -> String {
    let mut out = String::from("| operation | |\n|---|---|\n");
    for operation in OPERATIONS {
        let what = operation.refused.map_or("served".to_owned(), |why| format!("404: {why}"));
        let path = operation.path.replace("{}", "{id}");
        out.push_str(&format!("| `{} /api/v2/{path}` | {what} |\n", operation.method));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Vec<&'static str> {
        methods(&path.split('/').collect::<Vec<_>>())
    }

    #[test]
    fn written_out_parts_go_before_ids() {
        assert_eq!(of("users/me"), ["GET"]);
        assert_eq!(of("tokens/me"), ["GET", "HEAD", "DELETE"]);
        assert_eq!(of("conversations/calls"), ["GET"]);
        assert_eq!(of("analytics/conversations/details/jobs"), ["POST"]);
        assert!(of("conversations/x/y/z").is_empty());
        assert!(of("users/").is_empty());
    }
}
