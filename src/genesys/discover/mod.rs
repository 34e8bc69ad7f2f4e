//! From what the operator names to what is watched: topics, names, and the conversations that are live already.

pub mod pick;

use super::{
    Client, Error, ErrorKind, Topic,
    client::Priority,
    topic::TopicKind,
    wire::rest::{FlowEntity, Observations, WireQueue, WireUser},
};
use crate::domain::{ConversationId, FlowFact, FlowId, Names, QueueId, UserId};
use jiff::{SignedDuration, Timestamp};
use pick::{NamedChoice, pick};

/// What the operator asked to watch, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Queues, by name, pattern or id.
    pub queues: Vec<String>,
    /// Users, by e-mail address, name, id or `me`.
    pub users: Vec<String>,
    /// Conversations, by id or address of a page.
    pub conversations: Vec<String>,
    /// Flows, by name, pattern or id.
    pub flows: Vec<String>,
    /// Every queue that is visible.
    pub all_queues: bool,
    /// Every active conversation, whatever flow it is in.
    pub all_flows: bool,
}

/// What that means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovered {
    /// Queues to watch, with their names.
    pub queues: Vec<(QueueId, String)>,
    /// Users to watch, with their names.
    pub users: Vec<(UserId, String)>,
    /// Flows whose calls are looked for, with their names.
    pub flows: Vec<(FlowId, String)>,
    /// Every active conversation is looked for.
    pub all_flows: bool,
    /// Conversations named one by one.
    pub conversations: Vec<ConversationId>,
    /// The signed-in user is watched, so their own conversations can be asked for.
    pub me: bool,
}

impl Discovered {
    /// The topics to subscribe.
    pub fn topics(&self) -> Vec<Topic> {
        let queues = self.queues.iter().map(|(id, _)| Topic::queue(id));
        let users = self.users.iter().map(|(id, _)| Topic::user(id));
        queues.chain(users).chain(self.conversations.iter().flat_map(Topic::of_conversation)).collect()
    }

    /// What a topic tells of, by name: `queue Support`.
    pub fn describe(&self, topic: &Topic) -> String {
        let named = |kind: &str, id: &str, name: Option<&String>| match name {
            Some(name) => format!("{kind} {name}"),
            None => format!("{kind} {id}"),
        };
        match topic.kind() {
            TopicKind::Queue { id, .. } => {
                named("queue", id, self.queues.iter().find(|(known, _)| known.as_str() == id).map(|(_, name)| name))
            }
            TopicKind::User { id, .. } => {
                named("user", id, self.users.iter().find(|(known, _)| known.as_str() == id).map(|(_, name)| name))
            }
            TopicKind::Attributes { conversation } => format!("attributes of conversation {conversation}"),
            TopicKind::Flow { conversation } => format!("flows of conversation {conversation}"),
            TopicKind::FlowMetrics { flow } => {
                named("flow", flow, self.flows.iter().find(|(known, _)| known.as_str() == flow).map(|(_, name)| name))
            }
            _ => topic.to_string(),
        }
    }

    /// Calls have to be looked for, because no topic announces them.
    pub fn needs_polling(&self) -> bool {
        self.all_flows || !self.flows.is_empty()
    }

    /// Teaches the names that came up.
    pub fn teach(&self, names: &mut Names) {
        for (id, name) in &self.queues {
            names.learn_queue(id.clone(), name);
        }
        for (id, name) in &self.users {
            names.learn_user(id.clone(), name);
        }
        for (id, name) in &self.flows {
            names.learn_flow(id.clone(), name);
        }
    }
}

