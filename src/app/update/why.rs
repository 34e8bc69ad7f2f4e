//! Commands of the Why screen, and what it has gathered.

use super::edit;
use crate::app::{
    Effect, Model,
    call::CellSelection,
    keymap::Command,
    notice::NoticeLevel,
    screen::Screen,
    why::{Gathering, is_due, simulate, sum_up},
};
use crate::domain::{Conversation, ConversationId, Key, ParticipantId, findings::RuleId, outbox::Cell};
use crate::why::Gathered;
use std::sync::Arc;

/// Shows why the selected key is as it is.
pub(super) fn open(model: &mut Model) {
    let Some(cell) = selected(model) else {
        let words = none_selected(model);
        model.say(NoticeLevel::Info, words);
        return;
    };
    open_cell(model, cell);
}

/// Shows why this key is as it is.
pub(super) fn open_cell(model: &mut Model, cell: Cell) {
    if model.why.cell.as_ref() != Some(&cell) {
        model.why = Default::default();
        model.why.cell = Some(cell);
    }
    model.go_to(Screen::Why);
}

/// Why no key is in question.
pub(super) fn none_selected(model: &Model) -> &'static str {
    match model.screen {
        Screen::Calls if model.calls.selected.is_none() => "No call is selected.",
        Screen::Calls if model.monitor.examiner.expectations().is_empty() => {
            "No keys are expected here: open the call and select the key in question."
        }
        Screen::Calls => "No expected key is missing here: open the call and select the key in question.",
        Screen::Flow => "No key of the flow is selected.",
        Screen::Diagnose => "No finding about a key is selected.",
        _ => "No key is selected.",
    }
}

/// The key in question: the selected one, or on the Calls screen the one that the call lacks.
pub(super) fn selected(model: &Model) -> Option<Cell> {
    let customer = |id: &ConversationId| {
        let entry = model.monitor.board.get(id.as_str())?;
        entry.conversation.customer().map(|p| p.id.clone())
    };
    let cell = |conversation: &ConversationId, participant: Option<ParticipantId>, key: Key| {
        let participant = participant.or_else(|| customer(conversation))?;
        Some(Cell { conversation: conversation.clone(), participant, key })
    };
    match model.screen {
        Screen::Call => model.call.as_ref()?.cell(),
        Screen::Why => model.why.cell.clone(),
        Screen::Diagnose => {
            let finding = model.diagnose.finding()?;
            cell(&finding.conversation, finding.participant.clone(), finding.key.clone()?)
        }
        Screen::Timeline => {
            let item = model.timeline.item()?;
            cell(&item.conversation, Some(item.participant.clone()), item.key.clone())
        }
        _ => {
            let id = model.calls.selected.as_ref()?;
            let missing = model.monitor.examiner.of(id.as_str()).find(|f| f.rule == RuleId::Missing);
            match missing.and_then(|f| Some((f.participant.clone(), f.key.clone()?))) {
                Some((participant, key)) => cell(id, participant, key),
                None => {
                    let selection = super::calls::sought(model, id)?;
                    cell(id, Some(selection.participant), selection.key?)
                }
            }
        }
    }
}

/// What should be asked of the platform now: for a call that lacks a key and is looked at, and for the key in question.
pub(super) fn wanted(model: &mut Model) -> Option<Effect> {
    let id = match model.screen {
        Screen::Why => model.why.cell.as_ref()?.conversation.clone(),
        Screen::Flow => unknown_run(model)?,
        Screen::Call => {
            let id = &model.call.as_ref()?.id;
            let missing = model.monitor.examiner.of(id.as_str()).any(|f| f.rule == RuleId::Missing && f.key.is_some());
            missing.then(|| id.clone())?
        }
        _ => return None,
    };
    let ends = model.monitor.examiner.milestones(id.as_str()).map_or(0, |m| m.flow_ends().len());
    let running = model.monitor.board.get(id.as_str())?.conversation.running_flow().is_some();
    if model.replay.is_some() {
        // What it ran is not in a recording: the answer rests on what was seen.
        let notes = vec!["A recording holds neither flows nor execution data.".to_owned()];
        let what = Some(Arc::new(Gathered { flows: Vec::new(), notes }));
        model.gathered.entry(id).or_insert(Gathering { at: model.now.mono, pending: false, what, ends, tries: 1 });
        return None;
    }
    let known = model.gathered.get(&id);
    if known.is_some_and(|known| !is_due(known, ends, running, model.now)) {
        return None;
    }
    let (what, tries) = known.map_or((None, 0), |known| (known.what.clone(), known.tries));
    // A flow that ended since is another matter than one that was tried before.
    let tries = if known.is_some_and(|known| known.ends != ends) { 0 } else { tries };
    model.gathered.insert(id.clone(), Gathering { at: model.now.mono, pending: true, what, ends, tries: tries + 1 });
    if model.gathered.len() > 200 {
        let board = &model.monitor.board;
        model.gathered.retain(|id, _| board.get(id.as_str()).is_some());
    }
    Some(Effect::Gather(id))
}

