//! From one finding to the next, across calls, in the order of the Diagnose screen: the worst rule first.

use super::replay;
use crate::app::{
    Effect, Model,
    call::CellSelection,
    diagnose::{FindingIdentity, FindingScope, Selected},
    keymap::Command,
    notice::NoticeLevel,
    screen::Screen,
};
use crate::domain::{
    ConversationId, ParticipantId,
    alert::Fired,
    findings::{Finding, Severity},
};

/// The presence of a key fell: it is said, and listed with the findings of the call that shows it.
pub(super) fn fallen(model: &mut Model, finding: Finding) {
    let key = model.key_label(Command::Diagnose);
    model.say(NoticeLevel::Alarm, format!("{}. {key} lists it.", finding.message));
    // `!` goes to the call, as to that of any other alert.
    model.monitor.alerts.last = Some(Fired {
        call: finding.conversation.clone(),
        participant: customer(model, &finding.conversation),
        key: finding.key.clone(),
        at: model.now,
        by: "presence",
        words: finding.message.to_string(),
    });
    // There it is what the operator looks for.
    if model.screen == Screen::Diagnose {
        model.diagnose.show_top();
    } else {
        model.diagnose.select(&finding);
    }
    still_fallen(model, finding);
}

/// A fall that was said before is listed with another call, for its own has gone.
pub(super) fn still_fallen(model: &mut Model, finding: Finding) {
    model.monitor.examiner.tell(finding);
    model.touch();
}

fn customer(model: &Model, call: &ConversationId) -> Option<ParticipantId> {
    let entry = model.monitor.board.get(call.as_str())?;
    entry.conversation.customer().map(|p| p.id.clone())
}

/// The next finding or the previous one. In a recording it is one in time.
pub(super) fn step(model: &mut Model, next: bool) -> Vec<Effect> {
    if model.replay.is_some() {
        let command =
            if next { crate::app::keymap::Command::NextFinding } else { crate::app::keymap::Command::PreviousFinding };
        return replay::command(model, command);
    }
    // Before it is put on the first one.
    let visited = model.screen == Screen::Diagnose || model.diagnose.selected.is_some();
    let page = model.page();
    let seen = FindingScope { board: &model.monitor.board, examiner: &model.monitor.examiner, now: model.now };
    model.diagnose.refresh(seen, page);
    let all: Vec<&Finding> = model.diagnose.found().iter().collect();
    // Remarks are stepped over while there is anything worse.
    let worth = if all.iter().any(|f| f.severity > Severity::Info) { Severity::Warn } else { Severity::Info };
    let all: Vec<&Finding> = all.into_iter().filter(|f| f.severity >= worth).collect();
    if all.is_empty() {
        model.say(NoticeLevel::Info, "Nothing was found on the calls here.");
        return Vec::new();
    }
    let here = here(model, &all).filter(|_| visited || model.screen == Screen::Call);
    // Of the calls it begins with the selected one.
    let selected = model.calls.selected.as_ref().filter(|_| model.screen == Screen::Calls);
    let is_selected = |f: &Finding| selected.is_some_and(|id| f.conversation == *id);
    let begin = all.iter().position(|f| is_selected(f)).filter(|_| !here.is_some_and(|here| is_selected(all[here])));
    let to = match (here, next) {
        _ if begin.is_some() => begin.unwrap_or_default(),
        (None, true) => 0,
        (None, false) => all.len() - 1,
        (Some(here), true) => (here + 1) % all.len(),
        (Some(here), false) => (here + all.len() - 1) % all.len(),
    };
    let finding = all[to].clone();
    let words = format!("Finding {} of {}: {}", to + 1, all.len(), model.in_a_line(&finding));
    let around = here.is_some_and(|here| if next { to <= here } else { to >= here });
    let words = if around && all.len() > 1 { format!("{words} (starting over)") } else { words };
    model.diagnose.select(&finding);
    model.touch();
    if model.screen == Screen::Diagnose {
        return Vec::new();
    }
    let Some(entry) = model.monitor.board.get(finding.conversation.as_str()) else { return Vec::new() };
    let who = finding.participant.clone().or_else(|| entry.conversation.customer().map(|p| p.id.clone()));
    let selection = who.map(|participant| CellSelection { participant, key: finding.key.clone() });
    match model.screen {
        Screen::Call => model.switch_call(finding.conversation, selection),
        _ => model.go_to_call(finding.conversation, selection),
    }
    model.say(NoticeLevel::Info, words);
    Vec::new()
}

