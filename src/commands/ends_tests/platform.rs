//! A contact centre that is recorded: it knows what is true at every moment, and writes the lines of format 1 itself.
//!
//! Shares no code with what is tested: frames and lines are put together here, by the published shapes.

use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The milliseconds that `[[expect]]` waits after a milestone: the default of `[findings] grace`.
pub(super) const GRACE: u64 = 500;

/// One thing that happens. Numbers choose among what there is.
#[derive(Clone, Debug)]
pub(super) enum RandomStep {
    /// A call begins, in a flow.
    Call,
    /// The flow sets a key on the customer.
    Set(usize, usize, usize),
    /// Somebody removes a key.
    Remove(usize, usize),
    /// The flow ends and the call waits in a queue.
    FlowEnd(usize),
    /// An agent answers.
    Agent(usize),
    /// Everybody hangs up.
    End(usize),
    /// The last frame of a call arrives once more.
    Doubled(usize),
    /// An earlier frame of a call arrives late.
    Late(usize),
    /// The attributes event of a call.
    Event(usize),
    /// A call is read.
    Read(usize),
    /// The connection is lost, or comes back.
    Link,
    /// Nothing arrives for a while though the recorder ran: the disk was too slow.
    Lost(usize),
    /// The program looked at the time.
    Tick,
}

/// Random histories: how long until each step, in ms, and the step.
pub(super) fn histories() -> impl Strategy<Value = Vec<(u64, RandomStep)>> {
    let n = || 0usize..8;
    let step = prop_oneof![
        3 => Just(RandomStep::Call),
        6 => (n(), n(), n()).prop_map(|(c, k, v)| RandomStep::Set(c, k, v)),
        1 => (n(), n()).prop_map(|(c, k)| RandomStep::Remove(c, k)),
        4 => n().prop_map(RandomStep::FlowEnd),
        2 => n().prop_map(RandomStep::Agent),
        2 => n().prop_map(RandomStep::End),
        1 => n().prop_map(RandomStep::Doubled),
        1 => n().prop_map(RandomStep::Late),
        1 => n().prop_map(RandomStep::Event),
        3 => n().prop_map(RandomStep::Read),
        2 => Just(RandomStep::Link),
        1 => n().prop_map(RandomStep::Lost),
        1 => Just(RandomStep::Tick),
    ];
    let pause = prop_oneof![5 => 1u64..400, 3 => 400u64..1_500, 1 => 5_000u64..20_000];
    prop::collection::vec((pause, step), 10..90)
}

pub(super) const KEYS: [&str; 4] = ["customer_tier", "language", "order", "Customer_Tier"];
const VALUES: [&str; 4] = ["gold", "silver", "{{lookup}}", ""];

/// A call as it truly is.
#[derive(Clone, Debug, Default)]
pub(super) struct TrueCall {
    pub(super) attributes: BTreeMap<&'static str, &'static str>,
    pub(super) flow_ended: bool,
    agent: bool,
    pub(super) ended: bool,
    /// The last frame, and one before it.
    frames: Vec<String>,
    /// The last frame shows what is true: nothing has changed since that it does not show.
    is_last_frame_true: bool,
    /// What was told of it last is all that is true.
    pub(super) is_told: bool,
    /// A frame arrived that was older than what is known and could not be told from a newer one, and no newer one since.
    pub(super) is_tainted: bool,
    /// It was so at some time.
    pub(super) was_tainted: bool,
    /// When the flow's end was told, if the connection was up; cleared by whatever keeps the verdict from being certain.
    pub(super) flow_end_told: Option<u64>,
    /// Since when `customer_tier` has been (or was) on the customer, with a value; ms, by the truth.
    pub(super) tier: Vec<(u64, bool)>,
}

/// What is recorded.
#[derive(Debug, Default)]
pub(super) struct Platform {
    pub(super) now: u64,
    pub(super) calls: Vec<TrueCall>,
    pub(super) lines: Vec<String>,
    down: bool,
    seq: u64,
    /// Calls that must be found to lack `customer_tier`, with the moment.
    pub(super) must_miss: Vec<(usize, u64)>,
}

pub(super) fn wall(ms: u64) -> String {
    let start: jiff::Timestamp = "2026-11-20T14:00:00Z".parse().unwrap();
    (start + jiff::SignedDuration::from_millis(i64::try_from(ms).unwrap())).to_string()
}

pub(super) fn id(call: usize) -> String {
    format!("c{call:07}-0000-4000-8000-000000000000")
}

