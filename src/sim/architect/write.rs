//! A plan as configuration JSON.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Meta, action_id,
    layout::Layout,
    operand::Operands,
    plan::{Branch, Plan, PlannedAction, StepKind},
};

/// The number of the first action; those below belong to sequences.
const FIRST_NUMBER: usize = 10;

pub(super) fn configuration(plan: &Plan, meta: &Meta<'_>) -> Value {
    let layout = Layout::new(plan);
    let mut writer = ArchitectWriter {
        plan,
        meta,
        layout: &layout,
        operands: Operands { flow: meta.id },
        variables: BTreeSet::new(),
        menus: Vec::new(),
        number: FIRST_NUMBER + plan.steps.len(),
    };
    let mut sequences: Vec<Value> = layout.tasks.iter().map(|task| writer.sequence(*task)).collect();
    if sequences.is_empty() {
        sequences.push(writer.empty_sequence());
    }
    sequences.append(&mut writer.menus);
    let variables: Vec<Value> = writer.variables.iter().map(|name| writer.variable(name)).collect();
    let language = "en-US";
    json!({
        "nextTrackingNumber": writer.number,
        "defaultLanguage": language,
        "description": meta.description,
        "initialSequence": sequences[0]["id"],
        "name": meta.name,
        "uiMetaData": {"bridgeServerActions": [], "screenPops": []},
        "supportedLanguages": [language],
        "manifest": {"language": [{"id": language}], "userPrompt": [], "systemPrompt": []},
        "type": meta.kind.to_lowercase(),
        "isSecure": false,
        "debugSettings": {},
        "defaultSettings": {},
        "errorHandling": {"queue": writer.unused("que"), "handlingType": "Disconnect"},
        "flowMetaData": {"flowDocumentVersion": "1.0", "minimumServerVersion": "1.0", "ttsDataVersion": "1.0"},
        "flowSequenceItemList": sequences,
        "supportedLanguageOptions": [{"language": language}],
        "variables": variables,
    })
}

struct ArchitectWriter<'a> {
    plan: &'a Plan,
    meta: &'a Meta<'a>,
    layout: &'a Layout,
    operands: Operands,
    variables: BTreeSet<String>,
    menus: Vec<Value>,
    number: usize,
}

