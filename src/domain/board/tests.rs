use super::*;
use crate::domain::{
    ParticipantChange, ParticipantSnapshot, State,
    testing::{at, participant, snapshot, start},
};

const ID: &str = "c1";

/// The customer of every call here, in this state and with one attribute.
fn customer(state: &str, tier: &str) -> ParticipantSnapshot {
    ParticipantSnapshot { state: Some(State::new(state)), ..participant("p1", "customer", &[("tier", tier)]) }
}

/// A read that left long after everything that was told.
fn read(snapshot: Snapshot, asked: u64) -> Update {
    Update::Read { snapshot, asked, left: Duration::from_secs(1_000_000) }
}

fn ms(ms: u64) -> At {
    At::after(start(), Duration::from_millis(ms))
}

/// A read of this state that left then, with no event since: what it brought, and whether it is to be made again.
fn reads(board: &mut Board, left: u64, state: &str, tier: &str) -> (Vec<Change>, bool) {
    let asked = board.revision(ID);
    let left = Duration::from_millis(left);
    let snapshot = snapshot(ID, vec![customer(state, tier)]);
    let applied = board.apply(At::after(start(), left), Update::Read { snapshot, asked, left }, &());
    (applied.changes, applied.reread.is_some())
}

fn tier(board: &Board) -> &str {
    known(board).participants[0].attributes.text("tier").expect("a tier")
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

/// A participant's purpose can change in place (external to customer): that is a change of the participant, and its
/// attributes stay.
#[test]
fn a_purpose_that_changes_in_place_is_a_change_of_the_participant() {
    let mut board = Board::default();
    let external = participant("p1", "external", &[("tier", "gold")]);
    board.apply(at(0), Update::Stream(snapshot(ID, vec![external])), &());
    let applied = board.apply(at(1), Update::Stream(snapshot(ID, vec![customer("connected", "gold")])), &());
    let updated = Change::Participant { conversation: ID.into(), id: "p1".into(), change: ParticipantChange::Updated };
    assert_eq!(applied.changes, [updated]);
    assert_eq!(known(&board).customer().map(|p| p.id.as_str()), Some("p1"));
}

/// What the platform no longer has is over, and is back when something is told of it again.
#[test]
fn a_call_that_is_gone_is_over_until_it_is_told_of_again() {
    let mut board = Board::default();
    let ended = |change| Change::Conversation { id: ID.into(), change };
    board.apply(at(0), Update::Stream(snapshot(ID, vec![customer("connected", "gold")])), &());
    let applied = board.apply(at(1), Update::Gone(ID.into()), &());
    assert_eq!(applied.changes, [ended(ConversationChange::Ended)]);
    assert!(known(&board).is_over());
    assert_eq!(board.apply(at(2), Update::Gone(ID.into()), &()).changes, [], "told once");
    let applied = board.apply(at(3), Update::Stream(snapshot(ID, vec![customer("connected", "silver")])), &());
    assert_eq!(applied.changes.first(), Some(&ended(ConversationChange::Updated)));
    assert!(!known(&board).is_over());
    assert_eq!((known(&board).participants.len(), board.len()), (1, 1));
}

/// Without a customer the first participant tells who it is; with none at all nobody does.
#[test]
fn a_call_without_a_customer_has_a_caller_all_the_same() {
    let mut board = Board::default();
    let mut agent = participant("a1", "agent", &[]);
    agent.address = Some("sip:ada@example.com".into());
    board.apply(at(0), Update::Stream(snapshot(ID, vec![agent])), &());
    assert_eq!((known(&board).customer(), known(&board).from()), (None, Some("sip:ada@example.com")));
    board.apply(at(0), Update::Stream(snapshot("c2", Vec::new())), &());
    assert_eq!(board.get("c2").map(|entry| entry.conversation.from()), Some(None));
}

/// Told `v1`, and `v2` ten seconds later.
fn told_twice(limits: HistoryLimits) -> Board {
    let mut board = Board::new(limits);
    for (second, value) in [(0, "v1"), (10, "v2")] {
        board.apply(at(second), Update::Stream(snapshot(ID, vec![customer("connected", value)])), &());
    }
    board
}

#[test]
fn a_read_that_is_older_than_what_events_told_decides_nothing_and_is_made_again() {
    for limits in [HistoryLimits::default(), HistoryLimits::NONE] {
        let mut board = told_twice(limits);
        board.mark_stale(ms(10_100));
        for left in [10_300, 10_450, 12_000] {
            assert_eq!(reads(&mut board, left, "connected", "v1"), (Vec::new(), true));
            assert_eq!((tier(&board), known(&board).freshness), ("v2", Freshness::Stale));
        }
        assert_eq!(reads(&mut board, 12_500, "connected", "v2"), (Vec::new(), false));
        assert_eq!((tier(&board), known(&board).freshness), ("v2", Freshness::Live));
        // Long after the event it is known to be earlier all the same.
        assert_eq!(reads(&mut board, 30_000, "connected", "v1"), (Vec::new(), true));
        assert_eq!(reads(&mut board, 30_200, "connected", "v2"), (Vec::new(), false));
    }
}

#[test]
fn what_reads_say_for_three_seconds_is_so_and_what_was_never_seen_is_news() {
    let mut board = told_twice(HistoryLimits::default());
    assert!(reads(&mut board, 20_000, "connected", "v1").1);
    assert!(reads(&mut board, 22_900, "connected", "v1").1);
    assert!(!reads(&mut board, 23_000, "connected", "v1").1);
    assert_eq!(tier(&board), "v1");
    let mut board = told_twice(HistoryLimits::default());
    assert!(reads(&mut board, 12_900, "connected", "v3").1, "so soon it may be either");
    assert!(!reads(&mut board, 13_000, "connected", "v3").1);
    assert_eq!(tier(&board), "v3");
    let mut board = told_twice(HistoryLimits::default());
    assert!(!reads(&mut board, 50_000, "connected", "v1").1, "set back long since");
    assert_eq!(tier(&board), "v1");
}

#[test]
fn a_read_of_an_earlier_state_does_not_bring_it_back() {
    let mut board = Board::default();
    for (second, state) in [(0, "alerting"), (10, "connected")] {
        board.apply(at(second), Update::Stream(snapshot(ID, vec![customer(state, "v1")])), &());
    }
    assert_eq!(reads(&mut board, 10_400, "alerting", "v1"), (Vec::new(), true));
    assert_eq!(known(&board).participants[0].state.as_str(), "connected");
    // Somebody joined since it was so.
    let both = vec![customer("connected", "v1"), participant("p2", "agent", &[])];
    board.apply(at(20), Update::Stream(snapshot(ID, both)), &());
    assert_eq!(reads(&mut board, 25_000, "connected", "v1"), (Vec::new(), true));
    assert_eq!(reads(&mut board, 28_000, "connected", "v1"), (Vec::new(), false));
}

#[test]
fn a_value_of_our_own_that_a_read_shows_first_is_news() {
    struct Ours;
    impl Claims for Ours {
        fn is_ours(&self, _: &ConversationId, _: &ParticipantId, _: &str, new: Option<&Value>) -> bool {
            new == Some(&Value::from("mine"))
        }
    }
    let mut board = told_twice(HistoryLimits::default());
    let (asked, left) = (board.revision(ID), Duration::from_millis(10_500));
    let snapshot = snapshot(ID, vec![customer("connected", "mine")]);
    let applied = board.apply(ms(10_600), Update::Read { snapshot, asked, left }, &Ours);
    assert_eq!((applied.changes.len(), applied.reread, tier(&board)), (1, None, "mine"));
}

#[test]
fn a_call_that_is_gone_is_back_when_an_event_tells_of_its_attributes() {
    let mut board = Board::default();
    board.apply(at(0), Update::Stream(snapshot(ID, vec![customer("connected", "gold")])), &());
    board.apply(at(1), Update::Gone(ID.into()), &());
    assert_eq!(board.ended(), 1);
    let event = AttributesEvent {
        conversation: ID.into(),
        participant: "p1".into(),
        event_time: None,
        attributes: vec![("tier".into(), Value::from("silver"))],
    };
    let applied = board.apply(at(2), Update::Event(event), &());
    let back = Change::Conversation { id: ID.into(), change: ConversationChange::Updated };
    assert_eq!((applied.changes.first(), applied.changes.len()), (Some(&back), 2));
    assert_eq!((applied.reread, board.ended()), (Some(ID.into()), 0));
    assert_eq!(board.apply(at(3), Update::Gone(ID.into()), &()).changes.len(), 1, "gone after all");
    assert_eq!(board.ended(), 1);
}

#[test]
fn times_without_observation_are_kept_and_those_close_together_are_one() {
    let mut board = Board::default();
    let told = |board: &mut Board, second| {
        board.apply(at(second), Update::Stream(snapshot(ID, vec![customer("connected", "gold")])), &());
    };
    let gaps = |board: &Board| -> Vec<(u64, u64)> {
        let gaps = board.get(ID).expect("it is on the board").gaps().iter();
        gaps.map(|gap| (gap.from.mono.as_secs(), gap.to.mono.as_secs())).collect()
    };
    // The rest of a call that is first told in part was not observed before either.
    board.apply(at(0), Update::Stream(Snapshot { partial: true, ..snapshot(ID, vec![]) }), &());
    told(&mut board, 1);
    assert_eq!(gaps(&board), []);
    for (lost, back) in [(10, 20), (20, 22), (30, 31)] {
        board.mark_stale(at(lost));
        told(&mut board, back);
    }
    assert_eq!(gaps(&board), [(10, 22), (30, 31)]);
    for n in 0..40 {
        board.mark_stale(at(100 + 4 * n));
        told(&mut board, 102 + 4 * n);
    }
    assert_eq!((gaps(&board).len(), gaps(&board)[15]), (16, (256, 258)));
    board.mark_stale(at(500));
    assert_eq!(board.get(ID).and_then(BoardEntry::unobserved), Some(at(500)));
}
