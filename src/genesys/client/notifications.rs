//! Notification channels and their subscriptions (api-facts 2.1).

use super::{Client, Priority, conversations::segment, send::ApiRequest};
use crate::genesys::{
    Error, ErrorKind,
    topic::Topic,
    wire::rest::{AvailableTopic, ChannelTopic, WireChannel, WirePage},
};
use reqwest::Method;
use serde_json::{Value, json};

fn body(topics: &[Topic]) -> Value {
    topics.iter().map(|topic| json!({ "id": topic.as_str() })).collect()
}

impl Client {
    /// Makes a channel. The twenty-first of a user and application evicts the one not used for longest.
    ///
    /// # Errors
    /// As for any request.
    pub async fn create_channel(&self) -> Result<WireChannel, Error> {
        self.json(|| ApiRequest::new(Method::POST, "/api/v2/notifications/channels", Priority::Link)).await
    }

    /// The channels of this token.
    ///
    /// # Errors
    /// As for any request.
    pub async fn channels(&self) -> Result<Vec<WireChannel>, Error> {
        let call =
            || ApiRequest::get("/api/v2/notifications/channels", Priority::Link).query("includechannels", "token");
        self.json(call).await.map(|page: WirePage<WireChannel>| page.entities)
    }

    /// How many channels all tokens of this user and OAuth client have: what the limit of 20 counts.
    ///
    /// # Errors
    /// As for any request.
    pub async fn channels_of_client(&self) -> Result<usize, Error> {
        let call = || {
            ApiRequest::get("/api/v2/notifications/channels", Priority::Link).query("includechannels", "oauthclient")
        };
        self.json(call).await.map(|page: WirePage<WireChannel>| page.entities.len())
    }

    /// Whether a channel still exists.
    ///
    /// # Errors
    /// As for any request, but a missing channel is `false`.
    pub async fn channel_exists(&self, channel: &str) -> Result<bool, Error> {
        let path = format!("/api/v2/notifications/channels/{}", segment(channel));
        match self.send(ApiRequest::new(Method::HEAD, path, Priority::Link)).await {
            Ok(_) => Ok(true),
            Err(error) if *error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Adds topics to a channel (POST), or makes them its whole list (PUT). Refused topics come back one by one.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when the channel is gone; others as for any request.
    pub async fn subscribe(&self, channel: &str, topics: &[Topic], replace: bool) -> Result<Vec<ChannelTopic>, Error> {
        let method = if replace { Method::PUT } else { Method::POST };
        let path = format!("/api/v2/notifications/channels/{}/subscriptions", segment(channel));
        let body = body(topics);
        let call =
            || ApiRequest::new(method.clone(), path.clone(), Priority::Link).query("ignoreErrors", true).json(&body);
        self.json(call).await.map(|page: WirePage<ChannelTopic>| page.entities)
    }

    /// Takes all topics from a channel: there is no way to delete the channel itself.
    ///
    /// # Errors
    /// As for any request.
    pub async fn unsubscribe_all(&self, channel: &str) -> Result<(), Error> {
        let path = format!("/api/v2/notifications/channels/{}/subscriptions", segment(channel));
        self.send(ApiRequest::new(Method::DELETE, path, Priority::Background)).await.map(|_| ())
    }

    /// Which topics there are, and what each asks for.
    ///
    /// # Errors
    /// As for any request.
    pub async fn available_topics(&self) -> Result<Vec<AvailableTopic>, Error> {
        const EXPAND: [&str; 6] =
            ["description", "enforced", "requiresPermissions", "permissionDetails", "transports", "visibility"];
        let call = || {
            // One by one, as the SDKs send lists.
            let call = ApiRequest::get("/api/v2/notifications/availabletopics", Priority::Link);
            EXPAND.into_iter().fold(call, |call, part| call.query("expand", part)).query("includePreview", true)
        };
        self.json(call).await.map(|page: WirePage<AvailableTopic>| page.entities)
    }
}
