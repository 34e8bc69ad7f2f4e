//! The findings of a call as they are kept: there are dozens on each of thousands of calls, so each is small. What they have in
//! common stands once: the call, and the participants.

use super::held::Held;
use super::notes::Family;
use super::{Finding, RuleId, Severity};
use crate::domain::{At, ConversationId, Key, ParticipantId};
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};

/// The findings of one call, in the order in which they were found.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptFindings {
    list: Vec<KeptFinding>,
    /// Those that findings are about.
    participants: Vec<ParticipantId>,
    /// Those at which they were found: nearly all at one.
    moments: Vec<At>,
    held: Held,
}

/// A finding without what others of the call have in common with it.
#[derive(Clone, Debug)]
struct KeptFinding {
    family: Family,
    rule: RuleId,
    severity: Severity,
    /// Its place among the participants; [`NOBODY`] if it is about none.
    participant: u16,
    /// The place of the moment at which it was found first.
    since: u16,
    key: Option<Key>,
    message: Arc<str>,
}

const NOBODY: u16 = u16::MAX;

/// A place that is counted: no call has more.
fn place(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(NOBODY)
}

impl KeptFindings {
    /// What they may be, without a look at each.
    pub(super) fn held(&self) -> Held {
        self.held
    }

    /// Each of them, with whom it is about.
    fn each(&self) -> impl Iterator<Item = (&KeptFinding, Option<&ParticipantId>)> {
        self.list.iter().map(|kept| (kept, self.participants.get(usize::from(kept.participant))))
    }

    /// They, found on this call.
    pub(super) fn of<'a>(&'a self, call: &'a ConversationId) -> impl Iterator<Item = Finding> + 'a {
        self.each().map(|(kept, participant)| whole(call, kept, participant, &self.moments))
    }

    /// Those of a rule and a key for which `is` holds, found on this call.
    pub(super) fn by<'a>(
        &'a self,
        call: &'a ConversationId,
        is: impl Fn(RuleId, Option<&Key>) -> bool + 'a,
    ) -> impl Iterator<Item = Finding> + 'a {
        let chosen = self.each().filter(move |(kept, _)| is(kept.rule, kept.key.as_ref()));
        chosen.map(|(kept, participant)| whole(call, kept, participant, &self.moments))
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
        Some((since(kept, &self.moments), kept.severity == finding.severity && kept.message == finding.message))
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
        let participant = finding.participant.as_ref().map_or(NOBODY, |id| self.participant(id));
        let since = self.moment(finding.since);
        self.list.push(KeptFinding {
            family,
            rule: finding.rule,
            severity: finding.severity,
            participant,
            since,
            key: finding.key.clone(),
            message: Arc::clone(&finding.message),
        });
    }

    fn participant(&mut self, id: &ParticipantId) -> u16 {
        place(self.participants.iter().position(|known| known == id).unwrap_or_else(|| {
            self.participants.reserve_exact(1);
            self.participants.push(id.clone());
            self.participants.len() - 1
        }))
    }

    fn moment(&mut self, at: At) -> u16 {
        if self.moments.len() > self.list.len() {
            self.forget_moments();
        }
        place(self.moments.iter().rposition(|known| *known == at).unwrap_or_else(|| {
            self.moments.reserve_exact(1);
            self.moments.push(at);
            self.moments.len() - 1
        }))
    }

    /// Keeps no moment at which nothing was found that still holds.
    fn forget_moments(&mut self) {
        let before = std::mem::take(&mut self.moments);
        for nth in 0..self.list.len() {
            let at = since(&self.list[nth], &before);
            let known = self.moments.iter().position(|known| *known == at);
            self.list[nth].since = place(known.unwrap_or(self.moments.len()));
            self.moments.extend(known.is_none().then_some(at));
        }
    }

    /// Moves those for which `is` holds to this list.
    pub(super) fn take(
        &mut self,
        call: &ConversationId,
        to: &mut Vec<(Family, Finding)>,
        is: impl Fn(Family, RuleId, Option<&ParticipantId>, Option<&Key>) -> bool,
    ) {
        let Self { list, participants, moments, .. } = self;
        let about = |kept: &KeptFinding| participants.get(usize::from(kept.participant));
        let taken = list.extract_if(.., |kept| is(kept.family, kept.rule, about(kept), kept.key.as_ref()));
        to.extend(taken.map(|kept| (kept.family, whole(call, &kept, about(&kept), moments))));
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

/// When it was found first.
fn since(kept: &KeptFinding, moments: &[At]) -> At {
    let known = moments.get(usize::from(kept.since)).or(moments.last());
    known.copied().unwrap_or(At { mono: Duration::ZERO, wall: Timestamp::UNIX_EPOCH })
}

fn whole(call: &ConversationId, kept: &KeptFinding, participant: Option<&ParticipantId>, moments: &[At]) -> Finding {
    Finding {
        rule: kept.rule,
        severity: kept.severity,
        conversation: call.clone(),
        participant: participant.cloned(),
        key: kept.key.clone(),
        message: Arc::clone(&kept.message),
        since: since(kept, moments),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::at;

    #[test]
    fn findings_are_as_they_were_noted_and_no_moment_stays_without_one() {
        let (call, mut kept) = (ConversationId::from("c"), KeptFindings::default());
        for second in 0..100 {
            let finding = Finding {
                rule: RuleId::Flapping,
                severity: Severity::Warn,
                conversation: call.clone(),
                participant: (second % 3 > 0).then(|| if second % 2 == 0 { "p".into() } else { "q".into() }),
                key: Some(second.to_string().as_str().into()),
                message: second.to_string().into(),
                since: at(second),
            };
            kept.push(Family::OverTime, &finding);
            assert_eq!(kept.of(&call).last(), Some(finding.clone()));
            assert_eq!(kept.place(&finding), Some(kept.list.len() - 1));
            let mut taken = Vec::new();
            if second > 3 {
                kept.take(&call, &mut taken, |_, _, participant, _| participant == finding.participant.as_ref());
                assert_eq!(taken.last().map(|(_, f)| f), Some(&finding));
            }
            assert!(kept.moments.len() <= kept.list.len() + taken.len() + 1);
        }
    }

    #[test]
    fn what_there_are_dozens_of_on_each_call_is_small() {
        assert_eq!(size_of::<KeptFinding>(), 32);
    }
}
