//! Whole recordings through the redactor.

use super::*;
use crate::{
    domain::{Board, Change, HistoryLimits, Update},
    genesys::wire::{WireFrame, decode},
    recording::{LinkLine, RecordedEdit, RecordingLine},
};
use std::path::PathBuf;

const CALL: &str = "1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11";
const QUEUE: &str = "9a1f0c55-3c2d-4e57-8a55-1d2c3b4a5f60";

fn frame(attributes: &str, ivr: &str) -> Record {
    Record::Frame(format!(
        r#"{{"topicName":"v2.routing.queues.{QUEUE}.conversations","version":"2","eventBody":{{"id":"{CALL}",
        "address":"tel:+13175550100","recordingState":"none","participants":[
        {{"id":"c0a80101-0001-4a11-8f00-000000000001","connectedTime":"2026-11-20T14:02:11.341Z","name":"Indianapolis IN",
        "queueId":"{QUEUE}","purpose":"customer","address":"tel:+13175550123","attributes":{attributes},
        "calls":[{{"id":"a1111111-0000-4000-8000-000000000001","state":"connected","direction":"inbound","held":false,
        "self":{{"nameRaw":"Indianapolis IN","addressRaw":"sip:+13175550123@10.0.0.1"}},"provider":"Edge"}}]}},
        {{"id":"c0a80101-0002-4a11-8f00-000000000002","name":"Main IVR","purpose":"ivr","attributes":{{}},
        "calls":[{{"state":"{ivr}","provider":"Edge"}}]}}]}},
        "metadata":{{"CorrelationId":"7b7a1f4c-7f0f-4f8e-8f7b-1d2f3a4b5c6d"}}}}"#
    ))
}

fn session() -> Vec<Record> {
    vec![
        Record::Name { of: "queue".into(), id: QUEUE.into(), name: "Billing Premium".into() },
        Record::Link(LinkLine { state: "live".into(), ..LinkLine::default() }),
        frame(
            r#"{"customer_tier":"gold","lookup":"undefined","pin":"4711","card":"4111 1111 1111 1111"}"#,
            "connected",
        ),
        frame(
            r#"{"customer_tier":"platinum","lookup":"{{lookup.result}}","pin":"4711","card":"4111 1111 1111 1111",
            "wrapped":"{\"data\":{\"city\":\"Indianapolis\"}}","count":12345,"esc":"\u001b[31mevil","+13175550123":"x"}"#,
            "connected",
        ),
        frame(r#"{"customer_tier":"gold","mail":"dana.w@example.com","pin":"4711"}"#, "disconnected"),
        Record::Frame("{\"topicName\":\"v2.users\",\"eventBody\":{\"name\":\"Dana Whitcomb".into()),
        Record::Binary(b"Dana Whitcomb".to_vec()),
        Record::Link(LinkLine {
            state: "reconnecting".into(),
            reason: Some("queue Billing said no to 7c1e0f9a".into()),
            ..LinkLine::default()
        }),
        Record::Reply {
            request: format!("GET /api/v2/conversations/{CALL}?name=*Billing*&pageSize=25"),
            status: 404,
            body: r#"{"message":"Conversation of Indianapolis not found","code":"not.found","status":404}"#.into(),
        },
        Record::Edit(RecordedEdit {
            id: 1,
            step: "sent".into(),
            conversation: CALL.into(),
            participant: "c0a80101-0001-4a11-8f00-000000000001".into(),
            values: vec![("customer_tier".into(), "diamond".into())],
            status: None,
            message: None,
        }),
        Record::Key("j".into()),
        Record::Paste("Dana Whitcomb".into()),
        Record::Size { columns: 80, rows: 24 },
    ]
}

fn at(ms: u64) -> At {
    At::after("2026-11-20T14:02:11Z".parse().unwrap(), Duration::from_millis(ms))
}

fn plain() -> Wishes {
    Wishes { keep: Vec::new(), replace: false, salt: PseudonymSalt::random(), shift_times: false }
}

fn seeded(seed: u64) -> Wishes {
    Wishes { salt: PseudonymSalt::seeded(seed), ..plain() }
}

fn write(dir: &Path, records: Vec<Record>) -> PathBuf {
    let path = dir.join("in.rec");
    let header = Header::new(at(0), vec!["queue Billing Premium".into(), "all queues".into()]);
    let mut recorder = Recorder::create(&path, &header, at(0), true).unwrap();
    for (i, record) in records.into_iter().enumerate() {
        recorder.push(at(i as u64 * 137), record);
    }
    recorder.finish();
    path
}

