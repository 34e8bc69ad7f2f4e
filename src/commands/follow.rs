//! What a reader of live changes is told: the board's changes as lines, through a filter, until a condition holds.
//!
//! Shared by `watch` and by whatever else tells changes without a screen. Pure: it is handed updates and fills a
//! buffer; the caller writes it out when nothing more is waiting.

use super::paint::{Paint, Role};
use crate::{
    domain::{
        Applied, At, Board, Change, Claims, Conversation, ConversationId, HistoryLimits, Link, Names, Source, Trap,
        Update,
        expect::Expectation,
        filter::{CallFacts, Filter},
        findings::{Examiner, FindingChange, Tuning},
        text,
        watchpoint::Watchpoints,
    },
    live::Owner,
    ndjson::{self, Line},
};
use jiff::{Timestamp, tz::TimeZone};
use rustc_hash::FxHashSet;
use std::{fmt::Write, time::Duration};

/// How long a call that has ended is still known, so that a late event does not look like a new call.
const REMEMBERED: Duration = Duration::from_secs(600);

/// In which form lines are written.
#[derive(Clone, Debug)]
pub enum Form {
    /// NDJSON.
    Json,
    /// Not at all: only the board is wanted.
    Silent,
    /// For people, with times of this zone.
    Text(Paint, TimeZone),
}

/// What is told, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The form.
    pub form: Form,
    /// Only calls that satisfy this, from that moment to their end.
    pub filter: Filter,
    /// Ends when a call satisfies this.
    pub until: Option<Filter>,
    /// Only the next call that goes into this trap.
    pub trap: Option<Trap>,
    /// Ends after this many attribute lines.
    pub count: Option<u64>,
    /// How the rules of findings are applied.
    pub tuning: Tuning,
    /// What calls should carry.
    pub expectations: Vec<Expectation>,
    /// What rings the bell, among the calls that are told.
    pub watchpoints: Watchpoints,
}

impl Plan {
    /// Everything is told in this form, by the rules as they are.
    pub fn everything(form: Form) -> Self {
        Self {
            form,
            filter: Filter::default(),
            until: None,
            trap: None,
            count: None,
            tuning: Tuning::default(),
            expectations: Vec::new(),
            watchpoints: Watchpoints::default(),
        }
    }

    /// Something in it is to be judged again as time passes.
    fn is_timed(&self) -> bool {
        let timed = Filter::depends_on_time;
        timed(&self.filter) || self.until.as_ref().is_some_and(timed) || self.watchpoints.are_timed()
    }
}

/// What came of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Step {
    /// This conversation has to be read before more can be said about it.
    pub reread: Option<ConversationId>,
    /// The plan is fulfilled.
    pub done: bool,
    /// Calls that ended long ago and are not known any more.
    pub gone: Vec<ConversationId>,
}

/// A board and the reader who is told about it.
#[derive(Debug)]
pub struct Follow {
    /// What is known.
    pub board: Board,
    plan: Plan,
    /// The calls that the filter let through; not kept without a filter.
    told: FxHashSet<ConversationId>,
    counted: u64,
    done: bool,
    out: Vec<u8>,
    retired: Duration,
    examiner: Examiner,
    /// What rang and was not told to the terminal yet.
    rung: Option<String>,
}

impl Follow {
    /// An empty board and a plan.
    pub fn new(plan: Plan) -> Self {
        Self {
            // Nothing here looks back.
            board: Board::new(HistoryLimits::NONE),
            done: plan.count == Some(0),
            examiner: Examiner::new(plan.tuning.clone(), plan.expectations.clone()),
            rung: None,
            plan,
            told: FxHashSet::default(),
            counted: 0,
            out: Vec::with_capacity(64 * 1024),
            retired: Duration::ZERO,
        }
    }

