//! The history store behind the Since screen.

use super::{Context, store::StoreOption};
use crate::{
    app::since::{
        CallRef, DayRow, HistoryCall, KeyShare, MissingRow, NotJudgedWhy, SinceQuestion, SinceReport, StoredCalls,
        VersionRow,
    },
    config,
    shell::HistorySource,
    store::{
        Location, Store, StoreError,
        record::{CallRecord, FLOW_END, KeyRecord, MILESTONES},
        seeds::FlowSeed,
        since::{ExampleCall, MissingCall, SinceAnswer, StoreQuestion},
    },
};
use jiff::Timestamp;
use std::{ops::ControlFlow, sync::Arc};

/// A store that is opened for each question: they are rare, and nobody else is kept waiting.
struct Stored {
    location: Location,
    /// Whose calls are meant, where the store has those of several organizations.
    profile: Option<String>,
}

/// The store of this configuration, asked about the organization of this profile; `None` where none was begun.
pub(super) fn of(context: &Context, settings: &config::Settings) -> Option<Arc<dyn HistorySource>> {
    // What is wrong with the place is said by the commands that are about it.
    let location = StoreOption::default().place(context, &settings.history).ok()?;
    at(location, settings.profile.clone())
}

/// The store at this place; `None` where there is no such file.
pub(super) fn at(location: Location, profile: Option<String>) -> Option<Arc<dyn HistorySource>> {
    if let Location::File(path) = &location
        && !path.exists()
    {
        return None;
    }
    Some(Arc::new(Stored { location, profile }))
}

impl Stored {
    /// The organization that is asked about. `None`: there is one alone, or none that goes by the name of the profile; then the
    /// answer is about all, and says which.
    fn organization(&self, store: &mut Store) -> Result<Option<String>, StoreError> {
        let Some(profile) = &self.profile else { return Ok(None) };
        let known = store.organizations()?;
        Ok(known.into_iter().find(|(id, name)| name == profile || id == profile).map(|(id, _)| id))
    }

    /// The question as the store takes it.
    fn question(&self, store: &mut Store, asked: &SinceQuestion, now: i64) -> Result<StoreQuestion, String> {
        Ok(StoreQuestion {
            organization: self.organization(store).map_err(words)?,
            key: asked.key.clone(),
            on: asked.on.clone(),
            flow: asked.flow.clone(),
            queue: asked.queue.clone(),
            by: FLOW_END,
            days: asked.days,
            now,
        })
    }
}

impl HistorySource for Stored {
    fn since(&self, question: &SinceQuestion, now: i64) -> Result<Option<SinceReport>, String> {
        let mut store = Store::open_existing(&self.location).map_err(words)?;
        let question = self.question(&mut store, question, now)?;
        let Some(answer) = store.since(&question).map_err(words)? else { return Ok(None) };
        let mut missing = Vec::new();
        let each = &mut |call: MissingCall| {
            missing.push(missing_row(call));
            if missing.len() < LISTED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        store.missing_calls(&question, each).map_err(words)?;
        Ok(Some(SinceReport { missing, ..report(answer) }))
    }

    fn stored(&self, question: &SinceQuestion, now: i64) -> Result<StoredCalls, String> {
        let mut store = Store::open_existing(&self.location).map_err(words)?;
        let question = self.question(&mut store, question, now)?;
        let found = store.counted(&question).map_err(words)?;
        Ok(StoredCalls { calls: found.calls, flows: found.flows, queues: found.queues })
    }

    fn versions(&self) -> Vec<FlowSeed> {
        let seeds = Store::open_existing(&self.location).and_then(|mut store| {
            let own = self.organization(&mut store)?;
            let mut seeds = store.seeds()?;
            seeds.retain(|seed| own.as_ref().is_none_or(|own| *own == seed.organization));
            Ok(seeds)
        });
        let seeds = seeds.inspect_err(|error| tracing::warn!(%error, "the history store cannot be read"));
        let flow = |seed| FlowSeed { organization: String::new(), ..seed };
        seeds.unwrap_or_default().into_iter().map(flow).collect()
    }

    fn call(&self, conversation: &str) -> Result<Option<HistoryCall>, String> {
        let mut store = Store::open_existing(&self.location).map_err(words)?;
        Ok(store.call(conversation).map_err(words)?.map(call))
    }
}

/// Calls without the key that are listed, the newest ones.
const LISTED: usize = 500;

fn missing_row(call: MissingCall) -> MissingRow {
    MissingRow {
        call: CallRef {
            started: milliseconds(&call.time),
            conversation: call.conversation_id.as_str().into(),
            version: call.flow_version.unwrap_or_default(),
        },
        flow: call.flow_name.unwrap_or_default(),
        queue: call.queue.unwrap_or_default(),
    }
}

fn words(error: StoreError) -> String {
    format!("The history store cannot be read: {error}. {}.", error.remedy())
}

fn milliseconds(text: &str) -> i64 {
    text.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond)
}

