//! The columns of the Calls screen: which keys, how wide, and what gives way where there is no room for all.

use super::{Calls, fact, informative_keys, value};
use crate::app::layout::share;
use crate::domain::{
    At, Board, Conversation, Key,
    findings::{Examiner, RuleId},
    text,
};
use ratatui::layout::Rect;
use std::time::Duration;

/// A column that is not an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fixed {
    /// How old the call is.
    Age,
    /// Its medium.
    Media,
    /// Who is calling.
    From,
    /// Queue or flow.
    To,
    /// Where it is now.
    At,
}

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnShows {
    /// A fact about the call.
    Fact(Fixed),
    /// The key of this number.
    Attribute(usize),
}

/// A column with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it shows.
    pub show: ColumnShows,
    /// First column of the terminal.
    pub x: u16,
    /// Columns of the terminal.
    pub width: u16,
}

/// A column that keeps its width.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::app) enum Head {
    Fixed(Fixed),
    Key(Key),
    /// What most values of the key want.
    Usual(Key),
}

/// How wide an attribute wants to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wish {
    /// For its longest value.
    most: u16,
    /// For nine of ten of its values.
    usual: u16,
}

/// How settled the automatic choice of columns is.
#[derive(Debug, Default)]
pub(in crate::app) struct ColumnChoice {
    /// Calls at the last choice; chosen anew while the picture is still forming.
    calls: usize,
    /// No more changes by themselves after this.
    until: Option<Duration>,
}

/// The automatic choice of columns may change for this long after the first call.
const FORMING: Duration = Duration::from_secs(4);
/// Keys that are chosen by themselves, those that are expected included: of these there may be more.
const CHOSEN: usize = 6;
/// Columns between two columns.
const GAP: u16 = 2;
/// Columns left of the first, where the selection is marked.
pub const MARGIN: u16 = 3;
/// Columns kept at the right end for findings.
const TAIL: u16 = 5;
/// A column has this much while others want room.
const MODEST: u16 = 24;
/// The longest values are cut down to this, where one more column is in sight for it.
const SHORT: u16 = 18;
/// A column is at most this wide.
const WIDEST: u16 = 60;
/// The end of a telephone number by which people know it, with the mark of what was cut.
const NUMBER: u16 = 9;
/// The beginning of the name of a queue.
const QUEUE: u16 = 14;
/// The same where two attributes would have no room else.
const SHORT_QUEUE: u16 = 9;
/// An attribute is cut rather than left out from this width on, where there would be less than two.
const LEAST: u16 = 6;
/// What is said where an expected key is absent.
const MISSING: u16 = 9;

impl Calls {
    pub(super) fn choose_keys(&mut self, board: &Board, at: At) {
        if let Some(picked) = &self.picked {
            self.keys.clone_from(picked);
            return;
        }
        if board.is_empty() {
            return;
        }
        let until = *self.chosen.until.get_or_insert(at.mono + FORMING);
        let forming = at.mono < until || self.keys.is_empty();
        if forming && (board.len() != self.chosen.calls || self.keys.is_empty()) {
            self.chosen.calls = board.len();
            let mut keys = informative_keys(board, &self.expected);
            let mut others = CHOSEN.saturating_sub(keys.iter().filter(|key| self.expected.contains(key)).count());
            keys.retain(|key| {
                let is_expected = self.expected.contains(key);
                let is_chosen = is_expected || others > 0;
                others = others.saturating_sub(usize::from(!is_expected));
                is_chosen
            });
            self.keys = keys;
        }
    }

    /// Lets Sidetone choose the columns anew.
    pub fn choose_again(&mut self) {
        self.picked = None;
        self.keys.clear();
        self.chosen = ColumnChoice::default();
        self.first_column = 0;
    }

    /// Scrolls the attributes by a column.
    pub(in crate::app) fn scroll_columns(&mut self, right: bool) {
        self.first_column = match right {
            true if self.more.1 > 0 => self.first_column + 1,
            true => self.first_column,
            false => self.first_column.saturating_sub(1),
        };
    }

