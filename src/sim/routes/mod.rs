//! REST: which path and method lead where, who may, and what a request carries.

mod analytics;
mod catalog;
mod conversations;
mod flows;
pub mod instances;
mod notifications;
mod session;
pub mod table;
mod tutorial;

use std::{collections::HashMap, sync::Arc};

use hyper::{body::Bytes, http::request::Parts};
use serde_json::Value;
use url::form_urlencoded;

use super::{
    auth::Holder,
    faults::Broken,
    reply::Reply,
    shared::{App, SharedState},
};

/// A request that has passed authentication and the rate limit.
pub(super) struct Ask<'a> {
    pub(super) app: &'a Arc<App>,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    /// The host that the request names, where a client on another machine finds this one.
    pub(super) host: Option<String>,
    pairs: Vec<(String, String)>,
    pub(super) query: HashMap<String, String>,
    pub(super) body: &'a Bytes,
    pub(super) json: bool,
    pub(super) token: String,
    pub(super) holder: Holder,
    pub(super) broken: &'a [Broken],
    pub(super) now: i64,
}

impl Ask<'_> {
    /// The JSON body.
    ///
    /// # Errors
    /// 415 without a JSON content type, 400 when it does not parse.
    fn body(&self) -> Result<Value, Reply> {
        if !self.json {
            return Err(Reply::status(415));
        }
        serde_json::from_slice(self.body).map_err(|_| Reply::status(400))
    }

    /// 403 unless the token has one of the permissions.
    fn need(&self, state: &SharedState, permissions: &[&str]) -> Result<(), Reply> {
        debug_assert!(
            permissions.iter().all(|needed| crate::sim::faults::PERMISSIONS.contains(needed)),
            "{permissions:?}"
        );
        let elapsed = self.app.elapsed();
        if permissions.iter().all(|permission| state.faults.denies(elapsed, permission)) {
            return Err(Reply::missing_permission(permissions));
        }
        Ok(())
    }

    /// `pageNumber` and `pageSize`, from 1 and at most `max`.
    fn page(&self, max: usize) -> Result<(usize, usize), Reply> {
        let read = |name: &str, default: usize| match self.query.get(name) {
            None => Ok(default),
            Some(text) => text.parse::<usize>().ok().filter(|n| *n >= 1).ok_or_else(|| {
                Reply::error(400, "invalid.value", format!("Value [{text}] is not valid for field type [{name}]."))
            }),
        };
        let (number, size) = (read("pageNumber", 1)?, read("pageSize", 25)?);
        if size > max {
            let text = format!("Value [{size}] is not valid for field type [pageSize]. Allowable values are: 1-{max}");
            return Err(Reply::error(400, "invalid.value", text));
        }
        Ok((number, size))
    }

    /// Every value of a parameter that may be given several times, or once with commas.
    fn all(&self, name: &str) -> Vec<String> {
        let given = self.pairs.iter().filter(|(known, _)| known == name);
        let values = given.flat_map(|(_, value)| value.split(',')).map(str::trim);
        values.filter(|value| !value.is_empty()).map(str::to_owned).collect()
    }

    /// The value of a parameter that is one of these, in any case.
    ///
    /// # Errors
    /// 400 for any other.
    fn choice<'s>(&self, name: &str, allowed: &[&'s str]) -> Result<Option<&'s str>, Reply> {
        let Some(given) = self.query.get(name) else { return Ok(None) };
        let found = allowed.iter().find(|known| known.eq_ignore_ascii_case(given));
        found
            .copied()
            .map(Some)
            .ok_or_else(|| invalid(name, given, &format!("Allowable values are: {}", allowed.join(", "))))
    }

    /// 400 when one of these parameters is given: the simulator has nothing that they could choose.
    fn refuse(&self, names: &[&str]) -> Result<(), Reply> {
        match names.iter().find(|name| self.query.contains_key(**name)) {
            None => Ok(()),
            Some(name) => Err(invalid(name, &self.query[*name], "the simulator does not have it")),
        }
    }

    /// A parameter that is `true` or `false`; `false` where it is not given.
    ///
    /// # Errors
    /// 400 for anything else.
    fn flag(&self, name: &str) -> Result<bool, Reply> {
        Ok(self.choice(name, &["true", "false"])? == Some("true"))
    }

    /// Who owns the channels made with this token.
    fn owner(&self) -> String {
        self.holder.user.map_or_else(|| "client".to_owned(), |user| format!("user{user}"))
    }
}

fn invalid(name: &str, given: &str, why: &str) -> Reply {
    Reply::error(400, "invalid.value", format!("Value [{given}] is not valid for field type [{name}]. {why}"))
}

/// Answers a request.
pub(super) fn answer(app: &Arc<App>, parts: &Parts, body: &Bytes, broken: &[Broken]) -> Reply {
    let path = parts.uri.path();
    let pairs: Vec<(String, String)> =
        form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let query: HashMap<String, String> = pairs.iter().cloned().collect();
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let method = parts.method.as_str();
    match (method, path) {
        ("POST", "/oauth/token") => return session::token(app, header("authorization"), header("content-type"), body),
        (_, "/oauth/token") => return not_allowed("POST"),
        ("GET", path) if path.starts_with("/renderedExecutionData/") => return instances::download(app, path, &query),
        ("GET", "/oauth/authorize") => return session::authorize(app, &query),
        _ => {}
    }
    let Some(rest) = path.strip_prefix("/api/v2/") else { return Reply::status(404) };
    let now = app.now();
    let (token, holder, spent) = {
        let mut state = app.lock();
        let bearer = header("authorization").and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        });
        let Some(token) = bearer else {
            return Reply::error(
                401,
                "authentication.required",
                "No authentication bearer token specified in authorization header.",
            );
        };
        let Some(holder) = state.auth.holder(&token, now).cloned() else { return Reply::status(401) };
        let spent = state.limiter.spend(&token, now);
        (token, holder, spent)
    };
    let mut reply = if spent.exceeded() {
        Reply::too_many(Some(spent.reset_s))
    } else {
        let json = header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        let host = header("host").filter(|host| host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c)));
        let host = host.map(str::to_owned);
        let ask = Ask { app, method, path, host, pairs, query, body, json, token, holder, broken, now };
        let segments: Vec<&str> = rest.trim_end_matches('/').split('/').collect();
        route(&ask, &segments).unwrap_or_else(|refusal| refusal)
    };
    reply.limited(spent);
    reply
}

/// Another method than those that the path has.
fn not_allowed(methods: &str) -> Reply {
    let mut reply = Reply::status(405);
    reply.headers.push(("Allow", methods.to_owned()));
    reply
}

fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    let methods = table::methods(segments);
    if !methods.is_empty() && !methods.contains(&ask.method) && !ask.app.options.tutorial_routes {
        return Err(not_allowed(&methods.join(", ")));
    }
    // No list takes a page that cannot be, whether it has pages or not.
    if ask.method == "GET" {
        ask.page(usize::MAX)?;
    }
    match segments {
        ["tokens" | "oauth" | "organizations" | "authorization", ..] => session::route(ask, segments),
        ["users", "me"] => session::route(ask, segments),
        ["users" | "routing", ..] => catalog::route(ask, segments),
        ["notifications", rest @ ..] => notifications::route(ask, rest),
        ["conversations", rest @ ..] => conversations::route(ask, rest),
        ["analytics", rest @ ..] => analytics::route(ask, rest),
        ["flows", "instances", ..] | ["flows", _, "instances", ..] => instances::route(ask, &segments[1..]),
        ["flows", rest @ ..] => flows::route(ask, rest),
        _ => Err(Reply::status(404)),
    }
}
