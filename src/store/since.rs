//! Since when: how the presence of a key developed, by flow version and by day, and where it fell.

mod calls;
mod counted;
mod fair;
mod fall;
mod scope;
mod shares;

pub(crate) use calls::MissingCall;

use super::error::StoreError;
use super::record::{DAY_MS, MILESTONES};
use super::schema::Store;
use crate::domain::presence::Presence;
use scope::Scope;
use serde::Serialize;

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct StoreQuestion {
    /// The key, verbatim.
    pub(crate) key: String,
    /// The participant's purpose.
    pub(crate) on: String,
    /// Only calls of this organization, by its id.
    pub(crate) organization: Option<String>,
    /// Only calls of this flow, by name or id.
    pub(crate) flow: Option<String>,
    /// Only calls that were last in this queue.
    pub(crate) queue: Option<String>,
    /// Place in [`MILESTONES`]: calls that passed it count.
    pub(crate) by: usize,
    /// Only this many days, the newest ones.
    pub(crate) days: Option<i64>,
    /// Now, in milliseconds since 1970.
    pub(crate) now: i64,
}

/// Calls with and without the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Share {
    /// Calls that passed the milestone while being observed.
    pub(crate) calls: i64,
    /// Those that had the key then.
    pub(crate) present: i64,
    /// Those that had not.
    pub(crate) missing: i64,
}

impl Share {
    fn add(&mut self, calls: i64, present: i64) {
        self.calls += calls;
        self.present += present;
        self.missing += calls - present;
    }

    fn counts(self) -> Presence {
        Presence::new(self.calls, self.present)
    }
}

/// One flow version. Serialised as in the contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionShare {
    /// The organization's id, where the answer is about several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organization_id: Option<String>,
    /// The name by which people know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organization: Option<String>,
    /// As the platform writes it; null when it is not known.
    pub(crate) flow_version: Option<String>,
    /// The flow's name; null when it is not known.
    pub(crate) flow_name: Option<String>,
    /// The counts.
    #[serde(flatten)]
    pub(crate) share: Share,
    /// Start of its first call.
    pub(crate) first: String,
    /// Start of its last call.
    pub(crate) last: String,
    #[serde(skip)]
    rows: Vec<i64>,
    /// Organization and flow: versions are compared within one.
    #[serde(skip)]
    flow: (String, String),
    #[serde(skip)]
    began: i64,
}

/// One day in UTC. `calls` null: nothing was collected on that day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct DayShare {
    /// `2026-11-29`.
    pub(crate) day: String,
    /// Calls that passed the milestone.
    pub(crate) calls: Option<i64>,
    /// With the key.
    pub(crate) present: Option<i64>,
    /// Without it.
    pub(crate) missing: Option<i64>,
}

/// A call that the answer points at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExampleCall {
    /// Start of the call.
    pub(crate) time: String,
    /// The version that it ran.
    pub(crate) flow_version: Option<String>,
    /// Its id.
    pub(crate) conversation_id: String,
}

/// A version whose presence looks as if it had fallen, and is not judged yet: earlier calls may be in the flow still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NotJudged {
    /// The flow's name; null when it is not known.
    pub(crate) flow_name: Option<String>,
    /// The version.
    pub(crate) flow_version: Option<String>,
    /// What was counted of it so far.
    #[serde(flatten)]
    pub(crate) share: Share,
    /// By when all of these calls are judged, at the latest.
    pub(crate) until: String,
}

/// The answer of `since --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SinceAnswer {
    /// The key.
    pub(crate) key: String,
    /// The purpose.
    pub(crate) on: String,
    /// The flow that was asked for, else the one flow whose calls carry the key, else null.
    pub(crate) flow: Option<String>,
    /// The milestone.
    pub(crate) by: String,
    /// Calls that passed the milestone.
    pub(crate) total: i64,
    /// With the key.
    pub(crate) present: i64,
    /// Without it.
    pub(crate) missing: i64,
    /// With a value that changed after it was first seen.
    pub(crate) changed: i64,
    /// The first missing call of the version, or day, after which presence fell.
    pub(crate) first_missing: Option<ExampleCall>,
    /// The last call before it that had the key.
    pub(crate) last_present: Option<ExampleCall>,
    /// The shares of the two versions (or days) between which presence fell.
    #[serde(skip)]
    pub(crate) fell: Option<(Share, Share)>,
    /// It looks as if presence had fallen with the newest version of a flow, of calls that are too few to tell.
    pub(crate) too_few: bool,
    /// The newest version of a flow looks as if presence had fallen, and is not judged yet.
    pub(crate) not_judged: Option<NotJudged>,
    /// By flow version, the oldest first.
    pub(crate) by_version: Vec<VersionShare>,
    /// By day, without holes between the first and the last.
    pub(crate) by_day: Vec<DayShare>,
}

/// The index of a milestone's name.
pub(crate) fn milestone(name: &str) -> Option<usize> {
    MILESTONES.iter().position(|known| *known == name)
}

/// A time as RFC 3339 in UTC with milliseconds.
pub(crate) fn rfc3339(time: i64) -> String {
    let stamp = jiff::Timestamp::from_millisecond(time).unwrap_or_default();
    format!("{stamp:.3}")
}

fn day_name(day: i64) -> String {
    rfc3339(day.saturating_mul(DAY_MS)).split('T').next().unwrap_or_default().to_owned()
}

impl Store {
    /// Whether anything (a key, a queue, a flow or its id) was ever stored under this name.
    pub(crate) fn has_seen(&self, name: &str) -> bool {
        let mut flows = self.names.flows.values();
        self.names.known(name).is_some() || flows.any(|(_, flow)| flow.id == name || flow.name == name)
    }

    /// Answers; `None` when the key was never seen on that purpose.
    pub(crate) fn since(&mut self, question: &StoreQuestion) -> Result<Option<SinceAnswer>, StoreError> {
        let Some(scope) = self.scope(question)? else { return Ok(None) };
        let Scope { key, purpose, queue, cells, first_day, .. } = &scope;
        let by_version = self.by_version(cells)?;
        let by_day = self.by_day(cells, *first_day, question.now)?;
        // What is judged leaves out the calls that are no fair sample yet; what is shown does not.
        let mut judged = self.judged(question, &scope)?;
        self.leave_out_unfair(question, &scope, &by_version, &mut judged)?;
        let fall = self.fall(question, (*key, *purpose, *queue), &judged, &by_version)?;
        let mut total = Share::default();
        cells.values().for_each(|cell| total.add(cell.calls, cell.present));
        let mut flows: Vec<_> = by_version.iter().filter_map(|version| version.flow_name.clone()).collect();
        flows.dedup();
        Ok(Some(SinceAnswer {
            key: question.key.clone(),
            on: question.on.clone(),
            flow: question.flow.clone().or_else(|| (flows.len() == 1).then(|| flows[0].clone())),
            by: MILESTONES[question.by].to_owned(),
            total: total.calls,
            present: total.present,
            missing: total.missing,
            changed: cells.values().map(|cell| cell.changed).sum(),
            first_missing: fall.first_missing,
            last_present: fall.last_present,
            fell: fall.shares,
            too_few: fall.too_few,
            not_judged: fall.not_judged,
            by_version,
            by_day,
        }))
    }
}
