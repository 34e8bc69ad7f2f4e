//! Who the token is.

use super::{Client, Priority, send::ApiRequest};
use crate::genesys::{
    Error,
    wire::rest::{Organization, TokenInfo, WireUser},
};

impl Client {
    /// What the token is and may do; works for every grant.
    ///
    /// # Errors
    /// As for any request.
    pub async fn token_info(&self) -> Result<TokenInfo, Error> {
        self.json(|| ApiRequest::get("/api/v2/tokens/me", Priority::Link)).await
    }

    /// Whether the platform still takes the token; asking does not keep it from going idle.
    ///
    /// # Errors
    /// As for any request; [`crate::genesys::ErrorKind::SignIn`] when it does not.
    pub async fn check_token(&self) -> Result<(), Error> {
        let ask = || ApiRequest::get("/api/v2/tokens/me", Priority::Background).query("preserveIdleTTL", true);
        self.json::<TokenInfo>(ask).await.map(|_| ())
    }

    /// The user. Not for client credentials, which have none.
    ///
    /// # Errors
    /// As for any request.
    pub async fn me(&self) -> Result<WireUser, Error> {
        self.json(|| ApiRequest::get("/api/v2/users/me", Priority::Link)).await
    }

    /// The organisation.
    ///
    /// # Errors
    /// As for any request.
    pub async fn organization(&self) -> Result<Organization, Error> {
        self.json(|| ApiRequest::get("/api/v2/organizations/me", Priority::Link)).await
    }
}
