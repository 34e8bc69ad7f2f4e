//! Where the operator is and how they came there: Esc goes back to where one came from, with what was selected there.

use super::Model;
use crate::app::{
    call::{CallScreen, CellSelection},
    places::{KeyFocus, Place},
    rows,
    screen::Screen,
};
use crate::domain::ConversationId;

impl Model {
    /// What the keys are about now.
    pub(in crate::app) fn key_focus(&self) -> KeyFocus {
        let (place, overlays) = (self.place(), self.overlays.len());
        KeyFocus { place, overlays, scope: self.scopes().first().copied() }
    }

    fn place(&self) -> Place {
        match (self.screen, &self.call) {
            (Screen::Call, Some(call)) => Place::Call(call.id.clone(), call.selection.clone()),
            (Screen::Calls | Screen::Call, _) => Place::Calls(self.calls.selected.clone()),
            (screen, _) => Place::Other(screen),
        }
    }

    /// The places on the way here, without this one and, where there are others, without the home screen.
    pub fn way_here(&self) -> &[Place] {
        match self.trail.as_slice() {
            [Place::Calls(_), rest @ ..] if !rest.is_empty() => rest,
            trail => trail,
        }
    }

    /// Goes to another screen than that of a call. One that is on the way here already is gone back to, so that the way stays short.
    pub(in crate::app) fn go_to(&mut self, screen: Screen) {
        self.touch();
        if self.screen == screen {
            return;
        }
        match self.trail.iter().position(|place| place.screen() == screen) {
            Some(at) => self.trail.truncate(at),
            None => self.trail.push(self.place()),
        }
        self.screen = screen;
    }

    /// Goes into a call, at `selection`, or where it was last time.
    pub(in crate::app) fn go_to_call(&mut self, id: ConversationId, selection: Option<CellSelection>) {
        let here = self.screen == Screen::Call && self.call.as_ref().is_some_and(|call| call.id == id);
        if !here {
            self.trail.push(self.place());
        }
        self.show_call(id, selection);
    }

    /// From one call to another beside it: Esc goes back to where the first was opened.
    pub(in crate::app) fn switch_call(&mut self, id: ConversationId, selection: Option<CellSelection>) {
        self.show_call(id, selection);
    }

    fn show_call(&mut self, id: ConversationId, selection: Option<CellSelection>) {
        let (before, mode) = match self.call.take() {
            Some(call) if call.id == id => (call.selection, call.mode),
            Some(call) => (None, call.mode),
            None => (None, Default::default()),
        };
        self.call = Some(CallScreen::open(id, selection.or(before), mode));
        self.screen = Screen::Call;
        self.touch();
    }

    /// Back to where one came from.
    pub(in crate::app) fn go_back(&mut self) {
        self.touch();
        match self.trail.pop() {
            Some(Place::Call(id, selection)) => self.show_call(id, selection),
            Some(Place::Other(screen)) => self.screen = screen,
            Some(Place::Calls(selected)) => {
                self.screen = Screen::Calls;
                if let Some(id) = selected.filter(|id| self.monitor.board.get(id.as_str()).is_some()) {
                    self.calls.selected = Some(id);
                }
            }
            None => self.screen = Screen::Calls,
        }
    }

    /// What the header calls a place.
    pub fn title_of(&self, place: &Place) -> String {
        match place {
            Place::Calls(_) => "Calls".to_owned(),
            Place::Call(id, _) => match self.monitor.board.get(id.as_str()) {
                Some(entry) => rows::from(&entry.conversation).into_owned(),
                None => "gone".to_owned(),
            },
            Place::Other(Screen::Why) => {
                format!("Why {}", self.why.cell.as_ref().map_or("", |cell| cell.key.as_str()))
            }
            Place::Other(Screen::Since) => format!("Since {}", self.since.question.key),
            Place::Other(screen) => screen.title().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::Desk;

    fn at(desk: &Desk) -> (Screen, String) {
        (desk.model.screen, desk.model.way_here().iter().map(|p| desk.model.title_of(p)).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn escape_goes_back_to_where_one_came_from_with_its_selection() {
        let mut desk = Desk::new(120, 36);
        for id in ["c1", "c2", "c3"] {
            desk.customer(id, &[("tier", "{{lookup.tier}}"), ("note", "[object Object]")]);
        }
        desk.keys("jj");
        let selected = desk.model.calls.selected.clone();
        desk.keys("d");
        assert_eq!(at(&desk), (Screen::Diagnose, "Calls".into()));
        desk.keys("<down><down>");
        let finding = desk.model.diagnose.selected.clone();
        desk.keys("<enter>");
        assert_eq!(at(&desk), (Screen::Call, "Diagnose".into()));
        desk.keys("<esc>");
        assert_eq!((desk.model.screen, &desk.model.diagnose.selected), (Screen::Diagnose, &finding));
        desk.keys("<esc>");
        assert_eq!(at(&desk), (Screen::Calls, String::new()));
        assert_eq!(desk.model.calls.selected, selected);
    }

    #[test]
    fn a_screen_on_the_way_is_gone_back_to() {
        let mut desk = Desk::new(120, 36);
        for id in ["c1", "c2"] {
            desk.customer(id, &[("tier", "{{lookup.tier}}")]);
        }
        desk.keys("<enter>d<enter>d<down><enter>d");
        assert_eq!(desk.model.screen, Screen::Diagnose);
        assert!(desk.model.trail.len() <= 2, "{:?}", desk.model.trail);
        for _ in 0..3 {
            desk.keys("<esc>");
        }
        assert_eq!(at(&desk), (Screen::Calls, String::new()));
    }
}
