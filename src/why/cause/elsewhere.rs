//! A key that is on another participant, or there in another spelling.

use super::{KnownCall, WhyQuestion, folded, last_set};
use crate::domain::Participant;
use crate::why::answer::{Certainty, Verdict, WhyAnswer};

/// Another place where the key is.
pub(super) struct FoundElsewhere<'c> {
    participant: &'c Participant,
    key: String,
    same_participant: bool,
}

/// Exactly the key on another participant, else a key on the right one that was probably meant.
pub(super) fn elsewhere<'c>(question: &WhyQuestion, call: &'c KnownCall<'_>) -> Option<FoundElsewhere<'c>> {
    let wanted = call.conversation.resolve(&question.on).map(|participant| &participant.id);
    let mut all = call.conversation.participants.iter().rev();
    let exact = all
        .clone()
        .find(|participant| Some(&participant.id) != wanted && participant.attributes.get(&question.key).is_some());
    if let Some(participant) = exact {
        return Some(FoundElsewhere { participant, key: question.key.clone(), same_participant: false });
    }
    let meant = folded(&question.key);
    all.find_map(|participant| {
        let attribute = participant.attributes.iter().find(|attribute| folded(attribute.key.as_str()) == meant)?;
        let same_participant = Some(&participant.id) == wanted;
        Some(FoundElsewhere { participant, key: attribute.key.to_string(), same_participant })
    })
}

pub(super) fn misplaced(
    question: &WhyQuestion,
    call: &KnownCall<'_>,
    found: &FoundElsewhere<'_>,
    answer: &mut WhyAnswer,
) {
    answer.certainty = Certainty::Observed;
    let spelled = WhyQuestion { key: found.key.clone(), on: question.on.clone() };
    let set = last_set(&spelled, call);
    let by = match &set {
        Some(set) => {
            answer.flow = Some(set.owner.clone());
            answer.action = Some(set.action.clone());
            // The record of a run names no participant.
            format!("; {} of {} set a key of this name", set.action.words(), set.of())
        }
        None => String::new(),
    };
    let purpose = found.participant.purpose.as_str();
    let asked = call.conversation.resolve(&question.on);
    if found.key == question.key && asked.is_some_and(|asked| asked.purpose.as_str() == purpose) {
        answer.verdict = Verdict::WrongParticipant;
        let newest = call.conversation.newest(purpose).map(|newest| &newest.id);
        let (this, remedy) = match asked.map(|asked| &asked.id) == newest {
            true => (
                "the newest one",
                format!("set it on the {purpose} who joined later too, or read it from the one before"),
            ),
            false => ("this one", format!("set it on this {purpose} too, or read it from the other one")),
        };
        answer.cause = format!("{} is on another {purpose} of this call, not on {this}{by}.", question.key);
        answer.remedy = Some(remedy);
    } else if found.key == question.key {
        answer.verdict = Verdict::WrongParticipant;
        // An id reads badly in a sentence.
        let on = asked.map_or(question.on.as_str(), |asked| asked.purpose.as_str());
        answer.cause = format!("{} is on {purpose}, not on {on}{by}.", question.key);
        answer.remedy = Some(format!("set it on {on}, or read it from {purpose}"));
    } else {
        answer.verdict = Verdict::WrongCase;
        let on = if found.same_participant { String::new() } else { format!(" on {purpose}") };
        answer.cause = format!("{} is not there, {:?}{on} is: names are case-sensitive{by}.", question.key, found.key);
        answer.remedy = Some("spell the key the same way where it is set and where it is read".to_owned());
    }
}
