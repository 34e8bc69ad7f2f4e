//! The client against the simulator, over real sockets on loopback.

mod discovery;
mod doctor;
mod faults;
mod proxy;
mod requests;
mod signing_in;
mod soak;
mod streams;
mod tls;

use sidetone::{
    domain::{Link, Snapshot},
    genesys::{
        Auth, Client, Connection, Topic,
        client::{ClientOptions, Limits, transport},
        feed::{self as feeds, FeedEvent, FeedHandle, FeedOptions},
        session,
        wire::{WireFrame, decode},
    },
    sim::{self, Fault, Running, Scenario, SimTuning},
};
use std::time::Duration;
use tokio::sync::mpsc;

/// Longer than anything takes that goes well.
pub const LONG: Duration = Duration::from_secs(180);

/// A simulator without calls of its own, and these faults.
pub async fn start(faults: &[&str]) -> Running {
    start_tuned(faults, |_| {}).await
}

pub async fn start_tuned(faults: &[&str], tune: impl FnOnce(&mut SimTuning)) -> Running {
    start_with(faults, |options| tune(&mut options.tuning)).await
}

pub async fn start_with(faults: &[&str], change: impl FnOnce(&mut sim::SimOptions)) -> Running {
    let faults: Vec<Fault> = faults.iter().map(|spec| spec.parse().expect("a fault")).collect();
    let tuning = SimTuning { apply_ms: 20, heartbeat_ms: 100, ..SimTuning::default() };
    let mut options =
        sim::SimOptions { scenario: Scenario::clean(), calls: Some(0), faults, tuning, ..sim::SimOptions::default() };
    change(&mut options);
    sim::start(options).await.expect("the simulator")
}

pub fn connection(sim: &Running) -> Connection {
    let auth = Auth::ClientCredentials { id: sim.client_id.clone(), secret: sim.client_secret.clone().into() };
    Connection::to_urls(&sim.api_url, &sim.login_url, auth).expect("the addresses")
}

/// Short times, so that tests are quick.
pub fn options() -> ClientOptions {
    ClientOptions {
        limits: Limits { base: Duration::from_millis(20), total: Duration::from_secs(5), ..Limits::default() },
        transport: transport::TransportOptions {
            connect_timeout: Duration::from_secs(2),
            request_timeout: Duration::from_millis(700),
            ..transport::TransportOptions::default()
        },
        ..ClientOptions::default()
    }
}

pub fn client(sim: &Running) -> Client {
    Client::with_options(connection(sim), options())
}

/// Waits until it is so; a test on a busy machine takes its time.
pub async fn until(done: impl AsyncFn() -> bool) {
    let wait = async {
        while !done().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, wait).await.expect("it never came to be so");
}

/// The link's rules with short times.
pub fn feed_options() -> FeedOptions {
    let ms = Duration::from_millis;
    let session = session::SessionOptions {
        ping_after: ms(300),
        pong_within: ms(300),
        backoff: ms(50),
        backoff_cap: ms(400),
        stable_after: ms(200),
        settle: ms(10),
        give_back: ms(50),
        offline_retry: ms(500),
        ..session::SessionOptions::default()
    };
    FeedOptions { session, connect_timeout: Duration::from_secs(1), ..FeedOptions::default() }
}

/// A feed of the queue "Support", and what it says.
pub struct Watched {
    pub handle: FeedHandle,
    pub events: mpsc::Receiver<FeedEvent>,
    pub seen: Vec<Link>,
    /// Every topic that was subscribed, and every one that was refused.
    pub accepted: Vec<Topic>,
    pub rejected: Vec<(Topic, session::Rejection)>,
}

impl Watched {
    pub fn support(sim: &Running, client: &Client) -> Self {
        let queue = sim.queue_id("Support").expect("the queue").to_string();
        Self::of(client, [Topic::queue(&queue.as_str().into())])
    }

    pub fn of(client: &Client, topics: impl IntoIterator<Item = Topic>) -> Self {
        Self::with(client, topics, feed_options())
    }

    pub fn with(client: &Client, topics: impl IntoIterator<Item = Topic>, options: FeedOptions) -> Self {
        let (handle, events) = feeds::start(client.clone(), topics, options);
        Self { handle, events, seen: Vec::new(), accepted: Vec::new(), rejected: Vec::new() }
    }

    pub async fn next(&mut self) -> FeedEvent {
        let event = tokio::time::timeout(LONG, self.events.recv()).await;
        let event =
            event.unwrap_or_else(|_| panic!("nothing happened; so far {:?}", self.seen)).expect("the feed lives");
        match &event {
            FeedEvent::Link { link, .. } => self.seen.push(link.clone()),
            FeedEvent::Topics { accepted, rejected, .. } => {
                self.accepted.extend(accepted.iter().cloned());
                self.rejected.extend(rejected.iter().cloned());
            }
            _ => {}
        }
        event
    }

    /// Waits for a state of the link.
    pub async fn until(&mut self, wanted: impl Fn(&Link) -> bool) -> Link {
        loop {
            if let FeedEvent::Link { link, .. } = self.next().await
                && wanted(&link)
            {
                return link;
            }
        }
    }

    pub async fn live(&mut self) {
        self.until(Link::is_live).await;
    }

    /// Waits for a gap and the life after it.
    pub async fn gap(&mut self) {
        self.until(|link| matches!(link, Link::Gap { .. })).await;
        self.live().await;
    }

    /// The next conversation event.
    pub async fn snapshot(&mut self) -> Snapshot {
        loop {
            if let FeedEvent::Frame { raw, .. } = self.next().await
                && let WireFrame::Conversation(snapshot) = decode(raw.as_bytes())
            {
                return snapshot;
            }
        }
    }
}

/// The value of a key on the customer.
pub fn value(snapshot: &Snapshot, key: &str) -> Option<String> {
    let customer = snapshot.participants.iter().find(|p| p.purpose.is_customer())?;
    let (_, value) = customer.attributes.as_ref()?.iter().find(|(k, _)| k == key)?;
    Some(value.as_str().to_owned())
}
