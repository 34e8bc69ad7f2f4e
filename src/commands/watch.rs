//! `sidetone watch`: changes on stdout, as they happen.

pub(super) mod bell;

use super::{
    Context,
    ansi::Ansi,
    follow::{Follow, FollowPlan, OutputForm, causes},
    lookup, note,
    observer::{self, Ends, Observer},
    printer::Printer,
    recorder,
    store::StoreOption,
};
use crate::{
    commands::options::{self, WatchOptions, nothing_to_watch},
    domain::{At, Barrier, ConversationId, Link, Update, duration::DisplayDuration, filter::Filter, findings::Tuning},
    exit::{Exit, Failure},
    flow::model::Flow,
    genesys::{ErrorKind, Topic, client::Priority, feed::FeedOptions},
    live::{self, LinkEvent, Live, gather, targets::Targets},
    recording::Record,
};
use clap::Args;
use jiff::tz::TimeZone;
use std::{cell::Cell, io, path::PathBuf, rc::Rc, sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

/// Events taken in before anything else is looked at.
const BATCH: usize = 1024;
/// Output is written when nothing more is waiting, or when this much has gathered.
const FLUSH: usize = 64 * 1024;
/// Beside a recording, so much waits for a reader of stdout that does not read; what comes then is not printed.
const UNREAD: usize = 4 << 20;
/// A reader that reads takes what is printed within this time.
const READS_WITHIN: Duration = Duration::from_millis(100);
/// Remarks about messages that could not be understood, before they are only counted.
const REMARKS: u64 = 5;

/// Options of `watch`.
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// Print one JSON object a line (docs/ndjson.md)
    #[arg(long)]
    json: bool,
    /// Report only the calls that match this filter
    #[arg(
        long,
        value_name = "EXPR",
        long_help = "Report only the calls that match this filter, each of them whole from the moment it first \
                     matches to its end."
    )]
    filter: Option<String>,
    /// End with 0 as soon as a call matches this filter
    #[arg(
        long,
        value_name = "EXPR",
        long_help = "End with 0 as soon as a call matches this filter, at once if one already does. The \
                     lines that led to it are printed first. With --filter, only calls that it lets through count."
    )]
    until: Option<String>,
    /// End after this time: with 6 if --until was not met, else with 0
    #[arg(long, value_name = "DUR", value_parser = options::duration)]
    timeout: Option<Duration>,
    /// End with 0 after this many attribute lines, those of calls first seen included
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Keep the session in this file as well, as 'record' does
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Keep what is seen in this history store: a SQLite file, or postgres://…
    #[arg(
        long,
        value_name = "PATH|URL",
        long_help = "Keep what is seen in this history store, a SQLite file or postgres://…, as with [store] enabled = true in \
                     the configuration. 'sidetone since' asks it; docs/history.md says what is kept of a caller."
    )]
    store: Option<String>,
    #[command(flatten)]
    bell: bell::BellArgs,
    #[command(flatten)]
    watch: WatchOptions,
}

