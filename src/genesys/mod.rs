//! The client of Genesys Cloud: its JSON, its REST API, its notification channel. Knows the domain and nothing above.

pub mod client;
mod clock;
mod connection;
pub mod discover;
mod error;
pub mod feed;
mod flow_calls;
pub mod poll;
mod random;
mod regions;
pub(crate) mod reread;
pub(crate) mod secure;
pub mod session;
pub mod signin;
pub mod topic;
pub mod wire;

pub use client::Client;
pub use clock::Clock;
pub use connection::{Auth, Connection, Renewed, Tokens, flaw, has_user_info, shown};
pub(crate) use error::UNNAMED_PERMISSION;
pub use error::{Details, Error, ErrorKind, Network};
pub use random::Random;
pub use regions::{REGIONS, Region};
pub use topic::Topic;
