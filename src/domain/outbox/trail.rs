//! What each key of a participant was seen to hold, in order of sight: by it a read that is older than what was seen
//! already is recognised.
//!
//! The platform promises no read consistency (api-facts 3.4): an answer may show less than an event that came before the
//! request left. Built on such a read, a merged PATCH would put an older value back over one that the operator has on the
//! screen. So a read that disagrees with what was seen a moment ago is read again, until it agrees or has said the same
//! for [`PATIENCE`].

use super::types::ByKey;
use crate::domain::{History, Key, ParticipantId, Source, Value};
use compact_str::CompactString;
use rustc_hash::FxHashMap;
use std::time::Duration;

/// A read that disagrees with anything seen within this time is read again; for this long reads are repeated.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// A read that shows what is known to be earlier is read again when the newer value was seen within this time.
const WINDOW: Duration = Duration::from_secs(30);
/// How many earlier values of a key are remembered.
const EARLIER: usize = 16;

/// How a read compares with what was seen before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It may be taken for what is there.
    Fresh,
    /// It shows older values of these keys, or none of them: read again.
    Older(Vec<Key>),
    /// So did every read for [`PATIENCE`], though the stream had shown the newer values: this is what is there, as far as reads
    /// can tell.
    Stubborn(Vec<Key>),
}

/// A key of a read that holds something else than what was seen last.
pub(super) struct Contradiction<'a> {
    pub key: &'a str,
    /// What the read shows; `None`: absent.
    pub value: Option<&'a Value>,
    /// When the value seen last was first seen.
    pub since: Duration,
    /// The value was never seen before.
    pub is_new: bool,
}

#[derive(Clone, Debug, Default)]
struct Steps {
    earlier: Vec<Option<Value>>,
    newest: Option<Value>,
    /// When the newest value was first seen; `None` when that was before anybody looked.
    since: Option<Duration>,
    /// A read showed it, not the stream.
    by_read: bool,
}

/// The steps of every key of one participant.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    keys: ByKey<Steps>,
    /// When the first of several disagreeing reads was asked for.
    distrust: Option<Duration>,
}

impl Trail {
    /// Knows nothing yet.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes over what the board knows: what is there, and how it came to be.
    pub(super) fn seed<'a>(
        &mut self,
        participant: &ParticipantId,
        there: impl Iterator<Item = (&'a Key, &'a Value)>,
        history: &History,
    ) {
        for step in history.iter().filter(|step| step.participant == *participant) {
            let steps = self.keys.entry(step.key.clone()).or_default();
            // A read that took a value back so soon was an old one.
            let soon = steps.since.is_some_and(|since| step.at.mono < since + PATIENCE);
            if step.source == Source::Read && soon && steps.earlier.contains(&step.new) {
                continue;
            }
            if steps.since.is_none() {
                steps.newest.clone_from(&step.old);
            }
            steps.note(step.new.clone(), step.at.mono, step.source == Source::Read);
        }
        for (key, value) in there {
            if !self.keys.contains_key(key) {
                let steps = Steps { newest: Some(value.clone()), ..Steps::default() };
                self.keys.insert(key.clone(), steps);
            }
        }
    }

    /// The stream shows that a key holds this value.
    pub(super) fn note(&mut self, key: &Key, value: Option<&Value>, at: Duration) {
        self.keys.entry(key.clone()).or_default().note(value.cloned(), at, false);
    }

    /// Judges a map that was asked for at `asked`. `explained` says which values only an edit of ours can have brought.
    pub(super) fn judge(
        &mut self,
        map: &[(CompactString, Value)],
        asked: Duration,
        explained: impl Fn(&Contradiction<'_>) -> bool,
    ) -> Trust {
        let there: FxHashMap<&str, &Value> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
        let contradicted = self.keys.iter().filter(|(key, steps)| {
            let value = there.get(key.as_str()).copied();
            let Some(since) = steps.newer_since(value, asked) else { return false };
            let is_new = value.is_some_and(|v| steps.is_new(v));
            !explained(&Contradiction { key: key.as_str(), value, since, is_new })
        });
        let (mut older, mut told) = (Vec::new(), Vec::new());
        for (key, steps) in contradicted {
            older.push(key.clone());
            if !steps.by_read {
                told.push(key.clone());
            }
        }
        if !older.is_empty() {
            let since = *self.distrust.get_or_insert(asked);
            if asked < since + PATIENCE {
                return Trust::Older(older);
            }
        }
        self.distrust = None;
        for (key, steps) in &mut self.keys {
            steps.note(there.get(key.as_str()).copied().cloned(), asked, true);
        }
        for (key, value) in map {
            if !self.keys.contains_key(key.as_str()) {
                self.keys.entry(Key::new(key.as_str())).or_default().note(Some(value.clone()), asked, true);
            }
        }
        if told.is_empty() { Trust::Fresh } else { Trust::Stubborn(told) }
    }
}

