//! What has to be true at the end of a history.

use super::{
    Asked, BoardValue, LAG, PARTS, SETTLE, ShownVersion, World,
    server::{ServerChange, Who, part_of},
};
use crate::domain::{
    Change, JsonKind, Value,
    outbox::{
        Cell, EditState, EditView, JournalEdit, NonText, PatchRequest, Semantics, WriteId, WriteOutcome, WriteReport,
    },
};
use compact_str::CompactString;

impl World {
    pub(super) fn check(&self) {
        // The board equals the server.
        let conversation = &self.board.get("c").unwrap().conversation;
        for (part, map) in self.server.maps.iter().enumerate() {
            let known = conversation.participant(PARTS[part]).unwrap();
            for (key, value) in map {
                assert_eq!(known.attributes.get(key).map(|a| a.value), Some(value.into()), "board: p{part} {key}");
            }
            assert_eq!(known.attributes.len(), map.len(), "board: p{part} has keys that the server has not");
        }
        let learned = self.outbox.semantics();
        let right = if self.server.replaces { Semantics::Replaces } else { Semantics::Merges };
        let unknowable = learned == Semantics::Merges && self.put_back();
        assert!(learned == Semantics::Unknown || learned == right || unknowable, "{learned:?}, learned from nothing");
        assert!(self.outbox.is_quiet(), "nothing is left on its way");
        assert!(self.reads < 200, "{} reads", self.reads);
        for (index, Asked { cell, text }) in self.asked.iter().enumerate() {
            let newest = !self.asked[index + 1..].iter().any(|later| later.cell == *cell);
            if newest {
                self.check_text(cell, text);
            }
        }
        for (write, part, key, mine) in &self.seen {
            let sent = self.sent.iter().filter(|(w, _, _)| w == write).map(|(_, at, _)| *at).min().unwrap();
            let mut here = self.server.events.iter().filter(|e| e.part == *part && e.key == key.as_str());
            let after = here.clone().any(|e| e.time >= sent && e.new.as_ref() == Some(mine));
            let before = here.rfind(|e| e.time < sent).is_some_and(|e| e.new.as_ref() == Some(mine));
            let still = self.report(*write).is_some_and(|r| r.outcome == WriteOutcome::Confirmed);
            assert!(after || before || !still, "{write:?} {key}: called seen, never there");
        }
        self.check_losses();
        self.check_reports();
    }

    /// Nothing is reported as lost that was not. The report does not say by whom: no payload names a writer.
    fn check_reports(&self) {
        for loss in self.outbox.losses() {
            let (part, key) = (part_of(&loss.cell.target()), loss.cell.key.as_str());
            let told = |v: &Option<Value>| v.as_ref().is_some_and(|v| *v == loss.theirs || loss.before.contains(v));
            let mut here = self.server.events.iter().filter(|e| e.part == part && e.key == key);
            let is_so = here.any(|e| told(&e.old) && e.new != e.old);
            assert!(is_so, "p{part} {key}: {:?} is reported as lost, and it was not", loss.theirs);
        }
    }

    /// Somebody else gave a key the value that a PATCH of ours had just taken from it, or one of ours the value that we wanted: what
    /// is seen then is what a server that merges would show.
    fn put_back(&self) -> bool {
        let events = &self.server.events;
        let mut taken = events.iter().filter(|e| e.by != Who::Other && e.new.is_none());
        let given = |key: &CompactString, part, value: &Option<Value>| {
            events.iter().any(|e| e.by == Who::Other && e.part == part && e.key == *key && e.new == *value)
        };
        let wanted = self.asked.iter().any(|Asked { cell, text }| {
            given(&CompactString::new(cell.key.as_str()), part_of(&cell.target()), &Some(Value::text(text.as_str())))
        });
        wanted || taken.any(|t| given(&t.key, t.part, &t.old))
    }

    /// What is carried that was not to be changed is as it was: no value that is not text becomes one, unless that was said.
    pub(super) fn check_body(&self, write: WriteId, request: &PatchRequest) {
        let part = part_of(&request.target);
        let report = self.outbox.report(write).unwrap();
        for (key, text) in request.body.iter().filter(|(key, _)| !report.requested.contains_key(*key)) {
            let mut here = self.server.events.iter().filter(|e| e.part == part && e.key == key.as_str());
            let held = here.any(|e| e.new.as_ref() == Some(&Value::text(text.clone())));
            let typed = self.asked.iter().any(|a| a.cell.key == *key && a.text == *text);
            assert!(held || typed || self.non_text == NonText::Convert, "p{part} {key} was never the text {text:?}");
        }
    }

