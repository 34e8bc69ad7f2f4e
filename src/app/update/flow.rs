//! Commands of the Flow screen.

use crate::app::{
    Effect, Model,
    call::CellSelection,
    editor::Editor,
    flow::{Definition, DemoStep, FlowHistory, FlowKeyStatus, LookupOutcome, Reading, Show, Waits},
    key::{Code, Key as Pressed},
    keymap::Command,
    notice::NoticeLevel,
    popups::{AnswerPrompt, Choice, Overlay, Pick},
    screen::Screen,
};
use crate::domain::{ConversationId, Key, ParticipantId};

/// Goes to the Flow screen, with the flow of the selected call; without one, with the flow that was shown last, or the one that is
/// chosen from a list.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    let (of_call, key) = (flow_of_selected(model), key_of_selected(model));
    model.go_to(Screen::Flow);
    let effects = match (of_call, model.flow.name.clone()) {
        (Some(own), shown) if shown.as_ref() != Some(&own) => choose(model, own),
        // A reading that failed is tried again: permissions come and links come back.
        (_, Some(shown)) if matches!(model.flow.reading, Reading::Failed(_)) => choose(model, shown),
        // Calls were stored since.
        (_, Some(_)) => ask_history(model).into_iter().collect(),
        (_, None) => match flows(model).as_slice() {
            [(one, _)] => choose(model, one.clone()),
            [] => Vec::new(),
            _ => {
                pick(model);
                Vec::new()
            }
        },
    };
    // The key that one comes from is the one in question.
    if let Some(key) = key.filter(|_| model.flow.show.is_none()) {
        (model.flow.selection, model.flow.moved) = (Some(key.to_string()), true);
    }
    effects
}

/// The key in question on the screen that one comes from, where a key is selected there.
fn key_of_selected(model: &Model) -> Option<Key> {
    match model.screen {
        Screen::Call | Screen::Why | Screen::Diagnose => super::why::selected(model).map(|cell| cell.key),
        _ => None,
    }
}

/// Asks the history store for the keys that the flow sets, and for those that only the version before set.
fn ask_history(model: &Model) -> Option<Effect> {
    let (name, definition) = (model.flow.name.clone()?, model.flow.definition()?);
    let set = definition.keys.by_key.iter().filter(|(_, uses)| !uses.set.is_empty());
    let mut keys: Vec<String> = set.map(|(key, _)| key.clone()).collect();
    let gone = model.flow.gone.iter().filter(|gone| !keys.contains(gone)).cloned().collect::<Vec<_>>();
    keys.extend(gone);
    Some(Effect::FlowHistory(name, keys))
}

/// The flow that the selected call runs or ran last.
fn flow_of_selected(model: &Model) -> Option<String> {
    let board = &model.monitor.board;
    let id = match model.screen {
        Screen::Call => &model.call.as_ref()?.id,
        Screen::Calls => model.calls.selected.as_ref()?,
        Screen::Timeline => &model.timeline.item()?.conversation,
        Screen::Diagnose => &model.diagnose.finding()?.conversation,
        Screen::Why => &model.why.cell.as_ref()?.conversation,
        Screen::Since => return model.since.question.flow.clone(),
        Screen::Flow => return None,
    };
    let run = board.get(id.as_str())?.conversation.flow()?;
    run.name(&board.names).map(ToOwned::to_owned)
}

/// Flows of the calls on the board, those of most calls first.
fn flows(model: &Model) -> Vec<(String, usize)> {
    let mut flows: Vec<(String, usize)> = Vec::new();
    for entry in model.monitor.board.iter() {
        let mut names: Vec<&str> = Vec::new();
        for run in &entry.conversation.flows {
            if let Some(name) = run.name(&model.monitor.board.names).filter(|n| !names.contains(n)) {
                names.push(name);
            }
        }
        for name in names {
            match flows.iter_mut().find(|(known, _)| known == name) {
                Some((_, n)) => *n += 1,
                None => flows.push((name.to_owned(), 1)),
            }
        }
    }
    flows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    flows
}

fn pick(model: &mut Model) {
    let flows = flows(model);
    if flows.is_empty() {
        model.say(NoticeLevel::Info, "No call here is known to have run a flow yet.");
        return;
    }
    let choices = flows
        .into_iter()
        .map(|(name, n)| {
            let note = if n == 1 { "1 call".to_owned() } else { format!("{n} calls") };
            (name.clone(), note, Choice::Flow(name))
        })
        .collect();
    model.overlays.push(Overlay::Pick(Pick::new("Flow", choices, 0)));
}

