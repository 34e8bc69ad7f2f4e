//! What `check --follow` could not look at: a check that saw nothing, or not all, must not look like one that passed.

use super::judge::Judge;
use crate::{
    commands::{lookup, note},
    domain::{Board, ConversationId, Link, Update},
    exit::Exit,
    genesys::{self, ErrorKind, topic::Topic},
    live::{self, LinkEvent, Live, targets::Targets},
};
use rustc_hash::FxHashSet;
use std::time::Duration;

/// How long the end waits for whether the token is good.
const ASKING: Duration = Duration::from_secs(3);

/// What was in the way so far.
#[derive(Default)]
pub(super) struct Looked {
    /// Calls that may not be read: told once, at the end.
    refused: lookup::Unread,
    /// Calls whose last read failed otherwise.
    unread: FxHashSet<ConversationId>,
    /// Topics of what is watched that the platform refused.
    topics: FxHashSet<Topic>,
    /// The link was live at some time.
    was_live: bool,
    /// Why it is not live; empty while it is, or while the first try is under way.
    reason: String,
}

impl Looked {
    /// Takes note of what was heard.
    ///
    /// # Errors
    /// A call that was named cannot be read, or everything that is watched was refused.
    pub(super) fn saw(&mut self, heard: &LinkEvent, targets: &Targets, board: &Board) -> anyhow::Result<()> {
        match heard {
            LinkEvent::Link(link) => self.link(link, board),
            LinkEvent::Update(Update::Read { snapshot, .. }) => {
                self.unread.remove(&snapshot.id);
                self.refused.remove(&snapshot.id);
            }
            LinkEvent::Update(Update::Gone(id)) => {
                self.unread.remove(id);
            }
            LinkEvent::Unread(id, error) => return self.failed(id, error, targets.conversations.contains(id)),
            LinkEvent::Refused(topic, _) => {
                self.topics.insert(topic.clone());
                return self.all_refused(targets);
            }
            _ => {}
        }
        Ok(())
    }

    /// The same reason is said once; one that ends the check is its error.
    fn link(&mut self, link: &Link, board: &Board) {
        self.was_live |= link.is_live();
        let reason = link.reason().unwrap_or_default();
        if link.is_live() {
            self.reason.clear();
        } else if !reason.is_empty() && self.reason != reason {
            match link {
                Link::SignedOut { .. } => {}
                Link::Offline { .. } if board.is_empty() => {}
                Link::Offline { .. } => note(format_args!("{reason}; trying again once a minute")),
                _ => note(format_args!("{reason}; trying again")),
            }
            reason.clone_into(&mut self.reason);
        }
    }

    fn failed(&mut self, id: &ConversationId, error: &genesys::Error, named: bool) -> anyhow::Result<()> {
        let is_refused = matches!(error.kind(), ErrorKind::Permission { .. });
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::Permission { .. } | ErrorKind::SignIn if named => {
                return Err(error.clone().into());
            }
            _ if is_refused => self.refused.add(id.clone(), error.clone()),
            // It was there a moment ago, and is none of those that were named.
            ErrorKind::NotFound => note(format_args!("conversation {id} could not be read: {error}")),
            _ if self.unread.insert(id.clone()) => note(format_args!("conversation {id} could not be read: {error}")),
            _ => {}
        }
        Ok(())
    }

    /// Nothing will ever be told.
    fn all_refused(&self, targets: &Targets) -> anyhow::Result<()> {
        let wanted = targets.topics().into_iter().filter(|topic| !live::is_asked_for_as_well(topic));
        // Calls in flows, and those that were named, are read as well.
        let is_read = !targets.flows.is_empty() || !targets.conversations.is_empty();
        if is_read || wanted.into_iter().any(|topic| !self.topics.contains(&topic)) {
            return Ok(());
        }
        let refused = Exit::Denied.because("the platform refused every topic");
        Err(refused.remedy("'sidetone doctor' names what is missing").into())
    }

    /// The first look at something is under way.
    pub(super) fn waits(&self, live: &Live) -> bool {
        if self.was_live { live.is_looking() } else { self.reason.is_empty() }
    }

    /// Whether the platform still takes the token: events continue for a while where it does not, and nothing is read.
    async fn may_look(&self, live: &Live) -> bool {
        if !self.was_live {
            return false;
        }
        match tokio::time::timeout(ASKING, live.client().check_token()).await {
            Ok(Err(error)) if *error.kind() == ErrorKind::SignIn => {
                // It was said when that showed.
                if !live.is_signed_out() {
                    note(format_args!("the platform no longer accepts the sign-in: {error}"));
                }
                false
            }
            _ => true,
        }
    }

    /// Whether all was looked at; what was not is said.
    ///
    /// # Errors
    /// No call could be read or looked for for want of a permission, or there never was a link.
    pub(super) async fn end(self, live: &Live, judge: &Judge) -> anyhow::Result<bool> {
        let board = &judge.monitor.board;
        let is_whole = self.may_look(live).await
            && live.sees_all()
            && self.unread.is_empty()
            && self.refused.is_empty()
            && !self
                .topics
                .iter()
                .any(|topic| live.watched().topics().contains(topic) && topic.conversation().is_none())
            && judge.monitor.unobserved().next().is_none();
        if !self.was_live {
            let why = if self.reason.is_empty() { "it takes too long" } else { &self.reason };
            note(format_args!("the notification stream did not come about: {why}"));
        } else if !self.reason.is_empty() {
            note(format_args!("the link was lost and is not back: {}", self.reason));
        }
        // An event may have told a part of those that may not be read.
        let read = board.iter().filter(|entry| !self.refused.has(&entry.conversation.id)).count();
        self.refused.end(read)?;
        if board.is_empty() && live.is_refused() {
            let refused = Exit::Denied.because("calls in the watched flows may not be looked for: nothing was checked");
            return Err(refused.remedy("'sidetone doctor' names what is missing").into());
        }
        if board.is_empty() && !self.was_live && judge.monitor.examiner.expectations().is_empty() {
            return Err(Exit::Failed.because("nothing could be looked at").into());
        }
        Ok(is_whole)
    }
}
