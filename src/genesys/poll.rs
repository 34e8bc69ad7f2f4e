//! Finding calls that no topic announces, those that are still in a flow: asked for again and again within a stated
//! share of the rate limit. Each call found gets a topic of its own, and gives it back when it has ended.
//!
//! The details query tells them. The activity query would be cheaper, but knows no flows (its dimensions are listed in the
//! platform's schema, `ConversationActivityQueryPredicate`), and the observations query knows queues only.

use super::{Client, Error, Kind, Topic, discover, discover::Found, feed::FeedHandle, wire::rest::DetailsConversation};
use crate::domain::ConversationId;
use rustc_hash::{FxHashMap, FxHashSet};
use std::time::Duration;
use tokio::sync::mpsc;

/// Pages of active conversations that are looked through at most.
const PAGES: u32 = 10;

/// How much polling may cost, and how often it is worth it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Percent of the requests allowed in a minute that polling and the looks it asks for may use together.
    pub share: u32,
    /// The list is not asked for more often than this.
    pub list_every: Duration,
    /// A call is not looked at more often than this.
    pub look_every: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { share: 20, list_every: Duration::from_secs(3), look_every: Duration::from_secs(10) }
    }
}

/// What polling says.
#[derive(Clone, Debug)]
pub enum PollEvent {
    /// Read this conversation: it was found, it ended, or it was not looked at for a while. Its topic tells only
    /// attributes; who joined or left is seen by reading.
    Look(ConversationId),
    /// Polling does not work, and why; it goes on trying.
    Trouble(Error),
    /// It works again.
    Recovered,
}

/// What is due, pure.
#[derive(Debug)]
pub struct Planner {
    options: Options,
    list_at: Duration,
    /// Calls that are followed, and when each was last looked at.
    followed: FxHashMap<ConversationId, Duration>,
    next_look: Duration,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask for the list.
    List,
    /// Look at this call.
    Look(ConversationId),
    /// Nothing before this moment.
    Wait(Duration),
}

impl Planner {
    /// The list is due at once.
    pub fn new(options: Options) -> Self {
        Self { options, list_at: Duration::ZERO, followed: FxHashMap::default(), next_look: Duration::ZERO }
    }

    /// What is due now, with so many requests allowed a minute.
    pub fn next(&mut self, now: Duration, allowed: u32) -> Step {
        if self.list_at <= now {
            return Step::List;
        }
        let oldest = self.followed.iter().min_by_key(|(id, looked)| (**looked, (*id).clone()));
        let Some((id, looked)) = oldest.map(|(id, looked)| (id.clone(), *looked)) else {
            return Step::Wait(self.list_at);
        };
        let due = (looked + self.options.look_every).max(self.next_look);
        if due > now {
            return Step::Wait(due.min(self.list_at));
        }
        self.next_look = now + self.spacing(allowed);
        self.followed.insert(id.clone(), now);
        Step::Look(id)
    }

    /// The list was answered: these are the calls, and that many requests it took. Returns calls that are new, and
    /// calls that are gone.
    pub fn listed(
        &mut self,
        active: &[ConversationId],
        cost: u32,
        allowed: u32,
        now: Duration,
    ) -> (Vec<ConversationId>, Vec<ConversationId>) {
        self.list_at = now + self.options.list_every.max(self.spacing(allowed).saturating_mul(cost.max(1)));
        let there: FxHashSet<&ConversationId> = active.iter().collect();
        let gone: Vec<ConversationId> = self.followed.keys().filter(|id| !there.contains(id)).cloned().collect();
        for id in &gone {
            self.followed.remove(id);
        }
        let fresh: Vec<ConversationId> = active.iter().filter(|id| !self.followed.contains_key(*id)).cloned().collect();
        for id in &fresh {
            self.followed.insert(id.clone(), now);
        }
        (fresh, gone)
    }

    /// The list was refused or lost.
    pub fn failed(&mut self, wait: Option<Duration>, now: Duration) {
        self.list_at = now.saturating_add(wait.unwrap_or_default().max(self.options.list_every.saturating_mul(3)));
    }

    /// Between two requests, when half of the share goes to lists and half to looks.
    fn spacing(&self, allowed: u32) -> Duration {
        let a_minute = (u64::from(allowed) * u64::from(self.options.share) / 200).clamp(1, 6_000) as u32;
        Duration::from_secs(60) / a_minute
    }
}

/// The active calls that are or were in one of the flows, asked for once.
///
/// # Errors
/// As for any request.
pub async fn in_flows(client: &Client, found: &Found) -> Result<Vec<ConversationId>, Error> {
    let mut ids = Vec::new();
    discover::active(client, PAGES, |call| wanted(found, call), |id| ids.push(ConversationId::new(id))).await?;
    Ok(ids)
}

/// Whether a call of the list is one of those wanted: it is, or was, in one of the flows.
fn wanted(found: &Found, call: &DetailsConversation) -> bool {
    found.all_flows
        || call.participants.iter().any(|p| {
            let by_name = |name: &str| found.flows.iter().any(|(_, flow)| flow == name);
            let ivr = p.purpose.as_deref() == Some("ivr");
            (ivr && p.participant_name.as_deref().is_some_and(by_name))
                || p.sessions.iter().filter_map(|s| s.flow.as_ref()).any(|flow| {
                    flow.flow_id.as_deref().is_some_and(|id| found.flows.iter().any(|(known, _)| known.as_str() == id))
                })
        })
}

