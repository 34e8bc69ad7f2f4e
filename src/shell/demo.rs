//! A simulator on which a flow can be shown to a room.

use crate::{app::flow, domain::ConversationId, flow::model::Flow};
use std::sync::Arc;

/// Something that can hold a call while a flow is run on it.
pub trait Demo: Send {
    /// The definition by which it drives calls of this flow, if it has one.
    fn definition(&self, flow: &str) -> Option<Arc<Flow>>;

    /// Does this to the call; the call's id when it was placed just now.
    fn act(&mut self, act: flow::DemoStep) -> Option<ConversationId>;
}
