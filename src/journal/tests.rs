use super::{files, format, *};
use crate::domain::{
    JsonKind, Value,
    outbox::{Base, Got},
};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn cell(key: &str) -> Cell {
    Cell { conversation: "c".into(), participant: "p".into(), key: key.into() }
}

fn typed(key: &str, text: &str) -> JournalEdit {
    JournalEdit {
        cell: cell(key),
        base: Base::Saw(Some(Value::from("gold"))),
        mine: text.into(),
        got: Got::Draft,
        when: None,
        note: None,
        at: Some(NOW),
    }
}

fn lost(key: &str, theirs: &str) -> JournalLoss {
    let before = vec![Value::of_kind("7", JsonKind::Number)];
    JournalLoss { cell: cell(key), theirs: theirs.into(), before, ours: Some("x".into()), at: NOW }
}

fn state(edits: &[JournalEdit]) -> JournalState {
    JournalState { edits: edits.to_vec(), losses: Vec::new() }
}

fn open(dir: &Path) -> (Journal, JournalState) {
    let (journal, left) = Journal::open(dir, "org");
    assert_eq!(left.remarks, Vec::<String>::new());
    (journal, left.state)
}

/// Ends a program the hard way: no destructor runs, the system closes its files. Their locks are taken away first: a child that
/// another test starts at this moment holds what it has inherited until its `exec`.
fn kill(journal: Journal) {
    let mut journal = std::mem::ManuallyDrop::new(journal);
    if let Some(open) = journal.file.take() {
        open.file.unlock().expect("it was locked");
    }
    for adopted in journal.adopted.drain(..) {
        adopted._locked.unlock().expect("it was locked");
    }
}

/// A file as a killed program left it.
fn killed(dir: &Path, states: &[JournalState]) -> PathBuf {
    let (mut journal, _) = Journal::open(dir, "org");
    for state in states {
        journal.save(state, NOW).unwrap();
    }
    let path = journal.file.as_ref().unwrap().path.clone();
    kill(journal);
    path
}

fn names(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn what_a_killed_program_left_is_offered_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, left) = open(dir.path());
    assert_eq!(left, JournalState::default());
    journal.save(&state(&[typed("a", "1"), typed("b", "2")]), NOW).unwrap();
    journal.save(&state(&[typed("a", "1 and more")]), NOW).unwrap();
    kill(journal);
    let (journal, left) = open(dir.path());
    assert_eq!(left, state(&[typed("a", "1 and more")]));
    assert_eq!(files::list(dir.path()).unwrap(), [journal.file.as_ref().unwrap().path.clone()], "taken over");
    kill(journal);
    assert_eq!(open(dir.path()).1, left, "still there without a single change");
}

#[test]
fn a_program_with_nothing_to_keep_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("state");
    let (mut journal, _) = open(&home);
    journal.save(&JournalState::default(), NOW).unwrap();
    assert!(!home.exists());
    journal.save(&state(&[typed("a", "1")]), NOW).unwrap();
    journal.save(&JournalState::default(), NOW).unwrap();
    assert_eq!(names(&home).len(), 1);
    drop(journal);
    assert_eq!(names(&home), Vec::<String>::new());
}

#[test]
fn how_far_it_had_got_and_since_when_survive_any_number_of_starts() {
    let dir = tempfile::tempdir().unwrap();
    let at = |s: i64| Timestamp::from_second(1_700_000_000 + s).unwrap();
    let (mut journal, _) = open(dir.path());
    let fresh =
        |got| JournalEdit { at: None, got, when: Some("x?".into()), note: Some("503".into()), ..typed("a", "1") };
    journal.save(&state(&[fresh(Got::Draft)]), at(0)).unwrap();
    journal.save(&state(&[fresh(Got::Armed)]), at(5)).unwrap();
    // Nothing changed.
    journal.save(&state(&[fresh(Got::Armed)]), at(9)).unwrap();
    kill(journal);
    let armed = state(&[JournalEdit { at: Some(at(5)), ..fresh(Got::Armed) }]);
    for _ in 0..3 {
        let (mut journal, left) = open(dir.path());
        assert_eq!(left, armed);
        journal.save(&left, at(100)).unwrap();
        kill(journal);
    }
    let text = format::encode(&[format::edit_line(0, &typed("a", "1"), None)]).unwrap();
    let unknown = String::from_utf8(text).unwrap().replace("\"draft\"", "\"a newer word\"");
    let content = Content::read(unknown.as_bytes());
    assert!(content.edits[0].1.got.had_left(), "what is not understood may have left");
}

