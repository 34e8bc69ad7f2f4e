//! A call, the whole board, the screen, or since when a key is there, as text to hand on: JSON, CSV, Markdown, HTML, plain text, SVG.
//!
//! Pure: everything in, a `String` out. Personal data, and the names of people, are covered unless [`ExportOptions::mask`] is
//! off. All times are UTC. Values are hostile here too: each goes through the writer of its form (`crate::format`).

mod counts;
mod csv;
mod html;
mod journey;
mod json;
mod markdown;
mod presence;
pub mod screen;

#[cfg(test)]
mod tests;

pub use self::counts::Counts;
pub use self::csv::board as board_csv;
pub use html::call as call_html;
pub use json::{board as board_json, call as call_json};
pub use markdown::{board as board_markdown, call as call_markdown};
pub(crate) use presence::{PresenceReport, PresenceShare, presence_html};

use crate::{
    domain::{BoardEntry, Conversation, Names, Participant, findings::Finding, mask},
    ndjson::Stamp,
};
use jiff::Timestamp;
use std::{borrow::Cow, time::Duration};

/// What is exported how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportOptions {
    /// Mask personal data. On unless the operator says otherwise.
    pub mask: bool,
    /// The moment of the export, for ages and the footer.
    pub now: Timestamp,
}

/// One call with all that is said about it.
#[derive(Clone, Copy, Debug)]
pub struct ExportedCall<'a> {
    /// The conversation and its history.
    pub entry: &'a BoardEntry,
    /// Names for ids.
    pub names: &'a Names,
    /// Findings, worst first.
    pub findings: &'a [Finding],
}

impl<'a> ExportedCall<'a> {
    fn conversation(&self) -> &'a Conversation {
        &self.entry.conversation
    }

    /// `+1 555… → Billing`: how people call this call.
    fn title(&self, options: ExportOptions) -> String {
        let call = self.conversation();
        let from = call.from().map_or("unknown caller", address);
        let flow = call.flow().and_then(|run| run.name(self.names));
        let to = flow.or_else(|| self.queue()).or(call.address.as_deref().map(address));
        let from = options.cover(from);
        match to {
            Some(to) => format!("{from} → {}", options.cover(to)),
            None => from.into_owned(),
        }
    }

    fn queue(&self) -> Option<&'a str> {
        let id = self.conversation().queue()?;
        Some(self.names.queue(id).unwrap_or(id.as_str()))
    }

    /// Label and value of what is known about the call itself.
    fn facts(&self, options: ExportOptions) -> Vec<(&'static str, String)> {
        let call = self.conversation();
        let mut facts = vec![("Conversation", call.id.as_str().to_owned()), ("Media", call.media.as_str().to_owned())];
        let mut add = |label, value: Option<String>| facts.extend(value.map(|value| (label, value)));
        add("From", call.from().map(|from| options.cover(address(from)).into_owned()));
        add("Dialled", call.address.as_deref().map(|to| options.cover(address(to)).into_owned()));
        let unknown = call.flow_is_unknown().then(|| "not known".to_owned());
        add("Flow", call.flow().map(|run| options.cover(&run.label(self.names)).into_owned()).or(unknown));
        add("Queue", self.queue().map(str::to_owned));
        add("State", Some(call.call_state().as_str().to_owned()));
        add("Started", call.started.or(first_connected(call)).map(time));
        add("Ended", call.ended.map(time));
        let begin = call.started.or(first_connected(call));
        let end = call.ended.unwrap_or(options.now);
        add("Duration", begin.map(|begin| duration(begin, end)));
        facts
    }

    /// Every key on any participant, in order of first sight, each once.
    fn keys(&self) -> Vec<&'a str> {
        let mut keys: Vec<&str> = Vec::new();
        for attribute in self.conversation().participants.iter().flat_map(|p| p.attributes.iter()) {
            if !keys.contains(&attribute.key.as_str()) {
                keys.push(attribute.key.as_str());
            }
        }
        keys
    }

    /// What is not in the history, one sentence each: without them it would look complete.
    fn left_out(&self) -> impl Iterator<Item = String> + use<> {
        let (evicted, skipped) = (self.entry.history.evicted(), self.entry.skipped);
        let evicted = (evicted > 0).then(|| format!("{evicted} older changes were not kept."));
        let skipped = (skipped > 0)
            .then(|| format!("{skipped} intermediate states were skipped: what came and went in them is not listed."));
        evicted.into_iter().chain(skipped)
    }

    /// A key, a value or a message of the call as it may be handed on: without personal data, and without the names of the
    /// people on it, which are known.
    fn cover<'t>(&self, text: &'t str, options: ExportOptions) -> Cow<'t, str> {
        if !options.mask {
            return Cow::Borrowed(text);
        }
        let people = people(std::iter::once(self.conversation()));
        match mask::mask(text) {
            Cow::Borrowed(text) => mask::cover_names(text, &people, mask::COVER),
            Cow::Owned(text) => Cow::Owned(mask::cover_names(&text, &people, mask::COVER).into_owned()),
        }
    }

    fn purpose_of(&self, participant: &str) -> &'a str {
        self.conversation().participant(participant).map_or("?", |p| p.purpose.as_str())
    }
}

impl ExportOptions {
    /// The text as it may be handed on.
    fn cover<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.mask { mask::mask(text) } else { Cow::Borrowed(text) }
    }

    /// The participant's name as it may be handed on: a person's is masked whole, a flow's or a queue's is none.
    fn name_of<'t>(&self, participant: &'t Participant) -> Option<Cow<'t, str>> {
        let name = participant.name.as_deref()?;
        Some(match self.mask && is_person(participant) {
            true => Cow::Owned(mask::cover_all(name, mask::COVER)),
            false => self.cover(name),
        })
    }
}

/// Somebody, and not a flow, a queue or a workflow.
fn is_person(participant: &Participant) -> bool {
    !matches!(participant.purpose.as_str(), "ivr" | "acd" | "workflow" | "botflow")
}

/// The names of people on these calls, which a picture must not show: the longest first.
pub fn people<'a>(calls: impl Iterator<Item = &'a Conversation>) -> Vec<&'a str> {
    let persons = calls.flat_map(|call| call.participants.iter()).filter(|participant| is_person(participant));
    let mut names: Vec<&str> = persons.filter_map(|p| p.name.as_deref()).map(str::trim).collect();
    names.retain(|name| name.chars().any(char::is_alphabetic));
    names.sort_unstable_by_key(|name| (std::cmp::Reverse(name.len()), *name));
    names.dedup();
    names
}

/// Addresses without their scheme, as people write them.
fn address(address: &str) -> &str {
    address.strip_prefix("tel:").unwrap_or(address)
}

fn time(time: Timestamp) -> String {
    Stamp::of(time).as_str().to_owned()
}

fn first_connected(call: &Conversation) -> Option<Timestamp> {
    call.participants.iter().filter_map(|p| p.connected).min()
}

/// `02:14`, or `1:02:14`.
fn duration(from: Timestamp, to: Timestamp) -> String {
    let seconds = Duration::try_from(to.duration_since(from)).unwrap_or_default().as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes:02}:{seconds:02}") }
}
