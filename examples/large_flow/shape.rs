//! Flows of any size in the shapes that real ones have: groups of eight actions with a data action, a decision and six
//! others, one behind the other in one task.

use std::fmt::Write as _;

/// Actions in a group.
pub const GROUP: usize = 8;

/// The id of an action: the group and the place in it.
fn id(group: usize, place: usize) -> String {
    format!("{group:08x}-{place:04x}-4000-8000-000000000000")
}

/// A value as the platform writes one: what it is, and what the editor shows.
fn operand(config: &str, text: &str, kind: &str, mode: u8) -> String {
    let text = text.replace('"', "\\\"");
    let inner = if config == "ref" {
        format!(r#""text":"{text}","type":"{kind}","val":"v""#)
    } else {
        format!(r#""pos":1,"text":"{text}","type":"{kind}""#)
    };
    format!(
        r#"{{"config":{{"{config}":{{{inner}}}}},"text":"{text}","type":"{kind}","uiMetaData":{{"mode":{mode}}},"metaData":{{}},"version":2}}"#
    )
}

/// The configuration of a flow of about so many actions, as `latestconfiguration` answers it.
pub fn json(actions: usize) -> String {
    let groups = actions.div_ceil(GROUP);
    let first = id(0, 0);
    let mut out = format!(
        r#"{{"nextTrackingNumber":{},"name":"Large","type":"inboundcall","initialSequence":"task","manifest":{{}},"variables":[{{"id":"v","name":"Flow.Tier","__type":"StringVariable","initialValue":{}}}],"flowSequenceItemList":[{{"id":"task","name":"Task","__type":"Task","trackingId":1,"startAction":"{first}","variables":[],"actionList":["#,
        groups * GROUP + 10,
        operand("emp", "", "str", 3)
    );
    for group in 0..groups {
        let next = if group + 1 < groups { Some(id(group + 1, 0)) } else { None };
        let mut action = |place: usize, kind: &str, name: &str, next: Option<String>, more: &str| {
            let comma = if group + place == 0 { "" } else { "," };
            let next = next.map_or(String::new(), |next| format!(r#""nextAction":"{next}","#));
            let (number, id) = (group * GROUP + place + 10, id(group, place));
            // Writing to a String cannot fail.
            _ = write!(
                out,
                r#"{comma}{{{next}"trackingId":{number},"id":"{id}","name":"{name} {number}","uiMetaData":{{"collapsed":false}},"__type":"{kind}",{more}}}"#
            );
        };
        let set = |key: &str, value: String| {
            let key = operand("lit", key, "str", 1);
            format!(r#""variables":[{{"variable":{key},"expression":{value}}}]"#)
        };
        let text = |text: &str| operand("lit", text, "str", 1);
        let own = |place| Some(id(group, place));
        let path = |name: &str, to: Option<String>| {
            let to = to.map_or(String::new(), |to| format!(r#""nextActionId":"{to}","#));
            format!(r#"{{{to}"label":"{name}","outputId":"__{}__"}}"#, name.to_uppercase())
        };
        let key = |what: &str| format!("{what}_{group}");
        action(0, "SetAttributesAction", "Mark", own(1), &set(&key("mark"), text("seen")));
        let found = format!(
            r#""actionName":"Lookup","inputs":[],"outputs":[{{"name":"tier","value":{}}}],"paths":[{},{},{}]"#,
            operand("ref", "Flow.Tier", "str", 2),
            path("Success", own(2)),
            path("Failure", own(3)),
            path("Timeout", own(4))
        );
        action(1, "DataAction", "Find", own(5), &found);
        action(2, "SetAttributesAction", "Tier", None, &set(&key("tier"), operand("ref", "Flow.Tier", "str", 0)));
        action(3, "SetAttributesAction", "Failed", None, &set(&key("lookup"), text("error")));
        action(4, "SetAttributesAction", "Late", None, &set(&key("lookup"), text("timeout")));
        let asks = format!(
            r#""expression":{},"paths":[{},{}]"#,
            operand("==", "Flow.Tier == \"gold\"", "bln", 0),
            path("Yes", own(6)),
            path("No", None)
        );
        action(5, "DecisionAction", "Gold?", own(7), &asks);
        action(6, "SetAttributesAction", "Raise", None, &set(&key("priority"), text("high")));
        action(7, "PlayAudioAction", "Say", next, &format!(r#""prompts":{{"defaultAudio":{}}}"#, text("Welcome")));
    }
    out.push_str("]}]}");
    out
}

/// The same flow in Archy's form.
pub fn yaml(actions: usize) -> String {
    let mut out = String::from(
        "inboundCall:\n  name: Large\n  startUpRef: /inboundCall/tasks/task[Task_1]\n  variables:\n    - stringVariable:\n        name: Flow.Tier\n        initialValue:\n          noValue: true\n  tasks:\n    - task:\n        name: Task\n        refId: Task_1\n        actions:\n",
    );
    for group in 0..actions.div_ceil(GROUP) {
        let set = |out: &mut String, indent: usize, place: usize, name: &str, key: &str, value: &str| {
            let (i, number) = (" ".repeat(indent), group * GROUP + place + 10);
            _ = write!(
                out,
                "{i}- setParticipantData:\n{i}    name: {name} {number}\n{i}    attributes:\n{i}      - attribute:\n{i}          name:\n{i}            lit: {key}_{group}\n{i}          value:\n{i}            {value}\n"
            );
        };
        let number = |place: usize| group * GROUP + place + 10;
        set(&mut out, 10, 0, "Mark", "mark", "lit: seen");
        _ = write!(
            out,
            "          - callData:\n              name: Find {}\n              category:\n                CRM:\n                  dataAction:\n                    Lookup:\n                      successOutputs:\n                        tier:\n                          var: Flow.Tier\n              outputs:\n",
            number(1)
        );
        for (place, output, name, key, value) in [
            (2, "success", "Tier", "tier", "exp: Flow.Tier"),
            (3, "failure", "Failed", "lookup", "lit: error"),
            (4, "timeout", "Late", "lookup", "lit: timeout"),
        ] {
            _ = write!(out, "                {output}:\n                  actions:\n");
            set(&mut out, 20, place, name, key, value);
        }
        _ = write!(
            out,
            "          - decision:\n              name: Gold? {}\n              condition:\n                exp: Flow.Tier == \"gold\"\n              outputs:\n                yes:\n                  actions:\n",
            number(5)
        );
        set(&mut out, 20, 6, "Raise", "priority", "lit: high");
        _ = write!(
            out,
            "          - playAudio:\n              name: Say {}\n              audio:\n                tts: Welcome\n",
            number(7)
        );
    }
    out
}
