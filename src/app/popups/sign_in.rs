//! Signing in again.

use super::{CommandOutcome, Popup};
use crate::app::{
    Effect, Model,
    editor::Editor,
    key::Key,
    keymap::Command,
    notice::NoticeLevel,
    signin::{HiddenText, How, Opened, SignIn, SignInStage, Try},
};
use std::time::Duration;

impl SignIn {
    /// What is tried with what was typed; `None`, with the reason shown where there is one, while nothing can be.
    fn wanted(&mut self) -> Option<Try> {
        let text = self.text.text().trim().to_owned();
        let given = (!text.is_empty()).then_some(HiddenText(text));
        match (self.how, given, &self.stage) {
            (_, _, SignInStage::Trying) | (How::Nobody, ..) => None,
            (How::Browser, Some(address), SignInStage::Waiting { .. }) => Some(Try::Address(address)),
            (How::Browser, ..) => Some(Try::Browser),
            (How::Secret, secret, _) => Some(Try::Secret(secret)),
            (How::Token, Some(token), _) => Some(Try::Token(token)),
            (How::Token, None, _) => {
                self.trouble = Some("Paste an access token first.".into());
                None
            }
        }
    }
}

/// Who goes on typing what he typed when the prompt opened by itself, pauses for less than this.
const PAUSE: Duration = Duration::from_secs(1);

impl SignIn {
    /// Whether what is typed now is meant for this prompt; says so if not. One that opened by itself takes text, and Enter, after a
    /// pause in which it could be seen.
    fn is_meant(&mut self, model: &mut Model) -> bool {
        let is_meant = match self.opened {
            Opened::Wanted => true,
            Opened::Unseen => false,
            Opened::Since(since) => !model.typing_since(since, PAUSE),
        };
        match is_meant {
            true => self.opened = Opened::Wanted,
            false => model.say(
                NoticeLevel::Alarm,
                "Ignored: the sign-in has ended and this asks for another. Pause for a second, then type or paste.",
            ),
        }
        is_meant
    }
}

impl Popup for SignIn {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Accept => {
                if !self.is_meant(model) {
                    return CommandOutcome::Stay;
                }
                let Some(wanted) = self.wanted() else { return CommandOutcome::Stay };
                self.trouble = None;
                self.stage = SignInStage::Trying;
                self.text = Editor::new("", false);
                CommandOutcome::Effects(vec![Effect::SignIn(wanted)])
            }
            Command::Copy => match &self.stage {
                SignInStage::Waiting { url, .. } => CommandOutcome::Effects(vec![Effect::Copy(url.clone())]),
                _ => CommandOutcome::Stay,
            },
            _ => {
                // What is shown stays, and is marked stale; a browser that comes back later still counts.
                if model.sign_in_needed.is_some() {
                    let key = model.key_label(Command::SignIn);
                    model.say(NoticeLevel::Info, format!("Nothing is read or sent until you sign in: {key}."));
                }
                CommandOutcome::Close
            }
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn key(&mut self, model: &mut Model, key: Key) -> bool {
        if self.is_meant(model) && self.text.key(key) {
            self.edited(model);
        }
        true
    }

    fn paste(&mut self, model: &mut Model, pasted: &str) -> bool {
        if self.is_meant(model) {
            self.text.paste(pasted);
        }
        true
    }
}
