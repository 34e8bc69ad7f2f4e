//! Which flow, and which version of it, a call is or was in.
//!
//! The name of an ivr participant does not tell it: in real calls that is often the place of the dialled number
//! (api-facts 2.5). What tells it, the most trusted first: the detail events `flow.start` and `flow.end`, the flow activity
//! query, the analytics detail of the conversation; and the id in the address of an ivr participant, if a flow of that id is
//! known. A call of which none of them told is in an unknown flow, not in none.

use super::{ConversationId, FlowId, Names, ParticipantId};
use compact_str::CompactString;

/// By what it is known that a call ran a flow; what is trusted more is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FlowSource {
    /// The address of the ivr participant has the id of a known flow.
    Address,
    /// The analytics detail of the conversation.
    Analytics,
    /// The flow activity or the flow observations query, or the metrics of the flow as events.
    Activity,
    /// The detail event `flow.start` or `flow.end`.
    Event,
}

impl FlowSource {
    /// Every source, the least trusted first.
    pub const ALL: [Self; 4] = [Self::Address, Self::Analytics, Self::Activity, Self::Event];

    /// The word in recordings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Analytics => "analytics",
            Self::Activity => "activity",
            Self::Event => "event",
        }
    }
}

/// One flow that a call is or was in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRun {
    /// The flow.
    pub id: FlowId,
    /// Its name, where what told of the run names it; see [`FlowRun::name`].
    pub name: Option<CompactString>,
    /// Its version as the platform writes it (`42.0`); `None` while it is not known.
    pub version: Option<CompactString>,
    /// By what the run is known.
    pub source: FlowSource,
    /// The participant that stands for it, where that is known.
    pub participant: Option<ParticipantId>,
}

/// What tells that a call ran a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowFact {
    /// The call.
    pub conversation: ConversationId,
    /// The run.
    pub run: FlowRun,
}

impl FlowRun {
    /// The flow's name; `None` while only its id is known.
    pub fn name<'a>(&'a self, names: &'a Names) -> Option<&'a str> {
        self.name.as_deref().or_else(|| names.flow(&self.id))
    }

    /// The version as people write it: `42` for `42.0`.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref().map(plain_version)
    }

    /// `MainIVR@42`, without the part that is not known; the flow's id where its name is not known.
    pub fn label(&self, names: &Names) -> String {
        let name = self.name(names).unwrap_or(self.id.as_str());
        match self.version() {
            Some(version) => format!("{name}@{version}"),
            None => name.to_owned(),
        }
    }

    /// Takes over what `told` knows better or what was missing. True when something is different now.
    pub(super) fn learn(&mut self, told: &Self) -> bool {
        let before = self.clone();
        let better = told.source >= self.source;
        let take = |mine: &mut Option<CompactString>, theirs: &Option<CompactString>| {
            if theirs.is_some() && (mine.is_none() || better) {
                mine.clone_from(theirs);
            }
        };
        take(&mut self.name, &told.name);
        take(&mut self.version, &told.version);
        if better {
            self.id = told.id.clone();
        }
        if self.participant.is_none() {
            self.participant.clone_from(&told.participant);
        }
        self.source = self.source.max(told.source);
        before != *self
    }
}

/// `42` for `42.0`: the platform counts versions in whole numbers and writes them with a decimal.
pub fn plain_version(version: &str) -> &str {
    version.strip_suffix(".0").unwrap_or(version)
}

