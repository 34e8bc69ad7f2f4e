use super::{decoder::by_serde, *};
use crate::domain::{At, AttributeDelta, Board, FlowFact, FlowId, FlowRun, FlowSource, ToldAttributes, Update, Value};
mod examples;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn examples() -> Json {
    serde_json::from_str(include_str!("../../../tests/genesys/examples.json")).unwrap()
}

fn conversation(frame: WireFrame) -> Snapshot {
    match frame {
        WireFrame::Conversation(snapshot) => snapshot,
        other => panic!("{other:?}"),
    }
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
            WireFrame::Malformed { reason } => assert!(!reason.contains("secret-value"), "{reason}"),
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
    assert_eq!(attributes[1].1.kind(), crate::domain::JsonKind::Nested);
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
enum CallStep {
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

fn step() -> impl Strategy<Value = CallStep> {
    let value = prop_oneof![6 => "[12]{0,2}", 1 => "[1é\"\\\\]{0,3}"];
    prop_oneof![
        8 => (0usize..3, 0usize..4, value).prop_map(|(who, key, value)| CallStep::Set(who, key, value)),
        1 => (0usize..3, 0usize..4, prop_oneof![Just("a"), Just("b"), Just("long")]).prop_map(|(w, k, n)| CallStep::Rename(w, k, n)),
        1 => (0usize..3, prop_oneof![Just("connected"), Just("contacting")]).prop_map(|(who, to)| CallStep::State(who, to)),
        1 => (0usize..3, prop_oneof![Just("q1"), Just("q2")]).prop_map(|(who, to)| CallStep::Queue(who, to)),
        1 => (0usize..3).prop_map(CallStep::End),
        1 => prop_oneof![Just("tel:1"), Just("tel:2")].prop_map(CallStep::Address),
        1 => Just(CallStep::Join),
        1 => Just(CallStep::Leave),
    ]
}

/// The events of one call to which these steps happen, one or two between two events.
fn events(steps: &[(CallStep, bool)]) -> Vec<String> {
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
            CallStep::Set(who, key, value) => {
                let map = participants[who % count]["attributes"].as_object_mut().unwrap();
                let key = key % (map.len() + 1);
                match map.iter_mut().nth(key) {
                    Some((_, known)) => *known = json!(value),
                    None => drop(map.insert(format!("k{}", key + 1), json!(value))),
                }
            }
            CallStep::Rename(who, key, name) => {
                let map = participants[who % count]["attributes"].as_object_mut().unwrap();
                *map = std::mem::take(map)
                    .into_iter()
                    .enumerate()
                    .map(|(i, (k, v))| if i == *key { ((*name).to_owned(), v) } else { (k, v) })
                    .collect();
            }
            CallStep::State(who, state) => participants[who % count]["calls"][0]["state"] = json!(state),
            CallStep::Queue(who, queue) => participants[who % count]["queueId"] = json!(queue),
            CallStep::End(who) => participants[who % count]["endTime"] = json!("2026-11-20T14:02:11.341Z"),
            CallStep::Address(address) => body["address"] = json!(address),
            CallStep::Join if count < 3 => participants.push(member(count)),
            CallStep::Leave if count > 1 => drop(participants.pop()),
            CallStep::Join | CallStep::Leave => {}
        }
        if !at_once {
            told(&body);
        }
    }
    events
}

/// A board that is told differences equals one that is told whole events as serde reads them, after every frame; so does
/// all that came of it. How many frames were told as a difference.
fn differences_are_the_events(frames: &[String]) -> Result<usize, TestCaseError> {
    differences_among_other_news_are_the_events(frames.iter().map(|raw| (raw, Other::Nothing)))
}

