//! `sidetone flow simulate`: runs a flow here and tells each step.

use super::{
    judge::{FlowFinding, judge},
    load,
};
use crate::{
    commands::{
        Context,
        ansi::{Ansi, Role},
        expectations, note, stdout,
    },
    domain::text::visible,
    exit::Exit,
    flow::{
        input::{DataActionAnswer, Inputs},
        model::{Flow, FlowFileForm, display_name},
        run::{ActionRun, End, Run, STEP_LIMIT},
        value::Val,
    },
    ndjson,
};
use clap::Args;
use serde_json::{Map, Value as Json, json};
use std::{io::Write, path::PathBuf, sync::Arc};

pub const HELP: &str = "\
The run happens on this machine. The platform has no endpoint that simulates flows, and what this program cannot know it \
does not guess: such values stay unknown, with the reason, and where one decides the way, the run stops and says what to \
give it.

--input takes {\"attributes\":{…},\"variables\":{…},\"digits\":[…],\"dataActions\":{…},\"choose\":{…}}. Single values beside \
these are variables when their name has a scope (Flow.Tier, Call.Ani), attributes when it has none. A variable that is given \
here is also what an action left in it whose result is not known.

Exits with 0 when the flow came to an end and all that it set is known, 6 when --expect was not met, 2 when something is \
missing or not certain, 1 when the flow runs in a circle or leads to an action that it does not have.";

/// Options of `flow simulate`.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The flow: latestconfiguration JSON, Architect export, Archy YAML or tutorial JSON; - reads stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What the flow starts with: JSON, or a file with it
    #[arg(long, value_name = "JSON|FILE")]
    pub input: Option<String>,
    /// What a data action or table answers; may be repeated, for later calls too
    #[arg(long, value_name = "NAME=JSON|timeout|error|notFound")]
    pub data_action: Vec<String>,
    /// Keys the caller presses, one for each menu; entered digits, one text for each question
    #[arg(long, value_name = "KEYS", allow_hyphen_values = true)]
    pub press: Vec<String>,
    /// The output to take of an action; may be repeated, for later rounds too
    #[arg(long, value_name = "ACTION=OUTPUT")]
    pub choose: Vec<String>,
    /// A flow that this one calls, such as a common module; may be repeated
    #[arg(long, value_name = "FILE")]
    pub module: Vec<PathBuf>,
    /// Judge the attributes at the end by this expectation file
    #[arg(long, value_name = "FILE")]
    pub expect: Option<PathBuf>,
    /// Print one JSON object a line: the steps, the findings, the end
    #[arg(long)]
    pub json: bool,
    /// End after so many steps
    #[arg(long, value_name = "N", default_value_t = STEP_LIMIT)]
    pub max_steps: usize,
}

