//! Which attributes a flow sets and reads: by which action, on which path, always or only sometimes.

use super::graph::Graph;
pub use super::graph::SetWhen;
use super::model::{ActionKind, Flow, Operand, Remark, display_name};
use super::unset::Unwritten;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use std::{borrow::Cow, sync::Arc};

/// Everything a flow does with participant data.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// By key, in the order of the file. Keys given by an expression are in [`Keys::computed`].
    pub by_key: IndexMap<String, KeyUses>,
    /// Uses whose key is an expression or a template, so that only a run can tell it.
    pub computed: Vec<Use>,
    /// Keys that differ only in case; the platform takes them for different ones.
    pub case: Vec<Vec<String>>,
    /// What the common modules that the file carries do, by their names.
    pub modules: Vec<(String, Keys)>,
    /// What to know about the list as a whole.
    pub remarks: Vec<Remark>,
}

/// The uses of one key.
#[derive(Clone, Debug, Default)]
pub struct KeyUses {
    /// Actions that set it.
    pub set: Vec<Use>,
    /// Actions that read it.
    pub read: Vec<Use>,
}

/// One use of a key.
#[derive(Clone, Debug)]
pub struct Use {
    /// The expression or template of a computed key; nothing where the key is known.
    pub key: Option<Box<Operand>>,
    /// Index into the flow's actions.
    pub action: usize,
    /// What it is set to; for reads, nothing.
    pub value: Option<Operand>,
    /// The variable that takes it, for reads.
    pub into: Option<String>,
    /// The conversation whose participant it is, for the actions that name one; `None`: the customer of this one.
    pub conversation: Option<Box<Operand>>,
    /// Where the action stands.
    pub path: Arc<str>,
    /// When it happens.
    pub when: SetWhen,
    /// The transfer that must fail for it to happen: its index among the actions.
    pub behind: Option<usize>,
    /// The value may be one that is not set: of a variable that nothing writes, or on one side of an expression.
    pub may_be_unset: bool,
}

impl Use {
    /// Whether it sets the key to a value that is not set.
    pub fn unset(&self) -> bool {
        matches!(self.value, Some(Operand::Unset | Operand::NotSet))
    }
}

impl Keys {
    /// Keys that are read and set neither in this flow nor in a module that the file carries. They may be set before it starts
    /// or by another flow.
    pub fn never_set(&self) -> impl Iterator<Item = &str> {
        self.without(|uses| &uses.set, |one| one.value.is_some())
    }

    /// Keys that are set and read neither in this flow nor in a module that the file carries. Other flows, scripts and agents
    /// may read them.
    pub fn never_read(&self) -> impl Iterator<Item = &str> {
        self.without(|uses| &uses.read, |one| one.value.is_none())
    }

    /// Keys without such a use. With a computed key among those of the kind, none can be said to have no such use.
    fn without(
        &self,
        uses: impl Fn(&KeyUses) -> &Vec<Use> + Copy,
        kind: impl Fn(&Use) -> bool + Copy,
    ) -> impl Iterator<Item = &str> {
        let all = self.with_modules();
        let computed = all.iter().any(|keys| keys.computed.iter().any(kind));
        let used = move |key: &str| all.iter().any(|keys| keys.by_key.get(key).is_some_and(|of| !uses(of).is_empty()));
        self.by_key.keys().map(String::as_str).filter(move |key| !computed && !used(key))
    }

    /// These and those of the modules, however deep.
    fn with_modules(&self) -> Vec<&Keys> {
        let mut all = vec![self];
        let mut at = 0;
        while let Some(keys) = all.get(at).copied() {
            all.extend(keys.modules.iter().map(|(_, keys)| keys));
            at += 1;
        }
        all
    }
}

/// A container, and the action and branch in it that lead to a place.
type Stands = (usize, Option<(usize, usize)>);

