//! The findings of a call as they are kept: there are dozens on each of thousands of calls, so each is small. What they have in
//! common stands once: the call, and the participants.

use super::held::Held;
use super::notes::Family;
use super::{Finding, RuleId, Severity};
use crate::domain::{At, ConversationId, Key, Moment, ParticipantId};
use std::{sync::Arc, time::Duration};

/// The findings of one call, in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptFindings {
    list: Vec<KeptFinding>,
    /// Those that findings are about.
    participants: Vec<ParticipantId>,
    held: Held,
}

/// A finding without what others of the call have in common with it.
#[derive(Clone, Debug)]
struct KeptFinding {
    family: Family,
    rule: RuleId,
    severity: Severity,
    /// Its place among the participants.
    participant: Option<u16>,
    key: Option<Key>,
    message: Arc<str>,
    /// When it was found first, in nanoseconds of the clock that never jumps, and of the wall clock.
    since: (u64, Moment),
}

impl KeptFinding {
    fn since(&self) -> At {
        At { mono: Duration::from_nanos(self.since.0), wall: self.since.1.timestamp() }
    }
}

impl KeptFindings {
    /// What they may be, without a look at each.
    pub(super) fn held(&self) -> Held {
        self.held
    }

    /// Each of them, with whom it is about.
    fn each(&self) -> impl Iterator<Item = (&KeptFinding, Option<&ParticipantId>)> {
        self.list.iter().map(|kept| (kept, self.about(kept)))
    }

    fn about(&self, kept: &KeptFinding) -> Option<&ParticipantId> {
        kept.participant.and_then(|place| self.participants.get(usize::from(place)))
    }

    /// They, found on this call.
    pub(super) fn of<'a>(&'a self, call: &'a ConversationId) -> impl Iterator<Item = Finding> + 'a {
        self.each().map(|(kept, participant)| whole(call, kept, participant))
    }

    /// Those of a rule and a key for which `is` holds, found on this call.
    pub(super) fn by<'a>(
        &'a self,
        call: &'a ConversationId,
        is: impl Fn(RuleId, Option<&Key>) -> bool + 'a,
    ) -> impl Iterator<Item = Finding> + 'a {
        let chosen = self.each().filter(move |(kept, _)| is(kept.rule, kept.key.as_ref()));
        chosen.map(|(kept, participant)| whole(call, kept, participant))
    }

    /// How bad the worst one is, and how many there are without those that fell with a version of a flow and are missing here.
    pub(super) fn summary(&self) -> Option<(usize, Severity)> {
        let worst = self.list.iter().map(|kept| kept.severity).max()?;
        let is_missing =
            |key: &Option<Key>| self.list.iter().any(|kept| kept.rule == RuleId::Missing && kept.key == *key);
        let counts = |kept: &&KeptFinding| kept.rule != RuleId::PresenceDrop || !is_missing(&kept.key);
        Some((self.list.iter().filter(counts).count(), worst))
    }

    /// Where the one that is the same finding as this is.
    pub(super) fn place(&self, finding: &Finding) -> Option<usize> {
        self.each().position(|(kept, participant)| {
            (kept.rule, participant, &kept.key) == (finding.rule, finding.participant.as_ref(), &finding.key)
        })
    }

    /// When the one at this place was found first, and whether it says the same as this one.
    pub(super) fn compare(&self, place: usize, finding: &Finding) -> Option<(At, bool)> {
        let kept = self.list.get(place)?;
        Some((kept.since(), kept.severity == finding.severity && kept.message == finding.message))
    }

    /// The one at this place says this now.
    pub(super) fn say(&mut self, place: usize, finding: &Finding) {
        if let Some(kept) = self.list.get_mut(place) {
            (kept.severity, kept.message) = (finding.severity, Arc::clone(&finding.message));
        }
    }

    /// Makes room for so many more, and no others: there are as many of these lists as calls.
    pub(super) fn expect(&mut self, more: usize) {
        self.list.reserve_exact(more);
    }

    /// Adds one.
    pub(super) fn push(&mut self, family: Family, finding: &Finding) {
        self.held.note(family, finding.key.as_ref());
        let participant = finding.participant.as_ref().map(|id| self.participant(id));
        let mono = u64::try_from(finding.since.mono.as_nanos()).unwrap_or(u64::MAX);
        self.list.push(KeptFinding {
            family,
            rule: finding.rule,
            severity: finding.severity,
            participant,
            key: finding.key.clone(),
            message: Arc::clone(&finding.message),
            since: (mono, Moment::of(finding.since.wall)),
        });
    }

    fn participant(&mut self, id: &ParticipantId) -> u16 {
        let place = self.participants.iter().position(|known| known == id).unwrap_or_else(|| {
            self.participants.reserve_exact(1);
            self.participants.push(id.clone());
            self.participants.len() - 1
        });
        // No call has that many.
        u16::try_from(place).unwrap_or(u16::MAX)
    }

    /// Moves those for which `is` holds to this list.
    pub(super) fn take(
        &mut self,
        call: &ConversationId,
        to: &mut Vec<(Family, Finding)>,
        is: impl Fn(Family, RuleId, Option<&ParticipantId>, Option<&Key>) -> bool,
    ) {
        let Self { list, participants, .. } = self;
        let about = |kept: &KeptFinding| kept.participant.and_then(|place| participants.get(usize::from(place)));
        let taken = list.extract_if(.., |kept| is(kept.family, kept.rule, about(kept), kept.key.as_ref()));
        to.extend(taken.map(|kept| (kept.family, whole(call, &kept, about(&kept)))));
    }

    /// Some were taken away: what is held is worked out anew.
    pub(super) fn look_again(&mut self) {
        self.held = Held::default();
        self.list.iter().for_each(|kept| self.held.note(kept.family, kept.key.as_ref()));
    }

    /// Moves those of this family, which is examined again.
    pub(super) fn take_family(&mut self, of: Family, call: &ConversationId, to: &mut Vec<(Family, Finding)>) {
        if self.held.any_of(of) {
            self.take(call, to, |family, _, _, _| family == of);
        }
    }
}

fn whole(call: &ConversationId, kept: &KeptFinding, participant: Option<&ParticipantId>) -> Finding {
    Finding {
        rule: kept.rule,
        severity: kept.severity,
        conversation: call.clone(),
        participant: participant.cloned(),
        key: kept.key.clone(),
        message: Arc::clone(&kept.message),
        since: kept.since(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_are_dozens_of_on_each_call_is_small() {
        assert_eq!(size_of::<KeptFinding>(), 48);
    }
}
