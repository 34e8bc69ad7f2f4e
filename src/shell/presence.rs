//! The alarm on the screens: a key whose presence falls with a new version of a flow, told as `collect` tells it.

use super::HistorySource;
use crate::{
    app::{Model, Msg},
    domain::{
        At, Conversation, ConversationId,
        expect::{Milestone, Passed},
        findings::{Finding, LostKey, Tuning},
    },
    store::{
        presence::PresenceJudge,
        record::{CallRecord, FLOW_END, FlowVersion, KeyRecord},
        seeds::FlowSeed,
    },
};
use rustc_hash::FxHashMap;
use std::sync::{Arc, mpsc};

/// Watches the presence of keys, beginning with what the history store knows.
pub(super) struct PresenceFollower {
    judge: PresenceJudge,
    /// What the store knows, until it is here: nothing is judged before.
    seeds: Option<mpsc::Receiver<Vec<FlowSeed>>>,
    live: bool,
    /// Where calls of this session are kept.
    fed: Option<Arc<dyn HistorySource>>,
    /// What it was told last of each call.
    told: FxHashMap<String, CallRecord>,
}

/// What a message is about, as far as it matters here.
pub(super) enum PresenceNews {
    Call(ConversationId),
    Live,
    Lost,
    Time,
}

impl PresenceNews {
    pub(super) fn of(msg: &Msg) -> Option<Self> {
        match msg {
            Msg::Update(update) => Some(Self::Call(update.subject().0)),
            Msg::Read(done) => Some(Self::Call(done.conversation.clone())),
            Msg::Link(link) if link.is_live() => Some(Self::Live),
            Msg::Link(link) if link.is_lost() => Some(Self::Lost),
            Msg::Time => Some(Self::Time),
            _ => None,
        }
    }
}

impl PresenceFollower {
    /// Asks the store, off the loop. Within a runtime.
    pub(super) fn start(history: Arc<dyn HistorySource>, tuning: Tuning) -> Self {
        let (seeds, read) = mpsc::channel();
        let fed = Some(Arc::clone(&history)).filter(|history| history.is_fed());
        tokio::task::spawn_blocking(move || {
            // Nobody hears it when the program has ended.
            _ = seeds.send(history.versions());
        });
        Self {
            // The store is asked for one organization.
            judge: PresenceJudge::new(String::new(), tuning),
            seeds: Some(read),
            live: false,
            fed,
            told: FxHashMap::default(),
        }
    }

    /// Looks at what a message changed, after it did. `is_cut`: there are more calls in the flows than could be listed.
    pub(super) fn look(&mut self, model: &Model, about: &PresenceNews, at: At, is_cut: bool) -> Vec<Finding> {
        self.judge.cut(is_cut, at);
        match about {
            PresenceNews::Live => self.live = true,
            PresenceNews::Lost => self.live = false,
            PresenceNews::Call(_) | PresenceNews::Time => {}
        }
        if let Some(read) = &self.seeds {
            let Ok(seeds) = read.try_recv() else { return Vec::new() };
            self.seeds = None;
            self.judge.seed(seeds);
            self.judge.link(self.live, at);
        }
        match about {
            PresenceNews::Live | PresenceNews::Lost => self.judge.link(self.live, at),
            PresenceNews::Call(id) => {
                if let Some(call) = record(model, id, at) {
                    self.keep(model, id, &call);
                    self.judge.observe(&call, at);
                }
            }
            PresenceNews::Time => {}
        }
        self.judge.time(at);
        self.judge.listed(&model.monitor.board, at)
    }

    /// The keys that are missing since a flow version, where they changed.
    pub(super) fn lost(&mut self) -> Option<Vec<LostKey>> {
        self.judge.lost_keys()
    }

    /// Hands the call on, where calls of this session are kept.
    fn keep(&mut self, model: &Model, id: &ConversationId, call: &CallRecord) {
        let (Some(fed), Some(entry)) = (&self.fed, model.monitor.board.get(id.as_str())) else { return };
        let (board, conversation) = (&model.monitor.board, &entry.conversation);
        let queue = conversation.queue().map(|id| board.names.queue(id).unwrap_or(id.as_str()).to_owned());
        let before = self.told.get(id.as_str());
        let keys = match before.filter(|before| before.milestones[FLOW_END].is_some()) {
            // What was there at the end of the flow.
            Some(before) => before.keys.clone(),
            None => call.keys.clone(),
        };
        let seen = CallRecord {
            media: conversation.media.as_str().to_owned(),
            started: before.map_or(call.started, |before| before.started.min(call.started)),
            queues: queue.into_iter().collect(),
            incomplete: call.milestones[0].is_none(),
            keys,
            ..call.clone()
        };
        if before == Some(&seen) {
            return;
        }
        fed.saw(seen.clone());
        self.told.insert(seen.conversation.clone(), seen);
        if self.told.len() > 2 * board.len() + 64 {
            self.told.retain(|id, _| board.get(id).is_some());
        }
    }
}

/// What the watch needs to know of a call.
fn record(model: &Model, id: &ConversationId, at: At) -> Option<CallRecord> {
    let board = &model.monitor.board;
    let call = &board.get(id.as_str())?.conversation;
    let run = call.flows.first()?;
    let passed = model.monitor.examiner.milestones(id.as_str())?;
    let time = |milestone| match passed.passed(milestone, at) {
        Some(Passed::At(at)) => Some(at.wall.as_millisecond()),
        _ => None,
    };
    let flow_end = time(Milestone::FlowEnd);
    Some(CallRecord {
        conversation: id.as_str().to_owned(),
        started: call.started.map_or_else(|| at.wall.as_millisecond(), jiff::Timestamp::as_millisecond),
        ended: call.ended.map(jiff::Timestamp::as_millisecond),
        flow: FlowVersion {
            id: run.id.as_str().to_owned(),
            name: run.name(&board.names).unwrap_or_default().to_owned(),
            version: run.version().unwrap_or_default().to_owned(),
        },
        milestones: [time(Milestone::Start), flow_end, None, time(Milestone::Agent), None],
        keys: if flow_end.is_some() { keys(call) } else { Vec::new() },
        ..CallRecord::default()
    })
}

fn keys(call: &Conversation) -> Vec<KeyRecord> {
    let of = |participant: &crate::domain::Participant| {
        let purpose = participant.purpose.as_str().to_owned();
        let key = |key: &str| KeyRecord {
            key: key.to_owned(),
            purpose: purpose.clone(),
            present_at: [true; 5],
            ..KeyRecord::default()
        };
        participant.attributes.iter().map(|attribute| key(attribute.key.as_str())).collect::<Vec<_>>()
    };
    call.participants.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::Desk;

    /// As `collect` does, the screens wait while not all calls in the flows could be listed.
    #[test]
    fn the_screens_alarm_knows_that_the_list_of_calls_is_cut() {
        let desk = Desk::new(80, 24);
        let judge = PresenceJudge::new(String::new(), Tuning::default());
        let mut watched = PresenceFollower { judge, seeds: None, live: true, fed: None, told: FxHashMap::default() };
        let at = desk.model.now;
        watched.look(&desk.model, &PresenceNews::Time, at, false);
        assert!(!watched.judge.is_cut(at));
        watched.look(&desk.model, &PresenceNews::Time, at, true);
        assert!(watched.judge.is_cut(at));
    }
}
