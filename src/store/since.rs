//! Since when: how the presence of a key developed, by flow version and by day, and where it fell.

use super::database::Param;
use super::error::StoreError;
use super::ingest::conversation;
use super::pack::{Packed, flags};
use super::presence::LONGEST;
use super::record::{DAY_MS, FlowVersion, MILESTONES};
use super::schema::Store;
use crate::domain::presence::{Presence, has_fallen, is_too_few_to_tell};
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
    pub(crate) first_missing: Option<Witness>,
    /// The last call before it that had the key.
    pub(crate) last_present: Option<Witness>,
    /// The shares of the two versions (or days) between which presence fell.
    #[serde(skip)]
    pub(crate) fell: Option<(Share, Share)>,
    /// It looks as if presence had fallen with the newest version of a flow, of calls that are too few to tell.
    pub(crate) too_few: bool,
    /// By flow version, the oldest first.
    pub(crate) by_version: Vec<VersionShare>,
    /// By day, without holes between the first and the last.
    pub(crate) by_day: Vec<DayShare>,
}

/// Counts of one (day, flow row).
#[derive(Clone, Copy, Default)]
struct DayCell {
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

/// What a question is about, and its counts.
struct Scope {
    key: i64,
    purpose: i64,
    queue: Option<i64>,
    cells: BTreeMap<(i64, i64), DayCell>,
    first_day: i64,
    /// Rows of the flows whose calls count.
    counted: FxHashSet<i64>,
}

/// A call without the key. Serialised as a line of `since --calls --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MissingCall {
    /// Start of the call.
    pub(crate) time: String,
    /// Its id.
    pub(crate) conversation_id: String,
    /// Its organization's id.
    pub(crate) organization_id: String,
    /// The flow's name; null when it is not known.
    pub(crate) flow_name: Option<String>,
    /// The version that it ran.
    pub(crate) flow_version: Option<String>,
    /// The queue that it was in last.
    pub(crate) queue: Option<String>,
}

/// Calls that are looked at for what is not to be judged yet, at most.
const RECENT: i64 = 20_000;

impl Store {
    /// The counts behind a question; `None` when the key was never seen on that purpose.
    fn scope(&mut self, question: &Question) -> Result<Option<Scope>, StoreError> {
        let (Some(key), Some(purpose)) = (self.names.known(&question.key), self.names.known(&question.on)) else {
            return Ok(None);
        };
        let first_day = question.days.map_or(i64::MIN / 2, |days| question.now.div_euclid(DAY_MS) - days + 1);
        let queue = match &question.queue {
            None => None,
            Some(queue) => Some(self.names.known(queue).unwrap_or(-1)),
        };
        let wanted = |flow: &(String, FlowVersion)| {
            question.organization.as_ref().is_none_or(|asked| *asked == flow.0)
                && question.flow.as_ref().is_none_or(|asked| *asked == flow.1.id || *asked == flow.1.name)
        };
        let mut cells: BTreeMap<(i64, i64), DayCell> = BTreeMap::new();
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
        Ok(Some(Scope { key, purpose, queue, cells, first_day, counted }))
    }

