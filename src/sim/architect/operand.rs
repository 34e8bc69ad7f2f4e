//! Values as a configuration holds them: `config` says what a value is, `text` what the editor shows.

use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Writes operands of one flow, whose variables have ids.
pub struct Operands {
    /// The flow's id.
    pub flow: Uuid,
}

/// A piece of an expression.
enum Piece {
    Text(String),
    Variable(String),
}

impl Operands {
    /// The id of a variable.
    pub fn variable_id(&self, name: &str) -> String {
        Uuid::new_v5(&self.flow, format!("variable {name}").as_bytes()).to_string()
    }

    /// A literal. Its text has no quotes.
    pub fn literal(&self, text: &str, kind: &str) -> Value {
        operand(json!({"lit": {"pos": 1, "text": text, "type": kind}}), text, kind, 1, Vec::new())
    }

    /// A literal that stands for an object with an id.
    pub fn object(&self, text: &str, kind: &str, id: &str) -> Value {
        operand(json!({"lit": {"pos": 1, "text": text, "type": kind, "val": id}}), text, kind, 1, Vec::new())
    }

    /// Not set.
    pub fn empty(&self, kind: &str) -> Value {
        operand(json!({"emp": {"pos": 1, "text": "", "type": kind}}), "", kind, 3, Vec::new())
    }

    /// A variable that is written.
    pub fn written(&self, name: &str) -> Value {
        operand(self.leaf(name, 1, None), name, "str", 2, self.references(&[name]))
    }

    /// A variable that is read.
    pub fn read(&self, name: &str) -> Value {
        operand(self.leaf(name, 1, None), name, "str", 0, self.references(&[name]))
    }

    /// Speech of a text.
    pub fn speech(&self, text: &str) -> Value {
        let source = format!("ToAudioTTS({})", quote(text));
        let leaf = json!({"lit": {"pos": 12, "text": text, "type": "str"}});
        let config = json!({"ToAudioTTS": {"pos": 1, "text": source, "operands": [leaf], "type": "aud"}});
        json!({"config": config, "text": source, "type": "aud",
            "uiMetaData": {"sequenceItems": [{"type": 0, "parameter": text}]}, "metaData": {}})
    }

    /// Text with `{{variable}}` places: a literal without any, a variable for one alone, else `Append(…)`.
    pub fn template(&self, text: &str, variable: &dyn Fn(&str) -> String) -> Value {
        let pieces = pieces(text, variable);
        match pieces.as_slice() {
            [] => self.literal("", "str"),
            [Piece::Text(text)] => self.literal(text, "str"),
            [Piece::Variable(name)] => self.read(name),
            _ => {
                let mut source = "Append(".to_owned();
                let (mut operands, mut names) = (Vec::new(), Vec::new());
                for (at, piece) in pieces.iter().enumerate() {
                    if at > 0 {
                        source.push_str(", ");
                    }
                    let pos = source.chars().count() + 1;
                    match piece {
                        Piece::Text(text) => {
                            operands.push(json!({"lit": {"pos": pos, "text": text, "type": "str"}}));
                            source.push_str(&quote(text));
                        }
                        Piece::Variable(name) => {
                            operands.push(self.leaf(name, pos, None));
                            names.push(name.as_str());
                            source.push_str(name);
                        }
                    }
                }
                source.push(')');
                let config = json!({"Append": {"pos": 1, "text": source, "operands": operands, "type": "str"}});
                operand(config, &source, "str", 0, self.references(&names))
            }
        }
    }

    /// A comparison `variable == 'text'`; anything else keeps its source without a tree.
    pub fn condition(&self, source: &str, variable: &dyn Fn(&str) -> String) -> Value {
        let operator = ["==", "!="].into_iter().find(|operator| source.contains(operator));
        let sides = operator.and_then(|operator| Some((operator, source.split_once(operator)?)));
        let literal = |side: &str| {
            let side = side.trim();
            let inner = side.strip_prefix(['\'', '"'])?.strip_suffix(['\'', '"'])?;
            Some(inner.to_owned())
        };
        let Some((operator, (left, right))) = sides else {
            return json!({"text": source, "type": "bln", "uiMetaData": {"mode": 0}, "version": 2});
        };
        let (name, right) = (variable(left.trim()), literal(right).unwrap_or_else(|| right.trim().to_owned()));
        self.equals(&name, operator, &right)
    }

    /// `name == "text"`.
    pub fn equals(&self, name: &str, operator: &str, text: &str) -> Value {
        let source = format!("{name} {operator} {}", quote(text));
        let at = name.chars().count() + 2;
        let sides = [self.leaf(name, 1, None), json!({"lit": {"pos": at + 3, "text": text, "type": "str"}})];
        let mut tree = Map::new();
        tree.insert(operator.to_owned(), json!({"pos": at, "text": source, "operands": sides, "type": "bln"}));
        operand(Value::Object(tree), &source, "bln", 0, self.references(&[name]))
    }

    fn leaf(&self, name: &str, pos: usize, kind: Option<&str>) -> Value {
        let kind = kind.unwrap_or("str");
        match built_in(name) {
            Some(id) => json!({"sysref": {"pos": pos, "text": name, "type": kind, "val": id}}),
            None => json!({"ref": {"pos": pos, "text": name, "type": kind, "val": self.variable_id(name)}}),
        }
    }

    fn references(&self, names: &[&str]) -> Vec<Value> {
        let reference = |name: &&str| match built_in(name) {
            Some(id) => json!({"id": id, "type": "str", "isSysRef": true, "name": name}),
            None => json!({"id": self.variable_id(name), "type": "str", "isSysRef": false, "name": name}),
        };
        names.iter().map(reference).collect()
    }
}

fn operand(config: Value, text: &str, kind: &str, mode: u8, references: Vec<Value>) -> Value {
    let meta = if references.is_empty() { json!({}) } else { json!({"references": references}) };
    json!({"config": config, "text": text, "type": kind, "uiMetaData": {"mode": mode}, "metaData": meta, "version": 2})
}

/// The id of a built-in variable: `Call.Ani` is `__CALL_ANI__`.
fn built_in(name: &str) -> Option<String> {
    let (scope, rest) = name.split_once('.')?;
    if !["Call", "Message", "Email", "Chat"].contains(&scope) {
        return None;
    }
    let mut id = format!("__{}", scope.to_uppercase());
    for c in rest.chars() {
        if c.is_uppercase() {
            id.push('_');
        }
        id.extend(c.to_uppercase());
    }
    Some(format!("{id}__"))
}

fn pieces(text: &str, variable: &dyn Fn(&str) -> String) -> Vec<Piece> {
    let (mut out, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((place, after)) = after.split_once("}}") else { break };
        if !before.is_empty() {
            out.push(Piece::Text(before.to_owned()));
        }
        out.push(Piece::Variable(variable(place.trim())));
        rest = after;
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest.to_owned()));
    }
    out
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
