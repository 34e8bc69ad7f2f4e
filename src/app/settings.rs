//! What the operator or the configuration chose, as far as the screens need it.

use jiff::tz::TimeZone;
use std::time::Duration;

/// Choices that hold for the whole session.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Organisation or profile, as the header names it.
    pub org: String,
    /// Region or host, quieter beside it.
    pub region: String,
    /// A word for the header that marks production, drawn so that no one mistakes it.
    pub production: Option<String>,
    /// What is watched, for the empty state ("Billing, Sales").
    pub watching: String,
    /// Nothing may be written; why (`--read-only`, a profile, the environment).
    pub read_only: Option<String>,
    /// Values that look personal are hidden.
    pub mask: bool,
    /// Ask once before an edit is sent.
    pub confirm: bool,
    /// Draw with ASCII marks only.
    pub ascii: bool,
    /// Show times in this zone.
    pub zone: TimeZone,
    /// How long an ended call stays on the screen.
    pub keep_ended: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            org: String::new(),
            region: String::new(),
            production: None,
            watching: String::new(),
            read_only: None,
            mask: false,
            confirm: true,
            ascii: false,
            zone: TimeZone::UTC,
            keep_ended: Duration::from_secs(300),
        }
    }
}
