//! Views of the Calls screen, by name: what is shown, in which columns, in which order.

use super::{Model, calls::Sort};
use crate::domain::filter::Filter;

/// A view under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: String,
    /// Which calls; empty for all.
    pub filter: String,
    /// Attribute keys shown as columns; `None`: chosen from what calls carry.
    pub columns: Option<Vec<String>>,
    /// By what the rows are ordered.
    pub sort: Sort,
    /// The same order the other way round.
    pub reverse: bool,
}

impl View {
    /// The Calls screen as it is now.
    pub fn of(model: &Model, name: &str) -> Self {
        let calls = &model.calls;
        Self {
            name: name.to_owned(),
            filter: calls.filter_text.clone(),
            columns: calls.picked.as_ref().map(|keys| keys.iter().map(ToString::to_string).collect()),
            // A column has no name of its own to be found by.
            sort: if matches!(calls.sort, Sort::Attribute(_)) { Sort::default() } else { calls.sort },
            reverse: calls.reverse,
        }
    }

    /// What it shows, in a line.
    pub fn words(&self) -> String {
        let filter = if self.filter.is_empty() { "all calls" } else { self.filter.as_str() };
        let columns = self.columns.as_ref().map(|keys| format!(", columns {}", keys.join(" "))).unwrap_or_default();
        format!("{filter}{columns}, {}", self.sort.words(self.reverse))
    }

    /// Shows the Calls screen so; false when its filter cannot be understood, and then nothing changes.
    pub fn apply(&self, model: &mut Model) -> bool {
        let Ok(filter) = self.filter.parse::<Filter>() else { return false };
        model.calls.filter = filter;
        model.calls.filter_text.clone_from(&self.filter);
        match &self.columns {
            Some(keys) => model.calls.picked = Some(keys.iter().map(|key| key.as_str().into()).collect()),
            None => model.calls.choose_again(),
        }
        model.calls.sort = self.sort;
        model.calls.reverse = self.reverse;
        model.touch();
        true
    }
}