    pub(super) fn place_columns(&mut self, board: &Board, examiner: &Examiner, at: At, table: Rect) {
        let rows = self.rows.iter().skip(self.scroll).take(usize::from(table.height));
        let page: Vec<&Conversation> = rows.filter_map(|id| board.get(id.as_str()).map(|e| &e.conversation)).collect();
        let mut grow = |head: Head, name: &str, seen: usize, sorted: bool| {
            let name = text::width(name) + if sorted { 2 } else { 0 };
            let seen = u16::try_from(seen.max(name)).unwrap_or(WIDEST).min(WIDEST);
            let width = self.widths.entry(head).or_insert(seen);
            *width = (*width).max(seen);
            *width
        };
        let facts = [Fixed::Age, Fixed::Media, Fixed::From, Fixed::To, Fixed::At].map(|fixed| {
            let seen = page.iter().map(|c| text::width(&fact(c, fixed, board, at))).max().unwrap_or(0);
            let sort = fixed.sort();
            (fixed, grow(Head::Fixed(fixed), sort.name(), seen.max(5), sort == self.sort))
        });
        let attributes: Vec<Wish> = self
            .keys
            .iter()
            .map(|key| {
                let values = page.iter().filter_map(|c| {
                    let (participant, attribute) = value(c, key.as_str())?;
                    // With room for a mark, and for where it is instead.
                    let elsewhere = examiner
                        .of(c.id.as_str())
                        .any(|f| f.rule == RuleId::WrongParticipant && f.key.as_ref() == Some(key));
                    let note = if elsewhere { participant.purpose.as_str().len() + 6 } else { 2 };
                    Some(text::width(attribute.value.as_str()) + note)
                });
                let mut seen: Vec<usize> = values.collect();
                seen.sort_unstable();
                let least = usize::from(if self.expected.contains(key) { MISSING } else { LEAST });
                let sorted = matches!(&self.sort, super::Sort::Attribute(by) if by == key);
                let most = seen.last().copied().unwrap_or(0).max(least);
                // What nine of ten have.
                let usual = seen.get((seen.len() * 9 / 10).saturating_sub(1)).copied().unwrap_or(0).max(least);
                let usual = grow(Head::Usual(key.clone()), key.as_str(), usual, sorted);
                let wanted = grow(Head::Key(key.clone()), key.as_str(), most, sorted);
                match self.own_widths.get(key) {
                    Some(own) => Wish { most: *own, usual: *own },
                    None => Wish { most: wanted, usual: usual.min(wanted) },
                }
            })
            .collect();
        let last = self.keys.len().saturating_sub(1);
        self.first_column = self.first_column.min(last);
        let placed = place(table, &facts, &attributes, self.first_column, |key| {
            self.keys.get(key).is_some_and(|key| self.own_widths.contains_key(key))
        });
        self.more = (self.first_column, placed.right);
        self.columns = placed.columns;
    }
}

impl Fixed {
    /// By what a click on its head sorts.
    pub fn sort(self) -> super::Sort {
        match self {
            Self::Age => super::Sort::Age,
            Self::Media => super::Sort::Media,
            Self::From => super::Sort::From,
            Self::To => super::Sort::To,
            Self::At => super::Sort::At,
        }
    }
}

struct Placed {
    columns: Vec<Column>,
    /// Attributes that are out of sight to the right.
    right: usize,
}

