//! `sidetone why`: why a key is there, missing or changed on a call.

use super::{
    Context,
    ansi::{Ansi, Role},
    lookup, note, stdout,
};
use crate::{
    domain::{Purpose, text::visible},
    exit::Exit,
    genesys::discover::conversation_id,
    live::gather,
    ndjson,
    why::{
        Certainty, KnownCall, Verdict, WhyAnswer, WhyQuestion,
        answer::{EvidenceSource, FlowName},
        cause::{GatheredRun, unset, wants_earlier},
        explain,
        replay::{RunReplay, replay},
    },
};
use clap::Args;
use jiff::{Timestamp, tz::TimeZone};
use serde::Serialize;
use std::{fmt::Write as _, io::Write as _};

/// Options of `why`.
#[derive(Args, Debug)]
pub struct WhyArgs {
    /// The conversation, live or ended: its id, or the address of its page in the admin interface
    #[arg(value_name = "CONVERSATION")]
    conversation: String,
    /// The key, verbatim; without it, one line for each key and participant
    #[arg(value_name = "KEY", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    key: Option<String>,
    /// The participant that should have the key, by purpose or id (default: customer); without KEY, the only one that is listed
    #[arg(long, value_name = "P")]
    on: Option<String>,
    /// Run the same version here, with the outcomes that the record shows, and say whether both agree
    #[arg(long)]
    simulate: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Gathers what there is, joins it, prints the answer.
pub async fn run(args: WhyArgs, context: &Context) -> anyhow::Result<Exit> {
    let settings = context.settings()?;
    let client = lookup::client(&settings)?;
    let id = conversation_id(&args.conversation)?;
    let board = lookup::read_one(&client, &id, crate::genesys::client::Priority::Interactive).await?;
    let conversation = lookup::known(&board, &id)?;
    let mut on = args.on.clone().unwrap_or_else(|| "customer".to_owned());
    // Purposes are in small letters.
    if conversation.resolve(&on).is_none() && Purpose::is_listed(&on.to_lowercase()) {
        on = on.to_lowercase();
    }
    if conversation.resolve(&on).is_none() && !Purpose::is_listed(&on) {
        let there: Vec<&str> = conversation.participants.iter().map(|p| p.purpose.as_str()).collect();
        note(format_args!("there is no participant {on:?} in this call; it has {}", there.join(", ")));
        return Ok(Exit::NotFound);
    }
    let known = gather::GatherCache::default();
    let mut gathered = gather::flows(&client, &known, conversation).await;
    gathered.notes.iter().for_each(note);
    if let Some(key) = &args.key {
        let question = WhyQuestion { key: key.clone(), on: on.clone() };
        if wants_earlier(&question, &KnownCall { conversation, changes: &[], flows: &gathered.flows }) {
            gather::earlier(&client, &known, &mut gathered).await;
        }
    }
    let call = KnownCall { conversation, changes: &[], flows: &gathered.flows };
    let simulated = if args.simulate { simulate(&gathered.flows) } else { Vec::new() };
    let paint = Ansi::of(context);
    let mut out = stdout();
    if let Some(key) = args.key {
        let answer = explain(&WhyQuestion { key, on }, &call);
        if args.json {
            let simulation = simulated.iter().find(|one| Some(one.flow) == answer.flow.as_ref());
            out.write_all(&line(&WithSimulation { answer: &answer, simulation })?)?;
        } else {
            out.write_all(text(&answer, paint, &TimeZone::system()).as_bytes())?;
            tell_simulated(&mut out, &simulated, paint)?;
        }
        // A key may be there and evidently wrong all the same; then there is something to do about it.
        let is_well = answer.verdict == Verdict::Present && answer.remedy.is_none();
        return Ok(if is_well { Exit::Done } else { Exit::Unmet });
    }
    let asked = args.on.as_ref().map(|_| conversation.resolve(&on).map(|participant| &participant.id));
    for participant in conversation.participants.iter().filter(|one| asked.is_none_or(|id| id == Some(&one.id))) {
        for attribute in participant.attributes.iter() {
            let on = participant.id.as_str().to_owned();
            let answer = explain(&WhyQuestion { key: attribute.key.to_string(), on }, &call);
            if args.json {
                out.write_all(&line(&answer)?)?;
                continue;
            }
            let purpose = paint.column(Role::Quiet, participant.purpose.as_str(), 10);
            writeln!(out, "{purpose} {}", paint.foreign(Role::Name, &answer.cause))?;
        }
    }
    for key in unset(&call, &on) {
        let answer = explain(&WhyQuestion { key, on: on.clone() }, &call);
        let Some(cause) = in_passing(&answer) else { continue };
        let answer = WhyAnswer { cause, remedy: None, ..answer };
        if args.json {
            out.write_all(&line(&answer)?)?;
            continue;
        }
        let purpose = paint.column(Role::Quiet, conversation.resolve(&on).map_or("", |p| p.purpose.as_str()), 10);
        writeln!(out, "{purpose} {}", paint.foreign(Role::Quiet, &answer.cause))?;
    }
    if args.json {
        simulated.iter().try_for_each(|one| out.write_all(&line(one)?).map_err(anyhow::Error::from))?;
    } else {
        tell_simulated(&mut out, &simulated, paint)?;
    }
    Ok(Exit::Done)
}

/// A key that a flow of the call can set and that is not there, of which nobody asked: the cause, in a line that accuses nobody.
/// `None` for one that is told by another line, under another spelling.
fn in_passing(answer: &WhyAnswer) -> Option<String> {
    match (answer.verdict, &answer.because) {
        (Verdict::Missing, Some(because)) => {
            Some(format!("{} is not set on the path that this call took, {because}.", answer.key))
        }
        (Verdict::Missing | Verdict::WrongParticipant, _) => Some(answer.cause.clone()),
        _ => None,
    }
}

/// An answer, and what came of the run here.
#[derive(Serialize)]
struct WithSimulation<'a> {
    #[serde(flatten)]
    answer: &'a WhyAnswer,
    #[serde(skip_serializing_if = "Option::is_none")]
    simulation: Option<&'a Simulated<'a>>,
}

