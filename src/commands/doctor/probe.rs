//! Whether PATCH merges or replaces, and how fast writes come back: tried on keys of its own, and undone.
//!
//! Every write carries the whole map, so that nothing is lost if the organisation's PATCH replaces: the second write
//! leaves only the first probe key out, and whether that key is then still there is the answer.

use super::{Check, DoctorReport};
use crate::{
    config::Settings,
    domain::{ConversationId, ParticipantId, Snapshot},
    exit::{Exit, Failure},
    genesys::{
        Client,
        client::{PatchPath, PatchReply, Priority},
    },
};
use std::{
    io::{self, BufRead, Write},
    time::{Duration, Instant},
};

const FIRST: &str = "sidetone.probe.1";
const SECOND: &str = "sidetone.probe.2";
/// How long a write may take to be seen.
const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks.
const EVERY: Duration = Duration::from_millis(250);

type ProbeAttributes = Vec<(String, String)>;

struct Probe<'a> {
    client: &'a Client,
    conversation: ConversationId,
    participant: ParticipantId,
}

/// Asks, probes, undoes, tells.
pub async fn run(
    client: &Client,
    settings: &Settings,
    text: &str,
    yes: bool,
    report: &mut DoctorReport,
) -> anyhow::Result<()> {
    let conversation = crate::genesys::discover::conversation_id(text)?;
    let snapshot = client.conversation(&conversation, Priority::Interactive).await?;
    let Some(customer) = snapshot.participants.iter().rev().find(|p| p.purpose.is_customer()) else {
        return Err(Exit::NotFound.because(format!("conversation {conversation} has no customer participant")).into());
    };
    let participant = ParticipantId::new(customer.id.as_str());
    let before = map(&snapshot, &participant);
    if !yes && !consent(&conversation, before.len())? {
        return Err(Exit::Usage.because("nothing was written").remedy("answer yes, or give --yes").into());
    }
    let probe = Probe { client, conversation, participant };
    let first = probe.write(&with(&before, &[FIRST]), |now| has(now, FIRST)).await?;
    let (_, now) = probe.read().await?;
    let second = probe.write(&with(&without(&now), &[SECOND]), |now| has(now, SECOND)).await?;
    let (_, after) = probe.read().await?;
    let merges = has(&after, FIRST);
    let lost: Vec<&str> = before.iter().filter(|(k, _)| !has(&after, k)).map(|(k, _)| k.as_str()).collect();
    let undone = probe.undo(&after, merges).await;

    let what = if merges {
        "PATCH merges: keys that are not sent stay"
    } else {
        "PATCH replaces: keys that are not sent are gone"
    };
    report.tell(&Check::pass("probe", what))?;
    let ms = |d: Duration| d.as_millis();
    report.tell(&Check::pass("probe", format!("writes were seen after {} and {} ms", ms(first), ms(second))))?;
    if !lost.is_empty() {
        let message = format!("keys that vanished during the test: {}", lost.join(", "));
        report.tell(&Check::warn("probe", message, "Another writer was at work; set them again if they matter."))?;
    }
    report.tell(&match undone {
        Ok(true) => Check::pass("probe", "its keys are gone again"),
        Ok(false) => Check::warn(
            "probe",
            format!("{FIRST} and {SECOND} are empty now"),
            "The platform documents no way to remove a key; they go with the conversation.",
        ),
        Err(error) => Check::fail("probe", &error),
    })?;
    let profile = settings.profile.as_deref().unwrap_or("default");
    let write = if merges { "changed" } else { "merged" };
    report.tell(&Check::pass("probe", format!("to note it: write = \"{write}\" under [profile.{profile}]")))?;
    Ok(())
}

fn consent(conversation: &ConversationId, keys: usize) -> io::Result<bool> {
    let mut err = io::stderr();
    write!(
        err,
        "The probe writes {FIRST} and {SECOND} on the customer participant of {conversation}, each time with the {keys} \
         keys that are there, and undoes it. A flow or program that reads all keys may see them. Type yes to go on: "
    )?;
    err.flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "yes" | "y"))
}

fn map(snapshot: &Snapshot, participant: &ParticipantId) -> ProbeAttributes {
    let found = snapshot.participants.iter().find(|p| p.id == *participant);
    let attributes = found.and_then(|p| p.attributes.as_ref());
    attributes.map(|a| a.iter().map(|(k, v)| (k.to_string(), v.as_str().to_owned())).collect()).unwrap_or_default()
}

fn has(map: &ProbeAttributes, key: &str) -> bool {
    map.iter().any(|(k, v)| k == key && !v.is_empty())
}

/// Without the probe's own keys.
fn without(map: &ProbeAttributes) -> ProbeAttributes {
    map.iter().filter(|(k, _)| k != FIRST && k != SECOND).cloned().collect()
}

fn with(map: &ProbeAttributes, keys: &[&str]) -> ProbeAttributes {
    let own = keys.iter().map(|key| ((*key).to_owned(), "set by sidetone doctor --probe".to_owned()));
    without(map).into_iter().chain(own).collect()
}

impl Probe<'_> {
    async fn read(&self) -> Result<(Snapshot, ProbeAttributes), Failure> {
        let snapshot = self.client.conversation(&self.conversation, Priority::Interactive).await?;
        let map = map(&snapshot, &self.participant);
        Ok((snapshot, map))
    }

    /// Sends this map, and waits until it is seen. Returns how long that took.
    async fn write(
        &self,
        send: &ProbeAttributes,
        seen: impl Fn(&ProbeAttributes) -> bool,
    ) -> Result<Duration, Failure> {
        let started = Instant::now();
        let pairs = send.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        let outcome =
            self.client.patch_attributes(&self.conversation, &self.participant, pairs, PatchPath::Attributes).await?;
        if let PatchReply::Unknown(error) = outcome {
            tracing::info!(%error, "the probe's write is settled by reading");
        }
        while started.elapsed() < PATIENCE {
            let (_, now) = self.read().await?;
            if seen(&now) {
                return Ok(started.elapsed());
            }
            tokio::time::sleep(EVERY).await;
        }
        let message = format!("a write was accepted and not seen within {} s", PATIENCE.as_secs());
        Err(Exit::Unseen
            .because(message)
            .remedy(format!("look whether {FIRST} or {SECOND} is on the customer participant")))
    }

    /// True when the probe's keys are gone, false when they could only be blanked.
    async fn undo(&self, now: &ProbeAttributes, merges: bool) -> Result<bool, crate::genesys::Error> {
        let send: ProbeAttributes =
            if merges { [FIRST, SECOND].map(|key| (key.to_owned(), String::new())).into() } else { without(now) };
        let pairs = send.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        self.client.patch_attributes(&self.conversation, &self.participant, pairs, PatchPath::Attributes).await?;
        Ok(!merges)
    }
}
