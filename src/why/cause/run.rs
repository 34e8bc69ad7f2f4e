//! A flow that a call ran, its definition and its record, and what both leave open.

use super::in_flow;
use crate::flow::model::{ActionKind, Flow};
use crate::why::answer::FlowName;
use crate::why::execution::{Executed, Run};
use crate::why::steps::{self, Laid, Setter};
use std::sync::Arc;

/// Why a run is not known from its record, or a version not from its definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NoRecord {
    /// None is kept: execution data is off, or the flow was not published since. Of a definition: it is not there.
    #[default]
    Missing,
    /// It may not be read.
    Forbidden,
    /// It could not be read: not rendered yet, gone, broken.
    Unread,
    /// None is there yet, and execution data is on: it comes late, or the flow was not published since.
    Late,
    /// Nobody has asked for it.
    NotAsked,
}

/// A flow that the call ran, and what is known of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct GatheredRun {
    /// Which one.
    pub(crate) name: FlowName,
    /// The definition of that version, if it could be read.
    pub(crate) definition: Option<Arc<Flow>>,
    /// The version before that one and its definition, where that was read.
    pub(crate) earlier: Option<(String, Arc<Flow>)>,
    /// The platform's record of the run, if there is one.
    pub(crate) run: Option<Arc<Run>>,
    /// Why there is no record, where there is none.
    pub(crate) no_record: NoRecord,
    /// Why there is no definition, where there is none.
    pub(crate) no_definition: NoRecord,
    /// It is running.
    pub(crate) running: bool,
}

impl GatheredRun {
    /// The run laid over the definition, where both are known and the record lists actions.
    pub(super) fn laid(&self) -> Option<Laid<'_>> {
        let run = self.run.as_deref().filter(|run| run.lists_actions)?;
        Some(Laid::over(self.definition.as_deref()?, run))
    }

    /// Why an action that is not in the record may have been executed all the same; `None` where it was not, or there is no record.
    pub(super) fn gap(&self) -> Option<&'static str> {
        let run = self.run.as_deref()?;
        run.gap().or_else(|| steps::misfit(self.definition.as_deref()?, run))
    }

    /// A common module ran, and the record does not say what it set.
    pub(super) fn called_unseen(&self) -> bool {
        let run = self.run.as_deref().filter(|run| !run.records_values);
        run.is_some_and(|run| {
            run.executed.iter().any(|one| one.module.is_some() || one.kind.contains("CallCommonModule"))
        })
    }

    /// Why this run may have set the key although nothing that was read says so; `None` where it did not.
    pub(super) fn blind_spot(&self, key: &str) -> Option<String> {
        let definition = self.definition.as_deref();
        // What it calls, and keys that are computed, are not in the definition.
        let may_set = definition.is_none_or(|flow| {
            let calls = |action: &crate::flow::model::Action| matches!(action.kind, ActionKind::CallFlow(_));
            flow.actions.iter().any(|action| calls(action) || steps::setter(action, key).is_some())
        });
        if !may_set {
            return None;
        }
        let Some(run) = self.run.as_deref() else {
            return Some(format!("the record of the run of {} could not be read", in_flow(self)));
        };
        if let Some(gap) = self.gap() {
            return Some(format!("the record of the run of {} {gap}", in_flow(self)));
        }
        if run.records_values {
            return None;
        }
        let Some(definition) = definition else {
            return Some(format!("the record of the run of {} names no keys", in_flow(self)));
        };
        let index = steps::Index::of(definition);
        let hides = |executed: &Executed| {
            let known = index.find(executed).filter(|_| executed.module.is_none());
            known.is_none_or(|at| {
                let action = &definition.actions[at];
                matches!(action.kind, ActionKind::CallFlow(_)) || steps::setter(action, key) == Some(Setter::Perhaps)
            })
        };
        let sets_data = |executed: &&Executed| executed.kind.contains("Set") || executed.kind.contains("Call");
        let hides = run.executed.iter().filter(sets_data).any(hides);
        hides.then(|| format!("the record of the run of {} does not name the keys of all that ran", in_flow(self)))
    }
}
