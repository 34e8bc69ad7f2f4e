//! The monitor and the outbox on one stream: in which order they take something in. The screens and `set` both go through here.

use super::{
    At, Claims, Update,
    monitor::{Monitor, MonitorOutcome},
    outbox::{Effect, Outbox, ReadView, WriteId},
};

/// What an update brought about.
#[derive(Debug, Default)]
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
