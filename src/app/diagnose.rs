//! The Diagnose screen: findings over all calls, grouped by rule, the worst first. Where not all of them have room, long groups are
//! folded.

use super::rows;
use crate::domain::{
    At, Board, ConversationId, Key, ParticipantId,
    expect::Expectation,
    filter::{CallFacts, ChangeFacts, ChangeFilter},
    findings::{Examiner, Finding, RuleId, Severity, Stamp},
};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// Which finding: an identity, not a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingIdentity {
    /// By which rule.
    pub rule: RuleId,
    /// On which call.
    pub conversation: ConversationId,
    /// On whom.
    pub participant: Option<ParticipantId>,
    /// About which key.
    pub key: Option<Key>,
}

impl FindingIdentity {
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

/// What is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selected {
    /// A finding.
    Finding(FindingIdentity),
    /// The line that stands for the folded findings of a rule.
    Folded(RuleId),
    /// The line above the findings of ended calls.
    Ended,
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub enum DiagnoseRow {
    /// The heading of a rule.
    Rule {
        /// The rule.
        rule: RuleId,
        /// How many findings it has of each severity, the worst first.
        counts: Vec<(Severity, usize)>,
    },
    /// A finding of the rule above it.
    Finding(Finding),
    /// The rest of the findings of the rule above it.
    Folded {
        /// The rule.
        rule: RuleId,
        /// How many findings are not shown.
        count: usize,
        /// The first call that one of them is on.
        first: ConversationId,
    },
    /// The heading of the findings of ended calls, which are below it or folded.
    Ended {
        /// How many they are.
        count: usize,
        /// They are shown.
        open: bool,
    },
}

impl DiagnoseRow {
    /// The finding, where it is one.
    pub fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Finding(finding) => Some(finding),
            Self::Rule { .. } | Self::Folded { .. } | Self::Ended { .. } => None,
        }
    }

    /// What is selected by this line; a heading cannot be.
    fn selects(&self) -> Option<Selected> {
        match self {
            Self::Finding(finding) => Some(Selected::Finding(FindingIdentity::of(finding))),
            Self::Folded { rule, .. } => Some(Selected::Folded(*rule)),
            Self::Ended { .. } => Some(Selected::Ended),
            Self::Rule { .. } => None,
        }
    }
}

/// Findings of a rule that are shown where not all findings have room.
const FOLDED: usize = 4;

/// Findings of this rule come of expectations.
pub fn is_judged(rule: RuleId) -> bool {
    matches!(rule, RuleId::Missing | RuleId::Late | RuleId::WrongType | RuleId::NotAllowedValue)
}

/// The finding came of this expectation, as far as its rule and key tell.
pub fn is_of(finding: &Finding, expectation: &Expectation) -> bool {
    is_judged(finding.rule) && finding.key.as_ref().is_some_and(|key| key.as_str() == expectation.key)
}

/// The expectations in the order in which they are listed, by their places in the file: those that were not met first,
/// most calls first.
pub fn listed(examiner: &Examiner) -> Vec<usize> {
    let all = examiner.expectations();
    let found = |e: &Expectation| examiner.all_by(is_judged).filter(|f| is_of(f, e)).count();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_cached_key(|i| Reverse(found(&all[*i])));
    order
}

/// State of the Diagnose screen.
#[derive(Debug, Default)]
pub struct Diagnose {
    /// Headings and findings in order, as they are shown.
    pub rows: Vec<DiagnoseRow>,
    /// What is selected.
    pub selected: Option<Selected>,
    /// Rows scrolled away.
    pub scroll: usize,
    /// The filter as it was typed.
    pub filter_text: String,
    filter: ChangeFilter,
    /// Every finding in that order, shown or folded: those of live calls, then those of ended ones.
    found: Vec<Finding>,
    /// How many of them are of live calls.
    live: usize,
    /// Findings that the filter leaves out.
    hidden: usize,
    /// The rules that the operator unfolded (true) or folded (false).
    folds: FxHashMap<RuleId, bool>,
    /// The findings of ended calls are shown.
    shows_ended: bool,
    /// Which state of the findings is shown, of how many ended calls, and on how many rows.
    shown: Option<(Stamp, usize, usize)>,
    /// The rows are older than the folds, the filter or the selection.
    stale: bool,
    /// What came stands at the top, and is to be in sight.
    shows_top: bool,
    /// What was unfolded stands below the selected line, and is to be in sight.
    shows_below: bool,
}

/// What findings are judged and filtered by.
#[derive(Clone, Copy)]
pub(in crate::app) struct FindingScope<'a> {
    pub(in crate::app) board: &'a Board,
    pub(in crate::app) examiner: &'a Examiner,
    pub(in crate::app) now: At,
}

