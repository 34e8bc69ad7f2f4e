//! What is read elsewhere: flows, what explains a call, the history store, files.

use crate::{
    app::{Msg, external::External, flow::FlowHistory, since::SinceQuestion},
    domain::{At, ConversationId},
    shell::{driver::Driver, files, input::Keys, terminal::Terminal},
};

impl<T: Terminal, K: Keys> Driver<T, K> {
    pub(super) fn edit(&mut self, what: Box<External>) {
        // First of all: it reads from the terminal in a thread of its own.
        self.keys.pause();
        self.terminal.leave();
        let state = self.state.clone();
        self.editing = Some(Box::pin(async move {
            let result = files::edit(state, &what).await;
            Msg::Edited(what, result)
        }));
    }

    pub(super) fn read_flow(&mut self, name: String) {
        let runs = self.demo.as_ref().and_then(|demo| demo.definition(&name));
        let reading = self.backend.read_flow(name, runs);
        self.tasks.spawn(async move { reading.await.into() });
    }

    pub(super) fn gather(&mut self, call: &ConversationId) {
        let entry = self.model.monitor.board.get(call.as_str());
        if let Some(conversation) = entry.map(|e| e.conversation.clone()) {
            let gathering = self.backend.gather(conversation);
            self.tasks.spawn(async move { gathering.await.into() });
        }
    }

    pub(super) fn flow_history(&mut self, at: At, flow: String, keys: Vec<String>) {
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

    pub(super) fn history_call(&mut self, id: String) {
        if let Some(history) = self.history.clone() {
            self.tasks.spawn(async move {
                let read = tokio::task::spawn_blocking(move || history.call(&id)).await;
                Msg::HistoryCall(read.unwrap_or_else(|e| Err(e.to_string()))).into()
            });
        }
    }

    pub(super) fn since(&mut self, at: At, question: SinceQuestion) {
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

    pub(super) fn since_stored(&mut self, at: At, question: SinceQuestion) {
        let Some(history) = self.history.clone() else { return };
        let now = at.wall.as_millisecond();
        self.tasks.spawn(async move {
            let asked = question.clone();
            let read = tokio::task::spawn_blocking(move || history.stored(&asked, now)).await;
            match read.unwrap_or_else(|e| Err(e.to_string())) {
                Ok(stored) => Msg::SinceStored(Box::new(question), stored).into(),
                Err(why) => Msg::Failed(why).into(),
            }
        });
    }

    pub(super) fn load(&mut self, path: String) {
        self.tasks.spawn(async move {
            let from = path.clone();
            let read = tokio::task::spawn_blocking(move || files::load(&from)).await;
            Msg::Loaded(path, read.unwrap_or_else(|e| Err(e.to_string()))).into()
        });
    }
}
