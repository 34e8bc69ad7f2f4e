//! What a call should carry, and how it stands to that: by its expectations, else by the keys that its flow sets.

use crate::app::flow::Definition;
use crate::domain::{
    At, BoardEntry, Conversation, HistoryEntry, Key, Names, ParticipantId,
    expect::{Expectation, Milestone, Milestones, Passed},
    filter::CallFacts,
    findings::{Examiner, RuleId, Severity},
    text,
};
use crate::flow::keys::SetWhen;
use std::time::Duration;

/// How a call stands to one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// It should be there and is not.
    Missing,
    /// It is on somebody else; the purpose.
    Elsewhere(String),
    /// It is there, and something is wrong with it; the rule.
    Wrong(RuleId, Severity),
    /// It is there: since how long after the begin of the call, where that was seen.
    Met(Option<Duration>),
    /// It need not be there yet.
    Open,
    /// It is not there, and need not be: the flow sets it on some ways only.
    Absent,
}

impl KeyStatus {
    /// Needs to be spelled out, however little room there is.
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Missing | Self::Elsewhere(_) | Self::Wrong(..))
    }
}

/// One key.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedKey {
    /// The key.
    pub key: Key,
    /// The purpose that should carry it.
    pub on: String,
    /// That participant, where there is one.
    pub participant: Option<ParticipantId>,
    /// How the call stands to it.
    pub standing: KeyStatus,
    /// Where it comes from.
    pub note: Option<String>,
    /// Why it stands like that, once that was found out.
    pub cause: Option<String>,
}

/// The keys of one milestone.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// By when; `None` for the keys of a flow.
    pub by: Option<Milestone>,
    /// When the call passed it: after how long, where that was seen.
    pub passed: Option<Option<Duration>>,
    /// What is wrong first.
    pub items: Vec<ExpectedKey>,
}

/// What there is to look at.
pub(in crate::app) struct Facts<'a> {
    pub entry: &'a BoardEntry,
    pub examiner: &'a Examiner,
    pub names: &'a Names,
    /// The flow of the call, where its definition is known.
    pub flow: Option<&'a Definition>,
    pub now: At,
}

impl Facts<'_> {
    fn call(&self) -> &Conversation {
        &self.entry.conversation
    }

    fn since_begin(&self, moment: jiff::Timestamp) -> Duration {
        crate::app::rows::between(crate::app::rows::began(self.call()), moment)
    }
}

/// The groups in the order in which a call passes their milestones; empty where nothing is expected and no flow is known.
pub(in crate::app) fn groups(facts: &Facts<'_>) -> Vec<Group> {
    let call = CallFacts { conversation: facts.call(), names: facts.names, now: facts.now };
    let applies = |e: &&Expectation| e.when.as_ref().is_none_or(|when| when.holds(call));
    let all: Vec<&Expectation> = facts.examiner.expectations().iter().filter(applies).collect();
    let milestones = facts.examiner.milestones(facts.call().id.as_str());
    if all.is_empty() {
        let mut groups: Vec<Group> = facts.flow.map(|flow| of_flow(facts, flow)).into_iter().collect();
        lost(facts, milestones, &mut groups);
        return groups;
    }
    let mut groups: Vec<Group> = Vec::new();
    for expectation in all {
        let item = item(facts, milestones, expectation);
        match groups.iter_mut().find(|g| g.by == Some(expectation.by)) {
            Some(group) => group.items.push(item),
            None => groups.push(Group {
                by: Some(expectation.by),
                passed: passed(facts, milestones, expectation.by),
                items: vec![item],
            }),
        }
    }
    let order = |by: Option<Milestone>| match by {
        Some(Milestone::After(time)) => (1, time),
        by => (Milestone::NAMED.iter().position(|m| Some(*m) == by).unwrap_or(9) * 2, Duration::ZERO),
    };
    groups.sort_by_key(|g| order(g.by));
    lost(facts, milestones, &mut groups);
    for group in &mut groups {
        group.items.sort_by_key(|i| !i.standing.is_bad());
    }
    groups
}

/// Adds the keys that are missing since a flow version: nobody wrote an expectation of them.
fn lost(facts: &Facts<'_>, milestones: Option<&Milestones>, groups: &mut Vec<Group>) {
    for finding in facts.examiner.of(facts.call().id.as_str()).filter(|finding| facts.examiner.is_lost(finding)) {
        let Some(key) = finding.key.clone() else { continue };
        let on = finding.participant.as_ref().and_then(|id| facts.call().participant(id.as_str()));
        let said = finding.message.split_once(" is missing ").map(|(_, rest)| rest.to_owned());
        let item = ExpectedKey {
            key,
            on: on.map_or("customer", |p| p.purpose.as_str()).to_owned(),
            participant: on.map(|p| p.id.clone()),
            standing: KeyStatus::Missing,
            note: said,
            cause: None,
        };
        match groups.iter_mut().find(|group| group.by == Some(Milestone::FlowEnd)) {
            Some(group) => group.items.push(item),
            None => {
                let by = Milestone::FlowEnd;
                groups.push(Group { by: Some(by), passed: passed(facts, milestones, by), items: vec![item] });
            }
        }
    }
}

/// The keys that the flow sets beside those of these groups.
pub(in crate::app) fn also(facts: &Facts<'_>, groups: &[Group]) -> Option<Group> {
    if groups.iter().any(|group| group.by.is_none()) || groups.is_empty() {
        return None;
    }
    let mut group = of_flow(facts, facts.flow?);
    let is_expected = |key: &Key| groups.iter().flat_map(|group| &group.items).any(|item| item.key == *key);
    group.items.retain(|item| !is_expected(&item.key));
    (!group.items.is_empty()).then_some(group)
}

