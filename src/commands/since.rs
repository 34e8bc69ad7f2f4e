//! `sidetone since`: since when a key is present, missing or changed.

use super::{
    Context,
    ansi::{Paint, Role},
    stdout, store,
};
use crate::{
    exit::{Exit, Failure},
    export::{PresenceReport, PresenceShare, presence_html},
    ndjson,
    store::{
        record::MILESTONES,
        since::{self, Answer, DayShare, Question, Share},
    },
};
use clap::Args;
use std::{fmt::Write as _, io::Write as _};

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
    let question = Question {
        key: args.key,
        on: args.on,
        flow: args.flow,
        queue: args.queue,
        by: args.by,
        days: args.days,
        now: store::now(),
    };
    let mut store = args.store.open_existing(context)?;
    let Some(answer) = store.since(&question).map_err(store::failure)? else {
        return Err(never_seen(&question, store.location()).into());
    };
    if args.json {
        let mut out = Vec::new();
        ndjson::write(&mut out, &answer)?;
        stdout().write_all(&out)?;
    } else if args.html {
        stdout().write_all(presence_html(&report(&answer)).as_bytes())?;
    } else {
        stdout().write_all(text(&answer, &question, Paint::of(context)).as_bytes())?;
    }
    Ok(Exit::Done)
}

fn never_seen(question: &Question, location: &impl std::fmt::Display) -> Failure {
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
fn report(answer: &Answer) -> PresenceReport {
    let witness = |call: &since::Witness| format!("{} {}", call.time, call.conversation_id);
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
    match &version.flow_version {
        Some(version) => format!("{name} v{version}"),
        None => name.to_owned(),
    }
}

/// The verdict in one sentence.
pub(crate) fn verdict(answer: &Answer) -> String {
    let share = Share { calls: answer.total, present: answer.present, missing: answer.missing };
    let on = &answer.on;
    match &answer.first_missing {
        None if answer.missing == 0 => format!("{} was on {on} on every one of {} calls.", answer.key, answer.total),
        None => {
            format!("{} is on {on} on {} of calls, with no fall between versions or days.", answer.key, percent(share))
        }
        Some(first) => {
            let version = first.flow_version.as_ref().map(|version| format!(", version {version}"));
            let flow = answer.flow.as_deref().unwrap_or("the flow");
            let (before, after) = around(answer, first.flow_version.as_deref());
            let fell = match (before, after) {
                (Some(before), Some(after)) => format!(" fell from {} to {}", percent(before), percent(after)),
                _ => " fell".to_owned(),
            };
            format!("{}{fell} of calls since {} ({flow}{}).", answer.key, first.time, version.unwrap_or_default())
        }
    }
}

/// The shares of the version before and of the version in which presence fell.
fn around(answer: &Answer, version: Option<&str>) -> (Option<Share>, Option<Share>) {
    let place = answer.by_version.iter().position(|share| share.flow_version.as_deref() == version);
    let share =
        |place: Option<usize>| place.and_then(|place| answer.by_version.get(place)).map(|version| version.share);
    (share(place.and_then(|place| place.checked_sub(1))), share(place))
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

fn text(answer: &Answer, question: &Question, paint: Paint) -> String {
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
    for version in &answer.by_version {
        let name = version_name(version);
        _ = writeln!(out, "{}  {}", paint.column(Role::Name, &name, 24), row(version.share, paint));
    }
    _ = writeln!(out, "\n{}", paint.own(Role::Quiet, "by day (UTC)"));
    for day in &answer.by_day {
        _ = writeln!(out, "{}  {}", paint.column(Role::Quiet, &day.day, 24), day_row(day, paint));
    }
    out
}

fn row(share: Share, paint: Paint) -> String {
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

fn day_row(day: &DayShare, paint: Paint) -> String {
    match (day.calls, day.present) {
        (Some(calls), Some(present)) => row(Share { calls, present, missing: calls - present }, paint),
        _ => paint.own(Role::Quiet, "not collected").into_owned(),
    }
}