impl Platform {
    pub(super) fn recorded(history: &[(u64, RandomStep)]) -> Self {
        let mut platform = Self::default();
        platform.lines.push(
            json!({"format": "sidetone-recording", "version": 1, "program": "0.1.0", "started": wall(0), "startedUs": 0,
                "watched": ["queue Billing"]})
            .to_string(),
        );
        platform.line(json!({"kind": "name", "of": "queue", "id": "q", "name": "Billing"}));
        platform.line(json!({"kind": "link", "state": "connecting"}));
        platform.line(json!({"kind": "link", "state": "live"}));
        for (pause, step) in history {
            platform.settle(*pause);
            platform.now += pause;
            platform.step(step);
        }
        platform.settle(5_000);
        platform.now += 5_000;
        platform.line(json!({"kind": "end"}));
        platform
    }

    fn line(&mut self, mut line: Value) {
        self.seq += 1;
        line["seq"] = json!(self.seq);
        line["us"] = json!(self.now * 1_000);
        line["at"] = json!(wall(self.now));
        self.lines.push(line.to_string());
    }

    /// A pause passes: verdicts whose time comes in it are certain if everything was told.
    fn settle(&mut self, pause: u64) {
        for (n, call) in self.calls.iter_mut().enumerate() {
            let Some(told) = call.flow_end_told else { continue };
            let due = told + GRACE;
            if due <= self.now + pause {
                call.flow_end_told = None;
                let has = call.attributes.get(KEYS[0]).is_some_and(|v| !v.trim().is_empty());
                // The key in another spelling or blank is for other rules to say.
                if !has && !call.attributes.contains_key(KEYS[0]) && call.is_told && !self.down && !call.is_tainted {
                    self.must_miss.push((n, due));
                }
            }
        }
    }

    fn live(&self, choice: usize) -> Option<usize> {
        let live: Vec<usize> = (0..self.calls.len()).filter(|n| !self.calls[*n].ended).collect();
        (!live.is_empty()).then(|| live[choice % live.len()])
    }

    fn step(&mut self, step: &RandomStep) {
        match *step {
            RandomStep::Call if self.calls.len() < 8 => {
                self.calls.push(TrueCall { tier: vec![(self.now, false)], ..TrueCall::default() });
                self.tell(self.calls.len() - 1);
            }
            RandomStep::Set(call, key, value) => {
                let Some(call) = self.live(call) else { return };
                let (key, value) = (KEYS[key % KEYS.len()], VALUES[value % VALUES.len()]);
                self.calls[call].attributes.insert(key, value);
                self.tell(call);
            }
            RandomStep::Remove(call, key) => {
                let Some(call) = self.live(call) else { return };
                self.calls[call].attributes.remove(KEYS[key % KEYS.len()]);
                self.tell(call);
            }
            RandomStep::FlowEnd(call) => {
                let Some(call) = self.live(call).filter(|c| !self.calls[*c].flow_ended) else { return };
                self.calls[call].flow_ended = true;
                // Seen under our eyes: the call was known before, and this very frame arrives.
                let known = self.calls[call].is_told && !self.down && !self.calls[call].is_tainted;
                self.tell(call);
                self.calls[call].flow_end_told = known.then_some(self.now);
            }
            RandomStep::Agent(call) => {
                let Some(call) = self.live(call).filter(|c| self.calls[*c].flow_ended) else { return };
                self.calls[call].agent = true;
                self.tell(call);
            }
            RandomStep::End(call) => {
                let Some(call) = self.live(call) else { return };
                self.calls[call].ended = true;
                self.calls[call].flow_ended = true;
                self.tell(call);
            }
            RandomStep::Doubled(call) if !self.down => {
                let Some(call) = self.live(call) else { return };
                if let Some(frame) = self.calls[call].frames.last().cloned().filter(|_| self.calls[call].is_told) {
                    self.line(json!({"kind": "frame", "text": frame}));
                    // A read may have shown what this frame, from before it, does not.
                    if !self.calls[call].is_last_frame_true {
                        self.taint(call);
                    }
                }
            }
            RandomStep::Late(call) if !self.down => {
                let Some(call) = self.live(call) else { return };
                let frames = &self.calls[call].frames;
                if let Some(frame) = frames.len().checked_sub(2).map(|n| frames[n].clone()) {
                    self.line(json!({"kind": "frame", "text": frame}));
                    self.taint(call);
                }
            }
            RandomStep::Event(call) if !self.down => {
                let Some(call) = self.live(call).filter(|c| self.calls[*c].is_told) else { return };
                let topic = format!("v2.detail.events.conversation.{}.attributes", id(call));
                let body = json!({"eventTime": 1_795_183_200_000_u64 + self.now, "conversationId": id(call),
                    "participantId": format!("p{call}"), "attributes": self.calls[call].attributes});
                let frame = json!({"topicName": topic, "version": "2", "eventBody": body}).to_string();
                self.line(json!({"kind": "frame", "text": frame}));
            }
            RandomStep::Read(call) if !self.down => {
                let Some(call) = self.live(call).filter(|c| !self.calls[*c].frames.is_empty()) else { return };
                self.read(call);
                let call_is_sure = self.calls[call].is_last_frame_true && !self.calls[call].is_tainted;
                // One read that shows something else than an event a moment ago decides nothing: it could be the older of the
                // two. What a second one shows three seconds later is so.
                if !call_is_sure {
                    self.settle(3_000);
                    self.now += 3_000;
                    self.read(call);
                }
                (self.calls[call].is_told, self.calls[call].is_tainted) = (true, false);
            }
            RandomStep::Link => {
                self.down = !self.down;
                if self.down {
                    self.line(json!({"kind": "link", "state": "reconnecting", "attempt": 1, "reason": "reset"}));
                    self.nothing_is_known();
                } else {
                    self.line(json!({"kind": "link", "state": "gap", "whenUs": self.now * 1_000}));
                    self.line(json!({"kind": "link", "state": "live"}));
                }
            }
            RandomStep::Lost(call) if !self.down => {
                let Some(call) = self.live(call) else { return };
                // This change was never written.
                self.calls[call].attributes.insert(KEYS[2], "unseen");
                self.calls[call].is_last_frame_true = false;
                self.seq += 1;
                self.line(json!({"kind": "lost", "count": 1}));
                self.nothing_is_known();
            }
            RandomStep::Tick => self.line(json!({"kind": "tick"})),
            _ => {}
        }
    }

