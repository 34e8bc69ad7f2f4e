//! Who was on the call when, and when keys changed on them, as a strip of characters.

use crate::domain::{Conversation, History, Participant};
use jiff::Timestamp;

/// Columns of a strip.
const WIDTH: usize = 40;

/// The time that a strip is of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    begin: Timestamp,
    end: Timestamp,
}

impl Span {
    /// From the beginning of a call to its end, or until now; nothing where it is not known when it began.
    pub(super) fn of(call: &Conversation, now: Timestamp) -> Option<Self> {
        let begin = call.started.or(super::first_connected(call))?;
        Some(Self { begin, end: call.ended.unwrap_or(now).max(begin) })
    }

    fn column(self, at: Timestamp) -> usize {
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
        let whole = seconds(self.begin, self.end).max(1.0);
        // In the span by the clamp, so the cast loses nothing but the fraction.
        (seconds(self.begin, at) / whole * (WIDTH - 1) as f64).clamp(0.0, (WIDTH - 1) as f64) as usize
    }

    /// The strip of a participant: `━` there, `╋` a change, `▶` still there.
    pub(super) fn strip(self, participant: &Participant, history: &History) -> String {
        let from = self.column(participant.connected.unwrap_or(participant.first_seen));
        let to = self.column(participant.ended.unwrap_or(self.end)).max(from);
        let mut strip: Vec<char> = vec![' '; WIDTH];
        strip[from..=to].fill('━');
        if participant.is_connected() {
            strip[to] = '▶';
        }
        for change in history.iter().filter(|change| change.participant == participant.id) {
            strip[self.column(change.at.wall)] = '╋';
        }
        // A fixed width even where trailing blanks are lost.
        strip.into_iter().map(|c| if c == ' ' { '·' } else { c }).collect()
    }

    /// Since the beginning, as `0:24`.
    pub(super) fn since(self, at: Timestamp) -> String {
        super::duration(self.begin, at.max(self.begin))
    }
}
