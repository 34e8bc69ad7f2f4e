//! Messages about the channel, the socket and the token.

use super::{Envelope, WireFrame, lenient::Text};
use crate::genesys::topic::TopicKind;
use serde::Deserialize;

/// What the platform says about the link itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// The heartbeat, about every 30 s.
    Heartbeat,
    /// The answer to our own ping.
    Pong,
    /// The socket will be closed in about a minute.
    SocketClosing,
    /// This channel's subscriptions are gone, for instance because another channel took them.
    NoLongerSubscribed {
        /// The channel it is about, where it says.
        channel: Option<String>,
        /// The platform's word: `another_channel_subscribed`, ….
        reason: Option<String>,
    },
    /// The token was revoked.
    TokenRevoked {
        /// The platform's word: `user_tokens_revoked`, ….
        reason: Option<String>,
    },
    /// The subscriptions will expire unless they are made again.
    SubscriptionsExpiring,
    /// The answer to something that was sent over the socket. `result` 404: the channel is gone.
    Reply {
        /// `200`, `400`, `404` as text.
        result: String,
        /// `subscribed`, `failure`, `error`, ….
        status: Option<String>,
    },
    /// Another message on `channel.metadata`.
    Other,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct SystemBody<'a> {
    #[serde(borrow)]
    message: Text<'a>,
    #[serde(borrow)]
    channel_id: Text<'a>,
    #[serde(borrow)]
    reason: Text<'a>,
}

/// Decodes a message of a system topic, or `None` for another topic.
pub(super) fn control(topic: TopicKind<'_>, body: Option<&str>) -> Option<Control> {
    // A body of another shape says nothing, which is no reason to lose what the topic itself says.
    let body: SystemBody<'_> = body.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
    let owned = |text: &Text<'_>| text.filled().map(str::to_owned);
    Some(match topic {
        TopicKind::Metadata => match body.message.get() {
            Some("pong") => Control::Pong,
            Some(text) if text.eq_ignore_ascii_case("websocket heartbeat") => Control::Heartbeat,
            _ => Control::Other,
        },
        TopicKind::SocketClosing => Control::SocketClosing,
        TopicKind::NoLongerSubscribed => {
            Control::NoLongerSubscribed { channel: owned(&body.channel_id), reason: owned(&body.reason) }
        }
        TopicKind::TokenRevoked => Control::TokenRevoked { reason: owned(&body.reason) },
        TopicKind::SubscriptionsExpiring => Control::SubscriptionsExpiring,
        TopicKind::Queue { .. }
        | TopicKind::User { .. }
        | TopicKind::Attributes { .. }
        | TopicKind::Flow { .. }
        | TopicKind::FlowMetrics { .. }
        | TopicKind::Other => return None,
    })
}

/// A message without a topic: the answer to a subscription sent over the socket, or nothing known.
pub(super) fn without_topic(envelope: &Envelope<'_>) -> WireFrame {
    match envelope.result {
        Some(result) => WireFrame::Control(Control::Reply {
            result: result.get().trim_matches('"').to_owned(),
            status: envelope.status.filled().map(str::to_owned),
        }),
        None if envelope.message.get() == Some("pong") => WireFrame::Control(Control::Pong),
        None => WireFrame::Malformed { reason: "it names no topic".into() },
    }
}
