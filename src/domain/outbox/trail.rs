//! What each key of a participant was seen to hold, in order of sight: by it a read that is older than what was seen
//! already is recognised.
//!
//! The platform promises no read consistency (api-facts 3.4): an answer may show less than an event that came before the
//! request left. Built on such a read, a merged PATCH would put an older value back over one that the operator has on the
//! screen. So a read that disagrees with what was seen a moment ago is read again, until it agrees or has said the same
//! for [`PATIENCE`].

use super::types::ByKey;
pub(super) use crate::domain::suspect::PATIENCE;
use crate::domain::{
    DisbelievedValue, History, Key, ParticipantId, Source, Value, ValueRef,
    suspect::{LONGEST, may_be_older},
};
use compact_str::CompactString;
use rustc_hash::FxHashMap;
use std::time::Duration;

/// What reads in a row have shown for this long against the stream may have been there: should our map replace it, it is reported.
const ROW: Duration = Duration::from_secs(1);
/// How many earlier values of a key are remembered.
const EARLIER: usize = 16;

/// How a read compares with what was seen before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It may be taken for what is there.
    Fresh,
    /// It shows older values, or may: read again.
    Older,
    /// It agrees with what was seen last, but of these keys that may be as old as the read: read again.
    Doubtful(Vec<Key>),
    /// Of these keys so did every read for [`PATIENCE`], though the stream had shown newer values: this is what is there, as far
    /// as reads can tell.
    Stubborn(Vec<Key>),
}

/// A key of a read that holds something else than what was seen last, or the same where that is doubtful.
pub(super) struct Contradiction<'a> {
    pub key: &'a str,
    /// What the read shows; `None`: absent.
    pub value: Option<&'a Value>,
    /// When the value seen last was first seen; where that is doubtful, when something was that speaks against it.
    pub since: Duration,
    /// The value was never seen before.
    pub is_new: bool,
    /// It is what was seen last.
    pub agrees: bool,
    /// Nothing speaks against it but that the stream told the other value again.
    pub is_retold: bool,
}

#[derive(Clone, Debug, Default)]
struct Steps {
    earlier: Vec<Option<Value>>,
    /// Values that were not there at first, and when each was first seen.
    firsts: Vec<(Value, Duration)>,
    /// Earlier values in whose place another one was when all keys were told, and when that first was since they were seen.
    lefts: Vec<(Value, Duration)>,
    newest: Option<Value>,
    /// What reads showed that were not believed, since the newest value was seen.
    hinted: Vec<Option<Value>>,
    /// How many of these, from the first on, a later read did not bear out: it agreed with the newest value.
    refuted: usize,
    /// When the newest value was first seen; `None` when that was before anybody looked.
    since: Option<Duration>,
    /// When the stream last told it, or told all and it was not there.
    told: Option<Duration>,
    /// A read showed it, not the stream.
    by_read: bool,
    /// What showed it first told all keys: what was seen later of others was not there yet.
    in_whole: bool,
    /// Since when the newest value may not be the newest: it came in an event that may be late, as the key had held it before, or a
    /// read that was asked for then showed something never seen. A read that agrees with it may be as old; one that is asked for
    /// [`PATIENCE`] later is not.
    doubt: Option<Duration>,
    /// When the first read in a row was asked for that shows something else.
    against: Option<Duration>,
    /// When the last read was asked for that shows something else, whatever others showed in between.
    denied: Option<Duration>,
}

/// The steps of every key of one participant.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    keys: ByKey<Steps>,
    /// When the first of several reads was asked for that were not trusted.
    distrust: Option<Duration>,
}

