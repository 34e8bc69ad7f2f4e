//! What can be put on the clipboard. The text is exact: whoever copies a value wants that value, masked or not.

use super::external::pretty;
use crate::domain::{
    Board, Participant,
    outbox::{Outbox, PatchBody, PatchRequest, PatchTarget, WriteId, encoded},
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

/// What is copied from.
#[derive(Clone, Copy, Debug)]
pub struct CopySource<'a> {
    /// The calls.
    pub board: &'a Board,
    /// The edits.
    pub outbox: &'a Outbox,
    /// The address of the API.
    pub api: &'a str,
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
    pub fn text(self, from: CopySource<'_>, target: &PatchTarget, key: Option<&str>) -> Option<String> {
        let participant =
            || from.board.get(target.conversation.as_str())?.conversation.participant(target.participant.as_str());
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
            Self::Link => Some(read_url(from, target)),
            Self::Request => request(from, target).map(|request| {
                let body = serde_json::json!({ "attributes": map(&request.body) });
                let url = format!("{}{}", base(from), request.path());
                let json = " \\\n  -H 'Content-Type: application/json'";
                format!(
                    "curl -X PATCH {} \\\n  {TOKEN}{json} \\\n  --data {}",
                    quoted(&url),
                    quoted(&text::harmless_json(&body.to_string()))
                )
            }),
            Self::Read => Some(format!("curl {} \\\n  {TOKEN}", quoted(&read_url(from, target)))),
        }
    }
}

/// The token is the reader's own.
const TOKEN: &str = "-H \"Authorization: Bearer $GENESYS_ACCESS_TOKEN\"";

fn map(body: &PatchBody) -> serde_json::Map<String, serde_json::Value> {
    body.iter().map(|(k, v)| (k.as_str().to_owned(), v.as_str().into())).collect()
}

fn base(from: CopySource<'_>) -> &str {
    from.api.trim_end_matches('/')
}

fn read_url(from: CopySource<'_>, target: &PatchTarget) -> String {
    format!("{}/api/v2/conversations/{}", base(from), encoded(target.conversation.as_str()))
}

fn request(from: CopySource<'_>, target: &PatchTarget) -> Option<PatchRequest> {
    let drafts: Vec<_> = from.outbox.drafts().map(|(cell, _)| cell).filter(|c| c.target() == *target).collect();
    if let Some(preview) = from.outbox.preview(from.board, &drafts).into_iter().next() {
        return Some(preview.request);
    }
    let last = from.outbox.log().rev().find(|s| s.target == *target)?;
    sent(from, target, last.write)
}

/// The last PATCH of this write, as it was sent.
pub fn sent(from: CopySource<'_>, target: &PatchTarget, write: WriteId) -> Option<PatchRequest> {
    let report = from.outbox.report(write).filter(|r| !r.body.is_empty())?;
    let c = &from.board.get(target.conversation.as_str())?.conversation;
    let media = c.participant(target.participant.as_str())?.media;
    let media = if media == crate::domain::Media::Unknown { c.media } else { media };
    Some(PatchRequest { target: target.clone(), route: from.outbox.policy().route, media, body: report.body })
}

/// One word for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
