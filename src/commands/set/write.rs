//! Drives the outbox for one write: stream, reads, PATCH, and time, until the outcome is known.

use super::{
    SetRequest,
    report::{KeyConflict, SetReport},
};
use crate::{
    audit::Audit,
    commands::{
        lookup::{self, FoundParticipant as Whom},
        note,
    },
    domain::{
        At, Board, Conversation, ConversationId, JsonKind, Key, Link, Participant, ParticipantId, Update, Value,
        editing::{self, Ingested},
        monitor::Monitor,
        outbox::{
            Base, Cell, CommitOptions, Effect, NonText, Outbox, PatchTarget, Policy, Refusal, WriteId, WriteOutcome,
            WriteReport, is_same,
        },
        text,
    },
    exit::{Exit, Failure},
    genesys::{Client, Error, ErrorKind, client::Priority, feed::FeedOptions},
    live::{
        LinkEvent, Live,
        edits::{self, EditDone},
        targets::Targets,
    },
};
use std::{pin::Pin, time::Duration};
use tokio::{task::JoinSet, time::Instant};

/// How long the stream may take to be live before the write goes on without it.
const STREAM_WITHIN: Duration = Duration::from_secs(5);
/// After everything was seen, this long for what else the write did to be known.
const AFTERMATH: Duration = Duration::from_secs(3);
/// Longer than any of the outbox's own limits: the end of patience with a server that keeps us waiting.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a commit would send, and whether the conditions hold.
pub(super) fn preview(board: &Board, whom: Whom<'_>, request: &SetRequest, policy: Policy) -> SetReport {
    let (call, participant) = (&whom.call.id, &whom.participant.id);
    let conflicts = unmet(whom, request);
    if !conflicts.is_empty() {
        let warnings = elsewhere(whom.call, participant, &conflicts);
        let mut report = SetReport::conflict(call, participant, request, conflicts);
        report.warnings = warnings;
        return report;
    }
    let mut outbox = Outbox::new(policy);
    let cells =
        draft(&mut outbox, &PatchTarget { conversation: call.clone(), participant: participant.clone() }, request);
    let previews = outbox.preview(board, &cells);
    let mut body = previews.first().map(|p| p.request.body.clone()).unwrap_or_default();
    let odd: Vec<(Key, Value)> = previews.iter().flat_map(|p| p.non_text.clone()).collect();
    let mut warnings = ended(whom.call, whom.participant);
    if !odd.is_empty() {
        warnings.push(match request.non_text {
            NonText::Ask => format!("it would be refused: {}. {NON_TEXT}", not_text(&odd)),
            NonText::Omit => not_text(&odd),
            NonText::Convert => {
                body.extend(odd.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
                let texts: Vec<String> =
                    odd.iter().map(|(k, v)| format!("{:?} = {:?}", k.as_str(), v.as_str())).collect();
                format!("these values are not text and would be sent as text: {}", texts.join(", "))
            }
        });
    }
    let changes = previews.into_iter().flat_map(|p| p.changes);
    let changes = changes.map(|(key, old, new)| (key.to_string(), old.map(|v| v.as_str().to_owned()), new)).collect();
    let who = Some(named(whom.participant));
    let mut report = SetReport::dry_run(call, participant, request, &body, changes);
    (report.warnings, report.who) = (warnings, who);
    report
}

fn draft(outbox: &mut Outbox, target: &PatchTarget, request: &SetRequest) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (key, value) in &request.pairs {
        let cell = Cell::new(target, Key::new(key.as_str()));
        outbox.draft(&cell, Base::Any, value.as_str());
        cells.push(cell);
    }
    for (key, old) in &request.only_if {
        outbox.require(target, Key::new(key.as_str()), old.as_deref().map(Value::text));
    }
    cells
}

/// The conditions that do not hold.
fn unmet(whom: Whom<'_>, request: &SetRequest) -> Vec<KeyConflict> {
    let conditions = request.only_if.iter();
    conditions
        .filter_map(|(key, expected)| {
            let there = whom.participant.attributes.get(key).map(|a| a.value.to_value());
            let wanted = expected.as_deref().map(Value::text);
            let conflict = KeyConflict::new(key, expected.clone(), there.as_ref());
            (!is_same(wanted.as_ref(), there.as_ref())).then_some(conflict)
        })
        .collect()
}

