//! The notification link, and whether the platform permits the topics that matter.

use super::{Check, DoctorReport, execution::NOBODY, unnamed_permission};
use crate::{
    commands::note,
    domain::{Barrier, ConversationId, Link, QueueId, text},
    exit::Exit,
    genesys::{
        Client, Topic, UNNAMED_PERMISSION,
        feed::{self, FeedEvent, FeedOptions, Rejection},
        wire::rest::AvailableTopic,
    },
};
use std::{collections::BTreeMap, io, time::Duration};

/// One try to open the websocket.
const TRY: Duration = Duration::from_secs(4);
/// Tries before it is given up.
const TRIES: u32 = 2;
/// For all of it.
const LINK: Duration = Duration::from_secs(10);
/// Queues whose topics are tried.
const QUEUES: usize = 20;
/// What to do where the websocket does not open.
const REMEDY: &str = "Have the streaming host pass the firewall and the proxy, websockets included.";

/// What came of the link.
enum Came {
    /// It is live; these topics were refused.
    Live(Vec<(Topic, Rejection)>),
    Not {
        why: String,
        exit: Exit,
    },
}

/// A real link with the topics that matter, and what the platform lists as needed for them.
pub(super) async fn run(client: &Client, queues: &[(QueueId, String)], report: &mut DoctorReport) -> io::Result<()> {
    let of_queues: Vec<(Topic, &str)> =
        queues.iter().take(QUEUES).map(|(id, name)| (Topic::queue(id), name.as_str())).collect();
    let attributes = Topic::attributes(&ConversationId::new(NOBODY));
    let wanted = of_queues.iter().map(|(topic, _)| topic.clone()).chain([attributes.clone()]).collect();
    let refused = match link(client, wanted).await {
        Came::Live(refused) => refused,
        Came::Not { why, exit } => {
            let remedy = if exit == Exit::Denied { unnamed_permission("notifications") } else { REMEDY.to_owned() };
            let why = why.strip_suffix(UNNAMED_PERMISSION).unwrap_or(&why).trim_end();
            return report.tell(&Check::broken("notifications", why, remedy, exit));
        }
    };
    report.tell(&Check::pass("notifications", "the channel and its socket work"))?;
    let is_refused = |topic: &Topic| refused.iter().any(|(refused, _)| refused == topic);
    let permitted = match (of_queues.iter().any(|(topic, _)| !is_refused(topic)), !is_refused(&attributes)) {
        (true, true) => "those of queues and of single conversations are permitted",
        (true, false) => "those of queues are permitted",
        (false, true) => "those of single conversations are permitted",
        (false, false) => "",
    };
    if !permitted.is_empty() {
        report.tell(&Check::pass("topics", permitted))?;
    }
    if refused.is_empty() {
        return Ok(());
    }
    let available = client.available_topics().await.unwrap_or_default();
    let all = !of_queues.is_empty() && of_queues.iter().all(|(topic, _)| is_refused(topic));
    // Queues that are refused for one reason are one line.
    let mut lines: BTreeMap<(bool, String, Vec<String>), Vec<String>> = BTreeMap::new();
    for (topic, rejection) in refused {
        let missing = if rejection.missing.is_empty() { needed(&topic, &available) } else { rejection.missing };
        let queue = of_queues.iter().find(|(known, _)| *known == topic);
        let name = queue.map_or("single conversations", |(_, name)| name);
        let line = lines.entry((queue.is_some(), rejection.reason, missing)).or_default();
        line.push(text::visible(name).into_owned());
    }
    for ((is_queue, reason, missing), names) in lines {
        let names = text::few(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let kind = if is_queue { "calls of " } else { "attributes of " };
        let message = format!("{kind}{names}: refused: {reason}");
        let remedy = match missing[..] {
            [] => "Ask an administrator which permission the topic needs.".to_owned(),
            _ => format!("Ask an administrator for {}.", missing.join(", ")),
        };
        report.tell(&match is_queue && all {
            true => Check::broken("topics", message, remedy, Exit::Denied),
            false => Check::warn("topics", message, remedy),
        })?;
    }
    Ok(())
}

/// Connects with these topics. Each try that fails before the last is reported on stderr.
async fn link(client: &Client, wanted: Vec<Topic>) -> Came {
    let options = FeedOptions { connect_timeout: TRY, ..FeedOptions::default() };
    let (handle, mut events) = feed::start(client.clone(), wanted, options);
    let mut refused = Vec::new();
    let mut why = "it did not come up in time".to_owned();
    let mut exit = Exit::Failed;
    let connected = async {
        while let Some(event) = events.recv().await {
            match event {
                FeedEvent::Topics { rejected, .. } => refused.extend(rejected),
                FeedEvent::Link { link: Link::Live, .. } => return true,
                FeedEvent::Link { link: Link::SignedOut { reason }, .. } => {
                    (why, exit) = (reason.to_string(), Exit::Denied);
                    return false;
                }
                FeedEvent::Link { link: Link::Offline { reason, by }, .. } => {
                    why = reason.to_string();
                    exit = if by == Barrier::Permission { Exit::Denied } else { Exit::Failed };
                    return false;
                }
                FeedEvent::Link { link: Link::Reconnecting { attempt, reason, .. }, .. } => {
                    if attempt >= TRIES {
                        why = format!("{reason} ({attempt} tries)");
                        return false;
                    }
                    note(format_args!("{reason}; try {} now", attempt + 1));
                    why = reason.to_string();
                }
                _ => {}
            }
        }
        false
    };
    let live = tokio::time::timeout(LINK, connected).await.unwrap_or(false);
    handle.stop();
    // Its channel is emptied before others are counted.
    _ = tokio::time::timeout(Duration::from_secs(2), async { while events.recv().await.is_some() {} }).await;
    if live { Came::Live(refused) } else { Came::Not { why, exit } }
}

/// The permissions that the platform lists for a topic.
fn needed(topic: &Topic, available: &[AvailableTopic]) -> Vec<String> {
    let parts: Vec<&str> = topic.as_str().split('.').collect();
    let same = |pattern: &str| {
        let wanted: Vec<&str> = pattern.split('.').collect();
        wanted.len() == parts.len() && wanted.iter().zip(&parts).all(|(w, p)| w == p || w.starts_with('{'))
    };
    available.iter().find(|t| same(&t.id)).map(|t| t.requires_permissions.clone()).unwrap_or_default()
}
