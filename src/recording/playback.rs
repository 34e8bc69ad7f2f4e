//! What a recorded line means when it is played: the same decoding that the live stream goes through, in the same
//! order, so that the same board comes out.

use super::{Record, RecordedEdit};
use crate::{
    domain::{
        At, Board, Claimed, Claims, ConversationId, FlowFact, FlowId, FlowRun, FlowSource, Link, ParticipantId,
        QueueId, SentEdit, Update, UserId, Value,
        monitor::{Monitor, MonitorOutcome},
    },
    genesys::wire,
};
use rustc_hash::FxHashMap;
use std::time::Duration;

/// One played line.
#[derive(Debug)]
pub enum Played {
    /// Something for the board.
    Update(Update),
    /// The link.
    Link(Link),
    /// A message that could not be understood; why.
    Malformed(String),
    /// A read that failed, with what came back.
    Unread(String),
    /// A queue's name.
    Queue(QueueId, String),
    /// A user's name.
    User(UserId, String),
    /// A flow's name.
    Flow(FlowId, String),
    /// Time was looked at.
    Tick,
    /// This many lines are missing: the disk was too slow.
    Lost(u64),
    /// A step of an edit of the operator; see [`Playback::claimed`].
    Edit,
    /// Nothing for the board: the operator's own doing, or a mark of the file.
    Other,
}

/// Plays lines in their order.
#[derive(Clone, Debug, Default)]
pub struct Playback {
    asked: FxHashMap<ConversationId, (u64, Duration)>,
    claimed: Claimed,
    decoder: wire::Decoder,
}

impl Claims for Playback {
    fn is_ours(
        &self,
        conversation: &ConversationId,
        participant: &ParticipantId,
        key: &str,
        new: Option<&Value>,
    ) -> bool {
        self.claimed.is_ours(conversation, participant, key, new)
    }
}

impl Playback {
    /// From the beginning.
    pub fn new() -> Self {
        Self::default()
    }

    /// The edits that were sent and not settled yet.
    pub fn claimed(&self) -> &Claimed {
        &self.claimed
    }

    /// These conversations are no longer on the board.
    pub fn forget(&mut self, ids: &[ConversationId]) {
        for id in ids {
            self.asked.remove(id);
        }
        self.decoder.forget(ids);
    }

    /// What this line means. `board` is the board to which what came before was applied.
    pub fn play(&mut self, at: At, record: &Record, board: &Board) -> Played {
        match record {
            Record::Frame(raw) => frame(self.decoder.decode(board, raw)),
            Record::Binary(bytes) => Played::Malformed(format!("a binary message of {} bytes", bytes.len())),
            Record::Link(line) => Played::Link(line.link(at)),
            Record::Ask { conversation } => {
                let left = (board.revision(conversation), at.mono);
                self.asked.insert(ConversationId::new(conversation.as_str()), left);
                Played::Other
            }
            Record::Reply { request, status, body } => self.reply(at, request, *status, body, board),
            Record::Flow { conversation, participant, id, name, version, by } => {
                let filled = |text: &String| (!text.is_empty()).then(|| text.as_str().into());
                Played::Update(Update::Flow(FlowFact {
                    conversation: ConversationId::new(conversation.as_str()),
                    run: FlowRun {
                        id: FlowId::new(id.as_str()),
                        name: filled(name),
                        version: filled(version),
                        source: FlowSource::ALL.into_iter().find(|s| s.as_str() == by).unwrap_or(FlowSource::Address),
                        participant: (!participant.is_empty()).then(|| ParticipantId::new(participant.as_str())),
                    },
                }))
            }
            Record::Name { of, id, name } => match of.as_str() {
                "flow" => Played::Flow(FlowId::new(id.as_str()), name.clone()),
                "queue" => Played::Queue(QueueId::new(id.as_str()), name.clone()),
                "user" => Played::User(UserId::new(id.as_str()), name.clone()),
                _ => Played::Other,
            },
            Record::Tick => Played::Tick,
            Record::Lost { count } => Played::Lost(*count),
            Record::Edit(edit) => {
                self.edit(edit);
                Played::Edit
            }
            Record::Key(_) | Record::Paste(_) | Record::Size { .. } | Record::End => Played::Other,
        }
    }

    /// Plays a line into a monitor. What could not be understood, and what is the operator's own doing, is time that
    /// passes.
    pub fn feed(&mut self, at: At, record: &Record, monitor: &mut Monitor) -> MonitorOutcome {
        match self.play(at, record, &monitor.board) {
            Played::Update(update) => monitor.update(at, update, self),
            Played::Link(link) => monitor.link(at, &link, self),
            Played::Lost(_) => monitor.missed(at, self),
            Played::Queue(id, name) => {
                monitor.board.names.learn_queue(id, &name);
                MonitorOutcome::default()
            }
            Played::Flow(id, name) => {
                monitor.board.names.learn_flow(id, &name);
                MonitorOutcome::default()
            }
            Played::User(id, name) => {
                monitor.board.names.learn_user(id, &name);
                MonitorOutcome::default()
            }
            Played::Tick | Played::Malformed(_) | Played::Unread(_) | Played::Edit | Played::Other => {
                monitor.time(at, self)
            }
        }
    }

    fn edit(&mut self, edit: &RecordedEdit) {
        match edit.step.as_str() {
            "sent" => self.claimed.sent(SentEdit {
                id: edit.id,
                conversation: ConversationId::new(edit.conversation.as_str()),
                participant: ParticipantId::new(edit.participant.as_str()),
                values: edit.values.clone(),
            }),
            "confirmed" | "overwritten" | "failed" | "conflict" => self.claimed.settled(edit.id),
            _ => {}
        }
    }

    fn reply(&mut self, at: At, request: &str, status: u16, body: &str, board: &Board) -> Played {
        let id = request.rsplit('/').next().unwrap_or_default();
        if matches!(status, 404 | 410) && board.get(id).is_some() {
            self.asked.remove(id);
            return Played::Update(Update::Gone(ConversationId::new(id)));
        }
        if !(200..300).contains(&status) {
            return Played::Unread(format!("{request}: {status}"));
        }
        match wire::rest::conversation(body.as_bytes()) {
            Ok(snapshot) => {
                let now = || (board.revision(snapshot.id.as_str()), at.mono);
                let (asked, left) = self.asked.remove(snapshot.id.as_str()).unwrap_or_else(now);
                Played::Update(Update::Read { snapshot, asked, left })
            }
            Err(why) => Played::Unread(format!("{request}: {why}")),
        }
    }
}

/// What a message means to the board.
fn frame(frame: wire::WireFrame) -> Played {
    match frame {
        wire::WireFrame::Conversation(snapshot) => Played::Update(Update::Stream(snapshot)),
        wire::WireFrame::Delta(delta) => Played::Update(Update::Delta(delta)),
        wire::WireFrame::Attributes(event) => Played::Update(Update::Event(event)),
        wire::WireFrame::Flow(fact) => Played::Update(Update::Flow(fact)),
        wire::WireFrame::Malformed { reason } => Played::Malformed(reason),
        wire::WireFrame::Control(_) | wire::WireFrame::Unknown { .. } => Played::Other,
    }
}