    /// Answers; `None` when the key was never seen on that purpose.
    pub(crate) fn since(&mut self, question: &Question) -> Result<Option<SinceAnswer>, StoreError> {
        let Some(scope) = self.scope(question)? else { return Ok(None) };
        let Scope { key, purpose, queue, cells, first_day, .. } = &scope;
        let by_version = self.by_version(cells)?;
        let by_day = self.by_day(cells, *first_day, question.now)?;
        // What is judged leaves out the calls that are no fair sample yet; what is shown does not.
        let judged = self.judged(question, &scope)?;
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
            by_version,
            by_day,
        }))
    }

    /// The calls that passed the milestone without the key, the newest first, until `each` breaks off. False when the key was
    /// never seen on that purpose.
    pub(crate) fn missing_calls(
        &mut self,
        question: &Question,
        each: &mut dyn FnMut(MissingCall) -> ControlFlow<()>,
    ) -> Result<bool, StoreError> {
        let Some(scope) = self.scope(question)? else { return Ok(false) };
        let wanted =
            WantedCall { key: scope.key, purpose: scope.purpose, by: question.by, queue: scope.queue, present: false };
        let mut days: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for ((day, _), cell) in scope.cells.iter().filter(|(_, cell)| cell.first_id > 0 && cell.calls > cell.present) {
            let span = days.entry(*day).or_insert((cell.first_id, cell.last_id));
            *span = (span.0.min(cell.first_id), span.1.max(cell.last_id));
        }
        let flows: Vec<i64> = scope.counted.iter().copied().collect();
        let select = "SELECT conversation, started, body FROM sidetone_call WHERE id >= $1 AND id <= $2";
        for (day, (first, last)) in days.into_iter().rev() {
            let (names, mut found) = (&self.names, Vec::new());
            self.database.query(select, &[first.into(), last.into()], &mut |row| {
                let started = row.int(1);
                if started.div_euclid(DAY_MS) == day
                    && let Some(call) = Packed::read_of(row.bytes(2), &flows, |number| names.shape_bytes(number))
                    && wanted.matches(&call)
                {
                    found.push((started, row.bytes(0).to_vec(), call));
                }
                ControlFlow::Continue(())
            })?;
            found.sort_by_key(|(started, ..)| std::cmp::Reverse(*started));
            for (started, id, call) in found {
                let (organization, flow) = self.names.flows.get(&call.flow).cloned().unwrap_or_default();
                let known = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
                let call = MissingCall {
                    time: rfc3339(started),
                    conversation_id: conversation(&id),
                    organization_id: organization,
                    flow_name: known(&flow.name),
                    flow_version: known(&flow.version),
                    queue: call.queues.last().and_then(|queue| known(self.names.name(*queue))),
                };
                if each(call) == ControlFlow::Break(()) {
                    return Ok(true);
                }
            }
        }
        Ok(true)
    }

    /// The counts without the calls that started so short a while ago that others which started before them are still on
    /// their way to the milestone: those that pass it first are the short ones, and no fair sample
    /// ([`super::presence`] judges in the same way).
    fn judged(&mut self, question: &Question, scope: &Scope) -> Result<BTreeMap<(i64, i64), DayCell>, StoreError> {
        struct Recent {
            started: i64,
            flow: i64,
            is_on_its_way: bool,
            /// It was seen within its flow, as all of that flow are.
            from_within: bool,
            counts: bool,
            present: bool,
        }
        let newest = scope.cells.values().map(|cell| cell.last_id).max().unwrap_or_default();
        let oldest = question.now - LONGEST;
        let select = "SELECT started, body FROM sidetone_call WHERE id <= $1 ORDER BY id DESC LIMIT $2";
        let flows: Vec<i64> = scope.counted.iter().copied().collect();
        let (names, mut recent) = (&self.names, Vec::new());
        let wanted =
            WantedCall { key: scope.key, purpose: scope.purpose, by: question.by, queue: scope.queue, present: true };
        // A call that is on its way has no queue yet, and may be newer than those that are counted.
        let last = newest.saturating_add(RECENT);
        self.database.query(select, &[last.into(), RECENT.into()], &mut |row| {
            let started = row.int(0);
            if started < oldest - LONGEST {
                return ControlFlow::Break(());
            }
            if started > oldest
                && let Some(call) = Packed::read_of(row.bytes(1), &flows, |number| names.shape_bytes(number))
            {
                let passed = call.milestones[question.by].is_some();
                recent.push(Recent {
                    started,
                    flow: call.flow,
                    is_on_its_way: call.ended.is_none() && call.milestones[question.by..].iter().all(Option::is_none),
                    from_within: call.milestones[0].is_some()
                        || call.milestones[question.by]
                            .is_some_and(|at| call.keys.iter().any(|key| key.first_seen < at)),
                    counts: passed && wanted.is_in_queue(&call),
                    present: wanted.matches(&call),
                });
            }
            ControlFlow::Continue(())
        })?;
        let identity = |row: i64| names.flows.get(&row).map(|(organization, flow)| (organization, &flow.id));
        let mut judged = scope.cells.clone();
        for call in recent.iter().filter(|call| call.counts) {
            let mut of_flow = recent.iter().filter(|other| identity(other.flow) == identity(call.flow));
            let is_found_at_once = of_flow.clone().any(|other| other.from_within);
            if is_found_at_once && !of_flow.any(|other| other.is_on_its_way && other.started <= call.started) {
                continue;
            }
            if let Some(cell) = judged.get_mut(&(call.started.div_euclid(DAY_MS), call.flow)) {
                cell.calls -= 1;
                cell.present -= i64::from(call.present);
            }
        }
        Ok(judged)
    }

    fn by_version(&mut self, cells: &BTreeMap<(i64, i64), DayCell>) -> Result<Vec<VersionShare>, StoreError> {
        let known = self.organizations()?;
        let of = |row: &i64| self.names.flows.get(row).map(|(organization, _)| organization.as_str());
        let organizations: FxHashSet<&str> = cells.keys().filter_map(|(_, row)| of(row)).collect();
        let are_several = organizations.len() > 1;
        let mut versions: BTreeMap<(&str, &str, &str), VersionShare> = BTreeMap::new();
        let mut last_started: BTreeMap<(&str, &str, &str), i64> = BTreeMap::new();
        for ((_, row), cell) in cells {
            if cell.first_id == 0 || cell.calls == 0 {
                continue;
            }
            let Some((organization, flow)) = self.names.flows.get(row) else { continue };
            let identity = (organization.as_str(), flow.id.as_str(), flow.version.as_str());
            let version = versions.entry(identity).or_insert_with(|| VersionShare {
                organization_id: are_several.then(|| organization.clone()),
                organization: known.get(organization).filter(|_| are_several).cloned(),
                flow_version: Some(flow.version.clone()).filter(|text| !text.is_empty()),
                flow_name: Some(flow.name.clone()).filter(|text| !text.is_empty()),
                share: Share::default(),
                first: String::new(),
                last: String::new(),
                rows: Vec::new(),
                flow: (organization.clone(), flow.id.clone()),
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
        found.sort_by(|a, b| (&a.flow, a.began).cmp(&(&b.flow, b.began)));
        Ok(found)
    }

    fn by_day(
        &mut self,
        cells: &BTreeMap<(i64, i64), DayCell>,
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

    /// The last fall of presence: between two versions of a flow, else between two days. Calls of which no version is known are
    /// no version to compare.
    fn fall(
        &mut self,
        question: &Question,
        (key, purpose, queue): (i64, i64, Option<i64>),
        cells: &BTreeMap<(i64, i64), DayCell>,
        versions: &[VersionShare],
    ) -> Result<Fall, StoreError> {
        let share = |version: &VersionShare| {
            let mut share = Share::default();
            let own = cells.iter().filter(|((_, row), _)| version.rows.contains(row));
            own.for_each(|(_, cell)| share.add(cell.calls, cell.present));
            share
        };
        let known: Vec<(&VersionShare, Share)> = (versions.iter())
            .filter(|version| version.flow_version.is_some())
            .map(|version| (version, share(version)))
            .filter(|(_, share)| share.calls > 0)
            .collect();
        let pairs = || known.windows(2).filter(|pair| pair[0].0.flow == pair[1].0.flow);
        let fallen = pairs().filter(|pair| has_fallen(pair[0].1.counts(), pair[1].1.counts()));
        let fallen = fallen.max_by_key(|pair| pair[1].0.began);
        let is_newest = |pair: &&[(&VersionShare, Share)]| {
            !known.iter().any(|(other, _)| other.flow == pair[1].0.flow && other.began > pair[1].0.began)
        };
        let too_few = fallen.is_none()
            && pairs().filter(is_newest).any(|pair| is_too_few_to_tell(pair[0].1.counts(), pair[1].1.counts()));
        let mut found = Fall { too_few, ..Fall::default() };
        let (first_rows, rows, from_day) = match fallen {
            Some(pair) => {
                found.shares = Some((pair[0].0.share, pair[1].0.share));
                let of_flow = versions.iter().filter(|version| version.flow == pair[1].0.flow);
                (pair[1].0.rows.clone(), of_flow.flat_map(|version| version.rows.clone()).collect(), i64::MIN)
            }
            None => {
                let mut days: BTreeMap<i64, Share> = BTreeMap::new();
                for ((day, _), cell) in cells.iter().filter(|(_, cell)| cell.calls > 0) {
                    days.entry(*day).or_default().add(cell.calls, cell.present);
                }
                let days: Vec<_> = days.into_iter().collect();
                let fallen = days.windows(2).rfind(|pair| has_fallen(pair[0].1.counts(), pair[1].1.counts()));
                let Some(pair) = fallen else { return Ok(found) };
                found.too_few = false;
                found.shares = Some((pair[0].1, pair[1].1));
                let rows: Vec<i64> = versions.iter().flat_map(|version| version.rows.clone()).collect();
                (rows.clone(), rows, pair[1].0)
            }
        };
        let wanted = WantedCall { key, purpose, by: question.by, queue, present: false };
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
        let Some(first) = first else { return Ok(found) };
        let wanted = WantedCall { present: true, ..wanted };
        let spans = cells.iter().rev().filter(|((_, row), cell)| rows.contains(row) && cell.present > 0);
        let spans: Vec<_> = spans.map(|(_, cell)| (cell.first_id, cell.last_id.min(first.row - 1))).collect();
        found.first_missing = Some(first.witness);
        for span in spans.into_iter().filter(|(from, to)| from <= to) {
            if let Some(last) = self.find_call(&wanted, &rows, span, true)? {
                found.last_present = Some(last.witness);
                break;
            }
        }
        Ok(found)
    }

    /// The first (or, `backwards`, the last) call among rows `span` that ran one of the flow rows and is as wanted.
    fn find_call(
        &mut self,
        wanted: &WantedCall,
        flows: &[i64],
        span: (i64, i64),
        backwards: bool,
    ) -> Result<Option<FoundCall>, StoreError> {
        let order = if backwards { "DESC" } else { "ASC" };
        let select = format!(
            "SELECT id, conversation, started, body FROM sidetone_call WHERE id >= $1 AND id <= $2 ORDER BY id {order}"
        );
        let names = &self.names;
        let mut best: Option<(i64, FoundCall)> = None;
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
                best = Some((started, FoundCall { row: row.int(0), witness }));
            }
            ControlFlow::Continue(())
        })?;
        Ok(best.map(|(_, found)| found))
    }
}

/// Which call is looked for.
#[derive(Clone, Copy)]
struct WantedCall {
    key: i64,
    purpose: i64,
    by: usize,
    queue: Option<i64>,
    present: bool,
}

impl WantedCall {
    fn is_in_queue(&self, call: &Packed) -> bool {
        self.queue.is_none_or(|queue| call.queues.last().copied().unwrap_or_default() == queue)
    }

    fn matches(&self, call: &Packed) -> bool {
        let mut keys = call.keys.iter().filter(|key| (key.key, key.purpose) == (self.key, self.purpose));
        call.milestones[self.by].is_some()
            && self.is_in_queue(call)
            && keys.any(|key| flags(key.present)[self.by]) == self.present
    }
}

/// Where presence fell.
#[derive(Default)]
struct Fall {
    first_missing: Option<Witness>,
    last_present: Option<Witness>,
    /// Before and after.
    shares: Option<(Share, Share)>,
    too_few: bool,
}

/// A call that was found, and its row.
struct FoundCall {
    row: i64,
    witness: Witness,
}
