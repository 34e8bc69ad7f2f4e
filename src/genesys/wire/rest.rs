//! Answers of the REST API. Only what the program needs of each, everything optional: reads must not fail because a
//! field was added, dropped or left out.

use super::{conversation, conversation::ConversationBody};
use crate::domain::{ConversationId, FlowFact, FlowId, FlowRun, FlowSource, ParticipantId, Snapshot};
use compact_str::CompactString;
use serde::Deserialize;

/// `GET /api/v2/conversations/{id}` and the per-media reads, as a whole snapshot.
///
/// # Errors
/// When the body is not JSON, or not a conversation with ids.
pub fn conversation(body: &[u8]) -> Result<Snapshot, String> {
    let text = std::str::from_utf8(body).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let wire: ConversationBody<'_> = serde_json::from_str(text).map_err(|e| describe(&e))?;
    if wire.id.filled().is_none() {
        return Err("it is not a conversation: it has no id".into());
    }
    let mut snapshot = wire.snapshot(false);
    for raw in &wire.participants.0 {
        let participant = conversation::participant(raw, None).map_err(|e| describe(&e))?;
        if participant.id.as_str().is_empty() {
            return Err("a participant has no id".into());
        }
        snapshot.participants.push(participant);
    }
    Ok(snapshot)
}

/// What is wrong with a body, without quoting it.
pub fn describe(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax => "it is not JSON",
        serde_json::error::Category::Data => "a field is not what the schema says",
        serde_json::error::Category::Io => "it cannot be read",
    };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

/// A page of anything.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WirePage<T> {
    /// What is on it.
    #[serde(default = "Vec::new")]
    pub entities: Vec<T>,
    /// How many pages there are.
    #[serde(default)]
    pub page_count: Option<u32>,
}

/// Something with an id and a name: a queue, an organisation, a division.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct WireNamed {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
}

/// `GET /routing/queues`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct WireQueue {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Division, which decides who may see it.
    pub division: Option<WireNamed>,
    /// How many users are members.
    pub member_count: Option<u64>,
}

/// `GET /users`, `GET /users/me`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct WireUser {
    /// Identity.
    pub id: String,
    /// Display name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
}

/// `GET /flows`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct FlowEntity {
    /// Identity.
    pub id: String,
    /// Name: what an ivr participant of the flow is called.
    pub name: String,
    /// Upper-case kind: `INBOUNDCALL`, ….
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The flow is active.
    pub active: Option<bool>,
    /// The published version.
    pub published_version: Option<WireFlowVersion>,
}

/// One version of a flow.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct WireFlowVersion {
    /// Identity: a number as text, or a UUID.
    pub id: String,
    /// The version as people see it.
    pub name: Option<String>,
}

/// `GET /tokens/me`: what the token is and may do.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct TokenInfo {
    /// The organisation.
    pub organization: Option<WireNamed>,
    /// The organisation at home.
    pub home_organization: Option<WireNamed>,
    /// OAuth scopes; empty for client credentials, which roles and divisions limit.
    pub authorized_scope: Vec<String>,
    /// The OAuth client.
    #[serde(rename = "OAuthClient")]
    pub client: Option<TokenClient>,
    /// When the token idles out, for organisations that have that.
    pub date_token_idles: Option<String>,
}

/// The OAuth client of a token.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct TokenClient {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: Option<String>,
    /// `CLIENT_CREDENTIALS`, `CODE`, ….
    pub authorized_grant_type: Option<String>,
    /// Its scopes.
    pub scope: Vec<String>,
}

/// `GET /organizations/me`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct Organization {
    /// Identity.
    pub id: String,
    /// Name.
    pub name: String,
    /// Short name.
    pub third_party_org_name: Option<String>,
    /// Domain.
    pub domain: Option<String>,
}

/// A notification channel.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct WireChannel {
    /// Identity.
    pub id: String,
    /// Where to open the websocket: `wss://streaming.{domain}/channels/{id}`.
    pub connect_uri: String,
    /// When it expires: 24 h after the last subscription.
    pub expires: Option<String>,
}

/// The answer for one topic of a subscription request.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct ChannelTopic {
    /// The topic.
    pub id: String,
    /// `Permitted` or `Rejected`; missing means permitted.
    pub state: Option<String>,
    /// Why it was rejected.
    pub rejection_reason: Option<String>,
    /// The permissions that would have let it pass.
    pub missing_permissions: Vec<String>,
}

impl ChannelTopic {
    /// The topic was refused.
    pub fn is_rejected(&self) -> bool {
        self.state.as_deref().is_some_and(|s| s.eq_ignore_ascii_case("rejected"))
    }
}