impl ArchitectWriter<'_> {
    fn voice(&self) -> bool {
        self.meta.kind.to_lowercase().contains("call")
    }

    fn id(&self, of: &str) -> String {
        action_id(self.meta.id, of).to_string()
    }

    fn next_number(&mut self) -> usize {
        self.number += 1;
        self.number - 1
    }

    /// The name of a task: what leads to it says it best.
    fn task_name(&self, task: usize) -> String {
        if self.plan.start == Some(task) {
            return if self.voice() { "Start".into() } else { "Initial State".into() };
        }
        let branches = self.plan.steps.iter().flat_map(|step| &step.branches);
        let label = branches.filter(|branch| branch.to == Some(task)).map(|branch| branch.label.as_str());
        let named = label.into_iter().find(|label| !label.is_empty());
        named.unwrap_or(&self.plan.steps[task].name).to_owned()
    }

    fn sequence(&mut self, task: usize) -> Value {
        let mut list = Vec::new();
        let start = self.chain(Some(task), None, true, &mut list);
        let mut out = json!({
            "startAction": start.unwrap_or_default(),
            "trackingId": self.next_number(),
            "id": self.id(&format!("task {}", self.plan.steps[task].id)),
            "name": self.task_name(task),
            "uiMetaData": {"collapsed": false},
            "__type": if self.voice() { "Task" } else { "State" },
            "actionList": list,
            "variables": [],
        });
        if self.voice() {
            out["paths"] = json!([{"label": "Default", "outputId": "__DEFAULT__"}]);
        }
        out
    }

    fn empty_sequence(&mut self) -> Value {
        json!({"startAction": "", "trackingId": self.next_number(), "id": self.id("task"), "name": "Start",
            "uiMetaData": {"collapsed": false}, "__type": if self.voice() { "Task" } else { "State" },
            "paths": [{"label": "Default", "outputId": "__DEFAULT__"}], "actionList": [], "variables": []})
    }

    /// Writes a chain of actions until `stop`, where the owner of the branch goes on. The id of its first action.
    fn chain(
        &mut self,
        mut at: Option<usize>,
        stop: Option<usize>,
        mut entry: bool,
        list: &mut Vec<Value>,
    ) -> Option<String> {
        let (mut first, mut previous): (Option<String>, Option<usize>) = (None, None);
        while let Some(here) = at.filter(|here| Some(*here) != stop) {
            let jumps = self.layout.begins_task(here) && !std::mem::take(&mut entry);
            entry = false;
            let index = list.len();
            let plan = self.plan;
            let step = &plan.steps[here];
            let (id, follow) = if jumps {
                let number = self.next_number();
                list.push(self.jump(here, number));
                (list[index]["id"].as_str().unwrap_or_default().to_owned(), None)
            } else {
                list.push(Value::Null);
                self.place(here, stop, index, list)
            };
            if let Some(previous) = previous {
                list[previous]["nextAction"] = json!(id);
            }
            first.get_or_insert(id);
            previous = Some(index);
            // A bot call stands before the switch on what it found.
            if let Some(last) = list[index].get("nextAction").and_then(Value::as_str) {
                previous = list.iter().position(|action| action["id"] == last).or(previous);
            }
            let ends = jumps || step.kind.ends();
            at = if ends { None } else { follow };
        }
        first
    }

    /// Writes one action at its place in the list, its branches behind it. Its id and what follows it.
    fn place(
        &mut self,
        here: usize,
        stop: Option<usize>,
        index: usize,
        list: &mut Vec<Value>,
    ) -> (String, Option<usize>) {
        let plan = self.plan;
        let step = &plan.steps[here];
        let id = self.id(&step.id);
        let number = FIRST_NUMBER + here;
        if step.kind == StepKind::Menu && self.voice() {
            let sequence = self.menu(step);
            let menu = sequence["id"].clone();
            self.menus.push(sequence);
            list[index] = json!({"trackingId": number, "id": id, "name": format!("To {}", step.name),
                "uiMetaData": {"collapsed": false}, "__type": "TransferMenuAction", "menuReference": menu,
                "menuName": step.name});
            return (id, None);
        }
        let mut action = json!({"trackingId": number, "id": id, "name": step.name, "uiMetaData": {"collapsed": false}});
        let (kind, more) = self.action(step);
        action["__type"] = json!(kind);
        if let (Some(action), Value::Object(more)) = (action.as_object_mut(), more) {
            action.extend(more);
        }
        let mut follow = step.next;
        if !step.branches.is_empty() {
            let menu = step.kind == StepKind::Menu;
            let join = if menu { None } else { self.layout.joins[here] };
            let mut paths = Vec::new();
            for branch in &step.branches {
                let to = branch.to.or(step.next);
                let begin = self.chain(to, join.or(stop), false, list);
                paths.push(path(&self.output(step, branch), branch, begin));
            }
            if menu {
                paths.push(json!({"localizedLabel": "Default", "label": "Default", "outputId": "__DEFAULT__"}));
            }
            action["paths"] = json!(paths);
            follow = if join == stop { None } else { join };
        }
        list[index] = action;
        if step.kind == StepKind::Menu {
            return (self.bot(step, index, list), follow);
        }
        (id, follow)
    }

    /// The id of an output.
    fn output(&self, step: &PlannedAction, branch: &Branch) -> String {
        match step.kind {
            StepKind::Menu => self.id(&format!("{} case {}", step.id, branch.output)),
            _ => format!("__{}__", branch.output.to_uppercase()),
        }
    }

    fn jump(&self, task: usize, number: usize) -> Value {
        let (name, target) = (self.task_name(task), self.id(&format!("task {}", self.plan.steps[task].id)));
        let common = json!({"trackingId": number, "id": self.id(&format!("jump {number}")),
            "name": format!("Jump to {name}"), "uiMetaData": {"collapsed": false}});
        let more = if self.voice() {
            json!({"__type": "TransferTaskAction", "taskReference": target, "taskName": name, "inputs": []})
        } else {
            json!({"__type": "ChangeStateAction", "stateReference": target, "stateName": name})
        };
        merged(common, more)
    }

    /// In a message there is no menu: a bot asks, and the switch behind it goes by the intent. The bot call takes the
    /// place at `index`, the switch moves behind it. The bot call's id.
    fn bot(&mut self, step: &PlannedAction, index: usize, list: &mut Vec<Value>) -> String {
        self.variables.insert("Flow.Intent".into());
        let id = self.id(&format!("{} bot", step.id));
        let number = self.next_number();
        let call = json!({
            "nextAction": list[index]["id"], "trackingId": number, "id": id, "name": format!("Ask {}", step.name),
            "uiMetaData": {"collapsed": false}, "__type": "CallBotFlowAction",
            "flowId": self.id(&format!("{} bot flow", step.id)), "flowName": format!("{} Bot", step.name),
            "flowVersion": "latestPublished", "inputs": [], "outputs": [],
            "intent": self.operands.written("Flow.Intent"), "exitReason": self.operands.empty("str"),
            "inputText": self.operands.empty("str"), "paths": [],
        });
        let switch = std::mem::replace(&mut list[index], call);
        list.push(switch);
        id
    }

    fn menu(&mut self, step: &PlannedAction) -> Value {
        let mut choices = Vec::new();
        for branch in &step.branches {
            let Some(to) = branch.to else { continue };
            let plan = self.plan;
            let target = &plan.steps[to];
            let name = if branch.label.is_empty() { self.task_name(to) } else { branch.label.clone() };
            let number = self.next_number();
            let id = self.id(&format!("{} choice {}", step.id, branch.output));
            let mut action = json!({"trackingId": number, "id": id, "name": name, "uiMetaData": {"collapsed": false}});
            let more = if target.kind.ends() {
                let (kind, more) = self.action(target);
                merged(json!({"__type": kind}), more)
            } else {
                json!({"__type": "TransferTaskAction", "inputs": [], "taskName": self.task_name(to),
                    "taskReference": self.id(&format!("task {}", target.id))})
            };
            action = merged(action, more);
            choices.push(json!({"digit": branch.output.parse::<u8>().unwrap_or(0), "globalDtmf": false,
                "globalSpeech": false, "speechRecTerms": {"en-US": []},
                "id": self.id(&format!("{} entry {}", step.id, branch.output)), "name": name, "action": action}));
        }
        json!({
            "trackingId": self.next_number(), "id": self.id(&format!("menu {}", step.id)), "name": step.name,
            "uiMetaData": {"collapsed": false}, "__type": "Menu",
            "extensionDialingDelay": self.operands.empty("dur"), "menuChoiceList": choices,
            "promptRepeatCount": self.operands.literal("2", "int"), "promptRepeatDelay": self.operands.empty("dur"),
            "prompts": self.prompts(&format!("{}.", step.name)), "useExtensionDialing": false,
        })
    }

    fn prompts(&self, text: &str) -> Value {
        json!({"bargeInExpression": self.operands.literal("true", "bln"),
            "flushExpression": self.operands.literal("false", "bln"),
            "defaultAudio": self.operands.speech(text), "cases": []})
    }

    fn unused(&self, kind: &str) -> Value {
        let mut operand = self.operands.empty(kind);
        operand["uiMetaData"]["mode"] = json!(1);
        operand["outOfService"] = json!(true);
        operand
    }

    /// The variable that a name of the short form stands for; it is declared as well.
    fn known(&mut self, text: &str) {
        let names = variables_in(text);
        self.variables.extend(names.iter().map(|name| variable_of(name)).filter(|name| name.starts_with("Flow.")));
    }

    /// The platform's type of an action and its own members.
    fn action(&mut self, step: &PlannedAction) -> (&'static str, Value) {
        match &step.kind {
            StepKind::Set(values) => {
                let mut list = Vec::new();
                for (key, value) in values {
                    self.known(key);
                    self.known(value);
                    list.push(json!({"variable": self.operands.template(key, &|name| variable_of(name)),
                        "expression": self.operands.template(value, &|name| variable_of(name))}));
                }
                ("SetAttributesAction", json!({"variables": list}))
            }
            StepKind::Get(keys) => {
                let mut list = Vec::new();
                for (key, variable) in keys {
                    let variable = variable_of(variable);
                    self.variables.insert(variable.clone());
                    list.push(json!({"variable": self.operands.literal(key, "str"),
                        "expression": self.operands.written(&variable)}));
                }
                ("GetAttributesAction", json!({"variables": list}))
            }
            StepKind::Data(name, result) => ("DataAction", self.data_action(name, result)),
            StepKind::Decide(condition) => {
                let condition = condition.clone();
                let left = condition.split(['=', '!']).next().unwrap_or_default().trim().to_owned();
                let name = variable_of(&left);
                if name.starts_with("Flow.") {
                    self.variables.insert(name);
                }
                let expression = self.operands.condition(&condition, &|name| variable_of(name));
                ("DecisionAction", json!({"expression": expression}))
            }
            StepKind::Menu => {
                let cases = step.branches.iter().map(|branch| {
                    json!({"name": if branch.label.is_empty() { &branch.output } else { &branch.label },
                        "referenceId": self.output(step, branch),
                        "value": self.operands.equals("Flow.Intent", "==", &branch.output)})
                });
                let cases: Vec<Value> = cases.collect();
                let nothing = json!({"text": "", "type": "any", "uiMetaData": {"mode": 0}, "version": 2});
                let more = json!({"switchStyle": 0, "version": "1.0", "expression": nothing, "cases": cases});
                ("SwitchAction", more)
            }
            StepKind::Collect(variable) => {
                let name = variable_of(variable);
                self.variables.insert(name.clone());
                let paths = json!([{"label": "Success", "outputId": "__SUCCESS__"},
                    {"label": "Failure", "outputId": "__FAILURE__"}]);
                let one = |text: &str| self.operands.literal(text, "int");
                (
                    "CollectInputAction",
                    json!({"verification": false,
                    "interDigitTimeout": self.operands.empty("dur"),
                    "noEntryTimeout": self.operands.literal("P0D0H0M5S0F", "dur"),
                    "numberOfDigitsMax": one("5"), "numberOfDigitsMin": one("1"),
                    "prompts": self.prompts(&format!("{}.", step.name)),
                    "resultData": self.operands.written(&name),
                    "acceptJustStar": self.operands.literal("false", "bln"),
                    "acceptJustPound": self.operands.literal("false", "bln"), "paths": paths}),
                )
            }
            StepKind::Queue(name) => ("TransferPureMatchAction", self.transfer(name)),
            StepKind::Disconnect => ("DisconnectAction", json!({})),
            StepKind::Say if self.voice() => {
                ("PlayAudioAction", json!({"prompts": self.prompts(&format!("{}.", step.name))}))
            }
            StepKind::Say => ("SendResponseAction", json!({"messageBody": self.operands.literal(&step.name, "str")})),
        }
    }

    fn data_action(&mut self, name: &str, result: &str) -> Value {
        let prefix = format!("{result}.");
        let mut members: Vec<String> = Vec::new();
        for text in self.plan.steps.iter().flat_map(texts) {
            for variable in variables_in(&text) {
                let member = variable.strip_prefix(&prefix).map(str::to_owned);
                members.extend(member.filter(|member| !members.contains(member)));
            }
        }
        let mut outputs = Vec::new();
        for member in members {
            let variable = variable_of(&format!("{prefix}{member}"));
            outputs.push(json!({"name": member, "value": self.operands.written(&variable)}));
            self.variables.insert(variable);
        }
        let input = if self.voice() { "Call.Ani" } else { "Message.ConversationId" };
        let errors: Vec<Value> = ERRORS
            .iter()
            .map(|name| json!({"name": name, "value": self.operands.empty(if *name == "status" { "int" } else { "str" })}))
            .collect();
        let category = format!("{} Data Actions", self.meta.name);
        json!({"actionName": name, "actionId": format!("custom_-_{}", self.id(&format!("data action {name}"))),
            "category": {"id": category, "name": category}, "useSuggestedTimeout": true, "errorBindings": errors,
            "processingPrompt": self.unused("pmt"),
            "inputs": [{"name": "caller", "value": self.operands.read(input)}], "outputs": outputs})
    }

    fn transfer(&self, name: &str) -> Value {
        let queue = match (self.meta.queue)(name) {
            Some(id) => self.operands.object(name, "que", &id.to_string()),
            None => self.operands.literal(name, "que"),
        };
        let errors: Vec<Value> = ["errorType", "errorMessage"]
            .iter()
            .map(|name| json!({"name": name, "value": self.operands.empty("str")}))
            .collect();
        json!({"useDefaultHandling": true, "appendSkills": self.operands.literal("false", "bln"),
            "languageSkill": self.operands.empty("lac"),
            "preferredAgents": self.operands.empty("cpx_agent_score_pair_coll"),
            "priority": self.operands.literal("0", "int"), "queues": [queue], "skills": [], "errorBindings": errors,
            "paths": [{"label": "Failure", "outputId": "__FAILURE__"}]})
    }

    fn variable(&self, name: &str) -> Value {
        json!({"id": self.operands.variable_id(name), "isCollection": false, "isInternal": false, "isOutput": false,
            "isInput": false, "isSecure": false, "version": "1.0", "__type": "StringVariable", "name": name,
            "initialValue": self.operands.empty("str")})
    }
}

