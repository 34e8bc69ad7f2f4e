//! How the notification link is doing, as screens and NDJSON tell it.

use super::At;
use compact_str::CompactString;

/// State of the link as a whole. With several channels it is that of the worst one.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Link {
    /// First connection under way; nothing is live yet.
    #[default]
    Connecting,
    /// Every channel is open and subscribed: what is shown is current.
    Live,
    /// Lost, or not reached yet; tried again by itself.
    Reconnecting {
        /// 1 for the first try after the loss.
        attempt: u32,
        /// When the next try starts; in the past while one is under way.
        until: At,
        /// Why, in words.
        reason: CompactString,
    },
    /// The link is back after a loss. Nothing was kept for us meanwhile, so everything observed before is stale until
    /// it has been read again. Announced once; the state that follows (usually [`Link::Live`]) comes right after it.
    Gap {
        /// When something was last heard before the loss.
        since: At,
    },
    /// Waiting will not help: refused, or the address or its certificate is wrong. Tried again once a minute.
    Offline {
        /// Why, in words.
        reason: CompactString,
        /// What is in the way.
        by: Barrier,
    },
    /// The token is no good any more; a person has to sign in.
    SignedOut {
        /// Why, in words.
        reason: CompactString,
    },
    /// Ended by this program.
    Closed,
}

/// What keeps the link from coming about, where waiting will hardly help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Barrier {
    /// Nothing reaches the platform: a proxy, a certificate, an address.
    #[default]
    Way,
    /// Requests pass, and the notification stream does not.
    Stream,
    /// The platform refuses, for want of a permission.
    Permission,
}

impl Link {
    /// Changes arrive as they happen.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live)
    }

    /// Changes are, or were, missed: what was observed before is stale until it has been read again.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Reconnecting { .. } | Self::Gap { .. } | Self::Offline { .. } | Self::SignedOut { .. })
    }

    /// The word of the NDJSON contract (`state` of a `connection` line).
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Gap { .. } => "gap",
            Self::Offline { .. } | Self::SignedOut { .. } | Self::Closed => "closed",
        }
    }

    /// Why it is not live, where there is something to say.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Reconnecting { reason, .. } | Self::Offline { reason, .. } | Self::SignedOut { reason } => {
                Some(reason)
            }
            Self::Connecting | Self::Live | Self::Gap { .. } | Self::Closed => None,
        }
    }
}
