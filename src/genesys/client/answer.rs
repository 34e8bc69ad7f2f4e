//! What an answer's headers and error body say (api-facts 5).

use crate::genesys::{Details, Error, ErrorKind, Network, error::permissions_in};
use reqwest::header::HeaderMap;
use serde::Deserialize;
use std::time::Duration;

/// The answer to a request that succeeded.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its body, as it came (gzip undone).
    pub body: Vec<u8>,
    /// Its correlation id.
    pub correlation_id: Option<String>,
    /// How many times it was tried.
    pub attempts: u32,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reply({}, {} bytes, {:?})", self.status, self.body.len(), self.correlation_id)
    }
}

/// `Retry-After` in seconds, or as a date, however long.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("retry-after")?.to_str().ok()?.trim();
    let wait = match text.parse::<f64>() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
            Duration::try_from(date.duration_since(jiff::Timestamp::now())).unwrap_or(Duration::ZERO)
        }
    };
    Some(wait)
}

/// The server's clock.
pub(crate) fn date(headers: &HeaderMap) -> Option<jiff::Timestamp> {
    Some(jiff::fmt::rfc2822::parse(headers.get("date")?.to_str().ok()?).ok()?.timestamp())
}

pub(crate) fn correlation_id(headers: &HeaderMap) -> Option<String> {
    headers.get("inin-correlation-id")?.to_str().ok().map(str::to_owned)
}

/// `inin-ratelimit-{count,allowed,reset}`.
pub(crate) fn rate(headers: &HeaderMap) -> (Option<u32>, Option<u32>, Option<Duration>) {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u32>().ok();
    let reset = number("inin-ratelimit-reset").map(|s| Duration::from_secs(u64::from(s)));
    (number("inin-ratelimit-count"), number("inin-ratelimit-allowed"), reset)
}

/// The parts of the platform's error body that this program uses.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct ErrorBody {
    message: Option<String>,
    code: Option<String>,
    context_id: Option<String>,
    message_params: std::collections::BTreeMap<String, serde_json::Value>,
}

/// The answer is a web page: not the platform's, whatever its status says.
pub(crate) fn is_page(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let begins = body.iter().find(|b| !b.is_ascii_whitespace());
    kind.trim_start().to_ascii_lowercase().starts_with("text/html") || begins == Some(&b'<')
}

/// A web page came in place of an answer of the platform.
pub(super) fn page(tried: &str, status: u16, attempts: u32, correlation_id: Option<String>) -> Error {
    let message = match status {
        511 => "the network wants a sign-in of its own first: a web page came in place of the platform's answer",
        _ => "a web page came in place of the platform's answer: from a proxy, a network's sign-in, or a wrong address",
    };
    Error::from_details(Details {
        // The platform's own front fails with a page, too, and that passes.
        kind: if status >= 500 && status != 511 { ErrorKind::Server } else { ErrorKind::Malformed },
        tried: tried.to_owned(),
        status: Some(status),
        code: None,
        message: Some(message.to_owned()),
        correlation_id,
        attempts,
        maybe_done: false,
        place: None,
        remedy: Some(
            "Open the address in a browser: sign in to the network, or have the hosts api., login. and streaming. of the region \
             let through."
                .to_owned(),
        ),
    })
}

/// What the server refused, as an [`Error`]. `scrub` takes secrets out of its texts.
pub(super) fn refusal(
    tried: &str,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    attempts: u32,
    scrub: &dyn Fn(&str) -> String,
) -> Error {
    if status != 407 && is_page(headers, body) {
        return page(tried, status, attempts, correlation_id(headers).map(|id| scrub(&id)));
    }
    let parsed: Option<ErrorBody> = serde_json::from_slice(body).ok();
    let plain = parsed.is_none();
    let parsed = parsed.unwrap_or_default();
    let message = parsed.message.as_deref().map(scrub);
    let kind = match status {
        401 => ErrorKind::SignIn,
        403 => {
            let mut missing = permissions_in(message.as_deref().unwrap_or_default());
            for value in parsed.message_params.values().filter_map(|v| v.as_str()) {
                missing.extend(permissions_in(value).into_iter().filter(|p| !missing.contains(p)).collect::<Vec<_>>());
            }
            ErrorKind::Permission { missing }
        }
        407 => ErrorKind::Network(Network::Proxy),
        511 => ErrorKind::Malformed,
        404 | 410 => ErrorKind::NotFound,
        409 => ErrorKind::Conflict,
        413 => ErrorKind::TooLarge,
        429 => ErrorKind::Wait { after: retry_after(headers).or_else(|| seconds_in(message.as_deref()?)) },
        500.. => ErrorKind::Server,
        300..=399 => ErrorKind::Malformed,
        _ => ErrorKind::Rejected,
    };
    let plain_text = "the answer is not the platform's: a proxy, a sign-in page, or the wrong address";
    Error::from_details(Details {
        kind,
        tried: tried.to_owned(),
        status: Some(status),
        code: parsed.code.as_deref().map(scrub),
        message: message.or_else(|| (plain && !body.is_empty() && status < 500).then(|| plain_text.to_owned())),
        correlation_id: correlation_id(headers).or(parsed.context_id).map(|c| scrub(&c)),
        attempts,
        maybe_done: false,
        place: None,
        remedy: None,
    })
}

