//! `sidetone get`: one read, printed.

use super::{
    Context,
    ansi::{Ansi, Role},
    lookup::{self, FoundParticipant},
    stdout,
};
use crate::{
    domain::{Conversation, Names, Participant, text},
    exit::Exit,
    genesys::{client::Priority, discover::conversation_id},
    ndjson::{self, Stamp},
};
use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::io::{IsTerminal, Write};

/// Options of `get`.
#[derive(Args, Debug)]
pub struct GetArgs {
    /// The conversation: its id, or the address of its page in the admin interface
    #[arg(value_name = "CONVERSATION")]
    conversation: String,
    /// Only this participant, by id or purpose
    #[arg(
        long,
        value_name = "P",
        long_help = "Only this participant, by id or by purpose (customer, agent, …); of several with one purpose the \
                     newest that is connected. With --key the default is customer."
    )]
    participant: Option<String>,
    /// Only the value of this key, bare; exit 4 when it is not there
    #[arg(long, value_name = "K")]
    key: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Reads and prints.
pub async fn run(args: GetArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let client = lookup::client(&settings)?;
    let id = conversation_id(&args.conversation)?;
    let board = lookup::read_one(&client, &id, Priority::Interactive).await?;
    let call = lookup::known(&board, &id)?;
    let out = match (&args.key, &args.participant) {
        (Some(key), participant) => {
            let target = lookup::participant(call, participant.as_deref())?;
            one_key(&FoundParticipant { call, participant: target }, key, args.json)?
        }
        (None, Some(participant)) => {
            let only = lookup::participant(call, Some(participant))?;
            whole(call, &[only], &board.names, args.json, Ansi::of(context))?
        }
        (None, None) => {
            let all: Vec<&Participant> = call.participants.iter().collect();
            whole(call, &all, &board.names, args.json, Ansi::of(context))?
        }
    };
    stdout().write_all(&out)?;
    Ok(Exit::Done)
}

/// The value of one key.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyOutput<'a> {
    participant_id: &'a str,
    purpose: &'a str,
    key: &'a str,
    value: &'a str,
}

fn one_key(target: &FoundParticipant<'_>, key: &str, json: bool) -> anyhow::Result<Vec<u8>> {
    let Some(value) = target.participant.attributes.text(key) else { return Err(lookup::no_key(target, key).into()) };
    let mut out = Vec::new();
    if json {
        let (participant_id, purpose) = (target.participant.id.as_str(), target.participant.purpose.as_str());
        ndjson::write(&mut out, &KeyOutput { participant_id, purpose, key, value })?;
    } else if std::io::stdout().is_terminal() {
        out.extend_from_slice(text::visible_lines(value).as_bytes());
        out.push(b'\n');
    } else {
        // For `$(sidetone get …)`: exactly the value.
        out.extend_from_slice(value.as_bytes());
        out.push(b'\n');
    }
    Ok(out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConversationOutput<'a> {
    conversation_id: &'a str,
    media_type: &'static str,
    start_time: Option<Stamp>,
    end_time: Option<Stamp>,
    participants: Vec<ParticipantOutput<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ParticipantOutput<'a> {
    participant_id: &'a str,
    purpose: &'a str,
    name: Option<&'a str>,
    state: &'a str,
    connected_time: Option<Stamp>,
    end_time: Option<Stamp>,
    attributes: AttributesOutput<'a>,
}

struct AttributesOutput<'a>(&'a crate::domain::Attributes);

impl Serialize for AttributesOutput<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for attribute in self.0 {
            map.serialize_entry(attribute.key.as_str(), attribute.value.as_str())?;
        }
        map.end()
    }
}

fn whole(
    call: &Conversation,
    participants: &[&Participant],
    names: &Names,
    json: bool,
    paint: Ansi,
) -> anyhow::Result<Vec<u8>> {
    if !json {
        return Ok(human(call, participants, names, paint, &TimeZone::system()).into_bytes());
    }
    let mut out = Vec::new();
    let participants = participants.iter().map(|p| ParticipantOutput {
        participant_id: p.id.as_str(),
        purpose: p.purpose.as_str(),
        name: p.name.as_deref(),
        state: p.state.as_str(),
        connected_time: p.connected.map(Stamp::of),
        end_time: p.ended.map(Stamp::of),
        attributes: AttributesOutput(&p.attributes),
    });
    ndjson::write(
        &mut out,
        &ConversationOutput {
            conversation_id: call.id.as_str(),
            media_type: call.media.as_str(),
            start_time: call.started.map(Stamp::of),
            end_time: call.ended.map(Stamp::of),
            participants: participants.collect(),
        },
    )?;
    Ok(out)
}

/// A heading for the call, then one block for each participant with its keys in a column.
fn human(call: &Conversation, participants: &[&Participant], names: &Names, paint: Ansi, zone: &TimeZone) -> String {
    let time = |t: Option<Timestamp>| match t {
        Some(t) => t.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        None => paint.absent().to_owned(),
    };
    let when = match call.ended {
        Some(end) => format!("{} to {}", time(call.started), time(Some(end))),
        None => format!("since {}", time(call.started)),
    };
    let from = call.from().map(|a| format!("  from {}", text::visible_in(a, paint.charset()))).unwrap_or_default();
    let queue = call.queue().and_then(|id| names.queue(id));
    let queue = queue.map(|name| format!("  queue {}", text::visible_in(name, paint.charset()))).unwrap_or_default();
    let mut out =
        format!("{} {}{from}{queue}  {when}\n", call.media.as_str(), paint.foreign(Role::Name, call.id.as_str()));
    for p in participants {
        let name = p.name.as_deref().map(|n| format!("  {}", text::visible_in(n, paint.charset()))).unwrap_or_default();
        let ended = p.ended.map(|t| format!("  ended {}", time(Some(t)))).unwrap_or_default();
        out += &format!(
            "\n{}{name}  {}{ended}  {}\n",
            paint.foreign(Role::Name, p.purpose.as_str()),
            paint.foreign(Role::Quiet, p.state.as_str()),
            paint.foreign(Role::Quiet, p.id.as_str())
        );
        if p.attributes.is_empty() {
            out += &format!("  {}\n", paint.own(Role::Quiet, "no attributes"));
        }
        let widest =
            p.attributes.iter().map(|a| text::width(&text::key_label(a.key.as_str()))).max().unwrap_or(0).min(40);
        for a in &p.attributes {
            let value = match a.value.as_str() {
                "" => paint.own(Role::Quiet, "(empty)").into_owned(),
                value => text::visible_in(&text::marked(value, paint.charset()), paint.charset()).into_owned(),
            };
            out += &format!("  {}  {value}\n", paint.column(Role::Quiet, &text::key_label(a.key.as_str()), widest));
        }
    }
    out
}