/// One row of `GET /notifications/availabletopics`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct AvailableTopic {
    /// The topic's pattern: `v2.users.{id}.conversations`.
    pub id: String,
    /// What for.
    pub description: Option<String>,
    /// Permissions it asks for.
    pub requires_permissions: Vec<String>,
    /// Permissions in detail.
    pub permission_details: Vec<PermissionDetails>,
    /// Only the topic's own user may subscribe.
    pub requires_current_user: Option<bool>,
    /// The topic's own user, or one with the permission.
    pub requires_current_user_or_permission: Option<bool>,
    /// Its permissions are enforced.
    pub enforced: Option<bool>,
    /// `Public` or `Preview`.
    pub visibility: Option<String>,
    /// `Websocket`, `EventBridge`, ….
    pub transports: Vec<String>,
}

/// Permissions of a topic.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct PermissionDetails {
    /// `requiresPermissions`, `requiresCurrentUser`, ….
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The permissions that it is about.
    pub permissions: Vec<String>,
    /// The current user needs none of them.
    pub allows_current_user: Option<bool>,
    /// Enforced.
    pub enforced: Option<bool>,
}

/// The answer to an observations query: conversations that are waiting or being talked to, by queue.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Observations {
    /// One per queue and medium.
    pub results: Vec<ObservationGroup>,
}

/// Observations of one queue and medium.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ObservationGroup {
    /// `queueId`, `mediaType`.
    pub group: std::collections::BTreeMap<String, String>,
    /// One per metric.
    pub data: Vec<ObservationData>,
}

/// Observations of one metric.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ObservationData {
    /// `oWaiting`, `oInteracting`.
    pub metric: Option<String>,
    /// The list was cut: there are more than these.
    pub truncated: Option<bool>,
    /// The conversations.
    pub observations: Vec<Sighting>,
}

/// Where a conversation was seen: one row of an observations answer.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, rename_all = "camelCase")]
pub struct Sighting {
    /// The conversation.
    pub conversation_id: Option<String>,
    /// Name of the participant.
    pub participant_name: Option<String>,
    /// The queue, where the row tells it.
    pub queue_id: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// Who called.
    pub ani: Option<String>,
    /// What was dialled.
    pub dnis: Option<String>,
    /// Where from.
    pub address_from: Option<String>,
    /// Where to.
    pub address_to: Option<String>,
    /// `voice`, `message`, ….
    pub media_type: Option<String>,
}

/// The answer to `POST /analytics/conversations/details/query`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct WireDetails {
    /// Conversations, without attributes.
    pub conversations: Vec<DetailsConversation>,
    /// How many there are in all.
    pub total_hits: Option<u64>,
}

/// One conversation of a details answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DetailsConversation {
    /// Identity.
    pub conversation_id: String,
    /// Start.
    pub conversation_start: Option<String>,
    /// End; missing while it lives.
    pub conversation_end: Option<String>,
    /// Its participants.
    pub participants: Vec<DetailsParticipant>,
}

/// One participant of a details answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DetailsParticipant {
    /// Identity.
    pub participant_id: Option<String>,
    /// Role.
    pub purpose: Option<String>,
    /// Name; of an ivr participant often a place, not its flow.
    pub participant_name: Option<String>,
    /// Its sessions.
    pub sessions: Vec<DetailsSession>,
}

/// One session of a details answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DetailsSession {
    /// `voice`, ….
    pub media_type: Option<String>,
    /// Who called.
    pub ani: Option<String>,
    /// What was dialled.
    pub dnis: Option<String>,
    /// The flow, for an ivr participant.
    pub flow: Option<DetailsFlow>,
}

/// The flow of a session.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DetailsFlow {
    /// Identity.
    pub flow_id: Option<String>,
    /// Name.
    pub flow_name: Option<String>,
    /// Version that ran: `42.0`.
    pub flow_version: Option<String>,
}

impl DetailsConversation {
    /// The flows that it ran, by this detail.
    pub fn flows(&self) -> impl Iterator<Item = FlowFact> {
        self.participants.iter().flat_map(move |participant| {
            let flows = participant.sessions.iter().filter_map(|session| session.flow.as_ref());
            flows.filter_map(move |flow| {
                let filled = |text: &Option<String>| text.as_deref().filter(|t| !t.is_empty()).map(CompactString::new);
                Some(FlowFact {
                    conversation: ConversationId::new(self.conversation_id.as_str()),
                    run: FlowRun {
                        id: FlowId::new(flow.flow_id.as_deref().filter(|id| !id.is_empty())?),
                        name: filled(&flow.flow_name),
                        version: filled(&flow.flow_version),
                        source: FlowSource::Analytics,
                        participant: participant.participant_id.as_deref().map(ParticipantId::new),
                    },
                })
            })
        })
    }
}

/// The answer to `POST /analytics/flows/activity/query`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlowActivity {
    /// One per flow, with `groupBy` by flow.
    pub results: Vec<FlowActivityGroup>,
}

/// The live calls of one flow.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlowActivityGroup {
    /// `flowId`.
    pub group: std::collections::BTreeMap<String, String>,
    /// There are more than these.
    pub truncated: Option<bool>,
    /// The calls.
    pub entities: Vec<FlowActivityEntity>,
}

/// A call in a flow.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct FlowActivityEntity {
    /// The conversation.
    pub conversation_id: String,
    /// The flow; where it is missing, the group's.
    pub flow_id: Option<String>,
}
