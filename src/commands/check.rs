//! `sidetone check`: what is wrong with the attributes of live calls, with an exit code.

mod causes;
mod expected;
mod judge;
mod looked;
mod report;

use super::{Context, ansi::Ansi, expectations, lookup, note, stdout};
use crate::{
    commands::options::{self, WatchOptions, nothing_to_watch},
    domain::{
        At, Link,
        expect::Expectation,
        findings::{RULES, Severity},
        learn::Proposal,
        text,
    },
    exit::{Exit, Failure},
    expectfile,
    genesys::{Client, client::Priority, discover, feed::FeedOptions},
    live::{LinkEvent, Live, targets::Targets},
    ndjson,
};
use causes::Causes;
use clap::Args;
pub(super) use judge::Judge;
use looked::Looked;
use report::CheckReport;
use serde::Serialize;
use std::{io::Write, path::PathBuf, time::Duration};
use tokio::time::{Instant, sleep, sleep_until};

/// Options of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// One conversation to check: its id, or the address of its page in the admin interface
    #[arg(id = "call", value_name = "CONVERSATION")]
    call: Option<String>,
    /// Judge by this expectation file (TOML)
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Keep watching for this long
    #[arg(
        long,
        value_name = "DUR",
        value_parser = options::duration,
        long_help = "Keep watching for this long and report findings as they appear. Without it every call is read once and \
                     judged by the milestones that are past; what happens over time (late, flapping, lost-on-transfer, …) \
                     can only be seen by watching."
    )]
    follow: Option<Duration>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Exit with 6 on warnings, too
    #[arg(long)]
    strict: bool,
    /// Print the rules and end
    #[arg(long, conflicts_with_all = ["call", "expect", "follow", "learn"])]
    rules: bool,
    /// Propose an expectation file from the calls that are looked at
    #[arg(
        long,
        conflicts_with = "json",
        long_help = "Print an expectation file proposed from the calls that are looked at: which keys they carry, on whom, \
                     by which milestone, and with what values. Best with --follow. Findings go to stderr then."
    )]
    learn: bool,
    #[command(flatten)]
    watch: WatchOptions,
}

/// Looks, judges, tells.
pub async fn run(args: CheckArgs, context: &Context) -> anyhow::Result<Exit> {
    if args.rules {
        return rules(args.json, Ansi::of(context));
    }
    let deadline = args.follow.map(|follow| Instant::now() + follow);
    let expectations = args.expect.as_deref().map(expectations::load).transpose()?.unwrap_or_default();
    let mut options = args.watch.clone();
    options.conversation.extend(args.call.clone());
    if options.is_empty() {
        return Err(nothing_to_watch().into());
    }
    let settings = context.settings()?;
    let client = lookup::client(&settings)?;
    let targets = Targets::resolve(&client, &options.wanted()).await?;
    flows_exist(&client, &expectations).await?;
    let judges = !expectations.is_empty();
    let mut judge = Judge::new(settings.tuning, expectations, args.learn);
    targets.teach(&mut judge.monitor.board.names);
    let mut report = CheckReport::new(args.json, args.learn, Ansi::of(context));
    let mut causes = Causes::new(client.clone());
    let whole = match deadline {
        None => once(&client, &targets, &mut judge, (&mut report, &mut causes)).await?,
        Some(deadline) => follow(client, &targets, deadline, &mut judge, (&mut report, &mut causes)).await?,
    };
    report.late(&judge, &causes.rest().await)?;
    report.end(&judge, &targets.label())?;
    if let Some(learner) = &judge.learner {
        stdout().write_all(proposal(&learner.proposals(&judge.monitor.board), &targets.label()).as_bytes())?;
    }
    if judges && !whole {
        note("not every call could be looked at, so the expectations do not count as met");
        return Ok(Exit::Unmet);
    }
    if expected::undecided(&judge.monitor.examiner) {
        return Ok(Exit::Unmet);
    }
    let limit = if args.strict { Severity::Warn } else { Severity::Error };
    Ok(if report.worst().is_some_and(|worst| worst >= limit) { Exit::Unmet } else { Exit::Done })
}

/// An expectation for a flow that nobody knows would hold for no call, and so never fail.
async fn flows_exist(client: &Client, expectations: &[Expectation]) -> Result<(), Failure> {
    let whens = || expectations.iter().filter_map(|expectation| expectation.when.as_ref());
    if whens().all(|when| when.unknown_flows(&[]).is_empty()) {
        return Ok(());
    }
    let flows = match client.flows(None).await {
        Ok(flows) => flows,
        Err(error) => {
            note(format_args!("whether the flows of the expectations exist could not be asked for: {error}"));
            return Ok(());
        }
    };
    let known: Vec<(&str, &str)> = flows.iter().map(|flow| (flow.id.as_str(), flow.name.as_str())).collect();
    let Some(unknown) = whens().flat_map(|when| when.unknown_flows(&known)).next() else { return Ok(()) };
    let near = discover::pick::pick("flow", unknown, &flows).err().and_then(|error| error.details().remedy.clone());
    let message = format!("an expectation is for flow:{unknown}, and no flow that this client sees has such a name");
    Err(Exit::Usage.because(message).remedy(near.unwrap_or_else(|| "correct it in the expectation file".to_owned())))
}

