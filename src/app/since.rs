//! The Since screen: on what share of calls a key is there, by day and by flow version, and where that fell.

mod filter;
mod live;

use crate::domain::{
    ConversationId,
    presence::{Presence, has_fallen, is_too_few_to_tell},
};
pub use filter::KnownNames;
pub use live::{Came, LiveWith, LiveWithout};

/// What is asked of the history store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinceQuestion {
    /// The key, verbatim.
    pub key: String,
    /// The purpose of the participant that should carry it.
    pub on: String,
    /// Only calls of this flow, by name.
    pub flow: Option<String>,
    /// Only calls that were last in this queue.
    pub queue: Option<String>,
    /// Only so many days, the newest.
    pub days: Option<i64>,
}

impl SinceQuestion {
    /// Its conditions as the filter prompt has them: `flow:MainIVR queue:Billing on:agent days:14`.
    pub fn filter(&self) -> String {
        let quoted = |word: &str, value: &str| match value.contains(' ') {
            true => format!("{word}:\"{value}\""),
            false => format!("{word}:{value}"),
        };
        let mut words = Vec::new();
        words.extend(self.flow.as_deref().map(|flow| quoted("flow", flow)));
        words.extend(self.queue.as_deref().map(|queue| quoted("queue", queue)));
        if self.on != "customer" {
            words.push(quoted("on", &self.on));
        }
        words.extend(self.days.map(|days| format!("days:{days}")));
        words.join(" ")
    }
}

/// Calls with and without the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyShare {
    /// Calls that passed the milestone while they were observed.
    pub calls: i64,
    /// Those that had the key then.
    pub present: i64,
}

impl KeyShare {
    /// Those that had it not.
    pub fn missing(self) -> i64 {
        self.calls - self.present
    }

    fn plus(self, other: Self) -> Self {
        Self { calls: self.calls + other.calls, present: self.present + other.present }
    }

    fn counts(self) -> Presence {
        Presence::new(self.calls, self.present)
    }

    /// Presence fell from one version to this one, by more than chance explains.
    pub fn has_fallen_from(self, before: Self) -> bool {
        has_fallen(before.counts(), self.counts())
    }

    /// In percent, rounded towards the middle: 100 means every call, 0 means none. `None` without calls.
    pub fn percent(self) -> Option<i64> {
        if self.calls <= 0 {
            return None;
        }
        let rounded = (self.present * 200 + self.calls) / (self.calls * 2);
        let not_all = self.present < self.calls;
        Some(if not_all && rounded == 100 {
            99
        } else if self.present > 0 && rounded == 0 {
            1
        } else {
            rounded
        })
    }
}

/// The calls of one flow version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// The organization by its name, where the answer is about several; else empty.
    pub organization: String,
    /// The flow's name; empty when it is not known.
    pub flow: String,
    /// The version as the platform writes it; empty when it is not known.
    pub version: String,
    /// The counts.
    pub share: KeyShare,
    /// Start of its first call, milliseconds since 1970.
    pub first: i64,
    /// Start of its last call.
    pub last: i64,
}

/// One day in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRow {
    /// `2026-11-29`.
    pub day: String,
    /// The counts; `None` when nothing was collected on that day.
    pub share: Option<KeyShare>,
}

/// A call that the answer points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRef {
    /// Its id.
    pub conversation: ConversationId,
    /// When it started, milliseconds since 1970.
    pub started: i64,
    /// The version that it ran; empty when it is not known.
    pub version: String,
}

/// A call that passed the milestone without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingRow {
    /// The call.
    pub call: CallRef,
    /// Its flow's name; empty when it is not known.
    pub flow: String,
    /// The queue that it was in last; empty where it was in none.
    pub queue: String,
}

/// A version whose presence looks as if it had fallen, and is not judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotJudgedWhy {
    /// The version.
    pub version: String,
    /// What was counted of it so far.
    pub share: KeyShare,
    /// By when all of these calls are judged at the latest, milliseconds since 1970.
    pub until: i64,
}

/// What the store says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinceReport {
    /// The flow that it is about, where it is one.
    pub flow: Option<String>,
    /// The milestone: `flow-end`.
    pub by: String,
    /// All calls.
    pub share: KeyShare,
    /// By version, the oldest first.
    pub versions: Vec<VersionRow>,
    /// By day, without holes.
    pub days: Vec<DayRow>,
    /// The first missing call of the version, or day, after which presence fell.
    pub first_missing: Option<CallRef>,
    /// The last call before it that had the key.
    pub last_present: Option<CallRef>,
    /// It looks as if presence had fallen with the newest version, of calls that are too few to tell.
    pub too_few: bool,
    /// It looks as if presence had fallen with the newest version, which is not judged yet.
    pub not_judged: Option<NotJudgedWhy>,
    /// The newest calls without the key, the newest first.
    pub missing: Vec<MissingRow>,
}

impl SinceReport {
    /// The version in which presence fell, and the one before; calls without a known version are none.
    pub fn fall(&self) -> Option<(&VersionRow, Option<&VersionRow>)> {
        let first = self.first_missing.as_ref()?;
        let holds = |v: &&VersionRow| v.version == first.version && (v.first..=v.last).contains(&first.started);
        let fallen = self.versions.iter().find(holds)?;
        let same_flow = |v: &&VersionRow| v.flow == fallen.flow && v.organization == fallen.organization;
        let earlier = self.versions.iter().filter(|v| !v.version.is_empty() && v.first < fallen.first);
        Some((fallen, earlier.filter(same_flow).max_by_key(|v| v.first)))
    }

