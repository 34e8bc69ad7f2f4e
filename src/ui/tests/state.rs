//! What the header says of the connection, of edits and of the sign-in.

use super::{ID, Theme, draw, picture, rows};
use crate::app::{
    Msg,
    model::Usage,
    signin::{How, SignInProgress},
    testing::Desk,
};
use std::time::Duration;

fn header(desk: &mut Desk) -> String {
    picture(&draw(desk, Theme::Terminal)).lines().next().unwrap_or_default().to_owned()
}

/// Without the state of the link the screen would look live.
#[test]
fn a_call_that_is_not_read_again_yet_says_so_beside_its_heads() {
    for (keys, words) in [("", "stale "), ("m", "stale, not read again yet ")] {
        let mut desk = Desk::new(80, 24);
        desk.customer(ID, &[("tier", "gold")]);
        desk.keys("<enter>").keys(keys);
        let until = desk.at;
        desk.tell(Msg::Link(crate::domain::Link::Reconnecting { attempt: 1, until, reason: "gone".into() }));
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains(words), "{shown}");
        assert!(keys == "m" || shown.contains("connected"), "no head is written over:\n{shown}");
    }
}

#[test]
fn the_state_of_a_link_that_is_down_is_cut_and_never_left_out() {
    use crate::domain::{At, Link};
    for (width, screen) in [(60, ""), (80, ""), (80, "<enter>"), (120, "<enter>"), (200, "")] {
        let mut desk = Desk::busy(width, 24);
        desk.model.settings.org = "a-long-name-of-an-organisation".into();
        desk.keys(screen);
        let until = At { mono: desk.at.mono + std::time::Duration::from_secs(3), ..desk.at };
        let reason = "nothing was heard for 25 s, not even an answer to a ping".into();
        desk.tell(Msg::Link(Link::Reconnecting { attempt: 2, until, reason }));
        let line = header(&mut desk);
        assert!(line.contains("◐ reconnecting in 3 s"), "{width}: {line}");
        assert!(!line.contains("ev/s"), "{line}");
        assert!(unicode_width::UnicodeWidthStr::width(line.as_str()) <= usize::from(width));
        desk.tell(Msg::Link(Link::Offline {
            reason: "the certificate is not trusted".into(),
            by: crate::domain::Barrier::Way,
        }));
        assert!(header(&mut desk).contains("offline"), "{}", header(&mut desk));
    }
}

#[test]
fn an_edit_that_waits_for_an_answer_says_for_how_long() {
    for (width, height) in [(80, 24), (120, 36)] {
        let mut desk = Desk::new(width, height);
        desk.customer(ID, &[("tier", "gold")]);
        desk.keys("<enter>e!<enter><enter>");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains("checking") && !shown.contains("no answer"), "{shown}");
        desk.wait(5_000);
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains("checking: no answer for 5 s"), "{shown}");
    }
}

#[test]
fn a_pause_that_the_platform_asked_for_is_counted_down() {
    let mut desk = Desk::busy(80, 24);
    let paused_until = Some(desk.at.mono + std::time::Duration::from_secs(12));
    desk.tell(Msg::Usage(Usage { topics: 3, spent: 300, limit: 300, paused_until }));
    assert!(header(&mut desk).contains("api waits 12 s"), "{}", header(&mut desk));
    desk.wait(2_500);
    assert!(header(&mut desk).contains("api waits 10 s"), "{}", header(&mut desk));
    desk.wait(10_000);
    assert!(header(&mut desk).contains("api 300/300"), "{}", header(&mut desk));
}

/// Events go on for a while after the token has ended, and nothing else does: that is not "live".
#[test]
fn the_header_says_that_the_token_has_ended_while_events_come() {
    for width in [80, 120] {
        let mut desk = Desk::busy(width, 24);
        desk.model.settings.sign_in = How::Token;
        desk.tell(Msg::Token { ends: None, needed: Some("the access token: it is refused".into()) });
        assert!(
            header(&mut desk).contains("signed out") && !header(&mut desk).contains("live"),
            "{}",
            header(&mut desk)
        );
        desk.keys("<esc>");
        let shown = picture(&draw(&mut desk, Theme::Terminal));
        assert!(shown.contains("it is refused"), "{shown}");
        desk.tell(Msg::Token { ends: None, needed: None });
        assert!(header(&mut desk).contains("live"));
    }
}

/// What failed for want of a sign-in is said while the prompt for it stands.
#[test]
fn a_long_notice_hides_nothing_of_the_prompt_for_signing_in() {
    let mut desk = Desk::busy(80, 24);
    desk.model.settings.sign_in = How::Secret;
    let reason = "GET /api/v2/routing/queues: 401 bad.credentials: Invalid login credentials.";
    desk.tell(Msg::Link(crate::domain::Link::SignedOut { reason: reason.into() }));
    let prompt = |shown: &[String]| {
        let at = shown.iter().position(|line| line.contains("Sign in")).expect("a prompt");
        shown[at..].to_vec()
    };
    let before = prompt(&rows(&mut desk));
    assert!(before.len() > 5, "{before:?}");
    let text = "Failed: the read before the write failed, nothing was sent: GET /api/v2/conversations/x: 401 after 4 tries. \
                Check the client id and secret, or sign in again with `sidetone login`. The draft is kept.";
    desk.model.say(crate::app::notice::NoticeLevel::Alarm, text);
    let after = rows(&mut desk);
    assert_eq!(prompt(&after), before);
    for word in text.split_whitespace() {
        assert!(after.iter().any(|line| line.contains(word)), "{word} is hidden\n{}", after.join("\n"));
    }
}

#[test]
fn signing_in_again() {
    use crate::domain::Link;
    let url = format!("https://login.mypurecloud.com/oauth/authorize?client_id=c&state={}", "s".repeat(120));
    for (name, how, size) in
        [("browser", How::Browser, (80, 24)), ("waiting", How::Browser, (120, 36)), ("secret", How::Secret, (80, 24))]
    {
        let mut desk = Desk::busy(size.0, size.1);
        desk.model.settings.sign_in = how;
        let reason = "GET /api/v2/routing/queues: 401 bad.credentials: Invalid login credentials.";
        desk.tell(Msg::Link(Link::SignedOut { reason: reason.into() }));
        match name {
            "waiting" => desk.tell(Msg::SignIn(SignInProgress::Waiting { url: url.clone(), opened: true })),
            "secret" => {
                desk.tell(Msg::SignIn(SignInProgress::Failed("POST /oauth/token: 401 invalid_client".into())));
                // It has been there for a while.
                let before = desk.at.mono - Duration::from_secs(2);
                desk.model.drawn(crate::domain::At { mono: before, ..desk.at });
                desk.keys("sample");
            }
            _ => {}
        }
        insta::assert_snapshot!(format!("sign-in-{name}"), picture(&draw(&mut desk, Theme::Terminal)));
    }
}
