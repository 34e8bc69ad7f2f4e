//! The simulated contact centre: pure and seeded; the time is an argument, what happens comes back as data.
//!
//! [`World::step`] carries out the one thing that is due next and says what changed; the server publishes it and asks
//! again. The same scenario, seed and moments give the same calls, ids and values.

mod act;
mod conversation;
mod directory;
mod drive;
mod edit;
mod happen;
mod trail;

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, VecDeque},
    sync::Arc,
};

use indexmap::IndexMap;
use uuid::Uuid;

use super::{
    Semantics,
    ids::uuid,
    scenario::{Media, Scenario},
};
use crate::flow::model::Flow;

use drive::Drive;

pub use conversation::{Conversation, Participant};
pub use directory::Directory;
pub use edit::{Placed, SubmittedEdit};
pub use happen::{Happening, ParticipantAct, Presence};
pub use trail::{FlowWrite, SimFlowRun};

/// Ended conversations are kept so long, in ms.
const KEEP_ENDED_MS: i64 = 10 * 60_000;
/// At least so many ended conversations are kept within that time; beyond it and beyond the load, the oldest go.
const KEEP_ENDED: usize = 500;

/// How a call's offsets are stretched at least, so that two calls of one story differ.
const SHORTEST: f64 = 0.85;

/// Something changed on a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct WorldChange {
    /// The conversation; it can be read from the world until the next step.
    pub conversation: Uuid,
    /// When, ms since 1970.
    pub at: i64,
    /// Attributes that were written: participant and what was written on it.
    pub attributes: Vec<(Uuid, IndexMap<String, String>)>,
}

/// What is still to happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum WorldJob {
    Step { conversation: Uuid, index: usize },
    Beat { conversation: Uuid, index: usize, n: u64 },
    Edit { number: u64 },
    Drive { conversation: Uuid },
    Publish { flow: usize },
    Begin { story: usize },
    Return { user: usize },
    Spawn,
    Forget,
}

/// The simulated contact centre.
pub struct World {
    scenario: Arc<Scenario>,
    directory: Directory,
    rng: fastrand::Rng,
    conversations: IndexMap<Uuid, Conversation>,
    ended: VecDeque<Uuid>,
    agenda: BinaryHeap<Reverse<(i64, u64, WorldJob)>>,
    edits: IndexMap<u64, SubmittedEdit>,
    sequence: u64,
    target: usize,
    speed: f64,
    /// Stories still to be dealt before any comes twice.
    deck: Vec<usize>,
    /// Flow definitions that can be run, by index of the flow.
    definitions: HashMap<usize, Arc<Flow>>,
    /// Calls that a flow drives.
    drives: HashMap<Uuid, Drive>,
    driving: bool,
    /// Index of the published version of each flow.
    published: Vec<usize>,
    /// What has happened and was not told yet.
    happened: Vec<Happening>,
    /// What running flows have written, by their participant.
    trails: HashMap<Uuid, Vec<FlowWrite>>,
    /// Runs of flows that had ended when it began.
    past: Vec<SimFlowRun>,
    /// Where each user stands.
    presences: Vec<Presence>,
    /// When it began, ms since 1970.
    start: i64,
}

impl World {
    /// A contact centre with `calls` live conversations of various ages at `at` (ms since 1970), and about as many from
    /// then on. `speed` divides all offsets; 0 calls mean that nothing ever happens by itself.
    pub fn new(scenario: Arc<Scenario>, seed: u64, calls: usize, speed: f64, at: i64) -> Self {
        Self::build(scenario, seed, calls, speed, at, false)
    }

    /// The same, with calls that follow the definitions of their flows, where these have one, instead of their stories.
    pub fn driven_by_flows(scenario: Arc<Scenario>, seed: u64, calls: usize, speed: f64, at: i64) -> Self {
        Self::build(scenario, seed, calls, speed, at, true)
    }

