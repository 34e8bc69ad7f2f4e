//! Trapping the next call: of the calls that appear from now on, the first that satisfies the conditions. Pure.

use super::{
    At, Conversation, ConversationId, Names,
    filter::{CallFacts, Filter},
};
use jiff::{SignedDuration, Timestamp};

/// How far the platform's clock and ours may be apart.
const CLOCKS: SignedDuration = SignedDuration::from_secs(2);

/// Which call is waited for. Everything that is given must hold.
#[derive(Clone, Debug)]
pub struct Trap {
    /// Digits that the caller's number ends with, or contains.
    pub from: Option<String>,
    /// Digits of the dialled number.
    pub dnis: Option<String>,
    /// A condition of the filter grammar, for queue, flow, attributes and all else.
    pub filter: Filter,
    /// When it was set. What began before is not the next call.
    since: Timestamp,
    caught: Option<ConversationId>,
}

impl Trap {
    /// A trap that is set now.
    pub fn set(from: Option<&str>, dnis: Option<&str>, filter: Filter, now: At) -> Self {
        Self { from: from.map(digits), dnis: dnis.map(digits), filter, since: now.wall, caught: None }
    }

    /// The call that went into the trap.
    pub fn caught(&self) -> Option<&ConversationId> {
        self.caught.as_ref()
    }

    /// Looks at a call after something about it changed. True at the moment when it goes into the trap. A call that
    /// appeared after the trap was set may come to satisfy it later, when it reaches the queue, say.
    pub fn look(&mut self, call: &Conversation, names: &Names, now: At) -> bool {
        if self.caught.is_some() || call.is_over() || began(call) + CLOCKS < self.since {
            return false;
        }
        let hit = self.number_fits(self.from.as_deref(), call.from())
            && self.dnis.as_deref().is_none_or(|wanted| dialled(call).any(|number| fits(wanted, number)))
            && self.filter.holds(CallFacts { conversation: call, names, now });
        if hit {
            self.caught = Some(call.id.clone());
        }
        hit
    }

    fn number_fits(&self, wanted: Option<&str>, number: Option<&str>) -> bool {
        wanted.is_none_or(|wanted| number.is_some_and(|number| fits(wanted, number)))
    }
}

/// When a call began, as far as it was told.
fn began(call: &Conversation) -> Timestamp {
    let leg = || call.participants.iter().filter_map(|p| p.connected).min();
    call.started.or_else(leg).unwrap_or(call.first_seen.wall)
}

/// The numbers that were dialled on a call.
fn dialled(call: &Conversation) -> impl Iterator<Item = &str> {
    call.address.as_deref().into_iter().chain(call.participants.iter().filter_map(|p| p.dnis.as_deref()))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Numbers are compared by their digits; a part of a number is enough.
fn fits(wanted: &str, number: &str) -> bool {
    !wanted.is_empty() && digits(number).contains(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Attributes, Freshness, Media, Participant, Purpose, State};
    use std::time::Duration;

    fn at() -> At {
        At::after(Timestamp::UNIX_EPOCH, Duration::ZERO)
    }

    fn call(id: &str, from: &str, to: &str) -> Conversation {
        let customer = Participant {
            id: "p".into(),
            purpose: Purpose::new("customer"),
            name: None,
            address: Some(from.into()),
            dnis: None,
            user_id: None,
            queue_id: Some("q".into()),
            connected: None,
            ended: None,
            state: State::new("connected"),
            held: false,
            media: Media::Call,
            attributes: Attributes::default(),
            first_seen: Timestamp::UNIX_EPOCH,
        };
        Conversation {
            id: id.into(),
            media: Media::Call,
            started: None,
            ended: None,
            address: Some(to.into()),
            participants: vec![customer],
            flows: Vec::new(),
            left: Vec::new(),
            freshness: Freshness::Live,
            first_seen: at(),
            last_seen: at(),
        }
    }

    #[test]
    fn the_next_fitting_call_and_no_other() {
        let mut trap = Trap::set(Some("+1 (555) 010-0001"), Some("0199"), Filter::default(), at());
        let names = Names::default();
        let mut look = |call: &Conversation| trap.look(call, &names, at());
        let mut old = call("old", "tel:+15550100001", "tel:+15550100199");
        old.started = Some(Timestamp::UNIX_EPOCH - SignedDuration::from_secs(60));
        assert!(!look(&old), "it was there before");
        assert!(!look(&call("a", "tel:+15550100002", "tel:+15550100199")), "another caller");
        assert!(!look(&call("b", "tel:+15550100001", "tel:+15550100100")), "another number");
        let mut over = call("c", "tel:+15550100001", "tel:+15550100199");
        over.ended = Some(Timestamp::UNIX_EPOCH);
        assert!(!look(&over));
        assert!(look(&call("d", "tel:+15550100001", "tel:+15550100199")));
        assert!(!look(&call("e", "tel:+15550100001", "tel:+15550100199")), "only the first");
        assert_eq!(trap.caught(), Some(&"d".into()));
    }

    #[test]
    fn a_call_may_come_to_fit_later() {
        let filter: Filter = "queue:billing".parse().expect("a filter");
        let mut trap = Trap::set(None, None, filter, at());
        let mut names = Names::default();
        let call = call("a", "tel:+1", "tel:+2");
        names.learn_queue("q".into(), "Sales");
        assert!(!trap.look(&call, &names, at()));
        names.learn_queue("q".into(), "Billing");
        assert!(trap.look(&call, &names, at()));
    }
}
