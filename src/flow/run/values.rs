//! What texts, expressions and placeholders come to.

use super::{ActionRun, Run, frames::Frame};
use crate::flow::{
    expr,
    model::{self, FlowFileForm, Operand},
    value::{Type, Val},
};

impl Run {
    /// What an operand comes to where a variable of this name takes it: a literal has the variable's type.
    pub(super) fn value_for(&self, container: Option<usize>, name: &str, operand: &Operand) -> Val {
        let value = self.value(operand);
        let literal = matches!(operand, Operand::Literal(_));
        let value = if literal { value.typed(self.kind_of(container, name)) } else { value };
        self.held(container, name, value)
    }

    /// What a variable of this name has when it is given a value: one that its type cannot hold nobody here knows.
    pub(super) fn held(&self, container: Option<usize>, name: &str, value: Val) -> Val {
        let kind = self.kind_of(container, name);
        if value.fits(kind) {
            return value;
        }
        Val::unknown(format!(
            "{name} is {} and is given {}; what the platform makes of that is not verified",
            kind.word(),
            value.brief()
        ))
    }

    /// The container whose variables are in sight.
    pub(super) fn container(&self) -> Option<usize> {
        self.frames.last().map(|frame| frame.container)
    }

    pub(super) fn value(&self, operand: &Operand) -> Val {
        self.evaluated(operand).bounded()
    }

    fn evaluated(&self, operand: &Operand) -> Val {
        match operand {
            Operand::Unset | Operand::NotSet => Val::NotSet,
            Operand::Literal(text) if self.flow.form == FlowFileForm::Archy && operand.placeholder() => {
                let text = self.substituted(text);
                if Operand::Literal(text.clone()).placeholder() { placeholder(&text) } else { Val::Text(text) }
            }
            Operand::Literal(text) => Val::Text(text.clone()),
            Operand::Typed { kind, text, id } => typed(*kind, text, id.as_deref()),
            Operand::Template(text) if self.flow.form != FlowFileForm::Tutorial => Val::unknown(match text.as_str() {
                "" => "no value stands there".to_owned(),
                text => format!("{text} stands there as it is, neither as a literal nor as an expression"),
            }),
            Operand::Template(text) => self.template(text),
            Operand::Variable(name) | Operand::BuiltIn(name) => self.lookup(name.trim()),
            Operand::Expression(text) => {
                let text = match self.flow.form {
                    FlowFileForm::Tutorial => adapt(text),
                    FlowFileForm::Archy if operand.placeholder() => self.substituted(text),
                    _ => text.clone(),
                };
                match expr::parse(&text) {
                    Ok(parsed) if self.flow.form == FlowFileForm::Archy => expr::eval(
                        &parsed.texts_as_variables(&|text| Operand::Literal(text.into()).placeholder()),
                        &|name| self.lookup(name),
                    ),
                    Ok(parsed) => expr::eval(&parsed, &|name| self.lookup(name)),
                    Err(_) if Operand::Literal(text.clone()).placeholder() => placeholder(&text),
                    Err(error) => Val::unknown(format!("{text} is not a valid expression: {error}")),
                }
            }
        }
    }

    /// The type that a variable is declared with, in a container or for the whole flow.
    pub(super) fn kind_of(&self, container: Option<usize>, name: &str) -> Type {
        let name = name.to_lowercase();
        let Some(kinds) = self.types.get(&name) else { return Type::default() };
        let of = |container: Option<usize>| kinds.iter().find(|(own, _)| *own == container).map(|(_, kind)| *kind);
        // What a module declares is in sight in all of it.
        let module = || {
            let frames = self.frames.iter().rev().filter(|_| name.starts_with("common."));
            frames.into_iter().find_map(|frame| of(Some(frame.container)))
        };
        container.and_then(|at| of(Some(at))).or_else(module).or_else(|| of(None)).unwrap_or_default()
    }

    /// A value from outside as the type of its variable has it. What is built in declares no type: a duration is known by its form.
    pub(super) fn given_as(&self, container: Option<usize>, name: &str, value: Val) -> Val {
        let declared = self.types.contains_key(&name.to_lowercase());
        let kind = match name.contains('.') {
            _ if declared => self.kind_of(container, name),
            true => Type::Duration,
            false => Type::default(),
        };
        value.typed(kind)
    }

    /// What was given for a variable from outside.
    pub(super) fn given(&self, name: &str) -> Option<Val> {
        let found = self.inputs.variables.iter().rev().find(|(given, _)| given.to_lowercase() == name.to_lowercase());
        found.map(|(_, value)| self.given_as(self.container(), name, value.clone()))
    }

    /// A variable that is in sight: of the task, of the module that it belongs to, of the flow, or built in. A module does not see
    /// what its caller declares.
    fn in_sight(&self, name: &str) -> Option<&Val> {
        let own = self.frames.last().and_then(|frame| frame.scope.get(name));
        let module = || self.own_frames().find_map(|frame| frame.scope.get(name));
        let of_module = self.in_module() || name.starts_with("common.");
        let global = || self.globals.get(name).filter(|_| !self.is_hidden(name));
        own.or_else(|| of_module.then(module).flatten()).or_else(global)
    }

