//! What can be put on the clipboard. The text is exact: whoever copies a value wants that value, masked or not.

use super::{Effect, Model, notice::NoticeLevel};
use crate::domain::{
    Key, Participant,
    outbox::{PatchBody, PatchRequest, PatchTarget, WriteId, encoded},
    text,
};

/// One thing that can be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copyable {
    /// The value.
    Value,
    /// `key=value`.
    Pair,
    /// All attributes of the participant as a JSON object.
    Map,
    /// The id of the conversation.
    Id,
    /// The address of the conversation in the API. No form of a link into the web application is documented.
    Link,
    /// The PATCH that the drafts of the participant would send, else the last one that was sent, as a curl command.
    Request,
    /// The read of the conversation as a curl command.
    Read,
}

impl Copyable {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Value, Self::Pair, Self::Map, Self::Id, Self::Link, Self::Request, Self::Read];

    /// What it is.
    pub fn label(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Pair => "key=value",
            Self::Map => "all attributes as JSON",
            Self::Id => "conversation id",
            Self::Link => "address of the call in the API",
            Self::Request => "PATCH as curl, without the token",
            Self::Read => "read as curl, without the token",
        }
    }

    /// Why there is no text.
    pub fn lacking(self) -> &'static str {
        match self {
            Self::Value | Self::Pair => "the key has no value here",
            Self::Request => "nothing was edited on this participant",
            Self::Map => "the participant has left the call",
            Self::Id | Self::Link | Self::Read => "there is none",
        }
    }

    /// Its text; `None` when there is none.
    pub fn text(self, model: &Model, target: &PatchTarget, key: Option<&str>) -> Option<String> {
        let participant = || {
            model.monitor.board.get(target.conversation.as_str())?.conversation.participant(target.participant.as_str())
        };
        let value = |p: &'_ Participant| key.and_then(|k| p.attributes.text(k)).map(str::to_owned);
        match self {
            Self::Value => value(participant()?),
            Self::Pair => Some(format!("{}={}", key?, value(participant()?)?)),
            Self::Map => {
                let map: serde_json::Map<String, serde_json::Value> = participant()?
                    .attributes
                    .iter()
                    .map(|a| (a.key.as_str().to_owned(), a.value.as_str().into()))
                    .collect();
                Some(pretty(map))
            }
            Self::Id => Some(target.conversation.to_string()),
            Self::Link => Some(read_url(model, target)),
            Self::Request => request(model, target).map(|request| {
                let body = serde_json::json!({ "attributes": map(&request.body) });
                let url = format!("{}{}", base(model), request.path());
                let json = " \\\n  -H 'Content-Type: application/json'";
                format!(
                    "curl -X PATCH {} \\\n  {TOKEN}{json} \\\n  --data {}",
                    quoted(&url),
                    quoted(&text::harmless_json(&body.to_string()))
                )
            }),
            Self::Read => Some(format!("curl {} \\\n  {TOKEN}", quoted(&read_url(model, target)))),
        }
    }
}

impl Model {
    /// Copies one thing of a participant, of this key.
    pub(super) fn copy_item(&mut self, item: Copyable, target: &PatchTarget, key: Option<&Key>) -> Vec<Effect> {
        let text = item.text(self, target, key.map(Key::as_str));
        self.copy_text(item.label(), item.lacking(), text)
    }

    /// Copies the text. `lacking`: why there may be none.
    pub(super) fn copy_text(&mut self, label: &str, lacking: &str, text: Option<String>) -> Vec<Effect> {
        let Some(text) = text else {
            self.say(NoticeLevel::Info, format!("Nothing was copied: {lacking}."));
            return Vec::new();
        };
        let count = text.chars().count();
        self.copied(&format!("{label} ({count} {})", if count == 1 { "character" } else { "characters" }));
        vec![Effect::Copy(text)]
    }
}

/// The token is the reader's own.
const TOKEN: &str = "-H \"Authorization: Bearer $GENESYS_ACCESS_TOKEN\"";

/// A JSON object of texts, indented. No character of it controls a terminal that it is pasted into.
pub fn pretty(map: serde_json::Map<String, serde_json::Value>) -> String {
    text::harmless_json(&format!("{:#}", serde_json::Value::Object(map))).into_owned()
}

fn map(body: &PatchBody) -> serde_json::Map<String, serde_json::Value> {
    body.iter().map(|(k, v)| (k.as_str().to_owned(), v.as_str().into())).collect()
}

fn base(model: &Model) -> &str {
    model.settings.api.trim_end_matches('/')
}

fn read_url(model: &Model, target: &PatchTarget) -> String {
    format!("{}/api/v2/conversations/{}", base(model), encoded(target.conversation.as_str()))
}

fn request(model: &Model, target: &PatchTarget) -> Option<PatchRequest> {
    let drafts: Vec<_> = model.outbox.drafts().map(|(cell, _)| cell).filter(|c| c.target() == *target).collect();
    if let Some(preview) = model.outbox.preview(&model.monitor.board, &drafts).into_iter().next() {
        return Some(preview.request);
    }
    let last = model.outbox.log().rev().find(|s| s.target == *target)?;
    sent(model, target, last.write)
}

/// The last PATCH of this write, as it was sent.
pub fn sent(model: &Model, target: &PatchTarget, write: WriteId) -> Option<PatchRequest> {
    let report = model.outbox.report(write).filter(|r| !r.body.is_empty())?;
    let c = &model.monitor.board.get(target.conversation.as_str())?.conversation;
    let media = c.participant(target.participant.as_str())?.media;
    let media = if media == crate::domain::Media::Unknown { c.media } else { media };
    Some(PatchRequest { target: target.clone(), route: model.outbox.policy().route, media, body: report.body })
}

/// One word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
