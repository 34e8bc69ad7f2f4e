//! `[store]` and `[hooks]`: what is kept of calls, and what is started when something is found.

use super::problem::{Problem, line_of};
use super::setting::settings_table;
use crate::domain::findings::Severity;
use crate::exit::{Exit, Failure};
use crate::genesys;
use serde::Deserialize;
use std::time::Duration;
use toml::de::{DeTable, DeValue};

settings_table! {
    /// `[store]`.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    pub struct StoreTable in Store, STORE_SETTINGS {
        /// keep what watch sees, too; collect always does (docs/history.md)
        enabled: bool, "false", "false";
        /// the SQLite file; without a directory, in the state directory
        path: String, "history.sqlite", "\"history.sqlite\"";
        /// a PostgreSQL server instead, for several people or machines; its password is in SIDETONE_STORE_PASSWORD
        url: String, "none", "\"postgres://sidetone@db.example.com/history\"";
        /// days after which collect removes a call
        keep_days: u32, "90", "90";
        /// keys whose values are kept as they are; of others, a salted hash
        values: Vec<String>, "none", "[\"customer_tier\"]";
    }
}

settings_table! {
    /// `[hooks]`.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    pub struct HooksTable in Hooks, HOOKS_SETTINGS {
        /// program and arguments, started without a shell; it reads one JSON object from stdin
        command: Vec<String>, "none", "[\"/usr/local/bin/notify\", \"--stdin\"]";
        /// where that object is posted instead, or as well
        url: String, "none", "\"https://chat.example.com/hook\"";
        /// what to notify of: findings, alerts, keys whose presence fell with a new flow version
        on: Vec<HookOn>, "all three", "[\"finding\", \"alert\", \"presence-drop\"]";
        /// the least severity of findings to notify of: info, warn or error
        severity: Least, "warn", "\"warn\"";
        /// mask personal data in notifications
        mask: bool, "true", "true";
        /// milliseconds after which a run is ended
        timeout_ms: u64, "10000", "10000";
    }
}

/// What a hook is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookOn {
    /// Something was found on a call.
    Finding,
    /// A watchpoint fired.
    Alert,
    /// The presence of a key fell with a new flow version.
    PresenceDrop,
}

/// A severity in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Least {
    /// All of them.
    Info,
    /// Warnings and errors.
    Warn,
    /// Errors.
    Error,
}

/// Where the history store is, and what is kept in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistorySettings {
    /// Whether anything but `collect` keeps what it sees.
    pub enabled: bool,
    /// A file or the address of a server; `None`: the file in the state directory.
    pub place: Option<StoreLocation>,
    /// Days that are kept.
    pub keep_days: u32,
    /// Keys whose values are kept in clear.
    pub values: Vec<String>,
}

/// Where a history store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreLocation {
    /// A file; one without a directory is in the state directory.
    Path(String),
    /// `postgres://…`, without a password.
    Url(String),
}

/// What is told of what, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookPlan {
    /// A program and its arguments; empty: none.
    pub command: Vec<String>,
    /// Where a webhook is posted.
    pub url: Option<String>,
    /// Of what is told.
    pub on: Vec<HookOn>,
    /// The least severity of findings that are told.
    pub least: Severity,
    /// Mask personal data.
    pub mask: bool,
    /// How long one run may take.
    pub time: Duration,
}

impl StoreTable {
    /// What holds.
    ///
    /// # Errors
    /// [`Exit::Usage`] when it names two places.
    pub(super) fn resolve(self) -> Result<HistorySettings, Failure> {
        let place = match (self.path, self.url) {
            (Some(_), Some(_)) => {
                let message = "[store] names both a path and a url; the history is kept in one place";
                return Err(Exit::Usage.because(message).remedy("leave one of them out"));
            }
            (path, url) => path.map(StoreLocation::Path).or(url.map(StoreLocation::Url)),
        };
        Ok(HistorySettings {
            enabled: self.enabled.unwrap_or(false),
            place,
            keep_days: self.keep_days.unwrap_or(90),
            values: self.values.unwrap_or_default(),
        })
    }
}

impl HooksTable {
    /// What is to be told; `None` when there is nobody to tell.
    pub(super) fn resolve(self) -> Option<HookPlan> {
        let command = self.command.unwrap_or_default();
        if command.is_empty() && self.url.is_none() {
            return None;
        }
        Some(HookPlan {
            command,
            url: self.url,
            on: self.on.unwrap_or_else(|| vec![HookOn::Finding, HookOn::Alert, HookOn::PresenceDrop]),
            least: match self.severity {
                Some(Least::Info) => Severity::Info,
                None | Some(Least::Warn) => Severity::Warn,
                Some(Least::Error) => Severity::Error,
            },
            mask: self.mask.unwrap_or(true),
            time: Duration::from_millis(self.timeout_ms.unwrap_or(10_000)),
        })
    }
}

