//! Values in Archy YAML: maps with one member, `lit`, `exp`, `var`, `noValue`.

use crate::flow::model::{LiteralType, Operand, own_variable};
use crate::tree::{NodeId, NodeKind, Tree};

/// What a value comes to.
pub fn operand(tree: &Tree<'_>, node: NodeId) -> Operand {
    of_type(tree, node, "")
}

/// The same where a setting names the type: a `lit` of a `string` is a text even where YAML takes it for a number.
pub fn of_type(tree: &Tree<'_>, node: NodeId, type_name: &str) -> Operand {
    if let Some(lit) = tree.get(node, "lit") {
        return literal(tree, lit, type_name.to_ascii_lowercase().starts_with("string"));
    }
    if let Some(source) = tree.get(node, "exp") {
        return match tree.scalar(source) {
            Some(text) => Operand::expression(text),
            None if tree.kind(source) == NodeKind::Null => Operand::Unset,
            None => Operand::Expression(tree.raw(source).to_owned()),
        };
    }
    if let Some(name) = tree.any(node, &["var", "ref"]).and_then(|name| tree.scalar(name)) {
        return Operand::Variable(name.to_owned());
    }
    if let Some(text) = tree.any(node, &["tts", "text"]).and_then(|text| tree.scalar(text)) {
        return Operand::Literal(text.to_owned());
    }
    if let Some(name) = tree.any(node, &["prompt", "name"]).and_then(|name| tree.scalar(name)) {
        return Operand::Typed { kind: LiteralType::Object, text: name.to_owned(), id: None };
    }
    match tree.scalar(node) {
        // `noValue`, `none`, and nothing at all are no value; anything else is one in a shape that is not read.
        None if tree.kind(node) == NodeKind::Null || tree.below(node).next().is_none() => Operand::Unset,
        None if tree.any(node, &["noValue", "none"]).is_some() => Operand::Unset,
        None => Operand::Template(tree.raw(node).to_owned()),
        // A literal or its value: Archy has neither so.
        Some(text) if own_variable(text).is_some() => Operand::Template(text.to_owned()),
        Some(text) => Operand::Literal(text.to_owned()),
    }
}

fn literal(tree: &Tree<'_>, node: NodeId, text: bool) -> Operand {
    let typed = |kind| Operand::Typed { kind, text: tree.raw(node).to_owned(), id: None };
    match tree.kind(node) {
        NodeKind::Text => Operand::Literal(tree.str(node).unwrap_or_default().to_owned()),
        // `null` and `~` are characters that somebody wrote; nothing at all is nothing.
        NodeKind::Null if tree.raw(node).is_empty() => Operand::Unset,
        NodeKind::Null => Operand::Literal(tree.raw(node).to_owned()),
        NodeKind::Number | NodeKind::Bool(_) if text => Operand::Literal(tree.raw(node).to_owned()),
        NodeKind::Number => typed(LiteralType::Number),
        NodeKind::Bool(_) => typed(LiteralType::Bool),
        NodeKind::Map => {
            let units = ["milliseconds", "ms", "seconds", "minutes", "hours", "days"];
            let unit = tree.members(node).find(|member| units.contains(&member.name));
            match unit.and_then(|unit| Some((unit.name, tree.scalar(unit.value)?))) {
                Some((unit, number)) => {
                    Operand::Typed { kind: LiteralType::Duration, text: format!("{number} {unit}"), id: None }
                }
                None => {
                    let name = tree.any(node, &["name", "id"]).and_then(|name| tree.scalar(name));
                    let text = name.unwrap_or(tree.raw(node)).to_owned();
                    Operand::Typed {
                        kind: LiteralType::Object,
                        text,
                        id: tree.scalar_at(node, "id").map(str::to_owned),
                    }
                }
            }
        }
        NodeKind::List => Operand::Typed { kind: LiteralType::Object, text: tree.raw(node).to_owned(), id: None },
    }
}
