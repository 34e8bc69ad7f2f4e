//! `sidetone store`: what the history store keeps, and letting go of it.

mod show;

use super::{Context, note, stdout};
use crate::{
    config::{self, HistorySettings, StoreLocation, own_private},
    exit::{Exit, Failure},
    format::csv::Table,
    genesys::discover::conversation_id,
    ndjson,
    store::{Location, Store, StoreError, record::CallRecord, since::rfc3339},
};
use clap::{Args, Subcommand};
use std::{
    io::{self, Write},
    ops::ControlFlow,
    path::Path,
};

/// Which history store.
#[derive(Args, Clone, Debug, Default)]
pub struct StoreOption {
    /// The history store: a SQLite file, or postgres://…; without it, as [store] says, else one in the state directory
    #[arg(long, value_name = "PATH|URL")]
    store: Option<String>,
}

/// Options of `store`.
#[derive(Args, Debug)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Subcommand, Debug)]
enum StoreCommand {
    /// Say where it is and how much it keeps
    Info {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreOption,
    },
    /// Remove calls older than a number of days
    Prune {
        /// Days that stay; without it, [store] keep_days (90)
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(0..=36_500))]
        keep_days: Option<i64>,
        /// Remove every call, as --keep-days 0 asks for
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        store: StoreOption,
    },
    /// Show what is kept of one conversation
    Show {
        /// The conversation: its id, or the address of its page in the admin interface
        #[arg(value_name = "CONVERSATION")]
        conversation: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        store: StoreOption,
    },
    /// Remove one conversation
    Forget {
        /// The conversation: its id, or the address of its page in the admin interface
        #[arg(value_name = "CONVERSATION")]
        conversation: String,
        #[command(flatten)]
        store: StoreOption,
    },
    /// Print every key of every call as CSV, for DuckDB, ClickHouse and the like
    Export {
        #[command(flatten)]
        store: StoreOption,
    },
}

/// The variable that holds the password of a server.
const PASSWORD: &str = "SIDETONE_STORE_PASSWORD";

impl StoreOption {
    /// The store that another option of the command names.
    pub(super) fn named(store: Option<String>) -> Self {
        Self { store }
    }

    /// Whether the command line names one.
    pub(super) fn is_named(&self) -> bool {
        self.store.is_some()
    }

    /// Where it is: as the option says, else the configuration, else the file in the state directory.
    pub(crate) fn location(&self, context: &Context) -> Result<Location, Failure> {
        match &self.store {
            // Then a configuration that does not read is nobody's trouble.
            Some(text) => signed_in(place_named(text)?, context),
            None => self.place(context, &context.settings()?.history),
        }
    }

    /// As [`Self::location`], with settings that were read.
    pub(crate) fn place(&self, context: &Context, history: &HistorySettings) -> Result<Location, Failure> {
        if let (None, Some(StoreLocation::Url(url)), true) = (&self.store, &history.place, context.paths.config_named)
            && context.env.get(PASSWORD).is_some()
        {
            config::confirm_password(PASSWORD, url)?;
        }
        let location = match (&self.store, &history.place) {
            (Some(text), _) => place_named(text)?,
            (None, Some(StoreLocation::Url(url))) => Location::Server(url.clone()),
            (None, Some(StoreLocation::Path(path))) if path.contains(std::path::MAIN_SEPARATOR) => {
                Location::File(path.into())
            }
            (None, Some(StoreLocation::Path(name))) => Location::File(context.paths.state.join(name)),
            (None, None) => Location::File(context.paths.state.join("history.sqlite")),
        };
        signed_in(location, context)
    }

    /// Makes the state directory for a store in it.
    pub(crate) fn prepare(&self, file: &Path, context: &Context) -> Result<(), Failure> {
        if file.parent() != Some(context.paths.state.as_path()) {
            return Ok(());
        }
        own_private(&context.paths.state).map_err(|error| {
            let directory = context.paths.state.display();
            Exit::Usage
                .because(format!("the directory {directory} for {} cannot be made: {error}", file.display()))
                .remedy("name another file with --store")
        })
    }

    /// Opens a store that is there. None is a usage error: history is off until it is switched on.
    pub(crate) fn open_existing(&self, context: &Context) -> Result<Store, Failure> {
        let location = self.location(context)?;
        if let (None, Location::File(path)) = (&self.store, &location)
            && !path.exists()
        {
            return Err(Exit::Usage
                .because(format!("there is no history store; looked for {}", path.display()))
                .remedy("'sidetone collect' makes one, or name one with --store"));
        }
        Store::open_existing(&location).map_err(failure)
    }
}

