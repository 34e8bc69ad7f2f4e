//! What commands about one conversation share: a client from the settings, one conversation from an argument, one participant of
//! it, and errors that say what there is instead.

use super::note;
use crate::{
    config::Settings,
    domain::{
        At, Barrier, Board, Conversation, ConversationId, HistoryLimits, Participant, ParticipantSnapshot, Update,
    },
    exit::{Exit, Failure},
    genesys::{
        Client, Connection, Error, ErrorKind,
        client::{ClientOptions, Limits, NextTry, Priority, Retrying, proxy, transport},
        discover::Wanted,
    },
    live::{self, targets::Targets},
};
use rustc_hash::FxHashSet;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// Reads on their way at the same time.
const TOGETHER: usize = 8;

/// How long one try to connect takes at most: three of them and the waits between them take less than ten seconds.
const CONNECT: Duration = Duration::from_millis(2_500);
/// Calls of one question for flows.
const FLOWS_OF: usize = 50;

/// A client of the configured organisation, for a command behind which somebody waits: where nobody answers it gives up
/// soon, and says from the first failure on that it tries again. Nothing is sent yet.
pub fn client(settings: &Settings) -> Result<Client, Failure> {
    client_of(settings.connection()?)
}

/// The same of a connection that is not the configured one.
pub fn client_of(connection: Connection) -> Result<Client, Failure> {
    let client = Client::with_options(connection, one_shot());
    usable(&client)?;
    Ok(client)
}

/// How such a client behaves.
pub fn one_shot() -> ClientOptions {
    let transport = transport::TransportOptions { connect_timeout: CONNECT, ..transport::TransportOptions::default() };
    let retrying = Some(Retrying(Arc::new(|next: NextTry| note(next))));
    ClientOptions { transport, limits: Limits::one_shot(), retrying, ..ClientOptions::default() }
}

/// A proxy of a kind that cannot be used is told before anything is sent.
pub fn usable(client: &Client) -> Result<(), Failure> {
    match client.unusable_proxy() {
        Some(why) => Err(Exit::Usage.because(why).remedy(proxy::REMEDY)),
        None => Ok(()),
    }
}

/// A client of the configured organisation, for what goes on until it is ended. `says`: each failure that is tried again is
/// reported on stderr.
pub fn lasting_client(settings: &Settings, says: bool) -> Result<Client, Failure> {
    reporting_client(settings, says.then(|| Retrying(Arc::new(|next: NextTry| note(next)))))
}

/// A client of the configured organisation, for what goes on until it is ended; each failure that is tried again is reported.
pub fn reporting_client(settings: &Settings, retrying: Option<Retrying>) -> Result<Client, Failure> {
    let client = Client::with_options(settings.connection()?, ClientOptions { retrying, ..ClientOptions::default() });
    usable(&client)?;
    Ok(client)
}

/// The link cannot come about.
pub fn offline(reason: &str, by: Barrier) -> Failure {
    let exit = match by {
        Barrier::Permission => Exit::Denied,
        Barrier::Way | Barrier::Stream => Exit::Failed,
    };
    exit.because(reason)
}

/// Between two tries to look up what is to be watched, where something is in the way that waiting will hardly take away.
const RARELY: Duration = Duration::from_secs(60);

/// Looks up what is to be watched, for what goes on until it is ended. What keeps the platform from being reached is told once, and
/// tried again once a minute: a proxy that refuses, a certificate, a page in its place, or nobody who answers. (A password that a
/// proxy refused is not tried again before an hour has passed.)
///
/// # Errors
/// Whatever else [`Targets::resolve`] fails with.
pub async fn patiently(client: &Client, wanted: &Wanted) -> Result<Targets, Error> {
    let mut told = String::new();
    loop {
        let error = match Targets::resolve(client, wanted).await {
            Err(error) if matches!(error.kind(), ErrorKind::Network(_) | ErrorKind::Malformed) => error,
            found => return found,
        };
        let words = format!("{error} Trying again once a minute");
        if told != words {
            note(&words);
            told = words;
        }
        tokio::time::sleep(RARELY).await;
    }
}

/// Reads one conversation onto a board of its own.
pub async fn read_one(client: &Client, id: &ConversationId, priority: Priority) -> Result<Board, Failure> {
    let left = client.clock().now().mono;
    let snapshot = client.conversation(id, priority).await?;
    let mut board = Board::new(HistoryLimits::default());
    board.apply(client.clock().now(), Update::Read { snapshot, asked: 0, left }, &());
    Ok(board)
}

