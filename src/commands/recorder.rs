//! The recorder of `record` and of `watch --record`: the place for the file, its beginning and its figures.

use super::note;
use crate::{
    domain::At,
    exit::{Exit, Failure},
    live::targets::Targets,
    recording::{CreateError, Header, Recorder, RecordingProgress, Reserved},
};
use std::path::{Path, PathBuf};

/// Takes the place for a recording, before anything is connected. `force` is `None` for commands without that option.
pub(super) fn reserve(file: &Path, force: Option<bool>) -> Result<Reserved, Failure> {
    Reserved::new(file, force.unwrap_or(false)).map_err(|error| {
        let failure = Exit::Usage.because(error.to_string());
        match error {
            CreateError::Exists(_) if force.is_none() => failure.remedy("remove it first, or choose another name"),
            CreateError::Exists(_) => failure.remedy("--force replaces it"),
            CreateError::NotAFile(_) | CreateError::Io(..) => failure.remedy("choose a file that can be written"),
        }
    })
}

/// Begins a recording. The second part says what became of it when it is dropped: on every way out, an interruption
/// included. It has to live longer than the first.
pub(super) fn start(
    reserved: Reserved,
    file: &Path,
    targets: &Targets,
    at: At,
) -> Result<(Recorder, Closing), Failure> {
    let recorder = reserved.begin(&Header::new(at, targets.lines()), at)?;
    let closing = Closing { file: file.to_owned(), progress: recorder.progress() };
    Ok((recorder, closing))
}

/// Tells the figures of a recording at its end.
pub(super) struct Closing {
    file: PathBuf,
    progress: RecordingProgress,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let status = self.progress.status();
        let lost = match status.lost {
            0 => String::new(),
            lost => format!(", {lost} lines lost because the disk was too slow"),
        };
        note(format_args!("{}: {} lines, {} bytes{lost}", self.file.display(), status.lines, status.bytes));
    }
}
