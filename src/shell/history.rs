//! The history store as the screens see it. What keeps it is none of their business.

use crate::app::since::{HistoryCall, SinceQuestion, SinceReport, StoredCalls, VersionRow};

/// A flow as the store knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastFlow {
    /// Its id.
    pub id: String,
    /// Its name; empty when it is not known.
    pub name: String,
    /// Its two newest versions, the newest first.
    pub versions: Vec<PastVersion>,
}

/// A version of a flow as the store knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastVersion {
    /// As people write it.
    pub version: String,
    /// Calls that passed the end of their flow while they were observed.
    pub calls: u64,
    /// Key, purpose, and how many of those calls had the key then.
    pub present: Vec<(String, String, u64)>,
}

/// A call as a session saw it so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenCall {
    /// Its id.
    pub conversation: String,
    /// Its medium.
    pub media: String,
    /// Its start; times are in milliseconds since 1970.
    pub started: i64,
    /// Its end, when it is over.
    pub ended: Option<i64>,
    /// The first flow's id, name and version, as far as they are known.
    pub flow: (String, String, String),
    /// The queue that it is in or was in last; empty for none.
    pub queue: String,
    /// When it passed the milestones of the history store, where it was seen to.
    pub milestones: [Option<i64>; 5],
    /// Key and purpose of what was on it when the flow ended.
    pub keys: Vec<(String, String)>,
}

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

    /// What is known of flows, to compare new versions with; nothing where it cannot be had.
    fn versions(&self) -> Vec<PastFlow> {
        Vec::new()
    }

    /// It is to be told of the calls of this session.
    fn is_fed(&self) -> bool {
        false
    }

    /// A call of this session, as it is now. Returns at once.
    fn saw(&self, _call: SeenCall) {}

    /// What is kept of a conversation; `None` when nothing is.
    ///
    /// # Errors
    /// The store cannot be read; why, and what to do.
    fn call(&self, conversation: &str) -> Result<Option<HistoryCall>, String>;
}
