//! Markdown for a ticket.

use super::{ExportOptions, ExportedCall, journey::Span, time};
use crate::{
    domain::{Value, findings::Finding},
    format::markdown::{MarkdownDocument, Piece},
};

/// One call: facts, findings, every key on every participant, what happened when.
pub fn call(call: ExportedCall<'_>, options: ExportOptions) -> String {
    let mut out = MarkdownDocument::default();
    out.heading(2, &[Piece::foreign(&call.title(options))]);
    for (label, value) in call.facts(options) {
        out.item(&[Piece::own(&format!("{label}:")), Piece::foreign(&value)]);
    }
    if !call.findings.is_empty() {
        out.heading(3, &[Piece::own("Findings")]);
        call.findings.iter().for_each(|found| finding(&mut out, &call, found, options));
    }
    journey(&mut out, &call, options);
    out.heading(3, &[Piece::own("Attributes")]);
    matrix(&mut out, &call, options);
    history(&mut out, &call, options);
    out.paragraph(&[Piece::own(&footer(options))]);
    out.finish()
}

/// All calls, one table; keys that are on any customer participant are the columns' content.
pub fn board(calls: &[ExportedCall<'_>], options: ExportOptions) -> String {
    let mut out = MarkdownDocument::default();
    out.columns(&["call", "conversation", "media", "state", "attributes", "findings"].map(Piece::own));
    for call in calls {
        let conversation = call.conversation();
        let attributes: usize = conversation.participants.iter().map(|p| p.attributes.len()).sum();
        out.row(&[
            Piece::foreign(&call.title(options)),
            Piece::foreign(conversation.id.as_str()),
            Piece::own(conversation.media.as_str()),
            Piece::own(conversation.call_state().as_str()),
            Piece::number(attributes),
            Piece::number(call.findings.len()),
        ]);
    }
    out.paragraph(&[Piece::own(&footer(options))]);
    out.finish()
}

fn finding(out: &mut MarkdownDocument, call: &ExportedCall<'_>, found: &Finding, options: ExportOptions) {
    let mut pieces = vec![Piece::strong(found.severity.as_str()), Piece::foreign(found.rule.as_str())];
    if let Some(key) = &found.key {
        pieces.push(Piece::foreign(&call.cover(key.as_str(), options)));
        if let Some(id) = &found.participant {
            pieces.extend([Piece::own("on"), Piece::foreign(call.purpose_of(id.as_str()))]);
        }
    }
    pieces.extend([Piece::own(":"), Piece::foreign(&call.cover(&found.message, options)), Piece::own(found.remedy())]);
    out.item(&pieces);
}

/// Who was on the call when, and when keys changed on them.
fn journey(out: &mut MarkdownDocument, call: &ExportedCall<'_>, options: ExportOptions) {
    let Some(span) = Span::of(call.conversation(), options.now) else { return };
    out.heading(3, &[Piece::own("Journey")]);
    out.columns(&["on", "journey", "from", "to", "changes"].map(Piece::own));
    for participant in &call.conversation().participants {
        let changes = call.entry.history.iter().filter(|change| change.participant == participant.id).count();
        out.row(&[
            Piece::foreign(participant.purpose.as_str()),
            Piece::foreign(&span.strip(participant, &call.entry.history)),
            Piece::own(&span.since(participant.connected.unwrap_or(participant.first_seen))),
            Piece::own(&participant.ended.map_or_else(|| "still there".to_owned(), |at| span.since(at))),
            Piece::number(changes),
        ]);
    }
}

fn matrix(out: &mut MarkdownDocument, call: &ExportedCall<'_>, options: ExportOptions) {
    let columns = &call.conversation().participants;
    let purposes = columns.iter().map(|p| Piece::foreign(p.purpose.as_str()));
    out.columns(&[Piece::own("key")].into_iter().chain(purposes).collect::<Vec<_>>());
    for key in call.keys() {
        let mut cells = vec![Piece::foreign(&call.cover(key, options))];
        cells.extend(columns.iter().map(|participant| match participant.attributes.text(key) {
            Some("") => Piece::own("(empty)"),
            Some(value) => Piece::foreign(&call.cover(value, options)),
            None => Piece::own("—"),
        }));
        out.row(&cells);
    }
}

fn history(out: &mut MarkdownDocument, call: &ExportedCall<'_>, options: ExportOptions) {
    let history = &call.entry.history;
    if history.is_empty() {
        return left_out(out, call);
    }
    out.heading(3, &[Piece::own("Changes seen")]);
    out.columns(&["time (UTC)", "on", "key", "from", "to", "seen by"].map(Piece::own));
    for change in history.iter() {
        let value = |value: &Option<Value>| match value {
            Some(value) if value.as_str().is_empty() => Piece::own("(empty)"),
            Some(value) => Piece::foreign(&call.cover(value.as_str(), options)),
            None => Piece::own("(absent)"),
        };
        out.row(&[
            Piece::own(&time(change.at.wall)),
            Piece::foreign(call.purpose_of(change.participant.as_str())),
            Piece::foreign(&call.cover(change.key.as_str(), options)),
            value(&change.old),
            value(&change.new),
            Piece::own(change.source.as_str()),
        ]);
    }
    left_out(out, call);
}

fn left_out(out: &mut MarkdownDocument, call: &ExportedCall<'_>) {
    for sentence in call.left_out() {
        out.paragraph(&[Piece::own(&sentence)]);
    }
}

fn footer(options: ExportOptions) -> String {
    let masked = if options.mask { " Personal data and names are masked." } else { "" };
    format!("Exported {} by Sidetone.{masked}", time(options.now))
}
