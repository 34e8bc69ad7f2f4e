use super::*;
use crate::domain::{
    State,
    testing::{at, participant, snapshot, start},
};

const ID: &str = "c1";

/// The customer of every call here, in this state and with one attribute.
fn customer(state: &str, tier: &str) -> ParticipantSnapshot {
    ParticipantSnapshot { state: Some(State::new(state)), ..participant("p1", "customer", &[("tier", tier)]) }
}

fn read(snapshot: Snapshot, asked: u64) -> Update {
    Update::Read { snapshot, asked, left: Duration::ZERO }
}

fn known(board: &Board) -> &Conversation {
    &board.get(ID).expect("it is on the board").conversation
}

#[test]
fn a_read_that_an_event_overtook_does_not_roll_states_back() {
    let mut board = Board::default();
    board.apply(at(0), Update::Stream(snapshot(ID, vec![customer("alerting", "gold")])), &());
    let asked = board.revision(ID);
    board.apply(at(1), Update::Stream(snapshot(ID, vec![customer("connected", "gold")])), &());
    let mut older = snapshot(ID, vec![customer("alerting", "gold")]);
    older.started = Some(start());
    older.participants[0].dnis = Some("tel:+15550100".into());
    older.participants[0].name = Some("as it was".into());
    let applied = board.apply(at(2), read(older, asked), &());

    assert_eq!(applied.reread, None);
    let call = known(&board);
    assert_eq!(call.participants[0].state.as_str(), "connected");
    assert_eq!(call.participants[0].name, None);
    // What reads alone tell is news all the same.
    assert_eq!(call.started, Some(start()));
    assert_eq!(call.participants[0].dnis.as_deref(), Some("tel:+15550100"));
}

#[test]
fn a_read_that_the_end_overtook_does_not_revive_the_call() {
    let mut board = Board::default();
    board.apply(at(0), Update::Stream(snapshot(ID, vec![customer("connected", "gold")])), &());
    let asked = board.revision(ID);
    board.apply(at(1), Update::Stream(snapshot(ID, vec![customer("disconnected", "gold")])), &());
    assert!(known(&board).is_over());
    let applied = board.apply(at(2), read(snapshot(ID, vec![customer("connected", "gold")]), asked), &());
    assert!(known(&board).is_over());
    assert_eq!(applied.changes, []);
}

#[test]
fn a_read_that_only_an_attributes_event_overtook_tells_the_states() {
    let mut board = Board::default();
    board.apply(at(0), read(snapshot(ID, vec![customer("alerting", "gold")]), 0), &());
    board.mark_stale(at(10));
    let asked = board.revision(ID);
    let event = AttributesEvent {
        conversation: ConversationId::new(ID),
        participant: ParticipantId::new("p1"),
        event_time: None,
        attributes: vec![("tier".into(), Value::from("silver"))],
    };
    board.apply(at(20), Update::Event(event), &());
    assert_eq!(known(&board).freshness, Freshness::Stale);
    let applied = board.apply(at(21), read(snapshot(ID, vec![customer("connected", "silver")]), asked), &());
    assert_eq!(applied.reread, None);
    assert_eq!(known(&board).freshness, Freshness::Live, "it was read after the gap");
    assert_eq!(known(&board).participants[0].state.as_str(), "connected");
}

#[test]
fn queues_and_users_of_many_calls_are_kept_once() {
    let mut board = Board::default();
    for call in ["c1", "c2"] {
        let agent = ParticipantSnapshot {
            queue_id: Some("queue".into()),
            user_id: Some("user".into()),
            ..participant("p1", "agent", &[])
        };
        board.apply(at(0), Update::Stream(snapshot(call, vec![agent])), &());
    }
    let texts = |call| {
        let agent = &board.get(call).expect("it is on the board").conversation.participants[0];
        (agent.queue_id.as_ref().expect("a queue").as_str(), agent.user_id.as_ref().expect("a user").as_str())
    };
    let (one, other) = (texts("c1"), texts("c2"));
    assert_eq!((one, one), (("queue", "user"), other));
    assert!(std::ptr::eq(one.0, other.0) && std::ptr::eq(one.1, other.1));
}