impl FindingScope<'_> {
    /// The call has ended. That a flow lost a key is about the flow, whatever became of the call by which it showed.
    fn is_over(&self, finding: &Finding) -> bool {
        let entry = self.board.get(finding.conversation.as_str());
        finding.rule != RuleId::PresenceDrop && entry.is_none_or(|entry| entry.conversation.is_over())
    }

    /// A word is looked for in what was found, too.
    fn matches(&self, filter: &ChangeFilter, finding: &Finding) -> bool {
        if filter.is_empty() {
            return true;
        }
        let call = self.board.get(finding.conversation.as_str()).map(|entry| &entry.conversation);
        let on = finding.participant.as_ref().zip(call).and_then(|(id, call)| call.participant(id.as_str()));
        let rule = finding.rule.rule();
        let words = format!("{} {} {}", rule.name, rule.title, finding.message);
        let from = call.map(rows::from).unwrap_or_default();
        filter.matches(&ChangeFacts {
            key: finding.key.as_ref().map_or("", |key| key.as_str()),
            old: None,
            new: Some(&words),
            on: on.map_or("customer", |on| on.purpose.as_str()),
            from: &from,
            source: "",
            call: call.map(|conversation| CallFacts { conversation, names: &self.board.names, now: self.now }),
        })
    }
}

impl Diagnose {
    /// Brings the rows up to date; the selection stays on its finding, or goes to the neighbour that takes its place. It does not
    /// follow a call that ends away from the live ones.
    pub(in crate::app) fn refresh(&mut self, seen: FindingScope<'_>, page: usize) {
        let before = self.position();
        let was_live = before.is_some_and(|row| self.is_live(row));
        // Most events change no finding, and of ten thousand calls there may be tens of thousands. A filter asks for more than them.
        let now = (seen.examiner.stamp(), seen.board.ended(), page);
        let shown = self.shown.replace(now);
        let is_same = shown.is_some_and(|shown| (shown.0, shown.1) == (now.0, now.1));
        if !is_same || !self.filter.is_empty() || self.stale && self.found.is_empty() {
            self.fill(seen);
            self.leave_ended(was_live, seen);
            self.list(page);
        } else if std::mem::take(&mut self.stale) || shown != self.shown {
            self.list(page);
        }
        match (self.position(), before) {
            (Some(now), Some(before)) => {
                self.scroll = now.saturating_sub(before.saturating_sub(self.scroll));
                self.show(now, page);
            }
            (Some(now), None) => self.show(now, page),
            (None, before) => self.go(before.unwrap_or(0), page),
        }
        if std::mem::take(&mut self.shows_below) {
            self.scroll = self.position().map_or(self.scroll, |now| now.saturating_sub(1));
        }
        self.scroll = self.scroll.min(self.rows.len().saturating_sub(page));
        if std::mem::take(&mut self.shows_top) {
            self.scroll = self.position().map_or(0, |now| (now + 1).saturating_sub(page));
        }
    }

    /// The row is above the findings of ended calls.
    fn is_live(&self, row: usize) -> bool {
        !self.rows.iter().take(row + 1).any(|row| matches!(row, DiagnoseRow::Ended { .. }))
    }

    /// The call of the selected finding has ended: the next one takes its place.
    fn leave_ended(&mut self, was_live: bool, seen: FindingScope<'_>) {
        let Some(Selected::Finding(place)) = &self.selected else { return };
        let is_over = self.found[self.live..].iter().any(|f| place.is(f) && seen.is_over(f));
        if was_live && is_over {
            self.selected = None;
        }
    }

    /// Shows only findings that match; false where the text cannot be read.
    pub(in crate::app) fn set_filter(&mut self, text: &str) -> bool {
        let Ok(filter) = text.parse() else { return false };
        (self.filter, self.filter_text) = (filter, text.trim().to_owned());
        (self.shown, self.stale) = (None, true);
        true
    }

    /// Scrolls to the top with the next look, as far as what is selected stays in sight.
    pub(in crate::app) fn show_top(&mut self) {
        self.shows_top = true;
    }

    /// Every finding, in the order of the groups: those of live calls, then those of ended ones.
    fn fill(&mut self, seen: FindingScope<'_>) {
        let (findings, hidden): (Vec<Finding>, Vec<Finding>) =
            seen.examiner.all().partition(|finding| seen.matches(&self.filter, finding));
        let (ended, live): (Vec<Finding>, Vec<Finding>) =
            findings.into_iter().partition(|finding| seen.is_over(finding));
        (self.live, self.hidden) = (live.len(), hidden.len());
        self.found = [&live, &ended].into_iter().flat_map(|of| sorted(of.iter().collect())).cloned().collect();
    }

