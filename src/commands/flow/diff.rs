//! `sidetone flow diff`: what another version of a flow sets and reads differently.

use super::{load, read};
use crate::{
    commands::{
        Context,
        ansi::{Ansi, Role},
        lookup, stdout,
    },
    exit::Exit,
    flow::{
        diff::{Difference, KeyPlace, Surety, diff},
        model::Flow,
    },
    genesys::{Client, client::Priority},
    ndjson,
};
use clap::Args;
use serde_json::{Value, json};
use std::{fmt::Write as _, io::Write as _, path::Path};

/// Options of `flow diff`.
#[derive(Args, Debug)]
pub struct DiffArgs {
    /// The version before: a file, or FLOW@VERSION (FLOW@latest for the one saved last)
    #[arg(value_name = "A")]
    before: String,
    /// The version after: a file, or FLOW@VERSION of the organization
    #[arg(value_name = "B")]
    after: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) const HELP: &str = "\
Keys set and read that appeared, vanished or became conditional, and on which paths. A file wins over a live flow of the same name.

  sidetone flow diff old.yaml new.yaml
  sidetone flow diff MainIVR@42 MainIVR@43

Exit codes: 0 every key that A always set, B always sets; 6 one of them is not always set in B.";

/// Compares.
pub async fn run(args: DiffArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut client = None;
    let before = side(&args.before, context, &mut client).await?;
    let after = side(&args.after, context, &mut client).await?;
    for (name, flow) in [(&args.before, &before), (&args.after, &after)] {
        if let Some(doubt) = flow.doubts().first() {
            let what = format!("{name}: {doubt}, so what it always sets is not known");
            return Err(Exit::Usage.because(what).remedy("correct that place in the file").into());
        }
    }
    let found = diff(&before, &after);
    let lost = found.iter().any(Difference::is_loss);
    let out = if args.json {
        let object = json!({
            "before": args.before,
            "after": args.after,
            "differences": found.iter().map(object).collect::<Vec<_>>(),
        });
        let mut line = Vec::new();
        ndjson::write(&mut line, &object)?;
        line
    } else {
        text(&found, Ansi::of(context)).into_bytes()
    };
    stdout().write_all(&out)?;
    Ok(if lost { Exit::Unmet } else { Exit::Done })
}

/// A file, or a version of a flow of the organization.
async fn side(name: &str, context: &Context, client: &mut Option<Client>) -> anyhow::Result<Flow> {
    let file = Path::new(name);
    let Some((flow, version)) = name.rsplit_once('@').filter(|_| !file.exists() && name != "-") else {
        // A name without a version, most likely.
        if !file.exists() && name != "-" && file.extension().is_none() && file.components().count() == 1 {
            return Err(Exit::Usage
                .because(format!("there is no file {name:?}"))
                .remedy(format!("of a flow of the organization, name the version: {name}@42, or {name}@latest"))
                .into());
        }
        return load(file);
    };
    if client.is_none() {
        *client = Some(lookup::client(&context.settings()?)?);
    }
    let client = client.as_ref().expect("it was just made");
    let flows = client.flows(None).await?;
    let chosen = flows.iter().find(|known| known.id == flow).or_else(|| {
        let mut named = flows.iter().filter(|known| known.name.eq_ignore_ascii_case(flow));
        named.next().filter(|_| named.next().is_none())
    });
    let Some(chosen) = chosen else {
        return Err(Exit::NotFound
            .because(format!("there is no file {name:?}, and no one flow of the organization is called {flow:?}"))
            .remedy("name a file, or FLOW@VERSION with the flow's name or id")
            .into());
    };
    let body = match version {
        "latest" => client.flow_configuration(&chosen.id).await?,
        // The platform writes versions as 42.0; people say 42.
        _ if version.starts_with(|c: char| c.is_ascii_digit()) => {
            let version = if version.contains('.') { version.to_owned() } else { format!("{version}.0") };
            client.version_configuration(&chosen.id, &version, Priority::Interactive).await?
        }
        _ => {
            let what = format!("{name}: {version:?} is no version of a flow");
            return Err(Exit::Usage
                .because(what)
                .remedy("write FLOW@42, or FLOW@latest for the one that was saved last")
                .into());
        }
    };
    let text = String::from_utf8(body)
        .map_err(|_| Exit::Failed.because(format!("the configuration of {name} is not text")))?;
    read(&text, name)
}

fn object(one: &Difference) -> Value {
    let places = |places: &[KeyPlace]| -> Vec<Value> {
        places.iter().map(|place| json!({"action": place.action, "path": place.path, "value": place.value})).collect()
    };
    json!({
        "key": one.key,
        "does": one.does.word(),
        "before": one.before.word(),
        "after": one.after.word(),
        "lost": one.is_loss(),
        "gone": places(&one.gone),
        "new": places(&one.new),
    })
}

/// `always set`, `set on some paths`.
fn surely(surety: Surety, one: &Difference) -> String {
    let does = one.does.word();
    match surety {
        Surety::Always => format!("always {does}"),
        Surety::Sometimes => format!("{does} on some paths"),
        Surety::Never => format!("not {does}"),
    }
}

/// The same actions in the same places: only the values differ.
fn same_places(one: &Difference) -> bool {
    let places = |list: &[KeyPlace]| {
        let mut all: Vec<_> = list.iter().map(|place| (place.action.clone(), place.path.clone())).collect();
        all.sort();
        all
    };
    !one.gone.is_empty() && places(&one.gone) == places(&one.new)
}

fn text(found: &[Difference], paint: Ansi) -> String {
    if found.is_empty() {
        return "Both set and read the same keys on the same paths.\n".to_owned();
    }
    let mut out = String::new();
    for one in found {
        let what = match (one.before, one.after) {
            (before, after) if before == after => {
                let how = match () {
                    () if same_places(one) => "with another value",
                    () if one.gone.is_empty() => "in more places",
                    () if one.new.is_empty() => "in fewer places",
                    () => "elsewhere",
                };
                format!("still {}, {how}", surely(after, one))
            }
            (Surety::Never, after) => format!("now {}", surely(after, one)),
            (_, Surety::Never) => format!("no longer {}", one.does.word()),
            (before, after) => format!("was {}, now {}", surely(before, one), surely(after, one)),
        };
        let role = if one.is_loss() { Role::Bad } else { Role::Quiet };
        // Writing to a String cannot fail.
        _ = writeln!(out, "{} {}", paint.column(Role::Name, &one.key, 28), paint.own(role, &what));
        for (mark, places) in [("-", &one.gone), ("+", &one.new)] {
            for place in places {
                let value = if place.value.is_empty() { String::new() } else { format!(" = {}", place.value) };
                let line = format!("{} ({}){value}", place.action, place.path);
                _ = writeln!(out, "  {mark} {}", paint.foreign(Role::Quiet, &line));
            }
        }
    }
    out
}
