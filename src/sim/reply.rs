//! Answers: JSON bodies, the platform's error body, headers.

use hyper::{StatusCode, body::Bytes};
use serde_json::{Map, Value, json};

use super::limit::Spent;

/// An answer before it becomes HTTP.
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// JSON body, or none at all.
    pub body: Option<Value>,
    /// More headers.
    pub headers: Vec<(&'static str, String)>,
    /// Code and message of an error; the correlation id is added when it is sent.
    is_error: bool,
}

impl Reply {
    /// 200 with a body.
    pub fn ok(body: Value) -> Self {
        Self::with(StatusCode::OK, Some(body))
    }

    /// A status without a body.
    pub fn empty(status: u16) -> Self {
        Self::with(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), None)
    }

    /// A status with a body.
    pub fn with(status: StatusCode, body: Option<Value>) -> Self {
        Self { status, body, headers: Vec::new(), is_error: false }
    }

    /// An error in the platform's ErrorBody.
    pub fn error(status: u16, code: &str, message: impl Into<String>) -> Self {
        let body = json!({
            "message": message.into(),
            "code": code,
            "status": status,
            "messageParams": {},
            "details": [],
            "errors": [],
        });
        let mut reply = Self::empty(status);
        reply.body = Some(body);
        reply.is_error = true;
        reply
    }

    /// The platform's usual error of a status.
    pub fn status(status: u16) -> Self {
        let (code, message) = match status {
            400 => ("bad.request", "The request could not be understood by the server due to malformed syntax."),
            401 => ("bad.credentials", "Invalid login credentials."),
            403 => ("not.authorized", "You are not authorized to perform the requested action."),
            404 => ("not.found", "The requested resource was not found."),
            405 => ("method.not.allowed", "The requested method is not allowed for the resource."),
            408 => ("request.timeout", "The client did not produce a request within the server timeout limit."),
            // Code and text of the next two are not documented; the texts follow the declared descriptions.
            409 => ("conflict", "The request conflicts with the current state of the target resource."),
            413 => ("request.entity.too.large", "The request is over the size limit."),
            415 => (
                "unsupported.media.type",
                "Unsupported Media Type - Unsupported or incorrect media type, such as an incorrect Content-Type value in the header.",
            ),
            503 => (
                "service.unavailable",
                "Service Unavailable - The server is currently unavailable (because it is overloaded or down for maintenance).",
            ),
            504 => ("request.timeout", "The request timed out."),
            _ => (
                "internal.server.error",
                "The server encountered an unexpected condition which prevented it from fulfilling the request.",
            ),
        };
        Self::error(status, code, message)
    }

    /// 403 that lists permissions of which one is needed.
    pub fn missing_permission(permissions: &[&str]) -> Self {
        let list = format!("[{}]", permissions.join(", "));
        let mut reply = Self::error(
            403,
            "missing.any.permissions",
            format!(
                "Unable to perform the requested action. You must have at least one of the following permissions \
                 assigned: {list}"
            ),
        );
        if let Some(body) = &mut reply.body {
            body["messageParams"] = json!({"permissions": list});
        }
        reply
    }

    /// 429, with `Retry-After` in seconds if known.
    pub fn too_many(retry_after: Option<i64>) -> Self {
        let seconds = retry_after.unwrap_or(60);
        let mut reply = Self::error(
            429,
            "too.many.requests.retry.after",
            format!("Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds"),
        );
        if let Some(seconds) = retry_after {
            reply.headers.push(("Retry-After", seconds.to_string()));
        }
        reply
    }

    /// Adds what is left of the rate limit, unless it says so already.
    pub fn limited(&mut self, spent: Spent) {
        if self.headers.iter().any(|(name, _)| *name == "inin-ratelimit-allowed") {
            return;
        }
        self.headers.push(("inin-ratelimit-count", spent.count.to_string()));
        self.headers.push(("inin-ratelimit-allowed", spent.allowed.to_string()));
        self.headers.push(("inin-ratelimit-reset", spent.reset_s.to_string()));
    }

    /// The token endpoint's own error body, which is not ErrorBody.
    pub fn oauth_error(error: &str, description: &str) -> Self {
        let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
        let body = json!({"error": error, "description": description, "error_description": description});
        Self::with(status, Some(body))
    }

    /// The bytes to send; an error names the correlation id as its context.
    pub fn bytes(&self, correlation: &str) -> Bytes {
        let Some(body) = &self.body else { return Bytes::new() };
        if self.is_error {
            let mut body = body.as_object().cloned().unwrap_or_else(Map::new);
            body.insert("contextId".to_owned(), json!(correlation));
            return Value::Object(body).to_string().into();
        }
        body.to_string().into()
    }
}
