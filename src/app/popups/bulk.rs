//! A paste or a file of many values: explained first, then made into drafts.

use super::{Choice, CommandOutcome, Popup};
use crate::{
    app::{Effect, Model, editor::Editor, keymap::Command, notice::NoticeLevel},
    domain::{
        Key,
        outbox::{Got, PatchTarget},
    },
    payload::{self, Explained, NoPayload},
};

/// Many values, to be made into drafts of one participant.
#[derive(Debug)]
pub struct Bulk {
    /// Whose.
    pub target: PatchTarget,
    /// A payload, or the path of a file with one.
    pub text: Editor,
    /// How it reads; `None` while there is nothing.
    pub explained: Option<Result<Explained, NoPayload>>,
    /// Rows of the explanation scrolled away.
    pub scroll: usize,
}

impl Bulk {
    /// This text, taken apart.
    pub fn new(target: PatchTarget, text: &str) -> Self {
        let mut bulk = Self { target, text: Editor::new(text, true), explained: None, scroll: 0 };
        bulk.explain();
        bulk
    }

    /// Takes the text apart; to be called when it has changed.
    pub fn explain(&mut self) {
        let text = self.text.text();
        self.explained = (!text.trim().is_empty()).then(|| payload::explain(&text));
        self.scroll = 0;
    }

    /// The path of a file, where the text is one rather than a payload.
    pub fn path(&self) -> Option<String> {
        let [line] = self.text.lines() else { return None };
        let line = line.trim().trim_matches(['\'', '"']);
        let rooted = ["/", "~/", "./", "../"].iter().any(|p| line.starts_with(p)) && line.len() > 2;
        let named = [".json", ".csv", ".txt", ".env", ".yaml"].iter().any(|end| line.ends_with(end));
        let is_payload = matches!(self.explained, Some(Ok(_)));
        (line.len() < 4096 && (rooted || (named && !is_payload))).then(|| line.to_owned())
    }

    /// Rows of the explanation, at most.
    fn rows(&self) -> usize {
        let Some(Ok(explained)) = &self.explained else { return 0 };
        2 * explained.pairs.len()
    }
}

impl Bulk {
    /// What Enter does with the text: a file is read, values become drafts, and what is neither says why.
    fn accept(&self) -> Result<CommandOutcome, String> {
        if let Some(path) = self.path() {
            return Ok(CommandOutcome::Effects(vec![Effect::Load(path)]));
        }
        let explained = match &self.explained {
            None => return Err("Paste JSON, KEY=VALUE lines or a CSV header with one row, or name a file.".to_owned()),
            Some(Err(why)) => return Err(format!("Not staged: {why}")),
            Some(Ok(explained)) => explained,
        };
        match explained.settable() {
            Ok(settable) if settable.pairs.is_empty() => Err("It has no keys.".to_owned()),
            Ok(settable) => {
                let drafts = settable.pairs.into_iter().map(|(key, value)| (Key::from(key.as_str()), None, value));
                Ok(CommandOutcome::Take(Choice::Drafts(self.target.clone(), drafts.collect())))
            }
            Err(problems) => {
                let more = match problems.len() {
                    0 | 1 => String::new(),
                    n => format!(" (and {} more)", n - 1),
                };
                Err(format!("Not staged: {}{more}", problems.into_iter().next().unwrap_or_default()))
            }
        }
    }
}

impl Popup for Bulk {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Accept => {
                let outcome = self.accept().unwrap_or_else(|why| {
                    model.say(NoticeLevel::Alarm, why);
                    CommandOutcome::Stay
                });
                if matches!(outcome, CommandOutcome::Take(_)) {
                    model.outbox.keep_loose(&self.target, Got::Pasted, "");
                }
                return outcome;
            }
            Command::Newline => {
                self.text.newline();
                self.edited(model);
            }
            Command::DetailDown => self.scroll = (self.scroll + 3).min(self.rows()),
            Command::DetailUp => self.scroll = self.scroll.saturating_sub(3),
            _ => {
                if !self.text.text().trim().is_empty() {
                    let key = model.key_label(Command::Paste);
                    model.say(NoticeLevel::Info, format!("The text is kept: {key} opens it again."));
                }
                return CommandOutcome::Close;
            }
        }
        CommandOutcome::Stay
    }

    fn text(&mut self) -> Option<&mut Editor> {
        Some(&mut self.text)
    }

    fn edited(&mut self, model: &mut Model) {
        self.explain();
        model.outbox.keep_loose(&self.target, Got::Pasted, &self.text.text());
    }
}
