//! Everything the program knows. One owner, one history.

mod copy;
mod places;
mod playback;
pub(super) mod question;
mod since;
mod views;
mod why;

use super::{
    call::CallScreen,
    call::Sources,
    calls::{Calls, SelectionMoved},
    diagnose::{Diagnose, FindingScope},
    effect::AppExit,
    flow::Definition,
    flow::FlowScreen,
    fresh::Fresh,
    keymap::Keymap,
    layout,
    notice::Notice,
    notice::NoticeLevel,
    places::Place,
    popups::CellEditor,
    popups::Overlay,
    popups::command_line::Entered,
    rate::Rate,
    recording::Recording,
    replay::EventCollector,
    replay::Replay,
    screen::Screen,
    settings::AppSettings,
    since::SinceScreen,
    timeline::Timeline,
    why::{CausesOfCall, Gathering, WhyScreen},
};
use crate::domain::{
    At, BoardEntry, ConversationId, EveryState, Link, Participant, Trap,
    monitor::{CallReport, Monitor, MonitorOptions},
    outbox::Outbox,
};
use ratatui::layout::Rect;
use rustc_hash::{FxHashMap, FxHashSet};
use std::time::Duration;

/// Topics and requests in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Topics subscribed.
    pub topics: usize,
    /// Requests spent in the last minute.
    pub spent: u32,
    /// Requests allowed in a minute; 0 while unknown.
    pub limit: u32,
    /// The platform asked for a pause until then, on the clock that never jumps.
    pub paused_until: Option<Duration>,
}

/// The whole state of the program.
#[derive(Debug)]
pub struct Model {
    /// The moment of the last thing that happened.
    pub now: At,
    /// The terminal.
    pub size: Rect,
    /// The watched conversations, what was found on them, and the alerts.
    pub monitor: Monitor,
    /// What the monitor reported with the last message.
    pub reports: Vec<CallReport>,
    /// The connection.
    pub link: Link,
    /// Events per second.
    pub rate: Rate,
    /// Topics and requests in use.
    pub usage: Usage,
    /// When the token ends, on the clock that never jumps, if it cannot be renewed.
    pub token_ends: Option<Duration>,
    /// How many warnings of that were given.
    pub(super) token_warned: usize,
    /// A person must sign in: why.
    pub sign_in_needed: Option<String>,
    /// Frames that could not be understood.
    pub bad_frames: u64,
    /// Whole-state events that were skipped because a newer one was already there.
    pub coalesced: u64,
    /// Which screen is shown.
    pub screen: Screen,
    /// The way to this screen: Esc goes back on it.
    pub(super) trail: Vec<Place>,
    /// The Calls screen.
    pub calls: Calls,
    /// The Call screen, once a call was opened.
    pub call: Option<CallScreen>,
    /// The Timeline screen.
    pub timeline: Timeline,
    /// The Diagnose screen.
    pub diagnose: Diagnose,
    /// The next call that fits is opened.
    pub trap: Option<Trap>,
    /// The first of two calls to be compared.
    pub marked: Option<ConversationId>,
    /// The Flow screen.
    pub flow: FlowScreen,
    /// The Why screen.
    pub why: WhyScreen,
    /// What was gathered of the flows that calls ran.
    pub gathered: FxHashMap<ConversationId, Gathering>,
    /// Why keys are missing, by call.
    pub(super) causes: FxHashMap<ConversationId, CausesOfCall>,
    /// The Since screen.
    pub since: SinceScreen,
    /// The definitions of flows that were read, by name; or why one cannot be had.
    pub definitions: FxHashMap<String, Result<Definition, String>>,
    /// Flows whose definition was asked for.
    pub(super) asked_flows: FxHashSet<String>,
    /// Every edit, from the first letter typed until the value was seen.
    pub outbox: Outbox,
    /// What of it cannot be kept on disk now.
    pub unkept: super::unkept::Unkept,
    /// What lies over the screen; the last one has the keyboard.
    pub overlays: Vec<Overlay>,
    /// What was entered on the command line.
    pub entered: Entered,
    /// The message in the footer.
    pub notice: Option<Notice>,
    /// Changes that are still fresh.
    pub fresh: Fresh,
    /// The table of actions with the user's keys.
    pub keymap: Keymap,
    /// Choices that hold for the session.
    pub settings: AppSettings,
    /// When and where the mouse was clicked last.
    pub(super) clicked: Option<(Duration, (u16, u16))>,
    /// The read from the terminal in which the key came that is handled now.
    pub(super) read: question::KeyRead,
    /// The question on the screen, once it was drawn.
    pub(super) question: Option<question::Drawn>,
    /// An answer to it that may be a key which is held down.
    pub(super) held_answer: Option<question::HeldAnswer>,
    /// The recording that is being made.
    pub recording: Option<Recording>,
    /// The recording that is played in the place of a live organisation.
    pub replay: Option<Replay>,
    /// Notes what happens; only while a recording is read for its marks.
    pub collector: Option<EventCollector>,
    /// How the Calls screen looked when that was kept last.
    pub(super) remembered: Option<super::views::CallsView>,
    /// When a request that was answered ended the wait of the link last, on the monotonic clock.
    pub(super) hurried: Option<Duration>,
    /// Set when the program is to end.
    pub exit: Option<AppExit>,
    /// Rows and widths are older than the board.
    pub(super) stale: bool,
}

