//! The rows of the Calls screen in their order, kept so by moving what changed: filtering and sorting all calls anew
//! for each frame would cost more than drawing it.

use super::{Sort, last_change, value};
use crate::app::rows;
use crate::domain::{
    At, Board, BoardEntry, ConversationId,
    filter::{CallFacts, Filter},
};
use compact_str::CompactString;
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::{Ordering, Reverse};

/// Everything but the calls themselves that decides which rows there are and in which order.
#[derive(Clone, Debug, PartialEq)]
struct By {
    sort: Sort,
    reverse: bool,
    filter: Filter,
    /// Ended calls are not shown, but for these.
    live: Option<FxHashSet<ConversationId>>,
    names: u64,
    /// The second of the last look, when the filter has ages in it.
    second: Option<i64>,
}

/// Why a row is where it is.
#[derive(Clone, Debug, PartialEq)]
struct Rank {
    over: bool,
    value: Sorted,
    began: Timestamp,
    seq: u64,
}

/// What is sorted by; within one order all are of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sorted {
    /// Nothing but the age.
    Age,
    Latest(Reverse<Timestamp>),
    State(u8),
    Word(&'static str),
    Text(CompactString),
    /// A call that lacks the key; it comes after those that have it.
    Absent,
}

impl Rank {
    fn of(entry: &BoardEntry, board: &Board, by: &By) -> Self {
        let c = &entry.conversation;
        let value = match &by.sort {
            Sort::Age => Sorted::Age,
            Sort::Activity => Sorted::Latest(Reverse(last_change(entry))),
            // In the order in which a call passes them.
            Sort::At => Sorted::State(c.call_state() as u8),
            Sort::To => Sorted::Text(CompactString::new(rows::to(c, &board.names))),
            Sort::From => Sorted::Text(CompactString::new(rows::from(c))),
            Sort::Media => Sorted::Word(rows::media(c)),
            Sort::Attribute(key) => {
                let value = value(c, key.as_str());
                value.map_or(Sorted::Absent, |(_, a)| Sorted::Text(CompactString::new(a.value.as_str())))
            }
        };
        Self { over: c.is_over(), value, began: rows::began(c), seq: entry.seq() }
    }

    /// Ended calls come last whichever way round, so that the live ones stay together.
    fn compare(&self, other: &Self, reverse: bool) -> Ordering {
        let turn = |order: Ordering| if reverse { order.reverse() } else { order };
        (self.over.cmp(&other.over))
            .then_with(|| turn(self.value.cmp(&other.value)))
            .then_with(|| turn(other.began.cmp(&self.began)))
            .then_with(|| self.seq.cmp(&other.seq))
    }
}

/// The order of the rows.
#[derive(Debug, Default)]
pub(in crate::app) struct Order {
    by: Option<By>,
    ranks: FxHashMap<ConversationId, Rank>,
    /// The selected call: once shown it stays, whether it still matches or not.
    stays: Option<ConversationId>,
}

/// What the operator wants to see.
pub(super) struct WantedOrder<'a> {
    pub(super) sort: &'a Sort,
    pub(super) reverse: bool,
    pub(super) filter: &'a Filter,
    /// The selected call.
    pub(super) selected: Option<&'a ConversationId>,
    /// Ended calls are not shown, but for these.
    pub(super) live: Option<&'a FxHashSet<ConversationId>>,
}

impl Order {
    /// Brings `rows` up to date. `touched`: what may have changed on the board since the last time; `None` when that is
    /// not known.
    pub(super) fn refresh(
        &mut self,
        rows: &mut Vec<ConversationId>,
        wanted: &WantedOrder<'_>,
        board: &Board,
        touched: Option<Vec<ConversationId>>,
        at: At,
    ) {
        let by = By {
            sort: wanted.sort.clone(),
            reverse: wanted.reverse,
            filter: wanted.filter.clone(),
            live: wanted.live.cloned(),
            names: board.names.revision(),
            second: wanted.filter.depends_on_time().then(|| at.wall.as_second()),
        };
        // Another choice of the operator's decides about the selected call as about all.
        let same = self.by.as_ref().is_some_and(|b| b.filter == by.filter && b.live.is_some() == by.live.is_some());
        let stays = wanted.selected.filter(|_| same).cloned();
        let before = std::mem::replace(&mut self.stays, stays);
        match touched {
            Some(mut touched) if self.by.as_ref() == Some(&by) => {
                if before != self.stays {
                    touched.extend(before);
                    touched.extend(self.stays.clone());
                }
                self.follow(rows, touched, board, &by, at);
            }
            _ => {
                self.anew(rows, board, &by, at);
                self.by = Some(by);
            }
        }
    }

