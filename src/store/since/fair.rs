//! Which stored calls are no fair sample of their version: those of a time that was not observed whole.
//!
//! When a collector begins, or its connection comes back, of the calls that started before the long ones are nearly all that
//! still live; where it ends, the short ones are nearly all that were seen to pass the milestone. Neither says how many calls have
//! a key. Calls are left out by the time of their start, so that what is left is a sample by start alone. Of a version of many calls
//! these few have no weight.

use super::{
    StoreQuestion, VersionShare,
    calls::in_pages,
    scope::{Judged, Scope},
};
use crate::store::{
    error::StoreError,
    pack::Packed,
    record::{DAY_MS, LONGEST, MOST},
    schema::Store,
};
use rustc_hash::FxHashSet;
use std::{cell::Cell, ops::ControlFlow};

/// Rows that are looked at for one version, at most.
const ROWS: i64 = 50_000;

/// So long after its begin, in milliseconds, a collector is connected.
const SETTLED: i64 = 2_000;

/// A collector that wrote within this time, in milliseconds, is at work.
const AT_WORK: i64 = 60_000;

/// What is known of when an organization was observed. Times are milliseconds since 1970.
#[derive(Default)]
struct ObservedTimes {
    /// Nothing was observed from the first to the second.
    gaps: Vec<(i64, i64)>,
    /// Collectors began.
    begins: Vec<i64>,
    /// Collectors ended.
    ends: Vec<i64>,
}

impl ObservedTimes {
    /// Whether any of it touches calls that started in this time.
    fn touches(&self, from: i64, to: i64) -> bool {
        let is_near = |time: &i64| (from - SETTLED..=to + LONGEST).contains(time);
        self.begins.iter().chain(&self.ends).any(is_near)
            || self.gaps.iter().any(|(since, until)| *since <= to + LONGEST && *until >= from - SETTLED)
    }

    /// From when on calls that had started were not all followed to the milestone: (start of the first of them, the end of what
    /// was observed).
    fn cut_off(&self, calls: &[StoredCall], by: usize) -> Vec<(i64, i64)> {
        let from_start = calls.iter().any(|stored| stored.call.milestones[0].is_some());
        let ends = self.gaps.iter().map(|(since, _)| *since).chain(self.ends.iter().copied());
        let first_of = |end: i64| {
            let own = calls.iter().filter(|stored| (end - LONGEST..=end).contains(&stored.started));
            let on_their_way = own.filter(|stored| stored.passed(by).is_none_or(|passed| passed > end));
            let first = on_their_way.map(|stored| stored.started).min();
            // Those that are seen by their end alone left no trace.
            if from_start { first } else { Some(end - LONGEST) }
        };
        ends.filter_map(|end| Some((first_of(end)?, end))).collect()
    }
}

/// A call, and when it started.
pub(in crate::store) struct StoredCall {
    pub(in crate::store) started: i64,
    pub(in crate::store) call: Packed,
}

impl StoredCall {
    fn passed(&self, by: usize) -> Option<i64> {
        self.call.milestones[by].map(|tenths| self.started + tenths * 100)
    }
}

impl Store {
    /// The calls of these flow rows, all of one version, among the rows `span` that passed the milestone and are no fair sample.
    /// `started`: of the first and the last call. `now` in milliseconds since 1970.
    pub(in crate::store) fn unfair(
        &mut self,
        (organization, flows): (&str, &[i64]),
        span: (i64, i64),
        started: (i64, i64),
        (by, now): (usize, i64),
    ) -> Result<Vec<StoredCall>, StoreError> {
        let times = self.observed_times(organization, now)?;
        if !times.touches(started.0, started.1) {
            return Ok(Vec::new());
        }
        let select = "SELECT id, started, body FROM sidetone_call WHERE id >= $1 AND id <= $2 ORDER BY id LIMIT $3";
        let (names, mut calls, mut looked_at) = (&self.names, Vec::new(), 0);
        let first = Cell::new(span.0);
        let values = |page: i64| vec![first.get().into(), span.1.into(), page.into()];
        in_pages(&mut *self.database, select, values, &mut |row| {
            first.set(row.int(0) + 1);
            looked_at += 1;
            if looked_at > ROWS {
                return ControlFlow::Break(());
            }
            if let Some(call) = Packed::read_of(row.bytes(2), flows, |number| names.shape_bytes(number)) {
                calls.push(StoredCall { started: row.int(1), call });
            }
            ControlFlow::Continue(())
        })?;
        let cut_off = times.cut_off(&calls, by);
        let is_unfair = |stored: &StoredCall| {
            let started = stored.started;
            let Some(passed) = stored.passed(by) else { return false };
            let lived = |begin: i64| match started - begin {
                // Those that start while it connects are found a little later.
                0.. => started < begin + SETTLED && stored.call.milestones[0].is_none(),
                before => before >= -LONGEST || passed >= begin,
            };
            times.begins.iter().any(|begin| lived(*begin))
                || times
                    .gaps
                    .iter()
                    .any(|(since, until)| (*since..*until).contains(&started) || (started < *since && passed >= *until))
                || cut_off.iter().any(|(first, end)| (*first..=*end).contains(&started))
        };
        calls.retain(is_unfair);
        Ok(calls)
    }

    fn observed_times(&mut self, organization: &str, now: i64) -> Result<ObservedTimes, StoreError> {
        let mut times = ObservedTimes::default();
        let collected = "SELECT since, until FROM sidetone_collected WHERE organization = $1 AND until > since";
        self.database.query(collected, &[organization.into()], &mut |row| {
            times.begins.push(row.int(0));
            times.ends.extend(Some(row.int(1)).filter(|until| *until < now - AT_WORK));
            ControlFlow::Continue(())
        })?;
        let holes = "SELECT since, until FROM sidetone_hole WHERE organization = $1";
        self.database.query(holes, &[organization.into()], &mut |row| {
            times.gaps.push((row.int(0), row.int(1)));
            ControlFlow::Continue(())
        })?;
        Ok(times)
    }

    /// Takes the calls that are no fair sample out of what is judged.
    pub(super) fn leave_out_unfair(
        &mut self,
        question: &StoreQuestion,
        scope: &Scope,
        versions: &[VersionShare],
        judged: &mut Judged,
    ) -> Result<(), StoreError> {
        let waiting: FxHashSet<(i64, i64)> = judged.waiting.iter().copied().collect();
        let wanted = scope.present_by(question.by);
        for version in versions.iter().filter(|v| v.flow_version.is_some() && v.share.calls <= MOST) {
            let own = || scope.cells.iter().filter(|((_, row), cell)| version.rows.contains(row) && cell.first_id > 0);
            let (Some(first), Some(last)) =
                (own().map(|(_, cell)| cell.first_id).min(), own().map(|(_, cell)| cell.last_id).max())
            else {
                continue;
            };
            let newest = own().map(|(_, cell)| cell.last_started).max().unwrap_or_default();
            let of = (version.flow.0.as_str(), &*version.rows);
            let unfair = self.unfair(of, (first, last), (version.began, newest), (question.by, question.now))?;
            for StoredCall { started, call } in unfair.iter().filter(|stored| wanted.is_in_queue(&stored.call)) {
                let Some(cell) = judged.cells.get_mut(&(started.div_euclid(DAY_MS), call.flow)) else { continue };
                let present = i64::from(wanted.matches(call));
                judged.unfair.entry(call.flow).or_default().add(1, present);
                if !waiting.contains(&(call.flow, *started)) {
                    cell.calls -= 1;
                    cell.present -= present;
                }
            }
        }
        Ok(())
    }
}
