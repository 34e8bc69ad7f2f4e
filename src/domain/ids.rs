//! Identifiers as the platform gives them: opaque text, usually a UUID, compared exactly.

use std::{
    borrow::Borrow,
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    sync::Arc,
};

/// A fingerprint of an identifier. Two that differ are told apart by it without a look at their texts, which are somewhere else in
/// memory: most comparisons are of two that differ.
fn fingerprint(text: &str) -> u64 {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            text: Arc<str>,
            fingerprint: u64,
        }

        impl $name {
            /// Wraps the platform's text as it is.
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                let text = text.into();
                Self { fingerprint: fingerprint(&text), text }
            }

            /// The identifier as the platform wrote it.
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new("")
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.fingerprint == other.fingerprint && (Arc::ptr_eq(&self.text, &other.text) || self.text == other.text)
            }
        }

        impl Eq for $name {}

        // As its text does: it is looked for by that.
        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.text.hash(state);
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.text.cmp(&other.text)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.text
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }
    };
}

id!(
    /// One conversation (`/api/v2/conversations/{id}`).
    ConversationId
);
id!(
    /// One participant of a conversation.
    ParticipantId
);
id!(
    /// A routing queue.
    QueueId
);
id!(
    /// A user (agent).
    UserId
);
id!(
    /// An Architect flow.
    FlowId
);
