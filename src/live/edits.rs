//! Performs what the outbox asks for: the fresh read and the PATCH, in the client's words and back.

use crate::{
    domain::{
        At, ConversationId, Snapshot,
        outbox::{PatchOutcome, PatchRequest, RequestFailure, Route, WriteId},
    },
    genesys::{
        Client, Error, ErrorKind,
        client::{self, Priority, Reply},
    },
};

/// What came of an effect.
#[derive(Debug)]
pub enum EditDone {
    /// Of a read.
    Read {
        /// For which write.
        write: WriteId,
        /// When the request left.
        left: At,
        /// The board's revision at that moment.
        revision: u64,
        /// The answer.
        result: Result<Snapshot, Error>,
        /// The answer as received, for a recorder.
        reply: Option<Reply>,
    },
    /// Of a PATCH.
    Patched {
        /// Which write.
        write: WriteId,
        /// How it ended, for the outbox.
        outcome: PatchOutcome,
        /// The error behind it, for people and exit codes.
        error: Option<Error>,
    },
}

/// Reads for a write.
pub async fn read(client: Client, write: WriteId, conversation: ConversationId, revision: u64) -> EditDone {
    let left = client.clock().now();
    let answer = client.read_conversation(&conversation, Priority::Interactive).await;
    let (result, reply) = match answer {
        Ok((snapshot, reply)) => (Ok(snapshot), Some(reply)),
        Err(error) => (Err(error), None),
    };
    EditDone::Read { write, left, revision, result, reply }
}

/// Sends a PATCH once.
pub async fn patch(client: Client, write: WriteId, request: PatchRequest) -> EditDone {
    let route = match request.route {
        Route::Attributes => client::PatchPath::Attributes,
        Route::Participant => client::PatchPath::Participant,
        Route::Media if crate::domain::outbox::media_family(request.media).is_some() => {
            client::PatchPath::Media(request.media)
        }
        // As `PatchRequest::path` says: a medium without an address of its own takes the general one.
        Route::Media => client::PatchPath::Attributes,
    };
    let (conversation, participant) = (&request.target.conversation, &request.target.participant);
    let body = request.body.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let answer = client.patch_attributes(conversation, participant, body, route).await;
    let error = match &answer {
        Ok(client::PatchReply::Answered(_)) => None,
        Ok(client::PatchReply::Unknown(error)) | Err(error) => Some(error.clone()),
    };
    EditDone::Patched { write, outcome: outcome(answer), error }
}

/// The client's answer in the outbox's words.
pub fn outcome(answer: Result<client::PatchReply, Error>) -> PatchOutcome {
    let error = match answer {
        Ok(client::PatchReply::Answered(answer)) => {
            return PatchOutcome::Accepted { status: answer.status, correlation_id: answer.correlation_id };
        }
        Ok(client::PatchReply::Unknown(error)) => return PatchOutcome::Unknown(failure(&error)),
        Err(error) => error,
    };
    let failure = failure(&error);
    match error.kind() {
        ErrorKind::Conflict => PatchOutcome::Conflict(failure),
        ErrorKind::TooLarge => PatchOutcome::TooLarge { limit: limit_in(&error), failure },
        ErrorKind::Wait { after } => PatchOutcome::Busy { retry_after: *after, failure },
        // It was just read: the general advice would doubt an id that is right.
        ErrorKind::NotFound => {
            let error = error.with_remedy(
                "The participant was just read, so its id is right; it may have left, or writes to it go by another route \
                 (`route` in the profile).",
            );
            PatchOutcome::Missing(self::failure(&error))
        }
        // A server that fails half way, or gave up waiting, may have written.
        ErrorKind::Server => PatchOutcome::Unknown(failure),
        ErrorKind::Rejected if error.status() == Some(408) => PatchOutcome::Unknown(failure),
        _ => PatchOutcome::Refused(failure),
    }
}

/// A failed request in the outbox's words.
pub fn failure(error: &Error) -> RequestFailure {
    let details = error.details();
    RequestFailure {
        reason: error.to_string(),
        status: details.status,
        code: details.code.clone(),
        correlation_id: details.correlation_id.clone(),
        retryable: error.is_passing(),
    }
}

/// The limit that a 413 names: `… Maximum bytes: 1024`.
fn limit_in(error: &Error) -> Option<u64> {
    let message = error.details().message.as_deref()?;
    let digits = message.rsplit(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty())?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::genesys::Network;

    fn refused(kind: ErrorKind, message: &str) -> PatchOutcome {
        outcome(Err(Error::new(kind, "PATCH", message)))
    }

    #[test]
    fn what_may_have_been_written_is_never_called_refused() {
        assert!(matches!(refused(ErrorKind::Server, ""), PatchOutcome::Unknown(_)));
        let lost = Error::new(ErrorKind::Network(Network::Lost), "PATCH", "");
        assert!(matches!(outcome(Ok(client::PatchReply::Unknown(lost))), PatchOutcome::Unknown(_)));
        assert!(matches!(refused(ErrorKind::NotFound, ""), PatchOutcome::Missing(_)));
        assert!(matches!(refused(ErrorKind::Rejected, ""), PatchOutcome::Refused(_)));
        assert!(matches!(refused(ErrorKind::Conflict, ""), PatchOutcome::Conflict(_)));
    }

    #[test]
    fn the_limit_of_a_413_is_read_from_its_message() {
        let limit = |text| match refused(ErrorKind::TooLarge, text) {
            PatchOutcome::TooLarge { limit, .. } => limit,
            _ => None,
        };
        assert_eq!(limit("The request is over the size limit. Maximum bytes: 524288"), Some(524_288));
        assert_eq!(limit("too large"), None);
    }
}
