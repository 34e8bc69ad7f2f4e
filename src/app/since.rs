//! The Since screen: on what share of calls a key is there, by day and by flow version, and where that fell.

use crate::domain::ConversationId;

/// What is asked of the history store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinceQuestion {
    /// The key, verbatim.
    pub key: String,
    /// The purpose of the participant that should carry it.
    pub on: String,
    /// Only calls of this flow, by name.
    pub flow: Option<String>,
    /// Only calls that were last in this queue.
    pub queue: Option<String>,
    /// Only so many days, the newest.
    pub days: Option<i64>,
}

impl SinceQuestion {
    /// Its conditions as the filter prompt has them: `flow:MainIVR queue:Billing on:agent days:14`.
    pub fn filter(&self) -> String {
        let quoted = |word: &str, value: &str| match value.contains(' ') {
            true => format!("{word}:\"{value}\""),
            false => format!("{word}:{value}"),
        };
        let mut words = Vec::new();
        words.extend(self.flow.as_deref().map(|flow| quoted("flow", flow)));
        words.extend(self.queue.as_deref().map(|queue| quoted("queue", queue)));
        if self.on != "customer" {
            words.push(quoted("on", &self.on));
        }
        words.extend(self.days.map(|days| format!("days:{days}")));
        words.join(" ")
    }

    /// The question with these conditions in the place of its own.
    ///
    /// # Errors
    /// A condition that is not one; what it may be.
    pub fn with_filter(&self, text: &str) -> Result<Self, String> {
        let mut question = Self { key: self.key.clone(), on: "customer".to_owned(), ..Self::default() };
        for word in split(text) {
            let (name, value) = word.split_once(':').unwrap_or((word.as_str(), ""));
            let value = value.trim_matches('"');
            match name {
                "flow" if !value.is_empty() => question.flow = Some(value.to_owned()),
                "queue" if !value.is_empty() => question.queue = Some(value.to_owned()),
                "on" if !value.is_empty() => question.on = value.to_owned(),
                "days" => match value.parse() {
                    Ok(days @ 1..=36_500) => question.days = Some(days),
                    _ => return Err("days: takes a number from 1 on: days:14".to_owned()),
                },
                _ => return Err(format!("{word}: the filters here are flow:, queue:, on: and days:")),
            }
        }
        Ok(question)
    }
}

/// Words, with spaces inside double quotes kept.
fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        if c == '"' {
            quoted = !quoted;
        }
        if c.is_whitespace() && !quoted {
            words.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty()));
        } else {
            word.push(c);
        }
    }
    words.extend(Some(word).filter(|w| !w.is_empty()));
    words
}

/// Calls with and without the key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Calls that passed the milestone while they were observed.
    pub calls: i64,
    /// Those that had the key then.
    pub present: i64,
}

impl Share {
    /// Those that had it not.
    pub fn missing(self) -> i64 {
        self.calls - self.present
    }

    /// In percent, rounded towards the middle: 100 means every call, 0 means none. `None` without calls.
    pub fn percent(self) -> Option<i64> {
        if self.calls <= 0 {
            return None;
        }
        let rounded = (self.present * 200 + self.calls) / (self.calls * 2);
        let not_all = self.present < self.calls;
        Some(if not_all && rounded == 100 {
            99
        } else if self.present > 0 && rounded == 0 {
            1
        } else {
            rounded
        })
    }
}

/// The calls of one flow version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRow {
    /// The organization by its name, where the answer is about several; else empty.
    pub organization: String,
    /// The flow's name; empty when it is not known.
    pub flow: String,
    /// The version as the platform writes it; empty when it is not known.
    pub version: String,
    /// The counts.
    pub share: Share,
    /// Start of its first call, milliseconds since 1970.
    pub first: i64,
    /// Start of its last call.
    pub last: i64,
}

/// One day in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRow {
    /// `2026-11-29`.
    pub day: String,
    /// The counts; `None` when nothing was collected on that day.
    pub share: Option<Share>,
}

/// A call that the answer points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallRef {
    /// Its id.
    pub conversation: ConversationId,
    /// When it started, milliseconds since 1970.
    pub started: i64,
    /// The version that it ran; empty when it is not known.
    pub version: String,
}

/// A call that passed the milestone without the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingRow {
    /// The call.
    pub call: CallRef,
    /// Its flow's name; empty when it is not known.
    pub flow: String,
    /// The queue that it was in last; empty where it was in none.
    pub queue: String,
}

/// A version whose presence looks as if it had fallen, and is not judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotJudged {
    /// The version.
    pub version: String,
    /// What was counted of it so far.
    pub share: Share,
    /// By when all of these calls are judged at the latest, milliseconds since 1970.
    pub until: i64,
}