/// A recorded run done again here.
#[derive(Serialize)]
struct Simulated<'a> {
    flow: &'a FlowName,
    #[serde(flatten)]
    replay: RunReplay,
}

/// Runs those again whose definition and record could be had, and says of which flows it could not.
fn simulate(flows: &[GatheredRun]) -> Vec<Simulated<'_>> {
    if flows.is_empty() {
        note("nothing was simulated: which flow the call ran is not known");
    }
    let one = |flow: &GatheredRun| match (&flow.definition, &flow.run) {
        (Some(definition), Some(run)) => Some(replay(definition, run)),
        _ => {
            let name = visible(&flow.name.name);
            note(format_args!("{name} was not simulated: that takes its definition and the record of the run"));
            None
        }
    };
    flows.iter().filter_map(|flow| Some(Simulated { flow: &flow.name, replay: one(flow)? })).collect()
}

fn tell_simulated(out: &mut impl std::io::Write, all: &[Simulated<'_>], paint: Ansi) -> std::io::Result<()> {
    for Simulated { flow, replay } in all {
        let title = format!("{} version {}, run again here", flow.name, flow.version);
        writeln!(out, "\n{}", paint.foreign(Role::Quiet, &title))?;
        let Some(parting) = &replay.parting else {
            let ended = replay.ended_before.as_ref().map(|next| format!("; the record ends before {next}"));
            let end = ended.or_else(|| {
                let at = replay.undecided.as_ref()?;
                Some(format!(" as far as {at}: neither says which output it took"))
            });
            if replay.actions == 0 {
                let told = "nothing to compare: the record lists no actions";
                writeln!(out, "{}", paint.own(Role::Warning, told))?;
                continue;
            }
            let told = format!(
                "agrees with the record: {} actions, {} values{}",
                replay.actions,
                replay.values,
                end.unwrap_or_default()
            );
            writeln!(out, "{}", paint.foreign(Role::Good, &told))?;
            for (action, output) in &replay.taken {
                let told = format!("not decided here: {action} took {output}, by the record");
                writeln!(out, "{}", paint.foreign(Role::Quiet, &told))?;
            }
            continue;
        };
        let at = parting.at.as_ref().map_or_else(|| "at the start".to_owned(), |at| format!("at {}", at.words()));
        let told = format!("does not agree {at}: the record {}, the run here {}", parting.recorded, parting.local);
        writeln!(out, "{}", paint.foreign(Role::Warning, &told))?;
    }
    Ok(())
}

fn line<T: Serialize>(answer: &T) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::new();
    ndjson::write(&mut out, answer)?;
    Ok(out)
}

