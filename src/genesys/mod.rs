//! The client of Genesys Cloud: its JSON, its REST API, its notification channel. Knows the domain and nothing above.

pub mod topic;
pub mod wire;
