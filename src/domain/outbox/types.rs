//! The words of editing: which cell, which write, by which rules.

use crate::domain::{ConversationId, JsonKind, Key, Media, ParticipantId, Value, text};
use compact_str::CompactString;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::{fmt, time::Duration};

/// Something for each key, in order of first sight.
pub(super) type ByKey<T> = IndexMap<Key, T, FxBuildHasher>;

/// One participant of one conversation: what a PATCH is addressed to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PatchTarget {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Which participant of it.
    pub participant: ParticipantId,
}

/// One attribute of one participant: what is edited.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cell {
    /// Which conversation.
    pub conversation: ConversationId,
    /// Which participant of it.
    pub participant: ParticipantId,
    /// Which key, verbatim.
    pub key: Key,
}

impl Cell {
    /// The cell of `key` on `target`.
    pub fn new(target: &PatchTarget, key: Key) -> Self {
        Self { conversation: target.conversation.clone(), participant: target.participant.clone(), key }
    }

    /// Whom a write of this cell is addressed to.
    pub fn target(&self) -> PatchTarget {
        PatchTarget { conversation: self.conversation.clone(), participant: self.participant.clone() }
    }
}

/// One write: everything that leaves for one participant together. Unique within an outbox, growing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WriteId(pub u64);

/// What the operator saw in the cell when the edit began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// Nothing was looked at (`set` without `--if`): whatever the fresh read shows is taken as seen.
    Any,
    /// This value, or `None` when the key was absent.
    Saw(Option<Value>),
}

impl Base {
    /// What is there is what was seen.
    pub(super) fn is(&self, there: Option<&Value>) -> bool {
        matches!(self, Self::Saw(seen) if is_same(seen.as_ref(), there))
    }

    /// The value seen, if one was.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Saw(Some(value)) => Some(value),
            _ => None,
        }
    }
}

/// What was seen or named is what is there. A number or a boolean is known by its text, in which alone it can be named;
/// `null` and nested JSON are no texts.
pub fn is_same(named: Option<&Value>, there: Option<&Value>) -> bool {
    let scalar = |v: &Value| matches!(v.kind(), JsonKind::Text | JsonKind::Number | JsonKind::Bool);
    match (named, there) {
        (None, None) => true,
        (Some(a), Some(b)) => a == b || (scalar(a) && scalar(b) && a.as_str() == b.as_str()),
        _ => false,
    }
}

/// A PATCH that carries this text leaves the value as it is.
pub(super) fn is_sent(text: &str, there: &Value) -> bool {
    there.kind() == JsonKind::Text && there.as_str() == text
}

/// Which address takes the PATCH (configuration: `route`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Route {
    /// `…/conversations/{id}/participants/{id}/attributes`.
    #[default]
    Attributes,
    /// `…/conversations/{id}/participants/{id}`: the form of tutorials in circulation; officially it takes no attributes.
    Participant,
    /// `…/conversations/calls/{id}/participants/{id}/attributes` and the like.
    Media,
}

/// What the body carries (configuration: `write`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum WriteMode {
    /// The freshly read map with the edits laid over it: right whether the server merges or replaces.
    #[default]
    Merged,
    /// The edited keys alone: the narrowest race where the server merges.
    Changed,
}

/// Why nothing may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOnly {
    /// What asked for it: a flag, the environment, the profile.
    pub why: String,
}

/// The rules by which edits are sent and judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What the body carries.
    pub mode: WriteMode,
    /// Which address takes it.
    pub route: Route,
    /// How long after acceptance a value may stay unseen before it becomes an alarm (`confirm_ms`).
    pub confirm: Duration,
    /// How long after the last news a settled write is still watched for late frames and losses.
    pub settle: Duration,
    /// Whether reads may confirm (`--no-confirm-read` turns it off: then the stream alone decides).
    pub confirm_reads: bool,
    /// Set when nothing may be written.
    pub read_only: Option<ReadOnly>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: WriteMode::Merged,
            route: Route::Attributes,
            confirm: Duration::from_secs(10),
            settle: Duration::from_secs(10),
            confirm_reads: true,
            read_only: None,
        }
    }
}

/// When a committed edit leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Timing {
    /// At once.
    #[default]
    Now,
    /// When the voice flow that is running has ended; at once if none runs.
    WhenFlowEnds,
    /// At once, and again when the flow has ended if it wrote its own value back.
    Both,
}

/// What a merged PATCH does with untouched values that are not text: it can carry texts alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum NonText {
    /// Nothing is sent before the operator has chosen, unless the server is known to keep what is left out.
    #[default]
    Ask,
    /// They are left out: right where the server merges.
    Omit,
    /// They become text.
    Convert,
}

/// What the server does with keys that a PATCH leaves out. Not documented (api-facts 3.4), so learned from what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Semantics {
    /// Not known yet.
    #[default]
    Unknown,
    /// They stay.
    Merges,
    /// They vanish.
    Replaces,
}

/// How to commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CommitOptions {
    /// When to send.
    pub timing: Timing,
    /// The operator knows that the conversation or the participant has ended and that analytics will not keep it.
    pub acknowledge_ended: bool,
    /// What becomes of untouched values that are not text.
    pub non_text: NonText,
}

