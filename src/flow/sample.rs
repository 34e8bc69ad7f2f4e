//! What another system might answer: made up, for a flow that is run without one.

use super::model::{ActionKind, Flow, Lookup, Operand};

/// The members that a flow takes from the result of a lookup of this name, in the order of its actions.
pub fn members(flow: &Flow, name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut add = |member: &str| {
        if !member.is_empty() && !found.iter().any(|known| known == member) {
            found.push(member.to_owned());
        }
    };
    let lookups = flow.actions.iter().filter_map(|action| match &action.kind {
        ActionKind::Lookup(lookup) if lookup.name == name || action.name == name || action.id == name => {
            Some(lookup.as_ref())
        }
        _ => None,
    });
    for Lookup { outputs, whole, .. } in lookups {
        outputs.iter().for_each(|(member, _)| add(member));
        let Some(whole) = whole else { continue };
        let prefix = format!("{whole}.");
        for text in flow.actions.iter().flat_map(|action| operands(&action.kind)).map(Operand::text) {
            for (at, _) in text.match_indices(&prefix) {
                let rest = &text[at + prefix.len()..];
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                add(&rest[..end]);
            }
        }
    }
    found
}

/// Everything in an action that is evaluated.
fn operands(kind: &ActionKind) -> Vec<&Operand> {
    match kind {
        ActionKind::SetData(list) => list.iter().flat_map(|assign| [&assign.key, &assign.value]).collect(),
        ActionKind::GetData(list) => list.iter().map(|fetch| &fetch.key).collect(),
        ActionKind::Update(list) => list.iter().map(|(_, value)| value).collect(),
        ActionKind::Decision(on) | ActionKind::Switch(Some(on)) => vec![on],
        ActionKind::Loop(it) => it.count.iter().collect(),
        _ => Vec::new(),
    }
}

/// Values by a word in the member's name. The first that fits counts.
const VALUES: &[(&str, &[&str])] = &[
    ("tier", &["gold", "silver", "bronze"]),
    ("status", &["active", "active", "past_due"]),
    ("state", &["known", "planned", "unknown"]),
    ("contract", &["boiler_care", "full_home", "metering"]),
    ("region", &["NW", "NE", "SW", "SE"]),
    ("balance", &["120.50", "64.00", "418.75"]),
    ("invoice", &["INV-204418", "INV-118203", "INV-730041"]),
    ("reference", &["HH-4410027", "HH-2210459", "HH-8034416"]),
    ("method", &["direct_debit", "card", "transfer"]),
    ("category", &["invoice", "complaint", "appointment"]),
    ("language", &["en", "es", "fr"]),
    ("priority", &["normal", "high"]),
    ("eta", &["45", "90", "180"]),
    ("date", &["2026-10-12", "2026-09-28"]),
    ("id", &["A-1042", "A-2071", "A-3316"]),
];

/// A plausible value of a member; another for another `turn`.
pub fn value(member: &str, turn: usize) -> String {
    let lower = member.to_lowercase();
    let known = VALUES.iter().find(|(word, _)| lower.contains(word));
    known.map_or_else(|| "sample".to_owned(), |(_, values)| values[turn % values.len()].to_owned())
}

/// A result with every member that the flow takes, so that each action has something to set.
pub fn result(flow: &Flow, name: &str, mut turn: impl FnMut() -> usize) -> serde_json::Value {
    let members = members(flow, name).into_iter();
    serde_json::Value::Object(
        members
            .map(|member| {
                let value = value(&member, turn());
                (member, value.into())
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_has_what_the_flow_takes_and_nothing_else() {
        let flow = crate::flow::read(include_str!("../../assets/flows/main-ivr-tutorial.json")).unwrap();
        assert_eq!(members(&flow, "Lookup"), ["tier"]);
        assert_eq!(members(&flow, "Other"), [""; 0]);
        assert_eq!(result(&flow, "Lookup", || 1).to_string(), r#"{"tier":"silver"}"#);
        let yaml = crate::flow::read(include_str!("../../assets/flows/main-ivr.yaml")).unwrap();
        assert_eq!(members(&yaml, "Lookup"), ["tier"], "outputs of the other forms");
    }
}
