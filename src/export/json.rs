//! JSON: what `get --json` prints, with the history and the findings beside it.

use super::{ExportOptions, ExportedCall};
use crate::{
    domain::{ParticipantId, text},
    ndjson::Stamp,
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::borrow::Cow;

/// One call, pretty-printed.
pub fn call(call: ExportedCall<'_>, options: ExportOptions) -> serde_json::Result<String> {
    serde_json::to_string_pretty(&CallOut::new(call, options))
        .map(|json| text::harmless_json(&json).into_owned() + "\n")
}

/// All calls.
pub fn board(calls: &[ExportedCall<'_>], options: ExportOptions) -> serde_json::Result<String> {
    let board = BoardOut {
        exported: Stamp::of(options.now),
        masked: options.mask,
        conversations: calls.iter().map(|call| CallOut::new(*call, options)).collect(),
    };
    serde_json::to_string_pretty(&board).map(|json| text::harmless_json(&json).into_owned() + "\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BoardOut<'a> {
    exported: Stamp,
    masked: bool,
    conversations: Vec<CallOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallOut<'a> {
    conversation_id: &'a str,
    media_type: &'static str,
    start_time: Option<Stamp>,
    end_time: Option<Stamp>,
    from: Option<Cow<'a, str>>,
    to: Option<Cow<'a, str>>,
    flow_id: Option<&'a str>,
    flow: Option<&'a str>,
    flow_version: Option<&'a str>,
    queue_id: Option<&'a str>,
    queue_name: Option<&'a str>,
    masked: bool,
    participants: Vec<ParticipantOut<'a>>,
    history: Vec<ChangeOut<'a>>,
    history_evicted: u64,
    states_skipped: u64,
    findings: Vec<FindingOut<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ParticipantOut<'a> {
    participant_id: &'a str,
    purpose: &'a str,
    name: Option<Cow<'a, str>>,
    address: Option<Cow<'a, str>>,
    state: &'a str,
    connected_time: Option<Stamp>,
    end_time: Option<Stamp>,
    attributes: JsonMap<'a>,
}

/// Key and value pairs as an object, in order.
struct JsonMap<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Serialize for JsonMap<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeOut<'a> {
    time: Stamp,
    participant_id: &'a str,
    purpose: &'a str,
    key: Cow<'a, str>,
    old: Option<Cow<'a, str>>,
    new: Option<Cow<'a, str>>,
    source: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingOut<'a> {
    rule: &'a str,
    severity: &'static str,
    participant_id: Option<&'a str>,
    key: Option<Cow<'a, str>>,
    message: Cow<'a, str>,
    remedy: &'static str,
}

impl<'a> CallOut<'a> {
    fn new(call: ExportedCall<'a>, options: ExportOptions) -> Self {
        let conversation = call.conversation();
        let cover = |text: &'a str| call.cover(text, options);
        Self {
            conversation_id: conversation.id.as_str(),
            media_type: conversation.media.as_str(),
            start_time: conversation.started.map(Stamp::of),
            end_time: conversation.ended.map(Stamp::of),
            from: conversation.from().map(cover),
            to: conversation.address.as_deref().map(cover),
            flow_id: conversation.flow().map(|run| run.id.as_str()),
            flow: conversation.flow().and_then(|run| run.name(call.names)),
            flow_version: conversation.flow().and_then(|run| run.version()),
            queue_id: conversation.queue().map(|id| id.as_str()),
            queue_name: conversation.queue().and_then(|id| call.names.queue(id)),
            masked: options.mask,
            participants: conversation
                .participants
                .iter()
                .map(|p| ParticipantOut {
                    participant_id: p.id.as_str(),
                    purpose: p.purpose.as_str(),
                    name: options.name_of(p),
                    address: p.address.as_deref().map(cover),
                    state: p.state.as_str(),
                    connected_time: p.connected.map(Stamp::of),
                    end_time: p.ended.map(Stamp::of),
                    attributes: JsonMap(
                        p.attributes.iter().map(|a| (cover(a.key.as_str()), cover(a.value.as_str()))).collect(),
                    ),
                })
                .collect(),
            history: call
                .entry
                .history
                .iter()
                .map(|change| ChangeOut {
                    time: Stamp::of(change.at.wall),
                    participant_id: change.participant.as_str(),
                    purpose: call.purpose_of(change.participant.as_str()),
                    key: cover(change.key.as_str()),
                    old: change.old.as_ref().map(|v| cover(v.as_str())),
                    new: change.new.as_ref().map(|v| cover(v.as_str())),
                    source: change.source.as_str(),
                })
                .collect(),
            history_evicted: call.entry.history.evicted(),
            states_skipped: call.entry.skipped,
            findings: call
                .findings
                .iter()
                .map(|finding| FindingOut {
                    rule: finding.rule.as_str(),
                    severity: finding.severity.as_str(),
                    participant_id: finding.participant.as_ref().map(ParticipantId::as_str),
                    key: finding.key.as_ref().map(|key| cover(key.as_str())),
                    message: cover(&finding.message),
                    remedy: finding.remedy(),
                })
                .collect(),
        }
    }
}