/// Why a cell was not committed. The edit stays a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing may be written; why.
    ReadOnly(String),
    /// The conversation is over: analytics does not keep what is set after that. Asks for `acknowledge_ended`.
    ConversationEnded,
    /// The participant has left: its attributes may not be kept. Asks for `acknowledge_ended`.
    ParticipantEnded,
    /// Untouched keys hold values that are not text, and it is not known that the server keeps what is left out. Asks for a
    /// [`CommitOptions::non_text`].
    NotText(Vec<Key>),
    /// More than one of those that ask.
    Several(Vec<Self>),
    /// No such conversation or participant is known (any more).
    Unknown,
    /// There is no draft in this cell.
    NoDraft,
    /// A key must not be empty.
    EmptyKey,
}

impl Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly(why) => write!(f, "read-only ({why}): nothing was sent"),
            Self::ConversationEnded => f.write_str("this conversation has ended: analytics will not see the change"),
            Self::ParticipantEnded => f.write_str(
                "this participant has left, though the call continues: the change may not be kept, and analytics will not see it",
            ),
            Self::NotText(keys) => {
                let (are, them) = if keys.len() == 1 { ("is", "it") } else { ("are", "them") };
                write!(
                    f,
                    "{} {are} not text, and a PATCH can send text only: sending leaves {them} out, which is right where the \
                     server merges; where it replaces, what is left out vanishes",
                    key_list(keys)
                )
            }
            Self::Several(all) => {
                let texts: Vec<String> = all.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join(". Also: "))
            }
            Self::Unknown => f.write_str("this conversation or participant is not known any more"),
            Self::NoDraft => f.write_str("there is no draft here"),
            Self::EmptyKey => f.write_str("the key is empty"),
        }
    }
}

/// Up to three keys by name, and how many more.
pub(super) fn key_list(keys: &[Key]) -> String {
    let named: Vec<String> = keys.iter().take(3).map(|key| format!("{:?}", text::cut(key.as_str(), 40))).collect();
    match keys.len().saturating_sub(3) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// What a PATCH carries, in the order of the fresh map, new keys last. Always strings: the schema knows nothing else.
pub type PatchBody = IndexMap<Key, CompactString, FxBuildHasher>;

/// One PATCH in full: what the confirm panel shows, what `--dry-run` prints, what the client sends.
#[derive(Clone, Debug, PartialEq)]
pub struct PatchRequest {
    /// Whom it is addressed to.
    pub target: PatchTarget,
    /// By which address.
    pub route: Route,
    /// The participant's medium, for [`Route::Media`].
    pub media: Media,
    /// The attributes; the JSON is `{"attributes":{…}}` on every route.
    pub body: PatchBody,
}

impl PatchRequest {
    /// The path below the API address, ids percent-encoded. A medium without an address of its own (see
    /// [`media_family`]) falls back to the general one.
    pub fn path(&self) -> String {
        let conversation = encoded(self.target.conversation.as_str());
        let participant = encoded(self.target.participant.as_str());
        match (self.route, media_family(self.media)) {
            (Route::Participant, _) => format!("/api/v2/conversations/{conversation}/participants/{participant}"),
            (Route::Media, Some(family)) => {
                format!("/api/v2/conversations/{family}/{conversation}/participants/{participant}/attributes")
            }
            _ => format!("/api/v2/conversations/{conversation}/participants/{participant}/attributes"),
        }
    }
}

/// The media families that have an attribute PATCH of their own: calls, callbacks, emails, messages and
/// cobrowsesessions (chats went in 2026-08, the others in 2023-10).
pub fn media_family(media: Media) -> Option<&'static str> {
    match media {
        Media::Call => Some("calls"),
        Media::Callback => Some("callbacks"),
        Media::Email => Some("emails"),
        Media::Message => Some("messages"),
        Media::Cobrowse => Some("cobrowsesessions"),
        _ => None,
    }
}

/// An id as one segment of a path, percent-encoded.
pub fn encoded(id: &str) -> String {
    use fmt::Write as _;
    let mut out = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(route: Route, media: Media, conversation: &str) -> String {
        let target = PatchTarget { conversation: conversation.into(), participant: "p-1".into() };
        PatchRequest { target, route, media, body: PatchBody::default() }.path()
    }

    #[test]
    fn every_route_has_its_path() {
        let general = "/api/v2/conversations/c/participants/p-1/attributes";
        assert_eq!(request(Route::Attributes, Media::Call, "c"), general);
        assert_eq!(request(Route::Participant, Media::Call, "c"), "/api/v2/conversations/c/participants/p-1");
        let calls = "/api/v2/conversations/calls/c/participants/p-1/attributes";
        assert_eq!(request(Route::Media, Media::Call, "c"), calls);
        assert_eq!(request(Route::Media, Media::Chat, "c"), general, "chats have no address of their own any more");
    }

    #[test]
    fn an_id_cannot_leave_its_segment_of_the_path() {
        assert!(request(Route::Participant, Media::Call, "../x?y").starts_with("/api/v2/conversations/..%2Fx%3Fy/"));
    }
}
