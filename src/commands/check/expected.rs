//! What `check` says of expectations that were not judged: a check that judged nothing must not look like one that passed.

use crate::domain::{
    Board,
    findings::{Examiner, Judged},
};

/// Some expectation could not be decided on some call.
pub(super) fn undecided(examiner: &Examiner) -> bool {
    (0..examiner.expectations().len()).any(|place| count(examiner, place, Judged::Undecided) > 0)
}

/// A line for each expectation that could not be decided, one when none was judged at all, and one for each version of a flow that an
/// expectation is for and no call ran.
pub(super) fn summary(examiner: &Examiner, board: &Board) -> Vec<String> {
    let all = examiner.expectations();
    let mut lines = Vec::new();
    let (mut judged, mut waiting) = (0, 0);
    for (place, expectation) in all.iter().enumerate() {
        let undecided = count(examiner, place, Judged::Undecided);
        judged += count(examiner, place, Judged::Judged) + undecided;
        waiting += count(examiner, place, Judged::NotDue);
        if undecided > 0 {
            let when = expectation.when.as_ref().map(|when| format!(" when {when}")).unwrap_or_default();
            let calls = if undecided == 1 {
                "1 call: its flow is".to_owned()
            } else {
                format!("{undecided} calls: their flows are")
            };
            lines.push(format!(
                "not decided: {} on {} at {}{when}, on {calls} not known",
                expectation.key, expectation.on, expectation.by
            ));
        }
    }
    if !lines.is_empty() {
        lines.push(
            "The flow of a call is asked for with analytics:conversationDetail:view; analytics tell of a call a while after it \
             began."
                .to_owned(),
        );
    } else if !all.is_empty() && judged == 0 {
        lines.push(match waiting {
            0 => "no expectation was judged: no call is one that they are for".to_owned(),
            _ => "no expectation was judged: none is due yet".to_owned(),
        });
    }
    let calls: Vec<_> = board.iter().map(|entry| (&entry.conversation, &board.names)).collect();
    for when in all.iter().filter_map(|expectation| expectation.when.as_ref()) {
        for (flow, version, seen) in when.versions_not_run(&calls) {
            let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
            let line = format!("no call ran version {version} of {flow}; seen: {}", seen.join(", "));
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
    }
    lines
}

fn count(examiner: &Examiner, place: usize, judged: Judged) -> usize {
    examiner.judged(place).filter(|(_, how)| *how == judged).count()
}
