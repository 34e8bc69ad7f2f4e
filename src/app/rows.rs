//! What a row of the Calls screen says about a call: facts shared by the view, the sort and the palette.

use crate::domain::{At, Attribute, BoardEntry, CallState, Conversation, Media, Names, Participant};
use jiff::Timestamp;
use std::{borrow::Cow, time::Duration};

/// Where a call is, in a word, and for how long it has been with a queue or an agent.
pub fn at(conversation: &Conversation, now: At) -> Cow<'static, str> {
    match conversation.call_state_by() {
        (state @ (CallState::Queue | CallState::Agent), Some(Participant { connected: Some(since), .. })) => {
            Cow::Owned(format!("{} {}", state.as_str(), clock_age(between(*since, now.wall))))
        }
        (state, _) => Cow::Borrowed(state.as_str()),
    }
}

/// Time from `since` to `until`, none when the clocks disagree.
pub fn between(since: Timestamp, until: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(since)).unwrap_or_default()
}

/// How old a call is: until now, or until it ended.
pub fn age(conversation: &Conversation, now: At) -> Duration {
    let since = conversation.started.or_else(|| earliest(conversation)).unwrap_or(conversation.first_seen.wall);
    between(since, conversation.ended.unwrap_or(now.wall))
}

/// When a call began: told by a read, else the earliest leg, else when we saw it first.
pub fn began(conversation: &Conversation) -> Timestamp {
    conversation.started.or_else(|| earliest(conversation)).unwrap_or(conversation.first_seen.wall)
}

fn earliest(conversation: &Conversation) -> Option<Timestamp> {
    conversation.participants.iter().filter_map(|p| p.connected).min()
}

/// `0:41`, `59:59`, then `1h02` and `3d04h`: at most 6 columns.
pub fn clock_age(age: Duration) -> String {
    let s = age.as_secs();
    match s {
        0..3600 => format!("{}:{:02}", s / 60, s % 60),
        3600..86_400 => format!("{}h{:02}", s / 3600, s / 60 % 60),
        _ => format!("{}d{:02}h", s / 86_400, s / 3600 % 24),
    }
}

/// The value was there when the participant was seen first, which had been on the call for a while: when it was set is not known.
pub fn was_there(entry: &BoardEntry, participant: &Participant, attribute: Attribute<'_>) -> bool {
    const AT_ONCE: Duration = Duration::from_secs(3);
    let call = &entry.conversation;
    let changed = attribute.changed.timestamp();
    let is_older = between(participant.connected.unwrap_or_else(|| began(call)), changed) > AT_ONCE;
    // Of a history that lost its beginning only what is as old as the call's first sight is sure.
    let is_kept = entry.history.evicted() == 0 || between(call.first_seen.wall, changed) <= Duration::from_secs(1);
    let key = attribute.key.as_str();
    is_older && is_kept && entry.history.of(&participant.id, key).next().is_none()
}

/// The medium in four letters.
pub fn media(conversation: &Conversation) -> &'static str {
    match conversation.media {
        Media::Call => "call",
        Media::Callback => "clbk",
        Media::Chat => "chat",
        Media::Email => "mail",
        Media::Message | Media::InternalMessage => "msg",
        Media::Cobrowse => "cobr",
        Media::Screenshare => "scrn",
        Media::Social => "socl",
        Media::Video => "vid",
        Media::Unknown => "",
    }
}

/// Who is calling: a telephone number in groups, else the name, else the bare address.
pub fn from(conversation: &Conversation) -> Cow<'_, str> {
    let who = conversation.caller().or(conversation.participants.first());
    let address = conversation.from().unwrap_or_default();
    if let Some(number) = address.strip_prefix("tel:") {
        return phone(number);
    }
    match who.and_then(|p| p.name.as_deref()) {
        Some(name) if !name.is_empty() => Cow::Borrowed(name),
        _ => Cow::Borrowed(bare(address)),
    }
}

/// An address without its scheme.
fn bare(address: &str) -> &str {
    address.strip_prefix("sip:").or_else(|| address.strip_prefix("tel:")).unwrap_or(address)
}

/// North American numbers in their groups; others as they are.
pub fn phone(number: &str) -> Cow<'_, str> {
    match number.strip_prefix("+1") {
        Some(n) if n.len() == 10 && n.bytes().all(|b| b.is_ascii_digit()) => {
            Cow::Owned(format!("+1 {} {} {}", &n[..3], &n[3..6], &n[6..]))
        }
        _ => Cow::Borrowed(number),
    }
}

/// Where the call is going: the flow while it is in one, else its queue, else the flow it came through, else what was dialled.
pub fn to<'a>(conversation: &'a Conversation, names: &'a Names) -> Cow<'a, str> {
    let queue = || conversation.queue().and_then(|q| names.queue(q));
    let acd = || conversation.participants.iter().rev().find(|p| p.purpose.as_str() == "acd")?.name.as_deref();
    let queued = || queue().or_else(acd).map(Cow::Borrowed);
    let name = if conversation.call_state() == CallState::Ivr {
        flow(conversation, names)
    } else {
        queued().or_else(|| flow(conversation, names))
    };
    match name {
        Some(name) => name,
        None => phone(bare(conversation.address.as_deref().unwrap_or_default())),
    }
}

/// What stands for a flow of which nothing told which one it is.
pub const UNKNOWN_FLOW: &str = "flow not known";

/// The newest flow that a call runs or ran, with its version; `None` for a call that ran none.
pub fn flow<'a>(conversation: &'a Conversation, names: &'a Names) -> Option<Cow<'a, str>> {
    match conversation.flow() {
        Some(run) => Some(Cow::Owned(run.label(names))),
        None => conversation.flow_is_unknown().then_some(Cow::Borrowed(UNKNOWN_FLOW)),
    }
}

/// The stations of a call in order, each once in a row: caller, flow, queue, agent.
pub fn path<'a>(conversation: &'a Conversation, names: &'a Names) -> Vec<Cow<'a, str>> {
    let mut path: Vec<Cow<'a, str>> = vec![from(conversation)];
    for p in &conversation.participants {
        if p.purpose.is_customer() {
            continue;
        }
        let queue = || p.queue_id.as_ref().and_then(|q| names.queue(q));
        let name = match p.purpose.as_str() {
            "acd" => queue().or(p.name.as_deref()),
            // Its name is often that of a place.
            _ if p.is_flow() => conversation.flow_of(p).map(|run| run.name(names).unwrap_or(run.id.as_str())),
            _ => p.name.as_deref(),
        };
        let name = Cow::Borrowed(name.unwrap_or(if p.is_flow() { UNKNOWN_FLOW } else { p.purpose.as_str() }));
        if path.last() != Some(&name) {
            path.push(name);
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        let text = |s| clock_age(Duration::from_secs(s));
        assert_eq!([text(0), text(41), text(3599)], ["0:00", "0:41", "59:59"]);
        assert_eq!([text(3600), text(86_399), text(90_000)], ["1h00", "23h59", "1d01h"]);
    }

    #[test]
    fn numbers_are_grouped_only_where_the_plan_is_known() {
        assert_eq!(phone("+15550108861"), "+1 555 010 8861");
        assert_eq!(phone("+4930123456"), "+4930123456");
        assert_eq!(phone("+1555\u{1b}10886"), "+1555\u{1b}10886");
    }
}
