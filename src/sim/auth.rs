//! Tokens: client credentials, authorization code with or without PKCE, refresh. Pure; the time is an argument.

use std::collections::HashMap;

use oauth2::{PkceCodeChallenge, PkceCodeVerifier};

use super::ids::uuid;

/// Why the token endpoint refuses, in its own words (it does not use ErrorBody, api-facts 1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthRefusal {
    /// The OAuth error code.
    pub error: &'static str,
    /// What is wrong.
    pub description: &'static str,
}

/// A token that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The access token.
    pub access: String,
    /// The refresh token, for code grants.
    pub refresh: Option<String>,
}

/// Who holds a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Index of the user; `None` for client credentials.
    pub user: Option<usize>,
    /// When the token ends, ms since 1970.
    pub expires: i64,
}

struct Code {
    challenge: Option<String>,
    redirect: String,
}

/// The authorization server of the simulated organisation: one client, with a secret, usable for every grant.
pub struct Auth {
    client_id: String,
    client_secret: String,
    lifetime_s: i64,
    tokens: HashMap<String, Holder>,
    refresh: HashMap<String, usize>,
    codes: HashMap<String, Code>,
    secrets: Secrets,
}

/// Where secrets come from.
enum Secrets {
    /// The seed: they repeat.
    Seeded(fastrand::Rng),
    /// The system's random numbers: nobody can know them.
    Fresh,
}

impl Secrets {
    fn next(&mut self) -> uuid::Uuid {
        match self {
            Self::Seeded(rng) => uuid(rng),
            Self::Fresh => uuid::Uuid::new_v4(),
        }
    }
}

impl Auth {
    /// One client whose id follows from the seed; its secret and all tokens do so too, unless they are to be `fresh`.
    /// Tokens live `lifetime_s` seconds.
    pub fn new(seed: u64, fresh: bool, lifetime_s: i64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed ^ 0x5eed_0a17);
        let client_id = uuid(&mut rng).to_string();
        let mut secrets = if fresh { Secrets::Fresh } else { Secrets::Seeded(rng) };
        let client_secret = format!("sample-{}", secrets.next().simple());
        Self {
            client_id,
            client_secret,
            lifetime_s,
            tokens: HashMap::new(),
            refresh: HashMap::new(),
            codes: HashMap::new(),
            secrets,
        }
    }

    /// The client's id.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The client's secret: a sample, valid for this simulator only.
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// Seconds that a token lives.
    pub fn lifetime_s(&self) -> i64 {
        self.lifetime_s
    }

    /// Who holds a token that is valid at `at`.
    pub fn holder(&self, token: &str, at: i64) -> Option<&Holder> {
        self.tokens.get(token).filter(|holder| holder.expires > at)
    }

    /// Ends every access token at once.
    pub fn expire_all(&mut self) {
        self.tokens.clear();
    }

    /// Forgets one token (`DELETE /api/v2/tokens/me`).
    pub fn revoke(&mut self, token: &str) {
        self.tokens.remove(token);
    }

    /// Hands out a code for a redirect, as after a successful sign-in.
    pub fn authorize(&mut self, redirect: &str, challenge: Option<&str>) -> String {
        let code = self.secrets.next().simple().to_string();
        self.codes
            .insert(code.clone(), Code { challenge: challenge.map(str::to_owned), redirect: redirect.to_owned() });
        code
    }

    /// Answers the token endpoint. `basic` are the credentials of the Basic header.
    ///
    /// # Errors
    /// The refusal in the token endpoint's terms.
    pub fn grant(
        &mut self,
        basic: Option<(&str, &str)>,
        form: &HashMap<String, String>,
        at: i64,
    ) -> Result<Grant, AuthRefusal> {
        let field = |name: &str| form.get(name).map(String::as_str);
        let client = basic.map(|(id, _)| id).or(field("client_id")).unwrap_or_default();
        if client != self.client_id {
            return Err(AuthRefusal { error: "invalid_client", description: "client not found" });
        }
        let secret = basic.map(|(_, secret)| secret).or(field("client_secret"));
        if secret.is_some_and(|secret| secret != self.client_secret) {
            return Err(AuthRefusal { error: "invalid_client", description: "authentication failed" });
        }
        let authenticated = secret.is_some();
        match field("grant_type") {
            Some("client_credentials") if authenticated => Ok(self.issue(None, at)),
            Some("client_credentials") => {
                Err(AuthRefusal { error: "invalid_client", description: "authentication failed" })
            }
            Some("authorization_code") => {
                let invalid = AuthRefusal { error: "invalid_grant", description: "authorization code is not valid" };
                let code = self.codes.remove(field("code").unwrap_or_default()).ok_or(invalid)?;
                if field("redirect_uri") != Some(code.redirect.as_str()) {
                    return Err(AuthRefusal { error: "invalid_grant", description: "redirect_uri does not match" });
                }
                match (code.challenge, field("code_verifier")) {
                    (Some(challenge), Some(verifier)) if verifier_fits(verifier, &challenge) => {}
                    (Some(_), _) => {
                        return Err(AuthRefusal {
                            error: "invalid_grant",
                            description: "code_verifier does not match",
                        });
                    }
                    (None, _) if authenticated => {}
                    (None, _) => {
                        return Err(AuthRefusal { error: "invalid_client", description: "authentication failed" });
                    }
                }
                Ok(self.issue(Some(0), at))
            }
            Some("refresh_token") => {
                let known = self.refresh.remove(field("refresh_token").unwrap_or_default());
                let invalid = AuthRefusal { error: "invalid_grant", description: "refresh token is not valid" };
                Ok(self.issue(Some(known.ok_or(invalid)?), at))
            }
            _ => Err(AuthRefusal { error: "unsupported_grant_type", description: "grant type is not supported" }),
        }
    }

    fn issue(&mut self, user: Option<usize>, at: i64) -> Grant {
        self.tokens.retain(|_, holder| holder.expires > at);
        let access = format!("sample-{}{}", self.secrets.next().simple(), self.secrets.next().simple());
        self.tokens.insert(access.clone(), Holder { user, expires: at + self.lifetime_s * 1000 });
        let refresh = user.map(|user| {
            let token = format!("sample-refresh-{}", self.secrets.next().simple());
            self.refresh.insert(token.clone(), user);
            token
        });
        Grant { access, refresh }
    }
}