/// What the store says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinceReport {
    /// The flow that it is about, where it is one.
    pub flow: Option<String>,
    /// The milestone: `flow-end`.
    pub by: String,
    /// All calls.
    pub share: Share,
    /// By version, the oldest first.
    pub versions: Vec<VersionRow>,
    /// By day, without holes.
    pub days: Vec<DayRow>,
    /// The first missing call of the version, or day, after which presence fell.
    pub first_missing: Option<CallRef>,
    /// The last call before it that had the key.
    pub last_present: Option<CallRef>,
    /// It looks as if presence had fallen with the newest version, of calls that are too few to tell.
    pub too_few: bool,
    /// It looks as if presence had fallen with the newest version, which is not judged yet.
    pub not_judged: Option<NotJudged>,
    /// The newest calls without the key, the newest first.
    pub missing: Vec<MissingRow>,
}

impl SinceReport {
    /// The version in which presence fell, and the one before; calls without a known version are none.
    pub fn fall(&self) -> Option<(&VersionRow, Option<&VersionRow>)> {
        let first = self.first_missing.as_ref()?;
        let holds = |v: &&VersionRow| v.version == first.version && (v.first..=v.last).contains(&first.started);
        let fallen = self.versions.iter().find(holds)?;
        let same_flow = |v: &&VersionRow| v.flow == fallen.flow && v.organization == fallen.organization;
        let earlier = self.versions.iter().filter(|v| !v.version.is_empty() && v.first < fallen.first);
        Some((fallen, earlier.filter(same_flow).max_by_key(|v| v.first)))
    }
}

/// What is known of one call that is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryCall {
    /// Its id.
    pub conversation: String,
    /// Medium, queues, flow and version, in words.
    pub facts: Vec<(String, String)>,
    /// Its milestones that were observed, with the time since its start in milliseconds.
    pub milestones: Vec<(String, i64)>,
    /// Key, purpose, how it stands, in words.
    pub keys: Vec<(String, String, String)>,
    /// A part of it was not observed: absence proves nothing.
    pub incomplete: bool,
}

/// What came of a question.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Reading {
    /// Nothing was asked.
    #[default]
    None,
    /// It was asked.
    Asked,
    /// There is no history store.
    NoStore,
    /// The key was never seen, or not with these conditions.
    Never,
    /// It cannot be had; why, and what to do.
    Failed(String),
    /// It is here.
    Here(Box<SinceReport>),
}

/// State of the Since screen.
#[derive(Debug, Default)]
pub struct SinceScreen {
    /// What is asked.
    pub question: SinceQuestion,
    /// What was asked when the screen was opened: that is what Esc goes back to from a filter.
    pub opened: SinceQuestion,
    /// What came of it.
    pub reading: Reading,
    /// The selected line: first missing, last good, then the versions.
    pub selected: usize,
    /// The call that was opened.
    pub call: Option<HistoryCall>,
    /// Days scrolled away, from the newest.
    pub days_back: usize,
}

impl SinceScreen {
    /// The operator typed a filter: Esc clears it first.
    pub fn has_own_filter(&self) -> bool {
        self.question != self.opened
    }

    /// The answer, once it is here.
    pub fn report(&self) -> Option<&SinceReport> {
        match &self.reading {
            Reading::Here(report) => Some(report.as_ref()),
            _ => None,
        }
    }

    /// How many lines can be selected.
    pub fn lines(&self) -> usize {
        self.report().map_or(0, |r| {
            usize::from(r.first_missing.is_some()) + usize::from(r.last_present.is_some()) + r.versions.len()
        })
    }

    /// The version on the selected line: the newest comes first.
    pub fn selected_version(&self) -> Option<&VersionRow> {
        let report = self.report()?;
        let calls = usize::from(report.first_missing.is_some()) + usize::from(report.last_present.is_some());
        report.versions.iter().rev().nth(self.selected.checked_sub(calls)?)
    }

    /// The call on the selected line.
    pub fn selected_call(&self) -> Option<&CallRef> {
        let report = self.report()?;
        report.first_missing.iter().chain(&report.last_present).nth(self.selected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn conditions_are_written_as_they_are_read() {
        let asked = SinceQuestion { key: "tier".into(), on: "customer".into(), ..SinceQuestion::default() };
        let found = asked.with_filter("flow:MainIVR queue:\"Technical Support\" on:agent days:14").unwrap();
        assert_eq!(found.queue.as_deref(), Some("Technical Support"));
        assert_eq!(asked.with_filter(&found.filter()).unwrap(), found);
        assert_eq!(asked.with_filter("").unwrap(), asked);
        assert!(asked.with_filter("state:ivr").unwrap_err().contains("flow:, queue:, on: and days:"));
        assert!(asked.with_filter("days:0").is_err());
    }

    proptest! {
        #[test]
        fn a_share_is_all_or_nothing_only_when_it_is(calls in 1i64..1_000_000, part in 0.0f64..=1.0) {
            let present = (calls as f64 * part) as i64;
            let percent = Share { calls, present }.percent().unwrap();
            prop_assert_eq!(percent == 100, present == calls);
            prop_assert_eq!(percent == 0, present == 0);
            prop_assert!((percent as f64 - present as f64 * 100.0 / calls as f64).abs() <= 1.0);
        }
    }
}