fn report(answer: SinceAnswer) -> SinceReport {
    let at = |witness: ExampleCall| CallRef {
        started: milliseconds(&witness.time),
        conversation: witness.conversation_id.as_str().into(),
        version: witness.flow_version.unwrap_or_default(),
    };
    SinceReport {
        flow: answer.flow,
        by: answer.by,
        share: KeyShare { calls: answer.total, present: answer.present },
        versions: answer
            .by_version
            .into_iter()
            .map(|version| VersionRow {
                share: KeyShare { calls: version.share.calls, present: version.share.present },
                first: milliseconds(&version.first),
                last: milliseconds(&version.last),
                flow: version.flow_name.unwrap_or_default(),
                organization: version.organization.unwrap_or_default(),
                version: version.flow_version.unwrap_or_default(),
            })
            .collect(),
        days: answer
            .by_day
            .into_iter()
            .map(|day| DayRow {
                share: day.calls.zip(day.present).map(|(calls, present)| KeyShare { calls, present }),
                day: day.day,
            })
            .collect(),
        first_missing: answer.first_missing.map(at),
        last_present: answer.last_present.map(at),
        too_few: answer.too_few,
        not_judged: answer.not_judged.map(|version| NotJudgedWhy {
            share: KeyShare { calls: version.share.calls, present: version.share.present },
            until: milliseconds(&version.until),
            version: version.flow_version.unwrap_or_default(),
        }),
        missing: Vec::new(),
    }
}

fn call(record: CallRecord) -> HistoryCall {
    let mut facts = vec![("medium".to_owned(), record.media.clone()), ("flow".to_owned(), record.flow.to_string())];
    if !record.queues.is_empty() {
        facts.push(("queues".to_owned(), record.queues.join(", ")));
    }
    let milestones = MILESTONES.iter().zip(record.milestones);
    let milestones = milestones.filter_map(|(name, at)| Some(((*name).to_owned(), at? - record.started)));
    let milestones: Vec<(String, i64)> = milestones.collect();
    let last = record.milestones.iter().rposition(Option::is_some).unwrap_or_default();
    let keys = record.keys.into_iter().map(|key| (key.key.clone(), key.purpose.clone(), state(&key, last))).collect();
    HistoryCall { conversation: record.conversation, facts, milestones, keys, incomplete: record.incomplete }
}

/// How a key stood at the last milestone that the call passed; its value only where it is kept in clear.
fn state(key: &KeyRecord, last: usize) -> String {
    let there = if key.present_at[last] { "set" } else { "absent" };
    let at = MILESTONES[last].replace('-', " ");
    let changes = match key.changes {
        0 => String::new(),
        1 => ", changed once".to_owned(),
        n => format!(", changed {n} times"),
    };
    match &key.value {
        Some(value) => format!("{value} ({there} at {at}{changes})"),
        None => format!("{} ({there} at {at}{changes}; its value is not kept)", key.kind.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{
        ingest::Batch,
        record::{FlowVersion, ValueKind},
    };

    const NOON: i64 = 1_764_072_000_000;

    fn call(organization: &str, n: i64) -> CallRecord {
        let key = KeyRecord {
            key: "tier".into(),
            purpose: "customer".into(),
            first_seen: NOON,
            last_changed: NOON,
            present_at: [true; 5],
            kind: ValueKind::Text,
            ..KeyRecord::default()
        };
        CallRecord {
            organization: organization.into(),
            conversation: uuid::Uuid::new_v4().hyphenated().to_string(),
            media: "call".into(),
            started: NOON + n * 1_000,
            ended: Some(NOON + n * 1_000 + 60_000),
            flow: FlowVersion { id: format!("flow of {organization}"), name: "MainIVR".into(), version: "1".into() },
            milestones: [Some(NOON); 5],
            keys: if n == 0 { Vec::new() } else { vec![key] },
            ..CallRecord::default()
        }
    }

    /// The screen asks about the organization of its profile, and about all only where the store does not know the profile.
    #[test]
    fn a_profile_is_asked_about_its_own_organization() {
        let directory = tempfile::tempdir().unwrap();
        let location = Location::File(directory.path().join("history.sqlite"));
        let mut store = Store::open(&location).unwrap();
        let calls = (0..3).map(|n| call("org-a", n)).chain((0..7).map(|n| call("org-b", n))).collect();
        store.ingest(&Batch { calls, ..Batch::default() }).unwrap();
        for (organization, name) in [("org-a", "acme"), ("org-b", "bell")] {
            store.name_organization(organization, name).unwrap();
        }
        drop(store);
        let question = SinceQuestion { key: "tier".into(), on: "customer".into(), ..SinceQuestion::default() };
        for (profile, calls, organizations, missing) in
            [(Some("acme"), 3, 1, 1), (Some("bell"), 7, 1, 1), (Some("other"), 10, 2, 2), (None, 10, 2, 2)]
        {
            let history = at(location.clone(), profile.map(str::to_owned)).unwrap();
            let report = history.since(&question, NOON + 3_600_000).unwrap().unwrap();
            assert_eq!((report.share.calls, report.missing.len()), (calls, missing), "{profile:?}");
            assert_eq!(report.versions.len(), organizations, "{profile:?}");
            let is_named = report.versions.iter().all(|version| !version.organization.is_empty());
            assert_eq!(is_named, organizations > 1, "{profile:?}: {:?}", report.versions);
            assert_eq!(history.versions().len(), organizations, "{profile:?}");
        }
    }
}
