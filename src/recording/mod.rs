//! Recordings: what came in during a session, with its times, in a file that can be played again.
//!
//! A recording holds the platform's own bytes (frames as received, bodies as answered), not what this program made of
//! them, so it outlives changes of the program and tests its decoder too. The format is described in
//! `docs/recording.md`; the types of its lines are format types and stay stable. Tokens never pass through here: only
//! data frames, link states, answers to reads, and what the operator did are recorded.
//!
//! A recording is exact and therefore private: it holds customers' data. `sidetone redact` makes the copy to hand on.

mod line;
mod link;
mod members;
pub mod playback;
mod reader;
pub mod redact;
mod writer;

pub use line::{FORMAT, Header, LinkLine, Record, RecordedEdit, RecordingLine, VERSION};
pub use members::FilePlace;
pub use reader::{Error as ReadError, RecordingReader, Tail};
pub use writer::{CreateError, Recorder, RecordingProgress, RecordingStatus, Reserved, Summary, create_private};

#[cfg(test)]
mod tests;