    /// Where a call stands among `rows`.
    pub(super) fn position(&self, rows: &[ConversationId], id: &ConversationId) -> Option<usize> {
        let here = self.place(rows, self.ranks.get(id)?);
        (rows.get(here) == Some(id)).then_some(here)
    }

    /// Whether a call matches what is wanted, the selected one too.
    pub(super) fn matches(&self, entry: &BoardEntry, board: &Board, at: At) -> bool {
        self.by.as_ref().is_none_or(|by| matches(entry, board, by, at))
    }

    fn shows(&self, entry: &BoardEntry, board: &Board, by: &By, at: At) -> bool {
        self.stays.as_ref() == Some(&entry.conversation.id) || matches(entry, board, by, at)
    }

    fn anew(&mut self, rows: &mut Vec<ConversationId>, board: &Board, by: &By, at: At) {
        let mut ranked: Vec<(Rank, &ConversationId)> = board
            .iter()
            .filter(|entry| self.shows(entry, board, by, at))
            .map(|entry| (Rank::of(entry, board, by), &entry.conversation.id))
            .collect();
        ranked.sort_unstable_by(|(a, _), (b, _)| a.compare(b, by.reverse));
        rows.clear();
        rows.extend(ranked.iter().map(|(_, id)| (*id).clone()));
        self.ranks.clear();
        self.ranks.extend(ranked.into_iter().map(|(rank, id)| (id.clone(), rank)));
    }

    /// Takes out what moved or went, and puts what moved or came where it belongs.
    fn follow(
        &mut self,
        rows: &mut Vec<ConversationId>,
        mut touched: Vec<ConversationId>,
        board: &Board,
        by: &By,
        at: At,
    ) {
        // One that has gone, or has gone and come again, is told more than once.
        touched.sort_unstable();
        touched.dedup();
        // Places among the rows as they were; so the old ranks are needed until all are found.
        let mut gone: Vec<usize> = Vec::new();
        let mut forgotten: Vec<ConversationId> = Vec::new();
        let mut come: Vec<(Rank, ConversationId)> = Vec::new();
        for id in touched {
            let now = board.get(id.as_str()).filter(|e| self.shows(e, board, by, at)).map(|e| Rank::of(e, board, by));
            let before = self.ranks.get(&id);
            if before == now.as_ref() {
                continue;
            }
            if let Some(before) = before {
                gone.push(self.place_by(rows, before, by.reverse));
            }
            match now {
                Some(now) => come.push((now, id)),
                None => forgotten.push(id),
            }
        }
        gone.sort_unstable();
        remove(rows, &gone);
        for id in &forgotten {
            self.ranks.remove(id);
        }
        come.sort_unstable_by(|(a, _), (b, _)| a.compare(b, by.reverse));
        let places: Vec<usize> = come.iter().map(|(rank, _)| self.place_by(rows, rank, by.reverse)).collect();
        insert(rows, places.into_iter().zip(come.iter().map(|(_, id)| id.clone())).collect());
        self.ranks.extend(come.into_iter().map(|(rank, id)| (id, rank)));
    }

    fn place(&self, rows: &[ConversationId], rank: &Rank) -> usize {
        self.place_by(rows, rank, self.by.as_ref().is_some_and(|by| by.reverse))
    }

    /// The first row that is not before `rank`.
    fn place_by(&self, rows: &[ConversationId], rank: &Rank, reverse: bool) -> usize {
        rows.partition_point(|id| {
            self.ranks.get(id).is_some_and(|other| other.compare(rank, reverse) == Ordering::Less)
        })
    }
}

fn matches(entry: &BoardEntry, board: &Board, by: &By, at: At) -> bool {
    let c = &entry.conversation;
    let live = by.live.as_ref().is_none_or(|pinned| !c.is_over() || pinned.contains(&c.id));
    live && by.filter.holds(CallFacts { conversation: &entry.conversation, names: &board.names, now: at })
}

/// Removes the rows at these places, which ascend.
fn remove(rows: &mut Vec<ConversationId>, places: &[usize]) {
    match places {
        [] => {}
        [one] => drop(rows.remove(*one)),
        many => {
            let (mut row, mut many) = (0, many.iter().peekable());
            rows.retain(|_| {
                let gone = many.next_if(|place| **place == row).is_some();
                row += 1;
                !gone
            });
        }
    }
}

