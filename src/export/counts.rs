//! How much was handed on, and how much of it was covered: to be said when it is done.

use super::{ExportOptions, ExportedCall};
use crate::domain::mask;

/// What an export holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls.
    pub calls: usize,
    /// Attributes, each participant's own counted.
    pub attributes: usize,
    /// Values, keys, addresses and names of which something was covered.
    pub covered: usize,
    /// Changes of the histories.
    pub changes: usize,
    /// Findings.
    pub findings: usize,
}

impl Counts {
    /// Of these calls.
    pub fn of(calls: &[ExportedCall<'_>], options: ExportOptions) -> Self {
        let mut counts = Self { calls: calls.len(), ..Self::default() };
        for call in calls {
            for attribute in call.conversation().participants.iter().flat_map(|p| p.attributes.iter()) {
                counts.attributes += 1;
                for text in [attribute.key.as_str(), attribute.value.as_str()] {
                    counts.covered += usize::from(call.cover(text, options) != text);
                }
            }
            let conversation = call.conversation();
            let told = conversation.participants.iter().map(|p| p.address.as_deref());
            for text in told.chain([conversation.address.as_deref()]).flatten() {
                counts.cover(text, options);
            }
            for participant in &conversation.participants {
                let shown = options.name_of(participant);
                counts.covered += usize::from(shown.is_some_and(|shown| Some(&*shown) != participant.name.as_deref()));
            }
            counts.changes += call.entry.history.iter().count();
            counts.findings += call.findings.len();
        }
        counts
    }

    fn cover(&mut self, text: &str, options: ExportOptions) {
        self.covered += usize::from(options.mask && mask::looks_personal(text).is_some());
    }

    /// `38 calls, 412 keys, 3 texts masked, 2 findings`; of a single call, its keys.
    pub fn words(&self, options: ExportOptions) -> String {
        let number = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let mut words = if self.calls == 1 { String::new() } else { number(self.calls, "call", "calls") + ", " };
        words += &number(self.attributes, "key", "keys");
        words += &match (options.mask, self.covered) {
            (false, _) => ", unmasked".to_owned(),
            (true, 0) => ", nothing to mask".to_owned(),
            (true, n) => format!(", {} masked", number(n, "text", "texts")),
        };
        if self.findings > 0 {
            words += &format!(", {}", number(self.findings, "finding", "findings"));
        }
        words
    }
}
