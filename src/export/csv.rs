//! CSV for spreadsheets: one row per attribute. A spreadsheet takes a cell that begins like a formula for one, whoever
//! wrote it, so such a cell gets an apostrophe in front.

use super::{Call, Options, address, time};
use crate::domain::{Participant, text::visible_lines};
use ::csv::{Error, Writer};
use std::borrow::Cow;

const HEADER: [&str; 14] = [
    "conversation_id",
    "media",
    "started",
    "ended",
    "from",
    "to",
    "flow",
    "queue",
    "participant_id",
    "purpose",
    "participant_name",
    "key",
    "value",
    "changed",
];

/// One call.
pub fn call(call: Call<'_>, options: Options) -> Result<String, Error> {
    board(&[call], options)
}

/// All calls.
pub fn board(calls: &[Call<'_>], options: Options) -> Result<String, Error> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for call in calls {
        for participant in &call.conversation().participants {
            rows(&mut writer, call, participant, options)?;
        }
    }
    let bytes = writer.into_inner().map_err(|e| Error::from(std::io::Error::other(e.to_string())))?;
    // Only text was written.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn rows(
    writer: &mut Writer<Vec<u8>>,
    call: &Call<'_>,
    participant: &Participant,
    options: Options,
) -> Result<(), Error> {
    let conversation = call.conversation();
    let cell = |text: &str| harmless(&options.cover(text));
    let optional = |text: Option<&str>| text.map(cell).unwrap_or_default();
    for attribute in &participant.attributes {
        writer.write_record([
            cell(conversation.id.as_str()),
            cell(conversation.media.as_str()),
            conversation.started.map(time).unwrap_or_default(),
            conversation.ended.map(time).unwrap_or_default(),
            optional(conversation.from().map(address)),
            optional(conversation.address.as_deref().map(address)),
            optional(conversation.flow()),
            optional(call.queue()),
            cell(participant.id.as_str()),
            cell(participant.purpose.as_str()),
            optional(participant.name.as_deref()),
            cell(attribute.key.as_str()),
            cell(attribute.value.as_str()),
            time(attribute.changed.timestamp()),
        ])?;
    }
    Ok(())
}

/// Line feeds stay, other control characters are drawn, and what a spreadsheet would run is marked as text.
fn harmless(text: &str) -> String {
    let text: Cow<'_, str> = visible_lines(text);
    // Programs skip blanks, and take the wide forms of the signs for the signs.
    let runs = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '|', '%']);
    if runs || text.starts_with(['\n', '\'']) { format!("'{text}") } else { text.into_owned() }
}
