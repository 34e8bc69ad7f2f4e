//! Commands of the Since screen, and what the history store answered.

use super::why;
use crate::app::{
    Effect, Model,
    keymap::Command,
    notice::NoticeLevel,
    popups::{Choice, Overlay, Pick, SincePrompt},
    screen::Screen,
    since::{
        HistoryCall, KnownNames, LiveWithout, MissingRow, SinceLine, SinceQuestion, SinceReport, SinceScreen,
        SinceState, StoredCalls,
    },
};
use crate::domain::{
    ConversationId,
    text::{self, tell_apart},
};
use jiff::Timestamp;

/// Shows since when the selected key is there or missing.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let asked = match model.screen {
        Screen::Flow => model.flow.row().map(|row| (row.key.clone(), "customer".to_owned(), model.flow.name.clone())),
        _ => why::selected(model).map(|cell| {
            let call = model.monitor.board.get(cell.conversation.as_str()).map(|e| &e.conversation);
            let on =
                call.and_then(|c| c.participant(cell.participant.as_str())).map_or("customer", |p| p.purpose.as_str());
            let flow = call.and_then(|c| c.flow()).and_then(|run| run.name(&model.monitor.board.names));
            (cell.key.to_string(), on.to_owned(), flow.map(ToOwned::to_owned))
        }),
    };
    let from = why::selected(model).map(|cell| cell.conversation).filter(|_| model.screen != Screen::Flow);
    let Some((key, on, flow)) = asked else {
        let words = why::none_selected(model);
        model.say(NoticeLevel::Info, words);
        return Vec::new();
    };
    model.go_to(Screen::Since);
    let question = SinceQuestion { key, on, flow, ..SinceQuestion::default() };
    let effects = ask(model, question.clone());
    model.since.opened = question;
    model.since.from = from;
    effects
}

/// Shows since when this key is there or missing on customers of all flows.
pub(super) fn open_key(model: &mut Model, key: String) -> Vec<Effect> {
    model.go_to(Screen::Since);
    let question = SinceQuestion { key, on: "customer".to_owned(), ..SinceQuestion::default() };
    let effects = ask(model, question.clone());
    model.since.opened = question;
    model.since.from = None;
    effects
}

/// Asks the store.
pub(super) fn ask(model: &mut Model, question: SinceQuestion) -> Vec<Effect> {
    let opened = SinceQuestion { key: question.key.clone(), ..std::mem::take(&mut model.since.opened) };
    let from = model.since.from.take();
    model.since =
        SinceScreen { question: question.clone(), opened, from, reading: SinceState::Asked, ..SinceScreen::default() };
    model.touch();
    if model.replay.is_some() {
        model.since.reading =
            SinceState::Failed("A recording is being played, and the history is not part of it.".to_owned());
        return Vec::new();
    }
    vec![Effect::Since(question)]
}

/// The store has answered; `None` without a store. Of the flow that it is about the configuration is read, for what changed in it.
pub(super) fn read(
    model: &mut Model,
    question: &SinceQuestion,
    answer: Option<Result<Option<Box<SinceReport>>, String>>,
) -> Vec<Effect> {
    if model.since.question != *question {
        return Vec::new();
    }
    model.since.reading = match answer {
        None => SinceState::NoStore,
        Some(Ok(Some(report))) => SinceState::Here(report),
        Some(Ok(None)) => SinceState::Never,
        Some(Err(why)) => SinceState::Failed(why),
    };
    model.since.stored = None;
    model.since.selected = 0;
    model.touch();
    if model.since.reading == SinceState::Never {
        return vec![Effect::SinceStored(question.clone())];
    }
    let Some(report) = model.since.report() else { return Vec::new() };
    let Some((fallen, _)) = report.fall() else { return Vec::new() };
    let known = model.definitions.get(&fallen.flow).and_then(|read| read.as_ref().ok());
    if fallen.flow.is_empty() || known.is_some_and(|known| known.version.as_deref() == Some(&fallen.version)) {
        return Vec::new();
    }
    vec![Effect::ReadFlow(fallen.flow.clone())]
}

/// The stored calls for a question that none answers are counted.
pub(super) fn stored(model: &mut Model, question: &SinceQuestion, stored: StoredCalls) {
    if model.since.question == *question && model.since.reading == SinceState::Never {
        model.since.stored = Some(stored);
        model.touch();
    }
}

/// What the store has of a call.
pub(super) fn call(model: &mut Model, answer: Result<Option<HistoryCall>, String>) {
    match answer {
        Ok(Some(call)) => model.since.call = Some(call),
        Ok(None) => model.say(NoticeLevel::Info, "The store no longer has this call."),
        Err(why) => model.say(NoticeLevel::Alarm, why),
    }
    model.touch();
}

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let lines = model.since.listed().len();
    let s = &mut model.since;
    match command {
        Command::Back if s.call.is_some() => s.call = None,
        Command::Back if s.has_own_filter() => {
            let question = s.opened.clone();
            return ask(model, question);
        }
        Command::Back => model.go_back(),
        Command::Up | Command::PageUp => s.selected = s.selected.saturating_sub(1),
        Command::Down | Command::PageDown => s.selected = (s.selected + 1).min(lines.saturating_sub(1)),
        Command::First => s.selected = 0,
        Command::Last => s.selected = lines.saturating_sub(1),
        Command::Left => s.days_back += 1,
        Command::Right => s.days_back = s.days_back.saturating_sub(1),
        Command::Open => return open_call(model),
        Command::Columns => pick(model),
        Command::Filter => {
            let prompt = SincePrompt::new(&model.since.question, known(model));
            model.overlays.push(Overlay::Since(prompt));
        }
        Command::Refresh => {
            let question = s.question.clone();
            return ask(model, question);
        }
        _ => {}
    }
    model.touch();
    Vec::new()
}

