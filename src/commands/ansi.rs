//! Colour and symbols of text output: few, by meaning, and never the only carrier of it.

use crate::{
    commands::Context,
    domain::text::{self, Charset},
};
use std::borrow::Cow;

/// How text for people is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Ansi {
    /// With colour.
    pub color: bool,
    /// ASCII symbols only.
    pub ascii: bool,
}

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Labels and what is beside the point.
    Quiet,
    /// What one looks for.
    Name,
    /// A value that is new.
    Fresh,
    /// Fine.
    Good,
    /// To be looked at.
    Warning,
    /// Wrong.
    Bad,
}

impl Ansi {
    /// As the options, the environment and stdout say.
    pub fn of(context: &Context) -> Self {
        Self { color: context.color(), ascii: context.global.ascii }
    }

    /// Text of the program's own in its colour.
    pub fn own<'a>(&self, role: Role, text: &'a str) -> Cow<'a, str> {
        if !self.color || text.is_empty() {
            return Cow::Borrowed(text);
        }
        let code = match role {
            Role::Quiet => "2",
            Role::Name => "1",
            Role::Fresh => "36",
            Role::Good => "32",
            Role::Warning => "33",
            Role::Bad => "31",
        };
        Cow::Owned(format!("\x1b[{code}m{text}\x1b[0m"))
    }

    /// Text from outside, made harmless, in its colour.
    pub fn foreign<'a>(&self, role: Role, text: &'a str) -> Cow<'a, str> {
        match text::visible_in(text, self.charset()) {
            Cow::Borrowed(text) => self.own(role, text),
            Cow::Owned(text) => Cow::Owned(self.own(role, &text).into_owned()),
        }
    }

    /// Text from outside, made harmless, cut or padded to a column, in its colour.
    pub fn column(&self, role: Role, text: &str, columns: usize) -> String {
        self.own(role, &text::fit_in(text, columns, text::Align::Left, self.charset())).into_owned()
    }

    /// The marks for what cannot be shown as it is.
    pub fn charset(&self) -> Charset {
        if self.ascii { Charset::AsciiMarks } else { Charset::Unicode }
    }

    /// From one value to another.
    pub fn arrow(&self) -> &'static str {
        if self.ascii { "->" } else { "→" }
    }

    /// No value.
    pub fn absent(&self) -> &'static str {
        if self.ascii { "-" } else { "—" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_is_harmless_with_and_without_colour() {
        for color in [false, true] {
            let paint = Ansi { color, ascii: false };
            assert!(!paint.foreign(Role::Name, "\x1b]0;x\x07").contains('\x07'));
            assert!(!paint.column(Role::Name, "a\nb", 10).contains('\n'));
        }
        assert_eq!(Ansi::default().foreign(Role::Name, "plain"), "plain");
        assert_eq!(Ansi { color: true, ascii: false }.own(Role::Bad, "no"), "\x1b[31mno\x1b[0m");
    }
}
