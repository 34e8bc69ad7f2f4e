//! What a simulated contact centre consists of and what happens on its calls.
//!
//! A scenario is a TOML or JSON file (the same names in both). [`mod@format`] reads it; this module holds the checked form
//! with every name resolved. See `assets/scenarios/default.toml` for a complete one and `docs/simulator.md` for the fields.

pub mod format;
pub mod value;

use indexmap::IndexMap;

pub use format::parse;

/// The scenario that `sidetone demo` and `sidetone sim` play unless another is named.
pub const DEFAULT: &str = include_str!("../../../assets/scenarios/default.toml");
/// A scenario on whose calls nothing is wrong.
pub const CLEAN: &str = include_str!("../../../assets/scenarios/clean.toml");

/// A whole scenario, checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The organisation's name.
    pub organization: String,
    /// Its mail-like domain, used in agents' addresses.
    pub domain: String,
    /// How many calls are alive unless told otherwise.
    pub calls: usize,
    /// The queues.
    pub queues: Vec<Queue>,
    /// The users, mostly agents.
    pub users: Vec<User>,
    /// The Architect flows.
    pub flows: Vec<ScenarioFlow>,
    /// Dialled numbers whose place is known.
    pub numbers: Vec<Number>,
    /// Who calls.
    pub callers: Vec<Caller>,
    /// What may happen on a call.
    pub stories: Vec<Story>,
}

/// A routing queue.
#[derive(Debug, Clone)]
pub struct Queue {
    /// Its name, unique.
    pub name: String,
    /// What it is for.
    pub description: String,
}

/// A user of the organisation.
#[derive(Debug, Clone)]
pub struct User {
    /// Full name.
    pub name: String,
    /// E-mail address, unique.
    pub email: String,
    /// Job title.
    pub title: String,
    /// Indices of the queues this user takes calls from.
    pub queues: Vec<usize>,
}

/// An Architect flow.
#[derive(Debug, Clone)]
pub struct ScenarioFlow {
    /// Its name, unique.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The platform's flow type, upper case (`INBOUNDCALL`).
    pub kind: String,
    /// Its published versions, oldest first; never empty.
    pub versions: Vec<Version>,
    /// The flow in the short form, from which its configuration is made and by which calls can be driven.
    pub definition: Option<serde_json::Value>,
    /// The same, read.
    pub program: Option<crate::flow::model::Flow>,
}

/// A published version of a flow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// Its id, as in `42.0`.
    pub id: String,
    /// When it is published, in ms from the start at speed 1; 0 for the first.
    pub from: i64,
    /// Keys that it no longer sets.
    pub loses: Vec<String>,
    /// Calls that enter it at once when it is published, beside those that come anyway; no more than are alive.
    pub calls: usize,
    /// Within how many ms at speed 1 they come.
    pub within: i64,
}

/// A dialled number.
#[derive(Debug, Clone)]
pub struct Number {
    /// In E.164.
    pub number: String,
    /// Where it is: the name of the ivr participant on its calls, as real calls have it.
    pub place: String,
}

/// Somebody who calls, writes or is called back.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name that the carrier or the channel shows.
    pub name: String,
    /// Telephone number in E.164.
    pub number: String,
    /// E-mail address.
    pub email: String,
}

/// The medium of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Media {
    /// Voice call.
    Call,
    /// Scheduled or requested callback.
    Callback,
    /// Web, SMS or social message.
    Message,
    /// E-mail.
    Email,
    /// Web chat (version 1).
    Chat,
}

/// The course of a call: what happens when, and what is wrong with it on purpose.
#[derive(Debug, Clone)]
pub struct Story {
    /// Its name, unique.
    pub name: String,
    /// The medium.
    pub media: Media,
    /// The dialled number or the address written to.
    pub to: String,
    /// How often it is chosen, relative to the others.
    pub weight: u32,
    /// What happens, ordered by offset.
    pub steps: Vec<ScenarioStep>,
    /// What happens again and again.
    pub beats: Vec<Beat>,
    /// Mistakes planted on purpose, for tests of the findings.
    pub plants: Vec<Plant>,
}

impl Story {
    /// Offset of the end of the call, in ms.
    pub fn length(&self) -> i64 {
        self.steps.last().map_or(0, |step| step.at)
    }
}

/// One thing that happens on a call.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioStep {
    /// Offset from the start of the call in ms at speed 1.
    pub at: i64,
    /// What happens.
    pub act: Act,
}

/// What may happen on a call. Numbers are indices into the scenario's lists.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// The caller enters a flow; the flow or queue before it ends.
    Flow(usize),
    /// The caller is handed to a queue and waits there.
    Queue(usize),
    /// An agent of the queue is alerted.
    Alert(Option<usize>),
    /// The alerted agent answers.
    Answer(Option<usize>),
    /// The agent hands the call to another queue; the agent leaves.
    Transfer(usize),
    /// The agent brings in a second agent.
    Consult(Option<usize>),
    /// The second agent leaves again.
    ConsultEnd,
    /// The agent puts the call on hold.
    Hold,
    /// The agent takes it back.
    Resume,
    /// Values are written.
    Set(Writing),
    /// The flow reads keys (a voice flow then keeps them in its list).
    Get(Vec<String>),
    /// Keys vanish from a participant.
    Lose {
        /// The participant's purpose.
        on: String,
        /// The keys.
        keys: Vec<String>,
    },
    /// Another participant of a purpose joins (a second customer leg, an external party).
    Join(String),
    /// The newest participant of a purpose gets another one in place.
    Become {
        /// The purpose until now.
        on: String,
        /// The purpose from now on.
        purpose: String,
    },
    /// Participants of a purpose leave.
    Leave(String),
    /// Everybody leaves.
    End,
}