    /// A call is asked for, and the answer shows it as it is.
    fn read(&mut self, call: usize) {
        self.line(json!({"kind": "ask", "conversationId": id(call)}));
        let mut body = self.body(call);
        body["startTime"] = json!(wall(0));
        if self.calls[call].ended {
            body["endTime"] = json!(wall(self.now));
        }
        let request = format!("GET /api/v2/conversations/{}", id(call));
        self.line(json!({"kind": "reply", "request": request, "status": 200, "body": body.to_string()}));
    }

    /// A frame arrived that is older than what is known, and nothing shows that it is.
    fn taint(&mut self, call: usize) {
        let call = &mut self.calls[call];
        (call.is_tainted, call.was_tainted, call.is_told) = (true, true, false);
        call.flow_end_told = None;
    }

    fn nothing_is_known(&mut self) {
        for call in self.calls.iter_mut().filter(|c| !c.ended) {
            call.is_told = false;
            call.flow_end_told = None;
        }
    }

    /// The platform tells a call whole, if anybody listens.
    fn tell(&mut self, call: usize) {
        let now = self.now;
        let has = self.calls[call].attributes.get(KEYS[0]).is_some_and(|v| !v.trim().is_empty());
        self.calls[call].tier.push((now, has));
        if self.down {
            (self.calls[call].is_told, self.calls[call].is_last_frame_true) = (false, false);
            return;
        }
        let topic = "v2.routing.queues.q.conversations";
        let frame = json!({"topicName": topic, "version": "2", "eventBody": self.body(call)}).to_string();
        self.line(json!({"kind": "frame", "text": frame.clone()}));
        let call = &mut self.calls[call];
        call.frames.push(frame);
        (call.is_told, call.is_last_frame_true, call.is_tainted) = (true, true, false);
    }

    fn body(&self, n: usize) -> Value {
        let call = &self.calls[n];
        let leg = |key: &str, purpose: &str, over: bool, attributes: Value| {
            let state = if over { "disconnected" } else { "connected" };
            let mut leg = json!({"id": format!("{key}{n}"), "purpose": purpose, "connectedTime": wall(0), "queueId": "q",
                "address": format!("tel:+1555010{n:04}"), "attributes": attributes, "calls": [{"id": "l", "state": state}]});
            if over {
                leg["endTime"] = json!(wall(self.now));
            }
            leg
        };
        let mut legs = vec![leg("p", "customer", call.ended, json!(call.attributes))];
        legs.push(leg("f", "ivr", call.flow_ended, json!({})));
        if call.flow_ended {
            legs.push(leg("q", "acd", call.agent || call.ended, json!({})));
        }
        if call.agent {
            legs.push(leg("a", "agent", call.ended, json!({})));
        }
        json!({"id": id(n), "participants": legs})
    }
}
