//! `sidetone store show`: what is kept of one conversation, all of it.

use super::{failure, stdout};
use crate::{
    domain::text::visible,
    exit::Exit,
    genesys::discover::conversation_id,
    ndjson,
    store::{
        Store,
        record::{CallRecord, KeyRecord, MILESTONES},
        since::rfc3339,
    },
};
use serde::Serialize;
use std::{collections::BTreeMap, io::Write};

/// The call, as docs/history.md tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownCall<'a> {
    conversation_id: &'a str,
    organization_id: &'a str,
    media_type: &'a str,
    start_time: String,
    end_time: Option<String>,
    queues: &'a [String],
    flow_id: Option<&'a str>,
    flow_name: Option<&'a str>,
    flow_version: Option<&'a str>,
    milestones: BTreeMap<&'static str, Option<String>>,
    incomplete: bool,
    keys: Vec<ShownKey<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownKey<'a> {
    key: &'a str,
    on: &'a str,
    nth: u8,
    first_seen: String,
    last_changed: String,
    changes: u32,
    kind: &'static str,
    present_at: Vec<&'static str>,
    hash: String,
    value: Option<&'a str>,
}

fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn shown_key(key: &KeyRecord) -> ShownKey<'_> {
    let there = MILESTONES.iter().zip(key.present_at).filter(|(_, there)| *there).map(|(name, _)| *name);
    ShownKey {
        key: &key.key,
        on: &key.purpose,
        nth: key.nth,
        first_seen: rfc3339(key.first_seen),
        last_changed: rfc3339(key.last_changed),
        changes: key.changes,
        kind: key.kind.as_str(),
        present_at: there.collect(),
        hash: format!("{:04x}", key.hash),
        value: key.value.as_deref(),
    }
}

fn shown(call: &CallRecord) -> ShownCall<'_> {
    ShownCall {
        conversation_id: &call.conversation,
        organization_id: &call.organization,
        media_type: &call.media,
        start_time: rfc3339(call.started),
        end_time: call.ended.map(rfc3339),
        queues: &call.queues,
        flow_id: known(&call.flow.id),
        flow_name: known(&call.flow.name),
        flow_version: known(&call.flow.version),
        milestones: MILESTONES.iter().zip(call.milestones).map(|(name, at)| (*name, at.map(rfc3339))).collect(),
        incomplete: call.incomplete,
        keys: call.keys.iter().map(shown_key).collect(),
    }
}

/// Prints it.
pub(super) fn run(store: &mut Store, conversation: &str, json: bool) -> anyhow::Result<Exit> {
    let id = conversation_id(conversation)?;
    let Some(call) = store.call(id.as_str()).map_err(failure)? else {
        return Err(Exit::NotFound.because(format!("nothing is kept of conversation {id}")).into());
    };
    let shown = shown(&call);
    if json {
        ndjson::print(&mut stdout(), &shown)?;
        return Ok(Exit::Done);
    }
    let mut out = stdout();
    let ended = shown.end_time.as_deref().unwrap_or("its end was not seen");
    writeln!(out, "{} {}  {} to {ended}", visible(shown.media_type), visible(shown.conversation_id), shown.start_time)?;
    writeln!(out, "flow    {}", visible(&call.flow.to_string()))?;
    writeln!(out, "queues  {}", visible(&call.queues.join(", ")))?;
    for name in MILESTONES {
        let at = shown.milestones.get(name).and_then(Option::as_deref);
        writeln!(out, "{name:<9} {}", at.unwrap_or("not passed while watched"))?;
    }
    for key in &shown.keys {
        let value = key.value.map_or_else(|| format!("hash {}", key.hash), |value| visible(value).into_owned());
        let at = if key.present_at.is_empty() { "no milestone".to_owned() } else { key.present_at.join(", ") };
        writeln!(
            out,
            "{}  {}  {} ({}, {} changes), first seen {}, there at {at}",
            visible(key.on),
            visible(key.key),
            value,
            key.kind,
            key.changes,
            key.first_seen
        )?;
    }
    Ok(Exit::Done)
}