/// Follows until there is a reason to end.
pub async fn run(args: WatchArgs, context: &Context, signal: impl Future<Output = Exit>) -> anyhow::Result<Exit> {
    let deadline = args.timeout.map(|timeout| Instant::now() + timeout);
    let mut plan = plan(&args, context)?;
    if args.watch.is_empty() {
        return Err(nothing_to_watch().into());
    }
    let settings = context.settings()?;
    let store = StoreOption::named(args.store.clone());
    if store.is_named() {
        store.place(context, &settings.history)?;
    }
    let client = lookup::lasting_client(&settings, true)?;
    // A recording that cannot be made is told before anything is connected, whatever the timeout.
    let reserved = args.record.as_deref().map(|file| recorder::reserve(file, None)).transpose()?;
    let ringer = args.bell.ringer(settings.ui.notify);
    plan.tuning = settings.tuning.clone();
    plan.trap = args.watch.trap(plan.filter.clone(), client.clock().now());
    let kept = std::cell::OnceCell::new();
    let unprinted: Rc<Cell<Unprinted>> = Rc::default();
    let connected: Rc<Cell<bool>> = Rc::default();
    let watching = async {
        let targets = lookup::patiently(&client, &args.watch.wanted()).await?;
        if targets == Targets::default() {
            return Err(Exit::NotFound.because("there is no queue that this token may see").into());
        }
        let mut follow = Follow::new(plan);
        if args.json {
            follow.tell_causes();
        }
        targets.teach(&mut follow.monitor.board.names);
        let at = client.clock().now();
        let recorder = args.record.as_deref().zip(reserved);
        let recorder = recorder.map(|(file, reserved)| recorder::start(reserved, file, &targets, at)).transpose()?;
        let mut live = Live::start(client.clone(), &targets, FeedOptions::default());
        // Dropped after the link, to which the recorder belongs.
        let mut _closing = None;
        if let Some((recorder, closing)) = recorder {
            live.start_recording(recorder, &follow.monitor.board, None);
            _closing = Some(closing);
        }
        let observed = observer::of_session(&settings, &client, &store, context).await?;
        if let Some((_, ends)) = &observed {
            follow.keep_reports();
            _ = kept.set(Rc::clone(ends));
        }
        let (unprinted, connected) = (Rc::clone(&unprinted), Rc::clone(&connected));
        Watch { ringer, observed, unprinted, connected, ..Watch::new(follow, live, targets) }.run().await
    };
    let timed_out = async {
        match deadline {
            Some(deadline) => sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    let mut signalled = false;
    let result = tokio::select! {
        result = watching => result,
        () = timed_out => Ok(match (&args.until, args.timeout) {
            (until, Some(timeout)) => {
                let within = DisplayDuration(timeout);
                let nothing = (!connected.get()).then(|| format!("nothing was received: there was no connection within {within}"));
                match (until, nothing) {
                    (Some(until), None) => note(format_args!("no call matched {until} within {within}")),
                    (_, Some(nothing)) => note(nothing),
                    (None, None) => {}
                }
                if until.is_some() { Exit::Unmet } else { Exit::Done }
            }
            _ => Exit::Done,
        }),
        () = closed_stdout() => Ok(Exit::Done),
        exit = signal => {
            signalled = true;
            Ok(exit)
        }
    };
    if let Some(ends) = kept.into_inner().and_then(Rc::into_inner) {
        ends.finish(|| ()).await;
    }
    if signalled || unprinted.get() == Unprinted::default() {
        return result;
    }
    result?;
    let message = "stdout was not read: the last lines were not printed";
    Err(Exit::Failed.because(message).remedy("what they tell is in the recording").into())
}

/// What nobody has read: a recording must not wait for a reader.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Unprinted {
    /// Something waits for the reader.
    waits: bool,
    /// Too much has waited: nothing more is printed.
    given_up: bool,
}

/// A filter expression of an option; a mistake is shown with a caret under it.
pub fn expression(option: &str, text: Option<&str>) -> Result<Option<Filter>, Failure> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|mistake: crate::domain::filter::Mistake| {
        let shown = crate::domain::text::visible(text);
        Exit::Usage.because(format!("{option}: {mistake}\n  {shown}\n  {}", mistake.pointer(text)))
    })
}

fn plan(args: &WatchArgs, context: &Context) -> Result<FollowPlan, Failure> {
    Ok(FollowPlan {
        form: if args.json { OutputForm::Json } else { OutputForm::Text(Ansi::of(context), TimeZone::system()) },
        filter: expression("--filter", args.filter.as_deref())?.unwrap_or_default(),
        until: expression("--until", args.until.as_deref())?,
        trap: None,
        count: args.count,
        tuning: Tuning::default(),
        expectations: args.bell.expectations()?,
        alerts: args.bell.alerts()?,
    })
}