/// Columns of the widest line, were no note wrapped; an upper bound.
pub(in crate::app) fn columns(groups: &[Group]) -> u16 {
    let items = || groups.iter().flat_map(|g| &g.items);
    let keys = items().map(|i| text::width(i.key.as_str())).max().unwrap_or(0).max(8);
    let of = |item: &ExpectedKey| {
        let standing = match &item.standing {
            KeyStatus::Elsewhere(on) => text::width(on) + 5,
            KeyStatus::Wrong(rule, _) => text::width(rule.rule().short) + 2,
            _ => 0,
        };
        let note = item.cause.as_deref().or(item.note.as_deref()).unwrap_or_default();
        keys + 2 + standing.max(9) + 2 + text::width(note)
    };
    items().map(of).max().unwrap_or(0).try_into().unwrap_or(u16::MAX)
}

/// Lines that groups take in a pane of this width, about: notes are wrapped.
pub(in crate::app) fn lines(groups: &[Group], width: u16) -> usize {
    let items = || groups.iter().flat_map(|g| &g.items);
    let keys = items().map(|i| text::width(i.key.as_str())).max().unwrap_or(0);
    // The key, how it stands, and the space around them.
    let room = usize::from(width).saturating_sub(keys + 15).max(8);
    let of = |item: &ExpectedKey| {
        let note = item.cause.as_deref().or(item.note.as_deref()).unwrap_or_default();
        // Words do not fill a line to its end.
        (text::width(note) * 8 / 7).div_ceil(room).clamp(1, 3)
    };
    items().map(of).sum::<usize>() + groups.len() * 2 - groups.len().min(1)
}

fn passed(facts: &Facts<'_>, milestones: Option<&Milestones>, by: Milestone) -> Option<Option<Duration>> {
    match milestones?.passed(by, facts.now)? {
        Passed::Before => Some(None),
        Passed::At(at) => Some(Some(facts.since_begin(at.wall))),
    }
}

fn item(facts: &Facts<'_>, milestones: Option<&Milestones>, expectation: &Expectation) -> ExpectedKey {
    let key = expectation.key.as_str();
    let there = facts.call().carrier(&expectation.on, key).map(|(carrier, _)| carrier);
    let finding = facts.examiner.of_key(facts.call().id.as_str(), key).max_by_key(|f| f.severity);
    let standing = match (finding, there) {
        (Some(f), _) if f.rule == RuleId::Missing => KeyStatus::Missing,
        (Some(f), None) if f.rule == RuleId::WrongParticipant => {
            let other = f.participant.as_ref().and_then(|p| facts.call().participant(p.as_str()));
            KeyStatus::Elsewhere(other.map_or("another", |p| p.purpose.as_str()).to_owned())
        }
        (Some(f), Some(_)) if f.severity > Severity::Info => KeyStatus::Wrong(f.rule, f.severity),
        (_, Some(p)) => KeyStatus::Met(came(facts, &p.id, key)),
        (_, None) if expectation.required => KeyStatus::Open,
        // Not required: it is judged by its value only.
        (_, None) if milestones.and_then(|m| m.passed(expectation.by, facts.now)).is_some() => KeyStatus::Absent,
        (_, None) => KeyStatus::Open,
    };
    ExpectedKey {
        key: key.into(),
        on: expectation.on.to_string(),
        participant: there.or_else(|| facts.call().main(&expectation.on)).map(|p| p.id.clone()),
        standing,
        note: expectation.note.clone(),
        cause: None,
    }
}

/// After how long the key came, where that was seen.
fn came(facts: &Facts<'_>, participant: &ParticipantId, key: &str) -> Option<Duration> {
    let mut changes = facts.entry.history.of(participant, key);
    let first: Option<&HistoryEntry> = changes.find(|h| h.old.is_none() && h.new.is_some());
    first.map(|h| facts.since_begin(h.event_time.map_or(h.at.wall, crate::domain::Moment::timestamp)))
}

/// The keys that the flow sets.
fn of_flow(facts: &Facts<'_>, flow: &Definition) -> Group {
    let call = facts.call();
    let customer = call.customer();
    let milestones = facts.examiner.milestones(call.id.as_str());
    let ended = passed(facts, milestones, Milestone::FlowEnd);
    let set = flow.keys.by_key.iter().filter(|(_, uses)| !uses.set.is_empty());
    let mut items: Vec<ExpectedKey> = set
        .map(|(key, uses)| {
            let there = call.carrier("customer", key).map(|(carrier, _)| carrier);
            let outlived = there.filter(|carrier| call.successor(carrier).is_some());
            let there = there.filter(|_| outlived.is_none());
            let other = outlived.or_else(|| call.participants.iter().find(|p| p.attributes.get(key).is_some()));
            let always = uses.set.iter().any(|u| u.when == SetWhen::Always);
            let standing = match (there, other) {
                (Some(p), _) => KeyStatus::Met(came(facts, &p.id, key)),
                (None, Some(p)) => KeyStatus::Elsewhere(p.purpose.as_str().to_owned()),
                (None, None) if ended.is_none() => KeyStatus::Open,
                (None, None) if always => KeyStatus::Missing,
                (None, None) => KeyStatus::Absent,
            };
            // Of several actions that can set it the definition does not say which one did.
            let mut by = uses.set.iter().map(|u| crate::flow::model::display_name(&flow.shown().actions[u.action]));
            let first = by.next();
            let by = first.filter(|first| by.all(|other| other == *first));
            ExpectedKey {
                key: key.as_str().into(),
                on: "customer".to_owned(),
                participant: there.or(customer).map(|p| p.id.clone()),
                standing,
                note: by.map(ToOwned::to_owned),
                cause: None,
            }
        })
        .collect();
    items.sort_by_key(|i| !i.standing.is_bad());
    Group { by: None, passed: ended, items }
}
