//! Follows calls as they change, and examines of them what changed.

use super::expected::{self, Expectations, Judged, Memory, Scene};
use super::habits::Habits;
use super::kept::KeptFindings;
use super::lost::{self, LostKey};
use super::notes::{Family, Notes};
use super::over_time::{self, Trace};
use super::said::Said;
use super::{EditFact, Finding, RuleId, Severity, Tuning, edits, keys, values};
use crate::domain::expect::{Expectation, Milestones};
use crate::domain::filter::CallFacts;
use crate::domain::{At, BoardEntry, Change, ConversationId, Freshness, Key, Names, ParticipantChange, ParticipantId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicU64, Ordering},
};

/// What became of a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum FindingChange {
    /// It is new.
    Appeared(Finding),
    /// It says something else now, or is worse or better.
    Changed(Finding),
    /// It no longer holds.
    Gone(Finding),
}

/// Names one state of the findings: as long as it is the same, they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(u64);

impl Stamp {
    /// One that was never there before, whichever examiner it is for: of a copy that goes another way, too.
    fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Default for Stamp {
    fn default() -> Self {
        Self::fresh()
    }
}

/// What was observed of a call at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Observed<'a> {
    /// What the update changed; nothing when it is time or an edit that changed.
    pub changes: &'a [Change],
    /// Since when the call had not been observed when the update came ([`crate::domain::Applied::unobserved`]).
    pub unobserved: Option<At>,
    /// This operator's sent edits on the call.
    pub edits: &'a [EditFact],
}

/// Holds the findings of all calls and keeps them current.
///
/// An update costs what it changed: values are examined one by one, keys together only when a key came or went.
#[derive(Clone, Debug, Default)]
pub struct Examiner {
    tuning: Tuning,
    expected: Expectations,
    /// Keys that verdicts of expectations may depend on; `None` when a filter may depend on any.
    deciding: Option<FxHashSet<String>>,
    habits: Habits,
    /// Keys that flow versions lost, while that lasts.
    lost: Vec<LostKey>,
    calls: FxHashMap<ConversationId, Box<ExaminedCall>>,
    said: Said,
    due: BTreeSet<(At, ConversationId)>,
    stamp: Stamp,
}

#[derive(Clone, Debug, Default)]
struct ExaminedCall {
    milestones: Milestones,
    memory: Vec<Memory>,
    misplaced: Vec<(Key, At)>,
    trace: Trace,
    findings: KeptFindings,
    due: Option<At>,
    seen: bool,
    /// Every key was examined, and none decided what is said of another.
    keys_stand: bool,
    freshness: Freshness,
}

impl Examiner {
    /// An examiner with these rules and expectations that has seen nothing.
    pub fn new(tuning: Tuning, expectations: Vec<Expectation>) -> Self {
        let any_filter = expectations.iter().any(|e| e.when.is_some());
        let deciding = (!any_filter).then(|| expectations.iter().map(|e| e.key.to_string()).collect());
        Self { tuning, expected: Expectations { all: expectations }, deciding, ..Self::default() }
    }

    /// Keys that calls are expected to have.
    pub fn expectations(&self) -> &[Expectation] {
        &self.expected.all
    }

