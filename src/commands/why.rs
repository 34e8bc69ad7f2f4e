//! `sidetone why`: why a key is there, missing or changed on a call.

mod gather;

use super::{
    Context,
    ansi::{Paint, Role},
    lookup, note, stdout,
};
use crate::{
    exit::Exit,
    genesys::discover::conversation_id,
    ndjson,
    why::{Answer, Call, Certainty, Question, Verdict, explain},
};
use clap::Args;
use std::{fmt::Write as _, io::Write as _};

/// Options of `why`.
#[derive(Args, Debug)]
pub struct WhyArgs {
    /// The conversation, live or ended: its id, or the address of its page in the admin interface
    #[arg(value_name = "CONVERSATION")]
    conversation: String,
    /// The key, verbatim; without it, one line for each key and participant
    #[arg(value_name = "KEY")]
    key: Option<String>,
    /// The participant that should carry the key, by purpose or id
    #[arg(long, value_name = "P", default_value = "customer")]
    on: String,
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
    let gathered = gather::flows(&client, conversation).await;
    gathered.notes.iter().for_each(note);
    let call = Call { conversation, changes: &[], flows: &gathered.flows };
    let paint = Paint::of(context);
    let mut out = stdout();
    if let Some(key) = args.key {
        let answer = explain(&Question { key, on: args.on }, &call);
        out.write_all(&if args.json { line(&answer)? } else { text(&answer, paint).into_bytes() })?;
        return Ok(if answer.verdict == Verdict::Present { Exit::Done } else { Exit::Unmet });
    }
    for participant in &conversation.participants {
        for attribute in participant.attributes.iter() {
            let on = participant.id.as_str().to_owned();
            let answer = explain(&Question { key: attribute.key.to_string(), on }, &call);
            if args.json {
                out.write_all(&line(&answer)?)?;
                continue;
            }
            let purpose = paint.column(Role::Quiet, participant.purpose.as_str(), 10);
            writeln!(out, "{purpose} {}", paint.foreign(Role::Name, &answer.cause))?;
        }
    }
    Ok(Exit::Done)
}

fn line(answer: &Answer) -> anyhow::Result<Vec<u8>> {
    let mut out = Vec::new();
    ndjson::write(&mut out, answer)?;
    Ok(out)
}

/// The answer first, then the way, then what it rests on.
fn text(answer: &Answer, paint: Paint) -> String {
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
        _ = writeln!(out, "\n{}", paint.own(Role::Quiet, "way to the action that sets it"));
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
        let time = evidence.time.as_deref().unwrap_or("at any time");
        let source = paint.column(Role::Quiet, evidence.source.as_str(), 10);
        _ = writeln!(out, "{time:<24}  {source} {}", paint.foreign(Role::Quiet, &evidence.text));
    }
    out
}

fn meaning(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Observed => "seen on the stream or in a read",
        Certainty::Executed => "the platform recorded it",
        Certainty::Static => "what the flow can do, not what it did",
        Certainty::Unknown => "nothing that could be read says so",
    }
}
