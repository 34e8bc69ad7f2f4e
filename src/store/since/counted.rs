//! Which calls there are for a question, with its key or without.

use super::StoreQuestion;
use crate::store::{error::StoreError, record::DAY_MS, schema::Store};
use std::{collections::BTreeSet, ops::ControlFlow};

/// The calls of the organization that passed the milestone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CallCount {
    /// Those that all conditions of the question hold for.
    pub(crate) calls: i64,
    /// The flows of all of them, by name, in order.
    pub(crate) flows: Vec<String>,
    /// The queues of those of the flow that was asked for, in order.
    pub(crate) queues: Vec<String>,
}

impl Store {
    /// Counts them.
    pub(crate) fn counted(&mut self, question: &StoreQuestion) -> Result<CallCount, StoreError> {
        let by = question.by;
        let first_day = question.days.map_or(i64::MIN / 2, |days| question.now.div_euclid(DAY_MS) - days + 1);
        let names = &self.names;
        let (mut calls, mut flows, mut queues) = (0, BTreeSet::new(), BTreeSet::new());
        let select = format!("SELECT day, flow, queue, at{by} FROM sidetone_day WHERE calls > 0 AND at{by} > 0");
        self.database.query(&select, &[], &mut |row| {
            let Some((organization, flow)) = names.flows.get(&row.int(1)) else { return ControlFlow::Continue(()) };
            if question.organization.as_ref().is_some_and(|asked| asked != organization) {
                return ControlFlow::Continue(());
            }
            let name = if flow.name.is_empty() { &flow.id } else { &flow.name };
            flows.insert(name.clone());
            if question.flow.as_ref().is_some_and(|asked| *asked != flow.id && *asked != flow.name) {
                return ControlFlow::Continue(());
            }
            let queue = names.name(row.int(2));
            queues.insert(queue.to_owned());
            if question.queue.as_ref().is_none_or(|asked| asked == queue) && row.int(0) >= first_day {
                calls += row.int(3);
            }
            ControlFlow::Continue(())
        })?;
        let named = |set: BTreeSet<String>| set.into_iter().filter(|name| !name.is_empty()).collect();
        Ok(CallCount { calls, flows: named(flows), queues: named(queues) })
    }
}
