//! The user's keys, merged into the table.

use super::{BINDINGS, Binding, Command, Keymap, Scope};
use crate::app::key::{BadKey, Key};
use std::fmt;

/// One of the two never makes sense where the other does: in a recording no draft is marked, no stream held, and no flow
/// run.
fn take_turns(a: Command, b: Command) -> bool {
    let in_turn = |a, b| a == Command::Play && matches!(b, Command::Mark | Command::Pause | Command::StepFlow);
    in_turn(a, b) || in_turn(b, a)
}

/// A user's binding that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadBinding {
    /// No action has this name; the nearest that one has.
    NoSuchAction(String, Option<&'static str>),
    /// Not a key.
    NotAKey(String, BadKey),
    /// Two actions claim one key where both hold.
    Clash {
        /// The key.
        key: Key,
        /// The one claimant.
        action: &'static str,
        /// The other.
        other: &'static str,
        /// The scope in which both are bound.
        scope: Scope,
    },
    /// An action that one cannot do without would have no key.
    Unreachable(&'static str),
}

impl BadBinding {
    /// The actions it is about, as they are named in the file.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        let (one, other) = match self {
            Self::NoSuchAction(name, _) | Self::NotAKey(name, _) => (name.as_str(), None),
            Self::Clash { action, other, .. } => (*action, Some(*other)),
            Self::Unreachable(action) => (*action, None),
        };
        [Some(one), other].into_iter().flatten()
    }
}

impl fmt::Display for BadBinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchAction(name, nearest) => {
                write!(f, "no action is called `{}`", name.escape_debug())?;
                nearest.map_or(Ok(()), |n| write!(f, "; did you mean `{n}`?"))
            }
            Self::NotAKey(action, bad) => write!(f, "{action}: {bad}"),
            Self::Clash { key, action, other, scope } => {
                write!(f, "`{key}` is claimed by both `{action}` and `{other}` ({})", scope.title())
            }
            Self::Unreachable(action) => write!(f, "`{action}` needs at least one key"),
        }
    }
}

impl std::error::Error for BadBinding {}

impl Keymap {
    /// The table with these overrides: action name to its keys, in every scope where the action is.
    pub fn with(overrides: &[(String, Vec<String>)]) -> Result<Self, BadBinding> {
        let mut map = Self::default();
        for (name, keys) in overrides {
            if !BINDINGS.iter().any(|b| b.action == name) {
                let near = |b: &Binding| (strsim::damerau_levenshtein(b.action, name), b.action);
                let nearest = BINDINGS.iter().map(near).min().filter(|(d, _)| *d <= 3).map(|(_, a)| a);
                return Err(BadBinding::NoSuchAction(name.clone(), nearest));
            }
            let keys: Result<Vec<Key>, _> = keys.iter().map(|k| k.parse()).collect();
            let keys = keys.map_err(|bad| BadBinding::NotAKey(name.clone(), bad))?;
            for (i, binding) in BINDINGS.iter().enumerate().filter(|(_, b)| b.action == name) {
                if keys.is_empty() && matches!(binding.command, Command::Quit | Command::Back | Command::Accept) {
                    return Err(BadBinding::Unreachable(binding.action));
                }
                map.keys[i] = keys.clone();
            }
        }
        map.check()?;
        Ok(map)
    }

    /// No key has two meanings where both hold.
    fn check(&self) -> Result<(), BadBinding> {
        for (i, a) in BINDINGS.iter().enumerate() {
            for (j, b) in BINDINGS.iter().enumerate().skip(i + 1) {
                if !a.scope.holds_with(b.scope) || take_turns(a.command, b.command) {
                    continue;
                }
                if let Some(key) = self.keys[i].iter().find(|k| self.keys[j].contains(k)) {
                    return Err(BadBinding::Clash { key: *key, action: a.action, other: b.action, scope: a.scope });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_table_is_a_key_in_its_normal_form() {
        for binding in BINDINGS {
            for key in binding.keys {
                let parsed: Key = key.parse().unwrap();
                assert_eq!(parsed.to_string(), *key, "{}", binding.action);
            }
        }
    }

    #[test]
    fn no_key_has_two_meanings() {
        assert_eq!(Keymap::default().check(), Ok(()));
    }

    #[test]
    fn the_users_keys_replace_ours_and_clashes_name_both() {
        let with = |pairs: &[(&str, &[&str])]| {
            let own = |k: &&str| (*k).to_owned();
            Keymap::with(&pairs.iter().map(|(a, k)| ((*a).to_owned(), k.iter().map(own).collect())).collect::<Vec<_>>())
        };
        let map = with(&[("sort", &["o"])]).unwrap();
        let command = |key: &str| map.lookup(&[Scope::Calls, Scope::Screen], key.parse().unwrap()).map(|b| b.command);
        assert_eq!(command("o"), Some(Command::Sort));
        assert_eq!(command("s"), None);
        let said = |r: Result<Keymap, BadBinding>| r.unwrap_err().to_string();
        assert_eq!(said(with(&[("sort", &["c"])])), "`c` is claimed by both `columns` and `sort` (Calls)");
        assert_eq!(said(with(&[("sorr", &["c"])])), "no action is called `sorr`; did you mean `sort`?");
        assert!(said(with(&[("sort", &["ctrl"])])).contains("is not a key"));
        assert_eq!(said(with(&[("quit", &[])])), "`quit` needs at least one key");
        assert!(with(&[("suspend", &[])]).is_ok());
    }
}
