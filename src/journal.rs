//! The journal: what was typed and is not known to be done, kept where a crash or `kill -9` cannot reach it.
//!
//! Every running program has a file of its own in the state directory, JSON lines, readable by its owner only. A line
//! is appended when an edit changes; a line that was cut off by the end of the program is left out when reading. At the
//! next start the files whose program is gone are taken over: their edits are offered as drafts, never sent unasked.

use crate::{
    config::create_private,
    domain::{
        Value,
        outbox::{Base, Cell, Got, JournalEdit, JournalState},
    },
};
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// The file is written anew when it is this large and mostly outdated.
const COMPACT: u64 = 1 << 20;

/// One line.
#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
enum Line {
    /// First: whose drafts these are. Ids mean something in one organisation only.
    Org(String),
    /// An edit as it is now.
    Edit(Entry),
    /// An edit that is done or was discarded.
    Gone(Place),
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Place {
    conversation_id: String,
    participant_id: String,
    key: String,
}

#[derive(Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(flatten)]
    place: Place,
    /// Whether the operator saw what was there.
    looked: bool,
    /// What was there; `null`: the key was absent.
    base: Option<String>,
    text: String,
    state: String,
    /// The expression that it waited for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when: Option<String>,
    /// When it came to be so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

/// This program's journal file, open and locked.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    org: String,
    file: File,
    bytes: u64,
    saved: JournalState,
    /// When each edit came to be as it is.
    times: FxHashMap<Cell, Timestamp>,
}

impl Journal {
    /// Opens a journal in the state directory, and takes over what programs that are gone have left for this
    /// organisation (any text that names it, such as the API address).
    pub fn open(state: &Path, org: &str) -> io::Result<(Self, JournalState)> {
        create_private(state)?;
        let mut left = JournalState::default();
        let mut adopted = Vec::new();
        for path in files(state)? {
            // Held by a running program: its drafts are on somebody's screen.
            let Some(mut file) = locked(OpenOptions::new().read(true).write(true).open(&path)) else { continue };
            let mut text = Vec::new();
            file.read_to_end(&mut text)?;
            match read(&text) {
                (Some(owner), edits) if owner == org => {
                    for edit in edits.edits {
                        left.edits.retain(|e| e.cell != edit.cell);
                        left.edits.push(edit);
                    }
                    adopted.push((path, file));
                }
                // Not even the first line was written.
                (None, _) => adopted.push((path, file)),
                (Some(_), _) => {}
            }
        }
        let path = state.join(format!("drafts-{}.jsonl", uuid::Uuid::new_v4().simple()));
        let file = create(&path)?;
        let mut journal = Self {
            path,
            org: org.to_owned(),
            file,
            bytes: 0,
            saved: JournalState::default(),
            times: FxHashMap::default(),
        };
        journal.append(&[Line::Org(org.to_owned())])?;
        // Every edit of an earlier run has its time already, or none is known.
        journal.note(&left, None)?;
        for (path, _locked) in adopted {
            // The edits are in the new file now; a file that stays is only offered again.
            std::fs::remove_file(path).ok();
        }
        Ok((journal, left))
    }

    /// Writes down what changed since the last time, as of `now`. Cheap when nothing did.
    pub fn save(&mut self, state: &JournalState, now: Timestamp) -> io::Result<()> {
        self.note(state, Some(now))
    }

    fn note(&mut self, state: &JournalState, now: Option<Timestamp>) -> io::Result<()> {
        if *state == self.saved {
            return Ok(());
        }
        let before: FxHashMap<&Cell, &JournalEdit> = self.saved.edits.iter().map(|e| (&e.cell, e)).collect();
        let cells: FxHashSet<&Cell> = state.edits.iter().map(|e| &e.cell).collect();
        let mut lines = Vec::new();
        for edit in state.edits.iter().filter(|e| before.get(&e.cell) != Some(e)) {
            match edit.at.or(now) {
                Some(at) => self.times.insert(edit.cell.clone(), at),
                None => self.times.remove(&edit.cell),
            };
            lines.push(Line::Edit(entry(edit, self.times.get(&edit.cell))));
        }
        for edit in self.saved.edits.iter().filter(|e| !cells.contains(&e.cell)) {
            self.times.remove(&edit.cell);
            lines.push(Line::Gone(place(&edit.cell)));
        }
        self.append(&lines)?;
        self.saved = state.clone();
        let live: usize = state.edits.iter().map(|e| e.mine.len() + 512).sum();
        if self.bytes > COMPACT && self.bytes > 4 * live as u64 {
            self.compact()?;
        }
        Ok(())
    }