impl Trail {
    /// Knows nothing yet.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes over what the board knows: what is there, how it came to be, and when the stream last told all of it. What reads showed that it did not believe, and was never
    /// seen before, may be newer than what agrees with the stream.
    pub(super) fn seed<'a>(
        &mut self,
        participant: &ParticipantId,
        there: impl Iterator<Item = (&'a Key, ValueRef<'a>)>,
        history: &History,
        told: Option<Duration>,
        disbelieved: &[DisbelievedValue],
    ) {
        for step in history.iter().filter(|step| step.participant == *participant) {
            let steps = self.keys.entry(step.key.clone()).or_default();
            // A read that took a value back so soon was an old one, or the event before it was late.
            let soon = steps.since.is_some_and(|since| step.at.mono < since + PATIENCE);
            if step.source == Source::Read && soon && steps.earlier.contains(&step.new) {
                steps.doubt = Some(step.at.mono);
                continue;
            }
            if steps.since.is_none() {
                steps.newest.clone_from(&step.old);
            }
            steps.note(step.new.clone(), step.at.mono, step.source);
        }
        for (key, value) in there {
            if !self.keys.contains_key(key) {
                self.keys.insert(key.clone(), Steps::first(value));
            }
        }
        for steps in self.keys.values_mut() {
            steps.told = told;
            if let Some(told) = told.filter(|told| steps.since.is_none_or(|since| since <= *told)) {
                steps.told_whole(told);
            }
        }
        for DisbelievedValue { key, value, asked, again, .. } in
            disbelieved.iter().filter(|d| d.participant == *participant)
        {
            let steps = self.keys.entry(key.clone()).or_default();
            // One old read is no sign; one that shows what was never seen is, and so are several that show what had just come when it
            // was replaced: of two messages so close together the last may be the late one.
            let was_young =
                steps.first_seen(value).zip(steps.since).is_some_and(|(first, since)| since < first + PATIENCE);
            if steps.newest.as_ref() != Some(value) && (steps.is_new(value) || (*again && was_young)) {
                steps.hint(Some(value));
                steps.doubt = steps.doubt.max(Some(*asked));
            }
        }
    }

    /// The stream shows that a key holds this value.
    pub(super) fn note(&mut self, key: &Key, value: Option<&Value>, at: Duration, by: Source) {
        self.keys.entry(key.clone()).or_default().note(value.cloned(), at, by);
    }

    /// The stream shows that the keys for which this holds are not there.
    pub(super) fn note_gone(&mut self, is_gone: impl Fn(&str) -> bool, at: Duration) {
        for (_, steps) in self.keys.iter_mut().filter(|(key, _)| is_gone(key.as_str())) {
            steps.note(None, at, Source::Stream);
        }
    }

    /// The stream is not observed from now on: what it told last may have been replaced unseen, and what reads say for [`PATIENCE`] is so.
    pub(super) fn lost_sight(&mut self) {
        self.keys.values_mut().for_each(|steps| steps.by_read = true);
    }

    /// What was seen last of this key may not be the newest.
    pub(super) fn is_doubtful(&self, key: &Key) -> bool {
        self.keys.get(key).is_some_and(|steps| steps.doubt.is_some())
    }

    /// What a key is known to have held, as far as that is remembered.
    pub(super) fn held(&self, key: &Key) -> impl Iterator<Item = &Option<Value>> {
        self.keys.get(key).into_iter().flat_map(|steps| steps.earlier.iter().chain([&steps.newest]))
    }

    /// What of this map, asked for at `asked`, is not known to be earlier than what was seen last: no read is older than [`PATIENCE`], as
    /// far as anybody can tell, and what several have shown in a row for [`ROW`] is likely to have been there.
    pub(super) fn not_earlier(&self, map: &[(CompactString, Value)], asked: Duration) -> Vec<(CompactString, Value)> {
        let after = self.is_after(map);
        let is_past = |from: Option<Duration>, pause| from.is_some_and(|from| asked >= from + pause);
        let is_likely = |steps: &Steps| is_past(steps.since.max(steps.told), PATIENCE) || is_past(steps.against, ROW);
        // What has something that was never seen may be newer in all of it.
        let is_news = |key: &str, value| {
            self.keys.get(key).is_none_or(|steps| steps.newest.as_ref() != Some(value) && steps.is_new(value))
        };
        let has_news = map.iter().any(|(key, value)| is_news(key, value));
        let is_newer = |key: &str| self.keys.get(key).is_some_and(|s| has_news || s.is_before(after) || is_likely(s));
        // The map has something that came after this had been replaced: it is there again.
        let is_back = |key: &str, value| self.keys.get(key).is_some_and(|steps| steps.had_left(value, after));
        let is_news = |key: &str, value| is_newer(key) || is_back(key, value) || !self.is_earlier(key, value);
        map.iter().filter(|(key, value)| is_news(key, value)).cloned().collect()
    }

    /// What was seen for the first time so shortly before a read was asked for at `asked` that the read may be from before that.
    pub(super) fn may_be_newer_than(&self, asked: Duration) -> Vec<(&str, &Value)> {
        let firsts = self.keys.iter().flat_map(|(key, steps)| steps.firsts.iter().map(move |first| (key, first)));
        let soon = firsts.filter(|(_, (_, at))| asked < *at + PATIENCE);
        soon.map(|(key, (value, _))| (key.as_str(), value)).collect()
    }

    /// The key is known to have held this value before what was seen last.
    pub(super) fn is_earlier(&self, key: &str, value: &Value) -> bool {
        self.keys.get(key).is_some_and(|steps| steps.newest.as_ref() != Some(value) && !steps.is_new(value))
    }

    /// When the last of what this map has was first seen. The map is from after that, and so from after everything that was there
    /// before it.
    fn is_after(&self, map: &[(CompactString, Value)]) -> Option<Duration> {
        let of = |(key, value): &(CompactString, Value)| self.keys.get(key.as_str())?.first_seen(value);
        map.iter().filter_map(of).max()
    }

    /// Judges a map that was asked for at `asked`. `explained` says which values only an edit of ours can have brought.
    pub(super) fn judge(
        &mut self,
        map: &[(CompactString, Value)],
        asked: Duration,
        explained: impl Fn(&Contradiction<'_>) -> bool,
    ) -> Trust {
        let there: FxHashMap<&str, &Value> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
        if self.keys.is_empty() {
            // The first sight of it is no change.
            self.keys.extend(map.iter().map(|(key, value)| (Key::new(key.as_str()), Steps::first(value.into()))));
            return Trust::Fresh;
        }
        let after = self.is_after(map);
        let (mut is_older, mut doubtful, mut told) = (false, Vec::new(), Vec::new());
        for (key, steps) in &mut self.keys {
            let value = there.get(key.as_str()).copied();
            if steps.newest.as_ref() == value {
                steps.against = None;
                steps.refuted = steps.hinted.len();
                let since = steps.since.max(steps.doubt).unwrap_or_default();
                let agrees =
                    Contradiction { key: key.as_str(), value, since, is_new: false, agrees: true, is_retold: false };
                steps.doubt = steps.doubt.filter(|doubt| asked < *doubt + PATIENCE && !explained(&agrees));
                if steps.doubt.is_some() {
                    doubtful.push(key.clone());
                }
                continue;
            }
            let is_new = value.is_some_and(|v| steps.is_new(v));
            let of =
                |since, is_retold| Contradiction { key: key.as_str(), value, since, is_new, agrees: false, is_retold };
            let Some(since) = steps.newer_since(value, asked).filter(|_| !steps.is_before(after)) else {
                let retold = steps.told.filter(|told| !steps.is_before(after) && may_be_older(*told, asked, false));
                if retold.is_some_and(|told| !explained(&of(told, true))) {
                    is_older |= steps.deny(value, asked);
                }
                // Should other keys make this read one to be doubted, the next one must not take this back.
                if is_new || steps.is_before(after) {
                    steps.doubt = Some(asked);
                }
                continue;
            };
            if explained(&of(since, false)) {
                continue;
            }
            is_older |= steps.deny(value, asked);
            if !steps.by_read {
                told.push(key.clone());
            }
        }
        if (is_older || !doubtful.is_empty()) && asked < *self.distrust.get_or_insert(asked) + LONGEST {
            for (key, _) in map.iter().filter(|(key, _)| !self.keys.contains_key(key.as_str())).collect::<Vec<_>>() {
                // Not there as far as the stream tells.
                self.keys.insert(Key::new(key.as_str()), Steps { doubt: Some(asked), ..Steps::default() });
            }
            self.keys.iter_mut().for_each(|(key, steps)| steps.hint(there.get(key.as_str()).copied()));
            return if is_older { Trust::Older } else { Trust::Doubtful(doubtful) };
        }
        self.distrust = None;
        for (key, steps) in &mut self.keys {
            steps.note(there.get(key.as_str()).copied().cloned(), asked, Source::Read);
        }
        for (key, value) in map {
            if !self.keys.contains_key(key.as_str()) {
                self.keys.entry(Key::new(key.as_str())).or_default().note(Some(value.clone()), asked, Source::Read);
            }
        }
        if told.is_empty() { Trust::Fresh } else { Trust::Stubborn(told) }
    }
}