impl Steps {
    fn note(&mut self, value: Option<Value>, at: Duration, by_read: bool) {
        if self.newest == value {
            return;
        }
        let before = std::mem::replace(&mut self.newest, value);
        if !self.earlier.contains(&before) {
            if self.earlier.len() == EARLIER {
                self.earlier.remove(0);
            }
            self.earlier.push(before);
        }
        (self.since, self.by_read) = (Some(at), by_read);
    }

    /// Never seen before.
    fn is_new(&self, value: &Value) -> bool {
        !self.earlier.iter().any(|v| v.as_ref() == Some(value))
    }

    /// Since when something is seen that is newer than this value of a read, or may be.
    fn newer_since(&self, value: Option<&Value>, asked: Duration) -> Option<Duration> {
        let since = self.since.filter(|_| self.newest.as_ref() != value)?;
        let known = self.earlier.iter().any(|v| v.as_ref() == value) || value.is_none();
        (asked < since + PATIENCE || (known && asked < since + WINDOW)).then_some(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn map(pairs: &[(&str, &str)]) -> Vec<(CompactString, Value)> {
        pairs.iter().map(|(k, v)| ((*k).into(), Value::from(*v))).collect()
    }

    fn trail(steps: &[(&str, Option<&str>, u64)]) -> Trail {
        let mut trail = Trail::default();
        for (key, value, at) in steps {
            trail.note(&Key::from(*key), value.map(Value::from).as_ref(), s(*at));
        }
        trail
    }

    fn judge(trail: &mut Trail, pairs: &[(&str, &str)], asked: u64) -> Trust {
        trail.judge(&map(pairs), s(asked), |_| false)
    }

    #[test]
    fn what_was_seen_before_is_older_and_what_was_never_seen_is_newer() {
        let steps = [("k", Some("a"), 0), ("k", Some("b"), 10)];
        assert_eq!(judge(&mut trail(&steps), &[("k", "a")], 20), Trust::Older(vec!["k".into()]));
        assert_eq!(judge(&mut trail(&steps), &[("k", "c")], 20), Trust::Fresh);
        assert_eq!(
            judge(&mut trail(&steps), &[("k", "c")], 11),
            Trust::Older(vec!["k".into()]),
            "so soon it may be either"
        );
        assert_eq!(judge(&mut trail(&steps), &[("k", "b"), ("n", "1")], 11), Trust::Fresh);
        assert_eq!(judge(&mut trail(&steps), &[("k", "a")], 60), Trust::Fresh, "set back long since");
    }

    #[test]
    fn a_key_that_was_seen_and_is_not_in_the_read_is_looked_for_again() {
        let mut trail = trail(&[("k", Some("a"), 10)]);
        assert_eq!(judge(&mut trail, &[], 20), Trust::Older(vec!["k".into()]));
        assert_eq!(judge(&mut trail, &[], 22), Trust::Older(vec!["k".into()]));
        assert_eq!(judge(&mut trail, &[], 23), Trust::Stubborn(vec!["k".into()]));
        assert_eq!(judge(&mut trail, &[], 24), Trust::Fresh, "what reads say again and again is so");
    }

    #[test]
    fn our_own_new_value_is_newer_than_what_was_seen_before_it() {
        let mut trail = trail(&[("k", Some("a"), 10)]);
        let ours = |c: &Contradiction<'_>| c.is_new && c.value == Some(&Value::from("ours"));
        assert_eq!(trail.judge(&map(&[("k", "ours")]), s(11), ours), Trust::Fresh);
        assert_eq!(trail.judge(&map(&[("k", "a")]), s(12), ours), Trust::Older(vec!["k".into()]));
    }
}