fn lines(path: &Path) -> Vec<RecordingLine> {
    RecordingReader::open(path).unwrap().collect::<Result<_, _>>().unwrap()
}

fn bytes(path: &Path) -> String {
    let mut text = String::new();
    let mut decoder = flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap());
    std::io::Read::read_to_string(&mut decoder, &mut text).unwrap();
    text
}

/// What the board says happened, with every text that may differ reduced to its shape.
fn changes(lines: &[RecordingLine]) -> Vec<String> {
    let mut board = Board::new(HistoryLimits::default());
    let mut out = Vec::new();
    for line in lines {
        let Record::Frame(text) = &line.record else { continue };
        let update = match decode(text.as_bytes()) {
            WireFrame::Conversation(snapshot) => Update::Stream(snapshot),
            WireFrame::Attributes(event) => Update::Event(event),
            other => {
                out.push(format!("{:?}", std::mem::discriminant(&other)));
                continue;
            }
        };
        for change in board.apply(line.at, update, &()).changes {
            out.push(match change {
                Change::Attribute { key, old, new, source, first_sight, .. } => {
                    let shape = |v: &Option<crate::domain::Value>| v.as_ref().map(|v| (v.kind(), v.as_str().len()));
                    let equal = old == new;
                    let key = if key.as_str().starts_with('+') { "personal" } else { key.as_str() };
                    format!("{key} {:?} {:?} {equal} {source:?} {first_sight}", shape(&old), shape(&new))
                }
                Change::Conversation { change, .. } => format!("{change:?}"),
                Change::Participant { change, .. } => format!("{change:?}"),
            });
        }
    }
    out
}

#[test]
fn no_original_survives_and_everything_else_does() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (write(dir.path(), session()), dir.path().join("out.rec"));
    let report = redact(&from, &to, &plain()).unwrap();
    assert_eq!((report.typed, report.coincidences, report.keys), (2, 0, 1));
    assert_eq!(report.tail, Tail::Complete);

    let text = bytes(&to);
    let private = [
        "gold",
        "platinum",
        "diamond",
        "4711",
        "4111",
        "Indianapolis",
        "Whitcomb",
        "Dana",
        "Billing",
        "Premium",
        "Main IVR",
        "3175550123",
        "3175550100",
        "dana.w",
        "example.com",
        "evil",
        "12345",
        CALL,
        QUEUE,
        "c0a80101",
        "7b7a1f4c",
        "a1111111",
        "10.0.0.1",
        "7c1e0f9a",
    ];
    for original in private {
        // Times hold digits of their own.
        let found = text.lines().filter(|line| {
            let without_times = line.split("\"at\":").nth(1).and_then(|l| l.split_once(',')).map_or(*line, |(_, l)| l);
            without_times.contains(original)
        });
        assert_eq!(found.collect::<Vec<_>>(), Vec::<&str>::new(), "{original}");
    }
    for kept in [
        "customer_tier",
        "undefined",
        "{{",
        "\\\\\\\"data\\\\\\\"",
        "\\\\u001b[31m",
        "v2.routing.queues.",
        "connected",
        "not.found",
    ] {
        assert!(text.contains(kept), "{kept} is not in {text}");
    }

    let (before, after) = (lines(&from), lines(&to));
    // Two typed lines less.
    assert_eq!(before.len(), after.len() + 2);
    for (before, after) in before.iter().filter(|l| !matches!(l.record, Record::Key(_) | Record::Paste(_))).zip(&after)
    {
        assert_eq!(before.at.wall, after.at.wall);
        if let (Record::Frame(before), Record::Frame(after)) = (&before.record, &after.record) {
            assert_eq!(before.len(), after.len());
        }
    }
    assert_eq!(changes(&before), changes(&after));
    let header = RecordingReader::open(&to).unwrap().header().clone();
    assert!(header.redacted);
    assert!(header.watched[0].starts_with("queue ") && header.watched[0].len() == "queue Billing Premium".len());
}

#[test]
fn a_seed_makes_the_same_copy_and_ids_stay_joined() {
    let dir = tempfile::tempdir().unwrap();
    let from = write(dir.path(), session());
    let (a, b) = (dir.path().join("a.rec"), dir.path().join("b.rec"));
    redact(&from, &a, &seeded(7)).unwrap();
    redact(&from, &b, &seeded(7)).unwrap();
    // When the compressor was flushed depends on the machine; what comes out of the file does not.
    assert_eq!(bytes(&a), bytes(&b));
    let copy = lines(&a);
    let (Record::Name { id, .. }, Record::Frame(frame)) = (&copy[0].record, &copy[2].record) else { panic!() };
    assert!(frame.contains(&format!("v2.routing.queues.{id}.conversations")), "{id} {frame}");
    let Record::Reply { request, .. } = &copy[7 + 1].record else { panic!("{:?}", copy[8]) };
    assert!(request.starts_with("GET /api/v2/conversations/") && request.ends_with("&pageSize=25"), "{request}");
}