/// Places columns that want these widths, the attributes from `first` on. `owned`: the operator chose the width of this one.
///
/// Facts give way first; then a long value is cut to a modest width; what has no room is out of sight, but there are two
/// attributes at least, the second one cut if need be. What room is left goes to those that want more, facts included: nothing is
/// cut while room is free.
fn place(
    table: Rect,
    facts: &[(Fixed, u16); 5],
    attributes: &[Wish],
    first: usize,
    owned: impl Fn(usize) -> bool,
) -> Placed {
    let end = table.right().saturating_sub(TAIL);
    let start = table.x + MARGIN.min(table.width);
    // A few long values do not take the room of a whole column.
    let modest = |n: usize, most: u16| if owned(n) { attributes[n].most } else { attributes[n].usual.min(most) };
    // Any number of columns can be configured.
    let sum = |widths: &mut dyn Iterator<Item = u16>| widths.fold(0, |sum: u16, w| sum.saturating_add(w + GAP));
    let taken = |facts: &[(Fixed, u16)]| sum(&mut facts.iter().filter(|f| f.1 > 0).map(|f| f.1));
    let wanted = sum(&mut (first..attributes.len()).map(|n| modest(n, MODEST))).saturating_sub(GAP);
    let two = sum(&mut (first..attributes.len()).take(2).map(|n| modest(n, MODEST))).saturating_sub(GAP);
    // Where no attribute follows, no gap does.
    let fits = |facts: &[(Fixed, u16)], wanted: u16| {
        taken(facts).saturating_add(wanted) <= end.saturating_sub(start) + if wanted == 0 { GAP } else { 0 }
    };
    let natural = facts;
    let mut facts = *facts;
    let steps: [(Fixed, u16, u16); 8] = [
        (Fixed::From, MODEST, wanted),
        (Fixed::To, MODEST, wanted),
        (Fixed::Media, 0, wanted),
        (Fixed::From, NUMBER, wanted),
        (Fixed::To, QUEUE, wanted),
        (Fixed::To, SHORT_QUEUE, two),
        (Fixed::At, SHORT_QUEUE, two.min(2 * LEAST + GAP)),
        (Fixed::From, LEAST, two.min(2 * LEAST + GAP)),
    ];
    for (fixed, most, wanted) in steps {
        if !fits(&facts, wanted) {
            facts.iter_mut().filter(|f| f.0 == fixed).for_each(|f| f.1 = f.1.min(most));
        }
    }
    let room = end.saturating_sub(start).saturating_sub(taken(&facts));
    let mut widths = in_sight(attributes.len(), first, room, &modest);
    let right = attributes.len().saturating_sub(first + widths.len());
    let mut left = room.saturating_sub(sum(&mut widths.iter().copied()).saturating_sub(GAP));
    // What gave way too much gets back what it lacks, what lacks least first: so the most columns are whole.
    let shown = facts.iter().filter(|f| f.1 > 0).count();
    let lack: Vec<u16> = (facts.iter().zip(natural).filter(|(fact, _)| fact.1 > 0).map(|(fact, n)| n.1 - fact.1))
        .chain(widths.iter().enumerate().map(|(i, width)| attributes[first + i].most.saturating_sub(*width)))
        .collect();
    let more = share(&lack, left);
    left -= more.iter().sum::<u16>();
    for (fact, more) in facts.iter_mut().filter(|f| f.1 > 0).zip(&more) {
        fact.1 += more;
    }
    for (width, more) in widths.iter_mut().zip(&more[shown..]) {
        *width += more;
    }
    // A column that gave way as a whole comes back where nothing else wants the room.
    for (fact, natural) in facts.iter_mut().zip(natural).filter(|(fact, _)| fact.1 == 0) {
        if right == 0 && natural.1 + GAP <= left {
            fact.1 = natural.1;
            left -= natural.1 + GAP;
        }
    }
    let mut columns = Vec::with_capacity(facts.len() + attributes.len());
    let mut x = start;
    for (fixed, width) in facts.into_iter().filter(|f| f.1 > 0) {
        let width = width.min(end.saturating_sub(x));
        columns.push(Column { show: ColumnShows::Fact(fixed), x, width });
        x = (x + width + GAP).min(end);
    }
    for (i, width) in widths.into_iter().enumerate() {
        columns.push(Column { show: ColumnShows::Attribute(first + i), x, width });
        x += width + GAP;
    }
    Placed { columns, right }
}