/// A running watch.
pub(super) struct Watch {
    follow: Follow,
    live: Live,
    targets: Targets,
    refused: usize,
    /// Named conversations whose topics were refused: a read tells whether they are there at all.
    doubtful: Vec<ConversationId>,
    malformed: u64,
    remarks: Vec<String>,
    /// It was told that conversations cannot be read, and none was read since.
    unreadable: bool,
    ringer: bell::Ringer,
    /// Keeps the history and tells the hooks, where that is configured.
    observed: Option<(Observer, Rc<Ends>)>,
    unprinted: Rc<Cell<Unprinted>>,
    /// There was a connection.
    connected: Rc<Cell<bool>>,
    /// The try that was reported last: its number, and why it is one.
    tried: Option<(u32, String)>,
    /// The definition of a flow that is being read, one at a time.
    reading: JoinSet<(causes::WantedDefinition, Option<Arc<Flow>>)>,
}

/// Between two times of telling the history until when everything was observed.
const ROUND: Duration = Duration::from_secs(1);

impl Watch {
    pub(super) fn new(follow: Follow, live: Live, targets: Targets) -> Self {
        let ringer = bell::Ringer::default();
        Self {
            follow,
            live,
            targets,
            refused: 0,
            doubtful: Vec::new(),
            malformed: 0,
            remarks: Vec::new(),
            unreadable: false,
            ringer,
            observed: None,
            unprinted: Rc::default(),
            connected: Rc::default(),
            tried: None,
            reading: JoinSet::new(),
        }
    }

    /// Follows until the plan is fulfilled, the link has ended or a recording cannot go on.
    pub(super) async fn run(mut self) -> anyhow::Result<Exit> {
        let mut out = Printer::default();
        let result = self.watch(&mut out).await;
        let printed = self.write(&mut out, true).await;
        // Why it ended counts more than that its last lines could not be printed.
        let exit = result?;
        printed?;
        if let Some((call, until)) = self.follow.met() {
            note(format_args!("{call} matches {until}"));
        }
        Ok(exit)
    }

    /// The same; what was told last may not be printed yet.
    async fn watch(&mut self, out: &mut Printer) -> anyhow::Result<Exit> {
        let mut tick = tokio::time::interval(self.follow.tick_every());
        let mut round = tokio::time::interval(ROUND);
        loop {
            for _ in 0..BATCH {
                if self.follow.is_done() {
                    break;
                }
                let Self { follow, live, .. } = self;
                let Some((at, heard)) = live.try_next(&follow.monitor.board) else { break };
                self.take(at, heard)?;
                if self.follow.output().len() >= FLUSH {
                    self.write(out, false).await?;
                }
            }
            self.write(out, false).await?;
            if self.follow.is_done() {
                return Ok(Exit::Done);
            }
            if let Some(why) = self.live.recording().and_then(|status| status.failed) {
                return Err(Exit::Failed.because(format!("the recording stopped: {why}")).into());
            }
            self.read_definition();
            let is_observed = self.observed.is_some();
            let Self { follow, live, reading, .. } = self;
            let due = follow.due().map(|due| due.saturating_sub(live.client().clock().now().mono));
            tokio::select! {
                result = out.written(), if out.is_writing() => result?,
                heard = live.next(&follow.monitor.board) => match heard {
                    Some((at, heard)) => self.take(at, heard)?,
                    None => return Err(Exit::Failed.because("the connection ended").into()),
                },
                () = sleep(due.unwrap_or_default()), if due.is_some() => {
                    let at = live.client().clock().now();
                    live.record(at, || Record::Tick);
                    let gone = follow.tick(at, &()).gone;
                    live.forget(&gone);
                    self.observe(at, &gone);
                }
                Some(read) = reading.join_next() => {
                    if let Ok((version, definition)) = read {
                        follow.learned(version, definition);
                    }
                }
                _ = round.tick(), if is_observed => {
                    // What waits to be taken in is not observed yet.
                    if self.live.waiting() == 0 && let Some((observer, ends)) = &self.observed {
                        observer.collected(self.live.client().clock().now(), ends);
                    }
                }
                _ = tick.tick() => {
                    let at = self.live.client().clock().now();
                    self.live.record(at, || Record::Tick);
                    let gone = self.follow.tick(at, &()).gone;
                    self.live.forget(&gone);
                    self.observe(at, &gone);
                }
            }
        }
    }

