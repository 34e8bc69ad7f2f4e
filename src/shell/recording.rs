//! Recording from the screens: where the file goes, how it is going, and what became of it.

use crate::{
    app::{
        Model, Msg,
        key::{Code, Key},
        recording::Recording,
    },
    config::{RECORDINGS, own_private, own_private_inside},
    domain::outbox::{AuditOutcome, AuditRecord},
    live::{Live, targets::Targets},
    recording::{CreateError, Header, Record, RecordedEdit, Recorder, Summary},
};
use std::path::Path;

/// Names that are tried before giving up: several recordings may begin within one second.
const TRIES: u32 = 100;

/// Begins a recording in the state directory; an existing file is never replaced.
pub(super) fn start(live: &mut Live, model: &Model, state: &Path) -> Msg {
    let directory = state.join(RECORDINGS);
    if let Err(error) = own_private(state).and_then(|()| own_private_inside(&directory)) {
        return Msg::Failed(format!("Nothing is recorded: {} cannot be created: {error}", directory.display()));
    }
    let at = live.client().clock().now();
    let header = Header::new(at, Targets(live.watched().clone()).lines());
    let name = at.wall.to_zoned(model.settings.zone.clone()).strftime("%Y-%m-%d-%H%M%S").to_string();
    for nth in 1..=TRIES {
        let more = if nth == 1 { String::new() } else { format!("-{nth}") };
        let file = directory.join(format!("{name}{more}.sidetone"));
        match Recorder::create(&file, &header, at, false) {
            Ok(recorder) => {
                live.start_recording(recorder, &model.monitor.board, Some(&model.link));
                let (columns, rows) = (model.size.width, model.size.height);
                live.record(at, || Record::Size { columns, rows });
                return Msg::Recording(Some(recording(live)));
            }
            Err(CreateError::Exists(_)) => {}
            Err(error) => return Msg::Failed(format!("Nothing is recorded: {error}")),
        }
    }
    Msg::Failed(format!("Nothing is recorded: {} holds too many recordings of this moment", directory.display()))
}

/// Closes the recording.
pub(super) fn stop(live: &mut Live) -> Msg {
    live.stop_recording().map_or(Msg::Recording(None), ended)
}

/// How it is going, if there is one; one that failed is closed.
pub(super) fn look(live: &mut Live) -> Option<Msg> {
    let failed = live.recording()?.failed.is_some();
    if failed { Some(stop(live)) } else { Some(Msg::Recording(Some(recording(live)))) }
}

fn recording(live: &Live) -> Recording {
    let status = live.recording().unwrap_or_default();
    let file = live.recording_path().map(Path::to_owned).unwrap_or_default();
    Recording { file, bytes: status.bytes, lost: status.lost }
}

fn ended(summary: Summary) -> Msg {
    Msg::Recorded { words: words(&summary), failed: summary.status.failed.is_some() || summary.status.lost > 0 }
}

/// The line of a step of an edit.
pub(super) fn edit(record: &AuditRecord) -> Record {
    let step = match record.outcome {
        AuditOutcome::Seen => "confirmed",
        other => other.as_str(),
    };
    Record::Edit(RecordedEdit {
        id: record.write.0,
        step: step.into(),
        conversation: record.target.conversation.to_string(),
        participant: record.target.participant.to_string(),
        values: record.changes.iter().map(|(key, _, new)| (key.to_string(), new.as_str().to_owned())).collect(),
        status: record.status,
        message: None,
    })
}

/// The line of what the operator did. What is typed or pasted as text is kept by its length and shape alone: what was sent
/// of it is in the line of the edit, and the rest is nobody's business, a secret typed into the wrong window least of all.
pub(super) fn input(model: &Model, msg: &Msg) -> Option<Record> {
    Some(match msg {
        Msg::Key(key) => {
            let is_action = model.keymap.lookup(&model.scopes(), *key).is_some();
            let shape = |key: &Key| match key.code {
                Code::Char(c) => Key { code: Code::Char(shape(c)), ..*key },
                _ => *key,
            };
            Record::Key(if is_action { key.to_string() } else { shape(key).to_string() })
        }
        Msg::Repeated(key, times) => {
            let text = key.typed().map(shape).unwrap_or_default();
            Record::Paste(std::iter::repeat_n(text, *times).collect())
        }
        Msg::Paste(text) | Msg::KeysAsText(text) => Record::Paste(text.chars().map(shape).collect()),
        Msg::Resize(columns, rows) => Record::Size { columns: *columns, rows: *rows },
        _ => return None,
    })
}

/// A letter for every letter, a digit for every digit.
fn shape(c: char) -> char {
    match c {
        c if c.is_numeric() => '0',
        c if c.is_uppercase() => 'X',
        c if c.is_alphabetic() => 'x',
        c => c,
    }
}

/// What was recorded, in words.
pub(super) fn words(summary: &Summary) -> String {
    let status = &summary.status;
    let file = summary.path.display();
    let lost = match status.lost {
        0 => String::new(),
        n => format!(" {n} lines were let go because the disk was too slow."),
    };
    match &status.failed {
        Some(why) => format!("The recording ended early: {why}. What was written until then is in {file}.{lost}"),
        None => {
            format!("Recorded {} lines in {file}, {}.{lost}", status.lines, crate::app::recording::size(status.bytes))
        }
    }
}
