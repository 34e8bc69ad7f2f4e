//! A simulated Genesys Cloud organisation: real HTTP and a real websocket on loopback.
//!
//! `sidetone sim` runs it alone, `sidetone demo` and the tests embed it. It behaves as the platform documents and, where
//! the platform does not document something, lets the caller choose ([`Semantics`]). It shares no types with the client:
//! a wrong field name must not pass on both sides.
//!
//! - [`world`]: calls, participants, attributes; pure, seeded, time as an argument
//! - [`scenario`]: who calls, what happens on a call, what is wrong on purpose
//! - [`render`]: the platform's JSON
//! - [`faults`]: what can be broken on demand
//! - `server`, `routes`, `socket`: HTTP and websocket around them; the only part with a clock

mod architect;
mod auth;
mod channels;
mod execution;
pub mod faults;
mod handle;
mod ids;
mod jobs;
mod limit;
mod publish;
pub mod render;
mod reply;
mod routes;
pub mod scenario;
mod server;
mod shared;
mod socket;
pub mod tables;
mod topics;
pub mod world;

use std::net::{Ipv4Addr, SocketAddr};

pub use faults::Fault;
pub use handle::Running;
pub use scenario::Scenario;
pub use server::start;
pub use world::Placed;

/// What a PATCH of attributes does to keys that it does not name. The platform does not document it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Semantics {
    /// They stay (what the evidence suggests).
    #[default]
    Merge,
    /// They go.
    Replace,
}

/// What the attributes event of a conversation holds. The platform does not document it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AttributeEvents {
    /// All attributes of the participant (what its users take it for).
    #[default]
    Full,
    /// What was written.
    Written,
}

/// How a simulator is to run.
#[derive(Debug, Clone)]
pub struct SimOptions {
    /// Where to listen; port 0 picks a free one.
    pub listen: SocketAddr,
    /// What to play.
    pub scenario: Scenario,
    /// Repeats a run exactly: ids, callers, values, offsets.
    pub seed: u64,
    /// Make secret and tokens anew at each start, whatever the seed.
    pub fresh: bool,
    /// Live calls at the start and from then on; the scenario's own number if not given.
    pub calls: Option<usize>,
    /// Divides all offsets of the scenario.
    pub speed: f64,
    /// What a PATCH does to the other keys.
    pub semantics: Semantics,
    /// What the attributes event holds.
    pub attribute_events: AttributeEvents,
    /// Also serve the routes that tutorials in circulation use.
    pub tutorial_routes: bool,
    /// What breaks.
    pub faults: Vec<Fault>,
    /// Where clients are told to open sockets, if not at the simulator itself: something with TLS in front of it, as
    /// `wss://HOST:PORT`.
    pub stream_url: Option<String>,
    /// Figures that tests make short.
    pub tuning: SimTuning,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            scenario: Scenario::embedded(),
            seed: 1,
            fresh: false,
            calls: None,
            speed: 1.0,
            semantics: Semantics::default(),
            attribute_events: AttributeEvents::default(),
            tutorial_routes: false,
            faults: Vec::new(),
            stream_url: None,
            tuning: SimTuning::default(),
        }
    }
}

/// Figures of the platform, changeable for tests.
#[derive(Debug, Clone, Copy)]
pub struct SimTuning {
    /// From a 202 to the change being applied, ms. The platform gives no number.
    pub apply_ms: i64,
    /// Between two heartbeats on a socket, ms.
    pub heartbeat_ms: u64,
    /// Requests a minute for each token.
    pub rate_limit: u32,
    /// Life of an access token, s.
    pub token_s: i64,
    /// Life of a channel, s.
    pub channel_s: i64,
    /// Largest body of a request, bytes. The platform gives no number.
    pub body_bytes: usize,
    /// Bytes that may wait for a socket that is not read before it is closed.
    pub waiting_bytes: usize,
    /// Details of an analytics answer for each group; more are cut to the oldest and newest and marked `truncated`.
    pub observations: usize,
    /// Until a request's headers have to be there, ms.
    pub header_ms: u64,
}

impl Default for SimTuning {
    fn default() -> Self {
        Self {
            apply_ms: 150,
            heartbeat_ms: 30_000,
            rate_limit: 300,
            token_s: 86_399,
            channel_s: 86_400,
            body_bytes: 512 * 1024,
            waiting_bytes: 16 << 20,
            observations: 100,
            header_ms: 15_000,
        }
    }
}
