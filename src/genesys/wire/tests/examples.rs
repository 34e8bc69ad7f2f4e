//! The platform's own examples, as the decoder reads them.

use super::*;
use crate::domain::{Media, Purpose, State};

#[test]
fn the_queue_event_of_the_examples() {
    let snapshot = conversation(decode(examples()["queueConversation"].to_string().as_bytes()));
    assert_eq!(snapshot.id.as_str(), "1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11");
    assert_eq!(snapshot.address.as_deref(), Some("tel:+13175550100"));
    assert!(!snapshot.partial);
    let [customer, ivr, _, agent] = &snapshot.participants[..] else { panic!() };
    assert_eq!(customer.purpose, Purpose::new("customer"));
    assert_eq!(customer.media, Media::Call);
    assert_eq!(customer.state, Some(State::new("connected")));
    let attributes = customer.attributes.as_ref().unwrap();
    assert_eq!(attributes[1], ("crm.caseId".into(), Value::text("CS-10442")));
    assert_eq!(ivr.ended.unwrap().to_string(), "2026-11-20T14:03:02.9Z");
    assert_eq!(ivr.state, Some(State::new("disconnected")));
    assert_eq!(agent.user_id.as_ref().unwrap().as_str(), "5b7d4f3a-1c2b-4d5e-8f90-a1b2c3d4e5f6");
    assert_eq!(agent.attributes.as_deref(), Some(&[][..]));
}

/// Of several legs a live one tells the state, a callback before the call that it leads to; where all are over, the newest does.
#[test]
fn of_several_legs_a_live_one_tells_where_a_participant_is() {
    for (legs, state, media) in [
        (json!({"calls": [{"state": "disconnected"}, {"state": "connected"}]}), "connected", Media::Call),
        (json!({"calls": [{"state": "connected"}, {"state": "terminated"}]}), "connected", Media::Call),
        (json!({"calls": [{"state": "disconnected"}, {"state": "terminated"}]}), "terminated", Media::Call),
        (
            json!({"calls": [{"state": "connected"}], "callbacks": [{"state": "scheduled"}]}),
            "scheduled",
            Media::Callback,
        ),
        (json!({"calls": [{"state": "dialing"}], "callbacks": [{"state": "disconnected"}]}), "dialing", Media::Call),
        (
            json!({"calls": [{"state": "disconnected"}], "messages": [{"state": "connected"}]}),
            "connected",
            Media::Message,
        ),
    ] {
        let mut participant = legs.clone();
        participant["id"] = json!("p");
        participant["purpose"] = json!("customer");
        let event = json!({
            "topicName": "v2.users.u.conversations",
            "version": "2",
            "eventBody": {"id": "c", "participants": [participant]},
            "metadata": {"CorrelationId": "1"},
        });
        let snapshot = conversation(decode(event.to_string().as_bytes()));
        let told = (snapshot.participants[0].state.clone(), snapshot.participants[0].media);
        assert_eq!(told, (Some(State::new(state)), media), "{legs}");
    }
}

#[test]
fn the_read_of_the_examples_tells_the_same_participants() {
    let read = rest::conversation(examples()["restConversation"].to_string().as_bytes()).unwrap();
    let event = conversation(decode(examples()["queueConversation"].to_string().as_bytes()));
    assert!(read.started.is_some() && read.ended.is_none());
    assert_eq!(read.participants[0].dnis.as_deref(), Some("tel:+13175550100"));
    for (read, event) in read.participants.iter().zip(&event.participants) {
        assert_eq!((&read.id, &read.attributes, &read.state), (&event.id, &event.attributes, &event.state));
    }
}

#[test]
fn the_attributes_event_and_the_metadata_of_the_examples() {
    let WireFrame::Attributes(event) = decode(examples()["attributesDetail"].to_string().as_bytes()) else { panic!() };
    assert_eq!(event.participant.as_str(), "c0a80101-0001-4a11-8f00-000000000001");
    assert_eq!(event.event_time.unwrap().as_millisecond(), 1_795_183_411_647);
    assert_eq!(event.attributes, [("customerTier".into(), Value::text("gold"))]);
    assert_eq!(decode(examples()["heartbeat"].to_string().as_bytes()), WireFrame::Control(Control::Heartbeat));
    assert_eq!(decode(examples()["pong"].to_string().as_bytes()), WireFrame::Control(Control::Pong));
}

#[test]
fn media_topics_have_a_participant_model_of_their_own() {
    let raw = json!({"topicName":"v2.users.u.conversations.messages","eventBody":{"id":"c","participants":[
        {"id":"p","purpose":"agent","state":"connected","held":true,"user":{"id":"u"},"queue":{"id":"q"},"attributes":{"a":"1"}}
    ]}});
    let snapshot = conversation(decode(raw.to_string().as_bytes()));
    let p = &snapshot.participants[0];
    assert!(snapshot.partial);
    assert_eq!((p.media, p.held), (Media::Message, Some(true)));
    assert_eq!(p.user_id.as_ref().unwrap().as_str(), "u");
    assert_eq!(p.queue_id.as_ref().unwrap().as_str(), "q");
    assert_eq!(p.state, Some(State::new("connected")));
}

