//! The Diagnose screen: findings over all calls, grouped by rule, the worst first.

use crate::domain::{
    ConversationId, Key, ParticipantId,
    expect::Expectation,
    findings::{Examiner, Finding, RuleId, Severity, Stamp},
};
use std::cmp::Reverse;

/// Which finding is under the hand: an identity, not a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// By which rule.
    pub rule: RuleId,
    /// On which call.
    pub conversation: ConversationId,
    /// On whom.
    pub participant: Option<ParticipantId>,
    /// About which key.
    pub key: Option<Key>,
}

impl Place {
    /// Of a finding.
    pub fn of(finding: &Finding) -> Self {
        Self {
            rule: finding.rule,
            conversation: finding.conversation.clone(),
            participant: finding.participant.clone(),
            key: finding.key.clone(),
        }
    }

    fn is(&self, finding: &Finding) -> bool {
        self.rule == finding.rule
            && self.conversation == finding.conversation
            && self.participant == finding.participant
            && self.key == finding.key
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// The heading of a rule.
    Rule {
        /// Which.
        rule: RuleId,
        /// How many findings it has.
        count: usize,
        /// How bad the worst of them is.
        worst: Severity,
    },
    /// A finding of the rule above it.
    Finding(Finding),
}

impl Row {
    /// The finding, where it is one.
    pub fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Finding(finding) => Some(finding),
            Self::Rule { .. } => None,
        }
    }
}

/// The finding came of this expectation, as far as its rule and key tell.
pub fn is_of(finding: &Finding, expectation: &Expectation) -> bool {
    let judged = matches!(finding.rule, RuleId::Missing | RuleId::Late | RuleId::WrongType | RuleId::NotAllowedValue);
    judged && finding.key.as_ref().is_some_and(|key| key.as_str() == expectation.key)
}

/// The expectations in the order in which they are listed, by their places in the file: those that were not met first,
/// most calls first.
pub fn listed(examiner: &Examiner) -> Vec<usize> {
    let all = examiner.expectations();
    let found = |e: &Expectation| examiner.all().filter(|f| is_of(f, e)).count();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_cached_key(|i| Reverse(found(&all[*i])));
    order
}

/// State of the Diagnose screen.
#[derive(Debug, Default)]
pub struct Diagnose {
    /// Headings and findings in order.
    pub rows: Vec<Row>,
    /// Which finding is under the hand.
    pub hand: Option<Place>,
    /// Rows scrolled away.
    pub scroll: usize,
    /// Which state of the findings the rows show.
    shown: Option<Stamp>,
}

impl Diagnose {
    /// Brings the rows up to date; the hand stays on its finding, or goes to the neighbour that takes its place.
    pub fn refresh(&mut self, examiner: &Examiner, page: usize) {
        let before = self.position();
        // Most events change no finding, and of ten thousand calls there may be tens of thousands.
        if self.shown.replace(examiner.stamp()) != Some(examiner.stamp()) {
            self.fill(examiner);
        }
        match (self.position(), before) {
            (Some(now), Some(before)) => {
                self.scroll = now.saturating_sub(before.saturating_sub(self.scroll));
                self.show(now, page);
            }
            (Some(now), None) => self.show(now, page),
            (None, before) => self.go(before.unwrap_or(0), page),
        }
        self.scroll = self.scroll.min(self.rows.len().saturating_sub(page));
    }

    fn fill(&mut self, examiner: &Examiner) {
        let mut findings: Vec<&Finding> = examiner.all().collect();
        findings.sort_by(|a, b| {
            let of = |f: &Finding| (f.rule as usize, Reverse(f.severity), Reverse(f.since));
            let places = || (&a.conversation, &a.participant, &a.key).cmp(&(&b.conversation, &b.participant, &b.key));
            of(a).cmp(&of(b)).then_with(places)
        });
        let mut groups: Vec<&[&Finding]> = findings.chunk_by(|a, b| a.rule == b.rule).collect();
        let worst = |group: &[&Finding]| group.iter().map(|f| f.severity).max().unwrap_or(Severity::Info);
        groups.sort_by_key(|group| (Reverse(worst(group)), Reverse(group.len())));
        self.rows.clear();
        for group in groups {
            self.rows.push(Row::Rule { rule: group[0].rule, count: group.len(), worst: worst(group) });
            self.rows.extend(group.iter().map(|f| Row::Finding((*f).clone())));
        }
    }

    /// The row under the hand.
    pub fn position(&self) -> Option<usize> {
        let hand = self.hand.as_ref()?;
        self.rows.iter().position(|r| matches!(r, Row::Finding(f) if hand.is(f)))
    }

    /// The finding under the hand.
    pub fn finding(&self) -> Option<&Finding> {
        match self.rows.get(self.position()?)? {
            Row::Finding(finding) => Some(finding),
            Row::Rule { .. } => None,
        }
    }

    /// Puts the hand on the finding at or after row `to`, else on the last one.
    pub fn go(&mut self, to: usize, page: usize) {
        let finding = |(i, r): (usize, &Row)| match r {
            Row::Finding(f) => Some((i, Place::of(f))),
            Row::Rule { .. } => None,
        };
        let found = self.rows.iter().enumerate().skip(to).find_map(finding);
        let found = found.or_else(|| self.rows.iter().enumerate().rev().find_map(finding));
        self.hand = found.as_ref().map(|(_, place)| place.clone());
        if let Some((i, _)) = found {
            self.show(i, page);
        }
    }

    /// Moves the hand `by` findings, over headings.
    pub fn step(&mut self, by: isize, page: usize) {
        let here = self.position().unwrap_or(0);
        let to = here.saturating_add_signed(by);
        // Upwards a heading is stepped over too.
        let heading = matches!(self.rows.get(to), Some(Row::Rule { .. }));
        self.go(if by < 0 && heading { to.saturating_sub(1) } else { to }, page);
    }

    fn show(&mut self, to: usize, page: usize) {
        // The heading above the first finding of a group is worth its line.
        let top = if matches!(self.rows.get(to.saturating_sub(1)), Some(Row::Rule { .. })) { to - 1 } else { to };
        if top < self.scroll {
            self.scroll = top;
        } else if to >= self.scroll + page {
            self.scroll = to + 1 - page;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::app::testing::Desk;

    const CARD: &str = "4111 1111 1111 1111";

    /// What is listed, as rule and key.
    fn listed(desk: &Desk) -> Vec<String> {
        let finding = |row: &super::Row| match row {
            super::Row::Finding(f) => Some(format!("{} {}", f.rule.as_str(), f.key.as_ref()?)),
            super::Row::Rule { .. } => None,
        };
        desk.model.diagnose.rows.iter().filter_map(finding).collect()
    }

    #[test]
    fn the_rows_follow_the_findings_and_stand_still_otherwise() {
        let mut desk = Desk::new(120, 36);
        desk.customer("c1", &[("card", CARD), ("tier", "gold")]);
        desk.keys("d").wait(10);
        assert_eq!(listed(&desk), ["personal-data-in-clear card"]);
        let shown = desk.model.diagnose.shown;
        desk.customer("c1", &[("card", CARD), ("tier", "silver")]);
        desk.wait(10);
        assert_eq!(desk.model.diagnose.shown, shown, "a value that changes no finding costs nothing here");
        desk.customer("c1", &[("card", "hidden"), ("tier", "silver")]);
        desk.wait(10);
        assert_eq!(listed(&desk), [""; 0]);
        desk.customer("c1", &[("card", "hidden"), ("tier", CARD)]);
        desk.wait(10);
        assert_eq!(listed(&desk), ["personal-data-in-clear tier"]);
    }
}