/// Resolves what the operator named.
///
/// # Errors
/// [`ErrorKind::NotFound`] for a name that nothing has, with the nearest ones; [`ErrorKind::Setup`] for one that is not unique
/// or does not fit the sign-in; others as for any request.
pub async fn resolve(client: &Client, wanted: &Wanted) -> Result<Discovered, Error> {
    let mut found = Discovered { all_flows: wanted.all_flows, ..Discovered::default() };
    for text in &wanted.conversations {
        let id = conversation_id(text)?;
        if !found.conversations.contains(&id) {
            found.conversations.push(id);
        }
    }
    if wanted.all_queues || !wanted.queues.is_empty() {
        let queues = visible_queues(client).await?;
        for text in &wanted.queues {
            add(&mut found.queues, pick("queue", text, &queues)?.into_iter().map(|q| (QueueId::new(&*q.id), &q.name)));
        }
        if wanted.all_queues {
            add(&mut found.queues, queues.iter().map(|q| (QueueId::new(&*q.id), &q.name)));
        }
    }
    let mut users = None;
    for text in &wanted.users {
        if text.eq_ignore_ascii_case("me") {
            let me = me(client).await?;
            add(&mut found.users, [(UserId::new(&*me.id), &me.name)]);
            found.me = true;
            continue;
        }
        if is_id(text)
            && let Ok(user) = client.user(text).await
        {
            add(&mut found.users, [(UserId::new(&*user.id), &user.name)]);
            continue;
        }
        if users.is_none() {
            users = Some(client.users().await?);
        }
        let choices = users.as_deref().unwrap_or_default();
        add(&mut found.users, pick("user", text, choices)?.into_iter().map(|u| (UserId::new(&*u.id), &u.name)));
    }
    if !wanted.flows.is_empty() {
        let flows = client.flows(None).await?;
        for text in &wanted.flows {
            add(&mut found.flows, pick("flow", text, &flows)?.into_iter().map(|f| (FlowId::new(&*f.id), &f.name)));
        }
    }
    Ok(found)
}

fn add<'a, Id: PartialEq>(list: &mut Vec<(Id, String)>, more: impl IntoIterator<Item = (Id, &'a String)>) {
    for (id, name) in more {
        if !list.iter().any(|(known, _)| *known == id) {
            list.push((id, name.clone()));
        }
    }
}

/// The signed-in user.
async fn me(client: &Client) -> Result<WireUser, Error> {
    client.me().await.map_err(|error| {
        if matches!(client.connection().auth, super::Auth::ClientCredentials { .. }) {
            Error::new(ErrorKind::Setup, "user \"me\"", "a sign-in with client credentials has no user")
                .with_remedy("Name the user, or sign in with `sidetone login`.")
        } else {
            error
        }
    })
}

/// Queues that this token may see, by whichever way it may.
///
/// # Errors
/// As for any request; the permission that is missing is that of the first way.
pub async fn visible_queues(client: &Client) -> Result<Vec<WireQueue>, Error> {
    match client.queues(None).await {
        Err(error) if matches!(error.kind(), ErrorKind::Permission { .. }) => match client.queues_by_division().await {
            Ok(queues) => Ok(queues),
            Err(_) => Err(error),
        },
        other => other,
    }
}

/// What is live at the start.
#[derive(Clone, Debug, Default)]
pub struct Initial {
    /// Conversations to read.
    pub conversations: Vec<ConversationId>,
    /// What could not be found out, and what that means.
    pub notices: Vec<String>,
    /// Which flows they run or ran, as far as looking for calls of flows told it.
    pub flows: Vec<FlowFact>,
    /// Why some of the calls could not be looked for, the first reason.
    pub unsearched: Option<Error>,
}

/// How far back active conversations are looked for.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(24);

/// Finds the conversations that are live already: events tell only of those that change. A missing permission is a
/// notice, not an error: those calls appear at their next change.
pub async fn initial(client: &Client, found: &Discovered) -> Initial {
    let mut initial = Initial { conversations: found.conversations.clone(), ..Initial::default() };
    let mut seen: rustc_hash::FxHashSet<ConversationId> = initial.conversations.iter().cloned().collect();
    let mut meet = |initial: &mut Initial, id: &str| {
        let id = ConversationId::new(id);
        if !id.as_str().is_empty() && seen.insert(id.clone()) {
            initial.conversations.push(id);
        }
    };
    let ids: Vec<QueueId> = found.queues.iter().map(|(id, _)| id.clone()).collect();
    let mut cut = false;
    for some in ids.chunks(50) {
        match client.queue_observations(some).await {
            Ok(observations) => {
                cut |= sightings(&observations, |id| meet(&mut initial, id));
            }
            Err(error) => {
                initial.notices.push(format!("Calls that are live already appear at their next change. {error}"));
                initial.unsearched = Some(error);
                break;
            }
        }
    }
    if cut {
        match active(client, 10, |id| meet(&mut initial, id)).await {
            Ok(_) => {}
            Err(error) => {
                initial
                    .notices
                    .push(format!("Not every live call was listed; the others appear at their next change. {error}"));
                initial.unsearched.get_or_insert(error);
            }
        }
    }
    if found.me {
        match client.my_conversations().await {
            Ok(ids) => ids.iter().for_each(|id| meet(&mut initial, id.as_str())),
            Err(error) => {
                initial.notices.push(format!("Own conversations appear at their next change. {error}"));
                initial.unsearched.get_or_insert(error);
            }
        }
    }
    initial
}

