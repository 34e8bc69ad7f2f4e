//! `sidetone record`: a session kept in a file.

use super::{
    Context,
    follow::{Follow, FollowPlan, OutputForm},
    lookup, note,
    options::nothing_to_watch,
    recorder::{reserve, start},
    watch,
};
use crate::{
    commands::options::{self, WatchOptions},
    exit::Exit,
    genesys::feed::FeedOptions,
    live::Live,
};
use clap::Args;
use std::{path::PathBuf, time::Duration};
use tokio::time::timeout;

/// Options of `record`.
#[derive(Args, Debug)]
pub struct RecordArgs {
    /// The recording
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace FILE when it is there
    #[arg(long)]
    force: bool,
    /// End after this time
    #[arg(long, value_name = "DUR", value_parser = options::duration)]
    timeout: Option<Duration>,
    #[command(flatten)]
    watch: WatchOptions,
}

/// Records until interrupted or the time is over.
pub async fn run(args: RecordArgs, context: &Context) -> anyhow::Result<Exit> {
    if args.watch.is_empty() {
        return Err(nothing_to_watch().into());
    }
    let client = lookup::lasting_client(&context.settings()?, true)?;
    let file = reserve(&args.file, Some(args.force))?;
    let begun = client.clock().now();
    let wanted = args.watch.wanted();
    let looking = lookup::patiently(&client, &wanted);
    let targets = match args.timeout {
        Some(limit) => timeout(limit, looking)
            .await
            .map_err(|_| Exit::Failed.because("nothing was recorded: there was no connection"))??,
        None => looking.await?,
    };
    let at = client.clock().now();
    let (recorder, _closing) = start(file, &args.file, &targets, at)?;
    let mut follow = Follow::new(FollowPlan::everything(OutputForm::Silent));
    targets.teach(&mut follow.monitor.board.names);
    note(format_args!("recording {} into {}; Ctrl-C ends it", targets.label(), args.file.display()));
    let mut live = Live::start(client, &targets, FeedOptions::default());
    live.start_recording(recorder, &follow.monitor.board, None);
    let recording = watch::Watch::new(follow, live, targets).run();
    match args.timeout {
        Some(limit) => match timeout(limit.saturating_sub(at.since(begun.mono)), recording).await {
            Ok(result) => result,
            Err(_) => Ok(Exit::Done),
        },
        None => recording.await,
    }
}
