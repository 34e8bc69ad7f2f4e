//! What a command with an argument asks for, done.

use super::{flow, mask, since, views, why};
use crate::app::{
    Effect, Model,
    notice::NoticeLevel,
    popups::{Overlay, command_line::TypedRequest},
    screen::Screen,
    topics::Topics,
};
use crate::domain::filter::{CallFacts, Filter};

pub(super) fn ask(model: &mut Model, request: TypedRequest) -> Vec<Effect> {
    match request {
        TypedRequest::Sort(sort, reverse) => {
            model.go_to(Screen::Calls);
            (model.calls.sort, model.calls.reverse) = (sort, reverse);
            model.touch();
        }
        TypedRequest::Filter(text) => filter(model, &text),
        TypedRequest::Queue(name) => return queue(model, &name),
        TypedRequest::Call(id) => model.go_to_call(id, None),
        TypedRequest::Since(key) => return since::open_key(model, key),
        TypedRequest::Why(cell) => why::open_cell(model, cell),
        TypedRequest::Flow(name) => {
            model.go_to(Screen::Flow);
            return flow::choose(model, name);
        }
        TypedRequest::Mask(masks) => mask::mask(model, masks),
        TypedRequest::View(name) => views::take(model, &name),
        TypedRequest::Columns(keys) => {
            model.go_to(Screen::Calls);
            model.calls.picked = Some(keys.iter().map(|key| key.as_str().into()).collect());
            model.touch();
        }
        TypedRequest::Width(key, columns) => {
            let key = crate::domain::Key::from(key.as_str());
            model.calls.own_widths.remove(&key);
            model.calls.own_widths.extend(columns.map(|columns| (key, columns)));
            model.touch();
        }
        TypedRequest::Theme(name) => {
            model.say(NoticeLevel::Info, format!("Theme {name} for now; `theme` in the configuration keeps it."));
            return vec![Effect::Theme(name)];
        }
    }
    Vec::new()
}

/// On the Timeline changes are filtered; everywhere else it is the Calls screen that is asked for.
fn filter(model: &mut Model, text: &str) {
    if model.screen == Screen::Timeline {
        model.timeline.set_filter(text);
        model.touch();
        return;
    }
    let Ok(filter) = text.parse::<Filter>() else { return };
    model.go_to(Screen::Calls);
    model.calls.filter = filter;
    model.calls.filter_text = text.to_owned();
    model.touch();
}

/// Where no call of such a queue is here, it can be chosen to be watched.
fn queue(model: &mut Model, name: &str) -> Vec<Effect> {
    let quoted = name.chars().any(|c| c.is_whitespace() || "()|\"".contains(c));
    let text = if quoted { format!("queue:\"{}\"", name.replace('"', "\\\"")) } else { format!("queue:{name}") };
    let Ok(wanted) = text.parse::<Filter>() else { return Vec::new() };
    let board = &model.monitor.board;
    let facts = |entry| CallFacts { conversation: entry, names: &board.names, now: model.now };
    if board.iter().any(|entry| wanted.holds(facts(&entry.conversation))) {
        filter(model, &text);
        return Vec::new();
    }
    if model.replay.is_some() {
        model.say(NoticeLevel::Info, format!("No call of this recording is in a queue `{name}` now."));
        return Vec::new();
    }
    model.say(NoticeLevel::Info, format!("No call is in a queue `{name}`: select it below to watch it."));
    let mut topics = Topics::waiting();
    topics.query.replace(name);
    model.overlays.push(Overlay::Topics(topics));
    vec![Effect::ListTopics]
}

#[cfg(test)]
mod tests {
    use crate::app::{Effect, calls::Sort, popups::Overlay, screen::Screen, testing::Desk};

    fn line(desk: &Desk) -> String {
        match desk.model.overlays.last() {
            Some(Overlay::Palette(palette)) => palette.query.text(),
            other => panic!("{other:?}"),
        }
    }

    fn mistake(desk: &Desk) -> String {
        match desk.model.overlays.last() {
            Some(Overlay::Palette(palette)) => palette.mistake.clone().unwrap_or_default(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn commands_with_an_argument_do_what_they_say() {
        let mut desk = Desk::busy(120, 36);
        desk.keys(":sort from rev<enter>:sort age<enter>");
        assert_eq!((&desk.model.calls.sort, desk.model.calls.reverse), (&Sort::Age, false));
        assert_eq!(desk.asked(), [], "sorting writes nothing");
        desk.keys(":sort customer_t rev<enter>");
        assert_eq!(
            (&desk.model.calls.sort, desk.model.calls.reverse),
            (&Sort::Attribute("customer_tier".into()), true)
        );
        desk.keys("d:filter customer_tier=gold<enter>");
        assert_eq!((desk.model.screen, desk.model.calls.filter_text.as_str()), (Screen::Calls, "customer_tier=gold"));
        desk.keys(":queue Billing<enter>");
        assert_eq!(desk.model.calls.filter_text, "queue:Billing");
        desk.keys(":queue Sales<enter>");
        assert!(matches!(desk.model.overlays.last(), Some(Overlay::Topics(t)) if t.query.text() == "Sales"));
        assert_eq!(desk.asked(), [Effect::ListTopics]);
        desk.keys("<esc>:theme light<enter>");
        assert_eq!(desk.asked(), [Effect::Theme("light")]);
        desk.keys(":call 00000002<enter>");
        assert_eq!(desk.model.screen, Screen::Call);
        assert!(desk.model.call.as_ref().is_some_and(|c| c.id.as_str().starts_with("00000002")));
        desk.keys(":q<enter>");
        assert_eq!(desk.model.exit, Some(crate::app::AppExit::Quit));
    }

    #[test]
    fn what_is_wrong_is_said_under_the_line_and_nothing_is_run() {
        let mut desk = Desk::busy(120, 36);
        for (typed, said) in [
            (":sort age sideways<enter>", "`sideways` is not a direction"),
            (":sort nothing<enter>", "No column `nothing`"),
            (":theme pink<enter>", "No theme is called `pink`"),
            (":view mine<enter>", "No views are saved yet"),
            (":call ffff<enter>", "No call here has the id `ffff`"),
            (":call 0000<enter>", "6 calls begin with `0000`"),
            (":filter age><enter>", "duration"),
            (":zzzz<enter>", "No command matches `zzzz`"),
            (":drafts<enter>", "No unsent drafts"),
        ] {
            desk.keys(typed);
            assert!(mistake(&desk).contains(said), "{typed}: {}", mistake(&desk));
            desk.keys("<esc>");
        }
        assert_eq!(desk.asked(), []);
    }

    #[test]
    fn what_was_entered_comes_back_with_the_arrow_and_goes_again() {
        let mut desk = Desk::busy(120, 36);
        desk.keys(":sort from<enter>:filter gold<enter>:<up>");
        assert_eq!(line(&desk), "filter gold");
        desk.keys("<up>");
        assert_eq!(line(&desk), "sort from");
        desk.keys("<up><down><down>");
        assert_eq!(line(&desk), "");
        desk.keys("so<up><enter>");
        assert_eq!(desk.model.calls.filter_text, "gold");
        desk.keys(":the<tab>");
        assert_eq!(line(&desk), "theme ", "tab completes what is selected");
    }
}