/// Reads every call that there is now, each once; the client's budget spreads the reads over time. A call that was named
/// must be there; of the others, those that cannot be read are told. Then which flows they run or ran is asked for. Returns
/// whether all was looked at.
pub async fn read_all(
    client: &Client,
    targets: &Targets,
    mut take: impl FnMut(At, Update) -> std::io::Result<()>,
) -> anyhow::Result<bool> {
    let initial = live::find(client, targets).await;
    initial.notices.iter().for_each(note);
    let mut whole = initial.unsearched.is_none();
    // Nothing that was asked for could be looked at: that is no result.
    if let Some(error) = initial.unsearched.filter(|_| initial.conversations.is_empty()) {
        return Err(error.into());
    }
    let mut waiting = initial.conversations.into_iter();
    let mut reads = JoinSet::new();
    let mut in_flows = Vec::new();
    let mut read = 0;
    let mut unread = Unread::default();
    loop {
        while reads.len() < TOGETHER
            && let Some(id) = waiting.next()
        {
            let client = client.clone();
            reads.spawn(async move {
                let answer = client.conversation(&id, Priority::Interactive).await;
                (id, answer)
            });
        }
        let Some(done) = reads.join_next().await else { break };
        let (id, answer) = done?;
        match answer {
            Ok(snapshot) => {
                read += 1;
                if snapshot.participants.iter().any(ParticipantSnapshot::is_flow) {
                    in_flows.push(id);
                }
                let at = client.clock().now();
                take(at, Update::Read { snapshot, asked: 0, left: at.mono })?;
            }
            Err(error) if targets.conversations.contains(&id) => return Err(error.into()),
            // It was there a moment ago, and is none of those that were named.
            Err(error) => {
                whole &= *error.kind() == ErrorKind::NotFound;
                unread.add(id, error);
            }
        }
    }
    unread.end(read)?;
    for fact in initial.flows {
        take(client.clock().now(), Update::Flow(fact))?;
    }
    for ids in in_flows.chunks(FLOWS_OF) {
        match client.flows_of(ids, Priority::Link).await {
            Ok(facts) => {
                for fact in facts {
                    take(client.clock().now(), Update::Flow(fact))?;
                }
            }
            Err(error) => {
                note(format_args!("which flows the calls are in could not be asked for: {error}"));
                break;
            }
        }
    }
    Ok(whole)
}

/// Calls that could not be read. What refuses one refuses most: it is said once.
#[derive(Default)]
pub struct Unread {
    calls: FxHashSet<ConversationId>,
    first: Option<(ConversationId, Error)>,
}

impl Unread {
    /// One more.
    pub fn add(&mut self, id: ConversationId, error: Error) {
        self.calls.insert(id.clone());
        self.first.get_or_insert((id, error));
    }

    /// It could be read after all.
    pub fn remove(&mut self, id: &ConversationId) {
        self.calls.remove(id);
        self.first.take_if(|(first, _)| first == id);
    }

    /// All could be read.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// It is one of them.
    pub fn has(&self, id: &ConversationId) -> bool {
        self.calls.contains(id)
    }

    /// Says so, where so many others were read.
    ///
    /// # Errors
    /// None was read although they are there: that is no result.
    pub fn end(self, read: usize) -> Result<(), Error> {
        match (self.first, self.calls.len()) {
            (Some((_, error)), _) if read == 0 && *error.kind() != ErrorKind::NotFound => return Err(error),
            (Some((id, error)), 1) => note(format_args!("conversation {id} could not be read: {error}")),
            (Some((_, error)), unread) => {
                note(format_args!("{unread} conversations could not be read; of the first: {error}"));
            }
            (None, _) => {}
        }
        Ok(())
    }
}

/// The conversation on the board.
pub fn known<'a>(board: &'a Board, id: &ConversationId) -> Result<&'a Conversation, Failure> {
    match board.get(id.as_str()) {
        Some(entry) => Ok(&entry.conversation),
        None => Err(Exit::Failed.because(format!("the server answered with another conversation than {id}"))),
    }
}

/// A participant with its conversation.
#[derive(Clone, Copy, Debug)]
pub struct FoundParticipant<'a> {
    /// The conversation.
    pub call: &'a Conversation,
    /// The participant.
    pub participant: &'a Participant,
}

/// `--participant P` of the contract: an id or a purpose; `customer` when nothing is said.
pub fn participant<'a>(call: &'a Conversation, wanted: Option<&str>) -> Result<&'a Participant, Failure> {
    let wanted = wanted.unwrap_or("customer");
    call.resolve(wanted).ok_or_else(|| {
        let there: Vec<&str> = call.participants.iter().map(|p| p.purpose.as_str()).collect();
        Exit::NotFound
            .because(format!("conversation {} has no participant {wanted:?}", call.id))
            .remedy(format!("it has: {}", if there.is_empty() { "none".to_owned() } else { there.join(", ") }))
    })
}

/// The key is not on this participant. Says where it is, or what looks like it.
pub fn no_key(target: &FoundParticipant<'_>, key: &str) -> Failure {
    let FoundParticipant { call, participant } = target;
    let failure = Exit::NotFound.because(format!(
        "there is no key {key:?} on the {} participant of conversation {}",
        participant.purpose.as_str(),
        call.id
    ));
    if let Some(other) = call.participants.iter().find(|p| p.attributes.get(key).is_some()) {
        return failure.remedy(format!(
            "the {} participant has it (--participant {})",
            other.purpose.as_str(),
            other.id
        ));
    }
    let folded = key.to_lowercase();
    match participant.attributes.iter().find(|a| a.key.as_str().to_lowercase() == folded) {
        Some(near) => failure.remedy(format!("there is {:?}: keys are case-sensitive", near.key.as_str())),
        None => failure,
    }
}
