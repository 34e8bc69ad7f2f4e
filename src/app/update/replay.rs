//! A recording on the screens: where to go in it, and what happens on arrival.

use crate::app::{
    Effect, Model,
    call::CellSelection,
    keymap::Command,
    notice::NoticeLevel,
    popups::{Choice, GoTo, Overlay, Pick},
    replay::{Arrival, IndexPart, IndexedEvent, Play, PlaybackState, Playing, TimelineMark},
    screen::Screen,
};
use crate::domain::{At, Claimed, ConversationId, Key, ParticipantId, text};
use std::time::Duration;

/// How far one key goes.
const JUMP: Duration = Duration::from_secs(10);

/// The commands of a replay; nothing where there is none.
pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(replay) = &mut model.replay else { return Vec::new() };
    let (now, speed, end) = (model.now, replay.playing.speed, replay.index.end());
    // Whatever was to happen on arrival: the selection has other plans now.
    replay.arrival = None;
    let play = match command {
        Command::Play => Play::Toggle,
        Command::StepOn => Play::Step,
        Command::StepBack => Play::Back,
        Command::Faster => Play::At(speed.faster()),
        Command::Slower => Play::At(speed.slower()),
        Command::Later => Play::ToTime(now.plus(JUMP).min(end.max(now))),
        Command::Earlier => {
            let back = now.mono.saturating_sub(JUMP).max(replay.began.mono);
            Play::ToTime(replay.began.plus(back - replay.began.mono))
        }
        Command::NextChange => return change(model, true),
        Command::PreviousChange => return change(model, false),
        Command::NextFinding => return finding(model, true),
        Command::PreviousFinding => return finding(model, false),
        Command::GoTo => {
            model.overlays.push(Overlay::GoTo(GoTo::default()));
            return Vec::new();
        }
        Command::CallsOfRecording => {
            calls(model);
            return Vec::new();
        }
        _ => return Vec::new(),
    };
    vec![Effect::Play(play)]
}

/// The change before or after this moment: of the selected key on the Call screen, of any key of the call under
/// the selection on the Calls screen, of anything elsewhere.
fn change(model: &mut Model, on: bool) -> Vec<Effect> {
    let call = match model.screen {
        Screen::Call => model.call.as_ref().map(|c| c.id.clone()),
        Screen::Calls => model.calls.selected.clone(),
        _ => None,
    };
    let key = match model.screen {
        Screen::Call => model.call.as_ref().and_then(|c| c.cell()).map(|cell| cell.key),
        _ => None,
    };
    seek_change(model, call.as_ref(), key.as_ref().map(Key::as_str), on)
}

pub(super) fn seek_change(
    model: &mut Model,
    call: Option<&ConversationId>,
    key: Option<&str>,
    on: bool,
) -> Vec<Effect> {
    let Some(replay) = &mut model.replay else { return Vec::new() };
    let index = &replay.index;
    let is = |mark: &TimelineMark| match &mark.what {
        IndexedEvent::Change { call: c, key: k, .. } => {
            call.is_none_or(|id| index.calls().get(*c as usize).is_some_and(|c| c.id == *id))
                && key.is_none_or(|key| index.key(*k).is_some_and(|k| k.as_str() == key))
        }
        _ => false,
    };
    let step = replay.playing.step;
    let found = if on { index.after(step, is) } else { index.before(step, is) };
    let Some(TimelineMark { step, what: IndexedEvent::Change { call: c, participant, key: k }, .. }) = found else {
        let what = match (key, call) {
            (Some(key), _) => format!("change of {}", text::cut(key, 32)),
            (None, Some(_)) => "change of this call".to_owned(),
            (None, None) => "change".to_owned(),
        };
        return nothing(model, &what, on);
    };
    let (step, participant) = (*step, participant.clone());
    let (Some(mark), Some(key)) = (index.calls().get(*c as usize), index.key(*k).cloned()) else { return Vec::new() };
    let words = format!("{} of {} changed", text::cut(key.as_str(), 40), text::cut(&mark.from, 24));
    replay.arrival = Some(Arrival { call: mark.id.clone(), cell: Some((participant, key)), open: false, words });
    vec![Effect::Play(Play::ToStep(step))]
}

/// The finding before or after this moment.
fn finding(model: &mut Model, on: bool) -> Vec<Effect> {
    let Some(replay) = &mut model.replay else { return Vec::new() };
    let is = |mark: &TimelineMark| matches!(mark.what, IndexedEvent::Finding(_));
    let step = replay.playing.step;
    let found = if on { replay.index.after(step, is) } else { replay.index.before(step, is) };
    let Some(TimelineMark { step, what: IndexedEvent::Finding(finding), .. }) = found else {
        return nothing(model, "finding", on);
    };
    let cell = finding.participant.clone().zip(finding.key.clone());
    let words = format!("{}: {}", finding.rule.rule().title, finding.message);
    let play = Play::ToStep(*step);
    replay.arrival = Some(Arrival { call: finding.conversation.clone(), cell, open: false, words });
    vec![Effect::Play(play)]
}

