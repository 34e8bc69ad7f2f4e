//! Analytics jobs: each is done as soon as it is asked for, and kept until newer ones push it out.

use std::collections::VecDeque;

use serde_json::Value;

/// Jobs that are kept.
const MAX_JOBS: usize = 50;

/// Finished jobs, newest last.
#[derive(Default)]
pub(super) struct Jobs(VecDeque<QueryJob>);

/// A finished job.
pub(super) struct QueryJob {
    pub(super) id: String,
    /// Ms since 1970.
    pub(super) submitted: i64,
    /// Its results, as they are sent.
    pub(super) conversations: Vec<Value>,
}

impl Jobs {
    /// Adds one; the oldest goes where there are too many.
    pub(super) fn add(&mut self, job: QueryJob) {
        self.0.push_back(job);
        if self.0.len() > MAX_JOBS {
            self.0.pop_front();
        }
    }

    /// The job with this id.
    pub(super) fn get(&self, id: &str) -> Option<&QueryJob> {
        self.0.iter().find(|job| job.id == id)
    }
}