/// Hands out the conversations of an observations answer. True when lists were cut.
fn sightings(observations: &Observations, mut meet: impl FnMut(&str)) -> bool {
    let mut cut = false;
    for data in observations.results.iter().flat_map(|group| &group.data) {
        cut |= data.truncated == Some(true);
        data.observations.iter().filter_map(|seen| seen.conversation_id.as_deref()).for_each(&mut meet);
    }
    cut
}

/// Hands out the ids of active conversations, page by page.
async fn active(client: &Client, pages: u32, mut meet: impl FnMut(&str)) -> Result<(), Error> {
    for page in 1..=pages {
        let now = client.clock().now().wall;
        let details = client.active_details((back(now), ahead(now)), &[], page, Priority::Background).await?;
        let last = details.conversations.len() < super::client::PAGE_SIZE as usize;
        let live = details.conversations.iter().filter(|c| c.conversation_end.is_none());
        live.for_each(|c| meet(&c.conversation_id));
        if last {
            break;
        }
    }
    Ok(())
}

fn back(now: Timestamp) -> Timestamp {
    now.checked_sub(LOOK_BACK).unwrap_or(now)
}

/// A little into the future, for a clock that is behind the platform's.
fn ahead(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_mins(5)).unwrap_or(now)
}

/// A conversation id, as it is or within the address of a page.
///
/// # Errors
/// [`ErrorKind::Setup`] when there is none in it.
pub fn conversation_id(text: &str) -> Result<ConversationId, Error> {
    let text = text.trim();
    if let Some(id) = uuids(text).next_back() {
        // The platform writes them in small letters.
        return Ok(ConversationId::new(id.to_ascii_lowercase()));
    }
    if text.is_empty() || text.contains(['/', ' ', '?', '#']) {
        return Err(Error::new(
            ErrorKind::Setup,
            format!("conversation {text:?}"),
            "there is no conversation id in it",
        )
        .with_remedy("Give the id, or the address of the conversation's page."));
    }
    // They would lead to another route than a conversation's.
    if matches!(text.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..") {
        return Err(Error::new(ErrorKind::Setup, format!("conversation {text:?}"), "an id cannot be one or two dots")
            .with_remedy("Give the id, or the address of the conversation's page."));
    }
    Ok(ConversationId::new(text))
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && uuids(text).next().is_some()
}

/// UUIDs in a text. An interaction's page has the conversation's last; what precedes it are views and filters.
fn uuids(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    let parts = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'));
    parts.filter(|part| {
        part.len() == 36 && part.bytes().enumerate().all(|(i, b)| matches!(i, 8 | 13 | 18 | 23) == (b == b'-'))
    })
}

impl NamedChoice for WireQueue {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
}

impl NamedChoice for FlowEntity {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
}

impl NamedChoice for WireUser {
    fn id(&self) -> &str {
        &self.id
    }
    fn name(&self) -> &str {
        &self.name
    }
    fn alias(&self) -> Option<&str> {
        self.email.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_named_by_id_or_by_a_pages_address() {
        let id = "1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11";
        for text in [
            id.to_owned(),
            format!("https://apps.mypurecloud.com/directory/#/engage/admin/interactions/{id}"),
            format!("https://apps.mypurecloud.de/directory/#/analytics/interactions/{id}/admin/details?tabId=2"),
            format!("  {id}\n"),
        ] {
            assert_eq!(conversation_id(&text).unwrap().as_str(), id, "{text}");
        }
        assert_eq!(conversation_id("call-1").unwrap().as_str(), "call-1");
        assert_eq!(conversation_id("https://apps.mypurecloud.com/").unwrap_err().exit_code(), 2);
        for none in ["", ".", "..", "%2e.", "%2E%2e"] {
            assert!(conversation_id(none).is_err(), "{none}");
        }
    }

    #[test]
    fn what_was_found_becomes_topics() {
        let found = Discovered {
            queues: vec![("q".into(), "Q".into())],
            users: vec![("u".into(), "U".into())],
            conversations: vec!["c".into()],
            ..Discovered::default()
        };
        let topics: Vec<String> = found.topics().iter().map(ToString::to_string).collect();
        assert_eq!(
            topics,
            [
                "v2.routing.queues.q.conversations",
                "v2.users.u.conversations",
                "v2.detail.events.conversation.c.attributes",
                "v2.detail.events.conversation.c.flow.start",
                "v2.detail.events.conversation.c.flow.end",
            ]
        );
        let mut names = Names::default();
        found.teach(&mut names);
        assert_eq!(names.queue(&"q".into()), Some("Q"));
    }
}
