//! Views: taken from a list, saved under a name.

use crate::app::{
    Model,
    notice::NoticeLevel,
    popups::{Choice, Overlay, Pick},
    screen::Screen,
    views::CallsView,
};

/// `V`: the views there are.
pub(super) fn list(model: &mut Model) {
    if model.settings.views.is_empty() {
        model.say(NoticeLevel::Info, "No saved views yet: ctrl-s on Calls saves filter, columns and sort.");
        return;
    }
    let choice = |view: &CallsView| (view.name.clone(), view.words(), Choice::View(view.name.clone()));
    let choices = model.settings.views.iter().map(choice).collect();
    model.overlays.push(Overlay::Pick(Pick::new("Views", choices, 0)));
}

/// Shows the Calls screen in the view of this name.
pub(super) fn take(model: &mut Model, name: &str) {
    let Some(view) = model.settings.views.iter().find(|view| view.name == name).cloned() else { return };
    if model.show_view(&view) {
        model.go_to(Screen::Calls);
        model.say(NoticeLevel::Info, format!("View {name}: {}.", view.words()));
    } else {
        model.say(NoticeLevel::Alarm, format!("The filter of view {name} cannot be understood: {}", view.filter));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{Effect, Msg, calls::Sort, testing::Desk};

    #[test]
    fn what_is_shown_is_saved_under_a_name_and_comes_back() {
        let mut desk = Desk::busy(120, 36);
        desk.keys(":sort change<enter>/");
        desk.tell(Msg::Paste("state:ivr".into()));
        desk.asked();
        desk.keys("<ctrl-s>in ivr<enter>");
        let view = CallsView {
            name: "in ivr".into(),
            filter: "state:ivr".into(),
            sort: Sort::Activity,
            ..CallsView::default()
        };
        assert_eq!(desk.asked(), [Effect::SaveView(view)]);
        assert!(desk.model.overlays.is_empty(), "the filter holds");
        desk.keys("<esc>:sort age<enter>");
        assert_eq!(desk.model.calls.filter_text, "");
        desk.keys("V<enter>");
        assert_eq!((desk.model.calls.filter_text.as_str(), &desk.model.calls.sort), ("state:ivr", &Sort::Activity));
        assert_eq!(desk.model.calls.rows.len(), 2);
        desk.asked();
        desk.keys("V<backspace>");
        assert_eq!(desk.asked(), [Effect::DeleteView("in ivr".into())]);
        assert!(desk.model.settings.views.is_empty() && desk.model.overlays.is_empty());
    }

    #[test]
    fn a_mistake_in_the_filter_is_not_saved() {
        let mut desk = Desk::busy(120, 36);
        desk.keys("/");
        desk.tell(Msg::Paste("age>".into()));
        desk.asked();
        desk.keys("<ctrl-s>");
        assert!(matches!(desk.model.overlays.last(), Some(Overlay::Filter(_))));
    }
}
