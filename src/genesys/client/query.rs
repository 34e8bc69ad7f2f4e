//! Analytics queries that tell which conversations are live (api-facts 4). None of them carries attributes.

use super::{Client, Priority, send::ApiRequest};
use crate::{
    domain::{ConversationId, FlowFact, FlowId, QueueId},
    genesys::{
        Error,
        wire::rest::{DetailsConversation, FlowActivity, Observations, WireDetails},
    },
};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

/// One page of a query.
pub const PAGE_SIZE: u32 = 100;

fn any_of(dimension: &str, values: impl IntoIterator<Item = String>) -> Value {
    let predicates: Vec<Value> =
        values.into_iter().map(|value| json!({"type": "dimension", "dimension": dimension, "value": value})).collect();
    json!({"type": "or", "predicates": predicates})
}

impl Client {
    /// Conversations that wait in these queues or are being talked to. Look at `truncated` in the answer.
    ///
    /// # Errors
    /// [`crate::genesys::ErrorKind::Permission`] without `analytics:queueObservation:view`; others as for any request.
    pub async fn queue_observations(&self, queues: &[QueueId]) -> Result<Observations, Error> {
        let body = json!({
            "filter": any_of("queueId", queues.iter().map(ToString::to_string)),
            "metrics": ["oWaiting", "oInteracting"],
            "detailMetrics": ["oWaiting", "oInteracting"],
        });
        let path = "/api/v2/analytics/queues/observations/query";
        self.json(|| ApiRequest::new(Method::POST, path, Priority::Link).json(&body)).await
    }

    /// Which flows these conversations ran, with versions; 100 at most.
    ///
    /// # Errors
    /// [`crate::genesys::ErrorKind::Permission`] without `analytics:conversationDetail:view`; others as for any request.
    pub async fn flows_of(&self, ids: &[ConversationId], priority: Priority) -> Result<Vec<FlowFact>, Error> {
        let path = "/api/v2/analytics/conversations/details";
        let ids = ids.iter().map(ConversationId::as_str).collect::<Vec<_>>().join(",");
        let details: WireDetails = self.json(|| ApiRequest::get(path, priority).query("id", &ids)).await?;
        Ok(details.conversations.iter().flat_map(DetailsConversation::flows).collect())
    }

    /// The conversations that are in these flows now, by flow; a page of [`PAGE_SIZE`] from number 1.
    ///
    /// # Errors
    /// [`crate::genesys::ErrorKind::Permission`] without `analytics:flowObservation:view`; others as for any request.
    pub async fn flow_activity(&self, flows: &[FlowId], page: u32) -> Result<FlowActivity, Error> {
        let body = json!({
            "metrics": [{"metric": "oFlow", "details": true}],
            "groupBy": ["flowId"],
            "filter": any_of("flowId", flows.iter().map(ToString::to_string)),
        });
        let path = "/api/v2/analytics/flows/activity/query";
        let call = || {
            let call = ApiRequest::new(Method::POST, path, Priority::Background).json(&body);
            call.query("pageSize", PAGE_SIZE).query("pageNumber", page)
        };
        self.json(call).await
    }

    /// The same by the older query. Look at `truncated` in the answer.
    ///
    /// # Errors
    /// As [`Self::flow_activity`].
    pub async fn flow_observations(&self, flows: &[FlowId]) -> Result<Observations, Error> {
        let body = json!({
            "filter": any_of("flowId", flows.iter().map(ToString::to_string)),
            "metrics": ["oFlow"],
            "detailMetrics": ["oFlow"],
        });
        let path = "/api/v2/analytics/flows/observations/query";
        self.json(|| ApiRequest::new(Method::POST, path, Priority::Background).json(&body)).await
    }

    /// Active conversations that started within the interval, newest first, a page of [`PAGE_SIZE`] from number 1; those
    /// that are or were in one of `flows`, or all where there are none.
    ///
    /// # Errors
    /// [`crate::genesys::ErrorKind::Permission`] without `analytics:conversationDetail:view`; others as for any request.
    pub async fn active_details(
        &self,
        interval: (Timestamp, Timestamp),
        flows: &[FlowId],
        page: u32,
        priority: Priority,
    ) -> Result<WireDetails, Error> {
        let mut body = json!({
            "interval": format!("{:.3}/{:.3}", interval.0, interval.1),
            "order": "desc",
            "orderBy": "conversationStart",
            "paging": {"pageSize": PAGE_SIZE, "pageNumber": page},
            "conversationFilters": [{"type": "and", "predicates": [
                {"type": "dimension", "dimension": "conversationEnd", "operator": "notExists"}
            ]}],
        });
        if !flows.is_empty() {
            body["segmentFilters"] = json!([any_of("flowId", flows.iter().map(ToString::to_string))]);
        }
        let path = "/api/v2/analytics/conversations/details/query";
        self.json(|| ApiRequest::new(Method::POST, path, priority).json(&body)).await
    }
}