impl Model {
    /// A program that has seen nothing yet.
    pub fn new(at: At, size: Rect, settings: AppSettings, keymap: Keymap) -> Self {
        Self {
            now: at,
            size,
            monitor: Monitor::new(MonitorOptions {
                tuning: settings.tuning.clone(),
                expectations: settings.expectations.clone(),
                ..MonitorOptions::default()
            }),
            reports: Vec::new(),
            link: Link::default(),
            rate: Rate::default(),
            usage: Usage::default(),
            token_ends: None,
            token_warned: 0,
            sign_in_needed: None,
            bad_frames: 0,
            coalesced: 0,
            screen: Screen::default(),
            trail: Vec::new(),
            calls: Calls {
                following: true,
                filter: settings.filter.parse().unwrap_or_default(),
                filter_text: settings.filter.clone(),
                expected: settings.expectations.iter().map(|e| e.key.as_str().into()).collect(),
                picked: settings.columns.as_ref().map(|keys| keys.iter().map(|k| k.as_str().into()).collect()),
                ..Calls::default()
            },
            call: None,
            timeline: Timeline::default(),
            diagnose: Diagnose::default(),
            trap: settings.trap.clone(),
            marked: None,
            flow: FlowScreen::default(),
            why: WhyScreen::default(),
            gathered: FxHashMap::default(),
            causes: FxHashMap::default(),
            since: SinceScreen::default(),
            definitions: FxHashMap::default(),
            asked_flows: FxHashSet::default(),
            outbox: Outbox::new(settings.policy.clone()),
            overlays: Vec::new(),
            entered: Entered::default(),
            notice: None,
            fresh: Fresh::default(),
            keymap,
            settings,
            clicked: None,
            unkept: super::unkept::Unkept::default(),
            read: question::KeyRead::default(),
            question: None,
            held_answer: None,
            recording: None,
            replay: None,
            collector: None,
            remembered: None,
            hurried: None,
            exit: None,
            stale: true,
        }
    }

    /// From now on this recording is played on the screens, with its bar below them.
    pub fn play(&mut self, replay: Replay) {
        let terminal = self.size;
        self.replay = Some(replay);
        self.resize(terminal);
    }

    /// The terminal has this size now.
    pub(super) fn resize(&mut self, terminal: Rect) {
        self.size = layout::screen(terminal, self.replay.is_some());
        self.stale = true;
    }