    fn build(scenario: Arc<Scenario>, seed: u64, calls: usize, speed: f64, at: i64, driving: bool) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let directory = Directory::new(&scenario, &mut rng);
        let (scenario_flows, scenario_users) = (scenario.flows.len(), scenario.users.len());
        let calls = if scenario.stories.is_empty() { 0 } else { calls };
        let definitions = scenario.flows.iter().enumerate();
        let definitions = definitions.filter_map(|(i, flow)| Some((i, Arc::new(flow.program.clone()?)))).collect();
        let mut world = Self {
            scenario,
            directory,
            rng,
            conversations: IndexMap::new(),
            ended: VecDeque::new(),
            agenda: BinaryHeap::new(),
            edits: IndexMap::new(),
            sequence: 0,
            target: calls,
            speed: speed.clamp(0.001, 10_000.0),
            deck: Vec::new(),
            definitions,
            drives: HashMap::new(),
            driving,
            published: vec![0; scenario_flows],
            happened: Vec::new(),
            trails: HashMap::new(),
            past: Vec::new(),
            presences: vec![Presence { since: at, on_queue: true, calls: 0, interacting: 0 }; scenario_users],
            start: at,
        };
        if calls > 0 {
            world.plan_versions();
        }
        for i in 0..calls {
            let story = world.deal();
            let length = world.scenario.stories[story].length() as f64 / world.speed;
            // Spread over the course of a call, so that every stage is on screen at the first frame; a hurried call lasts
            // SHORTEST of its length and must not be over yet.
            let part = (i as f64 * 0.618_034 + world.rng.f64() * 0.1).fract() * SHORTEST * 0.98;
            world.begin(story, at - (length * part) as i64, None);
        }
        while world.next_due().is_some_and(|due| due <= at) {
            world.step(at);
        }
        // Nobody was there to be told; what the flows did is recorded all the same.
        for happening in world.take_happened() {
            let run = world.finished(&happening);
            world.past.extend(run);
        }
        // The topics of the queues that they are in told of them before: they hear of it when they leave.
        for conversation in world.conversations.values_mut() {
            conversation.told = conversation.queues_now();
        }
        world
    }

    /// The runs of flows that had ended when the world began.
    pub fn take_past(&mut self) -> Vec<SimFlowRun> {
        std::mem::take(&mut self.past)
    }

    /// The scenario it plays.
    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// Ids of the organisation, queues, users and flows.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// A conversation, live or recently ended.
    pub fn conversation(&self, id: Uuid) -> Option<&Conversation> {
        self.conversations.get(&id)
    }

    /// All conversations that are kept, oldest first.
    pub fn conversations(&self) -> impl DoubleEndedIterator<Item = &Conversation> {
        self.conversations.values()
    }

    /// The live ones.
    pub fn live(&self) -> impl DoubleEndedIterator<Item = &Conversation> {
        self.conversations.values().filter(|c| c.end.is_none())
    }

    /// When something happens next by itself.
    pub fn next_due(&self) -> Option<i64> {
        self.agenda.peek().map(|Reverse((at, ..))| *at)
    }

    /// Carries out the next thing that is due at `at`, if any. `Some(None)`: done, nothing to tell.
    pub fn step(&mut self, at: i64) -> Option<Option<WorldChange>> {
        if self.next_due()? > at {
            return None;
        }
        let Reverse((due, _, job)) = self.agenda.pop()?;
        Some(match job {
            WorldJob::Step { conversation, index } => self.run_step(conversation, index, due),
            WorldJob::Beat { conversation, index, n } => self.run_beat(conversation, index, n, due),
            WorldJob::Edit { number } => {
                let edit = self.edits.shift_remove(&number);
                edit.and_then(|edit| self.apply(edit, due))
            }
            WorldJob::Drive { conversation } => self.run_drive(conversation, due),
            WorldJob::Publish { flow } => {
                self.publish(flow);
                self.rush(flow, due);
                None
            }
            WorldJob::Begin { story } => {
                let id = self.begin(story, due, None);
                Some(WorldChange { conversation: id, at: due, attributes: Vec::new() })
            }
            WorldJob::Return { user } => {
                self.returns(user, due);
                None
            }
            WorldJob::Spawn => {
                let story = self.deal();
                let id = self.begin(story, due, None);
                Some(WorldChange { conversation: id, at: due, attributes: Vec::new() })
            }
            WorldJob::Forget => {
                self.forget(due);
                None
            }
        })
    }

    /// Starts a call that follows a story; the first steps are due at `at`.
    pub fn begin(&mut self, story: usize, at: i64, caller: Option<usize>) -> Uuid {
        let scenario = Arc::clone(&self.scenario);
        let script = &scenario.stories[story];
        let caller = caller.unwrap_or_else(|| self.rng.usize(0..scenario.callers.len()));
        let stretch = SHORTEST + self.rng.f64() * 0.3;
        let id = self.add(script.media, caller, &script.to, at, Some(story), stretch);
        for (index, step) in script.steps.iter().enumerate() {
            self.schedule(self.offset(at, step.at, stretch), WorldJob::Step { conversation: id, index });
        }
        for (index, beat) in script.beats.iter().enumerate() {
            self.schedule(self.offset(at, beat.from, stretch), WorldJob::Beat { conversation: id, index, n: 0 });
        }
        id
    }

    fn offset(&self, start: i64, offset: i64, stretch: f64) -> i64 {
        start + (offset as f64 * stretch / self.speed).round() as i64
    }

    fn schedule(&mut self, at: i64, job: WorldJob) {
        self.sequence += 1;
        self.agenda.push(Reverse((at, self.sequence, job)));
    }

    /// The next story: each in turn as often as its weight says, shuffled.
    fn deal(&mut self) -> usize {
        if self.deck.is_empty() {
            let weights = self.scenario.stories.iter().enumerate();
            self.deck = weights.flat_map(|(i, story)| std::iter::repeat_n(i, story.weight as usize)).collect();
            self.rng.shuffle(&mut self.deck);
        }
        self.deck.pop().unwrap_or(0)
    }

    fn add(&mut self, media: Media, caller: usize, to: &str, at: i64, story: Option<usize>, stretch: f64) -> Uuid {
        let id = uuid(&mut self.rng);
        let scenario = Arc::clone(&self.scenario);
        let who = &scenario.callers[caller];
        let (from, to) = match media {
            Media::Call | Media::Callback => (format!("tel:{}", who.number), format!("tel:{to}")),
            Media::Email => (who.email.clone(), to.to_owned()),
            Media::Message | Media::Chat => (who.number.clone(), to.to_owned()),
        };
        let mut conversation = Conversation {
            id,
            media,
            caller,
            from: from.clone(),
            to,
            start: at,
            end: None,
            participants: Vec::new(),
            queues: Vec::new(),
            told: Vec::new(),
            flow_list: IndexMap::new(),
            story,
            stretch,
        };
        let mut customer = self.new_participant("customer", &who.name, at);
        // Who is to be called back has no address: the number stands in the callback (api-facts 2.5).
        customer.address = (media != Media::Callback).then_some(from);
        customer.connected = Some(at);
        self.note(id, customer.id, at, ParticipantAct::Joined);
        conversation.participants.push(customer);
        self.conversations.insert(id, conversation);
        id
    }

    fn new_participant(&mut self, purpose: &str, name: &str, at: i64) -> Participant {
        Participant {
            id: uuid(&mut self.rng),
            communication: uuid(&mut self.rng),
            purpose: purpose.to_owned(),
            name: name.to_owned(),
            address: None,
            user: None,
            queue: None,
            flow: None,
            flow_version: 0,
            start: at,
            connected: None,
            end: None,
            disconnect: None,
            held: false,
            muted: false,
            consult: None,
            attributes: IndexMap::new(),
            untyped: Vec::new(),
            version: 0,
        }
    }

    /// Notes that a conversation has ended and lets another begin a moment later.
    fn note_end(&mut self, id: Uuid, at: i64) {
        self.drives.remove(&id);
        self.ended.push_back(id);
        self.schedule(at + KEEP_ENDED_MS, WorldJob::Forget);
        let scripted = self.conversations.get(&id).is_some_and(|c| c.story.is_some());
        if scripted && self.conversations.len() - self.ended.len() < self.target {
            let pause = (self.rng.i64(200..3_000) as f64 / self.speed) as i64;
            self.schedule(at + pause, WorldJob::Spawn);
        }
        if self.ended.len() > KEEP_ENDED.max(self.target) {
            self.forget_oldest();
        }
    }

    fn forget(&mut self, at: i64) {
        while let Some(oldest) = self.ended.front() {
            let end = self.conversations.get(oldest).and_then(|c| c.end).unwrap_or(0);
            if end + KEEP_ENDED_MS > at {
                break;
            }
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some(id) = self.ended.pop_front() {
            // Ended calls are among the oldest, so the shift is short; order is what readers rely on.
            self.conversations.shift_remove(&id);
        }
    }

    /// Replaces or overlays a participant's map and says what was written.
    fn write(
        participant: &mut Participant,
        values: &IndexMap<String, String>,
        semantics: Semantics,
    ) -> IndexMap<String, String> {
        if semantics == Semantics::Replace {
            participant.attributes.clear();
        }
        for (key, value) in values {
            participant.attributes.insert(key.clone(), value.clone());
        }
        participant.untyped.retain(|key| !values.contains_key(key));
        participant.version += 1;
        values.clone()
    }
}

#[cfg(test)]
mod tests;