pub fn run(args: SimulateArgs, context: &Context) -> anyhow::Result<Exit> {
    let mut inputs = inputs(&args)?;
    for file in &args.module {
        let module = load(file)?;
        called(&module, &inputs.modules).map_err(|what| {
            let what = format!("--module {}: {what}", file.display());
            Exit::Usage.because(what).remedy("give the file of each common module that the flow calls, once")
        })?;
        inputs.modules.push(Arc::new(module));
    }
    let expectations = args.expect.as_deref().map(expectations::load).transpose()?.unwrap_or_default();
    let text = super::text(&args.file)?;
    let flow = Arc::new(super::read(&text, &args.file.display().to_string())?);
    // What an export says is packed.
    let text = if flow.form == FlowFileForm::Export { String::new() } else { text.to_lowercase() };
    let mut run = Run::new(flow, inputs).limited(args.max_steps);
    if let Some(wrong) = run.wrong_inputs().first() {
        return Err(Exit::Usage
            .because(format!("--input: {wrong}"))
            .remedy("give a value of that type, or null for one that is not set")
            .into());
    }
    // Hand-written flows use variables that they do not declare.
    let unknown = run.undeclared_inputs().find(|name| !text.contains(&name.to_lowercase()));
    if let Some(name) = unknown {
        let remedy = "spell it as the flow does; give attributes without a scope, or under \"attributes\"";
        return Err(Exit::Usage
            .because(format!("--input: no variable of this flow is called {name}"))
            .remedy(remedy)
            .into());
    }
    drop(text);
    for remark in &run.flow().remarks {
        note(format_args!("line {}: {}", remark.line, visible(&remark.what)));
    }
    for name in run.unknown_inputs() {
        note(format_args!("no action of this flow is called {}", visible(&name)));
    }
    let paint = Ansi::of(context);
    let mut out = std::io::BufWriter::new(stdout());
    while let Some(step) = run.step() {
        if args.json {
            ndjson::print(&mut out, &step_json(&run, &step))?;
        } else {
            tell(&mut out, paint, &run, &step)?;
        }
    }
    let end = run.end().cloned().unwrap_or(End::Finished);
    let attributes: Vec<(&str, &Val)> = run.attributes().collect();
    if args.json {
        ndjson::print(&mut out, &end_json(&run, &end, &attributes))?;
    } else {
        writeln!(out, "\n{}", paint.foreign(if end.complete() { Role::Good } else { Role::Bad }, &end.to_string()))?;
        writeln!(out, "attributes of the customer participant:{}", if attributes.is_empty() { " none" } else { "" })?;
        for (key, value) in &attributes {
            let role = if matches!(value, Val::Unknown(_)) { Role::Warning } else { Role::Fresh };
            writeln!(out, "  {} {}", paint.column(Role::Name, key, 24), paint.foreign(role, &short(value)))?;
        }
    }
    run.left_over().iter().for_each(|left| note(visible(left)));
    let doubts = run.doubts();
    let mut exit = match &end {
        End::Cycle(_) | End::Limit(_) | End::Astray { .. } => Exit::Failed,
        End::Needs(_) | End::Undecided(_) => Exit::Usage,
        _ if !doubts.is_empty() => Exit::Usage,
        _ => Exit::Done,
    };
    if args.expect.is_some() && end.complete() {
        let (findings, skipped) = judge(&run, &end, &expectations);
        for finding in &findings {
            if args.json {
                ndjson::print(&mut out, &finding.json())?;
            } else {
                finding.tell(&mut out, paint)?;
            }
        }
        if findings.iter().any(|finding| finding.is_error()) {
            exit = Exit::Unmet;
        } else if findings.iter().any(FlowFinding::is_undecided) {
            exit = Exit::Usage;
        } else if skipped == expectations.len() {
            // What judged nothing has not passed.
            exit = Exit::Usage;
            note("no expectation was judged");
        } else if !args.json {
            writeln!(out, "{}", paint.own(Role::Good, &format!("{} met", expectations.len() - skipped)))?;
        }
        if skipped > 0 {
            note(format_args!(
                "{skipped} of {} expectations are about another participant, a later moment or other calls, so this run says \
                 nothing about them",
                expectations.len()
            ));
        }
    }
    let last = match end.complete() {
        true if doubts.is_empty() => None,
        true => Some(format!("not certain: {}", doubts.join("; "))),
        false => Some("not certain: the flow was not run to its end".to_owned()),
    };
    if let Some(last) = &last
        && !args.json
    {
        writeln!(out, "{}", paint.foreign(Role::Warning, last))?;
    }
    out.flush()?;
    drop(out);
    if args.json && !end.complete() {
        note(visible(&end.to_string()));
    } else if let (true, Some(last)) = (args.json, last) {
        note(visible(&last));
    }
    Ok(exit)
}

/// Refuses a module that no flow can call, and a second one of a name.
fn called(module: &Flow, others: &[Arc<Flow>]) -> Result<(), String> {
    let kind = module.kind.to_lowercase();
    let callable = kind.is_empty() || ["module", "bot"].iter().any(|word| kind.contains(word));
    if !callable {
        return Err(format!("it is a flow of the kind {}, and only common modules and bots are called", module.kind));
    }
    let same = |other: &&Arc<Flow>| other.name.eq_ignore_ascii_case(&module.name);
    match others.iter().find(same) {
        Some(_) => Err(format!("another of these files is called {} as well", module.name)),
        None => Ok(()),
    }
}

fn inputs(args: &SimulateArgs) -> anyhow::Result<Inputs> {
    let usage = |what: String| Exit::Usage.because(what);
    let mut inputs = match &args.input {
        None => Inputs::default(),
        Some(text) if text.trim_start().starts_with(['{', '[']) => {
            Inputs::from_json(text).map_err(|error| usage(format!("--input: {error}")))?
        }
        Some(file) => {
            let text = super::text(file.as_ref())?;
            Inputs::from_json(&text).map_err(|error| usage(format!("{file}: {error}")))?
        }
    };
    inputs.digits.extend(args.press.iter().cloned());
    for given in &args.data_action {
        let (name, answer) = given
            .split_once('=')
            .ok_or_else(|| usage(format!("--data-action {given}: NAME=JSON, NAME=timeout or NAME=error is needed")))?;
        let answer =
            DataActionAnswer::parse(answer).map_err(|error| usage(format!("--data-action {name}: {error}")))?;
        inputs.lookups.push((name.to_owned(), answer));
    }
    for given in &args.choose {
        let (name, output) =
            given.split_once('=').ok_or_else(|| usage(format!("--choose {given}: ACTION=OUTPUT is needed")))?;
        inputs.choose.push((name.to_owned(), output.to_owned()));
    }
    Ok(inputs)
}

