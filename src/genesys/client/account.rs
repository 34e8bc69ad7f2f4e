//! Who the token is.

use super::{Client, Priority, send::ApiRequest};
use crate::genesys::{
    Error,
    wire::rest::{Organization, TokenInfo, User},
};

impl Client {
    /// What the token is and may do; works for every grant.
    ///
    /// # Errors
    /// As for any request.
    pub async fn token_info(&self) -> Result<TokenInfo, Error> {
        self.json(|| ApiRequest::get("/api/v2/tokens/me", Priority::Link)).await
    }

    /// The user. Not for client credentials, which have none.
    ///
    /// # Errors
    /// As for any request.
    pub async fn me(&self) -> Result<User, Error> {
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