/// What comes between two events.
#[derive(Clone, Copy, Debug)]
enum Other {
    Nothing,
    /// The platform no longer has the call.
    Gone,
    /// An attributes event.
    Event(&'static str),
    /// A read that shows what this event will tell, or one that an event overtook.
    Read {
        overtaken: bool,
    },
    /// The connection is lost.
    Lost,
    /// A fact about its flow.
    Flow,
}

impl Other {
    fn updates(self, board: &Board, next: &Snapshot) -> Option<Update> {
        let conversation = next.id.clone();
        Some(match self {
            Self::Nothing | Self::Lost => return None,
            Self::Gone => Update::Gone(conversation),
            Self::Event(value) => Update::Event(AttributesEvent {
                conversation,
                participant: ParticipantId::new("p"),
                event_time: None,
                attributes: vec![("k1".into(), value.into())],
            }),
            Self::Read { overtaken } => {
                let asked = board.revision(conversation.as_str()).saturating_sub(u64::from(overtaken));
                Update::Read {
                    snapshot: Snapshot { partial: false, ..next.clone() },
                    asked,
                    left: std::time::Duration::from_secs(1_000_000),
                }
            }
            Self::Flow => Update::Flow(FlowFact {
                conversation,
                run: FlowRun {
                    id: FlowId::new("flow-2"),
                    name: None,
                    version: Some("7.0".into()),
                    source: FlowSource::Event,
                    participant: None,
                },
            }),
        })
    }
}

fn other() -> impl Strategy<Value = Other> {
    prop_oneof![
        10 => Just(Other::Nothing),
        1 => Just(Other::Gone),
        2 => prop::sample::select(vec!["a", "b"]).prop_map(Other::Event),
        2 => any::<bool>().prop_map(|overtaken| Other::Read { overtaken }),
        1 => Just(Other::Lost),
        1 => Just(Other::Flow),
    ]
}

/// What it tells of attributes, in one order.
fn told(update: &Update, board: &Board) -> ToldAttributes {
    let mut told = update.told(board);
    told.participants.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
    told.participants.iter_mut().for_each(|told| told.attributes.sort_by(|one, other| one.0.cmp(&other.0)));
    told
}

/// The frames with their outlines, which whoever reads the socket makes long before a board takes in the first one.
fn outlined<'a>(frames: impl Iterator<Item = (&'a String, Other)>) -> Vec<(&'a String, Outline, Other)> {
    let mut memory = StreamMemory::default();
    let outline = |(raw, other): (&'a String, Other)| {
        let mut outline = Outline::default();
        if let Some(head) = head(raw) {
            memory.outline(raw, &head, &mut outline);
        }
        (raw, outline, other)
    };
    frames.map(outline).collect()
}

/// As [`differences_are_the_events`]; what comes between the events comes on both boards.
fn differences_among_other_news_are_the_events<'a>(
    frames: impl Iterator<Item = (&'a String, Other)>,
) -> Result<usize, TestCaseError> {
    let mut frames = outlined(frames);
    let deltas = told_as_the_events(&frames)?;
    frames.iter_mut().for_each(|(_, outline, _)| outline.clear());
    told_as_the_events(&frames)?;
    Ok(deltas)
}

fn told_as_the_events(frames: &[(&String, Outline, Other)]) -> Result<usize, TestCaseError> {
    let (mut full, mut quick) = (Board::default(), Board::default());
    for board in [&mut full, &mut quick] {
        board.names.learn_flow(FlowId::new("flow-1"), "Main");
    }
    let mut deltas = 0;
    for (i, (raw, outline, other)) in frames.iter().enumerate() {
        let at = At::after(jiff::Timestamp::UNIX_EPOCH, std::time::Duration::from_millis(i as u64));
        let whole = conversation(by_serde(raw));
        for board in [&mut full, &mut quick] {
            if let Some(update) = other.updates(board, &whole) {
                board.apply(at, update, &());
            }
            if matches!(other, Other::Lost) {
                board.mark_stale(at);
            }
        }
        let update = match decode_outlined(&quick, raw, head(raw), outline) {
            WireFrame::Delta(delta) => {
                deltas += 1;
                Update::Delta(delta)
            }
            frame => Update::Stream(conversation(frame)),
        };
        let whole = Update::Stream(whole);
        prop_assert_eq!(told(&whole, &full), told(&update, &quick), "{}", raw);
        prop_assert_eq!(full.apply(at, whole, &()), quick.apply(at, update, &()), "{}", raw);
        prop_assert_eq!((full.late_events(), full.ended()), (quick.late_events(), quick.ended()));
        prop_assert_eq!(full.names.queue(&"q1".into()), quick.names.queue(&"q1".into()));
        for id in full.iter().map(|e| e.conversation.id.as_str()) {
            prop_assert_eq!(full.revision(id), quick.revision(id));
        }
        for (full, quick) in full.iter().zip(quick.iter()) {
            prop_assert_eq!(&full.conversation, &quick.conversation);
            prop_assert_eq!(&full.history, &quick.history);
            prop_assert_eq!(full.seq(), quick.seq());
        }
    }
    Ok(deltas)
}

