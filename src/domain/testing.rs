//! Calls for the tests of this module, made through the board like real ones.

use super::*;
use jiff::Timestamp;
use std::time::Duration;

/// A fixed start of time.
pub(crate) fn start() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// `seconds` after the start.
pub(crate) fn at(seconds: u64) -> At {
    At::after(start(), Duration::from_secs(seconds))
}

/// A participant with attributes.
pub(crate) fn participant(id: &str, purpose: &str, attributes: &[(&str, &str)]) -> ParticipantSnapshot {
    ParticipantSnapshot {
        id: id.into(),
        purpose: Purpose::new(purpose),
        connected: Some(start()),
        state: Some(State::new("connected")),
        media: Media::Call,
        attributes: Some(attributes.iter().map(|(k, v)| ((*k).into(), Value::from(*v))).collect()),
        ..ParticipantSnapshot::default()
    }
}

/// A call as one event tells it.
pub(crate) fn snapshot(id: &str, participants: Vec<ParticipantSnapshot>) -> Snapshot {
    Snapshot { id: id.into(), participants, ..Snapshot::default() }
}

/// The call that the events make, one a second.
pub(crate) fn entry(snapshots: impl IntoIterator<Item = Snapshot>) -> BoardEntry {
    let mut board = Board::default();
    let mut id = None;
    for (second, snapshot) in snapshots.into_iter().enumerate() {
        id = Some(snapshot.id.clone());
        board.apply(at(second as u64), Update::Stream(snapshot), &());
    }
    board.get(id.expect("at least one event").as_str()).expect("it is on the board").clone()
}
