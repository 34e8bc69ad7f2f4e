//! Queues, users and flows.

use super::{Client, Priority, conversations::segment, send::ApiRequest, transport};
use crate::genesys::{
    Error,
    wire::rest::{FlowEntity, WirePage, WireQueue, WireUser},
};
use serde::de::DeserializeOwned;

/// Pages that are read at most: the ten thousandth queue is not looked for by reading on.
const PAGES: u32 = 100;
const PAGE_SIZE: u32 = 100;

impl Client {
    /// Queues whose name matches `name` (with `*` at either end), or all.
    ///
    /// # Errors
    /// As for any request.
    pub async fn queues(&self, name: Option<&str>) -> Result<Vec<WireQueue>, Error> {
        self.pages("/api/v2/routing/queues", name.map(|n| ("name", n.to_owned())), PAGES).await
    }

    /// Queues by the way that needs another permission (`routing:queue:search`); the platform gives at most 500.
    ///
    /// # Errors
    /// As for any request.
    pub async fn queues_by_division(&self) -> Result<Vec<WireQueue>, Error> {
        self.pages("/api/v2/routing/queues/divisionviews", None, 5).await
    }

    /// One queue.
    ///
    /// # Errors
    /// As for any request.
    pub async fn queue(&self, id: &str) -> Result<WireQueue, Error> {
        let path = format!("/api/v2/routing/queues/{}", segment(id));
        self.json(|| ApiRequest::get(path.clone(), Priority::Link)).await
    }

    /// All users.
    ///
    /// # Errors
    /// As for any request.
    pub async fn users(&self) -> Result<Vec<WireUser>, Error> {
        self.pages("/api/v2/users", None, PAGES).await
    }

    /// One user.
    ///
    /// # Errors
    /// As for any request.
    pub async fn user(&self, id: &str) -> Result<WireUser, Error> {
        let path = format!("/api/v2/users/{}", segment(id));
        self.json(|| ApiRequest::get(path.clone(), Priority::Link)).await
    }

    /// Flows whose name matches `name`, or all.
    ///
    /// # Errors
    /// As for any request.
    pub async fn flows(&self, name: Option<&str>) -> Result<Vec<FlowEntity>, Error> {
        self.pages("/api/v2/flows", name.map(|n| ("name", n.to_owned())), PAGES).await
    }

    /// The configuration of a flow as it was last saved. It has no official schema, so it is handed out as it came.
    ///
    /// # Errors
    /// As for any request.
    pub async fn flow_configuration(&self, id: &str) -> Result<Vec<u8>, Error> {
        let path = format!("/api/v2/flows/{}/latestconfiguration", segment(id));
        let call = ApiRequest::get(path, Priority::Interactive).limit(transport::CONFIGURATION_LIMIT);
        self.send(call).await.map(|reply| reply.body)
    }

    async fn pages<T: DeserializeOwned>(
        &self,
        path: &str,
        filter: Option<(&'static str, String)>,
        most: u32,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        for number in 1..=most {
            let page: WirePage<T> = self
                .json(|| {
                    let call =
                        ApiRequest::get(path, Priority::Link).query("pageNumber", number).query("pageSize", PAGE_SIZE);
                    match &filter {
                        Some((key, value)) => call.query(key, value),
                        None => call,
                    }
                })
                .await?;
            let last = page.entities.is_empty() || page.page_count.is_none_or(|count| number >= count);
            all.extend(page.entities);
            if last {
                break;
            }
        }
        Ok(all)
    }
}
