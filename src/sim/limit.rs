//! The rate limit: so many requests a minute for each token (api-facts section 5).

use std::collections::HashMap;

/// Length of the window in ms.
const WINDOW_MS: i64 = 60_000;

/// What the limiter says of one request; the figures become headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Requests in this window, this one included.
    pub count: u32,
    /// Requests allowed in a window.
    pub allowed: u32,
    /// Seconds until the window ends.
    pub reset_s: i64,
}

impl Spent {
    /// Whether the request is one too many.
    pub fn exceeded(&self) -> bool {
        self.count > self.allowed
    }
}

/// Counts requests by token in windows of a minute.
pub struct Limiter {
    allowed: u32,
    windows: HashMap<String, (i64, u32)>,
}

impl Limiter {
    /// `allowed` requests a minute.
    pub fn new(allowed: u32) -> Self {
        Self { allowed, windows: HashMap::new() }
    }

    /// Changes the limit.
    pub fn set_allowed(&mut self, allowed: u32) {
        self.allowed = allowed;
    }

    /// What is said to a request that counts for no token.
    pub fn uncounted(&self) -> Spent {
        Spent { count: 0, allowed: self.allowed, reset_s: WINDOW_MS / 1000 }
    }

    /// Counts a request at `at`, ms.
    pub fn spend(&mut self, token: &str, at: i64) -> Spent {
        if self.windows.len() > 1000 {
            self.windows.retain(|_, (start, _)| *start + WINDOW_MS > at);
        }
        let (start, count) = self.windows.entry(token.to_owned()).or_insert((at, 0));
        if *start + WINDOW_MS <= at {
            (*start, *count) = (at, 0);
        }
        *count = count.saturating_add(1);
        let left = *start + WINDOW_MS - at;
        Spent { count: *count, allowed: self.allowed, reset_s: (left + 999) / 1000 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_token_and_window() {
        let mut limiter = Limiter::new(2);
        assert!(!limiter.spend("a", 0).exceeded());
        assert!(!limiter.spend("a", 1).exceeded());
        let spent = limiter.spend("a", 30_000);
        assert!(spent.exceeded());
        assert_eq!(spent.reset_s, 30);
        assert!(!limiter.spend("b", 30_000).exceeded());
        assert!(!limiter.spend("a", 60_000).exceeded());
    }
}
