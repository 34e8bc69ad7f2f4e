//! Rules that judge a call by expectations: missing, late, wrong participant, wrong value.

use super::habits::Habits;
use super::notes::Notes;
use super::shown::{shown_delay, shown_key, shown_value};
use super::{RuleId, Severity, Tuning};
use crate::domain::expect::{Expectation, Milestones, Passed, Wrong};
use crate::domain::filter::CallFacts;
use crate::domain::{At, Attribute, Conversation, Participant, json};

/// The expectations, with what is asked of them often.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    pub(super) all: Vec<Expectation>,
}

impl Expectations {
    /// Nothing is expected.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Some expectation names exactly this key.
    pub(super) fn names(&self, key: &str) -> bool {
        self.all.iter().any(|e| e.key == key)
    }

    /// The expected key for which `is` holds.
    pub(super) fn spelling(&self, is: impl Fn(&str) -> bool) -> Option<&str> {
        self.all.iter().map(|e| e.key.as_str()).find(|k| is(k))
    }

    /// The expected keys that no participant of the call carries.
    pub(super) fn absent(&self, call: &Conversation) -> Vec<&str> {
        let carried = |key: &&str| call.participants.iter().any(|p| p.attributes.get(key).is_some());
        self.all.iter().map(|e| e.key.as_str()).filter(|key| !carried(key)).collect()
    }

    /// A participant of this purpose is expected to carry the key.
    fn wants(&self, key: &str, purpose: &str) -> bool {
        self.all.iter().any(|e| e.key == key && e.on == purpose)
    }
}

/// How far an expectation was judged on a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Judged {
    /// Not yet: its moment has not come.
    #[default]
    NotDue,
    /// It does not apply to the call.
    NotMeant,
    /// It was, and a finding tells what is wrong, if anything.
    Judged,
    /// Its moment has passed and it would not be met, but whether it applies is not known: the flow of the call is not.
    Undecided,
}

/// What is remembered of one expectation on one call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Memory {
    /// From when on the key may have been where it belongs; [`Passed::Before`] if it was there at first sight.
    present: Option<Passed>,
    /// Since when it is seen elsewhere and not where it belongs.
    misplaced: Option<At>,
    /// How far it was judged.
    pub(super) judged: Judged,
}

/// What the examination needs beside the call.
pub(super) struct Scene<'a> {
    pub facts: CallFacts<'a>,
    pub milestones: &'a Milestones,
    pub tuning: &'a Tuning,
    pub habits: &'a Habits,
    /// This is the first look at the call.
    pub first_look: bool,
    /// Since when the call had not been observed until now.
    pub unobserved: Option<At>,
}

impl Scene<'_> {
    fn call(&self) -> &Conversation {
        self.facts.conversation
    }

    fn now(&self) -> At {
        self.facts.now
    }
}

/// Judges all expectations. Returns when time alone will change a verdict.
pub(super) fn examine(
    expected: &Expectations,
    memory: &mut Vec<Memory>,
    scene: &Scene<'_>,
    notes: &mut Notes<'_>,
) -> Option<At> {
    memory.resize(expected.all.len(), Memory::default());
    let mut due: Option<At> = None;
    for (expectation, memory) in expected.all.iter().zip(memory) {
        let next = judge(expectation, expected, memory, scene, notes);
        due = due.into_iter().chain(next).min();
    }
    due
}