    /// One write for all lines: a program that is killed leaves all of them, or the first ones and a torn one.
    fn append(&mut self, lines: &[Line]) -> io::Result<()> {
        let text = text(lines)?;
        self.file.write_all(&text)?;
        self.bytes += text.len() as u64;
        Ok(())
    }

    fn compact(&mut self) -> io::Result<()> {
        let mut lines = vec![Line::Org(self.org.clone())];
        lines.extend(self.saved.edits.iter().map(|e| Line::Edit(entry(e, self.times.get(&e.cell)))));
        let text = text(&lines)?;
        let new = self.path.with_extension("new");
        std::fs::remove_file(&new).ok();
        let mut file = create(&new)?;
        file.write_all(&text)?;
        file.sync_data()?;
        std::fs::rename(&new, &self.path)?;
        self.file = file;
        self.bytes = text.len() as u64;
        Ok(())
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        if self.saved.edits.is_empty() {
            // Nothing to offer; a file that stays does no harm.
            std::fs::remove_file(&self.path).ok();
        }
    }
}

fn files(state: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(state)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("drafts-") && name.ends_with(".jsonl") {
            found.push((entry.metadata()?.modified().ok(), entry.path()));
        }
    }
    // Of two drafts of one cell the later one counts.
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    locked(options.open(path)).ok_or_else(|| io::Error::other(format!("cannot create {}", path.display())))
}

/// The file, if nobody else holds it. The lock goes with the file, however the program ends.
fn locked(file: io::Result<File>) -> Option<File> {
    let file = file.ok()?;
    #[cfg(unix)]
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive).ok()?;
    Some(file)
}

fn text(lines: &[Line]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut text, line)?;
        text.push(b'\n');
    }
    Ok(text)
}

/// What the lines leave: whose they are, and the edits. Lines that do not read (a torn last one) are left out.
fn read(text: &[u8]) -> (Option<String>, JournalState) {
    let mut org = None;
    let mut state = JournalState::default();
    for line in text.split(|b| *b == b'\n') {
        match serde_json::from_slice(line) {
            Ok(Line::Org(name)) => org = Some(name),
            Ok(Line::Edit(entry)) => {
                let edit = edit(entry);
                match state.edits.iter_mut().find(|e| e.cell == edit.cell) {
                    Some(old) => *old = edit,
                    None => state.edits.push(edit),
                }
            }
            Ok(Line::Gone(place)) => {
                let cell = cell(&place);
                state.edits.retain(|e| e.cell != cell);
            }
            Err(_) => {}
        }
    }
    (org, state)
}

fn place(cell: &Cell) -> Place {
    Place {
        conversation_id: cell.conversation.as_str().to_owned(),
        participant_id: cell.participant.as_str().to_owned(),
        key: cell.key.as_str().to_owned(),
    }
}

fn cell(place: &Place) -> Cell {
    Cell {
        conversation: place.conversation_id.as_str().into(),
        participant: place.participant_id.as_str().into(),
        key: place.key.as_str().into(),
    }
}

fn entry(edit: &JournalEdit, at: Option<&Timestamp>) -> Entry {
    Entry {
        place: place(&edit.cell),
        looked: edit.base != Base::Any,
        base: edit.base.value().map(|v| v.as_str().to_owned()),
        text: edit.mine.clone(),
        state: edit.got.as_str().to_owned(),
        when: edit.when.clone(),
        at: at.map(ToString::to_string),
    }
}