/// What --store names.
fn place_named(text: &str) -> Result<Location, Failure> {
    if let Some(path) = text.strip_prefix("file:") {
        return Err(Exit::Usage
            .because(format!("--store {text}: a file is named by its path, not by an address"))
            .remedy(format!("write --store {}", path.strip_prefix("//").unwrap_or(path))));
    }
    Location::new(text).ok_or_else(|| {
        let kind = text.split("://").next().unwrap_or_default();
        Exit::Usage
            .because(format!("--store: a history store at {kind}:// is not known"))
            .remedy("it is a SQLite file, or postgres://USER@HOST/DATABASE")
    })
}

/// With the password that the environment holds for it, unless it names one of its own.
fn signed_in(location: Location, context: &Context) -> Result<Location, Failure> {
    let (Location::Server(address), Some(password)) = (&location, context.env.get(PASSWORD)) else {
        return Ok(location);
    };
    let mut url = url::Url::parse(address).map_err(|error| {
        Exit::Usage
            .because(format!("{location} is not a valid address: {error}"))
            .remedy("it is postgres://USER@HOST/DATABASE")
    })?;
    if url.password().is_none() {
        url.set_password(Some(password)).map_err(|()| {
            Exit::Usage.because(format!("{location} takes no password")).remedy("it is postgres://USER@HOST/DATABASE")
        })?;
    }
    Ok(Location::Server(url.into()))
}

/// The failure that ends a command with the code and the remedy of the error.
pub(crate) fn failure(error: StoreError) -> Failure {
    let exit = match error {
        StoreError::Unreachable { .. }
        | StoreError::Newer { .. }
        | StoreError::Foreign { .. }
        | StoreError::Taken { .. } => Exit::Usage,
        StoreError::Damaged { .. } | StoreError::Full(_) | StoreError::Failed(_) | StoreError::Fenced(_) => {
            Exit::Failed
        }
    };
    let remedy = error.remedy();
    exit.because(error.to_string()).remedy(remedy)
}

/// Now, in milliseconds since 1970.
pub(crate) fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Does what is asked.
pub fn run(args: StoreArgs, context: &Context) -> anyhow::Result<Exit> {
    match args.command {
        StoreCommand::Info { json, store } => info(&mut store.open_existing(context)?, json),
        StoreCommand::Prune { keep_days, yes, store } => {
            let keep = match keep_days {
                Some(days) => days,
                None => context.settings()?.history.keep_days.into(),
            };
            if keep == 0 && !yes {
                let message = "--keep-days 0 removes every call, those that are live as well";
                return Err(Exit::Usage
                    .because(message)
                    .remedy("say so with --yes, or name the days that stay")
                    .into());
            }
            prune(&mut store.open_existing(context)?, keep)
        }
        StoreCommand::Show { conversation, json, store } => {
            show::run(&mut store.open_existing(context)?, &conversation, json)
        }
        StoreCommand::Forget { conversation, store } => forget(&mut store.open_existing(context)?, &conversation),
        StoreCommand::Export { store } => export(&mut store.open_existing(context)?),
    }
}

fn info(store: &mut Store, json: bool) -> anyhow::Result<Exit> {
    let info = store.info().map_err(failure)?;
    let mut out = stdout();
    if json {
        let mut line = Vec::new();
        ndjson::write(&mut line, &info)?;
        out.write_all(&line)?;
        return Ok(Exit::Done);
    }
    writeln!(out, "history store  {}", crate::domain::text::visible(&info.location))?;
    writeln!(out, "calls          {}", info.calls)?;
    if let (Some(first), Some(last)) = (&info.first, &info.last) {
        writeln!(out, "from           {first}\nto             {last}")?;
    }
    writeln!(out, "keys           {}", info.keys)?;
    writeln!(out, "flow versions  {}", info.flow_versions)?;
    writeln!(out, "holes          {}", info.holes)?;
    for hole in info.last_holes.iter().rev().take(5).rev() {
        let reason = crate::domain::text::visible(&hole.reason);
        writeln!(out, "               {} to {}: {reason}", hole.since, hole.until)?;
    }
    writeln!(out, "size           {:.1} MB", info.bytes as f64 / 1e6)?;
    writeln!(out, "value hashes   {} bits, salted for this store alone", info.hash_bits)?;
    Ok(Exit::Done)
}

