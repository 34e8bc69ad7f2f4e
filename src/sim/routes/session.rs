//! Signing in, and what a token says about itself.

use std::{collections::HashMap, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use hyper::body::Bytes;
use serde_json::json;
use url::{Url, form_urlencoded};

use super::Ask;
use crate::sim::{render::catalog, reply::Reply, shared::App};

/// `POST /oauth/token`.
pub(super) fn token(app: &Arc<App>, authorization: Option<&str>, content_type: Option<&str>, body: &Bytes) -> Reply {
    if !content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return Reply::oauth_error("invalid_request", "content type is not application/x-www-form-urlencoded");
    }
    let form: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    let decoded = authorization
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let basic = decoded.as_deref().and_then(|pair| pair.split_once(':'));
    let mut state = app.lock();
    match state.auth.grant(basic, &form, app.now()) {
        Ok(grant) => {
            let mut out = json!({
                "access_token": grant.access,
                "token_type": "bearer",
                "expires_in": state.auth.lifetime_s(),
            });
            if let Some(refresh) = grant.refresh {
                out["refresh_token"] = json!(refresh);
            }
            Reply::ok(out)
        }
        Err(refusal) => Reply::oauth_error(refusal.error, refusal.description),
    }
}

/// `GET /oauth/authorize`: the user is always willing; answers with the redirect at once. Loopback redirects only.
pub(super) fn authorize(app: &Arc<App>, query: &HashMap<String, String>) -> Reply {
    let field = |name: &str| query.get(name).map(String::as_str);
    let Some(mut redirect) = field("redirect_uri").and_then(|uri| Url::parse(uri).ok()) else {
        return Reply::oauth_error("invalid_request", "redirect_uri is missing or not a URL");
    };
    if !matches!(redirect.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")) {
        return Reply::oauth_error("invalid_request", "redirect_uri is not registered");
    }
    let mut state = app.lock();
    let mut reply = Reply::empty(302);
    if field("client_id") != Some(state.auth.client_id()) {
        return Reply::oauth_error("invalid_client", "client not found");
    }
    let challenge = field("code_challenge");
    let plain = challenge.is_some() && field("code_challenge_method") != Some("S256");
    if field("response_type") != Some("code") || plain {
        redirect.query_pairs_mut().append_pair("error", "unsupported_response_type");
    } else {
        let code = state.auth.authorize(field("redirect_uri").unwrap_or_default(), challenge);
        redirect.query_pairs_mut().append_pair("code", &code);
    }
    if let Some(given) = field("state") {
        redirect.query_pairs_mut().append_pair("state", given);
    }
    reply.headers.push(("Location", redirect.to_string()));
    reply
}

/// Scopes that the organisation knows.
const SCOPES: &[&str] =
    &["analytics", "architect", "authorization", "conversations", "notifications", "organization", "routing", "users"];

pub(super) fn route(ask: &Ask<'_>, segments: &[&str]) -> Result<Reply, Reply> {
    let mut state = ask.app.lock();
    let directory = state.world.directory().clone();
    let scenario = Arc::clone(state.world.scenario());
    let organization = json!({"id": directory.organization.to_string(), "name": scenario.organization});
    Ok(match (ask.method, segments) {
        ("GET", ["tokens", "me"]) => {
            ask.flag("preserveIdleTTL")?;
            let kind = if ask.holder.user.is_some() { "CODE" } else { "CLIENT-CREDENTIALS" };
            let scopes: Vec<&str> = if ask.holder.user.is_some() { SCOPES.to_vec() } else { Vec::new() };
            Reply::ok(json!({
                "organization": organization,
                "homeOrganization": organization,
                "authorizedScope": scopes,
                "OAuthClient": {
                    "id": state.auth.client_id(),
                    "name": "Sidetone simulator",
                    "authorizedGrantType": kind,
                    "scope": scopes,
                    "roleDivisions": [],
                    "state": "active",
                    "organization": organization,
                },
            }))
        }
        ("HEAD", ["tokens", "me"]) => Reply::empty(200),
        ("DELETE", ["tokens", "me"]) => {
            state.auth.revoke(&ask.token);
            Reply::empty(200)
        }
        ("GET", ["users", "me"]) => match ask.holder.user {
            Some(user) => {
                let mut me = catalog::user(&state.world, user);
                ask.refuse(&["integrationPresenceSource", "userCustomAttributeSchemaIds"])?;
                super::catalog::expand(ask, &state.world, user, &mut me, true)?;
                Reply::ok(me)
            }
            None => Reply::error(
                400,
                "bad.request",
                "This request requires a user context and is not valid when using the Client Credentials OAuth grant.",
            ),
        },
        ("GET", ["organizations", "me"]) => Reply::ok(catalog::organization(&state.world)),
        ("GET", ["oauth", "scopes"]) => {
            let both = SCOPES.iter().flat_map(|scope| [(*scope).to_owned(), format!("{scope}:readonly")]);
            let entities: Vec<_> = both
                .map(|id| json!({"id": id, "description": format!("Access to {id}"), "selfUri": format!("/api/v2/oauth/scopes/{id}")}))
                .collect();
            Reply::ok(json!({"total": entities.len(), "entities": entities, "selfUri": "/api/v2/oauth/scopes"}))
        }
        ("GET", ["authorization", "subjects", "me"]) => {
            let (id, name) = match ask.holder.user {
                Some(user) => (directory.users[user].to_string(), scenario.users[user].name.clone()),
                None => (state.auth.client_id().to_owned(), "Sidetone simulator".to_owned()),
            };
            Reply::ok(json!({
                "id": id,
                "name": name,
                "grants": [{
                    "subjectId": id,
                    "division": {"id": directory.division.to_string(), "name": "Home", "description": "", "homeDivision": true},
                    "role": {"id": directory.script.to_string(), "name": "Supervisor"},
                }],
                "version": 1,
                "selfUri": format!("/api/v2/authorization/subjects/{id}"),
            }))
        }
        _ => return Err(Reply::status(404)),
    })
}