/// Takes this flow and asks for its configuration.
pub(super) fn choose(model: &mut Model, name: String) -> Vec<Effect> {
    let mut effects = hang_up(model);
    let flow = &mut model.flow;
    flow.name = Some(name.clone());
    flow.reading = Reading::Asked;
    flow.rows.clear();
    flow.show = None;
    flow.selection = None;
    flow.moved = false;
    flow.history = None;
    flow.asked_for = None;
    model.touch();
    effects.push(Effect::ReadFlow(name));
    effects
}

/// A call runs a newer version than the one that is shown: the configuration is read again, once for each version.
pub(super) fn wanted(model: &mut Model) -> Option<Effect> {
    let newer = model.flow.newer_version().filter(|newer| model.flow.asked_for < Some(*newer))?;
    if model.screen != Screen::Flow || model.replay.is_some() {
        return None;
    }
    model.flow.asked_for = Some(newer);
    model.flow.name.clone().map(Effect::ReadFlow)
}

/// The configuration came, or not.
pub(super) fn read(model: &mut Model, name: &str, result: Result<Definition, String>) -> Vec<Effect> {
    model.definitions.insert(name.to_owned(), result.clone());
    model.touch();
    if model.flow.name.as_deref() != Some(name) {
        return Vec::new();
    }
    model.flow.reading = match result {
        Ok(definition) => Reading::Here(definition),
        Err(why) => Reading::Failed(why),
    };
    model.flow.compare();
    model.touch();
    ask_history(model).into_iter().collect()
}

/// The history store has answered.
pub(super) fn history(model: &mut Model, name: &str, history: FlowHistory) {
    if model.flow.name.as_deref() == Some(name) {
        model.flow.history = Some(history).filter(|history| !history.versions.is_empty());
        model.touch();
    }
}

/// The call of the run is on the simulator.
pub(super) fn staged(model: &mut Model, call: ConversationId) {
    if let Some(show) = &mut model.flow.show {
        show.call = Some(call);
    }
}

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let page = model.page();
    let f = &mut model.flow;
    let here = f.position().unwrap_or(0);
    use Command as C;
    f.moved |= matches!(command, C::Up | C::Down | C::PageUp | C::PageDown | C::First | C::Last | C::Open);
    match command {
        Command::Up => f.go(here.saturating_sub(1), page),
        Command::Down => f.go(here + 1, page),
        Command::PageUp => f.go(here.saturating_sub(page), page),
        Command::PageDown => f.go(here + page, page),
        Command::First => f.go(0, page),
        Command::Last => f.go(usize::MAX, page),
        Command::Open => jump(model),
        Command::Columns => pick(model),
        Command::StepFlow => return step(model),
        Command::LookupOk => return outcome(model, LookupOutcome::Ok),
        Command::LookupTimeout => return outcome(model, LookupOutcome::Timeout),
        Command::LookupError => return outcome(model, LookupOutcome::Error),
        Command::LookupGiven => ask(model),
        Command::Restart => return restart(model),
        Command::Back => {
            if model.flow.show.is_some() {
                let effects = hang_up(model);
                model.flow.show = None;
                model.touch();
                return effects;
            }
            model.go_back();
        }
        _ => {}
    }
    model.touch();
    Vec::new()
}

/// The run waits for a key press, and this is one that a telephone has.
pub(super) fn takes(model: &Model, key: Pressed) -> bool {
    let waits = model.flow.show.as_ref().and_then(Show::waits);
    matches!(waits, Some(Waits::Digit(..) | Waits::Output(..))) && matches!(key.code, Code::Char('0'..='9' | '*' | '#'))
}

/// A key press for the menu that the run waits at.
pub(super) fn typed(model: &mut Model, key: Pressed) -> Vec<Effect> {
    let Code::Char(c @ ('0'..='9' | '*' | '#')) = key.code else { return Vec::new() };
    model.touch();
    let steps = model.flow.show.as_mut().map(|show| show.key(c)).unwrap_or_default();
    steps.into_iter().map(Effect::Demo).collect()
}

/// What the simulator is to do with the call of the run that is given up.
fn hang_up(model: &Model) -> Vec<Effect> {
    let on = model.flow.show.as_ref().is_some_and(|show| show.staged && show.end().is_none());
    if on { vec![Effect::Demo(DemoStep::End)] } else { Vec::new() }
}

/// Asks what the lookup answers.
fn ask(model: &mut Model) {
    let Some(definition) = model.flow.definition() else { return };
    let example = match &model.flow.show {
        Some(show) => show.example(),
        None => Show::new(definition.runs.clone(), definition.staged).example(),
    };
    let text = Editor::new(&example.to_string(), false);
    model.overlays.push(Overlay::Answer(AnswerPrompt { text, mistake: None }));
}

