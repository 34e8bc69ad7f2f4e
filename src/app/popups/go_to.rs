//! Where in a recording to go.

use super::{Choice, CommandOutcome, Popup};
use crate::app::{
    Effect, Model,
    editor::Editor,
    keymap::Command,
    replay::{Moment, Play},
};

/// Where in a recording to go.
#[derive(Debug)]
pub struct GoTo {
    /// A time, a distance, a part, or a key.
    pub text: Editor,
    /// What is wrong with it.
    pub mistake: Option<String>,
}

impl Default for GoTo {
    fn default() -> Self {
        Self { text: Editor::new("", false), mistake: None }
    }
}

impl Popup for GoTo {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        if command != Command::Accept {
            return CommandOutcome::Close;
        }
        let Some(replay) = &model.replay else { return CommandOutcome::Close };
        match Moment::parse(&self.text.text(), replay, model.now, &model.settings.zone) {
            Ok(Moment::Time(at)) => CommandOutcome::Done(vec![Effect::Play(Play::ToTime(at))]),
            Ok(Moment::Key(key)) => CommandOutcome::Take(Choice::Change(key)),
            Err(why) => {
                self.mistake = Some(why);
                CommandOutcome::Stay
            }
        }
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn edited(&mut self, _model: &mut Model) {
        self.mistake = None;
    }
}
