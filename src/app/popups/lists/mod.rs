//! Short lists from which one thing is taken. A list is what it was when it opened: nothing moves under the cursor.

mod copy;
mod drafts;
mod history;
mod losses;
mod onto;
mod removed;

pub use copy::CopyList;
pub use drafts::DraftList;
pub use history::{HistoryList, PastValue};
pub use losses::LossList;
pub use onto::{Onto, OntoList};
pub use removed::RemovedList;

use super::CommandOutcome;
use crate::app::Model;

/// Copies what a row holds; the list stays.
fn copied(model: &mut Model, text: Option<String>) -> CommandOutcome {
    CommandOutcome::Effects(model.copy_text("the text", "this row has none", text))
}

/// Takes the selected row off; false where it was the last one.
fn take_off<T>(rows: &mut Vec<T>, selected: &mut usize) -> bool {
    rows.remove(*selected);
    *selected = (*selected).min(rows.len().saturating_sub(1));
    !rows.is_empty()
}
