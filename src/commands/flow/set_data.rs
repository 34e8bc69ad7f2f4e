//! `sidetone flow set-data`: inserts an action, touching nothing else.

use crate::{
    commands::{note, stdout},
    domain::text::{visible, visible_lines},
    exit::Exit,
    flow::{
        edit::{EditOutcome, EditRefusal, SetData, diff, set_data, value},
        model::{FlowFileForm, Operand},
        open,
    },
};
use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use std::{
    io::Write,
    path::{Path, PathBuf},
};

pub const HELP: &str = "\
VALUE is an Architect expression when it is quoted (\"gold\"), begins with a variable's scope (Flow.Tier) or calls a \
function (Append(…)); otherwise it is the text itself. --literal and --expression settle it.

The file is changed in place; everything but the new action and the links to it stays byte for byte as it is. Doing it \
twice changes nothing the second time.

A live flow is not changed: PUT /api/v2/flows/{id} takes name, description and division only. Publish Archy YAML with \
'archy publish --file FILE'.";

/// Options of `flow set-data`.
#[derive(Args, Debug)]
pub struct SetDataArgs {
    /// The flow file; - reads stdin and writes the result to stdout
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The attribute to set, verbatim
    #[arg(long, value_name = "KEY")]
    pub key: String,
    /// Its value
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    pub value: String,
    /// Insert behind this action, by id, tracking number or name; else at the start of the flow
    #[arg(long, value_name = "ACTION")]
    pub after: Option<String>,
    /// Insert although the flow sets the key elsewhere
    #[arg(long)]
    pub again: bool,
    /// Take VALUE as the text itself
    #[arg(long, conflicts_with = "expression")]
    pub literal: bool,
    /// Take VALUE as an Architect expression
    #[arg(long)]
    pub expression: bool,
    /// Show the change as a diff instead of making it
    #[arg(long)]
    pub diff: bool,
    /// Write the result here instead of in place; - is stdout
    #[arg(long, short, value_name = "FILE", conflicts_with = "diff")]
    pub output: Option<PathBuf>,
    /// Print the outcome as one JSON object
    #[arg(long)]
    pub json: bool,
}

pub fn run(args: SetDataArgs) -> anyhow::Result<Exit> {
    let text = super::text(&args.file)?;
    let wanted = SetData {
        key: &args.key,
        value: match (args.literal, args.expression) {
            (true, _) => Operand::Literal(args.value.clone()),
            (_, true) => Operand::expression(&args.value),
            _ => value(&args.value),
        },
        after: args.after.as_deref(),
        again: args.again,
    };
    let outcome = set_data(&text, &wanted).map_err(|refusal| {
        let exit = if matches!(refusal, EditRefusal::NoAction(_)) { Exit::NotFound } else { Exit::Usage };
        exit.because(format!("{}: {}", args.file.display(), visible_lines(&refusal.to_string())))
    })?;
    let (new, id, notes, already) = match &outcome {
        EditOutcome::Inserted { text, id, notes } => (text.as_str(), Some(id), notes.as_slice(), None),
        EditOutcome::Already(there) => (text.as_str(), None, [].as_slice(), Some(there)),
    };
    let name = args.file.display().to_string();
    let stdin = args.file == Path::new("-");
    let target = args.output.clone().unwrap_or_else(|| args.file.clone());
    let to_stdout = target == Path::new("-");
    let changed = if args.diff { diff(&text, new, &name) } else { String::new() };
    let mut out = stdout();
    let mut written = false;
    if args.diff {
        if !args.json {
            write!(out, "{}", visible_lines(&changed))?;
        }
    } else if to_stdout {
        if !args.json {
            out.write_all(new.as_bytes())?;
        }
    } else if id.is_some() || args.output.is_some() || stdin {
        replace(&target, new)?;
        written = true;
    }
    if args.json {
        let mut object = json!({
            "outcome": if id.is_some() { "inserted" } else { "already" },
            "action": id,
            "key": args.key,
            "value": wanted.value.text(),
            "how": wanted.value.how(),
            "written": written,
            "notes": notes,
        });
        if let Some(there) = already {
            object["there"] = json!(there);
        }
        if args.diff {
            object["diff"] = json!(changed);
        }
        if to_stdout && !args.diff {
            object["text"] = json!(new);
        }
        crate::ndjson::print(&mut out, &object)?;
    }
    drop(out);
    match (already, id) {
        (Some(there), _) => note(format_args!("nothing to do: {} sets it already", visible(there))),
        (None, Some(id)) if !args.json => {
            let what = match &wanted.value {
                Operand::Literal(text) => format!("the text {text:?}"),
                other => format!("the {} {}", other.how(), other.text()),
            };
            note(format_args!("{} = {}, as {}", visible(&args.key), visible(&what), visible(id)));
            if let Ok(flow) = open(new).and_then(|document| document.read()) {
                note(live(flow.form));
            }
        }
        _ => {}
    }
    notes.iter().for_each(|remark| note(visible(remark)));
    Ok(Exit::Done)
}

/// What the edit of a file means for the organisation: nothing yet.
fn live(form: FlowFileForm) -> &'static str {
    match form {
        FlowFileForm::Archy => "no live flow was changed; 'archy publish --file FILE' publishes this file",
        FlowFileForm::Export => "no live flow was changed; import this export in Architect, and publish it there",
        FlowFileForm::Platform => {
            "no live flow was changed, and the platform does not take this JSON back (PUT /api/v2/flows/{id} changes \
             metadata only); make the same change in Architect, or in the flow's Archy YAML and publish that"
        }
        FlowFileForm::Tutorial => {
            "no live flow was changed; only tutorials use this format; the platform takes Archy YAML"
        }
    }
}

/// Replaces a file in one go, keeping its permissions.
fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    // Through a link, the file it leads to.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let context = || format!("writing {}", path.display());
    let mut file = tempfile::NamedTempFile::new_in(folder).with_context(context)?;
    file.write_all(text.as_bytes()).with_context(context)?;
    if let Ok(old) = std::fs::metadata(&path) {
        file.as_file().set_permissions(old.permissions()).with_context(context)?;
    }
    file.persist(&path).with_context(context)?;
    Ok(())
}
