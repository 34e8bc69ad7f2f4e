//! Calls that ended while nobody observed them: a collector that begins, or takes over from one that died, asks the store for the
//! calls without an end and the platform for their ends.

use crate::{
    commands::observer::wall,
    domain::{At, ConversationId},
    genesys::{Client, client::Priority},
    store::{record::DAY_MS, writer::StoreWriter},
};
use std::{sync::mpsc, time::Duration};
use tokio::task::JoinSet;

/// How long after its begin a collector asks: what lives still is found by then.
const AFTER: Duration = Duration::from_secs(10);

/// A call and its end, in milliseconds since 1970.
type End = (String, i64);

/// The ends that are not known.
#[derive(Default)]
pub(super) struct Unended {
    /// When the store is to be asked.
    due: Option<Duration>,
    asked: Option<mpsc::Receiver<Vec<String>>>,
    reads: JoinSet<Vec<End>>,
}

impl Unended {
    /// Calls may have ended unseen until now.
    pub(super) fn may_be(&mut self, at: At) {
        self.due = Some(at.mono + AFTER);
    }

    /// Goes on with it; once a second. `is_followed`: the call's end is seen anyway.
    pub(super) fn look(
        &mut self,
        client: &Client,
        organization: &str,
        at: At,
        writer: &StoreWriter,
        is_followed: impl Fn(&str) -> bool,
    ) {
        if self.due.is_some_and(|due| at.mono >= due) && self.asked.is_none() {
            self.due = None;
            self.asked = Some(writer.without_end(organization, wall(at) - DAY_MS));
        }
        match self.asked.as_ref().map(mpsc::Receiver::try_recv) {
            Some(Err(mpsc::TryRecvError::Empty)) | None => {}
            Some(answer) => {
                self.asked = None;
                let mut calls = answer.unwrap_or_default();
                calls.retain(|id| !is_followed(id));
                if !calls.is_empty() {
                    self.reads.spawn(read(client.clone(), calls));
                }
            }
        }
        while let Some(Ok(ends)) = self.reads.try_join_next() {
            ends.into_iter().for_each(|(id, ended)| writer.ended(id, ended));
        }
    }
}

/// Reads each call once, as the budget allows; those that are over.
async fn read(client: Client, calls: Vec<String>) -> Vec<End> {
    let mut ends = Vec::new();
    for id in calls {
        match client.conversation(&ConversationId::new(id.as_str()), Priority::Background).await {
            Ok(snapshot) => ends.extend(snapshot.ended.map(|ended| (id, ended.as_millisecond()))),
            Err(error) => tracing::info!(%id, %error, "the end of a call could not be read"),
        }
    }
    ends
}