#[test]
fn losses_and_what_kind_of_json_a_value_was_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let null = JournalEdit { base: Base::Saw(Some(Value::of_kind("null", JsonKind::Null))), ..typed("a", "1") };
    let kept = JournalState { edits: vec![null], losses: vec![lost("b", "old@example.org"), lost("c", "2")] };
    killed(dir.path(), std::slice::from_ref(&kept));
    let (mut journal, left) = open(dir.path());
    assert_eq!(left, kept);
    // Dismissed, it is gone for good.
    let rest = JournalState { losses: vec![lost("c", "2")], ..JournalState::default() };
    journal.save(&rest, NOW).unwrap();
    kill(journal);
    assert_eq!(open(dir.path()).1, rest);
}

#[test]
fn several_texts_of_one_cell_are_all_kept_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    let unseen = JournalEdit { got: Got::Unseen, ..typed("a", "sent before") };
    let both = state(&[typed("a", "newer"), unseen.clone()]);
    killed(dir.path(), &[state(std::slice::from_ref(&unseen)), both.clone()]);
    assert_eq!(open(dir.path()).1, both);
}

#[test]
fn two_journals_with_one_cell_offer_both_texts() {
    let dir = tempfile::tempdir().unwrap();
    let at = |s: i64| Some(Timestamp::from_second(s).unwrap());
    let (mut first, _) = open(dir.path());
    let (mut second, _) = open(dir.path());
    let one = JournalEdit { at: at(10), ..typed("a", "one") };
    let other = JournalEdit { at: at(20), ..typed("a", "other") };
    second.save(&state(&[other.clone(), typed("b", "same")]), NOW).unwrap();
    first.save(&state(&[one.clone(), JournalEdit { got: Got::Sent, ..typed("b", "same") }]), NOW).unwrap();
    kill(first);
    kill(second);
    let left = open(dir.path()).1.edits;
    let of = |key: &str| left.iter().filter(|e| e.cell == cell(key)).cloned().collect::<Vec<_>>();
    assert_eq!(of("a"), [other, one], "the newer one first");
    assert_eq!(of("b").len(), 1, "the same text is one draft");
    assert_eq!(of("b")[0].got, Got::Sent, "and it may have left");
}

#[test]
fn a_running_program_and_another_organisation_keep_their_drafts() {
    let dir = tempfile::tempdir().unwrap();
    let (mut first, _) = open(dir.path());
    first.save(&state(&[typed("a", "1")]), NOW).unwrap();
    #[cfg(unix)]
    assert_eq!(open(dir.path()).1, JournalState::default());
    kill(first);
    assert_eq!(Journal::open(dir.path(), "another").1.state, JournalState::default());
    assert_eq!(open(dir.path()).1, state(&[typed("a", "1")]));
}

#[test]
fn what_is_there_of_a_line_that_was_cut_off_is_offered_wherever_it_was_cut() {
    let dir = tempfile::tempdir().unwrap();
    let second = "a \"quoted\", \\ and long \u{1f389} \u{7} text";
    let path = killed(dir.path(), &[state(&[typed("a", "first")]), state(&[typed("a", "first"), typed("b", second)])]);
    let whole = std::fs::read(&path).unwrap();
    // The text as it stands in the file, with its closing quote.
    let there = [serde_json::to_string(second).unwrap().as_bytes(), b","].concat();
    let ends = memchr::memmem::find(&whole, &there).unwrap() + there.len() - 1;
    let line = whole[..ends].iter().rposition(|b| *b == b'\n').unwrap() + 1;
    for end in 0..whole.len() {
        let content = Content::read(&whole[..end]);
        let is_torn = end > 0 && whole[end - 1] != b'\n' && whole[end] != b'\n';
        assert_eq!(content.damaged > 0, is_torn, "cut at {end}");
        let text = |key: &str| content.edits.iter().find(|(_, e)| e.cell == cell(key)).map(|(_, e)| e.mine.as_str());
        assert!(end <= line || text("a") == Some("first"), "cut at {end}");
        assert!(text("b").is_none_or(|part| second.starts_with(part)), "cut at {end}: {:?}", text("b"));
        assert!(end < ends || text("b") == Some(second), "cut at {end}: {:?}", text("b"));
        // A few bytes more may be an escape that has begun.
        assert!(end < ends - 1 || text("b").is_some_and(|part| part.len() + 12 > second.len()), "cut at {end}");
    }
}

