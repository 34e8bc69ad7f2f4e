//! The platform's own sample of a record, with each switch struck out.

use super::*;

/// The official examples as they stand.
fn sample() -> Value {
    let all: Value = serde_json::from_str(include_str!("../../../tests/genesys/examples.json")).unwrap();
    all["executionHistory"].clone()
}

/// All the keys that the sample sets, found by a plain walk over it.
fn walked(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|value| walked(value, found)),
        Value::Object(map) => {
            for (name, value) in map {
                if name == "actionSetParticipantData" {
                    let list = value.pointer("/inputData/attributes").and_then(Value::as_array);
                    found.extend(list.into_iter().flatten().map(|set| set["inputName"].as_str().unwrap().to_owned()));
                }
                walked(value, found);
            }
        }
        _ => {}
    }
}

fn keys(run: &execution::Run) -> Vec<String> {
    let sets = run.executed.iter().filter_map(|executed| executed.sets.as_ref()).flatten();
    sets.map(|set| set.key.clone()).collect()
}

#[test]
fn the_official_sample_is_read_as_it_stands() {
    let run = execution::read(&sample()).unwrap();
    let mut expected = Vec::new();
    walked(&sample(), &mut expected);
    assert!(!expected.is_empty());
    assert_eq!(keys(&run), expected);
    assert!(run.records_values && !run.truncated);
    let large = run.executed.iter().filter_map(|e| e.sets.as_ref()).flatten().find(|set| set.key == "history").unwrap();
    assert_eq!(large.value, execution::Recorded::Hidden, "a value that is too large is not one");
    let module = run.executed.iter().find(|executed| executed.module.is_some()).unwrap();
    assert_eq!(module.module.as_ref().unwrap().version, "3");
    assert!(run.executed.iter().all(|executed| executed.at.is_some()));
}

#[test]
fn the_sample_is_read_with_each_switch_off() {
    let whole = execution::read(&sample()).unwrap();
    let struck = |names: &[&str]| {
        let mut document = sample();
        strike(&mut document, names);
        execution::read(&document).unwrap()
    };
    let names = struck(&["actionName", "flowName", "taskName", "outputPathName", "variableName", "commonModule"]);
    assert_eq!(names.executed.len(), whole.executed.len());
    assert!(names.executed.iter().all(|executed| executed.name.is_empty() && !executed.action_id.is_empty()));
    assert_eq!(keys(&names), keys(&whole));
    let inputs = struck(&["inputData", "outputData", "executionInfo"]);
    assert!(!inputs.records_values && keys(&inputs).is_empty());
    assert_eq!(inputs.executed.len(), whole.executed.len());
    let variables = struck(&["variables", "outputVariables"]);
    assert!(variables.variables.is_empty() && variables.executed.iter().all(|executed| executed.wrote.is_empty()));
    let without = |run: &execution::Run| -> Vec<execution::Executed> {
        run.executed.iter().map(|one| execution::Executed { wrote: Vec::new(), ..one.clone() }).collect()
    };
    assert_eq!(without(&variables), without(&whole));
    assert!(struck(&["executionInfo"]).records_values, "recorded inputs tell it");
}

#[test]
fn unknown_entries_are_passed_over_and_other_documents_refused() {
    let mut document = sample();
    let list = document.pointer_mut("/flow/execution").unwrap().as_array_mut().unwrap();
    list.insert(0, json!({"eventNeverSeen": {"dateTime": "x", "execution": [{"actionNew": {"actionId": "n"}}]}}));
    list.insert(1, json!({}));
    list.insert(2, json!("text"));
    list.insert(3, json!({"actionOdd": null}));
    let run = execution::read(&document).unwrap();
    assert_eq!(run.executed.len(), execution::read(&sample()).unwrap().executed.len() + 1);
    for other in [json!({}), json!({"flow": {}}), json!([1]), json!({"flow": {"execution": {}}})] {
        assert!(execution::read(&other).is_err());
    }
}
