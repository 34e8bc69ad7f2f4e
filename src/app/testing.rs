//! A desk for tests: a model, a clock that goes when told, and a small contact centre.

use super::{Effect, Model, Msg, key::parse_script, keymap::Keymap, popups::Overlay, settings::AppSettings, update};
use crate::domain::{
    At, FlowFact, FlowRun, FlowSource, Link, Media, ParticipantSnapshot, Purpose, QueueId, Snapshot, State, Update,
    Value,
    outbox::{PatchOutcome, WriteId},
};
use jiff::{SignedDuration, Timestamp};
use ratatui::layout::Rect;
use std::time::Duration;

/// The start of every test: 12:00:00 UTC.
pub(crate) fn noon() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().expect("a timestamp")
}

/// A model, a clock, and everything that was asked for.
pub(crate) struct Desk {
    pub(crate) model: Model,
    pub(crate) at: At,
    pub(crate) effects: Vec<Effect>,
}

/// A participant for [`Desk::call`].
pub(crate) struct Leg(ParticipantSnapshot);

/// A participant that is connected.
pub(crate) fn leg(id: &str, purpose: &str, name: &str, attributes: &[(&str, &str)]) -> Leg {
    Leg(ParticipantSnapshot {
        id: id.into(),
        purpose: Purpose::new(purpose),
        name: Some(name.into()),
        connected: Some(noon() - SignedDuration::from_secs(60)),
        state: Some(State::new("connected")),
        media: Media::Call,
        attributes: Some(attributes.iter().map(|(k, v)| ((*k).into(), Value::from(*v))).collect()),
        ..ParticipantSnapshot::default()
    })
}

impl Leg {
    pub(crate) fn from(mut self, address: &str) -> Self {
        self.0.address = Some(address.into());
        self
    }

    pub(crate) fn queue(mut self, id: &str) -> Self {
        self.0.queue_id = Some(QueueId::from(id));
        self
    }

    /// There from so many seconds after noon until so many; `None` while it is there.
    pub(crate) fn there(mut self, from: i64, to: Option<i64>) -> Self {
        self.0.connected = Some(noon() + SignedDuration::from_secs(from));
        if let Some(to) = to {
            self.0.state = Some(State::new("disconnected"));
            self.0.ended = Some(noon() + SignedDuration::from_secs(to));
        }
        self
    }

    pub(crate) fn left(mut self) -> Self {
        self.0.state = Some(State::new("disconnected"));
        self.0.ended = Some(noon() - SignedDuration::from_secs(5));
        self
    }
}

impl Desk {
    /// An empty desk of this size, the link live.
    pub(crate) fn new(width: u16, height: u16) -> Self {
        Self::with(
            width,
            height,
            AppSettings { org: "acme-prod".into(), region: "us-east-1".into(), ..AppSettings::default() },
        )
    }

    pub(crate) fn with(width: u16, height: u16, settings: AppSettings) -> Self {
        let at = At { mono: Duration::from_secs(100), wall: noon() };
        let model = Model::new(at, Rect::new(0, 0, width, height), settings, Keymap::default());
        let mut desk = Self { model, at, effects: Vec::new() };
        // Its definition is asked for by those tests that are about it.
        desk.model.asked_flows.insert("MainIVR".to_owned());
        desk.tell(Msg::Link(Link::Live));
        desk.tell(Msg::Usage(super::model::Usage { topics: 3, spent: 12, limit: 300, ..Default::default() }));
        desk.tell(Msg::QueueName("q-billing".into(), "Billing".into()));
        desk
    }

    /// A desk with the calls that the pictures show.
    pub(crate) fn busy(width: u16, height: u16) -> Self {
        let mut desk = Self::new(width, height);
        desk.calls();
        desk
    }

    fn calls(&mut self) {
        let tiers = ["gold", "silver", "bronze", "gold"];
        for i in 0..6usize {
            let from = format!("tel:+1555010{:04}", 2231 + i * 611);
            let mut attributes =
                vec![("account_id", "A-118822"), ("customer_tier", tiers[i % 4]), ("language", "en-US")];
            attributes.push(("ivr_choice", ["1", "payment", "new_order"][i % 3]));
            if i == 2 {
                attributes.remove(1);
                attributes.push(("Customer_Tier", "silver"));
            }
            let mut legs = vec![leg("c", "customer", "Indianapolis IN", &attributes).from(&from)];
            let ivr = leg("i", "ivr", "MainIVR", &[("ivr_choice", "1")]);
            match i % 3 {
                0 => legs.push(ivr),
                1 => legs.extend([ivr.left(), leg("q", "acd", "Billing", &[]).queue("q-billing")]),
                _ => legs.extend([
                    ivr.left(),
                    leg("q", "acd", "Billing", &[]).queue("q-billing").left(),
                    leg("a", "agent", "Ada Agent", &[("note", "calls back")]).queue("q-billing"),
                ]),
            }
            self.call(&format!("0000000{i}-1111-4222-8333-444455556666"), 40 + 53 * i as i64, legs);
        }
    }

