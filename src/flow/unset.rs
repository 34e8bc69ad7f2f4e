//! Values that may come to nothing: of variables that nothing writes, and of expressions with NOT_SET on one of their sides.

use super::expr::{Expr, parse};
use super::model::{ActionKind, Flow, Operand};
use rustc_hash::FxHashSet;

/// Variables that have no value of their own and that nothing writes, by their names in small letters.
pub(super) struct Unwritten(FxHashSet<String>);

impl Unwritten {
    /// Those of a flow.
    pub(super) fn of(flow: &Flow) -> Self {
        let bare = flow.variables.iter().filter(|one| {
            let slot = one.name.to_ascii_lowercase().starts_with("slot.");
            !one.input && !slot && matches!(one.initial, Operand::Unset | Operand::NotSet)
        });
        let mut left: FxHashSet<String> = bare.map(|one| one.name.to_lowercase()).collect();
        // A variable that stands twice may have a value in one of its places.
        for one in flow.variables.iter().filter(|one| !matches!(one.initial, Operand::Unset | Operand::NotSet)) {
            left.remove(&one.name.to_lowercase());
        }
        for action in &flow.actions {
            if left.is_empty() {
                break;
            }
            let mut take = |name: &str| _ = left.remove(&name.to_lowercase());
            match &action.kind {
                ActionKind::GetData(list) => list.iter().for_each(|one| take(&one.into)),
                ActionKind::GetConversation(of) => of.list.iter().for_each(|one| take(&one.into)),
                ActionKind::Update(list) => list.iter().for_each(|(name, _)| take(name)),
                ActionKind::Collect(it) => it.into.iter().for_each(|name| take(name)),
                ActionKind::Loop(it) => it.index.iter().for_each(|name| take(name)),
                ActionKind::Lookup(it) => {
                    it.outputs.iter().chain(&it.errors).for_each(|(_, into)| take(into));
                    it.whole.iter().for_each(|into| take(into));
                }
                ActionKind::CallFlow(it) => it.outputs.iter().for_each(|(_, into)| take(into)),
                ActionKind::CallTask(jump) | ActionKind::Jump(jump) => {
                    jump.outputs().iter().for_each(|(_, into)| take(into));
                    for (name, _) in jump.inputs() {
                        let name = name.to_lowercase();
                        let ending = format!(".{name}");
                        left.retain(|own| *own != name && !own.ends_with(&ending));
                    }
                }
                _ => {}
            }
            for write in &action.writes {
                left.remove(&write.variable.to_lowercase());
            }
        }
        Self(left)
    }

    /// Whether a value may be one that is not set.
    pub(super) fn may_be(&self, value: &Operand) -> bool {
        match value {
            Operand::Unset | Operand::NotSet => true,
            Operand::Variable(name) => self.0.contains(&name.trim().to_lowercase()),
            Operand::Expression(text) => parse(text).is_ok_and(|parsed| self.comes_to(&parsed)),
            _ => false,
        }
    }

    fn comes_to(&self, expr: &Expr) -> bool {
        match expr {
            Expr::NotSet => true,
            Expr::Var(name) => self.0.contains(&name.to_lowercase()),
            Expr::Call(name, arguments) if name.eq_ignore_ascii_case("if") => {
                arguments.iter().skip(1).any(|side| self.comes_to(side))
            }
            _ => false,
        }
    }
}