    /// Begins to read the next definition that causes are taken from.
    fn read_definition(&mut self) {
        if !self.reading.is_empty() {
            return;
        }
        let Some(version) = self.follow.wanted() else { return };
        let client = self.live.client().clone();
        self.reading.spawn(async move {
            let definition = gather::in_background(&client, version.0.as_str(), &version.1).await;
            (version, definition)
        });
    }

    /// Prints what there is to print. While the reader of stdout takes too little, nothing is read from the link; only a recording
    /// goes on. `all`: waits until everything is printed.
    async fn write(&mut self, out: &mut Printer, all: bool) -> io::Result<()> {
        let records = self.live.recording().is_some() && !self.follow.is_done();
        let all = all || self.follow.is_rung();
        let text = self.follow.output();
        let Unprinted { given_up, .. } = self.unprinted.get();
        match () {
            () if !records && all => out.write_all(text).await?,
            () if !records => out.write(text).await?,
            () if given_up => text.clear(),
            () if !out.is_writing() => {
                out.begin(text)?;
                if let Ok(result) = tokio::time::timeout(READS_WITHIN, out.written()).await {
                    result?;
                }
                self.unprinted.set(Unprinted::default());
            }
            () if text.len() < UNREAD => self.unprinted.set(Unprinted { waits: !text.is_empty(), given_up }),
            () => {
                text.clear();
                self.unprinted.set(Unprinted { waits: true, given_up: true });
                note("stdout is not read: nothing more is printed there, and recording continues");
            }
        }
        // After the line that says why.
        if let Some(words) = self.follow.rung() {
            self.ringer.ring(&words);
        }
        Ok(())
    }

