//! What the two operators do.

use super::{Asked, Next, PARTS, World, server::ServerMap};
use crate::domain::{
    Key,
    outbox::{Base, Cell, CommitOptions, EditState, Timing},
};
use compact_str::format_compact;

impl World {
    /// The second operator: one key where the server merges, a whole (perhaps outdated) map where it replaces.
    pub(super) fn other(&mut self) {
        let part = self.dice.below(2) as usize;
        let key = match self.dice.below(4) {
            0 => format_compact!("n{}", self.dice.below(3)),
            _ => format_compact!("k{}", self.dice.below(4)),
        };
        let value = self.theirs();
        let mut body = if self.server.replaces { self.server.maps[part].clone() } else { ServerMap::new() };
        match body.iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => *old = value,
            None => body.push((key, value)),
        }
        let delay = if self.dice.one_in(4) { self.dice.below(100) } else { 0 };
        self.later(delay, Next::OtherWrites { part, body });
    }

    /// This operator does something.
    pub(super) fn act(&mut self) {
        if self.board.get("c").is_none() {
            return;
        }
        let draft = self.outbox.drafts().find(|(_, v)| v.state == EditState::Draft).map(|(cell, _)| cell);
        if let Some(cell) = draft.filter(|_| self.dice.one_in(2)) {
            return self.commit(vec![cell], Timing::Now);
        }
        let stopped = self.outbox.drafts().find(|(_, v)| v.state.needs_attention()).map(|(cell, _)| cell);
        if let Some(cell) = stopped.filter(|_| self.dice.one_in(2)) {
            self.say(|| format!("insist on {}", cell.key));
            let how = CommitOptions { non_text: self.non_text, ..CommitOptions::default() };
            let committed = match self.outbox.view(&cell).map(|v| v.state) {
                Some(EditState::Conflict { .. }) => self.outbox.send_mine(self.at(), &self.board, &cell, how),
                _ => self.outbox.commit(self.at(), &self.board, std::slice::from_ref(&cell), how),
            };
            return self.perform(committed.effects);
        }
        if self.dice.one_in(6)
            && let Ok(undo) = self.outbox.undo_last(&"c".into())
        {
            self.say(|| format!("undo {undo:?}"));
            return self.commit(undo.cells, Timing::Now);
        }
        let timing = match self.dice.below(6) {
            0 => Timing::WhenFlowEnds,
            1 => Timing::Both,
            _ => Timing::Now,
        };
        let mut cells = Vec::new();
        for _ in 0..1 + self.dice.below(2) {
            let part = self.dice.below(2) as usize;
            let key = match self.dice.below(5) {
                0 => Key::from("mine"),
                n => Key::new(format!("k{}", n % 3)),
            };
            let text = self.value();
            let conversation = &self.board.get("c").unwrap().conversation;
            let there = conversation.participant(PARTS[part]).and_then(|p| p.attributes.get(key.as_str()));
            let there = there.map(|a| a.value.to_value());
            let cell = Cell { conversation: "c".into(), participant: PARTS[part].into(), key };
            let base = Base::Saw(self.outbox.beginning(&cell, there));
            self.say(|| format!("type p{part} {} = {text}", cell.key));
            self.outbox.draft(&cell, base, text);
            cells.push(cell);
        }
        self.commit(cells, timing);
    }

    fn commit(&mut self, cells: Vec<Cell>, timing: Timing) {
        self.say(|| format!("commit {timing:?}"));
        for cell in &cells {
            let text = self.outbox.view(cell).map(|v| v.mine.to_owned()).unwrap();
            self.asked.push(Asked { cell: cell.clone(), text });
        }
        let how = CommitOptions { timing, non_text: self.non_text, ..CommitOptions::default() };
        let committed = self.outbox.commit(self.at(), &self.board, &cells, how);
        self.perform(committed.effects);
    }
}
