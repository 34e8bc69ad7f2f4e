//! Markdown for a ticket.

use super::{Call, Options, time};
use crate::domain::{findings::Finding, text::visible};
use std::fmt::Write as _;

/// Characters of a value that a table shows; the rest is counted.
const LONGEST: usize = 200;

/// One call: facts, findings, every key on every participant, what happened when.
pub fn call(call: Call<'_>, options: Options) -> String {
    let mut out = format!("## {}\n\n", text(&call.title(options)));
    for (label, value) in call.facts(options) {
        line(&mut out, format_args!("- {label}: {}", code(&value)));
    }
    if !call.findings.is_empty() {
        out.push_str("\n### Findings\n\n");
        call.findings.iter().for_each(|found| finding(&mut out, &call, found, options));
    }
    out.push_str("\n### Attributes\n\n");
    matrix(&mut out, &call, options);
    history(&mut out, &call, options);
    line(&mut out, format_args!("\n{}", footer(options)));
    out
}

/// All calls, one table; keys that are on any customer participant are the columns' content.
pub fn board(calls: &[Call<'_>], options: Options) -> String {
    let mut out = String::from("| call | media | state | attributes | findings |\n|---|---|---|---:|---:|\n");
    for call in calls {
        let conversation = call.conversation();
        let attributes: usize = conversation.participants.iter().map(|p| p.attributes.len()).sum();
        line(
            &mut out,
            format_args!(
                "| {} {} | {} | {} | {attributes} | {} |",
                text(&call.title(options)),
                code(conversation.id.as_str()),
                conversation.media.as_str(),
                conversation.call_state().as_str(),
                call.findings.len(),
            ),
        );
    }
    line(&mut out, format_args!("\n{}", footer(options)));
    out
}

fn finding(out: &mut String, call: &Call<'_>, found: &Finding, options: Options) {
    let place = match (&found.key, &found.participant) {
        (Some(key), Some(id)) => format!(" {} on {}", code(&options.cover(key.as_str())), call.purpose_of(id.as_str())),
        (Some(key), None) => format!(" {}", code(&options.cover(key.as_str()))),
        _ => String::new(),
    };
    line(
        out,
        format_args!(
            "- **{}** `{}`{place}: {} {}",
            found.severity.as_str(),
            found.rule.as_str(),
            text(&options.cover(&found.message)),
            text(found.remedy()),
        ),
    );
}

fn matrix(out: &mut String, call: &Call<'_>, options: Options) {
    let columns = &call.conversation().participants;
    out.push_str("| key |");
    columns.iter().for_each(|p| line_part(out, format_args!(" {} |", text(p.purpose.as_str()))));
    out.push_str("\n|---|");
    columns.iter().for_each(|_| out.push_str("---|"));
    out.push('\n');
    for key in call.keys() {
        line_part(out, format_args!("| {} |", code(&options.cover(key))));
        for participant in columns {
            match participant.attributes.text(key) {
                Some("") => out.push_str(" (blank) |"),
                Some(value) => line_part(out, format_args!(" {} |", code(&options.cover(value)))),
                None => out.push_str(" — |"),
            }
        }
        out.push('\n');
    }
}

fn history(out: &mut String, call: &Call<'_>, options: Options) {
    let history = &call.entry.history;
    if history.is_empty() {
        return left_out(out, call);
    }
    out.push_str("\n### Changes seen\n\n| time (UTC) | on | key | from | to | seen by |\n|---|---|---|---|---|---|\n");
    for change in history.iter() {
        let value = |value: &Option<crate::domain::Value>| match value {
            Some(value) if value.as_str().is_empty() => "(blank)".to_owned(),
            Some(value) => code(&options.cover(value.as_str())),
            None => "(absent)".to_owned(),
        };
        line(
            out,
            format_args!(
                "| {} | {} | {} | {} | {} | {} |",
                time(change.at.wall),
                text(call.purpose_of(change.participant.as_str())),
                code(&options.cover(change.key.as_str())),
                value(&change.old),
                value(&change.new),
                change.source.as_str(),
            ),
        );
    }
    left_out(out, call);
}

fn left_out(out: &mut String, call: &Call<'_>) {
    for sentence in call.left_out() {
        line(out, format_args!("\n{sentence}"));
    }
}

fn footer(options: Options) -> String {
    let masked = if options.mask { " What looks personal is covered." } else { "" };
    format!("Exported {} by Sidetone.{masked}", time(options.now))
}

fn line(out: &mut String, args: std::fmt::Arguments<'_>) {
    line_part(out, args);
    out.push('\n');
}

fn line_part(out: &mut String, args: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(args);
}

/// Plain text: nothing in it is taken for markup.
fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '!' | '|' | '~' | '@' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// A code span, cut when it is long: as many backticks around it as its text needs.
fn code(text: &str) -> String {
    let text = visible(text);
    let count = text.chars().count();
    let cut: String = text.chars().take(LONGEST).collect();
    let longest_run = cut.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest_run + 1);
    let room = if cut.starts_with(['`', ' ']) || cut.ends_with(['`', ' ']) || cut.is_empty() { " " } else { "" };
    // A pipe ends a cell even inside of code; escaped, it does not, and is shown alone.
    let cell = cut.replace('|', "\\|");
    let rest = if count > LONGEST { format!("… ({count} characters)") } else { String::new() };
    format!("{fence}{room}{cell}{room}{fence}{rest}")
}
