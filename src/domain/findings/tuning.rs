//! What can be turned off and tuned.

use super::{RULES, RuleId, Severity};
use compact_str::CompactString;
use std::time::Duration;

/// Families of keys that the platform itself writes. They are not enforced as reserved.
pub const SYSTEM_PREFIXES: [&str; 2] = ["context.", "ivr."];

/// What stands before the names that the agent's panel shows. The author of a flow sets these (the platform's help for
/// custom conversation attributes says so); a value may begin with a type, see [`crate::domain::typed`].
const AGENT_PANEL: &str = "conversationDetails.participantData.";

/// The name under which the agent's panel shows this key.
pub fn agent_panel_name(key: &str) -> Option<&str> {
    key.strip_prefix(AGENT_PANEL).filter(|name| !name.is_empty())
}

/// The key belongs to a family that the platform itself writes.
pub fn is_system_key(key: &str) -> bool {
    SYSTEM_PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}

/// How the rules are applied. The default is meant to be right for calls on which nothing is wrong: it finds nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    settings: Vec<RuleSetting>,
    /// Keys that no rule looks at; `*` at the end stands for anything.
    pub ignored_keys: Vec<CompactString>,
    /// After a milestone (or a key's appearance in the wrong place) this much may pass before it is judged: events of one
    /// moment do not arrive in one.
    pub grace: Duration,
    /// Returns to the previous value in a row that make a key flap.
    pub flap_returns: u32,
    /// Longest pause between two changes of a flapping key.
    pub flap_pause: Duration,
    /// A change this soon after the end of a flow may be the flow's own.
    pub write_back: Duration,
    /// The end of a flow and what it writes come in two events; the second may be first by this much.
    pub same_moment: Duration,
    /// A key that vanishes this close to a participant's joining is lost on transfer.
    pub transfer: Duration,
    /// A change this soon after the end of a call still belongs to it.
    pub after_end: Duration,
    /// Other calls that must agree before the habit of calls counts as a rule (`wrong-participant`, `case-mismatch`).
    pub habit_calls: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct RuleSetting {
    on: bool,
    severity: Option<Severity>,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            settings: vec![RuleSetting { on: true, severity: None }; RULES.len()],
            ignored_keys: Vec::new(),
            grace: Duration::from_millis(500),
            flap_returns: 4,
            flap_pause: Duration::from_millis(500),
            write_back: Duration::from_secs(3),
            same_moment: Duration::from_millis(50),
            transfer: Duration::from_secs(3),
            after_end: Duration::from_secs(1),
            habit_calls: 3,
        }
    }
}

impl Tuning {
    /// For calls that are played `speed` times as fast as calls are. What may pass between two events and still make
    /// them belong together shrinks with it: else a sound minute, played in a second, would look like a fight over a key.
    /// What is waited for out of patience (`grace`, `after_end`) stays, for the network is no faster.
    #[must_use]
    pub fn hastened(mut self, speed: f64) -> Self {
        let spans = [&mut self.flap_pause, &mut self.write_back, &mut self.same_moment, &mut self.transfer];
        if speed.is_finite() && speed > 1.0 {
            for span in spans {
                *span = span.div_f64(speed);
            }
        }
        self
    }

    /// Turns a rule on or off.
    pub fn switch(&mut self, rule: RuleId, on: bool) {
        self.settings[rule as usize].on = on;
    }

    /// Gives all findings of a rule one severity.
    pub fn weigh(&mut self, rule: RuleId, severity: Severity) {
        self.settings[rule as usize].severity = Some(severity);
    }

    /// The rule is on.
    pub fn is_on(&self, rule: RuleId) -> bool {
        self.settings[rule as usize].on
    }

    /// The severity that a finding gets which would have `usual`.
    pub fn severity(&self, rule: RuleId, usual: Severity) -> Severity {
        self.settings[rule as usize].severity.unwrap_or(usual)
    }

    /// No rule looks at this key.
    pub fn ignores(&self, key: &str) -> bool {
        self.ignored_keys.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => key.starts_with(prefix),
            None => pattern == key,
        })
    }
}
