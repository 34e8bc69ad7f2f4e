//! A key that a flow version lost, on each call of that version that lacks it.

use super::expected::Scene;
use super::notes::Notes;
use super::shown::shown_key;
use crate::domain::{
    At, Conversation, FlowId,
    expect::{Milestone, Passed},
};

/// A key whose presence fell with a version of a flow, while that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostKey {
    /// The key, verbatim.
    pub key: String,
    /// The purpose of the participant that carried it before.
    pub on: String,
    /// The flow.
    pub flow: FlowId,
    /// The flow's name, for people.
    pub flow_name: String,
    /// The version with which it fell, as people write it.
    pub version: String,
    /// The version before it.
    pub before: String,
    /// How many calls of the version before had the key when their flow ended, and of how many.
    pub had: (u64, u64),
    /// Other keys that about as many calls of the version before had, or more: a call that lacks one of them may have taken a way
    /// on which this key was not set before either (its lookup timed out).
    pub beside: Vec<String>,
}

impl LostKey {
    /// The first flow that the call ran is this version.
    fn is_of(&self, call: &Conversation) -> bool {
        let run = call.flows.first();
        run.is_some_and(|run| run.id == self.flow && run.version().unwrap_or_default() == self.version)
    }

    /// The call lacks another key that was on such calls and that no version lost: what kept that away may have kept this one away.
    fn has_other_cause(&self, all: &[Self], call: &Conversation) -> bool {
        let is_lost = |key: &str| all.iter().any(|lost| lost.key == key && lost.is_of(call));
        self.beside.iter().any(|key| !is_lost(key) && !is_carried(call, key))
    }

    /// What is said of a call without the key.
    fn message(&self) -> String {
        let (key, flow) = (shown_key(&self.key), shown_key(&self.flow_name));
        let Self { version, before, had, .. } = self;
        format!("{key} is missing since {flow} v{version}: {} of {} calls of v{before} had it", had.0, had.1)
    }
}

/// Somebody on the call has the key.
fn is_carried(call: &Conversation, key: &str) -> bool {
    call.participants.iter().any(|p| p.attributes.get(key).is_some())
}

/// Notes the keys that this call lacks since its flow's version lost them; none of which it would have lacked before as well, as far
/// as its other keys tell. Returns when time alone will change a verdict.
pub(super) fn examine(
    lost: &[LostKey],
    scene: &Scene<'_>,
    is_expected: impl Fn(&str) -> bool,
    notes: &mut Notes<'_>,
) -> Option<At> {
    let call = scene.facts.conversation;
    let now = scene.facts.now;
    let mut due: Option<At> = None;
    for own in lost.iter().filter(|own| own.is_of(call) && !is_expected(&own.key)) {
        // On somebody else it is not missing.
        if is_carried(call, &own.key) || own.has_other_cause(lost, call) {
            continue;
        }
        let Some(on) = call.main(&own.on) else { continue };
        match scene.milestones.passed(Milestone::FlowEnd, now) {
            Some(Passed::At(at)) if at.plus(scene.tuning.grace) > now => {
                due = due.into_iter().chain([at.plus(scene.tuning.grace)]).min();
            }
            Some(_) => notes.missing(Some(&on.id), &own.key, own.message()),
            None => {}
        }
    }
    due
}
