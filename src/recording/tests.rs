//! Writer and reader together, on real files.

use super::*;
use crate::domain::At;
use std::{path::Path, time::Duration};

fn at(ms: u64) -> At {
    At::after("2026-11-21T03:00:00Z".parse().unwrap(), Duration::from_millis(ms))
}

fn record(path: &Path, count: u64) -> Recorder {
    let mut recorder = Recorder::create(path, &Header::new(at(0), vec!["queue Billing".into()]), at(0), false).unwrap();
    for i in 0..count {
        recorder.push(at(i), Record::Frame(format!("{{\"n\":{i},\"é\":\"{}\"}}", i * 7919)));
    }
    recorder
}

fn read(path: &Path) -> (Vec<RecordingLine>, Tail) {
    let mut reader = RecordingReader::open(path).unwrap();
    assert_eq!(reader.header().watched, ["queue Billing"]);
    let lines = reader.by_ref().collect::<Result<Vec<_>, _>>().unwrap();
    (lines, reader.tail().unwrap().clone())
}

#[test]
fn a_closed_recording_reads_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.rec");
    let summary = record(&path, 1000).finish();
    assert_eq!(summary.status.lost, 0);
    assert_eq!(summary.status.failed, None);
    assert_eq!(summary.status.bytes, std::fs::metadata(&path).unwrap().len());
    let (lines, tail) = read(&path);
    assert_eq!(tail, Tail::Complete);
    assert_eq!(lines.len(), 1001);
    assert!(lines.iter().zip(1..).all(|(line, seq)| line.seq == seq));
    assert_eq!(lines[999].at, at(999));
    assert_eq!(lines[1000].record, Record::End);
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_it_and_it_replaces_nothing_unasked() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.rec");
    std::fs::write(&path, "precious").unwrap();
    let header = Header::new(at(0), Vec::new());
    let error = Recorder::create(&path, &header, at(0), false).unwrap_err();
    assert!(matches!(error, CreateError::Exists(_)));
    assert!(error.to_string().contains("exists already"));
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    // Replaced, it does not keep the loose mode of the file that was there.
    Recorder::create(&path, &header, at(0), true).unwrap().finish();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_was_flushed_survives_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.rec");
    let recorder = record(&path, 100);
    // The recorder is still running, as far as the file goes killed: wait for its quiet flush.
    let deadline = std::time::Instant::now() + Duration::from_secs(90);
    loop {
        let (lines, tail) = read(&path);
        assert!(matches!(tail, Tail::Torn(_)), "{tail:?}");
        if lines.len() == 100 {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "only {} lines came through", lines.len());
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(recorder);
    assert_eq!(read(&path).1, Tail::Complete);
}

#[test]
fn a_steady_stream_is_flushed_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.rec");
    let mut recorder = record(&path, 1);
    let deadline = std::time::Instant::now() + Duration::from_secs(90);
    // Far less than what is flushed for its size alone, and never a quiet moment.
    for n in 0.. {
        recorder.push(at(n), Record::Tick);
        if !read(&path).0.is_empty() {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "nothing reaches the file while lines keep coming");
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(recorder);
    assert_eq!(read(&path).1, Tail::Complete);
}

#[test]
fn a_place_that_is_not_used_leaves_everything_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (path, there) = (dir.path().join("new.rec"), dir.path().join("there.rec"));
    std::fs::write(&there, "precious").unwrap();
    drop(Reserved::new(&path, false).unwrap());
    drop(Reserved::new(&there, true).unwrap());
    assert!(Reserved::new(&there, false).is_err());
    assert!(Reserved::new(dir.path(), true).is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let (fifo, link) = (dir.path().join("fifo"), dir.path().join("link"));
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        std::os::unix::fs::symlink(&fifo, &link).unwrap();
        for special in [&fifo, &link] {
            assert!(matches!(Reserved::new(special, true), Err(CreateError::NotAFile(_))));
            assert!(matches!(Reserved::new(special, false), Err(CreateError::NotAFile(_))));
        }
        assert!(std::fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
        std::fs::remove_file(fifo).unwrap();
        std::fs::remove_file(link).unwrap();
    }
    assert_eq!(std::fs::read(&there).unwrap(), b"precious");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    Reserved::new(&there, true).unwrap().begin(&Header::new(at(0), vec!["queue Billing".into()]), at(0)).unwrap();
    assert_eq!(read(&there).1, Tail::Complete);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_file_cut_anywhere_reads_up_to_the_cut() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.rec");
    record(&path, 300).finish();
    let whole = std::fs::read(&path).unwrap();
    let (all, _) = read(&path);
    let mut seen = 0;
    for cut in (0..whole.len()).step_by(97) {
        let reader = RecordingReader::new(&path, std::io::Cursor::new(whole[..cut].to_vec()));
        let Ok(mut reader) = reader else { continue };
        let lines = reader.by_ref().collect::<Result<Vec<_>, _>>().unwrap();
        assert!(matches!(reader.tail(), Some(Tail::Torn(_))));
        assert_eq!(lines, all[..lines.len()]);
        assert!(lines.len() >= seen);
        seen = lines.len();
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn damage_never_panics_and_never_invents() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.rec");
    record(&path, 50).finish();
    let whole = std::fs::read(&path).unwrap();
    for i in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[i] ^= 0x55;
        if let Ok(mut reader) = RecordingReader::new(&path, std::io::Cursor::new(damaged)) {
            let complete = reader.by_ref().all(|line| line.is_ok());
            assert!(complete || matches!(reader.tail(), Some(Tail::Torn(_))));
        }
    }
}

#[test]
fn other_files_are_named_for_what_they_are() {
    let open = |text: &str| RecordingReader::new(Path::new("x.rec"), std::io::Cursor::new(text.as_bytes().to_vec()));
    let message = |text: &str| open(text).unwrap_err().to_string();
    assert_eq!(message(""), "x.rec is not a recording: it is empty");
    assert_eq!(message("hello\n"), "x.rec is not a recording: its first line is not a header");
    assert!(message("{\"format\":\"other\"}\n").contains("does not say"));
    assert!(message("{\"format\":\"sidetone-recording\",\"version\":2}\n").contains("Use a newer Sidetone"));
    let header =
        "{\"format\":\"sidetone-recording\",\"version\":1,\"program\":\"9\",\"started\":\"2026-11-21T03:00:00Z\"}\n";
    let mut reader = open(&format!("{header}{{\"kind\":\n")).unwrap();
    assert!(reader.next().unwrap().unwrap_err().to_string().starts_with("x.rec, line 2: "));
    assert!(reader.next().is_none());
    // A kind from the future is skipped, not fatal.
    let line = r#"{"seq":1,"us":0,"at":"2026-11-21T03:00:00Z","kind":"hologram"}"#;
    let mut reader = open(&format!("{header}{line}\n")).unwrap();
    assert!(reader.next().is_none());
    assert_eq!(reader.skipped(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_never_blocks() {
    let header = Header::new(at(0), Vec::new());
    let full = Path::new("/dev/full");
    // Nothing reaches a full disk, so not even the header does: the recording is refused.
    let error = Recorder::on(std::fs::OpenOptions::new().write(true).open(full).unwrap(), full, &header, at(0));
    assert!(matches!(error, Err(CreateError::Io(..))));
}
