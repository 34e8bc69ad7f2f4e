//! Since when: how the presence of a key developed, by flow version and by day, and where it fell.

use super::database::Param;
use super::error::StoreError;
use super::ingest::conversation;
use super::pack::{Packed, flags};
use super::record::{DAY_MS, FlowVersion, MILESTONES};
use super::schema::Store;
use rustc_hash::FxHashSet;
use serde::Serialize;
use std::{collections::BTreeMap, ops::ControlFlow};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    /// The key, verbatim.
    pub(crate) key: String,
    /// The participant's purpose.
    pub(crate) on: String,
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

    fn of(self) -> f64 {
        self.present as f64 / self.calls.max(1) as f64
    }
}

/// One flow version. Serialised as in the contract.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionShare {
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
    #[serde(skip)]
    flow_id: String,
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
pub(crate) struct Witness {
    /// Start of the call.
    pub(crate) time: String,
    /// The version that it ran.
    pub(crate) flow_version: Option<String>,
    /// Its id.
    pub(crate) conversation_id: String,
}

/// The answer of `since --json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
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
    pub(crate) first_missing: Option<Witness>,
    /// The last call before it that had the key.
    pub(crate) last_present: Option<Witness>,
    /// By flow version, the oldest first.
    pub(crate) by_version: Vec<VersionShare>,
    /// By day, without holes between the first and the last.
    pub(crate) by_day: Vec<DayShare>,
}

/// Counts of one (day, flow row).
#[derive(Clone, Copy, Default)]
struct Cell {
    calls: i64,
    present: i64,
    changed: i64,
    first_id: i64,
    last_id: i64,
    first_started: i64,
    last_started: i64,
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
    /// Answers; `None` when the key was never seen on that purpose.
    pub(crate) fn since(&mut self, question: &Question) -> Result<Option<Answer>, StoreError> {
        let (Some(key), Some(purpose)) = (self.names.known(&question.key), self.names.known(&question.on)) else {
            return Ok(None);
        };
        let first_day = question.days.map_or(i64::MIN / 2, |days| question.now.div_euclid(DAY_MS) - days + 1);
        let queue = match &question.queue {
            None => None,
            Some(queue) => Some(self.names.known(queue).unwrap_or(-1)),
        };
        let wanted = |flow: &(String, FlowVersion)| {
            question.flow.as_ref().is_none_or(|asked| *asked == flow.1.id || *asked == flow.1.name)
        };
        let mut cells: BTreeMap<(i64, i64), Cell> = BTreeMap::new();
        let by = question.by;
        let select = format!(
            "SELECT day, flow, queue, at{by}, changed FROM sidetone_day_key
             WHERE key = $1 AND purpose = $2 AND seen > 0 AND day >= $3"
        );
        let mut carriers: FxHashSet<(String, String)> = FxHashSet::default();
        let names = &self.names;
        self.database.query(&select, &[key.into(), purpose.into(), first_day.into()], &mut |row| {
            let Some(flow) = names.flows.get(&row.int(1)).filter(|flow| wanted(flow)) else {
                return ControlFlow::Continue(());
            };
            if queue.is_none_or(|queue| queue == row.int(2)) {
                carriers.insert((flow.0.clone(), flow.1.id.clone()));
                let cell = cells.entry((row.int(0), row.int(1))).or_default();
                cell.present += row.int(3);
                cell.changed += row.int(4);
            }
            ControlFlow::Continue(())
        })?;
        if carriers.is_empty() {
            return Ok(None);
        }
        // Calls of flows that never carried the key say nothing about it.
        let counted: FxHashSet<i64> = (names.flows.iter())
            .filter(|(_, flow)| carriers.contains(&(flow.0.clone(), flow.1.id.clone())))
            .map(|(row, _)| *row)
            .collect();
        let select = format!(
            "SELECT day, flow, queue, at{by}, first_id, last_id, first_started, last_started FROM sidetone_day
             WHERE day >= $1 AND calls > 0"
        );
        self.database.query(&select, &[first_day.into()], &mut |row| {
            if counted.contains(&row.int(1)) && queue.is_none_or(|queue| queue == row.int(2)) {
                let cell = cells.entry((row.int(0), row.int(1))).or_default();
                let first = cell.first_id == 0;
                cell.calls += row.int(3);
                cell.first_id = if first { row.int(4) } else { cell.first_id.min(row.int(4)) };
                cell.last_id = cell.last_id.max(row.int(5));
                cell.first_started = if first { row.int(6) } else { cell.first_started.min(row.int(6)) };
                cell.last_started = cell.last_started.max(row.int(7));
            }
            ControlFlow::Continue(())
        })?;
        let by_version = self.by_version(&cells);
        let by_day = self.by_day(&cells, first_day, question.now)?;
        let (first_missing, last_present) = self.fall(question, key, purpose, queue, &cells, &by_version)?;
        let mut total = Share::default();
        cells.values().for_each(|cell| total.add(cell.calls, cell.present));
        let mut flows: Vec<_> = by_version.iter().filter_map(|version| version.flow_name.clone()).collect();
        flows.dedup();
        Ok(Some(Answer {
            key: question.key.clone(),
            on: question.on.clone(),
            flow: question.flow.clone().or_else(|| (flows.len() == 1).then(|| flows[0].clone())),
            by: MILESTONES[by].to_owned(),
            total: total.calls,
            present: total.present,
            missing: total.missing,
            changed: cells.values().map(|cell| cell.changed).sum(),
            first_missing,
            last_present,
            by_version,
            by_day,
        }))
    }

