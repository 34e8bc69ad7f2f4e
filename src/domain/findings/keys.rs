//! Rules that compare the keys of a call with each other and with those of other calls.

use super::RuleId;
use super::expected::Expectations;
use super::habits::{Habits, Spelled};
use super::notes::Notes;
use super::shown::shown_key;
use super::spelling::skeleton;
use super::values::has_bot;
use crate::domain::{Conversation, Key, Participant, ParticipantId};
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Attributes that Set Participant Data of a bot flow can write.
const BOT_KEYS: usize = 50;

/// A slip in a name of at least this many characters counts as one; two in twice as many.
const SLIP_LENGTH: usize = 5;

/// One key of the call, on one participant.
struct Carried<'a> {
    participant: &'a ParticipantId,
    key: &'a Key,
    spelled: Cow<'a, Spelled>,
}

/// Examines the keys that came, if what is said of the others stands; false if it may not, and all have to be examined.
pub(super) fn examine_new<'a>(
    call: &Conversation,
    came: impl Iterator<Item = (&'a ParticipantId, &'a Key)> + Clone,
    expected: &Expectations,
    habits: &mut Habits,
    notes: &mut Notes<'_>,
) -> bool {
    came.clone().for_each(|(_, key)| habits.spell(key));
    let stands = is_each_by_itself(call, expected, habits);
    if stands {
        came.for_each(|(participant, key)| by_itself(participant, key, &habits.spelled(key), notes));
    }
    stands
}

/// No key decides what is said of another one, nor does their number.
pub(super) fn is_each_by_itself(call: &Conversation, expected: &Expectations, habits: &Habits) -> bool {
    expected.is_empty() && habits.has_none_alike() && crowded(call).next().is_none()
}

/// The customers with more keys than a bot flow can write, on a call that has one.
fn crowded(call: &Conversation) -> impl Iterator<Item = &Participant> {
    let customers = call.participants.iter().filter(|p| p.purpose.is_customer());
    customers.filter(|p| p.attributes.len() > BOT_KEYS && has_bot(call))
}

/// What is odd about a key, whatever stands beside it.
fn by_itself(participant: &ParticipantId, key: &Key, spelled: &Spelled, notes: &mut Notes<'_>) {
    let mut note = |rule, message| notes.add(rule, None, Some(participant), Some(key), message);
    if spelled.is_dotted {
        note(RuleId::DottedKey, format!("scripts cannot read {}", shown_key(key.as_str())));
    }
    if let Some(oddity) = spelled.oddity {
        note(RuleId::NearMiss, format!("the key \"{}\" {oddity}", shown_key(key.as_str())));
    }
}

/// Examines all keys of the call.
pub(super) fn examine(call: &Conversation, expected: &Expectations, habits: &mut Habits, notes: &mut Notes<'_>) {
    let keys = || call.participants.iter().flat_map(|p| &p.attributes).map(|a| a.key);
    keys().for_each(|key| habits.spell(key));
    let habits = &*habits;
    let mut carried: Vec<Carried<'_>> = Vec::with_capacity(keys().count());
    for participant in &call.participants {
        for attribute in &participant.attributes {
            let spelled = habits.spelled(attribute.key);
            carried.push(Carried { participant: &participant.id, key: attribute.key, spelled });
        }
    }
    let absent = expected.absent(call);
    for one in &carried {
        let key = one.key.as_str();
        by_itself(one.participant, one.key, &one.spelled, notes);
        if !absent.is_empty()
            && let Some(near) = slip(key, &absent).filter(|_| !expected.names(key))
        {
            let message = format!("{} is nearly {}, which is expected", shown_key(key), shown_key(near));
            notes.add(RuleId::NearMiss, None, Some(one.participant), Some(one.key), message);
        }
    }
    spellings(&carried, expected, habits, notes);
    for participant in crowded(call) {
        let message =
            format!("the customer has {} keys; a bot flow can write {BOT_KEYS}", participant.attributes.len());
        notes.add(RuleId::TooMany, None, Some(&participant.id), None, message);
    }
}