    /// What is to be written out; the caller clears it.
    pub fn output(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// What the bell is to be rung for now: the last watchpoint that fired, once a second at most.
    pub fn rung(&mut self) -> Option<String> {
        self.rung.take()
    }

    /// The plan is fulfilled.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Tells about the link. While it is not live, what is on the board may have changed unseen.
    pub fn link(&mut self, at: At, link: &Link) {
        if link.is_lost() {
            self.board.mark_stale();
        }
        let line = Line::Connection { time: ndjson::stamp(at), state: link.as_str(), reason: link.reason() };
        tell(&mut self.out, &self.plan.form, at, &line, None, &self.board.names);
    }

    /// Takes in an update and tells what changed.
    pub fn apply(&mut self, at: At, update: Update, claims: &dyn Claims) -> Step {
        self.settle(at);
        let source = match &update {
            Update::Stream(_) | Update::Delta(_) => Source::Stream,
            Update::Event(_) => Source::Event,
            Update::Read { .. } => Source::Read,
        };
        // A read may bring nothing new but that the call is current again.
        let read = match &update {
            Update::Read { snapshot, .. } => Some(snapshot.id.clone()),
            _ => None,
        };
        let Applied { changes, reread } = self.board.apply(at, update, claims);
        let id = changes.first().map(|change| change.conversation().clone());
        if let (Some(id), false) = (id.or(read), self.done) {
            let found = match self.board.get(id.as_str()) {
                Some(entry) => self.examiner.look(entry, &self.board.names, &changes, &[], at),
                None => Vec::new(),
            };
            self.tell_changes(at, &id, &changes, &found, source);
        }
        Step { reread, done: self.done, gone: Vec::new() }
    }

    /// Tells the findings that came of time alone, each at its own moment.
    fn settle(&mut self, at: At) {
        while let Some((due, id)) = self.examiner.due_call(at) {
            let Some(entry) = self.board.get(id.as_str()) else {
                self.examiner.forget(id.as_str());
                continue;
            };
            let found = self.examiner.look(entry, &self.board.names, &[], &[], due);
            self.tell_changes(due, &id, &[], &found, Source::Stream);
        }
    }

    /// When time alone will tell something next, on the clock of [`At::mono`].
    pub fn due(&self) -> Option<Duration> {
        self.examiner.due().map(|due| due.mono)
    }

    /// Judges again what time alone can change, and forgets calls that ended long ago.
    pub fn tick(&mut self, at: At) -> Step {
        self.settle(at);
        if self.plan.is_timed() {
            let ids: Vec<ConversationId> = self.board.iter().map(|e| e.conversation.id.clone()).collect();
            for id in ids {
                self.tell_changes(at, &id, &[], &[], Source::Stream);
            }
        }
        let mut gone = Vec::new();
        if at.mono.saturating_sub(self.retired) > REMEMBERED / 10 {
            self.retired = at.mono;
            gone = self.board.retire(|entry| {
                let call = &entry.conversation;
                call.is_over() && at.mono.saturating_sub(call.last_seen.mono) > REMEMBERED
            });
            for id in &gone {
                self.told.remove(id);
                self.plan.watchpoints.forget(id);
                self.examiner.forget(id.as_str());
            }
        }
        Step { reread: None, done: self.done, gone }
    }

    /// When [`Self::tick`] has something to do.
    pub fn tick_every(&self) -> Duration {
        if self.plan.is_timed() { Duration::from_millis(100) } else { REMEMBERED / 10 }
    }

    fn tell_changes(
        &mut self,
        at: At,
        id: &ConversationId,
        changes: &[Change],
        found: &[FindingChange],
        source: Source,
    ) {
        let Some(entry) = self.board.get(id.as_str()) else { return };
        let call = &entry.conversation;
        let facts = CallFacts { conversation: call, names: &self.board.names, now: at };
        let time = ndjson::stamp(at);
        let mut sink = Sink {
            out: &mut self.out,
            form: &self.plan.form,
            at,
            call,
            names: &self.board.names,
            left: self.plan.count.map(|count| count.saturating_sub(self.counted)),
            counted: 0,
        };
        let everything = self.plan.filter.is_empty() && self.plan.trap.is_none();
        let wanted = |trap: &mut Option<Trap>| match trap {
            Some(trap) => trap.look(call, &self.board.names, at),
            None => true,
        };
        if everything || self.told.contains(id) {
            changes.iter().filter_map(|c| ndjson::line(time, &self.board, c)).for_each(|line| sink.tell(&line));
            for change in found {
                // What was told and says something new now is told again; that it is gone shows in the lines above.
                if let FindingChange::Appeared(finding) | FindingChange::Changed(finding) = change {
                    sink.tell(&ndjson::finding(time, finding));
                }
                if let FindingChange::Appeared(finding) = change {
                    self.plan.watchpoints.found(finding, at);
                }
            }
        } else if wanted(&mut self.plan.trap) && self.plan.filter.holds(facts) {
            // The reader has not heard of this call yet, so it is told whole.
            ndjson::first_sight(time, entry, source).for_each(|line| sink.tell(&line));
            for finding in self.examiner.of(id.as_str()) {
                sink.tell(&ndjson::finding(time, finding));
                self.plan.watchpoints.found(finding, at);
            }
            self.told.insert(id.clone());
        } else {
            return;
        }
        if !self.plan.watchpoints.is_empty() {
            self.plan.watchpoints.changed(entry, &self.board.names, changes, at);
            for fired in self.plan.watchpoints.take() {
                sink.tell(&ndjson::watchpoint(time, &fired));
                if self.plan.watchpoints.rings(at) {
                    self.rung = Some(fired.words);
                }
            }
        }
        self.counted += sink.counted;
        self.done |= self.plan.count.is_some_and(|count| self.counted >= count)
            || self.plan.until.as_ref().is_some_and(|until| until.holds(facts));
    }
}

impl Owner for Follow {
    fn revision(&self, id: &str) -> u64 {
        self.board.revision(id)
    }

