//! Why the key that a finding is about is as it is: looked up beside, for a few calls.

use crate::{
    commands::follow::causes::question,
    domain::{At, BoardEntry, ConversationId, findings::Finding},
    genesys::Client,
    live::gather,
    why::{Gathered, KnownCall, WhyAnswer, changes, explain},
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{sync::OnceCell, task::JoinSet};

/// Calls whose flows are looked up at most: each costs up to eight requests.
const CALLS: usize = 10;
/// How long what is still being looked up is waited for at the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// A finding, with its cause where one is known.
pub(super) struct CausedFinding {
    pub(super) at: At,
    pub(super) finding: Finding,
    pub(super) answer: Option<WhyAnswer>,
}

/// Looks causes up, one call at a time, while everything else goes on.
pub(super) struct Causes {
    client: Client,
    known: Arc<gather::GatherCache>,
    flows: HashMap<ConversationId, Arc<OnceCell<Gathered>>>,
    jobs: JoinSet<CausedFinding>,
    /// What is being looked up, to be told without a cause when that takes too long.
    asked: Vec<(At, Finding)>,
}

impl Causes {
    pub(super) fn new(client: Client) -> Self {
        Self { client, known: Arc::default(), flows: HashMap::new(), jobs: JoinSet::new(), asked: Vec::new() }
    }

    /// Looks up the cause of a finding. False where there is none to look for.
    pub(super) fn ask(&mut self, at: At, finding: &Finding, entry: Option<&BoardEntry>) -> bool {
        let (Some(question), Some(entry)) = (question(finding), entry) else { return false };
        let known = self.flows.len();
        let cell = match self.flows.get(&finding.conversation) {
            Some(cell) => cell.clone(),
            None if known >= CALLS => return false,
            None => self.flows.entry(finding.conversation.clone()).or_default().clone(),
        };
        let (client, known, finding) = (self.client.clone(), Arc::clone(&self.known), finding.clone());
        let (conversation, changes) = (entry.conversation.clone(), changes(entry));
        self.asked.push((at, finding.clone()));
        self.jobs.spawn(async move {
            let gather = || async {
                let mut found = gather::flows(&client, &known, &conversation).await;
                gather::earlier(&client, &known, &mut found).await;
                found
            };
            let gathered = cell.get_or_init(gather).await;
            let call = KnownCall { conversation: &conversation, changes: &changes, flows: &gathered.flows };
            let answer = explain(&question, &call);
            let is_known = answer.is_cause();
            CausedFinding { at, finding, answer: is_known.then_some(answer) }
        });
        true
    }

    /// The next finding whose cause was looked up; waits for ever when none is.
    pub(super) async fn next(&mut self) -> CausedFinding {
        loop {
            match self.jobs.join_next().await {
                Some(Ok(told)) => {
                    self.asked.retain(|(_, asked)| asked.identity() != told.finding.identity());
                    return told;
                }
                // It was ended or has panicked; its finding is told at the end.
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Everything that is still being looked up, without a cause where that takes too long.
    pub(super) async fn rest(&mut self) -> Vec<CausedFinding> {
        let mut told = Vec::new();
        let all = async {
            while let Some(done) = self.jobs.join_next().await {
                told.extend(done);
            }
        };
        _ = tokio::time::timeout(PATIENCE, all).await;
        self.jobs.abort_all();
        self.asked.retain(|(_, asked)| told.iter().all(|one| one.finding.identity() != asked.identity()));
        let late = self.asked.drain(..).map(|(at, finding)| CausedFinding { at, finding, answer: None });
        told.extend(late);
        told
    }
}