#[test]
fn a_file_that_was_cut_off_is_offered_kept_and_named_until_it_is_removed() {
    for cut in [9, 30, 60] {
        let dir = tempfile::tempdir().unwrap();
        let path = killed(dir.path(), &[state(&[typed("a", "the only text")])]);
        let whole = std::fs::read(&path).unwrap();
        let torn = &whole[..whole.len() - cut];
        std::fs::write(&path, torn).unwrap();
        let (journal, left) = Journal::open(dir.path(), "org");
        assert_eq!(left.state.edits.iter().map(|e| e.mine.as_str()).collect::<Vec<_>>(), ["the only text"], "{cut}");
        let aside = files::aside(&path);
        assert_eq!(std::fs::read(&aside).unwrap(), torn);
        let names =
            |left: &JournalFiles| left.remarks.len() == 1 && left.remarks[0].contains(&*aside.to_string_lossy());
        assert!(names(&left), "{:?}", left.remarks);
        kill(journal);
        for _ in 0..2 {
            let (journal, left) = Journal::open(dir.path(), "org");
            assert!(names(&left) && left.state.edits.len() == 1, "{left:?}");
            kill(journal);
        }
        std::fs::remove_file(aside).unwrap();
        assert_eq!(open(dir.path()).1.edits.len(), 1);
    }
}

#[test]
fn a_part_of_a_newer_text_stands_beside_the_whole_older_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = killed(dir.path(), &[state(&[typed("a", "older")]), state(&[typed("a", "newer text")])]);
    let whole = std::fs::read(&path).unwrap();
    let at = memchr::memmem::find(&whole, b"newer te").unwrap() + 8;
    let content = Content::read(&whole[..at]);
    let texts: Vec<_> = content.edits.iter().map(|(slot, e)| (*slot, e.mine.as_str())).collect();
    assert_eq!(texts, [(0, "older"), (1, "newer te")]);
    assert!(content.edits[1].1.got.had_left(), "nobody knows whether it had left");
}

#[test]
fn the_text_that_the_operator_chose_stays_the_first_over_any_number_of_starts() {
    let dir = tempfile::tempdir().unwrap();
    let at = |s: i64| Some(Timestamp::from_second(s).unwrap());
    let older = JournalEdit { at: at(10), ..typed("a", "older") };
    let newer = JournalEdit { at: at(20), ..typed("a", "newer") };
    let swapped = state(&[older.clone(), newer.clone()]);
    killed(dir.path(), &[state(&[newer, older]), swapped.clone()]);
    for _ in 0..3 {
        let (journal, left) = open(dir.path());
        assert_eq!(left, swapped);
        kill(journal);
    }
}

/// Every byte of a file is damaged in turn: whatever is hit, the file stays, what can be read of it is offered, and it is
/// named.
#[test]
fn one_damaged_byte_never_costs_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = killed(dir.path(), &[state(&[typed("a", "first text"), typed("b", "second text")])]);
    let whole = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    for at in 0..whole.len() {
        for bit in [1, 0x55] {
            let mut damaged = whole.clone();
            damaged[at] ^= bit;
            let content = Content::read(&damaged);
            let texts: Vec<&str> = content.edits.iter().map(|(_, e)| e.mine.as_str()).collect();
            assert!(texts.contains(&"first text") || texts.contains(&"second text"), "at {at}, {texts:?}");
            assert!(content.damaged > 0 || texts == ["first text", "second text"], "at {at}, {texts:?}");
            assert!(content.orgs.is_empty() || content.orgs.contains(&"org".into()), "at {at}, {:?}", content.orgs);
        }
    }
    for at in (0..whole.len()).step_by(37) {
        let home = dir.path().join(at.to_string());
        std::fs::create_dir(&home).unwrap();
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        std::fs::write(home.join("drafts-0.jsonl"), &damaged).unwrap();
        let (journal, left) = Journal::open(&home, "org");
        let aside = home.join("drafts-0.jsonl.damaged");
        if Content::read(&damaged).damaged > 0 {
            assert_eq!(std::fs::read(&aside).unwrap(), damaged, "at {at}");
            assert!(
                left.remarks.len() == 1 && left.remarks[0].contains("drafts-0.jsonl.damaged"),
                "{:?}",
                left.remarks
            );
        }
        // It is not offered twice.
        kill(journal);
        let (_, again) = Journal::open(&home, "org");
        assert_eq!(again.state, left.state, "at {at}");
        assert_eq!(again.remarks.len(), left.remarks.len(), "at {at}: it is named as long as it is there");
    }
}

