//! Why the key of a finding is as it is, by what is known without asking for anything: the call, and the definitions of the
//! flow versions that calls ran, each of which is read once. Pure: what is to be read is handed out, and comes back.

use crate::{
    domain::{At, BoardEntry, Conversation, FlowId, Names, findings::Finding, plain_version},
    flow::model::Flow,
    ndjson,
    why::{
        KnownCall, WhyAnswer, WhyQuestion,
        answer::FlowName,
        cause::{GatheredRun, NoRecord},
        changes, explain,
    },
};
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

/// Definitions that are read at most: the largest take some megabytes.
const DEFINITIONS: usize = 32;
/// Causes that are worked out within a second at most: a large flow takes some milliseconds each.
const A_SECOND: u32 = 20;

/// A version of a flow, as the platform writes it.
pub type WantedDefinition = (FlowId, String);

/// What is known of a definition.
#[derive(Debug)]
enum DefinitionRead {
    Wanted,
    Known(Arc<Flow>),
    Absent,
}

/// The definitions of the flows that calls ran, and what they say of findings.
#[derive(Debug, Default)]
pub struct FindingCauses {
    definitions: HashMap<WantedDefinition, DefinitionRead>,
    wanted: VecDeque<WantedDefinition>,
    /// The second, and the causes that were worked out in it.
    spent: (u64, u32),
}

impl FindingCauses {
    /// A call is told of: what it ran is wanted.
    pub fn saw(&mut self, call: &Conversation) {
        for version in call.flows.iter().filter_map(|run| Some((run.id.clone(), run.version.as_ref()?.to_string()))) {
            if self.definitions.len() < DEFINITIONS && !self.definitions.contains_key(&version) {
                self.definitions.insert(version.clone(), DefinitionRead::Wanted);
                self.wanted.push_back(version);
            }
        }
    }

    /// The next definition to read; it is handed out once.
    pub fn next(&mut self) -> Option<WantedDefinition> {
        self.wanted.pop_front()
    }

    /// A definition was read, or cannot be.
    pub fn learned(&mut self, version: WantedDefinition, definition: Option<Arc<Flow>>) {
        self.definitions.insert(version, definition.map_or(DefinitionRead::Absent, DefinitionRead::Known));
    }

    /// The cause of a finding, where there is one to tell.
    pub fn of(&mut self, at: At, finding: &Finding, entry: &BoardEntry, names: &Names) -> Option<WhyAnswer> {
        let question = question(finding)?;
        let second = at.mono.as_secs();
        if self.spent.0 != second {
            self.spent = (second, 0);
        }
        if self.spent.1 >= A_SECOND {
            return None;
        }
        self.spent.1 += 1;
        let call = &entry.conversation;
        let runs = call.flows.iter().map(|run| {
            let version = run.version.as_deref().unwrap_or_default();
            let definition = match self.definitions.get(&(run.id.clone(), version.to_owned())) {
                Some(DefinitionRead::Known(definition)) => Some(Arc::clone(definition)),
                Some(DefinitionRead::Wanted | DefinitionRead::Absent) | None => None,
            };
            let stands_for_it = run.participant.as_ref().and_then(|id| call.participant(id.as_str()));
            GatheredRun {
                name: FlowName {
                    id: run.id.as_str().to_owned(),
                    name: run.name(names).unwrap_or_default().to_owned(),
                    version: plain_version(version).to_owned(),
                },
                definition,
                no_record: NoRecord::NotAsked,
                running: stands_for_it.is_some_and(|participant| participant.is_connected()),
                ..GatheredRun::default()
            }
        });
        let flows: Vec<GatheredRun> = runs.collect();
        let answer = explain(&question, &KnownCall { conversation: call, changes: &changes(entry), flows: &flows });
        answer.is_cause().then_some(answer)
    }
}

/// What a finding asks; `None` where it is about no key.
pub fn question(finding: &Finding) -> Option<WhyQuestion> {
    let key = finding.key.as_ref()?.as_str().to_owned();
    let on = match (finding.rule.as_str(), &finding.participant) {
        // Such a finding is about where the key is.
        ("wrong-participant", _) | (_, None) => "customer".to_owned(),
        (_, Some(participant)) => participant.as_str().to_owned(),
    };
    Some(WhyQuestion { key, on })
}

/// An answer as the line of its finding has it.
pub fn told(answer: &WhyAnswer) -> ndjson::Cause<'_> {
    let flow = answer.flow.as_ref().map(|flow| ndjson::FlowFields::new(&flow.id, &flow.name, &flow.version));
    ndjson::Cause { cause: &answer.cause, certainty: answer.certainty.as_str(), flow }
}