    /// A read takes nothing back that an event told a moment before it was asked for: reads are not so old that one asked for later
    /// could be. `asked`: when it was, for a read.
    pub(super) fn check_order(&mut self, changes: &[Change], version: usize, asked: Option<u64>) {
        for change in changes {
            let Change::Attribute { participant, key, new, .. } = change else { continue };
            let now = BoardValue { version, since: self.now };
            let mut known = self.on_board.iter_mut().filter(|(p, k, _)| p == participant && k == key);
            let Some((.., held)) = known.next() else {
                self.on_board.push((participant.clone(), key.clone(), now));
                continue;
            };
            let soon = asked.is_some_and(|asked| asked < held.since + 3_000);
            let typed =
                self.asked.iter().any(|a| a.cell.key == *key && new.as_ref().is_some_and(|v| v.as_str() == a.text));
            assert!(
                !soon || version >= held.version || typed,
                "{key}: a read of version {version} takes back what was told of {}",
                held.version
            );
            *held = now;
        }
    }

    fn report(&self, write: WriteId) -> Option<WriteReport> {
        let before = || self.before.reports.iter().rev().find(|r| r.write == write).cloned();
        self.outbox.report(write).or_else(before)
    }

    /// The newest text of a cell is somewhere, and what is said of it is true.
    fn check_text(&self, cell: &Cell, text: &str) {
        let part = PARTS.iter().position(|p| *p == cell.participant.as_str()).unwrap();
        let there = self.server.get(part, cell.key.as_str());
        let mine = Value::text(text);
        let is_done = || self.before.done.iter().any(|(c, t)| c == cell && t == text);
        let Some(view) = self.outbox.view(cell) else {
            let Some(write) = self.outbox.write_of(cell) else {
                assert!(is_done(), "a text is gone without a trace");
                return;
            };
            let report = self.outbox.report(write).unwrap();
            assert_eq!(report.requested[&cell.key], text, "the last write carries the newest text");
            assert_eq!(report.outcome, WriteOutcome::Confirmed, "only what was seen is let go: {report:?}");
            return;
        };
        // An older text that failed, and that nobody has dismissed, is there once the newer one is done; it may have been sent again.
        if view.mine != text && is_done() {
            return;
        }
        assert_eq!(view.mine, text, "the newest text is kept");
        match view.state {
            EditState::Seen { .. } => assert_eq!(there, Some(&mine), "called seen"),
            EditState::Overwritten { theirs, .. } => {
                assert_ne!(there, Some(&mine), "called overwritten");
                assert_eq!(there, theirs.as_ref(), "overwritten by what is there");
            }
            EditState::Unseen(_) => assert_ne!(there, Some(&mine), "called unseen"),
            EditState::Draft | EditState::Conflict { .. } | EditState::Failed(_) => {}
            state => panic!("{state:?} at the end"),
        }
    }

    /// When the write left, the last message of the stream and the last read both showed the value that it carried, which nobody had
    /// seen before the lost one: the message was late, and the read an old one. To a client that is no other than a change to this
    /// value, an old read, and a new read: it would have to wait as long as reads may be old whenever it meets one old read, and
    /// writes of everybody else would be held up for that. What the write did not carry is lost with a report, which has both values.
    fn looked_newer(&self, event: &ServerChange, theirs: usize, last: u64) -> bool {
        let shown = || self.shown.iter().filter(|s| s.time <= last && s.has(event.part, &event.key));
        let held = |s: &ShownVersion| {
            let here = self.server.events.iter().filter(|e| e.part == event.part && e.key == event.key);
            here.take_while(|e| e.version <= s.version).last().and_then(|e| e.new.as_ref())
        };
        let Some(read) = shown().rfind(|s| s.by_read).map(held) else { return false };
        let is_older = |s: &ShownVersion| s.version < theirs && held(s) == read;
        let newest = |by_read| shown().rfind(|s| s.by_read == by_read).is_some_and(is_older);
        let mut before = shown().take_while(|s| s.version < theirs);
        read == event.new.as_ref() && newest(true) && newest(false) && !before.any(is_older)
    }

    /// It was a read, and showed the participant as it had been before, too, no longer ago than reads may be old: nobody can tell such
    /// a read from an old one.
    fn looked_old(&self, part: usize, shown: &ShownVersion) -> bool {
        let steps = self.server.states(part);
        let Some(now) = steps.iter().rposition(|step| step.version <= shown.version) else { return false };
        let may_be = |then: usize| steps[then].map == steps[now].map && steps[then + 1].time + LAG >= shown.time;
        shown.by_read && (0..now).any(may_be)
    }