/// Keys that are the same but for case, or but for blanks, hyphens, underscores and characters that look alike.
fn spellings(carried: &[Carried<'_>], expected: &Expectations, habits: &Habits, notes: &mut Notes<'_>) {
    // Nearly always: every key is alone with its skeleton, and no other spelling is known.
    if expected.is_empty() && habits.has_one_spelling_each() && !has_twins(carried) {
        return;
    }
    let mut count: FxHashMap<&str, usize> = FxHashMap::with_capacity_and_hasher(carried.len(), FxBuildHasher);
    for one in carried {
        *count.entry(&one.spelled.skeleton).or_default() += 1;
    }
    for (i, one) in carried.iter().enumerate() {
        // A key expected in this very spelling is right whatever stands beside it.
        if expected.names(one.key.as_str()) {
            continue;
        }
        let alone = count.get(one.spelled.skeleton.as_str()) == Some(&1);
        let like_it = |carried: &&Carried<'_>| !alone && carried.spelled.skeleton == one.spelled.skeleton;
        let siblings: Vec<&Carried<'_>> = carried.iter().filter(like_it).collect();
        let earlier: Vec<&Carried<'_>> = carried[..i].iter().filter(like_it).collect();
        let found = by_case(one, &siblings, &earlier, expected, habits, notes.tuning().habit_calls);
        if let Some((right, why)) = found {
            let message =
                format!("{} differs from {} only in case, {why}", shown_key(one.key.as_str()), shown_key(&right));
            notes.add(RuleId::CaseMismatch, None, Some(one.participant), Some(one.key), message);
        } else if let Some((right, why)) = alike(one, &earlier, expected) {
            let message = format!(
                "{} looks like {} but for {}, {why}",
                shown_key(one.key.as_str()),
                shown_key(&right),
                if one.key.as_str().nfc().eq(right.nfc()) {
                    "how its accents are encoded (composed, NFC, or decomposed, NFD)"
                } else {
                    "spaces, separators or letters that look alike"
                }
            );
            notes.add(RuleId::NearMiss, None, Some(one.participant), Some(one.key), message);
        }
    }
}

/// Two different keys have one skeleton, or may have.
fn has_twins(carried: &[Carried<'_>]) -> bool {
    let mut seen = [0u64; 16];
    carried.iter().enumerate().any(|(i, one)| {
        let (print, bit) = (one.spelled.fingerprint, 1 << (one.spelled.fingerprint & 63));
        let word = &mut seen[(print >> 6 & 15) as usize];
        let is_seen = *word & bit != 0;
        *word |= bit;
        is_seen && carried[..i].iter().any(|other| other.spelled.fingerprint == print && other.key != one.key)
    })
}

const EXPECTED: &str = "which is expected";
const SIBLING: &str = "which the call has too";

/// The spelling that should have been used, and why. Of two spellings on one call the rarer one is the odd one; of two
/// that are equally usual, the later one.
fn by_case(
    one: &Carried<'_>,
    siblings: &[&Carried<'_>],
    earlier: &[&Carried<'_>],
    expected: &Expectations,
    habits: &Habits,
    habit_calls: u32,
) -> Option<(String, &'static str)> {
    let key = one.key.as_str();
    let fold = one.spelled.fold.as_str();
    if let Some(right) = expected.spelling(|other| other != key && other.to_lowercase() == fold) {
        return Some((right.to_owned(), EXPECTED));
    }
    let usual = |k: &Carried<'_>| habits.on_customer(k.key.as_str());
    let others = |s: &&&Carried<'_>| s.key != one.key && s.spelled.fold == fold;
    let better = siblings.iter().filter(others).find(|s| usual(s) > usual(one));
    let first = earlier.iter().filter(others).find(|s| usual(s) == usual(one));
    if let Some(sibling) = better.or(first) {
        return Some((sibling.key.as_str().to_owned(), SIBLING));
    }
    let alone = !siblings.iter().any(|s| others(&s));
    let right = habits.usual_spelling(key, fold, habit_calls).filter(|_| alone)?;
    Some((right.as_str().to_owned(), "which other calls have"))
}

/// The key that this one looks like, and why it matters.
fn alike(one: &Carried<'_>, earlier: &[&Carried<'_>], expected: &Expectations) -> Option<(String, &'static str)> {
    let spelled = &one.spelled;
    if let Some(right) =
        expected.spelling(|other| other.to_lowercase() != spelled.fold && skeleton(other) == spelled.skeleton)
    {
        return Some((right.to_owned(), EXPECTED));
    }
    let sibling = earlier.iter().find(|s| s.spelled.fold != spelled.fold)?;
    Some((sibling.key.as_str().to_owned(), SIBLING))
}

/// The absent key of which `key` is a slip of the pen. Digits are no slips: `line1` is not `line2`.
fn slip<'e>(key: &str, absent: &[&'e str]) -> Option<&'e str> {
    let letters =
        |text: &str| text.chars().filter(|c| !c.is_numeric()).flat_map(char::to_lowercase).collect::<String>();
    absent.iter().copied().find(|expected| {
        let length = expected.chars().count();
        if length < SLIP_LENGTH || length.abs_diff(key.chars().count()) > 2 {
            return false;
        }
        let allowed = if length >= 2 * SLIP_LENGTH { 2 } else { 1 };
        let slips = strsim::osa_distance(&letters(expected), &letters(key));
        (1..=allowed).contains(&slips) && skeleton(expected) != skeleton(key)
    })
}