/// A string as it may be written.
fn written_string() -> BoxedStrategy<String> {
    let inner = prop_oneof![
        6 => "[ab]{0,3}",
        1 => Just(r#"say \"hi\""#.to_owned()),
        1 => Just(r"C:\\x\/y".to_owned()),
        1 => Just(r"line\r\n\tend\b\f".to_owned()),
        1 => Just(r"\ud83d\ude00 \u00e9 é 😀 \u0000".to_owned()),
        1 => Just(r#"{\"a\": [1, \"}\"]}"#.to_owned()),
    ];
    inner.prop_map(|inner| format!("\"{inner}\"")).boxed()
}

fn written_value() -> BoxedStrategy<String> {
    let odd = prop::sample::select(vec![
        "1",
        "12",
        "1.50",
        "-0",
        "true",
        "false",
        "null",
        "{}",
        "[ ]",
        r#"{"a": [1, "}\""]}"#,
    ]);
    prop_oneof![8 => written_string(), 1 => odd.prop_map(str::to_owned)].boxed()
}

fn written_map() -> BoxedStrategy<String> {
    let key =
        prop::sample::select(vec![r#""k1""#, r#""k2""#, r#""k3""#, r#""k4""#, r#""\u006b1""#, r#""K 5""#, r#""""#]);
    let map = prop::collection::vec((key, written_value()), 0..6).prop_map(|pairs| {
        let pairs: Vec<String> = pairs.into_iter().map(|(key, value)| format!("{key}:{value}")).collect();
        format!("{{{}}}", pairs.join(","))
    });
    prop_oneof![12 => map, 1 => Just("null".to_owned()), 1 => Just("[1]".to_owned())].boxed()
}

/// A participant whose members stand in any order, some of them unknown to us.
fn written_participant(id: &'static str) -> BoxedStrategy<String> {
    let optional = |p: f64, text: &'static str| prop::option::weighted(p, Just(text.to_owned()));
    let state = prop::sample::select(vec!["alerting", "connected", "disconnected"]);
    let purpose = prop::sample::select(vec![
        r#""purpose":"customer""#,
        r#""purpose":"customer""#,
        r#""purpose":"ivr","address":"sip:flow-1@127.0.0.1;user=ivr""#,
        r#""purpose":"acd","queueId":"q1""#,
        r#""purpose":"acd","queueId":"q1","queueName":"Support""#,
    ]);
    let callback = prop::sample::select(vec!["", "", r#""+15550100""#, r#"null,"tel:+15550100""#]);
    let legs = (state, callback).prop_map(|(state, numbers)| {
        let calls = format!(r#""calls":[{{"state":"{state}","held":false,"x":[{{}}]}}]"#);
        match numbers {
            "" => calls,
            numbers => {
                format!(r#"{calls},"callbacks":[{{"state":"{state}","held":false,"callbackNumbers":[{numbers}]}}]"#)
            }
        }
    });
    (
        (prop::option::weighted(0.9, written_map()), purpose),
        legs,
        written_string(),
        optional(0.1, r#""endTime":"2026-11-20T14:02:11.341Z""#),
        optional(0.3, r#""unknown":{"deep":[1,{"y":"\""}],"n":-1.5e3}"#),
        optional(0.3, r#""userId":null"#),
    )
        .prop_map(move |((map, purpose), calls, name, end, unknown, user)| {
            let known = [format!(r#""id":"{id}""#), purpose.into(), calls, format!(r#""name":{name}"#)];
            let map = map.map(|map| format!(r#""attributes":{map}"#));
            known.into_iter().chain([map, end, unknown, user].into_iter().flatten()).collect::<Vec<_>>()
        })
        .prop_shuffle()
        .prop_flat_map(|members| {
            let comma = prop::sample::select(vec![",", " ,\n\t"]);
            comma.prop_map(move |comma| format!("{{{}}}", members.join(comma)))
        })
        .boxed()
}

/// An event as anybody might write it.
fn written_event() -> BoxedStrategy<String> {
    let participants = prop_oneof![
        6 => (written_participant("p"), written_participant("q")).prop_map(|(p, q)| format!("{p},{q}")),
        2 => (written_participant("p"), written_participant("q"), written_participant("r"))
            .prop_map(|(p, q, r)| format!("{p},{q},{r}")),
        1 => (written_participant("q"), written_participant("p")).prop_map(|(p, q)| format!("{p},{q}")),
        1 => written_participant("p"),
    ];
    let address = prop_oneof![4 => Just(r#""address":"tel:1","#), 1 => Just(r#""address":"tel:2","#), 1 => Just("")];
    (participants, address, prop::sample::select(vec!["", r#""n":[],"#])).prop_map(|(participants, address, odd)| {
        format!(
            r#"{{"topicName":"v2.users.u.conversations","version":"2","eventBody":{{"id":"c",{odd}{address}"participants":[{participants}]}},"metadata":{{"CorrelationId":"1"}}}}"#
        )
    })
    .boxed()
}

/// What a plain walk over the values says of each participant: id, name, state, end and attributes.
type Walked = Vec<(String, Option<String>, String, bool, Option<Vec<(String, Json)>>)>;

fn walk(event: &str) -> Walked {
    let event: Json = serde_json::from_str(event).unwrap();
    let text = |value: &Json| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let participants = event["eventBody"]["participants"].as_array().unwrap().iter();
    participants
        .map(|p| {
            let map = p["attributes"].as_object();
            let map = map.map(|map| map.iter().map(|(key, value)| (key.clone(), value.clone())).collect());
            let state = text(&p["calls"][0]["state"]).unwrap();
            (text(&p["id"]).unwrap(), text(&p["name"]), state, !p["endTime"].is_null(), map)
        })
        .collect()
}

fn walked(snapshot: &Snapshot) -> Walked {
    let json = |value: &Value| match value.kind() {
        crate::domain::JsonKind::Text => Json::from(value.as_str()),
        _ => serde_json::from_str(value.as_str()).unwrap(),
    };
    let participants = snapshot.participants.iter();
    participants
        .map(|p| {
            let map = p.attributes.as_ref();
            let map = map.map(|map| map.iter().map(|(key, value)| (key.to_string(), json(value))).collect());
            let state = p.state.as_ref().unwrap().as_str().to_owned();
            (p.id.to_string(), p.name.as_ref().map(|n| n.to_string()), state, p.ended.is_some(), map)
        })
        .collect()
}

proptest! {
    #[test]
    fn an_event_says_what_a_plain_walk_over_its_values_says(raw in written_event()) {
        let snapshot = conversation(decode(raw.as_bytes()));
        prop_assert_eq!(walked(&snapshot), walk(&raw));
        prop_assert_eq!(snapshot, conversation(by_serde(&raw)));
    }

    #[test]
    fn one_pass_reads_what_serde_reads(raw in written_event(), at in 0usize..2_000, byte in any::<u8>()) {
        let mut raw = raw.into_bytes();
        let at = at % raw.len();
        raw[at] = byte & 0x7f;
        if let Ok(raw) = String::from_utf8(raw) {
            prop_assert_eq!(decode(raw.as_bytes()), by_serde(&raw), "{}", raw);
        }
    }

    #[test]
    fn differences_of_any_events_are_the_events(frames in prop::collection::vec(written_event(), 1..20)) {
        differences_are_the_events(&frames)?;
    }

    #[test]
    fn differences_among_reads_and_other_events_are_the_events(
        frames in prop::collection::vec((written_event(), other()), 1..20),
        others in prop::collection::vec((frame(), other()), 1..40),
    ) {
        differences_among_other_news_are_the_events(frames.iter().map(|(raw, other)| (raw, *other)))?;
        differences_among_other_news_are_the_events(others.iter().map(|(raw, other)| (raw, *other)))?;
    }

    #[test]
    fn differences_that_come_in_another_order_than_they_were_read_are_the_events(
        steps in prop::collection::vec((step(), prop::bool::weighted(0.3)), 1..40),
        swaps in prop::collection::vec(0usize..40, 0..12),
    ) {
        let events = events(&steps);
        let mut frames = outlined(events.iter().map(|raw| (raw, Other::Nothing)));
        for at in swaps {
            let at = at % frames.len();
            let next = (at + 1) % frames.len();
            frames.swap(at, next);
        }
        told_as_the_events(&frames)?;
    }

    #[test]
    fn differences_of_several_calls_are_the_events(frames in prop::collection::vec(frame(), 1..60)) {
        differences_are_the_events(&frames)?;
    }

    #[test]
    fn differences_in_the_life_of_a_call_are_the_events(
        steps in prop::collection::vec((step(), prop::bool::weighted(0.3)), 1..60),
    ) {
        differences_are_the_events(&events(&steps))?;
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

/// Applies a frame to a board; what was told of it, if that was its difference from the board.
fn taken(decoder: &mut Decoder, board: &mut Board, raw: &str) -> Option<crate::domain::Delta> {
    let at = At::after(jiff::Timestamp::UNIX_EPOCH, std::time::Duration::ZERO);
    let (delta, update) = match decoder.decode(board, raw) {
        WireFrame::Delta(delta) => (Some(delta.clone()), Update::Delta(delta)),
        frame => (None, Update::Stream(conversation(frame))),
    };
    board.apply(at, update, &());
    delta
}

#[test]
fn only_what_differs_is_told() {
    let (mut board, raw) = (Board::default(), examples()["queueConversation"].to_string());
    let mut decoder = Decoder::default();
    let mut taken = |raw: &str| taken(&mut decoder, &mut board, raw);
    assert_eq!(taken(&raw), None, "what is not known is told whole");
    assert_eq!(taken(&raw).unwrap().participants, []);
    for next in ["platinum", "", "wörld 世界", "\\\"quoted\\\"\\n", "gold"] {
        let raw = raw.replacen("\"customerTier\":\"gold\"", &format!("\"customerTier\":\"{next}\""), 1);
        let delta = taken(&raw).unwrap();
        let [told] = &delta.participants[..] else { panic!("{next}: {delta:?}") };
        assert_eq!((told.place, &told.facts, &told.gone[..]), (0, &None, &[][..]), "{next}");
        let [AttributeDelta::Value { value, .. }] = &told.attributes[..] else { panic!("{next}: {told:?}") };
        let decoded: String = serde_json::from_str(&format!("\"{next}\"")).unwrap();
        assert_eq!(value.as_str(), decoded);
    }
    let moved = raw.replacen("\"attributes\":{}", "\"attributes\":{\"k\":\"v\"}", 1);
    let delta = taken(&moved).unwrap();
    assert_eq!(delta.participants[0].attributes, [AttributeDelta::New { key: "k".into(), value: "v".into() }]);
    let moved = raw.replacen("\"state\":\"connected\"", "\"state\":\"disconnected\"", 1);
    let delta = taken(&moved).unwrap();
    assert!(delta.participants[0].facts.is_some());
    assert_eq!(delta.participants[1].gone.len(), 1, "{delta:?}");
}

#[test]
fn of_what_the_board_knows_as_the_event_before_told_it_only_the_rest_is_looked_at() {
    let raw = examples()["queueConversation"].to_string();
    let next = raw.replacen("\"customerTier\":\"gold\"", "\"customerTier\":\"platinum\"", 1);
    let (mut memory, mut outline, mut board) = (StreamMemory::default(), Outline::default(), Board::default());
    let mut decoder = Decoder::default();
    for _ in 0..2 {
        taken(&mut decoder, &mut board, &raw);
    }
    for raw in [&raw, &next] {
        memory.outline(raw, &head(raw).unwrap(), &mut outline);
    }
    let ([told], [run]) = (&outline.participants[..], &outline.runs[..]) else { panic!("{outline:?}") };
    assert!(outline.base != 0 && told.is_as_before && told.place == 0);
    assert!(next[run.start as usize..].starts_with('"') && run.count <= 4);
    // The board knows it as another memory numbered it, so all of it is looked at, and it is the same.
    let at = Board::known(&board, head(&raw).unwrap().conversation.unwrap()).unwrap().event;
    assert!(at != 0 && at != outline.base);
    let told = decode_outlined(&board, &next, head(&next), &outline);
    let WireFrame::Delta(held) = told else { panic!("{told:?}") };
    let WireFrame::Delta(own) = decoder.decode(&board, &next) else { panic!() };
    assert_eq!(held.participants, own.participants);
    assert_eq!((held.event, own.base), (outline.event, held.base));
}
