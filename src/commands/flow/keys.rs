//! `sidetone flow keys`: what a flow sets and reads.

use super::{expectations, load};
use crate::flow::{keys::Keys, model::Remark};
use crate::{
    commands::{
        Context,
        ansi::{Ansi, Role},
        note, stdout,
    },
    exit::Exit,
    flow::{
        keys::{SetWhen, Use, keys},
        model::{Flow, Operand, display_name},
    },
    ndjson,
};
use clap::Args;
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};
use std::{io::Write, path::PathBuf};

/// Options of `flow keys`.
#[derive(Args, Debug)]
pub struct KeysArgs {
    /// The flow: latestconfiguration JSON, Architect export, Archy YAML or tutorial JSON; - reads stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON object
    #[arg(long, conflicts_with = "expect")]
    pub json: bool,
    /// Print an expectation file (TOML) for 'check --expect' and 'flow simulate --expect'
    #[arg(long)]
    pub expect: bool,
}

pub fn run(args: KeysArgs, context: &Context) -> anyhow::Result<Exit> {
    let flow = load(&args.file)?;
    let found = keys(&flow);
    let mut out = stdout();
    // What is always set depends on where the flow begins, and on all of it being read.
    let doubts = flow.doubts();
    let certain = if doubts.is_empty() { Exit::Done } else { Exit::Usage };
    if let (true, Some(doubt)) = (args.expect, doubts.first()) {
        let what = format!("{}: {doubt}, so what it always sets is not known", args.file.display());
        return Err(Exit::Usage.because(what).remedy("correct that place in the file").into());
    }
    if args.expect {
        write!(out, "{}", expectations::write(&flow, &found))?;
        return Ok(Exit::Done);
    }
    let never_set: Vec<&str> = found.never_set().collect();
    let never_read: Vec<&str> = found.never_read().collect();
    if args.json {
        let modules = flow.modules.iter().zip(&found.modules);
        let report = KeysReport {
            flow: &flow.name,
            flow_type: &flow.kind,
            form: flow.form.to_string(),
            actions: flow.actions.len(),
            certain: doubts.is_empty(),
            reasons: &doubts,
            keys: ByKey { flow: &flow, keys: &found },
            computed: Uses { flow: &flow, list: &found.computed },
            read_never_set: never_set,
            set_never_read: never_read,
            differ_only_in_case: &found.case,
            remarks: remarks(&flow, &found).map(|remark| json!({"line": remark.line, "what": remark.what})).collect(),
            modules: modules
                .map(|(module, (name, keys))| OfModule {
                    name,
                    keys: ByKey { flow: &module.flow, keys },
                    computed: Uses { flow: &module.flow, list: &keys.computed },
                })
                .collect(),
        };
        let mut out = std::io::BufWriter::new(out);
        ndjson::stream(&mut out, &report)?;
        out.flush()?;
        return Ok(certain);
    }
    let paint = Ansi::of(context);
    let title = if flow.name.is_empty() { "unnamed flow" } else { &flow.name };
    let kind = if flow.kind.is_empty() { String::new() } else { format!("{}, ", flow.kind) };
    writeln!(
        out,
        "{} ({}{}): {}, {}",
        paint.foreign(Role::Name, title),
        paint.foreign(Role::Quiet, &kind),
        flow.form,
        count(flow.actions.len(), "action"),
        count(found.by_key.len(), "key"),
    )?;
    for (key, all) in &found.by_key {
        writeln!(out, "\n{}", paint.foreign(Role::Name, key))?;
        for (verb, one) in all.set.iter().map(|one| ("set ", one)).chain(all.read.iter().map(|one| ("read", one))) {
            line(&mut out, paint, &flow, verb, one)?;
        }
    }
    if !found.computed.is_empty() {
        writeln!(out, "\n{}", paint.own(Role::Warning, "keys that are known only in a run"))?;
        for one in &found.computed {
            let verb = if one.value.is_some() { "set " } else { "read" };
            line(&mut out, paint, &flow, verb, one)?;
        }
    }
    for (module, (name, keys)) in flow.modules.iter().zip(&found.modules) {
        let title = format!("common module {name}");
        writeln!(out, "\n{}", paint.foreign(Role::Quiet, &title))?;
        for (key, all) in &keys.by_key {
            writeln!(out, "{}", paint.foreign(Role::Name, key))?;
            for (verb, one) in all.set.iter().map(|one| ("set ", one)).chain(all.read.iter().map(|one| ("read", one))) {
                line(&mut out, paint, &module.flow, verb, one)?;
            }
        }
        for one in &keys.computed {
            line(&mut out, paint, &module.flow, if one.value.is_some() { "set " } else { "read" }, one)?;
        }
        if keys.by_key.is_empty() && keys.computed.is_empty() {
            writeln!(out, "  {}", paint.own(Role::Quiet, "no participant data"))?;
        }
    }
    let mut lists = Vec::new();
    let joined = |list: &[&str]| list.join(", ");
    lists.push(("read, never set here", joined(&never_set)));
    lists.push(("set, never read here", joined(&never_read)));
    lists
        .push(("differ only in case", found.case.iter().map(|group| group.join(" / ")).collect::<Vec<_>>().join(", ")));
    lists.retain(|(_, list)| !list.is_empty());
    if !lists.is_empty() {
        writeln!(out)?;
    }
    for (name, list) in lists {
        writeln!(out, "{} {}", paint.column(Role::Quiet, name, 22), paint.foreign(Role::Name, &list))?;
    }
    if let Some(doubt) = &flow.start_doubt {
        let last = format!("not certain: when each key is set, because {doubt}");
        writeln!(out, "\n{}", paint.foreign(Role::Warning, &last))?;
    }
    if let Some(first) = flow.doubtful.first() {
        let last = format!("not certain: when each key is set, because {} (line {})", first.what, first.line);
        writeln!(out, "\n{}", paint.foreign(Role::Warning, &last))?;
    }
    if !flow.unread.is_empty() {
        let parts = count(flow.unread.len(), "part");
        let last =
            format!("not certain: whether these are all keys, because {parts} of the file cannot be read (below)");
        writeln!(out, "\n{}", paint.own(Role::Warning, &last))?;
    }
    drop(out);
    for remark in remarks(&flow, &found) {
        note(format_args!("line {}: {}", remark.line, crate::domain::text::visible(&remark.what)));
    }
    Ok(certain)
}