/// Lists the keys of a flow.
pub fn keys(flow: &Flow) -> Keys {
    let graph = Graph::of(flow);
    let when = graph.when();
    let behind = graph.behind(flow, &when);
    let mut keys = Keys::default();
    let unwritten = Unwritten::of(flow);
    // Readers may take branches before what follows them; people read a file from the top.
    let mut order: Vec<usize> = (0..flow.actions.len()).collect();
    order.sort_by_key(|at| flow.actions[*at].node);
    // Actions that stand in one place share its path.
    let mut paths: FxHashMap<Stands, Arc<str>> = FxHashMap::default();
    for at in order {
        let action = &flow.actions[at];
        let mut add =
            |key: &Operand, value: Option<&Operand>, into: Option<&String>, conversation: Option<&Operand>| {
                let path = paths.entry((action.container, action.within)).or_insert_with(|| flow.path(at).into());
                let path = Arc::clone(path);
                let literal = if let Operand::Literal(key) = key { Some(key) } else { None };
                let one = Use {
                    key: literal.is_none().then(|| Box::new(key.clone())),
                    action: at,
                    value: value.cloned(),
                    into: into.cloned(),
                    conversation: conversation.map(|it| Box::new(it.clone())),
                    path,
                    when: when[at],
                    behind: behind[at],
                    may_be_unset: value.is_some_and(|value| unwritten.may_be(value)),
                };
                keys.add(literal, one);
            };
        match &action.kind {
            ActionKind::SetData(list) => list.iter().for_each(|it| add(&it.key, Some(&it.value), None, None)),
            ActionKind::GetData(list) => list.iter().for_each(|it| add(&it.key, None, Some(&it.into), None)),
            ActionKind::SetConversation(of) => {
                of.list.iter().for_each(|it| add(&it.key, Some(&it.value), None, Some(&of.conversation)));
            }
            ActionKind::GetConversation(of) => {
                of.list.iter().for_each(|it| add(&it.key, None, Some(&it.into), Some(&of.conversation)));
            }
            _ => {}
        }
    }
    keys.case = same_but_for_case(keys.by_key.keys());
    keys.modules = flow.modules.iter().map(|module| (module.name.clone(), self::keys(&module.flow))).collect();
    keys.remark(flow);
    keys
}

/// Whether every way from the start of the flow to an end passes one of these actions.
pub fn on_every_way(flow: &Flow, actions: impl IntoIterator<Item = usize>) -> bool {
    let mut passes = vec![false; flow.actions.len()];
    actions.into_iter().for_each(|at| passes[at] = true);
    Graph::of(flow).all_pass(&passes)
}

/// Groups of keys that differ in case alone, in the order of the file.
fn same_but_for_case<'k>(keys: impl Iterator<Item = &'k String>) -> Vec<Vec<String>> {
    // Most keys have no twin, and many are in lower case as they are.
    let mut first: FxHashMap<Cow<'k, str>, (usize, &'k String)> = FxHashMap::default();
    let mut groups: std::collections::BTreeMap<usize, Vec<String>> = std::collections::BTreeMap::new();
    for (at, key) in keys.enumerate() {
        let plain = key.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
        let lower = if plain { Cow::Borrowed(key.as_str()) } else { Cow::Owned(key.to_lowercase()) };
        let (place, twin) = *first.entry(lower).or_insert((at, key));
        if place != at {
            groups.entry(place).or_insert_with(|| vec![twin.clone()]).push(key.clone());
        }
    }
    groups.into_values().collect()
}

impl Keys {
    fn add(&mut self, literal: Option<&String>, one: Use) {
        let Some(key) = literal else { return self.computed.push(one) };
        let uses = self.by_key.entry(key.clone()).or_default();
        let list = if one.value.is_some() { &mut uses.set } else { &mut uses.read };
        // Most keys are used once.
        if list.is_empty() {
            list.reserve_exact(1);
        }
        list.push(one);
    }

