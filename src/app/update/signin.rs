//! The token: a word in time before it ends, a prompt when it has, and what came of signing in again.

use crate::app::{
    Model,
    editor::Editor,
    keymap::Command,
    notice::NoticeLevel,
    popups::Overlay,
    rows,
    signin::{How, Opened, SignIn, SignInProgress, SignInStage},
};
use std::time::Duration;

/// Times left at which the end of a token that cannot be renewed is told.
const WARN: [Duration; 2] = [Duration::from_secs(600), Duration::from_secs(120)];

/// How the token stands: when it ends if it cannot be renewed, and why a person must sign in if so.
pub(super) fn token(model: &mut Model, ends: Option<Duration>, needed: Option<String>) {
    warn(model, ends);
    match needed {
        Some(reason) if model.sign_in_needed.as_ref() != Some(&reason) => {
            open_by_itself(model, &reason);
            model.sign_in_needed = Some(reason);
        }
        Some(_) => {}
        None if model.sign_in_needed.take().is_some() => close(model),
        None => {}
    }
}

fn warn(model: &mut Model, ends: Option<Duration>) {
    let left = |ends: Duration| ends.saturating_sub(model.now.mono);
    let passed = |ends: Duration| WARN.iter().filter(|warn| left(ends) <= **warn).count();
    if ends != model.token_ends {
        model.token_ends = ends;
        model.token_warned = 0;
    }
    let Some(ends) = ends else { return };
    if passed(ends) > model.token_warned && !left(ends).is_zero() {
        model.token_warned = passed(ends);
        let key = model.key_label(Command::SignIn);
        let left = rows::clock_age(left(ends));
        model.say(
            NoticeLevel::Alarm,
            format!("The sign-in ends in {left} and cannot be renewed. {key} signs in again."),
        );
    }
}

/// Opens the prompt, under whatever the operator is typing in.
fn open(model: &mut Model, reason: &str) {
    let how = model.settings.sign_in;
    if how == How::Nobody {
        return;
    }
    if let Some(prompt) = prompt(model) {
        prompt.reason = reason.to_owned();
        return;
    }
    let (stage, text) = (SignInStage::Asked, Editor::new("", false));
    let prompt = SignIn { reason: reason.to_owned(), how, stage, trouble: None, text, opened: Opened::Wanted };
    model.overlays.insert(0, Overlay::SignIn(Box::new(prompt)));
}

/// Nobody asked for it: what is being typed is not meant for it.
pub(super) fn open_by_itself(model: &mut Model, reason: &str) {
    let was_there = prompt(model).is_some();
    open(model, reason);
    if let Some(prompt) = prompt(model).filter(|_| !was_there) {
        prompt.opened = Opened::Unseen;
    }
}

/// The operator asks for it.
pub(super) fn ask(model: &mut Model) {
    let reason = match (&model.sign_in_needed, model.token_ends) {
        (Some(reason), _) => reason.clone(),
        (None, Some(_)) => "The present sign-in will end and cannot be renewed.".to_owned(),
        (None, None) => "The present sign-in still holds.".to_owned(),
    };
    open(model, &reason);
}

fn prompt(model: &mut Model) -> Option<&mut SignIn> {
    model.overlays.iter_mut().find_map(|overlay| match overlay {
        Overlay::SignIn(prompt) => Some(prompt.as_mut()),
        _ => None,
    })
}

fn close(model: &mut Model) {
    model.overlays.retain(|overlay| !matches!(overlay, Overlay::SignIn(_)));
}