/// The flow's id in the address of an ivr participant: `sip:ID@127.0.0.1;language=…;user=ivr`.
pub(super) fn flow_in_address(address: &str) -> Option<&str> {
    let (id, rest) = address.strip_prefix("sip:")?.split_once('@')?;
    rest.split(';').any(|part| part == "user=ivr").then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Board, Conversation, Update, testing};

    fn run(id: &str, participant: Option<&str>, version: Option<&str>, source: FlowSource) -> FlowRun {
        FlowRun {
            id: id.into(),
            name: None,
            version: version.map(Into::into),
            source,
            participant: participant.map(Into::into),
        }
    }

    fn fact(run: FlowRun) -> Update {
        Update::Flow(FlowFact { conversation: "c".into(), run })
    }

    fn board() -> Board {
        let mut board = Board::default();
        let mut ivr = testing::participant("p2", "ivr", &[]);
        ivr.name = Some("Chicago IL".into());
        ivr.address = Some("sip:f-1@127.0.0.1;language=en-US;user=ivr".into());
        let legs = vec![testing::participant("p1", "customer", &[]), ivr];
        board.apply(testing::at(0), Update::Stream(testing::snapshot("c", legs)), &());
        board
    }

    fn call(board: &Board) -> &Conversation {
        &board.get("c").unwrap().conversation
    }

    #[test]
    fn a_participants_name_is_not_its_flow() {
        let board = board();
        assert_eq!(call(&board).flow(), None);
        assert!(call(&board).flow_is_unknown());
        assert!(!call(&board).knows_its_flows());
    }

    #[test]
    fn the_address_counts_only_if_a_flow_of_that_id_is_known() {
        let mut board = Board::default();
        board.names.learn_flow("f-1".into(), "MainIVR");
        let mut ivr = testing::participant("p2", "ivr", &[]);
        ivr.address = Some("sip:f-1@127.0.0.1;language=en-US;user=ivr".into());
        board.apply(testing::at(0), Update::Stream(testing::snapshot("c", vec![ivr])), &());
        assert_eq!(call(&board).flow().map(|f| f.label(&board.names)), Some("MainIVR".into()));
        assert!(call(&board).knows_its_flows());
    }

    #[test]
    fn what_is_trusted_more_wins_and_what_is_missing_is_filled_in() {
        let mut board = board();
        let changes = board.apply(testing::at(1), fact(run("f-1", None, None, FlowSource::Activity)), &()).changes;
        assert_eq!(changes.len(), 1);
        assert_eq!(call(&board).flow().unwrap().participant, Some("p2".into()));
        board.apply(testing::at(2), fact(run("f-1", Some("p2"), Some("41.0"), FlowSource::Analytics)), &());
        assert_eq!(call(&board).flow().unwrap().version(), Some("41"));
        board.apply(testing::at(3), fact(run("f-1", Some("p2"), Some("42.0"), FlowSource::Event)), &());
        let changes =
            board.apply(testing::at(4), fact(run("f-1", Some("p2"), Some("41.0"), FlowSource::Analytics)), &()).changes;
        assert_eq!(changes, []);
        assert_eq!(call(&board).flow().unwrap().version(), Some("42"));
        assert_eq!(call(&board).flows.len(), 1);
    }

    #[test]
    fn what_is_known_before_the_call_is_seen_waits_for_it() {
        let mut board = Board::default();
        let applied = board.apply(testing::at(0), fact(run("f-1", None, Some("42.0"), FlowSource::Activity)), &());
        assert!(board.is_empty() && applied.changes.is_empty());
        let leg = testing::participant("p2", "ivr", &[]);
        board.apply(testing::at(1), Update::Stream(testing::snapshot("c", vec![leg])), &());
        assert_eq!(call(&board).flow().unwrap().id.as_str(), "f-1");
        assert!(call(&board).knows_its_flows());
    }

    #[test]
    fn a_second_flow_is_the_newest() {
        let mut board = board();
        board.apply(testing::at(1), fact(run("f-2", Some("p9"), None, FlowSource::Event)), &());
        board.apply(testing::at(1), fact(run("f-1", Some("p2"), None, FlowSource::Event)), &());
        let ids: Vec<&str> = call(&board).flows.iter().map(|f| f.id.as_str()).collect();
        assert_eq!(ids, ["f-1", "f-2"]);
        assert_eq!(call(&board).flow().unwrap().id.as_str(), "f-2");
    }
}