/// `… Retry the request in [42] seconds`.
fn seconds_in(message: &str) -> Option<Duration> {
    let (_, rest) = message.split_once('[')?;
    let (number, _) = rest.split_once(']')?;
    number.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genesys::error::LONGEST_WAIT;

    fn of(status: u16, headers: &[(&'static str, &str)], body: &str) -> Error {
        let headers = headers.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect();
        refusal("GET /x", status, &headers, body.as_bytes(), 1, &|t| t.to_owned())
    }

    #[test]
    fn kinds_follow_the_status() {
        let error = of(
            403,
            &[("inin-correlation-id", "cid")],
            r#"{"message":"Unable to perform the requested action. You are missing the following permission(s): routing:queue:view","code":"missing.permissions","status":403,"messageParams":{"permissions":"[routing:queue:view]"}}"#,
        );
        assert_eq!(error.kind(), &ErrorKind::Permission { missing: vec!["routing:queue:view".into()] });
        assert_eq!(
            (error.correlation_id(), error.details().code.as_deref()),
            (Some("cid"), Some("missing.permissions"))
        );
        assert_eq!(of(401, &[], "").kind(), &ErrorKind::SignIn);
        assert_eq!(of(404, &[], "{}").kind(), &ErrorKind::NotFound);
        assert_eq!(of(409, &[], "{}").kind(), &ErrorKind::Conflict);
        assert_eq!(of(413, &[], "{}").kind(), &ErrorKind::TooLarge);
        let page = of(503, &[], "<html>");
        assert!(*page.kind() == ErrorKind::Server && page.to_string().contains("a web page came in place"), "{page}");
        assert!(!page.to_string().contains("correlation id"), "{page}");
        assert_eq!(of(400, &[], "{}").kind(), &ErrorKind::Rejected);
    }

    #[test]
    fn a_web_page_is_not_the_platforms_answer_whatever_its_status() {
        for status in [302, 400, 401, 403, 404, 511] {
            let error = of(status, &[("content-type", "text/html; charset=utf-8")], "Blocked by policy");
            assert_eq!((error.kind(), error.is_passing()), (&ErrorKind::Malformed, false), "{error}");
            assert!(error.to_string().contains("web page"), "{error}");
            assert_eq!(of(status, &[], " \n<!DOCTYPE html>").kind(), &ErrorKind::Malformed);
        }
        let proxy = of(407, &[("content-type", "text/html")], "<html>");
        assert_eq!((proxy.kind(), proxy.is_passing()), (&ErrorKind::Network(Network::Proxy), false), "{proxy}");
    }

    #[test]
    fn the_wait_is_in_the_header_or_else_in_the_message() {
        let s = |n| ErrorKind::Wait { after: Some(Duration::from_secs(n)) };
        assert_eq!(of(429, &[("retry-after", "7")], "{}").kind(), &s(7));
        let body = r#"{"message":"Rate limit exceeded the maximum. Retry the request in [42] seconds"}"#;
        assert_eq!(of(429, &[], body).kind(), &s(42));
        assert_eq!(of(429, &[], "{}").kind(), &ErrorKind::Wait { after: None });
        // Longer than a clock can count: told as it is, and not held to.
        let body = r#"{"message":"Retry the request in [18446744073709551615] seconds"}"#;
        for endless in [of(429, &[], body), of(429, &[("retry-after", "3600")], "{}")] {
            assert!(
                matches!(endless.kind(), ErrorKind::Wait { after: Some(after) } if *after >= Duration::from_secs(3600))
            );
            assert_eq!(endless.wait(), Some(LONGEST_WAIT));
        }
    }

    #[test]
    fn the_correlation_id_is_also_in_the_body() {
        assert_eq!(of(500, &[], r#"{"contextId":"from-body"}"#).correlation_id(), Some("from-body"));
    }
}