/// On the Flow screen: the next live call whose run is not known. One at a time, and not more than are needed to see which
/// outputs are taken.
fn unknown_run(model: &Model) -> Option<ConversationId> {
    const ENOUGH: usize = 20;
    let flow = model.flow.name.as_deref()?;
    model.flow.definition()?;
    let board = &model.monitor.board;
    let ran = |c: &Conversation| c.flows.iter().any(|run| run.name(&board.names) == Some(flow));
    let calls = board.iter().map(|e| &e.conversation).filter(|c| !c.is_over() && c.running_flow().is_none() && ran(c));
    let (mut known, mut next) = (0, None);
    for call in calls {
        match model.gathered.get(&call.id) {
            Some(gathering) if gathering.pending => return None,
            Some(gathering) if has_record(gathering) => known += 1,
            // Records come some time after a flow's end: it is asked again, as on the other screens.
            Some(gathering) => {
                let ends = model.monitor.examiner.milestones(call.id.as_str()).map_or(0, |m| m.flow_ends().len());
                if is_due(gathering, ends, false, model.now) {
                    next = next.or(Some(&call.id));
                }
            }
            None => next = next.or(Some(&call.id)),
        }
    }
    next.filter(|_| known < ENOUGH && model.replay.is_none()).cloned()
}

fn has_record(gathering: &Gathering) -> bool {
    gathering.what.as_ref().is_some_and(|what| what.flows.iter().any(|flow| flow.run.is_some()))
}

/// What was asked for is here.
pub(super) fn gathered(model: &mut Model, id: &ConversationId, what: Gathered) {
    if let Some(known) = model.gathered.get_mut(id) {
        known.pending = false;
        known.what = Some(Arc::new(what));
    }
    model.why.simulated.clear();
    model.touch();
}

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let page = 10;
    let lines = model.why.shown.as_ref().map_or(0, |s| s.trunk.len() + s.answer.evidence.len() + 8);
    let scroll = &mut model.why.scroll;
    match command {
        Command::Up => *scroll = scroll.saturating_sub(1),
        Command::Down => *scroll = (*scroll + 1).min(lines),
        Command::PageUp | Command::DetailUp => *scroll = scroll.saturating_sub(page),
        Command::PageDown | Command::DetailDown => *scroll = (*scroll + page).min(lines),
        Command::First => *scroll = 0,
        Command::Last => *scroll = lines,
        Command::Edit => return set(model),
        Command::Simulate => simulated(model),
        Command::Copy => return copy(model),
        Command::Back => model.go_back(),
        _ => {}
    }
    model.touch();
    Vec::new()
}

/// To the cell, to set the key there.
fn set(model: &mut Model) -> Vec<Effect> {
    let Some(cell) = model.why.cell.clone() else { return Vec::new() };
    let selection = CellSelection { participant: cell.participant, key: Some(cell.key) };
    model.go_to_call(cell.conversation, Some(selection));
    let now = model.now;
    model.prepare(now);
    edit::begin(model)
}

fn simulated(model: &mut Model) {
    let key = model.why.cell.as_ref().map(|cell| cell.key.to_string());
    let shown = model.why.shown.as_ref();
    let flow = model.why.cell.as_ref().and_then(|cell| {
        let gathered = model.gathered(&cell.conversation)?;
        let wanted = shown?.answer.flow.as_ref();
        let flow = gathered
            .flows
            .iter()
            .rev()
            .find(|f| wanted.is_none_or(|w| w.id == f.name.id && w.version == f.name.version));
        flow?.definition.clone()
    });
    let (Some(key), Some(flow), Some(shown)) = (key, flow, shown) else {
        model.say(NoticeLevel::Info, "Nothing to simulate: the definition of the flow that ran is not known.");
        return;
    };
    let simulated = simulate(&flow, &key, &shown.trunk);
    // Where there is little room, what it came to stands further below.
    let words = sum_up(&key, &simulated);
    model.why.simulated = simulated;
    model.say(NoticeLevel::Info, words);
    model.touch();
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let Some(shown) = &model.why.shown else { return Vec::new() };
    let answer = &shown.answer;
    let fix = answer.remedy.as_ref().map(|fix| format!("\nFix: {fix}.")).unwrap_or_default();
    let text =
        format!("{}{fix}\nCertainty: {}. Call {}.", answer.cause, answer.certainty.as_str(), answer.conversation_id);
    model.copied("the answer");
    vec![Effect::Copy(text)]
}