fn tell(out: &mut impl Write, paint: Ansi, run: &Run, step: &ActionRun) -> std::io::Result<()> {
    let action = &run.flow().actions[step.action];
    let mut facts: Vec<(Role, String)> = Vec::new();
    if let Some(output) = &step.output {
        facts.push((Role::Quiet, format!("{} {output}", paint.arrow())));
    }
    for one in &step.read {
        let key = one.key.as_deref().unwrap_or("?");
        facts.push((Role::Quiet, format!("{} = {key}: {}", one.into, short(&one.value))));
    }
    for (name, value) in &step.assigned {
        facts.push((Role::Quiet, format!("{name} = {}", short(value))));
    }
    for one in &step.set {
        let role = if matches!(one.value, Val::Unknown(_)) { Role::Warning } else { Role::Fresh };
        let old = one
            .old
            .as_ref()
            .filter(|old| **old != one.value)
            .map_or(String::new(), |old| format!(" (was {})", short(old)));
        facts.push((role, format!("set {} = {}{old}", one.key.as_deref().unwrap_or("?"), short(&one.value))));
    }
    facts.extend(step.notes.iter().map(|remark| (Role::Warning, remark.clone())));
    let mark = if step.interpreted { " " } else { "?" };
    write!(out, "{:>4}{mark} {} ", step.number, paint.column(Role::Name, display_name(action), 28))?;
    match facts.split_first() {
        None => writeln!(out, "{}", paint.foreign(Role::Quiet, &action.type_name)),
        Some(((role, first), rest)) => {
            writeln!(out, "{}", paint.foreign(*role, first))?;
            rest.iter().try_for_each(|(role, fact)| writeln!(out, "{:35}{}", "", paint.foreign(*role, fact)))
        }
    }
}

/// A value for people: one that fills screens is cut, and says how long it is. `--json` has all of it.
fn short(value: &Val) -> String {
    const SHOWN: usize = 1_000;
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}… ({} characters)", &text[..at], text.chars().count()),
        None => text,
    }
}

/// Values by name; what is unevaluated stands apart, with the reason.
fn split<'a>(values: impl Iterator<Item = (&'a str, &'a Val)>) -> (Map<String, Json>, Map<String, Json>) {
    let (mut known, mut unknown) = (Map::new(), Map::new());
    for (name, value) in values {
        match value {
            Val::Unknown(why) => _ = unknown.insert(name.to_owned(), json!(why.text())),
            Val::NotSet => _ = known.insert(name.to_owned(), Json::Null),
            Val::Data(data) => _ = known.insert(name.to_owned(), data.clone()),
            other => _ = known.insert(name.to_owned(), json!(other.to_string())),
        }
    }
    (known, unknown)
}

fn step_json(run: &Run, step: &ActionRun) -> Json {
    let action = &run.flow().actions[step.action];
    let set = step.set.iter().map(|one| (one.key.as_deref().unwrap_or("?"), &one.value));
    let read = step.read.iter().map(|one| (one.key.as_deref().unwrap_or("?"), &one.value));
    let ((set, set_unknown), (read, read_unknown)) = (split(set), split(read));
    let (assigned, assigned_unknown) = split(step.assigned.iter().map(|(name, value)| (name.as_str(), value)));
    let mut unevaluated = set_unknown;
    unevaluated.extend(read_unknown);
    unevaluated.extend(assigned_unknown);
    json!({
        "type": "step",
        "step": step.number,
        "action": action.id,
        "name": action.name,
        "actionType": action.type_name,
        "line": action.line,
        "output": step.output,
        "set": set,
        "read": read,
        "assigned": assigned,
        "unevaluated": unevaluated,
        "interpreted": step.interpreted,
        "notes": step.notes,
    })
}

fn end_json(run: &Run, end: &End, attributes: &[(&str, &Val)]) -> Json {
    let (known, unevaluated) = split(attributes.iter().copied());
    let to = match end {
        End::Transferred(to) => Some(to),
        _ => None,
    };
    json!({
        "type": "end",
        "flow": run.flow().name,
        "outcome": end.word(),
        "to": to,
        "message": end.to_string(),
        "attributes": known,
        "unevaluated": unevaluated,
        "certain": run.doubts().is_empty(),
        "reasons": run.doubts(),
    })
}
