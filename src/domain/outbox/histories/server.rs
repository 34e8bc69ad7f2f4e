//! A small model of the platform: two participants with maps, a flow, and what it once held.

use super::{PARTS, PatchTarget, WriteId};
use crate::domain::{Media, ParticipantSnapshot, Purpose, Snapshot, Value};
use compact_str::CompactString;
use jiff::Timestamp;

pub(super) type ServerMap = Vec<(CompactString, Value)>;

/// Who changed a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Who {
    Other,
    Us(WriteId),
}

/// One change on the server.
#[derive(Debug)]
pub(super) struct ServerChange {
    pub version: usize,
    pub time: u64,
    pub part: usize,
    pub key: CompactString,
    pub old: Option<Value>,
    pub new: Option<Value>,
    pub by: Who,
}

/// What a participant held for a while.
pub(super) struct ServerState {
    pub version: usize,
    pub time: u64,
    /// By key.
    pub map: ServerMap,
}

fn sorted(map: &ServerMap) -> ServerMap {
    let mut map = map.clone();
    map.sort_by(|a, b| a.0.cmp(&b.0));
    map
}

/// The platform: two participants with maps, and a flow.
#[derive(Default)]
pub(super) struct Server {
    pub maps: [ServerMap; 2],
    pub replaces: bool,
    pub flow: bool,
    pub version: usize,
    pub events: Vec<ServerChange>,
}

impl Server {
    pub(super) fn put(&mut self, time: u64, part: usize, key: &str, value: Option<Value>, by: Who) {
        let map = &mut self.maps[part];
        let place = map.iter().position(|(k, _)| k == key);
        let old = place.map(|i| map[i].1.clone());
        match (place, value.clone()) {
            (Some(i), Some(value)) => map[i].1 = value,
            (None, Some(value)) => map.push((key.into(), value)),
            (Some(i), None) => drop(map.remove(i)),
            (None, None) => {}
        }
        let version = self.version;
        self.events.push(ServerChange { version, time, part, key: key.into(), old, new: value, by });
    }

    /// Applies a PATCH body; every change of it has the same version.
    pub(super) fn patch(&mut self, time: u64, part: usize, body: &[(CompactString, Value)], by: Who) {
        self.version += 1;
        if self.replaces {
            let gone: Vec<_> = self.maps[part].iter().map(|(k, _)| k.clone()).collect();
            for key in gone.iter().filter(|key| !body.iter().any(|(k, _)| k == *key)) {
                self.put(time, part, key, None, by);
            }
        }
        for (key, value) in body {
            self.put(time, part, key, Some(value.clone()), by);
        }
    }

    pub(super) fn get(&self, part: usize, key: &str) -> Option<&Value> {
        self.maps[part].iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// What a participant held, from which version and time on.
    pub(super) fn states(&self, part: usize) -> Vec<ServerState> {
        let mut map = self.maps[part].clone();
        let mut states: Vec<ServerState> = Vec::new();
        for event in self.events.iter().rev().filter(|event| event.part == part) {
            if states.last().is_none_or(|later| later.version != event.version) {
                states.push(ServerState { version: event.version, time: event.time, map: sorted(&map) });
            }
            map.retain(|(key, _)| *key != event.key);
            map.extend(event.old.clone().map(|old| (event.key.clone(), old)));
        }
        states.push(ServerState { version: 0, time: 0, map: sorted(&map) });
        states.reverse();
        states
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let person = |(id, map): (&&str, &ServerMap)| ParticipantSnapshot {
            id: (*id).into(),
            purpose: Purpose::new("customer"),
            media: Media::Call,
            attributes: Some(map.clone()),
            ..Default::default()
        };
        let mut participants: Vec<_> = PARTS.iter().zip(&self.maps).map(person).collect();
        participants.push(ParticipantSnapshot {
            id: "flow".into(),
            purpose: Purpose::new("ivr"),
            ended: (!self.flow).then_some(Timestamp::UNIX_EPOCH),
            ..Default::default()
        });
        Snapshot { id: "c".into(), participants, ..Default::default() }
    }
}

pub(super) fn part_of(target: &PatchTarget) -> usize {
    PARTS.iter().position(|p| *p == target.participant.as_str()).unwrap()
}
