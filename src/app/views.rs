//! Views of the Calls screen, by name: which calls, in which columns, sorted how. What the screen looked like at the end is one
//! without a name.

use super::calls::{Calls, Sort};
use crate::domain::filter::Filter;
use std::collections::BTreeMap;

/// A view under a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallsView {
    /// Its name.
    pub name: String,
    /// It is one of the configuration file.
    pub configured: bool,
    /// Which calls; empty for all.
    pub filter: String,
    /// Attribute keys shown as columns; `None`: chosen from the keys of the calls.
    pub columns: Option<Vec<String>>,
    /// Widths that the operator chose, by key.
    pub widths: BTreeMap<String, u16>,
    /// By what the rows are sorted.
    pub sort: Sort,
    /// From large to small.
    pub reverse: bool,
    /// Ended calls are not shown.
    pub hides_ended: bool,
}

impl CallsView {
    /// The Calls screen as it is now.
    pub fn of(calls: &Calls, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            configured: false,
            filter: calls.filter_text.clone(),
            columns: calls.picked.as_ref().map(|keys| keys.iter().map(ToString::to_string).collect()),
            widths: calls.own_widths.iter().map(|(key, width)| (key.to_string(), *width)).collect(),
            sort: calls.sort.clone(),
            reverse: calls.reverse,
            hides_ended: calls.hides_ended,
        }
    }

    /// What it shows, in a line.
    pub fn words(&self) -> String {
        let filter = if self.filter.is_empty() { "all calls" } else { self.filter.as_str() };
        let columns = self.columns.as_ref().map(|keys| format!(", columns {}", keys.join(" "))).unwrap_or_default();
        let direction = if self.reverse { ", reverse" } else { "" };
        format!("{filter}{columns}, by {}{direction}", self.sort.name())
    }

    /// Shows the Calls screen so; false when its filter cannot be understood, and then nothing changes.
    pub(in crate::app) fn apply(&self, calls: &mut Calls) -> bool {
        let Ok(filter) = self.filter.parse::<Filter>() else { return false };
        calls.filter = filter;
        calls.filter_text.clone_from(&self.filter);
        match &self.columns {
            Some(keys) => calls.picked = Some(keys.iter().map(|key| key.as_str().into()).collect()),
            None => calls.choose_again(),
        }
        calls.own_widths = self.widths.iter().map(|(key, width)| (key.as_str().into(), *width)).collect();
        calls.sort = self.sort.clone();
        calls.reverse = self.reverse;
        calls.hides_ended = self.hides_ended;
        true
    }
}
