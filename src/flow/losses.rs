//! What an output of an action costs: the keys that a flow gets on another output of the same action, and on this one never
//! or less surely.

use super::diff::Surety;
use super::graph::Graph;
use super::keys::Keys;
use super::model::Flow;

/// An output that leads away from keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Losing {
    /// Index of the action.
    pub action: usize,
    /// Index of the output among its branches.
    pub branch: usize,
    /// The keys that are lost, in the order in which the flow uses them.
    pub keys: Vec<Lost>,
}

/// A key that is lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The key.
    pub key: String,
    /// How surely it is set behind this output: never, or sometimes.
    pub here: Surety,
    /// How surely it is set behind that output of the action which sets it most surely.
    pub elsewhere: Surety,
}

/// The outputs that lose keys, in the order of the actions. Keys that are set before the action on every way to it are not
/// lost by it; keys that are known only in a run are not looked at. Of a called task no output is judged.
pub fn losses(flow: &Flow, keys: &Keys) -> Vec<Losing> {
    let graph = Graph::of(flow);
    let mut found: Vec<Losing> = graph
        .outputs
        .iter()
        .filter(|(action, ..)| flow.actions[*action].branches.len() > 1)
        .map(|(action, branch, _)| Losing { action: *action, branch: *branch, keys: Vec::new() })
        .collect();
    let targets: Vec<usize> = graph
        .outputs
        .iter()
        .filter(|(action, ..)| flow.actions[*action].branches.len() > 1)
        .map(|(.., to)| *to)
        .collect();
    let set: Vec<(&String, Vec<usize>)> = keys
        .by_key
        .iter()
        .filter(|(_, uses)| !uses.set.is_empty())
        .map(|(key, uses)| (key, uses.set.iter().map(|one| one.action).collect()))
        .collect();
    let before = Predecessors::of(&graph);
    // As many keys at once as there are bits.
    for some in set.chunks(64) {
        let ways = Ways::of(&graph, &before, some);
        let mut from = 0;
        while from < found.len() {
            let action = found[from].action;
            let siblings = found[from..].iter().take_while(|one| one.action == action).count();
            for (bit, (key, _)) in some.iter().enumerate() {
                if ways.unset[action] >> bit & 1 == 0 {
                    continue;
                }
                let sure: Vec<Surety> = (from..from + siblings).map(|at| ways.surety(targets[at], bit)).collect();
                let Some(elsewhere) = sure.iter().copied().max() else { continue };
                for (place, here) in sure.into_iter().enumerate().filter(|(_, here)| *here < elsewhere) {
                    found[from + place].keys.push(Lost { key: (*key).clone(), here, elsewhere });
                }
            }
            from += siblings;
        }
    }
    found.retain(|one| !one.keys.is_empty());
    found
}

/// What leads to each place.
struct Predecessors(Vec<Vec<usize>>);

impl Predecessors {
    fn of(graph: &Graph) -> Self {
        let mut before = vec![Vec::new(); graph.edges.len()];
        for (from, list) in graph.edges.iter().enumerate() {
            list.iter().for_each(|to| before[*to].push(from));
        }
        Self(before)
    }
}

/// For each place and each key, a bit.
struct Ways {
    /// The key may still be set from here on, this place included.
    reach: Vec<u64>,
    /// The end can be reached from here without setting it.
    avoid: Vec<u64>,
    /// This place can be reached from the start without setting it.
    unset: Vec<u64>,
}

impl Ways {
    fn of(graph: &Graph, before: &Predecessors, keys: &[(&String, Vec<usize>)]) -> Self {
        let count = graph.edges.len();
        let mut own = vec![0u64; count];
        for (bit, (_, setters)) in keys.iter().enumerate() {
            setters.iter().for_each(|at| own[*at] |= 1 << bit);
        }
        let mut reach = own.clone();
        let mut work: Vec<usize> = (0..count).filter(|at| reach[*at] != 0).collect();
        while let Some(at) = work.pop() {
            for &from in &before.0[at] {
                if reach[at] & !reach[from] != 0 {
                    reach[from] |= reach[at];
                    work.push(from);
                }
            }
        }
        let mut avoid = vec![0u64; count];
        avoid[graph.count] = u64::MAX;
        let mut work = vec![graph.count];
        while let Some(at) = work.pop() {
            for &from in &before.0[at] {
                let more = avoid[at] & !own[from] & !avoid[from];
                if more != 0 {
                    avoid[from] |= more;
                    work.push(from);
                }
            }
        }
        let mut unset = vec![0u64; count];
        let mut work: Vec<usize> = graph.start.into_iter().collect();
        work.iter().for_each(|start| unset[*start] = u64::MAX);
        while let Some(at) = work.pop() {
            for &to in &graph.edges[at] {
                let more = unset[at] & !own[at] & !unset[to];
                if more != 0 {
                    unset[to] |= more;
                    work.push(to);
                }
            }
        }
        Self { reach, avoid, unset }
    }