/// What came of a sign-in.
pub(super) fn progress(model: &mut Model, progress: SignInProgress) {
    match progress {
        SignInProgress::Waiting { url, opened } => {
            if let Some(prompt) = prompt(model) {
                prompt.stage = SignInStage::Waiting { url, opened };
            }
        }
        SignInProgress::Failed(why) => match prompt(model) {
            Some(prompt) => {
                prompt.stage = SignInStage::Asked;
                prompt.trouble = Some(why);
            }
            None => model.say(NoticeLevel::Alarm, format!("Not signed in: {why}")),
        },
        SignInProgress::Done => {
            model.sign_in_needed = None;
            close(model);
            model.say(NoticeLevel::Done, "Signed in again. What was missed is read now; drafts are as they were.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{
        Effect, Msg,
        screen::Screen,
        signin::{HiddenText, Try},
        testing::Desk,
    };
    use crate::domain::Link;

    fn desk(how: How) -> Desk {
        let mut desk = Desk::busy(120, 36);
        desk.model.settings.sign_in = how;
        desk.model.prepare(desk.at);
        desk.asked();
        desk
    }

    fn revoked(desk: &mut Desk) {
        desk.tell(Msg::Link(Link::SignedOut { reason: "the token was revoked".into() }));
        desk.tell(Msg::Token { ends: None, needed: Some("the token was revoked".into()) });
    }

    fn prompts(desk: &Desk) -> usize {
        desk.model.overlays.iter().filter(|o| matches!(o, Overlay::SignIn(_))).count()
    }

    #[test]
    fn a_revoked_token_asks_for_the_browser_and_goes_when_there_is_another() {
        let mut desk = desk(How::Browser);
        revoked(&mut desk);
        assert_eq!(prompts(&desk), 1);
        desk.keys("<enter>");
        assert_eq!(desk.asked(), [], "it was meant for what was there before");
        desk.wait(1_000).keys("<enter>");
        assert_eq!(desk.asked(), [Effect::SignIn(Try::Browser)]);
        desk.keys("<enter>");
        assert_eq!(desk.asked(), [], "one at a time");
        desk.tell(Msg::SignIn(SignInProgress::Waiting { url: "https://login/x".into(), opened: false }));
        desk.keys("<ctrl-y>");
        assert_eq!(desk.asked(), [Effect::Copy("https://login/x".into())]);
        desk.tell(Msg::Paste("http://localhost:1/?code=a&state=b".into()));
        desk.keys("<enter>");
        let address = HiddenText("http://localhost:1/?code=a&state=b".into());
        assert_eq!(desk.asked(), [Effect::SignIn(Try::Address(address))]);
        desk.tell(Msg::SignIn(SignInProgress::Failed("it is to another request".into())));
        let Some(Overlay::SignIn(prompt)) = desk.model.overlays.last() else { panic!("the prompt stays") };
        assert_eq!(prompt.trouble.as_deref(), Some("it is to another request"));
        desk.tell(Msg::SignIn(SignInProgress::Done));
        assert_eq!(prompts(&desk), 0);
    }

    #[test]
    fn typing_is_not_interrupted_and_the_draft_stays() {
        let mut desk = desk(How::Secret);
        desk.keys("<enter>");
        assert_eq!(desk.model.screen, Screen::Call);
        desk.keys("e-mine");
        revoked(&mut desk);
        desk.keys("-more<esc>");
        assert_eq!(desk.model.outbox.drafts().count(), 1);
        assert!(matches!(desk.model.overlays.last(), Some(Overlay::SignIn(_))), "now it is its turn");
        desk.wait(10_000).tell(Msg::Paste("mine".into()));
        assert_eq!(desk.asked(), [], "it was not drawn");
        desk.reads();
        desk.wait(1_000).keys("sample<enter>");
        let effects = desk.asked();
        assert!(effects.contains(&Effect::SignIn(Try::Secret(Some(HiddenText("sample".into()))))), "{effects:?}");
        assert!(!format!("{effects:?}").contains("sample"), "what is typed there is in no log");
        desk.tell(Msg::Token { ends: None, needed: None });
        assert_eq!((prompts(&desk), desk.model.outbox.drafts().count()), (0, 1));
    }

    /// It opens where a value is being typed: that is no secret, and must not be sent as one.
    #[test]
    fn what_is_typed_as_it_opens_by_itself_is_not_taken_for_it() {
        let mut desk = desk(How::Secret);
        desk.keys("<enter>");
        revoked(&mut desk);
        // It cannot be meant before it could be seen, however long ago it opened.
        desk.wait(5_000);
        desk.model.drawn(desk.at);
        let typed = |desk: &Desk| match desk.model.overlays.last() {
            Some(Overlay::SignIn(prompt)) => prompt.text.text(),
            other => panic!("{other:?}"),
        };
        for key in ["g", "o", "l", "d"] {
            desk.wait(300);
            desk.tell(Msg::Burst { age: Duration::ZERO, lasted: Duration::ZERO, letters: 1, repeats: false });
            desk.tell(Msg::Key(key.parse().unwrap()));
            assert_eq!(typed(&desk), "");
        }
        assert!(desk.model.notice.as_ref().is_some_and(|n| n.text.contains("Ignored")), "{:?}", desk.model.notice);
        desk.tell(Msg::Paste("gold".into()));
        assert_eq!(typed(&desk), "");
        desk.wait(1_000);
        for key in ["o", "k"] {
            desk.tell(Msg::Burst { age: Duration::ZERO, lasted: Duration::ZERO, letters: 1, repeats: false });
            desk.tell(Msg::Key(key.parse().unwrap()));
        }
        assert_eq!(typed(&desk), "ok", "after a pause it is meant");
    }

    #[test]
    fn it_can_be_put_off_and_asked_for_again() {
        let mut desk = desk(How::Token);
        desk.keys("A");
        assert_eq!(prompts(&desk), 0, "nothing to sign in for");
        revoked(&mut desk);
        desk.keys("<enter>");
        assert_eq!(desk.asked(), [], "nothing was pasted");
        desk.keys("<esc>");
        assert_eq!(prompts(&desk), 0);
        revoked(&mut desk);
        assert_eq!(prompts(&desk), 1, "the link says so again");
        desk.keys("<esc>");
        desk.tell(Msg::Token { ends: None, needed: Some("the token was revoked".into()) });
        assert_eq!(prompts(&desk), 0, "told once is enough");
        desk.keys("A");
        assert_eq!(prompts(&desk), 1);
    }

    #[test]
    fn the_end_of_a_token_is_told_ten_and_two_minutes_before() {
        let mut desk = desk(How::Browser);
        let ends = Some(desk.at.mono + Duration::from_secs(700));
        let mut told = Vec::new();
        for _ in 0..80 {
            desk.tell(Msg::Token { ends, needed: None });
            if let Some(notice) = desk.model.notice.take() {
                told.push(notice.text);
            }
            desk.wait(10_000);
        }
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("10:00") && told[1].contains(" 2:00"), "{told:?}");
    }

    #[test]
    fn a_demo_asks_nobody() {
        let mut desk = desk(How::Nobody);
        revoked(&mut desk);
        assert_eq!(prompts(&desk), 0);
    }
}