/// A participant by purpose and id.
fn named(participant: &Participant) -> String {
    format!("{} {}", text::visible(participant.purpose.as_str()), text::visible(participant.id.as_str()))
}

/// Says on stderr which of several participants of one purpose was chosen.
pub(super) fn name_participant(call: &Conversation, chosen: &Participant, wanted: &str) {
    let others = call.participants.iter().filter(|p| p.purpose == chosen.purpose && p.id != chosen.id);
    let others: Vec<String> = others.map(|p| text::visible(p.id.as_str()).into_owned()).collect();
    if wanted != chosen.id.as_str() && !others.is_empty() {
        note(format!(
            "{} {} participants: the newest that is connected was chosen, {}; for another one: --participant {}",
            others.len() + 1,
            text::visible(chosen.purpose.as_str()),
            text::visible(chosen.id.as_str()),
            others.join(" or ")
        ));
    }
}

/// What has ended, and what that means for the change.
fn ended(call: &Conversation, participant: &Participant) -> Vec<String> {
    match (call.is_over(), participant.is_connected()) {
        (true, _) => vec!["the conversation has ended: analytics will not see the change".to_owned()],
        (_, false) => vec![Refusal::ParticipantEnded.to_string()],
        _ => Vec::new(),
    }
}

/// The way on from a refusal because of values that are not text.
const NON_TEXT: &str = "To send anyway: --non-text omit leaves them out, --non-text convert sends them as text";

fn not_text(odd: &[(Key, Value)]) -> String {
    Refusal::NotText(odd.iter().map(|(key, _)| key.clone()).collect()).to_string()
}

/// Other participants that hold what was expected here.
fn elsewhere(call: &Conversation, chosen: &ParticipantId, conflicts: &[KeyConflict]) -> Vec<String> {
    let mut hints = Vec::new();
    for KeyConflict { key, expected, .. } in conflicts.iter().filter(|c| c.expected.is_some()) {
        let wanted = expected.as_deref().map(Value::text);
        let holds =
            |p: &&Participant| is_same(wanted.as_ref(), p.attributes.get(key).map(|a| a.value.to_value()).as_ref());
        for other in call.participants.iter().filter(|p| p.id != *chosen).filter(holds) {
            let id = text::visible(other.id.as_str());
            hints.push(format!("{:?} has this value on {}: --participant {id}", text::cut(key, 60), named(other)));
        }
    }
    hints
}

/// A write under way.
pub(super) struct SetWriter<'a> {
    client: Client,
    live: Option<Live>,
    monitor: Monitor,
    outbox: Outbox,
    requests: JoinSet<EditDone>,
    target: PatchTarget,
    request: &'a SetRequest,
    before: Vec<(Key, Option<Value>)>,
    error: Option<Error>,
    /// The error came from the PATCH, not from a read.
    refused: bool,
    /// The audit file, and whether values are masked in it.
    pub(super) audit: Option<(Audit, bool)>,
}

impl<'a> SetWriter<'a> {
    /// Reads the conversation and waits for the stream. Nothing is sent yet.
    pub(super) async fn prepare(
        client: Client,
        id: &ConversationId,
        participant: &str,
        request: &'a SetRequest,
        policy: Policy,
    ) -> Result<Self, Failure> {
        let stream_alone = !policy.confirm_reads;
        // One after the other: where nobody answers, one request says so, and gives up by its own limits.
        let board = lookup::read_one(&client, id, Priority::Interactive).await?;
        let live = tokio::time::timeout(STREAM_WITHIN, stream(&client, id)).await;
        let live = match live.unwrap_or_else(|_| Err(Exit::Failed.because("the stream is not live yet"))) {
            Ok(live) => Some(live),
            Err(failure) if stream_alone => return Err(failure),
            Err(failure) => {
                tracing::warn!(%failure, "the write is confirmed by reads alone");
                None
            }
        };
        let call = lookup::known(&board, id)?;
        let wanted = participant;
        let participant = lookup::participant(call, Some(wanted))?;
        name_participant(call, participant, wanted);
        let before = participant.attributes.iter().map(|a| (a.key.clone(), Some(a.value.to_value()))).collect();
        let target = PatchTarget { conversation: id.clone(), participant: participant.id.clone() };
        Ok(Self {
            client,
            live,
            monitor: Monitor::on(board),
            outbox: Outbox::new(policy),
            requests: JoinSet::new(),
            target,
            request,
            before,
            error: None,
            refused: false,
            audit: None,
        })
    }