    /// Looks at a call after the board took in an update, or because of time or an edit. Returns what became of findings.
    ///
    /// What was not observed is not judged: while the call is stale, what expectations and other keys say of it stands
    /// still, and what changed unobserved is held against no moment.
    pub fn look(&mut self, entry: &BoardEntry, names: &Names, observed: Observed<'_>, now: At) -> Vec<FindingChange> {
        let Observed { changes, unobserved, edits } = observed;
        let conversation = &entry.conversation;
        let is_observed = conversation.freshness == Freshness::Live;
        let call: &mut ExaminedCall = match self.calls.get_mut(&conversation.id) {
            Some(call) => call,
            None => self.calls.entry(conversation.id.clone()).or_default(),
        };
        let first_look = !std::mem::replace(&mut call.seen, true);
        let mut touched = if first_look { Touched::all(entry) } else { Touched::by(changes) };
        let last_end = call.milestones.flow_ends().last().copied();
        // Values alone carry a call past no milestone, and to look at them needs all of its participants.
        let passed = touched.structure && call.milestones.observe(conversation, now);
        let flow_ended = call.milestones.flow_ends().last().copied() != last_end;
        if touched.joined && values::has_bot(conversation) {
            // The limits of bot flows apply from now on.
            touched.cells = cells_of(entry, |cell| touched.came().any(|came| came == cell));
            touched.keys = true;
        }
        let mut notes = Notes {
            call: &conversation.id,
            now,
            tuning: &self.tuning,
            family: Family::Values,
            unobserved,
            holds_over_time: call.findings.held().any_of(Family::OverTime),
            added: Vec::new(),
            dropped: Vec::new(),
        };
        let mut before = Vec::new();

        for TouchedCell { participant, key, place, .. } in &touched.cells {
            if call.findings.held().value_of(key) {
                call.findings.take(&conversation.id, &mut before, |family, _, on, of| {
                    family == Family::Values && on == Some(*participant) && of == Some(*key)
                });
            }
            let Some(participant) = conversation.find(participant) else { continue };
            let Some(attribute) = participant.attributes.of(key, *place) else { continue };
            // Blank where something is expected is for the expectation to say.
            let excused = attribute.value.as_str().trim().is_empty()
                && (self.expected.names(key.as_str()) || had_value(changes, &participant.id, key));
            values::examine(conversation, participant, attribute, excused, &mut notes);
        }
        for (key, on_customer) in touched.arrivals(entry, &call.trace) {
            self.habits.saw(key, on_customer);
        }
        let resumed = is_observed
            && (unobserved.is_some() || std::mem::replace(&mut call.freshness, Freshness::Live) == Freshness::Stale);
        if (touched.keys || resumed) && is_observed {
            notes.family = Family::Keys;
            let stands = call.keys_stand && !resumed && !touched.gone;
            if !(stands
                && keys::examine_new(conversation, touched.came(), &self.expected, &mut self.habits, &mut notes))
            {
                call.findings.take_family(Family::Keys, &conversation.id, &mut before);
                keys::examine(conversation, &self.expected, &mut self.habits, &mut notes);
                call.keys_stand = keys::is_each_by_itself(conversation, &self.expected, &self.habits);
            }
        } else if touched.keys {
            call.keys_stand = false;
        }
        if !first_look {
            notes.family = Family::OverTime;
            if touched.joined {
                call.trace.joined(&mut notes);
            }
            if flow_ended {
                call.trace.flow_ended(conversation, &mut notes);
            }
            for change in attribute_changes(changes) {
                call.trace.examine(&change, conversation, &call.milestones, &mut notes);
            }
        }
        let time = call.due.is_some_and(|due| due <= now);
        let decisive = touched.structure || passed || time || resumed || touched.decides(self.deciding.as_ref());
        call.freshness = conversation.freshness;
        if !is_observed {
            // Judged again when it was told whole.
            if let Some(due) = call.due.take() {
                self.due.remove(&(due, conversation.id.clone()));
            }
        } else if decisive {
            notes.family = Family::Expected;
            call.findings.take_family(Family::Expected, &conversation.id, &mut before);
            let facts = CallFacts { conversation, names, now };
            let scene = Scene {
                facts,
                milestones: &call.milestones,
                tuning: &self.tuning,
                habits: &self.habits,
                first_look,
                unobserved,
            };
            let judged = expected::examine(&self.expected, &mut call.memory, &scene, &mut notes);
            let habit = expected::by_habit(&self.expected, &mut call.misplaced, &scene, &mut notes);
            notes.family = Family::Lost;
            call.findings.take_family(Family::Lost, &conversation.id, &mut before);
            let lost = lost::examine(&self.lost, &scene, |key| self.expected.names(key), &mut notes);
            let due = judged.into_iter().chain(habit).chain(lost).min();
            if let Some(old) = call.due {
                self.due.remove(&(old, conversation.id.clone()));
            }
            call.due = due;
            self.due.extend(due.map(|due| (due, conversation.id.clone())));
        }
        notes.family = Family::Edits;
        call.findings.take_family(Family::Edits, &conversation.id, &mut before);
        edits::examine(conversation, edits, &mut notes);

        let Notes { mut added, dropped, .. } = notes;
        added.iter_mut().for_each(|(_, finding)| self.said.share(&mut finding.message));
        let news = call.settle(&conversation.id, before, added, &dropped);
        if !news.is_empty() {
            self.stamp = Stamp::fresh();
        }
        news
    }

    /// Adds what was found of many calls to the one that decided it, unless that has left the board.
    pub fn tell(&mut self, finding: Finding) {
        if let Some(call) = self.calls.get_mut(finding.conversation.as_str())
            && call.findings.place(&finding).is_none()
        {
            call.findings.push(Family::Presence, &finding);
            self.stamp = Stamp::fresh();
        }
    }

    /// The keys that flow versions lost, as it is now: every call is looked at again when [`Self::due_call`] is asked next.
    pub fn set_lost(&mut self, lost: Vec<LostKey>, now: At) {
        if self.lost == lost {
            return;
        }
        self.lost = lost;
        for (id, call) in &mut self.calls {
            if let Some(due) = call.due.replace(now) {
                self.due.remove(&(due, id.clone()));
            }
            self.due.insert((now, id.clone()));
        }
    }