    fn warm(&self, id: &str) {
        self.board.warm(id);
        self.examiner.warm(id);
    }
}

/// Writes the lines of one update, and no attribute line more than is wanted.
struct Sink<'a> {
    out: &'a mut Vec<u8>,
    form: &'a Form,
    at: At,
    call: &'a Conversation,
    names: &'a Names,
    left: Option<u64>,
    counted: u64,
}

impl Sink<'_> {
    fn tell(&mut self, line: &Line<'_>) {
        if self.left.is_some_and(|left| self.counted >= left) {
            return;
        }
        self.counted += u64::from(line.is_attribute());
        tell(self.out, self.form, self.at, line, Some(self.call), self.names);
    }
}

fn tell(out: &mut Vec<u8>, form: &Form, at: At, line: &Line<'_>, call: Option<&Conversation>, names: &Names) {
    match form {
        Form::Silent => {}
        Form::Json => {
            let start = out.len();
            // Only a failing writer or map keys that are no strings could fail here, and there are neither; should it
            // happen all the same, half a line must not be left.
            if ndjson::write(out, line).is_err() {
                out.truncate(start);
            }
        }
        Form::Text(paint, zone) => {
            let text = human(*paint, zone, at.wall, line, call, names);
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// One line for people: time, call, participant, what happened.
fn human(
    paint: Paint,
    zone: &TimeZone,
    time: Timestamp,
    line: &Line<'_>,
    call: Option<&Conversation>,
    names: &Names,
) -> String {
    let clock = time.to_zoned(zone.clone()).strftime("%H:%M:%S%.3f").to_string();
    let mut text = format!("{}  ", paint.own(Role::Quiet, &clock));
    let who = call.map(|c| match c.from() {
        Some(from) => from.strip_prefix("tel:").unwrap_or(from).to_owned(),
        None => text::shorten_id_in(c.id.as_str(), 12, paint.charset()).into_owned(),
    });
    if let Some(who) = who {
        text.push_str(&paint.column(Role::Name, &who, 18));
        text.push_str("  ");
    }
    // Writing to a String cannot fail.
    _ = match line {
        Line::Connection { state, reason, .. } => {
            let role = if *state == "live" { Role::Good } else { Role::Warning };
            let reason = reason.map(|r| format!(": {}", text::visible_in(r, paint.charset()))).unwrap_or_default();
            writeln!(text, "{}{reason}", paint.own(role, state))
        }
        Line::Conversation { conversation_id, change, media_type, .. } => {
            let queue = call.and_then(Conversation::queue).map(|id| match names.queue(id) {
                Some(name) => format!(", queue {}", text::visible_in(name, paint.charset())),
                None => format!(", queue {}", text::shorten_id_in(id.as_str(), 12, paint.charset())),
            });
            writeln!(
                text,
                "{} {change} ({media_type}{}) {}",
                if *media_type == "call" { "call" } else { "conversation" },
                queue.unwrap_or_default(),
                paint.foreign(Role::Quiet, conversation_id)
            )
        }
        Line::Participant { purpose, change, state, .. } => {
            writeln!(text, "{}  {change} {}", paint.column(Role::Quiet, purpose, 8), paint.foreign(Role::Quiet, state))
        }
        Line::Finding { rule, message, severity, .. } => {
            writeln!(
                text,
                "{} {}: {message}",
                paint.own(severity_role(severity), severity),
                paint.own(Role::Name, rule)
            )
        }
        Line::Watchpoint { message, .. } => {
            writeln!(text, "{} {}", paint.own(Role::Warning, "bell"), text::visible_in(message, paint.charset()))
        }
        Line::Attribute { purpose, key, old, new, source, .. } => {
            let value = |v: &Option<&str>| match v {
                Some("") => paint.own(Role::Quiet, "(blank)").into_owned(),
                Some(v) => text::visible_in(v, paint.charset()).into_owned(),
                None => paint.own(Role::Quiet, paint.absent()).into_owned(),
            };
            let new = paint.own(Role::Fresh, &value(new)).into_owned();
            let change = if old.is_none() { new } else { format!("{} {} {new}", value(old), paint.arrow()) };
            writeln!(
                text,
                "{}  {} = {change}  {}",
                paint.column(Role::Quiet, purpose, 8),
                paint.foreign(Role::Name, key),
                paint.own(Role::Quiet, source)
            )
        }
    };
    text
}

/// How a severity is coloured.
pub(super) fn severity_role(severity: &str) -> Role {
    match severity {
        "error" => Role::Bad,
        "warn" => Role::Warning,
        _ => Role::Quiet,
    }
}

#[cfg(test)]
mod tests;
