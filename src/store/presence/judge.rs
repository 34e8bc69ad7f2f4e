//! The judge of presence beside the monitor, the same for every end: what it is told of calls and of the link is what the
//! monitor reported, and what it answers are findings.

use super::{PresenceDrop, PresenceWatch};
use crate::domain::{
    At, Board, Conversation,
    findings::{Finding, LostKey, RuleId, Tuning},
    text::visible,
};
use crate::store::{record::CallRecord, seeds::FlowSeed};

/// A key whose presence fell, and the finding that tells it.
pub(crate) type Fall = (PresenceDrop, Finding);

/// Judges the calls of one organization.
pub(crate) struct PresenceJudge {
    watch: PresenceWatch,
    tuning: Tuning,
    organization: String,
    /// Falls that were told, when, and on which call each is now.
    standing: Vec<(PresenceDrop, At)>,
    /// The keys of these, as they were told last.
    lost: Vec<LostKey>,
}

impl PresenceJudge {
    /// One that knows nothing of the past.
    pub(crate) fn new(organization: String, tuning: Tuning) -> Self {
        Self { watch: PresenceWatch::default(), tuning, organization, standing: Vec::new(), lost: Vec::new() }
    }

    /// Begins with what a history store knows ([`PresenceWatch::seed`]).
    pub(crate) fn seed(&mut self, seeds: Vec<FlowSeed>) {
        self.watch.seed(seeds);
    }

    /// What is counted.
    pub(crate) fn watch(&self) -> &PresenceWatch {
        &self.watch
    }

    /// From now on everything is observed, or nothing until further notice.
    pub(crate) fn link(&mut self, is_live: bool, at: At) {
        if is_live { self.watch.begins(wall(at)) } else { self.watch.lost() }
    }

    /// Whether there are more calls in the flows than can be listed at present.
    pub(crate) fn cut(&mut self, is_cut: bool, at: At) {
        self.watch.cut(is_cut, wall(at));
    }

    /// Whether calls may be in the flows that could not be listed when they started.
    #[cfg(test)]
    pub(crate) fn is_cut(&self, at: At) -> bool {
        self.watch.is_cut(wall(at))
    }

    /// What cannot be judged, in words; each once.
    pub(crate) fn remarks(&mut self) -> Vec<String> {
        self.watch.remarks().iter().map(|remark| visible(remark).into_owned()).collect()
    }

    /// The call is not followed any more.
    pub(crate) fn forget(&mut self, conversation: &str) {
        self.watch.forget(conversation);
    }

    /// Takes in a call as it is now. What comes back are the keys whose presence fell, each with its finding.
    pub(crate) fn observe(&mut self, call: &CallRecord, board: &Board, at: At) -> Vec<Fall> {
        let drops = self.watch.observe(call, wall(at));
        self.told(drops, board, at)
    }

    /// The same, decided by time alone: calls that nobody waits for any longer are judged.
    pub(crate) fn time(&mut self, board: &Board, at: At) -> Vec<Fall> {
        let drops = self.watch.time(wall(at));
        self.told(drops, board, at)
    }

    /// What the rules let through, each on the call that shows it best: the one that decided may be one that would not have had
    /// the key before either.
    fn told(&mut self, drops: Vec<PresenceDrop>, board: &Board, at: At) -> Vec<Fall> {
        let Self { watch, tuning, organization, standing, .. } = self;
        if !drops.is_empty() {
            standing.retain(|(drop, _)| watch.stands(drop, organization));
        }
        let mut told = Vec::new();
        for mut drop in
            drops.into_iter().filter(|drop| tuning.is_on(RuleId::PresenceDrop) && !tuning.ignores(&drop.key))
        {
            // One that started later may or may not be there yet: that differs between the ends.
            let until = (watch.start_of(&drop.conversation), drop.conversation.as_str());
            let place = |call: &Conversation| {
                watch.start_of(call.id.as_str()).filter(|start| (Some(*start), call.id.as_str()) <= until)
            };
            if let Some(best) = best_without(board, &drop, &watch.usual(&drop, organization), place) {
                drop.conversation = best;
            }
            standing.push((drop.clone(), at));
            let finding = finding(tuning, &drop, at);
            told.push((drop, finding));
        }
        told
    }

    /// Falls that go on while the call that they were reported on has gone, each on another call now.
    pub(crate) fn moved(&mut self, board: &Board) -> Vec<Finding> {
        let Self { watch, tuning, organization, standing, .. } = self;
        let mut moved = Vec::new();
        standing.retain_mut(|(drop, since)| {
            if !watch.stands(drop, organization) {
                return false;
            }
            if board.get(&drop.conversation).is_none()
                && let Some(other) = best_without(board, drop, &watch.usual(drop, organization), |call| {
                    watch.start_of(call.id.as_str()).or_else(|| call.started.map(jiff::Timestamp::as_millisecond))
                })
            {
                drop.conversation = other;
                moved.push(finding(tuning, drop, *since));
            }
            true
        });
        moved
    }