    /// The finding came of a key that a flow version lost, and not of an expectation.
    pub fn is_lost(&self, finding: &Finding) -> bool {
        let is_own =
            |key: &Key| self.lost.iter().any(|lost| lost.key == key.as_str()) && !self.expected.names(key.as_str());
        finding.rule == RuleId::Missing && finding.key.as_ref().is_some_and(is_own)
    }

    /// Names the present state of the findings.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The findings of one call, in the order in which they were found.
    pub fn of(&self, conversation: &str) -> impl Iterator<Item = Finding> {
        self.calls.get_key_value(conversation).into_iter().flat_map(|(id, call)| call.findings.of(id))
    }

    /// All findings, those of one call together.
    pub fn all(&self) -> impl Iterator<Item = Finding> {
        self.calls.iter().flat_map(|(id, call)| call.findings.of(id))
    }

    /// The findings of this key on one call: quicker than to choose among [`Self::of`].
    pub fn of_key<'a>(&'a self, conversation: &str, key: &'a str) -> impl Iterator<Item = Finding> + 'a {
        let is = move |_, of: Option<&Key>| of.is_some_and(|of| of.as_str() == key);
        self.calls.get_key_value(conversation).into_iter().flat_map(move |(id, call)| call.findings.by(id, is))
    }

    /// All findings of the rules for which `is` holds: quicker than to choose among [`Self::all`].
    pub fn all_by(&self, is: fn(RuleId) -> bool) -> impl Iterator<Item = Finding> {
        self.calls.iter().flat_map(move |(id, call)| call.findings.by(id, move |rule, _| is(rule)))
    }

    /// How far the expectation at this place was judged on each call.
    pub fn judged(&self, expectation: usize) -> impl Iterator<Item = (&ConversationId, Judged)> {
        self.calls
            .iter()
            .map(move |(id, call)| (id, call.memory.get(expectation).map_or(Judged::NotDue, |memory| memory.judged)))
    }

    /// The milestones that a call has passed; `None` for one that was never looked at.
    pub fn milestones(&self, conversation: &str) -> Option<&Milestones> {
        self.calls.get(conversation).map(|call| &call.milestones)
    }

    /// How many findings a call has, and how bad the worst one is. A key that a flow lost and that is missing here is one.
    pub fn summary(&self, conversation: &str) -> Option<(usize, Severity)> {
        self.calls.get(conversation)?.findings.summary()
    }

    /// When time alone will change a verdict next.
    pub fn due(&self) -> Option<At> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The first call that is to be looked at again by `now` because of the time, and the moment at which it is. To be
    /// given to [`Self::look`] without changes, before anything later is looked at: then what is found, and when, does
    /// not depend on how often this is asked.
    pub fn due_call(&self, now: At) -> Option<(At, ConversationId)> {
        self.due.first().filter(|(due, _)| *due <= now).cloned()
    }

    /// Has all keys of every call examined when one comes.
    #[cfg(test)]
    pub(super) fn doubt_keys(&mut self) {
        self.calls.values_mut().for_each(|call| call.keys_stand = false);
    }

    /// Lets go of a call that has left the board.
    pub fn forget(&mut self, conversation: &str) {
        if let Some((id, call)) = self.calls.remove_entry(conversation) {
            self.stamp = Stamp::fresh();
            if let Some(due) = call.due {
                self.due.remove(&(due, id));
            }
        }
    }
}

impl ExaminedCall {
    /// Lays what was found over what was known. `before` was examined again and holds only if it was found again.
    fn settle(
        &mut self,
        id: &ConversationId,
        mut before: Vec<(Family, Finding)>,
        added: Vec<(Family, Finding)>,
        dropped: &[(RuleId, ParticipantId, Key)],
    ) -> Vec<FindingChange> {
        let mut out = Vec::new();
        if !dropped.is_empty() {
            self.findings.take(id, &mut before, |family, rule, participant, key| {
                let is = |(r, p, k): &(RuleId, ParticipantId, Key)| (rule, participant, key) == (*r, Some(p), Some(k));
                family == Family::OverTime && dropped.iter().any(is)
            });
        }
        if !before.is_empty() {
            self.findings.look_again();
        }
        self.findings.expect(added.len());
        for (family, mut finding) in added {
            if let Some(place) = self.findings.place(&finding) {
                let (since, is_same) = self.findings.compare(place, &finding).unwrap_or((finding.since, true));
                if !is_same {
                    finding.since = since;
                    self.findings.say(place, &finding);
                    out.push(FindingChange::Changed(finding));
                }
                continue;
            }
            match before.iter().position(|(_, f)| f.identity() == finding.identity()) {
                Some(at) => {
                    let (_, known) = before.swap_remove(at);
                    finding.since = known.since;
                    self.findings.push(family, &finding);
                    if known != finding {
                        out.push(FindingChange::Changed(finding));
                    }
                }
                None => {
                    self.findings.push(family, &finding);
                    out.push(FindingChange::Appeared(finding));
                }
            }
        }
        out.extend(before.into_iter().map(|(_, gone)| FindingChange::Gone(gone)));
        out
    }
}