fn judge(
    expectation: &Expectation,
    expected: &Expectations,
    memory: &mut Memory,
    scene: &Scene<'_>,
    notes: &mut Notes<'_>,
) -> Option<At> {
    let now = scene.now();
    let applies = expectation.when.as_ref().map_or(Some(true), |when| when.verdict(scene.facts));
    if notes.tuning().ignores(&expectation.key) || applies == Some(false) {
        memory.judged = Judged::NotMeant;
        return None;
    }
    memory.judged = Judged::NotDue;
    let there = scene.call().carrier(&expectation.on, &expectation.key);
    let is_blank = there.is_some_and(|(_, a)| expectation.allowed.judge(a.value.as_str()) == Err(Wrong::Blank));
    if there.is_some() && !is_blank && memory.present.is_none() {
        // It may have come at any time while nothing was observed: it is not called late for that.
        let came = scene.unobserved.unwrap_or(now);
        memory.present = Some(if scene.first_look { Passed::Before } else { Passed::At(came) });
    }
    let passed = scene.milestones.passed(expectation.by, now);
    let judged_from = match passed {
        Some(Passed::At(at)) => Some(at.plus(scene.tuning.grace)),
        Some(Passed::Before) | None => None,
    };
    let is_past = passed == Some(Passed::Before) || judged_from.is_some_and(|from| from <= now);
    let by = expectation.by;
    let key = shown_key(&expectation.key);
    let source = expectation.note.as_deref().map(|n| format!(" ({})", shown_key(n))).unwrap_or_default();
    // Of a key that is not there, `set by …` would read as if it were.
    let due = match source.strip_prefix(" (set by ") {
        Some(who) => format!(" (to be set by {who}"),
        None => source.clone(),
    };
    let spoken = by.to_string().replace('-', " ");
    let wait = judged_from.filter(|_| !is_past).or_else(|| scene.milestones.due(by).filter(|due| *due > now));
    if is_past {
        memory.judged = Judged::Judged;
    }
    if applies.is_none() {
        let met = match there {
            Some((_, attribute)) => expectation.allowed.judge(attribute.value.as_str()).is_ok(),
            None => !expectation.required,
        };
        if is_past && !met {
            memory.judged = Judged::Undecided;
        }
        return wait;
    }
    let Some((participant, attribute)) = there else {
        let misplaced = misplaced(expectation, expected, scene);
        if let Some((other, attribute)) = misplaced {
            let settled = memory.misplaced.get_or_insert(now).plus(scene.tuning.grace);
            if settled > now && !scene.first_look && !is_past {
                return wait.into_iter().chain([settled]).min();
            }
            let severity = if is_past && expectation.required { Severity::Error } else { Severity::Warn };
            let message = format!("{key} is on {}, not on {}{source}", other.purpose.as_str(), expectation.on);
            notes.add(RuleId::WrongParticipant, Some(severity), Some(&other.id), Some(attribute.key), message);
            return wait;
        }
        memory.misplaced = None;
        if is_past && expectation.required {
            let on = scene.call().main(&expectation.on);
            let message = match on {
                Some(_) => {
                    let within = holder(scene.call(), &expectation.key);
                    let within =
                        within.map(|holder| format!(": it is within the value of {}", shown_key(holder.key.as_str())));
                    format!("{key} is not on {} at {spoken}{due}{}", expectation.on, within.unwrap_or_default())
                }
                None => {
                    format!(
                        "{key} is expected on {} at {spoken}, and there is no such participant{due}",
                        expectation.on
                    )
                }
            };
            notes.missing(on.map(|p| &p.id), &expectation.key, message);
        }
        return wait;
    };
    memory.misplaced = None;
    if !is_past {
        return wait;
    }
    let (id, key_of) = (Some(&participant.id), Some(attribute.key));
    // While the one who has it is on the call, it is where it belongs; whoever reads the newest one alone does not find it.
    if let Some(newest) = scene.call().newest(&expectation.on).filter(|newest| newest.id != participant.id) {
        let name = participant.name.as_deref().map(|name| format!(" ({})", shown_key(name))).unwrap_or_default();
        let on = &expectation.on;
        let not_on = match scene.call().successor(participant) {
            Some(newest) if newest.is_connected() => Some((Severity::Warn, "the one who is on the call now")),
            Some(_) => Some((Severity::Info, "the one who was on the call last")),
            None if newest.is_connected() => Some((Severity::Info, "the one who joined later")),
            None => None,
        };
        if let Some((severity, other)) = not_on {
            let message = format!("{key} is on the other {on}{name}, not on {other}{source}");
            notes.add(RuleId::WrongParticipant, Some(severity), id, key_of, message);
        }
    }
    match expectation.allowed.judge(attribute.value.as_str()) {
        Err(Wrong::Blank) => {
            let severity = expectation.required.then_some(Severity::Error);
            notes.add(
                RuleId::Blank,
                severity,
                id,
                key_of,
                format!("{key} is expected at {spoken} and is empty{source}"),
            );
        }
        Err(Wrong::Type(kind)) => {
            let value = shown_value(attribute.value.as_str());
            let message = format!("{key} should be written as {}, and is {value}{source}", kind.as_str());
            notes.add(RuleId::WrongType, None, id, key_of, message);
        }
        Err(Wrong::NotAllowed(near)) => {
            let value = shown_value(attribute.value.as_str());
            let hint = near.map(|n| format!("; {} is", shown_value(&n))).unwrap_or_default();
            notes.add(
                RuleId::NotAllowedValue,
                None,
                id,
                key_of,
                format!("{key} is {value}, which is not allowed{hint}{source}"),
            );
        }
        Err(Wrong::NoMatch(pattern)) => {
            let value = shown_value(attribute.value.as_str());
            let message = format!("{key} is {value}, which does not match {}{source}", shown_key(&pattern));
            notes.add(RuleId::NotAllowedValue, None, id, key_of, message);
        }
        Ok(()) => {}
    }
    if let (Some(Passed::At(present)), Some(Passed::At(passed))) = (memory.present, passed) {
        let delay = present.mono.saturating_sub(passed.mono);
        if delay > scene.tuning.grace {
            let message = format!("{key} came {} after {spoken}{source}", shown_delay(delay));
            notes.add(RuleId::Late, None, id, key_of, message);
        }
    }
    None
}

