//! The access token: fetched, renewed before it ends, renewed once more when the server refuses it. The protocol is
//! the `oauth2` crate's; the HTTP underneath is ours.

use super::{
    Client, answer,
    transport::{self, BodyError},
};
use crate::genesys::{Auth, Details, Error, ErrorKind, Network, Tokens};
use oauth2::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, HttpRequest, HttpResponse, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, TokenResponse, TokenUrl, basic::BasicClient,
};
use secrecy::{ExposeSecret, SecretString};
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What is tried with a client's secret.
const CLIENT_CREDENTIALS: &str = "signing in with client credentials";

/// The answer to a request for a token, as long as `limit` lasts.
async fn within(
    limit: Option<Duration>,
    asked: impl Future<Output = Result<TokenAnswer, TokenFailure>>,
) -> Result<TokenAnswer, TokenFailure> {
    let Some(limit) = limit else { return asked.await };
    let answer = tokio::time::timeout(limit, asked).await;
    answer.unwrap_or_else(|_| {
        Err(RequestTokenError::Request(HttpError::Network(Network::Timeout, super::unanswered(limit))))
    })
}

/// What to do where a token that was given ready is refused.
pub(super) const ANOTHER_TOKEN: &str = "The access token that was given (GENESYS_ACCESS_TOKEN) has expired or was revoked: get a \
     new one, or set GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET in its place.";

/// A token that is renewed when it has less than this left.
const MARGIN: Duration = Duration::from_secs(60);

/// The present token.
#[derive(Clone)]
pub(super) struct Token {
    pub access: SecretString,
    /// When to renew it, on the clock that never jumps.
    renew_at: Option<Duration>,
    /// When it ends.
    pub ends_at: Option<Duration>,
    refresh: Option<SecretString>,
    /// Tells tokens apart, so that of several requests refused at once only the first renews.
    pub generation: u64,
}

/// When the present token ends, for a prompt in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenEnd {
    /// Time left; `None` when nobody said.
    pub left: Option<Duration>,
    /// It will be renewed without anyone doing anything.
    pub renewable: bool,
}

impl Client {
    /// A token that is good for a request now.
    pub(super) async fn token(&self) -> Result<Token, Error> {
        let mut held = self.inner.token.lock().await;
        let now = self.inner.clock.now().mono;
        if let Some(token) = &*held
            && token.renew_at.is_none_or(|at| now < at)
        {
            return Ok(token.clone());
        }
        match self.fetch(held.as_ref()).await {
            Ok(fresh) => Ok(held.insert(fresh).clone()),
            // A renewal that fails for a passing reason is no harm while the old token still lives.
            Err(error) => match &*held {
                Some(token) if error.is_passing() && token.ends_at.is_some_and(|end| now < end) => Ok(token.clone()),
                _ => Err(error),
            },
        }
    }

    /// The server refused the token of this generation: the token that replaces it.
    pub(super) async fn replace(&self, refused: u64) -> Result<Token, Error> {
        let mut held = self.inner.token.lock().await;
        if let Some(token) = &*held
            && token.generation != refused
        {
            return Ok(token.clone());
        }
        let fresh = self.fetch(held.as_ref()).await?;
        Ok(held.insert(fresh).clone())
    }

    /// Gets a new token although the present one may look good: it was revoked.
    ///
    /// # Errors
    /// [`ErrorKind::SignIn`] when a person has to sign in; others for passing reasons.
    pub async fn renew(&self) -> Result<(), Error> {
        let mut held = self.inner.token.lock().await;
        let fresh = self.fetch(held.as_ref()).await?;
        *held = Some(fresh);
        Ok(())
    }

