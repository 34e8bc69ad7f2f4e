//! What a conversation is, drawn from its participants once they are known: its medium, whether it is over, and what of
//! that is news.

use crate::domain::{At, Change, Conversation, ConversationChange, FlowRun, Media, Participant, QueueId};
use compact_str::CompactString;
use jiff::Timestamp;

/// How a message tells the end of a conversation.
pub(super) struct ToldEnd {
    /// When it ended; reads only.
    pub end: Option<Timestamp>,
    /// All participants were told.
    pub complete: bool,
    /// The conversation was known before.
    pub known: bool,
    /// It had ended because the platform no longer had it.
    pub was_gone: bool,
}

/// Draws from the participants what the conversation is, and tells what is new about it. Whether it is over.
pub(super) fn conclude(
    conversation: &mut Conversation,
    before: &UpdateFacts,
    told: &ToldEnd,
    at: At,
    changes: &mut Vec<Change>,
) -> bool {
    conversation.media = main_media(conversation);
    if told.was_gone && told.end.is_none() {
        conversation.ended = all_ended(conversation, at.wall);
    }
    if told.complete || told.end.is_some() {
        // A read tells the end itself; from events it is concluded.
        conversation.ended = match (told.end, all_ended(conversation, at.wall)) {
            (Some(end), _) => Some(end),
            (None, Some(end)) => Some(conversation.ended.unwrap_or(end)),
            (None, None) => None,
        };
    }
    let after = UpdateFacts::of(conversation);
    let id = conversation.id.clone();
    if told.known && !before.same_but_end(&after) {
        changes.insert(0, Change::Conversation { id: id.clone(), change: ConversationChange::Updated });
    }
    match (before.ended, after.ended) {
        (false, true) => changes.push(Change::Conversation { id, change: ConversationChange::Ended }),
        (true, false) => changes.insert(0, Change::Conversation { id, change: ConversationChange::Updated }),
        _ => {}
    }
    after.ended
}

/// What a `ConversationChange::Updated` is about.
pub(super) struct UpdateFacts {
    media: Media,
    address: Option<CompactString>,
    queue: Option<QueueId>,
    from: Option<CompactString>,
    flow: Option<FlowRun>,
    pub ended: bool,
}

impl UpdateFacts {
    pub fn of(conversation: &Conversation) -> Self {
        Self {
            media: conversation.media,
            address: conversation.address.clone(),
            queue: conversation.queue().cloned(),
            from: conversation.from().map(CompactString::new),
            flow: conversation.flow().cloned(),
            ended: conversation.ended.is_some(),
        }
    }

    fn same_but_end(&self, other: &Self) -> bool {
        self.media == other.media
            && self.address == other.address
            && self.queue == other.queue
            && self.from == other.from
            && self.flow == other.flow
    }
}

/// The customer's medium, else the first that is known.
pub(super) fn main_media(conversation: &Conversation) -> Media {
    let known = |p: &&Participant| p.media != Media::Unknown;
    conversation
        .caller()
        .filter(known)
        .or_else(|| conversation.participants.iter().find(known))
        .map_or(conversation.media, |p| p.media)
}

/// An event tells no end: the conversation is over when every participant is (api-facts 2.5).
pub(super) fn all_ended(conversation: &Conversation, now: Timestamp) -> Option<Timestamp> {
    let over = !conversation.participants.is_empty() && conversation.participants.iter().all(|p| !p.is_connected());
    over.then(|| conversation.participants.iter().filter_map(|p| p.ended).max().unwrap_or(now))
}
