//! Finding calls that are still in a flow: asked for again and again within a stated share of the rate limit. Each call found
//! gets a topic of its own, and gives it back when it has ended.
//!
//! Where the platform tells of them by itself (the metrics of a flow), lists are a safety net and asked for less often. That
//! holds only as long as no list has a call that was not told before: when in a flow's run the platform sends its metrics is
//! documented nowhere.
//!
//! `flow_calls` finds them.

use super::{
    Client, Error, ErrorKind, Topic,
    discover::Discovered,
    feed::FeedHandle,
    flow_calls::{self, Ways},
};
use crate::domain::{ConversationId, FlowFact, FlowId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::time::Duration;
use tokio::sync::mpsc;

/// How much polling may cost, and how often it is worth it.
#[derive(Clone, Copy, Debug)]
pub struct PollOptions {
    /// Percent of the requests allowed in a minute that polling and the looks it asks for may use together.
    pub share: u32,
    /// The list is not asked for more often than this.
    pub list_every: Duration,
    /// The same while each call is told before a list has it.
    pub net_every: Duration,
    /// A call is not looked at more often than this.
    pub look_every: Duration,
}

impl Default for PollOptions {
    fn default() -> Self {
        let s = Duration::from_secs;
        Self { share: 20, list_every: s(3), net_every: s(30), look_every: s(10) }
    }
}

/// A call that cannot be read is not found again before so long: lists are behind, and name calls of divisions that may not be
/// read.
pub(crate) const GONE_FOR: Duration = Duration::from_secs(600);

/// What polling says.
#[derive(Clone, Debug)]
pub enum PollEvent {
    /// Read this conversation: it was found, it ended, or it was not looked at for a while. Its topic tells only
    /// attributes; who joined or left is seen by reading.
    Look(ConversationId),
    /// This call is in this flow.
    Flow(FlowFact),
    /// Whether there are more calls than could be listed, from now on.
    Cut(bool),
    /// Polling does not work, and why; it goes on trying.
    Trouble(Error),
    /// It works again.
    Recovered,
}

/// What is due, pure.
#[derive(Debug)]
pub struct Planner {
    options: PollOptions,
    list_at: Duration,
    /// Calls that are followed, and when each was last looked at.
    followed: FxHashMap<ConversationId, Duration>,
    /// The last list.
    listed: FxHashSet<ConversationId>,
    next_look: Duration,
    /// Calls that could not be read, and since when.
    gone: FxHashMap<ConversationId, Duration>,
    /// Calls were told, and no list since had one that was not.
    is_told: bool,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollStep {
    /// Ask for the list.
    List,
    /// Look at this call.
    Look(ConversationId),
    /// Nothing before this moment.
    Wait(Duration),
}

impl Planner {
    /// The list is due at once.
    pub fn new(options: PollOptions) -> Self {
        Self {
            options,
            list_at: Duration::ZERO,
            followed: FxHashMap::default(),
            listed: FxHashSet::default(),
            next_look: Duration::ZERO,
            gone: FxHashMap::default(),
            is_told: false,
        }
    }

    /// The platform told of this call by itself. True when it is new.
    pub fn told(&mut self, id: &ConversationId, now: Duration) -> bool {
        if self.followed.contains_key(id) || self.is_gone(id, now) {
            return false;
        }
        self.followed.insert(id.clone(), now);
        self.is_told = true;
        true
    }

    /// Nothing is told at present: lists are all there is.
    pub fn untold(&mut self, now: Duration) {
        if std::mem::take(&mut self.is_told) {
            self.list_at = self.list_at.min(now + self.options.list_every);
        }
    }

    /// What is due now, with so many requests allowed a minute.
    pub fn next(&mut self, now: Duration, allowed: u32) -> PollStep {
        if self.list_at <= now {
            return PollStep::List;
        }
        let oldest = self.followed.iter().min_by_key(|(id, looked)| (**looked, (*id).clone()));
        let Some((id, looked)) = oldest.map(|(id, looked)| (id.clone(), *looked)) else {
            return PollStep::Wait(self.list_at);
        };
        let due = (looked + self.options.look_every).max(self.next_look);
        if due > now {
            return PollStep::Wait(due.min(self.list_at));
        }
        self.next_look = now + self.spacing(allowed);
        self.followed.insert(id.clone(), now);
        PollStep::Look(id)
    }

    /// The list was answered: these are the calls, and that many requests it took. Returns calls that are new. One that is
    /// listed no longer has left its flow; it is looked at until it has ended.
    pub fn listed(&mut self, active: &[ConversationId], cost: u32, allowed: u32, now: Duration) -> Vec<ConversationId> {
        self.gone.retain(|_, since| *since + GONE_FOR > now);
        let fresh: Vec<ConversationId> =
            active.iter().filter(|id| !self.followed.contains_key(*id) && !self.is_gone(id, now)).cloned().collect();
        if !fresh.is_empty() {
            self.is_told = false;
        }
        let every = if self.is_told { self.options.net_every } else { self.options.list_every };
        self.list_at = now + every.max(self.spacing(allowed).saturating_mul(cost.max(1)));
        let before = std::mem::replace(&mut self.listed, active.iter().cloned().collect());
        for id in before.difference(&self.listed) {
            // It has just left its flow, or ended: looked at next.
            if let Some(looked) = self.followed.get_mut(id) {
                *looked = Duration::ZERO;
            }
        }
        for id in &fresh {
            self.followed.insert(id.clone(), now);
        }
        fresh
    }

    /// The call is over. True when it was followed.
    pub fn ended(&mut self, id: &ConversationId) -> bool {
        self.followed.remove(id).is_some()
    }

    /// The call cannot be read. True when it was followed.
    pub fn gone(&mut self, id: &ConversationId, now: Duration) -> bool {
        self.gone.insert(id.clone(), now);
        self.ended(id)
    }

    fn is_gone(&self, id: &ConversationId, now: Duration) -> bool {
        self.gone.get(id).is_some_and(|since| *since + GONE_FOR > now)
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

/// The live calls that are or were in one of the flows, asked for once, and which flows they ran.
///
/// # Errors
/// As for any request.
pub async fn in_flows(client: &Client, found: &Discovered) -> Result<(Vec<ConversationId>, Vec<FlowFact>), Error> {
    let mut listed = match flow_calls::ever(client, found).await {
        // Those that are in it now are better than none.
        Err(error) if matches!(error.kind(), ErrorKind::Permission { .. }) && !found.all_flows => {
            flow_calls::now(client, found, &mut Ways::default()).await.map_err(|_| error)?
        }
        other => other?,
    };
    name(&mut listed.facts, found);
    Ok((listed.calls, listed.facts))
}

/// Adds the names of the watched flows.
fn name(facts: &mut [FlowFact], found: &Discovered) {
    for fact in facts.iter_mut().filter(|fact| fact.run.name.is_none()) {
        let known = found.flows.iter().find(|(id, _)| *id == fact.run.id);
        fact.run.name = known.map(|(_, name)| name.as_str().into());
    }
}

/// A poll that runs; it ends when this is dropped.
#[derive(Debug)]
pub struct Poll {
    events: mpsc::Receiver<PollEvent>,
    words: mpsc::UnboundedSender<Word>,
}

/// What a poll is told.
#[derive(Debug)]
enum Word {
    /// This call is over.
    Ended(ConversationId),
    /// This call cannot be read.
    Gone(ConversationId),
    /// The platform told of this call by itself.
    Told(ConversationId),
    /// The platform tells nothing by itself at present.
    Untold,
}

impl Poll {
    /// The next event; `None` when it has ended.
    pub async fn recv(&mut self) -> Option<PollEvent> {
        self.events.recv().await
    }

    /// This call is over: it is looked at no longer.
    pub fn ended(&self, id: &ConversationId) {
        // A poll that has ended looks at nothing.
        _ = self.words.send(Word::Ended(id.clone()));
    }

    /// This call cannot be read: it is not looked at again for a while, whatever lists say.
    pub fn gone(&self, id: &ConversationId) {
        _ = self.words.send(Word::Gone(id.clone()));
    }

    /// The platform told of this call by itself.
    pub fn told(&self, id: &ConversationId) {
        _ = self.words.send(Word::Told(id.clone()));
    }

    /// The platform tells nothing by itself at present: the link is down.
    pub fn untold(&self) {
        _ = self.words.send(Word::Untold);
    }
}

/// Starts polling on the present tokio runtime. Topics of the calls found are added to and removed from the feed; those
/// that are left are given back at the end.
pub fn start(client: Client, found: Discovered, feed: FeedHandle, options: PollOptions) -> Poll {
    let (out, events) = mpsc::channel(256);
    let (words, mut heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut planner = Planner::new(options);
        tokio::select! {
            () = out.closed() => {}
            () = run(&client, &found, &feed, &mut planner, &out, &mut heard) => {}
        }
        feed.remove(topics(planner.followed.keys(), &found));
    });
    Poll { events, words }
}

/// The topics of these calls, but for calls that are watched by their ids.
fn topics<'a>(ids: impl IntoIterator<Item = &'a ConversationId>, found: &Discovered) -> Vec<Topic> {
    ids.into_iter().filter(|id| !found.conversations.contains(id)).map(Topic::attributes).collect()
}

async fn run(
    client: &Client,
    found: &Discovered,
    feed: &FeedHandle,
    planner: &mut Planner,
    out: &mpsc::Sender<PollEvent>,
    heard: &mut mpsc::UnboundedReceiver<Word>,
) {
    let clock = client.clock();
    let (mut troubled, mut cut, mut first) = (false, false, true);
    let mut ways = Ways::default();
    let mut facts_told: FxHashSet<(ConversationId, FlowId)> = FxHashSet::default();
    loop {
        match planner.next(clock.now().mono, client.stats().allowed) {
            PollStep::Wait(until) => {
                let word = tokio::select! {
                    biased;
                    word = heard.recv() => word,
                    () = tokio::time::sleep_until(clock.instant(until)) => continue,
                };
                match word {
                    Some(Word::Ended(id)) => {
                        if planner.ended(&id) {
                            feed.remove(topics([&id], found));
                        }
                    }
                    Some(Word::Gone(id)) => {
                        if planner.gone(&id, clock.now().mono) {
                            feed.remove(topics([&id], found));
                        }
                    }
                    Some(Word::Told(id)) => {
                        if planner.told(&id, clock.now().mono) {
                            feed.add(topics([&id], found));
                            if out.send(PollEvent::Look(id)).await.is_err() {
                                return;
                            }
                        }
                    }
                    Some(Word::Untold) => planner.untold(clock.now().mono),
                    // Nobody is left to tell.
                    None => return,
                }
            }
            PollStep::Look(id) => {
                if out.send(PollEvent::Look(id)).await.is_err() {
                    return;
                }
            }
            PollStep::List => {
                // Calls that have left the flow already are in no list of those that are in it.
                let listed = match std::mem::take(&mut first) {
                    true => match flow_calls::ever(client, found).await {
                        Err(error) if matches!(error.kind(), ErrorKind::Permission { .. }) => {
                            flow_calls::now(client, found, &mut ways).await
                        }
                        other => other,
                    },
                    false => flow_calls::now(client, found, &mut ways).await,
                };
                let now = clock.now().mono;
                let told = match listed {
                    Ok(mut listed) => {
                        name(&mut listed.facts, found);
                        let fresh = planner.listed(&listed.calls, listed.requests, client.stats().allowed, now);
                        feed.add(fresh.iter().map(Topic::attributes));
                        let recovered = std::mem::take(&mut troubled).then_some(PollEvent::Recovered);
                        let is_cut = !listed.cut.is_empty();
                        let more = (std::mem::replace(&mut cut, is_cut) != is_cut).then_some(PollEvent::Cut(is_cut));
                        // Each once: a list repeats what the one before it told.
                        let key = |fact: &FlowFact| (fact.conversation.clone(), fact.run.id.clone());
                        let present: FxHashSet<_> = listed.facts.iter().map(key).collect();
                        let known = std::mem::replace(&mut facts_told, present);
                        let facts =
                            listed.facts.into_iter().filter(|fact| !known.contains(&key(fact))).map(PollEvent::Flow);
                        let looks = fresh.into_iter().map(PollEvent::Look);
                        recovered.into_iter().chain(more).chain(facts).chain(looks).collect()
                    }
                    Err(error) => {
                        first = true;
                        let wait = match error.kind() {
                            // A permission is not given within seconds.
                            ErrorKind::Permission { .. } => Some(Duration::from_secs(60)),
                            _ => error.wait(),
                        };
                        planner.failed(wait, now);
                        if std::mem::replace(&mut troubled, true) { vec![] } else { vec![PollEvent::Trouble(error)] }
                    }
                };
                for event in told {
                    if out.send(event).await.is_err() {
                        return;
                    }
                }
            }
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
    fn new_calls_are_found_and_ended_ones_let_go() {
        let mut planner = Planner::new(PollOptions::default());
        assert_eq!(planner.next(s(0), 300), PollStep::List);
        assert_eq!(planner.listed(&["a".into(), "b".into()], 1, 300, s(0)), ["a".into(), "b".into()]);
        assert_eq!(planner.next(s(1), 300), PollStep::Wait(s(3)));
        assert_eq!(planner.next(s(3), 300), PollStep::List);
        assert_eq!(planner.listed(&["b".into(), "c".into()], 1, 300, s(3)), ["c".into()]);
        assert!(planner.followed.contains_key("a"), "it is out of the flow, and on");
        assert!(planner.ended(&"a".into()) && !planner.ended(&"a".into()));
    }

    #[test]
    fn a_call_that_cannot_be_read_is_not_found_again_for_a_while() {
        let mut planner = Planner::new(PollOptions::default());
        planner.listed(&["a".into()], 1, 300, s(0));
        assert!(planner.gone(&"a".into(), s(1)));
        assert_eq!(planner.listed(&["a".into()], 1, 300, s(3)), []);
        assert!(!planner.told(&"a".into(), s(4)));
        assert_eq!(planner.listed(&["a".into()], 1, 300, s(1) + GONE_FOR), ["a".into()]);
    }

    #[test]
    fn lists_are_a_safety_net_while_calls_are_told_before_them() {
        let mut planner = Planner::new(PollOptions::default());
        planner.listed(&[], 1, 300, s(0));
        assert!(planner.told(&"a".into(), s(1)) && !planner.told(&"a".into(), s(1)));
        assert_eq!(planner.listed(&["a".into()], 1, 300, s(3)), []);
        assert_eq!((planner.list_at, planner.next(s(4), 300)), (s(33), PollStep::Wait(s(11))));
        // A list has a call that nobody told: they are needed after all.
        assert_eq!(planner.listed(&["a".into(), "b".into()], 1, 300, s(33)), ["b".into()]);
        assert_eq!(planner.list_at, s(36));
        planner.told(&"c".into(), s(34));
        planner.listed(&["c".into()], 1, 300, s(36));
        planner.untold(s(40));
        assert_eq!(planner.list_at, s(43), "the link is down");
    }

    #[test]
    fn any_limit_of_the_server_and_any_wait_can_be_counted_with() {
        let mut planner = Planner::new(PollOptions::default());
        planner.listed(&["a".into()], u32::MAX, u32::MAX, s(0));
        planner.failed(Some(Duration::MAX), s(1));
        assert!(matches!(planner.next(s(2), u32::MAX), PollStep::Wait(_)));
    }

    proptest! {
        /// Over any ten minutes, polling stays within its share, however many calls there are.
        #[test]
        fn the_share_is_kept(calls in 0usize..300, share in 5u32..50, pages in 1u32..10) {
            let options = PollOptions { share, ..PollOptions::default() };
            let (mut planner, mut now, mut requests) = (Planner::new(options), Duration::ZERO, 0u32);
            let active: Vec<ConversationId> = (0..calls).map(|n| ConversationId::new(format!("c{n}"))).collect();
            while now < s(600) {
                match planner.next(now, 300) {
                    PollStep::List => { requests += pages; planner.listed(&active, pages, 300, now); }
                    PollStep::Look(_) => requests += 1,
                    PollStep::Wait(until) => { prop_assert!(until > now); now = until; }
                }
            }
            // One list and one look more than the share fit in at its start.
            prop_assert!(requests <= 300 * share / 100 * 10 + pages + 1, "{}", requests);
        }

        /// Every call is looked at, in turn.
        #[test]
        fn nobody_is_forgotten(calls in 1usize..40) {
            let (mut planner, mut now) = (Planner::new(PollOptions::default()), Duration::ZERO);
            let active: Vec<ConversationId> = (0..calls).map(|n| ConversationId::new(format!("c{n}"))).collect();
            let mut looked: FxHashMap<ConversationId, u32> = FxHashMap::default();
            while now < s(600) {
                match planner.next(now, 300) {
                    PollStep::List => { planner.listed(&active, 1, 300, now); }
                    PollStep::Look(id) => *looked.entry(id).or_default() += 1,
                    PollStep::Wait(until) => now = until,
                }
            }
            let (least, most) = (looked.values().min().copied(), looked.values().max().copied());
            prop_assert_eq!(looked.len(), calls);
            prop_assert!(most.unwrap_or(0) - least.unwrap_or(0) <= 1);
        }
    }
}
