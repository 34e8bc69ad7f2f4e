//! Signing in again while the program runs: the screen and every draft stay as they are.

use super::editor::Editor;
use std::{fmt, time::Duration};

/// How this connection can get a new token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum How {
    /// By itself, or not at all: nobody can be asked.
    #[default]
    Nobody,
    /// A user signs in with the browser.
    Browser,
    /// With a client's secret.
    Secret,
    /// With another access token.
    Token,
}

/// How far a sign-in is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInStage {
    /// The operator has not decided.
    Asked,
    /// The platform is being asked.
    Trying,
    /// The browser is waited for.
    Waiting {
        /// What to open in it.
        url: String,
        /// It was opened on this machine.
        opened: bool,
    },
}

/// The prompt.
#[derive(Debug)]
pub struct SignIn {
    /// What happened.
    pub reason: String,
    /// What can be done about it.
    pub how: How,
    /// How far it is.
    pub stage: SignInStage,
    /// Why the last try failed.
    pub trouble: Option<String>,
    /// The address that the browser ended on, a secret or a token.
    pub text: Editor,
    /// Who asked for it.
    pub opened: Opened,
}

/// Who asked for the prompt. What is typed as one opens by itself is meant for what was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The operator, or something was typed since that is meant for it.
    Wanted,
    /// Nobody, and it was not seen yet.
    Unseen,
    /// Nobody; it is on top of everything since then, as [`crate::domain::At::mono`].
    Since(Duration),
}

impl SignIn {
    /// What is typed is not to be shown.
    pub fn hides(&self) -> bool {
        matches!(self.how, How::Secret | How::Token)
    }
}

/// A text that is shown to nobody, not even in `Debug` output.
#[derive(Clone, PartialEq, Eq)]
pub struct HiddenText(pub String);

impl fmt::Debug for HiddenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden")
    }
}

/// What to do about the sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Try {
    /// Open the browser, and wait for it to come back.
    Browser,
    /// The address that the browser ended on.
    Address(HiddenText),
    /// The client's secret: this one, or the one that is known.
    Secret(Option<HiddenText>),
    /// Another access token.
    Token(HiddenText),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInProgress {
    /// The browser is waited for.
    Waiting {
        /// What to open in it.
        url: String,
        /// It was opened on this machine.
        opened: bool,
    },
    /// There is a good token again.
    Done,
    /// There is none, and why.
    Failed(String),
}