/// What a failed data action can name, as every real one lists it.
const ERRORS: [&str; 13] = [
    "errorCode",
    "status",
    "correlationId",
    "entityId",
    "entityName",
    "userMessage",
    "userParamsMessage",
    "userParams.key",
    "userParams.value",
    "details.errorCode",
    "details.fieldName",
    "details.entityId",
    "details.entityName",
];

fn merged(mut object: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}

fn path(output: &str, branch: &Branch, begin: Option<String>) -> Value {
    let label = match branch.output.as_str() {
        "success" | "failure" | "timeout" | "yes" | "no" => {
            let mut letters = branch.output.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            format!("{first}{}", letters.as_str())
        }
        _ if branch.label.is_empty() => branch.output.clone(),
        _ => branch.label.clone(),
    };
    let mut out = json!({});
    if let Some(begin) = begin {
        out["nextActionId"] = json!(begin);
    }
    out["label"] = json!(label);
    out["outputId"] = json!(output);
    out
}

/// Texts of an action that name variables.
fn texts(step: &PlannedAction) -> Vec<String> {
    match &step.kind {
        StepKind::Set(values) => values.iter().flat_map(|(key, value)| [key.clone(), value.clone()]).collect(),
        StepKind::Decide(condition) => {
            vec![format!("{{{{{}}}}}", condition.split(['=', '!']).next().unwrap_or_default().trim())]
        }
        _ => Vec::new(),
    }
}

fn variables_in(text: &str) -> Vec<String> {
    let places = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    places.map(|(place, _)| place.trim().to_owned()).collect()
}

/// The variable that a name stands for: `lookup_result.tier` is `Flow.Tier`, `area` is `Flow.Area`.
fn variable_of(name: &str) -> String {
    const SCOPES: [&str; 6] = ["Flow.", "Task.", "State.", "Call.", "Message.", "Email."];
    if SCOPES.iter().any(|scope| name.starts_with(scope)) {
        return name.to_owned();
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    let words = last.split('_').map(|word| {
        let mut letters = word.chars();
        letters.next().map(|c| c.to_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    });
    format!("Flow.{}", words.collect::<String>())
}