    /// Whether another flow runs that this one calls.
    fn in_module(&self) -> bool {
        self.frames.iter().any(|frame| frame.foreign)
    }

    /// The frames of the flow or module that runs, innermost first.
    fn own_frames(&self) -> impl Iterator<Item = &Frame> {
        let first = self.frames.iter().rposition(|frame| frame.foreign).unwrap_or(0);
        self.frames[first..].iter().rev()
    }

    /// Whether a variable is the caller's, and a module runs.
    fn is_hidden(&self, name: &str) -> bool {
        self.in_module() && (self.types.contains_key(name) || name.starts_with("common."))
    }

    pub(super) fn lookup(&self, name: &str) -> Val {
        let lower = name.to_lowercase();
        if let Some(value) = self.in_sight(&lower) {
            return value.clone();
        }
        if lower.len() == name.len() {
            for (at, _) in name.match_indices('.').rev() {
                if let Some(value) = self.in_sight(&lower[..at]) {
                    return value.below(&name[at + 1..]);
                }
            }
        }
        // Only the tutorials' form lets an attribute be read by its bare name.
        if self.flow.form == FlowFileForm::Tutorial
            && let Some(value) = self.attributes.get(name)
        {
            return value.clone();
        }
        if Operand::Literal(name.to_owned()).placeholder() {
            return placeholder(name);
        }
        if self.in_module() && self.types.contains_key(&lower) {
            return Val::unknown(format!("{name} is a variable of the flow that called, which a module does not see"));
        }
        Val::unknown(format!("{name} is not given"))
    }

    /// Gives a variable a value, where it is declared.
    pub(super) fn put(&mut self, name: &str, value: Val) {
        let value = self.held(self.container(), name, value);
        let name = name.to_lowercase();
        let module = name.starts_with("common.") || self.in_module();
        let hidden = self.is_hidden(&name);
        let first = self.frames.iter().rposition(|frame| frame.foreign).unwrap_or(0);
        let frames = self.frames[first..].iter_mut().rev().take(if module { usize::MAX } else { 1 });
        let mut scopes = frames.map(|frame| &mut frame.scope);
        let old = match scopes.find(|scope| scope.contains_key(&name)) {
            Some(scope) => scope.insert(name, value.clone()),
            // Of its caller a module changes nothing, either.
            None if hidden => None,
            None => self.globals.insert(name, value.clone()),
        };
        if old.as_ref() != Some(&value) {
            self.changed();
        }
    }

    /// An action's own doing: gives a variable a value, and tells it.
    pub(super) fn assign(&mut self, name: &str, value: Val, step: &mut ActionRun) {
        if let Some(frame) = self.frames.last_mut() {
            frame.written |= frame.scope.contains_key(&name.to_lowercase());
        }
        let value = self.held(self.container(), name, value);
        self.put(name, value.clone());
        step.assigned.push((name.to_owned(), value));
    }

    /// The text with the placeholders replaced that were given from outside, as `{{name}}` or `${name}`.
    fn substituted(&self, text: &str) -> String {
        let given = self.inputs.variables.iter().filter(|(name, _)| name.starts_with("{{") || name.starts_with("${"));
        given.fold(text.to_owned(), |text, (name, value)| {
            value.text().map_or_else(|| text.clone(), |value| text.replace(name.as_str(), &value))
        })
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

fn placeholder(text: &str) -> Val {
    Val::unknown(format!("{text} has a placeholder; a tool substitutes it before publishing, or it stays as it is"))
}

/// A literal of a type of its own.
fn typed(kind: model::LiteralType, text: &str, id: Option<&str>) -> Val {
    let literal = Val::Text(text.to_owned());
    match kind {
        model::LiteralType::Number => literal.typed(Type::Number),
        model::LiteralType::Bool => literal.typed(Type::Bool),
        model::LiteralType::Duration => match (literal.typed(Type::Duration), seconds(text)) {
            (Val::Text(_), Some(milliseconds)) => Val::Duration(milliseconds),
            (Val::Text(_), None) => Val::unknown(format!("the duration {text} is not understood")),
            (value, _) => value,
        },
        model::LiteralType::Object => {
            let id = id.map(|id| ("id", id));
            Val::Data(
                [("name", text)]
                    .into_iter()
                    .chain(id)
                    .map(|(name, text)| (name.to_owned(), text.into()))
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
            )
        }
    }
}

/// `60s`, `5m`, `250ms` in milliseconds.
fn seconds(text: &str) -> Option<i64> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let number: i64 = text[..at].parse().ok()?;
    let unit = match text[at..].trim() {
        "ms" | "milliseconds" => 1,
        "s" | "seconds" => 1_000,
        "m" | "min" | "minutes" => 60_000,
        "h" | "hours" => 3_600_000,
        "d" | "days" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(unit)
}

/// Tutorials write conditions as JavaScript does; the same in Architect's spelling.
fn adapt(text: &str) -> String {
    let text = text.replace("===", "==").replace("!==", "!=").replace("{{", "").replace("}}", "");
    if text.contains('"') { text } else { text.replace('\'', "\"") }
}
