//! What a recorder is told of a live link: everything that enters, in the order in which it is handed on.

use super::Live;
use crate::{
    domain::{At, Board, ConversationId, FlowFact, Link, ParticipantId, Update},
    genesys::{
        Error,
        client::{Priority, Reply},
    },
    recording::{Record, Recorder, RecordingStatus, Summary},
};

impl Live {
    /// From now on everything is recorded. What is known already is told first: names, the state of the link if it was
    /// told before, and, by reading them again, the conversations of the board. One recording at a time; an earlier one
    /// is closed.
    pub fn start_recording(&mut self, recorder: Recorder, board: &Board, link: Option<&Link>) {
        self.recorder = Some(recorder);
        self.tell_every_state();
        let at = self.client.clock().now();
        let name = |of: &str, id: &str, name: &str| Record::Name { of: of.into(), id: id.into(), name: name.into() };
        let queues = board.names.queues().map(|(id, text)| name("queue", id.as_str(), text));
        let users = board.names.users().map(|(id, text)| name("user", id.as_str(), text));
        let flows = board.names.flows().map(|(id, text)| name("flow", id.as_str(), text));
        let mut names: Vec<Record> = queues.chain(users).chain(flows).collect();
        // The tables have no order of their own, and a file should.
        names.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}")));
        for record in names {
            self.record(at, || record);
        }
        if let Some(link) = link {
            self.record(at, || Record::from(link));
        }
        for entry in board.iter() {
            for run in &entry.conversation.flows {
                let fact = FlowFact { conversation: entry.conversation.id.clone(), run: run.clone() };
                self.record(at, || flow(&fact));
            }
            self.read(entry.conversation.id.clone(), None, Priority::Background);
        }
    }

    /// Closes the recording, if there is one.
    pub fn stop_recording(&mut self) -> Option<Summary> {
        let recorder = self.recorder.take();
        self.tell_every_state();
        recorder.map(Recorder::finish)
    }

    /// How the recording is going, if there is one.
    pub fn recording(&self) -> Option<RecordingStatus> {
        self.recorder.as_ref().map(Recorder::status)
    }

    /// Where it is recorded, if it is.
    pub fn recording_path(&self) -> Option<&std::path::Path> {
        self.recorder.as_ref().map(Recorder::path)
    }

    /// Records what `record` makes, if there is a recorder.
    pub fn record(&mut self, at: At, record: impl FnOnce() -> Record) {
        if let Some(recorder) = &mut self.recorder {
            recorder.push(at, record());
        }
    }

    /// Lets reads leave, and tells the recorder so.
    pub(super) fn dispatch(&mut self, board: &Board) {
        let Self { reads, recorder, client, .. } = self;
        reads.dispatch(board, |id| {
            if let Some(recorder) = recorder {
                recorder.push(client.clock().now(), ask(id));
            }
        });
    }

    /// A read of this conversation counts from now on.
    pub(super) fn asked(&mut self, id: &ConversationId) {
        let at = self.client.clock().now();
        self.record(at, || ask(id));
    }

    pub(super) fn record_reply(&mut self, at: At, done: &Result<(Update, Reply), (ConversationId, Error)>) {
        self.record(at, || match done {
            Ok((update, reply)) => {
                let id = match update {
                    Update::Read { snapshot, .. } => snapshot.id.as_str(),
                    _ => "",
                };
                answered(id, Ok(reply))
            }
            Err((id, error)) => answered(id.as_str(), Err(error)),
        });
    }
}

/// The line of an answer to the read of this conversation.
pub fn answered(id: &str, answer: Result<&Reply, &Error>) -> Record {
    let request = format!("GET /api/v2/conversations/{id}");
    match answer {
        Ok(reply) => {
            let body = String::from_utf8_lossy(&reply.body).into_owned();
            Record::Reply { request, status: reply.status, body }
        }
        // The error's text holds no token, but may hold what the server said.
        Err(error) => Record::Reply { request, status: error.status().unwrap_or(0), body: error.to_string() },
    }
}

/// The line of what a query told of a call's flow.
pub fn flow(fact: &FlowFact) -> Record {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Record::Flow {
        conversation: fact.conversation.as_str().to_owned(),
        participant: text(fact.run.participant.as_ref().map(ParticipantId::as_str)),
        id: fact.run.id.as_str().to_owned(),
        name: text(fact.run.name.as_deref()),
        version: text(fact.run.version.as_deref()),
        by: fact.run.source.as_str().to_owned(),
    }
}

/// The line of a read that leaves.
pub fn ask(id: &ConversationId) -> Record {
    Record::Ask { conversation: id.as_str().to_owned() }
}
