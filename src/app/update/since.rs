//! Commands of the Since screen, and what the history store answered.

use super::why;
use crate::app::{
    Effect, Model,
    keymap::Command,
    notice::Level,
    popups::{Choice, Overlay, Pick, SincePrompt},
    screen::Screen,
    since::{HistoryCall, MissingRow, Reading, SinceQuestion, SinceReport, SinceScreen},
};
use crate::domain::{ConversationId, text::shorten_id};
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
    let Some((key, on, flow)) = asked else {
        let words = why::none_selected(model);
        model.say(Level::Info, words);
        return Vec::new();
    };
    model.go_to(Screen::Since);
    let question = SinceQuestion { key, on, flow, ..SinceQuestion::default() };
    let effects = ask(model, question.clone());
    model.since.opened = question;
    effects
}

/// Asks the store.
pub(super) fn ask(model: &mut Model, question: SinceQuestion) -> Vec<Effect> {
    let opened = SinceQuestion { key: question.key.clone(), ..std::mem::take(&mut model.since.opened) };
    model.since = SinceScreen { question: question.clone(), opened, reading: Reading::Asked, ..SinceScreen::default() };
    model.touch();
    if model.replay.is_some() {
        model.since.reading = Reading::Failed("A recording is played: the history store is not asked.".to_owned());
        return Vec::new();
    }
    vec![Effect::Since(question)]
}

/// The store has answered; `None` without a store.
pub(super) fn read(
    model: &mut Model,
    question: &SinceQuestion,
    answer: Option<Result<Option<Box<SinceReport>>, String>>,
) {
    if model.since.question != *question {
        return;
    }
    model.since.reading = match answer {
        None => Reading::NoStore,
        Some(Ok(Some(report))) => Reading::Here(report),
        Some(Ok(None)) => Reading::Never,
        Some(Err(why)) => Reading::Failed(why),
    };
    model.since.selected = 0;
    model.touch();
}

/// What the store has of a call.
pub(super) fn call(model: &mut Model, answer: Result<Option<HistoryCall>, String>) {
    match answer {
        Ok(Some(call)) => model.since.call = Some(call),
        Ok(None) => model.say(Level::Info, "The store no longer has this call."),
        Err(why) => model.say(Level::Alarm, why),
    }
    model.touch();
}

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let lines = model.since.lines();
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
            let prompt = SincePrompt::new(&s.question);
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
    if let Some(call) = model.since.selected_call().cloned() {
        return go_to(model, call.conversation);
    }
    let Some(version) = model.since.selected_version() else {
        model.say(Level::Info, "There is no call to open.");
        return Vec::new();
    };
    let missing = model.since.report().map(|report| report.missing.as_slice()).unwrap_or_default();
    let own = missing.iter().filter(|row| row.flow == version.flow && row.call.version == version.version);
    let zone = &model.settings.zone;
    let choice = |row: &MissingRow| {
        let time = Timestamp::from_millisecond(row.call.started).unwrap_or_default().to_zoned(zone.clone());
        let label = format!("{}  {}", time.strftime("%d %b %H:%M:%S"), row.queue);
        (label, shorten_id(row.call.conversation.as_str(), 9).into_owned(), Choice::Past(row.call.conversation.clone()))
    };
    let choices: Vec<_> = own.map(choice).collect();
    if choices.is_empty() {
        model.say(Level::Info, "No call of this version is known to lack the key.");
        return Vec::new();
    }
    let title = format!("Calls without {}", model.since.question.key);
    model.overlays.push(Overlay::Pick(Pick { title, choices, selected: 0 }));
    model.touch();
    Vec::new()
}

/// The call itself where it is on the screen still, else what the store has of it.
pub(super) fn go_to(model: &mut Model, conversation: ConversationId) -> Vec<Effect> {
    let here = model.monitor.board.get(conversation.as_str());
    if let Some(customer) = here.and_then(|e| e.conversation.customer()).map(|p| p.id.clone()) {
        let key = model.since.question.key.as_str().into();
        let selection = crate::app::call::Hand { participant: customer, key: Some(key) };
        model.go_to_call(conversation, Some(selection));
        return Vec::new();
    }
    vec![Effect::HistoryCall(conversation.as_str().to_owned())]
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
        model.say(Level::Info, "No keys are known: no call was seen yet.");
        return;
    }
    let choices = keys.into_iter().map(|key| (key.clone(), String::new(), Choice::SinceKey(key))).collect();
    model.overlays.push(Overlay::Pick(Pick { title: "Key".into(), choices, selected }));
}
