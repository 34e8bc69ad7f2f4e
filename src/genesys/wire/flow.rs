//! The events that tell of flows: the detail events of a conversation (which flow, which version, which participant), and
//! the metrics of a flow (which conversation, which version).

use super::{WireFrame, lenient::Text, malformed};
use crate::domain::{ConversationId, FlowFact, FlowId, FlowRun, FlowSource, ParticipantId};
use compact_str::CompactString;
use serde::Deserialize;

/// The part of `flow.start`, `flow.end` and of a metric that tells the flow.
#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct FlowBody<'a> {
    #[serde(borrow)]
    conversation_id: Text<'a>,
    #[serde(borrow)]
    participant_id: Text<'a>,
    #[serde(borrow)]
    flow_id: Text<'a>,
    #[serde(borrow)]
    flow_name: Text<'a>,
    #[serde(borrow)]
    flow_version: Text<'a>,
}

/// Reads a metric of a flow; `flow` is the one of the topic. It names no participant.
pub(super) fn metric(body: &str, flow: &str) -> WireFrame {
    let body: FlowBody<'_> = match serde_json::from_str(body) {
        Ok(body) => body,
        Err(error) => return malformed("a metric of a flow", &error),
    };
    let Some(conversation) = body.conversation_id.filled() else {
        return WireFrame::Malformed { reason: "a metric of a flow: it names no conversation".into() };
    };
    WireFrame::Flow(FlowFact {
        conversation: ConversationId::new(conversation),
        run: FlowRun {
            id: FlowId::new(body.flow_id.filled().unwrap_or(flow)),
            name: body.flow_name.filled().map(CompactString::new),
            version: body.flow_version.filled().map(CompactString::new),
            source: FlowSource::Activity,
            participant: None,
        },
    })
}

/// Reads the body; `conversation` is the one of the topic.
pub(super) fn event(body: &str, conversation: &str) -> WireFrame {
    let body: FlowBody<'_> = match serde_json::from_str(body) {
        Ok(body) => body,
        Err(error) => return malformed("a flow event", &error),
    };
    let Some(flow) = body.flow_id.filled() else {
        return WireFrame::Malformed { reason: "a flow event: it names no flow".into() };
    };
    WireFrame::Flow(FlowFact {
        conversation: ConversationId::new(body.conversation_id.filled().unwrap_or(conversation)),
        run: FlowRun {
            id: FlowId::new(flow),
            name: None,
            version: body.flow_version.filled().map(CompactString::new),
            source: FlowSource::Event,
            participant: body.participant_id.filled().map(ParticipantId::new),
        },
    })
}
