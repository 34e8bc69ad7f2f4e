//! Changes for people: what is known of a call as a block when it is first reported, then one line a change.

use crate::{
    commands::ansi::{Ansi, Role},
    domain::{Conversation, Names, text},
    ndjson::NdjsonLine,
};
use jiff::{Timestamp, tz::TimeZone};
use std::fmt::Write;

/// A block of known attributes is broken at this width.
const WIDTH: usize = 100;
/// Where a block begins, below the caller.
const INDENT: usize = 14;

/// Writes lines for people.
#[derive(Clone, Debug)]
pub(super) struct Human {
    paint: Ansi,
    zone: TimeZone,
    /// The block of the call that is reported for the first time: the participant on its last line, and how wide that is.
    block: Option<(String, usize)>,
}

/// Where and when a line belongs.
pub(super) struct About<'a> {
    /// When it was observed.
    pub(super) time: Timestamp,
    /// The call, where it is about one.
    pub(super) call: Option<&'a Conversation>,
    /// Names of queues.
    pub(super) names: &'a Names,
    /// What was known when the call was reported first, and not a change.
    pub(super) snapshot: bool,
}

impl Human {
    pub(super) fn new(paint: Ansi, zone: TimeZone) -> Self {
        Self { paint, zone, block: None }
    }

    /// One line, or a part of the block of a snapshot.
    pub(super) fn line(&mut self, out: &mut String, about: &About<'_>, line: &NdjsonLine<'_>) {
        match line {
            NdjsonLine::Participant { participant_id, purpose, state, .. } if about.snapshot => {
                self.member(out, participant_id, purpose);
                self.word(out, &self.paint.foreign(Role::Quiet, state), text::width(state));
            }
            NdjsonLine::Attribute { participant_id, purpose, key, new, .. } if about.snapshot => {
                if self.block.as_ref().is_none_or(|(id, _)| id != participant_id) {
                    self.member(out, participant_id, purpose);
                }
                let value = new.unwrap_or_default();
                let shown = self.value(Role::Quiet, Some(value));
                let key = text::key_label(key);
                let width = text::width(&key) + 1 + text::width(value).max(1);
                let key = self.paint.foreign(Role::Quiet, &key);
                self.word(out, &format!("{key}{}{shown}", self.paint.own(Role::Quiet, "=")), width);
            }
            _ => {
                self.end(out);
                self.change(out, about, line);
                let begins = matches!(line, NdjsonLine::Conversation { change: "started", .. });
                if about.snapshot && begins {
                    self.block = Some((String::new(), 0));
                }
            }
        }
    }

    /// Ends the block, if one is open.
    pub(super) fn end(&mut self, out: &mut String) {
        if self.block.take().is_some_and(|(_, width)| width > 0) {
            out.push('\n');
        }
    }

    /// A participant begins a line of the block.
    fn member(&mut self, out: &mut String, id: &str, purpose: &str) {
        self.end(out);
        _ = write!(out, "{:INDENT$}{}", "", self.paint.column(Role::Quiet, purpose, 8));
        self.block = Some((id.to_owned(), INDENT + 8));
    }

    /// A word of the block, on a line of its own where there is no room for it.
    fn word(&mut self, out: &mut String, shown: &str, width: usize) {
        let Some((_, used)) = &mut self.block else { return };
        if *used + 2 + width > WIDTH && *used > INDENT + 8 {
            _ = write!(out, "\n{:1$}", "", INDENT + 8);
            *used = INDENT + 8;
        }
        _ = write!(out, "  {shown}");
        *used += 2 + width;
    }

    fn value(&self, role: Role, value: Option<&str>) -> String {
        let paint = &self.paint;
        match value {
            Some("") => paint.own(Role::Quiet, "(empty)").into_owned(),
            Some(value) => paint.foreign(role, value).into_owned(),
            None => paint.own(Role::Quiet, paint.absent()).into_owned(),
        }
    }

    fn change(&self, out: &mut String, about: &About<'_>, line: &NdjsonLine<'_>) {
        let paint = &self.paint;
        let clock = about.time.to_zoned(self.zone.clone()).strftime("%H:%M:%S%.3f").to_string();
        _ = write!(out, "{}  ", paint.own(Role::Quiet, &clock));
        if let Some(call) = about.call {
            let who = match call.from() {
                Some(from) => from.strip_prefix("tel:").unwrap_or(from).to_owned(),
                None => text::shorten_id_in(call.id.as_str(), 12, paint.charset()).into_owned(),
            };
            // Of what is known already only the caller is bright.
            _ = write!(out, "{}  ", paint.column(Role::Name, &who, 18));
        }
        // Writing to a String cannot fail.
        _ = match line {
            NdjsonLine::Connection { state, reason, .. } => {
                let role = if *state == "live" { Role::Good } else { Role::Warning };
                let reason = reason.map(|r| format!(": {}", text::visible_in(r, paint.charset()))).unwrap_or_default();
                writeln!(out, "{}{reason}", paint.own(role, state))
            }
            NdjsonLine::Conversation { conversation_id, change, media_type, .. } => {
                let queue = about.call.and_then(Conversation::queue).map(|id| match about.names.queue(id) {
                    Some(name) => format!(" in {}", text::visible_in(name, paint.charset())),
                    None => format!(" in {}", text::shorten_id_in(id.as_str(), 12, paint.charset())),
                });
                let media = if *media_type == "unknown" { "call" } else { media_type };
                // That it is there says the line itself.
                let word = if about.snapshot && *change == "started" { String::new() } else { format!(" {change}") };
                let role = if *change == "ended" { Role::Warning } else { Role::Quiet };
                writeln!(
                    out,
                    "{media}{}{}  {}",
                    paint.own(role, &word),
                    queue.unwrap_or_default(),
                    paint.foreign(Role::Quiet, conversation_id)
                )
            }
            NdjsonLine::Participant { purpose, change, state, .. } => {
                writeln!(
                    out,
                    "{}  {change} {}",
                    paint.column(Role::Quiet, purpose, 8),
                    paint.foreign(Role::Quiet, state)
                )
            }
            NdjsonLine::Finding { rule, message, severity, .. } => {
                let role = severity_role(severity);
                let message = text::visible_in(message, paint.charset());
                writeln!(out, "{} {}: {message}", paint.own(role, severity), paint.own(role, rule))
            }
            NdjsonLine::Watchpoint { message, .. } => {
                let message = text::visible_in(message, paint.charset());
                writeln!(out, "{} {message}", paint.own(Role::Warning, "alert"))
            }
            NdjsonLine::Attribute { purpose, key, old, new, source, .. } => {
                let after = match new {
                    Some(_) => self.value(Role::Fresh, *new),
                    None => paint.own(Role::Bad, "gone").into_owned(),
                };
                writeln!(
                    out,
                    "{}  {}  {} {} {after}  {}",
                    paint.column(Role::Quiet, purpose, 8),
                    paint.foreign(Role::Name, &text::key_label(key)),
                    self.value(Role::Quiet, *old),
                    paint.own(Role::Quiet, paint.arrow()),
                    paint.own(if *source == "you" { Role::Name } else { Role::Quiet }, source)
                )
            }
        };
    }
}

/// How a severity is coloured.
pub(in crate::commands) fn severity_role(severity: &str) -> Role {
    match severity {
        "error" => Role::Bad,
        "warn" => Role::Warning,
        _ => Role::Quiet,
    }
}
