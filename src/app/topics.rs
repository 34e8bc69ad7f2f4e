//! The topic picker: which queues, users and flows are watched, chosen while the program runs.

use super::editor::Editor;
use crate::domain::{Conversation, ConversationId, FlowId, QueueId, UserId};

/// Something that can be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchTarget {
    /// The conversations of a queue.
    Queue(QueueId),
    /// The conversations of a user.
    User(UserId),
    /// The calls of a flow, found by polling.
    Flow(FlowId),
}

impl WatchTarget {
    /// Events of this one tell about the call as it is now.
    pub fn tells(&self, call: &Conversation) -> bool {
        match self {
            Self::Queue(id) => call.queue() == Some(id),
            Self::User(id) => call.participants.iter().any(|p| p.user_id.as_ref() == Some(id) && p.is_connected()),
            Self::Flow(id) => call.flows.iter().any(|run| run.id == *id),
        }
    }

    /// The word before the name.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Queue(_) => "queue",
            Self::User(_) => "user",
            Self::Flow(_) => "flow",
        }
    }
}

/// One line of the picker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicRow {
    /// What it is.
    pub what: WatchTarget,
    /// Its name.
    pub name: String,
    /// Watched after Enter.
    pub on: bool,
    /// Watched now.
    pub was: bool,
}

/// What there is to choose from, and what could not be listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Queues, users and flows, each by name.
    pub rows: Vec<TopicRow>,
    /// Kinds that could not be listed, and why.
    pub troubles: Vec<String>,
    /// What is watched now, listed or not, with its name.
    pub watched: Vec<(WatchTarget, String)>,
    /// Calls that are watched by their ids.
    pub named: Vec<ConversationId>,
    /// The calls of all flows are looked for, whatever flow they are in.
    pub all_flows: bool,
}

/// The picker.
#[derive(Debug)]
pub struct Topics {
    /// What there is; `None` until it was read.
    pub listing: Option<Listing>,
    /// Narrows the list.
    pub query: Editor,
    /// Which of the shown rows is selected.
    pub selected: usize,
}

impl Topics {
    /// A picker that waits for what there is.
    pub fn waiting() -> Self {
        Self { listing: None, query: Editor::new("", false), selected: 0 }
    }

    /// Indices of the rows that match what was typed, in kind or name.
    pub fn shown(&self) -> Vec<usize> {
        let query = self.query.text().to_lowercase();
        let rows = self.listing.iter().flat_map(|l| &l.rows).enumerate();
        let fits = |row: &TopicRow| format!("{} {}", row.what.kind(), row.name).to_lowercase().contains(query.trim());
        rows.filter(|(_, row)| fits(row)).map(|(i, _)| i).collect()
    }

    /// The selected row.
    pub fn selection(&mut self) -> Option<&mut TopicRow> {
        let index = *self.shown().get(self.selected)?;
        self.listing.as_mut()?.rows.get_mut(index)
    }

    /// What the link has to know: changes, and the flows that stay, since "all flows" may end with one that goes.
    pub fn to_send(&self) -> Vec<TopicRow> {
        let stays = |r: &&TopicRow| r.on != r.was || (r.on && matches!(r.what, WatchTarget::Flow(_)));
        self.listing.iter().flat_map(|l| &l.rows).filter(stays).cloned().collect()
    }

    /// Whether anything that is watched after Enter tells about the call.
    pub fn covers(&self, call: &Conversation) -> bool {
        let Some(listing) = &self.listing else { return true };
        let changed = |what: &WatchTarget| listing.rows.iter().any(|r| r.what == *what && r.on != r.was);
        let stay = listing.watched.iter().filter(|(what, _)| !changed(what)).map(|(what, name)| (what, name));
        let on = listing.rows.iter().filter(|r| r.on).map(|r| (&r.what, &r.name));
        let flows = || listing.rows.iter().any(|r| matches!(r.what, WatchTarget::Flow(_)) && r.was && !r.on);
        listing.named.contains(&call.id)
            || stay.chain(on).any(|(what, _)| what.tells(call))
            || listing.all_flows && !flows()
    }

    /// What is watched after Enter, in a few words.
    pub fn label(&self) -> String {
        let Some(listing) = &self.listing else { return String::new() };
        let changed = |what: &WatchTarget| listing.rows.iter().any(|r| r.what == *what);
        let stay = listing.watched.iter().filter(|(what, _)| !changed(what)).map(|(_, name)| name.as_str());
        let on = listing.rows.iter().filter(|r| r.on).map(|r| r.name.as_str());
        let names: Vec<&str> = on.chain(stay).chain(listing.named.iter().map(ConversationId::as_str)).collect();
        crate::domain::text::few(&names)
    }

    /// Rows whose state Enter changes.
    pub fn changes(&self) -> Vec<TopicRow> {
        self.listing.iter().flat_map(|l| &l.rows).filter(|r| r.on != r.was).cloned().collect()
    }
}