    fn by_version(&self, cells: &BTreeMap<(i64, i64), Cell>) -> Vec<VersionShare> {
        let mut versions: BTreeMap<(&str, &str), VersionShare> = BTreeMap::new();
        let mut last_started: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for ((_, row), cell) in cells {
            if cell.first_id == 0 {
                continue;
            }
            let Some((_, flow)) = self.names.flows.get(row) else { continue };
            let identity = (flow.id.as_str(), flow.version.as_str());
            let version = versions.entry(identity).or_insert_with(|| VersionShare {
                flow_version: Some(flow.version.clone()).filter(|text| !text.is_empty()),
                flow_name: Some(flow.name.clone()).filter(|text| !text.is_empty()),
                share: Share::default(),
                first: String::new(),
                last: String::new(),
                rows: Vec::new(),
                flow_id: flow.id.clone(),
                began: i64::MAX,
            });
            version.share.add(cell.calls, cell.present);
            version.began = version.began.min(cell.first_started);
            if !version.rows.contains(row) {
                version.rows.push(*row);
            }
            let last = last_started.entry(identity).or_default();
            *last = (*last).max(cell.last_started);
        }
        let mut found: Vec<VersionShare> = (versions.into_iter())
            .map(|(identity, mut version)| {
                version.first = rfc3339(version.began);
                version.last = rfc3339(last_started[&identity]);
                version
            })
            .collect();
        found.sort_by(|a, b| (&a.flow_id, a.began).cmp(&(&b.flow_id, b.began)));
        found
    }

    fn by_day(
        &mut self,
        cells: &BTreeMap<(i64, i64), Cell>,
        first_day: i64,
        now: i64,
    ) -> Result<Vec<DayShare>, StoreError> {
        let mut days: BTreeMap<i64, Share> = BTreeMap::new();
        for ((day, _), cell) in cells.iter().filter(|(_, cell)| cell.first_id != 0) {
            days.entry(*day).or_default().add(cell.calls, cell.present);
        }
        let mut collected = FxHashSet::default();
        self.database.query("SELECT since, until FROM sidetone_collected", &[], &mut |row| {
            let (since, until) = (row.int(0).div_euclid(DAY_MS), row.int(1).div_euclid(DAY_MS));
            // A damaged time must not make a list of a million days.
            collected.extend(since.max(until - 4000)..=until);
            ControlFlow::Continue(())
        })?;
        let Some(first) = days.keys().next().copied() else { return Ok(Vec::new()) };
        let last = (*days.keys().next_back().unwrap_or(&first)).max(now.div_euclid(DAY_MS).min(first + 4000));
        let day = |day: i64| {
            let share = days.get(&day).copied().or_else(|| collected.contains(&day).then(Share::default));
            DayShare {
                day: day_name(day),
                calls: share.map(|share| share.calls),
                present: share.map(|share| share.present),
                missing: share.map(|share| share.missing),
            }
        };
        Ok((first.max(first_day)..=last).map(day).collect())
    }

