//! Which keys hold now: the scopes of what is on the screen, and the conditions of the bindings.

use super::{
    call::CallScreen,
    key::Key,
    keymap::{Binding, Command, Condition, Scope},
    model::Model,
    popups::{Filtered, Overlay},
    screen::Screen,
    signin::{How, SignInStage},
};
use crate::domain::{
    findings::RuleId,
    outbox::{EditState, Sent},
};

impl Model {
    /// Whether a binding with this condition makes sense now.
    pub fn meets(&self, condition: Condition) -> bool {
        use Condition as C;
        match condition {
            C::Always => true,
            C::HasCall => self.calls.selected.is_some(),
            C::HasFilter => !self.calls.filter_text.is_empty(),
            C::FiltersCalls => {
                matches!(self.overlays.last(), Some(Overlay::Filter(prompt)) if prompt.of == Filtered::Calls)
            }
            C::HasCell => self.call.as_ref().is_some_and(|c| c.cell().is_some()),
            C::HasDraft => {
                let cell = self.call.as_ref().and_then(CallScreen::cell);
                let has = |state: EditState| !state.is_busy() && !matches!(state, EditState::Seen { .. });
                cell.and_then(|cell| self.outbox.view(&cell)).is_some_and(|v| has(v.state))
            }
            C::HasDrafts => !self.outbox.to_review().is_empty(),
            C::HasUndo => self
                .call
                .as_ref()
                .is_some_and(|call| self.outbox.log().any(Sent::is_undoable) || self.outbox.has_given_up(&call.id)),
            C::HasUnsent => {
                let cell = self.call.as_ref().and_then(CallScreen::cell);
                let state = cell.and_then(|cell| self.outbox.view(&cell).map(|v| v.state));
                matches!(state, Some(EditState::Draft | EditState::Failed(_) | EditState::Armed { .. }))
            }
            C::HasAnyDraft => {
                self.outbox.drafts().next().is_some()
                    || !self.outbox.others().is_empty()
                    || self.outbox.on_their_way().next().is_some()
            }
            C::HasLosses => !self.outbox.losses().is_empty(),
            C::HasFinding => self.diagnose.finding().is_some(),
            C::HasFindings => self.diagnose.selected.is_some(),
            C::ComparesMoments => matches!(self.overlays.last(), Some(Overlay::Compare(c)) if c.of_one_call()),
            C::IsReplay => self.replay.is_some(),
            C::IsLive => self.replay.is_none(),
            C::HasFired => self.monitor.alerts.last.is_some(),
            C::MaySignIn => {
                self.settings.sign_in != How::Nobody && (self.sign_in_needed.is_some() || self.token_ends.is_some())
            }
            C::HasAddress => {
                matches!(self.overlays.last(), Some(Overlay::SignIn(prompt)) if matches!(prompt.stage, SignInStage::Waiting { .. }))
            }
            C::HasFlowKey => self.flow.row().is_some(),
            C::HasFlow => self.flow.definition().is_some(),
            C::HasSinceLine => self.since.call.is_none() && !self.since.listed().is_empty(),
            C::HasShow => self.flow.show.is_some(),
            C::FlowRuns => self.flow_of_commit().is_some(),
            C::HasMoreColumns => self.calls.more.0 + self.calls.more.1 > 0,
            C::HasEnded => self.calls.hides_ended || self.monitor.board.ended() > 0,
            C::HasChangeFilter => !self.timeline.filter_text.is_empty(),
            C::HasChange => self.timeline.item().is_some(),
            C::PicksView => matches!(self.overlays.last(), Some(Overlay::Pick(pick)) if pick.of_views()),
        }
    }

    /// Why a binding with this condition makes no sense now, for the operator.
    pub fn why_not(&self, condition: Condition) -> String {
        use Condition as C;
        let words = match condition {
            C::Always => "It does not apply here.",
            C::HasCall => "No call is selected.",
            C::HasFilter if self.trap.is_some() && self.screen == Screen::Calls => {
                let key = self.key_label(Command::Trap);
                return format!("Waiting for the next call: {key} stops that.");
            }
            C::HasFilter => "No filter to clear.",
            C::FiltersCalls => "Views are of the Calls screen.",
            C::HasCell => "No attribute is selected.",
            C::HasDraft => return self.no_draft(),
            C::HasDrafts if !self.outbox.others().is_empty() => {
                let key = self.key_label(Command::Drafts);
                return format!("No drafts to review: {key} lists the other texts that are kept.");
            }
            C::HasDrafts => "No drafts to review.",
            C::HasUndo => self.nothing_to_undo(),
            C::HasUnsent => "No unsent edit on this attribute.",
            C::HasAnyDraft => "No unsent drafts.",
            C::HasLosses => return self.no_losses(),
            C::HasFinding => "No finding is selected.",
            C::HasFindings => "Nothing was found on the calls here.",
            C::ComparesMoments => "Only where two moments of one call are compared.",
            C::IsReplay => "Only while a recording is played.",
            C::IsLive => "Not while a recording is played.",
            C::HasFired => "No alert has fired yet.",
            C::MaySignIn if self.settings.sign_in == How::Nobody => "There is nothing to sign in to.",
            C::MaySignIn => "The sign-in is still good, and renewed by itself.",
            C::HasAddress => "The address is not here yet.",
            C::HasFlowKey => "No key of the flow is selected.",
            C::HasFlow => "The flow's configuration is not here: c chooses a flow.",
            C::HasSinceLine => "There is no call to open.",
            C::HasShow => "The flow is not being run: space runs it step by step.",
            C::FlowRuns => "No flow runs on this call.",
            C::HasMoreColumns => "All columns are in sight.",
            C::HasEnded => "No call here has ended.",
            C::HasChangeFilter => "No filter to clear.",
            C::HasChange => "No change is selected.",
            C::PicksView => "Only a saved view can be deleted.",
        };
        words.to_owned()
    }

