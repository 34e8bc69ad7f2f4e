//! The expectation file (`check --expect`) that follows from a flow.

use crate::{
    domain::{
        expect::{Allowed, Expectation},
        filter::Filter,
    },
    expectfile,
    flow::{
        keys::{KeyUses, Keys, SetWhen, Use},
        model::{Flow, Operand, display_name},
    },
    format::toml,
};

/// How many actions a note names.
const SETTERS: usize = 3;

/// What the flow always sets is required at its end, what it sets on some ways is optional. Only literal values are listed
/// as allowed, and only when all of them are literal.
pub(super) fn write(flow: &Flow, keys: &Keys) -> String {
    let title = if flow.name.is_empty() { "a flow".to_owned() } else { format!("the flow {}", flow.name) };
    let mut text = String::new();
    remark(&mut text, &format!("What {title} sets, read from its {}.", flow.form));
    let expectations = expectations(flow, keys);
    for expectation in &expectations {
        text.push('\n');
        expectfile::write(&mut text, expectation, "");
    }
    let elsewhere = keys.by_key.iter().filter(|(_, uses)| uses.set.iter().any(|one| one.conversation.is_some()));
    let mut any = !expectations.is_empty();
    for (key, uses) in elsewhere {
        any = true;
        let named = uses.set.iter().find_map(|one| one.conversation.as_deref()).map_or("", Operand::text);
        text.push('\n');
        remark(&mut text, &format!("{key} is set in the conversation {named}"));
    }
    if !any {
        remark(&mut text, "It sets no key whose name is known before it runs.");
    }
    for one in keys.computed.iter().filter(|one| one.value.is_some()) {
        let computed = one.key.as_ref().map_or("", |key| key.text());
        text.push('\n');
        remark(
            &mut text,
            &format!("{} also sets a key computed as {computed}", display_name(&flow.actions[one.action])),
        );
    }
    text
}

fn remark(out: &mut String, text: &str) {
    out.extend(["# ", &toml::comment(text), "\n"]);
}

/// Those of the flow's own keys, then those of the common modules that the file carries.
fn expectations(flow: &Flow, keys: &Keys) -> Vec<Expectation> {
    let when = when(flow);
    let own = keys.by_key.iter().filter_map(|(key, uses)| expectation(flow, key, uses));
    let set_by_flow = |key: &str| keys.by_key.get(key).is_some_and(|uses| !uses.set.is_empty());
    let modules = keys.modules.iter().flat_map(|(module, inner)| {
        let set = inner.by_key.iter().filter(|(key, uses)| !uses.set.is_empty() && !set_by_flow(key));
        set.map(move |(key, _)| Expectation {
            required: false,
            note: Some(format!("set by the common module {module}")),
            ..Expectation::new(key)
        })
    });
    own.chain(modules).map(|expectation| Expectation { when: when.clone(), ..expectation }).collect()
}

/// What the flow owes of this key; nothing where no action that can be reached sets it in the call itself.
fn expectation(flow: &Flow, key: &str, uses: &KeyUses) -> Option<Expectation> {
    // What is set in a conversation that an action names is on a participant that nothing here can tell.
    let live: Vec<&Use> =
        uses.set.iter().filter(|one| one.when != SetWhen::Never && one.conversation.is_none()).collect();
    if live.is_empty() {
        return None;
    }
    let literal = |one: &&Use| match &one.value {
        Some(Operand::Literal(value)) => Some(value.clone()),
        _ => None,
    };
    let mut literals: Vec<String> = Vec::new();
    for value in live.iter().filter_map(literal) {
        if !literals.contains(&value) {
            literals.push(value);
        }
    }
    let mut setters: Vec<&str> = live.iter().map(|one| display_name(&flow.actions[one.action])).collect();
    setters.dedup();
    setters.truncate(SETTERS);
    Some(Expectation {
        // What the platform keeps of a value that is not set is not verified.
        required: live.iter().any(|one| one.when == SetWhen::Always) && !live.iter().any(|one| one.may_be_unset),
        allowed: Allowed {
            one_of: live.iter().all(|one| literal(one).is_some()).then_some(literals),
            ..Allowed::default()
        },
        note: Some(format!("set by {}", setters.join(", "))),
        ..Expectation::new(key)
    })
}

/// Calls of other flows owe nothing. That flows of other media have a participant of this purpose is not verified.
fn when(flow: &Flow) -> Option<Filter> {
    let is_voice = flow.kind.to_ascii_lowercase().contains("call") && !flow.name.is_empty();
    let name: String = flow.name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    is_voice.then(|| format!("flow:\"{}\"", name.replace(['"', '\\'], "")).parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{keys::keys, read};

    #[test]
    fn what_follows_from_a_flow_is_read_again() {
        let flow = read(include_str!("../../../assets/flows/main-ivr.yaml")).unwrap();
        let text = write(&flow, &keys(&flow));
        let all = expectfile::parse(&text).unwrap();
        let of = |key: &str| all.iter().find(|one| one.key.as_str() == key).unwrap();
        assert!(of("ivr_name").required && !of("lookup").required);
        assert_eq!(of("lookup").allowed.one_of.as_ref().map(Vec::len), Some(3));
        assert_eq!(of("customer_tier").allowed.one_of, None);
        assert_eq!(of("customer_tier").note.as_deref(), Some("set by Keep tier"));
        assert_eq!(of("customer_tier").by, Expectation::new("").by);
        assert_eq!(of("customer_tier").when.as_ref().map(ToString::to_string).as_deref(), Some("flow:MainIVR"));
    }

    #[test]
    fn a_computed_key_is_a_remark() {
        let flow = read(
            "workflow:\n  name: W\n  states:\n    - state:\n        name: S\n        actions:\n          - setParticipantData:\n              name: A\n              attributes:\n                - attribute:\n                    name: {exp: 'Append(\"x\", Flow.K)'}\n                    value: {lit: 1}\n",
        )
        .unwrap();
        let text = write(&flow, &keys(&flow));
        assert!(text.contains("\n# A also sets a key computed as Append"), "{text}");
        assert!(text.contains("# It sets no key whose name is known"), "{text}");
    }
}
