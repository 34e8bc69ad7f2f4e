//! What happens beside changes of attributes: participants join, answer and leave, users take breaks, flows are published.

use uuid::Uuid;

use super::{World, WorldJob};
use crate::sim::scenario::{Act, Story};

/// A user takes a break after so many calls.
const CALLS_UNTIL_BREAK: u32 = 4;
/// A break, ms at speed 1.
const BREAK_MS: f64 = 20_000.0;
/// So much may wait to be told: whoever drives a world by hand need not ask.
const MAX_WAITING: usize = 10_000;

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// To a participant.
    Participant {
        /// The conversation.
        conversation: Uuid,
        /// The participant.
        participant: Uuid,
        /// When, ms since 1970.
        at: i64,
        /// What it did.
        what: ParticipantAct,
    },
    /// A user went on a break or came back.
    User {
        /// Index of the user.
        user: usize,
        /// When, ms since 1970.
        at: i64,
    },
    /// A version of a flow was published.
    Published {
        /// Index of the flow.
        flow: usize,
    },
}

/// What a participant did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParticipantAct {
    /// Came on the conversation.
    Joined,
    /// An agent answered.
    Answered,
    /// Left it.
    Left,
}

/// Where a user stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// Since when, ms since 1970.
    pub since: i64,
    /// On queue, or on a break.
    pub on_queue: bool,
    /// Calls that ended since the last break.
    pub calls: u32,
    /// Conversations that the user is on.
    pub interacting: u32,
}

impl Presence {
    /// The routing status in the words of the platform.
    pub fn routing_status(&self) -> &'static str {
        match (self.on_queue, self.interacting) {
            (true, 0) => "IDLE",
            (true, _) => "INTERACTING",
            (false, 0) => "OFF_QUEUE",
            (false, _) => "COMMUNICATING",
        }
    }

    /// The system presence in the words of the platform.
    pub fn system_presence(&self) -> &'static str {
        if self.on_queue { "On Queue" } else { "Break" }
    }
}

impl World {
    /// What has happened since it was asked last.
    pub fn take_happened(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happened)
    }

    /// Where a user stands.
    pub fn presence(&self, user: usize) -> Presence {
        self.presences[user]
    }

    /// Index of the published version of a flow.
    pub fn published(&self, flow: usize) -> usize {
        self.published[flow]
    }

    /// When a version of a flow was published or will be, ms since 1970.
    pub fn published_at(&self, flow: usize, version: usize) -> i64 {
        let from = self.scenario.flows[flow].versions[version].from;
        // What is in force at the start was published some days ago.
        if version == 0 { self.start - 5 * 86_400_000 } else { self.start + (from as f64 / self.speed) as i64 }
    }

    pub(super) fn plan_versions(&mut self) {
        for flow in 0..self.scenario.flows.len() {
            for version in 1..self.scenario.flows[flow].versions.len() {
                let at = self.published_at(flow, version);
                self.schedule(at, WorldJob::Publish { flow });
            }
        }
    }

    /// Publishes the next version of a flow.
    pub fn publish(&mut self, flow: usize) {
        let newest = self.scenario.flows[flow].versions.len() - 1;
        if self.published[flow] < newest {
            self.published[flow] += 1;
            let lost = self.scenario.flows[flow].versions[self.published[flow]].loses.clone();
            self.lose(flow, &lost);
        }
        self.wait(Happening::Published { flow });
    }

    /// Calls that enter a version right after it was published: of the flow's stories, each as often as its weight says.
    pub(super) fn rush(&mut self, flow: usize, at: i64) {
        let version = &self.scenario.flows[flow].versions[self.published[flow]];
        let (calls, within) = (version.calls.min(self.target), version.within as f64 / self.speed);
        let enters = |story: &Story| {
            story.steps.iter().find_map(|step| match step.act {
                Act::Flow(entered) => Some(entered == flow),
                _ => None,
            })
        };
        let stories = self.scenario.stories.iter().enumerate().filter(|(_, story)| enters(story) == Some(true));
        let mut deck: Vec<usize> =
            stories.flat_map(|(i, story)| std::iter::repeat_n(i, story.weight as usize)).collect();
        self.rng.shuffle(&mut deck);
        for (n, story) in deck.into_iter().cycle().take(calls).enumerate() {
            self.schedule(at + (within * n as f64 / calls as f64) as i64, WorldJob::Begin { story });
        }
    }

    pub(super) fn note(&mut self, conversation: Uuid, participant: Uuid, at: i64, what: ParticipantAct) {
        self.wait(Happening::Participant { conversation, participant, at, what });
        let known = self.conversations.get(&conversation).and_then(|c| c.participant(participant));
        let Some((user, connected)) = known.and_then(|p| Some((p.user?, p.connected.is_some()))) else { return };
        let presence = &mut self.presences[user];
        match what {
            ParticipantAct::Joined => {}
            ParticipantAct::Answered => presence.interacting += 1,
            ParticipantAct::Left if connected => {
                presence.interacting = presence.interacting.saturating_sub(1);
                presence.calls += 1;
                if presence.calls >= CALLS_UNTIL_BREAK && presence.interacting == 0 && presence.on_queue {
                    *presence = super::Presence { since: at, on_queue: false, calls: 0, interacting: 0 };
                    self.wait(Happening::User { user, at });
                    self.schedule(at + (BREAK_MS / self.speed) as i64, WorldJob::Return { user });
                }
            }
            ParticipantAct::Left => {}
        }
    }

    pub(super) fn returns(&mut self, user: usize, at: i64) {
        let presence = &mut self.presences[user];
        (presence.since, presence.on_queue) = (at, true);
        self.wait(Happening::User { user, at });
    }

    /// The queues that a conversation has left since its topics told of it last: they hear of it once more.
    pub fn leave_topics(&mut self, conversation: Uuid) -> Vec<usize> {
        let Some(conversation) = self.conversations.get_mut(&conversation) else { return Vec::new() };
        let now = conversation.queues_now();
        let before = std::mem::replace(&mut conversation.told, now.clone());
        before.into_iter().filter(|queue| !now.contains(queue)).collect()
    }

    fn wait(&mut self, happening: Happening) {
        if self.happened.len() < MAX_WAITING {
            self.happened.push(happening);
        }
    }
}