    /// The rows of what was found: long groups are folded where not all of it has room on a page, and what is of ended calls until it
    /// is asked for.
    fn list(&mut self, page: usize) {
        let same_rule = |a: &Finding, b: &Finding| a.rule == b.rule;
        let (live, ended) = self.found.split_at(self.live);
        let headings = live.chunk_by(same_rule).count();
        let tight = live.len() + headings + usize::from(!ended.is_empty()) > page;
        let mut rows = Vec::new();
        let is_selected = |f: &Finding| matches!(&self.selected, Some(Selected::Finding(place)) if place.is(f));
        for group in live.chunk_by(same_rule) {
            let rule = group[0].rule;
            rows.push(DiagnoseRow::Rule { rule, counts: by_severity(group) });
            let mut most = match self.folds.get(&rule) {
                Some(true) => group.len(),
                Some(false) => 0,
                // A line that stands for one finding would save nothing.
                None if tight && group.len() > FOLDED + 1 => FOLDED,
                None => group.len(),
            };
            if group[most..].iter().any(is_selected) {
                // What is selected is shown, and its group does not close behind it.
                self.folds.insert(rule, true);
                most = group.len();
            }
            rows.extend(group[..most].iter().cloned().map(DiagnoseRow::Finding));
            if let Some(first) = group.get(most) {
                rows.push(DiagnoseRow::Folded { rule, count: group.len() - most, first: first.conversation.clone() });
            }
        }
        if !ended.is_empty() {
            self.shows_ended |= ended.iter().any(is_selected);
            rows.push(DiagnoseRow::Ended { count: ended.len(), open: self.shows_ended });
            for group in ended.chunk_by(same_rule).filter(|_| self.shows_ended) {
                rows.push(DiagnoseRow::Rule { rule: group[0].rule, counts: by_severity(group) });
                rows.extend(group.iter().cloned().map(DiagnoseRow::Finding));
            }
        }
        self.rows = rows;
    }

    /// Those of live calls.
    pub fn live(&self) -> &[Finding] {
        &self.found[..self.live]
    }

    /// How many findings the filter leaves out.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// Every finding, shown or folded, in the order of the screen.
    pub fn found(&self) -> &[Finding] {
        &self.found
    }

    /// The row that is selected.
    pub fn position(&self) -> Option<usize> {
        let here = |row: &DiagnoseRow| match (row, self.selected.as_ref()) {
            (DiagnoseRow::Finding(finding), Some(Selected::Finding(place))) => place.is(finding),
            (DiagnoseRow::Folded { rule, .. }, Some(Selected::Folded(folded))) => rule == folded,
            (DiagnoseRow::Ended { .. }, Some(Selected::Ended)) => true,
            _ => false,
        };
        self.rows.iter().position(here)
    }

    /// The finding that is selected.
    pub fn finding(&self) -> Option<&Finding> {
        self.rows.get(self.position()?)?.finding()
    }

    /// Selects a finding, folded or not.
    pub fn select(&mut self, finding: &Finding) {
        self.selected = Some(Selected::Finding(FindingIdentity::of(finding)));
        self.stale = true;
    }

    /// Shows the findings that the selected line stands for; false where it stands for none.
    pub fn unfold(&mut self) -> bool {
        match self.selected {
            Some(Selected::Folded(rule)) => drop(self.folds.insert(rule, true)),
            // It is closed as it is opened.
            Some(Selected::Ended) => {
                self.shows_ended = !self.shows_ended;
                self.shows_below = self.shows_ended;
            }
            _ => return false,
        }
        self.stale = true;
        true
    }

    /// Folds the rule of what is selected.
    pub fn fold(&mut self) {
        let is_ended = self.position().is_some_and(|row| !self.is_live(row));
        let rule = match &self.selected {
            _ if is_ended => {
                (self.shows_ended, self.selected, self.stale) = (false, Some(Selected::Ended), true);
                return;
            }
            Some(Selected::Finding(place)) => place.rule,
            Some(Selected::Folded(rule)) => *rule,
            Some(Selected::Ended) | None => return,
        };
        self.folds.insert(rule, false);
        self.selected = Some(Selected::Folded(rule));
        self.stale = true;
    }

    /// Selects the row at or after `to`, else the last one; headings cannot be selected.
    pub fn go(&mut self, to: usize, page: usize) {
        let row = |(i, row): (usize, &DiagnoseRow)| Some((i, row.selects()?));
        let found = self.rows.iter().enumerate().skip(to).find_map(row);
        let found = found.or_else(|| self.rows.iter().enumerate().rev().find_map(row));
        self.selected = found.as_ref().map(|(_, selected)| selected.clone());
        if let Some((i, _)) = found {
            self.show(i, page);
        }
    }