/// What is odd about the file, and what to know about its keys.
fn remarks<'a>(flow: &'a Flow, found: &'a Keys) -> impl Iterator<Item = &'a Remark> {
    flow.remarks.iter().chain(&found.remarks)
}

/// What `--json` prints, written piece by piece: the list of a large flow is larger than the flow.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeysReport<'a> {
    flow: &'a str,
    flow_type: &'a str,
    form: String,
    actions: usize,
    /// Whether these are all keys, and `when` is so.
    certain: bool,
    reasons: &'a [String],
    keys: ByKey<'a>,
    computed: Uses<'a>,
    read_never_set: Vec<&'a str>,
    set_never_read: Vec<&'a str>,
    differ_only_in_case: &'a [Vec<String>],
    remarks: Vec<Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    modules: Vec<OfModule<'a>>,
}

/// What a common module does.
#[derive(Serialize)]
struct OfModule<'a> {
    name: &'a str,
    keys: ByKey<'a>,
    computed: Uses<'a>,
}

struct ByKey<'a> {
    flow: &'a Flow,
    keys: &'a Keys,
}

impl Serialize for ByKey<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let uses = |list| Uses { flow: self.flow, list };
        serializer.collect_seq(self.keys.by_key.iter().map(|(key, all)| OfKey {
            key,
            set: uses(&all.set),
            read: uses(&all.read),
        }))
    }
}

#[derive(Serialize)]
struct OfKey<'a> {
    key: &'a str,
    set: Uses<'a>,
    read: Uses<'a>,
}

struct Uses<'a> {
    flow: &'a Flow,
    list: &'a [Use],
}

impl Serialize for Uses<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.list.iter().map(|one| told(self.flow, one)))
    }
}

fn line(out: &mut impl Write, paint: Ansi, flow: &Flow, verb: &str, one: &Use) -> std::io::Result<()> {
    let action = &flow.actions[one.action];
    let mut what = match (&one.value, &one.into) {
        (Some(Operand::Literal(text)), _) => format!("{text:?}"),
        (Some(Operand::Unset | Operand::NotSet), _) => "not set".to_owned(),
        (Some(other), _) => format!("{} {}", other.how(), other.text()),
        (None, Some(into)) if !into.is_empty() => format!("into {into}"),
        (None, _) => String::new(),
    };
    if let Some(key) = &one.key {
        let text = if matches!(**key, Operand::Unset) { "(no name)" } else { key.text() };
        what = format!("{text} = {what}");
    }
    if let Some(conversation) = &one.conversation {
        what.push_str(&format!(" (conversation {})", conversation.text()));
    }
    // What leads there may be what is not read.
    let when = if one.when == SetWhen::Never && !flow.is_certain() { "unreachable?" } else { one.when.word() };
    writeln!(
        out,
        "  {verb} {} {} {}  {}",
        paint.column(Role::Quiet, &action.id, 8),
        paint.column(Role::Quiet, when, 11),
        paint.column(Role::Fresh, &what, 32),
        paint.foreign(Role::Quiet, &format!("{} › {}", one.path, display_name(action))),
    )
}

fn told(flow: &Flow, one: &Use) -> Json {
    let action = &flow.actions[one.action];
    let mut object = json!({
        "action": action.id,
        "name": action.name,
        "type": action.type_name,
        "line": action.line,
        "path": &*one.path,
        "when": one.when.word(),
    });
    if let Some(key) = &one.key {
        object["key"] = json!(key.text());
        object["keyHow"] = json!(key.how());
    }
    if let Some(value) = &one.value {
        object["how"] = json!(value.how());
        object["kind"] = json!(value.word());
        object["value"] =
            if matches!(value, Operand::Unset | Operand::NotSet) { Json::Null } else { json!(value.text()) };
    }
    if let Some(into) = &one.into {
        object["into"] = json!(into);
    }
    if let Some(conversation) = &one.conversation {
        object["conversation"] = json!(conversation.text());
    }
    if let Some(transfer) = one.behind {
        object["onlyIfFails"] = json!(display_name(&flow.actions[transfer]));
    }
    object
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
