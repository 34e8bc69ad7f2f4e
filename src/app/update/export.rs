//! The export menu.

use crate::app::{
    Model,
    export::{ExportPlan, Goal, NotWritten},
    keymap::Command,
    notice::NoticeLevel,
    popups::{Export, Overlay},
};

/// `X`: what to hand on.
pub(super) fn open(model: &mut Model) {
    let menu = Export::new(model);
    model.overlays.push(Overlay::Export(menu));
}

/// What came of it: what was written, in words, or why nothing was.
pub(super) fn done(model: &mut Model, plan: &ExportPlan, result: Result<String, NotWritten>) {
    let menu = model.overlays.iter_mut().find_map(|o| match o {
        Overlay::Export(menu) => Some(menu),
        _ => None,
    });
    match result {
        Ok(words) => {
            model.overlays.retain(|o| !matches!(o, Overlay::Export(_)));
            model.say(NoticeLevel::Done, words);
        }
        Err(NotWritten::Exists(path)) => {
            // The name may have been changed since.
            let same = |m: &&mut Export| matches!(&plan.goal, Goal::File { path, .. } if *path == m.path.text().trim());
            if let Some(menu) = menu.filter(same) {
                menu.exists = Some(path.clone());
            }
            let key = model.key_label(Command::Accept);
            model.say(NoticeLevel::Alarm, format!("{path} is there already. {key} replaces it; nothing was written."));
        }
        Err(NotWritten::Failed(why)) => model.say(NoticeLevel::Alarm, why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{
        Effect, Msg,
        export::{Format, Subject},
        testing::Desk,
    };

    fn plan(desk: &mut Desk) -> ExportPlan {
        match desk.asked().as_slice() {
            [Effect::Export(plan)] => plan.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_likeliest_is_chosen_and_all_of_it_can_be_changed() {
        let mut desk = Desk::busy(120, 36);
        desk.asked();
        desk.keys("X<enter>");
        let first = plan(&mut desk);
        assert!(matches!(&first.subject, Subject::Call(_)) && first.format == Format::Html && first.mask);
        let Goal::File { path, replace: false } = &first.goal else { panic!("{first:?}") };
        assert_eq!(path, "sidetone-call-00000000-20261120-120000.html");
        desk.keys("<right><down><right><up><up><right><ctrl-y>");
        let second = plan(&mut desk);
        assert_eq!((second.subject, second.format, second.mask), (Subject::All(6), Format::Markdown, false));
        assert_eq!(second.goal, Goal::Clipboard);
    }

    #[test]
    fn shown_calls_are_offered_under_a_filter_and_the_open_call_elsewhere() {
        let mut desk = Desk::busy(120, 36);
        desk.keys("/");
        desk.tell(Msg::Paste("state:ivr".into()));
        desk.keys("<enter>X<up><right><enter>");
        assert!(matches!(plan(&mut desk).subject, Subject::Shown(ids) if ids.len() == 2));
        desk.keys("<esc><down><enter>X<enter>");
        let open = desk.model.call.as_ref().map(|c| c.id.clone());
        assert_eq!(Some(plan(&mut desk).subject), open.map(Subject::Call));
    }

    #[test]
    fn a_file_that_is_there_is_replaced_by_a_second_yes_only() {
        let mut desk = Desk::busy(120, 36);
        desk.asked();
        desk.keys("X");
        desk.tell(Msg::Paste("x".into()));
        desk.keys("<enter>");
        let first = plan(&mut desk);
        let Goal::File { path, .. } = first.goal.clone() else { panic!() };
        assert!(path.ends_with(".htmlx"), "{path}");
        desk.tell(Msg::Exported(Box::new(first.clone()), Err(NotWritten::Exists("/home/x".into()))));
        desk.keys("<enter>");
        let second = plan(&mut desk);
        assert_eq!(second.goal, Goal::File { path, replace: true });
        desk.keys("<backspace><enter>");
        let third = plan(&mut desk);
        assert!(matches!(third.goal, Goal::File { replace: false, .. }), "another name is another file");
        desk.tell(Msg::Exported(Box::new(third), Ok("Wrote it.".into())));
        assert!(desk.model.overlays.is_empty());
        assert_eq!(desk.model.notice.as_ref().map(|n| n.text.as_str()), Some("Wrote it."));
    }
}