impl Steps {
    /// It was there when somebody looked first.
    fn first(value: ValueRef<'_>) -> Self {
        Self { newest: Some(value.to_value()), ..Self::default() }
    }

    fn note(&mut self, value: Option<Value>, at: Duration, by: Source) {
        let by_read = by == Source::Read;
        if !by_read {
            self.told = Some(at);
        }
        if self.newest == value {
            self.by_read &= by_read;
            if by == Source::Stream {
                self.told_whole(at);
            }
            return;
        }
        let came_and_went = self.hinted[..self.refuted].contains(&value);
        self.doubt = (!by_read && (came_and_went || self.earlier.contains(&value))).then_some(at);
        (self.against, self.denied) = (None, None);
        if let Some(value) = &value
            && self.firsts.len() < EARLIER
            && ![&self.earlier, &self.hinted].into_iter().flatten().flatten().any(|known| known == value)
        {
            self.firsts.push((value.clone(), at));
        }
        let before = std::mem::replace(&mut self.newest, value);
        self.in_whole = matches!(by, Source::Stream | Source::Read);
        self.lefts.retain(|(left, _)| Some(left) != before.as_ref());
        // What such a read showed was there, before what is seen now as far as anybody can tell: the next time it may be a late event.
        let hinted = std::mem::take(&mut self.hinted);
        self.refuted = 0;
        for value in std::iter::once(before).chain(hinted) {
            if value != self.newest && !self.earlier.contains(&value) {
                if self.earlier.len() == EARLIER {
                    let forgotten = self.earlier.remove(0);
                    self.lefts.retain(|(left, _)| Some(left) != forgotten.as_ref());
                }
                self.earlier.push(value);
            }
        }
        (self.since, self.by_read) = (Some(at), by_read);
        if self.in_whole {
            self.told_whole(at);
        }
    }