    fn remark(&mut self, flow: &Flow) {
        let mut remarks = Vec::new();
        let computed = || self.computed.iter().filter_map(|one| Some((one, one.key.as_deref()?)));
        let named = computed().all(|(_, key)| !matches!(key, Operand::Unset | Operand::NotSet));
        if let (true, true, Some(first)) = (named, self.by_key.is_empty(), self.computed.first()) {
            remarks.push(Remark {
                line: flow.actions[first.action].line,
                what: "all keys of this flow are computed: which ones it uses is known only in a run".into(),
            });
        }
        let known = self.by_key.iter().flat_map(|(key, uses)| uses.set.iter().map(move |one| (key.as_str(), one)));
        let computed = self.computed.iter().filter_map(|one| Some((one.key.as_ref()?.text(), one)));
        for (key, one) in known.chain(computed).filter(|(_, one)| one.value.is_some()) {
            let Some(transfer) = one.behind else { continue };
            let action = &flow.actions[one.action];
            remarks.push(Remark {
                line: action.line,
                what: format!(
                    "{} sets {} only if the transfer fails ({})",
                    display_name(action),
                    key,
                    display_name(&flow.actions[transfer])
                ),
            });
        }
        let called = flow.actions.iter().filter_map(|action| match &action.kind {
            ActionKind::CallFlow(call) if call.module.is_none() => Some((action, call)),
            _ => None,
        });
        for (action, call) in called {
            let module = action.spec.is_some_and(|spec| spec.archy == "callCommonModule");
            let name = if call.name.is_empty() { display_name(action) } else { &call.name };
            let what = if module { "common module" } else { "flow" };
            remarks.push(Remark {
                line: action.line,
                what: format!("the {what} {name} is called and not in this file: what it sets is not listed"),
            });
        }
        self.remarks = remarks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::read;

    const FILES: [&str; 3] = [
        include_str!("../../assets/flows/main-ivr.json"),
        include_str!("../../assets/flows/main-ivr.yaml"),
        include_str!("../../assets/flows/main-ivr-tutorial.json"),
    ];

    #[test]
    fn the_three_forms_of_one_flow_have_the_same_keys() {
        for text in FILES {
            let flow = read(text).unwrap();
            assert_eq!(flow.remarks, [], "{}", flow.form);
            assert_eq!(flow.name, "MainIVR");
            let keys = keys(&flow);
            let sets = |key: &str| keys.by_key[key].set.iter().map(|one| one.when).collect::<Vec<_>>();
            assert_eq!(sets("ivr_name"), [SetWhen::Always], "{}", flow.form);
            assert_eq!(sets("lookup"), [SetWhen::Conditional; 3], "{}", flow.form);
            assert_eq!(sets("customer_tier"), [SetWhen::Conditional], "{}", flow.form);
            assert_eq!(sets("priority"), [SetWhen::Conditional], "{}", flow.form);
            assert_eq!(sets("ivr_choice"), [SetWhen::Conditional], "{}", flow.form);
            assert_eq!(keys.by_key["language"].read[0].into.as_deref(), Some("Flow.Language"));
            assert_eq!(keys.never_set().collect::<Vec<_>>(), ["language"]);
            assert!(keys.never_read().any(|key| key == "customer_tier"));
            assert!(keys.case.is_empty() && keys.computed.is_empty());
        }
    }

    #[test]
    fn paths_name_the_branches_on_the_way() {
        let flow = read(FILES[1]).unwrap();
        let keys = keys(&flow);
        assert_eq!(&*keys.by_key["lookup"].set[1].path, "Look up caller › Find customer [failure]");
        assert_eq!(keys.by_key.keys().next().unwrap(), "language");
        assert_eq!(&*keys.by_key["ivr_name"].set[0].path, "Look up caller");
        assert_eq!(
            keys.by_key["priority"].set[0].value,
            Some(Operand::Expression("Append(\"high-\", Flow.Tier)".into()))
        );
        let flow = read(FILES[0]).unwrap();
        let keys = super::keys(&flow);
        assert_eq!(&*keys.by_key["lookup"].set[1].path, "Look up caller › Find customer [failure]");
    }

    #[test]
    fn an_expression_as_key_keeps_the_rest_honest() {
        let flow = read(
            "workflow:\n  name: W\n  states:\n    - state:\n        name: S\n        actions:\n          - setParticipantData:\n              name: A\n              attributes:\n                - attribute:\n                    name: {exp: 'Append(\"x\", Flow.K)'}\n                    value: {lit: 1}\n          - getParticipantData:\n              name: B\n              attributes:\n                - attribute:\n                    name: {lit: tier}\n                    variable: State.T\n          - setParticipantData:\n              name: C\n              attributes:\n                - attribute: {name: {lit: Tier}, value: {noValue: true}}\n",
        )
        .unwrap();
        let keys = keys(&flow);
        assert_eq!(keys.computed.len(), 1);
        assert_eq!(keys.never_set().count(), 0, "a computed key may be any");
        assert_eq!(keys.case, [["tier", "Tier"]]);
    }

    #[test]
    fn always_needs_every_way() {
        // a → b(yes → c, no → d) → e; c also ends the flow.
        let flow = |c: &str| {
            format!(
                r#"{{"actions":[
                {{"id":"a","type":"setParticipantData","settings":{{"key":"a","value":"1"}},"nextActionId":"b"}},
                {{"id":"b","type":"decision","settings":{{"expression":"x","trueActionId":"c","falseActionId":"d"}}}},
                {{"id":"c","type":"setParticipantData","settings":{{"key":"cd","value":"1"}}{c}}},
                {{"id":"d","type":"setParticipantData","settings":{{"key":"cd","value":"2"}},"nextActionId":"e"}},
                {{"id":"e","type":"setParticipantData","settings":{{"key":"e","value":"1"}},"nextActionId":"f"}},
                {{"id":"f","type":"disconnect"}},
                {{"id":"g","type":"setParticipantData","settings":{{"key":"g","value":"1"}}}}]}}"#
            )
        };
        let word = |text: &str, key: &str| keys(&read(text).unwrap()).by_key[key].set[0].when;
        let joined = flow(r#","nextActionId":"e""#);
        assert_eq!(
            ["a", "cd", "e", "g"].map(|key| word(&joined, key)),
            [SetWhen::Always, SetWhen::Conditional, SetWhen::Always, SetWhen::Never]
        );
        let apart = flow("");
        assert_eq!(word(&apart, "e"), SetWhen::Conditional);
    }
}
