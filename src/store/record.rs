//! What is kept of one call.

use sha2::{Digest, Sha256};
use std::fmt;

/// The milestones at which presence is kept, in the order in which a call passes them.
pub(crate) const MILESTONES: [&str; 5] = ["start", "flow-end", "queue", "agent", "end"];

/// The index of `flow-end` in [`MILESTONES`], the default of `--by`.
pub(crate) const FLOW_END: usize = 1;

/// How a value is written; of the value itself nothing is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// Any other text.
    #[default]
    Text,
    /// No characters at all.
    Empty,
    /// A decimal number.
    Number,
    /// `true` or `false` in any case.
    Boolean,
    /// An ISO 8601 date or time.
    Date,
    /// A JSON object or array.
    Json,
    /// JSON null, or another value that was not a string in the payload.
    NotText,
}

impl ValueKind {
    /// Every kind; its place is its code in packed records, so the order is part of the layout.
    pub(crate) const ALL: [Self; 7] =
        [Self::Text, Self::Empty, Self::Number, Self::Boolean, Self::Date, Self::Json, Self::NotText];

    /// The word in exports.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Empty => "empty",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Json => "json",
            Self::NotText => "not-text",
        }
    }
}

/// The flow version that a call ran. `id` empty: which flow is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowVersion {
    /// The flow's id; empty when it is not known.
    pub(crate) id: String,
    /// Its name; empty when it is not known.
    pub(crate) name: String,
    /// Its version as people write it (`42`, where the platform writes `42.0`); empty when it is not known.
    pub(crate) version: String,
}

impl fmt::Display for FlowVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name.as_str(), self.version.as_str()) {
            ("", "") => f.write_str("flow not known"),
            (name, "") => f.write_str(name),
            (name, version) => write!(f, "{name} v{version}"),
        }
    }
}

/// One call. Times are milliseconds since 1970 in UTC, as observed by the collector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallRecord {
    /// The organization's id, or the profile's name where the id is not known.
    pub(crate) organization: String,
    /// The conversation's id.
    pub(crate) conversation: String,
    /// `call`, `callback`, `message`, …
    pub(crate) media: String,
    /// When it started.
    pub(crate) started: i64,
    /// When it ended; `None` while it lives, or when its end was not seen.
    pub(crate) ended: Option<i64>,
    /// Names of the queues it was in, first one first; an id where the name is not known.
    pub(crate) queues: Vec<String>,
    /// The first flow it ran.
    pub(crate) flow: FlowVersion,
    /// When each of [`MILESTONES`] was passed; `None` when it was not, or not under our eyes.
    pub(crate) milestones: [Option<i64>; 5],
    /// Part of the call was not observed (a gap, or the call was found late): absence proves nothing then.
    pub(crate) incomplete: bool,
    /// Its keys.
    pub(crate) keys: Vec<KeyRecord>,
}

/// One key on one participant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyRecord {
    /// The key, verbatim.
    pub(crate) key: String,
    /// The participant's purpose.
    pub(crate) purpose: String,
    /// Which of the call's participants of that purpose, in the order of joining.
    pub(crate) nth: u8,
    /// When it was first seen.
    pub(crate) first_seen: i64,
    /// When it was last seen to change.
    pub(crate) last_changed: i64,
    /// At which of [`MILESTONES`] it was there.
    pub(crate) present_at: [bool; 5],
    /// How its last value is written.
    pub(crate) kind: ValueKind,
    /// How often its value changed after it was first seen.
    pub(crate) changes: u32,
    /// [`Salt::hash`] of its last value.
    pub(crate) hash: u16,
    /// The last value, for keys that the operator named.
    pub(crate) value: Option<String>,
}

impl CallRecord {
    /// The queue it is counted under: the last one it was in. Empty for a call that was in none.
    pub(crate) fn queue(&self) -> &str {
        self.queues.last().map_or("", String::as_str)
    }
}

/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 86_400_000;

/// How long the flow of a call may take, in milliseconds, for the call to be judged.
pub(crate) const LONGEST: i64 = 600_000;

/// Of a version of more calls than this all count, without a look at each.
pub(in crate::store) const MOST: i64 = 2_000;

/// What makes the hashes of one store useless in another.
#[derive(Clone)]
pub(crate) struct Salt(pub(super) [u8; 16]);

/// Bits of a value's hash that are kept. Two different values look the same once in 65,536; it answers "did the value
/// change from call to call", not "what was it".
pub(crate) const HASH_BITS: u32 = 16;

impl Salt {
    /// For hashes that nothing is ever compared with beyond this run.
    pub(crate) const UNSTORED: Self = Self([0; 16]);

    /// The hash of a key's value: the first [`HASH_BITS`] bits of SHA-256 over salt, key and value.
    pub(crate) fn hash(&self, key: &str, value: &str) -> u16 {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update((key.len() as u64).to_le_bytes());
        digest.update(key);
        digest.update(value);
        let bytes = digest.finalize();
        u16::from_le_bytes([bytes[0], bytes[1]])
    }
}

impl Salt {
    /// The mark of a conversation that is not to be kept again: 16 bytes of SHA-256 over salt and id.
    pub(super) fn mark(&self, conversation: &[u8]) -> Vec<u8> {
        let digest = Sha256::new().chain_update(self.0).chain_update(b"forgotten").chain_update(conversation);
        digest.finalize()[..16].to_vec()
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt")
    }
}