/// A write of attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Writing {
    /// Purpose of the participant written to.
    pub on: String,
    /// Who writes: a flow's values enter the voice flow's own list, others do not.
    pub by: WrittenBy,
    /// Name of the Architect action, for the flow's configuration.
    pub action: String,
    /// Key to value template (see [`value`]).
    pub values: IndexMap<String, String>,
}

/// Who writes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrittenBy {
    /// The flow that the caller is in.
    Flow,
    /// An agent's script or desktop.
    Agent,
    /// A program using the API.
    Api,
}

/// A write that repeats while it applies.
#[derive(Debug, Clone)]
pub struct Beat {
    /// First time, offset in ms.
    pub from: i64,
    /// No more after this offset in ms.
    pub until: i64,
    /// Interval in ms.
    pub every: i64,
    /// What is written; `%{n}` counts the repetitions.
    pub writing: Writing,
}

/// A mistake planted on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plant {
    /// Rule id of the finding that should catch it.
    pub rule: String,
    /// The attribute key, verbatim.
    pub key: String,
    /// Purpose of the participant it is (or should be) on.
    pub on: String,
    /// Offset in ms from which it is there to be seen.
    pub from: i64,
}

impl Scenario {
    /// The scenario built into the program.
    pub fn embedded() -> Self {
        parse(DEFAULT).expect("the embedded scenario is checked by a test")
    }

    /// The built-in scenario without mistakes.
    pub fn clean() -> Self {
        parse(CLEAN).expect("the embedded scenario is checked by a test")
    }

    /// The place of a dialled number, if it is known.
    pub fn place(&self, number: &str) -> Option<&str> {
        let bare = number.strip_prefix("tel:").unwrap_or(number);
        self.numbers.iter().find(|known| known.number == bare).map(|known| known.place.as_str())
    }

    /// Index of the story with this name.
    pub fn story(&self, name: &str) -> Option<usize> {
        self.stories.iter().position(|story| story.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_scenarios_are_valid() {
        let default = parse(DEFAULT).unwrap();
        let clean = parse(CLEAN).unwrap();
        assert!(default.stories.len() >= 12);
        assert!(clean.stories.iter().all(|story| story.plants.is_empty()));
    }

    #[test]
    fn every_everyday_mistake_is_planted() {
        let scenario = Scenario::embedded();
        for rule in [
            "missing",
            "wrong-participant",
            "case-mismatch",
            "wrapped-payload",
            "unresolved-template",
            "lost-on-transfer",
            "flow-wrote-back",
            "personal-data-in-clear",
        ] {
            assert!(
                scenario.stories.iter().any(|s| s.plants.iter().any(|p| p.rule == rule)),
                "nothing planted for {rule}"
            );
        }
    }

    /// The record of a run says when each action ran: a story that writes in another order than its flow has a record and a stream
    /// that differ.
    #[test]
    fn stories_write_in_the_order_of_their_flow() {
        let scenario = Scenario::embedded();
        let mut pairs = 0;
        for story in &scenario.stories {
            let entered = story.steps.iter().find_map(|step| match step.act {
                Act::Flow(flow) => Some(flow),
                _ => None,
            });
            let Some(flow) = entered.and_then(|flow| scenario.flows[flow].program.as_ref()) else { continue };
            let named = |step: &ScenarioStep| match &step.act {
                Act::Set(writing) => {
                    let is_own = |name: &str| flow.actions.iter().any(|action| action.name == name);
                    is_own(&writing.action).then(|| writing.action.clone())
                }
                _ => None,
            };
            let names: Vec<String> = story.steps.iter().filter_map(named).collect();
            for pair in names.windows(2).filter(|pair| pair[0] != pair[1]) {
                pairs += 1;
                assert!(follows(flow, &pair[0], &pair[1]), "{}: {} is not before {}", story.name, pair[0], pair[1]);
            }
        }
        assert!(pairs > 10, "{pairs}");
    }

    /// Whether a path leads from an action of one name to one of another.
    fn follows(flow: &crate::flow::model::Flow, from: &str, to: &str) -> bool {
        let named =
            |name: &str| (0..flow.actions.len()).filter(|at| flow.actions[*at].name == name).collect::<Vec<_>>();
        let (mut work, wanted) = (named(from), named(to));
        let mut seen = vec![false; flow.actions.len()];
        while let Some(at) = work.pop() {
            if !std::mem::replace(&mut seen[at], true) {
                let action = &flow.actions[at];
                work.extend(action.next.into_iter().chain(action.branches.iter().filter_map(|branch| branch.to)));
            }
        }
        wanted.into_iter().any(|at| seen[at])
    }
}