    /// Makes sure that there is a token: the cheapest proof that the credentials are right.
    ///
    /// # Errors
    /// As for any request.
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.token().await.map(|_| ())
    }

    /// Goes on with new tokens, after a sign-in while running.
    pub async fn adopt(&self, tokens: &Tokens) {
        let fresh = self.token_from(tokens);
        *self.inner.token.lock().await = Some(fresh);
        self.inner.signed_out(None);
        if let Auth::Pkce { renewed: Some(renewed), .. } = &self.inner.connection.auth {
            renewed(tokens);
        }
    }

    /// Signs in with another secret of the same OAuth client; without one, with the secret that is known.
    ///
    /// # Errors
    /// As for any sign-in; a secret that is refused is not used again.
    pub async fn sign_in_with(&self, secret: Option<SecretString>) -> Result<(), Error> {
        let swap =
            |with| std::mem::replace(&mut *self.inner.secret.lock().unwrap_or_else(PoisonError::into_inner), with);
        let Some(secret) = secret else { return self.renew().await };
        self.inner.remember_secret(&secret);
        let before = swap(Some(secret));
        let renewed = self.renew().await;
        if renewed.is_err() {
            swap(before);
        }
        renewed
    }

    /// Why a person must sign in; `None` while tokens can be had.
    pub fn signed_out(&self) -> Option<String> {
        self.inner.signed_out.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the present token ends, on the clock that never jumps, if it cannot be renewed; `Err` while that is being
    /// found out.
    pub fn last_moment(&self) -> Result<Option<Duration>, tokio::sync::TryLockError> {
        let held = self.inner.token.try_lock()?;
        Ok(held.as_ref().and_then(|token| token.ends_at).filter(|_| !self.renewable(held.as_ref())))
    }

    /// A token that has ended is replaced without anyone doing anything.
    pub fn is_renewable(&self) -> bool {
        self.renewable(None)
    }

    fn renewable(&self, held: Option<&Token>) -> bool {
        match &self.inner.connection.auth {
            Auth::ClientCredentials { .. } => true,
            Auth::Token(_) | Auth::SignedOut => false,
            Auth::Pkce { tokens, .. } => held.map_or(tokens.refresh.is_some(), |token| token.refresh.is_some()),
        }
    }

    /// When the present token ends.
    pub async fn token_end(&self) -> TokenEnd {
        let held = self.inner.token.lock().await;
        let now = self.inner.clock.now().mono;
        let left = held.as_ref().and_then(|t| t.ends_at).map(|end| end.saturating_sub(now));
        TokenEnd { left, renewable: self.renewable(held.as_ref()) }
    }

    async fn fetch(&self, held: Option<&Token>) -> Result<Token, Error> {
        let fetched = self.fetch_by_grant(held).await;
        match &fetched {
            Ok(_) => self.inner.signed_out(None),
            Err(error) if *error.kind() == ErrorKind::SignIn => self.inner.signed_out(Some(error.to_string())),
            // A failure that passes says nothing about the sign-in.
            Err(_) => {}
        }
        fetched
    }

    async fn fetch_by_grant(&self, held: Option<&Token>) -> Result<Token, Error> {
        match &self.inner.connection.auth {
            Auth::SignedOut => Err(Error::new(ErrorKind::SignIn, "the sign-in", "nobody is signed in")),
            Auth::ClientCredentials { id, secret } => {
                let given = self.inner.secret.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let secret = given.as_ref().unwrap_or(secret);
                self.exchange(CLIENT_CREDENTIALS, |http, url| {
                    let (id, secret) = (id.clone(), secret.clone());
                    Box::pin(async move {
                        BasicClient::new(ClientId::new(id))
                            .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
                            .set_auth_type(AuthType::BasicAuth)
                            .set_token_uri(url)
                            .exchange_client_credentials()
                            .request_async(&http)
                            .await
                    })
                })
                .await
            }
            Auth::Token(token) => match held {
                None => Ok(self.token_of(token.clone(), None, None)),
                Some(_) => {
                    let what = "it is refused, and it cannot be renewed";
                    Err(Error::new(ErrorKind::SignIn, "the access token", what).with_remedy(ANOTHER_TOKEN))
                }
            },
            Auth::Pkce { client_id, tokens, renewed } => {
                let refresh = match held {
                    None => {
                        let stored = self.token_from(tokens);
                        if stored.renew_at.is_none_or(|at| self.inner.clock.now().mono < at) {
                            return Ok(stored);
                        }
                        stored.refresh
                    }
                    Some(held) => held.refresh.clone(),
                };
                let Some(refresh) = refresh else {
                    return Err(Error::new(
                        ErrorKind::SignIn,
                        "the sign-in",
                        "it has ended, and no refresh token was issued",
                    ));
                };
                let mut fresh = self
                    .exchange("renewing the sign-in", |http, url| {
                        let (id, refresh) = (client_id.clone(), refresh.clone());
                        Box::pin(async move {
                            BasicClient::new(ClientId::new(id))
                                .set_auth_type(AuthType::RequestBody)
                                .set_token_uri(url)
                                .exchange_refresh_token(&RefreshToken::new(refresh.expose_secret().to_owned()))
                                .request_async(&http)
                                .await
                        })
                    })
                    .await?;
                // The refresh token stays good unless the answer brought another.
                fresh.refresh = fresh.refresh.or(Some(refresh));
                if let Some(renewed) = renewed {
                    renewed(&self.tokens_from(&fresh));
                }
                Ok(fresh)
            }
        }
    }

    /// Exchanges the code of a sign-in in the browser for tokens.
    pub(crate) async fn exchange_code(
        &self,
        client_id: &str,
        code: AuthorizationCode,
        verifier: PkceCodeVerifier,
        redirect: String,
    ) -> Result<Tokens, Error> {
        let redirect =
            RedirectUrl::new(redirect).map_err(|e| Error::new(ErrorKind::Setup, "signing in", e.to_string()))?;
        let verifier = SecretString::from(verifier.into_secret());
        let token = self
            .exchange("signing in", |http, url| {
                let (id, code, redirect) = (client_id.to_owned(), code.clone(), redirect.clone());
                let verifier = PkceCodeVerifier::new(verifier.expose_secret().to_owned());
                Box::pin(async move {
                    BasicClient::new(ClientId::new(id))
                        .set_auth_type(AuthType::RequestBody)
                        .set_token_uri(url)
                        .set_redirect_uri(redirect)
                        .exchange_code(code)
                        .set_pkce_verifier(verifier)
                        .request_async(&http)
                        .await
                })
            })
            .await?;
        Ok(self.tokens_from(&token))
    }

    async fn exchange<F>(&self, tried: &'static str, call: F) -> Result<Token, Error>
    where
        F: Fn(Http, TokenUrl) -> Pin<Box<dyn Future<Output = Result<TokenAnswer, TokenFailure>> + Send>>,
    {
        let address = self.inner.login_endpoint("oauth/token")?;
        let url = TokenUrl::new(address.to_string()).map_err(|e| Error::new(ErrorKind::Setup, tried, e.to_string()))?;
        let mut retry = self.inner.retry();
        // A refresh token may be spent although the answer was lost; a secret can be sent again.
        let limit = (tried == CLIENT_CREDENTIALS).then_some(self.inner.options.limits.first_answer);
        loop {
            let http = Http { client: self.login_http()?, seen: Arc::default() };
            let seen = Arc::clone(&http.seen);
            let error = match self.inner.way(&address, &format!("{tried} (POST /oauth/token)"), retry.tries()).await {
                Err(error) => error,
                Ok(()) => {
                    let failure = match within(limit, call(http, url.clone())).await {
                        Ok(answer) => {
                            let access = SecretString::from(answer.access_token().secret().clone());
                            let refresh = answer.refresh_token().map(|t| SecretString::from(t.secret().clone()));
                            return Ok(self.token_of(access, answer.expires_in(), refresh));
                        }
                        Err(failure) => failure,
                    };
                    let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    let error = self.describe(tried, failure, &seen, retry.tries());
                    self.inner.located(error, &address)
                }
            };
            let seen = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
            match error.is_passing().then(|| self.inner.again(&mut retry, &error, seen.retry_after)).flatten() {
                Some(wait) => self.inner.rest(wait, seen.retry_after.is_some()).await,
                None => return Err(error),
            }
        }
    }

    fn describe(&self, tried: &str, failure: TokenFailure, seen: &AnswerSeen, attempts: u32) -> Error {
        let tried_at = format!("{tried} (POST /oauth/token)");
        match seen.status {
            Some(407) => return Error::new(ErrorKind::Network(Network::Proxy), tried_at, "407"),
            Some(status) if seen.is_page => {
                let id = seen.correlation_id.clone();
                return answer::page(&tried_at, status, attempts, id);
            }
            _ => {}
        }
        let mut remedy = None;
        let (kind, code, message) = match failure {
            RequestTokenError::Request(HttpError::Network(network, text)) => {
                (ErrorKind::Network(network), None, Some(text))
            }
            RequestTokenError::Request(HttpError::Setup(text)) => (ErrorKind::Setup, None, Some(text)),
            RequestTokenError::Request(HttpError::TooLong(limit)) => {
                (ErrorKind::Malformed, None, Some(BodyError::too_long(limit)))
            }
            _ if seen.status.is_some_and(|s| s >= 500) => (ErrorKind::Server, None, None),
            _ if seen.status == Some(429) => (ErrorKind::Wait { after: seen.retry_after }, None, None),
            RequestTokenError::ServerResponse(response) => {
                let text = response.error_description().cloned();
                remedy = refused_client(response.error().as_ref());
                (ErrorKind::SignIn, Some(response.error().to_string()), text)
            }
            _ if matches!(seen.status, Some(400 | 401 | 403)) => (ErrorKind::SignIn, None, None),
            // The crate's own text may quote the answer, which may hold a token.
            _ => (ErrorKind::Malformed, None, Some("the token answer is not what OAuth prescribes".into())),
        };
        Error::from_details(Details {
            kind,
            tried: tried_at,
            status: seen.status,
            code: code.map(|c| self.inner.scrub(&c)),
            message: message.map(|m| self.inner.scrub(&m)),
            correlation_id: seen.correlation_id.clone(),
            attempts,
            maybe_done: false,
            place: None,
            remedy,
        })
    }

    fn token_of(&self, access: SecretString, life: Option<Duration>, refresh: Option<SecretString>) -> Token {
        let now = self.inner.clock.now().mono;
        self.inner.remember_secret(&access);
        if let Some(refresh) = &refresh {
            self.inner.remember_secret(refresh);
        }
        Token {
            access,
            // A short-lived token is renewed after nine tenths of its life.
            renew_at: life.map(|life| now.saturating_add(life.saturating_sub(MARGIN.min(life / 10)))),
            ends_at: life.map(|life| now.saturating_add(life)),
            refresh,
            generation: self.inner.next_generation(),
        }
    }

    fn token_from(&self, tokens: &Tokens) -> Token {
        let now = self.inner.clock.now().wall;
        let life = tokens.expires.map(|end| Duration::try_from(end.duration_since(now)).unwrap_or(Duration::ZERO));
        self.token_of(tokens.access.clone(), life, tokens.refresh.clone())
    }

    fn tokens_from(&self, token: &Token) -> Tokens {
        let now = self.inner.clock.now();
        let left = token.ends_at.map(|end| end.saturating_sub(now.mono));
        Tokens {
            access: token.access.clone(),
            refresh: token.refresh.clone(),
            expires: left.and_then(|left| now.wall.checked_add(left).ok()),
        }
    }

    pub(crate) fn login_http(&self) -> Result<reqwest::Client, Error> {
        self.inner.http(&self.inner.connection.login_url)
    }
}

/// What to do where the login service refuses the OAuth client itself.
pub(crate) fn refused_client(code: &str) -> Option<String> {
    let remedy = match code {
        "unauthorized_client" => {
            "The OAuth client may not be used this way. Check its grant type (Code Authorization with PKCE for `sidetone login`, \
             Client Credentials for a secret); where the organisation demands it, an administrator authorises the client first \
             (Admin > Integrations > Authorized Applications)."
        }
        "access_denied" => {
            "The sign-in was refused, or this OAuth client is not authorised in the organisation: an administrator can authorise \
             it (Admin > Integrations > Authorized Applications)."
        }
        "invalid_scope" => "Leave the scope out, or ask only for scopes that the OAuth client has.",
        _ => return None,
    };
    Some(remedy.to_owned())
}

type TokenAnswer = oauth2::basic::BasicTokenResponse;
type TokenFailure = RequestTokenError<HttpError, oauth2::basic::BasicErrorResponse>;

/// What was seen of the answer, which the crate's errors do not tell.
#[derive(Clone, Default)]
pub(crate) struct AnswerSeen {
    pub status: Option<u16>,
    pub retry_after: Option<Duration>,
    pub correlation_id: Option<String>,
    pub is_page: bool,
}

/// Our HTTP client as the crate wants one.
pub(crate) struct Http {
    pub client: reqwest::Client,
    pub seen: Arc<Mutex<AnswerSeen>>,
}

/// A failure below HTTP.
#[derive(Debug)]
pub(crate) enum HttpError {
    Network(crate::genesys::Network, String),
    Setup(String),
    /// The answer is longer than this many bytes.
    TooLong(usize),
}

impl std::fmt::Display for HttpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Network(_, text) | Self::Setup(text) => f.write_str(text),
            Self::TooLong(limit) => f.write_str(&BodyError::too_long(*limit)),
        }
    }
}

impl std::error::Error for HttpError {}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let network = |e: &reqwest::Error| HttpError::Network(transport::classify(e).0, transport::chain(e));
            let request = reqwest::Request::try_from(request).map_err(|e| HttpError::Setup(transport::chain(&e)))?;
            let response = self.client.execute(request).await.map_err(|e| network(&e))?;
            let (status, headers) = (response.status(), response.headers().clone());
            *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = AnswerSeen {
                status: Some(status.as_u16()),
                retry_after: answer::retry_after(&headers),
                correlation_id: answer::correlation_id(&headers),
                is_page: false,
            };
            let body = transport::body(response, transport::ANSWER_LIMIT).await.map_err(|e| match e {
                BodyError::Broken(e) => network(&e),
                BodyError::TooLong(limit) => HttpError::TooLong(limit),
            })?;
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).is_page = answer::is_page(&headers, &body);
            let mut reply = HttpResponse::new(body);
            *reply.status_mut() = status;
            *reply.headers_mut() = headers;
            Ok(reply)
        })
    }
}