fn prune(store: &mut Store, keep: i64) -> anyhow::Result<Exit> {
    let gone = store.prune(keep, now()).map_err(failure)?;
    if gone > 0 {
        store.compact().map_err(failure)?;
    }
    match keep {
        0 => writeln!(
            stdout(),
            "removed {gone} calls, all that were kept; a collector stores those again that it follows"
        )?,
        1 => writeln!(stdout(), "removed {gone} calls; those of today (UTC) stay")?,
        _ => writeln!(stdout(), "removed {gone} calls; those of the last {keep} days stay")?,
    }
    Ok(Exit::Done)
}

fn forget(store: &mut Store, conversation: &str) -> anyhow::Result<Exit> {
    let id = conversation_id(conversation)?;
    if !store.forget(id.as_str(), now()).map_err(failure)? {
        return Err(Exit::NotFound.because(format!("nothing is kept of conversation {id}")).into());
    }
    writeln!(stdout(), "removed what was kept of conversation {id}; a collector does not store it again")?;
    Ok(Exit::Done)
}

/// The columns of the CSV: one row for each key of each call; a call without keys has one row with an empty key.
const COLUMNS: [&str; 30] = [
    "organization",
    "conversation",
    "media",
    "started",
    "ended",
    "queue",
    "earlierQueues",
    "flow",
    "flowName",
    "flowVersion",
    "startPassed",
    "flowEndPassed",
    "queuePassed",
    "agentPassed",
    "endPassed",
    "incomplete",
    "purpose",
    "nth",
    "key",
    "firstSeen",
    "lastChanged",
    "changes",
    "kind",
    "hash",
    "atStart",
    "atFlowEnd",
    "atQueue",
    "atAgent",
    "atEnd",
    "value",
];

fn export(store: &mut Store) -> anyhow::Result<Exit> {
    let mut table = Table::to(stdout(), &COLUMNS)?;
    let mut failed = None;
    let done = store.each_call(&mut |call| match csv_call(&mut table, &call) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    });
    done.map_err(failure)?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    table.flush()?;
    note(
        "values are in it only for keys that [store] values names; a hash says whether two are the same, in this store",
    );
    Ok(Exit::Done)
}

fn csv_call(table: &mut Table<impl Write>, call: &CallRecord) -> io::Result<()> {
    let none = crate::store::record::KeyRecord::default();
    let keys = if call.keys.is_empty() { std::slice::from_ref(&none) } else { &call.keys };
    let earlier = call.queues.split_last().map_or(&[][..], |(_, earlier)| earlier);
    // A list of names that may hold any mark: as JSON, which the readers of such files know.
    let earlier = if earlier.is_empty() { String::new() } else { serde_json::to_string(earlier).unwrap_or_default() };
    for key in keys {
        let time = |time: i64| if key.key.is_empty() { String::new() } else { rfc3339(time) };
        let passed = |i: usize| call.milestones[i].map(rfc3339).unwrap_or_default();
        let at = |i: usize| match call.milestones[i] {
            None => "",
            Some(_) if key.present_at[i] => "1",
            Some(_) => "0",
        };
        table.row([
            call.organization.clone(),
            call.conversation.clone(),
            call.media.clone(),
            rfc3339(call.started),
            call.ended.map(rfc3339).unwrap_or_default(),
            call.queue().to_owned(),
            earlier.clone(),
            call.flow.id.clone(),
            call.flow.name.clone(),
            call.flow.version.clone(),
            passed(0),
            passed(1),
            passed(2),
            passed(3),
            passed(4),
            u8::from(call.incomplete).to_string(),
            key.purpose.clone(),
            key.nth.to_string(),
            key.key.clone(),
            time(key.first_seen),
            time(key.last_changed),
            key.changes.to_string(),
            key.kind.as_str().to_owned(),
            format!("{:04x}", key.hash),
            at(0).to_owned(),
            at(1).to_owned(),
            at(2).to_owned(),
            at(3).to_owned(),
            at(4).to_owned(),
            key.value.clone().unwrap_or_default(),
        ])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::record::KeyRecord;

    #[test]
    fn no_cell_of_the_export_is_a_formula() {
        let key = KeyRecord { key: "a;=1+1".into(), value: Some(" =2".into()), ..KeyRecord::default() };
        let call = CallRecord { queues: vec!["\u{ff1d}cmd".into()], keys: vec![key], ..CallRecord::default() };
        let mut table = Table::to(Vec::new(), &COLUMNS).unwrap();
        csv_call(&mut table, &call).unwrap();
        let text = table.finish().unwrap();
        for cell in ["\"'\u{ff1d}cmd\"", "\"a;'=1+1\"", "\"' =2\""] {
            assert!(text.contains(cell), "{cell}: {text}");
        }
    }
}
