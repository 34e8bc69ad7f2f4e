//! The commands of the Diagnose screen.

use crate::app::{
    Effect, Model,
    call::CellSelection,
    diagnose::Diagnose,
    keymap::Command,
    notice::NoticeLevel,
    popups::{ExpectedList, FilterPrompt, Overlay},
    screen::Screen,
};
use crate::domain::findings::Finding;

/// Shows the findings of all calls.
pub(super) fn open(model: &mut Model) {
    model.go_to(Screen::Diagnose);
}

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let page = model.page();
    let d = &mut model.diagnose;
    match command {
        Command::Up => d.step(-1, page),
        Command::Down => d.step(1, page),
        Command::PageUp => d.step(-(page as isize), page),
        Command::PageDown => d.step(page as isize, page),
        Command::First => d.go(0, page),
        Command::Last => d.go(usize::MAX, page),
        Command::Open if d.unfold() => {}
        Command::Open => jump(model),
        Command::Fold => d.fold(),
        Command::Expectations => model.overlays.push(Overlay::Expected(ExpectedList::default())),
        Command::Filter => model.overlays.push(Overlay::Filter(FilterPrompt::new(model))),
        Command::ClearFilter => _ = d.set_filter(""),
        Command::Back if !d.filter_text.is_empty() => _ = d.set_filter(""),
        Command::Back => model.go_back(),
        _ => {}
    }
    model.touch();
    Vec::new()
}

/// Goes to the call of the selected finding, to its cell.
fn jump(model: &mut Model) {
    let Some(finding) = model.diagnose.finding().cloned() else { return };
    let Some(entry) = model.monitor.board.get(finding.conversation.as_str()) else {
        model.say(NoticeLevel::Info, "This call is no longer listed.");
        return;
    };
    let who = finding.participant.clone().or_else(|| entry.conversation.customer().map(|p| p.id.clone()));
    let selection = who.map(|participant| CellSelection { participant, key: finding.key.clone() });
    model.go_to_call(finding.conversation, selection);
}

impl Diagnose {
    /// The findings of the selected call and cell of the Call screen, the worst first.
    pub fn of_cell(model: &Model, call: &str, participant: &str, key: &str) -> Vec<Finding> {
        let here = |f: &Finding| f.participant.as_ref().is_none_or(|p| p.as_str() == participant);
        let mut found: Vec<Finding> = model.monitor.examiner.of_key(call, key).filter(here).collect();
        found.sort_by_key(|f| std::cmp::Reverse(f.severity));
        found
    }
}
