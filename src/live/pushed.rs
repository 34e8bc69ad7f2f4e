//! The topics by which the platform tells of calls in the watched flows, where it offers them over the socket.

use super::Live;
use crate::{
    domain::{FlowFact, FlowSource, Link},
    genesys::{Client, Topic, discover::Discovered, topic::TopicKind, wire::rest::AvailableTopic},
};
use tokio::task::{JoinError, JoinSet};

/// The pattern in the list of available topics.
const METRICS: &str = "v2.analytics.flow.{id}.metrics";

/// Whether the platform offers them, and what is subscribed of them.
pub(super) struct Pushed {
    /// The question, while it is open.
    pub(super) asking: JoinSet<bool>,
    topics: Vec<Topic>,
}

impl Pushed {
    /// Asks, where flows are watched by name. Topics of every flow of an organisation would be too many.
    pub(super) fn ask(client: &Client, found: &Discovered) -> Self {
        let mut asking = JoinSet::new();
        if !found.flows.is_empty() && !found.all_flows {
            let client = client.clone();
            asking.spawn(async move {
                match client.available_topics().await {
                    Ok(topics) => topics.iter().any(is_offered),
                    Err(error) => {
                        tracing::info!(%error, "the available topics could not be listed");
                        false
                    }
                }
            });
        }
        Self { asking, topics: Vec::new() }
    }

    /// Its topics, which are not its own any more.
    pub(super) fn take(&mut self) -> Vec<Topic> {
        std::mem::take(&mut self.topics)
    }
}

/// Over a websocket. How the platform writes that is documented nowhere; its SDKs speak of `All` and `Websocket`.
fn is_offered(topic: &AvailableTopic) -> bool {
    let by_socket = |transport: &String| {
        let transport = transport.to_ascii_lowercase();
        transport == "all" || transport.contains("socket")
    };
    topic.id == METRICS && topic.transports.iter().any(by_socket)
}

impl Live {
    /// Whether the metrics of flows are offered is known: if so, subscribes those of the watched ones.
    pub(super) fn on_offered(&mut self, offered: Result<bool, JoinError>) {
        if let Err(error) = &offered {
            tracing::error!(%error, "the question for the available topics broke");
        }
        if offered.unwrap_or(false) {
            let topics: Vec<Topic> = self.found.flows.iter().map(|(id, _)| Topic::flow_metrics(id)).collect();
            self.pushed.topics.clone_from(&topics);
            self.add(topics);
        }
    }

    /// An event told of a call in a flow.
    pub(super) fn told_of_flow(&self, fact: &FlowFact) {
        let by_metric = fact.run.source == FlowSource::Activity;
        let is_watched = || self.found.flows.iter().any(|(id, _)| *id == fact.run.id);
        if let Some(polled) = self.polled.as_ref().filter(|_| by_metric && is_watched()) {
            polled.told(&fact.conversation);
        }
    }

    /// The link is like this: while it is down nothing is told.
    pub(super) fn still_pushed(&self, link: &Link) {
        if let Some(polled) = self.polled.as_ref().filter(|_| !link.is_live()) {
            polled.untold();
        }
    }
}

/// What such a topic tells is found by asking as well, so its refusal takes nothing away.
pub(crate) fn is_asked_for_as_well(topic: &Topic) -> bool {
    matches!(topic.kind(), TopicKind::Flow { .. } | TopicKind::FlowMetrics { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offered_is_what_a_socket_carries() {
        let of = |id: &str, transports: &[&str]| AvailableTopic {
            id: id.to_owned(),
            transports: transports.iter().map(|t| (*t).to_owned()).collect(),
            ..AvailableTopic::default()
        };
        for (transports, offered) in
            [(&["All"][..], true), (&["EventBridge", "Websocket"], true), (&["EventBridge"], false), (&[], false)]
        {
            assert_eq!(is_offered(&of(METRICS, transports)), offered, "{transports:?}");
        }
        assert!(!is_offered(&of("v2.analytics.flow.{id}.aggregates", &["All"])));
    }
}
