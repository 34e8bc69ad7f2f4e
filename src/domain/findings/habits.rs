//! What calls usually carry, and on whom: the yardstick where nobody wrote an expectation.

use super::{agent_panel_name, is_system_key, spelling};
use crate::domain::Key;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::borrow::Cow;
use std::hash::{Hash, Hasher};

/// Distinct keys that are counted. Beyond this, new ones are not: a habit is about few keys on many calls.
const KEYS: usize = 10_000;

/// Counts of calls by key.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    keys: FxHashMap<Key, Seen>,
    /// Spellings by their lower-case form.
    spellings: FxHashMap<String, Vec<Key>>,
    /// Some lower-case form has several.
    has_rivals: bool,
    /// What is known of a key by itself, by its place. Calls share their keys, so it is worked out once.
    spelled: FxHashMap<usize, (Key, Spelled)>,
    /// Names of the skeletons of those.
    skeletons: FxHashSet<u64>,
    /// Two of them have one skeleton, or may have.
    has_twins: bool,
}

/// A key by itself.
#[derive(Clone, Debug)]
pub(super) struct Spelled {
    /// In lower case.
    pub fold: String,
    /// What remains of it when everything is taken away that the eye passes over.
    pub skeleton: String,
    /// Names the skeleton: two that differ have different ones, but for accidents.
    pub fingerprint: u64,
    /// What is odd about it.
    pub oddity: Option<&'static str>,
    /// It has a dot, and is not of those that the platform or the agent's panel need so.
    pub is_dotted: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Calls that carried the key on the customer.
    customer: u32,
    /// Calls that carried it on somebody else.
    others: u32,
}

impl Spelled {
    fn of(text: &str) -> Self {
        let (skeleton, mut print) = (spelling::skeleton(text), FxHasher::default());
        skeleton.hash(&mut print);
        Self {
            fold: text.to_lowercase(),
            skeleton,
            fingerprint: print.finish(),
            oddity: spelling::oddity(text),
            is_dotted: text.contains('.') && !is_system_key(text) && agent_panel_name(text).is_none(),
        }
    }
}

impl Habits {
    /// Works out what there is to know of the key by itself, as long as there are not too many.
    pub(super) fn spell(&mut self, key: &Key) {
        if self.spelled.len() < KEYS && !self.spelled.contains_key(&key.place()) {
            let spelled = Spelled::of(key.as_str());
            self.has_twins |= !self.skeletons.insert(spelled.fingerprint);
            // The key stays, so that its place means no other.
            self.spelled.insert(key.place(), (key.clone(), spelled));
        }
    }

    /// The key by itself.
    pub(super) fn spelled(&self, key: &Key) -> Cow<'_, Spelled> {
        match self.spelled.get(&key.place()) {
            Some((_, known)) => Cow::Borrowed(known),
            None => Cow::Owned(Spelled::of(key.as_str())),
        }
    }

    /// One more call carries `key`, on the customer or on somebody else.
    pub(super) fn saw(&mut self, key: &Key, on_customer: bool) {
        if !self.keys.contains_key(key) {
            if self.keys.len() == KEYS {
                return;
            }
            let spellings = self.spellings.entry(key.as_str().to_lowercase()).or_default();
            spellings.push(key.clone());
            self.has_rivals |= spellings.len() > 1;
        }
        let seen = self.keys.entry(key.clone()).or_default();
        if on_customer {
            seen.customer = seen.customer.saturating_add(1);
        } else {
            seen.others = seen.others.saturating_add(1);
        }
    }

    /// Calls that carried exactly this key on the customer.
    pub fn on_customer(&self, key: &str) -> u32 {
        self.keys.get(key).map_or(0, |s| s.customer)
    }

    /// Calls are in the habit of carrying this key on the customer: at least `calls` do, four times as many as do not.
    pub fn belongs_to_customer(&self, key: &str, calls: u32) -> bool {
        self.keys.get(key).is_some_and(|s| s.customer >= calls && s.customer >= s.others.saturating_mul(4))
    }

    /// No key that was counted has another spelling.
    pub(super) fn has_one_spelling_each(&self) -> bool {
        !self.has_rivals && self.keys.len() < KEYS
    }

    /// No two keys that were seen are alike, so that none says anything about another.
    pub(super) fn has_none_alike(&self) -> bool {
        self.has_one_spelling_each() && !self.has_twins && self.spelled.len() < KEYS
    }

    /// The spelling that at least `calls` calls use, and four times as many as use `key`, which differs in case only.
    pub fn usual_spelling(&self, key: &str, fold: &str, calls: u32) -> Option<&Key> {
        let own = self.on_customer(key);
        let spellings = self.spellings.get(fold)?;
        let usual = spellings.iter().filter(|k| k.as_str() != key).max_by_key(|k| self.on_customer(k.as_str()))?;
        let count = self.on_customer(usual.as_str());
        (count >= calls && count >= own.saturating_mul(4)).then_some(usual)
    }
}
