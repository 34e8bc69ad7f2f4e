//! What a run is given from outside: who calls, what the caller presses, what other systems answer.

use super::{model::Flow, value::Val};
use serde_json::Value as Json;
use std::{collections::VecDeque, sync::Arc};

/// The outside world of one run.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Attributes the customer participant has when the flow starts.
    pub attributes: Vec<(String, String)>,
    /// Values of variables and of call fields such as `Call.Ani`.
    pub variables: Vec<(String, Val)>,
    /// What the caller presses or enters, in order.
    pub digits: VecDeque<String>,
    /// Answers of data actions, by the name of the data action or of the flow's action.
    pub lookups: Vec<(String, DataActionAnswer)>,
    /// Outputs to take, by id, name or tracking number of the action. Of several for one action the first counts for the
    /// first time it runs, and so on; the last for the rest. The same goes for answers.
    pub choose: Vec<(String, String)>,
    /// Other flows that the flow may call: common modules.
    pub modules: Vec<Arc<Flow>>,
}

/// What a data action answers.
#[derive(Clone, Debug, PartialEq)]
pub enum DataActionAnswer {
    /// It succeeds with this result.
    Ok(Json),
    /// It takes too long.
    Timeout,
    /// It fails.
    Error,
    /// It succeeds, or finds a row; with what is not said.
    Found,
    /// The table has no such row.
    NotFound,
}

impl DataActionAnswer {
    /// Reads `timeout`, `error` or `failure`, `notFound`, `success` or `found`, or the result as JSON.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "timeout" => Ok(Self::Timeout),
            "error" | "failure" => Ok(Self::Error),
            "notfound" | "not_found" => Ok(Self::NotFound),
            "success" | "found" => Ok(Self::Found),
            _ => serde_json::from_str(text)
                .map_err(|error| format!("neither timeout, error, notFound, success nor JSON ({error})"))
                .and_then(|json| no_twin(text).map(|()| Self::Ok(json))),
        }
    }
}

/// Beginnings of names that are variables; anything else in a flat input is an attribute.
const SCOPES: [&str; 16] = [
    "flow.",
    "task.",
    "state.",
    "slot.",
    "common.",
    "call.",
    "chat.",
    "email.",
    "message.",
    "session.",
    "survey.",
    "workitem.",
    "prompt.",
    "getcurrentdatetimeutc",
    "{{",
    "${",
];

impl Inputs {
    /// Reads `{"attributes":{…},"variables":{…},"digits":[…],"dataActions":{…},"choose":{…}}`. Scalars beside these
    /// sections are variables when their name has a scope (`Flow.Tier`, `Call.Ani`), attributes when it has none.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| format!("the input is not valid JSON: {error}"))?;
        let Json::Object(members) = json else { return Err("the input is not a JSON object".into()) };
        no_twin(text)?;
        let mut inputs = Self::default();
        for (name, value) in members {
            match (name.as_str(), value) {
                ("attributes", Json::Object(list)) => {
                    for (key, value) in list {
                        let text = scalar(&value).ok_or_else(|| format!("the attribute {key} is not a text"))?;
                        inputs.attributes.push((key, text));
                    }
                }
                ("variables", Json::Object(list)) => {
                    inputs.variables.extend(list.iter().map(|(name, value)| (name.clone(), Val::from_json(value))));
                }
                ("digits", Json::Array(list)) => {
                    for digit in list {
                        let digit = scalar(&digit).ok_or("digits is a list of texts")?;
                        inputs.digits.push_back(digit);
                    }
                }
                ("digits", value) => inputs.digits.push_back(scalar(&value).ok_or("digits is a list of texts")?),
                ("dataActions", Json::Object(list)) => {
                    for (name, value) in list {
                        let answer = match &value {
                            Json::String(text) => {
                                DataActionAnswer::parse(text).map_err(|error| format!("data action {name}: {error}"))?
                            }
                            _ => DataActionAnswer::Ok(value),
                        };
                        inputs.lookups.push((name, answer));
                    }
                }
                ("choose", Json::Object(list)) => {
                    for (name, value) in list {
                        let output = scalar(&value).ok_or_else(|| format!("the output of {name} is not a text"))?;
                        inputs.choose.push((name, output));
                    }
                }
                ("attributes" | "variables" | "dataActions" | "choose", _) => {
                    return Err(format!("{name} is not an object"));
                }
                (_, value @ (Json::Object(_) | Json::Array(_))) if !scoped(&name) => {
                    _ = value;
                    return Err(format!(
                        "{name} is none of attributes, variables, digits, dataActions, choose, and no single value"
                    ));
                }
                (_, value) if scoped(&name) => inputs.variables.push((name, Val::from_json(&value))),
                (_, value) => {
                    let text = scalar(&value).ok_or_else(|| format!("{name} is null"))?;
                    inputs.attributes.push((name, text));
                }
            }
        }
        Ok(inputs)
    }
}

/// Refuses JSON in which a member stands twice: which of the two is meant nobody knows.
fn no_twin(text: &str) -> Result<(), String> {
    let Ok(tree) = crate::tree::parse_json(text) else { return Ok(()) };
    tree.twice().map_or(Ok(()), |(name, _)| Err(format!("{name} stands twice in one place; take one out")))
}

fn scoped(name: &str) -> bool {
    let name = name.to_lowercase();
    SCOPES.iter().any(|scope| name.starts_with(scope))
}

fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_flat_names() {
        let inputs = Inputs::from_json(
            r#"{"attributes":{"a":1},"variables":{"Flow.X":"x"},"digits":["1",2],"dataActions":{"L":"timeout","M":{"tier":"gold"}},
                "choose":{"D":"yes"},"language":"en","Call.Ani":"+1"}"#,
        )
        .unwrap();
        assert_eq!(inputs.attributes, [("a".into(), "1".into()), ("language".into(), "en".into())]);
        assert_eq!(inputs.variables.len(), 2);
        assert_eq!(inputs.digits, ["1", "2"]);
        assert_eq!(inputs.lookups[0], ("L".into(), DataActionAnswer::Timeout));
        assert_eq!(inputs.choose, [("D".into(), "yes".into())]);
    }

    #[test]
    fn refuses_what_it_cannot_place() {
        for text in
            ["[]", "{", r#"{"attributes":[]}"#, r#"{"other":{}}"#, r#"{"k":null}"#, r#"{"dataActions":{"L":"soon"}}"#]
        {
            assert!(Inputs::from_json(text).is_err(), "{text}");
        }
    }
}