    /// The witnesses of the last fall of presence: between two versions of a flow, else between two days.
    fn fall(
        &mut self,
        question: &Question,
        key: i64,
        purpose: i64,
        queue: Option<i64>,
        cells: &BTreeMap<(i64, i64), Cell>,
        versions: &[VersionShare],
    ) -> Result<(Option<Witness>, Option<Witness>), StoreError> {
        let fallen = versions.windows(2).filter(|pair| pair[0].flow_id == pair[1].flow_id);
        let fallen = fallen.filter(|pair| has_fallen(pair[0].share, pair[1].share)).max_by_key(|pair| pair[1].began);
        let (first_rows, rows, from_day) = match fallen {
            Some(pair) => {
                let of_flow = versions.iter().filter(|version| version.flow_id == pair[1].flow_id);
                (pair[1].rows.clone(), of_flow.flat_map(|version| version.rows.clone()).collect(), i64::MIN)
            }
            None => {
                let mut days: BTreeMap<i64, Share> = BTreeMap::new();
                for ((day, _), cell) in cells.iter().filter(|(_, cell)| cell.calls > 0) {
                    days.entry(*day).or_default().add(cell.calls, cell.present);
                }
                let days: Vec<_> = days.into_iter().collect();
                let fallen = days.windows(2).rfind(|pair| has_fallen(pair[0].1, pair[1].1));
                let Some(pair) = fallen else { return Ok((None, None)) };
                let rows: Vec<i64> = versions.iter().flat_map(|version| version.rows.clone()).collect();
                (rows.clone(), rows, pair[1].0)
            }
        };
        let wanted = Wanted { key, purpose, by: question.by, queue, present: false };
        let spans = cells
            .iter()
            .filter(|((day, row), cell)| *day >= from_day && first_rows.contains(row) && cell.calls > cell.present);
        let spans: Vec<_> = spans.map(|(_, cell)| (cell.first_id, cell.last_id)).collect();
        let mut first = None;
        for span in spans {
            first = self.find_call(&wanted, &first_rows, span, false)?;
            if first.is_some() {
                break;
            }
        }
        let Some(first) = first else { return Ok((None, None)) };
        let wanted = Wanted { present: true, ..wanted };
        let spans = cells.iter().rev().filter(|((_, row), cell)| rows.contains(row) && cell.present > 0);
        let spans: Vec<_> = spans.map(|(_, cell)| (cell.first_id, cell.last_id.min(first.row - 1))).collect();
        for span in spans.into_iter().filter(|(from, to)| from <= to) {
            if let Some(last) = self.find_call(&wanted, &rows, span, true)? {
                return Ok((Some(first.witness), Some(last.witness)));
            }
        }
        Ok((Some(first.witness), None))
    }

    /// The first (or, `backwards`, the last) call among rows `span` that ran one of the flow rows and is as wanted.
    fn find_call(
        &mut self,
        wanted: &Wanted,
        flows: &[i64],
        span: (i64, i64),
        backwards: bool,
    ) -> Result<Option<Found>, StoreError> {
        let order = if backwards { "DESC" } else { "ASC" };
        let select = format!(
            "SELECT id, conversation, started, body FROM sidetone_call WHERE id >= $1 AND id <= $2 ORDER BY id {order}"
        );
        let names = &self.names;
        let mut best: Option<(i64, Found)> = None;
        // Calls are stored nearly in the order of their start: after the first match a few more are looked at.
        let mut left = 64;
        self.database.query(&select, &[Param::Int(span.0), Param::Int(span.1)], &mut |row| {
            if best.is_some() {
                left -= 1;
                if left == 0 {
                    return ControlFlow::Break(());
                }
            }
            // The flow comes first in the record: most calls of other flows are passed over without unpacking them.
            let Some(call) = Packed::read_of(row.bytes(3), flows, |number| names.shape_bytes(number)) else {
                return ControlFlow::Continue(());
            };
            let started = row.int(2);
            let better =
                best.as_ref().is_none_or(|(other, _)| if backwards { started > *other } else { started < *other });
            if better && wanted.matches(&call) {
                let version = names.flows.get(&call.flow).map(|(_, flow)| flow.version.clone());
                let witness = Witness {
                    time: rfc3339(started),
                    flow_version: version.filter(|text| !text.is_empty()),
                    conversation_id: conversation(row.bytes(1)),
                };
                best = Some((started, Found { row: row.int(0), witness }));
            }
            ControlFlow::Continue(())
        })?;
        Ok(best.map(|(_, found)| found))
    }
}

/// Which call is looked for.
#[derive(Clone, Copy)]
struct Wanted {
    key: i64,
    purpose: i64,
    by: usize,
    queue: Option<i64>,
    present: bool,
}

impl Wanted {
    fn matches(&self, call: &Packed) -> bool {
        let mut keys = call.keys.iter().filter(|key| (key.key, key.purpose) == (self.key, self.purpose));
        call.milestones[self.by].is_some()
            && self.queue.is_none_or(|queue| call.queues.last().copied().unwrap_or_default() == queue)
            && keys.any(|key| flags(key.present)[self.by]) == self.present
    }
}

/// A call that was found, and its row.
struct Found {
    row: i64,
    witness: Witness,
}

/// A share has fallen beyond what chance explains: by more than three standard errors, and by two calls at least.
fn has_fallen(before: Share, after: Share) -> bool {
    if before.calls == 0 || after.calls == 0 || after.of() >= before.of() || after.missing < 2 {
        return false;
    }
    let both = (before.present + after.present) as f64 / (before.calls + after.calls) as f64;
    let error = (both * (1.0 - both) * (1.0 / before.calls as f64 + 1.0 / after.calls as f64)).sqrt();
    before.of() - after.of() > 3.0 * error
}