fn begin(model: &mut Model) -> Vec<Effect> {
    let Some(definition) = model.flow.definition().cloned() else {
        model.say(NoticeLevel::Info, "The flow cannot be run: its configuration has not been read.");
        return Vec::new();
    };
    let mut effects = hang_up(model);
    model.flow.show = Some(Show::new(definition.runs, definition.staged));
    if definition.staged {
        effects.extend(model.flow.name.clone().map(|name| Effect::Demo(DemoStep::Begin(name))));
    }
    model.touch();
    effects
}

fn step(model: &mut Model) -> Vec<Effect> {
    let mut effects = Vec::new();
    if model.flow.show.is_none() {
        effects = begin(model);
    }
    if let Some(show) = &mut model.flow.show {
        effects.extend(show.step().into_iter().map(Effect::Demo));
    }
    follow(model);
    effects
}

pub(super) fn outcome(model: &mut Model, outcome: LookupOutcome) -> Vec<Effect> {
    let mut effects = Vec::new();
    if model.flow.show.is_none() {
        effects = begin(model);
    }
    if let Some(show) = &mut model.flow.show {
        effects.extend(show.look_up(outcome).into_iter().map(Effect::Demo));
    }
    follow(model);
    effects
}

/// From the start again; the lookup is asked for again.
fn restart(model: &mut Model) -> Vec<Effect> {
    begin(model)
}

/// The selection goes to what was set just now.
fn follow(model: &mut Model) {
    let page = model.page();
    let f = &mut model.flow;
    let set = f.show.as_ref().and_then(|s| s.steps.last()).and_then(|s| s.set.iter().find_map(|s| s.key.clone()));
    if let Some(at) = set.and_then(|key| f.rows.iter().position(|r| r.key == key)) {
        f.go(at, page);
        f.moved = true;
    }
    model.touch();
}

/// To the call of the run, else to the calls that do not carry the key as the flow means it.
fn jump(model: &mut Model) {
    let Some(row) = model.flow.row() else { return };
    let key = Key::from(row.key.as_str());
    if let Some(call) = model.flow.show.as_ref().and_then(|show| show.call.clone()) {
        go(model, call, None, key.as_str());
        return;
    }
    let lacking =
        || row.lacking.iter().filter(|(_, standing)| !matches!(standing, FlowKeyStatus::Waiting | FlowKeyStatus::Late));
    if lacking().next().is_none() {
        let words = format!("Every call of this flow has {key}.");
        model.say(NoticeLevel::Info, words);
        return;
    }
    let choices = lacking().filter_map(|(id, standing)| {
        let call = &model.monitor.board.get(id.as_str())?.conversation;
        let short: String = id.as_str().chars().take(8).collect();
        let (from, at) = (crate::app::rows::from(call), crate::app::rows::at(call, model.now));
        let from = format!("{from:<17} {at:<12} {short}");
        let word = if *standing == FlowKeyStatus::Missing && !row.is_expected() { "absent" } else { standing.word() };
        let note = match standing {
            FlowKeyStatus::Elsewhere(..) => format!("on {}", standing.place().unwrap_or_default()),
            FlowKeyStatus::Spelling(key, _) => format!("{word}: {key}"),
            _ => word.to_owned(),
        };
        let place = match standing {
            FlowKeyStatus::Elsewhere(_, p) => (Some(p.clone()), row.key.clone()),
            FlowKeyStatus::Spelling(key, p) => (Some(p.clone()), key.clone()),
            _ => (None, row.key.clone()),
        };
        Some((from, note, Choice::Call(id.clone(), place.0, place.1)))
    });
    let pick = Pick::new(format!("Calls without {key}"), choices.collect(), 0);
    model.overlays.push(Overlay::Pick(pick));
}

/// Into a call, at this key of this participant, or of the customer.
pub(super) fn go(model: &mut Model, call: ConversationId, participant: Option<ParticipantId>, key: &str) {
    let customer = || {
        let call = &model.monitor.board.get(call.as_str())?.conversation;
        let carrier = call.carrier("customer", key).map(|(carrier, _)| carrier);
        carrier.or_else(|| call.customer()).map(|p| p.id.clone())
    };
    let Some(participant) = participant.or_else(customer) else {
        model.say(NoticeLevel::Info, "This call is not listed.");
        return;
    };
    model.go_to_call(call, Some(CellSelection { participant, key: Some(key.into()) }));
}