    /// Brings what is derived up to date: to be called once before a draw, however much happened since the last one.
    pub fn prepare(&mut self, at: At) {
        self.now = at;
        self.fresh.settle(at);
        if self.notice.as_ref().and_then(Notice::until).is_some_and(|until| until <= at.mono) {
            self.notice = None;
        }
        if self.calls.filter.depends_on_time() {
            self.stale = true;
        }
        if !std::mem::take(&mut self.stale) || layout::too_small(self.size) {
            return;
        }
        self.find_causes();
        match self.screen {
            Screen::Calls => {
                // While a filter is typed, rows come and go on purpose.
                let typing = matches!(self.overlays.last(), Some(Overlay::Filter(_)));
                let touched = self.monitor.board.take_touched();
                let Monitor { board, examiner, .. } = &self.monitor;
                if let Some(moved) = self.calls.refresh(board, examiner, touched, at, self.size).filter(|_| !typing) {
                    let words = match moved {
                        SelectionMoved::Gone => "The selected call is no longer shown; the one next to it is selected.",
                        SelectionMoved::Ended => "The selected call has ended; the one next to it is selected.",
                    };
                    self.say(NoticeLevel::Info, words);
                }
            }
            Screen::Call => {
                let question = self.asks_about_the_cell();
                let naming = self.overlays.iter().any(|overlay| matches!(overlay, Overlay::AddKey(_)));
                let freeze = question || naming || self.editor().is_some();
                let names = &self.monitor.board.names;
                let run = self.call.as_ref().and_then(|call| call.conversation(&self.monitor.board)?.flow());
                let flow = run.and_then(|run| run.name(names));
                let flow = flow.and_then(|name| self.definitions.get(name)).and_then(|read| read.as_ref().ok());
                let gathered = self.call.as_ref().and_then(|call| self.gathered.get(&call.id)?.what.as_ref());
                if let Some(call) = &mut self.call {
                    call.refresh(Sources {
                        board: &self.monitor.board,
                        outbox: &self.outbox,
                        examiner: &self.monitor.examiner,
                        flow,
                        gathered,
                        size: self.size,
                        now: at,
                        freeze,
                        question,
                    });
                }
            }
            Screen::Timeline => {
                let page = usize::from(layout::timeline(self.size).table.height);
                self.timeline.refresh(&self.monitor.board, at, page);
            }
            Screen::Diagnose => {
                let page = self.page();
                let seen = FindingScope { board: &self.monitor.board, examiner: &self.monitor.examiner, now: at };
                self.diagnose.refresh(seen, page);
            }
            Screen::Flow => {
                let page = self.page();
                self.flow.refresh(&self.monitor.board, page);
                self.flow.count_versions(&self.monitor.board);
                let name = self.flow.name.clone().unwrap_or_default();
                let runs = self.gathered.values().filter_map(|known| known.what.as_ref()).flat_map(|what| &what.flows);
                self.flow.decide(runs.filter(|run| run.name.name == name));
            }
            Screen::Why => self.refresh_why(),
            Screen::Since => self.refresh_since(),
        }
    }

    /// Rows and widths are to be brought up to date before the next draw.
    pub(super) fn touch(&mut self) {
        self.stale = true;
    }

    /// The filter prompt goes where it has the keyboard; the filter stays as it was typed.
    pub(super) fn close_filter(&mut self) {
        self.overlays.pop_if(|overlay| matches!(overlay, Overlay::Filter(_)));
    }

    /// The cell that is being edited.
    pub fn editor(&self) -> Option<&CellEditor> {
        self.overlays.iter().find_map(|o| match o {
            Overlay::Editor(editor) => Some(editor),
            _ => None,
        })
    }

    /// A question about the selected cell of the Call screen stands: it has its place by the row.
    pub fn asks_about_the_cell(&self) -> bool {
        let Some(cell) = self.call.as_ref().filter(|_| self.screen == Screen::Call).and_then(CallScreen::cell) else {
            return false;
        };
        match self.overlays.last() {
            Some(Overlay::Commit(commit)) => commit.cells == [cell],
            Some(Overlay::Conflict(asked)) => asked.cell == cell,
            _ => false,
        }
    }