    /// How surely the key of this bit is set from a place on.
    fn surety(&self, at: usize, bit: usize) -> Surety {
        match (self.reach[at] >> bit & 1, self.avoid[at] >> bit & 1) {
            (0, _) => Surety::Never,
            (_, 0) => Surety::Always,
            _ => Surety::Sometimes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{keys::keys, read};

    fn told(text: &str) -> Vec<String> {
        let flow = read(text).unwrap();
        losses(&flow, &keys(&flow))
            .iter()
            .flat_map(|one| {
                let action = &flow.actions[one.action];
                let output = action.branches[one.branch].label.clone();
                one.keys.iter().map(move |lost| {
                    format!(
                        "{} [{output}] {}: {} of {}",
                        action.name,
                        lost.key,
                        lost.here.word(),
                        lost.elsewhere.word()
                    )
                })
            })
            .collect()
    }

    #[test]
    fn the_forms_of_the_sample_lose_the_same() {
        let expected = [
            "Find customer [failure] customer_tier: never of always",
            "Find customer [timeout] customer_tier: never of always",
            "Main Menu [9: Goodbye] ivr_choice: never of always",
            "Main Menu [9: Goodbye] priority: never of conditional",
            "Gold caller? [no] priority: never of always",
        ];
        for text in [
            include_str!("../../assets/flows/main-ivr.json"),
            include_str!("../../assets/flows/main-ivr.yaml"),
            include_str!("../../assets/flows/main-ivr-tutorial.json"),
        ] {
            // The tutorials' form labels a choice by its key alone.
            let mut found: Vec<String> = told(text).iter().map(|line| line.replace("[9]", "[9: Goodbye]")).collect();
            found.sort();
            let mut expected = expected;
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
    }

    /// a → b(yes → c, no → d) → e(yes → f): what is set before, behind or on both sides is not lost.
    #[test]
    fn what_is_set_anyway_is_not_lost() {
        let text = r#"{"actions":[
            {"id":"a","name":"A","type":"setParticipantData","settings":{"key":"before","value":"1"},"nextActionId":"b"},
            {"id":"b","name":"B","type":"decision","settings":{"expression":"x","trueActionId":"c","falseActionId":"d"}},
            {"id":"c","type":"setParticipantData","settings":{"attributes":{"both":"1","before":"2","yes":"1"}},"nextActionId":"e"},
            {"id":"d","type":"setParticipantData","settings":{"key":"both","value":"2"},"nextActionId":"e"},
            {"id":"e","name":"E","type":"decision","settings":{"expression":"y","trueActionId":"f","falseActionId":"g"}},
            {"id":"f","type":"setParticipantData","settings":{"attributes":{"some":"1","yes":"2"}},"nextActionId":"g"},
            {"id":"g","type":"setParticipantData","settings":{"key":"after","value":"1"}}]}"#;
        assert_eq!(
            told(text),
            ["B [no] yes: conditional of always", "E [no] yes: never of always", "E [no] some: never of always"]
        );
    }

    proptest::proptest! {
        /// Against every way there is, walked one by one.
        #[test]
        fn bits_say_what_the_ways_say(
            links in proptest::collection::vec((0usize..12, 0usize..12, 0usize..90), 1..12),
        ) {
            let count = links.len();
            let id = |to: usize| if to < count { format!("\"a{to}\"") } else { "\"\"".to_owned() };
            // Forward only, so that every way ends; two in three are decisions.
            let list: Vec<String> = links.iter().enumerate().map(|(at, (yes, no, key))| {
                let (yes, no) = (at + 1 + yes % 5, at + 1 + no % 5);
                if key % 3 == 0 {
                    format!(r#"{{"id":"a{at}","type":"setParticipantData","settings":{{"key":"k{key}","value":"1"}},"nextActionId":{}}}"#, id(yes))
                } else {
                    format!(r#"{{"id":"a{at}","type":"decision","settings":{{"expression":"x","trueActionId":{},"falseActionId":{}}},"nextActionId":""}}"#, id(yes), id(no))
                }
            }).collect();
            let flow = read(&format!(r#"{{"actions":[{}]}}"#, list.join(","))).unwrap();
            let keys = keys(&flow);
            let ends = |key: &str| -> (Vec<bool>, Vec<bool>) {
                // From the last: whether a way with and one without the key leads to the end.
                let (mut with, mut without) = (vec![false; count + 1], vec![false; count + 1]);
                without[count] = true;
                for at in (0..count).rev() {
                    let (yes, no, own) = links[at];
                    let to = |to: usize| (at + 1 + to % 5).min(count);
                    if own % 3 == 0 {
                        let sets = format!("k{own}") == key;
                        with[at] = sets || with[to(yes)];
                        without[at] = !sets && without[to(yes)];
                    } else {
                        with[at] = with[to(yes)] || with[to(no)];
                        without[at] = without[to(yes)] || without[to(no)];
                    }
                }
                (with, without)
            };
            let found = losses(&flow, &keys);
            for key in keys.by_key.keys() {
                let (with, without) = ends(key);
                let sure = |at: usize| match (with[at], without[at]) {
                    (false, _) => Surety::Never,
                    (true, false) => Surety::Always,
                    (true, true) => Surety::Sometimes,
                };
                for (at, (yes, no, _)) in links.iter().enumerate().filter(|(_, (.., own))| own % 3 != 0) {
                    let to = |to: usize| (at + 1 + to % 5).min(count);
                    let sides = [sure(to(*yes)), sure(to(*no))];
                    for (branch, here) in sides.iter().enumerate() {
                        let lost = found.iter().find(|one| (one.action, one.branch) == (at, branch));
                        let lost = lost.and_then(|one| one.keys.iter().find(|lost| lost.key == *key));
                        if let Some(lost) = lost {
                            let most = sides.iter().copied().max();
                            proptest::prop_assert_eq!((lost.here, Some(lost.elsewhere)), (*here, most));
                            proptest::prop_assert!(lost.here < lost.elsewhere);
                        } else if at == 0 && *here < sides[1 - branch] {
                            // At the start nothing is set before.
                            proptest::prop_assert!(false, "{key} at {at}");
                        }
                    }
                }
            }
        }
    }
}