    /// Sends and waits until the outcome is known.
    pub(super) async fn run(mut self, signal: Pin<&mut impl Future<Output = Exit>>) -> anyhow::Result<SetReport> {
        let cells = draft(&mut self.outbox, &self.target, self.request);
        // Said on the command line, and analytics not keeping it is told: that is the acknowledgement.
        let how =
            CommitOptions { acknowledge_ended: true, non_text: self.request.non_text, ..CommitOptions::default() };
        let committed = self.outbox.commit(self.now(), &self.monitor.board, &cells, how);
        if let Some((_, refusal)) = committed.refused.into_iter().next() {
            let exit = match refusal {
                Refusal::ReadOnly(_) => Exit::Denied,
                Refusal::EmptyKey => Exit::Usage,
                _ => Exit::Failed,
            };
            return Err(exit.because(refusal.to_string()).into());
        }
        self.perform(committed.effects);
        let Some(write) = cells.first().and_then(|cell| self.outbox.write_of(cell)) else {
            return Err(anyhow::anyhow!("the write did not start"));
        };
        let end = Instant::now() + self.outbox.policy().confirm + PATIENCE;
        let mut confirmed: Option<Instant> = None;
        let mut signal = signal;
        while let Some(report) = self.undecided(write, &mut confirmed) {
            let patience = confirmed.map_or(end, |at| at + AFTERMATH);
            tokio::select! {
                more = self.step(patience) => if !more {
                    tracing::warn!(?report.outcome, "no more patience");
                    break;
                },
                exit = &mut signal => return self.interrupted(write, exit),
            }
        }
        self.report(write)
    }

    /// A signal ended it: what is known by now.
    fn interrupted(self, write: WriteId, exit: Exit) -> anyhow::Result<SetReport> {
        let mut report = self.report(write)?;
        (report.exit, report.interrupted) = (exit, true);
        Ok(report)
    }

    /// The report while something is still waited for.
    fn undecided(&self, write: WriteId, confirmed: &mut Option<Instant>) -> Option<WriteReport> {
        let report = self.outbox.report(write)?;
        match report.outcome {
            WriteOutcome::Conflict | WriteOutcome::Failed => None,
            WriteOutcome::Confirmed => {
                confirmed.get_or_insert_with(Instant::now);
                (!report.settled).then_some(report)
            }
            WriteOutcome::Accepted | WriteOutcome::Sending => (!report.settled).then_some(report),
        }
    }

    fn report(self, write: WriteId) -> anyhow::Result<SetReport> {
        let Some(report) = self.outbox.report(write) else { return Err(anyhow::anyhow!("the write left no trace")) };
        let before = |key: &Key| {
            let found = self.before.iter().find(|(k, _)| k == key).and_then(|(_, v)| v.as_ref());
            found.map(|v| v.as_str().to_owned())
        };
        let mut printed = SetReport::of_write(self.request, &report, before);
        let call = self.monitor.board.get(self.target.conversation.as_str()).map(|entry| &entry.conversation);
        let participant = call.and_then(|call| call.participant(self.target.participant.as_str()));
        let known = participant.is_some();
        printed.who = participant.map(named);
        if report.outcome == WriteOutcome::Failed
            && let Some(error) = &self.error
        {
            printed.exit = match error.kind() {
                // 5 is for a value that was not the expected one; here it was, and the participant kept changing.
                ErrorKind::Conflict => Exit::Failed,
                // It was read just before: there is such a participant.
                ErrorKind::NotFound if self.refused && known => Exit::Failed,
                _ => Exit::of_request(error),
            };
        }
        if let Some(call) = call {
            let hints = elsewhere(call, &self.target.participant, printed.conflicts());
            printed.warnings.extend(hints);
        }
        if report.outcome == WriteOutcome::Failed
            && report.attempts == 0
            && self.request.non_text == NonText::Ask
            && participant.is_some_and(|p| p.attributes.iter().any(|a| a.value.kind() != JsonKind::Text))
        {
            printed.warnings.push(NON_TEXT.to_owned());
        }
        let ended = call.zip(participant).map(|(call, p)| ended(call, p)).unwrap_or_default();
        if !ended.is_empty() {
            printed.warnings.extend(ended);
        } else if call.and_then(Conversation::running_flow).is_some() {
            printed.warnings.push("a voice flow is running: it may write its own values back when it ends".to_owned());
        }
        Ok(printed)
    }

