//! Reading conversations, and writing attributes.

use super::{Client, Priority, Reply, send::ApiRequest};
use crate::{
    domain::{ConversationId, Media, ParticipantId, Snapshot},
    genesys::{Error, ErrorKind, wire::rest},
};
use reqwest::Method;
use serde_json::{Map, Value, json};

/// Which of the platform's paths a write takes (contract: `route`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PatchPath {
    /// `…/participants/{id}/attributes`: the documented one.
    #[default]
    Attributes,
    /// `…/participants/{id}`: the form of tutorials in circulation. Officially it takes no attributes (api-facts 3.3).
    Participant,
    /// `/conversations/{medium}/{id}/participants/{id}/attributes`: answers with the map.
    Media(Media),
}

/// The server's answer to a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchAnswer {
    /// Its status as it came; 202 means accepted, not done.
    pub status: u16,
    /// Its correlation id.
    pub correlation_id: Option<String>,
    /// How many times it was tried.
    pub attempts: u32,
    /// Its body; the media routes answer with the map.
    pub body: Vec<u8>,
}

/// How a write ended.
#[derive(Clone, Debug)]
pub enum PatchReply {
    /// The server answered with success.
    Answered(PatchAnswer),
    /// The answer was lost: it may have been done or not. Settle it by reading, not by sending again.
    Unknown(Error),
}

/// Path segment of the media families that have reads and writes of their own.
fn family(media: Media) -> Option<&'static str> {
    Some(match media {
        Media::Call => "calls",
        Media::Callback => "callbacks",
        Media::Email => "emails",
        Media::Message => "messages",
        Media::Cobrowse => "cobrowsesessions",
        _ => return None,
    })
}

/// An id as a path segment.
pub(super) fn segment(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect::<String>().replace('+', "%20")
}

/// The body of a write.
pub fn patch_body<K: AsRef<str>, V: AsRef<str>>(attributes: impl IntoIterator<Item = (K, V)>) -> Value {
    let map: Map<String, Value> =
        attributes.into_iter().map(|(key, value)| (key.as_ref().to_owned(), value.as_ref().into())).collect();
    json!({ "attributes": map })
}

impl Client {
    /// Reads one conversation.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] for a wrong id or no access; others as for any request.
    pub async fn conversation(&self, id: &ConversationId, priority: Priority) -> Result<Snapshot, Error> {
        self.read_conversation(id, priority).await.map(|(snapshot, _)| snapshot)
    }

    /// Reads one conversation, and hands out the answer as well, for a recorder.
    ///
    /// # Errors
    /// As [`Client::conversation`].
    pub async fn read_conversation(&self, id: &ConversationId, priority: Priority) -> Result<(Snapshot, Reply), Error> {
        let path = format!("/api/v2/conversations/{}", segment(id.as_str()));
        self.parsed(|| ApiRequest::get(path.clone(), priority), rest::conversation).await
    }

    /// The user's own active conversations. Not for client credentials.
    ///
    /// # Errors
    /// As for any request.
    pub async fn my_conversations(&self) -> Result<Vec<ConversationId>, Error> {
        let page: rest::WirePage<rest::WireNamed> =
            self.json(|| ApiRequest::get("/api/v2/conversations", Priority::Link)).await?;
        Ok(page.entities.into_iter().filter(|c| !c.id.is_empty()).map(|c| ConversationId::new(c.id)).collect())
    }

    /// Writes attributes of one participant: exactly this map is the body.
    ///
    /// Only failures before the request was sent are tried again, and a token that had to be renewed. Any other answer comes
    /// back: between two writes of the same map somebody else may have written. A lost one is [`PatchReply::Unknown`].
    ///
    /// # Errors
    /// Whatever the server refuses or puts off: 409 as [`ErrorKind::Conflict`], 429 as [`ErrorKind::Wait`], 500 and 503 as [`ErrorKind::Server`].
    pub async fn patch_attributes<K: AsRef<str>, V: AsRef<str>>(
        &self,
        conversation: &ConversationId,
        participant: &ParticipantId,
        attributes: impl IntoIterator<Item = (K, V)>,
        route: PatchPath,
    ) -> Result<PatchReply, Error> {
        let (conversation, participant) = (segment(conversation.as_str()), segment(participant.as_str()));
        let path = match route {
            PatchPath::Attributes => {
                format!("/api/v2/conversations/{conversation}/participants/{participant}/attributes")
            }
            PatchPath::Participant => format!("/api/v2/conversations/{conversation}/participants/{participant}"),
            PatchPath::Media(media) => {
                let Some(family) = family(media) else {
                    let message = format!("conversations of medium {} have no route of their own", media.as_str());
                    return Err(Error::new(ErrorKind::Setup, "PATCH attributes", message));
                };
                format!("/api/v2/conversations/{family}/{conversation}/participants/{participant}/attributes")
            }
        };
        let call = ApiRequest::new(Method::PATCH, path, Priority::Interactive).json(&patch_body(attributes)).once();
        match self.send(call).await {
            Ok(Reply { status, body, correlation_id, attempts }) => {
                Ok(PatchReply::Answered(PatchAnswer { status, correlation_id, attempts, body }))
            }
            Err(error) if error.details().maybe_done || matches!(error.status(), Some(502 | 504)) => {
                Ok(PatchReply::Unknown(error))
            }
            Err(error) => Err(error),
        }
    }
}
