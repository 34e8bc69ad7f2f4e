//! `sidetone since`: since when a key is present, missing or changed.

use super::{
    Context,
    ansi::{Ansi, Role},
    stdout, store,
};
use crate::{
    domain::{
        presence::{Presence, is_too_few_to_tell},
        text::width_in,
    },
    exit::{Exit, Failure},
    export::{PresenceReport, PresenceShare, presence_html},
    ndjson,
    store::{
        Store,
        record::MILESTONES,
        since::{self, DayShare, Share, SinceAnswer, StoreQuestion},
    },
};
use clap::Args;
use std::{collections::BTreeMap, fmt::Write as _, io::Write as _, ops::ControlFlow};

/// Options of `since`.
#[derive(Args, Debug)]
pub struct SinceArgs {
    /// The key, verbatim
    #[arg(value_name = "KEY")]
    key: String,
    /// Only calls of this flow, by name or id
    #[arg(long, value_name = "NAME|ID")]
    flow: Option<String>,
    /// Only calls that were last in this queue
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// The participant that should have the key, by purpose
    #[arg(long, value_name = "P", default_value = "customer")]
    on: String,
    /// By when the key should be there: start, flow-end, queue, agent or end; calls that passed it while watched count
    #[arg(long, value_name = "MILESTONE", default_value = "flow-end", value_parser = milestone)]
    by: usize,
    /// Only the last N days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=36_500))]
    days: Option<i64>,
    /// List the calls that passed it without the key instead, the newest first
    #[arg(long, conflicts_with = "html")]
    calls: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print a report as one HTML page, with a plot of the days
    #[arg(long, conflicts_with = "json")]
    html: bool,
    #[command(flatten)]
    store: store::StoreOption,
}

fn milestone(text: &str) -> Result<usize, String> {
    since::milestone(text).ok_or_else(|| format!("a milestone is one of {}", MILESTONES.join(", ")))
}

/// Asks the store and prints the answer.
pub fn run(args: SinceArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut store = args.store.open_existing(context)?;
    let question = StoreQuestion {
        organization: organization(&mut store, context)?,
        key: args.key,
        on: args.on,
        flow: args.flow,
        queue: args.queue,
        by: args.by,
        days: args.days,
        now: store::now(),
    };
    if args.calls {
        return calls(&mut store, &question, args.json, Ansi::of(context));
    }
    let Some(answer) = store.since(&question).map_err(store::failure)? else {
        return Err(never_seen(&question, &store).into());
    };
    if args.json {
        let mut out = Vec::new();
        ndjson::write(&mut out, &answer)?;
        stdout().write_all(&out)?;
    } else if args.html {
        stdout().write_all(presence_html(&report(&answer)).as_bytes())?;
    } else {
        stdout().write_all(text(&answer, &question, Ansi::of(context)).as_bytes())?;
    }
    Ok(Exit::Done)
}

/// The organization of the profile that was named; `None` where none was.
fn organization(store: &mut Store, context: &Context) -> anyhow::Result<Option<String>> {
    let named = match context.global.profile.as_slice() {
        [] => context.env.get("SIDETONE_PROFILE"),
        [one] => Some(one.as_str()),
        _ => {
            let message = "a question is about one organisation, and several profiles were named";
            return Err(Exit::Usage.because(message).remedy("name one --profile, or none for all of them").into());
        }
    };
    let Some(named) = named else { return Ok(None) };
    let known = store.organizations().map_err(store::failure)?;
    if let Some((id, _)) = known.iter().find(|(id, name)| *name == named || *id == named) {
        return Ok(Some(id.clone()));
    }
    // Stored by a program that did not keep the names of profiles yet.
    if known.iter().all(|(id, name)| id == name) && known.len() < 2 {
        return Ok(None);
    }
    let names: Vec<&str> = known.values().map(String::as_str).collect();
    let message = format!("nothing in {} was collected with the profile {named:?}", store.location());
    Err(Exit::Usage.because(message).remedy(format!("what it has is of {}", names.join(", "))).into())
}