fn nothing(model: &mut Model, what: &str, on: bool) -> Vec<Effect> {
    let where_to = if on { "after" } else { "before" };
    let reading = model.replay.as_ref().and_then(|r| r.index.reading()).filter(|_| on);
    let so_far = reading.map(|p| format!(" so far: {p} % of the recording was read")).unwrap_or_default();
    model.say(NoticeLevel::Info, format!("There is no {what} {where_to} this moment{so_far}."));
    Vec::new()
}

/// Lists the calls of the recording; taking one goes to its start.
fn calls(model: &mut Model) {
    let Some(replay) = &model.replay else { return };
    let clock = |at: At| at.wall.to_zoned(model.settings.zone.clone()).strftime("%H:%M:%S").to_string();
    let choices: Vec<(String, String, Choice)> = replay
        .index
        .calls()
        .iter()
        .map(|c| {
            let changes = if c.changes == 1 { "1 change".to_owned() } else { format!("{} changes", c.changes) };
            let worst = c.worst.map(|w| format!(" · {}", w.as_str())).unwrap_or_default();
            let label =
                format!("{}  {} {} {}", clock(c.at), c.from, if model.settings.ascii { "->" } else { "→" }, c.to);
            (label, format!("{changes}{worst}"), Choice::Moment(c.step, c.id.clone()))
        })
        .collect();
    if choices.is_empty() {
        model.say(NoticeLevel::Info, "No call was read from the recording so far.");
        return;
    }
    // The selected one, if it is there.
    let here = model.calls.selected.as_ref();
    let selected = replay.index.calls().iter().position(|c| Some(&c.id) == here).unwrap_or(0);
    let title = format!("{} calls of the recording", choices.len());
    model.overlays.push(Overlay::Pick(Pick::new(title, choices, selected)));
}

/// A call was taken from the list.
pub(super) fn picked(model: &mut Model, step: u64, call: ConversationId) -> Vec<Effect> {
    let Some(replay) = &mut model.replay else { return Vec::new() };
    let words = "This call was first seen".to_owned();
    replay.arrival = Some(Arrival { call, cell: None, open: true, words });
    vec![Effect::Play(Play::ToStep(step))]
}

/// The bar was clicked at this part of its length.
pub(super) fn clicked(model: &mut Model, part: f64) -> Vec<Effect> {
    let Some(replay) = &mut model.replay else { return Vec::new() };
    replay.arrival = None;
    let length = replay.index.end().mono.saturating_sub(replay.began.mono);
    vec![Effect::Play(Play::ToTime(replay.began.plus(length.mul_f64(part.clamp(0.0, 1.0)))))]
}

/// How the playing goes now.
pub(super) fn playing(model: &mut Model, playing: Playing) {
    let Some(replay) = &mut model.replay else { return };
    replay.playing = playing;
    if playing.seeking {
        return;
    }
    if let Some(arrival) = replay.arrival.take() {
        arrive(model, arrival);
    }
}

fn arrive(model: &mut Model, arrival: Arrival) {
    let Arrival { call, cell, open, words } = arrival;
    let Some(entry) = model.monitor.board.get(call.as_str()) else { return };
    let customer = || entry.conversation.customer().map(|p| p.id.clone());
    let selection = match cell {
        Some((participant, key)) => Some(CellSelection { participant, key: Some(key) }),
        None => customer().map(|participant: ParticipantId| CellSelection { participant, key: None }),
    };
    if open || model.screen == Screen::Call {
        model.go_to_call(call, selection);
    } else {
        model.calls.selected = Some(call);
        model.calls.following = false;
    }
    model.touch();
    model.say(NoticeLevel::Info, words);
}

/// More of the recording was read.
pub(super) fn indexed(model: &mut Model, part: IndexPart) {
    if let Some(replay) = &mut model.replay {
        replay.index.add(part);
    }
}

/// What there was at an earlier moment takes the place of what there is.
pub(super) fn past(model: &mut Model, past: PlaybackState) {
    past.restore(model);
}

/// The edits that the operator of then had sent and not seen. `sent`: one left just now.
pub(super) fn claimed(model: &mut Model, at: At, claimed: Claimed, sent: bool) {
    if let Some(replay) = &mut model.replay {
        replay.claimed = claimed;
    }
    if let Some(collector) = model.collector.as_mut().filter(|_| sent) {
        collector.note(at, IndexedEvent::Edit);
    }
}

/// Lines are missing here.
pub(super) fn lost(model: &mut Model, at: At, lines: u64) -> Vec<Effect> {
    if let Some(collector) = &mut model.collector {
        collector.note(at, IndexedEvent::Gap);
    }
    let words = format!("{lines} lines are missing here: the disk was too slow when it was recorded.");
    model.say(NoticeLevel::Alarm, words);
    model.touch();
    let outcome = super::feed::monitored(model, |monitor, operator| monitor.missed(at, operator));
    super::feed::reported(model, outcome)
}

/// Says why something is not to be had of a recording; true when this is one.
pub(super) fn refused(model: &mut Model, what: &str) -> bool {
    let replayed = model.replay.is_some();
    if replayed {
        model.say(NoticeLevel::Alarm, format!("This is a recording: {what}"));
    }
    replayed
}