    /// Moves the selection by so many rows, over headings.
    pub fn step(&mut self, by: isize, page: usize) {
        let here = self.position().unwrap_or(0);
        let to = here.saturating_add_signed(by);
        // Upwards a heading is stepped over too.
        let heading = matches!(self.rows.get(to), Some(DiagnoseRow::Rule { .. }));
        self.go(if by < 0 && heading { to.saturating_sub(1) } else { to }, page);
    }

    fn show(&mut self, to: usize, page: usize) {
        // The heading above the first finding of a group is worth its line.
        let top =
            if matches!(self.rows.get(to.saturating_sub(1)), Some(DiagnoseRow::Rule { .. })) { to - 1 } else { to };
        if top < self.scroll {
            self.scroll = top;
        } else if to >= self.scroll + page {
            self.scroll = to + 1 - page;
        }
    }
}

/// How many there are of each severity, the worst first.
fn by_severity(group: &[Finding]) -> Vec<(Severity, usize)> {
    let of = |severity| (severity, group.iter().filter(|f| f.severity == severity).count());
    [Severity::Error, Severity::Warn, Severity::Info].map(of).into_iter().filter(|(_, n)| *n > 0).collect()
}

/// In the order of the groups: the worst first, a key that a flow lost before others as bad, as it is behind many of them. How many
/// a group has does not move it.
fn sorted(mut findings: Vec<&Finding>) -> Vec<&Finding> {
    findings.sort_by(|a, b| {
        let of = |f: &Finding| (f.rule as usize, Reverse(f.severity), Reverse(f.since));
        let places = || (&a.conversation, &a.participant, &a.key).cmp(&(&b.conversation, &b.participant, &b.key));
        of(a).cmp(&of(b)).then_with(places)
    });
    let mut groups: Vec<&[&Finding]> = findings.chunk_by(|a, b| a.rule == b.rule).collect();
    let worst = |group: &[&Finding]| group.iter().map(|f| f.severity).max().unwrap_or(Severity::Info);
    let is_fall = |group: &[&Finding]| group.first().is_some_and(|f| f.rule == RuleId::PresenceDrop);
    groups.sort_by_key(|group| (Reverse(worst(group)), Reverse(is_fall(group))));
    groups.into_iter().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use crate::app::testing::Desk;

    const CARD: &str = "4111 1111 1111 1111";

    /// What is listed, as rule and key.
    fn listed(desk: &Desk) -> Vec<String> {
        let finding = |row: &super::DiagnoseRow| {
            let f = row.finding()?;
            Some(format!("{} {}", f.rule.as_str(), f.key.as_ref()?))
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
    #[test]
    fn long_groups_are_folded_where_not_all_has_room_and_nothing_closes_behind_the_selection() {
        use super::DiagnoseRow;
        let folded = |desk: &Desk| -> Vec<usize> {
            let count = |row: &DiagnoseRow| match row {
                DiagnoseRow::Folded { count, .. } => Some(*count),
                _ => None,
            };
            desk.model.diagnose.rows.iter().filter_map(count).collect()
        };
        let filled = |height: u16| {
            let mut desk = Desk::new(120, height);
            for i in 0..12 {
                desk.customer(&format!("c{i:02}"), &[("tier", "{{lookup.tier}}")]);
            }
            desk.customer("c99", &[("card", CARD)]);
            desk.keys("d").wait(10);
            desk
        };
        assert_eq!(folded(&filled(60)), [0usize; 0], "with room nothing is folded");
        let mut desk = filled(24);
        assert_eq!(folded(&desk), [8]);
        let before = desk.model.diagnose.rows.len();
        desk.keys("<down><down><down><down><right>").wait(10);
        assert_eq!(folded(&desk), [0usize; 0]);
        assert_eq!(desk.model.diagnose.rows.len(), before + 7);
        assert!(desk.model.diagnose.finding().is_some(), "the first of those that were folded is selected");
        assert_eq!(desk.model.screen, crate::app::screen::Screen::Diagnose);
        desk.keys("<left>").wait(10);
        assert_eq!(folded(&desk), [12], "all of the rule");
        desk.keys("<enter>").wait(10);
        assert_eq!(folded(&desk), [0usize; 0]);
        // From finding to finding: those that are folded are not left out, and coming back they are shown.
        let mut desk = filled(24);
        desk.keys("]]]]]]").wait(10);
        assert_eq!(folded(&desk), [0usize; 0]);
        assert!(desk.model.diagnose.finding().is_some());
        desk.keys("<home>").wait(10);
        assert_eq!(folded(&desk), [0usize; 0], "what was shown stays");
    }
}
