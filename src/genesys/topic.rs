//! Notification topics: their names, and what a name means (api-facts 2.3, 2.4).

use crate::domain::{ConversationId, FlowId, Media, QueueId, UserId};
use std::{fmt, sync::Arc};

/// The platform's limit of topics on one channel.
pub const TOPICS_PER_CHANNEL: usize = 1000;
/// The platform's limit of channels for one user and application.
pub const CHANNELS: usize = 20;

/// One topic as it is subscribed to. Every queue, user and conversation is a topic of its own: there are no wildcards.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic(Arc<str>);

impl Topic {
    /// A topic by its full name.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// All conversations of a queue, whole state in each event.
    pub fn queue(id: &QueueId) -> Self {
        Self(format!("v2.routing.queues.{id}.conversations").into())
    }

    /// All conversations of a user, whole state in each event.
    pub fn user(id: &UserId) -> Self {
        Self(format!("v2.users.{id}.conversations").into())
    }

    /// Attribute changes of one conversation: the only topic that reaches a call before it is in a queue.
    pub fn attributes(id: &ConversationId) -> Self {
        Self(format!("v2.detail.events.conversation.{id}.attributes").into())
    }

    /// That a conversation enters a flow: tells flow and version (schema ConversationFlowStart).
    pub fn flow_start(id: &ConversationId) -> Self {
        Self(format!("v2.detail.events.conversation.{id}.flow.start").into())
    }

    /// That a conversation leaves a flow.
    pub fn flow_end(id: &ConversationId) -> Self {
        Self(format!("v2.detail.events.conversation.{id}.flow.end").into())
    }

    /// That conversations enter and leave a flow: the one topic that announces calls before they are in a queue (schema
    /// FlowMetricsTopicFlowMetricRecord). Whether a channel may have it, the list of available topics tells.
    pub fn flow_metrics(id: &FlowId) -> Self {
        Self(format!("v2.analytics.flow.{id}.metrics").into())
    }

    /// Everything that is to be known of one conversation that no other topic tells of.
    pub fn of_conversation(id: &ConversationId) -> [Self; 3] {
        [Self::attributes(id), Self::flow_start(id), Self::flow_end(id)]
    }

    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the name means.
    pub fn kind(&self) -> TopicKind<'_> {
        TopicKind::of(&self.0)
    }

    /// The conversation whose own topic this is.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self.kind() {
            TopicKind::Attributes { conversation } | TopicKind::Flow { conversation } => {
                Some(ConversationId::new(conversation))
            }
            _ => None,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a topic name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicKind<'a> {
    /// `v2.routing.queues.{id}.conversations[.media]`. With a medium, participants have the flat media model and the
    /// legs of other media are left out.
    Queue {
        /// The queue.
        id: &'a str,
        /// The suffix, if there is one.
        media: Option<Media>,
    },
    /// `v2.users.{id}.conversations[.media]`.
    User {
        /// The user.
        id: &'a str,
        /// The suffix, if there is one.
        media: Option<Media>,
    },
    /// `v2.detail.events.conversation.{id}.attributes`.
    Attributes {
        /// The conversation.
        conversation: &'a str,
    },
    /// `v2.detail.events.conversation.{id}.flow.start` or `….flow.end`.
    Flow {
        /// The conversation.
        conversation: &'a str,
    },
    /// `v2.analytics.flow.{id}.metrics`.
    FlowMetrics {
        /// The flow.
        flow: &'a str,
    },
    /// `channel.metadata`: heartbeat and pong.
    Metadata,
    /// `v2.system.socket_closing`: about a minute before an intended close (not guaranteed).
    SocketClosing,
    /// `v2.system.no_longer_subscribed.{channel}`.
    NoLongerSubscribed,
    /// `v2.system.token_revoked…`.
    TokenRevoked,
    /// `streaming-subscriptions-expiring`: subscribe again.
    SubscriptionsExpiring,
    /// Any other topic.
    Other,
}

