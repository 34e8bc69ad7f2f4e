//! The audit file: one JSON line for every step of every write, appended, never changed, readable by its owner only.

use crate::{
    config::{open_private, own_private},
    domain::{Value, mask, outbox::AuditRecord},
    ndjson::{self, Stamp},
};
use jiff::Timestamp;
use serde::Serialize;
use std::{
    borrow::Cow,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

/// The name of the file in the state directory.
pub const FILE: &str = "audit.jsonl";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuditLine<'a> {
    time: Stamp,
    /// Whose token it was.
    who: &'a str,
    org: &'a str,
    /// Tells the programs apart that write into this file at the same time.
    pid: u32,
    write: u64,
    conversation_id: &'a str,
    participant_id: &'a str,
    changes: Vec<AuditChange<'a>>,
    outcome: &'static str,
    attempts: u32,
    status: Option<u16>,
    correlation_id: Option<&'a str>,
}

#[derive(Serialize)]
struct AuditChange<'a> {
    key: &'a str,
    old: Option<Cow<'a, str>>,
    new: Cow<'a, str>,
}

/// The audit file of a state directory.
#[derive(Debug)]
pub struct Audit {
    dir: PathBuf,
    who: String,
    org: String,
    /// Opened with the first record.
    file: Option<File>,
}

impl Audit {
    /// The file in the state directory; it is opened, or created, when there is something to write. `who` is the identity of
    /// the token (a user or a client id, never the token), `org` names the organisation.
    pub fn new(dir: &Path, who: &str, org: &str) -> Self {
        Self { dir: dir.to_owned(), who: who.to_owned(), org: org.to_owned(), file: None }
    }

    /// As [`Self::new`], with the file open.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn open(dir: &Path, who: &str, org: &str) -> io::Result<Self> {
        Ok(Self { file: Some(open(dir)?), ..Self::new(dir, who, org) })
    }

    /// Returns when every record is on the disk rather than in a cache of the system.
    ///
    /// # Errors
    /// The disk says no.
    pub fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }

    /// Appends a record. With `masked`, personal data in a value is not written.
    pub fn append(&mut self, record: &AuditRecord, masked: bool) -> io::Result<()> {
        let shown =
            |value: &'_ str| -> String { if masked { mask::mask(value).into_owned() } else { value.to_owned() } };
        let text = |value: &Value| Cow::Owned(shown(value.as_str()));
        let line = AuditLine {
            time: Stamp::of(record.time),
            who: &self.who,
            org: &self.org,
            pid: std::process::id(),
            write: record.write.0,
            conversation_id: record.target.conversation.as_str(),
            participant_id: record.target.participant.as_str(),
            changes: record
                .changes
                .iter()
                .map(|(key, old, new)| AuditChange { key: key.as_str(), old: old.as_ref().map(text), new: text(new) })
                .collect(),
            outcome: record.outcome.as_str(),
            attempts: record.attempts,
            status: record.status,
            correlation_id: record.correlation_id.as_deref(),
        };
        let mut text = Vec::new();
        ndjson::print(&mut text, &line)?;
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(open(&self.dir)?),
        };
        // One write: lines of several programs do not mix.
        let written = locked(file, |mut file| file.write_all(&text));
        if written.is_err() {
            // The next one begins a line of its own, where a full disk cut this one off.
            self.file = None;
        }
        written
    }
}

fn open(dir: &Path) -> io::Result<File> {
    own_private(dir)?;
    let mut file = open_private(OpenOptions::new().read(true).append(true).create(true), &dir.join(FILE))?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other(format!("{FILE} is not a plain file")));
    }
    // A line that was cut off by the end of a program must not swallow the next one.
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