    /// All keys were told, and this one had the newest value: the earlier ones had been replaced.
    fn told_whole(&mut self, at: Duration) {
        for value in self.earlier.iter().flatten() {
            if !self.lefts.iter().any(|(left, _)| left == value) {
                self.lefts.push((value.clone(), at));
            }
        }
    }

    /// A read showed this, which is not believed.
    fn hint(&mut self, value: Option<&Value>) {
        let is_known =
            [&self.earlier, &self.hinted].into_iter().flatten().chain([&self.newest]).any(|v| v.as_ref() == value);
        if !is_known && self.hinted.len() < EARLIER {
            self.hinted.push(value.cloned());
        }
    }

    /// A read shows something else. True while it is to be made again.
    fn deny(&mut self, value: Option<&Value>, asked: Duration) -> bool {
        // One old read is no sign; one that shows what was never seen is, and so are several within a short time: those that
        // agree in between may be the old ones.
        let again = self.denied.replace(asked).is_some_and(|denied| asked < denied + PATIENCE);
        if self.against.is_some() || again || !self.earlier.iter().any(|v| v.as_ref() == value) {
            self.doubt = Some(asked);
        }
        asked < *self.against.get_or_insert(asked) + PATIENCE
    }

    /// What is seen now was there before what was first seen at `after`.
    fn is_before(&self, after: Option<Duration>) -> bool {
        self.in_whole && self.since.zip(after).is_some_and(|(since, after)| since < after)
    }