impl<'a> TopicKind<'a> {
    /// Reads a topic name.
    pub fn of(name: &'a str) -> Self {
        if let Some(rest) = name.strip_prefix("v2.routing.queues.") {
            return conversations(rest).map_or(Self::Other, |(id, media)| Self::Queue { id, media });
        }
        if let Some(rest) = name.strip_prefix("v2.users.") {
            return conversations(rest).map_or(Self::Other, |(id, media)| Self::User { id, media });
        }
        if let Some(rest) = name.strip_prefix("v2.detail.events.conversation.") {
            return match rest.split_once('.') {
                Some((conversation, "attributes")) => Self::Attributes { conversation },
                Some((conversation, "flow.start" | "flow.end")) => Self::Flow { conversation },
                _ => Self::Other,
            };
        }
        if let Some(rest) = name.strip_prefix("v2.analytics.flow.") {
            return rest.strip_suffix(".metrics").map_or(Self::Other, |flow| Self::FlowMetrics { flow });
        }
        match name {
            "channel.metadata" => Self::Metadata,
            _ if name.starts_with("v2.system.socket_closing") => Self::SocketClosing,
            _ if name.starts_with("v2.system.no_longer_subscribed") => Self::NoLongerSubscribed,
            _ if name.starts_with("v2.system.token_revoked") => Self::TokenRevoked,
            _ if name.contains("streaming-subscriptions-expiring") => Self::SubscriptionsExpiring,
            _ => Self::Other,
        }
    }

    /// True for the topics whose events carry a whole conversation.
    pub fn is_conversation(&self) -> bool {
        matches!(self, Self::Queue { .. } | Self::User { .. })
    }

    /// The medium of a media-suffixed conversation topic.
    pub fn media(&self) -> Option<Media> {
        match self {
            Self::Queue { media, .. } | Self::User { media, .. } => *media,
            _ => None,
        }
    }
}

/// `{id}.conversations[.suffix]` taken apart; `None` for a suffix that nobody knows.
fn conversations(rest: &str) -> Option<(&str, Option<Media>)> {
    let (id, tail) = rest.split_once('.')?;
    let media = match tail.strip_prefix("conversations")? {
        "" => None,
        ".calls" => Some(Media::Call),
        ".callbacks" => Some(Media::Callback),
        ".emails" => Some(Media::Email),
        ".messages" => Some(Media::Message),
        ".chats" => Some(Media::Chat),
        ".cobrowseSessions" => Some(Media::Cobrowse),
        ".screenshares" => Some(Media::Screenshare),
        ".socialexpressions" => Some(Media::Social),
        ".videos" => Some(Media::Video),
        _ => return None,
    };
    Some((id, media))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_built_and_read_back() {
        let queue = Topic::queue(&"q".into());
        assert_eq!(queue.kind(), TopicKind::Queue { id: "q", media: None });
        assert_eq!(Topic::user(&"u".into()).kind(), TopicKind::User { id: "u", media: None });
        let attributes = Topic::attributes(&"c".into());
        assert_eq!(attributes.kind(), TopicKind::Attributes { conversation: "c" });
        assert_eq!(attributes.conversation(), Some("c".into()));
        assert_eq!(queue.conversation(), None);
        assert_eq!(Topic::flow_metrics(&"f".into()).kind(), TopicKind::FlowMetrics { flow: "f" });
        let kinds = Topic::of_conversation(&"c".into()).map(|topic| topic.conversation());
        assert_eq!(kinds, [Some("c".into()), Some("c".into()), Some("c".into())]);
    }

    #[test]
    fn media_suffixes_are_known_and_others_are_not_mistaken() {
        let kind = TopicKind::of("v2.users.u.conversations.cobrowseSessions");
        assert_eq!(kind.media(), Some(Media::Cobrowse));
        assert_eq!(TopicKind::of("v2.users.u.conversations.summary"), TopicKind::Other);
        assert_eq!(TopicKind::of("v2.users.u.presence"), TopicKind::Other);
        assert_eq!(TopicKind::of("v2.detail.events.conversation.c.acd.start"), TopicKind::Other);
        assert_eq!(TopicKind::of("v2.system.socket_closing"), TopicKind::SocketClosing);
        assert_eq!(TopicKind::of("v2.system.no_longer_subscribed.abc"), TopicKind::NoLongerSubscribed);
    }
}
