//! `sidetone redact`: a copy of a recording without personal values.

use super::note;
use crate::{
    domain::text::{few, visible},
    exit::{Exit, Failure},
    recording::{
        CreateError, ReadError, Tail,
        redact::{self, Error, PseudonymSalt, Wishes},
    },
};
use clap::Args;
use std::path::PathBuf;

/// Options of `redact`.
#[derive(Args, Debug)]
pub struct RedactArgs {
    /// The recording
    #[arg(value_name = "IN")]
    from: PathBuf,
    /// The copy
    #[arg(value_name = "OUT")]
    to: PathBuf,
    /// Leave the values of this key as they are; may be repeated
    #[arg(long, value_name = "KEY")]
    keep: Vec<String>,
    /// Replace OUT when it is there
    #[arg(long)]
    force: bool,
    /// Make the same copy each time; else nothing links two copies, and nobody can try values. For tests
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Move all times by one span of up to a year; the spans between them stay
    #[arg(long)]
    shift_times: bool,
}

/// Makes the copy.
pub fn run(args: RedactArgs) -> anyhow::Result<Exit> {
    let wishes = Wishes {
        keep: args.keep.clone(),
        replace: args.force,
        salt: args.seed.map_or_else(PseudonymSalt::random, PseudonymSalt::seeded),
        shift_times: args.shift_times,
    };
    let report = redact::redact(&args.from, &args.to, &wishes).map_err(Failure::from)?;
    let unused = args.keep.iter().filter(|key| !report.kept.contains(*key));
    for key in unused {
        note(format_args!("--keep {key:?}: no such key is in the recording"));
    }
    note(format_args!(
        "wrote {}: {} lines, {} different texts replaced",
        args.to.display(),
        report.lines,
        report.originals
    ));
    if report.typed > 0 {
        note(format_args!("{} key presses and pastes were left out", report.typed));
    }
    if report.keys > 0 {
        note(format_args!("{} keys hold personal data themselves and were replaced too", report.keys));
    }
    if !report.remaining.is_empty() {
        let names: Vec<&str> = report.remaining.iter().map(String::as_str).collect();
        note(format_args!(
            "{} keys or names of members hold a value of the recording and stay: {}",
            names.len(),
            visible(&few(&names))
        ));
    }
    if args.shift_times {
        note("all times were moved by one span");
    }
    if let Tail::Torn(why) = &report.tail {
        note(format_args!("{} ends early ({why}); the copy holds what can be read", args.from.display()));
    }
    if report.coincidences > 0 {
        // Told as a failure: whoever hands the copy on must know.
        let message = format!(
            "{} made-up texts hold an original of four characters or more by coincidence: too many short numbers",
            report.coincidences
        );
        return Err(Exit::Failed.because(message).remedy("look at the copy before handing it on").into());
    }
    Ok(Exit::Done)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Read(error) => error.into(),
            Error::Create(error) => error.into(),
            Error::Same => Exit::Usage.because(error.to_string()),
            Error::Write(_) => Exit::Failed.because(error.to_string()),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            // A file of another kind, or none at all, is a mistake in the command.
            ReadError::NotARecording(..) | ReadError::TooNew(..) => Exit::Usage.because(error.to_string()),
            ReadError::Io(_, ref io) if io.kind() == std::io::ErrorKind::NotFound => {
                Exit::Usage.because(error.to_string())
            }
            ReadError::Io(..) | ReadError::BadLine(..) => Exit::Failed.because(error.to_string()),
        }
    }
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Exists(_) => Exit::Usage.because(error.to_string()).remedy("--force replaces it"),
            CreateError::NotAFile(_) => Exit::Usage.because(error.to_string()).remedy("choose another name"),
            CreateError::Io(..) => Exit::Failed.because(error.to_string()),
        }
    }
}