/// Values of `[store]` that are of the right type and cannot be.
pub(super) fn store_problems(text: &str, table: &DeTable<'_>, problems: &mut Vec<Problem>) {
    for (name, value) in table {
        let flaw = match (name.get_ref().as_ref(), value.get_ref()) {
            ("url", DeValue::String(url)) if !url.starts_with("postgres://") && !url.starts_with("postgresql://") => {
                Some("a server's address begins with postgres://; a file belongs under path")
            }
            ("url", DeValue::String(url)) if holds_password(url) => {
                Some("a password does not belong in this file: set SIDETONE_STORE_PASSWORD")
            }
            ("path", DeValue::String(path)) if path.is_empty() => Some("it names no file"),
            _ => None,
        };
        let line = line_of(text, value.span().start);
        problems.extend(flaw.map(|flaw| Problem { line, message: format!("{} in [store]: {flaw}", name.get_ref()) }));
    }
}

/// Values of `[hooks]` that are of the right type and cannot be.
pub(super) fn hook_problems(text: &str, table: &DeTable<'_>, problems: &mut Vec<Problem>) {
    for (name, value) in table {
        let flaw = match (name.get_ref().as_ref(), value.get_ref()) {
            ("command", DeValue::Array(words)) => match words.iter().next().map(|word| word.get_ref()) {
                None => Some("it names no program".to_owned()),
                Some(DeValue::String(program)) if program.is_empty() => Some("it names no program".to_owned()),
                Some(_) => None,
            },
            ("url", DeValue::String(url)) => genesys::flaw(url),
            ("timeout_ms", DeValue::Integer(ms)) if ms.as_str() == "0" => {
                Some("0 leaves no time to run; the default is 10000".to_owned())
            }
            _ => None,
        };
        let line = line_of(text, value.span().start);
        problems.extend(flaw.map(|flaw| Problem { line, message: format!("{} in [hooks]: {flaw}", name.get_ref()) }));
    }
}

fn holds_password(url: &str) -> bool {
    let user_info = url.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next()?.rsplit_once('@'));
    user_info.is_some_and(|(user, _)| user.contains(':')) || url.contains("password=")
}

#[cfg(test)]
mod tests {
    use super::super::File;
    use super::*;

    #[test]
    fn without_a_table_nothing_is_told_and_ninety_days_are_kept() {
        let history = StoreTable::default().resolve().unwrap();
        assert_eq!((history.enabled, history.place, history.keep_days, history.values.len()), (false, None, 90, 0));
        assert_eq!(HooksTable::default().resolve(), None);
        assert_eq!(File::parse("[hooks]\nmask = false\n").unwrap().hooks.resolve(), None, "nobody to tell");
    }

    #[test]
    fn a_hook_tells_everything_masked_unless_it_says_otherwise() {
        let plan = File::parse("[hooks]\ncommand = ['notify', '--stdin']\n").unwrap().hooks.resolve().unwrap();
        assert_eq!((plan.on.len(), plan.mask, plan.least), (3, true, Severity::Warn));
        assert_eq!(plan.time, Duration::from_secs(10));
        let text =
            "[hooks]\nurl = 'https://chat.example/x'\non = ['presence-drop']\nmask = false\nseverity = 'error'\n";
        let plan = File::parse(text).unwrap().hooks.resolve().unwrap();
        assert_eq!((plan.on, plan.mask, plan.least), (vec![HookOn::PresenceDrop], false, Severity::Error));
    }

    #[test]
    fn two_places_of_one_history_are_refused() {
        let file = File::parse("[store]\npath = 'a.sqlite'\nurl = 'postgres://db/h'\n").unwrap();
        assert!(file.store.resolve().unwrap_err().to_string().contains("both"));
    }

    #[test]
    fn what_cannot_be_is_named_with_its_line() {
        let text =
            "[store]\nurl = 'mysql://db/h'\n[hooks]\ncommand = []\nurl = 'http://chat.example'\ntimeout_ms = 0\n";
        let told: Vec<String> = File::parse(text).unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert!(told[0].starts_with("line 2: url in [store]") && told[0].contains("postgres://"), "{told:?}");
        assert!(told[1].starts_with("line 4: command in [hooks]"), "{told:?}");
        assert!(told[2].contains("without encryption"), "{told:?}");
        assert!(told[3].starts_with("line 6: timeout_ms"), "{told:?}");
        for url in ["postgres://ann:sample@db/h", "postgres://db/h?password=sample"] {
            let told = File::parse(&format!("[store]\nurl = '{url}'\n")).unwrap_err();
            assert!(told[0].message.contains("SIDETONE_STORE_PASSWORD") && !told[0].message.contains("sample"));
        }
        assert!(File::parse("[store]\nurl = 'postgres://ann@db/h'\n").is_ok());
        let misspelt = File::parse("[hooks]\ncomand = ['x']\n[store]\nkeepdays = 3\n").unwrap_err();
        assert!(misspelt[0].message.contains("\"command\"") && misspelt[1].message.contains("\"keep_days\""));
    }
}