    /// Another value was there before what was first seen at `after`.
    fn had_left(&self, value: &Value, after: Option<Duration>) -> bool {
        self.lefts.iter().any(|(left, at)| left == value && after.is_some_and(|after| *at < after))
    }

    /// When this value was seen for the first time; `None` if it may have been there before: from the start, or as what came in a late
    /// message.
    fn first_seen(&self, value: &Value) -> Option<Duration> {
        if self.doubt.is_some() && self.newest.as_ref() == Some(value) {
            return None;
        }
        self.firsts.iter().find(|(first, _)| first == value).map(|(_, at)| *at)
    }

    /// Never seen before.
    fn is_new(&self, value: &Value) -> bool {
        !self.earlier.iter().any(|v| v.as_ref() == Some(value))
    }

    /// Since when something is seen that is newer than this value of a read, or may be.
    fn newer_since(&self, value: Option<&Value>, asked: Duration) -> Option<Duration> {
        let since = self.since.filter(|_| self.newest.as_ref() != value)?;
        let known = self.earlier.iter().any(|v| v.as_ref() == value) || value.is_none();
        may_be_older(since, asked, known).then_some(since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn map(pairs: &[(&str, &str)]) -> Vec<(CompactString, Value)> {
        pairs.iter().map(|(k, v)| ((*k).into(), Value::from(*v))).collect()
    }

    fn trail(steps: &[(&str, Option<&str>, u64)]) -> Trail {
        let mut trail = Trail::default();
        for (key, value, at) in steps {
            trail.note(&Key::from(*key), value.map(Value::from).as_ref(), s(*at), Source::Stream);
        }
        trail
    }

    fn judge(trail: &mut Trail, pairs: &[(&str, &str)], asked: u64) -> Trust {
        trail.judge(&map(pairs), s(asked), |_| false)
    }

    #[test]
    fn what_was_seen_before_is_older_and_what_was_never_seen_is_newer() {
        let steps = [("k", Some("a"), 0), ("k", Some("b"), 10)];
        assert_eq!(judge(&mut trail(&steps), &[("k", "a")], 20), Trust::Older);
        assert_eq!(judge(&mut trail(&steps), &[("k", "c")], 20), Trust::Fresh);
        assert_eq!(judge(&mut trail(&steps), &[("k", "c")], 11), Trust::Older, "so soon it may be either");
        assert_eq!(judge(&mut trail(&steps), &[("k", "b"), ("n", "1")], 11), Trust::Fresh);
        assert_eq!(judge(&mut trail(&steps), &[("k", "a")], 60), Trust::Fresh, "set back long since");
    }

    #[test]
    fn a_key_that_was_seen_and_is_not_in_the_read_is_looked_for_again() {
        let mut trail = trail(&[("k", Some("a"), 10)]);
        assert_eq!(judge(&mut trail, &[], 20), Trust::Older);
        assert_eq!(judge(&mut trail, &[], 22), Trust::Older);
        assert_eq!(judge(&mut trail, &[], 23), Trust::Stubborn(vec!["k".into()]));
        assert_eq!(judge(&mut trail, &[], 24), Trust::Fresh, "what reads say again and again is so");
    }

    #[test]
    fn an_event_that_brings_an_earlier_value_back_may_be_as_late_as_the_read_that_agrees_with_it() {
        let mut trail = trail(&[("k", Some("a"), 0), ("k", Some("b"), 10), ("k", Some("a"), 11)]);
        assert_eq!(judge(&mut trail, &[("k", "a")], 12), Trust::Doubtful(vec!["k".into()]));
        assert_eq!(judge(&mut trail, &[("k", "a")], 14), Trust::Fresh, "no read is so old");
        assert_eq!(judge(&mut trail, &[("k", "a")], 14), Trust::Fresh);
    }

    #[test]
    fn a_read_that_agrees_does_not_decide_between_the_stream_and_another_read() {
        let mut trail = trail(&[("k", Some("a"), 0), ("k", Some("b"), 10)]);
        assert_eq!(judge(&mut trail, &[("k", "c")], 11), Trust::Older);
        assert_eq!(judge(&mut trail, &[("k", "b")], 12), Trust::Doubtful(vec!["k".into()]));
        assert_eq!(judge(&mut trail, &[("k", "b")], 14), Trust::Fresh);
        trail.note(&Key::from("k"), Some(&Value::from("d")), s(20), Source::Stream);
        assert_eq!(judge(&mut trail, &[("k", "b")], 21), Trust::Older);
        assert_eq!(
            judge(&mut trail, &[("k", "d")], 21),
            Trust::Fresh,
            "a read that showed what is known to be earlier is no sign"
        );
    }

    /// Nothing was seen of `k` for long, or never; the reads that show its new value decide nothing because of `n`.
    #[test]
    fn what_a_doubted_read_showed_is_not_taken_back_by_an_older_one() {
        let steps = [("k", Some("a"), 0), ("n", Some("a"), 0), ("n", Some("b"), 10), ("n", Some("a"), 11)];
        for key in ["k", "new"] {
            let mut trail = trail(&steps);
            let (before, after) = ([("k", "a"), ("n", "a")], [("k", "a"), ("n", "a"), ("new", "c")]);
            let after = if key == "k" { vec![("k", "c"), ("n", "a")] } else { after.to_vec() };
            assert_eq!(judge(&mut trail, &after, 13), Trust::Doubtful(vec!["n".into()]));
            assert_eq!(judge(&mut trail, &before, 14), Trust::Doubtful(vec![key.into()]));
            assert_eq!(judge(&mut trail, &after, 15), Trust::Fresh, "what was never seen is newer");
        }
    }

    /// The event that brings it back may be late, and the read that agrees with that an old one.
    #[test]
    fn what_a_doubted_read_showed_before_the_stream_went_on_is_earlier() {
        let steps = [("k", Some("a"), 0), ("n", Some("a"), 0), ("n", Some("b"), 10), ("n", Some("a"), 11)];
        let both = |k| [("k", k), ("n", "a")];
        let mut seen = trail(&steps);
        assert_eq!(judge(&mut seen, &both("b"), 12), Trust::Doubtful(vec!["n".into()]));
        seen.note(&Key::from("k"), Some(&Value::from("b")), s(13), Source::Stream);
        assert_eq!(judge(&mut seen, &both("b"), 17), Trust::Fresh, "the stream went on to it");
        let mut seen = trail(&steps);
        assert_eq!(judge(&mut seen, &both("b"), 12), Trust::Doubtful(vec!["n".into()]));
        for (value, at) in [("c", 13), ("b", 17)] {
            seen.note(&Key::from("k"), Some(&Value::from(value)), s(at), Source::Stream);
        }
        assert_eq!(judge(&mut seen, &both("b"), 18), Trust::Doubtful(vec!["k".into()]));
        assert_eq!(judge(&mut seen, &both("c"), 19), Trust::Older);
        assert_eq!(judge(&mut seen, &both("b"), 23), Trust::Fresh);
    }

    /// The stream has told `k` a moment ago, and nobody has seen it change: the reads that lack it may be the newer ones.
    #[test]
    fn what_reads_lack_that_the_stream_told_a_moment_ago_is_not_there_again_by_one_that_agrees() {
        let mut trail = Trail::default();
        trail.keys.insert("k".into(), Steps { told: Some(s(10)), ..Steps::first((&Value::from("a")).into()) });
        assert_eq!(judge(&mut trail, &[], 11), Trust::Older);
        assert_eq!(judge(&mut trail, &[("k", "a")], 12), Trust::Doubtful(vec!["k".into()]));
        assert_eq!(judge(&mut trail, &[], 13), Trust::Fresh, "it was told longer ago than reads are old");
    }

    /// A read that came between told that it was gone again, or was older than both.
    #[test]
    fn what_a_read_showed_and_the_next_one_did_not_is_doubtful_when_the_stream_tells_it() {
        let steps = [("k", Some("a"), 0), ("n", Some("a"), 0), ("n", Some("b"), 10), ("n", Some("a"), 11)];
        let both = |k| [("k", k), ("n", "a")];
        let mut seen = trail(&steps);
        assert_eq!(judge(&mut seen, &both("b"), 12), Trust::Doubtful(vec!["n".into()]));
        assert_eq!(judge(&mut seen, &both("a"), 13), Trust::Doubtful(vec!["k".into(), "n".into()]));
        seen.note(&Key::from("k"), Some(&Value::from("b")), s(14), Source::Stream);
        assert_eq!(judge(&mut seen, &both("b"), 15), Trust::Doubtful(vec!["k".into()]));
        assert_eq!(judge(&mut seen, &both("a"), 16), Trust::Older);
        assert_eq!(judge(&mut seen, &both("b"), 19), Trust::Fresh);
    }

    /// `n` became `b` after the stream had shown `k` as `b`, so a read that has the one is no older than the other.
    #[test]
    fn a_read_that_shows_something_first_seen_later_is_no_older_than_what_was_seen_before() {
        let steps = [("k", Some("a"), 0), ("n", Some("a"), 0), ("k", Some("b"), 10), ("n", Some("b"), 11)];
        let both = |n| [("k", "a"), ("n", n)];
        assert_eq!(judge(&mut trail(&steps), &both("b"), 12), Trust::Fresh);
        assert_eq!(judge(&mut trail(&steps), &both("a"), 12), Trust::Older);
        let mut late = trail(&steps);
        late.note(&Key::from("n"), Some(&Value::from("a")), s(12), Source::Stream);
        assert_eq!(judge(&mut late, &both("b"), 13), Trust::Older, "n may be older");
        assert_eq!(late.not_earlier(&map(&both("b")), s(13)), map(&[("k", "a")]), "k is not, all the same");
        let mut alone = trail(&steps[..2]);
        for (key, at) in [("k", 10), ("n", 11)] {
            alone.note(&Key::from(key), Some(&Value::from("b")), s(at), Source::Event);
        }
        assert_eq!(judge(&mut alone, &both("b"), 12), Trust::Older, "an event of one key tells nothing of others");
        let mut back = trail(&[("n", Some("b"), 0), ("n", Some("a"), 5), ("k", Some("a"), 0), ("k", Some("b"), 10)]);
        back.note(&Key::from("n"), Some(&Value::from("b")), s(11), Source::Stream);
        assert_eq!(judge(&mut back, &both("b"), 12), Trust::Older, "n held it before");
    }

    /// `n` was seen to be `c` last, and reads deny it: that may have been a late message, so a read that has it may be from before `k`
    /// became `b`.
    #[test]
    fn a_value_that_may_be_an_old_one_dates_no_read() {
        let steps = [("k", Some("a"), 0), ("n", Some("a"), 0), ("k", Some("b"), 10), ("n", Some("b"), 10)];
        let mut trail = trail(&steps);
        trail.note(&Key::from("n"), Some(&Value::from("c")), s(11), Source::Stream);
        for asked in [12, 13] {
            assert_eq!(judge(&mut trail, &[("k", "b"), ("n", "b")], asked), Trust::Older);
        }
        assert_eq!(judge(&mut trail, &[("k", "a"), ("n", "c")], 13), Trust::Older);
    }

    /// `k` was `b` before `n` became `b`: a read that has that, and `k` as it was at first, shows that it is so again, whatever came between.
    #[test]
    fn what_was_replaced_before_something_else_of_the_read_came_is_there_again() {
        for (by, back) in [(Source::Stream, true), (Source::Event, false)] {
            let mut trail = trail(&[("k", Some("a"), 0), ("n", Some("a"), 0)]);
            for (key, value, at) in [("k", "b", 5), ("n", "b", 9), ("k", "c", 10)] {
                trail.note(&Key::from(key), Some(&Value::from(value)), s(at), by);
            }
            let read = map(&[("k", "a"), ("n", "b")]);
            assert_eq!(trail.not_earlier(&read, s(11)).contains(&read[0]), back);
        }
        let mut told = trail(&[("k", Some("a"), 0), ("n", Some("a"), 0)]);
        told.note(&Key::from("k"), Some(&Value::from("b")), s(5), Source::Event);
        for (value, at) in [("a", 6), ("b", 9)] {
            told.note(&Key::from("k"), Some(&Value::from("b")), s(at), Source::Stream);
            told.note(&Key::from("n"), Some(&Value::from(value)), s(at), Source::Stream);
        }
        let read = map(&[("k", "a"), ("n", "b")]);
        assert_eq!(told.not_earlier(&read, s(10)), read, "an event told it first, and then all keys were told");
    }

    /// The first read is from after `k` became `b`, as it has `n` as `b`, so `k` was replaced; it is doubted for `n`.
    #[test]
    fn what_a_doubted_read_showed_as_replaced_is_not_taken_back_by_an_older_one() {
        let steps =
            [("k", Some("a"), 0), ("n", Some("a"), 0), ("k", Some("b"), 5), ("n", Some("b"), 9), ("n", Some("a"), 10)];
        let mut trail = trail(&steps);
        assert_eq!(judge(&mut trail, &[("k", "a"), ("n", "b")], 11), Trust::Older);
        assert_eq!(judge(&mut trail, &[("k", "b"), ("n", "a")], 12), Trust::Doubtful(vec!["k".into(), "n".into()]));
    }

    #[test]
    fn our_write_explains_nothing_that_a_read_showed_after_it() {
        let seen = |c: &Contradiction<'_>| c.agrees && c.since <= s(10);
        let mut trail = trail(&[("k", Some("a"), 0), ("k", Some("b"), 10)]);
        assert_eq!(trail.judge(&map(&[("k", "c")]), s(11), seen), Trust::Older);
        assert_eq!(trail.judge(&map(&[("k", "b")]), s(12), seen), Trust::Doubtful(vec!["k".into()]));
    }

    #[test]
    fn what_the_stream_says_again_is_told_and_each_key_has_its_own_patience() {
        let mut trail = trail(&[("k", Some("a"), 0), ("n", Some("a"), 0), ("k", Some("b"), 10)]);
        assert_eq!(judge(&mut trail, &[("k", "a"), ("n", "a")], 20), Trust::Older);
        trail.note(&Key::from("n"), Some(&Value::from("b")), s(22), Source::Stream);
        assert_eq!(
            judge(&mut trail, &[("k", "b"), ("n", "a")], 23),
            Trust::Older,
            "n has not been asked for long enough"
        );
        assert_eq!(judge(&mut trail, &[("k", "b"), ("n", "a")], 26), Trust::Stubborn(vec!["n".into()]));
    }

    #[test]
    fn our_own_new_value_is_newer_than_what_was_seen_before_it() {
        let mut trail = trail(&[("k", Some("a"), 10)]);
        let ours = |c: &Contradiction<'_>| c.is_new && c.value == Some(&Value::from("ours"));
        assert_eq!(trail.judge(&map(&[("k", "ours")]), s(11), ours), Trust::Fresh);
        assert_eq!(trail.judge(&map(&[("k", "a")]), s(12), ours), Trust::Older);
    }
}