/// The whole file, as it stands; empty where there is none.
///
/// # Errors
/// It cannot be read, or is a link or none of ours.
pub fn read(state: &Path) -> io::Result<String> {
    let mut file = match open_private(OpenOptions::new().read(true), &state.join(FILE)) {
        Ok(file) if file.metadata()?.is_file() => file,
        Ok(_) => return Err(io::Error::other(format!("{FILE} is not a plain file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    // What is no text is a line that cannot be read, and no reason to show none of the others.
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// What pruning did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Lines that went.
    pub gone: usize,
    /// Those of them that could not be read.
    pub unreadable: usize,
    /// Lines that stay.
    pub left: usize,
}

/// Lets go of the lines that are older than `before`; with `unreadable`, of those that cannot be read, too. Without it such a
/// line stays: how old it is cannot be told.
pub fn prune(state: &Path, before: Timestamp, unreadable: bool) -> io::Result<Pruned> {
    let path = state.join(FILE);
    let file = match open_private(OpenOptions::new().read(true).write(true), &path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Pruned::default()),
        Err(error) => return Err(error),
    };
    locked(&file, |mut file| {
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let mut garbled = 0;
        let (old, kept): (Vec<&[u8]>, Vec<&[u8]>) = text.split_inclusive(|b| *b == b'\n').partition(|line| {
            let time = std::str::from_utf8(line).ok().and_then(time_of);
            garbled += usize::from(time.is_none() && unreadable);
            time.map_or(unreadable, |time| time < before)
        });
        if !old.is_empty() {
            // In place: other programs have the file open, and append to it.
            let kept = kept.concat();
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&kept)?;
            file.set_len(kept.len() as u64)?;
            file.sync_all()?;
        }
        Ok(Pruned { gone: old.len(), unreadable: garbled, left: kept.len() })
    })
}

/// When the line was written.
fn time_of(line: &str) -> Option<Timestamp> {
    #[derive(serde::Deserialize)]
    struct Time {
        time: Timestamp,
    }
    serde_json::from_str::<Time>(line).ok().map(|line| line.time)
}

/// Does it while no other program of ours writes to the file.
fn locked<T>(file: &File, action: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
    #[cfg(unix)]
    rustix::fs::flock(file, rustix::fs::FlockOperation::LockExclusive)?;
    let result = action(file);
    #[cfg(unix)]
    rustix::fs::flock(file, rustix::fs::FlockOperation::Unlock)?;
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::outbox::{AuditOutcome, PatchTarget, WriteId};

    fn record(new: &str) -> AuditRecord {
        AuditRecord {
            time: "2026-11-20T14:02:11.120Z".parse().unwrap(),
            write: WriteId(7),
            target: PatchTarget { conversation: "c".into(), participant: "p".into() },
            changes: vec![("mail".into(), None, Value::from(new))],
            outcome: AuditOutcome::Accepted,
            attempts: 1,
            status: Some(202),
            correlation_id: Some("corr".into()),
        }
    }

    fn lines(dir: &Path) -> Vec<serde_json::Value> {
        let text = std::fs::read_to_string(dir.join(FILE)).unwrap();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    #[test]
    fn every_step_is_a_line_and_old_ones_stay() {
        let dir = tempfile::tempdir().unwrap();
        Audit::new(dir.path(), "ada", "acme").append(&record("x"), false).unwrap();
        Audit::new(dir.path(), "ada", "acme").append(&record("ann@example.org"), true).unwrap();
        let lines = lines(dir.path());
        assert_eq!(lines[0]["time"], "2026-11-20T14:02:11.120Z");
        assert_eq!((&lines[0]["who"], &lines[0]["outcome"]), (&"ada".into(), &"accepted".into()));
        assert_eq!(lines[0]["changes"][0], serde_json::json!({"key": "mail", "old": null, "new": "x"}));
        assert!(!lines[1]["changes"][0]["new"].as_str().unwrap().contains("example"), "{}", lines[1]);
    }

    #[test]
    fn a_torn_line_does_not_swallow_the_next() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "{\"time\":\"2026").unwrap();
        Audit::new(dir.path(), "ada", "acme").append(&record("x"), false).unwrap();
        assert_eq!(lines(dir.path()).len(), 1);
    }

    #[test]
    fn old_lines_go_and_an_open_file_is_written_on() {
        let dir = tempfile::tempdir().unwrap();
        let mut audit = Audit::open(dir.path(), "ada", "acme").unwrap();
        let at = |time: &str| AuditRecord { time: time.parse().unwrap(), ..record("x\u{202e}") };
        audit.append(&at("2024-01-01T00:00:00Z"), false).unwrap();
        audit.append(&at("2026-11-20T00:00:00Z"), false).unwrap();
        let before = "2025-11-29T00:00:00Z".parse().unwrap();
        assert_eq!(prune(dir.path(), before, false).unwrap(), Pruned { gone: 1, unreadable: 0, left: 1 });
        audit.append(&at("2026-11-21T00:00:00Z"), false).unwrap();
        let times: Vec<_> =
            lines(dir.path()).iter().map(|line| line["time"].as_str().unwrap()[..10].to_owned()).collect();
        assert_eq!(times, ["2026-11-20", "2026-11-21"]);
        let mut file = OpenOptions::new().append(true).open(dir.path().join(FILE)).unwrap();
        file.write_all(b"{\"torn\":\xff\n").unwrap();
        assert_eq!(prune(dir.path(), before, false).unwrap(), Pruned { gone: 0, unreadable: 0, left: 3 });
        assert_eq!(read(dir.path()).unwrap().lines().count(), 3);
        assert_eq!(prune(dir.path(), before, true).unwrap(), Pruned { gone: 1, unreadable: 1, left: 2 });
        assert!(!std::fs::read_to_string(dir.path().join(FILE)).unwrap().contains('\u{202e}'));
        assert_eq!(prune(&dir.path().join("none"), before, true).unwrap(), Pruned::default());
        assert_eq!(read(&dir.path().join("none")).unwrap(), "");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_a_file_is_an_error_and_no_wait() {
        let dir = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(dir.path().join(FILE)).status().unwrap();
        assert!(made.success());
        let error = Audit::new(dir.path(), "ada", "acme").append(&record("x"), false).unwrap_err();
        assert!(error.to_string().contains("audit.jsonl is not a plain file"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        Audit::new(dir.path(), "ada", "acme").append(&record("x"), false).unwrap();
        assert_eq!(std::fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
