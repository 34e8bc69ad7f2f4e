//! The alarm on the screens: a key whose presence falls with a new version of a flow, told as `collect` tells it.

use super::HistorySource;
use crate::{
    app::{Model, Msg},
    domain::{
        At, Conversation, ConversationId,
        expect::{Milestone, Passed},
        findings::{Finding, RuleId},
        text::visible,
    },
    store::{
        presence::{PresenceDrop, PresenceWatch},
        record::{CallRecord, FlowVersion, KeyRecord},
        seeds::{FlowSeed, VersionSeed},
    },
};
use std::sync::{Arc, mpsc};

/// Watches the presence of keys, beginning with what the history store knows.
#[derive(Debug)]
pub(super) struct Watched {
    watch: PresenceWatch,
    /// What the store knows, until it is here: nothing is judged before.
    seeds: Option<mpsc::Receiver<Vec<FlowSeed>>>,
    live: bool,
}

/// What a message is about, as far as it matters here.
pub(super) enum About {
    Call(ConversationId),
    Live,
    Lost,
    Time,
}

impl About {
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

impl Watched {
    /// Asks the store, off the loop. Within a runtime.
    pub(super) fn start(history: Arc<dyn HistorySource>) -> Self {
        let (seeds, read) = mpsc::channel();
        tokio::task::spawn_blocking(move || {
            let seed = |flow: super::PastFlow| FlowSeed {
                organization: String::new(),
                flow: flow.id,
                name: flow.name,
                versions: flow
                    .versions
                    .into_iter()
                    .map(|known| VersionSeed { version: known.version, calls: known.calls, present: known.present })
                    .collect(),
            };
            // Nobody hears it when the program has ended.
            _ = seeds.send(history.versions().into_iter().map(seed).collect());
        });
        Self { watch: PresenceWatch::default(), seeds: Some(read), live: false }
    }

    /// Looks at what a message changed, after it did.
    pub(super) fn look(&mut self, model: &Model, about: &About, at: At) -> Vec<Finding> {
        let now = at.wall.as_millisecond();
        match about {
            About::Live => self.live = true,
            About::Lost => self.live = false,
            About::Call(_) | About::Time => {}
        }
        if let Some(read) = &self.seeds {
            let Ok(seeds) = read.try_recv() else { return Vec::new() };
            self.seeds = None;
            self.watch.seed(seeds);
            if self.live { self.watch.begins(now) } else { self.watch.lost() }
        }
        let drops = match about {
            About::Live => {
                self.watch.begins(now);
                Vec::new()
            }
            About::Lost => {
                self.watch.lost();
                Vec::new()
            }
            About::Call(id) => record(model, id, at).map(|call| self.watch.observe(&call, now)).unwrap_or_default(),
            About::Time => Vec::new(),
        };
        drops.into_iter().chain(self.watch.time(now)).filter_map(|drop| finding(model, &drop, at)).collect()
    }
}

fn finding(model: &Model, drop: &PresenceDrop, at: At) -> Option<Finding> {
    let (rule, tuning) = (RuleId::PresenceDrop, &model.settings.tuning);
    if !tuning.is_on(rule) || tuning.ignores(&drop.key) {
        return None;
    }
    Some(Finding {
        rule,
        severity: tuning.severity(rule, rule.rule().severity),
        conversation: drop.conversation.as_str().into(),
        participant: None,
        key: Some(drop.key.as_str().into()),
        message: visible(&drop.to_string()).into_owned(),
        since: at,
    })
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
