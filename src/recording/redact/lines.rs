//! The two passes over a recording's lines: learning the originals, and replacing them.

use super::{
    json::{self, Leaf},
    originals::Originals,
    pseudonym::{PseudonymSalt, Pseudonyms},
    segments::{SegmentKind, pieces},
    times::shifted,
    walk::{Class, Sink, Unit, walk},
    words::PATH_WORDS,
};
use crate::{
    domain::FlowSource,
    recording::{Header, LinkLine, Record, RecordedEdit},
};
use jiff::SignedDuration;
use std::collections::{BTreeSet, HashSet};

/// The first pass.
#[derive(Debug)]
pub(super) struct Collect<'k> {
    keep: &'k HashSet<String>,
    originals: Originals,
    /// Words of everything personal, in lower case: they are replaced in messages as well.
    words: HashSet<String>,
}

impl<'k> Collect<'k> {
    pub(super) fn new(keep: &'k HashSet<String>) -> Self {
        Self { keep, originals: Originals::default(), words: HashSet::new() }
    }

    pub(super) fn header(&mut self, header: &Header) {
        for watched in &header.watched {
            let (_, name) = watched_name(watched);
            self.learn(name);
        }
    }

    pub(super) fn record(&mut self, record: &Record) {
        match record {
            Record::Frame(text) | Record::Reply { body: text, .. } => {
                walk(text, self);
            }
            Record::Name { id, name, .. } => {
                self.learn(id);
                self.learn(name);
            }
            Record::Edit(edit) => {
                self.learn(&edit.conversation);
                self.learn(&edit.participant);
                for (key, value) in
                    edit.values.iter().filter(|(key, _)| !self.keep.contains(key)).cloned().collect::<Vec<_>>()
                {
                    self.text(Class::Attribute(&key), &value);
                }
            }
            Record::Ask { conversation } => self.learn(conversation),
            Record::Flow { conversation, participant, id, name, version: _, by: _ } => {
                [conversation, participant, id, name].into_iter().for_each(|text| self.learn(text));
            }
            Record::Binary(_) | Record::Link(_) | Record::Key(_) | Record::Paste(_) => {}
            Record::Size { .. } | Record::Lost { .. } | Record::Tick | Record::End => {}
        }
    }

    fn learn(&mut self, text: &str) {
        if super::stays(text) {
            return;
        }
        self.originals.add(text);
        for (kind, piece) in pieces(text) {
            if kind == SegmentKind::Word && piece.chars().count() >= super::originals::SHORTEST {
                self.words.insert(piece.to_lowercase());
            }
        }
    }
}

impl Sink for Collect<'_> {
    fn text(&mut self, class: Class<'_>, text: &str) -> Option<String> {
        match class {
            Class::Attribute(key) if !self.keep.contains(key) => {
                self.learn(text);
                // The values within a wrapper are values too.
                if text.trim_start().starts_with(['{', '[']) {
                    json::rewrite(text, &mut |_, leaf| {
                        if let Leaf::Text(inner) = leaf {
                            self.learn(inner);
                        }
                        None
                    });
                }
            }
            Class::Personal => self.learn(text),
            Class::Attribute(_) | Class::AttributeKey | Class::Path | Class::Message => {}
        }
        None
    }

    fn number(&mut self, key: &str, number: &str) -> Option<String> {
        if !self.keep.contains(key) {
            self.originals.add(number);
        }
        None
    }

    fn unreadable(&mut self, _: &str) -> Option<String> {
        None
    }
}

/// The second pass.
#[derive(Debug)]
pub(super) struct Replace<'k> {
    keep: &'k HashSet<String>,
    pseudonyms: Pseudonyms,
    words: HashSet<String>,
    originals: usize,
    keys: HashSet<String>,
    kept: BTreeSet<String>,
    /// By how much times are moved.
    shift: SignedDuration,
}

/// What the second pass counted; see [`super::Report`].
pub(super) struct Figures {
    pub originals: usize,
    pub coincidences: u64,
    pub keys: usize,
    pub kept: Vec<String>,
    pub remaining: Vec<String>,
}

impl<'k> Replace<'k> {
    pub(super) fn new(collected: Collect<'k>, salt: PseudonymSalt, shift: SignedDuration) -> Self {
        Self {
            keep: collected.keep,
            originals: collected.originals.len(),
            pseudonyms: Pseudonyms::new(collected.originals, salt),
            words: collected.words,
            keys: HashSet::new(),
            kept: BTreeSet::new(),
            shift,
        }
    }

    pub(super) fn figures(self) -> Figures {
        Figures {
            originals: self.originals,
            coincidences: self.pseudonyms.coincidences(),
            keys: self.keys.len(),
            kept: self.kept.into_iter().collect(),
            remaining: self.pseudonyms.remaining(),
        }
    }

    pub(super) fn header(&mut self, header: &Header) -> Header {
        let started = header.started.checked_add(self.shift).unwrap_or(header.started);
        let replace = |watched: &String| {
            let (of, name) = watched_name(watched);
            format!("{of}{}", self.pseudonyms.text(name))
        };
        Header { watched: header.watched.iter().map(replace).collect(), started, ..header.clone() }
    }