/// A time as people read it, in this zone; what is not one, as it is.
fn local(time: &str, zone: &TimeZone) -> String {
    let read: Result<Timestamp, _> = time.parse();
    read.map_or_else(
        |_| visible(time).into_owned(),
        |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// The answer first, then the path, then what it rests on; times in `zone`.
fn text(answer: &WhyAnswer, paint: Ansi, zone: &TimeZone) -> String {
    let role = match answer.verdict {
        Verdict::Present => Role::Good,
        Verdict::Missing | Verdict::WrongParticipant | Verdict::WrongCase => Role::Bad,
        Verdict::Overwritten | Verdict::Unknown => Role::Warning,
    };
    let mut out = format!("{}\n", paint.foreign(role, &answer.cause));
    // Writing to a String cannot fail.
    if let Some(remedy) = &answer.remedy {
        _ = writeln!(out, "Fix: {}.", paint.foreign(Role::Name, remedy));
    }
    _ = writeln!(out, "Certainty: {} ({}).", answer.certainty.as_str(), meaning(answer.certainty));
    if !answer.branch.is_empty() {
        _ = writeln!(out, "\n{}", paint.own(Role::Quiet, "path to the action that sets it"));
    }
    for step in &answer.branch {
        let mark = match (step.executed, paint.ascii) {
            (Some(true), false) => "┃",
            (Some(true), true) => "|",
            (Some(false), _) => ".",
            (None, _) => "?",
        };
        let went = match (&step.needed, &step.taken) {
            (Some(needed), Some(taken)) if needed != taken => format!("took {taken}, needed {needed}"),
            (Some(needed), Some(_)) => format!("took {needed}"),
            (Some(needed), None) => format!("needs {needed}"),
            (None, _) if step.executed == Some(false) => "not reached".to_owned(),
            (None, _) => String::new(),
        };
        let name = paint.column(Role::Name, &step.action.words(), 44);
        _ = writeln!(out, "{mark} {name} {}", paint.foreign(Role::Quiet, &went));
    }
    if !answer.evidence.is_empty() {
        _ = writeln!(out, "\n{}", paint.own(Role::Quiet, "evidence"));
    }
    for evidence in &answer.evidence {
        let time = match (evidence.time.as_deref(), evidence.source) {
            (Some(time), _) => local(time, zone),
            (None, EvidenceSource::Flow) => "at any time".to_owned(),
            (None, _) => "time not recorded".to_owned(),
        };
        let source = paint.column(Role::Quiet, evidence.source.as_str(), 10);
        _ = writeln!(out, "{time:<19}  {source} {}", paint.foreign(Role::Quiet, &evidence.text));
    }
    out
}

fn meaning(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Observed => "seen on the stream or in a read",
        Certainty::Executed => "the platform recorded it",
        Certainty::Static => "what the flow can do, not what it did",
        Certainty::Unknown => "nothing read so far shows it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_evidence_are_as_people_read_them() {
        let zone = TimeZone::get("Europe/Dublin").expect("a zone");
        assert_eq!(local("2026-07-20T12:00:11.596Z", &zone), "2026-07-20 13:00:11");
        assert_eq!(local("some day", &zone), "some day");
    }
}
