//! What is to be watched: names of the command line turned into ids and topics.

use crate::{
    cli::WatchOptions,
    domain::{ConversationId, QueueId, UserId},
    exit::{Exit, Failure},
    genesys::{Client, Topic},
};

/// Everything to watch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Targets {
    /// Queues with their names.
    pub queues: Vec<(QueueId, String)>,
    /// Users with their names.
    pub users: Vec<(UserId, String)>,
    /// The user who is signed in, where one was asked for.
    pub me: Option<UserId>,
    /// Conversations by id.
    pub conversations: Vec<ConversationId>,
    /// Flows whose calls are looked for.
    pub flows: Vec<FlowTarget>,
}

/// A flow to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowTarget {
    /// Identity.
    pub id: String,
    /// Name, which its ivr participants carry.
    pub name: String,
}

impl Targets {
    /// Looks up what the options name.
    ///
    /// # Errors
    /// [`Exit::NotFound`] with the nearest name for one that is not there; whatever a request can fail with.
    pub async fn resolve(client: &Client, options: &WatchOptions) -> Result<Self, Failure> {
        let mut targets = Self::default();
        if options.all_queues {
            targets.queues = client.queues(None).await?.into_iter().map(|q| (QueueId::new(q.id), q.name)).collect();
        }
        for wanted in &options.queue {
            targets.add_queues(client, wanted).await?;
        }
        for wanted in &options.user {
            targets.add_user(client, wanted).await?;
        }
        for wanted in &options.conversation {
            let id = conversation_id(wanted)?;
            if !targets.conversations.contains(&id) {
                targets.conversations.push(id);
            }
        }
        for wanted in &options.flow {
            targets.add_flows(client, wanted).await?;
        }
        Ok(targets)
    }

    /// The topics that tell about them.
    pub fn topics(&self) -> Vec<Topic> {
        let queues = self.queues.iter().map(|(id, _)| Topic::queue(id));
        let users = self.users.iter().map(|(id, _)| Topic::user(id));
        queues.chain(users).chain(self.conversations.iter().map(Topic::attributes)).collect()
    }

    /// What is watched, in a few words.
    pub fn label(&self) -> String {
        let queues = self.queues.iter().map(|(_, name)| name.as_str());
        let names: Vec<&str> = queues
            .chain(self.users.iter().map(|(_, name)| name.as_str()))
            .chain(self.flows.iter().map(|flow| flow.name.as_str()))
            .chain(self.conversations.iter().map(ConversationId::as_str))
            .collect();
        match names.len() {
            0..=3 => names.join(", "),
            more => format!("{}, {} and {} more", names[0], names[1], more - 2),
        }
    }

    async fn add_queues(&mut self, client: &Client, wanted: &str) -> Result<(), Failure> {
        if is_id(wanted)
            && let Ok(queue) = client.queue(wanted).await
        {
            push(&mut self.queues, (QueueId::new(queue.id), queue.name));
            return Ok(());
        }
        let near = client.queues(Some(&pattern(wanted))).await?;
        let found = choose("queue", wanted, &near, |q| &q.name);
        let chosen = match found {
            Ok(chosen) => chosen.into_iter().cloned().collect(),
            Err(failure) if !near.is_empty() => return Err(failure),
            // Nothing contains it: look at all of them for a misspelling.
            Err(_) => {
                let all = client.queues(None).await?;
                choose("queue", wanted, &all, |q| &q.name)?.into_iter().cloned().collect::<Vec<_>>()
            }
        };
        chosen.into_iter().for_each(|q| push(&mut self.queues, (QueueId::new(q.id), q.name)));
        Ok(())
    }

    async fn add_user(&mut self, client: &Client, wanted: &str) -> Result<(), Failure> {
        let user = if wanted == "me" {
            let me = client.me().await?;
            self.me = Some(UserId::new(me.id.as_str()));
            me
        } else if is_id(wanted) {
            client.user(wanted).await?
        } else {
            let all = client.users().await?;
            let email = all.iter().find(|u| u.email.as_deref().is_some_and(|e| e.eq_ignore_ascii_case(wanted)));
            match email {
                Some(user) => user.clone(),
                None => {
                    let chosen = choose("user", wanted, &all, |u| u.email.as_deref().unwrap_or(&u.name))?;
                    chosen
                        .into_iter()
                        .for_each(|u| push(&mut self.users, (UserId::new(u.id.as_str()), u.name.clone())));
                    return Ok(());
                }
            }
        };
        push(&mut self.users, (UserId::new(user.id), user.name));
        Ok(())
    }

    async fn add_flows(&mut self, client: &Client, wanted: &str) -> Result<(), Failure> {
        if is_id(wanted) {
            let flow = client.flow(wanted).await?;
            push(&mut self.flows, FlowTarget { id: flow.id, name: flow.name });
            return Ok(());
        }
        let all = client.flows(None).await?;
        for flow in choose("flow", wanted, &all, |f| &f.name)? {
            push(&mut self.flows, FlowTarget { id: flow.id.clone(), name: flow.name.clone() });
        }
        Ok(())
    }
}

fn push<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