/// Which of them the operator is at: on a call the one of the selected cell, else the one of this call that was gone to last.
fn here(model: &Model, all: &[&Finding]) -> Option<usize> {
    let last = match &model.diagnose.selected {
        Some(Selected::Finding(place)) => all.iter().position(|f| *place == FindingIdentity::of(f)),
        Some(Selected::Folded(rule)) => all.iter().position(|f| f.rule == *rule),
        Some(Selected::Ended) | None => None,
    };
    if model.screen != Screen::Call {
        return last;
    }
    let call = model.call.as_ref()?;
    let of_call = |f: &Finding| f.conversation == call.id;
    if let Some(last) = last.filter(|i| of_call(all[*i])) {
        return Some(last);
    }
    let cell = call.cell();
    let of_cell = |f: &&Finding| of_call(f) && cell.as_ref().is_some_and(|c| f.key.as_ref() == Some(&c.key));
    all.iter().position(of_cell).or_else(|| all.iter().position(|f| of_call(f)))
}

#[cfg(test)]
mod tests {
    use crate::app::{screen::Screen, testing::Desk};

    fn cell(desk: &Desk) -> (String, String) {
        let cell = desk.model.call.as_ref().and_then(|c| c.cell()).expect("a cell");
        (cell.conversation.to_string(), cell.key.to_string())
    }

    #[test]
    fn brackets_go_from_finding_to_finding_across_calls_and_escape_leads_back() {
        let mut desk = Desk::new(120, 36);
        desk.customer("c1", &[("a", "fine"), ("tier", "{{lookup.tier}}")]);
        desk.customer("c2", &[("note", "[object Object]")]);
        desk.customer("c3", &[("fine", "yes")]);
        desk.keys("]");
        assert_eq!(desk.model.screen, Screen::Call);
        let first = cell(&desk);
        desk.keys("]");
        let second = cell(&desk);
        assert_ne!(first.0, second.0, "the other call");
        desk.keys("]");
        assert_eq!(cell(&desk), first, "around");
        assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("starting over")));
        desk.keys("[");
        assert_eq!(cell(&desk), second);
        desk.keys("<esc>");
        assert_eq!(desk.model.screen, Screen::Calls, "one step back, however many were looked at");
        desk.keys("d]");
        assert_eq!(desk.model.screen, Screen::Diagnose);
    }

    #[test]
    fn the_changes_of_a_key_are_one_key_away_and_escape_comes_back_to_the_cell() {
        let mut desk = Desk::new(120, 36);
        desk.customer("c1", &[("tier", "gold"), ("lang", "en")]);
        desk.customer("c2", &[("tier", "gold"), ("lang", "en")]);
        desk.customer("c1", &[("tier", "silver"), ("lang", "fr")]);
        desk.customer("c2", &[("tier", "tin"), ("lang", "fr")]);
        desk.keys("<tab>/source:stream<enter>");
        assert_eq!(desk.model.timeline.rows.len(), 4);
        desk.keys("/ new~^t<enter>");
        assert_eq!(
            (desk.model.timeline.rows.len(), desk.model.timeline.filter_text.as_str()),
            (1, "source:stream new~^t")
        );
        desk.keys("<tab><enter>");
        let before = cell(&desk);
        desk.keys("T");
        assert_eq!(desk.model.screen, Screen::Timeline);
        assert_eq!(desk.model.timeline.filter_text, format!("key:{}", before.1));
        assert_eq!(desk.model.timeline.rows.len(), 2, "of both calls");
        desk.keys("<enter>");
        assert_eq!(desk.model.screen, Screen::Call);
        desk.keys("<esc><esc>");
        assert_eq!((desk.model.screen, cell(&desk)), (Screen::Call, before));
        assert_eq!(desk.model.timeline.filter_text, "source:stream new~^t", "what was filtered before");
        desk.keys("<tab><backspace>");
        assert_eq!(desk.model.timeline.filter_text, "");
    }
}
