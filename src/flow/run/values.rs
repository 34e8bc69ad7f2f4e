//! What texts, expressions and placeholders come to.

use super::Run;
use crate::flow::{
    expr,
    model::{Form, Operand},
    value::Val,
};

impl Run {
    pub(super) fn value(&self, operand: &Operand) -> Val {
        match operand {
            Operand::Unset | Operand::NotSet => Val::NotSet,
            Operand::Literal(text) | Operand::Typed { text, .. } => Val::Text(text.clone()),
            Operand::Template(text) => self.template(text),
            Operand::Expression(text) | Operand::Variable(text) | Operand::BuiltIn(text) => {
                let adapted = if self.flow.form == Form::Tutorial { adapt(text) } else { text.clone() };
                match expr::parse(&adapted) {
                    Ok(parsed) => expr::eval(&parsed, &|name| self.lookup(name)),
                    Err(error) => Val::unknown(format!("{text} is no expression: {error}")),
                }
            }
        }
    }

    pub(super) fn lookup(&self, name: &str) -> Val {
        if let Some(value) = self.variables.get(name) {
            return value.clone();
        }
        let dots = name.match_indices('.').map(|(at, _)| at).rev();
        for at in dots {
            if let Some(value) = self.variables.get(&name[..at]) {
                return value.below(&name[at + 1..]);
            }
        }
        // Only the tutorials' form lets an attribute be read by its bare name.
        if self.flow.form == Form::Tutorial
            && let Some(value) = self.attributes.get(name)
        {
            return value.clone();
        }
        Val::unknown(format!("{name} has no value here"))
    }

    /// `high-{{lookup_result.tier}}`: each placeholder replaced by its value.
    fn template(&self, text: &str) -> Val {
        let mut out = String::new();
        let mut rest = text;
        loop {
            let (open, close) = match (rest.find("{{"), rest.find("${")) {
                (Some(double), Some(dollar)) if dollar < double => (dollar, "}"),
                (Some(double), _) => (double, "}}"),
                (None, Some(dollar)) => (dollar, "}"),
                (None, None) => break,
            };
            out.push_str(&rest[..open]);
            let Some(end) = rest[open + 2..].find(close) else {
                return Val::unknown(format!("the placeholder in {text} is never closed"));
            };
            let name = rest[open + 2..open + 2 + end].trim();
            let value = self.lookup(name);
            match (value.text(), value) {
                (Some(value), _) => out.push_str(&value),
                (None, Val::Unknown(why)) => return Val::Unknown(why),
                (None, other) => return Val::unknown(format!("{name} is {other}")),
            }
            rest = &rest[open + 2 + end + close.len()..];
        }
        out.push_str(rest);
        Val::Text(out)
    }
}

/// Tutorials write conditions as JavaScript does; the same in Architect's spelling.
fn adapt(text: &str) -> String {
    let text = text.replace("===", "==").replace("!==", "!=").replace("{{", "").replace("}}", "");
    if text.contains('"') { text } else { text.replace('\'', "\"") }
}