/// Lists the calls without the key.
fn calls(store: &mut Store, question: &StoreQuestion, json: bool, paint: Ansi) -> anyhow::Result<Exit> {
    let names = store.organizations().map_err(store::failure)?;
    let (mut out, mut failed) = (stdout(), None);
    let was_seen = store.missing_calls(question, &mut |call| {
        let written =
            if json { ndjson::print(&mut out, &call) } else { writeln!(out, "{}", one(&call, &names, paint)) };
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    if !was_seen.map_err(store::failure)? {
        return Err(never_seen(question, store).into());
    }
    failed.map_or(Ok(Exit::Done), |error| Err(error.into()))
}

/// `2026-11-29T09:12:33.120Z  3b1c…  MainIVR v43  Billing`.
fn one(call: &since::MissingCall, names: &BTreeMap<String, String>, paint: Ansi) -> String {
    let flow = match (&call.flow_name, &call.flow_version) {
        (None, _) => "flow not known".to_owned(),
        (Some(name), None) => name.clone(),
        (Some(name), Some(version)) => format!("{name} v{version}"),
    };
    let queue = call.queue.as_deref().unwrap_or("no queue");
    let mut line = format!(
        "{}  {}  {}  {}",
        call.time,
        paint.foreign(Role::Bad, &call.conversation_id),
        paint.column(Role::Name, &flow, width_in(&flow, paint.charset()).max(NAMES)),
        paint.foreign(Role::Quiet, queue)
    );
    if let Some(name) = names.get(&call.organization_id).filter(|_| names.len() > 1) {
        line += &format!("  {}", paint.foreign(Role::Quiet, name));
    }
    line
}

fn never_seen(question: &StoreQuestion, store: &Store) -> Failure {
    let location = store.location();
    // What was never seen at all explains it, whatever the key is.
    for (what, name) in [("queue", &question.queue), ("flow", &question.flow)] {
        if let Some(name) = name.as_ref().filter(|name| !store.has_seen(name)) {
            return Exit::NotFound
                .because(format!("no {what} called {name:?} was seen in {location}"))
                .remedy("names are case-sensitive, and are written as the platform has them");
        }
    }
    let mut of = String::new();
    if let Some(flow) = &question.flow {
        _ = write!(of, " of flow {flow}");
    }
    if let Some(queue) = &question.queue {
        _ = write!(of, " in queue {queue}");
    }
    let within = question.days.map(|days| format!(" in the last {days} days")).unwrap_or_default();
    Exit::NotFound
        .because(format!("{:?} was never seen on {} of a call{of}{within} in {location}", question.key, question.on))
        .remedy("keys are case-sensitive; 'sidetone store info' says what is kept")
}

/// The answer as a report tells it.
fn report(answer: &SinceAnswer) -> PresenceReport {
    let witness = |call: &since::ExampleCall| format!("{} {}", call.time, call.conversation_id);
    let mut facts = vec![("calls that passed", format!("{} ({})", answer.total, answer.by))];
    facts.extend(answer.first_missing.as_ref().map(|call| ("first missing", witness(call))));
    facts.extend(answer.last_present.as_ref().map(|call| ("last present", witness(call))));
    facts.push(("changed later on", format!("{} calls", answer.changed)));
    let version = |version: &since::VersionShare| PresenceShare {
        name: version_name(version),
        counts: Some((version.share.present, version.share.calls)),
    };
    let day = |day: &DayShare| PresenceShare { name: day.day.clone(), counts: day.present.zip(day.calls) };
    PresenceReport {
        title: format!("{} on {}", answer.key, answer.on),
        verdict: verdict(answer),
        facts,
        versions: answer.by_version.iter().map(version).collect(),
        days: answer.by_day.iter().map(day).collect(),
    }
}

/// `MainIVR v42`.
fn version_name(version: &since::VersionShare) -> String {
    let name = version.flow_name.as_deref().unwrap_or("flow not known");
    let of = version.organization.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    match &version.flow_version {
        Some(version) => format!("{name} v{version}{of}"),
        None => format!("{name}{of}"),
    }
}

/// The verdict in one sentence.
pub(crate) fn verdict(answer: &SinceAnswer) -> String {
    let share = Share { calls: answer.total, present: answer.present, missing: answer.missing };
    let on = &answer.on;
    match &answer.first_missing {
        None if answer.missing == 0 => format!("{} was on {on} on every one of {} calls.", answer.key, answer.total),
        None if answer.not_judged.is_some() => {
            let waits = answer.not_judged.as_ref().map(waits).unwrap_or_default();
            format!("{} is on {on} on {} of calls. {waits}", answer.key, percent(share))
        }
        None if answer.too_few => {
            let rest = few(answer).unwrap_or_else(|| {
                let of = percent(share);
                format!("{of} of calls; of those that were followed from their start there are too few calls to tell")
            });
            format!("{} is on {on} on {rest}.", answer.key)
        }
        None => {
            format!("{} is on {on} on {} of calls, with no drop between versions or days.", answer.key, percent(share))
        }
        Some(first) => {
            let version = first.flow_version.as_ref().map(|version| format!(", version {version}"));
            let flow = answer.flow.as_deref().unwrap_or("the flow");
            let fell = match &answer.fell {
                Some((before, after)) => format!(" fell from {} to {}", percent(*before), percent(*after)),
                None => " fell".to_owned(),
            };
            format!("{}{fell} of calls since {} ({flow}{}).", answer.key, first.time, version.unwrap_or_default())
        }
    }
}

/// `99 % of calls up to v42; v43: 4 of 5, too few calls to tell`: the last version of a flow beside those before it.
fn few(answer: &SinceAnswer) -> Option<String> {
    let known: Vec<_> = answer.by_version.iter().filter(|version| version.flow_version.is_some()).collect();
    let of_flow = |a: &&since::VersionShare, b: &&since::VersionShare| {
        (&a.flow_name, &a.organization_id) == (&b.flow_name, &b.organization_id)
    };
    let few = known.chunk_by(of_flow).rev().find_map(|versions| {
        let (newest, earlier) = versions.split_last()?;
        let last = earlier.last()?;
        let before = earlier.iter().fold(Share::default(), |sum, version| Share {
            calls: sum.calls + version.share.calls,
            present: sum.present + version.share.present,
            missing: sum.missing + version.share.missing,
        });
        let counts = |share: Share| Presence::new(share.calls, share.present);
        is_too_few_to_tell(counts(last.share), counts(newest.share)).then_some((last, newest, before))
    });
    let (last, newest, before) = few?;
    let number = |version: &since::VersionShare| version.flow_version.clone().unwrap_or_default();
    Some(format!(
        "{} of calls up to v{}; v{}: {} of {}, too few calls to tell",
        percent(before),
        number(last),
        number(newest),
        newest.share.present,
        newest.share.calls
    ))
}

/// `MainIVR v43: 0 of 50 so far, not judged before …`.
fn waits(version: &since::NotJudged) -> String {
    let name = version.flow_name.as_deref().unwrap_or("the flow");
    let number = version.flow_version.as_deref().unwrap_or_default();
    format!(
        "{name} v{number}: {} of {} so far; not judged yet, for earlier calls may still be in the flow (by {} at the latest).",
        version.share.present, version.share.calls, version.until
    )
}

fn percent(share: Share) -> String {
    if share.calls == 0 {
        return "no calls".to_owned();
    }
    // Rounded towards the middle: 100 % means every call, 0 % means none.
    let exact = share.present as f64 * 100.0 / share.calls as f64;
    let shown = if share.missing > 0 && exact > 99.0 {
        99.0
    } else if share.present > 0 && exact < 1.0 {
        1.0
    } else {
        exact.round()
    };
    format!("{shown} %")
}

/// Cells of a bar.
const BAR: i64 = 40;
/// Cells of a name at least.
const NAMES: usize = 24;

fn text(answer: &SinceAnswer, question: &StoreQuestion, paint: Ansi) -> String {
    let mut out = format!("{}\n", paint.foreign(Role::Name, &verdict(answer)));
    let by = &answer.by;
    // Writing to a String cannot fail.
    _ = writeln!(
        out,
        "{} calls passed {by} while watched: {} with the key on {}, {} without; its value changed on {}.",
        answer.total, answer.present, question.on, answer.missing, answer.changed
    );
    if let Some(first) = &answer.first_missing {
        _ = writeln!(out, "first missing  {}  {}", first.time, paint.foreign(Role::Bad, &first.conversation_id));
    }
    if let Some(last) = &answer.last_present {
        _ = writeln!(out, "last present   {}  {}", last.time, paint.foreign(Role::Good, &last.conversation_id));
    }
    _ = writeln!(out, "\n{}", paint.own(Role::Quiet, "by flow version"));
    // Organisations stand at the end of the names, so that none is cut.
    let names: Vec<String> = answer.by_version.iter().map(version_name).collect();
    let wide = names.iter().map(|name| width_in(name, paint.charset())).fold(NAMES, usize::max);
    for (version, name) in answer.by_version.iter().zip(&names) {
        _ = writeln!(out, "{}  {}", paint.column(Role::Name, name, wide), row(version.share, paint));
    }
    _ = writeln!(out, "\n{}", paint.own(Role::Quiet, "by day (UTC)"));
    for day in &answer.by_day {
        _ = writeln!(out, "{}  {}", paint.column(Role::Quiet, &day.day, wide), day_row(day, paint));
    }
    out
}

fn row(share: Share, paint: Ansi) -> String {
    let bar = (BAR * share.present).checked_div(share.calls).unwrap_or_default();
    let (full, rest) = if paint.ascii { ("=", "-") } else { ("━", "╌") };
    let missing = if share.missing > 0 { Role::Bad } else { Role::Quiet };
    format!(
        "{}{} {:>8}  {} of {}",
        paint.own(Role::Good, &full.repeat(bar as usize)),
        paint.own(missing, &rest.repeat((BAR - bar) as usize)),
        percent(share),
        share.present,
        share.calls
    )
}

fn day_row(day: &DayShare, paint: Ansi) -> String {
    match (day.calls, day.present) {
        (Some(calls), Some(present)) => row(Share { calls, present, missing: calls - present }, paint),
        _ => paint.own(Role::Quiet, "not collected").into_owned(),
    }
}
