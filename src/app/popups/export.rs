//! What is handed on, how, and where to.

use super::{CommandOutcome, Popup};
use crate::app::{
    Effect, Model,
    editor::Editor,
    export::{ExportPlan, Format, Goal, Subject},
    key::{Code, Key},
    keymap::Command,
    notice::NoticeLevel,
    screen::Screen,
};

/// The lines of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportField {
    /// What is exported.
    Subject,
    /// In which form.
    Format,
    /// Covered or in clear.
    Mask,
    /// The name of the file.
    File,
}

impl ExportField {
    /// From above to below.
    pub const ALL: [Self; 4] = [Self::Subject, Self::Format, Self::Mask, Self::File];
}

/// The export menu.
#[derive(Debug)]
pub struct Export {
    /// What could be exported.
    pub subjects: Vec<Subject>,
    /// Which of it is.
    pub subject: usize,
    /// Which of the subject's forms.
    pub format: usize,
    /// Mask personal data.
    pub mask: bool,
    /// The name of the file.
    pub path: Editor,
    /// The selected line.
    pub line: ExportField,
    /// A file of this name was found; the next Enter replaces it.
    pub exists: Option<String>,
    /// The name was typed, so only its end follows the form.
    named: bool,
    /// What tells this name from that of the next export.
    stamp: String,
}

impl Export {
    /// Everything that this screen offers, the likeliest chosen.
    pub fn new(model: &Model) -> Self {
        let calls = &model.calls;
        let one = match (model.screen, &model.call) {
            (Screen::Call, Some(call)) => Some(call.id.clone()),
            _ => calls.selected.clone(),
        };
        let mut subjects: Vec<Subject> = one.map(Subject::Call).into_iter().collect();
        if !calls.filter_text.is_empty() && calls.rows.len() < model.monitor.board.len() {
            subjects.push(Subject::Shown(calls.rows.clone()));
        }
        if !model.monitor.board.is_empty() {
            subjects.push(Subject::All(model.monitor.board.len()));
        }
        subjects.push(Subject::Screen);
        let local = model.now.wall.to_zoned(model.settings.zone.clone());
        let mut export = Self {
            subjects,
            subject: 0,
            format: 0,
            mask: true,
            path: Editor::new("", false),
            line: ExportField::Format,
            exists: None,
            named: false,
            stamp: local.strftime("%Y%m%d-%H%M%S").to_string(),
        };
        export.rename();
        export
    }

    /// What is chosen.
    pub fn subject(&self) -> &Subject {
        &self.subjects[self.subject]
    }

    /// The chosen form.
    pub fn format(&self) -> Format {
        self.subject().formats()[self.format]
    }

    /// One line up or down.
    pub(in crate::app) fn go(&mut self, down: bool) {
        let here = ExportField::ALL.iter().position(|l| *l == self.line).unwrap_or(0);
        let to = if down { (here + 1).min(ExportField::ALL.len() - 1) } else { here.saturating_sub(1) };
        self.line = ExportField::ALL[to];
    }

    /// The next or the one before of what is selected; round and round.
    pub(in crate::app) fn turn(&mut self, forward: bool) {
        let round = |now: usize, len: usize| (now + if forward { 1 } else { len - 1 }) % len;
        match self.line {
            ExportField::Subject => {
                let format = self.format();
                self.subject = round(self.subject, self.subjects.len());
                self.format = self.subject().formats().iter().position(|f| *f == format).unwrap_or(0);
            }
            ExportField::Format => self.format = round(self.format, self.subject().formats().len()),
            ExportField::Mask => self.mask = !self.mask,
            ExportField::File => return,
        }
        self.exists = None;
        self.rename();
    }

    /// The name was typed at.
    pub(in crate::app) fn typed(&mut self) {
        self.named = true;
        self.exists = None;
        self.line = ExportField::File;
    }

    /// The plan as it stands.
    pub(in crate::app) fn plan(&self, goal: Goal) -> ExportPlan {
        ExportPlan { subject: self.subject().clone(), format: self.format(), mask: self.mask, goal }
    }

    /// Lets the name follow what is chosen.
    fn rename(&mut self) {
        let extension = self.format().extension();
        let text = self.path.text();
        let name = if self.named {
            match text.rsplit_once('.') {
                Some((stem, end)) if Format::ALL.iter().any(|f| f.extension() == end) => format!("{stem}.{extension}"),
                _ => return,
            }
        } else {
            let what = match self.subject() {
                Subject::Call(id) => {
                    let id: String = id.as_str().chars().filter(char::is_ascii_alphanumeric).take(8).collect();
                    format!("call-{id}")
                }
                Subject::Shown(_) | Subject::All(_) => "calls".into(),
                Subject::Screen => "screen".into(),
            };
            format!("sidetone-{what}-{}.{extension}", self.stamp)
        };
        self.path.replace(&name);
    }
}

impl Popup for Export {
    fn command(&mut self, model: &mut Model, command: Command) -> CommandOutcome {
        match command {
            Command::Up => self.go(false),
            Command::Down => self.go(true),
            Command::Left | Command::Right if self.line == ExportField::File => {
                let code = if command == Command::Right { Code::Right } else { Code::Left };
                self.path.key(Key::plain(code));
            }
            Command::Left | Command::Right => self.turn(command == Command::Right),
            Command::Accept => {
                let path = self.path.text().trim().to_owned();
                if path.is_empty() {
                    self.line = ExportField::File;
                    model.say(NoticeLevel::Info, "The file needs a name.");
                    return CommandOutcome::Stay;
                }
                let goal = Goal::File { path, replace: self.exists.is_some() };
                return CommandOutcome::Effects(vec![Effect::Export(self.plan(goal))]);
            }
            Command::Copy => return CommandOutcome::Effects(vec![Effect::Export(self.plan(Goal::Clipboard))]),
            _ => return CommandOutcome::Close,
        }
        CommandOutcome::Stay
    }

    /// Typed into the name, where that is selected; else a space turns.
    fn key(&mut self, _model: &mut Model, key: Key) -> bool {
        if self.line != ExportField::File {
            let turns = key.code == Code::Char(' ');
            if turns {
                self.turn(true);
            }
            return turns;
        }
        if self.path.key(key) {
            self.typed();
        }
        true
    }

    fn paste(&mut self, _model: &mut Model, pasted: &str) -> bool {
        self.path.paste(pasted);
        self.typed();
        true
    }
}
