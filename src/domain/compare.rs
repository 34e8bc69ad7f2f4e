//! Two calls, or two moments of one call, side by side: which attributes differ.

use super::{BoardEntry, Conversation, Key, ParticipantId};
use std::time::Duration;

/// What a call carries, or carried: its participants in order of joining.
pub type Held = Vec<ComparedParticipant>;

/// One participant's attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedParticipant {
    /// Its purpose, numbered from the second of its kind on: `customer`, `agent`, `agent 2`. Two calls are compared by it.
    pub label: String,
    /// Which participant.
    pub participant: ParticipantId,
    /// Keys and values.
    pub values: Vec<(Key, String)>,
}

/// One key of one participant, left and right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparedKey {
    /// Whose, by purpose.
    pub label: String,
    /// The key that is compared.
    pub key: Key,
    /// The participant on the left, where there is one.
    pub left_id: Option<ParticipantId>,
    /// The value on the left.
    pub left: Option<String>,
    /// The participant on the right, where there is one.
    pub right_id: Option<ParticipantId>,
    /// The value on the right.
    pub right: Option<String>,
}

impl ComparedKey {
    /// Both sides carry the same value.
    pub fn is_same(&self) -> bool {
        self.left == self.right
    }
}

/// What a call carries now.
pub fn held(call: &Conversation) -> Held {
    let mut out: Held = Vec::new();
    for p in &call.participants {
        let purpose = p.purpose.as_str();
        let before = call.participants.iter().take_while(|other| other.id != p.id);
        let nth = before.filter(|other| other.purpose == p.purpose).count() + 1;
        let label = if nth == 1 { purpose.to_owned() } else { format!("{purpose} {nth}") };
        let values = p.attributes.iter().map(|a| (a.key.clone(), a.value.as_str().to_owned())).collect();
        out.push(ComparedParticipant { label, participant: p.id.clone(), values });
    }
    out
}

/// What a call carried at this moment of the monotonic clock, as far as its history tells: later changes taken back,
/// newest first. What was there at first sight counts as having been there before.
pub fn held_at(entry: &BoardEntry, moment: Duration) -> Held {
    let mut out = held(&entry.conversation);
    for change in entry.history.iter().rev().take_while(|change| change.at.mono > moment) {
        let Some(place) = out.iter_mut().find(|p| p.participant == change.participant) else { continue };
        let found = place.values.iter().position(|(key, _)| *key == change.key);
        match (&change.old, found) {
            (Some(old), Some(i)) => place.values[i].1 = old.as_str().to_owned(),
            (Some(old), None) => place.values.push((change.key.clone(), old.as_str().to_owned())),
            (None, Some(i)) => drop(place.values.remove(i)),
            (None, None) => {}
        }
    }
    out
}

/// Moments of a call between which something changed: each the one at which it changed, the oldest first.
pub fn moments(entry: &BoardEntry) -> Vec<Duration> {
    let mut moments: Vec<Duration> = entry.history.iter().map(|change| change.at.mono).collect();
    moments.dedup();
    moments
}

/// Both sides, line by line: what differs first, then by participant in order of joining, then by key.
pub fn compare(left: &Held, right: &Held) -> Vec<ComparedKey> {
    let mut labels: Vec<&str> = left.iter().map(|p| p.label.as_str()).collect();
    for p in right {
        if !labels.contains(&p.label.as_str()) {
            labels.push(&p.label);
        }
    }
    let mut lines = Vec::new();
    for label in &labels {
        let of = |held: &'_ Held| held.iter().position(|p| p.label == *label);
        let (l, r) = (of(left).map(|i| &left[i]), of(right).map(|i| &right[i]));
        let mut keys: Vec<&Key> = l.iter().chain(&r).flat_map(|p| p.values.iter().map(|(key, _)| key)).collect();
        // Keys that differ in case only come to stand beside each other.
        keys.sort_by_cached_key(|key| (key.as_str().to_lowercase(), (*key).clone()));
        keys.dedup();
        let value = |p: Option<&ComparedParticipant>, key: &Key| {
            p.and_then(|p| p.values.iter().find(|(k, _)| k == key)).map(|(_, value)| value.clone())
        };
        lines.extend(keys.into_iter().map(|key| ComparedKey {
            label: (*label).to_owned(),
            key: key.clone(),
            left_id: l.map(|p| p.participant.clone()),
            left: value(l, key),
            right_id: r.map(|p| p.participant.clone()),
            right: value(r, key),
        }));
    }
    lines.sort_by_key(ComparedKey::is_same);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(label: &str, values: &[(&str, &str)]) -> ComparedParticipant {
        ComparedParticipant {
            label: label.into(),
            participant: label.into(),
            values: values.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        }
    }

    fn told(lines: &[ComparedKey]) -> Vec<String> {
        let or = |v: &Option<String>| v.clone().unwrap_or_else(|| "-".into());
        lines.iter().map(|l| format!("{} {} {} {}", l.label, l.key, or(&l.left), or(&l.right))).collect()
    }

    #[test]
    fn differences_come_first_and_participants_meet_by_purpose() {
        let left = vec![place("customer", &[("lang", "en"), ("tier", "gold")]), place("ivr", &[("step", "1")])];
        let right =
            vec![place("customer", &[("Tier", "gold"), ("lang", "en"), ("tier", "silver")]), place("agent", &[])];
        assert_eq!(
            told(&compare(&left, &right)),
            ["customer Tier - gold", "customer tier gold silver", "ivr step 1 -", "customer lang en en",]
        );
    }

    #[test]
    fn an_empty_value_is_not_an_absent_one() {
        let lines = compare(&vec![place("customer", &[("a", "")])], &vec![place("customer", &[])]);
        assert!(!lines[0].is_same());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_a_side_equals_itself(
            left in proptest::collection::btree_map("[a-cA-C]", "[xy]?", 0..6),
            right in proptest::collection::btree_map("[a-cA-C]", "[xy]?", 0..6),
        ) {
            let side = |map: &std::collections::BTreeMap<String, String>| {
                let pairs: Vec<(&str, &str)> = map.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
                vec![place("customer", &pairs)]
            };
            let (l, r) = (side(&left), side(&right));
            let lines = compare(&l, &r);
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            prop_assert_eq!(lines.len(), keys.len());
            for line in &lines {
                prop_assert_eq!(line.left.as_ref(), left.get(line.key.as_str()));
                prop_assert_eq!(line.right.as_ref(), right.get(line.key.as_str()));
            }
            prop_assert!(compare(&l, &l).iter().all(ComparedKey::is_same));
        }
    }
}
