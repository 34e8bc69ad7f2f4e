//! Signing in with the browser: authorization code with PKCE and a redirect to this machine (api-facts 1.2). The
//! protocol is the `oauth2` crate's.

mod callback;
pub mod gc;
pub mod keyring;
pub mod store;

use super::{Auth, Client, Connection, Error, ErrorKind, Tokens, client};
use callback::CallbackListener;
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    basic::BasicClient,
};
use std::{future::Future, time::Duration};
use url::Url;

/// How long a person has for signing in.
const PATIENCE: Duration = Duration::from_secs(600);

/// A sign-in that waits for the person.
#[derive(Debug)]
pub struct SignIn {
    client: Client,
    client_id: String,
    listener: CallbackListener,
    url: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

/// What came back from the browser, or was pasted.
pub(super) struct BrowserAnswer {
    pub(super) code: String,
    pub(super) state: String,
}

impl SignIn {
    /// Prepares a sign-in: listens on a free port of this machine, and makes the address to open.
    ///
    /// # Errors
    /// [`ErrorKind::Setup`] when no port can be had, or the addresses are wrong.
    pub async fn begin(
        api_url: &str,
        login_url: &str,
        client_id: &str,
        options: client::ClientOptions,
    ) -> Result<Self, Error> {
        let setup = |e: &dyn std::fmt::Display| Error::new(ErrorKind::Setup, "signing in", e.to_string());
        let connection = Connection::to_urls(api_url, login_url, Auth::SignedOut)?;
        let authorize = format!("{}/oauth/authorize", connection.login_url.as_str().trim_end_matches('/'));
        let listener = CallbackListener::open().await.map_err(|e| setup(&e))?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        // Organisations do not enforce scopes unless they choose to, and no official client sends any (api-facts 1.3).
        let scopes: Vec<Scope> =
            options.scope.iter().flat_map(|s| s.split_whitespace()).map(|s| Scope::new(s.to_owned())).collect();
        let (url, state) = BasicClient::new(ClientId::new(client_id.to_owned()))
            .set_auth_uri(AuthUrl::new(authorize).map_err(|e| setup(&e))?)
            .set_redirect_uri(RedirectUrl::new(listener.redirect()).map_err(|e| setup(&e))?)
            .authorize_url(CsrfToken::new_random)
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        let client = Client::with_options(connection, options);
        Ok(Self { client, client_id: client_id.to_owned(), listener, url, state, verifier })
    }

    /// The address to open in a browser.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Waits for the browser to come back, or for the address it ended on to be pasted, whichever is first.
    ///
    /// # Errors
    /// [`ErrorKind::SignIn`] when it was refused, took too long, or the answer is not to this request.
    pub async fn finish(self, pasted: impl Future<Output = Option<String>>) -> Result<Tokens, Error> {
        let Self { client, client_id, listener, state, verifier, .. } = self;
        let redirect = listener.redirect();
        let paste = async {
            match pasted.await {
                Some(text) => answer_in(text.trim()),
                // Nobody will paste anything; the browser may still come back.
                None => std::future::pending().await,
            }
        };
        let waiting = async {
            tokio::select! {
                answer = listener.answer(state.secret()) => answer,
                answer = paste => answer,
            }
        };
        let answer = tokio::time::timeout(PATIENCE, waiting)
            .await
            .map_err(|_| Error::new(ErrorKind::SignIn, "signing in", "nobody signed in within ten minutes"))??;
        if answer.state != *state.secret() {
            let message = "the answer is to another request; it was not used";
            return Err(
                Error::new(ErrorKind::SignIn, "signing in", message).with_remedy("Start again with `sidetone login`.")
            );
        }
        client.exchange_code(&client_id, AuthorizationCode::new(answer.code), verifier, redirect).await
    }
}

/// Reads the address that the browser ended on: `http://localhost:PORT/?code=…&state=…`.
fn answer_in(text: &str) -> Result<BrowserAnswer, Error> {
    let refused = |message: String| Error::new(ErrorKind::SignIn, "signing in", message);
    let url = Url::parse(text).or_else(|_| Url::parse("http://localhost").and_then(|base| base.join(text)));
    let url = url.map_err(|_| refused("what was pasted is not a valid address".into()))?;
    let field = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    if let Some(error) = field("error") {
        let why = field("error_description").unwrap_or_default();
        let remedy = client::token::refused_client(&error);
        let error = refused(format!("the login service refused: {error} {why}"));
        return Err(match remedy {
            Some(remedy) => error.with_remedy(remedy),
            None => error,
        });
    }
    match (field("code"), field("state")) {
        (Some(code), Some(state)) => Ok(BrowserAnswer { code, state }),
        _ => Err(refused("the address holds no code and state; paste the whole of it".into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_a_refusal_is_told() {
        let answer = answer_in("http://localhost:1234/?code=abc&state=x%2By").ok().unwrap();
        assert_eq!((answer.code.as_str(), answer.state.as_str()), ("abc", "x+y"));
        assert!(answer_in("/?code=abc&state=s").is_ok());
        let error = answer_in("http://localhost/?error=access_denied&error_description=No").err().unwrap();
        assert!(error.to_string().contains("access_denied No"), "{error}");
        assert!(answer_in("http://localhost/?code=abc").is_err());
        assert!(answer_in("").is_err());
    }
}
