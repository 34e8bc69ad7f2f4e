//! Single calls: those that lack a key, and the first or last one that is as wanted.

use super::{ExampleCall, StoreQuestion, rfc3339};
use crate::store::{
    database::{Database, EachRow, Param},
    error::StoreError,
    ingest::conversation,
    pack::{Packed, flags},
    record::DAY_MS,
    schema::Store,
};
use serde::Serialize;
use std::{cell::Cell, collections::BTreeMap, ops::ControlFlow};

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

/// Which call is looked for.
#[derive(Clone, Copy)]
pub(super) struct WantedCall {
    pub(super) key: i64,
    pub(super) purpose: i64,
    pub(super) by: usize,
    pub(super) queue: Option<i64>,
    pub(super) present: bool,
    /// Only calls that started before this, in milliseconds since 1970.
    pub(super) before: i64,
}

impl WantedCall {
    pub(super) fn is_in_queue(&self, call: &Packed) -> bool {
        self.queue.is_none_or(|queue| call.queues.last().copied().unwrap_or_default() == queue)
    }

    pub(super) fn matches(&self, call: &Packed) -> bool {
        let mut keys = call.keys.iter().filter(|key| (key.key, key.purpose) == (self.key, self.purpose));
        call.milestones[self.by].is_some()
            && self.is_in_queue(call)
            && keys.any(|key| flags(key.present)[self.by]) == self.present
    }
}

/// Rows of the first page, and of the largest.
const PAGES: (i64, i64) = (128, 4_096);

/// Asks for one page after the other, each four times as large as the one before, until `each` breaks off or there are no more rows.
/// `values`: what the page of so many rows is asked with, the number of rows among it, from where the one before ended.
pub(super) fn in_pages(
    database: &mut dyn Database,
    select: &str,
    values: impl Fn(i64) -> Vec<Param<'static>>,
    each: EachRow<'_>,
) -> Result<(), StoreError> {
    let mut page = PAGES.0;
    loop {
        let (mut seen, mut goes_on) = (0, true);
        database.query(select, &values(page), &mut |row| {
            seen += 1;
            let flow = each(row);
            goes_on = flow.is_continue();
            flow
        })?;
        if !goes_on || seen < page {
            return Ok(());
        }
        page = (page * 4).min(PAGES.1);
    }
}

/// A call that was found, and its row.
pub(super) struct FoundCall {
    pub(super) row: i64,
    pub(super) started: i64,
    pub(super) witness: ExampleCall,
}

impl Store {
    /// The calls that passed the milestone without the key, the newest first, until `each` breaks off. False when the key was
    /// never seen on that purpose.
    pub(crate) fn missing_calls(
        &mut self,
        question: &StoreQuestion,
        each: &mut dyn FnMut(MissingCall) -> ControlFlow<()>,
    ) -> Result<bool, StoreError> {
        let Some(scope) = self.scope(question)? else { return Ok(false) };
        let wanted = WantedCall { present: false, ..scope.present_by(question.by) };
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

    /// The first (or, `backwards`, the last) call among rows `span` that ran one of the flow rows and is as wanted.
    pub(super) fn find_call(
        &mut self,
        wanted: &WantedCall,
        flows: &[i64],
        span: (i64, i64),
        backwards: bool,
    ) -> Result<Option<FoundCall>, StoreError> {
        let order = if backwards { "DESC" } else { "ASC" };
        let select = format!(
            "SELECT id, conversation, started, body FROM sidetone_call WHERE id >= $1 AND id <= $2 ORDER BY id {order}
             LIMIT $3"
        );
        let names = &self.names;
        let mut best: Option<(i64, FoundCall)> = None;
        // Calls are stored nearly in the order of their start: after the first match a few more are looked at.
        let mut left = 64;
        // A server sends all that was asked for, and a day may have a hundred thousand rows.
        let rest = Cell::new(span);
        let values = |page: i64| vec![rest.get().0.into(), rest.get().1.into(), page.into()];
        in_pages(&mut *self.database, &select, values, &mut |row| {
            let (first, last) = rest.get();
            rest.set(if backwards { (first, row.int(0) - 1) } else { (row.int(0) + 1, last) });
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
            if better && started < wanted.before && wanted.matches(&call) {
                let version = names.flows.get(&call.flow).map(|(_, flow)| flow.version.clone());
                let witness = ExampleCall {
                    time: rfc3339(started),
                    flow_version: version.filter(|text| !text.is_empty()),
                    conversation_id: conversation(row.bytes(1)),
                };
                best = Some((started, FoundCall { row: row.int(0), started, witness }));
            }
            ControlFlow::Continue(())
        })?;
        Ok(best.map(|(_, found)| found))
    }
}
