//! The monitor and the outbox on one stream: in which order they take something in. The screens and `set` both go through here.

use super::{
    At, Claims, Link, Update,
    monitor::{Monitor, MonitorOutcome},
    outbox::{Effect, Outbox, ReadView, WriteId},
};

/// What an update or a state of the connection brought about.
#[derive(Debug, Default)]
#[must_use]
pub(crate) struct Ingested {
    /// What the monitor reports.
    pub outcome: MonitorOutcome,
    /// What the outbox asks for.
    pub effects: Vec<Effect>,
}

/// Hands an update to the monitor, then to the outbox.
///
/// `write`: the write for which this is the fresh read; a read that the board or the link asked for tells the edits as much.
/// `operator`: whoever knows which values are this operator's own, where that is not the outbox.
pub(crate) fn ingest(
    (monitor, outbox): (&mut Monitor, &mut Outbox),
    at: At,
    update: Update,
    write: Option<WriteId>,
    operator: Option<&dyn Claims>,
) -> Ingested {
    let (id, _) = update.subject();
    // Most calls are not edited.
    let concerned = outbox.concerns(id.as_str()) || outbox.has_losses(&id);
    let told = concerned.then(|| update.told(&monitor.board));
    let view = match &update {
        Update::Read { snapshot, left, .. } if concerned || write.is_some() => Some(ReadView::of(*left, snapshot)),
        _ => None,
    };
    let outcome = match operator {
        Some(operator) => monitor.update(at, update, operator),
        None => monitor.update(at, update, outbox),
    };
    let mut effects = Vec::new();
    if let (Some(told), Some(entry)) = (told, monitor.board.get(id.as_str())) {
        effects = outbox.observe(at, &entry.conversation, &told);
    }
    if let Some(view) = view {
        effects.extend(match write {
            Some(write) => outbox.read_done(at, write, Ok(&view)),
            None => outbox.read_seen(at, &view),
        });
    }
    Ingested { outcome, effects }
}

/// Hands a state of the connection to the monitor and to the outbox: what is not observed is not judged, and no armed edit leaves on it.
///
/// `operator`: as of [`ingest`].
pub(crate) fn link(
    (monitor, outbox): (&mut Monitor, &mut Outbox),
    at: At,
    link: &Link,
    operator: Option<&dyn Claims>,
) -> Ingested {
    let effects = outbox.link(link.is_live());
    let outcome = match operator {
        Some(operator) => monitor.link(at, link, operator),
        None => monitor.link(at, link, outbox),
    };
    Ingested { outcome, effects }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AttributesEvent, Freshness, ParticipantSnapshot, Snapshot, outbox::Policy};
    use jiff::Timestamp;
    use std::time::Duration;

    fn at(second: u64) -> At {
        At::after(Timestamp::UNIX_EPOCH, Duration::from_secs(second))
    }

    #[test]
    fn a_call_is_not_observed_while_the_connection_is_lost_and_is_read_after_it() {
        let (mut monitor, mut outbox) = (Monitor::default(), Outbox::new(Policy::default()));
        let customer = ParticipantSnapshot { id: "p".into(), attributes: Some(Vec::new()), ..Default::default() };
        let snapshot = Snapshot { id: "c".into(), participants: vec![customer], ..Default::default() };
        let told = ingest((&mut monitor, &mut outbox), at(0), Update::Stream(snapshot), None, None);
        assert!(told.outcome.reread.is_empty());
        let state = |monitor: &Monitor| monitor.board.get("c").map(|entry| entry.conversation.freshness);
        let lost = Link::Reconnecting { attempt: 1, until: at(9), reason: "it was closed".into() };
        assert!(link((&mut monitor, &mut outbox), at(1), &lost, None).outcome.reread.is_empty());
        assert_eq!(state(&monitor), Some(Freshness::Stale));
        let back = link((&mut monitor, &mut outbox), at(2), &Link::Live, None);
        assert_eq!(back.outcome.reread, ["c".into()]);
        // Somebody who is not known yet.
        let event = AttributesEvent {
            conversation: "c".into(),
            participant: "new".into(),
            event_time: None,
            attributes: vec![("tier".into(), "gold".into())],
        };
        let told = ingest((&mut monitor, &mut outbox), at(3), Update::Event(event), None, None);
        assert_eq!(told.outcome.reread, ["c".into()]);
    }
}