    fn check_losses(&self) {
        let reports: Vec<(WriteId, Option<WriteReport>)> =
            self.sent.iter().map(|(write, ..)| (*write, self.report(*write))).collect();
        let report = |write: WriteId| reports.iter().find(|(w, _)| *w == write)?.1.as_ref();
        let requested = |e: &ServerChange| {
            // An edit, or one that was accepted before and is laid over the map until it has been seen.
            let writes = self.sent.iter().filter_map(|(write, _, part)| (*part == e.part).then_some(*write));
            let mut texts = writes.filter_map(|w| report(w)?.requested.get(e.key.as_str()));
            let edited = texts.any(|text| e.new.as_ref() == Some(&Value::text(text.clone())));
            // It was said that it becomes text.
            let as_text = |(old, new): (&Value, &Value)| old.kind() != JsonKind::Text && old.as_str() == new.as_str();
            let converted =
                self.non_text == NonText::Convert && e.old.as_ref().zip(e.new.as_ref()).is_some_and(as_text);
            edited || converted
        };
        let mut cells: Vec<(usize, CompactString)> =
            self.server.events.iter().map(|e| (e.part, e.key.clone())).collect();
        cells.sort();
        cells.dedup();
        for (part, key) in cells {
            let steps = self.server.events.iter().filter(|e| e.part == part && e.key == key && e.new != e.old);
            let steps: Vec<&ServerChange> = steps.collect();
            // What the key holds at the end was put there by maps of ours that were not meant to touch it.
            let ours = |e: &&&ServerChange| matches!(e.by, Who::Us(_)) && !requested(e);
            let tail = steps.iter().rev().take_while(ours).count();
            let maps = &steps[steps.len() - tail..];
            let Some(theirs) = maps.first().and_then(|first| first.old.as_ref()) else { continue };
            // One of them may have brought it back: then it is the next one that cost it.
            let back = maps.iter().rposition(|e| e.new.as_ref() == Some(theirs));
            let first = back.map_or(0, |back| back + 1);
            let Some(event) = maps.get(first) else { continue };
            // A map of the killed program that came later lies over what this one did.
            let is_left_over = |e: &&&ServerChange| {
                matches!(e.by, Who::Us(write) if write.0 < self.before.next_write) && e.time > self.before.killed
            };
            let hidden = maps[first + 1..].iter().find(is_left_over).map_or(usize::MAX, |e| e.version);
            if steps.last().is_some_and(|last| last.new.as_ref() == Some(theirs)) {
                // It came back.
                continue;
            }
            let Who::Us(write) = event.by else { continue };
            // Of what a killed program had on its way, or had not been told of, nobody can tell any more.
            let run = if write.0 < self.before.next_write { 0 } else { self.run };
            // Nor of what nobody was told while the write was watched.
            let last = self.sent.iter().filter(|(w, ..)| *w == write).map(|(_, at, _)| *at).max().unwrap_or_default();
            // Nor of what only the stream told before it was killed: a message may be late, so that a read decides.
            let decides = |s: &ShownVersion| run == self.run || s.by_read;
            let heard = self.shown.iter().any(|s| {
                s.run == run
                    && s.is_whole(part)
                    && (event.version..hidden).contains(&s.version)
                    && s.time <= last + SETTLE
                    && decides(s)
            });
            let settled = report(write).is_some_and(|r| r.settled && r.outcome == WriteOutcome::Confirmed);
            if !heard || (run != self.run && (event.time > self.before.killed || !settled)) {
                continue;
            }
            // It was said that it becomes text.
            let converts = self.non_text == NonText::Convert && theirs.kind() != JsonKind::Text;
            let now = steps.last().and_then(|last| last.new.as_ref());
            if converts && now.is_some_and(|now| now.as_str() == theirs.as_str()) {
                continue;
            }
            let since = steps[..steps.len() - tail].last();
            // It was an edit of ours: what became of it is its own story, told by its state.
            let edit = |e: &&&ServerChange| e.by != Who::Other && requested(e);
            if since.filter(edit).is_some() {
                continue;
            }
            let since = since.map_or(0, |e| e.version);
            let is_shown = |s: &&ShownVersion| {
                s.run == run && (since..event.version).contains(&s.version) && s.has(part, &event.key)
            };
            let shown = self.shown.iter().filter(is_shown).any(|s| !self.looked_old(part, s));
            let is_converted = |told: &Value| self.non_text == NonText::Convert && told.as_str() == theirs.as_str();
            let mut losses = self.outbox.losses().iter();
            let told = losses.any(|l| {
                part_of(&l.cell.target()) == event.part
                    && l.cell.key.as_str() == event.key
                    && l.before.iter().chain([&l.theirs]).any(|told| told == theirs || is_converted(told))
            });
            // An edit of ours that stands there as overwritten or unseen, or that an earlier run left so or with an unknown fate,
            // tells of the key by its state.
            let cell = Cell {
                conversation: "c".into(),
                participant: PARTS[event.part].into(),
                key: event.key.as_str().into(),
            };
            let tells = |view: EditView<'_>| {
                let left = view.earlier.is_some_and(|earlier| earlier.got.had_left() || earlier.got.is_alarm());
                left || [Some(view.state), view.beneath].iter().flatten().any(EditState::needs_attention)
            };
            // So does such a text that is listed beneath a newer draft.
            let listed = |other: &JournalEdit| other.cell == cell && (other.got.had_left() || other.got.is_alarm());
            let told = told || self.outbox.others().iter().any(listed);
            let told = told || self.outbox.view(&cell).is_some_and(tells) || self.looked_newer(event, since, last);
            assert!(
                told || !shown,
                "{write:?} cost p{} {} = {theirs:?}, shown and not reported",
                event.part,
                event.key
            );
        }
    }
}