#[test]
fn system_topics_and_frames_without_a_topic() {
    let of = |raw: &str| decode(raw.as_bytes());
    assert_eq!(
        of(r#"{"topicName":"v2.system.socket_closing","eventBody":{}}"#),
        WireFrame::Control(Control::SocketClosing)
    );
    assert_eq!(
        of(
            r#"{"topicName":"v2.system.no_longer_subscribed.x","eventBody":{"channelId":"x","reason":"another_channel_subscribed"}}"#
        ),
        WireFrame::Control(Control::NoLongerSubscribed {
            channel: Some("x".into()),
            reason: Some("another_channel_subscribed".into())
        })
    );
    assert_eq!(
        of(r#"{"result":"404","status":"error"}"#),
        WireFrame::Control(Control::Reply { result: "404".into(), status: Some("error".into()) })
    );
    assert!(matches!(of(r#"{"a":1}"#), WireFrame::Malformed { .. }));
    assert!(matches!(of(r#"{"topicName":"v2.something.new","eventBody":{}}"#), WireFrame::Unknown { .. }));
    assert!(matches!(of(r#"{"topicName":"channel.metadata","eventBody":[]}"#), WireFrame::Control(Control::Other)));
}

/// A callback's customer has no address of its own: the number to call back says who it is, and the queue its name.
#[test]
fn a_callback_tells_whom_to_call_back_and_its_queue() {
    let body = include_bytes!("../../../../tests/genesys/callback-live.json");
    let snapshot = super::rest::conversation(body).unwrap();
    let customer = &snapshot.participants[0];
    assert_eq!(customer.address.as_deref(), Some("tel:+15550100101"));
    assert_eq!(customer.queue_name.as_deref(), Some("Callback_Queue"));
    assert_eq!(customer.media, crate::domain::Media::Callback);
    let mut board = crate::domain::Board::default();
    let read = crate::domain::Update::Read { snapshot, asked: 0, left: std::time::Duration::ZERO };
    board.apply(crate::domain::testing::at(0), read, &());
    let call = &board.iter().next().unwrap().conversation;
    assert_eq!(call.from(), Some("tel:+15550100101"));
    assert_eq!(call.queue().and_then(|id| board.names.queue(id)), Some("Callback_Queue"));
    let mut trap = crate::domain::Trap::set(
        Some("+1 555 010 0101"),
        None,
        crate::domain::filter::Filter::default(),
        crate::domain::testing::at(0),
    );
    let mut fresh = call.clone();
    fresh.started = Some(crate::domain::testing::at(1).wall);
    assert!(trap.look(&fresh, &board.names, crate::domain::testing::at(2)));
}

/// An ivr participant is named after the place of the dialled number; the id in its address counts only for a known flow.
#[test]
fn the_flow_of_a_call_is_not_the_name_of_its_ivr() {
    let body = include_bytes!("../../../../tests/genesys/ivr-participant-name.json");
    for known in [false, true] {
        let mut board = crate::domain::Board::default();
        if known {
            board.names.learn_flow("f1000000-0000-4000-8000-000000000001".into(), "MainIVR");
        }
        let snapshot = super::rest::conversation(body).unwrap();
        let read = crate::domain::Update::Read { snapshot, asked: 0, left: std::time::Duration::ZERO };
        board.apply(crate::domain::testing::at(0), read, &());
        let call = &board.iter().next().unwrap().conversation;
        assert_eq!(call.flow().and_then(|run| run.name(&board.names)), known.then_some("MainIVR"));
        assert_eq!(call.flow_is_unknown(), !known);
    }
}

#[test]
fn the_events_of_a_flow_tell_flow_version_and_participant() {
    let raw = br#"{"topicName":"v2.detail.events.conversation.c1.flow.start","version":"2","eventBody":{"eventTime":1,
        "conversationId":"c1","participantId":"p2","sessionId":"s","flowType":"INBOUNDCALL","flowId":"f1","flowVersion":"12.0"}}"#;
    let WireFrame::Flow(fact) = decode(raw) else { panic!("no flow") };
    let run = &fact.run;
    assert_eq!((fact.conversation.as_str(), run.id.as_str(), run.version()), ("c1", "f1", Some("12")));
    assert_eq!(run.participant.as_ref().map(|p| p.as_str()), Some("p2"));
    let nameless = br#"{"topicName":"v2.detail.events.conversation.c1.flow.end","eventBody":{"conversationId":"c1"}}"#;
    assert!(matches!(decode(nameless), WireFrame::Malformed { .. }));
}