/// Starts polling on the present tokio runtime; it ends when the receiver is dropped. Topics of the calls found are
/// added to and removed from the feed; those that are left are given back at the end.
pub fn start(client: Client, found: Found, feed: FeedHandle, options: Options) -> mpsc::Receiver<PollEvent> {
    let (out, receiver) = mpsc::channel(256);
    tokio::spawn(async move {
        let mut planner = Planner::new(options);
        tokio::select! {
            () = out.closed() => {}
            () = run(&client, &found, &feed, &mut planner, &out) => {}
        }
        feed.remove(topics(planner.followed.keys(), &found));
    });
    receiver
}

/// The topics of these calls, but for calls that are watched by their ids.
fn topics<'a>(ids: impl IntoIterator<Item = &'a ConversationId>, found: &Found) -> Vec<Topic> {
    ids.into_iter().filter(|id| !found.conversations.contains(id)).map(Topic::attributes).collect()
}

async fn run(client: &Client, found: &Found, feed: &FeedHandle, planner: &mut Planner, out: &mpsc::Sender<PollEvent>) {
    let clock = client.clock();
    let mut troubled = false;
    loop {
        let event = match planner.next(clock.now().mono, client.stats().allowed) {
            Step::Wait(until) => {
                tokio::time::sleep_until(clock.instant(until)).await;
                continue;
            }
            Step::Look(id) => PollEvent::Look(id),
            Step::List => {
                let mut active = Vec::new();
                let listed = discover::active(
                    client,
                    PAGES,
                    |call| wanted(found, call),
                    |id| {
                        active.push(ConversationId::new(id));
                    },
                )
                .await;
                let now = clock.now().mono;
                match listed {
                    Ok(pages) => {
                        let (fresh, gone) = planner.listed(&active, pages, client.stats().allowed, now);
                        feed.add(fresh.iter().map(Topic::attributes));
                        feed.remove(topics(&gone, found));
                        if std::mem::take(&mut troubled) && out.send(PollEvent::Recovered).await.is_err() {
                            return;
                        }
                        for id in fresh.into_iter().chain(gone) {
                            if out.send(PollEvent::Look(id)).await.is_err() {
                                return;
                            }
                        }
                        continue;
                    }
                    Err(error) => {
                        let wait = match error.kind() {
                            // A permission is not given within seconds.
                            Kind::Permission { .. } => Some(Duration::from_secs(60)),
                            _ => error.wait(),
                        };
                        planner.failed(wait, now);
                        if std::mem::replace(&mut troubled, true) {
                            continue;
                        }
                        PollEvent::Trouble(error)
                    }
                }
            }
        };
        if out.send(event).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn new_calls_are_found_and_gone_ones_let_go() {
        let mut planner = Planner::new(Options::default());
        assert_eq!(planner.next(s(0), 300), Step::List);
        assert_eq!(planner.listed(&["a".into(), "b".into()], 1, 300, s(0)), (vec!["a".into(), "b".into()], vec![]));
        assert_eq!(planner.next(s(1), 300), Step::Wait(s(3)));
        assert_eq!(planner.next(s(3), 300), Step::List);
        assert_eq!(planner.listed(&["b".into(), "c".into()], 1, 300, s(3)), (vec!["c".into()], vec!["a".into()]));
    }

    #[test]
    fn any_limit_of_the_server_and_any_wait_can_be_counted_with() {
        let mut planner = Planner::new(Options::default());
        planner.listed(&["a".into()], u32::MAX, u32::MAX, s(0));
        planner.failed(Some(Duration::MAX), s(1));
        assert!(matches!(planner.next(s(2), u32::MAX), Step::Wait(_)));
    }

    proptest! {
        /// Over any ten minutes, polling stays within its share, however many calls there are.
        #[test]
        fn the_share_is_kept(calls in 0usize..300, share in 5u32..50, pages in 1u32..10) {
            let options = Options { share, ..Options::default() };
            let (mut planner, mut now, mut requests) = (Planner::new(options), Duration::ZERO, 0u32);
            let active: Vec<ConversationId> = (0..calls).map(|n| ConversationId::new(format!("c{n}"))).collect();
            while now < s(600) {
                match planner.next(now, 300) {
                    Step::List => { requests += pages; planner.listed(&active, pages, 300, now); }
                    Step::Look(_) => requests += 1,
                    Step::Wait(until) => { prop_assert!(until > now); now = until; }
                }
            }
            // One list and one look more than the share fit in at its start.
            prop_assert!(requests <= 300 * share / 100 * 10 + pages + 1, "{}", requests);
        }

        /// Every call is looked at, in turn.
        #[test]
        fn nobody_is_forgotten(calls in 1usize..40) {
            let (mut planner, mut now) = (Planner::new(Options::default()), Duration::ZERO);
            let active: Vec<ConversationId> = (0..calls).map(|n| ConversationId::new(format!("c{n}"))).collect();
            let mut looked: FxHashMap<ConversationId, u32> = FxHashMap::default();
            while now < s(600) {
                match planner.next(now, 300) {
                    Step::List => { planner.listed(&active, 1, 300, now); }
                    Step::Look(id) => *looked.entry(id).or_default() += 1,
                    Step::Wait(until) => now = until,
                }
            }
            let (least, most) = (looked.values().min().copied(), looked.values().max().copied());
            prop_assert_eq!(looked.len(), calls);
            prop_assert!(most.unwrap_or(0) - least.unwrap_or(0) <= 1);
        }
    }
}
