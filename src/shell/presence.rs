//! The alarm on the screens: a key whose presence falls with a new version of a flow, told as `collect` tells it.

use super::HistorySource;
use crate::{
    app::{Model, Msg},
    domain::{
        At, Conversation, ConversationId,
        expect::{Milestone, Passed},
        findings::{Finding, LostKey, RuleId},
        text::visible,
    },
    store::{
        presence::{PresenceDrop, PresenceWatch},
        record::{CallRecord, FLOW_END, FlowVersion, KeyRecord},
        seeds::FlowSeed,
    },
};
use rustc_hash::FxHashMap;
use std::sync::{Arc, mpsc};

/// Watches the presence of keys, beginning with what the history store knows.
pub(super) struct PresenceFollower {
    watch: PresenceWatch,
    /// What the store knows, until it is here: nothing is judged before.
    seeds: Option<mpsc::Receiver<Vec<FlowSeed>>>,
    live: bool,
    /// Falls that were told, when, and on which call they are listed now.
    standing: Vec<(PresenceDrop, At)>,
    /// The keys of these, as they were told last.
    lost: Vec<LostKey>,
    /// Where calls of this session are kept.
    fed: Option<Arc<dyn HistorySource>>,
    /// What it was told last of each call.
    told: FxHashMap<String, CallRecord>,
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

impl PresenceFollower {
    /// Asks the store, off the loop. Within a runtime.
    pub(super) fn start(history: Arc<dyn HistorySource>) -> Self {
        let (seeds, read) = mpsc::channel();
        let fed = Some(Arc::clone(&history)).filter(|history| history.is_fed());
        tokio::task::spawn_blocking(move || {
            // Nobody hears it when the program has ended.
            _ = seeds.send(history.versions());
        });
        Self {
            watch: PresenceWatch::default(),
            seeds: Some(read),
            live: false,
            standing: Vec::new(),
            lost: Vec::new(),
            fed,
            told: FxHashMap::default(),
        }
    }

    /// Looks at what a message changed, after it did. `is_cut`: there are more calls in the flows than could be listed.
    pub(super) fn look(&mut self, model: &Model, about: &About, at: At, is_cut: bool) -> Vec<Finding> {
        let now = at.wall.as_millisecond();
        self.watch.cut(is_cut, now);
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
            About::Call(id) => match record(model, id, at) {
                Some(call) => {
                    self.keep(model, id, &call);
                    self.watch.observe(&call, now)
                }
                None => Vec::new(),
            },
            About::Time => Vec::new(),
        };
        let drops: Vec<_> = drops.into_iter().chain(self.watch.time(now)).collect();
        self.standing.extend(drops.into_iter().map(|drop| (drop, at)));
        self.list(model, at)
    }

    /// The keys that are missing since a flow version, where they changed.
    pub(super) fn lost(&mut self, model: &Model) -> Option<Vec<LostKey>> {
        let tuning = &model.settings.tuning;
        let is_listed = |drop: &&PresenceDrop| tuning.is_on(RuleId::PresenceDrop) && !tuning.ignores(&drop.key);
        let listed = self.standing.iter().map(|(drop, _)| drop).filter(is_listed);
        let lost: Vec<LostKey> = listed.map(|drop| lost_key(drop, &self.watch.beside(drop, ""))).collect();
        (lost != self.lost).then(|| {
            self.lost.clone_from(&lost);
            lost
        })
    }

