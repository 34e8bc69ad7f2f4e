//! What the program wants done outside, done.

use super::{
    clipboard,
    driver::{Driver, Stop},
    export, files,
    input::Keys,
    persistence, recording, terminal,
    terminal::Terminal,
};
use crate::{
    app::{
        Effect, Msg,
        export::{Goal, NotWritten, Plan},
        flow::FlowHistory,
        since::SinceQuestion,
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
            Effect::Copy(text) => {
                self.copy(&text)?;
            }
            Effect::Edit(what) => {
                // First of all: it reads from the terminal in a thread of its own.
                self.keys.pause();
                self.terminal.leave();
                let state = self.state.clone();
                self.editing = Some(Box::pin(async move {
                    let result = files::edit(state, &what).await;
                    Msg::Edited(what, result)
                }));
            }
            Effect::Load(path) => self.load(path),
            Effect::SaveView(view) => {
                if let Err(why) = files::save_view(&self.state, view) {
                    self.tell(at, Msg::Failed(why));
                }
            }
            Effect::DeleteView(name) => {
                if let Err(why) = files::delete_view(&self.state, &name) {
                    self.tell(at, Msg::Failed(why));
                }
            }
            Effect::Remember(view) => {
                let name = self.model.settings.kept_as().to_owned();
                // Once is enough: it will not be otherwise with the next change.
                if let Err(why) = files::remember(&self.state, &name, view)
                    && !std::mem::replace(&mut self.forgetful, true)
                {
                    self.tell(at, Msg::Failed(why));
                }
            }
            Effect::Export(plan) => self.export(at, plan)?,
            Effect::SignIn(wanted) => self.signing.start(wanted),
            Effect::ReadFlow(name) => {
                let runs = self.demo.as_ref().and_then(|demo| demo.definition(&name));
                let reading = self.backend.read_flow(name, runs);
                self.tasks.spawn(async move { reading.await.into() });
            }
            Effect::Gather(call) => {
                let entry = self.model.monitor.board.get(call.as_str());
                if let Some(conversation) = entry.map(|e| e.conversation.clone()) {
                    let gathering = self.backend.gather(conversation);
                    self.tasks.spawn(async move { gathering.await.into() });
                }
            }
            Effect::Since(question) => self.since(at, question),
            Effect::FlowHistory(flow, keys) => {
                if let Some(history) = self.history.clone() {
                    let now = at.wall.as_millisecond();
                    self.tasks.spawn(async move {
                        let name = flow.clone();
                        let read = tokio::task::spawn_blocking(move || history.flow(&name, keys, now)).await;
                        let found = match read {
                            Ok(Ok(found)) => Msg::FlowHistory(flow, FlowHistory::new(found)),
                            Ok(Err(why)) => Msg::Failed(why),
                            Err(error) => Msg::Failed(error.to_string()),
                        };
                        found.into()
                    });
                }
            }
            Effect::HistoryCall(id) => {
                if let Some(history) = self.history.clone() {
                    self.tasks.spawn(async move {
                        let read = tokio::task::spawn_blocking(move || history.call(&id)).await;
                        Msg::HistoryCall(read.unwrap_or_else(|e| Err(e.to_string()))).into()
                    });
                }
            }
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

    fn since(&mut self, at: At, question: SinceQuestion) {
        let Some(history) = self.history.clone() else {
            self.tell(at, Msg::SinceRead(Box::new(question), None));
            return;
        };
        let now = at.wall.as_millisecond();
        self.tasks.spawn(async move {
            let asked = question.clone();
            let read = tokio::task::spawn_blocking(move || history.since(&asked, now)).await;
            let read = read.unwrap_or_else(|e| Err(e.to_string())).map(|report| report.map(Box::new));
            Msg::SinceRead(Box::new(question), Some(read)).into()
        });
    }

    /// To the desktop's clipboard, and to that of the terminal.
    fn copy(&mut self, text: &str) -> io::Result<()> {
        clipboard::offer(text);
        self.terminal.write(clipboard::sequence(text, self.model.settings.copies_through).as_bytes())
    }

    fn load(&mut self, path: String) {
        self.tasks.spawn(async move {
            let from = path.clone();
            let read = tokio::task::spawn_blocking(move || files::load(&from)).await;
            Msg::Loaded(path, read.unwrap_or_else(|e| Err(e.to_string()))).into()
        });
    }

    fn export(&mut self, at: At, plan: Plan) -> io::Result<()> {
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
