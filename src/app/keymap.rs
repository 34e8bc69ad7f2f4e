//! The one table of actions: it dispatches keys, and the footer's hints, the help overlay, the palette and the README are drawn
//! from it. The user's `[keys]` are a merge into it.

mod command;
mod condition;
mod custom;
mod markdown;
mod scope;
mod table;

use super::key::Key;
pub use command::Command;
pub use condition::Condition;
pub use custom::BadBinding;
pub use markdown::{everyday, markdown};
pub use scope::Scope;
pub use table::{BINDINGS, Binding};

/// The table with the user's keys merged in.
#[derive(Clone, Debug)]
pub struct Keymap {
    /// Keys of each row of [`BINDINGS`].
    keys: Vec<Vec<Key>>,
}

impl Default for Keymap {
    fn default() -> Self {
        let parse = |b: &Binding| b.keys.iter().filter_map(|k| k.parse().ok()).collect();
        Self { keys: BINDINGS.iter().map(parse).collect() }
    }
}

impl Keymap {
    /// What a key means where these scopes hold.
    pub fn lookup(&self, scopes: &[Scope], key: Key) -> Option<&'static Binding> {
        scopes.iter().find_map(|scope| {
            let here = |(b, keys): &(&Binding, &Vec<Key>)| b.scope == *scope && keys.contains(&key);
            BINDINGS.iter().zip(&self.keys).find(here).map(|(b, _)| b)
        })
    }

    /// The keys of one row of [`BINDINGS`].
    pub fn keys(&self, index: usize) -> &[Key] {
        &self.keys[index]
    }

    /// The first key of an action in this scope, for texts that say what to press.
    pub fn key_for(&self, command: Command) -> Option<Key> {
        let index = BINDINGS.iter().position(|b| b.command == command)?;
        self.keys[index].first().copied()
    }

    /// The first key of an action in this scope, for lines that name it.
    pub fn key_for_in(&self, scope: Scope, command: Command) -> Option<Key> {
        let index = BINDINGS.iter().position(|b| b.scope == scope && b.command == command)?;
        self.keys[index].first().copied()
    }

    /// What a key that means nothing here is for, and on which screens; a recording's bar is one. The first action of the table where
    /// it has several.
    pub fn elsewhere(&self, key: Key) -> Option<(&'static Binding, Vec<Scope>)> {
        let rows =
            || BINDINGS.iter().zip(&self.keys).filter(|(b, keys)| b.scope.is_one_screen() && keys.contains(&key));
        let live = || rows().map(|(b, _)| b).filter(|b| b.scope != Scope::Replay);
        let first = live().next().or_else(|| rows().map(|(b, _)| b).next())?;
        let scopes = rows().map(|(b, _)| b).filter(|b| b.command == first.command).map(|b| b.scope).collect();
        Some((first, scopes))
    }

    /// Rows of these scopes, in the order of the scopes and then of the table, with their keys.
    pub fn rows<'a>(&'a self, scopes: &'a [Scope]) -> impl Iterator<Item = (usize, &'static Binding, &'a [Key])> {
        scopes.iter().flat_map(move |scope| {
            let of = move |(_, b): &(usize, &Binding)| b.scope == *scope;
            BINDINGS.iter().enumerate().filter(of).map(|(i, b)| (i, b, self.keys[i].as_slice()))
        })
    }
}
