//! The Since screen brought up to date with the live calls.

use super::Model;
use crate::app::{
    rows,
    since::{Came, LiveWith, LiveWithout},
};
use crate::domain::{
    Conversation,
    expect::{Milestone, Passed},
};

impl Model {
    /// When the key in question came to the call that was asked from.
    fn came(&self, call: &Conversation) -> Option<Came> {
        let question = &self.since.question;
        let entry = self.monitor.board.get(call.id.as_str())?;
        let on = call.participants.iter().filter(|p| p.purpose.as_str() == question.on);
        let on = on.rev().find(|p| p.attributes.get(&question.key).is_some())?;
        let of_call = |at: jiff::Timestamp| rows::between(rows::began(call), at);
        let mut changes = entry.history.of(&on.id, &question.key);
        let first = changes.find(|change| change.old.is_none() && change.new.is_some());
        let passed = self.monitor.examiner.milestones(call.id.as_str());
        let flow_end = match passed.and_then(|passed| passed.passed(Milestone::FlowEnd, self.now)) {
            Some(Passed::At(at)) => Some(of_call(at.wall)),
            Some(Passed::Before) | None => None,
        };
        let in_flow = call.participants.iter().any(|p| p.is_flow() && p.is_connected());
        Some(Came { after: first.map(|change| of_call(change.at.wall)), flow_end, in_flow })
    }

    /// The calls on the list that carry the key in question; one that differs in case only, where none does.
    pub fn live_with(&self) -> LiveWith {
        let question = &self.since.question;
        let mut found = LiveWith::default();
        for call in self.monitor.board.iter().map(|entry| &entry.conversation) {
            let on = call.participants.iter().filter(|p| p.purpose.as_str() == question.on);
            let mut attributes = on.flat_map(|p| p.attributes.iter()).map(|attribute| attribute.key.as_str());
            if attributes.clone().any(|key| key == question.key) {
                found.calls += 1;
                if self.since.from.as_ref() == Some(&call.id) {
                    found.here = true;
                    found.came = self.came(call);
                }
            } else if found.near.is_none() {
                let near = attributes.find(|key| key.to_lowercase() == question.key.to_lowercase());
                found.near = near.map(str::to_owned);
            }
        }
        found
    }

    /// Brings the Since screen up to date with the live calls.
    pub(in crate::app) fn refresh_since(&mut self) {
        self.since.live = self.live_without();
        let last = self.since.listed().len().saturating_sub(1);
        self.since.selected = self.since.selected.min(last);
    }

    fn live_without(&self) -> Vec<LiveWithout> {
        let Some(report) = self.since.report() else { return Vec::new() };
        let (board, question) = (&self.monitor.board, &self.since.question);
        let is_counted = |c: &Conversation| report.missing.iter().any(|row| row.call.conversation == c.id);
        let was_over = |c: &Conversation| {
            let passed = self.monitor.examiner.milestones(c.id.as_str());
            passed.and_then(|passed| passed.passed(Milestone::FlowEnd, self.now)) == Some(Passed::Before)
        };
        let lacks = |c: &Conversation| {
            let mut on = c.participants.iter().filter(|p| p.purpose.as_str() == question.on).peekable();
            on.peek().is_some() && on.all(|p| p.attributes.get(&question.key).is_none())
        };
        let mut found: Vec<(&Conversation, LiveWithout)> = Vec::new();
        for c in board.iter().map(|entry| &entry.conversation) {
            if c.is_over() || !was_over(c) || !lacks(c) || is_counted(c) {
                continue;
            }
            let run = c.flows.first();
            let flow = run.and_then(|run| run.name(&board.names)).unwrap_or_default();
            let queue = c.queue().and_then(|queue| board.names.queue(queue)).unwrap_or_default();
            let other = |wanted: &Option<String>, own: &str| wanted.as_deref().is_some_and(|wanted| wanted != own);
            if other(&question.flow, flow) || other(&question.queue, queue) {
                continue;
            }
            let without = LiveWithout {
                conversation: c.id.clone(),
                from: rows::from(c).into_owned(),
                to: rows::to(c, &board.names).into_owned(),
                flow: flow.to_owned(),
                version: run.and_then(|run| run.version()).unwrap_or_default().to_owned(),
            };
            found.push((c, without));
        }
        found.sort_by_key(|(c, _)| std::cmp::Reverse(rows::began(c)));
        found.into_iter().map(|(_, without)| without).collect()
    }
}
