//! What two versions of a flow do differently with participant data.

use super::graph::Graph;
use super::keys::{SetWhen, Use, keys, on_every_way};
use super::model::{ActionKind, Flow, Operand, display_name};
use std::collections::{BTreeMap, BTreeSet};

/// How surely a flow sets or reads a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Surety {
    /// On no way.
    Never,
    /// On some ways.
    Sometimes,
    /// On every way.
    Always,
}

impl Surety {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Sometimes => "conditional",
            Self::Always => "always",
        }
    }
}

/// What is done with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyAccess {
    /// It is set.
    Set,
    /// It is read.
    Read,
}

impl KeyAccess {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Read => "read",
        }
    }
}

/// A key that the two versions treat differently.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The key.
    pub key: String,
    /// Set or read.
    pub does: KeyAccess,
    /// How surely the first does it.
    pub before: Surety,
    /// How surely the second does it.
    pub after: Surety,
    /// Where the first does it and the second does not.
    pub gone: Vec<KeyPlace>,
    /// Where the second does it and the first does not.
    pub new: Vec<KeyPlace>,
}

/// Where a key is set or read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPlace {
    /// The action's name.
    pub action: String,
    /// The branches that lead to it.
    pub path: String,
    /// What it is set to, as written: `""` for an empty text, `NOT_SET` for a value that is not set; empty for a read.
    pub value: String,
}

impl Difference {
    /// A key that was set on every way and no longer is.
    pub fn is_loss(&self) -> bool {
        self.does == KeyAccess::Set && self.before == Surety::Always && self.after < Surety::Always
    }
}

/// What a flow does with a key.
#[derive(Debug)]
struct Of {
    surety: Surety,
    places: BTreeSet<KeyPlace>,
}

/// What differs, in the order of the keys; nothing where both do the same in the same places. What a common module does that
/// stands in the file counts as its caller's, as surely as the caller calls it.
pub fn diff(before: &Flow, after: &Flow) -> Vec<Difference> {
    let (old, new) = (all(before), all(after));
    let names: BTreeSet<&(String, KeyAccess)> = old.keys().chain(new.keys()).collect();
    let none = Of { surety: Surety::Never, places: BTreeSet::new() };
    let mut found = Vec::new();
    for name in names {
        let (from, to) = (old.get(name).unwrap_or(&none), new.get(name).unwrap_or(&none));
        let difference = Difference {
            key: name.0.clone(),
            does: name.1,
            before: from.surety,
            after: to.surety,
            gone: from.places.difference(&to.places).cloned().collect(),
            new: to.places.difference(&from.places).cloned().collect(),
        };
        if difference.before != difference.after || !difference.gone.is_empty() || !difference.new.is_empty() {
            found.push(difference);
        }
    }
    found
}

/// All that a flow and the modules in its file do, by key.
fn all(flow: &Flow) -> BTreeMap<(String, KeyAccess), Of> {
    let mut found: BTreeMap<(String, KeyAccess), Of> = BTreeMap::new();
    let mut add = |key: &str, does, surety: Surety, mut places: BTreeSet<KeyPlace>| {
        let of = found.entry((key.to_owned(), does)).or_insert(Of { surety: Surety::Never, places: BTreeSet::new() });
        of.surety = of.surety.max(surety);
        of.places.append(&mut places);
    };
    let used = keys(flow);
    for (key, uses) in &used.by_key {
        for (does, uses) in
            [(KeyAccess::Set, &uses.set), (KeyAccess::Read, &uses.read)].into_iter().filter(|(_, it)| !it.is_empty())
        {
            add(key, does, surety(flow, uses), places(flow, uses));
        }
    }
    // A key that only a run can tell stands by what it is computed from.
    for one in &used.computed {
        let key = one.key.as_deref().map_or_else(String::new, |key| format!("({})", key.text()));
        let does = if one.value.is_some() { KeyAccess::Set } else { KeyAccess::Read };
        let one = std::slice::from_ref(one);
        add(&key, does, surety(flow, one), places(flow, one));
    }
    let graph = Graph::of(flow);
    let when = graph.when();
    for (index, module) in flow.modules.iter().enumerate() {
        let calls = (0..flow.actions.len()).filter(|at| {
            matches!(&flow.actions[*at].kind, ActionKind::CallFlow(call) if call.module == Some(index))
                && when[*at] != SetWhen::Never
        });
        let calls: Vec<usize> = calls.collect();
        let called = match calls.is_empty() {
            true => Surety::Never,
            false if on_every_way(flow, calls) => Surety::Always,
            false => Surety::Sometimes,
        };
        for ((key, does), of) in all(&module.flow) {
            let within = |mut place: KeyPlace| {
                place.path = format!("module {} › {}", module.name, place.path);
                place
            };
            add(&key, does, of.surety.min(called), of.places.into_iter().map(within).collect());
        }
    }
    found
}