    /// That the selected attribute has no draft, and what to do instead where an edit of it was seen.
    fn no_draft(&self) -> String {
        let cell = self.call.as_ref().and_then(CallScreen::cell);
        let state = cell.and_then(|cell| self.outbox.view(&cell)).map(|view| view.state);
        match state {
            Some(EditState::Seen { .. }) => {
                let key = self.keymap.key_for_in(Scope::Call, Command::Undo);
                let key = key.map(|k| k.label(self.settings.ascii)).unwrap_or_default();
                format!("It was sent and seen: no draft is left. {key} undoes it.")
            }
            _ => "No draft on this attribute.".to_owned(),
        }
    }

    /// Why there is nothing to undo.
    pub(super) fn nothing_to_undo(&self) -> &'static str {
        match self.outbox.log().next().is_some() {
            true => "Nothing more to undo.",
            false => "Nothing to undo: no edit of yours was sent.",
        }
    }

    /// That no edit of the operator's cost a value; and how many values went without one.
    pub(super) fn no_losses(&self) -> String {
        let vanished = self.monitor.examiner.all_by(|rule| rule == RuleId::LostOnTransfer).count();
        if vanished == 0 {
            return "Nothing vanished or was reverted while an edit of yours was in progress.".to_owned();
        }
        let key = self.key_label(Command::Diagnose);
        match vanished {
            1 => format!("No side effects of your edits. 1 key vanished on a transfer: {key} lists it."),
            n => format!("No side effects of your edits. {n} keys vanished on a transfer: {key} lists them."),
        }
    }

    /// What a key is for that means nothing here, for the operator: no key is silent.
    pub fn unused(&self, key: Key) -> String {
        let label = key.label(self.settings.ascii);
        let Some((binding, scopes)) = self.keymap.elsewhere(key) else {
            let help = self.key_label(Command::Help);
            return format!("{label} does nothing here: {help} shows the keys of this screen.");
        };
        // Where it works is said before what it does there, where the line has no room for both.
        let in_a_line = |place: String| {
            let whole = format!("{label} works {place}: {}.", binding.help);
            let fits = whole.chars().count() + 6 <= usize::from(self.size.width);
            if fits { whole } else { format!("{label} works {place}.") }
        };
        if scopes == [Scope::Replay] {
            return in_a_line("while a recording is played".to_owned());
        }
        if self.screen == Screen::Calls && self.calls.coverage.focus && scopes.contains(&Scope::Calls) {
            let back = self.keymap.key_for_in(Scope::Coverage, Command::Back).map(|k| k.label(self.settings.ascii));
            return format!("{label} works on the calls: {} leaves the coverage.", back.unwrap_or_default());
        }
        let names: Vec<&str> = scopes.iter().filter(|s| **s != Scope::Replay).map(|s| s.title()).collect();
        let screens = match names.as_slice() {
            [one] => format!("{one} screen"),
            [all @ .., last] => format!("{} and {last} screens", all.join(", ")),
            [] => String::new(),
        };
        in_a_line(format!("on the {screens}"))
    }

    /// What the footer calls a binding: what Esc clears where it does not go back.
    pub fn hint(&self, binding: &Binding) -> &'static str {
        match (binding.scope, binding.command) {
            (Scope::Timeline, Command::Back) if self.timeline.has_own_filter() => "all changes",
            (Scope::Since, Command::Back) if self.since.has_own_filter() => "clear filter",
            (Scope::Diagnose, Command::Back) if !self.diagnose.filter_text.is_empty() => "clear filter",
            (Scope::Drafts, Command::Accept) => match self.overlays.last() {
                Some(Overlay::Drafts(list)) => list.accept_hint(),
                _ => binding.hint,
            },
            _ => binding.hint,
        }
    }

    /// What the help and the palette say of a binding.
    pub fn help_of(&self, binding: &Binding) -> &'static str {
        match binding.command {
            Command::Quit if !self.settings.keeps => "quit (drafts are not kept)",
            _ => binding.help,
        }
    }

    /// The first key of a command, for texts that say what to press.
    pub(crate) fn key_label(&self, command: Command) -> String {
        self.keymap.key_for(command).map(|k| k.label(self.settings.ascii)).unwrap_or_default()
    }

    /// Scopes that hold now, the narrowest first.
    pub fn scopes(&self) -> Vec<Scope> {
        match self.overlays.last() {
            Some(overlay) => vec![overlay.scope(), Scope::Always],
            None => self.screen_scopes(),
        }
    }

    /// Scopes of the screen with nothing over it.
    pub fn screen_scopes(&self) -> Vec<Scope> {
        let own = match self.screen {
            Screen::Calls if self.calls.coverage.focus => Scope::Coverage,
            Screen::Calls => Scope::Calls,
            Screen::Call => Scope::Call,
            Screen::Timeline => Scope::Timeline,
            Screen::Diagnose => Scope::Diagnose,
            Screen::Flow => Scope::Flow,
            Screen::Why => Scope::Why,
            Screen::Since => Scope::Since,
        };
        let replay = self.replay.is_some().then_some(Scope::Replay);
        replay.into_iter().chain([own, Scope::Screen, Scope::Always]).collect()
    }
}
