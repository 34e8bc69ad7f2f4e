//! What the program wants done outside, done.

mod asked;
mod kept;

use super::{
    clipboard,
    driver::{Driver, Stop},
    export,
    input::Keys,
    persistence, recording, terminal,
    terminal::Terminal,
};
use crate::{
    app::{
        Effect, Msg,
        export::{ExportPlan, Goal, NotWritten},
    },
    domain::At,
    ui::Theme,
};
use std::io;

impl<T: Terminal, K: Keys> Driver<T, K> {
    /// Has drafts and audit written, then does everything else; a PATCH leaves only once they are.
    ///
    /// # Errors
    /// The terminal cannot be written to.
    pub(super) fn perform_all(&mut self, at: At, effects: Vec<Effect>) -> io::Result<()> {
        // Before anything leaves: a state that tells what became of an edit must not be skipped.
        self.backend.every_state(self.model.every_state());
        self.write_down(at, &effects);
        let mut all = if self.is_kept() { std::mem::take(&mut self.held) } else { Vec::new() };
        all.extend(effects);
        all.into_iter().try_for_each(|effect| self.perform(at, effect))
    }

    fn write_down(&mut self, at: At, effects: &[Effect]) {
        let audited = effects.iter().filter_map(|effect| match effect {
            Effect::Audit(record) => Some(record),
            _ => None,
        });
        for record in audited.clone() {
            self.backend.record(|| recording::edit(record));
        }
        let Some(persistence) = self.persistence.as_mut() else { return };
        let before = persistence.is_written();
        for record in audited {
            persistence.record(record.clone(), self.model.settings.mask);
        }
        persistence.save(&self.model.outbox, at.wall);
        if before && !persistence.is_written() {
            self.keeping = self.real.now().mono + persistence::PATIENCE;
        }
    }

    fn perform(&mut self, at: At, effect: Effect) -> io::Result<()> {
        #[cfg(test)]
        self.performed.push(effect.clone());
        // What is only passed on the way to another moment makes no noise.
        let seeking = self.backend.playing().is_some_and(|p| p.seeking);
        match effect {
            // What is on its way must be known after a crash.
            Effect::Patch { .. } if !self.is_kept() => self.held.push(effect),
            // Written above.
            Effect::Audit(_) => {}
            Effect::Keep => {
                if let Some(persistence) = &mut self.persistence {
                    persistence.again(at.wall);
                }
            }
            Effect::Suspend => self.stops = Some(Stop::Job),
            Effect::Redraw => {
                self.screen.forget();
                self.pace.changed();
            }
            Effect::Reconnect => {
                self.backend.try_now();
                if let Some(connecting) = &mut self.connecting {
                    connecting.begin_now();
                }
            }
            Effect::Mouse(taken) => self.terminal.mouse(taken)?,
            Effect::Theme(name) => {
                self.theme = Theme::named(name).unwrap_or(self.theme);
                self.screen.forget();
                self.pace.changed();
            }
            Effect::Bell | Effect::Notify(_) if seeking => {}
            Effect::Bell => self.terminal.write(b"\x07")?,
            Effect::Notify(text) => self.terminal.write(terminal::notification(&text).as_bytes())?,
            Effect::Record => {
                let msg = self.backend.toggle_recording(&self.model, &self.state);
                self.tell(at, msg);
            }
            Effect::Play(play) => {
                if let Some(msg) = self.backend.steer(play) {
                    self.tell(self.backend.now(), msg);
                }
                self.pace.hurry();
            }
            Effect::Copy(text) => self.copy(&text)?,
            Effect::Edit(what) => self.edit(what),
            Effect::Load(path) => self.load(path),
            Effect::SaveView(view) => self.save_view(at, view),
            Effect::DeleteView(name) => self.delete_view(at, &name),
            Effect::Remember(view) => self.remember(at, view),
            Effect::Export(plan) => self.export(at, plan)?,
            Effect::SignIn(wanted) => self.signing.start(wanted),
            Effect::ReadFlow(name) => self.read_flow(name),
            Effect::Gather(call) => self.gather(&call),
            Effect::Since(question) => self.since(at, question),
            Effect::SinceStored(question) => self.since_stored(at, question),
            Effect::FlowHistory(flow, keys) => self.flow_history(at, flow, keys),
            Effect::HistoryCall(id) => self.history_call(id),
            Effect::Demo(act) => {
                if let Some(call) = self.demo.as_mut().and_then(|demo| demo.act(act)) {
                    self.tell(at, Msg::DemoPlaced(call));
                }
            }
            other => {
                if let Some(task) = self.backend.perform(other) {
                    self.tasks.spawn(task);
                }
            }
        }
        Ok(())
    }

    /// To the desktop's clipboard, and to that of the terminal.
    fn copy(&mut self, text: &str) -> io::Result<()> {
        clipboard::offer(text);
        self.terminal.write(clipboard::sequence(text, self.model.settings.copies_through).as_bytes())
    }

    fn export(&mut self, at: At, plan: ExportPlan) -> io::Result<()> {
        let result = match export::make(&mut self.model, self.theme, &plan, at) {
            Ok(made) => match &plan.goal {
                Goal::Clipboard => {
                    self.copy(&made.text)?;
                    Ok(self.model.copied_words(&made.words))
                }
                Goal::File { path, replace } => export::write(path, *replace, &made),
            },
            Err(why) => Err(NotWritten::Failed(why)),
        };
        self.tell(at, Msg::Exported(Box::new(plan), result));
        Ok(())
    }
}