    /// Waits for one thing and takes it in. False when patience has ended first.
    async fn step(&mut self, patience: Instant) -> bool {
        let due = self.outbox.next_deadline().map(|mono| Instant::now() + mono.saturating_sub(self.now().mono));
        let board = &self.monitor.board;
        let heard = async {
            match &mut self.live {
                Some(live) => live.next(board).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(done) = self.requests.join_next(), if !self.requests.is_empty() => match done {
                Ok(done) => self.done(done),
                Err(error) => tracing::error!(%error, "a request broke"),
            },
            heard = heard => match heard {
                // The stream alone is to decide: what the link reads by itself is not looked at.
                Some((_, LinkEvent::Update(Update::Read { .. }))) if !self.outbox.policy().confirm_reads => {}
                Some((at, LinkEvent::Update(update))) => self.ingest(at, update, None),
                Some((at, LinkEvent::Link(link))) => {
                    let told = editing::link((&mut self.monitor, &mut self.outbox), at, &link, None);
                    self.take(told);
                }
                Some(_) => {}
                None => self.live = None,
            },
            () = sleep_until(due) => {
                let effects = self.outbox.tick(self.now());
                self.perform(effects);
            }
            () = tokio::time::sleep_until(patience) => return false,
        }
        true
    }

    fn now(&self) -> At {
        self.client.clock().now()
    }

    fn ingest(&mut self, at: At, update: Update, write: Option<WriteId>) {
        let told = editing::ingest((&mut self.monitor, &mut self.outbox), at, update, write, None);
        self.take(told);
    }

    /// Does what the outbox asks for, and reads what cannot be decided otherwise.
    fn take(&mut self, told: Ingested) {
        self.perform(told.effects);
        if !self.outbox.policy().confirm_reads {
            return;
        }
        if let Some(live) = &mut self.live {
            for id in told.outcome.reread {
                live.read(id, None, Priority::Interactive);
            }
        }
    }

    fn done(&mut self, done: EditDone) {
        let at = self.now();
        let effects = match done {
            EditDone::Read { write, left, revision, result: Ok(snapshot), .. } => {
                return self.ingest(at, Update::Read { snapshot, asked: revision, left: left.mono }, Some(write));
            }
            EditDone::Read { write, result: Err(error), .. } => {
                let failure = edits::failure(&error);
                (self.error, self.refused) = (Some(error), false);
                self.outbox.read_done(at, write, Err(failure))
            }
            EditDone::Patched { write, outcome, error } => {
                if error.is_some() {
                    (self.error, self.refused) = (error, true);
                }
                self.outbox.patch_done(at, write, outcome)
            }
        };
        self.perform(effects);
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Read { write, conversation } => {
                    let revision = self.monitor.board.revision(conversation.as_str());
                    self.requests.spawn(edits::read(self.client.clone(), write, conversation, revision));
                }
                Effect::Patch { write, request, .. } => {
                    self.requests.spawn(edits::patch(self.client.clone(), write, request));
                }
                Effect::Audit(record) => {
                    if let Some((audit, masked)) = &mut self.audit
                        && let Err(error) = audit.append(&record, *masked)
                    {
                        crate::commands::note(format!("the audit file cannot be written: {error}"));
                    }
                }
                Effect::Notice(_) => {}
            }
        }
    }
}

/// A live stream of this conversation's attribute changes.
async fn stream(client: &Client, id: &ConversationId) -> Result<Live, Failure> {
    let targets = Targets::conversation(id.clone());
    let mut live = Live::start(client.clone(), &targets, FeedOptions::default());
    loop {
        match live.next(&Board::default()).await {
            Some((_, LinkEvent::Link(Link::Live))) => return Ok(live),
            Some((_, LinkEvent::Link(Link::SignedOut { reason }))) => return Err(Exit::Denied.because(reason.as_str())),
            Some((_, LinkEvent::Link(Link::Offline { reason, by }))) => {
                return Err(crate::commands::lookup::offline(&reason, by));
            }
            Some((_, LinkEvent::Refused(topic, rejection))) => {
                let what = targets.describe(&topic);
                return Err(Exit::Denied.because(format!("{what} was refused: {} ({topic})", rejection.reason)));
            }
            Some((_, LinkEvent::Unread(_, error))) => return Err(error.into()),
            Some(_) => {}
            None => return Err(Exit::Failed.because("the stream ended")),
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}