fn is_id(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

/// The server's pattern for names that contain the text.
fn pattern(wanted: &str) -> String {
    format!("*{}*", wanted.trim_matches('*'))
}

/// Those that a name means: with `*` all that match; else the one of this name, or the only one that begins so.
fn choose<'a, T>(kind: &str, wanted: &str, all: &'a [T], name: impl Fn(&T) -> &str) -> Result<Vec<&'a T>, Failure> {
    let folded = wanted.to_lowercase();
    let named = |test: &dyn Fn(&str) -> bool| all.iter().filter(|t| test(&name(t).to_lowercase())).collect::<Vec<_>>();
    if wanted.contains('*') {
        let chosen = named(&|n| matches(n, &folded));
        return if chosen.is_empty() { Err(none(kind, wanted, all, name)) } else { Ok(chosen) };
    }
    let exact = named(&|n| n == folded);
    if !exact.is_empty() {
        return Ok(exact);
    }
    let beginning = named(&|n| n.starts_with(&folded));
    match beginning.len() {
        0 => Err(none(kind, wanted, all, name)),
        1 => Ok(beginning),
        _ => {
            let names: Vec<&str> = beginning.iter().take(8).map(|t| name(t)).collect();
            let message = format!("{wanted:?} is the beginning of {} {kind}s", beginning.len());
            let remedy = format!("say which: {}; or {wanted}* for all of them", names.join(", "));
            Err(Exit::NotFound.because(message).remedy(remedy))
        }
    }
}

fn none<T>(kind: &str, wanted: &str, all: &[T], name: impl Fn(&T) -> &str) -> Failure {
    let failure = Exit::NotFound.because(format!("there is no {kind} {wanted:?}, or this token may not see it"));
    let near = all
        .iter()
        .map(|t| (strsim::jaro_winkler(&wanted.to_lowercase(), &name(t).to_lowercase()), name(t)))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b));
    match near {
        Some((_, near)) => failure.remedy(format!("did you mean {near:?}?")),
        None => failure,
    }
}

/// A name and a pattern with `*` for anything.
fn matches(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut last = "";
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = part;
    }
    rest.is_empty() || pattern.ends_with('*') || name.ends_with(last) && pattern.contains('*')
}

/// CONVERSATION of the command line: an id, or an address that contains one (a page of the admin interface).
pub fn conversation_id(text: &str) -> Result<ConversationId, Failure> {
    let text = text.trim();
    match text.split(['/', '?', '&', '=', '#', '%']).rfind(|part| is_id(part)) {
        Some(id) => Ok(ConversationId::new(id)),
        // Ids are opaque to us, so an id of another shape is the server's to judge; an address without one is not.
        None if !text.is_empty() && !text.contains('/') => Ok(ConversationId::new(text)),
        None => Err(Exit::Usage.because(format!("{text:?} is no conversation id and no address with one in it"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUEUES: [&str; 4] = ["Billing", "Billing VIP", "Sales", "Web Support"];

    fn chosen(wanted: &str) -> Result<Vec<&'static str>, Failure> {
        choose("queue", wanted, &QUEUES, |q| q).map(|list| list.into_iter().copied().collect())
    }

    #[test]
    fn names_are_found_without_case_by_beginning_or_pattern() {
        assert_eq!(chosen("billing").unwrap(), ["Billing"], "the exact one, not the longer one");
        assert_eq!(chosen("SAL").unwrap(), ["Sales"]);
        assert_eq!(chosen("bill*").unwrap(), ["Billing", "Billing VIP"]);
        assert_eq!(chosen("*support").unwrap(), ["Web Support"]);
        assert_eq!(chosen("*").unwrap().len(), 4);
    }

    #[test]
    fn what_is_not_there_or_not_clear_is_told_with_a_way_out() {
        assert_eq!(chosen("Bilings").unwrap_err().advice(), Some("did you mean \"Billing\"?"));
        assert!(chosen("b").unwrap_err().advice().unwrap().contains("Billing, Billing VIP"));
        assert_eq!(Exit::of(&chosen("zzz").unwrap_err().into()), Exit::NotFound);
    }

    #[test]
    fn patterns() {
        assert!(matches("abc", "*") && matches("abc", "a*c") && matches("abc", "*b*") && matches("abab", "*ab"));
        assert!(!matches("abc", "*x*") && !matches("abc", "a*b") && !matches("abc", "b*"));
    }

    #[test]
    fn a_conversation_is_an_id_or_an_address_with_one() {
        let id = "1f1c3c9e-6a0b-4c8f-9d5e-0b9f6f2f7a11";
        for text in [
            id.to_owned(),
            format!("  {id} "),
            format!("https://apps.mypurecloud.com/directory/#/engage/admin/interactions/{id}"),
            format!("https://apps.mypurecloud.com/directory/#/engage/admin/interactions/{id}?tab=details"),
        ] {
            assert_eq!(conversation_id(&text).unwrap().as_str(), id, "{text}");
        }
        assert_eq!(conversation_id("not-a-uuid").unwrap().as_str(), "not-a-uuid");
        assert!(conversation_id("").is_err());
        assert!(conversation_id("https://apps.mypurecloud.com/directory").is_err());
    }
}
