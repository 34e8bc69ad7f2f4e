use super::*;
use crate::domain::{At, Board, Media, Purpose, State, Update, Value};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn examples() -> Json {
    serde_json::from_str(include_str!("../../../tests/genesys/examples.json")).unwrap()
}

fn conversation(frame: Frame) -> Snapshot {
    match frame {
        Frame::Conversation(snapshot) => snapshot,
        other => panic!("{other:?}"),
    }
}

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
    let Frame::Attributes(event) = decode(examples()["attributesDetail"].to_string().as_bytes()) else { panic!() };
    assert_eq!(event.participant.as_str(), "c0a80101-0001-4a11-8f00-000000000001");
    assert_eq!(event.event_time.unwrap().as_millisecond(), 1_795_183_411_647);
    assert_eq!(event.attributes, [("customerTier".into(), Value::text("gold"))]);
    assert_eq!(decode(examples()["heartbeat"].to_string().as_bytes()), Frame::Control(Control::Heartbeat));
    assert_eq!(decode(examples()["pong"].to_string().as_bytes()), Frame::Control(Control::Pong));
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
        Frame::Control(Control::SocketClosing)
    );
    assert_eq!(
        of(
            r#"{"topicName":"v2.system.no_longer_subscribed.x","eventBody":{"channelId":"x","reason":"another_channel_subscribed"}}"#
        ),
        Frame::Control(Control::NoLongerSubscribed {
            channel: Some("x".into()),
            reason: Some("another_channel_subscribed".into())
        })
    );
    assert_eq!(
        of(r#"{"result":"404","status":"error"}"#),
        Frame::Control(Control::Reply { result: "404".into(), status: Some("error".into()) })
    );
    assert!(matches!(of(r#"{"a":1}"#), Frame::Malformed { .. }));
    assert!(matches!(of(r#"{"topicName":"v2.something.new","eventBody":{}}"#), Frame::Unknown { .. }));
    assert!(matches!(of(r#"{"topicName":"channel.metadata","eventBody":[]}"#), Frame::Control(Control::Other)));
}

#[test]
fn odd_frames_are_malformed_and_tell_nothing_of_their_values() {
    let deep = format!("{{\"topicName\":\"v2.users.u.conversations\",\"eventBody\":{}", "[".repeat(100_000));
    let big = format!(r#"{{"topicName":"v2.users.u.conversations","eventBody":{{"id":"{}"}}"#, "x".repeat(1 << 20));
    let cases: [&[u8]; 8] = [
        b"",
        b"\xff\xfe",
        b"null",
        b"{\"topicName\":\"v2.users.u.conversations\",\"eventBody\":\"secret-value",
        br#"{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":["secret-value"]}}"#,
        br#"{"topicName":"v2.users.u.conversations","eventBody":{"id":"c","participants":[{}]}}"#,
        deep.as_bytes(),
        big.as_bytes(),
    ];
    for raw in cases {
        match decode(raw) {
            Frame::Malformed { reason } => assert!(!reason.contains("secret-value"), "{reason}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_large_valid_frame_and_deep_attribute_values_are_read() {
    let nested = format!("{}1{}", "[".repeat(500), "]".repeat(500));
    let raw = format!(
        r#"{{"eventBody":{{"id":"c","participants":[{{"id":"p","attributes":{{"big":"{}","deep":{nested}}}}}]}},"topicName":"v2.users.u.conversations"}}"#,
        "y".repeat(1 << 20)
    );
    let snapshot = conversation(decode(raw.as_bytes()));
    let attributes = snapshot.participants[0].attributes.as_ref().unwrap();
    assert_eq!(attributes[0].1.as_str().len(), 1 << 20);
    assert_eq!(attributes[1].1.kind(), crate::domain::Kind::Nested);
}

/// One random step of a stream: which conversation, on which topic, and its participants' states and maps.
fn frame() -> impl Strategy<Value = String> {
    let value = prop_oneof![8 => "[12]{0,3}", 1 => "[1é\"\\\\\n]{0,3}", 1 => Just("a".to_owned())];
    let map = prop::collection::vec(("[ab]", value), 0..3);
    let ended = prop_oneof![9 => Just(false), 1 => Just(true)];
    let state = prop_oneof![5 => Just("connected"), 1 => Just("alerting")];
    let participant = ("[pq]", state, prop::option::of(map), ended);
    let participants = prop::collection::vec(participant, 1..3);
    ("[cd]", prop_oneof![4 => Just("conversations"), 1 => Just("conversations.calls")], participants).prop_map(
        |(id, topic, participants)| {
            let participants: Vec<Json> = participants
                .into_iter()
                .map(|(id, state, map, ended)| {
                    let mut p = json!({"id": id, "purpose": "customer", "calls": [{"state": state}]});
                    if let Some(map) = map {
                        p["attributes"] = map.into_iter().map(|(k, v)| (k, json!(v))).collect();
                    }
                    if ended {
                        p["endTime"] = json!("2026-11-20T14:02:11.341Z");
                    }
                    p
                })
                .collect();
            json!({"topicName": format!("v2.users.u.{topic}"), "eventBody": {"id": id, "participants": participants},
                "metadata": {"CorrelationId": "7b7a1f4c"}})
            .to_string()
        },
    )
}

/// What happens to a call from one event to the next.
#[derive(Clone, Debug)]
enum Step {
    /// This key of this participant has this value now.
    Set(usize, usize, String),
    /// This key of this participant has another name.
    Rename(usize, usize, &'static str),
    /// Something that is written before the map.
    State(usize, &'static str),
    /// Something that is written behind it.
    Queue(usize, &'static str),
    /// They are gone.
    End(usize),
    /// Something between the participants and behind them.
    Address(&'static str),
    Join,
    Leave,
}

fn step() -> impl Strategy<Value = Step> {
    let value = prop_oneof![6 => "[12]{0,2}", 1 => "[1é\"\\\\]{0,3}"];
    prop_oneof![
        8 => (0usize..3, 0usize..4, value).prop_map(|(who, key, value)| Step::Set(who, key, value)),
        1 => (0usize..3, 0usize..4, prop_oneof![Just("a"), Just("b"), Just("long")]).prop_map(|(w, k, n)| Step::Rename(w, k, n)),
        1 => (0usize..3, prop_oneof![Just("connected"), Just("contacting")]).prop_map(|(who, to)| Step::State(who, to)),
        1 => (0usize..3, prop_oneof![Just("q1"), Just("q2")]).prop_map(|(who, to)| Step::Queue(who, to)),
        1 => (0usize..3).prop_map(Step::End),
        1 => prop_oneof![Just("tel:1"), Just("tel:2")].prop_map(Step::Address),
        1 => Just(Step::Join),
        1 => Just(Step::Leave),
    ]
}

/// The events of one call to which these steps happen, one or two between two events.
fn events(steps: &[(Step, bool)]) -> Vec<String> {
    let member = |n: usize| {
        json!({"id": format!("p{n}"), "purpose": "customer", "calls": [{"state": "connected"}],
            "attributes": {"k1": "1", "k2": "2", "k3": "1"}, "queueId": "q1"})
    };
    let mut body = json!({"id": "c", "participants": [member(0), member(1)], "address": "tel:1"});
    let mut events = Vec::new();
    let mut told = |body: &Json| {
        events.push(
            json!({"topicName": "v2.users.u.conversations", "eventBody": body, "metadata": {"CorrelationId": "1-a"}})
                .to_string(),
        );
    };
    told(&body);
    for (step, at_once) in steps {
        let participants = body["participants"].as_array_mut().unwrap();
        let count = participants.len();
        match step {
            Step::Set(who, key, value) => {
                let map = participants[who % count]["attributes"].as_object_mut().unwrap();
                let key = key % (map.len() + 1);
                match map.iter_mut().nth(key) {
                    Some((_, known)) => *known = json!(value),
                    None => drop(map.insert(format!("k{}", key + 1), json!(value))),
                }
            }
            Step::Rename(who, key, name) => {
                let map = participants[who % count]["attributes"].as_object_mut().unwrap();
                *map = std::mem::take(map)
                    .into_iter()
                    .enumerate()
                    .map(|(i, (k, v))| if i == *key { ((*name).to_owned(), v) } else { (k, v) })
                    .collect();
            }
            Step::State(who, state) => participants[who % count]["calls"][0]["state"] = json!(state),
            Step::Queue(who, queue) => participants[who % count]["queueId"] = json!(queue),
            Step::End(who) => participants[who % count]["endTime"] = json!("2026-11-20T14:02:11.341Z"),
            Step::Address(address) => body["address"] = json!(address),
            Step::Join if count < 3 => participants.push(member(count)),
            Step::Leave if count > 1 => drop(participants.pop()),
            Step::Join | Step::Leave => {}
        }
        if !at_once {
            told(&body);
        }
    }
    events
}

/// A board fed by the decoder with a memory equals one fed by full decoding, after every frame. How many frames were told
/// as a difference.
fn memory_changes_nothing(frames: &[String], limit: usize) -> Result<usize, TestCaseError> {
    let mut decoder = Decoder::with_limit(limit);
    let (mut full, mut quick) = (Board::default(), Board::default());
    let mut deltas = 0;
    for (i, raw) in frames.iter().enumerate() {
        let at = At::after(jiff::Timestamp::UNIX_EPOCH, std::time::Duration::from_millis(i as u64));
        let changes = full.apply(at, Update::Stream(conversation(decode(raw.as_bytes()))), &()).changes;
        let update = match decoder.decode(raw.as_bytes()) {
            Frame::Delta(delta) => {
                deltas += 1;
                Update::Delta(delta)
            }
            frame => Update::Stream(conversation(frame)),
        };
        let applied = quick.apply(at, update, &());
        prop_assert_eq!(changes, applied.changes, "{}", raw);
        if let Some(id) = applied.reread {
            decoder.forget(id.as_str());
        }
        for (full, quick) in full.iter().zip(quick.iter()) {
            prop_assert_eq!(&full.conversation, &quick.conversation);
            prop_assert_eq!(&full.history, &quick.history);
        }
    }
    Ok(deltas)
}

proptest! {
    #[test]
    fn the_memory_changes_nothing(
        frames in prop::collection::vec(frame(), 1..60),
        limit in prop_oneof![Just(1_000), Just(MEMORY_FOR_TESTS)],
    ) {
        memory_changes_nothing(&frames, limit)?;
    }

    #[test]
    fn the_memory_changes_nothing_in_the_life_of_a_call(
        steps in prop::collection::vec((step(), prop::bool::weighted(0.3)), 1..60),
    ) {
        memory_changes_nothing(&events(&steps), MEMORY_FOR_TESTS)?;
    }

    #[test]
    fn any_bytes_are_decoded_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        decode(&bytes);
    }

    #[test]
    fn any_damage_to_a_real_frame_is_decoded_without_panic(at in 0usize..4000, byte in any::<u8>(), cut in 0usize..4000) {
        let mut raw = examples()["queueConversation"].to_string().into_bytes();
        let at = at % raw.len();
        raw[at] = byte;
        decode(&raw);
        raw.truncate(cut);
        decode(&raw);
    }
}

const MEMORY_FOR_TESTS: usize = 1 << 20;

#[test]
fn an_unchanged_map_is_not_told_again_until_forgotten() {
    let raw = examples()["queueConversation"].to_string();
    let mut decoder = Decoder::new();
    let told = |frame| match frame {
        Frame::Delta(delta) => delta.value.is_some(),
        frame => conversation(frame).participants[0].attributes.is_some(),
    };
    assert!(told(decoder.decode(raw.as_bytes())));
    assert!(!told(decoder.decode(raw.as_bytes())));
    let moved = raw.replacen("\"state\":\"connected\"", "\"state\":\"disconnected\"", 1);
    assert!(!told(decoder.decode(moved.as_bytes())));
    decoder.forget("1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11");
    assert!(told(decoder.decode(moved.as_bytes())));
    decoder.decode(examples()["attributesDetail"].to_string().as_bytes());
    assert!(told(decoder.decode(moved.as_bytes())));
}

#[test]
fn one_changed_value_is_told_alone_whatever_its_length() {
    let raw = examples()["queueConversation"].to_string();
    let mut decoder = Decoder::new();
    conversation(decoder.decode(raw.as_bytes()));
    let mut value = "gold";
    for next in ["platinum", "", "p", "wörld 世界", "world", "gold"] {
        let correlation = format!("\"CorrelationId\":\"{}\"", next.len());
        let old = "\"CorrelationId\":\"7b7a1f4c-7f0f-4f8e-8f7b-1d2f3a4b5c6d\"";
        let raw = raw.replacen("\"customerTier\":\"gold\"", &format!("\"customerTier\":\"{next}\""), 1).replacen(
            old,
            &correlation,
            1,
        );
        let Frame::Delta(delta) = decoder.decode(raw.as_bytes()) else { panic!("{next} after {value}") };
        let told = delta.value.unwrap();
        assert_eq!((told.key.as_str(), told.value.as_str()), ("customerTier", next));
        assert_eq!(told.participant.as_str(), "c0a80101-0001-4a11-8f00-000000000001");
        value = next;
    }
    // A second participant's bytes have moved by now; a change there must still be told of the right one.
    let moved = raw.replacen("\"attributes\":{}", "\"attributes\":{\"k\":\"v\"}", 1);
    assert!(matches!(decoder.decode(moved.as_bytes()), Frame::Conversation(_)));
    let moved = moved.replacen("\"k\":\"v\"", "\"k\":\"w\"", 1);
    let Frame::Delta(delta) = decoder.decode(moved.as_bytes()) else { panic!() };
    assert_eq!(delta.value.unwrap().participant.as_str(), "c0a80101-0002-4a11-8f00-000000000002");
}

#[test]
fn conversations_without_room_are_decoded_in_full_until_the_memory_starts_over() {
    let raw = |id: &str, value: &str| {
        format!(
            r#"{{"topicName":"v2.routing.queues.q.conversations","eventBody":{{"id":"{id}","participants":[{{"id":"p","attributes":{{"k":"{value}"}}}}]}},"metadata":{{"CorrelationId":"1"}}}}"#
        )
    };
    let mut decoder = Decoder::with_limit(500);
    let is_delta = |frame: Frame| matches!(frame, Frame::Delta(_));
    assert!(!is_delta(decoder.decode(raw("a", "1").as_bytes())));
    assert!(!is_delta(decoder.decode(raw("b", "1").as_bytes())));
    assert!(is_delta(decoder.decode(raw("a", "2").as_bytes())), "what is remembered stays");
    assert!(!is_delta(decoder.decode(raw("b", "2").as_bytes())), "and there is no room beside it");
    for n in 0..10 {
        decoder.decode(raw("b", &n.to_string()).as_bytes());
    }
    assert!(is_delta(decoder.decode(raw("b", "x").as_bytes())), "until what is silent has made room");
}

/// A callback's customer has no address of its own: the number to call back says who it is, and the queue its name.
#[test]
fn a_callback_tells_whom_to_call_back_and_its_queue() {
    let body = include_bytes!("../../../tests/genesys/callback-live.json");
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
    let body = include_bytes!("../../../tests/genesys/ivr-participant-name.json");
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
    let Frame::Flow(fact) = decode(raw) else { panic!("no flow") };
    let run = &fact.run;
    assert_eq!((fact.conversation.as_str(), run.id.as_str(), run.version()), ("c1", "f1", Some("12")));
    assert_eq!(run.participant.as_ref().map(|p| p.as_str()), Some("p2"));
    let nameless = br#"{"topicName":"v2.detail.events.conversation.c1.flow.end","eventBody":{"conversationId":"c1"}}"#;
    assert!(matches!(decode(nameless), Frame::Malformed { .. }));
}
