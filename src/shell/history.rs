//! The history store as the screens see it. What keeps it is none of their business.

use crate::{
    app::since::{HistoryCall, SinceQuestion, SinceReport, StoredCalls, VersionRow},
    store::{record::CallRecord, seeds::FlowSeed},
};

/// Answers questions about calls that are over. Its methods may take their time: they are called off the loop.
pub trait HistorySource: Send + Sync {
    /// Since when a key is there or missing, `now` in milliseconds since 1970; `None` when it was never seen.
    ///
    /// # Errors
    /// The store cannot be read; why, and what to do.
    fn since(&self, question: &SinceQuestion, now: i64) -> Result<Option<SinceReport>, String>;

    /// Which calls there are for a question, with its key or without.
    ///
    /// # Errors
    /// The store cannot be read; why, and what to do.
    fn stored(&self, question: &SinceQuestion, now: i64) -> Result<StoredCalls, String>;

    /// The presence of each of these keys in the versions of a flow; keys that were never seen are left out.
    ///
    /// # Errors
    /// The store cannot be read; why, and what to do.
    fn flow(&self, flow: &str, keys: Vec<String>, now: i64) -> Result<Vec<(String, Vec<VersionRow>)>, String> {
        let mut found = Vec::new();
        for key in keys {
            let (on, flow) = ("customer".to_owned(), Some(flow.to_owned()));
            let question = SinceQuestion { key: key.clone(), on, flow, ..SinceQuestion::default() };
            found.extend(self.since(&question, now)?.map(|report| (key, report.versions)));
        }
        Ok(found)
    }

    /// What is known of flows, to compare new versions with; nothing where it cannot be had. They name no organization, as the
    /// calls of the screens do.
    fn versions(&self) -> Vec<FlowSeed> {
        Vec::new()
    }

    /// It is to be told of the calls of this session.
    fn is_fed(&self) -> bool {
        false
    }

    /// A call of this session, as it is now. Returns at once.
    fn saw(&self, _call: CallRecord) {}

    /// What is kept of a conversation; `None` when nothing is.
    ///
    /// # Errors
    /// The store cannot be read; why, and what to do.
    fn call(&self, conversation: &str) -> Result<Option<HistoryCall>, String>;
}
