//! A paste or a file of many values: explained first, then made into drafts.

use super::drafts::{make_drafts, refused};
use crate::app::{
    Effect, Model,
    call::Call,
    keymap::Command,
    notice::Level,
    popups::{Bulk, Overlay},
};
use crate::domain::{Key, outbox::Target};

/// `p`: on the participant under the hand.
pub(super) fn begin(model: &mut Model) {
    if refused(model) {
        return;
    }
    if let Some(target) = model.call.as_ref().and_then(Call::target) {
        open(model, target, "");
    }
}

/// Opens it on this text.
pub(super) fn open(model: &mut Model, target: Target, text: &str) {
    model.overlays.push(Overlay::Bulk(Bulk::new(target, text)));
}

/// Commands in it.
pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(Overlay::Bulk(bulk)) = model.overlays.last_mut() else { return Vec::new() };
    match command {
        Command::Accept => return accept(model),
        Command::Newline => {
            bulk.text.newline();
            bulk.explain();
        }
        Command::DetailDown => bulk.scroll = (bulk.scroll + 3).min(bulk.rows()),
        Command::DetailUp => bulk.scroll = bulk.scroll.saturating_sub(3),
        _ => {
            model.overlays.pop();
        }
    }
    Vec::new()
}

fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Bulk(bulk)) = model.overlays.last() else { return Vec::new() };
    if let Some(path) = bulk.path() {
        return vec![Effect::Load(path)];
    }
    let refusal = match &bulk.explained {
        None => "Paste JSON, KEY=VALUE lines or a CSV header with one row, or name a file.".to_owned(),
        Some(Err(why)) => format!("Not staged: {why}"),
        Some(Ok(explained)) => match explained.settable() {
            Ok(settable) if settable.pairs.is_empty() => "There is no key in it.".to_owned(),
            Ok(settable) => {
                let target = bulk.target.clone();
                model.overlays.pop();
                let text = |(k, v): (String, String)| (Key::from(k.as_str()), None, v);
                make_drafts(model, &target, settable.pairs.into_iter().map(text).collect());
                return Vec::new();
            }
            Err(problems) => {
                let more = match problems.len() {
                    0 | 1 => String::new(),
                    n => format!(" (and {} more)", n - 1),
                };
                format!("Not staged: {}{more}", problems.into_iter().next().unwrap_or_default())
            }
        },
    };
    model.say(Level::Alarm, refusal);
    Vec::new()
}

/// A file that was asked for.
pub(super) fn loaded(model: &mut Model, path: &str, result: Result<String, String>) {
    let Some(Overlay::Bulk(bulk)) = model.overlays.last_mut() else { return };
    match result {
        Ok(text) => {
            *bulk = Bulk::new(bulk.target.clone(), &text);
            model.say(Level::Info, format!("Read from {path}."));
        }
        Err(why) => model.say(Level::Alarm, format!("{path} could not be read: {why}")),
    }
}