    /// The newest version of a flow that looks as if presence had fallen, of too few calls to tell, with the version before it and
    /// the counts of all before.
    pub fn unsure(&self) -> Option<(&VersionRow, &VersionRow, KeyShare)> {
        let newest =
            self.versions.iter().filter(|v| !v.version.is_empty() && v.share.calls > 0).max_by_key(|v| v.first)?;
        let same_flow = |v: &&VersionRow| v.flow == newest.flow && v.organization == newest.organization;
        let earlier =
            self.versions.iter().filter(|v| !v.version.is_empty() && v.first < newest.first).filter(same_flow);
        let before = earlier.clone().max_by_key(|v| v.first)?;
        let all = earlier.fold(KeyShare::default(), |sum, v| sum.plus(v.share));
        let is_unsure = self.too_few || is_too_few_to_tell(before.share.counts(), newest.share.counts());
        is_unsure.then_some((newest, before, all))
    }

    /// The version is the one in which presence fell, or a later one of its flow.
    pub fn is_after_fall(&self, version: &VersionRow) -> bool {
        self.fall().is_some_and(|(fallen, _)| {
            let same_flow = fallen.flow == version.flow && fallen.organization == version.organization;
            same_flow && version.first >= fallen.first && !version.version.is_empty()
        })
    }

    /// The calls without the key that are known one by one; where presence fell, those since then.
    pub fn missing_since(&self) -> impl Iterator<Item = &MissingRow> {
        let has_fallen = self.fall().is_some();
        self.missing.iter().filter(move |row| {
            let is_own = |v: &&VersionRow| v.flow == row.flow && v.version == row.call.version;
            !has_fallen || self.versions.iter().filter(is_own).any(|version| self.is_after_fall(version))
        })
    }

    /// The same by the queue that they were in last, most first.
    pub fn missing_by_queue(&self) -> Vec<(&str, usize)> {
        let mut queues: Vec<(&str, usize)> = Vec::new();
        for row in self.missing_since() {
            match queues.iter_mut().find(|(known, _)| *known == row.queue) {
                Some((_, n)) => *n += 1,
                None => queues.push((&row.queue, 1)),
            }
        }
        queues.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
        queues
    }
}

/// Which stored calls there are for a question, with its key or without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredCalls {
    /// Those that all conditions of the question hold for and that passed the milestone.
    pub calls: i64,
    /// The flows of all stored calls, by name.
    pub flows: Vec<String>,
    /// The queues of those of the flow that was asked for.
    pub queues: Vec<String>,
}

/// What is known of one call that is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryCall {
    /// Its id.
    pub conversation: String,
    /// Medium, queues, flow and version, in words.
    pub facts: Vec<(String, String)>,
    /// Its milestones that were observed, with the time since its start in milliseconds.
    pub milestones: Vec<(String, i64)>,
    /// Key, purpose, how it stands, in words.
    pub keys: Vec<(String, String, String)>,
    /// A part of it was not observed: absence proves nothing.
    pub incomplete: bool,
}

/// What came of a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SinceState {
    /// Nothing was asked.
    #[default]
    None,
    /// It was asked.
    Asked,
    /// There is no history store.
    NoStore,
    /// No stored call had the key, or none with these conditions.
    Never,
    /// It cannot be had; why, and what to do.
    Failed(String),
    /// It is here.
    Here(Box<SinceReport>),
}

/// State of the Since screen.
#[derive(Debug, Default)]
pub struct SinceScreen {
    /// What is asked.
    pub question: SinceQuestion,
    /// What was asked when the screen was opened: that is what Esc goes back to from a filter.
    pub opened: SinceQuestion,
    /// What came of it.
    pub reading: SinceState,
    /// The stored calls among which none has the key, once they are counted.
    pub stored: Option<StoredCalls>,
    /// The selected line of [`SinceScreen::listed`].
    pub selected: usize,
    /// The call that the question was asked from.
    pub from: Option<ConversationId>,
    /// Live calls without the key that are not counted.
    pub live: Vec<LiveWithout>,
    /// The call that was opened.
    pub call: Option<HistoryCall>,
    /// Days scrolled away, from the newest.
    pub days_back: usize,
}

impl SinceScreen {
    /// The operator typed a filter: Esc clears it first.
    pub fn has_own_filter(&self) -> bool {
        self.question != self.opened
    }

    /// The answer, once it is here.
    pub fn report(&self) -> Option<&SinceReport> {
        match &self.reading {
            SinceState::Here(report) => Some(report.as_ref()),
            _ => None,
        }
    }

    /// The lines that can be selected, from above.
    pub fn listed(&self) -> Vec<SinceLine<'_>> {
        let Some(report) = self.report() else { return Vec::new() };
        let calls = [(true, &report.first_missing), (false, &report.last_present)];
        let calls =
            calls.into_iter().filter_map(|(missing, call)| Some(SinceLine::Call { missing, call: call.as_ref()? }));
        let live = (!self.live.is_empty()).then_some(SinceLine::Live);
        calls.chain(live).chain(report.versions.iter().rev().map(SinceLine::Version)).collect()
    }
}

/// A line that can be selected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SinceLine<'a> {
    /// One of the two calls at the fall.
    Call {
        /// The first without the key; else the last with it.
        missing: bool,
        /// The call.
        call: &'a CallRef,
    },
    /// The live calls without the key that are not counted.
    Live,
    /// A flow version; the newest comes first.
    Version(&'a VersionRow),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_share_is_all_or_nothing_only_when_it_is(calls in 1i64..1_000_000, part in 0.0f64..=1.0) {
            let present = (calls as f64 * part) as i64;
            let percent = KeyShare { calls, present }.percent().unwrap();
            prop_assert_eq!(percent == 100, present == calls);
            prop_assert_eq!(percent == 0, present == 0);
            prop_assert!((percent as f64 - present as f64 * 100.0 / calls as f64).abs() <= 1.0);
        }
    }
}
