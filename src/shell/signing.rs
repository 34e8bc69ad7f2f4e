//! Signing in again while the screen stays: the browser, a secret or a token, in a task of its own.

use crate::{
    app::{
        Msg,
        signin::{How, SignInProgress, Try},
    },
    config,
    genesys::{Auth, Client, Error, Tokens, signin::SignIn},
};
use std::time::Duration;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

/// Signs in again; what comes of it is told by [`Signing::next`].
pub(super) struct Signing {
    client: Client,
    /// The one that runs; another one takes its place.
    running: JoinSet<()>,
    /// Where the address goes that the browser ended on.
    address: Option<oneshot::Sender<String>>,
    told: mpsc::UnboundedSender<SignInProgress>,
    inbox: mpsc::UnboundedReceiver<SignInProgress>,
    /// When the token ends, as far as was known last.
    ends: Option<Duration>,
}

impl Signing {
    pub(super) fn new(client: Client) -> Self {
        let (told, inbox) = mpsc::unbounded_channel();
        Self { client, running: JoinSet::new(), address: None, told, inbox, ends: None }
    }

    /// What the operator can be asked for.
    pub(super) fn how(&self) -> How {
        match self.client.connection().auth {
            Auth::SignedOut => How::Nobody,
            Auth::ClientCredentials { .. } => How::Secret,
            Auth::Token(_) => How::Token,
            Auth::Pkce { .. } => How::Browser,
        }
    }

    /// How the token stands.
    pub(super) fn token(&mut self) -> Msg {
        if let Ok(ends) = self.client.last_moment() {
            self.ends = ends;
        }
        Msg::Token { ends: self.ends, needed: self.client.signed_out() }
    }

    /// Begins what the operator decided.
    pub(super) fn start(&mut self, wanted: Try) {
        if let Try::Address(address) = wanted {
            match self.address.take() {
                Some(waiting) => drop(waiting.send(address.0)),
                None => self.say(SignInProgress::Failed("this sign-in has ended; begin another".into())),
            }
            return;
        }
        self.running.abort_all();
        let (client, told) = (self.client.clone(), self.told.clone());
        let (sender, address) = oneshot::channel();
        self.address = Some(sender);
        self.running.spawn(async move {
            let done = match wanted {
                Try::Browser => browser(&client, address, &told).await,
                Try::Secret(secret) => client.sign_in_with(secret.map(|s| s.0.into())).await,
                Try::Token(token) => {
                    client.adopt(&Tokens { access: token.0.into(), refresh: None, expires: None }).await;
                    client.token_info().await.map(|_| ())
                }
                Try::Address(_) => Ok(()),
            };
            // Without a screen nobody needs to know.
            let _ = told
                .send(done.map_or_else(|error| SignInProgress::Failed(error.to_string()), |()| SignInProgress::Done));
        });
    }

    fn say(&self, progress: SignInProgress) {
        let _ = self.told.send(progress);
    }

    /// What came of it; for ever pending while nothing does.
    pub(super) async fn next(&mut self) -> SignInProgress {
        match self.inbox.recv().await {
            Some(progress) => progress,
            None => std::future::pending().await,
        }
    }
}

async fn browser(
    client: &Client,
    address: oneshot::Receiver<String>,
    told: &mpsc::UnboundedSender<SignInProgress>,
) -> Result<(), Error> {
    let connection = client.connection();
    let Auth::Pkce { client_id, .. } = &connection.auth else { return Ok(()) };
    let (api, login) = (connection.api_url.as_str(), connection.login_url.as_str());
    let sign_in = SignIn::begin(api, login, client_id, client.options().clone()).await?;
    let url = sign_in.url().to_string();
    let opening = url.clone();
    // Starting a browser may take its time; without one, the address is shown.
    let opened = tokio::task::spawn_blocking(move || config::open_browser(&opening)).await.unwrap_or(false);
    let _ = told.send(SignInProgress::Waiting { url, opened });
    let tokens = sign_in.finish(async { address.await.ok() }).await?;
    client.adopt(&tokens).await;
    Ok(())
}
