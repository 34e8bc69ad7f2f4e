//! Signing in again.

use super::{CommandOutcome, Popup};
use crate::app::{
    Effect, Model,
    editor::Editor,
    keymap::Command,
    notice::Level,
    signin::{Hidden, How, SignIn, Stage, Try},
};

impl SignIn {
    /// What is tried with what was typed; `None`, with the reason shown where there is one, while nothing can be.
    fn wanted(&mut self) -> Option<Try> {
        let text = self.text.text().trim().to_owned();
        let given = (!text.is_empty()).then_some(Hidden(text));
        match (self.how, given, &self.stage) {
            (_, _, Stage::Trying) | (How::Nobody, ..) => None,
            (How::Browser, Some(address), Stage::Waiting { .. }) => Some(Try::Address(address)),
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

impl Popup for SignIn {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Accept => {
                let Some(wanted) = self.wanted() else { return CommandOutcome::Stay };
                self.trouble = None;
                self.stage = Stage::Trying;
                self.text = Editor::new("", false);
                CommandOutcome::Effects(vec![Effect::SignIn(wanted)])
            }
            Command::Copy => match &self.stage {
                Stage::Waiting { url, .. } => CommandOutcome::Effects(vec![Effect::Copy(url.clone())]),
                _ => CommandOutcome::Stay,
            },
            _ => {
                // What is shown stays, and is marked stale; a browser that comes back later still counts.
                if model.sign_in_needed.is_some() {
                    let key = model.keymap.key_for(Command::SignIn).map(|k| k.label(model.settings.ascii));
                    let key = key.unwrap_or_default();
                    model.say(Level::Info, format!("Nothing is read or sent until you sign in: {key}."));
                }
                CommandOutcome::Close
            }
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }
}