fn edit(entry: Entry) -> JournalEdit {
    let base = if entry.looked { Base::Saw(entry.base.map(Value::text)) } else { Base::Any };
    // A newer program's word: it may have left.
    let got = Got::from_word(&entry.state).unwrap_or(Got::Sent);
    let at = entry.at.and_then(|at| at.parse().ok());
    JournalEdit { cell: cell(&entry.place), base, mine: entry.text, got, when: entry.when, at }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn typed(key: &str, text: &str) -> JournalEdit {
        let cell = Cell { conversation: "c".into(), participant: "p".into(), key: key.into() };
        JournalEdit {
            cell,
            base: Base::Saw(Some(Value::from("gold"))),
            mine: text.into(),
            got: Got::Draft,
            when: None,
            at: Some(NOW),
        }
    }

    fn state(edits: &[JournalEdit]) -> JournalState {
        JournalState { edits: edits.to_vec() }
    }

    /// Ends a program the hard way: no destructor runs, the system closes its files.
    fn kill(journal: Journal) {
        let Journal { file, path, org, saved, bytes, times } = &*std::mem::ManuallyDrop::new(journal);
        let _ = (path, org, saved, bytes, times);
        #[cfg(unix)]
        rustix::fs::flock(file, rustix::fs::FlockOperation::Unlock).unwrap();
        #[cfg(not(unix))]
        let _ = file;
    }

    #[test]
    fn what_a_killed_program_left_is_offered_once() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, left) = Journal::open(dir.path(), "org").unwrap();
        assert_eq!(left, JournalState::default());
        journal.save(&state(&[typed("a", "1"), typed("b", "2")]), NOW).unwrap();
        journal.save(&state(&[typed("a", "1 and more")]), NOW).unwrap();
        kill(journal);
        let (journal, left) = Journal::open(dir.path(), "org").unwrap();
        assert_eq!(left, state(&[typed("a", "1 and more")]));
        assert_eq!(files(dir.path()).unwrap(), std::slice::from_ref(&journal.path), "taken over");
        kill(journal);
        assert_eq!(Journal::open(dir.path(), "org").unwrap().1, left, "still there without a single change");
    }

    #[test]
    fn how_far_it_had_got_and_since_when_survive_any_number_of_starts() {
        let dir = tempfile::tempdir().unwrap();
        let at = |s: i64| Timestamp::from_second(1_700_000_000 + s).unwrap();
        let (mut journal, _) = Journal::open(dir.path(), "org").unwrap();
        let fresh = |got| JournalEdit { at: None, got, when: Some("x?".into()), ..typed("a", "1") };
        journal.save(&state(&[fresh(Got::Draft)]), at(0)).unwrap();
        journal.save(&state(&[fresh(Got::Armed)]), at(5)).unwrap();
        // Nothing changed.
        journal.save(&state(&[fresh(Got::Armed)]), at(9)).unwrap();
        kill(journal);
        let armed = state(&[JournalEdit { at: Some(at(5)), ..fresh(Got::Armed) }]);
        for _ in 0..3 {
            let (mut journal, left) = Journal::open(dir.path(), "org").unwrap();
            assert_eq!(left, armed);
            journal.save(&left, at(100)).unwrap();
            kill(journal);
        }
        let unknown = std::str::from_utf8(&text(&[Line::Edit(entry(&typed("a", "1"), None))]).unwrap())
            .unwrap()
            .replace("\"draft\"", "\"a newer word\"");
        assert!(read(unknown.as_bytes()).1.edits[0].got.had_left(), "what is not understood may have left");
    }

    #[test]
    fn a_running_program_and_another_organisation_keep_their_drafts() {
        let dir = tempfile::tempdir().unwrap();
        let (mut first, _) = Journal::open(dir.path(), "org").unwrap();
        first.save(&state(&[typed("a", "1")]), NOW).unwrap();
        #[cfg(unix)]
        assert_eq!(Journal::open(dir.path(), "org").unwrap().1, JournalState::default());
        kill(first);
        assert_eq!(Journal::open(dir.path(), "another").unwrap().1, JournalState::default());
        assert_eq!(Journal::open(dir.path(), "org").unwrap().1, state(&[typed("a", "1")]));
    }

    #[test]
    fn a_torn_last_line_costs_that_line_only() {
        let whole = text(&[
            Line::Org("org".into()),
            Line::Edit(entry(&typed("a", "1"), Some(&NOW))),
            Line::Edit(entry(&typed("b", "2"), Some(&NOW))),
        ]);
        let whole = whole.unwrap();
        for end in 0..whole.len() {
            let (org, left) = read(&whole[..end]);
            assert!(left.edits.len() <= 2 && (org.is_some() || left.edits.is_empty()), "cut at {end}");
        }
        assert_eq!(read(&whole[..whole.len() - 9]).1, state(&[typed("a", "1")]));
    }

    #[test]
    fn nothing_is_left_when_everything_was_done() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(dir.path(), "org").unwrap();
        journal.save(&state(&[typed("a", "1")]), NOW).unwrap();
        journal.save(&JournalState::default(), NOW).unwrap();
        drop(journal);
        assert_eq!(files(dir.path()).unwrap(), Vec::<PathBuf>::new());
    }

    #[test]
    fn a_long_session_does_not_grow_the_file_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(dir.path(), "org").unwrap();
        let long = "x".repeat(20_000);
        for n in 0..200 {
            journal.save(&state(&[typed("a", &format!("{long}{n}"))]), NOW).unwrap();
        }
        assert!(std::fs::metadata(&journal.path).unwrap().len() < 2 * COMPACT);
        kill(journal);
        assert_eq!(Journal::open(dir.path(), "org").unwrap().1, state(&[typed("a", &format!("{long}199"))]));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("state");
        let (journal, _) = Journal::open(&home, "org").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&home), mode(&journal.path)), (0o700, 0o600));
    }
}
