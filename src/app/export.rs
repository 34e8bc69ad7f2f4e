//! What is to be handed on, in which form, and where it goes: the choices of the export menu.

use super::{Model, editor::Editor, screen::Screen};
use crate::domain::ConversationId;

/// What is exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One call: the open one, or the selected one.
    Call(ConversationId),
    /// The calls that the filter lets through, in the order of the rows.
    Shown(Vec<ConversationId>),
    /// Every call on the board; how many there were when the menu opened.
    All(usize),
    /// A picture of the screen.
    Screen,
}

impl Subject {
    /// The words in the menu.
    pub fn label(&self) -> String {
        match self {
            Self::Call(_) => "this call".into(),
            Self::Shown(calls) => format!("shown calls ({})", calls.len()),
            Self::All(calls) => format!("all calls ({calls})"),
            Self::Screen => "the screen".into(),
        }
    }

    /// The forms that it can take, the usual one first.
    pub fn formats(&self) -> &'static [Format] {
        match self {
            Self::Call(_) => &[Format::Html, Format::Markdown, Format::Json, Format::Csv],
            Self::Shown(_) | Self::All(_) => &[Format::Csv, Format::Markdown, Format::Json],
            Self::Screen => &[Format::Svg, Format::Text],
        }
    }
}

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A report that needs no network.
    Html,
    /// For a ticket.
    Markdown,
    /// For programs.
    Json,
    /// For a spreadsheet.
    Csv,
    /// A picture.
    Svg,
    /// The letters of the screen.
    Text,
}

impl Format {
    const ALL: [Self; 6] = [Self::Html, Self::Markdown, Self::Json, Self::Csv, Self::Svg, Self::Text];

    /// The words in the menu.
    pub fn label(self) -> &'static str {
        match self {
            Self::Html => "HTML report",
            Self::Markdown => "Markdown",
            Self::Json => "JSON",
            Self::Csv => "CSV",
            Self::Svg => "SVG picture",
            Self::Text => "text",
        }
    }

    /// The end of a file's name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Markdown => "md",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Svg => "svg",
            Self::Text => "txt",
        }
    }
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Into this file; `replace` one that is there.
    File {
        /// As it was typed.
        path: String,
        /// The operator was told that it is there, and agreed.
        replace: bool,
    },
    /// On the clipboard.
    Clipboard,
}

/// An export, for the shell to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What.
    pub subject: Subject,
    /// In which form.
    pub format: Format,
    /// Mask personal data.
    pub mask: bool,
    /// Where to.
    pub goal: Goal,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotWritten {
    /// There is a file of this name; its whole path.
    Exists(String),
    /// In words.
    Failed(String),
}

/// The lines of the menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportField {
    /// What.
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
    pub(super) fn go(&mut self, down: bool) {
        let here = ExportField::ALL.iter().position(|l| *l == self.line).unwrap_or(0);
        let to = if down { (here + 1).min(ExportField::ALL.len() - 1) } else { here.saturating_sub(1) };
        self.line = ExportField::ALL[to];
    }

    /// The next or the one before of what is selected; round and round.
    pub(super) fn turn(&mut self, forward: bool) {
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
    pub(super) fn typed(&mut self) {
        self.named = true;
        self.exists = None;
        self.line = ExportField::File;
    }

    /// The plan as it stands.
    pub(super) fn plan(&self, goal: Goal) -> Plan {
        Plan { subject: self.subject().clone(), format: self.format(), mask: self.mask, goal }
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