    fn take(&mut self, at: At, heard: LinkEvent) -> Result<(), Failure> {
        match heard {
            LinkEvent::Update(update) => {
                if matches!(update, Update::Read { .. }) {
                    self.unreadable = false;
                }
                let read = match &update {
                    Update::Read { snapshot, .. } => Some(snapshot.id.clone()),
                    Update::Gone(id) => Some(id.clone()),
                    _ => None,
                };
                let step = self.follow.apply(at, update, &());
                for id in step.reread {
                    self.live.read(id, None, Priority::Background);
                }
                if !step.gone.is_empty() {
                    self.live.forget(&step.gone);
                }
                self.observe(at, &step.gone);
                if let Some(id) = read {
                    self.settle(id.as_str())?;
                }
            }
            LinkEvent::Link(link) => self.link(at, &link)?,
            LinkEvent::Malformed(reason) => {
                self.malformed += 1;
                tracing::warn!(%reason, "a message could not be understood");
                if self.malformed <= REMARKS {
                    note(format_args!("a message could not be understood: {reason}"));
                }
            }
            LinkEvent::Refused(topic, rejection) => {
                self.refused += 1;
                note(format_args!("{} was refused: {} ({topic})", self.targets.describe(&topic), rejection.reason));
                let named = self.targets.conversations.iter().find(|id| Topic::attributes(id) == topic);
                if let Some(id) = named.cloned() {
                    self.live.read(id.clone(), None, Priority::Link);
                    self.doubtful.push(id);
                }
                self.all_refused()?;
            }
            LinkEvent::Unread(id, error) => {
                let named = self.targets.conversations.contains(&id);
                let lasting = match error.kind() {
                    // Nothing can be read any more, whichever it was.
                    ErrorKind::SignIn => true,
                    ErrorKind::NotFound | ErrorKind::Permission { .. } => named,
                    _ => false,
                };
                if lasting {
                    return Err(error.into());
                }
                let own =
                    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Permission { .. } | ErrorKind::Rejected);
                if own {
                    self.remark(format!("conversation {id} could not be read: {error}"));
                } else if !std::mem::replace(&mut self.unreadable, true) {
                    note(format_args!("conversations cannot be read at present, {id} for one: {error}"));
                } else {
                    tracing::warn!(%id, %error, "a conversation could not be read");
                }
                self.settle(id.as_str())?;
            }
            LinkEvent::Unsearched(what) => self.remark(what),
        }
        Ok(())
    }

    /// A read of this conversation was answered.
    fn settle(&mut self, id: &str) -> Result<(), Failure> {
        let before = self.doubtful.len();
        self.doubtful.retain(|doubtful| doubtful.as_str() != id);
        if self.doubtful.len() < before { self.all_refused() } else { Ok(()) }
    }

    /// Ends when nothing will ever be told. A named conversation that is not there is the better reason, so its read is
    /// waited for.
    fn all_refused(&self) -> Result<(), Failure> {
        // What is asked for as well, like the flows of a call, is never reported as refused, and tells no attributes.
        let wanted = self.targets.topics().iter().filter(|topic| !live::is_asked_for_as_well(topic)).count();
        let nothing = self.refused >= wanted && self.targets.flows.is_empty();
        if !nothing || !self.doubtful.is_empty() {
            return Ok(());
        }
        let message = "the platform refused every topic";
        Err(Exit::Denied.because(message).remedy("'sidetone doctor' names what is missing"))
    }

    /// Hands on what was reported: to the history, to the hooks.
    fn observe(&mut self, at: At, gone: &[ConversationId]) {
        let Some((observer, ends)) = &mut self.observed else { return };
        observer.cut(self.live.is_cut(), at);
        observer.hand_on(&mut self.follow, at, ends);
        observer.forget(gone);
    }

    fn link(&mut self, at: At, link: &Link) -> Result<(), Failure> {
        if let Some((observer, ends)) = &mut self.observed {
            observer.link(at, link, ends);
        }
        for id in self.follow.link(at, link, &()).reread {
            self.live.read(id, None, Priority::Background);
        }
        match link {
            Link::Live => {
                self.connected.set(true);
                self.tried = None;
            }
            // One line for each try, from the first one after a loss on; not another when it begins.
            Link::Reconnecting { attempt, until, reason } => {
                let this = Some((*attempt, reason.to_string()));
                if self.tried == this {
                    return Ok(());
                }
                self.tried = this;
                let wait = until.mono.saturating_sub(at.mono).as_millis().div_ceil(100) as f64 / 10.0;
                let when = if wait == 0.0 { "at once".to_owned() } else { format!("in {wait} s") };
                // The first try of all was none after a loss.
                let of = attempt + u32::from(!self.connected.get());
                note(format_args!("{reason}; try {of} {when}"));
            }
            Link::SignedOut { reason } => return Err(Exit::Denied.because(reason.as_str())),
            // Requests pass: that may be mended while this goes on.
            Link::Offline { reason, by: Barrier::Stream } => {
                self.remark(format!("{reason}; trying again once a minute"));
            }
            Link::Offline { reason, by: by @ Barrier::Permission } if self.follow.monitor.board.is_empty() => {
                return Err(lookup::offline(reason, *by));
            }
            // Somebody may mend it while this goes on.
            Link::Offline { reason, by: Barrier::Way } => self.remark(format!("{reason}; trying again once a minute")),
            _ => {}
        }
        Ok(())
    }

    /// The same remark is made once.
    fn remark(&mut self, text: String) {
        tracing::warn!("{text}");
        if !self.remarks.contains(&text) && self.remarks.len() < 20 {
            note(&text);
            self.remarks.push(text);
        }
    }
}

/// Resolves when the reader of stdout has gone away, which a program that is not writing would not notice.
#[cfg(unix)]
async fn closed_stdout() {
    let (told, hear) = tokio::sync::oneshot::channel();
    let watch = move || {
        use rustix::event::{PollFd, PollFlags, poll};
        let out = io::stdout();
        let mut fds = [PollFd::new(&out, PollFlags::empty())];
        // Without a wish for anything, only the end of the other side or an error is reported.
        while let Err(rustix::io::Errno::INTR) = poll(&mut fds, None) {}
        if fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP) {
            _ = told.send(());
        }
    };
    // A thread of its own, for it may wait until the program ends.
    let started = std::thread::Builder::new().name("stdout".into()).spawn(watch);
    if started.is_err() || hear.await.is_err() {
        std::future::pending().await
    }
}

#[cfg(not(unix))]
async fn closed_stdout() {
    std::future::pending().await
}