    /// The keys that are missing since a flow version, where they changed.
    pub(crate) fn lost_keys(&mut self) -> Option<Vec<LostKey>> {
        let (watch, organization) = (&self.watch, &self.organization);
        let of = |(drop, _): &(PresenceDrop, At)| lost_key(drop, &watch.beside(drop, organization));
        let lost: Vec<LostKey> = self.standing.iter().map(of).collect();
        (lost != self.lost).then(|| {
            self.lost.clone_from(&lost);
            lost
        })
    }
}

fn wall(at: At) -> i64 {
    at.wall.as_millisecond()
}

fn finding(tuning: &Tuning, drop: &PresenceDrop, at: At) -> Finding {
    let rule = RuleId::PresenceDrop;
    Finding {
        rule,
        severity: tuning.severity(rule, rule.rule().severity),
        conversation: drop.conversation.as_str().into(),
        participant: None,
        key: Some(drop.key.as_str().into()),
        message: visible(&drop.to_string()).into(),
        since: at,
    }
}

/// A call of the version that has left its flow without the key, and that the fall is about: one whose path has led to what sets
/// it, which shows in the other keys that are `usual`. Of several the one that started last, by `start`; one without is none.
fn best_without(
    board: &Board,
    drop: &PresenceDrop,
    usual: &[(&str, &str)],
    start: impl Fn(&Conversation) -> Option<i64>,
) -> Option<String> {
    let calls = board.iter().map(|entry| &entry.conversation).filter(|call| {
        let is_own = call.flows.first().is_some_and(|run| {
            run.id.as_str() == drop.flow.id && run.version().unwrap_or_default() == drop.flow.version
        });
        is_own
            && !call.participants.iter().any(|p| p.is_flow() && p.is_connected())
            && !carries(call, &drop.key, &drop.on)
    });
    let lacks = |call: &Conversation| usual.iter().filter(|(key, on)| !carries(call, key, on)).count();
    let ranked = calls.filter_map(|call| Some((std::cmp::Reverse(lacks(call)), start(call)?, call.id.as_str())));
    ranked.max().map(|(_, _, id)| id.to_owned())
}

fn carries(call: &Conversation, key: &str, on: &str) -> bool {
    let mut own = call.participants.iter().filter(|p| p.purpose.as_str() == on);
    own.any(|p| p.attributes.get(key).is_some())
}

fn lost_key(drop: &PresenceDrop, beside: &[&str]) -> LostKey {
    LostKey {
        key: drop.key.clone(),
        on: drop.on.clone(),
        flow: drop.flow.id.as_str().into(),
        flow_name: drop.flow.name.clone(),
        version: drop.flow.version.clone(),
        before: drop.version_before.clone(),
        had: (drop.before.present, drop.before.calls),
        beside: beside.iter().map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{Desk, leg};
    use crate::store::record::FlowVersion;

    /// The call of a fall is one whose path had the key before: not one whose lookup timed out, which lacks the other keys as well.
    #[test]
    fn the_call_of_a_fall_lacks_no_other_key_that_is_usual() {
        let mut desk = Desk::new(80, 24);
        let looked_up: &[_] = &[("tier", "gold"), ("region", "N")];
        let calls: [(&str, i64, &[_], bool); 5] = [
            ("in-its-flow", 5, looked_up, true),
            ("timed-out", 10, &[], false),
            ("newest", 20, looked_up, false),
            ("older", 30, looked_up, false),
            ("has-it", 15, &[("tier", "gold"), ("region", "N"), ("contract", "full")], false),
        ];
        for (id, age, keys, is_in_flow) in calls {
            let ivr = leg("i", "ivr", "MainIVR", &[]);
            desk.call(id, age, vec![leg("c", "customer", "A", keys), if is_in_flow { ivr } else { ivr.left() }]);
        }
        let usual = [("tier", "customer"), ("region", "customer"), ("contract", "customer")];
        let drop = PresenceDrop {
            conversation: "timed-out".into(),
            key: "contract".into(),
            on: "customer".into(),
            flow: FlowVersion { id: "f-MainIVR".into(), ..FlowVersion::default() },
            version_before: "42".into(),
            before: crate::store::alarm::VersionBefore::default(),
            after: (12, 0),
        };
        let start = |call: &Conversation| call.started.map(jiff::Timestamp::as_millisecond);
        assert_eq!(best_without(&desk.model.monitor.board, &drop, &usual, start).as_deref(), Some("newest"));
        assert_eq!(
            best_without(&desk.model.monitor.board, &drop, &[], start).as_deref(),
            Some("timed-out"),
            "where nothing is known"
        );
    }
}