    /// The voice flow that runs on a call of the cells that are about to be sent: it may write its own values back.
    pub fn flow_of_commit(&self) -> Option<&Participant> {
        let Some(Overlay::Commit(commit)) = self.overlays.last() else { return None };
        let calls = commit.cells.iter().filter_map(|c| self.monitor.board.get(c.conversation.as_str()));
        calls.filter_map(|e| e.conversation.running_flow()).next()
    }

    /// When time alone changes the picture next, on the monotonic clock.
    pub fn next_deadline(&self, at: At) -> Option<Duration> {
        // Edits and findings go on where nothing can be shown.
        let edits = self.outbox.next_deadline().map(|t| t.max(at.mono));
        let findings = self.monitor.examiner.due().map(|t| t.mono.max(at.mono));
        if layout::too_small(self.size) {
            // So does forgetting what is over.
            let ended = (self.monitor.board.ended() > 0).then(|| at.mono + Duration::from_secs(10));
            return edits.into_iter().chain(findings).chain(ended).min();
        }
        // The clock in the header, and ages.
        let second = Duration::from_secs(at.mono.as_secs() + 1);
        let notice = self.notice.as_ref().and_then(Notice::until);
        let answer = self.held_answer_due();
        [Some(second), notice, self.fresh.next_deadline(at), edits, findings, answer].into_iter().flatten().min()
    }

    /// Of which conversations no state may be skipped, however fast events come: where an edit waits for what becomes of
    /// it, where the operator looks at the history, and everywhere while something is waited for that may come and go.
    pub fn every_state(&self) -> EveryState {
        if self.trap.is_some() || !self.monitor.alerts.list.is_empty() {
            return EveryState::OfAll;
        }
        let open = self.call.as_ref().filter(|_| self.screen == Screen::Call).map(|call| &call.id);
        EveryState::Of(self.outbox.conversations().chain(open).cloned().collect())
    }

    /// Says that this was copied; whether it reached a clipboard is known of the desktop's own only.
    pub(super) fn copied(&mut self, what: &str) {
        let words = self.copied_words(what);
        let level = if self.settings.copies_through.is_some() { NoticeLevel::Info } else { NoticeLevel::Done };
        self.say(level, words);
    }

    /// The words for it.
    pub fn copied_words(&self, what: &str) -> String {
        match self.settings.copies_through {
            None => format!("Copied {what}."),
            Some("tmux") => {
                format!("Copied {what}, as far as tmux passes it on: that needs `set -s set-clipboard on` in tmux.")
            }
            Some(other) => format!("Copied {what}, as far as {other} and the terminal pass it on."),
        }
    }

    /// Shows a message in the footer.
    pub fn say(&mut self, level: NoticeLevel, text: impl Into<String>) {
        self.notice = Some(Notice { level, text: text.into(), since: self.now, standing: None });
    }

    /// The selected call on the Calls screen.
    pub fn selected_call(&self) -> Option<&BoardEntry> {
        self.monitor.board.get(self.calls.selected.as_ref()?.as_str())
    }

    /// The areas of the Flow screen.
    pub fn flow_areas(&self) -> layout::FlowAreas {
        layout::flow(self.size, self.flow.show.is_some(), self.flow.rows.len())
    }

    /// Rows on a page of this screen.
    pub fn page(&self) -> usize {
        let table = match self.screen {
            Screen::Calls => self.calls.areas(self.size).table,
            Screen::Call => self.call.as_ref().map(|call| call.areas.table).unwrap_or_default(),
            Screen::Timeline => layout::timeline(self.size).table,
            Screen::Diagnose => layout::diagnose(self.size).table,
            Screen::Flow => self.flow_areas().table,
            Screen::Why | Screen::Since => layout::frame(self.size).body,
        };
        usize::from(table.height).max(1)
    }
}