/// What an update touched.
struct Touched<'a> {
    cells: Vec<TouchedCell<'a>>,
    /// A key came or went.
    keys: bool,
    /// A key went.
    gone: bool,
    /// A participant joined.
    joined: bool,
    /// Something other than the value of a known key.
    structure: bool,
}

/// An attribute that has a new value, came or went.
struct TouchedCell<'a> {
    participant: &'a ParticipantId,
    key: &'a Key,
    /// Which of the participant's attributes it is.
    place: u32,
    /// It was not there before.
    came: bool,
}

impl<'a> Touched<'a> {
    fn all(entry: &'a BoardEntry) -> Self {
        Self { cells: cells_of(entry, |_| true), keys: true, gone: false, joined: false, structure: true }
    }

    fn by(changes: &'a [Change]) -> Self {
        let mut touched = Self {
            cells: Vec::with_capacity(changes.len()),
            keys: false,
            gone: false,
            joined: false,
            structure: false,
        };
        for change in changes {
            match change {
                Change::Attribute { participant, key, place, old, new, .. } => {
                    let came = old.is_none();
                    touched.cells.push(TouchedCell { participant, key, place: *place, came });
                    touched.keys |= came || new.is_none();
                    touched.gone |= new.is_none();
                }
                Change::Participant { change, .. } => {
                    touched.joined |= *change == ParticipantChange::Joined;
                    touched.structure = true;
                }
                Change::Conversation { .. } => touched.structure = true,
            }
        }
        touched.structure |= touched.keys;
        touched
    }

    /// Verdicts of expectations may depend on what was touched.
    fn decides(&self, deciding: Option<&FxHashSet<String>>) -> bool {
        match deciding {
            Some(keys) => !keys.is_empty() && self.cells.iter().any(|cell| keys.contains(cell.key.as_str())),
            None => !self.cells.is_empty(),
        }
    }

    /// Keys that came under our eyes.
    fn came<'t>(&'t self) -> impl Iterator<Item = (&'a ParticipantId, &'a Key)> + Clone + 't {
        self.cells.iter().filter(|cell| cell.came).map(|cell| (cell.participant, cell.key))
    }

    /// The keys that this call is seen to carry for the first time, and whether the customer does.
    fn arrivals<'e>(&'e self, entry: &'e BoardEntry, trace: &'e Trace) -> impl Iterator<Item = (&'e Key, bool)> {
        self.came().filter_map(move |(participant, key)| {
            // A key that comes, goes and comes again is one habit.
            if trace.knows(&entry.conversation, participant, key) {
                return None;
            }
            let participant = entry.conversation.find(participant)?;
            Some((key, expected::is_caller(participant)))
        })
    }
}

/// All attributes of the call.
fn cells_of<'a>(entry: &'a BoardEntry, came: impl Fn((&'a ParticipantId, &'a Key)) -> bool) -> Vec<TouchedCell<'a>> {
    let participants = entry.conversation.participants.iter();
    let cells = participants.flat_map(|p| p.attributes.iter().zip(0..).map(|(a, place)| (&p.id, a.key, place)));
    cells
        .map(|(participant, key, place)| TouchedCell { participant, key, place, came: came((participant, key)) })
        .collect()
}

/// This attribute had a value before these changes.
fn had_value(changes: &[Change], of: &ParticipantId, which: &Key) -> bool {
    changes.iter().any(|change| match change {
        Change::Attribute { participant, key, old: Some(old), .. } => {
            participant == of && key == which && !old.as_str().trim().is_empty()
        }
        _ => false,
    })
}

fn attribute_changes(changes: &[Change]) -> impl Iterator<Item = over_time::AttributeChange<'_>> {
    changes.iter().filter_map(|change| match change {
        Change::Attribute { participant, key, old, new, source, first_sight: false, .. } => {
            Some(over_time::AttributeChange { participant, key, old: old.as_ref(), new: new.as_ref(), source: *source })
        }
        _ => None,
    })
}
