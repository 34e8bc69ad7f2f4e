//! What a question is about, and its counts.

use super::{
    Share, StoreQuestion,
    calls::{WantedCall, in_pages},
};
use crate::store::{
    database,
    error::StoreError,
    pack::Packed,
    record::{DAY_MS, FLOW_END, FlowVersion, LONGEST},
    schema::Store,
};
use rustc_hash::FxHashSet;
use std::{cell::Cell, collections::BTreeMap, ops::ControlFlow};

/// Calls that are looked at for what is not to be judged yet, at most.
const RECENT: i64 = 20_000;

/// Counts of one (day, flow row).
#[derive(Clone, Copy, Default)]
pub(super) struct DayCell {
    pub(super) calls: i64,
    pub(super) present: i64,
    pub(super) changed: i64,
    pub(super) first_id: i64,
    pub(super) last_id: i64,
    pub(super) first_started: i64,
    pub(super) last_started: i64,
}

/// The counts of the calls that can be judged, and those that cannot yet: (flow row, start).
pub(super) struct Judged {
    pub(super) cells: BTreeMap<(i64, i64), DayCell>,
    /// Those that are never judged, by flow row.
    pub(super) unfair: BTreeMap<i64, Share>,
    pub(super) waiting: Vec<(i64, i64)>,
}

/// A flow whose calls take longer than this, in tenths of a second, before they are seen is not listed in full.
const LATE: i64 = 200;

/// What a question is about, and its counts.
pub(super) struct Scope {
    pub(super) key: i64,
    pub(super) purpose: i64,
    pub(super) queue: Option<i64>,
    pub(super) cells: BTreeMap<(i64, i64), DayCell>,
    pub(super) first_day: i64,
    /// Rows of the flows whose calls count.
    pub(super) counted: FxHashSet<i64>,
}

impl Scope {
    /// The calls that have the key when they pass this milestone.
    pub(super) fn present_by(&self, by: usize) -> WantedCall {
        WantedCall { key: self.key, purpose: self.purpose, by, queue: self.queue, present: true, before: i64::MAX }
    }
}

impl Store {
    /// The counts behind a question; `None` when the key was never seen on that purpose.
    pub(super) fn scope(&mut self, question: &StoreQuestion) -> Result<Option<Scope>, StoreError> {
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

    /// The counts without the calls that started so short a while ago that others which started before them are still on
    /// their way to the milestone: those that pass it first are the short ones, and no fair sample
    /// ([`super::presence`] judges in the same way). Where a call was seen long after its start, when it had passed the milestone,
    /// not all are found on their way to it.
    pub(super) fn judged(&mut self, question: &StoreQuestion, scope: &Scope) -> Result<Judged, StoreError> {
        struct Recent {
            started: i64,
            flow: i64,
            is_on_its_way: bool,
            /// It was seen within its flow, as all of that flow are.
            from_within: bool,
            is_late: bool,
            counts: bool,
            present: bool,
        }
        // What was on its way when a collector began was found when it had passed.
        let begun = "SELECT MAX(since) FROM sidetone_collected";
        let begun = database::number(&mut *self.database, begun, &[])?.unwrap_or_default();
        let newest = scope.cells.values().map(|cell| cell.last_id).max().unwrap_or_default();
        let oldest = question.now - LONGEST;
        let select = "SELECT id, started, body FROM sidetone_call WHERE id <= $1 ORDER BY id DESC LIMIT $2";
        let flows: Vec<i64> = scope.counted.iter().copied().collect();
        let (names, mut recent) = (&self.names, Vec::new());
        let wanted = scope.present_by(question.by);
        // A call that is on its way has no queue yet, and may be newer than those that are counted.
        let (last, mut looked_at) = (Cell::new(newest.saturating_add(RECENT)), 0);
        in_pages(&mut *self.database, select, |page| vec![last.get().into(), page.into()], &mut |row| {
            let started = row.int(1);
            last.set(row.int(0) - 1);
            looked_at += 1;
            if started < oldest - LONGEST || looked_at > RECENT {
                return ControlFlow::Break(());
            }
            if started > oldest
                && let Some(call) = Packed::read_of(row.bytes(2), &flows, |number| names.shape_bytes(number))
            {
                let passed = call.milestones[question.by].is_some();
                recent.push(Recent {
                    started,
                    flow: call.flow,
                    // One that is in a queue has left its flow, seen or not.
                    is_on_its_way: call.ended.is_none()
                        && call.milestones[question.by..].iter().all(Option::is_none)
                        && (question.by > FLOW_END || call.queues.is_empty()),
                    from_within: call.milestones[0].is_some()
                        || call.milestones[question.by]
                            .is_some_and(|at| call.keys.iter().any(|key| key.first_seen < at)),
                    is_late: started > begun
                        && call.milestones[0].is_none()
                        && !call.keys.is_empty()
                        && call.milestones[question.by]
                            .is_some_and(|at| at > LATE && call.keys.iter().all(|key| key.first_seen >= at)),
                    counts: passed && wanted.is_in_queue(&call),
                    present: wanted.matches(&call),
                });
            }
            ControlFlow::Continue(())
        })?;
        let identity = |row: i64| names.flows.get(&row).map(|(organization, flow)| (organization, &flow.id));
        let mut judged = Judged { cells: scope.cells.clone(), unfair: BTreeMap::new(), waiting: Vec::new() };
        for call in recent.iter().filter(|call| call.counts) {
            let mut of_flow = recent.iter().filter(|other| identity(other.flow) == identity(call.flow));
            let is_cut = of_flow.clone().any(|other| other.is_late);
            let is_found_at_once = !is_cut && of_flow.clone().any(|other| other.from_within);
            if is_found_at_once && !of_flow.any(|other| other.is_on_its_way && other.started <= call.started) {
                continue;
            }
            judged.waiting.push((call.flow, call.started));
            if let Some(cell) = judged.cells.get_mut(&(call.started.div_euclid(DAY_MS), call.flow)) {
                cell.calls -= 1;
                cell.present -= i64::from(call.present);
            }
        }
        Ok(judged)
    }
}
