//! Calls and keys of a flow's newest version and of the one before.

use rustc_hash::{FxHashMap, FxHashSet};

/// A key and the purpose of the participant that carries it.
pub(super) type OnWhom = (String, String);

/// The counts of one version, by key and purpose.
#[derive(Clone, Debug, Default)]
pub(super) struct CountedVersion {
    pub(super) version: String,
    /// Start of its first call, in milliseconds since 1970.
    pub(super) began: i64,
    pub(super) calls: u64,
    pub(super) present: FxHashMap<OnWhom, u64>,
}

impl CountedVersion {
    pub(super) fn count(&mut self, there: &FxHashSet<OnWhom>) {
        self.calls += 1;
        for key in there {
            *self.present.entry(key.clone()).or_default() += 1;
        }
    }
}

/// The version that calls run now, and the one before.
#[derive(Clone, Debug, Default)]
pub(super) struct Versions {
    pub(super) now: CountedVersion,
    pub(super) before: CountedVersion,
}

/// What a call means for the versions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum VersionNews {
    /// It ran the version now.
    Now,
    /// It is the first of a new version.
    New,
    /// It ran the version before, for which it counts and which it does not bring back.
    Late,
}

impl Versions {
    pub(super) fn count(&mut self, version: &str, there: &FxHashSet<OnWhom>, started: i64) -> VersionNews {
        let mut counted = VersionNews::Now;
        if self.now.version != version {
            if self.before.version == version {
                self.before.count(there);
                return VersionNews::Late;
            }
            let new = CountedVersion { version: version.to_owned(), began: started, ..CountedVersion::default() };
            if started < self.now.began {
                // The first of the version before that ends, after one of the version now has.
                if started >= self.before.began {
                    self.before = new;
                    self.before.count(there);
                }
                return VersionNews::Late;
            }
            self.before = std::mem::replace(&mut self.now, new);
            counted = VersionNews::New;
        }
        self.now.began = self.now.began.min(started);
        self.now.count(there);
        counted
    }
}
