//! The version that a call ran, run here with the call's own choices and each result that its lookups may have.

use crate::app::flow::{LookupOutcome, Show, Waits};
use crate::flow::model::Flow;
use crate::why::trunk::{TrunkLine, TrunkPart};
use std::sync::Arc;

/// What one run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// What the lookups answered: `ok`, `timeout`, `error`.
    pub lookups: &'static str,
    /// The value that the key was set to; `None` when it was never set.
    pub value: Option<String>,
    /// How it ended, where it did not come to an end by itself.
    pub stopped: Option<String>,
}

/// Steps of one run at most.
const MOST: usize = 5_000;

/// Runs the flow once for each result. Where the record says which output a call took, that one is taken.
pub(in crate::app) fn simulate(flow: &Arc<Flow>, key: &str, trunk: &[TrunkLine]) -> Vec<Simulated> {
    [LookupOutcome::Ok, LookupOutcome::Timeout, LookupOutcome::Error]
        .into_iter()
        .map(|outcome| run(flow, key, trunk, &outcome))
        .collect()
}

fn run(flow: &Arc<Flow>, key: &str, trunk: &[TrunkLine], outcome: &LookupOutcome) -> Simulated {
    let mut show = Show::new(flow.clone(), false);
    let mut steps = 0;
    while show.end().is_none() && steps < MOST {
        steps += 1;
        match show.waits() {
            Some(Waits::Lookup(_)) => drop(show.look_up(outcome.clone())),
            Some(Waits::Digit(menu, choices)) => {
                let wanted = taken(trunk, &menu);
                let digit = choices.iter().find(|c| wanted.is_some_and(|w| c.contains(w) || w.contains(c.as_str())));
                let digit = digit.or(choices.first()).and_then(|c| c.chars().next()).unwrap_or('1');
                show.key(digit);
            }
            Some(Waits::Output(action, outputs)) => {
                let wanted = taken(trunk, &action);
                let at = outputs.iter().position(|o| wanted == Some(o.as_str())).unwrap_or(0);
                let key = char::from_digit(u32::try_from(at + 1).unwrap_or(1), 10).unwrap_or('1');
                show.key(key);
            }
            None => drop(show.step()),
        }
    }
    let value = show.attributes().into_iter().find(|(own, ..)| *own == key).map(|(_, value, _)| value);
    let stopped = match show.end() {
        Some(end) if end.complete() => None,
        Some(end) => Some(end.to_string()),
        None => Some("it never ends".to_owned()),
    };
    Simulated { lookups: outcome.word(), value, stopped }
}

/// What the runs came to, in a sentence. A run that stopped says nothing of the key.
pub(in crate::app) fn sum_up(key: &str, runs: &[Simulated]) -> String {
    let names = |which: &dyn Fn(&Simulated) -> bool| {
        runs.iter().filter(|run| which(run)).map(|run| run.lookups).collect::<Vec<_>>().join(", ")
    };
    let set = names(&|run| run.value.is_some());
    let never = names(&|run| run.value.is_none() && run.stopped.is_none());
    let open = names(&|run| run.value.is_none() && run.stopped.is_some());
    match (set.is_empty(), never.is_empty(), open.is_empty()) {
        (false, true, true) => format!("Simulated: {key} is set whatever the lookup answers ({set})."),
        (true, false, true) => format!("Simulated: {key} is never set ({never})."),
        (true, true, _) => format!("The simulation stopped before {key} was decided ({open})."),
        _ => {
            let parts = [(&set, "is set with"), (&never, "is not set with"), (&open, "is undecided with")];
            let parts = parts.iter().filter(|(names, _)| !names.is_empty());
            let parts: Vec<String> = parts.map(|(names, does)| format!("{does} {names}")).collect();
            format!("Simulated: {key} {}.", parts.join(", "))
        }
    }
}

/// The output that the call took of the action of this name.
fn taken<'t>(trunk: &'t [TrunkLine], action: &str) -> Option<&'t str> {
    let at = trunk.iter().position(|line| line.part == TrunkPart::Action && line.name == action)?;
    let depth = trunk[at].depth;
    let outputs = trunk[at + 1..].iter().take_while(|line| line.part != TrunkPart::Action || line.depth > depth);
    outputs
        .filter(|line| line.part == TrunkPart::Output && line.depth == depth && line.taken == Some(true))
        .map(|line| line.name.as_str())
        .next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_stopped_is_not_said_to_set_nothing() {
        let run = |lookups, value: Option<&str>, stopped: Option<&str>| Simulated {
            lookups,
            value: value.map(str::to_owned),
            stopped: stopped.map(str::to_owned),
        };
        let stops = Some("Topic Menu cannot be decided");
        let said = |runs: &[Simulated]| sum_up("tier", runs);
        assert_eq!(
            said(&[run("ok", None, stops), run("timeout", None, stops)]),
            "The simulation stopped before tier was decided (ok, timeout)."
        );
        assert_eq!(
            said(&[run("ok", Some("gold"), None), run("timeout", None, None), run("error", None, stops)]),
            "Simulated: tier is set with ok, is not set with timeout, is undecided with error."
        );
        assert_eq!(said(&[run("ok", Some("gold"), stops)]), "Simulated: tier is set whatever the lookup answers (ok).");
        assert_eq!(said(&[run("ok", None, None)]), "Simulated: tier is never set (ok).");
    }
}