    /// A conversation event.
    pub(crate) fn call(&mut self, id: &str, age: i64, legs: Vec<Leg>) {
        // What stands for a flow in these tests has the flow's name; of real calls a query tells it.
        let is_flow = |p: &&ParticipantSnapshot| p.purpose.is_ivr();
        let flows: Vec<FlowFact> = legs
            .iter()
            .map(|l| &l.0)
            .filter(is_flow)
            .filter_map(|p| {
                let name = p.name.clone()?;
                let run = FlowRun {
                    id: format!("f-{name}").as_str().into(),
                    name: Some(name),
                    version: None,
                    source: FlowSource::Analytics,
                    participant: Some(p.id.clone()),
                };
                Some(FlowFact { conversation: id.into(), run })
            })
            .collect();
        let snapshot = Snapshot {
            id: id.into(),
            started: Some(noon() - SignedDuration::from_secs(age)),
            participants: legs.into_iter().map(|l| l.0).collect(),
            ..Snapshot::default()
        };
        self.tell(Msg::Update(Box::new(Update::Stream(snapshot))));
        for fact in flows {
            self.tell(Msg::Update(Box::new(Update::Flow(fact))));
        }
    }

    /// A call with one customer whose attributes are these.
    pub(crate) fn customer(&mut self, id: &str, attributes: &[(&str, &str)]) {
        let legs = vec![leg("c", "customer", "Indianapolis IN", attributes).from("tel:+15550102231")];
        self.call(id, 60, legs);
    }

    /// One message.
    pub(crate) fn tell(&mut self, msg: Msg) {
        let effects = update(&mut self.model, self.at, msg);
        self.effects.extend(effects);
    }

    /// Keys, in the notation of [`parse_script`].
    pub(crate) fn keys(&mut self, script: &str) -> &mut Self {
        for key in parse_script(script).expect("a script of keys") {
            self.reads();
            self.tell(Msg::Key(key));
            if self.model.has_held_answer() {
                self.wait(super::STANDS.as_millis() as u64);
            }
        }
        self.model.prepare(self.at);
        self
    }

    /// The operator has read what is on the screen: it was drawn long ago.
    pub(crate) fn reads(&mut self) {
        // Each key is pressed by itself, none is held down.
        self.model.read.key = None;
        self.model.drawn(At { mono: self.at.mono - super::STANDS, ..self.at });
    }

    /// Time passes, and the program is told when it wants to be.
    pub(crate) fn wait(&mut self, ms: u64) -> &mut Self {
        self.at = At {
            mono: self.at.mono + Duration::from_millis(ms),
            wall: self.at.wall + SignedDuration::from_millis(ms as i64),
        };
        self.tell(Msg::Time);
        self.model.prepare(self.at);
        self
    }

    /// The run of the call's flow, `MainIVR`, is of this version.
    pub(crate) fn runs(&mut self, id: &str, version: &str) {
        let run = FlowRun {
            id: "f-MainIVR".into(),
            name: Some("MainIVR".into()),
            version: Some(version.into()),
            source: FlowSource::Event,
            participant: Some("i".into()),
        };
        self.tell(Msg::Update(Box::new(Update::Flow(FlowFact { conversation: id.into(), run }))));
    }

    /// The notice above the hints.
    pub(crate) fn notice(&self) -> &str {
        self.model.notice.as_ref().map_or("", |notice| &notice.text)
    }

    /// What is wrong with the line that is typed into the palette.
    pub(crate) fn mistake(&self) -> &str {
        match self.model.overlays.last() {
            Some(Overlay::Palette(palette)) => palette.mistake.as_deref().unwrap_or_default(),
            _ => "",
        }
    }

    /// What was asked for since the last look.
    pub(crate) fn asked(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Answers every read from `truth` and accepts every PATCH; the bodies of the PATCHes.
    pub(crate) fn serve(&mut self, truth: &Snapshot) -> Vec<Vec<(String, String)>> {
        let mut bodies = Vec::new();
        loop {
            let effects = self.asked();
            if effects.is_empty() {
                return bodies;
            }
            for effect in effects {
                match effect {
                    Effect::Read { conversation, asked, write } => {
                        let result = Ok(truth.clone());
                        let done = super::msg::ReadDone { conversation, asked, left: self.at, write, result };
                        self.tell(Msg::Read(Box::new(done)));
                    }
                    Effect::Patch { write, request } => {
                        bodies.push(request.body.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect());
                        self.accept(write);
                    }
                    _ => {}
                }
            }
        }
    }

    fn accept(&mut self, write: WriteId) {
        let outcome = PatchOutcome::Accepted { status: 202, correlation_id: None };
        self.tell(Msg::Patched(write, Box::new(outcome)));
    }
}

/// What a read of [`Desk::customer`] answers.
pub(crate) fn truth(id: &str, attributes: &[(&str, &str)]) -> Snapshot {
    let leg = leg("c", "customer", "Indianapolis IN", attributes).from("tel:+15550102231");
    Snapshot { id: id.into(), participants: vec![leg.0], ..Snapshot::default() }
}
