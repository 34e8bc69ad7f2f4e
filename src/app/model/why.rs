//! The Why screen brought up to date, and why keys of calls are missing.

use super::Model;
use crate::{
    app::{
        rows,
        why::{
            CausesOfCall, FoundCause, Other, RECORDED_WITHIN, ShownAnswer, answer, question, short, shown, take_fault,
            turn,
        },
    },
    domain::{
        BoardEntry, ConversationId,
        findings::{Finding, RuleId, Severity},
        outbox::Cell,
    },
    why::{Certainty, Gathered, GatheredRun, Verdict, WhyAnswer},
};
use jiff::Timestamp;
use std::sync::Arc;

impl Model {
    /// What was gathered for a call.
    pub(crate) fn gathered(&self, call: &ConversationId) -> Option<&Arc<Gathered>> {
        self.gathered.get(call)?.what.as_ref()
    }

    /// Brings the Why screen up to date.
    pub(in crate::app) fn refresh_why(&mut self) {
        let shown = self.why.cell.as_ref().and_then(|cell| self.explained(cell));
        self.why.shown = shown;
    }

    fn explained(&self, cell: &Cell) -> Option<ShownAnswer> {
        let entry = self.monitor.board.get(cell.conversation.as_str())?;
        let empty = Vec::new();
        let flows = self.gathered(&cell.conversation).map_or(&empty, |g| &g.flows);
        let mut shown = shown(entry, flows, cell);
        // While it is being read, what is not known is no answer yet.
        let reading = self.gathered.get(&cell.conversation).is_none_or(|g| g.pending && g.what.is_none());
        if reading && shown.answer.certainty == Certainty::Unknown {
            let there = if shown.answer.verdict == Verdict::Present { "there" } else { "not there" };
            let key = &shown.answer.key;
            shown.answer.cause = format!("{key} is {there}; the flow and the record of its run are being read.");
            shown.answer.remedy = None;
            shown.reading = true;
        }
        let keys = self.other_keys(entry, cell, flows, &shown.answer);
        let fault = self.fault(cell);
        let calls = match &fault {
            Some(fault) => self.same_fault(fault),
            None if shown.answer.verdict == Verdict::Present => Vec::new(),
            None => self.other_calls(entry, cell, &shown.answer),
        };
        if let Some(fault) = &fault {
            take_fault(&mut shown.answer, fault);
            shown.reading = false;
        }
        let names = &self.monitor.board.names;
        let ran = entry.conversation.flow().and_then(|run| {
            let version = run.version().map(|version| format!(" v{version}")).unwrap_or_default();
            Some(format!("{}{version}", run.name(names)?))
        });
        let is_recent = self.may_be_recorded_yet(&entry.conversation);
        Some(ShownAnswer { keys, calls, fault, ran, is_recent, ..shown })
    }

    /// The record of the call's flow may still come: the flow runs, or ended a short time ago.
    fn may_be_recorded_yet(&self, call: &crate::domain::Conversation) -> bool {
        if self.replay.is_some() {
            return false;
        }
        let ended = call.participants.iter().filter(|p| p.is_flow()).filter_map(|p| p.ended).max();
        let is_recent = |at: Timestamp| rows::between(at, self.now.wall) < RECORDED_WITHIN;
        call.running_flow().is_some() || ended.is_some_and(is_recent)
    }

    /// What is found of a key on this participant, the worst first. That it is missing is what is answered anyway, and that a flow
    /// lost it is not about one call.
    fn fault(&self, cell: &Cell) -> Option<Finding> {
        let is_own = |f: &Finding| {
            let of_cell = f.key.as_ref() == Some(&cell.key) && f.participant.as_ref() == Some(&cell.participant);
            of_cell && f.severity >= Severity::Warn && !matches!(f.rule, RuleId::Missing | RuleId::PresenceDrop)
        };
        let found = self.monitor.examiner.of(cell.conversation.as_str()).filter(is_own);
        found.min_by_key(|f| (std::cmp::Reverse(f.severity), f.rule))
    }

    /// Other live calls on which the same was found of the same key.
    fn same_fault(&self, fault: &Finding) -> Vec<Other> {
        let board = &self.monitor.board;
        let same = self
            .monitor
            .examiner
            .all()
            .filter(|f| f.rule == fault.rule && f.key == fault.key && f.conversation != fault.conversation);
        let calls = same.filter_map(|f| board.get(f.conversation.as_str())).map(|entry| &entry.conversation);
        let mut calls: Vec<_> = calls.filter(|call| !call.is_over()).collect();
        calls.sort_by_key(|call| (std::cmp::Reverse(rows::began(call)), &call.id));
        calls.dedup_by_key(|call| &call.id);
        self.named(calls)
    }

    /// Calls by who is calling, and by the beginning of the id too where one caller has several.
    fn named(&self, calls: Vec<&crate::domain::Conversation>) -> Vec<Other> {
        let name = |call: &crate::domain::Conversation| {
            let from = rows::from(call).into_owned();
            let own = |other: &&&crate::domain::Conversation| rows::from(other) == from.as_str();
            match calls.iter().filter(own).count() {
                0 | 1 => from,
                _ => format!("{from} ({})", call.id.as_str().chars().take(8).collect::<String>()),
            }
        };
        calls.iter().map(|call| Other { name: name(call), missing: true, same: false }).collect()
    }