/// The widths of the attributes that are in sight from `first` on, in this room. `modest`: what a number of an attribute has, where
/// none has more than so much.
fn in_sight(count: usize, first: usize, room: u16, modest: &impl Fn(usize, u16) -> u16) -> Vec<u16> {
    let with = |most: u16| {
        let mut widths: Vec<u16> = Vec::new();
        let mut left = room;
        for n in first..count {
            let width = modest(n, most);
            if width > left && (widths.len() >= 2 || left < LEAST) {
                break;
            }
            // The first leaves room for the second: half of it, where both want more than that.
            let half = (left.saturating_sub(GAP) / 2).max(LEAST);
            let second = if widths.is_empty() && n + 1 < count { modest(n + 1, most).min(half) + GAP } else { 0 };
            let width = width.min(left.saturating_sub(second).max(LEAST.min(left)));
            widths.push(width);
            left = left.saturating_sub(width + GAP);
            if left == 0 {
                break;
            }
        }
        (widths, left)
    };
    let (mut widths, mut left) = with(MODEST);
    // A column that is in sight is worth more than the end of the longest values.
    let (short, _) = with(SHORT);
    if short.len() > widths.len() {
        let most = (SHORT..MODEST).rev().find(|most| with(*most).0.len() == short.len()).unwrap_or(SHORT);
        (widths, left) = with(most);
    }
    // Half of a value says more than free cells.
    let next = first + widths.len();
    if next < count && left >= LEAST.max(modest(next, MODEST) / 2) {
        widths.push(left.min(modest(next, MODEST)));
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wishes(widths: &[u16]) -> Vec<Wish> {
        widths.iter().map(|width| Wish { most: *width, usual: *width }).collect()
    }

    fn widths(width: u16, facts: [u16; 5], attributes: &[u16], first: usize) -> (Vec<(ColumnShows, u16)>, usize) {
        let all = [Fixed::Age, Fixed::Media, Fixed::From, Fixed::To, Fixed::At];
        let facts: Vec<(Fixed, u16)> = all.into_iter().zip(facts).collect();
        let facts: [(Fixed, u16); 5] = facts.try_into().expect("five");
        let placed = place(Rect::new(0, 0, width, 10), &facts, &wishes(attributes), first, |_| false);
        (placed.columns.iter().map(|c| (c.show, c.width)).collect(), placed.right)
    }

    const FACTS: [u16; 5] = [5, 5, 15, 20, 11];

    #[test]
    fn facts_give_way_before_an_attribute_does() {
        let (columns, right) = widths(80, FACTS, &[15, 17, 8, 14], 0);
        let attributes: Vec<u16> =
            columns.iter().filter(|(show, _)| matches!(show, ColumnShows::Attribute(_))).map(|c| c.1).collect();
        assert!(attributes.len() >= 2, "{columns:?}");
        assert!(!columns.iter().any(|(show, _)| *show == ColumnShows::Fact(Fixed::Media)), "{columns:?}");
        assert_eq!(right, 4 - attributes.len());
        let (columns, right) = widths(120, FACTS, &[15, 17, 8, 14, 12, 11], 0);
        let from = columns.iter().find(|c| c.0 == ColumnShows::Fact(Fixed::From)).map(|c| c.1);
        assert!(from.is_some_and(|width| (NUMBER..15).contains(&width)), "{columns:?}");
        assert_eq!((columns.len(), right), (8, 2), "{columns:?}");
        let (columns, right) = widths(200, FACTS, &[15, 17, 8, 14, 12, 41], 0);
        assert_eq!(right, 0);
        let cut = columns.iter().zip(FACTS.iter().chain(&[15, 17, 8, 14, 12, 41])).any(|(c, want)| c.1 < *want);
        assert!(!cut, "nothing is cut while space is free: {columns:?}");
        let (columns, right) = widths(80, FACTS, &[15, 17, 8, 14], 2);
        assert_eq!(columns.last().map(|c| c.0), Some(ColumnShows::Attribute(3)));
        assert_eq!(right, 0);
    }

    /// The demo at 200 columns: a few cells more than there are, of values that are seldom that long.
    #[test]
    fn no_column_is_out_of_sight_and_no_name_is_cut_beside_free_cells() {
        let names = [5, 5, 15, 19, 11];
        let (columns, right) = widths(163, names, &[24, 17, 8, 16, 13, 11, 12], 0);
        assert_eq!((right, columns.len()), (0, 11), "all but the media: {columns:?}");
        let (columns, right) = widths(163, names, &[24, 17, 8, 16, 13, 12], 0);
        assert_eq!(right, 0);
        let width = |fixed| columns.iter().find(|c| c.0 == ColumnShows::Fact(fixed)).map_or(0, |c| c.1);
        assert!(width(Fixed::From) > NUMBER && width(Fixed::To) == 19, "the free cells go to the names: {columns:?}");
        let (columns, _) = widths(240, names, &[24, 17, 8, 16, 13, 11, 12], 0);
        let all: Vec<u16> = columns.iter().map(|c| c.1).collect();
        assert_eq!(all, [5, 5, 15, 19, 11, 24, 17, 8, 16, 13, 11, 12]);
    }

    proptest! {
        /// No cell is free while something is cut: not a fact, not an attribute, at any of the usual widths.
        #[test]
        fn nothing_is_cut_beside_free_cells(
            width in prop_oneof![Just(80u16), Just(120), Just(160), Just(200), Just(240)],
            facts in [5u16..7, 4..6, 5..60, 5..60, 5..14],
            attributes in proptest::collection::vec(6u16..=60, 1..9),
        ) {
            let (columns, right) = widths(width, facts, &attributes, 0);
            let used: u16 = columns.iter().map(|c| c.1 + GAP).sum::<u16>() - GAP + MARGIN + TAIL;
            let want = |show: ColumnShows| match show {
                ColumnShows::Attribute(n) => attributes[n],
                ColumnShows::Fact(fixed) => facts[[Fixed::Age, Fixed::Media, Fixed::From, Fixed::To, Fixed::At].iter().position(|f| *f == fixed).unwrap()],
            };
            let cut = columns.iter().any(|(show, width)| *width < want(*show));
            prop_assert!(!cut || used >= width, "{columns:?}");
            prop_assert!(right == 0 || used >= width || used + GAP + 60 > width, "{columns:?}");
        }

        /// Columns are inside, apart, in order, each wide enough to say something, and every one can be scrolled to.
        #[test]
        fn columns_are_inside_and_apart(
            width in 60u16..260,
            facts in [5u16..7, 4..6, 5..60, 5..60, 5..14],
            attributes in proptest::collection::vec(6u16..=60, 0..12),
        ) {
            let all = [Fixed::Age, Fixed::Media, Fixed::From, Fixed::To, Fixed::At];
            let facts: Vec<(Fixed, u16)> = all.into_iter().zip(facts).collect();
            let facts: [(Fixed, u16); 5] = facts.try_into().expect("five");
            for first in 0..attributes.len().max(1) {
                let placed = place(Rect::new(0, 0, width, 10), &facts, &wishes(&attributes), first, |_| false);
                let shown = placed.columns.iter().filter(|c| matches!(c.show, ColumnShows::Attribute(_))).count();
                prop_assert!(shown >= 2.min(attributes.len() - first.min(attributes.len())), "{:?}", placed.columns);
                prop_assert_eq!(first + shown + placed.right, attributes.len().max(first));
                for pair in placed.columns.windows(2) {
                    prop_assert!(pair[0].x + pair[0].width < pair[1].x, "{:?}", placed.columns);
                }
                for column in &placed.columns {
                    prop_assert!(column.width >= 4 && column.x + column.width <= width, "{:?}", placed.columns);
                }
            }
        }
    }
}
