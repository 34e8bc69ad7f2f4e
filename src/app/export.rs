//! What is to be handed on, in which form, and where it goes.

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
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Html, Self::Markdown, Self::Json, Self::Csv, Self::Svg, Self::Text];

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
pub struct ExportPlan {
    /// What is exported.
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