#[test]
fn what_is_not_a_file_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("drafts-directory.jsonl")).unwrap();
    #[cfg(unix)]
    {
        let fifo = std::process::Command::new("mkfifo").arg(dir.path().join("drafts-fifo.jsonl")).status();
        assert!(fifo.unwrap().success());
        let outside = dir.path().join("outside");
        std::fs::write(&outside, "{\"org\":\"org\"}\n").unwrap();
        std::os::unix::fs::symlink(&outside, dir.path().join("drafts-link.jsonl")).unwrap();
    }
    let before = names(dir.path()).len();
    let (mut journal, left) = open(dir.path());
    assert_eq!((left, names(dir.path()).len()), (JournalState::default(), before));
    journal.save(&state(&[typed("a", "1")]), NOW).unwrap();
    drop(journal);
    assert_eq!(names(dir.path()).len(), before + 1);
}

#[test]
fn without_a_directory_it_starts_and_says_so_each_time_it_matters() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("state");
    std::fs::write(&home, "a file in its place").unwrap();
    let (mut journal, left) = Journal::open(&home, "org");
    assert_eq!(left.state, JournalState::default());
    journal.save(&JournalState::default(), NOW).unwrap();
    for n in 0..3 {
        journal.save(&state(&[typed("a", &n.to_string())]), NOW).unwrap_err();
    }
    // As soon as it can be, it is kept.
    std::fs::remove_file(&home).unwrap();
    journal.save(&state(&[typed("a", "2")]), NOW).unwrap();
    kill(journal);
    assert_eq!(open(&home).1, state(&[typed("a", "2")]));
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_full_disk_cut_off_swallows_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    journal.save(&state(&[typed("a", "1")]), NOW).unwrap();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let open_file = journal.file.as_mut().unwrap();
    let good = std::mem::replace(&mut open_file.file, full);
    for n in 0..3 {
        journal.save(&state(&[typed("a", &n.to_string()), typed("b", "2")]), NOW).unwrap_err();
    }
    let open_file = journal.file.as_mut().unwrap();
    assert!(open_file.torn, "it cannot be known what is there");
    // A part of a line got there, and cannot be taken away.
    (&good).write_all(b"{\"edit\":{\"convers").unwrap();
    open_file.file = good;
    open_file.whole += 17;
    journal.save(&state(&[typed("a", "1"), typed("b", "2")]), NOW).unwrap();
    let path = journal.file.as_ref().unwrap().path.clone();
    kill(journal);
    let content = Content::read(&std::fs::read(path).unwrap());
    assert_eq!(content.edits, [(0, typed("a", "1")), (0, typed("b", "2"))]);
}

#[test]
fn a_long_session_does_not_grow_the_file_without_end() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let long = "x".repeat(20_000);
    for n in 0..200 {
        journal.save(&state(&[typed("a", &format!("{long}{n}"))]), NOW).unwrap();
    }
    let path = journal.file.as_ref().unwrap().path.clone();
    assert!(std::fs::metadata(&path).unwrap().len() < 2 * COMPACT);
    assert_eq!(names(dir.path()).len(), 1);
    kill(journal);
    assert_eq!(open(dir.path()).1, state(&[typed("a", &format!("{long}199"))]));
}

#[test]
fn an_older_programs_file_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let text = r#"{"org":"org"}
{"edit":{"conversationId":"c","participantId":"p","key":"a","looked":true,"base":"gold","text":"1","state":"draft"}}
{"edit":{"conversationId":"c","participantId":"p","key":"b","looked":true,"base":null,"text":"2","state":"draft"}}
{"gone":{"conversationId":"c","participantId":"p","key":"b"}}
"#;
    std::fs::write(dir.path().join("drafts-old.jsonl"), text).unwrap();
    assert_eq!(open(dir.path()).1, state(&[JournalEdit { at: None, ..typed("a", "1") }]));
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("state");
    let (mut journal, _) = open(&home);
    journal.save(&state(&[typed("a", "1")]), NOW).unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&home), mode(&journal.file.as_ref().unwrap().path)), (0o700, 0o600));
}
