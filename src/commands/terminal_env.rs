//! What the environment tells about the terminal.

use std::env;

/// The background that text stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// Dark.
    Dark,
    /// Light.
    Light,
}

/// Variables that terminals and those between set.
#[derive(Clone, Debug, Default)]
pub struct TerminalEnv {
    /// `TERM`
    pub term: String,
    /// `COLORTERM`
    pub colorterm: String,
    /// `COLORFGBG`, which some terminals set: foreground;background.
    pub colorfgbg: String,
    /// `TERM_PROGRAM`, with its version.
    pub program: String,
    /// Inside of tmux or screen.
    pub multiplexer: Option<&'static str>,
    /// Over ssh.
    pub ssh: bool,
    /// The character set of the locale is UTF-8.
    pub utf8: bool,
}

impl TerminalEnv {
    /// Of this process.
    pub fn of_process() -> Self {
        let of = |name: &str| env::var(name).unwrap_or_default();
        let set = |name: &str| env::var_os(name).is_some_and(|v| !v.is_empty());
        Self {
            term: of("TERM"),
            colorterm: of("COLORTERM"),
            colorfgbg: of("COLORFGBG"),
            program: format!("{} {}", of("TERM_PROGRAM"), of("TERM_PROGRAM_VERSION")).trim().to_owned(),
            multiplexer: if set("TMUX") { Some("tmux") } else { set("STY").then_some("screen") },
            ssh: set("SSH_CONNECTION") || set("SSH_TTY"),
            // Windows has no such variables, and its consoles take UTF-8.
            utf8: cfg!(windows) || is_utf8(of),
        }
    }

    /// The background, where the environment tells it.
    pub fn background(&self) -> Option<Background> {
        match self.colorfgbg.rsplit_once(';')?.1.parse::<u8>().ok()? {
            7 | 9..=15 => Some(Background::Light),
            0..=6 | 8 => Some(Background::Dark),
            _ => None,
        }
    }

    /// The terminal has more than its sixteen colours.
    pub fn has_256(&self) -> bool {
        let names = ["256color", "direct", "kitty", "alacritty", "ghostty", "foot", "wezterm"];
        !self.colorterm.is_empty() || names.iter().any(|name| self.term.contains(name))
    }

    /// A question to this terminal is answered or ignored, not shown.
    pub fn can_be_asked(&self) -> bool {
        // The console of Linux shows what it does not know; that of Windows hands no answer on.
        !cfg!(windows) && !matches!(self.term.as_str(), "" | "dumb" | "linux" | "cons25" | "vt100" | "vt220")
    }
}

/// The first of the variables that says something decides, as in POSIX; without any the locale is C.
fn is_utf8(of: impl Fn(&str) -> String) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().map(of).find(|value| !value.is_empty());
    locale.is_some_and(|locale| locale.to_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_of_the_locale_that_is_set_decides() {
        let utf8 = |set: &[(&str, &str)]| {
            is_utf8(|name| set.iter().find(|(n, _)| *n == name).map_or(String::new(), |(_, v)| (*v).to_owned()))
        };
        for set in [
            &[("LANG", "en_IE.UTF-8")][..],
            &[("LC_CTYPE", "C.utf8"), ("LANG", "C")],
            &[("LC_ALL", "de_DE.UTF-8@euro"), ("LANG", "POSIX")],
            &[("LC_ALL", ""), ("LANG", "C.UTF-8")],
        ] {
            assert!(utf8(set), "{set:?}");
        }
        for set in [
            &[][..],
            &[("LANG", "C")],
            &[("LANG", "POSIX")],
            &[("LC_ALL", "C"), ("LANG", "en_IE.UTF-8")],
            &[("LANG", "de_DE.ISO-8859-1")],
        ] {
            assert!(!utf8(set), "{set:?}");
        }
    }

    #[test]
    fn the_ground_is_the_last_number() {
        let background = |v: &str| TerminalEnv { colorfgbg: v.into(), ..TerminalEnv::default() }.background();
        assert_eq!([background("0;15"), background("0;default;15")], [Some(Background::Light); 2]);
        assert_eq!([background("15;0"), background("7;8")], [Some(Background::Dark); 2]);
        assert_eq!([background(""), background("15;default")], [None; 2]);
    }
}