    /// What is to be listed now: falls that are new, and those whose call has gone while the fall goes on.
    fn list(&mut self, model: &Model, at: At) -> Vec<Finding> {
        let (watch, mut listed) = (&self.watch, Vec::new());
        self.standing.retain_mut(|(drop, since)| {
            let is_new = *since == at;
            if !is_new && !watch.stands(drop, "") {
                return false;
            }
            let is_gone = model.monitor.board.get(&drop.conversation).is_none();
            // The call that decided may be one that would not have had the key before either.
            if (is_new || is_gone)
                && let Some(other) = best_without(model, drop, &watch.usual(drop, ""))
            {
                drop.conversation = other;
            } else if !is_new {
                return true;
            }
            listed.extend(finding(model, drop, *since));
            true
        });
        listed
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

/// A call of the version that has left its flow without the key, and that the fall is about: one whose path has led to what sets
/// it, which shows in the other keys that are `usual`. Of several the newest.
fn best_without(model: &Model, drop: &PresenceDrop, usual: &[(&str, &str)]) -> Option<String> {
    let board = &model.monitor.board;
    let calls = board.iter().map(|entry| &entry.conversation).filter(|call| {
        let is_own = call.flows.first().is_some_and(|run| {
            run.id.as_str() == drop.flow.id && run.version().unwrap_or_default() == drop.flow.version
        });
        is_own
            && !call.participants.iter().any(|p| p.is_flow() && p.is_connected())
            && !carries(call, &drop.key, &drop.on)
    });
    let lacks = |call: &Conversation| usual.iter().filter(|(key, on)| !carries(call, key, on)).count();
    let best = calls.max_by_key(|call| (std::cmp::Reverse(lacks(call)), call.started, call.first_seen.wall));
    best.map(|call| call.id.as_str().to_owned())
}

fn carries(call: &Conversation, key: &str, on: &str) -> bool {
    let mut own = call.participants.iter().filter(|p| p.purpose.as_str() == on);
    own.any(|p| p.attributes.get(key).is_some())
}

fn lost_key(drop: &PresenceDrop, beside: &[&str]) -> LostKey {
    LostKey {
        key: drop.key.clone(),
        on: drop.on.clone(),
        flow: drop.flow.id.as_str().into(),
        flow_name: drop.flow.name.clone(),
        version: drop.flow.version.clone(),
        before: drop.version_before.clone(),
        had: (drop.before.present, drop.before.calls),
        beside: beside.iter().map(ToString::to_string).collect(),
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
        message: visible(&drop.to_string()).into(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{Desk, leg};

    /// The call of a fall is one whose path had the key before: not one whose lookup timed out, which lacks the other keys as well.
    #[test]
    fn the_call_of_a_fall_lacks_no_other_key_that_is_usual() {
        let mut desk = Desk::new(80, 24);
        let looked_up: &[_] = &[("tier", "gold"), ("region", "N")];
        let calls: [(&str, i64, &[_], bool); 5] = [
            ("in-its-flow", 5, looked_up, true),
            ("timed-out", 10, &[], false),
            ("newest", 20, looked_up, false),
            ("older", 30, looked_up, false),
            ("has-it", 15, &[("tier", "gold"), ("region", "N"), ("contract", "full")], false),
        ];
        for (id, age, keys, is_in_flow) in calls {
            let ivr = leg("i", "ivr", "MainIVR", &[]);
            desk.call(id, age, vec![leg("c", "customer", "A", keys), if is_in_flow { ivr } else { ivr.left() }]);
        }
        let usual = [("tier", "customer"), ("region", "customer"), ("contract", "customer")];
        let drop = PresenceDrop {
            conversation: "timed-out".into(),
            key: "contract".into(),
            on: "customer".into(),
            flow: FlowVersion { id: "f-MainIVR".into(), ..FlowVersion::default() },
            version_before: "42".into(),
            before: crate::store::alarm::VersionBefore::default(),
            after: (12, 0),
        };
        assert_eq!(best_without(&desk.model, &drop, &usual).as_deref(), Some("newest"));
        assert_eq!(best_without(&desk.model, &drop, &[]).as_deref(), Some("timed-out"), "where nothing is known");
    }

    /// As `collect` does, the screens wait while not all calls in the flows could be listed.
    #[test]
    fn the_screens_alarm_knows_that_the_list_of_calls_is_cut() {
        let desk = Desk::new(80, 24);
        let (watch, standing, told) = (PresenceWatch::default(), Vec::new(), FxHashMap::default());
        let mut watched =
            PresenceFollower { watch, seeds: None, live: true, standing, lost: Vec::new(), fed: None, told };
        let at = desk.model.now;
        let now = at.wall.as_millisecond();
        watched.look(&desk.model, &About::Time, at, false);
        assert!(!watched.watch.is_cut(now));
        watched.look(&desk.model, &About::Time, at, true);
        assert!(watched.watch.is_cut(now + 1_000));
    }
}
