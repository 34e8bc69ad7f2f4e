//! What a reader of live changes is told: what the monitor reports as lines, until a condition is met.
//!
//! Shared by `watch` and by whatever else tells changes without a screen. Pure: it is handed updates and fills a
//! buffer; the caller writes it out when nothing more is waiting.

pub(super) mod causes;
mod human;

use super::ansi::Ansi;
use crate::{
    domain::{
        At, BoardEntry, Change, Claims, ConversationChange, ConversationId, HistoryLimits, Link, Trap, Update,
        alert::Alerts,
        expect::Expectation,
        filter::{CallFacts, Filter},
        findings::{Finding, FindingChange, Tuning},
        monitor::{CallReport, InScope, Monitor, MonitorOptions, MonitorOutcome, Retention},
    },
    ndjson::{self, LineWriter, NdjsonLine},
};
pub(super) use human::severity_role;
use human::{About, Human};
use jiff::tz::TimeZone;
use std::time::Duration;

/// In which form lines are written.
#[derive(Clone, Debug)]
pub enum OutputForm {
    /// NDJSON.
    Json,
    /// Not at all: only the board is wanted.
    Silent,
    /// For people, with times of this zone.
    Text(Ansi, TimeZone),
}

/// How lines are written from now on.
#[derive(Debug)]
enum LineForm {
    Json,
    Not,
    Text(Human),
}

/// What is told, and for how long.
#[derive(Clone, Debug)]
pub struct FollowPlan {
    /// The form.
    pub form: OutputForm,
    /// Only calls that match this, from that moment to their end.
    pub filter: Filter,
    /// Ends when a call matches this.
    pub until: Option<Filter>,
    /// Only the next call that goes into this trap.
    pub trap: Option<Trap>,
    /// Ends after this many attribute lines.
    pub count: Option<u64>,
    /// How the rules of findings are applied.
    pub tuning: Tuning,
    /// What calls should carry.
    pub expectations: Vec<Expectation>,
    /// The alerts, among the calls that are told.
    pub alerts: Alerts,
}

impl FollowPlan {
    /// Everything is told in this form, by the rules as they are.
    pub fn everything(form: OutputForm) -> Self {
        Self {
            form,
            filter: Filter::default(),
            until: None,
            trap: None,
            count: None,
            tuning: Tuning::default(),
            expectations: Vec::new(),
            alerts: Alerts::default(),
        }
    }
}

/// What came of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct FollowStep {
    /// These conversations have to be read before more can be said about them.
    pub reread: Vec<ConversationId>,
    /// The plan is fulfilled.
    pub done: bool,
    /// Calls that ended long ago and are not known any more.
    pub gone: Vec<ConversationId>,
}

/// A monitor and the reader who is told what it reports.
#[derive(Debug)]
pub struct Follow {
    /// What is known.
    pub monitor: Monitor,
    form: LineForm,
    until: Option<Filter>,
    /// The call that met it.
    met: Option<ConversationId>,
    count: Option<u64>,
    counted: u64,
    done: bool,
    out: Vec<u8>,
    swept: Duration,
    /// The try to connect that was told last, and why it is one; `None` when the link came about since.
    tried: Option<(u32, String)>,
    /// The alert that the terminal has not been told of yet.
    rung: Option<String>,
    /// Why keys are as findings say, where that is told.
    causes: Option<causes::FindingCauses>,
    /// Reports for whoever wants them beside the reader; `None` when nobody does.
    seen: Option<Vec<CallReport>>,
}

impl Follow {
    /// A monitor that has seen nothing, and a plan.
    pub fn new(plan: FollowPlan) -> Self {
        let FollowPlan { form, filter, until, trap, count, tuning, expectations, alerts } = plan;
        // Nothing here looks back.
        let history = HistoryLimits::NONE;
        Self {
            monitor: Monitor::new(MonitorOptions { history, tuning, expectations, alerts, filter, trap }),
            done: count == Some(0),
            form: match form {
                OutputForm::Json => LineForm::Json,
                OutputForm::Silent => LineForm::Not,
                OutputForm::Text(paint, zone) => LineForm::Text(Human::new(paint, zone)),
            },
            until,
            met: None,
            count,
            counted: 0,
            out: Vec::with_capacity(64 * 1024),
            swept: Duration::ZERO,
            tried: None,
            rung: None,
            causes: None,
            seen: None,
        }
    }

    /// What is to be written out; the caller clears it.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// The last alert that fired, to be made heard; once a second at most.
    pub fn rung(&mut self) -> Option<String> {
        self.rung.take()
    }

    /// An alert waits to be made heard.
    pub fn is_rung(&self) -> bool {
        self.rung.is_some()
    }

    /// Has findings told with their causes, as far as those are known; what is to be read for it is handed out.
    pub fn tell_causes(&mut self) {
        self.causes.get_or_insert_default();
    }