#[test]
fn a_kept_key_keeps_its_values_and_nobody_elses() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (write(dir.path(), session()), dir.path().join("out.rec"));
    let report =
        redact(&from, &to, &Wishes { keep: vec!["customer_tier".into(), "no_such_key".into()], ..plain() }).unwrap();
    assert_eq!(report.kept, ["customer_tier"]);
    let text = bytes(&to);
    assert!(
        text.contains("\\\"customer_tier\\\":\\\"gold\\\"") && text.contains("[\"customer_tier\",\"diamond\"]"),
        "{text}"
    );
    assert!(!text.contains("example"));
    assert_eq!(RecordingReader::open(&to).unwrap().header().kept, ["customer_tier", "no_such_key"]);
}

#[test]
fn a_torn_recording_makes_a_torn_copy() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (write(dir.path(), session()), dir.path().join("out.rec"));
    let whole = bytes(&from);
    std::fs::write(&from, &whole[..whole.len() - 90]).unwrap();
    let report = redact(&from, &to, &plain()).unwrap();
    assert!(matches!(report.tail, Tail::Torn(_)));
    let mut reader = RecordingReader::open(&to).unwrap();
    assert!(reader.by_ref().all(|line| line.is_ok()));
    assert!(matches!(reader.tail(), Some(Tail::Torn(_))));
}

#[test]
fn nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let from = write(dir.path(), session());
    assert!(matches!(redact(&from, &from, &Wishes { replace: true, ..plain() }), Err(Error::Same)));
    let to = dir.path().join("out.rec");
    std::fs::write(&to, "precious").unwrap();
    assert!(matches!(redact(&from, &to, &plain()), Err(Error::Create(CreateError::Exists(_)))));
    assert_eq!(std::fs::read(&to).unwrap(), b"precious");
}

/// Everything in a copy that stands for something else: words of four characters or more, and ids.
fn made_up(path: &Path) -> std::collections::HashSet<String> {
    let found = bytes(path);
    let words = found.split(|c: char| !c.is_alphanumeric() && c != '-').filter(|word| word.len() >= 4);
    words.map(str::to_lowercase).collect()
}

/// Whoever holds two copies of one recording must not be able to tell by their texts which call is which, nor that they are
/// of one recording: what both hold, any copy of any recording of this shape holds.
#[test]
fn two_copies_cannot_be_linked() {
    let dir = tempfile::tempdir().unwrap();
    let from = write(dir.path(), session());
    let copy = |name: &str, from: &Path| {
        let to = dir.path().join(name);
        redact(from, &to, &Wishes { shift_times: true, ..plain() }).unwrap();
        to
    };
    let (a, b) = (copy("a.rec", &from), copy("b.rec", &from));
    let (first, second) = (made_up(&a), made_up(&b));
    // What stays in every copy: keys, words of the platform, markers.
    let structure: std::collections::HashSet<String> =
        (0..4).map(|n| made_up(&copy(&format!("{n}.rec"), &from))).reduce(|all, next| &all & &next).unwrap();
    let common: Vec<&String> = first.intersection(&second).filter(|word| !structure.contains(*word)).collect();
    assert!(common.iter().all(|word| word.len() < 6), "both hold {common:?}");
    let text = bytes(&a);
    for original in ["gold", "platinum", "Indianapolis", "Billing", "4711", CALL, QUEUE, "2026-11-20T14"] {
        assert!(!structure.contains(&original.to_lowercase()) && !text.contains(original), "{original}");
    }
    // By form: a digit of an id is not a digit again. Over many ids every place takes letters and digits.
    let ids = |path: &Path| -> Vec<String> {
        let id = regex::Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
        id.find_iter(&bytes(path)).map(|found| found.as_str().to_owned()).collect()
    };
    let form = |id: &String| id.chars().map(|c| c.is_ascii_digit()).collect::<Vec<_>>();
    let (before, after, other) = (ids(&from), ids(&a), ids(&b));
    assert!(before.len() > 10 && before.len() == after.len());
    assert!(before.iter().zip(&after).all(|(before, after)| form(before) != form(after)));
    assert!(after.iter().zip(&other).all(|(one, other)| form(one) != form(other) && one != other));
    // By trying: the salt of one copy says nothing about the other.
    let made = |salt: PseudonymSalt| {
        let mut masker = pseudonym::Pseudonyms::new(originals::Originals::default(), salt);
        masker.text("+13175550123")
    };
    assert_ne!(made(PseudonymSalt::random()), made(PseudonymSalt::random()));
    // By time: the first lines are a year apart or less, and not at the same moment.
    let start = |path: &Path| RecordingReader::open(path).unwrap().header().started;
    assert!(start(&a) < start(&from) && start(&a) != start(&b));
}