/// The text of a proposed file.
fn proposal(proposals: &[Proposal], what: &str) -> String {
    let what = text::visible(what);
    let mut out = format!("# Proposed by sidetone check --learn from calls on {what}. Read it before you use it.\n");
    for p in proposals {
        let delay =
            p.delay.map(|d| format!("; {} s after it was first seen", d.as_millis().div_ceil(100) as f64 / 10.0));
        out.push('\n');
        let comment = format!("on {} of {} calls{}", p.carried, p.calls, delay.unwrap_or_default());
        expectfile::write(&mut out, &p.expectation, &comment);
    }
    out
}

/// Every call once. Returns whether all was looked at.
async fn once(
    client: &Client,
    targets: &Targets,
    judge: &mut Judge,
    (report, causes): (&mut CheckReport, &mut Causes),
) -> anyhow::Result<bool> {
    if !targets.users.is_empty() && !targets.me {
        note("calls of other users cannot be listed; they are seen with --follow, at their next event");
    }
    lookup::read_all(client, targets, |at, update| {
        judge.take(at, update);
        report.tell(judge, causes)
    })
    .await
}

/// What has begun to be looked for at the deadline may take so much longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything that happens until the deadline. Returns whether all was looked at.
async fn follow(
    client: Client,
    targets: &Targets,
    deadline: Instant,
    judge: &mut Judge,
    (report, causes): (&mut CheckReport, &mut Causes),
) -> anyhow::Result<bool> {
    let mut looked = Looked::default();
    let mut live = Live::start(client, targets, FeedOptions::default());
    loop {
        report.tell(judge, causes)?;
        let due = judge.monitor.due().map(|due| due.saturating_sub(live.client().clock().now().mono));
        let end = if looked.waits(&live) { deadline + PATIENCE } else { deadline };
        tokio::select! {
            () = sleep_until(end) => {
                judge.pass(live.client().clock().now());
                report.tell(judge, causes)?;
                return looked.end(&live, judge).await;
            }
            told = causes.next() => report.late(judge, &[told])?,
            () = sleep(due.unwrap_or_default()), if due.is_some() => judge.pass(live.client().clock().now()),
            heard = live.next(&judge.monitor.board) => match heard {
                Some((at, heard)) => {
                    looked.saw(&heard, targets, &judge.monitor.board)?;
                    hear(at, heard, &mut live, targets, judge)?;
                }
                None => return Err(Exit::Failed.because("the connection ended").into()),
            },
        }
    }
}

fn hear(at: At, heard: LinkEvent, live: &mut Live, targets: &Targets, judge: &mut Judge) -> Result<(), Failure> {
    match heard {
        LinkEvent::Update(update) => {
            for id in judge.take(at, update) {
                live.read(id, None, Priority::Background);
            }
        }
        LinkEvent::Link(Link::SignedOut { reason }) => return Err(Exit::Denied.because(reason.as_str())),
        LinkEvent::Link(Link::Offline { reason, by }) if judge.monitor.board.is_empty() => {
            return Err(lookup::offline(&reason, by));
        }
        LinkEvent::Link(link) => {
            for id in judge.link(at, &link) {
                live.read(id, None, Priority::Background);
            }
        }
        LinkEvent::Malformed(reason) => tracing::warn!(%reason, "a message could not be understood"),
        LinkEvent::Refused(topic, rejection) => {
            note(format_args!("{} was refused: {} ({topic})", targets.describe(&topic), rejection.reason));
        }
        // That was taken note of.
        LinkEvent::Unread(..) => {}
        LinkEvent::Unsearched(what) => note(what),
    }
    Ok(())
}

#[derive(Serialize)]
struct RuleLine {
    #[serde(rename = "type")]
    kind: &'static str,
    rule: &'static str,
    severity: &'static str,
    title: &'static str,
    what: &'static str,
    why: &'static str,
    remedy: &'static str,
    source: &'static str,
}

fn rules(json: bool, paint: Ansi) -> anyhow::Result<Exit> {
    let mut out = Vec::new();
    if json {
        for rule in RULES {
            let line = RuleLine {
                kind: "rule",
                rule: rule.name,
                severity: rule.severity.as_str(),
                title: rule.title,
                what: rule.what,
                why: rule.why,
                remedy: rule.remedy,
                source: rule.source,
            };
            ndjson::write(&mut out, &line)?;
        }
    } else {
        out.extend_from_slice(report::rules(paint).as_bytes());
    }
    stdout().write_all(&out)?;
    Ok(Exit::Done)
}
