//! What the operator or the configuration chose, as far as the screens need it.

use super::views::CallsView;
use crate::domain::{Trap, expect::Expectation, findings::Tuning, outbox::Policy};
use jiff::tz::TimeZone;
use std::time::Duration;

/// A word over a band of colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The word.
    pub word: String,
    /// The colour.
    pub band: Band,
}

/// The colour of a band.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Band {
    /// As for danger.
    #[default]
    Red,
    /// Yellow, with black letters.
    Yellow,
    /// Green.
    Green,
    /// Blue.
    Blue,
    /// Magenta.
    Magenta,
    /// Cyan.
    Cyan,
}

impl Band {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Red, Self::Yellow, Self::Green, Self::Blue, Self::Magenta, Self::Cyan];
}

/// Choices that hold for the whole session.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// Organisation or profile, as the header names it.
    pub org: String,
    /// Region or host, quieter beside it.
    pub region: String,
    /// The address of the API, for what is copied as a request.
    pub api: String,
    /// How a new token can be had while the program runs.
    pub sign_in: super::signin::How,
    /// The word and the colour of an organisation that no one may mistake: a band over the header.
    pub production: Option<Label>,
    /// What is watched, for the empty state ("Billing, Sales").
    pub watching: String,
    /// How edits are sent and judged, and whether anything may be written at all.
    pub policy: Policy,
    /// Values that look personal are hidden.
    pub mask: bool,
    /// Attribute keys shown as columns; `None`: chosen from the keys of the calls.
    pub columns: Option<Vec<String>>,
    /// Views by name, in order.
    pub views: Vec<CallsView>,
    /// Ask once before an edit is sent.
    pub confirm: bool,
    /// Alerts notify through the terminal too.
    pub notify: bool,
    /// The mouse works the screens, not the terminal's own selection.
    pub mouse: bool,
    /// Draw with ASCII marks only.
    pub ascii: bool,
    /// A multiplexer (`tmux`, `screen`) through which what is copied has to pass; `None` where it reaches a clipboard by itself.
    pub copies_through: Option<&'static str>,
    /// What is said once, at the start.
    pub hint: Option<String>,
    /// Show times in this zone.
    pub zone: TimeZone,
    /// How findings are judged.
    pub tuning: Tuning,
    /// What calls should carry.
    pub expectations: Vec<Expectation>,
    /// The filter to begin with, which is known to be one.
    pub filter: String,
    /// The next call that fits is opened (`--next`).
    pub trap: Option<Trap>,
    /// Drafts and alarms are kept for the next start; not in a demo.
    pub keeps: bool,
    /// How long an ended call stays on the screen.
    pub keep_ended: Duration,
}

impl AppSettings {
    /// Under which name the look of the screens is kept: that of the profile, else where it is connected to.
    pub(crate) fn kept_as(&self) -> &str {
        if self.org.is_empty() { &self.region } else { &self.org }
    }
}

impl Default for AppSettings {
    fn default() -> Self {
        Self {
            org: String::new(),
            region: String::new(),
            api: String::new(),
            production: None,
            sign_in: super::signin::How::default(),
            watching: String::new(),
            policy: Policy::default(),
            mask: false,
            columns: None,
            views: Vec::new(),
            confirm: true,
            notify: false,
            mouse: true,
            ascii: false,
            copies_through: None,
            hint: None,
            zone: TimeZone::UTC,
            tuning: Tuning::default(),
            expectations: Vec::new(),
            filter: String::new(),
            trap: None,
            keeps: false,
            keep_ended: Duration::from_secs(300),
        }
    }
}