    fn other_keys(
        &self,
        entry: &BoardEntry,
        cell: &Cell,
        flows: &[GatheredRun],
        answer: &WhyAnswer,
    ) -> (Vec<Other>, usize) {
        let c = &entry.conversation;
        let missing = self.monitor.examiner.of(c.id.as_str()).filter(|f| f.rule == RuleId::Missing);
        let others = missing.filter_map(|f| f.key).filter(|key| *key != cell.key);
        let others = others.map(|key| {
            let own = question(entry, &Cell { key: key.clone(), ..cell.clone() });
            let same = turn(&self::answer(entry, flows, &own)).is_some_and(|own| turn(answer) == Some(own));
            Other { name: key.to_string(), missing: true, same }
        });
        let there = c.participant(cell.participant.as_str()).map_or(0, |p| p.attributes.len());
        (others.collect(), there)
    }

    fn other_calls(&self, entry: &BoardEntry, cell: &Cell, answer: &WhyAnswer) -> Vec<Other> {
        let flow = entry.conversation.flow().map(|run| &run.id);
        let purpose = entry.conversation.participant(cell.participant.as_str()).map(|p| &p.purpose);
        let is_missing = |c: &crate::domain::Conversation| {
            let told =
                |f: crate::domain::findings::Finding| f.rule == RuleId::Missing && f.key.as_ref() == Some(&cell.key);
            let mut on = c.participants.iter().filter(|p| Some(&p.purpose) == purpose).peekable();
            // What is in its flow may get it yet.
            let has_left = !c.participants.iter().any(|p| p.is_flow() && p.is_connected());
            let lacks = on.peek().is_some() && on.all(|p| p.attributes.get(cell.key.as_str()).is_none());
            (has_left && lacks) || self.monitor.examiner.of(c.id.as_str()).any(told)
        };
        let mut calls: Vec<(Timestamp, Other, ConversationId)> = (self.monitor.board.iter())
            .filter_map(|other| {
                let c = &other.conversation;
                if c.id == cell.conversation || c.is_over() || c.flow().map(|run| &run.id) != flow || !is_missing(c) {
                    return None;
                }
                // What is on somebody else is not missing by this cause.
                if c.participants.iter().any(|p| p.attributes.get(cell.key.as_str()).is_some()) {
                    return None;
                }
                let known = self.gathered(&c.id).map(|gathered| {
                    let customer = c.customer().map(|p| p.id.clone())?;
                    let own = Cell { conversation: c.id.clone(), participant: customer, key: cell.key.clone() };
                    turn(&self::answer(other, &gathered.flows, &question(other, &own)))
                });
                let own = turn(answer);
                if known.as_ref().is_some_and(|known| *known != own) {
                    return None;
                }
                let same = known.flatten().is_some_and(|known| own == Some(known));
                Some((rows::began(c), Other { name: rows::from(c).into_owned(), missing: true, same }, c.id.clone()))
            })
            .collect();
        calls.sort_by_key(|(began, ..)| std::cmp::Reverse(*began));
        // One caller may have several calls: then each has the beginning of its id, too.
        let own = rows::from(&entry.conversation);
        let twice: Vec<bool> = calls
            .iter()
            .map(|(_, a, _)| own == a.name.as_str() || calls.iter().filter(|(_, b, _)| b.name == a.name).count() > 1)
            .collect();
        let named = calls.into_iter().zip(twice).map(|((_, mut other, id), twice)| {
            if twice {
                let short: String = id.as_str().chars().take(8).collect();
                other.name = format!("{} ({short})", other.name);
            }
            other
        });
        named.collect()
    }
}

impl Model {
    /// Works out the causes of what calls lack, as far as their flows are known. Each only once, until more is known.
    pub(in crate::app) fn find_causes(&mut self) {
        let Self { causes, gathered, monitor, .. } = self;
        causes.retain(|call, _| gathered.contains_key(call));
        for (call, what) in gathered.iter().filter_map(|(call, known)| Some((call, known.what.as_ref()?))) {
            let Some(entry) = monitor.board.get(call.as_str()) else { continue };
            let found =
                causes.entry(call.clone()).or_insert_with(|| CausesOfCall { of: Arc::clone(what), known: Vec::new() });
            if !Arc::ptr_eq(&found.of, what) {
                *found = CausesOfCall { of: Arc::clone(what), known: Vec::new() };
            }
            for finding in monitor.examiner.of(call.as_str()).filter(|f| f.rule == RuleId::Missing) {
                let Some(key) = finding.key.as_ref().filter(|key| found.known.iter().all(|(known, _)| known != *key))
                else {
                    continue;
                };
                let customer = || entry.conversation.customer().map(|p| p.id.clone());
                let cause = finding.participant.clone().or_else(customer).and_then(|participant| {
                    let cell = Cell { conversation: call.clone(), participant, key: key.clone() };
                    let answer = answer(entry, &what.flows, &question(entry, &cell));
                    Some(FoundCause { words: short(&answer)?, remedy: answer.remedy })
                });
                found.known.push((key.clone(), cause));
            }
        }
    }

    /// Why a key is missing, where that was found out: the same on every screen.
    pub fn cause(&self, finding: &Finding) -> Option<&FoundCause> {
        let key = finding.key.as_ref().filter(|_| finding.rule == RuleId::Missing)?;
        let found = &self.causes.get(&finding.conversation)?.known;
        found.iter().find(|(known, _)| known == key)?.1.as_ref()
    }

    /// A finding in a line: a key that is missing with its cause, where that is known.
    pub fn in_a_line(&self, finding: &Finding) -> String {
        match (&finding.key, self.cause(finding)) {
            (Some(key), Some(cause)) => format!("{key} missing: {}", cause.words),
            (Some(key), None) if finding.rule == RuleId::Missing => format!("{key} missing"),
            _ => finding.message.to_string(),
        }
    }
}