    /// The next definition of a flow to read, which causes are taken from.
    pub fn wanted(&mut self) -> Option<causes::WantedDefinition> {
        self.causes.as_mut()?.next()
    }

    /// A definition was read, or cannot be.
    pub fn learned(
        &mut self,
        version: causes::WantedDefinition,
        definition: Option<std::sync::Arc<crate::flow::model::Flow>>,
    ) {
        if let Some(causes) = &mut self.causes {
            causes.learned(version, definition);
        }
    }

    /// Has the reports kept for [`Self::seen`].
    pub fn keep_reports(&mut self) {
        self.seen.get_or_insert_default();
    }

    /// What was reported since this was asked last.
    pub fn seen(&mut self) -> Vec<CallReport> {
        self.seen.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Tells what was found elsewhere on a call, if that call is told at all.
    pub fn found(&mut self, at: At, finding: &Finding) {
        let Self { monitor, form, out, .. } = self;
        let board = &monitor.board;
        if monitor.is_in_scope(finding.conversation.as_str()) {
            let call = board.get(finding.conversation.as_str()).map(|entry| &entry.conversation);
            let line = ndjson::finding(ndjson::stamp(at), board, finding);
            let about = About { time: at.wall, call, names: &board.names, snapshot: false };
            write(out, form, &about, &line);
            self.rung = Some(finding.message.to_string());
        }
    }

    /// The plan is fulfilled.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The call that met the condition to end, and the condition.
    pub fn met(&self) -> Option<(&ConversationId, &Filter)> {
        self.met.as_ref().zip(self.until.as_ref())
    }

    /// Tells about the connection. What was missed is to be read again once it is live.
    pub fn link(&mut self, at: At, link: &Link, operator: &dyn Claims) -> FollowStep {
        let outcome = self.monitor.link(at, link, operator);
        let step = self.write_outcome(outcome);
        // One line for each try, not another when it begins.
        let this = match link {
            Link::Reconnecting { attempt, reason, .. } => Some((*attempt, reason.to_string())),
            _ => None,
        };
        if this.is_some() && self.tried == this {
            return step;
        }
        self.tried = this;
        let line = NdjsonLine::Connection { time: ndjson::stamp(at), state: link.as_str(), reason: link.reason() };
        let about = About { time: at.wall, call: None, names: &self.monitor.board.names, snapshot: false };
        write(&mut self.out, &mut self.form, &about, &line);
        step
    }

    /// Takes in an update and tells what changed.
    pub fn apply(&mut self, at: At, update: Update, operator: &dyn Claims) -> FollowStep {
        let outcome = self.monitor.update(at, update, operator);
        let mut step = self.write_outcome(outcome);
        if self.monitor.board.ended() > Retention::DEFAULT.count {
            step.gone = self.monitor.forget_ended(at, Retention::DEFAULT, |_| false);
        }
        step
    }

    /// Messages are missing in a recording.
    pub fn missed(&mut self, at: At, operator: &dyn Claims) {
        let outcome = self.monitor.missed(at, operator);
        // Nothing can be read again in a recording.
        _ = self.write_outcome(outcome);
    }

    /// When time alone will tell something next, on the clock of [`At::mono`].
    pub fn due(&self) -> Option<Duration> {
        self.monitor.due()
    }

    /// Judges again what time alone can change, and forgets calls that ended long ago.
    pub fn tick(&mut self, at: At, operator: &dyn Claims) -> FollowStep {
        let outcome = self.monitor.time(at, operator);
        let mut step = self.write_outcome(outcome);
        if let Some(until) = self.until.as_ref().filter(|until| until.depends_on_time()) {
            let Monitor { board, .. } = &self.monitor;
            let meets =
                |e: &BoardEntry| until.holds(CallFacts { conversation: &e.conversation, names: &board.names, now: at });
            let found = board.iter().find(|e| self.monitor.is_in_scope(e.conversation.id.as_str()) && meets(e));
            if let Some(found) = found.filter(|_| !self.done) {
                self.met = Some(found.conversation.id.clone());
                self.done = true;
            }
            step.done = self.done;
        }
        if at.mono.saturating_sub(self.swept) > Retention::DEFAULT.time / 10 {
            self.swept = at.mono;
            step.gone = self.monitor.forget_ended(at, Retention::DEFAULT, |_| false);
        }
        step
    }

    /// When [`Self::tick`] has something to do.
    pub fn tick_every(&self) -> Duration {
        let timed = self.monitor.is_timed() || self.until.as_ref().is_some_and(Filter::depends_on_time);
        if timed { Duration::from_millis(100) } else { Retention::DEFAULT.time / 10 }
    }

    fn write_outcome(&mut self, outcome: MonitorOutcome) -> FollowStep {
        let MonitorOutcome { earlier, report, reread } = outcome;
        earlier.iter().chain(&report).for_each(|report| self.write_report(report));
        if let Some(seen) = &mut self.seen {
            seen.extend(earlier.into_iter().chain(report));
        }
        FollowStep { reread, done: self.done, gone: Vec::new() }
    }

    fn write_report(&mut self, report: &CallReport) {
        let Self { monitor, form, until, out, causes, .. } = self;
        let (at, board) = (report.at, &monitor.board);
        let Some(entry) = board.get(report.call.as_str()).filter(|_| !self.done) else { return };
        let of_call = |change: &Change| matches!(change, Change::Conversation { .. });
        if let Some(causes) =
            causes.as_mut().filter(|_| report.scope != InScope::No && report.changes.iter().any(of_call))
        {
            causes.saw(&entry.conversation);
        }
        let mut cause = |finding: &Finding| causes.as_mut()?.of(at, finding, entry, &board.names);
        let time = ndjson::stamp(at);
        let mut sink = Sink {
            out,
            form,
            about: About {
                time: at.wall,
                call: Some(&entry.conversation),
                names: &board.names,
                snapshot: report.scope == InScope::New || is_first(report),
            },
            left: self.count.map(|count| count.saturating_sub(self.counted)),
            counted: 0,
            writer: LineWriter::default(),
        };
        match report.scope {
            InScope::No => return,
            InScope::Yes => {
                let lines =
                    report.changes.iter().filter_map(|c| ndjson::line(time, &entry.conversation, &board.names, c));
                lines.for_each(|line| sink.tell_change(&line));
                for change in &report.findings {
                    // What was told and says something new now is told again; that it is gone shows in the lines above.
                    if let FindingChange::Appeared(finding) | FindingChange::Changed(finding) = change {
                        let cause = cause(finding);
                        sink.tell(&ndjson::finding_with(time, board, finding, cause.as_ref().map(causes::told)));
                    }
                }
            }
            // The reader has not heard of this call yet, so it is told whole.
            InScope::New => {
                ndjson::first_sight(time, entry, &board.names, report.source).for_each(|line| sink.tell_change(&line));
                for finding in monitor.examiner.of(report.call.as_str()) {
                    let cause = cause(&finding);
                    sink.tell(&ndjson::finding_with(time, board, &finding, cause.as_ref().map(causes::told)));
                }
            }
        }
        report.alerts.iter().for_each(|fired| sink.tell(&ndjson::watchpoint(time, fired)));
        sink.end();
        self.counted += sink.counted;
        let facts = CallFacts { conversation: &entry.conversation, names: &board.names, now: at };
        self.done |= self.count.is_some_and(|count| self.counted >= count);
        if until.as_ref().is_some_and(|until| until.holds(facts)) {
            self.met = Some(entry.conversation.id.clone());
            self.done = true;
        }
        if let Some(fired) = report.alerts.last().filter(|_| monitor.alerts.rings(at)) {
            self.rung = Some(fired.words.clone());
        }
    }
}

/// Writes the lines of one update, and no attribute line more than is wanted.
struct Sink<'a> {
    out: &'a mut Vec<u8>,
    form: &'a mut LineForm,
    about: About<'a>,
    left: Option<u64>,
    counted: u64,
    writer: LineWriter<'a>,
}

