//! Value objects of the platform's JSON: `{config, text, type, uiMetaData: {mode}}`. `config` says what a value is; `text`
//! is what the editor shows, and only tells anything by itself where there is no `config`.

use crate::flow::model::{LiteralType, Operand, VariableWrite, WhenWritten};
use crate::tree::{NodeId, NodeKind, Tree};

/// What a value object comes to.
pub fn operand(tree: &Tree<'_>, node: NodeId) -> Operand {
    match tree.kind(node) {
        NodeKind::Map => {}
        NodeKind::Null => return Operand::Unset,
        _ => return tree.scalar(node).map_or(Operand::Unset, Operand::expression),
    }
    let text = tree.scalar_at(node, "text");
    let config = tree.get(node, "config").and_then(|config| tree.members(config).next());
    let Some(config) = config else {
        let off = super::is_true(tree, node, "outOfService");
        let beside = ["type", "uiMetaData", "metaData", "version", "outOfService"];
        let other = tree.members(node).any(|member| !beside.contains(&member.name));
        return match (text, mode(tree, node)) {
            // A value in a shape that is not read is not the same as none.
            (None, _) if other => Operand::Template(tree.raw(node).to_owned()),
            (None, _) | (_, Some(3)) => Operand::Unset,
            _ if off => Operand::Unset,
            (Some(text), Some(1)) => literal(text, tree.scalar_at(node, "type"), None),
            (Some(text), _) => Operand::expression(text),
        };
    };
    let own = |name| tree.scalar_at(config.value, name);
    let shown = || own("text").or(text).unwrap_or_default().to_owned();
    match config.name {
        "lit" => {
            let text = own("text").or(own("val")).or(text).unwrap_or_default();
            literal(text, own("type").or(tree.scalar_at(node, "type")), own("val"))
        }
        "ref" => Operand::Variable(shown()),
        "sysref" => Operand::BuiltIn(shown()),
        "emp" => Operand::Unset,
        "nul" => Operand::NotSet,
        _ => match text.filter(|text| !text.trim().is_empty()).or(own("text")) {
            Some(text) => Operand::Expression(text.to_owned()),
            None => Operand::Expression(format!("{}(…)", config.name)),
        },
    }
}

/// A literal by its type: `str`, `int`, `bln`, `dur`, `que` …
fn literal(text: &str, type_name: Option<&str>, id: Option<&str>) -> Operand {
    let kind = match type_name.unwrap_or("str") {
        "int" | "dec" => LiteralType::Number,
        "bln" => LiteralType::Bool,
        "dur" => LiteralType::Duration,
        "str" | "any" | "dtm" | "dat" | "tim" | "" => return Operand::Literal(text.to_owned()),
        _ => LiteralType::Object,
    };
    let id = id.filter(|_| kind == LiteralType::Object).map(str::to_owned);
    Operand::Typed { kind, text: text.to_owned(), id }
}

/// How the editor takes the value: 0 source, 1 literal, 2 a variable that is written, 3 nothing, 4 made by a builder.
fn mode(tree: &Tree<'_>, node: NodeId) -> Option<u8> {
    tree.get(node, "uiMetaData").and_then(|meta| tree.scalar_at(meta, "mode"))?.parse().ok()
}

/// The name of the variable that a value object is, when it is one and nothing else.
pub fn variable(tree: &Tree<'_>, node: NodeId) -> Option<String> {
    match operand(tree, node) {
        Operand::Variable(name) if !name.is_empty() => Some(name),
        // Written by hand, without `config`.
        Operand::Expression(name) | Operand::Literal(name)
            if tree.get(node, "config").is_none() && !name.is_empty() =>
        {
            Some(name)
        }
        _ => None,
    }
}

/// The variables that an action writes: every `ref` of mode 2 in it, but for what the editor keeps in `uiMetaData`.
pub fn writes(tree: &Tree<'_>, action: NodeId) -> Vec<VariableWrite> {
    let mut found = Vec::new();
    let mut work = vec![(action, "", WhenWritten::Done)];
    while let Some((node, from, when)) = work.pop() {
        if tree.get(node, "config").is_some() {
            if mode(tree, node) == Some(2)
                && let Operand::Variable(variable) = operand(tree, node)
            {
                found.push(VariableWrite { variable, from: from.to_owned(), when });
            }
            continue;
        }
        let name = tree.scalar_at(node, "name");
        for member in tree.members(node) {
            if !matches!(member.name, "uiMetaData" | "metaData" | "paths" | "path") {
                let from = match (member.name, name) {
                    ("value", Some(name)) => name,
                    (other, _) => other,
                };
                work.push((
                    member.value,
                    from,
                    if member.name == "errorBindings" { WhenWritten::Failed } else { when },
                ));
            }
        }
        for item in tree.items(node) {
            work.push((item, from, when));
        }
    }
    // Last in, first out.
    found.reverse();
    found
}

/// The variables that an action mentions in a shape that is not read, where targets stand or may stand: a target that is a
/// literal or a plain text, a `ref` that the editor does not mark as written.
pub fn mentions<'t>(tree: &'t Tree<'_>, action: NodeId, each: &mut impl FnMut(&'t str)) {
    let mut work = vec![(action, false)];
    while let Some((node, target)) = work.pop() {
        if let Some(config) = tree.get(node, "config") {
            let named = tree.members(config).next().filter(|_| target);
            let named = named.filter(|config| matches!(config.name, "lit" | "ref"));
            named.and_then(|config| tree.scalar_at(config.value, "text")).into_iter().for_each(&mut *each);
            continue;
        }
        for member in tree.members(node) {
            match member.name {
                // What is read, what the editor keeps, and links.
                "expression" | "inputs" | "uiMetaData" | "metaData" | "paths" | "path" | "name" | "id" | "label" => {}
                "text" if !target => {}
                name => match tree.scalar(member.value) {
                    Some(text) => each(text),
                    None => work.push((member.value, target || is_target(name))),
                },
            }
        }
        for item in tree.items(node) {
            match tree.scalar(item) {
                Some(text) => each(text),
                None => work.push((item, target)),
            }
        }
    }
}

/// Whether a setting of this name says where something goes.
fn is_target(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let ends = ["output", "outputs", "bindings", "result", "variable", "index", "selection", "responsebody", "data"];
    ends.iter().any(|end| name.ends_with(end))
}