/// Inserts rows before the places that are named, which ascend.
fn insert(rows: &mut Vec<ConversationId>, new: Vec<(usize, ConversationId)>) {
    if let [(place, id)] = &new[..] {
        return rows.insert(*place, id.clone());
    }
    if new.is_empty() {
        return;
    }
    let mut merged = Vec::with_capacity(rows.len() + new.len());
    let mut old = std::mem::take(rows).into_iter();
    let mut taken = 0;
    for (place, id) in new {
        merged.extend(old.by_ref().take(place - taken));
        taken = place;
        merged.push(id);
    }
    merged.extend(old);
    *rows = merged;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::testing::{Desk, leg};
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        /// A call is told: which, how old, its tier, where it is.
        Call(usize, i64, Option<&'static str>, usize),
        Wait(u64),
        Keys(&'static str),
        Filter(&'static str),
        Sort(Sort),
        Queue(&'static str),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let tier = prop_oneof![Just(None), Just(Some("gold")), Just(Some("silver")), Just(Some("tin"))];
        let filter = prop_oneof![
            Just(""),
            Just("tier=gold"),
            Just("!tier"),
            Just("age>70s"),
            Just("state:queue | silver"),
            Just("queue:billing")
        ];
        let sort = prop_oneof![
            Just(Sort::Age),
            Just(Sort::Activity),
            Just(Sort::At),
            Just(Sort::To),
            Just(Sort::From),
            Just(Sort::Media),
            Just(Sort::Attribute("tier".into())),
            Just(Sort::Attribute("none".into()))
        ];
        let step = prop_oneof![
            12 => (0..12_usize, 0..4_i64, tier, 0..4_usize).prop_map(|(n, age, tier, place)| Step::Call(n, age, tier, place)),
            2 => (1..90_000_u64).prop_map(Step::Wait),
            2 => prop_oneof![Just("r"), Just("j"), Just("G"), Just("g"), Just("z"), Just("P")].prop_map(Step::Keys),
            1 => filter.prop_map(Step::Filter),
            2 => sort.prop_map(Step::Sort),
            1 => prop_oneof![Just("Billing"), Just("Support"), Just("Arrears")].prop_map(Step::Queue),
        ];
        proptest::collection::vec(step, 1..60)
    }

    fn perform(desk: &mut Desk, step: Step) {
        match step {
            Step::Call(n, age, tier, place) => {
                let attributes: Vec<(&str, &str)> = tier.iter().map(|tier| ("tier", *tier)).collect();
                let number = format!("tel:+1555010{:04}", n % 5);
                let mut legs = vec![leg("c", "customer", "Caller", &attributes).from(&number)];
                match place {
                    0 => {}
                    1 => legs.push(leg("q", "acd", "Waiting", &[]).queue("q-1")),
                    2 => legs.push(leg("a", "agent", "Agent", &[("tier", "tin")])),
                    _ => legs = legs.into_iter().map(crate::app::testing::Leg::left).collect(),
                }
                desk.call(&format!("call-{n}"), 60 + age, legs);
            }
            Step::Wait(ms) => {
                desk.wait(ms);
            }
            Step::Keys(keys) => {
                desk.keys(keys);
            }
            Step::Filter(text) => {
                desk.model.calls.filter = text.parse().unwrap();
                desk.model.touch();
            }
            Step::Sort(sort) => {
                desk.model.calls.sort = sort;
                desk.model.touch();
            }
            Step::Queue(name) => desk.tell(crate::app::Msg::QueueName("q-1".into(), name.into())),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: crate::testing::count("SIDETONE_ORDERS", 32, 512), ..ProptestConfig::default() })]

        /// Following what changed comes to the same as looking at everything.
        #[test]
        fn the_order_followed_is_the_order_anew(steps in steps()) {
            let mut desk = Desk::new(100, 24);
            for step in steps {
                perform(&mut desk, step);
                let at = desk.at;
                desk.model.prepare(at);
                if desk.model.screen != crate::app::screen::Screen::Calls {
                    continue;
                }
                let (calls, board) = (&desk.model.calls, &desk.model.monitor.board);
                let wanted = WantedOrder {
                    sort: &calls.sort,
                    reverse: calls.reverse,
                    filter: &calls.filter,
                    selected: calls.selected.as_ref(),
                    live: calls.hides_ended.then_some(&calls.pinned),
                };
                let (mut fresh, mut rows) = (Order::default(), Vec::new());
                fresh.refresh(&mut rows, &wanted, board, None, at);
                // Only then the selected call stays.
                fresh.refresh(&mut rows, &wanted, board, Some(Vec::new()), at);
                prop_assert_eq!(&calls.rows, &rows);
                for (n, id) in rows.iter().enumerate() {
                    prop_assert_eq!(fresh.position(&rows, id), Some(n));
                }
                if let Some(selected) = &calls.selected {
                    prop_assert_eq!(calls.position(), rows.iter().position(|id| id == selected));
                }
            }
        }
    }
}
