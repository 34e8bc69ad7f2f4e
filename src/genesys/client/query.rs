//! Analytics queries that tell which conversations are live (api-facts 4). None of them carries attributes.

use super::{Client, Priority, send::Call};
use crate::{
    domain::QueueId,
    genesys::{
        Error,
        wire::rest::{Details, Observations},
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
    /// [`crate::genesys::Kind::Permission`] without `analytics:queueObservation:view`; others as for any request.
    pub async fn queue_observations(&self, queues: &[QueueId]) -> Result<Observations, Error> {
        let body = json!({
            "filter": any_of("queueId", queues.iter().map(ToString::to_string)),
            "metrics": ["oWaiting", "oInteracting"],
            "detailMetrics": ["oWaiting", "oInteracting"],
        });
        let path = "/api/v2/analytics/queues/observations/query";
        self.json(|| Call::new(Method::POST, path, Priority::Link).json(&body)).await
    }

    /// Active conversations that started within the interval, newest first, a page of [`PAGE_SIZE`] from number 1.
    ///
    /// # Errors
    /// [`crate::genesys::Kind::Permission`] without `analytics:conversationDetail:view`; others as for any request.
    pub async fn active_details(
        &self,
        interval: (Timestamp, Timestamp),
        page: u32,
        priority: Priority,
    ) -> Result<Details, Error> {
        let body = json!({
            "interval": format!("{:.3}/{:.3}", interval.0, interval.1),
            "order": "desc",
            "orderBy": "conversationStart",
            "paging": {"pageSize": PAGE_SIZE, "pageNumber": page},
            "conversationFilters": [{"type": "and", "predicates": [
                {"type": "dimension", "dimension": "conversationEnd", "operator": "notExists"}
            ]}],
        });
        let path = "/api/v2/analytics/conversations/details/query";
        self.json(|| Call::new(Method::POST, path, priority).json(&body)).await
    }
}