/// The call of the selected line; of a version, a list of its calls without the key.
fn open_call(model: &mut Model) -> Vec<Effect> {
    let zone = &model.settings.zone;
    let key = &model.since.question.key;
    let live = |call: &LiveWithout| {
        let label = format!("{}  {}", call.from, call.to);
        (label, "live, not counted".to_owned(), Choice::Past(call.conversation.clone()))
    };
    let ids = || {
        model.since.report().into_iter().flat_map(|report| &report.missing).map(|row| row.call.conversation.as_str())
    };
    let past = |row: &MissingRow| {
        let time = Timestamp::from_millisecond(row.call.started).unwrap_or_default().to_zoned(zone.clone());
        let queue = if row.queue.is_empty() { "no queue" } else { &row.queue };
        let label = format!("{}  {queue}", time.strftime("%d %b %H:%M:%S"));
        let id = tell_apart(row.call.conversation.as_str(), ids(), 9, text::Charset::Unicode).into_owned();
        (label, id, Choice::Past(row.call.conversation.clone()))
    };
    let (choices, nothing): (Vec<_>, String) = match model.since.listed().get(model.since.selected) {
        None => (Vec::new(), "There is no call to open.".to_owned()),
        Some(SinceLine::Call { call, .. }) => {
            let conversation = call.conversation.clone();
            return go_to(model, conversation);
        }
        Some(SinceLine::Live) => (model.since.live.iter().map(live).collect(), String::new()),
        Some(SinceLine::Version(version)) => {
            let missing = model.since.report().map(|report| report.missing.as_slice()).unwrap_or_default();
            let own = missing.iter().filter(|row| row.flow == version.flow && row.call.version == version.version);
            let alive =
                model.since.live.iter().filter(|c| c.flow == version.flow && c.version == version.version).map(live);
            let of = if version.version.is_empty() { String::new() } else { format!(" of v{}", version.version) };
            (alive.chain(own.map(past)).collect(), format!("No call{of} that is counted lacks {key}."))
        }
    };
    if choices.is_empty() {
        model.say(NoticeLevel::Info, nothing);
        return Vec::new();
    }
    let title = format!("Calls without {key}");
    model.overlays.push(Overlay::Pick(Pick::new(title, choices, 0)));
    model.touch();
    Vec::new()
}

/// The call itself where it is on the screen still, else what the store has of it.
pub(super) fn go_to(model: &mut Model, conversation: ConversationId) -> Vec<Effect> {
    let here = model.monitor.board.get(conversation.as_str());
    let key = model.since.question.key.as_str();
    let carrier = |c: &crate::domain::Conversation| {
        let carrier = c.carrier("customer", key).map(|(carrier, _)| carrier).or_else(|| c.customer());
        carrier.map(|p| p.id.clone())
    };
    if let Some(customer) = here.and_then(|e| carrier(&e.conversation)) {
        let key = key.into();
        let selection = crate::app::call::CellSelection { participant: customer, key: Some(key) };
        model.go_to_call(conversation, Some(selection));
        return Vec::new();
    }
    vec![Effect::HistoryCall(conversation.as_str().to_owned())]
}

/// The flows and queues that were seen, of live calls and in the answer.
fn known(model: &Model) -> KnownNames {
    let board = &model.monitor.board;
    let report = model.since.report();
    let missing = report.map(|report| report.missing.as_slice()).unwrap_or_default();
    let runs = board.iter().flat_map(|entry| &entry.conversation.flows).filter_map(|run| run.name(&board.names));
    let versions = report.map(|report| report.versions.as_slice()).unwrap_or_default();
    let flows = runs.chain(versions.iter().map(|version| version.flow.as_str()));
    let queues = board.names.queues().map(|(_, name)| name).chain(missing.iter().map(|row| row.queue.as_str()));
    let set = |names: &mut dyn Iterator<Item = &str>| {
        let set: std::collections::BTreeSet<&str> = names.filter(|name| !name.is_empty()).collect();
        set.into_iter().map(str::to_owned).collect()
    };
    KnownNames { flows: set(&mut flows.into_iter()), queues: set(&mut queues.into_iter()) }
}

/// Another key: those that are expected, and those of the live calls.
fn pick(model: &mut Model) {
    let mut keys: Vec<String> = model.monitor.examiner.expectations().iter().map(|e| e.key.to_string()).collect();
    let mut others: Vec<&str> = Vec::new();
    for entry in model.monitor.board.iter() {
        for participant in &entry.conversation.participants {
            others.extend(participant.attributes.iter().map(|a| a.key.as_str()));
        }
    }
    others.sort_unstable();
    others.dedup();
    for key in others {
        if !keys.iter().any(|known| known == key) {
            keys.push(key.to_owned());
        }
    }
    let here = model.since.question.key.clone();
    let selected = keys.iter().position(|key| *key == here).unwrap_or(0);
    if keys.is_empty() {
        model.say(NoticeLevel::Info, "No keys are known: no call was seen yet.");
        return;
    }
    let choices = keys.into_iter().map(|key| (key.clone(), String::new(), Choice::SinceKey(key))).collect();
    model.overlays.push(Overlay::Pick(Pick::new("Key", choices, selected)));
}