#[test]
fn times_are_moved_by_one_span() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (write(dir.path(), session()), dir.path().join("out.rec"));
    redact(&from, &to, &Wishes { shift_times: true, ..seeded(3) }).unwrap();
    let (before, after) = (lines(&from), lines(&to));
    let by = after[0].at.wall.duration_since(before[0].at.wall);
    assert!(by.as_secs() < 0 && by.as_secs() >= -365 * 24 * 3600 - 1);
    assert!(
        after.iter().zip(&before).take(8).all(|(after, before)| after.at.wall.duration_since(before.at.wall) == by)
    );
    let moved = "2026-11-20T14:02:11.341Z".parse::<jiff::Timestamp>().unwrap().checked_add(by).unwrap();
    assert!(bytes(&to).contains(&format!("{moved:.3}")), "{moved:.3} is not in {}", bytes(&to));
    assert_eq!(changes(&before), changes(&after));
}

/// Every moment in a recording: numbers since 1970 and texts, wherever they stand, those within bodies and frames included.
fn moments(path: &Path) -> std::collections::HashSet<String> {
    let mut found = std::collections::HashSet::new();
    let date = regex::Regex::new("[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:]{8})?").unwrap();
    let text = bytes(path);
    let mut open: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    while let Some(value) = open.pop() {
        match value {
            serde_json::Value::Object(members) => open.extend(members.into_iter().map(|(_, value)| value)),
            serde_json::Value::Array(items) => open.extend(items),
            serde_json::Value::Number(number) if number.as_f64().is_some_and(|n| n >= 1e9) => {
                found.insert(number.to_string());
            }
            serde_json::Value::String(text) => match serde_json::from_str(&text) {
                Ok(inner @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => open.push(inner),
                _ => {
                    found.extend(date.find_iter(&text).map(|date| date.as_str().to_owned()));
                }
            },
            _ => {}
        }
    }
    found
}

#[test]
fn no_moment_of_the_recording_is_in_a_copy_whose_times_are_moved() {
    let dir = tempfile::tempdir().unwrap();
    let mut records = session();
    records.truncate(3);
    records.push(Record::Frame(format!(
        r#"{{"topicName":"v2.detail.events.conversation.{CALL}.attributes","version":"2","eventBody":{{"conversationId":"{CALL}",
        "participantId":"c0a80101-0001-4a11-8f00-000000000001","eventTime":1795183411647,"conversationStartTime":1795183400120,
        "participantStartTime":1795183401341,"attributes":{{"customer_tier":"gold"}},"seconds":{{"endTimestamp":1795183499}}}}}}"#
    )));
    records.push(Record::Reply {
        request: format!("GET /api/v2/conversations/{CALL}?interval=2026-11-20T14:00:00Z/2026-11-21"),
        status: 400,
        body: r#"{"message":"no calls between 2026-11-20T14:00:00Z and 2026-11-21 14:00","status":400}"#.into(),
    });
    let from = write(dir.path(), records);
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/format-1.sidetone");
    for (from, least) in [(from.as_path(), 7), (shipped.as_path(), 5)] {
        let to = dir.path().join("out.rec");
        redact(from, &to, &Wishes { shift_times: true, replace: true, ..seeded(3) }).unwrap();
        let (before, after) = (moments(from), moments(&to));
        assert!(before.len() >= least && after.len() >= least, "{before:?} {after:?}");
        let common: Vec<&String> = before.intersection(&after).collect();
        assert!(common.is_empty(), "{common:?}");
    }
}

#[test]
fn a_value_that_stays_in_a_name_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let record = frame(r#"{"customer_tier":"diamond","diamond_since":"2019","j":"{\"diamond\":1}"}"#, "connected");
    let (from, to) = (write(dir.path(), vec![record]), dir.path().join("out.rec"));
    let report = redact(&from, &to, &plain()).unwrap();
    assert_eq!(report.remaining, ["diamond", "diamond_since"]);
}