/// The call is reported for the first time.
fn is_first(report: &CallReport) -> bool {
    let started = |change: &Change| matches!(change, Change::Conversation { change: ConversationChange::Started, .. });
    report.changes.iter().any(started)
}

impl<'a> Sink<'a> {
    /// Nothing more comes of this report.
    fn end(&mut self) {
        if let LineForm::Text(human) = self.form {
            let mut text = String::new();
            human.end(&mut text);
            self.out.extend_from_slice(text.as_bytes());
        }
    }

    /// Tells a change, many of which follow one another.
    fn tell_change(&mut self, line: &NdjsonLine<'a>) {
        if !matches!(self.form, LineForm::Json) {
            self.tell(line);
        } else if self.counts(line) {
            self.writer.write(self.out, line);
        }
    }

    fn tell(&mut self, line: &NdjsonLine<'_>) {
        if self.counts(line) {
            write(self.out, self.form, &self.about, line);
        }
    }

    /// Whether the line is still wanted; then it is counted.
    fn counts(&mut self, line: &NdjsonLine<'_>) -> bool {
        let wanted = self.left.is_none_or(|left| self.counted < left);
        self.counted += u64::from(wanted && line.is_attribute());
        wanted
    }
}

fn write(out: &mut Vec<u8>, form: &mut LineForm, about: &About<'_>, line: &NdjsonLine<'_>) {
    match form {
        LineForm::Not => {}
        LineForm::Json => {
            line.write(out);
        }
        LineForm::Text(human) => {
            let mut text = String::new();
            human.line(&mut text, about, line);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