    /// What takes the record's place; `None` when nothing may.
    pub(super) fn record(&mut self, record: Record) -> Option<Record> {
        Some(match record {
            Record::Frame(text) => Record::Frame(self.json(text)),
            Record::Binary(bytes) => Record::Binary(vec![0; bytes.len()]),
            Record::Link(link) => {
                let reason = link.reason.map(|r| self.pseudonyms.scrub(&r, &self.words, self.shift));
                Record::Link(LinkLine { reason, ..link })
            }
            Record::Ask { conversation } => Record::Ask { conversation: self.pseudonyms.text(&conversation) },
            Record::Reply { request, status, body } => {
                Record::Reply { request: self.path(&request), status, body: self.json(body) }
            }
            Record::Name { of, id, name } => {
                Record::Name { of, id: self.pseudonyms.text(&id), name: self.pseudonyms.text(&name) }
            }
            Record::Flow { conversation, participant, id, name, version, by } => {
                let mut other = |text: String| if text.is_empty() { text } else { self.pseudonyms.text(&text) };
                let (conversation, participant, id, name) =
                    (other(conversation), other(participant), other(id), other(name));
                // A version is a number and dots; whatever else stands there is not let through.
                let plain = |c: char| c.is_ascii_digit() || c == '.';
                let version = if version.chars().all(plain) { version } else { String::new() };
                let by = if FlowSource::ALL.iter().any(|s| s.as_str() == by) { by } else { String::new() };
                Record::Flow { conversation, participant, id, name, version, by }
            }
            Record::Edit(edit) => Record::Edit(self.edit(edit)),
            Record::Key(_) | Record::Paste(_) => return None,
            Record::Size { .. } | Record::Lost { .. } | Record::Tick | Record::End => record,
        })
    }

    fn json(&mut self, text: String) -> String {
        walk(&text, self).unwrap_or(text)
    }

    fn edit(&mut self, edit: RecordedEdit) -> RecordedEdit {
        let values = edit.values.into_iter().map(|(key, value)| {
            let new = self.text(Class::Attribute(&key), &value).unwrap_or(value);
            (self.text(Class::AttributeKey, &key).unwrap_or(key), new)
        });
        RecordedEdit {
            values: values.collect(),
            conversation: self.pseudonyms.text(&edit.conversation),
            participant: self.pseudonyms.text(&edit.participant),
            message: edit.message.map(|m| self.pseudonyms.scrub(&m, &self.words, self.shift)),
            ..edit
        }
    }

    /// Words of paths stay, and so do short numbers (pages, versions); the rest is replaced.
    fn path(&mut self, path: &str) -> String {
        let mut out = String::with_capacity(path.len());
        for (kind, piece) in pieces(path) {
            let stays = match kind {
                SegmentKind::Kept => true,
                SegmentKind::Date => self.shift.is_zero(),
                SegmentKind::Word => PATH_WORDS.contains(&piece),
                SegmentKind::Number => piece.len() < super::originals::SHORTEST,
                SegmentKind::Id => false,
            };
            match kind {
                _ if stays => out += piece,
                SegmentKind::Date => out += &shifted(piece, self.shift).unwrap_or_else(|| self.pseudonyms.text(piece)),
                _ => out += &self.pseudonyms.text(piece),
            }
        }
        out
    }
}

impl Sink for Replace<'_> {
    fn text(&mut self, class: Class<'_>, text: &str) -> Option<String> {
        match class {
            Class::Attribute(key) if self.keep.contains(key) => {
                if !self.kept.contains(key) {
                    self.kept.insert(key.to_owned());
                }
                None
            }
            Class::Attribute(_) | Class::Personal => Some(self.pseudonyms.text(text)),
            // Keys are names of fields and what findings are about; one that is itself personal is replaced.
            Class::AttributeKey if super::facts::is_personal(text) && !self.keep.contains(text) => {
                self.keys.insert(text.to_owned());
                Some(self.pseudonyms.text(text))
            }
            Class::AttributeKey => {
                self.pseudonyms.keep(text);
                None
            }
            Class::Path => Some(self.path(text)),
            Class::Message => Some(self.pseudonyms.scrub(text, &self.words, self.shift)),
        }
    }

    fn member(&mut self, name: &str) {
        self.pseudonyms.keep(name);
    }

    fn time(&mut self, text: &str) -> Option<String> {
        (!self.shift.is_zero()).then(|| shifted(text, self.shift)).flatten()
    }

    fn moment(&mut self, number: &str, unit: Unit) -> Option<String> {
        if self.shift.is_zero() {
            return None;
        }
        let (whole, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
        let by = match unit {
            Unit::Seconds => i128::from(self.shift.as_secs()),
            Unit::Milliseconds => self.shift.as_millis(),
        };
        Some(format!("{}{rest}", whole.parse::<i128>().ok()? + by))
    }

    fn number(&mut self, key: &str, number: &str) -> Option<String> {
        (!self.keep.contains(key)).then(|| self.pseudonyms.number(number))
    }

    fn unreadable(&mut self, text: &str) -> Option<String> {
        // Nothing can be told apart here, so every letter and digit goes.
        Some(self.pseudonyms.scramble(text))
    }
}

/// `queue Billing`: what kind of thing, and its name.
fn watched_name(watched: &str) -> (&str, &str) {
    match watched.split_once(' ') {
        Some((of, _)) => watched.split_at(of.len() + 1),
        None => (watched, ""),
    }
}
