//! When a fault holds.

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum When {
    Always,
    Once(i64),
    Between(i64, i64),
    Every(i64, i64),
}

impl When {
    pub(super) fn covers(self, at: i64) -> bool {
        match self {
            When::Always => true,
            When::Once(from) | When::Every(from, _) => at >= from,
            When::Between(from, to) => (from..to).contains(&at),
        }
    }

    /// The first moment after `after` at which an event happens.
    pub(super) fn next(self, after: i64) -> Option<i64> {
        match self {
            When::Always => (after < 1000).then_some(1000),
            When::Once(at) | When::Between(at, _) => (after < at).then_some(at),
            When::Every(from, _) if after < from => Some(from),
            When::Every(from, period) => Some(from + ((after - from) / period + 1) * period),
        }
    }
}