fn verifier_fits(verifier: &str, challenge: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    if !(43..=128).contains(&verifier.len()) || !verifier.chars().all(allowed) {
        return false;
    }
    let verifier = PkceCodeVerifier::new(verifier.to_owned());
    PkceCodeChallenge::from_code_verifier_sha256(&verifier).as_str() == challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> HashMap<String, String> {
        fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn client_credentials_need_the_secret() {
        let mut auth = Auth::new(1, false, 60);
        let (id, secret) = (auth.client_id().to_owned(), auth.client_secret().to_owned());
        let ask = form(&[("grant_type", "client_credentials")]);
        let grant = auth.grant(Some((&id, &secret)), &ask, 1000).unwrap();
        assert_eq!(auth.holder(&grant.access, 60_999).unwrap().user, None);
        assert!(auth.holder(&grant.access, 61_000).is_none());
        assert_eq!(auth.grant(Some((&id, "no")), &ask, 0).unwrap_err().description, "authentication failed");
        assert_eq!(auth.grant(Some(("no", &secret)), &ask, 0).unwrap_err().description, "client not found");
        assert!(auth.grant(None, &form(&[("grant_type", "client_credentials"), ("client_id", &id)]), 0).is_err());
    }

    #[test]
    fn fresh_secrets_do_not_repeat() {
        let secret = |fresh| Auth::new(1, fresh, 60).client_secret().to_owned();
        assert_eq!(secret(false), secret(false));
        assert_ne!(secret(true), secret(true));
        assert_eq!(Auth::new(1, true, 60).client_id(), Auth::new(1, false, 60).client_id());
    }

    #[test]
    fn a_code_works_once_with_its_verifier() {
        let mut auth = Auth::new(1, false, 60);
        let id = auth.client_id().to_owned();
        let verifier = "a".repeat(43);
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
        let mut ask = |verifier: &str, again: Option<String>| {
            let code = again.unwrap_or_else(|| auth.authorize("http://localhost:1/", Some(challenge.as_str())));
            let fields = [
                ("grant_type", "authorization_code"),
                ("client_id", &id),
                ("code", &code),
                ("redirect_uri", "http://localhost:1/"),
                ("code_verifier", verifier),
            ];
            (auth.grant(None, &form(&fields), 0), code)
        };
        assert!(ask(&"b".repeat(43), None).0.is_err());
        let (grant, code) = ask(&verifier, None);
        assert!(grant.unwrap().refresh.is_some());
        assert!(ask(&verifier, Some(code)).0.is_err());
    }

    #[test]
    fn a_refresh_token_works_once() {
        let mut auth = Auth::new(1, false, 60);
        let (id, secret) = (auth.client_id().to_owned(), auth.client_secret().to_owned());
        let code = auth.authorize("x", None);
        let ask = form(&[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "x")]);
        let refresh = auth.grant(Some((&id, &secret)), &ask, 0).unwrap().refresh.unwrap();
        let ask = form(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
        assert!(auth.grant(Some((&id, &secret)), &ask, 0).unwrap().refresh.is_some());
        assert!(auth.grant(Some((&id, &secret)), &ask, 0).is_err());
    }
}