/// A payload that nothing has unpacked, with the key in it.
fn holder<'a>(call: &'a Conversation, key: &str) -> Option<Attribute<'a>> {
    let mut all = call.participants.iter().flat_map(|p| &p.attributes);
    all.find(|attribute| json::has_name(attribute.value.as_str(), key))
}

/// The key where it does not belong. A key that some expectation wants there is not misplaced.
fn misplaced<'a>(
    expectation: &Expectation,
    expected: &Expectations,
    scene: &Scene<'a>,
) -> Option<(&'a Participant, Attribute<'a>)> {
    let key = expectation.key.as_str();
    let others = scene.facts.conversation.participants.iter().rev();
    others
        .filter(|p| !expected.wants(key, p.purpose.as_str()))
        .filter_map(|p| p.attributes.get(key).map(|a| (p, a)))
        .find(|(_, a)| !a.value.as_str().trim().is_empty())
}

/// Keys that other calls carry on the customer and this one on somebody else, where no expectation speaks of them.
pub(super) fn by_habit(
    expected: &Expectations,
    since: &mut Vec<(crate::domain::Key, At)>,
    scene: &Scene<'_>,
    notes: &mut Notes<'_>,
) -> Option<At> {
    let call = scene.call();
    call.caller()?;
    let is_on_caller = |key: &str| call.participants.iter().any(|p| is_caller(p) && p.attributes.get(key).is_some());
    let mut due: Option<At> = None;
    let mut still = Vec::new();
    for other in call.participants.iter().filter(|p| !is_caller(p)) {
        for attribute in &other.attributes {
            let key = attribute.key.as_str();
            let odd = scene.habits.belongs_to_customer(key, scene.tuning.habit_calls)
                && !expected.names(key)
                && !is_on_caller(key);
            if !odd {
                continue;
            }
            let first = since.iter().find(|(k, _)| k == attribute.key).map_or(scene.now(), |(_, at)| *at);
            still.push((attribute.key.clone(), first));
            let settled = first.plus(scene.tuning.grace);
            if settled > scene.now() && !scene.first_look {
                due = due.into_iter().chain([settled]).min();
                continue;
            }
            let message =
                format!("{} is on {}; other calls have it on the customer", shown_key(key), other.purpose.as_str());
            notes.add(RuleId::WrongParticipant, Some(Severity::Warn), Some(&other.id), Some(attribute.key), message);
        }
    }
    *since = still;
    due
}

/// The caller's own participants: what Architect calls the caller or the recipient.
pub(super) fn is_caller(participant: &Participant) -> bool {
    matches!(participant.purpose.as_str(), "customer" | "external")
}
