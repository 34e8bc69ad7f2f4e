//! CSV for spreadsheets: one row per attribute.

use super::{ExportOptions, ExportedCall, address, time};
use crate::{domain::Participant, format::csv::Table};
use std::io;

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

/// All calls.
pub fn board(calls: &[ExportedCall<'_>], options: ExportOptions) -> io::Result<String> {
    let mut table = Table::to(Vec::new(), &HEADER)?;
    for call in calls {
        for participant in &call.conversation().participants {
            rows(&mut table, call, participant, options)?;
        }
    }
    table.finish()
}

fn rows(
    table: &mut Table<Vec<u8>>,
    call: &ExportedCall<'_>,
    participant: &Participant,
    options: ExportOptions,
) -> io::Result<()> {
    let conversation = call.conversation();
    let cover = |text: &str| options.cover(text).into_owned();
    let named = |text: &str| call.cover(text, options).into_owned();
    let optional = |text: Option<&str>| text.map(cover).unwrap_or_default();
    for attribute in &participant.attributes {
        let cells = [
            cover(conversation.id.as_str()),
            cover(conversation.media.as_str()),
            conversation.started.map(time).unwrap_or_default(),
            conversation.ended.map(time).unwrap_or_default(),
            optional(conversation.from().map(address)),
            optional(conversation.address.as_deref().map(address)),
            optional(conversation.flow().map(|run| run.label(call.names)).as_deref()),
            optional(call.queue()),
            cover(participant.id.as_str()),
            cover(participant.purpose.as_str()),
            options.name_of(participant).unwrap_or_default().into_owned(),
            named(attribute.key.as_str()),
            named(attribute.value.as_str()),
            time(attribute.changed.timestamp()),
        ];
        table.row(cells.iter().map(String::as_str))?;
    }
    Ok(())
}