/// What the platform keeps of a value that is not set is not verified: such a use sets nothing surely.
fn surety(flow: &Flow, uses: &[Use]) -> Surety {
    let (unset, set): (Vec<&Use>, Vec<&Use>) =
        uses.iter().filter(|one| one.when != SetWhen::Never).partition(|one| one.unset());
    match set.as_slice() {
        [] => Surety::Never,
        _ if unset.is_empty()
            && !set.iter().any(|one| one.may_be_unset)
            && on_every_way(flow, set.iter().map(|one| one.action)) =>
        {
            Surety::Always
        }
        _ => Surety::Sometimes,
    }
}

fn places(flow: &Flow, uses: &[Use]) -> BTreeSet<KeyPlace> {
    let place = |one: &Use| KeyPlace {
        action: display_name(&flow.actions[one.action]).to_owned(),
        path: if one.when == SetWhen::Never { format!("{}, unreachable", one.path) } else { one.path.to_string() },
        value: match &one.value {
            Some(_) if one.unset() => "NOT_SET".to_owned(),
            Some(Operand::Literal(text)) if text.is_empty() => "\"\"".to_owned(),
            Some(value) => value.text().to_owned(),
            None => String::new(),
        },
    };
    uses.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::read;

    fn flow(body: &str) -> Flow {
        read(&format!(
            "inboundCall:\n  name: F\n  startUpRef: /inboundCall/tasks/task[T]\n  tasks:\n    - task:\n        name: T\n        refId: T\n        actions:\n{body}"
        ))
        .unwrap()
    }

    fn set(indent: usize, key: &str) -> String {
        let i = " ".repeat(indent);
        format!(
            "{i}- setParticipantData:\n{i}    name: Set\n{i}    attributes:\n{i}      - attribute:\n{i}          name:\n{i}            lit: {key}\n{i}          value:\n{i}            lit: x\n"
        )
    }

    fn decision(yes: &str, no: &str) -> String {
        let i = " ".repeat(10);
        let part = |name: &str, body: &str| match body {
            "" => String::new(),
            body => format!("{i}      {name}:\n{i}        actions:\n{body}"),
        };
        format!(
            "{i}- decision:\n{i}    name: D\n{i}    condition:\n{i}      exp: Flow.X\n{i}    outputs:\n{}{}",
            part("\"yes\"", yes),
            part("\"no\"", no)
        )
    }

    #[test]
    fn a_key_set_on_both_branches_is_always_set_and_losing_one_is_a_loss() {
        let end = format!("{}- disconnect:\n{}    name: End\n", " ".repeat(10), " ".repeat(10));
        let both = flow(&(decision(&set(20, "tier"), &set(20, "tier")) + &end));
        let one = flow(&(decision(&set(20, "tier"), "") + &end));
        let found = diff(&both, &one);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].before, found[0].after, found[0].is_loss()), (Surety::Always, Surety::Sometimes, true));
        assert!(found[0].gone.len() == 1 && found[0].gone[0].path.to_lowercase().contains("no"), "{found:?}");
        assert!(diff(&both, &both).is_empty());
        let back = diff(&one, &both);
        assert!(!back[0].is_loss() && back[0].after == Surety::Always);
    }

    #[test]
    fn what_vanished_and_appeared_is_named() {
        let end = format!("{}- disconnect:\n{}    name: End\n", " ".repeat(10), " ".repeat(10));
        let found = diff(&flow(&(set(10, "tier") + &end)), &flow(&(set(10, "Tier") + &end)));
        let told: Vec<_> = found.iter().map(|one| (one.key.as_str(), one.before, one.after)).collect();
        assert_eq!(told, [("Tier", Surety::Never, Surety::Always), ("tier", Surety::Always, Surety::Never)]);
    }

    /// Sets `a` to this.
    fn set_to(value: &str) -> String {
        set(10, "a").replace("lit: x", value)
    }

    #[test]
    fn what_is_not_set_is_not_surely_set() {
        let end = format!("{}- disconnect:\n{}    name: End\n", " ".repeat(10), " ".repeat(10));
        let of = |parts: &[&str]| flow(&(parts.concat() + &end));
        let literal = set_to("lit: x");
        let (unset, empty) = (set_to("noValue: true"), set_to("lit: \"\""));
        for (after, surety, lost, value) in [
            (of(&[&unset]), Surety::Never, true, "NOT_SET"),
            (of(&[&literal, &unset]), Surety::Sometimes, true, "NOT_SET"),
            (of(&[&literal, &empty]), Surety::Always, false, "\"\""),
        ] {
            let found = diff(&of(&[&literal]), &after);
            assert_eq!((found[0].after, found[0].is_loss()), (surety, lost), "{value}");
            assert_eq!(found[0].new.last().map(|place| place.value.as_str()), Some(value));
        }
        let ended = flow(&format!("{end}{literal}"));
        let found = diff(&of(&[&literal]), &ended);
        assert_eq!((found[0].after, found[0].gone.len(), found[0].new.len()), (Surety::Never, 1, 1));
        assert!(found[0].new[0].path.ends_with("unreachable"), "{found:?}");
    }
}
